"""Which part of the scene a shadow or height map covers. numpy only, scene coordinates.

Every box is a function of what is shown, of the light and of the camera alone, and snaps to steps: the same view has
the same shadows whatever was shown before, and shadows do not swim while the camera moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log2

import numpy as np
import numpy.typing as npt

from viewer.document.state import Vec3
from viewer.render.culling import View

Float64 = npt.NDArray[np.float64]

NEAR_REACH, LEAST_REACH = 1.8, 150.0
"""How far the map near the camera reaches: times the distance of what is looked at; metres at least."""
USEFUL = 0.6
"""A map near the camera is made if it covers less than so much of the whole scene, along one axis at least."""
MARGIN = 0.02
RAYS = 7
HEIGHT_TEXELS = 1024
FINEST_HEIGHT = 0.5
"""Metres per texel of the height map, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """An orthographic camera's directions: unit vectors; ``back`` points from the scene to the light (or upwards)."""

    right: Float64
    up: Float64
    back: Float64

    def spans(self, boxes: Float64) -> Float64:
        """Extents of boxes (K, 6) along the three axes: (K, 3, 2), low and high."""
        middle, half = (boxes[:, 3:] + boxes[:, :3]) / 2.0, (boxes[:, 3:] - boxes[:, :3]) / 2.0
        axes = np.stack([self.right, self.up, self.back])
        centre, reach = middle @ axes.T, half @ np.abs(axes).T
        return np.stack([centre - reach, centre + reach], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class DepthBox:
    """What one orthographic depth map covers: ``low`` and ``high`` along the axes (3,), metres."""

    axes: Axes
    low: Float64
    high: Float64

    def matrix(self) -> Float64:
        """(4, 4): scene coordinates to 0..1 across, upwards, and in depth away from the light."""
        size = self.high - self.low
        rows = np.zeros((4, 4))
        rows[0, :3], rows[0, 3] = self.axes.right / size[0], -self.low[0] / size[0]
        rows[1, :3], rows[1, 3] = self.axes.up / size[1], -self.low[1] / size[1]
        rows[2, :3], rows[2, 3] = -self.axes.back / size[2], self.high[2] / size[2]
        rows[3, 3] = 1.0
        return rows

    def seen(self, boxes: Float64) -> npt.NDArray[np.bool_]:
        """Which boxes (K, 6) lie in its beam, at any depth. bool (K,)."""
        spans = self.axes.spans(boxes)[:, :2]
        return np.asarray(((spans[:, :, 1] >= self.low[:2]) & (spans[:, :, 0] <= self.high[:2])).all(axis=1))

    def with_depth_of(self, boxes: Float64) -> DepthBox:
        """The same beam, as deep as boxes (K, 6) need."""
        spans = self.axes.spans(boxes)[:, 2]
        low, high = self.low.copy(), self.high.copy()
        low[2], high[2] = spans[:, 0].min() - 1.0, spans[:, 1].max() + 1.0
        return DepthBox(self.axes, low, high)


def light_axes(light: Vec3) -> Axes:
    """Axes of a map seen from the light (unit vector towards it); ``right`` is level."""
    back = np.asarray(light, np.float64) / np.linalg.norm(light)
    right = np.cross([0.0, 0.0, 1.0], back)
    if float(np.linalg.norm(right)) < 1e-6:
        right = np.array([1.0, 0.0, 0.0])
    right = right / np.linalg.norm(right)
    return Axes(right, np.cross(back, right), back)


DOWN = Axes(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]))
"""Axes of a map seen from above."""


def world_box(light: Vec3, bounds: Float64) -> DepthBox:
    """All of the scene, as boxes (K, 6) that are shown."""
    axes = light_axes(light)
    spans = axes.spans(bounds)
    low, high = spans[:, :, 0].min(axis=0), spans[:, :, 1].max(axis=0)
    margin = np.maximum(MARGIN * (high - low), 1.0)
    return DepthBox(axes, low - margin, high + margin)


def near_box(light: Vec3, bounds: Float64, view: View) -> DepthBox | None:
    """What is seen near the camera, where that is less than the whole scene; None where it is not."""
    whole = world_box(light, bounds)
    points = _seen_points(view, bounds, 1.0)
    if not len(points):
        return None
    across = points @ np.stack([whole.axes.right, whole.axes.up]).T
    low = np.maximum(across.min(axis=0), whole.low[:2])
    high = np.minimum(across.max(axis=0), whole.high[:2])
    if (high <= low).any():
        return None
    sides = [_snapped(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    size, all_of_it = np.array([b - a for a, b in sides]), whole.high[:2] - whole.low[:2]
    if (size > USEFUL * all_of_it).all():
        return None
    box = DepthBox(
        whole.axes,
        np.array([sides[0][0], sides[1][0], whole.low[2]]),
        np.array([sides[0][1], sides[1][1], whole.high[2]]),
    )
    casters = box.seen(bounds)
    return box.with_depth_of(bounds[casters]) if casters.any() else None


def height_box(bounds: Float64, view: View) -> DepthBox | None:
    """The square (seen from above) for which heights are mapped: the scene, or what is seen near the camera."""
    low, high = bounds[:, :3].min(axis=0), bounds[:, 3:].max(axis=0)
    points = _seen_points(view, bounds, 2.0)
    near, far = (points[:, :2].min(axis=0), points[:, :2].max(axis=0)) if len(points) else (low[:2], high[:2])
    near, far = np.maximum(near, low[:2] - 30.0), np.minimum(far, high[:2] + 30.0)
    if (far <= near).any():
        return None
    side = 2.0 ** ceil(log2(max(float((far - near).max()), FINEST_HEIGHT * HEIGHT_TEXELS / 1.25)))
    step = side / 8.0
    side += 2.0 * step
    corner = np.floor(((near + far) / 2.0 - side / 2.0) / step + 0.5) * step
    return DepthBox(DOWN, np.array([*corner, low[2] - 1.0]), np.array([*(corner + side), high[2] + 1.0]))


def _snapped(low: float, high: float) -> tuple[float, float]:
    """An interval around this one whose size and place are of few possible ones."""
    half = 2.0 ** (ceil(3.0 * log2(max((high - low) / 2.0, 8.0))) / 3.0)
    step = half / 4.0
    middle = floor((low + high) / 2.0 / step + 0.5) * step
    return middle - half - step / 2.0, middle + half + step / 2.0


def _seen_points(view: View, bounds: Float64, reach: float) -> Float64:
    """Points (N, 3) around what is seen within a distance, between the lowest and the highest of the boxes (K, 6).

    The distance is that of the ground in the lower half of the picture, times `NEAR_REACH` and ``reach``.
    """
    across = np.linspace(-1.0, 1.0, RAYS)
    rays = (
        view.ahead + across[:, None, None] * view.right * view.tan_x + across[None, :, None] * view.up * view.tan_y
    )  # [x, y, 3], from left to right and from below upwards
    rays = rays / np.linalg.norm(rays, axis=2, keepdims=True)
    floor_z = float(np.median(bounds[:, 2]))
    limit = reach * max(NEAR_REACH * _focus(rays[:, : RAYS // 2 + 1], float(view.eye[2]) - floor_z), LEAST_REACH)
    limit = 2.0 ** (round(2.0 * log2(limit)) / 2.0)
    rays = rays.reshape(-1, 3)
    low, high = float(bounds[:, 2].min()), float(bounds[:, 5].max())
    steep = np.where(np.abs(rays[:, 2]) < 1e-9, 1e-9, rays[:, 2])
    first, last = np.sort(np.stack([(low - view.eye[2]) / steep, (high - view.eye[2]) / steep]), axis=0)
    first, last = np.clip(first, 0.0, None), np.minimum(last, limit)
    inside = last > first
    ends = np.concatenate([first[inside], last[inside]])
    return np.asarray(view.eye + np.concatenate([rays[inside]] * 2) * ends[:, None])


def _focus(rays: Float64, height: float) -> float:
    """Distance of the floor, ``height`` below the eye, along the rays that reach it: their median, or 0."""
    down = -rays[..., 2].reshape(-1)
    hits = down > 1e-3
    if height <= 0.0 or not hits.any():
        return 0.0
    return float(np.median(height / down[hits]))
