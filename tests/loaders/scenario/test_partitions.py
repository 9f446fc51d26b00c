"""D-Flow FM in parts: files written as the tool writes them, the merged mesh compared with the whole one."""

import json

import netCDF4
import numpy as np
import pytest

from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.scenario.importers.kit import NeedAnswers
from loaders.scenario.importers.partitions import part_number, with_siblings
from loaders.scenario.importers.run import run_import
from loaders.scenario.manifest import problems
from loaders.scenario.prepare import load

COMMON = {"title": "Flood", "publisher": "Somebody", "licence": "CC0-1.0", "base": "town", "crs": "EPSG:28992"}
ROWS, COLUMNS, STEPS, LAYERS = 4, 6, 3, 5
OWNERS = np.array([[0, 0, 1, 1, 2, 2]] * 2 + [[0, 0, 0, 1, 2, 2]] * 2)
DEPTH = np.arange(STEPS * ROWS * COLUMNS, dtype=float).reshape(STEPS, ROWS * COLUMNS)
SALT = DEPTH[:, :, None] * 10 + np.arange(LAYERS)


def cells():
    """Corners of the cells of the whole, counted from 0, and the corners' places."""
    across = COLUMNS + 1
    first = (np.arange(ROWS)[:, None] * across + np.arange(COLUMNS)).reshape(-1)
    y, x = np.divmod(np.arange((ROWS + 1) * across), across)
    faces = np.stack([first, first + 1, first + 1 + across, first + across], axis=1)
    return faces, np.stack([100.0 * x + 1000, 50.0 * y + 2000, -0.1 * x], axis=1)


def own_and_ghosts(number):
    """Cells of a part: its own, and its neighbours' that touch them, in a shuffled order."""
    own = number == OWNERS
    near = np.zeros_like(own)
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        near |= np.roll(own, (down, right), (0, 1))
    near[:, 0] &= own[:, 0] | own[:, 1]
    near[:, -1] &= own[:, -1] | own[:, -2]
    found = np.flatnonzero((own | near).reshape(-1))
    return np.random.default_rng(number).permutation(found)


def write_part(path, number, *, domains=True, numbers=True, moments=(0, 600, 1200), layers=False):
    faces, places = cells()
    here = own_and_ghosts(number)
    nodes, corners = np.unique(faces[here], return_inverse=True)
    ghost = OWNERS.reshape(-1)[here] != number
    with netCDF4.Dataset(path, "w") as file:
        file.source = "D-Flow FM 1.2.110"
        sizes = {"mesh2d_nNodes": len(nodes), "mesh2d_nFaces": len(here), "mesh2d_nMax_face_nodes": 4, "time": None}
        for name, count in (*sizes.items(), ("mesh2d_nLayers", LAYERS)):
            file.createDimension(name, count)
        mesh = file.createVariable("mesh2d", "i4")
        mesh.setncatts({"cf_role": "mesh_topology", "topology_dimension": 2, "face_dimension": "mesh2d_nFaces",
                        "node_coordinates": "mesh2d_node_x mesh2d_node_y",
                        "face_node_connectivity": "mesh2d_face_nodes"})  # fmt: skip
        for k, axis in enumerate("xyz"):
            column = file.createVariable(f"mesh2d_node_{axis}", "f8", ("mesh2d_nNodes",))
            column.setncatts({"mesh": "mesh2d", "location": "node", "units": "m"})
            column[:] = places[nodes, k]
        table = file.createVariable("mesh2d_face_nodes", "i4", ("mesh2d_nFaces", "mesh2d_nMax_face_nodes"))
        table.start_index = 1
        table[:] = corners.reshape(-1, 4) + 1
        x = file.createVariable("mesh2d_face_x", "f8", ("mesh2d_nFaces",))
        x.setncatts({"mesh": "mesh2d", "location": "face", "standard_name": "projection_x_coordinate", "units": "m"})
        if domains:
            file.createVariable("mesh2d_flowelem_domain", "i4", ("mesh2d_nFaces",))[:] = OWNERS.reshape(-1)[here]
        if numbers:
            file.createVariable("mesh2d_flowelem_globalnr", "i4", ("mesh2d_nFaces",))[:] = here + 1
        clock = file.createVariable("time", "f8", ("time",))
        clock.units = "seconds since 2026-01-01 00:00:00 +00:00"
        clock[:] = moments
        depth = file.createVariable("mesh2d_waterdepth", "f8", ("time", "mesh2d_nFaces"), fill_value=-999.0)
        depth.setncatts({"mesh": "mesh2d", "location": "face", "units": "m", "long_name": "Water depth",
                         "standard_name": "sea_floor_depth_below_sea_surface"})  # fmt: skip
        depth[:] = DEPTH[:, here] + np.where(ghost, 500.0, 0.0)  # ghosts may differ
        if layers:
            salt = file.createVariable("mesh2d_sa1", "f8", ("time", "mesh2d_nFaces", "mesh2d_nLayers"))
            salt.setncatts({"mesh": "mesh2d", "location": "face", "units": "1e-3", "long_name": "Salinity"})
            salt[:] = SALT[:, here]
    return path


@pytest.fixture
def parts(tmp_path):
    def make(**more):
        return [write_part(tmp_path / f"run_{number:04d}_map.nc", number, **more) for number in range(3)]

    return make


def imported(paths, tmp_path, **answers):
    report = run_import(tuple(paths), tmp_path / "package", COMMON | answers)
    raw = json.loads(report.path.read_text("utf-8"))
    assert problems(raw) == []
    return report, raw, load(report.path, LoadOptions(), NoProgress()).scenario


def test_three_parts_become_the_whole(parts, tmp_path):
    report, raw, scenario = imported(parts(), tmp_path)
    result = scenario.results["mesh2d_waterdepth"]
    assert np.array_equal(result.values, DEPTH.astype(np.float32))  # in the order of the numbers, without ghosts
    assert len(result.overlay.objects) == ROWS * COLUMNS and result.variable.zero_is_none
    assert result.overlay.lods[""].area_m2 == pytest.approx(ROWS * COLUMNS * 100 * 50, rel=1e-3)
    assert [entry["file"] for entry in raw["provenance"]["inputs"]] == [f"run_{n:04d}_map.nc" for n in range(3)]
    assert report.variables == ("mesh2d_waterdepth",) and "3 parts were merged: 24 cells." in report.notes
    with netCDF4.Dataset(tmp_path / "package/data/results.nc") as file:
        faces, places = cells()
        assert len(file.dimensions["node"]) == len(places)  # nodes at the borders once
        x, y = file["mesh2d_node_x"][:], file["mesh2d_node_y"][:]
        corners = file["mesh2d_face_nodes"][:]
        assert np.array_equal(x[corners], places[faces, 0]) and np.array_equal(y[corners], places[faces, 1])
        assert np.allclose(file["mesh2d_node_z"][:][corners], places[faces, 2])


def test_one_part_finds_the_others_beside_it(parts, tmp_path):
    paths = parts()
    write_part(tmp_path / "other_0000_map.nc", 0)
    (tmp_path / "run_0009_map.nc").symlink_to("/etc/hostname")
    assert with_siblings((paths[1],)) == tuple(paths)
    _, raw, scenario = imported([paths[1]], tmp_path)
    assert scenario.results["mesh2d_waterdepth"].values.shape == (STEPS, ROWS * COLUMNS)
    assert len(raw["provenance"]["inputs"]) == 3


@pytest.mark.parametrize("missing", ["domains", "numbers"])
def test_domains_or_numbers_alone_suffice(parts, tmp_path, missing):
    _, _, scenario = imported(parts(**{missing: False}), tmp_path)
    values = scenario.results["mesh2d_waterdepth"].values
    assert values.shape == (STEPS, ROWS * COLUMNS)
    if missing == "numbers":
        assert np.array_equal(np.sort(values, axis=1), DEPTH.astype(np.float32))


def test_neither_leaves_each_cell_once(parts, tmp_path):
    report, _, scenario = imported(parts(domains=False, numbers=False), tmp_path)
    assert scenario.results["mesh2d_waterdepth"].values.shape == (STEPS, ROWS * COLUMNS)
    assert any("in several parts" in note for note in report.notes)


def test_a_missing_part_is_asked_about(parts, tmp_path):
    paths = parts()
    with pytest.raises(NeedAnswers) as caught:
        run_import((paths[0], paths[2]), tmp_path / "package", COMMON)
    (question,) = caught.value.questions
    assert question.key == "missing-parts" and "(0001)" in question.text
    paths[1].unlink()
    report, _, scenario = imported([paths[0]], tmp_path, **{"missing-parts": "leave-holes"})
    assert scenario.results["mesh2d_waterdepth"].values.shape == (STEPS, int((OWNERS != 1).sum()))
    assert any("there are holes" in note for note in report.notes)


def test_a_layer_is_asked_for(parts, tmp_path):
    paths = parts(layers=True)
    with pytest.raises(NeedAnswers) as caught:
        run_import(tuple(paths), tmp_path / "package", COMMON | {"layer": "6"})
    asked = {question.key: question.text for question in caught.value.questions}
    assert set(asked) == {"unit.mesh2d_sa1", "layer"} and "'6' is none" in asked["layer"]
    _, _, scenario = imported(paths, tmp_path, layer="2", **{"unit.mesh2d_sa1": "1"})
    assert np.array_equal(scenario.results["mesh2d_sa1"].values, SALT[:, :, 1].astype(np.float32))


def test_parts_of_different_runs_are_refused(parts, tmp_path):
    paths = parts()
    write_part(paths[2], 2, moments=(0, 60, 120))
    with pytest.raises(LoadError, match=r"run_0002_map.nc: its moments are not those of run_0000_map.nc"):
        run_import(tuple(paths), tmp_path / "package", COMMON)
    again = write_part(tmp_path / "copy_0001_map.nc", 1)
    with pytest.raises(LoadError, match="the same part"):
        run_import((*paths[:2], again), tmp_path / "package", COMMON)
    plain = tmp_path / "grid.nc"
    with netCDF4.Dataset(plain, "w") as file:
        file.createDimension("x", 1)
    with pytest.raises(LoadError, match=r"grid.nc: its mesh cannot be read"):
        run_import((*paths[:2], plain), tmp_path / "package", COMMON)


def test_a_node_that_is_none_is_refused(parts, tmp_path):
    paths = parts()
    with netCDF4.Dataset(paths[1], "a") as file:
        file["mesh2d_face_nodes"][0, 0] = 10_000
    with pytest.raises(LoadError, match=r"run_0001_map.nc: a cell names a node"):
        run_import(tuple(paths), tmp_path / "package", COMMON)


def test_files_from_before_ugrid(tmp_path):
    faces, places = cells()
    for number in range(3):
        here = own_and_ghosts(number)
        with netCDF4.Dataset(tmp_path / f"old_{number:04d}_map.nc", "w") as file:
            file.source = "D-Flow FM 1.1.148"
            for name, count in (("nFlowElem", len(here)), ("nFlowElemContourPts", 4), ("time", 1)):
                file.createDimension(name, count)
            for k, axis in enumerate("xy"):
                contour = file.createVariable(f"FlowElemContour_{axis}", "f8", ("nFlowElem", "nFlowElemContourPts"))
                contour[:] = places[faces[here], k]
            file.createVariable("FlowElemDomain", "i2", ("nFlowElem",))[:] = OWNERS.reshape(-1)[here]
            file.createVariable("FlowElemGlobalNr", "i4", ("nFlowElem",))[:] = here + 1
            clock = file.createVariable("time", "f8", ("time",))
            clock.units = "seconds since 2026-01-01 00:00:00"
            clock[:] = [0.0]
            depth = file.createVariable("waterdepth", "f8", ("time", "nFlowElem"))
            depth.units = "m"
            depth[:] = DEPTH[:1, here]
    _, _, scenario = imported([tmp_path / "old_0001_map.nc"], tmp_path)
    result = scenario.results["waterdepth"]
    assert np.array_equal(result.values, DEPTH[:1].astype(np.float32))
    assert result.overlay.lods[""].area_m2 == pytest.approx(ROWS * COLUMNS * 5000, rel=1e-3)
    assert scenario.manifest.provenance.tool == "Delft3D FM"


def test_names_of_parts(tmp_path):
    numbers = [part_number(tmp_path / name) for name in ("a_0003_map.nc", "a_0003_20200101_000000_map.nc", "a_map.nc")]
    assert numbers == [3, 3, None]
    assert with_siblings((tmp_path / "nowhere" / "a_0000_map.nc",)) == (tmp_path / "nowhere" / "a_0000_map.nc",)
