"""``citiverse info``: the load report of files, for people and as JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loaders.api import LoadError
from viewer.cli_common import DONE, UNREADABLE, complain, emit, expand_paths, is_project, load_file, plain

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
            found += [Path(layer.path) for layer in load_project(path).state.layers]
        except LoadError as error:
            broken.append(error)
    return found, broken


def describe(path: str, loaded: LoadedFile) -> dict[str, Any]:
    """The report of one file: the object that ``--json`` prints."""
    result = loaded.result
    city = result.value
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
        "layers": [],
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
        "seconds": round(loaded.seconds, 3),
        "peak_memory_mib": round(loaded.peak_memory_mib, 1),
    }


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
        f"  Format      {plain(report['format'])} {plain(report['version'])}",
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
    lines += _attribute_lines(report["attributes"])
    lines += [line for issue in report["issues"] for line in _issue_lines(issue)] or ["  Issues      none"]
    lines.append(f"  Read in     {report['seconds']:.2f} s, {report['peak_memory_mib']:.0f} MiB")
    return "\n".join(lines)


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
