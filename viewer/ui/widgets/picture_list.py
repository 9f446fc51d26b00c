"""A list whose rows are a small picture, a number, a name and a line about it; rows can be dragged to another place."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from viewer.ui.widgets.text import single_line

PICTURE = QSize(96, 54)
PICTURE_ROLE = int(Qt.ItemDataRole.UserRole) + 10
CAPTION_ROLE = PICTURE_ROLE + 1
PAD = 6


def two_lines(text: str, metrics: QFontMetrics, width: int) -> list[str]:
    """A name in one line, or in two between words where it is longer; what still does not fit is cut with "…"."""
    words = single_line(text).split(" ")
    first = words[0]
    used = 1
    while used < len(words) and metrics.horizontalAdvance(f"{first} {words[used]}") <= width:
        first, used = f"{first} {words[used]}", used + 1
    found = [first, " ".join(words[used:])] if used < len(words) else [first]
    return [metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in found]


class PictureDelegate(QStyledItemDelegate):
    """Paints a row; names are edited where they stand."""

    def __init__(self, view: PictureList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """All rows have the height of the picture."""
        return QSize(PICTURE.width() + 120, PICTURE.height() + 2 * PAD)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Ground, picture, number on it, name and caption."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRectF(option.rect).adjusted(1, 1, -1, -1)
        state = option.state
        view = self._view
        if state & QStyle.StateFlag.State_Selected or state & QStyle.StateFlag.State_MouseOver:
            chosen = bool(state & QStyle.StateFlag.State_Selected)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(view.colors["accent_soft" if chosen else "hover"])
            painter.drawRoundedRect(rect, 6, 6)
        box = QRectF(rect.left() + PAD - 1, rect.top() + PAD - 1, PICTURE.width(), PICTURE.height())
        self._picture(painter, box, index)
        self._number(painter, box, index.row() + 1)
        self._words(painter, rect.adjusted(PICTURE.width() + 2 * PAD + 4, 4, -8, -4), index)
        painter.restore()

    def _picture(self, painter: QPainter, box: QRectF, index: QModelIndex | QPersistentModelIndex) -> None:
        path = QPainterPath()
        path.addRoundedRect(box, 5, 5)
        picture = index.data(PICTURE_ROLE)
        painter.save()
        painter.setClipPath(path)
        if isinstance(picture, QPixmap) and not picture.isNull():
            size = picture.deviceIndependentSize()
            scale = max(box.width() / size.width(), box.height() / size.height())
            width, height = size.width() * scale, size.height() * scale
            target = QRectF(box.center().x() - width / 2, box.center().y() - height / 2, width, height)
            painter.drawPixmap(target, picture, QRectF(picture.rect()))
        else:
            painter.fillRect(box, self._view.colors["pressed"])
            if self._view.placeholder is not None:
                mark = self._view.placeholder
                painter.setOpacity(0.6)
                painter.drawPixmap(box.center() - QRectF(mark.rect()).center() / mark.devicePixelRatio(), mark)
        painter.restore()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._view.colors["border"])
        painter.drawPath(path)

    def _number(self, painter: QPainter, box: QRectF, number: int) -> None:
        font = QFont(self._view.font())
        font.setPointSizeF(8.5)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        width = max(18.0, painter.fontMetrics().horizontalAdvance(str(number)) + 10.0)
        badge = QRectF(box.left() + 4, box.top() + 4, width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 18, 28, 190))
        painter.drawRoundedRect(badge, 8, 8)
        painter.setPen(QColor("white"))
        painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), str(number))

    def _words(self, painter: QPainter, box: QRectF, index: QModelIndex | QPersistentModelIndex) -> None:
        name, caption = str(index.data(Qt.ItemDataRole.DisplayRole) or ""), str(index.data(CAPTION_ROLE) or "")
        font = QFont(self._view.font())
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(self._view.colors["text"])
        line = painter.fontMetrics().height()
        small = QFont(font)
        small.setPointSizeF(9.0)
        small.setWeight(QFont.Weight.Normal)
        lines = two_lines(name, painter.fontMetrics(), int(box.width()))
        top = box.center().y() - (line * len(lines) + (line if caption else 0)) / 2
        middle = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for text in lines:
            painter.drawText(QRectF(box.left(), top, box.width(), line), middle, text)
            top += line
        if caption:
            painter.setFont(small)
            painter.setPen(self._view.colors["muted"])
            shown = painter.fontMetrics().elidedText(
                single_line(caption), Qt.TextElideMode.ElideRight, int(box.width())
            )
            painter.drawText(QRectF(box.left(), top, box.width(), line), middle, shown)

    def updateEditorGeometry(self, editor, option, index) -> None:  # type: ignore[no-untyped-def]
        """The field stands where the name does."""
        rect = option.rect
        height = 28
        left = rect.left() + PICTURE.width() + 2 * PAD
        editor.setGeometry(left, rect.center().y() - height // 2, rect.right() - left - PAD, height)


class PictureList(QListWidget):
    """Signals: moved(row, to): a row was dragged, or moved by Alt+Up and Alt+Down; delete_wanted(row)."""

    moved = Signal(int, int)
    delete_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.colors: dict[str, QColor] = {
            name: QColor("gray") for name in ("text", "muted", "border", "hover", "pressed", "accent_soft")
        }
        self.placeholder: QPixmap | None = None
        self.setItemDelegate(PictureDelegate(self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell where the row is wanted; the document moves it."""
        row, to = self.currentRow(), self._place(event.position().toPoint())
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        if row >= 0:
            self._move(row, to - (to > row))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete removes, F2 renames, Alt with an arrow moves."""
        item, row = self.currentItem(), self.currentRow()
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if item is not None and event.key() == Qt.Key.Key_Delete:
            self.delete_wanted.emit(row)
        elif item is not None and event.key() == Qt.Key.Key_F2 and item.flags() & Qt.ItemFlag.ItemIsEditable:
            self.editItem(item)
        elif item is not None and step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._move(row, row + step)
        else:
            super().keyPressEvent(event)

    def _move(self, row: int, to: int) -> None:
        to = min(max(to, 0), self.count() - 1)
        if to != row:
            self.moved.emit(row, to)

    def _place(self, point: QPoint) -> int:
        """Before which row a point lies."""
        item = self.itemAt(point)
        if item is None:
            return self.count()
        rect = self.visualItemRect(item)
        return self.row(item) + (point.y() > rect.center().y())
