"""Disaggregation tables: rows from the manifest or from a CSV file, checked, small cells hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loaders.scenario.context import Context
from loaders.scenario.manifest_check import table_problems
from loaders.scenario.model import Disaggregation, TableRow
from loaders.scenario.sources import DataSpec
from loaders.scenario.suppress_tables import divided_zones, parents_of, suppress_all
from loaders.scenario.tables import read_table, strings_of

_TEXTS = ("zone", "group", "indicator", "note")
_NUMBERS = ("value", "denominator", "low", "high")
MAX_ROWS = 200_000


def read_disaggregations(ctx: Context, tables: Sequence[Disaggregation]) -> tuple[Disaggregation, ...]:
    """The tables as they may be shown. Raises LoadError."""
    read = [_read(ctx, table) for table in tables]
    found = suppress_all(read)
    for number, (before, after) in enumerate(zip(read, found, strict=True)):
        hidden = sum(
            row.value is None and own.value is not None for row, own in zip(after.rows, before.rows, strict=True)
        )
        if hidden:
            text = f"Numbers of fewer than {after.suppress_below} people, and others that tell them, are hidden."
            ctx.issues.info("suppressed", text, [f"disaggregations/{number}"], hidden)
    _warn_of_zones(ctx, read)
    return found


def _warn_of_zones(ctx: Context, tables: Sequence[Disaggregation]) -> None:
    """Say where it is not told which zones hold which: what is hidden of one could then be computed from another."""
    remedy = 'Tell in "within" which zone holds which, so that their numbers are hidden together.'
    for number, (table, divided) in enumerate(zip(tables, divided_zones(tables), strict=True)):
        place = [f"disaggregations/{number}"]
        if divided:
            name = sorted(divided)[0][:60]
            ctx.issues.warning("zones-apart", f"Tables divide the zone {name!r} in different ways. {remedy}", place)
        elif _too_much(table):
            text = f"The zones add up to more than {table.total_zone[:60]!r}: some may hold others. {remedy}"
            ctx.issues.warning("zones-overlap", text, place)


def _too_much(table: Disaggregation) -> bool:
    """True if the parts of the total zone count more people than it does, in any group."""
    parents = parents_of(table)
    kinds = dict(zip((name for name, _ in table.indicators), table.kinds, strict=False))
    sums: dict[tuple[str, str, str], float] = {}
    totals: dict[tuple[str, str, str], float] = {}
    for row in table.rows:
        told = {"people": row.denominator, "count": row.value if kinds.get(row.indicator, "count") == "count" else None}
        for what, number in told.items():
            place = (row.indicator, row.group, what)
            if number is not None and parents[row.zone] == table.total_zone and table.total_zone:
                sums[place] = sums.get(place, 0.0) + number
            elif number is not None and row.zone == table.total_zone:
                totals[place] = number
    return any(place in totals and number > totals[place] * 1.001 + 0.5 for place, number in sums.items())


def _read(ctx: Context, table: Disaggregation) -> Disaggregation:
    if table.file:
        table = replace(table, rows=_rows(ctx, table.file))
        for where, reason, remedy in table_problems(table, "row"):
            number = int(where.rpartition("/")[2]) + 2
            raise ctx.refused(reason, f"{table.file}, line {number:,}", remedy, "bad-table")
    return table


def _rows(ctx: Context, name: str) -> tuple[TableRow, ...]:
    with ctx.file(name).open(encoding="utf-8-sig", errors="replace") as file:
        header = [column.strip().strip('"') for column in file.readline(1 << 16).split(",")]
    wanted = [
        column
        for column in (*_TEXTS, *_NUMBERS)
        if column in header or column in ("zone", "group", "indicator", "value")
    ]
    numeric = [column for column in wanted if column in _NUMBERS]
    table = read_table(ctx, name, DataSpec(), wanted, numeric)
    if table.rows > MAX_ROWS:
        raise ctx.refused(f"it has {table.rows:,} rows, more than {MAX_ROWS:,}", name, "Cut the table up.", "too-large")
    texts = {column: strings_of(table.texts(column)) for column in wanted if column in _TEXTS}
    numbers = {column: [None if np.isnan(v) else float(v) for v in table.numbers(column)] for column in numeric}
    nothing: list[float | None] = [None] * table.rows
    return tuple(
        TableRow(*row)
        for row in zip(
            texts["zone"],
            texts["group"],
            texts["indicator"],
            numbers["value"],
            *(numbers.get(column, nothing) for column in _NUMBERS[1:]),
            texts.get("note", [""] * table.rows),
            strict=True,
        )
    )
