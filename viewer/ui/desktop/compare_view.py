"""What lies over the picture while scenarios are compared: the handle of a swipe, names, the slider of a blend, and
the word that all sides are shown alike."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QRegion
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from viewer.analysis.comparing import Showing, showing
from viewer.analysis.difference_words import difference_title
from viewer.render.panes import pane_rects
from viewer.render.stereo import StereoMode, places
from viewer.session.interlude import LEAST_SECONDS, MOST_SECONDS
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.shell import Shell
from viewer.ui.desktop.side_sign import SideSign
from viewer.ui.widgets.text import ElidedLabel, single_line

MARGIN, GAP, CAPTION_PX = 16, 12, 40
CAPTION_LINE_PX = 26
"""Where the bar of time is as wide as the picture, the caption stands above it."""
KNOB_PX, LINE_PX = 44, 16
"""What a finger can take hold of."""
STEP, FAR_STEP = 0.02, 0.1
MOST_NAME_PX = 320
LETTERS = "ABCD"
LOCKED = "Same camera, time, colours and sun"
FLICKER_STEP = 0.1
PARTS = frozenset({"scenarios", "scenario_view", "cities"})


class SwipeHandle(QSlider):
    """A line with a knob; everything beside them lets the mouse through."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, host)
        self._shell, self._host = shell, host
        self._grip = 0.0
        self.setRange(0, 1000)
        self.setAccessibleName("Line between A and B")
        self.setToolTip("Drag to see more of A or of B; arrow keys move it")
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(lambda value: self._go(value / 1000))
        self.hide()

    def place(self, position: float) -> None:
        """Stand where the picture changes from A to B."""
        width, height = self._host.width(), self._host.height()
        blocked = self.blockSignals(True)
        self.setValue(round(position * 1000))
        self.blockSignals(blocked)
        at = round(_seen_at(self._shell, position * width, width)[0])
        self.setGeometry(at - KNOB_PX // 2, 0, KNOB_PX, height)
        knob = QRegion(self._knob(), QRegion.RegionType.Ellipse)
        self.setMask(QRegion((KNOB_PX - LINE_PX) // 2, 0, LINE_PX, height).united(knob))
        self.update()

    def _knob(self) -> QRect:
        return QRect(0, round(self.height() * 0.3) - KNOB_PX // 2, KNOB_PX, KNOB_PX)

    def _go(self, position: float) -> None:
        self._shell.run("scenario.set_position", position=min(max(position, 0.0), 1.0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it where it is."""
        self._grip = event.position().x() - KNOB_PX / 2
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            at, width = self.mapTo(self._host, event.position()).x() - self._grip, max(self._host.width(), 1)
            begin, end = (_seen_at(self._shell, x, width)[0] for x in (0.0, float(width)))
            self._go((at - begin) / max(end - begin, 1.0))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move it a little, with Shift more; Home and End to the edges."""
        now = self._shell.session.document.state.scenario_view.position
        step = FAR_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
        goals = {Qt.Key.Key_Left: now - step, Qt.Key.Key_Right: now + step, Qt.Key.Key_Home: 0.0, Qt.Key.Key_End: 1.0}
        goal = goals.get(Qt.Key(event.key()))
        if goal is None:
            event.ignore()
        else:
            self._go(goal)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A white line with dark edges, and a knob with two arrows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = KNOB_PX / 2
        painter.fillRect(QRectF(middle - 2.5, 0, 5, self.height()), QColor(20, 28, 38, 150))
        painter.fillRect(QRectF(middle - 1.5, 0, 3, self.height()), QColor(255, 255, 255))
        knob = QRectF(self._knob()).adjusted(2, 2, -2, -2)
        painter.setPen(QPen(self._shell.qcolor("accent") if self.hasFocus() else QColor(20, 28, 38, 150), 2.5))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(knob)
        painter.setPen(QPen(QColor("#1459b8"), 2.2, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        y = knob.center().y()
        for sign in (-1, 1):
            tip = middle + sign * 12
            painter.drawPolyline(
                QPolygonF([QPointF(tip - sign * 5, y - 5), QPointF(tip, y), QPointF(tip - sign * 5, y + 5)])
            )
        painter.end()


class Name(QFrame):
    """A letter and the name of a scenario; the mouse goes through."""

    def __init__(self, host: QWidget, letter: str) -> None:
        super().__init__(host)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        mark = QLabel(letter)
        mark.setProperty("role", "letter")
        mark.setProperty("side", letter)
        mark.setFixedSize(22, 22)
        mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text = ElidedLabel()
        self.text.setProperty("role", "section")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 12, 5)
        row.setSpacing(8)
        row.addWidget(mark)
        row.addWidget(self.text, 1)
        self._letter = letter
        self.hide()

    def say(self, name: str) -> None:
        """Show this name."""
        self.text.set_full_text(name)
        self.setAccessibleName(f"{self._letter}: {single_line(name)}")

    @property
    def wanted(self) -> int:
        """The width at which nothing is cut."""
        return min(self.text.fontMetrics().horizontalAdvance(self.text.full_text()) + 54, MOST_NAME_PX)


class BlendBar(QFrame):
    """From A to B: two buttons for the ends and a slider between; both in turn, by itself or by hand."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._shell = shell
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Blend of A and B")
        self.a, self.b = QPushButton(), QPushButton()
        for button, position in ((self.a, 0.0), (self.b, 1.0)):
            button.setProperty("role", "link")
            button.setMaximumWidth(230)
            button.clicked.connect(lambda _=False, p=position: shell.run("scenario.set_position", position=p))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(25)
        self.slider.setMinimumWidth(110)
        self.slider.setAccessibleName("Share of B")
        self.slider.valueChanged.connect(lambda value: shell.run("scenario.set_position", position=value / 100))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 4, 10, 4)
        row.setSpacing(8)
        for widget in (self.a, self.slider, self.b, *self._flicker_parts()):
            row.addWidget(widget, 1 if widget is self.slider else 0)
        self.hide()

    def _flicker_parts(self) -> tuple[QWidget, ...]:
        """Start and stop, the other side by hand, seconds for each side."""
        shell = self._shell
        self.flicker = shell.tool("play", "Flicker between A and B", "Show A and B in turn (Shift+X)")
        self.flicker.setCheckable(True)
        self.flicker.clicked.connect(lambda on: self._flicker(on))
        self.flip = shell.tool("swap", "Show the other side", "Show the other side, and let it stay (X)")
        self.flip.clicked.connect(lambda: shell.run("scenario.flip"))
        for button in (self.flicker, self.flip):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.seconds = QDoubleSpinBox()
        self.seconds.setRange(LEAST_SECONDS, MOST_SECONDS)
        self.seconds.setSingleStep(FLICKER_STEP)
        self.seconds.setSuffix(" s")
        self.seconds.setValue(shell.session.interlude.seconds)
        self.seconds.setAccessibleName("Seconds for each side")
        self.seconds.setToolTip("How long each side is shown in turn")
        self.seconds.setKeyboardTracking(False)
        self.seconds.valueChanged.connect(self._set_seconds)
        return self.flicker, self.flip, self.seconds

    def _flicker(self, on: bool) -> None:
        self._shell.run("scenario.flicker", on=on)
        self.show_flicker()

    def _set_seconds(self, seconds: float) -> None:
        self._shell.session.settings.set("flicker_seconds", seconds)

    def show_flicker(self) -> None:
        """Show whether the sides change by themselves, and how fast."""
        interlude = self._shell.session.interlude
        reduced = interlude.reduced
        on = interlude.running or (reduced and interlude.side is not None)
        self.flicker.setChecked(on)
        self._shell.set_icon(self.flicker, "pause" if on else "play")
        tip = "Stop, and show the blend (Shift+X)" if on else "Show A and B in turn (Shift+X)"
        self.flicker.setToolTip("Show one side alone; X changes sides, as motion is to be avoided" if reduced else tip)
        blocked = self.seconds.blockSignals(True)
        self.seconds.setValue(interlude.seconds)
        self.seconds.blockSignals(blocked)
        self.seconds.setEnabled(not reduced)

    def show_view(self, names: tuple[str, str], position: float) -> None:
        """Show whose picture it is, and how much of each."""
        metrics = self.a.fontMetrics()
        for letter, button, name in zip("AB", (self.a, self.b), names, strict=True):
            text = metrics.elidedText(f"{letter}  {single_line(name)}", Qt.TextElideMode.ElideRight, 210)
            button.setText(text.replace("&", "&&"))
            button.setAccessibleName(f"Only {letter}: {single_line(name)}")
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(round(position * 100))
        self.slider.blockSignals(blocked)


class _Title(QFrame):
    """What a difference shows: "B minus A", and in how many places it is more or less."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.mark = QLabel()
        shell.set_pixmap(self.mark, "warning", 16, role="warning")
        self.head, self.text = QLabel(), QLabel()
        self.head.setProperty("role", "section")
        self.text.setProperty("role", "caption")
        for label in (self.head, self.text):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        texts = QVBoxLayout()
        texts.setSpacing(1)
        texts.addWidget(self.head)
        texts.addWidget(self.text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 14, 7)
        row.setSpacing(8)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        self.hide()

    def say(self, head: str, text: str, warn: bool, widest: int) -> None:
        """Show two lines."""
        self.head.setText(head)
        self.text.setText(text)
        self.mark.setVisible(warn)
        metrics = self.head.fontMetrics()
        line = max(metrics.horizontalAdvance(head), self.text.fontMetrics().horizontalAdvance(text))
        self.setFixedWidth(min(widest, line + (64 if warn else 40)))
        layout = self.layout()
        assert layout is not None
        self.setFixedHeight(layout.heightForWidth(self.width()))
        self.setAccessibleName(f"{head}. {text}")


class CompareView(QObject):
    """Holds all of it and keeps it in place. ``foot``: what the bar of time takes from the lower edge."""

    def __init__(self, shell: Shell, canvas: Canvas, host: QWidget) -> None:
        super().__init__(host)
        self._shell, self._host = shell, host
        self.sign = SideSign(shell, canvas, host)
        self.handle = SwipeHandle(shell, host)
        self.names = [Name(host, letter) for letter in LETTERS]
        self.twins = [Name(host, letter) for letter in LETTERS]
        """For the other eye, where the picture is one for both, side by side."""
        self.blend = BlendBar(shell, host)
        self.title = _Title(shell, host)
        self.lock = self._lock_sign()
        self.foot = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self.refresh)
        session = shell.session
        session.document.changed.connect(self._changed)
        session.scenario_ready.connect(self._later)
        session.clock_changed.connect(self._moved)
        session.interlude.changed.connect(self.blend.show_flicker)
        session.settings.changed.connect(self._setting_changed)
        host.installEventFilter(self)
        self.refresh()

    def _lock_sign(self) -> QFrame:
        frame = QFrame(self._host)
        frame.setProperty("role", "overlay")
        frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        frame.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        frame.setAccessibleName(LOCKED)
        mark, text = QLabel(), QLabel(LOCKED)
        self._shell.set_pixmap(mark, "lock", 14, role="muted")
        text.setProperty("role", "caption")
        row = QHBoxLayout(frame)
        row.setContentsMargins(8, 3, 10, 3)
        row.setSpacing(6)
        row.addWidget(mark)
        row.addWidget(text)
        frame.hide()
        return frame

    def widgets(self) -> tuple[QWidget, ...]:
        """What lies over the picture, from below."""
        return (self.handle, *self.names, *self.twins, self.title, self.lock, self.blend, self.sign)

    def shut_down(self) -> None:
        """Leave the session, where that lives longer than this."""
        session = self._shell.session
        session.document.changed.disconnect(self._changed)
        session.scenario_ready.disconnect(self._later)
        session.clock_changed.disconnect(self._moved)
        session.interlude.changed.disconnect(self.blend.show_flicker)
        session.settings.changed.disconnect(self._setting_changed)
        self.sign.shut_down()
        self._soon.stop()

    # --- showing ---------------------------------------------------------------------------------------------

    def _setting_changed(self, name: str) -> None:
        if name in ("flicker_seconds", "reduce_motion"):
            self.blend.show_flicker()
        elif name == "stereo":
            self.refresh()

    def _changed(self, changes: object) -> None:
        if getattr(changes, "parts", frozenset()) & PARTS:
            self.refresh()

    def _later(self) -> None:
        self._soon.start(1)

    def _moved(self, _moment: float) -> None:
        if self._shell.session.document.state.scenario_view.mode == "difference":
            self._later()

    def refresh(self) -> None:
        """Show what the document says now."""
        session = self._shell.session
        view = session.document.state.scenario_view
        shown = showing(session.document, session.clock.now) if len(view.shown) > 1 else None
        mode = shown.mode if shown is not None else "single"
        self.handle.setVisible(mode == "swipe")
        self.blend.setVisible(mode == "blend")
        self.title.setVisible(mode == "difference")
        self.lock.setVisible(mode != "single")
        sides = shown.sides if shown is not None else ()
        twice = len(_eyes(self._shell, self._host.width())) > 1
        for names, there in ((self.names, True), (self.twins, twice)):
            for place, name in enumerate(names):
                name.setVisible(there and mode in ("swipe", "split") and place < len(sides))
                if place < len(sides):
                    name.say(sides[place].name)
        if shown is not None and mode == "blend":
            self.blend.show_view((sides[0].name, sides[1].name), view.position)
            self.blend.show_flicker()
        if shown is not None and mode == "difference":
            self._show_difference(shown)
        self.place()

    def _show_difference(self, shown: Showing) -> None:
        head, text = (single_line(part) for part in difference_title(shown))
        self.title.say(head, text, bool(shown.refusal), max(self._host.width() - 2 * MARGIN, 200))

    def place(self) -> None:
        """Bring everything to its place."""
        view = self._shell.session.document.state.scenario_view
        width, height = self._host.width(), self._host.height()
        self.lock.adjustSize()
        lift = CAPTION_LINE_PX if self._shell.session.document.state.caption and self.foot else 0
        below = max(self.foot + lift, CAPTION_PX)
        self.lock.move(width - self.lock.width() - MARGIN, height - self.lock.height() - below)
        self.title.move((width - self.title.width()) // 2, MARGIN)
        self.blend.adjustSize()
        self.blend.resize(min(self.blend.width(), width - 2 * MARGIN), self.blend.height())
        self.blend.move((width - self.blend.width()) // 2, MARGIN)
        self.sign.top = MARGIN + self.blend.height() + GAP
        self.sign.place()
        if self.handle.isVisibleTo(self._host):
            self.handle.place(view.position)
            self._place_names_at_line(view.position * width, width)
        elif view.mode == "split":
            self._place_names_in_panes(len(view.shown))

    def _place_names_at_line(self, at: float, width: int) -> None:
        """A's name ends before the line, B's begins after it; a name without room goes."""
        eyes = _eyes(self._shell, width)
        for (left, right, shift, squeeze), (a, b, *_) in zip(eyes, (self.names, self.twins), strict=False):
            x = round(shift + squeeze * at)
            rooms = (x - round(left) - MARGIN - GAP, round(right) - x - MARGIN - GAP)
            for name, room in zip((a, b), rooms, strict=True):
                name.setVisible(room >= 60)
                name.resize(min(name.wanted, max(room, 60)), name.sizeHint().height())
            a.move(x - GAP - a.width(), MARGIN)
            b.move(x + GAP, MARGIN)

    def _place_names_in_panes(self, count: int) -> None:
        rects = pane_rects(max(count, 1), self._host.width(), self._host.height())
        eyes = _eyes(self._shell, self._host.width())
        for (left, right, shift, squeeze), names in zip(eyes, (self.names, self.twins), strict=False):
            for name, rect in zip(names, rects, strict=False):
                begin = max(shift + squeeze * rect.left, left)
                end = min(shift + squeeze * (rect.left + rect.width), right)
                room = round(end - begin) - 2 * GAP
                name.setVisible(room >= 60)  # a pane that the middle of the picture does not show
                name.resize(min(name.wanted, max(room, 60)), name.sizeHint().height())
                name.move(QPoint(round(begin) + GAP, rect.top + GAP))

    def draw_on(self, painter: QPainter) -> None:
        """Paint names, line and lock into a picture: what a picture of a comparison has to bear."""
        for widget in self.widgets():
            if widget.isVisible():
                widget.render(painter, widget.pos())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size."""
        if event.type() == QEvent.Type.Resize:
            self.refresh()
        return False


def _eyes(shell: Shell, width: float) -> tuple[tuple[float, float, float, float], ...]:
    """Where the picture of each eye appears, as `viewer.render.stereo.places`; one where both see the same place."""
    return places(cast(StereoMode, shell.session.settings.get("stereo")), width)


def _seen_at(shell: Shell, x: float, width: float) -> tuple[float, ...]:
    """Where a pixel of one eye's picture appears in the whole picture, for each eye."""
    return tuple(shift + squeeze * x for _, _, shift, squeeze in _eyes(shell, width))
