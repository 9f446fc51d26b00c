"""Roofs over any convex plan as the lower envelope of planes: hip, half-hip, gable, mansard, shed.

Every roof plane rises from one edge of the plan. What lies under all planes is the body; each face of its roof is the
plan clipped to where its plane is the lowest. This is the straight skeleton of a convex polygon (Aichholzer et al.
1995, "A novel type of skeleton for polygons"), with slopes and starting heights of one's own for every edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from viewer.demo.geometry import Ring, cross, dot, edges, unit
from viewer.demo.roofs import FLOOR, ROOF, WALL, Body, Face, at, level

Slope = tuple[int, float, float]
"""A roof plane: the edge of the plan that it rises from, its height over the eaves there (m), metres up per metre."""
Plane = tuple[complex, float]
"""Height of a roof plane over the eaves: gradient and value at the plan's first point."""
NEAR = 0.003
"""Points nearer than this, metres, are one point."""


def envelope(ring: Ring, base: float, eaves: float, slopes: Sequence[Slope], roof: str) -> Body:
    """The body over a convex counter-clockwise ring under all the planes; closed, faces outwards.

    Raises ValueError if the planes leave an edge of the plan below the eaves or do not close.
    """
    planes = [_plane(ring, slope) for slope in slopes]
    nodes: list[complex] = list(ring)
    rings = [_indices(_lowest(ring, planes, k), nodes) for k in range(len(planes))]
    heights = [eaves + min(value + dot(grade, p - ring[0]) for grade, value in planes) for p in nodes]
    if min(heights) < base:
        raise ValueError("a roof plane dips below the ground")
    rings = [_stitched(r, nodes) for r in rings if len(r) > 2]
    rings = [r for r in rings if _wide(r, nodes)]
    faces: list[Face] = [(level(ring[::-1], base), FLOOR)]
    used = sorted({i for r in rings for i in r})
    for a, b in edges(ring):
        along, length = unit(b - a), abs(b - a)
        tops = [(dot(nodes[i] - a, along), i) for i in used if abs(cross(along, nodes[i] - a)) < NEAR]
        line = [i for t, i in sorted(tops, reverse=True) if -NEAR < t < length + NEAR]
        faces.append(((at(a, base), at(b, base), *(at(nodes[i], heights[i]) for i in line)), WALL))
    faces += [(tuple(at(nodes[i], heights[i]) for i in r), ROOF) for r in rings]
    tops_used = [heights[i] for i in used]
    return Body(tuple(faces), ring, min(tops_used), max(tops_used), roof, base)


def _plane(ring: Ring, slope: Slope) -> Plane:
    k, rise, pitch = slope
    a, b = ring[k], ring[(k + 1) % len(ring)]
    grade = unit(b - a) * 1j * pitch
    return grade, rise - dot(grade, a - ring[0])


def _lowest(ring: Ring, planes: list[Plane], k: int) -> list[complex]:
    """The part of the plan where plane k is the lowest (Sutherland and Hodgman's clipping, plane by plane)."""
    origin, (grade, value) = ring[0], planes[k]
    part = list(ring)
    for j, (other, height) in enumerate(planes):
        if j == k or not part:
            continue
        slope, lift = grade - other, value - height
        if slope == 0:
            if lift > 0 or (lift == 0 and j < k):
                return []
            continue
        over = [dot(slope, p - origin) + lift for p in part]
        kept: list[complex] = []
        for i, p in enumerate(part):
            q, f, g = part[i - 1], over[i], over[i - 1]
            if (f > 1e-9) != (g > 1e-9):
                kept.append(q + (p - q) * (g / (g - f)))
            if f <= 1e-9:
                kept.append(p)
        part = kept
    return part


def _indices(part: list[complex], nodes: list[complex]) -> list[int]:
    """Numbers of the points among the nodes, new ones entered, neighbours that are one point once."""
    out: list[int] = []
    for p in part:
        i = next((i for i, q in enumerate(nodes) if abs(p - q) < NEAR), -1)
        if i < 0:
            nodes.append(p)
            i = len(nodes) - 1
        if i not in out:
            out.append(i)
    return out


def _stitched(ring: list[int], nodes: list[complex]) -> list[int]:
    """The ring with all nodes that lie on its sides, so that neighbours share every point."""
    out: list[int] = []
    for k, i in enumerate(ring):
        out.append(i)
        a, b = nodes[i], nodes[ring[(k + 1) % len(ring)]]
        along, length = unit(b - a), abs(b - a)
        between = [
            (dot(p - a, along), j) for j, p in enumerate(nodes) if j not in ring and abs(cross(along, p - a)) < NEAR
        ]
        out += [j for t, j in sorted(between) if NEAR < t < length - NEAR]
    return out


def _wide(ring: list[int], nodes: list[complex]) -> bool:
    return sum(cross(nodes[a], nodes[b]) for a, b in zip(ring, (*ring[1:], ring[0]), strict=True)) > 1e-4


def hip(ring: Ring, base: float, eaves: float, pitch: float) -> Body:
    """A hipped roof of one pitch over any convex plan; over a regular one a pyramid."""
    return envelope(ring, base, eaves, [(k, 0.0, pitch) for k in range(len(ring))], "hipped")


def half_hip(quad: Ring, base: float, eaves: float, pitch: float, hipped: float = 0.45) -> Body:
    """A half-hipped roof (Krüppelwalm) over a quad, the ridge along the first edge.

    ``hipped`` is the share of the gable's height that its end slope cuts off.
    """
    rise = pitch * abs(quad[3] - quad[0]) / 2
    ends = [(k, rise * (1 - hipped), pitch * 1.15) for k in (1, 3)]
    return envelope(quad, base, eaves, [(0, 0.0, pitch), (2, 0.0, pitch), *ends], "half-hipped")


def gabled(quad: Ring, base: float, eaves: float, pitch: float) -> Body:
    """A gable roof over any convex quad, slopes from its first and third edge."""
    return envelope(quad, base, eaves, [(0, 0.0, pitch), (2, 0.0, pitch)], "gable")


def pavilion(ring: Ring, base: float, eaves: float, knee: float, steep: float = 2.4, top: float = 0.25) -> Body:
    """A mansard roof on all sides of a convex plan: steep for ``knee`` metres of height, then nearly flat."""
    slopes: list[Slope] = []
    for k in range(len(ring)):
        slopes += [(k, 0.0, steep), (k, knee - top * knee / steep, top)]
    return envelope(ring, base, eaves, slopes, "mansard")


def lathe(ring: Ring, base: float, profile: Sequence[tuple[float, float]], roof: str, eaves: float) -> Body:
    """Rings drawn in towards their middle, one above the other: towers, domes, spires, chimneys.

    ``profile``: (size against the plan's, height), sizes not growing, from the wall's top; a last size 0 is a point.
    The faces between two rings are roofs if they lean by more than 10 degrees, walls if they do not.
    """
    middle = sum(ring, 0j) / len(ring)
    faces: list[Face] = [(level(ring[::-1], base), FLOOR)]
    stack = [(1.0, base), *profile]
    reach = abs(ring[0] - middle)
    for (size, low), (after, high) in pairwise(stack):
        lower, upper = (tuple(middle + (p - middle) * s for p in ring) for s in (size, after))
        lean = (size - after) * reach / sqrt(((size - after) * reach) ** 2 + (high - low) ** 2)
        kind = ROOF if lean > 0.17 else WALL
        for (a, b), (c, d) in zip(edges(lower), edges(upper), strict=True):
            tip = (at(c, high),) if after == 0 else (at(d, high), at(c, high))
            faces.append(((at(a, low), at(b, low), *tip), kind))
    if profile[-1][0] > 0:
        faces.append((level(tuple(middle + (p - middle) * profile[-1][0] for p in ring), profile[-1][1]), ROOF))
    return Body(tuple(faces), ring, eaves, profile[-1][1], roof, base)
