"""The layers: one card per opened file with what can be done to it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from loaders.city import CityData
from viewer.analysis.legend import count_text, title_of
from viewer.document.state import LOD_HIGHEST, LayerState
from viewer.ui.desktop.panels.report import worst
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.fields import CalmComboBox, EscapeLineEdit, NameLabel
from viewer.ui.widgets.text import ElidedLabel, menu_text, single_line, tooltip

MAX_TYPES = 60
"""Check boxes of one card; a file with more types is a damaged or hostile one."""


def lod_text(name: str) -> str:
    """What a level of detail is called in menus."""
    if name == LOD_HIGHEST:
        return "Highest detail"
    return f"LoD {name}" if name else "No LoD given"


def type_counts(city: CityData) -> list[tuple[str, int]]:
    """City object types with the number of their objects, most first."""
    counts = np.bincount(city.objects.type_codes, minlength=len(city.objects.type_names))
    order = np.argsort(-counts, kind="stable")
    return [(city.objects.type_names[int(i)], int(counts[i])) for i in order if counts[i]]


LAYER_ICONS = tuple((name, "text") for name in ("eye", "report", "more", "zoom-to", "rename", "trash")) + tuple(
    (name, "muted") for name in ("surface", "object", "image", "text", "number", "boolean", "json")
)
"""Icons that a layer's card and its colours need, with their colours."""


class LayerCard(QFrame):
    """One layer. It reads the state in `refresh` and runs commands; it never writes to the document."""

    chosen = Signal(str)
    report_wanted = Signal(str)
    relink_wanted = Signal(str)

    def __init__(self, shell: Shell, layer_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.layer_id = layer_id
        self._city: CityData | None = None
        self._boxes: dict[str, QCheckBox] = {}
        self.setProperty("role", "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        column.addLayout(self._head())
        self.facts = ElidedLabel()
        self.facts.setProperty("role", "caption")
        column.addLayout(self._facts_row())
        column.addLayout(self._tools())
        self.relink = QPushButton("Find the file…")
        self.relink.setProperty("role", "link")
        self.relink.clicked.connect(lambda: self.relink_wanted.emit(self.layer_id))
        column.addWidget(self.relink)
        self.types = QWidget()
        self._type_grid = QGridLayout(self.types)
        self._type_grid.setContentsMargins(8, 0, 4, 0)
        self._type_grid.setVerticalSpacing(0)
        self._type_grid.setColumnStretch(0, 1)
        self.types.hide()
        column.addWidget(self.types)

    # --- building --------------------------------------------------------------------------------------------

    def _head(self) -> QHBoxLayout:
        self.eye = self._shell.tool("eye", "Show or hide this layer")
        self.eye.setCheckable(False)
        self.eye.clicked.connect(self._toggle_visible)
        self.name = NameLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.name.setProperty("role", "section")
        self.name.double_clicked.connect(self.start_rename)
        self.editor = EscapeLineEdit()
        self.editor.setProperty("role", "inline")
        self.editor.setAccessibleName("Layer name")
        self.editor.setMaxLength(200)
        self.editor.editingFinished.connect(self._rename_done)
        self.editor.given_up.connect(lambda: self._rename_done(keep=False))
        self.editor.hide()
        self.report = self._shell.tool("report", "Load report")
        self.report.clicked.connect(lambda: self.report_wanted.emit(self.layer_id))
        self.more = self._shell.tool("more", "More for this layer")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.eye)
        row.addWidget(self.name, 1)
        row.addWidget(self.editor, 1)
        row.addWidget(self.report)
        row.addWidget(self.more)
        return row

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        run, layer = self._shell.run, self.layer_id
        for title, icon, act in (
            ("Zoom to layer", "zoom-to", lambda: run("layer.zoom_to", layer_id=layer)),
            ("Rename", "rename", self.start_rename),
            ("Load report", "report", lambda: self.report_wanted.emit(layer)),
            ("Remove", "trash", lambda: run("layer.remove", layer_id=layer)),
        ):
            action = menu.addAction(title, act)
            action.setParent(menu)
            self._shell.set_icon(action, icon)
        menu.insertMenu(menu.actions()[1], self._label_menu(menu))
        return menu

    def _label_menu(self, parent: QMenu) -> QMenu:
        """What is written beside the objects; filled when it is opened."""
        menu = QMenu("Label by", parent)
        self._shell.paint(menu, lambda m: m.setIcon(self._shell.icon("text")))

        def fill() -> None:
            menu.clear()
            document = self._shell.session.document
            city, now = document.cities.get(self.layer_id), document.state.layer(self.layer_id).label_by
            names = sorted(city.objects.columns, key=str.casefold)[:MAX_TYPES] if city is not None else []
            choices: list[tuple[str, str | None]] = [("Default", None), ("Nothing", "")]
            for title, value in (*choices, *((menu_text(title_of(name), 40), name) for name in names)):
                action = menu.addAction(title)
                action.setCheckable(True)
                action.setChecked(value == now)
                action.triggered.connect(lambda _=False, v=value: self._label_chosen(v))
            if names:
                menu.insertSeparator(menu.actions()[len(choices)])
            menu.addSeparator()
            only = menu.addAction("Only labels, no objects")
            only.setCheckable(True)
            only.setChecked(document.state.layer(self.layer_id).labels_only)
            only.triggered.connect(self._only_labels)

        menu.aboutToShow.connect(fill)
        return menu

    def _facts_row(self) -> QHBoxLayout:
        self.zoom = self._shell.tool("zoom-to", "Zoom to this layer")
        self.zoom.clicked.connect(lambda: self._shell.run("layer.zoom_to", layer_id=self.layer_id))
        row = QHBoxLayout()
        row.setContentsMargins(36, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.facts, 1)
        row.addWidget(self.zoom)
        return row

    def _tools(self) -> QHBoxLayout:
        self.types_button = QPushButton("Types")
        self.types_button.setProperty("role", "link")
        self.types_button.setCheckable(True)
        self.types_button.toggled.connect(self._show_types)
        self._shell.paint(self.types_button, lambda _b: self._set_chevron())
        self.lod = CalmComboBox()
        self.lod.setAccessibleName("Level of detail")
        self.lod.setToolTip("Level of detail")
        self.lod.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.lod.setMinimumWidth(96)
        self.lod.activated.connect(self._lod_chosen)
        row = QHBoxLayout()
        row.setContentsMargins(26, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.types_button)
        row.addWidget(self.lod, 1)
        return row

    # --- showing ---------------------------------------------------------------------------------------------

    def refresh(self, current: bool) -> None:
        """Show the layer as it is now; ``current`` frames it."""
        document = self._shell.session.document
        layer = document.state.layer(self.layer_id)
        city = document.cities.get(self.layer_id)
        self.name.set_full_text(layer.name)
        self.setAccessibleName(f"Layer {single_line(layer.name)}")
        self._shell.set_icon(self.eye, "eye" if layer.visible else "eye-off", "text" if layer.visible else "muted")
        self.eye.setToolTip("Hide this layer" if layer.visible else "Show this layer")
        if self.property("current") != current:
            self.setProperty("current", current)
            self.style().unpolish(self)
            self.style().polish(self)
        if city is not self._city or city is None:
            self._city = city
            self._fill(city, layer)
        self._show_report_state()
        if city is not None:
            self._follow(layer)

    def _fill(self, city: CityData | None, layer: LayerState) -> None:
        """What depends on the data alone."""
        for widget in (self.lod, self.types_button, self.zoom):
            widget.setVisible(city is not None)
        self.relink.setVisible(city is None)
        self.lod.clear()
        if city is None:
            self.facts.set_full_text("Not loaded")
            self.types.hide()
            return
        crs = city.crs.name or "no coordinate system"
        count = len(city.objects)
        self.facts.set_full_text(f"{count_text(count)} object{'' if count == 1 else 's'} · {crs}")
        for name in (LOD_HIGHEST, *reversed(city.lods)):
            self.lod.addItem(lod_text(name), name)
        while (item := self._type_grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        self._boxes.clear()
        counts = type_counts(city)
        self.types_button.setText(f"{len(counts)} type{'s' if len(counts) != 1 else ''}")
        for row, (name, count) in enumerate(counts[:MAX_TYPES]):
            title = title_of(name)
            box = QCheckBox(menu_text(title, 40))
            box.setToolTip(tooltip(f"{name}: {count_text(count)} objects"))
            box.setAccessibleName(f"Show {single_line(title)}, {count} objects")
            box.setSizePolicy(
                QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed
            )  # long names must not widen the card
            box.clicked.connect(lambda on, n=name: self._type_clicked(n, on))
            number = QLabel(count_text(count))
            number.setProperty("role", "caption")
            self._type_grid.addWidget(box, row, 0)
            self._type_grid.addWidget(number, row, 1, Qt.AlignmentFlag.AlignRight)
            self._boxes[name] = box

    def _follow(self, layer: LayerState) -> None:
        """What depends on the state."""
        self.lod.setCurrentIndex(max(0, self.lod.findData(layer.lod)))
        for name, box in self._boxes.items():
            box.setChecked(name not in layer.hidden_types)

    def _show_report_state(self) -> None:
        result = self._shell.session.document.reports.get(self.layer_id)
        gravest = worst(result.issues) if result is not None else ""
        self.report.setVisible(gravest in ("warning", "error"))
        if gravest:
            assert result is not None
            many = len(result.issues)
            self._shell.set_icon(self.report, gravest, gravest)
            self.report.setToolTip(f"Load report: {many} {'entry' if many == 1 else 'entries'}")
            self.report.setAccessibleName(f"Load report, {many} {'entry' if many == 1 else 'entries'}")

    def _set_chevron(self) -> None:
        name = "chevron-down" if self.types_button.isChecked() else "chevron-right"
        self.types_button.setIcon(self._shell.icon(name, "accent_text"))

    # --- acts ------------------------------------------------------------------------------------------------

    def _toggle_visible(self) -> None:
        layer = self._shell.session.document.state.layer(self.layer_id)
        self._shell.run("layer.set_visible", layer_id=self.layer_id, visible=not layer.visible)

    def _show_types(self, on: bool) -> None:
        self.types.setVisible(on)
        self._set_chevron()

    def _lod_chosen(self, index: int) -> None:
        self._shell.run("layer.set_lod", layer_id=self.layer_id, lod=str(self.lod.itemData(index)))

    def _only_labels(self, on: bool) -> None:
        self._shell.run("layer.set_labels_only", layer_id=self.layer_id, on=on)

    def _label_chosen(self, attribute: str | None) -> None:
        self._shell.run("layer.set_label", layer_id=self.layer_id, attribute=attribute)

    def _type_clicked(self, name: str, on: bool) -> None:
        self._shell.run("layer.set_type_visible", layer_id=self.layer_id, type=name, visible=on)

    def start_rename(self) -> None:
        """Turn the name into a field."""
        self.editor.setText(self._shell.session.document.state.layer(self.layer_id).name)
        self.name.hide()
        self.editor.show()
        self.editor.setFocus()
        self.editor.selectAll()

    def _rename_done(self, keep: bool = True) -> None:
        if self.editor.isHidden():
            return
        text = self.editor.text().strip()
        self.editor.hide()
        self.name.show()
        if keep and text and text != self._shell.session.document.state.layer(self.layer_id).name:
            self._shell.run("layer.rename", layer_id=self.layer_id, name=text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a card makes it the one that the style panel shows."""
        self.chosen.emit(self.layer_id)
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter chooses, F2 renames, Delete removes."""
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.layer_id)
        elif key == Qt.Key.Key_F2:
            self.start_rename()
        elif key == Qt.Key.Key_Delete:
            self._shell.run("layer.remove", layer_id=self.layer_id)
        else:
            super().keyPressEvent(event)


class LayersPanel(QScrollArea):
    """The cards, newest at the bottom, and a button to open more.

    Signals: open_wanted(), report_wanted(layer id), relink_wanted(layer id).
    """

    open_wanted = Signal()
    relink_wanted = Signal(str)
    report_wanted = Signal(str)

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.cards: dict[str, LayerCard] = {}
        self.setProperty("role", "panel")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        self._add = QPushButton("Open a file…")
        self._shell.set_icon(self._add, "plus", "accent_text")
        self._add.setProperty("role", "link")
        self._add.clicked.connect(self.open_wanted)
        self._column.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.setWidget(page)
        shell.session.document.changed.connect(self._changed)
        shell.current_changed.connect(lambda _id: shell.soon(self.refresh))
        shell.theme_changed.connect(lambda _theme: self.refresh())
        self.refresh()

    def _changed(self, changes: object) -> None:
        self._shell.refresh(self.refresh, changes, {"layers", "cities", "style", "visibility"})

    def refresh(self) -> None:
        """Make the cards match the layers."""
        layers = self._shell.session.document.state.layers
        wanted = [layer.id for layer in layers]
        for layer_id in [i for i in self.cards if i not in wanted]:
            card = self.cards.pop(layer_id)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, layer_id in enumerate(wanted):
            if layer_id not in self.cards:
                card = self.cards[layer_id] = LayerCard(self._shell, layer_id)
                card.chosen.connect(self._shell.set_current)
                card.report_wanted.connect(self.report_wanted)
                card.relink_wanted.connect(self.relink_wanted)
            card = self.cards[layer_id]
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
                card.show()
            card.refresh(current=len(wanted) > 1 and layer_id == self._shell.current)
