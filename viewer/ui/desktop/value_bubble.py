"""The value under the pointer: what the scenarios shown say there, with range, unit, class and step."""

from __future__ import annotations

import html

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from viewer.analysis.comparing import showing
from viewer.analysis.object_values import class_text
from viewer.analysis.values_at import Spot, ValueAt, value_text, values_at
from viewer.document.document import Document
from viewer.render.state import Pick
from viewer.ui.canvas import Canvas
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import single_line

AWAY_PX = 18
WIDEST = 300
REASON_LETTERS = 110
LETTERS = "ABCD"


class ValueBubble(QFrame):
    """Follows the pointer over ``canvas``; it never takes the mouse."""

    def __init__(self, shell: Shell, canvas: Canvas, host: QWidget) -> None:
        super().__init__(host)
        self._shell, self._canvas, self._host = shell, canvas, host
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.text = QLabel()
        self.text.setTextFormat(Qt.TextFormat.RichText)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 7, 12, 8)
        column.addWidget(self.text)
        self.foot = 0
        self.hide()
        canvas.hovered.connect(self.show_pick)
        canvas.installEventFilter(self)

    def show_pick(self, pick: Pick | None) -> None:
        """Show what is known of a hit place; None hides it."""
        at = self._canvas.pointer
        lines = self._lines(pick) if pick is not None and at is not None else ""
        if not lines or at is None:
            self.hide()
            return
        self.text.setText(lines)
        self._fit()
        self._place(at)
        self.show()
        self.raise_()

    def _lines(self, pick: Pick | None) -> str:
        session = self._shell.session
        if pick is None or not session.document.state.scenario_view.shown:
            return ""
        shown = showing(session.document, session.clock.now)
        changes = shown is not None and shown.variable is None
        if shown is None or not shown.ready or (shown.scale is None and not changes):
            return ""  # nothing is read or computed here that has not been prepared
        spot = Spot(pick.layer_id, pick.row, pick.surface_row, pick.position)
        values = values_at(session.document, session.clock.now, spot)
        return bubble_text(session.document, values, self._shell.color("muted"))

    def _fit(self) -> None:
        self.text.setWordWrap(False)
        width = min(self.text.sizeHint().width(), WIDEST)
        self.text.setWordWrap(True)
        self.text.setFixedWidth(width)
        self.text.setFixedHeight(self.text.heightForWidth(width))
        self.adjustSize()

    def _place(self, at: QPointF) -> None:
        """Beside the pointer, within the picture, never under it."""
        x, y = int(at.x()) + AWAY_PX, int(at.y()) + AWAY_PX
        if x + self.width() > self._host.width() - 4:
            x = int(at.x()) - AWAY_PX - self.width()
        if y + self.height() > self._host.height() - max(self.foot, 4):
            y = int(at.y()) - AWAY_PX - self.height()
        self.move(max(x, 4), max(y, 4))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Go while somebody drags, and when the pointer leaves."""
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.Leave, QEvent.Type.Wheel):
            self.hide()
        return False


def bubble_text(document: Document, values: tuple[ValueAt, ...], muted: str) -> str:
    """The values as markup, everything from files escaped; "" where no scenario speaks about the place."""
    told = [value for value in values if value.state != "not part of it"]
    if not told:
        return ""
    parts = [f"<b>{_safe(told[0].title)}</b>"]
    several = len(values) > 1
    for number, value in enumerate(values):
        letter = f"<b>{LETTERS[number]}</b>&nbsp; " if several else ""
        meaning = _meaning(document, value)
        quiet = f"<br><span style='color:{muted}; font-size:9pt'>{_safe(meaning)}</span>" if meaning else ""
        parts.append(f"{letter}{_safe(value_text(value))}{quiet}")
    small = [value.step for value in told[:1] if value.step]
    reason = _unsure(told)
    if reason:
        small.append(reason)
    if small:
        parts.append(f"<span style='color:{muted}; font-size:9pt'>{_safe(' · '.join(small))}</span>")
    return "<br>".join(parts)


def _meaning(document: Document, value: ValueAt) -> str:
    scenario = document.scenarios.get(value.scenario)
    result = scenario.results.get(value.variable) if scenario is not None else None
    return "" if result is None or value.value is None else class_text(result.variable, value.value)


def _unsure(values: list[ValueAt]) -> str:
    """Why there is no range, of the first that has none."""
    reason = next((single_line(value.why) for value in values if value.why), "")
    return reason if len(reason) <= REASON_LETTERS else reason[: REASON_LETTERS - 1].rstrip() + "…"


def _safe(text: str) -> str:
    return html.escape(single_line(text))
