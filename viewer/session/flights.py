"""Flights from one view to another: straight where nothing stands between, else in an arc over the roofs.

What stands between is told by the boxes around the objects (`viewer.analysis.bounds.object_boxes`), so a flight may
rise where it need not, but never leads through a building or under the ground.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from loaders.city import Float64, Int64
from viewer.document.state import Camera
from viewer.session import navigation

SIDE_M = 15.0
"""Half the width of the corridor whose roofs are flown over."""
ABOVE_M = 12.0
"""Height above those roofs."""
NEAR_M = 0.5
"""How near a straight flight may come to a box."""
SHORTEST_S, LONGEST_S = 1.2, 9.0
RISE, AWAY = 0.38, 0.18
"""Share of an arc's time that rising takes, and share after which it begins to go sideways."""
BLEND_M = 8.0
"""Height over which gliding and the arc blend."""
LOOK_DOWN_DEG = -24.0
"""Where one looks on top of an arc, so that the town stays in view."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A way between two cameras in ``seconds``. ``top``: height of the arc (world metres), None = straight."""

    start: Camera
    end: Camera
    top: float | None
    seconds: float

    def at(self, seconds: float) -> Camera:
        """The camera at a time from the start."""
        share = min(max(seconds / self.seconds, 0.0), 1.0) if self.seconds > 0 else 1.0
        if share in (0.0, 1.0):
            return self.end if share else self.start
        a, b = np.array(self.start.position), np.array(self.end.position)
        (yaw0, pitch0, far0), (yaw1, pitch1, far1) = navigation.angles(self.start), navigation.angles(self.end)
        ease = _ease(share)
        pitch = pitch0 + (pitch1 - pitch0) * ease
        eye = a + (b - a) * ease
        if self.top is not None:
            height = _ease(share / RISE) * _ease((1 - share) / RISE)
            eye = a + (b - a) * _ease((share - AWAY) / (1 - 2 * AWAY))
            arc = float(a[2] if share < 0.5 else b[2]) * (1 - height) + self.top * height
            # the higher of gliding down and the arc, without a kink
            eye[2] = (eye[2] + arc + math.hypot(eye[2] - arc, BLEND_M * height)) / 2
            pitch += (min(pitch, LOOK_DOWN_DEG) - pitch) * 0.8 * height
        turn = (yaw1 - yaw0 + 180.0) % 360.0 - 180.0
        far = math.exp(math.log(far0) + (math.log(far1) - math.log(far0)) * ease)
        fov = self.start.fov_deg + (self.end.fov_deg - self.start.fov_deg) * ease
        return navigation.looking(eye, yaw0 + turn * ease, pitch, far, fov)


def plan(start: Camera, end: Camera, boxes: Iterable[Float64]) -> Flight:
    """The flight between two cameras past boxes, float64 (N, 6) each (minx miny minz maxx maxy maxz; NaN = nothing)."""
    a, b = np.array(start.position), np.array(end.position)
    top = _top(a, b, boxes)
    way = float(np.linalg.norm(b - a))
    if top is not None:
        way += max(top - float(a[2]), 0.0) + max(top - float(b[2]), 0.0)
    yaw0, pitch0, _ = navigation.angles(start)
    yaw1, pitch1, _ = navigation.angles(end)
    turn = max(abs((yaw1 - yaw0 + 180.0) % 360.0 - 180.0), abs(pitch1 - pitch0))
    seconds = min(max(0.9 + 0.2 * math.sqrt(way) + turn / 120.0, SHORTEST_S), LONGEST_S)
    return Flight(start, end, top, seconds)


def _top(a: Float64, b: Float64, boxes: Iterable[Float64]) -> float | None:
    """Height of the arc that clears what lies between two points; None if the straight way is free."""
    blocked, roof = False, -math.inf
    for found in boxes:
        near = found[_corridor(a, b, found)]
        if len(near):
            roof = max(roof, float(near[:, 5].max()))
            blocked = blocked or bool(_hits(a, b, near).any())
    return roof + ABOVE_M if blocked else None


def _corridor(a: Float64, b: Float64, boxes: Float64) -> Int64:
    """Rows of the boxes that come near the way, seen from above. Boxes of nothing (NaN) never do."""
    low, high = np.minimum(a, b) - SIDE_M, np.maximum(a, b) + SIDE_M
    # what lies about the way is found by four comparisons, which leaves little to measure in a city
    about = (boxes[:, 0] <= high[0]) & (boxes[:, 3] >= low[0]) & (boxes[:, 1] <= high[1]) & (boxes[:, 4] >= low[1])
    rows = np.flatnonzero(about)
    x0, y0, x1, y1 = (boxes[rows, k] for k in (0, 1, 3, 4))
    x, y = (x0 + x1) / 2 - a[0], (y0 + y1) / 2 - a[1]
    way = (b - a)[:2]
    length = float(way @ way)
    along = np.clip((x * way[0] + y * way[1]) / length, 0.0, 1.0) if length > 0 else np.zeros(len(rows))
    off = np.hypot(x - along * way[0], y - along * way[1])
    return np.asarray(rows[off <= np.hypot(x1 - x0, y1 - y0) / 2 + SIDE_M], np.int64)


def _hits(a: Float64, b: Float64, boxes: Float64) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which boxes the straight line meets (slab test of Kay and Kajiya, 1986)."""
    low, high = boxes[:, :3] - NEAR_M, boxes[:, 3:] + NEAR_M
    way = np.where(np.abs(b - a) < 1e-9, 1e-9, b - a)
    one, other = (low - a) / way, (high - a) / way
    enter, leave = np.minimum(one, other).max(axis=1), np.maximum(one, other).min(axis=1)
    return np.asarray((enter <= leave) & (leave >= 0.0) & (enter <= 1.0))


def _ease(share: float) -> float:
    """From 0 to 1, slow at both ends (Perlin's quintic)."""
    x = min(max(share, 0.0), 1.0)
    return x * x * x * (x * (6 * x - 15) + 10)
