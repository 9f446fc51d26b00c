from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.api import Cancelled
from loaders.city import Column, Strings
from loaders.scenario.model import Classes
from viewer.analysis.bounds import object_boxes
from viewer.analysis.counting import count
from viewer.analysis.links import Links
from viewer.analysis.measures import Exposures, built_layers, zone_attributes
from viewer.analysis.numbers import Asked, Question, affected_text, told_text
from viewer.analysis.place_series import Spot, series_at

maker = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_maker.py"))))
COUNT = 400
RNG = np.random.default_rng(5)
YOUNG, OLD = RNG.integers(0, 40, COUNT), RNG.integers(0, 25, COUNT)
JOBS = RNG.integers(0, 9, COUNT)
QUARTER = RNG.integers(0, 5, COUNT)
DEPTH_A = RNG.uniform(0, 2, (3, COUNT)).astype(np.float32)
DEPTH_B = np.where(RNG.uniform(size=(3, COUNT)) < 0.5, DEPTH_A * np.float32(0.5), DEPTH_A + np.float32(0.1))
DEPTH_B[RNG.uniform(size=(3, COUNT)) < 0.4] = 0
DEPTH_A[:, 7] = np.nan
BREAKS = (0.2, 0.5, 1.0)


def column(name, values):
    values = np.asarray(values, np.float64)
    return Column(name, "number", values, ~np.isnan(values))


def named(name, codes, names):
    codes = np.asarray(codes, np.int32)
    return Column(name, "string", codes, codes >= 0, Strings.from_list(names))


@pytest.fixture
def city(small_city):
    made = small_city([(f"b{k}", "Building", [], {}, ["1"]) for k in range(COUNT)] + [("t", "Road", [], {}, ["1"])])
    add = made.objects.columns.__setitem__
    add("residents_0_17", column("residents_0_17", [*YOUNG, 999]))
    add("residents_65_plus", column("residents_65_plus", [*OLD, 999]))
    add("jobs", column("jobs", [*JOBS, 999]))
    add("quarter", named("quarter", [*QUARTER, -1], ["north", "east", "south", "west", "middle"]))
    return made


def result(values, spread=0.1, **of_variable):
    told = {"classes": Classes(BREAKS), "zero_is_none": True} | of_variable
    ids = [f"b{k}" for k in range(COUNT)]
    return maker.by_id(ids, values, values - np.float32(spread), values + np.float32(spread), **told)


def ask(city, a=DEPTH_A, b=DEPTH_B, step=1, **more):
    columns = (Asked("a", "A", result(a), step), Asked("b", "B", result(b), step))
    return Question(columns, (("town", city),), Links(), Exposures(), **more)


def to_ten(number):
    """Rounding written another way than the program does."""
    number = int(number)
    return None if 0 < number < 10 else (number + 5) // 10 * 10


def test_every_number_is_what_numpy_says(city):
    found = count(ask(city, threshold=0.5))
    lines = {line.measure.indicator.id: line.cells for line in found.indicators}
    assert list(lines) == ["objects", "footprint", "residents", "residents_0_17", "residents_65_plus", "jobs"]
    boxes = object_boxes(city)
    ground = (boxes[:-1, 3] - boxes[:-1, 0]) * (boxes[:-1, 4] - boxes[:-1, 1])
    for k, depth in enumerate((DEPTH_A[1], DEPTH_B[1])):
        hit = [np.nan_to_num(depth + np.float32(d), nan=-1) >= 0.5 for d in (0, -0.1, 0.1)]
        for name, amount, people in (
            ("objects", np.ones(COUNT), False), ("footprint", ground, False), ("residents", YOUNG + OLD, True),
            ("residents_0_17", YOUNG, True), ("residents_65_plus", OLD, True), ("jobs", JOBS, True),
        ):  # fmt: skip
            cell = lines[name][k]
            want = [amount[mask].sum() for mask in hit] + [amount.sum()]
            want = [to_ten(x) for x in want] if people else want
            got = [cell.value.value, cell.low.value, cell.high.value, cell.total.value]
            assert got == pytest.approx(want, rel=1e-4), name
        assert dict(lines["objects"][k].rows)["town"].tolist() == np.flatnonzero(hit[0]).tolist()
        homes = np.flatnonzero(hit[0] & (YOUNG + OLD > 0)).tolist()
        assert dict(lines["residents_65_plus"][k].rows)["town"].tolist() == homes, "houses, whoever lives there"
    assert lines["jobs"][1].change.value == lines["jobs"][1].value.value - lines["jobs"][0].value.value
    assert lines["jobs"][0].change.value is None


def test_who_gains_and_who_loses_is_what_numpy_says(city):
    found = count(ask(city))
    with np.errstate(invalid="ignore"):
        change = DEPTH_B[1] - DEPTH_A[1]
    masks = (change < 0, change > 0, change == 0)
    assert found.changed == "Residents" and found.zone_by == "quarter"
    assert [line.name for line in found.groups] == ["Residents", "Residents 0–17", "Residents 65 and over"]
    for line, amount in zip(found.groups, (YOUNG + OLD, YOUNG, OLD), strict=True):
        got = (line.better.value, line.worse.value, line.same.value, line.total.value)
        assert got == tuple(to_ten(x) for x in [amount[m].sum() for m in masks] + [amount[~np.isnan(change)].sum()])
    assert [line.name for line in found.quarters[1:]] == ["east", "middle", "north", "south", "west"]
    for line, code in zip(found.quarters[1:], (1, 4, 0, 2, 3), strict=True):
        inside = code == QUARTER
        assert line.better.value == to_ten((YOUNG + OLD)[masks[0] & inside].sum())
        worse = np.flatnonzero(masks[1] & inside & (YOUNG + OLD > 0))
        assert dict(line.rows_worse)["town"].tolist() == worse.tolist()


def test_classes_hold_everything_once(city):
    found = count(ask(city))
    depth = DEPTH_B[1]
    want = [(depth == 0).sum(), ((depth > 0) & (depth < np.float32(0.2))).sum()]
    want += [((depth >= np.float32(lo)) & (depth < hi)).sum() for lo, hi in ((0.2, 0.5), (0.5, 1.0), (1.0, 99.0))]
    assert [line.values[1].value for line in found.classes] == [*want, 0]
    assert [line.label for line in found.classes] == ["none (zero)", "< 0.2", "0.2 – 0.5", "0.5 – 1", "≥ 1", "no data"]
    assert found.classes[-1].values[0].value == 1, "one house has no value in A"
    people = count(ask(city, weigh="residents"))
    assert people.counted == "Residents" and people.classes[-2].values[1].value == to_ten(
        (YOUNG + OLD)[depth >= 1].sum()
    )


def test_no_data_not_modelled_and_not_part_of_it_are_counted_apart(city):
    odd = DEPTH_B.copy()
    odd[:, :5] = np.nan
    odd[:, 5:8] = -np.inf
    part = replace(result(odd), ids=Strings.from_list([f"b{k}" if k != 9 else "elsewhere" for k in range(COUNT)]))
    question = ask(city)
    for step in (1, None):
        columns = (Asked("a", "A", part, step), question.columns[1])
        found = count(replace(question, columns=columns))
        told = {line.label: (line.values[0].value, line.values[1].value) for line in found.classes}
        assert told["no data"] == (5, 0)
        assert told["not modelled"] == (3, 0)
        assert told["not part of the result"] == (1, 0)
        assert sum(value for value, _ in told.values()) == COUNT


def test_few_people_are_told_in_no_number(city):
    """One house is left in A: neither groups nor their sum may tell how many live there."""
    only = int(np.flatnonzero((OLD > 0) & (OLD < 4) & (YOUNG > 0) & (YOUNG < 6))[0])
    lonely = np.zeros((3, COUNT), np.float32)
    lonely[:, only] = 1.0
    found = count(ask(city, a=lonely, threshold=0.5))
    lines = {line.measure.indicator.id: line.cells for line in found.indicators}
    assert all(lines[name][0].value.hidden for name in ("residents", "residents_0_17", "residents_65_plus"))
    assert lines["objects"][0].value.value == 1, "houses stand in the street"
    assert lines["residents"][1].change.hidden and told_text(lines["residents"][1].change) == "hidden"
    back = count(ask(city, a=lonely, b=np.zeros((3, COUNT), np.float32)))
    assert all(cell.hidden for line in back.groups for cell in (line.better, line.worse, line.same, line.total))
    assert [dict(line.rows_better) for line in back.groups[:1]] == [{"town": np.array([only])}]


def test_the_worst_moment_is_the_highest_of_all(city):
    found = count(ask(city, step=None, threshold=1.2))
    worst = np.nanmax(np.where(np.isnan(DEPTH_A), -1, DEPTH_A), axis=0)
    assert found.indicators[0].cells[0].value.value == (worst >= np.float32(1.2)).sum()
    assert found.question.columns[0].moment == "worst of all moments"


def test_thresholds_are_class_breaks_unless_told(city):
    assert count(ask(city)).threshold == 0.2
    high = (Asked("a", "A", result(DEPTH_A, good="high"), 0),)
    found = count(Question(high, (("t", city),), Links(), Exposures()))
    assert found.threshold == 1.0 and affected_text(found.variable, 1.0) == "≤ 1 m"
    assert found.indicators[0].cells[0].value.value == (DEPTH_A[0] <= 1).sum()
    ends = [cell.value for cell in (found.indicators[0].cells[0].low, found.indicators[0].cells[0].high)]
    assert ends == [(DEPTH_A[0] + np.float32(0.1) <= 1).sum(), (DEPTH_A[0] - np.float32(0.1) <= 1).sum()]
    ramp = (Asked("a", "A", result(DEPTH_A, classes=None), 0),)
    found = count(Question(ramp, (("t", city),), Links(), Exposures()))
    assert 0.5 <= found.threshold <= 1.5 and len(found.classes) >= 8


def test_scenarios_without_the_variable_have_no_numbers(city):
    columns = (Asked("", "Base model"), Asked("b", "B", result(DEPTH_B), 0))
    found = count(Question(columns, (("t", city),), Links(), Exposures()))
    assert found.indicators[0].cells[0].value.value is None and not found.groups
    assert found.indicators[0].cells[1].value.value > 0
    nothing = count(Question(columns[:1], (("t", city),), Links(), Exposures()))
    assert "Show a scenario" in nothing.why_not and not nothing.indicators


def test_values_that_reach_no_building_say_so(city, small_city):
    road = small_city([("r", "Road", [], {}, ["1"])])
    links = maker.by_id(["r"], [[3.0]], binding="links")
    found = count(Question((Asked("a", "A", links, 0),), (("t", city),), Links(), Exposures()))
    assert "links" in found.why_not and not found.indicators
    assert built_layers((("r", road), ("t", city))) == (("t", city),) and built_layers((("r", road),))


def test_counting_can_be_stopped(city):
    def stop(_share, _stage):
        raise Cancelled

    with pytest.raises(Cancelled):
        count(ask(city, step=None), stop)


def test_values_are_looked_up_once_and_forgotten_in_time(city):
    kept, links, made = Exposures(most_bytes=4 * 3 * 401 * 2), Links(), result(DEPTH_A)
    first = kept.at(made, 0, city, links, lambda _share: None)
    assert kept.at(made, 0, city, links, lambda _share: None) is first
    for step in (1, 2):
        kept.at(made, step, city, links, lambda _share: None)
    assert kept.at(made, 0, city, links, lambda _share: None) is not first


def test_quarters_are_guessed_by_their_name(city):
    city.objects.columns["colour"] = named("colour", [k % 3 for k in range(COUNT + 1)], ["a", "b", "c"])
    city.objects.columns["street"] = named("street", np.arange(COUNT + 1), [str(k) for k in range(COUNT + 1)])
    assert zone_attributes((("t", city),)) == ("quarter", "colour")
    assert count(ask(city, zone_by="")).quarters == ()


def test_series_at_an_object_and_at_a_place(city):
    columns = (Asked("a", "A", result(DEPTH_A), 0), Asked("b", "B", None))
    one, none = series_at(columns, Spot("town", 3, city, whole=True), Links(), None)
    assert one.series.values.tolist() == DEPTH_A[:, 3].astype(float).tolist() and none.series is None
    assert one.series.low[0] == np.float32(DEPTH_A[0, 3] - np.float32(0.1)) and one.where == "the object"
    box = object_boxes(city)[3]
    values = RNG.uniform(0, 1, (4, 80, 400)).astype(np.float32)
    drawn = maker.raster(values, box[0] - 20, box[4] + 20, 2.0)
    columns = (Asked("r", "R", drawn, 0),)
    at = (float(box[0]) + 0.5, float(box[4]) - 0.5, 0.0)
    (line,) = series_at(columns, Spot("town", -1, None, at), Links(), None)
    assert line.series.values.tolist() == values[:, 10, 10].astype(float).tolist()
    (line,) = series_at(columns, Spot("town", 3, city, at, whole=True), Links(), None)
    under = values[:, 9:30, 9:30].reshape(4, -1)
    assert all(
        v in row.astype(float) and v >= np.quantile(row, 0.6) for v, row in zip(line.series.values, under, strict=True)
    )
    assert series_at(columns, Spot("town", -1, None, (0.0, 0.0, 0.0)), Links(), None)[0].series is None


def test_the_worst_of_features_over_all_steps_is_a_value_where_there_is_one(small_city):
    gone = -np.inf
    for good, expected in (("high", ["< 0.5", "0.5 – 1", "no data"]), ("low", ["≥ 1", "0.5 – 1", "no data"])):
        values = np.array([[0.1, gone, np.nan], [2.0, 0.7, gone], [np.nan, 0.7, np.nan]], np.float32)
        made = replace(
            maker.by_id("pqr", values, binding="links", good=good, classes=Classes((0.5, 1.0))),
            overlay=small_city([(name, "+Link", [], {}, []) for name in "pqr"]),
        )
        columns = (Asked("a", "A", made, None), Asked("b", "B", made, None))
        found = count(Question(columns, (("town", small_city([("x", "Building", [], {}, [])])),), Links(), Exposures()))
        told = {line.label: line.values[0].value for line in found.classes}
        assert {label for label, number in told.items() if number} == set(expected)
