"""Charts of numbers, drawn by pyqtgraph in the colours and letters of the window.

This is the only file that imports pyqtgraph, and it is imported when the first chart is shown: that takes a while.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication

from loaders.city import Float64
from loaders.scenario.model import TimeAxis
from viewer.analysis.legend import count_text, format_value
from viewer.analysis.moments import civil, counted, moment_text, span_of, step_text
from viewer.analysis.place_series import PlaceSeries
from viewer.ui.desktop.panels.numbers_table import SIDES
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import single_line

pg.setConfigOptions(antialias=True, exitCleanup=False)

LANE = 0.36
"""Height of a bar where a row has two; rows are 1 apart."""
ROW_PX = 34
NAME_PX = 240
MOST_POINTS = 4000
TICK_GAP_PX = 24


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: from zero to ``value`` (None: nothing is drawn but ``text``). ``lane``: which of the row's bars."""

    value: float | None
    color: QColor
    text: str
    said: str
    act: Callable[[], object] | None = None
    lane: int = 0
    left: bool = False
    letter: str = ""


@dataclass(frozen=True, slots=True)
class BarRow:
    """A row of bars with a name to the left."""

    name: str
    bars: tuple[Bar, ...]


class _Plot(pg.PlotWidget):
    """A plot in the colours of the theme, without pyqtgraph's menu and mouse."""

    def __init__(self, shell: Shell, name: str, axes: dict[str, Any] | None = None) -> None:
        super().__init__(axisItems=axes or {})
        self._shell = shell
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setMouseEnabled(False, False)
        self.setFrameShape(self.Shape.NoFrame)
        self.getPlotItem().setContentsMargins(4, 4, 12, 4)
        shell.theme_changed.connect(self._retheme)
        self._restyle()

    def _retheme(self, _theme: object) -> None:
        self._restyle()
        self.redraw()

    def shut_down(self) -> None:
        """Take the chart apart in the order that pyqtgraph needs: left to the garbage collector it can crash."""
        self._shell.theme_changed.disconnect(self._retheme)
        self.getPlotItem().clear()
        self.close()
        self.deleteLater()

    def redraw(self) -> None:
        """Draw anew in the colours of now."""

    def _restyle(self) -> None:
        self.setBackground(self._shell.color("surface"))
        font = _small_font()
        for side in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(side)
            axis.setPen(pg.mkPen(self._shell.color("border")))
            axis.setTextPen(pg.mkPen(self._shell.color("muted" if side == "bottom" else "text")))
            axis.setTickFont(font)

    def _label(self, text: str, color: QColor, anchor: tuple[float, float], bold: bool = False) -> Any:
        label = pg.TextItem(single_line(text), color=color, anchor=anchor)
        font = _small_font()
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        label.setFont(font)
        return label


class BarsChart(_Plot):
    """Horizontal bars to both sides of zero. Arrows go from bar to bar, Enter or a click does what it can do.

    Signals: looked_at(text): the bar under the keys or the pointer, in words.
    """

    looked_at = Signal(str)

    def __init__(self, shell: Shell, name: str) -> None:
        self.rows: list[BarRow] = []
        self._current = (-1, 0)
        self._marks: Any = None
        super().__init__(shell, name)
        plot = self.getPlotItem()
        plot.getViewBox().invertY(True)
        plot.getAxis("left").setStyle(tickLength=0, autoExpandTextSpace=False)
        plot.getAxis("bottom").setStyle(tickLength=4)
        self.setMouseTracking(True)

    def show_rows(self, rows: Sequence[BarRow]) -> None:
        """Show these."""
        self.rows = list(rows)
        row, place = self._current
        if not (0 <= row < len(self.rows) and place < len(self.rows[row].bars)):
            self._current = (-1, 0)
        self.setMinimumHeight(len(self.rows) * ROW_PX + 40)
        self.redraw()

    def redraw(self) -> None:
        """See `_Plot.redraw`."""
        plot = self.getPlotItem()
        plot.clear()
        self._marks = None
        if not self.rows:
            return
        self._name_rows(plot)
        plot.addItem(pg.InfiniteLine(0, angle=90, pen=pg.mkPen(self._shell.color("control"))))
        self._add_bars(plot)
        for n, row in enumerate(self.rows):
            for bar in row.bars:
                self._add_words(plot, n, bar, self._lanes(row))
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Numbers beside the bars keep their room."""
        super().resizeEvent(event)
        if self.rows:
            self._fit()

    def _name_rows(self, plot: Any) -> None:
        axis = plot.getAxis("left")
        metrics = QFontMetrics(_small_font())
        longest = max(metrics.horizontalAdvance(single_line(row.name)) for row in self.rows)
        room = min(longest + 4, max(min(NAME_PX, self.width() // 3), 60))
        elided = [metrics.elidedText(single_line(row.name), Qt.TextElideMode.ElideRight, room) for row in self.rows]
        axis.setWidth(room + 16)
        axis.setTicks([list(enumerate(elided))])

    def _fit(self) -> None:
        """Scale so that the longest bars and the numbers at their ends have room."""
        left, right = self._reach()
        metrics = QFontMetrics(_small_font())
        ends = {True: 0, False: 0}
        for row in self.rows:
            for bar in row.bars:
                ends[bar.left] = max(ends[bar.left], metrics.horizontalAdvance(self._words(bar)) + 20)
        box = self.getPlotItem().getViewBox()
        free = max(self.width() - self.getPlotItem().getAxis("left").width() - 24 - ends[True] - ends[False], 40)
        unit = (left + right) / free
        low = -left - ends[True] * unit if left else -2 * unit
        high = right + ends[False] * unit
        box.setRange(xRange=(low, high), yRange=(-0.6, len(self.rows) - 0.4), padding=0)
        _thin(self.getPlotItem().getAxis("bottom"), max(left, right), unit)
        self._mark()

    def _reach(self) -> tuple[float, float]:
        """How far bars go to the left and to the right."""
        bars = [bar for row in self.rows for bar in row.bars if bar.value]
        left = max((abs(bar.value or 0.0) for bar in bars if bar.left), default=0.0)
        right = max((abs(bar.value or 0.0) for bar in bars if not bar.left), default=0.0)
        both = any(bar.left for row in self.rows for bar in row.bars)
        least = max(left, right, 1.0)
        return (max(left, 0.18 * least) if both else 0.0), max(right, 0.18 * least)

    @staticmethod
    def _lanes(row: BarRow) -> int:
        return max((bar.lane for bar in row.bars), default=0) + 1

    def _span(self, n: int, bar: Bar, lanes: int) -> tuple[float, float]:
        height = 0.62 if lanes == 1 else 0.78 / lanes
        top = n - height * lanes / 2 + bar.lane * height
        return top, top + height * (1.0 if lanes == 1 else 0.88)

    def _add_bars(self, plot: Any) -> None:
        """All bars as one item: many items take long."""
        shown = [(n, bar, self._lanes(row)) for n, row in enumerate(self.rows) for bar in row.bars if bar.value]
        if not shown:
            return
        spans = [self._span(n, bar, lanes) for n, bar, lanes in shown]
        ends = [_signed(bar) for _, bar, _ in shown]
        plot.addItem(
            pg.BarGraphItem(
                x0=[min(end, 0.0) for end in ends],
                x1=[max(end, 0.0) for end in ends],
                y0=[top for top, _ in spans],
                y1=[bottom for _, bottom in spans],
                brushes=[bar.color for _, bar, _ in shown],
                pen=pg.mkPen(None),
            )
        )

    def _add_words(self, plot: Any, n: int, bar: Bar, lanes: int) -> None:
        value = _signed(bar)
        if value or bar.value is None or lanes > 1:
            color = self._shell.qcolor("text" if value else "muted")
            label = self._label(self._words(bar), color, (1.0 if bar.left else 0.0, 0.5))
            top, bottom = self._span(n, bar, lanes)
            label.setPos(value, (top + bottom) / 2)
            plot.addItem(label)

    @staticmethod
    def _words(bar: Bar) -> str:
        return f"{bar.letter}  {bar.text}" if bar.letter else bar.text

    # --- pointer and keys ------------------------------------------------------------------------------------

    def bar_at(self, at: QPointF) -> tuple[int, int] | None:
        """Row and place of the bar in whose lane a point of the widget lies."""
        if not self.getPlotItem().getViewBox().sceneBoundingRect().contains(at):
            return None
        spot = self.getPlotItem().getViewBox().mapSceneToView(at)
        n = round(spot.y())
        if not 0 <= n < len(self.rows):
            return None
        found = []
        for place, bar in enumerate(self.rows[n].bars):
            top, bottom = self._span(n, bar, self._lanes(self.rows[n]))
            both = any(other.left for other in self.rows[n].bars)
            if top <= spot.y() <= bottom and (not both or bar.left == (spot.x() < 0)):
                found.append((n, place))
        return found[0] if found else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Say what the pointer is on."""
        found = self.bar_at(event.position())
        bar = self._bar(found)
        pressable = bar is not None and bar.act is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if pressable else Qt.CursorShape.ArrowCursor)
        if bar is not None and found is not None:
            self.looked_at.emit(bar.said)
        super().mouseMoveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a bar, and do what it can do."""
        found = self.bar_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and found is not None:
            self._go(found)
            self._press()
        super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down from row to row, left and right from bar to bar, Enter presses."""
        row, place = self._current
        steps = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        key = Qt.Key(event.key())
        if key in steps and self.rows:
            row = min(max(row + steps[key][0], 0), len(self.rows) - 1)
            place = min(max(place + steps[key][1], 0), max(len(self.rows[row].bars) - 1, 0))
            self._go((row, place))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and self.rows:
            self._go((0 if key == Qt.Key.Key_Home else len(self.rows) - 1, 0))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._press()
        else:
            event.ignore()

    def _bar(self, found: tuple[int, int] | None) -> Bar | None:
        if found is None or not 0 <= found[0] < len(self.rows) or found[1] >= len(self.rows[found[0]].bars):
            return None
        return self.rows[found[0]].bars[found[1]]

    def _go(self, found: tuple[int, int]) -> None:
        self._current = found
        bar = self._bar(found)
        if bar is not None:
            self.setAccessibleDescription(bar.said)
            self.looked_at.emit(bar.said)
        self._mark()

    def _press(self) -> None:
        bar = self._bar(self._current)
        if bar is not None and bar.act is not None:
            bar.act()

    def _mark(self) -> None:
        """A frame round the bar that the keys are on."""
        if self._marks is not None:
            self.getPlotItem().removeItem(self._marks)
            self._marks = None
        bar = self._bar(self._current)
        if bar is None:
            return
        n = self._current[0]
        top, bottom = self._span(n, bar, self._lanes(self.rows[n]))
        low, high = self.getPlotItem().getViewBox().viewRange()[0]
        ends = (low, 0.0) if bar.left else (0.0, high)
        x = np.array([ends[0], ends[1], ends[1], ends[0], ends[0]])
        y = np.array([top, top, bottom, bottom, top])
        self._marks = pg.PlotCurveItem(x, y, pen=pg.mkPen(self._shell.color("accent"), width=2))
        self.getPlotItem().addItem(self._marks)


def _signed(bar: Bar) -> float:
    """Where a bar ends; 0 if nothing is drawn."""
    return (bar.value or 0.0) * (-1.0 if bar.left else 1.0)


def _small_font() -> QFont:
    """The window's font, a little smaller."""
    font = QFont(QApplication.font())
    font.setPointSizeF(max(font.pointSizeF() * 0.9, 8.0))
    return font


def _thin(axis: Any, reach: float, unit: float) -> None:
    """Few ticks at round numbers with room between them, the same to both sides. ``unit``: of the numbers per pixel."""
    metrics = QFontMetrics(_small_font())
    step = 10.0 ** np.floor(np.log10(max(reach, 1.0)))
    least = (metrics.horizontalAdvance(count_text(round(2 * reach))) + TICK_GAP_PX) * unit
    step = next((step * f for f in (0.5, 1.0, 2.0, 5.0, 10.0) if step * f >= least), step * 20.0)
    numbers = np.arange(-12, 13) * step
    axis.setTicks([[(float(n), count_text(abs(round(n)))) for n in numbers if float(n).is_integer()]])


class _Moments(pg.AxisItem):
    """Times of day, days or names of periods, as the axis of results has them."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.time: TimeAxis | None = None

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        """Round hours and days; every period."""
        if self.time is None or not self.time.dated:
            return [(1.0, [n + 0.5 for n in range(int(np.ceil(low)), int(np.floor(high)) + 1)])]
        steps = (60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000)
        step = next((s for s in steps if (high - low) / s <= max(size / 90, 2)), max((high - low) / 6, 1.0))
        found = civil(self.time, low)
        shift = float(found.offset) if found is not None else 0.0
        first = np.ceil((low + shift) / step) * step - shift
        return [(float(step), np.arange(first, high + 1e-6, step).tolist())]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """What a tick is called."""
        axis = self.time
        if axis is None:
            return [""] * len(values)
        if not axis.dated:
            return [step_text(axis, int(v)) if 0 <= int(v) < len(axis) else "" for v in values]
        found = [civil(axis, v) for v in values]
        days = spacing >= 86400
        texts = []
        for n, one in enumerate(found):
            if one is None:
                texts.append("")
            elif days:
                texts.append(one.date)
            else:
                new_day = n == 0 or found[n - 1] is None or found[n - 1].date != one.date  # type: ignore[union-attr]
                texts.append(f"{one.time}\n{one.date}" if new_day else one.time)
        return texts


class SeriesChart(_Plot):
    """Lines over time with their ranges, and the clock as a line that can be drawn along.

    Signals: moment_wanted(float); step_wanted(int).
    """

    moment_wanted = Signal(float)
    step_wanted = Signal(int)

    def __init__(self, shell: Shell, name: str) -> None:
        self.lines: tuple[PlaceSeries, ...] = ()
        self._unit, self._breaks = "", ()  # type: tuple[str, tuple[tuple[float, QColor], ...]]
        self._moment: float | None = None
        self._clock: Any = None
        self._axis = _Moments()
        super().__init__(shell, name, {"bottom": self._axis})
        self.getPlotItem().getAxis("left").setWidth(64)
        self.getPlotItem().getAxis("left").setStyle(tickLength=4)

    def show_series(
        self, lines: tuple[PlaceSeries, ...], unit: str, breaks: tuple[tuple[float, QColor], ...], moment: float | None
    ) -> None:
        """Show these; ``breaks``: class breaks with the colour above them; ``moment``: of the clock."""
        self.lines, self._unit, self._breaks, self._moment = lines, unit, breaks, moment
        self.redraw()

    def show_moment(self, moment: float | None) -> None:
        """Move the line of the clock."""
        self._moment = moment
        if self._clock is not None and moment is not None and not self._clock.moving:
            self._clock.blockSignals(True)
            self._clock.setValue(moment)
            self._clock.blockSignals(False)

    def redraw(self) -> None:
        """See `_Plot.redraw`."""
        plot = self.getPlotItem()
        plot.clear()
        self._clock = None
        shown = [(n, line) for n, line in enumerate(self.lines) if line.series is not None]
        known = [line.series for _, line in shown if line.series is not None and np.isfinite(line.series.values).any()]
        if not known:
            return
        axis = counted(known[0].time)
        self._axis.time = axis
        self._restyle()
        parts = [part for s in known for part in (s.values, s.low, s.high) if part is not None]
        every = np.concatenate([part[np.isfinite(part)] for part in parts])
        low, high = float(every.min()), float(every.max())
        low = 0.0 if 0 <= low < high / 2 else low
        span = (high - low) or max(abs(high), 1.0)
        start, end = span_of(axis)
        pad = (end - start) * 0.02 or 0.5
        self._classes(plot, low - 0.04 * span, high + 0.12 * span)
        for n, line in shown:
            self._line(plot, n, line, axis)
        plot.getViewBox().setRange(
            xRange=(start - pad, end + pad), yRange=(low - 0.04 * span, high + 0.12 * span), padding=0
        )
        if self._moment is not None and len(axis) > 1:
            self._add_clock(plot, axis)

    def _classes(self, plot: Any, low: float, high: float) -> None:
        """Class breaks as thin lines in the colour of the class that begins there."""
        for value, color in self._breaks:
            if low < value < high:
                plot.addItem(pg.InfiniteLine(value, angle=0, pen=pg.mkPen(color, width=1, style=Qt.PenStyle.DashLine)))

    def _line(self, plot: Any, n: int, line: PlaceSeries, axis: TimeAxis) -> None:
        series = line.series
        assert series is not None
        own = counted(series.time)
        color = self._shell.qcolor(SIDES[n % len(SIDES)])
        every = max(1, len(own) // MOST_POINTS)
        x = own.starts[::every].astype(np.float64)
        values = [None if part is None else part[::every] for part in (series.values, series.low, series.high)]
        stepped = own.kind in ("periods", "intervals")
        if stepped:
            x, values = _stairs(x, span_of(own)[1], values)
        main, low, high = values
        assert main is not None
        if low is not None and high is not None:
            pale = QColor(color)
            pale.setAlphaF(0.18)
            ends = [pg.PlotCurveItem(x, part, pen=pg.mkPen(None)) for part in (low, high)]
            plot.addItem(pg.FillBetweenItem(*ends, brush=pale))
        dash = Qt.PenStyle.SolidLine if n % 2 == 0 else Qt.PenStyle.DashLine
        pen = pg.mkPen(color, width=3 if n % 2 == 0 else 2, style=dash)
        plot.addItem(pg.PlotDataItem(x, main, pen=pen, connect="finite"))
        if not stepped and len(x) <= 60:
            plot.addItem(pg.ScatterPlotItem(x, main, size=6, brush=color, pen=pg.mkPen(self._shell.color("surface"))))

    def _add_clock(self, plot: Any, axis: TimeAxis) -> None:
        color = self._shell.color("accent")
        line = pg.InfiniteLine(
            self._moment, angle=90, movable=True, pen=pg.mkPen(color, width=2), hoverPen=pg.mkPen(color, width=4),
            bounds=span_of(axis),
        )  # fmt: skip
        line.sigDragged.connect(lambda item: self.moment_wanted.emit(float(item.value())))
        line.setCursor(Qt.CursorShape.SizeHorCursor)
        plot.addItem(line)
        self._clock = line

    def said(self) -> str:
        """The values at the clock's moment in words."""
        texts = []
        for n, line in enumerate(self.lines):
            series = line.series
            if series is None or not len(series.time):
                texts.append(f"{'ABCD'[n]} {line.name}: no value")
                continue
            own = counted(series.time)
            step = own.index_at(self._moment) if self._moment is not None else 0
            words = value_words(series.values, series.low, series.high, step, self._unit)
            texts.append(f"{'ABCD'[n]} {line.name}: {words}")
        if self._axis.time is not None and self._moment is not None:
            texts.insert(0, moment_text(self._axis.time, self._moment))
        return " · ".join(texts)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right go from step to step."""
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if Qt.Key(event.key()) in steps:
            self.step_wanted.emit(steps[Qt.Key(event.key())])
        else:
            event.ignore()


def value_words(values: Float64, low: Float64 | None, high: Float64 | None, step: int, unit: str) -> str:
    """A value with its range, for people."""
    if not np.isfinite(values[step]):
        return "no value"
    text = format_value(float(values[step]))
    if low is not None and high is not None and low[step] < high[step]:
        text += f" ({format_value(float(low[step]))} to {format_value(float(high[step]))})"
    return f"{text} {unit}".rstrip()


def _stairs(x: Float64, end: float, values: list[Float64 | None]) -> tuple[Float64, list[Float64 | None]]:
    """Points of a line that stays level from each start to the next."""
    ends = np.append(x[1:], max(end, x[-1]))
    line = np.column_stack([x, ends]).reshape(-1)
    return line, [None if part is None else np.repeat(part, 2) for part in values]
