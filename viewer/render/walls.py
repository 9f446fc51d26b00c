"""Where on its wall every vertex lies, so that a shader can set windows. numpy only.

A wall is what one object has of near-vertical faces on one plane, as far as they touch along the ground: a rectangle
cut into triangles by a file is one wall, and so are two faces side by side. All is done by sorting; there is no loop
over faces, and no grid of angles or offsets whose lines could part what belongs together.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]

WALL_CODE = 2
"""Surface code of WallSurface."""
STEEPEST_SINE = 0.15
"""|z| of the unit normal below which a face counts as a wall (8.6 degrees from upright)."""
SAME_DIRECTION = 0.02
"""Radians between the directions of neighbours on one wall; 1.1 degrees: 2 cm on a metre."""
BEND = 0.06
"""Most radians that the faces of one wall turn in all; rounder walls are cut into pieces."""
SAME_PLANE = 0.06
"""Metres between parallel faces that count as one plane."""
TOUCHING = 0.05
"""Metres of gap along the wall over which it goes on."""
LEAST_AREA2 = 1e-4
"""Square of twice the area (m4) below which a triangle says nothing about its direction: 50 cm2."""


END = 0.3
"""Metres from the ends of a wall in which its top counts as eaves."""
STEP = 1.5
"""Metres by which the top of a wall jumps, where a low part and a high part stand side by side."""


def wall_coordinates(positions: Float32, triangles: Int32, tags: Float32, plain: Bool) -> Float32:
    """Where every vertex lies on its wall.

    The eaves are where the lower of the wall's two ends stops, so a gable begins at them; where the top jumps between
    a low and a high part, they are those of the high part. The foot is the wall's lowest point.

    Args:
        positions: (V, 3) metres, z up, from any origin. Vertices are not shared between faces of other planes.
        triangles: (T, 3) vertex numbers, counter-clockwise seen from outside.
        tags: (V, 2) object row, surface code, as in `TileSet`.
        plain: (N,) True for objects whose faces without semantics may be walls too (buildings).

    Returns:
        float32 (V, 4), metres: along the wall from its left end seen from outside, the wall's length, up to its
        eaves (negative above them), down to its foot; zeros where there is no wall.
    """
    out = np.zeros((len(positions), 4), np.float32)
    corners, rows, along = _walls(positions, triangles, tags, plain)
    if not len(rows):
        return out
    at = positions[corners.ravel(), :2].astype(np.float64)
    z = (at[:, 0] + 1j * at[:, 1]).reshape(-1, 3)
    group = _by_direction(rows, np.angle(along))
    direction = _mean_direction(group, along)[group][:, None]
    turned = z * direction.conj()  # real: along the wall, imaginary: to its left (into the building)
    # (order, where each run of equal walls starts)
    order, fresh = _by_plane(group, turned.imag[:, 0])
    a, b, c = turned.real.T  # (a reduction over an axis of three would take four times as long)
    low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    order, fresh = _by_touch(order, fresh, low, high)
    wall = np.empty(len(rows), np.int64)
    wall[order] = np.cumsum(fresh) - 1
    starts = np.flatnonzero(fresh)
    left = np.minimum.reduceat(low[order], starts)
    length = np.maximum.reduceat(high[order], starts) - left
    u = np.clip(turned.real - left[wall][:, None], 0.0, length[wall][:, None])
    z = positions[corners, 2]
    foot, eaves = _foot_and_eaves(wall, order, starts, z, u, length)
    values = (u, length[wall][:, None], eaves[wall][:, None] - z, z - foot[wall][:, None])
    for column, value in enumerate(values):
        out[corners, column] = value
    return out


def _foot_and_eaves(
    wall: Int64, order: Int64, starts: Int64, z: Float32, u: Float64, length: Float64
) -> tuple[Float32, Float32]:
    """Lowest z and z of the eaves of every wall (W,). wall: (K,); z, u: (K, 3); length: (W,)."""
    foot = np.minimum.reduceat(np.minimum(np.minimum(z[:, 0], z[:, 1]), z[:, 2])[order], starts)
    from_right = length[wall][:, None] - u
    tops = []
    for distance in (u, from_right):
        ends = np.where(distance <= END, z, np.float32(-np.inf))
        tops.append(np.maximum(np.maximum(ends[:, 0], ends[:, 1]), ends[:, 2]))
    left, right = (np.maximum.reduceat(top[order], starts) for top in tops)
    eaves = np.minimum(left, right)
    # corners in the middle of a wall that lie over each other, both well above its foot: its top jumps there
    inside = (u > END) & (from_right > END) & (z > foot[wall][:, None] + STEP)
    which, place, height = np.repeat(wall, 3)[inside.ravel()], np.rint(u[inside] / 0.1), z[inside]
    by_place = np.lexsort((height, place, which))
    which, place, height = which[by_place], place[by_place], height[by_place]
    jump = (np.diff(which) == 0) & (np.diff(place) == 0) & (np.diff(height) > STEP)
    stepped = which[1:][jump]
    np.maximum.at(eaves, stepped, np.maximum(height[1:][jump], np.maximum(left, right)[stepped]))
    return foot, eaves


def _walls(
    positions: Float32, triangles: Int32, tags: Float32, plain: Bool
) -> tuple[Int32, Int64, npt.NDArray[np.complex128]]:
    """Triangles of walls (K, 3), their rows (K,), and the way that leads to the right seen from outside, complex
    east + i north, as long as the triangle is wide (K,)."""
    first = triangles[:, 0] if len(triangles) else np.zeros(0, np.int32)
    code = tags[first, 1]
    rows = tags[first, 0].astype(np.int64)
    inside = (rows >= 0) & (rows < len(plain))
    mask = code == WALL_CODE
    open_ = np.flatnonzero((code == 0) & inside)
    mask[open_] = plain[rows[open_]]
    chosen = np.flatnonzero(mask)
    at = positions[triangles[chosen]]
    a, b = at[:, 1] - at[:, 0], at[:, 2] - at[:, 0]
    nx = a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]
    ny = a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2]
    nz = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    flat2 = nx * nx + ny * ny
    keep = np.flatnonzero((nz * nz < STEEPEST_SINE**2 * (flat2 + nz * nz)) & (flat2 > LEAST_AREA2))
    chosen, a, b = chosen[keep], a[keep], b[keep]
    # the widest edge gives the direction: a normal made from a sliver would be noisy
    p, q = (v[:, 0].astype(np.float64) + 1j * v[:, 1] for v in (a, b))
    along = np.where(np.abs(q) > np.abs(p), q, p)
    along = np.where(np.abs(q - p) > np.abs(along), q - p, along)
    # seen from outside, up x normal leads to the right: (-ny, nx)
    along = np.where(along.imag * nx[keep] < along.real * ny[keep], -along, along)
    return triangles[chosen], rows[chosen], along


def _by_direction(rows: Int64, angle: Float64) -> Int64:
    """Group of every triangle (K,): same row, directions within a chain of small steps, not more than `BEND` wide."""
    order = np.lexsort((angle, rows))
    r, a = rows[order], angle[order]
    new_row = np.diff(r, prepend=-1) != 0
    fresh = new_row | (np.diff(a, prepend=0.0) > SAME_DIRECTION)
    starts = np.flatnonzero(fresh)
    run = np.cumsum(fresh) - 1
    # the circle closes: what is just below +pi belongs to what is just above -pi
    row_first = np.flatnonzero(new_row[starts])
    row_last = np.append(row_first[1:], len(starts)) - 1
    closing = a[np.append(starts[1:], len(a))[row_last] - 1] - a[starts[row_first]] > 2.0 * np.pi - SAME_DIRECTION
    closing &= row_first != row_last
    base = a[starts]
    shift = np.zeros(len(starts))
    shift[row_first[closing]] = 2.0 * np.pi
    target = np.arange(len(starts))
    target[row_first[closing]] = row_last[closing]
    piece = np.floor((a + shift[run] - base[target[run]]) / BEND).astype(np.int64)
    key = target[run]
    if piece.any():
        _, key = np.unique(key * 256 + np.clip(piece, 0, 255), return_inverse=True)
    group = np.empty(len(rows), np.int64)
    group[order] = key
    return group


def _mean_direction(group: Int64, along: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
    """Unit direction of every group; wide triangles count more (by the square of their width)."""
    weighted = along * np.abs(along)
    count = int(group.max()) + 1
    total = np.bincount(group, weighted.real, count) + 1j * np.bincount(group, weighted.imag, count)
    width = np.abs(total)
    return np.asarray(np.divide(total, width, out=np.zeros_like(total), where=width > 0.0))


def _by_plane(group: Int64, offset: Float64) -> tuple[Int64, Bool]:
    """Order by group and offset, and where a new plane starts in it."""
    order = np.lexsort((offset, group))
    g, d = group[order], offset[order]
    return order, (np.diff(g, prepend=-1) != 0) | (np.diff(d, prepend=0.0) > SAME_PLANE)


def _by_touch(order: Int64, fresh: Bool, low: Float64, high: Float64) -> tuple[Int64, Bool]:
    """Order by plane and left end, and where a new wall starts: at a new plane, or after a gap."""
    plane = np.cumsum(fresh) - 1
    second = np.lexsort((low[order], plane))
    order = order[second]
    plane = plane[second]
    # a running maximum that starts anew with every plane: planes are moved apart by more than the scene is wide
    span = float(high.max() - low.min()) + 1.0
    moved = plane * span
    reach = np.maximum.accumulate(high[order] + moved)
    start = np.diff(plane, prepend=-1) != 0
    start[1:] |= low[order][1:] + moved[1:] > reach[:-1] + TOUCHING
    return order, start


@dataclass(frozen=True, slots=True, eq=False)
class WallTask:
    """Wall coordinates that somebody wants. Attributes: target: whom they are for; the rest as for
    `wall_coordinates`."""

    target: Any
    positions: Float32
    triangles: Int32
    tags: Float32
    plain: Bool


class WallReader:
    """Works out wall coordinates in a thread, one tile after the other, in the order asked."""

    def __init__(self) -> None:
        self._tasks: deque[tuple[str, WallTask]] = deque()
        self._results: deque[tuple[str, Any, Float32]] = deque()
        self._dropped: set[str] = set()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def want(self, key: str, tasks: Iterable[WallTask]) -> None:
        """Ask for more; ``key`` (a layer) may be dropped later."""
        with self._lock:
            self._tasks.extend((key, task) for task in tasks)
            if self._tasks and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="walls", daemon=True)
                self._thread.start()

    def drop(self, key: str) -> None:
        """Forget what was asked for a layer."""
        with self._lock:
            self._tasks = deque(item for item in self._tasks if item[0] != key)
            self._results = deque(item for item in self._results if item[0] != key)
            self._dropped.add(key)

    @property
    def busy(self) -> bool:
        """True while something is being worked out, or waits to be taken."""
        return self._thread is not None or bool(self._results)

    @property
    def ready(self) -> bool:
        """True if `take` has something."""
        return bool(self._results)

    def take(self, *, wait: bool = False) -> tuple[Any, Float32] | None:
        """A target and its float32 (V, 4), None if there is none (yet). ``wait``: for the next one, if any."""
        thread = self._thread
        while wait and thread is not None and not self._results and thread.is_alive():
            thread.join(0.002)
        with self._lock:
            if not self._results:
                return None
            _, target, values = self._results.popleft()
            return target, values

    def close(self) -> None:
        """Stop, and wait for the tile that is being worked on."""
        with self._lock:
            self._tasks.clear()
            self._results.clear()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._tasks:
                    self._thread = None
                    return
                key, task = self._tasks.popleft()
                self._dropped.discard(key)
            values = wall_coordinates(task.positions, task.triangles, task.tags, task.plain)
            with self._lock:
                if key not in self._dropped:
                    self._results.append((key, task.target, values))
