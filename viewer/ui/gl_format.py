"""What OpenGL the window asks Qt for, and whether it can be had."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication, QOpenGLContext, QSurfaceFormat

_NO_WINDOW_GL = ("offscreen", "minimal", "vnc", "linuxfb")


def install_format() -> None:
    """Ask for OpenGL 3.2 core without Qt's own multisampling. Before the `QApplication` is made."""
    wanted = QSurfaceFormat()
    wanted.setRenderableType(QSurfaceFormat.RenderableType.OpenGL)
    wanted.setVersion(3, 2)
    wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
    wanted.setAlphaBufferSize(8)
    wanted.setDepthBufferSize(0)
    wanted.setSamples(0)
    if QSurfaceFormat.defaultFormat() != wanted:  # Qt warns of a change after the first window
        QSurfaceFormat.setDefaultFormat(wanted)


def window_gl_works() -> bool:
    """True if a widget can have OpenGL 3.2 core here."""
    if QGuiApplication.platformName() in _NO_WINDOW_GL:
        return False
    context = QOpenGLContext()
    context.setFormat(QSurfaceFormat.defaultFormat())
    return context.create() and context.format().version() >= (3, 2)
