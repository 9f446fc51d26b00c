"""The triangles of a grid of heights: how far they miss, that they have no cracks, and what holes do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.relief import Relief, network


def misses(heights, net):
    """What the mesh has at each height (NaN: no triangle there), each triangle looked at by itself."""
    found = np.full(heights.shape, np.nan)
    worst = 0.0
    for triangle in net.triangles:
        corners = net.vertices[triangle].astype(float)
        low, high = corners.min(axis=0).astype(int), corners.max(axis=0).astype(int)
        r, c = np.mgrid[low[0] : high[0] + 1, low[1] : high[1] + 1]
        (r0, c0), (r1, c1), (r2, c2) = corners
        size = (c1 - c0) * (r2 - r0) - (c2 - c0) * (r1 - r0)
        one = ((c - c0) * (r2 - r0) - (c2 - c0) * (r - r0)) / size
        two = ((c1 - c0) * (r - r0) - (c - c0) * (r1 - r0)) / size
        inside = (one >= -1e-9) & (two >= -1e-9) & (one + two <= 1 + 1e-9)
        z = heights[tuple(net.vertices[triangle].T)].astype(float)
        plane = z[0] * (1 - one - two) + z[1] * one + z[2] * two
        assert not np.isnan(heights[r, c][inside]).any(), "a triangle lies over a hole"
        worst = max(worst, float(np.abs(plane - heights[r, c])[inside].max()))
        found[r[inside], c[inside]] = plane[inside]
    return found, worst


def edges(net):
    sides = np.concatenate([net.triangles[:, [0, 1]], net.triangles[:, [1, 2]], net.triangles[:, [2, 0]]])
    return np.unique(np.sort(sides, axis=1), axis=0, return_counts=True)


@given(
    rows=st.integers(2, 150),
    columns=st.integers(2, 150),
    seed=st.integers(0, 1000),
    rough=st.sampled_from([0.0, 0.02, 0.3, 5.0]),
    tolerance=st.sampled_from([0.05, 0.15, 2.0]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_height_is_missed_by_more_than_the_tolerance_and_there_is_no_crack(rows, columns, seed, rough, tolerance):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:rows, :columns]
    heights = (900 + 8 * np.sin(x / 17) * np.cos(y / 23) + rough * rng.normal(size=(rows, columns))).astype(np.float32)
    net = network(heights, tolerance, 10**9)
    found, worst = misses(heights, net)
    assert worst <= tolerance * 1.001
    assert np.isfinite(found).all()
    sides, count = edges(net)
    assert count.max() <= 2
    border = net.vertices[sides[count == 1]]
    for axis, last in ((0, rows - 1), (1, columns - 1)):
        border = border[~((border[:, :, axis] == 0).all(axis=1) | (border[:, :, axis] == last).all(axis=1))]
    assert len(border) == 0, "a side inside the land belongs to one triangle only"


def test_holes_are_left_out_and_nothing_else():
    y, x = np.mgrid[:130, :100]
    heights = np.sin(x / 9.0).astype(np.float32) + np.cos(y / 11.0).astype(np.float32)
    heights[40:60, 30:55] = np.nan
    heights[100, 80] = np.nan
    net = network(heights, 0.1, 10**9)
    found, worst = misses(heights, net)
    assert worst <= 0.1001
    assert np.array_equal(np.isnan(found), np.isnan(heights))


def test_flat_land_takes_few_triangles_and_rough_land_keeps_to_its_limit():
    assert len(network(np.full((257, 257), 5, np.float32)).triangles) < 2500  # the border takes most
    rough = np.random.default_rng(1).normal(size=(300, 300)).astype(np.float32)
    net = network(rough, 0.01, 20_000)
    assert 15_000 < len(net.triangles) <= 20_400
    assert net.tolerance > 0.01
    _, worst = misses(rough, net)
    assert worst <= net.tolerance * 1.001


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1)])
def test_a_single_row_has_no_triangle(shape):
    assert len(network(np.zeros(shape, np.float32)).triangles) == 0


def test_infinite_heights_are_holes_and_nothing_but_holes_is_nothing():
    heights = np.zeros((10, 10), np.float32)
    heights[3, 3], heights[4, 4] = np.inf, -np.inf
    assert len(network(heights).triangles) > 0
    assert len(network(np.full((10, 10), np.nan, np.float32)).triangles) == 0


def test_tiles_hold_ten_to_fifty_thousand_triangles():
    heights = np.random.default_rng(3).normal(size=(500, 400)).astype(np.float32)
    net = Relief(heights).mesh(0.0)
    sizes = np.diff(net.tile_start)
    assert sizes.sum() == len(net.triangles) == 2 * 499 * 399
    assert sizes.min() >= 8_000 and sizes.max() <= 50_000
