"""Values of a raster brought to the cells of another one, where its publisher allows that."""

from __future__ import annotations

import numpy as np

from loaders.city import Float32, Float64
from loaders.scenario.model import NOT_MODELLED, Grid

STRIP = 1_000_000
"""Cells brought over together: bounds the memory that it takes."""


def regridded(values: Float32, source: Grid, goal: Grid, how: str) -> Float32:
    """Values float32 (rows, columns) of ``source`` at the middles of the cells of ``goal``, both in one plane CRS.

    ``how``: "nearest" takes the cell in which a middle lies; "bilinear" mixes the four nearest cells, no data where one
    of them has none. Beyond the source nothing was modelled.
    """
    out = np.empty((goal.rows, goal.columns), np.float32)
    tall = max(1, STRIP // max(goal.columns, 1))
    for first in range(0, goal.rows, tall):
        last = min(first + tall, goal.rows)
        row, column = _cells(source, goal, first, last)
        out[first:last] = _nearest(values, row, column) if how == "nearest" else _mixed(values, row, column)
    return out


def _cells(source: Grid, goal: Grid, first: int, last: int) -> tuple[Float64, Float64]:
    """Rows and columns of the source, as fractions counted from its corner, for the middles of rows of the goal."""
    a, b, c, d, e, f = goal.transform
    column, row = np.meshgrid(np.arange(goal.columns) + 0.5, np.arange(first, last) + 0.5)
    x, y = a * column + b * row + c, d * column + e * row + f
    a, b, c, d, e, f = source.transform
    size = a * e - b * d
    return (a * (y - f) - d * (x - c)) / size, (e * (x - c) - b * (y - f)) / size


def _nearest(values: Float32, row: Float64, column: Float64) -> Float32:
    rows, columns = values.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    at = values[
        np.clip(np.floor(row), 0, rows - 1).astype(np.int64), np.clip(np.floor(column), 0, columns - 1).astype(np.int64)
    ]
    return np.where(inside, at, NOT_MODELLED)


def _mixed(values: Float32, row: Float64, column: Float64) -> Float32:
    rows, columns = values.shape
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    top, left = (np.clip(at - 0.5, 0, count - 1) for at, count in ((row, rows), (column, columns)))
    r0, c0 = (np.floor(at).astype(np.int64) for at in (top, left))
    r1, c1 = np.minimum(r0 + 1, rows - 1), np.minimum(c0 + 1, columns - 1)
    down, right = top - r0, left - c0
    total = np.zeros(row.shape)
    outside, gap = ~inside, np.zeros(row.shape, np.bool_)
    for r, c, share in (
        (r0, c0, (1 - down) * (1 - right)),
        (r0, c1, (1 - down) * right),
        (r1, c0, down * (1 - right)),
        (r1, c1, down * right),
    ):
        part = values[r, c].astype(np.float64)
        used = share > 0
        outside |= used & (part == NOT_MODELLED)
        gap |= used & np.isnan(part)
        total += np.where(used & np.isfinite(part), share * np.nan_to_num(part, posinf=0.0, neginf=0.0), 0.0)
    found = np.where(gap, np.nan, total).astype(np.float32)
    return np.where(outside, NOT_MODELLED, found)
