"""Where shaders and assets lie: beside the packages in a source tree, inside ``viewer/_data`` in a wheel."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_INCLUDE = re.compile(r'^[ \t]*#include[ \t]+"([A-Za-z0-9_.]+)"[ \t]*$', re.MULTILINE)
_MAX_DEPTH = 8


@cache
def data_root() -> Path:
    """The folder that holds ``shaders`` and ``assets``.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_data", package.parent):
        if (root / "shaders").is_dir() and (root / "assets").is_dir():
            return root
    raise FileNotFoundError("The folders shaders and assets are missing; install Citiverse Viewer again.")


def asset(name: str) -> Path:
    """Path of a file or folder in ``assets``, e.g. ``asset("schemas/project.schema.json")``.

    Raises:
        ValueError: the name leaves the folder.
        FileNotFoundError: there is no such asset.
    """
    return _inside(data_root() / "assets", name)


@cache
def shader(name: str) -> str:
    """Text of a shader in ``shaders``, with its ``#include "other.glsl"`` lines replaced by those files.

    Raises:
        ValueError: the name leaves the folder, or the includes go round in a circle.
        FileNotFoundError: there is no such shader.
    """
    return _expand(name, 0)


def _expand(name: str, depth: int) -> str:
    if depth > _MAX_DEPTH:
        raise ValueError(f"Shader includes are nested too deeply at {name}")
    text = _inside(data_root() / "shaders", name).read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda match: _expand(match.group(1), depth + 1), text)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{name} is outside {folder.name}")
    if not path.exists():
        raise FileNotFoundError(f"{folder.name}/{name} is missing; install Citiverse Viewer again.")
    return path
