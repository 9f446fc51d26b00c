"""Viewpoints and the story of a package in the project."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import pytest

from viewer.document.project import load_project
from viewer.session.registry import CommandError
from viewer.session.timeline import text_in

kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_kit.py"))))
POSE = {"position": {"lat": 52.0, "lon": 4.5, "h": 30.0}, "angles": {"yaw": 90.0, "pitch": 10.0, "roll": 0.0}}
VIEWS = (
    {"name": "Quay", "geopose": POSE, "fov": 40, "variable": "noise", "time": "2026-06-21T02:00:00Z",
     "texts": {"en": "The quay", "nl": "De kade"}, "read_aloud": {"en": "Here is the quay."}, "alternative": "Water."},
    {"name": "Quay", "time": "2026-06-21T03:00"},
)  # fmt: skip


def opened(session, **of_manifest):
    depth = kit.by_id(kit.DEPTH, ["house"], kit.hours())
    made = kit.scenario("s", depth, kit.by_id(kit.NOISE, ["house"], kit.hours()), views=VIEWS, **of_manifest)
    kit.add(session.document, made)
    with session.document.change("CRS") as edit:
        edit.state = replace(edit.state, crs="EPSG:7415")


def test_views_become_viewpoints_and_a_tour(town, tmp_path):
    opened(town, story=(("en", "First the water comes."),))
    before = town.camera
    assert town.run("scenario.take_views", scenario_id="s") == ("Quay", "Quay 2")
    first, second = town.document.state.viewpoints
    assert (first.camera.fov_deg, second.camera.position) == (40, before.position)
    assert first.scenario_view.shown == ("s",) and first.scenario_view.variable == "noise"
    assert first.moment == kit.START + 7200 and second.moment == kit.START + 3600  # Amsterdam is two hours ahead
    assert dict(first.texts) == {
        "en": "The quay", "nl": "De kade", "x-aloud-en": "Here is the quay.", "x-alt": "Water."
    }  # fmt: skip
    assert text_in(first.texts, "nl") == "De kade" and text_in(second.texts) == ""
    tour = town.document.state.tours[0]
    assert [step.viewpoint for step in tour.steps] == ["Quay", "Quay 2"]
    assert dict(tour.steps[0].texts) == {"x-notes": "First the water comes."}
    town.run("viewpoint.go", name="Quay 2")
    assert town.document.state.scenario_view.variable == "depth" and town.clock.now == kit.START + 3600
    town.run("file.save_as", path=tmp_path / "p.citiverse")
    assert load_project(tmp_path / "p.citiverse").state.viewpoints == (first, second)
    assert town.run("scenario.take_views", scenario_id="s") == ("Quay 3", "Quay 4")
    town.run("edit.undo")
    assert len(town.document.state.viewpoints) == 2 and len(town.document.state.tours) == 1


def test_without_views_or_a_place_it_says_so(town):
    made = kit.scenario("t", kit.by_id(kit.DEPTH, ["house"], kit.hours()))
    kit.add(town.document, made)
    with pytest.raises(CommandError, match="has no viewpoints"):
        town.run("scenario.take_views", scenario_id="t")
    with pytest.raises(CommandError, match="There is no scenario"):
        town.run("scenario.take_views", scenario_id="x")
