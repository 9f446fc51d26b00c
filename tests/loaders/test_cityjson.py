from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import trimesh

from loaders.api import Cancelled, LoadError, LoadOptions, NoProgress
from loaders.city import SURFACE_CODE_OTHER, SURFACE_CODES
from loaders.cityjson import SPEC, load, sniff
from loaders.cityjson_header import crs_name

CUBE = [[x, y, z] for z in (0, 1000) for y in (0, 1000) for x in (0, 1000)]
FACES = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6]]
SHELL = [[face] for face in FACES]
SURFACES = [{"type": "GroundSurface"}, {"type": "RoofSurface", "slope": 33.5}, {"type": "+Balcony"}]
TRIANGLE = [[[0, 1, 3]]]


def city(objects=None, **changes):
    root = {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [85000.0, 447000.0, 10.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"},
        "CityObjects": {} if objects is None else objects,
        "vertices": CUBE,
    }
    return {key: value for key, value in (root | changes).items() if value is not ...}


def building(*geometries, **more):
    return {"type": "Building", "geometry": list(geometries), **more}


def surface(boundaries=TRIANGLE, kind="MultiSurface", lod="2", **more):
    return {"type": kind, "lod": lod, "boundaries": boundaries, **more}


def issues(result):
    return {issue.kind: issue for issue in result.issues}


def world(mesh):
    """Corner coordinates of all triangles, (T, 3, 3), and their object rows."""
    tiles = mesh.tiles
    out, rows = [], []
    for tile in range(tiles.tile_count):
        vertices = slice(tiles.vertex_start[tile], tiles.vertex_start[tile + 1])
        triangles = tiles.triangles[tiles.triangle_start[tile] : tiles.triangle_start[tile + 1]]
        out.append(tiles.positions[vertices].astype(float)[triangles] + tiles.origins[tile])
        rows.append(tiles.tags[vertices][triangles][:, 0, 0])
    return np.concatenate(out), np.concatenate(rows).astype(int)


def test_a_cube_is_watertight_and_turned_outwards(read):
    result = read(city({"b": building(surface([SHELL], "Solid"))}))
    mesh = result.value.lods["2"]
    triangles, _ = world(mesh)
    solid = trimesh.Trimesh(triangles.reshape(-1, 3), np.arange(36).reshape(-1, 3))
    solid.merge_vertices()
    assert solid.is_watertight and solid.volume == pytest.approx(1.0, rel=1e-6)
    assert mesh.triangle_count == 12 and mesh.area_m2 == pytest.approx(6.0)
    assert result.value.bbox.tolist() == [85000, 447000, 10, 85001, 447001, 11]
    assert (result.format, result.version, result.value.crs.name) == ("CityJSON", "2.0", "EPSG:7415")
    assert not result.issues


@pytest.mark.parametrize(
    ("kind", "wrap"),
    [
        ("MultiSurface", lambda shell: shell),
        ("CompositeSurface", lambda shell: shell),
        ("Solid", lambda shell: [shell]),
        ("MultiSolid", lambda shell: [[shell]]),
        ("CompositeSolid", lambda shell: [[shell]]),
    ],
)
@pytest.mark.parametrize("faces", [FACES, [[0, 1, 3], [0, 3, 2]]])
def test_every_surface_geometry(read, kind, wrap, faces):
    values = wrap(list(range(len(faces))))
    meaning = {"surfaces": [{"type": "RoofSurface"}] * len(faces), "values": values}
    shell = [[face] for face in faces]
    result = read(city({"b": building(surface(wrap(shell), kind, semantics=meaning))}))
    tiles = result.value.lods["2"].tiles
    assert len(tiles.triangles) == sum(len(face) - 2 for face in faces)
    assert sorted(set(tiles.triangle_surface.tolist())) == list(range(len(faces)))
    assert set(tiles.tags[:, 1].tolist()) == {SURFACE_CODES["RoofSurface"]}
    assert not result.issues


def test_points_and_lines(read):
    meaning = {"surfaces": [{"type": "RoofSurface"}], "values": [None, 0, None]}
    points = surface([0, 1, 7], "MultiPoint", "1", semantics=meaning)
    lines = surface([[0, 1], [2, 3, 7]], "MultiLineString", "1")
    mesh = read(city({"p": building(points), "l": building(lines)})).value.lods["1"]
    assert (mesh.points.positions + mesh.points.origin).tolist()[2] == [85001, 447001, 11]
    assert mesh.points.tags.tolist() == [[0, 0], [0, 1], [0, 0]]
    assert mesh.lines.start.tolist() == [0, 2, 5] and mesh.lines.tags[:, 0].tolist() == [1] * 5
    assert mesh.drawn.tolist() == [True, True] and mesh.triangle_count == 0


def test_holes_and_inner_shells(read):
    big = [[x * 4 - 1500, y * 4 - 1500, z] for x, y, z in CUBE]
    outer = [[[face[0] + 8, *(v + 8 for v in face[1:])] for face in [face]] for face in FACES]
    inner = [[face[::-1]] for face in FACES]
    flat = [[8, 9, 11, 10], [0, 2, 3, 1]]
    result = read(
        city(
            {"s": building(surface([outer, inner], "Solid")), "m": building(surface([flat], lod="1"))},
            vertices=CUBE + big,
        )
    )
    assert result.value.lods["2"].triangle_count == 24
    assert result.value.lods["1"].area_m2 == pytest.approx(15.0) and result.value.lods["1"].triangle_count == 8


def test_every_lod_is_kept_from_coarse_to_fine(read):
    geometries = [surface(lod=lod) for lod in ("2.2", "1", "0", "1.3")] + [surface(lod=...)]
    del geometries[-1]["lod"]
    result = read(city({"b": building(*geometries), "c": building(surface(lod="1"))}))
    assert list(result.value.lods) == ["", "0", "1", "1.3", "2.2"]
    assert result.value.lods["1"].drawn.tolist() == [True, True]
    assert result.value.lods["2.2"].drawn.tolist() == [True, False]
    assert issues(result)["missing-lod"].objects == ("b",)


@pytest.mark.parametrize("lod", [2, 2.0])
def test_numbers_for_lods_as_in_version_1_0(read, lod):
    assert list(read(city({"b": building(surface(lod=lod))}, version="1.0")).value.lods) == ["2"]
    assert list(read(city({"b": building(surface(lod=2.2))}, version="1.0")).value.lods) == ["2.2"]


def test_semantics_with_nulls_at_every_depth(read):
    meaning = {"surfaces": SURFACES, "values": [[[0, 1, None, 2, 1, 0]], None]}
    solids = surface([[SHELL], [SHELL]], "MultiSolid", semantics=meaning)
    result = read(city({"b": building(solids)}))
    tiles = result.value.lods["2"].tiles
    assert tiles.triangle_surface.tolist() == [0, 0, 1, 1, -1, -1, 2, 2, 1, 1, 0, 0] + [-1] * 12
    roof, ground = SURFACE_CODES["RoofSurface"], SURFACE_CODES["GroundSurface"]
    codes = tiles.tags[:, 1].reshape(-1, 4)[:, 0].tolist()
    assert codes == [ground, roof, 0, SURFACE_CODE_OTHER, roof, ground] + [0] * 6
    surfaces = result.value.surfaces
    assert [surfaces.type_of(row) for row in range(3)] == ["GroundSurface", "RoofSurface", "+Balcony"]
    assert surfaces.attributes_of(1) == {"slope": 33.5} and surfaces.object_rows.tolist() == [0, 0, 0]
    assert not result.issues


def test_semantics_that_do_not_fit_are_told(read):
    short = {"surfaces": SURFACES, "values": [[0, 1]]}
    beyond = {"surfaces": SURFACES, "values": [[0, 1, 9, 9, -7, 0]]}
    objects = {"s": building(surface([SHELL], "Solid", semantics=short))}
    objects["t"] = building(surface([SHELL], "Solid", semantics=beyond))
    result = read(city(objects))
    assert issues(result)["bad-semantics"].objects == ("s",)
    assert issues(result)["semantics-out-of-range"].count == 3
    triangles, rows = world(result.value.lods["2"])
    assert len(triangles) == 24 and sorted(set(rows.tolist())) == [0, 1]


def test_attributes_of_any_type_are_columns(read):
    first = {"name": "a", "n": 1, "x": 1, "yes": True, "list": [1, {"a": 2}], "mixed": 3, "none": None}
    second = {"name": "b", "n": -5, "x": 2.5, "mixed": "three", "values": [1, 2], "boundaries": [[0]], "vertices": [7]}
    root = city({"a": building(attributes=first), "b": {"type": "Road", "attributes": second, "+extra": {"k": 1}}})
    result = read(root)
    table = result.value.objects
    kinds = {name: column.kind for name, column in table.columns.items()}
    assert kinds == {
        "name": "string", "n": "integer", "x": "number", "yes": "boolean", "list": "json", "mixed": "json",
        "+extra": "json", "values": "json", "boundaries": "json", "vertices": "json",
    }  # fmt: skip
    assert table.attributes_of(0) == {key: value for key, value in first.items() if value is not None}
    assert table.attributes_of(1) == {**second, "+extra": {"k": 1}}
    assert table.columns["yes"].present.tolist() == [True, False]
    assert not result.issues


def test_parents_children_and_groups(read):
    objects = {
        "b": building(children=["p", "gone"]),
        "p": {"type": "BuildingPart", "parents": ["b"], "geometry": [surface()]},
        "g": {"type": "CityObjectGroup", "members": ["b"]},
        "o": {"type": "BuildingPart", "parents": ["nobody"]},
    }
    result = read(city(objects, version="1.0"))
    table = result.value.objects
    assert [table.parents_of(row) for row in range(4)] == [[2], [0], [], []]
    assert table.children_of(0) == [1] and table.type_of(1) == "BuildingPart"
    assert issues(result)["dangling-parent"].objects == ("o",)
    assert issues(result)["dangling-child"].objects == ("b",)


def test_cycles_of_parents_are_cut(read):
    objects = {name: {"type": "Building", "parents": [parent]} for name, parent in ("ab", "bc", "ca", "da", "ee")}
    result = read(city(objects))
    table = result.value.objects
    assert [table.parents_of(row) for row in range(5)] == [[], [], [], [0], []]
    assert issues(result)["parent-cycle"].objects == ("a", "b", "c", "e")


def test_templates_are_instances_and_not_transformed(read):
    template = surface([[face] for face in FACES], lod="3", semantics={"surfaces": SURFACES, "values": [1] * 6})
    matrix = [2, 0, 0, 5, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
    use = {"type": "GeometryInstance", "template": 0, "boundaries": [7], "transformationMatrix": matrix}
    templates = {"templates": [template], "vertices-templates": [[v / 1000 for v in row] for row in CUBE]}
    missing = {**use, "template": 4}
    beyond = {**use, "boundaries": [99]}
    objects = {"a": building(use, use), "b": building(use), "c": building(missing, beyond)}
    result = read(city(objects, **{"geometry-templates": templates}))
    mesh = result.value.lods["3"]
    (instances,) = mesh.instances
    assert instances.object_rows.tolist() == [0, 0, 1] and mesh.drawn.tolist() == [True, True, False]
    assert instances.matrices[0][:3, 3].tolist() == [85006, 447001, 11]
    assert instances.template.origins.tolist() == [[0, 0, 0]] and instances.template.tile_count == 1
    assert instances.template.positions.max() == 1.0
    assert mesh.triangle_count == 36 and mesh.area_m2 == pytest.approx(3 * 24.0)
    assert result.value.bbox.tolist() == [85006, 447001, 11, 85008, 447003, 13]
    assert {"missing-template", "bad-instance"} <= issues(result).keys()


APPEARANCE = {
    "default-theme-texture": "summer",
    "materials": [{"name": "red", "diffuseColor": [1.0, 0.0, 0.0], "transparency": 0.5}, {"name": "odd"}],
    "textures": [
        {"type": "PNG", "image": "in/side.png", "wrapMode": "mirror", "borderColor": [0, 0, 0, 1]},
        {"type": "JPG", "image": "gone.jpg"},
    ],
    "vertices-texture": [[0.0, 0.0], [1.0, 0], [1, 1], [0.5, 0.25]],
}


def test_materials_textures_and_themes(read, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "side.png").write_bytes(b"")
    looks = {
        "material": {"day": {"values": [0, None]}, "night": {"value": 1}},
        "texture": {"summer": {"values": [[[0, 0, 1, 2, 3]], [[None]]]}},
    }
    plain = surface([[FACES[0]]])
    result = read(
        city({"a": building(surface([[FACES[0]], [FACES[1]]], **looks)), "b": building(plain)}, appearance=APPEARANCE)
    )
    value = result.value
    tiles = value.lods["2"].tiles
    assert value.default_theme == "summer" and set(tiles.appearances) == {"day", "night", "summer"}
    mine = tiles.tags[:, 0] == 0
    assert tiles.appearances["day"].material[mine].tolist() == [0] * 4 + [-1] * 4
    assert tiles.appearances["night"].material.tolist() == np.where(mine, 1, -1).tolist()
    uvt = tiles.appearances["summer"].uvt[mine]
    assert uvt.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0.5, 0.25, 0]] + [[0, 0, -1]] * 4
    side, gone = value.textures
    assert side.path == str((tmp_path / "in" / "side.png").resolve()) and side.wrap == "mirror"
    assert side.border_color == (0.0, 0.0, 0.0, 1.0) and gone.path is None
    assert value.materials[0].diffuse == (1.0, 0.0, 0.0) and value.materials[0].transparency == 0.5
    assert set(issues(result)) == {"texture-missing"}


def test_textures_with_nulls_above_rings_and_wrong_ones(read):
    part = {"texture": {"t": {"values": [[None, [[1, 0, 1, 2, 3]], None, None, None, None]]}}}
    wrong = {"texture": {"t": {"values": [[[[1, 0, 1]]] * 6]}}, "material": {"m": {"values": [[0, 5, 0, 0, 0, 0]]}}}
    objects = {name: building(surface([SHELL], "Solid", **looks)) for name, looks in (("p", part), ("w", wrong))}
    result = read(city(objects, appearance=APPEARANCE))
    tiles = result.value.lods["2"].tiles
    has = tiles.appearances["t"].uvt[:, 2] == 1
    assert np.flatnonzero(has).tolist() == [4, 5, 6, 7]
    assert issues(result)["bad-texture"].objects == ("w",)
    assert issues(result)["material-out-of-range"].objects == ("w",)
    assert len(tiles.triangles) == 24


def test_extensions_are_drawn_kept_and_named(read):
    objects = {"n": {"type": "+NoiseBuilding", "geometry": [surface()], "attributes": {"+noise-day": 55.5}}}
    result = read(city(objects, extensions={"Noise": {"url": "https://x.test/n.json", "version": "1"}}, **{"+root": 1}))
    assert result.value.extensions == ("Noise",) and result.value.objects.type_of(0) == "+NoiseBuilding"
    assert result.value.lods["2"].triangle_count == 1
    assert result.value.metadata["+root"] == 1
    assert issues(result)["extra-root-property"].objects == ("+root",)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("urn:ogc:def:crs:EPSG::7415", "EPSG:7415"),
        ("urn:ogc:def:crs:EPSG:9.9:28992", "EPSG:28992"),
        ("https://www.opengis.net/def/crs/EPSG/0/7415", "EPSG:7415"),
        ("http://www.opengis.net/def/crs/EPSG/9.9.1/4978", "EPSG:4978"),
        ("urn:ogc:def:crs,crs:EPSG::28992,crs:EPSG::5709", "EPSG:28992+5709"),
        (
            "http://www.opengis.net/def/crs-compound?1=http://www.opengis.net/def/crs/EPSG/0/28992"
            "&2=http://www.opengis.net/def/crs/EPSG/0/5709",
            "EPSG:28992+5709",
        ),
        ("EPSG:7415", "EPSG:7415"),
        ("7415", "EPSG:7415"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "OGC:CRS84"),
        ("urn:ogc:def:crs:OGC::CRS84h", "OGC:CRS84h"),
        ("Dutch grid", None),
        ("", None),
    ],
)
def test_names_of_reference_systems(text, name):
    assert crs_name(text) == name


def test_missing_and_unknown_reference_systems(read):
    assert "missing-crs" in issues(read(city(metadata=...)))
    result = read(city(metadata={"referenceSystem": "Dutch grid"}))
    assert "unknown-crs" in issues(result) and result.value.crs.text == "Dutch grid"
    assert read(city(metadata={"crs": {"epsg": 7415}})).value.crs.name == "EPSG:7415"


def test_version_1_0_without_transform_has_real_coordinates(read):
    vertices = [[x / 1000 + 85000.25, y / 1000, z / 1000] for x, y, z in CUBE]
    result = read(city({"b": building(surface())}, version="1.0", transform=..., vertices=vertices))
    assert result.value.bbox[0] == 85000.25 and "missing-transform" not in issues(result)
    assert "missing-transform" in issues(read(city(version="2.0", transform=...)))


def test_pretty_printing_and_key_order_do_not_matter(read):
    meaning = {"values": [[0, 1, None, 2, 1, 0]], "surfaces": SURFACES}
    objects = {"b": building(surface([SHELL], "Solid", semantics=meaning), surface(lod="1"))}
    plain = read(city(objects)).value
    root = city(objects)
    pretty = json.dumps({key: root[key] for key in reversed(root)}, indent=9)
    other = read(pretty.replace('":', '"\n :')).value
    for lod, mesh in plain.lods.items():
        assert np.array_equal(mesh.tiles.positions, other.lods[lod].tiles.positions)
        assert np.array_equal(mesh.tiles.tags, other.lods[lod].tiles.tags)


def test_escaped_quotes_near_the_keys_do_no_harm(read):
    names = ['a"boundaries":[[[0,1,2]]]', '"values"', "x\\", '\\"vertices":[1]']
    objects = {name: building(surface(), attributes={name: name, "boundaries": "boundaries"}) for name in names}
    result = read(city(objects))
    assert list(result.value.objects.ids) == names and result.value.lods["2"].triangle_count == 4
    assert result.value.objects.attributes_of(0) == {names[0]: names[0], "boundaries": "boundaries"}


def features(count=3, **first):
    lines = [json.dumps(city(vertices=[], **first))]
    for number in range(count):
        vertices = [[x + 2000 * number, y, z] for x, y, z in CUBE]
        objects = {
            f"b{number}": building(surface([SHELL], "Solid"), attributes={"n": number}, children=[f"p{number}"]),
            f"p{number}": {"type": "BuildingPart", "parents": [f"b{number}"], "geometry": [surface()]},
        }
        feature = {"type": "CityJSONFeature", "id": f"b{number}", "CityObjects": objects, "vertices": vertices}
        lines.append(json.dumps(feature))
    return lines


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\n\n"])
def test_sequences_have_vertices_of_their_own(read, monkeypatch, processes, ending):
    monkeypatch.setattr("loaders.cityjson_read.SECTION_BYTES", 700)
    result = read(ending.join(features(5)) + ending, "a.city.jsonl", processes)
    table = result.value.objects
    assert result.format == "CityJSONSeq" and not result.issues
    assert list(table.ids) == [f"{letter}{n}" for n in range(5) for letter in "bp"]
    assert [table.parents_of(2 * n + 1) for n in range(5)] == [[2 * n] for n in range(5)]
    assert table.columns["n"].as_float()[::2].tolist() == [0, 1, 2, 3, 4]
    triangles, rows = world(result.value.lods["2"])
    assert len(triangles) == 5 * 13
    for row in range(10):
        assert triangles[rows == row][:, :, 0].min() == 85000 + 2 * (row // 2)


def test_sequences_with_appearances_of_their_own(read):
    lines = features(2)
    for number in (1, 2):
        feature = json.loads(lines[number])
        feature["appearance"] = {"materials": [{"name": "both"}, {"name": f"only {number}"}]}
        feature["CityObjects"][f"b{number - 1}"]["geometry"][0]["material"] = {"m": {"value": 1}}
        lines[number] = json.dumps(feature)
    value = read("\n".join(lines), "a.city.jsonl").value
    assert [material.name for material in value.materials] == ["both", "only 1", "only 2"]
    tiles = value.lods["2"].tiles
    found = {int(row): int(m) for row, m in zip(tiles.tags[:, 0], tiles.appearances["m"].material, strict=True)}
    assert found == {0: 1, 1: -1, 2: 2, 3: -1}


def test_broken_lines_of_a_sequence_are_told_by_number(read):
    lines = features(3)
    lines[2] = lines[2][:-7]
    result = read("\n".join([*lines, '{"type": "Other", "vertices": [[1, 2, 3]]}', "[]", "7"]), "a.city.jsonl")
    assert len(result.value.objects) == 4
    assert issues(result)["unreadable-line"].objects == ("line 3",)
    assert issues(result)["bad-feature"].count == 3


def test_ids_that_come_back(read):
    lines = features(2)
    result = read("\n".join([*lines, lines[1]]), "a.city.jsonl")
    assert len(result.value.objects) == 6 and issues(result)["duplicate-id"].objects == ("b0", "p0")
    text = json.dumps(city({"a": building(surface()), "b": building(surface())})).replace('"b":', '"a":')
    again = read(text)
    assert len(again.value.objects) == 1 and issues(again)["duplicate-id"].objects == ("a",)
    assert again.value.lods["2"].triangle_count == 1


@pytest.mark.parametrize("name", ["a.city.json.gz", "a.json", "a.txt"])
def test_gzip_is_known_by_its_content(read, name):
    assert len(read(gzip.compress(json.dumps(city({"b": building()})).encode()), name).value.objects) == 1


def test_gzip_members_and_limits(read):
    lines = [line + "\n" for line in features(2)]
    assert len(read(b"".join(gzip.compress(line.encode()) for line in lines), "a.jsonl.gz").value.objects) == 4
    blank = gzip.compress(b"{" + b" " * 40_000_000)
    with pytest.raises(LoadError, match="200 times") as caught:
        read(blank, "a.json.gz")
    assert caught.value.kind == "bomb"
    with pytest.raises(LoadError, match="gzip data inside"):
        read(gzip.compress(gzip.compress(b"{}")), "a.json.gz")
    with pytest.raises(LoadError, match="ends too early"):
        read(gzip.compress(json.dumps(city()).encode())[:-20], "a.json.gz")
    with pytest.raises(LoadError, match="larger than"):
        read(city(), max_bytes=10)


BAD_BOUNDARIES = {
    "out of range": ([[[0, 1, 99]]], "vertex-out-of-range"),
    "negative": ([[[0, 1, -1]]], "vertex-out-of-range"),
    "huge": ([[[0, 1, 2**70]]], "vertex-out-of-range"),
    "unsigned": ([[[0, 1, 2**63 + 5]]], "vertex-out-of-range"),
    "float": ([[[0, 1, 2.5]]], "bad-boundaries"),
    "text": ([[[0, 1, "2"]]], "bad-boundaries"),
    "null": ([[[0, 1, None]]], "bad-boundaries"),
    "too shallow": ([[0, 1, 2]], "wrong-nesting"),
    "too deep": ([[[[0, 1, 2]]]], "wrong-nesting"),
    "mixed depth": ([[[0, 1, 3], 5]], "bad-boundaries"),
    "empty ring": ([[[]]], "degenerate-surface"),
    "empty surface": ([[]], "wrong-nesting"),
    "two corners": ([[[0, 1]]], "degenerate-surface"),
    "one place": ([[[0, 0, 0, 0]]], "degenerate-surface"),
    "empty": ([], "empty-geometry"),
}


@pytest.mark.parametrize("case", BAD_BOUNDARIES)
def test_bad_boundaries_are_skipped_and_the_rest_is_drawn(read, case):
    boundaries, kind = BAD_BOUNDARIES[case]
    objects = {
        "good": building(surface()),
        "bad": building(surface(boundaries)),
        "fine": building(surface([SHELL], "Solid")),
    }
    result = read(city(objects))
    mesh = result.value.lods["2"]
    assert mesh.triangle_count == 13 and mesh.drawn.tolist() == [True, False, True]
    found = issues(result)
    assert found.keys() == {kind} or (case.startswith("empty") and len(found) == 1), found
    assert next(iter(found.values())).objects == ("bad",)


def test_one_bad_surface_does_not_take_its_neighbours(read):
    meaning = {"surfaces": SURFACES, "values": [0, 1, 0]}
    boundaries = [[[0, 1, 3, 2]], [[0, 1, 77]], [[4, 5, 7]]]
    result = read(city({"b": building(surface(boundaries, semantics=meaning))}))
    tiles = result.value.lods["2"].tiles
    assert tiles.triangle_surface.tolist() == [0, 0, 0] and len(tiles.positions) == 7
    assert issues(result)["vertex-out-of-range"].count == 1
    odd = read(city({"b": building(surface([[[0, 1, 3, 2]], [[0, 1, "x"]], [[4, 5, 7]]], semantics=meaning))}))
    assert odd.value.lods["2"].tiles.triangle_surface.tolist() == [0, 0, 0]


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity", "18446744073709551616", "1e300", '"7"', "null"])
def test_coordinates_that_are_none(read, number):
    text = json.dumps(city({"good": building(surface()), "bad": building(surface([[[4, 5, 7]]]))}))
    result = read(text.replace("[0, 0, 1000]", f"[0, 0, {number}]"))
    assert result.value.lods["2"].drawn.tolist() == [True, False]
    assert np.isfinite(result.value.bbox).all()
    assert issues(result)["bad-coordinate"].objects == ("bad",)


def test_vertices_of_two_or_four_numbers(read):
    result = read(
        city({"good": building(surface()), "bad": building(surface([[[4, 5, 7]]]))}, vertices=[*CUBE[:4], [1, 2]])
    )
    assert result.value.lods["2"].drawn.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("", "empty", "empty"),
        ("   \n ", "empty", "empty"),
        ("{", "line 1, column 2: the file ends too early", "truncated"),
        (json.dumps(city())[:-30], "ends too early", "truncated"),
        ('{"type": "CityJSON",\n "version" "2.0"}', "line 2, column", "not-json"),
        ("[1, 2]", "not an object", "not-cityjson"),
        ("7", "not an object", "not-cityjson"),
        ('{"a": 1}', "has no type", "not-cityjson"),
        ('{"type": "FeatureCollection"}', "'FeatureCollection'", "not-cityjson"),
        (json.dumps(city(version="0.9")), "'0.9' is not supported", "unsupported-version"),
        (json.dumps(city(version="3.0")), "cjio", "unsupported-version"),
        (json.dumps(city(transform={"scale": [1, 1]})), "transform.scale", "bad-transform"),
        (json.dumps(city(transform=[1])), "transform", "bad-transform"),
        ("<CityModel/>", "citygml-tools", "not-cityjson"),
        ("PK\x03\x04", "ZIP", "not-cityjson"),
        (b"\xff\xfe{\x00", "UTF-16", "not-cityjson"),
        (b'{"type": "CityJSON", "x": "\xff"}', "byte 27: not UTF-8", "not-json"),
        ("[" * 5000, "too deeply", "too-deep"),
    ],
)
def test_refusals_name_place_and_remedy(read, text, words, kind):
    with pytest.raises(LoadError) as caught:
        read(text)
    assert words in str(caught.value) and caught.value.kind == kind
    assert str(caught.value).startswith("a.city.json") and caught.value.remedy and "\n" not in str(caught.value)


def test_a_byte_order_mark_and_a_record_separator_are_taken(read):
    assert read(b"\xef\xbb\xbf" + json.dumps(city()).encode()).version == "2.0"
    assert len(read("\n".join("\x1e" + line for line in features(2)), "a.jsonl").value.objects) == 4


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(LoadError, match="cannot be read"):
        load(tmp_path / "none.city.json", LoadOptions(), NoProgress())


def test_too_many_triangles_are_refused(read):
    with pytest.raises(LoadError, match="more than 10 triangles"):
        read(city({"b": building(surface([SHELL], "Solid"))}), max_triangles=10)


class Stop:
    """Progress that stops at its n-th report and remembers what it heard."""

    def __init__(self, at):
        self.left, self.heard, self.cancelled = at, [], False

    def report(self, fraction, stage):
        assert 0.0 <= fraction <= 1.0 and stage
        self.heard.append(fraction)
        self.left -= 1
        if not self.left:
            raise Cancelled


@pytest.mark.parametrize("processes", [1, 2])
def test_cancelling_at_every_report(tmp_path, processes):
    path = tmp_path / "a.city.json"
    objects = {f"b{n}": building(surface([SHELL], "Solid"), surface(lod="1")) for n in range(50)}
    path.write_text(json.dumps(city(objects)))
    listener = Stop(-1)
    load(path, LoadOptions(processes=processes), listener)
    assert listener.heard == sorted(listener.heard) and listener.heard[-1] == 1.0
    for at in range(1, len(listener.heard) + 1 if processes == 1 else 6):
        with pytest.raises(Cancelled):
            load(path, LoadOptions(processes=processes), Stop(at))


def test_sniffing():
    from pathlib import Path

    assert sniff(b'{"type": "CityJSON"', Path("x.json")) == 100
    assert sniff(b'{"type":"CityJSONFeature"', Path("x.jsonl")) == 100
    assert sniff(b'{"CityObjects": {', Path("x")) == 90
    assert 0 < sniff(b'{"type": "Feature"', Path("x.json")) < 10
    assert sniff(b"anything", Path("x.las")) == 0
    assert SPEC.load == "loaders.cityjson:load" and ".city.json" in SPEC.extensions


def test_unbalanced_arrays_are_not_json(read):
    text = json.dumps(city({"b": building(surface())}))
    with pytest.raises(LoadError, match="line 1, column"):
        read(text.replace("[[[0, 1, 3]]]", "[[[0, 1, 3]]"))
    with pytest.raises(LoadError, match="line 1, column"):
        read(text.replace("[[0, 0, 0]", "[[[0, 0, 0]"))
    lines = features(2)
    lines[1] = lines[1].replace("[[[0, 1, 3]]]", "[[0, 1, 3]]]")
    result = read("\n".join(lines), "a.city.jsonl")
    assert issues(result)["unreadable-line"].objects == ("line 2",) and len(result.value.objects) == 2
