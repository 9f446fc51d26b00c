"""From raw states of gamepads and SpaceMice to what is done: no device, no Qt."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.api import LoadResult
from viewer.document.document import Document
from viewer.document.state import LayerState
from viewer.jobs.queue import JobQueue
from viewer.session import navigation
from viewer.session.pads import (
    BUTTONS,
    Feel,
    Intent,
    PadPilot,
    PadState,
    SpaceState,
    of_pad,
    of_space,
    stick,
)
from viewer.session.session import Session
from viewer.session.walking import WalkInput
from viewer.session.walks import walks
from viewer.settings.settings import Settings

EVEN = Feel(dead_zone=0.2, curve=1.0)


@pytest.fixture
def town(project_root):
    from runpy import run_path

    made = run_path(str(project_root / "tests" / "session" / "walk_town.py"))["Town"]()
    made.terrain(-40, -40, 40, 40, lambda x, y: 0.0)
    made.box(-5, -5, 5, 5, -1, 12)
    made.local = lambda p: tuple(float(a - b) for a, b in zip(p, made.origin, strict=True))
    made.at = lambda x, y, z=0.0: tuple(float(a + b) for a, b in zip(made.origin, (x, y, z), strict=True))
    return made


@pytest.fixture
def session(tmp_path, town):
    made = Session(Document(), JobQueue(), Settings(tmp_path / "settings.json"), autosave=False)
    with made.document.change("Open") as edit:
        edit.add_city(LayerState("a", "town", "/town.json"), LoadResult(town.city(), "CityJSON", "2.0"))
    made.settings.set("walk_instant", True)
    made.home()
    yield made
    made.close()
    made.jobs.shutdown()


@pytest.fixture
def walker(session, town):
    session.move_camera(navigation.looking(town.at(-30, -20, 30), 0.0, -20.0, 20.0, 40.0))
    session.run("view.walk", position=town.at(-30, -20))
    return walks(session)


def go(session, pilot, seconds=1.0, step=0.02):
    """Let a clock run as the window's does."""
    moving = walks(session)
    for _ in range(round(seconds / step)):
        if moving.mode == "orbit":
            pilot.turn_model(step)
        else:
            moving.tick(pilot.wish(WalkInput(), step), step)


def test_a_stick_has_a_round_dead_zone_and_a_curve():
    assert stick(0.14, 0.14, EVEN) == (0.0, 0.0)
    assert stick(1.0, 0.0, EVEN) == pytest.approx((1.0, 0.0))
    assert stick(0.6, 0.0, EVEN) == pytest.approx((0.5, 0.0))
    x, y = stick(0.6, 0.6, EVEN)
    assert x == y and math.hypot(x, y) == pytest.approx((math.hypot(0.6, 0.6) - 0.2) / 0.8)
    assert stick(1.0, 1.0, EVEN) == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))  # corners are no faster
    assert stick(0.6, 0.0, Feel(dead_zone=0.2, curve=2.0))[0] == pytest.approx(0.25)


def test_a_pad_on_foot_in_flight_and_in_orbit():
    pushed = PadState(left_y=1.0, right_x=1.0, right_y=0.6, right_trigger=1.0, buttons=frozenset({"up"}))
    walk, fly, orbit = (of_pad(pushed, EVEN, mode) for mode in ("walk", "fly", "orbit"))
    assert walk.forward == pytest.approx(1.0) and walk.turn < 0 < walk.look and walk.brisk
    assert walk.up == 0.0 and fly.up == 1.0
    assert orbit.zoom == pytest.approx(1.0) and not orbit.brisk
    slow = of_pad(PadState(left_y=1.0, left_trigger=1.0), EVEN, "walk")
    assert slow.forward == pytest.approx(0.25)
    round_ = of_pad(pushed, Feel(0.2, 1.0, 2.0, True), "walk")
    assert round_.look == pytest.approx(-2.0 * walk.look) and round_.turn == pytest.approx(2.0 * walk.turn)


def test_numbers_that_are_none_do_nothing():
    bad = PadState(math.nan, math.inf, -math.inf, math.nan, math.nan, 1e300)
    assert of_pad(bad, Feel(), "orbit") == Intent(zoom=1.0)
    assert of_space(SpaceState(math.nan, math.inf), Feel(), "walk") == Intent()
    assert Feel() and not of_pad(PadState(), Feel(), "walk").moving


def test_a_space_mouse_moves_the_view_in_flight_and_the_model_in_orbit():
    pushed = SpaceState(right=0.5, forward=1.0, up=0.4, pitch=0.3, yaw=0.2)
    fly, orbit, walk = (of_space(pushed, Feel(), mode) for mode in ("fly", "orbit", "walk"))
    assert fly.forward == pytest.approx(1.0) and fly.right > 0 and fly.up > 0 and fly.turn > 0 and fly.look > 0
    assert orbit.zoom == pytest.approx(-1.0) and orbit.right < 0 and orbit.up < 0 and orbit.turn > 0
    assert walk.up == 0.0
    only = of_space(pushed, Feel(dominant=True), "fly")
    assert only == Intent(forward=pytest.approx(1.0))
    assert not of_space(SpaceState(*[0.04] * 6), Feel(), "fly").moving  # springs do not rest exactly


def test_the_left_stick_walks_and_letting_go_stands(session, town, walker):
    pilot = PadPilot(session)
    assert pilot.feed(PadState(left_y=1.0), SpaceState())
    go(session, pilot)
    x, y, z = town.local(session.camera.position)
    assert x == pytest.approx(-30 + 1.4, abs=0.15) and y == pytest.approx(-20, abs=0.01) and z == pytest.approx(1.7)
    assert not pilot.feed(PadState(), SpaceState())
    go(session, pilot, 0.1)
    before = session.camera
    go(session, pilot, 0.5)
    assert session.camera == before and walker.mover.at_rest


def test_half_a_stick_is_half_as_fast_and_the_trigger_is_brisk(session, town, walker):
    pilot = PadPilot(session)
    session.settings.set("pad_curve", 1.0)
    session.settings.set("pad_dead_zone", 20)
    for state, speed in ((PadState(left_y=0.6), 0.7), (PadState(left_y=1.0, right_trigger=1.0), 3.0)):
        pilot.feed(state, SpaceState())
        go(session, pilot, 0.2)
        assert math.hypot(*walker.mover.stance.velocity) == pytest.approx(speed, abs=0.02)


def test_no_stick_gets_through_a_wall(session, town, walker):
    session.run("view.walk", position=town.at(-15, 0))
    pilot = PadPilot(session)
    walker.mover.turn_to(0.0, 0.0)
    pilot.feed(PadState(left_y=1.0, right_trigger=1.0), SpaceState(forward=1.0))
    go(session, pilot, 20.0, 0.1)
    x, y, _ = town.local(session.camera.position)
    assert not (-5.2 < x < 5.2 and -5.2 < y < 5.2)


def test_the_right_stick_looks_and_can_be_turned_round(session, walker):
    pilot = PadPilot(session)
    pilot.feed(PadState(right_x=1.0), SpaceState())
    go(session, pilot, 0.5)
    assert walker.mover.heading_deg == pytest.approx(90.0 + 55.0, abs=1.0)
    pilot.feed(PadState(right_y=1.0), SpaceState())
    go(session, pilot, 0.2)
    up = walker.mover.stance.pitch_deg
    session.settings.set("pad_invert_y", True)
    go(session, pilot, 0.4)
    assert up > 15.0 and walker.mover.stance.pitch_deg < 0.0


def test_turning_in_steps_needs_the_stick_back(session, walker):
    session.settings.set("walk_snap", True)
    pilot = PadPilot(session)
    for x, heading in ((1.0, 120.0), (1.0, 120.0), (0.0, 120.0), (1.0, 150.0), (0.0, 150.0), (-1.0, 120.0)):
        pilot.feed(PadState(right_x=x), SpaceState())
        go(session, pilot, 0.3)
        assert walker.mover.heading_deg == pytest.approx(heading, abs=0.01)


def test_flying_goes_up_with_the_pad_and_with_the_cap(session, town):
    session.run("view.fly")
    moving, pilot = walks(session), PadPilot(session)
    start = session.camera.position[2]
    pilot.feed(PadState(buttons=frozenset({"up"})), SpaceState())
    go(session, pilot, 0.5)
    higher = session.camera.position[2]
    pilot.feed(PadState(), SpaceState(up=1.0))
    go(session, pilot, 0.5)
    assert start + 3 < higher < session.camera.position[2] - 3
    pilot.feed(PadState(), SpaceState(yaw=1.0))
    before = moving.mover.heading_deg
    go(session, pilot, 0.3)
    assert (before - moving.mover.heading_deg) % 360 == pytest.approx(33.0, abs=2.0)  # twisted to the left


def test_orbit_turns_moves_and_zooms(session):
    pilot = PadPilot(session)
    yaw, pitch, distance = navigation.angles(session.camera)
    pilot.feed(PadState(right_x=1.0, right_y=0.0), SpaceState())
    go(session, pilot, 0.5)
    assert abs(navigation.angles(session.camera)[0] - yaw) == pytest.approx(45.0, abs=0.5)
    pilot.feed(PadState(right_y=1.0), SpaceState())
    go(session, pilot, 0.2)
    assert navigation.angles(session.camera)[1] < pitch - 10  # from higher up
    pilot.feed(PadState(right_trigger=1.0), SpaceState())
    go(session, pilot, 0.5)
    assert navigation.angles(session.camera)[2] < 0.75 * distance
    near = navigation.angles(session.camera)[2]
    pilot.feed(PadState(), SpaceState(forward=1.0))  # the model is pushed away
    go(session, pilot, 0.3)
    assert navigation.angles(session.camera)[2] > near
    middle = session.camera.target
    seen = navigation.project(session.camera, middle, session.size_px)
    pilot.feed(PadState(), SpaceState(right=1.0))
    go(session, pilot, 0.2)
    moved = navigation.project(session.camera, middle, session.size_px)
    assert moved[0] > seen[0] + 50  # the model went to the right


def test_buttons_act_once_and_only_where_they_make_sense(session, town, walker):
    pilot = PadPilot(session)
    press = lambda *names: pilot.feed(PadState(buttons=frozenset(names)), SpaceState())  # noqa: E731
    press("x")
    press("x")
    assert session.settings.get("walk_person") == "child"
    press()
    press("x")
    assert session.settings.get("walk_person") == "wheelchair"
    press()
    press("x")
    assert session.settings.get("walk_person") == "adult"
    press("up")
    assert walker.mover.speed_ms == pytest.approx(1.4 * 1.3, abs=0.01)
    press("b")
    assert walker.mode == "orbit" and session.camera.position[2] > 30
    press("y")
    assert walker.mode == "walk"
    press("back")
    assert walker.mode == "orbit"
    press("start")
    assert session.camera == navigation.default_view(session.scene_outline(), session.aspect)
    said = []
    session.message.connect(said.append)
    for name in BUTTONS:  # nothing to play, no viewpoints: no word about it either
        press(name)
        press()
    assert said == []


def test_the_go_to_button_leads_to_the_middle_of_the_view(session, town, walker):
    session.viewport = SimpleNamespace(size_px=(800, 600), world_at=lambda x, y: town.at(-30, 10))
    session.settings.set("reduce_motion", True)
    PadPilot(session).press("a")
    assert town.local(session.camera.position) == pytest.approx((-30, 10, 1.7), abs=0.4)
    session.viewport = None
    PadPilot(session).press("a")  # nothing is drawn: nothing happens
    assert town.local(session.camera.position) == pytest.approx((-30, 10, 1.7), abs=0.4)


def test_shoulders_go_through_the_viewpoints_and_round(session, town):
    cameras = [navigation.looking(town.at(x, -60, 40), 90.0, -30.0, 50.0, 40.0) for x in (-20, 0, 20)]
    for camera in cameras:
        session.move_camera(camera, jump=True)
        session.run("viewpoint.add")
    session.home()
    session.settings.set("reduce_motion", True)
    pilot = PadPilot(session)

    def shown(button):
        pilot.press(button)
        for _ in range(200):
            session.poll()
        return pilot._viewpoint

    assert [shown("right_shoulder") for _ in range(4)] == [0, 1, 2, 0]
    assert [shown("left_shoulder") for _ in range(2)] == [2, 1]


def test_the_directional_pad_steps_through_a_tour(session, town):
    for x in (-20, 0, 20):
        session.move_camera(navigation.looking(town.at(x, -60, 40), 90.0, -30.0, 50.0, 40.0), jump=True)
        session.run("viewpoint.add")
    session.run("tour.add", viewpoints=("View 1", "View 2", "View 3"))
    pilot = PadPilot(session)
    pilot.press("right")
    assert session.player.playing and session.player.stop_number == 0
    pilot.press("right")
    assert session.player.stop_number == 1
    pilot.press("left")
    pilot.press("left")
    assert session.player.stop_number == 0
    pilot.press("a")
    assert not session.player.playing
    pilot.press("a")
    assert session.player.playing
    pilot.press("b")
    assert not session.enabled("tour.stop")


def test_a_talk_gives_buttons_other_meanings(session):
    pilot, acts = PadPilot(session), []
    pilot.meanings = {"right": lambda: acts.append("next")}
    pilot.feed(PadState(buttons=frozenset({"right", "left_stick"})), SpaceState())
    assert acts == ["next"]


def test_the_space_mouse_goes_home_and_fits(session):
    pilot = PadPilot(session)
    home = session.camera
    session.run("view.top")
    pilot.feed(PadState(), SpaceState(buttons=frozenset({0})))
    assert session.camera == home
    session.run("view.zoom", steps=8)
    near = session.camera
    pilot.feed(PadState(), SpaceState(buttons=frozenset({1})))
    assert navigation.angles(session.camera)[2] > navigation.angles(near)[2]


def test_what_is_held_when_the_window_comes_back_counts_for_nothing(session, town, walker):
    pilot = PadPilot(session)
    held = PadState(left_y=1.0, buttons=frozenset({"b"}))
    pilot.rest(block=True)
    for _ in range(3):
        assert not pilot.feed(held, SpaceState())
    before = session.camera
    go(session, pilot, 0.3)
    assert session.camera == before and walker.mode == "walk"
    pilot.feed(PadState(), SpaceState())
    assert pilot.feed(PadState(left_y=1.0), SpaceState()) and pilot.moving
    pilot.rest()
    assert not pilot.moving


def test_two_pads_are_one():
    a = PadState(left_x=0.2, right_y=-1.0, buttons=frozenset({"a"}))
    b = PadState(left_x=-0.8, left_trigger=0.5, buttons=frozenset({"b"}))
    assert a.with_(b) == PadState(-0.8, 0.0, 0.0, -1.0, 0.5, 0.0, frozenset({"a", "b"}))


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_pushed_leaves_a_valid_camera(session, town, seed):
    """Random sticks, caps and buttons in every mode; never under ground, never in a house."""
    random = np.random.default_rng(seed)
    session.settings.set("reduce_motion", True)
    session.run("viewpoint.add")
    session.run("tour.add", viewpoints=("View 1",))
    pilot, moving = PadPilot(session), walks(session)
    for _ in range(500):
        axes = np.where(random.random(6) < 0.1, np.nan, random.uniform(-1.5, 1.5, 6)).tolist()
        cap = random.uniform(-1.5, 1.5, 6).tolist()
        buttons = frozenset(str(b) for b in random.choice(BUTTONS, random.integers(0, 3)))
        clicks = frozenset(int(n) for n in random.choice(3, random.integers(0, 2)))
        if random.random() < 0.1:
            session.act(str(random.choice(["view.walk", "view.fly", "view.orbit_mode"])))
        pilot.feed(PadState(*axes, buttons=buttons), SpaceState(*cap, buttons=clicks))
        go(session, pilot, 0.1, float(random.choice([0.01, 0.05, 0.1])))
        assert navigation.is_valid(session.camera)
        x, y, z = town.local(session.camera.position)
        if moving.mode != "orbit":
            assert z > 0.3 and not (abs(x) < 5 and abs(y) < 5 and z < 12)
