"""One worker process as the parent sees it: started, listened to, measured, and ended with all its children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from loaders import limits

if sys.platform == "win32":
    from loaders._winjob import JobObject

WORKER_FLAG = "--citiverse-worker"
_START = "import sys; sys.path.insert(0, sys.argv[1]); from loaders._child import main; main()"
_KEPT_LOG_BYTES = 64 << 10
_MAX_LINE = 64 << 10
_ENVIRONMENT = frozenset(
    (
        *("PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "WINDIR", "SYSTEMDRIVE", "TEMP", "TMP", "TMPDIR", "TZ"),
        *("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PROJ_DATA", "PROJ_LIB"),
    )
)
"""Variables that a worker sees; nothing secret, no proxies."""


def run_worker_if_asked(argv: list[str]) -> None:
    """Become a worker when this program was started as one (a frozen bundle starts itself); else return.

    To be called first thing in the program's entry point, before anything heavy is imported.
    """
    if argv[1:2] == [WORKER_FLAG]:
        from loaders._child import main

        main()


def _command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_FLAG]
    # -I: no user site, no PYTHON* variables, no current folder on the path (a module there could be anybody's).
    return [sys.executable, "-I", "-c", _START, str(_root())]


def _root() -> Path:
    return Path(__file__).resolve().parent.parent


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.upper() in _ENVIRONMENT}
    # One thread each: the worker's own processes share the work, and thread pools cost address space.
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def worker_path() -> list[str]:
    """Where the worker looks for modules: as here, without the current folder."""
    here = Path.cwd()
    root = str(_root())
    kept = [entry for entry in sys.path if entry and (entry == root or Path(entry) != here)]
    return list(dict.fromkeys([*kept, root]))


def start_process() -> subprocess.Popen[bytes]:
    """A worker that waits for its request on standard input, in a session of its own."""
    return subprocess.Popen(
        _command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=_environment(),
        start_new_session=os.name == "posix",  # Ctrl-C in a terminal goes to the parent, which then cancels
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


class WorkerProcess:
    """A running worker. ``on_message`` is called on a thread of this object for every answer; ``process``: one that
    waits for its request already."""

    def __init__(
        self,
        request: dict[str, Any],
        on_message: Callable[[dict[str, Any]], None],
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self._on_message = on_message
        self._log_head = bytearray()
        self._log_tail: deque[bytes] = deque(maxlen=16)
        self.peak_bytes = 0
        self._next_measure = 0.0
        self._process = start_process() if process is None else process
        if sys.platform == "win32":
            self._job = JobObject(request["memory_bytes"])
            self._job.add(self._process)
        self._threads = [threading.Thread(target=target, daemon=True) for target in (self._listen, self._keep_log)]
        for thread in self._threads:
            thread.start()
        assert self._process.stdin is not None
        with suppress(OSError):  # it ended at once: that shows as no answer
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        """Process id, also that of the group on Unix."""
        return self._process.pid

    def exited(self) -> bool:
        """True once the worker itself is gone (its children may not be); `end` is still to be called."""
        if sys.platform == "win32" or not hasattr(os, "waitid"):
            return self._process.poll() is not None
        if self._process.returncode is not None:
            return True
        # Looked at but not waited for: until then its group number cannot be given to anybody else.
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    @property
    def exit_code(self) -> int | None:
        """Exit code after `end`; negative = ended by that signal."""
        return self._process.returncode

    def measure(self) -> int:
        """Memory that the worker and its children have resident now, bytes (or a moment ago)."""
        begin = time.perf_counter()
        if begin < self._next_measure:
            return 0
        now = limits.tree_memory(self.pid)
        # Counting shared pages takes milliseconds and holds the worker up: at most 5 % of the time.
        self._next_measure = begin + 20 * (time.perf_counter() - begin)
        if sys.platform == "win32":
            self.peak_bytes = max(self.peak_bytes, self._job.peak_bytes())
        self.peak_bytes = max(self.peak_bytes, now)
        return now

    def log(self) -> str:
        """What the worker printed: the first and the last 64 KiB."""
        return (bytes(self._log_head) + b"".join(self._log_tail)).decode("utf-8", "replace")

    def end(self) -> None:
        """Kill the worker and its children, and wait until they are gone."""
        if sys.platform == "win32":
            self._job.close()
        else:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        if not self.exited():
            self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(2.0)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while line := stream.readline(_MAX_LINE):
            with suppress(ValueError):  # not JSON: a loader that wrote to our pipe by its number
                message = json.loads(line)
                if isinstance(message, dict):
                    self._on_message(message)

    def _keep_log(self) -> None:
        stream = self._process.stderr
        assert stream is not None
        while chunk := os.read(stream.fileno(), 4096):
            if len(self._log_head) < _KEPT_LOG_BYTES:
                self._log_head += chunk
            else:
                self._log_tail.append(chunk)
