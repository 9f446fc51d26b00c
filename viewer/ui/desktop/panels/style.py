"""Colour and filter of the current layer: colour by anything, palette, range, legend, and which objects to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from loaders.city import CityData
from viewer.analysis import palettes
from viewer.analysis.classify import BY_SURFACE, BY_THEME, BY_TYPE, attributes_for_coloring, colors_for
from viewer.analysis.filters import FilterError, compile_filter, example_for
from viewer.analysis.legend import count_text
from viewer.document.state import LayerState
from viewer.render.resolve import resolve
from viewer.session.registry import CommandError
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.fields import CalmComboBox, EscapeLineEdit, SearchCombo
from viewer.ui.widgets.text import ElidedLabel, number_text, single_line, tooltip

KIND_ICONS = {"string": "text", "integer": "number", "number": "number", "boolean": "boolean", "json": "json"}
SWATCH = QSize(72, 14)
FILTER_HELP = """Which objects to show, for example
height > 20
function = "residential" and storeys >= 3
type in ("Building", "BuildingPart")
has roofType and not (yearOfConstruction < 1950)
name contains "station"
Press Enter to apply, empty the field to show all."""


@dataclass(frozen=True, slots=True)
class ColorChoice:
    """One thing to colour by: the value for the command, what it is called, its icon, objects that have it."""

    value: str
    title: str
    icon: str
    count: int | None = None


def color_choices(city: CityData) -> list[ColorChoice]:
    """Everything that a layer can be coloured by, in the order of the menu."""
    choices = [ColorChoice(BY_SURFACE, "Surfaces", "surface"), ColorChoice(BY_TYPE, "Object type", "object")]
    if city.textures or city.materials:
        choices.append(ColorChoice(BY_THEME, "Materials and textures", "image"))
    for name in attributes_for_coloring(city):
        column = city.objects.columns[name]
        choices.append(ColorChoice(name, single_line(name), KIND_ICONS.get(column.kind, "text"), column.count))
    return choices


def palette_icon(name: str, ratio: float = 1.0) -> QIcon:
    """A swatch of a palette: a gradient, or its first eight colours side by side."""
    chosen = palettes.palette(name)
    image = QPixmap(SWATCH * ratio)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    if chosen.kind == "categorical":
        some = chosen.colors[:8]
        width = SWATCH.width() / len(some)
        for n, rgb in enumerate(some):
            painter.fillRect(int(n * width), 0, int(width + 1), SWATCH.height(), QColor(*map(int, rgb)))
    else:
        gradient = QLinearGradient(0, 0, SWATCH.width(), 0)
        for place in np.linspace(0, 1, 16):
            rgb = chosen.colors[round(place * (len(chosen.colors) - 1))]
            gradient.setColorAt(float(place), QColor(*map(int, rgb)))
        painter.fillRect(0, 0, SWATCH.width(), SWATCH.height(), gradient)
    painter.end()
    return QIcon(image)


class StylePanel(QScrollArea):
    """Shows and changes the current layer's style and filter."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._city: CityData | None = None
        self._filled_for = ""
        self.setProperty("role", "panel")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._page = QWidget()
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(4)
        self._layer_name = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self._layer_name.setProperty("role", "caption")
        self._column.addWidget(self._layer_name)
        self._build_color()
        self._build_filter()
        self._column.addStretch(1)
        self.setWidget(self._page)
        shell.session.document.changed.connect(self._changed)
        shell.current_changed.connect(lambda _id: shell.soon(self.refresh))
        shell.theme_changed.connect(self._retheme)
        self.refresh()

    # --- building --------------------------------------------------------------------------------------------

    def _build_color(self) -> None:
        self.color_by = SearchCombo()
        self.color_by.setAccessibleName("Colour by")
        self.color_by.activated.connect(self._color_chosen)
        self.palette_box = CalmComboBox()
        self.palette_box.setAccessibleName("Palette")
        self.palette_box.setIconSize(SWATCH)
        self.palette_box.activated.connect(self._palette_chosen)
        self.low, self.high = QLineEdit(), QLineEdit()
        for field, name in ((self.low, "Lowest value of the range"), (self.high, "Highest value of the range")):
            field.setAccessibleName(name)
            field.setAlignment(Qt.AlignmentFlag.AlignRight)
            field.editingFinished.connect(self._range_edited)
        self.reset = self._shell.tool("reset", "Range of the values themselves")
        self.reset.clicked.connect(self._range_reset)
        self.range_row = QWidget()
        row = QHBoxLayout(self.range_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.low, 1)
        row.addWidget(QLabel("to"))
        row.addWidget(self.high, 1)
        row.addWidget(self.reset)
        self.range_error = QLabel()
        self.range_error.setProperty("role", "error")
        self.range_error.setWordWrap(True)
        self.range_error.hide()
        self.legend_box = QCheckBox("Show the legend")
        self.legend_box.clicked.connect(lambda on: self._shell.run("legend.set_visible", visible=on))
        self._section("Colour by", self.color_by)
        self.palette_label = self._section("Palette", self.palette_box)
        self.range_label = self._section("Range", self.range_row)
        self._column.addWidget(self.range_error)
        self._column.addSpacing(8)
        self._column.addWidget(self.legend_box)

    def _build_filter(self) -> None:
        self.filter = EscapeLineEdit()
        self.filter.setAccessibleName("Filter")
        self.filter.setPlaceholderText("e.g. measuredHeight > 20")
        self.filter.setToolTip(tooltip(FILTER_HELP))
        self.filter.setClearButtonEnabled(True)
        self.filter.returnPressed.connect(self._filter_entered)
        self.filter.textEdited.connect(self._filter_typed)
        self.filter.given_up.connect(self._filter_given_up)
        self.filter_error = QLabel()
        self.filter_error.setProperty("role", "error")
        self.filter_error.setTextFormat(Qt.TextFormat.PlainText)
        self.filter_error.setWordWrap(True)
        self.filter_error.hide()
        self.shown = QLabel()
        self.shown.setProperty("role", "caption")
        self._section("Filter", self.filter)
        self._column.addWidget(self.filter_error)
        self._column.addWidget(self.shown)

    def _section(self, title: str, widget: QWidget) -> QLabel:
        label = QLabel(title)
        label.setProperty("role", "section")
        label.setBuddy(widget)
        label.setContentsMargins(0, 8, 0, 0)  # a margin of its own, so that nothing is left where it is hidden
        self._column.addWidget(label)
        self._column.addWidget(widget)
        return label

    # --- showing ---------------------------------------------------------------------------------------------

    def _changed(self, changes: object) -> None:
        self._shell.refresh(self.refresh, changes, {"layers", "cities", "style", "visibility", "show_legend"})

    def _retheme(self, _theme: object) -> None:
        self._filled_for = ""
        self.refresh()

    def refresh(self) -> None:
        """Show the current layer as it is now."""
        document = self._shell.session.document
        layer = next((la for la in document.state.layers if la.id == self._shell.current), None)
        city = document.cities.get(self._shell.current)
        self._page.setEnabled(city is not None)
        self._layer_name.setVisible(len(document.state.layers) > 1)
        self.legend_box.setChecked(document.state.show_legend)
        if layer is None or city is None:
            self._filled_for = ""
            self.color_by.clear()
            self.shown.clear()
            self._show_ramp_fields(None, None)
            return
        self._layer_name.set_full_text(layer.name)
        if self._filled_for != layer.id or self._city is not city:
            self._fill(layer.id, city)
        self._follow(layer, city)

    def _fill(self, layer_id: str, city: CityData) -> None:
        self._filled_for, self._city = layer_id, city
        self.filter.setPlaceholderText(f"e.g. {single_line(example_for(city))}")
        self.color_by.clear()
        for n, choice in enumerate(color_choices(city)):
            self.color_by.addItem(self._shell.icon(choice.icon, "muted"), choice.title, choice.value)
            if choice.count is not None:
                tip = f"{choice.value}\n{count_text(choice.count)} of {count_text(len(city.objects))} objects have it"
                self.color_by.setItemData(n, tooltip(tip), Qt.ItemDataRole.ToolTipRole)

    def _follow(self, layer: LayerState, city: CityData) -> None:
        style = layer.style
        index = self.color_by.findData(style.color_by)
        self.color_by.setCurrentIndex(index)
        if index < 0:
            self.color_by.setEditText(single_line(style.color_by))
        column = city.objects.columns.get(style.color_by)
        self._show_ramp_fields(layer, city if column is not None else None)
        if not self.filter.isModified():
            self.filter.setText(layer.filter or "")
            self.filter.setModified(False)
            self._show_filter_error("")
        session = self._shell.session
        looks = resolve(session.document, session.camera, moment=session.clock.now, wait=False).layers
        look = next((k for k in looks if k.layer_id == layer.id), None)
        if look is not None:
            shown, drawable = int(np.count_nonzero(look.texels[:, 3] & 15)), city.drawable
            hidden = " (layer is hidden)" if not layer.visible else ""
            self.shown.setText(f"{count_text(shown)} of {count_text(drawable)} shown{hidden}")

    def _show_ramp_fields(self, layer: LayerState | None, city: CityData | None) -> None:
        """Palette for attributes; range where the legend is a ramp."""
        legend = colors_for(city, layer.style)[1] if layer is not None and city is not None else None
        for widget in (self.palette_box, self.palette_label):
            widget.setVisible(legend is not None)
        ramp = legend is not None and legend.kind == "ramp"
        self.range_row.setVisible(ramp)
        self.range_label.setVisible(ramp)
        if not ramp:
            self.range_error.hide()
        if legend is None or layer is None:
            return
        kinds = ("sequential", "diverging") if ramp else ("categorical", "sequential", "diverging")
        wanted = [name for kind in kinds for name in palettes.names(kind)]
        if [self.palette_box.itemData(n) for n in range(self.palette_box.count())] != wanted:
            self.palette_box.clear()
            for name in wanted:
                title = palettes.palette(name).title.split(" (")[0]
                self.palette_box.addItem(palette_icon(name, self.devicePixelRatioF()), title, name)
        default = palettes.DEFAULT_RAMP if ramp else palettes.DEFAULT_CLASSES
        self.palette_box.setCurrentIndex(self.palette_box.findData(layer.style.palette or default))
        if legend.range is not None:
            low, high = legend.range
            self.low.setText(number_text(low))
            self.high.setText(number_text(high))
            self.reset.setEnabled(layer.style.range is not None)
            self._range_problem("")

    # --- acts ------------------------------------------------------------------------------------------------

    def _color_chosen(self, index: int) -> None:
        value = self.color_by.itemData(index)
        if isinstance(value, str):
            self._shell.run("style.color_by", layer_id=self._shell.current, attribute=value)

    def _palette_chosen(self, index: int) -> None:
        self._shell.run(
            "style.set_palette", layer_id=self._shell.current, palette=str(self.palette_box.itemData(index))
        )

    def _range_edited(self) -> None:
        if not (self.low.isModified() or self.high.isModified()):
            return
        try:
            low, high = (float(field.text().replace(" ", "").replace(",", ".")) for field in (self.low, self.high))
        except ValueError:
            self._range_problem("Both ends must be numbers.")
            return
        if not low < high:
            self._range_problem("The first number must be smaller than the second.")
            return
        for field in (self.low, self.high):
            field.setModified(False)
        self._shell.run("style.set_range", layer_id=self._shell.current, low=low, high=high)

    def _range_problem(self, text: str) -> None:
        self.range_error.setText(text)
        self.range_error.setVisible(bool(text))

    def _range_reset(self) -> None:
        self._shell.run("style.set_range", layer_id=self._shell.current)

    def _filter_entered(self) -> None:
        text = self.filter.text().strip()
        error = self._filter_problem(text)
        if error is not None:
            self._show_filter_error(f"{error.reason} (character {error.position + 1})", error.position)
            return
        self.filter.setModified(False)
        try:
            self._shell.session.run("filter.set", layer_id=self._shell.current, expression=text or None)
        except CommandError as refusal:
            self.filter.setModified(True)
            self._show_filter_error(str(refusal).removeprefix("Filter: "))

    def _filter_typed(self, text: str) -> None:
        """Errors go away while they are being mended; an emptied field applies at once."""
        self._show_filter_error("")
        layer = next((la for la in self._shell.session.document.state.layers if la.id == self._shell.current), None)
        if not text and layer is not None and layer.filter:
            self._filter_entered()

    def _filter_given_up(self) -> None:
        self.filter.setModified(False)
        self.refresh()

    def _filter_problem(self, text: str) -> FilterError | None:
        try:
            if text:
                compile_filter(text)
        except FilterError as error:
            return error
        return None

    def _show_filter_error(self, text: str, position: int | None = None) -> None:
        invalid = bool(text)
        if self.filter.property("invalid") != invalid:
            self.filter.setProperty("invalid", invalid)
            self.filter.style().unpolish(self.filter)
            self.filter.style().polish(self.filter)
        self.filter_error.setText(text)
        self.filter_error.setVisible(invalid)
        self.filter.setAccessibleDescription(text)
        if position is not None:
            self.filter.setSelection(min(position, max(0, len(self.filter.text()) - 1)), 1)
