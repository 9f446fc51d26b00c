"""Geometry templates expanded to ordinary tiles, so that copies are styled, picked and culled like everything else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loaders.city import Appearance, Instances, TileSet

TILE_TRIANGLES = 40_000
MAX_TRIANGLES = 20_000_000
"""Most triangles made from the instances of one LoD; what goes beyond is not drawn and `expand_instances` says so."""


def expand_instances(groups: tuple[Instances, ...], limit: int = MAX_TRIANGLES) -> tuple[list[TileSet], int]:
    """Copies of every template, one `TileSet` per group, in tiles of about 40,000 triangles.

    Returns:
        The tile sets, and the number of instances left out because of ``limit``.
    """
    sets: list[TileSet] = []
    budget, left_out = limit, 0
    for group in groups:
        size = group.template.triangle_count
        count = len(group.matrices)
        if not size or not count:
            continue
        drawn = min(count, budget // size)
        left_out += count - drawn
        budget -= drawn * size
        if drawn:
            sets.append(_expand(group, drawn))
    return sets, left_out


def _expand(group: Instances, count: int) -> TileSet:
    template = group.template
    order = _near_each_other(group.matrices[:count, :3, 3])
    matrices, rows = group.matrices[:count][order], group.object_rows[:count][order]
    per_tile = max(1, TILE_TRIANGLES // template.triangle_count)
    firsts = np.arange(0, count, per_tile)
    counts = np.diff(np.append(firsts, count))
    origins = np.floor(np.add.reduceat(matrices[:, :3, 3], firsts, axis=0) / counts[:, None])
    base = template.positions.astype(np.float64) + template.origins[0]
    shift = matrices[:, :3, 3] - np.repeat(origins, counts, axis=0)
    # (I, 1, 3, 3) @ (V, 3, 1) done as one product: rotation and scale, then the move from the tile's origin
    positions = np.einsum("iab,vb->iva", matrices[:, :3, :3], base) + shift[:, None, :]
    return _pack(template, matrices, rows, origins, firsts, counts, positions)


def _pack(
    template: TileSet,
    matrices: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int32],
    origins: npt.NDArray[np.float64],
    firsts: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    positions: npt.NDArray[np.float64],
) -> TileSet:
    count, vertices = positions.shape[:2]
    tags = np.empty((count, vertices, 2), np.float32)
    tags[:, :, 0] = rows[:, None]
    tags[:, :, 1] = template.tags[:, 1]
    within = np.arange(count) - np.repeat(firsts, counts)
    triangles = template.triangles[None] + (within * vertices).astype(np.int32)[:, None, None]
    # a mirrored copy turns its faces round: swap two corners to keep the outside outside
    mirrored = np.linalg.det(matrices[:, :3, :3]) < 0.0
    triangles[mirrored] = triangles[mirrored][:, :, ::-1]
    low = np.minimum.reduceat(positions.min(axis=1), firsts, axis=0) + origins
    high = np.maximum.reduceat(positions.max(axis=1), firsts, axis=0) + origins
    surface = template.triangle_surface
    ends = np.append(firsts, count).astype(np.int64)
    return TileSet(
        origins=origins,
        bounds=np.hstack([low, high]),
        vertex_start=ends * vertices,
        triangle_start=ends * template.triangle_count,
        positions=np.ascontiguousarray(positions.reshape(-1, 3), np.float32),
        tags=tags.reshape(-1, 2),
        triangles=np.ascontiguousarray(triangles.reshape(-1, 3), np.int32),
        triangle_surface=None if surface is None else np.tile(surface, count),
        appearances={name: _repeat(look, count) for name, look in template.appearances.items()},
    )


def _repeat(look: Appearance, count: int) -> Appearance:
    material = None if look.material is None else np.tile(look.material, count)
    return Appearance(material, None if look.uvt is None else np.tile(look.uvt, (count, 1)))


def _near_each_other(points: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """An order in which neighbours in the list lie near each other: Morton codes on a 1024 x 1024 grid."""
    low = points[:, :2].min(axis=0)
    span = max(float((points[:, :2].max(axis=0) - low).max()), 1e-9)
    cell = np.minimum((points[:, :2] - low) / span * 1024.0, 1023.0).astype(np.uint32)
    code = np.zeros(len(points), np.uint32)
    for bit in range(10):
        for axis in (0, 1):
            code |= ((cell[:, axis] >> bit) & 1) << np.uint32(2 * bit + axis)
    return np.argsort(code, kind="stable").astype(np.int64)
