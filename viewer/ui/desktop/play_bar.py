"""What floats over the picture while a tour or path plays: what is told, where one is, buttons; and the keys."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from viewer.session.timeline import text_in
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, visible_text

TICK_MS = 15
MARGIN = 16
WIDEST = 640
TEXT_WIDEST = 720


class _Progress(QWidget):
    """A bar with one part for each step; a click goes to that step."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.setFixedHeight(14)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Progress of the tour")

    def _parts(self) -> list[QRectF]:
        line = self._shell.session.player.timeline
        if line is None or line.seconds <= 0:
            return []
        gap = 3.0 if len(line.stops) < 40 else 1.0
        room = max(self.width() - gap * (len(line.stops) - 1), 1.0)
        parts, left = [], 0.0
        for n, stop in enumerate(line.stops):
            width = max(room * (line.end_of(n) - stop.start) / line.seconds, 2.0)
            parts.append(QRectF(left, 5, width, 4))
            left += width + gap
        return parts

    def paintEvent(self, event: QPaintEvent) -> None:
        player = self._shell.session.player
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        ground, done = self._shell.qcolor("control"), self._shell.qcolor("accent")
        ground.setAlpha(110)
        for n, part in enumerate(self._parts()):
            assert player.timeline is not None
            start, end = player.timeline.stops[n].start, player.timeline.end_of(n)
            share = min(max((player.at - start) / (end - start), 0.0), 1.0) if end > start else 0.0
            painter.setBrush(ground)
            painter.drawRoundedRect(part, 2, 2)
            if share > 0:
                painter.setBrush(done)
                painter.drawRoundedRect(QRectF(part.left(), part.top(), part.width() * share, part.height()), 2, 2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for n, part in enumerate(self._parts()):
            if event.position().x() <= part.right() + 2:
                self._shell.session.player.go_to(n)
                return


class Fade(QWidget):
    """The old picture, which fades away over the new one."""

    def __init__(self, shell: Shell, canvas: Canvas, host: QWidget) -> None:
        super().__init__(host)
        self._canvas = canvas
        self._picture = QPixmap()
        self._began = self._seconds = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.hide()
        shell.session.player.dissolving.connect(self.begin)

    def begin(self, seconds: float) -> None:
        """Keep the picture of now and let it fade."""
        if not self._canvas.isVisible() or self._canvas.needs_no_picture:
            return
        self._picture = self._canvas.grab()
        self._began, self._seconds = time.monotonic(), seconds
        self.setGeometry(self._canvas.geometry())
        self.show()
        self._timer.start()

    def _tick(self) -> None:
        if time.monotonic() - self._began >= self._seconds:
            self._timer.stop()
            self._picture = QPixmap()
            self.hide()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The old picture, ever fainter."""
        if self._seconds > 0 and not self._picture.isNull():
            share = min(max(1.0 - (time.monotonic() - self._began) / self._seconds, 0.0), 1.0)
            painter = QPainter(self)
            painter.setOpacity(share * share * (3 - 2 * share))
            painter.drawPixmap(0, 0, self._picture)
            painter.end()


class _Card(QFrame):
    """What is told at a step, above the bar."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.head, self.text = QLabel(), QLabel()
        self.head.setProperty("role", "heading")
        font = self.text.font()
        font.setPointSizeF(13.0)
        self.text.setFont(font)
        for label in (self.head, self.text):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 16)
        column.setSpacing(4)
        column.addWidget(self.head)
        column.addWidget(self.text)
        self.hide()

    def tell(self, head: str, text: str, widest: int) -> None:
        """Show a text; an empty one hides the card."""
        self.head.setText(visible_text(head))
        self.text.setText(visible_text(text))
        line = self.text.fontMetrics().horizontalAdvance(text)
        width = min(widest, max(line, self.head.fontMetrics().horizontalAdvance(head)) + 56)
        self.setFixedWidth(max(width, 120))
        self.setFixedHeight(self.layout().heightForWidth(self.width()))  # type: ignore[union-attr]
        self.setVisible(bool(text))


class PlayBar(QFrame):
    """Previous, play or pause, next, what and where, again and again, end. Also ticks the session while it plays."""

    def __init__(self, shell: Shell, canvas: Canvas, host: QWidget) -> None:
        super().__init__(host)
        self._shell, self._host, self._canvas = shell, host, canvas
        self.fade = Fade(shell, canvas, host)
        self.card = _Card(host)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Tour")
        self.previous = self._button("previous-step", "Previous step (Left)", "tour.previous")
        self.play = self._button("pause", "Pause or go on (Space)", "tour.pause")
        self.next = self._button("next-step", "Next step (Right)", "tour.next")
        self.loop = self._button("loop", "Play again and again", "tour.loop")
        self.loop.setCheckable(True)
        self.end = self._button("close", "End (Esc)", "tour.stop")
        self.title = ElidedLabel()
        self.title.setProperty("role", "section")
        self.where = QLabel()
        self.where.setProperty("role", "caption")
        self.progress = _Progress(shell)
        self.avoid: QWidget | None = None
        self.foot = MARGIN
        """Room left below."""
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        player, recorder = shell.session.player, shell.session.path_recorder
        player.changed.connect(self._changed)
        recorder.changed.connect(self._run_timer)
        host.installEventFilter(self)
        canvas.installEventFilter(self)
        self.hide()

    def _button(self, icon: str, tip: str, command: str) -> QToolButton:
        button = self._shell.tool(icon, tip)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self._shell.run(command))
        return button

    def _build(self) -> None:
        words = QHBoxLayout()
        words.setSpacing(12)
        words.addWidget(self.title, 1)
        words.addWidget(self.where)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(words)
        middle.addWidget(self.progress)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(2)
        for button in (self.previous, self.play, self.next):
            row.addWidget(button)
        row.addSpacing(10)
        row.addLayout(middle, 1)
        row.addSpacing(10)
        row.addWidget(self.loop)
        row.addWidget(self.end)

    def widgets(self) -> tuple[QWidget, ...]:
        """What lies over the picture, from below."""
        return self.card, self

    # --- time ------------------------------------------------------------------------------------------------

    def _run_timer(self) -> None:
        session = self._shell.session
        if session.player.playing or session.path_recorder.recording:
            self._timer.start()
        else:
            self._timer.stop()

    def _tick(self) -> None:
        self._shell.session.poll()
        self._show_time()

    def shut_down(self) -> None:
        """Stop ticking."""
        self._timer.stop()

    # --- showing ---------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._run_timer()
        player = self._shell.session.player
        shown = player.kind in ("tour", "path")
        if shown:
            line, tour = player.timeline, player.kind == "tour"
            assert line is not None
            stop = line.stops[max(player.stop_number, 0)]
            self.title.set_full_text(stop.name)
            for button in (self.previous, self.next, self.loop):
                button.setVisible(tour)
            self.loop.setChecked(player.loop)
            self._shell.set_icon(self.loop, "loop", "accent_text" if player.loop else "text")
            self._shell.set_icon(self.play, "pause" if player.playing else "play")
            text = text_in(stop.look.texts) if tour else ""
            self.card.tell(stop.name, text, min(TEXT_WIDEST, self._room()[1]))
            self._show_time()
            self.place()
        else:
            self.card.hide()
        self.setVisible(shown)
        if shown:
            self.card.raise_()
            self.raise_()

    def _show_time(self) -> None:
        player = self._shell.session.player
        if player.timeline is not None and player.active:
            number = f"{player.stop_number + 1} / {len(player.timeline.stops)}   " if player.kind == "tour" else ""
            self.where.setText(f"{number}{_clock(player.at)} / {_clock(player.timeline.seconds)}")
            self.progress.update()

    def place(self) -> None:
        """Stand at the lower middle, the text above."""
        left, room = self._room()
        self.setFixedWidth(max(min(WIDEST, room), 240))
        self.adjustSize()
        top = self._host.height() - self.height() - self.foot
        self.move(max((self._host.width() - self.width()) // 2, left), top)
        self.card.move(max((self._host.width() - self.card.width()) // 2, left), top - self.card.height() - 10)

    def _room(self) -> tuple[int, int]:
        """Where the picture is free beside the legend: left edge and width."""
        legend = self.avoid
        left = MARGIN if legend is None or not legend.isVisible() else legend.geometry().right() + MARGIN
        room = self._host.width() - left - MARGIN
        return (left, room) if room >= 360 else (MARGIN, self._host.width() - 2 * MARGIN)

    # --- keys ------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size; keys of the picture: numbers go to viewpoints, others steer what plays."""
        if event.type() == QEvent.Type.Resize and watched is self._host and self.isVisible():
            self.place()
        if watched is self._canvas and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                if self._meaning(event) is not None:
                    event.accept()
                return False
            if event.type() == QEvent.Type.KeyPress:
                return self._press(event)
        return False

    def _meaning(self, event: QKeyEvent) -> tuple[str, dict[str, int]] | None:
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.NoModifier
        if not plain or self._shell.session.player.kind == "":
            digit = event.key() - Qt.Key.Key_0
            known = len(self._shell.session.document.state.viewpoints)
            return ("viewpoint.go_number", {"number": digit}) if plain and 1 <= digit <= min(9, known) else None
        tour = self._shell.session.player.kind == "tour"
        keys = {Qt.Key.Key_Space: "tour.pause", Qt.Key.Key_Escape: "tour.stop"}
        if tour:
            keys |= {Qt.Key.Key_Left: "tour.previous", Qt.Key.Key_Right: "tour.next"}
        command = keys.get(Qt.Key(event.key()))
        return (command, {}) if command is not None else None

    def _press(self, event: QKeyEvent) -> bool:
        found = self._meaning(event)
        if found is None:
            return False
        if not event.isAutoRepeat():
            self._shell.run(found[0], **found[1])
        return True


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"
