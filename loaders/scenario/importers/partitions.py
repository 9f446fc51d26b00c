"""Which files are parts of one run: D-Flow FM names them run_0000_map.nc, run_0001_map.nc, ..."""

from __future__ import annotations

import re
from pathlib import Path

_PART = re.compile(r"(?P<run>.+)_(?P<number>\d{4})(?P<rest>(_\d{8}_\d{6})?_(map|fou|clm)\.nc)", re.IGNORECASE)
MOST_PARTS = 1000


def part_number(path: Path) -> int | None:
    """The number of the domain that a file is of; None for a file that is no part."""
    found = _PART.fullmatch(path.name)
    return int(found["number"]) if found else None


def with_siblings(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """One part of a run: all parts that lie in its folder, by their number. Anything else as it is.

    Only names are compared; links are not followed, and no more than `MOST_PARTS` are taken.
    """
    found = _PART.fullmatch(paths[0].name) if len(paths) == 1 else None
    if found is None:
        return paths
    try:
        names = sorted(entry.name for entry in paths[0].absolute().parent.iterdir())
    except OSError:
        return paths
    parts = []
    for name in names:
        other = _PART.fullmatch(name)
        if other is not None and (other["run"], other["rest"]) == (found["run"], found["rest"]):
            path = paths[0].parent / name
            if name == paths[0].name or (path.is_file() and not path.is_symlink()):
                parts.append(path)
    return tuple(parts[:MOST_PARTS]) or paths
