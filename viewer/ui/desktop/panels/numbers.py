"""The panel "Numbers": scenarios compared by indicators, gains and losses, classes, time, and published tables."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QColor,
    QHideEvent,
    QImage,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDockWidget,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from loaders.scenario.model import text_in
from viewer.analysis.disclosure import NOTE
from viewer.analysis.fields import scale_of
from viewer.analysis.legend import title_of
from viewer.analysis.numbers import Asked, Numbers, unit_of
from viewer.analysis.published import Published
from viewer.document.files import write_atomic
from viewer.jobs import ThreadJob
from viewer.session.number_sheets import tables_of, ways
from viewer.session.numbers import numbers_of
from viewer.ui.desktop.panels import numbers_rows as rows
from viewer.ui.desktop.panels.numbers_controls import NumberField, fill
from viewer.ui.desktop.panels.numbers_picture import about_lines, picture_of, png_of
from viewer.ui.desktop.panels.numbers_table import NumbersTable
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.choice import Choice
from viewer.ui.widgets.fields import CalmComboBox
from viewer.ui.widgets.text import ElidedLabel, single_line

PAGES = {
    "indicators": ("Indicators", "How many buildings and people are affected in each scenario"),
    "groups": ("Gains and losses", "Who gets better values and who gets worse ones, by group and by quarter"),
    "classes": ("Classes", "How much lies in each class of the legend"),
    "series": ("Over time", "How the value goes at the selected object or place"),
    "tables": ("Published", "Tables by zone and group that the packages bring"),
}
NEAR_CHOICES = (10.0, 25.0, 50.0, 100.0, 200.0)
NEAR_PX = 76
BUSY_MS = 250
"""Counting that takes longer shows how far it is."""
TWO = "Two scenarios with this variable are needed to see who gains and who loses."
EMPTY = "Show a scenario to see its numbers: how many buildings and people it affects, who gains, who loses."


class NumbersPanel(QWidget):
    """Shows `viewer.session.numbers.ScenarioNumbers`, and counts only while it can be seen."""

    def __init__(self, shell: Shell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self._numbers = numbers_of(shell.session)
        self._filling = False
        self._charts: Any = None
        self._loading = False
        self._which = "A"
        self._grown = False
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Numbers")
        self.pages = Choice("Kind of numbers", PAGES, self.show_page)
        self.pages.show_value("indicators")
        self.stack = QStackedWidget()
        self._build_controls()
        self._build_pages()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 4)
        column.setSpacing(6)
        column.addLayout(self._head())
        column.addLayout(self._second_row())
        column.addWidget(self.stack, 1)
        column.addWidget(self.status)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(BUSY_MS)
        self._late.timeout.connect(self._show_busy)
        self._numbers.changed.connect(self._changed)
        shell.session.job_changed.connect(self._progress)
        shell.session.clock_changed.connect(self._moved)
        shell.session.numbers_picture_wanted.connect(self._write_picture)
        shell.theme_changed.connect(lambda _theme: self.refresh())
        self.refresh()

    def sizeHint(self) -> QSize:
        """High enough for a table of a few lines."""
        return QSize(820, 336)

    # --- building --------------------------------------------------------------------------------------------

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.pages.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row.addWidget(self.pages)
        row.addStretch(1)
        row.addWidget(self.progress)
        row.addWidget(self.stop)
        row.addWidget(self.export)
        return row

    def _second_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in self._fields():
            row.addWidget(widget)
        row.addWidget(self.subject, 1)
        return row

    def _fields(self) -> tuple[QWidget, ...]:
        """All fields of the second row; each page shows its own."""
        return (
            self.threshold_label, self.threshold, self.near_label, self.near, self.worst, self.quarters_label,
            self.quarters, self.counted_label, self.counted, self.table, self.which,
        )  # fmt: skip

    def _near(self, answer: Numbers | None) -> tuple[QWidget, ...]:
        """The distance from streets, where it matters."""
        variable = answer.variable if answer is not None else None
        if variable is None or variable.binding not in ("links", "trajectories"):
            return ()
        return self.near_label, self.near

    def _build_controls(self) -> None:
        run = self._shell.run
        self.threshold_label = QLabel("Affected from")
        self.threshold = NumberField(
            "Affected from",
            "A class break of the variable, or any other value",
            lambda value: run("indicators.set_threshold", threshold=value),
        )
        self.near_label = QLabel("Streets within, m")
        self.near = NumberField(
            "Streets within, m",
            "Buildings whose outline is so near to a street lie at it",
            lambda value: run("indicators.set_distance", metres=value),
            NEAR_PX,
        )
        self.worst = QCheckBox("Worst of all moments")
        self.worst.setToolTip("For each building the worst of all moments, instead of the clock's")
        self.worst.clicked.connect(lambda on: self._shell.run("indicators.set_when", worst=on))
        self.quarters_label, self.quarters = (
            QLabel("Quarters by"),
            self._combo("Quarters by", "indicators.set_quarters", "attribute"),
        )
        self.counted_label = QLabel("Count")
        self.counted = self._combo("Count", "indicators.set_counted", "indicator")
        self.table = CalmComboBox()
        self.table.setAccessibleName("Published table")
        self.table.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.table.setMinimumContentsLength(24)
        self.table.activated.connect(lambda _index: self.refresh())
        self.which = CalmComboBox()
        self.which.setAccessibleName("Scenario of the table")
        self.which.activated.connect(self._which_chosen)
        self.subject = ElidedLabel()
        self.subject.setProperty("role", "muted")
        self.status = ElidedLabel()
        self.status.setProperty("role", "caption")
        self.progress = QProgressBar()
        self.progress.setAccessibleName("Counting")
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1000)
        self.progress.setFixedSize(96, 6)
        self.stop = self._shell.tool("close", "Stop counting")
        self.stop.clicked.connect(self._numbers.cancel)
        self._build_export()

    def _combo(self, name: str, command: str, argument: str) -> CalmComboBox:
        combo = CalmComboBox()
        combo.setAccessibleName(name)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        combo.activated.connect(lambda index: self._shell.run(command, **{argument: combo.itemData(index)}))
        return combo

    def _build_export(self) -> None:
        self.export = self._shell.tool("save", "Export numbers")
        self.export.setText("Export")
        self.export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.export.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export)
        for title, suffix in (("Workbook (.xlsx)…", "xlsx"), ("Table (.csv)…", "csv"), ("Picture (.png)…", "png")):
            act = QAction(title, menu)
            act.triggered.connect(partial(self._choose_export, suffix))
            menu.addAction(act)
        self.export.setMenu(menu)

    def _build_pages(self) -> None:
        self.indicators = NumbersTable(self._shell, "Indicators by scenario")
        self.published = NumbersTable(self._shell, "Published table")
        self.message = QLabel(EMPTY)
        self.message.setProperty("role", "muted")
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.groups = QWidget()
        self.classes = QScrollArea()
        self.series = QWidget()
        for widget in (self.message, self.indicators, self.groups, self.classes, self.series, self.published):
            self.stack.addWidget(widget)

    def _load_charts(self) -> None:
        """Import what draws charts in a thread (it takes half a second), then build them."""
        if self._charts is not None or self._loading:
            return
        self._loading = True

        def done(_module: object) -> None:
            self._build_charts()
            self.refresh()

        job = ThreadJob(importlib.import_module, ("pyqtgraph",), done, title="Preparing charts", key="charts")
        self._shell.session.submit(job)

    def _build_charts(self) -> None:
        from viewer.ui.desktop.panels import charts

        self._charts = charts
        self.group_chart = charts.BarsChart(self._shell, "Gains and losses by group")
        self.quarter_chart = charts.BarsChart(self._shell, "Gains and losses by quarter")
        row = QHBoxLayout(self.groups)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for chart in (self.group_chart, self.quarter_chart):
            row.addWidget(self._scrolled(QScrollArea(), chart), 1)
        self.class_chart = charts.BarsChart(self._shell, "Classes")
        self._scrolled(self.classes, self.class_chart)
        self.series_chart = charts.SeriesChart(self._shell, "Values over time")
        column = QVBoxLayout(self.series)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.series_chart)
        for chart in (self.group_chart, self.quarter_chart, self.class_chart):
            chart.looked_at.connect(self.status.set_full_text)
        self.series_chart.moment_wanted.connect(lambda moment: self._shell.run("clock.set", moment=moment))
        self.series_chart.step_wanted.connect(lambda steps: self._shell.run("clock.step", steps=steps))

    def _scrolled(self, area: QScrollArea, chart: QWidget) -> QScrollArea:
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setProperty("role", "panel")
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(chart)
        return area

    # --- showing ---------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: count."""
        super().showEvent(event)
        self._numbers.watch(True)
        self._shell.later(self._grow)
        self._need_charts()
        self.refresh()

    def _grow(self) -> None:
        """The first time, as high as a table of a few lines needs; then as the user has it."""
        window, dock = self.window(), self.parentWidget()
        if self._grown or not self.isVisible():
            return
        self._grown = True
        if (
            isinstance(window, QMainWindow)
            and isinstance(dock, QDockWidget)
            and self.height() < self.sizeHint().height()
        ):
            window.resizeDocks([dock], [self.sizeHint().height()], Qt.Orientation.Vertical)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._numbers.watch(False)

    @property
    def page(self) -> str:
        """The page shown."""
        return self.pages.value

    def show_page(self, page: str) -> None:
        """Show indicators, groups, classes, series or tables."""
        self.pages.show_value(page)
        self._need_charts()
        self.refresh()

    def _need_charts(self) -> None:
        if self.isVisible() and self.page in ("groups", "classes", "series"):
            self._load_charts()

    def _changed(self) -> None:
        if self._numbers.busy:
            if not self._late.isActive():
                self._late.start()
        else:
            self._late.stop()
        if self.isVisible():
            self.refresh()

    def _show_busy(self) -> None:
        self._progress()

    def _progress(self) -> None:
        busy = self._numbers.busy and not self._late.isActive()
        self.progress.setVisible(busy)
        self.stop.setVisible(busy)
        if busy:
            for job in self._shell.session.jobs.active:
                if job.title.startswith("Counting"):
                    self.progress.setValue(round(job.fraction * 1000))

    def _moved(self, moment: float) -> None:
        if self.isVisible() and self._charts is not None and self.page == "series":
            self.series_chart.show_moment(moment)
            self.status.set_full_text(self.series_chart.said())

    def refresh(self) -> None:
        """Show the numbers as they are now."""
        answer = self._numbers.answer
        self._filling = True
        try:
            self._progress()
            self._show_controls(answer)
            self._show_subject(answer)
            self._show_page(answer)
        finally:
            self._filling = False

    def _show_controls(self, answer: Numbers | None) -> None:
        page = self.page
        known = answer is not None and answer.variable is not None
        owners: dict[str, tuple[QWidget, ...]] = {
            "indicators": (self.threshold_label, self.threshold, *self._near(answer), self.worst),
            "groups": (*self._near(answer), self.worst, self.quarters_label, self.quarters),
            "classes": (self.worst, self.counted_label, self.counted, *self._near(answer)),
            "series": self._near(answer),
            "tables": (self.table, self.which),
        }
        if answer is not None and not answer.affected:  # movers are counted, whatever their values
            owners |= {"indicators": (self.worst,), "groups": (), "classes": ()}
        wanted = owners.get(page, ()) if known else ()
        if answer is not None and not any(_many_moments(column) for column in answer.question.columns):
            wanted = tuple(widget for widget in wanted if widget is not self.worst)
        for widget in self._fields():
            widget.setVisible(widget in wanted)
        self.export.setEnabled(known)
        if answer is None or answer.variable is None:
            return
        variable, unit = answer.variable, unit_of(answer.variable)
        self.threshold.show_number(answer.threshold, variable.classes.breaks if variable.classes is not None else ())
        self.near.show_number(answer.question.near_m, NEAR_CHOICES)
        self.threshold_label.setText(f"Affected from, {unit}" if unit else "Affected from")
        if variable.good == "high":
            self.threshold_label.setText(f"Affected up to, {unit}" if unit else "Affected up to")
        self.worst.setText("Worst of all moments" if answer.affected else "All moments together")
        self.worst.setChecked(self._numbers.view.worst)
        fill(self.quarters, [(title_of(name), name) for name in answer.zones] + [("None", "")])
        self.quarters.setCurrentIndex(max(self.quarters.findData(answer.zone_by), 0))
        fill(self.counted, [(rows.titled(m.indicator), m.indicator.id) for m in answer.measures])
        self.counted.setCurrentIndex(max(self.counted.findData(answer.weigh), 0))
        fill(self.table, [(single_line(one.name), n) for n, one in enumerate(tables_of(answer))])
        self._fill_which(answer)

    def _fill_which(self, answer: Numbers) -> None:
        columns, base = answer.question.columns, answer.question.baseline
        table = self._table(answer)
        have = sorted(table.cells) if table is not None else []
        names = rows.lettered(columns)
        letters = rows.LETTERS
        choices = [(single_line(names[n]), letters[n]) for n in have]
        changed = [n for n in have if n != base and base in have]
        choices += [(f"{letters[n]} minus {letters[base]}", f"{letters[n]}-") for n in changed]
        fill(self.which, choices)
        self.which.setCurrentIndex(max(self.which.findData(self._which), 0))

    def _which_chosen(self, index: int) -> None:
        self._which = self.which.itemData(index)
        self.refresh()

    def _table(self, answer: Numbers) -> Published | None:
        found = tables_of(answer)
        place = self.table.currentData()
        return found[place] if isinstance(place, int) and place < len(found) else found[0] if found else None

    def _show_subject(self, answer: Numbers | None) -> None:
        if answer is None or answer.variable is None:
            self.subject.set_full_text("")
            return
        title = text_in(answer.variable.title) or answer.variable.id
        moments = list(dict.fromkeys(c.moment for c in answer.question.columns if c.moment))
        parts = [f"{title} {answer.affected}".strip() if self.page == "indicators" else title]
        if self.page == "groups":
            parts.append(f"from {rows.LETTERS[answer.question.baseline]} to {rows.LETTERS[answer.question.other]}")
            parts.append("left: {1}, right: {0}".format(*ways(answer)))
        if self.page == "series":
            unit = self._series_unit(answer)
            own = any(line.unit is not None for line in self._numbers.series)
            parts = self._where() if own else [f"{title}, {unit}" if unit else title, *self._where()]
        if self.page in ("indicators", "groups", "classes"):
            parts += moments
        if self.page == "tables" and (table := self._table(answer)) is not None:
            parts = [part for part in (table.indicator, table.year, table.unit if table.unit != "1" else "") if part]
        self.subject.set_full_text(" · ".join(parts))

    def _series_unit(self, answer: Numbers) -> str:
        """The unit of the lines over time."""
        own = next((line.unit for line in self._numbers.series if line.unit is not None), None)
        return own if own is not None else unit_of(answer.variable) if answer.variable is not None else ""

    def _where(self) -> list[str]:
        """What is selected, and how its values were looked up."""
        ids = self._shell.session.document.state.selection.ids
        how = next((line.where for line in self._numbers.series if line.where), "")
        return [part for part in (ids[-1] if ids else "", how) if part]

    def _show_page(self, answer: Numbers | None) -> None:
        page = self.page
        text = self._why_not(answer, page)
        if text or answer is None:
            self.message.setText(text)
            self.stack.setCurrentWidget(self.message)
            self.status.set_full_text("")
            return
        shown = {"indicators": self.indicators, "groups": self.groups, "classes": self.classes, "series": self.series,
                 "tables": self.published}[page]  # fmt: skip
        self.status.set_full_text(self._note(answer, page))
        getattr(self, f"_show_{page}")(answer)
        self.stack.setCurrentWidget(shown)

    def _note(self, answer: Numbers, page: str) -> str:
        """What stands below a page: what is hidden, and how values came to buildings."""
        if page == "series":
            return ""
        how = f" Value of a building: {answer.how}." if answer.how else ""
        return f"{NOTE}{how}"

    def _why_not(self, answer: Numbers | None, page: str) -> str:
        """Why a page has nothing to show; "" = it has."""
        if answer is None or answer.variable is None:
            return "Counting…" if self._numbers.busy else self._numbers.failed or EMPTY
        if page in ("groups", "classes", "series") and self._charts is None:
            return "Preparing charts…"
        lacking = {
            "indicators": (answer.indicators, answer.why_not),
            "groups": (answer.groups, answer.why_not or TWO),
            "classes": (answer.classes, answer.why_not),
            "series": (any(line.series is not None for line in self._numbers.series), self._no_series()),
            "tables": (tables_of(answer), "The packages that are shown bring no tables."),
        }  # fmt: skip
        there, why = lacking[page]
        return "" if there else why or "There is nothing to count."

    def _no_series(self) -> str:
        if self._numbers.spot is None:
            return "Select a building, or click a place on the ground, to see its values over time."
        return "The result says nothing about this place."

    def _show_indicators(self, answer: Numbers) -> None:
        self.indicators.fill(*rows.indicator_rows(answer, self._shell.run))

    def _show_groups(self, answer: Numbers) -> None:
        theme, run = self._shell.theme, self._shell.run
        self.group_chart.show_rows(rows.change_rows(answer, answer.groups, theme, run))
        quarters = rows.sorted_quarters(answer.quarters)
        shown = rows.change_rows(answer, (answer.groups[0], *quarters), theme, run)[1:]
        self.quarter_chart.show_rows(shown)
        self.quarter_chart.parentWidget().setVisible(bool(shown))

    def _show_classes(self, answer: Numbers) -> None:
        self.class_chart.show_rows(rows.class_rows(answer, self._shell.run))

    def _show_series(self, answer: Numbers) -> None:
        assert answer.variable is not None
        results = [c.result for c in answer.question.columns if c.result is not None]
        scale = scale_of(answer.variable, results)
        breaks = tuple((value, QColor(*rgb)) for value, rgb in zip(scale.breaks, scale.colours[1:], strict=False))
        if answer.variable.binding == "trajectories":
            breaks = ()  # those of speeds; the line counts vehicles
        moment = self._shell.session.clock.now
        self.series_chart.show_series(self._numbers.series, self._series_unit(answer), breaks, moment)
        self.status.set_full_text(self.series_chart.said())

    def _show_tables(self, answer: Numbers) -> None:
        table = self._table(answer)
        assert table is not None
        which = self.which.currentData() or "A"
        self.published.fill(*rows.published_rows(table, which, answer.question.baseline))
        note = f"Hidden: fewer than {table.suppress_below} people, or needed to hide such a number."
        if table.not_covered:
            note += " Not covered: " + ", ".join(table.not_covered) + "."
        source = table.sources.get(rows.LETTERS.index(which[0]), "")
        note += f" Source: {source}." if source else ""
        self.status.set_full_text(single_line(note))

    # --- files -----------------------------------------------------------------------------------------------

    def _choose_export(self, suffix: str) -> None:
        dialog = QFileDialog(self, "Export numbers", f"numbers.{suffix}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setNameFilter(f"*.{suffix}")
        dialog.fileSelected.connect(lambda path: self._shell.run("indicators.export", path=path))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def picture(self) -> QImage:
        """The page shown, with what it is about."""
        page = self.stack.currentWidget()
        page = page.widget() if isinstance(page, QScrollArea) else page
        assert page is not None
        answer = self._numbers.answer
        lines = about_lines(answer) if answer is not None else []
        if not isinstance(page, NumbersTable):
            return picture_of(page, lines, self._shell)
        whole = page.unrolled()
        try:
            return picture_of(whole, lines, self._shell)
        finally:
            whole.deleteLater()

    def _write_picture(self, path: str) -> None:
        try:
            write_atomic(Path(path), png_of(self.picture()))
        except OSError as error:
            self._shell.say("error", f"{path} cannot be written: {error.strerror}.")
            return
        self._shell.say("info", f"Written: {Path(path).name}")

    def shut_down(self) -> None:
        """Leave the session, and take the charts apart."""
        self._late.stop()
        self._numbers.watch(False)
        self._numbers.changed.disconnect(self._changed)
        session = self._shell.session
        session.job_changed.disconnect(self._progress)
        session.clock_changed.disconnect(self._moved)
        session.numbers_picture_wanted.disconnect(self._write_picture)
        if self._charts is not None:
            self._charts = None
            for chart in (self.group_chart, self.quarter_chart, self.class_chart, self.series_chart):
                chart.shut_down()


def _many_moments(column: Asked) -> bool:
    """True if a scenario has more than one moment."""
    return column.result is not None and len(column.result.time) > 1
