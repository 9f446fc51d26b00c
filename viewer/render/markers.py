"""Points and lines as quads that the vertex shader turns to the viewer, so that every driver draws them alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loaders.city import LineSet, PointSet
from viewer.render.meshes import Mesh

Float32 = npt.NDArray[np.float32]

_POINT_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
_LINE_CORNERS = np.array([[1, 1], [-1, 1], [1, -1], [-1, -1]], np.float32)


def point_mesh(points: PointSet) -> Mesh:
    """Four vertices per point."""
    count = len(points.positions)
    attributes = {
        "otherMC": np.repeat(points.positions, 4, axis=0),
        "corner": np.tile(_POINT_CORNERS, (count, 1)),
        "tags": np.repeat(points.tags, 4, axis=0),
    }
    return _quads(points.origin, np.repeat(points.positions, 4, axis=0), attributes, np.array([0, 1, 2, 0, 2, 3]))


def line_mesh(lines: LineSet) -> Mesh:
    """Four vertices per segment: two at its start, two at its end."""
    first = segment_starts(lines)
    start, end = lines.positions[first], lines.positions[first + 1]
    own = np.stack([start, start, end, end], axis=1).reshape(-1, 3)
    attributes = {
        "otherMC": np.stack([end, end, start, start], axis=1).reshape(-1, 3),
        "corner": np.tile(_LINE_CORNERS, (len(first), 1)),
        "tags": np.repeat(lines.tags[first], 4, axis=0),
    }
    return _quads(lines.origin, own, attributes, np.array([0, 1, 2, 2, 1, 3]))


def segment_starts(lines: LineSet) -> npt.NDArray[np.int64]:
    """Index of the first vertex of every segment, int64 (S,): all vertices but the last one of each polyline."""
    inner = np.ones(len(lines.positions), np.bool_)
    ends = lines.start[1:] - 1
    inner[ends[ends >= lines.start[:-1]]] = False
    return np.flatnonzero(inner)


def _quads(
    origin: npt.NDArray[np.float64], positions: Float32, attributes: dict[str, Float32], order: npt.NDArray[np.int64]
) -> Mesh:
    positions = np.ascontiguousarray(positions, np.float32)
    quads = np.arange(len(positions) // 4, dtype=np.int32)[:, None] * 4
    triangles = (quads + order.astype(np.int32)).reshape(-1, 3)
    low, high = (positions.min(axis=0), positions.max(axis=0)) if len(positions) else (np.zeros(3), np.zeros(3))
    bounds = np.concatenate([origin + low, origin + high])
    packed = {name: np.ascontiguousarray(values, np.float32) for name, values in attributes.items()}
    return Mesh(origin, bounds, positions, triangles, packed, slice(0, 0))


def nearest_marker(
    pixels: npt.NDArray[np.float64],
    depth: npt.NDArray[np.float64],
    segments: npt.NDArray[np.int64] | None,
    at: tuple[float, float],
    radius: float,
) -> tuple[int, float, float] | None:
    """The point, or segment, nearest to the viewer of those that cover a pixel.

    Args:
        pixels: (P, 2) projected vertices, NaN behind the viewer; depth: (P,).
        segments: (S,) first vertices of segments, or None for points.
        at: the pixel; radius: half the width in pixels.

    Returns:
        (index of point or segment, position along the segment 0..1, depth), or None.
    """
    if not len(pixels):
        return None
    if segments is None:
        along = np.zeros(len(pixels))
        gap = np.linalg.norm(pixels - at, axis=1)
        deep = depth
    else:
        a, b = pixels[segments], pixels[segments + 1]
        step = b - a
        length2 = np.maximum((step * step).sum(axis=1), 1e-12)
        along = np.clip(((np.asarray(at) - a) * step).sum(axis=1) / length2, 0.0, 1.0)
        gap = np.linalg.norm(a + step * along[:, None] - at, axis=1)
        # depth is linear in 1 / z along a projected line
        da, db = depth[segments], depth[segments + 1]
        deep = 1.0 / ((1.0 - along) / da + along / db)
        along = along * deep / db
    near = np.flatnonzero(gap <= radius)
    if not len(near):
        return None
    best = int(near[np.argmin(deep[near])])
    return best, float(along[best]), float(deep[best])
