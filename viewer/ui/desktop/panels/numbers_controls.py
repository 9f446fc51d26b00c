"""Fields of the panel "Numbers": numbers to choose or to type, and choices that are filled again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QDoubleValidator
from PySide6.QtWidgets import QComboBox

from viewer.ui.widgets.fields import CalmComboBox

FIELD_PX = 100


class NumberField(CalmComboBox):
    """A number: one of a few, or any that is typed. ``chosen`` is called with it when it is another one."""

    def __init__(self, name: str, tip: str, chosen: Callable[[float], object], width: int = FIELD_PX) -> None:
        super().__init__()
        self._chosen, self._value = chosen, 0.0
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setFixedWidth(width)
        field = self.lineEdit()
        assert field is not None
        field.setValidator(QDoubleValidator(self))
        self.activated.connect(lambda _index: self._done())
        field.editingFinished.connect(self._done)

    def show_number(self, value: float, choices: tuple[float, ...]) -> None:
        """Show this one; what is being typed stays."""
        self._value = value
        fill(self, [(f"{choice:.10g}", choice) for choice in choices])
        field = self.lineEdit()
        if field is not None and not field.hasFocus():
            field.setText(f"{value:.10g}")

    def _done(self) -> None:
        field = self.lineEdit()
        assert field is not None
        try:
            value = float(field.text().replace(",", "."))
        except ValueError:
            field.setText(f"{self._value:.10g}")
            return
        if value != self._value:
            self._chosen(value)


def fill(combo: QComboBox, choices: list[tuple[str, Any]]) -> None:
    """Give a combo box these entries, unless it has them."""
    have = [(combo.itemText(n), combo.itemData(n)) for n in range(combo.count())]
    if have == choices:
        return
    combo.blockSignals(True)
    kept = combo.currentData()
    combo.clear()
    for text, value in choices:
        combo.addItem(text, value)
    combo.setCurrentIndex(max(combo.findData(kept), 0))
    combo.blockSignals(False)
