"""The demo town's file: the same bytes each time, written whole, kept in the user's cache."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from loaders.api import LoadError
from viewer.demo import town


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = town.write_town(tmp_path / "a.city.json").read_bytes()
    assert town.write_town(tmp_path / "deep" / "b.city.json").read_bytes() == first
    assert sorted(p.name for p in tmp_path.rglob("*.part")) == []


def test_another_seed_gives_another_town() -> None:
    one, two = town.build_town(1), town.build_town(2)
    assert one["CityObjects"] != two["CityObjects"]
    assert one["metadata"]["title"] == two["metadata"]["title"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise MemoryError

    monkeypatch.setattr(town, "build_town", fail)
    with pytest.raises(MemoryError):
        town.write_town(tmp_path / "town.city.json")
    assert list(tmp_path.iterdir()) == []


def test_demo_path_writes_once_and_again_for_a_new_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITIVERSE_HOME", str(tmp_path))
    path = town.demo_path()
    assert path.is_relative_to(tmp_path / "cache")
    assert orjson.loads(path.read_bytes())["type"] == "CityJSON"
    path.write_bytes(b"kept")
    assert town.demo_path().read_bytes() == b"kept"
    monkeypatch.setattr(town, "GENERATOR_VERSION", town.GENERATOR_VERSION + 1)
    assert town.demo_path() != path


def test_demo_state_names_the_layer_and_the_tour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITIVERSE_HOME", str(tmp_path))
    state = town.demo_state()
    assert Path(state.layers[0].path).is_file()
    assert state.viewpoints == town.viewpoints()
    assert state.crs == "EPSG:7415"


def test_without_a_cache_the_town_lies_in_a_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("CITIVERSE_HOME", str(blocked))
    monkeypatch.setattr(town.tempfile, "tempdir", str(tmp_path))
    town._temporary_town.cache_clear()
    path = town.demo_path()
    assert orjson.loads(path.read_bytes())["type"] == "CityJSON" and path.is_relative_to(tmp_path)
    assert town.demo_path() == path, "once"
    town._temporary_town.cache_clear()
    monkeypatch.setattr(town.tempfile, "tempdir", str(blocked))
    with pytest.raises(LoadError, match="demo city cannot be written"):
        town.demo_path()
    town._temporary_town.cache_clear()
