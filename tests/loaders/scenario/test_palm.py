"""PALM's output, written as PALM writes it: places, levels, heights above the terrain, walls, times."""

import json
import math

import netCDF4
import numpy as np
import pyproj
import pytest
import rasterio

from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.scenario.importers.kit import NeedAnswers
from loaders.scenario.importers.levels import above_ground, listed
from loaders.scenario.importers.palm_cut import speed
from loaders.scenario.importers.run import run_import
from loaders.scenario.manifest import problems
from loaders.scenario.prepare import load

COMMON = {"title": "Heat", "publisher": "Somebody", "licence": "CC0-1.0", "base": "town"}
NX, NY, DX = 6, 5, 2.0
ZU = np.array([0.0, 1.0, 3.0, 5.0, 7.0, 9.0])
ZW = np.array([0.0, 2.0, 4.0, 6.0, 8.0, 10.0])
TERRAIN = np.array([[0.0] * 3 + [2.0] * 3] * NY) + 34.0
"""Metres above sea: the eastern half lies 2 m higher."""
FILL = -9999.0
ORIGIN = {"origin_x": 391000.0, "origin_y": 5818000.0, "origin_z": 34.0, "rotation_angle": 0.0,
          "origin_lon": 13.4, "origin_lat": 52.5, "origin_time": "2026-07-01 00:00:00 +02"}  # fmt: skip


def theta_at(step, k):
    y, x = np.indices((NY, NX))
    return 290.0 + step + 10 * k + 0.1 * x + 0.01 * y


def solid(k, wide=NX):
    """True inside ground and the building that stands on columns 1..2, row 2, up to 6 m."""
    out = np.broadcast_to(TERRAIN[:, :1] * 0 + ZU[k], (NY, NX)) <= TERRAIN - 34.0
    out = out.copy()
    out[2, 1:3] |= ZU[k] <= 6.0
    return out[:, :wide]


def axes(file, **sizes):
    file.createDimension("time", None)
    for name, values in sizes.items():
        file.createDimension(name, len(values))
        file.createVariable(name, "f8", (name,))[:] = values
        file[name].units = "meters"


def write_3d(path, *, seconds=(43200.0, 46800.0), units="seconds", crs=True, **attributes):
    middle, side = (np.arange(NX) + 0.5) * DX, np.arange(NX) * DX
    with netCDF4.Dataset(path, "w") as file:
        file.title = "PALM 23.04  run: town  host: x"
        file.setncatts(ORIGIN | attributes)
        axes(file, zu_3d=ZU, zw_3d=ZW, x=middle, xu=side, y=middle[:NY], yv=side[:NY])
        file.createVariable("time", "f8", ("time",))[:] = seconds
        file["time"].units = units
        if crs:
            file.createVariable("crs", "i4").setncatts(
                {"grid_mapping_name": "transverse_mercator", "epsg_code": "EPSG:25833"}
            )
        grids = {"theta": ("zu_3d", "y", "x", "K"), "w": ("zw_3d", "y", "x", "m/s"),
                 "u": ("zu_3d", "y", "xu", "m/s"), "v": ("zu_3d", "yv", "x", "m/s")}  # fmt: skip
        for name, (*dims, unit) in grids.items():
            field = file.createVariable(name, "f4", ("time", *dims), fill_value=FILL)
            field.setncatts({"units": unit, "long_name": name})
            for step in range(len(seconds)):
                for k in range(len(ZU)):
                    values = {"theta": theta_at(step, k), "u": np.full((NY, NX), 3.0), "v": np.full((NY, NX), 4.0)}
                    field[step, k] = np.where(solid(k), FILL, values.get(name, np.full((NY, NX), float(k))))
    return path


def write_static(path):
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts(ORIGIN | {"origin_z": 0.0})
        for name, count in (("x", NX), ("y", NY)):
            file.createDimension(name, count)
            file.createVariable(name, "f4", (name,))[:] = (np.arange(count) + 0.5) * DX
        file.createVariable("zt", "f4", ("y", "x"), fill_value=FILL)[:] = TERRAIN
        file["zt"].units = "m"
    return path


def imported(paths, tmp_path, **answers):
    report = run_import(tuple(paths), tmp_path / "package", COMMON | answers)
    assert problems(json.loads(report.path.read_text("utf-8"))) == []
    return report, load(report.path, LoadOptions(), NoProgress()).scenario


def asked(paths, tmp_path, **answers):
    with pytest.raises(NeedAnswers) as caught:
        run_import(tuple(paths), tmp_path / "package", COMMON | answers)
    return {question.key: question for question in caught.value.questions}


def test_levels_are_listed_and_asked_for(tmp_path):
    path = write_3d(tmp_path / "town_3d.000.nc")
    questions = asked([path], tmp_path)
    assert set(questions) == {"level"}
    assert "0, 1, 3, 5, 7, 9 m" in questions["level"].text and "ground+2" in questions["level"].text
    assert "'900' is none" in asked([path], tmp_path, level="900")["level"].text


def test_a_level_lies_where_the_model_lay(tmp_path):
    report, scenario = imported([write_3d(tmp_path / "town_3d.000.nc")], tmp_path, level="5")
    result = scenario.results["theta"]
    want = np.where(solid(3), np.nan, theta_at(1, 3))[::-1].astype(np.float32)
    assert np.array_equal(result.values[1], want, equal_nan=True) and np.isnan(want).sum() == 2  # the building
    assert result.grid.transform == (DX, 0.0, 391000.0, 0.0, -DX, 5818000.0 + NY * DX)
    assert result.grid.crs.name == "EPSG:25833" and scenario.manifest.provenance.tool == "PALM"
    assert np.diff(result.time.starts).tolist() == [3600.0]
    assert result.time.starts[0] % 86400 == 10 * 3600  # noon of the zone two hours before UTC
    assert "5 m above the lowest ground" in dict(result.variable.note)["en"]
    assert set(report.variables) == {"theta", "u", "v", "w", "wind-speed"}


def test_staggered_fields_lie_on_their_own_sides(tmp_path):
    _, scenario = imported([write_3d(tmp_path / "town_3d.000.nc")], tmp_path, level="5")
    u, v, w = (scenario.results[name] for name in "uvw")
    assert u.grid.transform[2] == 391000.0 - DX / 2 and v.grid.transform[5] == 5818000.0 + NY * DX - DX / 2
    assert w.values[0, 0, 0] == 2.0  # zw = 4 m, the nearest to 5 m that comes first
    fast = scenario.results["wind-speed"]
    assert fast.grid.transform == scenario.results["theta"].grid.transform
    assert fast.values[0, 0, 0] == 5.0 and np.isfinite(fast.values).any(axis=0).all()


def test_heights_above_the_terrain(tmp_path):
    paths = [write_3d(tmp_path / "town_3d.000.nc"), write_static(tmp_path / "town_static.nc")]
    _, scenario = imported(paths, tmp_path, level="ground+1", columns="theta")
    result = scenario.results["theta"]
    assert result.variable.height_above_ground == 1.0
    level = np.where(TERRAIN > 35.0, 2, 1)  # 3 m and 1 m above the lowest ground
    want = np.where(level == 2, theta_at(0, 2), theta_at(0, 1))
    want[2, 1:3] = np.nan
    assert np.array_equal(result.values[0], want[::-1].astype(np.float32), equal_nan=True)


def test_heights_above_the_terrain_need_the_terrain(tmp_path):
    path = write_3d(tmp_path / "town_3d.000.nc")
    question = asked([path], tmp_path, level="ground+2")["terrain"]
    assert "static driver" in question.text and question.choices == ("flat",)
    _, scenario = imported([path], tmp_path, level="ground+2", terrain="flat", columns="theta")
    want = theta_at(0, 1)  # 1 m and 3 m are as near: the lower one
    assert scenario.results["theta"].values[0, -1, 0] == np.float32(want[0, 0])
    with netCDF4.Dataset(write_static(tmp_path / "other_static.nc"), "a") as file:
        file["x"][:] = file["x"][:] + 0.7
    with pytest.raises(LoadError, match="not those of the static driver"):
        run_import((path, tmp_path / "other_static.nc"), tmp_path / "p", COMMON | {"level": "ground+2"})


def test_a_turned_domain(tmp_path):
    path = write_3d(tmp_path / "town_3d.000.nc", rotation_angle=30.0)
    _, scenario = imported([path], tmp_path, level="5", columns="theta")
    grid = scenario.results["theta"].grid
    a, b, c, d, e, f = grid.transform
    turn = math.radians(30.0)
    for row, column in ((0, 0), (NY - 1, NX - 1), (1, 4)):
        x, y = (column + 0.5) * DX, (NY - 1 - row + 0.5) * DX
        east = 391000.0 + x * math.cos(turn) + y * math.sin(turn)
        north = 5818000.0 - x * math.sin(turn) + y * math.cos(turn)
        found = (c + a * (column + 0.5) + b * (row + 0.5), f + d * (column + 0.5) + e * (row + 0.5))
        assert found == pytest.approx((east, north), abs=1e-6)


def test_where_it_lies_is_asked_or_computed(tmp_path):
    path = write_3d(tmp_path / "a_3d.nc", origin_x=0.0, origin_y=0.0, origin_lon=0.0, crs=False, origin_time="")
    questions = asked([path], tmp_path, level="5", columns="theta")
    assert set(questions) == {"origin", "crs", "start"}
    told = {"crs": "EPSG:25833", "start": "2026-07-01T00:00", "origin": "391000; 5818000"}
    _, scenario = imported([path], tmp_path, level="5", columns="theta", **told)
    assert scenario.results["theta"].grid.transform[2] == 391000.0
    with netCDF4.Dataset(path, "a") as file:
        file.origin_lon = 13.4
    del told["origin"]
    run_import((path,), tmp_path / "second", COMMON | told | {"level": "5", "columns": "theta"})
    with rasterio.open(tmp_path / "second/data/theta.tif") as raster:
        south_west = (raster.bounds.left, raster.bounds.bottom)
    found = pyproj.Transformer.from_crs(25833, 4326, always_xy=True).transform(*south_west)
    assert found == pytest.approx((13.4, 52.5), abs=1e-7)


def test_utm_coordinates_of_the_output_place_it(tmp_path):
    path = write_3d(tmp_path / "a_3d.nc", origin_x=0.0, origin_y=0.0)
    with netCDF4.Dataset(path, "a") as file:
        for name, dimension, start in (("E_UTM", "x", 390000.0), ("N_UTM", "y", 5810000.0)):
            file.createVariable(name, "f8", (dimension,))[:] = start + file[dimension][:]
    _, scenario = imported([path], tmp_path, level="5", columns="theta")
    assert scenario.results["theta"].grid.transform[2] == pytest.approx(390000.0)


def write_xy(path):
    middle = (np.arange(NX) + 0.5) * DX
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts(ORIGIN | {"time_avg": "  1800.0 s avg"})
        axes(file, zu_xy=[1.0, 9.0], zu1_xy=[1.0], x=middle, y=middle[:NY])
        file.createVariable("time", "f8", ("time",))[:] = [1800.0]
        file["time"].units = "seconds"
        file.createVariable("crs", "i4").epsg_code = "EPSG:25833"
        for name, level, unit in (("theta_xy", "zu_xy", "K"), ("theta_2m*_xy", "zu1_xy", "degree_C")):
            field = file.createVariable(name, "f4", ("time", level, "y", "x"), fill_value=FILL)
            field.units = unit
            field[0] = np.arange(len(file.dimensions[level]) * NY * NX).reshape(-1, NY, NX)
        file.createDimension("y_xz", 1)
        file.createDimension("zu_xz", 2)
        file.createVariable("u_xz", "f4", ("time", "zu_xz", "y_xz", "x"))
    return path


def test_sections_and_values_at_the_surface(tmp_path):
    path = write_xy(tmp_path / "town_av_xy.nc")
    assert "1, 9 m" in asked([path], tmp_path)["level"].text
    report, scenario = imported([path], tmp_path, level="9")
    assert report.variables == ("theta_xy-mean", "theta_2m-_xy-mean")
    assert scenario.results["theta_xy-mean"].values[0, -1, 0] == NY * NX
    low = scenario.results["theta_2m-_xy-mean"].variable
    assert low.height_above_ground == 2.0 and low.unit == "Cel" and low.cell_methods == "time: mean"
    assert any("Vertical sections" in note for note in report.notes)


def test_masks_that_follow_the_terrain(tmp_path):
    path = tmp_path / "town_masked_M01.nc"
    middle = (np.arange(NX) + 0.5) * DX
    with netCDF4.Dataset(path, "w") as file:
        file.setncatts(ORIGIN)
        axes(file, ku_above_surf=[1.0, 2.0, 5.0], x=middle, y=middle[:NY])
        file.createVariable("time", "f8", ("time",))[:] = [0.0]
        file["time"].units = "seconds"
        field = file.createVariable("kc_NO2", "f4", ("time", "ku_above_surf", "y", "x"))
        field.units = "ppm"
        field[0] = np.arange(3)[:, None, None] * np.ones((3, NY, NX))
    questions = asked([path], tmp_path, crs="EPSG:25833")
    assert "grid points above the terrain" in questions["level"].text and "ground+" not in questions["level"].text
    _, scenario = imported([path], tmp_path, crs="EPSG:25833", level="2")
    result = scenario.results["kc_NO2"]
    assert (result.values == 1.0).all() and result.variable.unit == "[ppm]"


def test_restarts_are_put_one_after_the_other(tmp_path):
    late = write_3d(tmp_path / "town_3d.001.nc", seconds=(46800.0, 50400.0))
    early = write_3d(tmp_path / "town_3d.000.nc")
    _, scenario = imported([late, early], tmp_path, level="5", columns="theta")
    result = scenario.results["theta"]
    assert np.diff(result.time.starts).tolist() == [3600.0, 3600.0]
    assert result.values[:, -1, 0].tolist() == [np.float32(theta_at(k, 3)[0, 0]) for k in (0, 1, 1)]


def test_what_is_no_palm_is_refused(tmp_path):
    static = write_static(tmp_path / "town_static.nc")
    with pytest.raises(LoadError, match="holds no results"):
        run_import((static,), tmp_path / "p", COMMON)
    other = tmp_path / "other.nc"
    with netCDF4.Dataset(other, "w") as file:
        file.createDimension("time", 1)
    with pytest.raises(LoadError, match=r"other.nc: it is neither output of PALM"):
        run_import((write_3d(tmp_path / "a_3d.nc"), other), tmp_path / "p", COMMON | {"level": "5"})


def test_levels_above_ground_are_the_nearest_ones():
    ground = np.array([[0.0, 2.0, 2.9, np.nan, 50.0]])
    assert above_ground(ZU, ground, 1.0).tolist() == [[1, 2, 2, -1, -1]]
    assert above_ground(ZU, ground, 2.5).tolist() == [[2, 3, 3, -1, -1]]
    assert listed(np.arange(40.0), "m").endswith("..., 38, 39 m")


def test_speed_between_walls():
    nan = np.nan
    u = np.array([[3.0, nan, nan, 3.0]], np.float32)
    v = np.array([[4.0, nan, 4.0, 4.0]], np.float32)
    found = speed(u, v, across=True, along=False)
    assert found[0, 0] == np.float32(np.hypot(1.5, 4.0)) and np.isnan(found[0, 1]) and found[0, 3] == 5.0
    assert found[0, 2] == np.float32(np.hypot(1.5, 4.0))


# --- other grids that have to be cut ---------------------------------------------------------------------------------


def write_sfincs(path, angle=20.0, bend=0.0):
    turn = math.radians(angle)
    m, n = np.meshgrid(np.arange(NX), np.arange(NY))
    x = 550000 + 50 * (m * math.cos(turn) - n * math.sin(turn)) + bend * m**2
    y = 4180000 + 50 * (m * math.sin(turn) + n * math.cos(turn))
    with netCDF4.Dataset(path, "w") as file:
        file.history = "this file was created by SFINCS"
        for name, count in (("n", NY), ("m", NX), ("time", None), ("timemax", None)):
            file.createDimension(name, count)
        for name, values in (("x", x), ("y", y)):
            file.createVariable(name, "f4", ("n", "m"))[:] = values
        file.createVariable("crs", "i4").setncatts({"EPSG": "-", "epsg_code": "EPSG:32610"})
        for name, count in (("time", 2), ("timemax", 1)):
            file.createVariable(name, "f4", (name,)).units = "seconds since 2026-02-03 00:00:00"
            file[name][:] = 3600.0 * np.arange(count)
        grids = {"zs": ("time", "sea_surface_height_above_mean_sea_level"), "h": ("time", "depth"),
                 "hmax": ("timemax", "sea_floor_depth_below_sea_surface")}  # fmt: skip
        for number, (name, (clock, standard)) in enumerate(grids.items()):
            field = file.createVariable(name, "f4", (clock, "n", "m"), fill_value=-99999.0)
            field.setncatts({"units": "m", "standard_name": standard, "coordinates": "x y", "long_name": name})
            for step in range(2 if clock == "time" else 1):
                field[step] = number + step + 0.1 * m + n
            field[0, 0, 0] = -99999.0
    return path, x, y


def test_turned_grids_of_sfincs(tmp_path):
    path, x, y = write_sfincs(tmp_path / "sfincs_map.nc")
    _, scenario = imported([path], tmp_path)
    result = scenario.results["h"]
    a, b, c, d, e, f = result.grid.transform
    assert e < 0 and b != 0
    for row, column in ((0, 0), (NY - 1, 0), (2, 4)):
        found = (c + a * (column + 0.5) + b * (row + 0.5), f + d * (column + 0.5) + e * (row + 0.5))
        assert found == pytest.approx((x[NY - 1 - row, column], y[NY - 1 - row, column]), abs=1.0)  # told as float32
        assert result.values[1, row, column] == np.float32(2 + 0.1 * column + NY - 1 - row)
    assert np.isnan(result.values[0, -1, 0]) and result.variable.zero_is_none and result.variable.good == "low"
    assert result.level[1, 0, 0] == np.float32(1 + NY - 1)  # the water's surface
    assert scenario.results["hmax"].variable.palette == "water" and scenario.manifest.provenance.tool == "SFINCS"
    assert scenario.manifest.crs.name == "EPSG:32610"


def test_a_bent_grid_is_refused(tmp_path):
    path, _, _ = write_sfincs(tmp_path / "sfincs_map.nc", bend=10.0)
    with pytest.raises(LoadError, match=r"sfincs_map.nc: .*not regular.*Bring it to a regular grid"):
        run_import((path,), tmp_path / "p", COMMON)


def test_levels_of_any_grid(tmp_path):
    path = tmp_path / "air.nc"
    with netCDF4.Dataset(path, "w") as file:
        for name, values, unit in (("time", [0.0], "hours since 2026-01-01"), ("height", [2.0, 10.0], "m"),
                                   ("y", [0.0, 10.0, 20.0], "m"), ("x", [0.0, 10.0], "m")):  # fmt: skip
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
            file[name].units = unit
        field = file.createVariable("no2", "f4", ("time", "height", "y", "x"))
        field.units = "ug m-3"
        field[:] = np.arange(12).reshape(1, 2, 3, 2)
    assert "2, 10 m" in asked([path], tmp_path, crs="EPSG:28992")["level"].text
    report, scenario = imported([path], tmp_path, crs="EPSG:28992", level="10")
    result = scenario.results["no2"]
    assert result.values[0].tolist() == [[10, 11], [8, 9], [6, 7]] and result.variable.unit == "ug/m3"
    assert any("height = 10 m" in note for note in report.notes)
