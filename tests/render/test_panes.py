"""Two to four pictures beside each other: what each shows, what is under the pointer, shadows of each."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.document.state import Camera
from viewer.render import panes
from viewer.render.panes import gaps_of, pane_rects, place_at

COLOURS = [(200, 40, 40), (30, 70, 190), (40, 160, 70), (230, 180, 30)]


@pytest.fixture
def four(view, box_city, look, cameras, state):
    """A view of nine boxes; four states of which each hides another box."""
    city = box_city(9)
    view.scene.attach("boxes", city)
    states = [
        state(city, look(city, mode="object", rgb=COLOURS[k], hidden=(k,)), camera=cameras[0](city)) for k in range(4)
    ]
    return view, city, states


def split(states):
    return replace(states[0], panes=tuple(states))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_each_pane_shows_its_own_state(four, count):
    view, _, states = four
    view.scene.apply(split(states[:count]))
    image = view.image()
    found = view.scene.pick_ids()[:, :, 1]
    for k, rect in enumerate(pane_rects(count, 320, 240)):
        part = slice(rect.top, rect.top + rect.height), slice(rect.left, rect.left + rect.width)
        rows = set(np.unique(found[part]).tolist())
        assert k not in rows
        assert len(rows) > 5
        covered = found[part] >= 0
        away = image[part][covered].astype(float)[:, None, :] - np.array(COLOURS, float)
        assert (np.argmin((away**2).sum(axis=2), axis=1) == k).mean() > 0.97


def test_what_is_under_the_pointer_is_what_the_pane_shows(four):
    view, _, states = four
    view.scene.apply(split(states))
    view.image()
    found = view.scene.pick_ids()[:, :, 1]
    same = []
    for y in range(3, 240, 11):
        for x in range(3, 320, 11):
            pick = view.scene.pick(x, y)
            same.append((-1 if pick is None else pick.row) == found[y, x])
    assert np.mean(same) > 0.99


def test_a_pane_is_the_picture_of_a_window_of_its_size(four):
    view, _, states = four
    view.scene.apply(split(states[:2]))
    both = view.image()
    rect = pane_rects(2, 320, 240)[1]
    view.resize(rect.width, rect.height)
    view.scene.apply(states[1])
    alone = view.image()
    part = both[rect.top : rect.top + rect.height, rect.left : rect.left + rect.width]
    differ = np.abs(part.astype(int) - alone).max(axis=2) > 8
    differ[:, :3] = differ[:, -3:] = False  # smoothing looks beyond a pane's edge
    assert differ.mean() < 0.002


def test_the_same_panes_need_no_other_picture_and_look_the_same(four):
    view, _, states = four
    view.scene.apply(split(states[:3]))
    first = view.image()
    assert not view.scene.apply(split(states[:3]))
    assert not view.scene.unrefined
    assert np.array_equal(first, view.image())
    assert view.scene.apply(split([states[0], states[3], states[2]]))
    assert view.scene.apply(states[0])
    assert view.scene.apply(split(states[:3]))


def test_a_split_counts_as_one_picture(four):
    view, _, states = four
    view.scene.apply(split(states))
    view.image()
    before = view.scene.frames
    view.scene.render()
    assert view.scene.frames == before + 1


def test_slices_make_the_same_picture(four):
    view, _, states = four
    view.scene.apply(split(states))
    whole = view.image()
    for _ in view.scene.render_steps(lambda: 20):
        view.scene.pick(100, 100)  # may be asked between two slices
    assert np.abs(view.scene.pixels().astype(int) - whole).max() <= 1


def test_a_drawing_that_is_given_up_leaves_no_pane_behind(four):
    view, _, states = four
    view.scene.apply(states[0])
    whole = view.image()
    view.scene.apply(split(states))
    steps = view.scene.render_steps(lambda: 20)
    next(steps)
    next(steps)
    steps.close()
    view.scene.apply(states[0])
    assert np.array_equal(view.image(), whole)


def test_shadows_are_those_of_the_pane(four):
    view, _, states = four
    view.scene.apply(split([states[0], states[0]]))
    view.image()
    assert len(view.scene._panes.maps) == 0  # the same objects: the same maps
    view.scene.apply(split(states[:2]))
    view.image()
    assert len(view.scene._panes.maps) == 1
    view.scene.detach("boxes")


def test_gaps_lie_between_the_panes():
    rects = pane_rects(4, 321, 200, 2.0)
    lines = gaps_of(rects, 321, 200)
    assert len(lines) == 2
    left, _, right, bottom = lines[0]
    assert (left, right, bottom) == (rects[0].width, rects[1].left, 200)
    assert 6 <= right - left <= 7


def test_gaps_belong_to_the_pane_before_them(four):
    _, _, states = four
    made = split(states[:2])
    rects = pane_rects(2, 320, 240)
    place = place_at(made, rects[0].width + 1, 5, (320, 240), 1.0)
    assert place.state is states[0]
    place = place_at(made, rects[1].left, 5, (320, 240), 1.0)
    assert (place.state, place.x) == (states[1], 0)


def test_states_differ_by_what_their_panes_show(four):
    _, _, states = four
    assert not panes.differ(split(states[:2]), split(states[:2]))
    assert panes.differ(split(states[:2]), split(states[:3]))
    assert panes.differ(states[0], split(states[:2]))
    assert panes.differ(split(states[:2]), states[0])


def test_what_was_outlined_before_leaves_nothing_at_the_edges_of_panes(view, box_city, look, state):
    city = box_city(2, spacing=200.0)
    view.scene.attach("boxes", city)
    plain = look(city, mode="object", rgb=(200, 200, 200))
    outlined = replace(plain, added=np.array([1]))
    view.scene.apply(state(city, outlined, camera=Camera((190.0, 6.0, 5.0), (206.0, 6.0, 5.0))))
    view.image()  # the second box is all over the window, and so is the mask of its line
    away = Camera((100.0, 6.0, 5.0), (6.0, 6.0, 5.0))
    panes = tuple(state(city, one, camera=away) for one in (plain, outlined))
    view.scene.apply(replace(panes[0], panes=panes))
    image = view.image().astype(int)
    green = (image[:, :, 1] - image[:, :, 0] > 60) & (image[:, :, 1] - image[:, :, 2] > 20)
    assert not green.any()
