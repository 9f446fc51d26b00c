"""Small numbers in a table of people are hidden, and as many others that nobody can compute them from totals.

A cell (zone, group) of an indicator is *small* if it counts fewer people than the table's ``suppress_below``: the count
itself, the denominator, or share x denominator. Hiding it is not enough where a row or column has a total: the hidden
number is the total less the others. So for every small cell three more are hidden that make a rectangle with it: one
in its row, one in its column, and the one across. All sums stay the same if the small cell grows by some d, its two
neighbours shrink by d and the cell across grows by d (totals change the other way round: they grow with their parts).
Those that shrink are chosen to hold at least ``suppress_below``. So every value from the true one up to
``suppress_below`` more fits all that is shown, even for somebody who knows that counts are not negative. Totals are
cells like others; those that are not published need not be hidden.

Hiding more cells never opens a rectangle again, so each table needs one pass. Where no rectangle exists, all of that
indicator is hidden. Groups of several dimensions (sex, age) each add up to the same total: rectangles then stay inside
one dimension, which leaves all totals of zones as they are. Denominators are shared by the indicators of a table, so
they are protected first, together; where they are hidden, values are too. Means and shares tell nothing more, as their
sums (mean x denominator) have the same hidden cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from loaders.city import Bool, Float64
from loaders.scenario.model import Disaggregation, TableRow

HIDDEN = "Hidden: too few people, or needed to hide such a number."


@dataclass(slots=True, eq=False)
class _Grid:
    """Zones x groups of one array: numbers (NaN = not published), which are hidden, and the signs of totals."""

    numbers: Float64
    hidden: Bool
    total_row: int
    total_column: int


def suppress(table: Disaggregation) -> Disaggregation:
    """The table with small cells and their companions hidden: value, denominator and range None, ``note`` `HIDDEN`."""
    zones = {name: number for number, name in enumerate(table.zones)}
    groups = {name: number for number, name in enumerate(table.groups)}
    kinds = table.kinds or ("count",) * len(table.indicators)
    shape = (len(zones), len(groups))
    cells = {(row.indicator, zones[row.zone], groups[row.group]): row for row in table.rows}
    people = {name: np.full(shape, np.nan) for name, _ in table.indicators}
    counts = {name: np.full(shape, np.nan) for name, _ in table.indicators}
    scale = {name: 0.01 if unit == "%" else 1.0 for name, unit in table.indicators}
    for ((name, zone, group), row), kind in ((item, _kind(table, kinds, item[0][0])) for item in cells.items()):
        people[name][zone, group] = np.nan if row.denominator is None else row.denominator
        counts[name][zone, group] = _count(row, kind, scale[name])
    small = np.zeros(shape, np.bool_)
    for numbers in people.values():
        small |= numbers < table.suppress_below
    shared = small.copy()  # hidden for one indicator is hidden for all: their denominators are often the same
    for numbers in people.values():
        shared = _protect(table, numbers, small, shared)
    hidden = {}
    for name, numbers in counts.items():
        own = small | (numbers < table.suppress_below)
        hidden[name] = _protect(table, numbers, own, shared | own)
    rows = []
    for row in table.rows:
        place = zones[row.zone], groups[row.group]
        gone, none = bool(hidden[row.indicator][place]), bool(shared[place])
        rows.append(_hide(row, none) if gone or none else row)
    return replace(table, rows=tuple(rows))


def _kind(table: Disaggregation, kinds: tuple[str, ...], name: str) -> str:
    return kinds[[own for own, _ in table.indicators].index(name)]


def _count(row: TableRow, kind: str, scale: float) -> float:
    """People that a value is about; NaN for a mean, which is about its denominator."""
    if row.value is None or kind == "mean":
        return np.nan
    if kind == "count":
        return row.value
    return np.nan if row.denominator is None else row.value * scale * row.denominator


def _hide(row: TableRow, denominator: bool) -> TableRow:
    kept = None if denominator else row.denominator
    return replace(row, value=None, denominator=kept, low=None, high=None, note=HIDDEN)


def _protect(table: Disaggregation, numbers: Float64, small: Bool, before: Bool) -> Bool:
    """What has to be hidden of one array of zones x groups: ``before``, and companions of the cells in ``small``."""
    hidden = before.copy()
    if not np.isfinite(numbers).any():
        return hidden
    total_zone = table.zones.index(table.total_zone) if table.total_zone else -1
    total_group = table.groups.index(table.total_group) if table.total_group and len(table.groups) > 1 else -1
    dimensions = table.dimensions or ("",) * len(table.groups)
    names = _names(dimensions, total_group)
    single = len(names) == 1
    for dimension in names:
        columns = _columns(dimensions, dimension, total_group)
        has_total = single and total_group >= 0
        own = np.array(columns + ([total_group] if has_total else []), np.int64)
        part = _widened(numbers[:, own], hidden[:, own], total_zone, has_total, single)
        _close(part, small[:, own], table.suppress_below)
        hidden[:, own] |= part.hidden[: len(table.zones), : len(own)]
    if not single and total_group >= 0:
        _protect_totals(table, numbers, hidden, small, total_group, total_zone, dimensions)
    return hidden


def _widened(part: Float64, gone: Bool, total_zone: int, has_total: bool, single: bool) -> _Grid:
    """The cells with a row and, in a single dimension, a column for totals that are not published (hidden)."""
    total_column = part.shape[1] - 1 if has_total else -1
    if not has_total and single:
        part = np.column_stack([part, np.full(len(part), np.nan)])
        gone = np.column_stack([gone, np.ones(len(gone), np.bool_)])
        total_column = part.shape[1] - 1
    total_row = total_zone
    if total_zone < 0:
        part = np.vstack([part, np.full(part.shape[1], np.nan)])
        gone = np.vstack([gone, np.ones(gone.shape[1], np.bool_)])
        total_row = len(part) - 1
    return _Grid(part, gone | ~np.isfinite(part), total_row, total_column)


def _close(grid: _Grid, small: Bool, least: float) -> None:
    """Hide, for every small cell, the cheapest rectangle that protects it."""
    rows, columns = grid.numbers.shape
    sign = np.ones((rows, columns))
    sign[grid.total_row, :] *= -1
    if grid.total_column >= 0:
        sign[:, grid.total_column] *= -1
    known = np.nan_to_num(grid.numbers, nan=0.0)
    order = sorted(zip(*np.nonzero(small), strict=True), key=lambda place: known[place])
    for i, j in order:
        cost = _costs(grid, sign, known, int(i), int(j), least)
        best = int(np.argmin(cost))
        if not np.isfinite(cost.flat[best]):
            grid.hidden[:] = True
            return
        k, m = divmod(best, columns)
        grid.hidden[i, m] = grid.hidden[k, j] = grid.hidden[k, m] = True


def _costs(grid: _Grid, sign: Float64, known: Float64, i: int, j: int, least: float) -> Float64:
    """Cost of the rectangle with each cell (k, m) across: cells and numbers newly hidden; inf where it protects not."""
    shrink = (known >= least) | (~np.isfinite(grid.numbers) & _totals(grid))
    price = np.where(grid.hidden, 0.0, 1.0 + known / (1.0 + known.sum()))
    grows = sign * sign[i, j] > 0  # a cell across changes like the small cell if their signs are the same
    across = np.where(grows | shrink, price, np.inf)
    beside = np.where(~grows | shrink, price, np.inf)
    cost: Float64 = beside[i, :][None, :] + beside[:, j][:, None] + across
    cost[i, :] = np.inf
    cost[:, j] = np.inf
    return cost


def _totals(grid: _Grid) -> Bool:
    """Cells of totals: at least as large as any of their parts, so they may shrink as far as a part does."""
    totals = np.zeros(grid.numbers.shape, np.bool_)
    totals[grid.total_row, :] = True
    if grid.total_column >= 0:
        totals[:, grid.total_column] = True
    return totals


def _protect_totals(
    table: Disaggregation,
    numbers: Float64,
    hidden: Bool,
    small: Bool,
    total_group: int,
    total_zone: int,
    dimensions: tuple[str, ...],
) -> None:
    """A small total of a zone, where several dimensions add up to it: another zone shrinks in every dimension."""
    for zone in np.flatnonzero(small[:, total_group]):
        best, cost = -1, np.inf
        for other in range(len(table.zones)):
            if other in (zone, total_zone) or zone == total_zone:
                continue
            large = [
                _largest(numbers, other, _columns(dimensions, d, total_group)) for d in _names(dimensions, total_group)
            ]
            fits = numbers[other, total_group] >= table.suppress_below and all(
                numbers[other, column] >= table.suppress_below for column in large
            )
            if fits and numbers[other, total_group] < cost:
                best, cost = other, float(numbers[other, total_group])
        if best < 0:
            hidden[:] = True
            return
        for dimension in _names(dimensions, total_group):
            columns = _columns(dimensions, dimension, total_group)
            column = _largest(numbers, best, columns)
            hidden[zone, column] = hidden[best, column] = True
        hidden[best, total_group] = True


def _names(dimensions: tuple[str, ...], total_group: int) -> list[str]:
    return sorted({name for number, name in enumerate(dimensions) if number != total_group})


def _columns(dimensions: tuple[str, ...], name: str, total_group: int) -> list[int]:
    return [number for number, own in enumerate(dimensions) if own == name and number != total_group]


def _largest(numbers: Float64, row: int, columns: list[int]) -> int:
    return max(columns, key=lambda column: np.nan_to_num(numbers[row, column], nan=-1.0))
