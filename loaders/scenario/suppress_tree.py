"""Zones that hold each other, and the changes to their numbers that nobody can see who knows all sums.

A change adds d to a zone, to all zones that hold it up to some zone p, and to one zone in it at every level below; and
takes d from another zone inside of p and from all that hold that one below p. Every sum of zones stays as it is. Where
nothing published lies above, the change needs no counterpart. With one zone in one other it is the rectangle of a plain
table with totals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loaders.city import Bool, Float64, Int64


@dataclass(slots=True, eq=False)
class Tree:
    """Zones by number: ``parent`` int64 (Z,), -1 = held by none; ``levels``: rows by depth, roots first."""

    names: tuple[str, ...]
    parent: Int64
    levels: list[Int64]
    children: list[Int64]

    @property
    def inner(self) -> Bool:
        """bool (Z,): zones that hold others."""
        return np.array([len(own) > 0 for own in self.children], np.bool_)


def tree_of(zones: Sequence[str], within: Mapping[str, str], total: str) -> Tree:
    """The zones in order, then those that are only named as holding others. Rings are cut open."""
    holds = {zone: within.get(zone) or (total if zone != total else "") for zone in zones}
    names = list(dict.fromkeys([*zones, *(name for name in holds.values() if name)]))
    number = {name: n for n, name in enumerate(names)}
    parent = np.array([number.get(holds.get(name) or "", -1) for name in names], np.int64)
    depth = np.zeros(len(names), np.int64)
    for n in range(len(names)):
        seen, at = {n}, int(parent[n])
        while at >= 0:
            if at in seen:
                parent[n] = -1
                break
            seen.add(at)
            at = int(parent[at])
        depth[n] = len(seen) - 1 if parent[n] >= 0 else 0
    levels = [np.flatnonzero(depth == level) for level in range(int(depth.max(initial=0)) + 1)]
    children = [np.flatnonzero(parent == n) for n in range(len(names))]
    return Tree(tuple(names), parent, levels, children)


@dataclass(slots=True, eq=False)
class Cells:
    """Zones x columns of numbers (NaN = not published), which are hidden, and the column of the total (-1 = none)."""

    tree: Tree
    numbers: Float64
    hidden: Bool
    total: int
    fixed: Bool
    """bool (Z,): zones whose numbers must stay: other tables tell of them too."""


def close(cells: Cells, small: Bool, least: float) -> bool:
    """Hide, for every small cell, the cheapest change by which it could as well be ``least`` more. False if there is
    none for one of them; then everything is hidden."""
    known = np.nan_to_num(cells.numbers, nan=0.0)
    shrinks = known >= least
    free = np.repeat(cells.tree.inner[:, None], known.shape[1], axis=1)
    if cells.total >= 0:
        free[:, cells.total] = True  # a total holds at least what its parts hold
    shrinks |= ~np.isfinite(cells.numbers) & free
    for i, j in sorted(zip(*np.nonzero(small), strict=True), key=lambda place: known[place]):
        if not _close_one(cells, known, shrinks, int(i), int(j)):
            cells.hidden[:] = True
            return False
    return True


def _close_one(cells: Cells, known: Float64, shrinks: Bool, i: int, j: int) -> bool:
    price = np.where(cells.hidden, 0.0, 1.0 + known / (1.0 + known.sum()))
    price[cells.fixed] = np.inf
    less = np.where(shrinks, price, np.inf)
    columns = np.arange(known.shape[1])
    along = (columns == cells.total) != (j == cells.total)  # a total changes as its part does
    up = price[:, j, None] + np.where(along, price, less)
    down = less[:, j, None] + np.where(along, less, price)
    up[:, j] = down[:, j] = np.inf
    best_up, best_down = _down_tree(cells, up, j), _down_tree(cells, down, j)
    cost, column, climb, other = np.inf, -1, [], -1
    at, path, spent = i, [], np.zeros(len(columns))
    while True:
        path.append(at)
        spent = spent + (best_up[i] if at == i else up[at])
        above = int(cells.tree.parent[at])
        beside = cells.tree.children[above][cells.tree.children[above] != at] if above >= 0 else np.zeros(0, np.int64)
        options = best_down[beside] if above >= 0 else np.zeros((1, len(columns)))
        if len(options):
            totals = options + spent
            place = np.unravel_index(int(np.argmin(totals)), totals.shape)
            if totals[place] < cost:
                cost, column, climb = float(totals[place]), int(place[1]), list(path)
                other = int(beside[place[0]]) if above >= 0 else -1
        if above < 0:
            break
        at = above
    if not np.isfinite(cost):
        return False
    zones = [*climb, *_way_down(cells, best_up, i, j, column)]
    zones += [other, *_way_down(cells, best_down, other, j, column)] if other >= 0 else []
    cells.hidden[np.array(zones), j] = cells.hidden[np.array(zones), column] = True
    return True


def _bare(cells: Cells, j: int) -> Bool:
    """bool (Z, M): zones in which nothing is published of column j nor of the other: they end a way down."""
    there = np.isfinite(cells.numbers)
    below = np.zeros(there.shape, np.bool_)
    for level in reversed(cells.tree.levels[1:]):
        parent = cells.tree.parent[level]
        np.logical_or.at(below, parent, below[level] | there[level])
    return np.asarray(~(below | below[:, j, None]))


def _down_tree(cells: Cells, cost: Float64, j: int) -> Float64:
    """The least cost of a way from each zone down to one that holds no other, float64 (Z, M)."""
    out = cost.copy()
    bare = _bare(cells, j)
    for level in reversed(cells.tree.levels[1:]):
        parents = np.unique(cells.tree.parent[level])
        least = np.full(cost.shape, np.inf)
        np.minimum.at(least, cells.tree.parent[level], out[level])
        out[parents] = cost[parents] + np.where(bare[parents], 0.0, least[parents])
    return out


def _way_down(cells: Cells, best: Float64, zone: int, j: int, column: int) -> list[int]:
    """The zones below on the cheapest way."""
    bare, found = _bare(cells, j), []
    while len(cells.tree.children[zone]) and not bare[zone, column]:
        own = cells.tree.children[zone]
        zone = int(own[np.argmin(best[own, column])])
        found.append(zone)
    return found


def path_up(tree: Tree, zone: int) -> list[int]:
    """The zone and all that hold it, innermost first."""
    found = []
    while zone >= 0:
        found.append(zone)
        zone = int(tree.parent[zone])
    return found
