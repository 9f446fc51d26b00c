"""Recovery copies: unsaved work is written aside from time to time and offered again after a crash.

Each running program has a folder of its own below the state folder, with a file that it keeps locked. A folder
whose lock is free was left by a program that ended without cleaning up: that is what `recoverable` lists. The lock goes
with the process, whatever ends it, so the work of a program that still runs is never offered.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import IO, TYPE_CHECKING, Any

from loaders.api import LoadError, Severity
from viewer.document.document import Document
from viewer.document.files import write_atomic
from viewer.document.project import EXTENSION, load_project, save_project
from viewer.document.state import Camera, DocumentState
from viewer.settings.folders import folders

if TYPE_CHECKING:
    from viewer.session.session import Session

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


_PROJECT, _META, _LOCK = "project" + EXTENSION, "about.json", "lock"


@dataclass(frozen=True, slots=True)
class Recovered:
    """Unsaved work that was found.

    Attributes:
        folder: where the copy lies.
        title: the project's title.
        path: the project's own file; None if it never had one.
        saved: when the copy was written.
    """

    folder: Path
    title: str
    path: Path | None
    saved: datetime


class Autosaver:
    """Writes recovery copies of one document into ``root`` while it is dirty, in a thread: states never change."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.monotonic):
        self._root = root
        self._clock = clock
        self._folder: Path | None = None
        self._lock: IO[bytes] | None = None
        self._written: DocumentState | None = None
        self._dirty_since: float | None = None
        self._writer: Thread | None = None
        self._problem: str | None = None

    def tick(self, document: Document, camera: Camera, seconds: float) -> str | None:
        """Begin to write a copy if the document was dirty for so long since the last one; returns why the one before
        failed, if it did."""
        if self._writer is not None:
            if self._writer.is_alive():
                return None
            self.finish()
        problem, self._problem = self._problem, None
        if not document.dirty:
            self._dirty_since = None
            if self._written is not None:
                self._remove()
            return problem
        now = self._clock()
        if self._dirty_since is None or document.state is self._written:
            self._dirty_since = now
        if now - self._dirty_since < seconds or document.state is self._written:
            return problem
        self._dirty_since = now
        self._written = document.state
        # tens of thousands of ids that are hidden or chosen take long to write down, and a disk may be slow
        self._writer = Thread(target=self._write, args=(document.state, document.path, camera), name="recovery copy")
        self._writer.start()
        return problem

    def finish(self) -> None:
        """Wait until the copy that is being written is there."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def close(self) -> None:
        """End in good order: nothing is to be recovered."""
        self.finish()
        self._remove()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _write(self, state: DocumentState, path: Path | None, camera: Camera) -> None:
        meta = {
            "title": state.title,
            "path": None if path is None else str(path),
            "saved": datetime.now(UTC).isoformat(),
        }
        try:
            folder = self._own_folder()
            save_project(state, folder / _PROJECT, camera=camera, absolute=True)
            write_atomic(folder / _META, json.dumps(meta, ensure_ascii=False).encode("utf-8", "replace"))
        except OSError as error:
            self._problem = error.strerror or str(error)

    def _own_folder(self) -> Path:
        """This program's folder, made and locked at the first use."""
        if self._folder is None or self._lock is None:
            folder = self._root / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
            folder.mkdir(parents=True)
            lock = (folder / _LOCK).open("wb")
            if not _try_lock(lock):
                lock.close()
                raise OSError("its folder cannot be locked")
            self._folder, self._lock = folder, lock
        return self._folder

    def _remove(self) -> None:
        self._written = None
        if self._folder is not None:
            for name in (_META, _PROJECT, _PROJECT + ".bak"):
                with suppress(OSError):
                    (self._folder / name).unlink(missing_ok=True)


def recoverable(root: Path | None = None) -> tuple[Recovered, ...]:
    """Unsaved work of programs that no longer run, newest first. Empty folders of such programs are removed."""
    base = root or folders().state / "recovery"
    found: list[Recovered] = []
    try:
        children = [child for child in base.iterdir() if child.is_dir()]
    except OSError:
        return ()
    for folder in children:
        if _in_use(folder):
            continue
        entry = _describe(folder)
        if entry is not None:
            found.append(entry)
        elif not (folder / _PROJECT).exists():
            shutil.rmtree(folder, ignore_errors=True)
    return tuple(sorted(found, key=lambda entry: entry.saved, reverse=True))


def recover(session: Session, entry: Recovered) -> None:
    """Open a recovery copy as unsaved work and remove the copy; raises LoadError if it cannot be read."""
    project = load_project(entry.folder / _PROJECT)
    session.opening.show_project(project, entry.path)
    session.document.mark_unsaved()
    discard(entry)
    session.say(Severity.INFO, f"Unsaved work on {entry.title!r} is open again. Save it to keep it.")


def discard(entry: Recovered) -> None:
    """Remove a recovery copy."""
    shutil.rmtree(entry.folder, ignore_errors=True)


def _in_use(folder: Path) -> bool:
    """True if a running program holds the folder's lock."""
    try:
        with (folder / _LOCK).open("r+b") as file:
            return not _try_lock(file)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _describe(folder: Path) -> Recovered | None:
    """What lies in a folder; None if there is no whole copy."""
    try:
        load_project(folder / _PROJECT)
        meta: dict[str, Any] = json.loads((folder / _META).read_text("utf-8"))
        path = meta.get("path")
        return Recovered(
            folder,
            str(meta["title"]),
            Path(path) if isinstance(path, str) else None,
            datetime.fromisoformat(meta["saved"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, LoadError):
        return None
