"""Small pictures of viewpoints: taken from the window's own picture whenever it shows one of them."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPixmap

from viewer.document.state import Camera
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.shell import Shell

SIZE = QSize(192, 108)
MOST = 300
"""Pictures kept, of 60 KiB each."""


class Thumbnails(QObject):
    """Pictures by camera, so that they survive renaming, undo and redo. Signals: changed()."""

    changed = Signal()

    def __init__(self, shell: Shell, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._shell, self._canvas = shell, canvas
        self._kept: OrderedDict[Camera, QPixmap] = OrderedDict()
        canvas.drawn.connect(self._drawn)
        shell.session.document.changed.connect(self._changed)

    def of(self, camera: Camera) -> QPixmap | None:
        """The picture from a camera; None until the window has shown it once."""
        return self._kept.get(camera)

    def _changed(self, changes: object) -> None:
        parts: frozenset[str] = getattr(changes, "parts", frozenset())
        if getattr(changes, "origin", "") == "reset":
            self._kept.clear()
        elif "viewpoints" in parts:
            self._drawn()

    def _drawn(self) -> None:
        """A picture is finished: keep it if it is that of a viewpoint."""
        session = self._shell.session
        camera = session.camera
        if camera in self._kept or not self._canvas.settled or not session.document.cities:
            return
        if all(viewpoint.camera != camera for viewpoint in session.document.state.viewpoints):
            return
        self._shell.later(lambda: self._grab(camera))

    def _grab(self, camera: Camera) -> None:
        if self._shell.session.camera != camera or not self._canvas.settled or not self._canvas.isVisible():
            return
        whole = self._canvas.grab()
        size = whole.size()
        # the middle in the form of the small picture
        wide = min(size.width(), size.height() * SIZE.width() // SIZE.height())
        high = wide * SIZE.height() // SIZE.width()
        part = whole.copy(QRect((size.width() - wide) // 2, (size.height() - high) // 2, wide, high))
        smooth = Qt.TransformationMode.SmoothTransformation
        small = part.scaled(SIZE, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)
        small.setDevicePixelRatio(1.0)
        self._kept[camera] = small
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        self.changed.emit()
