"""What a raster or vector file held besides the picture made of it, for analysis and for draping.

A `CityData` made of such a file carries it as ``source``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loaders.city import Bool, CrsInfo, Float32, Float64

RasterKind = Literal["elevation", "water", "values", "image"]


@dataclass(frozen=True, slots=True)
class BandInfo:
    """One band: its name, unit ("" = unknown) and description; ``low`` and ``high`` of its values, NaN if none."""

    name: str
    unit: str
    description: str
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class RasterData:
    """A grid of values.

    Attributes:
        crs: the CRS of ``transform``, which need not be that of the picture.
        transform: a, b, c, d, e, f (GDAL's affine order); the outer corner of cell (column, row) lies at
            x = a column + b row + c, y = d column + e row + f. Values belong to the middles of cells.
        values: float32 (bands, rows, columns), scale and offset applied, NaN = no data.
        vertical: the vertical CRS, "EPSG:5709" say; None = unknown.
    """

    name: str
    crs: CrsInfo
    transform: tuple[float, float, float, float, float, float]
    values: Float32
    bands: tuple[BandInfo, ...]
    vertical: str | None
    kind: RasterKind

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return int(self.values.shape[1]), int(self.values.shape[2])


@dataclass(frozen=True, slots=True)
class VectorLayer:
    """One layer of a vector file: ``features`` counts all, drawn or not; ``has_z``: some have heights of their own."""

    name: str
    geometry_types: tuple[str, ...]
    features: int
    crs: CrsInfo
    has_z: bool


@dataclass(frozen=True, slots=True)
class VectorData:
    """The layers of a vector file."""

    layers: tuple[VectorLayer, ...]


def same_plane(one: str, other: str) -> bool:
    """True if two CRSs ("EPSG:28992", "EPSG:7415") have the same plane coordinates, whatever their heights."""
    if one == other:
        return True
    from loaders._georef import frame  # pyproj comes in only for CRSs of different names

    first, second = (frame(name.partition("+")[0]).horizontal for name in (one, other))
    return first is not None and second is not None and bool(first.equals(second, ignore_axis_order=True))


def cell_position(raster: RasterData, xy: Float64) -> tuple[Float64, Float64]:
    """Column and row of places xy float64 (N, 2) in the raster's CRS, counted in cells between cell middles."""
    a, b, c, d, e, f = raster.transform
    x, y = xy[:, 0] - c, xy[:, 1] - f
    size = a * e - b * d
    return (e * x - b * y) / size - 0.5, (a * y - d * x) / size - 0.5


def sample(raster: RasterData, xy: Float64, band: int = 0) -> Float64:
    """Bilinear values at places xy float64 (N, 2) in ``raster.crs``: float64 (N,).

    NaN outside the raster and where the value of a cell that counts is missing. In the outer half of the outermost
    cells the nearest cells count.
    """
    grid = raster.values[band]
    rows, columns = grid.shape
    if not grid.size:
        return np.full(len(xy), np.nan)
    column, row = cell_position(raster, np.asarray(xy, np.float64))
    edge = 1e-6  # rounding of coordinates may put a corner of the raster a little outside
    inside: Bool = (column >= -0.5 - edge) & (column <= columns - 0.5 + edge)
    inside &= (row >= -0.5 - edge) & (row <= rows - 0.5 + edge)
    column = np.clip(np.where(inside, column, 0.0), 0, columns - 1)
    row = np.clip(np.where(inside, row, 0.0), 0, rows - 1)
    left, top = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
    u, v = column - left, row - top
    total = np.zeros(len(column))
    for down, right, weight in ((0, 0, (1 - u) * (1 - v)), (0, 1, u * (1 - v)), (1, 0, (1 - u) * v), (1, 1, u * v)):
        value = grid[np.minimum(top + down, rows - 1), np.minimum(left + right, columns - 1)].astype(np.float64)
        total += np.where(weight > 0, value * weight, 0.0)
    total[~inside] = np.nan
    return total
