"""The demo town's ground: one partition of the whole square into faces that share all their points.

All outlines (water, lots, kerbs, carriageways, markings) are noded together on whole millimetres; the faces so found
belong to the first of the shapes, by rank, that they lie in. Faces take their height from the land at every point, are
cut by a grid where it bends, and are triangulated where they are not plane. Where two faces differ in height, a wall
closes the step: kerbs, quays, the pond's shore, and the rim of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mapbox_earcut
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, MultiLineString

from viewer.demo import terrain
from viewer.demo.lots import KERB
from viewer.demo.markings import bars_on_road, cycle_lanes, rails, tram_beds
from viewer.demo.plan import Plan, Shapes, node
from viewer.demo.roofs import Point

RIM, FOOT = -9.0, -3.6
"""Depth of the model's rim and of the quay walls, metres NAP."""
FLAT = 0.006
"""A face is plane when its points lie this near to a plane, metres."""
COURTS = {"old": 13.0, "grid": 17.0}
"""Paved depth of closed blocks, houses included; the rest of the lot is garden. Metres."""
SLIVER = 0.01
"""Narrower faces are given to a neighbour, metres."""
LOW_KINDS = ("carriageway", "crossing", "rails", "tram", "cycle", "rail")
"""Kinds that lie a kerb lower than all others."""
_CLASSES = ("main", "quay", "street", "lane")


@dataclass(frozen=True, slots=True)
class Shape:
    """A region of the ground before noding."""

    rank: int
    kind: str
    owner: str
    polygon: shapely.Polygon


@dataclass(frozen=True, slots=True)
class FaceSet:
    """All plane faces as arrays.

    Attributes:
        points: float64 (P, 2), the points of all rings, not closed; outer rings counter-clockwise.
        z: float64 (P,), their heights.
        counts: int64 (R,), points of each ring.
        polygon: int64 (R,), the face that each ring belongs to; its first ring is the outer one.
        source: int64 (F,), the polygon of the partition that each face is (a part of).
    """

    points: npt.NDArray[np.float64]
    z: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    polygon: npt.NDArray[np.int64]
    source: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wall:
    """An upright face between two heights: kind "kerb", "quay" or "rim", and the owner of the higher ground."""

    ring: list[Point]
    kind: str
    owner: str
    under: str


@dataclass(frozen=True, slots=True)
class Ground:
    """The partition: polygons (town coordinates, whole millimetres), kind and owner of each."""

    polygons: Shapes
    kinds: list[str]
    owners: list[str]


def partition(plan: Plan) -> Ground:
    """Node everything and say what every face is."""
    shapes = list(_shapes(plan))
    outlines = shapely.boundary(np.array([s.polygon for s in shapes]))
    country = shapely.union_all([c.outline for c in plan.cells if c.quarter == "Countryside"], grid_size=0.01)
    square = shapely.box(0, 0, terrain.SIDE, terrain.SIDE)
    polygons = node([*outlines, square.boundary, *_grids(country)])
    polygons = polygons[shapely.contains(square, shapely.point_on_surface(polygons))]
    polygons = _without_slivers(polygons)
    inside = shapely.point_on_surface(polygons)
    ranks = np.array([s.rank for s in shapes])
    order = np.argsort(ranks, kind="stable")
    tree = shapely.STRtree(np.array([s.polygon for s in shapes])[order])
    at, hit = tree.query(inside, "within")
    best = np.full(len(polygons), len(shapes))
    np.minimum.at(best, at, hit)
    lost = np.flatnonzero(best == len(shapes))
    if len(lost):
        best[lost] = _nearest_road(shapes, order, inside[lost])
    chosen = [shapes[order[k]] for k in best]
    return Ground(polygons, [s.kind for s in chosen], [s.owner for s in chosen])


def _without_slivers(polygons: Shapes) -> Shapes:
    """Faces too thin to see go to the neighbour with which they share the longest border; no point is moved."""
    for _ in range(6):
        thin = np.flatnonzero(shapely.area(polygons) < SLIVER * np.maximum(shapely.length(polygons) / 2, 1.0))
        if not len(thin):
            break
        at, hit = shapely.STRtree(polygons).query(polygons[thin], "intersects")
        border = shapely.length(shapely.intersection(polygons[thin[at]], polygons[hit]))
        border[hit == thin[at]] = 0.0
        order = np.lexsort((border, at))
        best = order[np.append(np.diff(at[order]) > 0, True)]
        groups: dict[int, list[int]] = {}
        gone: set[int] = set()
        for sliver, host in zip(thin[at[best]].tolist(), hit[best].tolist(), strict=True):
            if host not in gone and sliver not in groups:
                groups.setdefault(host, []).append(sliver)
                gone.add(sliver)
        polygons = polygons.copy()
        for host, slivers in groups.items():
            polygons[host] = shapely.coverage_union_all(polygons[[host, *slivers]])
        polygons = np.delete(polygons, sorted(gone))
    return polygons


def _nearest_road(shapes: list[Shape], order: npt.NDArray[np.int64], points: Shapes) -> npt.NDArray[np.int64]:
    """Corners between kerbs belong to the nearest carriageway."""
    roads = np.array([k for k, row in enumerate(order) if shapes[row].kind == "carriageway"])
    tree = shapely.STRtree(np.array([shapes[order[k]].polygon for k in roads]))
    return np.asarray(roads[tree.query_nearest(points, all_matches=False)[1]])


def _shapes(plan: Plan) -> Iterator[Shape]:
    for cell in plan.cells:
        if cell.use in ("water", "bank"):
            yield Shape(0, cell.use, cell.name, cell.outline)
            continue
        rural = cell.quarter == "Countryside"
        for polygon in cell.lots:
            if cell.use in COURTS:
                yield from (
                    Shape(1, "garden", cell.name, p)
                    for p in shapely.get_parts(polygon.buffer(-COURTS[cell.use], join_style="mitre"))
                    if p.area > 80
                )
            yield Shape(2, cell.use, cell.name, polygon)
        verge = "verge" if rural or (not cell.lots and cell.use != "promenade") else "pavement"
        kind = cell.use if cell.use in ("pond", "park", "promenade", "allotments") and not cell.lots else verge
        yield from (Shape(3, kind, cell.name, polygon) for polygon in cell.kerb)
    yield from _roads(plan)


def _roads(plan: Plan) -> Iterator[Shape]:
    net = plan.network
    roads = []
    for street, polygon in zip(net.streets, plan.roads, strict=True):
        if street.kind in _CLASSES:
            rank = 9 + _CLASSES.index(street.kind)
            roads += [Shape(rank, "carriageway", street.name, p) for p in shapely.get_parts(polygon)]
        elif street.kind in ("path", "rail"):
            rank, kind = (13, "path") if street.kind == "path" else (14, "rail")
            roads += [Shape(rank, kind, street.name, p) for p in shapely.get_parts(polygon)]
    yield from roads
    asphalt = np.array([s.polygon for s in roads if s.kind == "carriageway"])
    yield from (Shape(5, "crossing", "Zebra crossings", p) for p in bars_on_road(plan, asphalt))
    yield from (Shape(6, "rails", "Rails", p) for p in rails(net))
    yield from (Shape(7, "tram", "Tram line 1", p) for p in tram_beds(net))
    yield from (Shape(8, "cycle", "Cycle lanes", p) for p in cycle_lanes(plan))


def _grids(country: shapely.Geometry) -> list[shapely.Geometry]:
    """Lines that cut faces where the land bends: close together on the hill, far apart in the open country."""
    x, y, radius, _ = terrain.HILL
    hill = shapely.Point(x, y).buffer(radius * 1.12)
    step, side = 26.0, terrain.SIDE
    marks = np.arange(step, side, step)
    fine = [LineString([(m, 0), (m, side)]) for m in marks] + [LineString([(0, m), (side, m)]) for m in marks]
    wide = [line for k, line in enumerate(fine) if k % 4 == 0]
    near = shapely.intersection(MultiLineString(fine), shapely.intersection(hill, shapely.box(0, 0, side, side)))
    far = shapely.intersection(MultiLineString(wide), shapely.difference(country, hill))
    return [near, far]


def faces(ground: Ground) -> FaceSet:
    """The faces with heights, triangulated where they are not plane."""
    polygons = shapely.orient_polygons(ground.polygons)
    plane = _plane(ground)
    rings, owner = shapely.get_rings(polygons, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    last = np.append(ring[1:] != ring[:-1], True)
    points, ring = points[~last], ring[~last]
    counts = np.bincount(ring)
    corners, source = _triangles(points, counts, owner, np.flatnonzero(~plane))
    keep = plane[owner]
    flat = points[np.repeat(keep, counts)]
    counts = np.concatenate([counts[keep], np.full(len(corners) // 3, 3)])
    face = np.concatenate([owner[keep], source])
    points = np.concatenate([flat, corners])
    number = np.concatenate([owner[keep], len(plane) + np.arange(len(source))])
    order = np.repeat(face, counts)
    _, index, number = np.unique(number, return_index=True, return_inverse=True)
    return FaceSet(points, _heights_of(ground, order, points), counts, number, face[index])


def _triangles(
    points: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], owner: npt.NDArray[np.int64],
    bent: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:  # fmt: skip
    """The bent polygons in triangles: their corners (3 T, 2) and the polygon of each."""
    ends = np.cumsum(counts)
    first, stop = np.searchsorted(owner, bent), np.searchsorted(owner, bent, side="right")
    corners, source = [], []
    for polygon, a, b in zip(bent.tolist(), first.tolist(), stop.tolist(), strict=True):
        start = ends[a] - counts[a]
        own = points[start : ends[b - 1]]
        index = mapbox_earcut.triangulate_float64(own - own[0], (ends[a:b] - start).astype(np.uint32))
        three = own[index].reshape(-1, 3, 2)
        side, far = three[:, 1] - three[:, 0], three[:, 2] - three[:, 0]
        turn = side[:, 0] * far[:, 1] - side[:, 1] * far[:, 0]
        three[turn < 0] = three[turn < 0][:, ::-1]
        three = three[np.abs(turn) > 1e-9]
        corners.append(three.reshape(-1, 2))
        source.append(np.full(len(three), polygon))
    return np.concatenate(corners), np.concatenate(source)


def _heights_of(
    ground: Ground, face: npt.NDArray[np.int64], points: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Height of every point as a point of its face."""
    names, codes = np.unique(ground.kinds, return_inverse=True)
    own = codes[face]
    land = terrain.land(points[:, 0], points[:, 1])
    step = np.where(np.isin(names, LOW_KINDS), 0.0, KERB)
    out = np.round(land + step[own], 3)
    for k, name in enumerate(names):
        if name in ("water", "pond", "bank"):
            of = own == k
            out[of] = heights(str(name), points[of, 0], points[of, 1])
    return out


def heights(kind: str, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Height of ground of a kind at points, on whole millimetres (metres NAP)."""
    if kind in ("water", "pond"):
        return np.full(len(x), terrain.WATER if kind == "water" else terrain.POND_LEVEL)
    if kind == "bank":
        slope = np.maximum(terrain.bank_slope(x), 0.01)
        return np.asarray(np.round((terrain.QUAY + KERB) * np.clip(1 + terrain.off_bank(x, y) / slope, 0, 1), 3))
    return np.asarray(np.round(terrain.land(x, y) + (0.0 if kind in LOW_KINDS else KERB), 3))


def _plane(ground: Ground) -> npt.NDArray[np.bool_]:
    """Which polygons have all their points in one plane (least squares)."""
    points, index = shapely.get_coordinates(ground.polygons, return_index=True)
    z = terrain.land(points[:, 0], points[:, 1])
    starts = np.flatnonzero(np.diff(index, prepend=-1))
    flat = points - points[starts][index]
    one = np.ones(len(z))
    rows = np.stack([flat[:, 0], flat[:, 1], one], axis=1)
    normal = np.add.reduceat(rows[:, :, None] * rows[:, None, :], starts) + np.eye(3) * 1e-9
    right = np.add.reduceat(rows * z[:, None], starts)
    plane = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
    off = np.abs((rows * plane[index]).sum(axis=1) - z)
    level = np.isin(ground.kinds, ("water", "pond"))
    return np.asarray(level | ((np.maximum.reduceat(off, starts) < FLAT) & ~np.isin(ground.kinds, ("bank",))))


def walls(ground: Ground) -> Iterator[Wall]:
    """Upright faces where neighbouring faces differ in height, and along the rim."""
    rings, owner = shapely.get_rings(shapely.orient_polygons(ground.polygons), return_index=True)
    points, index = shapely.get_coordinates(rings, return_index=True)
    keep = index[1:] == index[:-1]
    face, a, b = owner[index[:-1][keep]], points[:-1][keep], points[1:][keep]
    other = _across(a, b, face)
    below = np.where(other < 0, face, other)
    z = np.stack([_heights_of(ground, face, a), _heights_of(ground, face, b)], axis=1)
    under = np.stack([_heights_of(ground, below, a), _heights_of(ground, below, b)], axis=1)
    for k in np.flatnonzero((other < 0) | (z > under + 1e-6).any(axis=1)).tolist():
        kind = "" if other[k] < 0 else ground.kinds[other[k]]
        low = _foot(ground.kinds[face[k]], kind, under[k])
        ring = _upright(a[k].tolist(), b[k].tolist(), low, np.maximum(z[k], low).tolist())
        if len(ring) > 2:
            name = "rim" if not kind else "quay" if kind in ("water", "pond") else "kerb"
            yield Wall(ring, name, ground.owners[face[k]], ground.kinds[face[k]])


def _across(
    a: npt.NDArray[np.float64], b: npt.NDArray[np.float64], face: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The face on the other side of every edge, -1 at the rim; ends are compared in whole millimetres."""
    codes = [np.rint(p[:, 0] * 1000).astype(np.int64) << 24 | np.rint(p[:, 1] * 1000).astype(np.int64) for p in (a, b)]
    names, ids = np.unique(np.concatenate(codes), return_inverse=True)
    first, second = ids[: len(a)].astype(np.int64), ids[len(a) :].astype(np.int64)
    forth, back = first * len(names) + second, second * len(names) + first
    order = np.argsort(forth)
    at = np.minimum(np.searchsorted(forth[order], back), len(order) - 1)
    found = order[at]
    return np.where(forth[found] == back, face[found], -1)


def _foot(kind: str, neighbour: str, under: npt.NDArray[np.float64]) -> list[float]:
    """Where a wall begins: at the lower ground, or in the bed of the water beside it."""
    if not neighbour:
        return [RIM, RIM]
    if neighbour == "water" and kind != "bank":
        return [FOOT, FOOT]
    if neighbour == "pond":
        return [terrain.POND_LEVEL - 0.6] * 2
    return [float(v) for v in under]


def _upright(a: list[float], b: list[float], low: list[float], high: list[float]) -> list[Point]:
    """The face over an edge seen from its right, without points where it has no height."""
    ring = [(a[0], a[1], low[0]), (b[0], b[1], low[1]), (b[0], b[1], high[1]), (a[0], a[1], high[0])]
    if high[1] - low[1] < 0.0005:
        ring.pop(2)
    if high[0] - low[0] < 0.0005:
        ring.pop()
    return [(x, y, round(z, 3)) for x, y, z in ring]
