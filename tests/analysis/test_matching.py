import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.city import Strings
from loaders.scenario.model import Result, TimeAxis, Variable
from viewer.analysis import matching
from viewer.analysis.matching import count_matches, find_ids, match, needs_match

names = st.lists(st.text("ab\u00e9\0", max_size=4), max_size=30)


def result_of(ids, binding="object", **more):
    values = np.arange(len(ids), dtype=np.float32)[None]
    table = Strings.from_list(list(ids))
    where = {"owners": table} if binding == "points" else {"ids": table}
    return Result(Variable("v", (), binding), TimeAxis("static", np.zeros(1)), values, **where, **more)


@settings(max_examples=200, deadline=None)
@given(needles=names, hay=names)
def test_ids_are_found_as_a_dictionary_finds_them(needles, hay):
    first = {}
    for row, name in enumerate(hay):
        first.setdefault(name, row)
    found = find_ids(Strings.from_list(needles), Strings.from_list(hay))
    assert found.tolist() == [first.get(name, -1) for name in needles]


def test_strings_with_the_same_hash_are_told_apart(monkeypatch):
    monkeypatch.setattr(matching, "_hashes", lambda strings: np.zeros(len(strings), np.uint64))
    found = find_ids(Strings.from_list(["a", "bb", "c"]), Strings.from_list(["a", "x"]))
    assert found.tolist() == [0, -1, -1]


def test_objects_take_the_value_of_their_parent_and_lost_ids_are_counted(small_city):
    city = small_city(
        [
            ("house", "Building", [], {}, []),
            ("part", "BuildingPart", ["house"], {}, ["2"]),
            ("shed", "Building", [], {}, ["2"]),
        ]
    )
    result = result_of(["nowhere", "house", "gone"])
    found = match(result, city)
    assert found.rows.tolist() == [-1, 0, -1]
    assert found.sources.tolist() == [1, 1, -1]
    count = count_matches(result, {"a": found})
    assert (count.matched, count.total, count.example_unmatched) == (1, 3, ("nowhere", "gone"))
    assert count.text == "1 of 3 buildings and objects matched"
    assert not count.complete


def test_rows_may_be_in_different_layers(small_city):
    one, two = (small_city([(name, "Building", [], {}, ["2"])]) for name in ("a", "b"))
    result = result_of(["a", "b"])
    count = count_matches(result, {"1": match(result, one), "2": match(result, two)})
    assert (count.complete, count.text) == (True, "2 of 2 buildings and objects matched")


def test_surfaces_are_counted_within_their_object(small_city):
    city = small_city([("a", "Building", [], {}, ["2"]), ("b", "Building", [], {}, ["2"])])
    owners = np.asarray(city.surfaces.object_rows)
    of_b = np.flatnonzero(owners == 1)
    result = result_of(["b", "b", "a", "c", "b"], "surface", surfaces=np.array([0, 1, 9999, 0, -1], np.int32))
    found = match(result, city)
    expected = [int(of_b[k]) if k < len(of_b) else -1 for k in (0, 1)] + [-1, -1, -1]
    assert found.rows.tolist() == expected
    assert len(found.sources) == len(city.surfaces)
    assert [found.sources[row] for row in expected if row >= 0] == [k for k in (0, 1) if k < len(of_b)]


def test_only_results_that_name_objects_are_matched(small_city):
    raster = Result(Variable("v", (), "raster"), TimeAxis("static", np.zeros(1)), np.zeros((1, 2, 2), np.float32))
    assert (needs_match(raster), needs_match(result_of(["a"], "points"))) == (False, True)
    assert count_matches(raster, {}).text == ""
    with pytest.raises(ValueError, match="raster"):
        match(raster, small_city([("a", "Building", [], {}, ["2"])]))


def test_ids_in_messages_are_short_and_plain(small_city):
    city = small_city([("house", "Building", [], {}, ["1"])])
    result = result_of(["\u202ex\0" + "y" * 1_000_000])
    found = count_matches(result, {"a": match(result, city)})
    assert len(found.example_unmatched[0]) == 80 and found.example_unmatched[0].startswith("\ufffdx\ufffdyy")
