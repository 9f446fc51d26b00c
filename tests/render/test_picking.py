"""A ray and the id pass agree; world coordinates come back in float64."""

import numpy as np
import pytest

from loaders.city import LineSet, PointSet
from viewer.document.state import Camera
from viewer.render.culling import clipping_range, in_view, make_view
from viewer.render.frame import ORIGIN_GRID
from viewer.render.picking import RayIndex, box_entry, triangle_distances
from viewer.render.raypick import nearest_depth
from viewer.render.state import RenderState

OFFSETS = [(0.0, 0.0, 0.0), (85_000.37, 447_000.73, 3.1), (1e7 + 0.25, -1e7 + 0.5, 1000.125)]


def agreement(scene, step=5):
    ids = scene.pick_ids()
    width, height = scene.size
    rows = [(scene.pick(x, y), ids[y, x, 1]) for y in range(0, height, step) for x in range(0, width, step)]
    return np.mean([(-1 if pick is None else pick.row) == row for pick, row in rows])


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("pitch", [5.0, 35.0, 80.0])
def test_ray_and_id_pass_agree(view, box_city, look, cameras, offset, pitch):
    city = box_city(16, origin=offset)
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[0](city, 0.8, pitch), (look(city, hidden=(5,)),)))
    assert agreement(view.scene) > 0.995


@pytest.mark.parametrize("offset", OFFSETS[1:])
def test_far_from_zero_the_picture_is_the_same(view, box_city, look, cameras, offset):
    # the scene origin lies on a grid: moved by its cells the pictures must be equal, not just alike
    whole = tuple(np.round(np.array(offset) / ORIGIN_GRID) * ORIGIN_GRID)
    pictures = []
    for origin in ((0.0, 0.0, 0.0), whole):
        city = box_city(16, origin=origin)
        view.scene.attach("boxes", city)
        view.scene.apply(RenderState(cameras[0](city, 0.5, 20.0), (look(city),)))
        pictures.append(view.image().astype(int))
        view.scene.detach("boxes")
    # the camera itself is a float64 world coordinate: rounding there may move an edge over a pixel's middle
    assert np.mean(np.abs(pictures[0] - pictures[1]).max(axis=2) > 2) < 1e-3


@pytest.mark.parametrize("offset", OFFSETS)
def test_positions_are_exact_world_coordinates(view, box_city, look, cameras, offset):
    city = box_city(9, origin=offset)
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[1](city), (look(city),)))
    pick = view.scene.pick(160, 120)
    assert pick.row == 4 and pick.surface_code == 1
    assert city.surfaces.object_rows[pick.surface_row] == 4
    assert pick.position[2] == pytest.approx(offset[2] + 10.0, abs=1e-3)
    # what lies under a pixel is seen at that pixel
    for x, y in ((150, 110), (40, 200), (300, 30)):
        place = view.scene.world_at(x, y)
        if place is not None:
            pixel, _ = view.scene.view().project((np.array(place) - view.scene.origin)[None])
            assert pixel[0] == pytest.approx((x, y), abs=0.02)


def test_pick_counts_in_screen_pixels_when_the_picture_is_smaller(view, box_city, look, cameras):
    city = box_city(9)
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[1](city), (look(city),)))
    full = [view.scene.pick(x, 60) for x in range(0, 320, 16)]
    view.scene.screen_size = (320, 240)
    view.resize(160, 120)
    assert [p and p.row for p in full] == [p and p.row for p in (view.scene.pick(x, 60) for x in range(0, 320, 16))]
    view.scene.screen_size = None


def with_markers(city, points=True):
    """One point above box 0 and one line from box 1 to box 2 in the LoD of the boxes."""
    mesh = city.lods["1"]
    origin = city.bbox[:3].copy()
    places = np.array([[6, 6, 40]], np.float32)
    ends = np.array([[26, 6, 40], [46, 6, 40], [46, 26, 40]], np.float32)
    point_set = PointSet(origin, places, np.array([[0, 0]], np.float32))
    line_set = LineSet(origin, ends, np.array([[1, 0], [1, 0], [1, 0]], np.float32), np.array([0, 3], np.int64))
    from dataclasses import replace

    return replace(city, lods={"1": replace(mesh, points=point_set, lines=line_set)})


def test_points_and_lines_are_drawn_and_picked(view, box_city, look, cameras):
    city = with_markers(box_city(9, origin=(500.0, 900.0, 0.0)))
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[1](city, 300.0), (look(city, hidden=tuple(range(2, 9))),)))
    ids = view.scene.pick_ids()[:, :, 1]
    project = view.scene.view().project
    at = np.array([[6, 6, 40], [36, 6, 40], [46, 16, 40]]) + city.bbox[:3] - view.scene.origin
    pixels = np.round(project(at)[0]).astype(int)
    for (x, y), row in zip(pixels, (0, 1, 1), strict=True):
        assert ids[y, x] == row
        pick = view.scene.pick(x, y)
        assert pick.row == row and pick.position[2] == pytest.approx(40.0, abs=1e-3)


def test_hidden_markers_are_not_hit(view, box_city, look, cameras):
    city = with_markers(box_city(9))
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[1](city, 300.0), (look(city, hidden=range(9)),)))
    assert (view.scene.pick_ids()[:, :, 0] == -1).all()
    assert all(view.scene.pick(x, y) is None for x in range(0, 320, 20) for y in range(0, 240, 20))


def test_first_hit_equals_the_nearest_of_all_triangles(box_city):
    city = box_city(60, per_tile=7)
    tiles = city.lods["1"].tiles
    index, shown = RayIndex(tiles), np.ones(60, bool)
    shown[7::3] = False
    corners, rows = [], []
    for k in range(tiles.tile_count):
        part = tiles.triangles[tiles.triangle_start[k] : tiles.triangle_start[k + 1]] + tiles.vertex_start[k]
        corners.append(tiles.positions[part] + tiles.origins[k])
        rows.append(tiles.tags[part[:, 0], 0].astype(int))
    corners, rows = np.concatenate(corners), np.concatenate(rows)
    random = np.random.default_rng(3)
    hits = 0
    for _ in range(300):
        start = random.uniform((-50, -50, 20), (200, 200, 80))
        ray = random.uniform((0, 0, 0), (150, 150, 10)) - start
        ray /= np.linalg.norm(ray)
        every = np.where(shown[rows], triangle_distances(corners - start, ray), np.inf)
        hit = index.first_hit(start, ray, shown)
        if not np.isfinite(every.min()):
            assert hit is None
            continue
        hits += 1
        assert hit.distance == pytest.approx(every.min(), rel=1e-9)
        assert rows[hit.triangle] == hit.row and shown[hit.row]
    assert hits > 50


def test_the_nearest_face_before_the_camera_is_what_rays_find(view, box_city, look, cameras):
    city = box_city(16)
    view.scene.attach("boxes", city)
    view.scene.apply(RenderState(cameras[0](city), (look(city),)))
    view.scene.render()
    layers, origin, dice = list(view.scene.layers.values()), view.scene.origin, np.random.default_rng(3)
    low, high = city.bbox[:3] - 2.0, city.bbox[3:] + 2.0
    met, tiles = 0, next(iter(city.lods.values())).tiles
    for _ in range(60):
        eye, yaw = dice.uniform(low, high), dice.uniform(0.0, 2.0 * np.pi)
        camera = Camera(tuple(eye), tuple(np.add(eye, (np.cos(yaw), np.sin(yaw), 0.1))), fov_deg=60.0)
        seen = make_view(camera, origin, 320, 240)
        depths = [np.inf]
        for x in np.linspace(-1.0, 1.0, 5):
            for y in np.linspace(-1.0, 1.0, 5):
                ray = seen.ahead + seen.right * (x * seen.tan_x) + seen.up * (y * seen.tan_y)
                size = np.linalg.norm(ray)
                hit = RayIndex(tiles).first_hit(eye, ray / size, np.ones(len(city.objects), bool), 3.0 * size)
                depths.append(hit.distance / size if hit is not None else np.inf)
        found = nearest_depth(seen, origin, layers, 3.0)
        assert found == pytest.approx(min(depths), abs=1e-4)
        met += found < np.inf
    assert met > 10


def test_box_entry_inside_outside_and_along_an_axis():
    low, high = np.array([[0.0, 0, 0], [5, 0, 0], [0, 5, 0]]), np.array([[1.0, 1, 1], [6, 1, 1], [1, 6, 1]])
    along_x = box_entry(low, high, np.array([0.5, 0.5, 0.5]), np.array([1.0, 0, 0]))
    assert along_x.tolist() == [0.0, 4.5, np.inf]


def test_boxes_in_view_are_those_that_touch_the_pyramid(cameras, box_city):
    city = box_city(9)
    view = make_view(cameras[0](city), np.zeros(3), 320, 240)
    inside = np.array([[20.0, 20, 0, 30, 30, 10]])
    behind = inside + np.tile(view.eye - view.ahead * 100, 2)
    assert in_view(view, inside).all() and not in_view(view, behind).any()
    near, far = clipping_range(view, inside)
    assert 0 < near < far and far / near <= 20_000.001


def test_nothing_close_by_is_cut_open_in_a_very_large_city():
    view = make_view(Camera((0.0, 0.0, 1.7), (10.0, 0.0, 1.7), fov_deg=60.0), np.zeros(3), 320, 240)
    city, asked = np.array([[-7000.0, -7000.0, 0.0, 14_000.0, 7000.0, 90.0]]), []

    def wall_at(depth):
        return lambda within: asked.append(within) or (depth if depth <= within else np.inf)

    far_off = clipping_range(view, city)[0]
    assert far_off > 0.7
    for depth in (0.3, 0.45, 0.7, 1.0):
        near, far = clipping_range(view, city, wall_at(depth))
        assert near <= 0.5 * depth and far / near <= 400_000.001
    assert clipping_range(view, city, wall_at(3.0))[0] == far_off
    assert clipping_range(view, city, wall_at(0.001))[0] == pytest.approx(0.08)
    assert len(asked) == 6
    clipping_range(view, city / 100.0, wall_at(0.3))
    assert len(asked) == 6, "in a small city nobody has to be asked"


def test_a_camera_that_looks_along_its_up_vector_still_has_axes():
    for target in ((0.0, 0.0, -10.0), (0.0, 0.0, 0.0)):
        view = make_view(Camera((0.0, 0.0, 0.0), target), np.zeros(3), 100, 100)
        axes = np.stack([view.right, view.up, view.ahead])
        assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
