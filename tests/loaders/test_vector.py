"""Vector layers: features, ids, attributes, geometries and heights, beside what pyogrio and shapely read themselves."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import warnings

import numpy as np
import pytest

from loaders import registry, store
from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.check import check_city
from loaders.layers import VectorData, same_plane, sample
from loaders.vector import load
from loaders.worker import load_in_process

pyogrio = pytest.importorskip("pyogrio")
shapely = pytest.importorskip("shapely")


@pytest.fixture(autouse=True)
def same_environment():
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def read(path, **options):
    result = load(path, LoadOptions(**options), NoProgress())
    check_city(result.value)
    return result


def kinds(result):
    return {issue.kind for issue in result.issues}


@pytest.fixture
def write(tmp_path):
    """Write geometries and columns with pyogrio."""

    def do(shapes, name="a.gpkg", columns=None, crs="EPSG:28992", layer=None, kind="Unknown", **more):
        columns = columns or {}
        drivers = {"gpkg": "GPKG", "geojson": "GeoJSON", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf"}
        path = tmp_path / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pyogrio.raw.write(
                path,
                shapely.to_wkb(np.array(shapes, object), output_dimension=4 if more.pop("measured", False) else 3),
                [np.array(values) for values in columns.values()],
                list(columns),
                driver=drivers[path.suffix[1:]],
                layer=layer or path.stem,
                geometry_type=kind,
                crs=crs,
                **more,
            )
        return path

    return do


@pytest.fixture
def collection(tmp_path):
    """Write GeoJSON text."""

    def do(features, name="a.geojson", **more):
        path = tmp_path / name
        path.write_text(json.dumps({"type": "FeatureCollection", **more, "features": features}))
        return path

    return do


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


RD = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
SQUARE = shapely.Polygon(
    [(85000, 446000), (85100, 446000), (85100, 446100), (85000, 446100)],
    [[(85040, 446040), (85060, 446040), (85060, 446060), (85040, 446060)]],
)


def corners(city):
    tiles = city.lods[""].tiles
    owner = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.vertex_start))
    return tiles.positions.astype(np.float64) + tiles.origins[owner]


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.shp", "a.fgb"])
def test_every_format_gives_the_same_city(write, name):
    shapes = [SQUARE, shapely.affinity.translate(SQUARE, 300, 0)]
    path = write(shapes, name, {"id": ["x", "y"], "storeys": [3, 5], "share": [0.5, 1.25]}, kind="Polygon")
    assert registry.pick(path).name == "Vector layers"
    result = read(path)
    city = result.value
    ids = city.objects.ids.to_list()  # FlatGeobuf orders features by place
    assert sorted(ids) == ["x", "y"]
    assert city.objects.type_of(0) == "+a"
    assert city.objects.attributes_of(ids.index("y")) == {"id": "y", "storeys": 5, "share": 1.25}
    assert city.crs.name == "EPSG:28992"
    assert city.lods[""].area_m2 == pytest.approx(2 * SQUARE.area, rel=1e-9)
    assert city.bbox.tolist() == [85000, 446000, 0, 85400, 446100, 0]
    assert city.source.layers[0].geometry_types == ("Polygon",) and city.source.layers[0].features == 2
    assert kinds(result) == {"flat"}


def test_areas_of_awkward_polygons_are_those_of_shapely(write):
    rng = np.random.default_rng(4)
    shapes = []
    for number in range(60):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
        radius = rng.uniform(5, 50, 40)
        middle = np.array([85000 + 200 * (number % 8), 446000 + 200 * (number // 8)])
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None] + middle
        hole = shapely.Point(middle).buffer(2)
        shapes.append(shapely.Polygon(ring).difference(hole))
    result = read(write(shapes))
    assert result.value.lods[""].area_m2 == pytest.approx(sum(shape.area for shape in shapes), rel=1e-6)
    tiles = result.value.lods[""].tiles
    assert (tiles.tags[:, 0] < 60).all()


def test_geometries_of_every_type(collection):
    polygon = {"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]}
    triangle = [[[20, 0], [29, 0], [29, 9], [20, 0]]]
    line = {"type": "LineString", "coordinates": [[0, 0], [5, 5], [9, 5]]}
    point = {"type": "Point", "coordinates": [1, 2]}
    features = [
        feature(polygon),
        feature({"type": "MultiPolygon", "coordinates": [polygon["coordinates"], triangle]}),
        feature(line),
        feature({"type": "MultiLineString", "coordinates": [line["coordinates"]] * 2}),
        feature(point),
        feature({"type": "MultiPoint", "coordinates": [[1, 1], [2, 2], [3, 3]]}),
        feature({"type": "GeometryCollection", "geometries": [point, line, polygon]}),
        feature(None),
        feature({"type": "Polygon", "coordinates": []}),
    ]
    result = read(collection(features, crs=RD))
    city = result.value
    mesh = city.lods[""]
    assert mesh.area_m2 == pytest.approx(81 + 81 + 40.5 + 81)
    assert len(mesh.lines.start) - 1 == 1 + 2 + 1
    assert len(mesh.points.positions) == 1 + 3 + 1
    assert mesh.drawn.tolist() == [True] * 7 + [False] * 2
    assert city.drawable == 7
    assert {"no-geometry", "empty-geometry"} <= kinds(result)
    assert "GeometryCollection" in city.source.layers[0].geometry_types


def test_heights_of_the_file_are_kept_and_all_zero_is_none(write):
    roof = shapely.Polygon([(0, 0, 5), (10, 0, 5), (10, 10, 15), (0, 10, 15)])
    city = read(write([roof])).value
    assert city.bbox.tolist() == [0, 0, 5, 10, 10, 15]
    assert city.lods[""].area_m2 == pytest.approx(10 * np.hypot(10, 10))
    assert city.source.layers[0].has_z
    wall = shapely.Polygon([(0, 0, 0), (10, 0, 0), (10, 0, 8), (0, 0, 8)])
    assert read(write([wall])).value.lods[""].area_m2 == pytest.approx(80)
    zero = shapely.Polygon([(0, 0, 0), (10, 0, 0), (10, 10, 0)])
    assert "zero-heights" in kinds(read(write([zero])))


def test_measures_are_left_out(write):
    path = write([shapely.from_wkt("LINESTRING Z (0 0 1, 9 0 2)")])
    measured = shapely.to_wkb(shapely.from_wkt("LINESTRING ZM (0 0 1 7, 9 0 2 8)"), output_dimension=4, flavor="iso")
    with sqlite3.connect(path) as base:
        for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        header = b"GP\x00\x01" + (28992).to_bytes(4, "little")
        base.execute("UPDATE a SET geom = ?", (header + measured,))
        base.execute("UPDATE gpkg_geometry_columns SET m = 1, z = 1, geometry_type_name = 'LINESTRING'")
    base.close()
    result = read(path)
    assert result.value.bbox.tolist() == [0, 0, 1, 9, 0, 2]
    assert "measures" in kinds(result)


def test_attributes_keep_their_types(collection):
    here = {"type": "Point", "coordinates": [0, 0]}
    features = [
        feature(here, name="Hof", n=1, x=0.5, yes=True, when="2020-03-04", at="2020-03-04T05:06:07Z", list=[1, 2],
                obj={"a": [1]}, mixed=1),
        feature(here, name=None, n=None, x=None, yes=None, when=None, at=None, list=None, obj=None, mixed="b"),
        feature(here, name="Ünïcode مدينة", n=-5, x=3, yes=False, when="1066-10-14", list=["c"], mixed=2.5),
    ]  # fmt: skip
    table = read(collection(features, crs=RD)).value.objects
    found = {name: column.kind for name, column in table.columns.items()}
    assert found["name"] == "string" and found["n"] == "integer" and found["x"] == "number"
    assert found["yes"] == "boolean" and found["when"] == "string" and found["list"] == "json"
    first = table.attributes_of(0)
    assert (first["n"], first["yes"], first["when"], first["obj"]) == (1, True, "2020-03-04", {"a": [1]})
    assert first["at"].startswith("2020-03-04T05:06:07")
    assert [str(item) for item in first["list"]] == ["1", "2"]
    assert table.attributes_of(1) == {"mixed": "b"}
    assert table.attributes_of(2)["name"] == "Ünïcode مدينة"


def test_ids_are_unique_and_repairs_are_told(collection, write):
    here = {"type": "Point", "coordinates": [0, 0]}
    result = read(collection([feature(here, ID="a"), feature(here, ID="a"), feature(here, ID=None)], crs=RD))
    ids = result.value.objects.ids.to_list()
    assert ids[0] == "a" and ids[1] == "a:1" and ids[2] == "a:2"
    (issue,) = [issue for issue in result.issues if issue.kind == "duplicate-id"]
    assert issue.count == 1 and issue.objects == ("a",)


def test_types_come_from_the_layer_or_from_a_column(collection, write):
    here = {"type": "Point", "coordinates": [0, 0]}
    given = [feature(here, citytype="Building"), feature(here, citytype="<x>"), feature(here, citytype="+Kiosk")]
    table = read(collection(given, name="stalls.geojson", crs=RD)).value.objects
    assert [table.type_of(row) for row in range(3)] == ["Building", "+stalls", "+Kiosk"]
    assert read(write([SQUARE], layer="LandUse")).value.objects.type_of(0) == "LandUse"


def test_all_layers_of_a_geopackage_in_the_crs_of_the_first(write):
    write([SQUARE], layer="green", columns={"id": ["x"]})
    lonlat = shapely.Point(4.36, 52.0)
    path = write([lonlat], layer="trees", columns={"id": ["x"]}, crs="EPSG:4326", append=False)
    result = read(path)
    city = result.value
    assert isinstance(city.source, VectorData)
    assert [layer.name for layer in city.source.layers] == ["green", "trees"]
    assert city.objects.ids.to_list() == ["x", "trees:1"]
    assert {"mixed-crs", "duplicate-id"} <= kinds(result)
    import pyproj

    there = pyproj.Transformer.from_crs(4326, 28992, always_xy=True).transform(4.36, 52.0)
    world = city.lods[""].points.positions[0] + city.lods[""].points.origin
    assert world[:2] == pytest.approx(there, abs=0.01)


def test_degrees_are_drawn_in_metres(collection):
    ring = [[14.0, 48.0], [14.001, 48.0], [14.001, 48.001], [14.0, 48.001], [14.0, 48.0]]
    result = read(collection([feature({"type": "Polygon", "coordinates": [ring]})]))
    assert result.value.crs.name == "EPSG:32633"
    assert result.value.lods[""].area_m2 == pytest.approx(74.6 * 111.2, rel=0.01)
    assert "not-metric" in kinds(result)
    world = read(collection([feature({"type": "Point", "coordinates": [x, 0]}) for x in (-170, 0, 170)]))
    assert world.value.crs.name == "EPSG:8857"


def test_layers_are_brought_to_the_crs_that_is_asked_for(collection, write):
    import pyproj

    lon, lat = pyproj.Transformer.from_crs(28992, 4326, always_xy=True).transform(85000, 446000)
    path = collection([feature({"type": "Point", "coordinates": [lon, lat]})])
    result = read(path, crs="EPSG:7415")
    assert result.value.crs.name == "EPSG:28992" and "reprojected" in kinds(result)
    assert result.value.bbox[:2] == pytest.approx([85000, 446000], abs=0.01)
    assert read(path, crs="EPSG:4979").value.crs.name == "EPSG:32631"  # not in metres
    cache = store.ArrayCache(path.parent / "cache")
    load_in_process(path, cache=cache)
    other = load_in_process(path, cache=cache, options=LoadOptions(crs="EPSG:28992"))
    assert not other.from_cache and other.result.value.crs.name == "EPSG:28992"


def test_coordinates_that_cannot_be_degrees(collection):
    result = read(collection([feature({"type": "Point", "coordinates": [85000, 446000]})]))
    assert "not-degrees" in kinds(result)
    assert result.value.crs.name is None
    assert result.value.bbox[0] == 85000


def ground_file(tmp_path, crs="EPSG:28992"):
    rasterio = pytest.importorskip("rasterio")
    y, x = np.mgrid[:200, :200]
    heights = (20 + 6 * np.sin(x / 15) * np.cos(y / 19)).astype(np.float32)
    path = tmp_path / "dem.tif"
    options = {"height": 200, "width": 200, "count": 1, "dtype": "float32", "crs": crs}
    with rasterio.open(
        path, "w", driver="GTiff", transform=rasterio.Affine(1, 0, 84950, 0, -1, 446150), **options
    ) as out:
        out.write(heights, 1)
        out.update_tags(QUANTITY="elevation")
    return path


def test_areas_and_lines_follow_the_ground(write, tmp_path):
    dem = ground_file(tmp_path)
    ground = load_in_process(dem)
    raster = ground.result.value.source
    line = shapely.LineString([(84960, 446000), (85120, 446110)])
    path = write([SQUARE, line, shapely.Point(85010, 446010)])
    for place in (ground.folder, dem):
        result = read(path, ground=str(place))
        mesh = result.value.lods[""]
        assert kinds(result) == set()
        world = corners(result.value)
        assert world[:, 2] == pytest.approx(sample(raster, world[:, :2]) + 0.05, abs=1e-3)
        on_plan = 0.0
        for first, last, origin in zip(
            mesh.tiles.triangle_start[:-1], mesh.tiles.triangle_start[1:], mesh.tiles.origins, strict=True
        ):
            xyz = mesh.tiles.positions[mesh.tiles.triangles[first:last]].astype(np.float64)  # one tile here
            a, b = xyz[:, 1] - xyz[:, 0], xyz[:, 2] - xyz[:, 0]
            on_plan += 0.5 * float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum())
            middle = xyz.mean(axis=1) + origin
            assert np.abs(sample(raster, middle[:, :2]) + 0.05 - middle[:, 2]).max() < 0.5
        assert on_plan == pytest.approx(SQUARE.area, rel=1e-6)
        along = mesh.lines.positions + mesh.lines.origin
        assert along[:, 2] == pytest.approx(sample(raster, along[:, :2]) + 0.1, abs=1e-3)
        assert np.hypot(*np.diff(along[:, :2], axis=0).T).max() <= 2.001
        assert mesh.tiles.triangle_count > 500


def test_what_lies_on_a_ground_has_its_crs_with_its_heights(write, tmp_path):
    path = write([SQUARE])
    assert read(path, ground=str(ground_file(tmp_path, "EPSG:7415"))).value.crs.name == "EPSG:7415"
    assert same_plane("EPSG:28992", "EPSG:7415") and same_plane("EPSG:28992+5709", "EPSG:7415")
    assert not same_plane("EPSG:28992", "EPSG:25831") and not same_plane("EPSG:28992", "nonsense")


def test_degrees_go_to_the_crs_of_the_ground(collection, tmp_path):
    dem = ground_file(tmp_path)
    import pyproj

    lon, lat = pyproj.Transformer.from_crs(28992, 4326, always_xy=True).transform(85000, 446000)
    result = read(collection([feature({"type": "Point", "coordinates": [lon, lat]})]), ground=str(dem))
    assert result.value.crs.name == "EPSG:28992"
    assert result.value.bbox[:2] == pytest.approx([85000, 446000], abs=0.01)
    assert "reprojected" in kinds(result)


def test_what_lies_beyond_the_ground_is_told(write, tmp_path):
    path = write([shapely.affinity.translate(SQUARE, 5000, 0), shapely.Point(0, 0)])
    result = read(path, ground=str(ground_file(tmp_path)))
    assert "beyond-ground" in kinds(result)
    assert np.isfinite(result.value.bbox).all()


# Hostile and broken files.


ENDLESS = "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)"


def test_a_view_in_a_geopackage_is_not_run(write):
    path = write([SQUARE], layer="green")
    with sqlite3.connect(path) as base:
        base.execute(f"CREATE VIEW bomb AS {ENDLESS} SELECT x fid, x geom FROM r")
        columns = "table_name, data_type, identifier, srs_id"
        base.execute(f"INSERT INTO gpkg_contents({columns}) VALUES('bomb', 'features', 'bomb', 28992)")
        base.execute("INSERT INTO gpkg_geometry_columns VALUES('bomb','geom','POLYGON',28992,0,0)")
    base.close()
    result = read(path)
    assert len(result.value.objects) == 1
    assert "stored-query" in kinds(result)


def test_a_table_of_the_geopackage_itself_that_is_a_query_is_refused(tmp_path):
    path = tmp_path / "evil.gpkg"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA application_id = 1196444487")
        base.execute(f"CREATE VIEW gpkg_contents AS {ENDLESS} SELECT x FROM r")
    base.close()
    with pytest.raises(LoadError, match="query"):
        read(path)


def test_a_database_that_is_no_geopackage_is_refused(tmp_path):
    path = tmp_path / "a.gpkg"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE t(x)")
    base.close()
    with pytest.raises(LoadError, match="no GeoPackage"):
        read(path)
    other = shutil.copy(path, tmp_path / "a.db")
    with pytest.raises(LoadError, match="SQLite"):
        registry.pick(other)


def test_the_file_is_not_written(write):
    path = write([SQUARE])
    before = path.read_bytes()
    folder = sorted(path.parent.iterdir())
    path.chmod(0o444)
    assert load_in_process(path).result.value.drawable == 1
    assert path.read_bytes() == before
    assert sorted(path.parent.iterdir()) == folder


def test_a_shapefile_without_its_index_is_refused(write):
    path = write([SQUARE], "b.shp", kind="Polygon")
    path.with_suffix(".dbf").unlink()
    assert "no-attributes" in kinds(read(path))
    path.with_suffix(".shx").unlink()
    with pytest.raises(LoadError, match=r"b\.shx is missing"):
        read(path)
    assert not path.with_suffix(".shx").exists()


@pytest.mark.parametrize(
    "text", ["/etc/passwd", "http://127.0.0.1:1/x", "EPSG:1e9", "PROJCS[" * 1000, "\x00\xff", "+init=x"]
)
def test_a_prj_file_is_text_and_never_a_place(write, text):
    path = write([SQUARE], "b.shp", kind="Polygon")
    path.with_suffix(".prj").write_text(text)
    try:
        result = read(path)
    except LoadError as error:
        assert "too many nesting levels" in str(error)
        return
    assert result.value.crs.name is None
    assert result.value.drawable == 1


BROKEN = {
    "deep.geojson": '{"type":"FeatureCollection","features":' + "[" * 5000,
    "deep2.geojson": '{"type":"GeometryCollection","geometries":[' * 3000,
    "cut.geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Poi',
    "huge.geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
    '{"type":"Point","coordinates":[1e999,2]}}]}',
    "nan.geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":NaN},"geometry":'
    '{"type":"Polygon","coordinates":[[[NaN,0],[1,0],[1,1],[NaN,0]]]}}]}',
    "far.geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
    '{"type":"LineString","coordinates":[[1e300,1e300],[-1e300,5]]}}]}',
    "odd.geojson": '{"type":"FeatureCollection","features":{"a":1}}',
    "odd2.geojson": '{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0]]]},"properties":null}',
    "odd3.geojson": '{"type":"FeatureCollection","features":[1,null,"x",[],{"type":"Feature"}]}',
    "remote.geojson": '{"type":"FeatureCollection","crs":{"type":"link","properties":{"href":"http://127.0.0.1:1/"}},'
    '"features":[]}',
    "vrt.geojson": "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>",
    "magic.fgb": b"fgb\x03fgb\x00" + b"\xff" * 400,
    "magic.gpkg": b"SQLite format 3\x00" + b"\xff" * 4096,
    "magic.shp": b"\x00\x00\x27\x0a" + b"\xff" * 400,
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_end_in_one_line_or_in_issues(tmp_path, name):
    content = BROKEN[name]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    if name == "magic.shp":
        path.with_suffix(".shx").write_bytes(path.read_bytes())
    try:
        result = load_in_process(path).result
    except LoadError as error:
        assert error.kind not in ("internal", "crashed", "time", "memory"), str(error)
        assert "\n" not in str(error) and "/tmp" not in error.reason
    else:
        assert result.issues
        assert result.value.bbox is None or np.isfinite(result.value.bbox).all()


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson", "a.shp", "a.fgb"])
def test_truncated_and_damaged_files(write, tmp_path, name):
    many = [shapely.affinity.translate(SQUARE, 200 * i, 0) for i in range(30)]
    path = write(many, name, {"id": [f"n{i}" for i in range(30)], "v": np.arange(30.0)}, kind="Polygon")
    whole = path.read_bytes()
    rng = np.random.default_rng(7)
    for number in range(12):
        data = bytearray(whole)
        if number < 4:
            data = data[: len(data) * (number + 1) // 5]
        else:
            for place in rng.integers(100, len(data), 40):
                data[int(place)] = int(rng.integers(256))
        path.write_bytes(data)
        try:
            result = read(path)
        except LoadError as error:
            assert "\n" not in str(error)
        else:
            assert len(result.value.objects) <= 10_000


def test_geojson_is_told_from_cityjson_whatever_its_name(collection, tmp_path):
    here = feature({"type": "Point", "coordinates": [0, 0]})
    assert registry.pick(collection([here], name="a.json")).name == "Vector layers"
    city = tmp_path / "c.json"
    city.write_text('{"type":"CityJSON","version":"2.0","CityObjects":{},"vertices":[]}')
    assert registry.pick(city).name == "CityJSON"
    late = tmp_path / "late.json"
    text = '{"CityObjects":{"a":{"type":"Building","geometry":[{"type":"MultiPoint","boundaries":[]}]}}'
    late.write_text(text + "}")
    assert registry.pick(late).name == "CityJSON"


@pytest.mark.parametrize("name", ["ü مدينة", "a b", "q?x=1", "h#1", "p%41", "x.zip", "vsizip", "it's", "a:b", "-"])
def test_names_of_files_are_only_names(write, tmp_path, name):
    for suffix in ("gpkg", "geojson", "shp", "fgb"):
        path = write([SQUARE], f"plain.{suffix}", kind="Polygon", layer="plain")
        folder = tmp_path / f"in {name}"
        folder.mkdir(exist_ok=True)
        for part in tmp_path.glob("plain.*"):
            part.rename(folder / (name + part.suffix))
        city = read(folder / f"{name}.{suffix}").value
        assert city.drawable == 1, suffix
        assert city.crs.name == "EPSG:28992"
        assert path.suffix == f".{suffix}"


def test_a_name_that_means_an_archive_is_refused(write):
    path = write([SQUARE])
    with pytest.raises(LoadError, match="Rename"):
        read(path.rename(path.with_name("a!b.gpkg")))


def test_geojson_may_be_packed(collection):
    plain = collection([feature({"type": "Point", "coordinates": [0, 0]})], name="p.geojson", crs=RD)
    packed = plain.with_name("p.geojson.gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert registry.pick(packed).name == "Vector layers"
    city = load_in_process(packed).result.value
    assert (city.name, city.objects.type_of(0)) == ("p.geojson.gz", "+p")
    packed.write_bytes(gzip.compress(b'{"type": "FeatureCollection", "features": [' + b" " * 30_000_000))
    with pytest.raises(LoadError, match=r"p\.geojson\.gz"):
        read(packed)


def test_what_was_read_survives_storing(write, tmp_path):
    loaded = load_in_process(write([SQUARE], columns={"id": ["q"]}))
    assert loaded.result.value.source.layers[0].name == "a"
    again = store.open_stored(loaded.folder).value
    assert again.source == loaded.result.value.source


def test_real_files_have_the_features_that_pyogrio_and_shapely_find(data_dir):
    """Every vector file of the data: number of objects, of drawn objects, and area in the plane."""
    checked = 0
    for path in sorted(p for p in data_dir.rglob("*") if p.suffix in (".gpkg", ".geojson", ".shp", ".fgb")):
        if "malicious" in path.parts:
            continue
        city = read(path).value
        names = [name for name, _ in pyogrio.list_layers(path)]
        features, filled = 0, 0
        for name in names:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _, fids, wkb, _ = pyogrio.raw.read(path, layer=name, return_fids=True)
            shapes = shapely.from_wkb(wkb) if wkb is not None else np.array([])
            features += len(fids)
            filled += int((~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)).sum())
        assert len(city.objects) == features, path
        assert city.drawable <= filled, path
        assert city.drawable >= filled - 1, path
        checked += 1
    assert checked > 40
