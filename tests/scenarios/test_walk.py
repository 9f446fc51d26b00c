"""Somebody walks through a real town in the real window, by tool bar, keys and mouse."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from viewer.session import navigation
from viewer.session.walks import walks

pytestmark = pytest.mark.gui


def test_a_walk_from_the_tool_bar_and_up_again(person: Any, data_file: Callable[[str], Path]) -> None:
    window = person.window
    person.drop(data_file("cityjson/cjio/rotterdam/rotterdam_subset.json"))
    person.wait_for_layers(1)
    session, moving = window.session, walks(window.session)
    undo = session.document.can_undo, session.document.undo_label
    buttons = {name: window.actions_.by_command[f"view.{name}"] for name in ("orbit_mode", "walk", "fly")}
    assert [b.isChecked() for b in buttons.values()] == [True, False, False]

    QTest.mouseClick(window.toolbar.widgetForAction(buttons["walk"]), Qt.MouseButton.LeftButton)
    person.wait(lambda: moving.mode == "walk" and not moving.busy)
    assert [b.isChecked() for b in buttons.values()] == [False, True, False]
    plane = moving.world.plane
    assert plane is not None and session.camera.position[2] == pytest.approx(plane + 1.7, abs=1.0)
    window.canvas.setFocus()
    before = session.camera
    QTest.keyPress(window.canvas, Qt.Key.Key_W)
    person.wait(lambda: math.dist(before.position, session.camera.position) > 1.0)
    QTest.keyRelease(window.canvas, Qt.Key.Key_W)
    person.settle()
    assert not window.canvas.walk.running and window.stage.walk.map.drawn
    picture = person.picture()
    assert len({tuple(p) for p in picture[::40, ::40].reshape(-1, 3).tolist()}) > 5

    window.focus_filter()
    here = session.camera
    QTest.keyClicks(window.focusWidget(), "wasdrgvb")
    assert session.camera == here and moving.mode == "walk"
    window.canvas.setFocus()

    QTest.keyClick(window.canvas, Qt.Key.Key_R)
    person.wait(lambda: moving.mode == "orbit" and not moving.busy)
    assert [b.isChecked() for b in buttons.values()] == [True, False, False]
    assert session.camera.position[2] > here.position[2] + 20
    assert session.camera.target[:2] == pytest.approx(here.position[:2], abs=1e-6)
    QTest.keyClick(window.canvas, Qt.Key.Key_B)
    person.wait(lambda: moving.mode == "walk" and not moving.busy)
    assert session.camera.position == pytest.approx(here.position, abs=1e-6)
    session.run("view.back")
    person.wait(lambda: not moving.busy)
    assert moving.mode == "orbit"
    assert (session.document.can_undo, session.document.undo_label) == undo
    QTest.keyClick(window.canvas, Qt.Key.Key_V)
    person.wait(lambda: moving.mode == "fly" and not moving.busy)
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    person.wait(lambda: moving.mode == "orbit" and not moving.busy)
    assert navigation.is_valid(session.camera)
    assert not [text for severity, text in person.said if severity == "error"]
