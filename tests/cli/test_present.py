from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from viewer.document.project import save_project
from viewer.document.state import Camera, DocumentState, LayerState, Tour, TourStep, Viewpoint
from viewer.selftest import small_city


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """A project with a city, a viewpoint and a tour."""

    def save(view: str = "front", file: str = "city.city.json") -> Path:
        (tmp_path / "city.city.json").write_text(json.dumps(small_city()), encoding="utf-8")
        layer = LayerState("a", "town", str(tmp_path / file))
        camera = Camera((85020.0, 446950.0, 40.0), (85020.0, 447010.0, 0.0))
        tour = Tour("Walk", (TourStep(view),))
        state = DocumentState(layers=(layer,), viewpoints=(Viewpoint("front", camera),), tours=(tour,))
        path = tmp_path / "town.citiverse"
        save_project(state, path)
        return path

    return save


def test_a_whole_project_is_ready(citiverse: Any, project: Callable[..., Path]) -> None:
    answer = citiverse("present", project(), "--check")
    assert answer.code == 0 and answer.out.strip().splitlines()[-1].startswith("Ready")


def test_what_is_missing_is_listed(citiverse: Any, project: Callable[..., Path]) -> None:
    path = project(view="gone", file="no.city.json")
    answer = citiverse("present", path, "--check")
    assert answer.code == 4
    assert "error: Layer town: its file no.city.json is not there." in answer.out
    assert "error: Tour Walk, step 1: there is no viewpoint 'gone'." in answer.out
    raw = citiverse("present", path, "--check", "--json")
    assert raw.code == 4 and raw.json["ready"] is False and raw.json["looked_at"]["steps"] == 1
    assert {line["severity"] for line in raw.json["findings"]} >= {"error"}


@pytest.mark.parametrize("check", [["--check"], []])
def test_a_tour_that_is_not_there(citiverse: Any, project: Callable[..., Path], check: list[str]) -> None:
    answer = citiverse("present", project(), "--tour", "Run", *check)
    assert answer.code == 4 and "there is no tour 'Run' in it. Tours: Walk." in answer.err


def test_wrong_usage_and_unreadable(citiverse: Any, project: Callable[..., Path], tmp_path: Path) -> None:
    path = project()
    assert citiverse("present", tmp_path / "city.city.json").code == 2
    assert citiverse("present", path, path).code == 2
    assert citiverse("present", path, "--json").code == 2
    assert citiverse("present", path, "--minutes", "soon").code == 2
    for words in ([], ["--check"]):
        gone = citiverse("present", "gone.citiverse", *words)
        assert gone.code == 3 and "there is no such file" in gone.err
        path.write_text("{", encoding="utf-8")
        broken = citiverse("present", path, *words)
        assert broken.code == 3 and broken.err.count("\n") == 1 and "Traceback" not in broken.err


def test_without_a_display(citiverse: Any, project: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("viewer.cli_present.has_display", lambda: False)
    answer = citiverse("present", project())
    assert answer.code == 5 and "no display to present on" in answer.err
