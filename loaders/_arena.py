"""Arrays that lie in their file from the start.

A load ends with all arrays in one file. The large ones are made there, in a shared mapping that forked children fill
too, so that they are neither held in memory a second time nor copied at the end (197 MB: 0.1 s).
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

LEAST = 1 << 20
"""Smaller arrays are not worth a mapping of their own."""
_POSSIBLE = sys.platform == "linux"
ALIGN = 64
"""Arrays begin at multiples of this many bytes of the file."""
_PAGE = mmap.ALLOCATIONGRANULARITY


class ArrayFile:
    """A new file that arrays are made in, one behind the other.

    Attributes: size: bytes used so far.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._places: list[tuple[int, int, int]] = []
        self.size = 0

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array of zeros in the file, shared with children that are forked later.

        Raises:
            OSError: no space left.
        """
        kind = np.dtype(dtype)
        size = int(np.prod(shape, dtype=np.int64)) * kind.itemsize
        start = -(-self.size // _PAGE) * _PAGE
        # Space is taken now: where it ran out while the mapping is written, the system would end the process.
        os.posix_fallocate(self._handle, start, size)
        array: Array = np.frombuffer(mmap.mmap(self._handle, size, offset=start), kind).reshape(shape)
        self._places.append((_address(array), size, start))
        self.size = start + size
        return array

    def place(self, array: Array) -> int | None:
        """Where an array lies in the file; None if it lies elsewhere."""
        address = _address(array)
        for begin, size, start in self._places:
            if begin <= address and address + array.nbytes <= begin + size and (address - begin) % ALIGN == 0:
                return start + address - begin
        return None

    def close(self) -> None:
        """Let go of the file; arrays stay usable."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


_current: list[ArrayFile] = []


@contextmanager
def arrays_in(path: Path) -> Iterator[ArrayFile | None]:
    """Have `kept_empty` make its arrays in this new file meanwhile; None where that cannot be done."""
    file = None
    if _POSSIBLE:
        with suppress(OSError):
            file = ArrayFile(path)
    if file is None:
        yield None
        return
    _current.append(file)
    try:
        yield file
    finally:
        _current.remove(file)
        file.close()


def kept_empty(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array | None:
    """An array for the result of a load, in its file; None where there is none, or if it is small.

    Raises:
        OSError: no space left.
    """
    if not _current or int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize < LEAST:
        return None
    try:
        return _current[-1].empty(shape, dtype)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return None  # a file system that cannot: the array is made in memory and written afterwards
