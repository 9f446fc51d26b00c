"""Keeps freed memory in the process while a file is read, in huge pages.

glibc gives every block above a moving limit straight back to the system, and the system hands it out again
cleared: a load that makes thousands of short-lived arrays spent a sixth of its time on clearing pages (perf,
126 MB CityJSON). With a fixed limit of 32 MiB they are used again from the heap. Linux hands out pages of 4 KiB one
by one unless it is told before that a range may have pages of 2 MiB; so the heap is made as large as the load will
need, which takes no memory yet, and all of that range is told of. Other C libraries are left alone.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_USUAL_MMAP_MAX = 65536
_MADV_HUGEPAGE = 14
_MIB = 1 << 20
_HUGE_PAGE = 2 * _MIB
_LEAST, _MOST = 16 * _MIB, 2048 * _MIB


@contextmanager
def freed_memory_kept(expected: int = 0) -> Iterator[None]:
    """Raise glibc's limits meanwhile; afterwards give back what is free and set the usual limits.

    ``expected``: bytes that the load will need at once, about.
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    libc.mallopt(_MMAP_THRESHOLD, 32 * _MIB)
    libc.mallopt(_TRIM_THRESHOLD, 1024 * _MIB)
    if expected >= _LEAST:
        _widen_heap(libc, min(expected, _MOST))
    try:
        yield
    finally:
        libc.mallopt(_MMAP_THRESHOLD, _MIB)
        libc.mallopt(_TRIM_THRESHOLD, 2 * _MIB)
        libc.malloc_trim(0)


def _widen_heap(libc: ctypes.CDLL, size: int) -> None:
    """Make the heap larger by one free block in which huge pages may be used; nothing happens where it cannot."""
    libc.mallopt(_TRIM_THRESHOLD, size + 1024 * _MIB)
    libc.mallopt(_MMAP_MAX, 0)
    libc.malloc.restype = ctypes.c_void_p
    block = libc.malloc(ctypes.c_size_t(size))
    libc.mallopt(_MMAP_MAX, _USUAL_MMAP_MAX)
    if block:
        first = -(-block // _HUGE_PAGE) * _HUGE_PAGE
        libc.madvise(ctypes.c_void_p(first), ctypes.c_size_t(block + size - first), _MADV_HUGEPAGE)
        libc.free(ctypes.c_void_p(block))


def _glibc() -> ctypes.CDLL | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    names = ("gnu_get_libc_version", "mallopt", "malloc_trim", "madvise", "malloc", "free")
    return libc if all(hasattr(libc, name) for name in names) else None
