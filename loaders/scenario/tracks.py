"""Trajectories of a package: tables with a row per mover and moment, or OGC Moving Features JSON (19-045r3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loaders.city import Float64
from loaders.scenario.context import Context
from loaders.scenario.jsontext import BadJson, parse_json
from loaders.scenario.model import Moves, Result, TimeAxis, Variable
from loaders.scenario.moves import moves_from_samples
from loaders.scenario.table_times import moments_of
from loaders.scenario.tables import read_table, strings_of
from loaders.scenario.times import parse_moment

MAX_JSON = 1 << 30
_CRS84 = "EPSG:4326"


@dataclass(slots=True)
class _Samples:
    ids: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    places: list[tuple[float, float, float]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


def read_tracks(ctx: Context, variable: Variable, axis: TimeAxis) -> Result:
    """The result of a trajectory variable; its axis has the steps told, else one from the first to the last sample."""
    name = variable.data.files[0]
    moves = _features(ctx, variable, name) if name.lower().endswith(".json") else _table(ctx, variable, axis, name)
    if not len(moves.times):
        raise ctx.refused("there is no sample with a moment and a place", name, kind="empty")
    if len(axis) < 2:
        first, last = float(moves.times.min()), float(moves.times.max())
        axis = TimeAxis("instants", np.unique([first, last]), zone=axis.zone, calendar=axis.calendar)
    return Result(variable, axis, np.zeros((0, 0), np.float32), moves=moves)


def _table(ctx: Context, variable: Variable, axis: TimeAxis, name: str) -> Moves:
    data = variable.data
    value = data.value.names[0] if data.value is not None else ""
    numeric = [column for column in (data.x, data.y, data.z, value) if column]
    columns = [column for column in (data.id, data.time, data.mover, *numeric) if column]
    table = read_table(ctx, name, data, columns, numeric)
    ctx.budget.take(1, table.rows, f"variable {variable.id}")
    times = moments_of(ctx, table, axis, data.time)
    z = table.numbers(data.z) if data.z else np.full(table.rows, np.nan)
    places = np.stack([table.numbers(data.x), table.numbers(data.y), z], axis=1)
    kinds = strings_of(table.texts(data.mover)) if data.mover else None
    values = ctx.clean(table.numbers(value, data.not_modelled_text), variable) if value else None
    world = _world(ctx, places, data.crs or None)
    return moves_from_samples(strings_of(table.texts(data.id)), times, world, kinds, values)


def _world(ctx: Context, places: Float64, crs: str | None) -> Float64:
    """Places in the target CRS; those that are none stay NaN (their samples are then left out)."""
    good = np.isfinite(places[:, :2]).all(axis=1)
    out = np.full(places.shape, np.nan)
    if good.any():
        out[good] = ctx.world(places[good], crs)
    return out


def _features(ctx: Context, variable: Variable, name: str) -> Moves:
    path = ctx.file(name)
    try:
        raw = parse_json(path.read_bytes(), max_bytes=MAX_JSON)
        samples = _Samples()
        for number, feature in enumerate(_each(raw)):
            _feature(variable, feature, number, samples)
    except (BadJson, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        text = str(error)[:120] or type(error).__name__
        raise ctx.refused(f"it is no Moving Features JSON ({text})", name, kind="wrong-format") from error
    ctx.budget.take(1, len(samples.times), f"variable {variable.id}")
    places = np.array(samples.places, np.float64).reshape(-1, 3)
    world = _world(ctx, places, variable.data.crs or _crs(raw))
    values = ctx.clean(np.array(samples.values, np.float64), variable)
    return moves_from_samples(samples.ids, np.array(samples.times, np.float64), world, samples.kinds, values)


def _each(raw: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(raw, dict) or raw.get("type") not in ("Feature", "FeatureCollection"):
        raise BadJson("its type is neither Feature nor FeatureCollection")
    yield from raw["features"] if raw["type"] == "FeatureCollection" else [raw]


def _crs(raw: dict[str, Any]) -> str:
    """The CRS that the file names by EPSG code; CRS84 otherwise, as the standard has it."""
    name = str(raw.get("crs", {}).get("properties", {}).get("name", "")) if isinstance(raw.get("crs"), dict) else ""
    code = name.rpartition(":")[2].rpartition("/")[2]
    return f"EPSG:{code}" if "EPSG" in name.upper() and code.isdigit() else _CRS84


def _feature(variable: Variable, feature: dict[str, Any], number: int, samples: _Samples) -> None:
    properties = feature.get("properties") or {}
    own = str(feature.get("id", properties.get("id", number)))
    kind = str(properties.get(variable.data.mover or "type", "") or "")
    geometry = feature.get("temporalGeometry") or {}
    parts = geometry.get("prisms") or geometry.get("members") or [geometry]
    wanted = variable.data.value.names[0] if variable.data.value is not None else ""
    told = _property(variable, feature, wanted) if wanted else {}
    for part in parts:
        if part.get("type") != "MovingPoint":
            raise BadJson(f"{str(part.get('type'))[:40]!r} is no MovingPoint")
        times = [_moment(variable, moment) for moment in part["datetimes"]]
        places = part["coordinates"]
        if len(times) != len(places):
            raise BadJson(f"{own[:40]!r} has {len(times)} moments and {len(places)} places")
        for moment, place in zip(times, places, strict=True):
            x, y, *rest = (float(value) for value in place)
            samples.ids.append(own)
            samples.kinds.append(kind)
            samples.times.append(moment)
            samples.places.append((x, y, rest[0] if rest else np.nan))
            samples.values.append(told.get(moment, np.nan))


def _property(variable: Variable, feature: dict[str, Any], name: str) -> dict[float, float]:
    """Values of a temporal property by moment."""
    found: dict[float, float] = {}
    for group in feature.get("temporalProperties") or []:
        if isinstance(group.get(name), dict):
            times = [_moment(variable, moment) for moment in group["datetimes"]]
            found.update(zip(times, (float(value) for value in group[name]["values"]), strict=True))
    return found


def _moment(variable: Variable, told: Any) -> float:
    """A moment: ISO 8601, or milliseconds since 1970 as the standard allows."""
    if isinstance(told, int | float) and not isinstance(told, bool):
        return float(told) / 1000.0
    return parse_moment(str(told), variable.time.zone, variable.time.calendar)
