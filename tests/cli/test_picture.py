"""``citiverse render`` and ``citiverse pick``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from viewer.selftest import small_city

SMALL = ("--size", "160x120")
ABOVE = ("--camera", "85025,446024.9,300,85025,446025,30")
BARE = ("--no-legend", "--realism", "plain")
"""For options that have nothing to do with light, without its maps."""
MIDDLE = (85025.0, 446025.0)


def pixels(path: Path) -> npt.NDArray[np.int16]:
    return np.asarray(Image.open(path).convert("RGB"), np.int16)


def differs(one: Path, other: Path) -> float:
    """Share of the pixels that differ visibly."""
    return float((np.abs(pixels(one) - pixels(other)).max(axis=2) > 8).mean())


@pytest.fixture
def picture(citiverse: Callable, boxes: Path, tmp_path: Path) -> Callable[..., Path]:
    """Render the boxes with options; fails unless that works."""

    def make(*words: str, path: Path | None = None) -> Path:
        out = tmp_path / f"picture-{len(list(tmp_path.glob('picture-*')))}.png"
        answer = citiverse("render", path or boxes, "-o", out, *SMALL, *words)
        assert answer.code == 0, answer.err
        return out

    return make


def test_the_whole_scene_is_in_the_default_picture(picture: Callable) -> None:
    image = pixels(picture("--no-legend"))
    assert image.shape == (120, 160, 3)
    ids = [(x, y) for y in range(120) for x in range(160)]
    assert len(ids) == image.shape[0] * image.shape[1]
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 20


def test_the_same_twice(picture: Callable) -> None:
    assert (pixels(picture()) == pixels(picture())).all()


def test_jpeg_and_size(citiverse: Callable, boxes: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.JPG"
    assert citiverse("render", boxes, "-o", out, "--size", "200x100").code == 0
    with Image.open(out) as image:
        assert image.format == "JPEG" and image.size == (200, 100)


def test_options_change_the_picture(picture: Callable) -> None:
    plain = picture(*BARE)
    assert differs(picture("--no-legend"), picture()) > 0.01
    assert differs(plain, picture(*BARE, "--color-by", "height")) > 0.05
    assert differs(plain, picture(*BARE, "--filter", "height > 30")) > 0.02
    assert differs(plain, picture(*BARE, "--select", "box-8")) > 0.001
    assert differs(plain, picture(*BARE, *ABOVE)) > 0.2
    assert differs(plain, picture(*BARE, "--fov", "20")) < 0.9
    assert differs(plain, picture(*BARE, "--lod", "1")) == 0
    assert differs(plain, picture(*BARE, "--lod", "highest")) == 0


def test_labels_and_caption_are_in_the_picture(picture: Callable, project: Path, citiverse: Callable) -> None:
    plain = picture(*BARE)
    labelled = picture(*BARE, "--label", "height")
    assert 0.002 < differs(plain, labelled) < 0.3
    assert differs(plain, picture(*BARE, "--label", "height", "--no-labels")) == 0
    assert differs(plain, picture(*BARE, "--label", "")) == 0
    raw = json.loads(project.read_text("utf-8"))
    project.write_text(json.dumps({**raw, "caption": "Fictional"}), encoding="utf-8")
    captioned = np.abs(pixels(picture(*BARE, "--no-labels", path=project)) - pixels(plain)).max(axis=2) > 8
    rows, columns = np.nonzero(captioned)
    assert rows.min() > 90 and 5 < columns.min() < 24 and columns.max() < 120
    answer = citiverse("render", project, "-o", "a.png", *SMALL, "--label", "heigth")
    assert answer.code == 4 and "Did you mean 'height'" in answer.err


def test_palette_and_range_reach_the_colours(picture: Callable) -> None:
    by_height = (*BARE, "--color-by", "height")
    assert differs(picture(*by_height), picture(*by_height, "--palette", "magma")) > 0.05
    assert differs(picture(*by_height), picture(*by_height, "--range", "0,1000")) > 0.05
    assert differs(picture(*by_height), picture(*by_height, "--range", "-5,-1")) > 0.05


def test_hiding_every_type_leaves_the_sky(picture: Callable) -> None:
    empty = pixels(picture("--no-legend", "--hide", "Building"))
    assert (np.abs(np.diff(empty, axis=1)) <= 2).all()


def test_a_filter_that_matches_nothing_is_told(citiverse: Callable, boxes: Path) -> None:
    answer = citiverse("render", boxes, "-o", "a.png", *SMALL, "--filter", "height > 1000")
    assert answer.code == 0 and "no object matches" in answer.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--lod", "9"), "LoD '9'"),
        (("--color-by", "heigth"), "Did you mean 'height'"),
        (("--filter", "storeys > 3"), "storeys"),
        (("--hide", "Bridge"), "Bridge"),
        (("--select", "box-99"), "box-99"),
        (("--view", "Nowhere"), "Nowhere"),
        (("--scenario", "2030"), "no scenarios"),
        (("--scenario", "2030/heat"), "no scenarios"),
        (("--compare", "a,b", "--split", "0.5"), "no scenarios"),
        (("--time", "2030-06-21T12:00"), "no data over time"),
    ],
)
def test_what_is_not_in_it_is_code_4(citiverse: Callable, boxes: Path, words: tuple[str, ...], told: str) -> None:
    answer = citiverse("render", boxes, "-o", "a.png", *SMALL, *words)
    assert answer.code == 4, answer.err
    assert told in answer.err and answer.err.count("\n") == 1
    assert not Path("a.png").exists()


@pytest.mark.parametrize(
    "words",
    [("--realism", "plain")],
)
def test_light_and_realism_change_the_picture(picture: Callable, words: tuple[str, ...]) -> None:
    assert differs(picture(*words), picture()) > 0.02


def test_what_cannot_be_read_is_code_3(citiverse: Callable, boxes: Path, tmp_path: Path) -> None:
    assert citiverse("render", "missing.json", "-o", "a.png").code == 3
    (tmp_path / "bad.city.json").write_text('{"type":"CityJSON"')
    answer = citiverse("render", "bad.city.json", "-o", "a.png")
    assert answer.code == 3 and "bad.city.json" in answer.err and not Path("a.png").exists()
    answer = citiverse("render", "bad.city.json", boxes, "-o", "a.png", *SMALL)
    assert answer.code == 0 and "bad.city.json" in answer.err and Path("a.png").exists()


def test_several_files_make_one_picture(citiverse: Callable, picture: Callable, boxes: Path, tmp_path: Path) -> None:
    city = small_city()
    city["transform"]["translate"][0] += 60.0
    other = tmp_path / "other.city.json"
    other.write_text(json.dumps(city))
    assert citiverse("render", boxes, other, "-o", "both.png", *SMALL, *ABOVE, "--no-legend").code == 0
    assert differs(picture(*ABOVE, "--no-legend"), Path("both.png")) > 0.03


def test_views_of_a_project(picture: Callable, project: Path) -> None:
    view = picture("--view", "From above", "--no-legend", path=project)
    assert differs(view, picture(*ABOVE, "--no-legend")) == 0


def test_pick_tells_what_is_there(citiverse: Callable, boxes: Path) -> None:
    answer = citiverse("pick", boxes, "--at", "80,60", *SMALL, *ABOVE, "--json")
    found = answer.json
    assert answer.code == 0
    assert set(found) == {"layer", "id", "type", "surface", "position", "attributes"}
    assert (found["id"], found["type"], found["surface"]) == ("box-4", "Building", None)
    assert found["position"] == pytest.approx([*MIDDLE, 30.0], abs=1.0)
    assert found["position"][2] == pytest.approx(30.0, abs=1e-3)
    assert found["attributes"] == {"height": 30.0}
    assert "box-4 (Building)" in citiverse("pick", boxes, "--at", "80,60", *SMALL, *ABOVE).out


def test_pick_of_nothing(citiverse: Callable, boxes: Path) -> None:
    answer = citiverse("pick", boxes, "--at", "0,0", *SMALL, "--json")
    assert answer.code == 0 and answer.json == {"id": None}
    assert citiverse("pick", boxes, "--at", "0,0", *SMALL).out == "nothing\n"


def test_pick_sees_only_what_is_shown(citiverse: Callable, boxes: Path) -> None:
    words = ("pick", boxes, "--at", "80,60", *SMALL, *ABOVE, "--json")
    assert citiverse(*words, "--filter", "height < 30").json == {"id": None}
    assert citiverse(*words, "--hide", "Building").json == {"id": None}


def test_pick_agrees_with_the_picture(citiverse: Callable, picture: Callable, boxes: Path) -> None:
    """A pixel whose colour a selection changes belongs to the selected object."""
    before, after = pixels(picture("--no-legend")), pixels(picture("--no-legend", "--select", "box-8"))
    changed = np.abs(before - after).sum(axis=2) > 60
    inner = changed[1:-1, 1:-1] & changed[:-2, 1:-1] & changed[2:, 1:-1] & changed[1:-1, :-2] & changed[1:-1, 2:]
    y, x = np.argwhere(inner)[len(np.argwhere(inner)) // 2] + 1
    assert citiverse("pick", boxes, "--at", f"{x},{y}", *SMALL, "--json").json["id"] == "box-8"


def test_a_machine_that_cannot_draw_is_code_5(
    citiverse: Callable, boxes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from viewer.render import offscreen

    def nothing() -> None:
        raise offscreen.CannotDraw("This machine cannot draw: no OpenGL. Install Mesa.")

    monkeypatch.setattr(offscreen, "make_offscreen_window", nothing)
    for words in (("render", boxes, "-o", "a.png"), ("pick", boxes, "--at", "1,1")):
        answer = citiverse(*words)
        assert answer.code == 5 and answer.err.count("\n") == 1 and "cannot draw" in answer.err


def test_an_empty_picture_and_a_lost_layer_come_with_a_reason(
    citiverse: Callable, project: Path, tmp_path: Path
) -> None:
    empty = {"type": "CityJSON", "version": "2.0", "CityObjects": {"a": {"type": "Building"}}, "vertices": []}
    empty["transform"] = {"scale": [1, 1, 1], "translate": [0, 0, 0]}
    (tmp_path / "empty.city.json").write_text(json.dumps(empty), encoding="utf-8")
    answer = citiverse("render", "empty.city.json", "-o", "a.png")
    assert (answer.code, answer.err.count("\n")) == (0, 1) and "it has no geometry" in answer.err
    raw = json.loads(project.read_text("utf-8"))
    raw["layers"].append({**raw["layers"][0], "id": "lost", "name": "Lost", "path": "lost.city.json"})
    project.write_text(json.dumps(raw), encoding="utf-8")
    answer = citiverse("render", project, "-o", "a.png")
    assert answer.code == 0 and "'Lost'" in answer.err and answer.err.count("\n") == 1


def test_names_that_the_system_refuses_are_wrong_usage(citiverse: Callable, boxes: Path) -> None:
    answer = citiverse("render", boxes, "-o", "a" * 5000 + ".png")
    assert answer.code == 2 and answer.err.count("\n") == 1 and "file name" in answer.err


@pytest.mark.parametrize("mode", ["anaglyph", "side-by-side", "side-by-side-full"])
def test_stereo_is_for_both_eyes(picture: Callable, mode: str) -> None:
    plain, both = picture("--no-legend"), picture("--no-legend", "--stereo", mode)
    assert differs(plain, both) > 0.02 and pixels(both).shape == pixels(plain).shape
    if mode != "anaglyph":
        halves = np.split(pixels(both), 2, axis=1)
        near = np.abs(halves[0] - halves[1]).max(axis=2) > 8
        assert 0.001 < near.mean() < 0.4


def test_the_legend_is_shown_to_both_eyes(picture: Callable) -> None:
    words = ("--color-by", "@type", "--stereo", "side-by-side")
    with_legend, without = pixels(picture(*words)), pixels(picture(*words, "--no-legend"))
    for half in np.split(np.abs(with_legend - without).max(axis=2) > 8, 2, axis=1):
        assert half.sum() > 100
