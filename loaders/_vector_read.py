"""Vector files to geometries and attributes: driver forced, queries stored in a file never run."""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from loaders import _gdal
from loaders._issues import IssueLog
from loaders.api import LoadError, LoadOptions, Progress

_FORMATS = {"GPKG": "GeoPackage", "FlatGeobuf": "FlatGeobuf", "ESRI Shapefile": "Shapefile", "GeoJSON": "GeoJSON"}
MAX_LAYERS = 500
_SQL_STEPS = 2_000_000
"""Instructions of SQLite's machine that looking into a GeoPackage may take."""
_CURVES = ("CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON", "MULTICURVE", "MULTISURFACE", "CURVE", "SURFACE")


@dataclass(slots=True, eq=False)
class LayerRead:
    """One layer: WKB of each feature (None = none), feature numbers, attributes by name as Python values."""

    name: str
    crs: str | None
    wkb: npt.NDArray[np.object_]
    fids: list[int]
    attributes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class VectorRead:
    """A file that was read."""

    path: Path
    format: str
    layers: list[LayerRead]
    issues: IssueLog


def read(path: Path, driver: str, options: LoadOptions, progress: Progress) -> VectorRead:
    """Read a file with one driver of GDAL.

    Raises:
        LoadError: damaged, incomplete or beyond a limit.
        Cancelled: ``progress`` asked to stop.
    """
    _check_size(path, options)
    if "!" in str(path.absolute()):  # pyogrio would look for an archive before it
        raise LoadError(path, 'its path has a "!" in it.', remedy="Rename the file or its folder.", kind="bad-name")
    issues = IssueLog()
    names: list[str | None] = [None]
    opening: dict[str, str] = {}
    if driver == "GPKG":
        names = list(_feature_tables(path, issues))
        opening = {"LIST_ALL_TABLES": "NO"}
        if not set("?#%") & set(str(path)):  # GDAL makes an address of the path then, and does not mask these
            opening["IMMUTABLE"] = "YES"
    elif driver == "ESRI Shapefile":
        _check_companions(path, issues)
    if not _gdal.already_open():
        _gdal.shut_doors()
    import pyogrio
    from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

    told = (CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError)
    refusals: tuple[Any, ...] = (*told, IndexError, KeyError, ValueError, OverflowError, SystemError)
    pyogrio.set_gdal_config_options(_gdal.settings())
    layers = []
    for number, name in enumerate(names):
        progress.report(0.5 * number / len(names), "reading")
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            try:
                layers.append(_layer(path, name, driver, opening, issues))
            except refusals as error:  # what pyogrio, and Python in it, say of damaged files
                if len(names) == 1:
                    raise _gdal.damaged(path, error) from error
                text = f"A layer cannot be read ({_gdal.one_line(error, path)})."
                issues.error("broken-layer", text, [str(name)])
        _note(heard, path, issues)
    progress.report(0.5, "reading")
    return VectorRead(path, _FORMATS[driver], layers, issues)


def _check_size(path: Path, options: LoadOptions) -> None:
    size = path.stat().st_size
    if size > options.max_bytes:
        raise LoadError(
            path,
            f"it is {size / 2**30:,.1f} GiB large, more than the {options.max_bytes / 2**30:.1f} GiB that are read.",
            remedy="Cut it into parts.",
            kind="too-large",
        )


def _check_companions(path: Path, issues: IssueLog) -> None:
    beside = {other.suffix.lower() for other in path.parent.glob("*") if other.stem == path.stem and other.is_file()}
    if ".shx" not in beside:
        raise LoadError(
            path,
            f"the file {path.stem}.shx is missing beside it.",
            remedy="A shapefile is several files (.shp .shx .dbf .prj): copy them all to one folder.",
            kind="incomplete",
        )
    if ".dbf" not in beside:
        issues.warning("no-attributes", f"The file {path.stem}.dbf is missing beside it: features have no attributes.")


def _feature_tables(path: Path, issues: IssueLog) -> list[str]:
    """Names of the tables with geometries. The file is opened for reading only, and nothing stored in it is run."""
    wal = path.with_name(path.name + "-wal")
    if wal.is_file() and wal.stat().st_size:
        issues.warning("unsaved", "Another program has unsaved changes of this file: they are not shown.")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.set_progress_handler(lambda: 1, _SQL_STEPS)
            base.text_factory = lambda text: text.decode("utf-8", "replace")
            base.execute("PRAGMA trusted_schema = OFF")
            return _look_into(path, base, issues)
    except (sqlite3.Error, UnicodeError) as error:
        raise _gdal.damaged(path, error) from error


def _look_into(path: Path, base: sqlite3.Connection, issues: IssueLog) -> list[str]:
    kinds = {str(name).lower(): (str(kind), str(sql or "")) for kind, name, sql in base.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')")}  # fmt: skip
    if "gpkg_contents" not in kinds:
        raise LoadError(
            path,
            "this is a SQLite database, but no GeoPackage.",
            remedy="Export the data as GeoPackage.",
            kind="no-geopackage",
        )
    odd = [name for name, (kind, _) in kinds.items() if name.startswith(("gpkg_", "sqlite_")) and kind != "table"]
    if odd:
        raise LoadError(
            path,
            f"its table {odd[0][:60]!r} is a query, which is not run.",
            remedy="Export the data as GeoPackage again.",
            kind="stored-query",
        )
    contents = base.execute("SELECT table_name, data_type FROM gpkg_contents LIMIT 10000").fetchall()
    shapes = {str(table).lower(): str(kind).upper() for table, kind in base.execute(
        "SELECT table_name, geometry_type_name FROM gpkg_geometry_columns LIMIT 10000")
    } if "gpkg_geometry_columns" in kinds else {}  # fmt: skip
    names = []
    for name, data in contents:
        kind, sql = kinds.get(str(name).lower(), ("", ""))
        if data in ("tiles", "2d-gridded-coverage"):
            issues.warning("raster-layer", "Layers of pictures or grids in a GeoPackage are not read.", [str(name)])
        elif str(name).lower() not in shapes:
            issues.info("no-geometry-layer", "Tables without geometry are not shown.", [str(name)])
        elif kind == "view" or sql.lstrip().upper().startswith("CREATE VIRTUAL"):
            text = "Layers that are queries stored in the file (views) are not run. Save each as a table to see it."
            issues.warning("stored-query", text, [str(name)])
        elif kind == "table":
            names.append(str(name))
            if shapes[str(name).lower()] in _CURVES:
                issues.info("curves", "Curves are drawn as short straight lines.", [str(name)])
    if len(names) > MAX_LAYERS:
        issues.error("too-many-layers", f"Only the first {MAX_LAYERS} layers are read.", count=len(names) - MAX_LAYERS)
    return names[:MAX_LAYERS]


def _layer(path: Path, name: str | None, driver: str, opening: dict[str, str], issues: IssueLog) -> LayerRead:
    import pyogrio

    info = pyogrio.read_info(path, layer=name, **opening)
    if info["driver"] != driver:
        raise LoadError(
            path,
            f"it is not what its first bytes say ({str(info['driver'])[:40]} instead of {driver}).",
            remedy="Export it again.",
            kind="wrong-format",
        )
    kinds = dict(zip(info["fields"], zip(info["ogr_types"], info["ogr_subtypes"], strict=True), strict=True))
    wanted = [field for field, (kind, _) in kinds.items() if kind != "OFTBinary"]
    if len(wanted) < len(kinds):
        left = [str(field) for field in kinds if field not in wanted]
        issues.info("binary-attributes", "Attributes of binary data are left out.", left)
    given: dict[str, Any] = {**opening, "layer": name, "columns": wanted}
    given |= {"return_fids": True, "datetime_as_string": True}
    try:
        meta, fids, wkb, fields = pyogrio.raw.read(path, **given)
    except UnicodeDecodeError:
        issues.warning("encoding", "Texts are not in the encoding that the file names: they were read as Latin-1.")
        meta, fids, wkb, fields = pyogrio.raw.read(path, encoding="ISO-8859-1", **given)
    if wkb is None:
        wkb = np.full(len(fids), None, object)
    attributes = {
        str(n): _values(v, kinds[n][0], kinds[n][1], issues) for n, v in zip(meta["fields"], fields, strict=True)
    }
    crs = meta["crs"]
    return LayerRead(str(name or info["layer_name"] or path.stem), crs, wkb, fids.tolist(), attributes)


def _values(values: npt.NDArray[Any], kind: str, subtype: str, issues: IssueLog) -> list[Any]:
    """A field's values as Python objects; None = missing."""
    if values.dtype.kind == "f":
        known = np.isfinite(values)
        infinite = int(np.count_nonzero(np.isinf(values)))
        if infinite:
            issues.warning("infinite-value", "Attributes that are infinite were left out.", count=infinite)
        whole = kind in ("OFTInteger", "OFTInteger64") and bool(np.all(np.abs(values[known]) < 2**53))
        found = values.astype(object)
        if whole:
            found[known] = values[known].astype(np.int64).astype(object)
            if subtype == "OFSTBoolean":
                found[known] = values[known].astype(bool).astype(object)
        found[~known] = None
        return list(found)
    if values.dtype.kind == "M":
        return [None if np.isnat(value) else str(value) for value in values]
    return [_plain(value, subtype) for value in values.tolist()]


def _plain(value: Any, subtype: str) -> Any:
    if isinstance(value, str) and subtype == "OFSTJSON":
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, bytes):
        return None
    return value if value is None or isinstance(value, str | int | float | bool | list | dict) else str(value)


def _note(heard: list[warnings.WarningMessage], path: Path, issues: IssueLog) -> None:
    """What GDAL warned of, as issues."""
    for warning in heard:
        text = _gdal.one_line(Warning(str(warning.message)), path)
        if "easured" in text:
            issues.info("measures", "Measures along lines (M) are left out.")
        elif issubclass(warning.category, RuntimeWarning | UserWarning):
            issues.warning("reader-warning", f"While reading: {text}.")
