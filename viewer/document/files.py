"""Writing small files so that a crash or a full disk never leaves half of one."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path


def write_atomic(path: Path, data: bytes, *, backup: bool = False) -> None:
    """Write a whole file: first beside it, then by rename. ``backup``: the file before stays as ``<name>.bak``.

    Raises OSError; the file at ``path`` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:8]
    fresh = path.with_name(f".{path.name}.{mark}.tmp")
    try:
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if backup and path.is_file():
            copy = path.with_name(f".{path.name}.{mark}.bak")
            try:
                shutil.copy2(path, copy)
                copy.replace(path.with_name(path.name + ".bak"))
            finally:
                with suppress(OSError):
                    copy.unlink(missing_ok=True)
        fresh.replace(path)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
