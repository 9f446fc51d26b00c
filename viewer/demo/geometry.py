"""Plane geometry for the demo town: points are complex numbers (x + iy, metres, local plan, x east, y north)."""

from __future__ import annotations

from cmath import exp, pi
from collections.abc import Sequence
from itertools import pairwise

Ring = tuple[complex, ...]
"""A closed ring without the repeated last point, counter-clockwise."""


def cross(a: complex, b: complex) -> float:
    """z of the cross product of two plan vectors."""
    return a.real * b.imag - a.imag * b.real


def dot(a: complex, b: complex) -> float:
    """Scalar product of two plan vectors."""
    return a.real * b.real + a.imag * b.imag


def unit(a: complex) -> complex:
    """The vector at length one; ZeroDivisionError for a zero vector."""
    return a / abs(a)


def edges(ring: Sequence[complex]) -> list[tuple[complex, complex]]:
    """The edges of a closed ring, edge k from point k to point k + 1."""
    return list(pairwise([*ring, ring[0]]))


def area(ring: Sequence[complex]) -> float:
    """Signed area in square metres, positive for counter-clockwise (shoelace formula)."""
    return sum(cross(a, b) for a, b in edges(ring)) / 2


def centre(ring: Sequence[complex]) -> complex:
    """Centroid of a simple ring's area."""
    origin = ring[0]
    moved = [p - origin for p in ring]
    weights = [cross(a, b) for a, b in edges(moved)]
    total = sum(weights)
    return origin + sum(((a + b) * w for (a, b), w in zip(edges(moved), weights, strict=True)), 0j) / (3 * total)


def inset(ring: Sequence[complex], distances: Sequence[float] | float) -> Ring:
    """The ring with edge k moved to its left by ``distances[k]`` metres; corners are mitred, their number kept.

    The caller sees to it that the distances are small against the edges: nothing is clipped.
    """
    count = len(ring)
    steps = [distances] * count if isinstance(distances, int | float) else list(distances)
    normals = [unit(b - a) * 1j for a, b in edges(ring)]
    out = []
    for k, point in enumerate(ring):
        before, after = normals[k - 1], normals[k]
        turn = cross(before, after)
        if abs(turn) < 0.03:
            middle = unit(before + after)
            out.append(point + middle * ((steps[k - 1] + steps[k]) / 2 / dot(middle, after)))
        else:
            out.append(point + (before * 1j * steps[k] - after * 1j * steps[k - 1]) / turn)
    return tuple(out)


def contains(ring: Sequence[complex], point: complex) -> bool:
    """True if the point lies inside (even-odd rule; points on the border either way)."""
    inside = False
    for a, b in edges(ring):
        if (a.imag > point.imag) != (b.imag > point.imag):
            inside ^= point.real < a.real + (point.imag - a.imag) * (b.real - a.real) / (b.imag - a.imag)
    return inside


def distance(ring: Sequence[complex], point: complex) -> float:
    """Distance in metres from a point to the ring's line (also from inside)."""
    best = float("inf")
    for a, b in edges(ring):
        along = b - a
        t = max(0.0, min(1.0, dot(point - a, along) / abs(along) ** 2))
        best = min(best, abs(point - a - along * t))
    return best


def rectangle(middle: complex, along: complex, length: float, depth: float) -> Ring:
    """A rectangle around ``middle``, its first edge (length ``length``) running along the unit vector ``along``."""
    u, n = along * (length / 2), along * 1j * (depth / 2)
    return (middle - u - n, middle + u - n, middle + u + n, middle - u + n)


def polygon(middle: complex, radius: float, corners: int, turn: float = 0.0) -> Ring:
    """A regular polygon; ``turn`` in full turns."""
    return tuple(middle + radius * spin(turn + k / corners) for k in range(corners))


def spin(turn: float) -> complex:
    """The unit vector at an angle given in full turns, counter-clockwise from east."""
    return exp(2j * pi * turn)


class Footprints:
    """Building footprints in a coarse grid, to ask what is near a point."""

    def __init__(self, cell: float = 40.0) -> None:
        self._cell = cell
        self._grid: dict[tuple[int, int], list[Ring]] = {}

    def add(self, ring: Ring) -> None:
        """Add one footprint."""
        low_x, high_x = min(p.real for p in ring), max(p.real for p in ring)
        low_y, high_y = min(p.imag for p in ring), max(p.imag for p in ring)
        for i in range(int((low_x - 8) // self._cell), int((high_x + 8) // self._cell) + 1):
            for j in range(int((low_y - 8) // self._cell), int((high_y + 8) // self._cell) + 1):
                self._grid.setdefault((i, j), []).append(ring)

    def clear(self, point: complex, radius: float) -> bool:
        """True if no footprint comes nearer than ``radius`` (at most 8 m) to the point."""
        key = (int(point.real // self._cell), int(point.imag // self._cell))
        return all(not contains(r, point) and distance(r, point) >= radius for r in self._grid.get(key, ()))

    def free(self, ring: Ring, gap: float) -> bool:
        """True if the ring (no side over about 10 m without a point) keeps ``gap`` metres from all footprints."""
        points = [a + (b - a) * t for a, b in edges(ring) for t in (0.0, 0.25, 0.5, 0.75)]
        return all(self.clear(p, gap) for p in [*points, centre(ring)])
