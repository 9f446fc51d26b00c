"""Scenario: what the sun brings to every roof of the demo town in a year.

Method: direct and diffuse light of a year on a tilted plane at 52 degrees north, from a table of twelve middle days
(one per month) with the solar declination after Cooper (1969), a clear-sky share per month, and an isotropic sky (Liu
and Jordan, 1963). Houses and trees throw no shadow here: the figure is a potential, the best there can be.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

LATITUDE = 52.0
BRIGHT = (0.12, 0.15, 0.19, 0.23, 0.24, 0.23, 0.23, 0.23, 0.21, 0.17, 0.13, 0.10)
"""Share of the months' extraterrestrial light that arrives directly."""
DIFFUSE = (0.20, 0.22, 0.24, 0.24, 0.24, 0.24, 0.24, 0.23, 0.22, 0.22, 0.21, 0.19)
"""Share that arrives from the whole sky."""
SOLAR_CONSTANT = 1.361
"""kW/m2 outside the atmosphere (Kopp and Lean, 2011)."""
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
SD_SHARE = 0.08
"""Standard deviation of a year's sum, as a share of it."""


def yearly(slope_deg: Float64, azimuth_deg: Float64) -> Float64:
    """kWh/m2 and year on planes: slope from the horizontal, azimuth clockwise from north; float64 (N,)."""
    tilt, turn = np.radians(slope_deg), np.radians(azimuth_deg)
    normal = np.stack([np.sin(tilt) * np.sin(turn), np.sin(tilt) * np.cos(turn), np.cos(tilt)], axis=1)
    suns, direct, diffuse = _table()
    seen = np.maximum(normal @ suns.T, 0.0)
    return np.asarray(seen @ direct + diffuse * (1.0 + np.cos(tilt)) / 2.0, np.float64)


@cache
def _table() -> tuple[Float64, Float64, float]:
    """Directions to the sun (S, 3) (east, north, up), the direct light that comes from each in a year (kWh/m2 across
    the ray), and the diffuse light on the level."""
    suns, direct, diffuse = [], [], 0.0
    latitude = np.radians(LATITUDE)
    start = 0
    for month, days in enumerate(DAYS):
        day = start + days / 2
        start += days
        declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day) / 365)
        for hour in np.arange(0.25, 24.0, 0.5):
            angle = np.radians(15.0 * (hour - 12.0))
            up = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
            if up <= 0.02:
                continue
            east = -np.cos(declination) * np.sin(angle)
            north = np.cos(latitude) * np.sin(declination) - np.sin(latitude) * np.cos(declination) * np.cos(angle)
            suns.append((east, north, up))
            direct.append(0.5 * days * SOLAR_CONSTANT * BRIGHT[month])
            diffuse += 0.5 * days * SOLAR_CONSTANT * DIFFUSE[month] * up
    return np.array(suns), np.array(direct), diffuse
