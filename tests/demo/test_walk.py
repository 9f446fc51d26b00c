"""The recorded walk of the demo: on the ground, clear of walls as VTK measures it, calm, and what its maker makes."""

from itertools import pairwise
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from viewer.analysis.soup import SOLID
from viewer.demo.tour import demo_state, tours, walk
from viewer.session.camera_paths import PathCurve
from viewer.session.timeline import tour_timeline

ROOT = Path(__file__).resolve().parents[2]
towns = SimpleNamespace(**run_path(str(ROOT / "tests" / "session" / "walk_town.py")))
maker = SimpleNamespace(**run_path(str(ROOT / "packaging" / "make_demo_walk.py")))


@pytest.fixture(scope="module")
def world():
    return maker.world_of_demo()


@pytest.fixture(scope="module")
def values():
    """x, y, z, yaw, pitch and field of view, 20 times a second."""
    curve = PathCurve(walk().keys)
    return curve.values(np.arange(0.0, curve.seconds, 0.05))


def test_it_takes_two_minutes_and_is_a_tour(values):
    path = walk()
    assert 110.0 < path.seconds < 140.0
    tour = tours()[1]
    assert [step.path for step in tour.steps] == [path.name]
    state = demo_state()
    line = tour_timeline(state, next(t for t in state.tours if t.name == tour.name), lambda: ())
    assert not line.missing and line.seconds > path.seconds


def test_it_is_as_calm_as_somebody_walking(values):
    speed = np.linalg.norm(np.diff(values[:, :2], axis=0), axis=1) / 0.05
    assert speed.max() < 4.2 and np.abs(np.diff(speed)).max() / 0.05 < 6.0
    turn = np.abs(np.diff(values[:, 3])) / 0.05
    assert turn.max() < 45.0 and np.percentile(turn, 90) < 27.0
    assert np.abs(values[:, 4]).max() < 10.0
    assert np.abs(np.diff(values[:, 2])).max() / 0.05 < 0.8


def test_no_wall_is_crossed_and_the_eyes_are_over_the_ground(world, values):
    places = values[:, :3]
    room = np.array([5.0, 5.0, 30.0])
    low, high = places.min(axis=0) - room, places.max(axis=0) + room
    found = world.cut(low, high)
    origin = np.floor(low)
    rays = towns.rays_of(found.corners[(found.kind & SOLID) > 0] - origin)
    eyes = places - origin
    for a, b in pairwise(eyes):
        if np.linalg.norm(b - a) > 1e-6:
            assert not rays(tuple(a), tuple(b))
    for x, y, z in eyes[::4].tolist():
        under = rays((x, y, z), (x, y, z - 4.0))
        assert under and z - max(under) == pytest.approx(1.7, abs=0.25)
        for turn in np.radians(np.arange(0, 360, 30)).tolist():
            assert not rays((x, y, z), (x + 0.7 * np.cos(turn), y + 0.7 * np.sin(turn), z))


def test_it_looks_down_streets_not_at_walls(world, values):
    for row in values[::20]:
        free = world.free_ways(*row[:3], np.array([row[3]]), 40.0)
        assert free[0] > 6.0


def test_it_is_what_its_maker_records(world):
    made = maker.text(maker.walk(world, maker.route(world)))
    assert (ROOT / "assets" / "demo" / "walk.json").read_text(encoding="utf-8") == made, "run make_demo_walk.py"
