"""What an attribute's values look like over all objects: numbers for the inspector and a histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loaders.city import CityData, Column

BINS = 20
MAX_CATEGORIES = 20


@dataclass(frozen=True, slots=True)
class ColumnStats:
    """Statistics of one attribute.

    Attributes:
        name, kind: as in `loaders.city.Column`.
        count: objects that have a value; ``missing``: the others.
        distinct: number of different values.
        minimum, maximum, mean: of the finite numbers; None for other kinds or without any.
        histogram: counts in `BINS` equal bins from minimum to maximum; () for other kinds.
        edges: the bins' limits, one more than bins.
        categories: the most frequent values with their counts (at most `MAX_CATEGORIES`); () for numbers.
    """

    name: str
    kind: str
    count: int
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    histogram: tuple[int, ...] = ()
    edges: tuple[float, ...] = ()
    categories: tuple[tuple[str, int], ...] = ()


def column_stats(city: CityData, name: str) -> ColumnStats:
    """Statistics of an object attribute, each object's own value only; KeyError if the city lacks it."""
    column = city.objects.columns[name]
    return _numbers(column) if column.is_numeric() else _categories(column)


def _numbers(column: Column) -> ColumnStats:
    present = np.asarray(column.present, np.bool_)
    values = np.asarray(column.values)[present].astype(np.float64)
    values = values[~np.isnan(values)]
    finite = values[np.isfinite(values)]
    size, distinct = len(column.present), len(np.unique(values))
    if not len(finite):
        return ColumnStats(column.name, column.kind, len(values), size - len(values), distinct)
    low, high = float(finite.min()), float(finite.max())
    # The histogram of shares of the range: a range of 1e308 - -1e308 has no float64 width.
    span = high / 2 - low / 2
    share = (finite / 2 - low / 2) / span if span > 0 else np.zeros(len(finite))
    counts = np.bincount(np.minimum((share * BINS).astype(np.int64), BINS - 1), minlength=BINS)
    edges = tuple(low * (1 - k / BINS) + high * (k / BINS) for k in range(BINS + 1))
    mean = float((finite / len(finite)).sum()) if span > 1e300 else float(finite.mean())
    return ColumnStats(
        column.name,
        column.kind,
        len(values),
        size - len(values),
        distinct,
        low,
        high,
        min(max(mean, low), high),
        tuple(counts.tolist()),
        edges,
    )


def _categories(column: Column) -> ColumnStats:
    present = np.asarray(column.present, np.bool_)
    codes = np.asarray(column.values)[present].astype(np.int64)
    labels = ["no", "yes"] if column.categories is None else column.categories
    counts = np.bincount(codes, minlength=len(labels))
    order = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
    entries = tuple((labels[int(code)], int(counts[code])) for code in order if counts[code])
    distinct = int(np.count_nonzero(counts))
    return ColumnStats(
        column.name, column.kind, len(codes), len(column.present) - len(codes), distinct, categories=entries
    )
