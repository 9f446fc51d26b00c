"""Whether a `Scenario` keeps the promises of `loaders.scenario.model`; what lies in a cache is not trusted.

Values themselves are not looked at: they may be gigabytes, and any float32 can be drawn.
"""

from __future__ import annotations

import math

import numpy as np

from loaders._codec import Array, Damaged
from loaders.check import check_city
from loaders.city import CityData, Strings
from loaders.scenario.model import Moves, Patch, Result, Scenario


def check_scenario(scenario: Scenario) -> None:
    """Check shapes, index ranges and finiteness of what is drawn; raises `Damaged` naming the first misfit."""
    for name, result in scenario.results.items():
        _need(result.variable.id == name, f"results[{name!r}]: of another variable")
        _result(result, f"results[{name!r}]")


def _result(result: Result, where: str) -> None:
    steps = len(result.time)
    _need(len(result.time.starts.shape) == 1 and bool(np.isfinite(result.time.starts).all()), f"{where}.time")
    if result.variable.binding in ("trajectories", "patch"):
        _motion(result, where)
        return
    _need(result.values.ndim == (3 if result.grid is not None else 2), f"{where}.values: axes")
    _need(len(result.values) == steps, f"{where}.values: {len(result.values)} steps instead of {steps}")
    for name in ("low", "high", "level"):
        array = getattr(result, name)
        _need(array is None or array.shape == result.values.shape, f"{where}.{name}: another shape than values")
    if result.grid is not None:
        grid = result.grid
        _need(result.values.shape[1:] == (grid.rows, grid.columns), f"{where}.grid: another shape than values")
        a, b, _, d, e, _ = grid.transform
        _need(all(map(math.isfinite, grid.transform)) and a * e != b * d, f"{where}.grid: no cells")
        return
    rows = result.values.shape[1]
    for name in ("ids", "owners"):
        texts = getattr(result, name)
        _need(texts is None or (len(texts) == rows and _strings(texts)), f"{where}.{name}")
    _need(result.surfaces is None or result.surfaces.shape == (rows,), f"{where}.surfaces")
    for name in ("places", "normals"):
        array = getattr(result, name)
        _need(array is None or (array.shape == (rows, 3) and _finite(array)), f"{where}.{name}")
    if result.overlay is not None:
        _overlay(result.overlay, result.vertex_rows, rows, where)


def _overlay(overlay: CityData, vertex_rows: Array | None, rows: int, where: str) -> None:
    check_city(overlay)
    if vertex_rows is None:
        _need(len(overlay.objects) == rows, f"{where}.overlay: {len(overlay.objects)} objects for {rows} rows")
        return
    vertices = sum(len(mesh.tiles.positions) for mesh in overlay.lods.values())
    _need(vertex_rows.shape == (vertices,), f"{where}.vertex_rows: another number than vertices")
    if vertices:
        _need(bool(vertex_rows.min() >= 0 and vertex_rows.max() < rows), f"{where}.vertex_rows: out of range")


def _motion(result: Result, where: str) -> None:
    if result.overlay is not None:
        check_city(result.overlay)
    if result.moves is not None:
        _moves(result.moves, f"{where}.moves")
    if result.patch is not None:
        _patch(result.patch, len(result.overlay.objects) if result.overlay is not None else 0, f"{where}.patch")


def _moves(moves: Moves, where: str) -> None:
    movers, samples = len(moves.ids), len(moves.times)
    _need(_strings(moves.ids) and moves.kinds.shape == (movers,), f"{where}.kinds")
    _need(not movers or int(moves.kinds.max()) < len(moves.kind_names), f"{where}.kinds: out of range")
    starts = moves.start
    good = starts.shape == (movers + 1,) and starts[0] == 0 and starts[-1] == samples and (np.diff(starts) >= 0).all()
    _need(bool(good), f"{where}.start")
    _need(moves.positions.shape == (samples, 3) and _finite(moves.positions), f"{where}.positions")
    _need(moves.values.shape == (samples,) and _finite(moves.times), f"{where}.times")


def _patch(patch: Patch, added: int, where: str) -> None:
    _need(_strings(patch.removed) and patch.removed_at.shape == (len(patch.removed),), f"{where}.removed")
    _need(_strings(patch.replaces) and len(patch.replaces) == added, f"{where}.replaces")
    _need(patch.added_from.shape == (added,), f"{where}.added_from")


def _strings(texts: Strings) -> bool:
    offsets = texts.offsets
    good = offsets.ndim == 1 and len(offsets) > 0 and offsets[0] == 0 and offsets[-1] == len(texts.data)
    return bool(good and (np.diff(offsets) >= 0).all())


def _finite(array: Array) -> bool:
    return not array.size or bool(np.isfinite(array.min()) and np.isfinite(array.max()))


def _need(condition: bool, text: str) -> None:
    if not condition:
        raise Damaged(text)
