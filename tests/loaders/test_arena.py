"""Arrays that are made in the file they end in."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from loaders import _arena
from loaders._arena import ArrayFile, arrays_in, kept_empty
from loaders.api import LoadOptions, NoProgress
from loaders.cityjson import load
from loaders.store import ARRAYS, open_stored, save

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made on Linux only")


def test_what_is_written_to_the_array_is_in_the_file(tmp_path):
    file = ArrayFile(tmp_path / "a")
    one, two = file.empty((3, 2), np.float32), file.empty((5,), np.int64)
    one[:], two[:] = 1.5, 7
    places = [file.place(one), file.place(two)]
    data = (tmp_path / "a").read_bytes()
    assert np.frombuffer(data, np.float32, 6, places[0]).tolist() == [1.5] * 6
    assert np.frombuffer(data, np.int64, 5, places[1]).tolist() == [7] * 5
    assert file.place(np.zeros(3)) is None
    assert file.place(two[1:]) is None  # not at a multiple of 64
    file.close()
    assert two.tolist() == [7] * 5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_fills_it_for_its_parent(tmp_path):
    file = ArrayFile(tmp_path / "a")
    shared = file.empty((4,), np.int32)
    pid = os.fork()
    if not pid:
        shared[:] = 9
        os._exit(0)
    os.waitpid(pid, 0)
    assert shared.tolist() == [9] * 4
    file.close()


def test_small_arrays_and_loads_without_a_file_have_none(tmp_path):
    big = (_arena.LEAST,)
    assert kept_empty(big, np.uint8) is None
    with arrays_in(tmp_path / "a") as file:
        assert file is not None
        assert kept_empty((10,), np.uint8) is None
        assert kept_empty(big, np.uint8) is not None
    assert kept_empty(big, np.uint8) is None
    with arrays_in(tmp_path / "no folder" / "a") as file:
        assert file is None
        assert kept_empty(big, np.uint8) is None


def test_a_full_disk_is_told_before_anything_is_written(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with arrays_in(tmp_path / "a"), pytest.raises(OSError, match="No space"):
        kept_empty((_arena.LEAST,), np.uint8)


def test_a_file_system_that_cannot_is_done_without(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    with arrays_in(tmp_path / "a"):
        assert kept_empty((_arena.LEAST,), np.uint8) is None


@pytest.mark.parametrize("processes", [1, 2])
def test_a_load_into_its_file_equals_one_that_is_written_afterwards(tmp_path, monkeypatch, processes):
    monkeypatch.setattr(_arena, "LEAST", 1)
    path = tmp_path / "a.city.json"
    path.write_text(
        '{"type":"CityJSON","version":"2.0","transform":{"scale":[1,1,1],"translate":[0,0,0]},"CityObjects":{'
        + ",".join(
            f'"{k}":{{"type":"Building","geometry":[{{"type":"MultiSurface","lod":"{k % 2}",'
            f'"boundaries":[[[{k},{k + 1},{k + 2}]]]}}]}}'
            for k in range(40)
        )
        + '},"vertices":['
        + ",".join(f"[{k},{k * k % 7},{k % 3}]" for k in range(42))
        + "]}"
    )
    options = LoadOptions(processes=processes)
    plain, kept = tmp_path / "plain", tmp_path / "kept"
    plain.mkdir()
    kept.mkdir()
    save(load(path, options, NoProgress()), plain)
    with arrays_in(kept / ARRAYS) as file:
        result = load(path, options, NoProgress())
        tiles = result.value.lods["1"].tiles
        assert file is not None
        assert file.place(tiles.positions) is not None
        save(result, kept, file)
    one, two = open_stored(plain).value, open_stored(kept).value
    assert list(one.lods) == list(two.lods) == ["0", "1"]
    for lod in one.lods:
        for name in ("positions", "triangles", "tags", "origins", "bounds"):
            a, b = getattr(one.lods[lod].tiles, name), getattr(two.lods[lod].tiles, name)
            assert np.array_equal(a, b)
    assert one.objects.ids[7] == two.objects.ids[7]
