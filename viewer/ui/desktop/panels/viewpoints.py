"""Viewpoints: named places to look from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.document.state import Viewpoint
from viewer.session.timeline import text_in
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.picture_list import CAPTION_ROLE, PICTURE_ROLE, PictureList
from viewer.ui.widgets.text import single_line

if TYPE_CHECKING:
    from viewer.ui.desktop.thumbnails import Thumbnails

_NAME = int(Qt.ItemDataRole.UserRole) + 1


KEPT = {
    "light": ("time", "Keep the light"),
    "realism": ("realism", "Keep the realism"),
    "layers": ("layers", "Keep the visible layers"),
    "scenarios": ("scenario_view", "Keep the scenarios and the moment"),
}
"""What a viewpoint can keep: its field, and what the menu says."""


def fresh_name(taken: set[str]) -> str:
    """ "Viewpoint 1", or the next number that is free."""
    number = 1
    while f"Viewpoint {number}" in taken:
        number += 1
    return f"Viewpoint {number}"


def caption_of(viewpoint: Viewpoint) -> str:
    """What a viewpoint keeps besides its camera, or its note."""
    note = text_in(viewpoint.texts)
    if note:
        return single_line(note)
    kept = [name for name, (member, _title) in KEPT.items() if getattr(viewpoint, member) is not None]
    return "Keeps " + ", ".join(kept) if kept else ""


def dress(view: PictureList, shell: Shell, icon: str) -> None:
    """Give a list of pictures the colours of the theme."""
    for name in view.colors:
        view.colors[name] = shell.qcolor(name)
    view.placeholder = shell.icon(icon, "muted").pixmap(22, 22)
    view.viewport().update()


class ViewpointsPanel(QWidget):
    """A list: a click flies there, a double click renames, dragging orders."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._thumbnails: Thumbnails | None = None
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.list = PictureList()
        self.list.setAccessibleName("Viewpoints")
        self.list.setEditTriggers(QListWidget.EditTrigger.DoubleClicked | QListWidget.EditTrigger.EditKeyPressed)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        self.list.itemChanged.connect(self._renamed)
        self.list.moved.connect(self._moved)
        self.list.delete_wanted.connect(lambda _row: self._remove())
        self._empty = QLabel("Save the view that you have now, and come back to it with one click or with its number.")
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        self.add = QPushButton("Add this view")
        shell.set_icon(self.add, "plus")
        self.add.clicked.connect(self.add_view)
        self.update_ = shell.tool("reset", "Let the chosen viewpoint show the present view")
        self.update_.clicked.connect(self._update)
        self.more = shell.tool("more", "More for the chosen viewpoint")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        self.remove = shell.tool("trash", "Remove the chosen viewpoint")
        self.remove.clicked.connect(self._remove)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.add)
        row.addStretch(1)
        for button in (self.update_, self.remove, self.more):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addStretch(0)
        shell.session.document.changed.connect(self._changed)
        shell.theme_changed.connect(lambda _theme: self.refresh())
        self.list.currentItemChanged.connect(lambda *_: self._enable())
        self.refresh()

    def show_thumbnails(self, thumbnails: Thumbnails) -> None:
        """Where the small pictures come from."""
        self._thumbnails = thumbnails
        thumbnails.changed.connect(self.refresh)
        self.refresh()

    def _menu(self) -> QMenu:
        menu = QMenu(self)

        def fill() -> None:
            menu.clear()
            chosen = self._chosen()
            if chosen is not None:
                for field, (member, title) in KEPT.items():
                    on = getattr(chosen, member) is not None
                    if field == "scenarios" and not on and not self._shell.session.document.state.scenarios:
                        continue
                    act = menu.addAction(title)
                    act.setCheckable(True)
                    act.setChecked(on)
                    act.triggered.connect(lambda on, f=field: self._keep(f, on))
                menu.addSeparator()
                menu.addAction("Rename", lambda: self.list.editItem(self.list.currentItem()))
                menu.addAction("Export as GeoPose…", lambda: self._act("viewpoint.choose_geopose", name=chosen.name))
            menu.addAction("Import GeoPose…", lambda: self._act("viewpoint.choose_import"))
            thumbnails = self._thumbnails
            if thumbnails is not None and thumbnails.lacking:
                menu.addAction("Draw the missing pictures", thumbnails.draw)

        menu.aboutToShow.connect(fill)
        return menu

    def _act(self, command: str, **arguments: str) -> None:
        self._shell.later(lambda: self._shell.run(command, **arguments))

    def _keep(self, field: str, on: bool) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._shell.run("viewpoint.keep", name=chosen.name, **{field: on})

    def _chosen(self) -> Viewpoint | None:
        item = self.list.currentItem()
        name = item.data(_NAME) if item is not None else None
        return next((v for v in self._shell.session.document.state.viewpoints if v.name == name), None)

    def add_view(self) -> None:
        """Keep the view of now under a fresh name."""
        taken = {v.name for v in self._shell.session.document.state.viewpoints}
        self._shell.run("viewpoint.add", name=fresh_name(taken))
        self.list.scrollToBottom()

    def _changed(self, changes: object) -> None:
        if "viewpoints" in getattr(changes, "parts", frozenset()):
            self.refresh()

    def refresh(self) -> None:
        """Show the viewpoints as they are now; the chosen one stays chosen."""
        viewpoints = self._shell.session.document.state.viewpoints
        chosen = self.list.currentItem().data(_NAME) if self.list.currentItem() is not None else None
        scroll = self.list.verticalScrollBar().value()
        dress(self.list, self._shell, "viewpoint")
        self.list.blockSignals(True)
        self.list.clear()
        for row, viewpoint in enumerate(viewpoints):
            item = QListWidgetItem(single_line(viewpoint.name))
            item.setData(_NAME, viewpoint.name)
            item.setData(CAPTION_ROLE, caption_of(viewpoint))
            if self._thumbnails is not None:
                item.setData(PICTURE_ROLE, self._thumbnails.of(viewpoint.camera, viewpoint.scenario_view))
            item.setFlags((item.flags() | Qt.ItemFlag.ItemIsEditable) & ~Qt.ItemFlag.ItemIsDropEnabled)
            hint = f"{row + 1}: go there by this key while the picture has the focus" if row < 9 else ""
            item.setToolTip(hint)
            self.list.addItem(item)
            if viewpoint.name == chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self.list.verticalScrollBar().setValue(scroll)
        self.list.setVisible(bool(viewpoints))
        self._empty.setVisible(not viewpoints)
        self._enable()

    def _enable(self) -> None:
        chosen = self.list.currentItem() is not None
        for button in (self.remove, self.update_):
            button.setEnabled(chosen)

    def _go(self, item: QListWidgetItem) -> None:
        self._shell.run("viewpoint.go", name=item.data(_NAME), transition="fly")

    def _update(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._shell.run("viewpoint.update", name=chosen.name)

    def _moved(self, row: int, to: int) -> None:
        name = self.list.item(row).data(_NAME)
        self._shell.later(lambda: self._shell.run("viewpoint.move", name=name, index=to))

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
