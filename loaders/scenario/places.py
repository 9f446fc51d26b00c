"""Objects, surfaces and receivers of a package: values by id, and where receivers stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from loaders.city import Float32, Float64, Strings
from loaders.scenario.context import Context
from loaders.scenario.model import Result, TimeAxis, Variable
from loaders.scenario.steps import fill
from loaders.scenario.table_values import _JOIN, TableValues
from loaders.scenario.tables import Table, read_table, strings_of
from loaders.scenario.vectors import attribute_table, read_layer

VECTORS = (".geojson", ".gpkg", ".fgb")
EYE = 1.5
"""Metres above the ground of receivers without a height."""


def read_objects(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """Values of city objects by their id. Raises LoadError."""
    source = TableValues(ctx, variable, axis)
    values, low, high = fill(ctx, variable, axis, source)
    return Result(variable, axis, values, low, high, ids=Strings.from_list(strings_of(source.keys)))


def read_surfaces(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """Values of semantic surfaces by the id of their object and their number in it. Raises LoadError."""
    source = TableValues(ctx, variable, axis)
    pairs = [key.rpartition(_JOIN) for key in strings_of(source.keys)]
    try:
        numbers = np.array([int(number) for _, _, number in pairs], np.int32)
    except (ValueError, OverflowError) as error:
        reason = f"the column {variable.data.surface!r} does not hold numbers of surfaces"
        raise ctx.refused(reason, variable.data.files[0], kind="bad-number") from error
    if (numbers < 0).any():
        raise ctx.refused("the number of a surface is below 0", variable.data.files[0], kind="bad-number")
    values, low, high = fill(ctx, variable, axis, source)
    ids = Strings.from_list([own for own, _, _ in pairs])
    return Result(variable, axis, values, low, high, ids=ids, surfaces=numbers)


def read_points(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """Values at receivers. Raises LoadError."""
    data = variable.data
    name = data.geometry or data.files[0]
    if name.lower().endswith(VECTORS) or not (data.x and data.y):
        layer = read_layer(ctx, name, data.geometry_layer or data.layer)
        table = attribute_table(ctx, name, layer)
        xyz, crs = _of_layer(ctx, name, layer), layer.crs
    else:
        numeric = [column for column in (data.x, data.y, data.z, data.nx, data.ny, data.nz) if column]
        columns = [data.geometry_id or data.id, *([data.owner] if data.owner else []), *numeric]
        table = read_table(ctx, name, data, columns, numeric)
        xyz, crs = _of_columns(table, variable), None
    ids = table.texts(data.geometry_id or data.id)
    ids = ids.combine_chunks() if hasattr(ids, "combine_chunks") else ids
    ids, first = _first_of_each(ids)
    source = TableValues(ctx, variable, axis, order=ids)
    values, low, high = fill(ctx, variable, axis, source)
    above = EYE if variable.height_above_ground is None else variable.height_above_ground
    places = ctx.world(xyz[first], data.crs or crs, above)
    if not np.isfinite(places).all():
        raise ctx.refused("a receiver has no place", name, "Give every receiver its coordinates.", "bad-coordinate")
    owners = (
        Strings.from_list(np.array(strings_of(table.texts(data.owner)), object)[first].tolist()) if data.owner else None
    )
    return Result(
        variable, axis, values, low, high, ids=Strings.from_list(strings_of(ids)), owners=owners, places=places,
        normals=_normals(table, variable, first),
    )  # fmt: skip


def _first_of_each(ids: Any) -> tuple[Any, Any]:
    """Different ids, and the row where each is first."""
    import pyarrow.compute as pc

    different = pc.unique(ids)
    rows = np.asarray(pc.index_in(ids, value_set=different).to_numpy(zero_copy_only=False), np.int64)
    first = np.full(len(different), -1, np.int64)
    first[rows[::-1]] = np.arange(len(rows))[::-1]
    return different, first


def _of_layer(ctx: Context, name: str, layer: Any) -> Float64:
    shapes = shapely.from_wkb(layer.wkb, on_invalid="ignore")
    if not (shapely.get_type_id(shapes) == 0).all() or shapely.is_empty(shapes).any():
        raise ctx.refused("a receiver is no point", name, "Keep points only.", "no-point")
    return np.asarray(shapely.get_coordinates(shapes, include_z=True), np.float64)


def _of_columns(table: Table, variable: Variable) -> Float64:
    data = variable.data
    z = table.numbers(data.z) if data.z else np.full(table.rows, np.nan)
    return np.stack([table.numbers(data.x), table.numbers(data.y), z], axis=1)


def _normals(table: Table, variable: Variable, first: Any) -> Float32 | None:
    """Directions away from the wall, of length 1; 0 where they are missing."""
    data = variable.data
    if not (data.nx and data.ny):
        return None
    z = table.numbers(data.nz) if data.nz else np.zeros(table.rows)
    found = np.nan_to_num(np.stack([table.numbers(data.nx), table.numbers(data.ny), z], axis=1)[first])
    size = np.linalg.norm(found, axis=1, keepdims=True)
    return np.where(size > 1e-9, found / np.maximum(size, 1e-9), 0.0).astype(np.float32)
