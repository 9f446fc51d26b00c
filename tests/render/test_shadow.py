"""Shadows: where a pole's shadow ends, whether faces shade themselves, and what casts."""

from dataclasses import replace
from math import cos, radians, sin, tan

import numpy as np
import pytest

from loaders.city import CrsInfo
from viewer.analysis.sun import parse_time, sky_at
from viewer.document.document import Document
from viewer.document.state import Camera, DocumentState, LayerState, Light
from viewer.render.culling import make_view
from viewer.render.passes import NO_TRIANGLES
from viewer.render.resolve import place_shown, resolve
from viewer.render.shadow import height_box, light_axes, near_box, world_box
from viewer.render.state import LightState, RenderState

HEIGHT = 20.0
PLACES = {
    "north": ("EPSG:25832", (390_000.0, 5_820_000.0)),  # 52.5 N
    "equator": ("EPSG:32748", (700_000.0, 9_980_000.0)),  # 0.2 S
    "south": ("EPSG:32756", (334_000.0, 6_251_000.0)),  # 33.9 S
}
TIMES = ("2026-03-20T11:00:00", "2026-06-21T14:30:00", "2026-09-05T09:30:00", "2026-12-21T12:10:00")


@pytest.fixture(scope="module")
def pole_view():
    """Large enough for pixels of 0.1 m."""
    from viewer.render.offscreen import OffscreenView

    made = OffscreenView(960, 960)
    yield made
    made.close()


def shown(city, time):
    document = Document(DocumentState(layers=(LayerState("boxes", "boxes", "boxes.json"),), light=Light(time)))
    document.cities["boxes"] = city
    return document


def from_above(centre, side):
    """A camera high above that sees ``side`` metres, nearly without perspective."""
    height, x, y = 3000.0, centre[0], centre[1]
    fov = float(np.degrees(2.0 * np.arctan(side / 2.0 / height)))
    return Camera((x, y, height), (x, y, 0.0), (0.0, 1.0, 0.0), fov_deg=fov)


def pole(box_city, crs, corner):
    """A pole of 1 x 1 x 20 m."""
    city = box_city(1, origin=(*corner, 0.0), side=1.0, height=HEIGHT)
    return replace(city, crs=CrsInfo(crs))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("time", TIMES)
def test_the_shadow_of_a_pole_ends_where_the_sun_says(pole_view, box_city, place, time):
    crs, corner = PLACES[place]
    city = pole(box_city, crs, corner)
    document = shown(city, time)
    where = place_shown(document)
    sun = sky_at(parse_time(time, where.lon), where).sun
    length, way = HEIGHT / tan(radians(sun.elevation)), radians(sun.azimuth + where.north + 180.0)
    along = np.array([sin(way), cos(way)])
    assert sun.elevation > 5.0
    # the tip: the far edge of the roof's shadow, in the direction away from the sun, from the middle of the pole
    side = 1.3 * length + 6.0
    middle = np.asarray(corner) + 0.5
    view = pole_view
    view.scene.attach("boxes", city)
    state = resolve(document, from_above(middle + along * length / 2.0, side))
    pictures = []
    try:
        for shadows in (True, False):
            view.scene.apply(replace(state, light=replace(state.light, shadows=shadows)))
            pictures.append(view.image().astype(float).mean(axis=2))
    finally:
        view.scene.detach("boxes")
    found = edge_along(pictures[0] / pictures[1], middle, middle + along * length / 2.0, along, side)
    half = 0.5 / max(abs(along[0]), abs(along[1]))  # of the roof, along the shadow
    assert found == pytest.approx(length + half, abs=0.1)


def edge_along(light, start, centre, along, side):
    """Metres from ``start`` to the place where half of the light is back, between pixels, from far out inwards.

    ``light``: what is left of it, (H, W), of a picture ``side`` metres wide around ``centre``."""
    size = light.shape[0]
    steps = np.arange(side, 2.0, -0.01)
    points = start + along * steps[:, None] - centre
    x, y = (points[:, 0] / side + 0.5) * size - 0.5, (0.5 - points[:, 1] / side) * size - 0.5
    inside = (x > 1) & (x < size - 2) & (y > 1) & (y < size - 2)
    x, y, steps = x[inside], y[inside], steps[inside]
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - x0, y - y0
    low = light[y0, x0] * (1 - fx) + light[y0, x0 + 1] * fx
    high = light[y0 + 1, x0] * (1 - fx) + light[y0 + 1, x0 + 1] * fx
    value = low * (1 - fy) + high * fy
    full = light.min()
    return float(steps[np.flatnonzero(value < (1.0 + full) / 2.0)[0]])


def light(elevation, azimuth, **how):
    a, e = radians(azimuth), radians(elevation)
    return LightState((sin(a) * cos(e), cos(a) * cos(e), sin(e)), dated=True, **how)


@pytest.fixture
def boxes(view, box_city):
    city = box_city(16, spacing=40.0)
    view.scene.attach("boxes", city)
    return city


@pytest.mark.parametrize("elevation", [8.0, 30.0, 60.0, 88.0])
def test_faces_do_not_shade_themselves(view, boxes, look, elevation):
    """With the sun behind the viewer every face in view is in full light: the picture is that without shadows."""
    middle = (boxes.bbox[:3] + boxes.bbox[3:]) / 2
    state = light(elevation, 215.0)
    # one box alone cannot be shaded by another
    alone = look(boxes, hidden=tuple(range(1, 16)))
    corner = np.array([6.0, 6.0, 5.0])
    camera = Camera(tuple(corner + np.array(state.sun) * 60.0), tuple(corner), (0.0, 0.3, 1.0))
    pictures = []
    for shadows in (True, False):
        view.scene.apply(RenderState(camera, (alone,), light=replace(state, shadows=shadows)))
        pictures.append(view.image().astype(int))
    seen = view.scene.pick_ids()[:, :, 1] == 0
    assert seen.sum() > 500 and middle.shape == (3,)
    inner = seen & np.roll(seen, 3, 0) & np.roll(seen, -3, 0) & np.roll(seen, 3, 1) & np.roll(seen, -3, 1)
    assert np.abs(pictures[0] - pictures[1]).max(axis=2)[inner].max() <= 2


def test_shadows_begin_at_the_foot_of_walls(view, boxes, look):
    """Ground right behind a wall is dark: no strip of light between wall and shadow."""
    camera = Camera((60.0, 60.0, 150.0), (60.0, 60.0, 0.0), (0.0, 1.0, 0.0))
    state = light(35.0, 180.0)
    pictures = []
    for shadows in (True, False):
        view.scene.apply(RenderState(camera, (look(boxes),), light=replace(state, shadows=shadows)))
        pictures.append(view.image().astype(float).mean(axis=2))
    behind = np.stack([np.full(40, 46.0), 52.0 + np.linspace(0.6, 8.0, 40), np.zeros(40)], axis=1)
    pixels, _ = view.scene.view().project(behind - view.scene.origin)
    columns, rows = np.round(pixels).astype(int).T
    dark = pictures[0][rows, columns] / pictures[1][rows, columns]
    assert dark.max() < 0.9


def test_hidden_objects_cast_no_shadow(view, boxes, look):
    camera = Camera((60.0, 60.0, 150.0), (60.0, 60.0, 0.0), (0.0, 1.0, 0.0))

    def ground(hidden):
        view.scene.apply(RenderState(camera, (look(boxes, hidden=hidden),), light=light(30.0, 180.0)))
        picture = view.image().astype(float)
        return picture[view.scene.pick_ids()[:, :, 0] < 0]

    with_shadows, without = ground(()), ground(tuple(range(16)))
    assert with_shadows.min() < without.min() - 20
    assert np.ptp(without.mean(axis=1)) < 25


def test_things_outside_the_picture_cast_into_it(view, boxes, look):
    """A box just south of the picture, sun in the south."""
    camera = Camera((46.0, 60.0, 22.0), (46.0, 60.0, 0.0), (0.0, 1.0, 0.0))
    pictures = []
    for hidden in ((), tuple(range(16))):
        view.scene.apply(RenderState(camera, (look(boxes, hidden=hidden),), light=light(25.0, 180.0)))
        pictures.append(view.image().astype(float).mean(axis=2))
    assert (view.scene.pick_ids()[:, :, 0] >= 0).sum() == 0
    assert (pictures[0] < 0.85 * pictures[1]).mean() > 0.1


def test_the_moon_casts_shadows_and_night_is_legible(view, boxes, look, cameras):
    night = LightState((0.0, 0.5, -0.87), moon=(0.5, 0.5, 0.707), moon_phase=1.0, dated=True)
    pictures = []
    for state in (night, replace(night, shadows=False), replace(night, moon=(0.0, 0.0, -1.0))):
        view.scene.apply(RenderState(cameras[0](boxes), (look(boxes),), light=state))
        pictures.append(view.image().astype(int))
    seen = view.scene.pick_ids()[:, :, 0] >= 0
    assert np.abs(pictures[0] - pictures[1]).max() > 20
    for picture in pictures:
        assert 25 < np.median(picture[seen].max(axis=1)) < 160
        assert picture[seen].max(axis=1).min() > 12


def test_draft_has_no_shadows_and_no_maps(view, boxes, state):
    view.scene.apply(replace(state(boxes), quality="draft"))
    view.image()
    assert not view.scene.unrefined


def test_a_sliced_refinement_gives_the_same_picture(view, boxes, state):
    view.scene.apply(state(boxes))
    whole = view.image()
    view.scene.apply(replace(state(boxes), light=light(20.0, 100.0)))
    assert view.scene.unrefined
    size = view.scene.size
    for _ in view.scene.render_steps(lambda: 50, refine=True):
        assert view.scene.size == size
    assert not view.scene.unrefined
    other = view.scene.pixels()
    view.scene.apply(state(boxes))
    assert np.array_equal(view.image(), whole) and not np.array_equal(other, whole)


def test_a_refinement_given_up_leaves_the_window_as_it_was(view, boxes, state, look, cameras):
    """Wherever it is given up: in a map of shadows, or while the window is as large as the map of heights."""
    view.scene.apply(state(boxes))
    whole = view.image()
    sizes = set()
    for done in range(1, 16):
        seen = look(boxes, hidden=(done,))
        view.scene.apply(RenderState(cameras[0](boxes), (seen,), light=light(20.0, 100.0 + done)))
        steps = view.scene.render_steps(lambda: 50, refine=True)
        for _ in zip(range(done), steps, strict=False):
            pass
        sizes.add(view.scene.window.GetSize())
        steps.close()
        assert view.scene.window.GetSize() == view.scene.size == (320, 240)
    assert len(sizes) == 2
    view.scene.apply(state(boxes))
    assert np.array_equal(view.image(), whole)


def test_a_step_of_a_refinement_handles_a_bounded_number_of_triangles(view, box_city, state, monkeypatch):
    """And says when it had none, so that its time does not make the next ones larger."""
    city = box_city(400)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    largest = max(draw.triangle_count for draw in view.scene.layers["boxes"].all_draws())
    asked = 300
    for _ in range(2):
        costs = list(view.scene.render_steps(lambda: asked, refine=True))
        drawn = [cost for cost in costs if cost != NO_TRIANGLES]
        assert min(drawn) > 0 and max(drawn) <= max(asked, 2 * largest)
        assert costs.count(NO_TRIANGLES) >= 1
        view.scene.apply(replace(state(city), light=light(20.0, 100.0)))


def test_the_same_view_has_the_same_shadows_whatever_was_before(view, boxes, state, cameras):
    view.scene.apply(state(boxes))
    first = view.image()
    view.scene.apply(state(boxes, camera=cameras[1](boxes, 30.0)))
    view.image()
    view.scene.apply(state(boxes))
    assert np.array_equal(view.image(), first)


def test_boxes_of_maps_hold_what_they_should():
    bounds = np.array([[0, 0, 0, 1000, 1000, 5], [500, 500, 0, 520, 520, 100]], float)
    sun = (0.0, -0.6, 0.8)
    whole = world_box(sun, bounds)
    corners = np.array([[x, y, z, 1.0] for x in (0, 1000) for y in (0, 1000) for z in (0, 5)])
    inside = corners @ whole.matrix().T
    assert (inside[:, :3] > 0).all() and (inside[:, :3] < 1).all()
    view = make_view(Camera((500.0, 300.0, 40.0), (500.0, 400.0, 0.0)), np.zeros(3), 800, 600)
    near = near_box(sun, bounds, view)
    at = near.matrix() @ np.array([500.0, 400.0, 0.0, 1.0])
    assert ((at[:2] > 0) & (at[:2] < 1)).all()
    assert ((near.high - near.low)[:2] < (whole.high - whole.low)[:2]).any()
    # casters towards the sun lie within its depth
    top = near.matrix() @ np.array([510.0, 510.0, 100.0, 1.0])
    assert 0.0 <= top[2] <= 1.0
    square = height_box(bounds, view)
    assert (square.high - square.low)[0] == (square.high - square.low)[1]


def test_maps_do_not_swim():
    """While the camera moves a little, the box is the same, or moves by whole texels."""
    bounds = np.array([[0, 0, 0, 4000, 4000, 30]], float)
    sun = (0.3, -0.5, 0.81)
    boxes = []
    for x in np.linspace(2000.0, 2060.0, 40):
        view = make_view(Camera((x, 1800.0, 90.0), (x, 2000.0, 0.0)), np.zeros(3), 800, 600)
        boxes.append(near_box(sun, bounds, view))
    sizes = {tuple(np.round(box.high[:2] - box.low[:2], 6)) for box in boxes}
    assert len(sizes) == 1
    texel = (boxes[0].high - boxes[0].low)[:2] / 2048
    moved = np.array([(box.low - boxes[0].low)[:2] for box in boxes]) / texel
    assert len(np.unique(np.round(moved, 3), axis=0)) <= 4


def test_axes_are_at_right_angles():
    for direction in ((0.0, 0.0, 1.0), (-0.288, -0.618, 0.731), (1.0, 0.0, 0.0)):
        axes = light_axes(direction)
        basis = np.stack([axes.right, axes.up, axes.back])
        assert np.allclose(basis @ basis.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(basis) == pytest.approx(1.0)
