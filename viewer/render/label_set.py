"""Placed labels as values, and drawn onto a picture in memory. The window paints the same sprites."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from viewer.render.text import Rgb, Sprite, TextStyle, text_sprite

Image8 = npt.NDArray[np.uint8]
Key = tuple[str, int, int]
"""Layer id, number of the candidate, mode (upright or along)."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a picture. Pixels are device pixels from the top left.

    Attributes: centre: of the text; angle: degrees counter-clockwise; leader: the point that a thin line leads down to.
    """

    key: Key
    text: str
    size: float
    style: TextStyle
    centre: tuple[float, float]
    angle: float = 0.0
    leader: tuple[float, float] | None = None

    def flat(self) -> Sprite:
        """The text, not turned."""
        return text_sprite(self.text, self.size, self.style)

    def blits(self) -> list[tuple[Sprite, int, int]]:
        """What to paint, in this order: sprites with the pixel of their upper left corner."""
        sprite = text_sprite(self.text, self.size, self.style, angle=self.angle)
        height, width = sprite.shape[:2]
        left, top = _whole(self.centre[0] - width / 2.0), _whole(self.centre[1] - height / 2.0)
        found = [(sprite, left, top)]
        if self.leader is not None:
            flat = self.flat().shape[0]
            start = _whole(self.centre[1] + 0.36 * self.size + self.style.halo_em * self.size)
            length = _whole(self.leader[1]) - start
            if length > 2 and flat:
                line = leader_sprite(length, max(1, round(self.size / 13.0)), self.style.ink, self.style.halo)
                found.insert(0, (line, _whole(self.leader[0] - line.shape[1] / 2.0), start))
        return found


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of one picture, in the order of painting."""

    labels: tuple[Label, ...] = ()

    @property
    def sprites(self) -> list[Sprite]:
        """The turned texts, uint8 (H, W, 4), premultiplied."""
        return [label.blits()[-1][0] for label in self.labels]

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """Centres in pixels, float64 (N, 2)."""
        return np.array([label.centre for label in self.labels], np.float64).reshape(-1, 2)

    @property
    def angles(self) -> npt.NDArray[np.float64]:
        """Degrees counter-clockwise, float64 (N,)."""
        return np.array([label.angle for label in self.labels], np.float64)


def draw_labels(image: Image8, labels: LabelSet) -> Image8:
    """A copy of the picture, uint8 (H, W, 3), with the labels on it."""
    if not labels.labels:
        return image
    out = image.copy()
    for label in labels.labels:
        for sprite, left, top in label.blits():
            blend(out, sprite, left, top)
    return out


def blend(image: Image8, sprite: Sprite, left: int, top: int) -> None:
    """Put a premultiplied sprite on a picture, in place; what lies outside is cut off."""
    height, width = sprite.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, image.shape[1]), min(top + height, image.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = sprite[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.uint16)
    ground = image[y0:y1, x0:x1]
    # the rounding of Qt's raster painter: x / 255 as (x + x / 256 + 128) / 256
    rest = ground.astype(np.uint16) * (255 - part[:, :, 3:])
    ground[:] = part[:, :, :3] + ((rest + (rest >> 8) + 128) >> 8)


@lru_cache(maxsize=256)
def leader_sprite(length: int, width: int, ink: Rgb, halo: Rgb) -> Sprite:
    """A thin upright line that ends in a dot: uint8 (length + 2, 2 * side + width, 4), premultiplied."""
    dot = 1.6 * width + 0.6
    side = int(np.ceil(dot + 2.0))
    across = np.abs(np.arange(2 * side + width) - (side + (width - 1) / 2.0))
    down = np.arange(length + side, dtype=np.float64)[:, None]
    line = np.where(down < length, np.clip(width / 2.0 + 0.5 - across, 0, 1)[None, :], 0.0)
    glow = np.where(down < length, np.clip(width / 2.0 + 1.6 - across, 0, 1)[None, :], 0.0)
    away = np.hypot(across[None, :], down - length)
    ink_cover = np.maximum(0.75 * line, np.clip(dot + 0.5 - away, 0, 1))
    halo_cover = np.maximum(glow, np.clip(dot + 1.6 - away, 0, 1)) * 0.8 * (1.0 - ink_cover)
    out = np.empty((*ink_cover.shape, 4))
    out[:, :, :3] = ink_cover[:, :, None] * ink + halo_cover[:, :, None] * halo
    out[:, :, 3] = 255.0 * (ink_cover + halo_cover)
    sprite = np.asarray(np.clip(out + 0.5, 0, 255), np.uint8)
    sprite.setflags(write=False)
    return sprite


def _whole(value: float) -> int:
    return int(np.floor(value + 0.5))
