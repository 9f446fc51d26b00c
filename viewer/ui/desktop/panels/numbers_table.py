"""A table of numbers with small bars in its cells; every number with something behind it can be pressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from viewer.ui.desktop.shell import Shell
from viewer.ui.theme import Theme
from viewer.ui.widgets.text import single_line, tooltip

ROW_PX = 30
SIDE_PX = 10
BAR_PX = 4
GAP_PX = 8
WIDEST_PX = 1920
"""Of a picture of a table."""
SIDES = ("accent", "text", "muted", "control")
"""Colours of the scenarios A to D, as their letters have them."""
_BETTER = {"light": "#1f6fb2", "dark": "#63aef0"}
_WORSE = {"light": "#b3560c", "dark": "#f2994a"}
_Index = QModelIndex | QPersistentModelIndex


def better_color(theme: Theme) -> QColor:
    """What gains. Blue and orange are told apart by everybody."""
    return QColor(_BETTER[theme.name])


def worse_color(theme: Theme) -> QColor:
    """What loses."""
    return QColor(_WORSE[theme.name])


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell.

    Attributes:
        text: the number, or a name in the first column. detail: its range, muted.
        share, low, high: length of the bar and its range, 0..1; None = no bar.
        change: -1..1, a bar to the left or right of the middle; None = none. good: whether that is for the better.
        color: name of a colour of the theme. act: what a press does. tip: more words. inset: part of the line above.
    """

    text: str
    detail: str = ""
    share: float | None = None
    low: float | None = None
    high: float | None = None
    change: float | None = None
    good: bool | None = None
    color: str = "accent"
    act: Callable[[], object] | None = None
    tip: str = ""
    inset: bool = False
    muted: bool = False


class NumbersModel(QAbstractTableModel):
    """Holds `TableCell`s."""

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[str] = []
        self.rows: list[list[TableCell]] = []

    def fill(self, headers: Sequence[str], rows: Sequence[Sequence[TableCell]]) -> None:
        """Show these; the current cell stays where the shape stays."""
        same = len(headers) == len(self.headers) and len(rows) == len(self.rows)
        if not same:
            self.beginResetModel()
        self.headers, self.rows = list(headers), [list(row) for row in rows]
        if same:
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(headers) - 1))
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, max(len(headers) - 1, 0))
        else:
            self.endResetModel()

    def cell(self, index: _Index) -> TableCell:
        """The cell at an index."""
        return self.rows[index.row()][index.column()]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """See Qt."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        """See Qt."""
        return 0 if parent.isValid() else len(self.headers)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, tip, and what a screen reader says."""
        cell = self.cell(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(cell.tip or f"{cell.text} {cell.detail}".strip())
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            header = (
                "" if index.column() == 0 else f"{self.rows[index.row()][0].text}, {self.headers[index.column()]}: "
            )
            return f"{header}{cell.text} {cell.detail}".strip()
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles of the columns."""
        if orientation == Qt.Orientation.Horizontal and section < len(self.headers):
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                return self.headers[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """All can be gone to."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


class _Delegate(QStyledItemDelegate):
    """Number, range and bar."""

    def __init__(self, shell: Shell, model: NumbersModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._shell, self._model = shell, model

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        cell, metrics = self._model.cell(index), QFontMetrics(option.font)
        wide = metrics.horizontalAdvance(single_line(cell.text)) + (GAP_PX * 2 if cell.inset else 0)
        if cell.detail:
            wide += metrics.horizontalAdvance(single_line(cell.detail)) + GAP_PX
        return QSize(int(wide * 1.06) + 2 * SIDE_PX + 4, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        cell = self._model.cell(index)
        rect = QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._shell.qcolor("accent_soft"))
        elif option.state & QStyle.StateFlag.State_MouseOver and cell.act is not None:
            painter.fillRect(rect, self._shell.qcolor("hover"))
        room = rect.adjusted(SIDE_PX + (GAP_PX * 2 if cell.inset else 0), 0, -SIDE_PX, 0)
        self._text(painter, option.font, room, cell, index.column() == 0)
        bar = QRectF(room.left(), rect.bottom() - BAR_PX - 2, room.width(), BAR_PX)
        if cell.share is not None:
            self._bar(painter, bar, cell)
        if cell.change is not None:
            self._change(painter, bar, cell)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(self._shell.qcolor("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(rect).adjusted(0.5, 0.5, -1.5, -1.5))
        painter.restore()

    def _text(self, painter: QPainter, font: QFont, room: QRect, cell: TableCell, name: bool) -> None:
        strong = QFont(font)
        strong.setWeight(QFont.Weight.Normal if (name and cell.inset) or cell.muted else QFont.Weight.DemiBold)
        room = room.adjusted(0, 0, 0, -BAR_PX if cell.share is not None or cell.change is not None else 0)
        metrics = QFontMetrics(strong)
        text = metrics.elidedText(single_line(cell.text), Qt.TextElideMode.ElideRight, room.width())
        painter.setFont(strong)
        painter.setPen(self._shell.qcolor("muted" if cell.muted else "text"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, flags, text)
        left = metrics.horizontalAdvance(text) + GAP_PX
        if cell.detail and left < room.width():
            painter.setFont(font)
            painter.setPen(self._shell.qcolor("muted"))
            rest = room.adjusted(left, 0, 0, 0)
            short = QFontMetrics(font).elidedText(single_line(cell.detail), Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, flags, short)

    def _bar(self, painter: QPainter, bar: QRectF, cell: TableCell) -> None:
        """A track for all there is, the share of it, and the range as a paler end."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._shell.qcolor("border"))
        painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
        color = self._shell.qcolor(cell.color)
        share = min(max(cell.share or 0.0, 0.0), 1.0)
        if cell.low is not None and cell.high is not None and cell.high > cell.low:
            pale = QColor(color)
            pale.setAlphaF(0.4)
            painter.setBrush(pale)
            painter.drawRoundedRect(_part(bar, 0.0, min(cell.high, 1.0)), BAR_PX / 2, BAR_PX / 2)
            share_low = min(max(cell.low, 0.0), 1.0)
            painter.setBrush(color)
            painter.drawRoundedRect(_part(bar, 0.0, share_low), BAR_PX / 2, BAR_PX / 2)
            painter.drawRect(QRectF(bar.left() + share * bar.width() - 1, bar.top() - 2, 2, BAR_PX + 4))
        elif share > 0:
            painter.setBrush(color)
            painter.drawRoundedRect(_part(bar, 0.0, share), BAR_PX / 2, BAR_PX / 2)

    def _change(self, painter: QPainter, bar: QRectF, cell: TableCell) -> None:
        """From the middle to the left (less) or to the right (more)."""
        change = min(max(cell.change or 0.0, -1.0), 1.0)
        middle = bar.center().x()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._shell.qcolor("border"))
        painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
        theme = self._shell.theme
        color = self._shell.qcolor("muted")
        if cell.good is not None:
            color = better_color(theme) if cell.good else worse_color(theme)
        painter.setBrush(color)
        end = middle + change * bar.width() / 2
        painter.drawRect(QRectF(min(middle, end), bar.top(), abs(end - middle), BAR_PX))
        painter.setBrush(self._shell.qcolor("control"))
        painter.drawRect(QRectF(middle - 0.5, bar.top() - 2, 1, BAR_PX + 4))


def _part(bar: QRectF, start: float, end: float) -> QRectF:
    return QRectF(bar.left() + start * bar.width(), bar.top(), (end - start) * bar.width(), bar.height())


class NumbersTable(QTableView):
    """The view: arrows go from cell to cell, Enter or a click does what a cell can do."""

    def __init__(self, shell: Shell, name: str) -> None:
        super().__init__()
        self._shell = shell
        self._model = NumbersModel()
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(shell, self._model, self))
        self.setAccessibleName(name)
        self.setShowGrid(False)
        self.setMouseTracking(True)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.clicked.connect(self._act)
        self._stretched = -1

    def fill(self, headers: Sequence[str], rows: Sequence[Sequence[TableCell]]) -> None:
        """Show these cells."""
        self._model.fill([single_line(text) for text in headers], rows)
        header = self.horizontalHeader()
        if len(headers) != self._stretched:
            self._stretched = len(headers)
            for column in range(len(headers)):
                mode = QHeaderView.ResizeMode.ResizeToContents if column == 0 else QHeaderView.ResizeMode.Stretch
                header.setSectionResizeMode(column, mode)
        self.viewport().update()

    def unrolled(self) -> NumbersTable:
        """A copy that shows all of its lines at once, for a picture."""
        made = NumbersTable(self._shell, self.accessibleName())
        made.fill(self.headers(), self.cells())
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.ensurePolished()
        head = made.horizontalHeader().sizeHint().height()
        hints = [made.sizeHintForColumn(column) for column in range(len(self.headers()))]
        wide = hints[0] + max(hints[1:], default=0) * (len(hints) - 1) + SIDE_PX if hints else 0
        made.resize(max(self.width(), 640, min(wide, WIDEST_PX)), head + len(self.cells()) * ROW_PX + 4)
        return made

    def cells(self) -> list[list[TableCell]]:
        """What is shown."""
        return self._model.rows

    def headers(self) -> list[str]:
        """The titles of the columns."""
        return self._model.headers

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and space press the cell."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.currentIndex().isValid():
            self._act(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _act(self, index: _Index) -> None:
        act = self._model.cell(index).act
        if act is not None:
            act()
