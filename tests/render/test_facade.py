"""Textured walls: whole windows, none where a wall is too small, and the same mean tone near and far."""

from dataclasses import replace

import numpy as np
import pytest

from loaders.city import Material
from viewer.document.state import Camera
from viewer.render.state import LightState, RenderState

NO_SHADOWS = LightState((-0.288, -0.618, 0.731), shadows=False)


@pytest.fixture
def front(view, box_city, look):
    """Draws the south wall of one box, seen straight; returns the pixels of the wall, float (h, w, 3)."""

    def draw(side=12.0, height=9.0, distance=30.0, realism="textured", **changes):
        city = box_city(1, side=side, height=height)
        view.scene.attach("a", city)
        middle = (side / 2, 0.0, height / 2)
        camera = Camera((middle[0], -distance, middle[2]), middle)
        looks = replace(look(city, "a"), **changes)
        view.scene.apply(RenderState(camera, (looks,), realism=realism, light=NO_SHADOWS))
        picture = view.image().astype(float)
        corners = np.array([[0, 0, 0], [side, 0, height]]) - view.scene.origin
        pixels, _ = view.scene.view().project(corners)
        (left, bottom), (right, top) = pixels
        view.scene.detach("a")
        return picture[round(top) + 2 : round(bottom) - 1, round(left) + 2 : round(right) - 1]

    return draw


def test_windows_are_there_only_at_the_textured_level(front):
    spread = {
        level: front(realism=level)[:, 20:-20].std(axis=(0, 1)).max() for level in ("plain", "shaded", "textured")
    }
    assert spread["textured"] > 20 > 3 * spread["plain"] and spread["shaded"] < 12


def test_no_window_is_cut_at_corners_and_eaves(front):
    wall = front(side=13.7, height=10.4)
    middle = wall[len(wall) // 4 : -len(wall) // 4]
    dark = middle.mean(axis=(0, 2)) < middle.mean(axis=(0, 2)).max() - 12
    assert dark.any() and not dark[:4].any() and not dark[-4:].any()
    # the picture is the same from left to right but for the door: whole bays
    upper = wall[8 : len(wall) // 3].mean(axis=2)
    unlike = np.abs(upper - upper[:, ::-1]) > 20
    assert unlike.mean() < 0.002, "only single pixels, where edges are smoothed from one side"


def test_small_walls_have_no_windows(front):
    low = front(side=12.0, height=2.2)
    narrow = front(side=1.4, height=9.0)
    for wall in (low[3:-8], narrow[10:-20]):
        assert wall.std(axis=(0, 1)).max() < 6


@pytest.mark.parametrize("distance", [60.0, 240.0])
def test_far_walls_keep_their_mean_colour(front, distance):
    # (light is added up in the screen's colours, so the mean moves a little)
    near, far = front(distance=30.0).mean(axis=(0, 1)), front(distance=distance).mean(axis=(0, 1))
    assert np.abs(near - far).max() < 9


def test_far_walls_are_quiet(front):
    for distance in (400.0, 700.0):
        assert front(side=60.0, height=30.0, distance=distance)[2:-2, 2:-2].std(axis=(0, 1)).max() < 14


def test_ids_are_the_same_with_windows(view, box_city, look, cameras):
    city = box_city(9)
    view.scene.attach("a", city)
    ids = []
    for level in ("shaded", "textured"):
        view.scene.apply(RenderState(cameras[0](city), (look(city, "a"),), realism=level))
        view.image()
        ids.append(view.scene.pick_ids())
    assert np.array_equal(*ids) and len(np.unique(ids[0][..., 1])) == 10


def test_hatching_takes_turns_with_the_colour_itself(front):
    plain = front(realism="shaded")[30:60, 30:60]
    hatched = front(realism="shaded", uncertain=np.array([0]))[30:60, 30:60]
    change = (hatched - plain).mean(axis=2)
    assert change.min() < -10 and change.max() < 3, "darker lines on what is pale"
    assert 0.2 < (change > -3).mean() < 0.8


def test_contour_lines_lie_at_their_heights(view, box_city, look, cameras):
    city = box_city(1, side=40.0)
    ground = replace(city.objects, type_names=("TINRelief",))
    tiles = city.lods["1"].tiles
    positions = tiles.positions.copy()
    positions[:, 2] = positions[:, 0] * 0.5  # a slope of 20 m over 40 m
    tags = tiles.tags.copy()
    tags[:, 1] = 0
    mesh = replace(
        city.lods["1"], tiles=replace(tiles, positions=positions, tags=tags, bounds=np.array([[0, 0, 0, 40, 40, 20.0]]))
    )
    city = replace(city, objects=ground, lods={"1": mesh}, bbox=np.array([0, 0, 0, 40, 40, 20.0]))
    view.scene.attach("a", city)
    pictures = []
    for step in (0.0, 4.0):
        state = RenderState(cameras[1](city, 80.0), (look(city, "a"),), contour_step=step, light=NO_SHADOWS)
        assert view.scene.apply(state)
        pictures.append(view.image().astype(float).mean(axis=2))
    heights = np.array([2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0])
    points = np.stack([heights / 0.5, 0 * heights + 20, heights], axis=1) - view.scene.origin
    pixels, _ = view.scene.view().project(points)
    columns, row = np.rint(pixels[:, 0]).astype(int), round(pixels[0, 1])
    change = (pictures[0] - pictures[1])[row]
    darkest = [change[x - 2 : x + 3].max() for x in columns]
    assert all(dark > 15 for dark in darkest[1::2]) and all(dark < 4 for dark in darkest[::2])


def test_transparent_materials_let_pixels_through(view, box_city, look, cameras):
    from tests.render.test_textures import textured

    shares = {}
    for transparency in (0.0, 0.5, 0.75, 1.0):
        material = Material("glass", (0.9, 0.1, 0.1), transparency=transparency)
        city = textured(box_city(1), (), materials=(material,), material=0.0, number=-1)
        view.scene.attach("a", city)
        state = RenderState(cameras[1](city, 40.0), (look(city, "a", mode="theme", theme="photo"),), light=NO_SHADOWS)
        view.scene.apply(state)
        view.scene.set_moving(True)  # without smoothing of edges
        picture = view.image().astype(int)
        view.scene.set_moving(False)
        red = (picture[..., 0] - picture[..., 1] > 60)[100:140, 140:180]
        shares[transparency] = red.mean()
        picked = view.scene.pick_ids()[120, 160, 1]
        assert picked == (0 if transparency < 1 else -1)
        view.scene.detach("a")
    assert shares[0.0] == 1 and shares[1.0] == 0
    # behind the roof is the floor, which is as transparent
    assert shares[0.5] == pytest.approx(0.5, abs=0.05) and shares[0.75] == pytest.approx(0.25, abs=0.05)
