"""Keys, mouse and touch while walking or flying, gamepads always, and the clock that moves the walker. Qt only.

W A S D or the arrows move and turn, Shift goes faster, Q and E turn by 30 degrees, dragging looks round, M lets the
mouse look without a button, the wheel changes the speed, a double click or tap goes there, Esc ends. One finger looks,
two fingers move. The clock runs only while something moves: somebody who stands uses no processor.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QCursor, QEventPoint, QKeyEvent, QMouseEvent, QTouchEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.document.state import Vec3
from viewer.session.pads import PadPilot, PadState, SpaceState
from viewer.session.walking import FASTEST, FASTEST_FLIGHT, LONGEST_STEP_S, SLOWEST, SNAP_DEG, WalkInput
from viewer.session.walks import walks

if TYPE_CHECKING:
    from viewer.session.session import Session

TICK_MS = 16
CLICK_PIXELS, TAP_SECONDS = 5.0, 0.35
WHEEL_FACTOR = 1.15
"""Change of speed for one notch of the wheel."""
METRES_PER_HEIGHT = 12.0
"""How far two fingers move one who drags them over the whole height of the view."""
KEY_PITCH_DEG = 10.0

_MOVES: dict[Qt.Key, str] = {
    Qt.Key.Key_W: "forward",
    Qt.Key.Key_Up: "forward",
    Qt.Key.Key_S: "back",
    Qt.Key.Key_Down: "back",
    Qt.Key.Key_A: "left",
    Qt.Key.Key_D: "right",
    Qt.Key.Key_Left: "turn_left",
    Qt.Key.Key_Right: "turn_right",
    Qt.Key.Key_Space: "up",
    Qt.Key.Key_C: "down",
}
_PITCHES = {Qt.Key.Key_PageUp: KEY_PITCH_DEG, Qt.Key.Key_PageDown: -KEY_PITCH_DEG}
_OTHERS = (Qt.Key.Key_Q, Qt.Key.Key_E, Qt.Key.Key_M, Qt.Key.Key_Escape, Qt.Key.Key_Shift)


_CONTROLS: list[WalkControl] = []


def shown_control() -> WalkControl | None:
    """The control of the picture that is on show, of the newest where there are several; None if none is."""
    return next((control for control in reversed(_CONTROLS) if control.on_show), None)


class WalkControl(QObject):
    """Moves whoever walks or flies in a session by what is pressed, dragged and touched over one widget.

    Signals: touched(): a finger was used, so buttons on the screen make sense; acted(): something was pressed;
    device_changed(name): what one moves with now is "keys", "pad" (a gamepad) or "space" (a SpaceMouse).

    Attributes: pilot: what gamepads and SpaceMice do; device: as in the signal.

    Args:
        session: where commands run.
        view: the widget that has the keys; its cursor is hidden while the mouse is captured.
        world_at: world position under a device pixel, or None.
    """

    touched = Signal()
    acted = Signal()
    device_changed = Signal(str)

    def __init__(self, session: Session, view: QWidget, world_at: Callable[[float, float], Vec3 | None]) -> None:
        super().__init__(view)
        self._session, self._view, self._world_at = session, view, world_at
        self._walks = walks(session)
        self._walks.wake = self.wake
        self._walks.mode_changed.connect(self._mode_changed)
        self._held: set[str] = set()
        self._brisk = False
        self._last: QPointF | None = None
        self._start = QPointF()
        self._dragged = False
        self._touches: dict[int, QPointF] = {}
        self._touch_began = 0.0
        self._many = False
        self._captured = False
        self._then = 0.0
        self._clock = QTimer(self)
        self._clock.setInterval(TICK_MS)
        self._clock.timeout.connect(self._tick)
        self.pilot = PadPilot(session)
        self.device = "keys"
        self.acted.connect(lambda: self._used("keys"))
        _CONTROLS.append(self)

    # --- the clock -----------------------------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """True while somebody walks or flies: input is for them."""
        return self._walks.mode != "orbit"

    @property
    def running(self) -> bool:
        """True while the clock runs."""
        return self._clock.isActive()

    @property
    def captured(self) -> bool:
        """True while the mouse looks round without a button."""
        return self._captured

    @property
    def busy(self) -> bool:
        """True while a button or finger is down, or the mouse is captured."""
        return self._last is not None or bool(self._touches) or self._captured

    def wake(self) -> None:
        """Start the clock."""
        if not self._clock.isActive():
            self._then = time.perf_counter()
            self._clock.start()

    def stop(self) -> None:
        """Stop for good: the widget closes."""
        if self in _CONTROLS:
            _CONTROLS.remove(self)
        self._walks.wake = None
        self._walks.mode_changed.disconnect(self._mode_changed)
        self.release_all()
        self._clock.stop()

    def wish(self) -> WalkInput:
        """What the held keys and buttons ask for."""

        def axis(plus: str, minus: str) -> float:
            return float(plus in self._held) - float(minus in self._held)

        snap = bool(self._session.settings.get("walk_snap"))
        turn = 0.0 if snap else axis("turn_left", "turn_right")
        return WalkInput(axis("forward", "back"), axis("right", "left"), axis("up", "down"), turn, brisk=self._brisk)

    def _tick(self) -> None:
        now = time.perf_counter()
        seconds, self._then = now - self._then, now
        if self.active or self._walks.gliding:
            self._walks.tick(self.pilot.wish(self.wish(), seconds), seconds)
        else:
            self.pilot.turn_model(min(seconds, LONGEST_STEP_S))
        if not self._held and not self._walks.busy and not self.pilot.moving:
            self._clock.stop()

    def _mode_changed(self, mode: str) -> None:
        if mode == "orbit":
            self.release_all()
        else:
            # who presses Walk in the tool bar wants the next key to walk
            self._view.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- gamepads and SpaceMice ------------------------------------------------------------------------------------

    @property
    def on_show(self) -> bool:
        """True if the picture can be seen."""
        return self._view.isVisible() and self._view.focusPolicy() != Qt.FocusPolicy.NoFocus

    def feed(self, pad: PadState, space: SpaceState) -> None:
        """Take what gamepads and SpaceMice say now."""
        self.pilot.used = ""
        if self.pilot.feed(pad, space):
            self.wake()
        if self.pilot.used:
            self._used(self.pilot.used)

    def _used(self, device: str) -> None:
        if device != self.device:
            self.device = device
            self.device_changed.emit(device)

    # --- keys ------------------------------------------------------------------------------------------------------

    def wants(self, event: QKeyEvent) -> bool:
        """True for keys that move somebody now; shortcuts with the same keys have to wait."""
        if not self.active or event.modifiers() & ~(_SHIFT | _KEYPAD):
            return False
        key = Qt.Key(event.key())
        return key in _MOVES or key in _PITCHES or key in _OTHERS

    def key(self, event: QKeyEvent) -> bool:
        """A key went down; True if it was one of ours."""
        if not self.wants(event):
            return False
        key = Qt.Key(event.key())
        self._brisk = bool(event.modifiers() & _SHIFT) or key == Qt.Key.Key_Shift
        self.acted.emit()
        if key in _MOVES:
            if not event.isAutoRepeat():
                self.hold(_MOVES[key], True)
        elif key in _PITCHES:
            self._session.act("walk.turn", yaw=0.0, pitch=_PITCHES[key])
        elif key in (Qt.Key.Key_Q, Qt.Key.Key_E) and not event.isAutoRepeat():
            self._session.act("walk.turn", yaw=SNAP_DEG if key == Qt.Key.Key_Q else -SNAP_DEG)
        elif key == Qt.Key.Key_M and not event.isAutoRepeat():
            self.capture(not self._captured)
        elif key == Qt.Key.Key_Escape:
            if self._captured:
                self.capture(False)
            else:
                self._session.act("view.orbit_mode")
        return True

    def key_up(self, event: QKeyEvent) -> bool:
        """A key went up."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Shift:
            self._brisk = False
        if key in _MOVES and not event.isAutoRepeat():
            self.hold(_MOVES[key], False)
        return self.active and (key in _MOVES or key in _PITCHES or key in _OTHERS)

    def hold(self, move: str, down: bool) -> None:
        """Press or release what moves: forward, back, left, right, turn_left, turn_right, up, down."""
        if not down:
            self._held.discard(move)
            return
        self._held.add(move)
        if self._session.settings.get("walk_snap") and move.startswith("turn"):
            self._session.act("walk.turn", yaw=SNAP_DEG if move == "turn_left" else -SNAP_DEG)
        self.wake()

    def release_all(self) -> None:
        """Let go of everything: the focus went elsewhere."""
        self._held.clear()
        self._brisk = False
        self._last = None
        self._touches.clear()
        self.capture(False)

    # --- mouse -----------------------------------------------------------------------------------------------------

    def press(self, event: QMouseEvent) -> None:
        """A button looks round from now on."""
        self._last = self._start = event.position()
        self._dragged = False
        self.acted.emit()

    def move(self, event: QMouseEvent) -> bool:
        """Look round; True if the event was used."""
        if self._captured:
            middle = self._view.rect().center()
            step = event.position() - QPointF(middle)
            if abs(step.x()) >= 1.0 or abs(step.y()) >= 1.0:
                self._look(-step.x(), -step.y())
                QCursor.setPos(self._view.mapToGlobal(middle))
            return True
        if self._last is None:
            return False
        if not event.buttons():
            self._last = None
            return False
        way = event.position() - self._start
        if self._dragged or way.manhattanLength() >= CLICK_PIXELS:
            self._dragged = True
            step, self._last = event.position() - self._last, event.position()
            self._look(step.x(), step.y())
        return True

    def release(self, event: QMouseEvent) -> None:
        """A press that stayed where it was selects, as always."""
        clicked = self._last is not None and not self._dragged and event.button() == Qt.MouseButton.LeftButton
        self._last = None
        if clicked and not self._captured:
            toggle = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            x, y = self._pixel(event.position())
            self._session.act("selection.pick", x=int(x), y=int(y), toggle=toggle)

    def double_click(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def wheel(self, event: QWheelEvent) -> None:
        """Faster or slower."""
        mover, steps = self._walks.mover, event.angleDelta().y() / 120.0
        if mover is None or not steps:
            return
        fastest = FASTEST_FLIGHT if self._walks.mode == "fly" else FASTEST
        self._session.act("walk.set_speed", speed=min(max(mover.speed_ms * WHEEL_FACTOR**steps, SLOWEST), fastest))
        self.acted.emit()

    def capture(self, on: bool) -> None:
        """Look round with the mouse alone, or let it go."""
        if on == self._captured:
            return
        self._captured = on
        if on:
            self._view.grabMouse(Qt.CursorShape.BlankCursor)
            QCursor.setPos(self._view.mapToGlobal(self._view.rect().center()))
        else:
            self._view.releaseMouse()

    # --- touch -----------------------------------------------------------------------------------------------------

    def touch(self, event: QTouchEvent) -> bool:
        """One finger looks, two move, a tap goes there."""
        self.touched.emit()
        if event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel):
            quick = time.perf_counter() - self._touch_began < TAP_SECONDS
            if event.type() == QEvent.Type.TouchEnd and quick and not self._dragged and not self._many:
                self._go(self._start)
            self._touches.clear()
            return True
        now = {point.id(): point.position() for point in event.points() if point.state() != _RELEASED}
        before, self._touches = self._touches, now
        if not before:
            self._touch_began, self._dragged, self._many = time.perf_counter(), False, False
            self._start = _middle(now)
        self._many = self._many or len(now) > 1
        if not now or set(now) != set(before):
            return True
        step = _middle(now) - _middle(before)
        self._dragged = self._dragged or (_middle(now) - self._start).manhattanLength() >= CLICK_PIXELS
        if len(now) == 1:
            if self._dragged:
                self._look(step.x(), step.y())
        else:
            metres = METRES_PER_HEIGHT / max(self._view.height(), 1)
            pinch = _spread(now) - _spread(before)
            self._walks.shift(-step.x() * metres, (step.y() + 2.0 * pinch) * metres)
        return True

    # --- what they do ------------------------------------------------------------------------------------------------

    def _look(self, dx: float, dy: float) -> None:
        """Turn so that the picture follows the pointer, logical pixels."""
        degrees = self._session.camera.fov_deg / max(self._view.height(), 1)
        self._walks.look(dx * degrees, dy * degrees)

    def _go(self, position: QPointF) -> None:
        at = self._world_at(*self._pixel(position))
        if at is not None:
            self._session.act("walk.go_to", position=at)
            self.wake()

    def _pixel(self, position: QPointF) -> tuple[float, float]:
        ratio = self._view.devicePixelRatioF()
        return position.x() * ratio, position.y() * ratio


_SHIFT, _KEYPAD = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier
_RELEASED = QEventPoint.State.Released


def _middle(points: dict[int, QPointF]) -> QPointF:
    total = QPointF()
    for point in points.values():
        total += point
    return total / max(len(points), 1)


def _spread(points: dict[int, QPointF]) -> float:
    middle = _middle(points)
    return sum(((p - middle).x() ** 2 + (p - middle).y() ** 2) ** 0.5 for p in points.values()) / max(len(points), 1)
