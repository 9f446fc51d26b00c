"""Several tables of people in one package: what one of them hides, no other one tells.

Tables by age and by sex of the same zones share the totals of these zones. They are therefore protected as what they
are, one table whose groups are divided in several ways (`loaders.scenario.suppress`), and taken apart again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from loaders.scenario.model import Disaggregation, TableRow
from loaders.scenario.suppress import suppress

TOTAL = "\0total"
"""The group that is everybody, whatever the tables call it."""
Cell = tuple[str, str, str]
"""Indicator, zone, group."""


def suppress_all(tables: Sequence[Disaggregation]) -> tuple[Disaggregation, ...]:
    """The tables with small cells and their companions hidden, those of one year whose zones are the same or hold each
    other together. Zones that tables divide in different ways keep their numbers."""
    fixed = {number: frozenset(divided) for number, divided in enumerate(divided_zones(tables))}
    found: dict[int, Disaggregation] = {}
    for numbers in _families(tables):
        own = [tables[number] for number in numbers]
        kept = frozenset().union(*(fixed[number] for number in numbers))
        shown = [suppress(own[0], kept)] if len(own) == 1 else _together(own, kept)
        found.update(zip(numbers, shown, strict=True))
    return tuple(found[number] for number in range(len(tables)))


def parents_of(table: Disaggregation) -> dict[str, str]:
    """The zone that holds each zone of a table, "" where there is none."""
    told = dict(table.within)
    total = table.total_zone
    return {zone: told.get(zone) or (total if zone != total else "") for zone in table.zones}


def divided_zones(tables: Sequence[Disaggregation]) -> list[set[str]]:
    """Of each table, the zones that another table of its year divides in another way, and none tells how both fit."""
    out: list[set[str]] = [set() for _ in tables]
    for a, b in combinations(range(len(tables)), 2):
        if tables[a].year == tables[b].year:
            odd = _conflicts(tables[a], tables[b])
            out[a] |= odd
            out[b] |= odd
    return out


def _conflicts(a: Disaggregation, b: Disaggregation) -> set[str]:
    """Zones whose parts are other ones in one table than in the other."""
    if (a.zones, a.within, a.total_zone) == (b.zones, b.within, b.total_zone):
        return set()
    parents = parents_of(b) | parents_of(a)
    parents |= {zone: held for zone, held in (*b.within, *a.within) if held}
    parts: list[dict[str, set[str]]] = [{}, {}]
    for table, own in zip((a, b), parts, strict=True):
        for zone in table.zones:
            if parents[zone]:
                own.setdefault(parents[zone], set()).add(zone)
    both = parts[0].keys() & parts[1].keys()
    return {zone for zone in both if parts[0][zone] != parts[1][zone]}


def _families(tables: Sequence[Disaggregation]) -> list[list[int]]:
    """Tables of one year that name a zone of each other and divide none in different ways, by number."""
    named = [{*table.zones, *(held for _, held in table.within)} for table in tables]
    pairs = [pair for pair in combinations(range(len(tables)), 2) if len({tables[n].year for n in pair}) == 1]
    apart = {pair for pair in pairs if _conflicts(tables[pair[0]], tables[pair[1]])}
    family = list(range(len(tables)))
    for a, b in pairs:
        if family[a] != family[b] and named[a] & named[b]:
            members = [n for n, own in enumerate(family) if own in (family[a], family[b])]
            if apart.isdisjoint(combinations(members, 2)):
                family = [family[a] if n in members else own for n, own in enumerate(family)]
    return [[n for n, own in enumerate(family) if own == one] for one in dict.fromkeys(family)]


def _together(tables: list[Disaggregation], fixed: frozenset[str]) -> list[Disaggregation]:
    """Tables of one family, protected as one."""
    shown = suppress(_merged(tables), fixed)
    cells = {(row.indicator, row.zone, row.group): row for row in shown.rows}
    return [replace(table, rows=tuple(_as_shown(table, row, cells) for row in table.rows)) for table in tables]


def _as_shown(table: Disaggregation, row: TableRow, cells: dict[Cell, TableRow]) -> TableRow:
    """A row with as much of it as the table of all shows."""
    told = cells[_name(table, row.indicator), row.zone, _group(table, row.group)]
    value = row.value is not None and told.value is None
    people = row.denominator is not None and told.denominator is None
    if not (value or people):
        return row
    return replace(
        row, value=None, denominator=None if people else row.denominator, low=None, high=None, note=told.note
    )


def _merged(tables: list[Disaggregation]) -> Disaggregation:
    """One table of all: each table divides the people in ways of its own, unless another has the very same groups."""
    dimensions: dict[str, str] = {}
    indicators: dict[str, tuple[str, str]] = {}
    rows: dict[Cell, TableRow] = {}
    for number, table in enumerate(tables):
        for group, dimension in zip(table.groups, table.dimensions or ("",) * len(table.groups), strict=True):
            dimensions.setdefault(_group(table, group), f"{number} {dimension}")
        for (name, unit), kind in zip(table.indicators, table.kinds or ("count",) * len(table.indicators), strict=True):
            indicators.setdefault(_name(table, name), (unit, kind))
        for row in table.rows:
            cell = _name(table, row.indicator), row.zone, _group(table, row.group)
            rows[cell] = _fuller(rows.get(cell), replace(row, indicator=cell[0], group=cell[2]))
    if TOTAL in dimensions:
        dimensions[TOTAL] = ""
    held: dict[str, str] = {}
    for table in tables:
        held |= {zone: parent for zone, parent in parents_of(table).items() if parent and zone not in held}
    for table in tables:
        held |= dict(table.within)
    return replace(
        tables[0],
        zones=tuple(dict.fromkeys(zone for table in tables for zone in table.zones)),
        total_zone="",
        within=tuple(sorted(held.items())),
        groups=tuple(dimensions),
        dimensions=tuple(dimensions.values()),
        indicators=tuple((name, unit) for name, (unit, _) in indicators.items()),
        kinds=tuple(kind for _, kind in indicators.values()),
        rows=tuple(rows.values()),
        suppress_below=max(table.suppress_below for table in tables),
        total_group=TOTAL if TOTAL in dimensions else "",
    )


def _fuller(one: TableRow | None, other: TableRow) -> TableRow:
    """Of a cell that two tables tell: what either knows of it, and the smaller number of people."""
    if one is None:
        return other
    value = other.value if one.value is None else one.value
    known = [people for people in (one.denominator, other.denominator) if people is not None]
    return replace(one, value=value, denominator=min(known, default=None))


def _group(table: Disaggregation, group: str) -> str:
    return TOTAL if table.total_group and group == table.total_group else group


def _name(table: Disaggregation, indicator: str) -> str:
    """What a number is called among those of all tables: the same name, unit and kind mean the same number."""
    place = [name for name, _ in table.indicators].index(indicator)
    kind = table.kinds[place] if table.kinds else "count"
    return "\0".join((indicator, table.indicators[place][1], kind))
