"""Results of simulations in the real window: drop a package, see it, compare, play, subtract, ask whence, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt

from loaders.scenario.making import fill_in
from loaders.scenario.manifest import FILE_NAME, write_raw

HOURS = 4


def write_package(folder: Path, name: str, ids: list[str], rise: float, baseline: str | None = None) -> Path:
    """A package of depths at buildings over four hours; returns its scenario.json."""
    (folder / name / "data").mkdir(parents=True)
    head = ",".join(["id", *(f"h{k}" for k in range(HOURS))])
    rows = [",".join([one, *(f"{rise * (k + 1) / HOURS:.3f}" for k in range(HOURS))]) for one in ids]
    (folder / name / "data" / "depth.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    manifest: dict[str, Any] = {
        "type": "CitiverseScenario",
        "version": "1.0",
        "id": name,
        "title": {"en": name.title()},
        "fictional": True,
        "crs": "EPSG:7415",
        "variables": [
            {
                "id": "depth",
                "title": {"en": "Depth"},
                "binding": "object",
                "unit": "m",
                "classes": {"breaks": [0.5, 1.0, 1.5], "source": "Test"},
                "palette": "viridis",
                "good": "low",
                "uncertainty": {"kind": "not_quantified", "reason": {"en": "a test"}},
                "time": {
                    "kind": "instants",
                    "start": "2026-06-21T10:00",
                    "step": "PT1H",
                    "count": HOURS,
                    "zone": "Europe/Amsterdam",
                },
                "data": {"file": "data/depth.csv", "id": "id", "value": [f"h{k}" for k in range(HOURS)]},
            }
        ],
        "base": {"identifier": "demo"},
        "provenance": {
            "publisher": "Test office",
            "tool": "Hand",
            "tool_version": "1",
            "date": "2026-01-01",
            "inputs": [{"title": "None"}],
            "review": {"en": "None"},
            "ai": {"en": "None"},
            "limitations": {"en": "A test"},
            "licence": "CC0-1.0",
        },
    }
    if baseline:
        manifest["baseline"] = baseline
    empty = {"declared": {"bytes": 0, "steps": 0, "cells": 0}, "files": []}
    write_raw({**manifest, **empty}, folder / name / FILE_NAME)
    fill_in(folder / name)
    return folder / name / FILE_NAME


def building_ids(person: Any) -> list[str]:
    document = person.window.session.document
    city = document.cities[document.state.layers[-1].id]
    kinds = [city.objects.type_of(row) for row in range(len(city.objects))]
    return [city.objects.ids[row] for row, kind in enumerate(kinds) if kind == "Building"]


def drawn(person: Any) -> Any:
    """The picture when nothing is being prepared any more."""
    person.settle()
    return person.picture().astype(np.int16)


def drop_and_see(person: Any, tmp_path: Path, ids: list[str], before: Any) -> None:
    """Drop a package: it is shown, with its panel, time and legend."""
    window, session = person.window, person.window.session
    low = write_package(tmp_path, "low", ids, 0.6)
    person.drop(low)
    person.wait(lambda: "low" in session.document.scenarios and session.jobs.idle)
    person.wait(lambda: window.stage.legend.legend is not None and window.stage.legend.legend.title == "Depth")
    assert person.state.scenario_view.shown == ("low",)
    assert window.scenarios.isVisible() and window.stage.time.isVisible()
    assert f"{len(ids):,}".replace(",", " ") in window.scenarios.cards["low"].count.full_text()
    session.run("scenario.set_sun", follow=False)
    first = drawn(person)
    assert np.abs(first - before).max() > 40


def compare_beside_a_line(person: Any, tmp_path: Path, ids: list[str]) -> None:
    """A second one, beside a line that is dragged."""
    window, session = person.window, person.window.session
    high = write_package(tmp_path, "high", ids, 2.4, "low")
    person.drop(high.parent)
    person.wait(lambda: "high" in session.document.scenarios and session.jobs.idle)
    window.scenarios.cards["high"].compare.click()
    assert person.state.scenario_view.mode == "swipe" and window.stage.compare.handle.isVisible()
    session.run("clock.go_step", number=HOURS - 1)
    half = drawn(person)
    window.stage.compare.handle.setFocus()
    person.qtbot.keyClick(window.stage.compare.handle, Qt.Key.Key_Home)
    assert person.state.scenario_view.position == 0.0
    all_b = drawn(person)
    other, middle = (np.abs(half - all_b) > 40).any(axis=2), half.shape[1] // 2
    assert other[:, 40 : middle - 40].mean() > 10 * other[:, middle + 40 :].mean()
    assert other[:, 40 : middle - 40].mean() > 0.01


def play(person: Any) -> None:
    """Time runs by the space bar of the picture, and stops."""
    window, session = person.window, person.window.session
    session.run("clock.go_step", number=0)
    window.canvas.setFocus()
    person.qtbot.keyClick(window.canvas, Qt.Key.Key_Space)
    assert session.clock.playing
    start = session.clock.now
    person.wait(lambda: session.clock.now > start)
    person.qtbot.keyClick(window.canvas, Qt.Key.Key_Space)
    assert not session.clock.playing


def subtract(person: Any, ids: list[str]) -> None:
    """The difference has a title with numbers."""
    window, session = person.window, person.window.session
    window.scenarios.modes["difference"].click()
    session.run("clock.go_step", number=HOURS - 1)
    person.settle()
    person.wait(lambda: f"higher at {len(ids):,}".replace(",", " ") in window.stage.compare.title.text.text())


def ask_whence(person: Any) -> None:
    """From a coloured object to its origin in two actions: click it, press the link; from the legend in one."""
    window = person.window
    window.scenarios.modes["swipe"].click()
    person.settle()
    row = person.row_of_building()
    person.click(person.pixel_of(row))
    person.wait(lambda: window.inspector.scenarios.isVisible())
    window.inspector.scenarios.source.click()
    assert window.scenario_front.card.isVisible() and "Test office" in window.scenario_front.card.text.toPlainText()
    window.scenario_front.card.close()
    # and from the legend: one
    window.stage.legend.link.click()
    assert window.scenario_front.card.isVisible()
    window.scenario_front.card.close()


def test_drop_compare_play_subtract_ask_undo(person: Any, tmp_path: Path) -> None:
    window, session = person.window, person.window.session
    session.run("demo.open")
    person.wait(lambda: len(person.state.layers) >= 1 and session.jobs.idle)
    person.settle()
    for entry in person.state.scenarios:
        session.run("scenario.remove", scenario_id=entry.id)
    ids = building_ids(person)
    assert ids
    person.settle()
    before = drawn(person)
    drop_and_see(person, tmp_path, ids, before)
    compare_beside_a_line(person, tmp_path, ids)
    play(person)
    subtract(person, ids)
    ask_whence(person)
    # undo leads back to the picture before
    while person.state.scenarios:
        session.run("edit.undo")
    assert not window.stage.time.isVisible() and not window.stage.compare.handle.isVisible()


def test_scenarios_are_reached_from_menu_and_palette(person: Any, tmp_path: Path) -> None:
    from viewer.session.registry import COMMANDS

    window = person.window
    titles = [act.text() for act in window.menuBar().actions()]
    assert "&Scenarios" in titles

    for name in ("scenario.choose", "scenario.where_from", "clock.toggle", "scenario.swap"):
        assert name in COMMANDS and name in window.actions_.by_command
    person.path = ""
    assert window.docks["scenarios"].windowTitle() == "Scenarios"
