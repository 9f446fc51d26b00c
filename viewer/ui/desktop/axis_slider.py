"""The axis of time: a slider with ticks, a curve of the largest values, and the moment as a cursor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QSlider

from loaders.city import Float64
from loaders.scenario.model import TimeAxis
from viewer.ui.desktop import time_words as words
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import single_line

STEPS = 10_000
"""Of the slider, for assistive technology."""
SIDE_PX = 10
CURVE_PX = 20
AXIS_PX = CURVE_PX + 34
MOST_TICKS = 400
NEAR_PX = 4.0
"""A click so near to a step goes to that step."""
_STRIDES = (1, 2, 3, 4, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 8760, 87_600)
_KEYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1}


class AxisSlider(QSlider):
    """Steps as ticks, the largest value of each as a curve with a mark at its top, and the moment as a cursor."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._shell = shell
        self._clock = shell.session.clock
        self.curve: Float64 | None = None
        """Largest value of every step of what is shown, float64 (T,); None while that is not known."""
        self.times: Float64 = np.zeros(0)
        """Moments of the curve, float64 (T,)."""
        self.setRange(0, STEPS)
        self.setProperty("role", "axis")
        self.setFixedHeight(AXIS_PX)
        self.setAccessibleName("Moment of the results")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.valueChanged.connect(self._asked)

    # --- where things are ------------------------------------------------------------------------------------

    def x_of(self, moment: float) -> float:
        """Where a moment is, logical pixels."""
        low, high = self._clock.start, self._clock.end
        share = (moment - low) / (high - low) if high > low else 0.5
        return SIDE_PX + min(max(share, 0.0), 1.0) * (self.width() - 2 * SIDE_PX)

    @property
    def _slots(self) -> bool:
        """True for periods without dates: each has a part of the line."""
        axis = self._clock.axis
        return axis is not None and axis.kind == "periods" and not axis.dated

    def moment_at(self, x: float) -> float:
        """The moment at a place."""
        low, high = self._clock.start, self._clock.end
        share = (x - SIDE_PX) / max(self.width() - 2 * SIDE_PX, 1)
        return low + min(max(share, 0.0), 1.0) * (high - low)

    @property
    def peak(self) -> float | None:
        """When the largest value is reached; None while that is not known, or where all are alike."""
        if self.curve is None or not np.isfinite(self.curve).any():
            return None
        known = self.curve[np.isfinite(self.curve)]
        if len(known) < 2 or known.max() <= known.min():
            return None
        return float(self.times[int(np.nanargmax(self.curve))])

    def follow(self) -> None:
        """Show where the clock stands."""
        low, high, now = self._clock.start, self._clock.end, self._clock.now
        blocked = self.blockSignals(True)
        self.setValue(0 if now is None or high <= low else round((now - low) / (high - low) * STEPS))
        self.blockSignals(blocked)
        axis = self._clock.axis
        if axis is not None and now is not None:
            self.setAccessibleDescription(words.moment_words(axis, now))
        self.update()

    def _asked(self, value: int) -> None:
        """Moved by assistive technology."""
        low, high = self._clock.start, self._clock.end
        self._go(low + (high - low) * value / STEPS)

    def _go(self, moment: float) -> None:
        self._clock.pause()
        self._shell.run("clock.set", moment=float(moment))

    # --- events ----------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(self._snapped(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the cursor."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(self._snapped(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing is left to do."""
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel steps."""
        steps = event.angleDelta().y()
        if steps:
            self._shell.run("clock.step", steps=1 if steps < 0 else -1)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows go from step to step, Home and End to the ends, Space runs or stops."""
        key = Qt.Key(event.key())
        if key in _KEYS:
            self._shell.run("clock.step", steps=_KEYS[key])
        elif key == Qt.Key.Key_Home:
            self._shell.run("clock.go_step", number=0)
        elif key == Qt.Key.Key_End:
            self._shell.run("clock.go_step", number=-1)
        elif key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            count = max(len(self._clock.marks) // 10, 1)
            self._shell.run("clock.step", steps=count if key == Qt.Key.Key_PageUp else -count)
        elif key == Qt.Key.Key_Space:
            self._shell.run("clock.toggle")
        else:
            event.ignore()

    def _snapped(self, x: float) -> float:
        """The moment at a place; that of a step or of the peak where it is close by."""
        marks = np.append(self._clock.marks, [] if self.peak is None else [self.peak])
        places = np.array([self.x_of(mark) for mark in marks.tolist()]) if len(marks) <= MOST_TICKS else np.zeros(0)
        if len(places):
            near = int(np.argmin(np.abs(places - x)))
            if abs(places[near] - x) <= NEAR_PX:
                return float(marks[near])
        return self.moment_at(x)

    # --- painting --------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Curve, line, ticks with names, peak, cursor."""
        axis = self._clock.axis
        if axis is None or not len(axis):
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_curve(painter)
        self._paint_line(painter)
        self._paint_ticks(painter, axis)
        self._paint_peak(painter)
        self._paint_cursor(painter)
        painter.end()

    def _paint_curve(self, painter: QPainter) -> None:
        if self.peak is None or self.curve is None:
            return
        known = np.isfinite(self.curve)
        low, high = float(min(self.curve[known].min(), 0.0)), float(self.curve[known].max())
        heights = np.where(known, (self.curve - low) / (high - low or 1.0), 0.0) * (CURVE_PX - 4)
        times = self.times
        if self._slots:
            times, heights = np.repeat(times, 2), np.repeat(heights, 2)
            times[1::2] += 1.0
        points = [QPointF(self.x_of(t), CURVE_PX - h) for t, h in zip(times.tolist(), heights.tolist(), strict=True)]
        shade = self._shell.qcolor("accent")
        painter.setPen(QPen(shade, 1.2))
        painter.drawPolyline(points)
        shade = QColor(shade)
        shade.setAlpha(48)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF([QPointF(points[0].x(), CURVE_PX), *points, QPointF(points[-1].x(), CURVE_PX)]))

    def _paint_line(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._shell.qcolor("control"))
        painter.drawRoundedRect(QRectF(SIDE_PX, CURVE_PX, self.width() - 2 * SIDE_PX, 3), 1.5, 1.5)
        if self._clock.now is not None:
            painter.setBrush(self._shell.qcolor("accent"))
            left, right = float(SIDE_PX), self.x_of(self._clock.now)
            if self._slots:
                step = float(self._clock.marks[self._clock.step])
                left, right = self.x_of(step), self.x_of(step + 1.0)
            painter.drawRoundedRect(QRectF(left, CURVE_PX, right - left, 3), 1.5, 1.5)

    def _paint_ticks(self, painter: QPainter, axis: TimeAxis) -> None:
        marks = self._clock.marks
        font = self.font()
        font.setPointSizeF(8.5)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        room = self.width() - 2 * SIDE_PX
        if len(marks) <= min(MOST_TICKS, room // 4):
            painter.setPen(QPen(self._shell.qcolor("control"), 1.0))
            for mark in marks.tolist():
                x = self.x_of(mark)
                painter.drawLine(QPointF(x, CURVE_PX + 5), QPointF(x, CURVE_PX + 9))
        painter.setPen(self._shell.qcolor("muted"))
        for step, text, left, _width in self.names(axis, metrics.horizontalAdvance):
            if self._slots:
                painter.drawText(QPointF(left, CURVE_PX + 24), text)
                continue
            x = self.x_of(float(marks[step]))
            painter.drawLine(QPointF(x, CURVE_PX + 5), QPointF(x, CURVE_PX + 11))
            painter.drawText(QPointF(left, CURVE_PX + 24), text)

    def names(self, axis: TimeAxis, length_of: Callable[[str], float]) -> list[tuple[int, str, float, float]]:
        """Names below the axis that have room: (step, text, left edge, width)."""
        marks = self._clock.marks
        count = len(marks)
        found: list[tuple[int, str, float, float]] = []
        if not count:
            return found
        widest = max(length_of(words.tick_words(axis, step)) for step in {0, count // 2, count - 1})
        room = max(self.width() - 2 * SIDE_PX, 1)
        stride = next((n for n in _STRIDES if (count / n) * (widest + 18) <= room), _STRIDES[-1])
        last = -1e9
        for step in range(0, count, stride):
            text = single_line(words.tick_words(axis, step))
            width = float(length_of(text))
            x = self.x_of(float(marks[step]))
            if self._slots:
                x += (room / max(count, 1)) / 2
            left = min(max(x - width / 2, 2.0), self.width() - width - 2.0)
            if left > last + 8:
                found.append((step, text, left, width))
                last = left + width
        return found

    def _paint_peak(self, painter: QPainter) -> None:
        peak = self.peak
        if peak is None:
            return
        x = self.x_of(peak + (0.5 if self._slots else 0.0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._shell.qcolor("warning"))
        painter.drawPolygon(QPolygonF([QPointF(x - 4.5, 0), QPointF(x + 4.5, 0), QPointF(x, 6)]))

    def _paint_cursor(self, painter: QPainter) -> None:
        if self._clock.now is None:
            return
        x = self.x_of(self._clock.now)
        accent = self._shell.qcolor("accent")
        painter.setPen(QPen(accent, 2.0))
        painter.drawLine(QPointF(x, 3), QPointF(x, CURVE_PX + 8))
        ring = self._shell.qcolor("text") if self.hasFocus() else self._shell.qcolor("surface")
        painter.setPen(QPen(ring, 2.0))
        painter.setBrush(accent)
        painter.drawEllipse(QPointF(x, CURVE_PX + 1.5), 7, 7)
