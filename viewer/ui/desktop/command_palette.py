"""Find and run any command by typing a few letters of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPalette, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from viewer.ui.widgets.text import single_line

WIDTH, ROWS, ROW_PX = 600, 10, 32
MAX_ROWS = 200
Index = QModelIndex | QPersistentModelIndex
NO_COMMAND = "No command of that name"
_ENTRY = int(Qt.ItemDataRole.UserRole) + 1


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line: what it does, its keys, its command's name and the act itself."""

    title: str
    command: str
    run: Callable[[], object]
    shortcut: str = ""
    enabled: bool = True
    group: str = ""


Search = Callable[[str], Sequence[PaletteEntry]]
"""What a text typed finds, best first."""


def score(query: str, text: str) -> int | None:
    """How well ``text`` answers ``query``: lower is better, None = not at all.

    Every word of the query must occur; at a word's start counts best, in the middle next. Letters that only
    occur in order ("cba" in "Colour by attribute") count last.
    """
    line = text.casefold()
    total = 0
    for word in query.casefold().split():
        at = line.find(word)
        if at < 0:
            return _subsequence(query.casefold().replace(" ", ""), line)
        total += at if at == 0 or not line[at - 1].isalnum() else at + 40
    return total


def best(entries: Sequence[PaletteEntry], query: str) -> list[PaletteEntry]:
    """The entries that answer a query, best first."""
    hits = [(score(query, f"{e.title} {e.group}"), n, e) for n, e in enumerate(entries)]
    return [entry for _, _, entry in sorted((s, n, e) for s, n, e in hits if s is not None)]


def _subsequence(letters: str, line: str) -> int | None:
    at = -1
    first = -1
    for letter in letters:
        at = line.find(letter, at + 1)
        if at < 0:
            return None
        first = at if first < 0 else first
    return 200 + at - first


class _Delegate(QStyledItemDelegate):
    """Title to the left, keys or group to the right in a quiet colour."""

    def __init__(self, muted: Callable[[], QColor], parent: QWidget) -> None:
        super().__init__(parent)
        self._muted = muted

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        self.initStyleOption(option, index)
        entry: PaletteEntry = index.data(_ENTRY)
        option.text = ""
        style = option.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        palette = option.widget.palette()
        group = QPalette.ColorGroup.Active if entry.enabled else QPalette.ColorGroup.Disabled
        rect = option.rect.adjusted(12, 0, -12, 0)
        metrics = option.fontMetrics
        painter.setPen(self._muted())
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tail = entry.shortcut or entry.group
        painter.drawText(rect, right, tail)
        painter.setPen(palette.color(group, QPalette.ColorRole.Text))
        room = rect.width() - metrics.horizontalAdvance(tail) - 16
        left = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        title = metrics.elidedText(single_line(entry.title), Qt.TextElideMode.ElideRight, room)
        painter.drawText(rect, left, title)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, ROW_PX)


class CommandPalette(QFrame):
    """A search field over a list, in front of ``host``; Esc or a click elsewhere closes it."""

    def __init__(self, host: QWidget, muted: Callable[[], QColor]) -> None:
        super().__init__(host)
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Command palette")
        self.setFrameShape(QFrame.Shape.NoFrame)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(32)
        shadow.setOffset(0, 8)
        shadow.setColor(QColor(0, 0, 0, 90))
        self.setGraphicsEffect(shadow)
        self._host = host
        self._search: Search = lambda _query: []
        self._back: QWidget | None = None
        self.field = QLineEdit()
        self.field.setAccessibleName("Find a command")
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListView()
        self.list.setAccessibleName("Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_Delegate(muted, self.list))
        self.list.setModel(QStandardItemModel(self.list))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.clicked.connect(self._run_index)
        self.empty = QLabel(NO_COMMAND)
        self.empty.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self.empty)
        self.hide()

    def open(self, entries: Sequence[PaletteEntry]) -> None:
        """Show these entries and take the keyboard."""
        kept = list(entries)
        self._open("Type what you want to do, or an attribute or viewpoint…", partial(best, kept), NO_COMMAND)

    def open_search(self, hint: str, search: Search, nothing: str) -> None:
        """Show what ``search`` finds for the text typed; ``nothing`` is said where it finds none."""
        self._open(hint, search, nothing)

    def _open(self, hint: str, search: Search, nothing: str) -> None:
        self._search = search
        self._back = self.window().focusWidget()
        self.field.setPlaceholderText(hint)
        self.field.clear()
        self.empty.setText(nothing)
        self._filter("")
        host = self._host
        width = min(WIDTH, host.width() - 32)
        height = min(ROWS * ROW_PX + 72, host.height() - 64)
        self.setGeometry(QRect(QPoint((host.width() - width) // 2, max(16, host.height() // 8)), QSize(width, height)))
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_palette(self) -> None:
        """Hide and give the keyboard back."""
        self.hide()
        if self._back is not None:
            self._back.setFocus(Qt.FocusReason.PopupFocusReason)
        self._back = None

    def titles(self) -> list[str]:
        """The titles on show, best first."""
        model = self.list.model()
        return [str(model.index(row, 0).data()) for row in range(model.rowCount())]

    def _filter(self, query: str) -> None:
        found = self._search(query)[:MAX_ROWS]
        model = QStandardItemModel(self.list)
        for entry in found:
            item = QStandardItem(single_line(entry.title))
            item.setData(entry, _ENTRY)
            item.setEnabled(entry.enabled)
            item.setAccessibleText(f"{entry.title} {entry.shortcut}")
            model.appendRow(item)
        old = self.list.model()
        self.list.setModel(model)
        old.deleteLater()
        self.empty.setVisible(not found and bool(query))
        self.list.setVisible(bool(found))
        self._move(1, start=-1)

    def _move(self, step: int, start: int | None = None) -> None:
        model = self.list.model()
        count = model.rowCount()
        row = self.list.currentIndex().row() if start is None else start
        for _ in range(count):
            row = (row + step) % count
            index = model.index(row, 0)
            if index.flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentIndex(index)
                return

    def _run_index(self, index: QModelIndex) -> None:
        entry = index.data(_ENTRY)
        if isinstance(entry, PaletteEntry) and entry.enabled:
            self.close_palette()
            entry.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the search field that belong to the list."""
        if watched is not self.field:
            return False
        if event.type() == QEvent.Type.FocusOut and self.isVisible() and not self.list.underMouse():
            self.hide()
            return False
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._move(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run_index(self.list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            return False
        return True
