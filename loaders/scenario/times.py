"""Moments and steps: ISO 8601 texts, zones and CF calendars to float64 seconds.

Moments are seconds since 1970-01-01T00:00:00Z; of another calendar than the usual one, seconds of that calendar
(`cftime`). All functions raise ValueError with a text for the user.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from loaders.city import Float64
from loaders.scenario.model import TimeAxis
from loaders.scenario.sources import TimeSpec

MAX_STEPS = 100_000
USUAL = frozenset(("standard", "gregorian", "proleptic_gregorian"))
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", re.ASCII)
_MOMENT = re.compile(
    r"([+-]?\d{4,6})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:?\d\d)?)?)?)?", re.ASCII
)


@cache
def zone(name: str) -> ZoneInfo:
    """An IANA zone; "UTC" always works."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'{name[:60]!r} is no time zone, such as "Europe/Amsterdam"') from error


def parse_moment(text: str, zone_name: str = "UTC", calendar: str = "standard") -> float:
    """Seconds of an ISO 8601 text; without an offset it is in the zone."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text[:40]!r} is no moment of ISO 8601, such as "2030-06-21T14:00"')
    year, month, day, hour, minute = (
        int(part or least) for part, least in zip(found.groups()[:5], (0, 1, 1, 0, 0), strict=True)
    )
    second = float(found[6] or 0.0)
    if not second < 60.0:
        raise ValueError(f"{text[:40]!r} is no moment: a minute has 60 seconds")
    fields = (year, month, day, hour, minute)
    try:
        whole = _usual(fields, found[7], zone_name) if calendar in USUAL else _other(fields, found[7], calendar)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text[:40]!r} is no moment of the {calendar} calendar ({error})") from error
    return whole + second


def _usual(fields: tuple[int, ...], offset: str | None, zone_name: str) -> float:
    year, month, day, hour, minute = fields
    where = UTC if offset is not None else zone(zone_name)
    moment = datetime(year, month, day, hour, minute, tzinfo=where)
    return float((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) - _offset(offset)


def _other(fields: tuple[int, ...], offset: str | None, calendar: str) -> float:
    import cftime

    moment = cftime.datetime(*fields, calendar=calendar)
    return float(cftime.date2num(moment, "seconds since 1970-01-01", calendar=calendar)) - _offset(offset)


def _offset(text: str | None) -> float:
    if text is None or text == "Z":
        return 0.0
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 18 or minutes > 59:
        raise ValueError(f"{text} is no offset from UTC")
    return (1.0 if text[0] == "+" else -1.0) * (3600.0 * hours + 60.0 * minutes)


def parse_step(text: str) -> float:
    """Seconds of an ISO 8601 duration of weeks, days, hours, minutes and seconds."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f'{text[:40]!r} is no duration, such as "PT1H"')
    return sum(float(part or 0) * size for part, size in zip(found.groups(), (604800, 86400, 3600, 60, 1), strict=True))


def axis_of(spec: TimeSpec) -> TimeAxis:
    """The steps that a manifest describes. ``from_data`` gives an axis that is read later: it is empty here."""
    zone(spec.zone)
    if spec.kind == "static":
        return static_axis()
    if spec.from_data:
        return TimeAxis(spec.kind, np.zeros(0), zone=spec.zone, calendar=spec.calendar)
    starts, ends = _starts(spec)
    dated = bool(len(starts))
    if spec.kind == "periods":
        if not spec.names:
            raise ValueError('periods need "names"')
        if dated and len(starts) != len(spec.names):
            raise ValueError(f"there are {len(starts)} moments for {len(spec.names)} names")
        starts = starts if dated else np.arange(len(spec.names), dtype=np.float64)
    elif spec.names:
        raise ValueError('only periods have "names"')
    elif not dated:
        raise ValueError('there are no steps: give "moments", or "start", "step" and "count"')
    if spec.kind == "intervals" and ends is None:
        raise ValueError('intervals need "ends", or "start", "step" and "count"')
    return checked(TimeAxis(spec.kind, starts, ends, spec.names, spec.zone, spec.calendar, dated))


def static_axis() -> TimeAxis:
    """One step without a date."""
    return TimeAxis("static", np.zeros(1), dated=False)


def _starts(spec: TimeSpec) -> tuple[Float64, Float64 | None]:
    if spec.start and spec.moments:
        raise ValueError('give either "moments" or "start"')
    if spec.start:
        first = parse_moment(spec.start, spec.zone, spec.calendar)
        count = spec.count or 1
        if count > MAX_STEPS:
            raise ValueError(f"{count:,} steps are more than the {MAX_STEPS:,} that are shown")
        if count > 1 and not spec.step:
            raise ValueError('several steps need "step"')
        step = spec.step or 0.0
        starts: Float64 = first + step * np.arange(count, dtype=np.float64)
        return starts, starts + step if spec.kind == "intervals" and step else None
    starts = np.array([parse_moment(text, spec.zone, spec.calendar) for text in spec.moments], np.float64)
    if not spec.ends:
        return starts, None
    ends = np.array([parse_moment(text, spec.zone, spec.calendar) for text in spec.ends], np.float64)
    if len(ends) != len(starts):
        raise ValueError(f"there are {len(ends)} ends for {len(starts)} moments")
    return starts, ends


def checked(axis: TimeAxis) -> TimeAxis:
    """The axis, if its steps grow and end after they begin."""
    if len(axis) > MAX_STEPS:
        raise ValueError(f"{len(axis):,} steps are more than the {MAX_STEPS:,} that are shown")
    if not len(axis) or not np.isfinite(axis.starts).all():
        raise ValueError("a step has no moment")
    # Periods of a year are not always one after the other (day, evening, night, all of it): only steps must grow.
    later = np.diff(axis.starts) > 0 if axis.kind != "periods" else np.diff(axis.starts) >= 0
    if not later.all():
        step = int(np.argmin(later)) + 2
        raise ValueError(f"step {step:,} does not come after the one before it")
    if axis.ends is not None and not (axis.ends > axis.starts).all():
        raise ValueError(f"step {int(np.argmin(axis.ends > axis.starts)) + 1:,} ends before it begins")
    return axis


def axis_from_cf(values: Any, units: str, calendar: str, spec: TimeSpec, ends: Any = None) -> TimeAxis:
    """The axis of a CF time coordinate: numbers (T,) in "hours since 2030-06-21", say; ends (T,) likewise or None."""
    import cftime

    def seconds(numbers: Any) -> Float64:
        kind = calendar if calendar not in USUAL else "standard"
        moments = cftime.num2date(np.asarray(numbers, np.float64), units, calendar=kind)
        found = cftime.date2num(moments, "microseconds since 1970-01-01", calendar=kind)
        return np.asarray(found, np.float64) / 1e6

    try:
        starts = seconds(values)
        last = None if ends is None else seconds(ends)
    except (ValueError, OverflowError, TypeError, AttributeError) as error:
        raise ValueError(f"its times make no sense ({str(error)[:120]})") from error
    return checked(TimeAxis(spec.kind, starts, last, (), spec.zone, calendar))


def iso(moment: float) -> str:
    """A moment of the usual calendar as "2030-06-21T12:00:00Z"."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z")
