"""What floats over the picture while somebody walks or flies: compass, names, small map, keys, buttons for fingers."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QRadialGradient
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from viewer.document.state import Camera, Vec3
from viewer.session.walks import walks
from viewer.ui.desktop.minimap import SIDE, MiniMap
from viewer.ui.desktop.shell import Shell
from viewer.ui.pads import hub
from viewer.ui.pads.legend import Keys, pad_keys, space_keys
from viewer.ui.walk_input import WalkControl
from viewer.ui.walk_names import Nearby
from viewer.ui.widgets.text import visible_text

MARGIN = 16
REFRESH_MS, NAMES_MS = 90, 400
LEGEND_SECONDS, FADE_MS = 9.0, 40
COMPASS_WIDTH, COMPASS_HEIGHT, NAME_HEIGHT = 372, 52, 18
TOUCH_PX = 56
RETICLE = 24
CAPTION_PX = 40
"""Room at the bottom for what is written into every picture."""
POINTS = {0: "N", 45: "NE", 90: "E", 135: "SE", 180: "S", 225: "SW", 270: "W", 315: "NW"}
_WALK_KEYS = (
    ("W A S D", "walk"),
    ("Drag", "look"),
    ("Q E", "turn"),
    ("Shift", "faster"),
    ("Double-click", "go there"),
    ("R", "take me up"),
    ("Esc", "end"),
)
_FLY_KEYS = (
    ("W A S D", "fly"),
    ("Drag", "look"),
    ("Space C", "up, down"),
    ("Shift", "faster"),
    ("Wheel", "speed"),
    ("R", "take me up"),
    ("Esc", "end"),
)


def point_of(heading_deg: float) -> str:
    """The nearest of the eight points of the compass."""
    return POINTS[round(heading_deg / 45.0) % 8 * 45]


class Compass(QWidget):
    """A strip with the direction of the look, the street and the height over the ground."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._shell = shell
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(COMPASS_WIDTH, COMPASS_HEIGHT)
        self.heading, self.title, self.detail = 0.0, "", ""
        self.hide()

    def show_state(self, heading: float, title: str, detail: str) -> None:
        """Show a heading in degrees from north and two texts."""
        if (round(heading, 1), title, detail) != (round(self.heading, 1), self.title, self.detail):
            self.heading, self.title, self.detail = heading, title, detail
            self.setFixedHeight(COMPASS_HEIGHT + (NAME_HEIGHT if title else 0))
            self.setAccessibleName(f"{point_of(heading)} {heading:.0f}°, {title}, {detail}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ticks every 15 degrees, letters every 45; the look is in the middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._shell
        _paint_card(painter, QRectF(self.rect()), theme)
        middle, scale = self.width() / 2, (self.width() - 40) / 150.0
        font = self.font()
        font.setPointSizeF(9.0)
        painter.setFont(font)
        text, quiet = theme.qcolor("text"), theme.qcolor("muted")
        for tick in range(0, 360, 15):
            away = (tick - self.heading + 180.0) % 360.0 - 180.0
            if abs(away) > 75.0:
                continue
            x = middle + away * scale
            faint = max(0.0, 1.0 - (abs(away) / 75.0) ** 3)
            letters = POINTS.get(tick, "")
            color = QColor(text if letters in ("N", "E", "S", "W") else quiet)
            color.setAlphaF(faint)
            painter.setPen(QPen(color, 1.4))
            if letters:
                font.setBold(letters in ("N", "E", "S", "W"))
                painter.setFont(font)
                painter.drawText(QRectF(x - 16, 5, 32, 18), int(Qt.AlignmentFlag.AlignCenter), letters)
            else:
                painter.drawLine(QPointF(x, 11), QPointF(x, 17))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.qcolor("accent"))
        painter.drawPolygon([QPointF(middle - 5, 30), QPointF(middle + 5, 30), QPointF(middle, 24)])
        self._paint_texts(painter, text, quiet)
        painter.end()

    def _paint_texts(self, painter: QPainter, text: QColor, quiet: QColor) -> None:
        font = self.font()
        room = QRectF(14, 30, self.width() - 28, 19)
        if self.title:
            font.setPointSizeF(11.0)
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(text)
            name = QFontMetricsF(font).elidedText(self.title, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), name)
        font.setPointSizeF(9.0)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(quiet)
        line = QRectF(14, 48 if self.title else 31, self.width() - 28, 17)
        detail = QFontMetricsF(font).elidedText(self.detail, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignCenter), detail)


class KeyLegend(QWidget):
    """The keys, in one line at the bottom; it fades after some seconds and comes back with the next mode."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._shell = shell
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._keys: tuple[tuple[str, str], ...] = ()
        self._opacity = 0.0
        self._spots: list[tuple[QRectF, str, QRectF, str]] = []
        self._wait = QTimer(self, singleShot=True, interval=int(LEGEND_SECONDS * 1000))
        self._fade = QTimer(self, interval=FADE_MS)
        self._wait.timeout.connect(self._fade.start)
        self._fade.timeout.connect(self._fade_on)
        self.hide()

    def present(self, keys: tuple[tuple[str, str], ...]) -> None:
        """Show these keys in full strength, for a while."""
        self._fade.stop()
        self._keys, self._opacity = keys, 1.0
        self.setAccessibleName("; ".join(f"{key}: {text}" for key, text in keys))
        self.show()
        self._wait.start()

    def dismiss(self) -> None:
        """Hide at once."""
        self._wait.stop()
        self._fade.stop()
        self.hide()

    def _fade_on(self) -> None:
        self._opacity -= 0.06
        if self._opacity <= 0.0:
            self.dismiss()
        self.update()

    def lay_out(self, most: float) -> None:
        """Key caps and words side by side, in several lines where there is no room for one of them all."""
        metrics = QFontMetricsF(self._font())
        x, y, width = 14.0, 10.0, 0.0
        self._spots = []
        for key, text in self._keys:
            cap, word = metrics.horizontalAdvance(key) + 14, metrics.horizontalAdvance(text)
            if x + cap + word + 22 > most and x > 14.0:
                x, y = 14.0, y + 30
            spot = QRectF(x, y, cap, 22), key, QRectF(x + cap + 7, y, word + 2, 22), text
            self._spots.append(spot)
            x += cap + word + 25
            width = max(width, x - 4)
        self.setFixedSize(round(width), round(y + 32))

    def _font(self) -> QFont:
        font = self.font()
        font.setPointSizeF(9.5)
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        """Caps and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(max(self._opacity, 0.0))
        _paint_card(painter, QRectF(self.rect()), self._shell)
        painter.setFont(self._font())
        for cap, key, room, text in self._spots:
            painter.setPen(QPen(self._shell.qcolor("control"), 1.0))
            painter.setBrush(self._shell.qcolor("raised"))
            painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            painter.setPen(self._shell.qcolor("text"))
            painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), key)
            painter.setPen(self._shell.qcolor("muted"))
            painter.drawText(room, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


class Vignette(QWidget):
    """Darkened edges while one moves: what lies still at the edge of sight keeps dizziness away."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Clear in the middle, dark in the corners."""
        painter = QPainter(self)
        half = QPointF(self.width() / 2, self.height() / 2)
        painter.translate(half)
        painter.scale(half.x(), half.y())
        gradient = QRadialGradient(QPointF(0, 0), 1.35)
        for at, alpha in ((0.0, 0), (0.5, 0), (0.8, 110), (1.0, 205)):
            gradient.setColorAt(at, QColor(8, 12, 18, alpha))
        painter.fillRect(QRectF(-1, -1, 2, 2), gradient)
        painter.end()


class Reticle(QWidget):
    """The middle of the view, where a gamepad's button goes to."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(RETICLE, RETICLE)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A light ring with a dark edge, to be seen on everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = QPointF(RETICLE / 2, RETICLE / 2)
        for color, width in ((QColor(12, 16, 22, 130), 4.0), (QColor(255, 255, 255, 225), 1.8)):
            painter.setPen(QPen(color, width))
            painter.drawEllipse(middle, 6.0, 6.0)
        painter.end()


class TouchPad(QFrame):
    """Large buttons to walk and turn with a finger; shown when one was used."""

    def __init__(self, shell: Shell, control: WalkControl, host: QWidget) -> None:
        super().__init__(host)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        self.buttons: dict[str, QToolButton] = {}
        for move, icon, name in (
            ("turn_left", "turn-left", "Turn left"),
            ("forward", "arrow-up", "Forward"),
            ("back", "arrow-down", "Back"),
            ("turn_right", "turn-right", "Turn right"),
        ):
            button = shell.tool(icon, name)
            button.setFixedSize(TOUCH_PX, TOUCH_PX)
            button.setIconSize(QSize(28, 28))
            button.setAutoRaise(False)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.pressed.connect(lambda move=move: control.hold(move, True))
            button.released.connect(lambda move=move: control.hold(move, False))
            self.buttons[move] = button
            row.addWidget(button)
        self.hide()


class WalkHud(QObject):
    """Shows and places all of it over a host; follows the session's mode and camera."""

    def __init__(self, shell: Shell, control: WalkControl, host: QWidget) -> None:
        super().__init__(host)
        self._shell, self._host, self._control = shell, host, control
        self._walks = walks(shell.session)
        self.avoid: QWidget | None = None
        """What the keys may not cover."""
        self._nearby = Nearby(shell.session)
        self.vignette = Vignette(host)
        self.compass = Compass(shell, host)
        self.map = MiniMap(shell, host)
        self.keys = KeyLegend(shell, host)
        self.reticle = Reticle(host)
        self.pad = TouchPad(shell, control, host)
        self.up = QPushButton("Take me up", host)
        self.up.setToolTip("See this place from above (R)")
        self.up.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.up.setFixedSize(SIDE, 32)
        shell.set_icon(self.up, "rise")
        self.up.clicked.connect(lambda: shell.run("walk.rescue"))
        self.up.hide()
        self.map.chosen.connect(self._go)
        self._title = ""
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._names = QTimer(self, singleShot=True, interval=NAMES_MS)
        self._refresh.timeout.connect(self.refresh)
        self._names.timeout.connect(self._find_names)
        self._still = QTimer(self, singleShot=True, interval=350)
        self._still.timeout.connect(self.vignette.hide)
        self._walks.mode_changed.connect(self._mode_changed)
        shell.session.camera_changed.connect(self._camera_changed)
        shell.session.settings.changed.connect(self._setting_changed)
        control.touched.connect(self._touched)
        control.device_changed.connect(self._device_changed)
        host.installEventFilter(self)

    def widgets(self) -> tuple[QWidget, ...]:
        """All parts, lowest first."""
        return self.vignette, self.reticle, self.compass, self.map, self.up, self.keys, self.pad

    def close(self) -> None:
        """Leave the session."""
        self._walks.mode_changed.disconnect(self._mode_changed)
        self._shell.session.camera_changed.disconnect(self._camera_changed)
        self._shell.session.settings.changed.disconnect(self._setting_changed)
        for timer in (self._refresh, self._names, self._still):
            timer.stop()
        self.keys.dismiss()

    def refresh(self) -> None:
        """Bring compass and map up to date."""
        mover = self._walks.mover
        if mover is None:
            return
        height = self._walks.height_m
        words = [f"{point_of(mover.heading_deg)} {mover.heading_deg:.0f}°"]
        if height is not None:
            words.append(f"{height:.1f} m above ground")
        words.append(f"{mover.speed_ms:.1f} m/s")
        self.compass.show_state(mover.heading_deg, self._title, "  ·  ".join(words))
        self.map.show_place(mover, self._walks.world)

    def _find_names(self) -> None:
        mover = self._walks.mover
        if mover is None:
            return
        found = self._nearby.names(mover.eye)
        names = [visible_text(text) for text in (found.street, found.area) if text]
        self._title = ", ".join(dict.fromkeys(names))
        self.refresh()

    def _mode_changed(self, mode: str) -> None:
        on = mode != "orbit"
        for widget in (self.compass, self.map, self.up):
            widget.setVisible(on)
        self.vignette.hide()
        if not on:
            self.keys.dismiss()
            self.pad.hide()
            self.reticle.hide()
            return
        self._title = ""
        self._show_keys(mode)
        self._find_names()

    def _show_keys(self, mode: str) -> None:
        """The keys of a mode, or what the device in use has in their place."""
        device = self._control.device
        keys: Keys = _FLY_KEYS if mode == "fly" else _WALK_KEYS
        if device == "pad":
            found = hub.shared()
            in_talk = mode == "orbit" and self._control.pilot.meanings
            keys = pad_keys("talk" if in_talk else mode, found.pads.style if found is not None else "xbox")
        elif device == "space":
            keys = space_keys(mode)
        self.reticle.setVisible(device == "pad" and mode != "orbit")
        self.keys.present(keys)
        self.place()

    def _device_changed(self, device: str) -> None:
        """Somebody took another device: its keys are shown for a while."""
        self.pad.hide()
        if device != "keys" or self._walks.mode != "orbit":
            self._show_keys(self._walks.mode)
        else:
            self.keys.dismiss()

    def _camera_changed(self, _camera: Camera) -> None:
        if self._walks.mover is None:
            return
        if not self._refresh.isActive():
            self._refresh.start()
        if not self._names.isActive():
            self._names.start()
        if self._shell.session.settings.get("walk_vignette"):
            self.vignette.show()
            self._still.start()

    def _setting_changed(self, name: str) -> None:
        if name.startswith("walk_"):
            self._refresh.start()

    def _touched(self) -> None:
        if self._walks.mover is not None and self.pad.isHidden():
            self.keys.dismiss()
            self.pad.show()
            self.place()

    def _go(self, position: Vec3) -> None:
        self._shell.run("walk.go_to", position=position)

    foot = CAPTION_PX
    """Room left below."""

    def place(self) -> None:
        """Compass above, map and its button in the upper right corner, keys and buttons for fingers below."""
        width, height = self._host.width(), self._host.height()
        self.vignette.setGeometry(self._host.rect())
        self.reticle.move((width - RETICLE) // 2, (height - RETICLE) // 2)
        self.map.move(width - SIDE - MARGIN, MARGIN)
        self.up.move(width - SIDE - MARGIN, MARGIN + SIDE + 8)
        middle = (width - COMPASS_WIDTH) // 2
        self.compass.move(max(MARGIN, min(middle, width - SIDE - 2 * MARGIN - COMPASS_WIDTH)), MARGIN)
        self.pad.adjustSize()
        left = self.avoid.geometry().right() + 12 if self.avoid is not None and self.avoid.isVisible() else MARGIN
        self.keys.lay_out(max(width - left - MARGIN, 200))
        at = max((width - self.keys.width()) // 2, left)
        self.keys.move(at, height - self.keys.height() - self.foot)
        self.pad.move(max((width - self.pad.width()) // 2, left), height - self.pad.height() - self.foot)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size."""
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False


def _paint_card(painter: QPainter, rect: QRectF, shell: Shell) -> None:
    """The ground of what floats over the picture."""
    ground = shell.qcolor("surface")
    ground.setAlpha(232)
    painter.setPen(QPen(shell.qcolor("border"), 1.0))
    painter.setBrush(ground)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
