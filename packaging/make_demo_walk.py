"""Record the walk of the demo: ``.venv/bin/python packaging/make_demo_walk.py`` makes ``assets/demo/walk.json``.

A walker of the program is steered along a way that the program finds, with a step of 1/60 s, as keys would do it; its
camera is recorded 20 times a second and smoothed as every recording is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from loaders.city import Float64
from loaders.worker import load_in_process
from viewer.analysis.collision import CollisionWorld
from viewer.analysis.shown import shown_objects
from viewer.analysis.soup import Shapes
from viewer.analysis.ways import find_way
from viewer.demo.files import demo_files
from viewer.demo.writer import ORIGIN
from viewer.document.state import CameraPath, LayerState, PathKey, Vec3
from viewer.session.camera_paths import SAMPLE_SECONDS, key_of, smoothed
from viewer.session.walking import PEOPLE, Stance, Walker, WalkInput, find_standing

NAME = "From the market to the Long Bridge"
ROUTE = (
    (1905.0, 2004.0),
    (1906.0, 1984.0),
    (1921.0, 1962.0),
    (1937.0, 1941.0),
    (1913.0, 1871.0),
    (1892.0, 1794.0),
    (1878.0, 1744.0),
    (1867.0, 1704.0),
    (1858.5, 1667.0),
    (1853.0, 1640.0),
    (1855.5, 1612.0),
    (1856.5, 1588.0),
)
"""Places that the walk passes, metres in the town's own coordinates."""
SPEED_MS, AHEAD_M, TURN_DEG_S = 3.6, 9.0, 42.0
"""Speed; how far ahead on the way one goes for; fastest turn."""
START_S, OUTLOOK_YAW_DEG, OUTLOOK_DEG_S, REST_S = 1.5, 32.0, 26.0, 3.0
"""Standing at the start; at the end one turns to this direction (0 = east, 90 = north), and stands again."""
FRAME = 1 / 60


def world_of_demo() -> CollisionWorld:
    """Town and terrain as a walker meets them."""
    shapes = []
    for path in (demo_files().city, demo_files().terrain):
        city = load_in_process(path).result.value
        shapes.append(Shapes(city, shown_objects(city, LayerState("a", "a", str(path)))))
    return CollisionWorld(shapes)


def route(world: CollisionWorld) -> Float64:
    """Feet (N, 3) along the whole walk."""
    body, places = PEOPLE["adult"], []
    for x, y in ROUTE:
        feet = find_standing(world, (x + ORIGIN[0], y + ORIGIN[1], 30.0), body, reach=4.0)
        assert feet is not None, (x, y)
        places.append(feet)
    parts = []
    for a, b in pairwise(places):
        steps = find_way(world, body, a, b)
        try:
            while True:
                next(steps)
        except StopIteration as stop:
            assert stop.value is not None, (a, b)
            parts.append(stop.value)
    line = np.concatenate(parts)
    return softened(line)


def softened(line: Float64) -> Float64:
    """Without the corners at the places passed: means over 20 m of the way."""
    reach = 40
    padded = np.pad(line, ((reach, reach), (0, 0)), mode="reflect", reflect_type="odd")
    weights = np.hanning(2 * reach + 3)[1:-1]
    return np.stack([np.convolve(c, weights / weights.sum(), "valid") for c in padded.T], axis=1)


def walk(world: CollisionWorld, line: Float64) -> CameraPath:
    """Walk it, step by step."""
    first = line[20] - line[0]
    place = (float(line[0, 0]), float(line[0, 1]), float(line[0, 2]))
    walker = Walker(world, Stance(place, math.degrees(math.atan2(first[1], first[0]))), speed_ms=SPEED_MS)
    assert walker.settle()
    tape = Tape(walker)
    tape.run(START_S, lambda: WalkInput())
    pilot = Pilot(walker, line)
    while not pilot.there and tape.seconds < 300.0:
        tape.run(FRAME, pilot.wish)
    tape.run(0.5, lambda: WalkInput())
    while abs(_turn(OUTLOOK_YAW_DEG - walker.stance.yaw_deg)) > 0.3 and tape.seconds < 330.0:
        tape.run(FRAME, lambda: _turned(walker, OUTLOOK_YAW_DEG, OUTLOOK_DEG_S))
    tape.run(REST_S, lambda: WalkInput())
    return smoothed(CameraPath(NAME, tuple(tape.keys)))


class Tape:
    """Runs a walker, and records its camera."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self.seconds = 0.0
        self.keys = [key_of(walker.camera(), 0.0)]

    def run(self, seconds: float, wish: Callable[[], WalkInput]) -> None:
        """Let time pass."""
        for _ in range(max(1, round(seconds / FRAME))):
            self._walker.step(wish(), FRAME)
            self.seconds += FRAME
            if self.seconds - self.keys[-1].seconds >= SAMPLE_SECONDS - 1e-6:
                self.keys.append(key_of(self._walker.camera(), self.seconds))


class Pilot:
    """Keeps a walker on a way by going for a point ahead on it."""

    def __init__(self, walker: Walker, line: Float64) -> None:
        self._walker, self._line = walker, line
        self._gone = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1))])
        self._at = self._begun = 0.0

    @property
    def there(self) -> bool:
        """True at the end of the way."""
        return bool(self._at > self._gone[-1] - 0.5)

    def wish(self) -> WalkInput:
        """What the next step is."""
        line, gone = self._line, self._gone
        x, y, _ = self._walker.stance.position
        window = np.flatnonzero((gone >= self._at - 1.0) & (gone <= self._at + 6.0))
        self._at = float(gone[window[np.argmin(np.hypot(line[window, 0] - x, line[window, 1] - y))]])
        self._begun += FRAME
        ahead = [float(np.interp(self._at + AHEAD_M, gone, line[:, k])) for k in range(2)]
        beyond = self._at + AHEAD_M - float(gone[-1])
        if beyond > 0.0:
            way = (line[-1] - line[-20]) / np.linalg.norm(line[-1] - line[-20])
            ahead = [ahead[k] + beyond * float(way[k]) for k in range(2)]
        wanted = math.degrees(math.atan2(ahead[1] - y, ahead[0] - x))
        slow = min(1.0, 0.1 + self._begun / 2.0, max(float(gone[-1]) - self._at, 0.0) / 6.0 + 0.12)
        return replace(_turned(self._walker, wanted, TURN_DEG_S), forward=slow)


def _turned(walker: Walker, yaw_deg: float, fastest: float) -> WalkInput:
    """A step of turning to a direction, slower when it is nearly reached."""
    turn = _turn(yaw_deg - walker.stance.yaw_deg)
    return WalkInput(yaw_deg=max(-fastest, min(fastest, 1.6 * turn)) * FRAME)


def _turn(degrees: float) -> float:
    return (degrees + 180.0) % 360.0 - 180.0


def text(path: CameraPath) -> str:
    """The file: name, and keys as seconds, place in the town's coordinates, direction and field of view."""
    rows = [_row(key) for key in path.keys]
    return json.dumps({"name": path.name, "keys": rows}, separators=(",", ":")).replace("],[", "],\n[") + "\n"


def _row(key: PathKey) -> list[float]:
    place: Vec3 = key.position[0] - ORIGIN[0], key.position[1] - ORIGIN[1], key.position[2] - ORIGIN[2]
    return [round(v, 3) for v in (key.seconds, *place)] + [round(v, 5) for v in key.direction] + [round(key.fov_deg, 3)]


if __name__ == "__main__":
    world = world_of_demo()
    path = walk(world, route(world))
    target = Path(__file__).resolve().parents[1] / "assets" / "demo" / "walk.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(text(path), encoding="utf-8")
    print(f"{target.name}: {path.seconds:.1f} s, {len(path.keys)} keys")
