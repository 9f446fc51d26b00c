"""The window stays alive while it works, idles when it does not, and is crisp on dense screens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer

from viewer.ui import canvas as canvas_module
from viewer.ui.desktop import window as window_module

pytestmark = pytest.mark.gui


def test_events_are_served_all_through_a_load(person: Any, data_file: Any) -> None:
    """Beats go on while the file is read and while the scene is built; each slice of work has a small budget."""
    beats: list[str] = []
    window = person.window

    def beat() -> None:
        beats.append("load" if not window.session.jobs.idle else "rest" if window.canvas.settled else "build")

    heart = QTimer(window)
    heart.setInterval(0)
    heart.timeout.connect(beat)
    heart.start()
    window.files.open([data_file("cityjson/cjio/delft.json")])
    person.wait_for_layers(1)
    window.shell.run("demo.open")
    person.wait_for_layers(2)
    heart.stop()
    assert beats.count("load") > 10
    assert "build" in beats
    assert canvas_module.SLICE_SECONDS <= 0.010
    assert 5 <= window_module.POLL_MS <= 20


def test_idle_window_does_nothing(person: Any) -> None:
    window = person.window
    window.shell.run("demo.open")
    person.wait_for_layers(1)
    person.wait(lambda: not any(t.isActive() and not t.isSingleShot() for t in window.findChildren(QTimer)))
    for _ in range(10):  # what was asked for before may still come; then there is nothing
        person.settle()
        drawn = window.canvas.scene.frames
        person.qtbot.wait(700)
        if window.canvas.scene.frames == drawn and not window._poll.isActive():
            return
    pytest.fail("the window never rests")


@pytest.mark.parametrize("turns", [0, 3, 30])
def test_a_window_closed_at_once_does_nothing_more(person: Any, turns: int) -> None:
    """What a new window puts off, and what was begun in it, is not done once it is closed: its session has ended."""
    window, done = person.window, []
    window.shell.run("demo.open")
    for _ in range(turns):
        person.qtbot.wait(1)
    window.shell.later(lambda: done.append("later"))
    window.shell.soon(lambda: done.append("soon"))
    window.close()
    person.qtbot.wait(2 * window_module.READY_MS)
    assert not done and not window.session.jobs.active and window.shell.idle


def test_unexpected_error_in_a_slot_is_told_and_survived(tmp_path: Path) -> None:
    code = """
from PySide6.QtCore import QTimer
from viewer.ui import app as program
from viewer.ui.crash import CrashWatch
app = program.make_application(); crash = CrashWatch(); crash.start()
window = program.make_window(crash); window.show()
def bad(): raise RuntimeError("kaput")
def look():
    told = [t.text for t in window.stage.toasts.toasts if "RuntimeError" in t.text]
    if told:
        print(told); window.close(); app.quit()
again = QTimer(); again.timeout.connect(look); again.start(50)
QTimer.singleShot(100, bad); app.exec(); crash.close()
"""
    out = _run(code, tmp_path)
    assert "unexpected happened (RuntimeError)" in out
    assert "kaput" in (tmp_path / "state" / "errors.log").read_text()


def test_dense_screens_get_their_pixels(tmp_path: Path) -> None:
    code = """
import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from viewer.ui import app as program
app = program.make_application(); window = program.make_window(); window.resize(700, 500); window.show()
window.shell.run("demo.open")
while not (window.session.document.cities and window.session.jobs.idle and window.canvas.settled):
    app.processEvents()
image = window.canvas.image(); canvas = window.canvas
layer = window.session.document.state.layers[-1].id
city, both = window.session.document.cities[layer], canvas.scene.pick_ids()
ids = np.where(both[:, :, 0] == canvas.scene.layer_ids.index(layer), both[:, :, 1], -1)
row = int(np.bincount(ids[ids >= 0]).argmax()); ys, xs = np.nonzero(ids == row); n = len(xs) // 2
at = QPoint(int(xs[n] / 2), int(ys[n] / 2))
QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
print("ratio", canvas.devicePixelRatioF(), image.width() == 2 * canvas.width(), image.height() == 2 * canvas.height())
under = city.objects.ids[int(ids[at.y() * 2, at.x() * 2])]
print("picked", window.session.document.state.selection.ids == (under,))
window.files.may_close = lambda: True
window.close()
"""
    out = _run(code, tmp_path, QT_SCALE_FACTOR="2")
    assert "ratio 2.0 True True" in out
    assert "picked True" in out


def _run(code: str, home: Path, **environment: str) -> str:
    env = {**os.environ, "CITIVERSE_HOME": str(home), **environment}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
