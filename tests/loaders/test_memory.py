"""The heap is widened while a file is read and given back afterwards."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from loaders._memory import freed_memory_kept

resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc's heap is widened")


def address_space():
    """Bytes of address space that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def test_the_heap_is_wide_meanwhile_and_small_again():
    before = address_space()
    with freed_memory_kept(256 << 20):
        wide = address_space()
        kept = [np.ones(1 << 17) for _ in range(20)]
        assert sum(float(one.sum()) for one in kept) == 20 * (1 << 17)
        del kept
    assert wide - before > 200 << 20
    assert address_space() - before < 100 << 20


def test_little_files_leave_the_heap_as_it_is():
    before = address_space()
    with freed_memory_kept(1 << 20):
        assert address_space() - before < 50 << 20


def test_a_limit_on_address_space_is_no_error():
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (address_space() + (64 << 20), before[1]))
    try:
        with freed_memory_kept(1 << 30):
            assert np.ones(1000).sum() == 1000
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
