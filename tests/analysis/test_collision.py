"""Ground, walls and ceilings as an independent library and plain geometry have them."""

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
import trimesh

from viewer.analysis import soup
from viewer.analysis.collision import Body, closest_points
from viewer.analysis.soup import BUILT, LAND, SOLID, WATER

towns = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "walk_town.py")))
rays_of = towns.rays_of
ADULT = Body()


@pytest.fixture(scope="module")
def town():
    return towns.quarter(3)


@pytest.fixture(scope="module")
def world(town):
    return town.world()


def test_a_plumb_line_meets_what_an_independent_library_meets(town, world):
    rays = rays_of(town.triangles)
    dice = np.random.default_rng(5)
    for x, y in np.column_stack([dice.uniform(-39, 39, 300), dice.uniform(-39, 119, 300)]):
        mine = world.column(*town.at(x, y)[:2]).z
        assert mine == pytest.approx(rays((x, y, 60.0), (x, y, -60.0))[::-1], abs=1e-4)


def test_kinds_of_faces(town, world):
    x, y, _ = town.at(47.3, 40.2)
    column = world.column(x, y)
    assert [bool(k & WATER) for k in column.kind] == [True, False, False]
    assert column.z == pytest.approx([-1.5, -0.2, 0.2], abs=1e-5)
    x, y, _ = town.at(-38.3, 0.7)
    assert world.column(x, y).kind.tolist() == [SOLID | LAND]
    assert any(k & BUILT for k in world.column(*town.at(-30.7, -25.2)[:2]).kind)


def test_the_ground_is_what_is_nearest_to_the_feet(town, world):
    x, y, z = town.at(57, 40, 0.0)
    assert world.floor(x, y, z, ADULT).z == pytest.approx(0.2, abs=1e-5)  # on the bridge's end, over the terrain
    x, y, z = town.at(48, 40, -1.0)
    assert world.floor(x, y, z - 1.0, ADULT) is None  # under the bridge is water only
    assert world.ceiling(x, y, z) == pytest.approx(-0.2, abs=1e-5)


def test_water_and_steep_ground_are_told():
    town = towns.Town()
    town.terrain(-20, -20, 20, 20, lambda x, y: 2.0 * max(x, 0.0))
    town.add("WaterBody", [[(-15, -15, 0), (-5, -15, 0), (-5, 15, 0), (-15, 15, 0)]], "WaterSurface")
    world = town.world()
    assert world.floor(*town.at(-10, 0), ADULT).wet
    assert not world.floor(*town.at(-18, 0), ADULT).wet
    assert world.floor(*town.at(5, 1, 10.5), ADULT).steep
    assert not world.floor(*town.at(-18, 1), ADULT).steep


def test_a_low_ceiling_leaves_no_room():
    town = towns.Town()
    town.terrain(-20, -20, 20, 20, lambda x, y: 0.0)
    town.add("Bridge", [[(-5, -5, 1.5), (5, -5, 1.5), (5, 5, 1.5), (-5, 5, 1.5)]])
    world = town.world()
    assert world.floor(*town.at(0, 0), ADULT) is None
    assert world.floor(*town.at(0, 0), Body(height=1.3)) is not None


def test_models_without_terrain_stand_on_a_plane():
    town = towns.Town()
    town.box(0, 0, 10, 10, 2.0, 9.0)
    world = town.world()
    assert world.plane == pytest.approx(2.0)
    assert world.floor(*town.at(-5, -5, 2.0), ADULT).z == pytest.approx(2.0)
    assert world.floor(*town.at(-500, -5, 2.0), ADULT) is None  # the edge of the world


@pytest.mark.parametrize("inward", [False, True])
def test_walls_keep_their_distance_from_both_sides(inward):
    town = towns.Town()
    town.box(0, 0, 10, 10, 0.0, 8.0, inward=inward)
    world = town.world()
    for x, away in ((-0.2, -1.0), (0.2, 1.0)):
        at = town.at(x, 5)
        distance, ax, ay = world.wall(at[0], at[1], 0.5, 1.8, 0.3)
        assert (distance, ax, ay) == pytest.approx((0.2, away, 0.0), abs=1e-5)
    assert world.wall(*town.at(-0.31, 5)[:2], 0.5, 1.8, 0.3) is None
    assert world.wall(*town.at(-0.2, 5)[:2], 8.1, 9.0, 0.3) is None


def test_distance_to_walls_agrees_with_points_on_them():
    dice = np.random.default_rng(11)
    for _ in range(60):
        town = towns.Town((0.0, 0.0, 0.0))
        corners = dice.uniform(-1.5, 1.5, (3, 3)) + np.array([0, 0, 1.2])
        town.add("OtherConstruction", [[tuple(c) for c in corners], [(9, 9, 0), (9, 9.1, 0), (9.1, 9, 0)]])
        world = town.world()
        share = dice.dirichlet((1, 1, 1), 4000)
        edges = np.concatenate([np.outer(t, corners[a]) + np.outer(1 - t, corners[b]) for a, b in
                                ((0, 1), (1, 2), (2, 0)) for t in [np.linspace(0, 1, 400)]])  # fmt: skip
        points = np.concatenate([share @ corners, edges])
        points = points[(points[:, 2] >= 0.5) & (points[:, 2] <= 1.8)]
        nearest = np.hypot(points[:, 0], points[:, 1]).min() if len(points) else np.inf
        met = world.wall(0.0, 0.0, 0.5, 1.8, 1.0)
        if met is None:
            assert nearest >= 1.0 - 1e-3
        else:
            assert met[0] == pytest.approx(nearest, abs=0.12)
            assert met[0] <= nearest + 1e-4


def test_closest_points_agree_with_an_independent_library():
    dice = np.random.default_rng(2)
    triangles = dice.normal(size=(300, 3, 3))
    point = np.array([0.3, -0.2, 0.1])
    theirs = trimesh.triangles.closest_point(triangles, np.tile(point, (300, 1)))
    assert closest_points(triangles, point) == pytest.approx(theirs, abs=1e-9)


def test_boxes_are_made_once_whatever_is_shown(town, monkeypatch):
    """A filter makes another world; what does not depend on it is kept."""
    made = []
    make = soup._TileIndex._make_boxes
    monkeypatch.setattr(soup._TileIndex, "_make_boxes", lambda self, tile: made.append(tile) or make(self, tile))
    city = town.city()
    everything = np.ones(len(city.objects), np.uint8)
    for shown in (everything, np.where(np.arange(len(everything)) % 2 == 0, 1, 0).astype(np.uint8), everything):
        for _ in soup.Shapes(city, shown).prepare():
            pass
    assert len(made) == city.lods[next(iter(city.lods))].tiles.tile_count
