import numpy as np
import pytest
import trimesh

from loaders._assemble import Piece, city_of, tile_set
from loaders.city import CrsInfo, LodMesh
from loaders.layers import VectorData
from viewer.analysis.facades import CELL, FARTHEST, facade_grid

ORIGIN = np.array((100_000.0, 400_000.0, 0.0))


def house(x, y, size=20.0, height=12.0):
    box = trimesh.creation.box((size, size, height))
    return box.vertices + np.array((x, y, height / 2)), box.faces


@pytest.fixture
def city():
    pieces = []
    for row, at in enumerate([(100_000.0, 400_000.0), (100_060.0, 400_000.0)]):
        points, faces = house(*at)
        pieces.append(Piece(points, np.full(8, row, np.int32), faces.astype(np.int32)))
    tiles, area = tile_set(pieces)
    mesh = LodMesh("2", tiles, np.ones(2, np.bool_), area)
    return city_of("two", CrsInfo("EPSG:28992"), ["a", "b"], ["Building"] * 2, {}, mesh, VectorData(()))


def receivers(*places):
    return np.array(places, np.float64) + ORIGIN


def nodes(grid):
    tiles = grid.city.lods[""].tiles
    tile = np.searchsorted(tiles.vertex_start, np.arange(len(tiles.positions)), side="right") - 1
    return tiles.positions + tiles.origins[tile] - ORIGIN


def test_only_houses_with_receivers_have_walls(city):
    grid = facade_grid(city, np.array([0, -1]), receivers((12, 0, 4), (72, 0, 4)))
    assert grid.city.objects.ids.to_list() == ["a"]
    at = nodes(grid)
    assert np.abs(at[:, 0]).max() < 11 and facade_grid(city, np.array([-1]), receivers((12, 0, 4))) is None
    assert grid.city.lods[""].area_m2 == pytest.approx(4 * 20 * 12, rel=0.01)


def test_values_are_those_of_the_nearest_before_the_same_wall(city):
    places = receivers((12, -6, 4), (12, 6, 4), (-12, 0, 4))
    grid = facade_grid(city, np.zeros(3, np.int64), places)
    values = grid.node_values(np.array([50, 70, 10], np.float32))[grid.vertex_rows.astype(int)]
    at = nodes(grid)
    east = at[:, 0] > 10
    known = east & np.isfinite(values)
    assert values[known].min() >= 50 and values[known].max() <= 70, "the western receiver does not count in the east"
    assert values[known & (at[:, 1] < -5)].mean() < 55 < 65 < values[known & (at[:, 1] > 5)].mean()
    for side in (1, -1):
        assert np.isnan(values[at[:, 1] * side > 10]).all() or np.isfinite(values[at[:, 1] * side > 10]).sum() < 40
    far = np.linalg.norm(at[:, None] - (places - ORIGIN)[None], axis=2).min(axis=1) > FARTHEST
    assert np.isnan(values[far]).all() and far.any()


def test_a_known_normal_keeps_a_receiver_to_its_wall(city):
    corner = receivers((11.0, 11.0, 4.0))
    free = facade_grid(city, np.array([0]), corner)
    bound = facade_grid(city, np.array([0]), corner, np.array([[1, 0, 0]], np.float32))
    north = nodes(bound)[:, 1] > 10
    told = lambda grid: np.isfinite(grid.node_values(np.ones(1, np.float32))[grid.vertex_rows.astype(int)])  # noqa: E731
    assert told(free)[north].any() and not told(bound)[north].any() and told(bound).any()


def test_receivers_without_a_value_are_left_out(city):
    grid = facade_grid(city, np.zeros(2, np.int64), receivers((12, -1, 4), (12, 1, 4)))
    values = grid.node_values(np.array([np.nan, 60], np.float32))
    assert np.isfinite(values).any() and np.nanmin(values) == pytest.approx(60) == np.nanmax(values)


def test_walls_are_cut_finely_and_stand_in_front(city):
    grid = facade_grid(city, np.array([0]), receivers((12, 0, 4)))
    tiles = grid.city.lods[""].tiles
    corners = tiles.positions[tiles.triangles]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    assert sides.max() <= CELL * 1.01
    at = nodes(grid)
    assert (np.abs(at[:, :2]).max(axis=1) > 10.03).all()
