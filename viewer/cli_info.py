"""``citiverse info``: the load report of files, for people and as JSON."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loaders.api import LoadError
from viewer.cli_common import DONE, UNREADABLE, complain, emit, expand_paths, is_project, load_file, plain
from viewer.cli_scenarios import describe_scenario, scenario_lines

if TYPE_CHECKING:
    from loaders.city import CityData
    from loaders.worker import LoadedFile

SHOWN_ATTRIBUTES = 40
SHOWN_IDS = 5


def run(options: argparse.Namespace) -> int:
    """Report every path; 3 if nothing could be read."""
    files, refused = expand_paths(options.paths)
    read = 0
    layers, broken = _with_project_layers(files)
    for error in (*refused, *broken):
        complain(error)
    for path in layers:
        try:
            loaded = load_file(path, cached=False)
        except LoadError as error:
            complain(error)
            if options.debug:
                raise
            continue
        read += 1
        report = describe(str(path), loaded)
        emit(json.dumps(report, ensure_ascii=False) if options.json else as_text(report))
    return DONE if read else UNREADABLE


def _with_project_layers(files: list[Path]) -> tuple[list[Path], list[LoadError]]:
    """Project files replaced by the files of their layers; and the projects that cannot be read."""
    found: list[Path] = []
    broken: list[LoadError] = []
    for path in files:
        if not is_project(path):
            found.append(path)
            continue
        from viewer.document.project import load_project

        try:
            state = load_project(path).state
            found += [Path(layer.path) for layer in state.layers]
            found += [Path(scenario.path) for scenario in state.scenarios]
        except LoadError as error:
            broken.append(error)
    return found, broken


def describe(path: str, loaded: LoadedFile) -> dict[str, Any]:
    """The report of one file: the object that ``--json`` prints."""
    result = loaded.result
    city = result.value
    scenario = {} if result.scenario is None else {"scenario": describe_scenario(result.scenario)}
    return {
        "path": path,
        "format": result.format,
        "version": result.version,
        "crs": city.crs.name,
        "bbox": None if city.bbox is None else [float(value) for value in city.bbox],
        "objects": {"total": len(city.objects), "drawable": city.drawable, "by_type": _by_type(city)},
        "lods": {
            lod: {
                "objects": int(np.count_nonzero(mesh.drawn)),
                "triangles": int(mesh.triangle_count),
                "area_m2": round(float(mesh.area_m2), 3),
            }
            for lod, mesh in city.lods.items()
        },
        "textures": len(city.textures),
        "materials": len(city.materials),
        "attributes": {
            name: {"type": column.kind, "count": column.count} for name, column in city.objects.columns.items()
        },
        "layers": _layers(city),
        "issues": [
            {
                "severity": str(issue.severity),
                "kind": issue.kind,
                "count": issue.count,
                "message": issue.message,
                "objects": list(issue.objects),
            }
            for issue in result.issues
        ],
        **scenario,
        "seconds": round(loaded.seconds, 3),
        "peak_memory_mib": round(loaded.peak_memory_mib, 1),
    }


def _layers(city: CityData) -> list[dict[str, Any]]:
    """What a raster or vector file held besides city objects."""
    from loaders.layers import RasterData

    source = city.source
    if source is None:
        return []
    if isinstance(source, RasterData):
        rows, columns = source.shape
        bands = [
            {"name": band.name, "unit": band.unit, "min": _finite(band.low), "max": _finite(band.high)}
            for band in source.bands
        ]
        cells = source.values[0]
        return [
            {
                "type": "raster",
                "name": source.name,
                "kind": source.kind,
                "crs": source.crs.name,
                "vertical": source.vertical,
                "size": [columns, rows],
                "bands": bands,
                "nodata": int(cells.size - np.count_nonzero(np.isfinite(cells))),
            }
        ]
    return [
        {
            "type": "vector",
            "name": layer.name,
            "features": layer.features,
            "geometry_types": list(layer.geometry_types),
            "crs": layer.crs.name,
            "has_z": layer.has_z,
        }
        for layer in source.layers
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _by_type(city: CityData) -> dict[str, int]:
    counts = np.bincount(np.asarray(city.objects.type_codes, np.int64), minlength=len(city.objects.type_names))
    pairs = [(name, int(count)) for name, count in zip(city.objects.type_names, counts, strict=False) if count]
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def as_text(report: dict[str, Any]) -> str:
    """The same report for people."""
    objects = report["objects"]
    types = ", ".join(f"{plain(name)} {count:,}" for name, count in objects["by_type"].items())
    lines = [
        plain(report["path"]),
        f"  Format      {plain(report['format'])} {plain(report['version'])}".rstrip(),
        f"  CRS         {plain(report['crs'] or 'unknown')}",
        f"  Extent      {_extent(report['bbox'])}",
        f"  Objects     {objects['total']:,}, of which {objects['drawable']:,} can be drawn"
        + (f": {types}" if types else ""),
    ]
    for lod, level in report["lods"].items():
        name = f"LoD {plain(lod)}" if lod else "no LoD"
        area = f"{level['area_m2']:,.1f} m\u00b2"
        lines.append(f"  {name:<12}{level['objects']:,} objects, {level['triangles']:,} triangles, {area}")
    if report["textures"] or report["materials"]:
        lines.append(f"  Appearance  {report['textures']:,} textures, {report['materials']:,} materials")
    lines += [_layer_line(layer) for layer in report["layers"]]
    lines += scenario_lines(report["scenario"]) if "scenario" in report else []
    lines += _attribute_lines(report["attributes"])
    lines += [line for issue in report["issues"] for line in _issue_lines(issue)] or ["  Issues      none"]
    lines.append(f"  Read in     {report['seconds']:.2f} s, {report['peak_memory_mib']:.0f} MiB")
    return "\n".join(lines)


def _layer_line(layer: dict[str, Any]) -> str:
    if layer["type"] == "raster":
        columns, rows = layer["size"]
        first = layer["bands"][0]
        span = "" if first["min"] is None else f", {first['min']:g} to {first['max']:g} {plain(first['unit'])}".rstrip()
        count = len(layer["bands"])
        bands = f"{count} band{'s' * (count != 1)}"
        return f"  Raster      {columns:,} x {rows:,} cells, {bands}{span}, {layer['nodata']:,} without a value"
    kinds = ", ".join(plain(name) for name in layer["geometry_types"]) or "no geometry"
    return f"  Layer       {plain(layer['name'])}: {layer['features']:,} features, {kinds}"


def _extent(bbox: list[float] | None) -> str:
    if bbox is None:
        return "nothing can be drawn"
    low, high = bbox[:3], bbox[3:]
    spans = " x ".join(f"{b - a:,.2f}" for a, b in zip(low, high, strict=True))
    return f"{' '.join(f'{v:.3f}' for v in low)} to {' '.join(f'{v:.3f}' for v in high)} ({spans})"


def _attribute_lines(attributes: dict[str, dict[str, Any]]) -> list[str]:
    lines = []
    for number, (name, column) in enumerate(attributes.items()):
        label = "Attributes" if number == 0 else ""
        if number == SHOWN_ATTRIBUTES:
            lines.append(f"  {label:<12}and {len(attributes) - SHOWN_ATTRIBUTES:,} more (--json lists all)")
            break
        lines.append(f"  {label:<12}{plain(name)} ({column['type']}, {column['count']:,})")
    return lines


def _issue_lines(issue: dict[str, Any]) -> list[str]:
    count = f" ({issue['count']:,} times)" if issue["count"] > 1 else ""
    lines = [f"  {issue['severity'].capitalize():<12}{plain(issue['message'])}{count} [{issue['kind']}]"]
    if issue["objects"]:
        more = " ..." if issue["count"] > SHOWN_IDS and len(issue["objects"]) > SHOWN_IDS else ""
        lines.append(f"              {', '.join(plain(name) for name in issue['objects'][:SHOWN_IDS])}{more}")
    return lines
