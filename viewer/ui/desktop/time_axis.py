"""The bar of time over the picture's bottom: run, step, loop, speed, the moment in words, and an axis to drag on.

It is there only while something that is shown has a time.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from loaders.city import Float64
from loaders.scenario.model import Result, TimeAxis
from viewer.analysis.comparing import token
from viewer.analysis.moments import counted
from viewer.analysis.series import maxima
from viewer.analysis.showing import sides_of
from viewer.jobs import ThreadJob
from viewer.ui.canvas import Canvas
from viewer.ui.desktop import time_words as words
from viewer.ui.desktop.axis_slider import AxisSlider
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, tooltip

MARGIN = 16
WIDEST = 1100
LOW_PX, WIDE_PX = 720, 560
"""In a picture lower than the one, and wider than the other, all stands in one line."""
MOST_VALUES = 400_000_000
"""Larger results are not read through for the marks of their maxima."""


class TimeAxisBar(QFrame):
    """Stands at the lower edge of ``host``.

    Signals: placed(): it came, went or has another size.
    """

    placed = Signal()

    def __init__(self, shell: Shell, canvas: Canvas, host: QWidget) -> None:
        super().__init__(host)
        self._shell, self._host, self._canvas = shell, host, canvas
        self._clock = shell.session.clock
        self._known: dict[int, Float64] = {}
        self._asked: set[int] = set()
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Time of the results")
        self.axis = AxisSlider(shell)
        self._build()
        session = shell.session
        session.clock_changed.connect(self._moved)
        self._clock.changed.connect(self.refresh)
        session.document.changed.connect(self._changed)
        shell.theme_changed.connect(self._retheme)
        host.installEventFilter(self)
        canvas.installEventFilter(self)
        self.hide()
        self.refresh()

    def _build(self) -> None:
        self.back = self._button("previous-step", "Previous step", "clock.step", steps=-1)
        self.play = self._button("play", "Run (Space)", "clock.toggle")
        self.play.setProperty("role", "play")
        self.on = self._button("next-step", "Next step", "clock.step", steps=1)
        self.moment = ElidedLabel()
        self.moment.setProperty("role", "heading")
        self.detail = ElidedLabel()
        self.detail.setProperty("role", "caption")
        self.peak = self._shell.tool("arrow-up", "Go to the highest value")
        self.peak.clicked.connect(self._go_to_peak)
        self.speed = QToolButton()
        self.speed.setToolTip("How fast time runs")
        self.speed.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.speed)
        menu.aboutToShow.connect(partial(self._fill_speeds, menu))
        self.speed.setMenu(menu)
        self.loop = self._button("loop", "Begin anew at the end", "")
        self.loop.setCheckable(True)
        self.loop.clicked.connect(lambda on: self._shell.run("clock.loop", loop=on))
        self._low = False
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.moment)
        texts.addWidget(self.detail)
        self._row = row = QHBoxLayout()
        row.setSpacing(2)
        for button in (self.back, self.play, self.on):
            row.addWidget(button)
        row.addSpacing(8)
        row.addLayout(texts, 1)
        for button in (self.peak, self.speed, self.loop):
            row.addWidget(button)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 2)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.axis)

    def _fit(self) -> None:
        """One line in a low picture, two in others."""
        low = self._host.height() < LOW_PX and self._host.width() >= WIDE_PX
        if low == self._low:
            return
        self._low = low
        if low:
            self._column.removeWidget(self.axis)
            self._row.insertWidget(self._row.indexOf(self.peak), self.axis, 2)
            self._column.setContentsMargins(8, 0, 8, 0)
        else:
            self._row.removeWidget(self.axis)
            self._column.addWidget(self.axis)
            self._column.setContentsMargins(8, 6, 8, 2)
        self.detail.setVisible(not low)
        self.moment.setProperty("role", "section" if low else "heading")
        self.moment.style().polish(self.moment)
        if self._clock.axis is not None:
            self._show_moment()
            self.speed.setText(self._speed_text())

    def _speed_text(self) -> str:
        assert self._clock.axis is not None
        text = words.speed_words(self._clock.axis, self._clock.speed)
        return text.replace(" per second", "/s") if self._low else text

    def _button(self, icon: str, tip: str, command: str, **arguments: object) -> QToolButton:
        button = self._shell.tool(icon, tip)
        button.setIconSize(QSize(20, 20))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if command:
            button.clicked.connect(lambda: self._shell.run(command, **arguments))
        return button

    def shut_down(self) -> None:
        """Leave the session, where that lives longer than this."""
        session = self._shell.session
        session.clock_changed.disconnect(self._moved)
        self._clock.changed.disconnect(self.refresh)
        session.document.changed.disconnect(self._changed)

    # --- showing ---------------------------------------------------------------------------------------------

    def _retheme(self, _theme: object) -> None:
        self.refresh()

    def _changed(self, changes: object) -> None:
        parts: frozenset[str] = getattr(changes, "parts", frozenset())
        if parts & {"scenarios", "scenario_view", "cities"}:
            self.refresh()

    def _moved(self, _moment: float) -> None:
        if self.isVisibleTo(self._host):
            self._show_moment()

    def refresh(self) -> None:
        """Show the clock as it is now."""
        clock, axis = self._clock, self._clock.axis
        shown = clock.active and axis is not None and len(axis) > 1
        if shown and axis is not None:
            name = "Stop" if clock.playing else "Run"
            self._shell.set_icon(self.play, "pause" if clock.playing else "play")
            self.play.setToolTip(f"{name} (Space)")
            self.play.setAccessibleName(name)
            self.loop.setChecked(clock.loop)
            self._shell.set_icon(self.loop, "loop", "accent_text" if clock.loop else "text")
            self.speed.setText(self._speed_text())
            self.speed.setAccessibleName(f"Speed: {words.speed_words(axis, clock.speed)}")
            self._find_maxima()
            self._show_moment()
        if shown != self.isVisibleTo(self._host):
            self.setVisible(shown)
        self.place()

    def _show_moment(self) -> None:
        axis, now = self._clock.axis, self._clock.now
        if axis is None or now is None:
            return
        text, step = words.moment_words(axis, now), words.step_words(axis, now)
        self.moment.set_full_text(self._fitting(axis, text))
        self.moment.setMinimumWidth(self._moment_px(axis, now) if self._low else 0)
        self.detail.set_full_text(step)
        self.moment.setToolTip(tooltip(f"{text}\n{step}"))
        self.axis.follow()

    def place(self) -> None:
        """Stand at the lower middle, as wide as there is room."""
        self._place_self()
        self.placed.emit()

    def _fitting(self, axis: TimeAxis, text: str) -> str:
        return words.shorter(text) if self._low and axis.kind != "periods" else text

    def _moment_px(self, axis: TimeAxis, now: float) -> int:
        """Room for the moment, the same for moments alike, so that the axis does not move while time runs."""
        text = self._fitting(axis, words.moment_words(axis, now))
        widest = "".join("0" if c.isdigit() else c for c in text)
        return min(self.moment.fontMetrics().horizontalAdvance(widest) + 12, self.width() // 3)

    def _place_self(self) -> None:
        self._fit()
        width = min(WIDEST, max(self._host.width() - 2 * MARGIN, 240))
        self._column.activate()
        height = self.sizeHint().height()
        self.setGeometry((self._host.width() - width) // 2, self._host.height() - height - MARGIN, width, height)

    @property
    def room(self) -> int:
        """What it takes from the host's lower edge, with a gap; 0 while it is hidden."""
        return self._host.height() - self.y() + 8 if self.isVisibleTo(self._host) else 0

    # --- maxima ----------------------------------------------------------------------------------------------

    def _find_maxima(self) -> None:
        """The largest value of each step of the first scenario shown; read on a thread."""
        found = next((side.result for side in sides_of(self._shell.session.document) if side.result is not None), None)
        usable = found is not None and 1 < len(found.time) == len(found.values) and found.values.size <= MOST_VALUES
        self.axis.curve = None
        self.peak.setVisible(False)
        if found is None or not usable:
            return
        key = token(found.values)
        if key in self._known:
            self._show_maxima(found, self._known[key])
        elif key not in self._asked:
            self._asked.add(key)
            done = partial(self._maxima_found, key)
            self._shell.session.submit(ThreadJob(maxima, (found,), done, title="", key=f"maxima {key}"))

    def _maxima_found(self, key: int, curve: Float64) -> None:
        self._known[key] = curve
        while len(self._known) > 32:
            del self._known[next(iter(self._known))]
        self._asked.discard(key)
        self.refresh()

    def _show_maxima(self, result: Result, curve: Float64) -> None:
        axis = self._clock.axis
        own = counted(result.time)
        if axis is None or own.dated != axis.dated:
            return
        self.axis.curve, self.axis.times = curve, own.starts
        peak = self.axis.peak
        self.peak.setVisible(peak is not None)
        if peak is not None:
            name = f"Go to the highest value: {words.moment_words(axis, peak)}"
            self.peak.setToolTip(name)
            self.peak.setAccessibleName(name)
        self.axis.update()

    def _go_to_peak(self) -> None:
        peak = self.axis.peak
        if peak is not None:
            self._clock.pause()
            self._shell.run("clock.set", moment=peak)

    # --- speed and keys --------------------------------------------------------------------------------------

    def _fill_speeds(self, menu: QMenu) -> None:
        menu.clear()
        axis = self._clock.axis
        if axis is None:
            return
        for speed in sorted({*words.speeds_for(axis), self._clock.speed}):
            act = menu.addAction(words.speed_words(axis, speed))
            act.setCheckable(True)
            act.setChecked(speed == self._clock.speed)
            act.triggered.connect(lambda _=False, s=speed: self._shell.run("clock.set_speed", speed=float(s)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size. Space runs and stops while the picture has the focus and nothing else plays."""
        if event.type() == QEvent.Type.Resize and watched is self._host:
            self.place()
        if watched is self._canvas and isinstance(event, QKeyEvent) and self._takes(event):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
            elif event.type() == QEvent.Type.KeyPress:
                if not event.isAutoRepeat():
                    self._shell.run("clock.toggle")
                return True
        return False

    def _takes(self, event: QKeyEvent) -> bool:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        free = self._shell.session.player.kind == "" and not self._canvas.walk.active
        return plain and free and event.key() == Qt.Key.Key_Space and self.isVisible()
