"""Polygons with holes, in space, to triangles: all at once.

A polygon is projected along the axis in which its Newell normal is longest. Polygons without holes and with
equal corner counts are looked at together: if all triangles from one corner (a fan) are turned the same way, the fan
is the triangulation (that holds for every convex polygon and most simple concave ones). The rest goes
to mapbox's earcut one by one. Triangles are turned like their polygon.

Newell: Sutherland et al. 1974, "A characterization of ten hidden-surface algorithms", app. 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mapbox_earcut
import numpy as np
import numpy.typing as npt

from loaders._fork import ForkPool, shared_empty
from loaders.city import Bool, Float64, Int32, Int64

_FAN_CORNERS = 64
"""Polygons with more corners go straight to earcut."""
_ALL_FANS = 12
"""Polygons with at most this many corners try a fan from every corner, others only from the first."""
_BATCH_CORNERS = 120_000
_BATCH_EARCUT = 2_000
_SLACK = 1e-9
"""A fan triangle may be turned the wrong way by this share of the polygon's area (rounding of flat corners)."""
_AREA_ERROR = 1e-6
_FLAT = 1e-14
"""Polygons whose area is below this share of their squared extent have no area."""
_LEFT, _NO_AREA, _REPEATS = -1, -2, -3


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


def ranges(first: Int64, length: Int64) -> Int64:
    """All numbers of the runs ``first[i] .. first[i] + length[i] - 1``, run after run."""
    ends = np.cumsum(length)
    out = np.arange(int(ends[-1]) if len(ends) else 0, dtype=np.int64)
    out += np.repeat(first - ends + length, length)
    return out


def _silent(fraction: float) -> None:
    """Report nothing."""


@dataclass(slots=True, eq=False)
class Polygons:
    """Polygons as runs of corners.

    Attributes:
        vertices: float64 (3, V): x, y, z.
        corner_vertex: int32 (C,): vertex of each corner, ring after ring.
        ring_len: int32 (R,): corners of each ring. A ring is closed by itself; a repeated first corner does no harm.
        polygon_rings: int32 (P,): rings of each polygon; the first is the outer one, the others are holes.
        skip: bool (P,): polygons to leave out without a word; None = none.
    """

    vertices: Float64
    corner_vertex: Int32
    ring_len: Int32
    polygon_rings: Int32
    skip: Bool | None = None


def triangulate(polygons: Polygons, processes: int = 1, report: Callable[[float], None] = _silent) -> Triangulation:
    """Triangulate; ``report`` hears a fraction now and then and may raise to stop."""
    job = _Job(polygons, processes, report)
    rings = polygons.polygon_rings
    take = rings > 0 if polygons.skip is None else (rings > 0) & ~polygons.skip
    late = [np.flatnonzero((rings > 1) & take)]
    late.append(job.fans(np.flatnonzero((rings == 1) & take)))
    found = job.clean(np.sort(np.concatenate(late)))
    return job.finish(found, take)


class _Job:
    """One triangulation in the making."""

    def __init__(self, polygons: Polygons, processes: int, report: Callable[[float], None]):
        self.polygons, self.processes, self.report = polygons, processes, report
        self.first_ring = starts(polygons.polygon_rings)
        self.ring_start = starts(polygons.ring_len)
        self.corner_start = self.ring_start[self.first_ring]
        corners = np.diff(self.corner_start)
        self.counts = np.maximum(corners + 2 * polygons.polygon_rings.astype(np.int64) - 4, 0)
        self.out_start = starts(self.counts)
        self.parallel = len(corners) * 4 > _BATCH_CORNERS and processes > 1
        self.out: Int32 = shared_empty((int(self.out_start[-1]), 3), np.int32, self.parallel)
        self.degenerate: list[Int64] = []
        self.tangled: list[Int64] = []

    def _share(self, work: Callable[[int], Any], count: int, low: float, high: float) -> list[Any]:
        pool = ForkPool(work, count, self.processes if self.parallel else 1)
        try:
            return pool.finish(lambda done: self.report(low + (high - low) * done))
        finally:
            pool.close()

    def fans(self, members: Int64) -> Int64:
        """Triangulate the polygons of one ring by fans where that is right; returns the others."""
        size = (self.corner_start[members + 1] - self.corner_start[members]).astype(np.int32)
        large = members[size > _FAN_CORNERS]
        self.degenerate.append(members[size < 3])
        usable = (size >= 3) & (size <= _FAN_CORNERS)
        members, size = members[usable], size[usable].astype(np.uint8)
        order = np.argsort(size, kind="stable")
        members = members[order]
        edges = np.searchsorted(size[order], np.arange(3, _FAN_CORNERS + 2))
        batches = []
        for corners, (first, last) in enumerate(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True), 3):
            step = max(1, _BATCH_CORNERS // corners)
            batches += [(members[at : min(at + step, last)], corners) for at in range(first, last, step)]
        runs = _group(batches)
        done = self._share(lambda task: [self._fan_batch(*batch) for batch in runs[task]], len(runs), 0.0, 0.7)
        left = [large]
        for (part, _), state in zip(batches, [one for run in done for one in run], strict=True):
            if state is not None:
                left.append(part[(state == _LEFT) | (state == _REPEATS)])
                self.degenerate.append(part[state == _NO_AREA])
        return np.concatenate(left)

    def _fan_batch(self, members: Int64, size: int) -> npt.NDArray[np.int8] | None:
        """Write the fans of polygons of ``size`` corners; apex of each or a reason; None if all are well."""
        first = self.corner_start[members].astype(np.int32)
        vertex = self.polygons.corner_vertex[first[None, :] + np.arange(size, dtype=np.int32)[:, None]]
        points = [np.take(axis, vertex, mode="clip") for axis in self.polygons.vertices]
        same = _repeats(points)
        u, v, area, extent = _project(points)
        apex = np.full(len(members), _LEFT, np.int8)
        apex[area <= _FLAT * extent] = _NO_AREA
        apex[same] = _REPEATS
        _choose_apex(u, v, area, apex, size)
        slot = self.out_start[members]
        good = apex >= 0
        if not good.all():
            slot, first, turned = slot[good], first[good], apex[good].astype(np.int32)
        else:
            turned = apex.astype(np.int32)
        previous = first + (turned + 1) % size
        for number in range(size - 2):
            following = first + (turned + number + 2) % size
            self.out[slot + number, 0] = first + turned
            self.out[slot + number, 1] = previous
            self.out[slot + number, 2] = following
            previous = following
        return None if good.all() else apex

    def clean(self, members: Int64) -> list[tuple[Int64, Int32, Int32]]:
        """Triangulate polygons one by one: (polygons, counts, triangles) by batch. Repeated corners are left out."""
        runs = [members[at : at + _BATCH_EARCUT] for at in range(0, len(members), _BATCH_EARCUT)]
        done = self._share(lambda task: self._earcut_batch(runs[task]), len(runs), 0.7, 1.0)
        found = []
        for polygons, (counts, triangles, tangled) in zip(runs, done, strict=True):
            found.append((polygons, counts, triangles))
            self.degenerate.append(polygons[counts == 0])
            self.tangled.append(polygons[tangled])
        return found

    def _earcut_batch(self, members: Int64) -> tuple[Int32, Int32, Bool]:
        """Triangles of each polygon, the triangles by corner, and which polygons cross themselves."""
        rings = self.polygons.polygon_rings[members].astype(np.int64)
        ring = ranges(self.first_ring[members], rings)
        corner = ranges(self.ring_start[ring], self.polygons.ring_len[ring].astype(np.int64))
        ring_len, polygon_rings = self.polygons.ring_len[ring].astype(np.int64), rings
        points = self.polygons.vertices[:, self.polygons.corner_vertex[corner]]
        corner, points, ring_len, polygon_rings = _without_repeats(corner, points, ring_len, polygon_rings)
        u, v, ring_area, extent = _project_rings(points, ring_len, polygon_rings)
        first = starts(polygon_rings)
        ends = starts(ring_len)
        plane = np.ascontiguousarray(np.stack([u, v], axis=1))
        counts = np.zeros(len(members), np.int32)
        found: list[npt.NDArray[np.uint32]] = []
        outer = np.zeros(len(members))
        outlined = np.flatnonzero(polygon_rings > 0)
        outer[outlined] = ring_area[first[outlined]]
        flat = (polygon_rings == 0) | (outer <= _FLAT * extent)
        ring_end = ends[1:].tolist()
        begin = ends[first].tolist()
        ring_first = first.tolist()
        for number in np.flatnonzero(~flat).tolist():
            low, high = begin[number], begin[number + 1]
            stops = np.array([end - low for end in ring_end[ring_first[number] : ring_first[number + 1]]], np.uint32)
            indices = mapbox_earcut.triangulate_float64(plane[low:high], stops)
            counts[number] = len(indices) // 3
            found.append(indices)
        triangles = np.concatenate(found).reshape(-1, 3).astype(np.int64) if found else np.zeros((0, 3), np.int64)
        owner = np.repeat(np.arange(len(members)), counts)
        triangles += ends[first[:-1]][owner][:, None]
        wanted = 2 * outer - np.bincount(
            np.repeat(np.arange(len(members)), polygon_rings), ring_area, minlength=len(members)
        )  # fmt: skip
        tangled = _turn(triangles, owner, u, v, wanted, outer) & (counts > 0)
        return counts, corner[triangles].astype(np.int32), tangled

    def finish(self, found: list[tuple[Int64, Int32, Int32]], take: Bool) -> Triangulation:
        """Put the single polygons in place and take out the slots that nobody filled."""
        degenerate = np.sort(np.concatenate([*self.degenerate, np.zeros(0, np.int64)]))
        old = self.counts.copy()
        counts = np.where(take, old, 0)
        counts[degenerate] = 0
        late = np.concatenate([one[0] for one in found]) if found else np.zeros(0, np.int64)
        if len(late):
            counts[late] = np.concatenate([one[1] for one in found])
        triangles = self.out
        if not np.array_equal(counts, old):
            new_start = starts(counts)
            triangles = np.empty((int(new_start[-1]), 3), np.int32)
            whole = np.flatnonzero(counts != 0)
            whole = np.setdiff1d(whole, late, assume_unique=True)
            _move_runs(self.out, self.out_start, triangles, new_start, counts, whole)
        else:
            new_start = self.out_start
        for members, number, values in found:
            triangles[ranges(new_start[members], number.astype(np.int64))] = values
        tangled = np.sort(np.concatenate([*self.tangled, np.zeros(0, np.int64)]))
        return Triangulation(triangles, counts.astype(np.int32), degenerate, tangled)


def _group(batches: list[tuple[Int64, int]]) -> list[list[tuple[Int64, int]]]:
    """Put small batches together, so that a task is worth handing out."""
    runs: list[list[tuple[Int64, int]]] = []
    filled = _BATCH_CORNERS
    for batch in batches:
        work = len(batch[0]) * batch[1]
        if filled + work > _BATCH_CORNERS:
            runs.append([])
            filled = 0
        runs[-1].append(batch)
        filled += work
    return runs


def _move_runs(
    source: Int32, source_start: Int64, target: Int32, target_start: Int64, counts: Int64, members: Int64
) -> None:
    """Copy the triangles of ``members`` (ascending) to their new places, in pieces that stay in the cache."""
    for at in range(0, len(members), 50_000):
        part = members[at : at + 50_000]
        target[ranges(target_start[part], counts[part])] = source[ranges(source_start[part], counts[part])]


def _repeats(points: list[Float64]) -> Bool:
    """True for polygons (columns) with a corner at the place of the one before it."""
    x, y, z = points
    same = x == np.roll(x, 1, axis=0)
    if not same.any():
        return np.zeros(x.shape[1], np.bool_)
    same &= (y == np.roll(y, 1, axis=0)) & (z == np.roll(z, 1, axis=0))
    found: Bool = same.any(axis=0)
    return found


def _project(points: list[Float64]) -> tuple[Float64, Float64, Float64, Float64]:
    """Corners by axis (k, n) to plane coordinates u, v (k, n), counter-clockwise; twice the area there; extent^2."""
    x, y, z = (axis - axis[0] for axis in points)
    normal = np.stack([_cross_sum(y, z), _cross_sum(z, x), _cross_sum(x, y)])
    size = np.abs(normal)
    top = np.argmax(size, axis=0)
    area = np.take_along_axis(normal, top[None], axis=0)[0]
    u = np.where(top == 0, y, np.where(top == 1, z, x))
    v = np.where(top == 0, z, np.where(top == 1, x, y))
    np.negative(u, out=u, where=area < 0)
    extent = np.maximum(np.abs(x).max(axis=0), np.maximum(np.abs(y).max(axis=0), np.abs(z).max(axis=0))) ** 2
    return u, v, np.abs(area), extent


def _cross_sum(a: Float64, b: Float64) -> Float64:
    """Twice the signed area of rings whose first corner is 0: sum of a[i] b[i + 1] - a[i + 1] b[i]."""
    total: Float64 = (a[1:-1] * b[2:] - a[2:] * b[1:-1]).sum(axis=0)
    return total


def _worst_turn(u: Float64, v: Float64, apex: int) -> Float64:
    """Smallest twice signed area among the fan triangles from corner ``apex`` of each column."""
    order = (apex + np.arange(len(u))) % len(u)
    du, dv = u[order[1:]] - u[apex], v[order[1:]] - v[apex]
    worst: Float64 = (du[:-1] * dv[1:] - du[1:] * dv[:-1]).min(axis=0)
    return worst


def _choose_apex(u: Float64, v: Float64, area: Float64, apex: npt.NDArray[np.int8], size: int) -> None:
    """Set the apex of a right fan where there is one; of the two fans of a quadrangle the better one."""
    open_ = apex == _LEFT
    limit = -_SLACK * area
    worst = _worst_turn(u, v, 0)
    apex[open_ & (worst >= limit)] = 0
    if size == 3:
        return
    if size == 4:
        other = _worst_turn(u, v, 1)
        apex[open_ & (other >= limit) & (other > worst * (1 + 1e-9))] = 1
        return
    if size > _ALL_FANS:
        return
    rest = np.flatnonzero(apex == _LEFT)
    u, v = np.ascontiguousarray(u[:, rest]), np.ascontiguousarray(v[:, rest])
    for corner in range(1, size):
        if not len(rest):
            return
        good = _worst_turn(u, v, corner) >= limit[rest]
        if good.any():
            apex[rest[good]] = corner
            rest, u, v = rest[~good], u[:, ~good], v[:, ~good]


def _without_repeats(
    corner: Int64, points: Float64, ring_len: Int64, polygon_rings: Int64
) -> tuple[Int64, Float64, Int64, Int64]:
    """Leave out corners at the place of the one before, rings of fewer than three, polygons without outline."""
    total = len(corner)
    if not total:
        return corner, points, ring_len[:0], np.zeros_like(polygon_rings)
    begin = starts(ring_len)
    before = np.arange(-1, total - 1)
    filled = ring_len > 0
    before[begin[:-1][filled]] = begin[1:][filled] - 1
    keep = (points != points[:, before]).any(axis=0)
    if keep.all() and int(ring_len.min()) >= 3:
        return corner, points, ring_len, polygon_rings
    new_len = np.bincount(np.repeat(np.arange(len(ring_len)), ring_len)[keep], minlength=len(ring_len))
    use = new_len >= 3
    owner = np.repeat(np.arange(len(polygon_rings)), polygon_rings)
    outer = np.zeros(len(ring_len), np.bool_)
    outer[starts(polygon_rings)[:-1][polygon_rings > 0]] = True
    use &= ~np.isin(owner, owner[outer & ~use])
    keep &= np.repeat(use, ring_len)
    rings = np.bincount(owner[use], minlength=len(polygon_rings))
    return corner[keep], points[:, keep], new_len[use], rings


def _project_rings(points: Float64, ring_len: Int64, polygon_rings: Int64) -> tuple[Float64, Float64, Float64, Float64]:
    """Coordinates u, v of all corners in the Newell plane of their polygon, where its outer ring is turned
    counter-clockwise, twice the area of each ring there, and extent^2 of each polygon."""
    polygons = len(polygon_rings)
    if not len(ring_len):
        none = np.zeros(0)
        return none, none, none, np.zeros(polygons)
    begin = starts(ring_len)
    first_ring = starts(polygon_rings)
    has = polygon_rings > 0
    ring_owner = np.repeat(np.arange(polygons), polygon_rings)
    owner = np.repeat(ring_owner, ring_len)
    origin = np.zeros((3, polygons))
    origin[:, has] = points[:, begin[first_ring[:-1][has]]]
    local = points - origin[:, owner]
    after = np.arange(1, len(owner) + 1)
    after[begin[1:] - 1] = begin[:-1]
    sums = np.empty((3, len(ring_len)))
    for axis in range(3):
        a, b = local[(axis + 1) % 3], local[(axis + 2) % 3]
        sums[axis] = np.add.reduceat(a * b[after] - a[after] * b, begin[:-1])
    normal = np.zeros((3, polygons))
    normal[:, has] = sums[:, first_ring[:-1][has]]
    length = np.sqrt((normal**2).sum(axis=0))
    normal /= np.where(length > 0, length, 1.0)
    right, up = _plane_axes(normal)
    u = (right[:, owner] * local).sum(axis=0)
    v = (up[:, owner] * local).sum(axis=0)
    ring_area = np.abs((sums * normal[:, ring_owner]).sum(axis=0))
    extent = np.zeros(polygons)
    np.maximum.at(extent, owner, np.abs(local).max(axis=0))
    return u, v, ring_area, extent**2


def _plane_axes(normal: Float64) -> tuple[Float64, Float64]:
    """Two unit vectors (3, n) that make a right-handed system with unit normals (3, n)."""
    rows = np.arange(normal.shape[1])
    helper = np.zeros_like(normal)
    helper[np.argmin(np.abs(normal), axis=0), rows] = 1.0
    right = np.cross(helper, normal, axis=0)
    right /= np.maximum(np.sqrt((right**2).sum(axis=0)), 1e-300)
    return right, np.cross(normal, right, axis=0)


def _turn(triangles: Int64, owner: Int64, u: Float64, v: Float64, wanted: Float64, outer: Float64) -> Bool:
    """Turn all triangles counter-clockwise (in place); True for polygons whose area the triangles miss."""
    a, b, c = triangles.T
    areas = (u[b] - u[a]) * (v[c] - v[a]) - (u[c] - u[a]) * (v[b] - v[a])
    wrong = areas < 0
    triangles[wrong] = triangles[wrong][:, [0, 2, 1]]
    total = np.bincount(owner, np.abs(areas), minlength=len(wanted))
    missed: Bool = np.abs(total - wanted) > _AREA_ERROR * outer
    return missed
