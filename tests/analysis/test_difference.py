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
