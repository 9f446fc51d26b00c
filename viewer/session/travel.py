"""Ways of the camera from one view to another, as functions of time. Pure; world metres, degrees, seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from viewer.document.state import Camera, Vec3
from viewer.session import navigation

SWITCH_SECONDS = 0.6
"""How long a change between street, air and bird's eye takes."""
GO_MS, GO_SECONDS = 14.0, (0.5, 2.2)
"""Speed of going to a place, and how long it takes at least and at most."""


@dataclass(frozen=True, slots=True)
class Glide:
    """A way of the camera: ``at`` gives the camera for 0..1; it begins and ends softly and takes ``seconds``."""

    seconds: float
    at: Callable[[float], Camera]

    def camera(self, elapsed: float) -> Camera:
        """The camera so many seconds after the start."""
        t = min(max(elapsed / self.seconds, 0.0), 1.0) if self.seconds > 0.0 else 1.0
        return self.at(t * t * (3.0 - 2.0 * t))


def between(start: Camera, end: Camera, seconds: float = SWITCH_SECONDS) -> Glide:
    """Straight from one view to another, turning the shorter way."""

    def at(t: float) -> Camera:
        if t >= 1.0:
            return end
        return _looking_between(start, end, t, _mix(start.position, end.position, t))

    return Glide(seconds, at)


def along(path: Sequence[Vec3], start: Camera, end: Camera) -> Glide:
    """From one view to another along a path of eyes."""
    points = np.asarray(path, np.float64)
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    length = max(float(gone[-1]), 1e-6)

    def at(t: float) -> Camera:
        if t >= 1.0:
            return end
        x, y, z = (float(np.interp(t * length, gone, points[:, k])) for k in range(3))
        return _looking_between(start, end, t, (x, y, z))

    return Glide(min(max(length / GO_MS, GO_SECONDS[0]), GO_SECONDS[1]), at)


def over(start: Camera, end: Camera, height: float) -> Glide:
    """Up to a height, across and down again: over roofs. It looks down while it crosses."""
    a, b = start.position, end.position
    up, down = (a[0], a[1], max(height, a[2])), (b[0], b[1], max(height, b[2]))
    flat = math.dist(a[:2], b[:2])
    seconds = min(max(flat / 60.0 + 1.2, 1.4), 2.6)

    def at(t: float) -> Camera:
        if t >= 1.0:
            return end
        if t < 0.3:
            position = _mix(a, up, _soft(t / 0.3))
        elif t < 0.7:
            position = _mix(up, down, _soft((t - 0.3) / 0.4))
        else:
            position = _mix(down, b, _soft((t - 0.7) / 0.3))
        tilt = math.sin(math.pi * t) ** 2
        camera = _looking_between(start, end, t, position)
        yaw, pitch, reach = navigation.angles(camera)
        return navigation.looking(position, yaw, pitch + (-35.0 - pitch) * tilt, reach, camera.fov_deg)

    return Glide(seconds, at)


def _looking_between(start: Camera, end: Camera, t: float, position: Vec3) -> Camera:
    yaw_a, pitch_a, reach_a = navigation.angles(start)
    yaw_b, pitch_b, reach_b = navigation.angles(end)
    turn = (yaw_b - yaw_a + 180.0) % 360.0 - 180.0
    fov = start.fov_deg + (end.fov_deg - start.fov_deg) * t
    return navigation.looking(
        position, yaw_a + turn * t, pitch_a + (pitch_b - pitch_a) * t, reach_a + (reach_b - reach_a) * t, fov
    )


def _mix(a: Vec3, b: Vec3, t: float) -> Vec3:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t


def _soft(t: float) -> float:
    return t * t * (3.0 - 2.0 * t)
