"""New objects from glTF: a scene placed in the CRS of its package, as a `CityData` with base colours."""

from __future__ import annotations

import posixpath
import re
from typing import Any

import numpy as np

from loaders import _georef, columns
from loaders._assemble import Piece, bounding_box, tile_set
from loaders.city import Appearance, CityData, Float64, LodMesh, ObjectTable, Strings, SurfaceTable, TileSet
from loaders.scenario.context import Context
from loaders.scenario.gltf_file import Gltf, GltfError
from loaders.scenario.gltf_scene import THEME, Scene, SceneObject, read_scene
from loaders.scenario.model import Variable
from loaders.tiling import morton

_TYPE = re.compile(r"\+?[A-Z][A-Za-z0-9-]{0,60}")
_TILE = 30_000
_MOST_FACTS, _LONGEST = 100, 1000


def read_gltf(ctx: Context, variable: Variable, name: str) -> CityData:
    """The objects of a file of the package, at the place that ``data.origin`` tells. Raises LoadError."""
    path = ctx.file(name)
    if path.stat().st_size > ctx.options.max_bytes:
        raise ctx.refused("it is too large", name, kind="too-large")
    listed = {entry.path for entry in ctx.manifest.files}

    def opener(relative: str) -> bytes:
        other = posixpath.normpath(posixpath.join(posixpath.dirname(name), relative))
        if other not in listed:
            raise GltfError(f"its buffer {relative[:80]!r} is not among the files of the package")
        return ctx.file(other).read_bytes()

    try:
        scene = read_scene(Gltf(path.read_bytes(), opener), lambda count: ctx.budget.take_triangles(count, name))
    except GltfError as error:
        raise ctx.refused(str(error), name, "Export it again as GLB.", "bad-gltf") from error
    if not scene.objects:
        raise ctx.refused("there are no triangles in its scene", name, "Export it again as GLB.", "bad-gltf")
    for what in scene.left_out:
        ctx.issues.info("gltf-left-out", f"What is new was read without its {what}.", [name])
    return _city(ctx, name, scene, _placed(ctx, variable, scene))


def _placed(ctx: Context, variable: Variable, scene: Scene) -> list[Float64]:
    """The corners of each object float64 (T * 3, 3) in the CRS that everything is brought to."""
    origin = np.array([[*variable.data.origin, np.nan][:3]], np.float64)
    plane = ctx.plane(variable.data.crs or None)
    metric = plane is not None and _georef.metric(plane)
    zero = ctx.world(origin, variable.data.crs or None)
    if not np.isfinite(zero).all():
        raise ctx.refused("its origin is no place in its CRS", f"variable {variable.id}, origin", kind="bad-coordinate")
    out = []
    for item in scene.objects:
        local = np.concatenate(item.corners).reshape(-1, 3)
        if metric:
            heights = np.column_stack([origin[0, :2] + local[:, :2], zero[0, 2] + local[:, 2]])
            world = ctx.world(heights, variable.data.crs or None)
        else:  # degrees: its axes are those of the CRS that it is brought to
            world = zero + local
        if not np.isfinite(world).all():
            raise ctx.refused("a corner lies outside its CRS", f"variable {variable.id}", kind="bad-coordinate")
        out.append(world)
    return out


def _city(ctx: Context, name: str, scene: Scene, placed: list[Float64]) -> CityData:
    ids = [item.id for item in scene.objects]
    types = [_type(item) for item in scene.objects]
    names = tuple(dict.fromkeys(types))
    facts = columns.build(
        columns.collect((row, _facts(item)) for row, item in enumerate(scene.objects)), len(ids), ctx.issues
    )
    objects = ObjectTable(
        Strings.from_list(ids), np.array([names.index(kind) for kind in types], np.int16), names,
        np.zeros(len(ids) + 1, np.int64), np.zeros(0, np.int32), facts,
    )  # fmt: skip
    tiles, area = _tiles(scene, placed)
    mesh = LodMesh("", tiles, np.ones(len(ids), np.bool_), area)
    surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
    theme = THEME if scene.materials else None
    return CityData(name, ctx.crs_info(), bounding_box(mesh), objects, surfaces, {"": mesh},
                    materials=scene.materials, default_theme=theme)  # fmt: skip


def _type(item: SceneObject) -> str:
    """The type that the node's extras tell, else a building."""
    told = item.facts.get("type")
    return told if isinstance(told, str) and _TYPE.fullmatch(told) else "Building"


def _facts(item: SceneObject) -> dict[str, Any]:
    """Plain values of the node's extras."""
    fit = {k[:100]: v for k, v in item.facts.items() if k != "type" and isinstance(v, (str, int, float, bool))}
    return {k: v[:_LONGEST] if isinstance(v, str) else v for k, v in list(fit.items())[:_MOST_FACTS]}


def _tiles(scene: Scene, placed: list[Float64]) -> tuple[TileSet, float]:
    """Tiles of triangles that lie near each other; no corner is shared, so that every face is flat."""
    corners = np.concatenate(placed).reshape(-1, 3, 3)
    rows = np.repeat(np.arange(len(placed), dtype=np.int32), [len(part) // 3 for part in placed])
    materials = np.concatenate([part for item in scene.objects for part in item.materials])
    middles = corners.mean(axis=1)
    order = np.argsort(morton(middles[:, 0], middles[:, 1]), kind="stable")
    pieces, looks = [], []
    for start in range(0, len(order), _TILE):
        part = order[start : start + _TILE]
        index = np.arange(3 * len(part), dtype=np.int32).reshape(-1, 3)
        pieces.append(Piece(corners[part].reshape(-1, 3), np.repeat(rows[part], 3), index))
        looks.append(np.repeat(materials[part], 3).astype(np.float32))
    tiles, area = tile_set(pieces)
    if scene.materials:
        tiles.appearances[THEME] = Appearance(np.concatenate(looks))
    return tiles, area
