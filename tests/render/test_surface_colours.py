"""Colours of semantic surfaces, and values at the nodes of a mesh."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.render.layer_extras import surface_rows
from viewer.render.meshes import tile_meshes
from viewer.render.state import NodeLook, RenderState, ValueScale

ROOF, BODY = (250, 200, 20), (40, 60, 200)
SCALE = ValueScale(((20, 40, 180), (220, 60, 40)), (5.0,))
RAMP = ValueScale(((0, 0, 0), (200, 200, 200)), ramp=True, low=0.0, high=10.0)


@pytest.fixture
def boxes(view, box_city, look, cameras):
    city = box_city(9)
    view.scene.attach("boxes", city)
    return view, city, look(city, mode="object", rgb=BODY), cameras


def texels_of(city, rows, rgb):
    out = np.zeros((len(city.surfaces), 4), np.uint8)
    out[rows] = (*rgb, 15)
    return out


def near(image, rgb, tolerance=60):
    return np.abs(image.astype(int) - rgb).max(axis=2) < tolerance


def test_a_surface_has_its_own_colour_and_the_rest_that_of_the_object(boxes):
    view, city, look, cameras = boxes
    roofs = 6 * np.arange(9) + 1
    made = RenderState(cameras[0](city), (replace(look, surface_texels=texels_of(city, roofs[:4], ROOF)),))
    view.scene.apply(made)
    image = view.image()
    found = view.scene.pick_ids()[:, :, 1]
    seen = 0
    for y in range(2, 240, 7):
        for x in range(2, 320, 7):
            pick = view.scene.pick(x, y)
            if pick is None or len(np.unique(found[y - 2 : y + 3, x - 2 : x + 3])) > 1:
                continue
            wanted = ROOF if pick.surface_row in roofs[:4] else BODY
            around = {view.scene.pick(x + dx, y + dy).surface_row for dx in (-2, 2) for dy in (-2, 2)}
            if len(around) == 1:
                seen += 1
                assert near(image[y : y + 1, x : x + 1], wanted).all(), (x, y, image[y, x], wanted)
    assert seen > 20


def test_surfaces_have_sides_too(boxes):
    view, city, look, cameras = boxes
    roofs = 6 * np.arange(9) + 1
    a, b = texels_of(city, roofs, ROOF), texels_of(city, roofs, (20, 150, 60))
    layer = replace(look, surface_texels=a, surface_texels_b=b)
    made = RenderState(cameras[1](city), (layer,), compare="swipe")
    view.scene.apply(made)
    image = view.image()
    covered = view.scene.pick_ids()[:, :, 1] >= 0
    left, right = covered.copy(), covered.copy()
    left[:, 154:] = False
    right[:, :166] = False
    assert near(image, ROOF)[left].mean() > 0.85
    assert near(image, (20, 150, 60))[right].mean() > 0.85


def test_other_colours_of_surfaces_are_uploaded(boxes):
    view, city, look, cameras = boxes
    roofs = 6 * np.arange(9) + 1
    for rgb in (ROOF, (20, 150, 60)):
        view.scene.apply(RenderState(cameras[1](city), (replace(look, surface_texels=texels_of(city, roofs, rgb)),)))
        image = view.image()
        assert near(image, rgb)[view.scene.pick_ids()[:, :, 1] >= 0].mean() > 0.9
    view.scene.apply(RenderState(cameras[1](city), (look,)))
    assert not near(view.image(), (20, 150, 60)).any()


@pytest.mark.parametrize("limit", [256, 2])
def test_rows_of_surfaces_follow_merged_tiles(box_city, limit):
    tiles = box_city(9, per_tile=2).lods["1"].tiles
    for mesh in tile_meshes(tiles, limit):
        rows = surface_rows(mesh, tiles)
        objects = mesh.attributes["tags"][:, 0]
        assert np.array_equal(rows // 6, objects)
        assert np.array_equal(np.unique(rows % 6), np.arange(6))


def test_faces_without_semantics_have_no_row(box_city):
    tiles = box_city(2, semantic=False).lods["1"].tiles
    for mesh in tile_meshes(tiles):
        assert (surface_rows(mesh, tiles) == -1).all()


def nodes_of(city):
    """Every vertex is a node; its value is its x in the city, 0 to 52 m."""
    tiles = city.lods["1"].tiles
    start = np.repeat(tiles.origins, np.diff(tiles.vertex_start), axis=0)
    x = (tiles.positions + start)[:, 0].astype(np.float32)
    return np.arange(len(x), dtype=np.float32), x


def test_values_run_smoothly_between_nodes(boxes):
    view, city, look, cameras = boxes
    rows, x = nodes_of(city)
    made = RenderState(cameras[1](city), (look,), nodes=(NodeLook("boxes", rows, x / 5.2, RAMP),))
    view.scene.apply(made)
    image = view.image()
    found = view.scene.pick_ids()[:, :, 1] >= 0
    for y, column in np.argwhere(found)[::97]:
        pick = view.scene.pick(column, y)
        wanted = 200.0 * pick.position[0] / 52.0
        if found[y - 2 : y + 3, column - 2 : column + 3].all():
            assert 0.80 * wanted - 4 <= image[y, column].mean() <= wanted + 4


def test_classes_at_nodes_change_at_the_break(boxes):
    view, city, look, cameras = boxes
    rows, x = nodes_of(city)
    made = RenderState(cameras[1](city), (look,), nodes=(NodeLook("boxes", rows, x / 5.2, SCALE),))
    view.scene.apply(made)
    image = view.image()
    found = view.scene.pick_ids()[:, :, 1] >= 0
    checked = 0
    for y, column in np.argwhere(found)[::37]:
        value = view.scene.pick(column, y).position[0] / 5.2
        if abs(value - 5.0) > 0.2 and found[y - 2 : y + 3, column - 2 : column + 3].all():
            red = int(image[y, column][0]) > int(image[y, column][2])
            assert red == (value > 5.0)
            checked += 1
    assert checked > 50


def test_nodes_without_data_and_outside_of_the_model_are_told_apart(boxes):
    view, city, look, cameras = boxes
    rows, x = nodes_of(city)
    tones = []
    for missing in (np.nan, -np.inf):
        values = np.full(len(x), missing, np.float32)
        view.scene.apply(RenderState(cameras[1](city), (look,), nodes=(NodeLook("boxes", rows, values, SCALE),)))
        image = view.image()
        covered = view.scene.pick_ids()[:, :, 1] >= 0
        tones.append(image[covered].astype(float))
        assert np.ptp(tones[-1].mean(axis=0)) < 12.0  # no colour of the scale
    assert tones[1].mean() > tones[0].mean() + 10.0


def test_sides_of_nodes(boxes):
    view, city, look, cameras = boxes
    rows, x = nodes_of(city)
    low, high = np.zeros(len(x), np.float32), np.full(len(x), 9.0, np.float32)
    made = RenderState(
        cameras[1](city), (look,), nodes=(NodeLook("boxes", rows, low, SCALE, values_b=high),), compare="swipe"
    )
    view.scene.apply(made)
    image = view.image().astype(int)
    covered = view.scene.pick_ids()[:, :, 1] >= 0
    covered[:, 154:166] = False
    red = image[:, :, 0] > image[:, :, 2]
    assert not red[:, :160][covered[:, :160]].any()
    assert red[:, 160:][covered[:, 160:]].all()
