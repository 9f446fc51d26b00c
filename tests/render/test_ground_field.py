"""Rasters on the ground: the colour under a pixel maps back to the class of the cell there."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from viewer.render.fields import FieldPool, put_scale
from viewer.render.ground_field import GroundCells, cells_of
from viewer.render.state import FieldGrid, GroundLook, RenderState, ValueScale

terrain_city = run_path(str(Path(__file__).with_name("ground_town.py")))["terrain_city"]

COLOURS = ((255, 245, 200), (250, 170, 60), (200, 60, 50), (90, 20, 90))
BREAKS = (1.0, 2.0, 3.0)
SCALE = ValueScale(COLOURS, BREAKS, zero_rgb=(222, 222, 218))
ORIGIN = (85_000.0, 446_000.0, 0.0)
NORTH_UP = (10.0, 0.0, ORIGIN[0], 0.0, -10.0, ORIGIN[1] + 100.0)


@pytest.fixture
def land(view, cameras):
    city = terrain_city(ORIGIN)
    view.scene.attach("land", city)
    return view, city, cameras[1](city, 120.0)


def state_of(look_of, land, ground, **more):
    _, city, camera = land
    made = look_of(city, "land", rgb=(150, 170, 120))
    return RenderState(camera, (made,), ground=ground, **more)


def drawn(view, state):
    view.scene.apply(state)
    return view.image()


def nearest(rgb):
    return np.argmin(((np.asarray(rgb, float)[..., None, :] - np.array(COLOURS, float)) ** 2).sum(axis=-1), axis=-1)


def cell_under(view, x, y, transform=NORTH_UP):
    """(row, column) of the place under a pixel, fractions; None beside the terrain or on the house."""
    pick = view.scene.pick(x, y)
    if pick is None or pick.row != 0:
        return None
    a, b, c, d, e, f = transform
    column, row = np.linalg.solve([[a, b], [d, e]], [pick.position[0] - c, pick.position[1] - f])
    return row, column


def places(view, step=9, transform=NORTH_UP):
    for y in range(4, 240, step):
        for x in range(4, 320, step):
            cell = cell_under(view, x, y, transform)
            if cell is not None:
                yield x, y, cell


def test_every_pixel_has_the_class_of_its_cell(land, look):
    view = land[0]
    values = np.random.default_rng(3).uniform(0.1, 3.9, (10, 10)).astype(np.float32)
    image = drawn(view, state_of(look, land, GroundLook(FieldGrid(NORTH_UP, values), SCALE, smooth=False)))
    count = 0
    for x, y, (row, column) in places(view):
        if min(row % 1, 1 - row % 1, column % 1, 1 - column % 1) < 0.12:
            continue  # smoothing mixes the colours of neighbours
        wanted = np.searchsorted(BREAKS, values[int(row), int(column)], side="right")
        assert nearest(image[y, x]) == wanted
        count += 1
    assert count > 200


def test_turned_and_sheared_grids_lie_where_they_should(land, look):
    view = land[0]
    turned = (4.0, 3.0, ORIGIN[0] + 20.0, 3.0, -4.0, ORIGIN[1] + 45.0)
    values = np.random.default_rng(4).uniform(0.1, 3.9, (12, 9)).astype(np.float32)
    plain = drawn(view, state_of(look, land, None))
    image = drawn(view, state_of(look, land, GroundLook(FieldGrid(turned, values), SCALE, smooth=False)))
    inside = outside = 0
    for x, y, (row, column) in places(view, 7, turned):
        if min(row % 1, 1 - row % 1, column % 1, 1 - column % 1) < 0.2:
            continue
        if 0 <= row < 12 and 0 <= column < 9:
            assert nearest(image[y, x]) == np.searchsorted(BREAKS, values[int(row), int(column)], side="right")
            inside += 1
        elif not (-1 < row < 13 and -1 < column < 10):
            assert np.abs(image[y, x].astype(int) - plain[y, x]).max() <= 2
            outside += 1
    assert inside > 50
    assert outside > 50


def test_values_run_between_the_centres_of_cells(land, look):
    view = land[0]
    ramp = np.tile(np.linspace(0.2, 3.8, 10, dtype=np.float32), (10, 1))
    image = drawn(view, state_of(look, land, GroundLook(FieldGrid(NORTH_UP, ramp), SCALE, smooth=True)))
    for x, y, (_, column) in places(view):
        value = np.interp(column - 0.5, np.arange(10), ramp[0])
        if np.abs(value - np.array(BREAKS)).min() > 0.06:
            assert nearest(image[y, x]) == np.searchsorted(BREAKS, value, side="right")


@pytest.mark.parametrize("smooth", [True, False])
def test_nothing_is_invented_beside_values(land, look, smooth):
    view = land[0]
    values = np.full((10, 10), 3.5, np.float32)
    values[:, 4:6] = np.nan
    values[:, 8:] = -np.inf
    look_of = GroundLook(FieldGrid(NORTH_UP, values), SCALE, smooth=smooth)
    image = drawn(view, state_of(look, land, look_of)).astype(int)
    for x, y, (_, column) in places(view):
        if min(column % 1, 1 - column % 1) < 0.15:
            continue
        colourful = np.ptp(image[y, x]) > 30
        assert colourful == bool(np.isfinite(values[0, int(column)])), (column, image[y, x])
        if colourful:
            assert nearest(image[y, x]) == 3


def test_no_data_zero_and_outside_of_the_model_are_told_apart(land, look):
    view = land[0]
    values = np.full((10, 10), np.nan, np.float32)
    values[:, 3:7] = 0.0
    values[:, 7:] = -np.inf
    image = drawn(view, state_of(look, land, GroundLook(FieldGrid(NORTH_UP, values), SCALE)))
    tones = {0: [], 1: [], 2: []}
    for x, y, (_, column) in places(view, 3):
        tones[0 if column < 2.9 else 1 if 3.1 < column < 6.9 else 2].append(image[y, x].mean())
    assert np.median(tones[1]) > np.median(tones[0]) + 18.0
    spread = [np.subtract(*np.percentile(tone, (85, 15))) for tone in tones.values()]
    assert spread[2] > 15.0 > 5.0 > max(spread[:2])  # fine lines


def test_zero_without_a_look_of_its_own_is_a_value(land, look):
    view = land[0]
    grid = FieldGrid(NORTH_UP, np.zeros((10, 10), np.float32))
    image = drawn(view, state_of(look, land, GroundLook(grid, replace(SCALE, zero_rgb=None))))
    assert all(nearest(image[y, x]) == 0 and np.ptp(image[y, x].astype(int)) > 25 for x, y, _ in places(view, 17))


def test_uncertain_cells_are_hatched(land, look):
    view = land[0]
    values = np.full((10, 10), 2.5, np.float32)
    marks = np.zeros((10, 10), np.uint8)
    marks[:, 5:] = 1
    plain = drawn(view, state_of(look, land, GroundLook(FieldGrid(NORTH_UP, values), SCALE)))
    image = drawn(view, state_of(look, land, GroundLook(FieldGrid(NORTH_UP, values, marks), SCALE)))
    changed = np.abs(image.astype(int) - plain).max(axis=2) > 12
    left = [changed[y, x] for x, y, (_, column) in places(view, 3) if column < 4.8]
    right = [changed[y, x] for x, y, (_, column) in places(view, 3) if column > 5.2]
    assert not any(left)
    assert 0.25 < np.mean(right) < 0.75


def test_houses_are_not_ground(land, look):
    view = land[0]
    values = np.full((10, 10), 3.5, np.float32)
    plain = drawn(view, state_of(look, land, None))
    image = drawn(view, state_of(look, land, GroundLook(FieldGrid(NORTH_UP, values), SCALE)))
    roof = view.scene.pick_ids()[:, :, 1] == 1
    inner = roof & np.roll(roof, 3, 0) & np.roll(roof, -3, 0) & np.roll(roof, 3, 1) & np.roll(roof, -3, 1)
    assert inner.any()
    assert np.array_equal(plain[inner], image[inner])


def test_the_ids_are_those_without_a_raster(land, look):
    view = land[0]
    drawn(view, state_of(look, land, None))
    before = view.scene.pick_ids()
    drawn(view, state_of(look, land, GroundLook(FieldGrid(NORTH_UP, np.ones((4, 4), np.float32)), SCALE)))
    assert np.array_equal(view.scene.pick_ids(), before)


@pytest.mark.parametrize("sides", ["ab", "a", "b"])
def test_a_swipe_shows_each_sides_raster(land, look, sides):
    view = land[0]
    a = FieldGrid(NORTH_UP, np.full((10, 10), 0.5, np.float32)) if "a" in sides else None
    b = FieldGrid((5.0, 0.0, ORIGIN[0], 0.0, -5.0, ORIGIN[1] + 100.0), np.full((20, 20), 3.5, np.float32))
    ground = GroundLook(a, SCALE, b if "b" in sides else None)
    plain = drawn(view, state_of(look, land, None))
    image = drawn(view, state_of(look, land, ground, compare="swipe"))
    for x, y, _ in places(view):
        if abs(x - 160) < 8:
            continue
        have, wanted = ("a" in sides, 0) if x < 160 else ("b" in sides, 3)
        if have:
            assert nearest(image[y, x]) == wanted
        else:
            assert np.abs(image[y, x].astype(int) - plain[y, x]).max() <= 2


def test_a_blend_mixes_both_rasters(land, look):
    view = land[0]
    a, b = (FieldGrid(NORTH_UP, np.full((10, 10), v, np.float32)) for v in (0.5, 3.5))
    images = [
        drawn(view, state_of(look, land, GroundLook(a, SCALE, b), compare="blend", position=p)) for p in (0.0, 0.5, 1.0)
    ]
    for x, y, _ in places(view, 31):
        low, middle, high = (image[y, x].astype(float) for image in images)
        assert np.allclose(middle, (low + high) / 2.0, atol=3.0)


def test_another_step_is_another_picture(land, look):
    view = land[0]
    first, second = (FieldGrid(NORTH_UP, np.full((10, 10), v, np.float32)) for v in (0.5, 3.5))
    drawn(view, state_of(look, land, GroundLook(first, SCALE)))
    state = state_of(look, land, GroundLook(second, SCALE))
    assert view.scene.apply(state)
    image = view.image()
    assert all(nearest(image[y, x]) == 3 for x, y, _ in places(view, 23))
    assert not view.scene.apply(state)


def test_ramps_mix_their_colours():
    class Uniforms(dict):
        def SetUniform1fv(self, name, count, values):
            assert len(values) == count
            self[name] = values

        def SetUniform4f(self, name, values):
            self[name] = values

        SetUniform3f = SetUniform4f

    found = Uniforms()
    put_scale(found, ValueScale(((0, 0, 0), (255, 255, 255)), ramp=True, low=2.0, high=4.0))
    assert found["scaleForm"] == (2.0, 2.0, 4.0, 0.0)
    assert found["scaleColours"][:6] == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="2 to 16"):
        put_scale(found, ValueScale(((0, 0, 0),), ramp=True))
    with pytest.raises(ValueError, match="class breaks"):
        put_scale(found, ValueScale(((0, 0, 0),), (1.0,)))


def test_a_grid_without_area_draws_nothing():
    assert cells_of((0.0, 0.0, 5.0, 0.0, 0.0, 5.0), np.zeros(3)) is None
    grid = FieldGrid((1.0, 1.0, 0.0, 1.0, 1.0, 0.0), np.ones((2, 2), np.float32))
    assert GroundCells(GroundLook(grid, SCALE), np.zeros(3)).defines(False) == ()


def test_a_raster_that_is_too_large_is_refused(view):
    pool = FieldPool(view._window)
    wide = np.broadcast_to(np.float32(1.0), (2, 20_000))
    with pytest.raises(ValueError, match="20000 x 2 cells"):
        pool.get(wide)
