"""Make the README's pictures from the real program: ``.venv/bin/python packaging/make_pictures.py``.

``demo.png`` is what ``citiverse render`` draws of the demo town; ``window.png`` is the window itself with a building
selected, ``scenario.png`` the window that compares two scenarios (they need a display; without one Xvfb is started for
them). Files are kept small.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "assets" / "pictures"
LIMIT_BYTES = 800_000
WINDOW_SIZE = (1440, 900)
RENDER_SIZE = (1440, 810)
WAIT_SECONDS = 300.0
COMPARISON = "Storm tide, quays raised"
WINDOWS = ("window", "scenario")
"""Pictures of the real window: each in a process of its own."""
VIEWPOINT, HOUR = "Island and tram bridge", "2026-06-20T17:30:00+02:00"


def save_small(image: Image.Image, path: Path) -> None:
    """Write a PNG below the limit: if need be with fewer bits per colour (six are not seen), then fewer pixels."""
    image = image.convert("RGB")
    while True:
        for bits in (8, 7, 6):
            ImageOps.posterize(image, bits).save(path, optimize=True)
            if path.stat().st_size <= LIMIT_BYTES:
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1000} kB, {image.width}x{image.height}")
                return
        image = image.resize((image.width * 9 // 10, image.height * 9 // 10), Image.Resampling.LANCZOS)


def make_demo() -> None:
    """The demo town from one of its viewpoints."""
    from make_gallery import View, make

    with tempfile.TemporaryDirectory() as folder:
        view = View("demo", (("light.set_time", {"time": HOUR}),), VIEWPOINT, size=RENDER_SIZE)
        make(view, Path(folder), Path(folder))
        save_small(Image.open(Path(folder) / "demo.png"), FOLDER / "demo.png")


class Shown:
    """The real window with the demo city in it."""

    def __init__(self) -> None:
        from PySide6.QtWidgets import QApplication

        from viewer.ui.app import make_application
        from viewer.ui.app import make_window as open_window

        self._app: QApplication = make_application()
        self.window = open_window()
        self.window.resize(*WINDOW_SIZE)
        self.window.show()
        self.session = self.window.session
        self.session.run("demo.open")
        self.rest()

    def settle(self, seconds: float) -> None:
        """Let the window live."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._app.processEvents()
            time.sleep(0.005)

    def rest(self, scenarios: int = 0) -> None:
        """Until everything is loaded and drawn, so many scenarios among it."""
        limit = time.monotonic() + WAIT_SECONDS
        self.settle(0.5)
        document = self.session.document
        while not (
            document.cities
            and len(document.scenarios) >= scenarios
            and self.session.jobs.idle
            and self.window.canvas.settled
        ):
            self.settle(0.05)
            if time.monotonic() > limit:
                raise SystemExit("the demo town was not drawn in time")
        self.settle(1.0)  # labels fade in

    def save(self, name: str) -> None:
        """Write the window as one of the pictures, and close it."""
        grabbed = self.window.grab()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            grabbed.save(str(path))
            save_small(Image.open(path), FOLDER / name)
        self.session.document.mark_saved()
        self.window.close()
        self.settle(0.2)


def make_window() -> None:
    """The window with the demo city and the building in the middle of the picture selected."""
    from viewer.demo.tour import viewpoints

    shown = Shown()
    session = shown.session
    thumbnails = tempfile.TemporaryDirectory()
    session.run("viewpoint.draw_pictures", folder=thumbnails.name)
    shown.rest()
    session.run("view.set_camera", camera=next(v.camera for v in viewpoints() if v.name == "Courtyards"))
    shown.rest()
    port = session.viewport
    assert port is not None
    width, height = port.size_px
    for step in range(12):
        x, y = width // 2 + (step % 4 - 1) * width // 16, height // 2 + (step // 4 - 1) * height // 12
        hit = port.pick(x, y)
        if hit is not None and session.city(hit.layer_id).objects.type_of(hit.row).startswith("Building"):
            session.run("selection.pick", x=x, y=y)
            break
    shown.rest()
    shown.save("window.png")
    thumbnails.cleanup()


def make_scenario() -> None:
    """The window with two scenarios compared: the storm tide, and with raised quays."""
    shown = Shown()
    shown.rest(scenarios=2)
    shown.session.run("viewpoint.go", name=COMPARISON)
    shown.session.run("labels.set_visible", visible=False)
    shown.window.show_panel("scenarios", True)
    shown.rest()
    shown.settle(3.0)  # the camera has flown, shadows are drawn
    shown.rest()
    shown.save("scenario.png")


def main() -> int:
    """Make all pictures, or the one named."""
    parser = argparse.ArgumentParser(description="Make the README's pictures.")
    parser.add_argument("which", nargs="?", choices=("demo", *WINDOWS))
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["CITIVERSE_HOME"] = home
        if options.here:
            {"window": make_window, "scenario": make_scenario}[options.which]()
            return 0
        if options.which in (None, "demo"):
            make_demo()
        for name in WINDOWS:
            if options.which in (None, name):
                # Qt and the off-screen view each get a process of their own.
                command = [sys.executable, __file__, name, "--here"]
                if not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
                    command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command]
                subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
