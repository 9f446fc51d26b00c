"""``citiverse record``: tours and paths as videos."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from viewer import cli_picture, cli_record
from viewer.document.project import load_project, save_project
from viewer.document.state import Camera, CameraPath, Light, PathKey, Tour, TourStep, Viewpoint

SIZE = ("--size", "160x120")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def touring(project: Path) -> Path:
    """The project of the boxes with a tour of two views (cut, then dissolve) and a path."""
    state = load_project(project).state
    side = Camera((84900.0, 445900.0, 120.0), (85025.0, 446025.0, 10.0))
    keys = (
        PathKey(0.0, (84900.0, 445900.0, 60.0), (0.6, 0.8, 0.0)),
        PathKey(1.0, (84930.0, 445940.0, 60.0), (0.6, 0.8, 0.0)),
    )
    steps = (
        TourStep("From above", dwell=1.0, texts=(("en", "Nine boxes"),)),
        TourStep("Side", dwell=1.0, transition="dissolve", time="2026-06-21T23:30:00+02:00"),
    )
    save_project(
        replace(
            state,
            viewpoints=(*state.viewpoints, Viewpoint("Side", side)),
            paths=(CameraPath("Walk", keys),),
            tours=(Tour("Round", steps),),
            light=Light(shadows=False),
        ),
        project,
    )
    return project


def frames(path: Path) -> list[npt.NDArray[np.int16]]:
    with av.open(str(path)) as file:
        return [
            frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(np.int16)
            for frame in file.decode(video=0)
        ]


def off(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> float:
    return float(np.abs(one - other).mean())


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_a_tour_becomes_a_video_of_the_pictures_that_render_makes(
    citiverse: Callable[..., Any], touring: Path, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"round.{ending}"
    answer = citiverse("record", touring, "--tour", "Round", "-o", out, *SIZE, "--fps", "5", "--quality", "high")
    assert answer.code == 0, answer.err
    found = frames(out)
    assert len(found) == 15 and all(frame.shape == (120, 160, 3) for frame in found)
    for view, number, more in (("From above", 2, ()), ("Side", 14, ("--sun", "2026-06-21T23:30:00+02:00"))):
        still = tmp_path / f"{number}.png"
        assert citiverse("render", touring, "--view", view, "-o", still, *SIZE, *more).code == 0
        assert off(found[number], np.asarray(Image.open(still).convert("RGB"), np.int16)) < 4.0
    assert off(found[2], found[14]) > 10.0
    middle = (found[2] + found[14]) / 2
    assert off(found[7], middle) < off(found[7], found[2])
    assert off(found[0], found[4]) < 1.5
    with av.open(str(out)) as file:
        told = {key.lower(): value for key, value in file.metadata.items()}
        assert told["title"] == "Round" and "boxes.city.json" in told["comment"]
        assert float(file.streams.video[0].average_rate) == 5.0
    assert list(tmp_path.glob("*.parts")) == []


def test_a_path_moves_in_every_picture(citiverse: Callable[..., Any], touring: Path, tmp_path: Path) -> None:
    out = tmp_path / "walk.mp4"
    words = ("--path", "Walk", "--speed", "0.5", "--fps", "5", "--no-legend")  # which would hide most of the boxes
    answer = citiverse("record", touring, *words, "-o", out, *SIZE)
    assert answer.code == 0, answer.err
    found = frames(out)
    assert len(found) == 10
    assert all(off(a, b) > 0.3 for a, b in pairwise(found))


def test_words_are_stamped_unless_unwanted(citiverse: Callable[..., Any], touring: Path, tmp_path: Path) -> None:
    found = []
    for name, more in (("a.mp4", ()), ("b.mp4", ("--no-stamp", "--no-legend"))):
        out = tmp_path / name
        size = ("--size", "640x480", "--fps", "1", "--quality", "draft")
        assert citiverse("record", touring, "-o", out, *size, *more).code == 0
        found.append(frames(out)[0])
    corner = np.s_[12:46, 12:70]
    assert (found[0][corner] > 215).mean() > 0.5 > (found[1][corner] > 215).mean()
    below = np.s_[420:470, 240:400]
    assert off(found[0][below], found[1][below]) > 10.0


def test_a_video_for_both_eyes_is_the_picture_that_render_makes(
    citiverse: Callable[..., Any], touring: Path, tmp_path: Path
) -> None:
    mode = "side-by-side"
    out, still, plain = tmp_path / "both.mp4", tmp_path / "still.png", tmp_path / "plain.png"
    words = ("--tour", "Round", "-o", out, *SIZE, "--fps", "1", "--quality", "high", "--no-stamp")
    answer = citiverse("record", touring, *words, "--stereo", mode)
    assert answer.code == 0, answer.err
    first = frames(out)[0]
    assert citiverse("render", touring, "--view", "From above", "-o", still, *SIZE, "--stereo", mode).code == 0
    assert citiverse("render", touring, "--view", "From above", "-o", plain, *SIZE).code == 0
    both, one = (np.asarray(Image.open(x), np.int16) for x in (still, plain))
    assert off(first, both) < 3.0 < off(one, both)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-o", "a.avi"], 2, "change its ending"),
        (["-o", "a.mp4", "--size", "161x120"], 2, "even"),
        (["-o", "no/such/a.mp4"], 2, "no such folder"),
        (["-o", "a.mp4", "--fps", "0"], 2, "1 to 120"),
        (["-o", "a.mp4", "--tour", "Rund"], 4, "Did you mean 'Round'"),
        (["-o", "a.mp4", "--path", "Nowhere"], 4, "It has: Walk"),
        (["-o", "a.mp4", "--tour", "a", "--path", "b"], 2, "not allowed"),
    ],
)
def test_what_cannot_be_recorded_is_told_in_one_line(
    citiverse: Callable[..., Any], touring: Path, words: list[str], code: int, said: str
) -> None:
    answer = citiverse("record", touring, *words)
    assert answer.code == code and said in answer.err and answer.err.count("\n") == 1, answer.err


def test_a_file_without_tours_is_no_project(citiverse: Callable[..., Any], boxes: Path, project: Path) -> None:
    assert citiverse("record", boxes, "-o", "a.mp4").code == 2
    answer = citiverse("record", project, "-o", "a.mp4")
    assert answer.code == 4 and "no tour" in answer.err


def test_too_large_a_picture_is_refused_before_drawing(
    citiverse: Callable[..., Any], touring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_picture, "free_memory", lambda: 1 << 30)
    for words in (("render", touring, "-o", "a.png"), ("record", touring, "-o", "a.mp4")):
        answer = citiverse(*words, "--size", "7680x4320")
        assert answer.code == 5 and "GiB" in answer.err and answer.err.count("\n") == 1


def test_an_interrupted_recording_goes_on(
    citiverse: Callable[..., Any], touring: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_record, "PART_SECONDS", 1.0)
    out = tmp_path / "round.mp4"
    words = ("record", touring, "-o", out, *SIZE, "--fps", "4", "--quality", "draft")
    drawn: list[int] = []
    frame = cli_record.Film.frame

    def failing(film: cli_record.Film, number: int) -> Any:
        drawn.append(number)
        if number == 6 and len(drawn) == 7:
            raise KeyboardInterrupt
        return frame(film, number)

    monkeypatch.setattr(cli_record.Film, "frame", failing)
    assert citiverse(*words).code == 130
    assert not out.exists() and [p.name for p in sorted((tmp_path / "round.mp4.parts").iterdir())] == [
        "000000.mp4",
        "plan.json",
    ]
    drawn.clear()
    answer = citiverse(*words)
    assert answer.code == 0 and "going on" in answer.err and drawn[0] == 4
    assert len(frames(out)) == 12 and not (tmp_path / "round.mp4.parts").exists()
    whole = tmp_path / "whole.mp4"
    assert citiverse("record", touring, "-o", whole, *words[4:]).code == 0
    assert all(off(a, b) < 1.0 for a, b in zip(frames(out), frames(whole), strict=True))


def test_a_changed_project_begins_anew(
    citiverse: Callable[..., Any], touring: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "round.mp4.parts"
    folder.mkdir()
    (folder / "plan.json").write_text('{"key": "of another recording"}')
    (folder / "000000.mp4").write_bytes(b"no video")
    out = tmp_path / "round.mp4"
    assert citiverse("record", touring, "-o", out, *SIZE, "--fps", "2", "--quality", "draft").code == 0
    assert len(frames(out)) == 6
    folder.mkdir()
    (folder / "mine.txt").write_text("do not delete")
    answer = citiverse("record", touring, "-o", out, *SIZE, "--fps", "2")
    assert answer.code == 2 and "choose another name" in answer.err and (folder / "mine.txt").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_ends_early_and_leaves_no_broken_file(touring: Path, tmp_path: Path) -> None:
    out = tmp_path / "long.mp4"
    words = ["record", str(touring), "-o", str(out), "--size", "640x480", "--fps", "120", "--progress-json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "viewer", *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert 0 < told["fraction"] < 0.5
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert not out.exists() and err.strip().endswith("stopped.")


def test_waves_move_in_videos(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from viewer.cli_film import Film, Words
    from viewer.cli_scene import make_session
    from viewer.session.timeline import path_timeline

    key = PathKey(0.0, (0.0, 0.0, 5.0), (1.0, 0.0, 0.0))
    line = path_timeline(CameraPath("Still", (key, replace(key, seconds=1.0))))
    drawn: list[float] = []
    for name, times in (("WaterBody", [0.0, 0.2, 0.4]), ("Road", [0.0])):
        session, view = make_session(), SimpleNamespace(scene=SimpleNamespace(water_time=0.0))
        with session.document.change("Texture") as edit:
            edit.state = replace(edit.state, realism="textured")
        session.document.cities["a"] = SimpleNamespace(objects=SimpleNamespace(type_names=(name,)))  # type: ignore[index]
        film = Film(session, view, line, (8, 8), 5, Words(stamped=False))  # type: ignore[arg-type]
        drawn.clear()
        monkeypatch.setattr(film, "_draw", lambda camera, view=view: drawn.append(view.scene.water_time))
        for number in range(3):
            film.frame(number)
        assert drawn == times
        session.close()
