from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.triangulate import Polygons, Triangulation, ranges, starts, triangulate


def polygons(*shapes):
    """Each shape is a list of rings, each ring a list of (x, y, z)."""
    corners = [corner for shape in shapes for ring in shape for corner in ring]
    return Polygons(
        np.array(corners, np.float64).reshape(-1, 3).T.copy(),
        np.arange(len(corners), dtype=np.int32),
        np.array([len(ring) for shape in shapes for ring in shape], np.int32),
        np.array([len(shape) for shape in shapes], np.int32),
    )


def newell(points):
    """Area vector of a ring, (3,)."""
    after = np.roll(points, -1, axis=0)
    return 0.5 * np.cross(points, after).sum(axis=0)


def triangle_vectors(found: Triangulation, shape_points):
    corners = shape_points[found.triangles]
    return 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def flat_shape(ring, normal):
    """The ring as seen along its normal."""
    right = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    right /= np.linalg.norm(right)
    return shapely.Polygon(np.stack([ring @ right, ring @ np.cross(normal, right)], axis=1))


def star(rng, corners, low=0.3, high=1.0):
    """A simple ring, mostly concave: random radii around a point."""
    angles = np.sort(rng.uniform(0, 2 * math.pi, corners)) + np.arange(corners) * 1e-3
    radii = rng.uniform(low, high, corners)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def tilted(plane, rng, bumps=0.0):
    """A plane ring in space: turned, shifted and, with ``bumps``, not quite plane any more."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    if np.linalg.det(turn) < 0:
        turn[:, 0] *= -1
    spatial = np.concatenate([plane, rng.normal(0, bumps, (len(plane), 1)) if bumps else np.zeros((len(plane), 1))], 1)
    return spatial @ turn.T + rng.uniform(-1000, 1000, 3)


@settings(max_examples=150, deadline=None)
@given(st.integers(3, 30), st.integers(0, 10**6), st.booleans(), st.sampled_from([0.0, 0.02]))
def test_area_and_turn_of_single_rings_are_kept(corners, seed, reverse, bumps):
    rng = np.random.default_rng(seed)
    plane = star(rng, corners)
    if not shapely.Polygon(plane).is_valid or shapely.Polygon(plane).area < 1e-3:
        return
    ring = tilted(plane, rng, bumps)
    if reverse:
        ring = ring[::-1]
    found = triangulate(polygons([ring.tolist()]))
    assert not len(found.degenerate)
    assert len(found.triangles) == corners - 2 or bumps
    wanted = newell(ring)
    normal = wanted / np.linalg.norm(wanted)
    along = triangle_vectors(found, ring) @ normal
    if len(found.tangled):
        assert bumps and not flat_shape(ring, normal).is_valid
        return
    assert along.sum() == pytest.approx(np.linalg.norm(wanted), rel=1e-6)
    if not bumps:
        assert (along >= -1e-12).all()
        assert along.sum() == pytest.approx(shapely.Polygon(plane).area, rel=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.integers(4, 16), st.integers(1, 3), st.integers(0, 10**6), st.booleans())
def test_area_of_polygons_with_holes_is_kept(corners, holes, seed, reverse_holes):
    rng = np.random.default_rng(seed)
    outer = star(rng, corners, 3.0, 4.0)
    places = [(-1.0, 0.0), (0.8, 0.9), (0.8, -0.9)][:holes]
    inner = [star(rng, 5, 0.2, 0.6)[:: -1 if reverse_holes else 1] + place for place in places]
    shape = shapely.Polygon(outer, inner)
    if not shape.is_valid or not shapely.Polygon(outer).contains(shapely.MultiPoint(np.concatenate(inner))):
        return
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    spatial = [np.concatenate([ring, np.zeros((len(ring), 1))], 1) @ turn.T for ring in (outer, *inner)]
    found = triangulate(polygons([ring.tolist() for ring in spatial]))
    points = np.concatenate(spatial)
    vectors = triangle_vectors(found, points)
    assert np.linalg.norm(vectors, axis=1).sum() == pytest.approx(shape.area, rel=1e-6)
    assert (vectors @ newell(spatial[0]) >= -1e-12).all()
    assert len(found.triangles) == corners + 5 * holes + 2 * holes - 2
    assert not len(found.tangled)


@settings(max_examples=100, deadline=None)
@given(st.integers(3, 14), st.integers(0, 10**6), st.lists(st.integers(0, 13), max_size=4), st.booleans())
def test_repeated_corners_and_closed_rings_change_nothing(corners, seed, repeats, closed):
    rng = np.random.default_rng(seed)
    plane = star(rng, corners)
    if not shapely.Polygon(plane).is_valid or shapely.Polygon(plane).area < 1e-3:
        return
    ring = tilted(plane, rng)
    longer = [corner for number, corner in enumerate(ring) for _ in range(1 + repeats.count(number))]
    if closed:
        longer.append(ring[0])
    found = triangulate(polygons([np.array(longer).tolist()]))
    vectors = triangle_vectors(found, np.array(longer))
    assert len(found.triangles) == corners - 2
    assert np.linalg.norm(vectors, axis=1).sum() == pytest.approx(np.linalg.norm(newell(ring)), rel=1e-6)


SQUARE = [(0, 0, 0), (4, 0, 0), (4, 4, 0), (0, 4, 0)]


@pytest.mark.parametrize(
    "shape",
    [
        [[(0, 0, 0), (1, 0, 0)]],
        [[(0, 0, 0), (1, 0, 0), (0, 0, 0)]],
        [[(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3)]],
        [[(5, 5, 5)] * 4],
        [[(0, 0, 0)], SQUARE],
    ],
)
def test_degenerate_polygons_are_left_out_and_named(shape):
    found = triangulate(polygons([SQUARE], shape, [SQUARE]))
    assert found.degenerate.tolist() == [1]
    assert found.counts.tolist() == [2, 0, 2]
    assert len(found.triangles) == 4


def test_a_degenerate_hole_is_ignored():
    found = triangulate(polygons([SQUARE, [(1, 1, 0), (2, 2, 0)]]))
    assert len(found.triangles) == 2 and not len(found.degenerate)


def test_a_bow_tie_is_told():
    found = triangulate(polygons([[(0, 0, 0), (4, 4, 0), (4, 0, 0), (0, 6, 0)]]))
    assert found.tangled.tolist() == [0]


def test_skipped_polygons_have_no_triangles_and_the_others_keep_their_corners():
    given_ = polygons([SQUARE], [SQUARE], [SQUARE, [(1, 1, 0), (1, 2, 0), (2.5, 1.5, 0)]])
    given_.skip = np.array([False, True, False])
    found = triangulate(given_)
    assert found.counts.tolist() == [2, 0, 7] and not len(found.degenerate)
    assert found.triangles[:2].max() == 3 and found.triangles[2:].min() >= 8


def test_of_two_diagonals_the_one_inside_is_taken():
    dart = [(0, 0, 0), (4, 0, 0), (1, 1, 0), (0, 4, 0)]
    for turn in range(4):
        ring = dart[turn:] + dart[:turn]
        vectors = triangle_vectors(triangulate(polygons([ring])), np.array(ring, float))
        assert (vectors[:, 2] > 0).all() and vectors[:, 2].sum() == 4.0


def test_many_polygons_in_two_processes_are_the_same_as_in_one():
    rng = np.random.default_rng(3)
    shapes = [[np.c_[star(rng, int(n)), np.zeros(int(n))].tolist()] for n in rng.integers(3, 20, 6000)]
    one, two = triangulate(polygons(*shapes)), triangulate(polygons(*shapes), processes=2)
    assert np.array_equal(one.triangles, two.triangles) and np.array_equal(one.counts, two.counts)


def test_stopping_leaves_no_children():
    rng = np.random.default_rng(3)
    shapes = [[np.c_[star(rng, 9), np.zeros(9)].tolist()] for _ in range(8000)]

    def stop(fraction):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        triangulate(polygons(*shapes), 2, stop)


def test_nothing_gives_nothing():
    found = triangulate(polygons())
    assert found.triangles.shape == (0, 3) and len(found.counts) == 0


def test_runs():
    assert starts(np.array([2, 0, 3])).tolist() == [0, 2, 2, 5]
    assert ranges(np.array([5, 0, 10]), np.array([2, 0, 3])).tolist() == [5, 6, 10, 11, 12]
