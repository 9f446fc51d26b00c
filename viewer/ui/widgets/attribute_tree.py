"""Name and value in groups, searchable; values are data, never markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTreeView, QWidget

from viewer.ui.widgets.text import single_line, tooltip

HEAD_PX = 32
WIDEST = 24
"""So many of the longest texts are measured to find the widest."""
_LINE = int(Qt.ItemDataRole.UserRole) + 1


class AttributeTree(QTreeView):
    """Shows groups of lines (anything with ``name``, ``text``, ``numeric``, ``column``).

    Signals: menu_wanted(line, global position).
    """

    menu_wanted = Signal(object, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source = QStandardItemModel(0, 2, self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._source)
        self._proxy.setRecursiveFilteringEnabled(True)
        self._proxy.setAutoAcceptChildRows(True)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._proxy.setFilterKeyColumn(-1)
        self._longest: tuple[list[str], list[str]] = [], []
        self.setModel(self._proxy)
        self.setAccessibleName("Attributes")
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setExpandsOnDoubleClick(False)
        self.setAlternatingRowColors(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._context)
        header = self.header()
        header.hide()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)

    def show_groups(self, groups: Sequence[Any], quiet: QColor) -> None:
        """Replace what is shown; names are written in ``quiet``, values in the text colour."""
        lines = [line for group in groups for line in group.lines]
        self._longest = _longest(line.name for line in lines), _longest(line.text for line in lines)
        self._source.removeRows(0, self._source.rowCount())
        for group in groups:
            head = QStandardItem(single_line(group.title))
            font = head.font()
            font.setWeight(font.Weight.DemiBold)
            head.setFont(font)
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setSizeHint(QSize(0, HEAD_PX))
            head.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
            for line in group.lines:
                head.appendRow(_row(line, quiet))
            self._source.appendRow([head, _quiet()])
        for row in range(self._proxy.rowCount()):
            index = self._proxy.index(row, 0)
            self.setFirstColumnSpanned(row, QModelIndex(), True)
            self.setExpanded(index, True)
        self._share_width()

    def set_search(self, text: str) -> None:
        """Show only lines whose name or value contains ``text``."""
        self._proxy.setFilterFixedString(text)
        self.expandAll()
        for row in range(self._proxy.rowCount()):
            self.setFirstColumnSpanned(row, QModelIndex(), True)

    def line_at(self, index: QModelIndex) -> Any:
        """The line of a row, None on a group's title."""
        return index.siblingAtColumn(0).data(_LINE)

    def texts(self) -> list[tuple[str, str]]:
        """Name and value of each line on show."""
        pairs = []
        for group in range(self._proxy.rowCount()):
            parent = self._proxy.index(group, 0)
            for row in range(self._proxy.rowCount(parent)):
                pair = [str(self._proxy.index(row, column, parent).data()) for column in (0, 1)]
                pairs.append((pair[0], pair[1]))
        return pairs

    def copy_selected(self) -> None:
        """Copy the selected lines as name, tab, value."""
        lines = [self.line_at(index) for index in self.selectionModel().selectedRows()]
        text = "\n".join(f"{line.name}\t{single_line(line.text)}" for line in lines if line is not None)
        if text:
            QApplication.clipboard().setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies; the menu key opens the row's menu."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selected()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: Any) -> None:
        """Keep the names readable at every width."""
        super().resizeEvent(event)
        self._share_width()

    def changeEvent(self, event: QEvent) -> None:
        """A new font changes the widths."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._share_width()

    def _share_width(self) -> None:
        """Names get what they need as long as the values still fit, else a little more than half."""
        room = self.viewport().width()
        # (asking the view for its columns' widths takes 10 ms with hundreds of lines)
        metrics = self.fontMetrics()
        names, values = (max(map(metrics.horizontalAdvance, texts), default=0) + 32 for texts in self._longest)
        width = names if names + values <= room else min(names, max(room - values, round(room * 0.55)))
        self.header().resizeSection(0, max(96, width))

    def _context(self, at: QPoint) -> None:
        index = self.indexAt(at)
        line = self.line_at(index) if index.isValid() else None
        if line is not None:
            self.menu_wanted.emit(line, self.viewport().mapToGlobal(at))


def _longest(texts: Iterable[str]) -> list[str]:
    """Those that can be the widest."""
    return sorted((single_line(text) for text in texts), key=len)[-WIDEST:]


def _quiet() -> QStandardItem:
    item = QStandardItem()
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return item


def _row(line: Any, quiet: QColor) -> list[QStandardItem]:
    name, value = QStandardItem(single_line(line.name)), QStandardItem(single_line(line.text))
    name.setData(line, _LINE)
    name.setForeground(quiet)
    name.setToolTip(tooltip(line.name))
    value.setToolTip(tooltip(line.text))
    if line.numeric:
        value.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for item in (name, value):
        item.setEditable(False)
    return [name, value]
