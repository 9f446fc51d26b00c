"""Colours as data: ramps, class colours, and the fixed colours of object and surface types.

All are sRGB, 0..255. Ramps change lightness evenly and read the same with the common forms of colour blindness;
class colours are those of Okabe & Ito (2008) followed by Tol's "muted" set (P. Tol, SRON technical note, 2021).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from viewer.analysis._ramps import RAMPS
from viewer.resources import shader

RGB = tuple[int, int, int]
UInt8 = npt.NDArray[np.uint8]

DEFAULT_RAMP = "viridis"
DEFAULT_CLASSES = "okabe-ito"
RAMP_SIZE = 256
MAX_CLASSES = 12
"""Most colours in a legend; with more categories the rarest share `OTHER`."""

NO_DATA: RGB = (190, 190, 190)
"""Objects without a value."""
OTHER: RGB = (120, 120, 128)
"""Categories beyond the most frequent ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """A named palette. ``colors`` uint8: (256, 3) for "sequential" and "diverging", (K, 3) for "categorical"."""

    name: str
    title: str
    kind: Literal["sequential", "diverging", "categorical"]
    colors: UInt8


_CLASS_COLORS: dict[str, tuple[RGB, ...]] = {
    "okabe-ito": (
        (230, 159, 0),
        (86, 180, 233),
        (0, 158, 115),
        (204, 121, 167),
        (0, 114, 178),
        (213, 94, 0),
        (240, 228, 66),
        (136, 34, 85),
        (51, 34, 136),
        (153, 153, 51),
        (136, 204, 238),
        (102, 60, 30),
    ),
    "tol-muted": (
        (204, 102, 119),
        (51, 34, 136),
        (221, 204, 119),
        (17, 119, 51),
        (136, 204, 238),
        (136, 34, 85),
        (68, 170, 153),
        (153, 153, 51),
        (170, 68, 153),
        (90, 90, 100),
        (238, 136, 102),
        (119, 170, 221),
    ),
}
_TITLES: dict[str, tuple[str, Literal["sequential", "diverging", "categorical"]]] = {
    "viridis": ("Viridis (blue to yellow)", "sequential"),
    "cividis": ("Cividis (blue to yellow, muted)", "sequential"),
    "magma": ("Magma (black to pale yellow)", "sequential"),
    "terra": ("Terra (blue, green, sand)", "sequential"),
    "heat": ("Heat (pale yellow to red)", "sequential"),
    "water": ("Water (pale to dark blue)", "sequential"),
    "noise": ("Noise (green, yellow, red, violet)", "sequential"),
    "traffic": ("Traffic (pale yellow to violet)", "sequential"),
    "balance": ("Balance (blue, white, orange)", "diverging"),
    "okabe-ito": ("Okabe-Ito", "categorical"),
    "tol-muted": ("Tol muted", "categorical"),
}

REVERSED = "-reversed"
"""A palette name with this ending is that palette, last colour first."""

TYPE_COLORS: dict[str, RGB] = {
    "Building": (230, 159, 60),
    "BuildingPart": (245, 198, 118),
    "BuildingInstallation": (186, 118, 40),
    "BuildingConstructiveElement": (160, 104, 52),
    "BuildingFurniture": (200, 140, 96),
    "BuildingStorey": (250, 220, 160),
    "BuildingRoom": (238, 206, 150),
    "BuildingUnit": (222, 184, 110),
    "Bridge": (204, 121, 167),
    "BridgePart": (222, 158, 192),
    "BridgeInstallation": (170, 88, 134),
    "BridgeConstructiveElement": (150, 76, 118),
    "BridgeRoom": (232, 180, 208),
    "BridgeFurniture": (186, 110, 152),
    "Tunnel": (120, 84, 160),
    "TunnelPart": (152, 120, 188),
    "TunnelInstallation": (96, 64, 132),
    "TunnelConstructiveElement": (84, 56, 118),
    "TunnelHollowSpace": (176, 150, 206),
    "TunnelFurniture": (134, 100, 168),
    "Road": (112, 112, 116),
    "Railway": (78, 70, 88),
    "TransportSquare": (160, 160, 162),
    "Waterway": (86, 180, 233),
    "WaterBody": (0, 114, 178),
    "PlantCover": (150, 198, 92),
    "SolitaryVegetationObject": (0, 128, 72),
    "LandUse": (216, 214, 140),
    "TINRelief": (182, 150, 108),
    "CityFurniture": (213, 94, 0),
    "OtherConstruction": (136, 90, 72),
    "GenericCityObject": (146, 140, 200),
    "CityObjectGroup": (170, 170, 200),
}
"""Colour of each CityJSON type when colouring by type: related types are shades of one hue."""
TYPE_COLOR_EXTENSION: RGB = (170, 68, 153)
"""Types of Extensions (``+Type``) and unknown ones."""

_BUILDING, _BRIDGE, _TUNNEL = (236, 227, 210), (186, 178, 168), (150, 142, 136)
BASE_COLORS: dict[str, RGB] = {
    **{
        f"Building{part}": _BUILDING
        for part in ("", "Part", "ConstructiveElement", "Storey", "Room", "Unit", "Installation", "Furniture")
    },
    **{f"Bridge{p}": _BRIDGE for p in ("", "Part", "Installation", "ConstructiveElement", "Room", "Furniture")},
    **{f"Tunnel{p}": _TUNNEL for p in ("", "Part", "Installation", "ConstructiveElement", "HollowSpace", "Furniture")},
    "Road": (146, 147, 150),
    "Railway": (124, 118, 114),
    "TransportSquare": (184, 180, 172),
    "Waterway": (122, 172, 210),
    "WaterBody": (104, 158, 204),
    "PlantCover": (136, 172, 100),
    "SolitaryVegetationObject": (100, 146, 76),
    "LandUse": (198, 204, 158),
    "TINRelief": (196, 188, 160),
    "CityFurniture": (188, 132, 92),
    "OtherConstruction": (192, 182, 170),
    "GenericCityObject": (200, 198, 196),
    "CityObjectGroup": (200, 198, 196),
}
"""Natural colour of each CityJSON type in the default look, where no semantic surface says better."""
BASE_COLOR_EXTENSION: RGB = (198, 186, 204)

FLAT_ROOF = "RoofSurface, flat"
"""Key of `surface_colors` for the flat ones among the roofs: the shader tells them from the pitched by their slope."""
_SURFACE_CONSTANTS: dict[str, str] = {
    "RoofSurface": "ROOF_PITCHED",
    FLAT_ROOF: "ROOF_FLAT",
    "WallSurface": "WALL",
    "GroundSurface": "GROUND",
    "ClosureSurface": "CLOSURE",
    "OuterCeilingSurface": "CEILING",
    "OuterFloorSurface": "FLOOR",
    "Window": "WINDOW",
    "Door": "DOOR",
    "InteriorWallSurface": "WALL",
    "CeilingSurface": "CEILING",
    "FloorSurface": "FLOOR",
    "WaterSurface": "WATER",
    "WaterGroundSurface": "WATER_BED",
    "WaterClosureSurface": "WATER",
    "TrafficArea": "ROAD",
    "AuxiliaryTrafficArea": "ROAD_EDGE",
    "TransportationMarking": "MARKING",
}
"""Semantic surface types and the constant of ``shaders/surfaces.glsl`` that they are drawn in."""
SURFACE_LABELS: dict[str, str] = {
    "RoofSurface": "Roof, pitched",
    FLAT_ROOF: "Roof, flat",
    "WallSurface": "Wall",
    "GroundSurface": "Ground",
    "ClosureSurface": "Closure",
    "OuterCeilingSurface": "Ceiling",
    "OuterFloorSurface": "Floor",
    "Window": "Window",
    "Door": "Door",
    "WaterSurface": "Water",
    "WaterGroundSurface": "Water bed",
    "TrafficArea": "Traffic area",
    "AuxiliaryTrafficArea": "Verge and kerb",
    "TransportationMarking": "Road marking",
}
"""Surface types as the legend of the default look names them; the others share the colour of one of these."""
BUILT_TYPES = ("Building", "Bridge", "Tunnel", "+", "OtherConstruction", "GenericCityObject")
"""Beginnings of the types whose faces are drawn as roof or wall, by slope, where the file does not say which."""


def names(kind: str | None = None) -> tuple[str, ...]:
    """Names of all palettes, or of one kind, in the order of the menus."""
    return tuple(name for name, (_, its_kind) in _TITLES.items() if kind in (None, its_kind))


@lru_cache(maxsize=64)
def palette(name: str) -> Palette:
    """The palette of that name (with ``-reversed`` at the end: backwards). KeyError if there is none."""
    base = name.removesuffix(REVERSED)
    if base not in _TITLES:
        raise KeyError(name)
    title, kind = _TITLES[base]
    colors = _ramp(RAMPS[base]) if base in RAMPS else np.array(_CLASS_COLORS[base], np.uint8)
    if name != base:
        title, colors = f"{title}, reversed", np.ascontiguousarray(colors[::-1])
    colors.setflags(write=False)
    return Palette(name, title, kind, colors)


def is_palette(name: str) -> bool:
    """True if `palette` knows the name."""
    return name.removesuffix(REVERSED) in _TITLES


def class_colors(name: str, count: int) -> UInt8:
    """``count`` colours, uint8 (count, 3): the first of a categorical palette, or samples spread over a ramp."""
    chosen = palette(name)
    if chosen.kind == "categorical":
        return chosen.colors[np.arange(count) % len(chosen.colors)]
    places = np.rint(np.linspace(0, RAMP_SIZE - 1, count)) if count > 1 else np.array([RAMP_SIZE // 2])
    return chosen.colors[places.astype(np.int64)]


def type_color(type_name: str) -> RGB:
    """The colour of a CityJSON type when colouring by type."""
    return TYPE_COLORS.get(type_name, TYPE_COLOR_EXTENSION)


def base_color(type_name: str) -> RGB:
    """The natural colour of a CityJSON type."""
    return BASE_COLORS.get(type_name, BASE_COLOR_EXTENSION)


@cache
def surface_colors() -> dict[str, RGB]:
    """Colour of semantic surface types in the default look, read from the shader that draws them.

    Surfaces that are not in it have the colour of their object. Roofs have two: "RoofSurface" and `FLAT_ROOF`, and
    what is a little inclined lies between them.
    """
    numbers = dict(re.findall(r"const vec3 (\w+)\s*=\s*vec3\(([^)]*)\)", shader("surfaces.glsl")))
    colors: dict[str, RGB] = {}
    for name, constant in _SURFACE_CONSTANTS.items():
        red, green, blue = (round(float(part) * 255) for part in numbers[constant].split(","))
        colors[name] = (red, green, blue)
    return colors


def _ramp(text: str) -> UInt8:
    """A table of hexadecimal RGB samples, interpolated to `RAMP_SIZE` colours."""
    samples = np.frombuffer(bytes.fromhex(text), np.uint8).reshape(-1, 3).astype(np.float64)
    places = np.linspace(0, len(samples) - 1, RAMP_SIZE)
    columns = [np.interp(places, np.arange(len(samples)), samples[:, k]) for k in range(3)]
    return np.rint(np.stack(columns, axis=1)).astype(np.uint8)
