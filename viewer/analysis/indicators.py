"""Indicators by scenario: how many objects, how much ground, how many people have a value beyond a threshold, and who
gains and who loses. Every number keeps the objects behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from loaders.city import Bool, CityData, Float32, Float64, Int64
from viewer.analysis.bounds import object_boxes
from viewer.analysis.derived import derived
from viewer.analysis.legend import title_of

Good = Literal["low", "high", "none"]
_AMOUNTS = re.compile(r"^(residents|population|inhabitants|dwellings|households|jobs|beds|pupils)", re.IGNORECASE)
_GROUPED = re.compile(r"^(residents|population|inhabitants|households)_(.+)$", re.IGNORECASE)
SUPPRESS_BELOW = 10
"""Fewer people than this are not told by group: single households could be recognised."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is added up over the objects beyond a threshold.

    ``column``: "" counts objects, "@footprint" adds the area of their boxes' ground, else a numeric attribute.
    """

    id: str
    title: str
    unit: str
    column: str


@dataclass(frozen=True, slots=True, eq=False)
class IndicatorValue:
    """One cell: the sum, its range by the uncertainty of the values, and the object rows behind it (sorted)."""

    indicator: Indicator
    value: float
    low: float | None
    high: float | None
    rows: Int64
    total: float
    """The same over all objects looked at: what ``value`` is a part of."""


def indicators_of(city: CityData) -> tuple[Indicator, ...]:
    """Objects, footprint, and every attribute that counts people or dwellings."""
    found = [Indicator("objects", "Buildings", "", ""), Indicator("footprint", "Footprint", "m²", "@footprint")]
    for name, column in city.objects.columns.items():
        if column.is_numeric() and _AMOUNTS.match(name):
            found.append(Indicator(name, amount_title(name), "", name))
    grouped = [i for i in found if _GROUPED.match(i.column)]
    if len(grouped) > 1 and not any(i.column == "residents" for i in found):
        found.insert(2, Indicator("residents", "Residents", "", "+" + "+".join(i.column for i in grouped)))
    return tuple(found)


def amount_title(name: str) -> str:
    """ "residents_65_plus" -> "Residents 65 and over", "residents_0_17" -> "Residents 0-17"."""
    text = re.sub(r"_(\d+)_plus$", r" \1 and over", name)
    text = re.sub(r"_(\d+)_(\d+)$", "  \\1\u2013\\2", text)
    return " ".join(title_of(text).split())


def buildings_of(city: CityData) -> Bool:
    """bool (N,): whole buildings (not their parts), or every object that stands for itself if there is none."""
    names = np.array([name == "Building" for name in city.objects.type_names] or [False])
    codes = city.objects.type_codes
    mask = names[codes] if len(names) else np.zeros(len(codes), np.bool_)
    return np.asarray(mask if mask.any() else derived(city).first_parent < 0, np.bool_)


def amounts(city: CityData, indicator: Indicator) -> Float64:
    """What each object adds: float64 (N,), 0 where it has no value."""
    count = len(city.objects)
    if indicator.column == "":
        return np.ones(count)
    if indicator.column == "@footprint":
        return footprints(city)
    out = np.zeros(count)
    for name in indicator.column.split("+"):
        column = city.objects.columns.get(name)
        if column is not None and column.is_numeric():
            out += np.nan_to_num(column.as_float(), nan=0.0, posinf=0.0, neginf=0.0)
    return out


def footprints(city: CityData) -> Float64:
    """Ground covered by each object, m2, float64 (N,): the faces of its finest level of detail that look down, seen
    from above; where it has none, those that look up. Children count for their parent."""
    down, up = np.zeros((2, len(city.objects)))
    for mesh in city.lods.values():  # the finer level replaces the coarser
        tiles = mesh.tiles
        if not tiles.triangle_count:
            continue
        tile = np.repeat(np.arange(tiles.tile_count), np.diff(tiles.triangle_start))
        corners = tiles.triangles.astype(np.int64) + np.asarray(tiles.vertex_start)[tile][:, None]
        flat = tiles.positions[corners][:, :, :2].astype(np.float64)
        p, q = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
        area = 0.5 * (p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0])
        rows = tiles.tags[corners[:, 0], 0].astype(np.int64)
        here = np.bincount(rows, minlength=len(down)) > 0
        for side, sign in ((down, -1.0), (up, 1.0)):
            part = np.bincount(rows, np.maximum(sign * area, 0.0), minlength=len(side))
            side[here] = part[here]
    own = np.where(down > 0, down, up)
    base = derived(city)
    out = own.copy()
    np.add.at(out, base.edge_parent, own[base.edge_child])
    return out


def beyond(values: Float32, threshold: float, good: Good) -> Bool:
    """bool (N,): worse than the threshold: at least it, or where high values are good, at most it."""
    with np.errstate(invalid="ignore"):
        return np.asarray(values <= threshold if good == "high" else values >= threshold, np.bool_)


def indicator_value(
    city: CityData,
    indicator: Indicator,
    values: Float32,
    threshold: float,
    good: Good = "low",
    *,
    low: Float32 | None = None,
    high: Float32 | None = None,
    among: Bool | None = None,
) -> IndicatorValue:
    """Add up over the objects (``among``: those looked at) whose value (N,) is beyond the threshold."""
    among = buildings_of(city) if among is None else among
    adds = amounts(city, indicator)
    hit = beyond(values, threshold, good) & among
    sums: list[float | None] = [None, None]
    if low is not None and high is not None:
        ends = [float(adds[beyond(v, threshold, good) & among].sum()) for v in (low, high)]
        sums = [min(ends), max(ends)]
    rows = np.flatnonzero(hit)
    return IndicatorValue(indicator, float(adds[hit].sum()), sums[0], sums[1], rows, float(adds[among].sum()))


@dataclass(frozen=True, slots=True, eq=False)
class GroupChange:
    """How a group fares from A to B: people whose value gets better, worse, stays; None = too few to be told.

    ``rows_better`` and ``rows_worse`` are the objects behind the numbers, empty where these are not told.
    """

    group: str
    total: float
    better: float | None
    worse: float | None
    same: float | None
    rows_better: Int64
    rows_worse: Int64


def groups_of(city: CityData) -> tuple[Indicator, ...]:
    """Attributes that split people into groups ("residents_65_plus")."""
    return tuple(i for i in indicators_of(city) if _GROUPED.match(i.column))


def group_changes(
    city: CityData, a: Float32, b: Float32, good: Good, tolerance: float = 0.0, among: Bool | None = None
) -> list[GroupChange]:
    """Who gains and who loses: residents of each group by the change of the value at their building (N,).

    A change within ``tolerance`` counts as none. Where a group has fewer than `SUPPRESS_BELOW` people in a cell that
    is not empty, none of its cells is told, or the hidden one could be computed from the others.
    """
    among = buildings_of(city) if among is None else among
    with np.errstate(invalid="ignore"):
        change = (b - a).astype(np.float64)
    known = np.isfinite(change) & among
    fall, rise = known & (change < -tolerance), known & (change > tolerance)
    better, worse = (rise, fall) if good == "high" else (fall, rise)
    out = []
    for group in groups_of(city):
        adds = amounts(city, group)
        sums = [float(adds[mask].sum()) for mask in (better, worse, known & ~better & ~worse)]
        told: list[float | None] = list(sums)
        few = any(0 < value < SUPPRESS_BELOW for value in sums)
        if few:
            told = [None, None, None]
        rows = [_NO_ROWS if few else np.flatnonzero(mask & (adds > 0)) for mask in (better, worse)]
        out.append(GroupChange(group.title, float(adds[known].sum()), told[0], told[1], told[2], rows[0], rows[1]))
    return out


def histogram(
    values: Float32, breaks: tuple[float, ...], among: Bool, weights: npt.NDArray[np.float64]
) -> list[tuple[float, Int64]]:
    """What lies in each class (len(breaks) + 1 of them): the sum of weights, and the object rows."""
    known = np.isfinite(values) & among
    classes = np.searchsorted(np.asarray(breaks), values, side="right")
    out = []
    for k in range(len(breaks) + 1):
        rows = np.flatnonzero(known & (classes == k))
        out.append((float(weights[rows].sum()), rows))
    return out


def middle_of(city: CityData, rows: Int64) -> tuple[float, float] | None:
    """Mean of the middles of objects, x and y in the city's CRS; None if none has geometry."""
    boxes = object_boxes(city)[rows]
    boxes = boxes[~np.isnan(boxes[:, 0])]
    if not len(boxes):
        return None
    return float((boxes[:, 0] + boxes[:, 3]).mean() / 2), float((boxes[:, 1] + boxes[:, 4]).mean() / 2)


_NO_ROWS = np.zeros(0, np.int64)
