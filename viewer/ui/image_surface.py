"""The picture as an image: for systems where Qt cannot give a window OpenGL. Qt only; VTK draws off-screen."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from viewer.render.offscreen import CannotDraw, OffscreenView
from viewer.render.scene import SceneView

if TYPE_CHECKING:
    from viewer.ui.canvas import Canvas


def to_image(scene: SceneView) -> QImage:
    """The scene's last picture as a QImage with its own pixels."""
    pixels = scene.pixels()
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


class ImageSurface(QWidget):
    """VTK draws off-screen; the pixels are painted as an image. Needs no OpenGL from Qt."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._canvas: Canvas | None = canvas
        self._view: OffscreenView | None = None
        self._image = QImage()
        self._stale = True
        self.problem = ""
        self.renderer_name = "none"
        self.scene: SceneView | None = None
        try:
            self._view = OffscreenView(64, 64)
            self.scene = self._view.scene
            self.renderer_name = self._view.renderer_name
        except CannotDraw as error:
            self.problem = str(error)

    @property
    def holds_picture(self) -> bool:
        """True if a picture of another size is shown until there is one of this."""
        return not self._image.isNull()

    def draw(self) -> None:
        """Have the picture drawn anew when Qt paints."""
        self._stale = True
        self.update()

    def show_picture(self) -> None:
        """Show the picture that has been drawn."""
        if self._view is not None:
            self._image = to_image(self._view.scene)
        self.update()

    def fit(self, scale: float) -> None:
        """Bring the picture to the size of the widget in device pixels, times ``scale``."""
        ratio = self.devicePixelRatioF()
        full = max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
        if self._view is not None:
            self._view.scene.screen_size = full
            self._view.scene.render_scale = scale
            self._view.scene.pixel_ratio = ratio
            self._view.resize(max(1, round(full[0] * scale)), max(1, round(full[1] * scale)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw at the new size."""
        self._stale = True
        if self._canvas is not None:
            self._canvas.surface_resized()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw if something changed, and paint the picture."""
        painter = QPainter(self)
        if self._view is None or self._canvas is None:
            painter.fillRect(self.rect(), self.palette().window())
            painter.drawText(
                self.rect().adjusted(32, 32, -32, -32),
                int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap),
                self.problem,
            )
        else:
            if self._stale and not self._canvas.needs_no_picture:
                self._stale = False
                self._canvas.start_picture()
                if not self._canvas.unfinished:
                    self._image = to_image(self._view.scene)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRect(0, 0, self.width(), self.height()), self._image)
        painter.end()

    def drawing(self) -> AbstractContextManager[None]:
        """A place to draw in at once: the off-screen window is always ready."""
        return nullcontext()

    def shut_down(self) -> None:
        """Free everything."""
        if self._view is not None:
            self._view.close()
        self._view = self.scene = self._canvas = None
