"""Buttons side by side of which one is down."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget


class Choice(QWidget):
    """A few values with title and hint each; ``act`` is called with the one that is pressed."""

    def __init__(self, name: str, titles: Mapping[str, tuple[str, str]], act: Callable[[str], object]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        ends = {0: "first", len(titles) - 1: "last"}
        for place, (value, (title, tip)) in enumerate(titles.items()):
            button = QPushButton(title)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setProperty("role", "segment")
            button.setProperty("place", ends.get(place, "middle"))
            button.clicked.connect(lambda _=False, v=value: act(v))
            self._group.addButton(button)
            self.buttons[value] = button
            row.addWidget(button, 1)

    @property
    def value(self) -> str:
        """The value whose button is down; "" = none."""
        return next((value for value, button in self.buttons.items() if button.isChecked()), "")

    def show_value(self, value: str) -> None:
        """Press the button of this value."""
        self.buttons[value].setChecked(True)
