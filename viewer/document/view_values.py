"""Cameras, viewpoints, paths and tours of a project file: from values to JSON and back.

What comes from a file has passed the schema; what that cannot say (finite numbers, growing times, unit vectors) is
checked here. Raises ValueError with a reason that names the thing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from itertools import pairwise
from typing import Any

from viewer.document.state import (
    FARTHEST_M,
    NEAR_M,
    Camera,
    CameraPath,
    NumbersView,
    PathKey,
    ScenarioView,
    Texts,
    Tour,
    TourStep,
    Vec3,
    Viewpoint,
)

Raw = dict[str, Any]
KNOWN = {
    "camera": frozenset(f.name for f in fields(Camera)),
    "viewpoints": frozenset(f.name for f in fields(Viewpoint)),
    "paths": frozenset(f.name for f in fields(CameraPath)),
    "tours": frozenset(f.name for f in fields(Tour)),
    "steps": frozenset(f.name for f in fields(TourStep)),
    "scenario_view": frozenset(f.name for f in fields(ScenarioView)),
    "numbers": frozenset(f.name for f in fields(NumbersView)),
}
"""Members that this program writes, by the kind of object."""


def number(value: float) -> float:
    """A finite number."""
    found = float(value)
    if not math.isfinite(found):
        raise ValueError("a number is not finite")
    return found


def camera(raw: Raw) -> Camera:
    """A camera from JSON."""
    position, target, up = (_point(raw[name]) for name in ("position", "target", "up"))
    if math.dist(position, target) < 1e-9:
        raise ValueError("a camera's position and target are the same point")
    return Camera(position, target, up, number(raw["fov_deg"]))


def camera_raw(value: Camera) -> Raw:
    """A camera as JSON."""
    return {
        "position": list(value.position),
        "target": list(value.target),
        "up": list(value.up),
        "fov_deg": value.fov_deg,
    }


def scenario_view(raw: Raw | None) -> ScenarioView | None:
    """Which scenarios are seen, from JSON."""
    if raw is None:
        return None
    default = ScenarioView()
    shown = tuple(raw.get("shown", ()))
    if len(set(shown)) < len(shown):
        raise ValueError("a view shows the same scenario twice")
    return ScenarioView(
        shown,
        raw.get("variable", ""),
        raw.get("mode", default.mode),
        number(raw.get("position", default.position)),
        raw.get("hatch", default.hatch),
        raw.get("sun", default.sun),
        raw.get("trails", default.trails),
        raw.get("palette"),
    )


def scenario_view_raw(value: ScenarioView | None) -> Raw | None:
    """Which scenarios are seen, as JSON."""
    return None if value is None else {**asdict(value), "shown": list(value.shown)}


def numbers(raw: Raw | None) -> NumbersView:
    """What the numbers count, from JSON; projects without it count as the program proposes."""
    if raw is None:
        return NumbersView()
    default = NumbersView()
    near = number(raw.get("near_m", NEAR_M))
    if not 0.0 < near <= FARTHEST_M:
        raise ValueError(f"the distance from streets is not between 0 and {FARTHEST_M:.0f} m")
    return NumbersView(
        tuple(sorted((name, number(value)) for name, value in raw.get("thresholds", {}).items())),
        raw.get("quarters"),
        raw.get("counted", default.counted),
        raw.get("worst", default.worst),
        near,
    )


def numbers_raw(value: NumbersView) -> Raw:
    """What the numbers count, as JSON."""
    return {**asdict(value), "thresholds": dict(value.thresholds)}


def moment(value: float | None) -> float | None:
    """Where the clock stands: a finite number or None."""
    return None if value is None else number(value)


def time_text(value: str | None, what: str) -> str | None:
    """A time of ISO 8601, "" or None, as it is."""
    if value:
        try:
            datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"{what} {value[:40]!r} is not ISO 8601") from error
    return value


def viewpoint(raw: Raw) -> Viewpoint:
    """A viewpoint from JSON."""
    return Viewpoint(
        raw["name"],
        camera(raw["camera"]),
        time_text(raw.get("time"), "a viewpoint's time"),
        raw.get("realism"),
        _ids(raw.get("layers")),
        _texts(raw.get("texts", {})),
        scenario_view(raw.get("scenario_view")),
        moment(raw.get("moment")),
    )


def viewpoint_raw(value: Viewpoint) -> Raw:
    """A viewpoint as JSON."""
    return {
        "name": value.name,
        "camera": camera_raw(value.camera),
        "time": value.time,
        "realism": value.realism,
        "layers": _ids_raw(value.layers),
        "texts": dict(value.texts),
        "scenario_view": scenario_view_raw(value.scenario_view),
        "moment": value.moment,
    }


def path(raw: Raw) -> CameraPath:
    """A path from JSON."""
    name = raw["name"]
    keys = tuple(_key(item) for item in raw["keys"])
    times = [key.seconds for key in keys]
    if times[0] != 0.0 or any(b <= a for a, b in pairwise(times)):
        raise ValueError(f"the times of path {name[:40]!r} do not begin at 0 and grow")
    return CameraPath(name, keys)


def path_raw(value: CameraPath) -> Raw:
    """A path as JSON."""
    keys = [
        {
            "seconds": key.seconds,
            "position": list(key.position),
            "direction": list(key.direction),
            "fov_deg": key.fov_deg,
        }
        for key in value.keys
    ]
    return {"name": value.name, "keys": keys}


def tour(raw: Raw) -> Tour:
    """A tour from JSON. Steps may name viewpoints and paths that are not there; they are left out when it is played."""
    return Tour(raw["name"], tuple(_step(item) for item in raw["steps"]))


def tour_raw(value: Tour) -> Raw:
    """A tour as JSON."""
    return {"name": value.name, "steps": [_step_raw(step) for step in value.steps]}


def _step(raw: Raw) -> TourStep:
    return TourStep(
        raw.get("viewpoint"),
        raw.get("path"),
        number(raw.get("dwell", 5.0)),
        raw.get("transition", "fly"),
        time_text(raw.get("time"), "a step's time"),
        _ids(raw.get("layers")),
        _texts(raw.get("texts", {})),
        scenario_view(raw.get("scenario_view")),
        moment(raw.get("moment")),
        number(raw.get("clock_speed", 0.0)),
    )


def _step_raw(value: TourStep) -> Raw:
    return {
        "viewpoint": value.viewpoint,
        "path": value.path,
        "dwell": value.dwell,
        "transition": value.transition,
        "time": value.time,
        "layers": _ids_raw(value.layers),
        "texts": dict(value.texts),
        "scenario_view": scenario_view_raw(value.scenario_view),
        "moment": value.moment,
        "clock_speed": value.clock_speed,
    }


def _key(raw: Raw) -> PathKey:
    direction = _point(raw["direction"])
    length = math.hypot(*direction)
    if not 0.5 < length < 2.0:
        raise ValueError("a direction of a path is no unit vector")
    if abs(length - 1.0) > 1e-9:
        direction = (direction[0] / length, direction[1] / length, direction[2] / length)
    return PathKey(number(raw["seconds"]), _point(raw["position"]), direction, number(raw.get("fov_deg", 60.0)))


def _point(values: Sequence[float]) -> Vec3:
    x, y, z = (number(n) for n in values)
    return x, y, z


def _ids(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _ids_raw(values: frozenset[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def _texts(values: Mapping[str, str]) -> Texts:
    return tuple(values.items())
