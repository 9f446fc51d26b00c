"""Whatever values belong to: they are hatched where their range is wider than their class, in every way to compare."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.scenario.model import NOT_MODELLED
from viewer.document.state import Camera
from viewer.render import resolve as resolving
from viewer.render.mover_shapes import KINDS
from viewer.render.panes import pane_rects
from viewer.render.state import TEXEL_NO_DATA, TEXEL_NOT_MODELLED

nine = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "analysis" / "nine.py")))
kit = nine.kit
HALF = {"points": 5}
"""Pixels around the middle of a place that are looked at."""


class Scene:
    """A document with scenarios of a binding, drawn from the south."""

    def __init__(self, view, name, *results):
        self.view, self.name = view, name
        base = nine.flat() if name in ("raster", "water") else nine.city()
        self.document = nine.document_of(base)
        self.ids = "stu"[: len(results)]
        for scenario, made in zip(self.ids, results, strict=True):
            nine.put(self.document, scenario, made, base)
        for layer_id, city in self.document.cities.items():
            view.scene.attach(layer_id, city)
        target = tuple((nine.AT + np.array([50.0, 45.0, 5.0])).tolist())
        self.camera = Camera(tuple((nine.AT + np.array([50.0, -60.0, 90.0])).tolist()), target)

    def state(self, hatch=True, **shown):
        kit.show(self.document, *self.ids, variable="v", hatch=hatch, **shown)
        return resolving.resolve(self.document, self.camera, moment=kit.START, wait=True)

    def draw(self, hatch=True, **shown):
        self.view.scene.apply(self.state(hatch, **shown))
        self.view.scene.set_moving(True)  # without smoothing of edges
        return self.view.image().astype(float)

    def lines(self, **shown):
        """How much hatching changes the middle of each of the three places: largest change and share of pixels."""
        change = np.abs(self.draw(True, **shown) - self.draw(False, **shown)).max(axis=2)
        return [self.around(change, place) for place in range(3)]

    def around(self, picture, place):
        (row, column), half = self.pixel(place), HALF.get(self.name, 7)
        part = picture[row - half : row + half + 1, column - half : column + half + 1]
        return float(part.max()), float((part > 8).mean())

    def pixel(self, place):
        """Row and column of the middle of a place."""
        x, y = nine.PLACES[place]
        heights = {"raster": 0.0, "water": 1.5, "object": 8.0, "surface": 8.0, "points": 4.0, "marks": 4.0}
        y -= {"points": 10.0, "marks": 11.0}.get(self.name, 0.0)
        spot = nine.AT + np.array([x, y, heights.get(self.name, 9.0)]) - self.view.scene.origin
        column, row = np.rint(self.view.scene.view().project(spot[None])[0][0]).astype(int)
        return int(row), int(column)


def mirrored(name):
    """As `nine.result`, but sure in the west and uncertain in the east."""
    return nine.result(name, low=nine.LOW[::-1], high=nine.HIGH[::-1])


@pytest.mark.parametrize("name", nine.RANGED)
def test_what_is_uncertain_is_hatched_in_every_way_to_compare(view, name):
    one = nine.result(name)
    other = replace(mirrored(name), overlay=one.overlay, vertex_rows=one.vertex_rows, places=one.places)
    scene = Scene(view, name, one, other)
    (unsure, share), sure, unknown = scene.lines(mode="single")
    assert unsure > 20
    assert 0.02 < share < 0.75
    assert max(sure[0], unknown[0]) <= 2
    west, middle, east = scene.lines(mode="swipe", position=0.5)
    assert min(west[0], east[0]) > 20
    assert middle[0] <= 2
    west, middle, east = scene.lines(mode="blend", position=0.5)
    assert min(west[0], east[0]) > 8, "both are seen, each on its share"
    assert middle[0] <= 2
    west, middle, east = scene.lines(mode="difference")
    assert middle[0] > 8, "from -0.6 to 0.6 it may be more or less"
    assert max(west[0], east[0]) <= 2, "one of the two tells no range there"
    panes_are_hatched_each_by_its_own(scene)


def panes_are_hatched_each_by_its_own(scene):
    change = np.abs(scene.draw(True, mode="split") - scene.draw(False, mode="split")).max(axis=2) > 8
    counts = []
    for rect in pane_rects(2, change.shape[1], change.shape[0]):
        part = change[rect.top : rect.top + rect.height, rect.left : rect.left + rect.width]
        half = rect.width // 2
        counts.append((int(part[:, :half].sum()), int(part[:, half:].sum())))
    assert counts[0][0] > 5 > 2 >= counts[0][1]
    assert counts[1][1] > 5 > 2 >= counts[1][0]


@pytest.mark.parametrize("name", ["trajectories", "patch"])
def test_what_has_no_range_is_not_hatched(view, name):
    scene = Scene(view, name, nine.result(name))
    assert np.abs(scene.draw(True) - scene.draw(False)).max() <= 2


@pytest.mark.parametrize("name", nine.RANGED)
def test_what_has_no_value_is_never_hatched(view, name):
    values = np.array([np.nan, -np.inf, 1.5], np.float32)
    made = nine.result(name, values=values, low=np.float32([0.4, 0.4, 0.4]), high=np.float32([2.6, 2.6, 2.6]))
    scene = Scene(view, name, made)
    gap, outside, unsure = scene.lines()
    assert unsure[0] > 20
    if name != "water":  # a dry place that water may reach is hatched
        assert gap[0] <= 2
    assert outside[0] <= 2


@pytest.mark.parametrize("name", nine.RANGED)
def test_zero_no_data_and_not_modelled_look_different(view, name):
    looks = []
    for odd in (0.0, np.nan, NOT_MODELLED):
        values = np.array([odd, 1.5, 1.5], np.float32)
        scene = Scene(view, name, nine.result(name, values=values, low=None, high=None))
        picture = scene.draw()
        looks.append([scene.around(picture[..., k], 0)[0] for k in range(3)] + [_spread(scene, picture)])
        for layer_id in scene.document.cities:
            view.scene.detach(layer_id)
    zero, gap, outside = np.array(looks)
    apart = [np.abs(zero - outside).max(), np.abs(gap - outside).max()]
    if name != "water":  # where water was modelled and there is none, it is dry: no data is zero
        apart.append(np.abs(zero - gap).max())
    assert min(apart) > 8, looks


def _spread(scene, picture):
    """How uneven a place is: fine lines lie on what was not modelled."""
    row, column = scene.pixel(0)
    return float(np.ptp(picture[row - 5 : row + 6, column - 5 : column + 6].mean(axis=2)))


def test_movers_without_a_value_are_rings_or_have_lines(view):
    values = np.array([np.nan, -np.inf, 1.5], np.float32)
    scene = Scene(view, "trajectories", nine.result("trajectories", values=values))
    movers = scene.state().movers.a
    assert movers.states.tolist() == [1, 2, 0]
    assert "bus" in KINDS
    picture = scene.draw()
    tones = [scene.around(picture[..., k], place)[0] for k in range(3) for place in range(3)]
    assert len(set(tones)) > 3


def test_texels_of_no_data_stay_so_where_ranges_are_wide(view):
    values = np.array([np.nan, -np.inf, 1.5], np.float32)
    wide = nine.result("object", values=values, low=np.float32([0, 0, 0]), high=np.float32([9, 9, 9]))
    texels = Scene(view, "object", wide).state().layers[0].texels
    assert (texels[1:, 3] & 0xF0).tolist() == [TEXEL_NO_DATA, TEXEL_NOT_MODELLED, 0x20]


def test_a_dry_place_that_water_may_reach_is_hatched(view):
    values = np.array([np.nan, 1.5, 1.5], np.float32)
    made = nine.result("water", values=values, low=np.float32([np.nan, 1.2, 1.2]), high=np.float32([0.6, 1.8, 1.8]))
    dry, sure, _ = Scene(view, "water", made).lines()
    assert dry[0] > 20 > 2 >= sure[0]


def test_receivers_that_were_not_modelled_make_a_wall_that_was_not():
    from viewer.analysis.links import links_of

    base = nine.city()
    document = nine.document_of(base)
    layer = nine.put(document, "s", nine.result("points"), base)
    grid = links_of(document).facades[layer]
    values = grid.node_values(np.float32([-np.inf, np.nan, 2.0]))
    known = grid.weights.sum(axis=1) > 0
    assert set(np.unique(values[known]).tolist()) >= {-np.inf, 2.0}
    assert np.isnan(values[known]).any()
    ranges = grid.node_ranges(np.float32([1, 1, 1]), np.float32([0, np.nan, 0.5]), np.float32([2, 3, 1.5]))
    assert ranges.shape == (len(grid.weights), 2)
    assert {tuple(pair) for pair in ranges[np.isfinite(ranges[:, 0])].tolist()} == {(0.0, 2.0), (0.5, 1.5)}


def test_lines_run_as_in_the_legend(view):
    """What is uncertain has rising lines, what was not modelled falling ones."""
    values = np.array([1.5, 1.5, NOT_MODELLED], np.float32)
    scene = Scene(view, "polygon", nine.result("polygon", values=values))
    picture = scene.draw().mean(axis=2)
    for place, rising in ((0, True), (2, False)):
        row, column = scene.pixel(place)
        part = picture[row - 9 : row + 10, column - 9 : column + 10]
        up = np.abs(part[1:, :-1] - part[:-1, 1:]).mean()
        down = np.abs(part[:-1, :-1] - part[1:, 1:]).mean()
        assert (up < 0.5 * down) == rising
        assert (down < 0.5 * up) != rising
