"""`Legend`: what the colours of a layer mean. It is made together with the colours, so the two cannot disagree."""

from __future__ import annotations

import math
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
    """

    title: str
    unit: str
    kind: Literal["classes", "ramp"]
    entries: tuple[LegendEntry, ...] = ()
    no_data: LegendEntry | None = None
    colors: tuple[RGB, ...] = ()
    range: tuple[float, float] | None = None
    note: str = ""


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
    text = f"{value:,.{decimals}f}".replace(",", " ")
    text = text.rstrip("0").rstrip(".") if "." in text and step is None else text
    return "0" if float(text.replace(" ", "")) == 0 else text


def title_of(attribute: str) -> str:
    """An attribute's name for people: underscores become spaces, the first letter a capital."""
    text = " ".join(attribute.replace("_", " ").split())
    return text[:1].upper() + text[1:] if text else attribute
