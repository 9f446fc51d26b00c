"""The real window with its real canvas, and how a person uses it: clicks on pixels, keys, drops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest


class Person:
    """Somebody at the window. Positions are logical pixels of the canvas."""

    def __init__(self, window: Any, qtbot: Any) -> None:
        self.window = window
        self.qtbot = qtbot
        self.answer = "discard"
        self.path = ""
        self.said: list[tuple[str, str]] = []
        window.files.dialogs = self
        window.shell.message.connect(lambda severity, text, _d, _a: self.said.append((severity, text)))

    # what the dialogs would answer
    def open_files(self, folder: str) -> list[str]:
        return [self.path] if self.path else []

    def open_scenarios(self, folder: str) -> list[str]:
        return [self.path] if self.path else []

    def save_project(self, start: str) -> str:
        return self.path

    def save_picture(self, start: str) -> str:
        return self.path

    def unsaved(self, title: str) -> str:
        return self.answer

    # what a person sees
    @property
    def state(self) -> Any:
        return self.window.session.document.state

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition)

    def settle(self) -> None:
        """Until the picture is finished, and what explains it."""
        window = self.window
        self.wait(lambda: window.session.jobs.idle and window.shell.idle and window.canvas.settled)

    def wait_for_layers(self, count: int) -> None:
        self.wait(lambda: len(self.window.session.document.cities) >= count and self.window.session.jobs.idle)
        self.settle()

    def picture(self) -> npt.NDArray[np.uint8]:
        """The canvas's pixels, uint8 (H, W, 3), without overlays."""
        from PySide6.QtGui import QImage

        image = self.window.canvas.image().convertToFormat(QImage.Format.Format_RGB888)
        flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()

    def ids(self) -> npt.NDArray[np.int32]:
        """Row of the last layer's object under every device pixel, -1 = nothing of it."""
        self.picture()
        scene = self.window.canvas.scene
        found = scene.pick_ids()
        number = scene.layer_ids.index(self.window.session.document.state.layers[-1].id)
        return np.where(found[:, :, 0] == number, found[:, :, 1], -1)

    def under_legend(self, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
        """Device pixels (H, W) that the legend hides."""
        legend, ratio = self.window.stage.legend, self.window.canvas.devicePixelRatioF()
        hidden = np.zeros(shape, np.bool_)
        if legend.isVisible():
            place = legend.geometry()
            rows = slice(int(place.top() * ratio), int((place.bottom() + 1) * ratio) + 1)
            hidden[rows, int(place.left() * ratio) : int((place.right() + 1) * ratio) + 1] = True
        return hidden

    def pixel_of(self, row: int, ids: npt.NDArray[np.int32] | None = None) -> tuple[int, int]:
        """A device pixel (x, y) well inside an object, not under an overlay."""
        found = self.ids() if ids is None else ids
        inside = (found == row) & ~self.under_legend(found.shape)
        for axis in (0, 1):
            inside &= (np.roll(found, 2, axis) == row) & (np.roll(found, -2, axis) == row)
        free = [(int(x), int(y)) for y, x in zip(*np.nonzero(inside), strict=True)]
        assert free, f"object {row} cannot be seen"
        return free[len(free) // 2]

    def row_of_building(self, largest: int = 0) -> int:
        """The row of the building with the most pixels to click on (or the next one)."""
        document = self.window.session.document
        city = document.cities[document.state.layers[-1].id]
        found = self.ids()
        found = np.where(self.under_legend(found.shape), -1, found)
        counts = np.bincount(found[found >= 0], minlength=len(city.objects))
        order = [
            int(r)
            for r in np.argsort(-counts)
            if counts[r] and city.objects.type_of(int(r)) == "Building" and city.objects.attributes_of(int(r))
        ]
        return order[largest]

    def click(self, pixel: tuple[int, int], modifier: Any = None) -> None:
        """A left click on a device pixel of the canvas."""
        from PySide6.QtCore import QPoint, Qt

        ratio = self.window.canvas.devicePixelRatioF()
        at = QPoint(int(pixel[0] / ratio), int(pixel[1] / ratio))
        keys = modifier or Qt.KeyboardModifier.NoModifier
        self.qtbot.mouseClick(self.window.canvas, Qt.MouseButton.LeftButton, keys, at)

    def drop(self, *paths: Path) -> None:
        """Drag files from elsewhere and let go over the window."""
        from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
        from PySide6.QtGui import QDragEnterEvent, QDropEvent
        from PySide6.QtWidgets import QApplication

        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self.window, QDragEnterEvent(QPoint(99, 99), copy, mime, left, none))
        assert self.window.stage.drop.isVisible()
        QApplication.sendEvent(self.window, QDropEvent(QPointF(99, 99), copy, mime, left, none))
        assert not self.window.stage.drop.isVisible()

    def attributes(self) -> dict[str, str]:
        """What the inspector shows."""
        return dict(self.window.inspector._tree.texts())

    def color_by(self, value: str) -> None:
        """Choose in the style panel."""
        combo = self.window.style_panel.color_by
        index = combo.findData(value)
        assert index >= 0, f"{value} is not offered"
        combo.setCurrentIndex(index)
        combo.activated.emit(index)


@pytest.fixture(autouse=True)
def town_is_small(small_demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the demo be its own middle."""
    monkeypatch.setenv("CITIVERSE_DEMO", str(small_demo))


@pytest.fixture
def person(qtbot: Any, qapp: Any, citiverse_home: Path) -> Iterator[Person]:
    """A person before a fresh window on its start page."""
    from PySide6.QtCore import QCoreApplication, QEvent

    from viewer.document.document import Document
    from viewer.jobs.queue import JobQueue
    from viewer.session.session import Session
    from viewer.settings.settings import Settings
    from viewer.ui.desktop.window import MainWindow

    window = MainWindow(Session(Document(), JobQueue(), Settings()))
    window.resize(1280, 800)
    window.show()
    window.activateWindow()
    qtbot.waitActive(window)
    made = Person(window, qtbot)
    qtbot.waitUntil(lambda: bool(window.canvas.renderer_name))
    yield made
    made.answer = "discard"
    window.close()
    made.window = None  # pytest keeps the person until the leak check is over
    window.themes.deleteLater()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.setStyleSheet("")
