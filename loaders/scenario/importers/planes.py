"""Planes cut out of NetCDF files, turned and shifted to where they lie, as bands of a GeoTIFF."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from loaders.city import Float32, Float64
from loaders.scenario.importers.kit import Draft, clean_name

MOST_BANDS = 65_535
"""Bands that a GeoTIFF can have."""
MOST_CELLS = 200_000_000
_UNEVEN = 1e-2
"""Cells may lie off a regular grid by this share of their size."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A regular grid whose rows run from north to south.

    Attributes: transform: a, b, c, d, e, f as in `loaders.layers.RasterData`; rows, columns; upside_down: the rows of
    the source run the other way.
    """

    transform: tuple[float, float, float, float, float, float]
    rows: int
    columns: int
    upside_down: bool


def plane_of_axes(x: Float64, y: Float64, origin: tuple[float, float] = (0.0, 0.0), angle: float = 0.0) -> Plane:
    """The plane of cells about x float64 (columns,) and y float64 (rows,).

    Args:
        origin: easting and northing of the place where x and y are 0.
        angle: degrees by which the axes are turned clockwise (0: y points north).

    Raises:
        ValueError: the cells do not lie evenly.
    """
    wide, tall = _step(x, "x"), _step(y, "y")
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    east = (wide * cosine, tall * sine)
    north = (-wide * sine, tall * cosine)
    x0, y0 = float(x[0]) - wide / 2, float(y[0]) - tall / 2
    corner = (origin[0] + x0 * cosine + y0 * sine, origin[1] - x0 * sine + y0 * cosine)
    return _plane((*east, corner[0], *north, corner[1]), len(y), len(x))


def plane_of_places(x: Float64, y: Float64) -> Plane:
    """The plane of cells about places x, y float64 (rows, columns), NaN where unknown; a grid may be turned.

    Raises:
        ValueError: the places do not lie evenly.
    """
    rows, columns = x.shape
    right, down = np.meshgrid(np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64))
    known = np.isfinite(x) & np.isfinite(y)
    if min(rows, columns) < 2 or np.count_nonzero(known) < 4:
        raise ValueError("its grid has fewer than two rows or columns with places")
    unknowns = np.stack([right[known], down[known], np.ones(np.count_nonzero(known))], axis=1)
    shift = (float(x[known].mean()), float(y[known].mean()))
    goal = np.stack([x[known] - shift[0], y[known] - shift[1]], axis=1)
    found: Any = np.linalg.lstsq(unknowns, goal)
    solved, rank = found[0], int(found[2])
    a, d, b, e, c, f = (float(value) for value in np.asarray(solved).reshape(-1))
    size = min(math.hypot(a, d), math.hypot(b, e))
    if rank < 3 or size == 0 or abs(a * e - b * d) < 1e-6 * size * size:
        raise ValueError("its grid has no area")
    off = float(np.linalg.norm(unknowns @ solved - goal, axis=1).max())
    if off > max(_UNEVEN * size, 2e-7 * max(map(abs, shift))):  # the second: places told as float32
        raise ValueError("its grid is not regular")
    c, f = c + shift[0] - (a + b) / 2, f + shift[1] - (d + e) / 2
    return _plane((a, b, c, d, e, f), rows, columns)


def _plane(transform: tuple[float, float, float, float, float, float], rows: int, columns: int) -> Plane:
    a, b, c, d, e, f = transform
    if not all(map(math.isfinite, transform)) or rows * columns > MOST_CELLS:
        raise ValueError("its grid is too large, or lies nowhere")
    if e > 0:
        return Plane((a, -b, c + b * rows, d, -e, f + e * rows), rows, columns, True)
    return Plane(transform, rows, columns, False)


def _step(places: Float64, axis: str) -> float:
    if len(places) < 2 or not np.isfinite(places).all():
        raise ValueError(f"its grid has fewer than two places along {axis}")
    gaps = np.diff(places)
    mean = float((places[-1] - places[0]) / (len(places) - 1))
    if mean == 0 or np.abs(gaps - mean).max() > _UNEVEN * abs(mean):
        raise ValueError(f"its grid is not regular along {axis}")
    return mean


def write_planes(draft: Draft, name: str, plane: Plane, frames: Iterable[Float32], count: int) -> str:
    """Write ``count`` frames float32 (rows, columns), NaN = no data, in the rows' order of the source; returns the
    file's path in the package. The draft's CRS must be known."""
    import rasterio

    if not 1 <= count <= MOST_BANDS:
        raise draft.refuse(draft.inputs[0], f"{name!r} has {count:,} steps.", f"At most {MOST_BANDS:,} can be taken.")
    target = clean_name(f"{name}.tif")
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": plane.columns, "height": plane.rows, "count": count, "dtype": "float32",
        "transform": rasterio.Affine(*plane.transform), "nodata": math.nan, "compress": "deflate", "predictor": 3,
        "tiled": True, "blockxsize": 256, "blockysize": 256, "crs": draft.crs, "interleave": "band",
        "BIGTIFF": "IF_SAFER",
    }  # fmt: skip
    with rasterio.open(draft.data(target), "w", **profile) as out:
        for number, frame in enumerate(frames):
            draft.progress.report(number / count, f"cutting out {name}"[:60])
            out.write(np.ascontiguousarray(frame[::-1] if plane.upside_down else frame, np.float32), number + 1)
    return f"data/{target}"


def filled(values: Any) -> Float32:
    """What netCDF4 read as float32 with NaN where it is masked, infinite or beyond all reason (old fill values)."""
    array = np.ma.filled(np.ma.asarray(values).astype(np.float32), np.nan)
    array[~(np.abs(array) < 1e30)] = np.nan
    return array


def exact(values: Any) -> Float64:
    """What netCDF4 read as float64 with NaN where it is masked."""
    return np.asarray(np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan), np.float64)
