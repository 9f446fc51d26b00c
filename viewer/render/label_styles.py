"""How labels are set: sizes, weights and colours by kind, for day and night."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viewer.render.label_places import Kind
from viewer.render.text import Rgb, TextStyle

SCALE_HEIGHT = 1080.0
"""Pictures higher than that have larger labels."""


@dataclass(frozen=True, slots=True)
class Size:
    """Em in pixels for weight 0 and 1; ``room``: part of the text's width that the named thing must have in the
    picture; ``least``: pixels that it must have in any case; ``rank``: how important the kind is."""

    small: float
    large: float
    room: float
    least: float
    rank: float

    def at(self, weight: float) -> float:
        """Em for a weight, in half pixels so that few sizes are in use."""
        return round(2.0 * (self.small + (self.large - self.small) * weight)) / 2.0


SIZES: dict[Kind, Size] = {
    Kind.PLACE: Size(12.5, 14.5, 0.0, 0.0, 5.0),
    Kind.QUARTER: Size(12.0, 16.0, 1.3, 60.0, 6.0),
    Kind.WATER: Size(12.0, 15.0, 1.1, 50.0, 4.0),
    Kind.GREEN: Size(11.5, 13.0, 0.8, 40.0, 3.0),
    Kind.STREET: Size(11.5, 12.5, 1.05, 44.0, 2.0),
    Kind.OBJECT: Size(11.5, 12.5, 0.5, 16.0, 1.0),
}
LEADERS: dict[Kind, float] = {
    Kind.PLACE: 16.0,
    Kind.QUARTER: 0.0,
    Kind.WATER: 0.0,
    Kind.GREEN: 0.0,
    Kind.STREET: 16.0,
    Kind.OBJECT: 10.0,
}
"""Length of the line between anchor and upright text in oblique views, pixels; 0 = the text stands on the anchor."""
LIFTS: dict[Kind, tuple[float, ...]] = {
    Kind.PLACE: (0.0, 8.0),
    Kind.QUARTER: (0.0, 12.0),
    Kind.WATER: (0.0,),
    Kind.GREEN: (0.0, 15.0),
    Kind.STREET: (0.0,),
    Kind.OBJECT: (0.0,),
}
"""Heights over the anchor at which a label may float, metres, tried in this order."""

_PAPER: Rgb = (252, 252, 250)
_STYLES: dict[Kind, TextStyle] = {
    Kind.PLACE: TextStyle("SemiBold", (44, 50, 60), _PAPER, halo_opacity=0.8),
    Kind.QUARTER: TextStyle("SemiBold", (84, 88, 98), _PAPER, halo_opacity=0.75, spacing_em=0.2, caps=True),
    Kind.WATER: TextStyle("Medium", (38, 84, 128), (226, 238, 248), halo_opacity=0.5, spacing_em=0.14),
    Kind.GREEN: TextStyle("Medium", (48, 92, 58), (240, 247, 236), halo_opacity=0.8),
    Kind.STREET: TextStyle("Medium", (70, 73, 80), _PAPER, halo_opacity=0.72),
    Kind.OBJECT: TextStyle("Medium", (30, 36, 44), _PAPER),
}
_NIGHT: dict[Kind, Rgb] = {
    Kind.PLACE: (250, 246, 236),
    Kind.QUARTER: (206, 208, 216),
    Kind.WATER: (160, 202, 240),
    Kind.GREEN: (176, 220, 172),
    Kind.STREET: (226, 224, 218),
    Kind.OBJECT: (246, 242, 232),
}
_NIGHT_HALO: Rgb = (14, 18, 28)
CAPTION = TextStyle("Medium", (52, 58, 66), _PAPER, halo_opacity=0.7)
CAPTION_SIZE = 10.5


class Looks:
    """Styles by kind, dark on light by day and light on dark by night."""

    def __init__(self) -> None:
        self._night = False

    def set_night(self, night: bool) -> bool:
        """True if that differs from before."""
        changed, self._night = night != self._night, night
        return changed

    def style(self, kind: Kind) -> TextStyle:
        """The style of a kind."""
        return _at_night(_STYLES[kind], _NIGHT[kind]) if self._night else _STYLES[kind]

    def caption(self) -> TextStyle:
        """The caption's style."""
        return _at_night(CAPTION, (220, 222, 226)) if self._night else CAPTION


def _at_night(style: TextStyle, ink: Rgb) -> TextStyle:
    return replace(style, ink=ink, halo=_NIGHT_HALO, halo_opacity=0.92)


def label_scale(height_px: int, ratio: float = 1.0) -> float:
    """Device pixels per nominal pixel of a label: the screen's ratio, more in pictures made to be printed."""
    return max(ratio, height_px / SCALE_HEIGHT)
