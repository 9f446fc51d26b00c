"""The inspector's section "Scenarios": what those shown say about the selected object, now and over time."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from viewer.analysis.legend import ranged_text
from viewer.analysis.object_values import ObjectValue, SideValue, object_values
from viewer.analysis.series import Series
from viewer.jobs import ThreadJob
from viewer.ui.desktop.panels.summary import Group, Line
from viewer.ui.desktop.shell import Shell
from viewer.ui.desktop.time_words import moment_words
from viewer.ui.widgets.text import ElidedLabel, single_line

SPARK_PX = 54
LETTERS = "ABCD"


class Sparkline(QWidget):
    """Values over time: A in the accent colour with its range, others in the text colour; the moment as a line."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.series: tuple[Series, ...] = ()
        self.setFixedHeight(SPARK_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Values over time")

    def show_series(self, series: tuple[Series, ...], text: str) -> None:
        """Show these; none hides it."""
        self.series = series
        self.setAccessibleDescription(text)
        self.setVisible(bool(series))
        self.update()

    def sizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(120, SPARK_PX)

    def _limits(self) -> tuple[float, float]:
        parts = [part for s in self.series for part in (s.values, s.low, s.high) if part is not None]
        known = np.concatenate([part[np.isfinite(part)] for part in parts]) if parts else np.zeros(0)
        if not len(known):
            return 0.0, 1.0
        low, high = float(min(known.min(), 0.0)), float(known.max())
        return low, high if high > low else low + 1.0

    def paintEvent(self, event: QPaintEvent) -> None:
        """Range, lines, moment."""
        if not self.series:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = self._limits()
        times = np.concatenate([s.time.starts for s in self.series])
        first, last = float(times.min()), float(times.max())
        room = QRectF(self.rect()).adjusted(2, 4, -2, -4)

        def at(moment: float, value: float) -> QPointF:
            share = (moment - first) / (last - first) if last > first else 0.5
            return QPointF(
                room.left() + share * room.width(), room.bottom() - (value - low) / (high - low) * room.height()
            )

        painter.setPen(QPen(self._shell.qcolor("border"), 1.0))
        painter.drawLine(at(first, max(low, 0.0)), at(last, max(low, 0.0)))
        shades = (self._shell.qcolor("accent"), self._shell.qcolor("text"), self._shell.qcolor("muted"))
        for number, series in reversed(list(enumerate(self.series))):
            self._paint_one(painter, series, shades[min(number, 2)], at)
        now = self._shell.session.clock.now
        if now is not None and first <= now <= last:
            painter.setPen(QPen(self._shell.qcolor("control"), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(at(now, low), at(now, high))
        painter.end()

    def _paint_one(self, painter: QPainter, series: Series, shade: QColor, at: object) -> None:
        starts = series.time.starts.tolist()
        if series.low is not None and series.high is not None:
            known = np.flatnonzero(np.isfinite(series.low) & np.isfinite(series.high)).tolist()
            upper = [at(starts[k], float(series.high[k])) for k in known]  # type: ignore[operator]
            lower = [at(starts[k], float(series.low[k])) for k in reversed(known)]  # type: ignore[operator]
            band = QColor(shade)
            band.setAlpha(40)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(band)
            painter.drawPolygon(QPolygonF([*upper, *lower]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(shade, 1.8))
        known = np.flatnonzero(np.isfinite(series.values)).tolist()
        painter.drawPolyline([at(starts[k], float(series.values[k])) for k in known])  # type: ignore[operator]


class ScenarioValues(QWidget):
    """Shows the selected object. Signals: seen(whether a scenario speaks about it)."""

    seen = Signal(bool)

    def __init__(self, shell: Shell, show_groups: object) -> None:
        super().__init__()
        self._shell = shell
        self._show_groups = show_groups
        self._spot: tuple[str, int, int] | None = None
        self._asked: object = None
        self._step = -1
        self.values: tuple[ObjectValue, ...] = ()
        self.title = ElidedLabel()
        self.title.setProperty("role", "section")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self.spark = Sparkline(shell)
        self.note = QLabel()
        self.note.setProperty("role", "caption")
        self.note.setWordWrap(True)
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.source = QPushButton("Where does this come from?")
        self.source.setProperty("role", "link")
        self.source.clicked.connect(self._where_from)
        foot = QHBoxLayout()
        foot.addWidget(self.source)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addLayout(self._grid)
        column.addWidget(self.spark)
        column.addWidget(self.note)
        column.addLayout(foot)
        shell.session.clock_changed.connect(self._moved)
        shell.session.scenarios.changed.connect(self._known)

    def shut_down(self) -> None:
        """Leave the session, where that lives longer than this."""
        self._shell.session.clock_changed.disconnect(self._moved)
        self._shell.session.scenarios.changed.disconnect(self._known)

    # --- asking ----------------------------------------------------------------------------------------------

    def show_object(self, layer_id: str, row: int, surface_row: int) -> None:
        """Show what is said about an object; a thread finds it out."""
        self._spot = (layer_id, row, surface_row)
        self._ask()

    def clear(self) -> None:
        """No object is selected."""
        self._spot, self._asked = None, None
        self._take(())

    def _moved(self, _moment: float) -> None:
        self.spark.update()
        if self._spot is not None and self._shell.session.clock.step != self._step:
            self._ask()

    def _known(self, _scenario_id: str) -> None:
        if self._spot is not None:
            self._ask()

    def _ask(self) -> None:
        session = self._shell.session
        self._step = session.clock.step
        if self._spot is None or not session.document.state.scenario_view.shown or not session.document.scenarios:
            self._asked = None
            self._take(())
            return
        asked = self._asked = object()

        def done(found: tuple[ObjectValue, ...]) -> None:
            if self._asked is asked:
                self._take(found)

        work = (session.document, *self._spot, session.clock.now)
        session.submit(ThreadJob(object_values, work, done, title="", key="scenario values"))

    # --- showing ---------------------------------------------------------------------------------------------

    def _take(self, found: tuple[ObjectValue, ...]) -> None:
        before, self.values = self.values, found
        if found:
            self._show_first(found[0])
        self.seen.emit(bool(found))
        if found or before:
            self._show_groups(groups_of(found))  # type: ignore[operator]

    def _show_first(self, value: ObjectValue) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.setParent(None)
                old.deleteLater()
        self.title.set_full_text(value.title)
        several = len(value.sides) > 1
        for row, side in enumerate(value.sides):
            self._row(
                row,
                LETTERS[row] if several else "",
                side_text(side, value.unit),
                side.meaning or ("none" if side.state == "zero" else side.name),
            )
        if value.change is not None:
            self._row(len(value.sides), "", change_text(value), "B minus A" + _verdict(value))
        series = tuple(side.series for side in value.sides if side.series is not None)
        self.spark.show_series(series, self._series_text(value))
        self.note.setText(single_line(" ".join(part for part in (_how(value), _unsure(value)) if part)))
        self.note.setVisible(bool(self.note.text()))

    def _row(self, row: int, letter: str, text: str, meaning: str) -> None:
        mark = QLabel(letter)
        if letter:
            mark.setProperty("role", "letter")
            mark.setProperty("side", letter)
            mark.setFixedSize(22, 22)
            mark.setAlignment(Qt.AlignmentFlag.AlignCenter)
        number = ElidedLabel(text)
        number.setProperty("role", "heading")
        words = ElidedLabel(meaning)
        words.setProperty("role", "caption")
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(0)
        column.addWidget(number)
        column.addWidget(words)
        if letter:
            self._grid.addWidget(mark, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(holder, row, 1)
        else:
            self._grid.addWidget(holder, row, 0, 1, 2)
            mark.deleteLater()

    def _series_text(self, value: ObjectValue) -> str:
        parts = []
        for side in value.sides:
            if side.series is not None and np.isfinite(side.series.values).any():
                top = int(np.nanargmax(side.series.values))
                when = moment_words(side.series.time, float(side.series.time.starts[top]))
                parts.append(f"{side.name}: highest {side.series.values[top]:.4g} {value.unit}, {when}")
        return "; ".join(parts)

    def _where_from(self) -> None:
        shown = [side.scenario for side in self.values[0].sides] if self.values else []
        if shown:
            self._shell.run("scenario.where_from", scenario_id=shown[-1] if len(shown) == 1 else shown[0])


class ScenarioArea(QScrollArea):
    """As high as the section in it where there is room; it scrolls where there is not."""

    def __init__(self, content: ScenarioValues) -> None:
        super().__init__()
        self._content = content
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)
        for part in (self.viewport(), content):
            part.setAutoFillBackground(False)
        self.setMinimumHeight(96)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        content.seen.connect(self._follow)
        self.hide()

    def _follow(self, visible: bool) -> None:
        self.setVisible(visible)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """That of the section at this width."""
        layout = self._content.layout()
        assert layout is not None
        width = max(self.width(), 200)
        return QSize(width, layout.heightForWidth(width) if layout.hasHeightForWidth() else layout.sizeHint().height())


def _below(side: SideValue) -> str:
    return side.meaning or ("none" if side.state == "zero" else side.name)


def side_text(side: SideValue, unit: str) -> str:
    """A value with its range: "0.8 m (0.5 to 1.1)", "no data"."""
    return side.state if side.value is None else ranged_text(side.value, side.low, side.high, unit)


def change_text(value: ObjectValue) -> str:
    """The change with its range and sign: "-0.4 m (-0.9 to +0.1)"."""
    if value.change is None:
        return ""
    change, low, high = value.change
    ranged = low is not None and high is not None and low < high
    return "no change" if change == 0 and not ranged else ranged_text(change, low, high, value.unit, sign=True)


def groups_of(values: tuple[ObjectValue, ...]) -> list[Group]:
    """All variables as groups of the attribute tree, one for each scenario and one for the change."""
    lines: dict[str, list[Line]] = {}
    for value in values:
        for side in value.sides:
            lines.setdefault(side.name, []).append(
                Line(value.title, side.value, side_text(side, value.unit), side.value is not None)
            )
        if value.change is not None:
            lines.setdefault("B minus A", []).append(Line(value.title, value.change[0], change_text(value), True))
    return [
        Group(f"Scenario: {name}" if name != "B minus A" else "Change: B minus A", tuple(found))
        for name, found in lines.items()
    ]


def _verdict(value: ObjectValue) -> str:
    if value.change is None or value.variable.good == "none":
        return ""
    change, low, high = value.change
    if low is not None and high is not None and low <= 0 <= high and low < high:
        return " · better or worse cannot be told"
    if change == 0:
        return ""
    return " · better" if (change < 0) == (value.variable.good == "low") else " · worse"


def _how(value: ObjectValue) -> str:
    return f"{value.how[:1].upper()}{value.how[1:]}." if value.how else ""


def _unsure(value: ObjectValue) -> str:
    """Why there is no range, for each scenario that has none."""
    told = dict.fromkeys(side.why for side in value.sides if side.why)
    return " ".join(f"{why[:1].upper()}{why[1:].rstrip('.')}." for why in told)
