"""What light costs: frame time per effect and per quality level, on the demo town and on Linz (57,000 buildings).

The same mesh, cameras and picture size (1280 x 800, off-screen) in this program and in plain PyVista with the lights it
has: shading only, shadows, ambient occlusion (SSAO), eye-dome lighting. Every measurement is a process of its own.

python -m benchmarks.effects [--quick] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.frames import SIZE, orbit, repeat, seconds
from benchmarks.rows import Row, run

FOLDER = Path(__file__).resolve().parent / "inputs"
CITIES = ("demo", "linz")
OURS = ("draft", "no shadows", "normal", "textured", "high", "moving")
"""Pictures of this program: quality levels, and the normal one without shadows, with textures, and while moving."""
PEERS = ("plain", "shadows", "SSAO", "EDL")
"""Pictures of PyVista."""
LEAST_SECONDS = 4.0
PATIENCE = 900


def load(name: str) -> Any:
    """The demo town, or Linz where it has been fetched (``benchmarks.load`` says how)."""
    from loaders.api import LoadOptions, NoProgress
    from loaders.cityjson import load as load_city

    path = demo_path() if name == "demo" else FOLDER / "linz.city.jsonl"
    return load_city(path, LoadOptions(), NoProgress()).value


def demo_path() -> Path:
    """File of the demo town, made if need be (half a minute)."""
    path = FOLDER / "demo.city.json"
    if not path.is_file():
        import orjson

        from viewer.demo import town

        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(town.write_city(town.make_town())))
    return path


class Ours:
    """This program: `SceneView` off-screen, at 10 in the morning of midsummer."""

    def __init__(self, city: Any, kind: str):
        from viewer.render.layer import full_look
        from viewer.render.offscreen import OffscreenView
        from viewer.render.state import LightState, RenderState

        self.city, self.kind, self.street = city, kind, False
        self.view = OffscreenView(*SIZE)
        quality = kind if kind in ("draft", "high") else "normal"
        realism = "textured" if kind == "textured" else "shaded"
        light = LightState((0.753, -0.175, 0.634), dated=True, shadows=kind != "no shadows")
        self.state = RenderState(self._camera(0), (full_look("city", city),), quality, realism, light)
        self.view.scene.apply(self.state)

    def _camera(self, step: int) -> Any:
        from viewer.document.state import Camera

        eye, target = orbit(self.city.bbox, self.street, step)
        return Camera(tuple(eye.tolist()), tuple(target.tolist()))

    def first(self) -> None:
        self.view.scene.attach("city", self.city)
        self.look(0)

    def look(self, step: int) -> None:
        """One picture from the next camera; its maps of shadows are there unless it moved too far."""
        self.view.scene.set_camera(self._camera(step))
        self.view.scene.set_moving(self.kind == "moving")
        if self.kind == "moving":
            for _ in self.view.scene.render_steps(None, refine=False):
                pass
        else:
            self.view.image()
        self.view.scene.window.WaitForCompletion()

    def bake(self, step: int) -> None:
        """All maps of shadows and heights anew: another sun, another picture."""
        turned = np.radians(40.0 + 3.0 * step)
        sun = (float(np.sin(turned) * 0.8), float(-np.cos(turned) * 0.8), 0.6)
        self.state = replace(self.state, light=replace(self.state.light, sun=sun), camera=self._camera(0))
        self.view.scene.apply(self.state)
        self.view.image()
        self.view.scene.window.WaitForCompletion()

    def close(self) -> None:
        self.view.close()


class PyVista:
    """Plain PyVista: one mesh, one colour, a light for the sun."""

    bake = None

    def __init__(self, city: Any, kind: str):
        import pyvista as pv

        pv.global_theme.multi_samples = 1
        self.bbox, self.kind, self.street = city.bbox - np.tile(city.bbox[:3], 2), kind, False
        points, triangles = soup(city)
        self.mesh = pv.PolyData.from_regular_faces(points, triangles)
        self.plotter = pv.Plotter(off_screen=True, window_size=list(SIZE), lighting="none")
        sun = pv.Light(position=(753.0, -175.0, 634.0), light_type="scene light")
        sun.positional = False
        self.plotter.add_light(sun)
        self.plotter.add_light(pv.Light(light_type="headlight", intensity=0.4))

    def first(self) -> None:
        self.plotter.add_mesh(self.mesh, color="white", smooth_shading=False)
        if self.kind == "shadows":
            self.plotter.enable_shadows()
        elif self.kind == "SSAO":
            self.plotter.enable_ssao(radius=12.0, bias=0.3, kernel_size=32)
        elif self.kind == "EDL":
            self.plotter.enable_eye_dome_lighting()
        self.look(0)

    def look(self, step: int) -> None:
        eye, target = orbit(self.bbox, self.street, step)
        self.plotter.camera_position = [tuple(eye), tuple(target), (0, 0, 1)]
        self.plotter.camera.view_angle = 40.0
        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render_window.Render()
        self.plotter.render_window.WaitForCompletion()

    def close(self) -> None:
        self.plotter.close()


def soup(city: Any) -> tuple[np.ndarray, np.ndarray]:
    """Faces of the finest LoD as float32 (V, 3) from the lower corner, int64 (T, 3); copies of templates included."""
    from viewer.render.instances import expand_instances

    mesh = list(city.lods.values())[-1]
    sets = [mesh.tiles, *expand_instances(mesh.instances)[0]]
    points: list[np.ndarray] = [np.zeros((0, 3), np.float32)]
    faces: list[np.ndarray] = [np.zeros((0, 3), np.int64)]
    count = 0
    for tiles in sets:
        origins = np.repeat(tiles.origins - city.bbox[:3], np.diff(tiles.vertex_start), axis=0)
        points.append((tiles.positions + origins).astype(np.float32))
        starts = np.repeat(tiles.vertex_start[:-1], np.diff(tiles.triangle_start))
        faces.append(tiles.triangles.astype(np.int64) + starts[:, None] + count)
        count += len(tiles.positions)
    return np.concatenate(points), np.concatenate(faces)


def child(program: str, kind: str, name: str) -> dict[str, float]:
    """Measure one kind of picture of one city, in this process."""
    made = (Ours if program == "Citiverse" else PyVista)(load(name), kind)
    found = {"first picture": seconds(made.first)}
    found["overview frame"] = repeat(made.look, limit=LEAST_SECONDS)
    made.street = True
    made.look(0)
    found["street frame"] = repeat(made.look, limit=LEAST_SECONDS)
    if made.bake is not None and kind in ("normal", "high"):
        found["another sun"] = repeat(made.bake, limit=LEAST_SECONDS)
    made.close()
    return {what: 1000.0 * value for what, value in found.items()}


HOW = {
    "first picture": "from the loaded city to pixels, maps and shaders included",
    "overview frame": "median while turning by 2 degrees, whole city in view",
    "street frame": "median while turning by 2 degrees at street level, maps made anew where they are left",
    "another sun": "all maps of shadows made anew, and the picture",
}


def measure(options: argparse.Namespace) -> list[Row]:
    """Every picture of both programs on both cities."""
    rows: list[Row] = []
    for name in CITIES[:1] if options.quick else CITIES:
        if name == "linz" and not (FOLDER / "linz.city.jsonl").is_file():
            print("linz.city.jsonl is not in benchmarks/inputs: left out", file=sys.stderr)
            continue
        pairs = [("Citiverse", kind) for kind in OURS]
        if importlib.util.find_spec("pyvista") is not None:
            pairs += [("PyVista", kind) for kind in PEERS]
        for program, kind in pairs:
            for what, value in _ask(program, kind, name).items():
                rows.append(Row(f"{what}, {name}", f"{program}, {kind}", value, "ms", HOW[what]))
    return sorted(rows, key=lambda row: row.what)


def _ask(program: str, kind: str, name: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.effects", "--child", program, "--kind", kind, "--city", name]
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=dict(os.environ), timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        print(f"{program}, {kind}, {name}: no end after {time.perf_counter() - start:.0f} s", file=sys.stderr)
        return {}
    if done.returncode:
        print(f"{program}, {kind}, {name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.effects", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the demo town only")
    parser.add_argument("--child", choices=("Citiverse", "PyVista"), help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=(*OURS, *PEERS), default="normal", help=argparse.SUPPRESS)
    parser.add_argument("--city", choices=CITIES, default="demo", help=argparse.SUPPRESS)
    known, _ = parser.parse_known_args()
    if known.child:
        print(json.dumps(child(known.child, known.kind, known.city)))
        sys.exit(0)
    sys.exit(run(measure, parser))
