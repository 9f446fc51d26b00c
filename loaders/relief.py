"""A grid of heights to as few triangles as its relief needs: a right-triangulated irregular network.

Evans, Kirkpatrick, Townsend 2001, "Right-Triangulated Irregular Networks", Algorithmica 30; the binary triangle tree of
Duchaineau et al. 1997 (ROAM). The grid is cut into squares of 64 cells; a square is two right triangles, which are
halved at the middle of their longest side as long as they miss a height by more than the tolerance. Two triangles
on a longest side are always halved together, so the mesh has no cracks. Errors are true ones: of every height against
the plane of each triangle that could stand for it, over all levels, by one matrix product a level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, Float32, Float64, Int32, Int64
from loaders.tiling import morton

ROOT_CELLS = 64
"""Cells along the side of the largest triangles; a power of two."""
TOLERANCE = 0.15
"""Metres by which the mesh may miss a height."""
MAX_TRIANGLES = 1_000_000
_BAND_CELLS = 4_000_000
"""Heights looked at in one step: bounds the memory."""
_TILE_TRIANGLES = 32_000

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Triangles over a grid.

    Attributes:
        vertices: int32 (V, 2), row and column of the heights that are corners.
        triangles: int32 (T, 3) into ``vertices``, counter-clockwise with rows downwards and columns to the right.
        tile_start: int64 (K + 1,): triangles of tile k; neighbours in space, 10,000 to 50,000 where there are so many.
        tolerance: no height of a meshed cell is missed by more, in the unit of the heights.
    """

    vertices: Int32
    triangles: Int32
    tile_start: Int64
    tolerance: float


class Relief:
    """Errors of all triangles over one grid; any tolerance can then be meshed quickly."""

    def __init__(self, heights: Float32, report: Report = lambda done: None) -> None:
        """``heights`` float32 (rows, columns), NaN = hole; ``report`` hears a fraction and may raise to stop."""
        rows, columns = heights.shape
        self.side = min(ROOT_CELLS, 1 << max(1, int(max(rows, columns) - 1).bit_length()))
        self._roots = (-(-rows // self.side), -(-columns // self.side))
        size = (self._roots[0] * self.side + 1, self._roots[1] * self.side + 1)
        self._hole = np.ones(size, np.bool_)
        self._hole[:rows, :columns] = ~np.isfinite(heights)
        self._grid = np.zeros(size, np.float32)
        self._grid[:rows, :columns] = heights
        self._grid[self._hole] = 0.0
        valid = ~self._hole
        if valid.any():  # small numbers: float32 products then err by less than a thousandth of the tolerance
            self._grid[valid] -= np.float32(np.median(self._grid[valid][:: max(1, valid.sum() // 100_000)]))
        self.error: Float32 = np.zeros(size, np.float32)
        self._measure(report)

    def _measure(self, report: Report) -> None:
        """From the smallest squares to the largest: what the mesh misses if the middle of a side stays out."""
        some, every = self._unit_holes()
        step = 1
        while step < self.side:
            step *= 2
            some, every = _pool(some, np.logical_or), _pool(every, np.logical_and)
            mixed = some & ~every
            fan, whole = self._square_errors(step)
            fan[:, mixed] = np.inf
            whole[mixed] = np.inf
            self._sides(step, fan)
            self._middles(step, whole)
            report(step / self.side)

    def _unit_holes(self) -> tuple[Bool, Bool]:
        """For every cell between four heights: whether some, and whether all, are missing."""
        corners = [self._hole[:-1, :-1], self._hole[:-1, 1:], self._hole[1:, :-1], self._hole[1:, 1:]]
        return np.logical_or.reduce(corners), np.logical_and.reduce(corners)

    def _square_errors(self, step: int) -> tuple[Float32, Float32]:
        """Largest misses inside each square of ``step`` cells: (4, r, c) by a fan of four from its middle (north, west,
        south, east) and (r, c) by two halves."""
        grid = self._grid
        rows, columns = (grid.shape[0] - 1) // step, (grid.shape[1] - 1) // step
        fan = np.zeros((4, rows, columns), np.float32)
        whole = np.zeros((rows, columns), np.float32)
        weights = _weights(step)
        band = max(1, _BAND_CELLS // (step * (grid.shape[1] - 1)))
        half = step // 2
        for first in range(0, rows, band):
            last = min(first + band, rows)
            part = slice(first * step, last * step)
            blocks = grid[part, :-1].reshape(last - first, step, columns, step).transpose(0, 2, 1, 3)
            flat = np.ascontiguousarray(blocks).reshape(-1, step * step)
            known = np.ascontiguousarray(
                (~self._hole[part, :-1]).reshape(last - first, step, columns, step).transpose(0, 2, 1, 3)
            ).reshape(-1, step * step)
            top, bottom = (
                grid[part.start : part.stop : step, ::step],
                grid[part.start + step : part.stop + 1 : step, ::step],
            )
            middle = grid[part.start + half : part.stop : step, half::step]
            corners = np.stack([top[:, :-1], top[:, 1:], bottom[:, :-1], bottom[:, 1:], middle], axis=-1).reshape(-1, 5)
            missed = np.abs(corners @ weights.fan - flat) * known
            for number, inside in enumerate(weights.quarters):
                fan[number, first:last] = missed[:, inside].max(axis=1).reshape(last - first, columns)
            even = (np.add.outer(np.arange(first, last), np.arange(columns)) % 2 == 0).reshape(-1)
            out = np.empty(len(flat), np.float32)
            for chosen, diagonal in ((even, weights.falling), (~even, weights.rising)):
                missed = np.abs(corners[chosen, :4] @ diagonal - flat[chosen]) * known[chosen]
                out[chosen] = missed.max(axis=1) if len(missed) else 0.0
            whole[first:last] = out.reshape(last - first, columns)
        return fan, whole

    def _sides(self, step: int, fan: Float32) -> None:
        """Errors of the middles of the squares' sides: own ones, and at least those of what they are halved into."""
        error, half, quarter = self.error, step // 2, step // 4
        north, west, south, east = fan
        level = np.zeros((north.shape[0] + 1, north.shape[1]), np.float32)  # the middles of horizontal sides
        level[:-1] = north
        np.maximum(level[1:], south, out=level[1:])
        upright = np.zeros((north.shape[0], north.shape[1] + 1), np.float32)
        upright[:, :-1] = west
        np.maximum(upright[:, 1:], east, out=upright[:, 1:])
        if quarter:
            below = np.maximum(error[quarter::step, quarter::step], error[quarter::step, half + quarter :: step])
            above = np.maximum(
                error[half + quarter :: step, quarter::step], error[half + quarter :: step, half + quarter :: step]
            )
            np.maximum(level[:-1], below, out=level[:-1])
            np.maximum(level[1:], above, out=level[1:])
            right = np.maximum(error[quarter::step, quarter::step], error[half + quarter :: step, quarter::step])
            left = np.maximum(
                error[quarter::step, half + quarter :: step], error[half + quarter :: step, half + quarter :: step]
            )
            np.maximum(upright[:, :-1], right, out=upright[:, :-1])
            np.maximum(upright[:, 1:], left, out=upright[:, 1:])
        error[::step, half::step] = level
        error[half::step, ::step] = upright

    def _middles(self, step: int, whole: Float32) -> None:
        """Errors of the middles of the squares: own ones, and at least those of the middles of their sides."""
        error, half = self.error, step // 2
        level, upright = error[::step, half::step], error[half::step, ::step]
        below = np.maximum(level[:-1], level[1:])
        error[half::step, half::step] = np.maximum.reduce([whole, below, upright[:, :-1], upright[:, 1:]])

    def tolerance_for(self, wanted: float, max_triangles: int) -> float:
        """``wanted``, or the least tolerance beyond it that gives about ``max_triangles`` triangles or fewer."""
        finite = self.error[np.isfinite(self.error)]
        room = max_triangles // 2 - (self.error.size - finite.size)
        if np.count_nonzero(finite > wanted) <= room:
            return wanted
        if room <= 0:  # the outline of the holes alone takes more; nothing to be gained inside
            return max(wanted, float(finite.max(initial=0.0)))
        return max(wanted, float(np.partition(finite, len(finite) - room)[len(finite) - room]))

    def mesh(self, tolerance: float) -> Network:
        """The triangles for a tolerance; triangles with a corner in a hole are left out."""
        width = self.error.shape[1]
        found = self._halve(tolerance, width)
        hole = self._hole.reshape(-1)
        found = found[~hole[found].any(axis=1)]
        # squares along a curve, so that a tile is a compact piece of land
        root = found.min(axis=1) // width // self.side, (found % width).min(axis=1) // self.side
        place = np.zeros(0, np.int64)
        if len(found):
            place = _curve(root[0], root[1])
        order = np.argsort(place, kind="stable")
        found, place = found[order], place[order]
        vertex, index = np.unique(found, return_inverse=True)
        vertices = np.stack([vertex // width, vertex % width], axis=1).astype(np.int32)
        triangles = index.reshape(-1, 3).astype(np.int32)
        return Network(vertices, triangles, _cut(place), tolerance)

    def _halve(self, tolerance: float, width: int) -> Int64:
        """Flat corner numbers (T, 3): right angle, then the ends of the longest side, counter-clockwise."""
        error = self.error.reshape(-1)
        rows, columns = np.indices(self._roots).reshape(2, -1)
        one = rows * self.side * width + columns * self.side
        two, three = one + self.side, one + self.side * width
        four = three + self.side
        falling = (rows + columns) % 2 == 0
        apex = np.concatenate([np.where(falling, two, one), np.where(falling, three, four)])
        a = np.concatenate([np.where(falling, one, three), np.where(falling, four, two)])
        b = np.concatenate([np.where(falling, four, two), np.where(falling, one, three)])
        done: list[Int64] = []
        for _ in range(2 * (self.side.bit_length() - 1)):
            middle = (a + b) // 2
            split = error[middle] > tolerance
            done.append(np.stack([apex[~split], a[~split], b[~split]], axis=1))
            apex, a, b, middle = apex[split], a[split], b[split], middle[split]
            apex, a, b = np.tile(middle, 2), np.concatenate([apex, b]), np.concatenate([a, apex])
        done.append(np.stack([apex, a, b], axis=1))
        return np.concatenate(done).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    falling: Float32
    rising: Float32
    fan: Float32
    quarters: tuple[Bool, ...]


@cache
def _weights(step: int) -> _Weights:
    """Shares of the corners (and, in a fan, of the middle) in the planes over a square, by height inside it."""
    v, u = (axis.reshape(-1) / step for axis in np.indices((step, step)))
    zero = np.zeros_like(u)
    falling = np.where(u >= v, [1 - u, u - v, zero, v], [1 - v, zero, v - u, u])
    rising = np.where(u + v <= 1, [1 - u - v, u, v, zero], [zero, 1 - v, 1 - u, u + v - 1])
    quarters = (
        (v <= u) & (v <= 1 - u),
        (u <= v) & (u <= 1 - v),
        (1 - v <= u) & (1 - v <= 1 - u),
        (1 - u <= v) & (1 - u <= 1 - v),
    )
    fan = np.zeros((5, step * step))
    for inside, (one, two), depth, along in (
        (quarters[0], (0, 1), v, u),
        (quarters[1], (0, 2), u, v),
        (quarters[2], (2, 3), 1 - v, u),
        (quarters[3], (1, 3), 1 - u, v),
    ):
        quarter = np.zeros((5, step * step))
        quarter[4], quarter[one], quarter[two] = 2 * depth, 1 - along - depth, along - depth
        fan = np.where(inside, quarter, fan)
    shares = [np.asarray(weights, np.float32) for weights in (falling, rising, fan)]
    return _Weights(shares[0], shares[1], shares[2], quarters)


def _pool(flags: Bool, join: Callable[..., Bool]) -> Bool:
    return join(join(flags[::2, ::2], flags[::2, 1::2]), join(flags[1::2, ::2], flags[1::2, 1::2]))


def _curve(rows: Int64, columns: Int64) -> Int64:
    return morton(columns.astype(np.float64), rows.astype(np.float64)) if len(rows) else np.zeros(0, np.int64)


def _cut(place: Int64) -> Int64:
    """Where tiles begin, between squares."""
    if not len(place):
        return np.zeros(1, np.int64)
    borders = np.append(np.flatnonzero(np.diff(place)) + 1, len(place))
    begins = [0]
    for end in borders.tolist():
        if end - begins[-1] >= _TILE_TRIANGLES:
            begins.append(end)
    if begins[-1] != len(place):
        begins.append(len(place))
    if len(begins) > 2 and begins[-1] - begins[-2] < 8_000:  # too little for a tile of its own
        del begins[-2]
    return np.array(begins, np.int64)


def network(
    heights: Float32,
    tolerance: float = TOLERANCE,
    max_triangles: int = MAX_TRIANGLES,
    report: Report = lambda done: None,
) -> Network:
    """Mesh heights float32 (rows, columns), NaN = hole; coarser than ``tolerance`` beyond ``max_triangles``."""
    relief = Relief(heights, report)
    return relief.mesh(relief.tolerance_for(tolerance, max_triangles))


def up(points: Float64, triangles: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """The triangles, all turned counter-clockwise as seen from above; points (V, 2 or 3)."""
    a, b, c = (points[triangles[:, corner], :2] for corner in range(3))
    down = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) < (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return np.where(down[:, None], triangles[:, [0, 2, 1]], triangles)
