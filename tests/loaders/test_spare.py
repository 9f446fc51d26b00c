"""The worker that is started in advance: one at most, idle, fenced like any other, and gone with the program."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from loaders import _spare
from loaders._spare import Spare
from loaders.worker import load_in_process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks at processes by their numbers")
HERE = Path(__file__).parent
HEAD = '{"type":"CityJSON","version":"2.0","transform":{"scale":[1,1,1],"translate":[0,0,0]},'


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def until(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def spare(monkeypatch) -> Iterator[Spare]:
    one = Spare()
    monkeypatch.setattr("loaders.worker.SPARE", one)
    yield one
    one.close()


@pytest.fixture
def city(tmp_path) -> Path:
    path = tmp_path / "empty.city.json"
    path.write_text(HEAD + '"CityObjects":{},"vertices":[]}')
    return path


def processor_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def test_the_waiting_worker_is_taken_and_is_the_one_that_loads(spare, city, monkeypatch):
    spare.prepare()
    assert until(lambda: spare.pid is not None)
    waiting = spare.pid
    taken = []
    take = spare.take
    monkeypatch.setattr(spare, "take", lambda: taken.append(take()) or taken[-1])
    loaded = load_in_process(city)
    assert (loaded.result.format, loaded.result.version) == ("CityJSON", "2.0")
    assert [process.pid for process in taken] == [waiting]
    assert not alive(waiting)
    assert spare.pid is None


def test_without_one_a_load_starts_its_own(spare, city):
    assert spare.take() is None
    assert load_in_process(city).result.version == "2.0"
    assert spare.pid is None


def test_one_that_died_is_not_used(spare, city):
    spare.prepare()
    assert until(lambda: spare.pid is not None)
    os.kill(spare.pid, 9)
    assert until(lambda: Path(f"/proc/{spare.pid}/stat").read_text().split()[2] == "Z")
    assert load_in_process(city).result.version == "2.0"


def test_there_is_never_more_than_one(spare, monkeypatch):
    started = []
    start = _spare.start_process
    monkeypatch.setattr(_spare, "start_process", lambda: started.append(start()) or started[-1])
    for _ in range(5):
        spare.prepare()
    assert until(lambda: spare.pid is not None)
    spare.prepare()
    assert len(started) == 1


def test_another_one_is_kept_only_if_asked_for(spare, city, monkeypatch):
    monkeypatch.setattr(_spare, "AGAIN_SECONDS", 0.0)
    spare.prepare()
    load_in_process(city)
    assert spare.pid is None
    spare.prepare(keep=True)
    assert until(lambda: spare.pid is not None)
    first = spare.pid
    load_in_process(city)
    assert until(lambda: spare.pid not in (None, first))


def test_closing_ends_worker_and_thread(spare):
    spare.prepare()
    assert until(lambda: spare.pid is not None)
    pid, thread = spare.pid, spare._thread
    spare.close()
    assert not alive(pid)
    assert not thread.is_alive()
    assert spare.take() is None


def test_closing_before_it_is_due_starts_nothing(spare):
    spare.prepare(60.0)
    thread = spare._thread
    spare.close()
    assert not thread.is_alive()
    assert spare.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_uses_no_processor_time_while_it_waits(spare):
    spare.prepare()
    assert until(lambda: spare.pid is not None)
    assert until(lambda: settled(spare.pid))  # asleep in its read, all imports done
    before = processor_ticks(spare.pid)
    assert not until(lambda: processor_ticks(spare.pid) != before, 0.5)


def settled(pid: int) -> bool:
    """Asleep at every look for a while, with no processor time used: on a busy machine, who has work is not asleep."""
    before = processor_ticks(pid)

    def busy() -> bool:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "S" or processor_ticks(pid) != before

    return before > 0 and not until(busy, 0.3)


@pytest.mark.skipif(sys.platform != "linux", reason="the fence is asked of Linux")
@pytest.mark.parametrize("way", ["misbehaves", "misbehaves_natively"])
def test_it_is_fenced_when_it_loads(spare, tmp_path, monkeypatch, way):
    monkeypatch.syspath_prepend(str(HERE))
    import loader_tricks

    fence = [sys.executable, "-c", "from loaders import sandbox; print(*sandbox.lock_down([]))"]
    granted = subprocess.run(fence, capture_output=True, text=True, check=True, cwd=HERE.parents[1]).stdout.split()
    if {"landlock-files", "seccomp"} - set(granted):
        pytest.skip(f"this kernel grants only: {granted}")
    outside, path = tmp_path / "outside", tmp_path / "a.trick"
    outside.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        path.write_text(f"trick {way} {outside} {server.getsockname()[1]}")
        spare.prepare()
        assert until(lambda: spare.pid is not None)
        told = load_in_process(path, spec=loader_tricks.SPEC).result.issues
    assert {issue.message for issue in told} <= {"signal-parent"}  # scoped by kernels from 6.12 on
    assert list(outside.iterdir()) == []
    assert path.exists()


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "sys.exit(0)"])
def test_it_ends_with_the_program_however_that_ends(end):
    code = (
        "import os, sys, time; from loaders import _spare; from loaders.worker import prepare_worker\n"
        "prepare_worker(keep=True)\n"
        "while _spare.SPARE.pid is None: time.sleep(0.01)\n"
        f"print(_spare.SPARE.pid, flush=True); {end}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert until(lambda: not alive(int(done.stdout))), done.stderr
    assert done.stderr == ""


def test_what_it_loads_equals_what_a_fresh_one_loads(spare, tmp_path):
    path = tmp_path / "box.city.json"
    path.write_text(
        HEAD + '"CityObjects":{"a":{"type":"Building","geometry":[{"type":"MultiSurface","lod":"1",'
        '"boundaries":[[[0,1,2]]]}]}},'
        '"vertices":[[0,0,0],[5,0,0],[0,5,0]]}'
    )
    fresh = load_in_process(path).result.value.lods["1"].tiles
    spare.prepare()
    assert until(lambda: spare.pid is not None)
    early = load_in_process(path).result.value.lods["1"].tiles
    assert np.array_equal(fresh.positions, early.positions)
    assert np.array_equal(fresh.triangles, early.triangles)
