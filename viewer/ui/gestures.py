"""What mouse, touch and keys do over the picture, as commands of the session. Qt only; all pixels are device pixels.

Left drag turns about the point under the cursor, right, middle or Shift + left drag moves the scene with the cursor,
the wheel goes towards the cursor, a click selects (Ctrl adds), a double click zooms to the object. One finger turns,
two fingers move and zoom. Arrow keys turn, with Shift they move; plus and minus zoom. While somebody walks or flies,
`viewer.ui.walk_input` has it all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QTouchEvent, QWheelEvent

from viewer.document.state import Vec3
from viewer.ui.walk_input import WalkControl

if TYPE_CHECKING:
    from viewer.session.session import Session

CLICK_PIXELS = 4.0
"""A press that moves less than this (logical pixels) is a click."""
KEY_STEP = 40.0
"""Device pixels of drag that one arrow key stands for."""

_KEYS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}
_ZOOM_KEYS = {Qt.Key.Key_Plus: 1.0, Qt.Key.Key_Equal: 1.0, Qt.Key.Key_Minus: -1.0}


class Gestures:
    """Turns events into commands.

    Args:
        session: where commands run.
        world_at: world position under a device pixel, or None.
        ratio: device pixels per logical pixel now.
        walk: what has the input while somebody walks or flies.
    """

    def __init__(
        self,
        session: Session,
        world_at: Callable[[float, float], Vec3 | None],
        ratio: Callable[[], float],
        walk: WalkControl,
    ) -> None:
        self._walk = walk
        self._session = session
        self._world_at = world_at
        self._ratio = ratio
        self._button: Qt.MouseButton | None = None
        self._start = self._last = QPointF()
        self._grabbed: Vec3 | None = None
        self._dragging = False
        self._pan = False
        self._touches: dict[int, QPointF] = {}

    @property
    def busy(self) -> bool:
        """True while a button or a finger is down."""
        return self._button is not None or bool(self._touches) or self._walk.busy

    def press(self, event: QMouseEvent) -> None:
        """Remember what was grabbed."""
        if self._walk.active:
            self._walk.press(event)
            return
        if self._button is not None:
            return
        self._button = event.button()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._pan = shift or self._button in (Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton)
        self._begin(event.position())

    def move(self, event: QMouseEvent) -> bool:
        """Drag; True if the event belonged to a drag."""
        if self._walk.active:
            return self._walk.move(event)
        if self._button is None:
            return False
        if not event.buttons() & self._button:
            self._button = None
            return False
        self._drag(event.position())
        return True

    def release(self, event: QMouseEvent) -> None:
        """A press that stayed where it was is a click."""
        if self._walk.active:
            self._walk.release(event)
            return
        if event.button() != self._button:
            return
        clicked = not self._dragging and self._button == Qt.MouseButton.LeftButton
        self._button = None
        if clicked:
            toggle = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            x, y = self._pixel(event.position())
            self._session.act("selection.pick", x=int(x), y=int(y), toggle=toggle)

    def double_click(self, event: QMouseEvent) -> None:
        """Zoom to the object under the cursor."""
        if self._walk.active:
            self._walk.double_click(event)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, y = self._pixel(event.position())
        self._session.act("selection.pick", x=int(x), y=int(y), toggle=False)
        if self._session.enabled("selection.zoom_to"):
            self._session.act("selection.zoom_to")

    def wheel(self, event: QWheelEvent) -> None:
        """Go towards what is under the cursor: one step per notch, smoothly on touchpads."""
        if self._walk.active:
            self._walk.wheel(event)
            return
        steps = event.angleDelta().y() / 120.0
        if steps:
            self._session.act("view.zoom", steps=steps, anchor=self._world_at(*self._pixel(event.position())))

    def key(self, event: QKeyEvent) -> bool:
        """Arrows, plus and minus; True if the key was one of them."""
        if self._walk.key(event):
            return True
        key, shift = Qt.Key(event.key()), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
            return False
        if key in _KEYS:
            x, y = _KEYS[key]
            # the view moves to where the arrow points, so the scene goes the other way
            self._session.act("view.pan" if shift else "view.orbit", dx=-x * KEY_STEP, dy=-y * KEY_STEP)
        elif key in _ZOOM_KEYS:
            self._session.act("view.zoom", steps=_ZOOM_KEYS[key])
        elif key == Qt.Key.Key_Home and self._session.enabled("view.home"):
            self._session.act("view.home")
        else:
            return False
        return True

    def touch(self, event: QTouchEvent) -> bool:
        """One finger turns, two move and zoom."""
        if self._walk.active:
            return self._walk.touch(event)
        if event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
            self._touches.clear()
            return True
        now = {point.id(): point.position() for point in event.points()}
        before = self._touches
        self._touches = now
        if set(now) != set(before):
            self._pan = len(now) > 1
            self._begin(_middle(now))
        elif len(now) == 1:
            self._drag(_middle(now))
        else:
            self._pinch(before, now)
        return True

    def _pinch(self, before: dict[int, QPointF], now: dict[int, QPointF]) -> None:
        self._drag(_middle(now))
        old, new = _spread(before), _spread(now)
        if old > 1.0 and new > 1.0 and abs(new / old - 1.0) > 1e-3:
            # a zoom step is about a quarter of the way, so doubling the spread is three steps
            self._session.act("view.zoom", steps=3.0 * (new - old) / max(new, old), anchor=self._grabbed)

    def _begin(self, position: QPointF) -> None:
        self._start = self._last = position
        self._dragging = False
        self._grabbed = self._world_at(*self._pixel(position))

    def _drag(self, position: QPointF) -> None:
        way = position - self._start
        if not self._dragging and way.x() ** 2 + way.y() ** 2 < CLICK_PIXELS**2:
            return
        self._dragging = True
        step = (position - self._last) * self._ratio()
        self._last = position
        if not step.x() and not step.y():
            return
        if self._pan:
            self._session.act("view.pan", dx=step.x(), dy=step.y(), anchor=self._grabbed)
        else:
            self._session.act("view.orbit", dx=step.x(), dy=step.y(), pivot=self._grabbed)

    def _pixel(self, position: QPointF) -> tuple[float, float]:
        return position.x() * self._ratio(), position.y() * self._ratio()


def _middle(points: dict[int, QPointF]) -> QPointF:
    total = QPointF()
    for point in points.values():
        total += point
    return total / max(len(points), 1)


def _spread(points: dict[int, QPointF]) -> float:
    middle = _middle(points)
    return sum(((p - middle).x() ** 2 + (p - middle).y() ** 2) ** 0.5 for p in points.values()) / max(len(points), 1)
