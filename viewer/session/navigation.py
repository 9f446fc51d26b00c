"""Camera movements as pure functions in float64 world metres; z is up and stays up.

A camera is described here by its position, yaw and pitch (degrees) and its distance to the target. Every
function returns a camera for which `is_valid` holds, whatever it is given: input that is not finite is ignored.
Screen positions are in device pixels, origin top-left; ``size`` is (width, height).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from viewer.document.state import Camera, Vec3

Float64 = npt.NDArray[np.float64]
Size = tuple[int, int]
Point = Sequence[float] | Float64

PITCH_MIN_DEG = -89.9
"""Steepest look down; exactly -90 would leave yaw undefined."""
PITCH_MAX_DEG = -5.0
"""Shallowest look that orbiting leads to: 5 degrees below the horizon, so that one never gets under the city."""
FOV_MIN_DEG, FOV_MAX_DEG = 1.0, 120.0
ZOOM_FACTOR = 0.85
"""Distance to the anchor after one step towards it, as a fraction."""
MIN_STEP_M = 0.5
"""Smallest zoom step, so that the last metres do not take for ever."""
MIN_DISTANCE_M = 0.5
"""Nearest that zooming comes to its anchor."""
FAR_DIAGONALS = 20.0
"""Farthest that zooming and panning lead from the scene's middle, in scene diagonals."""
MAX_COORDINATE = 1e9
"""Cameras beyond this are refused (metres; the Earth's radius is 6.4e6)."""
MAX_DRAG_PX = 1e5
"""Longer drags than any screen are ignored."""
HOME_YAW_DEG = 45.0
"""Looking north-east: the eye is south-west of the scene."""
HOME_PITCH_DEG = -35.0
FIT_MARGIN = 1.06
"""Room left around a fitted scene, as a factor on its size in the picture."""
MIN_FIT_M = 1.5
"""Nearest that fitting comes to a scene, metres: a single point is still looked at from outside."""


def is_valid(camera: Camera) -> bool:
    """True if all numbers are finite and in range, the eye is off the target, and up is z."""
    numbers = (*camera.position, *camera.target, *camera.up, camera.fov_deg)
    if not all(math.isfinite(n) and abs(n) <= MAX_COORDINATE for n in numbers):
        return False
    return (
        math.dist(camera.position, camera.target) > 1e-6
        and tuple(camera.up) == (0.0, 0.0, 1.0)
        and FOV_MIN_DEG <= camera.fov_deg <= FOV_MAX_DEG
    )


def sanitized(camera: Camera, fallback: Camera | None = None) -> Camera:
    """The nearest valid camera: up is z, field of view in range, eye off the target, not straight up or down."""
    numbers = (*camera.position, *camera.target, camera.fov_deg)
    if not all(math.isfinite(n) and abs(n) <= MAX_COORDINATE / 2 for n in numbers):
        return fallback if fallback is not None else default_view(None)
    fov = min(max(camera.fov_deg, FOV_MIN_DEG), FOV_MAX_DEG)
    yaw, pitch, distance = angles(camera)
    if distance > 1e-6 and abs(pitch) <= -PITCH_MIN_DEG:
        return replace(camera, up=(0.0, 0.0, 1.0), fov_deg=fov)
    pitch = min(max(pitch, PITCH_MIN_DEG), -PITCH_MIN_DEG)
    return looking(camera.position, yaw, pitch, max(distance, MIN_DISTANCE_M), fov)


def angles(camera: Camera) -> tuple[float, float, float]:
    """Yaw (degrees, 0 = looking east, 90 = north), pitch (degrees, negative = down) and distance to the target."""
    dx, dy, dz = (t - p for t, p in zip(camera.target, camera.position, strict=True))
    distance = math.sqrt(dx * dx + dy * dy + dz * dz)
    flat = math.hypot(dx, dy)
    yaw = math.degrees(math.atan2(dy, dx)) if flat > 1e-12 * max(distance, 1.0) else 90.0
    pitch = math.degrees(math.atan2(dz, flat)) if distance > 0 else HOME_PITCH_DEG
    return yaw, pitch, distance


def basis(yaw_deg: float, pitch_deg: float) -> tuple[Float64, Float64, Float64]:
    """Unit vectors right, up and forward of a camera without roll; float64 (3,) each."""
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    right = np.array((sy, -cy, 0.0))
    up = np.array((-cy * sp, -sy * sp, cp))
    forward = np.array((cy * cp, sy * cp, sp))
    return right, up, forward


def looking(position: Point, yaw_deg: float, pitch_deg: float, distance: float, fov_deg: float) -> Camera:
    """The camera at ``position`` with that direction, its target ``distance`` metres ahead."""
    forward = basis(yaw_deg, pitch_deg)[2]
    eye = np.asarray(position, np.float64)
    return Camera(_vec(eye), _vec(eye + forward * distance), (0.0, 0.0, 1.0), fov_deg)


def project(camera: Camera, point: Point, size: Size) -> tuple[float, float] | None:
    """Where a world point is seen, in device pixels from the top-left; None if it is not in front of the camera."""
    right, up, depth = _camera_space(camera, point)
    if depth <= 1e-9:
        return None
    scale = _pixels_per_tangent(camera, size)
    return size[0] / 2 + right / depth * scale, size[1] / 2 - up / depth * scale


def ray(camera: Camera, x: float, y: float, size: Size) -> Float64:
    """Unit direction from the eye through a device pixel; float64 (3,)."""
    right, up, forward = basis(*angles(camera)[:2])
    scale = _pixels_per_tangent(camera, size)
    direction = forward + right * ((x - size[0] / 2) / scale) - up * ((y - size[1] / 2) / scale)
    return np.asarray(direction / np.linalg.norm(direction), np.float64)


def orbit(camera: Camera, yaw_deg: float, pitch_deg: float, pivot: Point | None = None) -> Camera:
    """Turn the camera about a world point by angles in degrees; the point stays where it is on the screen.

    Positive yaw turns the eye counter-clockwise about the z axis seen from above, positive pitch lowers the eye.
    The pitch stays within `PITCH_MIN_DEG`..`PITCH_MAX_DEG`; a camera outside it is not pulled in at once, it may
    only turn towards it. ``pivot`` None = the target.
    """
    if not _finite(yaw_deg, pitch_deg) or not (yaw_deg or pitch_deg):
        return camera
    centre = _point(pivot, camera.target)
    right, up, depth = _camera_space(camera, centre)
    yaw, pitch, distance = angles(camera)
    # Rounding in large coordinates must not push the limits, hence the hair's breadth.
    low = pitch if pitch < PITCH_MIN_DEG - 1e-3 else PITCH_MIN_DEG
    high = pitch if pitch > PITCH_MAX_DEG + 1e-3 else PITCH_MAX_DEG
    new_yaw = (yaw + math.fmod(yaw_deg, 360.0) + 180.0) % 360.0 - 180.0
    new_pitch = min(max(pitch + pitch_deg, low), high)
    r, u, f = basis(new_yaw, new_pitch)
    eye = centre - r * right - u * up - f * depth
    return _checked(looking(eye, new_yaw, new_pitch, distance, camera.fov_deg), camera)


def pan(camera: Camera, dx: float, dy: float, anchor: Point | None, size: Size) -> Camera:
    """Move the camera so that the grabbed world point moves by (dx, dy) device pixels on the screen.

    Looking down enough, the camera keeps its height (the point is dragged over its horizontal plane); near the
    horizon it moves parallel to the screen. ``anchor`` None = the target. Nothing happens if it is behind the eye.
    """
    if not _finite(dx, dy) or not 0 < max(abs(dx), abs(dy)) <= MAX_DRAG_PX:
        return camera
    point = _point(anchor, camera.target)
    seen = project(camera, point, size)
    if seen is None:
        return camera
    eye = np.array(camera.position)
    direction = ray(camera, seen[0] + dx, seen[1] + dy, size)
    height = float(eye[2] - point[2])
    reach = float(np.linalg.norm(point - eye))
    if direction[2] < -0.17 and height > 0 and height / -direction[2] < 4.0 * reach:
        shift = point - (eye + direction * (height / -direction[2]))
    else:
        right, up, _ = basis(*angles(camera)[:2])
        per_pixel = _camera_space(camera, point)[2] / _pixels_per_tangent(camera, size)
        shift = (up * dy - right * dx) * per_pixel
    return _checked(_moved(camera, shift), camera)


def zoom(camera: Camera, steps: float, anchor: Point | None = None, scene: Point | None = None) -> Camera:
    """Go towards (positive steps) or away from a world point, which stays where it is on the screen.

    One step leaves `ZOOM_FACTOR` of the distance, but goes at least `MIN_STEP_M` and never nearer than
    `MIN_DISTANCE_M`, so the camera cannot pass through the anchor. ``scene`` (minx miny minz maxx maxy maxz) limits
    how far away one can go: `FAR_DIAGONALS` times its diagonal from its middle.
    """
    if not _finite(steps) or not steps:
        return camera
    steps = min(max(steps, -50.0), 50.0)
    point = _point(anchor, camera.target)
    eye = np.array(camera.position)
    away = eye - point
    distance = float(np.linalg.norm(away))
    if distance < 1e-9:
        return camera
    goal = distance * ZOOM_FACTOR**steps
    if steps > 0:
        goal = max(min(goal, distance - MIN_STEP_M * steps), min(MIN_DISTANCE_M, distance))
    else:
        goal = _far_limited(point, away / distance, distance, max(goal, distance - MIN_STEP_M * steps), scene)
    yaw, pitch, reach = angles(camera)
    reach = max(reach * goal / distance, MIN_DISTANCE_M)
    return _checked(looking(point + away * (goal / distance), yaw, pitch, reach, camera.fov_deg), camera)


def fit(scene: Point | None, yaw_deg: float, pitch_deg: float, fov_deg: float = 40.0, aspect: float = 16 / 9) -> Camera:
    """The nearest camera of that direction that sees all of a scene, centred.

    ``scene`` is a box (minx miny minz maxx maxy maxz) or points, float64 (N, 3). Written in the camera's axes, each
    side of the view bounds the eye by one plane, so the tightest eye follows from four extreme values.
    """
    points = _scene_points(scene)
    axes = points @ np.stack(basis(yaw_deg, pitch_deg)).T
    tangent = math.tan(math.radians(min(max(fov_deg, FOV_MIN_DEG), FOV_MAX_DEG)) / 2) / FIT_MARGIN
    aspect = aspect if math.isfinite(aspect) and aspect > 0 else 1.0
    eye = np.empty(3)
    nearest = float(axes[:, 2].min()) - MIN_FIT_M
    for axis, slope in ((0, tangent * aspect), (1, tangent)):
        low = float((axes[:, axis] - slope * axes[:, 2]).max())
        high = float((axes[:, axis] + slope * axes[:, 2]).min())
        eye[axis] = (low + high) / 2
        nearest = min(nearest, (high - low) / (2 * slope))
    eye[2] = nearest
    middle = (float(axes[:, 2].min()) + float(axes[:, 2].max())) / 2
    position = eye @ np.stack(basis(yaw_deg, pitch_deg))
    return looking(position, yaw_deg, pitch_deg, max(middle - nearest, MIN_FIT_M), fov_deg)


def _scene_points(scene: Point | None) -> Float64:
    """The points to see, float64 (N, 3): a box becomes its corners; what is not finite or not near the Earth, zero."""
    array = np.zeros(6) if scene is None else np.asarray(scene, np.float64)
    usable = array.size > 0 and np.isfinite(array).all() and np.abs(array).max() <= MAX_COORDINATE / 100
    if usable and array.ndim == 2 and array.shape[1] == 3:
        return array
    box = array if usable and array.shape == (6,) else np.zeros(6)
    picks = np.array([(i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8)])
    return np.asarray(box.reshape(2, 3)[picks, np.arange(3)], np.float64)


def default_view(scene: Point | None, aspect: float = 16 / 9, fov_deg: float = 40.0) -> Camera:
    """The whole scene (a box or points, see `fit`) from the south-west, 35 degrees down."""
    return fit(scene, HOME_YAW_DEG, HOME_PITCH_DEG, fov_deg, aspect)


def zoom_to(camera: Camera, scene: Point, aspect: float = 16 / 9) -> Camera:
    """The scene (a box or points, see `fit`) filling the view, in the camera's direction (within the allowed pitch)."""
    yaw, pitch, _ = angles(camera)
    return fit(scene, yaw, min(max(pitch, -80.0), -15.0), camera.fov_deg, aspect)


def top(camera: Camera) -> Camera:
    """Looking straight down on the target from the same distance, north up."""
    distance = max(angles(camera)[2], MIN_DISTANCE_M)
    forward = basis(90.0, PITCH_MIN_DEG)[2]
    eye = np.array(camera.target) - forward * distance
    return _checked(looking(eye, 90.0, PITCH_MIN_DEG, distance, camera.fov_deg), camera)


def _camera_space(camera: Camera, point: Point) -> tuple[float, float, float]:
    """Right, up and forward distance of a point from the eye, metres."""
    right, up, forward = basis(*angles(camera)[:2])
    offset = np.asarray(point, np.float64) - np.array(camera.position)
    return float(offset @ right), float(offset @ up), float(offset @ forward)


def _pixels_per_tangent(camera: Camera, size: Size) -> float:
    return max(size[1], 1) / 2 / math.tan(math.radians(camera.fov_deg) / 2)


def _far_limited(point: Float64, away: Float64, now: float, goal: float, scene: Point | None) -> float:
    """The goal distance cut so that the eye stays in the far sphere (or where it is, if it is outside already)."""
    if scene is None:
        return goal
    box = np.asarray(scene, np.float64)
    limit = FAR_DIAGONALS * max(float(np.linalg.norm(box[3:] - box[:3])), 10.0)
    offset = point - (box[:3] + box[3:]) / 2
    along = float(offset @ away)
    inside = along * along - float(offset @ offset) + limit * limit
    farthest = -along + math.sqrt(inside) if inside > 0 else now
    return min(goal, max(farthest, now))


def _moved(camera: Camera, shift: Float64) -> Camera:
    eye, target = np.array(camera.position) + shift, np.array(camera.target) + shift
    return replace(camera, position=_vec(eye), target=_vec(target))


def _checked(camera: Camera, fallback: Camera) -> Camera:
    """The camera if it is valid, else the one before: a movement that leads nowhere is not made."""
    return camera if is_valid(camera) else fallback


def _point(point: Point | None, fallback: Point) -> Float64:
    chosen = np.asarray(fallback if point is None else point, np.float64)
    if chosen.shape != (3,) or not np.isfinite(chosen).all() or np.abs(chosen).max() > MAX_COORDINATE:
        chosen = np.asarray(fallback, np.float64)
    return chosen


def _finite(*numbers: float) -> bool:
    return all(math.isfinite(n) for n in numbers)


def _vec(values: Float64) -> Vec3:
    return float(values[0]), float(values[1]), float(values[2])
