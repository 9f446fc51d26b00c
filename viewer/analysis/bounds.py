"""Boxes around objects and layers, in world coordinates (float64)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Float32, Float64, Instances, LodMesh


def union(boxes: Iterable[Float64 | None]) -> Float64 | None:
    """The box around boxes (minx miny minz maxx maxy maxz); None entries are ignored, None if nothing is left."""
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    stack = np.stack(known)
    return np.concatenate([stack[:, :3].min(axis=0), stack[:, 3:].max(axis=0)])


def bounds_of(city: CityData, rows: npt.NDArray[np.integer]) -> Float64 | None:
    """The box around all geometry (every LoD, points, lines, instances) of some object rows; None if there is none."""
    wanted = np.zeros(len(city.objects), np.bool_)
    wanted[rows] = True
    return union(_mesh_bounds(mesh, wanted) for mesh in city.lods.values() if bool((mesh.drawn & wanted).any()))


def _mesh_bounds(mesh: LodMesh, wanted: Bool) -> Float64 | None:
    tiles = mesh.tiles
    boxes: list[Float64 | None] = []
    for tile in range(tiles.tile_count):
        part = slice(int(tiles.vertex_start[tile]), int(tiles.vertex_start[tile + 1]))
        boxes.append(_points_bounds(tiles.origins[tile], tiles.positions[part], tiles.tags[part], wanted))
    for loose in (mesh.points, mesh.lines):
        if loose is not None:
            boxes.append(_points_bounds(loose.origin, loose.positions, loose.tags, wanted))
    boxes += [_instances_bounds(instances, wanted) for instances in mesh.instances]
    return union(boxes)


def _points_bounds(origin: Float64, positions: Float32, tags: Float32, wanted: Bool) -> Float64 | None:
    chosen = positions[wanted[tags[:, 0].astype(np.int64)]]
    if not len(chosen):
        return None
    low, high = chosen.min(axis=0).astype(np.float64), chosen.max(axis=0).astype(np.float64)
    return np.concatenate([low + origin, high + origin])


def _instances_bounds(instances: Instances, wanted: Bool) -> Float64 | None:
    """Boxes of the template's eight corners under each matrix: never too small."""
    matrices = instances.matrices[wanted[instances.object_rows]]
    points = instances.template.positions.astype(np.float64)
    if not len(matrices) or not len(points):
        return None
    points = points + instances.template.origins[0]
    box = np.stack([points.min(axis=0), points.max(axis=0)])
    picks = np.array([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)])
    corners = np.concatenate([box[picks, np.arange(3)], np.ones((8, 1))], axis=1)
    world = np.einsum("nij,kj->nki", matrices, corners)[:, :, :3].reshape(-1, 3)
    return np.concatenate([world.min(axis=0), world.max(axis=0)])
