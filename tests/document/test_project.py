import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from loaders.api import LoadError, Severity
from viewer.document import project
from viewer.document.project import load_project, resolved_path, save_project, stored_path, to_raw
from viewer.document.state import (
    Camera,
    CameraPath,
    DocumentState,
    LayerState,
    NumbersView,
    PathKey,
    ScenarioState,
    ScenarioView,
    Selection,
    Style,
    Tour,
    TourStep,
    Viewpoint,
)
from viewer.resources import asset

text = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
names = st.text("abcdefgh-123", min_size=1, max_size=8)
numbers = st.floats(-1e9, 1e9, allow_nan=False)
points = st.tuples(numbers, numbers, numbers)
cameras = st.builds(Camera, points, points, points, st.floats(1, 120)).filter(
    lambda c: max(abs(a - b) for a, b in zip(c.position, c.target, strict=True)) > 1e-6
)
styles = st.builds(
    Style, text.filter(bool), st.none() | names, st.none() | st.tuples(numbers, numbers), st.none() | text
)
layers = st.builds(
    LayerState,
    names,
    text,
    names.map(lambda n: f"/data/{n}.json"),
    st.booleans(),
    names,
    styles,
    st.frozensets(text, max_size=3),
    st.frozensets(text, max_size=3),
    st.none() | st.frozensets(text, max_size=3),
    st.none() | text,
)
times = st.sampled_from([None, "", "2026-06-21T15:00:00+02:00", "2026-01-01"])
ids = st.none() | st.frozensets(names, max_size=3)
texts = st.dictionaries(st.sampled_from(["", "en", "pt-BR", "zh-Hant"]), text, max_size=3).map(
    lambda d: tuple(d.items())
)
moments = st.none() | st.floats(-1e12, 1e12)
views = st.builds(
    ScenarioView,
    st.lists(names | st.just(""), max_size=4, unique=True).map(tuple),
    names,
    st.sampled_from(["single", "swipe", "split", "blend", "difference"]),
    st.floats(0, 1),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | names,
)
scenarios = st.builds(ScenarioState, names, text, names.map(lambda n: f"/data/{n}.zip"))
viewpoints = st.builds(
    Viewpoint,
    text.filter(bool),
    cameras,
    times,
    st.sampled_from([None, "plain", "shaded", "textured"]),
    ids,
    texts,
    st.none() | views,
    moments,
)
directions = st.sampled_from([(1.0, 0.0, 0.0), (0.6, 0.0, -0.8), (0.0, -1.0, 0.0)])
paths = st.builds(
    lambda name, steps, keys: CameraPath(
        name, tuple(PathKey(sum(steps[:n]), *key) for n, key in enumerate(keys[: len(steps) + 1]))
    ),
    text.filter(bool),
    st.lists(st.floats(0.01, 10), max_size=4),
    st.lists(st.tuples(points, directions, st.floats(1, 120)), min_size=1, max_size=5),
)
steps = st.builds(
    TourStep,
    st.none() | text,
    st.none() | text,
    st.floats(0, 100),
    st.sampled_from(["cut", "dissolve", "fly"]),
    times,
    ids,
    texts,
    st.none() | views,
    moments,
    st.floats(0, 1000),
)
tours = st.builds(Tour, text.filter(bool), st.lists(steps, max_size=3).map(tuple))
numbers = st.builds(
    NumbersView,
    st.dictionaries(text, st.floats(allow_nan=False, allow_infinity=False), max_size=3).map(
        lambda found: tuple(sorted(found.items()))
    ),
    st.none() | text,
    text,
    st.booleans(),
    st.floats(0, 1000, exclude_min=True),
)
states = st.builds(
    DocumentState,
    text,
    st.none() | names,
    st.lists(layers, max_size=3, unique_by=lambda layer: layer.id).map(tuple),
    st.lists(viewpoints, max_size=2).map(tuple),
    st.just(Selection()),
    st.booleans(),
    st.sampled_from(["auto", "draft", "normal", "high"]),
    paths=st.lists(paths, max_size=2).map(tuple),
    tours=st.lists(tours, max_size=2).map(tuple),
    scenarios=st.lists(scenarios, max_size=2, unique_by=lambda item: item.id).map(tuple),
    scenario_view=views,
    numbers=numbers,
)


@pytest.fixture
def sample(tmp_path):
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "a.city.json"
    file.write_text("{}")
    layer = LayerState("layer-1", "A", str(file), style=Style("height", "magma", (0.0, 9.5)), filter="height > 2")
    return DocumentState(
        "Town",
        "EPSG:7415",
        (layer,),
        (Viewpoint("V", Camera((0, 0, 9), (1, 1, 0))),),
        paths=(CameraPath("P", (PathKey(0.0, (0, 0, 2), (1, 0, 0)), PathKey(2.0, (3, 0, 2), (1, 0, 0)))),),
        tours=(Tour("T", (TourStep("V", texts=(("en", "Here"),)), TourStep(path="P"))),),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=states, camera=st.none() | cameras, moment=moments)
def test_what_is_saved_is_read_back(tmp_path, state, camera, moment):
    path = tmp_path / "p.citiverse"
    save_project(state, path, camera=camera, moment=moment)
    back = load_project(path)
    assert back.state == state
    assert back.moment == moment
    assert back.camera == camera
    Draft202012Validator(schema()).validate(json.loads(path.read_text("utf-8")))


def schema():
    return json.loads(asset(project.SCHEMA).read_text("utf-8"))


def test_the_schema_is_itself_valid_and_knows_every_field(sample):
    published = schema()
    Draft202012Validator.check_schema(published)
    raw = to_raw(sample, None, Camera((0, 0, 1), (0, 0, 0)))
    assert set(raw) == set(published["properties"])
    assert set(raw["layers"][0]) == set(published["$defs"]["layer"]["properties"])
    assert set(raw["layers"][0]["style"]) == set(published["$defs"]["style"]["properties"])
    for kind, name in (("viewpoints", "viewpoint"), ("paths", "path"), ("tours", "tour")):
        assert set(raw[kind][0]) == set(published["$defs"][name]["properties"])
    assert set(raw["tours"][0]["steps"][0]) == set(published["$defs"]["step"]["properties"])
    key = published["$defs"]["path"]["properties"]["keys"]["items"]["properties"]
    assert set(raw["paths"][0]["keys"][0]) == set(key)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda raw: raw["paths"][0]["keys"][1].update(seconds=0.0), "do not begin at 0 and grow"),
        (lambda raw: raw["paths"][0]["keys"][0].update(direction=[0, 0, 0]), "no unit vector"),
        (lambda raw: raw["tours"][0]["steps"][0].update(transition="spin"), "is not one of"),
        (lambda raw: raw["tours"][0]["steps"][0].update(time="noon"), "not ISO 8601"),
        (lambda raw: raw["viewpoints"][0].update(realism="real"), "is not one of"),
    ],
)
def test_broken_paths_and_tours_are_refused(sample, tmp_path, change, said):
    path = tmp_path / "p.citiverse"
    raw = to_raw(sample, None)
    change(raw)
    path.write_text(json.dumps(raw))
    with pytest.raises(LoadError, match=said):
        load_project(path)


def test_projects_from_before_paths_are_opened(sample, tmp_path):
    path = tmp_path / "p.citiverse"
    raw = to_raw(sample, None)
    del raw["paths"], raw["tours"]
    raw["viewpoints"] = [{"name": "V", "camera": raw["viewpoints"][0]["camera"]}]
    path.write_text(json.dumps(raw))
    assert load_project(path).state == replace(sample, paths=(), tours=())


def test_paths_are_relative_with_forward_slashes(sample, tmp_path):
    path = tmp_path / "projects" / "town.citiverse"
    save_project(sample, path)
    assert json.loads(path.read_text())["layers"][0]["path"] == "../data/a.city.json"
    # The whole folder may move.
    moved = tmp_path / "moved"
    moved.mkdir()
    (tmp_path / "projects").rename(moved / "projects")
    (tmp_path / "data").rename(moved / "data")
    back = load_project(moved / "projects" / "town.citiverse")
    assert back.state.layers[0].path == str(moved / "data" / "a.city.json")
    assert back.issues == ()


def test_full_paths_on_request(sample, tmp_path):
    path = tmp_path / "copy.citiverse"
    save_project(sample, path, absolute=True)
    assert json.loads(path.read_text())["layers"][0]["path"] == Path(sample.layers[0].path).as_posix()
    assert load_project(path).state == sample


def test_another_drive_is_stored_in_full(monkeypatch):
    def refuse(*_):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr(os.path, "relpath", refuse)
    assert stored_path("/data/x.json", Path("/projects")) == "/data/x.json"


@pytest.mark.parametrize(
    "path",
    [
        "http://example.org/a.json",
        "file:///etc/passwd",
        "//server/share/a.json",
        "\\\\server\\share\\a.json",
        "/\\server/share",
        "s3:bucket",
        "a\0b",
        "a\nb",
        "  ",
        "x" * 5000,
    ],
)
def test_what_is_no_local_path_is_refused(path, sample, tmp_path):
    with pytest.raises(ValueError):
        resolved_path(path, tmp_path)
    file = tmp_path / "p.citiverse"
    save_project(sample, file)
    raw = json.loads(file.read_text())
    raw["layers"][0]["path"] = path
    file.write_text(json.dumps(raw))
    with pytest.raises(LoadError) as caught:
        load_project(file)
    assert "\n" not in str(caught.value) and "p.citiverse" in str(caught.value)


def test_unknown_members_are_kept(sample, tmp_path):
    path = tmp_path / "p.citiverse"
    save_project(sample, path)
    raw = json.loads(path.read_text())
    raw["plugin"] = {"x": 1}
    raw["layers"][0]["note"] = "keep"
    raw["layers"][0]["style"]["shine"] = 3
    raw["viewpoints"][0]["duration"] = 5
    raw["viewpoints"][0]["camera"]["roll"] = 0
    raw["paths"][0]["surveyor"] = "A"
    raw["tours"][0]["steps"][0]["music"] = "none"
    path.write_text(json.dumps(raw))
    opened = load_project(path)
    changed = replace(opened.state, title="New", layers=(replace(opened.state.layers[0], visible=False),))
    save_project(changed, path, keep=opened.extra)
    again = json.loads(path.read_text())
    assert again["plugin"] == {"x": 1}
    assert again["layers"][0]["note"] == "keep" and again["layers"][0]["visible"] is False
    assert again["layers"][0]["style"]["shine"] == 3
    assert again["viewpoints"][0]["duration"] == 5 and again["viewpoints"][0]["camera"]["roll"] == 0
    assert again["paths"][0]["surveyor"] == "A" and again["tours"][0]["steps"][0]["music"] == "none"
    assert again["title"] == "New"


def test_what_viewpoints_and_steps_keep_is_saved_again(sample, tmp_path):
    path = tmp_path / "p.citiverse"
    view = replace(sample.viewpoints[0], layers=frozenset(("L1", "L2")))
    tour = Tour("All", (TourStep(viewpoint=view.name, layers=frozenset(("L1",))),))
    state = replace(sample, viewpoints=(view,), tours=(tour,))
    save_project(state, path)
    opened = load_project(path)
    save_project(opened.state, path, keep=opened.extra)
    again = load_project(path).state
    assert again.viewpoints == (view,) and again.tours == (tour,)


def test_members_of_a_removed_layer_go_with_it(sample, tmp_path):
    path = tmp_path / "p.citiverse"
    save_project(sample, path)
    opened = load_project(path)
    save_project(replace(sample, layers=(), viewpoints=()), path, keep=opened.extra)
    assert json.loads(path.read_text())["layers"] == []


def test_missing_files_are_named_and_kept(sample, tmp_path):
    path = tmp_path / "p.citiverse"
    gone = replace(sample.layers[0], id="layer-2", name="Gone", path=str(tmp_path / "gone.json"))
    save_project(replace(sample, layers=(*sample.layers, gone)), path)
    back = load_project(path)
    assert [layer.name for layer in back.state.layers] == ["A", "Gone"]
    (issue,) = back.issues
    assert (issue.severity, issue.kind, issue.count) == (Severity.WARNING, "missing-file", 1)
    assert "Gone" in issue.message and "'A'" not in issue.message


def test_saving_keeps_the_file_before(sample, tmp_path):
    path = tmp_path / "p.citiverse"
    save_project(sample, path)
    first = path.read_bytes()
    save_project(replace(sample, title="second"), path)
    assert (tmp_path / "p.citiverse.bak").read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "p.citiverse", "p.citiverse.bak"]


def test_a_failed_save_leaves_the_file(sample, tmp_path, monkeypatch):
    path = tmp_path / "p.citiverse"
    save_project(sample, path)
    first = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError):
        save_project(replace(sample, title="second"), path)
    assert path.read_bytes() == first
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".tmp")] == []


def broken(**changes):
    raw = {"type": "CitiverseProject", "version": 1, "layers": []}
    raw.update(changes)
    return json.dumps(raw).encode()


CAMERA = {"position": [0, 0, 0], "target": [0, 0, 1], "up": [0, 0, 1], "fov_deg": 40}
LAYER = {"id": "a", "name": "a", "path": "a.json"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"type":"CitiverseProject","x":' + b"[" * 200 + b"]" * 200 + b"}", "not a Citiverse project"),
        (b"[]", "not a Citiverse project"),
        (b'{"type": "CityJSON", "version": "2.0"}', "not a Citiverse project"),
        (b'{"type": "CitiverseProject"}', "no version"),
        (broken(version=True), "no version"),
        (broken(version=99), "newer program"),
        (broken(layers=5), "layers"),
        (broken(layers=[{"id": "a"}]), "layers/0"),
        (broken(layers=[LAYER, LAYER]), "same id"),
        (broken(layers=[{**LAYER, "visible": "yes"}]), "layers/0/visible"),
        (broken(layers=[{**LAYER, "style": {"range": [0, 1, 2]}}]), "layers/0/style/range"),
        (broken(camera={**CAMERA, "fov_deg": 400}), "camera"),
        (broken(camera={**CAMERA, "target": [0, 0, 0]}), "same point"),
        (broken(viewpoints=[{"name": "x", "camera": {**CAMERA, "position": [1e300, 0, 0]}}]), "viewpoints/0"),
        (b'{"type":"CitiverseProject","version":1,"layers":[],"camera":{"position":[1e999,0,0]}}', ""),
        (b'{"type":"CitiverseProject","version":1,"layers":[],"camera":{"position":[NaN,0,0]}}', "not valid JSON"),
        (broken(quality="ultra"), "quality"),
    ],
)
def test_hostile_files_are_refused_in_one_line(data, said, tmp_path):
    path = tmp_path / "p.citiverse"
    path.write_bytes(data)
    with pytest.raises(LoadError) as caught:
        load_project(path)
    message = str(caught.value)
    assert said in message and "p.citiverse" in message
    assert "\n" not in message and len(message) < 400


def test_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "MAX_BYTES", 1000)
    path = tmp_path / "p.citiverse"
    path.write_bytes(b" " * 2000)
    with pytest.raises(LoadError, match="larger"):
        load_project(path)


def test_missing_and_folder_are_refused(tmp_path):
    with pytest.raises(LoadError, match="cannot be read"):
        load_project(tmp_path / "no.citiverse")
    with pytest.raises(LoadError, match="not a file"):
        load_project(tmp_path)


def test_the_backup_is_the_remedy(sample, tmp_path):
    path = tmp_path / "p.citiverse"
    save_project(sample, path)
    save_project(sample, path)
    path.write_bytes(b"{ half")
    with pytest.raises(LoadError, match=r"p\.citiverse\.bak"):
        load_project(path)


def test_older_versions_are_migrated_step_by_step(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "VERSION", 3)
    steps = {1: lambda raw: {**raw, "a": 1}, 2: lambda raw: {**raw, "b": raw["a"] + 1}}
    monkeypatch.setattr(project, "MIGRATIONS", steps)
    assert project.migrate({"version": 1}) == {"version": 3, "a": 1, "b": 2}
    assert project.migrate({"version": 3}) == {"version": 3}


def test_every_version_has_a_way_up():
    assert set(project.MIGRATIONS) == set(range(1, project.VERSION))


def test_selection_of_a_layer_that_is_not_there_is_dropped(tmp_path):
    path = tmp_path / "p.citiverse"
    path.write_bytes(broken(selection={"layer_id": "ghost", "ids": ["x"]}))
    assert load_project(path).state.selection == Selection()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["layers", "id", "path", "style", "range", "camera", "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_opened_or_refused(tmp_path, value):
    path = tmp_path / "p.citiverse"
    raw = {
        "type": "CitiverseProject",
        "version": 1,
        "layers": [],
        **(value if isinstance(value, dict) else {"x": value}),
    }
    path.write_text(json.dumps(raw))
    try:
        load_project(path)
    except LoadError as error:
        assert "\n" not in str(error)


def test_a_project_from_before_there_were_scenarios_opens(tmp_path, sample):
    path = tmp_path / "old.citiverse"
    save_project(sample, path)
    raw = json.loads(path.read_text("utf-8"))
    for name in ("scenarios", "scenario_view", "moment", "numbers"):
        del raw[name]
    del raw["viewpoints"][0]["moment"], raw["tours"][0]["steps"][0]["scenario_view"]
    path.write_text(json.dumps(raw), "utf-8")
    back = load_project(path)
    assert (back.state.scenarios, back.state.scenario_view, back.moment) == ((), ScenarioView(), None)
    assert back.state.numbers == NumbersView()


def test_a_package_that_is_gone_is_named_and_one_in_a_folder_is_there(tmp_path, sample):
    (tmp_path / "here").mkdir()
    entries = (
        ScenarioState("a", "Here", str(tmp_path / "here")),
        ScenarioState("b", "Gone", str(tmp_path / "gone.zip")),
    )
    path = tmp_path / "p.citiverse"
    save_project(replace(sample, scenarios=entries), path)
    assert json.loads(path.read_text("utf-8"))["scenarios"][0]["path"] == "here"
    back = load_project(path)
    assert back.state.scenarios == entries
    assert [issue.kind for issue in back.issues] == ["missing-file"]
    assert "scenario 'Gone'" in back.issues[0].message


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("scenarios", [{"id": "a", "name": "A", "path": "https://x.example/a.zip"}], "network address"),
        (
            "scenarios",
            [{"id": "a", "name": "A", "path": "a.zip"}, {"id": "a", "name": "B", "path": "b.zip"}],
            "same id",
        ),
        ("scenario_view", {"shown": ["a", "a"]}, "twice"),
        ("scenario_view", {"mode": "magic"}, "magic"),
        ("moment", 1e300, "maximum"),
        ("numbers", {"near_m": 0}, "minimum"),
        ("numbers", {"near_m": 5000}, "maximum"),
        ("numbers", {"thresholds": {"depth": "deep"}}, "number"),
        ("numbers", {"worst": 1}, "boolean"),
    ],
)
def test_scenarios_that_cannot_be_are_refused(tmp_path, sample, member, value, told):
    path = tmp_path / "p.citiverse"
    save_project(sample, path)
    raw = json.loads(path.read_text("utf-8"))
    raw[member] = value
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(LoadError, match=told):
        load_project(path)
