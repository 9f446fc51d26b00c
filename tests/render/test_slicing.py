"""What each slice of a picture draws: everything once, the background behind what is there, smoothing at the end."""

from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from viewer.document.state import Camera
from viewer.render import slicing
from viewer.render.culling import covered_pixels, make_view
from viewer.render.passes import NO_TRIANGLES
from viewer.render.slicing import Pace, Rows, bands, picture_slices


@dataclass
class Thing:
    triangle_count: int = 30
    draft_count: int = 3
    uploaded: bool = True
    near: bool = False
    draft: object = None
    actor: object = "actor"


def slices(count=7, triangles=lambda: 60, size=(100, 64), pixels=0, **how):
    given = {"moving": False, "software": True, "sky": True, "smooth": True, "lines": False, "pace": Pace(), **how}
    things = [Thing() for _ in range(count)]
    return things, list(picture_slices(things, [pixels] * count, size, triangles, **given))


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (640, 5), (744, 670), (1304, 972), (1920, 1080)])
@pytest.mark.parametrize("pixels", [None, 1, 1000, 150_000, 10**9])
def test_bands_cover_every_row_once(size, pixels):
    found = bands(*size, pixels)
    assert found[0].start == 0 and found[-1].end == size[1]
    assert all(a.end == b.start for a, b in pairwise(found)) and all(a.start < a.end for a in found)
    if pixels is None:
        assert len(found) == 1
    else:
        assert all((a.end - a.start) * size[0] <= max(pixels, 4 * size[0]) + 4 * size[0] for a in found)


@pytest.mark.parametrize(
    "how", [{}, {"lines": True}, {"smooth": False}, {"sky": False}, {"sky": False, "smooth": False}]
)
@pytest.mark.parametrize("software", [True, False])
@pytest.mark.parametrize("triangles", [None, lambda: 60, lambda: 10**6])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_picture_has_everything_once_and_in_order(monkeypatch, how, software, triangles, count):
    monkeypatch.setitem(slicing.PIXELS, "sky", 1000)
    monkeypatch.setitem(slicing.PIXELS, "smooth", 2500)
    things, found = slices(count, triangles, software=software, **how)
    assert [thing for part in found for thing in part.draws] == things
    sky, smooth = [x.sky for x in found if x.sky], [x.smooth for x in found if x.smooth]
    for rows, wanted in ((sky, how.get("sky", True)), (smooth, how.get("smooth", True))):
        assert [y for a in rows for y in range(*a)] == (list(range(64)) if wanted else [])
    assert [part.first for part in found] == [True] + [False] * (len(found) - 1)
    assert [part.last for part in found] == [False] * (len(found) - 1) + [True]
    with_draws = [k for k, part in enumerate(found) if part.draws]
    assert not with_draws or all(k >= with_draws[-1] for k, part in enumerate(found) if part.sky)
    assert not any(part.smooth and (part.draws or part.sky) for part in found)


def test_lines_over_the_picture_are_a_slice_of_their_own():
    _, found = slices(lines=True)
    assert found[-1].last and not found[-1].draws and found[-1].sky is found[-1].smooth is None
    _, found = slices(triangles=None, smooth=False, lines=True)
    assert len(found) == 1


@pytest.mark.parametrize("triangles", [lambda: 60, lambda: 10**6])
def test_what_covers_much_of_the_picture_is_drawn_in_bands(monkeypatch, triangles):
    monkeypatch.setitem(slicing.PIXELS, "scene", 1000)
    things, found = slices(5, triangles, pixels=1500)
    drawn = [part for part in found if part.draws]
    for k in range(5):
        within = [part.within for part in drawn if any(thing is things[k] for thing in part.draws)]
        assert [y for rows in within for y in range(*rows)] == list(range(64)) and len(within) >= 2
    assert sum(part.first for part in found) == 1 and found[0].first
    assert sum(part.last for part in found) == 1 and found[-1].last
    for how in ({"software": False}, {"triangles": None}):
        assert all(part.within is None for part in slices(5, pixels=1500, **how)[1])
    _, bare = slices(5, triangles, pixels=1500, sky=False, smooth=False)
    assert [part.last for part in bare] == [False] * (len(bare) - 1) + [True]


def test_the_first_slice_is_small_whatever_was_drawn_before():
    things = [Thing(20_000) for _ in range(50)]
    how = {"moving": False, "software": True, "sky": True, "smooth": True, "lines": False, "pace": Pace()}
    found = list(picture_slices(things, [0.0] * 50, (100, 64), lambda: 400_000, **how))
    assert sum(thing.triangle_count for thing in found[0].draws) <= slicing.FIRST_TRIANGLES
    assert sum(thing.triangle_count for thing in found[1].draws) == 400_000


def test_pixels_that_boxes_cover():
    view = make_view(Camera((0.0, 0.0, 2.0), (0.0, 100.0, 2.0)), np.zeros(3), 400, 200)
    boxes = [[-90, 90, -90, 90, 92, 90], [-1, 50, 1, 1, 52, 3], [-5, -5, 0, 5, 5, 9], [-5, -9, 0, 5, -2, 9]]
    whole, small, around, behind = covered_pixels(view, np.array(boxes, float))
    side = 2.0 / (50 * view.tan_y) * 100
    assert whole == around == 400 * 200 and behind == 0.0 and abs(small - side * side) < 1.0
    assert covered_pixels(view, np.zeros((0, 6))).shape == (0,)


def test_hardware_draws_the_background_with_the_scene():
    _, found = slices(triangles=lambda: 10**6, software=False, smooth=False)
    assert len(found) == 1 and found[0].sky == Rows(0, 64)
    _, found = slices(triangles=None, smooth=False)
    assert len(found) == 1


def test_a_picture_in_bands_is_the_same_as_the_one_in_one_step(view, box_city, state, monkeypatch):
    monkeypatch.setitem(slicing.PIXELS, "sky", 320 * 9)
    monkeypatch.setitem(slicing.PIXELS, "smooth", 320 * 21)
    monkeypatch.setitem(slicing.PIXELS, "scene", 2000)
    city = box_city(100)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    whole = view.image()
    for moving in (False, True):
        view.scene.set_moving(moving)
        alone = view.image()
        steps = list(view.scene.render_steps(lambda: 400))
        assert steps.count(NO_TRIANGLES) > 20 and np.array_equal(view.scene.pixels(), alone)
    view.scene.set_moving(False)
    assert np.array_equal(view.image(), whole)


def test_smoothing_changes_edges_and_nothing_else(view, box_city, state, monkeypatch):
    city = box_city(9)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    smooth = view.image().astype(int)
    with monkeypatch.context() as patch:
        patch.setattr(view.scene._smoothing, "drawn", lambda rows: nullcontext())
        rough = view.image().astype(int)
    changed = (smooth != rough).any(axis=2)
    around = np.pad(rough, ((1, 1), (1, 1), (0, 0)), mode="edge")
    near = np.stack([around[y : y + 240, x : x + 320] for y in range(3) for x in range(3)])
    flat = (near.max(axis=0) - near.min(axis=0)).max(axis=2) < 12
    assert 0.002 < changed.mean() < 0.2 and not (changed & flat).any()
    # every colour lies between those of the neighbours, and steps are smaller
    assert (smooth >= near.min(axis=0) - 1).all() and (smooth <= near.max(axis=0) + 1).all()
    bends = [np.abs(np.diff(picture, 2, axis=1)).sum() for picture in (smooth, rough)]
    assert bends[0] < 0.9 * bends[1]


def test_bands_become_narrower_where_they_take_long_and_wider_again():
    pace = Pace()
    most = slicing.PIXELS["sky"]
    assert pace.pixels("sky") == most
    pace.took("sky", 10 * slicing.GOAL_SECONDS)
    assert pace.pixels("sky") == most // 2 and pace.pixels("smooth") == slicing.PIXELS["smooth"]
    for _ in range(9):
        pace.took("sky", 1.0)
    assert pace.pixels("sky") == int(slicing.LEAST_SHARE * most)
    for _ in range(20):
        pace.took("sky", 0.0)
    assert pace.pixels("sky") == most


def test_each_band_asks_for_its_own_width(monkeypatch):
    monkeypatch.setitem(slicing.PIXELS, "sky", 1600)
    pace, found = Pace(), []
    for part in picture_slices((), (), (100, 64), lambda: 60, moving=False, software=True, sky=True, smooth=False,
                               lines=False, pace=pace):  # fmt: skip
        if part.kind:
            found.append(part.sky)
            pace.took(part.kind, 1.0 if len(found) == 1 else slicing.GOAL_SECONDS)
    assert found[0] == Rows(0, 16) and all(b.end - b.start == 8 for b in found[1:]) and found[-1].end == 64
