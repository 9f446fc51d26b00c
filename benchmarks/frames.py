"""Drawing: first picture, frames, recolouring, picking and memory from 1,000 to 1,000,000 houses.

The same mesh, cameras and picture size (1280 x 800, off-screen) in this program, in plain PyVista (one mesh with a
colour per cell, multisampling off and as it comes) and in F3D. Every measurement is a process of its own.

python -m benchmarks.frames [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.houses import make_town, soup
from benchmarks.rows import Row, run

SIZE = (1280, 800)
COUNTS = (1_000, 10_000, 100_000, 1_000_000)
QUICK = (1_000, 10_000, 100_000)
PROGRAMS = ("Citiverse", "PyVista, no MSAA", "PyVista", "F3D")
MOST = {"F3D": 100_000}
"""Houses asked of a program at most: F3D has no colours per object and reads a copy of the mesh."""
UNITS = {
    "first picture": "ms", "overview frame": "ms", "street frame": "ms",
    "recolour": "ms", "pick": "ms", "memory": "MiB",
}  # fmt: skip
HOW = {
    "first picture": "from arrays in memory to pixels",
    "overview frame": "median while turning, whole town in view",
    "street frame": "median while turning at street level",
    "recolour": "all colours changed and drawn, whole town in view",
    "pick": "what is under a pixel, second time",
    "memory": "resident, with the arrays, at most",
}


def orbit(bbox: np.ndarray, street: bool, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Eye and target of step 0, 1, ... around the middle of the town."""
    middle = (bbox[:3] + bbox[3:]) / 2
    size = float(np.linalg.norm(bbox[3:5] - bbox[:2]))
    angle = np.radians(225.0 + 2.0 * step)
    way = np.array([np.cos(angle), np.sin(angle), 0.0])
    if street:
        eye = middle + way * min(size / 4, 150.0)
        eye[2] = bbox[2] + 25.0
        return eye, middle - way * 100.0
    return middle + (way * np.cos(0.61) + [0, 0, np.sin(0.61)]) * size * 0.95, middle


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def repeat(act: Callable[[int], object], least: int = 3, limit: float = 4.0) -> float:
    """Median seconds of act(1), act(2), ...: at least three times, at most 20 or four seconds long."""
    times: list[float] = []
    while len(times) < least or (len(times) < 20 and sum(times) < limit):
        times.append(seconds(lambda: act(len(times) + 1)))
    return median(times)


class Ours:
    """This program: `SceneView` off-screen."""

    def __init__(self, count: int, program: str):
        from viewer.render.offscreen import OffscreenView

        self.city = make_town(count)
        self.view = OffscreenView(*SIZE)
        self.scene = self.view.scene
        self.scene.set_moving(True)
        self.street = False
        self.colours = np.zeros((count, 4), np.uint8)
        self.colours[:, 3] = 1

    def first(self) -> None:
        self.scene.attach("town", self.city)
        self.recolour(0)

    def look(self, step: int) -> None:
        from viewer.document.state import Camera

        eye, target = orbit(self.city.bbox, self.street, step)
        self.scene.set_camera(Camera(tuple(eye.tolist()), tuple(target.tolist())))
        self.scene.render()
        self.scene.window.WaitForCompletion()

    def recolour(self, step: int) -> None:
        from viewer.document.state import Camera
        from viewer.render.state import LayerLook, RenderState

        eye, target = orbit(self.city.bbox, self.street, 0)
        texels = self.colours.copy()
        texels[:, :3] = palette(len(texels), step)
        look = LayerLook("town", True, texels, "object", (0,), None, np.zeros(0, np.int64))
        self.scene.apply(RenderState(Camera(tuple(eye.tolist()), tuple(target.tolist())), (look,)))
        self.scene.render()
        self.scene.window.WaitForCompletion()

    def pick(self) -> int:
        found = self.scene.pick(SIZE[0] // 2, SIZE[1] // 2 + 40)
        return -1 if found is None else found.row

    def close(self) -> None:
        self.view.close()


class PyVista:
    """Plain PyVista, as its documentation shows it: one mesh, a colour per cell."""

    def __init__(self, count: int, program: str):
        import pyvista as pv

        if program.endswith("no MSAA"):
            pv.global_theme.multi_samples = 1
        city = make_town(count)
        self.bbox = city.bbox - np.tile(city.bbox[:3], 2)
        self.points, self.triangles, self.house = soup(city)
        self.count, self.street, self.plotter = count, False, pv.Plotter(off_screen=True, window_size=list(SIZE))

    def first(self) -> None:
        import pyvista as pv

        self.mesh = pv.PolyData.from_regular_faces(self.points, self.triangles)
        self.mesh.cell_data["rgb"] = palette(self.count, 0)[self.house]
        self.plotter.add_mesh(self.mesh, scalars="rgb", rgb=True)
        self.look(0)

    def look(self, step: int) -> None:
        eye, target = orbit(self.bbox, self.street, step)
        self.plotter.camera_position = [tuple(eye), tuple(target), (0, 0, 1)]
        self.plotter.camera.view_angle = 40.0
        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render_window.Render()
        self.plotter.render_window.WaitForCompletion()

    def recolour(self, step: int) -> None:
        self.mesh.cell_data["rgb"] = palette(self.count, step)[self.house]
        self.look(0)

    def pick(self) -> int:
        from vtkmodules.vtkRenderingCore import vtkCellPicker

        picker = vtkCellPicker()
        picker.Pick(SIZE[0] // 2, SIZE[1] // 2 - 40, 0, self.plotter.renderer)
        return int(picker.GetCellId())

    def close(self) -> None:
        self.plotter.close()


class F3D:
    """F3D's Python binding: the mesh without colours per house."""

    recolour = pick = None

    def __init__(self, count: int, program: str):
        import f3d

        city = make_town(count)
        self.bbox = city.bbox - np.tile(city.bbox[:3], 2)
        points, triangles, _ = soup(city)
        self.mesh = f3d.Mesh(
            points=points.ravel().tolist(),
            face_sides=[3] * len(triangles),
            face_indices=triangles.ravel().tolist(),
        )
        self.engine, self.street = f3d.Engine.create(True), False
        self.engine.window.size = SIZE
        self.engine.options.update({"scene.up_direction": "+Z"})

    def first(self) -> None:
        self.engine.scene.add(self.mesh)
        self.look(0)

    def look(self, step: int) -> None:
        eye, target = orbit(self.bbox, self.street, step)
        camera = self.engine.window.camera
        camera.position, camera.focal_point = tuple(eye.tolist()), tuple(target.tolist())
        camera.view_up, camera.view_angle = (0.0, 0.0, 1.0), 40.0
        # a picture of the window is the only way to know that it has been drawn
        self.engine.window.render_to_image()

    def close(self) -> None:
        pass


def palette(count: int, step: int) -> np.ndarray:
    """uint8 (count, 3): other colours for every step."""
    ramp = (np.arange(count) * 37 + step * 59) % 256
    return np.stack([ramp, 255 - ramp, np.full(count, 90 + step % 50)], axis=1).astype(np.uint8)


def child(program: str, count: int) -> dict[str, float]:
    """Measure one program at one size, in this process."""
    kind = {"Citiverse": Ours, "F3D": F3D}.get(program, PyVista)
    made = kind(count, program)
    gc.collect()
    found = {"first picture": seconds(made.first)}
    found["overview frame"] = repeat(made.look)
    if made.recolour is not None:
        found["recolour"] = repeat(made.recolour)
    made.street = True
    made.look(0)
    found["street frame"] = repeat(made.look)
    if made.pick is not None:
        made.pick()
        found["pick"] = repeat(lambda _: made.pick())
    result = {name: 1000.0 * value for name, value in found.items()}
    result["memory"] = peak_mib()
    made.close()
    return result


def peak_mib() -> float:
    """Most memory that this process had, MiB."""
    try:
        import resource
    except ImportError:
        import psutil

        return float(psutil.Process().memory_info().peak_wset) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def available(program: str) -> bool:
    """True if the program can be run here."""
    module = {"Citiverse": "viewer", "F3D": "f3d"}.get(program, "pyvista")
    return importlib.util.find_spec(module) is not None


def measure(options: argparse.Namespace) -> list[Row]:
    """All programs at all sizes."""
    rows: list[Row] = []
    for count in QUICK if options.quick else COUNTS:
        results = {program: _ask(program, count) for program in PROGRAMS if available(program)}
        ours = results["Citiverse"]
        for name, unit in UNITS.items():
            for program, found in results.items():
                if name in found:
                    ratio = (
                        f"; {found[name] / max(ours.get(name, 0.0), 1e-3):.2f} x ours" if program != "Citiverse" else ""
                    )
                    rows.append(Row(f"{name}, {count:,} houses", program, found[name], unit, HOW[name] + ratio))
    return rows


def _ask(program: str, count: int) -> dict[str, float]:
    if count > MOST.get(program, count):
        return {}
    command = [sys.executable, "-m", "benchmarks.frames", "--child", program, "--count", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ), timeout=600)
    if done.returncode:
        print(f"{program} at {count:,}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="up to 100,000 houses; under five minutes")
    parser.add_argument("--child", choices=PROGRAMS, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=1000, help=argparse.SUPPRESS)
    known, _ = parser.parse_known_args()
    if known.child:
        print(json.dumps(child(known.child, known.count)))
        sys.exit(0)
    sys.exit(run(measure, parser))
