"""What is drawn on carriageways: zebra crossings, cycle lanes, tram tracks and rails, as shapely polygons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from random import Random

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from viewer.demo.geometry import cross, unit
from viewer.demo.network import WIDTHS, Network, Street
from viewer.demo.plan import Plan, Shapes

GAUGE, TRACKS, BED = 1.435, 1.65, 3.1
"""Rail gauge, distance of each track from the tram's middle line, half width of its bed, metres."""
RAIL = 0.09
"""Half the width at which a rail is drawn, metres."""
CYCLE = 1.6
"""Width of the cycle lanes of main roads, metres."""
_BUSY = ("main", "quay", "street")


def rounded(points: Sequence[complex], cut: float = 12.0) -> list[complex]:
    """A line with sharp corners replaced by parabolas that begin ``cut`` metres before them."""
    out = [points[0]]
    for a, b, c in zip(points, points[1:], points[2:], strict=False):
        into, onto = unit(b - a), unit(c - b)
        if abs(cross(into, onto)) < 0.3:
            out.append(b)
            continue
        reach = min(cut, abs(b - a) / 2, abs(c - b) / 2)
        start, end = b - into * reach, b + onto * reach
        out += [start * (1 - t) ** 2 + 2 * b * t * (1 - t) + end * t * t for t in (0, 0.17, 0.33, 0.5, 0.67, 0.83, 1)]
    return [*out, points[-1]]


def tram_lines(net: Network) -> list[LineString]:
    """The tram's middle line in its pieces, corners rounded."""
    return [LineString([(p.real, p.imag) for p in rounded(piece)]) for piece in net.tram]


def tram_beds(net: Network) -> list[Polygon]:
    """The paved bed of both tracks."""
    return [line.buffer(BED, cap_style="flat") for line in tram_lines(net)]


def rails(net: Network) -> list[Polygon]:
    """All rails of the tram and of the railway."""
    lines = tram_lines(net)
    lines += [LineString([(p.real, p.imag) for p in s.line]) for s in net.streets if s.kind == "rail"]
    offsets = [side * (track + edge * GAUGE / 2) for side in (1, -1) for track in (TRACKS,) for edge in (1, -1)]
    curves = [shapely.offset_curve(line, d) for line in lines for d in offsets]
    return [curve.buffer(RAIL, cap_style="flat") for curve in curves]


def cycle_lanes(plan: Plan) -> list[Polygon]:
    """Lanes along the kerbs of main roads, left out where other streets meet them."""
    kinds = np.array([s.kind for s in plan.network.streets])
    half = WIDTHS["main"][0]
    main = plan.lines[kinds == "main"]
    others = shapely.union_all(shapely.buffer(plan.lines[np.isin(kinds, ("street", "lane", "quay"))], 9.0))
    out: list[Polygon] = []
    for k, line in enumerate(main):
        band = shapely.difference(
            line.buffer(half, cap_style="flat"), line.buffer(half - CYCLE, cap_style="flat", join_style="mitre")
        )
        crossing = [m.buffer(half + 6.0) for m in np.delete(main, k) if m.distance(line) < 1]
        band = shapely.difference(band, shapely.union_all([others, *crossing]))
        out += [p for p in shapely.get_parts(band) if p.area > 12]
    return out


def zebras(plan: Plan, seed: int = 1) -> Iterator[Polygon]:
    """Bars of zebra crossings: at all junctions with main roads and quays, and at a third of the others."""
    streets = plan.network.streets
    rng = Random(f"{seed}/zebras")
    arms: dict[tuple[int, int], list[tuple[complex, Street]]] = {}
    for k, street in enumerate(streets):
        if street.kind in (*_BUSY, "lane"):
            for point, way in _ends(street, plan, k):
                arms.setdefault((round(point.real * 10), round(point.imag * 10)), []).append((way, street))
    for key, here in sorted(arms.items()):
        node = complex(key[0] / 10, key[1] / 10)
        main = any(street.kind in ("main", "quay") for _, street in here)
        if len(here) < 3 or not (main or rng.random() < 0.3):
            continue
        for way, street in here:
            if street.kind in _BUSY and (street.kind != "street" or rng.random() < 0.8):
                widest = max(_needs(way, other, s) for other, s in here if other != way)
                yield from _bars(node + way * (widest + 3.6), way, WIDTHS[street.kind][0])


def _needs(way: complex, other: complex, street: Street) -> float:
    """How far along ``way`` the carriageway of another arm reaches."""
    return (
        WIDTHS[street.kind][0] * min(1.0 / max(abs(cross(way, other)), 0.3), 2.0) * min(1.0, abs(cross(way, other)) * 3)
    )


def _ends(street: Street, plan: Plan, index: int) -> Iterator[tuple[complex, complex]]:
    """Nodes on a street with the directions in which it leaves them; inner nodes count both ways."""
    line = street.line
    for i, point in enumerate(line):
        if i > 0 and abs(line[i - 1] - point) > 24:
            yield point, unit(line[i - 1] - point)
        if i + 1 < len(line) and abs(line[i + 1] - point) > 24:
            yield point, unit(line[i + 1] - point)


def _bars(middle: complex, way: complex, half: float) -> Iterator[Polygon]:
    """White bars across a carriageway, 3 m long along it."""
    count = ceil(2 * half / 1.1) - 1
    for k in range(count):
        at = middle + way * 1j * ((k - (count - 1) / 2) * 1.1)
        corners = [at + way * dx + way * 1j * dy for dx, dy in ((-1.5, -0.27), (1.5, -0.27), (1.5, 0.27), (-1.5, 0.27))]
        yield Polygon([(p.real, p.imag) for p in corners])


def bars_on_road(plan: Plan, road: Shapes) -> list[Polygon]:
    """The zebra bars that lie wholly on carriageways."""
    bars = np.array(list(zebras(plan)))
    hits = shapely.STRtree(road).query(bars, "within")[0]
    return list(bars[np.unique(hits)])
