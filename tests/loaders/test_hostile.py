"""Files made to break a viewer: each ends in issues or one clear refusal, within limits, and the next file loads."""

from __future__ import annotations

import gzip
import json
import os
import socket
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loaders.api import LoadError, LoadOptions, NoProgress
from loaders.cityjson import load
from loaders.limits import MIB, WorkerLimits
from loaders.worker import LoadedFile, LoadProcess, load_in_process

LIMITS = WorkerLimits(memory_bytes=1500 * MIB, seconds=60.0)
Answer = LoadedFile | LoadError


def model(count: int = 3) -> dict[str, Any]:
    """Cubes in a row, each a Building with a solid of six squares."""
    corners = [(x, y, z) for z in (0, 1000) for y in (0, 1000) for x in (0, 1000)]
    faces = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [1, 3, 7, 5], [3, 2, 6, 7], [2, 0, 4, 6]]
    vertices = [[x + 2000 * i, y, z] for i in range(count) for x, y, z in corners]
    objects = {}
    for i in range(count):
        shell = [[[8 * i + v for v in face]] for face in faces]
        solid = {"type": "Solid", "lod": "2", "boundaries": [shell]}
        objects[f"cube-{i}"] = {"type": "Building", "attributes": {"height": i + 1.0}, "geometry": [solid]}
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [85000.0, 447000.0, 0.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"},
        "CityObjects": objects,
        "vertices": vertices,
    }


def text(**changes: Any) -> str:
    return json.dumps(model() | changes)


def attempt(path: Path) -> Answer:
    """What a user gets, by the way a user takes; anything but an answer or a `LoadError` fails the test."""
    try:
        return load_in_process(path, limits=LIMITS)
    except LoadError as error:
        assert "\n" not in str(error)
        assert error.reason and error.remedy, repr(error)
        assert error.kind not in ("internal", "crashed"), str(error)
        assert len(str(error)) < 1000
        return error


def quickly(path: Path) -> Any:
    """The loader in this process, for the many small cases; the same promises."""
    try:
        return load(path, LoadOptions(), NoProgress())
    except LoadError as error:
        assert "\n" not in str(error)
        assert error.reason and error.remedy, repr(error)
        return error


def finite(city: Any) -> bool:
    return all(np.isfinite(mesh.tiles.positions).all() for mesh in city.lods.values())


def kinds(result: Any) -> set[str]:
    return {issue.kind for issue in result.issues}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(content: str | bytes, name: str = "a.city.json") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def next_loads(tmp_path: Path) -> Iterator[None]:
    """After the hostile file, a sound one opens as ever."""
    yield
    path = tmp_path / "sound.city.json"
    path.write_text(text())
    loaded = load_in_process(path)
    assert loaded.result.value.drawable == 3
    assert loaded.result.value.lods["2"].triangle_count == 36


def test_the_sound_model_is_sound(put, next_loads):
    assert attempt(put(text())).result.issues == ()


def test_truncated_anywhere_is_refused(put):
    whole = text()
    for end in range(1, len(whole), 37):
        answer = quickly(put(whole[:end]))
        assert isinstance(answer, LoadError), whole[:end][-40:]


def test_truncated_is_refused_with_a_remedy(put, next_loads):
    answer = attempt(put(text()[:-200]))
    assert isinstance(answer, LoadError)


def test_truncated_gzip_is_refused(put, next_loads):
    whole = gzip.compress(json.dumps(model(500)).encode())
    for share in (0.1, 0.5, 0.99):
        assert isinstance(attempt(put(whole[: int(len(whole) * share)], "a.city.json.gz")), LoadError)


def test_flipped_bytes_never_do_worse_than_a_refusal(put):
    whole = bytearray(text().encode())
    rng = np.random.default_rng(7)
    for _ in range(400):
        broken = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            broken[place] = rng.integers(0, 256)
        answer = quickly(put(bytes(broken)))
        if not isinstance(answer, LoadError):
            assert finite(answer.value)


def mutations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every place of the model, with every wrong kind of value in it."""
    wrong: list[Any] = [None, True, -1, 2**31, 2**63, 10**30, 1e308, "x", "", [], [[]], {}, [None], [[[[[[0]]]]]]]

    def places(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        yield path
        keys = node.keys() if isinstance(node, dict) else range(min(len(node), 2)) if isinstance(node, list) else ()
        for key in keys:
            yield from places(node[key], (*path, key))

    base = model(1)
    for path in places(base, ()):
        if not path:
            continue
        for value in wrong:
            changed = deepcopy(base)
            node = changed
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = value
            yield f"{'/'.join(map(str, path))} = {value!r}", changed


def test_a_wrong_value_anywhere_is_an_issue_or_a_refusal(put):
    count = 0
    for what, changed in mutations():
        answer = quickly(put(json.dumps(changed)))
        count += 1
        if not isinstance(answer, LoadError):
            assert finite(answer.value), what
            assert answer.value.bbox is None or np.isfinite(answer.value.bbox).all(), what
    assert count > 500


@pytest.mark.parametrize(
    "number", ["NaN", "1e999", "-1e999", "Infinity", "-Infinity", "1e308", "123456789012345678901234"]
)
@pytest.mark.parametrize("place", ["vertex", "scale", "translate"])
def test_numbers_that_are_none(put, number, place):
    marked = model()
    if place == "vertex":
        marked["vertices"][3][1] = "HERE"
    else:
        marked["transform"][place][0] = "HERE"
    answer = quickly(put(json.dumps(marked).replace('"HERE"', number)))
    if not isinstance(answer, LoadError):
        assert finite(answer.value)
        assert answer.issues


@pytest.mark.parametrize("index", [24, 10**6, 2**31, 2**32, 2**63, 2**64, -1, -24, -(2**31), -(2**63)])
def test_indices_beyond_the_vertices(put, index):
    marked = model()
    marked["CityObjects"]["cube-1"]["geometry"][0]["boundaries"][0][2][0][1] = index
    answer = quickly(put(json.dumps(marked)))
    if isinstance(answer, LoadError):
        pytest.fail(f"one wrong index must not cost the whole file: {answer}")
    assert answer.issues
    assert any("cube-1" in issue.objects for issue in answer.issues)
    assert answer.value.drawable == 3
    assert answer.value.lods["2"].triangle_count < 36


def test_a_cycle_of_parents(put, next_loads):
    marked = model()
    for i in range(3):
        here = marked["CityObjects"][f"cube-{i}"]
        here["parents"], here["children"] = [f"cube-{(i + 1) % 3}"], [f"cube-{(i + 2) % 3}"]
    answer = attempt(put(json.dumps(marked)))
    assert not isinstance(answer, LoadError), answer
    assert answer.result.value.drawable == 3
    assert any("cycle" in kind or "parent" in kind for kind in kinds(answer.result))


def test_a_parent_of_itself_and_one_that_is_missing(put):
    marked = model()
    marked["CityObjects"]["cube-0"]["parents"] = ["cube-0", "nobody"]
    answer = quickly(put(json.dumps(marked)))
    assert not isinstance(answer, LoadError), answer
    assert answer.issues
    assert answer.value.drawable == 3


DEEP = [
    (place, depth)
    for place in ("top", "boundaries", "attributes", "metadata", "unclosed")
    for depth in (1_000, 100_000, 5_000_000)
]


@pytest.mark.parametrize(("place", "depth"), DEEP)
def test_deep_nesting(put, place, depth):
    deep = "[" * depth + "]" * depth
    whole = {
        "top": deep,
        "boundaries": text().replace('"boundaries": [', f'"boundaries": [{deep}, ', 1),
        "attributes": text().replace('"height": 1.0', f'"height": {deep}'),
        "metadata": text(extra="HERE").replace('"HERE"', '{"a":' * depth + "1" + "}" * depth),
        "unclosed": "[" * depth,
    }[place]
    answer = attempt(put(whole))
    if place in ("top", "unclosed"):
        assert isinstance(answer, LoadError)


@pytest.mark.parametrize("second", ['{"type": "Building"}', json.dumps(model()["CityObjects"]["cube-0"])])
def test_duplicate_ids(put, next_loads, second):
    answer = attempt(put(text().replace('"cube-1": {', f'"cube-0": {second}, "cube-1": {{', 1)))
    assert not isinstance(answer, LoadError), answer
    assert any("duplicate" in kind for kind in kinds(answer.result))


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


def test_textures_elsewhere_are_neither_opened_nor_fetched(put, tmp_path, server):
    secret = tmp_path.parent / "secret.png"
    secret.write_bytes(b"\x89PNG")
    (tmp_path / "link.png").symlink_to(secret)
    port = server.getsockname()[1]
    images = [
        f"http://127.0.0.1:{port}/a.png",
        f"HTTP://127.0.0.1:{port}/a.png",
        f"ftp://127.0.0.1:{port}/a.png",
        f"//127.0.0.1:{port}/share/a.png",
        f"\\\\127.0.0.1@{port}\\share\\a.png",
        str(secret),
        secret.as_uri(),
        "../secret.png",
        "x/../../secret.png",
        "..\\secret.png",
        "link.png",
        "C:\\secret.png",
        "nul\0.png",
        "",
        "/dev/zero",
        "x" * 100_000,
    ]
    marked = model()
    marked["appearance"] = {
        "textures": [{"type": "PNG", "image": image} for image in images],
        "vertices-texture": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]],
        "default-theme-texture": "t",
    }
    for i in range(3):
        rings = [[[[(6 * i + f) % len(images), 0, 1, 2, 3]] for f in range(6)]]
        marked["CityObjects"][f"cube-{i}"]["geometry"][0]["texture"] = {"t": {"values": rings}}
    answer = attempt(put(json.dumps(marked)))
    assert not isinstance(answer, LoadError), answer
    assert {texture.path for texture in answer.result.value.textures} <= {None}
    assert any("texture" in kind for kind in kinds(answer.result))
    with pytest.raises(TimeoutError):
        server.accept()


NONSENSE = {
    "brackets": (100, b"[", b""),
    "digits": (100, b"7", b""),
    "zeros": (100, b"\0", b""),
    "string": (100, b"x", b'{"type": "CityJSON", "x": "'),
    "number": (100, b"7", b'{"type": "CityJSON", "version": "2.0", "x": '),
    "deep": (100, b'{"a":', b'{"type": "CityJSON", "version": "2.0", "x": '),
    "rows": (20, b"[0],", b'{"type": "CityJSON", "version": "2.0", "vertices": ['),
    "lines": (20, b'{"type":"CityJSONFeature"}\n', b'{"type": "CityJSON", "version": "2.0"}\n'),
    "blank lines": (10, b"\n", b'{"type": "CityJSON", "version": "2.0"}\n'),
    "braces": (10, b"{", b""),
    "spaces": (10, b" ", b""),
    "bytes": (10, b"\xff\xfe", b""),
}
"""Name -> MiB, what is repeated, what stands before it."""


@pytest.mark.parametrize("name", NONSENSE)
def test_much_nonsense(put, name):
    size, unit, start = NONSENSE[name]
    path = put(start + unit * (size * MIB // len(unit)), "bulk.json")
    try:
        answer = attempt(path)
    finally:
        path.unlink()
    if isinstance(answer, LoadError):
        assert answer.kind != "time"
    else:
        assert answer.result.issues
        assert answer.result.value.drawable == 0


@pytest.mark.parametrize("inside", [b"\0", b" ", b"["])
def test_a_gzip_bomb(put, next_loads, inside):
    packer = zlib.compressobj(9, wbits=31)
    whole = b"".join(packer.compress(inside * MIB) for _ in range(200)) + packer.flush()
    answer = attempt(put(whole, "bomb.city.json.gz"))
    assert isinstance(answer, LoadError)


def test_a_gzip_bomb_of_many_parts(put, next_loads):
    answer = attempt(put(gzip.compress(b" " * (4 * MIB)) * 2000, "bomb.city.json.gz"))
    assert isinstance(answer, LoadError)


@pytest.mark.skipif(sys.platform == "win32", reason="devices, pipes and links of Unix")
def test_devices_pipes_loops_and_folders_are_refused_at_once(tmp_path, next_loads):
    os.mkfifo(tmp_path / "pipe.city.json")
    (tmp_path / "zero.city.json").symlink_to("/dev/zero")
    (tmp_path / "loop.city.json").symlink_to(tmp_path / "loop.city.json")
    (tmp_path / "folder.city.json").mkdir()
    (tmp_path / "empty.city.json").touch()
    for name in ("pipe", "zero", "loop", "folder", "empty", "missing"):
        assert isinstance(attempt(tmp_path / f"{name}.city.json"), LoadError)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="an administrator may read everything")
def test_no_permission(put, next_loads):
    path = put(text())
    path.chmod(0)
    answer = attempt(path)
    assert isinstance(answer, LoadError)
    assert answer.kind == "denied"


def test_a_file_cut_while_it_is_read(put, next_loads):
    path = put(json.dumps(model(10_000)))
    process = LoadProcess(path, limits=LIMITS)
    process.start()
    while not process.poll().done and process.poll().fraction == 0.0:
        time.sleep(0.002)
    os.truncate(path, 1000)
    process.wait()
    update = process.poll()
    # Either it was read whole before the cut, or the change is told; a reader that maps the file may even crash.
    if update.loaded is None:
        assert update.error is not None
        assert update.error.remedy


def test_geometry_that_would_fill_memory_is_refused_or_reported(put, next_loads):
    marked = model(1)
    marked["geometry-templates"] = {
        "templates": [{"type": "MultiSurface", "lod": "2", "boundaries": [[[0, 1, 2]]] * 3000}],
        "vertices-templates": [[0, 0, 0], [1, 0, 0], [0, 1, 0]],
    }
    instance = {
        "type": "GeometryInstance",
        "template": 0,
        "boundaries": [0],
        "transformationMatrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    }
    for i in range(2000):
        marked["CityObjects"][f"tree-{i}"] = {"type": "SolitaryVegetationObject", "geometry": [instance] * 60}
    path = put(json.dumps(marked))
    with pytest.raises(LoadError):
        load_in_process(path, options=LoadOptions(max_triangles=1_000_000), limits=LIMITS)


def test_instances_of_instances_and_of_nothing(put, next_loads):
    marked = model()
    marked["geometry-templates"] = {
        "templates": [
            {"type": "GeometryInstance", "template": 0, "boundaries": [0], "transformationMatrix": [0.0] * 16}
        ],
        "vertices-templates": [],
    }
    for template in (0, 5, -1, "x"):
        marked["CityObjects"][f"bad-{template}"] = {
            "type": "GenericCityObject",
            "geometry": [{"type": "GeometryInstance", "template": template, "boundaries": [0]}],
        }
    answer = attempt(put(json.dumps(marked)))
    assert not isinstance(answer, LoadError), answer
    assert answer.result.issues
    assert answer.result.value.drawable == 3


FOLDERS = ["malicious/JSONTestSuite", "malicious/generated/cityjson"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_collections_of_broken_json(data_file, folder, tmp_path):
    files = sorted(path for path in data_file(folder).iterdir() if path.is_file())
    assert files
    for file in files:
        answer = quickly(file)
        if not isinstance(answer, LoadError):
            assert finite(answer.value), file.name
