"""One piece of long work: what it is called, how far it is, and what happens with its answer.

A job captures everything it needs when it is made; its work sees no document, window or queue. Its callbacks are
called by `JobQueue.poll`, so on the thread that polls, and never after a cancel.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from loaders.api import LoadError, LoadOptions
from loaders.store import ArrayCache
from loaders.worker import LoadedFile, LoadProcess, WorkerLimits

_OPTIONS, _LIMITS = LoadOptions(), WorkerLimits()


class Lane(StrEnum):
    """Two lanes, so that reading a large file never delays a small question."""

    PARSE = "parse"
    """Work in a process of its own; few at once."""
    QUICK = "quick"
    """Small pure functions on a few threads."""


class Job(ABC):
    """Something to do in the background. A job runs once.

    ``key`` names what the answer is for: a newer job with the same key replaces an older one, whose answer is
    then stale and dropped. None = never replaced.
    """

    lane: Lane = Lane.PARSE

    def __init__(self, title: str, key: str | None = None) -> None:
        self.title = title
        self.key = key
        self.fraction = 0.0
        self.stage = ""

    def ready(self) -> bool:
        """False while it has to wait for something else than its lane; asked on the polling thread before `start`."""
        return True

    @abstractmethod
    def start(self, threads: ThreadPoolExecutor) -> None:
        """Begin, without waiting; ``threads`` is the quick lane."""

    @abstractmethod
    def poll(self) -> bool:
        """Update ``fraction`` and ``stage``; True when the work has ended, however."""

    @abstractmethod
    def cancel(self) -> None:
        """Stop as soon as possible, without waiting; `poll` tells when it has ended."""

    @abstractmethod
    def deliver(self) -> None:
        """Call the callback for what came out."""

    def cancelled(self) -> None:
        """Called at once, on the polling side, when the job was cancelled or replaced."""
        self.stage = "Cancelled"


class LoadJob(Job):
    """Opens a file: `loaders.worker.LoadProcess` with callbacks."""

    lane = Lane.PARSE

    def __init__(
        self,
        path: Path,
        on_done: Callable[[LoadedFile], None],
        on_error: Callable[[LoadError], None],
        options: LoadOptions | Callable[[], LoadOptions] = _OPTIONS,
        cache: ArrayCache | None = None,
        *,
        ready: Callable[[], bool] | None = None,
        limits: WorkerLimits = _LIMITS,
        on_cancel: Callable[[], None] | None = None,
        key: str | None = None,
        process: LoadProcess | None = None,
    ) -> None:
        """``process`` is a prepared load to use instead of one made from the other arguments.

        ``options`` may be a function, called when the load begins; ``ready`` tells when it may.
        """
        super().__init__(f"Opening {Path(path).name}", key)
        self.path = Path(path)
        self._on_done = on_done
        self._on_error = on_error
        self._on_cancel = on_cancel
        self._ready = ready
        self._make = partial(LoadProcess, self.path, cache=cache, limits=limits)
        self._options = options
        self._process = process

    def ready(self) -> bool:
        """See `Job.ready`."""
        return self._ready is None or self._ready()

    def start(self, threads: ThreadPoolExecutor) -> None:
        """See `Job.start`."""
        if self._process is None:
            self._process = self._make(options=self._options() if callable(self._options) else self._options)
        self._process.start()

    def poll(self) -> bool:
        """See `Job.poll`."""
        if self._process is None:
            return False
        update = self._process.poll()
        self.fraction, self.stage = update.fraction, update.stage
        return update.done and self._process.wait(0.0)

    def cancel(self) -> None:
        """See `Job.cancel`."""
        if self._process is not None:
            self._process.cancel()

    def deliver(self) -> None:
        """See `Job.deliver`."""
        if self._process is None:
            return
        update = self._process.poll()
        if update.loaded is not None:
            self._on_done(update.loaded)
        elif update.error is not None:
            self._on_error(update.error)
        else:
            self.cancelled()

    def cancelled(self) -> None:
        """See `Job.cancelled`."""
        super().cancelled()
        if self._on_cancel is not None:
            self._on_cancel()


class ThreadJob(Job):
    """A small pure function on a thread; ``on_done`` gets what it returns, ``on_error`` what it raised.

    A function that runs cannot be stopped: a cancel drops its answer.
    """

    lane = Lane.QUICK

    def __init__(
        self,
        fn: Callable[..., Any],
        args: tuple[Any, ...] = (),
        on_done: Callable[[Any], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        *,
        title: str = "Working",
        key: str | None = None,
    ) -> None:
        super().__init__(title, key)
        self._fn = fn
        self._args = args
        self._on_done = on_done
        self._on_error = on_error
        self._future: Future[Any] | None = None

    def start(self, threads: ThreadPoolExecutor) -> None:
        """See `Job.start`."""
        self._future = threads.submit(self._fn, *self._args)

    def poll(self) -> bool:
        """See `Job.poll`."""
        return self._future is not None and self._future.done()

    def cancel(self) -> None:
        """See `Job.cancel`."""
        if self._future is not None:
            self._future.cancel()

    def deliver(self) -> None:
        """See `Job.deliver`; an error that nobody asked for is raised where the queue is polled."""
        assert self._future is not None
        error = self._future.exception()
        if error is None:
            if self._on_done is not None:
                self._on_done(self._future.result())
        elif isinstance(error, Exception) and self._on_error is not None:
            self._on_error(error)
        else:
            raise error
