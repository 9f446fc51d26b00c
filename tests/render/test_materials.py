"""What the shaders know of an object: its use, its storeys, its flags."""

from dataclasses import replace

import numpy as np
import pytest
from vtkmodules.vtkRenderingCore import vtkRenderer

from loaders.city import Column, ObjectTable, Strings
from viewer.document.state import Camera
from viewer.render import uses
from viewer.render.materials import CityMaterial
from viewer.render.object_texture import FLAG_PROPOSED, FLAG_UNCERTAIN, ObjectTexture, measure
from viewer.render.state import RenderState
from viewer.render.style_texture import make_texture, rows_of_texels
from viewer.render.uses import storeys_of, use_of_text, uses_of
from viewer.render.warming import WarmUp


def table(types, parents=(), **columns):
    """Objects of some types; ``parents`` are (child, parent); columns of text (None = missing) or of numbers."""
    names = tuple(dict.fromkeys(types))
    codes = np.array([names.index(name) for name in types], np.int16)
    start = np.zeros(len(types) + 1, np.int64)
    for child, _ in parents:
        start[child + 1 :] += 1
    rows = np.array([parent for _, parent in sorted(parents)], np.int32)
    made = {name: column(name, values) for name, values in columns.items()}
    return ObjectTable(Strings.from_list([str(i) for i in range(len(types))]), codes, names, start, rows, made)


def column(name, values):
    present = np.array([value is not None for value in values])
    if all(isinstance(value, str) for value in values if value is not None):
        texts = list(dict.fromkeys(value for value in values if value is not None))
        codes = np.array([-1 if value is None else texts.index(value) for value in values], np.int32)
        return Column(name, "string", codes, present, Strings.from_list(texts))
    return Column(name, "integer", np.array([value or 0 for value in values], np.int64), present)


@pytest.mark.parametrize(
    ("text", "use"),
    [
        ("residential", uses.RESIDENTIAL),
        ("woonfunctie", uses.RESIDENTIAL),
        ("31001_1010", uses.RESIDENTIAL),
        ("Wohngebäude", uses.RESIDENTIAL),
        ("kantoorfunctie", uses.OFFICE),
        ("31001_2020", uses.OFFICE),
        ("winkelfunctie", uses.RETAIL),
        ("31001_2054", uses.RETAIL),
        ("industriefunctie", uses.INDUSTRY),
        ("31001_2143", uses.INDUSTRY),
        ("Church", uses.CHURCH),
        ("31001_3041", uses.CHURCH),
        ("onderwijsfunctie", uses.PUBLIC),
        ("31001_3021", uses.PUBLIC),
        ("workshop", uses.INDUSTRY),
        ("book shop", uses.RETAIL),
        ("greenhouse", uses.GREENHOUSE),
        ("31001_2741", uses.GREENHOUSE),
        ("shed", uses.UNKNOWN),
        ("xyz", uses.UNKNOWN),
    ],
)
def test_words_of_several_languages_and_code_lists(text, use):
    assert use_of_text(text) == use


def test_uses_come_from_type_attribute_and_parent(box_city):
    types = [
        "Building",
        "BuildingPart",
        "BuildingPart",
        "PlantCover",
        "Road",
        "Road",
        "WaterBody",
        "TINRelief",
        "+Tree",
    ]
    functions = ["office", None, "church", "vineyard", "tramline", None, None, None, None]
    objects = table(types, [(1, 0), (2, 0)], function=functions)
    city = replace(box_city(9), objects=objects)
    assert uses_of(city).tolist() == [
        uses.OFFICE, uses.OFFICE, uses.CHURCH, uses.VINEYARD, uses.RAIL, uses.ASPHALT, uses.WATER, uses.TERRAIN,
        uses.UNKNOWN,
    ]  # fmt: skip


def test_more_exact_columns_win_and_old_houses_are_old_town(box_city):
    objects = table(
        ["Road", "Road", "Building", "Building", "Building"],
        function=["street", "street", "residential", "residential", "office"],
        surfaceMaterial=["cobbles", None, None, None, None],
        yearOfConstruction=[None, None, 1650, 1990, 1650],
    )
    found = uses_of(replace(box_city(5), objects=objects))
    assert found.tolist() == [uses.COBBLES, uses.ASPHALT, uses.OLD_TOWN, uses.RESIDENTIAL, uses.OFFICE]


def test_code_lists_of_classes_hold_for_buildings_only(box_city):
    objects = table(["Building", "Building", "Road"], **{"class": [1080, None, 1080]})
    assert uses_of(replace(box_city(3), objects=objects)).tolist() == [uses.CHURCH, uses.UNKNOWN, uses.ASPHALT]
    texts = table(["Building", "Building"], **{"class": ["1160", "villa"]})
    assert uses_of(replace(box_city(2), objects=texts)).tolist() == [uses.INDUSTRY, uses.RESIDENTIAL]


def test_storeys_are_taken_where_they_make_sense(box_city):
    objects = table(["Building"] * 4 + ["BuildingPart"], [(4, 0)], storeysAboveGround=[3, 0, None, 2000, None])
    assert storeys_of(replace(box_city(5), objects=objects)).tolist() == [3, 0, 0, 0, 3]


def test_storey_height_is_measured_to_the_eaves():
    texture = ObjectTexture(3, storeys=np.array([3, 30, 2], np.float32))
    z = np.array([0, 9, 9, 14, 0, 9, 9, 14, 0, 7, 7, 7], np.float32)
    tags = np.stack([np.repeat([0, 1, 2], 4), [2, 2, 1, 1, 2, 2, 1, 1, 0, 0, 0, 0]], axis=1).astype(np.float32)
    texture.add(tags, upright(z), np.array([0.0, 0.0, 2.0]))
    texture.finish()
    # 30 storeys in 14 m are not believed; without a roof the top is taken
    np.testing.assert_allclose(texture.values[:, :3], [[2, 16, 3], [2, 16, 0], [2, 9, 3.5]])


def upright(z):
    return np.stack([0 * z, 0 * z, z], axis=1)


def test_models_with_windows_get_no_others():
    texture = ObjectTexture(2)
    tags = np.array([[0, 2], [0, 7], [1, 2], [1, 2]], np.float32)
    texture.add(tags, upright(np.array([0, 9, 0, 9], np.float32)), np.zeros(3))
    texture.finish()
    assert texture.values[:, 2].tolist() == [-1, 0]


def test_wide_low_buildings_of_unknown_use_are_halls():
    texture = ObjectTexture(4, np.array([0, 0, 1, 0], np.uint8))
    size = np.array([[40, 40, 9], [40, 40, 30], [40, 40, 9], [40, 12, 9]], np.float32)
    positions = np.stack([np.zeros((4, 3), np.float32), size], axis=1).reshape(-1, 3)
    texture.add(np.stack([np.repeat(np.arange(4), 2), np.zeros(8)], axis=1).astype(np.float32), positions, np.ones(3))
    texture.finish()
    texture.finish()
    assert texture.values[:, 3].tolist() == [uses.INDUSTRY, uses.UNKNOWN, uses.RESIDENTIAL, uses.UNKNOWN]
    texture.set_flags(np.array([0]), np.zeros(0, np.int64))
    assert texture.values[0, 3] == uses.INDUSTRY + 64 * FLAG_PROPOSED


def test_flags_go_beside_the_use():
    texture = ObjectTexture(4, np.array([1, 40, 44, 0], np.uint8))
    texture.set_flags(np.array([0, 0, 1, 99, -1]), np.array([1]))
    assert texture.values[:, 3].tolist() == [1 + 64 * FLAG_PROPOSED, 40 + 64 * (FLAG_PROPOSED + FLAG_UNCERTAIN), 44, 0]
    texture.set_flags(np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert texture.values[:, 3].tolist() == [1, 40, 44, 0]


def test_heights_of_textures_are_powers_of_two():
    assert [rows_of_texels(count) for count in (0, 1, 1024, 1025, 3000, 57_801, 1_000_000)] == [1, 1, 1, 2, 4, 64, 1024]


def test_measuring_in_pieces_equals_measuring_at_once():
    random = np.random.default_rng(4)
    rows = np.sort(random.integers(0, 40, 3000)).astype(np.float32)
    tags = np.stack([rows, random.integers(0, 9, 3000).astype(np.float32)], axis=1)
    positions, offset = random.normal(size=(3000, 3)).astype(np.float32), np.array([5.0, -3.0, 100.0])
    whole, parts = (ObjectTexture(40, storeys=np.full(40, 2, np.float32)) for _ in range(2))
    whole.add(tags, positions, offset)
    for part in (slice(0, 1234), slice(1234, 1234), slice(1234, 3000)):
        parts.take(measure(tags[part], positions[part], offset, eaves=parts.has_storeys))
    whole.finish()
    parts.finish()
    assert np.array_equal(whole.values, parts.values)
    own = positions[rows == 7]
    assert np.allclose(whole.values[7, :2], [own[:, 2].min() + 100.0, own[:, 2].max() + 100.0])


def test_going_back_to_the_first_colours_needs_no_other_shader():
    """The same words, so that it is not compiled again."""
    pixels = np.zeros((4, 4), np.uint8)
    material = CityMaterial(make_texture(pixels, 2, 2), make_texture(pixels, 2, 2), 0)
    codes = [material.program.GetFragmentShaderCode()]
    for mode in ("object", "surface"):
        material.set_mode(mode)
        codes.append(material.program.GetFragmentShaderCode())
    assert codes[0] == codes[2] != codes[1]


def test_a_city_is_drawn_with_shaders_that_are_warm(view, box_city, look):
    """Word for word, or they are compiled again: when it arrives, and when it is coloured by an attribute."""
    warm = WarmUp(vtkRenderer())
    known = {material.program.GetFragmentShaderCode() for material in warm._materials}
    del warm
    city = box_city(4)
    view.scene.attach("boxes", city)
    for mode in ("surface", "object"):
        view.scene.apply(RenderState(Camera((0.0, -50.0, 30.0), (0.0, 0.0, 0.0)), (look(city, mode=mode),)))
        codes = {material.program.GetFragmentShaderCode() for material in view.scene.layers["boxes"].all_materials()}
        assert codes and codes <= known
