"""Make the README's pictures from the real program: ``.venv/bin/python packaging/make_pictures.py``.

``demo.png`` is what ``citiverse render`` draws of the demo town; ``window.png`` is the window itself with a building
selected (it needs a display; without one it starts Xvfb for itself). Files are kept small.
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
WAIT_SECONDS = 120.0
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


def make_window() -> None:
    """The window with the demo city and the building in the middle of the picture selected."""
    from PySide6.QtWidgets import QApplication

    from viewer.demo.tour import viewpoints
    from viewer.ui.app import make_application
    from viewer.ui.app import make_window as open_window

    app: QApplication = make_application()
    window = open_window()
    window.resize(*WINDOW_SIZE)
    window.show()
    session = window.session

    def settle(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            app.processEvents()
            time.sleep(0.005)

    def rest() -> None:
        """Until everything is loaded and drawn."""
        limit = time.monotonic() + WAIT_SECONDS
        settle(0.5)
        while not (session.document.cities and session.jobs.idle and window.canvas.settled):
            settle(0.05)
            if time.monotonic() > limit:
                raise SystemExit("the demo town was not drawn in time")
        settle(1.0)  # labels fade in

    session.run("demo.open")
    rest()
    thumbnails = tempfile.TemporaryDirectory()
    session.run("viewpoint.draw_pictures", folder=thumbnails.name)
    rest()
    session.run("view.set_camera", camera=next(v.camera for v in viewpoints() if v.name == "Courtyards"))
    rest()
    port = session.viewport
    assert port is not None
    width, height = port.size_px
    for step in range(12):
        x, y = width // 2 + (step % 4 - 1) * width // 16, height // 2 + (step // 4 - 1) * height // 12
        hit = port.pick(x, y)
        if hit is not None and session.city(hit.layer_id).objects.type_of(hit.row).startswith("Building"):
            session.run("selection.pick", x=x, y=y)
            break
    rest()
    grabbed = window.grab()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "window.png"
        grabbed.save(str(path))
        save_small(Image.open(path), FOLDER / "window.png")
    thumbnails.cleanup()
    session.document.mark_saved()
    window.close()
    settle(0.2)


def main() -> int:
    """Make both pictures, or the one named."""
    parser = argparse.ArgumentParser(description="Make the README's pictures.")
    parser.add_argument("which", nargs="?", choices=("demo", "window"))
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["CITIVERSE_HOME"] = home
        if options.which != "window":
            make_demo()
        if options.which == "window":
            make_window()
        elif options.which is None:
            # Qt and the off-screen view each get a process of their own.
            command = [sys.executable, __file__, "window"]
            if not os.environ.get("DISPLAY") and shutil.which("xvfb-run"):
                command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", *command]
            subprocess.run(command, check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
