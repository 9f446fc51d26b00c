"""Scenario packages as a format of the registry: ``scenario.json`` in its folder, or a ZIP (``.zip``, ``.citiscen``).

Only what recognises the format is imported here.
"""

from __future__ import annotations

import os
from pathlib import Path

from loaders.api import LoaderSpec

NAME = "scenario.json"
_TAIL = 1 << 20
_MOST = 10_000


def sniff(head: bytes, path: Path) -> int:
    """How surely a file is a package: by the type it names, by its name, or by a ``scenario.json`` in the archive."""
    if b'"CitiverseScenario"' in head and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return 100
    name = path.name.lower()
    if name == NAME:
        return 60
    if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return 0
    if name.endswith(".citiscen"):
        return 90
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        return 80 if NAME.encode() in file.read(_TAIL) else 0


def companions(path: Path) -> tuple[Path, ...]:
    """The other files of a package that is a folder, in order of their names; at most `_MOST`."""
    if path.name != NAME:
        return ()
    found: list[Path] = []
    for parent, folders, names in os.walk(path.parent, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(parent) / name for name in sorted(names) if not name.startswith(".")]
        if len(found) > _MOST:
            break
    return tuple(other for other in found[:_MOST] if other != path and not other.is_symlink())


SPEC = LoaderSpec(
    name="Scenario package",
    extensions=(".citiscen", ".zip", NAME),
    sniff=sniff,
    load="loaders.scenario.prepare:load",
    version=3,
    media_types=("application/vnd.citiverse.scenario+zip",),
    uses_ground=True,
    companions=companions,
)
