"""What a picture needs of single steps of results, prepared in a thread and kept within a bounded amount of memory.

A picture asks for what it wants (`Steps.want`); while that is not ready it gets the newest thing of the same family
that is, and the window draws again when `Steps.take_arrived` says so. Pictures without a window wait instead. Of what
is asked for several times of a family only the last counts, so scrubbing never builds up a queue.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from loaders.city import Float32
from loaders.limits import total_memory
from viewer.document.document import Document

Key = tuple[Hashable, ...]
Make = Callable[[], Any]
Made = TypeVar("Made")

LEAST_BYTES, SHARE, MOST_BYTES = 256 << 20, 0.06, 1 << 30
"""Memory for prepared steps: a share of the machine's, within these limits."""
WORKERS = 2
"""Threads that prepare; they end when there is nothing to do."""

_BY_DOCUMENT: WeakKeyDictionary[Document, Steps] = WeakKeyDictionary()


def steps_of(document: Document) -> Steps:
    """The prepared steps of a document."""
    if document not in _BY_DOCUMENT:
        _BY_DOCUMENT[document] = Steps()
    return _BY_DOCUMENT[document]


class Failure:
    """What came of a preparation that failed."""

    def __init__(self, error: Exception):
        self.error = error


class Steps:
    """Prepared things by key; the first part of a key is its family. Safe to use from several threads.

    Attributes:
        limit: bytes kept at most (the newest thing of every family in use stays even if it is larger).
        used: bytes kept now.
    """

    def __init__(self, limit: int | None = None):
        self.limit = limit or int(min(max(total_memory() * SHARE, LEAST_BYTES), MOST_BYTES))
        self.used = 0
        self._kept: OrderedDict[Key, tuple[Any, int]] = OrderedDict()
        self._newest: dict[Hashable, Key] = {}
        self._wishes: dict[Hashable, tuple[Key, Make]] = {}
        self._ahead: dict[Hashable, deque[tuple[Key, Make]]] = {}
        self._doing: set[Key] = set()
        self._threads = 0
        self._arrived = False
        self._closed = False
        self._lock = threading.Condition()

    def want(self, key: Key, make: Callable[[], Made], *, wait: bool = False) -> tuple[Made | None, bool]:
        """The thing of a key and True; while it is being made, the newest of its family (or None) and False.

        ``make`` runs on a thread and must be pure; what it raises is raised here for ``wait``, else it counts as
        nothing. ``wait``: make it here and now.
        """
        with self._lock:
            kept = self._take(key)
            if kept is not None:
                self._wishes.pop(key[0], None)
                return self._opened(kept[0], wait), True
            if not wait:
                self._wishes[key[0]] = (key, make)
                self._start()
                newest = self._newest.get(key[0])
                found = self._kept.get(newest) if newest is not None else None
                return (None if found is None else self._opened(found[0], False)), False
        made = make()
        with self._lock:
            self._keep(key, made)
        return made, True

    def ahead(self, family: Hashable, tasks: Iterable[tuple[Key, Make]]) -> None:
        """Prepare these as well when there is time, in this order; replaces what the family was to prepare ahead."""
        with self._lock:
            todo = deque((key, make) for key, make in tasks if key not in self._kept)
            if todo:
                self._ahead[family] = todo
                self._start()
            else:
                self._ahead.pop(family, None)

    def has(self, key: Key) -> bool:
        """True if the thing of a key is ready."""
        with self._lock:
            return key in self._kept

    @property
    def busy(self) -> bool:
        """True while something is wanted that is not ready, or has become ready and was not told by `take_arrived`."""
        with self._lock:
            return bool(self._wishes) or self._arrived

    def take_arrived(self) -> bool:
        """True once after something that was wanted has become ready."""
        with self._lock:
            arrived, self._arrived = self._arrived, False
            return arrived

    def settle(self, seconds: float = 30.0) -> bool:
        """Wait until all that is wanted or to be prepared ahead is ready; False if time ran out."""
        with self._lock:
            return self._lock.wait_for(lambda: not (self._wishes or self._ahead or self._doing), seconds)

    def use(self, families: set[Hashable]) -> None:
        """Say which families are seen now: what belongs to others is kept only as long as there is room for it."""
        with self._lock:
            for table in (self._newest, self._wishes, self._ahead):
                for family in [family for family in table if family not in families]:
                    del table[family]

    def clear(self) -> None:
        """Forget everything."""
        self.use(set())
        with self._lock:
            for key in list(self._kept):
                self._drop(key)

    # --- inside, with the lock held --------------------------------------------------------------------------------

    def _take(self, key: Key) -> tuple[Any, int] | None:
        """What is kept of a key, with its size; the thing itself may be None: nothing there."""
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        self._newest[key[0]] = key
        return found

    @staticmethod
    def _opened(kept: Any, wait: bool) -> Any:
        if isinstance(kept, Failure):
            if wait:
                raise kept.error
            return None
        return kept

    def _keep(self, key: Key, made: Any) -> None:
        if key in self._kept:
            self._drop(key)
        size = size_of(made)
        self._kept[key] = (made, size)
        self.used += size
        self._newest[key[0]] = key
        safe = set(self._newest.values())
        for old in list(self._kept):
            if self.used <= self.limit:
                break
            if old not in safe:
                self._drop(old)

    def _drop(self, key: Key) -> None:
        _, size = self._kept.pop(key)
        self.used -= size

    def _start(self) -> None:
        todo = len(self._wishes) + len(self._ahead)
        while self._threads < min(WORKERS, todo) and not self._closed:
            self._threads += 1
            threading.Thread(target=self._work, name="steps", daemon=True).start()

    def _next(self) -> tuple[Key, Make, bool] | None:
        for key, make in self._wishes.values():
            if key not in self._doing and key not in self._kept:
                return key, make, True
        for family, todo in list(self._ahead.items()):
            while todo:
                key, make = todo.popleft()
                if not todo:
                    del self._ahead[family]
                if key not in self._kept and key not in self._doing:
                    return key, make, False
        return None

    def _work(self) -> None:
        """A thread: prepare until nothing is left."""
        while True:
            with self._lock:
                task = None if self._closed else self._next()
                if task is None:
                    self._threads -= 1
                    self._lock.notify_all()
                    return
                key, make, wanted = task
                self._doing.add(key)
            try:
                made = make()
            except Exception as error:
                made = Failure(error)
            with self._lock:
                self._doing.discard(key)
                newest = self._newest.get(key[0])
                self._keep(key, made)
                wish = self._wishes.get(key[0])
                if wish is not None and wish[0] == key:
                    del self._wishes[key[0]]
                    self._arrived = True
                elif wanted:
                    self._arrived = True  # older than what is wanted by now, but newer than what is seen
                elif newest is not None:
                    self._newest[key[0]] = newest
                self._lock.notify_all()


def size_of(made: Any) -> int:
    """Bytes of the arrays in a thing (an array, a tuple or dict of things, an object with fields)."""
    if isinstance(made, np.ndarray):
        return int(made.nbytes)
    if isinstance(made, tuple | list):
        return sum(size_of(part) for part in made)
    if isinstance(made, dict):
        return sum(size_of(part) for part in made.values())
    # (Python before 3.11.3 raises a TypeError for the slot of weak references of a dataclass)
    names = [name for name in getattr(type(made), "__slots__", ()) if name != "__weakref__"]
    return sum(size_of(getattr(made, name)) for name in names if hasattr(made, name))


def read_step(values: Float32, step: int) -> Float32:
    """One step of results as an array in memory of its own, read-only.

    Of a memory-mapped file the bytes are read, not mapped: pages that have been looked at would else stay counted as
    this program's memory, however many steps there are.
    """
    part = values[step]
    if isinstance(values, np.memmap) and part.flags.c_contiguous and part.size:
        found = _read_mapped(values, part)
        if found is not None:
            found.setflags(write=False)
            return found
    copy = np.array(part, np.float32, order="C")
    copy.setflags(write=False)
    return copy


def _read_mapped(values: np.memmap[Any, Any], part: Float32) -> Float32 | None:
    mapped = getattr(values, "_mmap", None)
    if mapped is None or values.filename is None or values.dtype != np.float32:
        return None
    begin = np.frombuffer(mapped, np.uint8).ctypes.data
    # numpy maps from the last page border before the array on
    first = int(values.offset) - int(values.offset) % _granularity()
    offset = first + part.ctypes.data - begin
    if not 0 <= part.ctypes.data - begin <= len(mapped) - part.nbytes:
        return None
    try:
        found = np.fromfile(values.filename, np.float32, part.size, offset=offset)
    except OSError:
        return None
    return found.reshape(part.shape) if found.size == part.size else None


def _granularity() -> int:
    import mmap

    return mmap.ALLOCATIONGRANULARITY
