"""What a result means for each object of the city: the worst value at it. Pure numpy and shapely, for any thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Float32, Float64, Int64
from loaders.layers import same_plane
from loaders.scenario.model import NOT_MODELLED, Grid, Result
from viewer.analysis.bounds import object_boxes
from viewer.analysis.derived import derived
from viewer.analysis.streets import neighbours, worst_near
from viewer.document.state import NEAR_M

SPOTS = 5
"""A raster is looked at in a grid of so many places along each side of an object's box, rim included."""
CHUNK = 200_000
"""Objects looked at together."""


NO_DATA_THERE, NOT_MODELLED_THERE = 2.0, 1.0
"""Why an object has no value: there should be one; the simulation did not cover it."""


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Values at the objects of a city: float32 (N,), NaN where there is none. ``how``: for people.

    ``gaps``: float32 (N,), of objects without a value why: `NO_DATA_THERE`, `NOT_MODELLED_THERE`, NaN where the result
    says nothing of them; None = nothing is known of that.
    """

    values: Float32
    low: Float32 | None
    high: Float32 | None
    how: str
    gaps: Float32 | None = None


def exposure(
    result: Result,
    step: int,
    city: CityData,
    rows: Int64 | None = None,
    wanted: npt.NDArray[np.bool_] | None = None,
    near_m: float = NEAR_M,
) -> Exposure | None:
    """The value at every object, the highest where several belong to it (of links the worst); None where the binding
    tells nothing of objects (ways, changes of geometry).

    ``rows`` int64 (len(result rows),): object row of each row of the result, -1 = none (object, surface, points).
    ``wanted`` bool (N,): objects to look at, others stay NaN. ``near_m``: objects lie at links that are so near.
    """
    kind = result.variable.binding
    grid = result.grid
    at: Callable[[Float32], Float32]
    if kind in ("object", "surface", "points"):
        if rows is None:
            return None
        how = {"object": "value of the object", "surface": "highest value of its surfaces",
               "points": "highest value of its receivers"}[kind]  # fmt: skip
        at = partial(highest, rows=rows, count=len(city.objects))
    elif kind == "raster" and grid is not None:
        if not same_crs(grid, city):
            return None
        how = "highest value in the rectangle around its outline and half a cell beyond"
        boxes = _boxes(city, wanted)
        at = partial(_grid_at, grid=grid, boxes=boxes)
    elif kind in ("polygon", "mesh") and result.overlay is not None:
        how = "value of the face in which its middle lies"
        if result.vertex_rows is not None:
            return None
        at = partial(_taken, at=face_at(result.overlay, _boxes(city, wanted)))
    elif kind == "links" and result.overlay is not None:
        every = np.ones(len(city.objects), np.bool_) if wanted is None else wanted
        pairs = neighbours(result.overlay, city, near_m, every)
        best = result.variable.good == "high"
        how = f"{'lowest' if best else 'highest'} value of the links within {near_m:g} m of its outline"
        at = partial(worst_near, pairs=pairs, count=len(every), high_is_good=best)
    else:
        return None
    now = _wet(result, np.asarray(result.values[step]))
    low, high = (
        None if part is None else at(_wet(result, np.asarray(part[step]))) for part in (result.low, result.high)
    )
    return Exposure(at(now), low, high, how, at(_gaps(now)))


def _gaps(values: Float32) -> Float32:
    """Why there is no value: `NO_DATA_THERE`, `NOT_MODELLED_THERE`; 0 where there is one."""
    out = np.where(np.isnan(values), np.float32(NO_DATA_THERE), np.float32(0.0))
    out[values == NOT_MODELLED] = NOT_MODELLED_THERE
    return out


def highest(values: Float32, rows: Int64, count: int) -> Float32:
    """float32 (count,): the largest value whose row it is; NaN where there is none."""
    out = np.full(count, -np.inf, np.float32)
    use = (rows >= 0) & np.isfinite(values)
    np.maximum.at(out, rows[use], values[use])
    out[np.isneginf(out)] = np.nan
    return out


def spread_to_parents(city: CityData, values: Float32) -> Float32:
    """The same with objects that have no value taking the highest of what belongs to them (parts of a building)."""
    base = derived(city)
    out = values.copy()
    child, parent = base.edge_child, base.edge_parent
    use = np.isfinite(values[child]) & ~np.isfinite(values[parent])
    if use.any():
        best = highest(values[child[use]], parent[use].astype(np.int64), len(values))
        fill = np.isfinite(best)
        out[fill] = best[fill]
    return out


def same_crs(grid: Grid, city: CityData) -> bool:
    """True if a raster and a city lie in one plane, or one of them does not tell."""
    return grid.crs.name is None or city.crs.name is None or same_plane(grid.crs.name, city.crs.name)


def _wet(result: Result, values: Float32) -> Float32:
    """In water, a cell without depth is dry if it was modelled: 0 deep."""
    if result.level is None:
        return values
    return np.where(np.isnan(values), np.float32(0.0), values)


def _boxes(city: CityData, wanted: npt.NDArray[np.bool_] | None) -> Float64:
    boxes = object_boxes(city)
    if wanted is None:
        return boxes
    return np.where(wanted[:, None], boxes, np.nan)


def _grid_at(values: Float32, grid: Grid, boxes: Float64) -> Float32:
    """Highest cell value at a grid of places in each box, grown by half a cell; float32 (N,)."""
    out = np.full(len(boxes), np.nan, np.float32)
    known = np.flatnonzero(~np.isnan(boxes[:, 0]))
    for start in range(0, len(known), CHUNK):
        part = known[start : start + CHUNK]
        row, column, inside = cells_under(grid, boxes[part])
        found = values[np.clip(row, 0, grid.rows - 1), np.clip(column, 0, grid.columns - 1)]
        found = np.where(inside & np.isfinite(found), found, NOT_MODELLED)
        best = found.max(axis=1)
        out[part] = np.where(np.isneginf(best), np.float32(np.nan), best)
    return out


def cells_under(grid: Grid, boxes: Float64) -> tuple[Int64, Int64, Bool]:
    """Row and column of the cells that are looked at for boxes float64 (N, 6): int64 (N, SPOTS**2), and which of them
    are inside of the grid."""
    a, b, c, d, e, f = grid.transform
    size = a * e - b * d
    half = 0.5 * max(abs(a) + abs(b), abs(d) + abs(e))
    share = np.linspace(0.0, 1.0, SPOTS)
    low, high = boxes[:, :2] - half, boxes[:, 3:5] + half
    x = low[:, 0, None] + (high - low)[:, 0, None] * share
    y = low[:, 1, None] + (high - low)[:, 1, None] * share
    px = np.repeat(x[:, None, :], SPOTS, axis=1).reshape(len(boxes), -1) - c
    py = np.repeat(y[:, :, None], SPOTS, axis=2).reshape(len(boxes), -1) - f
    column = np.floor((e * px - b * py) / size).astype(np.int64)
    row = np.floor((a * py - d * px) / size).astype(np.int64)
    return row, column, (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)


def face_at(overlay: CityData, boxes: Float64) -> Int64:
    """Row of the overlay's object in whose faces, seen from above, the middle of each box lies; -1 = none."""
    import shapely

    mesh = list(overlay.lods.values())[-1].tiles
    tile = np.repeat(np.arange(mesh.tile_count), np.diff(mesh.triangle_start))
    corners = mesh.triangles.astype(np.int64) + np.asarray(mesh.vertex_start)[tile][:, None]
    flat = mesh.positions[corners][:, :, :2].astype(np.float64) + mesh.origins[tile][:, None, :2]
    faces = shapely.polygons(np.concatenate([flat, flat[:, :1]], axis=1))
    out = np.full(len(boxes), -1, np.int64)
    known = np.flatnonzero(~np.isnan(boxes[:, 0]))
    middles = shapely.points((boxes[known, 0] + boxes[known, 3]) / 2, (boxes[known, 1] + boxes[known, 4]) / 2)
    point, face = shapely.STRtree(faces).query(middles, predicate="intersects")
    out[known[point[::-1]]] = mesh.tags[corners[face[::-1], 0], 0].astype(np.int64)
    return out


def _taken(values: Float32, at: Int64) -> Float32:
    out = np.full(len(at), np.nan, np.float32)
    use = at >= 0
    found = values[at[use]]
    out[use] = np.where(np.isfinite(found), found, np.float32(np.nan))
    return out
