"""Values to colours: `colors_for` gives every object its colour and the legend that explains it."""

from __future__ import annotations

import math
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Column, Float64, Int16, UInt8
from viewer.analysis.derived import Derived, derived
from viewer.analysis.legend import Legend, LegendEntry, count_text, format_value, title_of, titled_with_unit
from viewer.analysis.palettes import (
    BASE_COLOR_EXTENSION,
    BUILT_TYPES,
    DEFAULT_CLASSES,
    DEFAULT_RAMP,
    FLAT_ROOF,
    MAX_CLASSES,
    NO_DATA,
    OTHER,
    RAMP_SIZE,
    RGB,
    SURFACE_LABELS,
    base_color,
    class_colors,
    is_palette,
    palette,
    surface_colors,
    type_color,
)
from viewer.document.state import Style

Codes = npt.NDArray[np.integer]

BY_TYPE, BY_SURFACE, BY_THEME = "@type", "@surface", "@theme"
RAMP_TICKS = 5
MAX_LABEL = 60
"""Characters of a category's label."""
SHORT_LABEL = 2
"""Categories whose labels are all so short are grades ("A" to "G") and stand in their own order."""
MAX_LOOKS = 16
"""Lines of the default look's legend."""
MIN_FOR_OUTLIERS = 50
"""Fewer values than this are all taken to be meant."""
KEPT_STYLES = 4
"""Results kept for each city."""

_CACHE: WeakKeyDictionary[CityData, dict[Style, tuple[UInt8, Legend]]] = WeakKeyDictionary()


def colors_for(city: CityData, style: Style) -> tuple[UInt8, Legend]:
    """Colours uint8 (N, 3), sRGB, one per object, read-only, and their legend. The last few results are kept.

    Legend counts are of drawn objects. An object without a value shows its parent's (CityJSON keeps a building's
    attributes with the Building, its geometry often with the parts); the legend says so. An attribute that the
    city does not have gives "no data" everywhere.
    """
    kept = _CACHE.setdefault(city, {})
    if style not in kept:
        rgb, legend = _colors(city, style)
        rgb.setflags(write=False)
        while len(kept) >= KEPT_STYLES:
            del kept[next(iter(kept))]
        kept[style] = (rgb, legend)
    return kept[style]


def attributes_for_coloring(city: CityData) -> tuple[str, ...]:
    """Names of the object attributes that have at least one value, in file order."""
    return tuple(name for name, column in city.objects.columns.items() if column.present.any())


def _colors(city: CityData, style: Style) -> tuple[UInt8, Legend]:
    if style.color_by == BY_TYPE:
        return _by_type(city)
    if style.color_by == BY_SURFACE:
        return _base_colors(city), _surface_legend(city)
    if style.color_by == BY_THEME:
        theme = style.theme or city.default_theme or ""
        title = f"Materials and textures ({theme})" if theme else "Materials and textures"
        return _base_colors(city), Legend(title, "", "classes")
    column = city.objects.columns.get(style.color_by)
    if column is None:
        count = int(np.count_nonzero(derived(city).drawn))
        legend = Legend(
            title_of(style.color_by), "", "classes", no_data=_no_data(count), note="No object has this attribute."
        )
        return np.tile(np.array(NO_DATA, np.uint8), (len(city.objects), 1)), legend
    return _by_column(city, column, style)


def _by_column(city: CityData, column: Column, style: Style) -> tuple[UInt8, Legend]:
    base = derived(city)
    values, present, rows = base.effective(column)
    inherited = int(np.count_nonzero(base.drawn[rows]))
    note = f"{count_text(inherited)} values come from the parent object." if inherited else ""
    note = "1 value comes from the parent object." if inherited == 1 else note
    name = style.palette if style.palette is not None and is_palette(style.palette) else None
    title, unit = titled_with_unit(column.name) if column.is_numeric() else (title_of(column.name), "")
    if column.is_numeric() and not (name and palette(name).kind == "categorical"):
        return _ramp(base, title, values, present, name or DEFAULT_RAMP, style.range, note, unit)
    if column.kind == "boolean":
        codes = np.where(present, values.astype(np.int8), np.int8(-1))
        return _classes(base, title, codes, ["no", "yes"], name or DEFAULT_CLASSES, note)
    if column.is_numeric():
        present = present & np.isfinite(values)
        unique, inverse = np.unique(values[present], return_inverse=True)
        codes = np.full(base.count, -1, np.int64)
        codes[present] = inverse
        labels = [format_value(v) for v in unique.tolist()]
        return _classes(base, title, codes, labels, name or DEFAULT_CLASSES, note, unit)
    categories = column.categories
    if categories is None:
        raise ValueError(f"column {column.name!r} of kind {column.kind} has no categories")
    codes = np.where(present, values, -1)
    return _classes(base, title, codes, _Labels(categories), name or DEFAULT_CLASSES, note)


class _Labels:
    """Category labels decoded only where a legend needs them."""

    def __init__(self, categories: object):
        self._categories = categories

    def __len__(self) -> int:
        return len(self._categories)  # type: ignore[arg-type]

    def __getitem__(self, index: int) -> str:
        text = " ".join(str(self._categories[index]).split())  # type: ignore[index]
        if len(text) > MAX_LABEL:
            text = text[: MAX_LABEL - 1] + "…"
        return text or "(empty)"


def _ramp(
    base: Derived,
    title: str,
    values: npt.NDArray[np.generic],
    present: Bool,
    name: str,
    limits: tuple[float, float] | None,
    note: str,
    unit: str,
) -> tuple[UInt8, Legend]:
    """Numbers on a ramp. NaN is no data; infinite values take the colour of their end and do not set the range."""
    numbers = np.asarray(values, np.float64)
    known = present & ~np.isnan(numbers) if values.dtype.kind == "f" else present
    low, high = limits or _data_range(numbers, known, base.drawn)
    table = palette(name).colors
    lookup = np.concatenate([table, np.array([NO_DATA], np.uint8)])
    places = _places(numbers, low, high)
    places[~known] = RAMP_SIZE
    step = (high - low) / (RAMP_TICKS - 1)
    ticks = [low] if low == high else [low + step * k for k in range(RAMP_TICKS)]
    at = _places(np.array(ticks), low, high)
    labels = [format_value(tick, abs(step) or None) for tick in ticks]
    ends = numbers[known & base.drawn]
    if len(ticks) > 1 and len(ends):  # an end of the ramp that also stands for values beyond it says so
        outside = (ends < min(low, high)).any(), (ends > max(low, high)).any()
        below, above = outside if low < high else outside[::-1]
        labels[0] = f"{'≤' if low < high else '≥'} {labels[0]}" if below else labels[0]
        labels[-1] = f"{'≥' if low < high else '≤'} {labels[-1]}" if above else labels[-1]
    entries = tuple(
        LegendEntry(label, _rgb(table[place]), None, tick)
        for label, tick, place in zip(labels, ticks, at.tolist(), strict=True)
    )
    missing = int(np.count_nonzero(base.drawn & ~known))
    colors = tuple(_rgb(color) for color in table[:: RAMP_SIZE // 64])
    legend = Legend(title, unit, "ramp", entries, _no_data(missing), (*colors, _rgb(table[-1])), (low, high), note)
    if not known.any():
        legend = Legend(title, "", "classes", (), _no_data(missing), note="No object has a number here.")
    return _colored(lookup, places), legend


def _data_range(numbers: Float64, known: Bool, drawn: Bool) -> tuple[float, float]:
    """Smallest and largest finite value of drawn objects (of all, if no drawn one has a value).

    One church tower must not turn every house into the same dark blue: an end that lies farther out than the middle
    96 % of the values are wide is drawn in to the 2nd or 98th percentile, and the legend writes "≤" or "≥" there.
    """
    for mask in (known & drawn, known):
        chosen = numbers if mask.all() else numbers[mask]
        known_only = np.isfinite(chosen)
        finite = chosen if known_only.all() else chosen[known_only]
        if len(finite):
            return _without_outliers(finite)
    return 0.0, 0.0


def _without_outliers(numbers: Float64) -> tuple[float, float]:
    low, high = float(numbers.min()), float(numbers.max())
    if len(numbers) < MIN_FOR_OUTLIERS or not math.isfinite(high - low):
        return low, high
    inner_low, inner_high = (float(q) for q in np.quantile(numbers, (0.02, 0.98), method="nearest"))
    width = inner_high - inner_low
    if width <= 0:
        return low, high
    return (inner_low if inner_low - low > width else low), (inner_high if high - inner_high > width else high)


def _places(numbers: Float64, low: float, high: float) -> Int16:
    """Index into a ramp for each number; NaN gives any."""
    if low == high:
        share = np.where(numbers < low, 0.0, np.where(numbers > high, 1.0, 0.5))
    elif math.isfinite(high - low):
        with np.errstate(over="ignore"):  # an infinite share is an end of the ramp
            share = numbers - low
            share /= high - low
    else:  # halves keep the difference of huge numbers finite
        share = numbers / 2 - low / 2
        share /= high / 2 - low / 2
    np.clip(share, 0.0, 1.0, out=share)
    share *= RAMP_SIZE - 1
    share += 0.5
    with np.errstate(invalid="ignore"):
        places = share.astype(np.int16)
    np.clip(places, 0, RAMP_SIZE - 1, out=places)
    return places


def _colored(lookup: UInt8, codes: Codes) -> UInt8:
    """Rows of a colour table (K, 3) for codes (N,): through four-byte words, three times as fast as by rows."""
    words = np.zeros((len(lookup), 4), np.uint8)
    words[:, :3] = lookup
    return np.ascontiguousarray(words.view(np.uint32)[:, 0][codes].view(np.uint8).reshape(-1, 4)[:, :3])


def _classes(
    base: Derived, title: str, codes: Codes, labels: list[str] | _Labels, name: str, note: str, unit: str = ""
) -> tuple[UInt8, Legend]:
    """Categories: the most frequent ones get a colour each, the rest share one. ``codes`` (N,), -1 = missing."""
    size = len(labels)
    known = codes >= 0
    counts = np.bincount(codes[known & base.drawn], minlength=size)
    used = np.flatnonzero(counts if counts.any() else np.bincount(codes[known], minlength=size))
    order = used[np.argsort(-counts[used], kind="stable")]
    shown = order if len(order) <= MAX_CLASSES else order[: MAX_CLASSES - 1]
    lookup = np.full((size + 1, 3), OTHER, np.uint8)
    lookup[size] = NO_DATA
    if palette(name).kind != "categorical":
        shown = np.array(sorted(shown.tolist(), key=lambda code: labels[code]), np.int64)
    lookup[shown] = class_colors(name, len(shown))
    if all(len(labels[code]) <= SHORT_LABEL for code in shown.tolist()):
        shown = np.array(sorted(shown.tolist(), key=lambda code: _grade(labels[code])), np.int64)
    entries = [LegendEntry(labels[code], _rgb(lookup[code]), int(counts[code])) for code in shown.tolist()]
    if len(order) > len(shown):
        rest = int(counts.sum() - counts[shown].sum())
        entries.append(LegendEntry(f"other ({len(order) - len(shown)} values)", OTHER, rest))
    missing = int(np.count_nonzero(base.drawn & ~known))
    rgb = _colored(lookup, codes)  # -1, missing, is the last
    return rgb, Legend(title, unit, "classes", tuple(entries), _no_data(missing), note=note)


def _grade(label: str) -> tuple[float, str]:
    """Sorts numbers by value, then letters."""
    return (float(label), "") if label.isdecimal() else (math.inf, label)


def _by_type(city: CityData) -> tuple[UInt8, Legend]:
    objects, base = city.objects, derived(city)
    lookup = np.array([type_color(name) for name in objects.type_names] or [(0, 0, 0)], np.uint8)
    counts = np.bincount(objects.type_codes[base.drawn], minlength=len(objects.type_names))
    codes = np.argsort(-counts, kind="stable").tolist()
    entries = tuple(
        LegendEntry(title_of(objects.type_names[code]), type_color(objects.type_names[code]), int(counts[code]))
        for code in codes
        if counts[code]
    )
    return _colored(lookup, objects.type_codes), Legend("Object type", "", "classes", entries)


def _base_colors(city: CityData) -> UInt8:
    lookup = np.array([base_color(name) for name in city.objects.type_names] or [BASE_COLOR_EXTENSION], np.uint8)
    return _colored(lookup, city.objects.type_codes)


def _surface_legend(city: CityData) -> Legend:
    """The default look: surface types that occur, then object types that are not drawn by surface, counted."""
    surfaces, objects, base = city.surfaces, city.objects, derived(city)
    frequency = np.bincount(surfaces.type_codes[surfaces.type_codes >= 0])
    present = {surfaces.type_names[int(code)] for code in np.flatnonzero(frequency)}
    bare = base.drawn.copy()
    bare[surfaces.object_rows[surfaces.object_rows >= 0]] = False
    counts = np.bincount(objects.type_codes[bare], minlength=len(objects.type_names)).tolist()
    bare_types = {name: count for name, count in zip(objects.type_names, counts, strict=False) if count}
    if any(name.startswith(BUILT_TYPES) for name in bare_types):
        present |= {"RoofSurface", "WallSurface"}
    if "RoofSurface" in present:
        present.add(FLAT_ROOF)
    colors = surface_colors()
    shown = {colors[name] for name in present if name in colors}
    entries = [LegendEntry(label, colors[name]) for name, label in SURFACE_LABELS.items() if colors[name] in shown]
    named = sorted((-count, name) for name, count in bare_types.items() if not name.startswith(BUILT_TYPES))
    entries += [LegendEntry(title_of(name), base_color(name), -count) for count, name in named]
    rare = len(entries) - MAX_LOOKS
    note = "" if rare <= 0 else f"{rare} rarer kind{'s are' if rare > 1 else ' is'} not listed."
    return Legend("Surfaces and objects", "", "classes", tuple(entries[:MAX_LOOKS]), note=note)


def _no_data(count: int) -> LegendEntry | None:
    return LegendEntry("no data", NO_DATA, count) if count else None


def _rgb(color: npt.NDArray[np.uint8]) -> RGB:
    return int(color[0]), int(color[1]), int(color[2])
