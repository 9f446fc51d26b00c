"""Polygons with holes, in space, to triangles: many at once.

A polygon is projected along the axis in which its Newell normal is longest. Polygons without holes and with
equal corner counts are looked at together: if all triangles from one corner (a fan) are turned the same way, the fan
is the triangulation (that holds for every convex polygon and most simple concave ones). The rest goes
to mapbox's earcut one by one. Triangles are turned like their polygon.

Newell: Sutherland et al. 1974, "A characterization of ten hidden-surface algorithms", app. 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import mapbox_earcut
import numpy as np
import numpy.typing as npt

from loaders.city import Bool, Float64, Int32, Int64

_FAN_CORNERS = 64
"""Polygons with more corners go straight to earcut."""
_SLACK = 1e-9
"""A fan triangle may be turned the wrong way by this share of the polygon's area (rounding of flat corners)."""
_AREA_ERROR = 1e-6
_FLAT = 1e-14
"""Polygons whose area is below this share of their squared extent have no area."""


@dataclass(frozen=True, slots=True, eq=False)
class Triangulation:
    """Triangles of polygons, in the order of the polygons.

    Attributes:
        triangles: int32 (T, 3), corner numbers.
        counts: int32 (P,), triangles of each polygon.
        degenerate: int64, polygons left out: fewer than three different corners or no area.
        tangled: int64, polygons that cross themselves: drawn, but their area is not exact.
    """

    triangles: Int32
    counts: Int32
    degenerate: Int64
    tangled: Int64


def starts(lengths: npt.NDArray[np.integer]) -> Int64:
    """Where runs of these lengths begin, and the end: int64 (N + 1,)."""
    out = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=out[1:])
    return out


def triangulate(points: Float64, ring_len: Int32, polygon_rings: Int32) -> Triangulation:
    """Triangulate polygons given as runs of corners.

    Args:
        points: float64 (3, C), x, y, z of all corners, ring after ring.
        ring_len: int (R,), corners of each ring; no corner is repeated to close a ring, but that does no harm.
        polygon_rings: int (P,), rings of each polygon; the first is the outer one, the others are holes.
    """
    ring_start = starts(ring_len)
    kept = _repeated(points, ring_start, ring_len)
    if kept is None:
        return _triangulate_clean(points, ring_start, polygon_rings)
    length = np.add.reduceat(kept.astype(np.int32), ring_start[:-1][ring_len > 0]) if kept.size else kept
    new_len = np.zeros(len(ring_len), np.int32)
    new_len[ring_len > 0] = length
    use = new_len >= 3
    keep_corner = kept & np.repeat(use, ring_len)
    first_ring = starts(polygon_rings)
    outer = np.zeros(len(ring_len), np.bool_)
    outer[first_ring[:-1][polygon_rings > 0]] = True
    owner = np.repeat(np.arange(len(polygon_rings)), polygon_rings)
    lost = owner[outer & ~use]
    use &= ~np.isin(owner, lost)
    keep_corner = kept & np.repeat(use, ring_len)
    corner = np.flatnonzero(keep_corner).astype(np.int32)
    rings_left = np.bincount(owner[use], minlength=len(polygon_rings)).astype(np.int32)
    inner = _triangulate_clean(points[:, corner], starts(new_len[use]), rings_left)
    degenerate = np.union1d(inner.degenerate, lost).astype(np.int64)
    return Triangulation(corner[inner.triangles], inner.counts, degenerate, inner.tangled)


def _repeated(points: Float64, ring_start: Int64, ring_len: Int32) -> Bool | None:
    """True for corners to keep (those unlike the one before, around the ring); None if all are kept."""
    total = points.shape[1]
    if not total:
        return None if not len(ring_len) else np.zeros(0, np.bool_)
    before = np.arange(-1, total - 1)
    filled = ring_len > 0
    before[ring_start[:-1][filled]] = ring_start[1:][filled] - 1
    same = points[0] == points[0][before]
    for axis in (1, 2):
        same &= points[axis] == points[axis][before]
    if not same.any() and int(ring_len.min()) >= 3:
        return None
    kept: Bool = ~same
    return kept


def _triangulate_clean(points: Float64, ring_start: Int64, polygon_rings: Int32) -> Triangulation:
    first_ring = starts(polygon_rings)
    corner_start = ring_start[first_ring]
    corners = np.diff(corner_start)
    counts = np.maximum(corners + 2 * polygon_rings.astype(np.int64) - 4, 0)
    counts[polygon_rings == 0] = 0
    out_start = starts(counts)
    out = np.zeros((int(out_start[-1]), 3), np.int32)
    job = _Job(points, out, out_start, corner_start)
    single = polygon_rings == 1
    order = np.argsort(np.where(single, corners, -1), kind="stable")
    sizes, begin = np.unique(corners[order][np.count_nonzero(~single) :], return_index=True)
    groups = np.split(order[np.count_nonzero(~single) :], begin[1:]) if len(sizes) else []
    late = [np.flatnonzero(polygon_rings > 1)]
    for size, members in zip(sizes.tolist(), groups, strict=True):
        late.append(_fans(job, members, size))
    short: list[tuple[int, Int32]] = []
    for polygon in np.sort(np.concatenate(late)).tolist():
        rings = ring_start[first_ring[polygon] : first_ring[polygon + 1] + 1]
        _earcut(job, polygon, rings, short)
    return _finish(job, counts, short)


class _Job:
    """Where a batch reads corners and writes triangles."""

    def __init__(self, points: Float64, out: Int32, out_start: Int64, corner_start: Int64):
        self.points, self.out, self.out_start, self.corner_start = points, out, out_start, corner_start
        self.degenerate: list[Int64] = []
        self.tangled: list[int] = []

    def write(self, members: Int64, fan: Int32) -> None:
        """``fan`` (n, k - 2, 3): corner numbers of the triangles of ``members``."""
        slots = self.out_start[members][:, None] + np.arange(fan.shape[1])
        self.out[slots.ravel()] = fan.reshape(-1, 3)


def _project(points: Float64) -> tuple[Float64, Float64, Float64, Float64]:
    """Corners (3, n, k) to plane coordinates u, v (n, k), counter-clockwise; twice the area there; extent^2."""
    local = points - points[:, :, :1]
    x, y, z = local
    x1, y1, z1 = (np.roll(axis, -1, axis=1) for axis in local)
    normal = np.stack(
        [
            np.sum((y - y1) * (z + z1), axis=1),
            np.sum((z - z1) * (x + x1), axis=1),
            np.sum((x - x1) * (y + y1), axis=1),
        ]
    )
    axis = np.argmax(np.abs(normal), axis=0)
    area = np.take_along_axis(normal, axis[None], axis=0)[0]
    rows = np.arange(local.shape[1])
    u = local[(axis + 1) % 3, rows]
    v = local[(axis + 2) % 3, rows]
    u = np.where(area[:, None] < 0, -u, u)
    extent = np.max(np.abs(local), axis=(0, 2)) ** 2
    return u, v, np.abs(area), extent


def _fan_areas(u: Float64, v: Float64) -> Float64:
    """Twice the signed areas of the triangles (0, i, i + 1) of each row: (n, k - 2)."""
    du, dv = u[:, 1:] - u[:, :1], v[:, 1:] - v[:, :1]
    return du[:, :-1] * dv[:, 1:] - du[:, 1:] * dv[:, :-1]


def _fans(job: _Job, members: Int64, size: int) -> Int64:
    """Triangulate polygons of ``size`` corners by fans where that is right; returns those left over."""
    first: Int32 = job.corner_start[members].astype(np.int32)
    if size == 3:
        job.write(members, np.stack([first, first + 1, first + 2], axis=1)[:, None, :].astype(np.int32))
        return members[:0]
    if size > _FAN_CORNERS:
        return members
    left = []
    step = max(1, 400_000 // size)
    for at in range(0, len(members), step):
        left.append(_fan_batch(job, members[at : at + step], first[at : at + step], size))
    return np.concatenate(left)


def _fan_batch(job: _Job, members: Int64, first: Int32, size: int) -> Int64:
    u, v, area, extent = _project(job.points[:, first[:, None] + np.arange(size)])
    flat = area <= _FLAT * extent
    if flat.any():
        job.degenerate.append(members[flat])
    apex = np.full(len(members), -1, np.int32)
    rest = np.flatnonzero(~flat)
    best = np.zeros(len(members))
    for turn in range(size):
        if turn:
            areas = _fan_areas(np.roll(u[rest], -turn, axis=1), np.roll(v[rest], -turn, axis=1))
        else:
            areas = _fan_areas(u[rest], v[rest]) if len(rest) < len(u) else _fan_areas(u, v)
        worst = areas.min(axis=1) / area[rest]
        good = worst >= -_SLACK
        if size == 4 and turn == 1:
            good &= (apex[rest] < 0) | (worst > best[rest])
        apex[rest[good]] = turn
        best[rest[good]] = worst[good]
        if size != 4 or turn >= 1:
            rest = rest[apex[rest] < 0]
        if not len(rest) or (size == 4 and turn == 1):
            break
    done = apex >= 0
    ring = (apex[done][:, None] + np.arange(size, dtype=np.int32)) % size + first[done][:, None]
    fan = np.empty((len(ring), size - 2, 3), np.int32)
    fan[:, :, 0] = ring[:, :1]
    fan[:, :, 1] = ring[:, 1:-1]
    fan[:, :, 2] = ring[:, 2:]
    job.write(members[done], fan)
    return members[~done & ~flat]


def _earcut(job: _Job, polygon: int, rings: Int64, short: list[tuple[int, Int32]]) -> None:
    """One polygon, holes included; ``short`` takes those with another number of triangles than expected."""
    first, last = int(rings[0]), int(rings[-1])
    outer = job.points[:, first : int(rings[1])][:, None, :]
    axis, turned, area, extent = _plane(outer[:, 0, :])
    origin = job.points[:, first]
    u = job.points[(axis + 1) % 3, first:last] - origin[(axis + 1) % 3]
    v = job.points[(axis + 2) % 3, first:last] - origin[(axis + 2) % 3]
    room = int(job.out_start[polygon + 1] - job.out_start[polygon])
    if area <= _FLAT * extent:
        job.degenerate.append(np.array([polygon]))
        short.append((polygon, np.zeros((0, 3), np.int32)))
        return
    ends = (rings[1:] - first).astype(np.uint32)
    flat = mapbox_earcut.triangulate_float64(np.stack([u, v], axis=1), ends)
    found = flat.reshape(-1, 3).astype(np.int32)
    du, dv = u[found], v[found]
    areas = (du[:, 1] - du[:, 0]) * (dv[:, 2] - dv[:, 0]) - (du[:, 2] - du[:, 0]) * (dv[:, 1] - dv[:, 0])
    if turned:
        areas = -areas
    wrong = areas < 0
    found[wrong] = found[wrong][:, [0, 2, 1]]
    wanted = area - sum(abs(_shoelace(u[a:b], v[a:b])) for a, b in pairwise(ends.tolist()))
    if abs(float(np.abs(areas).sum()) - wanted) > _AREA_ERROR * area:
        job.tangled.append(polygon)
    found += first
    if len(found) == room:
        job.out[job.out_start[polygon] : job.out_start[polygon + 1]] = found
    else:
        short.append((polygon, found))


def _plane(ring: Float64) -> tuple[int, bool, float, float]:
    """Axis to drop, True if the ring is clockwise seen along it, twice the area there, extent^2."""
    local = ring - ring[:, :1]
    after = np.roll(local, -1, axis=1)
    normal = [
        float(np.sum((local[(axis + 1) % 3] - after[(axis + 1) % 3]) * (local[(axis + 2) % 3] + after[(axis + 2) % 3])))
        for axis in range(3)
    ]
    axis = max(range(3), key=lambda k: abs(normal[k]))
    return axis, normal[axis] < 0, abs(normal[axis]), float(np.max(np.abs(local))) ** 2


def _shoelace(u: Float64, v: Float64) -> float:
    """Twice the signed area of a plane ring."""
    return float(np.sum(u * np.roll(v, -1) - np.roll(u, -1) * v))


def _finish(job: _Job, counts: Int64, short: list[tuple[int, Int32]]) -> Triangulation:
    """Take out the unused slots of polygons that got fewer triangles, put in those that got more."""
    degenerate = np.sort(np.concatenate([*job.degenerate, np.zeros(0, np.int64)])).astype(np.int64)
    odd = dict(short)
    odd.update(dict.fromkeys(degenerate.tolist(), np.zeros((0, 3), np.int32)))
    triangles = job.out
    if odd:
        parts = []
        at = 0
        for polygon in sorted(odd):
            parts += [triangles[at : job.out_start[polygon]], odd[polygon]]
            at = int(job.out_start[polygon + 1])
            counts[polygon] = len(odd[polygon])
        triangles = np.concatenate([*parts, triangles[at:]])
    return Triangulation(triangles, counts.astype(np.int32), degenerate, np.array(sorted(job.tangled), np.int64))
