from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.city import CrsInfo, Strings
from loaders.scenario.model import NOT_MODELLED, Patch, Result
from viewer.analysis.difference import Difference, Refusal, classes_of, difference, round_number
from viewer.analysis.regrid import regridded

maker = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_maker.py"))))
axis, by_id, raster, variable = maker.axis, maker.by_id, maker.raster, maker.variable

numbers = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=2), st.floats(-1e6, 1e6, width=32), min_size=1, max_size=12
)


@given(numbers, numbers)
def test_objects_are_paired_by_id_and_none_is_lost(a, b):
    found = difference(by_id(a, list(a.values())), by_id(b, list(b.values())), 0, 0)
    shared = [name for name in a if name in b]
    if not shared:
        assert isinstance(found, Refusal) and "no object in common" in found.reason
        return
    assert isinstance(found, Difference)
    values = dict(zip(found.result.ids.to_list(), found.result.values[0].tolist(), strict=True))
    for name in a:
        want = float(np.float32(b[name]) - np.float32(a[name])) if name in b else None
        assert np.isnan(values[name]) if want is None else values[name] == want
    assert set(found.only_a) == a.keys() - b.keys() and set(found.only_b) == b.keys() - a.keys()
    assert found.lower + found.higher + found.same == len(shared)


def test_steps_are_those_asked_for():
    a, b = by_id("pq", [[1, 2], [3, 4]]), by_id("qp", [[10, 20], [30, 50]])
    found = difference(a, b, 1, 0)
    assert found.result.values.tolist() == [[17.0, 6.0]]
    assert len(found.result.time) == 1


def test_a_range_is_the_widest_there_can_be():
    a, b = by_id("pq", [5, 5], [4, 4.5], [6, 5.5]), by_id("pq", [5.5, 9], [5, 8], [7, 10])
    found = difference(a, b, 0, 0)
    assert found.result.low.tolist() == [[-1.0, 2.5]] and found.result.high.tolist() == [[3.0, 5.5]]
    assert found.unsure == 1


def test_without_a_range_the_reason_stays():
    a = by_id("p", [1], uncertainty=variable().uncertainty)
    found = difference(a, by_id("p", [2]), 0, 0)
    assert found.result.low is None and found.result.variable.uncertainty.kind == "not_quantified"
    assert found.result.variable.uncertainty.reason


def test_missing_and_not_modelled_stay_apart():
    a, b = by_id("pqr", [1, np.nan, NOT_MODELLED]), by_id("pqr", [np.nan, 1, 1])
    values = difference(a, b, 0, 0).result.values[0]
    assert np.isnan(values[:2]).all() and values[2] == NOT_MODELLED


def test_dry_ground_is_no_gap_in_the_water():
    nan = np.nan
    level = np.zeros((1, 1, 3), np.float32)
    a, b = raster([[nan, 1.0, 2.0]], level=level), raster([[0.5, nan, 3.0]], level=level)
    assert difference(a, b, 0, 0).result.values[0].tolist() == [[0.5, -1.0, 1.0]]


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (by_id("p", [1]), by_id("p", [1], unit="cm", unit_label="cm"), "in m, the other in cm"),
        (by_id("p", [1]), by_id("p", [1], id="speed"), "different quantities"),
        (by_id("p", [1]), by_id("p", [1], height_above_ground=4.0), "the other at 4 m"),
        (by_id("p", [1]), raster([[1]]), "by object, the other by raster"),
        (raster([[1, 2]]), raster([[1]]), "2 x 1 cells and 1 x 1"),
        (raster([[1]]), raster([[1]], x=5.0), "different places"),
        (raster([[1]]), raster([[1]], crs=CrsInfo("EPSG:25832")), "EPSG:28992, the other in EPSG:25832"),
        (by_id("p", [1], binding="trajectories"), by_id("p", [1], binding="trajectories"), "side by side"),
    ],
)
def test_unlike_results_are_refused_with_the_reason(a, b, said):
    found = difference(a, b, 0, 0)
    assert isinstance(found, Refusal) and said in found.reason


def test_receivers_must_stand_at_the_same_places():
    places = np.array([[0.0, 0, 4], [5, 0, 4]])
    make = lambda at: Result(variable("points"), axis(), np.ones((1, 2), np.float32), places=at)  # noqa: E731
    assert difference(make(places), make(places + 0.001), 0, 0).same == 2
    assert "different places" in difference(make(places), make(places + 1.0), 0, 0).reason


def test_changes_of_the_city_are_told_apart(small_city):
    def patch(removed, added):
        city = small_city([(name, "Building", [], {}, ["1"]) for name in added])
        when = np.zeros(len(removed))
        made = Patch(Strings.from_list(removed), when, np.zeros(len(added)), Strings.from_list([""] * len(added)))
        return Result(variable("patch"), axis(), np.zeros((0, 0), np.float32), overlay=city, patch=made)

    found = difference(patch(["a", "b"], ["n"]), patch(["b"], ["n", "m"]), 0, 0)
    assert found.result is None and found.only_a == ("- a",) and found.only_b == ("+ m",) and found.same == 2


@given(st.lists(st.floats(-1e9, 1e9, width=32), max_size=40))
def test_classes_are_symmetrical_and_grow(values):
    breaks = classes_of(np.array(values, np.float32)).breaks
    assert list(breaks) == sorted(set(breaks)) and len(breaks) == 6
    assert all(a == -b for a, b in zip(breaks, reversed(breaks), strict=True))


@given(st.floats(1e-9, 1e9))
def test_round_numbers_are_near_and_round(value):
    found = round_number(value)
    assert 0.6 <= found / value <= 1.7
    assert float(f"{found:.1e}") == found


def test_rows_that_share_an_id_cannot_be_paired_unless_they_are_the_same():
    assert difference(by_id("ppq", [1, 2, 3]), by_id("ppq", [2, 2, 2]), 0, 0).result.values[0].tolist() == [1, 0, -1]
    found = difference(by_id("ppq", [1, 2, 3]), by_id("qpp", [1, 2, 3]), 0, 0)
    assert isinstance(found, Refusal) and "same id" in found.reason


def test_receivers_of_one_id_at_another_place_are_different_ones():
    def at(places, ids="pq"):
        return replace(by_id(ids, [1.0, 2.0], binding="points"), places=np.array(places, np.float64))

    here = [[0.0, 0, 4], [9, 0, 4]]
    assert difference(at(here), at([[0.1, 0, 4], [9, 0, 4]]), 0, 0).same == 2
    found = difference(at(here), at([[0.0, 0, 4], [0, 0, 4]]), 0, 0)
    np.testing.assert_array_equal(found.result.values, [[0, np.nan]])
    assert found.only_a == found.only_b == ("q",)
    found = difference(at(here), at(here, "qp"), 0, 0)
    assert isinstance(found, Refusal) and "different places" in found.reason


def test_another_grid_is_subtracted_where_its_publisher_allows_it():
    a = raster(np.arange(16.0).reshape(4, 4))
    coarse = np.array([[1.0, 2.0], [np.nan, NOT_MODELLED]])
    b = raster(coarse, cell=20.0)
    assert isinstance(difference(a, b, 0, 0), Refusal)
    b = replace(b, variable=replace(b.variable, resampling="nearest"))
    found = difference(a, b, 0, 0).result
    expected = np.repeat(np.repeat(coarse, 2, axis=0), 2, axis=1) - a.values[0]
    np.testing.assert_array_equal(found.values[0], expected)
    assert found.grid is a.grid and "grid of A (nearest)" in found.variable.note[0][1]
    other = difference(b, a, 0, 0).result
    np.testing.assert_array_equal(other.grid.transform, a.grid.transform)
    np.testing.assert_array_equal(np.isfinite(other.values), np.isfinite(found.values))
    elsewhere = replace(b, grid=replace(b.grid, crs=CrsInfo("EPSG:25832")))
    assert isinstance(difference(a, elsewhere, 0, 0), Refusal)


def test_bilinear_is_exact_for_a_plane_and_knows_its_limits():
    plane = lambda x, y: 2.0 * x - 3.0 * y  # noqa: E731
    at = lambda grid: (  # noqa: E731
        grid.transform[2] + (np.arange(grid.columns) + 0.5)[None] * grid.transform[0],
        grid.transform[5] + (np.arange(grid.rows) + 0.5)[:, None] * grid.transform[4],
    )
    source = raster(np.zeros((6, 6)), cell=7.0).grid
    goal = raster(np.zeros((9, 9)), x=5.0, y=-5.0, cell=4.0).grid
    values = plane(*at(source)).astype(np.float32)
    x, y = (np.broadcast_to(part, (9, 9)) for part in at(goal))
    between = (x >= 3.5) & (x <= 38.5) & (y <= -3.5) & (y >= -38.5)
    found = regridded(values, source, goal, "bilinear")
    np.testing.assert_allclose(found[between], plane(x, y)[between], rtol=1e-5, atol=1e-4)
    values[2, 2], values[4, 4] = np.nan, NOT_MODELLED
    found = regridded(values, source, goal, "bilinear")
    near = lambda row, column: (np.abs(x - (column + 0.5) * 7) < 7) & (np.abs(y + (row + 0.5) * 7) < 7)  # noqa: E731
    np.testing.assert_array_equal(np.isnan(found), near(2, 2))
    np.testing.assert_array_equal(found == NOT_MODELLED, near(4, 4) | (x > 42) | (y < -42))
