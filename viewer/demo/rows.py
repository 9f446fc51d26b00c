"""Building land along streets: rows of plots on a chain of street edges, and the check that houses keep apart.

A row runs with the lot on its left. Houses are stretches of it, measured along the front; where the row bends, the
party wall or the ridge lies on the bisector, so that neighbours share their walls exactly.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import atan2, tan
from random import Random

from viewer.demo.geometry import Ring, area, cross, dot, edges, unit

SHARP, TOO_SHARP = 0.6, 2.3
"""Turns (radians) from which a bend is a corner with a house of its own, and from which nothing can bend."""
Cut = tuple[list[complex], list[complex]]
"""Front and back points of a stretch, one pair per cut."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A stretch of a row, metres along its front.

    A corner has its ``turn`` in radians and a convex ``ring`` (front from left to right, then the inner angle) whose
    front reaches from ``inner_low`` to ``inner_high``; with one bend it may go on as a bent house beyond them.
    """

    low: float
    high: float
    turn: float = 0.0
    ring: Ring = ()
    inner_low: float = 0.0
    inner_high: float = 0.0

    @property
    def least(self) -> tuple[float, float]:
        """The front that the plot cannot do without."""
        return (self.inner_low, self.inner_high) if self.ring else (self.low, self.high)


class Row:
    """Building land along street edges that follow each other; ``closed`` if they go all around the lot."""

    def __init__(self, points: Sequence[complex], streets: Sequence[str], closed: bool) -> None:
        self.points, self.streets, self.closed = list(points), list(streets), closed
        ends = [*points[1:], points[0]] if closed else list(points[1:])
        self.along = [unit(b - a) for a, b in zip(points, ends, strict=False)]
        lengths = [abs(b - a) for a, b in zip(points, ends, strict=False)]
        self.starts = [0.0, *accumulate(lengths)]
        self.total = self.starts.pop()
        self.margins = (0.0, 0.0)

    def turns(self) -> list[tuple[float, float]]:
        """Where the row bends: station and turn in radians, positive to the left."""
        first = 0 if self.closed else 1
        out = []
        for k in range(first, len(self.along)):
            a, b = self.along[k - 1], self.along[k]
            out.append((self.starts[k], atan2(cross(a, b), dot(a, b))))
        return out

    def street(self, station: float) -> str:
        """Name of the street in front of a station."""
        return self.streets[self.edge(station)[0]]

    def front(self, station: float) -> complex:
        """The point of the front at a station."""
        k, rest = self.edge(station)
        return self.points[k] + self.along[k] * rest

    def edge(self, station: float) -> tuple[int, float]:
        """Edge and metres from its start; stations of a closed row go on beyond its ends."""
        s = station % self.total if self.closed else min(max(station, 0.0), self.total)
        k = max(bisect_right(self.starts, s + 1e-7) - 1, 0)
        return k, s - self.starts[k]

    def cut(self, station: float, depth: float) -> tuple[complex, complex]:
        """Front and back point of a cut across the row; on the bisector where the row bends."""
        k, rest = self.edge(station)
        n = self.along[k] * 1j
        front = self.points[k] + self.along[k] * rest
        if rest < 1e-6 and (self.closed or k > 0):
            before = self.along[k - 1] * 1j
            middle = unit(before + n)
            return self.points[k], self.points[k] + middle * (depth / dot(middle, n))
        return front, front + n * depth

    def stretch(self, low: float, high: float, depth: float) -> Cut:
        """The cuts of a stretch: its ends and the bends between them."""
        laps = (-self.total, 0.0, self.total) if self.closed else (0.0,)
        inner = sorted(s + lap for s, _ in self.turns() for lap in laps if low + 1e-6 < s + lap < high - 1e-6)
        pairs = [self.cut(s, depth) for s in (low, *inner, high)]
        return [p for p, _ in pairs], [q for _, q in pairs]


def rows_of(ring: Ring, streets: Sequence[str], depth: float) -> list[Row]:
    """The rows along a lot's street edges; they end clear of the lot's other edges at the given depth."""
    count = len(ring)
    along = [unit(b - a) for a, b in edges(ring)]
    turns = [atan2(cross(along[k - 1], along[k]), dot(along[k - 1], along[k])) for k in range(count)]
    breaks = [k for k in range(count) if not streets[k] or not streets[k - 1] or abs(turns[k]) > TOO_SHARP]
    if not breaks:
        return [Row(ring, streets, True)]
    out = []
    for i, k in enumerate(breaks):
        if not streets[k]:
            continue
        span = (breaks[(i + 1) % len(breaks)] - k) % count or count
        row = Row(
            [ring[(k + j) % count] for j in range(span + 1)], [streets[(k + j) % count] for j in range(span)], False
        )
        row.margins = (
            _clearance(-along[k - 1], along[k], depth),
            _clearance(along[(k + span) % count], -along[(k + span - 1) % count], depth),
        )
        out.append(row)
    return out


def fitting(ring: Ring, streets: Sequence[str], depth: float) -> tuple[float, list[Row]]:
    """The rows at the given depth or, where neighbouring corners have no room for it, at the largest that fits."""
    rows = rows_of(ring, streets, depth)
    for _ in range(5):
        if all(_has_room(row, depth) for row in rows):
            break
        depth *= 0.86
        rows = rows_of(ring, streets, depth)
    return depth, rows


def _has_room(row: Row, depth: float) -> bool:
    sharp = [(s, depth * tan(turn / 2)) for s, turn in row.turns() if SHARP < turn <= TOO_SHARP]
    if row.closed and sharp:
        sharp.append((sharp[0][0] + row.total, sharp[0][1]))
    return all(t - s < 5.0 or t - s > a + b for (s, a), (t, b) in pairwise(sharp))


def _clearance(side: complex, along: complex, depth: float) -> float:
    """Metres along a front from its end until a cut of the depth stays on this side of the neighbouring edge.

    ``side`` leads away from the end along the neighbouring edge, ``along`` along the front.
    """
    sine, cosine = abs(cross(along, side)), dot(along, side)
    return depth * cosine / sine if cosine > 0 and sine > 0.05 else 0.0


def plots(row: Row, depth: float, corner: tuple[float, float], widths: tuple[float, float], rng: Random) -> list[Plot]:
    """Divide a row: a plot at every corner (``corner``: metres beyond its inner angle), the rest by widths."""
    corners = _corners(row, depth, corner, rng)
    start, end = row.margins[0], row.total - row.margins[1]
    if row.closed and corners:
        start, end = corners[0].high, corners[0].low + row.total
    elif row.closed:
        start, end = 0.0, row.total
    bends = [s for s, turn in row.turns() if abs(turn) <= SHARP]
    out: list[Plot] = []
    for plot in [*(corners[1:] if row.closed else corners), None]:
        if plot and (plot.low < start - 0.01 or plot.high > end + 0.01):
            continue
        stop = plot.low if plot else end
        out += [Plot(a, b) for a, b in _snap(divide(start, stop, widths, rng), bends, row)]
        if plot and plot.ring:
            out.append(plot)
        start = plot.high if plot else end
    return [*corners[:1], *out] if row.closed and corners and corners[0].ring else out


def _corners(row: Row, depth: float, extra: tuple[float, float], rng: Random) -> list[Plot]:
    """Plots at the row's corners, in order; a sharp inward bend is an empty plot that parts the row.

    Bends whose bisectors meet before the depth is reached are one corner together.
    """
    groups: list[list[tuple[float, float]]] = []
    for station, turn in row.turns():
        if abs(turn) < 0.02:
            continue
        last = groups[-1][-1] if groups else (0.0, 0.0)
        if groups and turn > 0 < last[1] and station - last[0] < depth * (tan(turn / 2) + tan(last[1] / 2)) + 1:
            groups[-1].append((station, turn))
        else:
            groups.append([(station, turn)])
    if row.closed and len(groups) > 1:
        (one, a), (two, b) = groups[-1][-1], groups[0][0]
        if a > 0 < b and two + row.total - one < depth * (tan(a / 2) + tan(b / 2)) + 1:
            groups[0] = [*((s - row.total, t) for s, t in groups.pop()), *groups[0]]
    out = []
    for group in groups:
        turn = sum(t for _, t in group)
        if turn < -SHARP or turn > TOO_SHARP:
            out.append(Plot(group[0][0], group[-1][0]))
        elif turn > SHARP or len(group) > 1:
            out.append(_corner(row, group, turn, depth, extra if len(group) == 1 else (0.0, 0.0), rng))
    return _parted(out)


def _corner(
    row: Row, group: list[tuple[float, float]], turn: float, depth: float, extra: tuple[float, float], rng: Random
) -> Plot:
    """The plot of one corner: out to where cuts from its inner angle meet the fronts, and ``extra`` beyond."""
    (first, _), (last, _) = group[0], group[-1]
    k, m = row.edge(first - 1e-4)[0], row.edge(last)[0]
    a, b = row.along[k], row.along[m]
    p, q = row.front(first) + a * 1j * depth, row.front(last) + b * 1j * depth
    inner = p + a * (cross(q - p, b) / cross(a, b))
    low, high = first + dot(inner - p, a), last + dot(inner - q, b)
    ring = (inner - a * 1j * depth, *(row.front(s) for s, _ in group), inner - b * 1j * depth, inner)
    return Plot(low - rng.uniform(*extra), high + rng.uniform(*extra), turn, ring, low, high)


def _parted(corners: list[Plot]) -> list[Plot]:
    """Corners that reach for the same land draw their walls in; one without room for its inner angle is left out."""
    out: list[Plot] = []
    for plot in corners:
        if out and plot.least[0] < out[-1].least[1]:
            continue
        if out and plot.low < out[-1].high + 4.0:
            before = out[-1]
            middle = min(max((plot.low + before.high) / 2, before.least[1]), plot.least[0])
            out[-1] = replace(before, high=middle if before.ring else before.high)
            plot = replace(plot, low=middle if plot.ring else plot.low)
        out.append(plot)
    return out


def _snap(pieces: list[tuple[float, float]], bends: list[float], row: Row) -> list[tuple[float, float]]:
    """Party walls that come near a bend lie in the bend."""
    if not pieces or not bends:
        return pieces
    laps = (0.0, row.total) if row.closed else (0.0,)
    marks = [s + lap for s in bends for lap in laps if pieces[0][0] + 3 < s + lap < pieces[-1][1] - 3]
    cuts = [a for a, _ in pieces] + [pieces[-1][1]]
    for i in range(1, len(cuts) - 1):
        near = [s for s in marks if abs(s - cuts[i]) < 2.6]
        cuts[i] = near[0] if near else cuts[i]
    kept = [c for i, c in enumerate(cuts) if i == 0 or c - cuts[i - 1] > 0.5]
    return list(pairwise(kept))


def divide(low: float, high: float, widths: tuple[float, float], rng: Random) -> list[tuple[float, float]]:
    """Cut a length into pieces of about the given widths, the rest shared out evenly; none if it is too short."""
    total = high - low
    if total < widths[0] * 0.75:
        return []
    parts = [rng.uniform(*widths)]
    while sum(parts) + sum(widths) / 4 < total:
        parts.append(rng.uniform(*widths))
    scale = total / sum(parts)
    marks = [low + m * scale for m in accumulate([0.0, *parts])]
    marks[-1] = high
    return list(pairwise(marks))


def drawn_in(ring: Ring, streets: Sequence[str], front: float, side: float) -> tuple[Ring, tuple[str, ...]]:
    """The lot drawn in from its street edges by ``front`` and from its others by ``side`` metres, with its streets.

    Edges that would turn round are left out; an empty ring where nothing is left.
    """
    lines = [(a, unit(b - a), name) for (a, b), name in zip(edges(ring), streets, strict=True)]
    moved = [(a + u * 1j * (front if name else side), u, name) for a, u, name in lines]
    while len(moved) > 2:
        corners = [_crossing(moved[k - 1], moved[k]) for k in range(len(moved))]
        lengths = [dot(corners[(k + 1) % len(moved)] - corners[k], moved[k][1]) for k in range(len(moved))]
        worst = min(range(len(moved)), key=lengths.__getitem__)
        if lengths[worst] > 0.5:
            return tuple(corners), tuple(name for *_, name in moved)
        del moved[worst]
    return (), ()


def _crossing(one: tuple[complex, complex, str], two: tuple[complex, complex, str]) -> complex:
    turn = cross(one[1], two[1])
    if abs(turn) < 0.02:
        return two[0]
    return one[0] + one[1] * (cross(two[0] - one[0], two[1]) / turn)


def breadth(ring: Ring) -> float:
    """The lot's least extent across one of its edges, metres."""
    out = float("inf")
    for a, b in edges(ring):
        n = unit(b - a) * 1j
        out = min(out, max(dot(p - a, n) for p in ring))
    return out


def pieces(ring: Ring) -> list[Ring]:
    """Convex pieces of a footprint: itself, or the quads between the cuts of a bent house."""
    sides = [b - a for a, b in edges(ring)]
    if all(cross(sides[k - 1], sides[k]) > -1e-9 for k in range(len(sides))):
        return [ring]
    half = len(ring) // 2
    return [(ring[i], ring[i + 1], ring[-2 - i], ring[-1 - i]) for i in range(half - 1)]


class Taken:
    """Convex pieces of footprints that are built on, inside one lot."""

    def __init__(self, ring: Ring) -> None:
        self._lot = [(a, unit(b - a), abs(b - a)) for a, b in edges(ring)]
        turns = [cross(self._lot[k - 1][1], self._lot[k][1]) for k in range(len(ring))]
        self._inward = [ring[k] for k, turn in enumerate(turns) if turn < -0.01]
        self._rings: list[tuple[float, float, float, float, Ring]] = []

    def place(self, rings: Sequence[Ring], gap: float = 0.0) -> bool:
        """Take the land of convex rings if it is free and inside the lot; ``gap``: metres to keep from others."""
        count = len(self._rings)
        for ring in rings:
            low_x, low_y, high_x, high_y = box = _box(ring)
            if not _proper(ring) or not self._inside(ring) or any(
                o[0] < high_x + gap and low_x - gap < o[2] and o[1] < high_y + gap and low_y - gap < o[3]
                and _meet(ring, o[4], gap if k < count else 0.0)
                for k, o in enumerate(self._rings)
            ):  # fmt: skip
                del self._rings[count:]
                return False
            self._rings.append((*box, ring))
        return True

    def reserve(self, ring: Ring) -> None:
        """Take the land of a convex ring without asking."""
        self._rings.append((*_box(ring), ring))

    def _inside(self, ring: Ring) -> bool:
        if any(_within(ring, p) for p in self._inward):
            return False
        if not all(self._holds(p) for p in ring):
            return False
        return not self._inward or all(self._holds((a + b) / 2) for a, b in edges(ring))

    def _holds(self, point: complex) -> bool:
        """True for points inside the lot or within a centimetre of its border (even-odd rule)."""
        inside = False
        y, x = point.imag, point.real
        for a, u, length in self._lot:
            rest = point - a
            off = u.real * rest.imag - u.imag * rest.real
            if -0.01 < off < 0.01 and -0.01 < u.real * rest.real + u.imag * rest.imag < length + 0.01:
                return True
            end = a.imag + u.imag * length
            if (a.imag > y) != (end > y):
                inside ^= x < a.real + (y - a.imag) * u.real / u.imag
        return inside


def _within(ring: Ring, point: complex) -> bool:
    """True for points more than a centimetre inside a convex ring."""
    return all(cross(b - a, point - a) > 0.01 * abs(b - a) for a, b in edges(ring))


def _proper(ring: Ring) -> bool:
    """True for convex counter-clockwise rings, not for those that cross themselves."""
    sides = [b - a for a, b in edges(ring)]
    return all(cross(sides[k - 1], sides[k]) > -1e-6 for k in range(len(sides))) and area(ring) > 1.0


def _box(ring: Ring) -> tuple[float, float, float, float]:
    xs, ys = [p.real for p in ring], [p.imag for p in ring]
    return min(xs), min(ys), max(xs), max(ys)


def _meet(one: Ring, two: Ring, gap: float) -> bool:
    """True if two convex rings overlap by more than 5 mm, or come nearer than the gap (separating axes)."""
    slack = 0.005 - gap
    for ring, other in ((one, two), (two, one)):
        for a, b in edges(ring):
            side = b - a
            length = abs(side)
            if length > 1e-9 and all(
                (p.real - a.real) * side.imag - (p.imag - a.imag) * side.real > -slack * length for p in other
            ):
                return False
    return True
