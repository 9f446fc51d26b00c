"""The street network of the demo town: main roads drawn by hand, quarters ruled between them.

A quarter is a patch with four sides (polylines along main roads). Its streets are the lines of equal parameter of the
Coons surface over the sides, moved a little at every crossing, so that neighbouring quarters turn into each other. The
old centre is a star: gates in a ring road, lanes from the gates to the square, and bent lanes around it.
"""

from __future__ import annotations

from cmath import phase, rect
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import pi
from random import Random

import numpy as np

from viewer.demo import terrain
from viewer.demo.lots import Use
from viewer.demo.names import Names

Line = tuple[complex, ...]

WIDTHS: dict[str, tuple[float, float]] = {
    "main": (5.6, 3.9), "street": (3.5, 2.75), "quay": (3.7, 2.8), "lane": (2.3, 1.5),
    "path": (1.5, 0.0), "rail": (7.0, 0.0), "edge": (0.0, 0.0),
    "divide": (0.0, 0.0),
}  # fmt: skip
"""Half carriageway and pavement of each class of street, metres. "edge" only divides land,
"divide" only the open country."""
PROMENADE = 8.0
"""Width of the paving between quay wall and kerb, metres."""


@dataclass(frozen=True, slots=True)
class Street:
    """One piece of a street, path, railway or boundary: its centre line; several pieces may share a name."""

    name: str
    kind: str
    line: Line


@dataclass(frozen=True, slots=True)
class Quarter:
    """A named part of the town: its use where nothing else is said, and its outline."""

    name: str
    use: Use
    ring: Line


@dataclass(slots=True)
class Network:
    """All streets and quarters, and the uses of single blocks by a point inside them."""

    streets: list[Street] = field(default_factory=list)
    quarters: list[Quarter] = field(default_factory=list)
    marks: list[tuple[complex, Use, str]] = field(default_factory=list)
    tram: list[list[complex]] = field(default_factory=list)
    names: Names = field(default_factory=Names)

    def add(self, name: str, kind: str, line: Sequence[complex]) -> None:
        """Add one street."""
        self.streets.append(Street(name, kind, tuple(line)))

    def mark(self, point: complex, use: Use, name: str) -> None:
        """Give the block around a point a use and a name."""
        self.marks.append((point, use, name))


def bank(x0: float, x1: float, side: int, offset: float = 0.0, step: float = 45.0) -> list[complex]:
    """Points along a bank line (``side`` +1 north, -1 south), ``offset`` metres landwards, from x0 to x1."""
    count = max(1, round(abs(x1 - x0) / step))
    x = np.linspace(x0, x1, count + 1)
    y = terrain.axis(x) + side * (terrain.half_width(x) + offset)
    return [complex(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]


def quay(x0: float, x1: float, side: int) -> list[complex]:
    """The centre line of a quay road."""
    return bank(x0, x1, side, PROMENADE + WIDTHS["quay"][0])


def spline(points: Sequence[complex], step: float = 45.0) -> list[complex]:
    """A smooth line through all points (centripetal enough for even spacing: Catmull-Rom), points kept exactly."""
    rows = [2 * points[0] - points[1], *points, 2 * points[-1] - points[-2]]
    out: list[complex] = []
    for a, b, c, d in zip(rows, rows[1:], rows[2:], rows[3:], strict=False):
        count = max(1, round(abs(c - b) / step))
        for k in range(count):
            t = k / count
            out.append(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            )
    return [*out, points[-1]]


def between(line: Sequence[complex], a: complex, b: complex) -> list[complex]:
    """The part of a line from the vertex nearest to a to that nearest to b, in this direction."""
    i, j = (int(np.argmin([abs(q - p) for q in line])) for p in (a, b))
    return list(line[i : j + 1]) if i <= j else list(line[j : i + 1])[::-1]


def along(line: Sequence[complex], t: float) -> complex:
    """The point at a fraction of a polyline's length."""
    lengths = [abs(b - a) for a, b in pairwise(line)]
    left = t * sum(lengths)
    for (a, b), length in zip(pairwise(line), lengths, strict=True):
        if left <= length:
            return a + (b - a) * (left / length)
        left -= length
    return line[-1]


@dataclass(frozen=True, slots=True)
class Patch:
    """A quarter between four sides: bottom and top from left to right, left and right from bottom to top."""

    bottom: Sequence[complex]
    right: Sequence[complex]
    top: Sequence[complex]
    left: Sequence[complex]

    def at(self, u: float, v: float) -> complex:
        """Coons' surface (1967): sides blended bilinearly."""
        b, t, low, high = along(self.bottom, u), along(self.top, u), along(self.left, v), along(self.right, v)
        corners = (
            (1 - u) * (1 - v) * self.bottom[0]
            + u * (1 - v) * self.bottom[-1]
            + (1 - u) * v * self.top[0]
            + u * v * self.top[-1]
        )
        return (1 - v) * b + v * t + (1 - u) * low + u * high - corners

    @property
    def ring(self) -> Line:
        """The outline, counter-clockwise."""
        return (*self.bottom, *self.right[1:-1], *reversed(self.top), *list(reversed(self.left))[1:-1])


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a patch is ruled: cells across and up, name pool, jitter of crossings (m), share of left-out pieces."""

    across: int
    up: int
    pool: str
    jitter: float = 3.0
    gaps: float = 0.0
    kinds: tuple[str, str] = ("street", "street")
    """Classes of the lines that run up and of those that run across."""
    specials: tuple[tuple[int, int, Use, str], ...] = ()
    """(column, row, use, name) of single blocks."""
    uneven: float = 0.12


def rule(net: Network, name: str, use: Use, patch: Patch, how: Ruling) -> None:
    """Add a quarter and its streets."""
    rng = Random(f"quarter/{name}")
    net.quarters.append(Quarter(name, use, patch.ring))
    us, vs = _steps(how.across, how.uneven, rng), _steps(how.up, how.uneven, rng)
    grid = [[patch.at(u, v) for u in us] for v in vs]
    for row in grid[1:-1]:
        for i in range(1, len(row) - 1):
            row[i] += complex(rng.uniform(-1, 1), rng.uniform(-1, 1)) * how.jitter
    for i in range(1, how.across):
        _pieces(net, how, how.kinds[0], [row[i] for row in grid], rng)
    for j in range(1, how.up):
        _pieces(net, how, how.kinds[1], grid[j], rng)
    for i, j, kind, title in how.specials:
        corners = (grid[j][i], grid[j][i + 1], grid[j + 1][i + 1], grid[j + 1][i])
        net.mark(sum(corners) / 4, kind, title)


def _steps(count: int, uneven: float, rng: Random) -> list[float]:
    widths = [rng.uniform(1 - uneven, 1 + uneven) for _ in range(count)]
    marks = [sum(widths[:k]) / sum(widths) for k in range(count)]
    return [*marks, 1.0]


def _pieces(net: Network, how: Ruling, kind: str, line: list[complex], rng: Random) -> None:
    """A ruled line as one street, or as several where single blocks are joined over it."""
    name = net.names.next(how.pool)
    run = [line[0]]
    for k, point in enumerate(line[1:]):
        if how.gaps and 0 < k < len(line) - 2 and rng.random() < how.gaps:
            if len(run) > 1:
                net.add(name, kind, run)
            run = [point]
        else:
            run.append(point)
    if len(run) > 1:
        net.add(name, kind, run)


LEVELS = (0.15, 0.36, 0.57, 0.79)
"""The square and the bent lanes of the old centre, as fractions of the way to the ring."""


def old_centre(net: Network, ring: Sequence[complex], gates: Sequence[complex], middle: complex) -> None:
    """Gate streets, side lanes and bent lanes inside a closed ring of roads."""
    rng = Random("old centre")
    net.quarters.append(Quarter("Old centre", "old", tuple(ring)))
    gates = sorted(gates, key=lambda g: phase(g - middle))
    angles = [phase(g - middle) for g in gates]
    spokes: list[tuple[float, int]] = [(angle, 0) for angle in angles]
    for a, b in zip(angles, [*angles[1:], angles[0] + 2 * pi], strict=True):
        spokes.append((a + (b - a) * rng.uniform(0.44, 0.56), 1))
        spokes += [(a + (b - a) * t, 3) for t in (rng.uniform(0.22, 0.3), rng.uniform(0.7, 0.78))]
    knots: dict[float, list[complex]] = {}
    for angle, first in spokes:
        far = _shoot(ring, middle, angle)
        reach = abs(far - middle)
        points = []
        for level in LEVELS[first:]:
            turn = rng.uniform(-0.02, 0.02) if first else rng.uniform(-0.035, 0.035)
            grow = rng.uniform(0.94, 1.06)
            points.append(middle + rect(reach * level * grow, angle + turn))
        knots[angle] = [*points, far]
        if not first:
            points[0] = knots[angle][0] = middle + _square_edge(angle + rng.uniform(-0.05, 0.05))
    _lanes(net, spokes, knots)


def _lanes(net: Network, spokes: list[tuple[float, int]], knots: dict[float, list[complex]]) -> None:
    for angle, first in spokes:
        pool = net.names.next("old")
        net.add(pool, "street" if first == 0 else "lane", knots[angle])
    for level in range(len(LEVELS)):
        around = sorted(angle for angle, first in spokes if first <= level)
        points = [knots[a][level - dict(spokes)[a]] for a in around]
        if level == 0:
            net.add("Market Side", "lane", [*points, points[0]])
            continue
        for k in range(0, len(points), 5):
            net.add(net.names.next("old"), "lane", [*points, points[0]][k : k + 6])


def _square_edge(angle: float) -> complex:
    """The outline of the market square around its middle: a rounded rectangle turned a little."""
    long, short, turn = 66.0, 45.0, 0.22
    c, s = np.cos(angle - turn), np.sin(angle - turn)
    reach = 1.0 / (abs(c / long) ** 5 + abs(s / short) ** 5) ** 0.2
    return rect(float(reach), angle)


def _shoot(ring: Sequence[complex], middle: complex, angle: float) -> complex:
    """Where a ray meets a closed ring."""
    along = rect(1.0, angle)
    best = 0j
    for a, b in pairwise([*ring, ring[0]]):
        p, q = (a - middle) / along, (b - middle) / along
        if (p.imag <= 0) != (q.imag <= 0):
            x = p.real + (q.real - p.real) * (-p.imag) / (q.imag - p.imag)
            if x > 0:
                best = middle + along * x
    return best
