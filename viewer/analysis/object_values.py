"""Everything that the scenarios shown say about one object: all variables, all sides, over time. For a thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, Float32, Float64
from loaders.scenario.model import NOT_MODELLED, Grid, Result, TimeAxis, Variable, text_in
from viewer.analysis.bounds import object_boxes
from viewer.analysis.comparing import step_at
from viewer.analysis.fields import class_name, scale_of
from viewer.analysis.links import links_of
from viewer.analysis.moments import joined
from viewer.analysis.planes import moved
from viewer.analysis.series import Series
from viewer.analysis.showing import Side, shown_results, sides_of
from viewer.analysis.values_at import NO_VALUES, State, change_at, why_no_range
from viewer.document.document import Document
from viewer.document.overlays import is_overlay, scenario_of_overlay, variable_of_overlay

MOST_CELLS = 250_000
"""Of a raster, at most so many cells under an object's box are looked at."""
_OWN = ("object", "surface", "points")


@dataclass(frozen=True, slots=True, eq=False)
class SideValue:
    """What one scenario says about the object.

    Attributes:
        scenario: id. name: for people.
        state: whether it is a value, and why not. value, low, high: at the moment; None where there is none.
        series: at all steps; None where nothing belongs to the object, or the variable has one step.
        meaning: the class of the value, in words; "" = it has no classes.
        why: why the value has no range, for people; "" = it has one, or there is no value.
    """

    scenario: str
    name: str
    state: State
    value: float | None = None
    low: float | None = None
    high: float | None = None
    series: Series | None = None
    meaning: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ObjectValue:
    """One variable at the object.

    Attributes:
        variable: as the first scenario that has it describes it. title, unit: for people.
        sides: one per scenario that has the variable, in the order shown.
        change: the second less the first, with its range (interval arithmetic); None where either has no value.
        how: what was taken of several values; "" = there was one.
    """

    variable: Variable
    title: str
    unit: str
    sides: tuple[SideValue, ...]
    change: tuple[float, float | None, float | None] | None = None
    how: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Hit:
    """Values over time, float64 (T,), of what belongs to the object."""

    time: TimeAxis
    values: Float32
    low: Float32 | None = None
    high: Float32 | None = None
    how: str = ""


def object_values(
    document: Document, layer_id: str, row: int, surface_row: int, moment: float | None, language: str = "en"
) -> tuple[ObjectValue, ...]:
    """All variables of the scenarios shown at one object, that which colours the picture first; slow for a window.

    Variables that say nothing about it in any scenario are left out.
    """
    city = document.cities.get(layer_id)
    sides = [side for side in sides_of(document) if side.scenario is not None]
    if city is None or not 0 <= row < len(city.objects):
        return ()
    axis = joined([result.time for result in shown_results(document)])
    names: dict[str, None] = {document.state.scenario_view.variable: None}
    for side in sides:
        names |= dict.fromkeys(side.scenario.results if side.scenario is not None else ())
    found = []
    for name in names:
        one = _of_variable(document, city, layer_id, row, surface_row, name, sides, (axis, moment), language)
        if one is not None:
            found.append(one)
    return tuple(found)


def class_text(variable: Variable, value: float, language: str = "en") -> str:
    """The class of a value: its meaning, else its bounds; "" without classes, and for values that are in none."""
    if variable.classes is None or not np.isfinite(value) or (value == 0 and variable.zero_is_none):
        return ""
    index = int(np.searchsorted(variable.classes.breaks, np.float32(value), side="right"))
    labels = variable.classes.labels
    meaning = text_in(labels[index], language) if index < len(labels) else ""
    scale = scale_of(variable)
    return meaning or ("" if scale.ramp else class_name(scale, index))


def _of_variable(
    document: Document,
    city: CityData,
    layer_id: str,
    row: int,
    surface_row: int,
    name: str,
    sides: list[Side],
    when: tuple[TimeAxis | None, float | None],
    language: str,
) -> ObjectValue | None:
    values: list[SideValue] = []
    first: Result | None = None
    how = ""
    for side in sides:
        result = side.scenario.results.get(name) if side.scenario is not None else None
        if result is None or result.moves is not None:
            continue
        if result.patch is not None:
            change = change_at(result, layer_id, row, side.id)
            if change is not None:
                first = first or result
                values.append(SideValue(side.id, side.name, change[0], why=NO_VALUES))
            continue
        first = first or result
        hit = _hit(document, result, city, (layer_id, row, surface_row), (side.id, name))
        how = how or (hit.how if hit is not None else "")
        values.append(_side_value(side, result, hit, step_at(result, *when), language))
    if first is None or all(value.state == "not part of it" for value in values):
        return None
    variable = first.variable
    title = text_in(variable.title, language) or variable.id
    unit = variable.unit_label or ("" if variable.unit == "1" else variable.unit)
    return ObjectValue(variable, title, unit, tuple(values), _change(values), how)


def _side_value(side: Side, result: Result, hit: _Hit | None, step: int, language: str) -> SideValue:
    if hit is None:
        return SideValue(side.id, side.name, "not part of it")
    value = float(hit.values[step])
    state: State = "value"
    if hit.values[step] == NOT_MODELLED:
        state = "not modelled"
    elif not np.isfinite(value):
        state = "no data"
    elif value == 0 and result.variable.zero_is_none:
        state = "zero"
    known = state in ("value", "zero")
    low, high = (
        float(part[step]) if known and part is not None and np.isfinite(part[step]) else None
        for part in (hit.low, hit.high)
    )
    series = None
    if len(hit.values) > 1:
        ends = [None if part is None else _finite(part) for part in (hit.low, hit.high)]
        series = Series(hit.time, _finite(hit.values), ends[0], ends[1])
    meaning = class_text(result.variable, value, language) if known else ""
    why = why_no_range(result, language) if known and (low is None or high is None) else ""
    return SideValue(side.id, side.name, state, value if known else None, low, high, series, meaning, why)


def _change(sides: list[SideValue]) -> tuple[float, float | None, float | None] | None:
    """The second less the first. The range is the widest there can be: [low B - high A, high B - low A]."""
    if len(sides) < 2:
        return None
    a, b = sides[:2]
    if a.value is None or b.value is None:
        return None
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return b.value - a.value, None, None
    return b.value - a.value, b.low - a.high, b.high - a.low


def _hit(
    document: Document, result: Result, city: CityData, spot: tuple[str, int, int], owner: tuple[str, str]
) -> _Hit | None:
    layer_id, row, surface_row = spot
    kind = result.variable.binding
    if is_overlay(layer_id) and result.overlay is city:
        if (scenario_of_overlay(layer_id), variable_of_overlay(layer_id)) != owner:
            return None
        if result.smooth:
            return _highest(result, np.arange(result.values.shape[1]), "highest of all nodes of the mesh")
        return _of_row(result, row)
    if is_overlay(layer_id) and result.places is not None and layer_id not in links_of(document).facades:
        own = (scenario_of_overlay(layer_id), variable_of_overlay(layer_id))
        return _of_row(result, row) if own == owner else None  # marks of receivers that stand at no wall
    if kind in _OWN:
        return _of_ids(document, result, city, row, surface_row)
    if result.grid is not None:
        return _of_cells(result, result.grid, city, row, document.state.crs)
    return None


def _of_row(result: Result, row: int) -> _Hit | None:
    if not 0 <= row < result.values.shape[1]:
        return None
    found = [None if part is None else np.asarray(part[:, row]) for part in (result.values, result.low, result.high)]
    assert found[0] is not None
    return _Hit(result.time, found[0], found[1], found[2])


def _of_ids(document: Document, result: Result, city: CityData, row: int, surface_row: int) -> _Hit | None:
    """Of an object by its id; of its surface, or the highest of its surfaces or receivers."""
    match = links_of(document).match(result, city)
    kind = result.variable.binding
    if kind == "object":
        source = int(match.sources[row])
        return _of_row(result, source) if source >= 0 else None
    if kind == "surface":
        if 0 <= surface_row < len(match.sources) and city.surfaces.object_rows[surface_row] == row:
            source = int(match.sources[surface_row])
            return _of_row(result, source) if source >= 0 else None
        sources = match.sources[np.flatnonzero(np.asarray(city.surfaces.object_rows) == row)]
        return _highest(result, sources[sources >= 0], "highest of its surfaces")
    for owner in (row, *city.objects.parents_of(row)):
        rows = np.flatnonzero(match.rows == owner)
        if len(rows):
            return _highest(result, rows, "highest of its receivers")
    return None


def _highest(result: Result, rows: npt.NDArray[np.integer], how: str) -> _Hit | None:
    if not len(rows):
        return None
    found = [None if part is None else _top(np.asarray(part[:, rows])) for part in (result.values, result.low, result.high)]  # fmt: skip  # noqa: E501
    assert found[0] is not None
    return _Hit(result.time, found[0], found[1], found[2], how if len(rows) > 1 else "")


def _of_cells(result: Result, grid: Grid, city: CityData, row: int, crs: str | None) -> _Hit | None:
    """The highest of the cells that the object's box touches."""
    window = _window(grid, object_boxes(city)[row], crs)
    if window is None:
        return None
    rows, columns = window

    def highest(part: Float32) -> Float32:
        cells = np.asarray(part[:, rows, columns]).reshape(len(part), -1)
        return _top(cells if result.level is None else np.where(np.isnan(cells), np.float32(0.0), cells))

    low, high = (None if part is None else highest(part) for part in (result.low, result.high))
    return _Hit(result.time, highest(result.values), low, high, "highest value in the rectangle around its outline")


def _window(grid: Grid, box: Float64, crs: str | None) -> tuple[slice, slice] | None:
    """Rows and columns of the cells under a box (6,); None outside, and where it covers too many."""
    if np.isnan(box[0]):
        return None
    x, y = np.array([box[0], box[3], box[0], box[3]]), np.array([box[1], box[1], box[4], box[4]])
    x, y = moved(crs, grid.crs.name, x, y)
    if not np.isfinite([x, y]).all():
        return None
    a, b, c, d, e, f = grid.transform
    size = a * e - b * d
    columns = np.floor((e * (x - c) - b * (y - f)) / size)
    rows = np.floor((a * (y - f) - d * (x - c)) / size)
    first = max(int(rows.min()), 0), max(int(columns.min()), 0)
    last = min(int(rows.max()) + 1, grid.rows), min(int(columns.max()) + 1, grid.columns)
    if first[0] >= last[0] or first[1] >= last[1] or (last[0] - first[0]) * (last[1] - first[1]) > MOST_CELLS:
        return None
    return slice(first[0], last[0]), slice(first[1], last[1])


def _top(values: Float32) -> Float32:
    """The largest of each row; NaN where there is no value, `NOT_MODELLED` where nothing was modelled."""
    known = np.isfinite(values)
    top = np.where(known, values, np.float32(-np.inf)).max(axis=1)
    covered = (values != NOT_MODELLED).any(axis=1)
    return np.where(known.any(axis=1), top, np.where(covered, np.float32(np.nan), NOT_MODELLED)).astype(np.float32)


def _finite(part: Float32) -> Float64:
    out = np.asarray(part, np.float64).copy()
    out[~np.isfinite(out)] = np.nan
    return out
