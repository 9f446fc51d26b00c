"""The picture of a widget of OpenGL, kept while the widget takes another size. Qt only."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QOpenGLExtraFunctions, QOpenGLFunctions
from PySide6.QtOpenGL import QOpenGLFramebufferObject
from PySide6.QtWidgets import QWidget

_GL_COLOR, _GL_LINEAR, _GL_SCISSOR = 0x4000, 0x2601, 0x0C11
_GL_READ_FB, _GL_DRAW_FB = 0x8CA8, 0x8CA9


class KeptPicture:
    """A copy of what a widget shows, to be shown stretched until there is a picture of the new size: to draw that at
    once would make the window wait. The context must be current for every method."""

    def __init__(self) -> None:
        self._copy: QOpenGLFramebufferObject | None = None

    @property
    def there(self) -> bool:
        """True while something is kept."""
        return self._copy is not None

    def take(self, functions: QOpenGLExtraFunctions, shown: int, width: int, height: int) -> None:
        """Keep what framebuffer ``shown`` holds, ``width`` x ``height`` device pixels, if nothing is kept yet."""
        if self._copy is None and min(width, height) > 0:
            self._copy = QOpenGLFramebufferObject(QSize(width, height))
            _copy(functions, (shown, width, height), (self._copy.handle(), width, height))

    def put(self, functions: QOpenGLExtraFunctions, shown: int, width: int, height: int) -> None:
        """Show it on all of that framebuffer."""
        if self._copy is not None:
            size = self._copy.size()
            _copy(functions, (self._copy.handle(), size.width(), size.height()), (shown, width, height))

    def drop(self) -> None:
        """Forget it."""
        self._copy = None


def _copy(functions: QOpenGLExtraFunctions, source: tuple[int, int, int], goal: tuple[int, int, int]) -> None:
    """Copy all of a framebuffer (handle, width, height) to all of another one."""
    functions.glBindFramebuffer(_GL_READ_FB, source[0])
    functions.glBindFramebuffer(_GL_DRAW_FB, goal[0])
    functions.glDisable(_GL_SCISSOR)
    functions.glBlitFramebuffer(0, 0, *source[1:], 0, 0, *goal[1:], _GL_COLOR, _GL_LINEAR)


def make_opaque(functions: QOpenGLFunctions) -> None:
    """Let nothing behind the window shine through what is bound."""
    functions.glColorMask(False, False, False, True)
    functions.glClearColor(0.0, 0.0, 0.0, 1.0)
    functions.glClear(_GL_COLOR)
    functions.glColorMask(True, True, True, True)


def device_pixels(widget: QWidget, size: QSize) -> tuple[int, int]:
    """Width and height of a size of a widget in device pixels, one at least."""
    ratio = widget.devicePixelRatioF()
    return max(1, round(size.width() * ratio)), max(1, round(size.height() * ratio))
