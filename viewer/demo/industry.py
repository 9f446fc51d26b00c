"""Work: harbour halls, silos, tanks and cranes, factories, the power station, offices and their towers."""

from __future__ import annotations

from itertools import pairwise
from math import hypot
from random import Random

from viewer.demo.dormers import Fixture, fit
from viewer.demo.envelope import lathe
from viewer.demo.geometry import Ring, area, dot, edges, polygon, rectangle, unit
from viewer.demo.house import FOOT, House
from viewer.demo.roofs import FLOOR, ROOF, WALL, Body, Face, Point, at, barrel, flat, gable, lantern, saw_tooth
from viewer.demo.rows import breadth, drawn_in, fitting, plots
from viewer.demo.site import Site, across, along, is_box, widest


def harbour(site: Site) -> None:
    """Halls along the harbour road, silos and tanks between them, cranes where the lot meets the water."""
    _cranes(site)
    _fill(site, ("silos", "tanks", "hall", "hall", "hall", "yard", "yard"))


def works(site: Site) -> None:
    """Factories: saw-tooth halls, brick buildings of several storeys, a chimney; one lot is the power station."""
    name = site.lot.name.lower()
    if "power" in name:
        power_station(site)
    elif "gas" in name:
        middle = widest(site.lot.ring)
        site.build(gasometer(middle), 1, "industry", name="Gasometer", year=1898, kind="Building")
    _fill(site, ("hall", "hall", "mill", "mill", "chimney", "tanks", "yard"))


_LENGTHS = {"hall": (34, 66), "mill": (30, 46), "yard": (14, 20), "silos": (22, 42), "tanks": (24, 32),
            "chimney": (16, 18)}  # fmt: skip
"""Metres along the street that a plant takes."""


def _fill(site: Site, kinds: tuple[str, ...]) -> None:
    """Strips of halls and other plant along the longest street edge, until the lot is full."""
    rng, (start, u) = site.rng, site.frame()
    xs = [dot(p - start, u) for p in site.lot.ring]
    ys = [dot(p - start, u * 1j) for p in site.lot.ring]
    y = 7.0
    while y < max(ys) - 12:
        deep, x = rng.uniform(26, 40), min(xs) + 7.0
        while x < max(xs) - 12:
            kind = rng.choice(kinds)
            long = {"hall": rng.uniform(34, 66), "mill": rng.uniform(30, 46), "yard": 18.0}.get(
                kind, rng.uniform(22, 30)
            )
            for share in (1.0, 0.7, 0.5):
                middle = start + u * complex(x + long * share / 2, y + deep * share / 2)
                ring = rectangle(middle, u, long * share, deep * share)
                if kind == "yard" or _PLANTS[kind](site, ring):
                    x += long * share + rng.uniform(9, 14)
                    break
            else:
                x += 9.0
        y += deep + rng.uniform(11, 16)


def _hall(site: Site, ring: Ring) -> bool:
    rng = site.rng
    length, depth = abs(ring[1] - ring[0]), abs(ring[3] - ring[0])
    kind, eaves = rng.random(), rng.uniform(6.0, 9.5)
    if kind < 0.34:
        body = along(ring, saw_tooth(FOOT, eaves, 2.6, max(2, round(depth / 8))), "saw-tooth")
    elif kind < 0.5:
        body = across(ring, saw_tooth(FOOT, eaves, 2.6, max(2, round(length / 9))), "saw-tooth")
    elif kind < 0.64:
        body = along(ring, barrel(FOOT, eaves, depth * 0.16), "barrel")
    elif kind < 0.8:
        body = along(ring, gable(FOOT, eaves, eaves + depth * 0.14), "gable")
    elif kind < 0.9:
        body = along(ring, lantern(FOOT, eaves, depth * 0.07), "lantern")
    else:
        lights = [Fixture("box", x, x + 2.6, depth * 0.25, 1.1, depth * 0.75) for x in _steps(length, 9.0, 4.0)]
        body = fit(flat(ring, FOOT, eaves + 1.5, 0.6), 1, lights)
    return site.build(body, 1, "industry", gap=6.0, storey=eaves)


def _steps(length: float, step: float, margin: float) -> list[float]:
    count = int((length - 2 * margin) // step)
    return [margin + step * k for k in range(max(count, 0))]


def _mill(site: Site, ring: Ring) -> bool:
    """A brick building of several storeys, with a stair tower on its roof."""
    ring = _narrowed(ring, 18.0)
    storeys, depth = site.rng.choice((3, 4, 5)), abs(ring[3] - ring[0])
    stair = Fixture("box", 2.5, 8.0, depth / 2 - 3, 5.0, depth / 2 + 3)
    body = fit(flat(ring, FOOT, 0.6 + 4.0 * storeys, 0.9), 1, [stair])
    return site.build(body, storeys, site.rng.choice(("industry", "industry", "office")), gap=6.0, storey=4.0)


def _narrowed(ring: Ring, depth: float) -> Ring:
    deep = min(depth, abs(ring[3] - ring[0]))
    n = unit(ring[3] - ring[0]) * deep
    return (ring[0], ring[1], ring[1] + n, ring[0] + n)


def _silos(site: Site, ring: Ring) -> bool:
    """Grain silos in two rows and the elevator tower at their head, as parts of one building."""
    middle, u = (ring[0] + ring[2]) / 2, unit(ring[1] - ring[0])
    length, depth = abs(ring[1] - ring[0]), abs(ring[3] - ring[0])
    if min(length, depth) < 14:
        return False
    radius, top = 3.4, site.rng.uniform(22, 30)
    count = int((length - 8.5) / (2 * radius + 0.2))
    parts: dict[str, Body] = {}
    left = middle - u * (length / 2)
    parts["Elevator"] = flat(rectangle(left + u * 4.0, u, 8.0, 11.0), FOOT, top + 9.0, 0.8)
    for k in range(count):
        for j, side in enumerate((-1, 1)):
            at = left + u * complex(8.4 + radius + k * (2 * radius + 0.2), side * (radius + 0.1))
            profile = [(1.0, top), (0.25, top + 2.2)]
            parts[f"Silo {2 * k + j + 1}"] = lathe(polygon(at, radius, 12), FOOT, profile, "cone", top)
    house = House(site.lot.quarter, site.street, "industry", 1, None, parts, "Grain silos", 1963, storey=top)
    return site.put(house, 5.0)


def _tanks(site: Site, ring: Ring) -> bool:
    """Storage tanks with flat cones."""
    middle, u = (ring[0] + ring[2]) / 2, unit(ring[1] - ring[0])
    room, done = min(abs(ring[1] - ring[0]), abs(ring[3] - ring[0])), False
    for x in (-0.26, 0.26):
        for y in (-0.26, 0.26):
            top = site.rng.uniform(9, 14)
            at = polygon(middle + u * complex(x, y) * room, room * 0.21, 20)
            body = lathe(at, FOOT, [(1.0, top), (0.06, top + room * 0.05)], "cone", top)
            done |= site.build(body, 1, "storage", gap=2.0, kind="OtherConstruction", name="Tank", outbuilding=True)
    return done


def chimney(middle: complex, height: float) -> Body:
    """A round brick chimney on a square base."""
    size, ring = height * 0.045, polygon(middle, height * 0.055, 16)
    neck = size * 0.62 / (height * 0.055)
    return lathe(ring, FOOT, [(1.0, height * 0.09), (0.86, height * 0.1), (neck, height - 1.5), (neck, height)], "none",
                 height)  # fmt: skip


def _chimney(site: Site, ring: Ring) -> bool:
    if any(h.name == "Chimney" for h in site.houses):
        return False
    body = chimney((ring[0] + ring[2]) / 2, site.rng.uniform(38, 56))
    return site.build(body, 1, "industry", gap=3.0, name="Chimney", kind="OtherConstruction", outbuilding=True)


_PLANTS = {"hall": _hall, "mill": _mill, "silos": _silos, "tanks": _tanks, "chimney": _chimney}


def gasometer(middle: complex) -> Body:
    """A gas holder: a wide drum under a shallow dome."""
    ring = polygon(middle, 21.0, 24)
    profile = [(1.0, 31.0), (0.97, 31.6), (0.8, 34.6), (0.5, 37.4), (0.2, 38.8), (0.0, 39.2)]
    return lathe(ring, FOOT, profile, "dome", 31.0)


def power_station(site: Site) -> None:
    """Turbine hall, boiler house and two chimneys."""
    middle, (_, u) = widest(site.lot.ring), site.frame()
    at = [middle + u * p for p in (-4 - 14j, -4 + 9j, 34 + 3j, 34 + 17j)]
    parts = {
        "Turbine hall": along(rectangle(at[0], u, 58, 24), barrel(FOOT, 15.0, 4.0), "barrel"),
        "Boiler house": flat(rectangle(at[1], u, 46, 22), FOOT, 31.0, 1.0),
        "East chimney": chimney(at[2], 92.0),
        "West chimney": chimney(at[3], 92.0),
    }
    site.put(House(site.lot.quarter, site.street, "industry", 1, None, parts, "Alda Power Station", 1934, storey=15.0))


_UNDER = "OuterCeilingSurface"


def _cranes(site: Site) -> None:
    """Gantry cranes every seventy metres along edges without a street (the quay)."""
    for (a, b), name in zip(edges(site.lot.ring), site.lot.streets, strict=True):
        u, length = unit(b - a), abs(b - a)
        for place in _steps(length, 70.0, 30.0) if not name and length > 80 else ():
            _crane(site, a + u * place + u * 5.5j, u)


_PORTAL = ((-6.0, FOOT), (-5.0, FOOT), (-5.0, 11.4), (5.0, 11.4), (5.0, FOOT), (6.0, FOOT), (6.0, 13.0), (-6.0, 13.0))
"""A portal crane's gate, seen from the water: metres along the quay, height."""
_JIB = ((-1.1, 13.0), (1.1, 13.0), (1.1, 25.0), (5.0, 25.6), (5.0, 27.2), (0.8, 27.4), (-23.0, 36.4), (-23.0, 35.8),
        (-1.1, 26.0))  # fmt: skip
"""Its mast, jib and counterweight, seen from the side: metres away from the water, height. It stands on the gate."""


def _crane(site: Site, middle: complex, u: complex) -> None:
    """A portal crane with its jib over the water, one closed body."""

    def point(x: float, y: float, z: float) -> Point:
        return at(middle + u * complex(x, y), z)

    wide, deep = 0.65, 1.7
    faces: list[Face] = [
        (tuple(point(x, -deep, z) for x, z in _PORTAL), WALL),
        (tuple(point(x, deep, z) for x, z in reversed(_PORTAL)), WALL),
        (tuple(point(wide, y, z) for y, z in _JIB), WALL),
        (tuple(point(-wide, y, z) for y, z in reversed(_JIB)), WALL),
    ]
    for (a, low), (b, high) in pairwise((_PORTAL[-1], *_PORTAL[:-1])):
        kind = FLOOR if low == high == FOOT else _UNDER if low == high else WALL
        ring = (point(a, -deep, low), point(a, deep, low), point(b, deep, high), point(b, -deep, high))
        faces.append((ring, kind))
    for (a, low), (b, high) in list(pairwise((*_JIB, _JIB[0])))[1:]:
        lean = (a - b) / hypot(b - a, high - low)
        kind = ROOF if lean > 0.17 else _UNDER if lean < -0.17 else WALL
        ring = (point(wide, a, low), point(-wide, a, low), point(-wide, b, high), point(wide, b, high))
        faces.append((ring, kind))
    gate = [point(x, y, 13.0) for x, y in ((-6, -deep), (6, -deep), (6, deep), (-6, deep))]
    mast = [point(x, y, 13.0) for x, y in ((-wide, -1.1), (wide, -1.1), (wide, 1.1), (-wide, 1.1))]
    faces.append(((gate[0], gate[1], gate[2], mast[2], mast[1], mast[0]), ROOF))
    faces.append(((gate[0], mast[0], mast[3], mast[2], gate[2], gate[3]), ROOF))
    body = Body(tuple(faces), rectangle(middle, u, 12.0, 2 * deep), 13.0, max(z for _, z in _JIB), "none", FOOT)
    site.build(body, 1, "crane", kind="OtherConstruction", name="Quay crane", outbuilding=True)


def offices(site: Site) -> None:
    """Office blocks: a tower on a podium on large lots, else a closed front of five to eight storeys."""
    rng, (_, u) = site.rng, site.frame()
    room = breadth(site.lot.ring)
    if room > 44 and area(site.lot.ring) > 2600:
        middle = widest(site.lot.ring)
        for size in (58.0, 48.0, 40.0, 32.0):
            ring = rectangle(middle, u, size, size * 0.78)
            storeys = rng.randint(12, 22)
            if site.build(_tower(rng, ring, storeys), storeys, "office", year=rng.randint(1972, 2022), storey=3.6):
                break
    line, streets = drawn_in(site.lot.ring, site.lot.streets, 3.0, 3.0)
    if not line:
        return
    depth = min(15.0, breadth(line) * 0.4)
    depth, rows = fitting(line, streets, depth)
    for row in rows if depth > 8 else ():
        for plot in plots(row, depth, (3.0, 6.0), (24.0, 44.0), rng):
            front, back = row.stretch(plot.low, plot.high, depth)
            storeys = rng.randint(5, 8) if plot.ring else rng.randint(4, 6)
            plan = plot.ring if len(plot.ring) > 4 else (*front, *reversed(back))
            body = flat(plan, FOOT, 1.0 + 3.6 * storeys, 1.0, 0.5)
            if is_box(front, back) and not plot.ring and depth > 9:
                plant = Fixture("box", 3.0, abs(front[1] - front[0]) - 5.0, depth * 0.3, 3.2, depth * 0.7)
                body = fit(body, 1, [plant])
            site.build(body, storeys, "office", row.street(plot.low), storey=3.6)


def _tower(rng: Random, ring: Ring, storeys: int) -> Body:
    """A tower set back on a podium of two storeys, one closed body."""
    length, depth = abs(ring[1] - ring[0]), abs(ring[3] - ring[0])
    wide, deep = min(26.0, length * 0.55), min(24.0, depth * 0.66)
    left, near = rng.uniform(4.0, length - wide - 4.0), (depth - deep) / 2
    tower = Fixture("tower", left, left + wide, near, 3.6 * (storeys - 2), near + deep)
    return fit(flat(ring, FOOT, 8.4, 1.0, 0.4), 1, [tower])
