"""Two sides in one picture: colours, what only one side shows, hatching, what comes and goes."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.render.layer import LayerView
from viewer.render.panes import pane_rects
from viewer.render.state import TEXEL_HATCHED, TEXEL_NO_DATA, TEXEL_NOT_MODELLED

RED, BLUE, GREY, PALE = (200, 40, 40), (30, 70, 190), (190, 190, 190), (232, 230, 224)


@pytest.fixture
def one(view, box_city, look, cameras):
    """A view of one box from above, and its look in red and blue."""
    city = box_city(1)
    view.scene.attach("boxes", city)
    made = look(city, mode="object", rgb=RED)
    other = made.texels.copy()
    other[:, :3] = BLUE
    return view, city, replace(made, texels_b=other), cameras[1](city, 40.0)


def nearest(rgb, colours):
    """Index of the nearest colour, for pixels (..., 3)."""
    away = np.asarray(rgb, float)[..., None, :] - np.asarray(colours, float)
    return np.argmin((away**2).sum(axis=-1), axis=-1)


def drawn(view, state):
    view.scene.apply(state)
    return view.image()


def covered(view):
    return view.scene.pick_ids()[:, :, 1] == 0


def test_a_swipe_shows_a_on_the_left_and_b_on_the_right(one, state):
    view, city, look, camera = one
    made = replace(state(city, look, camera=camera), compare="swipe", position=0.5)
    image, mask = drawn(view, made), covered(view)
    side = nearest(image, (RED, BLUE))
    inside = mask.copy()
    inside[:, 154:166] = False  # the line itself
    columns = np.arange(image.shape[1])[None, :] + 0 * side
    assert inside[:, :160].any() and inside[:, 160:].any()
    assert (side[inside & (columns < 160)] == 0).all()
    assert (side[inside & (columns >= 160)] == 1).all()


def test_the_swipe_line_is_drawn_where_the_sides_meet(one, state):
    view, city, look, camera = one
    base = replace(state(city, look, camera=camera), compare="swipe", position=0.25)
    image = drawn(view, base)
    assert (image[:, 79:81].min(axis=(0, 2)) > 240).all()
    assert (image[:, 78].max(axis=1) < 80).all()
    away = drawn(view, replace(base, position=0.0))
    assert not (away[:, 79:81].min(axis=(0, 2)) > 240).any()


@pytest.mark.parametrize("position", [0.0, 1.0])
def test_at_the_ends_of_a_swipe_the_picture_is_that_of_one_side(one, state, position):
    view, city, look, camera = one
    base = state(city, look, camera=camera)
    swiped = drawn(view, replace(base, compare="swipe", position=position))
    shown = look.texels_b if position == 0.0 else look.texels
    alone = drawn(view, state(city, replace(look, texels=shown, texels_b=None), camera=camera))
    assert np.abs(swiped.astype(int) - alone).max() <= 1


def test_a_blend_mixes_the_colours(one, state):
    view, city, look, camera = one
    base = state(city, look, camera=camera)
    shares = (0.0, 0.5, 1.0)
    images = [drawn(view, replace(base, compare="blend", position=share)) for share in shares]
    tones = [image[covered(view)].mean(axis=0) for image in images]
    assert np.allclose(tones[1], (tones[0] + tones[2]) / 2.0, atol=4.0)
    assert nearest(tones[0], (RED, BLUE)) == 0
    assert nearest(tones[2], (RED, BLUE)) == 1


def test_what_only_one_side_shows_is_drawn_and_picked_there_only(one, state):
    view, city, look, camera = one
    gone = look.texels_b.copy()
    gone[:, 3] = 0
    made = replace(state(city, replace(look, texels_b=gone), camera=camera), compare="swipe", position=0.5)
    drawn(view, made)
    mask = covered(view)
    assert mask[:, :160].any()
    assert not mask[:, 160:].any()
    y, x = np.argwhere(mask)[len(np.argwhere(mask)) // 2]
    assert view.scene.pick(x, y).row == 0
    assert view.scene.pick(319 - x, y) is None
    other = replace(made, layers=(replace(look, texels=gone, texels_b=look.texels_b),))
    drawn(view, other)
    assert view.scene.pick(x, y) is None
    assert view.scene.pick(319 - x, y).row == 0


def test_without_a_comparison_side_b_changes_nothing(one, state):
    view, city, look, camera = one
    with_b = drawn(view, state(city, look, camera=camera))
    without = drawn(view, state(city, replace(look, texels_b=None), camera=camera))
    assert np.array_equal(with_b, without)


def test_a_layer_without_another_side_needs_no_other_shader(box_city, look):
    city = box_city(4)
    layer = LayerView("boxes", city, np.zeros(3))
    made = look(city, mode="object")
    layer.apply(made)
    assert layer.extras.defines("faces") == ()
    layer.apply(replace(made, texels_b=made.texels.copy()))
    assert layer.extras.defines("faces") == ()  # nothing is compared


def lightness(image, mask):
    return image[mask].astype(float).mean(axis=1)


def test_values_no_data_and_not_modelled_have_three_looks(one, state):
    view, city, look, camera = one
    looks = {}
    for name, rgb, bits in (("value", GREY, 0), ("none", GREY, TEXEL_NO_DATA), ("outside", PALE, TEXEL_NOT_MODELLED)):
        texels = look.texels.copy()
        texels[:, :3] = rgb
        texels[:, 3] = 1 | bits
        image = drawn(view, state(city, replace(look, texels=texels, texels_b=None), camera=camera))
        looks[name] = lightness(image, covered(view))
    assert looks["none"].std() < 6.0
    assert looks["outside"].mean() > looks["none"].mean() + 15.0
    # fine lines
    assert looks["outside"].std() > 3.0 * max(looks["none"].std(), 1.0)


def test_hatching_by_the_texel_keeps_the_class(one, state):
    view, city, look, camera = one
    texels = look.texels.copy()
    texels[:, 3] = 1 | TEXEL_HATCHED
    plain = drawn(view, state(city, replace(look, texels_b=None), camera=camera))
    mask = covered(view)
    hatched = drawn(view, state(city, replace(look, texels=texels, texels_b=None), camera=camera))
    assert np.array_equal(covered(view), mask)
    changed = np.abs(hatched.astype(int) - plain).max(axis=2) > 12
    assert 0.25 < changed[mask].mean() < 0.75
    # between the lines the colour is the legend's own, and on them it is a lighter one of the same hue
    assert (~changed[mask]).mean() > 0.3
    assert (nearest(hatched[mask], (RED, BLUE)) == 0).all()


def test_a_step_with_other_flags_leaves_shadow_maps_as_they_are(box_city, look):
    city = box_city(4)
    layer = LayerView("boxes", city, np.zeros(3))
    made = look(city, mode="object")
    layer.apply(made)
    before = layer.shown_version
    texels = made.texels.copy()
    texels[1, 3] |= TEXEL_HATCHED
    layer.apply(replace(made, texels=texels))
    assert layer.shown_version == before
    texels = texels.copy()
    texels[1, 3] = 0
    layer.apply(replace(made, texels=texels))
    assert layer.shown_version != before


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_of_what_fades_that_share_is_drawn(one, state, share):
    view, city, look, camera = one
    base = replace(look, texels_b=None)
    drawn(view, state(city, base, camera=camera))
    mask = covered(view)
    view.scene.software = False  # pixels as they are, without smoothing
    for faded in (replace(base, fading=np.array([0]), fade=share), replace(base, opacity=share)):
        image = drawn(view, state(city, faded, camera=camera))
        red = nearest(image, (RED, GREY)) == 0
        assert abs(red[mask].mean() - share) < 0.06
        # what can hardly be seen is not picked
        assert covered(view).any() == (share > 0.5)


def test_what_is_added_removed_and_changed_has_a_line_of_its_own_colour(one, state):
    view, city, look, camera = one
    base = replace(look, texels_b=None)
    plain = drawn(view, state(city, base, camera=camera))
    tones = []
    for name in ("added", "removed", "changed"):
        image = drawn(view, state(city, replace(base, **{name: np.array([0])}), camera=camera))
        line = np.abs(image.astype(int) - plain).max(axis=2) > 60
        assert line.any()
        tones.append(image[line].mean(axis=0))
    assert tones[0].argmax() == 1
    assert tones[1].argmax() == 0
    assert tones[2][0] > 180 and tones[2][1] > 120 > tones[2][2]


def test_a_driver_that_takes_no_shader_shows_the_city_without_sides(one, state):
    view, city, look, camera = one
    view.scene._fall_back("a reason")
    image = drawn(view, replace(state(city, look, camera=camera), compare="swipe"))
    assert len(np.unique(image[:, ::8].reshape(-1, 3), axis=0)) > 1


def test_places_of_panes_fill_the_window():
    for count in (2, 3, 4):
        rects = pane_rects(count, 321, 203)
        assert len({(r.width, r.height) for r in rects}) == 1
        assert max(r.left + r.width for r in rects) == 321
        assert max(r.top + r.height for r in rects) == 203
