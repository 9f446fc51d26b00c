"""Both eyes' pictures in one: parallax within limits, colours, places on the screen, and picking through it."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.document.state import Camera
from viewer.render import stereo
from viewer.render.state import RenderState

MODES = ("anaglyph", "side-by-side", "side-by-side-full")


@pytest.fixture
def draw(view, box_city, look):
    """Draws a near red, a middle green and a far blue box in front of the eye; returns the picture, int (H, W, 3)."""

    def act(mode="off", camera=None, **changes):
        city = box_city(9, spacing=60.0, side=8.0, height=12.0)
        if "a" not in view.scene.layers:
            view.scene.attach("a", city)
        rgb = np.full((9, 3), 128, np.uint8)
        rgb[[1, 4, 7]] = (230, 20, 20), (20, 200, 20), (20, 20, 230)
        shown = replace(look(city, "a", mode="object", rgb=rgb, hidden=(0, 2, 3, 5, 6, 8)), **changes)
        eye = Camera((64.0, -50.0, 22.0), (64.0, 64.0, 4.0), fov_deg=40.0)
        view.scene.apply(RenderState(camera or eye, (shown,), realism="plain"))
        view.scene.stereo.mode = mode
        return view.image().astype(int)

    return act


def middle_x(picture, channel):
    """Mean column of what has most of one colour, and how many pixels that are."""
    others = [k for k in range(3) if k != channel]
    found = picture[..., channel] - picture[..., others].max(axis=2) > 40
    return float(np.nonzero(found)[1].mean()), int(found.sum())


def test_off_is_as_if_it_were_not_there(draw):
    before = draw()
    for mode in MODES:
        assert not np.array_equal(draw(mode), before)
        assert np.array_equal(draw(), before)


def test_near_things_are_crossed_far_ones_are_not_and_none_is_farther_apart_than_allowed(draw, view):
    picture = draw("side-by-side-full")
    half = picture.shape[1] // 2
    left, right = picture[:, :half], picture[:, half:]
    apart = []
    for channel in range(3):
        (a, many), (b, other) = middle_x(left, channel), middle_x(right, channel)
        assert many > 20 and other > 20
        apart.append(b - a)
    near, _, far = apart
    assert near < 0.5 and near + 1.0 < apart[1] < far
    assert max(map(abs, apart)) <= stereo.LIMIT * view.scene.size[0] + 1.0


def test_red_is_the_left_eyes_luminance_and_the_rest_the_right_eyes(draw):
    joint, sides = draw("anaglyph"), draw("side-by-side-full")
    width = joint.shape[1]
    cut = slice((width - width // 2) // 2, (width - width // 2) // 2 + width // 2)
    left, right = sides[:, : width // 2], sides[:, width // 2 :]
    assert np.array_equal(joint[:, cut, 1:], right[..., 1:])
    assert np.abs(joint[:, cut, 0] - left @ [0.299, 0.587, 0.114]).max() <= 1.0


def test_a_squeezed_picture_is_the_mean_of_neighbours(draw, view):
    squeezed, full = draw("side-by-side"), draw("side-by-side-full")
    width = squeezed.shape[1]
    start = (width - width // 2) // 2
    for part in (slice(0, width // 2), slice(width // 2, width)):
        eye = full[:, part]
        inner = squeezed[:, part][:, start // 2 : start // 2 + len(eye[0]) // 2]
        assert np.abs(inner - eye.reshape(len(eye), -1, 2, 3).mean(axis=2)).max() <= 1.0


def test_slices_make_the_same_picture(draw, view):
    for mode in MODES:
        whole = draw(mode)
        for _ in view.scene.render_steps(lambda: 12, refine=True):
            pass
        assert np.array_equal(view.scene.pixels(), whole)


def test_a_picture_given_up_leaves_no_trace(draw, view):
    plain = draw()
    view.scene.stereo.mode = "anaglyph"
    steps = view.scene.render_steps(lambda: 12)
    next(steps)
    next(steps)
    steps.close()
    assert np.array_equal(draw(), plain)


def test_what_is_under_the_pointer_is_what_is_seen_there(draw, view):
    draw()
    points = np.array([[64.0, 4.0, 6.0], [64.0, 124.0, 8.0]]) - view.scene.origin
    (near, far), _ = view.scene.view().project(points)
    ids = [view.scene.pick(*pixel).row for pixel in (near, far)]
    assert ids == [1, 7]
    width = view.scene.size[0]
    for mode in MODES:
        view.scene.stereo.mode = mode
        for row, (x, y) in zip(ids, (near, far), strict=True):
            for left, right, shift, scale in stereo.places(mode, width):
                at = x * scale + shift
                assert left <= at < right
                assert view.scene.pick(at, y).row == row


def test_lines_round_the_selection_are_in_both_eyes(draw):
    chosen, plain = draw("side-by-side-full", selected=np.array([4])), draw("side-by-side-full")
    changed = np.abs(chosen - plain).max(axis=2) > 60
    half = changed.shape[1] // 2
    assert changed[:, :half].sum() > 30 and changed[:, half:].sum() > 30


def test_other_sizes_and_nothing_to_look_at(draw, view):
    for size in ((321, 201), (64, 64), (320, 240)):
        view.resize(*size)
        for mode in MODES:
            assert draw(mode).shape == (size[1], size[0], 3)
    up = Camera((64.0, -50.0, 22.0), (64.0, -40.0, 90.0), fov_deg=40.0)
    assert np.isfinite(draw("anaglyph", camera=up)).all()


def test_the_eyes_come_together_where_something_is_close(draw, view):
    draw("anaglyph")
    far = view.scene.stereo._apart
    draw("anaglyph", camera=Camera((64.0, -2.5, 4.0), (64.0, 64.0, 4.0), fov_deg=60.0))
    assert 0.01 < view.scene.stereo._apart < 0.2 * far


def test_places_and_pixels_belong_together():
    assert stereo.picture_x("off", 7.0, 100) == 7.0 and stereo.picture_x("anaglyph", 7.0, 100) == 7.0
    for mode, width in (("side-by-side", 100), ("side-by-side-full", 100), ("side-by-side-full", 101)):
        for left, right, shift, scale in stereo.places(mode, width):
            for at in np.arange(left, right - 1):
                assert stereo.picture_x(mode, at, width) * scale + shift == pytest.approx(at, abs=0.26)


def test_labels_are_painted_for_both_eyes():
    ground = np.full((40, 100, 3), 90, np.uint8)

    def paint(picture):
        out = picture.copy()
        out[10:20, 40:60] = (250, 240, 10)
        out[25:30, 45:55] = (0.5 * out[25:30, 45:55] + 0.5 * 200).astype(np.uint8)
        return out

    assert np.array_equal(stereo.overlaid(ground, paint, "anaglyph"), paint(ground))
    squeezed, full = (stereo.overlaid(ground, paint, mode) for mode in MODES[1:])
    for half in (squeezed[:, :50], squeezed[:, 50:]):
        assert (half[15, 20:30] == (250, 240, 10)).all() and (half[15, :20] == 90).all()
        assert np.abs(half[27, 23:27].astype(int) - 145).max() <= 1
    for half in (full[:, :50], full[:, 50:]):
        assert (half[15, 15:35] == (250, 240, 10)).all() and (half[15, :15] == 90).all()


@pytest.fixture
def split(view, box_city, look):
    """A view of two panes of nine boxes, each of which hides another one."""
    city = box_city(9)
    view.scene.attach("a", city)
    eye = Camera((20.0, -60.0, 45.0), (26.0, 26.0, 4.0), fov_deg=45.0)
    states = [
        RenderState(eye, (look(city, "a", mode="object", rgb=rgb, hidden=(k,)),), realism="plain")
        for k, rgb in enumerate(((230, 20, 20), (20, 20, 230)))
    ]
    view.scene.apply(replace(states[0], panes=tuple(states)))
    return view


@pytest.mark.parametrize("mode", ["off", *MODES])
def test_what_is_under_a_pixel_of_panes_is_what_the_pane_shows_there(split, mode):
    split.image()
    plain = {(x, y): split.scene.pick(x, y) for x in range(2, 318, 9) for y in range(9, 236, 32)}
    rows = {at: -1 if hit is None else hit.row for at, hit in plain.items()}
    split.scene.stereo.mode = mode
    split.image()
    for (x, y), row in rows.items():
        for seen in range(320):
            if abs(stereo.picture_x(mode, seen, 320) - x) < 0.25:
                hit = split.scene.pick(seen, y)
                assert (-1 if hit is None else hit.row) == row
    left = {row for (x, _), row in rows.items() if x < 158}
    right = {row for (x, _), row in rows.items() if x > 161}
    assert 0 not in left and 1 in left and 0 in right and 1 not in right


def test_both_eyes_see_all_panes(split):
    mono = split.image().astype(int)
    split.scene.stereo.mode = "side-by-side"
    both = split.image().astype(int)
    assert not np.array_equal(both[:, :160], both[:, 160:])  # each from its own place
    for begin in (0, 160):
        first, second = both[:, begin + 4 : begin + 74], both[:, begin + 86 : begin + 156]
        assert (first[..., 0] - first[..., 2] > 60).mean() > 0.1 and (second[..., 2] - second[..., 0] > 60).mean() > 0.1
        assert not (first[..., 2] - first[..., 0] > 90).any() and not (second[..., 0] - second[..., 2] > 90).any()
    split.scene.stereo.mode = "off"
    assert np.array_equal(split.image(), mono)
