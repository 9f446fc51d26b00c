"""Walking, flying and turning by commands: places are kept, the document is not touched, nobody gets stuck."""

import math
from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import pytest

from loaders.api import LoadResult
from viewer.document.state import Camera, LayerState
from viewer.session import navigation
from viewer.session.registry import CommandError
from viewer.session.walking import WalkInput
from viewer.session.walks import walks

towns = SimpleNamespace(**run_path(str(Path(__file__).with_name("walk_town.py"))))
AHEAD = WalkInput(forward=1.0)


def open_town(session, town):
    with session.document.change("Open") as edit:
        edit.add_city(LayerState("a", "town", "/town.json"), LoadResult(town.city(), "CityJSON", "2.0"))


@pytest.fixture
def town():
    made = towns.Town()
    made.terrain(-40, -40, 40, 40, lambda x, y: 0.0)
    made.box(-5, -5, 5, 5, -1, 12)
    return made


@pytest.fixture
def street(session, town):
    """A session over a house among streets, looking at its roof."""
    open_town(session, town)
    session.move_camera(navigation.looking(town.at(-60, 0, 60), 0.0, -45.0, 80.0, 40.0))
    session.move_camera(replace(session.camera, target=town.at(0, 0, 12)))
    return session


def test_walking_begins_on_the_street_by_what_is_in_view(street, town):
    before, modes = street.document.state, []
    walks(street).mode_changed.connect(modes.append)
    street.run("view.walk")
    x, y, z = town.local(street.camera.position)
    assert z == pytest.approx(1.7) and 5.2 < max(abs(x), abs(y)) < 10
    assert navigation.angles(street.camera)[:2] == pytest.approx((0.0, 0.0), abs=1e-9)
    assert modes == ["walk"] and street.document.state is before


def test_back_and_forward_lead_through_walking_and_turning(street):
    far = street.camera
    street.run("view.walk", position=street.camera.target)
    near = street.camera
    street.run("view.back")
    assert street.camera == far and walks(street).mode == "orbit"
    street.run("view.forward")
    assert street.camera == near and walks(street).mode == "orbit"


def test_a_way_back_on_foot_stays_on_foot(street, town):
    street.run("view.walk", position=town.at(-20, -20))
    first = street.camera
    street.run("walk.go_to", position=town.at(-20, 10))
    assert street.camera != first
    street.run("view.back")
    assert walks(street).mode == "walk" and street.camera.position == pytest.approx(first.position)


def test_a_smooth_way_takes_its_time_and_none_if_motion_is_reduced(street, town):
    woken = []
    walks(street).wake = lambda: woken.append(1)
    start = street.camera
    street.run("view.walk", position=town.at(-20, -20))
    assert street.camera == start and woken and walks(street).gliding
    heights = []
    for _ in range(60):
        walks(street).tick(WalkInput(), 1 / 60)
        heights.append(street.camera.position[2])
    assert heights == sorted(heights, reverse=True) and heights[-1] == pytest.approx(1.7)
    assert not walks(street).busy
    street.settings.set("reduce_motion", True)
    street.run("walk.go_to", position=town.at(20, 20))
    assert town.local(street.camera.position) == pytest.approx((20, 20, 1.7), abs=1e-6)


def test_one_goes_round_on_foot_and_over_the_roof_into_a_yard(session):
    town = yard()
    open_town(session, town)
    walks(session).wake = lambda: None
    for goal, highest in (((-20, 20), 1.71), ((20, 0), 1.71), ((0, 0), 30.0)):
        session.run("view.walk", position=town.at(-20, 0))
        finish(session)
        session.run("walk.go_to", position=town.at(*goal))
        assert walks(session).gliding
        heights = finish(session)
        assert town.local(session.camera.position)[:2] == pytest.approx(goal, abs=0.1)
        assert max(heights) <= highest
        assert highest < 2 or max(heights) > 9.9
        assert session.camera == walks(session).mover.camera()


def yard():
    """A yard of 8 m that houses of 6 m close on all sides."""
    made = towns.Town()
    made.terrain(-40, -40, 40, 40, lambda x, y: 0.0)
    for box in ((-8, -8, 8, -4), (-8, 4, 8, 8), (-8, -4, -4, 4), (4, -4, 8, 4)):
        made.box(*box, -1, 6)
    return made


def test_a_key_pressed_on_the_way_stops_there(street, town, monkeypatch):
    walks(street).wake = lambda: None
    street.run("view.walk", position=town.at(-20, -20))
    finish(street)
    for k, stop in enumerate((0, 25, 55)):
        if stop:  # the way is known after a tick, however busy the machine is
            monkeypatch.setattr("viewer.session.walks.SEARCH_S", 60.0)
        start = town.local(street.camera.position)
        goal = (30, 30) if k % 2 == 0 else (-30, -30)
        street.run("walk.go_to", position=town.at(*goal))
        walks(street).tick(WalkInput(), 1 / 60)
        while stop and walks(street)._search is not None:  # so much a tick: more of them on a busy machine
            walks(street).tick(WalkInput(), 1 / 60)
        for _ in range(stop):
            walks(street).tick(WalkInput(), 1 / 30)
        moving = walks(street).mover
        walks(street).tick(AHEAD, 1 / 60)
        assert not walks(street).gliding and moving.stance.position[2] == pytest.approx(0.0, abs=1e-6)
        here = town.local(street.camera.position)
        assert math.dist(here[:2], goal) > 3.0 and here[2] == pytest.approx(1.7)
        assert (math.dist(here[:2], start[:2]) > 1.0) is (stop > 0)
    street.run("walk.go_to", position=town.at(-30, -30))
    walks(street).tick(WalkInput(), 1 / 60)
    street.run("walk.turn", yaw=30.0)
    assert not walks(street).gliding


def test_a_way_over_the_roofs_ends_at_once_if_a_key_is_pressed(session):
    town = yard()
    open_town(session, town)
    walks(session).wake = lambda: None
    session.run("view.walk", position=town.at(-20, 0))
    finish(session)
    session.run("walk.go_to", position=town.at(0, 0))
    while town.local(session.camera.position)[2] < 8.0:
        walks(session).tick(WalkInput(), 1 / 60)
    walks(session).tick(AHEAD, 1 / 60)
    assert not walks(session).gliding and town.local(session.camera.position) == pytest.approx((0, 0, 1.7), abs=0.01)


def test_a_world_that_changes_ends_the_search(street, town):
    walks(street).wake = lambda: None
    street.run("view.walk", position=town.at(-20, -20))
    finish(street)
    street.run("walk.go_to", position=town.at(30, 30))
    street.run("layer.set_type_visible", layer_id="a", type="Building", visible=False)
    assert not walks(street).gliding
    assert town.local(street.camera.position) == pytest.approx((-20, -20, 1.7))


def finish(session):
    heights = []
    while walks(session).gliding:
        walks(session).tick(AHEAD, 1 / 60)
        heights.append(session.camera.position[2])
    return heights


def test_rescue_shows_the_same_place_from_above(street, town):
    street.run("view.walk", position=town.at(-20, -20))
    place = town.local(street.camera.position)
    street.run("walk.rescue")
    assert walks(street).mode == "orbit"
    target, eye = town.local(street.camera.target), town.local(street.camera.position)
    assert target[:2] == pytest.approx(place[:2]) and eye[2] > 30
    street.move_camera(Camera(town.at(9e5, 9e5, -500), town.at(9e5, 9e5 + 1, -500)))
    street.run("walk.rescue")  # lost far outside: home
    assert street.camera == navigation.default_view(street.scene_outline(), street.aspect)


def test_street_and_bird_keep_the_place(street, town):
    street.run("view.walk", position=town.at(-20, -20))
    walks(street).look(33.0, 10.0)
    down = street.camera
    street.run("view.street_bird")
    assert street.camera.position[2] > 30
    street.run("view.street_bird")
    assert street.camera.position == pytest.approx(down.position)
    assert navigation.angles(street.camera)[:2] == pytest.approx((33.0, 10.0), abs=1e-6)


@pytest.mark.parametrize("x, over", [(30, True), (-15, False)])
def test_a_flyer_looks_for_the_way_in_slices_and_keeps_off_the_roofs(street, town, x, over):
    """The house of 12 m stands between x = -5 and 5."""
    moves, woken = walks(street), []
    moves.wake = lambda: woken.append(1)
    street.run("view.fly")
    _until_there(moves)
    street.move_camera(navigation.looking(town.at(-25, 0, 6), 0.0, 0.0, 10.0, 60.0))
    before, seen = street.camera, []
    street.run("walk.go_to", position=town.at(x, 0, 5))
    assert moves.gliding and street.camera == before and woken, "nothing is tried at once"
    for _ in range(100_000):
        if not moves.gliding:
            break
        moves.tick(WalkInput(), 1 / 60)
        seen.append(town.local(street.camera.position))
    assert town.local(street.camera.position)[0] == pytest.approx(x - 6, abs=0.1)
    inside = [z for x, y, z in seen if abs(x) < 5 and abs(y) < 5]
    assert min(inside, default=99.0) > 12.0
    assert (max(z for _, _, z in seen) > 12.0) == over


def _until_there(moves):
    for _ in range(100_000):
        if not moves.gliding:
            return
        moves.tick(WalkInput(), 1 / 60)
    raise AssertionError("it never arrives")


def test_flying_begins_over_what_one_is_in(street, town):
    street.move_camera(navigation.looking(town.at(0, 0, 5), 30.0, -10.0, 20.0, 40.0))
    street.run("view.fly")
    assert town.local(street.camera.position)[2] > 12.4
    for _ in range(300):
        walks(street).tick(WalkInput(up=-1.0), 1 / 30)
    assert town.local(street.camera.position)[2] == pytest.approx(12.5, abs=0.05)
    assert walks(street).height_m == pytest.approx(0.5, abs=0.05)
    street.run("view.orbit_mode")
    assert walks(street).mode == "orbit" and walks(street).mover is None


def test_a_house_that_appears_does_not_bury_the_walker(street, town):
    street.run("layer.set_visible", layer_id="a", visible=False)
    assert not street.enabled("selection.zoom_to")
    street.run("layer.set_visible", layer_id="a", visible=True)
    street.run("view.walk", position=town.at(-20, 0))
    other = towns.Town()
    other.box(-25, -5, -15, 5, -1, 9)
    with street.document.change("Open") as edit:
        edit.add_city(LayerState("b", "more", "/more.json"), LoadResult(other.city(), "CityJSON", "2.0"))
    x, y, z = town.local(street.camera.position)
    assert (abs(y) > 5.2 or abs(x + 20) > 5.2) and z == pytest.approx(1.7)
    street.document.undo()
    assert walks(street).mode == "walk"


def test_who_walks_how_fast_and_how_high(street, town):
    street.run("view.walk", position=town.at(-20, -20))
    street.run("walk.set_person", person="wheelchair")
    assert street.camera.position[2] == pytest.approx(1.2) and walks(street).body.step < 0.05
    street.run("walk.set_eye_height", height=1.5)
    assert street.camera.position[2] == pytest.approx(1.5)
    street.run("walk.set_speed", speed=3.0)
    walks(street).tick(AHEAD, 0.2)
    for _ in range(20):
        walks(street).tick(AHEAD, 0.05)
    assert math.hypot(*walks(street).mover.stance.velocity) == pytest.approx(3.0, rel=1e-2)
    for name, value in (("walk.set_eye_height", 9.0), ("walk.set_speed", 0.0), ("walk.set_speed", 100.0)):
        with pytest.raises(CommandError, match="between"):
            street.run(name, **{name.rpartition("_")[2]: value})


def test_there_must_be_something_to_walk_on(session, town):
    assert not session.enabled("view.walk")
    open_town(session, town)
    with pytest.raises(CommandError, match="no street"):
        session.run("view.walk", position=(0.0, 0.0, 0.0))
    with pytest.raises(CommandError, match="far away"):
        session.move_camera(navigation.looking((0.0, 0.0, 10.0), 0.0, -10.0, 20.0, 40.0))
        session.run("view.fly")
    assert walks(session).mode == "orbit"
