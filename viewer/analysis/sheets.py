"""A plain sheet under a raster that has no ground in the project, so that it is seen."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from loaders.city import CityData, CrsInfo, Float64
from loaders.scenario.meshes import node_city

GROUND_TYPES = ("TINRelief", "LandUse", "Road", "WaterBody", "PlantCover", "Railway", "TransportSquare", "Waterway")
"""Types of objects that a raster is drawn on."""
COVERED = 0.5
"""Where ground lies under so much of a raster, it needs no sheet."""
PIECES = 48
"""Fields of a sheet along each side."""


def needs_sheet(outline: Float64, cities: Iterable[CityData]) -> bool:
    """True if no city has ground under most of a raster, whose corners are ``outline`` float64 (4, 2).

    Bounds count: a terrain is one object.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    area = float(np.prod(high - low))
    if not area > 0:  # or it has no place in the project's CRS
        return False
    best = 0.0
    for city in cities:
        box = city.bbox
        if box is None or not _has_ground(city):
            continue
        overlap = np.minimum(high, box[3:5]) - np.maximum(low, box[:2])
        best = max(best, float(np.prod(np.maximum(overlap, 0.0))) / area)
    return best < COVERED


def sheet(name: str, crs: CrsInfo, outline: Float64, height: float) -> CityData:
    """A flat sheet of one object between the corners ``outline`` float64 (4, 2) in order, at a height."""
    corners = np.column_stack([outline, np.full(4, height)])
    steps = np.linspace(0.0, 1.0, PIECES + 1)
    u, v = np.meshgrid(steps, steps)
    sides = [(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v]
    points = sum(share[..., None] * corner for share, corner in zip(sides, corners, strict=True))
    points = np.asarray(points).reshape(-1, 3)
    first = (np.arange(PIECES)[:, None] * (PIECES + 1) + np.arange(PIECES)).reshape(-1)
    quads = np.stack([first, first + 1, first + PIECES + 2, first + PIECES + 1], axis=1)
    ab, ac = (points[quads[0, n]] - points[quads[0, 0]] for n in (1, 2))
    if ab[0] * ac[1] - ab[1] * ac[0] < 0:
        quads = quads[:, ::-1]
    return node_city(name, crs, points, quads, "TINRelief")[0]


def _has_ground(city: CityData) -> bool:
    names = set(city.objects.type_names)
    return bool(names.intersection(GROUND_TYPES)) or "GroundSurface" in city.surfaces.type_names
