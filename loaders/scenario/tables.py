"""Tables of a package: CSV and Parquet by Arrow, attributes of vector files; columns by name.

Columns are read as what they are used for. Nothing is guessed but ids that a Parquet file has as whole numbers.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders.city import Float64
from loaders.scenario.context import Context
from loaders.scenario.sources import DataSpec

_NULLS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-nan"]
_LEAST_ROWS = 1_000_000
_MAX_COLUMNS = 100_000
_WHOLE = 2.0**63
"""Whole numbers below this are written without a point."""


def arrow() -> Any:
    """Arrow on one thread, with the system's allocator (its own reserves address space that a worker has not)."""
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    import pyarrow

    pyarrow.set_cpu_count(1)
    pyarrow.set_io_thread_count(1)
    return pyarrow


@dataclass(slots=True, eq=False)
class Table:
    """Columns by name, of one length; ``name`` is the file, for messages."""

    ctx: Context
    name: str
    columns: dict[str, Any]
    rows: int

    def column(self, name: str) -> Any:
        """A column as Arrow has it; LoadError if there is none."""
        if name not in self.columns:
            known = ", ".join(list(self.columns)[:12])
            remedy = f"Its columns: {known[:300]}."
            raise self.ctx.refused(f"there is no column {name!r}", self.name, remedy, "missing-column")
        return self.columns[name]

    def texts(self, name: str) -> Any:
        """A column as an Arrow array of text: whole numbers without a point, missing = ""."""
        pa = arrow()
        import pyarrow.compute as pc

        found = self.column(name)
        if pa.types.is_dictionary(found.type):
            found = pc.cast(found, found.type.value_type)
        if pa.types.is_floating(found.type):
            numbers = found.to_numpy(zero_copy_only=False)
            if np.all(np.isnan(numbers) | ((numbers == np.floor(numbers)) & (np.abs(numbers) < _WHOLE))):
                found = pc.cast(pc.if_else(pc.is_nan(found), None, found), pa.int64())
        return pc.fill_null(pc.cast(found, pa.string()), "")

    def numbers(self, name: str, mark: str = "") -> Float64:
        """A column as float64, NaN where missing, -inf where it holds the text ``mark``."""
        pa = arrow()
        import pyarrow.compute as pc

        found = self.column(name)
        try:
            if pa.types.is_string(found.type) or pa.types.is_large_string(found.type):
                found = pc.utf8_trim_whitespace(found)
                gone = pc.fill_null(pc.equal(found, mark), False) if mark else None
                empty = pc.is_in(found, value_set=pa.array(_NULLS))
                left = empty if gone is None else pc.or_(empty, gone)
                numbers = _floats(pc.cast(pc.if_else(left, None, found), pa.float64()))
                if gone is not None:
                    numbers[np.asarray(gone.to_numpy(zero_copy_only=False), np.bool_)] = -np.inf
                return numbers
            return _finite_below(_floats(pc.cast(found, pa.float64())))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            reason = f"the column {name!r} does not hold numbers ({_short(error)})"
            raise self.ctx.refused(reason, self.name, kind="bad-number") from error


def _floats(column: Any) -> Float64:
    return np.array(column.to_numpy(zero_copy_only=False), np.float64)


def _finite_below(numbers: Float64) -> Float64:
    """Minus infinity in a file is no value: it would look like "not modelled"."""
    numbers[np.isneginf(numbers)] = np.nan
    return numbers


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160]


def read_table(ctx: Context, name: str, data: DataSpec, columns: list[str], numeric: list[str]) -> Table:
    """The named columns of a CSV, Parquet or vector file; ``numeric`` are those of them that hold numbers.

    Raises:
        LoadError: damaged, a column is missing, or more rows than the package declares.
    """
    path = ctx.file(name)
    wanted = list(dict.fromkeys(columns))
    pa = arrow()
    ending = path.suffix.lower()
    try:
        if ending == ".csv":
            found = _csv(ctx, path, name, data, wanted, numeric)
        elif ending == ".parquet":
            found = _parquet(ctx, path, name, wanted)
        else:
            return _vector(ctx, name, data)
    except (pa.ArrowException, OSError, UnicodeError, csv.Error) as error:
        reason = f"it cannot be read ({_short(error).replace(str(path), name)})"
        raise ctx.refused(reason, name, "The file may be damaged: export it again.", "damaged") from error
    return Table(ctx, name, {key: found.column(key) for key in found.column_names}, found.num_rows)


def _csv(ctx: Context, path: Path, name: str, data: DataSpec, wanted: list[str], numeric: list[str]) -> Any:
    pa = arrow()
    import pyarrow.csv as pacsv

    header = _header(path, data.separator)
    known = Table(ctx, name, dict.fromkeys(header), 0)
    for column in wanted:
        known.column(column)
    kinds = {
        column: pa.float64() if column in numeric and not data.not_modelled_text else pa.string() for column in wanted
    }
    return pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(use_threads=False, block_size=1 << 24),
        parse_options=pacsv.ParseOptions(delimiter=data.separator),
        convert_options=pacsv.ConvertOptions(
            column_types=kinds,
            include_columns=wanted,
            null_values=_NULLS,
            strings_can_be_null=False,
            decimal_point=data.decimal,
        ),
    )


def _header(path: Path, separator: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline(4 << 20)
    return next(csv.reader([line], delimiter=separator), [])[:_MAX_COLUMNS]


def _parquet(ctx: Context, path: Path, name: str, wanted: list[str]) -> Any:
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path, thrift_string_size_limit=64 << 20, thrift_container_size_limit=4 << 20)
    check_parquet(ctx, name, file)
    known = Table(ctx, name, dict.fromkeys(file.schema_arrow.names), 0)
    for column in wanted:
        known.column(column)
    return file.read(columns=wanted, use_threads=False)


def check_parquet(ctx: Context, name: str, file: Any) -> None:
    """Refuse a file that claims more rows or bytes than the package may hold, before anything is unpacked."""
    meta = file.metadata
    if meta.num_rows > max(ctx.manifest.declared.cells, _LEAST_ROWS):
        reason = f"it claims {meta.num_rows:,} rows, more than the package declares values"
        raise ctx.refused(reason, name, kind="beyond-declared")
    size = sum(meta.row_group(n).total_byte_size for n in range(meta.num_row_groups))
    if size > ctx.options.max_bytes:
        raise ctx.refused(f"it unpacks to {size / 2**30:,.1f} GiB", name, "Cut it into parts.", "too-large")


def _vector(ctx: Context, name: str, data: DataSpec) -> Table:
    from loaders.scenario.vectors import attribute_table, read_layer

    return attribute_table(ctx, name, read_layer(ctx, name, data.layer))


def strings_of(texts: Any) -> list[str]:
    """An Arrow array of text as Python strings."""
    return [str(text) for text in texts.to_pylist()]


def positions_in(texts: Any, order: Any) -> npt.NDArray[np.int64]:
    """Where each text stands in an Arrow array of different texts; -1 = nowhere. int64 (N,)."""
    arrow()
    import pyarrow.compute as pc

    found = pc.fill_null(pc.index_in(texts, value_set=order), -1)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int64)
