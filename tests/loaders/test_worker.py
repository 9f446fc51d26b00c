"""One load in one process: the answer, the limits, the fence, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from loaders import limits, sandbox
from loaders.api import Cancelled, LoadError
from loaders.store import ArrayCache
from loaders.worker import LoadProcess, WorkerLimits, load_in_process

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="uses signals and forks")


@pytest.fixture(autouse=True)
def tricks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(HERE))
    import loader_tricks

    return loader_tricks


@pytest.fixture
def trick(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "a.trick"
        path.write_text(f"trick {text}")
        return path

    return write


class Listener:
    """A progress that remembers, and stops when told to."""

    def __init__(self, stop_at: float = 2.0) -> None:
        self.reports: list[tuple[float, str]] = []
        self.stop_at = stop_at
        self.cancelled = False

    def report(self, fraction: float, stage: str) -> None:
        self.reports.append((fraction, stage))
        if fraction >= self.stop_at:
            raise Cancelled


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


def test_returns_mapped_read_only_arrays_and_what_they_cost(trick, tricks):
    loaded = load_in_process(trick("good"), spec=tricks.SPEC)
    positions = loaded.result.value.lods["2"].tiles.positions
    assert isinstance(positions, np.memmap)
    assert not positions.flags.writeable
    assert np.array_equal(positions, tricks.small_city().lods["2"].tiles.positions)
    assert loaded.folder.is_dir()
    assert not loaded.from_cache
    assert 5 < loaded.peak_memory_mib < 500
    assert loaded.seconds > 0


def test_loads_from_the_cache_the_second_time(trick, tricks, tmp_path):
    cache = ArrayCache(tmp_path / "cache")
    path = trick("good")
    first = load_in_process(path, spec=tricks.SPEC, cache=cache)
    second = load_in_process(path, spec=tricks.SPEC, cache=cache)
    assert (first.from_cache, second.from_cache) == (False, True)
    assert second.folder == first.folder
    assert second.result.value.objects.ids.to_list() == ["id-0"]
    path.write_text("trick good again")
    with pytest.raises(LoadError):
        load_in_process(path, spec=tricks.SPEC, cache=cache)


def test_drops_a_damaged_entry_and_loads_again(trick, tricks, tmp_path):
    cache = ArrayCache(tmp_path / "cache")
    path = trick("good")
    folder = load_in_process(path, spec=tricks.SPEC, cache=cache).folder
    (folder / "arrays.bin").write_bytes(b"\0" * 10)
    again = load_in_process(path, spec=tricks.SPEC, cache=cache)
    assert not again.from_cache
    assert load_in_process(path, spec=tricks.SPEC, cache=cache).from_cache


def test_opens_without_a_cache_that_cannot_be_written(trick, tricks, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    loaded = load_in_process(trick("good"), spec=tricks.SPEC, cache=ArrayCache(tmp_path / "cache"))
    assert loaded.folder.is_dir()


def test_passes_a_refusal_on_in_full(trick, tricks):
    with pytest.raises(LoadError, match="line 3 is crooked") as caught:
        load_in_process(trick("refuses"), spec=tricks.SPEC)
    error = caught.value
    assert (error.kind, error.place, error.remedy, error.path.name) == (
        "crooked",
        "line 3",
        "Straighten it.",
        "a.trick",
    )


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("segfaults", "crashed", "segmentation fault"),
        ("dies 6", "crashed", "abort"),
        ("dies 9", "crashed", "killed"),
        ("orphans", "crashed", "segmentation fault"),
        ("leaves_at_once", "crashed", "no answer"),
        ("leaves", "internal", "SystemExit"),
        ("raises", "internal", "a bug"),
        ("recurses", "too-deep", "nested too deep"),
        ("returns_rubbish", "internal", "not LoadResult"),
        ("returns_wrong_index", "internal", "out of range"),
        ("takes_memory_at_once", "memory", "more memory than"),
    ],
)
def test_a_failing_reader_is_one_clear_error(trick, tricks, tmp_path, text, kind, words):
    cache = ArrayCache(tmp_path / "cache")
    with pytest.raises(LoadError) as caught:
        load_in_process(trick(text), spec=tricks.SPEC, cache=cache)
    error = caught.value
    assert (error.kind, words in str(error)) == (kind, True), str(error)
    assert "\n" not in str(error)
    assert error.remedy
    assert list((tmp_path / "cache").iterdir()) == []
    assert load_in_process(trick("good"), spec=tricks.SPEC).result.format == "Tricks"


def test_keeps_what_a_crashed_reader_said(trick, tricks):
    process = LoadProcess(trick("dies 11"), spec=tricks.SPEC)
    process.start()
    process.wait()
    assert "last words" in process.poll().log
    assert "loader_tricks.py" in process.poll().log  # where it was, by faulthandler


def test_a_flood_of_output_is_kept_in_part(trick, tricks):
    log = load_in_process(trick("shouts"), spec=tricks.SPEC).log
    assert log.startswith("first words")
    assert "written past Python" in log
    assert len(log) < 300_000


def test_a_flood_of_progress_does_not_matter(trick, tricks):
    listener = Listener()
    loaded = load_in_process(trick("floods"), spec=tricks.SPEC, progress=listener)
    assert loaded.result.format == "Tricks"
    assert all(0.0 <= fraction <= 1.0 and len(stage) <= 200 for fraction, stage in listener.reports)


def test_memory_limit_counts_what_grows(trick, tricks):
    with pytest.raises(LoadError, match=r"0\.2 GiB") as caught:
        load_in_process(
            trick("takes_memory_slowly"), spec=tricks.SPEC, limits=WorkerLimits(memory_bytes=200 * limits.MIB)
        )
    assert caught.value.kind == "memory"


def test_time_limit(trick, tricks):
    with pytest.raises(LoadError, match="not read within 1 seconds") as caught:
        load_in_process(trick("sleeps"), spec=tricks.SPEC, limits=WorkerLimits(seconds=1.0))
    assert caught.value.kind == "time"


def test_cancel_kills_the_worker_and_its_children_and_removes_its_files(trick, tricks, tmp_path):
    cache = ArrayCache(tmp_path / "cache")
    process = LoadProcess(trick("forks_and_sleeps"), spec=tricks.SPEC, cache=cache)
    process.start()
    assert until(lambda: process.poll().stage.startswith("child"))
    words = process.poll().stage.split()
    pids = [int(words[1]), int(words[3])]
    assert all(alive(pid) for pid in pids)
    process.cancel()
    assert process.wait(60.0)
    assert until(lambda: not any(alive(pid) for pid in pids), 1.0)
    update = process.poll()
    assert (update.done, update.loaded, update.error) == (True, None, None)
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("way", ["flag", "raise"])
def test_a_blocking_load_stops_when_progress_says_so(trick, tricks, way):
    listener = Listener(stop_at=0.2 if way == "raise" else 2.0)
    timer = threading.Timer(0.3, lambda: setattr(listener, "cancelled", way == "flag"))
    timer.start()
    with pytest.raises(Cancelled):
        load_in_process(trick("sleeps"), spec=tricks.SPEC, progress=listener)
    timer.join()


def test_a_load_cancelled_before_it_starts_does_nothing(trick, tricks):
    process = LoadProcess(trick("sleeps"), spec=tricks.SPEC)
    assert not process.wait(0.0)
    process.cancel()
    process.start()
    assert process.wait(60.0)
    assert process.poll() == process.poll()
    assert process.poll().error is None


def test_a_file_that_changes_meanwhile_is_refused(trick, tricks, tmp_path):
    path = trick("grows_its_file")
    process = LoadProcess(path, spec=tricks.SPEC, cache=ArrayCache(tmp_path / "cache"))
    process.start()
    assert until(lambda: process.poll().stage == "Reading")
    with path.open("a") as file:
        file.write(" more")
    process.wait()
    error = process.poll().error
    assert error is not None
    assert error.kind == "changed"
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does this on Linux")
def test_workers_and_their_children_end_with_a_killed_parent(trick, tmp_path):
    path = trick("forks_and_sleeps")
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import loader_tricks; from pathlib import Path\n"
        "from loaders.worker import LoadProcess; import time\n"
        f"p = LoadProcess(Path({str(path)!r}), spec=loader_tricks.SPEC); p.start()\n"
        "while not p.poll().stage.startswith('child'): time.sleep(0.01)\n"
        "print(p.poll().stage, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}
    )
    assert parent.stdout is not None
    words = parent.stdout.readline().split()
    parent.stdout.close()
    pids = [int(words[1]), int(words[3])]
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert until(lambda: not any(alive(pid) for pid in pids))


def test_leaving_the_program_ends_running_loads(trick, tmp_path):
    path = trick("forks_and_sleeps")
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import loader_tricks; from pathlib import Path\n"
        "from loaders.worker import LoadProcess; import time\n"
        f"p = LoadProcess(Path({str(path)!r}), spec=loader_tricks.SPEC); p.start()\n"
        "while not p.poll().stage.startswith('child'): time.sleep(0.01)\n"
        "print(p.poll().stage, flush=True)"
    )
    home = tmp_path / "tmp"
    home.mkdir()
    out = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"TMPDIR": str(home)},
        timeout=120,
    )
    words = out.stdout.split()
    assert until(lambda: not alive(int(words[1])) and not alive(int(words[3]))), out.stderr
    assert out.stderr == ""
    assert list(home.iterdir()) == []


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        yield listening


def connections(server: socket.socket) -> int:
    try:
        server.accept()[0].close()
    except TimeoutError:
        return 0
    return 1


def test_python_code_in_a_worker_cannot_write_connect_or_run(trick, tricks, tmp_path, server):
    outside = tmp_path / "outside"
    outside.mkdir()
    path = trick(f"misbehaves {outside} {server.getsockname()[1]}")
    loaded = load_in_process(path, spec=tricks.SPEC)
    assert [issue.message for issue in loaded.result.issues] == []
    assert list(outside.iterdir()) == []
    assert path.exists()
    assert connections(server) == 0


def test_native_code_in_a_worker_cannot_either(trick, tricks, tmp_path, server):
    probe = subprocess.run(
        [
            *(sys.executable, "-c"),
            "from loaders import sandbox; print(*sandbox.lock_down([]))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=HERE.parents[1],
    )
    if {"landlock-files", "seccomp"} - set(probe.stdout.split()):
        pytest.skip(f"this kernel grants only: {probe.stdout.strip() or 'nothing'}")
    outside = tmp_path / "outside"
    outside.mkdir()
    path = trick(f"misbehaves_natively {outside} {server.getsockname()[1]}")
    possible = {issue.message for issue in load_in_process(path, spec=tricks.SPEC).result.issues}
    assert possible <= {"signal-parent"}  # scoped by kernels from 6.12 on
    assert list(outside.iterdir()) == []
    assert path.exists()


@pytest.mark.parametrize(("attempts", "count"), [("misbehaves", 13), ("misbehaves_natively", 9)])
def test_the_attempts_do_succeed_without_a_fence(trick, tmp_path, server, attempts, count):
    outside = tmp_path / "outside"
    outside.mkdir()
    path = trick("x")
    code = (
        f"import sys; sys.path.insert(0, {str(HERE)!r}); import loader_tricks; from pathlib import Path\n"
        f"r = loader_tricks.{attempts}(Path({str(path)!r}), None, {str(outside)!r}, {str(server.getsockname()[1])!r})\n"
        "print(*(issue.message for issue in r.issues))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    possible = set(out.stdout.split()) - {"packet"}  # that one needs an administrator
    assert len(possible) == count


def test_the_fence_leaves_what_loaders_need_and_hides_the_environment(trick, tricks, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("http_proxy", "http://x")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    names = [issue.message for issue in load_in_process(trick("uses_what_it_may"), spec=tricks.SPEC).result.issues]
    assert "PATH" in names
    assert not {"SECRET_TOKEN", "http_proxy", "PYTHONDONTWRITEBYTECODE"} & set(names)


def test_modules_in_the_current_folder_are_not_imported(trick, tricks, tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('hijacked')")
    path = trick("good")
    monkeypatch.chdir(tmp_path)
    assert load_in_process(path, spec=tricks.SPEC).result.format == "Tricks"


def test_a_frozen_bundle_starts_itself_as_a_worker(trick, tricks, tmp_path, monkeypatch):
    bundle = tmp_path / "bundle"
    bundle.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(HERE.parents[1])!r})\n"
        "from loaders.worker import run_worker_if_asked\nrun_worker_if_asked(sys.argv)\nsys.exit(99)\n"
    )
    bundle.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(bundle))
    assert load_in_process(trick("good"), spec=tricks.SPEC).result.format == "Tricks"


def test_limits_grow_with_the_file_but_not_beyond_the_computer():
    small, large = WorkerLimits().for_file(1000), WorkerLimits().for_file(100 * limits.MIB)
    assert small.seconds < large.seconds <= WorkerLimits().for_file(10**15).seconds
    assert small.memory_bytes <= large.memory_bytes
    assert WorkerLimits().for_file(10**15).memory_bytes <= 0.7 * limits.total_memory()
    assert WorkerLimits().for_file(1000, packed=True).seconds >= small.seconds
    assert WorkerLimits(memory_bytes=5, seconds=6.0).for_file(10**9).memory_bytes == 5


def test_tree_memory_counts_shared_pages_once():
    code = (
        "import os, time; block = bytearray(b'x') * (100 << 20); child = os.fork()\n"
        "if child == 0: time.sleep(60)\n"
        "print(child, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        if sys.platform == "linux":
            assert 100 < limits.tree_memory(process.pid) / limits.MIB < 150
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_tree_memory_of_a_process_that_ended_is_nothing():
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    assert limits.tree_memory(process.pid) == 0


def test_own_peak_is_measured():
    block = np.ones(8 << 20)
    assert limits.own_peak_bytes() > block.nbytes


def test_seccomp_program_is_whole_instructions_and_jumps_stay_inside():
    program = sandbox._filter(*sandbox._CALLS["x86_64"])
    assert len(program) % 8 == 0
    count = len(program) // 8
    for i in range(count):
        yes, no = program[8 * i + 2], program[8 * i + 3]
        assert i + 1 + max(yes, no) < count or (yes, no) == (0, 0)
