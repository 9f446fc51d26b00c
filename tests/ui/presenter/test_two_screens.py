"""A talk on an X server with two monitors, one of which is unplugged half-way: real screens, real signals."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.gui

TALK = """
import subprocess, sys, time
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from viewer.document.document import Document
from viewer.jobs.queue import JobQueue
from viewer.session.session import Session
from viewer.settings.settings import Settings
from viewer.ui.app import make_application
from viewer.ui.presenter.console import Console
from viewer.ui.presenter.inhibit import Inhibitor
from viewer.ui.theme import ThemeManager

def plug(on):
    words = ["--setmonitor", "BEAMER", "640/300x360/200+800+0", "none"] if on else ["--delmonitor", "BEAMER"]
    subprocess.run(["xrandr", *words], check=True, capture_output=True)

def until(what):
    limit = time.monotonic() + 60
    while not what():
        assert time.monotonic() < limit, "too late"
        QTest.qWait(20)

app = make_application()
session = Session(Document(), JobQueue(), Settings(), autosave=False)
awake = Inhibitor(call=lambda *_: True, platform="linux")
console = Console(session, ThemeManager(app, "light"), inhibitor=awake)
console.setGeometry(0, 0, 800, 600)
console.show()
audience = console.director.audience
session.run("file.open", paths=(sys.argv[1],))
console.start()
until(lambda: console.report is not None and not console.rehearsal.running)
assert audience.isVisible() and audience.geometry().getRect() == (800, 0, 640, 360), audience.geometry()
QTest.keyClick(console, Qt.Key.Key_Right)
until(lambda: console.preview.canvas.settled and not console.talk.playing)
plug(False)
until(lambda: not audience.isVisible())
assert console.director.lost and console.isVisible()
QTest.keyClick(console, Qt.Key.Key_Right)
plug(True)
until(audience.isVisible)
assert audience.geometry().getRect() == (800, 0, 640, 360)
until(lambda: console.preview.canvas.settled and audience.picture.width() == 640)
assert audience.head == "side" and not console.director.lost
seen = app.screens()[1].grabWindow(0, 0, 0, 640, 360).toImage()
colors = {seen.pixel(x, 180) for x in range(0, 640, 9)}
console.end()
session.close()
print("colours", len(colors))
"""


@pytest.fixture
def display() -> Iterator[dict[str, str]]:
    """An X server of its own with two monitors."""
    if shutil.which("Xvfb") is None or shutil.which("xrandr") is None:
        pytest.skip("needs Xvfb and xrandr")
    reader, writer = os.pipe()
    words = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1440x600x24", "-noreset", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    environment = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    environment.pop("WAYLAND_DISPLAY", None)
    for name, place, output in (
        ("LAPTOP", "800/300x600/200+0+0", "screen"),
        ("BEAMER", "640/300x360/200+800+0", "none"),
    ):
        made = subprocess.run(["xrandr", "--setmonitor", name, place, output], env=environment, capture_output=True)
        if made.returncode:
            server.terminate()
            server.wait(60)
            pytest.skip("this X server cannot be told of monitors")
    yield environment
    server.terminate()
    server.wait(60)


def test_unplugged_in_mid_talk(display: dict[str, str], tmp_path: Path) -> None:
    import json

    from viewer.document.project import save_project
    from viewer.document.state import Camera, DocumentState, LayerState, Tour, TourStep, Viewpoint
    from viewer.selftest import small_city

    city = tmp_path / "town.city.json"
    city.write_text(json.dumps(small_city()), encoding="utf-8")
    views = tuple(
        Viewpoint(name, Camera(eye, (85020.0, 447010.0, 0.0)))
        for name, eye in (("front", (85020.0, 446950.0, 40.0)), ("side", (85080.0, 447010.0, 40.0)))
    )
    tour = Tour("Walk", tuple(TourStep(view.name, transition="cut") for view in views))
    project = tmp_path / "town.citiverse"
    save_project(DocumentState(layers=(LayerState("a", "town", str(city)),), viewpoints=views, tours=(tour,)), project)
    words = [sys.executable, "-c", TALK, str(project)]
    done = subprocess.run(words, env=display, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-1]) > 1, "the projector shows a picture"
