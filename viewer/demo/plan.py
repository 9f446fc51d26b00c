"""The town's plan: a street graph, its faces as cells, and one seamless partition of the ground.

Every cell between streets is drawn in from its sides by half the carriageway and then by the pavement. The strips so
cut off are the roads, what is left is the lot. Neighbouring strips share their points, so the ground has neither gaps
nor overlaps by construction. The river is a row of stations across its axis; the embankments hang on the same stations.
"""

from __future__ import annotations

from cmath import phase
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import pi, sin

from viewer.demo.geometry import Ring, area, contains, cross, dot, edges, inset, unit
from viewer.demo.places import BASIN, BRIDGES, CELLS, NODES, STATIONS, STREETS

HALF_WIDTH, PROMENADE = 24.0, 5.5
"""Half the width of the river and the width of the promenades between quay and kerb, metres."""
WIDTHS = {"main": (4.0, 3.5), "street": (3.25, 2.75), "lane": (2.4, 1.6), "path": (1.6, 0.0), "edge": (0.0, 0.0)}
"""Half carriageway and pavement of each class of street, metres."""
COURTS = {"old": 12.5, "grid": 17.5}
"""Paved depth of closed blocks, with the houses on it; the rest of the lot is garden. Metres."""
ROAD, PAVED, LAWN, PATH, RIVER, POND = 0.0, 0.12, 0.12, 0.12, -2.0, -0.35
"""Heights above the town's datum, metres."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One flat face of the ground: ``kind`` is carriageway, pavement, path, square, water or a use of land."""

    ring: Ring
    height: float
    kind: str
    owner: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What lies between streets: kerb ring, lot ring (edge k along ``streets[k]`` of class ``classes[k]``), use."""

    name: str
    use: str
    kerb: Ring
    lot: Ring
    streets: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A bridge: the lines of its two sides from the south quay to the north quay."""

    name: str
    width: float
    west: tuple[complex, complex]
    east: tuple[complex, complex]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan."""

    ground: tuple[Ground, ...]
    cells: tuple[Cell, ...]
    crossings: tuple[Crossing, ...]


class River:
    """The river's stations and the lines along it; line ``k`` metres left of the axis (north positive)."""

    def __init__(self) -> None:
        self.axis = [complex(x, 285 + 35 * sin(2 * pi * (x - 150) / 1100)) for x in STATIONS]
        last = len(self.axis) - 1
        self.normal = [
            1j if k in (0, last) else unit(self.axis[k + 1] - self.axis[k - 1]) * 1j for k in range(last + 1)
        ]

    def line(self, offset: float) -> list[complex]:
        """The points of the line at that offset, one per station."""
        return [a + n * offset for a, n in zip(self.axis, self.normal, strict=True)]


def make_plan() -> Plan:
    """The plan of the town; always the same."""
    river = River()
    centre_line = HALF_WIDTH + PROMENADE + WIDTHS["main"][0]
    nodes = dict(NODES)
    for side, sign in (("N", 1), ("S", -1)):
        for x, point in zip(STATIONS, river.line(sign * centre_line), strict=True):
            nodes[f"{side}{x}"] = point
    ground: list[Ground] = []
    cells = []
    for ring, streets in _faces(nodes):
        cell = _cell(ring, streets)
        cells.append(cell)
        ground += _strips(ring, cell)
        ground += _lot(cell)
    ground += _embankments(river)
    return Plan(tuple(_stitch(ground)), tuple(cells), tuple(_crossings(river)))


def millimetres(point: complex) -> tuple[int, int]:
    """The point as it will be written: what makes two points the same."""
    return (round(point.real * 1000), round(point.imag * 1000))


def _stitch(ground: list[Ground]) -> Iterator[Ground]:
    """Where a point of one face lies within an edge of another, enter it there too, so that both share all points.

    This happens where a pavement ends at a path or at open land.
    """
    sides = {(millimetres(a), millimetres(b)) for face in ground for a, b in edges(face.ring)}
    loose = {a for a, b in sides if (b, a) not in sides} | {b for a, b in sides if (b, a) not in sides}
    points = [complex(x / 1000, y / 1000) for x, y in sorted(loose)]
    for face in ground:
        ring: list[complex] = []
        for a, b in edges(face.ring):
            ring.append(a)
            if (millimetres(b), millimetres(a)) not in sides:
                along, length = unit(b - a), abs(b - a)
                steps = {dot(p - a, along): p for p in points if abs(cross(along, p - a)) < 0.003}
                ring += [steps[at] for at in sorted(steps) if 0.01 < at < length - 0.01]
        yield replace(face, ring=tuple(ring))


def _graph() -> dict[tuple[str, str], tuple[str, str]]:
    """Street name and class of every directed edge."""
    sides = {}
    for name, kind, *stops in STREETS:
        chain = list(_expand(stops))
        for a, b in pairwise(chain):
            sides[a, b] = sides[b, a] = (name, kind)
    return sides


def _expand(stops: list[str]) -> Iterator[str]:
    """Node names, "N0..N330" spelt out as all stations in between."""
    for stop in stops:
        if ".." not in stop:
            yield stop
            continue
        first, last = stop.split("..")
        yield from (f"{first[0]}{x}" for x in STATIONS if int(first[1:]) <= x <= int(last[1:]))


def _faces(nodes: dict[str, complex]) -> Iterator[tuple[Ring, list[tuple[str, str]]]]:
    """All inner faces of the street graph, counter-clockwise, with street and class of every edge."""
    sides = _graph()
    around: dict[str, list[str]] = {}
    for a, b in sides:
        around.setdefault(a, []).append(b)
    for a, others in around.items():
        bearings = {b: phase(nodes[b] - nodes[a]) for b in others}
        others.sort(key=bearings.__getitem__)
    unused = dict.fromkeys(sides)
    while unused:
        start = edge = next(iter(unused))
        walk = []
        while True:
            del unused[edge]
            walk.append(edge)
            a, b = edge
            turn = around[b]
            edge = (b, turn[turn.index(a) - 1])
            if edge == start:
                break
        ring = tuple(nodes[a] for a, _ in walk)
        if area(ring) > 0:
            yield ring, [sides[step] for step in walk]


def _cell(ring: Ring, streets: list[tuple[str, str]]) -> Cell:
    found = [(name, use) for point, name, use in CELLS if contains(ring, point)]
    if len(found) != 1:
        raise ValueError(f"cell around {sum(ring) / len(ring):.0f} has {len(found)} uses, not one")
    half = [WIDTHS[kind][0] for _, kind in streets]
    whole = [sum(WIDTHS[kind]) for _, kind in streets]
    names, classes = zip(*streets, strict=True)
    return Cell(*found[0], inset(ring, half), inset(ring, whole), names, classes)


def _strips(ring: Ring, cell: Cell) -> Iterator[Ground]:
    """Half the carriageway and the pavement along every edge of a cell."""
    rows = zip(edges(ring), edges(cell.kerb), edges(cell.lot), cell.streets, cell.classes, strict=True)
    for axis, kerb, lot, name, kind in rows:
        if kind == "path":
            yield Ground((axis[0], axis[1], kerb[1], kerb[0]), PATH, "path", name)
        elif kind != "edge":
            yield Ground((axis[0], axis[1], kerb[1], kerb[0]), ROAD, "carriageway", name)
            yield Ground((kerb[0], kerb[1], lot[1], lot[0]), PAVED, "pavement", name)


def _lot(cell: Cell) -> Iterator[Ground]:
    """The lot's surface; a pond has a rim of lawn, a closed block a garden in the middle."""
    if cell.use == "pond":
        shore = inset(cell.lot, 3.0)
        yield Ground(shore, POND, "water", cell.name)
        for (a, b), (c, d) in zip(edges(cell.lot), edges(shore), strict=True):
            yield Ground((a, b, d, c), LAWN, "lawn", cell.name)
    elif cell.use == "basin":
        yield Ground(cell.lot, RIVER, "water", "River Alda")
    elif cell.use == "square":
        yield Ground(cell.lot, PAVED, "square", cell.name)
    elif cell.use in COURTS:
        court = inset(cell.lot, COURTS[cell.use])
        yield Ground(court, LAWN, "garden", cell.name)
        for (a, b), (c, d) in zip(edges(cell.lot), edges(court), strict=True):
            yield Ground((a, b, d, c), PAVED, cell.use, cell.name)
    else:
        yield Ground(cell.lot, LAWN, cell.use, cell.name)


def _cuts(index: int) -> list[tuple[float, float]]:
    """Bridge heads on the interval after station ``index``: (from, to) as fractions of the interval."""
    low, high = STATIONS[index], STATIONS[index + 1]
    out = []
    for _, middle, width, _, _ in BRIDGES:
        a, b = max(low, middle - width / 2), min(high, middle + width / 2)
        if a < b:
            out.append(((a - low) / (high - low), (b - low) / (high - low)))
    return out


def _embankments(river: River) -> Iterator[Ground]:
    quay, kerb, axis = HALF_WIDTH, HALF_WIDTH + PROMENADE, HALF_WIDTH + PROMENADE + WIDTHS["main"][0]
    lines = {off: river.line(off) for off in (quay, kerb, axis, -quay, -kerb, -axis)}
    for k in range(len(STATIONS) - 1):
        marks = sorted({0.0, 1.0, *(t for cut in _cuts(k) for t in cut)})
        shore = {off: [line[k] + (line[k + 1] - line[k]) * t for t in marks] for off, line in lines.items()}
        yield Ground((*shore[-quay], *reversed(shore[quay])), RIVER, "water", "River Alda")
        for sign, name in ((1, "North Quay"), (-1, "South Quay")):
            yield from _bank(
                shore[sign * quay], shore[sign * kerb], lines[sign * axis][k : k + 2], sign, name, k, marks
            )


def _bank(
    quay: list[complex], kerb: list[complex], axis: list[complex], sign: int, name: str, k: int, marks: list[float]
) -> Iterator[Ground]:
    """Promenade and half carriageway of one interval of one bank; yards and the basin's mouth at the harbour."""
    kind = {"": "street", **BASIN}.get(f"{'N' if sign > 0 else 'S'}{STATIONS[k]}", "street")
    road = (*kerb, *reversed(axis))[:: 1 if sign > 0 else -1]
    if kind == "water":
        yield Ground(road, RIVER, "water", "River Alda")
    elif kind == "yard":
        yield Ground(road, PAVED, "yard", "Harbour yard")
    else:
        yield Ground(road, ROAD, "carriageway", name)
    heads = _cuts(k)
    for i in range(len(marks) - 1):
        ring = (quay[i], quay[i + 1], kerb[i + 1], kerb[i])[:: 1 if sign > 0 else -1]
        if kind == "water":
            yield Ground(ring, RIVER, "water", "River Alda")
        elif kind == "yard":
            yield Ground(ring, PAVED, "yard", "Harbour yard")
        elif any(a <= marks[i] and marks[i + 1] <= b for a, b in heads):
            yield Ground(ring, ROAD, "carriageway", name)
        else:
            yield Ground(ring, PAVED, "pavement", name)


def _crossings(river: River) -> Iterator[Crossing]:
    south, north = river.line(-HALF_WIDTH), river.line(HALF_WIDTH)
    for name, middle, width, _, _ in BRIDGES:
        west, east = ((_at(south, middle + half), _at(north, middle + half)) for half in (-width / 2, width / 2))
        yield Crossing(name, width, west, east)


def _at(line: list[complex], x: float) -> complex:
    """The point of a quay line at station x (stations count along the axis)."""
    k = max(i for i, station in enumerate(STATIONS[:-1]) if station <= x)
    t = (x - STATIONS[k]) / (STATIONS[k + 1] - STATIONS[k])
    return line[k] + (line[k + 1] - line[k]) * t
