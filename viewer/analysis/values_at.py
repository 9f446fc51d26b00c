"""The values of scenarios at a place of the picture: under the cursor, and what ``citiverse pick`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from loaders.city import Float32, Float64, Int64
from loaders.scenario.model import NOT_MODELLED, Grid, Result, Variable, text_in
from viewer.analysis.comparing import Painted, Showing, showing
from viewer.analysis.legend import ranged_text
from viewer.analysis.links import links_of
from viewer.analysis.matching import needs_match
from viewer.analysis.moments import moment_text, step_text
from viewer.analysis.moving import moving_at
from viewer.analysis.planes import moved
from viewer.analysis.series import cell_of
from viewer.analysis.showing import Side
from viewer.document.document import Document
from viewer.document.overlays import is_overlay, scenario_of_overlay, variable_of_overlay

State = Literal["value", "zero", "no data", "not modelled", "not part of it", "new", "gone"]
"""Whether there is a value, and why not; "new" and "gone" are of changes to the city, which have no values."""
NO_VALUES = "not quantified, because a change of the city has no values"
NEAR_M = 8.0
"""Movers and receivers are found as far from the place as this."""


@dataclass(frozen=True, slots=True)
class ValueAt:
    """One value.

    Attributes:
        scenario: id ("" of a difference). name: of the scenario, for people.
        variable: id. title: for people.
        value: None where there is none. low, high: its range; None where that is not quantified.
        unit: for people.
        step: which moment it is of, for people; "" = it has no time.
        state: whether it is a value, and why not.
        place: what has it: an object's, feature's or receiver's id, a cell; "" = the place itself.
        why: why it has no range, for people; "" = it has one, or there is no value.
    """

    scenario: str
    name: str
    variable: str
    title: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    step: str
    state: State
    place: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that was hit: layer, row of the object, row of the surface (-1 = none), world coordinates."""

    layer_id: str
    row: int
    surface_row: int
    position: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Found:
    value: float
    low: float | None = None
    high: float | None = None
    place: str = ""


def values_at(document: Document, moment: float | None, spot: Spot, language: str = "en") -> tuple[ValueAt, ...]:
    """The value of every scenario that is seen, at a place; empty where nothing is painted. Reads single numbers only.

    A difference has one value; where it is not ready yet there is none.
    """
    shown = showing(document, moment)
    if shown is None:
        return ()
    if shown.variable is None:
        when = shown.moment if shown.moment is not None and shown.dated else np.inf
        changes = (_change(document, side, spot, when, language) for side in shown.sides)
        return tuple(change for change in changes if change is not None)
    found = []
    for number, painted in enumerate(shown.painted):
        if painted is None or painted.result.patch is not None:
            continue
        side = shown.sides[number]
        name, scenario_id = side.name, side.id
        if shown.mode == "difference":
            name, scenario_id = f"{shown.sides[1].name} minus {shown.sides[0].name}", ""
        hit = _value(document, shown, painted, spot)
        found.append(_told(painted, shown, hit, scenario_id, name, language))
    return tuple(found)


def value_text(found: ValueAt) -> str:
    """A value for people: "0.42 m (0.3 to 0.6)", "no data"; `ValueAt.why` tells why there is no range."""
    if found.value is None:
        return found.state
    return ranged_text(found.value, found.low, found.high, found.unit)


def why_no_range(result: Result, language: str = "en") -> str:
    """Why a value of a result has no range, for people; "" where the value itself tells how sure something is."""
    sure = result.variable.uncertainty
    if sure.kind == "not_quantified":
        reason = text_in(sure.reason, language).strip()
        return f"not quantified, because: {reason}" if reason else "not quantified; why, the package does not say"
    if sure.kind in ("exceedance", "return_period", "agreement"):
        return ""
    if result.moves is not None:
        return "not quantified, because values of what moves come without ranges"
    return "not quantified here: the package gives no range for this place"


def change_at(result: Result, layer_id: str, row: int, owner: str) -> tuple[State, str] | None:
    """Whether an object is new in a change to the city, or gone by it, and its id; None = the change leaves it alone.

    ``owner``: id of the scenario.
    """
    patch, variable = result.patch, result.variable.id
    if patch is None or result.overlay is None:
        return None
    if (scenario_of_overlay(layer_id), variable_of_overlay(layer_id)) == (owner, variable):
        ids = result.overlay.objects.ids
        return ("new", ids[row]) if 0 <= row < len(ids) else None
    return None


def _change(document: Document, side: Side, spot: Spot, when: float, language: str) -> ValueAt | None:
    """What a side has changed at a place by a moment."""
    patch = side.patch.patch if side.patch is not None else None
    if side.patch is None or patch is None:
        return None
    found = change_at(side.patch, spot.layer_id, spot.row, side.id)
    city = document.cities.get(spot.layer_id)
    if found is None and city is not None and not is_overlay(spot.layer_id) and 0 <= spot.row < len(city.objects):
        links = links_of(document)
        rows = np.concatenate([links.rows(patch.removed, city), links.rows(patch.replaces, city)])
        if ((rows == spot.row) & (np.concatenate([patch.removed_at, patch.added_from]) <= when)).any():
            found = ("gone", city.objects.ids[spot.row])
    if found is None:
        return None
    variable = side.patch.variable
    title = text_in(variable.title, language) or variable.id
    return ValueAt(side.id, side.name, variable.id, title, None, None, None, "", "", found[0], found[1], NO_VALUES)


def _told(painted: Painted, shown: Showing, hit: _Found | None, scenario_id: str, name: str, language: str) -> ValueAt:
    variable = painted.result.variable
    state = _state(variable, hit)
    known = hit is not None and state in ("value", "zero")
    ends = (hit.low, hit.high) if hit is not None and known else (None, None)
    low, high = (end if end is not None and np.isfinite(end) else None for end in ends)
    without = known and (low is None or high is None)
    return ValueAt(
        scenario_id,
        name,
        variable.id,
        text_in(variable.title, language) or variable.id,
        hit.value if hit is not None and known else None,
        low,
        high,
        variable.unit_label or ("" if variable.unit == "1" else variable.unit),
        _step_name(painted, shown),
        state,
        hit.place if hit is not None else "",
        why_no_range(painted.result, language) if without else "",
    )


def _state(variable: Variable, hit: _Found | None) -> State:
    if hit is None:
        return "not part of it"
    if hit.value == NOT_MODELLED:
        return "not modelled"
    if not np.isfinite(hit.value):
        return "no data"
    return "zero" if hit.value == 0 and variable.zero_is_none else "value"


def _step_name(painted: Painted, shown: Showing) -> str:
    axis = painted.result.time
    if len(axis) > 1 and axis.kind != "instants":
        return step_text(axis, painted.step)
    if axis.kind == "static" and shown.mode == "difference" and shown.axis is not None and shown.moment is not None:
        return moment_text(shown.axis, shown.moment)
    return "" if axis.kind == "static" else moment_text(axis, float(axis.starts[painted.step]))


def _value(document: Document, shown: Showing, painted: Painted, spot: Spot) -> _Found | None:
    result = painted.result
    if result.grid is not None:
        return _of_raster(result, result.grid, painted.step, spot, document.state.crs)
    if result.moves is not None:
        return _of_movers(result, shown, spot)
    city = document.cities.get(spot.layer_id)
    if city is None:
        return None
    if is_overlay(spot.layer_id) and result.patch is None:
        own = (scenario_of_overlay(spot.layer_id), variable_of_overlay(spot.layer_id))
        if own[1] == document.state.scenario_view.variable and own[0] == painted.owner:
            return _of_overlay(document, painted, spot)
    if result.places is not None:
        return _of_receivers(result, painted.step, spot)
    if not needs_match(result):
        return None
    row = spot.surface_row if result.surfaces is not None else spot.row
    sources = links_of(document).match(result, city).sources
    if not 0 <= row < len(sources) or sources[row] < 0:
        return None
    return _row(result, painted.step, int(sources[row]))


def _row(result: Result, step: int, row: int) -> _Found | None:
    if not 0 <= row < result.values.shape[1]:
        return None
    place = result.ids[row] if result.ids is not None else ""
    low, high = (None if part is None else float(part[step, row]) for part in (result.low, result.high))
    return _Found(float(result.values[step, row]), low, high, place)


def _of_overlay(document: Document, painted: Painted, spot: Spot) -> _Found | None:
    result = painted.result
    grid = links_of(document).facades.get(spot.layer_id)
    if grid is not None:
        return _of_receivers(result, painted.step, spot)
    if result.vertex_rows is None:
        return _row(result, painted.step, spot.row)
    return _of_nodes(document, result, painted.step, spot)


def _of_raster(result: Result, grid: Grid, step: int, spot: Spot, crs: str | None) -> _Found | None:
    x, y = moved(crs, grid.crs.name, *spot.position[:2])
    cell = cell_of(grid, float(x), float(y))
    if cell is None:
        return None
    low, high = (None if part is None else float(part[step, cell[0], cell[1]]) for part in (result.low, result.high))
    value = float(result.values[step, cell[0], cell[1]])
    if result.level is not None and np.isnan(value) and result.variable.zero_is_none:
        value = 0.0  # where water was modelled and there is none, it is dry
    if result.level is not None and low is not None and high is not None and np.isnan(low):
        low = 0.0 if np.isfinite(high) or value == 0.0 else low
        high = 0.0 if np.isnan(high) and value == 0.0 else high
    return _Found(value, low, high, f"cell {cell[0]}, {cell[1]}")


def _of_movers(result: Result, shown: Showing, spot: Spot) -> _Found | None:
    moves = result.moves
    if moves is None or shown.moment is None:
        return None
    there = moving_at(moves, shown.moment)
    near = _nearest(there.positions, spot)
    if near is None:
        return None
    return _Found(float(there.values[near]), place=moves.ids[int(there.rows[near])])


def _of_receivers(result: Result, step: int, spot: Spot) -> _Found | None:
    """The receiver nearest to the place."""
    near = None if result.places is None else _nearest(np.asarray(result.places), spot)
    return None if near is None else _row(result, step, near)


def _nearest(places: Float64, spot: Spot) -> int | None:
    if not len(places):
        return None
    away = ((places - np.array(spot.position)) ** 2).sum(axis=1)
    near = int(np.argmin(away))
    return near if away[near] <= NEAR_M**2 else None


def _of_nodes(document: Document, result: Result, step: int, spot: Spot) -> _Found | None:
    """Mixed between the corners of the triangle under the place (barycentric), as the picture shows it."""
    corners = _triangle_at(document, result, spot)
    if corners is None:
        return None
    rows, shares = corners

    def mixed(part: Float32 | None) -> float | None:
        if part is None:
            return None
        numbers = np.asarray(part[step, rows], np.float64)
        odd = numbers[~np.isfinite(numbers)]
        return float(odd[0]) if len(odd) else float(numbers @ shares)

    value = mixed(result.values)
    assert value is not None
    return _Found(value, mixed(result.low), mixed(result.high))


def _triangle_at(document: Document, result: Result, spot: Spot) -> tuple[Int64, Float64] | None:
    """Rows of the nodes round a place seen from above, and their shares."""
    city = document.cities[spot.layer_id]
    if result.vertex_rows is None or not city.lods:
        return None
    tiles = next(iter(city.lods.values())).tiles
    x, y = spot.position[:2]
    best: tuple[float, Int64, Float64] | None = None
    for k in range(tiles.tile_count):
        box = tiles.bounds[k]
        if not (box[0] - 1 <= x <= box[3] + 1 and box[1] - 1 <= y <= box[4] + 1):
            continue
        first = int(tiles.vertex_start[k])
        part = tiles.triangles[int(tiles.triangle_start[k]) : int(tiles.triangle_start[k + 1])] + first
        xyz = tiles.positions[part].astype(np.float64) + tiles.origins[k]
        shares = _barycentric(xyz[:, :, :2], np.array([x, y]))
        inside = np.flatnonzero((shares >= -1e-6).all(axis=1))
        for n in inside.tolist():
            away = abs(float(shares[n] @ xyz[n, :, 2]) - spot.position[2])
            if best is None or away < best[0]:
                best = away, part[n], shares[n]
    if best is None:
        return None
    rows = result.vertex_rows[best[1]].astype(np.int64)
    return None if (rows < 0).any() else (rows, best[2])


def _barycentric(corners: Float64, at: Float64) -> Float64:
    """Shares float64 (T, 3) of the corners float64 (T, 3, 2) at a place; NaN for triangles without area."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, at - a
    with np.errstate(divide="ignore", invalid="ignore"):
        size = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
        v = (ap[:, 0] * ac[:, 1] - ap[:, 1] * ac[:, 0]) / size
        w = (ab[:, 0] * ap[:, 1] - ab[:, 1] * ap[:, 0]) / size
    return np.stack([1.0 - v - w, v, w], axis=1)
