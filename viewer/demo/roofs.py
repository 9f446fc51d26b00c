"""Closed bodies with semantic faces: swept profiles, hipped and pointed roofs, flat roofs with parapets, blocks.

All faces run counter-clockwise seen from outside and share their points exactly, so every body is watertight.
Heights are metres above the town's datum; plan points are complex (see `viewer.demo.geometry`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from viewer.demo.geometry import Ring, cross, dot, edges, inset

Point = tuple[float, float, float]
Face = tuple[tuple[Point, ...], str]
"""A polygon without holes and its semantic surface type."""
Profile = tuple[tuple[float, float], ...]
"""A section across a building: (0..1 across the depth, height), from the front wall's foot over the roof to the
rear wall's foot. The body is closed along the foot."""

ROOF, WALL, FLOOR = "RoofSurface", "WallSurface", "GroundSurface"


@dataclass(frozen=True, slots=True)
class Body:
    """A closed body, its plan and its heights: eaves, ridge and foot."""

    faces: tuple[Face, ...]
    ring: Ring
    eaves: float
    ridge: float
    roof: str
    base: float = 0.0

    @property
    def block(self) -> tuple[Face, ...]:
        """The body at LoD1: a prism as high as half-way up a pitched roof, as the eaves of a flat one or a spire."""
        share = 0.0 if self.roof in ("flat", "spire", "dome", "none") else 0.5
        return block(self.ring, self.base, self.eaves + (self.ridge - self.eaves) * share)


def at(point: complex, z: float) -> Point:
    """Plan point at a height."""
    return (point.real, point.imag, z)


def level(ring: Sequence[complex], z: float) -> tuple[Point, ...]:
    """A plan ring at a height."""
    return tuple(at(p, z) for p in ring)


def upright(a: complex, b: complex, low: float, high: float) -> tuple[Point, ...]:
    """The vertical face over a plan edge, seen from the right of a to b."""
    return (at(a, low), at(b, low), at(b, high), at(a, high))


def block(ring: Ring, base: float, top: float) -> tuple[Face, ...]:
    """A prism over any simple ring (LoD1, and the flattest of roofs)."""
    walls = [(upright(a, b, base, top), WALL) for a, b in edges(ring)]
    return ((level(ring[::-1], base), FLOOR), *walls, (level(ring, top), ROOF))


def sweep(front: Sequence[complex], back: Sequence[complex], section: Profile, roof: str) -> Body:
    """A section carried along a row of plan points, the interior to the left of ``front``.

    ``front[k]`` and ``back[k]`` are the ends of cut k. With two cuts it is a house under one roof, with three an
    angled corner house. Roof faces are plane where front and back run parallel.
    """
    cuts = [[at(a + (b - a) * t, z) for t, z in section] for a, b in zip(front, back, strict=True)]
    faces: list[Face] = [(tuple(cuts[0]), WALL), (tuple(reversed(cuts[-1])), WALL)]
    closed = [*range(len(section)), 0]
    for one, two in pairwise(cuts):
        for i, j in pairwise(closed):
            faces.append(((one[i], two[i], two[j], one[j]), _kind(section[i], section[j])))
    heights = [z for _, z in section]
    ring = (*front, *reversed(back))
    return Body(tuple(faces), ring, min(section[1][1], section[-2][1]), max(heights), roof, section[0][1])


def _kind(a: tuple[float, float], b: tuple[float, float]) -> str:
    if abs(b[0] - a[0]) < 1e-9:
        return WALL
    return ROOF if b[0] > a[0] else FLOOR


def gable(base: float, eaves: float, ridge: float, middle: float = 0.5) -> Profile:
    """Section of a gable roof."""
    return ((0.0, base), (0.0, eaves), (middle, ridge), (1.0, eaves), (1.0, base))


def mansard(base: float, eaves: float, knee: float, ridge: float) -> Profile:
    """Section of a mansard roof: steep to the knee, then flat to the ridge."""
    return (
        (0.0, base), (0.0, eaves), (0.13, knee), (0.5, ridge), (0.87, knee), (1.0, eaves), (1.0, base),
    )  # fmt: skip


def shed(base: float, low: float, high: float) -> Profile:
    """Section of a single-pitch roof, high at the back."""
    return ((0.0, base), (0.0, low), (1.0, high), (1.0, base))


def saw_tooth(base: float, eaves: float, rise: float, teeth: int) -> Profile:
    """Section of a saw-tooth roof: slopes up, glazed upright faces down."""
    steps: list[tuple[float, float]] = [(0.0, base), (0.0, eaves)]
    for k in range(1, teeth):
        steps += [(k / teeth, eaves + rise), (k / teeth, eaves)]
    return (*steps, (1.0, eaves + rise), (1.0, base))


def lantern(base: float, eaves: float, rise: float) -> Profile:
    """Section of a hall with a raised middle (clerestory)."""
    return (
        (0.0, base), (0.0, eaves), (0.32, eaves + rise), (0.32, eaves + 1.9 * rise), (0.5, eaves + 2.6 * rise),
        (0.68, eaves + 1.9 * rise), (0.68, eaves + rise), (1.0, eaves), (1.0, base),
    )  # fmt: skip


def barrel(base: float, eaves: float, rise: float, pieces: int = 8) -> Profile:
    """Section of a barrel roof (a parabola in straight pieces)."""
    arc = [(k / pieces, eaves + rise * 4 * (k / pieces) * (1 - k / pieces)) for k in range(pieces + 1)]
    return ((0.0, base), *arc, (1.0, base))


def hipped(quad: Ring, base: float, eaves: float, ridge: float, run: float = 0.5) -> Body:
    """A hipped roof over four corners, its ridge along the first edge; ``run``: hip run per half depth."""
    a, b, c, d = quad
    half = abs(d - a) * run
    p, q = (a + d) / 2, (b + c) / 2
    u = (q - p) / abs(q - p)
    ends = (at(p + u * half, ridge), at(q - u * half, ridge))
    low = level(quad, eaves)
    faces: list[Face] = [(level(quad[::-1], base), FLOOR)]
    faces += [(upright(m, n, base, eaves), WALL) for m, n in edges(quad)]
    faces += [
        ((low[0], low[1], ends[1], ends[0]), ROOF),
        ((low[1], low[2], ends[1]), ROOF),
        ((low[2], low[3], ends[0], ends[1]), ROOF),
        ((low[3], low[0], ends[0]), ROOF),
    ]
    return Body(tuple(faces), quad, eaves, ridge, "hipped", base)


def pointed(
    ring: Ring, base: float, eaves: float, apex: float, roof: str = "pyramid", over: complex | None = None
) -> Body:
    """A pyramid or cone over a convex ring, its point over ``over`` (default: the middle; may lie on an edge)."""
    peak = sum(ring, 0j) / len(ring) if over is None else over
    top = at(peak, apex)
    faces: list[Face] = [(level(ring[::-1], base), FLOOR)]
    for a, b in edges(ring):
        kind = WALL if abs(cross(b - a, peak - a)) < 1e-3 else ROOF
        faces += [(upright(a, b, base, eaves), WALL), ((at(a, eaves), at(b, eaves), top), kind)]
    return Body(tuple(faces), ring, eaves, apex, roof, base)


def spire(ring: Ring, base: float, belfry: float, apex: float) -> Body:
    """A square tower: a steep foot at the belfry drawn in to a slender spire."""
    foot, knee = inset(ring, abs(ring[1] - ring[0]) * 0.2), belfry + abs(ring[1] - ring[0]) * 0.45
    top = at(sum(ring, 0j) / len(ring), apex)
    faces: list[Face] = [(level(ring[::-1], base), FLOOR)]
    for (a, b), (c, d) in zip(edges(ring), edges(foot), strict=True):
        faces += [
            (upright(a, b, base, belfry), WALL),
            ((at(a, belfry), at(b, belfry), at(d, knee), at(c, knee)), ROOF),
            ((at(c, knee), at(d, knee), top), ROOF),
        ]
    return Body(tuple(faces), ring, belfry, apex, "spire", base)


def flat(ring: Ring, base: float, roof: float, parapet: float = 0.7, thickness: float = 0.35) -> Body:
    """A flat roof behind a parapet, over any simple ring; where an edge is too short for one, without it."""
    top, inner = roof + parapet, inset(ring, thickness)
    if any(dot(b - a, d - c) <= 0 for (a, b), (c, d) in zip(edges(ring), edges(inner), strict=True)):
        return Body(block(ring, base, roof), ring, roof, roof, "flat", base)
    faces: list[Face] = [(level(ring[::-1], base), FLOOR), (level(inner, roof), ROOF)]
    for (a, b), (c, d) in zip(edges(ring), edges(inner), strict=True):
        faces += [
            (upright(a, b, base, top), WALL),
            ((at(a, top), at(b, top), at(d, top), at(c, top)), ROOF),
            (upright(d, c, roof, top), WALL),
        ]
    return Body(tuple(faces), ring, roof, top, "flat", base)
