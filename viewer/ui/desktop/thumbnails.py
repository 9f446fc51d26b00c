"""Small pictures of viewpoints: from the window's own picture when it shows one of them, or drawn on request."""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

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
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        canvas.drawn.connect(self._drawn)
        shell.session.document.changed.connect(self._changed)

    def of(self, camera: Camera) -> QPixmap | None:
        """The picture from a camera; None until the window has shown it once."""
        return self._kept.get(camera)

    @property
    def lacking(self) -> bool:
        """True if a viewpoint has no picture yet."""
        return any(viewpoint.camera not in self._kept for viewpoint in self._shell.session.document.state.viewpoints)

    def draw(self) -> None:
        """Have all viewpoints drawn off the window's back."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="citiverse-views-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        self._shell.run("viewpoint.draw_pictures", folder=folder, width=SIZE.width(), height=SIZE.height())

    def take(self, folder: Path, cameras: Sequence[Camera]) -> None:
        """Keep the pictures that were drawn."""
        for number, camera in enumerate(cameras):
            picture = QPixmap(str(folder / f"{number}.png"))
            if not picture.isNull():
                self._keep(camera, picture)
        self.changed.emit()

    def _changed(self, changes: object) -> None:
        parts: frozenset[str] = getattr(changes, "parts", frozenset())
        if getattr(changes, "origin", "") == "reset":
            self._kept.clear()
        elif "viewpoints" in parts:
            self._drawn()

    @property
    def _both_eyes(self) -> bool:
        """True while the window's picture is one for glasses, which is no small picture of a place."""
        return self._shell.session.settings.get("stereo") != "off"

    def _drawn(self) -> None:
        """A picture is finished: keep it if it is that of a viewpoint."""
        session = self._shell.session
        camera = session.camera
        if camera in self._kept or not self._canvas.settled or not session.document.cities or self._both_eyes:
            return
        if session.opening.loading:
            return  # a part of what is seen from there is still to come
        if all(viewpoint.camera != camera for viewpoint in session.document.state.viewpoints):
            return
        self._shell.later(lambda: self._grab(camera))

    def _grab(self, camera: Camera) -> None:
        if self._shell.session.camera != camera or not self._canvas.settled or not self._canvas.isVisible():
            return
        if self._both_eyes:
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
        self._keep(camera, small)
        self.changed.emit()

    def _keep(self, camera: Camera, picture: QPixmap) -> None:
        self._kept[camera] = picture
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
