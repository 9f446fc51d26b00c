"""The start page: three clear choices and what was open before; shown while there is no layer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from viewer.jobs.queue import JobStatus
from viewer.ui.desktop.shell import Shell
from viewer.ui.desktop.status import JobList
from viewer.ui.widgets.text import ElidedLabel, tooltip, visible_text

PRODUCT = "Citiverse Viewer"
HINT = (
    "Or drop files, a folder or a project anywhere on this window: CityJSON, scenario packages (scenario.json or .zip),"
    " GeoPackage, GeoJSON, Shapefile, FlatGeobuf, GeoTIFF. Ctrl+K finds every command, F1 shows the keys."
)
CLAIM = "Look at a city in 3D, ask every building what it is, and show what you found."


@dataclass(frozen=True, slots=True)
class RecentFile:
    """A line of the recent list; ``opened`` is None where the time is not known."""

    path: Path
    opened: dt.datetime | None
    exists: bool


def when_text(opened: dt.datetime | None, now: dt.datetime) -> str:
    """How long ago, in words: "today 14:05", "yesterday", "3 days ago", "12 Mar 2026"."""
    if opened is None:
        return ""
    days = (now.date() - opened.date()).days
    if days <= 0:
        return f"today {opened:%H:%M}"
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"{days} days ago"
    return f"{opened.day} {opened:%b %Y}"


class Choice(QPushButton):
    """A big button: icon, title and one line of explanation."""

    def __init__(self, shell: Shell, icon: str, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "choice")
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(136)
        mark, name, line = QLabel(), QLabel(title), QLabel(text)
        name.setProperty("role", "heading")
        line.setProperty("role", "muted")
        line.setWordWrap(True)
        line.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(4)
        for label in (mark, name, line):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            column.addWidget(label)
        column.insertSpacing(1, 8)
        column.addStretch(1)
        shell.set_pixmap(mark, icon, 28, role="accent")


class RecentRow(QPushButton):
    """One recent file: name, folder and when; greyed where the file is gone."""

    def __init__(self, shell: Shell, recent: RecentFile, now: dt.datetime, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.recent = recent
        self.setProperty("role", "row")
        self.setMinimumHeight(48)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setEnabled(recent.exists)
        when = when_text(recent.opened, now) if recent.exists else "not found"
        self.setAccessibleName(visible_text(f"{recent.path.name}, {recent.path.parent}, {when}"))
        self.setToolTip(tooltip(str(recent.path)))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(12)
        mark, time = QLabel(), QLabel(when)
        shell.set_pixmap(mark, "project" if recent.path.suffix == ".citiverse" else "file", 20, role="muted")
        words = QVBoxLayout()
        words.setSpacing(0)
        name = ElidedLabel(recent.path.name, mode=Qt.TextElideMode.ElideMiddle)
        folder = ElidedLabel(str(recent.path.parent), mode=Qt.TextElideMode.ElideMiddle)
        folder.setProperty("role", "caption")
        time.setProperty("role", "caption")
        words.addWidget(name)
        words.addWidget(folder)
        row.addWidget(mark)
        row.addLayout(words, 1)
        row.addWidget(time)
        for label in (mark, name, folder, time):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            label.setEnabled(recent.exists)


class StartPage(QScrollArea):
    """Signals: demo_chosen(), open_chosen(), palette_chosen(), recent_chosen(Path)."""

    demo_chosen = Signal()
    open_chosen = Signal()
    recent_chosen = Signal(object)
    clear_chosen = Signal()

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Start page")
        page = QWidget()
        page.setProperty("role", "start")
        self.viewport().setProperty("role", "start")
        outer = QHBoxLayout(page)
        outer.setContentsMargins(32, 32, 32, 32)
        outer.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(0)
        frame = QWidget()
        frame.setMaximumWidth(880)
        frame.setMinimumWidth(480)
        frame.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        frame.setLayout(column)
        outer.addWidget(frame, 20)
        outer.addStretch(1)
        self._build(column)
        self.setWidget(page)

    def _build(self, column: QVBoxLayout) -> None:
        column.addStretch(2)
        head = QHBoxLayout()
        head.setSpacing(20)
        logo = QLabel()
        self._shell.set_pixmap(logo, "app", 56)
        words = QVBoxLayout()
        words.setSpacing(0)
        title = QLabel(PRODUCT)
        title.setProperty("role", "title")
        claim = QLabel(CLAIM)
        claim.setProperty("role", "muted")
        claim.setWordWrap(True)
        words.addWidget(title)
        words.addWidget(claim)
        head.addWidget(logo)
        head.addLayout(words, 1)
        column.addLayout(head)
        column.addSpacing(32)
        column.addLayout(self._choices())
        column.addSpacing(16)
        self._tip = self._hint()
        column.addWidget(self._tip)
        self.jobs = JobList(self._shell, QBoxLayout.Direction.TopToBottom)
        self.jobs.hide()
        column.addWidget(self.jobs, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(24)
        self._recent_head = QWidget()
        line = QHBoxLayout(self._recent_head)
        line.setContentsMargins(0, 0, 0, 0)
        name = QLabel("Recent")
        name.setProperty("role", "heading")
        clear = QPushButton("Clear list")
        clear.setProperty("role", "link")
        clear.clicked.connect(self.clear_chosen)
        line.addWidget(name, 1)
        line.addWidget(clear)
        column.addWidget(self._recent_head)
        column.addSpacing(4)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        column.addLayout(self._recent)
        column.addStretch(3)

    def _choices(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(16)
        self.demo = Choice(self._shell, "town", "Open the demo town", "A small made-up town to try everything on.")
        self.open = Choice(self._shell, "open", "Open a file…", "A city model, scenarios, map layers, or a project.")
        self.last = Choice(self._shell, "clock", "Continue", "Nothing has been opened yet.")
        self.demo.clicked.connect(self.demo_chosen)
        self.open.clicked.connect(self.open_chosen)
        self.last.clicked.connect(self._continue)
        for choice in (self.demo, self.open, self.last):
            row.addWidget(choice, 1)
        return row

    def _hint(self) -> QWidget:
        hint = QFrame()
        row = QHBoxLayout(hint)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(8)
        mark = QLabel()
        self._shell.set_pixmap(mark, "drop", 16, role="muted")
        text = QLabel(HINT)
        text.setProperty("role", "muted")
        text.setWordWrap(True)
        row.addWidget(mark)
        row.addWidget(text, 1)
        return hint

    def _continue(self) -> None:
        if self._newest is not None:
            self.recent_chosen.emit(self._newest.path)

    def set_recent(self, files: Sequence[RecentFile], now: dt.datetime | None = None) -> None:
        """Show these recent files, newest first; the third choice continues with the newest that still exists."""
        now = now or dt.datetime.now()
        while (item := self._recent.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()  # else Qt may still show it, then as a window of its own
                old.setParent(None)
                old.deleteLater()
        self._newest = next((f for f in files if f.exists), None)
        self.last.setVisible(self._newest is not None)
        if self._newest is not None:
            name = visible_text(self._newest.path.name)
            self.last.setAccessibleDescription(name)
            self.last.findChildren(QLabel)[2].setText(_breakable(name))
        for recent in files[:8]:
            row = RecentRow(self._shell, recent, now)
            row.clicked.connect(lambda _=False, path=recent.path: self.recent_chosen.emit(path))
            self._recent.addWidget(row)
        self._recent_head.setVisible(bool(files))

    def show_jobs(self, active: Sequence[JobStatus]) -> None:
        """What is being opened stands where the hint was."""
        self._tip.setVisible(not active)
        self.jobs.show_jobs(active)

    def sizeHint(self) -> QSize:
        """As large as the window likes."""
        return QSize(800, 600)

    _newest: RecentFile | None = None


def _breakable(name: str) -> str:
    return name if len(name) <= 60 else name[:59] + "…"
