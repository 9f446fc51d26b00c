"""A command of this program in a process of its own, as a job: for drawing off the window's back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from loaders._process import worker_path
from viewer.jobs.job import Job, Lane

_START = (
    "import sys; sys.path[:0] = sys.argv[1].split(chr(10)); sys.argv[1:] = sys.argv[2:];"
    "from viewer.__main__ import main; raise SystemExit(main())"
)
KILL_SECONDS = 0.9
"""After a cancel the process has so long to end by itself."""


class ProgramError(Exception):
    """The command failed; the text is the last line that it said."""


class ProgramJob(Job):
    """Runs ``citiverse WORDS...``. Lines of JSON on its output ({"fraction", "stage"}) are its progress.

    ``on_done`` gets what it said on standard error, line by line; ``on_end`` is called when the process has ended after
    a cancel, to clean up.
    """

    lane = Lane.QUICK

    def __init__(
        self,
        title: str,
        words: Sequence[str],
        on_done: Callable[[tuple[str, ...]], None],
        on_error: Callable[[ProgramError], None],
        *,
        on_end: Callable[[], None] | None = None,
        key: str | None = None,
    ) -> None:
        super().__init__(title, key)
        self._words = list(words)
        self._on_done, self._on_error, self._on_end = on_done, on_error, on_end
        self._process: subprocess.Popen[str] | None = None
        self._said: deque[str] = deque(maxlen=20)
        self._threads: list[threading.Thread] = []
        self._cancelled_at: float | None = None

    def start(self, threads: ThreadPoolExecutor) -> None:
        """See `Job.start`."""
        start = [] if getattr(sys, "frozen", False) else ["-I", "-c", _START, "\n".join(worker_path())]
        self._process = subprocess.Popen(
            [sys.executable, *start, *self._words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self.stage = "Starting"
        for act in (self._progress, self._listen):
            self._threads.append(threading.Thread(target=act, name="program job", daemon=True))
            self._threads[-1].start()

    def poll(self) -> bool:
        """See `Job.poll`."""
        process = self._process
        if process is None:
            return self._cancelled_at is not None
        if self._cancelled_at is not None and time.monotonic() - self._cancelled_at > KILL_SECONDS:
            process.kill()
        if process.poll() is None or any(thread.is_alive() for thread in self._threads):
            return False
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        if self._cancelled_at is not None and self._on_end is not None:
            end, self._on_end = self._on_end, None
            end()
        return True

    def cancel(self) -> None:
        """See `Job.cancel`."""
        self._cancelled_at = time.monotonic()
        if self._process is not None:
            with suppress(OSError):
                self._process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)

    def deliver(self) -> None:
        """See `Job.deliver`."""
        assert self._process is not None
        if self._process.returncode == 0:
            self._on_done(tuple(self._said))
        else:
            last = self._said[-1] if self._said else f"The process ended with code {self._process.returncode}."
            self._on_error(ProgramError(last))

    def _progress(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            with suppress(ValueError, AttributeError, TypeError):
                told = json.loads(line)
                self.fraction, self.stage = float(told["fraction"]), str(told["stage"])

    def _listen(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        for line in self._process.stderr:
            text = line.strip().removeprefix("citiverse: ")
            if text:
                self._said.append(text[:1].upper() + text[1:])
