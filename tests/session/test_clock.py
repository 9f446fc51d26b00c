from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from viewer.session.clock import nice_speed
from viewer.session.registry import CommandError

kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_kit.py"))))
DEPTH, NOISE, PERIODS, START, STILL = kit.DEPTH, kit.NOISE, kit.PERIODS, kit.START, kit.STILL
add, by_id, hours, scenario, show = kit.add, kit.by_id, kit.hours, kit.scenario, kit.show

HOUR = 3600.0


@pytest.fixture
def flood(town):
    add(town.document, scenario("flood", by_id(DEPTH, ["house"], hours()), by_id(NOISE, ["house"], PERIODS)))
    show(town.document, "flood")
    return town


def run(session, clock, seconds, step=0.1):
    for _ in range(round(seconds / step)):
        clock.now += step
        session.poll()


def test_the_clock_stands_at_the_beginning_of_what_is_shown(flood):
    assert (flood.clock.now, flood.clock.end, flood.clock.text) == (START, START + 4 * HOUR, "2026-06-21 02:00")
    assert flood.clock.zone == "Europe/Amsterdam"
    assert flood.clock.marks.tolist() == hours().starts.tolist()


def test_nothing_with_a_time_leaves_the_clock_alone(town):
    add(town.document, scenario("still", by_id(DEPTH, ["house"], STILL)))
    show(town.document, "still")
    assert (town.clock.now, town.clock.active, town.clock.text, town.clock.step) == (None, False, "", -1)
    assert not town.enabled("clock.play")
    with pytest.raises(CommandError, match="has a time"):
        town.run("clock.set", moment="2026-06-21")


def test_it_runs_at_its_speed_and_stops_at_the_end(flood, clock):
    seen = []
    flood.clock_changed.connect(seen.append)
    flood.run("clock.set_speed", speed=60.0)
    flood.run("clock.play")
    run(flood, clock, 2.1)
    assert flood.clock.now == pytest.approx(START + 2.0 * HOUR)
    run(flood, clock, 3.0)
    assert (flood.clock.now, flood.clock.playing) == (START + 4 * HOUR, False)
    assert seen == sorted(seen)
    flood.run("clock.play")
    assert flood.clock.now == START


def test_it_begins_anew_in_a_loop(flood, clock):
    flood.run("clock.set_speed", speed=60.0)
    flood.run("clock.loop", loop=True)
    flood.run("clock.play")
    run(flood, clock, 5.1)
    assert flood.clock.playing
    assert flood.clock.now == pytest.approx(START + HOUR)


def test_steps_stop_at_the_ends_and_go_round_in_a_loop(flood):
    assert [flood.run("clock.step", steps=n) for n in (1, 9, -1, -9)] == [1, 4, 3, 0]
    flood.run("clock.loop", loop=True)
    assert [flood.run("clock.step", steps=n) for n in (-1, 1)] == [4, 0]
    assert flood.run("clock.go_step", number=-1) == 4
    with pytest.raises(CommandError, match="there are 5"):
        flood.run("clock.go_step", number=5)


def test_moments_are_set_by_number_date_or_name(flood):
    assert flood.run("clock.set", moment="2026-06-21T03:30") == START + 1.5 * HOUR
    assert flood.clock.step == 1
    assert flood.run("clock.set", moment=0.0) == START
    with pytest.raises(CommandError, match="is not in it"):
        flood.run("clock.set", moment="2030-01-01")
    show(flood.document, "flood", variable="noise")
    assert flood.run("clock.set", moment="night") == 2.0
    assert flood.clock.text == "night"


def test_periods_without_dates_pass_one_after_the_other_and_leave_the_sun(flood, clock):
    show(flood.document, "flood", variable="noise")
    assert (flood.clock.speed, flood.clock.sun_time) == (1.0, None)
    flood.run("clock.play")
    run(flood, clock, 2.2)
    assert flood.clock.text == "evening"


def test_the_sun_follows_if_the_view_says_so(flood):
    assert flood.clock.sun_time == "2026-06-21T02:00:00+02:00"
    show(flood.document, "flood", sun=False)
    assert flood.clock.sun_time is None


def test_the_moment_is_no_undo_step_and_stays_when_the_variable_is_changed(flood):
    labels = flood.document.undo_labels
    flood.run("clock.step")
    assert flood.document.undo_labels == labels
    show(flood.document, "flood", variable="noise")
    show(flood.document, "flood", variable="depth")
    assert flood.clock.active


def test_a_long_hitch_does_not_skip_time(flood, clock):
    flood.run("clock.set_speed", speed=1.0)
    flood.run("clock.play")
    flood.poll()
    clock.now += 60.0
    flood.poll()
    assert flood.clock.now <= START + 0.25 * 60.0 + 1e-6


@pytest.mark.parametrize(
    ("hours_long", "speed"), [(1, 2.0), (24, 60.0), (24 * 365, 1440.0 * 12), (0.001, 0.002), (0, 1.0)]
)
def test_everything_is_played_in_about_half_a_minute(hours_long, speed):
    assert nice_speed(hours_long * HOUR) == pytest.approx(speed, rel=0.01)


def test_of_two_scenarios_the_clock_has_all_steps(flood):
    late = by_id(DEPTH, ["house"], hours(2, START + 9.5 * HOUR))
    add(flood.document, scenario("late", late))
    show(flood.document, "flood", "late", mode="swipe")
    assert len(flood.clock.axis) == 7
    assert np.array_equal(flood.clock.marks[:5], hours().starts)
