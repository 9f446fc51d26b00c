"""What a step of a tour shows besides its place: light, visible layers, scenarios, and how fast their clock runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QMenu, QPushButton, QWidget

from viewer.document.state import BASE_MODEL, DocumentState, TourStep
from viewer.session.tour_commands import MOST_CLOCK_SPEED
from viewer.session.viewpoint_commands import shown_layers
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import menu_text

AS_VIEWPOINT = "Looks as its viewpoint says"


def kept_by(step: TourStep) -> list[str]:
    """What a step keeps of its own, in words."""
    told = (("light", step.time), ("layers", step.layers), ("scenarios", step.scenario_view))
    return [word for word, value in told if value is not None]


def _scenarios_of(state: DocumentState) -> str:
    names = {scenario.id: scenario.name for scenario in state.scenarios} | {BASE_MODEL: "the city without one"}
    return ", ".join(names.get(found, found) for found in state.scenario_view.shown) or "none shown"


class StepLook(QWidget):
    """One row below the other fields of a step: a menu of what it keeps, and the speed of its clock."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._tour, self._row = "", -1
        self._step: TourStep | None = None
        self._filling = False
        self.button = QPushButton(AS_VIEWPOINT)
        self.button.setAccessibleName("What the step shows")
        self.button.setToolTip("Light, layers and scenarios of this step: its own, or those of its viewpoint")
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self.menu)
        self.speed = QDoubleSpinBox()
        self.speed.setAccessibleName("Speed of the clock")
        self.speed.setRange(0.0, MOST_CLOCK_SPEED)
        self.speed.setDecimals(1)
        self.speed.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
        self.speed.setSuffix(" min/s")
        self.speed.setSpecialValueText("clock stands")
        self.speed.setToolTip("Minutes of the results that pass in a second while this step is shown")
        self.speed.setKeyboardTracking(False)
        self.speed.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.speed.setFixedWidth(116)
        self.speed.valueChanged.connect(self._set_speed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.button, 1)
        row.addWidget(self.speed)

    def show_step(self, tour: str, row: int, step: TourStep) -> None:
        """Show this step of this tour."""
        self._tour, self._row, self._step = tour, row, step
        kept = kept_by(step)
        self.button.setText("Keeps " + ", ".join(kept) if kept else AS_VIEWPOINT)
        self._filling = True
        self.speed.setValue(step.clock_speed)
        self._filling = False
        self.speed.setVisible(bool(self._shell.session.document.state.scenarios) or step.clock_speed > 0.0)

    def _fill(self) -> None:
        self.menu.clear()
        step, state = self._step, self._shell.session.document.state
        if step is None:
            return
        light = state.light.time.replace("T", " ")[:16] if state.light.time else "light of a model"
        count = len(shown_layers(state))
        self._add(f"Keep the light of now ({light})", step.time is not None, self._keep_light)
        self._add(f"Keep the layers of now ({count} shown)", step.layers is not None, self._keep_layers)
        if state.scenarios or step.scenario_view is not None:
            act = f"Keep the scenarios and the moment of now ({_scenarios_of(state)})"
            self._add(menu_text(act, 72), step.scenario_view is not None, self._keep_scenarios)
        self.menu.addSeparator()
        own = bool(kept_by(step)) or step.clock_speed > 0.0
        self.menu.addAction("Look as the viewpoint says", self._clear).setEnabled(own)

    def _add(self, title: str, on: bool, act: object) -> None:
        entry = self.menu.addAction(title)
        entry.setCheckable(True)
        entry.setChecked(on)
        entry.triggered.connect(act)

    # --- doing -----------------------------------------------------------------------------------------------

    def _keep_light(self, on: bool) -> None:
        now = self._shell.session.document.state.light.time or ""
        self._set_look(now if on else None, self._step.layers if self._step else None)

    def _keep_layers(self, on: bool) -> None:
        now = shown_layers(self._shell.session.document.state)
        self._set_look(self._step.time if self._step else None, now if on else None)

    def _set_look(self, time: str | None, layers: frozenset[str] | None) -> None:
        chosen = None if layers is None else tuple(sorted(layers))
        self._shell.run("tour.set_step_look", name=self._tour, step=self._row, time=time, layers=chosen)

    def _keep_scenarios(self, on: bool) -> None:
        speed = self.speed.value()
        self._shell.run(
            "tour.set_step_scenarios", name=self._tour, step=self._row, keep=on, clock_speed=speed if on else None
        )

    def _set_speed(self, value: float) -> None:
        if not self._filling and self._step is not None:
            self._shell.run("tour.set_step_scenarios", name=self._tour, step=self._row, clock_speed=value)

    def _clear(self) -> None:
        with self._shell.session.document.change("Let the step look as its viewpoint says"):
            self._set_look(None, None)
            self._shell.run("tour.set_step_scenarios", name=self._tour, step=self._row, keep=False)
