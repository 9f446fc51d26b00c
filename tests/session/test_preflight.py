from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from loaders.api import Issue, LoadResult, Severity
from viewer.document.document import Document
from viewer.document.state import (
    Camera,
    CameraPath,
    DocumentState,
    LayerState,
    PathKey,
    Tour,
    TourStep,
    Viewpoint,
)
from viewer.jobs import JobQueue
from viewer.session import preflight
from viewer.session.preflight import NOTES, PreflightReport, check, screen_lines
from viewer.session.session import Session
from viewer.session.timeline import text_in, texts_of
from viewer.settings.settings import Settings

GOOD = Viewpoint("square", Camera((5.0, -60.0, 30.0), (5.0, 5.0, 0.0)))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(Document(), JobQueue(), Settings(tmp_path / "settings.json"), autosave=False)
    yield made
    made.close()


@pytest.fixture
def show(session: Session, small_city: Callable[..., Any], tmp_path: Path) -> Callable[..., PreflightReport]:
    """Fill the session with one layer and what is told, and check it."""

    def build(crs: str | None = "EPSG:7415", issues: tuple[Issue, ...] = (), **state: Any) -> PreflightReport:
        file = tmp_path / "town.city.json"
        file.touch()
        city = small_city([("house", "Building", [], {}, ["2"])], crs=crs)
        session.document.reset(DocumentState(crs="EPSG:7415", layers=(LayerState("a", "town", str(file)),)))
        session.document.provide_city("a", LoadResult(city, "CityJSON", "2.0", issues))
        with session.document.change("fill") as edit:
            edit.state = replace(edit.state, **{"viewpoints": (GOOD,), **state})
        return check(session)

    return build


def _told(report: PreflightReport) -> list[str]:
    return [line.text for line in report.lines]


def test_a_whole_project_is_ready(show: Callable[..., PreflightReport], session: Session) -> None:
    report = show(tours=(Tour("Walk", (TourStep("square"),)),))
    assert report.lines == () and report.ready
    assert report.summary == "Ready: 1 layer, 1 viewpoint, 1 step."
    assert report.raw()["ready"] is True and report.raw()["findings"] == []
    assert session.run("present.preflight") == report


def test_an_empty_project_is_not_ready(session: Session) -> None:
    report = check(session)
    assert not report.ready and report.lines[0].text.startswith("Project: it has no layers.")


def test_missing_and_unread_files(show: Callable[..., PreflightReport], session: Session, tmp_path: Path) -> None:
    show()
    gone = (
        LayerState("a", "town", str(tmp_path / "no.city.json")),
        LayerState("b", "terrain", str(tmp_path / "town.city.json")),
    )
    with session.document.change("layers") as edit:
        edit.state = replace(edit.state, layers=gone)
    report = check(session)
    assert [line.place for line in report.lines if line.severity is Severity.ERROR] == ["Layer town", "Layer terrain"]
    assert "no.city.json is not there" in report.lines[0].what and "could not be opened" in report.lines[1].what
    assert report.summary.startswith("Not ready: 2 things missing")


def test_crs_and_load_errors(show: Callable[..., PreflightReport]) -> None:
    issues = (Issue(Severity.ERROR, "bad-ring", "Rings were left out.", 3), Issue(Severity.WARNING, "x", "Never told"))
    report = show("EPSG:25832", issues)
    assert report.ready, "warnings do not stop a talk"
    assert _told(report) == [
        "Layer town: Rings were left out (3 times). See the load report.",
        "Layer town: it is in EPSG:25832, the project in EPSG:7415. Convert the file to EPSG:7415.",
    ]
    assert "coordinate system is not known" in _told(show(None))[0]


def test_cameras_that_show_nothing(show: Callable[..., PreflightReport]) -> None:
    lost = Viewpoint("lost", Camera((9e6, 0.0, 0.0), (0.0, 0.0, 0.0)))
    broken = Viewpoint("broken", Camera((float("nan"), 0.0, 0.0), (0.0, 0.0, 0.0)))
    path = CameraPath("way", (PathKey(0.0, (0, 0, 2), (1, 0, 0)), PathKey(1.0, (9e6, 0, 2), (1, 0, 0))))
    report = show(viewpoints=(GOOD, lost, broken), paths=(path,))
    places = {line.place: line.what for line in report.lines}
    assert "km away" in places["Viewpoint lost"] and "numbers" in places["Viewpoint broken"]
    assert places["Path way"] == "1 of its 2 places are not in the scene"
    assert "Viewpoint square" not in places


def test_steps_that_point_nowhere(show: Callable[..., PreflightReport]) -> None:
    steps = (
        TourStep("gone"),
        TourStep(path="gone"),
        TourStep("square", layers=frozenset({"a", "z"})),
        TourStep("square", layers=frozenset()),
        TourStep(),
    )
    report = show(tours=(Tour("Walk", steps), Tour("Empty")))
    what = {line.place: line.what for line in report.lines}
    assert what["Tour Walk, step 1"] == "there is no viewpoint 'gone'"
    assert what["Tour Walk, step 2"] == "there is no path 'gone'"
    assert what["Tour Walk, step 3"] == "1 layer that it shows is not in the project"
    assert what["Tour Walk, step 4"] == "it hides every layer"
    assert what["Tour Walk, step 5"] == "it shows nothing"
    assert what["Tour Empty"] == "it has no steps"
    assert report.steps == 5


def test_texts_in_all_languages_but_notes(show: Callable[..., PreflightReport]) -> None:
    steps = (
        TourStep("square", texts=(("en", "Hello"), ("nl", "Hallo"))),
        TourStep("square", texts=(("en", "Only here"), (NOTES, "smile"))),
        TourStep("square", texts=((NOTES, "say nothing"),)),
    )
    report = show(tours=(Tour("Walk", steps),))
    assert _told(report) == ["Tour Walk, step 2: its text is not there in nl. Write it in that language too."]


def test_a_full_disk(show: Callable[..., PreflightReport], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_FREE_BYTES", 1 << 62)
    assert show().lines[0].place == "Disk"


def test_what_a_window_adds(show: Callable[..., PreflightReport], session: Session) -> None:
    show()
    assert screen_lines(2, "NVIDIA", False) == ()
    report = check(session, screen_lines(1, "llvmpipe", True))
    assert [line.place for line in report.lines] == ["Screens", "Drawing"] and report.ready


def test_notes_are_told_to_nobody_else() -> None:
    assert text_in(((NOTES, "smile"), ("nl", "Hallo"))) == "Hallo"
    assert text_in(((NOTES, "smile"),), "x-notes") == ""


def test_notes_of_a_step_leave_the_text_of_its_viewpoint() -> None:
    view = Viewpoint("square", GOOD.camera, texts=(("en", "Hello"), (NOTES, "old")))
    assert texts_of(TourStep("square"), view) == view.texts
    assert texts_of(TourStep("square", texts=((NOTES, "smile"),)), view) == ((NOTES, "smile"), ("en", "Hello"))
    assert texts_of(TourStep("square", texts=(("nl", "Hallo"),)), view) == (("nl", "Hallo"),)
    assert texts_of(TourStep(path="way", texts=(("nl", "Hallo"),)), None) == (("nl", "Hallo"),)


def test_scenarios_that_are_not_there_are_missing(show: Callable[..., PreflightReport], tmp_path: Path) -> None:
    from viewer.document.state import ScenarioState, ScenarioView

    there = tmp_path / "scenario.json"
    there.touch()
    packages = (ScenarioState("flood", "Flood", str(there)), ScenarioState("heat", "Heat", "/nowhere/scenario.json"))
    steps = (TourStep("square", scenario_view=ScenarioView(("quay",))),)
    report = show(scenarios=packages, tours=(Tour("Walk", steps),))
    told = _told(report)
    assert any("Flood: its package is not loaded" in line for line in told)
    assert any("Heat: its package is not there" in line for line in told)
    assert any("step 1: there is no scenario 'quay'" in line for line in told)
    assert "2 scenarios" in report.summary and report.raw()["looked_at"]["scenarios"] == 2
