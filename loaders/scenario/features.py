"""Polygons and links of a package: features of a vector file, draped, with values from it or from a table beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from loaders._issues import IssueLog
from loaders._vector_draw import draw
from loaders._vector_read import LayerRead, VectorRead
from loaders.api import LoadError
from loaders.city import CityData, Float64, Strings
from loaders.scenario.context import HIGHEST, Context
from loaders.scenario.meshes import STEP, ribbon_city
from loaders.scenario.model import Result, TimeAxis, Variable
from loaders.scenario.steps import fill
from loaders.scenario.table_values import TableValues
from loaders.scenario.tables import Table, arrow, strings_of
from loaders.scenario.vectors import attribute_table, read_layer

LINK_WIDTH, WIDEST_LINK = 6.0, 120.0
"""Metres, least and most, of links that have no property "width"."""
LENGTH_TO_WIDTH = 60.0


class _Quiet:
    cancelled = False

    def report(self, fraction: float, stage: str) -> None:
        """The package tells its own progress."""


def read_features(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """The result of a polygon or link variable. Raises LoadError."""
    data = variable.data
    name = data.geometry or data.files[0]
    layer = read_layer(ctx, name, data.geometry_layer or data.layer)
    table = attribute_table(ctx, name, layer)
    ids = table.texts(data.geometry_id or data.id)
    if data.geometry:
        ids = _different(ctx, name, ids)
        source = TableValues(ctx, variable, axis, order=ids)
    elif data.time:
        raise ctx.refused("a row per step needs the places in a file of their own", name, 'Name it as "geometry".')
    else:
        source = TableValues(ctx, variable, axis, order=ids, table=table)
    values, low, high = fill(ctx, variable, axis, source)
    names = strings_of(ids)
    overlay = (
        _polygons(ctx, variable, name, layer, names)
        if variable.binding == "polygon"
        else _links(ctx, variable, layer, table, names)
    )
    _take_triangles(ctx, name, variable, layer, overlay)
    return Result(variable, axis, values, low, high, ids=Strings.from_list(names), overlay=overlay)


def _take_triangles(ctx: Context, name: str, variable: Variable, layer: LayerRead, overlay: CityData) -> None:
    """Count what the package itself asks for. How finely areas follow a ground depends on the ground: the drawing of
    them has a limit of its own (`loaders._drape`)."""
    if variable.binding == "polygon":
        count = int(shapely.get_num_coordinates(_coordinates(layer)).sum())
    else:
        count = sum(mesh.triangle_count for mesh in overlay.lods.values())
    ctx.budget.take_triangles(count, name)


def _different(ctx: Context, name: str, ids: Any) -> Any:
    import pyarrow.compute as pc

    found = ids.combine_chunks() if hasattr(ids, "combine_chunks") else ids
    if len(pc.unique(found)) < len(found):
        raise ctx.refused("an id is there twice, and values refer to ids", name, "Give every feature its own.", "twice")
    return found


def _coordinates(layer: LayerRead) -> Any:
    with np.errstate(invalid="ignore"):  # coordinates that are no numbers are looked for later
        shapes = shapely.from_wkb(layer.wkb, on_invalid="ignore")
    shapes[shapely.is_empty(shapes)] = None
    return shapes


def _polygons(ctx: Context, variable: Variable, name: str, layer: LayerRead, ids: list[str]) -> CityData:
    """The features as objects, in their order, by the loader of vector files."""
    shapes = _coordinates(layer)
    crs = ctx.plane(variable.data.crs or layer.crs)
    ctx.target(crs, shapely.get_coordinates(shapes[~shapely.is_missing(shapes)]))
    attributes = {"id": ids, **{key: values for key, values in layer.attributes.items() if key.lower() != "id"}}
    told = replace(layer, attributes=attributes, crs=crs.to_wkt(), wkb=layer.wkb)
    issues = IssueLog()
    try:
        result = draw(VectorRead(ctx.file(name), "", [told], issues), ctx.draw_options(), _Quiet())
    except LoadError as error:
        raise ctx.refused(error.reason.rstrip("."), name, error.remedy, error.kind) from error
    for issue in result.issues:
        if issue.kind not in ("duplicate-id", "reprojected", "flat"):
            ctx.issues.add(issue.severity, issue.kind, issue.message, issue.objects, issue.count)
    return result.value


def _links(ctx: Context, variable: Variable, layer: LayerRead, table: Table, ids: list[str]) -> CityData:
    """A band along every link."""
    shapes = _coordinates(layer)
    many = shapely.get_type_id(shapes) >= 4
    if many.any():
        shapes[many] = [_longest(shape) for shape in shapes[many]]
        ctx.issues.info("links-in-pieces", "Of links in several pieces the longest is drawn.", count=int(many.sum()))
    lines = (shapely.get_type_id(shapes) == 1) | (shapely.get_type_id(shapes) == 2)
    if (~lines & ~shapely.is_missing(shapes)).any():
        odd = np.flatnonzero(~lines & ~shapely.is_missing(shapes))
        ctx.issues.warning("no-line", "Features that are no lines are not drawn.", [ids[k] for k in odd[:20]], len(odd))
    shapes[~lines] = None
    xyz, owner = shapely.get_coordinates(shapes, include_z=True, return_index=True)
    flat = xyz[:, 2].copy()
    xyz[:, 2] = 0.0
    world = ctx.world(xyz, variable.data.crs or layer.crs) if len(xyz) else xyz
    lost = _check_links(ctx, world, owner, ids)
    flat[~(np.abs(flat) <= HIGHEST)] = np.nan
    world[:, 2] = np.where(flat == 0.0, np.nan, flat) if len(flat) and not flat[np.isfinite(flat)].any() else flat
    ends = np.searchsorted(owner, np.arange(len(shapes) + 1))
    places: list[Float64] = [world[ends[k] : ends[k + 1]] if k not in lost else world[:0] for k in range(len(shapes))]
    usual = _usual_width(world, ends)
    widths = np.full(len(shapes), usual)
    if "width" in table.columns and arrow().types.is_floating(table.columns["width"].type):
        told = table.numbers("width")
        widths = np.where((told > 0.1) & (told < 200.0), told, usual)
    return ribbon_city(variable.id, ctx.crs_info(), ids, places, widths, ctx.heights)


def _check_links(ctx: Context, world: Float64, owner: npt.NDArray[np.integer], ids: list[str]) -> set[int]:
    """Links with places that are none, which are told; refuses more length than triangles are declared."""
    lost = np.unique(owner[~np.isfinite(world[:, :2]).all(axis=1)]).tolist()
    if lost:
        text = "Links with coordinates that are no places are not drawn."
        ctx.issues.warning("no-place", text, [ids[k] for k in lost[:20]], len(lost))
    along = np.hypot(*np.diff(world[:, :2], axis=0).T)[np.diff(owner) == 0]
    ctx.budget.check_triangles(int(2.0 * along[np.isfinite(along)].sum() / STEP), "links")
    return set(lost)


def _usual_width(world: Float64, ends: npt.NDArray[np.integer]) -> float:
    """Metres of links whose width is not told: `LINK_WIDTH` in a town, wider where links are kilometres long, so that
    a network that is looked at from far away is seen at all. ``ends``: where each link begins in ``world`` (P, 3)."""
    some = np.diff(ends) > 0
    if not some.any():
        return LINK_WIDTH
    reach = world[ends[1:][some] - 1, :2] - world[ends[:-1][some], :2]
    length = np.hypot(reach[:, 0], reach[:, 1])
    length = length[np.isfinite(length)]
    if not len(length):
        return LINK_WIDTH
    typical = float(np.median(length))
    return float(np.clip(typical / LENGTH_TO_WIDTH, LINK_WIDTH, WIDEST_LINK))


def _longest(shape: Any) -> Any:
    merged = shapely.line_merge(shape)
    parts = [part for part in shapely.get_parts(merged) if part.geom_type == "LineString"]
    return max(parts, key=lambda part: part.length) if parts else None
