"""`resolve` is pure: these tests need neither VTK nor a display."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from loaders.api import LoadResult
from viewer.analysis.palettes import NO_DATA, base_color, type_color
from viewer.document.document import Document
from viewer.document.state import Camera, DocumentState, LayerState, Selection, Style
from viewer.render.resolve import resolve

CAMERA = Camera((0.0, -10.0, 10.0), (0.0, 0.0, 0.0))
FAMILY = [
    ("house", "Building", [], {"h": 30.0}, ["1"]),
    ("part", "BuildingPart", ["house"], {}, ["1", "2"]),
    ("sub", "BuildingInstallation", ["part"], {}, ["2"]),
    ("road", "Road", [], {"h": 1.0}, ["1"]),
    ("idea", "Building", [], {}, []),
]
HOUSE, PART, SUB, ROAD, IDEA = range(5)


@pytest.fixture
def document(small_city):
    document = Document()
    with document.change("Add") as edit:
        edit.add_city(LayerState("a", "a", "/a.json"), LoadResult(small_city(FAMILY), "CityJSON", "2.0"))
    return document


def change(document, **values):
    with document.change("Change") as edit:
        edit.layer("a", **values)
    (look,) = resolve(document, CAMERA).layers
    return look


def shown(document, **values):
    return change(document, **values).texels[:, 3].tolist()


def test_texels_as_promised(document):
    look = change(document)
    assert look.texels.shape == (5, 4) and look.texels.dtype == np.uint8 and look.texels.flags.c_contiguous
    assert not look.texels.flags.writeable
    assert (look.layer_id, look.visible, look.color_mode, look.theme) == ("a", True, "surface", None)
    assert tuple(look.texels[ROAD, :3]) == base_color("Road")
    assert look.selected.dtype == np.int64 and len(look.selected) == 0


def test_the_highest_lod_is_chosen_per_object(document):
    look = change(document)
    assert look.texels[:, 3].tolist() == [1, 2, 2, 1, 0]
    assert look.lods == (0, 1)


def test_a_named_lod_shows_the_objects_that_have_it(document):
    assert shown(document, lod="2") == [0, 2, 2, 0, 0]
    assert change(document, lod="2").lods == (1,)
    assert shown(document, lod="1") == [1, 1, 0, 1, 0]
    assert shown(document, lod="9") == [0] * 5


def test_hiding_a_type_hides_its_objects_only(document):
    assert shown(document, hidden_types=frozenset({"Building"})) == [0, 2, 2, 1, 0]
    assert shown(document, hidden_types=frozenset({"BuildingPart", "Road", "Unknown"})) == [1, 0, 2, 0, 0]


def test_hiding_an_object_hides_what_belongs_to_it(document):
    assert shown(document, hidden_ids=frozenset({"house"})) == [0, 0, 0, 1, 0]
    assert shown(document, hidden_ids=frozenset({"part", "nobody"})) == [1, 0, 0, 1, 0]


def test_isolation_shows_an_object_and_what_belongs_to_it(document):
    assert shown(document, only_ids=frozenset({"part"})) == [0, 2, 2, 0, 0]
    assert shown(document, only_ids=frozenset()) == [0] * 5
    assert shown(document, only_ids=frozenset({"house"}), hidden_ids=frozenset({"sub"})) == [1, 2, 0, 0, 0]


def test_what_belongs_to_a_match_matches(document):
    assert shown(document, filter='type == "Building"') == [1, 2, 2, 0, 0]
    assert shown(document, filter="h > 20") == [1, 2, 2, 0, 0]
    assert shown(document, filter="not (h > 20)") == [0, 0, 0, 1, 0]
    assert shown(document, filter="id == 'sub'") == [0, 0, 2, 0, 0]


def test_a_filter_that_cannot_be_read_hides_nothing(document):
    assert shown(document, filter="h >") == [1, 2, 2, 1, 0]


def test_no_lod_is_used_when_all_is_hidden(document):
    assert change(document, only_ids=frozenset()).lods == ()


@pytest.mark.parametrize(
    ("color_by", "mode"), [("@surface", "surface"), ("@theme", "theme"), ("@type", "object"), ("h", "object")]
)
def test_colour_modes(document, color_by, mode):
    assert change(document, style=Style(color_by)).color_mode == mode


def test_colours_come_from_the_style(document):
    assert tuple(change(document, style=Style("@type")).texels[ROAD, :3]) == type_color("Road")
    look = change(document, style=Style("h"))
    assert (look.texels[HOUSE] == look.texels[HOUSE]).all() and tuple(look.texels[IDEA, :3]) == NO_DATA
    assert tuple(look.texels[PART, :3]) == tuple(look.texels[HOUSE, :3])


def test_theme_of_the_layer_or_the_file(document):
    assert change(document, style=Style("@theme", theme="winter")).theme == "winter"
    document.cities["a"] = replace(document.cities["a"], default_theme="summer")
    assert change(document, style=Style("@theme")).theme == "summer"
    assert change(document, style=Style("h", theme="winter")).theme is None


def select(document, *ids, layer="a"):
    with document.change("Select") as edit:
        edit.state = replace(edit.state, selection=Selection(layer, ids))
    return resolve(document, CAMERA).layers[0].selected.tolist()


def test_selection_takes_what_belongs_to_it(document):
    assert select(document, "house") == [HOUSE, PART, SUB]
    assert select(document, "sub", "road") == [SUB, ROAD]
    assert select(document, "road", layer="other") == []
    assert select(document, "nobody") == []


def test_arrays_keep_their_identity_while_nothing_differs(document):
    first = resolve(document, CAMERA).layers[0]
    again = resolve(document, replace(CAMERA, fov_deg=50.0)).layers[0]
    assert again is first
    select(document, "house")
    chosen = resolve(document, CAMERA).layers[0]
    assert chosen is not first and chosen.texels is first.texels
    hidden = change(document, visible=False)
    assert hidden.texels is first.texels and hidden.selected is chosen.selected and not hidden.visible
    renamed = change(document, name="other")
    assert renamed is hidden
    restyled = change(document, style=Style("@type"))
    assert restyled.texels is not first.texels and restyled.selected is chosen.selected


def test_two_documents_do_not_share(document, small_city):
    other = Document()
    with other.change("Add") as edit:
        edit.add_city(LayerState("a", "a", "/a"), LoadResult(small_city(FAMILY[3:]), "CityJSON", "2.0"))
    assert len(resolve(document, CAMERA).layers[0].texels) == 5
    assert len(resolve(other, CAMERA).layers[0].texels) == 2
    assert len(resolve(document, CAMERA).layers[0].texels) == 5


def test_another_city_under_the_same_id_is_seen(document, small_city):
    resolve(document, CAMERA)
    document.cities["a"] = small_city(FAMILY[:2][:1])
    assert len(resolve(document, CAMERA).layers[0].texels) == 1


def test_layers_without_data_are_left_out_and_order_is_kept(document, small_city):
    with document.change("Add") as edit:
        edit.state = replace(edit.state, layers=(LayerState("gone", "gone", "/gone"), *edit.state.layers))
        edit.add_city(LayerState("b", "b", "/b"), LoadResult(small_city([]), "CityJSON", "2.0"))
    state = resolve(document, CAMERA)
    assert [look.layer_id for look in state.layers] == ["a", "b"]
    assert state.layers[1].texels.shape == (0, 4) and state.layers[1].lods == ()


def test_camera_quality_hover_and_size(document):
    with document.change("Quality") as edit:
        edit.state = replace(edit.state, quality="high")
    state = resolve(document, CAMERA, hover=("a", 3), size=(640, 480))
    assert (state.camera, state.quality) == (CAMERA, "high")
    assert state.extra == {"hover_layer": 0.0, "hover_row": 3.0, "width": 640.0, "height": 480.0}
    assert resolve(document, CAMERA, hover=("gone", 3)).extra == {}


def test_a_closed_city_is_freed(document):
    resolve(document, CAMERA)
    seen = weakref.ref(document.cities["a"])
    document.reset(DocumentState())
    resolve(document, CAMERA)
    gc.collect()
    assert seen() is None


def test_more_lods_than_can_be_named(small_city):
    lods = [f"{n:02}" for n in range(20)]
    document = Document()
    with document.change("Add") as edit:
        city = small_city([("x", "Building", [], {}, lods), ("y", "Building", [], {}, ["19"])])
        edit.add_city(LayerState("a", "a", "/a"), LoadResult(city, "CityJSON", "2.0"))
    assert resolve(document, CAMERA).layers[0].texels[:, 3].tolist() == [15, 0]


def test_a_layer_of_labels_only_is_visible_but_not_drawn(document):
    look = change(document, labels_only=True)
    assert look.visible and not look.drawn and look.texels[:, 3].any()
    assert change(document, labels_only=False).drawn
