"""A and B in turn, and scenarios that fade into each other: when, how fast, and what ends it."""

from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest

from loaders.city import Strings
from loaders.scenario.model import Patch, Result, Variable
from viewer.document.state import BASE_MODEL
from viewer.session.interlude import FADE_SECONDS, LEAST_SECONDS
from viewer.session.registry import CommandError

kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_kit.py"))))


@pytest.fixture
def two(town):
    """A session with two scenarios that are blended."""
    for name in ("flood", "dike"):
        kit.add(town.document, kit.scenario(name, kit.by_id(kit.DEPTH, ["house"], kit.hours())))
    town.run("scenario.show", ids=("flood", "dike"), mode="blend")
    town.run("scenario.set_position", position=0.25)
    return town


def turns(session, seconds, step=0.01, draws=True):
    """Let time pass as a window does; the moments at which the side changed."""
    found = []
    for _ in range(round(seconds / step)):
        side = session.interlude.side
        if draws and side is not None:
            session.interlude.shown(side)
        session._clock.now += step
        session.interlude.tick(session.now)
        if session.interlude.side != side:
            found.append(session.now)
    return found


def test_flicker_shows_each_side_for_a_second_and_writes_nothing(two):
    before, state = two.document.undo_label, two.document.state
    assert two.run("scenario.flicker") is True
    assert (two.interlude.side, two.interlude.view.position) == (0, 0.0)
    found = turns(two, 5.2)
    assert len(found) == 5 and np.allclose(np.diff(found), 1.0, atol=0.03)
    assert two.document.state is state and two.document.undo_label == before
    assert two.run("scenario.flicker") is False
    assert two.interlude.side is None and two.interlude.view is None


def test_no_more_than_three_changes_a_second_whoever_asks(two):
    with pytest.raises(CommandError, match=r"0\.34 to 10 seconds"):
        two.run("scenario.flicker", seconds=0.2)
    two.run("scenario.flicker", on=True, seconds=LEAST_SECONDS)
    found = turns(two, 6.0)
    assert 15 <= len(found) <= 18 and np.diff(found).min() >= 1.0 / 3.0
    assert two.settings.get("flicker_seconds") == LEAST_SECONDS
    two.run("scenario.flicker", on=False)
    two.run("scenario.flip")
    seen = []
    for _ in range(100):  # a key that is held down
        two._clock.now += 0.01
        seen.append(two.run("scenario.flip"))
    assert np.count_nonzero(np.diff(seen)) <= 3


def test_a_side_counts_from_when_it_is_seen(two):
    two.run("scenario.flicker", on=True)
    assert turns(two, 4.0, draws=False) == []  # drawing takes long: nothing is passed over
    assert len(turns(two, 1.05)) == 1


def test_where_motion_is_reduced_only_the_person_changes_sides(two):
    two.settings.set("reduce_motion", True)
    said = []
    two.message.connect(lambda message: said.append(message.text))
    assert two.run("scenario.flicker") is False
    assert two.interlude.side == 0 and "press X" in said[-1]
    assert turns(two, 3.0) == []
    assert two.run("scenario.flip") == 1
    assert turns(two, 3.0) == []
    assert two.run("scenario.flicker") is False and two.interlude.side is None
    two.settings.set("reduce_motion", False)
    two.interlude.still = True  # as the system asks
    assert two.run("scenario.flicker") is False and turns(two, 2.0) == []


def test_motion_that_is_forbidden_meanwhile_stops(two):
    two.run("scenario.flicker")
    turns(two, 0.5)
    two.settings.set("reduce_motion", True)
    assert turns(two, 3.0) == [] and not two.interlude.running


def test_the_other_side_by_hand_ends_what_runs_by_itself(two):
    assert two.run("scenario.flip") == 1  # the blend showed more of A
    assert two.run("scenario.flicker") is True
    turns(two, 0.5)
    assert two.run("scenario.flip") in (0, 1) and not two.interlude.running
    assert turns(two, 3.0) == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("scenario.set_mode", {"mode": "swipe"}),
        ("scenario.set_position", {"position": 0.5}),
        ("scenario.hide", {}),
        ("scenario.remove", {"scenario_id": "dike"}),
        ("file.new", {}),
    ],
)
def test_it_ends_when_the_person_does_something_else(two, name, arguments):
    two.run("scenario.flicker")
    two.run(name, **arguments)
    assert two.interlude.side is None and not two.interlude.running
    assert two.interlude.view is None


def test_another_way_to_compare_becomes_a_blend_first_in_one_step(two):
    two.run("scenario.set_mode", mode="swipe")
    two.run("scenario.flicker")
    assert two.document.state.scenario_view.mode == "blend" and two.interlude.running
    two.run("edit.undo")
    assert two.document.state.scenario_view.mode == "swipe" and two.interlude.side is None


def patched(name, gone):
    """A scenario that takes an object away."""
    change = Variable("change", (("en", "Change"),), "patch")
    none = Strings.from_list([])
    patch = Patch(Strings.from_list([gone]), np.full(1, -np.inf), np.zeros(0), none)
    values = np.zeros((0, 0), np.float32)
    return kit.scenario(name, Result(change, kit.STILL, values, patch=patch), depth())


def depth():
    return kit.by_id(kit.DEPTH, ["house"], kit.hours())


def test_a_scenario_that_changes_the_city_fades_into_the_next(town):
    for made in (patched("less", "house"), kit.scenario("same", depth())):
        kit.add(town.document, made)
    seen = town.interlude
    seen.animates = True
    town.run("scenario.show", ids=("less",))
    assert seen.fading and (seen.view.shown, seen.view.mode) == ((BASE_MODEL, "less"), "blend")
    state, shares = town.document.state, []
    seen.changed.connect(lambda: shares.append(None if seen.view is None else seen.view.position))
    town.interlude.tick(town.now)
    turns(town, FADE_SECONDS + 0.1)
    assert shares[-1] is None and shares[:-1] == sorted(shares[:-1]) and len(shares) >= 10
    assert town.document.state is state and not seen.busy
    town.run("scenario.show", ids=("same",))
    assert seen.view.shown == ("less", "same")
    seen.finish()
    assert seen.view is None
    town.run("scenario.hide")
    assert not seen.fading  # nothing of the city differs
    town.settings.set("reduce_motion", True)
    town.run("scenario.show", ids=("less",))
    assert not seen.fading
    town.settings.set("reduce_motion", False)
    seen.animates = False
    town.run("scenario.hide")
    assert not seen.fading


def test_comparisons_do_not_fade(town):
    kit.add(town.document, patched("less", "house"))
    town.interlude.animates = True
    town.run("scenario.show", ids=("", "less"), mode="swipe")
    assert not town.interlude.fading
    assert replace(town.document.state.scenario_view, mode="swipe") == town.document.state.scenario_view
