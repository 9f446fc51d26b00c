"""The terrain under other layers: who waits for it, who is laid on it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from loaders.worker import load_in_process
from viewer.document.project import save_project
from viewer.document.state import DocumentState, LayerState


def settle(session, loads, seconds=60.0):
    """Answer every load that began with what a real worker makes of the file."""
    for _ in range(200):
        session.poll()
        for load in loads:
            if load.outcome is None and load.started:
                load.outcome = load_in_process(load.path, options=load.options)
        if session.jobs.idle:
            return
    raise AssertionError("the loads never ended")


@pytest.fixture
def files(tmp_path):
    rows = "\n".join(" ".join(str(10 + x + y) for x in range(20)) for y in range(20))
    terrain = tmp_path / "dtm.asc"
    terrain.write_text(f"ncols 20\nnrows 20\nxllcorner 100\nyllcorner 200\ncellsize 5\n{rows}\n")
    points = tmp_path / "points.geojson"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    shape = {"type": "Point", "coordinates": [150, 250]}
    features = [{"type": "Feature", "properties": {}, "geometry": shape}]
    points.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}))
    (tmp_path / "dtm.prj").write_text("")
    return terrain, points


def heights(session):
    return {
        layer.name: session.document.cities[layer.id].bbox[2]
        for layer in session.document.state.layers
        if layer.id in session.document.cities
    }


def test_layers_wait_for_the_terrain_that_is_opened_with_them(session, loads, files):
    terrain, points = files
    session.run("file.open", paths=[str(points), str(terrain)])
    began = [load.path.name for load in loads if load.started]
    assert began == ["dtm.asc"]
    settle(session, loads)
    assert heights(session)["points.geojson"] == pytest.approx(29.1, abs=3)
    assert np.isfinite(heights(session)["dtm.asc"])


def test_layers_opened_before_the_terrain_are_laid_on_it(session, loads, files):
    terrain, points = files
    session.run("file.open", paths=[str(points)])
    settle(session, loads)
    assert heights(session) == {"points.geojson": 0.0}
    session.run("file.open", paths=[str(terrain)])
    settle(session, loads)
    assert heights(session)["points.geojson"] > 20


def test_layers_of_a_project_are_laid_on_its_terrain(session, loads, files, tmp_path):
    terrain, points = files
    layers = tuple(LayerState(f"layer-{n}", path.name, str(path)) for n, path in enumerate((points, terrain), 1))
    path = tmp_path / "town.citiverse"
    save_project(DocumentState(layers=layers), path)
    session.run("file.open", paths=[str(path)])
    settle(session, loads)
    assert heights(session)["points.geojson"] > 20


def test_layers_are_brought_to_the_crs_of_a_city_that_is_opened_with_them(session, loads, files, tmp_path):
    _, points = files
    shape = {"type": "Point", "coordinates": [4.36, 52.0]}
    feature = {"type": "Feature", "properties": {}, "geometry": shape}
    points.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    city = tmp_path / "a.city.json"
    crs = "https://www.opengis.net/def/crs/EPSG/0/7415"
    box = {"type": "MultiPoint", "lod": "1", "boundaries": [0]}
    document = {"type": "CityJSON", "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]}}
    document |= {"metadata": {"referenceSystem": crs}, "vertices": [[84000, 446000, 0]]}
    document |= {"CityObjects": {"a": {"type": "Building", "geometry": [box]}}}
    city.write_text(json.dumps(document))
    session.run("file.open", paths=[str(points), str(city)])
    settle(session, loads)
    where = {name.name: session.document.cities[name.id].bbox[0] for name in session.document.state.layers}
    assert where["points.geojson"] == pytest.approx(85000, abs=2000)
    assert not any("will not lie" in message.text for message in session.messages)


def test_a_terrain_that_cannot_be_read_keeps_nobody_waiting(session, loads, files):
    terrain, points = files
    terrain.write_text("ncols 20\nnrows oops")
    session.run("file.open", paths=[str(terrain), str(points)])
    for _ in range(50):
        session.poll()
        for load in loads:
            if load.outcome is None and load.started and load.path == terrain:
                load.fail()
            elif load.outcome is None and load.started:
                load.outcome = load_in_process(load.path, options=load.options)
        if session.jobs.idle:
            break
    assert heights(session) == {"points.geojson": 0.0}


def test_a_terrain_that_was_removed_is_no_ground(session, loads, files):
    terrain, points = files
    session.run("file.open", paths=[str(terrain)])
    settle(session, loads)
    session.run("layer.remove", layer_id=session.document.state.layers[0].id)
    session.run("file.open", paths=[str(points)])
    settle(session, loads)
    assert heights(session) == {"points.geojson": 0.0}
