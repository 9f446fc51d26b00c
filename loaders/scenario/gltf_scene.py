"""The triangles of a glTF scene by object, with their base colours; x east, y north, z up, in metres from its zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loaders.city import Float64, Int32, Int64, Material
from loaders.scenario.gltf_file import MAX_ITEMS, Gltf, GltfError, numbers

MAX_DEPTH = 200
THEME = "glTF"
"""Name of the theme with the base colours."""
_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""glTF: y is up and -z points north."""
MAX_CORNERS = 50_000_000


@dataclass(slots=True, eq=False)
class SceneObject:
    """One object. corners: float64 (T, 3, 3) of its triangles; materials: int32 (T,), -1 = none; facts: its extras."""

    id: str
    facts: dict[str, Any]
    corners: list[Float64] = field(default_factory=list)
    materials: list[Int32] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A node's mesh: its object, the mesh's number, and node -> scene float64 (4, 4)."""

    owner: int
    mesh: int
    matrix: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Objects in order, materials, and what was left out (for the load report)."""

    objects: tuple[SceneObject, ...]
    materials: tuple[Material, ...]
    left_out: tuple[str, ...]


def read_scene(gltf: Gltf, take: Callable[[int], None]) -> Scene:
    """The objects of a file's scene: its topmost nodes (below a single one without a mesh: that one's children).

    ``take`` hears how many triangles there are before they are made, and may raise.

    Raises:
        GltfError: something is broken.
    """
    objects: list[SceneObject] = []
    drawings: list[_Drawing] = []
    known: set[str] = set()
    seen: set[int] = set()
    for root, above in _tops(gltf):
        told = gltf.item("nodes", root)
        facts = told["extras"] if isinstance(told.get("extras"), dict) else {}
        objects.append(SceneObject(_id_of(told, root, known), facts))
        drawings += _drawings(gltf, root, above, len(objects) - 1, seen)
    left: dict[str, None] = {}
    if sum(_corner_count(gltf, mesh) for mesh in {drawing.mesh for drawing in drawings}) > MAX_CORNERS:
        raise GltfError(f"it has more than {MAX_CORNERS:,} corners")
    take(sum(_triangle_count(gltf, drawing.mesh) for drawing in drawings))
    meshes: dict[int, tuple[Float64, Int32]] = {}
    for drawing in drawings:
        if drawing.mesh not in meshes:
            meshes[drawing.mesh] = _mesh(gltf, drawing.mesh, left)
        corners, materials = meshes[drawing.mesh]
        if len(corners):
            objects[drawing.owner].corners.append(_moved(corners, drawing.matrix))
            objects[drawing.owner].materials.append(materials)
    looks = _materials(gltf, left)
    for kind, what in (("animations", "animations"), ("skins", "skins")):
        if gltf.items(kind):
            left[what] = None
    return Scene(tuple(item for item in objects if item.corners), looks, tuple(left))


def _tops(gltf: Gltf) -> list[tuple[int, Float64]]:
    """The nodes that are objects, and what is above them."""
    nodes = gltf.items("nodes")
    if gltf.items("scenes"):
        roots = gltf.item("scenes", gltf.json.get("scene", 0)).get("nodes", [])
    else:
        below = {child for n in range(len(nodes)) for child in _children(gltf, n)}
        roots = [n for n in range(len(nodes)) if n not in below]
    if not isinstance(roots, list):
        raise GltfError("the nodes of its scene are no list")
    tops = [(root, np.eye(4)) for root in roots]
    for _ in range(MAX_DEPTH):
        if len(tops) != 1 or "mesh" in gltf.item("nodes", tops[0][0]) or not _children(gltf, tops[0][0]):
            return tops
        root, above = tops[0]
        matrix = above @ _matrix(gltf.item("nodes", root))
        tops = [(child, matrix) for child in _children(gltf, root)]
    raise GltfError("its nodes are nested too deeply, or in a ring")


def _children(gltf: Gltf, node: int) -> list[int]:
    found = gltf.item("nodes", node).get("children", [])
    if not isinstance(found, list) or not all(type(child) is int for child in found):
        raise GltfError("the children of a node are no list of numbers")
    return found


def _drawings(gltf: Gltf, root: int, above: Float64, owner: int, seen: set[int]) -> Iterator[_Drawing]:
    """The meshes at and below a node. A node that is met twice is a ring, or has two parents: both are refused."""
    waiting = [(root, above, 0)]
    while waiting:
        node, matrix, depth = waiting.pop()
        if node in seen or depth > MAX_DEPTH or len(seen) > MAX_ITEMS:
            raise GltfError("its nodes are nested too deeply, in a ring, or below two others")
        seen.add(node)
        told = gltf.item("nodes", node)
        here = matrix @ _matrix(told)
        if "mesh" in told:
            gltf.item("meshes", told["mesh"])
            yield _Drawing(owner, int(told["mesh"]), here)
        waiting += [(child, here, depth + 1) for child in reversed(_children(gltf, node))]


def _id_of(told: dict[str, Any], node: int, known: set[str]) -> str:
    """The node's name as an id, each once."""
    name = str(told.get("name", "")).strip()[:200]
    fit = "".join(char for char in name if char.isprintable())
    own = base = fit or f"node-{node}"
    number = 2
    while own in known:
        own, number = f"{base}-{number}", number + 1
    known.add(own)
    return own


def _matrix(told: dict[str, Any]) -> Float64:
    """Node -> parent, by "matrix" (column by column) or translation, rotation (x, y, z, w) and scale."""
    if "matrix" in told:
        return np.array(numbers(told["matrix"], 16, "the matrix of a node"), np.float64).reshape(4, 4).T
    x, y, z, w = numbers(told.get("rotation", [0, 0, 0, 1]), 4, "the rotation of a node")
    size = (x * x + y * y + z * z + w * w) ** 0.5
    if size < 1e-9:
        raise GltfError("the rotation of a node has no length")
    x, y, z, w = x / size, y / size, z / size, w / size
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
    out = np.eye(4)
    out[:3, :3] = turn * np.array(numbers(told.get("scale", [1, 1, 1]), 3, "the scale of a node"))
    out[:3, 3] = numbers(told.get("translation", [0, 0, 0]), 3, "the translation of a node")
    return out


def _primitives(gltf: Gltf, mesh: int) -> list[dict[str, Any]]:
    found = gltf.item("meshes", mesh).get("primitives", [])
    if not isinstance(found, list) or not all(isinstance(p, dict) for p in found):
        raise GltfError("the primitives of a mesh are no list")
    return [p for p in found if isinstance(p.get("attributes"), dict) and "POSITION" in p["attributes"]]


def _triangle_count(gltf: Gltf, mesh: int) -> int:
    """At most so many triangles."""
    total = 0
    for told in _primitives(gltf, mesh):
        count = gltf.count(told["indices"] if "indices" in told else told["attributes"]["POSITION"])
        total += count // 3 if told.get("mode", 4) == 4 else count
    return total


def _corner_count(gltf: Gltf, mesh: int) -> int:
    """How many corners have to be read for a mesh."""
    return sum(gltf.count(told["attributes"]["POSITION"]) for told in _primitives(gltf, mesh))


def _mesh(gltf: Gltf, mesh: int, left: dict[str, None]) -> tuple[Float64, Int32]:
    """Corners float64 (T, 3, 3) and material int32 (T,) of a mesh."""
    corners, materials = [np.zeros((0, 3, 3))], [np.zeros(0, np.int32)]
    for told in _primitives(gltf, mesh):
        if isinstance(told.get("extensions"), dict) and any("compression" in name for name in told["extensions"]):
            raise GltfError("its triangles are compressed; export it without compression")
        mode = told.get("mode", 4)
        if mode not in (4, 5, 6):
            left["points and lines"] = None
            continue
        if told.get("targets"):
            left["morph targets"] = None
        places = gltf.rows(told["attributes"]["POSITION"], 3)
        index = gltf.indices(told["indices"]) if "indices" in told else np.arange(len(places), dtype=np.int64)
        if len(index) and int(index.max()) >= len(places):
            raise GltfError("a triangle names a corner that there is none of")
        if not np.isfinite(places).all():
            raise GltfError("a corner is no place")
        found = places[_triangles(index, mode)]
        material = told.get("material", -1)
        if material != -1:
            gltf.item("materials", material)
        corners.append(found)
        materials.append(np.full(len(found), material, np.int32))
    return np.concatenate(corners), np.concatenate(materials)


def _triangles(index: Int64, mode: int) -> Int64:
    """Corners of triangles int64 (T, 3) from a list, a strip or a fan."""
    if mode == 4:
        return index[: len(index) // 3 * 3].reshape(-1, 3)
    if len(index) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == 6:
        return np.stack([np.broadcast_to(index[:1], len(index) - 2), index[1:-1], index[2:]], axis=1)
    out = np.stack([index[:-2], index[1:-1], index[2:]], axis=1)
    out[1::2, [0, 1]] = out[1::2, [1, 0]]
    return out


def _moved(corners: Float64, matrix: Float64) -> Float64:
    """Corners in the scene, turned from y up to z up; mirrored ones keep their outside outside."""
    linear = _Y_UP @ matrix[:3, :3]
    placed: Float64 = corners @ linear.T + _Y_UP @ matrix[:3, 3]
    if not (np.abs(placed) < 1e9).all():
        raise GltfError("a corner is farther away than anything can be")
    return placed[:, ::-1] if np.linalg.det(linear) < 0 else placed


def _materials(gltf: Gltf, left: dict[str, None]) -> tuple[Material, ...]:
    """Base colours as sRGB (glTF tells them linear); textures are left out."""
    out = []
    for told in gltf.items("materials"):
        facts = told if isinstance(told, dict) else {}
        rough = facts.get("pbrMetallicRoughness", {})
        rough = rough if isinstance(rough, dict) else {}
        red, green, blue, alpha = numbers(rough.get("baseColorFactor", [1, 1, 1, 1]), 4, "a base colour")
        if "baseColorTexture" in rough:
            left["textures"] = None
        shown = alpha if facts.get("alphaMode") == "BLEND" else 1.0
        colour = (_srgb(red), _srgb(green), _srgb(blue))
        out.append(Material(str(facts.get("name", ""))[:200], colour, None, 1.0 - min(max(shown, 0.0), 1.0)))
    return tuple(out)


def _srgb(linear: float) -> float:
    """IEC 61966-2-1, clipped to 0..1."""
    value = min(max(linear, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else float(1.055 * value ** (1 / 2.4) - 0.055)
