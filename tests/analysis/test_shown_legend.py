from dataclasses import replace

import pytest

from viewer.analysis.shown_legend import shown_legend
from viewer.document.state import DocumentState, LayerState, Style

OBJECTS = [("a", "Building", [], {"h": 1.0}, ["1"]), ("b", "Building", [], {"h": 2.0}, ["1"])]


@pytest.fixture
def cities(small_city):
    nothing = small_city([("n", "Building", [], {}, [])])
    return {"one": small_city(OBJECTS), "two": small_city(OBJECTS), "empty": nothing}


def state_of(*layers, **parts):
    return DocumentState(layers=tuple(LayerState(i, i, f"/{i}", **more) for i, more in layers), **parts)


@pytest.mark.parametrize(
    ("layers", "shown"),
    [
        ([("one", {}), ("two", {})], ("one", "Surfaces and objects")),
        ([("one", {}), ("two", {"style": Style("h")})], ("two", "H")),
        ([("one", {"style": Style("@theme")}), ("two", {"style": Style("@type")})], ("two", "Object type")),
        ([("one", {"style": Style("h")}), ("two", {"style": Style("@type")})], ("one", "H")),
        ([("one", {"style": Style("h"), "visible": False}), ("two", {})], ("two", "Surfaces and objects")),
        ([("empty", {"style": Style("h")}), ("two", {})], ("two", "Surfaces and objects")),
        ([("waiting", {"style": Style("h")}), ("two", {})], ("two", "Surfaces and objects")),
    ],
)
def test_a_coloured_layer_goes_before_the_first(cities, layers, shown):
    layer, legend = shown_legend(state_of(*layers), cities)
    assert (layer.id, legend.title) == shown


@pytest.mark.parametrize(("current", "shown"), [("", "one"), ("two", "two"), ("three", "one"), ("gone", "one")])
def test_of_coloured_layers_the_current_one_goes_first(cities, current, shown):
    state = state_of(("one", {"style": Style("h")}), ("two", {"style": Style("@type")}), ("three", {}))
    layer, _ = shown_legend(state, {**cities, "three": cities["one"]}, current)
    assert layer.id == shown


def test_none_where_nothing_is_drawn_or_legends_are_off(cities):
    assert shown_legend(state_of(("one", {"visible": False}), ("empty", {})), cities) is None
    on = state_of(("one", {}))
    assert shown_legend(on, cities) is not None
    assert shown_legend(replace(on, show_legend=False), cities) is None


def test_tones_that_no_legend_lists_have_none(cities):
    for realism in ("plain", "textured"):
        assert shown_legend(replace(state_of(("one", {})), realism=realism), cities) is None
        coloured = ("one", {"style": Style(color_by="@type")})
        assert shown_legend(replace(state_of(coloured), realism=realism), cities) is not None
