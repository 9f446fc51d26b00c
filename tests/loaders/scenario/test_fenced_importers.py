"""Imports behind the fence: what comes back is the same, and hostile files end in one line."""

import gzip
import json
import os

import numpy as np
import pytest

from loaders.api import LoadError
from loaders.limits import WorkerLimits
from loaders.scenario.importers.fenced import PACKAGE, REPORT, _take_over, _understood, import_in_process
from loaders.scenario.importers.kit import NeedAnswers
from loaders.scenario.importers.run import run_import

COMMON = {"title": "A case", "publisher": "Somebody", "licence": "CC0-1.0", "base": "town", "crs": "EPSG:28992",
          "start": "2030-01-01T08:00", "unit.v": "m"}  # fmt: skip
FCD = b'<fcd-export><timestep time="0"><vehicle id="a" x="1" y="2"/></timestep>%s</fcd-export>'


def refused(paths, goal, match, name="", **limits):
    with pytest.raises(LoadError, match=match) as caught:
        import_in_process(tuple(paths), goal, COMMON, name, limits=WorkerLimits(**limits))
    text = str(caught.value)
    assert "\n" not in text and caught.value.path == paths[0]
    assert not goal.exists() and not list(goal.parent.glob("*.part"))
    return caught.value


def test_the_fence_makes_the_same_package(tmp_path):
    path = tmp_path / "energy.csv"
    path.write_text("gml_id,demand\nb1,10\nb2,20.5\n")
    with pytest.raises(NeedAnswers) as caught:
        import_in_process((path,), tmp_path / "far" / "package", COMMON)
    assert {question.key for question in caught.value.questions} == {"unit.demand"}
    answers = COMMON | {"unit.demand": "kW.h/m2"}
    made = import_in_process((path,), tmp_path / "far" / "package", answers)
    own = run_import((path,), tmp_path / "own", answers)
    assert (made.variables, made.notes) == (own.variables, own.notes)
    one, two = (json.loads(report.path.read_text("utf-8")) for report in (made, own))
    assert one == two
    assert (made.path.parent / "data" / "energy.csv").read_bytes() == path.read_bytes()
    with pytest.raises(LoadError, match="of that name already"):
        import_in_process((path,), tmp_path / "own", answers)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + FCD % b"", "defines entities"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + FCD % b"&a;", "defines entities"),
        (FCD[:60] + b"<" * 1000, "damaged"),
        ((FCD % b"")[:-5], "damaged"),
        (FCD % b'<timestep time="x"/>', "cannot be imported|no number"),
        (b"<fcd-export>" + b"<a>" * 100_000, "damaged|cannot be imported|nested"),
    ],
)
def test_hostile_xml(tmp_path, text, match):
    path = tmp_path / "fcd.xml"
    path.write_bytes(text)
    refused([path], tmp_path / "package", match)


def test_laughs_by_the_billion(tmp_path):
    rows = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
    path = tmp_path / "fcd.xml"
    path.write_text(f'<!DOCTYPE x [<!ENTITY l0 "ha">{rows}]><fcd-export><timestep time="&l11;"/></fcd-export>')
    refused([path], tmp_path / "package", "defines entities")


def test_gzip_bombs(tmp_path):
    path = tmp_path / "fcd.xml.gz"
    with gzip.open(path, "wb") as file:
        file.write(b"<fcd-export>")
        for _ in range(64):
            file.write(b" " * (1 << 20))
    assert path.stat().st_size < 100_000
    refused([path], tmp_path / "package", "more than 200 times its size")
    text = FCD % b'<timestep time="1"><vehicle id="a" x="1" y="2"/></timestep>' * 1
    path.write_bytes(gzip.compress(text.ljust(200_000))[:-9])
    refused([path], tmp_path / "package", "gzip data are damaged")


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.nc", b"\x89HDF\r\n\x1a\n"),
        ("a.nc", b"CDF\x01"),
        ("a.sww", b"CDF\x02"),
        ("a.tif", b"II*\x00"),
        ("fcd.parquet", b"PAR1"),
        ("a.geojson", b'{"type": "FeatureCollection", "laeq": ["'),
        ("a.czml", b'[{"id": "document"'),
    ],
)
def test_noise_after_a_good_beginning(tmp_path, name, head):
    path = tmp_path / name
    path.write_bytes(head + np.random.default_rng(3).bytes(4000))
    assert refused([path], tmp_path / "package", None).kind not in ("internal", "crashed")


def test_a_raster_under_a_name_that_lies(tmp_path):
    secret = tmp_path / "secret.tif"
    secret.write_bytes(b"II*\x00")
    path = tmp_path / "innocent.tif"
    path.write_text(
        f'<VRTDataset rasterXSize="1" rasterYSize="1"><SourceFilename>{secret}</SourceFilename></VRTDataset>'
    )
    refused([path], tmp_path / "package", "neither GeoTIFF nor ESRI ASCII", "rasters")


def test_limits_hold(tmp_path):
    path = tmp_path / "fcd.csv"
    with path.open("w") as file:
        file.write("timestep_time;vehicle_id;vehicle_x;vehicle_y\n")
        file.writelines(f"{k};a{k};1;2\n" for k in range(400_000))
    error = refused([path], tmp_path / "package", "more memory than", memory_bytes=120 << 20)
    assert error.kind == "memory"


def test_nothing_that_comes_back_is_trusted(tmp_path):
    paths = (tmp_path / "a.csv",)
    report = tmp_path / REPORT
    for text in ("", "[]", "{}", '{"questions": [[1]]}', '{"error": {"file": "x"}}', '{"variables": 5, "notes": 1}'):
        report.write_text(text)
        with pytest.raises(LoadError, match="gave no answer"):
            _understood(paths, report)
    report.write_text(json.dumps({"error": {"file": 99, "reason": "a\nb", "place": "", "remedy": "", "kind": "x"}}))
    with pytest.raises(LoadError, match=r"a.b") as caught:
        _understood(paths, report)
    assert caught.value.path == paths[0]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_in_what_was_made_is_refused(tmp_path):
    made = tmp_path / PACKAGE
    made.mkdir()
    (made / "scenario.json").symlink_to("/etc/passwd")
    with pytest.raises(LoadError, match="no plain file"):
        _take_over(tmp_path / "a.csv", made, tmp_path / "goal")
    assert not (tmp_path / "goal").exists()


NETWORK = (
    '<network><nodes><node id="a" x="0" y="0"/><node id="b" x="900" y="0"/></nodes><links>'
    '<link id="l" from="a" to="b" length="900" freespeed="10"/></links></network>'
)
EVENTS = '<events><event time="%s" type="entered link" link="l" vehicle="v"/>' \
         '<event time="%s" type="left link" link="l" vehicle="v"/></events>'  # fmt: skip


@pytest.mark.parametrize("late", ["1e308", "inf", "nan", "x"])
def test_an_endless_stay_on_a_link_is_no_event(tmp_path, late):
    (tmp_path / "network.xml").write_text(NETWORK)
    (tmp_path / "events.xml").write_text(EVENTS % ("28800", late))
    paths = (tmp_path / "network.xml", tmp_path / "events.xml")
    made = run_import(paths, tmp_path / "package", COMMON | {"sample": "1"})
    assert any("1 events" in note for note in made.notes)


@pytest.mark.parametrize(
    ("name", "text", "match"),
    [
        ("fcd.xml", FCD % b'<timestep time="soon"/>', "timestep soon: time is no number"),
        ("fcd.xml", FCD % b'<timestep time="1"><vehicle id="q" x="?" y="2"/></timestep>', "vehicle q: x is no number"),
        ("fcd.xml", FCD % b'<timestep time="1e300"><vehicle id="q" x="1" y="2"/></timestep>', "moment that makes no"),
        ("n.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"laeq": 5},'
         b' "geometry": null}]}', "feature 1: a feature has no geometry"),
    ],
)  # fmt: skip
def test_what_is_no_number_or_place_is_told_with_its_place(tmp_path, name, text, match):
    path = tmp_path / name
    path.write_bytes(text)
    with pytest.raises(LoadError, match=match):
        run_import((path,), tmp_path / "package", COMMON)
