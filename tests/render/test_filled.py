"""What has no object to show is not drawn: tiles and copies of a level of detail that a filter or another one hides."""

from dataclasses import replace

import numpy as np

from viewer.render import frame


def seen(view):
    return frame.seen_by(view.scene.view(), view.scene.layers.values())[0]


def test_tiles_without_a_shown_object_are_left_out(view, box_city, look, state, cameras):
    city = box_city(64, spacing=60.0)
    whole = look(city)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city, whole))
    everything = view.image()
    draws = list(view.scene.layers["boxes"].all_draws())
    assert len(draws) > 2 and seen(view) == draws
    first = np.unique(draws[0].mesh.attributes["tags"][:, 0]).astype(int)
    texels = whole.texels.copy()
    texels[first, 3] &= 0xF0
    part = replace(whole, texels=texels)
    view.scene.apply(state(city, part))
    assert seen(view) == draws[1:]
    assert frame.casting(view.scene.layers.values()).draws == tuple(draws[1:])
    other = view.image()
    assert (other != everything).any()
    view.scene.apply(state(city, whole))
    assert seen(view) == draws and np.array_equal(view.image(), everything)


def test_what_only_the_other_side_of_a_comparison_shows_is_drawn(view, box_city, look, state, cameras):
    city = box_city(16, spacing=60.0)
    whole = look(city)
    hidden = whole.texels.copy()
    hidden[:, 3] &= 0xF0
    view.scene.attach("boxes", city)
    view.scene.apply(replace(state(city, replace(whole, texels=hidden)), compare="swipe", position=0.5))
    assert not seen(view)
    sides = replace(whole, texels=hidden, texels_b=whole.texels)
    view.scene.apply(replace(state(city, sides), compare="swipe", position=0.5))
    assert len(seen(view)) == len(list(view.scene.layers["boxes"].all_draws()))
