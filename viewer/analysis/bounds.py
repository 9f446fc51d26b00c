"""Boxes around objects and layers, in world coordinates (float64)."""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Float32, Float64, Instances, LodMesh

OUTLINE_DIRECTIONS = 128
OUTLINE_SAMPLE = 25_000
"""Vertices looked at for an outline, for each LoD: a few milliseconds."""
_OUTLINES: WeakKeyDictionary[CityData, Float64] = WeakKeyDictionary()


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


def outline_of(city: CityData) -> Float64:
    """Points that stand for the city's extent, float64 (M, 3), M <= 512: the vertices that reach farthest in each of
    128 directions spread evenly over the sphere. Framing them fits a slanting city tighter than its box would.

    Large meshes are sampled, so a lone vertex may stick out by a little. Computed once for each city.
    """
    if city not in _OUTLINES:
        _OUTLINES[city] = _outline(city)
    return _OUTLINES[city]


def _outline(city: CityData) -> Float64:
    parts = [_sampled_points(mesh) for mesh in city.lods.values()]
    points = np.concatenate([np.empty((0, 3)), *(part for part in parts if len(part))])
    if len(points) > OUTLINE_DIRECTIONS:
        middle = points.mean(axis=0)
        reach = _directions() @ (points - middle).astype(np.float32).T  # one direction after the other in memory
        points = points[sorted(set(reach.argmax(axis=1).tolist()))]
    return points


def _directions() -> Float32:
    """OUTLINE_DIRECTIONS unit vectors float32 (D, 3) on a Fibonacci spiral over the sphere."""
    k = np.arange(OUTLINE_DIRECTIONS) + 0.5
    height = 1 - 2 * k / OUTLINE_DIRECTIONS
    angle = np.pi * (1 + 5**0.5) * k
    flat = np.sqrt(1 - height * height)
    return np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1).astype(np.float32)


def _sampled_points(mesh: LodMesh) -> Float64:
    """At most about OUTLINE_SAMPLE vertices of a LoD in world coordinates, instances by their template's box."""
    tiles = mesh.tiles
    step = max(1, len(tiles.positions) // OUTLINE_SAMPLE)
    rows = np.arange(0, len(tiles.positions), step)
    tile = np.searchsorted(tiles.vertex_start, rows, side="right") - 1
    parts = [tiles.positions[rows].astype(np.float64) + tiles.origins[tile]]
    parts += [
        loose.positions.astype(np.float64) + loose.origin for loose in (mesh.points, mesh.lines) if loose is not None
    ]
    for instances in mesh.instances:
        corners = _instance_corners(instances, instances.matrices)
        parts.append(corners[:: max(1, len(corners) // OUTLINE_SAMPLE)])
    return np.concatenate(parts)


def _mesh_bounds(mesh: LodMesh, wanted: Bool) -> Float64 | None:
    tiles = mesh.tiles
    boxes: list[Float64 | None] = []
    for tile in range(tiles.tile_count):
        part = slice(int(tiles.vertex_start[tile]), int(tiles.vertex_start[tile + 1]))
        tags = tiles.tags[part]
        if wanted[tags[::3, 0].astype(np.int32)].any():  # faces have three corners or more, which stand together
            boxes.append(_points_bounds(tiles.origins[tile], tiles.positions[part], tags, wanted))
    for loose in (mesh.points, mesh.lines):
        if loose is not None:
            boxes.append(_points_bounds(loose.origin, loose.positions, loose.tags, wanted))
    boxes += [_instances_bounds(instances, wanted) for instances in mesh.instances]
    return union(boxes)


def _points_bounds(origin: Float64, positions: Float32, tags: Float32, wanted: Bool) -> Float64 | None:
    chosen = np.flatnonzero(wanted[tags[:, 0].astype(np.int32)])
    if not len(chosen):
        return None
    columns = [positions[chosen, axis] for axis in range(3)]  # ten times as fast as a reduction over rows of three
    low, high = ([float(reduce(column)) for column in columns] for reduce in (np.min, np.max))
    return np.concatenate([np.array(low) + origin, np.array(high) + origin])


def _instances_bounds(instances: Instances, wanted: Bool) -> Float64 | None:
    """Boxes of the template's eight corners under each matrix: never too small."""
    world = _instance_corners(instances, instances.matrices[wanted[instances.object_rows]])
    return np.concatenate([world.min(axis=0), world.max(axis=0)]) if len(world) else None


def _instance_corners(instances: Instances, matrices: Float64) -> Float64:
    """The eight corners of the template's box under each matrix, world coordinates, float64 (8 I, 3)."""
    points = instances.template.positions.astype(np.float64)
    if not len(matrices) or not len(points):
        return np.empty((0, 3))
    points = points + instances.template.origins[0]
    box = np.stack([points.min(axis=0), points.max(axis=0)])
    picks = np.array([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)])
    corners = np.concatenate([box[picks, np.arange(3)], np.ones((8, 1))], axis=1)
    return np.asarray(np.einsum("nij,kj->nki", matrices, corners)[:, :, :3].reshape(-1, 3), np.float64)
