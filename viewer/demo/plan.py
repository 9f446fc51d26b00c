"""The demo town's plan: the faces of the street network as lots with pavements around them.

Every face between streets is drawn in from its sides by half the carriageway (the kerb, corners rounded) and again by
the pavement (the lot). Open country is divided into fields first. Shapes are shapely polygons in town coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, MultiLineString, Polygon

from viewer.demo import terrain
from viewer.demo.districts import draw
from viewer.demo.geometry import area
from viewer.demo.lots import KERB, Lot, Use
from viewer.demo.network import PROMENADE, WIDTHS, Network, Street

GRID = 0.001
"""Everything is noded on whole millimetres, the precision of the file."""
CORNER = 3.0
"""Radius of kerbs at street corners, metres."""

Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Cell:
    """One face of the network: its outline, what it is for, the land inside the kerb, and its lots."""

    name: str
    quarter: str
    use: Use | str
    outline: Polygon
    kerb: tuple[Polygon, ...] = ()
    lots: tuple[Polygon, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan: network, faces (water, banks and promenades among them) and the lots to build on."""

    network: Network
    cells: tuple[Cell, ...]
    lots: tuple[Lot, ...]
    lines: Shapes
    """The centre line of every street of `Network.streets`."""
    roads: Shapes = field(repr=False)
    """The carriageway of every street, empty for edges."""


def make_plan() -> Plan:
    """The plan of the town; always the same."""
    net = draw()
    lines = np.array([LineString([(p.real, p.imag) for p in s.line]) for s in net.streets])
    roads, strips = _buffers(net.streets, lines)
    cells = list(_cells(net, lines))
    tree = shapely.STRtree(strips)
    full = [_with_lots(cell, tree, roads, strips) for cell in cells]
    return Plan(net, tuple(full), tuple(_lots(full, net.streets, lines)), lines, roads)


def _buffers(streets: Sequence[Street], lines: Shapes) -> tuple[Shapes, Shapes]:
    """Carriageway, and carriageway with pavements, of every street."""
    half = np.array([WIDTHS[s.kind][0] for s in streets])
    whole = np.array([sum(WIDTHS[s.kind]) for s in streets])
    roads = shapely.buffer(lines, half, cap_style="flat", join_style="round", quad_segs=3)
    strips = shapely.buffer(lines, whole, cap_style="flat", join_style="mitre", mitre_limit=2.0)
    corners = _corners(streets)
    for k, ends in corners.items():
        points = shapely.points([(p.real, p.imag) for p in ends])
        roads[k] = shapely.union_all([roads[k], *shapely.buffer(points, half[k], quad_segs=4)])
        strips[k] = shapely.union_all([strips[k], *shapely.buffer(points, whole[k], quad_segs=2)])
    return roads, strips


def _corners(streets: Sequence[Street]) -> dict[int, list[complex]]:
    """Ends of streets where only one other street ends and none passes: there the outer corner must be filled."""
    ends: dict[tuple[int, int], list[tuple[int, complex]]] = {}
    inner: set[tuple[int, int]] = set()
    for k, street in enumerate(streets):
        if WIDTHS[street.kind][0] == 0:
            continue
        for p in (street.line[0], street.line[-1]):
            ends.setdefault(_key(p), []).append((k, p))
        inner |= {_key(p) for p in street.line[1:-1]}
    out: dict[int, list[complex]] = {}
    for key, here in ends.items():
        if key not in inner and len(here) <= 3:
            for k, p in here:
                if len(here) > 1:
                    out.setdefault(k, []).append(p)
    return out


def _key(p: complex) -> tuple[int, int]:
    return (round(p.real * 1000), round(p.imag * 1000))


def node(lines: Any) -> Shapes:
    """All faces between lines, noded on whole millimetres."""
    noded = shapely.union_all(lines, grid_size=GRID)
    return np.array(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))


def _cells(net: Network, lines: Shapes) -> Iterator[Cell]:
    kinds = np.array([s.kind for s in net.streets])
    faces = node(lines[kinds != "divide"])
    quarters = np.array([Polygon([(p.real, p.imag) for p in q.ring]).buffer(0) for q in net.quarters])
    inside = shapely.point_on_surface(faces)
    owner = _first(shapely.STRtree(quarters), inside)
    marks = shapely.points([(m[0].real, m[0].imag) for m in net.marks])
    marked = {int(f): int(m) for m, f in zip(*shapely.STRtree(faces).query(marks, "within"), strict=True)}
    numbers: dict[str, int] = {}
    dividers = MultiLineString(list(lines[kinds == "divide"]))
    for k, face in enumerate(faces):
        x, y = float(inside[k].x), float(inside[k].y)
        wet = _wet(face, x, y)
        if wet:
            yield Cell(wet[1], "Alda waterfront", wet[0], face)
        elif k in marked:
            _, use, name = net.marks[marked[k]]
            yield Cell(name, net.quarters[owner[k]].name if owner[k] >= 0 else "Countryside", use, face)
        elif owner[k] >= 0:
            quarter = net.quarters[owner[k]]
            numbers[quarter.name] = numbers.get(quarter.name, 0) + 1
            yield Cell(f"{quarter.name} {numbers[quarter.name]}", quarter.name, quarter.use, face)
        else:
            yield from _country(face, dividers, numbers)


def _first(tree: shapely.STRtree, points: Shapes) -> npt.NDArray[np.int64]:
    """The lowest number of the polygons that a point lies in, -1 where there is none."""
    out = np.full(len(points), np.iinfo(np.int64).max)
    at, hit = tree.query(points, "within")
    np.minimum.at(out, at, hit)
    out[out == np.iinfo(np.int64).max] = -1
    return out


def _wet(face: Polygon, x: float, y: float) -> tuple[str, str] | None:
    """Use and name of a face of the river: water, grass bank, promenade; None elsewhere."""
    off = float(terrain.off_bank(x, y))
    if off < 0 and abs(y - float(terrain.axis(x))) > float(terrain.island_half(x)):
        return ("bank", "River bank") if -off < float(terrain.bank_slope(x)) else ("water", "River Alda")
    if terrain.in_dock(x, y):
        return ("water", "Grain Dock")
    edge = shapely.get_coordinates(face)
    reach = terrain.off_bank(edge[:, 0], edge[:, 1])
    if float(reach.max()) < PROMENADE + WIDTHS["quay"][0] + 1.5 and float(reach.min()) > -0.5:
        return ("promenade", "North Quay" if y > float(terrain.axis(x)) else "South Quay")
    return None


def _country(face: Polygon, dividers: MultiLineString, numbers: dict[str, int]) -> Iterator[Cell]:
    """Open country, cut into fields, woods and meadows."""
    cuts: list[Any] = [shapely.intersection(dividers, face)]
    if face.area > 90_000:
        cuts.append(shapely.intersection(_field_grid(face), face))
    pieces = node([face.boundary, *cuts])
    pieces = pieces[shapely.contains(face.buffer(0.01), shapely.point_on_surface(pieces))]
    for piece in pieces:
        x, y = piece.representative_point().coords[0]
        use = _country_use(x, y, piece.area, 2 * piece.area / piece.length)
        numbers[use] = numbers.get(use, 0) + 1
        yield Cell(f"{use.capitalize()} {numbers[use]}", "Countryside", use, piece)


def _field_grid(face: Polygon) -> MultiLineString:
    """A ruled grid over a large face, turned and spaced by chance."""
    middle = face.centroid
    rng = Random(f"fields/{middle.x:.0f}/{middle.y:.0f}")
    radius = float(np.hypot(*(np.ptp(shapely.get_coordinates(face), axis=0) / 2))) + 400
    turn = complex(np.exp(1j * rng.uniform(-0.35, 0.35)))
    rows: list[list[tuple[float, float]]] = []
    for way, low, high in ((turn, 120.0, 230.0), (turn * 1j, 190.0, 380.0)):
        at = -radius
        while at < radius:
            at += rng.uniform(low, high)
            bend = complex(0, rng.uniform(-25, 25))
            line = (complex(middle.x, middle.y) + way * (complex(t * radius, at) + bend * (1 - t * t)) for t in
                    (-1.0, -0.5, 0.0, 0.5, 1.0))  # fmt: skip
            rows.append([(p.real, p.imag) for p in line])
    return MultiLineString(rows)


def _country_use(x: float, y: float, extent: float, thickness: float) -> Use:
    """What open country is used for, by place, area (m2) and mean width (m)."""
    top_x, top_y, radius, _ = terrain.HILL
    reach = float(np.hypot((x - top_x) * 0.86, y - top_y)) / radius
    if reach < 0.95:
        south = (x - top_x) * -0.5 + (y - top_y) * -0.86
        if south > 40 and reach < 0.74:
            return "vineyard"
        return "wood" if south < 40 and reach < 0.75 else "meadow"
    if thickness < 34:
        return "green"
    wave = np.sin(x / 410 + 0.7) + np.sin(y / 330 + x / 900)
    if (y > 3560 or y < 330 or x < 300) and wave > 0.75:
        return "wood"
    if 3500 < extent < 16_000 and np.sin(x * 0.05 + y * 0.03) > 0.35:
        return "farm"
    if float(terrain.off_bank(x, y)) < 130 or extent < 14_000:
        return "meadow"
    return "meadow" if np.sin(x * 0.013 + y * 0.031) > 0.72 else "field"


def _with_lots(cell: Cell, tree: shapely.STRtree, roads: Shapes, strips: Shapes) -> Cell:
    """The cell with the land inside its kerbs and its lots."""
    if cell.use in ("water", "bank"):
        return cell
    near = tree.query(cell.outline, "intersects")
    inside = shapely.difference(cell.outline, shapely.union_all(roads[near]))
    if cell.use == "promenade":
        return Cell(cell.name, cell.quarter, cell.use, cell.outline, tuple(_parts(inside, 1.0)))
    kerb = inside.buffer(-CORNER, join_style="mitre").buffer(CORNER, quad_segs=3) if len(near) else inside
    kerb = shapely.intersection(kerb, inside)
    land = shapely.difference(cell.outline, shapely.union_all(strips[near])) if len(near) else inside
    if len(near):
        land = land.buffer(-2.5, join_style="mitre", mitre_limit=3).buffer(2.5, join_style="mitre", mitre_limit=1.9)
    lots = [_tidy(part) for part in _parts(land, 60.0)]
    return Cell(cell.name, cell.quarter, cell.use, cell.outline, tuple(_parts(kerb, 0.5)), tuple(lots))


def _parts(shape: Any, least: float) -> list[Polygon]:
    return [p for p in shapely.get_parts(shape) if p.geom_type == "Polygon" and p.area >= least]


def _tidy(polygon: Polygon) -> Polygon:
    """Without the points that bend least and the edges under 1.5 m, on whole millimetres, counter-clockwise."""
    shape = shapely.set_precision(polygon.simplify(0.25), GRID)
    points = shapely.get_coordinates(shape.exterior)[:-1]
    while len(points) > 4:
        steps = np.linalg.norm(np.roll(points, -1, axis=0) - points, axis=1)
        k = int(steps.argmin())
        if steps[k] >= 1.5:
            break
        points = np.delete(points, k if k else 0, axis=0)
    holes = [ring.coords for ring in shape.interiors]
    return shapely.orient_polygons(Polygon(points, holes))


def _lots(cells: Sequence[Cell], streets: Sequence[Street], lines: Shapes) -> Iterator[Lot]:
    """The lots with the street along each edge."""
    real = np.array([k for k, s in enumerate(streets) if WIDTHS[s.kind][0] > 0 and s.kind != "rail"])
    tree = shapely.STRtree(lines[real])
    for cell in cells:
        for number, polygon in enumerate(cell.lots):
            ring = tuple(complex(x, y) for x, y in polygon.exterior.coords[:-1])
            if area(ring) < 60:
                continue
            middles = shapely.points([((a + b) / 2).real for a, b in _edges(ring)],
                                     [((a + b) / 2).imag for a, b in _edges(ring)])  # fmt: skip
            names, classes = [""] * len(ring), [""] * len(ring)
            for at, hit in zip(*tree.query_nearest(middles, max_distance=16.0, all_matches=False), strict=True):
                street = streets[real[hit]]
                if shapely.distance(middles[at], lines[real[hit]]) < sum(WIDTHS[street.kind]) + 2.5:
                    names[at], classes[at] = street.name, street.kind
            name = cell.name if number == 0 else f"{cell.name} {'abcdefgh'[number % 8]}"
            yield Lot(name, cell.quarter, cell.use, ring, tuple(names), tuple(classes), lot_ground)  # type: ignore[arg-type]


def _edges(ring: Sequence[complex]) -> list[tuple[complex, complex]]:
    return list(zip(ring, (*ring[1:], ring[0]), strict=True))


def lot_ground(point: Any) -> Any:
    """Height of the finished lots at a point (complex), metres NAP; for an array of points an array."""
    height = terrain.land(point.real, point.imag) + KERB
    return height if height.ndim else float(height)


def sample(line: LineString, step: float, margin: float) -> npt.NDArray[np.float64]:
    """Points along a line at even distances of about ``step``: (N, 4) x, y and the unit vector along it."""
    free = line.length - 2 * margin
    if free <= 0:
        return np.empty((0, 4))
    at = margin + (np.arange(max(1, ceil(free / step))) + 0.5) * free / max(1, ceil(free / step))
    here, ahead = (shapely.get_coordinates(shapely.line_interpolate_point(line, at + d)) for d in (-0.2, 0.2))
    way = ahead - here
    return np.hstack([(here + ahead) / 2, way / np.linalg.norm(way, axis=1, keepdims=True)])
