"""Shares numbered tasks between this process and forked copies of it.

A forked child sees everything that the parent has read, without a copy; results come back as pickled
metadata with the arrays out of band, in anonymous shared memory. Where there is no ``fork`` (Windows) or
it is unsafe (macOS), the work is done by one process.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import signal
import struct
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

CAN_FORK = sys.platform == "linux"


def shared_empty(shape: tuple[int, ...], dtype: npt.DTypeLike, shared: bool) -> npt.NDArray[Any]:
    """An uninitialised array; with ``shared`` one that forked children can fill for the parent."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
    if not shared or not size:
        return np.empty(shape, kind)
    return np.frombuffer(mmap.mmap(-1, size), kind).reshape(shape)


class ForkPool:
    """Runs ``work(0) .. work(count - 1)`` here and in ``processes - 1`` forked children.

    The children start at once; `finish` joins in and returns all results in order. Tasks are handed out
    one by one through a pipe (reading one token is atomic), so that a slow core takes fewer. A child that
    dies (killed for memory, say) only means that the parent repeats its tasks.
    """

    def __init__(self, work: Callable[[int], Any], count: int, processes: int):
        self._work = work
        self._count = count
        self._children: list[tuple[int, int]] = []
        self._tokens, feed = os.pipe()
        self._feed = feed
        self._next = 0
        self._fill()
        if CAN_FORK:
            for _ in range(min(processes - 1, count - 1)):
                self._start_child()

    def _fill(self) -> None:
        """Put all task numbers into the pipe; 4 bytes each, so at most 16,384 tasks fit into 64 KiB."""
        if self._count > 16000:
            raise ValueError("too many tasks for one pool")
        os.write(self._feed, struct.pack(f"={self._count}i", *range(self._count)))
        os.close(self._feed)

    def _start_child(self) -> None:
        memory = os.memfd_create("results")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            self._children.append((pid, memory))
            return
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._run_child(memory)
        finally:
            os._exit(0)

    def _take(self) -> int | None:
        token = os.read(self._tokens, 4)
        return int(struct.unpack("=i", token)[0]) if token else None

    def _run_child(self, memory: int) -> None:
        done: dict[int, Any] = {}
        failure: BaseException | None = None
        try:
            while (task := self._take()) is not None:
                done[task] = self._work(task)
        except Exception as error:  # handed to the parent, which raises it there
            failure = error
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps((done, failure), protocol=5, buffer_callback=buffers.append)
        views = [buffer.raw() for buffer in buffers]
        sizes = [len(head), *(view.nbytes for view in views)]
        with os.fdopen(memory, "wb", closefd=False) as file:
            file.write(struct.pack(f"=q{len(sizes)}q", len(sizes), *sizes))
            file.write(head)
            for view in views:
                file.write(b"\0" * (-file.tell() % 64))
                file.write(view)

    def finish(self, report: Callable[[float], None]) -> list[Any]:
        """Work on the remaining tasks, then collect; ``report(fraction)`` may raise to stop everything."""
        results: dict[int, Any] = {}
        try:
            while (task := self._take()) is not None:
                results[task] = self._work(task)
                report(task / self._count)
            while self._children:
                pid, memory = self._children[-1]
                os.waitpid(pid, 0)
                self._children.pop()
                results.update(_collect(memory))
        finally:
            self.close()
        for task in range(self._count):
            if task not in results:
                results[task] = self._work(task)
                report(task / self._count)
        return [results[task] for task in range(self._count)]

    def close(self) -> None:
        """Stop children that still run and let go of the pipe."""
        for pid, memory in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(memory)
        self._children = []
        if self._tokens >= 0:
            os.close(self._tokens)
            self._tokens = -1


def _collect(memory: int) -> dict[int, Any]:
    """Results that a child left in its memory file; empty if it died before the end."""
    try:
        if not os.fstat(memory).st_size:
            return {}
        view = memoryview(mmap.mmap(memory, 0))
    finally:
        os.close(memory)
    (number,) = struct.unpack_from("=q", view, 0)
    sizes = struct.unpack_from(f"={number}q", view, 8)
    at = 8 + 8 * number
    if at + sizes[0] > len(view):
        return {}
    head = view[at : at + sizes[0]]
    at += sizes[0]
    buffers = []
    for size in sizes[1:]:
        at += -at % 64
        if at + size > len(view):
            return {}
        buffers.append(view[at : at + size])
        at += size
    done, failure = pickle.loads(head, buffers=buffers)
    if failure is not None:
        raise failure
    return dict(done)
