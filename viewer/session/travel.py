"""Ways of the camera from one view to another, as functions of time, and the search for one. World metres, degrees."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from loaders.city import Float64
from viewer.analysis.collision import Body, CollisionWorld
from viewer.analysis.ways import find_top, find_way
from viewer.document.state import Camera, Vec3
from viewer.session import navigation
from viewer.session.walking import Flyer, Stance

SWITCH_SECONDS = 0.6
"""How long a change between street, air and bird's eye takes."""
SLOWEST_MS, FASTEST_MS, SHORTEST_S = 2.5, 24.0, 4.5
"""Speeds of going to a place; as fast as a way of even speed would take so long."""
SPEED_UP_MS2, TURN_DEG_S = 14.0, 95.0
"""How fast that speed changes, and how fast one turns in corners at most: before them one goes slower."""
LOOK_M, CALM_M, SHORT_M = 3.0, 2.5, 6.0
"""One looks so far ahead on the way, turns over about so many metres, and does not turn on shorter ways."""
STEPS_M, HEAD_M = 0.5, 0.08
"""Standard deviation of the weights that make steps of the ground smooth, metres; most that eyes rise by it."""
RISEN = 0.3
"""Share of an arc's time after which it goes sideways, and before whose rest it ends to."""
CLEAR_M = 5.0
"""So far over the roofs it leads."""
ASTRAY_M = 1.0
"""A straight flight is not free where one is pushed so far off it."""
_SAMPLE_M, _PROBE_M = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Glide:
    """A way of the camera: ``at`` gives the camera for 0..1; it takes ``seconds``.

    Attributes:
        even: ``at`` has its own speeds; else it is gone through softly.
        feet: where a walker's feet are for 0..1, if one may stop on the way.
    """

    seconds: float
    at: Callable[[float], Camera]
    even: bool = False
    feet: Callable[[float], Vec3] | None = None

    def camera(self, elapsed: float) -> Camera:
        """The camera so many seconds after the start."""
        return self.at(self._share(elapsed))

    def standing(self, elapsed: float) -> Vec3 | None:
        """The feet so many seconds after the start; None if nobody can stand there."""
        return None if self.feet is None else self.feet(self._share(elapsed))

    def _share(self, elapsed: float) -> float:
        t = min(max(elapsed / self.seconds, 0.0), 1.0) if self.seconds > 0.0 else 1.0
        return t if self.even else t * t * (3.0 - 2.0 * t)


def between(start: Camera, end: Camera, seconds: float = SWITCH_SECONDS) -> Glide:
    """Straight from one view to another, turning the shorter way."""

    def at(t: float) -> Camera:
        if t >= 1.0:
            return end
        return _looking_between(start, end, t, _mix(start.position, end.position, t))

    return Glide(seconds, at)


def ending(glide: Glide, end: Camera) -> Glide:
    """The same way, which ends at exactly that camera."""
    return replace(glide, at=lambda t: end if t >= 1.0 else glide.at(t))


def along(path: Float64, eye_m: float, start: Camera) -> Glide:
    """On foot along a way (N, 3) of feet, eyes ``eye_m`` over them: looking ahead, slower in corners.

    A short way is gone without turning. The last camera looks where the way leads.
    """
    gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path[:, :2], axis=0), axis=1))])
    length = max(float(gone[-1]), 1e-6)
    at_m = np.linspace(0.0, length, max(2, math.ceil(length / _SAMPLE_M) + 1))
    feet = np.stack([np.interp(at_m, gone, path[:, k]) for k in range(3)], axis=1)
    ground = _calm(feet[:, 2], STEPS_M, at_m[1])
    eyes = np.clip(ground, feet[:, 2] - 0.3, feet[:, 2] + HEAD_M) + eye_m
    eyes[0] = start.position[2]
    yaw, pitch, reach = navigation.angles(start)
    turns = length > SHORT_M
    share = _smooth(at_m / min(max(length / 3.0, 1.0), 8.0))
    looks = yaw + share * (_headings(feet, at_m, yaw) - yaw) if turns else np.full(len(at_m), yaw)
    nods = pitch * (1.0 - share) if turns else np.full(len(at_m), pitch)
    times = _times(at_m, looks, length)

    def place(t: float) -> float:
        return float(np.interp(t * times[-1], times, at_m))

    def camera(t: float) -> Camera:
        x, y, z, look, nod = (float(np.interp(place(t), at_m, v)) for v in (feet[:, 0], feet[:, 1], eyes, looks, nods))
        return navigation.looking((x, y, z), look, nod, reach, start.fov_deg)

    def stand(t: float) -> Vec3:
        x, y, z = (float(np.interp(place(t), at_m, feet[:, k])) for k in range(3))
        return x, y, z

    return Glide(float(times[-1]), camera, True, stand)


def over(start: Camera, end: Camera, height: float) -> Glide:
    """Up to `CLEAR_M` over a height, across and down again in one arc: over roofs. It looks down while it crosses.

    It goes sideways only where it has almost reached the height, so that it keeps off the walls beside both ends.
    """
    a, b = start.position, end.position
    top = max(height, a[2], b[2]) + CLEAR_M
    flat = math.dist(a[:2], b[:2])
    seconds = min(max(flat / 60.0 + 1.2, 1.4), 2.6) + min((top - min(a[2], b[2])) / 100.0, 1.0)

    def at(t: float) -> Camera:
        if t >= 1.0:
            return end
        across = _ease((t - RISEN) / (1.0 - 2.0 * RISEN))
        x, y, _ = _mix(a, b, across)
        ground = a[2] if t < 0.5 else b[2]
        z = ground + (top - ground) * _ease(min(t, 1.0 - t) / (RISEN + 0.06))
        tilt = math.sin(math.pi * t) ** 2
        camera = _looking_between(start, end, t, (x, y, z))
        yaw, pitch, reach = navigation.angles(camera)
        return navigation.looking((x, y, z), yaw, pitch + (-35.0 - pitch) * tilt, reach, camera.fov_deg)

    return Glide(seconds, at, True)


def _headings(feet: Float64, at_m: Float64, yaw: float) -> Float64:
    """Directions of the look (N,), degrees, going on beyond 180; the first is near ``yaw``."""
    ahead = np.minimum(at_m + LOOK_M, at_m[-1])
    behind = np.maximum(np.minimum(at_m, at_m[-1] - LOOK_M), 0.0)
    way = np.stack([np.interp(ahead, at_m, feet[:, k]) - np.interp(behind, at_m, feet[:, k]) for k in range(2)])
    found = np.degrees(np.unwrap(np.arctan2(way[1], way[0])))
    found += 360.0 * round((yaw - float(found[0])) / 360.0)
    return _calm(found, CALM_M, at_m[1])


def _times(at_m: Float64, looks: Float64, length: float) -> Float64:
    """When one is at each place: from rest to rest, as fast as corners allow."""
    most = min(max(length / SHORTEST_S, SLOWEST_MS), FASTEST_MS)
    step = float(at_m[1])
    turn = np.abs(np.gradient(looks, step))
    speed = np.minimum(most, TURN_DEG_S / np.maximum(turn, 1e-6))
    speed = np.maximum(speed, 0.3)
    speed[0] = speed[-1] = 0.3
    for order in (range(1, len(speed)), range(len(speed) - 2, -1, -1)):
        back = -1 if order.step > 0 else 1
        for k in order:
            reached = math.sqrt(speed[k + back] ** 2 + 2.0 * SPEED_UP_MS2 * step * _gentle(at_m[k], length))
            speed[k] = min(speed[k], reached)
    speed = np.maximum(_calm(speed, 0.6, step), 0.3)
    return np.concatenate([[0.0], np.cumsum(2.0 * step / (speed[1:] + speed[:-1]))])


def _gentle(at: float, length: float) -> float:
    """Share of the full change of speed that is used: softer close to both ends."""
    return min(1.0, 0.25 + min(at, length - at) / 6.0)


def _calm(values: Float64, sigma: float, step: float) -> Float64:
    """Each value as a weighted mean of those around it; the ends go on as they are."""
    reach = max(1, round(3.0 * sigma / step))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / sigma) ** 2)
    return np.asarray(np.convolve(np.pad(values, reach, mode="edge"), weights / weights.sum(), "valid"), np.float64)


def _smooth(values: Float64) -> Float64:
    t = np.clip(values, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float64)


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


def _ease(share: float) -> float:
    """From 0 to 1, slow at both ends (Perlin's quintic)."""
    x = min(max(share, 0.0), 1.0)
    return x * x * x * (x * (6.0 * x - 15.0) + 10.0)


class Search:
    """A way on foot that is looked for in slices.

    Attributes: found: feet float64 (N, 3), None while there is none; top: then, over what an arc leads.

    Args:
        world, body: where, and who goes.
        start, goal: feet, world metres.
    """

    def __init__(self, world: CollisionWorld, body: Body, start: Vec3, goal: Vec3) -> None:
        self.world, self.goal = world, goal
        self.found: Float64 | None = None
        self.top = max(start[2], goal[2])
        self._steps = self._look(body, start)

    def advance(self, seconds: float) -> bool:
        """Go on for so long (a slice more at most); True when the search is over."""
        end = time.perf_counter() + seconds
        return all(time.perf_counter() < end for _ in self._steps)

    def _look(self, body: Body, start: Vec3) -> Iterator[None]:
        self.found = yield from find_way(self.world, body, start, self.goal)
        if self.found is None:
            self.top = yield from find_top(self.world, start, self.goal)


class FlightSearch:
    """A way through the air that is looked for in slices: straight if a flyer gets through, else over what is there.

    Attributes: free: the straight way is free; top: else, over what an arc leads.

    Args:
        probe: flies the way to try it, from where it is; nobody sees it.
        landed: where the way ends.
    """

    def __init__(self, probe: Flyer, landed: Stance) -> None:
        self.world, self.landed = probe.world, landed
        self.free = False
        self.top = max(probe.stance.position[2], landed.position[2])
        self._steps = self._look(probe)

    def advance(self, seconds: float) -> bool:
        """Go on for so long (a slice more at most); True when the search is over."""
        end = time.perf_counter() + seconds
        return all(time.perf_counter() < end for _ in self._steps)

    def _look(self, probe: Flyer) -> Iterator[None]:
        start, end = probe.stance.position, self.landed.position
        way = np.subtract(end, start)
        many = max(1, math.ceil(float(np.linalg.norm(way)) / _PROBE_M))
        for k in range(1, many + 1):
            probe.fly(np.subtract(start, probe.stance.position) + way * (k / many))
            if math.dist(probe.stance.position, np.add(start, way * (k / many))) > ASTRAY_M:
                self.top = yield from find_top(self.world, start, end)
                return
            yield
        self.free = True
