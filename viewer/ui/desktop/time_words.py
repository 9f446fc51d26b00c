"""Moments of results in words, and the names of ticks, speeds and steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from loaders.scenario.model import TimeAxis
from viewer.analysis.moments import STANDARD, Civil, civil, moment_text, span_of, step_of, step_text
from viewer.session.clock import PERIOD_SECONDS

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPEEDS = (1 / 60, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200, 129600, 525600)
"""Minutes of the results in a second."""
SLOWEST_S, FASTEST_S = 300.0, 2.0
"""Speeds are offered with which the whole lasts from the one to the other, seconds."""
PERIOD_SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
DAY_S, YEAR_S = 86_400.0, 31_557_600.0


def moment_words(axis: TimeAxis, moment: float) -> str:
    """A moment: "Monday 5 January 2026, 03:00", "03:00 – 04:00" for intervals, the name of a period."""
    step = step_of(axis, moment)
    if axis.kind == "periods":
        return step_text(axis, step)
    found = civil(axis, moment)
    if found is None:
        return moment_text(axis, moment)
    day = date_words(axis, found)
    if ":" not in moment_text(axis, moment):
        return day
    if axis.kind == "intervals" and axis.ends is not None:
        start, end = civil(axis, float(axis.starts[step])), civil(axis, float(axis.ends[step]))
        if start is not None and end is not None:
            over = f"{date_words(axis, end)}, " if end.date != start.date else ""
            return f"{date_words(axis, start)}, {_time(axis, start)} – {over}{_time(axis, end)}"
    return f"{day}, {_time(axis, found)}"


def shorter(text: str) -> str:
    """A moment in few letters, where there is little room: "Mon 5 Jan 2026, 03:00"."""
    for name in (*MONTHS, *WEEKDAYS):
        text = text.replace(name, name[:3])
    return text


def date_words(axis: TimeAxis, found: Civil) -> str:
    """A day: "Monday 5 January 2026"; without its weekday in calendars of climate models."""
    plain = f"{found.day} {MONTHS[found.month - 1]} {found.year}"
    if axis.calendar not in STANDARD:
        return plain
    try:
        return f"{date(found.year, found.month, found.day):%A} {plain}"
    except ValueError:
        return plain


def step_words(axis: TimeAxis, moment: float) -> str:
    """Below the moment: "Step 4 of 13 · Europe/Amsterdam"."""
    count, step = len(axis), step_of(axis, moment)
    name = "Period" if axis.kind == "periods" else "Step"
    parts = [f"{name} {step + 1} of {count}"]
    if axis.dated and axis.kind != "periods":
        parts.append(axis.zone if axis.calendar in STANDARD else f"{axis.calendar.replace('_', ' ')} calendar")
    return " · ".join(parts)


def tick_words(axis: TimeAxis, step: int) -> str:
    """A step below the axis, short: "03:00", "5 Jan", "2050", "Evening"."""
    if step < len(axis.labels) and axis.labels[step]:
        return axis.labels[step]
    found = civil(axis, float(axis.starts[step]))
    if found is None:
        return str(step + 1)
    low, high = span_of(axis)
    if high - low > 3 * YEAR_S:
        return str(found.year)
    if high - low > 3 * DAY_S or ":" not in moment_text(replace(axis, kind="instants"), float(axis.starts[step])):
        return f"{found.day} {MONTHS[found.month - 1][:3]}"
    return f"{found.hour:02d}:{found.minute:02d}"


def speeds_for(axis: TimeAxis) -> tuple[float, ...]:
    """Speeds worth choosing."""
    if not axis.dated:
        return PERIOD_SPEEDS
    low, high = span_of(axis)
    minutes = max(high - low, 60.0) / 60.0
    found = tuple(speed for speed in SPEEDS if FASTEST_S <= minutes / speed <= SLOWEST_S)
    return found or (SPEEDS[2],)


def speed_words(axis: TimeAxis, speed: float) -> str:
    """A speed: "30 min per second", "2 h per second", "1 period in 2 s"."""
    if not axis.dated:
        return f"a period in {PERIOD_SECONDS / speed:g} s"
    if abs(speed * 60 - 1) < 1e-6:
        return "real time"
    for size, unit in ((525_600, "year"), (1440, "day"), (60, "h"), (1, "min")):
        if speed >= size:
            amount = speed / size
            return f"{amount:.3g} {unit}{'s' if unit in ('year', 'day') and amount != 1 else ''} per second"
    return f"{speed * 60:.3g} s per second"


def _time(axis: TimeAxis, found: Civil) -> str:
    """Hours and minutes; seconds only where steps are closer than a minute."""
    low, high = span_of(axis)
    close = len(axis) > 1 and (high - low) / (len(axis) - 1) < 60.0
    return found.time if close else f"{found.hour:02d}:{found.minute:02d}"
