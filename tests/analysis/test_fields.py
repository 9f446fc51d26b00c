import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.scenario.model import NOT_MODELLED, Classes, Result, TimeAxis, Variable
from viewer.analysis.fields import (
    NOT_MODELLED_RGB,
    RAMP_CODES,
    ZERO_RGB,
    class_name,
    codes_of,
    counts_of,
    gathered,
    hatched_where,
    legend_of,
    paint,
    scale_of,
    state_alpha,
)
from viewer.analysis.palettes import NO_DATA, class_colors

DEPTH = Variable(
    "depth",
    (("en", "Depth"), ("nl", "Diepte")),
    "object",
    "m",
    "m",
    classes=Classes((0.25, 0.5, 1.0), ((("en", "dry feet"),), (), (), (("en", "danger"),)), "Rijkswaterstaat 2019"),
    zero_is_none=True,
)
RAMP = Variable("heat", (("en", "Heat"),), "raster", "Cel", "°C", height_above_ground=1.5, palette="heat")
numbers = st.floats(-10, 10, width=32) | st.sampled_from([0.0, 0.25, 0.5, 1.0, float("nan"), float("-inf")])


def slow_code(value, breaks):
    return sum(np.float32(value) >= np.float32(b) for b in breaks)


@settings(max_examples=200, deadline=None)
@given(values=st.lists(numbers, min_size=1, max_size=40))
def test_classes_are_those_of_the_definition(values):
    array = np.array(values, np.float32)
    scale = scale_of(DEPTH)
    painted = paint(array, DEPTH, scale)
    colours = class_colors("viridis", 4)
    for value, kind, rgb in zip(array, painted.kinds, painted.rgb.tolist(), strict=True):
        if np.isnan(value):
            assert (kind, tuple(rgb)) == (2, NO_DATA)
        elif value == NOT_MODELLED:
            assert (kind, tuple(rgb)) == (3, NOT_MODELLED_RGB)
        elif value == 0:
            assert (kind, tuple(rgb)) == (1, ZERO_RGB)
        else:
            assert (kind, rgb) == (0, colours[slow_code(value, DEPTH.classes.breaks)].tolist())


def test_zero_no_data_and_not_modelled_look_different_from_each_other():
    tones = [sum(rgb) / 3 for rgb in (ZERO_RGB, NO_DATA, NOT_MODELLED_RGB)]
    assert min(abs(a - b) for n, a in enumerate(tones) for b in tones[:n]) >= 15


def test_zero_is_a_value_where_the_variable_does_not_say_otherwise():
    scale = scale_of(Variable("t", (), "object", classes=Classes((0.0,))))
    assert codes_of(np.array([-1, 0, 1], np.float32), scale).tolist() == [0, 1, 1]


def test_a_ramp_is_the_same_for_all_scenarios_and_keeps_its_ends():
    values = [np.array([[1, 2, np.nan]], np.float32), np.array([[5, -np.inf, 3]], np.float32)]
    results = [Result(RAMP, TimeAxis("static", np.zeros(1)), v) for v in values]
    scale = scale_of(RAMP, results)
    assert (scale.low, scale.high, scale.ramp) == (1.0, 5.0, True)
    codes = codes_of(np.array([-9, 1, 3, 5, 99], np.float32), scale)
    assert codes.tolist() == [0, 0, 124, RAMP_CODES - 1, RAMP_CODES - 1]
    assert scale.rgb_of(1.0) == scale.colours[0]
    assert scale.rgb_of(5.0) == scale.colours[-1]


def test_a_stated_range_goes_before_the_values_and_many_breaks_become_a_ramp():
    ranged = Variable("v", (), "object", range=(10.0, 20.0))
    assert (scale_of(ranged).low, scale_of(ranged).high) == (10.0, 20.0)
    many = Variable("v", (), "object", classes=Classes(tuple(float(n) for n in range(40))))
    assert (scale_of(many).ramp, scale_of(many).high) == (True, 39.0)


def test_a_palette_can_be_chosen_and_an_unknown_one_is_not_used():
    assert scale_of(DEPTH, (), "magma") != scale_of(DEPTH)
    assert scale_of(DEPTH, (), "no such palette") == scale_of(DEPTH)


def test_a_ramp_without_extent_has_one_colour():
    result = Result(RAMP, TimeAxis("static", np.zeros(1)), np.full((1, 3), 7, np.float32))
    scale = scale_of(RAMP, [result])
    assert codes_of(np.array([7.0], np.float32), scale).tolist() == [0]
    assert [entry.label for entry in legend_of(scale, RAMP).entries] == ["7"]


def test_values_are_hatched_where_the_range_crosses_a_break():
    scale = scale_of(DEPTH)
    low, high = np.array([0.3, 0.3, np.nan], np.float32), np.array([0.45, 0.6, 1.0], np.float32)
    assert hatched_where(low, high, scale).tolist() == [False, True, False]
    ramp = scale_of(Variable("v", (), "object", range=(0.0, 10.0)))
    assert hatched_where(low * 0, np.array([1.9, 2.1, 5], np.float32), ramp).tolist() == [False, True, False]
    painted = paint(np.array([0.4], np.float32), DEPTH, scale, low[1:2], high[1:2])
    assert painted.flags.tolist() == [1]


def test_texels_have_the_alpha_of_their_state():
    values = np.array([2, np.nan, -np.inf, 0], np.float32)
    painted = paint(values, DEPTH, scale_of(DEPTH))
    codes = gathered(painted.codes, np.array([0, 1, 2, 3, -1]))
    texels = type(painted)(codes, None, painted.scale).texels(state_alpha(1, 2, 3, 4))
    assert texels[:, 3].tolist() == [1, 2, 3, 1, 4]
    assert texels[:4, :3].tolist() == painted.rgb.tolist()


def test_the_legend_tells_unit_source_meaning_states_and_counts():
    scale = scale_of(DEPTH)
    codes = codes_of(np.array([0.1, 0.3, 2, 2, 0, np.nan, -np.inf], np.float32), scale)
    legend = legend_of(scale, DEPTH, counts_of(codes), hatched=True)
    assert (legend.title, legend.unit, legend.source) == ("Depth", "m", "Rijkswaterstaat 2019")
    assert [(e.label, e.count) for e in legend.entries] == [
        ("< 0.25  dry feet", 1),
        ("0.25 – 0.5", 1),
        ("0.5 – 1", 0),
        ("≥ 1  danger", 2),
    ]
    assert [(e.label, e.count) for e in legend.states] == [("none (zero)", 1), ("not modelled", 1)]
    assert legend.no_data.count == 1
    assert legend.note.startswith("Hatched")
    assert legend_of(scale, DEPTH, language="nl").title == "Diepte"


def test_a_state_that_does_not_occur_has_no_line():
    scale = scale_of(DEPTH)
    legend = legend_of(scale, DEPTH, counts_of(codes_of(np.array([1.0], np.float32), scale)))
    assert (legend.states, legend.no_data) == ((), None)


def test_a_height_above_ground_is_part_of_the_title():
    scale = scale_of(RAMP, [Result(RAMP, TimeAxis("static", np.zeros(1)), np.array([[0, 40]], np.float32))])
    legend = legend_of(scale, RAMP)
    assert (legend.title, legend.unit, legend.kind, legend.range) == ("Heat at 1.5 m", "°C", "ramp", (0.0, 40.0))


@pytest.mark.parametrize(("index", "text"), [(0, "< 0.25"), (1, "0.25 – 0.5"), (3, "≥ 1")])
def test_names_of_classes(index, text):
    assert class_name(scale_of(DEPTH), index) == text
