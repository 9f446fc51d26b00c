"""Work shared with forked children."""

from __future__ import annotations

import os
import signal
import sys

import numpy as np
import pytest

from loaders import cityjson_ragged as ragged_io
from loaders._fork import ForkPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")


def silent(_: float) -> None:
    """Report nothing."""


def test_results_come_back_in_order_with_their_arrays():
    done = ForkPool(lambda task: (task, np.arange(task), "x" * task), 50, 2).finish(silent)
    assert [task for task, _, _ in done] == list(range(50))
    assert all(np.array_equal(array, np.arange(task)) and len(text) == task for task, array, text in done)


def test_a_constant_array_stays_small_on_its_way():
    here = os.getpid()

    def work(_: int) -> tuple[bool, object]:
        return os.getpid() == here, ragged_io.constant(3, 1_000_000)

    done = ForkPool(work, 200, 2).finish(silent)
    assert all(ragged_io.is_constant(array) and len(array) == 1_000_000 and array[0] == 3 for _, array in done)


def test_a_child_that_is_killed_only_means_more_work_here():
    here = os.getpid()

    def work(task: int) -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    assert ForkPool(work, 20, 2).finish(silent) == list(range(20))


def test_an_error_in_a_child_is_raised_here():
    here, (read, write) = os.getpid(), os.pipe()

    def work(task: int) -> int:
        if os.getpid() != here:
            os.write(write, b"x")
            raise ValueError("from the child")
        os.read(read, 1)  # the child has had its turn
        os.write(write, b"x")
        return task

    with pytest.raises(ValueError, match="from the child"):
        ForkPool(work, 10, 2).finish(silent)
    os.close(read)
    os.close(write)
