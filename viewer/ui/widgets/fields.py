"""Fields with one habit changed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

from viewer.ui.widgets.text import ElidedLabel


class CalmComboBox(QComboBox):
    """The wheel scrolls the panel around it, never changes the choice by chance; a long choice ends in an ellipsis."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt cuts the text off in the middle of a letter where a style sheet is used."""
        if self.isEditable():
            super().paintEvent(event)
            return
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = painter.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self)
        icon = 0 if option.currentIcon.isNull() else option.iconSize.width() + 4
        width = room.width() - icon - 4
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, width)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel."""
        event.ignore()


class EscapeLineEdit(QLineEdit):
    """Signals: given_up() on Esc."""

    given_up = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives up; all other keys edit."""
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class _SelectingLineEdit(QLineEdit):
    """Getting the focus selects the text, so that typing replaces it."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        QTimer.singleShot(0, self, self.selectAll)


class SearchCombo(CalmComboBox):
    """A combo box in which typing finds entries by any part of their name; free text is never taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setLineEdit(_SelectingLineEdit())
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(20)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        completer, field = self.completer(), self.lineEdit()
        assert completer is not None and field is not None
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        popup = completer.popup()
        assert popup is not None
        popup.setProperty("role", "popup")
        popup.setIconSize(QSize(16, 16))
        self.setIconSize(QSize(16, 16))
        field.editingFinished.connect(self._restore)
        self.activated.connect(lambda _index: field.deselect())

    def _restore(self) -> None:
        if self.findText(self.currentText(), Qt.MatchFlag.MatchFixedString) < 0:
            self.setEditText(self.itemText(self.currentIndex()))


class NameLabel(ElidedLabel):
    """Signals: double_clicked()."""

    double_clicked = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Tell."""
        self.double_clicked.emit()
