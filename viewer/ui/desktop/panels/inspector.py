"""The inspector: what the selected object is, where it belongs, and everything the file says about it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from loaders.city import CityData
from viewer.analysis.legend import count_text, title_of
from viewer.analysis.statistics import Statistics, statistics_of
from viewer.jobs import ThreadJob
from viewer.ui.desktop.panels import summary
from viewer.ui.desktop.panels.scenario_values import ScenarioArea, ScenarioValues
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.attribute_tree import AttributeTree
from viewer.ui.widgets.text import ElidedLabel, menu_text, single_line, tooltip

_ID = int(Qt.ItemDataRole.UserRole) + 1
_TREE_ROWS = 6
AT_ONCE = 2000
"""The attributes of up to so many objects are summed up at once, in a few milliseconds; of more on a thread."""


class Inspector(QWidget):
    """Shows ``document.state.selection``. Signals: color_by_wanted(layer id, attribute)."""

    color_by_wanted = Signal(str, str)

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._layer_id = ""
        self._heading: list[tuple[str, str]] = []
        self._groups: list[summary.Group] = []
        self._scenario_groups: list[summary.Group] = []
        self._asked: object = None
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty_page())
        self._pages.addWidget(self._object_page())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        self._tree.menu_wanted.connect(self._attribute_menu)
        shell.session.document.changed.connect(self._changed)
        shell.theme_changed.connect(lambda _theme: self.refresh())
        self.refresh()

    # --- building --------------------------------------------------------------------------------------------

    def _empty_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        mark = QLabel()
        self._shell.set_pixmap(mark, "object", 40, role="control")
        title, text = (
            QLabel("Nothing selected"),
            QLabel("Click a building to see what the file says about it. Ctrl+click adds more."),
        )
        title.setProperty("role", "section")
        text.setProperty("role", "muted")
        for label in (title, text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        column.addWidget(mark, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        column.addWidget(text)
        column.addStretch(3)
        return page

    def _object_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 12, 12, 0)
        column.setSpacing(8)
        self._type = QLabel()
        self._type.setProperty("role", "caption")
        self._type.setTextFormat(Qt.TextFormat.PlainText)
        self._id = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._id.setProperty("role", "heading")
        self._copy_id = self._shell.tool("copy", "Copy id")
        self._copy_id.clicked.connect(self._copy_the_id)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self._id, 1)
        head.addWidget(self._copy_id)
        column.addWidget(self._type)
        column.addLayout(head)
        column.addLayout(self._actions())
        self._family = self._family_tree()
        column.addWidget(self._family)
        self.scenarios = ScenarioValues(self._shell, self._take_scenarios)
        self._scenario_area = ScenarioArea(self.scenarios)
        column.addWidget(self._scenario_area)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search attributes")
        self._search.setAccessibleName("Search attributes")
        self._search.setClearButtonEnabled(True)
        column.addWidget(self._search)
        self._tree = AttributeTree()
        self._search.textChanged.connect(self._tree.set_search)
        self._none = QLabel("The file gives no attributes for this object.")
        self._none.setProperty("role", "muted")
        self._none.setWordWrap(True)
        column.addWidget(self._none)
        column.addWidget(self._tree, 1)
        self._filler = QWidget()
        column.addWidget(self._filler, 1)
        return page

    def _actions(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        for command, icon, name in (
            ("selection.zoom_to", "zoom-to", "Zoom to selection"),
            ("selection.hide", "eye-off", "Hide selection"),
            ("selection.isolate", "isolate", "Show only the selection"),
        ):
            button = self._shell.tool(icon, name)
            button.setProperty("command", command)
            button.clicked.connect(lambda _=False, c=command: self._shell.run(c))
            row.addWidget(button)
        row.addWidget(_rule())
        self._copy = self._shell.tool("copy", "Copy all attributes")
        self._copy.setText("Copy all")
        self._copy.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._copy.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._copy)
        for title, make in (("As table (TSV)", summary.as_tsv), ("As JSON", summary.as_json)):
            act = QAction(title, menu)
            act.triggered.connect(
                lambda _=False, m=make: QApplication.clipboard().setText(m(self._heading, self._all_groups()))
            )
            menu.addAction(act)
        self._copy.setMenu(menu)
        row.addWidget(self._copy)
        row.addStretch(1)
        return row

    def _family_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setColumnCount(1)
        tree.setIndentation(16)
        tree.setAccessibleName("Parents and children")
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.itemActivated.connect(self._go_relative)
        tree.itemClicked.connect(self._go_relative)
        return tree

    # --- showing ---------------------------------------------------------------------------------------------

    def _changed(self, changes: object) -> None:
        self._shell.refresh(self.refresh, changes, {"selection", "cities", "scenarios", "scenario_view"})

    def _take_scenarios(self, groups: list[summary.Group]) -> None:
        """What the scenarios say about the object stands before what the file says."""
        if groups != self._scenario_groups:
            self._scenario_groups = groups
            self._show_groups()

    def refresh(self) -> None:
        """Show the selection as it is now."""
        selection = self._shell.session.document.state.selection
        city = self._shell.session.document.cities.get(selection.layer_id or "")
        rows = self._shell.rows(selection.layer_id, selection.ids) if city is not None else np.empty(0, np.int64)
        if city is None or not len(rows):
            self._asked = None
            self.scenarios.clear()
            self._pages.setCurrentIndex(0)
            return
        self._layer_id = selection.layer_id or ""
        self._asked = None
        if len(rows) == 1:
            self._show_one(city, int(rows[0]), selection.surface_row)
            self.scenarios.show_object(self._layer_id, int(rows[0]), selection.surface_row)
        else:
            self.scenarios.clear()
            self._show_many(city, rows)
        self._show_groups()
        self._pages.setCurrentIndex(1)

    def _all_groups(self) -> list[summary.Group]:
        return [*self._scenario_groups, *self._groups]

    def _show_groups(self) -> None:
        self._tree.show_groups(self._all_groups(), self._shell.qcolor("muted"))
        self._tree.set_search(self._search.text())
        has_lines = any(group.lines for group in self._all_groups())
        for widget in (self._tree, self._search):
            widget.setVisible(has_lines)
        self._none.setVisible(not any(group.lines for group in self._groups if group.title != "Measured"))
        self._filler.setVisible(not has_lines)

    def _show_one(self, city: CityData, row: int, surface_row: int) -> None:
        layer = self._shell.session.layer_name(self._layer_id)
        kind, name = city.objects.type_of(row), city.objects.ids[row]
        self._type.setText(single_line(f"{title_of(kind)} · {layer}"))
        self._type.setToolTip(tooltip(kind))
        self._id.set_full_text(name)
        self._copy_id.setVisible(True)
        self._heading = [("id", name), ("type", kind), ("layer", layer)]
        measured = summary.measured(city, row, surface_row)
        groups = [summary.attributes(city, row), summary.surface(city, surface_row), measured]
        bare = ("Attributes", measured.title)
        self._groups = [group for group in groups if group is not None and (group.lines or group.title not in bare)]
        self._show_family(city, row)

    def _show_many(self, city: CityData, rows: np.ndarray) -> None:
        layer = self._shell.session.layer_name(self._layer_id)
        self._type.setText(single_line(layer))
        self._id.set_full_text(f"{count_text(len(rows))} objects selected")
        self._copy_id.setVisible(False)
        self._heading = [("objects", str(len(rows))), ("layer", layer)]
        self._groups = [summary.types_among(city, rows)]
        self._family.setVisible(False)
        if len(rows) <= AT_ONCE:
            self._groups += summary.in_common(statistics_of(city, rows))
            return
        asked = self._asked = object()

        def counted(found: list[Statistics]) -> None:
            if self._asked is asked:
                self._groups = [*self._groups[:1], *summary.in_common(found)]
                self._show_groups()

        self._shell.session.submit(ThreadJob(statistics_of, (city, rows), counted, title="", key="inspector"))

    def _show_family(self, city: CityData, row: int) -> None:
        tree = self._family
        tree.clear()
        found, left_out = summary.relatives(city, row)
        tree.setVisible(len(found) > 1)
        if len(found) == 1:
            return
        at: dict[int, QTreeWidgetItem] = {}
        for relative in found:
            item = QTreeWidgetItem([single_line(f"{title_of(relative.type)}  {relative.id}")])
            item.setData(0, _ID, relative.id)
            item.setToolTip(0, tooltip(f"{relative.type}\n{relative.id}"))
            above = at.get(relative.depth - 1)
            if above is None:
                tree.addTopLevelItem(item)
            else:
                above.addChild(item)
            at[relative.depth] = item
            if relative.row == row:
                font = item.font(0)
                font.setWeight(font.Weight.DemiBold)
                item.setFont(0, font)
        if left_out:
            more = QTreeWidgetItem([f"and {count_text(left_out)} more"])
            more.setFlags(Qt.ItemFlag.NoItemFlags)
            at[0].addChild(more)
        tree.expandAll()
        tree.setCurrentItem(at[0])
        height = tree.sizeHintForRow(0) or 24
        tree.setFixedHeight(min(_TREE_ROWS, len(found) + bool(left_out)) * height + 8)

    # --- acts ------------------------------------------------------------------------------------------------

    def _copy_the_id(self) -> None:
        selection = self._shell.session.document.state.selection
        if selection.ids:
            QApplication.clipboard().setText(selection.ids[0])
            self._shell.say("info", "Id copied")

    def _go_relative(self, item: QTreeWidgetItem, _column: int) -> None:
        target = item.data(0, _ID)
        if isinstance(target, str) and (target,) != self._shell.session.document.state.selection.ids:
            layer_id = self._layer_id
            self._shell.later(lambda: self._shell.run("selection.set", layer_id=layer_id, ids=[target]))

    def _attribute_menu(self, line: summary.Line, at: QPoint) -> None:
        menu = QMenu(self)
        if line.column is not None:
            title = f"Colour by {menu_text(line.column, 40)}"
            menu.addAction(title, lambda: self.color_by_wanted.emit(self._layer_id, line.column))
            menu.addSeparator()
        clipboard = QApplication.clipboard()
        menu.addAction("Copy value", lambda: clipboard.setText(line.text))
        menu.addAction("Copy name", lambda: clipboard.setText(line.name))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at)


def _rule() -> QFrame:
    rule = QFrame()
    rule.setFixedWidth(1)
    rule.setStyleSheet("margin: 6px 0;")
    return rule
