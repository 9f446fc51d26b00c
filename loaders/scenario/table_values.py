"""Values of objects, surfaces, features and receivers from tables: a column, a row or a file per step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders.city import Float32, Int64
from loaders.scenario.context import Context
from loaders.scenario.model import TimeAxis, Variable
from loaders.scenario.sources import Part
from loaders.scenario.steps import Steps
from loaders.scenario.table_times import step_numbers
from loaders.scenario.tables import Table, arrow, positions_in, read_table, strings_of

_JOIN = "\x1f"


class TableValues:
    """A `loaders.scenario.steps.Source` of tables.

    Attributes:
        keys: Arrow array of text, what each row of the result is (id, or id and number of the surface).
        shape: (N,).
    """

    def __init__(
        self,
        ctx: Context,
        variable: Variable,
        axis: TimeAxis,
        *,
        order: Any = None,
        table: Table | None = None,
        extra: Sequence[str] = (),
        numeric: Sequence[str] = (),
    ) -> None:
        """``order``: ids (Arrow) that rows are to be in; ``table``: given, its rows are the rows of the result as they
        are; ``extra``, ``numeric``: more columns to read."""
        self.ctx, self.variable, self.axis = ctx, variable, axis
        self.data = variable.data
        self.extra, self.numeric = list(extra), list(numeric)
        self._kept: dict[str, Table] = {}
        self._rows: dict[str, Int64] = {}
        self._given = table
        self._sorted: dict[str, _Sorted] = {}
        if table is not None:
            self.keys = order
            self.first = table
        else:
            self.first = self._read(self._files(Part())[0])
            self.keys = order if order is not None else self._own_keys()
        self.shape: tuple[int, ...] = (len(self.keys),)

    def default(self) -> Part | None:
        """A table's values are always named."""
        return None

    def part(self, part: Part) -> Steps:
        """One array of the tables; checks that there is something for every step."""
        count = len(self.axis)
        if not part.names:
            raise self.ctx.refused("no column is named", f"variable {self.variable.id}", "Name it in the manifest.")
        files = self._files(part)
        if count > 1 and not self.data.time and len(files) == 1 and len(part.names) == 1:
            reason = f"one column ({part.names[0]!r}) for {count:,} steps of time"
            raise self.ctx.refused(reason, files[0], 'Name a column per step, or the column "time".', "missing-steps")
        return _Column(self, part)

    def members(self) -> Sequence[Steps]:
        """One array per value of the column that counts members."""
        if not self.data.member or self.data.value is None:
            return []
        count = self._long(self._files(self.data.value)[0]).members
        return [_Column(self, self.data.value, number) for number in range(count)]

    def rows_of(self, table: Table) -> Int64:
        """The row of the result that each row of a table belongs to; -1 = none."""
        if table is self._given:
            return np.arange(table.rows, dtype=np.int64)
        if table.name not in self._rows:
            self._rows[table.name] = positions_in(self._keys_of(table), self.keys)
        return self._rows[table.name]

    def values_of(self, table: Table, column: str) -> Float32:
        """A column of numbers, cleaned: float32, one per row of the table."""
        return self.ctx.clean(table.numbers(column, self.data.not_modelled_text), self.variable)

    def table_at(self, part: Part, number: int) -> Table:
        """The table of a step."""
        files = self._files(part)
        return self._read(files[number] if len(files) > 1 else files[0])

    def first_values(self, column: str) -> Any:
        """Text of a column of the first table for each row of the result ("" where it has none)."""
        rows = self.rows_of(self.first)
        out = np.full(self.shape[0], "", object)
        texts = np.array(strings_of(self.first.texts(column)), object)
        out[rows[rows >= 0][::-1]] = texts[rows >= 0][::-1]  # the first row of each key counts
        return out

    def first_numbers(self, column: str) -> npt.NDArray[np.float64]:
        """Numbers of a column of the first table for each row of the result, NaN where it has none."""
        rows = self.rows_of(self.first)
        out = np.full(self.shape[0], np.nan)
        out[rows[rows >= 0][::-1]] = self.first.numbers(column)[rows >= 0][::-1]
        return out

    def _long(self, name: str) -> _Sorted:
        if name not in self._sorted:
            self._sorted[name] = _Sorted(self, self._read(name))
        return self._sorted[name]

    def _files(self, part: Part) -> tuple[str, ...]:
        return part.files or self.data.files

    def _columns(self, name: str) -> tuple[list[str], list[str]]:
        """The columns to read of a file, and those of them that hold numbers."""
        data = self.data
        parts = [data.value, data.low, data.high, data.sd, *data.members, *(part for _, part in data.quantiles)]
        numeric: list[str] = []
        for part in parts:
            if part is None:
                continue
            files = self._files(part)
            if name not in files:
                continue
            per_file = len(files) > 1 and len(part.names) == len(files)
            numeric += [part.names[files.index(name)]] if per_file else part.names
        own = name in data.files
        plain = [
            column for column in (data.id, data.surface, data.time, data.member, *(self.extra if own else ())) if column
        ]
        numeric += self.numeric if own else []
        return [*plain, *numeric], numeric

    def _read(self, name: str) -> Table:
        if self._given is not None and name == self._given.name:
            return self._given
        if name not in self._kept:
            columns, numeric = self._columns(name)
            table = read_table(self.ctx, name, self.data, columns, numeric)
            if len(self._kept) >= 2:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._rows.pop(oldest, None)
            self._kept[name] = table
            self._check(name, table)
        return self._kept[name]

    def _check(self, name: str, table: Table) -> None:
        """Without a column of times an id may be there once."""
        if self.data.time or self.data.member:
            return
        import pyarrow.compute as pc

        keys = self._keys_of(table)
        counts = pc.value_counts(keys)
        if len(counts) < table.rows:
            twice = next(item["values"] for item in counts.to_pylist() if item["counts"] > 1)
            reason = f"{twice.replace(_JOIN, ', surface ')!r} is there twice"
            raise self.ctx.refused(reason, name, "Keep one row of each.", "twice")

    def _keys_of(self, table: Table) -> Any:
        import pyarrow.compute as pc

        ids = table.texts(self.data.id)
        if not self.data.surface:
            return ids
        return pc.binary_join_element_wise(ids, table.texts(self.data.surface), _JOIN)

    def _own_keys(self) -> Any:
        import pyarrow.compute as pc

        found = pc.unique(self._keys_of(self.first))
        return found if not hasattr(found, "combine_chunks") else found.combine_chunks()


class _Column:
    """One array: `Steps` of a part, of one member where a column counts them."""

    def __init__(self, source: TableValues, part: Part, member: int = 0) -> None:
        self.source, self.part, self.member = source, part, member
        self.told = False

    def step(self, number: int) -> Float32:
        """The values of a step, in the order of the result's rows."""
        source, names = self.source, self.part.names
        column = names[number] if len(names) > 1 else names[0]
        if source.data.time or source.data.member:
            files = source._files(self.part)
            return source._long(files[number] if len(files) > 1 else files[0]).values(column, self.member, number)
        table = source.table_at(self.part, number)
        out = np.full(source.shape, np.nan, np.float32)
        rows = source.rows_of(table)
        there = rows >= 0
        out[rows[there]] = source.values_of(table, column)[there]
        if not there.all() and not self.told:
            self.told = True
            lost = strings_of(source._keys_of(table).take(arrow().array(np.flatnonzero(~there)[:20])))
            text = "Values of ids that the first table (or the file of places) has not are left out."
            source.ctx.issues.warning("unknown-id", text, lost, int((~there).sum()))
        return out


class _Sorted:
    """A table with a row per step (and member), sorted so that the rows of a step lie together."""

    def __init__(self, source: TableValues, table: Table) -> None:
        self.source, self.table = source, table
        self.count = len(source.axis)
        steps = step_numbers(source.ctx, table, source.axis, source.data.time)
        member = np.zeros(table.rows, np.int64)
        self.members = 1
        if source.data.member:
            texts = table.texts(source.data.member)
            import pyarrow.compute as pc

            names = pc.unique(texts)
            names = names.combine_chunks() if hasattr(names, "combine_chunks") else names
            self.members = len(names)
            member = positions_in(texts, names)
        rows = source.rows_of(table)
        if (rows < 0).any():
            text = "Values of ids that the file of places has not are left out."
            source.ctx.issues.warning("unknown-id", text, count=int((rows < 0).sum()))
        group = member * self.count + steps
        self.order = np.argsort(group, kind="stable")
        self.order = self.order[rows[self.order] >= 0]
        self.rows = rows[self.order]
        self.bounds = np.searchsorted(group[self.order], np.arange(self.members * self.count + 1))
        self.columns: dict[str, Float32] = {}
        self._once(table, group[self.order])

    def _once(self, table: Table, group: Int64) -> None:
        key = group * np.int64(max(self.source.shape[0], 1)) + self.rows
        if len(np.unique(key)) < len(key):
            reason = "an id has two values for one step"
            raise self.source.ctx.refused(reason, table.name, "Keep one row of each.", "twice")

    def values(self, column: str, member: int, number: int) -> Float32:
        """The values of a column at a step of a member."""
        if column not in self.columns:
            self.columns[column] = self.source.values_of(self.table, column)[self.order]
        group = member * self.count + number
        own = slice(int(self.bounds[group]), int(self.bounds[group + 1]))
        out = np.full(self.source.shape, np.nan, np.float32)
        out[self.rows[own]] = self.columns[column][own]
        return out
