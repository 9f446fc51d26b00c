"""Text as pixels, the same in the window and in files: HarfBuzz and FriBidi (through Pillow) shape it, no Qt.

One merged font (``assets/fonts/Labels-*.ttf``) holds Latin, Greek, Cyrillic, Arabic, Hebrew and Devanagari, so any
mixture of them is one run of the Unicode bidirectional algorithm. Other scripts take a font of the system.
"""

from __future__ import annotations

import unicodedata
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from viewer.resources import asset

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Sprite = npt.NDArray[np.uint8]
Rgb = tuple[int, int, int]

MAX_CHARS = 80
"""Longer texts end in an ellipsis."""
MIN_SIZE, MAX_SIZE = 6.0, 96.0
CACHE_BYTES = 24 << 20
SUPER = 3
"""Glyphs are drawn so many times larger and then reduced: unhinted, evenly spaced, smooth when turned."""
ANGLE_STEP = 0.5
"""Texts are turned by multiples of that, degrees."""
MIDDLE_EM = 0.36
"""Half the height of capitals above the baseline: the line on which a text is centred."""
BASE_SIZE = 64
"""Em in which widths are measured."""
NOTDEF = "\U0010fffe"
KEPT_FORMAT = "\u200c\u200d"
"""Joiners: Persian and Indic words need them; every other control and format character is dropped."""
SYSTEM_FONTS = (
    *("NotoSansCJK-Medium.ttc", "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "SourceHanSans-Regular.ttc"),
    *("wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "DroidSansFallback.ttf", "NotoSansThai-Regular.ttf"),
    *("PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf", "Thonburi.ttc"),
    *("msyh.ttc", "YuGothM.ttc", "malgun.ttf", "leelawui.ttf", "Nirmala.ttf", "DejaVuSans.ttf"),
)
"""Fonts of Linux, macOS and Windows for what the shipped one lacks, in order of preference."""

NO_SHAPING = (
    "Text shaping is not available in this installation of Pillow (no Raqm): Arabic and Indic labels are "
    "not joined as they should be. Install Pillow's wheel from the package index."
)


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text is set. ``spacing_em`` is added between letters of scripts that bear it; ``halo_em`` is the halo's
    width, ``halo_opacity`` 0..1; colours are sRGB."""

    weight: Literal["Medium", "SemiBold"] = "Medium"
    ink: Rgb = (28, 34, 42)
    halo: Rgb = (255, 255, 255)
    halo_em: float = 0.17
    halo_opacity: float = 0.86
    spacing_em: float = 0.0
    caps: bool = False


class _Sprites:
    """Finished texts, the least recently used forgotten first, bounded by what they take in memory."""

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self._kept: OrderedDict[tuple[object, ...], Sprite] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Sprite | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: tuple[object, ...], sprite: Sprite) -> None:
        self._kept[key] = sprite
        self.size += sprite.nbytes
        while self.size > self.limit and len(self._kept) > 1:
            self.size -= self._kept.popitem(last=False)[1].nbytes


SPRITES = _Sprites(CACHE_BYTES)


def text_sprite(
    text: str, size_px: float, style: TextStyle, language: str | None = None, *, angle: float = 0.0
) -> Sprite:
    """One line of text with its halo: uint8 (H, W, 4), premultiplied RGBA, read-only, centred on the text's middle.

    ``size_px`` is the em (6 to 96), ``angle`` turns it counter-clockwise by degrees (rounded to `ANGLE_STEP`),
    ``language`` is a BCP 47 tag for local forms of letters. Control characters become spaces; an empty text is a
    transparent sprite of one pixel.
    """
    step = round(angle / ANGLE_STEP)
    size = min(max(round(size_px * 4) / 4, MIN_SIZE), MAX_SIZE)
    key = (text[: 4 * MAX_CHARS], size, style, language, step)
    found = SPRITES.get(key)
    if found is None:
        found = _draw(clean(text), size, style, language, step * ANGLE_STEP)
        found.setflags(write=False)
        SPRITES.put(key, found)
    return found


def clean(text: str) -> str:
    """One line of at most `MAX_CHARS` characters without control, bidi-override and private characters."""
    kept = (c if c in KEPT_FORMAT or unicodedata.category(c)[0] not in "CZ" else " " for c in text[: 8 * MAX_CHARS])
    line = " ".join("".join(kept).split())
    return line if len(line) <= MAX_CHARS else line[: MAX_CHARS - 1].rstrip() + "\u2026"


def shapes() -> bool:
    """True if text is shaped (joined, ordered from right to left where it must be)."""
    from PIL import features

    return bool(features.check("raqm"))


def lacking(text: str) -> bool:
    """True if no font here has all of the text's characters: some are shown as boxes."""
    return not _covers(_font_for(text, "Medium"), text)


def advance(text: str, size_px: float, style: TextStyle) -> float:
    """Width of a text in pixels, without the halo."""
    line = clean(text).upper() if style.caps else clean(text)
    spaced = _spacing(line, style) * size_px * max(len(line) - 1, 0)
    return float(_font_for(line, style.weight).getlength(line)) * size_px / BASE_SIZE + spaced


def _draw(line: str, size: float, style: TextStyle, language: str | None, angle: float) -> Sprite:
    """The sprite, without the cache."""
    from PIL import Image, ImageFilter

    if style.caps:
        line = line.upper()
    if not line:
        return np.zeros((1, 1, 4), np.uint8)
    em = size * SUPER
    font = _sized(_font_for(line, style.weight), em)
    pieces, width = _pieces(line, font, _spacing(line, style) * em)
    box = font.getbbox(line, anchor="ls")
    halo = style.halo_em * em
    pad = int(np.ceil(1.7 * halo)) + SUPER
    middle = MIDDLE_EM * em
    half_height = _whole(max(-box[1] - middle, box[3] + middle) + pad)
    half_width = _whole(max(width / 2.0, box[2] - width / 2.0, width / 2.0 - box[0]) + pad)
    start, base = half_width - width / 2.0, half_height + middle
    ink = _mask((2 * half_width, 2 * half_height), pieces, font, (start, base), 0.0, language)
    ring = _mask((2 * half_width, 2 * half_height), pieces, font, (start, base), halo, language)
    ring = ring.filter(ImageFilter.GaussianBlur(0.42 * halo))
    pixels = _compose(np.asarray(ink, np.float32), np.asarray(ring, np.float32), style)
    image = Image.frombuffer("RGBa", (2 * half_width, 2 * half_height), pixels.tobytes(), "raw", "RGBa", 0, 1)
    if angle:
        image = _even(image.rotate(angle, Image.Resampling.BICUBIC, expand=True))
    image = image.reduce(SUPER)
    out = np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, image.width, 4).copy()
    # turning may overshoot: a premultiplied colour never exceeds its alpha
    np.minimum(out[:, :, :3], out[:, :, 3:], out=out[:, :, :3])
    return out


def _whole(half: float) -> int:
    """Half a side, rounded up so that the side is an even number of final pixels."""
    return int(np.ceil(half / SUPER)) * SUPER


def _even(image: Any) -> Any:
    """The image in the middle of one whose sides are even numbers of final pixels, so that its middle stays."""
    from PIL import Image

    width, height = 2 * _whole(image.width / 2), 2 * _whole(image.height / 2)
    sheet = Image.new("RGBa", (width, height), (0, 0, 0, 0))
    sheet.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return sheet


def _compose(ink: npt.NDArray[np.float32], ring: npt.NDArray[np.float32], style: TextStyle) -> Sprite:
    """Ink over halo, premultiplied uint8 (H, W, 4)."""
    top = ink[:, :, None] / 255.0
    below = np.minimum(ring[:, :, None] * (1.25 / 255.0), 1.0) * style.halo_opacity * (1.0 - top)
    out = np.empty((*ink.shape, 4), np.float32)
    out[:, :, :3] = np.asarray(style.ink, np.float32) * top + np.asarray(style.halo, np.float32) * below
    out[:, :, 3:] = 255.0 * (top + below)
    return np.asarray(np.clip(out + 0.5, 0, 255), np.uint8)


def _mask(
    size: tuple[int, int],
    pieces: list[tuple[str, float]],
    font: FreeTypeFont,
    at: tuple[float, float],
    stroke: float,
    language: str | None,
) -> Any:
    from PIL import Image, ImageDraw

    image = Image.new("L", size, 0)
    draw = ImageDraw.Draw(image)
    told = language if shapes() else None
    for text, x in pieces:
        place = at[0] + x, at[1]
        draw.text(place, text, fill=255, font=font, anchor="ls", stroke_width=stroke, language=told)
    return image


def _pieces(line: str, font: FreeTypeFont, spacing: float) -> tuple[list[tuple[str, float]], float]:
    """The text in pieces with their starts, and its width; one piece unless letters are spaced."""
    if not spacing:
        return [(line, 0.0)], float(font.getlength(line))
    clusters: list[str] = []
    for c in line:
        if clusters and unicodedata.combining(c):
            clusters[-1] += c
        else:
            clusters.append(c)
    pieces, before = [], ""
    for number, cluster in enumerate(clusters):
        start = font.getlength(before + cluster) - font.getlength(cluster) if before else 0.0
        pieces.append((cluster, float(start) + number * spacing))
        before += cluster
    return pieces, float(font.getlength(line)) + (len(clusters) - 1) * spacing


def _spacing(line: str, style: TextStyle) -> float:
    """Spacing in em; joined and right-to-left scripts are never spaced."""
    if not style.spacing_em:
        return 0.0
    bears = all(unicodedata.bidirectional(c) not in ("R", "AL") and not "\u0900" <= c <= "\u109f" for c in line)
    return style.spacing_em if bears else 0.0


def _font_for(text: str, weight: str) -> FreeTypeFont:
    """The shipped font, or the first of the system that has what it lacks."""
    own = _font(str(asset(f"fonts/Labels-{weight}.ttf")))
    assert own is not None
    if text.isascii() or _covers(own, text):
        return own
    for name in SYSTEM_FONTS:
        other = _font(name)
        if other is not None and _covers(other, text):
            return other
    return own


@lru_cache(maxsize=32)
def _sized(font: FreeTypeFont, size: float) -> FreeTypeFont:
    return font.font_variant(size=size)


@lru_cache(maxsize=32)
def _font(name: str) -> FreeTypeFont | None:
    from PIL import ImageFont

    layout = ImageFont.Layout.RAQM if shapes() else ImageFont.Layout.BASIC
    try:
        return ImageFont.truetype(name, BASE_SIZE, layout_engine=layout)
    except OSError:
        return None


def _covers(font: FreeTypeFont, text: str) -> bool:
    return all(_has(font, c) for c in set(text) if not c.isspace() and c not in KEPT_FORMAT)


@lru_cache(maxsize=8192)
def _has(font: FreeTypeFont, character: str) -> bool:
    """True if the font has a glyph of its own for the character."""
    if character.isascii():
        return True
    return _look(font, character) != _notdef(font)


@lru_cache(maxsize=64)
def _notdef(font: FreeTypeFont) -> tuple[object, bytes]:
    return _look(font, NOTDEF)


def _look(font: FreeTypeFont, text: str) -> tuple[object, bytes]:
    mask = font.getmask(text)
    return mask.size, bytes(mask)
