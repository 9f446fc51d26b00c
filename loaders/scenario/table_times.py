"""Columns of moments: which step of the axis each row belongs to, or which moment it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from loaders.city import Float64, Int64
from loaders.scenario.context import Context
from loaders.scenario.model import TimeAxis
from loaders.scenario.tables import Table, arrow
from loaders.scenario.times import parse_moment

_CLOSE = 1e-3


def step_numbers(ctx: Context, table: Table, axis: TimeAxis, column: str) -> Int64:
    """The step of every row, int64 (rows,); 0 where no column has times. LoadError for a time that is no step."""
    if not column:
        return np.zeros(table.rows, np.int64)
    if axis.kind == "periods" and not _timed(table.column(column)):
        return _by_label(ctx, table, axis, column)
    if axis.kind == "static":
        raise ctx.refused("the table has times, the variable has none", table.name, 'Describe its "time".', "times")
    wanted = moments_of(ctx, table, axis, column)
    found = np.clip(np.searchsorted(axis.starts, wanted - _CLOSE), 0, len(axis) - 1)
    wrong = ~(np.abs(axis.starts[found] - wanted) <= _CLOSE)
    if wrong.any():
        first = table.texts(column)[int(np.argmax(wrong))]
        reason = f"the time {str(first)[:40]!r} in the column {column!r} is no step of the variable"
        raise ctx.refused(reason, table.name, kind="times")
    return found.astype(np.int64)


def moments_of(ctx: Context, table: Table, axis: TimeAxis, column: str) -> Float64:
    """Moments of a column, float64 seconds: timestamps, ISO 8601, or seconds after the first step; NaN where empty."""
    pa = arrow()
    found = table.column(column)
    kind = found.type
    if pa.types.is_timestamp(kind):
        return _timestamps(found, axis)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return table.numbers(column) + _zero(ctx, table, axis)
    return _texts(ctx, table, axis, column)


def _zero(ctx: Context, table: Table, axis: TimeAxis) -> float:
    if not axis.dated:
        reason = "its times are seconds, but the variable does not say from when"
        raise ctx.refused(
            reason, table.name, 'Give "start" (and, for steps, "step" and "count") in its "time".', "times"
        )
    return float(axis.starts[0])


def _timed(column: Any) -> bool:
    return bool(arrow().types.is_timestamp(column.type))


def _timestamps(column: Any, axis: TimeAxis) -> Float64:
    pa = arrow()
    import pyarrow.compute as pc

    if column.type.tz is None:
        column = pc.assume_timezone(column, axis.zone, ambiguous="earliest", nonexistent="earliest")
    micro = pc.cast(column, pa.timestamp("us", "UTC"), safe=False)
    return np.array(pc.cast(pc.cast(micro, pa.int64()), pa.float64()).to_numpy(zero_copy_only=False)) / 1e6


def _texts(ctx: Context, table: Table, axis: TimeAxis, column: str) -> Float64:
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(table.texts(column))
    coded = coded.combine_chunks() if hasattr(coded, "combine_chunks") else coded
    moments = np.full(len(coded.dictionary), np.nan)
    for number, text in enumerate(coded.dictionary.to_pylist()):
        if not text.strip():
            continue
        try:
            plain = float(text)
        except ValueError:
            try:
                moments[number] = parse_moment(text, axis.zone, axis.calendar)
            except ValueError as error:
                raise ctx.refused(f"{error} (column {column!r})", table.name, kind="times") from error
        else:
            moments[number] = plain + _zero(ctx, table, axis)
    return moments[np.asarray(coded.indices.to_numpy(zero_copy_only=False), np.int64)]


def _by_label(ctx: Context, table: Table, axis: TimeAxis, column: str) -> Int64:
    from loaders.scenario.tables import positions_in

    texts = table.texts(column)
    found = positions_in(texts, arrow().array(list(axis.labels)))
    if (found < 0).any():
        name = str(texts[int(np.argmax(found < 0))])[:40]
        remedy = f"The periods: {', '.join(axis.labels)[:200]}."
        raise ctx.refused(f"there is no period {name!r} (column {column!r})", table.name, remedy, "times")
    return found
