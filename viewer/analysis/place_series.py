"""How results go over time at one object or one place: a line for each scenario, with its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loaders.city import CityData, Float32, Float64, Int64
from loaders.scenario.model import Result
from viewer.analysis.bounds import object_boxes
from viewer.analysis.exposure import cells_under, face_at, same_crs
from viewer.analysis.links import Links
from viewer.analysis.measures import object_rows
from viewer.analysis.numbers import Asked
from viewer.analysis.planes import moved
from viewer.analysis.series import Series, cell_of
from viewer.analysis.streets import near_rows, street_near
from viewer.analysis.traffic import passing
from viewer.document.overlays import scenario_of_overlay, variable_of_overlay
from viewer.document.state import NEAR_M as NEAR_STREET_M

NEAR_M = 30.0
"""Nodes and receivers are looked for as far from a place."""


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """What was clicked or selected.

    Attributes: layer_id, row: the object (row -1 = only a place); city: its layer; position: the place clicked, world
    coordinates, None if the object was selected otherwise; whole: True for a building, which is looked at as a whole.
    """

    layer_id: str
    row: int
    city: CityData | None
    position: tuple[float, float, float] | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class PlaceSeries:
    """One line. ``where``: how the place was looked up, for people; series None = nothing is known there. ``unit``: of
    the values, where it is not the variable's."""

    name: str
    series: Series | None
    where: str = ""
    unit: str | None = None


def series_at(
    columns: tuple[Asked, ...], spot: Spot, links: Links, crs: str | None, near_m: float = NEAR_STREET_M
) -> tuple[PlaceSeries, ...]:
    """A line for each scenario at a spot; for any thread. ``crs``: of the spot's position. ``near_m``: links and movers
    are looked for so far from it."""
    return tuple(_line(column, spot, links, crs, near_m) for column in columns)


def _line(column: Asked, spot: Spot, links: Links, crs: str | None, near_m: float) -> PlaceSeries:
    result = column.result
    if result is None or not len(result.time):
        return PlaceSeries(column.name, None)
    if result.moves is not None:
        return _passing(column.name, result, spot, near_m)
    if result.values.ndim < 2:
        return PlaceSeries(column.name, None)
    overlaid = scenario_of_overlay(spot.layer_id) is not None
    if result.grid is not None:
        found = _raster(result, spot, crs)
    elif overlaid and variable_of_overlay(spot.layer_id) != result.variable.id:
        found = None
    elif overlaid and result.places is None and not result.smooth:
        found = _rows(result, np.array([spot.row]), "the place itself")
    elif result.smooth:
        found = _node(result, spot)
    elif result.variable.binding == "links":
        found = _street(result, spot, near_m)
    else:
        found = _object(result, spot, links)
    return PlaceSeries(column.name, None) if found is None else PlaceSeries(column.name, *found)


def _object(result: Result, spot: Spot, links: Links) -> tuple[Series, str] | None:
    """Of a building: its own value, or the highest of its surfaces or receivers; of other bindings the face there."""
    if spot.city is not None and 0 <= spot.row < len(spot.city.objects):
        rows = object_rows(result, spot.city, links)
        if rows is not None:
            own = np.flatnonzero(rows == spot.row)
            what = {"surface": "highest of its surfaces", "points": "highest of its receivers"}
            return _rows(result, own, what.get(result.variable.binding, "the object")) if len(own) else None
    if result.places is not None:
        return _nearest(result, np.asarray(result.places), spot, "the nearest receiver")
    if result.overlay is None:
        return None
    box = _box(spot)
    at = face_at(result.overlay, box) if box is not None else np.array([-1])
    return None if at[0] < 0 else _rows(result, at, "the area around it")


def _passing(name: str, result: Result, spot: Spot, near_m: float) -> PlaceSeries:
    """How many vehicles are near to the middle of a building or to a place."""
    box = _box(spot)
    if box is None or np.isnan(box[0, 0]):
        return PlaceSeries(name, None)
    x, y = float(box[0, 0] + box[0, 3]) / 2, float(box[0, 1] + box[0, 4]) / 2
    found = Series(result.time, passing(result, x, y, near_m))
    return PlaceSeries(name, found, f"vehicles within {near_m:g} m of it at each moment", "vehicles")


def _street(result: Result, spot: Spot, near_m: float) -> tuple[Series, str] | None:
    """Of a building the worst of the links at which it lies; of a place the nearest link."""
    overlay, best = result.overlay, result.variable.good == "high"
    if overlay is None:
        return None
    if spot.whole and spot.city is not None:
        wanted = np.zeros(len(spot.city.objects), np.bool_)
        wanted[spot.row] = True
        rows = near_rows(overlay, spot.city, near_m, wanted)
        return _rows(result, rows, f"{'lowest' if best else 'highest'} of the links within {near_m:g} m", lowest=best)
    box = _box(spot)
    if box is None or np.isnan(box[0, 0]):
        return None
    row = street_near(overlay, float(box[0, 0] + box[0, 3]) / 2, float(box[0, 1] + box[0, 4]) / 2, near_m)
    return _rows(result, np.array([row]), "the nearest link")


def _box(spot: Spot) -> Float64 | None:
    """float64 (1, 6): the object's box, or the place itself."""
    if spot.whole and spot.city is not None:
        return object_boxes(spot.city)[spot.row : spot.row + 1]
    if spot.position is not None:
        return np.array([[*spot.position, *spot.position]], np.float64)
    if spot.city is not None and 0 <= spot.row < len(spot.city.objects):
        return object_boxes(spot.city)[spot.row : spot.row + 1]
    return None


def _raster(result: Result, spot: Spot, crs: str | None) -> tuple[Series, str] | None:
    grid = result.grid
    assert grid is not None
    if spot.whole and spot.city is not None and same_crs(grid, spot.city):
        box = object_boxes(spot.city)[spot.row : spot.row + 1]
        if np.isnan(box[0, 0]):
            return None
        row, column, inside = cells_under(grid, box)
        cells = np.unique(np.stack([row[inside], column[inside]], axis=1), axis=0)
        return _cells(result, cells, "highest under the building") if len(cells) else None
    box2 = _box(spot)
    if box2 is None or np.isnan(box2[0, 0]):
        return None
    x, y = float(box2[0, 0] + box2[0, 3]) / 2, float(box2[0, 1] + box2[0, 4]) / 2
    east, north = moved(crs, grid.crs.name, x, y)
    cell = cell_of(grid, float(east), float(north))
    return None if cell is None else _cells(result, np.array([cell]), "the cell there")


def _cells(result: Result, cells: Int64, where: str) -> tuple[Series, str]:
    dry = result.level is not None

    def line(part: Float32 | None) -> Float32 | None:
        if part is None:
            return None
        values = np.array([part[step][cells[:, 0], cells[:, 1]] for step in range(len(part))], np.float32)
        # where water was modelled and there is none, it is 0 deep
        return np.where(np.isnan(values), np.float32(0), values) if dry else values

    return _series(result, line(result.values), line(result.low), line(result.high)), where


def _rows(result: Result, rows: Int64, where: str, lowest: bool = False) -> tuple[Series, str] | None:
    if not len(rows) or int(rows.min()) < 0 or int(rows.max()) >= result.values.shape[1]:
        return None
    bands = (result.values, result.low, result.high)
    values, low, high = (None if part is None else np.asarray(part[:, rows]) for part in bands)
    return _series(result, values, low, high, lowest), where


def _series(
    result: Result, values: Float32 | None, low: Float32 | None, high: Float32 | None, lowest: bool = False
) -> Series:
    assert values is not None
    sign = np.float32(-1.0 if lowest else 1.0)
    found = [None if part is None else sign * _highest(sign * part) for part in (values, low, high)]
    assert found[0] is not None
    return Series(result.time, found[0], found[1], found[2])


def _highest(values: Float32) -> Float64:
    """float64 (T,): the highest of each step of (T, K), NaN where there is none."""
    known: Float64 = np.where(np.isfinite(values), values, np.float32(-np.inf)).max(axis=1).astype(np.float64)
    known[np.isneginf(known)] = np.nan
    return known


def _node(result: Result, spot: Spot) -> tuple[Series, str] | None:
    """The node of a mesh that is nearest in plan."""
    if result.overlay is None or result.vertex_rows is None or not result.overlay.lods:
        return None
    tiles = next(iter(result.overlay.lods.values())).tiles
    tile = np.searchsorted(tiles.vertex_start, np.arange(len(tiles.positions)), side="right") - 1
    places = tiles.positions.astype(np.float64) + tiles.origins[tile]
    return _nearest(result, places, spot, "the nearest corner of the mesh", result.vertex_rows.astype(np.int64))


def _nearest(
    result: Result, places: Float64, spot: Spot, where: str,
    rows: Int64 | None = None,
) -> tuple[Series, str] | None:  # fmt: skip
    box = _box(spot)
    if box is None or not len(places):
        return None
    middle = (box[0, :2] + box[0, 3:5]) / 2
    away = ((places[:, :2] - middle) ** 2).sum(axis=1)
    best = int(np.argmin(away))
    if not away[best] <= NEAR_M**2:
        return None
    return _rows(result, np.array([best if rows is None else rows[best]]), where)
