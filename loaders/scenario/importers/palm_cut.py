"""PALM's fields cut out at their level: the same everywhere, or so many metres above the terrain of each column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from loaders.city import Float32, Float64, Int64
from loaders.scenario.importers.kit import Draft, Json
from loaders.scenario.importers.levels import Level, above_ground, nearest
from loaders.scenario.importers.palm_place import Place
from loaders.scenario.importers.planes import Plane, exact, filled, plane_of_axes, write_planes

_KEPT = ("time", "unit", "cell_methods", "height_above_ground")


@dataclass(slots=True)
class Output:
    """An open file of results with its moments, seconds float64 (T,), NaN where none is told."""

    path: Path
    file: Any
    seconds: Float64
    mean: bool


@dataclass(slots=True)
class Field:
    """One variable: its name and the steps that hold it, (file, number), in order of time."""

    name: str
    mean: bool
    steps: list[tuple[Output, int]] = field(default_factory=list)

    @property
    def source(self) -> Any:
        """The variable in the first file."""
        return self.steps[0][0].file.variables[self.name]

    @property
    def key(self) -> str:
        """Its name without what tells the kind of section."""
        return self.name.removesuffix("_xy")


def vertical_key(item: Field) -> str:
    """The question that tells a field's level: "level" for air, names of their own for soil and plants; "" for none."""
    if len(item.source.dimensions) == 3:
        return ""
    name = item.source.dimensions[1]
    if name.startswith("zu1") or item.source.shape[1] == 1:
        return ""
    return "level" if re.match(r"z[uw]|k[uw]_", name) else f"level.{name.partition('_')[0]}"


def heights_of(file: Any, name: str) -> Float64:
    """The coordinate of a vertical dimension float64 (K,); numbers where the file has none."""
    if name in file.variables:
        return exact(file.variables[name][:])
    return np.arange(len(file.dimensions[name]), dtype=np.float64)


class Cut:
    """Cuts fields out at their level and writes them."""

    def __init__(self, draft: Draft, place: Place, levels: dict[str, Level | None], static: Any) -> None:
        self.draft, self.place, self.levels, self.static = draft, place, levels, static
        self._told: set[str] = set()

    def add(self, variable: Json, item: Field) -> None:
        """Write one field and add it to the package."""
        plane = self._plane(item)
        frames = self._frames(variable, item)
        file = write_planes(self.draft, variable["id"], plane, frames, len(item.steps))
        self.draft.add(variable | {"data": {"file": file}})

    def add_speed(self, work: list[tuple[Json, Field]]) -> None:
        """The speed of the wind in the middles of cells, where u and v are there and PALM wrote no speed itself."""
        found = {item.name: (raw, item) for raw, item in work if not item.mean or f"{item.name}-mean" == raw["id"]}
        for end in ("", "_xy"):
            if not {f"u{end}", f"v{end}"} <= set(found) or f"wspeed{end}" in found:
                continue
            (raw, u), (_, v) = found[f"u{end}"], found[f"v{end}"]
            if [number for _, number in u.steps] != [number for _, number in v.steps] or u.mean != v.mean:
                continue
            told: Json = {key: raw[key] for key in _KEPT if key in raw}
            variable: Json = {"id": f"wind-speed{end.replace('_', '-')}", "title": "Wind speed", "binding": "raster",
                              **told, "note": {"en": "Horizontal speed in the middles of cells, from u and v on their"
                              " sides; walls count as still air."}}  # fmt: skip
            pairs = zip(self._frames(dict(raw), u), self._frames(dict(raw), v), strict=True)
            across, along = u.source.dimensions[-1] == "xu", v.source.dimensions[-2] == "yv"
            frames = (speed(one, two, across, along) for one, two in pairs)
            plane = plane_of_axes(
                self._axis(u, "x" if "x" in u.steps[0][0].file.variables else "xu"),
                self._axis(v, "y" if "y" in v.steps[0][0].file.variables else "yv"),
                (self.place.east, self.place.north), self.place.angle,
            )  # fmt: skip
            self.draft.add(
                variable | {"data": {"file": write_planes(self.draft, variable["id"], plane, frames, len(u.steps))}}
            )

    def _axis(self, item: Field, name: str) -> Float64:
        return np.asarray(item.steps[0][0].file.variables[name][:], np.float64)

    def _plane(self, item: Field) -> Plane:
        y, x = item.source.dimensions[-2:]
        try:
            return plane_of_axes(
                self._axis(item, x), self._axis(item, y), (self.place.east, self.place.north), self.place.angle
            )
        except (ValueError, KeyError) as error:
            raise self.draft.refuse(item.steps[0][0].path, f"{item.name!r}: {error}.") from error

    def _frames(self, variable: Json, item: Field) -> Iterator[Float32]:
        """The field at its level, step by step; tells in ``variable`` and the notes which level that is."""
        key = vertical_key(item)
        level = self.levels.get(key)
        if len(item.source.dimensions) == 3:
            return (filled(out.file.variables[item.name][number]) for out, number in item.steps)
        if level is None:
            return (filled(out.file.variables[item.name][number, 0]) for out, number in item.steps)
        name = item.source.dimensions[1]
        heights = heights_of(item.steps[0][0].file, name)
        if level.above:
            variable["height_above_ground"] = level.height
            self._tell(f"Of each column the level nearest to {level.height:g} m above the terrain was taken.")
            return _column_frames(item, above_ground(heights, self._ground(item), level.height))
        number = nearest(heights, level.height)
        follows = name.startswith(("ku", "kw"))
        where = f"{heights[number]:g} m above the lowest ground"
        told = f"grid point {heights[number]:g} above the terrain" if follows else where
        variable["note"] = {"en": f"Level {number + 1} of {len(heights)} of {name}: {told}."}
        self._tell(f"{name}: the level taken is number {number + 1}, {told}.")
        return (filled(out.file.variables[item.name][step, number]) for out, step in item.steps)

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.draft.note(text)

    def _ground(self, item: Field) -> Float64:
        """Terrain under the places of a field float64 (rows, columns), above the zero of its levels."""
        y, x = item.source.dimensions[-2:]
        shape = item.source.shape[-2:]
        if self.static is None or "zt" not in self.static.variables:
            self._tell("The terrain was taken for flat.")
            return np.zeros(shape)
        terrain = np.asarray(filled(self.static.variables["zt"][:]), np.float64)
        lowest = float(np.nanmin(terrain))
        heights = [getattr(file, "origin_z", None) for file in (item.steps[0][0].file, self.static)]
        if heights[0] is not None and heights[1] is not None:
            raised = float(heights[0]) - float(heights[1])
            lowest = raised if 0 < raised <= lowest + 1.0 else lowest
        rows, columns = (self._match(item, name) for name in (y, x))
        here = terrain - lowest
        sides = [here[np.ix_(r, c)] for r in rows for c in columns]
        return np.asarray(np.maximum.reduce(sides), np.float64)

    def _match(self, item: Field, name: str) -> list[Int64]:
        """Rows (columns) of the terrain on which places along a dimension stand: one, or the two at whose border."""
        plain = name[0]
        own, cells = self._axis(item, name), np.asarray(self.static.variables[plain][:], np.float64)
        size = float(np.abs(np.diff(cells)).mean()) if len(cells) > 1 else 1.0
        sides = (-0.5, 0.5) if name in ("xu", "yv") and not np.isclose(own, cells[0], atol=0.1 * size).any() else (0.0,)
        out = []
        for side in sides:
            number = np.rint((own + side * size - cells[0]) / size).astype(np.int64)
            off = np.abs(cells[np.clip(number, 0, len(cells) - 1)] - own - side * size)
            if ((off > 0.1 * size) & (number >= 0) & (number < len(cells))).any() or (number >= len(cells) + 1).any():
                raise self.draft.refuse(item.steps[0][0].path, "its cells are not those of the static driver.",
                                        "Take the static driver of the same domain.")  # fmt: skip
            out.append(np.clip(number, 0, len(cells) - 1))
        return out


def _column_frames(item: Field, numbers: Int64) -> Iterator[Float32]:
    """A field at a level of its own in each column; NaN where the number is negative."""
    wanted = [int(number) for number in np.unique(numbers) if number >= 0]
    for output, step in item.steps:
        source = output.file.variables[item.name]
        frame = np.full(numbers.shape, np.nan, np.float32)
        for number in wanted:
            here = numbers == number
            frame[here] = filled(source[step, number])[here]
        yield frame


def speed(u: Float32, v: Float32, across: bool, along: bool) -> Float32:
    """Horizontal speed float32 (rows, columns) from u and v, in the middles of cells where ``across`` (u lies on the
    cells' western sides) and ``along`` (v on their southern sides); sides without a value are walls."""
    parts = [_middle(u, 1) if across else u, _middle(v, 0) if along else v]
    known = np.isfinite(parts[0]) | np.isfinite(parts[1])
    total = np.hypot(*(np.nan_to_num(part, nan=0.0) for part in parts))
    return np.where(known, total, np.float32(np.nan)).astype(np.float32)


def _middle(side: Float32, axis: int) -> Float32:
    """Means of the two sides of each cell; the last one has the same on both."""
    after = np.concatenate([np.delete(side, 0, axis), np.take(side, [-1], axis)], axis)
    known = np.isfinite(side) | np.isfinite(after)
    mean = (np.nan_to_num(side, nan=0.0) + np.nan_to_num(after, nan=0.0)) / 2
    return np.where(known, mean, np.float32(np.nan)).astype(np.float32)
