"""NoiseModelling: receivers with levels per period or band, and isosurfaces of noise classes (GeoJSON, Shapefile).

``ISOLVL`` of an isosurface is the index of a class; which levels it stands for depends on thresholds that the file does
not hold: they are asked for.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from loaders.api import LoadOptions, NoProgress
from loaders.scenario.importers.kit import Draft, ImporterSpec, Json, classes

_LEVELS = {"laeq": "LAeq", "leq": "Leq", "lden": "Lden", "ld": "Day", "le": "Evening", "ln": "Night", "lday": "Day",
           "levening": "Evening", "lnight": "Night"}  # fmt: skip
_PERIODS = {"D": "Day", "E": "Evening", "N": "Night", "DEN": "Lden"}
_IDS = ("idreceiver", "pk_receiver", "pk", "id", "gid", "rid")
_BUILDING = ("build_pk", "pk_building", "building_pk", "id_build")


def sniff(paths: tuple[Path, ...], heads: tuple[bytes, ...]) -> int:
    """Vector files whose attributes are those of NoiseModelling."""
    if len(paths) != 1:
        return 0
    text = heads[0].decode("latin-1").lower()
    if paths[0].suffix.lower() == ".shp":
        dbf = paths[0].with_suffix(".dbf")
        text = dbf.read_bytes()[:2048].decode("latin-1").lower() if dbf.is_file() else ""
    marks = ("isolvl", "idreceiver", "pk_receiver", '"laeq"', '"lden"', "hz63", "hz1000")
    return 90 if any(mark in text for mark in marks) else 0


SPEC = ImporterSpec("noisemodelling", "NoiseModelling receivers and isosurfaces", sniff,
                    "loaders.scenario.importers.noisemodelling:run")  # fmt: skip


def run(draft: Draft) -> None:
    """Points become receivers with one step per period; polygons with ISOLVL become classes."""
    draft.tool = draft.tool or "NoiseModelling"
    path = draft.inputs[0]
    crs, shapes, columns = read_features(draft, path)
    draft.crs = draft.crs or draft.ask_crs(crs)
    lower = {name.lower(): name for name in columns}
    if "isolvl" in lower:
        _isosurfaces(draft, path, shapes, columns, lower)
    else:
        _receivers(draft, path, shapes, columns, lower)


def read_features(draft: Draft, path: Path) -> tuple[str, list[Any], dict[str, list[Any]]]:
    """CRS as an EPSG code ("" = none told), geometries and columns of a GeoJSON or Shapefile; its driver is forced."""
    from loaders._vector_read import read
    from loaders.vector import driver_of

    with path.open("rb") as file:
        driver = driver_of(file.read(4096), path)
    if driver not in ("ESRI Shapefile", "GeoJSON"):
        raise draft.refuse(path, "its content is neither GeoJSON nor a shapefile.", "Export it again as GeoJSON.")
    layer = read(path, driver, LoadOptions(), NoProgress()).layers[0]
    shapes = shapely.from_wkb(layer.wkb, on_invalid="ignore")
    if shapely.is_missing(shapes).any() or shapely.is_empty(shapes).any():
        number = int(np.argmax(shapely.is_missing(shapes) | shapely.is_empty(shapes))) + 1
        raise draft.refuse(
            path, "a feature has no geometry that can be read.", "Export it again.", f"feature {number:,}"
        )
    return _code(layer.crs), list(shapes), {str(k): list(v) for k, v in layer.attributes.items()}


def _code(crs: str | None) -> str:
    import pyproj

    try:
        code = pyproj.CRS.from_user_input(crs).to_epsg() if crs else None
    except pyproj.exceptions.CRSError:
        code = None
    return f"EPSG:{code}" if code else ""


def _receivers(
    draft: Draft, path: Path, shapes: list[Any], columns: dict[str, list[Any]], lower: dict[str, str]
) -> None:
    found = {name: title for name, title in _LEVELS.items() if name in lower}
    if not found:
        told = ", ".join(list(columns)[:12])
        raise draft.refuse(path, "it has no column of levels (laeq, lden, lday, ...).", f"Its columns: {told}.")
    draft.settle()
    keys = [lower[name] for name in _IDS if name in lower]
    ids = [str(value) for value in columns[keys[0]]] if keys else [str(k) for k in range(len(shapes))]
    owner = next((lower[name] for name in _BUILDING if name in lower), None)
    points = [shape.centroid if shape.geom_type != "Point" else shape for shape in shapes]
    table: dict[str, list[Any]] = {"id": ids, "x": [p.x for p in points], "y": [p.y for p in points],
                                   "z": [p.z if p.has_z else "" for p in points]}  # fmt: skip
    if owner:
        table["building"] = columns[owner]
    period = lower.get("period")
    names = sorted({str(v) for v in columns[period]}) if period else []
    table |= {name: columns[lower[name]] for name in found}
    if period:
        table["period"] = [_PERIODS.get(str(v), str(v)) for v in columns[period]]
    write_csv(draft.data("receivers.csv"), table)
    base: Json = {"file": "data/receivers.csv", "id": "id", "x": "x", "y": "y", "z": "z"}
    if owner:
        base["owner"] = "building"
    shared = {"binding": "points", "unit": "dB[SPL]", "unit_label": "dB(A)", "good": "low", "palette": "noise",
              "quantity": "sound pressure level"}  # fmt: skip
    for name, title in found.items():
        raw: Json = {"id": name, "title": title, **shared, "data": base | {"value": name}}
        if period:
            raw["time"] = {"kind": "periods", "names": [_PERIODS.get(n, n) for n in names]}
            raw["data"]["time"] = "period"
        draft.add(raw)


def _isosurfaces(
    draft: Draft, path: Path, shapes: list[Any], columns: dict[str, list[Any]], lower: dict[str, str]
) -> None:
    levels = [int(v) for v in columns[lower["isolvl"]]]
    breaks = draft.ask_breaks(
        "noise", f"ISOLVL runs from {min(levels)} to {max(levels)}: at which levels in dB(A) do its classes change?",
        "35, 40, 45, 50, 55, 60, 65, 70, 75, 80",
    )  # fmt: skip
    source = draft.ask("breaks-source", "Where do these class limits come from?", "Directive 2002/49/EC")
    if breaks and len(breaks) < max(levels):
        draft.ask("breaks.noise-count", f"There are {len(breaks)} limits for class index {max(levels)}: give at least"
                  f" {max(levels)}.")  # fmt: skip
    draft.settle()
    middles = [breaks[0] - 2.5, *[(a + b) / 2 for a, b in pairwise(breaks)], breaks[-1] + 2.5]
    features = [
        {"type": "Feature", "properties": {"id": str(k), "level": middles[min(max(level, 0), len(breaks))]},
         "geometry": json.loads(shapely.to_geojson(shape))}
        for k, (shape, level) in enumerate(zip(shapes, levels, strict=True))
    ]  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": features})
    draft.data("isosurfaces.geojson").write_text(text, "utf-8")
    draft.note("Areas show the middle of their class: the file holds no level within it.")
    draft.add({
        "id": "noise", "title": "Noise", "binding": "polygon", "unit": "dB[SPL]", "unit_label": "dB(A)", "good": "low",
        "palette": "noise", "quantity": "sound pressure level", "classes": classes(breaks, source),
        "data": {"file": "data/isosurfaces.geojson", "crs": draft.crs, "id": "id", "value": "level"},
    })  # fmt: skip


def write_csv(path: Path, columns: dict[str, list[Any]]) -> None:
    """A CSV file."""
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
