"""Which loader reads a file, and what is said when none does."""

from __future__ import annotations

import gzip
import importlib.metadata
import os
import sys
import tomllib
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from loaders import registry
from loaders.api import LoadError, LoaderSpec
from loaders.magic import describe

CITY = b'{"type": "CityJSON", "version": "2.0", "CityObjects": {}, "vertices": []}'


def spec(name: str, extensions: tuple[str, ...], mark: bytes, score: int = 90) -> LoaderSpec:
    return LoaderSpec(name, extensions, lambda head, path: score if mark in head else 0, "nowhere:load")


FAKES = {
    "fake:CITY": spec("City", (".json", ".city.json"), b"CityJSON"),
    "fake:ROUGH": spec("Rough", (".json",), b"{", 10),
    "fake:LINES": spec("Lines", (".LNE",), b"lines"),
}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    import types

    module = types.ModuleType("fake")
    for name, value in FAKES.items():
        setattr(module, name.partition(":")[2], value)
    monkeypatch.setitem(sys.modules, "fake", module)
    monkeypatch.setattr(registry, "BUILT_IN", tuple(FAKES))
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: ())
    registry.refresh()
    yield vars(module)
    registry.refresh()


def entry(value: str) -> importlib.metadata.EntryPoint:
    return importlib.metadata.EntryPoint("x", value, registry.GROUP)


def refusal(path: Path) -> LoadError:
    with pytest.raises(LoadError) as caught:
        registry.pick(path)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


def test_built_in_loaders_are_the_entry_points_of_the_project(project_root):
    declared = tomllib.loads((project_root / "pyproject.toml").read_text())["project"]["entry-points"][registry.GROUP]
    assert sorted(declared.values()) == sorted(registry.BUILT_IN)


def test_every_built_in_loader_can_be_used():
    registry.refresh()
    sources = {source.partition(":")[0] for source in registry.BUILT_IN}
    assert not [problem for problem in registry.problems() if any(source in problem for source in sources)]
    assert len(registry.specs()) >= len(registry.BUILT_IN)


def test_works_without_installed_metadata(monkeypatch):
    registry.refresh()
    names = [spec.name for spec in registry.specs()]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: ())
    registry.refresh()
    assert [spec.name for spec in registry.specs()] == names
    assert names


def test_strangers_come_through_the_same_door_and_broken_ones_are_reported(fakes, monkeypatch):
    fakes["EXTRA"] = spec("Extra", (".xtra",), b"extra")
    fakes["AGAIN"] = spec("City", (".json",), b"CityJSON")
    fakes["WRONG"] = "not a spec"
    fakes["UNNAMED"] = LoaderSpec("x", (), lambda head, path: 0, "no-function")
    values = ["fake:EXTRA", "fake:AGAIN", "fake:WRONG", "fake:UNNAMED", "fake:GONE", "no_such_module:SPEC"]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [entry(value) for value in values])
    registry.refresh()
    assert [s.name for s in registry.specs()] == ["City", "Rough", "Lines", "Extra"]
    told = "\n".join(registry.problems())
    assert all(value in told for value in values[1:])
    assert len(registry.problems()) == 5


def test_a_stranger_whose_module_raises_at_import_is_reported(fakes, monkeypatch, tmp_path):
    (tmp_path / "stranger_at_import.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [entry("stranger_at_import:SPEC")])
    registry.refresh()
    assert "ZeroDivisionError" in registry.problems()[0]


def test_known_extensions_are_lower_case_and_longest_first(fakes):
    assert registry.known_extensions() == (".city.json", ".json", ".lne")


@pytest.mark.parametrize("name", ["a.json", "A.CITY.JSON", "a.city.json.gz", "a.json.gz", "no extension"])
def test_picks_by_extension_and_content(fakes, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(CITY) if name.endswith(".gz") else CITY)
    assert registry.pick(path).name == "City"


def test_the_highest_score_wins_and_a_low_one_needs_the_extension(fakes, tmp_path):
    path = tmp_path / "other.json"
    path.write_bytes(b"{}")
    assert registry.pick(path).name == "Rough"
    assert refusal(path.rename(tmp_path / "other.txt")).kind == "unknown-format"


def test_content_wins_over_a_wrong_extension(fakes, tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"lines 1 2 3")
    assert registry.pick(path).name == "Lines"


def test_a_sniff_that_raises_does_not_stop_the_others(fakes, monkeypatch, tmp_path):
    def broken(head: bytes, path: Path) -> int:
        raise RuntimeError("no")

    fakes["BROKEN"] = LoaderSpec("Broken", (".json",), broken, "x:y")
    monkeypatch.setattr(registry, "BUILT_IN", ("fake:BROKEN", "fake:CITY"))
    registry.refresh()
    path = tmp_path / "a.json"
    path.write_bytes(CITY)
    assert registry.pick(path).name == "City"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<?xml version='1.0'?><CityModel xmlns='http://www.opengis.net/citygml/2.0'>", "CityGML"),
        (b"\xef\xbb\xbf<kml/>", "KML"),
        (b"<?xml version='1.0'?><a/>", "an XML file"),
        (b"glTF\x02\0\0\0", "binary glTF"),
        (b'{"asset": {"version": "2.0"}}', "glTF model"),
        (b'{"asset":{}, "geometricError": 5}', "3D Tiles tileset"),
        (b"PK\x03\x04abc", "zip archive"),
        (b"\x89PNG\r\n", "image (PNG)"),
        (b"II*\0", "image (TIFF)"),
        (b"LASF", "point cloud"),
        (b"SQLite format 3\0", "GeoPackage"),
        (b'{"type": "FeatureCollection"}', "GeoJSON"),
        (b'[1, 2, "x"]', "JSON that is not CityJSON"),
        (b"\0" * 5000, "zeros"),
        (bytes(range(1, 32)) * 20, "binary data"),
        (b"hello\n" * 10, "plain text"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"\x1f\x8b\x08broken", "damaged gzip"),
    ],
)
def test_an_unknown_file_is_described(fakes, monkeypatch, tmp_path, content, words):
    monkeypatch.setattr(registry, "BUILT_IN", ("fake:LINES",))
    registry.refresh()
    path = tmp_path / "a.dat"
    path.write_bytes(content)
    error = refusal(path)
    assert words in str(error)
    assert "Lines (.lne)" in str(error)


def test_damaged_cityjson_is_not_called_something_else():
    assert "CityJSON" in describe(b'{"x": 1, "type":"CityJSON", ')


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda folder: folder / "missing.json", "missing"),
        (lambda folder: folder / "a file" / "x.json", "missing"),
        (lambda folder: folder, "folder"),
        (lambda folder: folder / "empty.json", "empty"),
        (lambda folder: Path("/dev/zero"), "not-a-file"),
        (lambda folder: folder / "pipe.json", "not-a-file"),
        (lambda folder: folder / "loop.json", "link-loop"),
        (lambda folder: folder / ("x" * 300), "bad-name"),
        (lambda folder: folder / "nul\0.json", "bad-name"),
        (lambda folder: folder / "dangling.json", "missing"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links of Unix")
def test_what_is_no_readable_file_is_refused_at_once(fakes, tmp_path, make, kind):
    (tmp_path / "a file").write_text("x")
    (tmp_path / "empty.json").touch()
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    (tmp_path / "dangling.json").symlink_to(tmp_path / "nowhere")
    assert refusal(make(tmp_path)).kind == kind


def test_a_file_without_permission_is_refused(fakes, tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_bytes(CITY)

    def denied(*_args: object, **_kwargs: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)  # an administrator may read everything, so no mode will do
    assert refusal(path).kind == "denied"


def test_a_gzip_bomb_costs_only_its_head(fakes, tmp_path):
    packer = zlib.compressobj(9, wbits=31)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(50)) + packer.flush())
    assert len(registry.read_head(path)) == registry.HEAD_BYTES


def test_expands_folders_to_what_can_be_opened(fakes, tmp_path):
    inner = tmp_path / "city" / "inner"
    inner.mkdir(parents=True)
    (inner / "b.city.json").write_bytes(CITY)
    (tmp_path / "city" / "a.json").write_bytes(CITY)
    (tmp_path / "city" / "notes.txt").write_bytes(CITY)
    (tmp_path / "city" / ".hidden.json").write_bytes(CITY)
    (inner / "back").symlink_to(tmp_path / "city", target_is_directory=True)
    single = tmp_path / "missing.json"
    assert registry.expand([tmp_path / "city", str(single)]) == [
        tmp_path / "city/a.json",
        inner / "b.city.json",
        single,
    ]


def test_a_folder_with_nothing_to_open_is_refused(fakes, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(LoadError, match="holds no file") as caught:
        registry.expand([tmp_path])
    assert ".lne" in caught.value.remedy


def test_a_folder_with_too_many_files_is_refused(fakes, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "MAX_FOLDER_FILES", 3)
    for i in range(4):
        (tmp_path / f"{i}.json").write_bytes(CITY)
    with pytest.raises(LoadError, match="more than 3 files"):
        registry.expand([tmp_path])
