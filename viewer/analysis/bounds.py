"""Boxes around objects and layers, in world coordinates (float64)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, Float32, Float64, Instances, LodMesh, TileSet
from loaders.scenario.model import Result

OUTLINE_DIRECTIONS = 128
OUTLINE_SAMPLE = 25_000
"""Vertices looked at for an outline, for each LoD: a few milliseconds."""
_CORNERS = np.array(
    [(x, y, z) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0) for z in (-0.3, 0.0, 0.3) if x or y or z]
)
TILES_PER_CORNER = 3
_OUTLINES: WeakKeyDictionary[CityData, Float64] = WeakKeyDictionary()
_BOXES: WeakKeyDictionary[CityData, Float64] = WeakKeyDictionary()


def union(boxes: Iterable[Float64 | None]) -> Float64 | None:
    """The box around boxes (minx miny minz maxx maxy maxz); None entries are ignored, None if nothing is left."""
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    stack = np.stack(known)
    return np.concatenate([stack[:, :3].min(axis=0), stack[:, 3:].max(axis=0)])


def bounds_of(city: CityData, rows: npt.NDArray[np.integer]) -> Float64 | None:
    """The box around all geometry (every LoD, points, lines, instances) of some object rows; None if there is none."""
    boxes = object_boxes(city)[rows]
    boxes = boxes[~np.isnan(boxes[:, 0])]
    return np.concatenate([boxes[:, :3].min(axis=0), boxes[:, 3:].max(axis=0)]) if len(boxes) else None


def object_boxes(city: CityData) -> Float64:
    """The box of each object around all its geometry, float64 (N, 6) in world coordinates, NaN where there is none.

    Computed once for each city: a tenth of a second for 10 million vertices, so a window has a thread do it
    (`measure_boxes`) as soon as a city is there.
    """
    if city not in _BOXES:
        _BOXES[city] = measure_boxes(city)
    return _BOXES[city]


def keep_boxes(city: CityData, boxes: Float64) -> None:
    """Let `object_boxes` answer with what `measure_boxes` gave on a thread."""
    _BOXES.setdefault(city, boxes)


def known_box(city: CityData, row: int) -> Float64 | None:
    """The box of one object if the boxes have been measured already and it has geometry, else None."""
    boxes = _BOXES.get(city)
    return None if boxes is None or np.isnan(boxes[row, 0]) else np.asarray(boxes[row])


def measure_boxes(city: CityData) -> Float64:
    """What `object_boxes` keeps; touches nothing but the city, so any thread may call it."""
    low, high = np.full((2, len(city.objects), 3), np.inf)
    np.negative(high, out=high)
    for mesh in city.lods.values():
        tiles = mesh.tiles
        for tile in range(tiles.tile_count):
            part = slice(int(tiles.vertex_start[tile]), int(tiles.vertex_start[tile + 1]))
            _widen(low, high, tiles.tags[part, 0], tiles.positions[part], tiles.origins[tile])
        for loose in (mesh.points, mesh.lines):
            if loose is not None:
                _widen(low, high, loose.tags[:, 0], loose.positions, loose.origin)
        for instances in mesh.instances:
            corners = _instance_corners(instances, instances.matrices)
            _widen(low, high, np.repeat(instances.object_rows, 8)[: len(corners)], corners, np.zeros(3))
    boxes = np.concatenate([low, high], axis=1)
    boxes[~np.isfinite(boxes[:, 0])] = np.nan
    boxes.setflags(write=False)
    return boxes


def _widen(low: Float64, high: Float64, tags: npt.NDArray[Any], points: npt.NDArray[Any], origin: Float64) -> None:
    """Take vertices (V, 3) of the objects ``tags`` (V,) into the boxes: run by run, for an object's stand together."""
    if not len(tags):
        return
    rows = tags.astype(np.int64)
    starts = np.concatenate([[0], np.flatnonzero(rows[1:] != rows[:-1]) + 1])
    owners = rows[starts]
    for axis in range(3):
        column = np.ascontiguousarray(points[:, axis])
        np.minimum.at(low[:, axis], owners, np.minimum.reduceat(column, starts) + origin[axis])
        np.maximum.at(high[:, axis], owners, np.maximum.reduceat(column, starts) + origin[axis])


def outline_of(city: CityData) -> Float64:
    """Points that stand for the city's extent, float64 (M, 3), M <= 512: the vertices that reach farthest in each of
    128 directions spread evenly over the sphere. Framing them fits a slanting city tighter than its box would.

    Large meshes are sampled, so a lone vertex may stick out by a little. Computed once for each city.
    """
    if city not in _OUTLINES:
        _OUTLINES[city] = measure_outline(city)
    return _OUTLINES[city]


def keep_outline(city: CityData, outline: Float64) -> None:
    """Let `outline_of` answer with what `measure_outline` gave on a thread."""
    _OUTLINES.setdefault(city, outline)


def measure_outline(city: CityData) -> Float64:
    """What `outline_of` keeps; touches nothing but the city, so any thread may call it."""
    parts = [_sampled_points(mesh) for mesh in city.lods.values()]
    points = np.concatenate([np.empty((0, 3)), *(part for part in parts if len(part))])
    if len(points) > OUTLINE_DIRECTIONS:
        middle = points.mean(axis=0)
        reach = _directions() @ (points - middle).astype(np.float32).T  # one direction after the other in memory
        points = points[sorted(set(reach.argmax(axis=1).tolist()))]
    return points


def outline_of_ways(result: Result) -> Float64:
    """Corners of the box around the ways of a result, float64 (8, 3); (0, 3) if nothing moves."""
    if result.moves is None or not len(result.moves.positions):
        return np.empty((0, 3))
    ends = np.stack([result.moves.positions.min(axis=0), result.moves.positions.max(axis=0)])
    picks = np.array([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)])
    return np.asarray(ends[picks, np.arange(3)], np.float64)


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
    if step > 1:
        parts.append(_corner_points(mesh.tiles))
    parts += [
        loose.positions.astype(np.float64) + loose.origin for loose in (mesh.points, mesh.lines) if loose is not None
    ]
    for instances in mesh.instances:
        corners = _instance_corners(instances, instances.matrices)
        parts.append(corners[:: max(1, len(corners) // OUTLINE_SAMPLE)])
    return np.concatenate(parts)


def _corner_points(tiles: TileSet) -> Float64:
    """The vertices farthest to the corners and sides of a LoD, float64 (P, 3): no sample may miss them, and they lie in
    the tiles whose boxes reach farthest."""
    found = [np.empty((0, 3))]
    low, high = tiles.bounds[:, :3], tiles.bounds[:, 3:]
    for toward in _CORNERS:
        reach = np.where(toward > 0, high, low) @ toward
        for tile in np.argsort(reach)[-TILES_PER_CORNER:]:
            part = tiles.positions[int(tiles.vertex_start[tile]) : int(tiles.vertex_start[tile + 1])]
            if len(part):
                best = int((part @ toward.astype(np.float32)).argmax())
                found.append(part[best : best + 1].astype(np.float64) + tiles.origins[tile])
    return np.concatenate(found)


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
