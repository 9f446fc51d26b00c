import json
from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from loaders._assemble import city_of
from loaders.api import Issue, LoadResult, Severity
from loaders.city import CrsInfo
from loaders.layers import VectorData
from loaders.scenario.model import BaseModel, Grid, Result, Variable
from loaders.worker import LoadedFile
from viewer.analysis.links import links_of
from viewer.document.document import Document
from viewer.document.overlays import overlay_id
from viewer.document.state import LayerState, ScenarioView, Tour, TourStep
from viewer.jobs import JobQueue
from viewer.session.registry import CommandError
from viewer.session.session import Session
from viewer.settings.settings import Settings

kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_kit.py"))))
START, HOUR = kit.START, 3600.0


@pytest.fixture
def two(town):
    """A session with two scenarios; the second names the first as its baseline."""
    flood = kit.scenario(
        "flood", kit.by_id(kit.DEPTH, ["house"], kit.hours()), kit.by_id(kit.NOISE, ["house"], kit.STILL)
    )
    dike = kit.scenario("dike", kit.by_id(kit.DEPTH, ["house"], kit.hours()), baseline="flood")
    for made in (flood, dike):
        kit.add(town.document, made)
    return town


def view(session):
    return session.document.state.scenario_view


def arrive(load, made, issues=()):
    city = city_of("x", CrsInfo("EPSG:7415"), [], [], {}, None, VectorData(()))
    load.outcome = LoadedFile(
        LoadResult(city, "Scenario package", "1.0", issues, made), load.path.parent, False, 0.1, 1.0
    )


def package(folder, name="p"):
    path = folder / name / "scenario.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"type": "CitiverseScenario", "version": "1.0"}))
    return path


# --- opening --------------------------------------------------------------------------------------------------------


def test_a_package_becomes_a_scenario_and_is_shown(town, loads, tmp_path):
    path = package(tmp_path)
    town.run("scenario.open", paths=(str(path.parent),))
    arrive(loads[0], kit.scenario("s", kit.by_id(kit.DEPTH, ["house", "gone"], kit.hours())))
    assert town.wait(60)
    entry = town.document.state.scenarios[0]
    assert (entry.id, entry.name, entry.path) == ("s", "S", str(path))
    assert view(town) == ScenarioView(("s",), "depth")
    assert town.clock.now == START
    assert town.scenarios.count("s", "depth").text == "1 of 2 buildings and objects matched"
    assert [issue.kind for issue in town.scenarios.issues("s")] == ["unmatched"]
    texts = [message.text for message in town.messages]
    assert texts[-1] == "S: 1 of 2 buildings and objects matched."
    town.run("edit.undo")
    assert (town.document.state.scenarios, view(town).shown) == ((), ())
    town.run("edit.redo")
    assert town.document.scenarios["s"].manifest.id == "s"


def test_a_second_one_waits_to_be_shown_and_the_same_one_is_shown(town, loads, tmp_path):
    paths = [package(tmp_path, name) for name in "pq"]
    town.run("file.open", paths=tuple(map(str, paths)))
    for load, name in zip(loads, "st", strict=True):
        arrive(load, kit.scenario(name, kit.by_id(kit.DEPTH, ["house"], kit.STILL)))
    assert town.wait(60)
    assert view(town).shown == ("s",)
    town.run("file.open", paths=(str(paths[1]),))
    assert (view(town).shown, len(loads)) == (("t",), 2)


def test_another_package_of_the_same_id_is_refused(town, loads, tmp_path):
    for name in "pq":
        town.run("file.open", paths=(str(package(tmp_path, name)),))
        arrive(loads[-1], kit.scenario("s", kit.by_id(kit.DEPTH, ["house"], kit.STILL)))
        assert town.wait(60)
    assert len(town.document.state.scenarios) == 1
    assert "in the project already" in town.messages[-1].text


def test_what_the_package_reports_is_told_with_a_way_to_read_it(town, loads, tmp_path):
    town.run("file.open", paths=(str(package(tmp_path)),))
    arrive(
        loads[0], kit.scenario("s", kit.by_id(kit.DEPTH, ["house"], kit.STILL)), (Issue(Severity.WARNING, "x", "Odd."),)
    )
    assert town.wait(60)
    told = next(message for message in town.messages if "1 variable" in message.text)
    assert told.severity is Severity.WARNING
    assert told.actions[0].command == "scenario.show_report"
    assert town.scenarios.report("s").issues[0].message == "Odd."


def test_a_project_finds_its_packages_and_moment_again(town, loads, tmp_path):
    path = package(tmp_path)
    town.run("file.open", paths=(str(path),))
    made = kit.scenario("s", kit.by_id(kit.DEPTH, ["house"], kit.hours()))
    arrive(loads[0], made)
    assert town.wait(60)
    town.run("clock.set", moment=START + 2 * HOUR)
    town.run("file.save_as", path=tmp_path / "town.citiverse")
    town.run("file.new")
    town.run("file.open_project", path=tmp_path / "town.citiverse")
    assert town.document.state.scenarios[0].path == str(path)
    arrive(loads[-1], made)
    assert town.wait(60)
    assert (town.clock.now, view(town).shown) == (START + 2 * HOUR, ("s",))
    assert not town.document.dirty
    assert not town.document.can_undo


def test_a_package_that_has_moved_is_found_again(town, loads, tmp_path):
    path = package(tmp_path)
    made = kit.scenario("s", kit.by_id(kit.DEPTH, ["house"], kit.STILL))
    entry = kit.add(town.document, made, str(tmp_path / "gone" / "scenario.json"))
    town.document.scenarios.clear()
    town.run("scenario.relink", scenario_id=entry.id, path=path.parent)
    arrive(loads[0], made)
    assert town.wait(60)
    assert town.document.scenarios["s"] is made
    assert town.document.state.scenario("s").path == str(path)


def test_layers_that_come_later_are_matched_too(session, family):
    kit.add(session.document, kit.scenario("s", kit.by_id(kit.DEPTH, ["house"], kit.STILL)))
    assert session.wait(60)
    assert session.scenarios.count("s", "depth") is None
    with session.document.change("Add") as edit:
        edit.add_city(LayerState("a", "Town", "/town.json"), LoadResult(family, "CityJSON", "2.0"))
    assert session.wait(60)
    assert session.scenarios.count("s", "depth").complete
    result = session.document.scenarios["s"].results["depth"]
    assert links_of(session.document).known_match(result, family) is not None


def test_a_raster_without_ground_gets_a_sheet_and_loses_it_when_ground_comes(town, small_city):
    heat = Variable("heat", (), "raster", range=(0.0, 1.0))
    grid = Grid((10.0, 0.0, 85000.0, 0.0, -10.0, 447100.0), 10, 10, CrsInfo("EPSG:7415"))
    kit.add(town.document, kit.scenario("s", Result(heat, kit.STILL, np.zeros((1, 10, 10), np.float32), grid=grid)))
    assert town.wait(60)
    name = overlay_id("s", "heat")
    made = town.document.cities[name]
    assert made.bbox[:2].tolist() == [85000.0, 447000.0]
    assert made.bbox[3:5].tolist() == [85100.0, 447100.0]
    ground = replace(
        small_city([("g", "TINRelief", [], {}, ["1"])]), bbox=np.array([84000, 446000, 0, 86000, 448000, 5.0])
    )
    with town.document.change("Add") as edit:
        edit.add_city(LayerState("g", "Ground", "/g.json"), LoadResult(ground, "CityJSON", "2.0"))
    assert town.wait(60)
    assert name not in town.document.cities


def test_another_version_of_the_base_model_is_told(town, tmp_path):
    file = tmp_path / "town.json"
    file.write_text("{}")
    with town.document.change("Path") as edit:
        edit.layer("a", path=str(file))
    base = BaseModel("town", "00" * 32, "town.json")
    kit.add(town.document, kit.scenario("s", kit.by_id(kit.DEPTH, ["house"], kit.STILL), base=(base,)))
    assert town.wait(60)
    assert [issue.kind for issue in town.scenarios.issues("s")] == ["other-base"]
    assert "another version of town.json" in town.messages[-1].text


# --- showing ----------------------------------------------------------------------------------------------------


def test_showing_keeps_the_variable_or_takes_the_first(two):
    two.run("scenario.show", ids=("flood",), variable="noise")
    assert (view(two).variable, view(two).mode) == ("noise", "single")
    two.run("scenario.show", ids=("dike",))
    assert view(two).variable == "depth"
    two.run("scenario.show", ids=("dike", "flood"))
    assert view(two).mode == "swipe"
    two.run("scenario.hide")
    assert view(two).shown == ()


@pytest.mark.parametrize(
    ("ids", "more", "told"),
    [
        ((), {}, "1 to 4"),
        (("flood", "flood"), {}, "different"),
        (("x",), {}, "Scenarios: flood, dike"),
        (("dike",), {"variable": "noise"}, "Variables: depth"),
        (("flood", "dike", ""), {"mode": "swipe"}, "needs two"),
        (("flood",), {"mode": "split"}, "2 to 4"),
        (("flood", "dike"), {"mode": "single"}, "one scenario"),
    ],
)
def test_what_cannot_be_shown_is_refused(two, ids, more, told):
    with pytest.raises(CommandError, match=told):
        two.run("scenario.show", ids=ids, **more)


def test_ways_to_compare(two):
    two.run("scenario.show", ids=("dike",))
    two.run("scenario.set_mode", mode="swipe")
    assert view(two).shown == ("flood", "dike")
    two.run("scenario.set_position", position=0.3)
    two.run("scenario.set_position", position=0.4)
    two.run("scenario.swap")
    assert (view(two).shown, view(two).position) == (("dike", "flood"), 0.4)
    two.run("scenario.set_mode", mode="single")
    assert view(two).shown == ("dike",)
    assert two.run("scenario.baseline", mode="difference") == ("flood", "dike")
    two.run("scenario.show", ids=("flood",))
    assert two.run("scenario.baseline") == ("", "flood")
    two.run("scenario.compare", ids=("flood", "dike", ""), mode="split")
    two.run("scenario.set_mode", mode="blend")
    assert view(two).shown == ("flood", "dike")
    with pytest.raises(CommandError, match="Two"):
        two.run("scenario.compare", ids=("flood",))
    with pytest.raises(CommandError, match="0 to 1"):
        two.run("scenario.set_position", position=1.5)


def test_the_next_scenario_goes_round(two):
    assert [two.run("scenario.next") for _ in range(3)] == ["flood", "dike", "flood"]
    assert two.run("scenario.next", steps=-1) == "dike"


def test_switches_and_palettes(two):
    two.run("scenario.show", ids=("flood",))
    two.run("scenario.set_hatch", visible=False)
    two.run("scenario.set_sun", follow=False)
    two.run("scenario.set_trails", visible=True)
    two.run("scenario.set_palette", palette="magma")
    two.run("scenario.set_variable", variable="")
    found = view(two)
    assert (found.hatch, found.sun, found.trails, found.palette, found.variable) == (False, False, True, "magma", "")
    with pytest.raises(CommandError, match="no palette"):
        two.run("scenario.set_palette", palette="beige")


def test_removing_hides_and_undo_brings_back(two):
    two.run("scenario.compare", ids=("flood", "dike"), mode="split")
    two.run("scenario.remove", scenario_id="flood")
    assert (view(two).shown, view(two).mode) == (("dike",), "single")
    two.run("scenario.remove", scenario_id="dike")
    assert view(two).shown == ()
    two.run("edit.undo")
    two.run("edit.undo")
    assert (view(two).shown, view(two).mode) == (("flood", "dike"), "split")
    assert set(two.document.scenarios) == {"flood", "dike"}


def test_names_and_order(two):
    two.run("scenario.rename", scenario_id="flood", name=" River ")
    two.run("scenario.move", scenario_id="flood", index=9)
    assert [item.name for item in two.document.state.scenarios] == ["Dike", "River"]
    with pytest.raises(CommandError, match="needs a name"):
        two.run("scenario.rename", scenario_id="flood", name=" ")
    with pytest.raises(CommandError, match="no geometry"):
        two.run("scenario.zoom_to", scenario_id="flood")


# --- viewpoints and tours ---------------------------------------------------------------------------------------


def test_a_viewpoint_keeps_scenarios_and_their_moment(two):
    two.run("scenario.show", ids=("flood",))
    two.run("clock.set", moment=START + HOUR)
    two.run("viewpoint.add", name="High water")
    two.run("viewpoint.keep", name="High water", scenarios=True)
    two.run("scenario.show", ids=("dike",))
    two.run("clock.set", moment=START)
    two.run("viewpoint.go", name="High water")
    assert (view(two).shown, two.clock.now) == (("flood",), START + HOUR)
    two.run("clock.set", moment=START + 2 * HOUR)
    two.run("viewpoint.update", name="High water")
    assert two.document.state.viewpoints[0].moment == START + 2 * HOUR
    two.run("viewpoint.keep", name="High water", scenarios=False)
    assert two.document.state.viewpoints[0].scenario_view is None


def test_a_tour_shows_scenarios_runs_the_clock_and_puts_all_back(two, clock):
    two.run("scenario.show", ids=("dike",))
    two.run("clock.set", moment=START)
    two.run("viewpoint.add", name="V")
    two.run("tour.add", name="T")
    for _ in range(2):
        two.run("tour.add_step", name="T", viewpoint="V")
    two.run("scenario.show", ids=("flood",))
    two.run("clock.set", moment=START + HOUR)
    two.run("tour.set_step_scenarios", name="T", step=1, keep=True, clock_speed=60.0)
    two.run("tour.set_step", name="T", step=1, transition="cut")
    two.run("scenario.show", ids=("dike",))
    two.run("clock.set", moment=START + 3 * HOUR)
    two.run("tour.play", name="T")
    assert (view(two).shown, two.clock.now) == (("dike",), START + 3 * HOUR)
    two.run("tour.next")
    assert (view(two).shown, two.clock.now) == (("flood",), START + HOUR)
    for _ in range(11):
        clock.now += 0.1
        two.poll()
    assert two.clock.now == pytest.approx(START + 2 * HOUR, abs=1.0)
    two.run("tour.stop")
    assert (view(two).shown, two.clock.now) == (("dike",), START + 3 * HOUR)
    with pytest.raises(CommandError, match="speed"):
        two.run("tour.set_step_scenarios", name="T", step=1, keep=True, clock_speed=-1.0)


def test_preflight_opens_every_scenario_and_looks_at_every_step(two):
    report = two.run("present.preflight")
    assert not [line for line in report.lines if "cenario" in line.text]
    ghost = ScenarioView(("ghost",), "depth")
    with two.document.change("Tour") as edit:
        steps = (TourStep("V", scenario_view=ghost), TourStep("V", scenario_view=ScenarioView(("flood",), "height")))
        edit.state = replace(edit.state, tours=(Tour("T", steps),))
    two.document.scenarios.pop("dike")
    lines = [line.text for line in two.run("present.preflight").lines]
    assert any("Scenario Dike: its package is not there (/packages/x)" in line for line in lines)
    assert any("Tour T, step 1: there is no scenario 'ghost'" in line for line in lines)
    assert any("Tour T, step 2: no scenario that it shows has 'height'" in line for line in lines)


# --- undo ---------------------------------------------------------------------------------------------------------

IDS = ("s", "t", "u", "")


class UndoMachine(RuleBasedStateMachine):
    """Whatever is done with scenarios, undo takes it back and redo does it again."""

    def __init__(self):
        super().__init__()
        self.session = Session(Document(), JobQueue(), Settings(), autosave=False)
        for name in IDS[:3]:
            kit.add(self.session.document, kit.scenario(name, kit.by_id(kit.DEPTH, ["house"], kit.hours())))
        self.base = self.session.document.state

    def teardown(self):
        self.session.close()

    @rule(
        name=st.sampled_from(
            ["show", "compare", "set_mode", "swap", "remove", "next", "baseline", "hide", "set_position", "set_hatch"]
        ),
        ids=st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True).map(tuple),
        mode=st.sampled_from(["single", "swipe", "split", "blend", "difference"]),
        position=st.floats(0, 1),
    )
    def act(self, name, ids, mode, position):
        given = {
            "show": {"ids": ids},
            "compare": {"ids": ids, "mode": mode},
            "set_mode": {"mode": mode},
            "remove": {"scenario_id": ids[0]},
            "set_position": {"position": position},
            "set_hatch": {"visible": position > 0.5},
        }.get(name, {})
        before = self.session.document.state
        try:
            self.session.run(f"scenario.{name}", **given)
        except CommandError:
            assert self.session.document.state == before

    @rule()
    def undo_and_redo(self):
        document = self.session.document
        now, steps = document.state, len(document.undo_labels)
        while document.undo_label and len(document.undo_labels) > 3:
            document.undo()
        assert document.state == self.base
        while document.can_redo:
            document.redo()
        assert document.state == now
        assert len(document.undo_labels) == steps

    @invariant()
    def what_is_seen_is_there_and_fits_its_mode(self):
        state = self.session.document.state
        found, known = state.scenario_view, {item.id for item in state.scenarios}
        assert set(found.shown) <= known | {""}
        assert len(found.shown) <= 4
        assert {item.id for item in state.scenarios} <= set(self.session.document.scenarios)
        if found.mode == "single":
            assert len(found.shown) <= 1
        if found.mode in ("swipe", "blend", "difference"):
            assert len(found.shown) == 2


UndoMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestUndo = UndoMachine.TestCase
