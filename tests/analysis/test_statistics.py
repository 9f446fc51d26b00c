import numpy as np
import pytest

from loaders.city import Column, Strings
from viewer.analysis.statistics import MOST_VALUES, NumberStatistics, ValueCounts, statistics_of, type_counts_of

NAMES = [chr(ord("a") + k) for k in range(20)]


@pytest.fixture
def city(small_city):
    made = small_city([(name, "Building" if k % 2 else "Road", [], {}, ["1"]) for k, name in enumerate(NAMES)])
    codes = np.minimum(np.arange(20), 9).astype(np.int32)
    all_present = np.ones(20, np.bool_)
    made.objects.columns.update({
        "height": Column("height", "number", np.array([*range(18), np.inf, np.nan]), all_present),
        "year": Column("year", "integer", np.full(20, 1960), np.arange(20) < 5),
        "use": Column("use", "string", codes, all_present, Strings.from_list(NAMES)),
        "old": Column("old", "boolean", np.arange(20) > 14, all_present),
        "list": Column("list", "json", np.zeros(20, np.int32), np.arange(20) < 1, Strings.from_list(["[1, 2]"])),
    })  # fmt: skip
    return made


def test_numbers_are_summed_without_what_is_not_finite(city):
    height, year, *_ = statistics_of(city, np.arange(20))
    assert height == NumberStatistics("height", 18, 2, 153.0, 8.5, 0.0, 17.0)
    assert year == NumberStatistics("year", 5, 15, 9800.0, 1960.0, 1960.0, 1960.0)


def test_values_are_counted_the_most_frequent_first(city):
    *_, use, old, one = statistics_of(city, np.arange(20))
    assert use.variety == 10 and len(use.top) == MOST_VALUES and use.top[:3] == (("j", 11), ("a", 1), ("b", 1))
    assert old == ValueCounts("old", 20, 0, 2, ((False, 15), (True, 5)))
    assert one == ValueCounts("list", 1, 19, 1, (([1, 2], 1),))


def test_only_the_rows_count(city):
    assert [s.name for s in statistics_of(city, np.array([18, 19]))] == ["use", "old"]
    assert type_counts_of(city, np.array([1, 3, 4])) == [("Building", 2), ("Road", 1)]
