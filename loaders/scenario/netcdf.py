"""NetCDF files of a package by netCDF4: opened within limits, coordinates and times told by CF, values step by step."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from loaders.api import LoadError
from loaders.city import Float32, Float64
from loaders.scenario.context import Context
from loaders.scenario.model import TimeAxis, Variable
from loaders.scenario.times import axis_from_cf

_MAGIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n")
MAX_STEP = 200_000_000
"""Most values of one step."""
MAX_CHUNK = 512 << 20
"""Largest piece that has to be unpacked at once, bytes."""
_X = ("projection_x_coordinate", "longitude", "grid_longitude")
_Y = ("projection_y_coordinate", "latitude", "grid_latitude")


class NetCdf:
    """An open file. Made by `opened`."""

    def __init__(self, ctx: Context, name: str, data: Any) -> None:
        self.ctx, self.name, self.data = ctx, name, data

    def variable(self, name: str) -> Any:
        """A variable of numbers; LoadError if there is none of that name or its pieces are too large."""
        found = self.data.variables.get(name)
        if found is None:
            known = ", ".join(list(self.data.variables)[:20])
            raise self.ctx.refused(
                f"there is no variable {name!r}", self.name, f"Its variables: {known[:300]}.", "missing"
            )
        if not isinstance(found.dtype, np.dtype) or found.dtype.kind not in "iuf":
            raise self.ctx.refused(f"the variable {name!r} does not hold numbers", self.name, kind="bad-number")
        chunk = found.chunking()
        if isinstance(chunk, list) and math.prod(chunk) * found.dtype.itemsize > MAX_CHUNK:
            raise self.ctx.refused(f"the pieces of {name!r} are too large to be unpacked", self.name, kind="too-large")
        return found

    def numbers(self, name: str) -> Float64:
        """All values of a small variable as float64, NaN where masked."""
        found = self.variable(name)
        if found.size > MAX_STEP:
            raise self.ctx.refused(f"the variable {name!r} is too large", self.name, kind="too-large")
        return _filled(found[...])

    def read(self, name: str, index: tuple[Any, ...]) -> Float64:
        """Some values of a variable as float64, NaN where masked."""
        return _filled(self.variable(name)[index])

    def time_dimension(self, dimensions: tuple[str, ...]) -> str:
        """The dimension that counts moments, "" if none: by its coordinate's units, by its name."""
        for name in dimensions:
            coordinate = self.data.variables.get(name)
            if coordinate is not None and " since " in str(getattr(coordinate, "units", "")):
                return name
        return next(
            (name for name in dimensions if name.lower() in ("time", "t", "timesteps", "number_of_timesteps")), ""
        )

    def axis(self, variable: Variable, name: str) -> TimeAxis:
        """The time axis of a variable by CF; LoadError if it has none that makes sense."""
        dimension = self.time_dimension(self.variable(name).dimensions)
        coordinate = self.data.variables.get(dimension)
        if coordinate is None or " since " not in str(getattr(coordinate, "units", "")):
            raise self.ctx.refused(f'{name!r} has no times by CF (units "... since ...")', self.name, kind="times")
        calendar = str(getattr(coordinate, "calendar", "standard")).lower()
        bounds = str(getattr(coordinate, "bounds", ""))
        starts, ends = self.numbers(dimension), None
        if variable.time.kind == "intervals":
            if bounds not in self.data.variables:
                raise self.ctx.refused(f"the times of {name!r} have no bounds", self.name, kind="times")
            pair = self.numbers(bounds)
            starts, ends = pair[:, 0], pair[:, 1]
        try:
            return axis_from_cf(starts, str(coordinate.units), calendar, variable.time, ends)
        except ValueError as error:
            raise self.ctx.refused(str(error), f"{self.name}, {dimension}", kind="times") from error

    def places(self, dimension: str, kind: tuple[str, ...]) -> Float64:
        """The coordinate along a dimension, in metres where it says kilometres."""
        names = [n for n, v in self.data.variables.items() if v.dimensions == (dimension,)]
        known = [n for n in names if str(getattr(self.data.variables[n], "standard_name", "")) in kind]
        name = next(iter(known), dimension if dimension in names else "")
        if not name:
            raise self.ctx.refused(f"the dimension {dimension!r} has no coordinate", self.name, kind="no-place")
        scale = 1000.0 if str(getattr(self.data.variables[name], "units", "")) in ("km", "kilometers") else 1.0
        return self.numbers(name) * scale

    def crs(self, name: str) -> str | None:
        """The CRS that a variable's grid mapping tells, as text."""
        mapping = str(getattr(self.data.variables[name], "grid_mapping", "")).split(":")[0].strip()
        for holder in (self.data.variables.get(mapping), self.data):
            for attribute in ("crs_wkt", "spatial_ref", "epsg_code", "epsg"):
                told = getattr(holder, attribute, None) if holder is not None else None
                if told is not None and str(told).strip():
                    text = str(told).strip()
                    return f"EPSG:{text}" if text.isdigit() else text
        return None


def _filled(values: Any) -> Float64:
    array = np.ma.masked_invalid(np.ma.asarray(values).astype(np.float64), copy=False)
    return np.asarray(array.filled(np.nan), np.float64)


@contextmanager
def opened(ctx: Context, name: str) -> Iterator[NetCdf]:
    """Open a file of the package. Raises LoadError for what is no NetCDF or damaged, also later while reading."""
    path = ctx.file(name)
    with path.open("rb") as file:
        head = file.read(8)
    if not head.startswith(_MAGIC):
        raise ctx.refused("its content is not NetCDF", name, "Export it again.", "wrong-format")
    os.environ["HDF5_PLUGIN_PATH"] = os.fspath(path.parent / "no-plugins")
    os.environ["HDF5_USE_FILE_LOCKING"] = "FALSE"
    import netCDF4

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with netCDF4.Dataset(_plain(path), "r") as data:
                yield NetCdf(ctx, name, data)
        except LoadError:
            raise
        except (OSError, RuntimeError, ValueError, IndexError, AttributeError, TypeError, KeyError) as error:
            text = " ".join(str(error).split()).replace(os.fspath(path), name)[:120]
            raise ctx.refused(f"it cannot be read ({text})", name, "Export it again.", "damaged") from error


def _plain(path: Path) -> str:
    return os.fspath(path.absolute())


class NetCdfSteps:
    """One variable of one file (or a file per step), step by step; dimensions besides time and places have length 1.

    ``places`` are the last dimensions of the variable, as many as the shape of the result has.
    """

    def __init__(self, ctx: Context, variable: Variable, files: tuple[str, ...], name: str, **more: Any) -> None:
        """``more``: ``axes`` (place dimensions), ``flip`` (which to turn round), ``member`` (dimension, number)."""
        self.ctx, self.variable, self.files, self.name = ctx, variable, files, name
        self.axes: int = more.get("axes", 2)
        self.flip: tuple[bool, ...] = more.get("flip", (False,) * self.axes)
        self.member: tuple[str, int] = more.get("member", ("", 0))

    def step(self, number: int) -> Float32:
        """The values of a step."""
        file = self.files[number] if len(self.files) > 1 else self.files[0]
        with opened(self.ctx, file) as source:
            found = source.variable(self.name)
            index = self._index(source, found, 0 if len(self.files) > 1 else number)
            values = source.read(self.name, index)
        turned = values[tuple(slice(None, None, -1) if turn else slice(None) for turn in self.flip)]
        return self.ctx.clean(turned, self.variable)

    def _index(self, source: NetCdf, found: Any, number: int) -> tuple[Any, ...]:
        dimensions = found.dimensions
        time = source.time_dimension(dimensions[: len(dimensions) - self.axes])
        index: list[Any] = []
        for place, dimension in enumerate(dimensions):
            size = found.shape[place]
            if place >= len(dimensions) - self.axes:
                index.append(slice(None))
            elif dimension == self.member[0]:
                index.append(self.member[1])
            elif dimension == time:
                if number >= size:
                    reason = f"{self.name!r} has {size:,} steps, step {number + 1:,} is missing"
                    raise self.ctx.refused(reason, source.name, kind="missing-steps")
                index.append(number)
            elif size == 1:
                index.append(0)
            else:
                reason = (
                    f"the dimension {dimension!r} of {self.name!r} has {size:,} entries; only times and places vary"
                )
                raise self.ctx.refused(reason, source.name, "Save the layer that is to be shown.", "dimensions")
        return tuple(index)
