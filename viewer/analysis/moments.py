"""Moments of results as people read and write them: zones, calendars of climate models, named periods.

Moments are float64 seconds since 1970-01-01T00:00:00Z of the axis's own calendar; periods without dates are counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from loaders.city import Float64
from loaders.scenario import times
from loaders.scenario.model import TimeAxis

STANDARD = ("standard", "gregorian", "proleptic_gregorian")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = 86400.0


class MomentError(ValueError):
    """A text that is no moment of an axis; one line for people."""


@dataclass(frozen=True, slots=True)
class Civil:
    """A moment by the calendar: year, month, day, hour, minute, second; ``offset`` of the zone from UTC, seconds."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    offset: int = 0

    @property
    def date(self) -> str:
        """The day, "2026-06-21"."""
        return f"{self.year:04d}-{self.month:02d}-{self.day:02d}"

    @property
    def time(self) -> str:
        """The time of day, "15:00" or, where there are seconds, "15:00:30"."""
        return f"{self.hour:02d}:{self.minute:02d}" + (f":{self.second:02d}" if self.second else "")


def civil(axis: TimeAxis, moment: float) -> Civil | None:
    """A moment in the zone and calendar of an axis; None where it has no date (or none that can be written)."""
    if not axis.dated or not math.isfinite(moment):
        return None
    if axis.calendar not in STANDARD:
        return _other_calendar(moment, axis.calendar)
    try:
        here = (_EPOCH + timedelta(seconds=round(moment))).astimezone(zone_of(axis))
    except (OverflowError, ValueError):
        return None
    offset = here.utcoffset() or timedelta(0)
    return Civil(here.year, here.month, here.day, here.hour, here.minute, here.second, round(offset.total_seconds()))


def zone_of(axis: TimeAxis) -> tzinfo:
    """The zone that an axis is shown in; UTC if this computer does not know it."""
    return _zone(axis.zone)


def iso_of(axis: TimeAxis, moment: float) -> str | None:
    """ISO 8601 with offset, for the sun; None without a date, or for a day that our calendar does not have."""
    found = civil(axis, moment)
    if found is None:
        return None
    sign, offset = "-" if found.offset < 0 else "+", abs(found.offset)
    text = f"{found.date}T{found.hour:02d}:{found.minute:02d}:{found.second:02d}"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return f"{text}{sign}{offset // 3600:02d}:{offset % 3600 // 60:02d}"


def moment_text(axis: TimeAxis, moment: float) -> str:
    """A moment for people: what the step shown is called, or the date and time; "" for results without time."""
    if axis.kind == "static" or not len(axis):
        return ""
    if axis.kind == "periods":
        return step_text(axis, step_of(axis, moment))
    found = civil(axis, moment)
    if found is None:
        return f"{moment:g}"
    return found.date if _daily(axis) else f"{found.date} {found.time}"


def step_text(axis: TimeAxis, step: int) -> str:
    """A step for people: "2026-01-05 03:00", "2026-01-05 03:00 – 04:00", "day", "2050s"."""
    if axis.kind == "static" or not 0 <= step < len(axis):
        return ""
    if step < len(axis.labels) and axis.labels[step]:
        return axis.labels[step]
    start = civil(axis, float(axis.starts[step]))
    if start is None:
        return str(step + 1)
    text = start.date if _daily(axis) else f"{start.date} {start.time}"
    end = civil(axis, float(axis.ends[step])) if axis.ends is not None else None
    if end is None:
        return text
    if _daily(axis):
        return text if end.date == start.date else f"{text} – {end.date}"
    return f"{text} – {end.time if end.date == start.date else f'{end.date} {end.time}'}"


def parse_moment(text: str, axis: TimeAxis) -> float:
    """A moment as a user writes it: the name of a period, or a date (and time) of ISO 8601 in the axis's zone.

    Raises `MomentError` if it is neither, and for moments outside the axis.
    """
    axis, wanted = counted(axis), text.strip()
    names = {name.casefold(): step for step, name in reversed(list(enumerate(axis.labels))) if name}
    if wanted.casefold() in names:
        return float(axis.starts[names[wanted.casefold()]])
    if not axis.dated:
        known = ", ".join(name for name in axis.labels if name)
        raise MomentError(f"there is no period {wanted!r}; periods: {known or 'none'}")
    moment = _parsed(wanted, axis)
    low, high = span_of(axis)
    if not low <= moment <= high:
        raise MomentError(
            f"{wanted} is not in it; it has {moment_text(axis, low)} to {moment_text(axis, high)} ({axis.zone})"
        )
    return moment


def step_of(axis: TimeAxis, moment: float) -> int:
    """The step shown at a moment."""
    return counted(axis).index_at(moment)


def counted(axis: TimeAxis) -> TimeAxis:
    """The axis; with periods counted where their dates do not tell them apart (day, evening and night of a year)."""
    if axis.kind != "periods" or not axis.dated or bool((np.diff(axis.starts) > 0).all()):
        return axis
    return replace(axis, starts=np.arange(len(axis), dtype=np.float64), ends=None, dated=False)


def span_of(axis: TimeAxis) -> tuple[float, float]:
    """The first and the last moment of an axis; undated periods go on for one count after the last begins."""
    if not len(axis):
        return 0.0, 0.0
    low, high = float(axis.starts[0]), float(axis.starts[-1])
    if axis.ends is not None:
        high = max(high, float(np.max(axis.ends)))
    elif axis.kind == "periods" and not axis.dated:
        high += 1.0
    return low, high


def joined(axes: list[TimeAxis]) -> TimeAxis | None:
    """One axis with the steps of several (of one calendar, dated or not): what a clock runs over. None = no time."""
    axes = [counted(axis) for axis in axes if axis.kind != "static" and len(axis)]
    if not axes:
        return None
    first = axes[0]
    alike = [axis for axis in axes if (axis.dated, axis.calendar) == (first.dated, first.calendar)]
    if all(axis is first or np.array_equal(axis.starts, first.starts) for axis in alike):
        return first
    starts: Float64 = np.unique(np.concatenate([axis.starts for axis in alike]))
    end = max(span_of(axis)[1] for axis in alike)
    if first.kind == "periods" and not first.dated:
        return max(alike, key=len)
    ends = np.append(starts[1:], max(end, starts[-1])) if end > starts[-1] else None
    return TimeAxis(
        "instants" if ends is None else "intervals", starts, ends, (), first.zone, first.calendar, first.dated
    )


def _daily(axis: TimeAxis) -> bool:
    """True if all steps begin at midnight of the axis's zone: times of day would say nothing."""
    return _is_daily(axis.starts[:64].tobytes(), axis.zone, axis.calendar)


@lru_cache(maxsize=64)
def _is_daily(starts: bytes, zone: str, calendar: str) -> bool:
    axis = TimeAxis("instants", np.frombuffer(starts, np.float64), zone=zone, calendar=calendar)
    found = [civil(axis, float(moment)) for moment in axis.starts]
    return len(found) > 1 and all(x is not None and (x.hour, x.minute, x.second) == (0, 0, 0) for x in found)


@lru_cache(maxsize=32)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return UTC


def _other_calendar(moment: float, calendar: str) -> Civil | None:
    import cftime

    try:
        found = cftime.num2date(round(moment), "seconds since 1970-01-01T00:00:00", calendar=calendar)
    except (ValueError, OverflowError):
        return None
    return Civil(found.year, found.month, found.day, found.hour, found.minute, found.second)


def _parsed(text: str, axis: TimeAxis) -> float:
    try:
        return times.parse_moment(text, axis.zone, axis.calendar)
    except ValueError as error:
        names = ", ".join(name for name in axis.labels if name)
        raise MomentError(f"{error}; periods: {names}" if names else str(error)) from error
