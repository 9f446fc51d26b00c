"""Rasters: what becomes of their values, place and holes, beside rasterio's own reading."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pyproj
import pytest

from loaders import registry, store
from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.check import check_city
from loaders.layers import RasterData, sample
from loaders.raster import load, sniff
from loaders.worker import load_in_process

rasterio = pytest.importorskip("rasterio")


@pytest.fixture(autouse=True)
def same_environment():
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def write(tmp_path):
    def do(
        values, name="a.tif", crs="EPSG:28992", transform=(1.0, 0, 1000, 0, -1.0, 2000), tags=None, unit=None, **more
    ):
        values = np.asarray(values)
        bands = values if values.ndim == 3 else values[None]
        path = tmp_path / name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with rasterio.open(
                path,
                "w",
                driver="GTiff",
                height=bands.shape[1],
                width=bands.shape[2],
                count=len(bands),
                dtype=bands.dtype,
                crs=crs,
                transform=rasterio.Affine(*transform),
                **more,
            ) as out:
                out.write(bands)
                out.update_tags(**(tags or {}))
                if unit:
                    out.set_band_unit(1, unit)
        return path

    return do


def read(path, **options):
    result = load(path, LoadOptions(**options), NoProgress())
    check_city(result.value)
    return result


def kinds(result):
    return {issue.kind for issue in result.issues}


def hill(rows=40, columns=60):
    y, x = np.mgrid[:rows, :columns]
    return (10 + 5 * np.sin(x / 8) * np.cos(y / 6)).astype(np.float32)


ELEVATION = {"QUANTITY": "elevation"}


def corners(city):
    tiles = city.lods[""].tiles
    owner = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.vertex_start))
    return tiles.positions.astype(np.float64) + tiles.origins[owner]


def test_an_elevation_model_becomes_a_terrain_within_the_tolerance(write):
    heights = hill()
    result = read(write(heights, tags=ELEVATION))
    city = result.value
    assert (result.format, city.crs.name, city.objects.type_of(0)) == ("GeoTIFF", "EPSG:28992", "TINRelief")
    assert city.bbox[[0, 1, 3, 4]] == pytest.approx([1000.5, 1960.5, 1059.5, 1999.5], abs=1e-3)
    world = corners(city)
    assert np.abs(sample(city.source, world[:, :2]) - world[:, 2]).max() < 2e-3  # corners are heights of the file
    assert np.array_equal(city.source.values[0], heights)
    assert not result.issues
    mesh = city.lods[""]
    assert 2301 <= mesh.area_m2 < 3500
    tiles = mesh.tiles
    a, b, c = (tiles.positions[tiles.triangles[:, i]].astype(float) for i in range(3))
    assert (np.cross(b - a, c - a)[:, 2] > 0).all()  # seen from above
    assert city.objects.attributes_of(0)["height_max"] == pytest.approx(float(heights.max()))


def test_the_source_survives_storing(write, tmp_path):
    result = read(write(hill(), tags=ELEVATION, crs="EPSG:7415"))
    folder = tmp_path / "stored"
    folder.mkdir()
    store.save(result, folder)
    again = store.open_stored(folder).value
    assert isinstance(again.source, RasterData)
    assert np.array_equal(again.source.values, result.value.source.values)
    assert again.source.vertical == "EPSG:5709"
    assert (again.source.crs.name, again.crs.name) == ("EPSG:7415", "EPSG:7415")


def test_a_source_that_does_not_fit_is_refused(write, tmp_path):
    folder = tmp_path / "stored"
    folder.mkdir()
    store.save(read(write(hill(), tags=ELEVATION)), folder)
    meta = json.loads((folder / "meta.json").read_bytes())
    meta["result"]["value"]["source"]["transform"] = [0.0] * 6
    (folder / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(LoadError, match="cells without area"):
        store.open_stored(folder)
    meta["result"]["value"]["source"] = {"surprise": 1}
    (folder / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(LoadError, match="none of the possible types"):
        store.open_stored(folder)


@pytest.mark.parametrize(
    ("transform", "kind"),
    [
        ((1.0, 0, 1000, 0, 1.0, 2000), "south-up"),
        ((0.8, 0.6, 1000, 0.6, -0.8, 2000), "rotated"),
        ((1.0, 0.5, 1000, 0, -1.0, 2000), "rotated"),
    ],
)
def test_odd_transforms_put_every_height_where_rasterio_does(write, transform, kind):
    path = write(hill(), transform=transform, tags=ELEVATION)
    result = read(path)
    assert kinds(result) == {kind}
    world = corners(result.value)
    with rasterio.open(path) as data:
        there = np.array([v[0] for v in data.sample(world[:, :2])])
    assert np.abs(there - world[:, 2]).max() < 2e-3
    assert result.value.lods[""].tiles.triangle_count > 0


def test_degrees_are_drawn_in_metres_and_said_so(write):
    path = write(hill(), crs="EPSG:4326", transform=(1e-4, 0, 14.28, 0, -1e-4, 48.31), tags=ELEVATION)
    result = read(path)
    assert result.value.crs.name == "EPSG:32633"
    assert "not-metric" in kinds(result)
    width, height = result.value.bbox[3] - result.value.bbox[0], result.value.bbox[4] - result.value.bbox[1]
    assert 420 < width < 460 and 420 < height < 450  # 59 x 39 cells of 7.4 x 11.1 m
    assert result.value.source.crs.name == "EPSG:4326"


def test_feet_become_metres(write):
    result = read(write(hill(), unit="ft", tags=ELEVATION))
    assert result.value.bbox[5] == pytest.approx(float(hill().max()) * 0.3048, abs=0.05)
    assert "height-unit" in kinds(result)


def test_scale_offset_and_nodata(write):
    packed = np.arange(24, dtype=np.int16).reshape(4, 6)
    path = write(packed, nodata=5, tags=ELEVATION)
    with rasterio.open(path, "r+") as data:
        data.scales, data.offsets = (0.1,), (100.0,)
    values = read(path).value.source.values[0]
    assert np.isnan(values[0, 5]) and np.isnan(values).sum() == 1
    assert values[3, 5] == pytest.approx(102.3)


@pytest.mark.parametrize("hole", [-9999.0, -32768.0, np.nan, np.inf, -3.4e38])
def test_marks_of_missing_heights_that_are_not_declared(write, hole):
    heights = hill()
    heights[10:14, 20:30] = hole
    result = read(write(heights, tags=ELEVATION))
    assert np.isnan(result.value.source.values).sum() == 40
    assert "holes" in kinds(result)
    assert result.value.bbox[2] > 0


@pytest.mark.parametrize(
    ("values", "kind"),
    [(np.full((5, 5), -1, np.float32), "all-nodata"), (np.ones((1, 1), np.float32), "too-small"),
     (np.ones((1, 7), np.float32), "too-small")],
)  # fmt: skip
def test_nothing_to_draw_is_explained(write, values, kind):
    path = write(values, nodata=-1, tags=ELEVATION)
    assert kind in kinds(read(path))
    loaded = load_in_process(path)
    assert loaded.result.issues[0].kind == "nothing-to-draw"
    assert loaded.result.value.bbox is None


def test_without_a_place_it_is_drawn_upright_at_the_origin(write):
    result = read(write(hill(), crs=None, transform=(1, 0, 0, 0, 1, 0), tags=ELEVATION))
    assert {"no-place", "missing-crs"} <= kinds(result)
    assert result.value.bbox[[0, 1, 3, 4]] == pytest.approx([0.5, 0.5, 59.5, 39.5])


def test_a_world_file_and_a_prj_file_beside_it_are_used(write, tmp_path):
    path = write(hill(), name="b.tif", crs=None, transform=(1, 0, 0, 0, 1, 0), tags=ELEVATION)
    (tmp_path / "b.tfw").write_text("2\n0\n0\n-2\n5001\n6999\n")
    (tmp_path / "b.prj").write_text(pyproj.CRS.from_epsg(25832).to_wkt("WKT1_ESRI"))
    result = read(path)
    assert result.value.crs.name == "EPSG:25832"
    assert result.value.bbox[[0, 4]] == pytest.approx([5001, 6999])


def test_a_prj_file_is_text_and_never_a_path(write, tmp_path):
    path = write(hill(), name="b.tif", crs=None, tags=ELEVATION)
    for text in ("/etc/passwd", "file:///etc/passwd", "EPSG:99999999", "+init=/etc/passwd", "PROJCS[", "\x00" * 40):
        (tmp_path / "b.prj").write_text(text)
        result = read(path)
        assert result.value.crs.name is None
        assert "unknown-crs" in kinds(result)


def test_an_esri_grid(tmp_path):
    path = tmp_path / "g.asc"
    path.write_text(
        "ncols 3\nnrows 3\nxllcorner 10\nyllcorner 20\ncellsize 5\nNODATA_value -9999\n1 2 3\n4 5 6\n7 8 -9999\n"
    )
    (tmp_path / "g.prj").write_text(pyproj.CRS.from_epsg(28992).to_wkt("WKT1_ESRI"))
    result = read(path)
    assert (result.format, result.value.crs.name) == ("ESRI ASCII grid", "EPSG:28992")
    assert result.value.source.transform == (5, 0, 10, 0, -5, 35)
    assert result.value.lods[""].tiles.triangle_count in (6, 7)


@pytest.mark.parametrize(
    "name", ["ü مدينة", "a b", "a!b", "q?x=1", "h#1", "p%41", "x.zip", "a:b", "GTIFF_DIR:1:x", "-"]
)
def test_names_of_files_are_only_names(write, tmp_path, name):
    path = write(hill(), tags=ELEVATION)
    assert read(path.rename(tmp_path / f"{name}.tif")).value.drawable == 1


def test_water_is_a_water_surface_of_wet_cells(write):
    depth = np.full((30, 30), np.nan, np.float32)
    depth[5:20, 5:25] = 1.5
    result = read(write(depth, tags={"QUANTITY": "water_surface", "TIME": "2040-01-05T03:00:00Z"}))
    city = result.value
    assert city.objects.type_of(0) == "WaterBody"
    assert set(city.lods[""].tiles.tags[:, 1]) == {12.0}
    assert city.objects.attributes_of(0)["time"] == "2040-01-05T03:00:00Z"
    assert city.lods[""].area_m2 == pytest.approx(14 * 19)
    assert city.source.kind == "water"


def test_values_become_classes_that_cover_every_cell_once(write):
    values = np.random.default_rng(1).uniform(15, 40, (50, 70)).astype(np.float32)
    values[:10] = -1
    result = read(write(values, nodata=-1, unit="degC"))
    city = result.value
    assert 2 <= len(city.objects) <= 12
    assert city.lods[""].area_m2 == pytest.approx(40 * 70)
    rows = [city.objects.attributes_of(row) for row in range(len(city.objects))]
    assert sum(row["cells"] for row in rows) == 40 * 70
    assert rows[0]["value_min"] == pytest.approx(float(values[10:].min()))
    assert all(row["value_min"] <= row["value_mean"] <= row["value_max"] for row in rows)
    assert {row["unit"] for row in rows} == {"degC"}
    assert {"classes", "flat"} <= kinds(result)


def test_values_lie_on_the_ground_that_is_given(write, tmp_path):
    ground = read(write(hill(), name="dem.tif", tags=ELEVATION))
    stored = tmp_path / "stored"
    stored.mkdir()
    store.save(ground, stored)
    path = write(np.random.default_rng(1).uniform(15, 40, (20, 30)).astype(np.float32), unit="degC")
    for place in (stored, tmp_path / "dem.tif"):
        result = read(path, ground=str(place))
        world = corners(result.value)
        assert np.abs(world[:, 2] - 0.5 - sample(ground.value.source, world[:, :2])).max() < 2e-3
        assert "flat" not in kinds(result)
    broken = read(path, ground=str(tmp_path / "none"))
    assert "no-ground" in kinds(broken)


def test_a_picture_is_refused(write):
    path = write(np.zeros((3, 8, 8), np.uint8), photometric="RGB")
    with pytest.raises(LoadError, match="picture"):
        read(path)


def test_a_raster_that_says_nothing_is_taken_for_heights_with_a_warning(write):
    assert "assumed-elevation" in kinds(read(write(hill())))
    assert "assumed-elevation" not in kinds(read(write(hill(), name="dtm_5m.tif")))
    assert read(write(hill(), name="max_depth.tif")).value.source.kind == "values"


def test_what_is_too_large_is_refused_or_read_coarser(write, monkeypatch):
    path = write(hill(), tags=ELEVATION)
    with pytest.raises(LoadError, match="more than"):
        read(path, max_bytes=1000)
    monkeypatch.setattr("loaders._raster_read.MAX_CELLS", 700)
    result = read(path)
    assert "reduced" in kinds(result)
    assert result.value.source.shape == (20, 30)
    world = corners(result.value)
    assert world[:, 0].min() == pytest.approx(1001) and world[:, 0].max() == pytest.approx(1059)


def test_the_extent_does_not_decide_the_content_does(tmp_path, write):
    assert sniff(b"<VRTDataset>", tmp_path / "a.tif") == 0
    vrt = tmp_path / "a.tif"
    vrt.write_text("<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>")
    with pytest.raises(LoadError):
        registry.pick(vrt)
    path = write(hill(), name="terrain.data")
    assert registry.pick(path).name == "Raster"


def test_sampling_agrees_with_rasterio_and_knows_its_border(write):
    path = write(hill(), tags=ELEVATION)
    raster = read(path).value.source
    middles = np.array([[1000.5, 1999.5], [1010.5, 1980.5], [1059.5, 1960.5]])
    with rasterio.open(path) as data:
        expected = [v[0] for v in data.sample(middles)]
    assert sample(raster, middles) == pytest.approx(expected)
    between = (sample(raster, np.array([[1010.5, 1980.5]])) + sample(raster, np.array([[1011.5, 1980.5]]))) / 2
    assert sample(raster, np.array([[1011.0, 1980.5]])) == pytest.approx(between)
    outside = np.array([[999.9, 1990.0], [1030.0, 1959.9], [np.nan, 1990.0]])
    assert np.isnan(sample(raster, outside)).all()
    assert np.isfinite(sample(raster, np.array([[1000.0, 2000.0]])))


def test_a_load_is_cached_once_for_each_ground(write, tmp_path):
    cache = store.ArrayCache(tmp_path / "cache")
    ground = load_in_process(write(hill(), name="dem.tif", tags=ELEVATION), cache=cache)
    path = write(np.random.default_rng(1).uniform(15, 40, (20, 30)).astype(np.float32), unit="degC")
    flat = load_in_process(path, cache=cache)
    options = LoadOptions(ground=str(ground.folder))
    draped = load_in_process(path, cache=cache, options=options)
    assert not draped.from_cache
    assert flat.result.value.bbox[5] == 0 and draped.result.value.bbox[5] > 5
    assert load_in_process(path, cache=cache).result.value.bbox[5] == 0
    again = load_in_process(path, cache=cache, options=options)
    assert again.from_cache and again.result.value.bbox[5] > 5


def test_real_rasters_have_the_heights_that_rasterio_reads(data_dir):
    """Every GeoTIFF of the data: refused for what it is, or with rasterio's size, holes and range."""
    seen = {"elevation": 0, "values": 0, "picture": 0}
    for path in sorted(data_dir.rglob("*.tif")):
        if "malicious" in path.parts or path.parent.name == "depth":
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = rasterio.open(path, driver="GTiff")
        with data:
            if len(data.colorinterp) > 2 and {"red", "green"} <= {c.name for c in data.colorinterp}:
                with pytest.raises(LoadError, match="picture"):
                    read(path)
                seen["picture"] += 1
                continue
            city = read(path).value
            expected = data.read(1, masked=True).astype(np.float64).filled(np.nan)
            expected[expected < -9990] = np.nan
            assert city.source.values.shape[1:] == data.shape
            assert np.allclose(city.source.values[0], expected, equal_nan=True, rtol=1e-6), path
            seen[city.source.kind] += 1
            if city.source.kind == "elevation":
                assert city.bbox[5] <= np.nanmax(expected) + 1e-3 and city.bbox[2] >= np.nanmin(expected) - 1e-3
    assert min(seen.values()) > 2


HOSTILE = {
    "loop.tif": b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00",
    "short.tif": b"MM\x00*",
    "big.tif": b"II+\x00\x08\x00\x00\x00" + b"\xff" * 64,
    "vrt.tif": b"<VRTDataset rasterXSize='9' rasterYSize='9'><VRTRasterBand dataType='Byte' band='1'>"
    b"<SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>",
    "huge.asc": b"ncols 2000000000\nnrows 2000000000\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3",
    "minus.asc": b"ncols -5\nnrows 3\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2 3",
    "nan.asc": b"ncols 2\nnrows 2\nxllcorner nan\nyllcorner 0\ncellsize 1\n1 2\n3 4",
    "zero.asc": b"ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 0\n1 2\n3 4",
    "words.asc": b"ncols 2\nnrows 2\nxllcorner 0\nyllcorner 0\ncellsize 1\na b\nc /etc/passwd",
    "cut.asc": b"ncols 300\nnrows 300\nxllcorner 0\nyllcorner 0\ncellsize 1\n1 2\n3 4",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rasters_end_in_one_line_or_in_issues(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    try:
        result = load_in_process(path).result
    except LoadError as error:
        assert error.kind not in ("internal", "crashed", "time", "memory"), str(error)
        assert "\n" not in str(error) and "root:" not in str(error)
    else:
        assert result.issues


def test_a_small_file_that_unpacks_to_much_is_refused(tmp_path):
    path = tmp_path / "bomb.tif"
    options = {"driver": "GTiff", "width": 100_000, "height": 100_000, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", tiled=True, compress="deflate", sparse_ok=True, crs="EPSG:28992",
                       transform=rasterio.Affine(1, 0, 9, 0, -1, 9), **options):  # fmt: skip
        pass
    assert path.stat().st_size < 3_000_000
    with pytest.raises(LoadError, match="GiB"):
        load_in_process(path)


def test_truncated_and_damaged_rasters(write):
    path = write(hill(300, 300), tags=ELEVATION, compress="deflate")
    whole = path.read_bytes()
    rng = np.random.default_rng(7)
    for number in range(14):
        data = bytearray(whole)
        if number < 4:
            data = data[: len(data) * (number + 1) // 5]
        else:
            for place in rng.integers(8, len(data), 30):
                data[int(place)] = int(rng.integers(256))
        path.write_bytes(data)
        try:
            result = read(path)
        except LoadError as error:
            assert "\n" not in str(error)
        else:
            assert result.value.bbox is None or np.isfinite(result.value.bbox).all()


def test_nothing_beside_the_file_is_touched(write, tmp_path):
    path = write(hill(), tags=ELEVATION)
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:4326</SRS></PAMDataset>")
    (tmp_path / "a.tif.ovr").write_text("<VRTDataset/>")
    (tmp_path / "a.tif.msk").write_bytes(b"II*\x00")
    before = sorted(tmp_path.iterdir())
    loaded = load_in_process(path)
    assert loaded.result.value.crs.name == "EPSG:28992"
    assert not loaded.result.issues
    assert sorted(tmp_path.iterdir()) == before


def test_only_the_drivers_that_are_used_are_there():
    """In a fresh process, as the worker's: what GDAL could be tricked into opening is not registered."""
    program = """
import json
from loaders import _gdal
_gdal.shut_doors()
import rasterio.env, pyogrio
with rasterio.Env() as env:
    print(json.dumps([sorted(env.drivers()), sorted(pyogrio.list_drivers())]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    used = {"GTiff", "COG", "AAIGrid", "GPKG", "GeoJSON", "ESRI Shapefile", "FlatGeobuf", "MEM", "Memory"}
    for drivers in json.loads(done.stdout):
        assert set(drivers) <= used
    assert done.stderr == ""
