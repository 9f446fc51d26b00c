"""Values of scenarios as colours: classes or a ramp, the same for all scenarios that are compared, and the legend.

Places without a value are told apart: no data (there should be one), not modelled (the simulation did not cover the
place), zero where that means "none" (dry ground), and what the result does not speak about at all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, Float32, UInt8
from loaders.scenario.model import NOT_MODELLED, Result, Variable, text_in
from viewer.analysis.legend import Legend, LegendEntry, format_value, title_of
from viewer.analysis.palettes import DEFAULT_RAMP, NO_DATA, RGB, class_colors, is_palette, palette

VALUE, ZERO, NO_VALUE, OUTSIDE, NO_PART = 0, 1, 2, 3, 4
"""Kinds of rows: a value; zero with a look of its own; no data; not modelled; not part of the result."""
ZERO_RGB: RGB = (202, 210, 218)
NOT_MODELLED_RGB: RGB = (232, 230, 224)
STATE_NAMES = {ZERO: "none (zero)", NO_VALUE: "no data", OUTSIDE: "not modelled"}
MOST_BREAKS = 15
"""More class breaks than this are shown as a ramp: nobody can tell so many colours apart."""
RAMP_STOPS = 16
"""Colours of a ramp; those between are mixed."""
RAMP_CODES = 248
"""Steps of a ramp in one byte; the codes above are states."""
HATCH_SHARE = 0.2
"""On a ramp, values are hatched whose range is wider than this share of it."""
TICKS = 5
MOST_SAMPLES = 2_000_000
"""Values of a result looked at for the ends of a ramp."""
SAMPLED_STEPS = 12

_TO_CODE = {ZERO: 248, NO_VALUE: 249, OUTSIDE: 250, NO_PART: 251}


@dataclass(frozen=True)
class Scale:
    """How values become colours. Hashable; two equal scales colour alike.

    Attributes:
        breaks: class breaks, growing, at most `MOST_BREAKS`; empty for a ramp. Class k holds
            breaks[k - 1] <= value < breaks[k].
        colours: of the classes (one more than breaks), or `RAMP_STOPS` evenly from ``low`` to ``high``.
        ramp: True for a ramp.
        low, high: ends of a ramp.
        zero: True if zero has a look of its own and is no class.
    """

    breaks: tuple[float, ...]
    colours: tuple[RGB, ...]
    ramp: bool
    low: float = 0.0
    high: float = 1.0
    zero: bool = False

    @cached_property
    def words(self) -> npt.NDArray[np.uint32]:
        """uint32 (256,): the colour of every code as the bytes R, G, B, 0 of a texel."""
        table = np.zeros((256, 4), np.uint8)
        if self.ramp:
            stops = np.array(self.colours, np.float64)
            at = np.linspace(0.0, len(stops) - 1.0, RAMP_CODES)
            for band in range(3):
                table[:RAMP_CODES, band] = np.rint(np.interp(at, np.arange(len(stops)), stops[:, band]))
        else:
            table[: len(self.colours), :3] = self.colours
        for kind, rgb in ((ZERO, ZERO_RGB), (NO_VALUE, NO_DATA), (OUTSIDE, NOT_MODELLED_RGB), (NO_PART, NO_DATA)):
            table[_TO_CODE[kind], :3] = rgb
        table.setflags(write=False)
        return table.view(np.uint32)[:, 0]

    def rgb_of(self, value: float) -> RGB:
        """The colour of one value."""
        code = int(codes_of(np.array([value], np.float32), self)[0])
        red, green, blue, _ = self.words[code : code + 1].view(np.uint8).tolist()
        return red, green, blue


@dataclass(frozen=True, slots=True, eq=False)
class Paint:
    """Values of one step, coloured.

    Attributes:
        codes: uint8 (N,): class or place on the ramp; from `RAMP_CODES` on states.
        hatched: bool (N,), the range of uncertainty is wider than the class; None = nowhere.
        scale: what the codes mean.
    """

    codes: UInt8
    hatched: Bool | None
    scale: Scale

    @property
    def rgb(self) -> UInt8:
        """uint8 (N, 3)."""
        return np.ascontiguousarray(self.texels()[:, :3])

    @property
    def kinds(self) -> UInt8:
        """uint8 (N,): `VALUE`, `ZERO`, `NO_VALUE`, `OUTSIDE` or `NO_PART`."""
        table = np.zeros(256, np.uint8)
        for kind, code in _TO_CODE.items():
            table[code] = kind
        return table[self.codes]

    @property
    def flags(self) -> UInt8:
        """uint8 (N,): 1 = hatched."""
        return np.zeros(len(self.codes), np.uint8) if self.hatched is None else self.hatched.astype(np.uint8)

    def texels(self, alpha: UInt8 | None = None) -> UInt8:
        """uint8 (N, 4): colours with an alpha per code (256,), 0 where None is given."""
        words = self.scale.words
        if alpha is not None:
            table = words.view(np.uint8).reshape(-1, 4).copy()
            table[:, 3] = alpha
            words = table.view(np.uint32)[:, 0]
        return np.take(words, self.codes).view(np.uint8).reshape(-1, 4)


def scale_of(variable: Variable, results: Iterable[Result] = (), palette_name: str | None = None) -> Scale:
    """The one scale of a comparison: the variable's classes, else a ramp over its range, else over all the values."""
    name = next((n for n in (palette_name, variable.palette) if n is not None and is_palette(n)), DEFAULT_RAMP)
    breaks = variable.classes.breaks if variable.classes is not None else ()
    if 0 < len(breaks) <= MOST_BREAKS:
        return Scale(tuple(breaks), _rgbs(class_colors(name, len(breaks) + 1)), False, zero=variable.zero_is_none)
    if breaks:
        low, high = breaks[0], breaks[-1]
    else:
        low, high = variable.range or value_range(results)
    colours = palette(name).colors
    stops = colours[np.rint(np.linspace(0, len(colours) - 1, RAMP_STOPS)).astype(np.int64)]
    return Scale((), _rgbs(stops), True, float(low), float(high), variable.zero_is_none)


def value_range(results: Iterable[Result]) -> tuple[float, float]:
    """The smallest and largest value of results; of large ones a part of the steps and values is looked at."""
    low, high = math.inf, -math.inf
    for result in results:
        for part in _samples(result):
            known = part[np.isfinite(part)]
            if known.size:
                low, high = min(low, float(known.min())), max(high, float(known.max()))
    return (low, high) if low <= high else (0.0, 1.0)


def codes_of(values: Float32, scale: Scale) -> UInt8:
    """uint8, the shape of ``values``: class or place on the ramp, or a state. About 10 ms for a million."""
    if scale.ramp:
        span = scale.high - scale.low
        with np.errstate(invalid="ignore", over="ignore"):
            share = (values - np.float32(scale.low)) * np.float32((RAMP_CODES - 1) / span if span > 0 else 0.0)
            np.clip(share, 0.0, RAMP_CODES - 1.0, out=share)
            share += np.float32(0.5)
            codes = share.astype(np.uint8)
    else:
        codes = np.zeros(values.shape, np.uint8)
        for number in scale.breaks:
            codes += values >= np.float32(number)
    if scale.zero:
        codes[values == 0] = _TO_CODE[ZERO]
    odd = ~np.isfinite(values)
    if odd.any():
        codes[np.isnan(values)] = _TO_CODE[NO_VALUE]
        codes[values == NOT_MODELLED] = _TO_CODE[OUTSIDE]
    return codes


def hatched_where(low: Float32, high: Float32, scale: Scale) -> Bool:
    """Bool, the shape of ``low``: the range is wider than a class (than `HATCH_SHARE` of a ramp)."""
    known = np.isfinite(low) & np.isfinite(high)
    if scale.ramp:
        with np.errstate(invalid="ignore"):
            return np.asarray(known & (high - low > HATCH_SHARE * (scale.high - scale.low)), np.bool_)
    return np.asarray(known & (codes_of(low, scale) != codes_of(high, scale)), np.bool_)


def hatched_between(low: Float32, high: Float32, scale: Scale) -> bool:
    """True if something is hatched where ends of ranges (N,) run between nodes: somewhere between two of them a break
    lies within the range, unless all ranges are in one class or without extent."""
    known = np.isfinite(low) & np.isfinite(high)
    if scale.ramp:
        return bool(hatched_where(low, high, scale).any())
    codes = codes_of(np.concatenate([low[known], high[known]]), scale)
    return bool((high[known] > low[known]).any() and (codes != codes[0]).any())


def water_ends(low: Float32, high: Float32) -> tuple[Float32, Float32]:
    """Ends of the range of a depth: dry at one end is 0 deep if the other end is wet."""
    return np.where(np.isnan(low) & np.isfinite(high), np.float32(0.0), low), high


def paint(
    values: Float32, variable: Variable, scale: Scale, low: Float32 | None = None, high: Float32 | None = None
) -> Paint:
    """Colour the values (N,) of one step; ``low`` and ``high`` (N,) are the ends of their range. What has no value is
    never hatched."""
    hatched = None
    if low is not None and high is not None:
        hatched = hatched_where(low, high, scale) & np.isfinite(values)
    return Paint(codes_of(values, scale), hatched, scale)


def gathered(codes: UInt8, sources: npt.NDArray[np.integer]) -> UInt8:
    """Codes of a result's rows brought to the objects that they belong to; -1 = not part of the result."""
    padded = np.concatenate([codes, np.array([_TO_CODE[NO_PART]], np.uint8)])
    return np.asarray(padded[sources], np.uint8)


def counts_of(codes: UInt8) -> npt.NDArray[np.int64]:
    """int64 (256,): how often every code occurs."""
    return np.bincount(codes.reshape(-1), minlength=256)


def kinds_in(values: Float32, scale: Scale) -> frozenset[int]:
    """Which of `ZERO`, `NO_VALUE`, `OUTSIDE` occur among values of any shape; of rasters a part is looked at."""
    codes = codes_of(sampled(values), scale)
    counts = counts_of(codes)
    return frozenset(kind for kind in STATE_NAMES if counts[_TO_CODE[kind]])


def sampled(values: Float32) -> Float32:
    """Values of a raster (rows, columns), at most `MOST_SAMPLES` of them, evenly; others as they are."""
    if values.ndim < 2 or values.size <= MOST_SAMPLES:
        return values
    stride = math.ceil(math.sqrt(values.size / MOST_SAMPLES))
    return values[::stride, ::stride]


def state_alpha(value: int, no_data: int, not_modelled: int, no_part: int) -> UInt8:
    """uint8 (256,), an alpha for every code, for `Paint.texels`."""
    table = np.full(256, value, np.uint8)
    table[_TO_CODE[NO_VALUE]], table[_TO_CODE[OUTSIDE]] = no_data, not_modelled
    table[_TO_CODE[NO_PART]] = no_part
    return table


def legend_of(
    scale: Scale,
    variable: Variable,
    counts: npt.NDArray[np.int64] | None = None,
    language: str = "en",
    hatched: bool = False,
    kinds: frozenset[int] | None = None,
) -> Legend:
    """What the colours mean: unit, classes with their source, states that occur.

    ``counts`` as from `counts_of`. ``kinds``: the states that occur, as from `kinds_in`; None = those counted, all that
    there can be where nothing was counted.
    """
    title = text_in(variable.title, language) or title_of(variable.id)
    if variable.height_above_ground is not None:
        title += f" at {format_value(variable.height_above_ground)} m"
    source = variable.classes.source if variable.classes is not None else ""
    note = "Hatched: uncertain, spans several classes" if hatched and not scale.ramp else ""
    note = "Hatched: uncertain, spans over a fifth of the scale" if hatched and scale.ramp else note
    states, no_data = _state_entries(scale, counts, kinds)
    unit = variable.unit_label or ("" if variable.unit == "1" else variable.unit)
    if scale.ramp:
        entries = _ticks(scale)
        limits = (scale.low, scale.high)
        return Legend(title, unit, "ramp", entries, no_data, scale.colours, limits, note, source, states)
    entries = _class_entries(scale, variable, counts, language)
    return Legend(title, unit, "classes", entries, no_data, note=note, source=source, states=states)


def class_name(scale: Scale, index: int) -> str:
    """The bounds of a class: "< 0.5", "0.5 – 1", "≥ 4"."""
    texts = [f"{number:.10g}".replace("-", "\u2212") for number in scale.breaks]
    to = " to " if scale.breaks and scale.breaks[0] < 0 else " – "
    if index == 0:
        return f"< {texts[0]}"
    return f"≥ {texts[-1]}" if index == len(texts) else f"{texts[index - 1]}{to}{texts[index]}"


def _class_entries(
    scale: Scale, variable: Variable, counts: npt.NDArray[np.int64] | None, language: str
) -> tuple[LegendEntry, ...]:
    labels = variable.classes.labels if variable.classes is not None else ()
    entries = []
    for index, rgb in enumerate(scale.colours):
        meaning = text_in(labels[index], language) if index < len(labels) else ""
        bounds = class_name(scale, index)
        told = any(char.isdigit() for char in meaning)  # the meaning tells the bounds itself
        label = meaning if told else f"{bounds}  {meaning}" if meaning else bounds
        entries.append(LegendEntry(label, rgb, None if counts is None else int(counts[index])))
    return tuple(entries)


def _ticks(scale: Scale) -> tuple[LegendEntry, ...]:
    if scale.high <= scale.low:
        return (LegendEntry(format_value(scale.low), scale.rgb_of(scale.low), None, scale.low),)
    values = np.linspace(scale.low, scale.high, TICKS).tolist()
    step = (scale.high - scale.low) / (TICKS - 1)
    return tuple(LegendEntry(format_value(v, step), scale.rgb_of(v), None, v) for v in values)


def _state_entries(
    scale: Scale, counts: npt.NDArray[np.int64] | None, kinds: frozenset[int] | None
) -> tuple[tuple[LegendEntry, ...], LegendEntry | None]:
    """Lines of the states that occur."""

    def entry(kind: int, rgb: RGB) -> LegendEntry | None:
        count = None if counts is None else int(counts[_TO_CODE[kind]])
        there = count != 0 if kinds is None else kind in kinds
        return LegendEntry(STATE_NAMES[kind], rgb, count) if there else None

    zero = entry(ZERO, ZERO_RGB) if scale.zero else None
    outside = entry(OUTSIDE, NOT_MODELLED_RGB)
    return tuple(line for line in (zero, outside) if line is not None), entry(NO_VALUE, NO_DATA)


def _samples(result: Result) -> Iterable[Float32]:
    values = result.values
    if result.moves is not None:
        values = result.moves.values[None]
    if values.ndim < 2 or not values.size:
        return
    count = len(values)
    steps: Sequence[int] = range(count)
    if values.size > MOST_SAMPLES and count > SAMPLED_STEPS:
        steps = np.unique(np.rint(np.linspace(0, count - 1, SAMPLED_STEPS)).astype(int)).tolist()
    each = max(MOST_SAMPLES // max(len(steps), 1), 1)
    for step in steps:
        one = np.asarray(values[step])
        stride = max(1, one.size // each)
        # rows as they lie: a stride over single values would read every page of a large file as well
        yield one.reshape(-1)[::stride] if one.ndim == 1 else one[::stride].reshape(-1) if stride < len(one) else one[0]


def _rgbs(colours: UInt8) -> tuple[RGB, ...]:
    return tuple((int(r), int(g), int(b)) for r, g, b in colours.tolist())
