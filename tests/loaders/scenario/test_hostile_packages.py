"""Packages that want to do harm, or are broken: refused with one line, nothing written outside, nothing huge made."""

from __future__ import annotations

import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from loaders import registry, store
from loaders.api import LoadError
from loaders.scenario.prepare import open_scenario
from loaders.scenario.spec import SPEC
from loaders.worker import load_in_process


@pytest.fixture
def sound(maker):
    maker.text("t.csv", "id,v\na,1\nb,2\n")
    maker.variable("object", {"file": "t.csv", "id": "id", "value": "v"})
    return maker


def refused(maker, path, match, **options):
    with pytest.raises(LoadError, match=match) as caught:
        maker.read(path, **options)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 500
    return caught.value


def rezip(maker, change, name="bad.zip"):
    """A ZIP of the package with entries added or changed by ``change(archive)``."""
    path = maker.zip(name)
    with zipfile.ZipFile(path, "a") as archive:
        change(archive)
    return path


def test_a_sound_zip_is_read(sound):
    scenario = sound.read(sound.zip())
    np.testing.assert_array_equal(scenario.result("v0").values, [[1, 2]])
    assert registry.pick(sound.zip()) is SPEC


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("../evil.csv", "leads out of the package"),
        ("a/../../evil.csv", "leads out of the package"),
        ("/tmp/evil.csv", "absolute path"),
        ("C:/evil.csv", "absolute path"),
        ("a\\..\\evil.csv", "backslash|cannot be used"),
        ("T.CSV", "there twice"),
        ("nul.csv", "Windows"),
        ("ab:c.csv", "not every system"),
        ("inner.zip", "archive inside"),
        ("e\u0301.csv", "decomposed"),
        ("t.csv/x.csv", "a file and a folder"),
        ("a\nb.csv", "control"),
    ],
)
def test_names(sound, name, match):
    path = rezip(sound, lambda archive: archive.writestr(name, "id,v\n"))
    refused(sound, path, match)
    assert not list(sound.folder.parent.rglob("evil.csv"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice(sound):
    refused(sound, rezip(sound, lambda archive: archive.writestr("t.csv", "id,v\n")), "there twice")


def test_a_link_in_a_zip(sound):
    def add(archive):
        info = zipfile.ZipInfo("link.csv")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")

    refused(sound, rezip(sound, add), "link or a device")


def test_a_bomb_by_its_ratio(sound):
    def add(archive):
        archive.writestr("zeros.csv", b"0" * (64 << 20), zipfile.ZIP_DEFLATED)

    refused(sound, rezip(sound, add), "would grow")


def test_a_bomb_by_its_size(sound):
    refused(sound, sound.zip(), "unpacks to", max_bytes=100)


def test_an_entry_that_unpacks_to_more_than_it_says(sound):
    sound.text("big.csv", "id,v\n" + "".join(f"{k},{k}\n" for k in range(200_000)))
    path = sound.zip()
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("big.csv")
    place = data.rfind(b"PK\x01\x02", 0, data.rfind(b"big.csv"))
    struct.pack_into("<I", data, place + 24, 1000)  # the size that the directory claims
    struct.pack_into("<I", data, entry.header_offset + 22, 1000)
    path.write_bytes(data)
    refused(sound, path, "damaged|declared|bytes")


def test_entries_that_overlap(sound):
    path = sound.zip()
    data = bytearray(path.read_bytes())
    for name in (b"scenario.json", b"t.csv"):
        place = data.rfind(b"PK\x01\x02", 0, data.rfind(name))
        struct.pack_into("<I", data, place + 42, 0)
    path.write_bytes(data)
    refused(sound, path, "overlaps|beyond the end")


@pytest.mark.parametrize(
    ("offset", "value", "match"), [(8, 1, "encrypted"), (10, 14, "not allowed"), (10, 99, "not allowed")]
)
def test_encryption_and_other_compressions(sound, offset, value, match):
    path = sound.zip()
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\x01\x02", 0, data.rfind(b"t.csv"))
    struct.pack_into("<H", data, place + offset, value)
    path.write_bytes(data)
    refused(sound, path, match)


def test_an_archive_under_another_name(sound):
    inner = sound.folder / "inner"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("x", "y")
    inner.rename(sound.folder / "data.csv")
    refused(sound, sound.zip(), "archive inside the archive")


def test_too_many_entries(sound):
    refused(sound, rezip(sound, lambda a: [a.writestr(f"f{k}", "") for k in range(10_001)]), "entries")


def test_a_cut_off_zip(sound):
    path = sound.zip()
    path.write_bytes(path.read_bytes()[:-30])
    refused(sound, path, "damaged")


def test_a_zip_without_a_scenario(sound):
    path = sound.folder.parent / "other.citiscen"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/scenario.json", "{}")
    refused(sound, path, r"no scenario\.json at the top")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_folder(sound, tmp_path):
    path = sound.seal()
    secret = tmp_path / "secret.csv"
    secret.write_bytes((sound.folder / "t.csv").read_bytes())
    (sound.folder / "t.csv").unlink()
    (sound.folder / "t.csv").symlink_to(secret)
    assert refused(sound, path, "it is a link").kind == "link"


def change_manifest(maker, **members):
    path = maker.seal()
    raw = json.loads(path.read_text("utf-8"))
    for name, value in members.items():
        raw[name] = raw[name] | value if isinstance(value, dict) else value
    path.write_text(json.dumps(raw), "utf-8")
    return path


def test_a_wrong_hash(sound):
    path = sound.seal()
    (sound.folder / "t.csv").write_text("id,v\na,1\nb,3\n")
    assert refused(sound, path, r"t\.csv: its content is not what the manifest says").kind == "wrong-hash"


@pytest.mark.parametrize("packed", [False, True])
def test_a_wrong_size(sound, packed):
    path = sound.seal()
    (sound.folder / "t.csv").write_text("id,v\na,1\nb,2\nc,4\n")
    assert refused(sound, sound.zip(seal=False) if packed else path, r"t\.csv: it has 17 bytes").kind == "wrong-size"


def test_a_missing_file(sound):
    path = sound.seal()
    (sound.folder / "t.csv").unlink()
    assert refused(sound, path, r"t\.csv: the manifest names it, but it is not in the package").kind == "missing-file"


def test_more_than_declared(sound):
    declared = {"bytes": (sound.folder / "t.csv").stat().st_size, "steps": 1, "cells": 1, "triangles": 0}
    refused(sound, change_manifest(sound, declared=declared), "more than the package declares")


def test_absurd_declarations(sound):
    refused(sound, change_manifest(sound, declared={"steps": 10**9}), "1000000000")
    refused(sound, change_manifest(sound, declared={"cells": 10**10}), "more than the 8,000,000,000")


def test_a_newer_viewer_is_asked_for(sound):
    refused(sound, change_manifest(sound, viewer="99.0"), "needs version 99.0")


def test_a_parquet_that_claims_too_much(maker):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 3_000_000
    table = pa.table({"id": pa.array(["a"] * rows).dictionary_encode(), "v": pa.array(np.zeros(rows))})
    pq.write_table(table, maker.folder / "t.parquet", compression="zstd")
    maker.variable("object", {"file": "t.parquet", "id": "id", "value": "v"})
    assert (maker.folder / "t.parquet").stat().st_size < 10_000_000
    refused(maker, maker.seal(), "it claims 3,000,000 rows")


def test_files_that_are_not_listed_are_not_opened(sound):
    path = sound.seal()
    sound.text("more.csv", "id,v\n")
    scenario = sound.read(path)
    assert [(issue.kind, issue.objects) for issue in scenario.issues] == [("unlisted-file", ("more.csv",))]


def test_random_bytes_never_escape(maker):
    """Every data file replaced by noise: one line, whatever the format."""
    rng = np.random.default_rng(7)
    for binding, name, data in [
        ("object", "t.csv", {"id": "id", "value": "v"}),
        ("object", "t.parquet", {"id": "id", "value": "v"}),
        ("polygon", "t.geojson", {"id": "id", "value": "v"}),
        ("polygon", "t.gpkg", {"id": "id", "value": "v"}),
        ("raster", "t.tif", {}),
        ("raster", "t.nc", {"value": "v"}),
        ("mesh", "t.nc", {"value": "v"}),
        ("trajectories", "t.json", {}),
    ]:
        for magic in (b"", {"nc": b"\x89HDF\r\n\x1a\n", "tif": b"II*\x00", "parquet": b"PAR1"}.get(name[2:], b"")):
            (maker.folder / name).write_bytes(magic + rng.bytes(3000))
            maker.raw["variables"].clear()
            maker.variable(binding, {"file": name, **data})
            refused(maker, maker.seal(), name.replace(".", r"\."))
            (maker.folder / name).unlink()


# --- in the worker --------------------------------------------------------------------------------------------------


def test_the_worker_hands_back_a_scenario_and_the_cache_answers_the_second_time(sound, tmp_path):
    cache = store.ArrayCache(tmp_path / "cache")
    path = sound.seal()
    first = load_in_process(path, cache=cache)
    again = load_in_process(path, cache=cache)
    assert not first.from_cache and again.from_cache
    for loaded in (first, again):
        result = loaded.result.scenario.result("v0")
        np.testing.assert_array_equal(result.values, [[1, 2]])
        assert loaded.result.format == "Scenario package" and not loaded.result.value.lods
    (sound.folder / "t.csv").write_text("id,v\na,5\nb,6\n")
    sound.seal()
    changed = load_in_process(path, cache=cache)
    assert not changed.from_cache
    np.testing.assert_array_equal(changed.result.scenario.result("v0").values, [[5, 6]])


def test_a_data_file_that_changed_is_not_answered_by_the_cache(sound, tmp_path):
    cache = store.ArrayCache(tmp_path / "cache")
    path = sound.seal()
    load_in_process(path, cache=cache)
    (sound.folder / "t.csv").write_text("id,v\na,1\nb,9\n")
    with pytest.raises(LoadError, match="its content is not what the manifest says"):
        load_in_process(path, cache=cache)


def test_open_scenario_takes_a_folder(sound):
    sound.seal()
    scenario = open_scenario(sound.folder)
    assert isinstance(scenario.result("v0").values.base, np.memmap | np.ndarray)
    assert scenario.manifest.id == "test"


def test_large_values_come_back_from_the_worker_by_file(maker, write_tif, tmp_path):
    values = np.random.default_rng(2).random((1, 4200, 4200)).astype(np.float32)
    write_tif(maker.folder / "d.tif", values, compress="deflate", tiled=True)
    maker.raw["declared"]["cells"] = values.size
    maker.variable("raster", {"file": "d.tif"})
    cache = store.ArrayCache(tmp_path / "cache")
    result = load_in_process(maker.seal(), cache=cache).result.scenario.result("v0")
    np.testing.assert_array_equal(result.values[0, ::100], values[0, ::100])
    assert Path(result.values.filename).parent.parent == cache.root
    again = load_in_process(maker.folder / "scenario.json", cache=cache)
    assert again.from_cache
    Path(again.result.scenario.result("v0").values.filename).write_bytes(b"x")
    assert not load_in_process(maker.folder / "scenario.json", cache=cache).from_cache


def test_the_death_of_the_worker_is_one_error(sound):
    from dataclasses import replace

    dying = replace(SPEC, load="tests.loaders.scenario.dying:load")
    with pytest.raises(LoadError, match="its reader crashed") as caught:
        load_in_process(sound.seal(), spec=dying)
    assert caught.value.kind == "crashed"
    assert open_scenario(sound.folder).manifest.id == "test"


def test_a_folder_is_one_package(sound):
    sound.seal()
    assert registry.expand([sound.folder]) == [sound.folder / "scenario.json"]
    assert registry.pick(sound.folder / "scenario.json") is SPEC


def test_a_number_of_columns_that_exceeds_any_table_is_refused(maker):
    maker.text("t.csv", ",".join(f"c{k}" for k in range(1000)) + "\n")
    maker.variable("object", {"file": "t.csv", "id": "id", "value": "v"})
    refused(maker, maker.seal(), "there is no column 'id'")


# --- numbers and places that are none -------------------------------------------------------------------------------


def features(*pairs):
    return json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"id": f"f{k}", "v": k}, "geometry": {"type": kind, "coordinates": at}}
        for k, (kind, at) in enumerate(pairs)]})  # fmt: skip


def test_links_to_nowhere_are_not_drawn_and_told(maker):
    good = [[0, 0], [50, 0]]
    maker.text("l.geojson", features(*(("LineString", at) for at in (good, [[0, 0], [1e15, 0]], [[1e308, 0], [0, 5]]))))
    maker.variable("links", {"file": "l.geojson", "crs": "EPSG:28992", "id": "id", "value": "v"})
    scenario = maker.read()
    lod = next(iter(scenario.result("v0").overlay.lods.values()))
    assert set(np.unique(lod.tiles.tags[:, 0]).tolist()) == {0}
    assert next(issue for issue in scenario.issues if issue.kind == "no-place").objects == ("f1", "f2")


def test_a_link_round_the_world_is_refused_before_it_is_drawn(maker):
    maker.text("l.geojson", features(("LineString", [[0, 0], [9e7, 0]])))
    maker.variable("links", {"file": "l.geojson", "crs": "EPSG:28992", "id": "id", "value": "v"})
    refused(maker, maker.seal(), r"22,500,000 triangles, more than the 10,000 declared")


def test_receivers_out_of_this_world_are_refused(maker):
    for z in ("1e30", "inf"):
        maker.text("r.csv", f"id,x,y,z,v\na,1000,2000,{z},1\n")
        maker.raw["variables"].clear()
        maker.variable("points", {"file": "r.csv", "id": "id", "x": "x", "y": "y", "z": "z", "value": "v"})
        refused(maker, maker.seal(), "a receiver has no place")


def test_movers_out_of_this_world_are_left_out(maker):
    maker.text("m.csv", "id,t,x,y\na,0,1000,2000\na,1,1e300,2000\na,2,1010,2000\n")
    time = {"kind": "instants", "start": "2030-01-01T00:00", "step": 1, "count": 3}
    maker.variable("trajectories", {"file": "m.csv", "id": "id", "time": "t", "x": "x", "y": "y"}, time=time)
    moves = maker.read().result("v0").moves
    np.testing.assert_array_equal(moves.positions[:, 0], [1000, 1010])


def test_numbers_that_are_too_large(maker):
    import pyarrow as pa
    import pyarrow.parquet as pq

    maker.text("t.csv", "id,v\na,1e39\nb,-1e39\nc,2\n")
    maker.variable("object", {"file": "t.csv", "id": "id", "value": "v", "nodata": 1e300, "not_modelled": -1e299})
    own = pa.table({"id": [7.0, np.nan, None], "v": [1.0, 2.0, 3.0]})
    pq.write_table(own.slice(0, 2), maker.folder / "o.parquet")
    maker.variable("object", {"file": "o.parquet", "id": "id", "value": "v"})
    table = pa.table({"id": ["a", "b"], "n": [1e30, 1.0], "v": [1.0, 2.0]})
    pq.write_table(table, maker.folder / "s.parquet")
    scenario = maker.read()
    np.testing.assert_array_equal(scenario.result("v0").values, [[np.nan, np.nan, 2]])
    assert next(issue for issue in scenario.issues if issue.kind == "infinite-value").count == 2
    assert scenario.result("v1").ids.to_list() == ["7", ""]
    maker.variable("surface", {"file": "s.parquet", "id": "id", "surface": "n", "value": "v"})
    refused(maker, maker.seal(), "does not hold numbers of surfaces")
