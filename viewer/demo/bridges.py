"""The bridges: arches, parapets and the roads that they carry from quay to quay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from viewer.demo import terrain
from viewer.demo.lots import KERB
from viewer.demo.markings import GAUGE, RAIL, TRACKS
from viewer.demo.roads import BRIDGE_WIDTHS, ROAD_BRIDGE, TRAM_BRIDGE, island_shore
from viewer.demo.roofs import Body, Point, Profile, sweep

PARAPET, RISE_OF_PARAPET = 0.4, 1.0
"""Thickness and height of the parapets, metres."""
CRUST = 0.3
"""How far the arches' body stays under the road, metres."""
BED_DEPTH = -3.4
_TICKS = [k / 12 for k in range(13)]

Strip = tuple[list[Point], str]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A bridge from the south shore to the north shore: its sides, spans, and how high the deck rises (metres)."""

    name: str
    road: str
    west: tuple[complex, complex]
    east: tuple[complex, complex]
    spans: int
    rise: float
    year: int
    tram: bool

    @property
    def width(self) -> float:
        """Metres across."""
        return abs(self.east[0] - self.west[0])


def crossings() -> Iterator[Crossing]:
    """All bridges; the tram's has one half on each side of the island."""
    half, narrow = BRIDGE_WIDTHS[0] / 2, BRIDGE_WIDTHS[1] / 2
    west, east = ((_shore(ROAD_BRIDGE + dx, -1), _shore(ROAD_BRIDGE + dx, 1)) for dx in (-half, half))
    yield Crossing("Long Bridge", "Bridge Road", west, east, 5, 1.9, 1786, False)
    for name, sign in (("North Island Bridge", 1), ("South Island Bridge", -1)):
        sides = []
        for dx in (-narrow, narrow):
            ends = (_shore(TRAM_BRIDGE + dx, sign), _island(TRAM_BRIDGE + dx, sign))
            sides.append((ends[1], ends[0]) if sign > 0 else ends)
        yield Crossing(name, "Island Street", sides[0], sides[1], 3, 0.9, 1911, True)


def _shore(x: float, side: int) -> complex:
    return complex(x, round(float(terrain.axis(x) + side * terrain.half_width(x)), 3))


def _island(x: float, sign: int) -> complex:
    shore = island_shore(x, sign)
    return complex(x, round(shore.imag, 3))


def _top(t: float, rise: float) -> float:
    """Height of the carriageway along the bridge."""
    return terrain.QUAY + rise * 4 * t * (1 - t)


def bodies(crossing: Crossing) -> dict[str, Body]:
    """The arches and both parapets."""
    front, back = (crossing.west[0], crossing.east[0]), (crossing.west[1], crossing.east[1])
    out = {"Arches": sweep(front, back, _arches(crossing.spans, crossing.rise), "deck")}
    share = PARAPET / crossing.width
    for name, a, b in (("West parapet", 0.0, share), ("East parapet", 1 - share, 1.0)):
        ends = [tuple(_across(crossing, t, s) for s in (a, b)) for t in (0.0, 1.0)]
        low, high = -CRUST - 0.15, RISE_OF_PARAPET + KERB
        over = [(t, _top(t, crossing.rise) + high) for t in _TICKS]
        under = [(t, _top(t, crossing.rise) + low) for t in reversed(_TICKS[1:-1])]
        section = ((0.0, terrain.QUAY + low), *over, (1.0, terrain.QUAY + low), *under)
        out[name] = sweep(ends[0], ends[1], section, "parapet")
    return out


def _across(crossing: Crossing, t: float, s: float) -> complex:
    """The plan point at t along and s across the bridge."""
    a = crossing.west[0] + (crossing.west[1] - crossing.west[0]) * t
    b = crossing.east[0] + (crossing.east[1] - crossing.east[0]) * t
    return a + (b - a) * s


def strips(crossing: Crossing) -> Iterator[tuple[str, list[Strip]]]:
    """What lies on the deck: (kind, faces with their surface type), kind as in the ground's partition."""
    width = crossing.width
    walk = 2.4
    if crossing.tram:
        rails = [(width / 2 + side * TRACKS + edge * GAUGE / 2, "rails") for side in (-1, 1) for edge in (-1, 1)]
        marks: list[tuple[float, str]] = [(walk, "tram")]
        for at, kind in rails:
            marks += [(at - RAIL, kind), (at + RAIL, "tram")]
    else:
        marks = [(walk, "carriageway")]
    cuts = [(PARAPET, "pavement"), *marks, (width - walk, "pavement"), (width - PARAPET, "")]
    faces: dict[str, list[Strip]] = {}
    for (a, kind), (b, _) in pairwise(cuts):
        lift = KERB if kind == "pavement" else 0.0
        faces.setdefault(kind, []).extend(_strip(crossing, a / width, b / width, lift, kind))
    for a, inner in ((walk, True), (width - walk, False)):
        faces["pavement"].extend(_kerb(crossing, a / width, inner))
    yield from faces.items()


_SURFACE = {"pavement": "AuxiliaryTrafficArea", "rails": ""}


def _strip(crossing: Crossing, a: float, b: float, lift: float, kind: str) -> Iterator[Strip]:
    for t, u in pairwise(_TICKS):
        low, high = (round(_top(v, crossing.rise) + lift, 3) for v in (t, u))
        plan = ((t, a, low), (t, b, low), (u, b, high), (u, a, high))
        yield [_point(_across(crossing, v, s), z) for v, s, z in plan], _SURFACE.get(kind, "TrafficArea")


def _kerb(crossing: Crossing, s: float, faces_east: bool) -> Iterator[Strip]:
    for t, u in pairwise(_TICKS):
        a, b = (t, u) if faces_east else (u, t)
        ring = [_point(_across(crossing, v, s), round(_top(v, crossing.rise) + z, 3))
                for v, z in ((a, 0.0), (b, 0.0), (b, KERB), (a, KERB))]  # fmt: skip
        yield ring if not faces_east else ring[::-1], "AuxiliaryTrafficArea"


def _point(p: complex, z: float) -> Point:
    return (round(p.real, 3), round(p.imag, 3), z)


def _arches(spans: int, rise: float) -> Profile:
    """Section along the bridge: the body's top under the road, piers and round arches below."""
    top = [(t, _top(t, rise) - CRUST) for t in _TICKS]
    pier, abutment, foot = 0.12 / spans, 0.05, terrain.WATER + 0.2
    stops = [abutment + (1 - 2 * abutment) * k / spans for k in range(spans + 1)]
    under: list[tuple[float, float]] = [(1.0, BED_DEPTH)]
    for k in reversed(range(spans)):
        low, high = stops[k] + (pier if k else 0.0), stops[k + 1] - (pier if k < spans - 1 else 0.0)
        crown = _top((low + high) / 2, rise) - CRUST - 0.5
        under += [(high, BED_DEPTH), (high, foot)]
        for t in (0.93, 0.8, 0.65, 0.5, 0.35, 0.2, 0.07):
            at = low + (high - low) * t
            arc = foot + (crown - foot) * (1 - (2 * t - 1) ** 2) ** 0.5
            under.append((at, min(arc, _top(at, rise) - CRUST - 0.4)))
        under += [(low, foot), (low, BED_DEPTH)]
    return (*top, *under, (0.0, BED_DEPTH))


def outline(crossing: Crossing) -> Sequence[complex]:
    """The deck's plan, counter-clockwise."""
    return (crossing.west[0], crossing.east[0], crossing.east[1], crossing.west[1])
