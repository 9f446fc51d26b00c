"""Results that real tools wrote, bound by hand; values checked with netCDF4 directly."""

from __future__ import annotations

import shutil

import netCDF4
import numpy as np
import pytest

FROM_FILE = {"kind": "instants", "from_data": True, "zone": "UTC"}


@pytest.fixture
def real(data_dir):
    def find(name):
        path = data_dir / "scenario" / name
        if not path.is_file():
            pytest.skip(f"{name} is not in the test data")
        return path

    return find


@pytest.mark.parametrize(
    ("name", "variable", "unit", "crs"),
    [
        ("merewether_flood/merewether_depth.nc", "depth", "m", "EPSG:32756"),
        ("bilbao_heat/bilbao_tmrt_24h.nc", "tmrt", "Cel", "EPSG:25830"),
    ],
)
def test_grids_over_time(maker, real, name, variable, unit, crs):
    source = real(name)
    shutil.copy(source, maker.folder / "r.nc")
    maker.raw["crs"] = crs
    maker.raw["declared"]["cells"] = 10_000_000
    maker.variable("raster", {"file": "r.nc", "value": variable}, time=FROM_FILE, unit=unit)
    result = maker.read().result("v0")
    with netCDF4.Dataset(source) as file:
        values = np.ma.filled(file[variable][:].astype(np.float64), np.nan)
        times, x, y = (np.asarray(file[axis][:], np.float64) for axis in ("time", "x", "y"))
    if y[1] > y[0]:
        values, y = values[:, ::-1], y[::-1]
    np.testing.assert_allclose(result.values, values, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(result.time.starts, times)
    a, _, c, _, e, f = result.grid.transform
    np.testing.assert_allclose([c + a / 2, f + e / 2, a, e], [x[0], y[0], x[1] - x[0], y[1] - y[0]], rtol=1e-9)
    assert result.grid.crs.name == crs


def test_a_mesh_of_triangles(maker, real):
    source = real("merewether_flood/merewether_flood.sww.nc")
    shutil.copy(source, maker.folder / "m.nc")
    with netCDF4.Dataset(source) as file:
        stage, corners = np.asarray(file["stage_c"][:]), np.asarray(file["volumes"][:])
        x, y = np.asarray(file["x"][:], float), np.asarray(file["y"][:], float)
    maker.raw["crs"] = "EPSG:32756"
    maker.raw["declared"] |= {"cells": stage.size, "triangles": len(corners)}
    data = {"file": "m.nc", "mesh": "volumes", "x": "x", "y": "y", "value": "stage_c"}
    time = {"kind": "instants", "start": "2007-06-08T20:00", "step": 60, "count": len(stage)}
    maker.variable("mesh", data, time=time)
    result = maker.read().result("v0")
    np.testing.assert_array_equal(result.values, stage)
    area = 0.5 * np.abs(
        (x[corners[:, 1]] - x[corners[:, 0]]) * (y[corners[:, 2]] - y[corners[:, 0]])
        - (x[corners[:, 2]] - x[corners[:, 0]]) * (y[corners[:, 1]] - y[corners[:, 0]])
    )
    mesh = result.overlay.lods[""]
    assert mesh.triangle_count == len(corners) and mesh.area_m2 == pytest.approx(area.sum(), rel=1e-3)
