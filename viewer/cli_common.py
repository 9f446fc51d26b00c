"""What all commands share: exit codes, one-line errors, progress on a terminal, loading files, Ctrl-C.

Text that comes from a file (ids, names, messages about them) is shown without its control characters: a hostile file
must not be able to command a terminal.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import threading
import time
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from loaders.api import LoadError

if TYPE_CHECKING:
    from loaders.worker import LoadedFile

DONE = 0
USAGE = 2
UNREADABLE = 3
NOT_IN_IT = 4
CANNOT_DRAW = 5
INTERRUPTED = 130
"""Exit codes; 130 is the shell's own for Ctrl-C."""

PROJECT_SUFFIX = ".citiverse"
SECONDS_TO_STOP = 0.7
"""How long the main thread has after Ctrl-C before the process ends anyway (drawing cannot be interrupted)."""


class CliError(Exception):
    """A command cannot go on; the text is one line for the user ("" = told already), ``code`` the exit code."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code


def plain(text: object) -> str:
    """Text on one line without control or direction-changing characters."""
    cleaned = (" " if c in "\r\n\t" else c for c in str(text))
    return "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else "\ufffd" for c in cleaned)


def complain(text: object) -> None:
    """One line on standard error. Of files that cannot be read the path is told as it was given, not only the name."""
    line = str(text)
    if isinstance(text, LoadError) and text.path.name and line.startswith(text.path.name):
        line = f"{text.path}{line[len(text.path.name) :]}"
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(f"citiverse: {plain(line)}", file=sys.stderr, flush=True)


def emit(text: str) -> None:
    """Write an answer to standard output.

    Raises:
        CliError: it cannot be written (a full disk). A reader who has gone away is a BrokenPipeError.
    """
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()  # or Python complains again when it flushes at the end
        raise CliError(USAGE, f"the output cannot be written ({error.strerror}); send it elsewhere.") from error


def discard_output() -> None:
    """Let whatever is still to be written to standard output vanish."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def open_closed_streams() -> None:
    """Tie closed standard streams to nothing, or the next file opened would take their numbers and what is written."""
    if os.name != "posix":
        return
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


class TerminalProgress:
    """Progress on standard error where that is a terminal, silence elsewhere; satisfies `loaders.api.Progress`."""

    cancelled = False

    def __init__(self, title: str) -> None:
        self._title = plain(title)
        self._on = sys.stderr is not None and sys.stderr.isatty()
        self._shown = ""
        self._last = 0.0

    def report(self, fraction: float, stage: str) -> None:
        """Redraw the line at most ten times a second."""
        now = time.monotonic()
        if not self._on or now - self._last < 0.1:
            return
        self._last = now
        width = max(shutil.get_terminal_size().columns - 1, 20)
        self._write(f"{self._title}: {fraction:4.0%} {plain(stage)}"[:width])

    def finish(self) -> None:
        """Wipe the line."""
        if self._shown:
            self._write("")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write("\r" + text + " " * max(len(self._shown) - len(text), 0) + ("\r" if not text else ""))
            sys.stderr.flush()
        self._shown = text


def load_file(path: Path, *, cached: bool) -> LoadedFile:
    """Load one file in a worker process with progress; ``cached`` allows the stored arrays of an earlier load.

    Raises:
        LoadError: see `loaders.worker.load_in_process`.
    """
    from loaders.api import LoadOptions
    from loaders.store import default_cache
    from loaders.worker import load_in_process

    progress = TerminalProgress(path.name)
    options = LoadOptions(processes=max(1, min(os.cpu_count() or 1, 4)))
    try:
        return load_in_process(path, options=options, progress=progress, cache=default_cache() if cached else None)
    finally:
        progress.finish()


def version() -> str:
    """The version that is installed."""
    from importlib import metadata

    try:
        return metadata.version("citiverse-viewer")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def free_memory() -> int:
    """Memory that drawing may take: what Linux says is available, elsewhere a share of all there is; bytes."""
    from loaders.limits import total_memory

    free = int(total_memory() * 0.7)
    with suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = min(free, int(line.split()[1]) * 1024)
    return free


def expand_paths(paths: Iterable[str]) -> tuple[list[Path], list[LoadError]]:
    """Files to open, folders replaced by the files in them that can be; and what was refused."""
    from loaders.registry import expand

    files: list[Path] = []
    refused: list[LoadError] = []
    for text in paths:
        try:
            files += [Path(text)] if is_project(text) else expand([text])
        except LoadError as error:
            refused.append(error)
    return files, refused


def is_project(path: str | Path) -> bool:
    """True for a project file by its name."""
    return str(path).lower().endswith(PROJECT_SUFFIX)


def guard_interrupts() -> None:
    """End the process within a second of Ctrl-C even while native code holds the main thread.

    Python delivers the signal only between two byte codes; a picture of a large city can take longer. A thread
    hears of the signal at once, gives the ordinary way a moment, then cleans up and ends the process.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    except ValueError:
        os.close(reader)
        os.close(writer)
        return
    threading.Thread(target=_end_after_interrupt, args=(reader,), name="interrupt", daemon=True).start()


def _end_after_interrupt(reader: int) -> None:
    while data := os.read(reader, 1):
        if data[0] == signal.SIGINT:
            time.sleep(SECONDS_TO_STOP)
            complain("stopped.")
            leave_interrupted()


def leave_interrupted() -> NoReturn:
    """Remove temporary arrays, end worker processes and end this one with the code for Ctrl-C, whatever still runs.

    An interrupt that passed through native code would otherwise make Python end by the signal instead.
    """
    with suppress(Exception):
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(INTERRUPTED)
