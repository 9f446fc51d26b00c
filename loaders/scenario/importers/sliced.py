"""Grids that have to be cut or turned first: several levels above each other, or places told by two-dimensional
coordinates (SFINCS, whose grids may be turned)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from loaders.city import Float32, Float64
from loaders.scenario.importers.clock import cf_moments, seconds_of
from loaders.scenario.importers.kit import Draft, Json
from loaders.scenario.importers.levels import ask_level, nearest
from loaders.scenario.importers.planes import Plane, filled, plane_of_axes, plane_of_places, write_planes

_X = ("projection_x_coordinate", "longitude", "grid_longitude")
_LEVEL_OF = {"h": "zs", "hmax": "zsmax"}
"""SFINCS: the height of the water surface that belongs to a depth."""


@dataclass(frozen=True, slots=True)
class _Axes:
    """What the dimensions of a variable are: the position of time and of levels, -1 = none."""

    time: int
    level: int


def is_cut(file: Any, name: str) -> bool:
    """True for a variable whose planes can be cut out and laid on the map."""
    source = file.variables[name]
    planes = len(source.dimensions) in (2, 3, 4) and _axes(file, name) is not None
    return planes and _coordinates(file, name) is not None


def cut(draft: Draft, file: Any, told: dict[str, Json]) -> None:
    """Write one level of each variable as a GeoTIFF and add it. Raises NeedAnswers, LoadError."""
    chosen = {name: _level(draft, file, name) for name in told}
    draft.settle()
    written: dict[str, str] = {}
    for name, raw in told.items():
        axes = _axes(file, name)
        assert axes is not None
        count = file.variables[name].shape[axes.time] if axes.time >= 0 else 1
        try:
            moments = _moments(file, name, axes)
            written[name] = write_planes(draft, raw["id"], _plane(file, name), _frames(file, name, chosen[name]), count)
        except ValueError as error:
            raise draft.refuse(draft.inputs[0], f"{name!r}: {error}.", "Bring it to a regular grid first.") from error
        if moments:
            raw["time"] = {"kind": "instants", "moments": moments} | _calendar(file, name, axes)
    for name, raw in told.items():
        data: Json = {"file": written[name]}
        surface = _LEVEL_OF.get(name, "")
        if surface in written and file.variables[surface].shape == file.variables[name].shape:
            data["level"] = {"file": written[surface]}
        draft.add(raw | {"data": data})


def _axes(file: Any, name: str) -> _Axes | None:
    """None where there are two dimensions besides time and places, or where one of them may be anything."""
    dims = file.variables[name].dimensions[:-2]
    time = [k for k, dim in enumerate(dims) if _clock(file, dim) is not None]
    rest = [k for k in range(len(dims)) if k not in time]
    if len(time) > 1 or len(rest) > 1:
        return None
    if rest and dims[rest[0]] not in file.variables and file.variables[name].shape[rest[0]] > 1:
        return None
    return _Axes(time[0] if time else -1, rest[0] if rest else -1)


def _clock(file: Any, dimension: str) -> Any:
    found = file.variables.get(dimension)
    return found if found is not None and " since " in str(getattr(found, "units", "")) else None


def _coordinates(file: Any, name: str) -> tuple[str, str] | None:
    """Names of the coordinates of columns and rows: along the dimensions, or over both."""
    source = file.variables[name]
    y, x = source.dimensions[-2:]
    if all(d in file.variables and file.variables[d].dimensions == (d,) for d in (y, x)):
        return x, y
    told = [*str(getattr(source, "coordinates", "")).split(), "x", "y", "lon", "lat", "longitude", "latitude"]
    flat = [n for n in dict.fromkeys(told) if n in file.variables and file.variables[n].dimensions == (y, x)]
    if len(flat) < 2:
        return None
    first, second = flat[:2]
    standard = str(getattr(file.variables[second], "standard_name", ""))
    return (second, first) if standard in _X else (first, second)


def _numbers(file: Any, name: str) -> Float64:
    values = np.ma.masked_invalid(np.ma.asarray(file.variables[name][:]).astype(np.float64))
    scale = 1000.0 if str(getattr(file.variables[name], "units", "")) in ("km", "kilometers") else 1.0
    return np.asarray(values.filled(np.nan), np.float64) * scale


def _plane(file: Any, name: str) -> Plane:
    found = _coordinates(file, name)
    assert found is not None
    x, y = (_numbers(file, coordinate) for coordinate in found)
    return plane_of_axes(x, y) if x.ndim == 1 else plane_of_places(x, y)


def _level(draft: Draft, file: Any, name: str) -> int:
    """Number of the level to show; 0 also while the question is open."""
    axes = _axes(file, name)
    if axes is None or axes.level < 0:
        return 0
    source = file.variables[name]
    dimension = source.dimensions[axes.level]
    if source.shape[axes.level] == 1:
        return 0
    heights = _numbers(file, dimension)
    unit = str(getattr(file.variables[dimension], "units", "")).strip()
    level = ask_level(draft, "level", dimension, heights, "" if unit == "1" else unit)
    if level is None:
        return 0
    number = nearest(heights, level.height)
    draft.note(f"{name!r}: the level taken is {dimension} = {heights[number]:g} {unit}".rstrip() + ".")
    return number


def _frames(file: Any, name: str, level: int) -> Iterator[Float32]:
    axes = _axes(file, name)
    assert axes is not None
    source = file.variables[name]
    index: list[Any] = [slice(None)] * source.ndim
    if axes.level >= 0:
        index[axes.level] = level
    for step in range(source.shape[axes.time] if axes.time >= 0 else 1):
        if axes.time >= 0:
            index[axes.time] = step
        yield filled(source[tuple(index)])


def _moments(file: Any, name: str, axes: _Axes) -> list[str]:
    if axes.time < 0:
        return []
    clock = _clock(file, file.variables[name].dimensions[axes.time])
    seconds = seconds_of(clock[:])
    if not np.isfinite(seconds).all():
        raise ValueError("some of its moments are missing")
    return cf_moments(seconds, str(clock.units), str(getattr(clock, "calendar", "standard")).lower())


def _calendar(file: Any, name: str, axes: _Axes) -> Json:
    clock = _clock(file, file.variables[name].dimensions[axes.time])
    calendar = str(getattr(clock, "calendar", "standard")).lower()
    return {} if calendar in ("standard", "gregorian", "proleptic_gregorian") else {"calendar": calendar}
