import numpy as np
import pytest

from loaders.scenario.model import TimeAxis
from viewer.analysis.moments import (
    MomentError,
    civil,
    iso_of,
    joined,
    moment_text,
    parse_moment,
    span_of,
    step_of,
    step_text,
)

HOUR, DAY = 3600.0, 86400.0
SUMMER = 1782000000.0  # 2026-06-21T00:00:00Z
HOURS = TimeAxis("instants", SUMMER + HOUR * np.arange(5), zone="Europe/Amsterdam")
NAMES = TimeAxis("periods", np.arange(3.0), labels=("day", "evening", "night"), dated=False)
STILL = TimeAxis("static", np.zeros(1), dated=False)


def test_moments_are_told_in_the_zone_of_the_results():
    assert moment_text(HOURS, SUMMER) == "2026-06-21 02:00"
    assert iso_of(HOURS, SUMMER + 30) == "2026-06-21T02:00:30+02:00"
    west = TimeAxis("instants", HOURS.starts, zone="America/St_Johns")
    assert iso_of(west, SUMMER) == "2026-06-20T21:30:00-02:30"


def test_a_zone_that_is_unknown_here_is_utc():
    assert moment_text(TimeAxis("instants", HOURS.starts, zone="Mars/Olympus"), SUMMER) == "2026-06-21 00:00"


def test_intervals_days_and_periods_have_names_of_their_own():
    spans = TimeAxis("intervals", HOURS.starts, HOURS.starts + HOUR, zone="UTC")
    assert step_text(spans, 1) == "2026-06-21 01:00 – 02:00"
    last = TimeAxis("intervals", HOURS.starts + 23 * HOUR, HOURS.starts + 24 * HOUR, zone="UTC")
    assert step_text(last, 0) == "2026-06-21 23:00 – 2026-06-22 00:00"
    days = TimeAxis("intervals", SUMMER + DAY * np.arange(3), SUMMER + DAY * np.arange(1, 4))
    assert moment_text(days, SUMMER + DAY) == "2026-06-22"
    assert [step_text(NAMES, n) for n in (0, 2, 3)] == ["day", "night", ""]
    assert moment_text(NAMES, 1.7) == "evening"
    assert moment_text(STILL, 0.0) == ""


@pytest.mark.parametrize(
    ("calendar", "days", "date"),
    [("360_day", 59, "1970-02-30"), ("noleap", 365 * 3 + 59, "1973-03-01"), ("all_leap", 59, "1970-02-29")],
)
def test_calendars_of_climate_models_keep_their_days(calendar, days, date):
    axis = TimeAxis("instants", DAY * np.arange(400.0) * 10 + HOUR, calendar=calendar)
    found = civil(axis, days * DAY)
    assert found.date == date
    assert parse_moment(date, axis) == days * DAY
    # the sun needs a day of our own calendar
    assert (iso_of(axis, days * DAY) is None) == (date in ("1970-02-30", "1970-02-29"))


def test_moments_are_read_as_dates_in_the_zone_or_as_periods():
    assert parse_moment("2026-06-21T03:00", HOURS) == SUMMER + HOUR
    assert parse_moment("2026-06-21T03:00+00:00", HOURS) == SUMMER + 3 * HOUR
    assert parse_moment("Evening", NAMES) == 1.0
    years = TimeAxis("periods", np.array([0.0, 20 * 365.25 * DAY]), None, ("now", "2050s"))
    assert parse_moment("2050s", years) == years.starts[1]
    for text, axis, told in (
        ("2026-07-01", HOURS, "2026-06-21 02:00 to 2026-06-21 06:00"),
        ("soon", HOURS, "ISO 8601"),
        ("noon", NAMES, "day, evening, night"),
    ):
        with pytest.raises(MomentError, match=told):
            parse_moment(text, axis)


def test_periods_with_the_same_date_are_counted():
    axis = TimeAxis("periods", np.full(3, SUMMER), None, ("day", "evening", "night"))
    assert parse_moment("night", axis) == 2.0
    assert [step_of(axis, m) for m in (0.0, 1.0, 2.5)] == [0, 1, 2]
    assert joined([axis]).dated is False


def test_axes_are_joined_where_they_can_be():
    late = TimeAxis("instants", HOURS.starts + 2.5 * HOUR)
    both = joined([STILL, HOURS, late])
    assert len(both) == 10
    assert (both.starts[0], span_of(both)[1]) == (SUMMER, SUMMER + 6.5 * HOUR)
    assert joined([HOURS, HOURS]) is HOURS
    assert joined([HOURS, NAMES]) is HOURS
    assert joined([STILL]) is None
    assert span_of(NAMES) == (0.0, 3.0)
