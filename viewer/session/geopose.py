"""OGC GeoPose 1.0 (OGC 21-056r11), Basic-YPR and Basic-Quaternion, for the cameras of viewpoints.

A pose lies at latitude, longitude (degrees) and ellipsoidal height (metres) of WGS 84, and turns the local
east-north-up axes: by yaw about z, then pitch about the new y, then roll about the new x, right-handed, in degrees; or
by a unit quaternion. A camera looks along the turned x axis, its up is the turned z axis; at yaw 0 it looks east.
"""

from __future__ import annotations

import json
import math
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from viewer.document.files import write_atomic
from viewer.document.state import Camera
from viewer.session import navigation

MAX_BYTES = 4 << 20
MAX_POSES = 1000
LOOK_AHEAD_M = 100.0
WGS84_3D = "EPSG:4979"
BALLPARK = "allpark"
"""In the description of every operation that PROJ can only guess."""
_PROBE_M = 10.0
_GEOD = Geod(ellps="WGS84")
Pose = dict[str, Any]


class PoseError(ValueError):
    """A pose cannot be made or read; the text is one line for the user."""


def to_pose(camera: Camera, crs: str | None, form: Literal["ypr", "quaternion"] = "ypr") -> tuple[Pose, str]:
    """The pose of a camera, and a warning ("" = none) if its height is not ellipsoidal. Raises `PoseError`."""
    world = _world(crs)
    lon, lat, height = world.to_wgs84(*camera.position)
    yaw, pitch, _ = navigation.angles(camera)
    yaw -= _north(world, camera.position)
    yaw = (yaw + 180.0) % 360.0 - 180.0
    place = {"lat": lat, "lon": lon, "h": height}
    if form == "ypr":
        return {"position": place, "angles": {"yaw": yaw, "pitch": -pitch, "roll": 0.0}}, world.warning
    cy, sy = math.cos(math.radians(yaw) / 2), math.sin(math.radians(yaw) / 2)
    cp, sp = math.cos(math.radians(-pitch) / 2), math.sin(math.radians(-pitch) / 2)
    turn = {"x": -sy * sp, "y": cy * sp, "z": sy * cp, "w": cy * cp}
    return {"position": place, "quaternion": turn}, world.warning


def to_camera(pose: Pose, crs: str | None, fov_deg: float) -> tuple[Camera, str]:
    """The camera of a pose (roll is left out: horizons stay level), and a warning as in `to_pose`."""
    world = _world(crs)
    place = pose["position"]
    position = world.from_wgs84(place["lon"], place["lat"], place["h"])
    forward = _forward(pose)
    yaw = math.degrees(math.atan2(forward[1], forward[0])) + _north(world, position)
    pitch = math.degrees(math.asin(min(max(forward[2], -1.0), 1.0)))
    camera = navigation.looking(position, yaw, pitch, LOOK_AHEAD_M, fov_deg)
    return navigation.sanitized(camera), world.warning


def read(path: Path) -> list[Pose]:
    """The poses of a JSON file: one, or a list of them. Raises `PoseError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise PoseError(f"it is larger than {MAX_BYTES >> 20} MiB.")
        raw = json.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise PoseError(f"it cannot be read ({error.strerror or error}).") from error
    except PoseError:
        raise
    except (ValueError, RecursionError) as error:
        raise PoseError("it is not valid JSON.") from error
    poses = raw if isinstance(raw, list) else [raw]
    if not 0 < len(poses) <= MAX_POSES:
        raise PoseError(f"it holds {len(poses)} poses; 1 to {MAX_POSES} can be read.")
    return [_checked(pose) for pose in poses]


def write(path: Path, pose: Pose) -> None:
    """Write a pose as JSON; raises OSError."""
    write_atomic(path, (json.dumps(pose, indent=2, allow_nan=False) + "\n").encode())


def _way(crs: CRS, target: str) -> Transformer:
    """The best way to WGS 84 that can be gone with the grids that are installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that a grid is missing is told by `_World.warning`
        group = TransformerGroup(crs, target, always_xy=True)
    if not group.transformers:
        raise PoseError(f"There is no way from {crs.name} to WGS 84.")
    return group.transformers[0]


class _World:
    """A CRS and its way to WGS 84 and back."""

    def __init__(self, crs: CRS) -> None:
        self._vertical = len(crs.axis_info) > 2
        self.warning = ""
        self._there = _way(crs if self._vertical else crs.to_2d(), WGS84_3D if self._vertical else "EPSG:4326")
        if not self._vertical:
            self.warning = f"The heights of {crs.name} have no known datum; they are taken as ellipsoidal heights."
        elif crs.is_compound and BALLPARK in self._there.description:
            # without the vertical grid the way over three axes may be rough in the plane as well
            plane, height = crs.sub_crs_list
            self._there, self._vertical = _way(plane, "EPSG:4326"), False
            self.warning = (
                f"The heights stay those of {height.name}: the grid that leads to ellipsoidal heights is not"
                " installed. They may be off by tens of metres."
            )

    def to_wgs84(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """Longitude, latitude, height."""
        lon, lat, height = self._there.transform(x, y, z)
        return self._finite(lon, lat, height if self._vertical else z)

    def from_wgs84(self, lon: float, lat: float, height: float) -> tuple[float, float, float]:
        """A point of the CRS."""
        x, y, z = self._there.transform(lon, lat, height, direction="INVERSE")
        return self._finite(x, y, z if self._vertical else height)

    def _finite(self, *values: float) -> tuple[float, float, float]:
        a, b, c = (float(v) for v in values)
        if not all(math.isfinite(v) for v in (a, b, c)):
            raise PoseError("The place lies outside the project's coordinate reference system.")
        return a, b, c


@lru_cache(maxsize=8)
def _known_world(crs: str) -> _World:
    try:
        return _World(CRS.from_user_input(crs))
    except (CRSError, ProjError) as error:
        raise PoseError(f"The CRS {crs[:60]!r} is not known; GeoPose needs one.") from error


def _world(crs: str | None) -> _World:
    if crs is None:
        raise PoseError("The project has no coordinate reference system; GeoPose needs one.")
    return _known_world(crs)


def _north(world: _World, position: tuple[float, float, float]) -> float:
    """What has to be added to a yaw counted from east of the ellipsoid to count it from the CRS's x axis, degrees."""
    x, y, z = position
    lon, lat, _ = world.to_wgs84(x, y, z)
    far_lon, far_lat, _ = world.to_wgs84(x, y + _PROBE_M, z)
    azimuth = float(_GEOD.inv(lon, lat, far_lon, far_lat)[0])
    return azimuth


def _checked(pose: Any) -> Pose:
    """A pose with all its numbers; raises `PoseError`."""
    found: Pose = {}
    parts = {"position": ("lat", "lon", "h"), "angles": ("yaw", "pitch", "roll"), "quaternion": ("x", "y", "z", "w")}
    for part, names in parts.items():
        values = pose.get(part) if isinstance(pose, dict) else None
        if isinstance(values, dict) and all(_is_number(values.get(name)) for name in names):
            found[part] = {name: float(values[name]) for name in names}
    if "position" not in found or len(found) < 2:
        raise PoseError(
            "it is no GeoPose: it needs position (lat, lon, h) and angles (yaw, pitch, roll) or quaternion."
        )
    place = found["position"]
    if abs(place["lat"]) > 90 or abs(place["lon"]) > 360 or abs(place["h"]) > 1e6:
        raise PoseError(f"there is no place at latitude {place['lat']:g}, longitude {place['lon']:g}.")
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9


def _forward(pose: Pose) -> tuple[float, float, float]:
    """The turned x axis in east, north, up."""
    if "quaternion" in pose:
        q = np.array([pose["quaternion"][name] for name in "xyzw"])
        length = float(np.linalg.norm(q))
        if length < 1e-9:
            raise PoseError("its quaternion is zero.")
        x, y, z, w = (float(v) for v in q / length)
        return 1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)
    yaw, pitch = (math.radians(pose["angles"][name]) for name in ("yaw", "pitch"))
    return math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), -math.sin(pitch)
