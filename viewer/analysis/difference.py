"""The difference of two scenarios, B minus A, on the support that both share; refused with a reason where they do not.

The range of a difference is that of interval arithmetic, [low B - high A, high B - low A] (R. E. Moore, Interval
Analysis, 1966): the widest there can be, right whether or not the errors of the two runs go together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, Float32, Int64, Strings
from loaders.layers import same_plane
from loaders.scenario.model import (
    NOT_MODELLED,
    Classes,
    Grid,
    Result,
    TimeAxis,
    Uncertainty,
    Variable,
)
from viewer.analysis.regrid import regridded

PALETTE = "balance"
"""Diverging: blue below zero, orange above, white for about none."""
SAME_PLACE_M = 0.01
"""Receivers without ids and nodes nearer than this are the same."""
SAME_RECEIVER_M = 0.5
"""Receivers of one id that stand farther apart in the two runs are different ones."""
WIDEST = (("en", "lowest of B minus highest of A, highest of B minus lowest of A"),)
"""What the range of a difference is."""
CLASS_STEPS = (0.1, 0.35, 0.7)
"""Class breaks on each side of zero, as shares of the largest difference (98th percentile)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why two results cannot be subtracted: one line for people."""

    reason: str


Pairs = tuple[Int64 | None, tuple[str, ...], tuple[str, ...]] | Refusal
"""Row of B for each row of A (-1 = none; None = the same order), and the ids that only one has."""


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What changes from A to B.

    Attributes:
        result: B minus A on A's support, one step; its variable has a diverging scale about zero. None for patches.
        only_a, only_b: ids (objects, features, receivers) that only one has: they are listed, never dropped quietly.
        lower, higher, same: rows whose value falls, rises or stays (exactly).
        unsure: rows whose range contains zero: better or worse cannot be told.
    """

    result: Result | None
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    lower: int = 0
    higher: int = 0
    same: int = 0
    unsure: int = 0


def difference(a: Result, b: Result, step_a: int, step_b: int) -> Difference | Refusal:
    """B at its step minus A at its step; memory-mapped steps are read, nothing else."""
    refusal = _unlike(a.variable, b.variable)
    if refusal is not None:
        return refusal
    if a.patch is not None or b.patch is not None:
        return _of_patches(a, b)
    pairs = _pairs(a, b)
    if isinstance(pairs, Refusal):
        return pairs
    order, only_a, only_b = pairs
    goal = _goal(a, b)
    values = _less(_step(b, b.values, step_b, order, goal), _step(a, a.values, step_a, None, goal))
    low = high = None
    if a.low is not None and a.high is not None and b.low is not None and b.high is not None:
        low = _less(_step(b, b.low, step_b, order, goal), _step(a, a.high, step_a, None, goal))
        high = _less(_step(b, b.high, step_b, order, goal), _step(a, a.low, step_a, None, goal))
    result = _result(a, b, values, low, high)
    if goal is not None:
        result = replace(result, grid=goal, variable=replace(result.variable, note=_resampled(a, b)))
    known = np.isfinite(values)
    lower, higher = int(np.count_nonzero(values[known] < 0)), int(np.count_nonzero(values[known] > 0))
    unsure = 0 if low is None or high is None else _spanning(low[known], high[known])
    return Difference(result, only_a, only_b, lower, higher, int(np.count_nonzero(known)) - lower - higher, unsure)


def _spanning(low: Float32, high: Float32) -> int:
    """How many ranges contain zero; one that is nothing but zero is sure."""
    return int(np.count_nonzero((low <= 0) & (high >= 0) & (low < high)))


def _unlike(a: Variable, b: Variable) -> Refusal | None:
    """Why two variables are not the same quantity."""
    if a.binding != b.binding:
        return Refusal(f"One is given by {a.binding}, the other by {b.binding}.")
    if a.binding == "trajectories":
        return Refusal("Ways of vehicles cannot be subtracted; show the two side by side.")
    if a.unit != b.unit:
        return Refusal(f"One is in {a.unit_label or a.unit}, the other in {b.unit_label or b.unit}.")
    same_name = a.standard_name and a.standard_name == b.standard_name
    if a.id != b.id and not same_name:
        return Refusal(f"{a.id!r} and {b.id!r} are different quantities.")
    if a.height_above_ground != b.height_above_ground:
        heights = [f"{h:g} m" if h is not None else "an unknown height" for h in
                   (a.height_above_ground, b.height_above_ground)]  # fmt: skip
        return Refusal(f"One holds at {heights[0]} above the ground, the other at {heights[1]}.")
    return None


def _pairs(a: Result, b: Result) -> Pairs:
    """Which rows are subtracted from which."""
    if a.grid is not None and b.grid is not None:
        refusal = None if _goal(a, b) is not None else _same_grid(a.grid, b.grid)
        return refusal or (None, (), ())
    if a.ids is not None and b.ids is not None:
        return _matched_once(a, b)
    if a.places is not None and b.places is not None:
        near = a.places.shape == b.places.shape and bool((np.abs(a.places - b.places) <= SAME_PLACE_M).all())
        return (None, (), ()) if near else Refusal("The receivers of the two runs stand at different places.")
    if _same_mesh(a, b):
        return None, (), ()
    return Refusal("The two runs have different meshes. Give both on one grid to compare them.")


_MATCHED: dict[tuple[int, ...], tuple[tuple[object, ...], Pairs]] = {}


def _matched_once(a: Result, b: Result) -> Pairs:
    """Rows with the same ids; that of the last few pairs is kept, for ids stay the same from step to step."""
    told = (a.ids, b.ids, a.surfaces, b.surfaces, a.places, b.places, a.normals, b.normals)
    key = tuple(map(id, told))
    kept = _MATCHED.get(key)
    if kept is None:
        found = _by_ids(_keys(a), _keys(b))
        pairs = found if isinstance(found, Refusal) else _standing(a, b, *found)
        while len(_MATCHED) >= 8:
            _MATCHED.pop(next(iter(_MATCHED)), None)
        kept = _MATCHED[key] = told, pairs  # what is told stays alive as long as its numbers are the key
    return kept[1]


def _goal(a: Result, b: Result) -> Grid | None:
    """The grid that both are brought to, where they lie on different ones and a publisher allows that; else None."""
    if a.grid is None or b.grid is None or _same_grid(a.grid, b.grid) is None:
        return None
    if a.grid.crs.name and b.grid.crs.name and not same_plane(a.grid.crs.name, b.grid.crs.name):
        return None
    if b.variable.resampling:
        return a.grid
    return b.grid if a.variable.resampling else None


def _resampled(a: Result, b: Result) -> tuple[tuple[str, str], ...]:
    moved, how = ("B", b.variable.resampling) if b.variable.resampling else ("A", a.variable.resampling)
    other = "A" if moved == "B" else "B"
    return (("en", f"{moved} was brought to the grid of {other} ({how}), as its publisher allows."),)


def _same_grid(a: Grid, b: Grid) -> Refusal | None:
    if (a.rows, a.columns) != (b.rows, b.columns):
        return Refusal(
            f"Their grids differ: {a.columns} x {a.rows} cells and {b.columns} x {b.rows}. Bring both to one grid."
        )
    size = math.hypot(a.transform[0], a.transform[3])
    if any(abs(p - q) > 1e-3 * size for p, q in zip(a.transform, b.transform, strict=True)):
        return Refusal("Their grids lie at different places or have cells of different size. Bring both to one grid.")
    if a.crs.name and b.crs.name and not same_plane(a.crs.name, b.crs.name):
        return Refusal(f"One grid is in {a.crs.name}, the other in {b.crs.name}.")
    return None


def _keys(result: Result) -> list[str]:
    ids = (result.ids or Strings.from_list([])).to_list()
    if result.surfaces is None:
        return ids
    return [f"{name}\0{number}" for name, number in zip(ids, result.surfaces.tolist(), strict=True)]


def _by_ids(a: list[str], b: list[str]) -> Pairs:
    if a == b:
        return None, (), ()
    there = {name: row for row, name in enumerate(b)}
    if len(there) < len(b) or len(set(a)) < len(a):
        return Refusal("Several rows of a run have the same id: which belong together cannot be told.")
    order = np.fromiter((there.get(name, -1) for name in a), np.int64, len(a))
    only_a = tuple(a[row].replace("\0", " surface ") for row in np.flatnonzero(order < 0).tolist())
    have = set(a)
    only_b = tuple(name.replace("\0", " surface ") for name in b if name not in have)
    if len(only_a) == len(a):
        return Refusal("The two runs have no object in common.")
    return order, only_a, only_b


def _standing(a: Result, b: Result, order: Int64 | None, only_a: tuple[str, ...], only_b: tuple[str, ...]) -> Pairs:
    """The pairs without receivers that stand at another place in the other run: those are not the same."""
    if a.places is None or b.places is None or a.ids is None:
        return order, only_a, only_b
    rows = np.arange(len(a.places)) if order is None else order
    there = rows >= 0
    apart = np.zeros(len(rows), np.bool_)
    apart[there] = (np.abs(a.places[there] - b.places[rows[there]]) > SAME_RECEIVER_M).any(axis=1)
    if not apart.any():
        return order, only_a, only_b
    if apart.sum() == there.sum():
        return Refusal("The receivers of the two runs stand at different places.")
    moved = tuple(a.ids[row] for row in np.flatnonzero(apart).tolist())
    return np.where(apart, -1, rows), (*only_a, *moved), (*only_b, *moved)


def _same_mesh(a: Result, b: Result) -> bool:
    if a.overlay is None or b.overlay is None or a.values.shape[1:] != b.values.shape[1:]:
        return False
    one, two = a.overlay.bbox, b.overlay.bbox
    if one is None or two is None or not np.allclose(one[[0, 1, 3, 4]], two[[0, 1, 3, 4]], atol=SAME_PLACE_M):
        return False
    meshes = [next(iter(city.lods.values())).tiles for city in (a.overlay, b.overlay)]
    flat = [mesh.positions[:, :2] for mesh in meshes]
    return flat[0].shape == flat[1].shape and bool(np.allclose(flat[0], flat[1], atol=SAME_PLACE_M))


def _step(result: Result, values: Float32, step: int, order: Int64 | None, goal: Grid | None) -> Float32:
    """Values of a step in A's order (on the grid ``goal``), as a copy; in water, dry cells that were modelled are 0
    deep."""
    out = np.array(values[step], np.float32)
    if result.level is not None:
        gaps = np.isnan(out)
        if values is not result.values and result.low is not None and result.high is not None:
            # of a wet place whose range is not known it stays unknown
            gaps &= ~(np.isnan(result.low[step]) & np.isnan(result.high[step]) & (result.values[step] > 0))
        out[gaps] = 0.0
    if goal is not None and result.grid is not None and result.grid is not goal:
        return regridded(out, result.grid, goal, result.variable.resampling)
    if order is not None:
        out = np.where(order >= 0, out[order], np.float32(np.nan))
    return out


def _less(b: Float32, a: Float32) -> Float32:
    """b - a; NaN where one has no value, `NOT_MODELLED` where either was not modelled."""
    outside: Bool = (a == NOT_MODELLED) | (b == NOT_MODELLED)
    with np.errstate(invalid="ignore"):
        out = b - a
    out[outside] = NOT_MODELLED
    return out


def _result(a: Result, b: Result, values: Float32, low: Float32 | None, high: Float32 | None) -> Result:
    both = low is not None
    kind = Uncertainty("minmax", WIDEST) if both else Uncertainty("not_quantified", _no_range(a, b))
    variable = replace(
        a.variable,
        id=f"{a.variable.id}-difference",
        title=tuple((language, f"{title}: change") for language, title in a.variable.title),
        classes=classes_of(values),
        palette=PALETTE,
        range=None,
        zero_is_none=False,  # it is the middle class; the tone of zero is too much like that of a small decrease
        uncertainty=kind,
    )
    axis = TimeAxis("static", np.zeros(1), dated=False)
    return replace(
        a,
        variable=variable,
        time=axis,
        values=values[None],
        low=None if low is None else low[None],
        high=None if high is None else high[None],
        level=None,
    )


def _no_range(a: Result, b: Result) -> tuple[tuple[str, str], ...]:
    for result in (a, b):
        if result.low is None:
            return result.variable.uncertainty.reason or (("en", "One of the two runs tells no range."),)
    return ()


def classes_of(values: npt.NDArray[np.floating]) -> Classes:
    """Six classes round zero, symmetrical, with round breaks from the 98th percentile of the differences."""
    sizes = np.abs(values[np.isfinite(values)])
    sizes = sizes[sizes > 0]
    top = float(np.quantile(sizes, 0.98)) if len(sizes) else 1.0
    ends: list[float] = []
    for share in CLASS_STEPS:
        end = round_number(top * share)
        while ends and end <= ends[-1]:
            end = round_number(end * 1.6)
        ends.append(end)
    return Classes((*(-end for end in reversed(ends)), *ends), source="Computed by the program, symmetrical about zero")


def round_number(value: float) -> float:
    """The nearest of 1, 2, 2.5, 5 times a power of ten."""
    if value <= 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    best = min((1.0, 2.0, 2.5, 5.0, 10.0), key=lambda step: abs(step - value / power))
    return float(f"{best * power:.6g}")


def _of_patches(a: Result, b: Result) -> Difference:
    """What is removed or added in only one of two changes to the city."""
    one, two = (_changes(result) for result in (a, b))
    return Difference(None, tuple(sorted(one - two)), tuple(sorted(two - one)), same=len(one & two))


def _changes(result: Result) -> set[str]:
    removed = set() if result.patch is None else {f"- {name}" for name in result.patch.removed}
    added = set() if result.overlay is None else {f"+ {name}" for name in result.overlay.objects.ids}
    return removed | added
