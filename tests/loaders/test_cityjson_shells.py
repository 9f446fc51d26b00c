"""Objects whose geometries read alike are walked together: the result must be that of walking them one by one."""

from __future__ import annotations

import json

import numpy as np
import pytest

SQUARE = [[0, 1, 3, 2]]
CUBE = [[x, y, z] for z in (0, 1000) for y in (0, 1000) for x in (0, 1000)]


def geometry(number, surfaces, lod="1", **more):
    values = [k % len(surfaces) for k in range(number % 3 + 1)]
    return {
        "type": "MultiSurface",
        "lod": lod,
        "boundaries": [SQUARE] * (number % 3 + 1),
        "semantics": {"values": values, "surfaces": surfaces},
        **more,
    }


def city(objects, separators, **more):
    root = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [85000.0, 447000.0, 10.0]},
        "CityObjects": objects,
        "vertices": CUBE,
        **more,
    }
    return json.dumps(root, separators=separators)


def plain(number):
    return {"type": "Building", "geometry": [geometry(number, [{"type": "RoofSurface"}]), geometry(number, ROOFS, "2")]}


ROOFS = [
    {"type": "WallSurface"},
    {"type": "RoofSurface", "slope": 30, "children": [0]},
    {"type": "+Dormer", "parent": 1},
]
MAKERS = {
    "plain": plain,
    "surfaces with attributes of their own": lambda number: {
        "type": "Building",
        "geometry": [geometry(number, [{"type": "RoofSurface", "slope": number}])],
    },
    "lists in surfaces": lambda number: {
        "type": "Building",
        "geometry": [geometry(number, [{"type": "RoofSurface", "parts": [{"a": [number]}], "x": 1}])],
    },
    "an attribute with a geometry's name": lambda number: {
        **plain(number),
        "attributes": {"geometry": [{"a": number}], "surfaces": [{"b": number}], "values": [1, 2]},
    },
    "texts that end in brackets": lambda number: {**plain(number), "attributes": {"note": f'}}]"{number}\\'}},
    "no lod": lambda number: {"type": "Building", "geometry": [geometry(number, ROOFS, None)]},
    "an unknown type": lambda number: {"type": "Building", "geometry": [{"type": "Blob", "boundaries": [number]}]},
    "no surfaces": lambda number: {
        "type": "Building",
        "geometry": [geometry(number, [{}], semantics={"surfaces": []})],
    },
    "materials": lambda number: {
        "type": "Building",
        "geometry": [
            geometry(number, ROOFS, material={"m": {"value": 0}, "n": {"values": [0] * (number % 3 + 1)}}),
        ],
    },
}


def summary(result):
    """All that came out, as comparable values."""
    city = result.value
    rows = range(len(city.objects))
    surfaces = city.surfaces
    return {
        "ids": list(city.objects.ids),
        "attributes": [city.objects.attributes_of(row) for row in rows],
        "surfaces": [surfaces.type_of(row) for row in range(len(surfaces))],
        "rows": surfaces.object_rows.tolist(),
        "columns": [surfaces.attributes_of(row) for row in range(len(surfaces))],
        "issues": sorted((i.kind, i.count, i.objects) for i in result.issues),
        "lods": {
            lod: [
                (mesh.tiles.positions + mesh.tiles.origins[0]).tolist(),
                mesh.tiles.tags.tolist(),
                None if mesh.tiles.triangle_surface is None else mesh.tiles.triangle_surface.tolist(),
                {name: look.material.tolist() for name, look in mesh.tiles.appearances.items()},
            ]
            for lod, mesh in city.lods.items()
        },
    }


@pytest.mark.parametrize("kind", MAKERS)
def test_objects_alike_are_the_same_as_walked_one_by_one(read, kind):
    objects = {f"b{number}": MAKERS[kind](number) for number in range(40)}
    more = {"appearance": {"materials": [{"name": "red", "diffuseColor": [1, 0, 0]}]}}
    apart, together = (read(city(objects, separators, **more)) for separators in ((", ", ": "), (",", ":")))
    assert summary(together) == summary(apart)
    assert len(together.value.objects) == 40
    if kind == "plain":
        assert together.value.lods["2"].triangle_count == sum(2 * (number % 3 + 1) for number in range(40))
        assert np.bincount(together.value.surfaces.object_rows).tolist() == [4] * 40
        assert set(together.value.surfaces.columns) == {"slope"}


@pytest.mark.parametrize("kind", MAKERS)
def test_features_alike_are_the_same_as_walked_one_by_one(read, kind):
    lines = [{"type": "CityJSON", "version": "2.0", "transform": {"scale": [1, 1, 1], "translate": [0, 0, 0]}}]
    lines[0] |= {"CityObjects": {}, "vertices": []}
    for number in range(40):
        feature = {"type": "CityJSONFeature", "id": f"b{number}", "CityObjects": {f"b{number}": MAKERS[kind](number)}}
        feature |= {"vertices": [[x, y, z + number] for x, y, z in CUBE]}
        lines.append(feature | {"appearance": {"materials": [{"name": f"m{number % 2}"}]}})
    apart, together = (
        read("\n".join(json.dumps(line, separators=separators) for line in lines))
        for separators in ((", ", ": "), (",", ":"))
    )
    assert summary(together) == summary(apart)
    assert len(together.value.objects) == 40


def test_a_geometry_that_is_not_json_refuses_the_file(read):
    from loaders.api import LoadError

    text = city({f"b{number}": plain(number) for number in range(40)}, (",", ":"))
    for odd in ('"lod":\x01', '"lod":]', '"lod":01'):
        with pytest.raises(LoadError):
            read(text.replace('"lod":"2"', odd + '"2"', 1))
    with pytest.raises(LoadError):
        read(text.replace('[{"type":"WallSurface"}', '[{"type":"WallSurface"}}', 1))


def test_long_texture_values_without_images_are_told_not_read(read, tmp_path, monkeypatch):
    def marked(number):
        return {"type": "Building", "geometry": [geometry(0, ROOFS, texture={"t": {"values": [[[0, 0, 1, 2, 3]]]}})]}

    looks = {"textures": [{"type": "PNG", "image": "a.png"}], "vertices-texture": [[0, 0], [1, 0], [1, 1], [0, 1]]}
    text = city({f"b{number}": marked(number) for number in range(9)}, (",", ":"), appearance=looks)
    monkeypatch.setattr("loaders.cityjson_looks._WORTH", 100)
    result = read(text)
    assert {issue.kind: issue.count for issue in result.issues if "texture" in issue.kind} == {
        "texture-missing": 1,
        "textures-not-read": 9,
    }
    assert result.value.lods["1"].tiles.appearances == {} and result.value.default_theme is None
    (tmp_path / "a.png").write_bytes(b"")
    drawn = read(text)
    assert drawn.value.lods["1"].tiles.appearances["t"].uvt[:, 2].tolist() == [0.0] * 36
    assert not [issue for issue in drawn.issues if "texture" in issue.kind]
