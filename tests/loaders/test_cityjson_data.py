"""Every CityJSON file of the real data, against counts made with plain recursion over plain JSON."""

from __future__ import annotations

import gzip
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import shapely

from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.cityjson import load

DATA = Path(os.environ.get("CITIVERSE_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FOLDERS = ("cityjson", "malicious", "stress")
DEPTH = {"MultiPoint": 1, "MultiLineString": 2, "MultiSurface": 3, "CompositeSurface": 3, "Solid": 4}
DEPTH |= {"MultiSolid": 5, "CompositeSolid": 5}
EXPECTED = {
    "cityjson/cjio/delft.json": (570, 570, 36271),
    "cityjson/bertt/tools/cj2glb/samples/delfshaven/3-20-DELFSHAVEN.city.json": (853, 853, None),
    "malicious/generated/cityjson/template_bomb.city.json": (2000, 2000, 600000),
}
KINDS = {
    "cityjson/3dgi_corpus/invalid/invalid_cityjsonfeature_root_id_unresolved": "feature-id",
    "cityjson/3dgi_corpus/invalid/invalid_out_of_range_vertex_index": "vertex-out-of-range",
    "cityjson/3dgi_corpus/invalid/invalid_u64_f64_bounds": "bad-coordinate",
    "malicious/generated/cityjson/index_oob": "vertex-out-of-range",
    "malicious/generated/cityjson/scale_zero": "degenerate-transform",
    "malicious/generated/cityjson/parent_cycle": "parent-cycle",
    "malicious/generated/cityjson/parent_missing": "dangling-parent",
    "malicious/generated/cityjson/texture_escape": "texture-outside",
    "malicious/generated/cityjson/extension_url": "extension",
    "cityjson/cjval/cube_20.jsonl": "bad-feature",
    "cityjson/cjval/duplicate.json": "dangling-parent",
    "cityjson/cjval/potatoes": "degenerate-transform",
    "cityjson/cjval/material2": "material-out-of-range",
    "cityjson/cjval/texture1": "bad-texture",
    "cityjson/cjval/texture7": "bad-texture",
    "cityjson/cjval/sem.json": "bad-semantics",
    "cityjson/cjval/o2.json": "extra-root-property",
}
REFUSED = {
    "cityjson/3dgi_corpus/invalid/invalid_missing_type/invalid_missing_type.json": "has no type",
    "cityjson/val3dity/test_empty/completely_empty.json": "empty",
    "cityjson/val3dity/test_empty/empty_primitive_1.json": "'0.1' is not supported",
    "cityjson/val3dity/test_file_format/invalid_json_cityjson.json": "line 3, column 11",
    "cityjson/val3dity/test_file_format/invalid_schema_cityjson_1.json": "line 1934, column 1",
    "cityjson/val3dity/test_jsonfg/building.fg.json": "type 'Feature'",
    "cityjson/val3dity/test_jsonfg/geojson.json": "type 'Feature'",
    "malicious/generated/archive/nested_gzip.city.jsonl.gz": "gzip data inside gzip",
}


def files():
    found = [
        path.relative_to(DATA).as_posix()
        for folder in FOLDERS
        for path in sorted((DATA / folder).rglob("*"))
        if "JSONTestSuite" not in path.parts
        and path.is_file()
        and path.name.lower().endswith((".json", ".jsonl", ".json.gz", ".jsonl.gz"))
    ]
    return found or [pytest.param("", marks=pytest.mark.skip(reason="the folder with real data is absent"))]


def documents(text):
    """The JSON values of a file; None if it is not JSON at all."""
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None


def expanded(root):
    """(object id, geometry type, LoD, boundaries, vertices, corrected) of all geometries that are not instances."""
    header = root[0]
    for document in root:
        if document is not header and document.get("type") != "CityJSONFeature":
            continue
        transform = header.get("transform", {"scale": [1, 1, 1], "translate": [0, 0, 0]})
        vertices = [
            [
                n * s + t if isinstance(n, int | float) else math.nan
                for n, s, t in zip(v, *transform.values(), strict=False)
            ]
            if list(transform) == ["scale", "translate"]
            else [n * s + t for n, s, t in zip(v, transform["scale"], transform["translate"], strict=True)]
            for v in document.get("vertices", [])
        ]
        for name, item in document.get("CityObjects", {}).items():
            for geometry in item.get("geometry", []):
                yield name, item, geometry, vertices


def walk(boundaries, depth):
    """All surfaces below."""
    return [boundaries] if depth == 0 else [s for inner in boundaries for s in walk(inner, depth - 1)]


def usable(surface, vertices):
    try:
        rings = [[vertices[index] for index in ring if index >= 0] for ring in surface]
    except IndexError:
        return None
    if any(len(a) != len(b) for a, b in zip(rings, surface, strict=True)):
        return None
    flat = [number for ring in rings for corner in ring for number in corner]
    return rings if all(math.isfinite(number) and abs(number) <= 1e9 for number in flat) else None


def plane_area(rings):
    """Area of a polygon in space by shapely, seen along its Newell normal; None if that picture is not valid."""
    outer = np.array(rings[0], float)
    local = outer - outer[0]
    normal = np.cross(local, np.roll(local, -1, axis=0)).sum(axis=0)
    if np.linalg.norm(normal) <= 1e-14 * max(np.abs(local).max(), 1e-9) ** 2:
        return 0.0
    if len(rings) == 1 and len(outer) == 3:
        return float(0.5 * np.linalg.norm(normal))
    normal = normal / np.linalg.norm(normal)
    right = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    right /= np.linalg.norm(right)
    up = np.cross(normal, right)
    shape = [[((np.array(c) - outer[0]) @ right, (np.array(c) - outer[0]) @ up) for c in ring] for ring in rings]
    if any(len(ring) < 3 for ring in shape):
        return None
    polygon = shapely.Polygon(shape[0], shape[1:])
    return polygon.area if polygon.is_valid else None


def is_plane(rings):
    """True if all corners lie in one plane but for rounding: else the triangles' area in space is larger."""
    local = np.concatenate([np.array(ring, float).reshape(-1, 3) for ring in rings])
    local -= local[0]
    return len(local) < 4 or np.linalg.svd(local, compute_uv=False)[2] <= 1e-4 * max(np.abs(local).max(), 1e-9)


def refused_by_rule(text, found):
    """True where the file cannot be CityJSON that we read."""
    if found is None or not found or not isinstance(found[0], dict):
        return True
    root = found[0]
    if root.get("type") == "CityJSONFeature":
        return False
    return root.get("type") != "CityJSON" or str(root.get("version", "2.0"))[:3] not in ("1.0", "1.1", "2.0")


@pytest.mark.parametrize("name", files())
def test_counts_or_refusal(name):
    check_file(name)


def test_json_that_parsers_disagree_about_is_refused(data_dir):
    names = sorted(path.name for path in (data_dir / "malicious" / "JSONTestSuite").glob("*.json"))
    assert len(names) > 150
    for name in names:
        check_file(f"malicious/JSONTestSuite/{name}")


def check_file(name):
    path = DATA / name
    raw = path.read_bytes()
    if name.endswith(".gz"):
        raw = gzip.decompress(raw)
    text = raw.decode("utf-8-sig", "replace")
    found = documents(text)
    try:
        result = load(path, LoadOptions(), NoProgress())
    except LoadError as error:
        assert refused_by_rule(text, found) or name in REFUSED, str(error)
        assert REFUSED.get(name, "") in str(error) and error.remedy
        return
    assert not refused_by_rule(text, found) and name not in REFUSED
    kinds = {issue.kind for issue in result.issues}
    for start, kind in KINDS.items():
        assert not name.startswith(start) or kind in kinds
    check_counts(name, found, result)


def check_counts(name, found, result):
    value = result.value
    good = [found[0], *(one for one in found[1:] if one.get("type") == "CityJSONFeature")]
    ids = [key for one in good for key in one.get("CityObjects", {})]
    types = [item["type"] for one in good for item in one.get("CityObjects", {}).values()]
    assert list(value.objects.ids) == ids
    assert [value.objects.type_of(row) for row in range(len(ids))] == types
    counts = {}
    unsure = set()
    for key, _, geometry, vertices in expanded(good):
        depth = DEPTH.get(geometry.get("type"), 0)
        if depth < 3:
            continue
        lod = geometry.get("lod", "")
        lod = lod if isinstance(lod, str) else f"{lod:g}"
        entry = counts.setdefault(lod, {"triangles": 0, "area": 0.0, "drawn": set()})
        for surface in walk(geometry.get("boundaries", []), depth - 2):
            rings = usable(surface, vertices)
            if rings is None:
                continue
            area = plane_area(rings)
            corners = {tuple(corner) for corner in rings[0]}
            simple = len(rings) == 1 and len(corners) == len(rings[0])
            if area is None or not simple or not is_plane(rings):
                unsure.add(lod)
            if area is not None and area > 0:
                entry["triangles"] += sum(map(len, rings)) + 2 * len(rings) - 4
                entry["area"] += area
                entry["drawn"].add(key)
    for lod, entry in counts.items():
        mesh = value.lods.get(lod)
        if mesh is None:
            assert not entry["drawn"]
            continue
        rows = {ids[row] for row in np.flatnonzero(mesh.drawn)}
        assert entry["drawn"] <= rows
        if lod not in unsure:
            own = mesh.triangle_count - sum(one.template.triangle_count * len(one.matrices) for one in mesh.instances)
            assert own >= entry["triangles"]
            if own == entry["triangles"] and not mesh.instances:
                assert mesh.area_m2 == pytest.approx(entry["area"], rel=1e-6)
    if name in EXPECTED:
        objects, drawable, triangles = EXPECTED[name]
        total = sum(mesh.triangle_count for mesh in value.lods.values())
        assert (len(value.objects), value.drawable) == (objects, drawable)
        assert total == triangles if triangles else 37_000 < total < 37_900


def tile_rules(value):
    """What `TileSet` promises."""
    for mesh in value.lods.values():
        tiles = mesh.tiles
        assert tiles.positions.dtype == tiles.tags.dtype == np.float32 and tiles.triangles.dtype == np.int32
        assert tiles.vertex_start[-1] == len(tiles.positions) and tiles.triangle_start[-1] == len(tiles.triangles)
        for tile in range(tiles.tile_count):
            a, b = tiles.vertex_start[tile : tile + 2]
            c, d = tiles.triangle_start[tile : tile + 2]
            assert d - c <= 50_000
            corners = tiles.triangles[c:d]
            assert corners.min() >= 0 and corners.max() < b - a
            rows = tiles.tags[a:b, 0][corners]
            assert (rows[:, 0] == rows[:, 1]).all() and (rows[:, 0] == rows[:, 2]).all()
            world = tiles.positions[a:b] + tiles.origins[tile]
            assert (world.min(axis=0) >= tiles.bounds[tile, :3] - 1e-3).all()
            assert (world.max(axis=0) <= tiles.bounds[tile, 3:] + 1e-3).all()


@pytest.mark.parametrize(
    "name", [*EXPECTED, "cityjson/cjval/japanese.city.json", "cityjson/val3dity/cityjson/csol.json"]
)
@pytest.mark.parametrize("processes", [1, 2])
def test_tiles_keep_their_promises(data_file, name, processes):
    tile_rules(load(data_file(name), LoadOptions(processes=processes), NoProgress()).value)


def test_two_processes_give_the_same_city(data_file):
    name = "cityjson/bertt/tools/cj2glb/samples/delfshaven/3-20-DELFSHAVEN.city.json"
    one, two = (load(data_file(name), LoadOptions(processes=n), NoProgress()).value for n in (1, 2))
    for lod, mesh in one.lods.items():
        for field in ("positions", "tags", "triangles", "triangle_surface", "bounds"):
            assert np.array_equal(getattr(mesh.tiles, field), getattr(two.lods[lod].tiles, field))
        look = mesh.tiles.appearances["rgbTexture"].uvt
        assert np.array_equal(look, two.lods[lod].tiles.appearances["rgbTexture"].uvt)
    assert list(one.objects.ids) == list(two.objects.ids)


def test_real_textures_end_where_the_file_says(data_file):
    name = "cityjson/bertt/tools/cj2glb/samples/delfshaven/3-20-DELFSHAVEN.city.json"
    root = json.loads(data_file(name).read_text())
    value = load(data_file(name), LoadOptions(), NoProgress()).value
    uv = root["appearance"]["vertices-texture"]
    tiles = value.lods["2"].tiles
    look = tiles.appearances["rgbTexture"].uvt
    for row, (key, item) in enumerate(list(root["CityObjects"].items())[:40]):
        assert value.objects.ids[row] == key
        (geometry,) = item["geometry"]
        wanted = []
        for surface, values in zip(geometry["boundaries"], geometry["texture"]["rgbTexture"]["values"], strict=True):
            for ring, (texture, *local) in zip(surface, values, strict=True):
                for at in range(len(ring)):
                    wanted.append((*uv[local[at]], texture) if texture is not None else (0.0, 0.0, -1))
        mine = look[tiles.tags[:, 0] == row]
        assert np.allclose(mine, np.array(wanted, np.float32))
