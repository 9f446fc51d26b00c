import threading

import numpy as np
import pytest

from viewer.analysis.steps import Steps, read_step, size_of


def array(n):
    return np.full(25, n, np.float32)  # 100 bytes


def test_a_picture_that_waits_gets_what_it_wants_and_keeps_it():
    steps, made = Steps(1000), []
    for _ in range(2):
        found, ready = steps.want(("a", 1), lambda: made.append(1) or array(1), wait=True)
        assert (found[0], ready) == (1, True)
    assert made == [1]


def test_a_window_gets_the_newest_that_is_ready_and_is_told_of_what_arrives():
    steps, gate = Steps(10_000), threading.Event()
    assert steps.want(("a", 1), lambda: array(1)) == (None, False)
    assert steps.settle()
    assert (steps.take_arrived(), steps.take_arrived()) == (True, False)
    found, ready = steps.want(("a", 2), lambda: gate.wait(60) and array(2))
    assert (found[0], ready, steps.busy) == (1, False, True)
    gate.set()
    assert steps.settle()
    found, ready = steps.want(("a", 2), lambda: array(0))
    assert (found[0], ready) == (2, True)


def test_of_many_wishes_only_the_last_is_made():
    steps, gate, made = Steps(10_000), threading.Event(), []

    def make(n):
        gate.wait(60)
        made.append(n)
        return array(n)

    for n in range(50):
        steps.want(("a", n), lambda n=n: make(n))
    gate.set()
    assert steps.settle()
    assert made[-1] == 49 or 49 in made
    assert len(made) <= 3


def test_memory_is_bounded_and_the_oldest_go_first():
    steps = Steps(350)
    for n in range(5):
        steps.want(("a", n), lambda n=n: array(n), wait=True)
        steps.want(("a", 0), lambda: array(0), wait=True)
    assert steps.used <= 350
    assert [steps.has(("a", n)) for n in range(5)] == [True, False, False, True, True]


def test_what_is_seen_stays_even_if_it_is_too_large():
    steps = Steps(10)
    steps.want(("a", 0), lambda: array(0), wait=True)
    steps.want(("b", 0), lambda: array(0), wait=True)
    assert (steps.has(("a", 0)), steps.has(("b", 0))) == (True, True)
    steps.want(("a", 1), lambda: array(1), wait=True)
    assert (steps.has(("a", 0)), steps.has(("a", 1))) == (False, True)


def test_steps_ahead_are_prepared_without_being_shown():
    steps = Steps(10_000)
    steps.want(("a", 0), lambda: array(0), wait=True)
    steps.ahead("a", [(("a", n), lambda n=n: array(n)) for n in (1, 2)])
    assert steps.settle()
    assert steps.has(("a", 2))
    assert not steps.take_arrived()
    found, _ = steps.want(("a", 9), lambda: threading.Event().wait(0.2) or array(9))
    assert found[0] == 0
    assert steps.settle()


def test_what_fails_is_raised_to_who_waits_and_is_nothing_to_a_window():
    def broken():
        raise ValueError("torn")

    steps = Steps(1000)
    with pytest.raises(ValueError, match="torn"):
        steps.want(("a", 1), broken, wait=True)
    assert steps.want(("a", 1), broken) == (None, False)
    assert steps.settle()
    assert steps.want(("a", 1), broken) == (None, True)


def test_what_is_not_seen_any_more_goes_first():
    steps = Steps(250)
    for family in "ab":
        steps.want((family, 1), lambda: array(1), wait=True)
    steps.use({"b"})
    assert steps.has(("a", 1))
    steps.want(("b", 2), lambda: array(2), wait=True)
    assert (steps.has(("a", 1)), steps.has(("b", 1)), steps.used) == (False, True, 200)
    steps.clear()
    assert steps.used == 0


def test_no_thread_stays():
    steps = Steps(1000)
    steps.want(("a", 1), lambda: array(1))
    assert steps.settle()
    for thread in threading.enumerate():
        if thread.name == "steps":
            thread.join(60)
            assert not thread.is_alive()


def test_sizes_of_what_is_kept():
    assert size_of((array(1), {"x": array(2)}, None, 3)) == 200


@pytest.mark.parametrize("shape", [(4, 10), (3, 5, 7), (2, 0)])
def test_a_step_of_a_mapped_file_is_read_not_mapped(tmp_path, shape):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    path = tmp_path / "v.npy"
    np.save(path, values)
    mapped = np.load(path, mmap_mode="r") if values.size else values
    later = mapped[1:]
    for source, expected in ((mapped, values), (later, values[1:])):
        step = read_step(source, len(source) - 1)
        assert np.array_equal(step, expected[-1])
        assert not isinstance(step, np.memmap)
        assert not step.flags.writeable
    whole = read_step(values, 0)
    assert whole.base is None or whole.base is not values


def test_nothing_is_an_answer_too():
    steps = Steps(1000)
    assert steps.want(("f", 1), lambda: None) == (None, False)
    assert steps.settle()
    assert steps.want(("f", 1), lambda: None) == (None, True)
    assert steps.take_arrived() and not steps.busy


def test_a_city_counts_its_arrays_only() -> None:
    """Its slots hold one for weak references, which old Pythons do not let be asked for."""
    from loaders.city import CityData

    assert "__weakref__" in CityData.__slots__

    class Part:
        __slots__ = ("__weakref__", "values")

        def __init__(self) -> None:
            self.values = np.zeros(10, np.float32)

        def __getattribute__(self, name: str) -> object:
            if name == "__weakref__":
                raise TypeError(name)
            return super().__getattribute__(name)

    assert size_of(Part()) == 40


def test_what_becomes_ready_before_anybody_looks_is_still_told() -> None:
    """A thread may be done between the wish and the look at `busy`: who looks then must still come for it."""
    steps = Steps()
    assert steps.want(("family", 1), lambda: np.zeros(3)) == (None, False)
    assert steps.settle()
    assert steps.busy
    assert steps.take_arrived()
    assert not steps.busy and not steps.take_arrived()
    steps.clear()
