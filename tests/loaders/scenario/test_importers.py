"""Importers: packages made of what tools really write, checked against the files by other means."""

import csv
import gzip
import json
import tomllib
from pathlib import Path

import netCDF4
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rasterio
from rasterio.transform import Affine

from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.scenario.importers.kit import NeedAnswers, clean_id, clean_name
from loaders.scenario.importers.run import BUILT_IN, GROUP, choose, importers, run_import
from loaders.scenario.manifest import problems
from loaders.scenario.prepare import load

COMMON = {"title": "A case", "publisher": "Somebody", "licence": "CC0-1.0", "base": "town"}


def read(report):
    """The scenario in this process (the fence is tested elsewhere)."""
    raw = json.loads(report.path.read_text("utf-8"))
    assert problems(raw) == []
    return load(report.path, LoadOptions(), NoProgress()).scenario


@pytest.fixture
def imported(tmp_path):
    def run(paths, answers=None, name=""):
        report = run_import(tuple(map(Path, paths)), tmp_path / "package", COMMON | (answers or {}), name)
        return report, read(report)

    return run


def asked(paths, tmp_path, answers=None, name=""):
    with pytest.raises(NeedAnswers) as caught:
        run_import(tuple(map(Path, paths)), tmp_path / "package", COMMON | (answers or {}), name)
    assert not (tmp_path / "package").exists() and not list(tmp_path.glob("*.part"))
    return {question.key: question for question in caught.value.questions}


def write_csv(path, rows, separator=","):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def write_tif(path, values, *, crs="EPSG:28992", tags=None, unit=""):
    bands = np.asarray(values, np.float32)
    bands = bands[None] if bands.ndim == 2 else bands
    shape = {"width": bands.shape[2], "height": bands.shape[1], "count": len(bands)}
    place = {"crs": crs, "transform": Affine(5, 0, 1000, 0, -5, 2000)}
    with rasterio.open(path, "w", driver="GTiff", dtype="float32", nodata=-9999, **shape, **place) as file:
        file.write(bands)
        file.update_tags(**(tags or {}))
        if unit:
            file.units = [unit] * len(bands)
    return path


# --- the door --------------------------------------------------------------------------------------------------------


def test_every_importer_has_its_line_and_every_line_its_importer(project_root):
    config = tomllib.loads((project_root / "pyproject.toml").read_text("utf-8"))
    lines = config["project"]["entry-points"][GROUP]
    assert sorted(lines.values()) == sorted(BUILT_IN)
    found = importers()
    for name in lines:
        module, _, function = found[name].run.partition(":")
        assert callable(getattr(__import__(module, fromlist=["x"]), function)), name


def test_what_nobody_knows_is_refused_with_the_names(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("nothing")
    with pytest.raises(LoadError, match=r"no importer knows.*--as.*sumo-fcd"):
        choose((path,))
    with pytest.raises(LoadError, match="no importer 'magic'"):
        choose((path,), "magic")
    with pytest.raises(LoadError, match="cannot be read"):
        choose((tmp_path / "gone",))


def test_questions_come_all_at_once_and_nothing_is_left_behind(tmp_path):
    path = write_csv(tmp_path / "energy.csv", [("gml_id", "demand", "area"), ("a", 1, 2), ("b", 3, 4)])
    with pytest.raises(NeedAnswers) as caught:
        run_import((path,), tmp_path / "package", {})
    keys = {question.key for question in caught.value.questions}
    assert keys == {"unit.demand", "unit.area", "title", "publisher", "licence", "base"}
    assert list(tmp_path.iterdir()) == [path]
    wrong = asked([path], tmp_path, {"unit.demand": "smoots", "unit.area": "m2"})
    assert set(wrong) == {"unit.demand"} and "'smoots' is no UCUM unit" in wrong["unit.demand"].text


def test_an_existing_package_is_not_written_over(tmp_path):
    path = write_csv(tmp_path / "e.csv", [("id", "v"), ("a", 1)])
    (tmp_path / "package").mkdir()
    with pytest.raises(LoadError, match="of that name already"):
        run_import((path,), tmp_path / "package", COMMON | {"unit.v": "m"})


def test_names_are_fit_for_a_package():
    assert clean_name('a/b\\c:"d"?.csv') == "a_b_c__d__.csv" and clean_name("...") == "data"
    assert clean_id("Wärmebedarf [kWh]") == "W-rmebedarf--kWh" and clean_id("--") == "value"


# --- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_keep_ids_and_numbers(imported, tmp_path, separator):
    rows = [("gml_id", "name", "demand"), ("b1", "x", "1.5"), ("b2", "y", ""), ("b3", "z", "-7")]
    report, scenario = imported([write_csv(tmp_path / "t.csv", rows, separator)], {"unit.demand": "kW.h/m2"})
    result = scenario.results["demand"]
    assert report.variables == ("demand",) and result.ids.to_list() == ["b1", "b2", "b3"]
    assert np.array_equal(result.values[0], np.array([1.5, np.nan, -7], np.float32), equal_nan=True)
    assert scenario.manifest.provenance.inputs[0].file == "t.csv" and result.variable.unit == "kW.h/m2"


def test_parquet_tables(imported, tmp_path):
    pq.write_table(pa.table({"key": ["a", "b"], "n": [1, 2], "v": [0.25, 0.5]}), tmp_path / "t.parquet")
    _, scenario = imported([tmp_path / "t.parquet"], {"id": "key", "columns": "v", "unit.v": "1"})
    assert scenario.results["v"].values[0].tolist() == [0.25, 0.5] and len(scenario.results) == 1


def test_tables_of_places_become_points(imported, tmp_path):
    rows = [
        ("id", "x", "y", "stage", "depth"),
        (4, 382373.5, 6354387.8, 23.01, 0.3),
        (3, 382354.6, 6354365.2, 23.14, 0.04),
    ]
    path = write_csv(tmp_path / "levels.csv", rows)
    questions = asked([path], tmp_path)
    assert set(questions) == {"places", "crs", "unit.stage", "unit.depth"}
    assert questions["places"].choices == ("points", "objects")
    units = {"unit.stage": "m", "unit.depth": "m"}
    assert "unit.x" in asked([path], tmp_path, units | {"places": "objects"})
    _, scenario = imported([path], units | {"places": "points", "crs": "EPSG:32756"})
    result = scenario.results["stage"]
    assert result.variable.binding == "points" and result.values[0].tolist() == [np.float32(23.01), np.float32(23.14)]
    assert result.places[:, :2].tolist() == [[382373.5, 6354387.8], [382354.6, 6354365.2]]


def test_simstadt_units_come_from_the_header(imported, tmp_path):
    path = tmp_path / "sim.csv"
    path.write_text(
        "# SimStadt 0.10\n# project X\nGMLId;Heating demand [kWh/m2.a];Footprint area (m2);Note\n"
        "DEBW_1;101.5;88;ok\nDEBW_2;55;120.25;ok\n", "utf-8",
    )  # fmt: skip
    report, scenario = imported([path])
    assert report.variables == ("Heating-demand", "Footprint-area")
    assert scenario.results["Heating-demand"].values[0].tolist() == [101.5, 55.0]
    assert scenario.results["Heating-demand"].variable.unit == "kW.h/(m2.a)"
    assert scenario.manifest.provenance.tool == "SimStadt"


# --- rasters ---------------------------------------------------------------------------------------------------------


def test_a_series_of_rasters_is_put_in_order_of_time(imported, tmp_path):
    paths = [write_tif(tmp_path / f"tmrt_20210701_{hour:02d}00.tif", np.full((3, 4), hour)) for hour in (12, 6, 18)]
    _, scenario = imported(paths)
    result = scenario.results["tmrt"]
    assert result.values[:, 1, 1].tolist() == [6, 12, 18] and np.diff(result.time.starts).tolist() == [21600, 21600]
    assert result.variable.height_above_ground == 1.1 and "not air temperature" in dict(result.variable.note)[""]


@pytest.mark.parametrize(("most", "kind", "unit"), [(100, "uint8", "%"), (1, "uint8", "1"), (1, "float32", "1")])
def test_shadows_in_percent_are_told_from_shares(imported, tmp_path, most, kind, unit):
    path = tmp_path / "shadow_0900.tif"
    place = {"crs": "EPSG:25830", "transform": Affine(5, 0, 1000, 0, -5, 2000)}
    with rasterio.open(path, "w", driver="GTiff", dtype=kind, width=4, height=3, count=1, **place) as file:
        file.write(np.array([[0, most] * 2] * 3, kind), 1)
    _, scenario = imported([path])
    assert scenario.results["shadow"].variable.unit == unit
    assert scenario.manifest.provenance.tool == "Tool not stated"


def test_names_of_cloud_optimized_files_and_of_maxima(imported, tmp_path):
    _, scenario = imported([write_tif(tmp_path / "max_depth_cog.tif", np.full((3, 4), 1.5))], {"unit.max_depth": "m"})
    variable = scenario.results["max_depth"].variable
    assert variable.zero_is_none and variable.cell_methods == "time: maximum" and variable.palette == "water"


def test_seconds_in_names_need_a_start(imported, tmp_path):
    paths = [write_tif(tmp_path / f"depth_{s:04d}s.tif", np.full((2, 2), s / 60)) for s in (0, 60, 120)]
    assert set(asked(paths, tmp_path)) == {"unit.depth", "start"}
    _, scenario = imported(paths, {"unit.depth": "m", "start": "2007-06-08T00:00"})
    result = scenario.results["depth"]
    assert np.diff(result.time.starts).tolist() == [60, 60] and result.variable.zero_is_none
    assert result.values[:, 0, 0].tolist() == [0, 1, 2]


def test_lisflood_grids_get_their_crs_and_become_water(imported, tmp_path):
    for step in range(3):
        for ending, value in (("wd", step * 0.5), ("elev", 10 + step * 0.5)):
            text = "ncols 3\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 10\nNODATA_value -9999\n"
            text += f"{value} {value} -9999\n"
            (tmp_path / f"res-{step:04d}.{ending}").write_text(text + f"{value} {value} {value}\n")
    paths = sorted(tmp_path.glob("res-*"))
    assert set(asked(paths, tmp_path)) == {"unit.depth", "crs", "start", "step.depth"}
    answers = {"unit.depth": "m", "crs": "EPSG:27700", "start": "2026-01-01T00:00", "step.depth": "900"}
    _, scenario = imported(paths, answers)
    result = scenario.results["depth"]
    assert result.values.shape == (3, 2, 3) and np.isnan(result.values[:, 0, 2]).all()
    assert result.level[2, 1, 0] == 11.0 and result.grid.crs.name == "EPSG:27700"
    assert np.diff(result.time.starts).tolist() == [900, 900]


def test_real_depths_are_those_of_the_files(imported, data_file):
    paths = sorted(data_file("scenario/merewether_flood/dem_1m.tif").parent.joinpath("depth").glob("*.tif"))
    _, scenario = imported(paths, {"unit.depth": "m", "start": "2007-06-08T00:00"})
    result = scenario.results["depth"]
    assert len(result.time) == len(paths)
    with rasterio.open(paths[7]) as file:
        want = file.read(1, masked=True).filled(np.nan)
        assert np.array_equal(result.values[7], want, equal_nan=True) and file.crs.to_epsg() == 32756
    assert result.grid.crs.name == "EPSG:32756"


# --- NetCDF ----------------------------------------------------------------------------------------------------------


def test_real_grids_over_time(imported, data_file):
    path = data_file("scenario/bilbao_heat/bilbao_tmrt_24h.nc")
    _, scenario = imported([path])
    result = scenario.results["tmrt"]
    with netCDF4.Dataset(path) as file:
        want = np.ma.filled(file["tmrt"][13].astype(np.float32), np.nan)
        assert len(result.time) == file["time"].shape[0]
    assert np.array_equal(result.values[13], want, equal_nan=True)


def test_real_swamped_streets(imported, data_file, tmp_path):
    path = data_file("scenario/merewether_flood/merewether_flood.sww.nc")
    assert set(asked([path], tmp_path)) >= {"crs"}  # zone 56, but its hemisphere is "undefined"
    _, scenario = imported([path], {"start": "2007-06-08T00:00", "crs": "EPSG:32756"})
    result = scenario.results["depth"]
    with netCDF4.Dataset(path) as file:
        deep = file["stage_c"][20].astype(np.float32) - file["elevation_c"][:].astype(np.float32)
        x = file["x"][:] + float(getattr(file, "xllcorner", 0.0))
    want = np.where(deep > 0.001, deep, 0.0)
    assert np.allclose(result.values[20], want, atol=1e-6) and len(result.overlay.objects) == len(want)
    assert abs(result.overlay.bbox[0] - x.min()) < 1.0


def test_ugrid_meshes_of_delft3d(imported, tmp_path):
    path = tmp_path / "run_map.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.source = "D-Flow FM 1.2"
        for name, count in (("node", 5), ("face", 3), ("four", 4), ("time", 2)):
            file.createDimension(name, count)
        mesh = file.createVariable("mesh2d", "i4")
        mesh.setncatts({"cf_role": "mesh_topology", "topology_dimension": 2, "node_coordinates": "nx ny",
                        "face_node_connectivity": "faces"})  # fmt: skip
        file.createVariable("nx", "f8", ("node",))[:] = [0, 10, 10, 0, 20]
        file.createVariable("ny", "f8", ("node",))[:] = [0, 0, 10, 10, 5]
        faces = file.createVariable("faces", "i4", ("face", "four"), fill_value=-999)
        faces.start_index = 1
        faces[:] = [[1, 2, 3, 4], [2, 5, 3, -999], [1, 3, 4, -999]]
        clock = file.createVariable("time", "f8", ("time",))
        clock.units = "seconds since 2026-01-01 00:00:00"
        clock[:] = [0, 600]
        depth = file.createVariable("mesh2d_waterdepth", "f8", ("time", "face"))
        depth.setncatts({"mesh": "mesh2d", "location": "face", "units": "m", "long_name": "Water depth"})
        depth[:] = [[0, 1, 2], [3, 4, 5]]
    assert set(asked([path], tmp_path)) == {"crs"}
    _, scenario = imported([path], {"crs": "EPSG:28992"})
    result = scenario.results["mesh2d_waterdepth"]
    assert result.values.tolist() == [[0, 1, 2], [3, 4, 5]] and len(result.overlay.objects) == 3
    assert scenario.manifest.provenance.tool == "Delft3D FM"


# --- noise -----------------------------------------------------------------------------------------------------------


def features(path, items, crs="urn:ogc:def:crs:EPSG::2154"):
    rows = [{"type": "Feature", "properties": facts, "geometry": shape} for facts, shape in items]
    named = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path.write_text(json.dumps({"type": "FeatureCollection", **named, "features": rows}))
    return path


def test_real_receivers(imported, data_file):
    folder = "scenario/noise/noisemodelling-jdbc/src/test/resources/org/noise_planet/noisemodelling/jdbc"
    path = data_file(f"{folder}/lden_geom.geojson")
    _, scenario = imported([path])
    rows = json.loads(path.read_text())["features"]
    result = scenario.results["laeq"]
    assert result.values[0].tolist() == np.array([r["properties"]["laeq"] for r in rows], np.float32).tolist()
    assert np.allclose(result.places, [r["geometry"]["coordinates"] for r in rows])
    assert result.ids.to_list() == [str(r["properties"]["idreceiver"]) for r in rows]


def test_a_class_index_needs_its_breaks(imported, tmp_path):
    square = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]}
    path = features(tmp_path / "CONTOURING.geojson", [({"ISOLVL": k}, square) for k in (0, 2, 3)])
    assert set(asked([path], tmp_path)) == {"breaks.noise", "breaks-source"}
    few = {"breaks.noise": "50, 55", "breaks-source": "END"}
    assert "breaks.noise-count" in asked([path], tmp_path, few)
    _, scenario = imported([path], {"breaks.noise": "50, 55, 60", "breaks-source": "END"})
    result = scenario.results["noise"]
    assert result.values[0].tolist() == [47.5, 57.5, 62.5] and result.variable.classes.breaks == (50, 55, 60)
    assert result.variable.classes.source == "END"


# --- ways ------------------------------------------------------------------------------------------------------------

FCD = """<?xml version="1.0"?>
<fcd-export>
  <timestep time="0.00"><vehicle id="a" x="10" y="20" angle="0" type="bus" speed="5" pos="0" lane="l"/></timestep>
  <timestep time="1.00"><vehicle id="a" x="15" y="20" angle="0" type="bus" speed="5" pos="0" lane="l" slope="0"/>
    <person id="p" x="1" y="2" angle="0" speed="1" pos="0" edge="e" slope="0"/></timestep>
</fcd-export>"""
NET = """<net version="1.16"><location netOffset="-500.00,-700.00" convBoundary="0,0,99,99" origBoundary="0,0,1,1"
 projParameter="+proj=utm +zone=32 +ellps=WGS84 +datum=WGS84 +units=m +no_defs"/></net>"""


def test_sumo_xml_with_its_net(imported, tmp_path):
    (tmp_path / "fcd.xml").write_text(FCD)
    with gzip.open(tmp_path / "town.net.xml.gz", "wt") as file:
        file.write(NET)
    paths = [tmp_path / "fcd.xml", tmp_path / "town.net.xml.gz"]
    _, scenario = imported(paths, {"start": "2026-05-12T08:00"})
    moves = scenario.results["movers"].moves
    assert moves.ids.to_list() == ["a", "p"] and [moves.kind_names[k] for k in moves.kinds] == ["bus", "person"]
    assert moves.positions[:, :2].tolist() == [[510, 720], [515, 720], [501, 702]]
    assert scenario.manifest.crs.name == "EPSG:32632" and np.diff(moves.times[:2]).tolist() == [1.0]


def test_real_traffic_as_csv_and_as_czml_agree(imported, data_file, tmp_path):
    sample = data_file("scenario/tum_traffic/input/sumo_fcd_sample.csv")
    _, first = imported([sample], {"start": "2023-06-26T12:00"})
    (tmp_path / "package").rename(tmp_path / "csv")
    _, second = imported([data_file("scenario/tum_traffic/output/czml_points_sample.czml")])
    one, two = (s.results["movers"].moves for s in (first, second))
    with sample.open() as file:
        want = {}
        for row in csv.DictReader(file):
            want.setdefault(row["id"], []).append(float(row["timestep"]))
    assert one.ids.to_list() == list(want) and set(two.ids.to_list()) == set(want)
    counts = dict(zip(one.ids.to_list(), np.diff(one.start).tolist(), strict=True))
    assert counts == {name: len(set(times)) for name, times in want.items()}
    at = two.ids.to_list().index("bike11.0")
    other = one.ids.to_list().index("bike11.0")
    a, b = one.start[other], two.start[at]
    assert np.abs(one.positions[a, :2] - two.positions[b, :2]).max() < 0.01 and one.times[a] == two.times[b]


def test_matsim_counts_vehicles_on_links(imported, data_file):
    folder = "scenario/matsim"
    events = data_file(f"{folder}/test/input/org/matsim/project/RunMatsimTest/test/output_events.xml.gz")
    paths = [data_file(f"{folder}/scenarios/equil/network.xml"), events]
    _, scenario = imported(paths, {"crs": "EPSG:31468", "start": "2026-01-01T00:00", "sample": "0.5"})
    with gzip.open(events, "rt") as file:
        lines = [line for line in file if '"entered link"' in line or "vehicle enters traffic" in line]
    six = sum('link="6"' in line for line in lines)
    result = scenario.results["vehicles"]
    assert result.values[:, result.ids.to_list().index("6")].sum() == 2 * six > 0
    assert result.values.sum() == 2 * len(lines)
    moves = scenario.results["movers"].moves
    assert len(moves.ids) == 100
    gaps = np.diff(moves.times)[np.diff(np.repeat(np.arange(100), np.diff(moves.start))) == 0]
    assert (gaps <= 31.0).mean() > 0.8  # on their way along links of ten kilometres


def test_moving_features(imported, tmp_path):
    way = {"type": "MovingPoint", "datetimes": ["2026-01-01T10:00:00Z", "2026-01-01T10:00:10Z"],
           "coordinates": [[8.5, 47.0], [8.501, 47.001, 3.0]]}  # fmt: skip
    raw = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": "one", "properties": {"type": "bicycle"}, "temporalGeometry": way},
        {"type": "Feature", "properties": {"name": "two"}, "temporalGeometry": {"prisms": [way]}},
    ]}  # fmt: skip
    (tmp_path / "moves.json").write_text(json.dumps(raw))
    _, scenario = imported([tmp_path / "moves.json"])
    moves = scenario.results["movers"].moves
    assert moves.ids.to_list() == ["one", "two"] and moves.kind_names[moves.kinds[0]] == "bicycle"
    assert np.diff(moves.times).tolist()[0] == 10.0


# --- hostile ---------------------------------------------------------------------------------------------------------

ENTITY = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><fcd-export><timestep time="&x;"/></fcd-export>'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xml", ENTITY, "entities"),
        ("b.xml", "<fcd-export><timestep time='0'>", "damaged"),
        (
            "c.czml",
            '[{"id":"document"},{"id":"a","position":{"cartographicDegrees":[1,2]}}]',
            "groups of four",
        ),
        ("d.czml", '[{"id":"document"},{"id":"a","position":{"cartographicDegrees":[0,1e999,2,3]}}]', "JSON"),
        (
            "e.json",
            '{"temporalGeometry":{"datetimes":[1,2],"coordinates":[[1,2]]}}',
            "one moment for each",
        ),
        ("f.csv", "timestep,id,x,y\n0,a,zehn,3\n", "no number"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(LoadError, match=said) as caught:
        run_import((path,), tmp_path / "package", COMMON | {"start": "2026-01-01", "crs": "EPSG:28992"})
    assert str(caught.value).startswith(name) and "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_hostile_files_of_the_collection(data_dir, tmp_path):
    found = list((data_dir / "malicious").rglob("*.czml"))
    if not found:
        pytest.skip("no such files")
    for path in found:
        with pytest.raises(LoadError):
            run_import((path,), tmp_path / "package", COMMON)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("timestep_time;vehicle_id;vehicle_x;vehicle_y;vehicle_speed", "sumo-fcd"),
        ("time,id,x,y,angle,speed,lane,slope", "sumo-fcd"),
        ("time,id,x,y,height", "table"),
    ],
)
def test_sumos_tables_are_known_by_their_columns(tmp_path, header, name):
    path = tmp_path / "out.csv"
    path.write_text(header + "\n" + ";".join("1" * 5) + "\n")
    assert choose((path,)).name == name
