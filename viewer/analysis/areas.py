"""Areas measured on the triangles: of one semantic surface and of all faces of one object."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, Float64, LodMesh, TileSet
from viewer.analysis.bounds import known_box

Rows = npt.NDArray[np.integer]
ROUNDING = 0.1
"""More than float32 offsets within a tile are off, in units of the CRS."""


def surface_area(city: CityData, surface_row: int) -> float | None:
    """Area of one semantic surface in square units of the CRS; None if it has no triangles.

    A row of the surface table belongs to one geometry, so to one level of detail.
    """
    for mesh in city.lods.values():
        if mesh.tiles.triangle_surface is None or surface_row < 0:
            continue
        found = np.flatnonzero(mesh.tiles.triangle_surface == surface_row)
        if len(found):
            return float(_triangle_areas(mesh.tiles, found).sum())
    return None


def object_area(city: CityData, row: int) -> float | None:
    """Area of all faces of one object in its finest level of detail, square units of the CRS; None without faces."""
    for mesh in reversed(city.lods.values()):
        if mesh.drawn[row]:
            found = _triangles_of(mesh.tiles, row, known_box(city, row))
            area = float(_triangle_areas(mesh.tiles, found).sum()) + _instances_area(mesh, row)
            return area if area > 0 else None
    return None


def _triangles_of(tiles: TileSet, row: int, box: Float64 | None) -> Rows:
    """Triangles of an object, by their first corner's tag; only tiles that have the object are looked through.

    The corners of a face stand together and are three or more, so each third vertex tells which objects a tile has.
    ``box`` of the object, if known, leaves out the tiles that it does not touch.
    """
    parts: list[Rows] = [np.zeros(0, np.int64)]
    near: Rows = np.arange(tiles.tile_count)
    if box is not None:
        before, behind = tiles.bounds[:, :3] <= box[3:] + ROUNDING, tiles.bounds[:, 3:] >= box[:3] - ROUNDING
        near = np.flatnonzero((before & behind).all(axis=1))
    for tile in near.tolist():
        first, last = int(tiles.vertex_start[tile]), int(tiles.vertex_start[tile + 1])
        if (tiles.tags[first:last:3, 0] == row).any():
            own = tiles.tags[first:last, 0] == row
            begin, end = int(tiles.triangle_start[tile]), int(tiles.triangle_start[tile + 1])
            parts.append(begin + np.flatnonzero(own[tiles.triangles[begin:end, 0]]))
    return np.concatenate(parts)


def _triangle_areas(tiles: TileSet, rows: Rows) -> Float64:
    """float64 (len(rows),): half the length of the cross product of two edges."""
    tile = np.searchsorted(tiles.triangle_start, rows, side="right") - 1
    corners = tiles.triangles[rows].astype(np.int64) + np.asarray(tiles.vertex_start)[tile][:, None]
    return _areas(tiles.positions[corners].astype(np.float64))


def _instances_area(mesh: LodMesh, row: int) -> float:
    total = 0.0
    for instances in mesh.instances:
        corners = instances.template.positions[instances.template.triangles].astype(np.float64)
        for matrix in instances.matrices[instances.object_rows == row]:
            total += float(_areas(corners @ matrix[:3, :3].T).sum())  # a shift changes no area
    return total


def _areas(corners: Float64) -> Float64:
    """float64 (N,) areas of triangles (N, 3, 3)."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(0.5 * np.sqrt((normal * normal).sum(axis=1)), np.float64)
