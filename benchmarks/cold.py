"""From a program's start to its first picture of a small town: `citiverse` beside F3D and PyVista.

Every run is a new process; Citiverse starts with an empty home, so its cache of arrays cannot help. F3D and PyVista
cannot read CityJSON: they are given the same triangles as a binary PLY. Windows are timed by watching the screen.

Then from a file of a whole city to its first picture, twice: the whole process, and a program that runs already (its
view is there, its shaders are compiled, a process waits for a file, nothing of the file is kept), as a viewer in a
browser that is open.

    python -m benchmarks.cold [--runs 3] [--city linz] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.load import inputs
from benchmarks.rows import Row, run
from benchmarks.screen import Screen
from loaders.api import LoadOptions, NoProgress
from loaders.cityjson import load
from loaders.worker import prepare_worker
from viewer.demo.files import write_demo

F3D_PICTURE = """
import f3d, sys
engine = f3d.Engine.create(True)
engine.window.size = 1280, 720
engine.scene.add(sys.argv[1])
engine.window.render_to_image().save(sys.argv[2])
"""
PYVISTA_PICTURE = """
import pyvista, sys
plotter = pyvista.Plotter(off_screen=True, window_size=(1280, 720))
plotter.add_mesh(pyvista.read(sys.argv[1]))
plotter.screenshot(sys.argv[2])
"""
PYVISTA_WINDOW = """
import pyvista, sys
plotter = pyvista.Plotter(window_size=(1600, 1000))
plotter.add_mesh(pyvista.read(sys.argv[1]))
plotter.show()
"""


PEERS = {"linz": 6.6, "delfshaven": 14.1, "delft": 11.1}
"""Seconds of the CityJSON viewer "ninja" in Chromium, which runs already, from the same files to the first frame.
Measured once on two cores of the same kind of machine with software OpenGL; not run again by this benchmark."""
SIZE = (1280, 800)


def write_ply(source: Path, target: Path) -> int:
    """All triangles of the finest LoD, trees and lamps too, as a binary PLY (float32); returns their number."""
    mesh = list(load(source, LoadOptions(), NoProgress()).value.lods.values())[-1]
    tiles, zero = mesh.tiles, mesh.tiles.origins.min(axis=0)
    points, faces, count = [], [], 0
    for k, origin in enumerate(tiles.origins):
        low, high = tiles.vertex_start[k : k + 2]
        first, last = tiles.triangle_start[k : k + 2]
        points.append(tiles.positions[low:high] + (origin - zero))
        faces.append(tiles.triangles[first:last] + count)
        count += high - low
    for group in mesh.instances:
        for matrix in group.matrices:
            points.append(group.template.positions @ matrix[:3, :3].T + (matrix[:3, 3] - zero))
            faces.append(group.template.triangles + count)
            count += len(group.template.positions)
    corner, triangle = np.concatenate(points), np.concatenate(faces)
    rows = np.empty(len(triangle), [("n", "u1"), ("v", "<i4", 3)])
    rows["n"], rows["v"] = 3, triangle
    head = (
        f"ply\nformat binary_little_endian 1.0\nelement vertex {len(corner)}\nproperty float x\nproperty float y\n"
        f"property float z\nelement face {len(triangle)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    target.write_bytes(head.encode() + corner.astype("<f4").tobytes() + rows.tobytes())
    return len(triangle)


def timed(command: list[str], picture: Path, env: dict[str, str]) -> float:
    """Seconds until the command has ended and left its picture. RuntimeError where it did not."""
    picture.unlink(missing_ok=True)
    start = time.perf_counter()
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode or not picture.is_file():
        raise RuntimeError((done.stderr.strip().splitlines() or ["no picture"])[-1])
    return seconds


def several(what: str, program: str, runs: int, once: Callable[[int], float], note: str) -> Row:
    """The median of some runs as a row; a failure as a row without a value."""
    try:
        values = [once(k) for k in range(runs)]
    except (RuntimeError, OSError) as error:
        return Row(what, program, None, "s", f"failed: {error}")
    return Row(what, program, median(values), "s", f"{note}; {runs} runs, slowest {max(values):.2f}")


def measure(options: argparse.Namespace) -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory(prefix="citiverse-cold-") as name:
        folder = Path(name)
        town, ply, picture = write_demo(folder / "demo").city, folder / "town.ply", folder / "out.png"
        count = write_ply(town, ply)
        own = [sys.executable, "-m", "viewer"]
        runs, shape = options.runs, f"{town.stat().st_size / 1e6:.1f} MB, {count:,} triangles"

        def render(k: int) -> float:
            return timed([*own, "render", str(town), "-o", str(picture)], picture, home(k, "render"))

        def home(k: int, kind: str) -> dict[str, str]:
            return {"CITIVERSE_HOME": str(folder / f"home-{kind}-{k}")}

        what = "cold start to picture file"
        rows = [several(what, "Citiverse", runs, render, shape)]
        for program, module, script in (("F3D", "f3d", F3D_PICTURE), ("PyVista", "pyvista", PYVISTA_PICTURE)):
            if importlib.util.find_spec(module) is None:
                rows.append(Row(what, program, None, "s", "not installed"))
                continue
            command = [sys.executable, "-c", script, str(ply), str(picture)]
            rows.append(several(what, program, runs, lambda _, c=command: timed(c, picture, {}), "PLY of the same"))
        rows += windows(own, town, ply, runs, home)
        rows += cities(own, options, picture, home)
        return rows


def cities(
    own: list[str], options: argparse.Namespace, picture: Path, home: Callable[[int, str], dict[str, str]]
) -> list[Row]:
    """From the file of each city to its first picture, beside what a peer took earlier."""
    rows: list[Row] = []
    for name, path in inputs().items():
        if options.city and name not in options.city:
            continue

        def whole(k: int, name: str = name, path: Path = path) -> float:
            size = "x".join(map(str, SIZE))
            command = [*own, "render", str(path), "-o", str(picture), "--size", size]
            return timed(command, picture, home(k, f"whole-{name}"))

        def warm(k: int, which: int = 0, name: str = name, path: Path = path) -> float:
            command = [sys.executable, "-m", "benchmarks.cold", "--warm", str(path)]
            env = {**os.environ, **home(k, f"warm-{name}")}
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError((done.stderr.strip().splitlines() or ["no picture"])[-1])
            return float(done.stdout.split()[which])

        what, peer = f"file to first picture, {name}", PEERS[name]
        shaded = partial(warm, which=1)
        ways = (("whole process", whole), ("program running", warm), ("program running, shadows", shaded))
        for how, once in ways:
            row = several(what, f"Citiverse, {how}", options.runs, once, f"{path.stat().st_size / 1e6:.0f} MB")
            if row.value is not None:
                row = replace(row, note=f"{peer / row.value:.1f} x as fast as the peer; {row.note}")
            rows.append(row)
        rows.append(Row(what, "ninja in a running Chromium", peer, "s", "figure of an earlier run, not taken here"))
    return rows


def running(path: Path) -> tuple[float, float]:
    """Seconds from `file.open` in a program whose view and shaders are there: to the first picture, which a window
    shows without shadows, and to the one with them."""
    from viewer.cli_picture import EarlyView, showing
    from viewer.cli_scene import load_paths, make_session

    session, early = make_session(), EarlyView(SIZE)
    prepare_worker()  # as a window does when it has nothing else to do
    early.prepare()
    time.sleep(0.5)
    start = time.perf_counter()
    load_paths(session, [str(path)])
    session.home()
    with showing(session, SIZE, early) as view:
        for _ in view.scene.render_steps(None, refine=False):
            pass
        view.scene.pixels()
        first = time.perf_counter() - start
        view.image()
        complete = time.perf_counter() - start
    session.close()
    return first, complete


def windows(own: list[str], town: Path, ply: Path, runs: int, home: Callable[[int, str], dict[str, str]]) -> list[Row]:
    """Rows of windows on a screen of our own."""
    what = "cold start to picture in window"
    if not Screen.possible():
        return [Row(what, "Citiverse", None, "s", "needs Xvfb")]
    pages: list[np.ndarray] = []

    def start_page(k: int) -> float:
        seconds, page = screen.first_picture(own, home(k, "start"))
        pages.append(page)
        return seconds

    def opened(k: int) -> float:
        return screen.first_picture([*own, "open", str(town)], home(k, "window"), pages[-1])[0]

    def pyvista(_: int) -> float:
        return screen.first_picture([sys.executable, "-c", PYVISTA_WINDOW, str(ply)], {})[0]

    with Screen() as screen:
        rows = [several("cold start to start page", "Citiverse", runs, start_page, "1600 x 1000")]
        if pages:
            rows.append(several(what, "Citiverse", runs, opened, "1600 x 1000"))
        if importlib.util.find_spec("pyvista") is None:
            return [*rows, Row(what, "PyVista", None, "s", "not installed")]
        return [*rows, several(what, "PyVista", runs, pyvista, "PLY of the same")]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cold", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each (default 3)")
    parser.add_argument("--city", action="append", choices=list(PEERS), help="only this city, in the last rows")
    parser.add_argument("--warm", type=Path, help=argparse.SUPPRESS)
    if (city := parser.parse_known_args()[0].warm) is not None:
        print(*running(city))
        sys.exit(0)
    sys.exit(run(measure, parser))
