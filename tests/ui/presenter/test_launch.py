from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest

from viewer.document.state import Camera
from viewer.session.walks import walks

pytestmark = pytest.mark.gui


def test_from_the_planner_and_back(qtbot: Any, qapp: Any, session: Any, screens: list[Any]) -> None:
    from viewer.ui.desktop.window import MainWindow

    window = MainWindow(session)
    window.show()
    qtbot.waitUntil(lambda: window.canvas.settled)
    session.move_camera(Camera((0.0, -90.0, 40.0), (0.0, 0.0, 0.0)))
    camera, wake = session.camera, walks(session).wake
    session.run("present.start")
    console = window.console
    assert console is not None and console.isVisible() and window.isHidden()
    assert session.viewport is console.preview.canvas
    session.run("present.start")
    assert window.console is console, "one at a time"
    console.go(2)
    assert session.camera != camera
    console.end()
    assert window.isVisible() and window.console is None
    assert session.viewport is window.canvas and session.camera == camera and walks(session).wake == wake
    QTest.qWait(20)
    # closing the planner's window ends a presentation too
    session.run("present.start")
    second = window.console
    assert second is not None
    session.document.mark_saved()
    window.close()
    assert not second.isVisible() and not second.director.audience.isVisible() and not window.isVisible()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet("")
