"""How much of a picture is drawn between two looks at Qt's events. No clock: what a step says it had is what counts."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QObject

from viewer.render.passes import NO_TRIANGLES
from viewer.ui.slices import GROWTH, START, Slices


@pytest.fixture
def slices(qapp):
    owner = QObject()
    made = Slices(lambda draw: draw(), lambda again: None, owner)
    yield made
    made.stop()
    owner.deleteLater()


def asked_after(slices: Slices, before: list[int], total: int = 4) -> list[int]:
    """What is asked of a picture whose first steps tell ``before``, in ``total`` more steps of so many triangles."""
    asked: list[int] = []

    def picture(triangles: Callable[[], int] | None) -> Iterator[int]:
        assert triangles is not None
        yield from before
        for _ in range(total):
            asked.append(triangles())
            yield asked[-1]

    slices.start(picture, whole=False, patient=False)
    while slices.unfinished:
        slices._go_on()
    return asked


def test_work_of_another_kind_does_not_make_slices_larger(slices):
    """Fifty quick steps once let a city of 500,000 triangles follow in one slice."""
    asked = asked_after(slices, [NO_TRIANGLES] * 50)
    assert asked[0] == START[True]


def test_a_slice_is_little_larger_than_the_one_before(slices):
    asked = asked_after(slices, [], total=12)
    assert all(later <= GROWTH * earlier + 1 for earlier, later in pairwise(asked))


def test_each_picture_begins_with_small_slices(slices):
    asked_after(slices, [], total=12)
    assert asked_after(slices, [])[0] <= START[True]
