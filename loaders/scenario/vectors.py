"""Vector files of a package (GeoJSON, GeoPackage, FlatGeobuf, GeoParquet) as one layer of WKB and attributes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from loaders._vector_read import LayerRead, read
from loaders.api import LoadError
from loaders.scenario.context import Context
from loaders.scenario.tables import Table, arrow, check_parquet
from loaders.vector import driver_of

_DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".fgb": "FlatGeobuf"}


def read_layer(ctx: Context, name: str, layer: str = "") -> LayerRead:
    """One layer of a vector file, the first where none is named. Raises LoadError."""
    path = ctx.file(name)
    if path.suffix.lower() == ".parquet":
        return _geoparquet(ctx, path, name)
    with path.open("rb") as file:
        head = file.read(4096)
    driver = driver_of(head, path)
    if driver is None or driver != _DRIVERS.get(path.suffix.lower()):
        raise ctx.refused("its content is not of the format that its name says", name, kind="wrong-format")
    try:
        found = read(path, driver, ctx.options, _Silent())
    except LoadError as error:
        raise ctx.refused(error.reason.rstrip("."), name, error.remedy, error.kind) from error
    ctx.issues.merge(found.issues)
    layers = [one for one in found.layers if one.name == layer or not layer]
    if not layers:
        known = ", ".join(one.name for one in found.layers[:10])
        raise ctx.refused(f"there is no layer {layer!r}", name, f"Its layers: {known}.", "missing-layer")
    return layers[0]


class _Silent:
    cancelled = False

    def report(self, fraction: float, stage: str) -> None:
        """The package tells its own progress."""


def _geoparquet(ctx: Context, path: Path, name: str) -> LayerRead:
    pa = arrow()
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, thrift_string_size_limit=64 << 20, thrift_container_size_limit=4 << 20)
        check_parquet(ctx, name, file)
        meta = orjson.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        column = meta.get("primary_column", "geometry")
        told = meta.get("columns", {}).get(column, {})
        if told.get("encoding") != "WKB" or column not in file.schema_arrow.names:
            raise ctx.refused("it is no GeoParquet with geometries as WKB", name, "Export it again.", "wrong-format")
        table = file.read(use_threads=False)
    except (pa.ArrowException, OSError, ValueError, AttributeError) as error:
        raise ctx.refused(f"it cannot be read ({' '.join(str(error).split())[:120]})", name, kind="damaged") from error
    crs = _projjson(told.get("crs", "EPSG:4326"))
    attributes = {key: table.column(key).to_pylist() for key in table.column_names if key != column}
    wkb = np.empty(table.num_rows, object)
    wkb[:] = table.column(column).to_pylist()
    return LayerRead(path.stem, crs, wkb, list(range(table.num_rows)), attributes)


def _projjson(told: Any) -> str | None:
    import pyproj

    try:
        if isinstance(told, dict):
            return str(pyproj.CRS.from_json_dict(told).to_wkt())
        return str(pyproj.CRS.from_epsg(4326).to_wkt()) if isinstance(told, str) else None
    except (pyproj.exceptions.CRSError, ValueError, KeyError, TypeError):
        return None


def attribute_table(ctx: Context, name: str, layer: LayerRead) -> Table:
    """The attributes of a layer; those of mixed types as text."""
    pa = arrow()
    columns = {}
    for key, values in layer.attributes.items():
        try:
            columns[key] = pa.chunked_array([pa.array(values)])
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
            columns[key] = pa.chunked_array([pa.array([None if v is None else str(v) for v in values], pa.string())])
    return Table(ctx, name, columns, len(layer.fids))
