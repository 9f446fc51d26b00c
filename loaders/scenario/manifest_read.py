"""The members of ``scenario.json``, checked before, as values of `loaders.scenario.model`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from loaders.city import CrsInfo
from loaders.scenario import model
from loaders.scenario.jsontext import Raw
from loaders.scenario.sources import DataSpec, Part, TimeSpec
from loaders.scenario.times import parse_step
from loaders.scenario.units import unit_label


def manifest(raw: Raw, digest: str) -> model.Manifest:
    """The whole file."""
    base = raw["base"]
    declared = raw["declared"]
    return model.Manifest(
        id=raw["id"],
        title=texts(raw["title"]),
        crs=CrsInfo(raw["crs"], raw["crs"]),
        variables=tuple(variable(item) for item in raw["variables"]),
        summary=texts(raw.get("summary")),
        story=texts(raw.get("story")),
        vertical_datum=raw.get("vertical_datum", ""),
        base=tuple(_base(item) for item in (base if isinstance(base, list) else [base])),
        baseline=raw.get("baseline"),
        provenance=_provenance(raw["provenance"]),
        disaggregations=tuple(disaggregation(item) for item in raw.get("disaggregations", ())),
        views=tuple(raw.get("views", ())),
        declared=model.Declared(declared["bytes"], declared["steps"], declared["cells"], declared.get("triangles", 0)),
        files=tuple(model.PackageFile(item["path"], item["size"], item["sha256"]) for item in raw["files"]),
        fictional=raw.get("fictional", False),
        viewer=raw.get("viewer", ""),
        version=raw["version"],
        digest=digest,
    )


def texts(raw: Any) -> model.Texts:
    """A text, or texts by language."""
    if raw is None:
        return ()
    return (("", raw),) if isinstance(raw, str) else tuple(raw.items())


def variable(raw: Raw) -> model.Variable:
    """One variable."""
    unit = raw.get("unit", "")
    span = raw.get("range")
    return model.Variable(
        id=raw["id"],
        title=texts(raw["title"]),
        binding=raw["binding"],
        unit=unit,
        unit_label=raw.get("unit_label", unit_label(unit)),
        standard_name=raw.get("standard_name", ""),
        quantity=raw.get("quantity", ""),
        cell_methods=raw.get("cell_methods", ""),
        height_above_ground=_number(raw.get("height_above_ground")),
        classes=_classes(raw.get("classes")),
        palette=raw.get("palette"),
        range=None if span is None else (float(span[0]), float(span[1])),
        good=raw.get("good", "none"),
        zero_is_none=raw.get("zero_is_none", False),
        uncertainty=_uncertainty(raw.get("uncertainty"), raw["data"].get("quantiles", ())),
        note=texts(raw.get("note")),
        time=time(raw.get("time")),
        data=data(raw["data"]),
        resampling=raw.get("resampling", ""),
    )


def _number(raw: Any) -> float | None:
    return None if raw is None else float(raw)


def _classes(raw: Raw | None) -> model.Classes | None:
    if raw is None:
        return None
    breaks = tuple(float(value) for value in raw["breaks"])
    return model.Classes(breaks, tuple(texts(label) for label in raw.get("labels", ())), raw["source"])


def _uncertainty(raw: Raw | None, quantiles: Iterable[str]) -> model.Uncertainty:
    """How sure the values are; the share between quantiles is what their probabilities tell, unless it is told."""
    if raw is None:
        return model.Uncertainty("not_quantified")
    shares = [float(key) for key in quantiles]
    between = round(max(shares) - min(shares), 6) if raw["kind"] == "quantiles" and len(shares) > 1 else 0.9
    return model.Uncertainty(
        raw["kind"],
        texts(raw.get("reason")),
        float(raw.get("level", between)),
        raw.get("members", 0),
        _number(raw.get("threshold")),
        _number(raw.get("return_period")),
    )


def time(raw: Any) -> TimeSpec:
    """The steps of a variable."""
    if raw is None or raw == "static":
        return TimeSpec()
    step = raw.get("step")
    return TimeSpec(
        kind=raw["kind"],
        moments=tuple(raw.get("moments", ())),
        ends=tuple(raw.get("ends", ())),
        start=raw.get("start", ""),
        step=parse_step(step) if isinstance(step, str) else _number(step),
        count=raw.get("count"),
        names=tuple(raw.get("names", ())),
        zone=raw.get("zone", "UTC"),
        calendar=raw.get("calendar", "standard"),
        from_data=raw.get("from_data", False),
    )


_PLAIN = (
    *("layer", "crs", "separator", "decimal", "id", "surface", "owner", "time", "member", "x", "y", "z"),
    *("nx", "ny", "nz", "mover", "mesh", "geometry", "geometry_layer", "geometry_id"),
    *("not_modelled_text", "changes", "added"),
)


def data(raw: Raw) -> DataSpec:
    """Where a variable's numbers lie."""
    parts: dict[str, Any] = {name: part(raw[name]) for name in ("value", "level", "low", "high", "sd") if name in raw}
    quantiles = sorted((float(key), part(value)) for key, value in raw.get("quantiles", {}).items())
    return DataSpec(
        files=_files(raw),
        **{name: raw[name] for name in _PLAIN if name in raw},
        **parts,
        members=tuple(part(item) for item in raw.get("members", ())),
        quantiles=tuple(quantiles),
        nodata=_numbers(raw.get("nodata")),
        not_modelled=_numbers(raw.get("not_modelled")),
        origin=_numbers(raw.get("origin")),
        extra=tuple(raw.get("extra", ())),
    )


def part(raw: Any) -> Part:
    """One array's place."""
    if isinstance(raw, str):
        return Part(names=(raw,))
    if isinstance(raw, list):
        return Part(names=tuple(raw))
    names = (raw["name"],) if "name" in raw else tuple(raw.get("names", ()))
    return Part(_files(raw), names, tuple(raw.get("bands", ())))


def _files(raw: Raw) -> tuple[str, ...]:
    return (raw["file"],) if "file" in raw else tuple(raw.get("files", ()))


def _numbers(raw: Any) -> tuple[float, ...]:
    if raw is None:
        return ()
    return tuple(float(value) for value in (raw if isinstance(raw, list) else [raw]))


def _base(raw: Raw) -> model.BaseModel:
    return model.BaseModel(
        raw["identifier"],
        raw.get("sha256", ""),
        raw.get("file", ""),
        _number(raw.get("accuracy_m")),
        texts(raw.get("accuracy_note")),
    )


def _provenance(raw: Raw) -> model.Provenance:
    inputs = tuple(
        model.Source(
            item["title"], item.get("sha256", ""), item.get("licence", ""), item.get("date", ""), item.get("file", "")
        )
        for item in raw["inputs"]
    )
    parameters = tuple((name, _parameter(value)) for name, value in raw.get("parameters", {}).items())
    return model.Provenance(
        publisher=raw["publisher"],
        contact=raw.get("contact", ""),
        tool=raw["tool"],
        tool_version=raw.get("tool_version", ""),
        date=raw["date"],
        inputs=inputs,
        parameters=parameters,
        review=texts(raw["review"]),
        ai=texts(raw["ai"]),
        limitations=texts(raw["limitations"]),
        licence=raw["licence"],
    )


def _parameter(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def disaggregation(raw: Raw) -> model.Disaggregation:
    """A table as it is written, nothing hidden yet (see `loaders.scenario.suppress`)."""
    groups = [item if isinstance(item, dict) else {"name": item} for item in raw["groups"]]
    return model.Disaggregation(
        title=texts(raw["title"]),
        groups=tuple(item["name"] for item in groups),
        zones=tuple(raw["zones"]),
        indicators=tuple((item["name"], item["unit"]) for item in raw["indicators"]),
        rows=tuple(table_row(item) for item in raw.get("rows", ())),
        year=raw["year"],
        suppress_below=raw.get("suppress_below", 10),
        not_covered=tuple(raw["not_covered"]),
        dimensions=tuple(item.get("dimension", "") for item in groups),
        kinds=tuple(item["kind"] for item in raw["indicators"]),
        total_zone=raw.get("total_zone", ""),
        total_group=raw.get("total_group", ""),
        file=raw.get("file", ""),
        within=tuple(sorted(raw.get("within", {}).items())),
    )


def table_row(raw: Raw) -> model.TableRow:
    """One cell."""
    return model.TableRow(
        raw["zone"],
        raw["group"],
        raw["indicator"],
        _number(raw["value"]),
        _number(raw.get("denominator")),
        _number(raw.get("low")),
        _number(raw.get("high")),
        raw.get("note", ""),
    )
