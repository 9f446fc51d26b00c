"""A made town of n houses for the drawing benchmarks: walls and a hipped roof of 12 triangles, in blocks of 50 x 50."""

from __future__ import annotations

import numpy as np

from loaders.city import CityData, CrsInfo, LodMesh, ObjectTable, Strings, SurfaceTable, TileSet

SPACING = 25.0
BLOCK = 50
CORNERS = 28
TRIANGLES = np.array(
    [[4 * w + a, 4 * w + b, 4 * w + c] for w in range(4) for a, b, c in ((0, 1, 2), (0, 2, 3))]
    + [[16 + 3 * r, 17 + 3 * r, 18 + 3 * r] for r in range(4)],
    np.int32,
)


def places(n: int) -> np.ndarray:
    """float64 (n, 2): corners of the lots, block after block."""
    grid = int(np.ceil(np.sqrt(n)))
    x, y = np.meshgrid(np.arange(grid), np.arange(grid))
    order = np.lexsort((x.ravel(), y.ravel(), x.ravel() // BLOCK, y.ravel() // BLOCK))[:n]
    return np.stack([x.ravel()[order], y.ravel()[order]], axis=1) * SPACING


def make_town(n: int, seed: int = 1) -> CityData:
    """The town as `CityData`, with flat faces (corners shared inside a face only)."""
    random = np.random.default_rng(seed)
    lots = places(n)
    side, height = random.uniform(10, 16, n), random.gamma(3.0, 4.0, n) + 4.0
    first = np.flatnonzero(np.diff(lots // (SPACING * BLOCK), axis=0, prepend=-1).any(axis=1))
    counts = np.diff(np.append(first, n))
    origins = np.add(np.column_stack([lots[first], np.zeros(len(first))]), (85_000.0, 447_000.0, 0.0))
    local = (lots - np.repeat(lots[first], counts, axis=0)).astype(np.float32)
    positions = _corners(local, side.astype(np.float32), height.astype(np.float32))
    tags = np.empty((n, CORNERS, 2), np.float32)
    tags[:, :, 0] = np.arange(n)[:, None]
    tags[:, :16, 1], tags[:, 16:, 1] = 2, 1
    within = (np.arange(n) - np.repeat(first, counts)).astype(np.int32)
    triangles = (TRIANGLES[None] + within[:, None, None] * CORNERS).reshape(-1, 3)
    ends = np.append(first, n).astype(np.int64)
    top = float(height.max() + 8.0)
    bounds = np.hstack([origins, np.add(origins, (SPACING * BLOCK, SPACING * BLOCK, top))])
    tiles = TileSet(
        origins, bounds, ends * CORNERS, ends * 12, positions.reshape(-1, 3), tags.reshape(-1, 2), triangles
    )
    box = np.concatenate([bounds[:, :3].min(axis=0), bounds[:, 3:].max(axis=0)])
    ids = Strings(np.zeros(0, np.uint8), np.zeros(n + 1, np.int64))
    objects = ObjectTable(ids, np.zeros(n, np.int16), ("Building",), np.zeros(n + 1, np.int64), np.zeros(0, np.int32))
    surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
    mesh = LodMesh("1", tiles, np.ones(n, np.bool_), 0.0)
    return CityData(f"{n} houses", CrsInfo("EPSG:7415"), box, objects, surfaces, {"1": mesh})


def _corners(lots: np.ndarray, side: np.ndarray, height: np.ndarray) -> np.ndarray:
    """float32 (n, 28, 3): four walls of four corners, four roof faces of three."""
    n = len(lots)
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    low = np.empty((n, 4, 3), np.float32)
    low[:, :, :2] = lots[:, None] + square * side[:, None, None]
    low[:, :, 2] = 0
    high = low.copy()
    high[:, :, 2] = height[:, None]
    tip = high.mean(axis=1) + np.float32([0, 0, 1]) * (0.3 * side)[:, None]
    out = np.empty((n, CORNERS, 3), np.float32)
    for k in range(4):
        m = (k + 1) % 4
        out[:, 4 * k : 4 * k + 4] = np.stack([low[:, k], low[:, m], high[:, m], high[:, k]], axis=1)
        out[:, 16 + 3 * k : 19 + 3 * k] = np.stack([high[:, k], high[:, m], tip], axis=1)
    return out


def soup(city: CityData) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same mesh for others: points float32 (V, 3) from the box's corner, triangles int32, house per triangle."""
    tiles = next(iter(city.lods.values())).tiles
    shift = (tiles.origins - city.bbox[:3]).astype(np.float32)
    points = tiles.positions + np.repeat(shift, np.diff(tiles.vertex_start), axis=0)
    offset = np.repeat(tiles.vertex_start[:-1].astype(np.int32), np.diff(tiles.triangle_start))
    triangles = tiles.triangles + offset[:, None]
    return points, triangles, tiles.tags[triangles[:, 0], 0].astype(np.int64)
