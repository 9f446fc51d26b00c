import gc
import weakref

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewer.analysis.bounds import bounds_of, union
from viewer.analysis.derived import Derived, derived

FAMILY = [
    ("house", "Building", [], {"h": 30.0, "f": "x", "n": 3, "old": True}, ["1"]),
    ("part", "BuildingPart", ["house"], {"f": "x"}, ["2"]),
    ("sub", "BuildingInstallation", ["part"], {"h": 2.0, "f": "y"}, ["2"]),
    ("lone", "Building", [], {"h": 4.0, "old": False}, []),
    ("häuschen", "Building", [], {"h": float("inf")}, ["2"]),
]


@pytest.fixture
def city(small_city):
    return small_city(FAMILY, origin=(85000.0, 447000.0, 2.0))


def test_rows_by_id(city):
    base = derived(city)
    assert base.rows_of(["lone", "nobody", "house", "häuschen", ""]).tolist() == [3, 0, 4]
    assert base.mask_of(["part"]).tolist() == [False, True, False, False, False]
    assert derived(city) is base


def test_many_ids_use_an_index_and_agree(small_city):
    city = small_city([(f"id-{i % 7}-{i}", "Road", [], {}, []) for i in range(200)])
    ids = city.objects.ids.to_list()
    assert Derived(city).rows_of(ids).tolist() == list(range(200))
    one_by_one = Derived(city)
    assert [int(one_by_one.rows_of([name])[0]) for name in ids] == list(range(200))
    assert one_by_one.rows_of(["id-1-1x", "id-1-", "x"]).tolist() == []


def test_of_two_objects_with_one_id_the_first_is_meant(small_city):
    city = small_city([(name, "Road", [], {}, []) for name in ["a", "b", "a"]])
    assert Derived(city).rows_of(["a"]).tolist() == [0]
    assert Derived(city).rows_of(["a", *(f"x{i}" for i in range(20))]).tolist() == [0]


def test_descendants(city):
    base = derived(city)
    assert base.with_descendants(base.mask_of(["house"])).tolist() == [True, True, True, False, False]
    assert base.with_descendants(base.mask_of(["part"])).tolist() == [False, True, True, False, False]


def test_cycles_and_strange_parents_end(small_city):
    city = small_city([("a", "X", ["b"], {}, []), ("b", "X", ["a"], {}, []), ("c", "X", ["c"], {}, [])])
    base = derived(city)
    assert base.with_descendants(base.mask_of(["a"])).tolist() == [True, True, False]
    assert base.inherited(np.array([False, False, False])) is None
    rows, sources = base.inherited(np.array([True, False, False]))
    assert (rows.tolist(), sources.tolist()) == ([1], [0])


def test_values_come_from_the_nearest_parent(city):
    values, present, rows = derived(city).effective(city.objects.columns["h"])
    assert values.tolist() == [30.0, 30.0, 2.0, 4.0, np.inf] and present.all() and rows.tolist() == [1]
    assert city.objects.columns["h"].present.tolist() == [True, False, True, True, True]
    assert derived(city).inherited(np.ones(5, np.bool_)) is None


def test_derived_arrays_do_not_keep_a_city(small_city):
    city = small_city(FAMILY)
    derived(city)
    seen = weakref.ref(city)
    del city
    gc.collect()
    assert seen() is None


def test_bounds_are_world_coordinates(city):
    box = bounds_of(city, np.array([1]))
    assert box.tolist() == [85020.0, 447000.0, 2.0, 85030.0, 447010.0, 7.0]
    assert bounds_of(city, np.array([3])) is None
    assert union([box, None, bounds_of(city, np.array([2]))]).tolist() == [
        85020.0,
        447000.0,
        2.0,
        85050.0,
        447010.0,
        7.0,
    ]
    assert union([]) is None


def test_ids_are_found_by_any_part_best_first(small_city):
    names = ["house-12", "HOUSE-1", "xhouse-1", "barn", "house-1", "1", "家-1"]
    base = derived(small_city([(name, "Building", [], {}, ["1"]) for name in names]))

    def found(text, limit=9):
        return [names[row] for row in base.find(text, limit)]

    assert found("house-1") == ["HOUSE-1", "house-1", "house-12", "xhouse-1"]
    assert found("BARN") == ["barn"] and found("家") == ["家-1"]
    assert found("1", 2) == ["1", "house-12"]
    assert found("") == [] and found("nothing") == [] and found("barnhouse") == []  # not across two ids


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.text("abAB1", min_size=1, max_size=4), min_size=1, max_size=12, unique=True),
    text=st.text("abA1", min_size=1, max_size=3),
)
def test_search_for_ids_is_complete(small_city, names, text):
    base = derived(small_city([(name, "Building", [], {}, ["1"]) for name in names]))
    assert sorted(base.find(text, 99)) == [k for k, name in enumerate(names) if text.lower() in name.lower()]
