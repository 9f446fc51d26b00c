"""Ways on foot from place to place round what stands between, on a grid that is made of a city where it is needed.

The ground is a grid (`viewer.analysis.way_ground`). The search is A* (Hart, Nilsson and Raphael 1968) with a price for
nearness to walls; what it finds is pulled straight, rounded, and every 0.25 m is tried against the triangles
themselves, as a walker does. All work is cut into pieces of a few milliseconds. Pure.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Generator
from itertools import pairwise

import numpy as np

from loaders.city import Float64
from viewer.analysis.collision import Body, CollisionWorld
from viewer.analysis.way_ground import CELL, DROP_M, Ground

SPACING_M = 0.25
"""Distance between two points of a way."""
BESIDE_M = 2.0
"""What is that near to an arc from above is flown over too."""
ROUND_M = 1.2
"""Standard deviation of the weights that round corners, along the way."""
FARTHEST_M, MARGIN_M = 260.0, 60.0
"""Longest straight distance that a way is looked for, and how far round both ends it may lead at most."""
MOST_CELLS, MOST_REPAIRS, CLOSED_CELLS = 40_000, 4, 600
"""Cells looked at; times that a way which proves too narrow is looked for again; cells of a yard without an exit."""
_AROUND = tuple((dx, dy, math.hypot(dx, dy) * CELL) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)

Slices = Generator[None, None, Float64 | None]


# --- the search --------------------------------------------------------------------------------------------------


def find_way(
    world: CollisionWorld, body: Body, start: tuple[float, float, float], goal: tuple[float, float, float]
) -> Slices:
    """Look for a way on foot between two places where the body stands (feet, world metres), in slices.

    Returns feet float64 (N, 3) at most 0.25 m apart from start to goal, or None where no way is found within the
    bounds of this module. Wherever the body is on it, it fits, and stands on dry ground.
    """
    straight = math.dist(start[:2], goal[:2])
    if straight > FARTHEST_M:
        return None
    margin = min(MARGIN_M, 20.0 + 0.5 * straight)
    low = min(start[0], goal[0]) - margin, min(start[1], goal[1]) - margin
    high = max(start[0], goal[0]) + margin, max(start[1], goal[1]) + margin
    ground = Ground(world, body, low, high)
    direct = yield from _tried(world, body, _points(np.array([start, goal]), body), start[2])
    if not direct[1] and abs(direct[0][-1, 2] - goal[2]) < 0.6:
        return direct[0]
    for _ in range(MOST_REPAIRS):
        nodes = yield from _search(ground, body, start, goal)
        if nodes is None:
            return None
        corners = yield from _pulled(ground, body, nodes)
        line = _points(np.concatenate([[start[:2]], corners, [goal[:2]]]), body)
        found, failed = yield from _tried(world, body, line, start[2], patience=8)
        if not failed:
            return (yield from _rounded(world, body, found))
        for place in failed:
            if min(math.dist(place[:2], start[:2]), math.dist(place[:2], goal[:2])) < 0.5:
                return None
            ground.forbid(*place, body.radius + CELL)
    return None


def find_top(
    world: CollisionWorld, start: tuple[float, float, float], end: tuple[float, float, float]
) -> Generator[None, None, float]:
    """Look for the highest point of what lies under a straight way between two places, in slices; at least theirs."""
    many = min(max(1, math.ceil(math.dist(start[:2], end[:2]) / BESIDE_M / 4.0)), 60)
    corners = np.linspace(start[:2], end[:2], many + 1)
    top = max(start[2], end[2])
    for a, b in pairwise(corners):
        low = np.array([*(np.minimum(a, b) - BESIDE_M), -np.inf])
        high = np.array([*(np.maximum(a, b) + BESIDE_M), np.inf])
        found = world.cut(low, high).corners
        if len(found):
            top = max(top, float(found[:, :, 2].max()))
        yield
    return top


def _search(
    ground: Ground, body: Body, start: tuple[float, ...], goal: tuple[float, ...]
) -> Generator[None, None, list[int] | None]:
    """The cheapest nodes from the one nearest to the start to the one nearest to the goal."""
    first = yield from _entry(ground, start)
    last = yield from _entry(ground, goal)
    if first < 0 or last < 0 or (yield from _closed(ground, body, last, first)):
        return None
    gx, gy, _ = ground.centre(last)
    up, down = body.step + 0.1, min(body.fall, DROP_M)
    cost, came, done = {first: 0.0}, {first: first}, set[int]()
    heap = [(0.0, first)]
    while heap and len(done) < MOST_CELLS:
        node = heapq.heappop(heap)[1]
        if node in done:
            continue
        if node == last:
            return _trace(came, last)
        done.add(node)
        if len(done) % 150 == 0:
            yield
        cell, z, so_far = node % ground.layer, ground.z[node], cost[node]
        if ground.block_of(cell + 1) or ground.block_of(cell - 1) or _rim(ground, cell):
            yield from ground.need(cell, 1)
        for other, way in _neighbours(ground, cell, z, up, down):
            price = so_far + way * 0.5 * (ground.price[node] + ground.price[other])
            if price < cost.get(other, math.inf):
                cost[other], came[other] = price, node
                x, y, _ = ground.centre(other)
                heapq.heappush(heap, (price + math.hypot(gx - x, gy - y), other))
    return None


def _rim(ground: Ground, cell: int) -> bool:
    return ground.block_of(cell + ground.wide) is not None or ground.block_of(cell - ground.wide) is not None


def _neighbours(ground: Ground, cell: int, z: float, up: float, down: float) -> list[tuple[int, float]]:
    """Nodes beside a node, and their distances; no corner is cut."""
    nodes: dict[tuple[int, int], int] = {}
    for dx, dy, _ in _AROUND:
        if not dx or not dy:
            node = ground.level(cell + dy * ground.wide + dx, z, up, down)
            nodes[dx, dy] = node if node >= 0 and ground.price[node] < math.inf else -1
    found = []
    for dx, dy, way in _AROUND:
        if not dx or not dy:
            node = nodes[dx, dy]
        elif nodes[dx, 0] < 0 or nodes[0, dy] < 0:
            continue
        else:
            node = ground.level(cell + dy * ground.wide + dx, z, up, down)
            node = node if node >= 0 and ground.price[node] < math.inf else -1
        if node >= 0:
            found.append((node, way))
    return found


def _entry(ground: Ground, point: tuple[float, ...]) -> Generator[None, None, int]:
    """The free node nearest to a point; -1 if there is none within 1.5 m."""
    middle = ground.cell(point[0], point[1])
    if middle < 0:
        return -1
    yield from ground.need(middle, 4)
    best, nearest = -1, 1.6
    for dy in range(-3, 4):
        for dx in range(-3, 4):
            node = ground.level(middle + dy * ground.wide + dx, point[2], 0.6, 0.6)
            if node >= 0 and ground.price[node] < math.inf:
                x, y, _ = ground.centre(node)
                away = math.hypot(x - point[0], y - point[1])
                if away < nearest:
                    best, nearest = node, away
    return best


def _closed(ground: Ground, body: Body, goal: int, start: int) -> Generator[None, None, bool]:
    """True if the goal lies in a small yard that the start is not in: no way leads out of it."""
    seen, todo = {goal}, [goal]
    reach = max(body.step, min(body.fall, DROP_M)) + 0.1
    while todo and len(seen) < CLOSED_CELLS:
        node = todo.pop(0)
        yield from ground.need(node % ground.layer, 1)
        for other, _ in _neighbours(ground, node % ground.layer, ground.z[node], reach, reach):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return not todo and start not in seen


def _trace(came: dict[int, int], node: int) -> list[int]:
    nodes = [node]
    while came[node] != node:
        node = came[node]
        nodes.append(node)
    return nodes[::-1]


# --- from cells to a way -----------------------------------------------------------------------------------------


def _pulled(ground: Ground, body: Body, nodes: list[int]) -> Generator[None, None, Float64]:
    """Corners (C, 2) of the way through nodes, where a straight piece is not dearer than the cells that it replaces."""
    places = [ground.centre(node) for node in nodes]
    price = [0.0]
    for a, b, node in zip(places, places[1:], nodes[1:], strict=False):
        price.append(price[-1] + math.dist(a[:2], b[:2]) * ground.price[node])
    kept, at = [0], 0
    while at < len(nodes) - 1:
        best, step = at + 1, 2
        while at + 1 < len(nodes):
            to = min(at + step, len(nodes) - 1)
            if _price_of(ground, body, places[at], places[to]) > 1.03 * (price[to] - price[at]) + 0.1:
                break
            best = to
            if to == len(nodes) - 1:
                break
            step = max(step + 1, int(step * 1.25))
        yield
        kept.append(best)
        at = best
    return np.array([places[k][:2] for k in kept])


def _price_of(ground: Ground, body: Body, a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """What a straight piece costs; inf where it leads over cells that nobody can go to."""
    way = math.dist(a[:2], b[:2])
    many = max(1, math.ceil(way / (CELL / 2)))
    z, total = a[2], 0.0
    for k in range(1, many + 1):
        share = k / many
        cell = ground.cell(a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
        node = ground.level(cell, z, body.step + 0.1, min(body.fall, DROP_M)) if cell >= 0 else -1
        if node < 0:
            return math.inf
        z = ground.z[node]
        total += ground.price[node] * way / many
    return float(total) if abs(z - b[2]) < 0.5 else math.inf


def _spacing(body: Body) -> float:
    """Distance between points over which the steepest ground rises by a step at most."""
    return min(SPACING_M, max(body.step, 0.02) / math.tan(math.radians(body.slope)))


def _points(corners: Float64, body: Body) -> Float64:
    """Points (N, 2) along a line of corners, equally far apart, at most `_spacing`."""
    flat = np.asarray(corners, np.float64)[:, :2]
    flat = flat[np.concatenate([[True], np.linalg.norm(np.diff(flat, axis=0), axis=1) > 1e-6])]
    if len(flat) == 1:
        return np.array(flat)
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(flat, axis=0), axis=1))])
    at = np.linspace(0.0, gone[-1], max(2, math.ceil(float(gone[-1]) / _spacing(body)) + 1))
    return np.stack([np.interp(at, gone, flat[:, k]) for k in range(2)], axis=1).astype(np.float64)


def _tried(
    world: CollisionWorld, body: Body, line: Float64, z: float, patience: int = 1
) -> Generator[None, None, tuple[Float64, list[tuple[float, float, float]]]]:
    """The feet on a line (N, 2), and the first places where the body does not fit, at most ``patience``."""
    feet: list[tuple[float, float, float]] = []
    failed: list[tuple[float, float, float]] = []
    for k, (x, y) in enumerate(line.tolist()):
        height = _stands(world, body, x, y, z, first=k == 0)
        if height is None:
            failed.append((x, y, z))
            if len(failed) >= patience:
                break
        else:
            z = height
        feet.append((x, y, z))
        if k % 12 == 11:
            yield
    return np.array(feet).reshape(-1, 3), failed


def _stands(world: CollisionWorld, body: Body, x: float, y: float, z: float, first: bool = False) -> float | None:
    """The height of feet that come to a point from height ``z``; None where the body does not fit, or gets wet."""
    ground = world.floor(x, y, z, body)
    if ground is None or ground.z < z - min(body.fall, DROP_M):
        return None
    if (ground.wet or ground.steep) and not first:
        return None
    wall = world.wall(x, y, ground.z + body.shin, ground.z + body.height, body.radius)
    return ground.z if wall is None or first else None


def _rounded(world: CollisionWorld, body: Body, feet: Float64) -> Generator[None, None, Float64]:
    """The way with round corners as far as there is room for them."""
    line = feet[:, :2]
    weight = np.ones(len(line))
    for _ in range(6):
        soft = _blended(line, weight, _spacing(body))
        tried = yield from _all_tried(world, body, soft, feet)
        bad = np.isnan(tried)
        jumps = np.flatnonzero(np.abs(np.diff(tried)) > body.step + 0.05)
        bad[jumps] = True
        if not bad.any():
            return np.column_stack([soft, tried])
        spread = np.convolve(bad, np.ones(2 * round(ROUND_M / _spacing(body)) + 3), "same") > 0.0
        weight = np.where(spread, weight * 0.4, weight)
    weight = np.where(weight < 1.0, 0.0, weight)
    soft = _blended(line, weight, _spacing(body))
    tried = yield from _all_tried(world, body, soft, feet)
    return feet if np.isnan(tried).any() else np.column_stack([soft, tried])


def _all_tried(world: CollisionWorld, body: Body, line: Float64, feet: Float64) -> Generator[None, None, Float64]:
    """Heights (N,) of the feet beside those of a way that is known to be good; NaN where the body does not fit."""
    found = np.full(len(line), np.nan)
    for k, (x, y) in enumerate(line.tolist()):
        height = _stands(world, body, x, y, float(feet[k, 2]), first=k in (0, len(line) - 1))
        found[k] = np.nan if height is None else height
        if k % 12 == 11:
            yield
    return found


def _blended(line: Float64, weight: Float64, spacing: float) -> Float64:
    """Each point (N, 2) as the mean of those around it, the wider the heavier its weight (0 = as it is)."""
    reach = min(round(3.0 * ROUND_M / spacing), len(line) - 1)
    if reach < 1:
        return line
    near = np.exp(-0.5 * (np.arange(-reach, reach + 1) * spacing / ROUND_M) ** 2)
    near /= near.sum()
    # mirrored through the ends, which stay where they are
    padded = np.concatenate([2 * line[:1] - line[reach:0:-1], line, 2 * line[-1:] - line[-2 : -reach - 2 : -1]])
    calm = np.stack([np.convolve(column, near, "valid") for column in padded.T], axis=1)
    soft = weight[:, None]
    return np.asarray(line + soft * (calm - line))
