"""Light and realism: the hour, shadows, how much is drawn and how carefully."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QDate, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDateEdit,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from viewer.analysis.daytimes import NAMES, day_times, describe, sky_of
from viewer.analysis.sun import FIRST_YEAR, LAST_YEAR, Place
from viewer.document.state import DocumentState
from viewer.render.resolve import place_shown
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.choice import Choice

STEP_MINUTES = 5
USUAL_STEP = 2.0
"""Metres between contour lines when they are switched on."""
REALISM = {
    "plain": ("Plain", "A white model: form, light and shadow only"),
    "shaded": ("Shaded", "Materials by kind of surface, nothing made up"),
    "textured": ("Textured", "Windows, water and ground patterns as well: drawn by the program, not surveyed"),
}
QUALITY = {
    "auto": ("Auto", "What suits this machine"),
    "draft": ("Draft", "Fastest: no shadows, hard edges"),
    "normal": ("Normal", "Shadows and soft edges"),
    "high": ("High", "Finer shadows; slow without a graphics card"),
}


_LEADS = frozenset({"scenarios", "scenario_view"})


class _CalmSlider(QSlider):
    """The wheel scrolls the panel around it."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class LightPanel(QScrollArea):
    """Shows and changes the light of the picture and how it is drawn."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._filling = False
        self.setProperty("role", "panel")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(6)
        self._build_realism()
        self._build_light()
        self._build_rest()
        self._column.addStretch(1)
        self.setWidget(page)
        shell.session.document.changed.connect(self._changed)
        shell.session.clock.changed.connect(self.refresh)
        self.refresh()

    # --- building --------------------------------------------------------------------------------------------

    def _build_realism(self) -> None:
        self.realism = Choice("Realism", REALISM, lambda v: self._shell.run("realism.set", realism=v))
        self._about = self._caption()
        self._section("Realism", self.realism, self._about)

    def _build_light(self) -> None:
        titles = {"model": ("Model light", "The same clear light on every side of the year"),
                  "dated": ("Date and time", "Sun and moon as they stand at the place")}  # fmt: skip
        self.kind = Choice("Light", titles, self._choose_kind)
        self.date = QDateEdit()
        self.date.setAccessibleName("Date")
        self.date.setCalendarPopup(True)
        self.date.setDisplayFormat("d MMM yyyy")
        self.date.setDateRange(QDate(FIRST_YEAR + 1, 1, 1), QDate(LAST_YEAR - 1, 12, 31))
        self.date.dateChanged.connect(self._moved)
        self.clock = QLabel()
        self.clock.setProperty("role", "heading")
        self.clock.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.hour = _CalmSlider(Qt.Orientation.Horizontal)
        self.hour.setAccessibleName("Time of day")
        self.hour.setRange(0, 24 * 60 // STEP_MINUTES - 1)
        self.hour.setPageStep(60 // STEP_MINUTES)
        self.hour.setSingleStep(1)
        self.hour.valueChanged.connect(self._moved)
        top = self._row(self.date, self.clock)
        presets = QWidget()
        row = QHBoxLayout(presets)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.presets: dict[str, QPushButton] = {}
        for name in NAMES:
            button = self.presets[name] = QPushButton(name)
            button.setProperty("role", "link")
            button.clicked.connect(lambda _=False, n=name: self._preset(n))
            row.addWidget(button)
            if name != NAMES[-1]:
                row.addStretch(1)
        self._sky = self._caption()
        self._led = self._caption()
        self._led.setText("Sun and sky follow the clock of the results.")
        self.own = QPushButton("Choose date and time here")
        self.own.setProperty("role", "link")
        self.own.clicked.connect(lambda: self._shell.run("scenario.set_sun", follow=False))
        self._dated = QWidget()
        column = QVBoxLayout(self._dated)
        column.setContentsMargins(0, 2, 0, 0)
        column.setSpacing(4)
        for widget in (top, self.hour, presets):
            column.addWidget(widget)
        self.shadows = QCheckBox("Shadows")
        self.shadows.clicked.connect(lambda on: self._shell.run("light.set_shadows", visible=on))
        self._section("Light", self._led, self.own, self.kind, self._dated, self._sky, self.shadows)

    def _build_rest(self) -> None:
        self.contours = QCheckBox("Contour lines every")
        self.contours.clicked.connect(self._contours_clicked)
        self.step = QDoubleSpinBox()
        self.step.setAccessibleName("Metres between contour lines")
        self.step.setRange(0.1, 1000.0)
        self.step.setDecimals(1)
        self.step.setSuffix(" m")
        self.step.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.step.setValue(USUAL_STEP)
        self.step.setKeyboardTracking(False)
        self.step.valueChanged.connect(self._step_changed)
        self._section("Ground", self._row(self.contours, self.step))
        self.quality = Choice("Drawing quality", QUALITY, lambda v: self._shell.run("quality.set", quality=v))
        self._section("Drawing quality", self.quality)

    def _section(self, title: str, *widgets: QWidget) -> None:
        label = QLabel(title)
        label.setProperty("role", "section")
        if self._column.count():
            self._column.addSpacing(8)
        self._column.addWidget(label)
        for widget in widgets:
            self._column.addWidget(widget)

    def _row(self, left: QWidget, right: QWidget) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(left)
        row.addStretch(1)
        row.addWidget(right)
        return holder

    def _caption(self) -> QLabel:
        label = QLabel()
        label.setProperty("role", "caption")
        label.setWordWrap(True)
        return label

    # --- showing ---------------------------------------------------------------------------------------------

    def _changed(self, changes: object) -> None:
        of_interest = frozenset({"light", "realism", "contour_step", "quality", "crs", "cities"} | _LEADS)
        self._shell.refresh(self.refresh, changes, of_interest)

    def refresh(self) -> None:
        """Show the document as it is now."""
        state = self._shell.session.document.state
        self._filling = True
        try:
            self.realism.show_value(state.realism)
            self._about.setText(f"{REALISM[state.realism][1]}.")
            self.quality.show_value(state.quality)
            self.shadows.setChecked(state.light.shadows)
            self.contours.setChecked(state.contour_step > 0.0)
            if state.contour_step > 0.0:
                self.step.setValue(state.contour_step)
            self._show_time(state)
        finally:
            self._filling = False

    def _show_time(self, state: DocumentState) -> None:
        place = self._place()
        led = self._shell.session.clock.sun_time is not None
        self._led.setVisible(led)
        self.own.setVisible(led)
        self.kind.setVisible(not led)
        if led:  # what stands here would not be what is seen
            self._dated.hide()
            self._sky.hide()
            return
        self.kind.show_value("model" if state.light.time is None else "dated")
        self.kind.buttons["dated"].setEnabled(place is not None or state.light.time is not None)
        self._dated.setVisible(state.light.time is not None)
        if state.light.time is None:
            unknown = "Sun and moon need a coordinate reference system that tells the place." if place is None else ""
            self._sky.setText(unknown)
            self._sky.setVisible(bool(unknown))
            return
        now = _moment(state.light.time)
        self.date.setDate(QDate(now.year, now.month, now.day))
        self.hour.setValue((now.hour * 60 + now.minute) // STEP_MINUTES)
        offset = now.strftime("%z")
        zone = f" UTC{offset[:3]}:{offset[3:5]}" if offset else ""
        self.clock.setText(f"{now:%H:%M}")
        self.clock.setToolTip(zone.strip() or "Mean time of the place's zone")
        said = "The place is unknown: the model light is shown" if place is None else describe(sky_of(now, place))
        self._sky.setText(f"{said}.")
        self._sky.setVisible(True)

    def _place(self) -> Place | None:
        return place_shown(self._shell.session.document)

    # --- changing --------------------------------------------------------------------------------------------

    def _choose_kind(self, kind: str) -> None:
        time = None if kind == "model" else datetime.now().strftime("%Y-06-21T15:00")
        self._shell.run("light.set_time", time=time)

    def _moved(self) -> None:
        """Date or slider were moved by the user."""
        text = self._shell.session.document.state.light.time
        if self._filling or text is None:
            return
        day = self.date.date()
        minutes = self.hour.value() * STEP_MINUTES
        moment = _moment(text).replace(
            year=day.year(), month=day.month(), day=day.day(), hour=minutes // 60, minute=minutes % 60, second=0
        )
        self._shell.run("light.set_time", time=moment.isoformat(timespec="minutes"))

    def _preset(self, name: str) -> None:
        text, place = self._shell.session.document.state.light.time, self._place()
        if text is not None and place is not None:
            moment = day_times(_moment(text), place)[name]
            self._shell.run("light.set_time", time=moment.isoformat(timespec="minutes"))

    def _contours_clicked(self, on: bool) -> None:
        self._shell.run("contours.set", step=self.step.value() if on else 0.0)

    def _step_changed(self, step: float) -> None:
        if not self._filling and self.contours.isChecked():
            self._shell.run("contours.set", step=step)


def _moment(text: str) -> datetime:
    """The document's time; today at noon if it cannot be read (a project may hold anything)."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.now().replace(hour=12, minute=0, second=0, microsecond=0)
