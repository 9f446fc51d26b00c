"""Open quarters: terraces, slabs in the green, villas, the village, farms, allotments."""

from __future__ import annotations

from random import Random

from viewer.demo.dense import terrace_rows
from viewer.demo.dormers import Fixture, dormers, fit
from viewer.demo.envelope import envelope, half_hip, hip
from viewer.demo.geometry import Ring, dot, rectangle, unit
from viewer.demo.house import FOOT
from viewer.demo.roofs import Body, flat, gable, shed
from viewer.demo.rows import Plot, Row, drawn_in, plots, rows_of
from viewer.demo.site import Site, across, along


def terraces(site: Site) -> None:
    """Terraces behind front gardens of four metres."""
    line, streets = drawn_in(site.lot.ring, site.lot.streets, 4.0, 1.5)
    if line:
        terrace_rows(site, line, streets)


def villas(site: Site) -> None:
    """Detached houses on plots of about twenty metres, garages beside them."""
    for row, plot in _detached_plots(site, 6.0, (17.0, 25.0)):
        _villa_plot(site, row, plot)


def _detached_plots(site: Site, setback: float, widths: tuple[float, float]) -> list[tuple[Row, Plot]]:
    line, streets = drawn_in(site.lot.ring, site.lot.streets, setback, 3.0)
    if not line:
        return []
    rows = rows_of(line, streets, 11.0)
    return [(row, plot) for row in rows for plot in plots(row, 11.0, (1.0, 2.0), widths, site.rng)]


def _villa_plot(site: Site, row: Row, plot: Plot) -> None:
    rng, middle = site.rng, (plot.low + plot.high) / 2
    start, back = row.cut(middle, 10.0)
    inward = unit(back - start)
    u, street = inward / 1j, row.street(middle)
    width, depth = rng.uniform(9.0, 12.5), rng.uniform(8.0, 10.5)
    shift = rng.uniform(0, 2.5)
    ring = rectangle(start + inward * (depth / 2 + shift), u, width, depth)
    storeys = rng.choice((1, 2, 2))
    body = _villa(rng, ring, storeys)
    if not site.build(body, storeys, "residential", street, 4.0, door=start, storey=2.85):
        return
    side = rng.choice((-1, 1))
    corner = start + inward * (shift + rng.uniform(1.5, 3.0)) + u * side * (width / 2 + rng.choice((0.0, 1.7)) + 1.7)
    if rng.random() < 0.55:
        box = rectangle(corner + inward * 3.0, u, 3.4, 6.0)
        roof = flat(box, FOOT, 2.6, 0.2, 0.2) if rng.random() < 0.7 else across(box, gable(FOOT, 2.4, 3.9), "gable")
        site.build(roof, 1, "garage", street, outbuilding=True)
    if rng.random() < 0.15:
        place = start + inward * (depth + rng.uniform(9, 16)) + u * rng.uniform(-6, 6)
        site.build(along(rectangle(place, u, 3.2, 2.6), shed(FOOT, 2.1, 2.6), "shed"), 1, "outbuilding", street, 2.0,
                   outbuilding=True)  # fmt: skip


def _villa(rng: Random, ring: Ring, storeys: int) -> Body:
    eaves = 0.7 + 2.8 * storeys
    width, depth = abs(ring[1] - ring[0]), abs(ring[3] - ring[0])
    turned = (*ring[1:], ring[0])
    kind, pitch = rng.random(), rng.uniform(0.7, 0.95)
    if kind < 0.28:
        body = hip(ring if rng.random() < 0.7 else turned, FOOT, eaves, pitch * 0.85)
    elif kind < 0.46:
        body = half_hip(ring, FOOT, eaves, pitch * 1.1)
    elif kind < 0.58:
        return fit(flat(ring, FOOT, eaves, 0.4), 1, [Fixture("box", 1.5, width * 0.6, 1.5, 2.7, depth - 2.2)])
    elif kind < 0.76:
        body = across(ring, gable(FOOT, eaves, eaves + pitch * width / 2), "gable")
        chimney = Fixture("box", 2.0, 2.7, width / 2 - 1.4, pitch * width / 2 + 0.7, width / 2 - 0.7)
        return fit(body, rng.choice((3, 4)), [chimney])
    else:
        rise = pitch * 1.1 * depth / 2
        body = along(ring, gable(FOOT, eaves, eaves + rise), "gable")
        chimney = Fixture("box", width * 0.7, width * 0.7 + 0.7, depth / 2 - 1.4, rise + 0.7, depth / 2 - 0.7)
        body = fit(body, 4, [chimney])
        if rise > 3.3:
            kinds = "gablet" if rng.random() < 0.4 else "dormer"
            body = fit(body, 3, dormers(width, rng.choice((1, 2)), 1.8, 0.7, 1.1, kinds))
    return body


def slabs(site: Site) -> None:
    """Free-standing flats in a green, all turned one way; a point block, a shop and garages where there is room."""
    rng = site.rng
    start, u = site.frame()
    if rng.random() < 0.4:
        u *= 1j
    ring, depth = site.lot.ring, 12.0
    xs, ys = [dot(p - start, u) for p in ring], [dot(p - start, u * 1j) for p in ring]
    storeys, step = rng.choice((8, 9, 10, 11)), rng.uniform(36, 42)
    y = min(ys) + 9 + depth / 2
    while y < max(ys) - 9:
        _slab_line(site, start + u * 1j * y, u, (min(xs), max(xs)), storeys)
        y += step
    y = min(ys) + 6
    while y < max(ys) - 5:
        x = min(xs) + 8
        while x < max(xs) - 8:
            middle = start + u * complex(x, y)
            if rng.random() < 0.14:
                body = flat(rectangle(middle, u, 21.0, 14.0), FOOT, 4.4, 0.5)
                x += 8 * site.build(body, 1, "retail", gap=9.0)
            elif rng.random() < 0.3:
                garages = flat(rectangle(middle, u, 18.0, 5.6), FOOT, 2.6, 0.2, 0.2)
                x += 6 * site.build(garages, 1, "garage", gap=7.0, outbuilding=True)
            x += 16
        y += 13


def _slab_line(site: Site, start: complex, u: complex, span: tuple[float, float], storeys: int) -> None:
    rng, (low, high) = site.rng, span
    x = low + 5
    while x < high - 20:
        tower = rng.random() < 0.16
        length = 22.0 if tower else rng.uniform(46, 68)
        levels = storeys + 3 if tower else storeys + rng.choice((-1, 0, 0, 1))
        for size in (length, 40.0, 30.0):
            ring = rectangle(start + u * (x + size / 2), u, size, 22.0 if size == 22.0 else 12.0)
            if size <= length and site.build(_slab(ring, levels), levels, "residential", gap=9.0, storey=2.85):
                x += size + 12
                break
        else:
            x += 6


def _slab(ring: Ring, storeys: int) -> Body:
    top = 0.9 + 2.85 * storeys
    body, length, depth = flat(ring, FOOT, top, 0.9), abs(ring[1] - ring[0]), abs(ring[3] - ring[0])
    count = max(1, round(length / 22))
    lifts = [Fixture("box", length * (k + 0.5) / count - 2.0, length * (k + 0.5) / count + 2.0, depth / 2 - 2.2, 2.8,
                     depth / 2 + 2.2) for k in range(count)]  # fmt: skip
    return fit(body, 1, lifts)


def village(site: Site) -> None:
    """Village streets: houses with big roofs, gable or eaves to the street, barns behind them."""
    rng = site.rng
    for row, plot in _detached_plots(site, 3.5, (15.0, 24.0)):
        middle = (plot.low + plot.high) / 2
        start, back = row.cut(middle, 10.0)
        inward = unit(back - start)
        u, street = inward / 1j, row.street(middle)
        wide, deep = (rng.uniform(8, 10), rng.uniform(11, 15)) if rng.random() < 0.5 else (rng.uniform(11, 14), 9.0)
        ring = rectangle(start + inward * (deep / 2 + rng.uniform(0, 1.5)), u, wide, deep)
        storeys = rng.choice((1, 2, 2))
        eaves = 0.5 + 2.7 * storeys
        roofed = across if deep > wide else along
        body = roofed(ring, gable(FOOT, eaves, eaves + min(wide, deep) / 2 * rng.uniform(0.9, 1.15)), "gable")
        if site.build(body, storeys, "residential", street, 3.0, door=start, far=True) and rng.random() < 0.5:
            barn = rectangle(start + inward * (deep + rng.uniform(12, 16)), u, rng.uniform(12, 17), rng.uniform(8, 10))
            site.build(half_hip(barn, FOOT, 3.6, 0.9), 1, "agriculture", street, 2.0, outbuilding=True, far=True)


def farm(site: Site) -> None:
    """A farmyard near the road: house, barn and stable around a court, two silos."""
    rng, (start, u) = site.rng, site.frame()
    for reach in (60, 40, 90, 25):
        yard = start + u * complex(reach, 34)
        home = rectangle(yard - 16j * u, u, 17.0, 11.0)
        if site.build(along(home, gable(FOOT, 5.4, 10.6), "gable"), 2, "residential", year=rng.randint(1790, 1890)):
            break
    else:
        return
    barn = rectangle(yard + u * complex(0, 16), u, 32.0, 14.0)
    stable = rectangle(yard + u * complex(-27, 1), u, 11.0, 28.0)
    hall = rectangle(yard + u * complex(31, 3), u, 18.0, 30.0)
    site.build(half_hip(barn, FOOT, 4.6, 0.95), 1, "agriculture", gap=2.0)
    site.build(across(stable, gable(FOOT, 3.6, 8.2), "gable"), 1, "agriculture", gap=2.0)
    site.build(across(hall, gable(FOOT, 5.2, 8.0), "gable"), 1, "agriculture", gap=2.0)


def allotments(site: Site) -> None:
    """Garden sheds, one on each parcel of about 11 by 17 metres."""
    rng, (start, u) = site.rng, site.frame()
    xs = [dot(p - start, u) for p in site.lot.ring]
    ys = [dot(p - start, u * 1j) for p in site.lot.ring]
    y, row = min(ys) + 9.0, 0
    while y < max(ys) - 3:
        x = min(xs) + 7.0
        while x < max(xs) - 3:
            middle = start + u * complex(x + rng.uniform(-2, 2), y + (5.0 if row % 2 else -5.0))
            ring = rectangle(middle, u if rng.random() < 0.6 else u * 1j, rng.uniform(3.4, 5.0), rng.uniform(2.6, 3.8))
            kind = rng.random()
            if kind < 0.5:
                body = along(ring, gable(FOOT, 2.2, 3.4), "gable")
            elif kind < 0.85:
                body = envelope(ring, FOOT, 2.1, [(0, 0.0, 0.18)], "shed")
            else:
                body = hip(ring, FOOT, 2.1, 0.6)
            if rng.random() < 0.88:
                site.build(body, 1, "summer house", gap=1.5, outbuilding=True)
            x += 11.0
        y += 17.0 if row % 2 else 15.0
        row += 1
