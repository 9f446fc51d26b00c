"""Coordinate reference systems of rasters and vector layers: names, metres, and heights of a ground to lie on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
from pyproj.crs import CRS

from loaders._issues import IssueLog
from loaders.api import LoadError, LoadOptions
from loaders.city import CrsInfo, Float64
from loaders.layers import RasterData, sample

_WKT = re.compile(r"\s*[A-Z][A-Z0-9_]{3,30}\s*\[")
MAX_WKT = 64 << 10
_ZONE_WIDTH = 12.0
"""Degrees of longitude up to which the local zone of UTM is used."""
_WORLD = "EPSG:8857"
"""Equal Earth: the whole world in metres, finite everywhere, areas true."""


def parse(text: str | None) -> CRS | None:
    """A CRS from ``EPSG:7415`` or WKT; None if it is not understood. Never looks for a file of that name."""
    if not text or len(text) > MAX_WKT:
        return None
    try:
        if re.fullmatch(r"[A-Za-z]{2,12}:[A-Za-z0-9_.]{1,20}", text):
            authority, code = text.split(":")
            return CRS.from_authority(authority, code)
        return CRS.from_wkt(text) if _WKT.match(text) else None
    except (pyproj.exceptions.CRSError, ValueError, TypeError):
        return None


@dataclass(frozen=True, slots=True)
class Frame:
    """A CRS taken apart: ``horizontal`` (None = unknown), the name of its heights, and both as the user knows them."""

    horizontal: CRS | None
    vertical: str | None
    info: CrsInfo
    height_unit: float = 1.0
    """Metres in one unit of the vertical CRS."""


def frame(text: str | None) -> Frame:
    """Take a CRS apart."""
    crs = parse(text)
    if crs is None:
        return Frame(None, None, CrsInfo(None, None if not text else text[:500]))
    horizontal, vertical, unit = crs, None, 1.0
    if crs.is_compound:
        horizontal = crs.sub_crs_list[0]
        upright = crs.sub_crs_list[1]
        vertical = name_of(upright) or upright.name
        unit = float(upright.axis_info[0].unit_conversion_factor or 1.0) if upright.axis_info else 1.0
    if horizontal.is_bound and horizontal.source_crs is not None:
        horizontal = horizontal.source_crs
    name = name_of(crs)
    if name is None and vertical is not None:
        one, two = name_of(horizontal), vertical
        joined = one and one.startswith("EPSG:") and two.startswith("EPSG:")
        name = f"{one}+{two[5:]}" if joined else one
    return Frame(horizontal, vertical, CrsInfo(name, crs.name if name is None else name), unit)


def name_of(crs: CRS) -> str | None:
    """ "EPSG:28992" for a CRS that is known, None for one that somebody made."""
    found = crs.to_authority(min_confidence=60)
    return f"{found[0]}:{found[1]}" if found else None


def metric(crs: CRS) -> bool:
    """True for plane coordinates in metres, east first in the data as GDAL hands them out."""
    if crs.is_geographic or crs.is_geocentric or len(crs.axis_info) < 2:
        return False
    return all(abs((axis.unit_conversion_factor or 0.0) - 1.0) < 1e-9 for axis in crs.axis_info[:2])


def working_crs(crs: CRS, xy: Float64, wanted: CRS | None, issues: IssueLog) -> CRS:
    """The CRS to draw places xy float64 (N, 2) of ``crs`` in: itself, that of the ground, or a zone of UTM."""
    if wanted is not None and metric(wanted):
        if not crs.equals(wanted, ignore_axis_order=True):
            text = f"Coordinates were brought from {title(crs)} to {title(wanted)}, that of what is open."
            issues.info("reprojected", text)
        return wanted
    if metric(crs):
        return crs
    target = _zone(crs, xy)
    unit = "degrees" if crs.is_geographic else crs.axis_info[0].unit_name if crs.axis_info else "unknown units"
    issues.info(
        "not-metric",
        f"The coordinates are in {unit} ({title(crs)}); they are drawn in metres, in {title(target)}. To place them "
        "exactly with other data, convert the file to the CRS of those.",
    )
    return target


def _zone(crs: CRS, xy: Float64) -> CRS:
    places = Transform(crs, CRS.from_epsg(4326))(xy)
    places = places[np.isfinite(places).all(axis=1)]
    if not len(places):
        return CRS.from_authority("EPSG", "8857")
    low, high = places.min(axis=0), places.max(axis=0)
    middle = 0.5 * (low + high)
    if high[0] - low[0] > _ZONE_WIDTH or high[1] > 84 or low[1] < -80:
        return CRS.from_authority(*_WORLD.split(":"))
    zone = int(np.clip((middle[0] + 180) // 6 + 1, 1, 60))
    return CRS.from_epsg((32600 if middle[1] >= 0 else 32700) + zone)


def title(crs: CRS) -> str:
    """What people call it: "WGS 84 / UTM zone 33N (EPSG:32633)"."""
    name = name_of(crs)
    return f"{crs.name[:80]} ({name})" if name else crs.name[:80]


class Transform:
    """Places from one CRS to another, east (longitude) first in both; what has no place there becomes NaN."""

    def __init__(self, source: CRS, target: CRS):
        self._same = source.equals(target, ignore_axis_order=True)
        self._make = None if self._same else _transformer(source, target)

    def __call__(self, xy: Float64) -> Float64:
        """xy float64 (N, 2) -> float64 (N, 2)."""
        if self._make is None or not len(xy):
            return xy
        out = np.stack(self._make.transform(xy[:, 0], xy[:, 1]), axis=1)
        out[~np.isfinite(out).all(axis=1)] = np.nan
        return np.asarray(out, np.float64)


@cache
def _transformer(source: CRS, target: CRS) -> Any:
    return pyproj.Transformer.from_crs(source, target, always_xy=True, allow_ballpark=True)


class Ground:
    """Heights to lay things on: a raster, or 0 everywhere."""

    def __init__(self, raster: RasterData | None, drawn: CrsInfo | None = None):
        """``drawn`` is the CRS that the ground is drawn in, where it is not that of the raster."""
        self.raster = raster
        self.crs = _plane(raster.crs) if raster is not None else None
        self.drawn = (_plane(drawn) if drawn is not None else None) or self.crs
        self.info = drawn
        self._to: dict[str, Transform] = {}

    def names(self, crs: CRS | None) -> CrsInfo | None:
        """What to call ``crs`` where it is that of the ground: things laid on it share its heights too."""
        same = crs is not None and self.drawn is not None and crs.equals(self.drawn, ignore_axis_order=True)
        return self.info if same else None

    @property
    def cell(self) -> float:
        """Width of a cell in units of the raster; 0 without a raster."""
        if self.raster is None:
            return 0.0
        a, _, _, d, _, _ = self.raster.transform
        return float(np.hypot(a, d))

    def heights(self, xy: Float64, crs: CRS | None) -> Float64:
        """Heights at places xy float64 (N, 2): float64 (N,), NaN where the ground has none, 0 without a ground."""
        if self.raster is None:
            return np.zeros(len(xy))
        if crs is not None and self.crs is not None:
            key = crs.to_wkt()
            if key not in self._to:
                self._to[key] = Transform(crs, self.crs)
            xy = self._to[key](xy)
        known = np.isfinite(xy).all(axis=1)
        out = np.full(len(xy), np.nan)
        out[known] = sample(self.raster, xy[known])
        return out


def _plane(info: CrsInfo) -> CRS | None:
    return frame((info.name or "").partition("+")[0]).horizontal or frame(info.text).horizontal


def wanted_crs(ground: Ground, options: LoadOptions) -> CRS | None:
    """The CRS that the picture is in already: the ground's, else the one that the options name."""
    return ground.drawn or (frame(options.crs.partition("+")[0]).horizontal if options.crs else None)


def open_ground(options: LoadOptions, issues: IssueLog) -> Ground:
    """The ground that the options name; a ground that cannot be read is reported and counts as none."""
    if not options.ground:
        return Ground(None)
    path = Path(options.ground)
    try:
        if path.is_dir():
            from loaders.store import open_stored

            city = open_stored(path).value
        else:
            from loaders.api import NoProgress
            from loaders.raster import load

            city = load(path, LoadOptions(max_bytes=options.max_bytes), NoProgress()).value
    except LoadError as error:
        issues.warning("no-ground", f"The ground cannot be read ({error.reason}): everything lies at height 0.")
        return Ground(None)
    source = city.source
    if not isinstance(source, RasterData) or source.kind != "elevation":
        issues.warning("no-ground", "The ground is no raster of elevations: everything lies at height 0.")
        return Ground(None)
    return Ground(source, city.crs)
