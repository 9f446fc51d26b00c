"""New objects as glTF: files written by hand and by trimesh, real ones, and hostile ones."""

import base64
import io
import json
import struct

import numpy as np
import pytest
import trimesh

from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.scenario.gltf_file import Gltf, GltfError, inside
from loaders.scenario.gltf_scene import read_scene
from loaders.scenario.importers.kit import NeedAnswers
from loaders.scenario.importers.run import run_import
from loaders.scenario.prepare import load

COMMON = {"title": "New tower", "publisher": "Somebody", "licence": "CC0-1.0", "base": "town"}
ORIGIN = [85000.0, 446000.0, 5.0]
CORNERS = np.array([[0, 0, 0], [10, 0, 0], [10, 0, -4], [0, 8, 0]], np.float32)
"""y is up, -z is north."""
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.uint16)


def glb(raw, binary=b"", *, version=2, length=None):
    text = json.dumps(raw).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    if binary:
        chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, version, length or 12 + len(chunks)) + chunks


def minimal(**changes):
    """A scene of one object with two triangles, and its binary chunk."""
    binary = CORNERS.tobytes() + FACES.tobytes()
    raw = {
        "asset": {"version": "2.0", "generator": "by hand"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": "tower", "mesh": 0, "extras": {"dwellings": 12, "type": "Building", "list": [1]}}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1, "material": 0}]}],
        "materials": [{"name": "brick", "pbrMetallicRoughness": {"baseColorFactor": [0.5, 0.0, 1.0, 1.0]}}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 6, "type": "SCALAR"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 48},
            {"buffer": 0, "byteOffset": 48, "byteLength": 12},
        ],
        "buffers": [{"byteLength": 60}],
    }
    return raw | changes, binary


def scene_of(data, opener=None):
    def none(name):
        raise GltfError(f"no {name}")

    return read_scene(Gltf(data, opener or none), lambda count: None)


def patch(maker, name, origin=ORIGIN, **data):
    maker.variable("patch", {"added": name, "origin": list(origin), **data})
    return maker.read(crs="EPSG:28992")


def world_of(result):
    tiles = result.overlay.lods[""].tiles
    own = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.vertex_start))
    return tiles.positions + tiles.origins[own]


# --- what is read ---


def test_it_stands_where_its_origin_is(maker):
    (maker.folder / "new.glb").write_bytes(glb(*minimal()))
    result = patch(maker, "new.glb").result("v0")
    want = CORNERS[FACES].reshape(-1, 3).astype(float)[:, [0, 2, 1]] * [1, -1, 1] + ORIGIN
    triangles = [sorted(part.round(2).tolist()) for part in (world_of(result).reshape(-1, 3, 3))]
    assert sorted(triangles) == sorted(sorted(part.tolist()) for part in want.reshape(-1, 3, 3))
    assert result.overlay.bbox == pytest.approx([85000, 446000, 5, 85010, 446004, 13], abs=1e-3)
    city = result.overlay
    assert city.objects.ids.to_list() == ["tower"] and city.objects.attributes_of(0) == {"dwellings": 12}
    assert city.materials[0].diffuse == pytest.approx((0.7354, 0.0, 1.0), abs=1e-3)  # linear 0.5 in sRGB
    assert city.default_theme == "glTF"
    assert set(city.lods[""].tiles.appearances["glTF"].material.tolist()) == {0.0}


def test_without_a_height_it_stands_on_the_ground(maker, tmp_path, write_tif):
    ground = tmp_path / "ground.tif"
    write_tif(ground, np.full((40, 40), 7.0, np.float32), corner=(84960, 446040))
    (maker.folder / "new.glb").write_bytes(glb(*minimal()))
    maker.variable("patch", {"added": "new.glb", "origin": ORIGIN[:2]})
    result = maker.read(crs="EPSG:28992", ground=ground).result("v0")
    assert result.overlay.bbox[2] == pytest.approx(7.0, abs=1e-3)


def test_it_comes_at_its_moment_and_takes_a_place(maker):
    (maker.folder / "new.glb").write_bytes(glb(*minimal()))
    maker.text("c.json", json.dumps({"add": [{"id": "tower", "from": "2031-01-01", "replaces": "old"}]}))
    result = patch(maker, "new.glb", changes="c.json").result("v0")
    assert result.patch.replaces.to_list() == ["old"] and np.isfinite(result.patch.added_from).all()


def test_a_plan_in_degrees_is_brought_to_metres(maker):
    (maker.folder / "new.glb").write_bytes(glb(*minimal()))
    maker.raw["crs"] = "EPSG:4326"
    result = patch(maker, "new.glb", (4.36, 52.0, 3.0)).result("v0")
    size = np.ptp(world_of(result), axis=0)
    assert size == pytest.approx([10, 4, 8], abs=1e-3)
    assert world_of(result)[0] == pytest.approx([84640, 446230, 3], abs=600)


@pytest.mark.parametrize("turned", [False, True])
def test_trimesh_reads_the_same(turned):
    """A scene of several nodes, moved, turned and scaled, against trimesh's own reader."""
    scene = trimesh.Scene()
    for number in range(3):
        matrix = trimesh.transformations.compose_matrix(
            scale=[1, -2 if turned else 2, 1.5], angles=[0.3 * number, 0.2, 0.1], translate=[20 * number, 1, 2]
        )
        scene.add_geometry(trimesh.creation.box((4, 5, 6)), node_name=f"house {number}", transform=matrix)
    data = scene.export(file_type="glb")
    found = scene_of(data)
    assert {item.id for item in found.objects} == {f"house {n}" for n in range(3)}
    theirs = trimesh.load_scene(io.BytesIO(data), file_type="glb").to_mesh()
    corners = np.concatenate([part for item in found.objects for part in item.corners])
    back = corners[..., [0, 2, 1]] * [1, 1, -1]
    for axis in range(3):
        assert np.allclose(
            np.sort(back[..., axis].reshape(-1)), np.sort(theirs.triangles[..., axis].reshape(-1)), atol=1e-5
        )
    mesh = trimesh.Trimesh(*trimesh.triangles.to_kwargs(corners).values())
    mesh.merge_vertices()
    assert mesh.volume == pytest.approx(3 * 4 * 5 * 6 * 3, rel=1e-5)  # positive: outsides are outside


def test_strips_fans_interleaved_sparse_and_whole_numbers():
    raw, _ = minimal()
    rows = np.zeros(5, [("place", "<i2", 3), ("rest", "<i2")])
    rows["place"] = [[0, 0, 0], [100, 0, 0], [0, 100, 0], [100, 100, 0], [0, 32767, 0]]
    binary = rows.tobytes() + np.array([4], np.uint16).tobytes() + b"\0\0" + np.array([0, 200, 0], "<i2").tobytes()
    raw["bufferViews"] = [
        {"buffer": 0, "byteLength": 40, "byteStride": 8},
        {"buffer": 0, "byteOffset": 40, "byteLength": 2},
        {"buffer": 0, "byteOffset": 44, "byteLength": 6},
    ]
    sparse = {"count": 1, "indices": {"bufferView": 1, "componentType": 5123}, "values": {"bufferView": 2}}
    raw["accessors"] = [{"bufferView": 0, "componentType": 5122, "count": 5, "type": "VEC3", "sparse": sparse}]
    raw["extensionsRequired"] = ["KHR_mesh_quantization"]
    raw["buffers"] = [{"byteLength": len(binary)}]
    for mode, want in ((5, [[0, 1, 2], [2, 1, 3], [2, 3, 4]]), (6, [[0, 1, 2], [0, 2, 3], [0, 3, 4]])):
        raw["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "mode": mode}]}]
        (item,) = scene_of(glb(raw, binary)).objects
        places = rows["place"].astype(float)
        places[4] = [0, 200, 0]
        assert item.corners[0].tolist() == (places[np.array(want)][..., [0, 2, 1]] * [1, -1, 1]).tolist()


def test_a_wrapper_is_no_object_and_names_are_made_unique():
    raw, binary = minimal()
    raw["nodes"] = [{"name": "Root", "children": [1, 2, 3], "translation": [0, 100, 0]}, {"name": "a", "mesh": 0},
                    {"name": "a", "mesh": 0}, {"children": [4]}, {"mesh": 0, "scale": [2, 2, 2]}]  # fmt: skip
    found = scene_of(glb(raw, binary))
    assert [item.id for item in found.objects] == ["a", "a-2", "node-3"]
    assert found.objects[2].corners[0][..., 2].max() == 116.0


def test_buffers_in_the_file_and_beside_it(maker):
    raw, binary = minimal()
    raw["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    assert len(scene_of(json.dumps(raw).encode()).objects) == 1
    raw["buffers"][0]["uri"] = "sub/new%20part.bin"
    maker.text("geo/new.gltf", json.dumps(raw))
    (maker.folder / "geo/sub").mkdir()
    (maker.folder / "geo/sub/new part.bin").write_bytes(binary)
    assert patch(maker, "geo/new.gltf").result("v0").overlay.lods[""].triangle_count == 2


@pytest.mark.parametrize(
    ("name", "triangles", "left"),
    [
        ("BoxTextured-glTF/BoxTextured.gltf", 12, ("textures",)),
        ("BoxTextured-glTF-Embedded/BoxTextured.gltf", 12, ("textures",)),
        ("BoxTextured-glTF-Binary/BoxTextured.glb", 12, ("textures",)),
        ("BoxBadNormals-glTF-Binary/BoxBadNormals.glb", 12, ()),
        ("SimpleMorph/glTF/SimpleMorph.gltf", 1, ("morph targets", "animations")),
    ],
)
def test_real_files(data_dir, name, triangles, left):
    path = data_dir / "mesh/assimp/glTF2" / name
    if not path.is_file():
        pytest.skip("not in the test data")
    found = scene_of(path.read_bytes(), lambda other: (path.parent / other).read_bytes())
    assert sum(len(part) for item in found.objects for part in item.corners) == triangles
    assert set(left) <= set(found.left_out)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("draco/2CylinderEngine.gltf", "KHR_draco_mesh_compression"),
        ("MissingBin/BoxTextured.gltf", "."),
        ("RecursiveNodes/RecursiveNodes.gltf", "ring"),
        ("BoxWithInfinites-glTF-Binary/BoxWithInfinites.glb", "no place"),
    ],
)
def test_real_files_that_are_refused(data_dir, name, said):
    path = data_dir / "mesh/assimp/glTF2" / name
    if not path.is_file():
        pytest.skip("not in the test data")

    def opener(other):
        try:
            return (path.parent / other).read_bytes()
        except OSError as error:
            raise GltfError(f"{other} is missing") from error

    with pytest.raises(GltfError, match=said):
        scene_of(path.read_bytes(), opener)


# --- what is refused ---


def changed(place, value):
    """The minimal file with one thing changed; ``place`` is a path of keys."""
    raw, binary = minimal()
    inner = raw
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return glb(raw, binary)


RING = [{"children": [1], "mesh": 0}, {"children": [0]}]


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("accessors", 0, "count"), 5, "beyond the end"),
        (("accessors", 0, "count"), 10**15, "more than 50,000,000 corners"),
        (("accessors", 0, "count"), -1, "no number that makes sense"),
        (("accessors", 0, "count"), 4.5, "no number that makes sense"),
        (("accessors", 0, "byteOffset"), 1 << 60, "no number that makes sense"),
        (("accessors", 0, "type"), "MAT4", "not of 3 numbers"),
        (("accessors", 0, "componentType"), 5130, "not of 3 numbers"),
        (("accessors", 1, "componentType"), 5126, "no whole numbers"),
        (("accessors", 0, "bufferView"), 9, "no entry 9 among its bufferViews"),
        (("accessors", 0, "bufferView"), -1, "no entry -1"),
        (("accessors", 0, "bufferView"), True, "no entry True"),
        (("bufferViews", 0, "byteLength"), 1 << 40, "beyond the end"),
        (("bufferViews", 0, "byteStride"), 4, "beyond the end"),
        (("bufferViews", 0, "buffer"), 1, "no entry 1 among its buffers"),
        (("buffers", 0, "byteLength"), 1 << 40, "bytes of"),
        (("buffers", 0, "uri"), "../secret.bin", "not inside the package"),
        (("buffers", 0, "uri"), "%2e%2e/secret.bin", "not inside the package"),
        (("buffers", 0, "uri"), "/etc/passwd", "not inside the package"),
        (("buffers", 0, "uri"), "http://example.org/x.bin", "not inside the package"),
        (("buffers", 0, "uri"), "file:///etc/passwd", "not inside the package"),
        (("buffers", 0, "uri"), "a\\..\\..\\b.bin", "not inside the package"),
        (("buffers", 0, "uri"), "data:;base64,***", "broken base64"),
        (("buffers", 0, "uri"), 7, "no text"),
        (("nodes",), RING, "ring"),
        (("nodes", 0, "mesh"), 3, "no entry 3 among its meshes"),
        (("nodes", 0, "scale"), [1, 1, "x"], "no list of 3 numbers"),
        (("nodes", 0, "rotation"), [0, 0, 0, 0], "no length"),
        (("nodes", 0, "matrix"), [1] * 15, "no list of 16"),
        (("nodes", 0, "translation"), [1e14, 0, 0], "farther away"),
        (("nodes", 0, "children"), "x", "no list of numbers"),
        (("scenes", 0, "nodes"), 5, "no list"),
        (("meshes", 0, "primitives"), {}, "no list"),
        (("meshes", 0, "primitives", 0, "material"), 4, "no entry 4 among its materials"),
        (("materials", 0, "pbrMetallicRoughness", "baseColorFactor"), [1], "no list of 4"),
        (("asset", "version"), "1.0", "only glTF 2"),
        (("asset",), [], "no glTF"),
        (("extensionsRequired",), ["EXT_meshopt_compression"], "export it without"),
    ],
)
def test_broken_parts_are_refused(place, value, said):
    with pytest.raises(GltfError, match=said):
        scene_of(changed(place, value))


def test_corners_that_there_are_none_of():
    raw, binary = minimal()
    with pytest.raises(GltfError, match="a corner that there is none of"):
        scene_of(glb(raw, binary[:48] + np.array([0, 1, 9, 0, 2, 3], np.uint16).tobytes()))
    spoiled = CORNERS.copy()
    spoiled[1, 1] = np.nan
    with pytest.raises(GltfError, match="no place"):
        scene_of(glb(raw, spoiled.tobytes() + binary[48:]))


def test_broken_containers_are_refused():
    good = glb(*minimal())
    for data, said in (
        (good[:10], "ends in its header"), (good[:-8], "bytes of"), (b"glTF" + b"\1\0\0\0" + good[8:], "version 1"),
        (good[:12] + struct.pack("<I", 1 << 30) + good[16:], "beyond its end"), (b"[]", "no glTF"), (b"x", "JSON"),
        (good[:16] + b"XXXX" + good[20:], "no chunk of JSON"), (b'{"a":1,"a":2}', "twice"),
    ):  # fmt: skip
        with pytest.raises(GltfError, match=said):
            scene_of(data)


def test_every_cut_and_many_flips_end_well():
    """A file cut anywhere, or with a byte changed, is read or refused; nothing else."""
    good = glb(*minimal())
    random = np.random.default_rng(4)
    spoiled = [good[:n] for n in range(0, len(good), 7)]
    for _ in range(400):
        data = bytearray(good)
        for at in random.integers(0, len(good), 3):
            data[at] = random.integers(0, 256)
        spoiled.append(bytes(data))
    outcomes = set()
    for data in spoiled:
        try:
            scene_of(data)
            outcomes.add("read")
        except GltfError as error:
            assert "\n" not in str(error)
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_one_mesh_ten_thousand_times_is_counted_before_it_is_made(maker):
    raw, binary = minimal()
    raw["nodes"] = [{"mesh": 0} for _ in range(10_000)]
    raw["scenes"] = [{"nodes": list(range(10_000))}]
    (maker.folder / "new.glb").write_bytes(glb(raw, binary))
    with pytest.raises(LoadError, match=r"20,000 triangles, more than the 10,000 declared"):
        patch(maker, "new.glb")


def test_nodes_below_two_others_do_not_multiply():
    raw, binary = minimal()
    raw["nodes"] = [{"children": [1, 1]}, *({"children": [n + 2, n + 2]} for n in range(60)), {"mesh": 0}]
    with pytest.raises(GltfError, match="below two others"):
        scene_of(glb(raw, binary))


def test_files_that_the_package_does_not_list_stay_closed(maker):
    raw, binary = minimal()
    raw["buffers"][0]["uri"] = "other.bin"
    maker.text("new.gltf", json.dumps(raw))
    maker.variable("patch", {"added": "new.gltf", "origin": ORIGIN})
    path = maker.seal()
    (maker.folder / "other.bin").write_bytes(binary)
    with pytest.raises(LoadError, match="not among the files of the package"):
        maker.read(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"added": "new.glb"}, "'origin' is missing"),
        ({"added": "new.glb", "origin": [1.0]}, "origin"),
        ({"changes": "c.json", "origin": [1, 2]}, "nothing is added as glTF"),
        ({"added": "new.obj"}, "no format for the binding 'patch'"),
        ({"added": "new.glb", "origin": [9e8, 9e8, 0]}, "no place in its CRS"),
    ],
)
def test_manifests_that_do_not_fit(maker, data, said):
    for name in ("new.glb", "new.obj"):
        (maker.folder / name).write_bytes(glb(*minimal()))
    maker.text("c.json", "{}")
    maker.variable("patch", data)
    with pytest.raises(LoadError, match=said):
        maker.read(crs="EPSG:28992")


def test_addresses_inside():
    assert inside("a/./b%20c.bin") == "a/b c.bin" and inside("a/../b.bin") == "b.bin"
    for uri in ("..", "a/../../b", "//host/x", "C:/x", "x?y", "x#y"):
        with pytest.raises(GltfError):
            inside(uri)


# --- the importer ---


def test_an_import_asks_where_it_stands(tmp_path):
    path = tmp_path / "tower.glb"
    path.write_bytes(glb(*minimal()))
    with pytest.raises(NeedAnswers) as caught:
        run_import((path,), tmp_path / "package", COMMON | {"origin": "here"})
    asked = {question.key: question.text for question in caught.value.questions}
    assert set(asked) == {"crs", "origin"} and "'here'" in asked["origin"]
    told = {"crs": "EPSG:28992", "origin": "85000, 446000, 5", "remove": "old-1, old-2"}
    report = run_import((path,), tmp_path / "package", COMMON | told)
    result = load(report.path, LoadOptions(), NoProgress()).scenario.results["changes"]
    assert result.overlay.bbox[:3].tolist() == ORIGIN and result.patch.removed.to_list() == ["old-1", "old-2"]
    assert json.loads(report.path.read_text())["provenance"]["tool"] == "by hand"


def test_an_import_takes_the_buffers_along(tmp_path):
    raw, binary = minimal()
    raw["buffers"][0]["uri"] = "parts/0.bin"
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/0.bin").write_bytes(binary)
    path = tmp_path / "tower.gltf"
    path.write_text(json.dumps(raw))
    report = run_import((path,), tmp_path / "package", COMMON | {"crs": "EPSG:28992", "origin": "85000,446000,5"})
    manifest = json.loads(report.path.read_text())
    assert manifest["variables"][0]["data"]["extra"] == ["data/parts/0.bin"]
    assert [item["file"] for item in manifest["provenance"]["inputs"]] == ["tower.gltf", "0.bin"]
    (tmp_path / "parts/0.bin").unlink()
    with pytest.raises(LoadError, match=r"tower.gltf: one of its buffers cannot be read"):
        run_import((path,), tmp_path / "second", COMMON)
