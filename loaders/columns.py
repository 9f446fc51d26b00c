"""Attributes of any type, object by object, to typed columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import orjson

from loaders._issues import IssueLog
from loaders.city import Column, Int64, Strings

MAX_CELLS = 300_000_000
"""Most rows x columns kept as columns of their own; rarer attributes beyond it share one column."""
MAX_COLUMNS = 1000
OTHERS = "other attributes"

_ALIKE = 500
"""Up to so many different sets of keys, rows are kept as arrays shared by all columns of a set."""

RawColumns = dict[str, tuple[list[Int64], list[Any]]]
"""Attribute name -> rows that have it (in pieces) and their values."""


def collect(rows: Iterable[tuple[int, dict[str, Any]]]) -> RawColumns:
    """Turn attributes by object into values by name. Objects with the same keys are turned together."""
    alike: dict[tuple[str, ...], tuple[list[int], list[Any]]] = {}
    for row, attributes in rows:
        keys = tuple(attributes)
        group = alike.get(keys)
        if group is None:
            group = alike[keys] = ([], [])
        group[0].append(row)
        group[1].append(attributes.values())
    columns: RawColumns = {}
    if len(alike) > _ALIKE:
        return _collect_singly(alike)
    for keys, (where, values) in alike.items():
        place = np.array(where, np.int64)
        for name, column in zip(keys, zip(*values, strict=True), strict=True):
            known = columns.setdefault(name, ([], []))
            known[0].append(place)
            known[1].extend(column)
    return columns


def _collect_singly(alike: dict[tuple[str, ...], tuple[list[int], list[Any]]]) -> RawColumns:
    """As `collect`, for objects of which hardly two have the same keys."""
    columns: dict[str, tuple[list[int], list[Any]]] = {}
    for keys, (where, values) in alike.items():
        for name, column in zip(keys, zip(*values, strict=True), strict=True):
            known = columns.setdefault(name, ([], []))
            known[0].extend(where)
            known[1].extend(column)
    return {name: ([np.array(where, np.int64)], values) for name, (where, values) in columns.items()}


def merge(target: RawColumns, other: RawColumns, first_row: int) -> None:
    """Append the columns of a later part whose rows start at ``first_row``."""
    for name, (rows, values) in other.items():
        known = target.setdefault(name, ([], []))
        known[0].extend([part + first_row for part in rows])
        known[1].extend(values)


def build(raw: RawColumns, rows: int, issues: IssueLog) -> dict[str, Column]:
    """Typed columns over ``rows`` rows, in order of first appearance."""
    room = max(20, min(MAX_COLUMNS, MAX_CELLS // max(rows, 1)))
    if len(raw) > room:
        raw = _gather_rare(raw, room - 1, issues)
    columns = {}
    for name, (where, values) in raw.items():
        column = make_column(name, np.concatenate(where), values, rows)
        if column is not None:
            columns[name] = column
    return columns


def _gather_rare(raw: RawColumns, room: int, issues: IssueLog) -> RawColumns:
    """Keep the ``room`` attributes that most objects have; put the rest of each object into one JSON column."""
    kept = set(sorted(raw, key=lambda name: -len(raw[name][1]))[:room])
    rest: dict[int, dict[str, Any]] = {}
    for name, (where, values) in raw.items():
        if name not in kept:
            for row, value in zip(np.concatenate(where).tolist(), values, strict=True):
                rest.setdefault(row, {})[name] = value
    issues.info(
        "rare-attributes",
        f'More attributes than can be shown as columns: the rarest are together in "{OTHERS}".',
        [name for name in raw if name not in kept][:20],
        len(raw) - room,
    )
    columns = {name: raw[name] for name in raw if name in kept}
    columns[OTHERS] = ([np.array(list(rest), np.int64)], list(rest.values()))
    return columns


def make_column(name: str, where: Int64, values: Sequence[Any], rows: int) -> Column | None:
    """One column; None if all values are null."""
    types = set(map(type, values))
    at = where
    if type(None) in types:
        keep = [value is not None for value in values]
        at = at[np.array(keep, np.bool_)]
        values = [value for value in values if value is not None]
        types.discard(type(None))
    if not types:
        return None
    present = np.zeros(rows, np.bool_)
    present[at] = True
    if types == {bool}:
        return Column(name, "boolean", _scatter(at, values, rows, np.bool_), present)
    if types == {int} and min(values) >= -(2**63) and max(values) < 2**63:
        return Column(name, "integer", _scatter(at, values, rows, np.int64), present)
    if types <= {int, float}:
        return Column(name, "number", _scatter(at, values, rows, np.float64), present)
    if types == {str}:
        return _coded(name, "string", at, values, present)
    texts = [_as_text(value) for value in values]
    return _coded(name, "json", at, texts, present)


def _as_text(value: Any) -> str:
    """JSON text of a value of any type; what is nested deeper than a JSON writer goes is only named."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return '"(nested too deeply)"'


def _scatter(at: Any, values: Sequence[Any], rows: int, kind: Any) -> Any:
    out = np.zeros(rows, kind)
    out[at] = np.array(values, kind)
    return out


def _coded(name: str, kind: Any, at: Any, texts: Sequence[str], present: Any) -> Column:
    codes: dict[str, int] = {}
    for text in dict.fromkeys(texts):
        codes[text] = len(codes)
    out = np.full(len(present), -1, np.int32)
    out[at] = np.fromiter(map(codes.__getitem__, texts), np.int32, len(texts))
    return Column(name, kind, out, present, Strings.from_list(list(codes)))
