"""What every test stands on: a home of its own, the real data, and the checks that nothing is left behind.

Nothing here imports Qt or VTK: a test that uses neither must not pay for them. The leak checks look at
``sys.modules`` and act only when the test itself brought the toolkit in.
"""

from __future__ import annotations

import contextlib
import gc
import getpass
import hashlib
import itertools
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from pytestqt.qtbot import QtBot

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

WATCHED = (
    ("viewer.render.scene", "SceneView"),
    ("vtkmodules.vtkRenderingCore", "vtkRenderWindow"),
    ("vtkmodules.vtkRenderingCore", "vtkRenderer"),
    ("vtkmodules.vtkRenderingCore", "vtkRenderWindowInteractor"),
    ("PySide6.QtCore", "QThread"),
)
"""Classes of which no new instance that is still at work may survive a test, subclasses included."""

PATIENCE_MS = 60_000
"""How long a test waits for a window unless it says otherwise: a machine that does much else must fail none."""

ENDING_SECONDS = 10.0
"""How long what a test started may take to end once it was told to."""

LASTING = ("resource_tracker", "forkserver", "Xvfb")
"""Child processes that are meant to live as long as the test run."""

NOISE = re.compile(
    r"GL_INVALID|GL error|OpenGL error|X Error of failed request|BadWindow|BadDrawable|BadMatch"
    r"|vtk\w+ \(0x[0-9a-f]+\): |\bERR\||\bWARN\||Generic Warning: In |QOpenGL\w+: |QPainter::|QThread: Destroyed"
    r"|Could not connect to display"
)
"""What OpenGL, X, VTK and Qt write to standard error when something is wrong, past Python's own warnings."""

HARMLESS = re.compile(r"Failed to get (red|green|blue|alpha|depth|stencil) (color )?buffer size \(1282\)")
"""Said by VTK's capability report on EGL windows, which has no such buffer; nothing is drawn wrongly."""


def _wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Poll ``done`` for a while: threads and processes need a moment to end after they were told to."""
    limit = time.monotonic() + seconds
    while not done():
        if time.monotonic() > limit:
            return False
        time.sleep(0.01)
    return True


def _demo_place() -> str:
    """A folder for the demo's files that all tests of a user share, a new one for every change of what makes them."""
    sources = [*sorted((ROOT / "viewer" / "demo").glob("*.py")), Path(__file__)]
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    return str(Path(tempfile.gettempdir()) / f"citiverse-demo-tests-{getpass.getuser()}-{mark}")


os.environ.setdefault("CITIVERSE_DEMO", _demo_place())


# --- surroundings --------------------------------------------------------------------------------------------


EXPLORE = "CITIVERSE_EXPLORE"
"""Set it to have property tests try new examples in every run; else each tries the same ones always."""


def _same_examples_always() -> None:
    """Have property tests draw the same examples in every process.

    Hypothesis also tries numbers and words that stand in the source of the modules imported so far: those differ with
    the tests that a worker happened to run before.
    """
    settings.register_profile("steady", derandomize=True, deadline=None)
    settings.load_profile("steady")
    nothing = providers.Constants()
    providers._get_local_constants = lambda: nothing


def pytest_configure(config: pytest.Config) -> None:
    """Settle what child processes and toolkits read from the environment, before anything is imported."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background; programs inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if EXPLORE in os.environ:
        settings.register_profile("exploring", deadline=None)
        settings.load_profile("exploring")
    else:
        _same_examples_always()
    os.environ.pop("QT_QPA_PLATFORMTHEME", None)
    os.environ.setdefault("QT_ACCESSIBILITY", "0")
    os.environ.setdefault("NO_AT_BRIDGE", "1")
    os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.setdefault("LP_NUM_THREADS", "1")  # Mesa: the workers share the cores already
    for wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals, QtBot.waitActive, QtBot.waitExposed):
        wait.__kwdefaults__["timeout"] = PATIENCE_MS


@pytest.fixture(scope="module", autouse=True)
def _older_objects_rest() -> None:
    """Leave out of the searches for leaks what is older than this file's tests: a million objects, twice a test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """New folders. Pytest's own numbered ones are found by listing all earlier ones, which are thousands here."""
    place = tmp_path_factory.mktemp("homes", numbered=False)
    return (place / f"home{number}" for number in itertools.count())


@pytest.fixture(autouse=True)
def citiverse_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh home (settings, caches, recovery) per test, so that no test sees the user's or another's."""
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("CITIVERSE_HOME", str(home))
    monkeypatch.setenv("CITIVERSE_CACHE", str(home / "arrays"))
    return home


CENTRE, REACH = (1972.0, 2026.0), 330.0
"""The market square from the town's origin, and how much of the town around it is enough here, metres."""


def _first_vertex(boundaries: Any) -> int:
    while isinstance(boundaries, list):
        boundaries = boundaries[0]
    return int(boundaries)


def _renumber(boundaries: Any, kept: dict[int, int]) -> Any:
    if isinstance(boundaries, list):
        return [_renumber(part, kept) for part in boundaries]
    return kept.setdefault(boundaries, len(kept))


def _cut_city(source: Path, target: Path, origin: tuple[float, float]) -> None:
    """The objects of a town near its market square."""
    import numpy as np
    import orjson

    city = orjson.loads(source.read_bytes())
    scale, shift = city["transform"]["scale"], city["transform"]["translate"]
    xy = np.asarray(city["vertices"], float)[:, :2] * scale[:2] + shift[:2]
    near = np.abs(xy - np.add(origin, CENTRE)).max(axis=1) < REACH

    def stays(thing: dict[str, Any]) -> bool:
        shapes = [g for g in thing.get("geometry", ()) if g["boundaries"]]
        return all(near[_first_vertex(g["boundaries"])] for g in shapes)

    things = {key: thing for key, thing in city["CityObjects"].items() if stays(thing)}
    things = {k: t for k, t in things.items() if all(p in things for p in t.get("parents", ()))}
    kept: dict[int, int] = {}
    for thing in things.values():
        if "children" in thing:
            thing["children"] = [child for child in thing["children"] if child in things]
        for shape in thing.get("geometry", ()):
            shape["boundaries"] = _renumber(shape["boundaries"], kept)
    whole = {k: t for k, t in things.items() if t.get("geometry") or t.get("children")}
    city["CityObjects"] = whole
    city["vertices"] = [city["vertices"][old] for old in kept]
    city["metadata"].pop("geographicalExtent", None)
    target.write_bytes(orjson.dumps(city))


def _cut_terrain(source: Path, target: Path, origin: tuple[float, float]) -> None:
    import numpy as np
    import rasterio
    from rasterio.transform import Affine
    from rasterio.windows import Window

    x, y = np.add(origin, CENTRE)
    with rasterio.open(source) as whole:
        left, step, top = whole.transform.c, whole.transform.a, whole.transform.f
        column, row, size = round((x - REACH - left) / step), round((top - y - REACH) / step), round(2 * REACH / step)
        window = Window(column, row, size, size)
        moved = Affine(step, 0.0, left + column * step, 0.0, -step, top - row * step)
        profile = {**whole.profile, "width": size, "height": size, "transform": moved}
        with rasterio.open(target, "w", **profile) as part:
            part.write(whole.read(window=window))
            part.update_tags(**whole.tags())
            part.descriptions = whole.descriptions


@pytest.fixture(scope="session")
def small_demo() -> Path:
    """The demo's files cut down to its middle, so that a software renderer is quick; shared by all runs."""
    from viewer.demo.files import demo_files, demo_folder, files_in
    from viewer.demo.writer import ORIGIN

    place = Path(os.environ["CITIVERSE_DEMO"] + "-small")
    done = place / demo_folder().name
    if not done.is_dir():
        whole = demo_files()
        place.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=place))
        part = files_in(work)
        _cut_city(whole.city, part.city, ORIGIN[:2])
        _cut_terrain(whole.terrain, part.terrain, ORIGIN[:2])
        shutil.copy(whole.layers, part.layers)
        part.scenarios.mkdir()
        (part.scenarios / "index.json").write_text("[]")  # none: computing them takes half a minute
        try:
            work.rename(done)
        except OSError:
            shutil.rmtree(work)  # another run was faster
    return place


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout."""
    return ROOT


def _data_folder() -> Path:
    named = os.environ.get("CITIVERSE_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with the real files of many makers; tests that need it are skipped where it is absent."""
    folder = _data_folder()
    if not folder.is_dir():
        pytest.skip("the folder with real data is absent (name it in CITIVERSE_DATA)")
    return folder


@pytest.fixture
def data_file(data_dir: Path) -> Callable[[str], Path]:
    """Turn ``"cityjson/cjio/x.json"`` into a path; skips where that one file is absent."""

    def find(relative: str) -> Path:
        path = data_dir / relative
        if not path.exists():
            pytest.skip(f"{relative} is not among the real data here")
        return path

    return find


@pytest.fixture(scope="session")
def qapp_cls() -> Any:
    """The application as the program makes it, with shared OpenGL contexts and the canvas's format."""
    from PySide6.QtCore import QCoreApplication, Qt
    from PySide6.QtWidgets import QApplication

    from viewer.ui.gl_format import install_format

    if QCoreApplication.instance() is None:
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
        install_format()
    return QApplication


# --- nothing may be left behind ------------------------------------------------------------------------------
#
# These fixtures are set up after fixtures of wider scope and before all others of a test, so they are torn down
# last: a window shared by a module is no leak, one made by a test is.


@pytest.fixture(autouse=True)
def no_leaked_work() -> Iterator[None]:
    """Python threads and child processes that a test started must have ended with it."""
    threads_before = set(threading.enumerate())
    children_before = _children()
    yield

    def left() -> list[str]:
        threads = [t.name for t in threading.enumerate() if t not in threads_before]
        processes = [f"process {pid} ({name})" for pid, name in _children().items() if pid not in children_before]
        return [f"thread {name}" for name in threads if not name.startswith("pytest")] + processes

    if not _wait_until(lambda: not left(), ENDING_SECONDS):
        names = left()
        for child in multiprocessing.active_children():
            child.kill()
            child.join(2.0)
        pytest.fail(f"outlived the test: {', '.join(names)}")


def _children() -> dict[int, str]:
    """Child processes by id with their command; those that are meant to last are left out."""
    multiprocessing.active_children()  # collects those that have ended
    pids: set[int] = {child.pid for child in multiprocessing.active_children() if child.pid}
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            pids |= {int(word) for word in task.read_text().split()}
    names = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            names[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:200]
    return {pid: name for pid, name in names.items() if name and not any(word in name for word in LASTING)}


@pytest.fixture(autouse=True)
def no_leaked_objects() -> Iterator[None]:
    """No window, no running Qt thread, no render window of a test may be left."""
    widgets_before = {id(widget) for widget in _top_level_widgets()}
    watched_before = {id(thing) for thing in _watched()}
    yield

    def left() -> list[str]:
        widgets = [w for w in _top_level_widgets() if id(w) not in widgets_before]
        things = [t for t in _watched() if id(t) not in watched_before]
        return [f"{type(w).__name__} {w.objectName()!r}" for w in widgets] + [type(t).__name__ for t in things]

    def gone() -> bool:
        gc.collect()
        _drain_qt()
        return not left()

    _drain_qt()
    if left() and not _wait_until(gone, ENDING_SECONDS):
        pytest.fail(f"left behind: {', '.join(left())}")


def _drain_qt() -> None:
    """Run what Qt put off: ``deleteLater`` only happens inside an event loop."""
    core: Any = sys.modules.get("PySide6.QtCore")
    app = core.QCoreApplication.instance() if core is not None else None
    if app is not None:
        for _ in range(2):
            core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)
            app.processEvents()


def _top_level_widgets() -> list[Any]:
    """Windows that Qt knows, hidden ones included."""
    widgets: Any = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    return [w for w in widgets.QApplication.topLevelWidgets() if w.parent() is None]


def _watched() -> list[Any]:
    """Living instances of the `WATCHED` classes that are still at work."""
    kinds: set[type] = set()
    for module, name in WATCHED:
        if module in sys.modules:
            kinds |= _with_subclasses(getattr(sys.modules[module], name))
    if not kinds:
        return []
    return [thing for thing in gc.get_objects() if type(thing) in kinds and _at_work(thing)]


def _with_subclasses(kind: type) -> set[type]:
    found = {kind}
    below: type
    for below in type.__subclasses__(kind):
        found |= _with_subclasses(below)
    return found


def _at_work(thing: Any) -> bool:
    """False for a closed scene and for a Qt thread that is the main one, has ended or is gone in C++."""
    if type(thing).__name__ == "SceneView":
        return not getattr(thing, "_closed", False)
    core: Any = sys.modules.get("PySide6.QtCore")
    if core is not None and isinstance(thing, core.QThread):
        alive = sys.modules["shiboken6"].isValid(thing)
        app = core.QCoreApplication.instance()
        return bool(alive and thing.isRunning() and (app is None or thing is not app.thread()))
    return True


# --- no noise ------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test during which OpenGL, X, VTK or Qt complained on the process's standard error.

    Those libraries write past ``sys.stderr``; pytest captures the file descriptor, so its report has the text.
    """
    report = yield
    if report.passed:
        text = "".join(text for title, text in report.sections if title == f"Captured stderr {report.when}")
        noise = [line for line in text.splitlines() if NOISE.search(line) and not HARMLESS.search(line)]
        if noise:
            report.outcome = "failed"
            report.longrepr = "OpenGL, X, VTK or Qt complained:\n" + "\n".join(noise[:8])
    return report


# --- a city of a few objects -----------------------------------------------------------------------------------


@pytest.fixture
def small_city() -> Callable[..., Any]:
    """``small_city([(id, type, parents, attributes, lods), ...], crs="EPSG:7415")`` -> `loaders.city.CityData`.

    Every object has, in each of its LoDs, one square of 10 m at (20 m x row, 0, 0) in the world of ``origin``.
    """
    import numpy as np

    from loaders.city import CityData, Column, CrsInfo, LodMesh, ObjectTable, Strings, SurfaceTable, TileSet

    def column(name: str, values: list[Any]) -> Column:
        present = np.array([value is not None for value in values])
        kinds = {type(value) for value in values if value is not None}
        if kinds == {bool}:
            return Column(name, "boolean", np.array([bool(v) for v in values]), present)
        if kinds == {int}:
            return Column(name, "integer", np.array([v or 0 for v in values], np.int64), present)
        if kinds <= {int, float}:
            return Column(name, "number", np.array([v or 0 for v in values], np.float64), present)
        texts = sorted({v for v in values if v is not None})
        codes = np.array([-1 if v is None else texts.index(v) for v in values], np.int32)
        return Column(name, "string", codes, present, Strings.from_list(texts))

    def mesh(lod: str, drawn: Any, origin: Any) -> LodMesh:
        rows = np.flatnonzero(drawn)
        square = np.array([(0, 0, 0), (10, 0, 0), (10, 10, 0), (0, 10, 5)], np.float32)
        positions = (np.repeat(rows, 4)[:, None] * (20, 0, 0) + np.tile(square, (len(rows), 1))).astype(np.float32)
        tags = np.stack([np.repeat(rows, 4), np.zeros(4 * len(rows))], 1).astype(np.float32)
        triangles = (np.arange(len(rows))[:, None, None] * 4 + np.array([(0, 1, 2), (0, 2, 3)])).reshape(-1, 3)
        low = positions.min(0, initial=0) + origin
        ends = np.array([0, len(positions)], np.int64), np.array([0, len(triangles)], np.int64)
        bounds = np.concatenate([low, positions.max(0, initial=0) + origin])[None]
        tiles = TileSet(origin[None], bounds, *ends, positions, tags, triangles.astype(np.int32))
        return LodMesh(lod, tiles, drawn, 100.0 * len(rows))

    def build(objects: Any, *, name: str = "town", crs: str | None = "EPSG:7415", origin: Any = (0, 0, 0)) -> CityData:
        ids = [entry[0] for entry in objects]
        types = list(dict.fromkeys(entry[1] for entry in objects))
        parents = [[ids.index(parent) for parent in entry[2]] for entry in objects]
        names = list(dict.fromkeys(key for entry in objects for key in entry[3]))
        columns = {key: column(key, [entry[3].get(key) for entry in objects]) for key in names}
        start = np.cumsum([0, *map(len, parents)]).astype(np.int64)
        table = ObjectTable(
            Strings.from_list(ids),
            np.array([types.index(entry[1]) for entry in objects], np.int16),
            tuple(types),
            start,
            np.array([row for rows in parents for row in rows], np.int32),
            columns,
        )
        lods = sorted({lod for entry in objects for lod in entry[4]})
        zero = np.array(origin, np.float64)
        meshes = {lod: mesh(lod, np.array([lod in entry[4] for entry in objects]), zero) for lod in lods}
        box = None
        if meshes:
            boxes = np.concatenate([m.tiles.bounds for m in meshes.values()])
            box = np.concatenate([boxes[:, :3].min(0), boxes[:, 3:].max(0)])
        surfaces = SurfaceTable(np.zeros(0, np.int16), (), np.zeros(0, np.int32))
        return CityData(name, CrsInfo(crs), box, table, surfaces, meshes)

    return build
