"""Ways of a camera: curves through timed keys, and recording, smoothing and trimming of keys. Pure functions.

Between its keys a path is a cubic Hermite curve in each of x, y, z, yaw, pitch and field of view, with the slopes of
Fritsch and Butland (1984, "A method for constructing local monotone piecewise cubic interpolants"): it never leaves the
range of the two keys around it, so a path that keeps clear of walls and ground does so between its keys as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from viewer.document.state import Camera, CameraPath, PathKey
from viewer.session import navigation

Float64 = npt.NDArray[np.float64]

SAMPLE_SECONDS = 0.05
"""Time between two keys of a recording: 20 a second."""
LOOK_AHEAD_M = 10.0
"""Distance of the target of a path's cameras."""
TOLERANCE_M, TOLERANCE_DEG = 0.1, 1.0
"""How far a smoothed path may be off the recorded one."""
SMOOTH_SECONDS = 0.2
"""Standard deviation of the weights with which hand tremor is averaged out."""
MAX_KEYS = 72_000
"""Longest recording: an hour."""


def key_of(camera: Camera, seconds: float) -> PathKey:
    """The key of a camera at a time."""
    distance = math.dist(camera.target, camera.position)
    x, y, z = ((t - p) / distance for t, p in zip(camera.target, camera.position, strict=True))
    return PathKey(seconds, camera.position, (x, y, z), camera.fov_deg)


class PathCurve:
    """A path as a function of time."""

    def __init__(self, keys: Sequence[PathKey]) -> None:
        self._times, self._values = _table(keys)
        self._slopes = _slopes(self._times, self._values)
        self.seconds = float(self._times[-1])

    def at(self, seconds: float) -> Camera:
        """The camera at a time; before the beginning the first, after the end the last."""
        values = self.values(np.array([seconds]))[0]
        yaw, pitch, fov = (float(v) for v in values[3:])
        return navigation.looking(values[:3], yaw, pitch, LOOK_AHEAD_M, fov)

    def values(self, seconds: Float64) -> Float64:
        """x, y, z (metres), yaw, pitch and field of view (degrees) at times, float64 (N, 6)."""
        if len(self._times) == 1:
            return np.repeat(self._values, len(seconds), axis=0)
        t = np.clip(seconds, 0.0, self.seconds)
        i = np.clip(np.searchsorted(self._times, t, side="right") - 1, 0, len(self._times) - 2)
        step = (self._times[i + 1] - self._times[i])[:, None]
        u = (t - self._times[i])[:, None] / step
        low, high = self._values[i], self._values[i + 1]
        bend = (u - 1) * step * self._slopes[i] + u * step * self._slopes[i + 1]
        smooth = u * u * (3 - 2 * u)
        return np.asarray(low + (high - low) * smooth + u * (u - 1) * bend, np.float64)


def smoothed(path: CameraPath) -> CameraPath:
    """The path without tremor, with as few keys as follow it closely (Ramer, Douglas and Peucker, with time kept)."""
    if len(path.keys) < 3:
        return path
    times, values = _table(path.keys)
    count = max(3, round(float(times[-1]) / SAMPLE_SECONDS) + 1)
    even = np.linspace(0.0, float(times[-1]), count)
    found = np.stack([np.interp(even, times, column) for column in values.T], axis=1)
    keep = _needed(even, _averaged(found, even[1]))
    calm = _averaged(found, even[1])
    return replace(path, keys=tuple(_key(float(even[i]), calm[i]) for i in keep))


def trimmed(path: CameraPath, start: float, end: float) -> CameraPath:
    """The part of a path between two times; its times begin at 0 again. ``start`` < ``end``, both within the path."""
    curve = PathCurve(path.keys)
    inner = [key for key in path.keys if start + 1e-6 < key.seconds < end - 1e-6]
    first, last = key_of(curve.at(start), 0.0), key_of(curve.at(end), end - start)
    return replace(path, keys=(first, *(replace(key, seconds=key.seconds - start) for key in inner), last))


def _table(keys: Sequence[PathKey]) -> tuple[Float64, Float64]:
    """Times (N,) and values (N, 6) as in `PathCurve.values`; yaw goes on beyond 180 degrees instead of jumping."""
    times = np.array([key.seconds for key in keys], np.float64)
    looks = np.array([key.direction for key in keys], np.float64)
    flat = np.hypot(looks[:, 0], looks[:, 1])
    yaw = np.degrees(np.unwrap(np.arctan2(looks[:, 1], looks[:, 0])))
    pitch = np.degrees(np.arctan2(looks[:, 2], flat))
    places = np.array([key.position for key in keys], np.float64)
    fov = np.array([key.fov_deg for key in keys], np.float64)
    return times, np.column_stack([places, yaw, pitch, fov])


def _key(seconds: float, values: Float64) -> PathKey:
    forward = navigation.basis(float(values[3]), float(values[4]))[2]
    x, y, z = (float(v) for v in values[:3])
    return PathKey(seconds, (x, y, z), (float(forward[0]), float(forward[1]), float(forward[2])), float(values[5]))


def _slopes(times: Float64, values: Float64) -> Float64:
    """Slopes at the keys (N, 6): the harmonic mean of both sides, 0 where the curve turns back."""
    slopes = np.zeros_like(values)
    if len(times) < 3:
        return slopes if len(times) < 2 else slopes + (values[1] - values[0]) / (times[1] - times[0])
    steps = np.diff(times)[:, None]
    rates = np.diff(values, axis=0) / steps
    before, after = rates[:-1], rates[1:]
    w1, w2 = 2 * steps[1:] + steps[:-1], steps[1:] + 2 * steps[:-1]
    same = before * after > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (w1 + w2) / (w1 / before + w2 / after)
    slopes[1:-1] = np.where(same, mean, 0.0)
    slopes[0], slopes[-1] = rates[0], rates[-1]
    return slopes


def _averaged(values: Float64, step: float) -> Float64:
    """Each value as a weighted mean of those around it; the ends stay."""
    reach = max(1, round(3 * SMOOTH_SECONDS / step))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / SMOOTH_SECONDS) ** 2)
    weights /= weights.sum()
    # mirrored through the end points, which therefore stay where they are
    front, back = 2 * values[:1] - values[reach:0:-1], 2 * values[-1:] - values[-2 : -reach - 2 : -1]
    padded = np.concatenate([_long(front, values[:1], reach), values, _long(back, values[-1:], reach)])
    return np.stack([np.convolve(column, weights, "valid") for column in padded.T], axis=1)


def _long(part: Float64, end: Float64, count: int) -> Float64:
    """The part brought to ``count`` rows by repeating its outer end (short paths have too few)."""
    lacking = np.repeat(end, count - len(part), axis=0)
    return np.concatenate([lacking, part])


def _needed(times: Float64, values: Float64) -> list[int]:
    """Rows without which the curve would be off by more than the tolerances."""
    scale = np.array([1 / TOLERANCE_M] * 3 + [1 / TOLERANCE_DEG] * 3)
    keep, todo = {0, len(times) - 1}, [(0, len(times) - 1)]
    while todo:
        low, high = todo.pop()
        if high - low < 2:
            continue
        u = ((times[low + 1 : high] - times[low]) / (times[high] - times[low]))[:, None]
        off = (values[low + 1 : high] - values[low] - u * (values[high] - values[low])) * scale
        error = np.maximum(np.linalg.norm(off[:, :3], axis=1), np.abs(off[:, 3:]).max(axis=1))
        worst = int(error.argmax())
        if error[worst] > 1.0:
            keep.add(low + 1 + worst)
            todo += [(low, low + 1 + worst), (low + 1 + worst, high)]
    return sorted(keep)
