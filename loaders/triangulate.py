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
from itertools import pairwise
from typing import Any

import mapbox_earcut
import numpy as np
import numpy.typing as npt

from loaders._fork import ForkPool
from loaders.city import Bool, Float64, Int32, Int64

_FAN_CORNERS = 64
"""Polygons with more corners go straight to earcut."""
_ALL_FANS = 12
"""Polygons with at most this many corners try a fan from every corner, others only from the first."""
_BATCH_CORNERS = 60_000
_BATCH_EARCUT = 2_000
_PARALLEL_CORNERS = 400_000
"""Corners that are worth a second process."""
_SLACK = 1e-9
"""A fan triangle may be turned the wrong way by this share of the polygon's area (rounding of flat corners)."""
_AREA_ERROR = 1e-6
_FLAT = 1e-14
"""Polygons whose area is below this share of their squared extent have no area."""
_SMALL_AREA = 1e-2
"""Twice the area above which no polygon of a city is flat: 10^-14 times the square of 1000 km."""
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
    repeats = job.run(np.flatnonzero((rings == 1) & take), np.flatnonzero((rings > 1) & take))
    if len(repeats):
        job.without_repeats(np.sort(repeats))
    return job.finish(take)


_Cut = tuple[Int64, Int32, Int32, Bool]
"""Polygons, triangles of each, the triangles by corner, and which polygons cross themselves."""


class _Job:
    """One triangulation in the making."""

    def __init__(self, polygons: Polygons, processes: int, report: Callable[[float], None]):
        self.polygons, self.processes, self.report = polygons, processes, report
        single = len(polygons.polygon_rings) == len(polygons.ring_len)
        self.first_ring = np.arange(len(polygons.ring_len) + 1) if single else starts(polygons.polygon_rings)
        self.ring_start: Int32 = np.zeros(len(polygons.ring_len) + 1, np.int32)
        np.cumsum(polygons.ring_len, out=self.ring_start[1:])
        self.corner_start = self.ring_start if single else self.ring_start[self.first_ring]
        self.parallel = len(polygons.corner_vertex) > _PARALLEL_CORNERS and processes > 1
        self.states: list[tuple[Int64, int, npt.NDArray[np.int8]]] = []
        self.found: list[_Cut] = []
        self.degenerate: list[Int64] = []

    def run(self, single: Int64, many: Int64) -> Int64:
        """Fans of the polygons of one ring, the others and those of ``many`` rings one by one; returns those with
        repeated corners, which are left to do."""
        size = self.corner_start[single + 1] - self.corner_start[single]
        large = single[size > _FAN_CORNERS]
        self.degenerate.append(single[size < 3])
        usable = (size >= 3) & (size <= _FAN_CORNERS)
        single, size = single[usable], size[usable]
        fans = _group(_same_sizes(single, size.astype(np.uint8)))
        rest = np.sort(np.concatenate([many, large]))
        singly = [rest[at : at + _BATCH_EARCUT] for at in range(0, len(rest), _BATCH_EARCUT)]

        def work(task: int) -> tuple[list[npt.NDArray[np.int8]], _Cut]:
            if task < len(singly):
                return [], self._earcut(singly[task])
            states = [self._apexes(*batch) for batch in fans[task - len(singly)]]
            batches = zip(fans[task - len(singly)], states, strict=True)
            left = [members[state == _LEFT] for (members, _), state in batches]
            return states, self._earcut(np.sort(np.concatenate(left)))

        pool = ForkPool(work, len(singly) + len(fans), self.processes if self.parallel else 1)
        try:
            done = pool.finish(lambda fraction: self.report(0.9 * fraction))
        finally:
            pool.close()
        repeats = [single[:0]]
        self.found += [cut for _, cut in done]
        for batches, (states, _) in zip(fans, done[len(singly) :], strict=True):
            for (members, corners), state in zip(batches, states, strict=True):
                self.states.append((members, corners, state))
                if int(state.min()) < 0:
                    repeats.append(members[state == _REPEATS])
                    self.degenerate.append(members[state == _NO_AREA])
        return np.concatenate(repeats)

    def _apexes(self, members: Int64, size: int) -> npt.NDArray[np.int8]:
        """Corner from which each polygon of ``size`` corners is a fan, or why there is none."""
        first = self.corner_start[members]
        vertex = _take(self.polygons.corner_vertex, first[None, :] + np.arange(size, dtype=np.int32)[:, None])
        points = [_take(axis, vertex) for axis in self.polygons.vertices]
        apex, rest = _right_fans(points, size)
        if len(rest):
            points = [axis[:, rest] for axis in points]
            same = _repeats(points)
            u, v, area, flat = _project(points)
            found = np.full(len(rest), _LEFT, np.int8)
            found[flat] = _NO_AREA
            found[same] = _REPEATS
            _choose_apex(u, v, area, found, size)
            apex[rest] = found
        return apex

    def _write_fans(self, out: Int32, out_start: Int64, members: Int64, size: int, state: npt.NDArray[np.int8]) -> None:
        """Put the triangles of the fans of one batch in place; those of one polygon stand together, as one item."""
        if int(state.min()) < 0:
            members, state = members[state >= 0], state[state >= 0]
        if not len(members):
            return
        first, apex = self.corner_start[members], state.astype(np.int32)
        fan = np.empty((len(members), size - 2, 3), np.int32)
        fan[:, :, 0] = (first + apex)[:, None]
        for number in range(1, size):
            corner = apex + number
            corner -= np.int32(size) * (corner >= size)
            corner += first
            if number > 1:
                fan[:, number - 2, 2] = corner
            if number < size - 1:
                fan[:, number - 1, 1] = corner
        item = np.dtype((np.void, 12 * (size - 2)))
        places = np.ndarray((len(out) - size + 3,), item, out, strides=(12,))
        places[out_start[members]] = fan.reshape(len(members), -1).view(item)[:, 0]

    def without_repeats(self, members: Int64) -> None:
        """Leave out corners that repeat the one before and triangulate what remains."""
        corner, ring_len, polygon_rings, _ = self._corners(members)
        given = self.polygons
        vertex = given.corner_vertex[corner]
        rest = Polygons(given.vertices, vertex, ring_len.astype(np.int32), polygon_rings.astype(np.int32))
        found = triangulate(rest, self.processes, lambda done: self.report(0.9 + 0.1 * done))
        self.degenerate += [members[polygon_rings == 0], members[found.degenerate]]
        tangled = np.zeros(len(members), np.bool_)
        tangled[found.tangled] = True
        self.found.append((members, found.counts, corner[found.triangles].astype(np.int32), tangled))

    def _corners(self, members: Int64) -> tuple[Int64, Int64, Int64, Float64]:
        """Corners, ring lengths, rings and points of some polygons without repeated corners."""
        rings = self.polygons.polygon_rings[members].astype(np.int64)
        ring = ranges(self.first_ring[members], rings)
        ring_len = self.polygons.ring_len[ring].astype(np.int64)
        corner = ranges(self.ring_start[ring].astype(np.int64), ring_len)
        points = self.polygons.vertices[:, self.polygons.corner_vertex[corner]]
        corner, points, ring_len, rings = _without_repeats(corner, points, ring_len, rings)
        return corner, ring_len, rings, points

    def _earcut(self, members: Int64) -> _Cut:
        """Triangulate polygons one by one. Repeated corners are left out."""
        if not len(members):
            return members, np.zeros(0, np.int32), np.zeros((0, 3), np.int32), np.zeros(0, np.bool_)
        corner, ring_len, polygon_rings, points = self._corners(members)
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
        begin = ends[first].tolist()
        stops = (ends[1:] - np.repeat(ends[first[:-1]], polygon_rings)).astype(np.uint32)
        ring_first = first.tolist()
        for number in np.flatnonzero(~flat).tolist():
            low, high = begin[number], begin[number + 1]
            own = stops[ring_first[number] : ring_first[number + 1]]
            indices = mapbox_earcut.triangulate_float64(plane[low:high], own)
            counts[number] = len(indices) // 3
            found.append(indices)
        triangles = np.concatenate(found).reshape(-1, 3).astype(np.int64) if found else np.zeros((0, 3), np.int64)
        owner = np.repeat(np.arange(len(members)), counts)
        triangles += ends[first[:-1]][owner][:, None]
        wanted = 2 * outer - np.bincount(
            np.repeat(np.arange(len(members)), polygon_rings), ring_area, minlength=len(members)
        )  # fmt: skip
        tangled = _turn(triangles, owner, u, v, wanted, outer) & (counts > 0)
        return members, counts, corner[triangles].astype(np.int32), tangled

    def finish(self, take: Bool) -> Triangulation:
        """Put all triangles in the order of their polygons."""
        none = np.zeros(0, np.int64)
        flat = [members[number == 0] for members, number, _, _ in self.found]
        degenerate = np.unique(np.concatenate([*self.degenerate, *flat, none]))
        counts = np.diff(self.corner_start) - np.int32(2)
        np.maximum(counts, 0, out=counts)
        counts[~take] = 0
        counts[degenerate] = 0
        for members, number, _, _ in self.found:
            counts[members] = number
        start = starts(counts)
        triangles: Int32 = np.empty((int(start[-1]), 3), np.int32)
        for state in self.states:
            self._write_fans(triangles, start, *state)
        for members, number, values, _ in self.found:
            triangles[ranges(start[members], number.astype(np.int64))] = values
        tangled = np.sort(np.concatenate([none, *(members[odd] for members, _, _, odd in self.found)]))
        return Triangulation(triangles, counts, degenerate, tangled)


def _same_sizes(members: Int64, size: npt.NDArray[np.uint8]) -> list[tuple[Int64, int]]:
    """Batches of polygons with equal corner counts: (polygons, corners of each)."""
    order = np.argsort(size, kind="stable")
    members = members[order]
    edges = np.searchsorted(size[order], np.arange(3, _FAN_CORNERS + 2)).tolist()
    batches = []
    for corners, (first, last) in enumerate(pairwise(edges), 3):
        step = max(1, _BATCH_CORNERS // corners)
        batches += [(members[at : min(at + step, last)], corners) for at in range(first, last, step)]
    return batches


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


def _take(values: Any, where: Any) -> Any:
    """``values[where]`` for indices known to be inside: numpy takes twice as long when it has to make sure."""
    return np.take(values, where, mode="clip")


def _right_fans(points: list[Float64], size: int) -> tuple[npt.NDArray[np.int8], Int64]:
    """Apexes of polygons (columns) whose fan from corner 0 is turned one way, and the columns that need a closer look.

    The area vectors of the fan's triangles are summed up to the polygon's; along its longest axis all must be
    positive. A repeated corner makes one of them zero, so that what is found here has none.
    """
    x, y, z = (axis[1:] - axis[0] for axis in points)
    turns = [_crosses(y, z), _crosses(z, x), _crosses(x, y)]
    sums = [one[0] if size == 3 else one[0] + one[1] if size == 4 else one.sum(axis=0) for one in turns]
    ax, ay, az = (np.abs(one) for one in sums)
    along_x = (ax >= ay) & (ax >= az)
    along_z = ~along_x & (az > ay)
    area = np.where(along_x, ax, np.where(along_z, az, ay))
    for turn, one in zip(turns, sums, strict=True):
        turn *= np.copysign(1.0, one)
    lows = [turn[0] if size == 3 else turn.min(axis=0) for turn in turns]
    worst = np.where(along_x, lows[0], np.where(along_z, lows[2], lows[1]))
    apex = np.zeros(len(area), np.int8)
    if size == 4:
        # the other diagonal: triangles 0 1 3 and 1 2 3, which have the same sum
        ends = [y[0] * z[2] - y[2] * z[0], z[0] * x[2] - z[2] * x[0], x[0] * y[2] - x[2] * y[0]]
        turn = np.where(along_x, ends[0], np.where(along_z, ends[2], ends[1]))
        turn *= np.copysign(1.0, np.where(along_x, sums[0], np.where(along_z, sums[2], sums[1])))
        apex[np.minimum(turn, area - turn) > worst * (1 + 1e-9)] = 1
    return apex, np.flatnonzero(~((worst > 0) & (area >= _SMALL_AREA)))


def _crosses(a: Float64, b: Float64) -> Float64:
    """Cross products of neighbouring rows: a[i] b[i + 1] - a[i + 1] b[i]."""
    out: Float64 = a[:-1] * b[1:]
    out -= a[1:] * b[:-1]
    return out


def _repeats(points: list[Float64]) -> Bool:
    """True for polygons (columns) with a corner at the place of the one before it."""
    x, y, z = points
    inner = (x[1:] == x[:-1]) & (y[1:] == y[:-1]) & (z[1:] == z[:-1])
    found: Bool = inner.any(axis=0)
    found |= (x[0] == x[-1]) & (y[0] == y[-1]) & (z[0] == z[-1])
    return found


def _project(points: list[Float64]) -> tuple[Float64, Float64, Float64, Bool]:
    """Corners by axis (k, n) to plane coordinates u, v (k, n), counter-clockwise; twice the area there; if flat."""
    x, y, z = (axis - axis[0] for axis in points)
    nx, ny, nz = _cross_sum(y, z), _cross_sum(z, x), _cross_sum(x, y)
    ax, ay, az = np.abs(nx), np.abs(ny), np.abs(nz)
    along_x = (ax >= ay) & (ax >= az)
    along_z = ~along_x & (az > ay)
    area = np.where(along_x, nx, np.where(along_z, nz, ny))
    u = np.where(along_x, y, np.where(along_z, x, z))
    v = np.where(along_x, z, np.where(along_z, y, x))
    np.negative(u, out=u, where=area < 0)
    area = np.abs(area)
    flat = area < _SMALL_AREA
    if flat.any():
        where = np.flatnonzero(flat)
        extent = np.max([np.abs(axis[:, where]).max(axis=0) for axis in (x, y, z)], axis=0)
        flat[where] = area[where] <= _FLAT * extent**2
    return u, v, area, flat


def _cross_sum(a: Float64, b: Float64) -> Float64:
    """Twice the signed area of rings whose first corner is 0: sum of a[i] b[i + 1] - a[i + 1] b[i]."""
    total: Float64 = (a[1:-1] * b[2:] - a[2:] * b[1:-1]).sum(axis=0)
    return total


def _worst_turn(u: Float64, v: Float64, apex: int) -> Float64:
    """Smallest twice signed area among the fan triangles from corner ``apex`` of each column; corner 0 is at 0."""
    if not apex:
        first: Float64 = (u[1:-1] * v[2:] - u[2:] * v[1:-1]).min(axis=0)
        return first
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
        # the other diagonal: triangles 1 2 3 and 1 3 0, which have the same sum
        turn = (u[2] - u[1]) * (v[3] - v[1]) - (u[3] - u[1]) * (v[2] - v[1])
        other = np.minimum(turn, area - turn)
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
