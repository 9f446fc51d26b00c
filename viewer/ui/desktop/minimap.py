"""The small map while walking: a plan of what is round one, north up, with place and direction. A click goes there."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QTransform
from PySide6.QtWidgets import QWidget

from loaders.city import UInt8
from viewer.analysis.collision import CollisionWorld
from viewer.analysis.plan import HOUSE, plan_picture
from viewer.document.state import Vec3
from viewer.jobs import ThreadJob
from viewer.session.walking import Mover
from viewer.ui.desktop.shell import Shell

SIDE = 184
"""Logical pixels."""
REACH_M = 75.0
"""From the middle of the map to its side."""
PLAN_HALF_M, PLAN_PIXELS = 160.0, 480
"""The plan kept behind it: metres from its middle to its side, pixels a side (twice as many on a fine screen)."""
FINE_RATIO = 1.25
RADIUS = 10.0
_CLICK = 5.0
LIGHT_COLORS = ("#e3e7ec", "#f1efe9", "#cfe2c4", "#ffffff", "#a5cde8", "#c3b9ab")
DARK_COLORS = ("#232a33", "#2d333b", "#2f4436", "#454d57", "#29506e", "#6d665d")
"""Nothing, ground, plants, street, water, house."""


class MiniMap(QWidget):
    """Signals: chosen(position): a place was clicked, world metres."""

    chosen = Signal(object)

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._shell = shell
        self.setFixedSize(SIDE, SIDE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Small map")
        self.setToolTip("Click a place to go there")
        self._plan: UInt8 | None = None
        self._image = QImage()
        self._key: tuple[object, ...] = ()
        self._asked: tuple[object, ...] = ()
        self._centre = (0.0, 0.0)
        self._at: Vec3 | None = None
        self._yaw = 90.0
        self._reach = REACH_M
        shell.theme_changed.connect(self._recolor)
        self.hide()

    def show_place(self, mover: Mover, world: CollisionWorld) -> None:
        """Show where somebody is; the plan is drawn anew on a thread when its edge comes near."""
        self._at, self._yaw = mover.eye, mover.stance.yaw_deg
        x, y, _ = mover.eye
        half = PLAN_HALF_M - REACH_M
        cell = round(x / half), round(y / half)
        pixels = PLAN_PIXELS * (2 if self.devicePixelRatioF() > FINE_RATIO else 1)
        key = (id(world), *cell, pixels)
        if key not in (self._key, self._asked):
            self._asked = key
            centre = cell[0] * half, cell[1] * half
            job = ThreadJob(
                plan_picture,
                (world, *centre, PLAN_HALF_M, pixels),
                lambda plan: self._drawn(key, centre, plan),
                title="",
                key="minimap",
            )
            self._shell.session.submit(job)
        self.update()

    def world_at(self, position: QPointF) -> Vec3 | None:
        """The place under a point of the widget, at the height where one is."""
        if self._at is None:
            return None
        scale = self._reach / (SIDE / 2)
        return (
            self._at[0] + (position.x() - SIDE / 2) * scale,
            self._at[1] - (position.y() - SIDE / 2) * scale,
            self._at[2],
        )

    @property
    def drawn(self) -> bool:
        """True if there is a plan."""
        return self._plan is not None

    def _drawn(self, key: tuple[object, ...], centre: tuple[float, float], plan: UInt8) -> None:
        if key == self._asked:
            self._key, self._centre, self._plan = key, centre, plan
            self._recolor()

    def _recolor(self, _theme: object = None) -> None:
        if self._plan is None:
            return
        colors = [QColor(c) for c in (DARK_COLORS if self._shell.theme.name == "dark" else LIGHT_COLORS)]
        table = np.array([(c.red(), c.green(), c.blue()) for c in colors], np.uint8)
        plan = self._plan
        rgb = table[plan]
        house = plan == HOUSE
        edge = house.copy()
        edge[1:-1, 1:-1] &= ~(house[2:, 1:-1] & house[:-2, 1:-1] & house[1:-1, 2:] & house[1:-1, :-2])
        rgb[edge] = (rgb[edge] * 0.78).astype(np.uint8)
        height, width = plan.shape
        rgb = np.ascontiguousarray(rgb)
        self._image = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        at = self.world_at(event.position())
        if (
            event.button() == Qt.MouseButton.LeftButton
            and at is not None
            and self.rect().contains(event.position().toPoint())
        ):
            self.chosen.emit(at)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The map takes its own clicks."""
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Plan, view cone, arrow, north, scale."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.setClipPath(frame)
        dark = self._shell.theme.name == "dark"
        painter.fillRect(self.rect(), QColor((DARK_COLORS if dark else LIGHT_COLORS)[0]))
        if self._at is not None and not self._image.isNull():
            scale = SIDE / (2 * self._reach)
            pixel = 2 * PLAN_HALF_M / self._image.width()
            left = (self._centre[0] - PLAN_HALF_M - self._at[0]) * scale + SIDE / 2
            upper = (self._at[1] - self._centre[1] - PLAN_HALF_M) * scale + SIDE / 2
            painter.setTransform(QTransform(scale * pixel, 0, 0, scale * pixel, left, upper))
            painter.drawImage(0, 0, self._image)
            painter.resetTransform()
        self._paint_arrow(painter)
        painter.setClipping(False)
        painter.setPen(QPen(self._shell.qcolor("control"), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(frame)
        self._paint_marks(painter)
        painter.end()

    def _paint_arrow(self, painter: QPainter) -> None:
        middle = QPointF(SIDE / 2, SIDE / 2)
        accent = self._shell.qcolor("accent")
        cone = QColor(accent)
        cone.setAlpha(56)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(cone)
        painter.drawPie(QRectF(middle.x() - 52, middle.y() - 52, 104, 104), round((self._yaw - 32) * 16), 64 * 16)
        painter.translate(middle)
        painter.rotate(90.0 - self._yaw)
        arrow = QPolygonF([QPointF(0, -9), QPointF(6.5, 7), QPointF(0, 3.6), QPointF(-6.5, 7)])
        painter.setPen(QPen(self._shell.qcolor("surface"), 1.6))
        painter.setBrush(accent)
        painter.drawPolygon(arrow)
        painter.resetTransform()

    def _paint_marks(self, painter: QPainter) -> None:
        """N at the top, and a bar of round metres at the bottom."""
        font = self.font()
        font.setPointSizeF(8.5)
        font.setBold(True)
        painter.setFont(font)
        text, ground = self._shell.qcolor("text"), self._shell.qcolor("surface")
        ground.setAlpha(200)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawEllipse(QPointF(SIDE / 2, 14), 9, 9)
        painter.setPen(text)
        painter.drawText(QRectF(SIDE / 2 - 12, 4, 24, 20), int(Qt.AlignmentFlag.AlignCenter), "N")
        metres = _round_metres(2 * self._reach / 3)
        length = metres * SIDE / (2 * self._reach)
        font.setBold(False)
        font.setPointSizeF(8.0)
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(QRectF(6, SIDE - 26, length + 12, 20), 4, 4)
        painter.setPen(QPen(text, 1.4))
        base = SIDE - 10.0
        painter.drawLine(QPointF(12, base), QPointF(12 + length, base))
        for end in (12.0, 12 + length):
            painter.drawLine(QPointF(end, base - 3), QPointF(end, base))
        at = QRectF(12, base - 16, length, 14)
        painter.drawText(at, int(Qt.AlignmentFlag.AlignCenter), f"{metres:g} m")


def _round_metres(most: float) -> float:
    """The largest of 1, 2, 5, 10 ... metres that is not more."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(step * power for step in (1, 2, 5) if step * power <= most)
