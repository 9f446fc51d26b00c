"""Closed blocks: the narrow houses of the old centre and the tall ones of the grid quarter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from viewer.demo.dormers import Fixture, dormers, fit
from viewer.demo.envelope import envelope, half_hip, hip, pavilion
from viewer.demo.geometry import rectangle, unit
from viewer.demo.house import FOOT
from viewer.demo.roofs import Body, flat, gable, mansard, saw_tooth, shed, sweep
from viewer.demo.rows import Plot, Row, breadth, drawn_in, fitting, plots, rows_of
from viewer.demo.site import Site, along, grown, is_box, widest

Design = Callable[[Random, Sequence[complex], Sequence[complex], Plot], tuple[Body, int]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a closed block is built: depth, how much single houses differ from it, widths, gaps, corners, designs.

    ``corner``: metres that a bent corner house goes beyond its inner angle. ``kite``: share of corners with a house
    of their own shape (``cornered``) instead of a bent one. ``wing``: share of houses with a wing into the yard.
    """

    depth: float
    vary: float
    widths: tuple[float, float]
    gap: float
    corner: tuple[float, float]
    kite: float
    wing: float
    design: Design
    cornered: Design
    winged: Callable[[Random, complex, complex, float, int], Body]


def old_block(site: Site) -> None:
    """The old centre: party walls, steep roofs along and across the street, wings and back houses in the yards."""
    _block(site, OLD)
    _back_houses(site, 26.0)
    _back_houses(site, 46.0)


def _back_houses(site: Site, inward: float) -> None:
    """Loose rows of low houses inside deep blocks, ``inward`` metres from their streets."""
    rng = site.rng
    if breadth(site.lot.ring) < 2 * inward + 16:
        return
    line, streets = drawn_in(site.lot.ring, site.lot.streets, inward, inward)
    for row in rows_of(line, streets, 8.0) if line else ():
        for plot in plots(row, 8.0, (0.5, 2.0), (7.0, 12.0), rng):
            if not plot.ring and rng.random() < 0.42:
                front, back = row.stretch(plot.low, plot.high, rng.uniform(6.0, 8.5))
                storeys = rng.choice((1, 2, 2))
                eaves = 0.4 + 2.75 * storeys
                body = sweep(front, back, gable(FOOT, eaves, eaves + rng.uniform(2.6, 3.6)), "gable")
                site.build(body, storeys, rng.choice(("residential", "workshop")), row.street(plot.low), storey=2.75)


def framed(site: Site, manner: str) -> None:
    """Closed rows, "old" or "grid", on what is left along the streets of a lot with a sight in it."""
    site.manner = manner
    _block(site, OLD if manner == "old" else GRID)


def grid_block(site: Site) -> None:
    """The grid quarter: four to six storeys, pavilions at the corners, wings and workshops in the courtyards."""
    _block(site, GRID)
    yard, (_, u) = widest(site.lot.ring), site.frame()
    if breadth(site.lot.ring) > 62 and site.rng.random() < 0.7:
        ring = rectangle(yard, u, site.rng.uniform(18, 28), site.rng.uniform(10, 13))
        site.build(along(ring, saw_tooth(FOOT, 4.4, 1.9, 3), "saw-tooth"), 1, "workshop", gap=2.5)


def _block(site: Site, manner: Manner) -> None:
    rng = site.rng
    depth = min(manner.depth, breadth(site.lot.ring) * 0.46)
    if depth < 5:
        return
    wings: list[tuple[complex, complex, float, int]] = []
    depth, rows = fitting(site.lot.ring, site.lot.streets, depth)
    for row in rows:
        for plot in plots(row, depth, manner.corner, manner.widths, rng):
            if plot.ring or rng.random() >= manner.gap:
                wings += _plot(site, manner, row, plot, depth)
    for start, outward, length, storeys in wings:
        body = manner.winged(rng, start, outward, length, storeys)
        site.build(body, min(storeys, 4), "outbuilding" if storeys == 1 else "", outbuilding=storeys == 1)


def _plot(site: Site, manner: Manner, row: Row, plot: Plot, depth: float) -> list[tuple[complex, complex, float, int]]:
    """Build one plot; returns where a wing may stand behind it: corner, direction away, width of the house."""
    rng, middle = site.rng, (plot.low + plot.high) / 2
    street = row.street(middle)
    if plot.ring and (plot.inner_low - plot.low < 1.0 or len(plot.ring) > 4 or rng.random() < manner.kite):
        body, storeys = manner.cornered(rng, plot.ring, (), plot)
        site.build(body, storeys, street=street, storey=3.1)
        ends = [(plot.low, plot.inner_low), (plot.inner_high, plot.high)]
        spans = [Plot(a, b) for a, b in ends if b - a > 3.2]
    else:
        spans = [plot]
    out = []
    for span in spans:
        deep = depth * (1 + rng.uniform(-manner.vary, manner.vary)) if not span.ring else depth
        front, back = row.stretch(span.low, span.high, deep)
        body, storeys = manner.design(rng, front, back, span)
        placed = site.build(body, storeys, street=street, door=(front[0] + front[1]) / 2, storey=3.1)
        if placed and is_box(front, back) and rng.random() < manner.wing:
            out.append((back[0], unit(back[0] - front[0]), abs(front[1] - front[0]), storeys))
    return out


def _old_house(rng: Random, front: Sequence[complex], back: Sequence[complex], plot: Plot) -> tuple[Body, int]:
    storeys = rng.choices((2, 3, 4), (4, 5, 1.6))[0]
    eaves = 0.5 + 2.95 * storeys + rng.uniform(-0.4, 0.7)
    width, depth = abs(front[1] - front[0]), abs(back[0] - front[0])
    kind, box = rng.random(), is_box(front, back)
    if box and kind < 0.4 and width < 9.5:
        quad = (front[1], back[1], back[0], front[0])
        pitch = rng.uniform(1.1, 1.5)
        if kind < 0.07:
            return half_hip(quad, FOOT, eaves, pitch, 0.4), storeys
        ridge = eaves + pitch * width / 2
        body = sweep((front[1], back[1]), (front[0], back[0]), gable(FOOT, eaves, ridge), "gable")
        chimney = Fixture("box", depth * 0.6, depth * 0.6 + 0.8, width / 2 - 1.5, ridge - eaves + 0.7, width / 2 - 0.8)
        return fit(body, 3 if rng.random() < 0.5 else 4, [chimney]), storeys
    if kind > 0.93:
        knee = eaves + 2.6
        body = sweep(front, back, mansard(FOOT, eaves, knee, knee + 1.3), "mansard")
        return (_lights(body, 3, width, depth * 0.13, 2.6, rng) if box else body), storeys
    rise = depth / 2 * rng.uniform(0.95, 1.3)
    body = sweep(front, back, gable(FOOT, eaves, eaves + rise), "gable")
    if box:
        body = _roofed(body, width, depth / 2, rise, rng, 0.55)
    return body, storeys


def _roofed(body: Body, width: float, run: float, rise: float, rng: Random, share: float) -> Body:
    """A gable roof along the street with dormers to the street (on a share of houses) and a chimney behind."""
    if width > 4.5 and rng.random() < share and rise / run > 0.75:
        count = max(1, int(width / rng.uniform(3.0, 4.2)))
        kind = "gablet" if rng.random() < 0.5 else "dormer"
        height = min(1.35, rise * 0.33)
        if kind == "gablet" and (height + 1.5 * 0.42 + 0.5 * rise / run) / (rise / run) > run * 0.92:
            kind = "dormer"
        body = fit(body, 3, dormers(width, count, 1.5, 0.5, height, kind))
    side = (width - 0.75) * rng.choice((0.12, 0.88))
    return fit(body, 4, [Fixture("box", side, side + 0.75, run - 1.4, rise + 0.8, run - 0.75)])


def _lights(body: Body, face: int, width: float, run: float, rise: float, rng: Random) -> Body:
    """Dormers standing on the steep part of a mansard roof."""
    count = max(1, int((width - 1.0) / rng.uniform(2.6, 3.4)))
    near, pitch = run * 0.12, rise / run
    height = (run * 0.86 - near) * (pitch - 0.12)
    return fit(body, face, dormers(width, count, 1.3, near, height))


def _old_corner(rng: Random, ring: Sequence[complex], _: Sequence[complex], plot: Plot) -> tuple[Body, int]:
    storeys = rng.choice((3, 3, 4))
    return hip(tuple(ring), FOOT, 0.9 + 2.95 * storeys, rng.uniform(0.95, 1.25)), storeys


def _old_wing(rng: Random, start: complex, outward: complex, width: float, storeys: int) -> Body:
    """A narrow wing along the party wall, its roof leaning on that wall."""
    across, length = -1j * outward, rng.uniform(4.0, 8.5)
    wide = min(width * 0.55, rng.uniform(3.2, 4.6))
    ring = (start + across * wide, start + across * wide + outward * length, start + outward * length, start)
    eaves = 2.9 if storeys == 1 else 2.7 * min(storeys - 1, 2)
    return envelope(ring, FOOT, eaves, [(0, 0.0, 0.45)], "shed")


def _grid_house(rng: Random, front: Sequence[complex], back: Sequence[complex], plot: Plot) -> tuple[Body, int]:
    storeys = rng.choices((4, 5, 6), (4, 6, 1))[0] + (1 if plot.ring else 0)
    eaves = 1.0 + 3.15 * storeys
    width, depth = abs(front[1] - front[0]), abs(back[0] - front[0])
    kind, box = rng.random(), is_box(front, back)
    if kind < 0.46:
        body = sweep(front, back, mansard(FOOT, eaves, eaves + 3.1, eaves + 4.3), "mansard")
        return (_lights(body, 3, width, depth * 0.13, 3.1, rng) if box else body), storeys
    if kind < 0.7:
        rise = depth / 2 * 0.8
        body = sweep(front, back, gable(FOOT, eaves, eaves + rise), "gable")
        return (_roofed(body, width, depth / 2, rise, rng, 0.6) if box else body), storeys
    body = flat((*front, *reversed(back)), FOOT, eaves + 0.4, rng.uniform(0.7, 1.1))
    if box and width > 8 and depth > 9:
        lift = Fixture("box", width * 0.3, width * 0.3 + 3.4, depth * 0.35, 2.5, depth * 0.35 + 3.6)
        attic = Fixture("box", 1.6, width - 2.2, 2.4, 2.9, depth - 2.4)
        body = fit(body, 1, [attic if rng.random() < 0.4 else lift])
    return body, storeys


def _grid_corner(rng: Random, ring: Sequence[complex], _: Sequence[complex], plot: Plot) -> tuple[Body, int]:
    """A corner pavilion, a storey above its neighbours: mansard on all sides, or a steep tent roof."""
    storeys = rng.choice((5, 6, 6))
    eaves = 1.8 + 3.15 * storeys
    if rng.random() < 0.72:
        return pavilion(tuple(ring), FOOT, eaves, rng.uniform(3.2, 4.4), 2.3, 0.3), storeys
    return hip(tuple(ring), FOOT, eaves, rng.uniform(0.9, 1.2)), storeys


def _grid_wing(rng: Random, start: complex, outward: complex, width: float, storeys: int) -> Body:
    across, length, wide = -1j * outward, rng.uniform(7.0, 15.0), min(6.0, width * 0.4)
    ring = (start + across * wide, start + across * wide + outward * length, start + outward * length, start)
    eaves = 1.0 + 3.1 * max(storeys - rng.choice((1, 1, 2)), 1)
    if rng.random() < 0.5:
        return flat(ring, FOOT, eaves, 0.6)
    return envelope(ring, FOOT, eaves, [(0, 0.0, 0.3)], "shed")


OLD = Manner(10.5, 0.17, (6.2, 10.8), 0.02, (2.5, 5.0), 0.35, 0.4, _old_house, _old_corner, _old_wing)
GRID = Manner(12.5, 0.0, (16.0, 24.0), 0.02, (4.0, 8.0), 0.7, 0.4, _grid_house, _grid_corner, _grid_wing)


def terrace_rows(site: Site, line: tuple[complex, ...], streets: tuple[str, ...]) -> None:
    """Rows of narrow houses behind front gardens, each row of one design; a shed at the end of most gardens."""
    rng, depth = site.rng, 9.2
    for row in rows_of(line, streets, depth):
        for group in plots(row, depth, (1.5, 4.0), (34.0, 56.0), rng):
            if not group.ring:
                _terrace(site, row, replace(group, low=group.low + 1.6, high=group.high - 1.6), depth)


def _terrace(site: Site, row: Row, group: Plot, depth: float) -> None:
    rng = site.rng
    storeys, year = rng.choice((2, 2, 3)), round(grown(row.front(group.low)) + rng.gauss(0, 4))
    eaves, rise, width = 0.5 + 2.85 * storeys, depth / 2 * rng.uniform(0.85, 1.1), rng.uniform(5.5, 6.5)
    count = max(2, round((group.high - group.low) / width))
    step, lit = (group.high - group.low) / count, rng.random() < 0.5
    bends = [s for s, _ in row.turns()]
    for k in range(count):
        low, high = group.low + k * step, group.low + (k + 1) * step
        low, high = ((min(bends, key=lambda b: abs(b - s)) if bends and min(abs(b - s) for b in bends) < 1.6 else s)
                     for s in (low, high))  # fmt: skip
        front, back = row.stretch(low, high, depth)
        body = sweep(front, back, gable(FOOT, eaves, eaves + rise), "gable")
        if is_box(front, back):
            chimney = Fixture("box", 0.3, 1.0, depth / 2 - 1.2, rise + 0.8, depth / 2 - 0.6)
            body = fit(body, 4, [chimney])
            if lit and (k % 2 == 0 or storeys == 2):
                body = fit(body, 3, dormers(abs(front[1] - front[0]), 1, 1.9, 0.6, 1.4))
        street, door = row.street((low + high) / 2), (front[0] + front[1]) / 2
        if site.build(body, storeys, "", street, year=year, door=door, storey=2.85) and rng.random() < 0.2:
            at, far = row.cut((low + high) / 2 + rng.uniform(-0.8, 0.8), depth + rng.uniform(9, 15))
            _garden_shed(site, far, unit(far - at) / 1j, street)


def _garden_shed(site: Site, middle: complex, u: complex, street: str) -> None:
    ring = rectangle(middle, u, site.rng.uniform(2.4, 3.4), site.rng.uniform(2.0, 2.8))
    body = along(ring, shed(FOOT, 2.1, 2.6), "shed")
    site.build(body, 1, "outbuilding", street, 1.0, outbuilding=True)
