"""Trajectories and patches."""

from __future__ import annotations

import json

import numpy as np
import pytest

from loaders.api import LoadError

START = {"kind": "instants", "start": "2030-06-21T08:00:00Z"}
ZERO = np.datetime64("2030-06-21T08:00:00").astype("datetime64[s]").astype(float)


def test_a_table_of_samples(maker):
    maker.text("t.csv", "time,veh,type,x,y,speed\n0,a,bus,1,2,5\n2,a,bus,5,2,6\n1,b,bicycle,9,9,3\n1,a,bus,3,2,\n")
    data = {"file": "t.csv", "id": "veh", "time": "time", "x": "x", "y": "y", "mover": "type", "value": "speed"}
    maker.variable("trajectories", data, time=START, unit="m/s")
    result = maker.read().result("v0")
    moves = result.moves
    assert moves.ids.to_list() == ["a", "b"] and moves.start.tolist() == [0, 3, 4]
    assert [moves.kind_names[k] for k in moves.kinds] == ["bus", "bicycle"]
    np.testing.assert_allclose(moves.times, ZERO + np.array([0, 1, 2, 1]))
    np.testing.assert_allclose(moves.positions, [[1, 2, 0], [3, 2, 0], [5, 2, 0], [9, 9, 0]])
    np.testing.assert_array_equal(moves.values, np.float32([5, np.nan, 6, 3]))
    np.testing.assert_allclose(result.time.starts, [ZERO, ZERO + 2])


def test_moving_features(maker):
    import pyproj

    features = [
        {
            "type": "Feature", "id": "bus1", "properties": {"type": "bus"},
            "temporalGeometry": {
                "type": "MovingPoint", "datetimes": ["2030-06-21T08:00:00Z", "2030-06-21T08:00:10Z"],
                "coordinates": [[4.90, 52.37, 3.0], [4.91, 52.37, 4.0]],
            },
            "temporalProperties": [
                {"datetimes": ["2030-06-21T08:00:10Z"], "speed": {"values": [12.5], "interpolation": "Linear"}}
            ],
        }
    ]  # fmt: skip
    maker.text("m.json", json.dumps({"type": "FeatureCollection", "features": features}))
    maker.variable("trajectories", {"file": "m.json", "value": "speed"}, time=START, unit="m/s")
    moves = maker.read().result("v0").moves
    x, y = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:28992", always_xy=True).transform([4.90, 4.91], [52.37] * 2)
    np.testing.assert_allclose(moves.positions, np.column_stack([x, y, [3.0, 4.0]]), atol=0.01)
    np.testing.assert_array_equal(moves.values, np.float32([np.nan, 12.5]))


@pytest.mark.parametrize(
    "text", ["[]", '{"type":"Feature","temporalGeometry":{"type":"MovingPolygon","datetimes":[]}}', "{"]
)
def test_other_json_is_refused(maker, text):
    maker.text("m.json", text)
    maker.variable("trajectories", {"file": "m.json"})
    with pytest.raises(LoadError, match="no Moving Features JSON"):
        maker.read()


def cube(*ids):
    corners = [[x, y, z] for z in (0, 1000) for y in (0, 1000) for x in (0, 1000)]
    sides = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6]]
    solid = {"type": "Solid", "lod": "1", "boundaries": [[[side] for side in sides]]}
    return json.dumps(
        {
            "type": "CityJSON", "version": "2.0", "transform": {"scale": [0.001] * 3, "translate": [0, 0, 0]},
            "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/28992"},
            "CityObjects": {own: {"type": "Building", "geometry": [solid]} for own in ids}, "vertices": corners,
        }
    )  # fmt: skip


def test_a_patch_removes_adds_and_replaces(maker):
    changes = {
        "remove": ["old1", {"id": "old2", "from": "2031-05-01"}],
        "add": [{"id": "new1", "from": "2032-01-01", "replaces": "old2"}],
    }
    maker.text("changes.json", json.dumps(changes))
    maker.text("new.city.json", cube("new1", "new2"))
    maker.variable("patch", {"changes": "changes.json", "added": "new.city.json"})
    result = maker.read().result("v0")
    may, january = (np.datetime64(day).astype("datetime64[s]").astype(float) for day in ("2031-05-01", "2032-01-01"))
    assert result.patch.removed.to_list() == ["old1", "old2"]
    assert result.patch.removed_at.tolist() == [-np.inf, may]
    assert result.overlay.objects.ids.to_list() == ["new1", "new2"]
    assert result.patch.added_from.tolist() == [january, -np.inf]
    assert result.patch.replaces.to_list() == ["old2", ""]
    assert result.time.starts.tolist() == [may, january] and result.values.size == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"add": [{"id": "nowhere"}]}, "'nowhere' is to be added"),
        ({"remove": [{"id": "a", "from": "soon"}]}, "'soon' is no moment"),
        ({"remove": [7]}, "an entry is no id"),
        ({"delete": []}, "is no object with the lists"),
    ],
)
def test_wrong_changes_are_refused(maker, changes, reason):
    maker.text("changes.json", json.dumps(changes))
    maker.text("new.city.json", cube("new1"))
    maker.variable("patch", {"changes": "changes.json", "added": "new.city.json"})
    with pytest.raises(LoadError, match=reason) as caught:
        maker.read()
    assert "changes.json" in str(caught.value)
