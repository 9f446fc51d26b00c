"""A dock with a quiet title bar whose buttons can be reached by keyboard."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QLabel, QMainWindow, QWidget

from viewer.ui.desktop.shell import Shell

MIN_WIDTH = 248


class _Title(QWidget):
    """Name, float, close. Mouse events pass to the dock, which drags itself."""

    def __init__(self, shell: Shell, dock: QDockWidget, heading: str) -> None:
        super().__init__(dock)
        self.setProperty("role", "docktitle")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        label = QLabel(heading)
        label.setProperty("role", "section")
        self.float_button = shell.tool("float", f"Detach or attach {heading}")
        self.close_button = shell.tool("close", f"Close {heading}")
        self.float_button.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self.close_button.clicked.connect(dock.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 2, 4, 2)
        row.setSpacing(0)
        row.addWidget(label, 1)
        for button in (self.float_button, self.close_button):
            shell.set_icon(button, "float" if button is self.float_button else "close", "muted")
            button.setIconSize(QSize(14, 14))
            row.addWidget(button)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The dock answers: it floats or docks."""
        event.ignore()


class Dock(QDockWidget):
    """A panel of the window; ``name`` is its id in layouts and commands, ``title`` stands in its tab and ``heading``
    (else the title) in the panel."""

    def __init__(
        self, shell: Shell, name: str, title: str, content: QWidget, parent: QMainWindow, heading: str = ""
    ) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        content.setMinimumWidth(MIN_WIDTH)
        self.setWidget(content)
        self._title = _Title(shell, self, heading or title)
        self.setTitleBarWidget(self._title)
        self.visibilityChanged.connect(self._seen)

    def _seen(self, on: bool) -> None:
        """Behind another tab Qt moves a dock aside, but keys would still get into it."""
        self._title.setEnabled(on)
        self.widget().setEnabled(on)
