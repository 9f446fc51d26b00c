"""The demo's files: the same bytes each time, written whole, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from loaders.api import Cancelled, LoadError
from viewer.demo import files
from viewer.demo.child import DemoProcess
from viewer.demo.tour import demo_state, viewpoints


class Stop:
    """A progress that stops as soon as it hears anything."""

    cancelled = True

    def report(self, fraction: float, stage: str) -> None:
        raise Cancelled


def digests(folder: Path) -> dict[str, str]:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}


def test_the_same_generator_gives_the_same_bytes(making: Any) -> None:
    there = digests(files.demo_files().city.parent)
    assert digests(making.folder) == {name: there[name] for name in there if not name.startswith(files.SCENARIOS)}
    told = making.fractions
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 8
    assert [p.name for p in making.folder.parent.iterdir()] == ["again"]


def test_a_stopped_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        files.write_demo(tmp_path / "demo", Stop())
    assert list(tmp_path.iterdir()) == []


def test_the_process_says_what_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    process = DemoProcess(tmp_path / "file" / "demo")
    assert process.wait(60) and process.error


def test_a_folder_that_is_not_whole_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITIVERSE_DEMO")
    monkeypatch.setenv("CITIVERSE_HOME", str(tmp_path))
    folder = files.demo_folder()
    assert folder.is_relative_to(tmp_path / "cache") and not folder.exists()
    folder.mkdir()
    (folder / files.CITY).write_text("half")
    assert files.demo_folder() == folder and not folder.exists()
    monkeypatch.setattr(files, "GENERATOR_VERSION", files.GENERATOR_VERSION + 1)
    assert files.demo_folder() != folder


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_without_permission_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CITIVERSE_DEMO")
    (tmp_path / "cache" / "demo").mkdir(parents=True)
    (tmp_path / "cache" / "demo").chmod(0o500)
    monkeypatch.setenv("CITIVERSE_HOME", str(tmp_path))
    assert not files.demo_folder().is_relative_to(tmp_path)


def test_without_a_cache_the_town_lies_in_a_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.delenv("CITIVERSE_DEMO")
    monkeypatch.setenv("CITIVERSE_HOME", str(blocked))
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    files._temporary_folder.cache_clear()
    folder = files.demo_folder()
    assert folder.is_relative_to(tmp_path) and folder == files.demo_folder(), "once"
    files._temporary_folder.cache_clear()
    monkeypatch.setattr(files.tempfile, "tempdir", str(blocked))
    with pytest.raises(LoadError, match="demo city cannot be written"):
        files.demo_folder()
    files._temporary_folder.cache_clear()


def test_the_document_names_layers_tour_light_and_caption() -> None:
    state = demo_state()
    assert [Path(layer.path).name for layer in state.layers] == [files.TERRAIN, files.LAYERS, files.CITY]
    assert all(Path(layer.path).is_file() for layer in state.layers)
    names = {view.name for view in viewpoints()}  # packages that somebody has had made there add theirs
    assert tuple(view for view in state.viewpoints if view.name in names) == viewpoints() and 8 <= len(names) <= 12
    assert state.crs == "EPSG:7415" and state.realism == "textured"
    assert "ictional" in state.caption and (state.light.time or "").startswith("2026-06-20T16:30")


def test_the_tour_goes_from_viewpoint_to_viewpoint_through_a_day() -> None:
    tour = demo_state().tours[0]
    names = {view.name for view in viewpoints()}
    assert {step.viewpoint for step in tour.steps} <= names and len(tour.steps) >= 6
    times = [datetime.fromisoformat(step.time) for step in tour.steps if step.time]
    assert times == sorted(times) and all(dict(step.texts)["en"] for step in tour.steps)
