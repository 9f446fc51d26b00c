"""The making of the demo's files as a job with progress, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from viewer.demo.child import DemoProcess
from viewer.jobs import Job, Lane


class DemoJob(Job):
    """Writes the demo's files into a folder, or its scenarios where the town is there already; ``on_done`` is called
    when they are there."""

    lane = Lane.QUICK

    def __init__(
        self,
        folder: Path,
        on_done: Callable[[], None],
        on_error: Callable[[Exception], None],
        title: str = "Building the demo city",
    ) -> None:
        super().__init__(title, "demo")
        self._folder, self._on_done, self._on_error = folder, on_done, on_error
        self._process: DemoProcess | None = None

    def start(self, threads: ThreadPoolExecutor) -> None:
        """See `Job.start`."""
        self._process = DemoProcess(self._folder)

    def poll(self) -> bool:
        """See `Job.poll`."""
        if self._process is None:
            return False
        self.fraction, self.stage = self._process.fraction, self._process.stage
        return self._process.done

    def cancel(self) -> None:
        """See `Job.cancel`."""
        if self._process is not None:
            self._process.stop()
            parts = [*self._folder.parent.glob(f"{self._folder.name}-*.part"), *self._folder.glob("scenarios/*.part")]
            for part in parts:
                shutil.rmtree(part, ignore_errors=True)

    def deliver(self) -> None:
        """See `Job.deliver`."""
        assert self._process is not None
        if self._process.error:
            self._on_error(OSError(self._process.error))
        else:
            self._on_done()
