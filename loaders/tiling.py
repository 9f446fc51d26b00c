"""Faces of one LoD to spatial tiles: objects along a Morton curve, cut into tiles of similar size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders._arena import kept_empty
from loaders._fork import ForkPool, shared_empty
from loaders.city import Appearance, Bool, Float32, Float64, Int32, Int64, TileSet, UInt8
from loaders.triangulate import ranges, starts

TARGET = 40_000
"""A tile is closed when it has this many triangles."""
LIMIT = 50_000
"""An object that would take a tile beyond this goes into the next one."""


@dataclass(slots=True, eq=False)
class ThemeCorners:
    """One theme by corner, int32 (C,): material, uv (column of ``uv_table``), texture; -1 = none, then uv is -1 too."""

    material: Int32 | None = None
    uv: Int32 | None = None
    texture: Int32 | None = None


@dataclass(slots=True, eq=False)
class Faces:
    """Faces of many objects, unit after unit (a unit: one geometry), corners never shared between faces.

    Attributes:
        vertices: float64 (3, V), world coordinates.
        corner_vertex: int32 (C,), vertex of each corner.
        triangles: int32 (T, 3), corner numbers; None = corners 3 i, 3 i + 1, 3 i + 2 make triangle i.
        unit_corner, unit_triangle: int64 (U + 1,), where each unit starts.
        unit_row: int32 (U,), object row.
        corner_code: uint8 (C,), surface code; None = 0.
        triangle_surface: int32 (T,) or None.
        face_corner, face_triangle: int64 (F + 1,), where each face starts; None = every triangle is a face.
        themes: by theme name; uv_table: float32 (2, N + 1), its last column is 0, 0.
    """

    vertices: Float64
    corner_vertex: Int32
    triangles: Int32 | None
    unit_corner: Int64
    unit_triangle: Int64
    unit_row: Int32
    corner_code: UInt8 | None = None
    triangle_surface: Int32 | None = None
    face_corner: Int64 | None = None
    face_triangle: Int64 | None = None
    themes: dict[str, ThemeCorners] = field(default_factory=dict)
    uv_table: Float32 | None = None


def morton(x: Float64, y: Float64) -> Int64:
    """Position along a Morton (Z-order) curve of 2^16 x 2^16 cells over the range of the points."""
    codes = np.zeros(len(x), np.int64)
    span = max(float(np.ptp(x)), float(np.ptp(y)), 1e-9) if len(x) else 1.0
    for shift, axis in enumerate((x, y)):
        cell = ((axis - axis.min()) / span * 65535).astype(np.int64) if len(axis) else codes
        for bits, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            cell = (cell | (cell << bits)) & mask
        codes |= cell << shift
    return codes


@dataclass(slots=True, eq=False)
class Pieces:
    """Runs of corners and triangles in drawing order; a unit is one piece unless it exceeds a tile by itself."""

    corner: Int64
    corners: Int64
    triangle: Int64
    triangles: Int64
    row: Int32
    tile_start: Int64
    """(K + 1,) first piece of each tile."""


def plan(faces: Faces, units: Int64) -> Pieces:
    """Order the units by place and share them out to tiles; units of one object stay together."""
    corner, triangle = faces.unit_corner, faces.unit_triangle
    units = units[triangle[units + 1] > triangle[units]]
    rows = faces.unit_row[units]
    middle = (corner[units] + corner[units + 1]) // 2
    at = np.stack([faces.corner_vertex[corner[units]], faces.corner_vertex[middle]])
    x, y = (faces.vertices[axis][at].mean(axis=0) for axis in (0, 1))
    last, owner = np.unique(rows, return_inverse=True)
    count = np.bincount(owner, minlength=len(last))
    place = [np.bincount(owner, axis, minlength=len(last)) / np.maximum(count, 1) for axis in (x, y)]
    order = np.lexsort((rows, morton(*place)[owner]))
    units, rows = units[order], rows[order]
    amount = (triangle[units + 1] - triangle[units]).astype(np.int64)
    tiles = _share(rows, amount)
    pieces = Pieces(corner[units], corner[units + 1] - corner[units], triangle[units], amount, rows, tiles)
    return _split_large(faces, pieces) if len(amount) and int(amount.max()) > LIMIT else pieces


def _share(rows: Int32, amount: Int64) -> Int64:
    """First unit of each tile: a tile is closed at `TARGET` triangles or before an object that would pass `LIMIT`."""
    if not len(rows):
        return np.zeros(1, np.int64)
    first = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
    sizes = np.add.reduceat(amount, first).tolist()
    begins = [0]
    filled = 0
    for number, size in enumerate(sizes):
        if filled and (filled >= TARGET or filled + size > LIMIT):
            begins.append(int(first[number]))
            filled = 0
        filled += size
    return np.array([*begins, len(rows)], np.int64)


def _split_large(faces: Faces, pieces: Pieces) -> Pieces:
    """Cut units beyond `LIMIT` triangles into tiles of their own, between faces."""
    fields: tuple[list[int], ...] = ([], [], [], [], [])
    begins: list[int] = []
    for tile in range(len(pieces.tile_start) - 1):
        begins.append(len(fields[0]))
        for piece in range(int(pieces.tile_start[tile]), int(pieces.tile_start[tile + 1])):
            for number, part in enumerate(_cut_piece(faces, pieces, piece)):
                if number:
                    begins.append(len(fields[0]))
                for store, value in zip(fields, part, strict=True):
                    store.append(value)
    corner, corners, triangle, triangles, row = (np.array(store, np.int64) for store in fields)
    tiles = np.array([*begins, len(row)], np.int64)
    return Pieces(corner, corners, triangle, triangles, row.astype(np.int32), tiles)


def _cut_piece(faces: Faces, pieces: Pieces, piece: int) -> list[tuple[int, int, int, int, int]]:
    corner, corners = int(pieces.corner[piece]), int(pieces.corners[piece])
    triangle, triangles = int(pieces.triangle[piece]), int(pieces.triangles[piece])
    row = int(pieces.row[piece])
    if triangles <= LIMIT:
        return [(corner, corners, triangle, triangles, row)]
    out = []
    end = triangle + triangles
    while triangle < end:
        if faces.face_triangle is None or faces.face_corner is None:
            stop = min(triangle + TARGET, end)
            next_corner = corner + 3 * (stop - triangle)
        else:
            face = int(np.searchsorted(faces.face_triangle, triangle + TARGET, side="right")) - 1
            if faces.face_triangle[face] <= triangle:
                face += 1
            stop = min(int(faces.face_triangle[face]), end)
            face = int(np.searchsorted(faces.face_triangle, stop))
            next_corner = int(faces.face_corner[face])
        out.append((corner, next_corner - corner, triangle, stop - triangle, row))
        corner, triangle = next_corner, stop
    return out


def build_tiles(
    faces: Faces, units: Int64, processes: int, report: Callable[[float], None], local: bool = False
) -> tuple[TileSet, float]:
    """Tiles of the chosen units and the area of their triangles; ``local``: one tile with origin 0 (a template)."""
    pieces = plan(faces, units)
    if local:
        pieces.tile_start = np.array([0, len(pieces.row)], np.int64)
    count = len(pieces.tile_start) - 1
    vertex_start = starts(pieces.corners)[pieces.tile_start]
    triangle_start = starts(pieces.triangles)[pieces.tile_start]
    fill = _Fill(faces, pieces, vertex_start, triangle_start, processes > 1 and count > 3, local)
    runs = _runs(triangle_start, count)
    pool = ForkPool(fill.run_tiles(runs), len(runs), processes if count > 3 else 1)
    try:
        areas = pool.finish(report)
    finally:
        pool.close()
    return fill.tiles(), float(sum(areas))


def _runs(triangle_start: Int64, count: int) -> list[tuple[int, int]]:
    """Tiles handed out together: few tasks for the pool, yet many enough to stop quickly."""
    step = max(1, -(-count // 4000))
    return [(first, min(first + step, count)) for first in range(0, count, step)]


def _empty(shape: tuple[int, ...], dtype: npt.DTypeLike, share: bool) -> npt.NDArray[Any]:
    """Room for a part of the result, in its file if there is one; children can fill it if ``share``."""
    kept = kept_empty(shape, dtype)
    return shared_empty(shape, dtype, share) if kept is None else kept


class _Fill:
    """The arrays of a `TileSet` in the making."""

    def __init__(
        self, faces: Faces, pieces: Pieces, vertex_start: Int64, triangle_start: Int64, share: bool, local: bool
    ):
        self.faces, self.pieces, self.local = faces, pieces, local
        self.vertex_start, self.triangle_start = vertex_start, triangle_start
        vertices, triangles, count = int(vertex_start[-1]), int(triangle_start[-1]), len(vertex_start) - 1
        self.positions = _empty((vertices, 3), np.float32, share)
        self.tags = _empty((vertices, 2), np.float32, share)
        self.triangles = _empty((triangles, 3), np.int32, share)
        self.surface = None if faces.triangle_surface is None else _empty((triangles,), np.int32, share)
        self.origins = _empty((count, 3), np.float64, share)
        self.bounds = _empty((count, 6), np.float64, share)
        self.looks = {
            name: Appearance(
                None if theme.material is None else _empty((vertices,), np.float32, share),
                None if theme.uv is None else _empty((vertices, 3), np.float32, share),
            )
            for name, theme in faces.themes.items()
        }

    def run_tiles(self, runs: list[tuple[int, int]]) -> Callable[[int], float]:
        """The work of one task: fill some tiles, return their area."""
        return lambda task: sum(self.tile(tile) for tile in range(*runs[task]))

    def tile(self, tile: int) -> float:
        """Fill one tile; returns the area of its triangles in square metres (units of the CRS)."""
        faces, pieces = self.faces, self.pieces
        part = slice(int(pieces.tile_start[tile]), int(pieces.tile_start[tile + 1]))
        corners, amount = pieces.corners[part], pieces.triangles[part]
        out = slice(int(self.vertex_start[tile]), int(self.vertex_start[tile + 1]))
        corner = ranges(pieces.corner[part], corners)
        xyz = self._positions(tile, out, _take(faces.corner_vertex, corner))
        self.tags[out, 0] = np.repeat(pieces.row[part], corners)
        self.tags[out, 1] = 0 if faces.corner_code is None else _take(faces.corner_code, corner)
        for name, theme in faces.themes.items():
            self._look(self.looks[name], theme, out, corner)
        here = slice(int(self.triangle_start[tile]), int(self.triangle_start[tile + 1]))
        triangle = None
        if faces.triangles is not None or self.surface is not None:
            triangle = ranges(pieces.triangle[part], amount)
        if self.surface is not None and faces.triangle_surface is not None and triangle is not None:
            np.take(faces.triangle_surface, triangle, out=self.surface[here], mode="clip")
        if faces.triangles is None or triangle is None:
            count = here.stop - here.start
            self.triangles[here] = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
            return _area(*(axis.reshape(-1, 3).T for axis in xyz))
        moved = np.take(faces.triangles, triangle, axis=0, mode="clip")
        moved += np.repeat(starts(corners)[:-1] - pieces.corner[part], amount).astype(np.int32)[:, None]
        self.triangles[here] = moved
        flat = np.ascontiguousarray(moved.T)
        return _area(*(_take(axis, flat) for axis in xyz))

    def _positions(self, tile: int, out: slice, vertex: Int32) -> list[Float64]:
        """Write float32 offsets from the middle of the tile; returns float64 offsets by axis."""
        xyz = [np.take(self.faces.vertices[axis], vertex, mode="clip") for axis in range(3)]
        for axis, values in enumerate(xyz):
            low, high = float(values.min()), float(values.max())
            origin = 0.0 if self.local else float(np.rint(0.5 * (low + high)))
            self.bounds[tile, axis], self.bounds[tile, axis + 3] = low, high
            self.origins[tile, axis] = origin
            values -= origin
            self.positions[out, axis] = values
        return xyz

    def _look(self, look: Appearance, theme: ThemeCorners, out: slice, corner: Int64) -> None:
        if look.material is not None and theme.material is not None:
            look.material[out] = _take(theme.material, corner)
        if look.uvt is None or theme.uv is None or theme.texture is None or self.faces.uv_table is None:
            return
        uv = _take(theme.uv, corner)
        for axis in (0, 1):
            look.uvt[out, axis] = self.faces.uv_table[axis][uv]
        look.uvt[out, 2] = _take(theme.texture, corner)

    def tiles(self) -> TileSet:
        """The finished arrays."""
        return TileSet(
            self.origins,
            self.bounds,
            self.vertex_start,
            self.triangle_start,
            self.positions,
            self.tags,
            self.triangles,
            self.surface,
            self.looks,
        )


def _take(values: Any, where: Any) -> Any:
    """``values[where]`` for indices known to be inside: numpy takes twice as long when it has to make sure."""
    return np.take(values, where, mode="clip")


def _area(x: Float64, y: Float64, z: Float64) -> float:
    """Area of triangles whose corners are the three rows of x, y, z: (3, T)."""
    ax, ay, az = x[1] - x[0], y[1] - y[0], z[1] - z[0]
    bx, by, bz = x[2] - x[0], y[2] - y[0], z[2] - z[0]
    square = (ay * bz - az * by) ** 2 + (az * bx - ax * bz) ** 2 + (ax * by - ay * bx) ** 2
    return 0.5 * float(np.sqrt(square).sum())


def used_corners(faces: Faces, keep_face: Bool) -> Faces:
    """The same without the faces that are not kept (they have no triangles)."""
    if faces.face_corner is None or faces.face_triangle is None:
        raise ValueError("only faces with known borders can be left out")
    size = np.diff(faces.face_corner)
    new_face = starts(np.where(keep_face, size, 0))
    keep = np.repeat(keep_face, size)
    moved = np.cumsum(keep, dtype=np.int32) - 1
    corner_before = np.concatenate([[0], np.cumsum(keep)])
    themes = {
        name: ThemeCorners(*(None if a is None else a[keep] for a in (theme.material, theme.uv, theme.texture)))
        for name, theme in faces.themes.items()
    }
    return Faces(
        faces.vertices,
        faces.corner_vertex[keep],
        None if faces.triangles is None else moved[faces.triangles],
        corner_before[faces.unit_corner],
        faces.unit_triangle,
        faces.unit_row,
        None if faces.corner_code is None else faces.corner_code[keep],
        faces.triangle_surface,
        new_face,
        faces.face_triangle,
        themes,
        faces.uv_table,
    )
