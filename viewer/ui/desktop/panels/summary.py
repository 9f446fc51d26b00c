"""What the inspector says about one object or many: plain values from the columns, no widgets."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders.city import CityData
from viewer.analysis.areas import object_area, surface_area
from viewer.analysis.degrees import is_geographic
from viewer.analysis.legend import count_text, title_of, titled_with_unit
from viewer.analysis.statistics import NumberStatistics, Statistics, ValueCounts, type_counts_of
from viewer.ui.widgets.text import single_line, value_text

MAX_RELATIVES = 500
"""Children listed of one object; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One attribute: its name, the value as it is and as shown. ``numeric`` values stand to the right."""

    name: str
    value: Any
    text: str
    numeric: bool = False
    column: str | None = None
    """The attribute to colour by; None where that makes no sense (surface attributes)."""


@dataclass(frozen=True, slots=True)
class Group:
    """A titled block of lines."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Relative:
    """An object above (depth < 0), the object itself (0) or a child (1)."""

    row: int
    id: str
    type: str
    depth: int


def line_of(name: str, value: Any, column: str | None) -> Line:
    """A `Line` for a value of any type."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return Line(name, value, value_text(value), numeric, column)


def attributes(city: CityData, row: int) -> Group:
    """The attributes of one object, in the order of the file."""
    pairs = city.objects.attributes_of(row).items()
    return Group("Attributes", tuple(line_of(name, value, name) for name, value in pairs))


def surface(city: CityData, surface_row: int) -> Group | None:
    """The surface that was clicked: its type as title and its attributes; None without semantics."""
    if not 0 <= surface_row < len(city.surfaces):
        return None
    pairs = city.surfaces.attributes_of(surface_row).items()
    lines = tuple(line_of(name, value, None) for name, value in pairs)
    return Group(f"Surface: {title_of(city.surfaces.type_of(surface_row))}", lines)


def measured(city: CityData, row: int, surface_row: int) -> Group:
    """Areas taken from the geometry; none where coordinates are in degrees, for degrees have no area."""
    box = city.bbox.tolist() if city.bbox is not None else None
    if is_geographic(city.crs.name, box):
        return Group("Measured", ())
    pairs = (("Area of this surface", surface_area(city, surface_row)), ("Area of all faces", object_area(city, row)))
    lines = tuple(Line(name, area, f"{_grouped(area)} m²", True) for name, area in pairs if area is not None)
    return Group("Measured", lines)


def _grouped(value: float) -> str:
    return f"{value:,.1f}".replace(",", " ")


def relatives(city: CityData, row: int) -> tuple[list[Relative], int]:
    """Ancestors from the top, the object, its children; and how many children were left out."""
    table = city.objects
    chain: list[int] = []
    seen = {row}
    above = table.parents_of(row)
    while above and above[0] not in seen and len(chain) < 32:
        chain.append(above[0])
        seen.add(above[0])
        above = table.parents_of(above[0])
    chain.reverse()
    children = table.children_of(row)
    listed = (
        [(r, n - len(chain)) for n, r in enumerate(chain)] + [(row, 0)] + [(r, 1) for r in children[:MAX_RELATIVES]]
    )
    found = [Relative(r, table.ids[r], table.type_of(r), depth) for r, depth in listed]
    return found, max(0, len(children) - MAX_RELATIVES)


def types_among(city: CityData, rows: npt.NDArray[np.int64]) -> Group:
    """How many objects of each type."""
    counts = type_counts_of(city, rows)
    lines = (Line(title_of(name), count, _share(count, len(rows)), True) for name, count in counts)
    return Group("Types", tuple(lines))


def in_common(statistics: Sequence[Statistics]) -> list[Group]:
    """Several objects' attributes: numbers summed up, texts counted; what is the same for all, or different for each
    object, goes into one block."""
    numbers, counted = [], []
    same: list[Line] = []
    unlike: list[Line] = []
    for one in statistics:
        title = title_with_unit(one.name)
        if isinstance(one, NumberStatistics):
            if one.low == one.high:
                same.append(Line(title, one.low, figure(one.low) + _missing(one), True, one.name))
            else:
                numbers.append(Group(title, _summed(one)))
        elif one.variety == 1:
            value = one.top[0][0]
            same.append(Line(title_of(one.name), value, value_text(value) + _missing(one), False, one.name))
        elif one.variety == one.count and one.variety > len(one.top):
            unlike.append(
                Line(title_of(one.name), None, f"{count_text(one.variety)} different values", False, one.name)
            )
        else:
            counted.append(Group(title_of(one.name), _listed(one)))
    blocks = [*numbers, *counted, Group("The same for all", tuple(same)), Group("Different for each", tuple(unlike))]
    return _distinct([group for group in blocks if group.lines])


def title_with_unit(attribute: str) -> str:
    """An attribute's name for people with its unit, as in the legend: "Floor area (m²)"."""
    title, unit = titled_with_unit(attribute)
    return f"{title} ({unit})" if unit else title


def figure(value: float) -> str:
    """A number as people read it: whole numbers whole, others with four digits or one decimal, thousands apart."""
    if value == int(value):
        return grouped(int(value)) if abs(value) < 1e15 else f"{value:.6g}"
    size = abs(value)
    if size < 1e-3 or size >= 1e15:
        return f"{value:.4g}"
    decimals = min(max(3 - math.floor(math.log10(size)), 1), 6)
    text = f"{value:,.{decimals}f}" if size >= 10_000 else f"{value:.{decimals}f}"
    return text.replace(",", " ").rstrip("0").rstrip(".")


def grouped(count: int) -> str:
    """A whole number with a space between thousands, from 10 000 on: years stay whole."""
    return count_text(count) if abs(count) >= 10_000 else str(count)


def _summed(one: NumberStatistics) -> tuple[Line, ...]:
    lines = [("Sum", one.total), ("Mean", one.mean), ("Lowest", one.low), ("Highest", one.high)]
    whole = one.count + one.missing
    count = count_text(one.count) if not one.missing else f"{count_text(one.count)} of {count_text(whole)}"
    return (
        *(Line(name, value, figure(value), True, one.name) for name, value in lines),
        Line("Objects with a value", one.count, count, True, one.name),
    )


def _listed(one: ValueCounts) -> tuple[Line, ...]:
    whole = one.count + one.missing
    lines = [Line(value_text(value), count, _share(count, whole), True, one.name) for value, count in one.top]
    rest = one.count - sum(count for _, count in one.top)
    if rest:
        others = one.variety - len(one.top)
        name = "1 other value" if others == 1 else f"{count_text(others)} other values"
        lines.append(Line(name, rest, _share(rest, whole), True, one.name))
    if one.missing:
        lines.append(Line("No value", one.missing, _share(one.missing, whole), True, one.name))
    return tuple(lines)


def _missing(one: Statistics) -> str:
    whole = one.count + one.missing
    return f" ({count_text(one.count)} of {count_text(whole)})" if one.missing else ""


def _share(count: int, whole: int) -> str:
    """ "1 234 · 45 %"."""
    percent = 100 * count / whole
    share = "< 1 %" if percent < 1 else f"{round(percent) if count == whole else min(round(percent), 99)} %"
    return f"{count_text(count)}  ·  {share}"


def _distinct(groups: list[Group]) -> list[Group]:
    """Two attributes may read alike ("a_b" and "a b"); the copied text needs titles that differ."""
    seen = {"Types"}
    named = []
    for group in groups:
        title = group.title
        if title in seen:
            title = f"{title} [{group.lines[0].column}]"
        seen.add(title)
        named.append(Group(title, group.lines))
    return named


def as_tsv(heading: Sequence[tuple[str, str]], groups: Sequence[Group]) -> str:
    """All lines as tab-separated text for a spreadsheet; cells that would start a formula get a leading quote."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    for name, text in heading:
        writer.writerow([_cell(name), _cell(text)])
    for group in groups:
        for line in group.lines:
            writer.writerow([_cell(line.name), _cell(line.text)])
    return out.getvalue()


def _cell(text: str) -> str:
    line = single_line(text)
    formula = line[:1] in "=+-@" and not line.lstrip("+-").replace(".", "", 1).isdigit()
    return f"'{line}" if line and formula else line


def as_json(heading: Sequence[tuple[str, str]], groups: Sequence[Group]) -> str:
    """All lines as a JSON object, values as they are."""
    body: dict[str, Any] = dict(heading)
    for group in groups:
        body[group.title] = {line.name: line.value if line.value is not None else line.text for line in group.lines}
    return json.dumps(body, ensure_ascii=False, indent=2)
