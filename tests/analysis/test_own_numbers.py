"""Lengths of links, buildings beside them, traffic and published costs, each checked by other means."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.city import Column
from loaders.scenario.meshes import ribbon_city
from loaders.scenario.model import Classes, Moves, Result, TimeAxis
from loaders.scenario.moves import moves_from_samples
from viewer.analysis.counting import count
from viewer.analysis.links import Links
from viewer.analysis.measures import Exposures
from viewer.analysis.numbers import Asked, Question
from viewer.analysis.own_numbers import is_money, sums_at
from viewer.analysis.place_series import Spot, series_at
from viewer.analysis.streets import near_rows, street_lengths, street_lines, street_near
from viewer.analysis.traffic import EVERY, flows, passing

maker = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_maker.py"))))
LINES = [
    np.array([[0.0, -20.0], [100.0, -20.0]]),
    np.array([[0.0, 60.0], [50.0, 60.0], [50.0, 200.0]]),
    np.array([[400.0, 400.0], [400.0, 700.0]]),
]
LENGTHS = (100.0, 190.0, 300.0)


def square(x, y, size=10.0, turn=0.0):
    c, s = np.cos(turn), np.sin(turn)
    corners = size / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) @ np.array([[c, s], [-s, c]])
    return corners + np.array([x, y])


def houses(small_city, squares):
    """A house for each square (4, 2)."""
    city = small_city([(f"b{k}", "Building", [], {}, ["1"]) for k in range(len(squares))])
    mesh = city.lods["1"]
    flat = np.concatenate(squares)
    places = np.column_stack([flat, np.zeros(len(flat))]).astype(np.float32)
    bounds = np.concatenate([places.min(axis=0), places.max(axis=0)])[None].astype(np.float64)
    tiles = replace(mesh.tiles, positions=places, bounds=bounds)
    return replace(city, lods={"1": replace(mesh, tiles=tiles)}, bbox=bounds[0])


@pytest.fixture
def town(small_city):
    """Three houses: at the first street, about 35 m from the first two, and far from all."""
    city = houses(small_city, [square(20.0, 0.0), square(45.0, 20.0, turn=0.7), square(250.0, 250.0)])
    people = np.array([100.0, 200.0, 400.0])
    city.objects.columns["residents"] = Column("residents", "number", people, np.ones(3, np.bool_))
    return city


def streets(values, city, name="roads", **of_variable):
    overlay = ribbon_city(name, city.crs, ["s0", "s1", "s2"], LINES, np.full(3, 6.0))
    values = np.atleast_2d(np.asarray(values, np.float32))
    told = {"classes": Classes((10.0, 20.0))} | of_variable
    made = maker.by_id(["s0", "s1", "s2"], values, binding="links", **told)
    return replace(made, overlay=overlay)


def ask(city, *results, step=0, **more):
    columns = tuple(Asked("ab"[n], "AB"[n], result, step) for n, result in enumerate(results))
    return count(Question(columns, (("t", city),), Links(), Exposures(), **more))


def cell(answer, name, place=0):
    return next(x for x in answer.indicators if x.measure.indicator.id == name).cells[place]


def test_lines_are_the_middle_of_what_is_drawn(town):
    overlay = streets([1, 2, 3], town).overlay
    assert street_lengths(overlay) == pytest.approx(LENGTHS, abs=0.05)
    for line, points in zip(street_lines(overlay), LINES, strict=True):
        assert shapely.hausdorff_distance(line, shapely.LineString(points)) < 0.05
    assert street_near(overlay, 50.0, -30.0, 50.0) == 0 and street_near(overlay, 250.0, 250.0, 50.0) == -1


def test_links_beyond_the_threshold_and_who_lives_at_them(town):
    answer = ask(town, streets([15, 5, 30], town), streets([5, 15, 30], town), threshold=10.0, near_m=30.0)
    length = cell(answer, "links:length")
    assert (length.value.value, length.total.value) == pytest.approx((0.4, 0.59), abs=1e-3)
    assert cell(answer, "links:length", 1).change.value == pytest.approx(0.09, abs=1e-3)
    assert length.rows[0][1].tolist() == [0, 2] and length.rows[0][0].startswith("scenario:")
    assert cell(answer, "links:count").value.value == 2
    people = next(x for x in answer.indicators if x.measure.indicator.id == "residents")
    assert people.measure.indicator.title == "Residents within 30 m", "the distance is in the label"
    # b0 is 15 m from the first street, b1 is 33 m or more from both (turned by 40 degrees)
    assert [one.value.value for one in people.cells] == [100, 0]
    assert "within 30 m of its outline" in answer.method(people.measure)
    wide = ask(town, streets([15, 5, 30], town), streets([5, 15, 30], town), threshold=10.0, near_m=50.0)
    assert [c.value.value for c in wide.indicators[-1].cells] == [300, 200]
    assert cell(wide, "objects").rows[0][1].tolist() == [0, 1]


def test_where_high_is_good_the_lowest_street_counts(town):
    answer = ask(town, streets([15, 5, 30], town, good="high"), threshold=8.0, near_m=50.0)
    assert cell(answer, "objects").value.value == 1, "b1 lies at a street of 15 and at one of 5"
    assert cell(answer, "links:length").value.value == pytest.approx(0.19, abs=1e-3)


def test_classes_of_links_are_kilometres_or_people(town):
    answer = ask(town, streets([15, 5, 30], town))
    assert answer.counted == "Length of links, km" and answer.counted_digits == 1
    assert [line.values[0].value for line in answer.classes] == pytest.approx([0.19, 0.1, 0.3], abs=1e-3)
    assert [line.rows[0][0][1].tolist() for line in answer.classes] == [[1], [0], [2]]
    lived = ask(town, streets([15, 5, 30], town), weigh="residents", near_m=50.0)
    told = {line.label: line.values[0].value for line in lived.classes}
    assert list(told.values()) == [0, 300, 0, 400] and list(told)[:3] == ["< 10", "10 – 20", "≥ 20"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-60, 60), st.floats(-90, 120), st.floats(0, 1.5), st.floats(1, 120))
def test_neighbours_are_those_that_shapely_finds_for_the_true_outline(small_city, x, y, turn, near):
    city = houses(small_city, [square(x, y, 20.0, turn)])
    overlay = ribbon_city("roads", city.crs, ["s0", "s1", "s2"], LINES, np.full(3, 6.0))
    outline = shapely.Polygon(square(x, y, 20.0, turn))
    away = np.array([outline.distance(shapely.LineString(line)) for line in LINES])
    found = near_rows(overlay, city, near, np.ones(1, np.bool_)).tolist()
    clear = np.abs(away - near) > 0.1
    assert [k for k in found if clear[k]] == [k for k in np.flatnonzero(away <= near) if clear[k]]


# --- traffic ------------------------------------------------------------------------------------------------------


def walk(ids, times, xs, kinds):
    places = np.column_stack([np.asarray(xs, float), np.zeros(len(xs)), np.zeros(len(xs))])
    return moves_from_samples(list(ids), np.asarray(times, float), places, list(kinds))


def movers(moves: Moves, minutes=3):
    axis = TimeAxis("instants", 60.0 * np.arange(minutes))
    variable = maker.variable("trajectories", classes=None, good="none")
    return Result(variable, axis, np.zeros((0, 0), np.float32), moves=moves)


def test_a_car_that_drives_and_one_that_waits():
    made = movers(walk("aabb", [0, 120, 0, 60], [0, 1200, 5, 5], ["car"] * 4))
    first, second, whole = (flows(made, step)["car"] for step in (0, 1, None))
    assert (first.count, first.metres, first.seconds) == pytest.approx((2, 600, 120))
    assert (second.count, second.metres, second.seconds) == pytest.approx((2, 600, 60)), "b is there until it goes"
    assert (whole.count, whole.metres, whole.seconds) == pytest.approx((2, 1200, 180))


def test_gaps_are_no_way_and_the_last_moment_lasts_no_time():
    made = movers(walk("aa", [0, 150], [0, 3000], ["bus"] * 2), minutes=4)
    assert flows(made, None)["bus"].metres == 0 and flows(made, None)["bus"].total == 1
    short = movers(walk("aa", [0, 60], [0, 600], ["bus"] * 2), minutes=2)
    assert flows(short, 1)["bus"].seconds == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_steps_add_up_to_the_whole(seed, count_of_movers):
    rng = np.random.default_rng(seed)
    ids, times, xs, kinds = [], [], [], []
    for number in range(count_of_movers):
        at = np.sort(rng.choice(180, rng.integers(2, 9), replace=False)).astype(float)
        ids += [str(number)] * len(at)
        times += at.tolist()
        xs += rng.uniform(0, 500, len(at)).tolist()
        kinds += [["car", "bus", "bicycle"][number % 3]] * len(at)
    made = movers(walk(ids, times, xs, kinds), minutes=4)
    parts = [flows(made, step) for step in range(3)]
    for kind, whole in flows(made, None).items():
        assert sum(part[kind].metres for part in parts) == pytest.approx(whole.metres)
        assert sum(part[kind].seconds for part in parts) == pytest.approx(whole.seconds)
    whole = flows(made, None)
    if EVERY in whole:
        kinds_of_it = [flow for kind, flow in whole.items() if kind != EVERY]
        assert whole[EVERY].metres == pytest.approx(sum(flow.metres for flow in kinds_of_it))
        assert whole[EVERY].total == sum(flow.total for flow in kinds_of_it)


def test_traffic_is_told_by_kind_and_few_people_are_not(small_city):
    cars = [("a", t, 10.0 * t, "car") for t in (0, 60, 120)]
    many = [(f"p{k}", t, float(t), "person") for k in range(14) for t in (0, 120)]
    few = [row for row in many if int(row[0][1:]) < 4]
    results = [movers(walk(*zip(*rows, strict=True))) for rows in ([*cars, *many], [*cars, *few])]
    answer = ask(small_city([("x", "Building", [], {}, [])]), *results)
    assert answer.head == "On their way" and answer.affected == "" and not answer.groups
    assert cell(answer, "car:way").value.value == pytest.approx(0.6)
    assert cell(answer, "car:speed").value.value == pytest.approx(36.0)
    assert cell(answer, "person:count").value.value == 10, "14 people, rounded"
    hidden = [cell(answer, f"person:{what}", 1).value.hidden for what in ("count", "way", "speed")]
    assert hidden == [True, True, True]
    assert all(
        answer.method(line.measure).startswith(("Movers", "Distance", "That distance")) for line in answer.indicators
    )
    worst = ask(small_city([("x", "Building", [], {}, [])]), results[0], step=None)
    assert (
        cell(worst, "car:way").value.value == pytest.approx(1.2) and worst.question.columns[0].moment == "all moments"
    )


# --- over time ----------------------------------------------------------------------------------------------------


def test_series_at_a_house_beside_streets_and_on_the_ground(town):
    made = streets([[1, 9, 3], [8, 2, 3]], town)
    house = Spot("t", 1, town, None, whole=True)
    line = series_at((Asked("a", "A", made, 0),), house, Links(), None, 50.0)[0]
    assert line.series.values.tolist() == [9, 8] and line.where == "highest of the links within 50 m"
    ground = Spot("g", -1, None, (52.0, 100.0, 0.0))
    line = series_at((Asked("a", "A", made, 0),), ground, Links(), None, 50.0)[0]
    assert line.series.values.tolist() == [9, 2] and line.where == "the nearest link"
    best = replace(made, variable=replace(made.variable, good="high"))
    line = series_at((Asked("a", "A", best, 0),), house, Links(), None, 50.0)[0]
    assert line.series.values.tolist() == [1, 2]
    nowhere = Spot("g", -1, None, (250.0, 250.0, 0.0))
    assert series_at((Asked("a", "A", made, 0),), nowhere, Links(), None, 50.0)[0].series is None


def test_series_of_movers_counts_those_that_are_near():
    made = movers(walk("aab", [0, 120, 60], [0, 1200, 590], ["car"] * 3))
    assert passing(made, 600.0, 0.0, 20.0).tolist() == [0, 2, 0]
    line = series_at((Asked("a", "A", made, 0),), Spot("g", -1, None, (600.0, 0.0, 0.0)), Links(), None, 20.0)[0]
    assert line.unit == "vehicles" and "within 20 m" in line.where


# --- costs --------------------------------------------------------------------------------------------------------


def test_costs_are_those_of_the_package_and_nothing_else(town):
    depth = maker.by_id(["b0", "b1", "b2"], [0.1, 0.6, 0.9], classes=Classes((0.5,)))
    spent = maker.by_id(["b0", "b1", "b2"], [10.0, 200.0, 3000.0], [5, 100, 2000], [20, 300, 4000])
    spent = replace(spent, variable=replace(spent.variable, id="damage", unit="{EUR}", unit_label="€"))
    assert is_money(spent.variable) and not is_money(depth.variable)
    columns = (Asked("a", "A", depth, 0, costs=((spent, 0),)), Asked("b", "B", depth, 0))
    answer = count(Question(columns, (("t", town),), Links(), Exposures()))
    line = answer.indicators[-1]
    assert line.measure.indicator.unit == "€" and "as published by the package" in answer.method(line.measure)
    told = line.cells[0]
    assert (told.value.value, told.low.value, told.high.value, told.total.value) == (3200, 2100, 4300, 3210)
    assert line.cells[1].value.value is None, "nobody told it, so it is not told"
    plain = count(Question(columns[1:], (("t", town),), Links(), Exposures(), other=0))
    assert not [x for x in plain.indicators if "cost" in x.measure.indicator.id]


@pytest.mark.parametrize(("unit", "money"), [("{EUR}", True), ("10*3.{EUR}", True), ("{EUR}/m2", False), ("m", False)])
def test_sums_of_money(unit, money):
    assert is_money(maker.variable(unit=unit)) == money


def test_parts_are_added_up_to_their_building(small_city):
    parts = [(name, "BuildingPart", ["b"], {}, []) for name in "pq"]
    city = small_city([("b", "Building", [], {}, []), *parts])
    rows = np.array([1, 2], np.int64)
    assert sums_at(np.array([3.0, 4.0], np.float32), rows, city).tolist() == [7, 3, 4]
    own = np.array([0, 1, 2], np.int64)
    assert sums_at(np.array([9.0, 3.0, 4.0], np.float32), own, city).tolist() == [9, 3, 4]
