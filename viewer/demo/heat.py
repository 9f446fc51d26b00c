"""Scenario: air temperature on a hot summer day, at 15:00 and at 04:00.

Method (a linear index model with made-up but plausible weights): around every cell the shares of green, water and built
ground in a window of 100 m are taken, and how much sky buildings hide (built volume per area). By day built ground adds
heat, trees, green and water take it away; at night what was stored by buildings is lost slowly where little sky is
seen, and open water is warmer than land. Wind, slope and the weather before are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.demo import terrain
from viewer.demo.town import Town

Float64 = npt.NDArray[np.float64]

CELL, WINDOW = 10.0, 5
"""Cell size (metres), and half the window's width in cells."""
_GREEN = ("park", "green", "garden", "wood", "vineyard", "verge", "bank", "meadow", "church", "allotments", "villa",
          "terrace", "slab", "sport", "chapel", "museum", "field", "village")  # fmt: skip
_WATER = ("water", "pond")


@dataclass(frozen=True, slots=True)
class Heat:
    """Air temperature in degrees Celsius on the grid, first row in the south."""

    day: Float64
    night: Float64


def model(town: Town, more_trees: float = 0.0) -> Heat:
    """Both grids. ``more_trees``: share of the ground that crowns cover more where all is built."""
    kinds = np.array(town.ground.kinds)
    green = _share(town.ground.polygons[np.isin(kinds, _GREEN)])
    water = _share(town.ground.polygons[np.isin(kinds, _WATER)])
    built = _share(town.footprints)
    tall = _share(
        town.footprints, [b.ridge - house.ground for house in (t.house for t in town.built) for b in house.bodies]
    )
    trees = _trees(town)
    trees = np.clip(trees + more_trees * np.clip(1.0 - green - water, 0, 1) * (1 - trees), 0, 1)
    hidden = np.clip(tall / 9.0, 0, 1)
    open_green = np.clip(green - built, 0, 1)
    day = 32.0 + 2.6 * (1 - open_green - water) + 1.4 * built - 1.8 * trees - 3.4 * water - 0.9 * open_green
    night = 17.2 + 3.9 * hidden + 1.7 * built + 1.6 * water - 1.2 * open_green
    return Heat(np.round(day, 2), np.round(night, 2))


def _share(polygons: npt.NDArray[np.object_], values: list[float] | None = None) -> Float64:
    """Mean over the window of 1 (or the value) inside the polygons and 0 outside."""
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    size = round(terrain.SIDE / CELL)
    shapes = polygons if values is None else list(zip(polygons, values, strict=True))
    grid = rasterize(shapes, (size, size), transform=Affine(CELL, 0, 0, 0, -CELL, terrain.SIDE), dtype="float32")
    return _window(grid[::-1].astype(np.float64))


def _window(grid: Float64) -> Float64:
    """Mean over a square window, at the rim over what there is of it."""
    for _ in range(2):
        total = np.cumsum(np.pad(grid, ((1, 0), (0, 0))), axis=0)
        count = len(grid)
        low = np.maximum(np.arange(count) - WINDOW, 0)
        high = np.minimum(np.arange(count) + WINDOW + 1, count)
        grid = ((total[high] - total[low]) / (high - low)[:, None]).T
    return np.ascontiguousarray(grid)


def _trees(town: Town) -> Float64:
    """Share of ground under crowns."""
    points, wide = town.trees.points, town.trees.scales[:, 0]
    size = round(terrain.SIDE / CELL)
    cover = np.zeros((size, size))
    i, j = (np.clip((points[:, k] / CELL).astype(int), 0, size - 1) for k in (1, 0))
    np.add.at(cover, (i, j), np.pi * (3.4 * wide) ** 2 / CELL**2)
    return np.clip(_window(cover), 0, 1)


def tell_buildings(town: Town, heat: Heat) -> None:
    """Give every building the temperatures at its middle."""
    middles = np.array([sum(ring) / len(ring) for ring in (b.house.bodies[0].ring for b in town.built)])
    at = np.clip((np.stack([middles.real, middles.imag], axis=1) / CELL).astype(int), 0, len(heat.day) - 1)
    for built, day, night in zip(town.built, heat.day[at[:, 1], at[:, 0]], heat.night[at[:, 1], at[:, 0]], strict=True):
        built.facts["airTemp_day_C"], built.facts["airTemp_night_C"] = float(day), float(night)
