"""Wall coordinates: every vertex knows where on its wall it lies, whatever the triangles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viewer.render.walls import WallReader, WallTask, wall_coordinates

UNIT = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float)
SIDES = np.array([[0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
ANGLES = st.floats(-np.pi, np.pi)


def turned(points, angle):
    c, s = np.cos(angle), np.sin(angle)
    return points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def mesh(quads, *, row=0, code=2, other_diagonal=False):
    """Quadrangles (Q, 4, 3) as vertices, triangles, tags."""
    count = len(quads)
    two = [0, 1, 3, 1, 2, 3] if other_diagonal else [0, 1, 2, 0, 2, 3]
    triangles = (np.arange(count)[:, None] * 4 + two).reshape(-1, 3).astype(np.int32)
    tags = np.tile(np.array([row, code], np.float32), (count * 4, 1))
    return np.asarray(quads, np.float32).reshape(-1, 3), triangles, tags


def joined(*meshes):
    starts = np.cumsum([0] + [len(m[0]) for m in meshes])[:-1]
    triangles = [m[1] + int(start) for m, start in zip(meshes, starts, strict=True)]
    return np.concatenate([m[0] for m in meshes]), np.concatenate(triangles), np.concatenate([m[2] for m in meshes])


def box(size, angle, shift=(0.0, 0.0, 0.0)):
    return turned((UNIT * size)[SIDES].reshape(-1, 3) + shift, angle).reshape(4, 4, 3)


BUILDINGS = np.ones(4, np.bool_)


@settings(max_examples=60, deadline=None)
@given(ANGLES, st.floats(0.5, 60), st.floats(0.5, 60), st.booleans())
def test_a_turned_box_has_four_walls_of_its_own_lengths(angle, width, depth, other):
    wall = wall_coordinates(*mesh(box((width, depth, 9.0), angle), other_diagonal=other), BUILDINGS).reshape(4, 4, 4)
    np.testing.assert_allclose(wall[:, :, 1], np.repeat([[width], [depth], [width], [depth]], 4, axis=1), atol=2e-3)
    # 0, 1, 5, 4: left bottom, right bottom, right top, left top as seen from outside
    expected = np.array([[0, width, width, 0], [0, depth, depth, 0]] * 2)
    np.testing.assert_allclose(wall[:, :, 0], expected, atol=2e-3)


@settings(max_examples=40, deadline=None)
@given(ANGLES, st.floats(0.5, 20), st.floats(0.5, 20))
def test_neighbours_on_one_line_are_one_wall(angle, a, b):
    quads = np.array(
        [[[0, 0, 0], [a, 0, 0], [a, 0, 3], [0, 0, 3]], [[a, 0, 0], [a + b, 0, 0], [a + b, 0, 6], [a, 0, 6]]]
    )
    wall = wall_coordinates(*mesh(turned(quads.reshape(-1, 3), angle).reshape(2, 4, 3)), BUILDINGS)
    np.testing.assert_allclose(wall[:, 1], a + b, atol=2e-3)
    np.testing.assert_allclose(wall[:, 0], [0, a, a, 0, a, a + b, a + b, a], atol=2e-3)


@settings(max_examples=40, deadline=None)
@given(ANGLES, st.integers(0, 10_000))
def test_triangles_apart_from_each_other_are_still_one_wall(angle, seed):
    """A file that holds triangles only, in any order, gives the same wall as one with a polygon."""
    fan = np.array([[0, 0, 0], [4, 0, 0], [9, 0, 0], [9, 0, 5], [4.5, 0, 8], [0, 0, 5]], float)
    triples = np.array([[0, 1, 5], [1, 4, 5], [1, 2, 4], [2, 3, 4]])
    order = np.random.default_rng(seed).permutation(4)
    corners = turned(fan[triples[order]].reshape(-1, 3), angle).astype(np.float32)
    triangles = np.arange(12, dtype=np.int32).reshape(4, 3)
    wall = wall_coordinates(corners, triangles, np.tile(np.float32([0, 2]), (12, 1)), BUILDINGS)
    np.testing.assert_allclose(wall[:, 1], 9.0, atol=2e-3)
    np.testing.assert_allclose(wall[:, 0], fan[triples[order], 0].ravel(), atol=2e-3)
    # the eaves are at 5 m, where the gable begins
    np.testing.assert_allclose(wall[:, 2], 5.0 - fan[triples[order], 2].ravel(), atol=2e-3)
    np.testing.assert_allclose(wall[:, 3], fan[triples[order], 2].ravel(), atol=2e-3)


def test_eaves_are_those_of_the_high_part_where_the_top_jumps():
    low = [[0, 0, 0], [5, 0, 0], [5, 0, 3], [0, 0, 3]]
    high = [[5, 0, 0], [9, 0, 0], [9, 0, 12], [5, 0, 12]]
    wall = wall_coordinates(*mesh(np.array([low, high], float)), BUILDINGS)
    assert (wall[:, 2] + wall[:, 3] == 12).all()
    # a roof that only slopes has the lower end's
    slope = [[0, 0, 0], [9, 0, 0], [9, 0, 12], [0, 0, 3]]
    wall = wall_coordinates(*mesh(np.array([slope], float)), BUILDINGS)
    assert (wall[:, 2] + wall[:, 3] == 3).all()


def test_gaps_steps_and_other_objects_part_walls():
    quad = np.array([[0, 0, 0], [5, 0, 0], [5, 0, 3], [0, 0, 3]], float)
    gap, step, next_ = (quad + np.array(shift) for shift in ([7, 0, 0], [5, 1, 0], [5, 0, 0]))
    apart = joined(mesh([quad, gap, step]), mesh([next_], row=1))
    wall = wall_coordinates(*apart, BUILDINGS)
    np.testing.assert_allclose(wall[:, 1], 5.0, atol=1e-5)
    np.testing.assert_allclose(wall[:, 0].reshape(4, 4), [[0, 5, 5, 0]] * 4, atol=1e-5)


def test_only_walls_have_coordinates():
    flat = np.array([[0, 0, 3], [5, 0, 3], [5, 5, 3], [0, 5, 3]], float)
    sloping = np.array([[0, 0, 3], [5, 0, 3], [5, 3, 6], [0, 3, 6]], float)
    upright = np.array([[0, 0, 0], [5, 0, 0], [5, 0, 3], [0, 0, 3]], float)
    cases = joined(
        mesh([flat, sloping]), mesh([upright], code=1), mesh([upright], row=1, code=0), mesh([upright], code=0)
    )
    wall = wall_coordinates(*cases, np.array([True, False]))
    assert (wall[:16] == 0).all()
    assert (wall[16:, 1] == 5).all()
    assert (wall[16:, 2] + wall[16:, 3] == 3).all()


def test_nothing_and_damage_are_harmless():
    none = wall_coordinates(
        np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), np.zeros((0, 2), np.float32), BUILDINGS
    )
    assert none.shape == (0, 4)
    quad = np.zeros((1, 4, 3))
    assert (wall_coordinates(*mesh(quad), BUILDINGS) == 0).all()
    broken = np.array([[[0, 0, 0], [np.nan, 0, 0], [5, 0, 3], [0, 0, 3]]])
    assert np.isfinite(wall_coordinates(*mesh(broken), BUILDINGS)[:, 1]).all()
    assert (wall_coordinates(*mesh(box((4, 4, 4), 0.0), row=9, code=0), BUILDINGS) == 0).all()


@pytest.mark.parametrize("facets", [8, 24, 90, 720])
def test_round_walls_keep_u_within_their_length(facets):
    angle = np.linspace(0, 2 * np.pi, facets + 1)
    ring = np.stack([20 * np.cos(angle), 20 * np.sin(angle), 0 * angle], axis=1)
    top = ring + np.array([0, 0, 12])
    quads = np.stack([ring[:-1], ring[1:], top[1:], top[:-1]], axis=1)
    wall = wall_coordinates(*mesh(quads), BUILDINGS)
    assert (wall[:, 0] >= 0).all() and (wall[:, 0] <= wall[:, 1]).all()
    assert (wall[:, 1] > 0.9 * 40 * np.sin(np.pi / facets)).all()
    assert wall[:, 1].max() < 40 * np.sin(np.pi / facets) + 20 * 0.13


def test_a_reader_works_through_tiles_and_forgets_layers():
    reader = WallReader()
    tiles = [mesh(box((3.0 + k, 4.0, 5.0), 0.3)) for k in range(6)]
    reader.want("a", [WallTask(k, *tile, BUILDINGS) for k, tile in enumerate(tiles[:4])])
    reader.want("b", [WallTask(k, *tile, BUILDINGS) for k, tile in enumerate(tiles[4:], 4)])
    reader.drop("b")
    got = {}
    while (item := reader.take(wait=True)) is not None:
        got[item[0]] = float(item[1][0, 1])
    assert sorted(got) == [0, 1, 2, 3]
    assert got[2] == pytest.approx(5.0, abs=1e-3)
    reader.want("b", [WallTask(9, *tiles[0], BUILDINGS)])
    assert reader.take(wait=True)[0] == 9
    reader.close()
    assert not reader.ready and not reader.busy
