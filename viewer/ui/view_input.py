"""The input of the picture: which Qt event goes to which gesture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QTouchEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.ui.gestures import Gestures
from viewer.ui.walk_input import WalkControl


class InputView(QWidget):
    """Passes mouse, keys and touch on to gestures; remembers where the pointer hovers."""

    walk: WalkControl
    """Who walks or flies over this view."""
    _gestures: Gestures
    _hover: QTimer
    _hover_at: QPointF | None = None
    _closed = False

    @property
    def pointer(self) -> QPointF | None:
        """Where the pointer hovers, logical pixels; None while it is elsewhere."""
        return self._hover_at

    def surface_resized(self) -> None:
        """The widget has another size or another number of device pixels."""
        raise NotImplementedError

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Grab what is under the cursor."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._gestures.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag, or look what is under the cursor."""
        if not self._gestures.move(event):
            self._hover_at = event.position()
            if not self._hover.isActive():
                self._hover.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Click, or end of a drag."""
        self._gestures.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Zoom to the object, or go there on foot."""
        self._gestures.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom towards the cursor, or change the speed."""
        self._gestures.wheel(event)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, plus, minus and Home, and all that moves a walker; anything else is for the window."""
        if not self._gestures.key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """What moved a walker stops."""
        if not self.walk.key_up(event):
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keys that are released elsewhere are not heard of."""
        self.walk.release_all()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer any more."""
        self._forget_hover()

    def event(self, event: QEvent) -> bool:
        """Touch arrives here; keys that shortcuts want too; a change of device pixels."""
        if isinstance(event, QTouchEvent):
            event.accept()
            return self._gestures.touch(event)
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.walk.wants(event):
            event.accept()
            return True
        if event.type() == QEvent.Type.DevicePixelRatioChange and not self._closed:
            self.surface_resized()
        return super().event(event)

    def _forget_hover(self) -> None:
        self._hover_at = None
        if not self._closed:
            self._hover.start()
