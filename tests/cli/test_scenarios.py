"""Scenarios on the command line: packages beside the city, what is compared, moments, values under a pixel."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SMALL = ("--size", "320x240", "--no-labels")
DOWN = ("--camera", "85025,446024.9,300,85025,446025,30")
HOURS = {"kind": "instants", "start": "2030-06-21T10:00+02:00", "step": "PT1H", "count": 3, "zone": "Europe/Amsterdam"}
PERIODS = {"kind": "periods", "names": ["day", "night"]}
CLASSES = {"breaks": [0.5, 1.0], "source": "Test 2030"}


def package(folder: Path, name: str, add: float = 0.0, **more: object) -> Path:
    """A package with depths by object (three hours, with a range) and noise (two periods)."""
    root = folder / name
    root.mkdir()
    rows = [[f"box-{n}", *(round(0.25 * n * step + add, 3) for step in range(3))] for n in range(9)]
    with (root / "depth.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "a", "b", "c", "la", "lb", "lc", "ha", "hb", "hc"])
        out.writerows(
            [*row, *(v - 0.1 for v in row[1:]), *(v + 0.2 for v in row[1:])] for row in [*rows, ["gone", 1, 1, 1]]
        )
    (root / "noise.csv").write_text("id,d,n\n" + "".join(f"box-{n},{50 + n},{40 + n}\n" for n in range(9)))
    ranged = {"low": ["la", "lb", "lc"], "high": ["ha", "hb", "hc"]}
    depth = {"file": "depth.csv", "id": "id", "value": ["a", "b", "c"], **ranged}
    noise = {"file": "noise.csv", "id": "id", "value": ["d", "n"]}
    unsure = {"kind": "not_quantified", "reason": "One run only"}
    common = {"binding": "object"}
    raw = {
        "type": "CitiverseScenario",
        "version": "1.0",
        "id": name,
        "title": f"Case {name}",
        "crs": "EPSG:7415",
        "base": {"identifier": "boxes"},
        "variables": [
            common | {"id": "depth", "title": "Depth", "unit": "m", "data": depth, "time": HOURS, "classes": CLASSES}
            | {"uncertainty": {"kind": "minmax"}},
            common | {"id": "noise", "title": "Noise", "unit": "m", "data": noise, "time": PERIODS}
            | {"uncertainty": unsure},
        ],
        "provenance": {
            "publisher": "Town", "tool": "Simulator", "date": "2030-01-01", "inputs": [], "review": "Not reviewed",
            "ai": "None", "limitations": "A test", "licence": "CC0-1.0",
        },
        "declared": {"bytes": 0, "steps": 100, "cells": 10_000, "triangles": 0},
        "files": [],
        **more,
    }  # fmt: skip
    for path in (root / "depth.csv", root / "noise.csv"):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        raw["files"].append({"path": path.name, "size": path.stat().st_size, "sha256": digest})
        raw["declared"]["bytes"] += path.stat().st_size
    (root / "scenario.json").write_text(json.dumps(raw))
    return root


@pytest.fixture
def flood(tmp_path: Path) -> Path:
    return package(tmp_path, "flood")


@pytest.fixture
def raised(tmp_path: Path) -> Path:
    return package(tmp_path, "raised", 1.0)


def drawn(citiverse: Callable, *words: object) -> np.ndarray:
    answer = citiverse("render", *words, "-o", "out.png", *SMALL, *DOWN, "--sun", "2030-06-21T12:00+02:00")
    assert answer.code == 0, answer.err
    return np.asarray(Image.open("out.png"), int)


def differ(a: np.ndarray, b: np.ndarray) -> float:
    return float((np.abs(a - b).max(axis=2) > 12).mean())


def test_a_package_beside_the_city_colours_it_and_the_moment_matters(
    citiverse: Callable, boxes: Path, flood: Path
) -> None:
    plain = drawn(citiverse, boxes, "--no-legend")
    first = drawn(citiverse, boxes, flood, "--no-legend")
    later = drawn(citiverse, boxes, flood, "--no-legend", "--time", "2030-06-21T12:00")
    assert differ(first, plain) > 0.05
    assert differ(first, later) > 0.02
    between = [drawn(citiverse, boxes, flood, "--no-legend", "--time", f"2030-06-21T11:{m}") for m in ("00", "30")]
    assert differ(*between) < 0.004 < differ(between[0], later)


def test_sides_of_a_swipe_are_those_of_single_pictures(
    citiverse: Callable, boxes: Path, flood: Path, raised: Path
) -> None:
    common = (boxes, flood, raised, "--no-legend", "--time", "2030-06-21T11:00")
    one, two = (drawn(citiverse, *common, "--scenario", f"{name}/depth") for name in ("flood", "raised"))
    both = drawn(citiverse, *common, "--compare", "flood,raised", "--split", "0.5")
    cut, seen = 160, slice(25, 95)  # names stand above it, the legend below
    assert differ(both[seen, : cut - 4], one[seen, : cut - 4]) < 0.02
    assert differ(both[seen, cut + 4 :], two[seen, cut + 4 :]) < 0.02
    assert differ(one, two) > 0.005


def test_a_difference_is_another_picture(citiverse: Callable, boxes: Path, flood: Path, raised: Path) -> None:
    words = (boxes, flood, raised, "--compare", "flood,raised", "--compare-mode", "difference")
    image = drawn(citiverse, *words)
    assert differ(image, drawn(citiverse, boxes, flood)) > 0.05
    title = image[8:40, 40:280].astype(int)  # "Case raised less Case flood", and in how many places it is higher
    assert (title.min(axis=2) > 225).mean() > 0.4 and (title.max(axis=2) < 90).mean() > 0.02


def test_pick_tells_values_with_range_unit_and_step(
    citiverse: Callable, boxes: Path, flood: Path, raised: Path
) -> None:
    words = ("pick", boxes, flood, raised, *SMALL, *DOWN, "--at", "160,120")
    answer = citiverse(*words, "--compare", "flood,raised", "--time", "2030-06-21T12:00", "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    assert found["id"] == "box-4"
    told = [(x["scenario"], x["value"], x["unit"], x["step"], x["state"]) for x in found["scenario"]]
    assert told == [
        ("flood", 2.0, "m", "2030-06-21 12:00", "value"),
        ("raised", 3.0, "m", "2030-06-21 12:00", "value"),
    ]
    assert found["scenario"][0]["low"] == pytest.approx(1.9)
    assert found["scenario"][0]["high"] == pytest.approx(2.2)
    text = citiverse(*words, "--scenario", "flood/noise", "--time", "Night").out
    assert "Case flood: Noise 44 m (not quantified, because: One run only), night" in text
    assert "scenario" not in citiverse("pick", boxes, *SMALL, *DOWN, "--at", "160,120", "--json").json


def test_ids_that_are_not_there_are_told(citiverse: Callable, boxes: Path, flood: Path) -> None:
    answer = citiverse("render", boxes, flood, "-o", "a.png", *SMALL)
    assert answer.code == 0
    assert citiverse("info", flood, "--json").json["scenario"]["variables"][0]["shape"] == [10]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--scenario", "nope"), 4, "Scenarios: flood"),
        (("--scenario", "flood/heat"), 4, "Variables: depth, noise"),
        (("--compare", "flood,nope"), 4, "Scenarios: flood"),
        (("--time", "2031-01-01"), 4, "is not in it; it has 2030-06-21 10:00"),
        (("--scenario", "flood/noise", "--time", "noon"), 4, "periods: day, night"),
        (("--compare", "flood,base,x", "--split", "0.5"), 2, "--compare-mode split"),
        (("--compare-mode", "blend"), 2, "needs --compare"),
    ],
)
def test_what_cannot_be_shown_has_its_code(
    citiverse: Callable, boxes: Path, flood: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    answer = citiverse("render", boxes, flood, "-o", "a.png", *SMALL, *words)
    assert (answer.code, told in answer.err) == (code, True), answer.err
    assert not Path("a.png").exists()


def test_info_lists_what_a_package_holds(citiverse: Callable, flood: Path) -> None:
    found = citiverse("info", flood, "--json").json["scenario"]
    assert (found["id"], found["title"], found["provenance"]["tool"]) == ("flood", "Case flood", "Simulator")
    depth, noise = found["variables"]
    assert (depth["binding"], depth["unit"], depth["steps"], depth["uncertainty"]) == ("object", "m", 3, "minmax")
    assert (depth["first"], depth["last"], depth["zone"]) == (
        "2030-06-21 10:00",
        "2030-06-21 12:00",
        "Europe/Amsterdam",
    )
    assert (noise["first"], noise["last"], noise["zone"]) == ("day", "night", None)
    text = citiverse("info", flood).out
    assert "Scenario    Case flood (id flood)" in text
    assert "depth: Depth in m, object, 10 values, 3 steps" in text


def test_a_project_keeps_packages_and_records_steps_with_scenarios(
    citiverse: Callable, project: Path, flood: Path, tmp_path: Path
) -> None:
    from viewer.document.project import load_project, save_project
    from viewer.document.state import ScenarioState, ScenarioView, Tour, TourStep

    state = load_project(project).state
    start = 1908259200.0  # 2030-06-21T10:00+02:00
    view = ScenarioView(("flood",), "depth", sun=False)
    name = state.viewpoints[0].name
    steps = (
        TourStep(name, dwell=0.5),
        TourStep(name, dwell=1.0, transition="cut", scenario_view=view, moment=start, clock_speed=120.0),
    )
    entry = ScenarioState("flood", "Flood", str(flood / "scenario.json"))
    state = type(state)(
        **{field: getattr(state, field) for field in state.__slots__}
        | {"scenarios": (entry,), "tours": (Tour("T", steps),)}
    )
    save_project(state, project)
    answer = citiverse(
        "record", project, "-o", "t.mp4", "--size", "160x120", "--fps", "4", "--quality", "draft", "--no-legend"
    )
    assert answer.code == 0, answer.err
    import av

    with av.open("t.mp4") as film:
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    assert len(frames) == 6
    assert np.abs(frames[0] - frames[2]).max() > 40  # the scenario appears
    assert np.abs(frames[2] - frames[5]).max() > 40  # and its clock has run
