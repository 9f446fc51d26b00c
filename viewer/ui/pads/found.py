"""Which input devices there are, for ``citiverse doctor``. No Qt."""

from __future__ import annotations

from importlib import metadata
from typing import Any

from viewer.ui.pads.gamepad import Gamepads, import_sdl
from viewer.ui.pads.spacemouse import SpaceMice, import_hid

REMEDY = "pip install {}"


def examine(pads: Gamepads | None = None, mice: SpaceMice | None = None) -> dict[str, Any]:
    """Gamepads and SpaceMice that can be used, what is missing, and what to do about it.

    Returns ``{"gamepads": [names], "spacemice": [names], "libraries": {package: version or None},
    "problems": [one line each, with the remedy]}``.
    """
    pads, mice = pads or Gamepads(), mice or SpaceMice()
    problems = _missing()
    try:
        pads.look(wait=True)
        mice.look()
        told = tuple(problems)
        problems += [t for t in (pads.problem, mice.problem) if t and not any(p.startswith(t) for p in told)]
        return {
            "gamepads": list(pads.names),
            "spacemice": list(mice.names),
            "libraries": {name: _version(name) for name in ("PySDL2", "pysdl2-dll", "hidapi")},
            "problems": problems,
        }
    finally:
        pads.close()
        mice.close()


def _missing() -> list[str]:
    """Packages that cannot be imported."""
    problems = []
    for load, packages in ((import_sdl, "PySDL2 pysdl2-dll"), (import_hid, "hidapi")):
        try:
            load()
        except ImportError as error:
            problems.append(f"{error}. Remedy: {REMEDY.format(packages)}")
    return problems


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
