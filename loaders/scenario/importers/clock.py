"""Moments of NetCDF files for the manifest of a package."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np

from loaders.city import Float64

_ORIGIN = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s*(?:(Z|UTC)|([+-])(\d\d):?(\d\d)?)?", re.IGNORECASE
)


def seconds_of(values: Any) -> Float64:
    """A time coordinate as float64, NaN where it is not filled in."""
    array = np.ma.masked_invalid(np.ma.asarray(values).astype(np.float64))
    out = np.asarray(array.filled(np.nan), np.float64)
    out[np.abs(out) > 1e14] = np.nan
    return out


def parse_origin(text: str) -> datetime | None:
    """A date like "2019-03-06 00:00:00 +00" in UTC (without an offset it is taken for UTC); None if it is none."""
    found = _ORIGIN.fullmatch(text.strip())
    if not found:
        return None
    day, clock, _, sign, hours, minutes = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}")
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        return moment.replace(tzinfo=timezone(offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def moments_after(start: datetime, seconds: Float64) -> list[str]:
    """ISO 8601 moments. Raises ValueError where a moment is none of this calendar."""
    try:
        found = [start + timedelta(seconds=float(second)) for second in seconds]
    except (OverflowError, ValueError) as error:
        raise ValueError("its times lie beyond the calendar") from error
    return [moment.isoformat().replace("+00:00", "Z") for moment in found]


def cf_moments(values: Float64, units: str, calendar: str) -> list[str]:
    """ISO 8601 moments of a time coordinate with CF units ("hours since 2020-01-01"), in UTC, of the calendar named.

    Raises ValueError for units or calendars that are none."""
    import cftime

    try:
        dates = cftime.num2date(values, units, calendar, only_use_cftime_datetimes=True)
    except (ValueError, OverflowError, TypeError) as error:
        raise ValueError(f"its times cannot be read ({str(error)[:80]})") from error
    return [date.strftime("%Y-%m-%dT%H:%M:%S") + _fraction(date.microsecond) + "Z" for date in np.atleast_1d(dates)]


def _fraction(micro: int) -> str:
    return f".{micro:06d}".rstrip("0") if micro >= 1000 else ""
