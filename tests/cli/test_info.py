"""``citiverse info``: the load report."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from viewer.selftest import small_city

KEYS = [
    *("path", "format", "version", "crs", "bbox", "objects", "lods", "textures", "materials", "attributes", "layers"),
    *("issues", "seconds", "peak_memory_mib"),
]


def test_report_of_a_known_city(citiverse: Callable, boxes: Path) -> None:
    answer = citiverse("info", boxes, "--json")
    report = answer.json
    assert answer.code == 0 and answer.err == ""
    assert list(report) == KEYS
    assert report["path"] == str(boxes)
    assert (report["format"], report["version"], report["crs"]) == ("CityJSON", "2.0", "EPSG:7415")
    assert report["bbox"] == pytest.approx([85000, 446000, 0, 85050, 446050, 50], abs=1e-9)
    assert report["objects"] == {"total": 9, "drawable": 9, "by_type": {"Building": 9}}
    area = sum(200 + 40 * (10 + 5 * number) for number in range(9))
    assert report["lods"] == {"1": {"objects": 9, "triangles": 108, "area_m2": pytest.approx(area, rel=1e-6)}}
    assert report["attributes"] == {"height": {"type": "number", "count": 9}}
    assert report["layers"] == [] and report["issues"] == []
    assert report["seconds"] > 0 and report["peak_memory_mib"] > 1


def test_text_tells_the_same(citiverse: Callable, boxes: Path) -> None:
    answer = citiverse("info", boxes)
    assert answer.code == 0
    for words in (
        "CityJSON 2.0",
        "EPSG:7415",
        "9, of which 9 can be drawn",
        "Building 9",
        "108 triangles",
        "height (number",
    ):
        assert words in answer.out


def test_one_object_per_path_and_line(citiverse: Callable, boxes: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.city.json.gz"
    packed.write_bytes(gzip.compress(boxes.read_bytes()))
    answer = citiverse("info", "--json", boxes, packed)
    reports = [json.loads(line) for line in answer.out.splitlines()]
    assert [report["path"] for report in reports] == [str(boxes), str(packed)]
    assert reports[0]["objects"] == reports[1]["objects"]


def test_folders_and_projects_stand_for_their_files(citiverse: Callable, boxes: Path, project: Path) -> None:
    for path in (boxes.parent, project):
        answer = citiverse("info", "--json", path)
        assert answer.code == 0 and answer.json["objects"]["total"] == 9


def test_what_cannot_be_read_is_one_line_and_code_3(citiverse: Callable, tmp_path: Path) -> None:
    cases = {
        "missing.json": None,
        "empty.json": b"",
        "cut.city.json": json.dumps(small_city()).encode()[:500],
        "other.json": b'{"type": "Topology", "objects": {}}',
        "broken.citiverse": b"{",
    }
    for name, data in cases.items():
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        answer = citiverse("info", path, "--json")
        assert (answer.code, answer.out) == (3, ""), name
        assert answer.err.startswith("citiverse: ") and answer.err.count("\n") == 1 and name in answer.err


def test_the_readable_ones_are_still_reported(citiverse: Callable, boxes: Path) -> None:
    answer = citiverse("info", "missing.json", boxes, "--json")
    assert answer.code == 0 and answer.json["path"] == str(boxes)
    assert "missing.json" in answer.err


def test_ids_of_a_file_cannot_command_the_terminal(citiverse: Callable, tmp_path: Path) -> None:
    city = small_city()
    evil = "\x1b[2J\x1b]0;owned\x07"
    city["CityObjects"] = {evil: city["CityObjects"]["box-0"], **city["CityObjects"]}
    city["CityObjects"][evil]["attributes"] = {evil: 1}
    path = tmp_path / "evil.city.json"
    path.write_text(json.dumps(city))
    answer = citiverse("info", path)
    assert answer.code == 0 and "\x1b" not in answer.out + answer.err and "\x07" not in answer.out
    assert evil in citiverse("info", path, "--json").json["attributes"]


def test_an_issue_is_reported_with_its_objects(citiverse: Callable, tmp_path: Path) -> None:
    city = small_city()
    city["CityObjects"]["box-3"]["geometry"][0]["boundaries"][0][0][0][0] = 10**6
    path = tmp_path / "hole.city.json"
    path.write_text(json.dumps(city))
    report = citiverse("info", path, "--json").json
    assert report["objects"]["total"] == 9
    issue = next(issue for issue in report["issues"] if "box-3" in issue["objects"])
    assert set(issue) == {"severity", "kind", "count", "message", "objects"} and issue["count"] >= 1
    assert issue["severity"] in ("info", "warning", "error")


def test_a_broken_project_does_not_hide_the_other_files(citiverse: Callable, boxes: Path) -> None:
    boxes.with_name("bad.citiverse").write_text("{", encoding="utf-8")
    answer = citiverse("info", "--json", boxes, "bad.citiverse", "gone.citiverse")
    assert answer.code == 0 and answer.json["objects"]["total"] == 9
    assert "bad.citiverse" in answer.err and "gone.citiverse" in answer.err and answer.err.count("\n") == 2


def test_the_path_of_a_refused_file_is_told_as_it_was_given(citiverse: Callable, tmp_path: Path) -> None:
    for folder in ("one", "two words"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "case.json").write_text("{}", encoding="utf-8")
    answer = citiverse("info", "one/case.json", "two words/case.json")
    lines = answer.err.splitlines()
    assert answer.code == 3 and len(lines) == 2
    for line, path in zip(lines, ("one/case.json", "two words/case.json"), strict=True):
        assert line.startswith(f"citiverse: {Path(path)}")


def test_network_addresses_are_named_as_such(citiverse: Callable) -> None:
    answer = citiverse("info", "https://example.org/city.json")
    assert answer.code == 3 and "network" in answer.err and answer.err.count("\n") == 1
