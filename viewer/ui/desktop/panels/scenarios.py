"""Scenarios: which are seen, which variable, how they are compared, and what every opened package is."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from loaders.scenario.model import text_in
from viewer.analysis.comparing import showing
from viewer.analysis.showing import sides_of, variable_shown
from viewer.document.state import BASE_MODEL, MOST_SHOWN, ScenarioMode, ScenarioView
from viewer.session.scenario_commands import variables_of
from viewer.ui.desktop.panels.only_list import OnlyList
from viewer.ui.desktop.panels.scenario_card import ScenarioCard
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.fields import CalmComboBox
from viewer.ui.widgets.text import breakable, single_line, tooltip

BASE_NAME = "City as it is"
"""What the base model is called where scenarios are chosen."""
NONE = "\0none"
"""The choice of no third or fourth scenario."""
LETTERS = "ABCD"
MODES: dict[ScenarioMode, tuple[str, str, str]] = {
    "single": ("single", "One", "One scenario fills the picture."),
    "swipe": ("swipe", "Swipe", "Drag the line in the picture: A lies left of it, B right."),
    "split": ("split", "Split", "Two to four pictures that move together."),
    "blend": ("blend", "Blend", "A and B lie over each other: slide from one to the other."),
    "difference": ("difference", "Change", "B minus A: where it is more, where less, what is new or gone."),
}
"""Icon, name and meaning of every way to compare."""
PARTS = frozenset({"scenarios", "scenario_view", "cities"})


class ScenariosPanel(QScrollArea):
    """Shows ``scenarios`` and ``scenario_view`` of the document and runs commands.

    Signals: open_wanted(); relink_wanted(scenario id).
    """

    open_wanted = Signal()
    relink_wanted = Signal(str)

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._filling = False
        self.cards: dict[str, ScenarioCard] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("role", "panel")
        self.setAccessibleName("Scenarios")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.empty = self._empty_page()
        self.choices = self._choices()
        self._list_title = _section("Opened packages")
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.open = QPushButton("Open a scenario…")
        shell.set_icon(self.open, "plus")
        self.open.clicked.connect(self.open_wanted)
        column.addWidget(self.empty, 1)
        column.addWidget(self.choices)
        column.addWidget(self._list_title)
        column.addLayout(self._list)
        column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.setWidget(page)
        session = shell.session
        session.document.changed.connect(self._changed)
        session.scenarios.changed.connect(self._known)
        session.job_changed.connect(self._reading_on)
        session.scenario_ready.connect(self._show_refusal)
        shell.theme_changed.connect(lambda _theme: self.refresh())
        self.refresh()

    # --- building --------------------------------------------------------------------------------------------

    def _empty_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        mark = QLabel()
        self._shell.set_pixmap(mark, "scenario", 40, role="control")
        title = QLabel("No scenario yet")
        title.setProperty("role", "section")
        text = QLabel(
            "See what a simulation says about this city: floods, heat, noise, traffic, new buildings. Drop a package on"
            " the window (a folder with scenario.json, or a .zip), or open one here."
        )
        text.setProperty("role", "muted")
        self.open_first = QPushButton("Open a scenario…")
        self.open_first.setProperty("role", "primary")
        self.open_first.clicked.connect(self.open_wanted)
        column.addStretch(1)
        column.addWidget(mark, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (title, text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addWidget(self.open_first, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)
        return page

    def _choices(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(8)
        column.addLayout(self._mode_buttons())
        self.meaning = QLabel()
        self.meaning.setProperty("role", "caption")
        self.meaning.setWordWrap(True)
        column.addWidget(self.meaning)
        column.addLayout(self._side_choices())
        self.numbers = QPushButton("Count in Numbers…")
        self._shell.set_icon(self.numbers, "number")
        self.numbers.setToolTip("How many buildings, homes and people are affected; who gains and who loses")
        self.numbers.clicked.connect(lambda: self._shell.run("window.show_panel", panel="numbers", visible=True))
        column.addWidget(self.numbers, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._refusal_box())
        self.only = OnlyList(self._shell)
        column.addWidget(self.only)
        column.addWidget(_section("Variable"))
        self.variable = CalmComboBox()
        self.variable.setAccessibleName("Variable")
        self.variable.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.variable.activated.connect(
            lambda index: self._shell.run("scenario.set_variable", variable=self.variable.itemData(index))
        )
        column.addWidget(self.variable)
        self.note = QLabel()
        self.note.setProperty("role", "caption")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        column.addWidget(self.note)
        self.hatch = self._check("Hatch what is uncertain", "scenario.set_hatch", "visible")
        self.hatch.setToolTip("Lines over places whose range of uncertainty is wider than their class")
        self.sun = self._check("Sun follows the clock", "scenario.set_sun", "follow")
        self.sun.setToolTip("Sun and sky stand as at the moment shown; without it, the light of the panel “Light”")
        self.trails = self._check("Leave trails", "scenario.set_trails", "visible")
        for check in (self.hatch, self.sun, self.trails):
            column.addWidget(check)
        return box

    def _mode_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        group = QButtonGroup(self)
        self.modes: dict[str, QToolButton] = {}
        for mode, (icon, title, text) in MODES.items():
            button = self._shell.tool(icon, f"Compare: {title}" if mode != "single" else "One scenario", text)
            button.setText(title)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setProperty("role", "mode")
            button.setIconSize(QSize(20, 20))
            button.setCheckable(True)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(44)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.clicked.connect(partial(self._set_mode, mode))
            group.addButton(button)
            self.modes[mode] = button
            row.addWidget(button, 1)
        return row

    def _side_choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        self.sides: list[CalmComboBox] = []
        self._letters: list[QLabel] = []
        for place in range(MOST_SHOWN):
            letter = QLabel(LETTERS[place])
            letter.setProperty("role", "letter")
            letter.setProperty("side", LETTERS[place])
            letter.setFixedSize(22, 22)
            letter.setAlignment(Qt.AlignmentFlag.AlignCenter)
            combo = CalmComboBox()
            combo.setAccessibleName(f"Scenario {LETTERS[place]}")
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.activated.connect(partial(self._choose_side, place))
            grid.addWidget(letter, place, 0)
            grid.addWidget(combo, place, 1)
            self._letters.append(letter)
            self.sides.append(combo)
        self.swap = self._shell.tool("swap", "Swap A and B")
        self.swap.clicked.connect(lambda: self._shell.run("scenario.swap"))
        grid.addWidget(self.swap, 0, 2, 2, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _refusal_box(self) -> QWidget:
        self.refusal = QFrame()
        self.refusal.setProperty("role", "notice")
        mark = QLabel()
        self._shell.set_pixmap(mark, "warning", 16, role="warning")
        self.reason = QLabel()
        self.reason.setWordWrap(True)
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self.refusal)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.reason, 1)
        return self.refusal

    def _check(self, title: str, command: str, argument: str) -> QCheckBox:
        box = QCheckBox(title)
        box.clicked.connect(lambda on: self._shell.run(command, **{argument: on}))
        return box

    # --- showing ---------------------------------------------------------------------------------------------

    def _changed(self, changes: object) -> None:
        self._shell.refresh(self.refresh, changes, PARTS)

    def _known(self, _scenario_id: str) -> None:
        self._show_cards()

    def _reading_on(self) -> None:
        """Tell of packages that are being read how far that is, and of others that it has ended."""
        if not isValid(self):
            return  # jobs are cancelled when the window goes
        document = self._shell.session.document
        for entry in document.state.scenarios:
            if entry.id in self.cards and entry.id not in document.scenarios:
                self.cards[entry.id].refresh(entry)

    def refresh(self) -> None:
        """Show the document as it is now."""
        state = self._shell.session.document.state
        any_open = bool(state.scenarios)
        for widget in (self.choices, self._list_title, self.open):
            widget.setVisible(any_open)
        self.empty.setVisible(not any_open)
        self._filling = True
        try:
            self._show_view(state.scenario_view)
        finally:
            self._filling = False
        self._show_cards()
        self._show_refusal()

    def _show_view(self, view: ScenarioView) -> None:
        self.modes[view.mode].setChecked(True)
        for button in self.modes.values():
            button.setEnabled(bool(view.shown))
        self.meaning.setText(MODES[view.mode][2])
        several = view.mode != "single"
        count = 1 if not several else MOST_SHOWN if view.mode == "split" else 2
        for place, combo in enumerate(self.sides):
            shown = place < count and (place <= len(view.shown) or place < 2)
            self._fill_side(combo, place, view)
            combo.setVisible(shown)
            self._letters[place].setVisible(shown and several)
        self.swap.setVisible(several)
        self._fill_variables(view)
        self.hatch.setChecked(view.hatch)
        self.sun.setChecked(view.sun)
        self.trails.setChecked(view.trails)
        results = [side.result for side in sides_of(self._shell.session.document)]
        self.trails.setVisible(any(result is not None and result.moves is not None for result in results))

    def _fill_side(self, combo: CalmComboBox, place: int, view: ScenarioView) -> None:
        combo.clear()
        if place >= 2:
            combo.addItem("No further one", NONE)
        combo.addItem(BASE_NAME, BASE_MODEL)
        for entry in self._shell.session.document.state.scenarios:
            combo.addItem(single_line(entry.name), entry.id)
        wanted = view.shown[place] if place < len(view.shown) else NONE if place >= 2 else BASE_MODEL
        combo.setCurrentIndex(max(combo.findData(wanted), 0))
        combo.setToolTip(tooltip(combo.currentText()))

    def _fill_variables(self, view: ScenarioView) -> None:
        self.variable.clear()
        for name, title in variables_of(self._shell.session, view.shown).items():
            self.variable.addItem(single_line(title), name)
        self.variable.setEnabled(self.variable.count() > 0)
        self.variable.setCurrentIndex(self.variable.findData(view.variable))
        self.variable.setToolTip(tooltip(self.variable.currentText()))
        variable = variable_shown(self._shell.session.document)
        text = text_in(variable.note) if variable is not None else ""
        self.note.setText(single_line(text))
        self.note.setVisible(bool(text))

    def _show_cards(self) -> None:
        state = self._shell.session.document.state
        known = {entry.id for entry in state.scenarios}
        for scenario_id in [name for name in self.cards if name not in known]:
            card = self.cards.pop(scenario_id)
            self._list.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, entry in enumerate(state.scenarios):
            if entry.id not in self.cards:
                card = ScenarioCard(self._shell, entry.id)
                card.relink_wanted.connect(self.relink_wanted)
                self.cards[entry.id] = card
            card = self.cards[entry.id]
            if self._list.indexOf(card) != place:
                self._list.removeWidget(card)
                self._list.insertWidget(place, card)
            card.refresh(entry)

    def _show_refusal(self) -> None:
        """Say why there is no difference, where it was asked for."""
        session = self._shell.session
        view = session.document.state.scenario_view
        shown = showing(session.document, session.clock.now) if view.mode == "difference" else None
        self.only.show_difference(None if shown is None else shown.difference)
        reason = shown.refusal if shown is not None else ""
        self.reason.setText(breakable(f"No difference can be shown. {single_line(reason)}") if reason else "")
        self.refusal.setVisible(bool(reason))

    # --- changing --------------------------------------------------------------------------------------------

    def _set_mode(self, mode: str) -> None:
        self._shell.run("scenario.set_mode", mode=mode)
        self.modes[self._shell.session.document.state.scenario_view.mode].setChecked(True)

    def _choose_side(self, place: int, index: int) -> None:
        """Show another scenario there; one that is shown elsewhere changes places with it."""
        if self._filling:
            return
        wanted = self.sides[place].itemData(index)
        view = self._shell.session.document.state.scenario_view
        ids = list(view.shown) or [BASE_MODEL]
        while len(ids) <= min(place, 1):
            ids.append(BASE_MODEL)
        if wanted == NONE:
            ids = ids[:place] + ids[place + 1 :]
        elif wanted in ids:
            other = ids.index(wanted)
            if place < len(ids):
                ids[place], ids[other] = ids[other], ids[place]
        elif place < len(ids):
            ids[place] = wanted
        else:
            ids.append(wanted)
        self._shell.run("scenario.show", ids=tuple(ids), mode=view.mode)
        self.refresh()


def _section(title: str) -> QLabel:
    label = QLabel(title)
    label.setProperty("role", "section")
    return label
