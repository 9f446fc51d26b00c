"""Loaders that behave and misbehave, for tests of what surrounds them. The file's text says what to do."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from loaders.api import Issue, LoadError, LoaderSpec, LoadOptions, LoadResult, Progress, Severity
from loaders.city import CityData, CrsInfo, LodMesh, ObjectTable, Strings, SurfaceTable, TileSet


def sniff(head: bytes, path: Path) -> int:
    return 80 if head.startswith(b"trick") else 0


SPEC = LoaderSpec("Tricks", (".trick",), sniff, "loader_tricks:load")


def small_city(triangles: int = 2, rows: int = 1) -> CityData:
    vertices = 3 * triangles
    table = ObjectTable(
        Strings.from_list([f"id-{i}" for i in range(rows)]),
        np.zeros(rows, np.int16),
        ("Building",),
        np.zeros(rows + 1, np.int64),
        np.zeros(0, np.int32),
    )
    tiles = TileSet(
        np.zeros((1, 3)),
        np.array([[0.0, 0, 0, 1, 1, 0]]),
        np.array([0, vertices]),
        np.array([0, triangles]),
        np.tile(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32), (triangles, 1)),
        np.zeros((vertices, 2), np.float32),
        np.arange(vertices, dtype=np.int32).reshape(-1, 3),
    )
    surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
    mesh = LodMesh("2", tiles, np.ones(rows, np.bool_), triangles / 2)
    return CityData("tricks", CrsInfo(None), np.array([0.0, 0, 0, 1, 1, 0]), table, surfaces, {"2": mesh})


def result(city: CityData | None = None, *told: str) -> LoadResult:
    issues = tuple(Issue(Severity.INFO, "told", text) for text in told)
    return LoadResult(city or small_city(), "Tricks", "1", issues)


def load(path: Path, options: LoadOptions, progress: Progress) -> LoadResult:
    _, trick, *rest = path.read_text().split()
    return globals()[trick](path, progress, *rest)


def good(path: Path, progress: Progress) -> LoadResult:
    progress.report(0.5, "Halfway")
    return result()


def refuses(path: Path, progress: Progress) -> LoadResult:
    raise LoadError(path, "line 3 is crooked.", place="line 3", remedy="Straighten it.", kind="crooked")


def dies(path: Path, progress: Progress, number: str) -> LoadResult:
    print("last words", file=sys.stderr, flush=True)
    os.kill(os.getpid(), int(number))
    raise AssertionError("still here")


def segfaults(path: Path, progress: Progress) -> LoadResult:
    ctypes.string_at(8)
    raise AssertionError("still here")


def leaves(path: Path, progress: Progress) -> LoadResult:
    sys.exit(7)


def leaves_at_once(path: Path, progress: Progress) -> LoadResult:
    os._exit(0)


def raises(path: Path, progress: Progress) -> LoadResult:
    raise KeyError("a bug")


def recurses(path: Path, progress: Progress) -> LoadResult:
    return recurses(path, progress)


def takes_memory_slowly(path: Path, progress: Progress) -> LoadResult:
    kept = []
    while True:
        kept.append(np.ones(2 << 20))
        time.sleep(0.005)


def takes_memory_at_once(path: Path, progress: Progress) -> LoadResult:
    np.ones(1 << 40)
    raise AssertionError("that much memory")


def sleeps(path: Path, progress: Progress) -> LoadResult:
    progress.report(0.25, "Sleeping")
    time.sleep(60)
    raise AssertionError("not woken")


def forks_and_sleeps(path: Path, progress: Progress) -> LoadResult:
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    progress.report(0.5, f"child {child} parent {os.getpid()}")
    time.sleep(60)
    raise AssertionError("not killed")


def orphans(path: Path, progress: Progress) -> LoadResult:
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    os.kill(os.getpid(), 11)
    raise AssertionError("still here")


def floods(path: Path, progress: Progress) -> LoadResult:
    for i in range(200_000):
        progress.report(i / 200_000, f"stage {i}")
    progress.report(float("nan"), "x" * 10_000)
    return result()


def shouts(path: Path, progress: Progress) -> LoadResult:
    print("first words")
    for _ in range(20_000):
        print("x" * 100)
    os.write(1, b"written past Python\n")
    return result()


def returns_rubbish(path: Path, progress: Progress) -> object:
    return {"not": "a result"}


def returns_wrong_index(path: Path, progress: Progress) -> LoadResult:
    city = small_city()
    city.lods["2"].tiles.triangles[0, 0] = 2**31 - 1
    return result(city)


def grows_its_file(path: Path, progress: Progress) -> LoadResult:
    progress.report(0.5, "Reading")
    time.sleep(1.0)
    return result()


def misbehaves(path: Path, progress: Progress, outside: str, port: str) -> LoadResult:
    """Try everything that is not allowed, by Python's doors; tell what was possible."""
    attempts = {
        "write": lambda: Path(outside, "written").write_text("x"),
        "append": lambda: os.open(path, os.O_WRONLY | os.O_APPEND),
        "rename": lambda: path.rename(path.with_name("moved")).rename(path),
        "chmod": lambda: path.chmod(0o777),
        "mkdir": lambda: Path(outside, "made").mkdir(),
        "symlink": lambda: Path(outside, "linked").symlink_to(path),
        "remove": lambda: path.unlink(),
        "connect": lambda: socket.create_connection(("127.0.0.1", int(port)), 1.0),
        "listen": lambda: socket.create_server(("127.0.0.1", 0)),
        "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "resolve": lambda: socket.getaddrinfo("localhost", 80),
        "run": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
        "system": lambda: os.system("true"),
    }
    return result(None, *_possible(attempts))


def misbehaves_natively(path: Path, progress: Progress, outside: str, port: str) -> LoadResult:
    """The same by the C library, where Python cannot look."""
    libc = ctypes.CDLL(None, use_errno=True)
    target = os.fsencode(outside)

    def call(name: str, *args: object) -> None:
        if getattr(libc, name)(*args) < 0:
            raise OSError(ctypes.get_errno(), name)

    def run() -> None:
        child = os.fork()
        if child == 0:
            libc.execv(b"/bin/true", (ctypes.c_char_p * 2)(b"/bin/true", None))
            os._exit(42)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42:
            raise PermissionError("refused")

    attempts = {
        "write": lambda: call("open", target + b"/written", os.O_WRONLY | os.O_CREAT, 0o600),
        "mkdir": lambda: call("mkdir", target + b"/made", 0o700),
        "symlink": lambda: call("symlink", os.fsencode(path), target + b"/linked"),
        "remove": lambda: call("unlink", os.fsencode(path)),
        "stream": lambda: call("socket", int(socket.AF_INET), int(socket.SOCK_STREAM), 0),
        "datagram": lambda: call("socket", int(socket.AF_INET6), int(socket.SOCK_DGRAM), 0),
        "packet": lambda: call("socket", 17, int(socket.SOCK_RAW), 0),
        "leave-group": lambda: call("setsid"),
        "signal-parent": lambda: call("kill", os.getppid(), 0),
        "run": run,
    }
    return result(None, *_possible(attempts))


def uses_what_it_may(path: Path, progress: Progress) -> LoadResult:
    """Temporary files, local socket pairs, forked children and reading stay possible."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a").write_text("x")
        Path(folder, "a").rename(Path(folder, "b"))
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    left, right = socket.socketpair()
    left.close()
    right.close()
    child = os.fork()
    if child == 0:
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    with Path(os.devnull).open("w") as null:
        null.write("x")
    assert Path(__file__).read_text()
    return result(None, *(sorted(os.environ)))


def _possible(attempts: dict[str, object]) -> list[str]:
    done = []
    for name, attempt in attempts.items():
        try:
            attempt()  # type: ignore[operator]
        except (PermissionError, OSError):
            continue
        done.append(name)
    return done
