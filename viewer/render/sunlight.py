"""The light of a picture as numbers for the shaders: sun or moon, sky, ground, exposure. No VTK.

Colours of the sky are those of the screen (sRGB 0..1); light is linear, 1 = what shows a white floor as white.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, degrees, exp, sin
from typing import Protocol

import numpy as np
import numpy.typing as npt

from viewer.document.state import Vec3
from viewer.render.state import MODEL_LIGHT, LightState

Float64 = npt.NDArray[np.float64]

_SKY = np.array(
    [
        # elevation, overhead, at the horizon, at the horizon under the sun
        (-18.0, 0.040, 0.058, 0.120, 0.085, 0.108, 0.178, 0.09, 0.11, 0.18),
        (-10.0, 0.070, 0.105, 0.215, 0.165, 0.200, 0.310, 0.27, 0.25, 0.34),
        (-5.0, 0.150, 0.215, 0.385, 0.370, 0.390, 0.500, 0.77, 0.52, 0.44),
        (-1.0, 0.270, 0.375, 0.575, 0.640, 0.610, 0.640, 0.98, 0.70, 0.49),
        (3.0, 0.370, 0.510, 0.710, 0.840, 0.800, 0.760, 1.00, 0.83, 0.61),
        (10.0, 0.450, 0.610, 0.820, 0.880, 0.885, 0.880, 1.00, 0.93, 0.79),
        (25.0, 0.490, 0.665, 0.870, 0.880, 0.920, 0.945, 1.00, 0.98, 0.91),
        (60.0, 0.480, 0.660, 0.880, 0.880, 0.930, 0.965, 1.00, 1.00, 0.97),
    ]
)
"""Colours of the sky (sRGB) by the sun's elevation in degrees."""
_LEVELS = np.array(
    [
        # elevation, light of the sky on a floor, brightness at which such a floor is shown
        (-18.0, 0.0040, 0.130),
        (-10.0, 0.0090, 0.155),
        (-5.0, 0.0350, 0.270),
        (-1.0, 0.0950, 0.450),
        (3.0, 0.1700, 0.580),
        (10.0, 0.2800, 0.780),
        (25.0, 0.4000, 0.960),
        (60.0, 0.4700, 1.060),
    ]
)
EXTINCTION = np.array([0.09, 0.14, 0.24])
"""Of direct sunlight in red, green and blue, per thickness of the atmosphere (clear air with some dust)."""
SUN_STRENGTH = 0.98
MOON_RGB = np.array([0.62, 0.76, 1.0])
MOON_STRENGTH = 0.012
"""Full moon overhead: far more than in nature beside the night sky, so that its shadows can be seen."""
_LUMA = np.array([0.2126, 0.7152, 0.0722])
MODEL_SUN, MODEL_SKY, MODEL_GROUND = (0.82, 0.755, 0.655), (0.45, 0.485, 0.55), (0.20, 0.187, 0.168)
_NOWHERE: Vec3 = (0.0, 0.0, -1.0)


@dataclass(frozen=True, slots=True)
class LightRig:
    """Light for the shaders.

    Attributes:
        key: unit vector to the body that lights and casts shadows; z <= 0: none does.
        key_light, sky_light, ground_light: linear, times ``exposure`` what falls on a face from the body, from the
            whole sky and from sunlit ground.
        exposure: factor of the three, as eyes adapt.
        night: 0 by day to 1 when it is dark.
        top, bottom, glow: sky overhead, at the horizon, and at the horizon under the sun (sRGB).
        sun, moon: true directions, for their discs and the glow. ``moon`` is below the horizon where none is drawn.
        dated: False for the constant light of a model, whose sky has no discs.
    """

    key: Vec3
    key_light: Vec3
    sky_light: Vec3
    ground_light: Vec3
    exposure: float
    night: float
    top: Vec3
    bottom: Vec3
    glow: Vec3
    sun: Vec3
    moon: Vec3
    dated: bool


def rig_of(light: LightState, top: Vec3, bottom: Vec3) -> LightRig:
    """The light of a state. ``top`` and ``bottom`` colour the sky of an undated picture (sRGB)."""
    if not light.dated:
        sun = _triple(np.asarray(light.sun) / np.linalg.norm(light.sun))
        return LightRig(sun, MODEL_SUN, MODEL_SKY, MODEL_GROUND, 1.0, 0.0, top, bottom, bottom, sun, _NOWHERE, False)
    height = degrees(asin(max(-1.0, min(1.0, light.sun[2]))))
    colours = np.array([np.interp(height, _SKY[:, 0], _SKY[:, k]) for k in range(1, 10)])
    overhead, horizon, glow = colours[:3], colours[3:6], colours[6:]
    level, shown = (float(np.interp(height, _LEVELS[:, 0], _LEVELS[:, k])) for k in (1, 2))
    night = _smooth(2.0, -7.0, height)
    direct, moon = sun_light(height), _moon_light(light, night)
    key, key_light = (light.sun, direct) if float(direct @ _LUMA) >= float(moon @ _LUMA) else (light.moon, moon)
    tint = 0.5 * (_linear(overhead) + _linear(horizon))
    tint = 0.55 * tint / float(tint @ _LUMA) + 0.45
    sky = level * tint
    on_floor = key_light * max(key[2], 0.0)
    bounce = (0.23 * (on_floor + sky)) * np.array([1.04, 1.0, 0.93])
    exposure = shown / max(float((on_floor + sky) @ _LUMA), 1e-6)
    if not (key_light > 0.0).any():
        key = _NOWHERE
    return LightRig(
        key,
        _triple(key_light),
        _triple(sky),
        _triple(bounce),
        exposure,
        night,
        _triple(overhead),
        _triple(horizon),
        _triple(glow),
        light.sun,
        light.moon,
        True,
    )


def sun_light(elevation: float) -> Float64:
    """Direct sunlight on a face turned to the sun, linear RGB (3,), for a geometric elevation in degrees.

    Air mass after F. Kasten, A. T. Young, "Revised optical air mass tables", Applied Optics 28 (1989).
    """
    if elevation <= -0.3:
        return np.zeros(3)
    height = max(elevation, 0.0)
    mass = 1.0 / (sin(np.radians(height)) + 0.50572 * (height + 6.07995) ** -1.6364)
    through = np.exp(-EXTINCTION * mass)
    grey = float(through @ _LUMA)
    # not all of the colour that the air gives: a model under a lamp, not a photo of a sunset
    return np.asarray(SUN_STRENGTH * (0.8 * through + 0.2 * grey) * _smooth(-0.3, 1.5, elevation))


def _moon_light(light: LightState, night: float) -> Float64:
    """Moonlight on a face turned to the moon, linear RGB (3,); 0 by day and below the horizon."""
    up = _smooth(0.0, 0.12, light.moon[2])
    air = exp(-0.12 / max(light.moon[2], 0.08))
    return np.asarray(MOON_RGB * MOON_STRENGTH * night * up * air * (0.15 + 0.85 * light.moon_phase))


def _smooth(low: float, high: float, value: float) -> float:
    t = max(0.0, min(1.0, (value - low) / (high - low)))
    return t * t * (3.0 - 2.0 * t)


def _linear(srgb: Float64) -> Float64:
    return np.asarray(srgb**2.2)


def _triple(values: Float64) -> Vec3:
    return float(values[0]), float(values[1]), float(values[2])


@dataclass(frozen=True, slots=True)
class MapNumbers:
    """What shaders have to know of shadow and height maps.

    Attributes:
        near, world: scene coordinates -> 0..1 across, up and in depth, 16 numbers column by column.
        maps: 1 if there is the map near the camera, 1 if there is that of the whole scene, texels that the filter
            reaches to each side.
        axes: right, up and back (to the light) of the shadow maps.
        steps: for each of the two, depth (0..1) per texel across and up on a slope of 45 degrees, and the least bias.
        area: x and y of the height map's lower left corner, scene coordinates, and its side in metres (0: none).
    """

    near: tuple[float, ...]
    world: tuple[float, ...]
    maps: Vec3
    axes: tuple[Vec3, Vec3, Vec3]
    steps: tuple[Vec3, Vec3]
    area: Vec3


_IDENTITY = tuple(float(k % 5 == 0) for k in range(16))
_NOTHING: Vec3 = (0.0, 0.0, 0.0)
_AXES: tuple[Vec3, Vec3, Vec3] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
NO_MAPS = MapNumbers(_IDENTITY, _IDENTITY, _NOTHING, _AXES, (_NOTHING, _NOTHING), _NOTHING)
MODEL_RIG = rig_of(MODEL_LIGHT, (0.62, 0.74, 0.88), (0.93, 0.95, 0.97))


class Uniforms(Protocol):
    """Where a program's uniforms are set (VTK's vtkUniforms)."""

    def SetUniformf(self, name: str, value: float, /) -> None:
        """Set a number."""

    def SetUniform3f(self, name: str, value: Vec3, /) -> None:
        """Set three numbers."""

    def SetUniformMatrix4x4(self, name: str, value: list[float], /) -> None:
        """Set sixteen numbers, column by column."""


def put_light(uniforms: Uniforms, rig: LightRig, maps: MapNumbers) -> None:
    """Give a fragment shader its light; names as in ``shaders/light.glsl``."""
    for name, value in (
        ("sunDir", rig.key),
        ("sunLight", rig.key_light),
        ("skyLight", rig.sky_light),
        ("groundLight", rig.ground_light),
        ("skyTop", rig.top),
        ("skyBottom", rig.bottom),
        ("skyGlow", rig.glow),
        ("sunTrue", rig.sun),
        ("shadowMaps", maps.maps),
        ("shadowRight", maps.axes[0]),
        ("shadowUp", maps.axes[1]),
        ("shadowBack", maps.axes[2]),
        ("shadowStep0", maps.steps[0]),
        ("shadowStep1", maps.steps[1]),
        ("heightArea", maps.area),
    ):
        uniforms.SetUniform3f(name, value)
    uniforms.SetUniformf("exposure", rig.exposure)
    uniforms.SetUniformf("night", rig.night)
    uniforms.SetUniformMatrix4x4("shadowMatrix0", list(maps.near))
    uniforms.SetUniformMatrix4x4("shadowMatrix1", list(maps.world))
