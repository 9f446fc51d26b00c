"""Rasters of a package: a GeoTIFF per step, bands of one, or a NetCDF variable (CF). Rows run from north to south."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from loaders import _gdal, _georef
from loaders.city import CrsInfo, Float32
from loaders.scenario.context import Context
from loaders.scenario.model import Grid, Result, TimeAxis, Variable
from loaders.scenario.netcdf import MAX_STEP, NetCdfSteps, opened
from loaders.scenario.sink import Sink
from loaders.scenario.sources import Part
from loaders.scenario.steps import Steps, fill

TIFF = (".tif", ".tiff")
MAX_BLOCK = 512 << 20
_STRIP = 4_000_000
_UNEVEN = 1e-3
"""Cells may differ in width by this share before a grid counts as irregular."""


def read_raster(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """The result of a raster variable. Raises LoadError."""
    source = RasterSource(ctx, variable, axis)
    axis = source.axis
    values, low, high = fill(ctx, variable, axis, source)
    level = None
    if variable.data.level is not None:
        steps = source.part(variable.data.level)
        sink = Sink((len(axis), *source.shape))
        for number in range(len(axis)):
            sink.write(steps.step(number))
        level = sink.finish()
    return Result(variable, axis, values, low, high, grid=source.grid, level=level)


class RasterSource:
    """A `loaders.scenario.steps.Source` of rasters; all arrays of a variable lie on one grid."""

    def __init__(self, ctx: Context, variable: Variable, axis: TimeAxis) -> None:
        self.ctx, self.variable = ctx, variable
        self.grid: Grid
        data = variable.data
        first = next(
            part for part in (data.value, *data.members, *(p for _, p in data.quantiles), Part()) if part is not None
        )
        self.axis = axis if len(axis) else self._axis(first)
        name = self._files(first)[0]
        if _is_tiff(name):
            with tiff(ctx, name) as dataset:
                self.grid = _tiff_grid(ctx, name, dataset, data.crs)
            self._flip = (False, False)
        else:
            with opened(ctx, name) as source:
                self.grid, self._flip = _nc_grid(ctx, source, self._name(first, 0), data.crs)
        if self.grid.rows * self.grid.columns > MAX_STEP:
            raise ctx.refused(f"{self.grid.columns:,} x {self.grid.rows:,} cells are too many", name, kind="too-large")
        self.shape: tuple[int, ...] = (self.grid.rows, self.grid.columns)

    def default(self) -> Part | None:
        """All bands in order."""
        return Part()

    def part(self, part: Part) -> Steps:
        """One array of rasters, on the grid of the first."""
        files = self._files(part)
        if _is_tiff(files[0]):
            return TiffSteps(self, files, self._bands(files, part))
        self._same(files[0], self._name(part, 0))
        if len(part.names) > 1:
            return _Named([NetCdfSteps(self.ctx, self.variable, files, n, flip=self._flip) for n in part.names])
        return NetCdfSteps(self.ctx, self.variable, files, self._name(part, 0), flip=self._flip)

    def members(self) -> Sequence[Steps]:
        """One array per entry of the dimension that counts members."""
        data = self.variable.data
        if not data.member or data.value is None or _is_tiff(self._files(data.value)[0]):
            return []
        files, name = self._files(data.value), self._name(data.value, 0)
        with opened(self.ctx, files[0]) as source:
            if data.member not in source.variable(name).dimensions:
                raise self.ctx.refused(f"{name!r} has no dimension {data.member!r}", files[0], kind="dimensions")
            count = len(source.data.dimensions[data.member])
        return [
            NetCdfSteps(self.ctx, self.variable, files, name, flip=self._flip, member=(data.member, k))
            for k in range(count)
        ]

    def _axis(self, part: Part) -> TimeAxis:
        name = self._files(part)[0]
        if _is_tiff(name):
            raise self.ctx.refused("a GeoTIFF has no times", name, 'Write them into the manifest ("moments").', "times")
        with opened(self.ctx, name) as source:
            return source.axis(self.variable, self._name(part, 0))

    def _files(self, part: Part) -> tuple[str, ...]:
        return part.files or self.variable.data.files

    def _name(self, part: Part, number: int) -> str:
        if not part.names:
            place = f"variable {self.variable.id}"
            raise self.ctx.refused("no variable of the NetCDF file is named", place, 'Name it as "value" in its data.')
        return part.names[number] if len(part.names) > 1 else part.names[0]

    def _bands(self, files: tuple[str, ...], part: Part) -> tuple[int, ...]:
        count = len(self.axis)
        if len(files) > 1 or part.bands or count == 1:
            return part.bands or (1,)
        with tiff(self.ctx, files[0]) as dataset:
            if dataset.count != count:
                reason = f"it has {dataset.count:,} bands for {count:,} steps of time"
                raise self.ctx.refused(reason, files[0], 'Name the bands in the manifest ("bands").', "missing-steps")
        return tuple(range(1, count + 1))

    def _same(self, file: str, name: str) -> None:
        with opened(self.ctx, file) as source:
            grid, _ = _nc_grid(self.ctx, source, name, self.variable.data.crs)
        same_grid(self.ctx, self.grid, grid, file)


class _Named:
    """A NetCDF variable per step."""

    def __init__(self, steps: list[NetCdfSteps]) -> None:
        self._steps = steps

    def step(self, number: int) -> Float32:
        """The values of a step."""
        return self._steps[number].step(0)


class TiffSteps:
    """Bands of GeoTIFFs, step by step."""

    def __init__(self, source: RasterSource, files: tuple[str, ...], bands: tuple[int, ...]) -> None:
        self.source, self.files, self.bands = source, files, bands

    def step(self, number: int) -> Float32:
        """The values of a step."""
        ctx, source = self.source.ctx, self.source
        name = self.files[number] if len(self.files) > 1 else self.files[0]
        band = self.bands[number] if len(self.bands) > 1 else self.bands[0]
        with tiff(ctx, name) as dataset:
            same_grid(ctx, source.grid, _tiff_grid(ctx, name, dataset, source.variable.data.crs), name)
            if band > dataset.count:
                raise ctx.refused(f"there is no band {band:,} of {dataset.count:,}", name, kind="missing-steps")
            values = _band(dataset, band)
            turned = values[::-1] if dataset.transform.e > 0 else values
        return ctx.clean(turned, source.variable)


def _is_tiff(name: str) -> bool:
    return name.lower().endswith(TIFF)


@contextmanager
def tiff(ctx: Context, name: str) -> Iterator[Any]:
    """A GeoTIFF opened by rasterio with its driver forced; LoadError for anything that GDAL says."""
    path = ctx.file(name)
    with path.open("rb") as file:
        head = file.read(4)
    if head not in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        raise ctx.refused("its content is not GeoTIFF", name, "Export it again.", "wrong-format")
    if not _gdal.already_open():
        _gdal.shut_doors()
    import rasterio
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            with (
                rasterio.Env(**_gdal.settings()),
                rasterio.open(os.fspath(path), driver="GTiff", sharing=False) as dataset,
            ):
                block = max(math.prod(shape) for shape in dataset.block_shapes) * 8
                if block > MAX_BLOCK or dataset.dtypes[0].startswith("complex"):
                    raise ctx.refused("its blocks or values cannot be read", name, "Export it with tiles.", "too-large")
                yield dataset
        except (RasterioError, CPLE_BaseError, OverflowError) as error:
            raise ctx.refused(f"it cannot be read ({_gdal.one_line(error, path)})", name, kind="damaged") from error


def _band(dataset: Any, band: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A band as float64, scale and offset applied, NaN where it has no data; read in strips."""
    from rasterio.windows import Window

    out = np.empty((dataset.height, dataset.width), np.float64)
    scale, offset = float(dataset.scales[band - 1]), float(dataset.offsets[band - 1])
    valid = "all_valid" in {flag.name for flag in dataset.mask_flag_enums[band - 1]}
    tall = max(1, dataset.block_shapes[band - 1][0])
    step = max(1, _STRIP // max(dataset.width, 1) // tall) * tall
    for first in range(0, dataset.height, step):
        last = min(first + step, dataset.height)
        window = Window(0, first, dataset.width, last - first)
        part = dataset.read(band, window=window).astype(np.float64) * scale + offset
        if not valid:
            part[dataset.read_masks(band, window=window) == 0] = np.nan
        part[np.isinf(part) | (np.abs(part) > 1e38)] = np.nan
        out[first:last] = part
    return out


def _tiff_grid(ctx: Context, name: str, dataset: Any, crs: str) -> Grid:
    a, b, c, d, e, f = (float(value) for value in tuple(dataset.transform)[:6])
    if (
        not all(map(math.isfinite, (a, b, c, d, e, f)))
        or abs(a * e - b * d) < 1e-24
        or (a, b, c, d, e, f) == (1, 0, 0, 0, 1, 0)
    ):
        raise ctx.refused("it does not say where it lies", name, "Save it with its georeference.", "no-place")
    if e > 0:  # turned so that the first row is the northern one
        c, f = c + b * dataset.height, f + e * dataset.height
        b, e = -b, -e
    text = crs or (dataset.crs.to_wkt() if dataset.crs else None)
    return Grid((a, b, c, d, e, f), dataset.height, dataset.width, _info(ctx, text))


def _nc_grid(ctx: Context, source: Any, name: str, crs: str) -> tuple[Grid, tuple[bool, bool]]:
    """The grid of a variable (cells about its coordinates) and whether rows and columns are to be turned round."""
    dimensions = source.variable(name).dimensions
    if len(dimensions) < 2:
        raise ctx.refused(f"{name!r} has no rows and columns", source.name, kind="dimensions")
    y = source.places(dimensions[-2], ("projection_y_coordinate", "latitude", "grid_latitude"))
    x = source.places(dimensions[-1], ("projection_x_coordinate", "longitude", "grid_longitude"))
    wide, tall = (_even(ctx, source.name, places, axis) for places, axis in ((x, "x"), (y, "y")))
    west, north = min(x[0], x[-1]) - wide / 2, max(y[0], y[-1]) + tall / 2
    info = _info(ctx, crs or source.crs(name))
    grid = Grid((wide, 0.0, float(west), 0.0, -tall, float(north)), len(y), len(x), info)
    return grid, (bool(y[-1] > y[0]), bool(x[-1] < x[0]))


def _even(ctx: Context, name: str, places: Any, axis: str) -> float:
    """The distance of evenly spaced places."""
    if len(places) < 2 or not np.isfinite(places).all():
        raise ctx.refused(f"its grid has fewer than two places along {axis}", name, kind="no-place")
    gaps = np.diff(places)
    mean = float((places[-1] - places[0]) / (len(places) - 1))
    if mean == 0 or np.abs(gaps - mean).max() > _UNEVEN * abs(mean):
        remedy = "Bring it to a regular grid first (gdalwarp, or the tool that made it)."
        raise ctx.refused(f"its grid is not regular along {axis}", name, remedy, "irregular")
    return abs(mean)


def _info(ctx: Context, text: str | None) -> CrsInfo:
    info = _georef.frame(text).info if text else ctx.manifest.crs
    return info if info.name is not None or text is None else CrsInfo(None, text[:4000])


def same_grid(ctx: Context, one: Grid, other: Grid, name: str) -> None:
    """Refuse a raster on another grid than the variable's first."""
    size = max(abs(one.transform[0]), abs(one.transform[4]), 1e-12)
    near = all(abs(a - b) <= 1e-3 * size for a, b in zip(one.transform, other.transform, strict=True))
    if (one.rows, one.columns) != (other.rows, other.columns) or not near:
        reason = f"it lies on another grid ({other.columns:,} x {other.rows:,} cells) than the first raster"
        raise ctx.refused(reason, name, "Bring all rasters of a variable to one grid.", "other-grid")
