"""``citiverse scenario new|check|hash`` and ``info`` on a package."""

from __future__ import annotations

import json
import zipfile

import pytest

from viewer.cli import main

TOLD = {
    "publisher": "Town", "tool": "Simulator", "review": "Not reviewed", "ai": "None", "limitations": "A test",
    "licence": "CC0-1.0",
}  # fmt: skip


@pytest.fixture
def package(tmp_path, capsys):
    """A package of one table, complete but for its lists and totals."""
    folder = tmp_path / "raised quay"
    assert main(["scenario", "new", str(folder), "--title", "Raised", "--crs", "EPSG:28992", "--base", "town"]) == 0
    path = folder / "scenario.json"
    raw = json.loads(path.read_text("utf-8"))
    raw["provenance"] |= TOLD
    unsure = {"kind": "not_quantified", "reason": "One run"}
    data = {"file": "t.csv", "id": "id", "value": ["h0", "h1"]}
    time = {"kind": "periods", "names": ["day", "night"]}
    raw["variables"] = [
        {"id": "v", "title": "V", "binding": "object", "unit": "m", "uncertainty": unsure, "time": time, "data": data}
    ]
    path.write_text(json.dumps(raw), "utf-8")
    (folder / "t.csv").write_text("id,h0,h1\na,1,2\nb,3,4\nnobody,5,6\n")
    capsys.readouterr()
    return folder


@pytest.fixture
def city(tmp_path):
    point = {"type": "MultiPoint", "lod": "1", "boundaries": [0]}
    model = {
        "type": "CityJSON", "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]},
        "CityObjects": {own: {"type": "Building", "geometry": [point]} for own in "abc"}, "vertices": [[0, 0, 0]],
    }  # fmt: skip
    path = tmp_path / "town.city.json"
    path.write_text(json.dumps(model))
    return path


def test_new_says_what_is_missing(tmp_path, capsys):
    assert main(["scenario", "new", str(tmp_path / "Größe 1"), "--title", "T"]) == 0
    said = capsys.readouterr().out
    assert "'crs' is missing" in said and "'licence' is missing" in said
    raw = json.loads((tmp_path / "Größe 1" / "scenario.json").read_text("utf-8"))
    assert raw["id"] == "Groe-1"
    assert main(["scenario", "new", str(tmp_path / "Größe 1"), "--title", "T"]) == 3
    assert "there is a package already" in capsys.readouterr().err


def test_check_lists_every_problem(package, capsys):
    raw = json.loads((package / "scenario.json").read_text("utf-8"))
    raw["variables"][0]["unit"] = "metres"
    raw["baseline"] = raw["id"]
    (package / "scenario.json").write_text(json.dumps(raw))
    assert main(["scenario", "check", str(package), "--json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert not report["ok"]
    places = {problem["place"] for problem in report["problems"]}
    assert {"variables/0/unit", "variables/0/data", "baseline"} <= places


def test_hash_then_check_with_a_city(package, city, capsys):
    assert main(["scenario", "hash", str(package)]) == 0
    assert "1 file, 32 bytes, 2 steps, 6 values" in capsys.readouterr().out
    raw = json.loads((package / "scenario.json").read_text("utf-8"))
    assert raw["declared"] == {"bytes": 32, "steps": 2, "cells": 6, "triangles": 0}
    assert main(["scenario", "check", str(package), "--base", str(city)]) == 0
    said = capsys.readouterr().out
    assert "2 of 3" in said and "matched; not found: nobody" in said
    assert main(["scenario", "check", str(package), "--base", str(city), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["variables"][0]
    assert (told["matched"], told["total"], told["unmatched"]) == (2, 3, ["nobody"])


def test_check_with_a_city_that_has_none_of_the_ids(package, city, capsys):
    (package / "t.csv").write_text("id,h0,h1\nx,1,2\n")
    assert main(["scenario", "hash", str(package)]) == 0
    assert main(["scenario", "check", str(package), "--base", str(city)]) == 4


def test_a_changed_file_is_found_and_hash_mends_it(package, capsys):
    assert main(["scenario", "hash", str(package)]) == 0
    (package / "t.csv").write_text("id,h0,h1\na,1,2\nb,3,9\nnobody,5,6\n")
    assert main(["scenario", "check", str(package)]) == 3
    assert "t.csv: its content is not what the manifest says" in capsys.readouterr().out
    assert main(["scenario", "hash", str(package)]) == 0
    assert main(["scenario", "check", str(package)]) == 0


def test_hash_leaves_a_wrong_package_as_it_was(package, capsys):
    (package / "t.csv").write_text("id,h0,h1\na,1,x\n")
    before = (package / "scenario.json").read_bytes()
    assert main(["scenario", "hash", str(package)]) == 3
    said = capsys.readouterr().err
    assert "t.csv" in said and said.count("\n") == 1
    assert (package / "scenario.json").read_bytes() == before


def test_info_and_check_of_a_zip(package, tmp_path, capsys):
    assert main(["scenario", "hash", str(package)]) == 0
    packed = tmp_path / "quay.citiscen"
    with zipfile.ZipFile(packed, "w") as archive:
        for file in package.iterdir():
            archive.write(file, file.name)
    assert main(["scenario", "check", str(packed)]) == 0
    assert main(["scenario", "hash", str(packed)]) == 3
    assert "Unpack it first" in capsys.readouterr().err
    assert main(["info", str(packed), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["format"] == "Scenario package" and report["crs"] == "EPSG:28992"


@pytest.mark.parametrize("act", ["check", "hash"])
def test_what_is_no_package(act, tmp_path, capsys):
    assert main(["scenario", act, str(tmp_path)]) == 3
    (tmp_path / "scenario.json").write_text("{")
    assert main(["scenario", act, str(tmp_path)]) == 3
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 nonsense")
    assert main(["scenario", "check", str(tmp_path / "x.zip")]) == 3
    said = capsys.readouterr()
    assert "Traceback" not in said.err + said.out and "scenario.json" in said.err + said.out


def test_wrong_usage():
    assert main(["scenario"]) == 2
    assert main(["scenario", "burn", "x"]) == 2
