"""Legends drawn onto a finished picture without Qt; the window paints the same `Legend` values by Qt.

The panel stands in the lower left corner. All measures are in pixels of a picture 720 high and grow with it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.legend import count_text, place_ticks
from viewer.resources import asset

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from viewer.analysis.legend import Legend, LegendEntry

Image8 = npt.NDArray[np.uint8]

REFERENCE_HEIGHT = 720
MARGIN, PADDING, ROW, SWATCH, GAP = 16, 14, 22, 14, 8
RAMP_WIDTH, RAMP_HEIGHT = 216, 14
TEXT_SIZE, TITLE_SIZE, SMALL_SIZE = 13, 14, 11
MAX_LABEL = 280
LINE, LEAST_WIDTH = 16, 230
"""Height of a line of small text; least width of a legend that has some."""
MOST_LINES = 24
PANEL, INK, QUIET, EDGE = (255, 255, 255, 224), (28, 34, 42, 255), (96, 104, 114, 255), (0, 0, 0, 60)


def draw_legend(image: Image8, legend: Legend) -> Image8:
    """A copy of the picture with the legend on it; uint8 (H, W, 3). A picture too small for it stays as it is."""
    from PIL import Image, ImageDraw

    height, width = image.shape[:2]
    panel = _fitting(legend, width, height)
    if panel is None:
        return image
    picture = Image.fromarray(image).convert("RGBA")
    sheet = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    panel.paint(ImageDraw.Draw(sheet), panel.margin, height - panel.height - panel.margin)
    return np.asarray(Image.alpha_composite(picture, sheet).convert("RGB"))


def draw_names(image: Image8, names: Sequence[str], mode: str, position: float = 0.5) -> Image8:
    """A copy of the picture with the name of each side on it: of panes in their corners, of a swipe beside its line."""
    from PIL import Image, ImageDraw

    height, width = image.shape[:2]
    scale = max(height / REFERENCE_HEIGHT, 0.5)
    font, pad = _font("Inter-SemiBold.otf", round(TITLE_SIZE * scale)), round(8 * scale)
    picture = Image.fromarray(image).convert("RGBA")
    sheet = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    for (left, top, room, rightmost), name in zip(
        _name_places(len(names), mode, position, width, height), names, strict=False
    ):
        text = _fit(_clean(name), font, room - 4 * pad)
        wide = int(font.getlength(text)) + 2 * pad
        if room < 6 * pad or not text:
            continue
        x = left + room - wide - pad if rightmost else left + pad
        box = (x, top + pad, x + wide, top + pad + round(TITLE_SIZE * scale * 1.9))
        draw.rounded_rectangle(box, round(6 * scale), fill=PANEL, outline=EDGE)
        draw.text((x + pad, (box[1] + box[3]) / 2), text, font=font, fill=INK, anchor="lm")
    return np.asarray(Image.alpha_composite(picture, sheet).convert("RGB"))


def _name_places(count: int, mode: str, position: float, width: int, height: int) -> list[tuple[int, int, int, bool]]:
    """Left and top of the room for each name, its width, and whether the name stands at its right end."""
    if mode == "split":
        from viewer.render.panes import pane_rects

        return [(rect.left, rect.top, rect.width, False) for rect in pane_rects(count, width, height)]
    if mode == "swipe":
        cut = round(position * width)
        return [(0, 0, cut, True), (cut, 0, width - cut, False)]
    return []


def legend_box(legend: Legend, width: int, height: int) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of the legend on a picture of that size; None if it is not drawn."""
    panel = _fitting(legend, width, height)
    if panel is None:
        return None
    top = height - panel.height - panel.margin
    return float(panel.margin), float(top), float(panel.margin + panel.width), float(top + panel.height)


def _fitting(legend: Legend, width: int, height: int) -> _Panel | None:
    """The panel, unless it is empty or too large for the picture."""
    if not (legend.entries or legend.no_data or legend.lines):
        return None
    scale = max(height / REFERENCE_HEIGHT, 0.5)
    # in a low picture the lines go one by one, from the middle: what is seen and where it comes from stay longest
    while (panel := _Panel(legend, scale)).height > 0.9 * height and len(legend.lines) > 1:
        middle = len(legend.lines) // 2
        legend = replace(legend, lines=legend.lines[:middle] + legend.lines[middle + 1 :])
    return None if panel.width > 0.9 * width or panel.height > 0.9 * height else panel


class _Panel:
    """Lays the legend out at a scale and paints it."""

    def __init__(self, legend: Legend, scale: float) -> None:
        self._legend = legend
        self._scale = scale
        self._font = _font("Inter-Regular.otf", round(TEXT_SIZE * scale))
        self._bold = _font("Inter-SemiBold.otf", round(TITLE_SIZE * scale))
        self._small = _font("Inter-Regular.otf", round(SMALL_SIZE * scale))
        self._title = _clean(f"{legend.title} ({legend.unit})" if legend.unit else legend.title)
        self._rows: list[LegendEntry] = [] if legend.kind == "ramp" else list(legend.entries)
        self._rows += legend.states
        if legend.no_data is not None:
            self._rows.append(legend.no_data)
        self._labels = [_fit(_clean(entry.label), self._font, MAX_LABEL * scale) for entry in self._rows]
        self._counts = ["" if entry.count is None else count_text(entry.count) for entry in self._rows]
        self.margin = self._px(MARGIN)
        self.width = self._px(2 * PADDING) + self._inner_width()
        bar = self._px(RAMP_HEIGHT + ROW + GAP) if legend.kind == "ramp" else 0
        self._words = self._small_words()
        words = self._px(LINE) * len(self._words) + (self._px(GAP) if self._words else 0)
        self.height = self._px(2 * PADDING + ROW) + bar + self._px(ROW) * len(self._rows) + words

    def _px(self, value: float) -> int:
        return round(value * self._scale)

    def _inner_width(self) -> int:
        labels = max((self._font.getlength(text) for text in self._labels), default=0)
        counts = max((self._font.getlength(text) for text in self._counts), default=0)
        rows = self._px(SWATCH + GAP) + labels + (self._px(2 * GAP) + counts if counts else 0) if self._rows else 0
        bar = self._px(RAMP_WIDTH) if self._legend.kind == "ramp" else 0
        least = self._px(LEAST_WIDTH) if self._legend.lines or self._legend.source else 0
        note = 0 if self._legend.lines else self._small.getlength(_clean(self._legend.note))
        return int(max(rows, bar, note, least, self._bold.getlength(self._title))) + 1

    def _small_words(self) -> list[str]:
        """Note, source of the classes, and what else a picture has to say, in lines that fit."""
        legend = self._legend
        source = f"Classes: {legend.source}" if legend.source else ""
        texts = [text for text in (legend.note, source, *legend.lines) if text]
        inner = self.width - self._px(2 * PADDING)
        found = [line for text in texts for line in _wrapped(_clean(text), self._small, inner)]
        return found if len(found) <= MOST_LINES else [*found[: MOST_LINES - 1], "\u2026"]

    def paint(self, draw: ImageDraw, left: int, top: int) -> None:
        """Paint with the upper left corner there."""
        box = (left, top, left + self.width, top + self.height)
        draw.rounded_rectangle(box, self._px(8), fill=PANEL, outline=EDGE)
        x, y = left + self._px(PADDING), top + self._px(PADDING)
        draw.text((x, y), self._title, font=self._bold, fill=INK)
        y += self._px(ROW)
        if self._legend.kind == "ramp":
            self._paint_ramp(draw, x, y)
            y += self._px(RAMP_HEIGHT + ROW + GAP)
        right = left + self.width - self._px(PADDING)
        for entry, label, count in zip(self._rows, self._labels, self._counts, strict=True):
            side, middle = self._px(SWATCH), y + self._px(ROW) / 2
            swatch = (x, middle - side / 2, x + side, middle + side / 2)
            draw.rounded_rectangle(swatch, self._px(3), fill=(*entry.rgb, 255), outline=EDGE)
            draw.text((x + self._px(SWATCH + GAP), middle), label, font=self._font, fill=INK, anchor="lm")
            draw.text((right, middle), count, font=self._font, fill=QUIET, anchor="rm")
            y += self._px(ROW)
        y += self._px(GAP)
        for line in self._words:
            draw.text((x, y + self._px(LINE) / 2), line, font=self._small, fill=QUIET, anchor="lm")
            y += self._px(LINE)

    def _paint_ramp(self, draw: ImageDraw, x: int, y: int) -> None:
        width, height = self.width - self._px(2 * PADDING), self._px(RAMP_HEIGHT)
        colors = np.array(self._legend.colors or [entry.rgb for entry in self._legend.entries], np.float64)
        places = np.linspace(0, len(colors) - 1, width)
        for column, place in enumerate(places):
            low = int(place)
            high = min(low + 1, len(colors) - 1)
            rgb = colors[low] + (colors[high] - colors[low]) * (place - low)
            draw.line((x + column, y, x + column, y + height), fill=(*(int(c + 0.5) for c in rgb), 255))
        draw.rectangle((x, y, x + width, y + height), outline=EDGE)
        for tick, at, label in place_ticks(self._legend, width, self._length, self._px(6)):
            draw.line((x + tick, y + height, x + tick, y + height + self._px(3)), fill=INK)
            draw.text((x + at, y + height + self._px(5)), _clean(label), font=self._font, fill=INK)

    def _length(self, text: str) -> float:
        return float(self._font.getlength(_clean(text)))


@lru_cache(maxsize=16)
def _font(name: str, size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(str(asset(f"fonts/{name}")), max(size, 6))


def _clean(text: str) -> str:
    """One line without control characters (labels come from files)."""
    return "".join(" " if unicodedata.category(c).startswith("C") else c for c in text)[:200]


def _wrapped(text: str, font: Any, width: float) -> list[str]:
    """A text in lines of a width in pixels."""
    lines, line = [], ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [_fit(part, font, width) for part in (*lines, line) if part]


def _fit(text: str, font: Any, width: float) -> str:
    """The text, shortened with an ellipsis to a width in pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "\u2026") > width:
        text = text[:-1]
    return text + "\u2026"
