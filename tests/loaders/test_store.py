"""What is stored comes back the same; what is damaged never comes back."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders.api import Issue, LoadError, LoaderSpec, LoadResult, Severity
from loaders.city import (
    Appearance,
    CityData,
    Column,
    CrsInfo,
    Instances,
    LineSet,
    LodMesh,
    Material,
    ObjectTable,
    PointSet,
    Strings,
    SurfaceTable,
    Texture,
    TileSet,
)
from loaders.store import ArrayCache, open_stored, save, temporary_root

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("string", "json", "integer", "number", "boolean")
SPEC = LoaderSpec("Any", (".x",), lambda head, path: 0, "any:load")


def tiles(rng: np.random.Generator, rows: int, surfaces: int, count: int, textures: int, materials: int) -> TileSet:
    parts = rng.integers(0, 4, count)
    triangle_start = np.concatenate([[0], np.cumsum(parts)]).astype(np.int64)
    vertices = 3 * int(triangle_start[-1])
    local = np.concatenate([np.arange(3 * n) for n in parts] or [np.zeros(0)]).astype(np.int32)
    tags = np.stack([rng.integers(0, max(rows, 1), vertices), rng.integers(0, 19, vertices)], 1).astype(np.float32)
    uvt = rng.random((vertices, 3), np.float32)
    uvt[:, 2] = rng.integers(-1, textures, vertices)
    material = rng.integers(-1, materials, vertices).astype(np.float32)
    return TileSet(
        rng.random((count, 3)),
        rng.random((count, 6)),
        3 * triangle_start,
        triangle_start,
        rng.random((vertices, 3), np.float32),
        tags,
        local.reshape(-1, 3),
        rng.integers(-1, surfaces, vertices // 3).astype(np.int32) if count % 2 else None,
        {"winter": Appearance(material, None), "": Appearance(None, uvt)} if count % 3 else {},
    )


def column(rng: np.random.Generator, name: str, kind: Any, rows: int) -> Column:
    present = rng.random(rows) < 0.7
    values: dict[str, Any] = {
        "integer": rng.integers(-(2**62), 2**62, rows),
        "number": np.where(rng.random(rows) < 0.2, np.nan, rng.random(rows)),
        "boolean": rng.random(rows) < 0.5,
    }
    if kind in values:
        return Column(name, kind, values[kind], present)
    codes = np.where(present, rng.integers(0, 3, rows), -1).astype(np.int32)
    return Column(name, kind, codes, present, Strings.from_list(['"é"', "[1]", "{}"]))


def make_city(seed: int, rows: int, count: int, name: str, metadata: dict[str, Any]) -> CityData:
    rng = np.random.default_rng(seed)
    surfaces = rows
    parents = rng.integers(0, 3, rows)
    objects = ObjectTable(
        Strings.from_list([f"{name}{i}" for i in range(rows)]),
        rng.integers(0, 2, rows).astype(np.int16),
        ("Building", "+Tower"),
        np.concatenate([[0], np.cumsum(parents)]).astype(np.int64),
        rng.integers(0, max(rows, 1), int(parents.sum())).astype(np.int32),
        {
            f"{k} {name}": column(rng, f"{k} {name}", k, rows)
            for k in ("string", "json", "integer", "number", "boolean")
        },
    )
    table = SurfaceTable(
        np.zeros(surfaces, np.int16),
        ("RoofSurface",),
        np.arange(rows, dtype=np.int32),
        {"a": column(rng, "a", "number", surfaces)},
    )
    few = (lambda n: rng.integers(0, rows, n)) if rows else (lambda n: np.zeros(0, np.int64))
    tags = np.stack([few(4), few(4) % 19], 1).astype(np.float32)
    n = len(tags)
    mesh = LodMesh(
        "2.2",
        tiles(rng, rows, surfaces, count if rows else 0, 2, 1),
        rng.random(rows) < 0.5,
        float(rng.random()),
        PointSet(np.zeros(3), rng.random((n, 3), np.float32), tags),
        LineSet(np.zeros(3), rng.random((n, 3), np.float32), tags, np.array([0, n // 2, n], np.int64)),
        (Instances(tiles(rng, 1, surfaces, 1, 2, 1), rng.random((n, 4, 4)), tags[:, 0].astype(np.int32)),),
    )
    plain = LodMesh("", tiles(rng, rows, surfaces, 0, 2, 1), np.zeros(rows, np.bool_), float("inf"))
    looks = (Texture("a.png", None), Texture("b.png", "/x/b.png", "border", (0.0, 1.0, 0.5, 1.0)))
    return CityData(
        name,
        CrsInfo("EPSG:7415", name),
        rng.random(6) if rows else None,
        objects,
        table,
        {"": plain, "2.2": mesh},
        looks,
        (Material("m", (1.0, 0.0, 0.5)),),
        "winter",
        metadata,
        ("Noise",),
    )


def same(a: Any, b: Any, where: str = "") -> None:
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), where
    elif dataclasses.is_dataclass(a):
        assert type(a) is type(b), where
        for field in dataclasses.fields(a):
            same(getattr(a, field.name), getattr(b, field.name), f"{where}.{field.name}")
    elif isinstance(a, dict):
        assert list(a) == list(b), where
        for key in a:
            same(a[key], b[key], f"{where}[{key!r}]")
    elif isinstance(a, list | tuple):
        assert type(a) is type(b) and len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            same(x, y, f"{where}[{i}]")
    else:
        assert a == b and type(a) is type(b), where


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "stored"
    made.mkdir()
    return made


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(0, 5),
    count=st.integers(0, 4),
    name=st.text(st.characters(exclude_categories=["Cs"])),
    metadata=st.dictionaries(st.text(), JSON, max_size=3),
    message=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_everything_comes_back_as_it_was(tmp_path, seed, rows, count, name, metadata, message):
    place = tmp_path / uuid.uuid4().hex
    place.mkdir()
    issue = Issue(Severity.WARNING, "kind", message, 3, ("a", name))
    before = LoadResult(make_city(seed, rows, count, name, metadata), "F", "1", (issue,))
    save(before, place)
    same(before, open_stored(place))


def test_arrays_are_mapped_and_read_only(folder):
    save(LoadResult(make_city(1, 5, 3, "x", {}), "F", "1"), folder)
    positions = open_stored(folder).value.lods["2.2"].tiles.positions
    assert isinstance(positions, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        positions[0] = 0


def test_free_metadata_is_made_safe(folder):
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    odd = {"deep": deep, "big": 10**30, "nan": float("nan"), "\ud800": "\udfff", "object": object}
    save(LoadResult(make_city(1, 1, 1, "\ud800", odd), "F", "1"), folder)
    city = open_stored(folder).value
    assert city.metadata["big"] == "1" + "0" * 30
    assert city.metadata["nan"] == "nan"
    assert city.name == "?"


def test_objects_in_arrays_are_refused(folder):
    city = make_city(1, 2, 1, "x", {})
    bad = dataclasses.replace(city, bbox=np.array([object()] * 6))
    with pytest.raises(TypeError):
        save(LoadResult(bad, "F", "1"), folder)


class Forge:
    """A sound city and copies of it with one thing wrong."""

    def __init__(self) -> None:
        self.city = make_city(7, 5, 4, "x", {})
        self.mesh = self.city.lods["2.2"]
        self.objects_table = self.city.objects
        self.column = self.objects_table.columns["string x"]

    @staticmethod
    def changed(array: Any, index: Any, value: Any) -> Any:
        copy = np.array(array)
        copy[index] = value
        return copy

    def lod(self, name: str, value: Any) -> CityData:
        mesh = dataclasses.replace(self.mesh, **{name: value})
        return dataclasses.replace(self.city, lods=self.city.lods | {"2.2": mesh})

    def tile(self, **new: Any) -> CityData:
        return self.lod("tiles", dataclasses.replace(self.mesh.tiles, **new))

    def objects(self, **new: Any) -> CityData:
        return dataclasses.replace(self.city, objects=dataclasses.replace(self.objects_table, **new))

    def columns(self, **new: Any) -> CityData:
        column = dataclasses.replace(self.column, **new)
        return self.objects(columns=self.objects_table.columns | {"string x": column})


def forged_meshes() -> list[tuple[str, Any]]:
    forge = Forge()
    mesh, t, nan = forge.mesh, forge.mesh.tiles, np.float32("nan")
    changed, lod, tile = forge.changed, forge.lod, forge.tile
    assert mesh.points is not None and mesh.lines is not None
    return [
        ("triangle beyond its tile", tile(triangles=changed(t.triangles, (0, 0), 10_000))),
        ("negative triangle", tile(triangles=changed(t.triangles, (-1, 2), -1))),
        ("NaN position", tile(positions=changed(t.positions, (1, 1), nan))),
        ("infinite bounds", tile(bounds=changed(t.bounds, (0, 0), np.inf))),
        ("row beyond the table", tile(tags=changed(t.tags, (0, 0), 5))),
        ("negative row", tile(tags=changed(t.tags, (0, 0), -1))),
        ("NaN row", tile(tags=changed(t.tags, (0, 0), nan))),
        ("unknown surface code", tile(tags=changed(t.tags, (0, 1), 99))),
        ("descending starts", tile(vertex_start=changed(t.vertex_start, 1, 10**6))),
        ("starts that end early", tile(triangle_start=changed(t.triangle_start, -1, 0))),
        ("flat positions", tile(positions=t.positions.reshape(-1))),
        ("missing origins", tile(origins=t.origins[:-1])),
        ("texture beyond", tile(appearances={"x": Appearance(None, np.full((len(t.positions), 3), 9, np.float32))})),
        ("material beyond", tile(appearances={"x": Appearance(np.full(len(t.positions), 9, np.float32), None)})),
        ("drawn too short", lod("drawn", mesh.drawn[:-1])),
        ("drawn neither", lod("drawn", np.full(5, 2, np.uint8).view(np.bool_))),
        ("lod by another name", lod("lod", "3")),
        ("points without tags", lod("points", dataclasses.replace(mesh.points, tags=mesh.points.tags[:-1]))),
        ("line beyond", lod("lines", dataclasses.replace(mesh.lines, start=np.array([0, 99], np.int64)))),
        (
            "instance beyond",
            lod("instances", (dataclasses.replace(mesh.instances[0], object_rows=np.full(4, 9, np.int32)),)),
        ),
    ]


def forged_tables() -> list[tuple[str, Any]]:
    forge = Forge()
    city, o, col = forge.city, forge.objects_table, forge.column
    objects, columns = forge.objects, forge.columns
    return [
        ("parent beyond", objects(parent_rows=np.full(len(o.parent_rows), 5, np.int32))),
        ("type beyond", objects(type_codes=np.full(5, 2, np.int16))),
        ("ids cut", objects(ids=Strings(o.ids.data[:-1], o.ids.offsets))),
        ("no ids", objects(ids=Strings(o.ids.data, np.zeros(0, np.int64)))),
        ("code beyond", columns(values=np.full(5, 3, np.int32), present=np.ones(5, np.bool_))),
        ("present unlike codes", columns(present=~col.present)),
        ("no categories", columns(categories=None)),
        ("column too short", columns(values=col.values[:2])),
        ("column of another type", columns(kind="number")),
        ("box of four", dataclasses.replace(city, bbox=np.zeros(4))),
        ("box not finite", dataclasses.replace(city, bbox=np.full(6, np.nan))),
    ]


FORGED = forged_meshes() + forged_tables()


@pytest.mark.parametrize(("what", "city"), FORGED, ids=[what for what, _ in FORGED])
def test_values_that_do_not_fit_together_are_refused(folder, what, city):
    save(LoadResult(city, "F", "1"), folder)
    with pytest.raises(LoadError) as caught:
        open_stored(folder)
    assert caught.value.kind == "cache-damaged"


def damaged(folder: Path) -> None:
    with pytest.raises(LoadError) as caught:
        open_stored(folder)
    assert caught.value.kind == "cache-damaged"
    assert "\n" not in str(caught.value)


def test_every_cut_is_noticed(folder):
    save(LoadResult(make_city(3, 5, 3, "x", {}), "F", "1"), folder)
    for name in ("arrays.bin", "meta.json"):
        whole = (folder / name).read_bytes()
        for length in (0, 1, 63, 64, len(whole) // 2, len(whole) - 1):
            (folder / name).write_bytes(whole[:length])
            damaged(folder)
        (folder / name).write_bytes(whole + b"\0")
        if name == "arrays.bin":
            damaged(folder)
        (folder / name).unlink()
        damaged(folder)
        (folder / name).write_bytes(whole)
    open_stored(folder)


def test_zeroed_and_swapped_parts_are_noticed(folder):
    save(LoadResult(make_city(3, 5, 3, "x", {}), "F", "1"), folder)
    whole = (folder / "arrays.bin").read_bytes()
    (folder / "arrays.bin").write_bytes(bytes(len(whole)))
    damaged(folder)
    (folder / "arrays.bin").write_bytes(whole[::-1])
    damaged(folder)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        (0, "|O"),
        (0, "<U9"),
        (0, 5),
        (0, ["<f4"]),
        (1, []),
        (1, [-1]),
        (1, [2**60]),
        (1, [2**40, 2**40]),
        (1, "x"),
        (1, [1.5]),
        (1, [True]),
        (2, -64),
        (2, 1),
        (2, 2**62),
        (2, 2**70),
        (2, None),
    ],
)
def test_a_forged_table_is_refused(folder, entry, value):
    save(LoadResult(make_city(3, 5, 3, "x", {}), "F", "1"), folder)
    text = (folder / "meta.json").read_text()
    meta = orjson.loads(text)
    meta["arrays"][0][entry] = value
    if isinstance(value, int) and abs(value) > 2**63:
        text = orjson.dumps(meta | {"arrays": "HERE"}).decode().replace('"HERE"', f'[["<f8",[1],{value}]]')
    else:
        text = orjson.dumps(meta).decode()
    (folder / "meta.json").write_text(text)
    damaged(folder)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_forged_tree_never_raises_anything_else(tmp_path, data):
    place = tmp_path / uuid.uuid4().hex
    place.mkdir()
    save(LoadResult(make_city(3, 3, 2, "x", {}), "F", "1", (Issue(Severity.INFO, "k", "m"),)), place)
    meta = orjson.loads((place / "meta.json").read_bytes())
    node: Any = meta
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or data.draw(st.integers(0, 4)) == 0:
            node[key] = data.draw(JSON)
            break
        node = node[key]
    (place / "meta.json").write_bytes(orjson.dumps(meta, option=orjson.OPT_NON_STR_KEYS))
    try:
        open_stored(place)
    except LoadError as error:
        assert error.kind == "cache-damaged"


def test_a_tree_nested_deeply_is_refused(folder):
    save(LoadResult(make_city(3, 3, 2, "x", {}), "F", "1"), folder)
    (folder / "meta.json").write_text("[" * 100_000)
    damaged(folder)


def test_opening_many_arrays_takes_one_file(folder):
    rng = np.random.default_rng(0)
    city = make_city(3, 3, 2, "x", {})
    many = {f"c{i}": column(rng, f"c{i}", "number", 3) for i in range(300)}
    city = dataclasses.replace(city, objects=dataclasses.replace(city.objects, columns=many))
    save(LoadResult(city, "F", "1"), folder)
    assert {path.name for path in folder.iterdir()} == {"arrays.bin", "meta.json"}
    assert len(open_stored(folder).value.objects.columns) == 300


# --- cache ---------------------------------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> ArrayCache:
    return ArrayCache(tmp_path / "cache")


def put(cache: ArrayCache, path: Path, spec: LoaderSpec = SPEC, padding: int = 0) -> Path:
    folder = cache.reserve(path, spec)
    save(LoadResult(make_city(1, 2, 1, path.name, {"padding": "x" * padding}), "F", "1"), folder)
    return cache.commit(folder, path, spec)


def source(tmp_path: Path, name: str = "a.x", text: str = "one") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_finds_what_was_put_for_the_same_file_and_loader_only(cache, tmp_path, monkeypatch):
    path = source(tmp_path)
    assert cache.lookup(path, SPEC) is None
    folder = put(cache, path)
    assert cache.lookup(path, SPEC) == folder
    monkeypatch.chdir(tmp_path)
    assert cache.lookup(Path("a.x"), SPEC) == folder
    assert cache.lookup(path, dataclasses.replace(SPEC, version=2)) is None
    assert cache.lookup(path, dataclasses.replace(SPEC, name="Other")) is None
    os.utime(path, ns=(1, 1))
    assert cache.lookup(path, SPEC) is None
    path.unlink()
    assert cache.lookup(path, SPEC) is None


def test_a_file_that_changed_size_is_another_entry(cache, tmp_path):
    path = source(tmp_path)
    before = path.stat()
    put(cache, path)
    path.write_text("other")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert cache.lookup(path, SPEC) is None


def test_the_least_recently_used_go_first(cache, tmp_path):
    paths = [source(tmp_path, f"{i}.x") for i in range(4)]
    folders = [put(cache, path, padding=100_000) for path in paths[:3]]
    for age, folder in zip((30, 20, 10), folders, strict=True):
        os.utime(folder / "meta.json", (time.time() - age, time.time() - age))
    assert cache.lookup(paths[0], SPEC) == folders[0]  # used just now
    cache.max_bytes = cache.size() + 50_000
    put(cache, paths[3], padding=100_000)
    assert [cache.lookup(path, SPEC) is not None for path in paths] == [True, False, True, True]
    assert cache.size() <= cache.max_bytes


def test_an_entry_larger_than_the_cache_is_kept_until_the_next(cache, tmp_path):
    cache.max_bytes = 10
    first, second = source(tmp_path, "1.x"), source(tmp_path, "2.x")
    assert open_stored(put(cache, first)).format == "F"
    put(cache, second)
    assert cache.lookup(first, SPEC) is None


def test_mapped_arrays_survive_eviction(cache, tmp_path):
    path = source(tmp_path)
    result = open_stored(put(cache, path))
    cache.clear()
    assert cache.lookup(path, SPEC) is None
    assert float(result.value.lods["2.2"].tiles.positions.sum()) >= 0


def test_an_unfinished_folder_is_no_entry_and_goes_when_it_is_old(cache, tmp_path):
    path = source(tmp_path)
    half = cache.reserve(path, SPEC)
    assert cache.lookup(path, SPEC) is None
    put(cache, path)
    assert half.exists()
    os.utime(half, (1, 1))
    put(cache, path)
    assert not half.exists()


def test_only_folders_of_the_cache_can_be_discarded(cache, tmp_path):
    other = tmp_path / "precious"
    other.mkdir()
    cache.discard(other)
    assert other.exists()
    folder = cache.reserve(tmp_path, SPEC)
    cache.discard(folder)
    assert list(cache.root.iterdir()) == []


def test_the_cache_is_private(cache, tmp_path):
    put(cache, source(tmp_path))
    if sys.platform != "win32":
        assert cache.root.stat().st_mode & 0o077 == 0


def test_many_at_once_leave_whole_entries(cache, tmp_path):
    path = source(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        folders = list(threads.map(lambda _: put(cache, path), range(12)))
    found = cache.lookup(path, SPEC)
    assert found in folders
    assert open_stored(found).value.name == "a.x"


def test_folders_of_killed_programs_are_removed_and_those_in_use_are_not(tmp_path: Path) -> None:
    """A lock that the system lets go with the process tells them apart."""
    mine, remove = temporary_root(tmp_path)
    (mine / "arrays.bin").write_bytes(b"x")
    code = "import os, sys; from pathlib import Path; from loaders.store import temporary_root as t;"
    code += "print(t(Path(sys.argv[1]))[0], flush=True); os._exit(9)"
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    dead = Path(killed.stdout.strip())
    assert dead.is_dir() and dead.parent == tmp_path
    other, remove_other = temporary_root(tmp_path)
    assert not dead.exists() and (mine / "arrays.bin").is_file() and other != mine
    remove()
    remove_other()
    assert list(tmp_path.iterdir()) == []
