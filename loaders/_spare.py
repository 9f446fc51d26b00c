"""One worker process that is started in advance and waits for its file, so that a load need not wait for imports.

It costs no processor time while it waits. Everything that concerns one file (limits, the fence, its scratch folder)
it learns and sets up when the file is known; until then it has read nothing but this program's own modules. It ends
when its standard input does: with the program that started it, however that ends.
"""

from __future__ import annotations

import atexit
import json
import subprocess
import threading
import time
from contextlib import suppress

from loaders._process import start_process, worker_path

AGAIN_SECONDS = 5.0
"""After a load the next worker is started so much later: first comes what was loaded."""
_MODULES = ("loaders.limits", "loaders.sandbox", "loaders.store", "loaders._arena", "loaders.cityjson_load")


class Spare:
    """At most one waiting worker. All methods return at once, from any thread, but `take` while one is being started.

    A thread of its own starts the workers and lives until `close`: Linux takes the end of the thread that started a
    process for the end of its parent.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._process: subprocess.Popen[bytes] | None = None
        self._due: float | None = None
        self._keep = False
        self._starting = False
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the worker that waits now, if any."""
        process = self._process
        return None if process is None else process.pid

    def prepare(self, delay: float = 0.0, *, keep: bool = False) -> None:
        """Start a worker after so many seconds, if none waits; ``keep``: and another one after every load."""
        with self._changed:
            self._keep |= keep
            self._plan(delay)

    def take(self) -> subprocess.Popen[bytes] | None:
        """The waiting worker, from now on the caller's; None if there is none."""
        with self._changed:
            while self._starting:
                self._changed.wait()
            self._due = None
            process, self._process = self._process, None
        if process is not None and process.poll() is not None:
            _end(process)
            return None
        return process

    def load_ended(self) -> None:
        """Have the next worker started in a while, if one is to be kept."""
        with self._changed:
            if self._keep:
                self._plan(AGAIN_SECONDS)

    def close(self) -> None:
        """End the waiting worker and the thread, and keep none any more; `prepare` begins anew."""
        with self._changed:
            self._closing, self._keep, self._due = True, False, None
            thread, self._thread = self._thread, None
            self._changed.notify_all()
        if thread is not None:
            thread.join()
        process, self._process = self._process, None
        self._closing = False
        if process is not None:
            _end(process)

    def _plan(self, delay: float) -> None:
        if self._process is not None or self._starting or self._closing:
            return
        self._due = time.monotonic() + delay
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="spare worker", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while self._wait():
            process = None
            with suppress(OSError):  # then a load starts its own, and tells why it cannot
                process = start_process()
                assert process.stdin is not None
                words = {"prepare": _MODULES, "sys_path": worker_path()}
                process.stdin.write(json.dumps(words).encode("ascii") + b"\n")
                process.stdin.flush()
            with self._changed:
                self._process, self._starting = process, False
                self._changed.notify_all()

    def _wait(self) -> bool:
        """Until a worker is to be started; False if the thread is to end."""
        with self._changed:
            while not self._closing:
                left = None if self._due is None else self._due - time.monotonic()
                if left is not None and left <= 0:
                    self._due, self._starting = None, True
                    return True
                self._changed.wait(left)
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


SPARE = Spare()
"""The one of this program."""
atexit.register(SPARE.close)
