"""Pictures by structure: which object is under which pixel, in which colour; nothing about single grey values."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from viewer.analysis.palettes import NO_DATA
from viewer.render.state import RenderState
from viewer.render.style_texture import MAX_ROWS, StyleTexture


def drawn_rows(view):
    ids = view.scene.pick_ids()
    return set(np.unique(ids[:, :, 1][ids[:, :, 0] >= 0]).tolist())


def shows(view, city, state, look, cameras, **how):
    view.scene.apply(RenderState(cameras[1](city), (look(city, **how),)))
    view.scene.advance()


@pytest.fixture
def boxes(view, box_city):
    city = box_city(9, origin=(1000.0, 2000.0, 5.0), lods=("1", "2"))
    view.scene.attach("boxes", city)
    return city


def test_every_object_is_drawn_and_known_by_its_row(view, boxes, state, look, cameras):
    shows(view, boxes, state, look, cameras)
    assert drawn_rows(view) == set(range(9))


def test_hidden_objects_stay_hidden(view, boxes, state, look, cameras):
    shows(view, boxes, state, look, cameras, hidden=(0, 4))
    assert drawn_rows(view) == set(range(9)) - {0, 4}
    ids = view.scene.pick_ids()
    x, y = middle_of(view, boxes, 4)
    assert ids[y, x, 0] == -1
    assert view.scene.pick(x, y) is None


def test_an_invisible_layer_is_not_drawn_or_hit_and_comes_back(view, boxes, state, look, cameras):
    shows(view, boxes, state, look, cameras, visible=False)
    x, y = middle_of(view, boxes, 4)
    assert drawn_rows(view) == set() and view.scene.pick(x, y) is None
    shows(view, boxes, state, look, cameras)
    assert drawn_rows(view) == set(range(9)) and view.scene.pick(x, y).row == 4


def test_lod_switch_shows_the_other_geometry(view, boxes, state, look, cameras):
    shows(view, boxes, state, look, cameras, lod=0)
    x, y = middle_of(view, boxes, 4)
    low = view.scene.world_at(x, y)
    shows(view, boxes, state, look, cameras, lod=1)
    high = view.scene.world_at(x, y)
    assert low[2] == pytest.approx(15.0, abs=1e-3)
    assert high[2] == pytest.approx(20.0, abs=1e-3)


def test_each_object_shows_the_lod_that_its_texel_names(view, boxes, look, cameras):
    mixed = look(boxes)
    texels = mixed.texels.copy()
    texels[4, 3] = 2
    view.scene.apply(RenderState(cameras[1](boxes), (replace(mixed, texels=texels, lods=(0, 1)),)))
    view.scene.advance()
    heights = [view.scene.world_at(*middle_of(view, boxes, row))[2] for row in (3, 4)]
    assert heights == pytest.approx([15.0, 20.0], abs=1e-3)
    assert drawn_rows(view) == set(range(9))


def test_object_colours_keep_their_class_on_every_face(view, boxes, look, cameras):
    classes = np.array([[27, 158, 119], [217, 95, 2], [117, 112, 179], [231, 41, 138]])
    rgb = classes[np.arange(9) % 4]
    view.scene.apply(RenderState(cameras[0](boxes), (look(boxes, mode="object", rgb=rgb),)))
    picture = view.image().astype(float)
    ids = view.scene.pick_ids()
    y, x = np.nonzero(inner(ids))
    seen = picture[y, x]
    hue = seen / np.linalg.norm(seen, axis=1, keepdims=True)
    legend = classes / np.linalg.norm(classes, axis=1, keepdims=True)
    nearest = np.argmax(hue @ legend.T, axis=1)
    assert len(y) > 500
    assert np.array_equal(nearest, ids[y, x, 1] % 4)
    brightness = np.linalg.norm(seen, axis=1) / np.linalg.norm(classes[nearest], axis=1)
    assert brightness.min() > 0.65 and brightness.max() < 1.02


def test_objects_without_data_have_form_and_the_legend_s_grey_on_average(view, boxes, look, cameras):
    """Half of the boxes say "no data", half have a grey beside it that means something."""
    rgb = np.array([NO_DATA if row % 2 else (189, 189, 189) for row in range(9)])
    view.scene.apply(RenderState(cameras[0](boxes), (look(boxes, mode="object", rgb=rgb),)))
    picture = view.image().astype(float)
    ids = view.scene.pick_ids()
    row = ids[:, :, 1]
    plaster, data = (picture[inner(ids) & (row % 2 == odd)].mean(axis=1) for odd in (1, 0))
    assert np.abs(plaster.mean() - NO_DATA[0]) < 20
    assert np.ptp(np.percentile(plaster, (2, 98))) > 1.5 * np.ptp(np.percentile(data, (2, 98)))


def test_no_face_is_black_and_roofs_differ_from_walls(view, boxes, state, look, cameras):
    view.scene.apply(state(boxes, look(boxes), camera=cameras[0](boxes)))
    picture = view.image()
    seen = picture[inner(view.scene.pick_ids())]
    assert seen.min() > 60
    roof, wall = surface_pixels(view, picture, 1), surface_pixels(view, picture, 2)
    assert np.abs(roof.mean(axis=0) - wall.mean(axis=0)).max() > 15


def test_without_semantics_roof_and_wall_are_told_apart_by_slope(view, box_city, look, cameras):
    plain, named = box_city(9, semantic=False), box_city(9, semantic=True)
    view.scene.attach("boxes", plain)
    view.scene.apply(RenderState(cameras[0](plain), (look(plain),)))
    without = view.image()
    view.scene.detach("boxes")
    view.scene.attach("boxes", named)
    view.scene.apply(RenderState(cameras[0](named), (look(named),)))
    assert np.array_equal(without, view.image())


def test_selection_and_hover_change_the_picture_of_that_object_only(view, boxes, look, cameras):
    camera = cameras[0](boxes)
    view.scene.apply(RenderState(camera, (look(boxes),)))
    plain = view.image().astype(int)
    ids = view.scene.pick_ids()
    view.scene.apply(RenderState(camera, (look(boxes, selected=(4,)),)))
    selected = view.image().astype(int)
    view.scene.apply(RenderState(camera, (look(boxes),)))
    assert view.scene.set_hover("boxes", 4) and not view.scene.set_hover("boxes", 4)
    hovered = view.image().astype(int)
    for other in (selected, hovered):
        changed = np.abs(other - plain).max(axis=2) > 8
        assert changed[inner(ids) & (ids[:, :, 1] == 4)].mean() > 0.95
        # the smoothing of edges reaches along them, a little
        assert not (np.abs(other - plain).max(axis=2) > 14)[inner(ids) & (ids[:, :, 1] != 4)].any()
    view.scene.set_hover(None)
    assert np.array_equal(view.image(), plain)


def test_recolouring_uploads_texels_and_no_geometry(view, boxes, look, cameras):
    view.scene.apply(RenderState(cameras[0](boxes), (look(boxes, mode="object", rgb=(200, 0, 0)),)))
    red = view.image()
    actors = [draw.actor for draw in view.scene.layers["boxes"].all_draws()]
    built = [draw.data.GetMTime() for draw in view.scene.layers["boxes"].all_draws()]
    view.scene.apply(RenderState(cameras[0](boxes), (look(boxes, mode="object", rgb=(0, 0, 200)),)))
    blue = view.image()
    assert red[120, 160, 0] > 100 > red[120, 160, 2] and blue[120, 160, 2] > 100 > blue[120, 160, 0]
    assert actors == [draw.actor for draw in view.scene.layers["boxes"].all_draws()]
    assert built == [draw.data.GetMTime() for draw in view.scene.layers["boxes"].all_draws()]


def test_applying_the_same_state_needs_no_picture(view, boxes, state):
    wanted = state(boxes)
    assert view.scene.apply(wanted)
    assert not view.scene.apply(wanted)


def test_layers_have_their_own_style_and_numbers(view, box_city, look, cameras):
    near, far = box_city(4), box_city(4, origin=(100.0, 0.0, 0.0))
    view.scene.attach("near", near)
    view.scene.attach("far", far)
    camera = cameras[1](box_city(25), height=400.0)
    view.scene.apply(RenderState(camera, (look(near, "near", hidden=(1,)), look(far, "far", hidden=(2,)))))
    ids = view.scene.pick_ids()
    found = {(int(a), int(b)) for a, b in ids.reshape(-1, 2) if a >= 0}
    assert view.scene.layer_ids == ("near", "far")
    assert found == {(0, 0), (0, 2), (0, 3), (1, 0), (1, 1), (1, 3)}


def test_attaching_in_steps_gives_the_same_picture(view, box_city, state):
    city = box_city(100)
    steps = view.scene.attach_steps("boxes", city)
    assert sum(1 for _ in steps) > 20
    view.scene.apply(state(city))
    stepwise = view.image()
    view.scene.detach("boxes")
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    assert np.array_equal(stepwise, view.image())


def test_a_picture_drawn_in_slices_is_the_same(view, box_city, state):
    city = box_city(100)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    whole = view.image()
    frames = view.scene.frames
    slices = view.scene.render_steps(lambda: 200)
    assert sum(1 for _ in slices) > 3 and view.scene.frames == frames + 1
    assert np.array_equal(view.scene.pixels(), whole)
    left = view.scene.render_steps(lambda: 200)
    next(left)
    left.close()
    assert np.array_equal(view.image(), whole)


def test_a_draft_is_drawn_while_moving_and_only_then(view, box_city, state, monkeypatch):
    monkeypatch.setattr("viewer.render.scene.DRAFT_TRIANGLES", 300)
    city = box_city(100)
    view.scene.interactive = True
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    full = view.image()
    view.scene.set_moving(True)
    draft = view.image()
    assert np.mean(np.abs(full.astype(int) - draft).max(axis=2) > 8) > 0.02
    view.scene.set_moving(False)
    assert np.array_equal(view.image(), full)
    assert len(view.scene.pick_ids()) and all(
        draw.draft_count < draw.triangle_count for draw in view.scene.layers["boxes"].all_draws()
    )


def test_many_tiles_are_merged_into_few_actors(view, box_city, state, look, cameras):
    city = box_city(700, per_tile=1)
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[1](city, 2000.0), (look(city),)))
    assert len(list(view.scene.layers["boxes"].all_draws())) <= 256
    assert drawn_rows(view) == set(range(700))


def test_detach_frees_the_layer(view, box_city, state):
    city = box_city(9)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    view.image()
    layer = view.scene.layers["boxes"]
    gone = [
        weakref.ref(layer),
        weakref.ref(layer.style),
        *[weakref.ref(d.actor) for d in layer.all_draws()],
        *[weakref.ref(d.data) for d in layer.all_draws()],
        weakref.ref(city),
    ]
    view.scene.detach("boxes")
    view.scene.apply(RenderState(view.scene.state.camera))
    view.image()
    del layer, city
    gc.collect()
    assert [ref() for ref in gone] == [None] * len(gone)


def test_detach_leaves_other_layers_alone(view, box_city, look, cameras):
    a, b = box_city(4), box_city(4, origin=(60.0, 0.0, 0.0))
    camera = cameras[0](box_city(16))
    view.scene.attach("b", b)
    view.scene.apply(RenderState(camera, (look(b, "b"),)))
    alone = view.scene.pick_ids()[:, :, 1]
    view.scene.attach("a", a)
    view.scene.apply(RenderState(camera, (look(a, "a"), look(b, "b"))))
    view.image()
    view.scene.detach("a")
    assert np.array_equal(view.scene.pick_ids()[:, :, 1], alone)


def test_attaching_twice_is_refused(view, boxes):
    with pytest.raises(ValueError, match="attached already"):
        view.scene.attach("boxes", boxes)


def test_too_many_objects_for_a_texture_are_refused():
    with pytest.raises(ValueError, match="can be drawn"):
        StyleTexture(np.zeros(MAX_ROWS + 1, np.uint8))


def test_an_empty_scene_and_a_city_without_geometry_draw(view, box_city):
    assert view.image().shape == (240, 320, 3)
    city = replace(box_city(1), lods={}, bbox=None)
    view.scene.attach("none", city)
    assert view.image().shape == (240, 320, 3)
    assert view.scene.pick(10, 10) is None


def test_a_closed_scene_draws_nothing_and_does_not_fall_over(box_city):
    from viewer.render.offscreen import OffscreenView

    view = OffscreenView(64, 64)
    view.scene.attach("boxes", box_city(1))
    view.image()
    view.close()
    frames = view.scene.frames
    view.scene.render()
    view.scene.close()
    assert view.scene.frames == frames and view.scene.pick(1, 1) is None


def middle_of(view, city, row):
    """Pixel of the middle of a box's roof, seen from above."""
    origin = city.bbox[:3] + np.array([20.0 * (row % 3) + 6, 20.0 * (row // 3) + 6, 10.0])
    pixels, _ = view.scene.view().project((origin - view.scene.origin)[None])
    return tuple(np.round(pixels[0]).astype(int).tolist())


def inner(ids):
    """Pixels whose eight neighbours show the same object: away from smoothed edges."""
    row = ids[:, :, 1]
    same = row >= 0
    for dy in (-2, -1, 0, 1, 2):
        for dx in (-2, -1, 0, 1, 2):
            same &= np.roll(row, (dy, dx), (0, 1)) == row
    return same


def surface_pixels(view, picture, code):
    found = []
    for y in range(0, picture.shape[0], 4):
        for x in range(0, picture.shape[1], 4):
            pick = view.scene.pick(x, y)
            if pick is not None and pick.surface_code == code:
                found.append(picture[y, x].astype(float))
    return np.array(found)
