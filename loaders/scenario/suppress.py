"""Small numbers in a table of people are hidden, and as many others that nobody can compute them from totals.

A cell (zone, group) of an indicator is *small* if it counts fewer people than the table's ``suppress_below``: the count
itself, the denominator, or share x denominator. Hiding it is not enough where a row or column has a total: the hidden
number is the total less the others. So for every small cell three more are hidden that make a rectangle with it: one
in its row, one in its column, and the one across. All sums stay the same if the small cell grows by some d, its two
neighbours shrink by d and the cell across grows by d (totals change the other way round: they grow with their parts).
Those that shrink are chosen to hold at least ``suppress_below``. Zones may hold others (districts their quarters, a
city its districts): then the other row is one inside of the same zone, and zones in between change with their parts
(`loaders.scenario.suppress_tree`). So every value from the true one up to
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
from loaders.scenario.suppress_tree import Cells, Tree, close, path_up, tree_of

HIDDEN = "Hidden: too few people, or needed to hide such a number."


def suppress(table: Disaggregation, fixed: frozenset[str] = frozenset()) -> Disaggregation:
    """The table with small cells and their companions hidden: value, denominator and range None, ``note`` `HIDDEN`.

    ``fixed``: zones of which tables tell that divide them in other ways. Their numbers stay: a change in one of the
    tables would show in the other.
    """
    tree = tree_of(table.zones, dict(table.within), table.total_zone)
    held = np.array([name in fixed for name in tree.names], np.bool_)
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
        shared = _protect(table, tree, held, numbers, small, shared)
    hidden = {}
    for name, numbers in counts.items():
        own = small | (numbers < table.suppress_below)
        hidden[name] = _protect(table, tree, held, numbers, own, shared | own)
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


def _protect(table: Disaggregation, tree: Tree, fixed: Bool, numbers: Float64, small: Bool, before: Bool) -> Bool:
    """What has to be hidden of one array of zones x groups: ``before``, and companions of the cells in ``small``."""
    hidden = before.copy()
    if not np.isfinite(numbers).any():
        return hidden
    total_group = table.groups.index(table.total_group) if table.total_group and len(table.groups) > 1 else -1
    dimensions = table.dimensions or ("",) * len(table.groups)
    names = _names(dimensions, total_group)
    single = len(names) == 1
    for dimension in names:
        columns = _columns(dimensions, dimension, total_group)
        has_total = single and total_group >= 0
        own = np.array(columns + ([total_group] if has_total else []), np.int64)
        cells = _widened(tree, fixed, numbers[:, own], hidden[:, own], has_total, single)
        close(cells, _with_rows(small[:, own], cells.hidden.shape, False), table.suppress_below)
        hidden[:, own] |= cells.hidden[: len(table.zones), : len(own)]
    if not single and total_group >= 0:
        totals = _Totals(tree, fixed, numbers, total_group, [_columns(dimensions, d, total_group) for d in names])
        _protect_totals(totals, hidden, small, table.suppress_below)
    return hidden


def _widened(tree: Tree, fixed: Bool, part: Float64, gone: Bool, has_total: bool, single: bool) -> Cells:
    """The cells with rows for zones that are only named, and, in a single dimension, a column for a total that is not
    published (hidden)."""
    total = part.shape[1] - 1 if has_total else -1
    shape = len(tree.names), part.shape[1] + (single and not has_total)
    if shape[1] > part.shape[1]:
        total = part.shape[1]
    numbers = np.full(shape, np.nan)
    numbers[: len(part), : part.shape[1]] = part
    return Cells(tree, numbers, _with_rows(gone, shape, True) | ~np.isfinite(numbers), total, fixed)


def _with_rows(mask: Bool, shape: tuple[int, ...], value: bool) -> Bool:
    """A mask in the corner of a larger one."""
    out = np.full(shape, value, np.bool_)
    out[: mask.shape[0], : mask.shape[1]] = mask
    return out


@dataclass(slots=True, eq=False)
class _Totals:
    """Totals of zones to which several dimensions add up: ``dimensions``, columns of each."""

    tree: Tree
    fixed: Bool
    numbers: Float64
    total_group: int
    dimensions: list[list[int]]


def _protect_totals(cells: _Totals, hidden: Bool, small: Bool, least: float) -> None:
    """A small total of a zone, where several dimensions add up to it: another zone shrinks in every dimension."""
    tree, published = cells.tree, len(cells.numbers)
    leaves = [n for n in range(published) if not len(tree.children[n]) and _fits(cells, n, least)]
    leaves.sort(key=lambda n: cells.numbers[n, cells.total_group])
    for zone in np.flatnonzero(small[:, cells.total_group]).tolist():
        up = path_up(tree, zone)
        found = _counterpart(cells, up, leaves, least)
        grows, falls = found if found is not None else (up, [])
        zones = [*grows, *_first_way_down(tree, zone), *falls]
        if any(cells.fixed[n] for n in zones):
            hidden[:] = True
            return
        source = falls[0] if falls else zone
        inside = np.array([n for n in zones if n < published])
        hidden[inside, cells.total_group] = True
        for columns in cells.dimensions:
            hidden[inside, _largest(cells.numbers, source, columns)] = True


def _counterpart(cells: _Totals, up: list[int], leaves: list[int], least: float) -> tuple[list[int], list[int]] | None:
    """Zones that grow with the first of ``up``, and those that shrink instead; None where there are none."""
    tree = cells.tree
    for leaf in leaves:
        way = path_up(tree, leaf)
        if leaf in up or up[0] in way:
            continue
        common = next((n for n in way if n in up), -1)
        falls = way[: way.index(common)] if common >= 0 else way
        columns = [cells.total_group, *(_largest(cells.numbers, leaf, own) for own in cells.dimensions)]
        enough = all(
            not np.isfinite(cells.numbers[n, c]) or cells.numbers[n, c] >= least
            for n in falls if n < len(cells.numbers) for c in columns
        )  # fmt: skip
        grows = up[: up.index(common)] if common >= 0 else up
        if enough and not any(cells.fixed[n] for n in (*falls, *grows)):
            return grows, falls
    return None


def _fits(cells: _Totals, zone: int, least: float) -> bool:
    """True if a zone has enough people in one group of every dimension."""
    large = [_largest(cells.numbers, zone, columns) for columns in cells.dimensions]
    return bool(all(cells.numbers[zone, column] >= least for column in (cells.total_group, *large)))


def _first_way_down(tree: Tree, zone: int) -> list[int]:
    found = []
    while len(tree.children[zone]):
        zone = int(tree.children[zone][0])
        found.append(zone)
    return found


def _names(dimensions: tuple[str, ...], total_group: int) -> list[str]:
    return sorted({name for number, name in enumerate(dimensions) if number != total_group})


def _columns(dimensions: tuple[str, ...], name: str, total_group: int) -> list[int]:
    return [number for number, own in enumerate(dimensions) if own == name and number != total_group]


def _largest(numbers: Float64, row: int, columns: list[int]) -> int:
    return max(columns, key=lambda column: np.nan_to_num(numbers[row, column], nan=-1.0))
