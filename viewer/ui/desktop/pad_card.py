"""The connected gamepads and SpaceMice in the preferences, with a picture that shows what they say."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from viewer.session.pads import PadState, SpaceState
from viewer.settings.settings import Settings
from viewer.ui.desktop.shell import Shell
from viewer.ui.pads import hub as hubs
from viewer.ui.pads.legend import button_name

NOTHING = "No gamepad and no SpaceMouse is connected. Plug one in: it is found by itself."
SWITCHED_OFF = "Gamepads and SpaceMice are switched off."
TRY_IT = "Push a stick or press a button to try it; nothing moves while the preferences are open."
FACE_WIDTH, FACE_HEIGHT = 304, 84


class PadFace(QWidget):
    """Two sticks with their dead zone, two triggers, six bars for a SpaceMouse, and the buttons that are down."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.setFixedSize(FACE_WIDTH, FACE_HEIGHT)
        self.pad, self.space, self.style_ = PadState(), SpaceState(), "xbox"
        self.words = ""

    def show_state(self, pad: PadState, space: SpaceState, style: str) -> None:
        """Show what devices say; the last button stays named."""
        self.pad, self.space, self.style_ = pad, space, style
        down = [button_name(name, style) for name in sorted(pad.buttons)]
        down += [f"Button {number + 1}" for number in sorted(space.buttons)]
        self.words = " + ".join(down) or self.words
        self.setAccessibleName(f"Button: {self.words or 'none'}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Sticks to the left, bars in the middle, the button to the right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dead = self._shell.session.settings.number("pad_dead_zone") / 100.0
        lx, ly, rx, ry, left, right = self.pad.axes
        self._stick(painter, QPointF(32, 42), lx, ly, dead)
        self._stick(painter, QPointF(100, 42), rx, ry, dead)
        for n, value in enumerate((left, right)):
            self._bar(painter, QRectF(142 + 12 * n, 14, 6, 56), value, from_middle=False)
        for n, value in enumerate(self.space.axes):
            self._bar(painter, QRectF(178 + 11 * n, 14, 6, 56), value, from_middle=True)
        painter.setPen(self._shell.qcolor("text"))
        room = QRectF(246, 0, FACE_WIDTH - 246, FACE_HEIGHT)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self.words)
        painter.end()

    def _stick(self, painter: QPainter, middle: QPointF, x: float, y: float, dead: float) -> None:
        radius = 27.0
        painter.setPen(QPen(self._shell.qcolor("control"), 1.4))
        painter.setBrush(self._shell.qcolor("raised"))
        painter.drawEllipse(middle, radius, radius)
        painter.setPen(QPen(self._shell.qcolor("muted"), 1.0, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(middle, radius * dead, radius * dead)
        painter.setPen(Qt.PenStyle.NoPen)
        moved = (x * x + y * y) ** 0.5 > dead
        painter.setBrush(self._shell.qcolor("accent" if moved else "muted"))
        painter.drawEllipse(middle + QPointF(x * (radius - 6), -y * (radius - 6)), 6.0, 6.0)

    def _bar(self, painter: QPainter, room: QRectF, value: float, *, from_middle: bool) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        ground = QColor(self._shell.qcolor("control"))
        ground.setAlpha(90)
        painter.setBrush(ground)
        painter.drawRoundedRect(room, 3, 3)
        zero = room.center().y() if from_middle else room.bottom()
        reach = room.height() / (2 if from_middle else 1)
        if abs(value) > 0.01:
            painter.setBrush(self._shell.qcolor("accent"))
            top, bottom = sorted((zero, zero - value * reach))
            painter.drawRoundedRect(QRectF(room.left(), top, room.width(), bottom - top), 3, 3)


class PadCard(QFrame):
    """Names the devices, says what is wrong with one, and lets them be tried: while it is shown they move nothing."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell, self._hub = shell, hubs.shared()
        self.names, self.help = QLabel(), QLabel()
        self.names.setProperty("role", "section")
        self.help.setProperty("role", "caption")
        for label in (self.names, self.help):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.help.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.face = PadFace(shell)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addStretch(1)
        words.addWidget(self.names)
        words.addWidget(self.help)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 8)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addWidget(self.face)
        shell.theme_changed.connect(lambda _theme: self.face.update())
        shell.session.settings.changed.connect(self._setting_changed)
        self.refresh()

    @property
    def settings(self) -> Settings:
        """The user's."""
        return self._shell.session.settings

    def refresh(self) -> None:
        """Name the devices of now."""
        hub = self._hub
        names = hub.names if hub is not None else ()
        if not self.settings.get("pad_use"):
            head, text = SWITCHED_OFF, ""
        else:
            head, text = ", ".join(names) or NOTHING, TRY_IT if names else ""
        problems = hub.problems if hub is not None else ()
        self.names.setText(head)
        self.help.setText("\n".join([*([text] if text else []), *problems]))
        self.help.setVisible(bool(self.help.text()))
        self.face.setVisible(bool(names))
        if not names:
            self.face.words = ""

    def showEvent(self, event: QShowEvent) -> None:
        """Devices are tried here from now on."""
        self._hub = hubs.shared()
        if self._hub is not None:
            self._hub.testing = True
            self._hub.devices_changed.connect(self.refresh)
            self._hub.fed.connect(self._fed)
            self._hub.look()
        self.refresh()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """They move the picture again."""
        if self._hub is not None:
            self._hub.testing = False
            self._hub.devices_changed.disconnect(self.refresh)
            self._hub.fed.disconnect(self._fed)
            self._hub = None
        super().hideEvent(event)

    def _fed(self, pad: PadState, space: SpaceState) -> None:
        style = self._hub.pads.style if self._hub is not None else "xbox"
        self.face.show_state(pad, space, style)

    def _setting_changed(self, name: str) -> None:
        if name.startswith("pad_"):
            self.refresh()
            self.face.update()
