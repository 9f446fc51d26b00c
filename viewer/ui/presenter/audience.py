"""The window on the projector: nothing but what the audience is to see."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent

from viewer.ui.presenter.face import Face
from viewer.ui.presenter.screens import ScreenInfo, put_on


class AudienceWindow(Face):
    """Frameless, full-screen, without a mouse cursor. Its keys mean what they mean in the console.

    Attributes:
        info: the screen that it is on.
    """

    def __init__(self, press: Callable[[QKeyEvent], bool], ended: Callable[[], None]) -> None:
        super().__init__(None, solid=True)
        self._press, self._ended = press, ended
        self.info: ScreenInfo | None = None
        self.setWindowFlags(Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setWindowTitle("Audience")
        self.setObjectName("audience")
        self._leaving = False

    def show_on(self, info: ScreenInfo) -> None:
        """Fill a screen; the keys stay with the console."""
        if self.info == info and self.isVisible():
            return
        self.info = info
        if self.isVisible():
            self.showNormal()
        self.winId()
        put_on(self.windowHandle(), info)
        self.setGeometry(info.area)
        self.showFullScreen()
        self.setGeometry(info.area)

    def leave(self) -> None:
        """Close for good."""
        self._leaving = True
        self.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As in the console."""
        if not self._press(event):
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on the projector's picture moves nothing."""
        event.accept()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Somebody closed it with the window manager's keys: that hides it, the talk goes on."""
        if self._leaving:
            event.accept()
        else:
            event.ignore()
            self._ended()
