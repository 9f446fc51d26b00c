"""Parts of the console: clock, next step, notes, the line of messages, findings."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.session.preflight import PreflightReport
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, visible_text

LONGEST_MINUTES = 600


def minutes_text(seconds: float) -> str:
    """``7:05``, ``1:02:09``, ``-0:30``."""
    whole = int(abs(seconds))
    sign = "\u2212" if seconds < 0 and whole else ""
    hours, rest = divmod(whole, 3600)
    clock = f"{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
    return f"{sign}{hours}:{clock}" if hours else f"{sign}{clock}"


def sized(label: QLabel, points: float, weight: QFont.Weight = QFont.Weight.Normal) -> QLabel:
    """The label in another size of type."""
    label.setStyleSheet(f"font-size: {points}pt; font-weight: {int(weight.value)};")
    return label


class ClockCard(QFrame):
    """Time gone and left, and the time of day. A click on the time gone begins it anew."""

    def __init__(self, shell: Shell, minutes: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._shell, self._clock = shell, clock
        self._began: float | None = None
        self._color = ""
        self.setProperty("role", "card")
        self.gone, self.left, self.day = QLabel("0:00"), QLabel(""), QLabel("")
        sized(self.gone, 28, QFont.Weight.DemiBold)
        sized(self.day, 15)
        self.gone.setToolTip("Time gone since the first step: click to begin anew")
        self.gone.setCursor(Qt.CursorShape.PointingHandCursor)
        self.planned = QSpinBox()
        self.planned.setRange(0, LONGEST_MINUTES)
        self.planned.setValue(minutes)
        self.planned.setSuffix(" min")
        self.planned.setSpecialValueText("no limit")
        self.planned.setAccessibleName("Planned length")
        self.planned.setToolTip("Planned length of the presentation")
        self.planned.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.planned.setFixedWidth(92)
        self.planned.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.planned.valueChanged.connect(lambda _value: self.refresh())
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addStretch(1)
        for label in (self.day, self.left):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            right.addWidget(label)
        right.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(12)
        row.addWidget(self.gone)
        row.addStretch(1)
        row.addWidget(self.planned)
        row.addLayout(right)
        self.refresh()

    @property
    def seconds(self) -> float:
        """Time gone."""
        return 0.0 if self._began is None else self._clock() - self._began

    def begin(self, *, anew: bool = False) -> None:
        """Count from now on, unless it counts already."""
        if self._began is None or anew:
            self._began = self._clock()
            self.refresh()

    def refresh(self) -> None:
        """Show the time of now."""
        self.gone.setText(minutes_text(self.seconds))
        self.day.setText(datetime.now().strftime("%H:%M"))
        planned = self.planned.value() * 60
        rest = planned - self.seconds
        self.left.setText(f"{minutes_text(rest)} left" if planned and rest >= 0 else "")
        if planned and rest < 0:
            self.left.setText(f"{minutes_text(-rest)} over")
        role = "error" if rest < 0 else "warning" if rest < planned * 0.1 else "muted"
        color = self._shell.color(role)
        if color != self._color:  # four times a second is too often for a new style
            self._color = color
            self.left.setStyleSheet(f"font-size: 15pt; font-weight: 600; color: {color};")
        self.left.setVisible(bool(planned))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin anew by a click on the time gone."""
        if self.gone.geometry().contains(event.position().toPoint()) and self._began is not None:
            self.begin(anew=True)


class Picture(QWidget):
    """A small picture with round corners; a quiet ground where there is none yet."""

    def __init__(self, shell: Shell, size: QSize) -> None:
        super().__init__()
        self._shell = shell
        self._picture: QPixmap | None = None
        self.setFixedSize(size)

    def set_picture(self, picture: QPixmap | None) -> None:
        """Show this picture."""
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, clipped."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.addRoundedRect(box, 6, 6)
        painter.setClipPath(path)
        painter.fillRect(self.rect(), self._shell.qcolor("pressed"))
        if self._picture is not None:
            painter.drawPixmap(box, self._picture, QRectF(self._picture.rect()))
        painter.setClipping(False)
        painter.setPen(self._shell.qcolor("border"))
        painter.drawPath(path)
        painter.end()


class NextCard(QFrame):
    """The step that comes next. Signals: wanted(): it was clicked."""

    wanted = Signal()

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.picture = Picture(shell, QSize(144, 81))
        self.kind, self.name, self.how = QLabel("NEXT"), QLabel(), ElidedLabel()
        self.kind.setProperty("role", "caption")
        self.how.setProperty("role", "caption")
        sized(self.name, 15, QFont.Weight.DemiBold)
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.kind)
        words.addWidget(self.name)
        words.addWidget(self.how)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 10, 12, 10)
        row.setSpacing(12)
        row.addWidget(self.picture)
        row.addLayout(words, 1)

    def show_step(self, name: str, how: str, picture: QPixmap | None) -> None:
        """Show a step; an empty name says that there is none."""
        self.name.setText(visible_text(name) or "The end")
        self.how.set_full_text(how)
        self.picture.set_picture(picture)
        self.picture.setVisible(bool(name))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        self.wanted.emit()


class _NotesField(QPlainTextEdit):
    """Where notes are written: keys stay here, but for those of a clicker. Signals: finished(): Esc, or focus left."""

    finished = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc ends writing, never the talk."""
        if event.key() in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            QCoreApplication.sendEvent(self.window(), event)  # the area round this would scroll by them
            return
        if event.key() == Qt.Key.Key_Escape:
            self.finished.emit()
        else:
            super().keyPressEvent(event)
        event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever goes elsewhere has finished."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.finished.emit()


class NotesCard(QFrame):
    """What the audience reads (quiet) and what the presenter says (large), which can be written here.

    Signals: written(str): the notes of the step on show have been changed.
    """

    written = Signal(str)

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._own = ""
        self._old = ""
        self.head, self.notes = QLabel(), QLabel()
        sized(self.head, 15, QFont.Weight.DemiBold)
        sized(self.notes, 14.5)
        for label in (self.head, self.notes):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.edit = shell.tool("rename", "Write notes for this step; Esc when done")
        self.edit.setCheckable(True)
        self.edit.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.edit.clicked.connect(lambda on: self.begin() if on else self.finish())
        self.field = _NotesField()
        self.field.setAccessibleName("Notes of the step")
        self.field.setPlaceholderText("What you want to say here; only you see it")
        self.field.setTabChangesFocus(True)
        self.field.setStyleSheet("font-size: 14.5pt;")
        self.field.finished.connect(self.finish)
        self.field.hide()
        self._lay_out()
        self.setMinimumHeight(96)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(self.head, 1)
        head.addWidget(self.edit, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        column.addWidget(self.notes)
        column.addWidget(self.field, 1)
        column.addStretch(0)
        scroll = QScrollArea()
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setProperty("role", "panel")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.addWidget(scroll)

    @property
    def writing(self) -> bool:
        """True while notes are written."""
        return self.edit.isChecked()

    def show_words(self, head: str, notes: str, quiet: bool, own: str | None = None) -> None:
        """``quiet``: these are no notes of one's own, only what the audience reads too; ``own``: the notes as they are
        written, None where there can be none."""
        self.head.setText(visible_text(head))
        self.notes.setText(visible_text(notes))
        self.notes.setEnabled(True)
        self.notes.setProperty("role", "muted" if quiet else "")
        self.notes.style().unpolish(self.notes)
        self.notes.style().polish(self.notes)
        self._own = own or ""
        self.edit.setVisible(own is not None)

    def begin(self) -> None:
        """Write."""
        self._old = self._own
        self.edit.setChecked(True)
        self.field.setPlainText(self._own)
        self.notes.hide()
        self.field.show()
        self.field.setFocus()
        self.field.moveCursor(QTextCursor.MoveOperation.End)

    def finish(self) -> None:
        """Keep what was written; nothing happens unless something is."""
        if not self.writing:
            return
        self.edit.setChecked(False)
        self.field.hide()
        self.notes.show()
        text = self.field.toPlainText().strip()
        if text != self._old.strip():
            self.written.emit(text)


class MessageLine(QFrame):
    """One line with up to two buttons."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.mark = QLabel()
        self.text = ElidedLabel()
        self.first, self.second = QPushButton(), QPushButton()
        self._acts: list[Callable[[], object]] = []
        self.severity = "info"
        for n, button in enumerate((self.first, self.second)):
            button.clicked.connect(lambda _=False, n=n: self._act(n))
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.mark)
        row.addWidget(self.text, 1)
        row.addWidget(self.first)
        row.addWidget(self.second)
        self.setFixedHeight(36)
        self.say("")

    def say(self, text: str, severity: str = "info", *actions: tuple[str, Callable[[], object]]) -> None:
        """Show a line with buttons; "" clears it."""
        self.severity = severity
        self.text.set_full_text(text)
        self.mark.setVisible(bool(text))
        if text:
            self._shell.set_pixmap(self.mark, severity, 20, severity)
        self._acts = [act for _title, act in actions]
        for n, button in enumerate((self.first, self.second)):
            button.setVisible(n < len(actions))
            button.setText(actions[n][0] if n < len(actions) else "")

    def _act(self, number: int) -> None:
        if number < len(self._acts):
            act = self._acts[number]
            self.say("")
            act()


class FindingsSheet(QDialog):
    """What the check found, one line each with its remedy."""

    def __init__(self, shell: Shell, report: PreflightReport, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Ready to present?")
        self.setMinimumSize(560, 240)
        head = QLabel(report.summary)
        head.setWordWrap(True)
        head.setProperty("role", "heading")
        inner = QWidget()
        lines = QVBoxLayout(inner)
        lines.setContentsMargins(0, 0, 8, 0)
        lines.setSpacing(12)
        for line in report.lines:
            lines.addLayout(_finding(shell, str(line.severity), f"{line.place}: {line.what}.", line.remedy))
        if not report.lines:
            lines.addLayout(_finding(shell, "check", "Nothing is missing.", ""))
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(head)
        column.addWidget(scroll, 1)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


def _finding(shell: Shell, icon: str, text: str, remedy: str) -> QHBoxLayout:
    mark, what, how = QLabel(), QLabel(visible_text(text)), QLabel(visible_text(remedy))
    shell.set_pixmap(mark, icon, 20, icon if icon in ("error", "warning", "info") else "accent")
    mark.setAlignment(Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(2)
    for label in (what, how):
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    how.setProperty("role", "muted")
    how.setVisible(bool(remedy))
    words.addWidget(what)
    words.addWidget(how)
    row = QHBoxLayout()
    row.setSpacing(10)
    row.addWidget(mark)
    row.addLayout(words, 1)
    return row


class Pill(QLabel):
    """Says in one word what the audience sees."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def show_state(self, text: str, role: str) -> None:
        """``role``: a colour of the theme: the ground; its text is white or black, whatever is read better."""
        ground = QColor(self._shell.color(role))
        ink = "#ffffff" if ground.lightnessF() < 0.55 else "#101820"
        self.setText(text)
        self.setStyleSheet(
            f"background: {ground.name()}; color: {ink}; border-radius: 11px; padding: 3px 12px; font-weight: 600;"
        )
