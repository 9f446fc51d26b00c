"""The console's buttons. What they do is connected by the console."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from viewer.ui.desktop.shell import Shell

PLAIN = "|"
_BUTTONS: tuple[tuple[str, str, str, str], ...] = (
    ("again", "reset", "Again", "Show this step as it is meant"),
    (PLAIN, "", "", ""),
    ("black", "blank", "Black", "Black screen (B)"),
    ("title", "text", "Title", "Title instead of the picture (T)"),
    ("freeze", "freeze", "Freeze", "The audience keeps its picture while you prepare the next one (F)"),
    ("laser", "laser", "Laser", "Point with the mouse (L)"),
    ("words", "legend", "Words", "Title and text on the picture"),
    ("walk", "walk", "Walk", "Walk in the picture; Esc ends it"),
    ("auto", "play", "Play", "Go on by itself after the time of each step"),
    (PLAIN, "", "", ""),
    ("screen", "screen", "Screen", "Which screen the audience sees"),
    ("talk", "more", "Tour", "Tour and language"),
    ("check", "report", "Check", "Ready to present?"),
    ("end", "close", "End", "End the presentation (Esc)"),
)
CHECKABLE = ("black", "title", "freeze", "laser", "words", "walk", "auto")


class ControlBar(QFrame):
    """All buttons by name. Above: previous and next, with ``beside`` beside them; below: the tools."""

    def __init__(self, shell: Shell, beside: QWidget) -> None:
        super().__init__()
        self._shell = shell
        self.buttons: dict[str, QPushButton | QToolButton] = {}
        upper, lower = QHBoxLayout(), QHBoxLayout()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(6)
        rows.addLayout(upper)
        rows.addLayout(lower)
        self._add_step(upper, "previous", "previous-step", "Back", "Previous step (Left, Page Up)")
        self._add_step(upper, "next", "next-step", "Next", "Next step (Right, Space, Page Down)")
        upper.addWidget(beside, 1)
        self.buttons["next"].setProperty("role", "primary")
        shell.set_icon(self.buttons["next"], "next-step", "on_accent")
        lower.setSpacing(2)
        for name, icon, title, tip in _BUTTONS:
            if name == PLAIN:
                lower.addStretch(1)
            else:
                lower.addWidget(self._tool(name, icon, title, tip))

    def _add_step(self, row: QHBoxLayout, name: str, icon: str, title: str, tip: str) -> None:
        button = QPushButton(title)
        button.setToolTip(tip)
        button.setAccessibleName(tip.split(" (")[0])
        button.setIconSize(QSize(20, 20))
        button.setMinimumHeight(40)
        button.setMinimumWidth(104 if name == "next" else 84)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._shell.set_icon(button, icon)
        self.buttons[name] = button
        row.addWidget(button)
        row.addSpacing(6)

    def _tool(self, name: str, icon: str, title: str, tip: str) -> QToolButton:
        button = self._shell.tool(icon, tip.split(" (")[0], tip)
        button.setIconSize(QSize(20, 20))
        button.setText(title)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setCheckable(name in CHECKABLE)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumWidth(52)
        button.setMinimumHeight(46)
        self.buttons[name] = button
        return button

    def set_menu(self, name: str, fill: Callable[[QMenu], object]) -> None:
        """Let a button open a menu that is filled when it opens."""
        menu = QMenu(self)

        def refill() -> None:
            menu.clear()
            fill(menu)

        menu.aboutToShow.connect(refill)
        button = self.buttons[name]
        if isinstance(button, QToolButton):
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def show_state(self, **states: bool) -> None:
        """Press down what is on; grey what leads nowhere."""
        for name, on in states.items():
            button = self.buttons[name]
            if button.isCheckable():
                button.setChecked(on)
            else:
                button.setEnabled(on)
