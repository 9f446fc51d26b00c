"""Times of a day that pictures are made at, found by the height of the sun at the place."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from viewer.analysis.sun import Place, Sky, parse_time, sky_at

STEP = timedelta(minutes=10)
MORNING_DEG, EVENING_DEG = 18.0, 9.0
"""Elevation of the sun in the morning and in the evening, degrees; lower where it never gets so high."""
COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
NAMES = ("Morning", "Noon", "Evening", "Night")


def day_times(day: datetime, place: Place) -> dict[str, datetime]:
    """When it is morning, noon, evening and night on a day at a place, in steps of ten minutes.

    Args:
        day: any time of the day; its offset (None = the place's 15 degree zone) is kept.
    """
    start = datetime.combine(day.date(), time(0), day.tzinfo)
    moments = [start + n * STEP for n in range(24 * 6)]
    heights = [sky_of(moment, place).sun.elevation for moment in moments]
    noon = max(range(len(moments)), key=heights.__getitem__)
    morning = min(range(noon + 1), key=lambda n: abs(heights[n] - min(MORNING_DEG, 0.6 * heights[noon])))
    evening = min(range(noon, len(moments)), key=lambda n: abs(heights[n] - min(EVENING_DEG, 0.4 * heights[noon])))
    night = start + timedelta(hours=23, minutes=30)
    return dict(zip(NAMES, (moments[morning], moments[noon], moments[evening], night), strict=True))


def sky_of(moment: datetime, place: Place) -> Sky:
    """Sun and moon at a time with or without offset (without: the place's 15 degree zone)."""
    return sky_at(parse_time(moment.isoformat(), place.lon), place)


def describe(sky: Sky) -> str:
    """One line for people: "Sun 52° high in the south-west" or "Sun down, moon 12° high, 38% lit"."""
    if sky.sun.elevation > 0.0:
        return f"Sun {sky.sun.elevation:.0f}° high in the {compass(sky.sun.azimuth)}"
    dusk = "Twilight" if sky.sun.elevation > -12.0 else "Night"
    if sky.moon.elevation > 0.0:
        where = compass(sky.moon.azimuth)
        return f"{dusk}; moon {sky.moon.elevation:.0f}° high in the {where}, {sky.moon_phase:.0%} lit"
    return f"{dusk}; sun and moon are down"


def compass(azimuth: float) -> str:
    """The nearest of eight directions for degrees clockwise from north."""
    return COMPASS[round(azimuth / 45.0) % 8]
