"""Viewpoints, paths and tours as commands, and the player that goes along them."""

import json
import math
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewer.document.state import Camera, CameraPath, TourStep
from viewer.session import navigation
from viewer.session.camera_paths import PathCurve, key_of, smoothed
from viewer.session.commands import COMMANDS, CommandError
from viewer.session.flights import plan
from viewer.session.timeline import text_in, tour_timeline

A = Camera((85000.0, 446900.0, 60.0), (85000.0, 447000.0, 0.0))
B = Camera((85100.0, 447000.0, 40.0), (85000.0, 447000.0, 0.0))


def near(one, other, metres=1e-6):
    return math.dist(one.position, other.position) < metres and math.dist(one.target, other.target) < metres


@pytest.fixture
def views(town):
    """The town with viewpoints A and B."""
    for name, camera in (("A", A), ("B", B)):
        town.move_camera(camera)
        town.run("viewpoint.add", name=name)
    return town


@pytest.fixture
def tour(views):
    views.run("tour.add", name="T", viewpoints=("A", "B"))
    for step in (0, 1):
        views.run("tour.set_step", name="T", step=step, dwell=2.0, transition="cut")
    views.home()
    return views


def run_for(session, clock, seconds, step=0.1):
    for _ in range(round(seconds / step)):
        clock.now += step
        session.poll()


# --- viewpoints ------------------------------------------------------------


def test_a_viewpoint_takes_the_present_view_and_keeps_what_it_keeps(views):
    views.run("light.set_time", time="2026-06-21T12:00:00+02:00")
    views.run("viewpoint.keep", name="A", light=True, layers=True)
    views.run("layer.set_visible", layer_id="a", visible=False)
    views.run("light.set_time", time=None)
    views.run("viewpoint.go", name="A")
    state = views.document.state
    assert state.light.time == "2026-06-21T12:00:00+02:00" and state.layers[0].visible and views.camera == A
    views.run("edit.undo")
    assert views.document.state.light.time is None
    views.move_camera(B)
    views.run("viewpoint.update", name="A")
    kept = views.document.state.viewpoints[0]
    assert kept.camera == B and kept.time == "" and kept.realism is None


def test_going_to_a_plain_viewpoint_is_no_change(views):
    count = len(views.document.undo_labels)
    views.run("viewpoint.go", name="A")
    assert len(views.document.undo_labels) == count


def test_viewpoints_can_be_ordered_and_chosen_by_number(views, clock):
    views.run("viewpoint.move", name="B", index=0)
    assert [v.name for v in views.document.state.viewpoints] == ["B", "A"]
    views.run("viewpoint.go_number", number=2)
    run_for(views, clock, 12)
    assert near(views.camera, A) and not views.player.active
    views.run("viewpoint.go_number", number=9)
    assert near(views.camera, A)


def test_tours_follow_names_and_lose_what_is_removed(tour):
    tour.run("viewpoint.rename", name="A", new_name="Square")
    assert tour.document.state.tours[0].steps[0].viewpoint == "Square"
    tour.run("viewpoint.remove", name="Square")
    assert [step.viewpoint for step in tour.document.state.tours[0].steps] == ["B"]
    assert "1 step" in tour.messages[-1].text or "A step" in tour.messages[-1].text
    tour.run("edit.undo")
    assert len(tour.document.state.tours[0].steps) == 2


def test_notes_have_languages(views):
    views.run("viewpoint.set_text", name="A", text="Here", language="en")
    views.run("viewpoint.set_text", name="A", text="Hier", language="de")
    texts = views.document.state.viewpoints[0].texts
    assert text_in(texts, "de-AT") == "Hier" and text_in(texts, "fr") == "Here" and text_in(()) == ""
    views.run("viewpoint.set_text", name="A", text="", language="en")
    assert text_in(views.document.state.viewpoints[0].texts, "fr") == "Hier"
    with pytest.raises(CommandError, match="no language"):
        views.run("viewpoint.set_text", name="A", text="x", language="d e")


UNDOABLE = {
    "viewpoint.update": {"name": "A"},
    "viewpoint.move": {"name": "A", "index": 1},
    "path.smooth": {"name": "P"},
    "path.trim": {"name": "P", "start": 1.0, "end": 3.0},
    "path.rename": {"name": "P", "new_name": "Q"},
    "path.remove": {"name": "P"},
    "tour.remove": {"name": "T"},
    "tour.rename": {"name": "T", "new_name": "U"},
    "tour.add_step": {"name": "T", "path": "P"},
    "tour.remove_step": {"name": "T", "step": 0},
    "tour.move_step": {"name": "T", "step": 0, "index": 1},
    "tour.set_step": {"name": "T", "step": 0, "dwell": 9.0},
    "tour.set_step_look": {"name": "T", "step": 0, "time": ""},
    "tour.set_step_scenarios": {"name": "T", "step": 0, "keep": True},
    "tour.set_step_text": {"name": "T", "step": 0, "text": "Look"},
}


def test_the_table_of_undoable_commands_is_whole():
    told = {name for name, spec in COMMANDS.items() if spec.undo and name.startswith(("path.", "tour."))}
    assert told == {name for name in UNDOABLE if not name.startswith("viewpoint.")} | {"tour.add", "path.record_stop"}


@pytest.mark.parametrize("name", UNDOABLE)
def test_undo_takes_it_back(tour, name):
    with tour.document.change("Add") as edit:
        edit.state = replace(edit.state, paths=(wobbly(),))
    before, steps = tour.document.state, len(tour.document.undo_labels)
    tour.run(name, **UNDOABLE[name])
    after = tour.document.state
    assert after != before and len(tour.document.undo_labels) == steps + 1
    tour.run("edit.undo")
    assert tour.document.state == before
    tour.run("edit.redo")
    assert tour.document.state == after


# --- flights ------------------------------------------------------------


def test_a_flight_begins_and_ends_at_its_cameras_and_clears_what_stands_between():
    box = np.array([[85040.0, 446940.0, 0.0, 85060.0, 446960.0, 90.0]])
    low = Camera((85000.0, 446900.0, 2.0), (85010.0, 446910.0, 2.0))
    high = Camera((85100.0, 447000.0, 2.0), (85110.0, 447000.0, 2.0))
    flight = plan(low, high, [box])
    assert flight.at(0) == low and flight.at(flight.seconds) == high
    for t in np.linspace(0, flight.seconds, 200):
        x, y, z = flight.at(float(t)).position
        assert z > 1.9
        assert not (85040 < x < 85060 and 446940 < y < 446960) or z > 90.0
    box[:, [2, 5]] += 100.0
    assert plan(low, high, [box]).top is None


coordinates = st.tuples(st.floats(-500, 500), st.floats(-500, 500), st.floats(1, 400))
eyes = st.builds(
    lambda eye, yaw, pitch, fov: navigation.looking(eye, yaw, pitch, 10.0, fov),
    coordinates,
    st.floats(-180, 180),
    st.floats(-89, 60),
    st.floats(20, 90),
)


@settings(max_examples=80, deadline=None)
@given(eyes, eyes, st.lists(st.tuples(coordinates, st.floats(1, 60), st.floats(1, 200)), max_size=6))
def test_flights_never_sink_below_their_ends_and_stay_valid(start, end, blocks):
    boxes = np.array([[x - r, y - r, 0.0, x + r, y + r, h] for (x, y, _), r, h in blocks]).reshape(-1, 6)
    flight = plan(start, end, [boxes])
    floor = min(start.position[2], end.position[2])
    cameras = [flight.at(float(t)) for t in np.linspace(0, flight.seconds, 60)]
    assert all(navigation.is_valid(camera) and camera.position[2] >= floor - 1e-6 for camera in cameras)
    longest = max(math.dist(a.position, b.position) for a, b in pairwise(cameras))
    whole = sum(math.dist(a.position, b.position) for a, b in pairwise(cameras))
    assert longest <= 0.15 * whole + 1e-6


# --- paths ------------------------------------------------------------


def wobbly(count=200, step=0.05):
    rng = np.random.default_rng(7)
    keys = []
    for n in range(count):
        t = n * step
        wobble = rng.normal(0, 0.02, 2) if 0 < n < count - 1 else (0.0, 0.0)
        eye = (85000.0 + 1.4 * t + wobble[0], 447000.0 + 0.2 * t * t + wobble[1], 1.7)
        keys.append(key_of(navigation.looking(eye, 10 * t + 170, -5.0, 10.0, 60.0), t))
    return CameraPath("P", tuple(keys))


def test_smoothing_keeps_the_way_with_few_keys_and_less_tremor():
    path = wobbly()
    calm = smoothed(path)
    assert len(calm.keys) < len(path.keys) / 4
    assert calm.seconds == pytest.approx(path.seconds)
    times = np.arange(0, path.seconds, 0.05)
    old, new = PathCurve(path.keys).values(times), PathCurve(calm.keys).values(times)
    assert np.abs(old[:, :3] - new[:, :3]).max() < 0.25
    assert np.abs(np.diff(new[:, :2], 2, axis=0)).mean() < 0.3 * np.abs(np.diff(old[:, :2], 2, axis=0)).mean()
    assert math.dist(calm.keys[0].position, path.keys[0].position) < 1e-6
    assert math.dist(calm.keys[-1].position, path.keys[-1].position) < 1e-6


def test_a_curve_passes_its_keys_and_stays_between_them():
    keys = [key_of(navigation.looking((x, y, 2.0), yaw, 0.0, 10.0, 60.0), t)
            for t, x, y, yaw in ((0, 0, 0, 170), (1, 5, 1, 190), (1.2, 5, 9, 200), (6, 5, 9.5, 200))]  # fmt: skip
    curve = PathCurve(keys)
    for key in keys:
        assert math.dist(curve.at(key.seconds).position, key.position) < 1e-6
    values = curve.values(np.linspace(0, 6, 500))
    assert values[:, 0].min() >= -1e-9 and values[:, 0].max() <= 5 + 1e-9 and values[:, 1].max() <= 9.5 + 1e-9
    assert np.all(np.diff(np.unwrap(np.radians(values[:, 3]))) > -1e-9)


def test_a_short_path_can_be_smoothed():
    path = CameraPath("P", wobbly(4).keys)
    assert smoothed(path).seconds == pytest.approx(path.seconds)


def test_a_path_is_recorded_while_the_camera_moves(town, clock):
    town.run("path.record_start")
    for n in range(40):
        clock.now += 0.025
        if n < 20 or n >= 38:
            town.move_camera(navigation.looking((85000.0 + n, 447000.0, 2.0), 10.0, 0.0, 10.0, 60.0))
        town.poll()
    assert town.run("path.record_stop") == "Path 1"
    path = town.document.state.paths[0]
    assert 10 <= len(path.keys) <= 14 and path.seconds < 1.0
    assert all(b.seconds > a.seconds for a, b in pairwise(path.keys))
    town.run("path.trim", name="Path 1", start=0.1, end=0.4)
    assert town.document.state.paths[0].seconds == pytest.approx(0.3)
    town.run("edit.undo")
    town.run("edit.undo")
    assert town.document.state.paths == ()


def test_a_recording_without_movement_is_refused(town, clock):
    town.run("path.record_start")
    run_for(town, clock, 1)
    with pytest.raises(CommandError, match="did not move"):
        town.run("path.record_stop")
    assert not town.enabled("path.record_stop")


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0])
def test_a_path_plays_at_any_speed(town, clock, speed):
    path = wobbly(41)
    with town.document.change("Add") as edit:
        edit.state = replace(edit.state, paths=(path,))
    town.run("path.play", name="P", speed=speed)
    run_for(town, clock, 1.0 / speed + 0.1, 0.05)
    expected = PathCurve(path.keys).at((1.0 / speed + 0.05) * speed)
    assert math.dist(town.camera.position, expected.position) < 0.2
    run_for(town, clock, 2.0 / speed)
    assert not town.player.active
    assert math.dist(town.camera.position, path.keys[-1].position) < 1e-6


# --- tours ------------------------------------------------------------


def test_a_tour_plays_step_by_step_and_leaves_no_trace(tour, clock):
    tour.run("tour.set_step_look", name="T", step=1, time="2026-06-21T21:00:00+02:00", layers=())
    before, labels = tour.document.state, tour.document.undo_labels
    tour.run("tour.play", name="T")
    assert near(tour.camera, A) and tour.player.step.index == 0
    run_for(tour, clock, 2.5)
    assert near(tour.camera, B) and tour.player.step.index == 1
    assert tour.document.state.light.time and not tour.document.state.layers[0].visible
    run_for(tour, clock, 3)
    assert not tour.player.active
    assert tour.document.state == before and tour.document.undo_labels == labels


def test_what_somebody_changes_during_a_tour_stays(tour, clock):
    tour.run("tour.set_step_look", name="T", step=0, time="2026-06-21T21:00:00+02:00")
    tour.run("tour.play", name="T")
    tour.run("realism.set", realism="plain")
    run_for(tour, clock, 6)
    assert tour.document.state.realism == "plain" and tour.document.state.light.time is None


def test_pause_next_previous_loop(tour, clock):
    tour.run("tour.play", name="T")
    tour.run("tour.pause")
    run_for(tour, clock, 5)
    assert tour.player.step.index == 0 and not tour.player.playing
    tour.run("tour.next")
    assert near(tour.camera, B)
    tour.run("tour.previous")
    assert near(tour.camera, A)
    tour.run("tour.loop", on=True)
    tour.run("tour.pause")
    run_for(tour, clock, 4.5)
    assert tour.player.active and tour.player.step.index == 0
    tour.run("tour.stop")
    assert not tour.player.active


def test_moving_the_camera_pauses_a_tour_and_it_goes_back_by_itself(tour, clock):
    tour.run("tour.play", name="T")
    tour.run("view.orbit", dx=100.0, dy=0.0)
    assert not tour.player.playing and tour.player.active
    tour.run("tour.pause")
    run_for(tour, clock, 4)
    assert tour.player.step.index == 0 and near(tour.camera, A)


def test_playing_ends_walking(tour, clock):
    from viewer.session.walks import walks

    assert walks(tour).fly_from(A) and walks(tour).mode == "fly"
    tour.run("tour.play", name="T")
    assert walks(tour).mode == "orbit"
    run_for(tour, clock, 2.5)
    assert tour.player.playing and near(tour.camera, B)


def test_reduced_motion_never_flies(tour, clock):
    tour.settings.set("reduce_motion", True)
    faded = []
    tour.player.dissolving.connect(faded.append)
    tour.run("tour.set_step", name="T", step=1, transition="fly")
    tour.run("tour.play", name="T")
    places = set()
    for _ in range(45):
        clock.now += 0.1
        tour.poll()
        places.add(tour.camera.position)
    assert places <= {A.position, B.position} and faded
    tour.run("viewpoint.go", name="A", transition="fly")
    assert near(tour.camera, A)


def test_a_tour_of_things_that_are_gone_says_so(tour):
    with tour.document.change("Break") as edit:
        steps = (TourStep("Nowhere"), *edit.state.tours[0].steps)
        edit.state = replace(edit.state, tours=(replace(edit.state.tours[0], steps=steps),))
    tour.run("tour.play", name="T")
    assert "Nowhere" in tour.messages[-1].text and tour.player.step.index == 1
    tour.run("tour.stop")
    tour.run("tour.add", name="Empty")
    with pytest.raises(CommandError, match="no step"):
        tour.run("tour.play", name="Empty")


def test_a_tour_edited_while_it_plays_goes_on(tour, clock):
    tour.run("tour.play", name="T")
    run_for(tour, clock, 2.5)
    tour.run("tour.set_step", name="T", step=0, dwell=60.0)
    run_for(tour, clock, 0.5)
    assert tour.player.step.index == 1
    tour.run("tour.remove", name="T")
    assert not tour.player.playing
    tour.run("tour.stop")


def test_steps_can_be_added_moved_and_removed(tour):
    assert tour.run("tour.add_step", name="T", viewpoint="B", index=0) == 0
    tour.run("tour.move_step", name="T", step=0, index=2)
    assert [step.viewpoint for step in tour.document.state.tours[0].steps] == ["A", "B", "B"]
    tour.run("tour.remove_step", name="T", step=1)
    tour.run("tour.set_step_text", name="T", step=0, text="Look", language="en")
    assert tour.document.state.tours[0].steps[0].texts == (("en", "Look"),)
    for bad in ({"step": 7}, {"step": 0, "dwell": -1.0}):
        with pytest.raises(CommandError):
            tour.run("tour.set_step", name="T", **bad)


def test_the_timeline_is_the_same_for_everybody(tour):
    state = tour.document.state
    one, two = (tour_timeline(state, state.tours[0], lambda: ()) for _ in range(2))
    assert one.seconds == two.seconds == 4.0
    assert [one.at(t) for t in (0, 1, 3, 9)] == [two.at(t) for t in (0, 1, 3, 9)]


# --- GeoPose ------------------------------------------------------------


@pytest.mark.parametrize("form", ["ypr", "quaternion"])
def test_a_viewpoint_goes_out_as_geopose_and_comes_back(views, tmp_path, form):
    with views.document.change("CRS") as edit:
        edit.state = replace(edit.state, crs="EPSG:28992")
    file = views.run("viewpoint.export_geopose", name="A", path=tmp_path / "here.json", form=form)
    pose = json.loads(file.read_text())
    assert pose["position"]["lat"] == pytest.approx(52.0, abs=0.1) and pose["position"]["lon"] == pytest.approx(
        4.37, abs=0.1
    )
    assert "no known datum" in views.messages[-1].text
    assert views.run("viewpoint.import_geopose", path=file) == ("here",)
    back = views.document.state.viewpoints[-1].camera
    assert math.dist(back.position, A.position) < 0.01
    before, after = navigation.angles(A), navigation.angles(back)
    assert abs((before[0] - after[0] + 180) % 360 - 180) < 1e-3 and abs(before[1] - after[1]) < 1e-6


def test_both_forms_say_the_same_and_east_is_yaw_zero():
    from viewer.session import geopose

    east = Camera((500000.0, 5000000.0, 100.0), (500100.0, 5000000.0, 0.0))
    angles, _ = geopose.to_pose(east, "EPSG:32632")
    assert angles["angles"]["yaw"] == pytest.approx(0.0, abs=1e-6)  # on the central meridian grid north is true north
    assert angles["angles"]["pitch"] == pytest.approx(45.0)  # right-handed about y: nose down
    quaternion, _ = geopose.to_pose(east, "EPSG:32632", "quaternion")
    one, _ = geopose.to_camera(angles, "EPSG:32632", 40.0)
    two, _ = geopose.to_camera(quaternion, "EPSG:32632", 40.0)
    assert near(one, two, 1e-4)


def test_a_vertical_datum_without_its_grid_is_told():
    from pyproj import datadir

    from viewer.session import geopose

    pose, warning = geopose.to_pose(A, "EPSG:7415")
    if any(Path(folder, "nl_nsgi_nlgeo2018.tif").exists() for folder in datadir.get_data_dir().split(os.pathsep)):
        assert warning == "" and 42 < pose["position"]["h"] - A.position[2] < 45
    else:
        assert "NAP height" in warning and "grid" in warning and pose["position"]["h"] == pytest.approx(A.position[2])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[1]",
        '{"position": {"lat": 1, "lon": 2}}',
        '{"position": {"lat": 91, "lon": 2, "h": 0}, "angles": {"yaw": 0, "pitch": 0, "roll": 0}}',
        '{"position": {"lat": 1, "lon": 2, "h": 0}, "quaternion": {"x": 0, "y": 0, "z": 0, "w": 0}}',
        "[" * 100000,
    ],
)
def test_what_is_no_geopose_is_refused_in_one_line(views, tmp_path, text):
    file = tmp_path / "pose.json"
    file.write_text(text)
    with views.document.change("CRS") as edit:
        edit.state = replace(edit.state, crs="EPSG:28992")
    with pytest.raises(CommandError) as caught:
        views.run("viewpoint.import_geopose", path=file)
    assert "\n" not in str(caught.value) and "pose.json" in str(caught.value)


def test_without_a_crs_there_is_no_pose(views, tmp_path):
    with pytest.raises(CommandError, match="no coordinate reference system"):
        views.run("viewpoint.export_geopose", name="A", path=tmp_path / "a.json")


ACTS = ["next", "previous", "pause", "poll", "stop", "play", "orbit", "undo", "loop"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["next", "previous", "pause", "poll", "stop", "play", "orbit", "undo", "loop"]), max_size=25
    )
)
def test_any_order_of_commands_ends_where_it_began(tour, clock, acts):
    before = tour.document.state
    count = len(tour.document.undo_labels)
    for act in acts:
        if act == "poll":
            run_for(tour, clock, 0.7)
        elif act == "play":
            tour.act("tour.play", name="T")
        elif act == "orbit":
            tour.run("view.orbit", dx=10.0, dy=3.0)
        elif act == "undo":
            if len(tour.document.undo_labels) > count:
                tour.run("edit.undo")
        elif tour.enabled(f"tour.{act}"):
            tour.run(f"tour.{act}")
        assert navigation.is_valid(tour.camera)
    tour.player.stop()
    assert tour.document.state == before
