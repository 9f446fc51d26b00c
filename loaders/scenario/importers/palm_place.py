"""Where a domain of PALM lies: its origin and the angle by which it is turned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from loaders.scenario.importers.kit import Draft, Question
from loaders.scenario.importers.netcdf_units import epsg_of
from loaders.scenario.importers.planes import exact


@dataclass(frozen=True, slots=True)
class Place:
    """Easting and northing of the domain's lower left corner, and degrees by which it is turned clockwise."""

    east: float
    north: float
    angle: float


def place_of(draft: Draft, file: Any, static: Any) -> Place | None:
    """The answer "origin" if there is one; else by the attributes of the output, then of the static driver; by E_UTM
    and N_UTM; by origin_lon and origin_lat; else it is asked for. None while a question is open."""
    holders = [file] if static is None else [file, static]
    angle = next((a for a in (_number(h, "rotation_angle") for h in holders) if a is not None), 0.0)
    for holder in holders if not draft.answers.get("origin", "").strip() else []:
        east, north = _number(holder, "origin_x"), _number(holder, "origin_y")
        if east is not None and north is not None and (east, north) != (0.0, 0.0):
            return Place(east, north, angle)
    if draft.answers.get("origin", "").strip():
        return _asked(draft, angle)
    return _by_utm(file, angle) or _by_degrees(draft, holders, angle) or _asked(draft, angle)


def _number(holder: Any, name: str) -> float | None:
    try:
        value = float(getattr(holder, name))
    except (AttributeError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) and abs(value) < 1e8 else None


def _by_utm(file: Any, angle: float) -> Place | None:
    """From the variables E_UTM and N_UTM of the first cell."""
    if not {"E_UTM", "N_UTM", "x", "y"} <= set(file.variables):
        return None
    east, north, x, y = (float(exact(file.variables[name][:]).reshape(-1)[0]) for name in ("E_UTM", "N_UTM", "x", "y"))
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    east, north = east - x * cosine - y * sine, north + x * sine - y * cosine
    if not (math.isfinite(east) and math.isfinite(north)) or max(abs(east), abs(north)) < 1.0:
        return None
    return Place(east, north, angle)


def _by_degrees(draft: Draft, holders: list[Any], angle: float) -> Place | None:
    import pyproj

    code = draft.crs or next((c for c in map(epsg_of, holders) if c), "") or draft.answers.get("crs", "").strip()
    for holder in holders:
        lon, lat = _number(holder, "origin_lon"), _number(holder, "origin_lat")
        if not code or lon is None or lat is None or lon == 0.0:
            continue
        try:
            change = pyproj.Transformer.from_crs("EPSG:4326", code.partition("+")[0], always_xy=True)
            east, north = change.transform(lon, lat)
        except pyproj.exceptions.ProjError:
            continue
        if math.isfinite(east) and math.isfinite(north):
            draft.note(f"The origin was computed from longitude {lon:g} and latitude {lat:g}.")
            return Place(float(east), float(north), angle)
    return None


def _asked(draft: Draft, angle: float) -> Place | None:
    text = "Where is the lower left corner of PALM's domain (easting, northing in the CRS)?"
    given = draft.ask("origin", text, "391000, 5818000")
    try:
        east, north = (float(part) for part in given.replace(";", ",").split(","))
    except ValueError:
        if given:
            draft.raise_question(Question("origin", f"{text} {given!r} are no two numbers.", (), "391000, 5818000"))
        return None
    return Place(east, north, angle)
