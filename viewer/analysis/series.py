"""How a result goes over time at one place, and when it is highest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from loaders.city import Float32, Float64
from loaders.scenario.model import Grid, Result, TimeAxis

MOST_CELLS = 4_000_000
"""Values of a step looked at for its maximum; of larger ones every n-th."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values at the steps of an axis: float64 (T,), NaN where there is none; low and high likewise or None."""

    time: TimeAxis
    values: Float64
    low: Float64 | None = None
    high: Float64 | None = None


def series_of_row(result: Result, row: int) -> Series:
    """The series of one object, feature, face, node or receiver. IndexError if there is no such row."""
    parts = [result.values, result.low, result.high]
    values, low, high = (None if part is None else _finite(np.asarray(part[:, row])) for part in parts)
    assert values is not None
    return Series(result.time, values, low, high)


def cell_of(grid: Grid, x: float, y: float) -> tuple[int, int] | None:
    """Row and column of the cell at a place in the grid's CRS; None outside, and for what is no place (NaN)."""
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    a, b, c, d, e, f = grid.transform
    size = a * e - b * d
    column = math.floor((e * (x - c) - b * (y - f)) / size)
    row = math.floor((a * (y - f) - d * (x - c)) / size)
    return (row, column) if 0 <= row < grid.rows and 0 <= column < grid.columns else None


def series_of_place(result: Result, x: float, y: float) -> Series | None:
    """The series of a raster's cell at a place; None outside."""
    cell = None if result.grid is None else cell_of(result.grid, x, y)
    if cell is None:
        return None
    parts = [result.values, result.low, result.high]
    values, low, high = (None if part is None else _finite(np.asarray(part[:, cell[0], cell[1]])) for part in parts)
    assert values is not None
    if result.level is not None:
        values = np.where(np.isnan(values), 0.0, values)
    return Series(result.time, values, low, high)


def maxima(result: Result) -> Float64:
    """The largest value of every step, float64 (T,): marks on the time axis. NaN where a step has none.

    Of steps with more than `MOST_CELLS` values, every n-th value is looked at.
    """
    out = np.full(len(result.time), np.nan)
    for step in range(min(len(out), len(result.values))):
        flat = np.asarray(result.values[step]).reshape(-1)
        flat = flat[:: max(1, flat.size // MOST_CELLS)]
        known = flat[np.isfinite(flat)]
        if known.size:
            out[step] = float(known.max())
    return out


def _finite(values: Float32) -> Float64:
    out = np.asarray(values, np.float64).copy()
    out[~np.isfinite(out)] = np.nan
    return out
