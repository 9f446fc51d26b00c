"""Scenario: a storm tide runs up the river, hour by hour, without and with raised quays.

Method (a connected bathtub): the water level at the mouth follows a curve over time and holds along the whole river. A
cell is wet at a level when a path of neighbouring cells leads to it from the river on which none lies higher, its
depth is the level less its height. That lowest barrier of every cell is found once, by sweeping the grid in four
directions until nothing changes; walls are burnt into the grid at their crest. Storage, speed and rain are left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from viewer.demo import terrain
from viewer.demo.network import bank

Float64 = npt.NDArray[np.float64]

CELL = 8.0
"""Cell size, metres."""
HOURS = tuple(range(13))
CREST = 4.2
"""Height of the raised quays and dike, metres NAP."""


def level(hour: float) -> float:
    """Water level at the mouth, metres NAP: a surge of 3.35 m over 0.2 m, highest after 6.5 hours."""
    return float(round(0.2 + 3.35 * np.exp(-(((hour - 6.5) / 2.7) ** 2)), 2))


def cell_heights() -> Float64:
    """Height of the solid ground at the middles of cells, first row in the south."""
    marks = np.arange(CELL / 2, terrain.SIDE, CELL)
    return terrain.height(*np.meshgrid(marks, marks))


def walled(heights: Float64) -> Float64:
    """The same with the raised quays in the town and the raised dike along the whole south bank."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    lines = [_wall(700.0, 3090.0, 1), *_south_walls()]
    hit = rasterize(lines, heights.shape, transform=Affine(CELL, 0, 0, 0, -CELL, terrain.SIDE), all_touched=True)[::-1]
    return np.where(hit > 0, np.maximum(heights, CREST), heights)


def _wall(x0: float, x1: float, side: int) -> shapely.LineString:
    return shapely.LineString([(p.real, p.imag) for p in bank(x0, x1, side, 9.0, 20.0)])


def _south_walls() -> list[shapely.LineString]:
    """Along the south bank and around the dock."""
    west, south, east = terrain.DOCK
    left = shapely.get_coordinates(_wall(0.0, west - 12.0, -1)).tolist()
    right = shapely.get_coordinates(_wall(east + 12.0, terrain.SIDE, -1)).tolist()
    return [shapely.LineString([*left, (west - 12, south - 12), (east + 12, south - 12), *right])]


def barriers(heights: Float64) -> Float64:
    """The lowest level at which each cell is reached from the river (or dock)."""
    marks = np.arange(CELL / 2, terrain.SIDE, CELL)
    x, y = np.meshgrid(marks, marks)
    isle = np.abs(y - terrain.axis(x)) < terrain.island_half(x)
    river = ((terrain.off_bank(x, y) < -terrain.bank_slope(x)) & ~isle) | terrain.in_dock(x, y)
    out = np.where(river, -np.inf, np.inf)
    while True:
        before = out.copy()
        for grid, ground in (
            (out, heights),
            (out[::-1], heights[::-1]),
            (out.T, heights.T),
            (out.T[::-1], heights.T[::-1]),
        ):
            for k in range(1, len(grid)):
                np.minimum(grid[k], np.maximum(ground[k], grid[k - 1]), out=grid[k])
        if np.array_equal(before, out):
            return out


def water(heights: Float64, reached: Float64, at: float) -> tuple[Float64, Float64]:
    """Water surface (m NAP) and depth (m) at a level; NaN where dry."""
    wet = (reached <= at) & (heights < at)
    return np.where(wet, at, np.nan), np.where(wet, at - heights, np.nan)
