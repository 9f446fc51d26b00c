"""The way to a place, as it is travelled: on the demo and on real cities, checked by another ray library."""

import math
import random
from itertools import pairwise
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.worker import load_in_process
from viewer.analysis.bounds import object_boxes
from viewer.analysis.soup import GREEN, SOLID
from viewer.document.state import LayerState
from viewer.session import navigation, travel
from viewer.session.walking import WalkInput, find_standing
from viewer.session.walks import SEARCH_S, walks

towns = SimpleNamespace(**run_path(str(Path(__file__).with_name("walk_town.py"))))
LEVEL = navigation.looking((0.0, 0.0, 1.7), 0.0, -20.0, 10.0, 60.0)


def arrive(session, rate=30):
    """Cameras of the way until it ends."""
    cameras = [session.camera]
    while walks(session).gliding:
        walks(session).tick(WalkInput(), 1 / rate)
        cameras.append(session.camera)
    return cameras


@pytest.mark.parametrize("name", ["demo", "cityjson/cjio/delft.json", "cityjson/cjio/rotterdam/rotterdam_subset.json"])
def test_ways_through_real_cities_meet_no_wall(session, name, request):
    path = (
        next(request.getfixturevalue("small_demo").glob("*/town.city.json"))
        if name == "demo"
        else request.getfixturevalue("data_file")(name)
    )
    with session.document.change("Open") as edit:
        edit.add_city(LayerState("a", "a", str(path)), load_in_process(path).result)
    moving = walks(session)
    moving.wake = lambda: None
    world, body, dice = moving.world, moving.body, random.Random(3)
    found = world.cut(world.box[:3], world.box[3:])
    origin = np.floor(world.box[:3])
    rays = towns.rays_of(found.corners[(found.kind & SOLID) > 0] - origin)
    walls = towns.rays_of(found.corners[(found.kind & (SOLID | GREEN)) == SOLID] - origin)
    ways = walked = 0
    boxes = object_boxes(session.document.cities["a"])
    middle = np.nanmedian(boxes[:, :2], axis=0)
    for _ in range(60):
        start = find_standing(
            world, (*(middle + [dice.uniform(-150, 150) for _ in "xy"]), float(world.box[5])), body, reach=40
        )
        if start is None or not moving.walk_from(start, dice.uniform(0, 360)):
            continue
        arrive(session)
        here = moving.mover.stance.position
        angle, far = dice.uniform(0, 2 * math.pi), dice.uniform(15, 90)
        place = here[0] + far * math.cos(angle), here[1] + far * math.sin(angle), here[2]
        goal = find_standing(world, place, body, reach=15.0)
        if goal is None or math.dist(here, goal) < 5.0:
            continue
        session.run("walk.go_to", position=goal)
        cameras = arrive(session)
        assert math.dist(session.camera.position[:2], goal[:2]) < 0.5
        assert session.camera == moving.mover.camera()
        ways += 1
        eyes = np.array([camera.position for camera in cameras]) - origin
        if eyes[:, 2].max() > eyes[[0, -1], 2].max() + 2.5:  # over the roofs: no wall either
            assert not any(walls(tuple(a), tuple(b)) for a, b in pairwise(eyes) if np.linalg.norm(b - a) > 1e-6)
            continue
        walked += 1
        for a, b in pairwise(eyes):
            if np.linalg.norm(b - a) > 1e-6:
                assert not rays(tuple(a), tuple(b))
                low = np.array([0.0, 0.0, 0.8])
                assert not rays(tuple(a - low), tuple(b - low)) or abs(a[2] - b[2]) > 0.1
        for x, y, z in eyes[1:-1].tolist():
            for turn in np.radians(np.arange(0, 360, 45)).tolist():
                assert not rays((x, y, z), (x + 0.28 * math.cos(turn), y + 0.28 * math.sin(turn), z))
        if walked >= 8:
            break
    assert walked >= 4 and ways >= 6


def test_one_looks_ahead_turns_calmly_and_never_jumps():
    turns = np.radians(np.arange(0, 91, 5))
    left = np.column_stack([27 + 3 * np.sin(turns), 3 - 3 * np.cos(turns)])
    right = np.column_stack([33 - 3 * np.cos(turns), 27 + 3 * np.sin(turns)])
    corner = np.column_stack([np.concatenate([[[0.0, 0.0]], left, right, [[60.0, 30.0]]]), np.zeros(40)])
    glide = travel.along(corner, 1.7, LEVEL)
    times = np.arange(0.0, glide.seconds, 1 / 60)
    cameras = [glide.camera(float(t)) for t in times]
    places = np.array([camera.position for camera in cameras])
    yaw = np.unwrap(np.radians([navigation.angles(camera)[0] for camera in cameras]))
    speed = np.linalg.norm(np.diff(places, axis=0), axis=1) * 60
    assert 5.0 < glide.seconds < 12.0 and speed.max() <= travel.FASTEST_MS and speed[0] < 1.5 and speed[-1] < 1.5
    assert np.abs(np.diff(speed)).max() * 60 < 2 * travel.SPEED_UP_MS2
    assert np.degrees(np.abs(np.diff(yaw)).max() * 60) < 1.3 * travel.TURN_DEG_S
    there = np.abs(places[:, 0] - 30.0) + np.abs(places[:, 1] - 15.0) < 3.0
    assert np.degrees(yaw[there]) == pytest.approx(90.0, abs=20.0)
    assert navigation.angles(cameras[-1])[1] == pytest.approx(0.0, abs=0.5)
    assert glide.standing(glide.seconds) == pytest.approx((60, 30, 0))


def test_somebody_behind_turns_first_and_a_short_way_is_gone_without_turning():
    back = travel.along(np.array([[0.0, 0.0, 0.0], [-40.0, 0.5, 0.0]]), 1.7, LEVEL)
    yaw = np.unwrap(np.radians([navigation.angles(back.camera(t))[0] for t in np.arange(0, back.seconds, 1 / 60)]))
    assert np.degrees(np.abs(np.diff(yaw)).max() * 60) < 1.3 * travel.TURN_DEG_S
    assert abs(np.degrees(yaw[-1])) == pytest.approx(180.0, abs=3.0)
    short = travel.along(np.array([[0.0, 0.0, 0.0], [0.0, 4.0, 0.0]]), 1.7, LEVEL)
    assert navigation.angles(short.camera(short.seconds))[0] == pytest.approx(0.0, abs=1e-9)


def test_steps_of_the_ground_are_smooth_for_the_eyes_which_stay_over_it():
    x = np.arange(0.0, 20.0, 0.2)
    stairs = np.column_stack([x, np.zeros_like(x), np.floor(x / 0.4) * 0.17])
    glide = travel.along(stairs, 1.7, navigation.looking((0.0, 0.0, 1.7), 0.0, 0.0, 10.0, 60.0))
    eyes = np.array([glide.camera(t).position for t in np.arange(0.0, glide.seconds, 1 / 60)])
    ground = np.interp(eyes[:, 0], x, stairs[:, 2])
    assert np.abs(np.diff(eyes[:, 2])).max() < 0.12
    assert (eyes[:, 2] - ground)[3:] == pytest.approx(1.7, abs=0.3)


def test_an_arc_keeps_to_its_ends_until_it_is_over_the_roofs():
    end = navigation.looking((80.0, 0.0, 1.7), 90.0, 0.0, 10.0, 60.0)
    for top in (12.0, 40.0, 100.0):
        glide = travel.over(LEVEL, end, top)
        places = np.array([glide.camera(t).position for t in np.linspace(0.0, glide.seconds, 2000)])
        assert places[0] == pytest.approx(LEVEL.position) and glide.camera(glide.seconds) == end
        low = places[places[:, 2] < top + 1.0]
        assert np.minimum(low[:, 0], 80.0 - low[:, 0]).max() < 0.3
        assert places[:, 2].max() == pytest.approx(top + travel.CLEAR_M, abs=0.01)
    assert SEARCH_S < 0.03
