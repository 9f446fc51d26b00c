"""What the inspector says about one object or many: plain values from the columns, no widgets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, Column
from viewer.analysis.areas import object_area, surface_area
from viewer.analysis.degrees import is_geographic
from viewer.analysis.legend import title_of
from viewer.ui.widgets.text import number_text, single_line, value_text

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


def many(city: CityData, rows: npt.NDArray[np.int64]) -> list[Group]:
    """Several objects: how many of each type, then per attribute the common value, the range or the variety."""
    codes = np.bincount(city.objects.type_codes[rows], minlength=len(city.objects.type_names))
    names = city.objects.type_names
    types = [line_of(title_of(names[int(i)]), int(codes[i]), None) for i in np.argsort(-codes) if codes[i]]
    lines = [_common(column, rows) for column in city.objects.columns.values()]
    return [Group("Types", tuple(types)), Group("Attributes", tuple(line for line in lines if line is not None))]


def _common(column: Column, rows: npt.NDArray[np.int64]) -> Line | None:
    have = rows[column.present[rows]]
    if not len(have):
        return None
    values = column.values[have]
    missing = f" ({len(have)} of {len(rows)})" if len(have) < len(rows) else ""
    first = column.get(int(have[0]))
    if bool(np.all(values == values[0])):
        return Line(column.name, first, value_text(first) + missing, column.is_numeric(), column.name)
    if column.is_numeric():
        low, mean, high = float(values.min()), float(values.mean()), float(values.max())
        text = f"{number_text(low)} – {number_text(high)}, mean {number_text(mean)}{missing}"
        return Line(column.name, [low, high], text, True, column.name)
    variety = int(np.count_nonzero(np.bincount(values)))  # codes of categories, or the two of yes and no
    return Line(column.name, None, f"{variety} different values{missing}", False, column.name)


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
