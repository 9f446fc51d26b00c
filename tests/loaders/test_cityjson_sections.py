"""Documents are read in sections of whole objects: the result must not depend on where they are cut."""

from __future__ import annotations

import json

import numpy as np
import pytest

CUBE = [[x, y, z] for z in (0, 1000) for y in (0, 1000) for x in (0, 1000)]
FACES = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6]]
SOLID = {"type": "Solid", "lod": "2", "boundaries": [[[face] for face in FACES]]}
TRIANGLE = {"type": "MultiSurface", "lod": "1", "boundaries": [[[0, 1, 3]]]}


def city(objects, metadata=None):
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [85000.0, 447000.0, 10.0]},
        "metadata": metadata or {},
        "CityObjects": objects,
        "vertices": CUBE,
    }


def building(*geometries, **more):
    return {"type": "Building", "geometry": list(geometries), **more}


def many(count):
    """Buildings side by side, each with attributes that look like the beginning of another object."""
    inner = {"roof": {"type": "flat", "deep": {"geometry": 1}}, "x": 1}
    return {f'b{n} "}},"': building(SOLID, TRIANGLE, attributes={"n": n, "odd }{": inner}) for n in range(count)}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("size", [1, 300, 5000])
@pytest.mark.parametrize("first", [True, False])
def test_documents_are_the_same_in_any_sections(read, monkeypatch, size, indent, first):
    root = city(many(30), {"note": {"CityObjects": {"a": {}}}} if not first else {})
    if first:
        root = {"CityObjects": root.pop("CityObjects"), **root}
    text = json.dumps(root, indent=indent)
    whole = read(text).value
    monkeypatch.setattr("loaders.cityjson_read.SECTION_BYTES", size)
    parts = read(text, processes=2).value
    assert list(parts.objects.ids) == list(whole.objects.ids) == list(many(30))
    assert [parts.objects.attributes_of(row) for row in range(30)] == [
        whole.objects.attributes_of(row) for row in range(30)
    ]
    for lod, mesh in whole.lods.items():
        assert np.array_equal(mesh.tiles.positions, parts.lods[lod].tiles.positions)
        assert np.array_equal(mesh.tiles.tags, parts.lods[lod].tiles.tags)
    assert whole.lods["2"].triangle_count == 360


def test_outlines_of_odd_documents():
    from loaders.cityjson_outline import guess, scan

    def heard(fraction):
        assert 0 <= fraction <= 1

    text = json.dumps(city({r"a\"}{": building(), "b": building()})).encode()
    for find in (guess, scan):
        found = find(text, 5, heard)
        assert json.loads(text[found.start : found.stop]).keys() == {r"a\"}{", "b"}
        assert sum(len(json.loads(b"{" + text[a:b] + b"}")) for a, b in found.sections) == 2
        assert find(b'{"CityObjects": {}}', 5, heard).sections == []
        assert find(b'{"type": "CityJSON"}', 5, heard) is None
        assert find(b'{"CityObjects": {"a": {', 5, heard) is None
        assert find(b'{"CityObjects": {}, "CityObjects": {}}', 5, heard) is None
    assert len(scan(text, 5, heard).sections) == 2
    assert scan(b'{"m": {"CityObjects": {}}}', 5, heard) is None
