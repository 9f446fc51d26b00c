"""Objects, surfaces, receivers, polygons, links from tables and vector files; values checked with the csv module."""

from __future__ import annotations

import csv
import json
from datetime import datetime

import numpy as np
import pytest

from loaders.api import LoadError
from loaders.scenario.model import NOT_MODELLED

HOURS = {"kind": "instants", "start": "2030-06-21T00:00+02:00", "step": "PT1H", "count": 3}


def epoch(text):
    return datetime.fromisoformat(text).timestamp()


def test_a_static_table_by_id(maker):
    path = maker.text("energy.csv", "id,kwh\nb1,10.5\nb2,\nb3,0\n007,outside\n")
    maker.variable("object", {"file": "energy.csv", "id": "id", "value": "kwh", "not_modelled_text": "outside"})
    result = maker.read().result("v0")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert result.ids.to_list() == [row["id"] for row in rows]
    assert result.values.shape == (1, 4)
    assert result.values[0, 0] == 10.5 and np.isnan(result.values[0, 1]) and result.values[0, 2] == 0
    assert result.values[0, 3] == NOT_MODELLED
    assert result.low is None and not result.time.dated


def test_columns_per_step_with_a_range(maker):
    maker.text("t.csv", "id;a;b;c;la;lb;lc;ha;hb;hc\nx;1,5;2;3;1;1;1;9;9;9\ny;4;5;6;3;3;3;8;8;8\n")
    data = {
        "file": "t.csv", "separator": ";", "decimal": ",", "id": "id", "value": ["a", "b", "c"],
        "low": ["la", "lb", "lc"], "high": ["ha", "hb", "hc"],
    }  # fmt: skip
    maker.variable("object", data, time=HOURS, uncertainty={"kind": "minmax"})
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, [[1.5, 4], [2, 5], [3, 6]])
    np.testing.assert_array_equal(result.low, [[1, 3]] * 3)
    np.testing.assert_array_equal(result.high, [[9, 8]] * 3)
    np.testing.assert_array_equal(result.time.starts, epoch("2030-06-21T00:00+02:00") + 3600.0 * np.arange(3))


@pytest.mark.parametrize("times", ["iso", "seconds", "parquet"])
def test_rows_per_step(maker, times):
    start = epoch("2030-06-21T00:00+02:00")
    rows = [("a", 2, 7.0), ("b", 0, 1.0), ("a", 0, 3.0), ("b", 1, 4.0)]
    names = ["2030-06-21T00:00+02:00", "2030-06-20T23:00Z", "2030-06-21 02:00:00+02:00"]
    if times == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        moments = pa.array([int((start + 3600 * step) * 1000) for _, step, _ in rows], pa.timestamp("ms", "UTC"))
        table = {"id": [row[0] for row in rows], "when": moments, "v": [row[2] for row in rows]}
        pq.write_table(pa.table(table), maker.folder / "t.parquet")
    else:
        body = "".join(f"{own},{names[step] if times == 'iso' else 3600 * step},{v}\n" for own, step, v in rows)
        maker.text("t.csv", "id,when,v\n" + body)
    name = "t.parquet" if times == "parquet" else "t.csv"
    maker.variable("object", {"file": name, "id": "id", "time": "when", "value": "v"}, time=HOURS)
    result = maker.read().result("v0")
    assert result.ids.to_list() == ["a", "b"]
    want = np.full((3, 2), np.nan)
    for own, step, value in rows:
        want[step, "ab".index(own)] = value
    np.testing.assert_array_equal(result.values, want)


def test_a_file_per_step_in_another_order_and_with_gaps(maker):
    maker.text("0.csv", "id,v\na,1\nb,2\nc,3\n")
    maker.text("1.csv", "id,v\nc,30\na,10\nz,5\n")
    time = {"kind": "periods", "names": ["day", "night"]}
    maker.variable("object", {"files": ["0.csv", "1.csv"], "id": "id", "value": "v"}, time=time)
    scenario = maker.read()
    result = scenario.result("v0")
    np.testing.assert_array_equal(result.values, [[1, 2, 3], [10, np.nan, 30]])
    assert result.time.labels == ("day", "night") and not result.time.dated
    assert [issue.kind for issue in scenario.issues] == ["unknown-id"] and scenario.issues[0].objects == ("z",)


def test_members_become_a_range(maker):
    rng = np.random.default_rng(1)
    runs = rng.normal(10, 2, (11, 4)).round(3)
    lines = [f"o{k},{run},{runs[run, k]}" for run in range(11) for k in range(4)]
    maker.text("m.csv", "id,run,v\n" + "\n".join(lines) + "\n")
    data = {"file": "m.csv", "id": "id", "member": "run", "value": "v"}
    maker.variable("object", data, uncertainty={"kind": "members", "level": 0.8, "members": 11})
    result = maker.read().result("v0")
    np.testing.assert_allclose(result.values[0], np.median(runs, axis=0), rtol=1e-6)
    np.testing.assert_allclose(result.low[0], np.quantile(runs, 0.1, axis=0), rtol=1e-6)
    np.testing.assert_allclose(result.high[0], np.quantile(runs, 0.9, axis=0), rtol=1e-6)


def test_quantiles_and_standard_deviation(maker):
    maker.text("q.csv", "id,p5,p50,p95,sd\na,1,2,4,0.5\nb,3,5,9,1\n")
    quantiles = {"0.05": "p5", "0.5": "p50", "0.95": "p95"}
    maker.variable("object", {"file": "q.csv", "id": "id", "quantiles": quantiles}, uncertainty={"kind": "quantiles"})
    half = {"0.25": "p5", "0.75": "p95"}
    maker.variable("object", {"file": "q.csv", "id": "id", "quantiles": half}, uncertainty={"kind": "quantiles"})
    data = {"file": "q.csv", "id": "id", "value": "p50", "sd": "sd"}
    maker.variable("object", data, uncertainty={"kind": "sd", "level": 0.95})
    scenario = maker.read()
    by_quantile, by_sd = scenario.result("v0"), scenario.result("v2")
    assert scenario.result("v1").variable.uncertainty.level == 0.5
    assert by_quantile.variable.uncertainty.level == 0.9
    np.testing.assert_array_equal(by_quantile.values, [[2, 5]])
    np.testing.assert_array_equal(by_quantile.low, [[1, 3]])
    np.testing.assert_array_equal(by_quantile.high, [[4, 9]])
    np.testing.assert_allclose(by_sd.low, [[2 - 1.959964 * 0.5, 5 - 1.959964]], rtol=1e-5)
    np.testing.assert_allclose(by_sd.high, [[2 + 1.959964 * 0.5, 5 + 1.959964]], rtol=1e-5)


def test_surfaces(maker):
    maker.text("roofs.csv", "building,roof,kwh\nb1,0,5\nb1,2,7\nb2,0,9\n")
    maker.variable("surface", {"file": "roofs.csv", "id": "building", "surface": "roof", "value": "kwh"})
    result = maker.read().result("v0")
    assert result.ids.to_list() == ["b1", "b1", "b2"]
    assert result.surfaces.tolist() == [0, 2, 0] and result.surfaces.dtype == np.int32
    np.testing.assert_array_equal(result.values, [[5, 7, 9]])


def test_receivers_from_columns(maker):
    maker.text("r.csv", "name,x,y,z,of,nx,ny,db\nr1,10,20,5,b1,2,0,55.5\nr2,11,21,,b2,0,0,60\n")
    data = {
        "file": "r.csv",
        "id": "name",
        "x": "x",
        "y": "y",
        "z": "z",
        "owner": "of",
        "nx": "nx",
        "ny": "ny",
        "value": "db",
    }
    maker.variable("points", data, height_above_ground=4.0, unit="dB[SPL]")
    result = maker.read().result("v0")
    np.testing.assert_allclose(result.places, [[10, 20, 5], [11, 21, 4]])
    np.testing.assert_array_equal(result.normals, [[1, 0, 0], [0, 0, 0]])
    assert result.owners.to_list() == ["b1", "b2"] and result.ids.to_list() == ["r1", "r2"]
    np.testing.assert_array_equal(result.values, [[55.5, 60]])
    assert result.variable.unit_label == "dB"


def geojson(features):
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    return json.dumps({"type": "FeatureCollection", "crs": named, "features": features})


def feature(geometry, coordinates, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": geometry, "coordinates": coordinates}}


def square(x, y, size=10.0):
    return [[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]


def test_receivers_from_geojson_with_a_table_of_values(maker):
    points = [feature("Point", [100, 200, 3], pk="p1"), feature("Point", [110, 200, 4], pk="p2")]
    maker.text("p.geojson", geojson(points))
    maker.text("v.csv", "id,period,db\np2,D,50\np1,D,51\np1,N,41\np2,N,40\n")
    time = {"kind": "periods", "names": ["D", "N"]}
    data = {"file": "v.csv", "id": "id", "time": "period", "value": "db", "geometry": "p.geojson", "geometry_id": "pk"}
    maker.variable("points", data, time=time)
    result = maker.read().result("v0")
    np.testing.assert_allclose(result.places, [[100, 200, 3], [110, 200, 4]], atol=1e-6)
    np.testing.assert_array_equal(result.values, [[51, 50], [41, 40]])


def test_polygons_are_draped_objects(maker):
    features = [feature("Polygon", square(0, 0), id="a", v=1.5), feature("Polygon", square(20, 0), id="b", v=None)]
    maker.text("z.geojson", geojson(features))
    maker.variable("polygon", {"file": "z.geojson", "id": "id", "value": "v"})
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, [[1.5, np.nan]])
    assert result.overlay.objects.ids.to_list() == ["a", "b"] == result.ids.to_list()
    assert result.overlay.lods[""].area_m2 == pytest.approx(200.0)
    assert result.overlay.crs.name == "EPSG:28992" and result.vertex_rows is None


def test_polygons_may_share_an_id(maker):
    features = [feature("Polygon", square(20 * k, 0), level=k % 2, v=float(k)) for k in range(4)]
    maker.text("z.geojson", geojson(features))
    maker.variable("polygon", {"file": "z.geojson", "id": "level", "value": "v"})
    result = maker.read().result("v0")
    assert result.ids.to_list() == ["0", "1", "0", "1"]
    np.testing.assert_array_equal(result.values, [[0, 1, 2, 3]])
    assert len(result.overlay.objects) == 4


def test_links_are_ribbons_with_values_by_hour(maker):
    lines = [
        feature("LineString", [[0, 0], [30, 0]], link="l1", width=8.0),
        feature("LineString", [[0, 50], [0, 90]], link="l2", width=4.0),
    ]
    maker.text("roads.geojson", geojson(lines))
    maker.text("flow.csv", "link,h0,h1,h2\nl2,5,6,7\nl1,1,2,3\nl9,1,1,1\n")
    data = {
        "file": "flow.csv",
        "id": "link",
        "value": ["h0", "h1", "h2"],
        "geometry": "roads.geojson",
        "geometry_id": "link",
    }
    maker.variable("links", data, time=HOURS, unit="{vehicles}/h")
    scenario = maker.read()
    result = scenario.result("v0")
    np.testing.assert_array_equal(result.values, [[1, 5], [2, 6], [3, 7]])
    mesh = result.overlay.lods[""]
    assert mesh.area_m2 == pytest.approx(30 * 8 + 40 * 4, rel=1e-3)
    assert "unknown-id" in {issue.kind for issue in scenario.issues}


def test_geoparquet_polygons(maker):
    import pyarrow as pa
    import pyarrow.parquet as pq
    import pyproj
    import shapely

    wkb = [shapely.to_wkb(shapely.box(0, 0, 10, 5)), shapely.to_wkb(shapely.box(50, 0, 60, 5))]
    table = pa.table({"zone": ["z1", "z2"], "t": [20.5, 21.5], "geometry": wkb})
    crs = json.loads(pyproj.CRS.from_epsg(28992).to_json())
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": [], "crs": crs}},
    }
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), maker.folder / "z.parquet")
    maker.variable("polygon", {"file": "z.parquet", "id": "zone", "value": "t"}, unit="Cel")
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, [[20.5, 21.5]])
    assert result.overlay.lods[""].area_m2 == pytest.approx(100.0)
    assert result.variable.unit_label == "°C"


@pytest.mark.parametrize(
    ("text", "data", "reason"),
    [
        ("id,v\na,1\na,2\n", {"id": "id", "value": "v"}, "'a' is there twice"),
        ("id,v\na,x\n", {"id": "id", "value": "v"}, "cannot be read|does not hold numbers"),
        ("id,v\na,1\n", {"id": "id", "value": "w"}, "there is no column 'w'. Its columns: id, v"),
        ("id,v\na,1,2\n", {"id": "id", "value": "v"}, "cannot be read"),
    ],
)
def test_broken_tables_are_refused_in_one_line(maker, text, data, reason):
    maker.text("t.csv", text)
    maker.variable("object", {"file": "t.csv", **data})
    with pytest.raises(LoadError, match=reason) as caught:
        maker.read()
    assert "\n" not in str(caught.value) and "t.csv" in str(caught.value)


def test_a_time_that_is_no_step_is_refused(maker):
    maker.text("t.csv", "id,when,v\na,2030-06-21T00:30+02:00,1\n")
    maker.variable("object", {"file": "t.csv", "id": "id", "time": "when", "value": "v"}, time=HOURS)
    with pytest.raises(LoadError, match="is no step of the variable"):
        maker.read()


def test_two_values_for_one_step_are_refused(maker):
    maker.text("t.csv", "id,when,v\na,0,1\na,0,2\n")
    maker.variable("object", {"file": "t.csv", "id": "id", "time": "when", "value": "v"}, time=HOURS)
    with pytest.raises(LoadError, match="two values for one step"):
        maker.read()


def test_what_is_flat_lies_on_the_ground(maker, write_tif, tmp_path):
    columns = np.arange(100, dtype=np.float32)
    write_tif(tmp_path / "dem.tif", np.tile(columns / 10 + 5, (100, 1)), corner=(0.0, 100.0), cell=1.0)  # 5 m + x / 10
    maker.text("r.csv", "name,x,y,db\nr1,50,50,55\n")
    maker.variable("points", {"file": "r.csv", "id": "name", "x": "x", "y": "y", "value": "db"}, height_above_ground=4)
    maker.text("l.geojson", geojson([feature("LineString", [[10, 20], [90, 20]], id="l", v=1.0)]))
    maker.variable("links", {"file": "l.geojson", "id": "id", "value": "v"})
    maker.text("p.geojson", geojson([feature("Polygon", square(20, 40), id="p", v=1.0)]))
    maker.variable("polygon", {"file": "p.geojson", "id": "id", "value": "v"})
    scenario = maker.read(ground=str(tmp_path / "dem.tif"), crs="EPSG:28992")
    np.testing.assert_allclose(scenario.result("v0").places, [[50, 50, 5 + 4.95 + 4]], atol=1e-4)
    for name, least, most in (("v1", 5.95, 13.95), ("v2", 6.95, 7.95)):
        bbox = scenario.result(name).overlay.bbox
        assert bbox[2] == pytest.approx(least, abs=0.5) and bbox[5] == pytest.approx(most, abs=0.5)


def test_another_crs_than_the_projects_is_brought_to_it(maker):
    import pyproj

    maker.text("r.csv", "name,lon,lat,z,db\nr1,4.9,52.37,3,55\n")
    places = {"x": "lon", "y": "lat", "z": "z", "crs": "EPSG:4326"}
    maker.variable("points", {"file": "r.csv", "id": "name", "value": "db", **places})
    x, y = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:28992", always_xy=True).transform(4.9, 52.37)
    np.testing.assert_allclose(maker.read(crs="EPSG:28992").result("v0").places, [[x, y, 3]], atol=0.01)
