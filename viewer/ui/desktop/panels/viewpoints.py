"""Viewpoints: named places to look from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import single_line

_NAME = int(Qt.ItemDataRole.UserRole) + 1


def fresh_name(taken: set[str]) -> str:
    """ "Viewpoint 1", or the next number that is free."""
    number = 1
    while f"Viewpoint {number}" in taken:
        number += 1
    return f"Viewpoint {number}"


class _List(QListWidget):
    """Enter goes, F2 renames, Delete removes."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if item is not None and event.key() == Qt.Key.Key_Delete:
            self._shell.run("viewpoint.remove", name=item.data(_NAME))
        elif item is not None and event.key() == Qt.Key.Key_F2:
            self.editItem(item)
        else:
            super().keyPressEvent(event)


class ViewpointsPanel(QWidget):
    """A list: a click goes there, a double click renames."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.list = _List(shell)
        self.list.setAccessibleName("Viewpoints")
        self.list.setEditTriggers(QListWidget.EditTrigger.DoubleClicked | QListWidget.EditTrigger.EditKeyPressed)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self.list.itemChanged.connect(self._renamed)
        self._empty = QLabel("Save the view that you have now, and come back to it with one click.")
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self.add = QPushButton("Add this view")
        shell.set_icon(self.add, "plus")
        self.add.clicked.connect(self.add_view)
        self.remove = shell.tool("trash", "Remove the chosen viewpoint")
        self.remove.clicked.connect(self._remove)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addStretch(1)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addStretch(0)
        shell.session.document.changed.connect(self._changed)
        shell.theme_changed.connect(lambda _theme: self.refresh())
        self.list.currentItemChanged.connect(lambda *_: self.remove.setEnabled(self.list.currentItem() is not None))
        self.refresh()

    def add_view(self) -> None:
        """Keep the view of now under a fresh name."""
        taken = {v.name for v in self._shell.session.document.state.viewpoints}
        self._shell.run("viewpoint.add", name=fresh_name(taken))

    def _changed(self, changes: object) -> None:
        if "viewpoints" in getattr(changes, "parts", frozenset()):
            self.refresh()

    def refresh(self) -> None:
        """Show the viewpoints as they are now."""
        viewpoints = self._shell.session.document.state.viewpoints
        self.list.blockSignals(True)
        self.list.clear()
        for viewpoint in viewpoints:
            item = QListWidgetItem(self._shell.icon("viewpoint", "accent_text"), single_line(viewpoint.name))
            item.setData(_NAME, viewpoint.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setVisible(bool(viewpoints))
        self._empty.setVisible(not viewpoints)
        self.remove.setEnabled(False)

    def _go(self, item: QListWidgetItem) -> None:
        self._shell.run("viewpoint.go", name=item.data(_NAME))

    def _remove(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self._shell.run("viewpoint.remove", name=item.data(_NAME))

    def _renamed(self, item: QListWidgetItem) -> None:
        old, new = item.data(_NAME), item.text().strip()
        if new and new != old:
            self._shell.later(lambda: self._rename(old, new))
        elif new != old:
            self._shell.later(self.refresh)

    def _rename(self, old: str, new: str) -> None:
        taken = {v.name for v in self._shell.session.document.state.viewpoints}
        if new in taken:
            self._shell.say("warning", f"There is a viewpoint “{single_line(new)}” already. Choose another name.")
            self.refresh()
            return
        self._shell.run("viewpoint.rename", name=old, new_name=new)
