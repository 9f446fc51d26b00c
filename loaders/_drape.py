"""Flat triangles and lines cut up until they follow the ground they lie on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loaders._issues import IssueLog
from loaders.city import Bool, Float64, Int32, Int64
from loaders.triangulate import ranges

FOLLOWS = 0.1
"""Metres that the ground may be missed by along a side."""
MAX_TRIANGLES = 2_000_000
_MAX_POINTS = 2_000_000
_ROUNDS = 10
_WIDEST = 16
"""Sides longer than this many cells of the ground are cut in any case: a hill may lie between them."""

Heights = Callable[[Float64], Float64]


Surface = tuple[Float64, Int64, Int32, Int64]
"""Corners float64 (C, 3), the polygon of each (C,), triangles (T, 3), the polygon of each (T,)."""


def drape_triangles(surface: Surface, flat: Bool, heights: Heights, cell: float, issues: IssueLog) -> Surface:
    """Cut triangles of flat polygons at the middles of their sides, on both sides of a side alike.

    ``flat`` (P,) tells which polygons lie on the ground. Returns the surface in the order of the polygons.
    """
    xyz, owner, few, polygon = surface
    triangles: Int64 = few.astype(np.int64)
    open_ = flat[polygon]
    done, done_owner = [triangles[~open_]], [polygon[~open_]]
    active, active_owner = triangles[open_], polygon[open_]
    for _ in range(_ROUNDS):
        if not len(active):
            break
        sides = np.sort(active[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        key, index = np.unique(sides[:, 0] * len(xyz) + sides[:, 1], return_inverse=True)
        ends = np.stack([key // len(xyz), key % len(xyz)], axis=1)
        cut = _misses(xyz, ends, heights, cell)
        if sum(map(len, done)) + len(active) + 2 * np.count_nonzero(cut) > MAX_TRIANGLES:
            text = f"Areas follow the ground less closely, to stay below {MAX_TRIANGLES:,} triangles."
            issues.info("coarse-drape", text)
            break
        number = np.full(len(key), -1, np.int64)
        number[cut] = len(xyz) + np.arange(np.count_nonzero(cut))
        middle = 0.5 * (xyz[ends[cut, 0]] + xyz[ends[cut, 1]])
        above = heights(middle[:, :2])
        middle[:, 2] = np.where(np.isfinite(above), above, middle[:, 2])
        xyz = np.concatenate([xyz, middle])
        owner = np.concatenate([owner, owner[ends[cut, 0]]])
        marks = number[index.reshape(-1, 3)]
        whole = (marks < 0).all(axis=1)
        done.append(active[whole])
        done_owner.append(active_owner[whole])
        active, active_owner = _split(active[~whole], marks[~whole], active_owner[~whole])
    triangles = np.concatenate([*done, active])
    polygon = np.concatenate([*done_owner, active_owner])
    return _ordered(xyz, owner, triangles, polygon)


def _misses(xyz: Float64, ends: Int64, heights: Heights, cell: float) -> Bool:
    """Sides that the ground leaves, or that are too long to know."""
    a, b = xyz[ends[:, 0]], xyz[ends[:, 1]]
    length = np.hypot(*(b - a)[:, :2].T)
    cut: Bool = length > _WIDEST * cell
    for share in (0.25, 0.5, 0.75):
        at = a + share * (b - a)
        gap = np.abs(heights(at[:, :2]) - at[:, 2])
        cut |= (gap > FOLLOWS) & (length > 1.5 * cell)
    return cut


def _split(triangles: Int64, marks: Int64, owner: Int64) -> tuple[Int64, Int64]:
    """Two, three or four triangles for each, by the sides (0-1, 1-2, 2-0) that have a middle (-1 = none)."""
    found, owners = [], []
    for turn in range(3):
        order = [turn, (turn + 1) % 3, (turn + 2) % 3]
        a, b, c = triangles[:, order].T
        ab, bc, ca = marks[:, order].T
        one = (ab >= 0) & (bc < 0) & (ca < 0)
        two = (ab >= 0) & (bc >= 0) & (ca < 0)
        found += [(a, ab, c, one), (ab, b, c, one), (ab, b, bc, two), (a, ab, bc, two), (a, bc, c, two)]
    a, b, c = triangles.T
    ab, bc, ca = marks.T
    every = (marks >= 0).all(axis=1)
    found += [(a, ab, ca, every), (ab, b, bc, every), (ca, bc, c, every), (ab, bc, ca, every)]
    parts = []
    for x, y, z, which in found:
        parts.append(np.stack([x[which], y[which], z[which]], axis=1))
        owners.append(owner[which])
    return np.concatenate(parts), np.concatenate(owners)


def _ordered(xyz: Float64, owner: Int64, triangles: Int64, polygon: Int64) -> Surface:
    corners = np.argsort(owner, kind="stable")
    moved = np.empty(len(corners), np.int64)
    moved[corners] = np.arange(len(corners))
    order = np.argsort(polygon, kind="stable")
    return xyz[corners], owner[corners], moved[triangles[order]].astype(np.int32), polygon[order]


def drape_lines(xyz: Float64, owner: Int64, flat: Bool, cell: float) -> tuple[Float64, Int64]:
    """Points along lines float64 (C, 3) of lines ``owner`` (C,): flat ones get one at least every other cell."""
    if len(xyz) < 2 or cell <= 0:
        return xyz, owner
    step = xyz[1:] - xyz[:-1]
    length = np.hypot(step[:, 0], step[:, 1])
    inside = (owner[1:] == owner[:-1]) & flat[owner[1:]]
    wide = 2 * cell
    total = float(length[inside].sum()) / wide
    wide *= max(1.0, total / _MAX_POINTS)
    pieces = np.ones(len(xyz), np.int64)
    pieces[:-1][inside] = np.maximum(1, np.ceil(length[inside] / wide)).astype(np.int64)
    start = np.repeat(np.arange(len(xyz)), pieces)
    share = ranges(np.zeros(len(xyz), np.int64), pieces) / pieces[start]
    ahead = np.minimum(start + 1, len(xyz) - 1)
    return xyz[start] + share[:, None] * (xyz[ahead] - xyz[start]) * (share > 0)[:, None], owner[start]
