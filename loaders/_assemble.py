"""Ready meshes to a `CityData`: tiles with shared, snapped corners, and the tables around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loaders.city import (
    CityData,
    Column,
    CrsInfo,
    Float32,
    Float64,
    Int32,
    LineSet,
    LodMesh,
    ObjectTable,
    PointSet,
    Strings,
    SurfaceTable,
    TileSet,
)
from loaders.layers import RasterData, VectorData
from loaders.triangulate import starts

_FINEST = -10
"""Corners are put on multiples of 2^-10 m (1 mm): tiles then meet exactly, each with its own origin."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One tile: corners float64 (V, 3), object row of each corner int (V,), triangles int32 (T, 3)."""

    corners: Float64
    rows: Int32
    triangles: Int32


def tile_set(pieces: Sequence[Piece], code: int = 0) -> tuple[TileSet, float]:
    """The tiles and the area of their triangles; ``code`` is the surface code of all corners."""
    count = len(pieces)
    vertex_start = starts(np.array([len(piece.corners) for piece in pieces], np.int64))
    triangle_start = starts(np.array([len(piece.triangles) for piece in pieces], np.int64))
    positions = np.empty((int(vertex_start[-1]), 3), np.float32)
    tags = np.full((len(positions), 2), code, np.float32)
    origins, bounds = np.zeros((count, 3)), np.zeros((count, 6))
    step = _step(pieces)
    area = 0.0
    for number, piece in enumerate(pieces):
        own = slice(int(vertex_start[number]), int(vertex_start[number + 1]))
        snapped = np.rint(piece.corners / step) * step
        low, high = snapped.min(axis=0), snapped.max(axis=0)
        origins[number] = np.rint(0.5 * (low + high) / max(1.0, step)) * max(1.0, step)
        bounds[number] = *low, *high
        positions[own] = snapped - origins[number]
        tags[own, 0] = piece.rows
        area += _area(snapped - origins[number], piece.triangles)
    triangles = np.concatenate([piece.triangles for piece in pieces]) if pieces else np.zeros((0, 3), np.int32)
    tiles = TileSet(
        origins, bounds, vertex_start, triangle_start, positions, tags, np.ascontiguousarray(triangles, np.int32)
    )
    return tiles, area


def _step(pieces: Sequence[Piece]) -> float:
    """Distance of the corners' lattice: fine enough not to matter, coarse enough for 24 binary digits in every tile."""
    span = max((float(np.ptp(piece.corners, axis=0).max()) for piece in pieces), default=1.0)
    return float(2.0 ** max(_FINEST, int(np.ceil(np.log2(max(span, 1e-6)))) - 23))


def _area(corners: Float64, triangles: Int32) -> float:
    a, b, c = (corners[triangles[:, corner]] for corner in range(3))
    return 0.5 * float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())


def bounding_box(mesh: LodMesh) -> Float64 | None:
    """minx miny minz maxx maxy maxz of tiles, lines and points, or None."""
    boxes = [mesh.tiles.bounds]
    for marks in (mesh.points, mesh.lines):
        if marks is not None and len(marks.positions):
            world = marks.positions.astype(np.float64) + marks.origin
            boxes.append(np.concatenate([world.min(axis=0), world.max(axis=0)])[None, :])
    every = np.concatenate(boxes)
    if not len(every):
        return None
    return np.concatenate([every[:, :3].min(axis=0), every[:, 3:].max(axis=0)])


def city_of(
    name: str,
    crs: CrsInfo,
    ids: Sequence[str],
    types: Sequence[str],
    columns: dict[str, Column],
    mesh: LodMesh | None,
    source: RasterData | VectorData,
) -> CityData:
    """A city of objects without parents and without a LoD; ``mesh`` None = nothing can be drawn."""
    names = tuple(dict.fromkeys(types))
    code = {kind: number for number, kind in enumerate(names)}
    rows = len(ids)
    objects = ObjectTable(
        Strings.from_list(ids),
        np.array([code[kind] for kind in types], np.int16),
        names,
        np.zeros(rows + 1, np.int64),
        np.zeros(0, np.int32),
        columns,
    )
    surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
    bbox = None if mesh is None else bounding_box(mesh)
    lods = {} if mesh is None or bbox is None else {"": mesh}
    return CityData(name, crs, bbox, objects, surfaces, lods, source=source)


def marks(world: Float64, rows: Int32) -> tuple[Float64, Float32, Float32]:
    """Origin, positions and tags of points in world coordinates float64 (P, 3)."""
    origin = np.rint(0.5 * (world.min(axis=0) + world.max(axis=0)))
    tags = np.zeros((len(world), 2), np.float32)
    tags[:, 0] = rows
    return origin, (world - origin).astype(np.float32), tags


def point_set(world: Float64, rows: Int32) -> PointSet | None:
    """Points, or None where there are none."""
    return PointSet(*marks(world, rows)) if len(world) else None


def line_set(world: Float64, rows: Int32, lengths: Int32) -> LineSet | None:
    """Lines of ``lengths`` points each, or None where there are none."""
    return LineSet(*marks(world, rows), starts(lengths)) if len(world) else None
