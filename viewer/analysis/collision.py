"""Ground, ceilings and walls round a walker or flyer, from the triangles of a city. numpy only, no VTK.

A `Place` is a cell of 4 m with all triangles within 3 m of it; `CollisionWorld` cuts places on demand and keeps the
last few, so what an answer is does not depend on the way that led there. World coordinates are float64 metres.

Closest points on triangles: Ericson, Real-Time Collision Detection (2005), 5.1.5.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from loaders.city import Bool, Float64, UInt8
from viewer.analysis.soup import BUILT, GREEN, LAND, SOLID, WATER, Shapes, Triangles

CELL, MARGIN = 4.0, 3.0
"""Side of a cell, and how far beyond it a place reaches, metres."""
KEPT = 256
"""Places kept."""
EDGE_OF_WORLD = 300.0
"""Nobody walks or flies farther from the models than that, metres."""
UPRIGHT = 0.05
"""Faces whose normal is less upright than that are walls: a plumb line does not meet them."""
_CRACKS = ((0.02, 0.0), (-0.02, 0.0), (0.0, 0.02), (0.0, -0.02))
"""Where the ground is looked for if the point itself lies in a crack between faces."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is moved: an upright cylinder. Metres and degrees.

    Attributes: eye: height of the eyes; height: of the body; radius; step: highest kerb that it climbs; slope: steepest
    ground that it walks on; fall: deepest edge that it walks over.
    """

    eye: float = 1.7
    height: float = 1.82
    radius: float = 0.3
    step: float = 0.5
    slope: float = 50.0
    fall: float = 1.0

    @property
    def shin(self) -> float:
        """Height over the feet from which everything is an obstacle: kerbs and slopes that can be walked are lower."""
        return max(self.step, self.radius * math.tan(math.radians(self.slope))) + 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """What a plumb line meets, from below: z float64 (H,), kind uint8 (H,), upright float64 (H,) = |normal z|."""

    z: Float64
    kind: UInt8
    upright: Float64


class Place:
    """The triangles round one cell, ready to be asked."""

    def __init__(self, triangles: Triangles):
        corners, kind = triangles.corners, triangles.kind
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        size = np.linalg.norm(normal, axis=1)
        good = size > 1e-12
        upright = np.abs(normal[good, 2]) / size[good]
        corners, kind = corners[good], kind[good]
        solid = (kind & SOLID) > 0
        self.solid = corners[solid]
        a, b, c = self.solid[:, 0], self.solid[:, 1], self.solid[:, 2]
        self._low, self._high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
        flat = upright > UPRIGHT
        self._flat_kind, self._flat_upright = kind[flat], upright[flat]
        self._a = corners[flat, 0]
        e1, e2 = corners[flat, 1] - self._a, corners[flat, 2] - self._a
        inverse = 1.0 / (e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0])
        self._u = np.stack([e2[:, 1], -e2[:, 0]]) * inverse
        self._v = np.stack([-e1[:, 1], e1[:, 0]]) * inverse
        self._rise = e1[:, 2], e2[:, 2]

    def column(self, x: float, y: float) -> Column:
        """Faces over and under a point, lowest first."""
        dx, dy = x - self._a[:, 0], y - self._a[:, 1]
        u = self._u[0] * dx + self._u[1] * dy
        v = self._v[0] * dx + self._v[1] * dy
        # a hair of tolerance, so that a line through a shared edge does not slip between two faces
        hit = np.flatnonzero((u >= -1e-7) & (v >= -1e-7) & (u + v <= 1.0 + 1e-7))
        z = self._a[hit, 2] + u[hit] * self._rise[0][hit] + v[hit] * self._rise[1][hit]
        order = np.argsort(z, kind="stable")
        return Column(z[order], self._flat_kind[hit][order], self._flat_upright[hit][order])

    def near(self, low: Sequence[float], high: Sequence[float]) -> Float64:
        """Solid triangles whose box meets a box, float64 (M, 3, 3)."""
        a, b = self._low, self._high
        keep = (a[:, 0] <= high[0]) & (b[:, 0] >= low[0]) & (a[:, 1] <= high[1]) & (b[:, 1] >= low[1])
        keep &= (a[:, 2] <= high[2]) & (b[:, 2] >= low[2])
        return np.asarray(self.solid[keep])


@dataclass(frozen=True, slots=True)
class Ground:
    """Where feet would stand: height, whether it is too steep to walk on, and whether water covers it."""

    z: float
    steep: bool = False
    wet: bool = False
    kind: int = LAND


class CollisionWorld:
    """What the shown objects are to somebody among them.

    Args:
        shapes: the shown cities.

    Attributes:
        plane: height of the ground where the models have no terrain, None = they have one.
        base: height at which the models begin.
        box: float64 (6,) round everything, None if there is nothing.
    """

    def __init__(self, shapes: Sequence[Shapes]):
        self.shapes = tuple(shapes)
        bounds = np.concatenate([np.zeros((0, 6)), *(s.bounds for s in self.shapes)])
        self.box = np.concatenate([bounds[:, :3].min(axis=0), bounds[:, 3:].max(axis=0)]) if len(bounds) else None
        land = any(s.has_land for s in self.shapes)
        # where most tiles begin, as the renderer's ground does
        self.base = float(np.sort(bounds[:, 2])[len(bounds) // 5]) if len(bounds) else 0.0
        self.plane = None if land or not len(bounds) else self.base
        self._places: OrderedDict[tuple[int, int], Place] = OrderedDict()

    def prepare(self) -> Iterator[None]:
        """Make what all places need, in steps of a few milliseconds."""
        for shapes in self.shapes:
            yield from shapes.prepare()

    def cut(self, low: Float64, high: Float64) -> Triangles:
        """All triangles whose box meets a box, solid or not."""
        found = [shapes.cut(low, high) for shapes in self.shapes]
        corners = np.concatenate([np.zeros((0, 3, 3)), *(f.corners for f in found)])
        return Triangles(corners, np.concatenate([np.zeros(0, np.uint8), *(f.kind for f in found)]))

    def place(self, x: float, y: float) -> Place:
        """The triangles round a point."""
        key = math.floor(x / CELL), math.floor(y / CELL)
        found = self._places.get(key)
        if found is None:
            low = np.array([key[0] * CELL - MARGIN, key[1] * CELL - MARGIN, -np.inf])
            high = np.array([(key[0] + 1) * CELL + MARGIN, (key[1] + 1) * CELL + MARGIN, np.inf])
            found = self._places[key] = Place(self.cut(low, high))
            if len(self._places) > KEPT:
                self._places.popitem(last=False)
        else:
            self._places.move_to_end(key)
        return found

    def within(self, x: float, y: float) -> bool:
        """True if a point is not beyond the edge of the world."""
        box = self.box
        if box is None:
            return False
        e = EDGE_OF_WORLD
        return bool(box[0] - e <= x <= box[3] + e and box[1] - e <= y <= box[4] + e)

    # --- plumb lines -------------------------------------------------------------------------------------------

    def column(self, x: float, y: float) -> Column:
        """What a plumb line through a point meets, with the plane if there is one."""
        column = self.place(x, y).column(x, y)
        if self.plane is None:
            return column
        at = int(np.searchsorted(column.z, self.plane))
        kind = np.insert(column.kind, at, SOLID | LAND).astype(np.uint8)
        return Column(np.insert(column.z, at, self.plane), kind, np.insert(column.upright, at, 1.0))

    def ceiling(self, x: float, y: float, z: float) -> float:
        """Height of the lowest solid face above ``z``; inf under the open sky."""
        column = self.column(x, y)
        above = column.z[(column.z > z) & ((column.kind & SOLID) > 0)]
        return float(above[0]) if len(above) else math.inf

    def top(self, x: float, y: float) -> float:
        """Height of the highest face; -inf where there is nothing."""
        z = self.column(x, y).z
        return float(z[-1]) if len(z) else -math.inf

    def floor(self, x: float, y: float, z: float, body: Body) -> Ground | None:
        """The ground that feet at height ``z`` come to over a point: the highest face not higher than a step.

        None where there is none, or where no body fits under what is above it.
        """
        if not self.within(x, y):
            return None
        for dx, dy in ((0.0, 0.0), *_CRACKS):
            column = self.column(x + dx, y + dy)
            solid = (column.kind & SOLID) > 0
            below = np.flatnonzero((column.kind & (SOLID | GREEN) > 0) & (column.z <= z + body.step))
            if len(below):
                break
        else:
            return None
        at = int(below[-1])
        ground = float(column.z[at])
        over = solid & (column.z > ground + 1e-6) & (column.z < ground + body.height)
        if over.any():
            return None
        # water a little under the ground counts too: both may have been modelled at one height
        water = ((column.kind & WATER) > 0) & (column.z > ground - 0.03) & (column.z < ground + body.height)
        steep = bool(column.upright[at] < math.cos(math.radians(body.slope)))
        return Ground(ground, steep, bool(water.any()), int(column.kind[at]))

    def free_ways(self, x: float, y: float, z: float, yaws_deg: Float64, reach: float) -> Float64:
        """How far one sees level from a point into directions (0 = east, 90 = north), at most ``reach`` metres."""
        low, high = np.array([x - reach, y - reach, z]), np.array([x + reach, y + reach, z])
        found = self.cut(low, high)
        solid = found.corners[(found.kind & SOLID) > 0]
        p, q, there = _slab_segments(solid, z - 1e-6, z + 1e-6)
        p, wall = p[there] - (x, y), (q - p)[there]
        free = np.full(len(yaws_deg), reach)
        for k, yaw in enumerate(np.radians(yaws_deg)):
            dx, dy = math.cos(yaw), math.sin(yaw)
            with np.errstate(divide="ignore", invalid="ignore"):
                across = dx * wall[:, 1] - dy * wall[:, 0]
                t = (p[:, 0] * wall[:, 1] - p[:, 1] * wall[:, 0]) / across
                u = (p[:, 0] * dy - p[:, 1] * dx) / across
            hit = t[(t >= 0.0) & (u >= 0.0) & (u <= 1.0)]
            free[k] = min(reach, float(hit.min())) if len(hit) else reach
        return free

    def outdoors(self, x: float, y: float, z: float) -> bool:
        """True if no face of a building and no terrain lies above a point."""
        column = self.column(x, y)
        return not bool((column.kind[column.z > z + 0.05] & (BUILT | LAND)).any())

    def over_ground(self, x: float, y: float, z: float) -> bool:
        """True if a point lies over some face; beside the models, over their base and not under their terrain."""
        column = self.column(x, y)
        if bool((column.z < z).any()):
            return True
        return z > self.base and not bool((column.kind & LAND).any())

    # --- bodies --------------------------------------------------------------------------------------------------

    def wall(self, x: float, y: float, low: float, high: float, radius: float) -> tuple[float, float, float] | None:
        """The nearest obstacle to an upright line from height ``low`` to ``high``, if nearer than ``radius``.

        Returns its distance in the plane and the unit direction away from it (0, 0 when the line itself is cut).
        """
        r = radius + 1e-3
        triangles = self.place(x, y).near((x - r, y - r, low), (x + r, y + r, high))
        if not len(triangles):
            return None
        starts, ends, cut = _slab_segments(triangles, low, high)
        if _line_cuts(triangles, x, y, low, high):
            return 0.0, 0.0, 0.0
        if not cut.any():
            return None
        away, distance = _away_from_segments(x, y, starts[cut], ends[cut])
        at = int(np.argmin(distance))
        nearest = float(distance[at])
        if nearest >= radius:
            return None
        if nearest < 1e-9:
            return 0.0, 0.0, 0.0
        return nearest, float(away[at, 0]) / nearest, float(away[at, 1]) / nearest

    def crosses(self, start: Sequence[float], end: Sequence[float], low: float, high: float) -> bool:
        """True if the way between two points in the plane, shorter than `MARGIN`, cuts a solid between two heights."""
        (x0, y0), (x1, y1) = start, end
        near = self.place(x0, y0).near((min(x0, x1), min(y0, y1), low), (max(x0, x1), max(y0, y1), high))
        if not len(near):
            return False
        p, q, there = _slab_segments(near, low, high)
        p, q = p[there], q[there]
        way, wall = np.array([x1 - x0, y1 - y0]), q - p
        across = way[0] * wall[:, 1] - way[1] * wall[:, 0]
        to = p - (x0, y0)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (to[:, 0] * wall[:, 1] - to[:, 1] * wall[:, 0]) / across
            u = (to[:, 0] * way[1] - to[:, 1] * way[0]) / across
        return bool(((t >= 0.0) & (t <= 1.0) & (u >= 0.0) & (u <= 1.0)).any())

    def ball(self, x: float, y: float, z: float, radius: float) -> tuple[float, Float64] | None:
        """The nearest solid point to a ball's centre, if nearer than ``radius``: distance and unit direction away."""
        r = radius + 1e-3
        point = np.array([x, y, z])
        triangles = self.place(x, y).near((x - r, y - r, z - r), (x + r, y + r, z + r))
        away = point - closest_points(triangles, point)
        if self.plane is not None:
            away = np.concatenate([away, [[0.0, 0.0, z - self.plane]]])
        if not len(away):
            return None
        distance = np.linalg.norm(away, axis=1)
        at = int(np.argmin(distance))
        nearest = float(distance[at])
        if nearest >= radius:
            return None
        return nearest, away[at] / nearest if nearest > 1e-9 else np.array([0.0, 0.0, 1.0])


def _slab_segments(triangles: Float64, low: float, high: float) -> tuple[Float64, Float64, Bool]:
    """The outlines of triangles (M, 3, 3) cut to a slab of heights, as segments in the plane.

    Returns starts and ends float64 (M, 5, 2) and bool (M, 5), which of them exist: three sides, two cuts.
    """
    p, q = triangles, np.roll(triangles, -1, axis=1)
    rise = q[:, :, 2] - p[:, :, 2]
    level = np.abs(rise) < 1e-12
    safe = np.where(level, 1.0, rise)
    at_low, at_high = (low - p[:, :, 2]) / safe, (high - p[:, :, 2]) / safe
    first = np.where(level, 0.0, np.clip(np.minimum(at_low, at_high), 0.0, 1.0))
    last = np.where(level, 1.0, np.clip(np.maximum(at_low, at_high), 0.0, 1.0))
    inside = (p[:, :, 2] >= low) & (p[:, :, 2] <= high)
    starts, ends = np.empty((len(p), 5, 2)), np.empty((len(p), 5, 2))
    there = np.empty((len(p), 5), np.bool_)
    way = q[:, :, :2] - p[:, :, :2]
    starts[:, :3] = p[:, :, :2] + first[:, :, None] * way
    ends[:, :3] = p[:, :, :2] + last[:, :, None] * way
    there[:, :3] = np.where(level, inside, first < last)
    rows = np.arange(len(p))
    for slot, at in ((3, at_low), (4, at_high)):
        crossing = ~level & (at >= 0.0) & (at <= 1.0)
        points = p[:, :, :2] + np.where(crossing, at, 0.0)[:, :, None] * way
        starts[:, slot] = points[rows, crossing.argmax(axis=1)]
        ends[:, slot] = points[rows, 2 - crossing[:, ::-1].argmax(axis=1)]
        there[:, slot] = crossing.any(axis=1)
    return starts, ends, there


def _line_cuts(triangles: Float64, x: float, y: float, low: float, high: float) -> bool:
    """True if an upright line between two heights meets one of the triangles from above or below."""
    a = triangles[:, 0]
    e1, e2 = triangles[:, 1] - a, triangles[:, 2] - a
    area = e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0]
    wide = np.abs(area) > 1e-9
    inverse = 1.0 / np.where(wide, area, 1.0)
    dx, dy = x - a[:, 0], y - a[:, 1]
    u = (e2[:, 1] * dx - e2[:, 0] * dy) * inverse
    v = (e1[:, 0] * dy - e1[:, 1] * dx) * inverse
    z = a[:, 2] + u * e1[:, 2] + v * e2[:, 2]
    return bool((wide & (u >= 0.0) & (v >= 0.0) & (u + v <= 1.0) & (z >= low) & (z <= high)).any())


def _away_from_segments(x: float, y: float, starts: Float64, ends: Float64) -> tuple[Float64, Float64]:
    """The way from the nearest point of each segment to (x, y), float64 (S, 2), and its length (S,)."""
    way = ends - starts
    length2 = np.maximum((way * way).sum(axis=1), 1e-18)
    to = np.array([x, y]) - starts
    t = np.clip((to * way).sum(axis=1) / length2, 0.0, 1.0)
    away = to - t[:, None] * way
    return away, np.hypot(away[:, 0], away[:, 1])


def closest_points(triangles: Float64, point: Float64) -> Float64:
    """The point of each triangle (M, 3, 3) that is nearest to a point (3,), float64 (M, 3)."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    ab, ac, ap = b - a, c - a, point - a
    d11, d12, d22 = (ab * ab).sum(axis=1), (ab * ac).sum(axis=1), (ac * ac).sum(axis=1)
    p1, p2 = (ap * ab).sum(axis=1), (ap * ac).sum(axis=1)
    det = np.maximum(d11 * d22 - d12 * d12, 1e-30)
    v, w = (d22 * p1 - d12 * p2) / det, (d11 * p2 - d12 * p1) / det
    inner = (v >= 0.0) & (w >= 0.0) & (v + w <= 1.0)
    best = a + v[:, None] * ab + w[:, None] * ac
    nearest = np.where(inner, ((best - point) ** 2).sum(axis=1), np.inf)
    for start, way in ((a, ab), (a, ac), (b, c - b)):
        length2 = np.maximum((way * way).sum(axis=1), 1e-30)
        t = np.clip(((point - start) * way).sum(axis=1) / length2, 0.0, 1.0)
        on_edge = start + t[:, None] * way
        distance = ((on_edge - point) ** 2).sum(axis=1)
        closer = distance < nearest
        best = np.where(closer[:, None], on_edge, best)
        nearest = np.where(closer, distance, nearest)
    return np.asarray(best, np.float64)
