"""Words on recorded pictures: title, what is told at a step, and where the picture comes from. Without Qt.

All measures are in pixels of a picture 720 high and grow with it, as those of `viewer.render.overlay`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from viewer.resources import asset

Image8 = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
_Line = tuple[str, str, int, tuple[int, ...]]

REFERENCE_HEIGHT = 720
MARGIN, PADDING, RADIUS = 16, 14, 8
TITLE, BODY, SMALL = 17, 17, 11
LEADING = 1.35
WIDEST, LINES = 0.52, 4
"""Of the picture's width, and lines of a text at most."""
PANEL, INK, QUIET = (255, 255, 255, 224), (28, 34, 42, 255), (84, 97, 113, 255)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is written; empty texts are left out.

    Attributes:
        title: name of the tour.
        head: name of the step.
        text: what is told at the step.
        source: where the picture comes from.
    """

    title: str = ""
    head: str = ""
    text: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Patch:
    """A part of the sheet with something on it: its place, colours times opacity, and what shines through."""

    left: int
    top: int
    color: npt.NDArray[np.float32]
    through: npt.NDArray[np.float32]


def draw_stamp(image: Image8, stamp: Stamp, legend: Box | None = None, foot: float | None = None) -> Image8:
    """A copy of the picture with the words on it; uint8 (H, W, 3). The text stands beside the legend, over ``foot``
    (pixels from the top; None = the lower edge)."""
    height, width = image.shape[:2]
    left = 0.0 if legend is None else legend[2]
    patches = _patches(stamp, width, height, left, height if foot is None else foot)
    if not patches:
        return image
    result = image.copy()
    for patch in patches:
        rows, columns = patch.color.shape[:2]
        part = result[patch.top : patch.top + rows, patch.left : patch.left + columns]
        part[:] = np.rint(patch.color + part * patch.through)
    return result


@lru_cache(maxsize=8)
def _patches(stamp: Stamp, width: int, height: int, legend_right: float, foot: float) -> tuple[_Patch, ...]:
    scale = height / REFERENCE_HEIGHT
    found = []
    if scale * SMALL < 6:
        return ()  # not to be read in so small a picture
    if stamp.title:
        card = _card([(_clean(stamp.title), "Inter-SemiBold.otf", TITLE, INK)], scale, 0.6 * width)
        found.append(_patch(card, round(MARGIN * scale), round(MARGIN * scale)))
    if stamp.source:
        card = _card([(_clean(stamp.source), "Inter-Medium.otf", SMALL, QUIET)], scale, 0.7 * width, padding=5)
        edge = round(MARGIN * scale / 2)
        found.append(_patch(card, width - card.width - edge, edge))
    lines: list[_Line] = [(_clean(stamp.head), "Inter-SemiBold.otf", BODY, INK)] if stamp.head else []
    widest = min(WIDEST * width, width - legend_right - 3 * MARGIN * scale)
    for line in _wrapped(stamp.text, scale, widest - 2 * PADDING * scale):
        lines.append((line, "Inter-Regular.otf", BODY, INK))
    if lines and widest > 120 * scale:
        card = _card(lines, scale, widest)
        middle = (width - card.width) / 2
        left = max(middle, legend_right + MARGIN * scale)
        found.append(_patch(card, round(left), round(foot) - card.height - round(MARGIN * scale)))
    return tuple(patch for patch in found if patch is not None)


def _card(
    lines: list[tuple[str, str, int, tuple[int, ...]]], scale: float, widest: float, padding: int = PADDING
) -> Any:
    """Lines on a rounded ground as an RGBA image."""
    from PIL import Image, ImageDraw

    inner = [(_fit(text, _font(face, round(size * scale)), widest), _font(face, round(size * scale)), color, size)
             for text, face, size, color in lines]  # fmt: skip
    pad = round(padding * scale)
    width = int(max(font.getlength(text) for text, font, _, _ in inner)) + 2 * pad + 1
    steps = [size * scale * LEADING for _, _, _, size in inner]
    height = round(sum(steps)) + round(1.4 * pad)
    card = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(card)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), round(min(RADIUS, padding) * scale), fill=PANEL)
    y = 0.7 * pad
    for (text, font, color, _), step in zip(inner, steps, strict=True):
        draw.text((pad, y + step / 2), text, font=font, fill=color, anchor="lm")
        y += step
    return card


def _patch(card: Any, left: int, top: int) -> _Patch | None:
    """None if it would stand over the picture's edge."""
    if left < 0 or top < 0:
        return None
    pixels = np.asarray(card, np.float32)
    opacity = pixels[..., 3:] / 255.0
    return _Patch(left, top, pixels[..., :3] * opacity, 1.0 - opacity)


def _wrapped(text: str, scale: float, widest: float) -> list[str]:
    """The text in lines that fit; what is too long ends with an ellipsis."""
    font = _font("Inter-Regular.otf", round(BODY * scale))
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in _clean(paragraph).split():
            longer = f"{line} {word}" if line else word
            if line and font.getlength(longer) > widest:
                lines.append(line)
                line = word
            else:
                line = longer
        if line:
            lines.append(line)
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], lines[LINES - 1] + "\u2026"]
    return lines


def _fit(text: str, font: Any, widest: float) -> str:
    while len(text) > 1 and font.getlength(text) > widest:
        text = text[:-2].rstrip() + "\u2026"
    return text


def _clean(text: str) -> str:
    """One line without control or direction-changing characters (texts come from files)."""
    plain = "".join(" " if c in "\r\n\t" else c for c in text)
    return "".join(c for c in plain if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp")).strip()


@lru_cache(maxsize=16)
def _font(name: str, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(str(asset(f"fonts/{name}")), max(size, 1))
