"""Lines round objects: where the object's outline is, solid where it is seen, and never in the way of ids."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.document.state import Camera
from viewer.render.outline import screen_rect
from viewer.render.state import RenderState


def blue(picture):
    return (picture[..., 2] - picture[..., 0] > 110) & (picture[..., 2] > 150)


def orange(picture):
    return (picture[..., 0] - picture[..., 2] > 90) & (picture[..., 0] > 170)


@pytest.fixture
def draw(view, box_city, look, cameras):
    """Draws nine boxes from above with a look; returns the picture, int (H, W, 3), and where points are."""

    def act(camera=None, hover=None, **changes):
        city = box_city(9)
        if "a" not in view.scene.layers:
            view.scene.attach("a", city)
        state = RenderState(camera or cameras[1](city, 90.0), (replace(look(city, "a"), **changes),))
        view.scene.apply(state)
        view.scene.set_hover("a" if hover is not None else None, -1 if hover is None else hover)
        return view.image().astype(int)

    return act


def places(view, points):
    pixels, _ = view.scene.view().project(np.array(points, float) - view.scene.origin)
    return [(round(y), round(x)) for x, y in pixels.tolist()]


def test_without_a_reason_there_is_no_line(draw):
    assert np.array_equal(draw(), draw(selected=np.zeros(0, np.int64)))


def test_a_proposal_gets_a_dashed_orange_line_round_it(draw, view):
    plain, picture = draw(), draw(proposed=np.array([4]))
    changed = np.abs(picture - plain).max(axis=2) > 30
    rows, columns = np.nonzero(changed)
    (top, left), (bottom, right) = places(view, [[20, 32, 10], [32, 20, 10]])
    assert abs(rows.min() - top) <= 4 and abs(rows.max() - bottom) <= 4
    assert abs(columns.min() - left) <= 4 and abs(columns.max() - right) <= 4
    assert orange(picture)[changed].mean() > 0.5
    assert not changed[top + 6 : bottom - 5, left + 6 : right - 5].any()
    edge = changed[top - 3 : top + 4, left:right].any(axis=0)
    assert 0.3 < edge.mean() < 0.9  # dashed


def test_selection_and_hover_have_lines_in_blue(draw, view):
    for changes in ({"selected": np.array([4])}, {"hover": 4}):
        picture = draw(**changes)
        (top, left), (bottom, right) = places(view, [[20, 32, 10], [32, 20, 10]])
        middle = (left + right) // 2
        assert blue(picture)[top - 3 : top + 4, middle].any() and blue(picture)[bottom - 3 : bottom + 4, middle].any()
        draw()


def test_of_a_hidden_selection_only_dashes_are_seen(draw, view):
    # from the south, low: box 1 hides box 4 behind it
    camera = Camera((26.0, -60.0, 3.0), (26.0, 40.0, 3.0))
    behind, before = draw(camera, selected=np.array([7])), draw(camera, selected=np.array([1]))
    plain = draw(camera)
    hidden = np.abs(behind - plain).max(axis=2) > 12
    assert 0 < hidden.sum() < 0.4 * (np.abs(before - plain).max(axis=2) > 12).sum()
    assert not blue(behind).any()


def test_ids_and_picks_do_not_see_lines(draw, view):
    draw()
    before = view.scene.pick_ids()
    draw(selected=np.array([4]), proposed=np.array([0, 8]))
    assert np.array_equal(view.scene.pick_ids(), before)
    assert (draw() == draw()).all()


def test_lines_grow_with_the_pixels_of_a_point(draw, view):
    widths = []
    for ratio in (1.0, 2.0):
        view.scene.pixel_ratio = ratio
        plain, picture = draw(), draw(proposed=np.array([4]))
        widths.append((np.abs(picture - plain).max(axis=2) > 30).sum())
    assert widths[1] > 1.6 * widths[0]


def test_objects_of_hidden_layers_have_no_lines(draw):
    assert np.array_equal(draw(visible=False), draw(visible=False, proposed=np.array([4])))


def test_the_rectangle_holds_the_boxes(view, box_city, look, cameras):
    draw_view = view.scene.view()
    ahead = draw_view.eye + 50 * draw_view.ahead
    near = np.concatenate([ahead - 1, ahead + 1])
    left, bottom, right, top = screen_rect(draw_view, [near], 4.0)
    assert -0.2 < left < 0 < right < 0.2 and -0.2 < bottom < 0 < top < 0.2
    around = np.concatenate([draw_view.eye - 5, draw_view.eye + 5])
    assert screen_rect(draw_view, [near, around], 4.0) == (-1.0, -1.0, 1.0, 1.0)


def test_where_objects_lie_is_learnt_one_actor_at_a_time(view, box_city, monkeypatch):
    """The first click would have to look through all actors at once."""
    city = box_city(400)
    view.scene.interactive = True
    view.scene.attach("a", city)
    learnt = view.scene._outline._runs
    sizes = []
    while view.scene.advance(0.0):
        sizes.append(len(learnt))
    draws = list(view.scene.layers["a"].all_draws())
    assert len(learnt) == len(draws) > 1
    assert max(np.diff([0, *sizes])) <= 1
    rows = np.concatenate([which for which, _ in learnt.values()])
    assert sorted(rows.tolist()) == list(range(400))
    for which, starts in learnt.values():
        assert (np.diff(starts) > 0).all() and len(starts) == len(which) + 1
    view.scene.interactive = False
