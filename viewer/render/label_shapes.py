"""Geometry behind labels: chains of lines, middles and axes of areas, tops of solids. Vectorised numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loaders.city import Float64, Int64, LineSet, LodMesh

JOIN_METRES = 0.05
"""Ends of lines nearer than that meet."""
ELONGATED = 3.5
"""Length : width from which an area has a direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Anchors from one kind of geometry: see `label_places.Places`; ``measure`` (C,) is the size that weighs."""

    geometry: Literal["point", "line", "area", "solid"]
    rows: Int64
    probe: Int64
    anchors: Float64
    along: Float64
    extent: Float64
    measure: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Chains:
    """Lines put end to end. Vertices of all chains stand one after the other.

    Attributes: points float64 (P, 3) world; cumulative float64 (P,), metres along all chains, without the gaps between
    them; first, last int64 (K,), a chain's first and last vertex; length float64 (K,); line int64 (P,), where a
    vertex comes from.
    """

    points: Float64
    cumulative: Float64
    first: Int64
    last: Int64
    length: Float64
    line: Int64

    def at(self, metres: Float64, chain: Int64) -> Float64:
        """Points (C, 3) at positions of `cumulative` on these chains."""
        low = self._segment(metres, chain)
        step = self.cumulative[low + 1] - self.cumulative[low]
        share = np.clip((metres - self.cumulative[low]) / np.where(step > 0, step, 1.0), 0.0, 1.0)
        return np.asarray(self.points[low] + (self.points[low + 1] - self.points[low]) * share[:, None])

    def line_at(self, metres: Float64, chain: Int64) -> Int64:
        """Index of the line on which such positions lie."""
        return self.line[self._segment(metres, chain) + 1]

    def _segment(self, metres: Float64, chain: Int64) -> Int64:
        low = np.searchsorted(self.cumulative, metres, side="right") - 1
        return np.clip(low, self.first[chain], np.maximum(self.last[chain] - 1, self.first[chain]))


def chain(lines: LineSet, text: Int64) -> Chains:
    """Join lines of one text (int64 (L,), -1 = left out) whose ends meet, two at a place."""
    count = np.diff(lines.start)
    used = np.flatnonzero((text >= 0) & (count >= 2))
    order = _walk(_mates(lines, used, text), len(used))
    starts, ends = lines.start[:-1][used], lines.start[1:][used]
    vertices: list[Int64] = []
    sizes: list[int] = []
    for links in order:
        total = 0
        for number, backwards in links:
            part = np.arange(starts[number], ends[number])
            vertices.append(part[::-1] if backwards else part)
            total += len(part)
        sizes.append(total)
    index = np.concatenate([np.zeros(0, np.int64), *vertices])
    points = lines.positions[index].astype(np.float64) + lines.origin
    last = np.cumsum(np.array(sizes, np.int64)) - 1
    first = last - np.array(sizes, np.int64) + 1
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1) if len(points) else np.zeros(0)
    steps[last[:-1]] = 0.0
    cumulative = np.concatenate([np.zeros(min(1, len(points))), np.cumsum(steps)])
    line = np.searchsorted(lines.start, index, side="right") - 1
    return Chains(points, cumulative, first, last, cumulative[last] - cumulative[first], line)


def _mates(lines: LineSet, used: Int64, text: Int64) -> list[int]:
    """For each end (2 i = beginning, 2 i + 1 = end of line i) the end that it meets; -1 = none, or more than one."""
    if not len(used):
        return []
    ends = np.stack([lines.start[:-1][used], lines.start[1:][used] - 1], axis=1).reshape(-1)
    grid = np.round(lines.positions[ends, :2].astype(np.float64) / JOIN_METRES).astype(np.int64)
    keys = np.column_stack([np.repeat(text[used], 2), grid])
    order = np.lexsort(keys.T)
    new = np.concatenate([[True], (np.diff(keys[order], axis=0) != 0).any(axis=1)])
    group = np.cumsum(new) - 1
    begin = np.flatnonzero(new)
    pairs = begin[np.bincount(group) == 2]
    mates = np.full(len(ends), -1, np.int64)
    mates[order[pairs]], mates[order[pairs + 1]] = order[pairs + 1], order[pairs]
    return [int(mate) for mate in mates.tolist()]


def _walk(mates: list[int], count: int) -> list[list[tuple[int, bool]]]:
    """Chains as lists of (line, backwards)."""
    seen = [False] * count
    chains: list[list[tuple[int, bool]]] = []
    # open chains from their free ends first, then the rings that are left
    free = [end for end in range(2 * count) if mates[end] < 0]
    for end in (*free, *range(0, 2 * count, 2)):
        if seen[end // 2]:
            continue
        links: list[tuple[int, bool]] = []
        at = end
        while at >= 0 and not seen[at // 2]:
            seen[at // 2] = True
            links.append((at // 2, bool(at % 2)))
            at = mates[at ^ 1]
        chains.append(links)
    return chains


def areas(mesh: LodMesh, owner: Int64) -> Found:
    """Middles of areas (by owner row, -1 = left out): the centroid where it lies on the area, else the middle of its
    largest triangle; and the main axis of elongated ones (second moments of area)."""
    tiles = mesh.tiles
    first = np.repeat(tiles.vertex_start[:-1], np.diff(tiles.triangle_start))
    rows = tiles.tags[tiles.triangles[:, 0] + first, 0].astype(np.int64)
    used = np.flatnonzero(owner[rows] >= 0) if len(rows) else np.zeros(0, np.int64)
    own, label = np.unique(owner[rows[used]], return_inverse=True)
    corners = tiles.triangles[used] + first[used, None]
    tile = np.searchsorted(tiles.vertex_start, corners[:, 0], side="right") - 1 if len(used) else used
    points = tiles.positions[corners].astype(np.float64) + tiles.origins[tile][:, None, :]
    a, b, c = points[:, 0], points[:, 1], points[:, 2]
    u, v = b - a, c - a
    area = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2.0
    total = np.maximum(np.bincount(label, area, len(own)), 1e-9)
    centre = np.stack([_sum(label, area * points[:, :, k].mean(axis=1), len(own)) / total for k in range(3)], axis=1)
    largest = _largest(label, area, len(own))
    anchors, inside = _on_area(points, label, centre, largest)
    axis, length = _axes(points - centre[label][:, None, :], label, area, total, len(own))
    edges = np.stack([b - a, c - b, a - c], axis=1)[largest]
    bent = np.take_along_axis(edges, np.argmax((edges**2).sum(axis=2), axis=1)[:, None, None], axis=1)[:, 0]
    size = np.linalg.norm(bent, axis=1)[:, None]
    along = np.where(inside[:, None], axis, bent / np.maximum(size, 1e-9) * np.minimum(size / 2.0, 30.0))
    along[(axis == 0.0).all(axis=1)] = 0.0
    probe = np.zeros(len(own), np.int64)
    probe[label] = rows[used]
    return Found("area", own, probe, anchors, along, length, total)


def _sum(label: Int64, values: Float64, count: int) -> Float64:
    return np.asarray(np.bincount(label, values, count), np.float64)


def _largest(label: Int64, area: Float64, count: int) -> Int64:
    """The largest triangle of each area."""
    order = np.lexsort((area, label))
    out = np.zeros(count, np.int64)
    out[label[order]] = order  # the last one written is the largest
    return out


def _on_area(points: Float64, label: Int64, centre: Float64, largest: Int64) -> tuple[Float64, np.ndarray]:
    """Anchors (K, 3) on the areas, and which of them are the centroid."""
    a, u, v = points[:, 0, :2], points[:, 1, :2] - points[:, 0, :2], points[:, 2, :2] - points[:, 0, :2]
    w = centre[label, :2] - a
    cross = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    cross = np.where(np.abs(cross) > 1e-12, cross, np.inf)
    s = (w[:, 0] * v[:, 1] - w[:, 1] * v[:, 0]) / cross
    t = (u[:, 0] * w[:, 1] - u[:, 1] * w[:, 0]) / cross
    hit = np.flatnonzero((s >= -1e-9) & (t >= -1e-9) & (s + t <= 1.0 + 1e-9) & np.isfinite(cross))
    inside = np.zeros(len(centre), np.bool_)
    inside[label[hit]] = True
    anchors = centre.copy()
    z = points[:, :, 2]
    anchors[label[hit], 2] = (z[:, 0] + s * (z[:, 1] - z[:, 0]) + t * (z[:, 2] - z[:, 0]))[hit]
    anchors[~inside] = points[largest[~inside]].mean(axis=1)
    return anchors, inside


def _axes(points: Float64, label: Int64, area: Float64, total: Float64, count: int) -> tuple[Float64, Float64]:
    """Half-axes (K, 3) of at most 30 m of elongated areas, 0 for others, and lengths (K,): those of a rectangle with
    the same second moments. ``points`` (T, 3, 3) are relative to the areas' centroids."""
    x, y = points[:, :, 0], points[:, :, 1]

    def moment(p: Float64, q: Float64) -> Float64:
        # integral of p q over a triangle: area / 12 * (sum of p_i q_i + sum of p_i * sum of q_i)
        return _sum(label, area / 12.0 * ((p * q).sum(axis=1) + p.sum(axis=1) * q.sum(axis=1)), count) / total

    xx, yy, xy = moment(x, x), moment(y, y), moment(x, y)
    middle, radius = (xx + yy) / 2.0, np.hypot((xx - yy) / 2.0, xy)
    length = np.sqrt(12.0 * np.maximum(middle + radius, 0.0))
    width = np.sqrt(12.0 * np.maximum(middle - radius, 0.0))
    angle = 0.5 * np.arctan2(2.0 * xy, xx - yy)
    axis = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)
    axis *= np.minimum(length / 2.0, 30.0)[:, None]
    axis[length < ELONGATED * width] = 0.0
    return axis, length


class Shapes:
    """Boxes of objects over several LoDs and tiles. N rows."""

    def __init__(self, count: int) -> None:
        self._low = np.full((count, 3), np.inf)
        self._high = np.full((count, 3), -np.inf)
        self._probe = np.zeros(count, np.int64)

    def add(self, mesh: LodMesh, owner: Int64) -> None:
        """Take in one LoD; ``owner`` int64 (N,) names the row whose box an object widens, -1 = none."""
        if not (owner >= 0).any():
            return
        tiles = mesh.tiles
        for k in range(tiles.tile_count):
            part = slice(tiles.vertex_start[k], tiles.vertex_start[k + 1])
            rows = tiles.tags[part, 0].astype(np.int64)
            used = owner[rows] >= 0
            self._widen(owner[rows[used]], rows[used], tiles.positions[part][used] + tiles.origins[k])
        for copies in mesh.instances:
            rows = copies.object_rows.astype(np.int64)
            used = owner[rows] >= 0
            box = np.concatenate([copies.template.bounds[:, :3], copies.template.bounds[:, 3:]])
            for corner in (box.min(axis=0), box.max(axis=0)):
                world = copies.matrices[used, :3, :3] @ corner + copies.matrices[used, :3, 3]
                self._widen(owner[rows[used]], rows[used], world)

    def tops(self) -> Found:
        """Anchors over the middle of each object, at the height of its highest corner."""
        rows = np.flatnonzero(self._high[:, 0] >= self._low[:, 0])
        low, high = self._low[rows], self._high[rows]
        anchors = (low + high) / 2.0
        anchors[:, 2] = high[:, 2]
        size = high - low
        extent = np.hypot(size[:, 0], size[:, 1])
        volume = (size[:, 0] + 1.0) * (size[:, 1] + 1.0) * (size[:, 2] + 1.0)
        return Found("solid", rows, self._probe[rows], anchors, np.zeros_like(anchors), extent, volume)

    def _widen(self, owner: Int64, rows: Int64, world: Float64) -> None:
        if not len(owner):
            return
        # vertices of an object stand together: first the boxes of runs, then those of objects
        first = np.concatenate([[0], np.flatnonzero(np.diff(owner)) + 1])
        np.minimum.at(self._low, owner[first], np.minimum.reduceat(world, first, axis=0))
        np.maximum.at(self._high, owner[first], np.maximum.reduceat(world, first, axis=0))
        self._probe[owner[first]] = rows[first]
