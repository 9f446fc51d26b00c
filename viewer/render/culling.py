"""What the camera sees: frustum, clipping planes, rays. numpy only, scene coordinates (world minus scene origin)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from viewer.document.state import Camera

Float64 = npt.NDArray[np.float64]

DEPTH_RATIO = 20_000.0
"""Far plane : near plane at most; a 24 bit depth buffer then tells 0.1 m apart at a third of the far distance."""
CLOSE_DEPTH_RATIO = 400_000.0
"""The same where something stands so near that it would be cut open: what is far is hidden by it, mostly."""
CLOSE_M = 0.08
"""A near plane at this distance cuts nothing open that anybody stands before."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A camera in scene coordinates with its axes.

    Attributes: eye, right, up, ahead float64 (3,), unit vectors; tan_x, tan_y: half the field of view.
    """

    eye: Float64
    right: Float64
    up: Float64
    ahead: Float64
    tan_x: float
    tan_y: float
    width: int
    height: int

    def ray(self, x: float, y: float) -> Float64:
        """Unit direction through the middle of pixel (x, y), counted from the top left."""
        ndc_x = 2.0 * (x + 0.5) / self.width - 1.0
        ndc_y = 1.0 - 2.0 * (y + 0.5) / self.height
        ray = self.ahead + self.right * (ndc_x * self.tan_x) + self.up * (ndc_y * self.tan_y)
        return np.asarray(ray / np.linalg.norm(ray))

    def project(self, points: Float64) -> tuple[Float64, Float64]:
        """Pixels (N, 2) from the top left and depth (N,) along the view axis; pixels are NaN behind the viewer."""
        relative = points - self.eye
        depth = relative @ self.ahead
        safe = np.where(depth > 1e-6, depth, np.nan)
        x = (relative @ self.right) / (safe * self.tan_x)
        y = (relative @ self.up) / (safe * self.tan_y)
        pixels = np.stack([(x + 1.0) * 0.5 * self.width - 0.5, (1.0 - y) * 0.5 * self.height - 0.5], axis=-1)
        return pixels, depth


def make_view(camera: Camera, origin: Float64, width: int, height: int) -> View:
    """The camera's axes; a camera without direction looks north, one that looks along its up vector gets another."""
    eye = np.asarray(camera.position, np.float64) - origin
    ahead = np.asarray(camera.target, np.float64) - origin - eye
    size = float(np.linalg.norm(ahead))
    ahead = ahead / size if size > 0.0 else np.array([0.0, 1.0, 0.0])
    right = np.cross(ahead, np.asarray(camera.up, np.float64))
    if float(np.linalg.norm(right)) < 1e-9:
        spare = np.array([0.0, 1.0, 0.0]) if abs(ahead[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
        right = np.cross(ahead, spare)
    right = right / np.linalg.norm(right)
    tan_y = float(np.tan(np.radians(camera.fov_deg) / 2.0))
    return View(eye, right, np.cross(right, ahead), ahead, tan_y * width / height, tan_y, width, height)


def in_view(view: View, bounds: Float64) -> npt.NDArray[np.bool_]:
    """Which boxes (K, 6; minx miny minz maxx maxy maxz) touch the view's pyramid. bool (K,)."""
    low, high = bounds[:, :3] - view.eye, bounds[:, 3:] - view.eye
    seen = np.ones(len(bounds), np.bool_)
    normals = (
        view.ahead,
        view.ahead * view.tan_x + view.right,
        view.ahead * view.tan_x - view.right,
        view.ahead * view.tan_y + view.up,
        view.ahead * view.tan_y - view.up,
    )
    for normal in normals:
        seen &= np.where(normal > 0.0, high, low) @ normal >= 0.0
    return seen


def covered_pixels(view: View, bounds: Float64) -> Float64:
    """Pixels of the rectangles in which boxes (K, 6) appear, float64 (K,); 0 for what is behind the viewer."""
    ends = bounds.reshape(-1, 2, 3) - view.eye
    corners = np.stack([ends[:, choice, axis] for axis, choice in enumerate(_CORNERS)], axis=-1)
    depth = corners @ view.ahead
    # the corners before the viewer, and where edges come out from behind
    a, b = corners[:, _EDGES[:, 0]], corners[:, _EDGES[:, 1]]
    from_depth, to_depth = depth[:, _EDGES[:, 0]], depth[:, _EDGES[:, 1]]
    crossing = (from_depth < CLOSE_M) != (to_depth < CLOSE_M)
    share = (CLOSE_M - from_depth) / np.where(crossing, to_depth - from_depth, 1.0)
    points = np.concatenate([corners, a + (b - a) * np.where(crossing, share, 0.0)[..., None]], axis=1)
    seen = np.concatenate([depth >= CLOSE_M, crossing], axis=1)
    away = np.where(seen, points @ view.ahead, 1.0)
    area = np.ones(len(bounds))
    for axis, tangent, pixels in ((view.right, view.tan_x, view.width), (view.up, view.tan_y, view.height)):
        place = np.clip((points @ axis) / (away * tangent), -1.0, 1.0)
        low, high = np.where(seen, place, 1.0).min(axis=1), np.where(seen, place, -1.0).max(axis=1)
        area *= np.maximum(high - low, 0.0) * 0.5 * pixels
    return np.asarray(area)


_CORNERS = np.indices((2, 2, 2)).reshape(3, 8)
"""Which end of a box each of its corners takes, per axis."""
_EDGES = np.array([(a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b).bit_count() == 1])
"""Pairs of corners that differ along one axis."""


def clipping_range(view: View, bounds: Float64, closest: Callable[[float], float] | None = None) -> tuple[float, float]:
    """Near and far plane around the boxes (K, 6) that are drawn.

    Args:
        closest: the depth of the nearest face before the camera, asked for up to a depth (metres) only where the near
            plane would lie far enough out to cut something open; inf = there is none.
    """
    if not len(bounds):
        return 1.0, 1000.0
    low, high = bounds[:, :3] - view.eye, bounds[:, 3:] - view.eye
    far = float((np.where(view.ahead > 0.0, high, low) @ view.ahead).max()) * 1.01 + 1.0
    near = float((np.where(view.ahead > 0.0, low, high) @ view.ahead).min()) * 0.99 - 0.1
    far = max(far, 1.0)
    least = far / DEPTH_RATIO
    if near >= least or least <= CLOSE_M or closest is None:
        return max(near, least), far
    return float(np.clip(0.5 * closest(2.0 * least), max(CLOSE_M, far / CLOSE_DEPTH_RATIO), least)), far
