"""Legends drawn onto a finished picture without Qt; the window paints the same `Legend` values by Qt.

The box with the colours stands in the lower left corner. What every picture of scenarios has to bear (which, when, how
compared, how sure, from where, which version) stands in one strip along the lower edge. All measures are in pixels of a
picture 720 high and grow with it; type does not get smaller than it can be read.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from viewer.analysis.fields import OUTSIDE, STATE_NAMES
from viewer.analysis.legend import LegendEntry, count_text, place_ticks, short_label
from viewer.render.pane_places import pane_rects
from viewer.resources import asset

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from viewer.analysis.legend import Legend

Image8 = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""

REFERENCE_HEIGHT, REFERENCE_WIDTH = 720, 900
LEAST_SCALE = 0.7
MARGIN, PADDING, ROW, SWATCH, GAP = 14, 11, 19, 13, 8
RAMP_WIDTH, RAMP_HEIGHT = 200, 12
TEXT_SIZE, TITLE_SIZE, SMALL_SIZE, STRIP_SIZE = 13, 14, 11, 11
LEAST_TEXT = 9
"""Pixels of the smallest type."""
MAX_LABEL, MAX_TITLE = 264, 264
LINE = 14
"""Height of a line of small text."""
SOURCE_LINES = 2
HATCHED = "Hatched: "
"""How the note of a legend begins that explains hatching."""
STAMP_HEIGHT = 62
"""Of the words along the upper edge of a recorded picture."""
STRIP_SHARE = 0.3
"""Of the picture's height at most."""
JOINT = "  \u00b7  "
PANEL, INK, QUIET = (255, 255, 255, 228), (28, 34, 42, 255), (88, 96, 106, 255)
EDGE, RIM = (150, 158, 166, 255), (206, 212, 218, 235)
"""Lines round a colour, and round the box."""
STRIP, STRIP_INK = (250, 251, 252, 226), (62, 70, 80, 255)
MARKS = {"A": (20, 84, 186, 240), "B": (24, 32, 48, 240)}
"""Grounds of the letters of both sides: they differ in lightness too."""


def draw_legend(image: Image8, legend: Legend) -> Image8:
    """A copy of the picture with box and strip on it; uint8 (H, W, 3). A picture too small for the box has none."""
    height, width = image.shape[:2]
    result = image
    for card, left, top in _cards(legend, width, height):
        result = _pasted(image.copy() if result is image else result, card, left, top)
    return result


def legend_box(legend: Legend, width: int, height: int) -> Box | None:
    """The box of the legend on a picture of that size; None if it is not drawn."""
    return next((box for part, box in _places(legend, width, height) if not isinstance(part, _Strip)), None)


def strip_box(legend: Legend, width: int, height: int) -> Box | None:
    """The strip along the lower edge of a picture of that size; None if there is nothing to say."""
    return next((box for part, box in _places(legend, width, height) if isinstance(part, _Strip)), None)


def taken_boxes(legend: Legend | None, width: int, height: int) -> tuple[Box, ...]:
    """What labels have to leave free on a picture of that size."""
    return () if legend is None else tuple(box for _, box in _places(legend, width, height))


def draw_names(image: Image8, names: Sequence[str], mode: str, position: float = 0.5) -> Image8:
    """A copy of the picture with the name of each side on it: of panes in their corners, of a swipe beside its line.

    A name that begins with "A  " or "B  " has that letter as a mark, on the side of the line.
    """
    height, width = image.shape[:2]
    scale = _scale(width, height)
    result = image.copy()
    for (left, top, room, rightmost), name in zip(
        _name_places(len(names), mode, position, width, height), names, strict=False
    ):
        card = _name_card(_clean(name), scale, room, rightmost)
        if card is None:
            continue
        gap = 0 if mode == "swipe" else round(8 * scale)
        x = left + room - card.width - gap if rightmost else left + gap
        result = _pasted(result, card, x, top + round(10 * scale))
    return result


def draw_title(image: Image8, head: str, text: str, *, stamped: bool = False) -> Image8:
    """A copy of the picture with a heading and a line below it at the upper middle: what a difference shows.
    ``stamped``: the upper edge is left to the words of `viewer.render.stamp`."""
    card = _title_card(_clean(head), _clean(text), image.shape[1], _scale(image.shape[1], image.shape[0]))
    height, width = image.shape[:2]
    top = round((STAMP_HEIGHT if stamped else 10) * _scale(width, height))
    return _pasted(image.copy(), card, (width - card.width) // 2, top)


@lru_cache(maxsize=8)
def _title_card(head: str, text: str, width: int, scale: float) -> Any:
    """The heading over its line, which is broken where the picture is narrow."""
    from PIL import Image, ImageDraw

    bold = _font("Inter-SemiBold.otf", max(round(TITLE_SIZE * scale), LEAST_TEXT))
    plain = _font("Inter-Regular.otf", max(round(SMALL_SIZE * 1.15 * scale), LEAST_TEXT))
    pad, room = round(PADDING * scale), width - round(4 * MARGIN * scale)
    lines = [(line, bold, INK) for line in _wrapped(head, bold, room)[:2]]
    lines += [(line, plain, QUIET) for line in _shortened(_wrapped(text, plain, room), 3, plain, room)]
    step = round(ROW * scale)
    wide = int(max((font.getlength(line) for line, font, _ in lines), default=0)) + 2 * pad
    card = Image.new("RGBA", (wide, step * len(lines) + pad), (0, 0, 0, 0))
    draw = ImageDraw.Draw(card)
    draw.rounded_rectangle((0, 0, wide - 1, card.height - 1), round(6 * scale), fill=PANEL)
    for number, (line, font, ink) in enumerate(lines):
        draw.text((wide / 2, pad / 2 + (number + 0.5) * step), line, font=font, fill=ink, anchor="mm")
    return card


def _name_card(name: str, scale: float, room: int, rightmost: bool) -> Any:
    """The name on a rounded ground, its letter dark at the side of the line; None where there is no room."""
    from PIL import Image, ImageDraw

    mark, text = (name[0], name[1:].strip()) if name[:2] in ("A ", "B ") else ("", name)
    font = _font("Inter-SemiBold.otf", max(round(SMALL_SIZE * 1.15 * scale), LEAST_TEXT))
    pad, tall = round(8 * scale), round(24 * scale)
    text = _fit(text, font, room - 4 * pad - (tall if mark else 0))
    if room < 6 * pad or not text or text == "\u2026":
        return None
    wide = int(font.getlength(text)) + 2 * pad + (tall if mark else 0)
    card = Image.new("RGBA", (wide, tall), (0, 0, 0, 0))
    draw, radius = ImageDraw.Draw(card), round((0 if mark else 5) * scale)
    draw.rounded_rectangle((0, 0, wide - 1, tall - 1), radius, fill=PANEL)
    begin = 0 if rightmost or not mark else tall
    draw.text((begin + pad, tall / 2), text, font=font, fill=INK, anchor="lm")
    if mark:
        left = wide - tall if rightmost else 0
        draw.rectangle((left, 0, left + tall - 1, tall - 1), fill=MARKS[mark])
        draw.text((left + tall / 2, tall / 2), mark, font=font, fill=(255, 255, 255, 255), anchor="mm")
    return card


def _name_places(count: int, mode: str, position: float, width: int, height: int) -> list[tuple[int, int, int, bool]]:
    """Left and top of the room for each name, its width, and whether the name stands at its right end."""
    if mode == "split":
        return [(rect.left, rect.top, rect.width, False) for rect in pane_rects(count, width, height)]
    if mode == "swipe":
        cut = round(position * width)
        return [(0, 0, cut, True), (cut, 0, width - cut, False)]
    return []


def _scale(width: int, height: int) -> float:
    return max(min(height / REFERENCE_HEIGHT, width / REFERENCE_WIDTH), LEAST_SCALE)


@lru_cache(maxsize=8)
def _places(legend: Legend, width: int, height: int) -> tuple[tuple[_Panel | _Compact | _Strip, Box], ...]:
    """Strip and box with their places, those that are drawn."""
    scale = _scale(width, height)
    found: list[tuple[_Panel | _Compact | _Strip, Box]] = []
    foot = height
    strip = _strip_for(legend, scale, width, height)
    if strip is not None:
        foot = height - strip.height
        found.append((strip, (0.0, float(foot), float(width), float(height))))
    panel = _fitting(legend, scale, width, foot)
    if panel is not None and legend.compact:
        # under the name of the first pane, where no bar and no strip takes room, and the sky is oftener than the city
        left, top = float(round(8 * scale)), float(round(40 * scale))
        found.append((panel, (left, top, left + panel.width, top + panel.height)))
    elif panel is not None:
        top = foot - panel.height - panel.margin
        found.append((panel, (panel.margin, top, panel.margin + panel.width, top + panel.height)))
    return tuple(found)


@lru_cache(maxsize=8)
def _cards(legend: Legend, width: int, height: int) -> tuple[tuple[Any, int, int], ...]:
    """Strip and box as RGBA images with their places; kept, because many pictures of a video have the same."""
    from PIL import Image, ImageDraw

    found = []
    for part, (left, top, _, _) in _places(legend, width, height):
        card = Image.new("RGBA", (part.width + 1, part.height + 1), (0, 0, 0, 0))
        part.paint(ImageDraw.Draw(card))
        found.append((card, int(left), int(top)))
    return tuple(found)


def _pasted(image: Image8, card: Any, left: int, top: int) -> Image8:
    """The picture with a card on it, written in place: only the part under the card is touched."""
    from PIL import Image

    height, width = image.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + card.width, width), min(top + card.height, height)
    if x0 >= x1 or y0 >= y1:
        return image
    part = Image.fromarray(np.ascontiguousarray(image[y0:y1, x0:x1])).convert("RGBA")
    own = card.crop((x0 - left, y0 - top, x1 - left, y1 - top))
    image[y0:y1, x0:x1] = np.asarray(Image.alpha_composite(part, own).convert("RGB"))
    return image


def _fitting(legend: Legend, scale: float, width: int, foot: int) -> _Panel | _Compact | None:
    """The box, with less and less of what can be left out where there is little room; None if it is too large."""
    if not (legend.entries or legend.no_data):
        return None
    if legend.compact:
        rect = pane_rects(legend.panes, width, foot)[0]
        small = _Compact(legend, scale, rect.width - round(16 * scale))
        return small if small.height < 0.5 * rect.height else None
    for spare in range(3):
        panel = _Panel(legend, scale, spare)
        if panel.width <= 0.9 * width and panel.height + 2 * panel.margin <= foot:
            return panel
    return None


def _strip_for(legend: Legend, scale: float, width: int, height: int) -> _Strip | None:
    parts = tuple(text for text in (_clean(part) for part in legend.strip or legend.lines) if text)
    if not parts or width < 120 or height < 60:
        return None
    return _Strip(parts, scale, width, height)


class _Strip:
    """The words along the lower edge, in as few lines as they fit.

    Args:
        parts: the words; none is broken while it fits into a line of its own.
    """

    def __init__(self, parts: tuple[str, ...], scale: float, width: int, height: int) -> None:
        size = max(round(STRIP_SIZE * scale), LEAST_TEXT)
        self._font = _font("Inter-Medium.otf", size)
        self._pad, self._step = round(MARGIN * scale), round(1.45 * size)
        self.width = width
        room = width - 2 * self._pad
        most = max(1, int(STRIP_SHARE * height / self._step))
        lines = _flowed(parts, self._font, room)
        # long parts are shortened before any is left out: what comes last is the version, and that it is fictional
        limit = float(room)
        while len(lines) > most and limit > 0.12 * room:
            limit *= 0.8
            lines = _flowed(tuple(_fit(part, self._font, limit) for part in parts), self._font, room)
        self.lines = lines if len(lines) <= most else [*lines[: most - 1], lines[-1]]
        self._above = round(0.35 * size)
        self.height = self._step * len(self.lines) + 2 * self._above

    def paint(self, draw: ImageDraw) -> None:
        """Paint, upper left corner at 0, 0."""
        draw.rectangle((0, 0, self.width, self.height), fill=STRIP)
        y = self._above + self._step / 2
        for line in self.lines:
            draw.text((self._pad, y), line, font=self._font, fill=STRIP_INK, anchor="lm")
            y += self._step


def _flowed(parts: Sequence[str], font: Any, room: float) -> list[str]:
    """Parts in lines with dots between them; a part that is too long for a line is broken between words."""
    lines: list[str] = []
    line = ""
    for part in parts:
        longer = f"{line}{JOINT}{part}" if line else part
        if font.getlength(longer) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *whole, line = _wrapped(part, font, room) or [""]
        lines += whole
    return [*lines, line] if line else lines


_HATCHED_ENTRY = LegendEntry("hatched = uncertain", (122, 134, 148))


class _Compact:
    """Title and colours with short labels, in as few lines as fit into a pane.

    Args:
        room: pixels that it may be wide.
    """

    def __init__(self, legend: Legend, scale: float, room: int) -> None:
        self._legend, self._scale = legend, scale
        self._bold = _font("Inter-SemiBold.otf", max(round(SMALL_SIZE * 1.1 * scale), LEAST_TEXT))
        self._font = _font("Inter-Regular.otf", max(round(SMALL_SIZE * scale), LEAST_TEXT))
        self._pad, self._step, self._swatch = (max(1, round(x * scale)) for x in (7, 16, 10))
        inner = room - 2 * self._pad
        self._title = _fit(
            _clean(f"{legend.title} ({legend.unit})" if legend.unit else legend.title), self._bold, inner
        )
        rows = [] if legend.kind == "ramp" else list(legend.entries)
        rows += [*legend.states, *((legend.no_data,) if legend.no_data is not None else ())]
        if legend.note.startswith(HATCHED):
            rows.append(_HATCHED_ENTRY)
        self._cells: list[tuple[LegendEntry, str, int, int]] = []
        lines, x = 0, inner + 1
        for entry in rows:
            text = _fit(_clean(short_label(entry.label)), self._font, inner - 2 * self._swatch)
            wide = int(self._font.getlength(text)) + round(2.4 * self._swatch)
            if x + wide > inner:
                lines, x = lines + 1, 0
            self._cells.append((entry, text, x, lines - 1))
            x += wide
        self.width, self.margin, self._bar = room, 0, legend.kind == "ramp"
        if lines == 1 and not self._bar:
            self.width = max(x, int(self._bold.getlength(self._title))) + 2 * self._pad
        elif self._bar:
            self.width = min(room, round(RAMP_WIDTH * scale) + 2 * self._pad)
        self.height = self._pad + self._step * (1 + lines + (2 if self._bar else 0)) + self._pad // 2

    def paint(self, draw: ImageDraw) -> None:
        """Paint, upper left corner at 0, 0."""
        draw.rounded_rectangle((0, 0, self.width, self.height), self._pad, fill=PANEL, outline=RIM)
        y = self._pad // 2 + self._step / 2
        draw.text((self._pad, y), self._title, font=self._bold, fill=INK, anchor="lm")
        y += self._step
        if self._bar:
            self._paint_ramp(draw, round(y - self._step / 2))
            y += 2 * self._step
        for entry, text, x, line in self._cells:
            middle, left = y + line * self._step, self._pad + x
            box = (left, middle - self._swatch / 2, left + self._swatch, middle + self._swatch / 2)
            draw.rounded_rectangle(box, 2, fill=(*entry.rgb, 255), outline=EDGE)
            if entry is _HATCHED_ENTRY:
                draw.line((box[0] + 1, box[3] - 1, box[2] - 1, box[1] + 1), fill=(246, 247, 248, 255), width=2)
            draw.text((left + 1.4 * self._swatch, middle), text, font=self._font, fill=INK, anchor="lm")

    def _paint_ramp(self, draw: ImageDraw, top: int) -> None:
        width = self.width - 2 * self._pad
        colors = np.array(self._legend.colors or [entry.rgb for entry in self._legend.entries], np.float64)
        for column, place in enumerate(np.linspace(0, len(colors) - 1, width).tolist()):
            low = int(place)
            rgb = colors[low] + (colors[min(low + 1, len(colors) - 1)] - colors[low]) * (place - low)
            x = self._pad + column
            draw.line((x, top, x, top + self._swatch), fill=(*(int(c + 0.5) for c in rgb), 255))
        ticks = place_ticks(self._legend, width, lambda text: float(self._font.getlength(_clean(text))), self._pad)
        for _, at, label in ticks:
            text = _clean(label)
            draw.text((self._pad + at, top + self._swatch + 2), text, font=self._font, fill=INK)


class _Panel:
    """Lays the box out at a scale and paints it.

    Args:
        spare: what is left out: 1 = the source of the classes and who is seen; 2 = the classes without objects too.
    """

    def __init__(self, legend: Legend, scale: float, spare: int = 0) -> None:
        self._legend, self._scale = legend, scale
        self._font = _font("Inter-Regular.otf", max(round(TEXT_SIZE * scale), LEAST_TEXT))
        self._bold = _font("Inter-SemiBold.otf", max(round(TITLE_SIZE * scale), LEAST_TEXT))
        self._small = _font("Inter-Regular.otf", max(round(SMALL_SIZE * scale), LEAST_TEXT))
        title = _clean(f"{legend.title} ({legend.unit})" if legend.unit else legend.title)
        self._title = _wrapped(title, self._bold, MAX_TITLE * scale)[:2] or [""]
        self._rows: list[LegendEntry] = [] if legend.kind == "ramp" else list(legend.entries)
        if spare > 1:
            self._rows = [entry for entry in self._rows if entry.count != 0]
        self._rows += legend.states
        if legend.no_data is not None:
            self._rows.append(legend.no_data)
        self._labels = [_fit(_clean(entry.label), self._font, MAX_LABEL * scale) for entry in self._rows]
        self._counts = ["" if entry.count is None else count_text(entry.count) for entry in self._rows]
        note = _clean(legend.note)
        self._hatched = note.removeprefix(HATCHED) if note.startswith(HATCHED) else ""
        self.margin = self._px(MARGIN)
        self.width = self._px(2 * PADDING) + self._inner_width("" if self._hatched else note)
        inner = self.width - self._px(2 * PADDING)
        # (the names of sides that are seen beside each other stand there, and in the strip)
        seen = legend.lines[0] if legend.lines and " | " not in legend.lines[0] and not spare else ""
        self._seen = _shortened(_wrapped(_clean(seen), self._small, inner), SOURCE_LINES, self._small, inner)
        source = (
            _wrapped(_clean(f"Classes: {legend.source}"), self._small, inner) if legend.source and not spare else []
        )
        words = [] if self._hatched or not note else _wrapped(note, self._small, inner)
        self._words = [*words, *_shortened(source, SOURCE_LINES, self._small, inner)]
        self.height = self._measured()

    def _measured(self) -> int:
        bar = self._px(RAMP_HEIGHT + ROW) if self._legend.kind == "ramp" else 0
        rows = len(self._rows) + (1 if self._hatched else 0)
        words = self._px(LINE) * len(self._words) + (self._px(4) if self._words else 0)
        seen = self._px(LINE) * len(self._seen)
        return self._px(2 * PADDING + 3) + self._px(ROW) * (len(self._title) + rows) + seen + bar + words

    def _px(self, value: float) -> int:
        return round(value * self._scale)

    def _inner_width(self, note: str) -> int:
        labels = max((self._font.getlength(text) for text in (*self._labels, self._hatched)), default=0)
        counts = max((self._font.getlength(text) for text in self._counts), default=0)
        rows = self._px(SWATCH + GAP) + labels + (self._px(2 * GAP) + counts if counts else 0) if self._rows else 0
        bar = self._px(RAMP_WIDTH) if self._legend.kind == "ramp" else 0
        title = max(self._bold.getlength(line) for line in self._title)
        return int(max(rows, bar, min(self._small.getlength(note), self._px(MAX_LABEL)), title)) + 1

    def paint(self, draw: ImageDraw) -> None:
        """Paint, upper left corner at 0, 0."""
        draw.rounded_rectangle(
            (0, 0, self.width, self.height), self._px(7), fill=PANEL, outline=RIM, width=max(1, self._px(1))
        )
        x, y = self._px(PADDING), float(self._px(PADDING))
        for line in self._title:
            draw.text((x, y + self._px(ROW) / 2), line, font=self._bold, fill=INK, anchor="lm")
            y += self._px(ROW)
        for line in self._seen:
            draw.text((x, y + self._px(LINE) / 2), line, font=self._small, fill=QUIET, anchor="lm")
            y += self._px(LINE)
        y += self._px(3)
        if self._legend.kind == "ramp":
            self._paint_ramp(draw, x, round(y))
            y += self._px(RAMP_HEIGHT + ROW)
        y = self._paint_rows(draw, x, y)
        y += self._px(4)
        for line in self._words:
            draw.text((x, y + self._px(LINE) / 2), line, font=self._small, fill=QUIET, anchor="lm")
            y += self._px(LINE)

    def _paint_rows(self, draw: ImageDraw, x: int, y: float) -> float:
        right, text_x, wide = self.width - self._px(PADDING), x + self._px(SWATCH + GAP), max(1, self._px(1))
        for entry, label, count in zip(self._rows, self._labels, self._counts, strict=True):
            middle = y + self._px(ROW) / 2
            draw.rounded_rectangle(
                self._swatch(x, middle), self._px(3), fill=(*entry.rgb, 255), outline=EDGE, width=wide
            )
            if entry in self._legend.states and entry.label == STATE_NAMES[OUTSIDE]:
                self._lines(draw, self._swatch(x, middle), 3, (150, 150, 146, 255), falling=True)
            draw.text((text_x, middle), label, font=self._font, fill=INK, anchor="lm")
            draw.text((right, middle), count, font=self._font, fill=QUIET, anchor="rm")
            y += self._px(ROW)
        if self._hatched:
            swatch = self._swatch(x, y + self._px(ROW) / 2)
            draw.rounded_rectangle(swatch, self._px(3), fill=(122, 134, 148, 255), outline=EDGE, width=wide)
            self._lines(draw, swatch, 2, (246, 247, 248, 255), falling=False)
            draw.text((text_x, y + self._px(ROW) / 2), self._hatched, font=self._font, fill=INK, anchor="lm")
            y += self._px(ROW)
        return y

    def _swatch(self, x: int, middle: float) -> Box:
        side = self._px(SWATCH)
        top = round(middle - side / 2)
        return x, top, x + side, top + side

    def _lines(self, draw: ImageDraw, box: Box, count: int, colour: tuple[int, ...], *, falling: bool) -> None:
        """Diagonal lines in a swatch, as the shader draws them: hatching rises, what was not modelled falls."""
        left, top, right, bottom = box
        side, wide = right - left - 2, max(1, self._px(1.6 if not falling else 1.0))
        for k in range(count):
            cut = side * (2 * (k + 1) / (count + 1) - 1)  # along the other diagonal, -side to side
            a, b = max(0.0, cut), min(side, side + cut)
            x = (left + 1 + a, left + 1 + b)
            y = (top + 1 + a - cut, top + 1 + b - cut)
            if not falling:
                y = (bottom - 1 - (a - cut), bottom - 1 - (b - cut))
            draw.line((x[0], y[0], x[1], y[1]), fill=colour, width=wide)

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


def _shortened(lines: list[str], most: int, font: Any, width: float) -> list[str]:
    """At most so many lines; the last ends with an ellipsis if there were more."""
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], _fit(f"{lines[most - 1]} \u2026", font, width)]


def _fit(text: str, font: Any, width: float) -> str:
    """The text, shortened with an ellipsis to a width in pixels."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "\u2026") > width:
        text = text[:-1]
    return text + "\u2026"
