"""Shares numbered tasks between this process and forked copies of it.

A forked child sees everything that the parent has read, without a copy; results come back as pickled
metadata with the arrays out of band, in anonymous shared memory. Where there is no ``fork`` (Windows) or
it is unsafe (macOS), the work is done by one process.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import pickle
import signal
import struct
import sys
import warnings
from collections.abc import Callable
from typing import IO, Any

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
        """Every result is written as soon as it is there, so that the parent does not wait for all at the end."""
        with os.fdopen(memory, "wb", closefd=False) as file:
            try:
                while (task := self._take()) is not None:
                    _write(file, (task, self._work(task)))
            except Exception as error:  # handed to the parent, which raises it there
                _write(file, (-1, error))

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


class _Pickler(pickle.Pickler):
    """Keeps arrays of one value repeated (stride 0) small."""

    def reducer_override(self, value: Any) -> Any:
        if type(value) is np.ndarray and value.ndim == 1 and value.strides == (0,) and len(value):
            return np.broadcast_to, (value[:1].copy(), value.shape)
        return NotImplemented


def _write(file: IO[bytes], value: Any) -> None:
    """Append a value: the number of its parts, their sizes, pickled metadata, then the arrays, each aligned."""
    buffers: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    _Pickler(head, protocol=5, buffer_callback=buffers.append).dump(value)
    views = [head.getbuffer(), *(buffer.raw() for buffer in buffers)]
    sizes = [view.nbytes for view in views]
    file.write(b"\0" * (-file.tell() % 64))
    file.write(struct.pack(f"=q{len(sizes)}q", len(sizes), *sizes))
    for view in views:
        file.write(b"\0" * (-file.tell() % 64))
        file.write(view)


def _collect(memory: int) -> dict[int, Any]:
    """Results that a child left in its memory file; empty if it died before the end."""
    try:
        if not os.fstat(memory).st_size:
            return {}
        view = memoryview(mmap.mmap(memory, 0))
    finally:
        os.close(memory)
    results: dict[int, Any] = {}
    at = 0
    while (found := _read(view, at)) is not None:
        (task, result), at = found
        if task < 0:
            raise result
        results[task] = result
    return results


def _read(view: memoryview, at: int) -> tuple[Any, int] | None:
    """What `_write` wrote at a place (or just before the next multiple of 64), and where it ends; None if it is the
    end, or was never finished."""
    at += -at % 64
    if at + 8 > len(view):
        return None
    (number,) = struct.unpack_from("=q", view, at)
    if not 0 < number <= (len(view) - at) // 8 - 1:
        return None
    sizes = struct.unpack_from(f"={number}q", view, at + 8)
    at += 8 + 8 * number
    parts = []
    for size in sizes:
        at += -at % 64
        if at + size > len(view):
            return None
        parts.append(view[at : at + size])
        at += size
    return pickle.loads(parts[0], buffers=parts[1:]), at
