"""The legend once more, for the right eye, where the picture shows both eyes side by side."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QRegion
from PySide6.QtWidgets import QWidget

from viewer.render.stereo import StereoMode, places
from viewer.ui.desktop.legend import LegendOverlay
from viewer.ui.desktop.shell import Shell

_CARD = QWidget.RenderFlag.DrawChildren
"""What is behind the round corners is the picture."""


class LegendTwin(QWidget):
    """Stands as far to the right of the legend as the right eye's picture, and shows the same; hidden else."""

    def __init__(self, shell: Shell, legend: LegendOverlay, host: QWidget) -> None:
        super().__init__(host)
        self._shell, self._legend, self._host = shell, legend, host
        self._open, self._painting = True, False
        self._picture = QPixmap()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        legend.installEventFilter(self)
        shell.session.settings.changed.connect(self._setting_changed)

    @property
    def stereo(self) -> StereoMode:
        """How the picture is one for both eyes."""
        return cast(StereoMode, self._shell.session.settings.get("stereo"))

    def follow(self) -> None:
        """Stand where it belongs now."""
        if not self._open:
            return
        own, room = self._legend.geometry(), self._host.rect()
        half = room.width() // 2
        on = self.stereo in ("side-by-side", "side-by-side-full") and not self._legend.isHidden()
        self.setVisible(on)
        if on:
            # what would reach over the middle is the other eye's
            self.setGeometry(own.translated(half, 0).intersected(room))
            self.stackUnder(self._legend)
            self._take()

    def _take(self) -> None:
        """Take the legend's picture anew."""
        if not self._open:
            return
        self._painting = True
        ratio = self.devicePixelRatioF()
        found = QPixmap(self._legend.size() * ratio)
        found.setDevicePixelRatio(ratio)
        found.fill(Qt.GlobalColor.transparent)
        self._legend.render(found, QPoint(), QRegion(), _CARD)
        self._painting = False
        if found.toImage() != self._picture.toImage():  # a paint for nothing could lead to the next one
            self._picture = found
            self.update()

    def draw_on(self, painter: QPainter, width: float) -> None:
        """Paint the legend into a picture that is so wide: once, or for both eyes. Coordinates are the window's."""
        for left, right, shift, squeeze in places(self.stereo, width):
            painter.save()
            if self.stereo != "off":
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.setClipRect(QRectF(left, 0.0, right - left, 1e6))
            painter.translate(shift, 0.0)
            painter.scale(squeeze, 1.0)
            if self.stereo == "side-by-side-full":
                painter.translate(-shift + left, 0.0)  # in the corner that is seen, which is not that of the picture
            self._legend.render(painter, self._legend.pos(), QRegion(), _CARD)
            painter.restore()

    def shut_down(self) -> None:
        """Leave the settings."""
        self._open = False
        self._shell.session.settings.changed.disconnect(self._setting_changed)

    def _setting_changed(self, name: str) -> None:
        if name == "stereo":
            self.follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the legend."""
        kind = event.type()
        if kind in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._shell.later(self.follow)
        elif kind == QEvent.Type.Paint and self.isVisible() and not self._painting:
            self._shell.soon(self._take)
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The legend as it is."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.end()
