"""Rasters and meshes; values checked with rasterio and netCDF4 directly."""

from __future__ import annotations

import warnings

import netCDF4
import numpy as np
import pytest

from loaders.api import LoadError
from loaders.scenario.model import NOT_MODELLED

HOURS = {"kind": "instants", "start": "2030-01-01T00:00Z", "step": 3600, "count": 3}


@pytest.fixture(scope="module")
def depths():
    values = np.random.default_rng(3).uniform(0, 4, (3, 5, 7)).astype(np.float32)
    values[:, 0, 0] = -9999.0
    values[1, 2, 3] = -1.0
    return values


def expected(values):
    return np.where(values == -9999.0, np.nan, np.where(values == -1.0, NOT_MODELLED, values))


def test_a_tiff_per_step(maker, write_tif, depths):
    import rasterio

    names = [f"depth/{k}.tif" for k in range(3)]
    for name, step in zip(names, depths, strict=True):
        write_tif(maker.folder / name, step, nodata=-9999.0)
    maker.variable("raster", {"files": names, "not_modelled": -1}, time=HOURS)
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, expected(depths))
    with rasterio.open(maker.folder / names[0]) as file:
        assert result.grid.transform == tuple(file.transform)[:6]
    assert (result.grid.rows, result.grid.columns, result.grid.crs.name) == (5, 7, "EPSG:28992")


def test_bands_in_order_or_named_and_a_water_level(maker, write_tif, depths):
    write_tif(maker.folder / "d.tif", depths, nodata=-9999.0)
    write_tif(maker.folder / "l.tif", depths[::-1] + 10)
    maker.variable(
        "raster", {"file": "d.tif", "not_modelled": -1, "level": {"file": "l.tif", "bands": [3, 2, 1]}}, time=HOURS
    )
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, expected(depths))
    np.testing.assert_array_equal(result.level, depths + 10)


def test_a_raster_from_south_to_north_is_turned(maker, write_tif):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    write_tif(maker.folder / "d.tif", values, up=True)
    maker.variable("raster", {"file": "d.tif"})
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values[0], values[::-1])
    assert result.grid.transform == (2.0, 0.0, 1000.0, 0.0, -2.0, 2006.0)


def test_members_of_rasters(maker, write_tif):
    runs = np.random.default_rng(0).uniform(0, 3, (5, 4, 6)).astype(np.float32)
    runs[2, 1, 1] = np.nan
    for k, run in enumerate(runs):
        write_tif(maker.folder / f"m{k}.tif", run)
    members = [{"file": f"m{k}.tif"} for k in range(5)]
    maker.variable("raster", {"members": members}, uncertainty={"kind": "members", "level": 0.5})
    result = maker.read().result("v0")
    np.testing.assert_allclose(result.low[0], np.nanquantile(runs, 0.25, axis=0), rtol=1e-6)
    np.testing.assert_allclose(result.high[0], np.nanquantile(runs, 0.75, axis=0), rtol=1e-6)
    np.testing.assert_allclose(result.values[0], np.nanmedian(runs, axis=0), rtol=1e-6)


def test_members_that_are_dry_where_others_are_wet(maker, write_tif):
    nan = np.nan
    runs = np.array([[[nan, nan, 1.0]], [[nan, 2.0, 2.0]], [[nan, nan, 3.0]]], np.float32)
    for k, run in enumerate(runs):
        write_tif(maker.folder / f"m{k}.tif", run)
    write_tif(maker.folder / "level.tif", np.array([[nan, 5.0, 6.0]], np.float32))
    members = [{"file": f"m{k}.tif"} for k in range(3)]
    unsure = {"kind": "members", "level": 0.5}
    maker.variable("raster", {"members": members, "level": {"file": "level.tif"}}, uncertainty=unsure)
    maker.variable("raster", {"members": members}, uncertainty=unsure)
    scenario = maker.read()
    water, other = scenario.result("v0"), scenario.result("v1")
    np.testing.assert_array_equal(water.values, [[[nan, 0.0, 2.0]]])
    np.testing.assert_array_equal(water.high, [[[nan, 1.0, 2.5]]])
    np.testing.assert_array_equal(other.values, [[[nan, 2.0, 2.0]]])


def write_grid(
    path, values, *, calendar="standard", units="hours since 2030-06-21 00:00:00", times=(0, 1, 2.5), realization=False
):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with netCDF4.Dataset(path, "w") as out:
            steps, rows, columns = values.shape[-3:]
            if realization:
                out.createDimension("realization", len(values))
            for name, size in (("time", steps), ("y", rows), ("x", columns)):
                out.createDimension(name, size)
            time = out.createVariable("time", "f8", ("time",))
            time.units, time.calendar = units, calendar
            time[:] = times
            y = out.createVariable("y", "f8", ("y",))
            y[:] = 2000.0 + 5.0 * np.arange(rows)
            x = out.createVariable("x", "f8", ("x",))
            x[:] = 100.0 + 5.0 * np.arange(columns)
            crs = out.createVariable("crs", "i4", ())
            crs.epsg_code = "28992"
            places = (("realization",) if realization else ()) + ("time", "y", "x")
            depth = out.createVariable("depth", "i2", places, fill_value=-99)
            depth.scale_factor, depth.grid_mapping = 0.01, "crs"
            depth[:] = np.ma.masked_invalid(values)


def test_a_cf_grid_with_its_own_times(maker):
    values = np.random.default_rng(4).uniform(0, 3, (3, 4, 6)).round(2)
    values[0, 1, 2] = np.nan
    write_grid(maker.folder / "d.nc", values)
    maker.variable("raster", {"file": "d.nc", "value": "depth"}, time={"kind": "instants", "from_data": True})
    result = maker.read().result("v0")
    with netCDF4.Dataset(maker.folder / "d.nc") as file:
        own = np.ma.filled(file["depth"][:].astype(float), np.nan)
    np.testing.assert_allclose(result.values, own[:, ::-1], rtol=1e-6)
    assert result.grid.transform == (5.0, 0.0, 97.5, 0.0, -5.0, 2017.5)
    assert result.grid.crs.name == "EPSG:28992"
    start = np.datetime64("2030-06-21").astype("datetime64[s]").astype(float)
    np.testing.assert_allclose(result.time.starts, start + 3600 * np.array([0, 1, 2.5]))


def test_a_calendar_of_360_days(maker):
    import cftime

    write_grid(
        maker.folder / "d.nc", np.ones((3, 4, 6)), calendar="360_day", units="days since 2030-02-28", times=(0, 1, 2)
    )
    time = {"kind": "instants", "from_data": True, "calendar": "360_day"}
    maker.variable("raster", {"file": "d.nc", "value": "depth"}, time=time)
    result = maker.read().result("v0")
    assert result.time.calendar == "360_day"
    moments = [cftime.datetime(2030, 2, 28 + k, calendar="360_day") for k in range(3)]
    want = cftime.date2num(moments, "seconds since 1970-01-01", calendar="360_day")
    np.testing.assert_allclose(result.time.starts, want)


def test_realizations_of_a_cf_grid(maker):
    values = np.random.default_rng(5).uniform(0, 3, (4, 3, 4, 6)).round(2)
    write_grid(maker.folder / "d.nc", values, realization=True)
    data = {"file": "d.nc", "value": "depth", "member": "realization"}
    told = {"kind": "members", "level": 0.9}
    maker.variable("raster", data, time={"kind": "instants", "from_data": True}, uncertainty=told)
    result = maker.read().result("v0")
    np.testing.assert_allclose(result.values, np.median(values, axis=0)[:, ::-1], rtol=1e-5)
    np.testing.assert_allclose(result.high, np.quantile(values, 0.95, axis=0)[:, ::-1], rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"units": "fortnights since yesterday"}, "times make no sense"),
        ({"units": "hours"}, "has no times by CF"),
        ({"calendar": "mayan"}, "times make no sense"),
        ({"times": (0, 2, 1)}, "step 3 does not come after"),
        ({"times": (0, np.nan, 1)}, "times make no sense|has no moment"),
    ],
)
def test_times_that_make_no_sense_are_refused(maker, change, reason):
    write_grid(maker.folder / "d.nc", np.ones((3, 4, 6)), **change)
    maker.variable("raster", {"file": "d.nc", "value": "depth"}, time={"kind": "instants", "from_data": True})
    with pytest.raises(LoadError, match=reason) as caught:
        maker.read()
    assert "d.nc" in str(caught.value) and "\n" not in str(caught.value)


def test_rasters_on_another_grid_are_refused(maker, write_tif):
    write_tif(maker.folder / "a.tif", np.ones((3, 4), np.float32))
    write_tif(maker.folder / "b.tif", np.ones((3, 4), np.float32), corner=(1001.0, 2000.0))
    time = {"kind": "periods", "names": ["a", "b"]}
    maker.variable("raster", {"files": ["a.tif", "b.tif"]}, time=time)
    with pytest.raises(LoadError, match=r"b\.tif: it lies on another grid"):
        maker.read()


def test_a_tiff_that_is_something_else_is_refused(maker):
    maker.text("d.tif", '<VRTDataset rasterXSize="1" rasterYSize="1"></VRTDataset>')
    maker.variable("raster", {"file": "d.tif"})
    with pytest.raises(LoadError, match="its content is not GeoTIFF"):
        maker.read()


def write_mesh(path, *, at="face", start=0, steps=2, z=True, wrong=False):
    """Two triangles and a square on 6 nodes."""
    with netCDF4.Dataset(path, "w") as out:
        for name, size in (("time", steps), ("node", 6), ("face", 3), ("corner", 4)):
            out.createDimension(name, size)
        mesh = out.createVariable("mesh2d", "i4", ())
        mesh.cf_role, mesh.topology_dimension = "mesh_topology", 2
        mesh.node_coordinates, mesh.face_node_connectivity = "node_x node_y", "face_nodes"
        for name, values in (
            ("node_x", [0, 10, 10, 0, 20, 20]),
            ("node_y", [0, 0, 10, 10, 0, 10]),
        ):
            out.createVariable(name, "f8", ("node",))[:] = values
        if z:
            out.createVariable("mesh2d_node_z", "f8", ("node",))[:] = np.arange(6.0)
        faces = out.createVariable("face_nodes", "i4", ("face", "corner"), fill_value=-999)
        corners = np.array([[0, 1, 2, -1000], [0, 2, 3, -1000], [1, 4, 5, 2]]) + start
        if wrong:
            corners[0, 0] = 77
        faces[:] = np.ma.masked_less(corners, -900)
        faces.start_index = start
        depth = out.createVariable("depth", "f4", ("time", at))
        depth.mesh, depth.location = "mesh2d", at
        depth[:] = np.arange(steps * (3 if at == "face" else 6)).reshape(steps, -1)


@pytest.mark.parametrize("start", [0, 1])
def test_values_on_faces(maker, start):
    write_mesh(maker.folder / "m.nc", start=start)
    time = {"kind": "instants", "moments": ["2030-01-01", "2030-01-02"]}
    maker.variable("mesh", {"file": "m.nc", "value": "depth"}, time=time)
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, [[0, 1, 2], [3, 4, 5]])
    mesh = result.overlay.lods[""]
    assert len(result.overlay.objects) == 3 and mesh.triangle_count == 4 and result.vertex_rows is None
    rows = mesh.tiles.tags[mesh.tiles.triangles[:, 0], 0]
    assert sorted(rows.tolist()) == [0, 1, 2, 2]


def test_values_on_nodes_run_smoothly(maker):
    write_mesh(maker.folder / "m.nc", at="node", steps=1)
    maker.variable("mesh", {"file": "m.nc", "value": "depth"})
    result = maker.read().result("v0")
    assert result.smooth and result.values.shape == (1, 6)
    tiles = result.overlay.lods[""].tiles
    world = tiles.positions + tiles.origins[0]
    np.testing.assert_allclose(world[:, 2], result.vertex_rows)  # node k is at height k


def test_a_plain_triangle_mesh(maker):
    with netCDF4.Dataset(maker.folder / "m.nc", "w") as out:
        for name, size in (("points", 4), ("volumes", 2), ("three", 3), ("timesteps", 2)):
            out.createDimension(name, size)
        for name, values in (("x", [0, 1, 1, 0]), ("y", [0, 0, 1, 1]), ("elevation", [5, 5, 5, 5])):
            out.createVariable(name, "f4", ("points",))[:] = values
        out.createVariable("volumes", "i4", ("volumes", "three"))[:] = [[0, 1, 2], [0, 2, 3]]
        out.createVariable("stage", "f4", ("timesteps", "points"))[:] = np.arange(8).reshape(2, 4)
    data = {"file": "m.nc", "mesh": "volumes", "x": "x", "y": "y", "z": "elevation", "value": "stage"}
    time = {"kind": "instants", "start": "2030-01-01", "step": 60, "count": 2}
    maker.variable("mesh", data, time=time)
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, np.arange(8).reshape(2, 4))
    assert result.smooth and result.overlay.bbox[2] == 5


def test_a_mesh_with_a_wrong_node_is_refused(maker):
    write_mesh(maker.folder / "m.nc", wrong=True, steps=1)
    maker.variable("mesh", {"file": "m.nc", "value": "depth"})
    with pytest.raises(LoadError, match="a face names node 77, and there are 6"):
        maker.read()


def test_large_rasters_go_through_a_file(maker, write_tif, monkeypatch):
    from loaders.scenario import sink

    monkeypatch.setattr(sink, "IN_MEMORY", 100)
    values = np.random.default_rng(9).random((3, 20, 30)).astype(np.float32)
    write_tif(maker.folder / "d.tif", values)
    write_tif(maker.folder / "sd.tif", values / 10)
    data = {"file": "d.tif", "sd": {"file": "sd.tif"}}
    maker.variable("raster", data, time=HOURS, uncertainty={"kind": "sd", "level": 0.6827})
    result = maker.read().result("v0")
    assert isinstance(result.values, np.memmap) and str(result.values.filename).endswith(".bin")
    np.testing.assert_array_equal(result.values, values)
    np.testing.assert_allclose(result.high, values * 1.1, rtol=1e-4)
