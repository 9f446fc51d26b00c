"""Vehicles and people: where they are drawn, as what, in which colour."""

from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from viewer.document.state import Camera
from viewer.render.culling import make_view
from viewer.render.mover_shapes import KINDS, kind_of, shape_of
from viewer.render.movers import CHUNK, DOTS, Movers
from viewer.render.state import MoverLook, MoverSet, RenderState

terrain_city = run_path(str(Path(__file__).with_name("ground_town.py")))["terrain_city"]

ORIGIN = (85_000.0, 446_000.0, 0.0)
RED, GREEN = (215, 30, 40), (20, 150, 60)


def movers(places, kinds=None, heading=0.0, rgb=RED, trails=None):
    count = len(places)
    return MoverSet(
        np.zeros(count, np.uint8) if kinds is None else np.asarray(kinds, np.uint8),
        KINDS,
        np.asarray(places, float) + ORIGIN,
        np.full(count, heading, np.float32),
        np.tile(np.array([rgb], np.uint8), (count, 1)),
        trails,
    )


@pytest.fixture
def land(view):
    city = terrain_city(ORIGIN)
    view.scene.attach("land", city)
    return view, city


def above(x, y, height):
    at = np.array([x, y, 0.0]) + ORIGIN
    return Camera(tuple(at + np.array([0.0, 0.0, height])), tuple(at), (0.0, 1.0, 0.0))


def drawn(land, look, camera, sets, **more):
    view, city = land
    view.scene.apply(RenderState(camera, (look(city, "land", rgb=(150, 150, 150)),), movers=sets, **more))
    return view.image()


def reddish(image):
    rgb = image.astype(int)
    return (rgb[:, :, 0] > rgb[:, :, 1] + 60) & (rgb[:, :, 0] > rgb[:, :, 2] + 60)


def test_a_car_is_as_large_as_a_car_and_drives_ahead(land, look):
    camera = above(20, 20, 30.0)
    for heading, wide in ((0.0, True), (np.pi / 2, False)):
        image = drawn(land, look, camera, MoverLook(movers([(20, 20, 0)], heading=heading)))
        ys, xs = np.nonzero(reddish(image))
        pixel = 2.0 * 30.0 * np.tan(np.radians(20)) / 240
        size = np.ptp(xs) * pixel, np.ptp(ys) * pixel
        assert abs(max(size) - 4.4) < 0.5
        assert (size[0] > size[1]) == wide
        assert abs(xs.mean() - 160) < 6
        assert abs(ys.mean() - 120) < 6


def test_all_kinds_are_drawn_as_what_they_are(land, look):
    seen = {}
    for k, name in enumerate(KINDS):
        image = drawn(land, look, above(20, 20, 40.0), MoverLook(movers([(20, 20, 0)], [k])))
        seen[name] = int(np.count_nonzero(reddish(image)))
    assert seen["tram"] > seen["bus"] > seen["truck"] * 0.9 > seen["van"] * 0.9
    assert seen["van"] > seen["car"] > seen["motorcycle"] > 0
    assert seen["person"] > 0
    assert seen["bicycle"] > 0


def test_far_ones_are_dots(land, look):
    image = drawn(land, look, above(20, 20, 4000.0), MoverLook(movers([(20, 20, 0)])))
    ys, xs = np.nonzero(reddish(image))
    assert 8 <= len(xs) <= 60
    assert np.ptp(xs) <= 7
    assert np.ptp(ys) <= 7


def test_each_has_its_own_colour(land, look):
    places = [(20, 20, 0), (30, 20, 0)]
    made = movers(places)
    made.rgb[1] = GREEN
    image = drawn(land, look, above(25, 20, 30.0), MoverLook(made)).astype(int)
    left, right = image[:, :160], image[:, 160:]
    assert reddish(left).any() and not reddish(right).any()
    green = (image[:, :, 1] > image[:, :, 0] + 50) & (image[:, :, 1] > image[:, :, 2] + 30)
    assert green[:, 160:].any() and not green[:, :160].any()


def test_houses_hide_what_drives_under_them(land, look):
    image = drawn(land, look, above(50, 50, 40.0), MoverLook(movers([(50, 50, 0)])))
    assert not reddish(image).any()


def test_they_move_and_go(land, look):
    camera = above(20, 20, 30.0)
    first = drawn(land, look, camera, MoverLook(movers([(18, 20, 0)])))
    second = drawn(land, look, camera, MoverLook(movers([(22, 20, 0)])))
    x = [np.nonzero(reddish(image))[1].mean() for image in (first, second)]
    assert x[1] > x[0] + 20
    assert not reddish(drawn(land, look, camera, MoverLook(movers(np.zeros((0, 3)))))).any()
    assert not reddish(drawn(land, look, camera, None)).any()


def test_a_swipe_has_its_own_movers_on_each_side(land, look):
    places = [(14, 20, 0), (26, 20, 0)]
    sets = MoverLook(movers(places), movers(places, rgb=GREEN))
    image = drawn(land, look, above(20, 20, 30.0), sets, compare="swipe")
    assert reddish(image[:, :150]).any()
    assert not reddish(image[:, 170:]).any()
    only_b = drawn(land, look, above(20, 20, 30.0), MoverLook(None, movers(places)), compare="swipe")
    assert not reddish(only_b[:, :150]).any()
    assert reddish(only_b[:, 170:]).any()


def test_movers_have_no_ids(land, look):
    view, _ = land
    drawn(land, look, above(20, 20, 30.0), None)
    before = view.scene.pick_ids()
    drawn(land, look, above(20, 20, 30.0), MoverLook(movers([(20, 20, 0)])))
    assert np.array_equal(view.scene.pick_ids(), before)


def test_trails_run_back_and_fade(land, look):
    back = np.array([[18, 20, 0], [14, 20, 0], [10, 20, 0], [np.nan] * 3], float) + ORIGIN
    image = drawn(land, look, above(15, 20, 30.0), MoverLook(movers([(20, 20, 0)], trails=back[None])))
    mask = reddish(image)
    pixel = 2.0 * 30.0 * np.tan(np.radians(20)) / 240
    columns = np.flatnonzero(mask.any(axis=0))
    assert (160 - columns.min()) * pixel > 3.5  # reaches well behind 12 m
    newer = mask[:, 160:180].mean()
    older = mask[:, 110:130].mean()
    assert newer > 1.3 * older > 0.0


def view_of(camera):
    return make_view(camera, np.asarray(ORIGIN), 320, 240)


def test_what_is_not_in_view_is_not_written():
    made = Movers(True, 0)
    shown, new = made.place(movers([(2000, 20, 0)]), view_of(above(20, 20, 30.0)), np.asarray(ORIGIN), 1.0)
    assert shown == new == []


def test_many_need_few_actors_and_the_nearest_are_shapes():
    made = Movers(True, 0)
    rng = np.random.default_rng(1)
    count = 20_000
    places = np.concatenate([rng.uniform(0, 100, (count, 2)), np.zeros((count, 1))], axis=1)
    made_set = movers(places, rng.integers(0, len(KINDS), count))
    camera = Camera((ORIGIN[0] + 50.0, ORIGIN[1] - 40.0, 60.0), (ORIGIN[0] + 50.0, ORIGIN[1] + 50.0, 0.0))
    shown, new = made.place(made_set, view_of(camera), np.asarray(ORIGIN), 1.0)
    assert set(new) == set(shown)
    assert len(shown) < 1200 / CHUNK + len(KINDS) + count / DOTS + 2
    again, none = made.place(made_set, view_of(camera), np.asarray(ORIGIN), 1.0)
    assert again == shown
    assert none == []


def test_kinds_have_many_names():
    assert KINDS[kind_of("Lorry")] == "truck"
    assert KINDS[kind_of(" pedestrian ")] == "person"
    assert KINDS[kind_of("unheard of")] == "car"


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_are_closed_above_stand_on_the_ground_and_are_light(kind):
    shape = shape_of(kind)
    assert 0.0 <= shape.positions[:, 2].min() < 0.06
    assert shape.triangles.max() < len(shape.positions)
    assert len(shape.triangles) <= 160
    # faces look outwards: no more area looks down than up
    corners = shape.positions[shape.triangles]
    up = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])[:, 2]
    assert up.sum() > 0.0
    assert np.abs(shape.positions[:, 1].min() + shape.positions[:, 1].max()) < 0.05
