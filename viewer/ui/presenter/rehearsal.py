"""Looks from every step once before the talk: for the small pictures, and so that nothing has to be built during it."""

from __future__ import annotations

import time
from collections import OrderedDict

from PySide6.QtCore import QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from viewer.document.state import Camera
from viewer.render.stereo import StereoMode
from viewer.session.session import Session
from viewer.ui.presenter.preview import Preview

SIZE = QSize(320, 180)
LOOK_MS = 40
LONGEST_S, FIRST_S = 1.5, 30.0
"""A picture that is not finished after so long is taken as it is; the first waits for the whole city."""
MOST = 200


def thumbnail(picture: QImage, stereo: StereoMode = "off") -> QPixmap:
    """The middle of a picture in the form of the small pictures; of one for both eyes that of the left eye."""
    if stereo in ("side-by-side", "side-by-side-full"):
        width = picture.width()
        left = picture.copy(0, 0, max(width // 2, 1), picture.height())
        picture = left.scaled(width, picture.height()) if stereo == "side-by-side" else left
    wide = min(picture.width(), picture.height() * SIZE.width() // SIZE.height())
    high = min(picture.height(), wide * SIZE.height() // SIZE.width())
    part = picture.copy(QRect((picture.width() - wide) // 2, (picture.height() - high) // 2, wide, high))
    smooth = Qt.TransformationMode.SmoothTransformation
    return QPixmap.fromImage(part.scaled(SIZE, Qt.AspectRatioMode.IgnoreAspectRatio, smooth))


class Rehearsal(QObject):
    """Small pictures by camera.

    Signals: changed(): another picture is there, or it ended.

    Attributes:
        total: how many views are looked from; done: how many have been.
    """

    changed = Signal()

    def __init__(self, session: Session, preview: Preview) -> None:
        super().__init__(preview)
        self._session, self._preview = session, preview
        self._kept: OrderedDict[Camera, QPixmap] = OrderedDict()
        self._waiting: list[Camera] = []
        self.total = self.done = 0
        self._first: Camera | None = None
        self._since = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def running(self) -> bool:
        """True while it moves the camera."""
        return self._timer.isActive()

    def of(self, camera: Camera | None) -> QPixmap | None:
        """The small picture from a camera; None until it was seen."""
        return self._kept.get(camera) if camera is not None else None

    def start(self, cameras: list[Camera]) -> None:
        """Look from each of these that was not seen yet."""
        self._waiting = [camera for camera in dict.fromkeys(cameras) if camera not in self._kept]
        self.total, self.done = len(self._waiting), 0
        if self._waiting:
            self._first = cameras[0]
            self._preview.set_sharp(False)
            self._go()
            self._timer.start()
        self.changed.emit()

    def stop(self) -> None:
        """End early; the camera stays where it is."""
        if self.running:
            self._timer.stop()
            self._waiting = []
            self._preview.set_sharp(True)
            self.changed.emit()

    def keep(self, camera: Camera, picture: QImage) -> None:
        """Remember the picture from a camera."""
        if not picture.isNull():
            self._kept[camera] = thumbnail(picture, self._preview.stereo)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
            self.changed.emit()

    def _go(self) -> None:
        self._since = time.monotonic()
        self._session.move_camera(self._waiting[0])

    def _look(self) -> None:
        canvas = self._preview.canvas
        scene = canvas.scene
        seen = scene is not None and scene.drawn_camera == self._session.camera and not canvas.unfinished
        if scene is not None and not (
            seen and (canvas.settled or time.monotonic() - self._since > (LONGEST_S if self.done else FIRST_S))
        ):
            return
        camera = self._waiting.pop(0)
        self.done += 1
        self.keep(camera, self._preview.picture())
        if self._waiting and scene is not None:
            self._go()
            return
        self._timer.stop()
        self._preview.set_sharp(True)
        if self._first is not None:
            self._session.move_camera(self._first)
        self._session.views.clear()
        self.changed.emit()
