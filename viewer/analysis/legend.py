"""`Legend`: what the colours of a layer mean. It is made together with the colours, so the two cannot disagree."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from viewer.analysis.palettes import RGB


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line: a label, its colour and the number of drawn objects that have it (None for the ticks of a ramp)."""

    label: str
    rgb: RGB
    count: int | None = None
    value: float | None = None
    """The number at a ramp's tick."""


@dataclass(frozen=True, slots=True)
class Legend:
    """The meaning of a layer's colours.

    Attributes:
        title: what is shown, for people ("Height", "Object type").
        unit: unit of the values, "" if unknown.
        kind: "classes" (entries are categories) or "ramp" (entries are ticks from low to high).
        entries: the lines.
        no_data: the line of objects without a value; None if there are none.
        colors: colours of a ramp from low to high, for its bar.
        range: values at the ends of a ramp; None for classes.
        note: one line to add ("17 values come from the parent object"), "" if none.
        source: where the classes come from ("WHO 2018"), "" if unknown.
        states: lines of places that have no class, such as "not modelled"; "no data" is ``no_data``.
        lines: lines below everything: which scenarios are seen, at what time, from where, in what version.
        strip: the same in short parts, for the strip along the lower edge of a picture; () = ``lines`` as they are.
        panes: how many pictures beside each other it belongs to, where there is little room; 0 = one picture.
    """

    title: str
    unit: str
    kind: Literal["classes", "ramp"]
    entries: tuple[LegendEntry, ...] = ()
    no_data: LegendEntry | None = None
    colors: tuple[RGB, ...] = ()
    range: tuple[float, float] | None = None
    note: str = ""
    source: str = ""
    states: tuple[LegendEntry, ...] = ()
    lines: tuple[str, ...] = ()
    strip: tuple[str, ...] = ()
    panes: int = 0

    @property
    def compact(self) -> bool:
        """True where only colours and short labels have room."""
        return self.panes > 1


def short_label(text: str) -> str:
    """A label without what explains its class: "0.2 to 0.5 m: cars stop" is "0.2 to 0.5 m"."""
    head, _, meaning = text.partition(": ")
    return head if meaning and head.strip() else text


def format_value(value: float, step: float | None = None) -> str:
    """A number as people read it: as many decimals as ``step`` (distance between neighbours) asks for."""
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return "0"
    size = abs(step) if step else abs(value)
    largest = max(abs(value), size)
    if largest >= 1e9 or largest < 1e-4:
        return f"{value:.3g}"
    decimals = min(max(2 - math.floor(math.log10(size)) - 1, 0), 8) if size > 0 else 2
    text = f"{value:,.{decimals}f}".replace(",", " ") if largest >= 10_000 else f"{value:.{decimals}f}"  # years whole
    text = text.rstrip("0").rstrip(".") if "." in text and step is None else text
    return "0" if float(text.replace(" ", "")) == 0 else text


def ranged_text(value: float, low: float | None, high: float | None, unit: str = "", *, sign: bool = False) -> str:
    """A value with its range, to two digits of the range: "1.07 m (0.79 to 1.34)"; without one to three digits.

    ``sign``: a plus is written too.
    """
    ranged = low is not None and high is not None and high > low
    size = high - low if low is not None and high is not None and ranged else abs(value)
    digits = 1 if ranged else 2
    decimals = min(max(digits - math.floor(math.log10(size)), 0), 8) if size > 0 and math.isfinite(size) else 0
    shown = [number for number in (value, low if ranged else None, high if ranged else None) if number is not None]
    while decimals and all(f"{number:.{decimals}f}".endswith("0") for number in shown):
        decimals -= 1

    def text(number: float) -> str:
        if abs(number) >= 1e12 or 0 < size < 1e-6:
            return f"{number:{'+' if sign else ''}.3g}"
        plain = f"{number:{'+' if sign else ''},.{decimals}f}".replace(",", " " if abs(number) >= 10_000 else "")
        return plain.lstrip("+-") if float(plain.replace(" ", "")) == 0 else plain

    told = f"{text(value)} {unit}".rstrip()
    return f"{told} ({text(low)} to {text(high)})" if low is not None and high is not None and ranged else told


def count_text(count: int) -> str:
    """A number of things, thousands apart by a space: the same in the window, in pictures and in messages."""
    return f"{count:,}".replace(",", " ")


_JOINTS = re.compile(
    r"(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z][a-z])(?=[A-Z][a-z]{2})|(?<=\d)(?=[A-Z][a-z]{2})|(?<=[A-Z])(?=[A-Z][a-z]{2})"
)
"""Where words written as one meet: "measured|Height", "TIN|Relief"; not in "kWh" and "LoDs"."""
_UNITS = {
    "m": "m",
    "m2": "m²",
    "m3": "m³",
    "ha": "ha",
    "km": "km",
    "deg": "°",
    "c": "°C",
    "degc": "°C",
    "percent": "%",
    "pct": "%",
    "kw": "kW",
    "kwh": "kWh",
    "mwh": "MWh",
    "kwh_a": "kWh/a",
    "kwh_m2": "kWh/m²",
    "kwh_m2a": "kWh/(m² a)",
}
"""Units as attribute names end in them (after an underscore, any case)."""


def title_of(attribute: str) -> str:
    """An attribute's or type's name for people: "measuredHeight" becomes "Measured height", "roof_type" "Roof type"."""
    words = []
    for part in attribute.replace("_", " ").split():
        first, *rest = _JOINTS.split(part)
        words += [first, *(word.lower() if word.istitle() else word for word in rest)]
    text = " ".join(words) or attribute
    start = next((n for n, char in enumerate(text) if char.isalpha()), 0)
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def titled_with_unit(attribute: str) -> tuple[str, str]:
    """Title and unit of an attribute that holds numbers: "floorArea_m2" gives ("Floor area", "m²"); "" = no unit."""
    parts = attribute.split("_")
    for count in (2, 1):
        unit = _UNITS.get("_".join(parts[-count:]).lower())
        if unit is not None and len(parts) > count and parts[0]:
            return title_of("_".join(parts[:-count])), unit
    return title_of(attribute), ""


def place_ticks(
    legend: Legend, width: float, length_of: Callable[[str], float], gap: float
) -> list[tuple[float, float, str]]:
    """Where a ramp's labels go: (x of the tick, left edge of the label, label), from the bar's left end.

    ``width`` of the bar, ``length_of`` a label and the smallest ``gap`` between labels are in the same unit (pixels).
    Both ends are always labelled; of those between, the ones that have room.
    """
    low, high = legend.range or (0.0, 1.0)
    span = (high - low) or 1.0
    entries = legend.entries
    placed: list[tuple[float, float, str]] = []
    taken: list[tuple[float, float]] = []
    for entry in (*entries[:1], *entries[1:][-1:], *entries[1:-1]):
        value = low if entry.value is None else entry.value
        tick = min(max((value - low) / span, 0.0), 1.0) * width
        length = length_of(entry.label)
        left = min(max(tick - length / 2, 0.0), width - length)
        if all(left >= end or left + length <= start for start, end in taken):
            placed.append((tick, left, entry.label))
            taken.append((left - gap, left + length + gap))
    return placed
