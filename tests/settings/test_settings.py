import json
import math
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from viewer.settings import settings as module
from viewer.settings.folders import folders
from viewer.settings.settings import BY_NAME, RECENT_LIMIT, TABLE, SettingError, Settings, check, migrate


@pytest.fixture
def path(tmp_path):
    return tmp_path / "config" / "settings.json"


def test_the_table_is_sound():
    assert len(BY_NAME) == len(TABLE)
    for setting in TABLE:
        assert check(setting, setting.default) == setting.default
        assert setting.description.endswith(".") and len(setting.description) < 120
    assert set(module.MIGRATIONS) == set(range(1, module.VERSION))


def test_defaults_without_a_file(path):
    fresh = Settings(path)
    assert fresh.get("quality") == "auto" and fresh.number("autosave_seconds") == 60.0
    assert fresh.problems == [] and not path.exists()
    with pytest.raises(KeyError):
        fresh.get("nope")
    with pytest.raises(TypeError):
        fresh.number("quality")


def test_values_last_and_are_told(path):
    first, seen = Settings(path), []
    first.changed.connect(seen.append)
    first.set("quality", "high")
    first.set("quality", "high")
    first.set("orbit_speed", 2)
    assert seen == ["quality", "orbit_speed"]
    again = Settings(path)
    assert (again.get("quality"), again.get("orbit_speed")) == ("high", 2.0)
    again.set("quality", "auto")
    assert json.loads(path.read_text())["values"] == {"orbit_speed": 2.0}, "defaults are not stored"
    again.reset()
    assert Settings(path).get("orbit_speed") == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quality", "ultra"),
        ("quality", 3),
        ("autosave_seconds", 1),
        ("autosave_seconds", 60.5),
        ("autosave_seconds", True),
        ("orbit_speed", math.nan),
        ("orbit_speed", math.inf),
        ("orbit_speed", 10**400),
        ("cache_gib", -1),
        ("cache_gib", "8"),
    ],
)
def test_what_does_not_fit_is_refused(path, name, value):
    fresh = Settings(path)
    with pytest.raises(SettingError, match=name):
        fresh.set(name, value)
    assert fresh.get(name) == BY_NAME[name].default and not path.exists()


def test_recent_files(path, tmp_path):
    fresh = Settings(path)
    for n in range(RECENT_LIMIT + 5):
        fresh.add_recent(tmp_path / f"{n}.json")
    assert len(fresh.recent) == RECENT_LIMIT and fresh.recent[0].endswith(f"{RECENT_LIMIT + 4}.json")
    fresh.add_recent(tmp_path / "10.json")
    assert fresh.recent[0].endswith("10.json") and len(set(fresh.recent)) == RECENT_LIMIT
    assert Settings(path).recent == fresh.recent
    fresh.forget_recent(fresh.recent[0])
    assert len(fresh.recent) == RECENT_LIMIT - 1
    fresh.forget_recent()
    assert Settings(path).recent == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"version": "x"}',
        b'{"version": 1, "values": 5}',
        b"\xff",
        b"[" * 100_000,
        b'{"version": -3}',
        b'{"version": 1, "recent": {}}',
        b" " * (2 << 20),
    ],
)
def test_a_broken_file_is_put_aside(path, data):
    path.parent.mkdir()
    path.write_bytes(data)
    fresh = Settings(path)
    assert fresh.get("quality") == "auto"
    (problem,) = fresh.problems
    assert "settings.broken.json" in problem and "\n" not in problem
    assert (path.parent / "settings.broken.json").read_bytes() == data
    fresh.set("quality", "high")
    assert Settings(path).problems == []


def test_one_bad_value_costs_only_itself(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "values": {"quality": "ultra", "orbit_speed": 2.5}, "recent": ["/a", 5]}))
    fresh = Settings(path)
    assert (fresh.get("quality"), fresh.get("orbit_speed"), fresh.recent) == ("auto", 2.5, ("/a",))
    assert len(fresh.problems) == 1 and "quality" in fresh.problems[0]


def test_a_newer_programs_values_are_kept(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 99, "values": {"hologram": True}, "windows": [1]}))
    fresh = Settings(path)
    fresh.set("quality", "high")
    raw = json.loads(path.read_text())
    assert raw["values"] == {"hologram": True, "quality": "high"} and raw["windows"] == [1]
    assert raw["version"] == 99, "a newer program must not migrate its own file again"


def test_migrations_run_step_by_step(monkeypatch):
    monkeypatch.setattr(module, "VERSION", 3)
    monkeypatch.setattr(module, "MIGRATIONS", {1: lambda r: {**r, "a": 1}, 2: lambda r: {**r, "b": r["a"] + 1}})
    assert migrate({"version": 1}) == {"version": 3, "a": 1, "b": 2}


def test_a_folder_that_cannot_be_written_is_a_problem_not_a_crash(tmp_path):
    (tmp_path / "file").write_text("")
    fresh = Settings(tmp_path / "file" / "settings.json")
    fresh.set("quality", "high")
    assert fresh.get("quality") == "high" and "cannot be" in fresh.problems[-1]


def test_one_variable_moves_all_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("CITIVERSE_HOME", str(tmp_path / "usb"))
    found = folders()
    assert {found.config, found.cache, found.state} == {tmp_path / "usb" / n for n in ("config", "cache", "state")}
    Settings().set("quality", "high")
    assert (tmp_path / "usb" / "config" / "settings.json").is_file()
    monkeypatch.delenv("CITIVERSE_HOME")
    elsewhere = folders()
    assert "citiverse" in str(elsewhere.config) and len({elsewhere.config, elsewhere.cache, elsewhere.state}) == 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from([*BY_NAME, "new"]),
        st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.integers(),
    )
)
def test_any_values_load(tmp_path, values):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"version": 1, "values": values}))
    fresh = Settings(path)
    for name, setting in BY_NAME.items():
        assert check(setting, fresh.get(name)) == fresh.get(name)


def test_a_recent_file_written_by_a_thread_overwrites_nothing_newer(tmp_path, monkeypatch):
    path, go = tmp_path / "settings.json", threading.Event()
    settings = Settings(path)
    put = settings._put

    def late(number, data):
        if threading.current_thread() is not threading.main_thread():
            go.wait(60.0)
        put(number, data)

    monkeypatch.setattr(settings, "_put", late)
    settings.add_recent(tmp_path / "a.json", wait=False)
    settings.set("walk_snap", True)
    go.set()
    settings.flush()
    assert Settings(path).get("walk_snap") is True
    assert Settings(path).recent == (str(tmp_path / "a.json"),)


def test_flush_waits_for_the_thread(tmp_path):
    settings = Settings(tmp_path / "settings.json")
    for name in ("a.json", "b.json"):
        settings.add_recent(tmp_path / name, wait=False)
    settings.flush()
    settings.flush()
    assert Settings(settings.path).recent == (str(tmp_path / "b.json"), str(tmp_path / "a.json"))
