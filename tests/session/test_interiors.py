"""Walking into a house of LoD3 and out again: doors, stairs, a gallery, a ramp. Places are checked by VTK's rays."""

import math
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.api import LoadResult
from loaders.worker import load_in_process
from viewer.analysis.collision import CollisionWorld
from viewer.analysis.shown import shown_objects
from viewer.analysis.soup import Shapes
from viewer.document.state import LayerState
from viewer.session.walking import PEOPLE, Stance, Walker, WalkInput
from viewer.session.walks import walks

here = Path(__file__).parent
lod3 = SimpleNamespace(**run_path(str(here / "lod3_house.py")))
towns = SimpleNamespace(**run_path(str(here / "walk_town.py")))
ORIGIN = np.array(lod3.ORIGIN)


@pytest.fixture(scope="module")
def objects():
    """A house with its inside, and one without to the north of it."""
    return {**lod3.street(), **lod3.house(), **lod3.house(rooms=False, shift=20.0)}


@pytest.fixture(scope="module")
def city(objects, tmp_path_factory):
    path = lod3.write(tmp_path_factory.mktemp("house") / "house.city.json", objects)
    loaded = load_in_process(path).result
    assert not loaded.issues
    return loaded.value


@pytest.fixture(scope="module")
def rays(objects):
    """What stops somebody, to VTK."""
    return towns.rays_of(lod3.triangles(objects, without=("Door",)))


def world_of(x, y, z):
    return tuple(float(v) for v in ORIGIN + np.array([x, y, z]))


def walker_in(city, x, y, z=0.0, yaw=90.0, doors="rooms", **more):
    world = CollisionWorld([Shapes(city, shown_objects(city, LayerState("a", "a", "/a")), doors)])
    walker = Walker(world, Stance(world_of(x, y, z), yaw), **more)
    assert walker.settle()
    return walker


def local(walker):
    return np.array(walker.stance.position) - ORIGIN


def ahead(walker, seconds, rate=60, **more):
    for _ in range(round(seconds * rate)):
        walker.step(WalkInput(forward=1.0, **more), 1 / rate)
    return local(walker)


def check(rays, walker, before):
    """Feet on a face, head under what is above, no wall between here and there nor nearer than the body is wide."""
    body, (x, y, z) = walker.body, local(walker)
    eye = z + body.eye + walker.stance.lift
    assert rays((x, y, z + 0.01), (x, y, z - 0.01)), "nothing under the feet"
    assert not rays((x, y, z + 0.05), (x, y, z + body.height - 0.01)), "something in the body"
    assert not rays((x, y, z + 0.05), (x, y, eye)), "eyes above a ceiling"
    low = max(z, before[2]) + body.shin
    assert not rays((*before[:2], low), (x, y, low)), "went through something"
    for angle in range(0, 360, 45):
        dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        for height in (z + body.shin + 0.01, z + body.height - 0.01):
            reach = body.radius - 5e-3
            assert not rays((x, y, height), (x + reach * dx, y + reach * dy, height)), "too near to a wall"


def along(walker, route, rate, rays):
    """Steer by turning and going forward, as keys do; returns all places. Fails where it takes too long."""
    places = [local(walker)]
    for goal in route:
        for _ in range(60 * rate):
            x, y, _ = places[-1]
            if math.hypot(goal[0] - x, goal[1] - y) < 0.25:
                break
            turn = math.degrees(math.atan2(goal[1] - y, goal[0] - x)) - walker.stance.yaw_deg
            turn = (turn + 180.0) % 360.0 - 180.0
            # nobody takes a corner at full speed
            way = min(1.0, math.hypot(goal[0] - x, goal[1] - y) * rate / (2.0 * walker.speed_ms))
            walker.step(WalkInput(forward=way if abs(turn) < 30.0 else 0.0, yaw_deg=turn), 1 / rate)
            places.append(local(walker))
            if len(places) % max(1, rate // 30) == 0:
                check(rays, walker, places[-2])
        else:
            pytest.fail(f"stuck at {places[-1]} on the way to {goal}")
    return np.array(places)


@pytest.mark.parametrize("rate", [10, 24, 30, 60, 144])
@pytest.mark.parametrize("speed", [1.4, 3.0, 6.0])
def test_in_by_the_door_up_the_stairs_along_the_gallery_and_out(city, rays, rate, speed):
    walker = walker_in(city, 5.55, -5.0, speed_ms=speed)
    places = along(walker, lod3.ROUTE, rate, rays)
    inside = (places[:, 0] > 0.3) & (places[:, 0] < 11.7) & (places[:, 1] > 0.3) & (places[:, 1] < 7.7)
    assert inside.any() and places[inside, 2].max() == pytest.approx(lod3.UP, abs=1e-6)
    steps = np.unique(np.round(places[inside, 2] / lod3.RISE, 3))
    assert len(steps) >= 6 and np.allclose(steps, np.round(steps))  # feet on treads, never between two of them
    assert places[-1, 2] == pytest.approx(0.0, abs=1e-6) and places[-1, 0] > lod3.RAMP_END


def test_a_window_stops_from_outside_and_inside(city):
    x = sum(lod3.WINDOW) / 2
    assert ahead(walker_in(city, x, -3.0), 5.0)[1] == pytest.approx(-0.3, abs=2e-3)
    assert ahead(walker_in(city, x, 3.0, yaw=-90.0), 5.0, brisk=True)[1] == pytest.approx(0.6, abs=2e-3)


@pytest.mark.parametrize("doors, shift, passes", [
    ("rooms", 0.0, True), ("all", 0.0, True), ("closed", 0.0, False),
    ("rooms", 20.0, False), ("all", 20.0, True), ("closed", 20.0, False),
])  # fmt: skip
def test_doors_open_where_there_are_rooms_or_as_the_setting_says(city, doors, shift, passes):
    x = sum(lod3.DOOR) / 2
    y = ahead(walker_in(city, x, shift - 3.0, doors=doors), 4.0)[1] - shift
    assert y > 1.0 if passes else y == pytest.approx(-0.3, abs=2e-3)


@pytest.mark.parametrize("rate, speed", [(5, 6.0), (30, 6.0), (60, 3.0)])
def test_walls_stop_inside(city, rate, speed):
    for x, y, yaw, axis, end in ((6, 3, 0, 0, 11.4), (6, 3, 90, 1, 7.4), (3, 3, -90, 1, 0.6)):
        walker = walker_in(city, x, y, yaw=yaw, speed_ms=speed)
        assert ahead(walker, 6.0, rate)[axis] == pytest.approx(end, abs=2e-3)


def test_the_railing_of_the_gallery_stops(city):
    assert ahead(walker_in(city, 6.0, 6.6, lod3.UP, yaw=-90.0), 4.0)[1] == pytest.approx(5.8, abs=2e-3)


def test_nobody_goes_where_the_head_does_not_fit(city, rays):
    walker = walker_in(city, 0.9, 6.5, yaw=-90.0)
    x, y, z = ahead(walker, 5.0)
    assert z == 0.0 and y > lod3.STAIR_Y + 1.0  # under the stairs
    (soffit, *_) = rays((x, y, 0.05), (x, y, 4.0))
    assert soffit >= walker.body.height
    assert rays((x, y - walker.body.radius - 0.05, 0.05), (x, y - walker.body.radius - 0.05, walker.body.height))


def test_a_wheelchair_takes_the_ramp_and_no_stairs(city):
    body = PEOPLE["wheelchair"]
    assert ahead(walker_in(city, 0.9, 0.8, body=body), 4.0)[2] == 0.0
    up = ahead(walker_in(city, lod3.RAMP_END + 1.0, 6.6, yaw=180.0, body=body), 18.0)
    assert up[2] == pytest.approx(lod3.UP) and up[0] < 11.0


def test_closing_the_doors_while_one_walks_is_heard_at_once(session, city):
    with session.document.change("Add") as edit:
        edit.add_city(LayerState("a", "House", "/house.json"), LoadResult(city, "CityJSON", "2.0"))
    x = sum(lod3.DOOR) / 2
    movement = walks(session)
    for doors, passes in (("rooms", True), ("closed", False), ("all", True)):
        session.settings.set("walk_doors", doors)
        assert movement.walk_from(world_of(x, -3.0, 0.0), 90.0)
        movement.mover.stance = Stance(world_of(x, -3.0, 0.0), 90.0)
        session.settings.set("walk_doors", "closed")
        session.settings.set("walk_doors", doors)
        for _ in range(300):
            movement.tick(WalkInput(forward=1.0), 1 / 60)
        y = movement.mover.stance.position[1] - ORIGIN[1]
        assert y > 1.0 if passes else y == pytest.approx(-0.3, abs=2e-3)
