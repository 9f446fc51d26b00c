"""Plane geometry of the generator."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon

from viewer.demo.geometry import Footprints, area, centre, contains, distance, inset, polygon, rectangle, spin

SQUARE = (0j, 10 + 0j, 10 + 10j, 10j)


def test_inset_moves_every_edge_by_its_own_distance() -> None:
    assert inset(SQUARE, [1.0, 2.0, 3.0, 4.0]) == pytest.approx([4 + 1j, 8 + 1j, 8 + 7j, 4 + 7j])


def test_inset_of_a_straight_corner_stays_on_the_moved_line() -> None:
    ring = (0j, 5 + 0j, 10 + 0j, 10 + 10j, 10j)
    assert inset(ring, 1.0)[1] == pytest.approx(5 + 1j)


@given(st.integers(3, 12), st.floats(3, 50), st.floats(0.1, 1.0), st.complex_numbers(max_magnitude=500))
def test_inset_of_a_regular_polygon_agrees_with_shapely(n: int, radius: float, step: float, middle: complex) -> None:
    ring = polygon(middle, radius, n)
    outline = Polygon([(p.real, p.imag) for p in ring])
    assert area(ring) == pytest.approx(outline.area, rel=1e-6)
    assert area(inset(ring, step)) == pytest.approx(outline.buffer(-step, join_style="mitre").area, rel=1e-6, abs=1e-6)
    assert centre(ring) == pytest.approx(middle, abs=1e-6)


@given(st.floats(-5, 15), st.floats(-5, 15))
def test_distance_and_contains_agree_with_shapely(x: float, y: float) -> None:
    outline = Polygon([(p.real, p.imag) for p in SQUARE])
    point = ShapelyPoint(x, y)
    assert distance(SQUARE, complex(x, y)) == pytest.approx(outline.exterior.distance(point), abs=1e-9)
    if outline.exterior.distance(point) > 1e-9:
        assert contains(SQUARE, complex(x, y)) == outline.contains(point)


def test_footprints_keep_their_distance() -> None:
    taken = Footprints()
    taken.add(rectangle(100 + 100j, 1 + 0j, 10, 10))
    assert not taken.clear(100 + 100j, 0.1)
    assert not taken.clear(106 + 100j, 2.0)
    assert taken.clear(108 + 100j, 2.0)
    assert not taken.free(rectangle(112 + 100j, spin(0.1), 10, 10), 4.0)
    assert taken.free(rectangle(120 + 100j, 1 + 0j, 10, 10), 4.0)
