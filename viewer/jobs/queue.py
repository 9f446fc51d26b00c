"""The queue of background work: starts jobs, reports progress, delivers answers on the polling thread.

No thread of its own and no timer: a window calls `JobQueue.poll` every few milliseconds, a command in a loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from psygnal import Signal

from viewer.jobs.job import Job, Lane

_LANE_WIDTH = {Lane.PARSE: 2, Lane.QUICK: 2}
_DELIVERY_SECONDS = 0.004
"""After so long no further answer is delivered in one poll (one always is)."""
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What a progress panel shows of one job."""

    id: int
    title: str
    fraction: float
    stage: str
    running: bool = True
    """False while it waits for its lane."""


class JobQueue:
    """Jobs in two lanes. Every method belongs to one thread, the one that polls.

    Signals: ``changed()`` when `active` differs from before.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._next_id = 1
        self._waiting: dict[int, Job] = {}
        self._running: dict[int, Job] = {}
        self._stopping: list[Job] = []
        self._threads: ThreadPoolExecutor | None = None
        self._shown: tuple[JobStatus, ...] = ()
        self._closed = False

    @property
    def active(self) -> tuple[JobStatus, ...]:
        """Jobs that run or wait, in order of submission; cancelled ones are gone at once."""
        jobs = sorted((self._running | self._waiting).items())
        return tuple(JobStatus(i, job.title, job.fraction, job.stage, i in self._running) for i, job in jobs)

    @property
    def idle(self) -> bool:
        """True when nothing runs, waits or is still being stopped."""
        return not (self._running or self._waiting or self._stopping)

    def submit(self, job: Job) -> int:
        """Queue a job and return its id (ids only grow). An older job with the same key is cancelled.

        Raises:
            RuntimeError: after `shutdown`.
        """
        if self._closed:
            raise RuntimeError("the job queue is closed")
        if job.key is not None:
            older = [i for i, other in (self._running | self._waiting).items() if other.key == job.key]
            for number in older:
                self.cancel(number)
        number = self._next_id
        self._next_id += 1
        self._waiting[number] = job
        self._start_waiting()
        self._tell()
        return number

    def cancel(self, job_id: int) -> bool:
        """Drop a job now: its answer, should it still come, reaches nobody. False if there is no such job."""
        job = self._running.pop(job_id, None)
        if job is not None:
            job.cancel()
            self._stopping.append(job)  # it keeps its place in the lane until it has ended
        else:
            job = self._waiting.pop(job_id, None)
        if job is None:
            return False
        self._tell()
        job.cancelled()
        return True

    def cancel_all(self) -> None:
        """Cancel everything, the waiting jobs first."""
        for number in [*self._waiting, *self._running]:
            self.cancel(number)

    def poll(self) -> None:
        """Start what can start, take progress, deliver answers; never waits.

        Raises:
            Exception: whatever a callback raised; the queue itself is in order and goes on with the next poll.
        """
        self._stopping = [job for job in self._stopping if not job.poll()]
        self._start_waiting()
        try:
            self._deliver()
        finally:
            self._tell()

    def _deliver(self) -> None:
        limit = time.perf_counter() + _DELIVERY_SECONDS
        for number in list(self._running):
            job = self._running.get(number)  # a callback may have cancelled it meanwhile
            if job is None or not job.poll():
                continue
            del self._running[number]
            job.deliver()
            if time.perf_counter() > limit:
                break

    def _start_waiting(self) -> None:
        for number, job in list(self._waiting.items()):
            if self._busy(job.lane) < _LANE_WIDTH[job.lane] and job.ready():
                del self._waiting[number]
                self._running[number] = job
                job.start(self._pool())

    def _busy(self, lane: Lane) -> int:
        return sum(job.lane is lane for job in [*self._running.values(), *self._stopping])

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_LANE_WIDTH[Lane.QUICK], thread_name_prefix="quick job")
        return self._threads

    def _tell(self) -> None:
        now = self.active
        if now != self._shown:
            self._shown = now
            self.changed.emit()

    def wait(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Poll until nothing is left (or ``until()``), for commands without a window; False if time ran out."""
        done = until or (lambda: self.idle)
        limit = time.monotonic() + seconds
        while True:
            self.poll()
            if done():
                return True
            if time.monotonic() > limit:
                return False
            time.sleep(0.002)

    def shutdown(self) -> None:
        """Cancel everything and wait until no process and no thread of a job is left. Safe to call twice."""
        self._closed = True
        self.cancel_all()
        limit = time.monotonic() + _STOP_SECONDS
        while self._stopping and time.monotonic() < limit:
            self._stopping = [job for job in self._stopping if not job.poll()]
            time.sleep(0.002)
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._threads = None
