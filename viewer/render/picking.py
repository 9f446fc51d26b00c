"""Rays against tiles, in numpy and float64. No index is built before it is needed, and then one tile at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loaders.city import TileSet

Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

BLOCK = 48
"""Triangles per box. Triangles of an object follow each other, so 48 of them lie close together."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a ray meets a face: distance in metres, triangle index in the tile set, object row, surface code."""

    distance: float
    triangle: int
    row: int
    surface_code: int


def box_entry(low: Float64, high: Float64, start: Float64, direction: Float64) -> Float64:
    """Distance at which a ray enters each box (0 inside, inf where it misses). Slab test.

    Args:
        low, high: (K, 3) corners. start, direction: (3,).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / direction
        a = (low - start) * inverse
        b = (high - start) * inverse
    near = np.fmin(a, b).max(axis=1)
    far = np.fmax(a, b).min(axis=1)
    near = np.maximum(near, 0.0)
    return np.asarray(np.where((far >= near) & (far >= 0.0), near, np.inf))


def triangle_distances(corners: Float64, direction: Float64) -> Float64:
    """Distance from 0 along ``direction`` to each triangle (T, 3, 3), inf where missed. Moeller and Trumbore, 1997."""
    a = corners[:, 0]
    e1, e2 = corners[:, 1] - a, corners[:, 2] - a
    p = np.cross(direction, e2)
    det = np.einsum("ij,ij->i", e1, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1.0 / det
        u = -np.einsum("ij,ij->i", a, p) * inverse
        q = np.cross(-a, e1)
        v = (q @ direction) * inverse
        t = np.einsum("ij,ij->i", e2, q) * inverse
        # a hair of tolerance, so that a ray through a shared edge does not slip between two faces
        hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1.0 + 1e-9) & (t > 1e-6) & (np.abs(det) > 1e-14)
    return np.asarray(np.where(hit, t, np.inf))


class RayIndex:
    """Finds the first shown face along a ray through a `TileSet`. Boxes of 48 triangles are made per tile, on demand
    (about 2 ms per 50,000 triangles), and kept: 0.5 byte per triangle."""

    def __init__(self, tiles: TileSet):
        self._tiles = tiles
        self._boxes: dict[int, tuple[Float64, Float64]] = {}

    def first_hit(self, start: Float64, direction: Float64, shown: Bool, limit: float = np.inf) -> Hit | None:
        """The nearest hit before ``limit`` metres on an object whose ``shown`` (N,) is True. World coordinates."""
        tiles = self._tiles
        entry = box_entry(tiles.bounds[:, :3] - 1e-3, tiles.bounds[:, 3:] + 1e-3, start, direction)
        best: Hit | None = None
        for tile in np.argsort(entry, kind="stable"):
            nearest = limit if best is None else best.distance
            if entry[tile] >= nearest:
                break
            hit = self._hit_in_tile(int(tile), start - tiles.origins[tile], direction, shown, nearest)
            best = hit or best
        return best

    def near(self, point: Float64, reach: float, shown: Bool) -> Float64:
        """Corners (T, 3, 3), relative to a world point (3,), of triangles of shown objects that may lie within
        ``reach`` metres of it; others may be among them."""
        tiles, found = self._tiles, [np.zeros((0, 3, 3))]
        low, high = tiles.bounds[:, :3] - reach, tiles.bounds[:, 3:] + reach
        for tile in np.flatnonzero(((point >= low) & (point <= high)).all(axis=1)):
            at = point - tiles.origins[tile]
            low, high = self._boxes_of(int(tile))
            blocks = np.flatnonzero(((at >= low - reach) & (at <= high + reach)).all(axis=1))
            first, last = int(tiles.triangle_start[tile]), int(tiles.triangle_start[tile + 1])
            chosen = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
            index = tiles.triangles[chosen[chosen < last - first] + first] + int(tiles.vertex_start[tile])
            index = index[shown[tiles.tags[index[:, 0], 0].astype(np.int64)]]
            corners = tiles.positions[index].astype(np.float64) - at
            beside = (corners.min(axis=1) > reach) | (corners.max(axis=1) < -reach)
            found.append(corners[~beside.any(axis=1)])
        return np.concatenate(found)

    def _hit_in_tile(self, tile: int, start: Float64, direction: Float64, shown: Bool, limit: float) -> Hit | None:
        tiles = self._tiles
        low, high = self._boxes_of(tile)
        blocks = np.flatnonzero(box_entry(low, high, start, direction) < limit)
        if not len(blocks):
            return None
        first, last = int(tiles.triangle_start[tile]), int(tiles.triangle_start[tile + 1])
        chosen = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        chosen = chosen[chosen < last - first] + first
        corners_index = tiles.triangles[chosen] + int(tiles.vertex_start[tile])
        rows = tiles.tags[corners_index[:, 0], 0].astype(np.int64)
        keep = shown[rows]
        chosen, corners_index = chosen[keep], corners_index[keep]
        if not len(chosen):
            return None
        distance = triangle_distances(tiles.positions[corners_index].astype(np.float64) - start, direction)
        nearest = int(np.argmin(distance))
        if not distance[nearest] < limit:
            return None
        row, code = tiles.tags[corners_index[nearest, 0]]
        return Hit(float(distance[nearest]), int(chosen[nearest]), int(row), int(code))

    def _boxes_of(self, tile: int) -> tuple[Float64, Float64]:
        boxes = self._boxes.get(tile)
        if boxes is None:
            boxes = self._boxes[tile] = self._make_boxes(tile)
        return boxes

    def _make_boxes(self, tile: int) -> tuple[Float64, Float64]:
        tiles = self._tiles
        first, last = int(tiles.triangle_start[tile]), int(tiles.triangle_start[tile + 1])
        if first == last:
            return np.zeros((0, 3)), np.zeros((0, 3))
        vertices = tiles.positions[int(tiles.vertex_start[tile]) : int(tiles.vertex_start[tile + 1])]
        corners = vertices[tiles.triangles[first:last].ravel()]
        starts = np.arange(0, len(corners), 3 * BLOCK)
        low = np.minimum.reduceat(corners, starts, axis=0).astype(np.float64)
        high = np.maximum.reduceat(corners, starts, axis=0).astype(np.float64)
        return low - 1e-3, high + 1e-3
