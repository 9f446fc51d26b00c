"""When something goes wrong that nobody foresaw: the window lives on, a log is kept, the next start says so.

`watch` arms Python's faulthandler (a crash in native code leaves its stack in ``crash.log``) and
`sys.excepthook` (an exception in a slot goes to ``errors.log`` and to the window as a calm message).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import faulthandler
import platform
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO

from viewer.settings.folders import folders

MAX_LOG_BYTES = 1 << 20
Report = Callable[[str, str], None]


def _version() -> str:
    from importlib import metadata

    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("citiverse-viewer")
    return "unknown"


def details(error: BaseException) -> str:
    """What somebody who mends the program needs: versions and the traceback, no data of the user's."""
    head = f"citiverse-viewer {_version()}, Python {platform.python_version()}, {platform.platform()}"
    return head + "\n" + "".join(traceback.format_exception(error))


class CrashWatch:
    """Holds the logs open; `close` puts everything back.

    Attributes:
        last_crash: text of a native crash of the run before, "" if there was none.
        report: called with (one line, details) for every unexpected exception; the window sets it.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or folders().state
        self.report: Report | None = None
        self.last_crash = ""
        self._file: IO[str] | None = None
        self._old_hook = sys.excepthook
        self._busy = False

    def start(self) -> None:
        """Read what the last run left, then arm."""
        path = self.folder / "crash.log"
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            if path.exists():
                self.last_crash = path.read_text("utf-8", "replace")[:20_000].strip()
            self._file = path.open("w", encoding="utf-8")
            faulthandler.enable(self._file, all_threads=True)
        sys.excepthook = self._hook

    def close(self) -> None:
        """Disarm; an orderly end leaves no crash log."""
        sys.excepthook = self._old_hook
        if self._file is None:
            return
        faulthandler.disable()
        self._file.close()
        self._file = None
        with contextlib.suppress(OSError):
            (self.folder / "crash.log").unlink()

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._old_hook(kind, error, trace)
            return
        text = details(error.with_traceback(trace))
        self._log(text)
        if self.report is None or self._busy:
            self._old_hook(kind, error, trace)
            return
        self._busy = True  # an error while reporting one must not go round in circles
        try:
            self.report(f"Something unexpected happened ({kind.__name__}). Your work is still here.", text)
        finally:
            self._busy = False

    def _log(self, text: str) -> None:
        path = self.folder / "errors.log"
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
                path.replace(path.with_suffix(".old.log"))
            with path.open("a", encoding="utf-8") as log:
                log.write(f"--- {dt.datetime.now():%Y-%m-%d %H:%M:%S}\n{text}\n")
