"""The preferences: one line for each entry of the settings table, on a sheet over the window. Changes hold at once."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.analysis.legend import title_of
from viewer.settings.settings import BY_NAME, TABLE, Setting, SettingError, Value
from viewer.ui.desktop.pad_card import PadCard
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.fields import CalmComboBox

COLUMN, FIELD = 760, 176
TITLES = {
    "labels_through": "Labels through walls",
    "flicker_seconds": "Flicker between A and B",
    "autosave_seconds": "Recovery copy",
    "quality": "Drawing quality",
    "cache_gib": "Cache of opened files",
    "load_processes": "Processes for opening",
    "walk_person": "Who walks",
    "walk_eye_height": "Height of the eyes",
    "walk_speed": "Walking speed",
    "walk_snap": "Turn in steps",
    "walk_instant": "Start and stop at once",
    "walk_level": "Level horizon",
    "walk_vignette": "Darken the edges",
    "walk_edges": "Stop at edges",
    "walk_doors": "Open doors",
    "pad_use": "Use them",
    "pad_sensitivity": "Looking round",
    "pad_dead_zone": "Dead zone of the sticks",
    "pad_curve": "Response of the sticks",
    "pad_invert_y": "Invert up and down",
    "space_sensitivity": "SpaceMouse speed",
    "space_dominant": "One direction at a time",
}
"""What settings are called where their name does not say it well."""
UNITS = {
    "autosave_seconds": " s",
    "flicker_seconds": " s",
    "cache_gib": " GiB",
    "orbit_speed": " ×",
    "zoom_speed": " ×",
}
UNITS |= {"walk_eye_height": " m", "walk_speed": " m/s", "pad_sensitivity": " ×", "space_sensitivity": " ×"}
UNITS |= {"pad_dead_zone": " %"}
"""Written behind the numbers."""
GROUPS = {
    "autosave_seconds": "Program",
    "walk_person": "Walking",
    "pad_use": "Gamepad and SpaceMouse",
    "cache_gib": "Opening files",
}
"""Headings, by the setting that they stand before."""


class Preferences(QFrame):
    """Shows and changes the user's settings; Esc closes it."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._shell = shell
        self._host = host
        self._back: QWidget | None = None
        self.fields: dict[str, QWidget] = {}
        self.setProperty("role", "scrim")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Preferences")
        sheet = QHBoxLayout(self)
        sheet.setContentsMargins(32, 24, 32, 24)
        column = QWidget()
        column.setMaximumWidth(COLUMN)
        sheet.addStretch(1)
        sheet.addWidget(column, 100)
        sheet.addStretch(1)
        outer = QVBoxLayout(column)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(16)
        outer.addLayout(self._head())
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QWidget()
        rows = QVBoxLayout(page)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._rows())
        rows.addStretch(1)
        scroll.setWidget(page)
        for part in (scroll.viewport(), page):
            part.setAutoFillBackground(False)
        outer.addWidget(scroll, 1)
        host.installEventFilter(self)
        shell.session.settings.changed.connect(self._changed)
        self.hide()

    def _head(self) -> QHBoxLayout:
        title = QLabel("Preferences")
        title.setProperty("role", "title")
        self.reset = QPushButton("Reset all")
        self.reset.setToolTip("Put every preference back to its default")
        self.reset.clicked.connect(self._reset)
        self.close_button = self._shell.tool("close", "Close", "Close (Esc)")
        self.close_button.clicked.connect(self.close_sheet)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(title, 1)
        head.addWidget(self.reset)
        head.addWidget(self.close_button)
        return head

    def _rows(self) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(24, 20, 24, 20)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for setting in TABLE:
            if setting.name in GROUPS:
                self._add_group(grid, setting.name)
            self._add_row(grid, setting)
        return card

    def _add_group(self, grid: QGridLayout, first: str) -> None:
        row = grid.rowCount()
        if first != TABLE[0].name:
            grid.setRowMinimumHeight(row, 20)
        head = QLabel(GROUPS[first])
        head.setProperty("role", "heading")
        grid.addWidget(head, row + 1, 0, 1, 2)
        grid.setRowMinimumHeight(row + 2, 8)
        if first == "pad_use":
            self.pads = PadCard(self._shell)
            grid.addWidget(self.pads, row + 3, 0, 1, 2)

    def _add_row(self, grid: QGridLayout, setting: Setting) -> None:
        row = grid.rowCount()
        title = TITLES.get(setting.name) or title_of(setting.name)
        name, help_text = QLabel(title), QLabel(setting.description)
        name.setProperty("role", "section")
        help_text.setProperty("role", "caption")
        help_text.setWordWrap(True)
        field = self.fields[setting.name] = self._field(setting)
        field.setAccessibleName(title)
        field.setAccessibleDescription(setting.description)
        field.setFixedWidth(FIELD)
        name.setBuddy(field)
        grid.addWidget(name, row, 0)
        grid.addWidget(help_text, row + 1, 0)
        grid.addWidget(field, row, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setRowMinimumHeight(row + 2, 16)

    def _field(self, setting: Setting) -> QWidget:
        """A widget that fits the setting, showing its value."""
        name = setting.name
        field: QWidget
        if setting.choices:
            field = CalmComboBox()
            for choice in setting.choices:
                field.addItem(title_of(choice), choice)
            field.activated.connect(lambda index, box=field: self._set(name, box.itemData(index)))
        elif setting.kind is bool:
            field = QCheckBox()
            field.clicked.connect(lambda on: self._set(name, on))
        elif setting.kind is int:
            field = QSpinBox()
            field.setRange(int(setting.low), int(setting.high))
        elif setting.kind is float:
            field = QDoubleSpinBox()
            field.setDecimals(1)
            field.setSingleStep(0.1)
            field.setRange(setting.low, setting.high)
        else:
            field = QLineEdit()
            field.editingFinished.connect(lambda edit=field: self._set(name, edit.text()))
        if isinstance(field, QSpinBox | QDoubleSpinBox):
            field.setKeyboardTracking(False)
            field.setSuffix(UNITS.get(name, ""))
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            field.valueChanged.connect(lambda value: self._set(name, value))
        self._show_value(name, field)
        return field

    def _show_value(self, name: str, field: QWidget) -> None:
        value = self._shell.session.settings.get(name)
        field.blockSignals(True)
        if isinstance(field, CalmComboBox):
            field.setCurrentIndex(field.findData(value))
        elif isinstance(field, QCheckBox):
            field.setChecked(bool(value))
        elif isinstance(field, QSpinBox):
            field.setValue(int(value))
        elif isinstance(field, QDoubleSpinBox):
            field.setValue(float(value))
        elif isinstance(field, QLineEdit):
            field.setText(str(value))
        field.blockSignals(False)

    def _set(self, name: str, value: Value) -> None:
        if name == "theme":
            self._shell.run("window.set_theme", theme=value)
            return
        try:
            self._shell.session.settings.set(name, value)
        except SettingError as error:
            self._shell.say("error", str(error))
            self._show_value(name, self.fields[name])

    def _reset(self) -> None:
        self._shell.run("window.set_theme", theme=BY_NAME["theme"].default)
        self._shell.session.settings.reset()

    def _changed(self, name: str) -> None:
        if name in self.fields:
            self._show_value(name, self.fields[name])

    def open(self) -> None:
        """Cover the host and take the keyboard."""
        self._back = self.window().focusWidget()
        self.setGeometry(self._host.rect())
        self.show()
        self.raise_()
        self.fields[TABLE[0].name].setFocus(Qt.FocusReason.PopupFocusReason)

    def close_sheet(self) -> None:
        """Hide and give the keyboard back."""
        self.hide()
        if self._back is not None:
            self._back.setFocus(Qt.FocusReason.PopupFocusReason)
        self._back = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the host."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._host.rect())
        return False
