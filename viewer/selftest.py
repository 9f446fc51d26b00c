"""``citiverse self-test``: does this installation work, from file to picture? Also inside a frozen bundle.

Makes a city of a few boxes, reads it through the worker process, draws and picks it off-screen, saves and reads a
project and, where there is a display, opens and closes a real window. One line per step.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from viewer.cli_common import CANNOT_DRAW, DONE, CliError, emit, load_file, plain
from viewer.doctor import check_window, has_display

SIDE, GAP, PER_ROW = 10.0, 10.0, 3
SIZE = (320, 240)
WINDOW_SECONDS = 20.0


class SelfTestError(Exception):
    """A step did not give what it must."""


def run(options: argparse.Namespace) -> int:
    """Run every step; 0 if all passed, 5 if this machine cannot draw, 1 if anything else failed."""
    code = DONE
    with tempfile.TemporaryDirectory(prefix="citiverse-self-test-") as folder:
        world: dict[str, Any] = {"folder": Path(folder), "debug": options.debug}
        for title, step in STEPS:
            started = time.perf_counter()
            try:
                note = step(world)
            except Exception as error:
                if options.debug:
                    raise
                failed = error.code if isinstance(error, CliError) else 1
                code = CANNOT_DRAW if failed == CANNOT_DRAW and code == DONE else (code or failed)
                emit(f"FAILED  {title}: {plain(error)}")
                if step in NEEDED:
                    break
            else:
                emit(f"ok      {title} ({note}, {time.perf_counter() - started:.2f} s)")
    emit("self-test passed" if code == DONE else "self-test FAILED")
    return code


def _must(condition: bool, text: str) -> None:
    if not condition:
        raise SelfTestError(text)


def small_city() -> dict[str, Any]:
    """CityJSON 2.0: nine boxes in a square, 10 m apart, 10 to 50 m high, at national coordinates."""
    objects: dict[str, Any] = {}
    vertices: list[list[int]] = []
    for number in range(PER_ROW * PER_ROW):
        x, y = (number % PER_ROW) * (SIDE + GAP), (number // PER_ROW) * (SIDE + GAP)
        height = 10.0 + 5 * number
        base = len(vertices)
        for z in (0.0, height):
            for dx, dy in ((0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)):
                vertices.append([round((x + dx) * 1000), round((y + dy) * 1000), round(z * 1000)])
        faces = [[3, 2, 1, 0], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
        objects[f"box-{number}"] = {
            "type": "Building",
            "attributes": {"height": height},
            "geometry": [
                {"type": "Solid", "lod": "1", "boundaries": [[[[base + corner for corner in face]] for face in faces]]}
            ],
        }
    return {
        "type": "CityJSON",
        "version": "2.0",
        "transform": {"scale": [0.001, 0.001, 0.001], "translate": [85000.0, 446000.0, 0.0]},
        "metadata": {"referenceSystem": "https://www.opengis.net/def/crs/EPSG/0/7415"},
        "CityObjects": objects,
        "vertices": vertices,
    }


def _write(world: dict[str, Any]) -> str:
    world["path"] = world["folder"] / "boxes.city.json"
    world["path"].write_text(json.dumps(small_city()), encoding="utf-8")
    return f"{world['path'].stat().st_size} bytes"


def _load(world: dict[str, Any]) -> str:
    loaded = load_file(world["path"], cached=False)
    city = loaded.result.value
    boxes = PER_ROW * PER_ROW
    _must(len(city.objects) == boxes and city.drawable == boxes, f"{len(city.objects)} objects instead of {boxes}")
    heights = np.array([10.0 + 5 * number for number in range(boxes)])
    area = float((2 * SIDE * SIDE + 4 * SIDE * heights).sum())
    found = sum(mesh.area_m2 for mesh in city.lods.values())
    _must(abs(found - area) < 1e-6 * area, f"area {found} instead of {area}")
    _must(city.crs.name == "EPSG:7415", f"CRS {city.crs.name}")
    return f"{sum(mesh.triangle_count for mesh in city.lods.values())} triangles"


@contextmanager
def _session(world: dict[str, Any]) -> Iterator[Any]:
    from viewer.cli_scene import load_paths, make_session

    session = make_session()
    try:
        load_paths(session, [str(world["path"])])
        yield session
    finally:
        session.close()


def _picture(world: dict[str, Any]) -> str:
    """Looking straight down on the middle box, the middle of the picture must be that box."""
    from viewer.cli_picture import describe_pick, showing
    from viewer.document.state import Camera

    middle = 85000.0 + SIDE + GAP + SIDE / 2, 446000.0 + SIDE + GAP + SIDE / 2
    with _session(world) as session:
        session.move_camera(Camera((middle[0], middle[1] - 0.1, 300.0), (*middle, 30.0)))
        with showing(session, SIZE) as view:
            image = view.image()
            found = describe_pick(session, view.scene.pick(SIZE[0] // 2, SIZE[1] // 2))
            renderer = view.renderer_name
    _must(image.shape == (SIZE[1], SIZE[0], 3), f"picture of {image.shape}")
    _must(len(np.unique(image.reshape(-1, 3), axis=0)) > 10, "the picture is empty")
    _must(found["id"] == "box-4", f"picked {found['id']} instead of box-4")
    _must(abs(found["position"][2] - 30.0) < 0.01, f"picked at height {found['position'][2]} instead of 30")
    return renderer


def _project(world: dict[str, Any]) -> str:
    from viewer.document.project import load_project, save_project
    from viewer.document.state import DocumentState, LayerState

    path = world["folder"] / "boxes.citiverse"
    state = DocumentState(title="Self-test", layers=(LayerState("layer-1", "boxes", str(world["path"])),))
    save_project(replace(state, show_legend=False), path)
    read = load_project(path).state
    _must(read.title == "Self-test" and not read.show_legend, "the project lost its content")
    _must(Path(read.layers[0].path) == world["path"], f"the layer's path became {read.layers[0].path}")
    return f"{path.stat().st_size} bytes"


def _window(world: dict[str, Any]) -> str:
    if not has_display():
        return "no display, left out"
    check_window()
    from viewer.ui.app import make_application, make_window

    app = make_application()
    window = make_window()
    window.show()
    session = window.session
    session.run("file.open", paths=(str(world["path"]),))
    limit = time.monotonic() + WINDOW_SECONDS
    while not session.document.cities and time.monotonic() < limit:
        app.processEvents()
        time.sleep(0.005)
    loaded = bool(session.document.cities)
    shown = time.monotonic() + 0.5
    while time.monotonic() < shown:
        app.processEvents()
        time.sleep(0.005)
    session.document.mark_saved()
    window.close()
    app.processEvents()
    _must(loaded, "the window did not load the file")
    return "opened and closed"


STEPS: tuple[tuple[str, Callable[[dict[str, Any]], str]], ...] = (
    ("write a city", _write),
    ("read it in a worker process", _load),
    ("save and read a project", _project),
    ("draw and pick off-screen", _picture),
    ("open a window", _window),
)
NEEDED = (_write, _load)
"""Steps without which the others make no sense."""
