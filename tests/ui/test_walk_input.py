"""Keys, mouse, wheel and fingers move a walker; fields, other focus and idling do not."""

import math
import time
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from loaders.api import LoadResult
from viewer.document.state import LayerState
from viewer.session import navigation
from viewer.session.walks import walks
from viewer.ui.canvas import OffscreenCanvas

pytestmark = pytest.mark.gui
towns = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "walk_town.py")))
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def town():
    made = towns.Town()
    made.terrain(-40, -40, 40, 40, lambda x, y: 0.0)
    made.box(-5, -5, 5, 5, -1, 12)
    return made


@pytest.fixture
def host(qtbot, session, town):
    """A canvas over the town, and a field beside it, in one window."""
    with session.document.change("Open") as edit:
        edit.add_city(LayerState("a", "town", "/town.json"), LoadResult(town.city(), "CityJSON", "2.0"))
    made = QWidget()
    made.canvas, made.field = OffscreenCanvas(session), QLineEdit()
    rows = QVBoxLayout(made)
    rows.addWidget(made.canvas, 1)
    rows.addWidget(made.field)
    made.resize(320, 260)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.canvas.setFocus()
    qtbot.waitUntil(made.canvas.hasFocus)
    session.settings.set("reduce_motion", True)
    yield made
    made.canvas.close()


def start(host, session, town, yaw=0.0, at=(-30, -20)):
    session.move_camera(navigation.looking(town.at(*at, 30), yaw, -20.0, 20.0, 40.0))
    session.run("view.walk", position=town.at(*at))
    return host.canvas


def local(session, town):
    return town.local(session.camera.position)


def hold(qtbot, widget, key, until):
    QTest.keyPress(widget, key)
    qtbot.waitUntil(until)
    QTest.keyRelease(widget, key)


def test_keys_walk_and_turn_and_the_clock_stops_by_itself(qtbot, host, session, town):
    canvas = start(host, session, town)
    assert not canvas.walk.running
    hold(qtbot, canvas, Qt.Key.Key_W, lambda: local(session, town)[0] > -29.9)
    _, y, z = local(session, town)
    assert y == pytest.approx(-20) and z == pytest.approx(1.7)
    hold(qtbot, canvas, Qt.Key.Key_D, lambda: local(session, town)[1] < -20.02)
    QTest.keyClick(canvas, Qt.Key.Key_Q)
    assert navigation.angles(session.camera)[0] == pytest.approx(30.0)
    QTest.keyClick(canvas, Qt.Key.Key_E)
    hold(qtbot, canvas, Qt.Key.Key_Left, lambda: navigation.angles(session.camera)[0] > 1.0)
    qtbot.waitUntil(lambda: not canvas.walk.running)
    before = session.camera
    qtbot.wait(100)
    assert session.camera == before  # at rest nothing is drawn


def test_who_begins_to_walk_has_the_keys(qtbot, host, session, town):
    host.field.setFocus()
    qtbot.waitUntil(host.field.hasFocus)
    start(host, session, town)
    assert host.canvas.hasFocus()


def test_shift_is_faster(qtbot, host, session, town):
    session.settings.set("walk_instant", True)
    canvas = start(host, session, town)
    QTest.keyPress(canvas, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.walk.wish().brisk
    qtbot.waitUntil(lambda: math.hypot(*walks(session).mover.stance.velocity) > 2.9)
    QTest.keyRelease(canvas, Qt.Key.Key_W)


def test_typing_in_a_field_never_moves_the_camera(qtbot, host, session, town):
    canvas = start(host, session, town)
    QTest.keyPress(canvas, Qt.Key.Key_W)
    host.field.setFocus()
    qtbot.waitUntil(host.field.hasFocus)
    qtbot.waitUntil(lambda: not canvas.walk.running)  # what was held is let go
    before = session.camera
    QTest.keyClicks(host.field, "wwwasdqegvrb")
    qtbot.wait(80)
    assert session.camera == before and host.field.text() == "wwwasdqegvrb"


def test_dragging_looks_round_up_to_eighty_five_degrees(qtbot, host, session, town):
    canvas = start(host, session, town)
    middle = canvas.rect().center()
    QTest.mousePress(canvas, LEFT, pos=middle)
    for step in range(1, 11):
        QTest.mouseMove(canvas, middle + QPoint(6 * step, 0))
    QTest.mouseRelease(canvas, LEFT, pos=middle + QPoint(60, 0))
    yaw, pitch, _ = navigation.angles(session.camera)
    assert yaw == pytest.approx(60 * 60.0 / canvas.height(), rel=0.2) and pitch == pytest.approx(0.0, abs=1e-6)
    walks(session).look(0.0, 500.0)
    assert navigation.angles(session.camera)[1] == pytest.approx(85.0)
    session.settings.set("walk_level", True)
    assert navigation.angles(session.camera)[1] == pytest.approx(0.0, abs=1e-6)


def test_wheel_changes_the_speed_and_a_double_click_goes_there(qtbot, host, session, town, monkeypatch):
    canvas = start(host, session, town)
    middle = QPointF(canvas.rect().center())
    none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    args = middle, QPointF(canvas.mapToGlobal(middle.toPoint())), QPoint(), QPoint(0, 120), *none
    canvas.wheelEvent(QWheelEvent(*args, Qt.ScrollPhase.NoScrollPhase, False))
    assert walks(session).mover.speed_ms == pytest.approx(1.4 * 1.15, abs=0.01)
    canvas.walk._world_at = lambda x, y: town.at(-30, 10)
    QTest.mouseDClick(canvas, LEFT, pos=canvas.rect().center())
    assert local(session, town) == pytest.approx((-30, 10, 1.7), abs=0.4)


def test_escape_ends_and_keys_turn_the_model_again(qtbot, host, session, town):
    canvas = start(host, session, town)
    override = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    override.ignore()
    canvas.event(override)
    assert override.isAccepted()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert walks(session).mode == "orbit" and session.camera.position[2] > 30
    before = session.camera
    QTest.keyClick(canvas, Qt.Key.Key_W)
    assert session.camera == before
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert session.camera != before
    override.ignore()
    canvas.event(override)
    assert not override.isAccepted()


def test_turning_in_steps(qtbot, host, session, town):
    session.settings.set("walk_snap", True)
    canvas = start(host, session, town)
    QTest.keyPress(canvas, Qt.Key.Key_Left)
    qtbot.wait(150)
    QTest.keyRelease(canvas, Qt.Key.Key_Left)
    assert navigation.angles(session.camera)[0] == pytest.approx(30.0)


def test_the_mouse_alone_looks_round_while_captured(qtbot, host, session, town):
    canvas = start(host, session, town)
    QTest.keyClick(canvas, Qt.Key.Key_M)
    assert canvas.walk.captured and canvas.walk.busy
    QTest.mouseMove(canvas, canvas.rect().center() + QPoint(30, 0))
    qtbot.waitUntil(lambda: abs(navigation.angles(session.camera)[0]) > 1.0)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.walk.captured and walks(session).mode == "walk"


def test_one_finger_looks_two_move_and_a_tap_goes_there(qtbot, host, session, town):
    canvas = start(host, session, town)
    device = QTest.createTouchDevice()
    touched = []
    canvas.walk.touched.connect(lambda: touched.append(1))
    middle = canvas.rect().center()
    QTest.touchEvent(canvas, device).press(0, middle, canvas)
    for step in range(1, 8):
        QTest.touchEvent(canvas, device).move(0, middle + QPoint(8 * step, 0), canvas)
    QTest.touchEvent(canvas, device).release(0, middle + QPoint(56, 0), canvas)
    yaw = navigation.angles(session.camera)[0]
    assert yaw > 5.0 and touched
    before = local(session, town)
    QTest.touchEvent(canvas, device).press(0, middle, canvas).press(1, middle + QPoint(40, 0), canvas)
    for step in range(1, 8):
        sequence = QTest.touchEvent(canvas, device)
        sequence.move(0, middle + QPoint(0, 8 * step), canvas).move(1, middle + QPoint(40, 8 * step), canvas)
        sequence.commit()
    QTest.touchEvent(canvas, device).release(0, middle, canvas).release(1, middle + QPoint(40, 0), canvas)
    after = local(session, town)
    assert math.dist(before, after) > 0.5 and after[2] == pytest.approx(1.7)
    canvas.walk._world_at = lambda x, y: town.at(-30, 15)
    QTest.touchEvent(canvas, device).press(0, middle, canvas)
    QTest.touchEvent(canvas, device).release(0, middle, canvas)
    qtbot.waitUntil(lambda: abs(local(session, town)[1] - 15) < 0.5)


def test_a_smooth_way_runs_by_the_clock(qtbot, host, session, town):
    session.settings.set("reduce_motion", False)
    began = time.perf_counter()
    start(host, session, town)
    assert walks(session).gliding
    qtbot.waitUntil(lambda: not host.canvas.walk.running)
    assert time.perf_counter() - began > 0.5
    assert local(session, town)[2] == pytest.approx(1.7)
