"""Where sun and moon stand: azimuth and elevation from a time and a place, the place from a CRS.

Positions come from the library ephem (VSOP87 and ELP-2000 theories; better than an arc minute from 1900 to 2100).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from math import atan2, cos, degrees, hypot, isfinite, radians, sin

Vec3 = tuple[float, float, float]

FIRST_YEAR, LAST_YEAR = 1800, 2200
STANDARD_PRESSURE, STANDARD_CELSIUS = 1010.0, 10.0
"""Air (hPa, degrees C) for which refraction is given."""
_NORTHWARD = 1e-4
"""Step in degrees by which the direction of true north is found in a grid."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the earth. Degrees: ``lat`` north, ``lon`` east (WGS 84, or a datum that differs by less than 0.01);
    ``north``: direction of true north in the CRS's grid, clockwise from its y axis (minus the meridian convergence)."""

    lat: float
    lon: float
    north: float = 0.0


@dataclass(frozen=True, slots=True)
class Body:
    """Topocentric position in degrees: ``azimuth`` clockwise from true north, ``elevation`` over the horizon."""

    azimuth: float
    elevation: float

    def direction(self, north: float = 0.0) -> Vec3:
        """Unit vector towards the body: x along the grid's east, y along its north, z up."""
        angle, height = radians(self.azimuth + north), radians(self.elevation)
        return sin(angle) * cos(height), cos(angle) * cos(height), sin(height)


@dataclass(frozen=True, slots=True)
class Sky:
    """Sun and moon at one time. ``moon_phase``: lit part of the moon's disc, 0 (new) to 1 (full)."""

    sun: Body
    moon: Body
    moon_phase: float


def parse_time(text: str, lon: float) -> datetime:
    """An ISO 8601 time as UTC. Without an offset it is the local mean time of the place's 15 degree zone.

    Raises:
        ValueError: no ISO 8601 date and time, or a year outside 1800 to 2200.
    """
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=timezone(timedelta(hours=round(lon / 15.0))))
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no date and time such as 2026-06-21T15:00:00+02:00") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"{text[:40]!r}: sun and moon are known from {FIRST_YEAR} to {LAST_YEAR}")
    return found


def sky_at(when: datetime, place: Place, *, refraction: bool = False) -> Sky:
    """Sun and moon for an aware ``when``; ``refraction`` lifts them as standard air at sea level does.

    Without it elevations are geometric, as shadow studies use them; the difference is 0.03 degrees at 30 degrees of
    elevation and 0.5 at the horizon.
    """
    import ephem  # a C extension that only dated pictures need

    observer = ephem.Observer()
    observer.lat, observer.lon = radians(place.lat), radians(place.lon)
    observer.elevation = 0.0
    observer.pressure = STANDARD_PRESSURE if refraction else 0.0
    observer.temp = STANDARD_CELSIUS
    observer.date = ephem.Date(when.astimezone(UTC).replace(tzinfo=None))
    sun, moon = ephem.Sun(observer), ephem.Moon(observer)
    return Sky(_body(sun), _body(moon), float(moon.phase) / 100.0)


def _body(found: object) -> Body:
    return Body(degrees(float(found.az)), degrees(float(found.alt)))  # type: ignore[attr-defined]


@lru_cache(maxsize=64)
def place_of(crs: str | None, x: float, y: float) -> Place | None:
    """Where a point of a CRS lies on the earth; None for an unknown CRS, one that is not tied to the earth, or a point
    outside of it. x points east, y north, in the CRS's units; degrees are longitude and latitude."""
    if crs is None:
        return None
    import pyproj  # takes a while to import

    try:
        known = pyproj.CRS.from_user_input(crs)
        known = known.sub_crs_list[0] if known.is_compound else known
        geodetic = known.geodetic_crs
        if geodetic is None:
            return None
        to_grid = pyproj.Transformer.from_crs(geodetic, known, always_xy=True)
        lon, lat = to_grid.transform(x, y, direction="INVERSE")
        if not (isfinite(lon) and isfinite(lat) and abs(lat) <= 90.0 and abs(lon) <= 360.0):
            return None
        south, north = (to_grid.transform(lon, lat + step) for step in (-_NORTHWARD, _NORTHWARD))
    except pyproj.exceptions.ProjError:
        return None
    dx, dy = north[0] - south[0], north[1] - south[1]
    turned = degrees(atan2(dx, dy)) if isfinite(dx + dy) and hypot(dx, dy) > 0.0 else 0.0
    return Place(lat, (lon + 180.0) % 360.0 - 180.0, turned)
