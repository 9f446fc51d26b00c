"""The keys and mouse gestures, on one sheet over the picture (F1 or ?)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from viewer.ui.desktop.shell import Shell
from viewer.ui.pads.legend import SHEET as GAMEPAD

MOUSE = (
    ("Left drag", "Turn around the point under the cursor"),
    ("Right or middle drag", "Move: the point stays under the cursor"),
    ("Wheel", "Go towards the point under the cursor"),
    ("Click", "Select; with Ctrl add or remove"),
    ("Double click", "Zoom to the object"),
    ("Esc", "Clear the selection"),
    ("Space", "Run or stop the time of scenarios"),
)
WALKING = (
    ("W A S D, arrows", "Walk or fly; Shift goes faster"),
    ("Q, E", "Turn by 30 degrees"),
    ("Drag, or M", "Look round; M without a button"),
    ("Wheel", "Walk or fly faster, slower"),
    ("Double click", "Go there"),
    ("Space, C", "Fly up, down"),
    ("Esc", "Turn the model again"),
)


class KeysHelp(QFrame):
    """A sheet with two columns; any click or Esc closes it."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self.setProperty("role", "scrim")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Keys and mouse")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._back: QWidget | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 24, 32, 24)
        head = QHBoxLayout()
        title = QLabel("Keys and mouse")
        title.setProperty("role", "title")
        self.close_button = shell.tool("close", "Close", "Close (Esc)")
        self.close_button.clicked.connect(self.close_help)
        head.addWidget(title, 1)
        head.addWidget(self.close_button)
        outer.addLayout(head)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._page = QWidget()
        self._columns = QHBoxLayout(self._page)
        self._columns.setSpacing(32)
        scroll.setWidget(self._page)
        for part in (scroll.viewport(), self._page):
            part.setAutoFillBackground(False)
        outer.addWidget(scroll, 1)
        host.installEventFilter(self)
        self.hide()

    def open(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show the mouse gestures and these ``(keys, what they do)``."""
        while (item := self._columns.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()  # else Qt may still show it, then as a window of its own
                old.setParent(None)
                old.deleteLater()
        half = (len(keys) + len(MOUSE) + len(WALKING) + len(GAMEPAD) + 1) // 2 - len(MOUSE)
        half = max(0, min(half, len(keys)))
        self._columns.addWidget(_sheet([("Mouse", MOUSE), ("Keys", keys[:half])]), 1)
        rest = [("", keys[half:]), ("While walking or flying", WALKING), ("Gamepad", GAMEPAD)]
        self._columns.addWidget(_sheet(rest), 1)
        self._back = self.window().focusWidget()
        self.setGeometry(self._host.rect())
        self.show()
        self.raise_()
        self.close_button.setFocus()

    def close_help(self) -> None:
        """Hide and give the keyboard back."""
        self.hide()
        if self._back is not None:
            self._back.setFocus()
        self._back = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc, F1 and ? close."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F1, Qt.Key.Key_Question):
            self.close_help()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click closes."""
        self.close_help()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the host."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._host.rect())
        return False


def _sheet(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> QWidget:
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(0, 8, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    row = 0
    for title, lines in groups:
        if title and lines:
            if row:
                grid.setRowMinimumHeight(row, 10)
                row += 1
            head = QLabel(title)
            head.setProperty("role", "heading")
            grid.addWidget(head, row, 0, 1, 2)
            row += 1
        for keys, text in lines:
            key = QLabel(keys)
            key.setProperty("role", "key")
            key.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(key, row, 0)
            grid.addWidget(QLabel(text), row, 1)
            row += 1
    grid.setRowStretch(row, 1)
    return sheet
