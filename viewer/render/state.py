"""`RenderState`: everything the picture depends on, frozen. `resolve` makes it, `SceneView` applies it.

Two states are compared field by field, arrays by identity, so `SceneView` touches only what differs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from viewer.document.state import Camera

STYLE_WIDTH = 1024
"""Texels per row of a style texture: object row r is texel (r % 1024, r // 1024)."""

NO_ROWS = np.zeros(0, np.int64)
NO_ROWS.setflags(write=False)

HIGHLIGHT_NONE = 0
HIGHLIGHT_SELECTED = 1
HIGHLIGHT_HOVER = 2
"""Highlight codes; selected and hover add up to 3."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerLook:
    """How one layer is drawn.

    Attributes:
        layer_id: key of the `CityData` in the document.
        visible: False hides the whole layer without freeing it.
        texels: uint8 (N, 4), one row per object. RGB = colour (sRGB). A = what is shown: low four bits 0 = hidden,
            k + 1 = draw the object's geometry of the k-th LoD in ``CityData.lods`` order; high four bits are free
            for the renderer (it adds highlight there).
        color_mode: "surface" (renderer's material by semantic surface, tinted by nothing), "object" (texel RGB on
            every surface) or "theme" (materials and textures of the appearance theme; like "surface" elsewhere).
        lods: indices of the LoDs that any shown object uses.
        theme: appearance theme for "theme".
        selected: int64 object rows that are highlighted.
        drawn: False = only labels are shown of it.
        proposed: int64 object rows that are outlined as proposals.
        uncertain: int64 object rows that are hatched: their value is uncertain.
    """

    layer_id: str
    visible: bool
    texels: npt.NDArray[np.uint8]
    color_mode: str
    lods: tuple[int, ...]
    theme: str | None
    selected: npt.NDArray[np.int64]
    drawn: bool = True
    proposed: npt.NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    uncertain: npt.NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)


@dataclass(frozen=True, slots=True)
class LightState:
    """Sun and moon as seen from the place. Directions are unit vectors towards the body in scene axes (x east and
    y north of the CRS's grid, z up).

    Attributes:
        sun, moon: directions; the body is below the horizon where z < 0.
        moon_phase: lit part of the moon's disc, 0..1.
        shadows: whether sun or moon cast shadows.
        dated: False = the constant light of a model (`MODEL_LIGHT`): a clear midday sky.
    """

    sun: tuple[float, float, float]
    moon: tuple[float, float, float] = (0.0, 0.0, -1.0)
    moon_phase: float = 0.0
    shadows: bool = True
    dated: bool = False


MODEL_LIGHT = LightState((-0.288, -0.618, 0.731))
"""From the south-south-west, 47 degrees high."""


@dataclass(frozen=True, slots=True)
class RenderState:
    """A whole picture, apart from its size."""

    camera: Camera
    layers: tuple[LayerLook, ...] = ()
    quality: str = "auto"
    realism: str = "shaded"
    light: LightState = MODEL_LIGHT
    contour_step: float = 0.0
    background_top: tuple[float, float, float] = (0.62, 0.74, 0.88)
    background_bottom: tuple[float, float, float] = (0.93, 0.95, 0.97)
    extra: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pick:
    """What lies under a pixel. ``surface_row`` is -1 where the surface has no semantics; position is world xyz."""

    layer_id: str
    row: int
    surface_row: int
    surface_code: int
    position: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the picture does not show as it should, for people. ``layer_id`` is None if it is about all."""

    layer_id: str | None
    text: str
