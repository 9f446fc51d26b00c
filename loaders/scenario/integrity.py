"""Sizes and SHA-256 of a package's files: counted, compared, and taken anew."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from loaders.scenario.manifest import FILE_NAME, Problem
from loaders.scenario.model import PackageFile

_CHUNK = 4 << 20
REMEDY = "If the file was changed on purpose, run: citiverse scenario hash PACKAGE"
Heard = Callable[[int], None]


def hash_file(path: Path, heard: Heard = lambda size: None) -> tuple[int, str]:
    """Bytes and SHA-256 (hex) of a file; ``heard`` is told of every piece. Raises OSError."""
    total, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
            total += len(piece)
            heard(len(piece))
    return total, digest.hexdigest()


def file_problem(entry: PackageFile, path: Path, heard: Heard = lambda size: None) -> Problem | None:
    """What differs between a file and what the manifest says of it, or None. Its size is looked at first."""
    try:
        size = path.stat().st_size
        if size == entry.size:
            _, found = hash_file(path, heard)
            if found == entry.sha256:
                return None
            return Problem(entry.path, "", "its content is not what the manifest says (SHA-256)", REMEDY, "wrong-hash")
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror})"
        return Problem(entry.path, "", reason, "Copy the whole package again.", "missing-file")
    reason = f"it has {size:,} bytes, the manifest says {entry.size:,}"
    return Problem(entry.path, "", reason, REMEDY, "wrong-size")


def list_files(folder: Path, names: Iterable[str]) -> tuple[PackageFile, ...]:
    """Sizes and hashes of files of a folder, by name. Raises OSError."""
    found = []
    for name in sorted(set(names) - {FILE_NAME}):
        size, digest = hash_file(folder / name)
        found.append(PackageFile(name, size, digest))
    return tuple(found)
