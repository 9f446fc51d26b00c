"""Rasters, water, values at nodes and moving things of scenarios: what is coloured from the values themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import numpy as np

from loaders.city import Float32, UInt8
from loaders.layers import same_plane
from loaders.scenario.model import NOT_MODELLED, Grid, Moves, Result
from viewer.analysis.comparing import Asker, Painted, Showing, token
from viewer.analysis.facades import FacadeGrid
from viewer.analysis.fields import NOT_MODELLED_RGB, ZERO_RGB, Scale, codes_of
from viewer.analysis.moving import moving_at, trails_at
from viewer.analysis.palettes import NO_DATA
from viewer.analysis.planes import moved
from viewer.analysis.steps import read_step
from viewer.document.document import Document
from viewer.document.overlays import overlay_id
from viewer.render.scenario_texels import hatch_mask
from viewer.render.state import (
    FieldGrid,
    GroundLook,
    MoverLook,
    MoverSet,
    NodeLook,
    RenderState,
    ValueScale,
    WaterLook,
    WaterStep,
)

PLAIN_MOVER = (40, 60, 90)
"""Movers of a result that tells no values."""

Made = TypeVar("Made")
_LAST: WeakKeyDictionary[Document, dict[tuple[str, str], Any]] = WeakKeyDictionary()
"""What was made last, by the name of the picture's part and what it is."""

Pair = tuple[Painted | None, Painted | None]


def with_fields(
    document: Document,
    shown: Showing,
    ask: Asker,
    facades: Mapping[str, FacadeGrid],
    state: RenderState,
    painted: Pair,
    name: str,
) -> RenderState:
    """The state with ground, water, nodes and movers of two sides (of one, if the second is None)."""
    crs = document.state.crs
    a, b = (one if one is None or _has_place(one.result.grid, crs) else None for one in painted)
    painted = a, b
    if shown.scale is None or all(one is None for one in painted):
        return state
    fields = _Fields(document, shown, ask, shown.scale, facades, name)
    kinds = [_kind(one.result) if one is not None else "" for one in painted]
    before = _LAST.setdefault(document, {})

    def kept(part: str, made: Made) -> Made:
        """The thing made before if it is the same: the renderer tells by identity what differs."""
        old = before.get((name, part))
        if old is not None and _alike(old, made):
            return cast(Made, old)
        before[name, part] = made
        return made

    if "ground" in kinds or "water" in kinds:
        state = replace(state, ground=kept("ground", fields.ground(painted, kinds)))
    if "water" in kinds:
        state = replace(state, water=kept("water", fields.water(painted, kinds)))
    if "movers" in kinds:
        state = replace(state, movers=fields.movers(painted, kinds))
    return replace(state, nodes=kept("nodes", fields.nodes(painted)))


def _alike(a: object, b: object) -> bool:
    """True if two looks show the same: arrays by identity, what holds them part by part."""
    if a is b:
        return True
    if type(a) is not type(b) or isinstance(a, np.ndarray):
        return False
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(_alike(one, two) for one, two in zip(a, b, strict=True))
    if is_dataclass(a) and not isinstance(a, ValueScale | type):
        return all(_alike(getattr(a, field.name), getattr(b, field.name)) for field in fields_of(a))
    return a == b


@lru_cache(maxsize=64)
def value_scale(scale: Scale) -> ValueScale:
    """A scale as the shader takes it."""
    return ValueScale(
        scale.colours,
        scale.breaks,
        scale.ramp,
        scale.low,
        scale.high,
        ZERO_RGB if scale.zero else None,
        NO_DATA,
        NOT_MODELLED_RGB,
    )


def transform_in(grid: Grid, crs: str | None) -> tuple[float, float, float, float, float, float]:
    """Where a raster lies in the project's CRS: its own transform, or the one through three of its corners."""
    own = grid.crs.name
    if own is None or crs is None or same_plane(own, crs):
        return grid.transform
    return _moved(grid.transform, grid.rows, grid.columns, own, crs)


def _has_place(grid: Grid | None, crs: str | None) -> bool:
    """False for a raster that lies nowhere in the project's CRS."""
    return grid is None or all(map(math.isfinite, transform_in(grid, crs)))


@lru_cache(maxsize=64)
def _moved(
    transform: tuple[float, float, float, float, float, float], rows: int, columns: int, own: str, crs: str
) -> tuple[float, float, float, float, float, float]:
    a, b, c, d, e, f = transform
    corners = np.array([[0, 0], [columns, 0], [0, rows]], np.float64)
    x = a * corners[:, 0] + b * corners[:, 1] + c
    y = d * corners[:, 0] + e * corners[:, 1] + f
    east, north = moved(own, crs, x, y)
    return (
        float(east[1] - east[0]) / columns,
        float(east[2] - east[0]) / rows,
        float(east[0]),
        float(north[1] - north[0]) / columns,
        float(north[2] - north[0]) / rows,
        float(north[0]),
    )


def node_numbers(result: Result, step: int, grid: FacadeGrid | None, hatch: bool) -> tuple[Float32, Float32 | None]:
    """Values float32 (K,) at the nodes of a mesh, or of walls made of receivers, and the ends of their ranges float32
    (K, 2); None where they are not quantified or nothing is hatched."""
    values = read_step(result.values, step)
    ranges = None
    if hatch and result.low is not None and result.high is not None:
        low, high = read_step(result.low, step), read_step(result.high, step)
        ranges = np.stack([low, high], axis=1) if grid is None else grid.node_ranges(values, low, high)
    return (values if grid is None else grid.node_values(values)), ranges


def _kind(result: Result) -> str:
    if result.grid is not None:
        return "water" if result.level is not None else "ground"
    return "movers" if result.moves is not None else ""


class _Fields:
    """Asks for what is needed and puts it together."""

    def __init__(
        self,
        document: Document,
        shown: Showing,
        ask: Asker,
        scale: Scale,
        facades: Mapping[str, FacadeGrid],
        name: str,
    ) -> None:
        self._document, self._shown, self._ask, self._scale = document, shown, ask, scale
        self._facades, self._name = facades, name
        self._view = document.state.scenario_view
        self._crs = document.state.crs

    def ground(self, painted: Pair, kinds: list[str]) -> GroundLook | None:
        """Rasters on the ground; of water what is beside it."""
        make = {"ground": self._grid, "water": self._beside}
        a, b = (
            make[kind](one, number) if one is not None and kind in make else None
            for number, (one, kind) in enumerate(zip(painted, kinds, strict=True))
        )
        if a is None and b is None:
            return None
        smooth = all(one is None or one.result.variable.resampling != "nearest" for one in painted)
        return GroundLook(a, value_scale(self._scale), b, smooth)

    def _grid(self, painted: Painted, side: int) -> FieldGrid | None:
        result, scale = painted.result, self._scale
        assert result.grid is not None
        values = self._step(result, result.values, painted.step, "raster", side)
        if values is None:
            return None
        return FieldGrid(transform_in(result.grid, self._crs), values, self._marks(painted, scale, side))

    def _beside(self, painted: Painted, side: int) -> FieldGrid | None:
        """Beside water: what was not modelled, and what is dry but may be wet; None where there is neither."""
        result, scale, hatch = painted.result, self._scale, self._view.hatch
        assert result.grid is not None

        def make(step: int) -> tuple[Float32, UInt8 | None] | None:
            depth = read_step(result.values, step)
            marks = hatch_mask(result, step, scale) if hatch else None
            if marks is not None:
                marks[depth > 0] = 0
            outside = depth == NOT_MODELLED
            if not outside.any() and (marks is None or not marks.any()):
                return None
            return np.where(outside, NOT_MODELLED, np.float32(np.inf)), marks

        key, rest = ("beside", self._name, side), (token(result.values), scale, hatch)
        found = self._ask.step(key, rest, len(result.values), self._nearest(result, painted.step), make)
        if found is None:
            return None
        return FieldGrid(transform_in(result.grid, self._crs), found[0], found[1])

    def _nearest(self, result: Result, step: int) -> int:
        """The step that the moment is nearest to."""
        return step + (1 if self._mix(result, step) > 0.5 else 0)

    def _step(self, result: Result, values: Float32, step: int, family: str, side: int) -> Float32 | None:
        key = (family, self._name, side)
        return self._ask.step(key, (token(values),), len(values), step, lambda k: read_step(values, k))

    def _marks(self, painted: Painted, scale: Scale, side: int) -> UInt8 | None:
        result = painted.result
        if result.low is None or result.high is None or not self._view.hatch:
            return None
        step = self._nearest(result, painted.step) if result.level is not None else painted.step
        rest = (token(result.low), scale)
        return self._ask.step(
            ("marks", self._name, side), rest, len(result.values), step, lambda k: hatch_mask(result, k, scale)
        )

    def water(self, painted: Pair, kinds: list[str]) -> WaterLook | None:
        """Water surfaces at heights of their own."""
        a, b = (
            self._water(one, number) if one is not None and kind == "water" else None
            for number, (one, kind) in enumerate(zip(painted, kinds, strict=True))
        )
        return None if a is None and b is None else WaterLook(a, value_scale(self._scale), b)

    def _water(self, painted: Painted, side: int) -> WaterStep | None:
        result, k = painted.result, painted.step
        assert result.grid is not None and result.level is not None
        levels, values = result.level, result.values

        def make(step: int) -> tuple[Float32, Float32]:
            return read_step(levels, step), read_step(values, step)

        now = self._water_step(result, k, side, make)
        if now is None:
            return None
        place, marks = transform_in(result.grid, self._crs), self._marks(painted, self._scale, side)
        mix = self._mix(result, k)
        later = self._water_step(result, k + 1, side, make) if mix > 0.0 else None
        if later is None:
            return WaterStep(place, now[0], now[1], uncertain=marks)
        return WaterStep(place, now[0], now[1], later[0], later[1], mix, marks)

    def _water_step(
        self, result: Result, step: int, side: int, make: Callable[[int], tuple[Float32, Float32]]
    ) -> tuple[Float32, Float32] | None:
        """Level and depth. Two steps that follow each other are of different families: both are seen at once."""

        def key(k: int) -> tuple[Hashable, ...]:
            return (("water", self._name, side, k % 2), token(result.values), k)

        found = self._ask.once(key(step)[0], key(step)[1:], lambda: make(step))
        if found is not None and not self._ask.wait and step + 2 < len(result.values):
            self._ask.steps.ahead(key(step)[0], [(key(step + 2), lambda: make(step + 2))])
        return found

    def _mix(self, result: Result, step: int) -> float:
        """How far the moment is from a step to the next; only instants have something between them."""
        time, moment = result.time, self._shown.moment
        if time.kind != "instants" or moment is None or not self._shown.dated or step + 1 >= len(time):
            return 0.0
        here, there = float(time.starts[step]), float(time.starts[step + 1])
        return min(max((moment - here) / (there - here), 0.0), 1.0) if there > here else 0.0

    def nodes(self, painted: Pair) -> tuple[NodeLook, ...]:
        """Values at nodes: of meshes, and of walls made of receivers."""
        found = []
        for side, one in enumerate(painted):
            if one is None:
                continue
            layer_id = overlay_id(one.owner, self._view.variable)
            result, grid = one.result, self._facades.get(layer_id)
            rows = grid.vertex_rows if grid is not None else result.vertex_rows
            if rows is None or layer_id not in self._document.cities:
                continue

            hatch = self._view.hatch

            def make(
                k: int, result: Result = result, grid: FacadeGrid | None = grid, hatch: bool = hatch
            ) -> tuple[Float32, Float32 | None]:
                return node_numbers(result, k, grid, hatch)

            key = ("nodes", self._name, side)
            rest = (token(result.values), token(rows), hatch)
            numbers = self._ask.step(key, rest, len(result.values), one.step, make)
            if numbers is not None:
                found.append(NodeLook(layer_id, rows, numbers[0], value_scale(self._scale), ranges=numbers[1]))
        return tuple(found)

    def movers(self, painted: Pair, kinds: list[str]) -> MoverLook:
        """Vehicles and people where they are at the moment."""
        a, b = (
            self._movers(one.result.moves) if one is not None and one.result.moves is not None else None
            for one in painted
        )
        return MoverLook(a, b)

    def _movers(self, moves: Moves) -> MoverSet:
        when = self._shown.moment
        if when is None or not self._shown.dated:
            when = float(moves.times.min()) if len(moves.times) else 0.0
        found = moving_at(moves, when)
        codes = codes_of(np.asarray(found.values, np.float32), self._scale)
        rgb = np.ascontiguousarray(np.take(self._scale.words, codes).view(np.uint8).reshape(-1, 4)[:, :3])
        states = None
        if np.isfinite(moves.values).any():
            states = np.isnan(found.values).astype(np.uint8) + 2 * (found.values == NOT_MODELLED).astype(np.uint8)
        else:
            rgb[:] = PLAIN_MOVER
        trails = trails_at(moves, found, when) if self._view.trails else None
        kinds = np.asarray(moves.kinds)[found.rows]
        return MoverSet(kinds, moves.kind_names, found.positions, found.headings, rgb, trails, states)
