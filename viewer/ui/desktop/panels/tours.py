"""Tours: the steps of a guided tour in order, how long each is shown, how one comes to it and what is told there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QListWidgetItem,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from viewer.document.state import Tour, TourStep
from viewer.session.camera_paths import PathCurve
from viewer.session.preflight import NOTES
from viewer.session.timeline import text_in
from viewer.ui.desktop.panels.step_look import StepLook, kept_by
from viewer.ui.desktop.panels.viewpoints import dress, fresh_name
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.choice import Choice
from viewer.ui.widgets.fields import CalmComboBox
from viewer.ui.widgets.picture_list import CAPTION_ROLE, PICTURE_ROLE, PictureList
from viewer.ui.widgets.text import menu_text, single_line

if TYPE_CHECKING:
    from viewer.ui.desktop.thumbnails import Thumbnails

TRANSITIONS = {
    "fly": ("Fly", "A flight over the roofs"),
    "dissolve": ("Dissolve", "The old picture fades into the new one"),
    "cut": ("Cut", "At once"),
}
LANGUAGES = ("", "en", "de", "nl", "fr", "es", "pt", "ar", "hi", "id", "sw", "zh", NOTES)
"""Offered for texts; a project may hold others."""


class ToursPanel(QWidget):
    """Shows one tour at a time; reads the state and runs commands."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._thumbnails: Thumbnails | None = None
        self._filling = False
        self.name = ""
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(self._head())
        self._empty = QLabel(
            "A tour leads from view to view by itself: to show a plan, and to make a video of it. It begins with the"
            " viewpoints that you have."
        )
        self._empty.setProperty("role", "muted")
        self._empty.setWordWrap(True)
        column.addWidget(self._empty)
        self.list = PictureList()
        self.list.setAccessibleName("Steps of the tour")
        self.list.setMinimumHeight(96)
        self.list.moved.connect(self._moved)
        self.list.delete_wanted.connect(lambda _row: self._remove_step())
        self.list.currentRowChanged.connect(lambda _row: self._show_step())
        self.list.itemDoubleClicked.connect(lambda item: self._play(self.list.row(item)))
        column.addWidget(self.list, 1)
        column.addLayout(self._step_buttons())
        column.addWidget(self._editor())
        column.addLayout(self._foot())
        column.addStretch(0)
        shell.session.document.changed.connect(self._changed)
        shell.session.player.changed.connect(self._played)
        shell.session.path_recorder.changed.connect(self._recording)
        shell.theme_changed.connect(lambda _theme: self.refresh())
        self.refresh()

    # --- building --------------------------------------------------------------------------------------------

    def _head(self) -> QHBoxLayout:
        self.choice = CalmComboBox()
        self.choice.setAccessibleName("Tour")
        self.choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.activated.connect(lambda index: self.show_tour(self.choice.itemData(index)))
        self.new = QPushButton("New tour")
        self._shell.set_icon(self.new, "plus")
        self.new.setToolTip("Make a tour of all viewpoints")
        self.new.clicked.connect(self.add_tour)
        self.more = self._shell.tool("more", "More for this tour")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setMenu(self._menu())
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.choice, 1)
        row.addWidget(self.new)
        row.addWidget(self.more)
        return row

    def _menu(self) -> QMenu:
        menu = QMenu(self)

        def fill() -> None:
            menu.clear()
            paths = self._shell.session.document.state.paths
            if self.name:
                menu.addAction("Rename…", self._rename)
                menu.addAction("Record as video…", lambda: self._run("video.choose", tour=self.name))
                menu.addAction("Remove tour", lambda: self._run("tour.remove", name=self.name))
            for path in paths:
                sub = menu.addMenu(menu_text(f"{path.name} ({path.seconds:.0f} s)", 40))
                for title, command in (("Play", "path.play"), ("Smooth", "path.smooth"), ("Remove", "path.remove")):
                    sub.addAction(title, partial(self._run, command, name=path.name))
                sub.addAction("Rename…", partial(self._rename_path, path.name))
                sub.addAction("Trim…", partial(self._trim, path.name))
                sub.addAction("Record as video…", partial(self._run, "video.choose", path=path.name))

        menu.aboutToShow.connect(fill)
        return menu

    def _step_buttons(self) -> QHBoxLayout:
        self.add_view = QPushButton("Add this view")
        self._shell.set_icon(self.add_view, "plus")
        self.add_view.setToolTip("Keep the present view as a viewpoint, and show it after the chosen step")
        self.add_view.clicked.connect(self._add_view)
        self.add_other = self._shell.tool("viewpoint", "Add a viewpoint or a path")
        self.add_other.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.aboutToShow.connect(lambda: self._fill_others(menu))
        self.add_other.setMenu(menu)
        self.record = self._shell.tool("record", "Record a path: move, then press again")
        self.record.setCheckable(True)
        self.record.clicked.connect(self._toggle_recording)
        self.remove_step = self._shell.tool("trash", "Take the chosen step out of the tour")
        self.remove_step.clicked.connect(self._remove_step)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.add_view)
        row.addStretch(1)
        for button in (self.add_other, self.record, self.remove_step):
            row.addWidget(button)
        return row

    def _fill_others(self, menu: QMenu) -> None:
        menu.clear()
        state = self._shell.session.document.state
        for viewpoint in state.viewpoints:
            menu.addAction(menu_text(viewpoint.name), partial(self._add_step, viewpoint=viewpoint.name))
        if state.viewpoints and state.paths:
            menu.addSeparator()
        for path in state.paths:
            act = menu.addAction(menu_text(path.name), partial(self._add_step, path=path.name))
            self._shell.set_icon(act, "path")
        if not menu.actions():
            menu.addAction("No viewpoint and no path yet").setEnabled(False)

    def _editor(self) -> QWidget:
        self.dwell = QDoubleSpinBox()
        self.dwell.setAccessibleName("Seconds to stay")
        self.dwell.setRange(0.0, 3600.0)
        self.dwell.setDecimals(1)
        self.dwell.setSuffix(" s")
        self.dwell.setKeyboardTracking(False)
        self.dwell.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.dwell.valueChanged.connect(lambda value: self._set(dwell=value))
        self.transition = Choice("How one comes here", TRANSITIONS, lambda value: self._set(transition=value))
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Text of the step")
        self.text.setPlaceholderText("What is told here")
        self.text.setFixedHeight(56)
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._text_changed)
        self.language = CalmComboBox()
        self.language.setAccessibleName("Language of the text")
        self.language.setEditable(True)
        self.language.addItems(list(LANGUAGES))
        self.language.setFixedWidth(92)
        self.language.currentTextChanged.connect(lambda _text: self._show_text())
        self.language.setToolTip(
            "Language of the text (BCP 47), such as en or pt-BR; empty = not told, x-notes = for the presenter only"
        )
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(8)
        self.dwell.setFixedWidth(76)
        self.dwell.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.dwell.setToolTip("Seconds to stay")
        first.addWidget(self.transition, 1)
        first.addWidget(self.dwell)
        second.addWidget(self.text, 1)
        second.addWidget(self.language, 0, Qt.AlignmentFlag.AlignTop)
        self.look = StepLook(self._shell)
        self.editor = QWidget()
        column = QVBoxLayout(self.editor)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.look)
        return self.editor

    def _foot(self) -> QHBoxLayout:
        self.play = QPushButton("Play from here")
        self.play.setProperty("role", "primary")
        self.play.clicked.connect(lambda: self._play(max(self.list.currentRow(), 0)))
        self.video = QPushButton("Video…")
        self._shell.set_icon(self.video, "video")
        self.video.clicked.connect(lambda: self._run("video.choose", tour=self.name))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.play, 1)
        row.addWidget(self.video)
        return row

    # --- showing ---------------------------------------------------------------------------------------------

    def show_thumbnails(self, thumbnails: Thumbnails) -> None:
        """Where the small pictures come from."""
        self._thumbnails = thumbnails
        thumbnails.changed.connect(self.refresh)
        self.refresh()

    @property
    def tour(self) -> Tour | None:
        """The tour that is shown."""
        return next((tour for tour in self._shell.session.document.state.tours if tour.name == self.name), None)

    def show_tour(self, name: str) -> None:
        """Show another tour."""
        self.name = name
        self.list.setCurrentRow(-1)
        self.refresh()

    def _changed(self, changes: object) -> None:
        if getattr(changes, "parts", frozenset()) & {"tours", "viewpoints", "paths", "scenarios"}:
            self.refresh()

    def refresh(self) -> None:
        """Show the tours as they are now."""
        tours = self._shell.session.document.state.tours
        if self.tour is None:
            self.name = tours[0].name if tours else ""
        self._filling = True
        self.choice.clear()
        for tour in tours:
            self.choice.addItem(single_line(tour.name), tour.name)
        self.choice.setCurrentIndex(self.choice.findData(self.name))
        self._fill_steps()
        self._filling = False
        there = self.tour is not None
        for widget in (self.choice, self.list, self.add_view, self.add_other, self.play, self.video, self.remove_step):
            widget.setVisible(there)
        self._empty.setVisible(not there)
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if there else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self.record.setText("Record a path")
        self.record.setToolButtonStyle(style)
        self._show_step()

    def _fill_steps(self) -> None:
        row, scroll = self.list.currentRow(), self.list.verticalScrollBar().value()
        dress(self.list, self._shell, "tour")
        self.list.clear()
        steps = self.tour.steps if self.tour is not None else ()
        for step in steps:
            item = QListWidgetItem(single_line(step.path or step.viewpoint or ""))
            item.setData(CAPTION_ROLE, self._caption(step))
            item.setData(PICTURE_ROLE, self._picture(step))
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
            self.list.addItem(item)
        self.list.setCurrentRow(min(row, len(steps) - 1))
        self.list.verticalScrollBar().setValue(scroll)

    def _caption(self, step: TourStep) -> str:
        state = self._shell.session.document.state
        known = {x.name: x.seconds for x in state.paths}
        if step.path is not None:
            if step.path not in known:
                return "Not there any more"
            return f"Path, {known[step.path] + step.dwell:.0f} s"
        if all(step.viewpoint != x.name for x in state.viewpoints):
            return "Not there any more"
        text = single_line(text_in(step.texts))
        own = ", ".join(kept_by(step))
        parts = (f"{TRANSITIONS[step.transition][0]}, {step.dwell:g} s", f"keeps {own}" if own else "", text)
        return " · ".join(part for part in parts if part)

    def _picture(self, step: TourStep) -> object:
        state = self._shell.session.document.state
        if self._thumbnails is None:
            return None
        for path in state.paths:
            if path.name == step.path:
                return self._thumbnails.of(PathCurve(path.keys).at(0.0))
        found = next((x for x in state.viewpoints if x.name == step.viewpoint), None)
        if found is None:
            return None
        return self._thumbnails.of(found.camera, step.scenario_view or found.scenario_view)

    def _step(self) -> TourStep | None:
        tour, row = self.tour, self.list.currentRow()
        return tour.steps[row] if tour is not None and 0 <= row < len(tour.steps) else None

    def _show_step(self) -> None:
        step = self._step()
        self.editor.setVisible(step is not None)
        self.remove_step.setEnabled(step is not None)
        self.play.setEnabled(self.list.count() > 0)
        self.play.setText("Play from here" if self.list.currentRow() > 0 else "Play")
        if step is None or self._filling:
            return
        self._filling = True
        self.dwell.setValue(step.dwell)
        self.transition.show_value(step.transition)
        self.look.show_step(self.name, self.list.currentRow(), step)
        self._filling = False
        self._show_text()

    def _show_text(self) -> None:
        step = self._step()
        text = dict(step.texts).get(self.language.currentText().strip(), "") if step is not None else ""
        if self.text.toPlainText() != text and not self._filling:
            self._filling = True
            self.text.setPlainText(text)
            self._filling = False

    def _played(self) -> None:
        stop = self._shell.session.player.step
        line = self._shell.session.player.timeline
        if stop is not None and line is not None and line.title == self.name:
            self.list.setCurrentRow(stop.index)

    # --- doing -----------------------------------------------------------------------------------------------

    def _run(self, command: str, **arguments: object) -> None:
        self._shell.later(lambda: self._shell.run(command, **arguments))

    def add_tour(self) -> None:
        """Make a tour of all viewpoints."""
        names = tuple(viewpoint.name for viewpoint in self._shell.session.document.state.viewpoints)
        name = self._shell.run("tour.add", viewpoints=names)
        if name:
            self.show_tour(name)

    def _add_view(self) -> None:
        taken = {v.name for v in self._shell.session.document.state.viewpoints}
        with self._shell.session.document.change("Add this view to the tour"):
            name = self._shell.run("viewpoint.add", name=fresh_name(taken))
            if name:
                self._add_step(viewpoint=name)

    def _add_step(self, viewpoint: str | None = None, path: str | None = None) -> None:
        row = self.list.currentRow()
        index = row + 1 if row >= 0 else None
        place = self._shell.run("tour.add_step", name=self.name, viewpoint=viewpoint, path=path, index=index)
        if place is not None:
            self._shell.later(lambda: self.list.setCurrentRow(place))

    def _remove_step(self) -> None:
        if self._step() is not None:
            self._shell.run("tour.remove_step", name=self.name, step=self.list.currentRow())

    def _moved(self, row: int, to: int) -> None:
        def move() -> None:
            self._shell.run("tour.move_step", name=self.name, step=row, index=to)
            self.list.setCurrentRow(to)

        self._shell.later(move)

    def _set(self, **values: object) -> None:
        if not self._filling and self._step() is not None:
            self._shell.run("tour.set_step", name=self.name, step=self.list.currentRow(), **values)

    def _text_changed(self) -> None:
        if not self._filling and self._step() is not None:
            language, text = self.language.currentText().strip(), self.text.toPlainText()
            row = self.list.currentRow()
            self._shell.run("tour.set_step_text", name=self.name, step=row, text=text, language=language)

    def _play(self, row: int) -> None:
        self._shell.run("tour.play", name=self.name, step=row)

    def _toggle_recording(self) -> None:
        if not self._shell.session.path_recorder.recording:
            self._shell.run("path.record_start")
        else:
            name = self._shell.run("path.record_stop")
            if name:
                self._shell.run("path.smooth", name=name)
                if self.tour is not None:
                    self._add_step(path=name)
                self._shell.say("info", f"Kept as “{name}”.")
        self._recording()

    def _recording(self) -> None:
        on = self._shell.session.path_recorder.recording
        self.record.setChecked(on)
        self._shell.set_icon(self.record, "stop" if on else "record", "error" if on else "text")

    def _rename(self) -> None:
        new, done = QInputDialog.getText(self, "Rename tour", "Name", text=self.name)
        if done and new.strip() and self._shell.session.act("tour.rename", name=self.name, new_name=new) is None:
            self.show_tour(new.strip())

    def _rename_path(self, name: str) -> None:
        new, done = QInputDialog.getText(self, "Rename path", "Name", text=name)
        if done and new.strip():
            self._run("path.rename", name=name, new_name=new)

    def _trim(self, name: str) -> None:
        path = next((path for path in self._shell.session.document.state.paths if path.name == name), None)
        if path is None:
            return
        start, done = QInputDialog.getDouble(self, "Trim path", "Begin at second", 0.0, 0.0, path.seconds, 1)
        if not done:
            return
        end, done = QInputDialog.getDouble(self, "Trim path", "End at second", path.seconds, start, path.seconds, 1)
        if done:
            self._run("path.trim", name=name, start=start, end=end)


def panel_in_scroll(panel: QWidget) -> QScrollArea:
    """The panel in an area that scrolls where the dock is too low for it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setProperty("role", "panel")
    area.setWidget(panel)
    return area
