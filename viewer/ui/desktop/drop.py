"""Dropping files anywhere on the window: what may be dropped, and the zone that says so."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import visible_text


def dropped_paths(mime: QMimeData) -> list[Path]:
    """The local files and folders in a drop; network addresses are left out."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile() and url.toLocalFile()]


class DropOverlay(QFrame):
    """Covers the host while files are dragged over the window; it never takes the mouse."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self.setProperty("role", "dropzone")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        card = QFrame()
        card.setProperty("role", "card")
        card.setMinimumWidth(280)
        around = QVBoxLayout(self)
        around.addWidget(card, 0, Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(card)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(8)
        mark = QLabel()
        shell.set_pixmap(mark, "drop", 48, role="accent")
        self.title = QLabel("Drop to open")
        self.title.setProperty("role", "heading")
        self.names = QLabel()
        self.names.setProperty("role", "muted")
        self.names.setTextFormat(Qt.TextFormat.PlainText)
        for label in (mark, self.title, self.names):
            column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
        host.installEventFilter(self)
        self.hide()

    def offer(self, paths: list[Path]) -> None:
        """Show the zone for these files."""
        first = visible_text(paths[0].name)[:60]
        self.names.setText(first if len(paths) == 1 else f"{first} and {len(paths) - 1} more")
        self._cover()
        self.show()
        self.raise_()

    def _cover(self) -> None:
        self.setGeometry(self._host.rect().adjusted(16, 16, -16, -16))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the host."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._cover()
        return False
