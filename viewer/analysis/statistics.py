"""What several objects have in common: sums and means of numbers, counts of texts. Pure numpy, for any thread."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from loaders.city import CityData, Column, Int64

MOST_VALUES = 6
"""Different values of an attribute that are counted one by one, the most frequent first."""


@dataclass(frozen=True, slots=True)
class NumberStatistics:
    """A numeric attribute over some objects; values are as in the file, infinite ones left out.

    Attributes: name of the attribute; count of objects with a value, missing of those without; total, mean, low, high.
    """

    name: str
    count: int
    missing: int
    total: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """An attribute of any other kind over some objects.

    Attributes:
        name: of the attribute.
        count: objects with a value; missing: objects without.
        variety: different values.
        top: the most frequent values and how many objects have each, at most `MOST_VALUES`; ties in file order.
    """

    name: str
    count: int
    missing: int
    variety: int
    top: tuple[tuple[Any, int], ...]


Statistics = NumberStatistics | ValueCounts


def statistics_of(city: CityData, rows: Int64) -> list[Statistics]:
    """Each attribute that any of the rows has, in the order of the file; about 0.3 ms for each and 50,000 rows."""
    found = (_statistics(column, rows) for column in city.objects.columns.values())
    return [one for one in found if one is not None]


def type_counts_of(city: CityData, rows: Int64) -> list[tuple[str, int]]:
    """Object types among the rows and how many objects each has, most first."""
    names = city.objects.type_names
    counts = np.bincount(city.objects.type_codes[rows], minlength=len(names))
    return [(names[k], int(counts[k])) for k in np.argsort(-counts, kind="stable").tolist() if counts[k]]


def _statistics(column: Column, rows: Int64) -> Statistics | None:
    values = column.values[rows[column.present[rows]]]
    if column.is_numeric():
        numbers = np.asarray(values, np.float64)
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers):
            return None
        total, low, high = float(numbers.sum()), float(numbers.min()), float(numbers.max())
        missing, mean = len(rows) - len(numbers), float(numbers.mean())
        return NumberStatistics(column.name, len(numbers), missing, total, mean, low, high)
    return _counted(column, values, len(rows)) if len(values) else None


def _counted(column: Column, values: npt.NDArray[Any], total: int) -> ValueCounts:
    codes = values.astype(np.int64)  # of categories, or the two of no and yes
    counts = np.bincount(codes)
    variety = int(np.count_nonzero(counts))
    if variety > MOST_VALUES:
        least = np.partition(counts, len(counts) - MOST_VALUES)[len(counts) - MOST_VALUES]
        often = np.flatnonzero(counts >= max(least, 1))
    else:
        often = np.flatnonzero(counts)
    often = often[np.argsort(-counts[often], kind="stable")][:MOST_VALUES]
    top = tuple((_value(column, code), int(counts[code])) for code in often.tolist())
    return ValueCounts(column.name, len(values), total - len(values), variety, top)


def _value(column: Column, code: int) -> Any:
    if column.categories is None:
        return bool(code)
    text = column.categories[code]
    return json.loads(text) if column.kind == "json" else text
