"""A `Manifest` as the JSON values of ``scenario.json``: the inverse of `loaders.scenario.manifest_read`."""

from __future__ import annotations

from typing import Any

from loaders.scenario import model
from loaders.scenario.jsontext import Raw
from loaders.scenario.sources import DataSpec, Part, TimeSpec
from loaders.scenario.units import unit_label


def to_raw(manifest: model.Manifest) -> Raw:
    """JSON values; members that say nothing are left out."""
    base = [_base(item) for item in manifest.base]
    raw = {
        "type": "CitiverseScenario",
        "version": manifest.version,
        "viewer": manifest.viewer,
        "id": manifest.id,
        "title": _texts(manifest.title),
        "summary": _texts(manifest.summary),
        "story": _texts(manifest.story),
        "fictional": manifest.fictional or None,
        "crs": manifest.crs.name,
        "vertical_datum": manifest.vertical_datum,
        "baseline": manifest.baseline,
    }
    declared = manifest.declared
    return _full(raw) | {
        "base": base[0] if len(base) == 1 else base,
        "variables": [variable_raw(item) for item in manifest.variables],
        **(
            {"disaggregations": [_table(item) for item in manifest.disaggregations]} if manifest.disaggregations else {}
        ),
        "provenance": _provenance(manifest.provenance),
        **({"views": list(manifest.views)} if manifest.views else {}),
        "declared": {
            "bytes": declared.bytes,
            "steps": declared.steps,
            "cells": declared.cells,
            "triangles": declared.triangles,
        },
        "files": [{"path": item.path, "size": item.size, "sha256": item.sha256} for item in manifest.files],
    }


def _full(raw: Raw) -> Raw:
    """Without members that are None, "" or empty."""
    return {name: value for name, value in raw.items() if value is not None and value not in ("", [], {})}


def _texts(texts: model.Texts) -> Any:
    if not texts:
        return None
    if len(texts) == 1 and not texts[0][0]:
        return texts[0][1]
    return {language or "und": text for language, text in texts}


def variable_raw(item: model.Variable) -> Raw:
    """One variable."""
    return _full(
        {
            "id": item.id,
            "title": _texts(item.title),
            "binding": item.binding,
            "unit": item.unit,
            "unit_label": item.unit_label if item.unit_label != unit_label(item.unit) else "",
            "standard_name": item.standard_name,
            "quantity": item.quantity,
            "cell_methods": item.cell_methods,
            "height_above_ground": item.height_above_ground,
            "classes": _classes(item.classes),
            "palette": item.palette,
            "range": None if item.range is None else list(item.range),
            "good": item.good,
            "zero_is_none": item.zero_is_none or None,
            "uncertainty": _uncertainty(item.uncertainty),
            "note": _texts(item.note),
            "resampling": item.resampling,
            "time": time_raw(item.time),
        }
    ) | {"data": data_raw(item.data)}


def _classes(classes: model.Classes | None) -> Raw | None:
    if classes is None:
        return None
    labels = [_texts(label) for label in classes.labels]
    return _full({"breaks": list(classes.breaks), "labels": labels, "source": classes.source})


def _uncertainty(item: model.Uncertainty) -> Raw:
    return _full(
        {
            "kind": item.kind,
            "reason": _texts(item.reason),
            "level": item.level,
            "members": item.members or None,
            "threshold": item.threshold,
            "return_period": item.return_period,
        }
    )


def time_raw(spec: TimeSpec) -> Raw | None:
    """The steps; None where there is one without a date."""
    if spec.kind == "static":
        return None
    return _full(
        {
            "kind": spec.kind,
            "moments": list(spec.moments),
            "ends": list(spec.ends),
            "start": spec.start,
            "step": spec.step,
            "count": spec.count,
            "names": list(spec.names),
            "zone": spec.zone if spec.zone != "UTC" else "",
            "calendar": spec.calendar if spec.calendar != "standard" else "",
            "from_data": spec.from_data or None,
        }
    )


_PLAIN = (
    *("layer", "crs", "id", "surface", "owner", "time", "member", "x", "y", "z", "nx", "ny", "nz", "mover", "mesh"),
    *("geometry", "geometry_layer", "geometry_id"),
)


def data_raw(spec: DataSpec) -> Raw:
    """Where the numbers lie."""
    return _full(
        {
            **_files(spec.files),
            **{name: getattr(spec, name) for name in _PLAIN},
            "separator": spec.separator if spec.separator != "," else "",
            "decimal": spec.decimal if spec.decimal != "." else "",
            **{name: part_raw(getattr(spec, name)) for name in ("value", "level", "low", "high", "sd")},
            "members": [part_raw(item) for item in spec.members],
            "quantiles": {format(key, ".6f").rstrip("0").rstrip("."): part_raw(item) for key, item in spec.quantiles},
            "nodata": _numbers(spec.nodata),
            "not_modelled": _numbers(spec.not_modelled),
            "not_modelled_text": spec.not_modelled_text,
            "changes": spec.changes,
            "added": spec.added,
            "origin": list(spec.origin),
            "extra": list(spec.extra),
        }
    )


def part_raw(part: Part | None) -> Any:
    """One array's place, in its shortest form."""
    if part is None:
        return None
    if not part.files and not part.bands:
        return part.names[0] if len(part.names) == 1 else list(part.names)
    names = {"name": part.names[0]} if len(part.names) == 1 else {"names": list(part.names)}
    return _full({**_files(part.files), **names, "bands": list(part.bands)})


def _files(files: tuple[str, ...]) -> Raw:
    return {"file": files[0]} if len(files) == 1 else {"files": list(files)}


def _numbers(values: tuple[float, ...]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def _base(item: model.BaseModel) -> Raw:
    return _full(
        {
            "identifier": item.identifier,
            "file": item.file,
            "sha256": item.sha256,
            "accuracy_m": item.accuracy_m,
            "accuracy_note": _texts(item.accuracy_note),
        }
    )


def _provenance(item: model.Provenance) -> Raw:
    inputs = [
        _full({"title": i.title, "file": i.file, "sha256": i.sha256, "licence": i.licence, "date": i.date})
        for i in item.inputs
    ]
    told = {
        "publisher": item.publisher,
        "contact": item.contact,
        "tool": item.tool,
        "tool_version": item.tool_version,
        "date": item.date,
        "parameters": dict(item.parameters),
        "review": _texts(item.review),
        "ai": _texts(item.ai),
        "limitations": _texts(item.limitations),
        "licence": item.licence,
    }
    return _full(told) | {"inputs": inputs}


def _table(item: model.Disaggregation) -> Raw:
    dimensions = item.dimensions or ("",) * len(item.groups)
    groups = [
        {"name": name, "dimension": dimension} if dimension else name
        for name, dimension in zip(item.groups, dimensions, strict=True)
    ]
    kinds = item.kinds or ("count",) * len(item.indicators)
    indicators = [
        {"name": name, "unit": unit, "kind": kind} for (name, unit), kind in zip(item.indicators, kinds, strict=True)
    ]
    raw: Raw = {
        "title": _texts(item.title),
        "year": item.year,
        "groups": groups,
        "zones": list(item.zones),
        "indicators": indicators,
        "suppress_below": item.suppress_below,
        "total_zone": item.total_zone,
        "total_group": item.total_group,
        "within": dict(item.within),
        "file": item.file,
    }
    raw = _full(raw) | {"not_covered": list(item.not_covered)}
    return raw if item.file else raw | {"rows": [_row(row) for row in item.rows]}


def _row(row: model.TableRow) -> Raw:
    named = {"zone": row.zone, "group": row.group, "indicator": row.indicator, "value": row.value}
    return named | _full({"denominator": row.denominator, "low": row.low, "high": row.high, "note": row.note})
