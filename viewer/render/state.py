"""`RenderState`: everything the picture depends on, frozen. `resolve` makes it, `SceneView` applies it.

Two states are compared field by field, arrays by identity, so `SceneView` touches only what differs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from viewer.document.state import Camera

STYLE_WIDTH = 1024
"""Texels per row of a style texture: object row r is texel (r % 1024, r // 1024)."""

NO_ROWS = np.zeros(0, np.int64)
NO_ROWS.setflags(write=False)

TEXEL_HATCHED = 0x20
"""Bit of a texel's alpha: the object's value is uncertain; its colour is hatched."""
TEXEL_NO_DATA = 0x80
"""Bit of a texel's alpha: there should be a value, and there is none. RGB = the legend's grey."""
TEXEL_NOT_MODELLED = TEXEL_NO_DATA | TEXEL_HATCHED
"""Bits of a texel's alpha: the simulation did not cover the object. RGB = the legend's pale tone; drawn with fine
diagonal lines in the light and shade of the model."""
TEXEL_BITS = 0xA0
"""Bits of a texel's alpha that who makes texels may set, besides the low four."""
NEARER = 5e-4
"""By this share of their distance, faces of a layer with ``LayerLook.over`` count as nearer: depths are not exact."""
MOST_BREAKS = 15
"""Most class breaks of a `ValueScale`."""

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
            k + 1 = draw the object's geometry of the k-th LoD in ``CityData.lods`` order; high four bits are the
            renderer's (it adds highlight there), apart from `TEXEL_HATCHED`, `TEXEL_NO_DATA`, `TEXEL_NOT_MODELLED`.
        color_mode: "surface" (renderer's material by semantic surface, tinted by nothing), "object" (texel RGB on
            every surface) or "theme" (materials and textures of the appearance theme; like "surface" elsewhere).
        lods: indices of the LoDs that any shown object uses.
        theme: appearance theme for "theme".
        selected: int64 object rows that are highlighted.
        drawn: False = only labels are shown of it.
        proposed: int64 object rows that are outlined as proposals.
        uncertain: int64 object rows that are hatched: their value is uncertain. (`TEXEL_HATCHED` says the same, and
            costs less where it changes often.)
        texels_b: like texels, for side B of a comparison; None = as A. Objects may be hidden in one and not in the
            other; the LoDs of both have to be in ``lods``.
        surface_texels, surface_texels_b: uint8 (S, 4), one row per row of ``CityData.surfaces``: RGB = colour of that
            surface, A = 0: the surface is drawn as its object is; else 15, with `TEXEL_HATCHED`, `TEXEL_NO_DATA` or
            `TEXEL_NOT_MODELLED` besides. Only with color_mode "object". None = no surface has a
            colour of its own (surface_texels_b: as A).
        fading: int64 object rows of which only the share ``fade`` is drawn: what a scenario removes (fade falls from
            1 to 0) or adds (it rises).
        fade: 0..1, see fading.
        opacity: 0..1, share of the whole layer that is drawn, for layers that come and go.
        over: metres that the layer's faces are drawn and picked higher than they lie: areas and ways of scenarios that
            are draped on a terrain lie a little below the city model's own land. 0 = where they lie.
        added, removed, changed: int64 object rows with a line round them in the colour of additions (green), removals
            (red) and changes (amber); at most 300 each are drawn, see `viewer.render.outline`.
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
    texels_b: npt.NDArray[np.uint8] | None = None
    surface_texels: npt.NDArray[np.uint8] | None = None
    surface_texels_b: npt.NDArray[np.uint8] | None = None
    fading: npt.NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    fade: float = 1.0
    opacity: float = 1.0
    over: float = 0.0
    added: npt.NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    removed: npt.NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    changed: npt.NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)


@dataclass(frozen=True, slots=True)
class ValueScale:
    """How the shader itself colours values (ground, water, nodes): float32, NaN = no data, -inf = not modelled.

    Attributes:
        colours: sRGB 0..255. Classes: K + 1 of them, class k holds breaks[k - 1] <= value < breaks[k].
            Ramp: 2 to 16 of them, evenly from ``low`` to ``high``; colours between are mixed, beyond them stay.
        breaks: classes only, K <= `MOST_BREAKS`, growing; empty for a ramp.
        ramp: True for a ramp.
        low, high: ends of a ramp.
        zero_rgb: where zero has a look of its own: its tone; None = zero is a value like any other.
        no_data_rgb, not_modelled_rgb: tones of those, as in the legend.
    """

    colours: tuple[tuple[int, int, int], ...]
    breaks: tuple[float, ...] = ()
    ramp: bool = False
    low: float = 0.0
    high: float = 1.0
    zero_rgb: tuple[int, int, int] | None = None
    no_data_rgb: tuple[int, int, int] = (190, 190, 190)
    not_modelled_rgb: tuple[int, int, int] = (232, 230, 224)


@dataclass(frozen=True, slots=True, eq=False)
class FieldGrid:
    """A raster step: where it lies and what it holds. Arrays are told apart by identity; keep them as they are.

    Attributes:
        transform: a, b, c, d, e, f in the project's CRS: x = a column + b row + c, y = d column + e row + f, where
            (0, 0) is the outer corner of the first cell.
        values: float32 (rows, columns); NaN = no data, -inf = not modelled, inf = nothing is drawn.
        uncertain: uint8 or bool (rows, columns), not 0 where the value is hatched; None = nowhere.
    """

    transform: tuple[float, float, float, float, float, float]
    values: npt.NDArray[np.float32]
    uncertain: npt.NDArray[np.uint8] | npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GroundLook:
    """A raster drawn on what is ground: terrain, land use, roads, water, in the layers that are shown.

    Attributes:
        a, b: the raster of each side; a None = side A (or the only one) is the plain model; b is only looked at while
            two are compared, and None there = the plain model.
        scale: colours of both.
        smooth: True: values run between the centres of valid cells (continuous quantities); False: one per cell.
    """

    a: FieldGrid | None
    scale: ValueScale
    b: FieldGrid | None = None
    smooth: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class WaterStep:
    """Water at one moment or between two. Arrays are told apart by identity.

    Attributes:
        transform: as in `FieldGrid`.
        level: float32 (rows, columns), height of the surface, metres of the project's heights; NaN where dry.
        depth: float32 (rows, columns), what is coloured (depth, say); NaN or <= 0 where dry.
        next_level, next_depth: the same at the next step; None = there is none.
        mix: 0..1, how far the moment is from this step to the next.
        uncertain: uint8 or bool (rows, columns), not 0 where the value is hatched; None = nowhere.
    """

    transform: tuple[float, float, float, float, float, float]
    level: npt.NDArray[np.float32]
    depth: npt.NDArray[np.float32]
    next_level: npt.NDArray[np.float32] | None = None
    next_depth: npt.NDArray[np.float32] | None = None
    mix: float = 0.0
    uncertain: npt.NDArray[np.uint8] | npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WaterLook:
    """A water surface at heights of its own, coloured by a quantity. a, b: as in `GroundLook`."""

    a: WaterStep | None
    scale: ValueScale
    b: WaterStep | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NodeLook:
    """Values at the nodes of an attached layer's mesh, running smoothly between them.

    Attributes:
        layer_id: an attached layer that is shown with color_mode "object".
        vertex_rows: float32 (V,), row in values of every vertex of the layer's only LoD, -1 = none.
        values, values_b: float32 (N,), of each side; values_b None = as A. A triangle with a node that has no data,
            or was not modelled, has that look.
        scale: colours of both.
        ranges, ranges_b: float32 (N, 2), ends of the range of each value, NaN = unknown; where the range between the
            nodes is wider than a class the colour is hatched. None = unknown everywhere (ranges_b: as A where
            values_b is).
    """

    layer_id: str
    vertex_rows: npt.NDArray[np.float32]
    values: npt.NDArray[np.float32]
    scale: ValueScale
    values_b: npt.NDArray[np.float32] | None = None
    ranges: npt.NDArray[np.float32] | None = None
    ranges_b: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MoverSet:
    """Vehicles and people at one moment, up to 50,000 or so.

    Attributes:
        kinds: uint8 (M,) into kind_names.
        kind_names: "car", "van", "truck", "bus", "tram", "bicycle", "motorcycle", "person"; others are drawn as cars.
        positions: float64 (M, 3), world, where the middle of the mover touches the ground.
        headings: float32 (M,), radians counter-clockwise from the x axis: where it drives to.
        rgb: uint8 (M, 3).
        trails: float64 (M, P, 3), where each was before, newest first; NaN = nowhere; None = no trails.
        states: uint8 (M,), 0 = the colour tells a value, 1 = no data, 2 = not modelled; None = 0 for all.
    """

    kinds: npt.NDArray[np.uint8]
    kind_names: tuple[str, ...]
    positions: npt.NDArray[np.float64]
    headings: npt.NDArray[np.float32]
    rgb: npt.NDArray[np.uint8]
    trails: npt.NDArray[np.float64] | None = None
    states: npt.NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class MoverLook:
    """Moving things. a, b: as in `GroundLook`."""

    a: MoverSet | None
    b: MoverSet | None = None


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
    compare: Literal["", "swipe", "blend"] = ""
    """Two sides in one picture: A left and B right of ``position`` (share of the width), or mixed, B's share
    ``position``."""
    position: float = 0.5
    ground: GroundLook | None = None
    water: WaterLook | None = None
    nodes: tuple[NodeLook, ...] = ()
    movers: MoverLook | None = None
    panes: tuple[RenderState, ...] = ()
    """Two to four pictures beside each other in place of this one, row by row: each with the camera of this state, and
    without panes of its own."""


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
