"""The published schema, and manifests there and back."""

from __future__ import annotations

import copy
import dataclasses
import json
import typing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from loaders.api import LoadError
from loaders.city import CrsInfo
from loaders.scenario import model
from loaders.scenario.jsontext import BadJson, parse_json
from loaders.scenario.manifest import digest_of, layout, parse_manifest, problems, to_raw, write_manifest
from loaders.scenario.schema import schema_path
from loaders.scenario.sources import DataSpec, Part, TimeSpec
from loaders.scenario.times import axis_of, parse_moment, parse_step
from loaders.scenario.units import unit_label, unit_problem

BOTH = (("en", "Depth"), ("nl", "Diepte"))
HASH = "0" * 64


def full_manifest() -> model.Manifest:
    """A manifest in which no field has its default value."""
    parts = [Part(("a.nc",), (f"n{k}",), ()) for k in range(4)]
    data = DataSpec(
        files=("a.nc",), layer="lay", crs="EPSG:28992", separator=";", decimal=",", id="id", surface="s", owner="o",
        time="t", member="m", x="x", y="y", z="z", nx="nx", ny="ny", nz="nz", mover="k", mesh="mesh",
        geometry="g.geojson", geometry_layer="gl", geometry_id="gid", value=Part(("a.nc",), ("v",), ()),
        level=Part((), (), (1, 2)), low=parts[0], high=parts[1], sd=parts[2], members=(parts[0], parts[3]),
        quantiles=((0.05, parts[0]), (0.5, Part((), ("q",), ())), (0.95, parts[1])), nodata=(-9999.0, -99.0),
        not_modelled=(-1.0,), not_modelled_text="outside", changes="c.json", added="n.glb", extra=("e.dbf",),
        origin=(1.0, 2.0, 3.0),
    )  # fmt: skip
    time = TimeSpec(
        "instants", ("2030-01-01T00:00", "2030-01-01T01:00"), zone="Europe/Amsterdam", calendar="proleptic_gregorian"
    )
    sure = model.Uncertainty("return_period", BOTH, 0.8, 12, 0.5, 100.0)
    variable = model.Variable(
        "depth", BOTH, "raster", "m", "metre", "flood_water_thickness", "depth", 1.5,
        model.Classes((0.1, 0.5), (BOTH, BOTH, (("", "deep"),)), "Guideline"), "Blues", (0.0, 4.0), "low", True,
        sure, BOTH, "time: maximum", time, data, "bilinear",
    )  # fmt: skip
    table = model.Disaggregation(
        BOTH, ("women", "men", "all"), ("z1", "z2"), (("affected", "{persons}"), ("share", "%")),
        (model.TableRow("z1", "women", "affected", 12.0, 40.0, 10.0, 14.0, "n"),), "2029", 11, ("homeless",),
        ("sex", "sex", ""), ("count", "share"), "z2", "all", within=(("z1", "z2"),),
    )  # fmt: skip
    provenance = model.Provenance(
        "Town", "a@b", "SFINCS", "2.4", "2030-01-01", (model.Source("DEM", HASH, "CC0", "2029-01-01", "dem.tif"),),
        (("manning", "0.03"),), BOTH, BOTH, BOTH, "CC-BY-4.0",
    )  # fmt: skip
    view = {"name": "Quay", "texts": {"en": "See"}, "variable": "depth", "time": "2030-01-01T00:00"}
    names = ("a.nc", "g.geojson", "c.json", "n.glb", "e.dbf")
    return model.Manifest(
        "flood", BOTH, CrsInfo("EPSG:28992", "EPSG:28992"), (variable,), BOTH, "NAP",
        (model.BaseModel("town", HASH, "town.city.json", 0.3, BOTH),), "calm", provenance, (table,), (view,),
        model.Declared(5, 2, 12, 3), tuple(model.PackageFile(name, 1, HASH) for name in names),
        True, BOTH, "0.1", "1.2",
    )  # fmt: skip


def small() -> dict:
    return {
        "type": "CitiverseScenario", "version": "1.0", "id": "flood", "title": "Flood", "crs": "EPSG:28992",
        "base": {"identifier": "town"},
        "variables": [
            {
                "id": "v", "title": "V", "binding": "object", "unit": "m",
                "uncertainty": {"kind": "not_quantified", "reason": "One run"},
                "data": {"file": "t.csv", "id": "id", "value": "v"},
            }
        ],
        "provenance": {
            "publisher": "p", "tool": "t", "date": "2030-01-01", "inputs": [], "review": "none", "ai": "none",
            "limitations": "some", "licence": "CC0-1.0",
        },
        "declared": {"bytes": 1, "steps": 1, "cells": 4},
        "files": [{"path": "t.csv", "size": 1, "sha256": HASH}],
    }  # fmt: skip


def test_the_schema_is_a_schema():
    schema = json.loads(schema_path().read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")


def test_the_schema_knows_every_binding_and_uncertainty():
    schema = json.loads(schema_path().read_text("utf-8"))["$defs"]
    assert schema["variable"]["properties"]["binding"]["enum"] == list(typing.get_args(model.BindingKind))
    kinds = schema["uncertainty"]["properties"]["kind"]["enum"]
    assert kinds == list(typing.get_args(model.UncertaintyKind))


def changed_fields(value, path="manifest"):
    """Names of fields of dataclasses that still have their default value, at any depth."""
    for field in dataclasses.fields(value):
        own = getattr(value, field.name)
        if field.default is not dataclasses.MISSING and own == field.default:
            yield f"{path}.{field.name}"
        for number, item in enumerate(own if isinstance(own, tuple) else [own]):
            if dataclasses.is_dataclass(item):
                yield from changed_fields(item, f"{path}.{field.name}[{number}]")


def test_every_field_makes_the_round_trip(tmp_path):
    manifest = full_manifest()
    untold = {name.rpartition(".")[2] for name in changed_fields(manifest)}
    # Times told by moments have no start, step and count; a part names files or bands; rows are inline.
    assert untold <= {"digest", "ends", "start", "step", "count", "names", "from_data", "files", "bands", "file"}
    path = write_manifest(manifest, tmp_path)
    raw = json.loads(path.read_text("utf-8"))
    assert not list(Draft202012Validator(json.loads(schema_path().read_text("utf-8"))).iter_errors(raw))
    back = parse_manifest(path.read_bytes(), path)
    assert replace(back, digest="") == manifest
    assert back.digest == digest_of(raw) and len(back.short_digest) == 8


@pytest.mark.parametrize(
    "spec",
    [
        TimeSpec(),
        TimeSpec("intervals", start="2030-01-01", step=900.0, count=4),
        TimeSpec("intervals", ("2030-01-01", "2030-01-03"), ("2030-01-02", "2030-01-04")),
        TimeSpec("periods", names=("day", "evening", "night")),
        TimeSpec("instants", from_data=True, calendar="360_day"),
    ],
)
def test_every_form_of_time_makes_the_round_trip(spec):
    raw = small()
    manifest = parse_manifest(json.dumps(raw).encode(), Path("p"))
    told = replace(manifest, variables=(replace(manifest.variables[0], time=spec),))
    back = parse_manifest(layout(to_raw(told)).encode(), Path("p"))
    assert back.variables[0].time == spec


def test_the_digest_depends_on_content_not_on_layout():
    raw = small()
    other = json.loads(json.dumps(dict(reversed(raw.items())), indent=3))
    assert digest_of(raw) == digest_of(other)
    assert digest_of(raw) != digest_of(raw | {"title": "flood"})


def broken(change):
    raw = small()
    change(raw)
    return raw


CASES = [
    (lambda r: r.pop("type"), "type", "this is no scenario"),
    (lambda r: r.update(version="2.0"), "version", "format 2.0"),
    (lambda r: r.update(surprise=1), "the top", "surprise"),
    (lambda r: r["variables"][0].update(unit="dB(A)"), "variables/0/unit", "'dB[SPL]' is probably meant"),
    (lambda r: r["variables"][0].pop("uncertainty"), "variables/0", "uncertainty"),
    (lambda r: r["variables"][0]["uncertainty"].pop("reason"), "variables/0/uncertainty", "reason"),
    (lambda r: r["variables"][0]["data"].pop("id"), "variables/0/data", "'id' is missing"),
    (lambda r: r["variables"][0]["data"].update(file="u.csv"), "variables/0/data", "'u.csv' is not in the list"),
    (lambda r: r["variables"][0]["data"].update(file="t.exe"), "variables/0/data", "not in the list"),
    (lambda r: r["variables"][0]["data"].update(file="https://x.org/t.csv"), "variables/0/data/file", "https"),
    (lambda r: r["variables"][0]["data"].update(file="/etc/passwd"), "variables/0/data/file", "/etc/passwd"),
    (lambda r: r["variables"][0]["data"].update(file="a/../../t.csv"), "variables/0/data/file", "a/../../t.csv"),
    (lambda r: r["variables"][0]["data"].update(expression="1+1"), "variables/0/data", "expression"),
    (lambda r: r["variables"][0].update(time={"kind": "instants"}), "variables/0/time", "there are no steps"),
    (lambda r: r["variables"][0].update(time={"kind": "instants", "start": "2030", "step": 1, "count": 10**9}),
     "variables/0/time", "1000000000"),
    (lambda r: r["variables"][0].update(time={"kind": "periods", "names": ["a"], "zone": "Mars/North"}),
     "variables/0/time", "Mars/North"),
    (lambda r: r["variables"][0].update(time={"kind": "instants", "moments": ["2030-13-01"]}), "variables/0/time",
     "2030-13-01"),
    (lambda r: r["variables"][0].update(time={"kind": "instants", "moments": ["2030-02-01", "2030-01-01"]}),
     "variables/0/time", "step 2 does not come after"),
    (lambda r: r["variables"][0].update(time={"kind": "periods", "names": ["a", "b"]}, data={
        "file": "t.csv", "id": "id", "value": ["a", "b", "c"]}), "variables/0/data/value/names",
     "3 entries for 2 steps"),
    (lambda r: r["variables"][0].update(classes={"breaks": [2, 1], "source": "s"}), "variables/0/classes/breaks",
     "grow"),
    (lambda r: r["variables"][0].update(classes={"breaks": [1], "labels": ["a", "b", "c"], "source": "s"}),
     "variables/0/classes/labels", "2 classes"),
    (lambda r: r["variables"][0].update(uncertainty={"kind": "sd"}), "variables/0/uncertainty", '"sd"'),
    (lambda r: r["variables"].append(copy.deepcopy(r["variables"][0])), "variables/1/id", "used twice"),
    (lambda r: r.update(crs="EPSG:999999"), "crs", "no coordinate reference system"),
    (lambda r: r.update(baseline="flood"), "baseline", "itself"),
    (lambda r: r["declared"].update(bytes=7), "declared/bytes", "1 bytes, declared are 7"),
    (lambda r: r["declared"].update(steps=10**9), "declared/steps", "1000000000"),
    (lambda r: r["files"].append({"path": "T.CSV", "size": 0, "sha256": HASH}), "files/1/path", "capitals"),
    (lambda r: r["files"][0].update(sha256="xyz"), "files/0/sha256", "xyz"),
    (lambda r: r["files"].append({"path": "con.csv", "size": 0, "sha256": HASH}), "files/1/path", "Windows"),
    (lambda r: r["provenance"].pop("ai"), "provenance", "ai"),
    (lambda r: r.update(views=[{"name": "a", "variable": "w"}]), "views/0/variable", "'w'"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "place", "word"), CASES, ids=[f"{c[1]}-{c[2]}".replace("/", "_") for c in CASES])
def test_what_is_wrong_is_told_with_its_place(change, place, word):
    raw = broken(change)
    found = problems(raw)
    hits = [problem for problem in found if problem.place.startswith(place) and word in problem.reason]
    assert hits, [str(problem) for problem in found]
    assert all("\n" not in str(problem) for problem in found)
    with pytest.raises(LoadError) as caught:
        parse_manifest(json.dumps(raw).encode(), Path("scenario.json"))
    assert "\n" not in str(caught.value)


def test_a_right_manifest_has_no_problems():
    assert problems(small()) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (b"{", "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": 1e999}', "not valid JSON"),
        (b'{"a": 1, "a": 2}', "there twice"),
        (b'{"a":' + b"[" * 60 + b"]" * 60 + b"}", "nested deeper"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not valid JSON|nested deeper"),
        (b"\xff\xfe{}", "not valid JSON"),
        (b"[]", "this is no scenario"),
        (b'"x"', "this is no scenario"),
    ],
)
def test_bad_json_is_refused_in_one_line(text, word):
    with pytest.raises(LoadError, match=word) as caught:
        parse_manifest(text, Path("scenario.json"))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "code", ["m", "1", "dB[SPL]", "Cel", "ug/m3", "kW.h/(m2.a)", "{vehicles}/h", "%", "W/m2", "m/s"]
)
def test_units_that_are_ucum(code):
    assert unit_problem(code) == ""


@pytest.mark.parametrize("code", ["", "metre", "dB(A)", "m^2", "°C", "kWh", "m" * 100, "((((m"])
def test_units_that_are_not(code):
    assert "no UCUM unit" in unit_problem(code)


def test_units_as_people_write_them():
    assert [unit_label(code) for code in ("1", "Cel", "ug/m3", "m2", "{vehicles}/h")] == [
        "",
        "°C",
        "µg/m³",
        "m²",
        "vehicles/h",
    ]


def test_moments():
    base = np.datetime64("2030-06-21T12:00:00").astype("datetime64[s]").astype(float)
    assert parse_moment("2030-06-21T12:00Z") == base
    assert parse_moment("2030-06-21T14:00+02:00") == base
    assert parse_moment("2030-06-21T14:00", "Europe/Amsterdam") == base
    assert parse_moment("2030-06-21 12:00:00.5") == base + 0.5
    assert parse_moment("2030-02-30", calendar="360_day") - parse_moment("2030-02-29", calendar="360_day") == 86400
    for text in ("2030-02-30", "noon", "2030-06-21T25:00", "2030-06-21T12:61", "", "2030-06-21T12:00+99:00"):
        with pytest.raises(ValueError, match="moment"):
            parse_moment(text)


def test_steps():
    assert parse_step("PT15M") == 900 and parse_step("P1DT1H") == 90000
    axis = axis_of(TimeSpec("intervals", start="2030-01-01", step=600.0, count=3))
    np.testing.assert_array_equal(np.diff(axis.starts), [600, 600])
    np.testing.assert_array_equal(axis.ends - axis.starts, [600] * 3)
    with pytest.raises(ValueError, match="duration"):
        parse_step("P")


@pytest.mark.parametrize(
    ("place", "text", "refused"),
    [
        (("title",), "\u202egnp.exe", True),
        (("title",), "\x1b[2J", True),
        (("title",), "two\nlines", True),
        (("title",), "\u0627\u0644\u0645\u062f\u064a\u0646\u0629 \u200f\u06a9\u200c\u0647", False),
        (("summary",), "two\nlines", False),
        (("summary",), "\u2067x", True),
        (("provenance", "publisher"), "A\u0085B", True),
        (("variables", 0, "title"), {"en": "\x07"}, True),
        (("variables", 0, "note"), {"en": "a\tb"}, False),
        (("variables", 0, "classes", "source"), "WHO\u2028", True),
    ],
)
def test_texts_cannot_command_a_terminal_or_turn_round(place, text, refused):
    raw = to_raw(full_manifest())
    holder = raw
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = text
    found = [problem for problem in problems(raw) if "control character" in problem.reason]
    assert bool(found) is refused
    if refused:
        assert found[0].place.startswith("/".join(map(str, place))) and "U+" in found[0].reason


def test_a_member_told_twice_among_many_is_found_at_once():
    members = ",".join(f'"m{k}": 1' for k in range(200_000))
    with pytest.raises(BadJson, match="'m199999' is there twice"):
        parse_json(("{" + members + ', "m199999": 2}').encode())
