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
    """

    layer_id: str
    visible: bool
    texels: npt.NDArray[np.uint8]
    color_mode: str
    lods: tuple[int, ...]
    theme: str | None
    selected: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RenderState:
    """A whole picture, apart from its size."""

    camera: Camera
    layers: tuple[LayerLook, ...] = ()
    quality: str = "normal"
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
