"""Whether a `CityData` keeps the promises of `loaders.city`, so that nothing after it needs to check again.

What a worker wrote and what lies in a cache is not trusted: a wrong index would read past a GPU buffer.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders._codec import Damaged
from loaders.city import (
    SURFACE_CODE_OTHER,
    Appearance,
    CityData,
    Column,
    Instances,
    LineSet,
    LodMesh,
    ObjectTable,
    PointSet,
    Strings,
    SurfaceTable,
    TileSet,
)
from loaders.layers import RasterData

Array = npt.NDArray[Any]
_COLUMN_TYPES = {"integer": np.int64, "number": np.float64, "boolean": np.bool_, "string": np.int32, "json": np.int32}


def check_city(city: CityData) -> None:
    """Check shapes, index ranges and finiteness of every array; raises `Damaged` naming the first misfit."""
    rows = _check_objects(city.objects)
    surfaces = _check_surfaces(city.surfaces, rows)
    if city.bbox is not None:
        _shape(city.bbox, (6,), "bbox")
        _finite(city.bbox, "bbox")
    for name, mesh in city.lods.items():
        _need(mesh.lod == name, f"lods[{name!r}]: named {mesh.lod!r}")
        _check_lod(mesh, rows, surfaces, len(city.materials), len(city.textures))
    if isinstance(city.source, RasterData):
        _check_raster(city.source)


def _check_raster(raster: RasterData) -> None:
    _need(raster.values.ndim == 3, "source.values: not bands of rows of columns")
    _need(len(raster.bands) == len(raster.values), "source.bands: another number than values")
    _need(all(map(math.isfinite, raster.transform)), "source.transform: not finite")
    a, b, _, d, e, _ = raster.transform
    _need(a * e != b * d, "source.transform: cells without area")


def _check_objects(table: ObjectTable) -> int:
    _strings(table.ids, "objects.ids")
    rows = len(table)
    _shape(table.type_codes, (rows,), "objects.type_codes")
    _range(table.type_codes, 0, len(table.type_names), "objects.type_codes")
    _starts(table.parent_start, rows, len(table.parent_rows), "objects.parent_start")
    _shape(table.parent_rows, (len(table.parent_rows),), "objects.parent_rows")
    _range(table.parent_rows, 0, rows, "objects.parent_rows")
    _columns(table.columns, rows, "objects")
    return rows


def _check_surfaces(table: SurfaceTable, rows: int) -> int:
    count = len(table)
    _shape(table.type_codes, (count,), "surfaces.type_codes")
    _range(table.type_codes, 0, len(table.type_names), "surfaces.type_codes")
    _shape(table.object_rows, (count,), "surfaces.object_rows")
    _range(table.object_rows, 0, rows, "surfaces.object_rows")
    _columns(table.columns, count, "surfaces")
    return count


def _columns(columns: dict[str, Column], rows: int, where: str) -> None:
    for name, column in columns.items():
        place = f"{where}.columns[{name!r}]"
        _need(column.name == name, f"{place}: named {column.name!r}")
        _need(column.values.dtype == np.dtype(_COLUMN_TYPES[column.kind]), f"{place}: wrong element type")
        _shape(column.values, (rows,), place)
        _shape(column.present, (rows,), place)
        _bools(column.present, place)
        if column.kind == "boolean":
            _bools(column.values, place)
        coded = column.kind in ("string", "json")
        _need(coded == (column.categories is not None), f"{place}: categories")
        if column.categories is not None:
            _strings(column.categories, place)
            _range(column.values, -1, len(column.categories), place)
            _need(bool(np.array_equal(column.values >= 0, column.present)), f"{place}: present")


def _check_lod(mesh: LodMesh, rows: int, surfaces: int, materials: int, textures: int) -> None:
    where = f"lods[{mesh.lod!r}]"
    _shape(mesh.drawn, (rows,), f"{where}.drawn")
    _bools(mesh.drawn, f"{where}.drawn")
    _tiles(mesh.tiles, rows, surfaces, (materials, textures), f"{where}.tiles")
    for points in (mesh.points, mesh.lines):
        if points is not None:
            _points(points, rows, where)
    for index, instances in enumerate(mesh.instances):
        _instances(instances, rows, surfaces, (materials, textures), f"{where}.instances[{index}]")


def _tiles(tiles: TileSet, rows: int, surfaces: int, looks: tuple[int, int], where: str) -> None:
    count, vertices, triangles = len(tiles.origins), len(tiles.positions), len(tiles.triangles)
    _shape(tiles.origins, (count, 3), f"{where}.origins")
    _shape(tiles.bounds, (count, 6), f"{where}.bounds")
    _shape(tiles.positions, (vertices, 3), f"{where}.positions")
    _shape(tiles.triangles, (triangles, 3), f"{where}.triangles")
    _starts(tiles.vertex_start, count, vertices, f"{where}.vertex_start")
    _starts(tiles.triangle_start, count, triangles, f"{where}.triangle_start")
    for name in ("origins", "bounds", "positions"):
        _finite(getattr(tiles, name), f"{where}.{name}")
    _tags(tiles.tags, vertices, rows, where)
    for k in range(count):
        part = tiles.triangles[tiles.triangle_start[k] : tiles.triangle_start[k + 1]]
        _range(part, 0, int(tiles.vertex_start[k + 1] - tiles.vertex_start[k]), f"{where}.triangles, tile {k}")
    if tiles.triangle_surface is not None:
        _shape(tiles.triangle_surface, (triangles,), f"{where}.triangle_surface")
        _range(tiles.triangle_surface, -1, surfaces, f"{where}.triangle_surface")
    for theme, appearance in tiles.appearances.items():
        _appearance(appearance, vertices, looks, f"{where}.appearances[{theme!r}]")


def _appearance(appearance: Appearance, vertices: int, looks: tuple[int, int], where: str) -> None:
    if appearance.material is not None:
        _shape(appearance.material, (vertices,), where)
        _finite(appearance.material, where)
        _range(appearance.material, -1, looks[0], where)
    if appearance.uvt is not None:
        _shape(appearance.uvt, (vertices, 3), where)
        _finite(appearance.uvt, where)
        _range(appearance.uvt[:, 2], -1, looks[1], where)


def _points(points: PointSet | LineSet, rows: int, where: str) -> None:
    count = len(points.positions)
    _shape(points.origin, (3,), f"{where}.origin")
    _shape(points.positions, (count, 3), f"{where}.positions")
    _finite(points.origin, f"{where}.origin")
    _finite(points.positions, f"{where}.positions")
    _tags(points.tags, count, rows, where)
    if isinstance(points, LineSet):
        _starts(points.start, len(points.start) - 1, count, f"{where}.start")


def _instances(instances: Instances, rows: int, surfaces: int, looks: tuple[int, int], where: str) -> None:
    _tiles(instances.template, max(rows, 1), surfaces, looks, f"{where}.template")
    count = len(instances.matrices)
    _shape(instances.matrices, (count, 4, 4), f"{where}.matrices")
    _finite(instances.matrices, f"{where}.matrices")
    _shape(instances.object_rows, (count,), f"{where}.object_rows")
    _range(instances.object_rows, 0, rows, f"{where}.object_rows")


def _tags(tags: Array, count: int, rows: int, where: str) -> None:
    _shape(tags, (count, 2), f"{where}.tags")
    if count:
        _need(bool(tags.min() >= 0), f"{where}.tags: negative or not a number")
        high = _column_maxima(tags)
        _need(bool(high[0] < rows and high[1] <= SURFACE_CODE_OTHER), f"{where}.tags: out of range")


def _strings(strings: Strings, where: str) -> None:
    _shape(strings.data, (len(strings.data),), where)
    _need(strings.offsets.ndim == 1 and len(strings.offsets) > 0, f"{where}: no offsets")
    _starts(strings.offsets, len(strings), len(strings.data), where)


def _starts(starts: Array, parts: int, total: int, where: str) -> None:
    _shape(starts, (parts + 1,), where)
    _need(len(starts) > 0 and starts[0] == 0 and starts[-1] == total, f"{where}: wrong ends")
    _need(bool(np.all(starts[1:] >= starts[:-1])), f"{where}: not ascending")


def _shape(array: Array, shape: tuple[int, ...], where: str) -> None:
    _need(array.shape == shape, f"{where}: shape {array.shape} instead of {shape}")


def _range(array: Array, low: int, end: int, where: str) -> None:
    if array.size:
        _need(bool(array.min() >= low and array.max() < end), f"{where}: index out of range")


def _bools(array: Array, where: str) -> None:
    if array.size:
        _need(int(array.view(np.uint8).max()) <= 1, f"{where}: not true or false")


def _finite(array: Array, where: str) -> None:
    if array.size:
        # min and max propagate NaN and infinity, and take no memory of their own.
        _need(bool(np.isfinite(array.min()) and np.isfinite(array.max())), f"{where}: not finite")


def _column_maxima(pairs: Array) -> Array:
    """Maxima of the two columns; 1,024 values side by side, because numpy is some 20 times slower on two."""
    whole = len(pairs) // 512 * 512
    head = pairs[:whole].reshape(-1, 1024).max(axis=0, initial=-np.inf).reshape(512, 2)
    highest: Array = np.concatenate([head, pairs[whole:]]).max(axis=0)
    return highest


def _need(condition: bool, text: str) -> None:
    if not condition:
        raise Damaged(text)
