"""Loaded cities on disk: `save`, `open_stored`, and a bounded cache, so that a second opening only maps arrays.

Entries are named by a hash of the file's path, size and time of change and of the loader; a file that changed
is simply another entry. Several processes may use one cache: entries appear by rename, complete or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import platformdirs

from loaders._blob import ARRAYS, FORMAT_VERSION, META, folder_bytes, open_stored, save
from loaders.api import LoaderSpec

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["ARRAYS", "ArrayCache", "default_cache", "open_stored", "save", "temporary_root"]

DEFAULT_BYTES = 8 << 30
ENVIRONMENT = "CITIVERSE_CACHE"
"""Environment variable naming the cache folder to use instead of the user's."""
_ABANDONED_SECONDS = 24 * 3600
_TEMPORARY = "tmp-"
_ROOT, _LOCK = "citiverse-arrays-", "in-use.lock"
_ENTRY = "city-"


def default_cache() -> ArrayCache:
    """The user's cache: ``$CITIVERSE_CACHE``, else the platform's cache folder of this program."""
    named = os.environ.get(ENVIRONMENT)
    root = Path(named) if named else platformdirs.user_cache_path("citiverse", appauthor=False) / "arrays"
    return ArrayCache(root)


def temporary_root(parent: Path) -> tuple[Path, Callable[[], None]]:
    """A new private folder below ``parent`` for arrays that are not kept, and what removes it at the end.

    Folders that programs left which were killed are removed.

    Raises:
        OSError: it cannot be made.
    """
    _remove_dead_roots(parent)
    root = Path(tempfile.mkdtemp(prefix=_ROOT, dir=parent))
    # Held open and locked as long as this process lives: that is how others know. Renamed when it is locked; an open
    # file cannot be renamed on Windows, but there it cannot be removed either.
    path = root / _LOCK
    fresh = path if sys.platform == "win32" else path.with_suffix(".new")
    handle = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o600)
    _try_lock(handle)
    if fresh != path:
        fresh.rename(path)

    def remove() -> None:
        os.close(handle)
        shutil.rmtree(root, ignore_errors=True)

    return root, remove


def _remove_dead_roots(parent: Path) -> None:
    for root in parent.glob(f"{_ROOT}*"):
        with contextlib.suppress(OSError):
            handle = os.open(root / _LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            try:
                dead = _try_lock(handle)
            finally:
                os.close(handle)
            if dead and not root.is_symlink():
                shutil.rmtree(root, ignore_errors=True)


def _try_lock(handle: int) -> bool:
    """Lock an open file for this process if nobody else has; the lock goes with the process."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class ArrayCache:
    """Stored loads below ``root``, at most ``max_bytes`` together; the least recently used go first."""

    def __init__(self, root: Path, max_bytes: int = DEFAULT_BYTES) -> None:
        self.root = Path(root)
        self.max_bytes = max_bytes

    def lookup(self, path: Path, spec: LoaderSpec, variant: str = "") -> Path | None:
        """The folder stored for this file as it is now, or None. Its content is still to be checked.

        ``variant`` tells loads of one file apart that depend on something else besides (the ground it lies on).
        """
        try:
            folder = self._entry(path, spec, variant=variant)
            if not (folder / META).is_file():
                return None
            os.utime(folder / META)  # "last used"
        except OSError:
            return None
        return folder

    def reserve(self, path: Path, spec: LoaderSpec) -> Path:
        """A new empty folder beside the entries, to be filled and then given to `commit` or `discard`.

        Raises:
            OSError: the cache folder cannot be written.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = self.root / f"{_TEMPORARY}{uuid.uuid4().hex}"
        folder.mkdir(mode=0o700)
        return folder

    def commit(
        self, folder: Path, path: Path, spec: LoaderSpec, status: os.stat_result | None = None, variant: str = ""
    ) -> Path:
        """Turn a filled folder into the entry of this file; returns where it is now.

        ``status`` is the file's state when reading began (default: now). Where another process was first, the new
        folder replaces the entry; if the system keeps that locked, the folder stays and is used where it is.
        """
        target = self._entry(path, spec, status, variant)
        with contextlib.suppress(OSError):
            if target.exists():
                self._drop(target)
            folder.rename(target)
            folder = target
        self._evict(keep=folder)
        return folder

    def discard(self, folder: Path) -> None:
        """Remove a reserved or damaged folder of this cache; what the system keeps locked stays for later."""
        if folder.parent == self.root:
            self._drop(folder)

    def size(self) -> int:
        """Bytes of all entries."""
        return sum(size for _, size, _ in self._entries())

    def clear(self) -> None:
        """Remove every entry."""
        for _, _, folder in self._entries():
            self._drop(folder)

    def _entry(self, path: Path, spec: LoaderSpec, status: os.stat_result | None = None, variant: str = "") -> Path:
        real = path.resolve()
        status = status or real.stat()
        parts = (
            os.fspath(real),
            status.st_size,
            status.st_mtime_ns,
            spec.name,
            spec.load,
            spec.version,
            FORMAT_VERSION,
            *([variant] if variant else []),
        )
        key = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]
        return self.root / f"{_ENTRY}{key}"

    def _entries(self) -> list[tuple[float, int, Path]]:
        """(last use, bytes, folder), oldest first; entries that vanish meanwhile are left out."""
        found = []
        for folder in self.root.glob(f"{_ENTRY}*"):
            with contextlib.suppress(OSError):
                found.append(((folder / META).stat().st_mtime, folder_bytes(folder), folder))
        return sorted(found, key=lambda entry: (entry[0], entry[2].name))

    def _evict(self, keep: Path) -> None:
        entries = self._entries()
        total = sum(size for _, size, _ in entries)
        for _, size, folder in entries:
            if total <= self.max_bytes:
                break
            if folder != keep:
                self._drop(folder)
                total -= size
        self._remove_abandoned()

    def _remove_abandoned(self) -> None:
        for folder in self.root.glob(f"{_TEMPORARY}*"):
            with contextlib.suppress(OSError):
                if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def _drop(self, folder: Path) -> None:
        # Renamed first: nobody finds an entry that is half removed.
        grave = self.root / f"{_TEMPORARY}{uuid.uuid4().hex}"
        with contextlib.suppress(OSError):
            folder.rename(grave)
            folder = grave
        shutil.rmtree(folder, ignore_errors=True)
