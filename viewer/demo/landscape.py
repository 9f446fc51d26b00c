"""What stands between the buildings: trees, lamps, benches, boats and bridges, and the upright edges of the ground."""

from __future__ import annotations

from cmath import phase, pi
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from viewer.demo.geometry import (
    Footprints,
    Ring,
    area,
    centre,
    contains,
    distance,
    edges,
    inset,
    polygon,
    rectangle,
    spin,
    unit,
)
from viewer.demo.places import BRIDGES
from viewer.demo.plan import PAVED, RIVER, Cell, Crossing, Ground, Plan, millimetres
from viewer.demo.roofs import Body, Face, Point, Profile, block, gable, level, sweep, upright

BED, RIM = -3.4, -5.0
"""Depth of the quay walls and of the model's rim, metres."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An instance of a template: where, how large, turned how far (full turns)."""

    template: str
    point: complex
    height: float
    scale: tuple[float, float]
    turn: float
    place: str


@dataclass(frozen=True, slots=True)
class Tree:
    """A kind of tree: botanical and common name, crown radius and height of the template."""

    species: str
    common: str
    radius: float
    height: float


TREES = {
    "lime": Tree("Tilia cordata", "lime", 3.0, 10.0),
    "plane": Tree("Platanus × hispanica", "plane", 4.2, 13.0),
    "poplar": Tree("Populus nigra 'Italica'", "Lombardy poplar", 1.7, 17.0),
    "spruce": Tree("Picea abies", "spruce", 2.7, 14.0),
    "apple": Tree("Malus domestica", "apple", 2.1, 4.6),
}
STREET_TREES = {"main": 11.0, "street": 14.0}
"""Distance between street trees by class of street, metres."""


def plant(plan: Plan, houses: Footprints, seed: int) -> list[Thing]:
    """All trees of the town: clear of carriageways and with their crowns clear of walls."""
    out: list[Thing] = []
    for cell in plan.cells:
        rng = Random(f"{seed}/trees/{cell.name}")
        for tree in (*_avenue(cell, rng), *_green(cell, rng)):
            radius = TREES[tree.template].radius * tree.scale[0] + 0.4
            if houses.clear(tree.point, radius):
                out.append(tree)
    out += _promenade(plan, Random(f"{seed}/promenade"))
    return out


def _tree(kind: str, point: complex, rng: Random, size: float, place: str) -> Thing:
    wide = size * rng.uniform(0.85, 1.15)
    return Thing(kind, point, PAVED, (wide, wide * rng.uniform(0.88, 1.15)), rng.random(), place)


def _avenue(cell: Cell, rng: Random) -> Iterator[Thing]:
    """Trees on the pavement a metre behind the kerb."""
    if cell.use in ("old", "church", "square", "meadow", "wood", "works", "harbour"):
        return
    for k, (a, b) in enumerate(edges(cell.kerb)):
        gap = STREET_TREES.get(cell.classes[k])
        along, length = unit(b - a), abs(b - a)
        if gap is None or length < 40 or (cell.use == "terrace" and cell.classes[k] == "street"):
            continue
        kind = "plane" if cell.classes[k] == "main" else "lime"
        count = int((length - 20) / gap)
        for i in range(count + 1):
            if rng.random() < 0.9:
                point = a + along * (10 + i * (length - 20) / max(count, 1)) + along * 1j * 0.95
                yield _tree(kind, point, rng, 0.42 if kind == "plane" else 0.46, cell.streets[k])


def _promenade(plan: Plan, rng: Random) -> Iterator[Thing]:
    """A row of planes along the quays, not before the bridges."""
    for ground in plan.ground:
        if ground.kind != "pavement" or ground.owner not in ("North Quay", "South Quay"):
            continue
        if abs(area(ground.ring)) < 150 or len(ground.ring) != 4:
            continue
        a, b = (ground.ring[0], ground.ring[1]) if ground.owner == "North Quay" else (ground.ring[3], ground.ring[2])
        near, far = (
            (ground.ring[3], ground.ring[2]) if ground.owner == "North Quay" else (ground.ring[0], ground.ring[1])
        )
        if abs(abs(near - a) - 5.5) > 0.4:
            continue
        count = int(abs(b - a) / 11)
        for i in range(count):
            t = (i + 0.5) / count
            yield _tree("plane", (a + (b - a) * t) * 0.35 + (near + (far - near) * t) * 0.65, rng, 0.66, ground.owner)


GREEN: dict[str, tuple[float, tuple[str, ...], float, float]] = {
    # use: mean distance of trees, kinds, size, distance from the lot's edge
    "park": (16.0, ("lime", "plane", "plane", "lime", "spruce"), 1.0, 4.5),
    "wood": (17.0, ("spruce", "lime", "spruce", "plane"), 1.05, 6.0),
    "green": (13.0, ("lime", "plane"), 0.85, 5.0),
    "church": (13.0, ("lime",), 0.9, 5.0),
    "meadow": (46.0, ("lime", "poplar", "apple"), 0.95, 8.0),
    "detached": (14.5, ("apple", "apple", "lime", "spruce"), 0.72, 3.0),
    "terrace": (10.5, ("apple",), 0.8, 14.5),
    "slab": (16.0, ("lime", "plane", "poplar"), 0.85, 4.0),
    "wharf": (13.0, ("lime", "apple", "poplar"), 0.7, 4.0),
    "grid": (13.0, ("lime", "apple", "plane"), 0.75, 19.0),
    "old": (13.0, ("apple", "lime"), 0.75, 14.0),
    "office": (12.0, ("lime",), 0.75, 4.0),
    "school": (15.0, ("lime", "plane"), 0.9, 4.0),
    "hall": (14.0, ("plane",), 0.75, 8.0),
    "pond": (12.0, ("poplar",), 0.6, 1.2),
}


def _green(cell: Cell, rng: Random) -> Iterator[Thing]:
    """Trees scattered over a lot: a grid with every point moved, so that they keep apart."""
    if cell.use not in GREEN:
        return
    step, kinds, size, margin = GREEN[cell.use]
    low = complex(min(p.real for p in cell.lot), min(p.imag for p in cell.lot))
    high = complex(max(p.real for p in cell.lot), max(p.imag for p in cell.lot))
    clearing = centre(cell.lot)
    for i in range(int((high.real - low.real) / step) + 1):
        for j in range(int((high.imag - low.imag) / step) + 1):
            point = low + complex((i + rng.uniform(0.05, 0.95)) * step, (j + rng.uniform(0.05, 0.95)) * step)
            kind = kinds[int(rng.random() * len(kinds))]
            tree = _tree(kind, point, rng, size, cell.name)
            if not contains(cell.lot, point) or distance(cell.lot, point) < margin:
                continue
            if cell.use == "pond" and distance(cell.lot, point) > 2.2:
                continue
            if cell.use in ("park", "school") and abs(point - clearing) < 24:
                continue
            yield tree


def furnish(plan: Plan, seed: int) -> list[Thing]:
    """Lamps along the wider streets, benches in park and square, boats in the basin, a fountain on the square."""
    out = []
    for cell in plan.cells:
        for k, (a, b) in enumerate(edges(cell.kerb)):
            along, length = unit(b - a), abs(b - a)
            if cell.classes[k] not in ("main", "street") or length < 40:
                continue
            for i in range(max(int(length / 34), 1)):
                point = a + along * (length * (i + 0.5) / max(int(length / 34), 1) + 2.5) + along * 1j * 0.5
                out.append(Thing("lamp", point, PAVED, (1.0, 1.0), _turn(along * -1j), cell.streets[k]))
        if cell.use in ("square", "green"):
            for a, b in edges(cell.lot):
                along = unit(b - a)
                for t in (0.3, 0.5, 0.7):
                    point = a + (b - a) * t + along * 3j
                    out.append(Thing("bench", point, PAVED, (1.0, 1.0), _turn(along), cell.name))
        if cell.use == "square":
            out += _market(cell)
    for k, point in enumerate((898 + 176j, 898 + 204j, 962 + 168j, 962 + 196j, 700 + 262j, 410 + 299j)):
        along = spin(0.25) if point.real > 800 else unit(complex(1, -0.2 if point.real > 600 else 0.12))
        out.append(Thing("barge", point, RIVER, (1.0, 1.0), _turn(along) + 0.01 * (k % 2), "River Alda"))
    return out


def _market(cell: Cell) -> Iterator[Thing]:
    """The fountain, two rows of stalls, and a lamp at every corner of the square."""
    middle = centre(cell.lot)
    a, b = max(edges(cell.lot), key=lambda e: (e[1] - e[0]).real)
    along = unit(b - a)
    yield Thing("fountain", middle + along * (-8 + 2j), PAVED, (1.0, 1.0), 0.0, cell.name)
    for row in (-13, -21):
        for k in range(7):
            yield Thing(
                "stall", middle + along * complex(-20 + 6.2 * k, row), PAVED, (1.0, 1.0), _turn(along), cell.name
            )
    for point in inset(cell.lot, 2.0):
        yield Thing("lamp", point, PAVED, (1.0, 1.0), _turn(middle - point), cell.name)


def _turn(along: complex) -> float:
    """The direction of a vector in full turns."""
    return phase(along) / (2 * pi)


def bridge_bodies(crossing: Crossing) -> dict[str, Body]:
    """Deck with arches, and two parapets, of one bridge."""
    spans, rise = next((s, r) for name, _, _, s, r in BRIDGES if name == crossing.name)
    front, back = (crossing.west[0], crossing.east[0]), (crossing.west[1], crossing.east[1])
    out = {"Deck": sweep(front, back, _arches(spans, rise), "deck")}
    across = unit(front[1] - front[0])
    rail = 0.35
    for name, a, b in (
        ("West parapet", (front[0], front[0] + across * rail), (back[0], back[0] + across * rail)),
        ("East parapet", (front[1] - across * rail, front[1]), (back[1] - across * rail, back[1])),
    ):
        section = ((0.0, 0.0), (0.0, 1.0), *((t, 1.0 + _hump(t, rise)) for t in _TICKS[1:-1]), (1.0, 1.0), (1.0, 0.0),
                   *((t, _hump(t, rise)) for t in reversed(_TICKS[1:-1])))  # fmt: skip
        out[name] = sweep(a, b, section, "parapet")
    return out


_TICKS = [k / 12 for k in range(13)]


def _hump(t: float, rise: float) -> float:
    return rise * 4 * t * (1 - t)


def _arches(spans: int, rise: float) -> Profile:
    """Section of an arched bridge along its axis: the deck's hump above, piers and arches below."""
    top = [(t, _hump(t, rise)) for t in _TICKS]
    pier, abutment, foot = 0.03, 0.07, RIVER + 0.2
    stops = [abutment + (1 - 2 * abutment) * k / spans for k in range(spans + 1)]
    under: list[tuple[float, float]] = [(1.0, BED)]
    for k in reversed(range(spans)):
        low, high = stops[k] + (pier if k else 0.0), stops[k + 1] - (pier if k < spans - 1 else 0.0)
        crown = _hump((low + high) / 2, rise) - 0.8
        under += [(high, BED), (high, foot)]
        for t in (0.93, 0.8, 0.65, 0.5, 0.35, 0.2, 0.07):
            at = low + (high - low) * t
            arc = foot + (crown - foot) * (1 - (2 * t - 1) ** 2) ** 0.5
            under.append((at, min(arc, _hump(at, rise) - 0.45)))
        under += [(low, foot), (low, BED)]
    return (*top, *under, (0.0, BED))


def ground_walls(ground: Sequence[Ground]) -> Iterator[tuple[str, str, tuple[Point, ...]]]:
    """Upright faces where the ground steps: (kind, owner, face), kind "kerb", "quay", or "rim" at the map's edge.

    Edges are found again from the other side by their end points in whole millimetres.
    """
    across = {(millimetres(a), millimetres(b)): face for face in ground for a, b in edges(face.ring)}
    for face in ground:
        for a, b in edges(face.ring):
            other = across.get((millimetres(b), millimetres(a)))
            if other is None:
                yield "rim", "rim", upright(a, b, RIM, face.height)
            elif other.height < face.height:
                low = other.height if other.kind != "water" else other.height - 1.4
                yield ("quay" if other.kind == "water" else "kerb"), face.owner, upright(a, b, low, face.height)


def templates() -> dict[str, tuple[tuple[Face, ...], tuple[Face, ...]]]:
    """Template name to (LoD1 faces, LoD2 faces), around the origin, standing on z = 0."""
    out = {name: (_crown(name, 5, True), _crown(name, 8, False)) for name in TREES}
    lamp = (*_post(0.07, 5.0, 6), *block(rectangle(0.55 + 0j, 1 + 0j, 1.2, 0.28), 5.0, 5.16))
    out["lamp"] = (_post(0.1, 5.1, 4), lamp)
    bench = (
        *block(rectangle(0j, 1 + 0j, 1.8, 0.45), 0.38, 0.46),
        *block(rectangle(0.25j, 1 + 0j, 1.8, 0.06), 0.46, 0.9),
    )
    legs = (
        *block(rectangle(-0.7 + 0j, 1 + 0j, 0.08, 0.4), 0.0, 0.38),
        *block(rectangle(0.7 + 0j, 1 + 0j, 0.08, 0.4), 0.0, 0.38),
    )
    out["bench"] = (block(rectangle(0j, 1 + 0j, 1.8, 0.5), 0.0, 0.46), (*bench, *legs))
    basin = _lathe(
        ((3.2, 0.0), (3.2, 0.55), (2.9, 0.55), (2.9, 0.4), (0.5, 0.4), (0.4, 1.7), (0.9, 1.9), (0.0, 2.0)), 16
    )
    out["fountain"] = (block(polygon(0j, 3.2, 8), 0.0, 0.55), basin)
    posts = [
        f for x in (-1.8, 1.8) for y in (-1.1, 1.1) for f in block(rectangle(complex(x, y), 1 + 0j, 0.1, 0.1), 0, 2.1)
    ]
    awning = sweep((-2.1 - 1.5j, 2.1 - 1.5j), (-2.1 + 1.5j, 2.1 + 1.5j), gable(2.1, 2.2, 2.9), "gable").faces
    table = block(rectangle(0j, 1 + 0j, 3.4, 1.4), 0.0, 0.9)
    out["stall"] = (block(rectangle(0j, 1 + 0j, 4.2, 3.0), 0.0, 2.5), (*posts, *table, *awning))
    hull: Ring = (-9 - 2.1j, 7 - 2.1j, 10 + 0j, 7 + 2.1j, -9 + 2.1j)
    cabin = rectangle(-6 + 0j, 1 + 0j, 4.0, 3.2)
    out["barge"] = (block(hull, -0.3, 1.2), (*block(hull, -0.3, 1.2), *block(cabin, 1.2, 3.2)))
    return out


def _post(radius: float, height: float, corners: int) -> tuple[Face, ...]:
    return block(polygon(0j, radius, corners), 0.0, height)


def _crown(name: str, corners: int, simple: bool) -> tuple[Face, ...]:
    """Trunk and crown of a tree: a turned body, plain for LoD1."""
    r, h = TREES[name].radius, TREES[name].height
    rows = {
        "spruce": ((0.0, 0.12), (1.0, 0.12), (0.55, 0.45), (0.72, 0.45), (0.3, 0.78), (0.38, 0.78), (0.0, 1.0)),
        "poplar": ((0.0, 0.1), (0.7, 0.18), (1.0, 0.45), (0.8, 0.75), (0.0, 1.0)),
    }.get(name, ((0.0, 0.26), (0.72, 0.33), (1.0, 0.52), (0.92, 0.72), (0.55, 0.92), (0.0, 1.0)))
    if simple:
        rows = (rows[0], max(rows), rows[-1])
    return (*_post(r * 0.08 + 0.06, h * (rows[0][1] + 0.06), 5), *_lathe([(a * r, b * h) for a, b in rows], corners))


def _lathe(rows: Sequence[tuple[float, float]], corners: int) -> tuple[Face, ...]:
    """A body of revolution in flat pieces from (radius, height) rows; radius 0 ends in a point, others in a disc."""
    rings = [level(polygon(0j, r, corners), z) if r else ((0.0, 0.0, z),) for r, z in rows]
    faces: list[Face] = []
    for low, high in pairwise(rings):
        for k in range(corners):
            n = (k + 1) % corners
            if len(low) == 1:
                faces.append(((low[0], high[n], high[k]), ""))
            elif len(high) == 1:
                faces.append(((low[k], low[n], high[0]), ""))
            else:
                faces.append(((low[k], low[n], high[n], high[k]), ""))
    if len(rings[0]) > 1:
        faces.append((tuple(reversed(rings[0])), ""))
    return tuple(faces)
