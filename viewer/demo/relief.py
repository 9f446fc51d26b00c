"""Rasters of the demo town: its terrain, and how rasters are written (GeoTIFF, the same bytes each time)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.demo import terrain
from viewer.demo.lots import KERB
from viewer.demo.writer import ORIGIN

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

STEP, MARGIN = 2.0, 400.0
"""Cell size, and how far the terrain goes on beyond the modelled square, metres."""
LOWER = 0.3
"""How far the terrain lies under the ground of the city model, so that the two never show through each other."""
SHORE = 3.0
"""The bed reaches so far under the quays, metres, so that no terrain shows before their walls."""
_EVERY = 4
"""The smooth land is computed at every fourth cell and interpolated between."""


def terrain_grid() -> Float32:
    """Heights at the middles of cells, first row in the north (metres NAP); lowered under the city model."""
    low, high = -MARGIN, terrain.SIDE + MARGIN
    knots = np.arange(low, high + STEP * _EVERY, STEP * _EVERY)
    coarse = terrain.land(*np.meshgrid(knots, knots))
    cells = np.arange(low + STEP / 2, high, STEP)
    out = _between(_between(coarse, knots, cells).T, knots, cells).T
    inside = (cells > 0) & (cells < terrain.SIDE)
    out += KERB  # beyond the square it is level with the ground of the city model
    out[np.ix_(inside, inside)] -= KERB + LOWER
    _dig(out, cells)
    return np.ascontiguousarray(np.round(out[::-1] * 64) / 64, np.float32)


def _between(values: Float64, knots: Float64, cells: Float64) -> Float64:
    """Rows interpolated linearly."""
    u = (cells - knots[0]) / (knots[1] - knots[0])
    i = np.minimum(u.astype(int), len(knots) - 2)
    t = (u - i)[:, None]
    return np.asarray(values[i] * (1 - t) + values[i + 1] * t)


def _dig(out: Float64, cells: Float64) -> None:
    """Beds of river, dock and pond, each a little wider than its water."""
    axis, half = terrain.axis(cells), terrain.half_width(cells)
    rows = np.flatnonzero((cells > float((axis - half).min()) - 8) & (cells < float((axis + half).max()) + 8))
    x, y = np.meshgrid(cells, cells[rows])
    bed = terrain.height(x, y) - LOWER
    off = np.abs(y - axis) - half
    walled = terrain.bank_slope(cells) < 0.5
    isle = np.abs(y - axis) < terrain.island_half(cells) - SHORE
    wide = (off < SHORE) & walled & ~isle
    out[rows] = np.where(wide, np.minimum(bed, terrain.WATER - 3.0 - LOWER), np.where(off < 0, bed, out[rows]))
    west, south, east = terrain.DOCK
    columns = (cells > west - SHORE) & (cells < east + SHORE)
    deep = (cells[:, None] > south - SHORE) & (cells[:, None] < axis[None, :])
    out[deep & columns[None, :]] = terrain.BED
    u = (cells[None, :] - terrain.POND[0]) / (terrain.POND[2] + SHORE)
    v = (cells[:, None] - terrain.POND[1]) / (terrain.POND[3] + SHORE)
    out[u * u + v * v < 1] = terrain.POND_LEVEL - 1.2


def write_terrain(path: Path) -> None:
    """The terrain as a tiled GeoTIFF in the town's CRS."""
    grid = terrain_grid()
    write_raster(path, [grid], (-MARGIN, terrain.SIDE + MARGIN), STEP, [{"name": "elevation", "unit": "metre"}],
                 {"QUANTITY": "elevation", "TITLE": "Terrain of the demo town (fictional)"})  # fmt: skip


def write_raster(
    path: Path, bands: list[Float32], corner: tuple[float, float], step: float, names: list[dict[str, str]],
    tags: dict[str, str],
) -> None:  # fmt: skip
    """A GeoTIFF of float32 bands whose north-west corner lies at ``corner`` (town coordinates), NaN = no data.

    ``names``: name and unit of each band. ``tags`` go to the file and to its first band.
    """
    import rasterio
    from rasterio.transform import Affine

    rows, columns = bands[0].shape
    profile: dict[str, Any] = {
        "driver": "GTiff", "width": columns, "height": rows, "count": len(bands), "dtype": "float32",
        "crs": rasterio.crs.CRS.from_epsg(7415), "nodata": float("nan"), "tiled": True, "blockxsize": 256,
        "blockysize": 256, "compress": "deflate", "predictor": 3, "zlevel": 4,
        "transform": Affine(step, 0, ORIGIN[0] + corner[0], 0, -step, ORIGIN[1] + corner[1]),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        for number, (band, name) in enumerate(zip(bands, names, strict=True), 1):
            file.write(band, number)
            file.set_band_description(number, name["name"])
            file.set_band_unit(number, name["unit"])
        file.update_tags(**tags)
        file.update_tags(1, **tags)
