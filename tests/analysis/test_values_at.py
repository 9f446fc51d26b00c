from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.api import LoadResult
from loaders.city import CrsInfo, Strings
from loaders.scenario.meshes import face_city, node_city
from loaders.scenario.model import Grid, Manifest, Moves, Patch, Provenance, Result, TimeAxis, Uncertainty, Variable
from viewer.analysis.shown_legend import (
    LOCKED,
    LOCKED_SHORT,
    SHADOWS_OF_A,
    picture_legend,
    provenance,
    scenario_legend,
    uncertainty_text,
)
from viewer.analysis.steps import steps_of
from viewer.analysis.values_at import Spot, value_text, values_at
from viewer.document.document import Document
from viewer.document.overlays import overlay_id
from viewer.document.state import LayerState

kit = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "result_kit.py")))
START, HOUR = kit.START, 3600.0
RD = CrsInfo("EPSG:7415")


@pytest.fixture
def document(small_city):
    document = Document()
    city = small_city([("house", "Building", [], {}, ["1"]), ("part", "BuildingPart", ["house"], {}, ["2"])])
    with document.change("Add") as edit:
        edit.state = replace(edit.state, crs="EPSG:7415")
        edit.add_city(LayerState("a", "Town", "/a"), LoadResult(city, "CityJSON", "2.0"))
    return document


def add(document, name, *results, **more):
    kit.add(document, kit.scenario(name, *results, **more))


def spot(layer="a", row=0, at=(0.0, 0.0, 0.0)):
    return Spot(layer, row, -1, at)


def one(document, where, moment=None):
    (found,) = values_at(document, moment, where)
    return found


def test_objects_have_the_value_of_the_moment_with_its_range(document):
    values = np.array([[0.2], [0.8]], np.float32)
    add(document, "s", kit.by_id(kit.DEPTH, ["house"], kit.hours(2), values, low=values - 0.1, high=values + 0.5))
    kit.show(document, "s")
    found = one(document, spot(row=1), START + HOUR)  # a part has the value of its house
    assert (found.value, found.unit, found.step, found.place) == (pytest.approx(0.8), "m", "2026-06-21 03:00", "house")
    assert (found.low, found.high) == (pytest.approx(0.7), pytest.approx(1.3))
    assert value_text(found) == "0.8 m (0.7 to 1.3)"


@pytest.mark.parametrize(
    ("value", "state", "text"),
    [(0.0, "zero", "0 m"), (np.nan, "no data", "no data"), (-np.inf, "not modelled", "not modelled")],
)
def test_why_there_is_no_value(document, value, state, text):
    add(document, "s", kit.by_id(kit.DEPTH, ["house"], kit.STILL, [[value]]))
    kit.show(document, "s")
    found = one(document, spot())
    assert (found.state, value_text(found)) == (state, text)


def test_an_object_that_is_not_part_of_it(document):
    add(document, "s", kit.by_id(kit.DEPTH, ["elsewhere"], kit.STILL, [[1.0]]))
    kit.show(document, "s")
    assert one(document, spot()).state == "not part of it"
    kit.show(document)
    assert values_at(document, None, spot()) == ()


def test_every_side_has_its_value_and_a_difference_one(document):
    for name, value in (("s", 1.0), ("t", 3.5)):
        add(document, name, kit.by_id(kit.DEPTH, ["house"], kit.STILL, [[value]]))
    kit.show(document, "s", "t", mode="swipe")
    assert [(x.name, x.value) for x in values_at(document, None, spot())] == [("S", 1.0), ("T", 3.5)]
    kit.show(document, "s", "t", mode="difference")
    values_at(document, None, spot())
    assert steps_of(document).settle()
    found = one(document, spot())
    assert (found.name, found.value) == ("T minus S", 2.5)


def test_a_raster_is_sampled_where_the_place_is(document):
    wet = Variable("w", (), "raster", "m", "m", range=(0, 9.0), zero_is_none=True)
    grid = Grid((10.0, 0.0, 0.0, 0.0, -10.0, 20.0), 2, 2, RD)
    values = np.array([[[1, 2], [3, np.nan]]], np.float32)
    add(document, "s", Result(wet, kit.STILL, values, grid=grid, level=values + 5))
    kit.show(document, "s", variable="w")
    assert one(document, spot(at=(15.0, 15.0, 0.0))).value == 2.0
    assert one(document, spot(at=(5.0, 5.0, 0.0))).value == 3.0
    assert one(document, spot(at=(15.0, 5.0, 0.0))).state == "zero"
    assert one(document, spot(at=(25.0, 5.0, 0.0))).state == "not part of it"


NODES = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [10, 10, 0]], float)
FACES = np.array([[0, 1, 2], [1, 3, 2]])


def test_faces_have_their_own_value_and_nodes_are_mixed(document):
    mesh = Variable("m", (), "mesh", "m", "m", range=(0, 9.0))
    smooth, rows = node_city("m", RD, NODES, FACES)
    values = np.array([[1, 3, 5, 7]], np.float32)
    add(document, "n", Result(mesh, kit.STILL, values, overlay=smooth, vertex_rows=rows))
    faces = Result(mesh, kit.STILL, np.array([[4, 8]], np.float32), overlay=face_city("f", RD, NODES, FACES))
    add(document, "f", faces)
    kit.show(document, "n", variable="m")
    found = one(document, spot(overlay_id("n", "m"), 0, (2.0, 3.0, 0.0)))
    assert found.value == pytest.approx(1 + 0.2 * 2 + 0.3 * 4)
    kit.show(document, "f", variable="m")
    assert one(document, spot(overlay_id("f", "m"), 1)).value == 8.0


def test_the_nearest_mover_and_receiver_count(document):
    speed = Variable("v", (), "trajectories", "m/s", "m/s", range=(0, 9.0))
    moves = Moves(
        Strings.from_list(["bus 4"]),
        np.zeros(1, np.uint8),
        ("bus",),
        np.array([0, 2]),
        np.array([START, START + 10]),
        np.array([[0.0, 0, 0], [100.0, 0, 0]]),
        np.array([7.0, 7.0], np.float32),
    )
    add(document, "s", Result(speed, TimeAxis("instants", moves.times), np.zeros((0, 0), np.float32), moves=moves))
    kit.show(document, "s", variable="v")
    found = one(document, spot(at=(52.0, 1.0, 0.0)), START + 5.0)
    assert (found.value, found.place) == (7.0, "bus 4")
    assert one(document, spot(at=(90.0, 1.0, 0.0)), START + 5.0).state == "not part of it"
    noise = Variable("n", (), "points", "dB", "dB", range=(0, 90.0))
    places = np.array([[0.0, 0, 2], [20.0, 0, 2]])
    ids = Strings.from_list(["r1", "r2"])
    add(document, "p", Result(noise, kit.STILL, np.array([[50, 60]], np.float32), ids=ids, places=places))
    kit.show(document, "p", variable="n")
    assert one(document, spot(at=(18.0, 0.0, 3.0))).place == "r2"


# --- legends --------------------------------------------------------------------------------------------------------

MADE = Provenance("Town", tool="SFINCS", tool_version="2.1", date="2026-05-02")


def test_the_scenario_goes_before_layers_and_says_everything(document):
    values = np.array([[0.2, 2.0]], np.float32)
    result = kit.by_id(kit.DEPTH, ["house", "x"], kit.hours(1), values, low=values, high=values + 1)
    result = replace(result, variable=replace(kit.DEPTH, uncertainty=Uncertainty("quantiles")))
    add(document, "s", result, provenance=MADE, digest="abcdef0123456789", fictional=True)
    before = picture_legend(document)
    assert before is not None
    assert before.title != "Depth"
    kit.show(document, "s")
    legend = picture_legend(document, START, wait=True)
    assert (legend.title, legend.unit, [entry.count for entry in legend.entries]) == ("Depth", "m", [1, 0, 1])
    assert legend.note.startswith("Hatched")
    assert legend.lines == (
        "S",
        "2026-06-21 02:00 (Europe/Amsterdam)",
        "Range: 90% of the cases.",
        "SFINCS 2.1 · 2026-05-02 · Town · version abcdef01 · fictional",
    )


def test_a_comparison_says_that_all_is_equal_and_names_both(document):
    for name in "st":
        add(document, name, kit.by_id(kit.DEPTH, ["house"], kit.STILL), provenance=MADE)
    kit.show(document, "s", "t", mode="swipe")
    legend = scenario_legend(document, None, wait=True)
    assert legend.lines[0] == "A S | B T"
    assert LOCKED in legend.lines
    assert [line[:2] for line in legend.lines[-2:]] == ["S:", "T:"]
    assert all(entry.count is None for entry in legend.entries)


def test_only_states_that_occur_are_explained_and_hatching_only_where_there_is_some(document):
    values = np.array([[0.2, 2.0]], np.float32)
    sure = kit.by_id(kit.DEPTH, ["house", "x"], kit.hours(1), values, low=values, high=values)
    add(document, "s", sure)
    add(document, "t", kit.by_id(kit.DEPTH, ["house"], kit.hours(1), np.array([[np.nan]], np.float32)))
    kit.show(document, "s")
    legend = scenario_legend(document, START, wait=True)
    assert (legend.states, legend.no_data, legend.note) == ((), None, "")
    kit.show(document, "s", "t", mode="swipe")
    legend = scenario_legend(document, START, wait=True)
    assert (legend.states, legend.no_data.label) == ((), "no data")


def test_where_water_has_a_surface_dry_places_are_no_class_of_it(document):
    values = np.array([[[0.0, 2.0], [np.nan, 0.7]]], np.float32)
    depth = replace(kit.DEPTH, binding="raster", zero_is_none=True)
    grid = Grid((1.0, 0, 0, 0, -1.0, 2), 2, 2, RD)
    dry = Result(depth, kit.hours(1), values, grid=grid)
    add(document, "s", dry)
    add(document, "t", replace(dry, level=values + 1))
    kit.show(document, "s")
    legend = scenario_legend(document, START, wait=True)
    assert ([line.label for line in legend.states], legend.no_data.label) == (["none (zero)"], "no data")
    kit.show(document, "t")
    legend = scenario_legend(document, START, wait=True)
    assert (legend.states, legend.no_data) == ((), None)


def test_the_strip_has_everything_in_short(document):
    depth = replace(kit.DEPTH, uncertainty=Uncertainty("not_quantified", (("en", "Made up."),)))
    for name, digest in (("s", "aaaaaaaa1"), ("t", "bbbbbbbb1")):
        add(document, name, kit.by_id(depth, ["house"], kit.hours(1)), provenance=MADE, digest=digest, fictional=True)
    kit.show(document, "s", "t", mode="swipe")
    legend = scenario_legend(document, START, wait=True)
    assert legend.strip == (
        "A S | B T",
        "2026-06-21 02:00 (Europe/Amsterdam)",
        LOCKED_SHORT,
        "uncertainty not quantified",
        "SFINCS 2.1, Town, 2026-05-02",
        "versions aaaaaaaa, bbbbbbbb",
        "fictional",
    )
    kit.show(document, "s", "t", mode="difference")
    assert scenario_legend(document, START, wait=True).strip[0] == "B minus A: T minus S"
    kit.show(document, "s")
    assert scenario_legend(document, START, wait=True).strip[0] == "S"


def changing(small_city, removed, added):
    city = small_city([(name, "Building", [], {}, ["1"]) for name in added])
    when = np.zeros(len(removed))
    patch = Patch(Strings.from_list(removed), when, np.zeros(len(added)), Strings.from_list([""] * len(added)))
    variable = Variable("plan", (("en", "Buildings that go and come"),), "patch")
    return Result(variable, kit.STILL, np.zeros((0, 0), np.float32), overlay=city, patch=patch)


def test_changes_to_the_city_are_explained_with_their_counts(document, small_city):
    add(document, "s", changing(small_city, ["house"], ["n", "m"]))
    kit.show(document, "s", variable="")
    legend = scenario_legend(document, None, wait=True)
    assert [(entry.label, entry.count) for entry in legend.entries] == [("new", 2)]
    assert (legend.title, legend.note, legend.strip[0]) == ("Buildings that go and come", "1 of today are gone", "S")
    kit.show(document, "", "s", variable="", mode="difference")
    legend = scenario_legend(document, None, wait=True)
    assert [(entry.label, entry.count) for entry in legend.entries] == [("only in B: new", 2), ("only in A: gone", 1)]
    kit.show(document, "", "s", variable="", mode="swipe")
    legend = scenario_legend(document, None, wait=True)
    assert legend.entries == () and SHADOWS_OF_A in legend.strip and legend.panes == 0
    kit.show(document, "", "s", variable="", mode="split")
    legend = scenario_legend(document, None, wait=True)
    assert SHADOWS_OF_A not in legend.strip and legend.panes == 2


def test_a_refused_difference_says_why(document):
    add(document, "s", kit.by_id(kit.DEPTH, ["house"], kit.STILL))
    add(document, "t", kit.by_id(replace(kit.DEPTH, unit="ft", unit_label="ft"), ["house"], kit.STILL))
    kit.show(document, "s", "t", mode="difference")
    legend = scenario_legend(document, None, wait=True)
    assert legend.title == "T minus S"
    assert "No difference: One is in m, the other in ft." in legend.lines


def test_without_legends_the_origin_stays(document):
    add(document, "s", kit.by_id(kit.DEPTH, ["house"], kit.STILL), provenance=MADE)
    kit.show(document, "s")
    with document.change("Hide") as edit:
        edit.state = replace(edit.state, show_legend=False)
    legend = picture_legend(document, None, wait=True)
    assert (legend.title, legend.entries, legend.lines[-1]) == ("S", (), "SFINCS 2.1 · 2026-05-02 · Town")


def test_words_of_origin_and_uncertainty():
    assert provenance(Manifest("x", (), RD, ())) == ""
    unsure = replace(kit.DEPTH, uncertainty=Uncertainty("not_quantified", (("en", "One run"),)))
    assert uncertainty_text(kit.by_id(unsure, ["a"], kit.STILL)) == "Uncertainty not quantified: One run."
    stopped = replace(kit.DEPTH, uncertainty=Uncertainty("not_quantified", (("en", "One run."),)))
    assert uncertainty_text(kit.by_id(stopped, ["a"], kit.STILL)) == "Uncertainty not quantified: One run."
    told = replace(kit.DEPTH, uncertainty=Uncertainty("members", (("en", "Five surges."),), members=5))
    assert uncertainty_text(kit.by_id(told, ["a"], kit.STILL)) == "Range of 5 runs (Five surges)."
    runs = replace(kit.DEPTH, uncertainty=Uncertainty("members", members=12))
    assert uncertainty_text(kit.by_id(runs, ["a"], kit.STILL)) == "Range of 12 runs."
