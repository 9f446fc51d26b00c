"""``citiverse scenario numbers``: text, JSON, CSV, XLSX and exit codes."""

import csv
import json

import numpy as np
import openpyxl
import pytest

from loaders.scenario.making import fill_in, new_package, skeleton

HEIGHTS = {f"b{k}": 0.1 * k for k in range(20)}
RESIDENTS = {name: 3 * k for k, name in enumerate(HEIGHTS)}
TOLD = {
    "publisher": "Town", "tool": "Simulator", "review": "Not reviewed", "ai": "None", "limitations": "A test",
    "licence": "CC0-1.0",
}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """Twenty houses, and two packages about them: "raised" has half the water of "open"."""
    folder_of_all = tmp_path_factory.mktemp("town")
    corners = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    surface = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 2, 3]]]}
    houses = {
        name: {"type": "Building", "attributes": {"residents": n, "quarter": "east" if n < 30 else "west"},
               "geometry": [surface]}
        for name, n in RESIDENTS.items()
    }  # fmt: skip
    model = {
        "type": "CityJSON", "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [85000, 446000, 0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/28992"},
        "CityObjects": houses, "vertices": corners,
    }  # fmt: skip
    city = folder_of_all / "town.city.json"
    city.write_text(json.dumps(model))
    packages = []
    for name, share in (("open", 1.0), ("raised", 0.5)):
        folder = folder_of_all / name
        folder.mkdir()
        rows = [f"{own},{share * h:.3f},{2 * share * h:.3f}" for own, h in HEIGHTS.items()]
        (folder / "t.csv").write_text("\n".join(["id,d0,d1", *rows, ""]))
        manifest = skeleton(name.title(), name, "2026-01-01", crs="EPSG:28992", base="town")
        manifest["provenance"] |= TOLD
        time = {"kind": "instants", "start": "2026-01-01T00:00", "step": "PT1H", "count": 2, "zone": "UTC"}
        manifest["variables"] = [
            {
                "id": "depth", "title": "Depth", "binding": "object", "unit": "m", "quantity": "length", "good": "low",
                "classes": {"breaks": [0.5, 1.0], "source": "Norm 1"}, "time": time,
                "uncertainty": {"kind": "not_quantified", "reason": "One run"},
                "data": {"file": "t.csv", "id": "id", "value": ["d0", "d1"]},
            }
        ]  # fmt: skip
        if name == "raised":
            manifest["baseline"] = "open"
        new_package(folder, manifest)
        fill_in(folder)
        packages.append(folder)
    return [city, *packages]


def to_ten(number):
    return None if 0 < number < 10 else (number + 5) // 10 * 10


def told(answer, row, scenario):
    (found,) = [x for x in answer["numbers"] if (x["row"], x["scenario"]) == (row, scenario)]
    return found


def test_json_is_what_the_table_says(citiverse, town):
    answer = citiverse("scenario", "numbers", *town, "--threshold", "0.6", "--time", "2026-01-01T01:00", "--json").json
    for name, share in (("open", 1.0), ("raised", 0.5)):
        hit = [own for own, h in HEIGHTS.items() if np.float32(round(2 * share * h, 3)) >= 0.6]
        assert told(answer, "Buildings", name)["value"] == len(hit)
        residents = [
            x for x in answer["numbers"] if (x["table"], x["row"], x["scenario"]) == ("indicators", "Residents", name)
        ]
        assert residents[0]["value"] == to_ten(sum(RESIDENTS[own] for own in hit))
    assert [entry["id"] for entry in answer["scenarios"]] == ["open", "raised"]
    assert answer["scenarios"][0]["baseline"] and len(answer["scenarios"][1]["sha256"]) == 64
    assert answer["class_source"] == "Norm 1" and answer["threshold"] == 0.6
    better = [x for x in answer["numbers"] if x["table"] == "gains by quarter" and x["column"] == "better"]
    assert {x["row"]: x["value"] for x in better} == {"Residents": 570, "east": 140, "west": 440}


def test_text_is_for_people(citiverse, town):
    answer = citiverse("scenario", "numbers", *town, "--worst")
    assert answer.code == 0 and "Depth ≥ 0.5 m" in answer.out and "worst of all moments" in answer.out
    assert "People are rounded to 10" in answer.out and "Buildings" in answer.out
    assert max(map(len, answer.out.splitlines())) < 160


def test_files_are_written(citiverse, town, tmp_path):
    assert citiverse("scenario", "numbers", *town, "--scenario", "raised", "-o", tmp_path / "n.csv").code == 0
    lines = list(csv.DictReader((tmp_path / "n.csv").read_text("utf-8-sig").splitlines()))
    assert {line["scenario"] for line in lines} == {"open", "raised"}, "its baseline stands beside it"
    assert citiverse("scenario", "numbers", *town, "-o", tmp_path / "n.xlsx").code == 0
    assert openpyxl.load_workbook(tmp_path / "n.xlsx").sheetnames[:2] == ["About", "Indicators"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--variable", "nope"), 4, "no variable 'nope'"),
        (("--scenario", "nope"), 4, "no scenario 'nope'"),
        (("--time", "2031-01-01"), 4, "not in it"),
        (("--count", "cats"), 4, "--count cats"),
        (("--quarters", "colour"), 4, "It could be: quarter"),
        (("--scenario", "open,open"), 2, "different ids"),
        (("--scenario", ""), 2, "different ids"),
        (("-o", "n.pdf"), 2, ".csv or .xlsx"),
        (("-o", "n.csv", "--json"), 2, "cannot be used"),
        (("--threshold", "deep"), 2, "numbers"),
        (("--time", "2026-01-01", "--worst"), 2, "not allowed"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(citiverse, town, words, code, said):
    answer = citiverse("scenario", "numbers", *town, *words)
    assert answer.code == code and said in answer.err and "Traceback" not in answer.err


def test_no_scenarios_no_numbers(citiverse, town, tmp_path):
    answer = citiverse("scenario", "numbers", town[0])
    assert answer.code == 4 and "has no scenarios" in answer.err
    assert citiverse("scenario", "numbers", tmp_path / "gone.city.json").code == 3


def test_negative_thresholds_are_no_options(citiverse, town):
    answer = citiverse("scenario", "numbers", *town, "--threshold", "-1", "--json").json
    assert told(answer, "Buildings", "open")["value"] == len(HEIGHTS)
