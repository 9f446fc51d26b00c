"""Water: drawn where it is wet, at its level, in the colour of its depth."""

from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from viewer.render.state import RenderState, ValueScale, WaterLook, WaterStep
from viewer.render.water_sheet import SIDE, level_grid, tile_mesh

terrain_city = run_path(str(Path(__file__).with_name("ground_town.py")))["terrain_city"]

COLOURS = ((200, 220, 240), (110, 170, 215), (50, 130, 190), (10, 60, 140))
BREAKS = (0.5, 1.0, 2.0)
SCALE = ValueScale(COLOURS, BREAKS)
ORIGIN = (85_000.0, 446_000.0, 0.0)
CELLS = 20
TRANSFORM = (5.0, 0.0, ORIGIN[0], 0.0, -5.0, ORIGIN[1] + 100.0)


@pytest.fixture
def land(view, cameras):
    city = terrain_city(ORIGIN)
    view.scene.attach("land", city)
    return view, city, cameras[1](city, 120.0)


def step_of(wet, depth=1.5, level=1.5, **more):
    """Water of one depth on some cells (CELLS, CELLS)."""
    levels = np.where(wet, np.float32(level), np.float32(np.nan)).astype(np.float32)
    depths = np.where(wet, np.broadcast_to(depth, wet.shape), np.nan).astype(np.float32)
    return WaterStep(TRANSFORM, levels, depths, **more)


def west(columns=10):
    wet = np.zeros((CELLS, CELLS), np.bool_)
    wet[:, :columns] = True
    return wet


def state_of(look, land, water, **more):
    _, city, camera = land
    return RenderState(camera, (look(city, "land", rgb=(150, 170, 120)),), water=water, **more)


def drawn(view, state):
    view.scene.apply(state)
    return view.image()


def nearest(rgb):
    return np.argmin(((np.asarray(rgb, float)[..., None, :] - np.array(COLOURS, float)) ** 2).sum(axis=-1), axis=-1)


def ground(view, step=7):
    """Pixels that show the land, and where that is (x, y from its corner)."""
    for y in range(4, 240, step):
        for x in range(4, 320, step):
            pick = view.scene.pick(x, y)
            if pick is not None and pick.row == 0:
                yield x, y, pick.position[0] - ORIGIN[0], pick.position[1] - ORIGIN[1]


def test_water_is_where_it_is_wet_and_nowhere_else(land, look):
    view = land[0]
    plain = drawn(view, state_of(look, land, None))
    image = drawn(view, state_of(look, land, WaterLook(step_of(west(), level=0.1), SCALE)))
    wet = dry = 0
    for x, y, east, _ in ground(view):
        if east < 49.0:
            assert nearest(image[y, x]) == 2
            wet += 1
        elif east > 52.0:
            assert np.abs(image[y, x].astype(int) - plain[y, x]).max() <= 1
            dry += 1
    assert wet > 100
    assert dry > 100


@pytest.mark.parametrize(("depth", "kind"), [(0.2, 0), (0.7, 1), (1.5, 2), (5.0, 3)])
@pytest.mark.parametrize("realism", ["shaded", "textured", "plain"])
def test_the_colour_is_that_of_the_class_of_depth(land, look, depth, kind, realism):
    view = land[0]
    image = drawn(view, state_of(look, land, WaterLook(step_of(west(CELLS), depth, 0.1), SCALE), realism=realism))
    found = [
        nearest(image[y, x]) == kind
        for x, y, east, north in ground(view, 13)
        if 3 < min(east, north) < max(east, north) < 97
    ]
    assert len(found) > 50
    assert all(found)


def test_the_shore_is_a_crisp_line_between_wet_and_dry_cells(land, look):
    view = land[0]
    plain = drawn(view, state_of(look, land, None))
    image = drawn(view, state_of(look, land, WaterLook(step_of(west(), level=0.05), SCALE)))
    differ = np.abs(image.astype(int) - plain).max(axis=2) > 10
    rows = list(range(70, 100, 3))
    ends = [np.flatnonzero(differ[y, 60:260]).max() for y in rows]
    assert np.ptp(ends) <= 1
    pick = view.scene.pick(60 + ends[0], rows[0])
    assert abs(pick.position[0] - ORIGIN[0] - 50.0) < 1.0


def test_a_higher_level_hides_more(land, look, cameras):
    view, city, _ = land
    camera = cameras[0](city, 1.2, 12.0, 0.0)
    low, high = (
        drawn(
            view, RenderState(camera, (look(city, "land"),), water=WaterLook(step_of(west(CELLS), 1.5, level), SCALE))
        )
        for level in (0.5, 6.0)
    )
    deep = [(nearest(image) == 2) & (np.ptp(image.astype(int), axis=2) > 60) for image in (low, high)]
    top = [np.flatnonzero(mask.any(axis=1)).min() for mask in deep]
    assert top[1] < top[0] - 5


def test_between_two_steps_the_shore_moves(land, look):
    view = land[0]
    base = step_of(west(8), level=0.05)
    later = step_of(west(14), level=0.05)
    plain = drawn(view, state_of(look, land, None)).astype(int)
    ends = []
    for mix in (0.0, 0.4, 0.6, 1.0):
        step = WaterStep(TRANSFORM, base.level, base.depth, later.level, later.depth, mix)
        image = drawn(view, state_of(look, land, WaterLook(step, SCALE)))
        differ = np.abs(image.astype(int) - plain).max(axis=2) > 10
        x = np.flatnonzero(differ[80, 60:260]).max() + 60
        ends.append(view.scene.pick(x, 80).position[0] - ORIGIN[0])
    assert abs(ends[0] - 40.0) < 1.5
    assert abs(ends[3] - 70.0) < 1.5
    assert ends[0] <= ends[1] < ends[2] <= ends[3]


def test_a_swipe_shows_the_water_of_each_side(land, look):
    view = land[0]
    plain = drawn(view, state_of(look, land, None))
    water = WaterLook(step_of(west(CELLS), 0.2, 0.05), SCALE, step_of(west(CELLS), 5.0, 0.05))
    image = drawn(view, state_of(look, land, water, compare="swipe"))
    for x, y, east, north in ground(view, 11):
        if abs(x - 160) > 8 and 3 < min(east, north) < max(east, north) < 97:
            assert nearest(image[y, x]) == (0 if x < 160 else 3)
    alone = drawn(view, state_of(look, land, WaterLook(None, SCALE, water.b), compare="swipe"))
    for x, y, east, north in ground(view, 11):
        if x < 150 and 3 < min(east, north) < max(east, north) < 97:
            assert np.abs(alone[y, x].astype(int) - plain[y, x]).max() <= 1


def test_water_has_no_ids_and_hides_nothing_from_the_pointer(land, look):
    view = land[0]
    drawn(view, state_of(look, land, None))
    before = view.scene.pick_ids()
    drawn(view, state_of(look, land, WaterLook(step_of(west(CELLS), 9.0, 9.0), SCALE)))
    assert np.array_equal(view.scene.pick_ids(), before)
    assert view.scene.pick(160, 120).row == 1


def test_without_water_nothing_is_left(land, look):
    view = land[0]
    plain = drawn(view, state_of(look, land, None))
    drawn(view, state_of(look, land, WaterLook(step_of(west()), SCALE)))
    assert np.array_equal(drawn(view, state_of(look, land, None)), plain)


def test_water_goes_with_the_scene_it_lies_in(land, look):
    view, city, _ = land
    drawn(view, state_of(look, land, WaterLook(step_of(west()), SCALE)))
    view.scene.detach("land")
    view.image()
    view.scene.attach("land", city)
    image = drawn(view, state_of(look, land, WaterLook(step_of(west(), level=0.1), SCALE)))
    assert any(
        nearest(image[y, x]) == 2 and np.ptp(image[y, x].astype(int)) > 60
        for x, y, east, _ in ground(view)
        if east < 45
    )


def test_uncertain_water_is_hatched(land, look):
    view = land[0]
    marks = np.zeros((CELLS, CELLS), np.uint8)
    marks[:10] = 1
    images = [
        drawn(view, state_of(look, land, WaterLook(step_of(west(CELLS), level=0.1, uncertain=m), SCALE))).astype(int)
        for m in (None, marks)
    ]
    changed = np.abs(images[0] - images[1]).max(axis=2) > 12
    north = [changed[y, x] for x, y, _, n in ground(view, 3) if n > 52]
    south = [changed[y, x] for x, y, _, n in ground(view, 3) if n < 48]
    assert 0.25 < np.mean(north) < 0.75
    assert not any(south)


def test_levels_go_on_beside_the_water_and_tiles_know_if_they_are_wet():
    level = np.full((100, 80), np.nan, np.float32)
    level[:, :20] = 2.0
    grid, wet = level_grid(level, 50, 40)
    assert grid.shape == (51, 41)
    assert np.isfinite(grid).all()
    assert np.allclose(grid[:, :12], 2.0)
    assert wet.shape == (2, 2)
    assert wet.tolist() == [[True, False], [True, False]]
    nothing, none = level_grid(np.full((4, 4), np.nan, np.float32), 4, 4)
    assert np.isfinite(nothing).all()
    assert not none.any()


def test_a_sloping_surface_is_kept():
    y, x = np.mgrid[0:64, 0:64]
    level = (0.01 * x + 0.02 * y).astype(np.float32)
    grid, wet = level_grid(level, 64, 64)
    assert np.abs(grid[1:-1, 1:-1] - (0.01 * (x[1:, 1:] - 0.5) + 0.02 * (y[1:, 1:] - 0.5))).max() < 1e-4
    assert wet.all()


def test_a_tile_has_two_triangles_per_cell():
    positions, triangles = tile_mesh(SIDE, 0, 3, 2)
    assert positions[:, 0].min() == SIDE
    assert len(triangles) == 12
    corners = positions[triangles]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.allclose(np.abs(area[:, 2]), 1.0)


def test_rasters_of_different_sizes_are_refused(land, look):
    view = land[0]
    step = WaterStep(TRANSFORM, np.zeros((4, 4), np.float32), np.zeros((5, 4), np.float32))
    view.scene.apply(state_of(look, land, WaterLook(step, SCALE)))
    with pytest.raises(ValueError, match="depths of"):
        view.scene.render()
