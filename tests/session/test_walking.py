"""Nobody gets through walls, under the ground or lost, whatever is asked for, at any frame rate."""

import math
import os
import random
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.worker import load_in_process
from viewer.analysis.bounds import object_boxes
from viewer.analysis.collision import CollisionWorld
from viewer.analysis.shown import shown_objects
from viewer.analysis.soup import GREEN, SOLID, Shapes
from viewer.document.state import LayerState
from viewer.session import navigation
from viewer.session.walking import (
    PEOPLE,
    PITCH_LIMIT_DEG,
    Comfort,
    Flyer,
    Stance,
    Walker,
    WalkInput,
    find_standing,
    open_view,
)

towns = SimpleNamespace(**run_path(str(Path(__file__).with_name("walk_town.py"))))
ADULT = PEOPLE["adult"]
SEEDS = int(os.environ.get("CITIVERSE_SEEDS", "3"))
"""Random walks tried; more of them, and longer ones, by the environment (the full proof: 10 seeds of 10,000 steps)."""
STEPS = int(os.environ.get("CITIVERSE_STEPS", "4000"))
"""Inputs of each."""
ODD = (0.0, 1.0, -1.0, 0.3, 7.0, -1e300, math.inf, -math.inf, math.nan, 1e-310)


def flat(size=30.0, *more):
    town = towns.Town()
    town.terrain(-size, -size, size, size, lambda x, y: 0.0)
    return town


def walker_at(town, x, y, z=0.0, yaw=0.0, **more):
    walker = Walker(town.world(), Stance(town.at(x, y, z), yaw), **more)
    assert walker.settle()
    return walker


def go(walker, seconds, rate=60, **wish):
    for _ in range(round(seconds * rate)):
        walker.step(WalkInput(**wish), 1 / rate)
    return np.array(walker.stance.position)


# --- the ground ------------------------------------------------------------------------------------------------


def test_a_second_of_walking_is_a_stroll_and_of_haste_brisk():
    for brisk, speed in ((False, 1.4), (True, 3.0)):
        town = flat()
        walker = walker_at(town, -20, 0, comfort=Comfort(instant_speed=True))
        assert town.local(go(walker, 2.0, forward=1.0, brisk=brisk)) == pytest.approx((-20 + 2 * speed, 0, 0), abs=1e-6)
        assert walker.camera().position[2] == pytest.approx(1.7)


def test_the_eyes_follow_the_ground_as_another_library_sees_it():
    town = towns.quarter(1)
    rays = towns.rays_of([t for t, (row, _) in zip(town.triangles, town.tags, strict=True) if row == 0])
    walker = walker_at(town, -38.5, -38.5, 2.0, yaw=90)
    for k in range(1500):
        walker.step(WalkInput(forward=1.0, right=0.3 * math.sin(k / 80), brisk=True), 1 / 60)
        x, y, z = town.local(walker.stance.position)
        under = rays((x, y, 50.0), (x, y, -50.0))
        assert under and z == pytest.approx(under[0], abs=1e-3)
    assert y > 20


@pytest.mark.parametrize("rise, climbs", [(0.15, True), (0.5, True), (0.55, False)])
def test_kerbs_up_to_half_a_metre_climb(rise, climbs):
    town = flat()
    town.box(0, -10, 10, 10, -1, rise, "OtherConstruction")
    walker = walker_at(town, -2, 0)
    x, _, z = town.local(go(walker, 4.0, forward=1.0))
    assert (x > 1 and z == pytest.approx(rise)) if climbs else (x == pytest.approx(-0.3, abs=2e-3) and z == 0.0)


def test_stairs_climb_and_go_down_again():
    town = flat()
    for k in range(20):
        town.box(0.28 * k, -2, 12, 2, -1, 0.17 * (k + 1), "OtherConstruction")
    walker = walker_at(town, -2, 0)
    lows = []
    for _ in range(600):
        walker.step(WalkInput(forward=1.0), 1 / 60)
        lows.append(walker.eye[2] - walker.stance.position[2])
    assert town.local(walker.stance.position)[2] == pytest.approx(3.4)
    assert min(lows) > 1.2 and lows[-1] == pytest.approx(1.7, abs=1e-2)  # eyes rise smoothly, never into the steps
    walker.turn_to(180.0, 0.0)
    assert town.local(go(walker, 9.0, forward=1.0))[2] == 0.0


@pytest.mark.parametrize("degrees, climbs", [(30, True), (48, True), (55, False)])
def test_slopes_up_to_fifty_degrees_climb(degrees, climbs):
    town = towns.Town()
    town.terrain(-20, -20, 20, 20, lambda x, y: math.tan(math.radians(degrees)) * max(x, 0.0))
    walker = walker_at(town, -4, 0.3)
    z = town.local(go(walker, 6.0, forward=1.0))[2]
    assert z > 2.0 if climbs else z < 0.4


def test_edges_stop_unless_falling_is_allowed():
    town = flat()
    town.box(-8, -8, 0, 8, -1, 3.0, "OtherConstruction")
    walker = walker_at(town, -4, 0, 3.0)
    assert town.local(go(walker, 5.0, forward=1.0, brisk=True))[2] == pytest.approx(3.0)
    daring = walker_at(town, -4, 0, 3.0, body=PEOPLE["adult"].__class__(fall=math.inf))
    heights = []
    for _ in range(300):
        daring.step(WalkInput(forward=1.0), 1 / 60)
        heights.append(daring.eye[2])
    assert town.local(daring.stance.position)[2] == 0.0 and heights[-1] == pytest.approx(1.7)
    falling = [h for h in heights if 1.8 < h < 4.6]
    assert len(falling) > 10 and falling == sorted(falling, reverse=True)  # by gravity, not at once


def test_a_wheelchair_takes_ramps_and_no_stairs():
    town = flat()
    town.box(0, -10, 10, 0, -1, 0.1, "OtherConstruction")
    town.add("Road", [[(0, 0, 0.0), (10, 0, 0.8), (10, 10, 0.8), (0, 10, 0.0)]], "TrafficArea")
    for y, rises in ((-5, False), (5, True)):
        walker = walker_at(town, -2, y, body=PEOPLE["wheelchair"])
        z = town.local(go(walker, 6.0, forward=1.0))[2]
        assert z > 0.3 if rises else z == 0.0
        assert walker.eye[2] - walker.stance.position[2] == pytest.approx(1.2, abs=0.02)


def test_bridges_above_and_below():
    town = flat()
    town.add("Bridge", [[(-5, -20, 4), (5, -20, 4), (5, 20, 4), (-5, 20, 4)]])
    town.add("Bridge", [[(-5, -20, 3.6), (5, -20, 3.6), (5, 20, 3.6), (-5, 20, 3.6)]])
    below, above = walker_at(town, -8, 0), walker_at(town, 0, -15, 4.0, yaw=90)
    assert town.local(go(below, 10.0, forward=1.0)) == pytest.approx((6, 0, 0), abs=0.3)
    assert town.local(go(above, 10.0, forward=1.0)) == pytest.approx((0, -1, 4), abs=0.3)


def test_water_stops_and_a_bridge_leads_over_it():
    town = towns.quarter(2)
    into = walker_at(town, 37, 60)
    assert town.local(go(into, 20.0, forward=1.0, brisk=True))[0] <= 40.03
    over = walker_at(town, 37, 40, 0.0)
    x, _, z = town.local(go(over, 14.0, forward=1.0))
    assert x == pytest.approx(56.6, abs=0.6) and z < 0.3


# --- walls -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inward", [False, True])
@pytest.mark.parametrize("rate", [4, 17, 60, 500])
@pytest.mark.parametrize("speed", [1.4, 6.0])
def test_nothing_gets_through_a_wall_at_any_speed_and_frame_rate(inward, rate, speed):
    town = flat()
    town.box(0, -10, 10, 10, 0, 8, inward=inward)
    walker = walker_at(town, -3, 0, comfort=Comfort(instant_speed=True), speed_ms=speed)
    assert town.local(go(walker, 6.0, rate, forward=1.0))[0] == pytest.approx(-0.3, abs=2e-3)


def test_one_slides_along_walls():
    town = flat()
    town.box(0, -25, 10, 25, 0, 8)
    walker = walker_at(town, -1, -10, yaw=45)
    x, y, _ = town.local(go(walker, 5.0, forward=1.0))
    assert x == pytest.approx(-0.3, abs=2e-3) and y > -7


def test_a_thin_wall_stops_and_its_door_lets_pass():
    town = flat()
    for low, high in ((-25, -0.5), (0.5, 25)):
        town.add("BuildingPart", [[(0, low, 0), (0, high, 0), (0, high, 3), (0, low, 3)]], "WallSurface")
    town.add("BuildingPart", [[(0, -0.5, 2.1), (0, 0.5, 2.1), (0, 0.5, 3), (0, -0.5, 3)]], "WallSurface")
    town.add("BuildingPart", [[(0, -0.5, 0), (0, 0.5, 0), (0, 0.5, 2.1), (0, -0.5, 2.1)]], "ClosureSurface")
    assert town.local(go(walker_at(town, -3, 5), 5.0, forward=1.0))[0] == pytest.approx(-0.3, abs=2e-3)
    assert town.local(go(walker_at(town, -3, 0), 5.0, forward=1.0))[0] > 3.5
    backward = walker_at(town, 3, 5)
    assert town.local(go(backward, 5.0, forward=-1.0))[0] == pytest.approx(0.3, abs=2e-3)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_thousands_of_random_wishes_leave_a_valid_camera(seed):
    town = towns.quarter(seed, terrain=seed % 3 != 2)
    world = town.world()
    rays = towns.rays_of(town.triangles)
    dice = random.Random(seed)
    body = PEOPLE[dice.choice(sorted(PEOPLE))]
    feet = find_standing(world, town.at(30, 45, 1.0), body, reach=60.0)
    walker = Walker(world, Stance(feet), body, Comfort(bool(seed % 2), False), speed_ms=6.0)
    walked = 0.0
    for k in range(STEPS):
        before = walker.stance.position
        wish = WalkInput(*(_odd(dice) for _ in range(7)), brisk=dice.random() < 0.5)
        if k % 40 < 35:
            wish = WalkInput(forward=1.0, turn=dice.choice((0.0, 0.0, 1.0, -1.0)), brisk=True)
        camera = walker.step(wish, dice.choice((1 / 60, 1 / 60, 1 / 60, 1 / 30, 0.1, 1.0, math.nan, -1.0, 1e-9)))
        walked += math.dist(before, walker.stance.position)
        if k % 20 == 0:
            _check_walker(walker, camera, rays, town)
    assert walked > 50.0


def _odd(dice):
    return dice.choice(ODD) if dice.random() < 0.3 else dice.uniform(-1, 1)


def _check_walker(walker, camera, rays, town):
    """Finite, upright, over ground, and no farther into anything than the body's radius."""
    assert navigation.is_valid(camera)
    assert abs(navigation.angles(camera)[1]) <= PITCH_LIMIT_DEG + 1e-6
    x, y, z = town.local(camera.position)
    fx, fy, feet = town.local(walker.stance.position)
    assert (x, y) == (fx, fy) and z - feet >= 0.5
    body, world = walker.body, walker.world
    if world.plane is None:
        # from the eyes to below the feet there is exactly the ground, by another library
        met = rays((x, y, z), (x, y, feet - 0.05))
        for a, b in ((1e-3, 0), (0.021, 0), (-0.021, 0), (0, 0.021), (0, -0.021)):  # over a crack between two faces
            met = met or rays((x + a, y + b, z), (x + a, y + b, feet - 0.05))
        assert met and max(met) <= feet + 0.05
    wx, wy, _ = walker.stance.position
    assert world.wall(wx, wy, walker.stance.position[2] + body.shin, camera.position[2], body.radius - 2e-3) is None
    for angle in range(0, 360, 30):
        # no wall is nearer to the eyes than the body's radius, by rays of another library
        dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        reach = body.radius - 5e-3
        assert not rays((x, y, z), (x + reach * dx, y + reach * dy, z))


@pytest.mark.parametrize("seed", range(2))
def test_thousands_of_random_wishes_in_the_air(seed):
    town = towns.quarter(seed, terrain=seed == 0)
    world = town.world()
    dice = random.Random(seed)
    flyer = Flyer(world, Stance(town.at(30, 45, 1.0)), speed_ms=(12.0, 60.0)[seed])
    assert flyer.settle()
    rays = towns.rays_of(town.triangles)
    ground = towns.rays_of([t for t, (row, _) in zip(town.triangles, town.tags, strict=True) if row < 2])
    for k in range(STEPS):
        wish = WalkInput(*(_odd(dice) for _ in range(7)), brisk=dice.random() < 0.5)
        if k % 40 < 30:
            home = math.atan2(*(np.array(town.at(20, 40))[[1, 0]] - np.array(flyer.stance.position)[[1, 0]]))
            turn = math.degrees(home) - flyer.stance.yaw_deg
            wish = WalkInput(forward=1.0, yaw_deg=turn if k % 40 == 0 else 0.0, look=-0.2)
        camera = flyer.step(wish, dice.choice((1 / 60, 1 / 60, 1 / 60, 0.1, math.nan)) if k % 97 else 1.0)
        assert navigation.is_valid(camera) and abs(navigation.angles(camera)[1]) <= PITCH_LIMIT_DEG + 1e-6
        if k % 20 == 0:
            x, y, z = camera.position
            met = world.ball(x, y, z, 0.45)
            assert met is None
            lx, ly, lz = town.local(camera.position)
            houses = town.house_rays()
            above, below = houses((lx, ly, lz), (lx, ly, lz + 100.0)), houses((lx, ly, lz), (lx, ly, lz - 100.0))
            assert not (above and below), "inside a building"
            terrain = ground((lx, ly, lz), (lx, ly, lz + 100.0))
            assert rays((lx, ly, lz), (lx, ly, -50.0)) or (
                lz > world.base and (world.plane is not None or not terrain)
            ), "under the ground"


# --- places and ways -------------------------------------------------------------------------------------------


def test_a_drop_on_a_roof_leads_to_the_street_beside_it():
    town = flat()
    town.box(-5, -5, 5, 5, 0, 12)
    world = town.world()
    feet = find_standing(world, town.at(0, 0, 12.0), ADULT, reach=60.0)
    x, y, z = town.local(feet)
    assert z == 0.0 and 5.2 < max(abs(x), abs(y)) < 9
    roof = find_standing(world, town.at(0, 0, 12.0), ADULT, reach=1.0, street=False)
    assert town.local(roof) == pytest.approx((0, 0, 12))
    assert find_standing(world, town.at(0, 0, 12.0), ADULT, reach=3.0) is None


def test_plants_near_the_ground_are_ground_and_woods_are_walked_through():
    town = flat()
    for x, z in ((-10, 0.8), (10, 9.0)):
        town.add("PlantCover", [[(x - 5, -5, z), (x + 5, -5, z), (x + 5, 5, z), (x - 5, 5, z)]])
    town.box(5, -5, 15, 5, 0.01, 9.0, "PlantCover", bottom=False)
    world = town.world()
    for x, z in ((-9, 0.8), (11, 0.0)):
        assert town.local(find_standing(world, town.at(x, 1, 9.0), ADULT, reach=1.0)) == pytest.approx((x, 1, z))
    walker = walker_at(town, 2, 0.5)
    assert town.local(go(walker, 4.0, forward=1.0))[0] > 7


def test_walking_begins_with_an_open_view():
    town = flat(60.0)
    town.box(0, -40, 10, 40, 0, 8)
    town.box(-24, 20, -20, 40, 0, 8)
    world = town.world()
    free = world.free_ways(*town.at(-5, 0, 1.7), np.array([0.0, 90.0, 180.0]), 30.0)
    assert free == pytest.approx([5, 30, 30])
    assert open_view(world, town.at(-5, 0, 1.7), 0.0) == pytest.approx(90.0)
    assert open_view(world, town.at(-16, 0, 1.7), 0.0) == 0.0  # far enough
    x, _, _ = town.local(find_standing(world, town.at(-0.5, 0, 0), ADULT, reach=20.0, clear=2.0))
    assert -3.0 < x <= -2.0


def test_a_flight_never_begins_inside_or_under_ground():
    town = towns.quarter(0)
    world = town.world()
    for x, y, z in ((-31, -25, 1.0), (20, 20, -50.0), (-31, -25, -30.0)):
        flyer = Flyer(world, Stance(town.at(x, y, z)))
        assert flyer.settle()
        assert world.outdoors(*flyer.stance.position)


def test_a_step_is_the_same_every_time():
    town = towns.quarter(4)
    ends = []
    for _ in range(2):
        dice = random.Random(1)
        walker = Walker(town.world(), Stance(find_standing(town.world(), town.at(30, 45, 1.0), ADULT, reach=60.0)))
        for _ in range(500):
            walker.step(WalkInput(forward=1.0, turn=dice.uniform(-1, 1)), 1 / 60)
        ends.append(walker.stance)
    assert ends[0] == ends[1]


# --- real cities -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cityjson/cjio/delft.json", "cityjson/cjio/rotterdam/rotterdam_subset.json"])
def test_streets_of_real_cities(data_file, name):
    path = data_file(name)
    city = load_in_process(path).result.value
    world = CollisionWorld([Shapes(city, shown_objects(city, LayerState("a", "a", str(path))))])
    box = world.box
    found = world.cut(box[:3], box[3:])
    corners = found.corners[(found.kind & SOLID) > 0]
    origin = np.floor(box[:3])
    rays = towns.rays_of(corners - origin)
    middle = (box[:3] + box[3:]) / 2
    feet = find_standing(world, (float(middle[0]), float(middle[1]), float(box[2])), ADULT, reach=200.0)
    walker, dice, walked = Walker(world, Stance(feet), speed_ms=6.0), random.Random(8), 0.0
    for k in range(2000):
        before = walker.stance.position
        turn = dice.uniform(-90, 90) if walker.at_rest or k % 90 == 0 else 0.0
        camera = walker.step(WalkInput(forward=1.0, yaw_deg=turn), 1 / 30)
        walked += math.dist(before, walker.stance.position)
        assert navigation.is_valid(camera)
        x, y, z = (float(v) for v in np.array(camera.position) - origin)
        old = np.array(before) - origin
        low = z - 1.0
        # the way of the belt and the surroundings of the eyes are free, by another library
        assert not rays((float(old[0]), float(old[1]), low), (x, y, low)) or abs(old[2] + 0.7 - low) > 0.2
        for angle in range(k % 45, 360, 90):
            dx, dy = 0.29 * math.cos(math.radians(angle)), 0.29 * math.sin(math.radians(angle))
            assert not rays((x, y, z), (x + dx, y + dy, z))
    assert walked > 100.0


def test_bridges_of_delft_carry_and_their_banks_lead_on(data_file):
    path = data_file("cityjson/cjio/delft.json")
    city = load_in_process(path).result.value
    world = CollisionWorld([Shapes(city, shown_objects(city, LayerState("a", "a", str(path))))])
    found = world.cut(world.box[:3], world.box[3:])
    origin = np.floor(world.box[:3])
    rays = towns.rays_of(found.corners[(found.kind & (SOLID | GREEN)) > 0] - origin)
    bridge = city.objects.type_names.index("Bridge")
    crossed = 0
    for row in np.flatnonzero(city.objects.type_codes == bridge).tolist():
        box = object_boxes(city)[row]
        middle = (float(box[0] + box[3]) / 2, float(box[1] + box[4]) / 2, float(box[5]))
        feet = find_standing(world, middle, ADULT, reach=8.0, street=False)
        assert feet is not None and box[2] - 0.6 <= feet[2] <= box[5] + 0.6
        for yaw in range(0, 360, 30):
            walker = Walker(world, Stance(feet, float(yaw)), speed_ms=3.0)
            for _ in range(400):
                walker.step(WalkInput(forward=1.0), 1 / 30)
                x, y, z = (float(v) for v in np.array(walker.stance.position) - origin)
                near = ((0, 0), (0.021, 0), (-0.021, 0), (0, 0.021), (0, -0.021))
                met = (h for a, b in near for h in rays((x + a, y + b, z + 1.7), (x + a, y + b, z - 0.05)))
                plane = walker.world.plane - origin[2]
                assert any(abs(h - z) < 0.02 for h in met) or z == pytest.approx(plane, abs=1e-6)
            crossed += math.dist(feet[:2], walker.stance.position[:2]) > 10.0
    assert crossed >= 6
