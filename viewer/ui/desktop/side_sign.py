"""Which side is seen while A and B are shown in turn: a letter that the last row of a hall can read, and its name."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QStyle, QWidget

from viewer.analysis.showing import sides_of
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import single_line

GROUNDS = {"A": QColor(20, 84, 186), "B": QColor(24, 32, 48)}
"""They differ in lightness too (as in `viewer.render.overlay`)."""
SHARE, LEAST_PX, MOST_PX = 0.085, 44, 120
"""Height of the sign as a share of the picture's, and its limits."""
WIDEST = 0.6


class SideSign(QWidget):
    """Follows the picture, not the clock: it changes when the other side is there to be seen."""

    def __init__(self, shell: Shell, canvas: Canvas, host: QWidget) -> None:
        super().__init__(host)
        self._session, self._canvas, self._host = shell.session, canvas, host
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.letter = self.name = ""
        self.top = 16
        """Pixels above it."""
        self.clear_of = 0
        """Pixels at the left where something else stands; 0 = nothing."""
        canvas.drawn.connect(self.follow)
        self._session.interlude.changed.connect(self._changed)
        still = self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) <= 0
        self._session.interlude.still = self._session.interlude.still or still
        self.hide()

    def shut_down(self) -> None:
        """Leave the session, where that lives longer than this."""
        self._session.interlude.changed.disconnect(self._changed)

    def _changed(self) -> None:
        if self._session.interlude.side is None:
            self.hide()

    def follow(self) -> None:
        """A picture was drawn: say whose it is."""
        interlude, scene = self._session.interlude, self._canvas.scene
        state = scene.state if scene is not None else None
        sides = sides_of(self._session.document)
        if interlude.side is None or state is None or state.compare != "blend" or len(sides) < 2:
            self.hide()
            return
        side = 1 if state.position >= 0.5 else 0
        interlude.shown(side)
        self.say("AB"[side], sides[side].name)

    def say(self, letter: str, name: str) -> None:
        """Show a letter and a name."""
        self.letter, self.name = letter, single_line(name)
        self.setAccessibleName(f"Seen now: {letter}, {self.name}")
        self.place()
        self.show()
        self.update()

    def place(self) -> None:
        """Stand at the upper middle, or right of what stands there."""
        size = self.sizeHint()
        left = max((self._host.width() - size.width()) // 2, self.clear_of)
        wide = min(size.width(), self._host.width() - left - self.top)
        self.setGeometry(left, self.top, max(wide, size.height()), size.height())

    @property
    def _side_px(self) -> int:
        return min(max(round(SHARE * self._host.height()), LEAST_PX), MOST_PX)

    def _font(self) -> QFont:
        font = QFont(self.font())
        font.setPixelSize(round(0.42 * self._side_px))
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def sizeHint(self) -> QSize:
        """Letter and name."""
        side = self._side_px
        text = QFontMetricsF(self._font()).horizontalAdvance(self.name)
        return QSize(round(min(side + text + 0.7 * side, WIDEST * self._host.width())), side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A white card; the letter white on its own ground."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side, radius = float(self.height()), 0.12 * self.height()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255, 240))
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        painter.setBrush(GROUNDS[self.letter or "A"])
        painter.drawRoundedRect(QRectF(0, 0, side, side), radius, radius)
        letter = QFont(self._font())
        letter.setPixelSize(round(0.72 * side))
        painter.setFont(letter)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(QRectF(0, 0, side, side), int(Qt.AlignmentFlag.AlignCenter), self.letter)
        painter.setFont(self._font())
        painter.setPen(QColor(20, 28, 38))
        room = QRectF(1.25 * side, 0, self.width() - 1.5 * side, side)
        text = QFontMetricsF(self._font()).elidedText(self.name, Qt.TextElideMode.ElideRight, room.width() + 1)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        painter.end()
