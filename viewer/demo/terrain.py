"""The shape of the demo town's land: flood plain, river, island, dock, hill, and gentle relief towards the rim.

All functions take town coordinates (metres, x east, y north, (0, 0) the south-west corner of the 4 x 4 km) as numbers
or arrays of one shape and return float64 of that shape. Heights are metres NAP; the water of river and dock lies at 0.
The land is flat in a strip along the river, so that quays, bridge heads and the decks of bridges meet without slope.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Float64 = npt.NDArray[np.float64]

SIDE = 4000.0
"""Side of the modelled square, metres."""
WATER, QUAY, BED, POND_LEVEL = 0.0, 2.5, -4.2, 1.35
"""Water level of river and dock, height of the quays, river bed, water level of the park's pond (metres NAP)."""
TOWN_BANK = (620.0, 3080.0)
"""Between these x the banks are quay walls, elsewhere grass slopes of `SLOPE` metres down to the water's edge."""
SLOPE, TAPER = 11.0, 90.0
ISLAND = (2300.0, 250.0, 52.0)
"""The island: middle x (it lies on the axis), half length, half width, metres."""
DOCK = (905.0, 925.0, 1025.0)
"""The harbour dock, open to the river in the north: west side x, south end y, east side x."""
POND = (2670.0, 1262.0, 82.0, 36.0)
"""The park's pond, an ellipse: middle x, y, half axes."""
HILL = (3330.0, 3130.0, 640.0, 54.0)
"""The vineyard hill: top x, y, radius of its foot, height over the plain."""
CENTRE = (1950.0, 1985.0)
"""The market square, on the old town's low mound."""


def smooth(t: Float64) -> Float64:
    """Hermite step from 0 (t <= 0) to 1 (t >= 1) with level ends."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def axis(x: npt.ArrayLike) -> Float64:
    """y of the river's middle line."""
    x = np.asarray(x, np.float64)
    return np.asarray(1470.0 + 0.03 * (x - 2000.0) + 110.0 * np.sin(2 * np.pi * (x - 1250.0) / 2900.0))


def island_half(x: npt.ArrayLike) -> Float64:
    """Half the island's width at x; 0 or less beyond its ends."""
    middle, length, width = ISLAND
    u = (np.asarray(x, np.float64) - middle) / length
    return np.asarray(width * (1.0 - u * u))


def half_width(x: npt.ArrayLike) -> Float64:
    """Half the river's width between its bank lines: wider at the mouth in the west and around the island."""
    x = np.asarray(x, np.float64)
    bulge = smooth(1.0 - np.abs(x - ISLAND[0]) / 520.0)
    return np.asarray(47.0 + 45.0 * smooth((900.0 - x) / 900.0) + 48.0 * bulge)


def bank_slope(x: npt.ArrayLike) -> Float64:
    """Width of the grass slope between bank line and water's edge; 0 where there is a quay wall."""
    x = np.asarray(x, np.float64)
    return np.asarray(SLOPE * np.maximum(smooth((TOWN_BANK[0] - x) / TAPER), smooth((x - TOWN_BANK[1]) / TAPER)))


def off_bank(x: npt.ArrayLike, y: npt.ArrayLike) -> Float64:
    """Metres from the nearer bank line, measured north-south: positive on land, negative in the river's bed."""
    x = np.asarray(x, np.float64)
    return np.asarray(np.abs(np.asarray(y, np.float64) - axis(x)) - half_width(x))


def land(x: npt.ArrayLike, y: npt.ArrayLike) -> Float64:
    """Height of the land as if it went on over all water: what streets, lots and quays lie on."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    away = np.maximum(off_bank(x, y) - 30.0, 0.0)
    north = y > axis(x)
    yards = smooth((x - 470.0) / 150.0) * smooth((1480.0 - x) / 150.0) * smooth((y - 690.0) / 150.0)
    rise = np.where(north, 0.0042 * away * smooth(away / 160.0), -0.95 * smooth(away / 420.0) * (1.0 - yards))
    mound = 1.7 * np.exp(-((x - CENTRE[0]) ** 2 + (y - CENTRE[1]) ** 2) / (2 * 165.0**2)) * smooth(away / 110.0)
    out = smooth((away - 850.0) / 900.0)
    relief = out * (4.5 + 4.0 * np.sin(x / 330.0 + 1.0) * np.sin(y / 290.0 + 0.4) + 2.0 * np.sin(x / 171.0 - y / 203.0))
    hill_x, hill_y, radius, top = HILL
    far = np.hypot((x - hill_x) * 0.86, y - hill_y) / radius
    return np.asarray(QUAY + rise + mound + np.maximum(relief, 0.0) + top * smooth(1.0 - far))


GRID = 8.0
"""Spacing of the grid on which `land_at` interpolates, metres: under 7 mm from `land`, on the hill."""


@cache
def land_grid() -> Float64:
    """`land` on the nodes of a grid of `GRID` metres over the square, (row from the south, column from the west)."""
    marks = np.arange(0.0, SIDE + GRID, GRID)
    return land(*np.meshgrid(marks, marks))


@cache
def _rows() -> list[list[float]]:
    rows: list[list[float]] = land_grid().tolist()
    return rows


def land_at(x: float, y: float) -> float:
    """Height of the land at one point of the square, quickly (bilinear)."""
    rows = _rows()
    u, v = min(max(x / GRID, 0.0), SIDE / GRID - 1e-6), min(max(y / GRID, 0.0), SIDE / GRID - 1e-6)
    i, j = int(u), int(v)
    u, v = u - i, v - j
    low, high = rows[j], rows[j + 1]
    return (low[i] * (1 - u) + low[i + 1] * u) * (1 - v) + (high[i] * (1 - u) + high[i + 1] * u) * v


def in_dock(x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """True in the harbour dock, up to the river."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return np.asarray((x > DOCK[0]) & (x < DOCK[2]) & (y > DOCK[1]) & (y < axis(x)))


def in_pond(x: npt.ArrayLike, y: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """True in the park's pond."""
    u = (np.asarray(x, np.float64) - POND[0]) / POND[2]
    v = (np.asarray(y, np.float64) - POND[1]) / POND[3]
    return np.asarray(u * u + v * v < 1.0)


def height(x: npt.ArrayLike, y: npt.ArrayLike) -> Float64:
    """Height of the solid ground: the land, and under water the bed of river, dock and pond."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    ground = land(x, y)
    off, slope = off_bank(x, y), bank_slope(x)
    bank = np.where(slope > 0.01, QUAY + (QUAY - WATER) * off / np.maximum(slope, 0.01), WATER)
    deep = WATER - np.where(slope > 1.0, 0.0, 3.0) - 0.3 * np.maximum(-slope - off, 0.0)
    bed = np.maximum(np.where(off > -slope, bank, deep), BED)
    isle = np.abs(y - axis(x)) < island_half(x)
    out = np.where((off < 0) & ~isle, bed, ground)
    out = np.where(in_dock(x, y), BED, out)
    return np.asarray(np.where(in_pond(x, y), POND_LEVEL - 1.2, out))
