"""The ground as walkers find it, on a grid: cells of half a metre with up to four levels each (under and on a bridge).

Blocks of 32 x 32 cells are made where they are needed, in pieces of a few milliseconds: heights are what plumb lines
through the cells' centres meet, prices grow with nearness to walls, water and edges. numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from loaders.city import Bool, Float64, Int64, UInt8
from viewer.analysis.collision import UPRIGHT, Body, CollisionWorld
from viewer.analysis.soup import GREEN, LAND, SOLID, WATER, Triangles

CELL, BLOCK, LEVELS = 0.5, 32, 4
"""Side of a cell in metres, cells along a block, levels of a cell."""
ROOM_M = 1.5
"""Farther from walls a way has no reason to keep."""
NEARNESS = 2.0
"""How much dearer a metre is that just passes along a wall."""
PAD_M = 0.06
"""More than the body's radius that cells keep from walls: their centres are not all that is walked over."""
EDGE_M = 0.5
"""Room beside water and edges that nobody climbs: as beside a wall at that distance."""
DROP_M = 1.0
"""Nobody is sent down a deeper step."""
_PAIRS = 120_000
_APART = 1e4
"""Metres between the columns of neighbouring cells when heights are sorted: more than any city is high."""


@dataclass(slots=True)
class _Block:
    """What a block is made from: centre of its first cell, its triangles, and the heights that are met per cell."""

    x: float
    y: float
    corners: Float64
    kind: UInt8
    upright: Float64


class Ground:
    """Levels of ground and their prices, made block by block.

    Args:
        world: what is walked in.
        body: who walks.
        low, high: corners (x, y) of the area that may be walked in, world metres.
    """

    def __init__(self, world: CollisionWorld, body: Body, low: tuple[float, float], high: tuple[float, float]):
        self._world, self._body = world, body
        many = [math.ceil((b - a) / (CELL * BLOCK)) for a, b in zip(low, high, strict=True)]
        self.x, self.y = low
        self.wide, self.deep = (n * BLOCK + 2 for n in many)
        """Cells along x and y with a rim that nobody enters."""
        shape = LEVELS * self.wide * self.deep
        heights, prices = np.full(shape, np.nan, np.float32), np.full(shape, np.inf, np.float32)
        self._heights, self._prices = heights, prices
        # reading single numbers through a memoryview takes a third of the time that numpy takes
        self.z: Any = memoryview(cast(Any, heights))
        self.price: Any = memoryview(cast(Any, prices))
        self.layer = self.wide * self.deep
        self._made = np.zeros((many[1], many[0]), np.bool_)

    def cell(self, x: float, y: float) -> int:
        """The cell of a point; -1 outside."""
        i, j = math.floor((x - self.x) / CELL) + 1, math.floor((y - self.y) / CELL) + 1
        inside = 1 <= i < self.wide - 1 and 1 <= j < self.deep - 1
        return j * self.wide + i if inside else -1

    def centre(self, node: int) -> tuple[float, float, float]:
        """World position of a node (cell and level)."""
        j, i = divmod(node % self.layer, self.wide)
        return self.x + (i - 0.5) * CELL, self.y + (j - 0.5) * CELL, float(self.z[node])

    def block_of(self, cell: int) -> tuple[int, int] | None:
        """The block of a cell if it has not been made yet."""
        j, i = divmod(cell, self.wide)
        if not (1 <= i < self.wide - 1 and 1 <= j < self.deep - 1):
            return None
        place = (i - 1) // BLOCK, (j - 1) // BLOCK
        return None if self._made[place[1], place[0]] else place

    def need(self, cell: int, reach: int) -> Iterator[None]:
        """Make the blocks that the neighbourhood of a cell touches."""
        for dy in (-reach, 0, reach):
            for dx in (-reach, 0, reach):
                place = self.block_of(cell + dy * self.wide + dx)
                if place is not None:
                    yield from self._make(place)

    def level(self, cell: int, z: float, up: float, down: float) -> int:
        """The node of a cell that feet at height ``z`` come to; -1 if there is none."""
        best, height = -1, -math.inf
        for node in range(cell, LEVELS * self.layer, self.layer):
            there = self.z[node]
            if there != there:
                break
            if z - down <= there <= z + up and there > height:
                best, height = node, there
        return best

    def forbid(self, x: float, y: float, z: float, radius: float) -> None:
        """Nobody goes there any more."""
        middle, reach = self.cell(x, y), math.ceil(radius / CELL)
        if middle < 0:
            return
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                for node in range(middle + dy * self.wide + dx, LEVELS * self.layer, self.layer):
                    cx, cy, cz = self.centre(node)
                    if node >= 0 and math.hypot(cx - x, cy - y) <= radius and abs(cz - z) < DROP_M:
                        self.price[node] = math.inf

    # --- making blocks -------------------------------------------------------------------------------------------

    def _make(self, place: tuple[int, int]) -> Iterator[None]:
        self._made[place[1], place[0]] = True
        side = CELL * BLOCK
        x, y = self.x + place[0] * side, self.y + place[1] * side
        low, high = (
            np.array([x - ROOM_M, y - ROOM_M, -np.inf]),
            np.array([x + side + ROOM_M, y + side + ROOM_M, np.inf]),
        )
        block = _prepared(self._world.cut(low, high), x + CELL / 2, y + CELL / 2)
        yield
        hits: list[tuple[Int64, Float64, UInt8, Float64]] = []
        for part in _columns(block):
            hits.append(part)
            yield
        levels = self._levels(hits)
        yield
        room = np.where(_at_edge(levels, self._body), EDGE_M, ROOM_M)
        for _ in _near_walls(block, levels, room, self._body):
            yield
        self._put(place, levels, room)
        yield

    def _levels(self, hits: list[tuple[Int64, Float64, UInt8, Float64]]) -> Float64:
        """float64 (LEVELS, BLOCK * BLOCK): heights that one can stand on, lowest first; NaN = none."""
        body, count = self._body, BLOCK * BLOCK
        cell = np.concatenate([np.zeros(0, np.int64), *(h[0] for h in hits)])
        z = np.concatenate([np.zeros(0), *(h[1] for h in hits)])
        kind = np.concatenate([np.zeros(0, np.uint8), *(h[2] for h in hits)])
        upright = np.concatenate([np.zeros(0), *(h[3] for h in hits)])
        if self._world.plane is not None:
            cell = np.concatenate([cell, np.arange(count)])
            z = np.concatenate([z, np.full(count, self._world.plane)])
            kind = np.concatenate([kind, np.full(count, SOLID | LAND, np.uint8)])
            upright = np.concatenate([upright, np.ones(count)])
        base = float(z.min()) if len(z) else 0.0
        key = cell * _APART + (z - base)
        order = np.argsort(key, kind="stable")
        key, cell, z, kind, upright = key[order], cell[order], z[order], kind[order], upright[order]
        solid, water = key[(kind & SOLID) > 0], key[(kind & WATER) > 0]
        good = ((kind & (SOLID | GREEN)) > 0) & (upright >= math.cos(math.radians(body.slope)))
        good &= ~_any_between(solid, key + 1e-3, key + body.height)
        good &= ~_any_between(water, key - 0.03, key + body.height)
        cell, z = cell[good], z[good]
        first = np.searchsorted(cell, np.arange(count))
        rank = np.arange(len(cell)) - first[cell]
        levels = np.full((LEVELS, count), np.nan)
        fits = rank < LEVELS
        levels[rank[fits], cell[fits]] = z[fits]
        return levels

    def _put(self, place: tuple[int, int], levels: Float64, room: Float64) -> None:
        least = self._body.radius + PAD_M
        share = np.clip((ROOM_M - room) / (ROOM_M - least), 0.0, 1.0)
        prices = np.where(np.isnan(levels) | (room < least), np.inf, 1.0 + NEARNESS * share * share)
        i, j = 1 + place[0] * BLOCK, 1 + place[1] * BLOCK
        for target, values in ((self._heights, levels), (self._prices, prices)):
            view = target.reshape(LEVELS, self.deep, self.wide)
            view[:, j : j + BLOCK, i : i + BLOCK] = values.reshape(LEVELS, BLOCK, BLOCK)


def _prepared(found: Triangles, x: float, y: float) -> _Block:
    """Triangles with their slopes, moved so that the centre of the block's first cell is at zero."""
    corners = found.corners - np.array([x, y, 0.0])
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normal, axis=1)
    good = size > 1e-12
    return _Block(x, y, corners[good], found.kind[good], np.abs(normal[good, 2]) / size[good])


def _any_between(keys: Float64, low: Float64, high: Float64) -> Bool:
    """bool (N,): whether one of sorted ``keys`` lies above ``low`` (N,) and below ``high`` (N,)."""
    if not len(keys):
        return np.zeros(len(low), np.bool_)
    at = np.searchsorted(keys, low, side="right")
    return np.asarray((at < len(keys)) & (keys[np.minimum(at, len(keys) - 1)] < high))


def _pairs(low: Float64, high: Float64) -> Iterator[tuple[Int64, Int64, Int64]]:
    """Which cells lie in boxes (N, 2) of the plane: number of the box, i, j (P,) each, in parts of bounded size."""
    first = np.clip(np.ceil(low / CELL), 0, BLOCK).astype(np.int64)
    last = np.clip(np.floor(high / CELL), -1, BLOCK - 1).astype(np.int64)
    many = np.maximum(last - first + 1, 0)
    count = many[:, 0] * many[:, 1]
    boxes = np.flatnonzero(count)
    ends = np.cumsum(count[boxes])
    start = 0
    while start < len(boxes):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _PAIRS, side="right")))
        own = boxes[start:stop]
        which = np.repeat(own, count[own])
        inner = np.arange(len(which)) - np.repeat(np.cumsum(count[own]) - count[own], count[own])
        yield which, first[which, 0] + inner % many[which, 0], first[which, 1] + inner // many[which, 0]
        start = stop


def _columns(block: _Block) -> Iterator[tuple[Int64, Float64, UInt8, Float64]]:
    """What plumb lines through the cells' centres meet: cell, height, kind and slope (H,) each, in parts."""
    flat = block.upright > UPRIGHT
    corners, kind, upright = block.corners[flat], block.kind[flat], block.upright[flat]
    a = corners[:, 0]
    e1, e2 = corners[:, 1] - a, corners[:, 2] - a
    inverse = 1.0 / (e1[:, 0] * e2[:, 1] - e1[:, 1] * e2[:, 0])
    for which, i, j in _pairs(corners[:, :, :2].min(axis=1), corners[:, :, :2].max(axis=1)):
        dx, dy = i * CELL - a[which, 0], j * CELL - a[which, 1]
        u = (e2[which, 1] * dx - e2[which, 0] * dy) * inverse[which]
        v = (e1[which, 0] * dy - e1[which, 1] * dx) * inverse[which]
        hit = (u >= -1e-7) & (v >= -1e-7) & (u + v <= 1.0 + 1e-7)
        own = which[hit]
        z = a[own, 2] + u[hit] * e1[own, 2] + v[hit] * e2[own, 2]
        yield j[hit] * BLOCK + i[hit], z, kind[own], upright[own]


def _at_edge(levels: Float64, body: Body) -> Bool:
    """bool (LEVELS, cells): places beside which there is no ground within a step up or a drop down."""
    grid = np.pad(levels.reshape(LEVELS, BLOCK, BLOCK), ((0, 0), (1, 1), (1, 1)), mode="edge")
    edge = np.zeros((LEVELS, BLOCK, BLOCK), np.bool_)
    for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2)):
        beside = grid[:, dy : dy + BLOCK, dx : dx + BLOCK]
        away = beside[None] - grid[:, None, 1:-1, 1:-1]
        edge |= ~((away <= body.step + 0.1) & (away >= -min(body.fall, DROP_M))).any(axis=1)
    return edge.reshape(LEVELS, -1)


def _near_walls(block: _Block, levels: Float64, room: Float64, body: Body) -> Iterator[None]:
    """Bring ``room`` (LEVELS, cells) down to the distance of walls in the height of the body."""
    standing = levels[~np.isnan(levels)]
    if not len(standing):
        return
    solid = ((block.kind & SOLID) > 0) & (block.upright < math.cos(math.radians(body.slope)))
    z = block.corners[:, :, 2]
    solid &= (z.max(axis=1) > standing.min() + body.shin) & (z.min(axis=1) < standing.max() + body.height)
    corners, wall = block.corners[solid], block.upright[solid] <= UPRIGHT
    yield from _near_edges(_as_edges(corners[wall], upright=True), levels, room, body)
    yield from _near_edges(_as_edges(corners[~wall], upright=False), levels, room, body)


def _as_edges(corners: Float64, upright: bool) -> Float64:
    """Triangles (T, 3, 3) as what they are from above, float64 (E, 3, 3): first, middle and last corner along it.

    An upright triangle is one line; a slope is its three sides, each as high as the whole triangle.
    """
    if upright:
        flat = corners[:, :, :2]
        sides = np.linalg.norm(flat - np.roll(flat, -1, axis=1), axis=2)
        start = sides.argmax(axis=1)
        rows = np.arange(len(corners))
        return np.stack([corners[rows, start], corners[rows, (start + 2) % 3], corners[rows, (start + 1) % 3]], axis=1)
    low, high = corners[:, :, 2].min(axis=1), corners[:, :, 2].max(axis=1)
    parts = []
    for k in range(3):
        side = np.stack([corners[:, k], corners[:, k], corners[:, (k + 1) % 3]], axis=1)
        side[:, 0, 2], side[:, 1, 2], side[:, 2, 2] = low, high, low
        parts.append(side)
    # the interval of heights is that between the line first-last and the way over the middle: here all of it
    return np.concatenate(parts) if parts else np.zeros((0, 3, 3))


def _near_edges(edges: Float64, levels: Float64, room: Float64, body: Body) -> Iterator[None]:
    a, b = edges[:, 0, :2], edges[:, 2, :2]
    way = b - a
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-9)
    middle = np.clip(((edges[:, 1, :2] - a) * way).sum(axis=1) / length, 0.0, length)
    slope = edges[:, 1, 2] >= np.maximum(edges[:, 0, 2], edges[:, 2, 2])
    slope &= (edges[:, 0, 2] == edges[:, 2, 2]) & (middle == 0.0)
    low, high = np.minimum(a, b) - ROOM_M, np.maximum(a, b) + ROOM_M
    for which, i, j in _pairs(low, high):
        dx, dy = i * CELL - a[which, 0], j * CELL - a[which, 1]
        t = np.clip((dx * way[which, 0] + dy * way[which, 1]) / length[which], 0.0, length[which])
        away = np.hypot(dx - t * way[which, 0] / length[which], dy - t * way[which, 1] / length[which])
        close = away < ROOM_M
        which, t, away, cell = which[close], t[close], away[close], (j * BLOCK + i)[close]
        bottom, top = _heights(edges[which], length[which], middle[which], t, body.radius)
        bottom = np.where(slope[which], edges[which, 0, 2], bottom)
        top = np.where(slope[which], edges[which, 1, 2], top)
        for level, place in zip(levels, room, strict=True):
            ground = level[cell]
            met = (ground + body.shin < top) & (ground + body.height > bottom)
            np.minimum.at(place, cell[met], away[met])
        yield


def _heights(edges: Float64, length: Float64, middle: Float64, t: Float64, reach: float) -> tuple[Float64, Float64]:
    """Lowest and highest point of upright triangles within ``reach`` of a distance ``t`` along them, (P,) each."""
    bottom, top = np.full(len(t), np.inf), np.full(len(t), -np.inf)
    z0, z1, z2 = edges[:, 0, 2], edges[:, 1, 2], edges[:, 2, 2]
    for at in (t - reach, t, t + reach, np.clip(middle, t - reach, t + reach)):
        u = np.clip(at, 0.0, length)
        long = z0 + (z2 - z0) * u / length
        before, after = np.maximum(middle, 1e-9), np.maximum(length - middle, 1e-9)
        short = np.where(u < middle, z0 + (z1 - z0) * u / before, z1 + (z2 - z1) * (u - middle) / after)
        bottom, top = np.minimum(bottom, np.minimum(long, short)), np.maximum(top, np.maximum(long, short))
    return bottom, top
