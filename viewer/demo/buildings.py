"""Ordinary buildings: closed blocks, terraces, detached houses, slabs and offices on the lots of the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from viewer.demo.dense import grid_block, old_block
from viewer.demo.geometry import Footprints, Ring, area, centre, contains, dot, edges, inset, rectangle, unit
from viewer.demo.house import House, settle
from viewer.demo.industry import harbour, offices, works
from viewer.demo.loose import allotments, farm, slabs, terraces, village, villas
from viewer.demo.lots import Lot
from viewer.demo.plan import LAWN, Cell
from viewer.demo.roofs import Body, flat, gable, hipped, mansard, pointed, saw_tooth, shed, sweep
from viewer.demo.sights import (
    chapel,
    church,
    hospital,
    market_hall,
    museum,
    pavilions,
    school,
    sport,
    square,
    station,
    townhall,
    vineyard,
)
from viewer.demo.site import Site

BASE = 0.0
"""Foot of all buildings: their foundations stand in the pavement's thickness."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a closed block is built: depth of its ring, widths of its houses, chance of a gap, design of one house."""

    depth: float
    widths: tuple[float, float]
    gap: float
    corner: tuple[float, float]
    design: Callable[[Random, Sequence[complex], Sequence[complex], bool], tuple[Body, int]]


def build_cell(cell: Cell, seed: int) -> list[House]:
    """All ordinary buildings of a cell; none for uses that have only landmarks or open land."""
    rng = Random(f"{seed}/{cell.name}")
    makers = {"old": _old_block, "grid": _grid_block, "terrace": _terraces, "detached": _detached, "slab": _slabs,
              "office": _offices, "wharf": _wharf}  # fmt: skip
    maker = makers.get(cell.use)
    return list(maker(cell, rng)) if maker else []


def _old_block(cell: Cell, rng: Random) -> Iterator[House]:
    yield from ring_of_houses(cell, Manner(9.5, (7.4, 12.8), 0.03, (3.0, 5.5), _old_house), rng)
    yard = inset(cell.lot, 9.5 + 4.0)
    taken = Footprints()
    for a, b in edges(yard):
        along = unit(b - a)
        place = 4.0 + rng.random() * 8
        while place < abs(b - a) - 10:
            length, depth = rng.uniform(6, 10), rng.uniform(4.5, 6.5)
            ring = rectangle(a + along * (place + length / 2) + along * 1j * (depth / 2), along, length, depth)
            if all(contains(yard, p) for p in ring) and taken.free(ring, 3.0) and rng.random() < 0.6:
                taken.add(ring)
                body = sweep(ring[:2], (ring[3], ring[2]), shed(BASE, rng.uniform(2.8, 3.4), 4.4), "shed")
                yield House(cell.name, cell.streets[0], "outbuilding", 1, body, outbuilding=True)
            place += length + rng.uniform(4, 16)


def _grid_block(cell: Cell, rng: Random) -> Iterator[House]:
    yield from ring_of_houses(cell, Manner(12.5, (15.0, 21.0), 0.05, (5.0, 9.0), _grid_house), rng)
    yard = inset(cell.lot, 12.5 + 9.0)
    (a, b), *_ = sorted(edges(yard), key=lambda e: -abs(e[1] - e[0]))
    if rng.random() < 0.6 and abs(b - a) > 30:
        along = unit(b - a)
        ring = rectangle(centre(yard), along, rng.uniform(20, 28), rng.uniform(11, 14))
        body = sweep(ring[:2], (ring[3], ring[2]), saw_tooth(BASE, 4.2, 2.0, 3), "saw-tooth")
        yield House(cell.name, cell.streets[0], "workshop", 1, body)


def ring_of_houses(cell: Cell, manner: Manner, rng: Random) -> Iterator[House]:
    """Houses wall to wall around a lot: a corner house at every corner, the sides divided between them."""
    lot, court = cell.lot, inset(cell.lot, manner.depth)
    count = len(lot)
    first, last = [0.0] * count, [0.0] * count
    for k, (a, b) in enumerate(edges(lot)):
        along, length = unit(b - a), abs(b - a)
        first[k] = max(dot(court[k] - a, along), 0.0) + rng.uniform(*manner.corner)
        last[k] = length - max(dot(b - court[(k + 1) % count], along), 0.0) - rng.uniform(*manner.corner)
        if last[k] - first[k] < manner.widths[0] * 0.8:
            first[k] = last[k] = (first[k] + last[k]) / 2
    for k, (a, b) in enumerate(edges(lot)):
        along = unit(b - a)
        inward = along * 1j * manner.depth
        before = unit(a - lot[k - 1])
        start = lot[k - 1] + before * last[k - 1]
        front = (start, a, a + along * first[k])
        back = (start + before * 1j * manner.depth, court[k], front[2] + inward)
        body, storeys = manner.design(rng, front, back, True)
        yield House(cell.name, cell.streets[k], "", storeys, body)
        for low, high in _divide(first[k], last[k], manner.widths, rng):
            if rng.random() >= manner.gap:
                front2 = (a + along * low, a + along * high)
                body, storeys = manner.design(rng, front2, (front2[0] + inward, front2[1] + inward), False)
                yield House(cell.name, cell.streets[k], "", storeys, body)


def _divide(low: float, high: float, widths: tuple[float, float], rng: Random) -> list[tuple[float, float]]:
    """Cut a length into pieces of about the given widths, the rest shared out evenly."""
    total = high - low
    if total < 0.5:
        return []
    parts = [rng.uniform(*widths)]
    while sum(parts) + sum(widths) / 4 < total:
        parts.append(rng.uniform(*widths))
    scale, out, place = total / sum(parts), [], low
    for part in parts:
        out.append((place, place + part * scale))
        place += part * scale
    out[-1] = (out[-1][0], high)
    return out


def _old_house(rng: Random, front: Sequence[complex], back: Sequence[complex], corner: bool) -> tuple[Body, int]:
    storeys = rng.choices((2, 3, 4), (3, 5, 2))[0]
    eaves = LAWN + 3.1 * storeys + rng.uniform(-0.3, 0.6)
    if not corner and rng.random() < 0.38:
        # Gable to the street: the ridge runs into the depth of the lot.
        width = abs(front[1] - front[0])
        section = gable(BASE, eaves, eaves + width * rng.uniform(0.5, 0.66))
        return sweep((front[1], back[1]), (front[0], back[0]), section, "gable"), storeys
    return sweep(front, back, gable(BASE, eaves, eaves + rng.uniform(3.8, 5.2)), "gable"), storeys


def _grid_house(rng: Random, front: Sequence[complex], back: Sequence[complex], corner: bool) -> tuple[Body, int]:
    storeys = rng.choices((4, 5, 6), (3, 6, 2))[0] if corner else rng.choices((3, 4, 5, 6), (1, 4, 5, 1))[0]
    eaves = LAWN + 1.0 + 3.3 * storeys
    kind = rng.random()
    if kind < 0.5:
        return sweep(front, back, mansard(BASE, eaves, eaves + 3.2, eaves + 4.3), "mansard"), storeys
    if kind < 0.78:
        return sweep(front, back, gable(BASE, eaves, eaves + 4.6), "gable"), storeys
    return flat((*front, *reversed(back)), BASE, eaves, rng.uniform(0.6, 1.1)), storeys


def _rows(cell: Cell, setback: float) -> Iterator[tuple[int, complex, complex, float]]:
    """Building lines along the street sides of a lot: edge, start, direction, length."""
    line = inset(cell.lot, setback)
    for k, (a, b) in enumerate(edges(line)):
        if cell.classes[k] in ("street", "main", "lane") and abs(b - a) > 25:
            yield k, a, unit(b - a), abs(b - a)


def _terraces(cell: Cell, rng: Random) -> Iterator[House]:
    depth, setback = 9.0, 3.5
    for k, start, along, length in _rows(cell, setback):
        if length < 80:
            continue
        year, storeys = rng.randint(1921, 1936), rng.choice((2, 2, 3))
        eaves, ridge = LAWN + 2.9 * storeys, LAWN + 2.9 * storeys + rng.uniform(3.6, 4.4)
        place = 3.0
        while place < length - 24:
            number = rng.randint(5, 9)
            width = min((length - 3.0 - place) / number, rng.uniform(5.8, 6.6))
            if width < 5.4:
                number = max(4, int((length - 3.0 - place) / 6.0))
                width = min((length - 3.0 - place) / number, 6.4)
            for i in range(number):
                a = start + along * (place + i * width)
                front = (a, a + along * width)
                back = (front[0] + along * 1j * depth, front[1] + along * 1j * depth)
                body = sweep(front, back, gable(BASE, eaves, ridge), "gable")
                yield House(cell.name, cell.streets[k], "residential", storeys, body, year=year)
            place += number * width + rng.uniform(4.0, 7.0)


def _detached(cell: Cell, rng: Random) -> Iterator[House]:
    taken = Footprints()
    for k, start, along, length in _rows(cell, 6.0):
        place = 12.0
        while place < length - 12:
            width, depth = rng.uniform(9, 12.5), rng.uniform(8, 10.5)
            shift = rng.uniform(0, 3)
            middle = start + along * place + along * 1j * (depth / 2 + shift)
            ring = rectangle(middle, along, width, depth)
            if taken.free(ring, 7.5):
                taken.add(ring)
                storeys = rng.choice((1, 2, 2))
                yield House(cell.name, cell.streets[k], "residential", storeys, _villa(rng, ring, storeys))
                garage = rectangle(middle + along * (width / 2 + 4.6) + 1j * along * 1.5, along, 3.4, 6.0)
                if rng.random() < 0.45 and taken.free(garage, 1.0):
                    taken.add(garage)
                    body = flat(garage, BASE, LAWN + 2.6, 0.25, 0.25)
                    yield House(cell.name, cell.streets[k], "garage", 1, body, outbuilding=True)
            place += rng.uniform(21, 30)


def _villa(rng: Random, ring: Ring, storeys: int) -> Body:
    eaves = LAWN + 0.4 + 2.9 * storeys
    kind = rng.random()
    if kind < 0.35:
        return hipped(ring, BASE, eaves, eaves + rng.uniform(2.8, 3.6), rng.uniform(0.4, 0.5))
    if kind < 0.5:
        return pointed(ring, BASE, eaves, eaves + rng.uniform(3.0, 3.8))
    if kind < 0.62:
        return flat(ring, BASE, eaves, 0.4)
    if kind < 0.8:
        turned = (ring[1], ring[2], ring[3], ring[0])
        return sweep(turned[:2], (turned[3], turned[2]), gable(BASE, eaves, eaves + 4.4), "gable")
    return sweep(ring[:2], (ring[3], ring[2]), gable(BASE, eaves, eaves + 4.2), "gable")


def _slabs(cell: Cell, rng: Random) -> Iterator[House]:
    """Free-standing flats in a green: rows across the lot, all turned the same way."""
    line = inset(cell.lot, 9.0)
    (a, b), *_ = sorted(edges(line), key=lambda e: -abs(e[1] - e[0]))
    along = unit(b - a)
    depth = 12.0
    step = 34.0
    row = 0
    while True:
        low = a + along * 1j * (row * step)
        length = min(abs(b - a), 62.0)
        for half in (0, 1):
            offset = length / 2 + half * (length + 14) if abs(b - a) > 130 else abs(b - a) / 2
            ring = rectangle(low + along * offset + along * 1j * depth / 2, along, length, depth)
            if (half and abs(b - a) <= 130) or not all(contains(line, p + (centre(ring) - p) * 0.02) for p in ring):
                continue
            storeys = rng.choice((6, 7, 8, 8))
            yield House(
                cell.name, cell.streets[0], "residential", storeys, flat(ring, BASE, LAWN + 2.9 * storeys + 0.6)
            )
        row += 1
        if row > 3:
            return


def _offices(cell: Cell, rng: Random) -> Iterator[House]:
    """Modern offices: a tall one at the corner, lower wings along the streets."""
    line = inset(cell.lot, 7.0)
    for k, (a, b) in enumerate(edges(line)):
        along, length = unit(b - a), abs(b - a)
        tower = rectangle(a + along * 12 + along * 1j * 12, along, 24, 24)
        storeys = (14, 9, 11, 7)[k % 4]
        yield House(cell.name, cell.streets[k], "office", storeys, flat(tower, BASE, LAWN + 3.6 * storeys, 1.2, 0.5))
        wing = rectangle(a + along * (24 + (length - 48) / 2) + along * 1j * 9, along, length - 48 - 12, 16)
        storeys = rng.randint(4, 6)
        yield House(cell.name, cell.streets[k], "office", storeys, flat(wing, BASE, LAWN + 3.6 * storeys, 1.0, 0.5))


def _wharf(cell: Cell, rng: Random) -> Iterator[House]:
    """New flats at the water: small towers with gardens between them."""
    line = inset(cell.lot, 8.0)
    (a, b), *_ = sorted(edges(line), key=lambda e: -abs(e[1] - e[0]))
    along = unit(b - a)
    for i in range(4):
        for j in range(4):
            long = 27 if (i + j) % 2 else 18
            ring = rectangle(a + along * (18 + 42 * i) + along * 1j * (12 + 38 * j), along, long, 18)
            if all(contains(line, p) for p in ring) and area(ring) > 0:
                storeys = rng.randint(4, 7)
                top = LAWN + 3.0 * storeys + 0.5
                body = flat(ring, BASE, top, 0.9)
                if (i + j) % 2:
                    body = sweep(ring[:2], (ring[3], ring[2]), shed(BASE, top, top + 3.2), "shed")
                yield House(cell.name, cell.streets[0], "residential", storeys, body)


_QUARTERS: dict[str, Callable[[Site], None]] = {
    "old": old_block, "grid": grid_block, "terrace": terraces, "slab": slabs, "villa": villas, "office": offices,
    "harbour": harbour, "works": works, "village": village, "farm": farm, "allotments": allotments, "church": church,
    "square": square, "school": school, "station": station, "townhall": townhall, "hospital": hospital,
    "hall": market_hall, "museum": museum, "chapel": chapel, "sport": sport, "park": pavilions, "vineyard": vineyard,
}  # fmt: skip


def build_lot(lot: Lot, seed: int) -> list[House]:
    """All buildings of a lot, standing on its ground; none on open land. The same seed gives the same houses.

    They lie inside the lot, do not overlap (neighbours share their party wall's plane), and face its streets.
    """
    builder = _QUARTERS.get(lot.use)
    if builder is None:
        return []
    site = Site(lot, seed)
    builder(site)
    return [settle(house, lot.ground) for house in site.houses]
