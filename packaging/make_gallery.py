"""Make the gallery, pictures of the real program: ``packaging/make_gallery.py FOLDER [NAME...]``.

Each view is a list of session commands over the demo city, or over a real model where one is at hand (the folder of
test data: the variable CITIVERSE_DATA, or shared/data beside the checkout); a view without its model is left out and
says so. The pictures are for looking at: after every change that shows, go through them like an art director would.
"""

from __future__ import annotations

import argparse
import lzma
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from viewer.session.session import Session

ROOT = Path(__file__).resolve().parents[1]
SIZE = (1600, 900)
WAIT_SECONDS = 180.0
SUMMER, WINTER = "2026-06-21", "2026-12-21"
Steps = tuple[tuple[str, dict[str, Any]], ...]
Six = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class View:
    """One picture: what is opened besides or in place of the demo, from where it is seen, and commands."""

    name: str
    steps: Steps = ()
    viewpoint: str = ""
    camera: Six | None = None
    """Eye and target, metres from the demo's origin; in a model's own coordinates where there is one."""
    fov: float = 45.0
    model: str = ""
    """A real model in the test data, in place of the demo."""
    size: tuple[int, int] = SIZE


def _at(time_: str) -> Steps:
    return (("light.set_time", {"time": time_}),)


_DAYLIGHT = f"{SUMMER}T16:30+02:00"
"""Light for scenarios without a date."""
NO_LABELS: Steps = (("labels.set_visible", {"visible": False}),)
HIGH_TIDE: Steps = (*NO_LABELS, ("clock.set", {"moment": "2026-01-05T12:00:00+01:00"}))


def _scenario(variable: str, *ids: str, mode: str = "single") -> Steps:
    """Show scenarios of the demo."""
    return (("scenario.show", {"ids": ids, "variable": variable or None, "mode": mode}),)


TIDES = "storm-tide", "storm-tide-walls"
RUSH: Steps = (("clock.set", {"moment": "2026-05-12T08:10:00+02:00"}),)
EBB: Steps = (("clock.set", {"moment": "2026-06-01T09:00:00+02:00"}),)
VIEWS = (
    View("01-morning", _at(f"{SUMMER}T07:10+02:00"), "Long Bridge"),
    View("02-noon", _at(f"{SUMMER}T13:30+02:00"), "Market square"),
    View("03-evening", _at(f"{SUMMER}T21:10+02:00"), "Island and tram bridge"),
    View("04-night", _at("2026-10-26T22:30+02:00"), "Courtyards"),
    View("05-winter", _at(f"{WINTER}T12:20+01:00"), "Station quarter"),
    View("06-flood", (*_scenario("depth", "storm-tide"), *HIGH_TIDE), "Storm tide at its height"),
    View("07-heat", (*NO_LABELS, *_scenario("afternoon", "hot-day")), "Hot afternoon"),
    View("08-close-wall", NO_LABELS, "", (1700.0, 1947.0, 7.2, 1716.0, 1957.0, 8.6), 60.0),
    View("09-aerial", (), "Overview from the south-west"),
    View("10-street", NO_LABELS, "Old street"),
    View(
        "11-textured-model",
        (("style.color_by", {"layer_id": "*", "attribute": "@theme"}),),
        camera=(90950.0, 435560.0, 70.0, 91040.0, 435640.0, 8.0),
        model="cityjson/bertt/tools/cj2glb/samples/delfshaven/3-20-DELFSHAVEN.city.json",
    ),
    View(
        "12-linz",
        camera=(446591.6, 5349635.5, 640.0, 447091.6, 5350535.5, 255.0),
        model="stress/linz/linz_lod2_57k.city.jsonl.xz",
    ),
    View("13-flood-swipe", (*_scenario("depth", *TIDES, mode="swipe"), *HIGH_TIDE), "Storm tide, quays raised"),
    View(
        "14-flood-difference", (*_scenario("depth", *TIDES, mode="difference"), *HIGH_TIDE), "Storm tide, quays raised"
    ),
    View("15-flood-four", (*_scenario("depth", "", *TIDES, mode="split"), *HIGH_TIDE), "Storm tide, quays raised"),
    View("16-noise", (*NO_LABELS, *_scenario("road-noise", "rush")), "Noise at facades"),
    View(
        "17-traffic",
        (*NO_LABELS, *_scenario("movers", "rush"), *RUSH),
        "",
        (2180.0, 1880.0, 130.0, 2330.0, 2180.0, 0.0),
    ),
    View("18-streets", (*NO_LABELS, *_scenario("cars", "rush")), "Cars in the old town"),
    View("19-new-dock", (*NO_LABELS, *_scenario("", "new-dock")), "New Dock"),
    View("20-quarters", (*NO_LABELS, *_scenario("mean-by-quarter", "hot-day")), "Hot afternoon"),
    View("21-sun-on-roofs", (*NO_LABELS, *_scenario("sun", "roofs")), "Sun on roofs"),
    View(
        "22-current",
        (*NO_LABELS, *_scenario("speed", "tide-current"), *EBB),
        "",
        (1500.0, 900.0, 380.0, 2100.0, 1600.0, 0.0),
    ),
)


def test_data() -> Path:
    """Where real models may lie."""
    given = os.environ.get("CITIVERSE_DATA")
    return Path(given) if given else ROOT.parent / "shared" / "data"


def make(view: View, folder: Path, work: Path) -> bool:
    """Draw one view; False if its model is not there."""
    from viewer.cli_picture import draw
    from viewer.cli_scene import load_paths, make_session
    from viewer.document.state import Camera
    from viewer.session import navigation

    session = make_session()
    try:
        if view.model:
            path = unpacked(test_data() / view.model, work)
            if path is None:
                print(f"{view.name}: left out, {view.model} is not in {test_data()}")
                return False
            load_paths(session, [str(path)])
            camera = navigation.default_view(session.scene_outline(), SIZE[0] / SIZE[1], 40.0)
            if view.camera is not None:
                camera = Camera(view.camera[:3], view.camera[3:], fov_deg=view.fov)
        else:
            camera = open_demo(session, view)
        for command, arguments in view.steps:
            for layer in session.document.state.layers if arguments.get("layer_id") == "*" else (None,):
                session.run(command, **(arguments | {"layer_id": layer.id} if layer else arguments))
        session.move_camera(camera or Camera((0.0, 0.0, 1.0), (0.0, 0.0, 0.0)))
        Image.fromarray(draw(session, view.size)).save(folder / f"{view.name}.png", optimize=True)
    finally:
        session.close()
    return True


def open_demo(session: Session, view: View) -> Any:
    """Open the demo with its scenarios; returns the camera."""
    from viewer.cli_open import make_scenarios
    from viewer.demo.tour import demo_state
    from viewer.demo.writer import ORIGIN
    from viewer.document.state import Camera

    make_scenarios()
    state = demo_state()
    session.opening.show_state(state)
    count = len(state.layers) + len(state.scenarios)
    wait(session, lambda: len({*session.document.cities, *session.document.scenarios}) >= count)
    if any(command == "scenario.show" for command, _ in view.steps):
        session.run("light.set_time", time=_DAYLIGHT)
    if view.camera is not None:
        eye, target = view.camera[:3], view.camera[3:]
        place = [tuple(a + b for a, b in zip(p, ORIGIN, strict=True)) for p in (eye, target)]
        return Camera(place[0], place[1], fov_deg=view.fov)  # type: ignore[arg-type]
    return next(v.camera for v in state.viewpoints if v.name == view.viewpoint)


def wait(session: Session, ready: Callable[[], bool]) -> None:
    """Let jobs work until it is so."""
    end = time.monotonic() + WAIT_SECONDS
    while session.jobs.active or not ready():
        session.poll()
        time.sleep(0.004)
        if time.monotonic() > end:
            raise SystemExit("the files did not load")


def unpacked(path: Path, work: Path) -> Path | None:
    """The file itself, without its ``.xz``; None if it is not there."""
    if not path.is_file():
        return None
    if path.suffix != ".xz":
        return path
    plain = work / path.stem
    if not plain.is_file():
        with lzma.open(path) as packed, plain.open("wb") as out:
            shutil.copyfileobj(packed, out)
    return plain


def main() -> int:
    """Make all views, or those whose names are given in part."""
    parser = argparse.ArgumentParser(description="Make the gallery.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", help="parts of names; none = all")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    wanted = [v for v in VIEWS if not options.names or any(name in v.name for name in options.names)]
    with tempfile.TemporaryDirectory() as work:
        for view in wanted:
            start = time.monotonic()
            if make(view, options.folder, Path(work)):
                print(f"{view.name}: {time.monotonic() - start:.1f} s", flush=True)
    return 0 if wanted else 2


if __name__ == "__main__":
    sys.exit(main())
