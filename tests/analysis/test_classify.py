import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.city import SURFACE_CODES, Column, SurfaceTable
from viewer.analysis.classify import MAX_LOOKS, attributes_for_coloring, colors_for
from viewer.analysis.legend import (
    Legend,
    LegendEntry,
    format_value,
    place_ticks,
    ranged_text,
    title_of,
    titled_with_unit,
)
from viewer.analysis.palettes import (
    BASE_COLORS,
    FLAT_ROOF,
    MAX_CLASSES,
    NO_DATA,
    OTHER,
    TYPE_COLORS,
    palette,
    surface_colors,
    type_color,
)
from viewer.document.state import Style


def buildings(*attributes):
    return [(f"b{i}", "Building", [], a, ["2"]) for i, a in enumerate(attributes)]


def rgb(city, **style):
    colors, legend = colors_for(city, Style(**style))
    assert colors.shape == (len(city.objects), 3) and colors.dtype == np.uint8
    return [tuple(int(v) for v in row) for row in colors], legend


def test_a_ramp_goes_from_the_least_to_the_greatest(small_city):
    city = small_city(buildings({"h": 10.0}, {"h": 20.0}, {"h": 15.0}, {}))
    colors, legend = rgb(city, color_by="h")
    table = palette("viridis").colors
    assert colors[0] == tuple(table[0]) and colors[1] == tuple(table[255])
    assert colors[2] in (tuple(table[127]), tuple(table[128]))
    assert colors[3] == NO_DATA
    assert (legend.kind, legend.range, legend.title) == ("ramp", (10.0, 20.0), "H")
    assert (legend.no_data.count, legend.no_data.rgb) == (1, NO_DATA)
    assert [e.value for e in legend.entries] == [10.0, 12.5, 15.0, 17.5, 20.0]
    assert legend.entries[0].rgb == colors[0] and legend.entries[-1].rgb == colors[1]
    assert legend.colors[0] == colors[0] and legend.colors[-1] == colors[1]


def test_one_tower_does_not_darken_the_town(small_city):
    heights = [float(8 + n % 10) for n in range(60)]
    city = small_city(buildings(*({"h": h} for h in [*heights, 64.0])))
    colors, legend = rgb(city, color_by="h")
    assert legend.range == (8.0, 17.0)
    assert [legend.entries[0].label, legend.entries[-1].label] == ["8.0", "≥ 17.0"]
    assert colors[60] == legend.entries[-1].rgb
    exact = rgb(city, color_by="h", range=(8.0, 64.0))[1]
    assert exact.entries[-1].label == "64"


def test_a_chosen_range_clamps_and_may_be_turned_round(small_city):
    city = small_city(buildings({"h": 0.0}, {"h": 100.0}))
    colors, legend = rgb(city, color_by="h", range=(40.0, 60.0), palette="magma")
    table = palette("magma").colors
    assert colors == [tuple(table[0]), tuple(table[255])] and legend.range == (40.0, 60.0)
    turned, _ = rgb(city, color_by="h", range=(60.0, 40.0), palette="magma")
    assert turned == colors[::-1]
    same, _ = rgb(city, color_by="h", palette="magma-reversed")
    assert same == colors[::-1]


def test_equal_values_take_the_middle(small_city):
    colors, legend = rgb(small_city(buildings({"h": 7}, {"h": 7})), color_by="h")
    assert colors[0] == colors[1] == tuple(palette("viridis").colors[128])
    assert [e.label for e in legend.entries] == ["7"]


def test_what_is_no_number_is_no_data_and_infinite_is_an_end(small_city):
    city = small_city(buildings({"h": float("nan")}, {"h": float("inf")}, {"h": float("-inf")}, {"h": 1.0}, {"h": 2.0}))
    colors, legend = rgb(city, color_by="h")
    table = palette("viridis").colors
    assert colors[0] == NO_DATA and legend.range == (1.0, 2.0) and legend.no_data.count == 1
    assert colors[1] == colors[4] == tuple(table[255]) and colors[2] == colors[3] == tuple(table[0])


def test_a_number_too_far_from_the_range_is_at_its_end(small_city):
    table = palette("viridis").colors
    values = [{"h": -1.7976931348623157e308}, {"h": 1.5}]
    for limits, end in (((1e292, 0.0), 255), ((0.0, 1e292), 0)):
        colors, _ = rgb(small_city(buildings(*values)), color_by="h", range=limits)
        assert colors[0] == colors[1] == tuple(table[end])


@settings(max_examples=80, deadline=None)
@given(
    values=st.lists(st.none() | st.floats(), min_size=1, max_size=20),
    limits=st.none() | st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.floats(-10, 10)),
)
def test_any_numbers_have_a_colour_of_the_ramp(small_city_once, values, limits):
    city = small_city_once(buildings(*({"h": v} for v in [*values, 1.5])))
    colors, legend = rgb(city, color_by="h", range=limits)
    allowed = {tuple(int(v) for v in row) for row in palette("viridis").colors} | {NO_DATA}
    assert set(colors) <= allowed
    gone = sum(v is None or v != v for v in values)
    assert (legend.no_data.count if legend.no_data else 0) == gone


@pytest.fixture(scope="module")
def small_city_once():
    """The factory for use inside @given (a function-scoped fixture may not be used there)."""
    keep = []

    def build(objects):
        names = [entry[0] for entry in objects]
        values = [entry[3].get("h") for entry in objects]
        from loaders.city import CityData, CrsInfo, ObjectTable, Strings

        present = np.array([v is not None for v in values])
        column = Column("h", "number", np.array([0.0 if v is None else v for v in values]), present)
        count = len(names)
        table = ObjectTable(
            Strings.from_list(names),
            np.zeros(count, np.int16),
            ("Building",),
            np.zeros(count + 1, np.int64),
            np.zeros(0, np.int32),
            {"h": column},
        )
        surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
        drawn = np.ones(count, np.bool_)

        class Mesh:
            pass

        mesh = Mesh()
        mesh.drawn = drawn
        city = CityData("x", CrsInfo(None), None, table, surfaces, {"2": mesh})
        keep.append(city)
        return city

    return build


def test_categories_have_a_colour_each_by_frequency(small_city):
    city = small_city(buildings({"f": "office"}, {"f": "home"}, {"f": "home"}, {}, {"f": ""}))
    colors, legend = rgb(city, color_by="f")
    assert colors[1] == colors[2] != colors[0]
    assert [(e.label, e.count) for e in legend.entries] == [("home", 2), ("(empty)", 1), ("office", 1)]
    assert legend.entries[0].rgb == colors[1] and legend.entries[2].rgb == colors[0]
    assert colors[3] == NO_DATA and legend.no_data.count == 1


def test_many_categories_share_one_colour_beyond_the_most_frequent(small_city):
    values = [f"c{i}" for i in range(20) for _ in range(20 - i)]
    city = small_city(buildings(*({"f": v} for v in values)))
    colors, legend = rgb(city, color_by="f")
    assert len(legend.entries) == MAX_CLASSES
    assert [e.label for e in legend.entries[:2]] == ["c0", "c1"]
    last = legend.entries[-1]
    assert (last.label, last.rgb, last.count) == ("other (9 values)", OTHER, sum(range(1, 10)))
    assert sum(e.count for e in legend.entries) == len(values)
    assert colors[-1] == OTHER and len({e.rgb for e in legend.entries}) == MAX_CLASSES


def test_twelve_categories_need_no_other(small_city):
    _, legend = rgb(small_city(buildings(*({"f": f"c{i}"} for i in range(12)))), color_by="f")
    assert len(legend.entries) == 12 and OTHER not in {e.rgb for e in legend.entries}


def test_yes_and_no(small_city):
    colors, legend = rgb(small_city(buildings({"m": True}, {"m": False}, {"m": True}, {})), color_by="m")
    assert [(e.label, e.count) for e in legend.entries] == [("yes", 2), ("no", 1)]
    assert colors[0] == colors[2] == legend.entries[0].rgb and colors[3] == NO_DATA


def test_numbers_as_classes_with_a_categorical_palette(small_city):
    colors, legend = rgb(small_city(buildings({"n": 3}, {"n": 1}, {"n": 3})), color_by="n", palette="tol-muted")
    assert [(e.label, e.count) for e in legend.entries] == [("1", 1), ("3", 2)]
    assert colors[0] == colors[2] == tuple(palette("tol-muted").colors[0])
    _, legend = rgb(small_city(buildings({"n": 10}, {"n": 9}, {"n": 10})), color_by="n", palette="tol-muted")
    assert [e.label for e in legend.entries] == ["9", "10"]


def test_grades_stand_in_their_own_order_and_keep_their_colours(small_city):
    _, legend = rgb(small_city(buildings({"e": "C"}, {"e": "A"}, {"e": "C"}, {"e": "B"})), color_by="e")
    assert [(e.label, e.count) for e in legend.entries] == [("A", 1), ("B", 1), ("C", 2)]
    assert legend.entries[2].rgb == tuple(int(v) for v in palette("okabe-ito").colors[0])


def test_long_labels_are_cut_and_put_on_one_line(small_city):
    _, legend = rgb(small_city(buildings({"f": "x\ny " * 100})), color_by="f")
    assert len(legend.entries[0].label) == 60 and "\n" not in legend.entries[0].label


FAMILY = [
    ("house", "Building", [], {"h": 30.0, "f": "home"}, []),
    ("part", "BuildingPart", ["house"], {}, ["2"]),
    ("sub", "BuildingInstallation", ["part"], {}, ["2"]),
    ("own", "BuildingPart", ["house"], {"h": 10.0}, ["2"]),
    ("lone", "Building", [], {}, ["2"]),
]


def test_parts_show_their_parents_values_and_the_legend_says_so(small_city):
    city = small_city(FAMILY)
    colors, legend = rgb(city, color_by="h")
    table = palette("viridis").colors
    assert colors[1] == colors[2] == tuple(table[255]) and colors[3] == tuple(table[0]) and colors[4] == NO_DATA
    assert legend.note == "2 values come from the parent object."
    assert legend.no_data.count == 1
    _, legend = rgb(city, color_by="f")
    assert [(e.label, e.count) for e in legend.entries] == [("home", 3)]


def test_a_cycle_of_parents_ends(small_city):
    cycle = [("a", "Building", ["b"], {}, ["1"]), ("b", "Building", ["a"], {}, ["1"])]
    city = small_city([*cycle, ("c", "Building", [], {"h": 1.0}, ["1"])])
    colors, _ = rgb(city, color_by="h")
    assert colors[:2] == [NO_DATA, NO_DATA]


def test_by_type(small_city):
    city = small_city([*FAMILY, ("n", "+Noise", [], {}, ["1"])])
    colors, legend = rgb(city, color_by="@type")
    assert colors[1] == TYPE_COLORS["BuildingPart"] and colors[5] == type_color("+Noise")
    assert [(e.label, e.count) for e in legend.entries] == [
        ("Building part", 2),
        ("Building", 1),
        ("Building installation", 1),
        ("+Noise", 1),
    ]


def test_the_default_look_names_surfaces_and_other_objects(small_city):
    city = small_city([*FAMILY, ("r", "Road", [], {}, ["1"]), ("w", "WaterBody", [], {}, ["1"])])
    surfaces = SurfaceTable(np.array([0, 1], np.int16), ("GroundSurface", "TrafficArea"), np.array([1, 5], np.int32))
    colors, legend = rgb(replace(city, surfaces=surfaces), color_by="@surface")
    assert colors[6] == BASE_COLORS["WaterBody"]
    entries = {e.label: e for e in legend.entries}
    # Buildings whose faces are not named are drawn as roof and wall; the road is drawn by its surface.
    assert set(entries) == {"Roof, pitched", "Roof, flat", "Wall", "Ground", "Traffic area", "Water body"}
    assert entries["Ground"].rgb == surface_colors()["GroundSurface"] and entries["Water body"].count == 1
    assert entries["Roof, flat"].rgb == surface_colors()[FLAT_ROOF] != entries["Roof, pitched"].rgb


def test_surface_colours_are_those_of_the_shader(project_root):
    text = (project_root / "shaders" / "surfaces.glsl").read_text()
    constants = {
        name: tuple(round(float(part) * 255) for part in values.split(","))
        for name, values in re.findall(r"const vec3 (\w+)\s*=\s*vec3\(([^)]*)\)", text)
    }
    drawn = {}
    for condition, what in re.findall(r"if \((f\.code == [^)]*)\) return (\w+)", text):
        for code in re.findall(r"code == (\d+)", condition):
            drawn[int(code)] = constants["ROOF_PITCHED" if what == "roofColour" else what]
    colors = dict(surface_colors())
    pitched, flat = re.search(r"vec3 roofColour\(float up\) { return mix\((\w+), (\w+),", text).groups()
    assert (constants[pitched], constants[flat]) == (colors["RoofSurface"], colors.pop(FLAT_ROOF))
    assert drawn == {SURFACE_CODES[name]: color for name, color in colors.items()}


def test_an_attribute_that_is_not_there_is_no_data_everywhere(small_city):
    colors, legend = rgb(small_city(buildings({"h": 1})), color_by="nope", palette="no such palette")
    assert colors == [NO_DATA] and legend.no_data.count == 1 and legend.entries == ()


def test_only_missing_numbers(small_city):
    colors, legend = rgb(small_city(buildings({"h": float("nan")})), color_by="h")
    assert colors == [NO_DATA] and legend.entries == () and legend.no_data.count == 1


def test_an_empty_city(small_city):
    for color_by in ("@type", "@surface", "@theme", "x"):
        colors, legend = rgb(small_city([]), color_by=color_by)
        assert colors == [] and legend.entries == ()


def test_results_are_kept_and_read_only(small_city):
    city = small_city(buildings({"h": 1}))
    first = colors_for(city, Style("h"))
    assert colors_for(city, Style("h"))[0] is first[0]
    with pytest.raises(ValueError):
        first[0][0] = 0


def test_attributes_worth_colouring(small_city):
    city = small_city(buildings({"a": 1, "b": "x"}, {"c": True}))
    column = city.objects.columns["b"]
    city.objects.columns["b"] = replace(column, present=np.zeros(2, np.bool_))
    assert attributes_for_coloring(city) == ("a", "c")


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [
        (0.0, 1, "0"),
        (1234567.0, None, "1 234 567"),
        (12.5, 2.5, "12.5"),
        (0.12345, None, "0.12"),
        (1e12, None, "1e+12"),
        (1e-9, None, "1e-09"),
        (float("nan"), None, "nan"),
        (-3.0, None, "-3"),
        (1950.0, 25.0, "1950"),
        (19500.0, 250.0, "19 500"),
    ],
)
def test_numbers_for_people(value, step, text):
    assert format_value(value, step) == text


@pytest.mark.parametrize(
    ("name", "title", "unit"),
    [
        ("year_of_construction", "Year of construction", ""),
        ("yearOfConstruction", "Year of construction", ""),
        ("measuredHeight", "Measured height", ""),
        ("SolitaryVegetationObject", "Solitary vegetation object", ""),
        ("TINRelief", "TIN relief", ""),
        ("+NoiseBuilding", "+Noise building", ""),
        ("identificatieBAG", "Identificatie BAG", ""),
        ("Street_Name", "Street Name", ""),
        ("footprintArea_m2", "Footprint area", "m²"),
        ("heatDemand_kWh_m2a", "Heat demand", "kWh/(m² a)"),
        ("kWh", "KWh", ""),
        ("b3_h_dak_50p", "B3 h dak 50p", ""),
        ("m", "M", ""),
        ("_", "_", ""),
        ("_m", "M", ""),
        ("", "", ""),
        ("建物高さ", "建物高さ", ""),
    ],
)
def test_titles_for_people(name, title, unit):
    assert titled_with_unit(name) == (title, unit)
    assert unit or title_of(name) == title


def test_units_stand_in_the_legend_of_numbers_only(small_city):
    city = small_city(buildings({"area_m2": 1.5, "kind_m": "x"}, {"area_m2": 2.5, "kind_m": "y"}))
    assert [rgb(city, color_by=name)[1].unit for name in ("area_m2", "kind_m")] == ["m²", ""]
    legend = rgb(city, color_by="area_m2", palette="tol-muted")[1]
    assert (legend.kind, legend.title, legend.unit) == ("classes", "Area", "m²")


def test_both_ends_of_a_ramp_are_labelled_whatever_the_room():
    entries = tuple(LegendEntry(f"≥ {v}", (0, 0, 0), None, float(v)) for v in range(0, 500, 100))
    legend = Legend("H", "", "ramp", entries, range=(0.0, 400.0))
    for width in (40.0, 120.0, 1000.0):
        placed = place_ticks(legend, width, lambda text: 8.0 * len(text), 6.0)
        assert {"≥ 0", "≥ 400"} <= {label for _, _, label in placed} or width < 80
        edges = sorted((left, left + 8.0 * len(label)) for _, left, label in placed)
        assert edges[0][0] >= 0 and edges[-1][1] <= max(width, edges[0][1])
        assert all(a[1] <= b[0] for a, b in pairwise(edges))
    assert [label for _, _, label in sorted(placed)] == ["≥ 0", "≥ 100", "≥ 200", "≥ 300", "≥ 400"]


def test_the_default_look_never_drops_a_kind_in_silence(small_city):
    kinds = ["Road", "Railway", "WaterBody", "LandUse", "PlantCover", "Tunnel", "Bridge", "CityFurniture", "TINRelief"]
    few = small_city([(f"o{i}", kind, [], {}, ["2"]) for i, kind in enumerate(kinds)])
    legend = rgb(few, color_by="@surface")[1]
    assert not legend.note and {title_of(kind) for kind in kinds if kind not in ("Tunnel", "Bridge")} <= {
        entry.label for entry in legend.entries
    }
    many = small_city([(f"o{i}", f"Kind{i}", [], {}, ["2"]) for i in range(20)])
    legend = rgb(many, color_by="@surface")[1]
    listed = [entry for entry in legend.entries if entry.count]
    assert len(legend.entries) == MAX_LOOKS and len(listed) + int(legend.note.split()[0]) == 20, legend


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((1.066, 0.7948, 1.336, "m"), "1.07 m (0.79 to 1.34)"),
        ((62.3, 58.2, 66.4, "dB(A)"), "62.3 dB(A) (58.2 to 66.4)"),
        ((0.8, 0.7, 1.3, "m"), "0.8 m (0.7 to 1.3)"),
        ((1400.0, None, None, ""), "1400"),
        ((123456.7, None, None, "m²"), "123 457 m²"),
        ((0.0123456, None, None, ""), "0.0123"),
        ((0.0, 0.0, 0.0, "m"), "0 m"),
        ((-0.001, -1.0, 1.0, "m"), "0 m (-1 to 1)"),
    ],
)
def test_values_are_told_as_finely_as_their_range_allows(args, text):
    assert ranged_text(*args) == text


def test_changes_have_a_sign():
    assert ranged_text(-1.066, -1.336, -0.7948, "m", sign=True) == "-1.07 m (-1.34 to -0.79)"
    assert ranged_text(0.42, -0.1, 0.9, "m", sign=True) == "+0.4 m (-0.1 to +0.9)"
