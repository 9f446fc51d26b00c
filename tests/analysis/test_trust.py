"""Whatever values belong to: they are told with their range, or with the reason why there is none; and what has no
value says which of the three it is."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.scenario.model import Uncertainty
from viewer.analysis.object_values import object_values
from viewer.analysis.shown_legend import scenario_legend
from viewer.analysis.steps import steps_of
from viewer.analysis.values_at import value_text, values_at

nine = SimpleNamespace(**run_path(str(Path(__file__).with_name("nine.py"))))
kit = nine.kit
UNSURE = Uncertainty("not_quantified", (("en", nine.REASON),))


def shown(name, *scenarios, **view):
    """A document with scenarios of a binding, and the id of the first one's own layer."""
    base = nine.flat() if name in ("raster", "water") else nine.city()
    document = nine.document_of(base)
    layers = [nine.put(document, "stu"[k], made, base) for k, made in enumerate(scenarios)]
    kit.show(document, *"stu"[: len(scenarios)], variable="v", **view)
    return document, layers[0]


def at(document, where):
    moment = kit.START if document.state.scenario_view.variable else None
    values_at(document, moment, where)
    steps_of(document).settle()
    (found,) = values_at(document, moment, where)
    return found


@pytest.mark.parametrize("name", nine.RANGED)
def test_the_value_under_the_pointer_has_its_range_or_says_that_there_is_none_here(name):
    document, layer = shown(name, nine.result(name))
    for place, text in ((0, "1.5 m (0.4 to 2.6)"), (1, "1.5 m (1.2 to 1.8)"), (2, "1.5 m")):
        found = at(document, nine.spot(name, place, layer))
        assert value_text(found) == text
        assert ("no range for this place" in found.why) == (place == 2)
        assert bool(found.why) == (place == 2)


@pytest.mark.parametrize("name", nine.BINDINGS)
def test_where_nothing_is_quantified_the_pointer_says_why(name):
    low = high = None
    document, layer = shown(name, nine.result(name, low=low, high=high, uncertainty=UNSURE))
    found = at(document, nine.spot(name, 0, layer))
    assert (found.low, found.high) == (None, None)
    if name == "patch":
        assert (found.state, value_text(found), found.place) == ("new", "new", "a")
        assert found.why == "not quantified, because a change of the city has no values"
    else:
        assert value_text(found) == "1.5 m"
        assert found.why == f"not quantified, because: {nine.REASON}"


def test_ways_that_claim_a_range_say_that_they_have_none():
    document, layer = shown("trajectories", nine.result("trajectories"))
    found = at(document, nine.spot("trajectories", 0, layer))
    assert value_text(found) == "1.5 m"
    assert found.why == "not quantified, because values of what moves come without ranges"


@pytest.mark.parametrize("name", nine.RANGED)
@pytest.mark.parametrize(
    ("value", "state"), [(0.0, "zero"), (np.nan, "no data"), (-np.inf, "not modelled")], ids=["zero", "gap", "outside"]
)
def test_the_three_that_are_no_values_are_told_apart(name, value, state):
    values = np.array([value, 1.5, 1.5], np.float32)
    document, layer = shown(name, nine.result(name, values=values, low=values, high=values))
    found = at(document, nine.spot(name, 0, layer))
    dry = name == "water" and state == "no data"  # where water was modelled and there is none, it is dry
    assert found.state == ("zero" if dry else state)
    assert not found.why or state == "zero"
    legend = scenario_legend(document, kit.START, wait=True)
    words = {line.label for line in (*legend.states, legend.no_data) if line is not None}
    names = {"zero": "none (zero)", "no data": "no data", "not modelled": "not modelled"}
    if name == "water":
        names = {"not modelled": "not modelled"}  # dry ground looks as it is
    gaps = {"no data"} if name == "raster" else set()  # (cells beside the three places)
    assert words == {names[state]} & set(names.values()) | gaps if state in names else words == gaps


def test_vehicles_without_a_value_are_told_in_the_legend():
    values = np.array([np.nan, -np.inf, 1.5], np.float32)
    document, layer = shown("trajectories", nine.result("trajectories", values=values))
    legend = scenario_legend(document, kit.START, wait=True)
    assert [line.label for line in legend.states] == ["not modelled"]
    assert legend.no_data.label == "no data"
    states = [at(document, nine.spot("trajectories", k, layer)).state for k in range(3)]
    assert states == ["no data", "not modelled", "value"]


@pytest.mark.parametrize("name", ["object", "surface", "polygon", "marks", "links"])
def test_no_data_and_not_modelled_are_counted_apart(name):
    values = np.array([np.nan, -np.inf, -np.inf], np.float32)
    document, _ = shown(name, nine.result(name, values=values))
    legend = scenario_legend(document, kit.START, wait=True)
    times = 2 if name == "polygon" else 1
    assert legend.no_data.count == times
    assert [(line.label, line.count) for line in legend.states] == [("not modelled", 2 * times)]


@pytest.mark.parametrize("name", nine.RANGED)
def test_the_legend_tells_of_hatching_where_there_is_some(name):
    document, _ = shown(name, nine.result(name))
    assert scenario_legend(document, kit.START, wait=True).note.startswith("Hatched")
    kit.show(document, "s", variable="v", hatch=False)
    assert not scenario_legend(document, kit.START, wait=True).note
    sure, _ = shown(name, nine.result(name, low=nine.VALUES - 0.1, high=nine.VALUES + 0.1))
    assert not scenario_legend(sure, kit.START, wait=True).note


@pytest.mark.parametrize("name", nine.RANGED)
def test_a_difference_has_the_widest_range_that_there_can_be_or_the_reason_for_none(name):
    base = nine.result(name, low=nine.VALUES - 0.5, high=nine.VALUES + 0.25)
    other = nine.result(name, values=nine.VALUES + 2.0, low=nine.VALUES + 1.9, high=nine.VALUES + 2.5)
    overlay = {} if base.overlay is None else {"overlay": base.overlay, "vertex_rows": base.vertex_rows}
    other = replace(other, places=base.places, **overlay)
    document, layer = shown(name, base, other, mode="difference")
    found = at(document, nine.spot(name, 0, layer))
    assert (found.value, found.low, found.high) == pytest.approx((2.0, 1.65, 3.0))
    assert not found.why
    legend = scenario_legend(document, kit.START, wait=True)
    assert any("lowest of B minus highest of A" in line for line in legend.lines)
    assert "range of the change: the widest there can be" in legend.strip
    unsure = replace(other, low=None, high=None, variable=nine.variable(name, uncertainty=UNSURE))
    document, layer = shown(name, base, unsure, mode="difference")
    found = at(document, nine.spot(name, 0, layer))
    assert (found.value, found.low, found.why) == (2.0, None, f"not quantified, because: {nine.REASON}")


@pytest.mark.parametrize("name", nine.BINDINGS)
def test_what_is_selected_says_how_sure_it_is(name):
    document, layer = shown(name, nine.result(name, uncertainty=UNSURE, low=None, high=None))
    where = nine.spot(name, 0, layer)
    found = object_values(document, where.layer_id, where.row, where.surface_row, kit.START)
    if name in ("trajectories", "raster", "water"):
        return  # what moves cannot be selected; the land is too wide for one number: the pointer tells it
    (one,) = found
    assert one.sides[0].why == at(document, where).why


@pytest.mark.parametrize("name", [name for name in nine.RANGED if name not in ("raster", "water", "nodes")])
def test_what_is_selected_has_its_range(name):
    document, layer = shown(name, nine.result(name))
    for place, ends in ((0, (0.4, 2.6)), (2, (None, None))):
        where = nine.spot(name, place, layer)
        (one,) = object_values(document, where.layer_id, where.row, where.surface_row, kit.START)
        assert (one.sides[0].low, one.sides[0].high) == (ends if ends[0] is None else pytest.approx(ends))
        assert bool(one.sides[0].why) == (place == 2)
