"""A raster file to `RasterData`: driver forced, read in strips within limits, holes as NaN."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loaders import _gdal
from loaders._issues import IssueLog
from loaders.api import LoadError, LoadOptions, Progress
from loaders.city import Bool, Float32
from loaders.layers import BandInfo, RasterData, RasterKind

MAX_CELLS = 36_000_000
"""Cells kept of all bands together; a larger raster is read coarser, and says so."""
MAX_BLOCK_BYTES = 512 << 20
_STRIP_CELLS = 2_000_000
_HIGHEST, _LOWEST = 12_000.0, -9_990.0
"""Heights beyond these are marks for missing values that the file does not declare (-9999, -32768, 3.4e38)."""
_SMALL_TEXT = 64 << 10
_ELEVATION = (
    "elev",
    "height",
    "altitude",
    "terrain",
    "ground",
    "dem",
    "dtm",
    "dsm",
    "dgm",
    "dom",
    "dhm",
    "mnt",
    "mns",
    "ahn",
)
_VALUES = ("depth", "temperature", "noise", "level db", "concentration", "radiation", "wind", "hours", "index")
_VALUE_NAMES = (
    "temp",
    "utci",
    "tmrt",
    "noise",
    "lden",
    "lnight",
    "slope",
    "aspect",
    "ndvi",
    "pm10",
    "pm25",
    "no2",
    "mask",
)
_LENGTHS = {"m": 1.0, "metre": 1.0, "meter": 1.0, "metres": 1.0, "meters": 1.0, "ft": 0.3048, "foot": 0.3048,
            "feet": 0.3048, "us survey foot": 1200 / 3937, "cm": 0.01, "mm": 0.001}  # fmt: skip


@dataclass(slots=True, eq=False)
class OpenedRaster:
    """What was read: the raster, the WKT of its CRS, what to say about it, and its own description of a time."""

    path: Path
    raster: RasterData
    wkt: str | None
    issues: IssueLog
    format: str
    nodata: float | None
    tags: dict[str, str]


def read(path: Path, driver: str, options: LoadOptions, progress: Progress) -> OpenedRaster:
    """Read a file with one driver of GDAL.

    Raises:
        LoadError: damaged, beyond a limit, or a kind of picture that is not drawn yet.
        Cancelled: ``progress`` asked to stop.
    """
    if not _gdal.already_open():
        _gdal.shut_doors()
    import rasterio
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    progress.report(0.0, "reading")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            # Also where GDAL was started before: thread-local settings go before the environment.
            with (
                rasterio.Env(**_gdal.settings()),
                rasterio.open(path, driver=driver, sharing=False) as dataset,
            ):
                return _Reader(path, dataset, driver, options, progress).read()
        except (RasterioError, CPLE_BaseError, OverflowError) as error:
            raise _gdal.damaged(path, error) from error


class _Reader:
    def __init__(self, path: Path, dataset: Any, driver: str, options: LoadOptions, progress: Progress):
        self.path, self.data, self.driver = path, dataset, driver
        self.options, self.progress = options, progress
        self.issues = IssueLog()

    def read(self) -> OpenedRaster:
        """Header, limits, kind, values."""
        data = self.data
        self._check_size()
        tags = {str(k): str(v)[:2000] for k, v in data.tags().items()}
        kind = self._kind(tags)
        if kind == "image":
            raise LoadError(
                self.path,
                f"this is a picture ({self._picture()}), not a raster of values.",
                remedy="Pictures are not laid over the ground yet; open the elevation model or the values behind it.",
                kind="picture",
            )
        transform, wkt = self._place()
        values, bands, factor = self._values(kind)
        rows, columns = values.shape[1:]
        scale_x, scale_y = data.width / columns, data.height / rows
        a, b, c, d, e, f = transform
        shrunk = (a * scale_x, b * scale_y, c, d * scale_x, e * scale_y, f)
        if factor > 1:
            self.issues.warning(
                "reduced",
                f"The raster has {data.width:,} x {data.height:,} cells; it was read coarser, with "
                f"{columns:,} x {rows:,}. Cut it into parts to see all of it.",
            )
        from loaders import _georef

        frame = _georef.frame(wkt)
        crs = frame.info
        raster = RasterData(self.path.stem, crs, shrunk, values, bands, frame.vertical, kind)
        name = {"GTiff": "GeoTIFF", "AAIGrid": "ESRI ASCII grid"}[self.driver]
        return OpenedRaster(self.path, raster, wkt, self.issues, name, data.nodata, tags)

    def _check_size(self) -> None:
        data = self.data
        size = np.dtype(data.dtypes[0]).itemsize if data.dtypes[0] in np.sctypeDict else 16
        amount = data.width * data.height * data.count * size
        if not data.count or data.width < 1 or data.height < 1:
            raise LoadError(self.path, "the raster has no values.", remedy="Export it again.", kind="empty-raster")
        if amount > self.options.max_bytes:
            raise LoadError(
                self.path,
                f"{data.width:,} x {data.height:,} cells in {data.count:,} band{'s' * (data.count > 1)} are "
                f"{amount / 2**30:,.1f} GiB, more than the {self.options.max_bytes / 2**30:.1f} GiB that are read.",
                remedy="Cut it into parts or make it coarser.",
                kind="too-large",
            )
        block = max(math.prod(shape) for shape in data.block_shapes) * size
        if block > MAX_BLOCK_BYTES:
            raise LoadError(
                self.path,
                f"its blocks of {block / 2**20:,.0f} MiB are too large to be unpacked.",
                remedy="Save it with smaller tiles (gdal_translate -co TILED=YES).",
                kind="too-large",
            )
        if data.dtypes[0].startswith("complex"):
            raise LoadError(
                self.path, "its values are complex numbers.", remedy="Export amplitude or phase.", kind="complex-values"
            )

    def _picture(self) -> str:
        return f"{self.data.count} band{'s' * (self.data.count > 1)} of colours"

    def _kind(self, tags: dict[str, str]) -> RasterKind:
        """What the values mean, from what the file says about them; assumptions are reported."""
        data = self.data
        own = {**tags, **{str(k): str(v) for k, v in data.tags(1).items()}}
        quantity = next((v.strip().lower() for k, v in own.items() if k.upper() == "QUANTITY"), "")
        if quantity:
            known: dict[str, RasterKind] = {"water_surface": "water", "elevation": "elevation", "height": "elevation"}
            return known.get(quantity, "values")
        colours = {interpretation.name for interpretation in data.colorinterp}
        if {"red", "green", "blue"} <= colours or "palette" in colours:
            return "image"
        unit = (data.units[0] or own.get("UNIT", "") or own.get("units", "")).strip().lower()
        words = " ".join(filter(None, (data.descriptions[0], own.get("long_name"), own.get("DESCRIPTION")))).lower()
        if any(word in words for word in _VALUES) or (unit and unit not in _LENGTHS):
            return "values"
        if any(word in words for word in _ELEVATION):
            return "elevation"
        if words or data.count > 1:
            return "values"
        name = self.path.stem.lower()
        if any(word in name for word in (*_VALUES, *_VALUE_NAMES)):
            text = "The file does not say what its values mean; by its name they are no heights."
            self.issues.info("assumed-values", text)
            return "values"
        if unit or any(word in name for word in _ELEVATION):
            return "elevation"
        self.issues.warning(
            "assumed-elevation",
            "The file does not say what its values mean: they were taken for heights in metres. Give the band a "
            "description or the metadata item QUANTITY (elevation, water_surface, temperature, ...) to change that.",
        )
        return "elevation"

    def _place(self) -> tuple[tuple[float, float, float, float, float, float], str | None]:
        """Transform and WKT: of the file itself, else of a world file and a .prj file beside it."""
        data = self.data
        transform = tuple(float(v) for v in tuple(data.transform)[:6])
        wkt = data.crs.to_wkt() if data.crs else None
        if transform == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0):
            beside = self._world_file()
            if beside:
                transform = beside
            elif data.gcps[0]:
                self.issues.warning("control-points", "Its control points are not used: convert it with gdalwarp.")
        if transform == (1.0, 0.0, 0.0, 0.0, 1.0, 0.0) and wkt is None:
            self.issues.warning(
                "no-place", "The file does not say where it lies: it is drawn at 0, 0 with cells of 1 m."
            )
            transform = (1.0, 0.0, 0.0, 0.0, -1.0, float(data.height))
        a, b, _, d, e, _ = transform
        if not all(map(math.isfinite, transform)) or max(map(abs, transform)) > 1e12 or abs(a * e - b * d) < 1e-24:
            raise LoadError(
                self.path,
                "its place and cell size make no sense.",
                place="geotransform",
                remedy="Export it again.",
                kind="bad-transform",
            )
        if b or d:
            self.issues.info("rotated", "The raster is rotated or sheared: it is drawn so.")
        elif e > 0:
            self.issues.info("south-up", "The raster's first row is its southern one: it is drawn the right way up.")
        if wkt is None:
            wkt = _small_text(self.path.with_suffix(".prj"))
        if wkt is None:
            self.issues.warning(
                "missing-crs", "The file names no coordinate reference system: its place on Earth is unknown."
            )
        return (a, b, transform[2], d, e, transform[5]), wkt

    def _world_file(self) -> tuple[float, float, float, float, float, float] | None:
        suffix = self.path.suffix
        for other in (suffix[:2] + suffix[-1] + "w", suffix + "w", ".wld"):
            text = _small_text(self.path.with_suffix(other)) if len(suffix) > 2 else None
            try:
                a, d, b, e, x, y = (float(word) for word in (text or "").split())
            except ValueError:
                continue
            return a, b, x - 0.5 * a - 0.5 * b, d, e, y - 0.5 * d - 0.5 * e  # it names the middle of the first cell
        return None

    def _values(self, kind: RasterKind) -> tuple[Float32, tuple[BandInfo, ...], int]:
        data = self.data
        count = data.count if kind == "values" else 1
        if data.width * data.height * count > 4 * MAX_CELLS:
            count = 1  # better one band sharp than many blurred
        if count < data.count:
            self.issues.info("other-bands", f"Only the first of {data.count} bands was read.", count=data.count - count)
        factor = math.ceil(math.sqrt(data.width * data.height * count / MAX_CELLS))
        rows, columns = max(1, data.height // factor), max(1, data.width // factor)
        values = np.empty((count, rows, columns), np.float32)
        unit, bands = 1.0, []
        for band in range(count):
            self._band(band + 1, values[band], factor, (band / count, (band + 1) / count), kind)
            name = (data.units[band] or "").strip()
            if kind in ("elevation", "water"):
                unit = self._height_unit(name)
                values[band] *= np.float32(unit)
                name = "m"
            known = values[band][np.isfinite(values[band])]
            low, high = (float(known.min()), float(known.max())) if known.size else (math.nan, math.nan)
            text = (data.descriptions[band] or "")[:200]
            bands.append(BandInfo(text or f"Band {band + 1}", name, text, low, high))
        return values, tuple(bands), factor

    def _height_unit(self, name: str) -> float:
        from loaders import _georef

        unit = _LENGTHS.get(name.lower(), 0.0)
        if not unit:
            unit = _georef.frame(self.data.crs.to_wkt() if self.data.crs else None).height_unit
        if unit != 1.0:
            self.issues.info("height-unit", f"Heights are in units of {unit:.7g} m: they were turned into metres.")
        return unit

    def _band(self, band: int, out: Float32, factor: int, share: tuple[float, float], kind: RasterKind) -> None:
        """Fill ``out`` in strips; every strip is a place to stop."""
        from rasterio.enums import Resampling
        from rasterio.windows import Window

        data = self.data
        rows, columns = out.shape
        tall = max(1, data.block_shapes[band - 1][0])
        step = max(1, _STRIP_CELLS // data.width // tall) * tall
        step = max(1, step // factor)
        scale, offset = float(data.scales[band - 1]), float(data.offsets[band - 1])
        if not (math.isfinite(scale) and math.isfinite(offset) and scale):
            self.issues.warning("bad-scale", "Scale and offset of a band make no sense and were left out.")
            scale, offset = 1.0, 0.0
        flags = {flag.name for flag in data.mask_flag_enums[band - 1]}
        for first in range(0, rows, step):
            last = min(first + step, rows)
            top, bottom = first * data.height / rows, last * data.height / rows
            window = Window(0, top, data.width, bottom - top)
            shape = (last - first, columns)
            method = Resampling.average if factor > 1 else Resampling.nearest
            part = data.read(band, window=window, out_shape=shape, resampling=method).astype(np.float64)
            hole: Bool = ~np.isfinite(part)
            if "all_valid" not in flags:
                hole |= data.read_masks(band, window=window, out_shape=shape, resampling=Resampling.nearest) == 0
            part = part * scale + offset
            hole |= np.abs(part) > 1e30
            if kind in ("elevation", "water"):
                odd = ~hole & ((part > _HIGHEST / 0.3) | (part < _LOWEST))
                if odd.any():
                    text = "Heights beyond anything on Earth were taken for missing values."
                    self.issues.warning("absurd-heights", text, count=int(odd.sum()))
                    hole |= odd
            part[hole] = np.nan
            out[first:last] = part
            self.progress.report(0.5 * (share[0] + (share[1] - share[0]) * last / rows), "reading")


def _small_text(path: Path) -> str | None:
    """The text of a small plain file, or None."""
    try:
        if not path.is_file() or path.stat().st_size > _SMALL_TEXT:
            return None
        return path.read_text("utf-8", "replace")
    except (OSError, ValueError):
        return None
