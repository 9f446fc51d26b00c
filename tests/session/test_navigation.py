import math
import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from viewer.document.state import Camera
from viewer.session import navigation as nav

SIZE = (1280, 720)
BOX = (85000.0, 447000.0, -2.0, 86000.0, 447800.0, 60.0)
angle = st.floats(-400, 400)
local = st.floats(-500, 500)
points = st.tuples(local, local, st.floats(-20, 120)).map(lambda p: (85500 + p[0], 447400 + p[1], p[2]))
cameras = st.builds(
    lambda target, yaw, pitch, distance, fov: nav.looking(
        [t - f * distance for t, f in zip(target, nav.basis(yaw, pitch)[2], strict=True)], yaw, pitch, distance, fov
    ),
    points,
    st.floats(-180, 180),
    st.floats(nav.PITCH_MIN_DEG, nav.PITCH_MAX_DEG),
    st.floats(1, 3000),
    st.floats(10, 90),
)


def seen(camera, point):
    """Where a point is on the screen; None if it is behind or nearly so."""
    place = nav.project(camera, point, SIZE)
    if place is None or math.dist(camera.position, point) < 0.5 or max(map(abs, place)) > 1e4:
        return None
    return place


@settings(max_examples=300, deadline=None)
@given(cameras, angle, angle, points)
def test_orbit_keeps_the_pivot_on_the_screen(camera, yaw, pitch, pivot):
    before = seen(camera, pivot)
    assume(before is not None)
    moved = nav.orbit(camera, yaw, pitch, pivot)
    assert nav.is_valid(moved)
    assert nav.project(moved, pivot, SIZE) == pytest.approx(before, abs=1e-2)
    assert math.dist(moved.position, pivot) == pytest.approx(math.dist(camera.position, pivot), rel=1e-6)
    assert nav.PITCH_MIN_DEG - 1e-6 <= nav.angles(moved)[1] <= nav.PITCH_MAX_DEG + 1e-6


@settings(max_examples=300, deadline=None)
@given(cameras, points, st.floats(-200, 200), st.floats(-200, 200))
def test_pan_keeps_the_grabbed_point_under_the_pointer(camera, anchor, dx, dy):
    before = seen(camera, anchor)
    assume(before is not None)
    moved = nav.pan(camera, dx, dy, anchor, SIZE)
    assert nav.is_valid(moved)
    assert nav.project(moved, anchor, SIZE) == pytest.approx((before[0] + dx, before[1] + dy), abs=1e-2)
    assert nav.angles(moved)[:2] == pytest.approx(nav.angles(camera)[:2], abs=1e-5)


@settings(max_examples=300, deadline=None)
@given(cameras, points, st.floats(-20, 20))
def test_zoom_keeps_the_anchor_on_the_screen_and_in_front(camera, anchor, steps):
    before = seen(camera, anchor)
    assume(before is not None)
    moved = nav.zoom(camera, steps, anchor, BOX)
    assert nav.is_valid(moved)
    assert nav.project(moved, anchor, SIZE) == pytest.approx(before, abs=0.1)
    old, new = math.dist(camera.position, anchor), math.dist(moved.position, anchor)
    if steps > 0:
        assert min(nav.MIN_DISTANCE_M, old) - 1e-6 <= new <= old + 1e-6
    else:
        assert new >= old - 1e-6


def test_zooming_in_for_ever_stops_before_the_anchor():
    camera, anchor = nav.default_view(BOX), (85400.0, 447300.0, 12.0)
    distances = []
    for _ in range(200):
        camera = nav.zoom(camera, 1, anchor, BOX)
        distances.append(math.dist(camera.position, anchor))
    assert distances[-1] == pytest.approx(nav.MIN_DISTANCE_M, rel=1e-3)
    near = next(n for n, d in enumerate(distances) if d < 3)
    assert distances[near] - distances[near + 1] >= nav.MIN_STEP_M - 1e-6, "the last metres take steps of half a metre"


def test_zooming_out_for_ever_stops_far_away():
    camera = nav.default_view(BOX)
    for _ in range(200):
        camera = nav.zoom(camera, -1, None, BOX)
    middle = [(a + b) / 2 for a, b in zip(BOX[:3], BOX[3:], strict=True)]
    diagonal = math.dist(BOX[:3], BOX[3:])
    assert math.dist(camera.position, middle) == pytest.approx(nav.FAR_DIAGONALS * diagonal, rel=1e-6)
    assert math.dist(nav.zoom(camera, 1, None, BOX).position, middle) < nav.FAR_DIAGONALS * diagonal


def test_one_step_leaves_a_fixed_share_of_the_distance():
    camera = nav.looking((0, 0, 100), 90, -45, 100, 40)
    there = nav.zoom(camera, 1, (0, 100, 0))
    assert math.dist(there.position, (0, 100, 0)) == pytest.approx(
        nav.ZOOM_FACTOR * math.dist((0, 0, 100), (0, 100, 0))
    )
    assert nav.zoom(there, -1, (0, 100, 0)).position == pytest.approx(camera.position)


def test_dragging_turns_the_way_the_hand_goes():
    camera = nav.looking((0, -100, 50), 90, -26.565, 111.8, 40)
    right = nav.orbit(camera, -10, 0)
    assert right.position[0] < -1, "the eye goes left, so the scene turns right"
    assert nav.orbit(camera, 0, -10).position[2] > camera.position[2]


def test_pitch_is_clamped_and_outside_it_only_comes_nearer():
    camera = nav.looking((0, 0, 50), 0, -30, 100, 40)
    assert nav.angles(nav.orbit(camera, 0, 500))[1] == pytest.approx(nav.PITCH_MAX_DEG)
    assert nav.angles(nav.orbit(camera, 0, -500))[1] == pytest.approx(nav.PITCH_MIN_DEG)
    looking_up = nav.looking((0, 0, 2), 0, 20, 10, 40)
    assert nav.angles(nav.orbit(looking_up, 30, 0))[1] == pytest.approx(20)
    assert nav.angles(nav.orbit(looking_up, 0, 5))[1] == pytest.approx(20)
    assert nav.angles(nav.orbit(looking_up, 0, -5))[1] == pytest.approx(15)


def test_looking_down_pan_keeps_the_height():
    camera = nav.looking((0, 0, 100), 90, -45, 141, 40)
    assert nav.pan(camera, 50, 80, (0, 100, 0), SIZE).position[2] == pytest.approx(100)


@pytest.mark.parametrize("aspect", [16 / 9, 0.5, 3.0])
@pytest.mark.parametrize("box", [BOX, (0, 0, 0, 1, 1, 1), (0, 0, 0, 0, 0, 0), (-5, -5, 0, 5, 5, 800)])
def test_the_default_view_sees_the_whole_box_from_the_south_west(box, aspect):
    camera = nav.default_view(box, aspect)
    yaw, pitch, _ = nav.angles(camera)
    assert (yaw, pitch, camera.fov_deg) == (pytest.approx(45), pytest.approx(-35), 40)
    assert camera.position[0] < box[3] and camera.position[1] < box[4] and camera.position[2] > box[2]
    size = (int(1000 * aspect), 1000)
    for n in range(8):
        x, y = nav.project(camera, [box[i + 3 * (n >> i & 1)] for i in range(3)], size)
        assert 0 <= x <= size[0] and 0 <= y <= size[1]


def test_the_default_view_fills_the_picture():
    camera = nav.default_view(BOX, 16 / 9)
    corners = [nav.project(camera, [BOX[i + 3 * (n >> i & 1)] for i in range(3)], SIZE) for n in range(8)]
    share_x = max(abs(x / SIZE[0] * 2 - 1) for x, _ in corners)
    share_y = max(abs(y / SIZE[1] * 2 - 1) for _, y in corners)
    assert max(share_x, share_y) > 0.85


def test_points_are_framed_tighter_than_their_box():
    diagonal = np.array([(x, -x, 0.0) for x in range(-500, 501, 100)])
    box = (-500, -500, 0, 500, 500, 0)
    assert nav.angles(nav.default_view(diagonal, 1.0))[2] <= nav.angles(nav.default_view(box, 1.0))[2]
    street = np.array([(x, x, 0.0) for x in range(-500, 501, 100)])
    camera = nav.default_view(street, 1.0)
    seen = np.array([nav.project(camera, point, (1000, 1000)) for point in street])
    assert seen.min() >= 0 and seen.max() <= 1000
    assert np.ptp(seen[:, 1]) > 900, "a street that leads away fills the height of the picture"


@pytest.mark.parametrize("box", [None, (math.nan,) * 6, (0, 0, 0, math.inf, 1, 1), (0,) * 5, (1e300,) * 6])
def test_a_box_that_is_none_still_gives_a_view(box):
    assert nav.is_valid(nav.default_view(box)) and nav.is_valid(nav.default_view(BOX, math.nan))


def test_zoom_to_keeps_the_direction():
    camera = nav.zoom_to(nav.looking((0, 0, 500), 120, -50, 10, 30), BOX)
    assert nav.angles(camera)[:2] == (pytest.approx(120), pytest.approx(-50)) and camera.fov_deg == 30


def test_from_above_north_is_up():
    camera = nav.top(nav.default_view(BOX))
    assert nav.angles(camera)[1] == pytest.approx(nav.PITCH_MIN_DEG)
    middle = camera.target
    north = nav.project(camera, (middle[0], middle[1] + 50, middle[2]), SIZE)
    east = nav.project(camera, (middle[0] + 50, middle[1], middle[2]), SIZE)
    assert north[1] < SIZE[1] / 2 - 1 and east[0] > SIZE[0] / 2 + 1


def test_ray_and_project_agree():
    camera = nav.default_view(BOX)
    direction = nav.ray(camera, 200, 300, SIZE)
    point = [p + d * 700 for p, d in zip(camera.position, direction, strict=True)]
    assert nav.project(camera, point, SIZE) == pytest.approx((200, 300), abs=1e-6)


@pytest.mark.parametrize(
    "camera",
    [
        Camera((0, 0, 0), (0, 0, 0)),
        Camera((0, 0, 10), (0, 0, 0)),
        Camera((0, 0, 0), (0, 0, 10)),
        Camera((math.nan, 0, 0), (1, 0, 0)),
        Camera((1e300, 0, 0), (1, 0, 0)),
        Camera((0, 0, 5), (1, 0, 0), (0, 1, 0), 500),
        Camera((0, 0, 5), (1, 0, 0), (0, 0, 1), -3),
    ],
)
def test_any_camera_is_made_valid(camera):
    assert nav.is_valid(nav.sanitized(camera))


def test_a_good_camera_stays_exactly_as_it_is():
    camera = Camera((85100.125, 447000.5, 33.0), (85200.0, 447100.0, 3.0), fov_deg=55.0)
    assert nav.sanitized(camera) is camera or nav.sanitized(camera) == camera


def test_ten_thousand_random_movements_leave_a_valid_camera():
    dice = random.Random(7)
    camera = nav.default_view(BOX)
    odd = [math.nan, math.inf, -math.inf, 0.0, 1e308, -1e9, 1e-300]

    def number(scale):
        return dice.choice(odd) if dice.random() < 0.05 else dice.gauss(0, scale)

    def point():
        return None if dice.random() < 0.2 else (85500 + number(500), 447400 + number(500), number(50))

    for _ in range(10_000):
        match dice.randrange(4):
            case 0:
                camera = nav.orbit(camera, number(90), number(40), point())
            case 1:
                camera = nav.pan(camera, number(300), number(300), point(), SIZE)
            case 2:
                camera = nav.zoom(camera, number(5), point(), BOX)
            case _:
                camera = nav.zoom_to(camera, BOX) if dice.random() < 0.02 else nav.orbit(camera, number(5), number(5))
        assert nav.is_valid(camera)
        assert nav.angles(camera)[1] <= nav.PITCH_MAX_DEG + 1e-5
