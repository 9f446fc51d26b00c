"""The legend over the picture: the same `Legend` value that coloured it, painted by Qt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from viewer.analysis.fields import OUTSIDE, STATE_NAMES
from viewer.analysis.legend import Legend, LegendEntry, count_text, place_ticks, short_label
from viewer.render.pane_places import pane_rects
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import ElidedLabel, single_line, visible_text

SWATCH, ROW, GAP = 14, 20, 8
RAMP_WIDTH, RAMP_HEIGHT = 216, 16
FLOW_ROW = 17
MAX_TEXT = 200
MAX_MEANING = 280
"""Widest label of classes with a meaning of their own."""
MAX_LINES = 7
ROOMY = 760, 720
"""In a picture smaller than this, width or height, a scenario's legend is folded at first."""
MARGIN = 16
TERSEST = 3
"""How often something may be left out of a legend to make it fit: notes, meanings, all but the first and last class."""
UNDER_NAME_PX = 50
"""Where the legend of panes begins: below the name of the first one."""


class _Entries(QWidget):
    """Swatch, label and count, one per line; many lines stand in two columns."""

    def __init__(
        self,
        shell: Shell,
        entries: tuple[LegendEntry, ...],
        single: bool = False,
        per_column: int = 0,
        most: int = 0,
    ) -> None:
        super().__init__()
        self._shell = shell
        self._most = min(most or MAX_MEANING, MAX_MEANING if single else MAX_TEXT)
        self._entries = entries
        font = self.font()
        font.setPointSizeF(9.5)
        self.setFont(font)
        self._counts = [count_text(e.count) if e.count is not None else "" for e in entries]
        usual = len(entries) if single or len(entries) <= MAX_LINES else -(-len(entries) // 2)
        self._per_column = per_column or usual
        self._columns: list[tuple[int, int, int]] = []
        left = 0
        for start in range(0, len(entries), max(1, self._per_column)):
            text, tail = self._widths(range(start, min(start + self._per_column, len(entries))))
            self._columns.append((left, text, tail))
            left += SWATCH + GAP + text + tail + 3 * GAP
        self._width = max(0, left - 3 * GAP)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        lines = zip(entries, self._counts, strict=True)
        self.setAccessibleDescription("; ".join(f"{single_line(e.label)} {count}" for e, count in lines))

    def _widths(self, lines: range) -> tuple[int, int]:
        """Room for the labels and for the counts of these lines."""
        metrics = self.fontMetrics()
        text = max(metrics.horizontalAdvance(single_line(self._entries[n].label)) for n in lines)
        tail = max(metrics.horizontalAdvance(self._counts[n]) for n in lines)
        return min(self._most, text + 2), tail + 2 * GAP if tail else 0

    def _corner(self, index: int) -> tuple[int, int]:
        column, row = divmod(index, self._per_column)
        return self._columns[column][0], row * ROW

    def swatch_rect(self, index: int) -> QRectF:
        """Where an entry's colour is, in this widget."""
        left, top = self._corner(index)
        return QRectF(left + 0.5, top + (ROW - SWATCH) / 2 + 0.5, SWATCH - 1, SWATCH - 1)

    def sizeHint(self) -> QSize:
        return QSize(self._width, ROW * self._per_column)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text, quiet = self._shell.qcolor("text"), self._shell.qcolor("muted")
        for n, entry in enumerate(self._entries):
            painter.setPen(QColor(0, 0, 0, 60))
            painter.setBrush(QColor(*entry.rgb))
            painter.drawRoundedRect(self.swatch_rect(n), 3, 3)
            if entry.label == STATE_NAMES[OUTSIDE]:
                _falling(painter, self.swatch_rect(n))
            self._words(painter, n, text, quiet)
        painter.end()

    def _words(self, painter: QPainter, n: int, text: QColor, quiet: QColor) -> None:
        middle, right = int(Qt.AlignmentFlag.AlignVCenter), int(Qt.AlignmentFlag.AlignRight)
        left, top = self._corner(n)
        _, width, tail = self._columns[n // self._per_column]
        left += SWATCH + GAP
        painter.setPen(text)
        label = self.fontMetrics().elidedText(single_line(self._entries[n].label), Qt.TextElideMode.ElideRight, width)
        painter.drawText(left, top, width, ROW, middle, label)
        painter.setPen(quiet)
        painter.drawText(left + width, top, tail, ROW, middle | right, self._counts[n])


def _falling(painter: QPainter, box: QRectF) -> None:
    """Fine lines, as they lie on what was not modelled."""
    side = box.width()
    painter.setPen(QPen(QColor(150, 150, 146), 1.0))
    for shift in (-0.5 * side, 0.0, 0.5 * side):
        start, end = max(0.0, -shift), min(side, side - shift)
        painter.drawLine(
            QPointF(box.left() + start + 1, box.top() + start + shift + 1),
            QPointF(box.left() + end - 1, box.top() + end + shift - 1),
        )


class _Flow(QWidget):
    """Swatches with short labels, in as few lines as fit into a width: the legend of panes."""

    def __init__(self, shell: Shell, entries: tuple[LegendEntry, ...], room: int) -> None:
        super().__init__()
        self._shell = shell
        font = self.font()
        font.setPointSizeF(9.0)
        self.setFont(font)
        self._cells: list[tuple[LegendEntry, str, int, int]] = []
        lines, x, widest = 0, room + 1, 0
        for entry in entries:
            text = single_line(short_label(entry.label))
            text = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room - SWATCH - 4)
            wide = SWATCH + 4 + self.fontMetrics().horizontalAdvance(text)
            if x + wide > room:
                lines, x = lines + 1, 0
            self._cells.append((entry, text, x, lines - 1))
            widest = max(widest, x + wide)
            x += wide + GAP + 2
        self.setFixedSize(widest + 1, lines * FLOW_ROW)
        self.setAccessibleDescription("; ".join(single_line(entry.label) for entry in entries))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry, text, x, line in self._cells:
            top = line * FLOW_ROW
            painter.setPen(QColor(0, 0, 0, 60))
            painter.setBrush(QColor(*entry.rgb))
            box = QRectF(x + 0.5, top + (FLOW_ROW - 12) / 2 + 0.5, 11, 11)
            painter.drawRoundedRect(box, 3, 3)
            if entry.label == STATE_NAMES[OUTSIDE]:
                _falling(painter, box)
            painter.setPen(self._shell.qcolor("text"))
            room = QRectF(x + SWATCH + 2, top, self.width(), FLOW_ROW)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


class _Ramp(QWidget):
    """The bar of a numeric ramp with its ticks below."""

    def __init__(self, legend: Legend, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._legend = legend
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleDescription(", ".join(e.label for e in legend.entries))

    def sizeHint(self) -> QSize:
        return QSize(RAMP_WIDTH + 2 * GAP, RAMP_HEIGHT + 8 + self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(GAP, 0.5, self.width() - 2 * GAP, RAMP_HEIGHT)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        colors = self._legend.colors or tuple(e.rgb for e in self._legend.entries)
        for n, rgb in enumerate(colors):
            gradient.setColorAt(n / max(1, len(colors) - 1), QColor(*rgb))
        painter.setPen(QColor(0, 0, 0, 60))
        painter.setBrush(gradient)
        painter.drawRoundedRect(bar, 3, 3)
        self._ticks(painter, bar)
        painter.end()

    def _ticks(self, painter: QPainter, bar: QRectF) -> None:
        painter.setPen(self.palette().text().color())
        top, x = int(bar.bottom()), int(bar.left())
        for tick, left, label in place_ticks(self._legend, bar.width(), self.fontMetrics().horizontalAdvance, 6):
            painter.drawLine(x + int(tick), top, x + int(tick), top + 3)
            painter.drawText(x + int(left), top + 5 + self.fontMetrics().ascent(), label)


class _Strip(QWidget):
    """The colours of classes side by side, with the first and the last label below: a folded legend."""

    def __init__(self, shell: Shell, entries: tuple[LegendEntry, ...], width: int) -> None:
        super().__init__()
        self._shell, self._entries = shell, entries
        font = self.font()
        font.setPointSizeF(9.0)
        self.setFont(font)
        self.setFixedSize(width, 14 + self.fontMetrics().height() + 2)
        self.setAccessibleDescription("; ".join(single_line(e.label) for e in entries))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        part = self.width() / len(self._entries)
        for n, entry in enumerate(self._entries):
            painter.setBrush(QColor(*entry.rgb))
            painter.drawRect(QRectF(n * part, 2, part - 1, 10))
        painter.setPen(self._shell.qcolor("muted"))
        room, half = self.rect().adjusted(0, 14, 0, 0), self.width() // 2 - 4
        sides = (self._entries[0], Qt.AlignmentFlag.AlignLeft), (self._entries[-1], Qt.AlignmentFlag.AlignRight)
        for entry, side in sides[: len(self._entries)]:
            words = _first_words(single_line(entry.label))
            text = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, half)
            painter.drawText(room, int(side | Qt.AlignmentFlag.AlignTop), text)
        painter.end()


def _first_words(label: str) -> str:
    """What stands before the meaning of a class: "below 0.2 m" of "below 0.2 m: wet feet"."""
    return label.split(": ", 1)[0]


class _Hatching(QWidget):
    """A swatch with the lines that stand for what is uncertain."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.setFixedSize(SWATCH, SWATCH)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 60))
        painter.setBrush(self._shell.qcolor("hover"))
        painter.drawRoundedRect(QRectF(0.5, 0.5, SWATCH - 1, SWATCH - 1), 3, 3)
        painter.setPen(QPen(self._shell.qcolor("text"), 1.4))
        for shift in (-6.0, 0.0, 6.0):
            painter.drawLine(QPointF(2 + shift, SWATCH - 2), QPointF(SWATCH - 2 + shift, 2))
        painter.end()


class LegendOverlay(QFrame):
    """Stands in the lower left corner of ``host`` and lets the mouse through.

    Signals: source_wanted(): the link of a scenario's legend was pressed.
    """

    source_wanted = Signal()

    def __init__(self, shell: Shell, host: QWidget, full: bool = False) -> None:
        """``full``: with all lines that a picture has to bear, and without controls, as an audience sees it."""
        super().__init__(host)
        self._host = host
        self._shell = shell
        self._legend: Legend | None = None
        self._layer_name = ""
        self._foot = MARGIN
        self._text_width = 232
        self._made_for = 0
        self._full = full
        self._limit: QSize | None = None
        self._terse = 0
        self.under = UNDER_NAME_PX
        """Where the legend of panes begins."""
        self.link = QPushButton("Where does this come from?", host)
        self.link.setProperty("role", "link")
        self.link.setToolTip("Who made these numbers, with what, from what, and how sure they are")
        self.link.setCursor(Qt.CursorShape.PointingHandCursor)
        self.link.clicked.connect(self.source_wanted)
        self._wish: bool | None = None
        """Folded or not, as the user wants it; None while nothing was said."""
        self._shown_folded = False
        self.fold = shell.tool("chevron-down", "Fold the legend", parent=host)
        self.fold.setIconSize(QSize(14, 14))
        self.fold.clicked.connect(self._toggle)
        for part in (self.link, self.fold):
            part.hide()
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 12, 16, 12)
        self._column.setSpacing(4)
        self._column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        host.installEventFilter(self)
        self.hide()

    @property
    def legend(self) -> Legend | None:
        """What is shown; None while hidden."""
        return self._legend

    def show_legend(self, legend: Legend | None, layer_name: str = "") -> None:
        """Show this legend; None hides it. ``layer_name`` is added where several layers are open."""
        if (legend, layer_name) == (self._legend, self._layer_name) and legend is not None:
            return
        self._legend, self._layer_name = legend, layer_name
        if legend is not None and self._limit is not None:
            for self._terse in range(TERSEST):
                self._make(legend, layer_name)
                if self.width() <= self._limit.width() and self.height() <= self._limit.height():
                    return
            self._terse = TERSEST
        self._make(legend, layer_name)

    def set_limit(self, limit: QSize) -> None:
        """Leave out so much that it is no larger than this, where that is possible at all."""
        if limit != self._limit:
            self._limit = limit
            if self._legend is not None:
                self._show_again(self._legend, self._layer_name)

    def _make(self, legend: Legend | None, layer_name: str) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()  # else Qt may still show it, then as a window of its own
                old.setParent(None)
                old.deleteLater()
        if legend is None or not (legend.entries or legend.no_data or legend.lines):
            self._legend = None
            for shown in (self, self.link, self.fold):
                shown.hide()
            return
        self._made_for = self._room
        self._column.setContentsMargins(*((10, 6, 10, 8) if self.in_pane else (16, 12, 16, 12)))
        if self.in_pane:
            self._fill_pane(legend)
        else:
            self._fill(legend, layer_name)
        self._name_fold()
        for control in (self.link, self.fold):
            control.setVisible(bool(legend.lines) and not self._full and (control is self.fold or not self.in_pane))
        self.setAccessibleName(f"Legend: {single_line(legend.title)}")
        for part in self.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
            part.show()
        self._column.activate()
        self.adjustSize()
        self.place()
        self.show()

    def set_foot(self, pixels: int) -> None:
        """Leave so much room below."""
        if max(pixels, MARGIN) != self._foot:
            self._foot = max(pixels, MARGIN)
            self.place()

    @contextmanager
    def in_full(self) -> Iterator[None]:
        """With all lines that a picture has to bear, as exported pictures show it."""
        legend, name = self._legend, self._layer_name
        if legend is None or not legend.lines or self._full:
            yield
            return
        self._full = True
        self._show_again(legend, name)
        yield
        self._full = False
        self._show_again(legend, name)

    @property
    def folded(self) -> bool:
        """True if only title and colours are shown: as the user wants it, else where the picture is small."""
        if self._wish is not None:
            return self._wish
        if self._legend is not None and self._legend.compact:
            return True
        return self._host.width() < ROOMY[0] or self._host.height() < ROOMY[1]

    def _toggle(self) -> None:
        """Fold to title and colours, or unfold."""
        self._wish = not self.folded
        if self._legend is not None:
            self._show_again(self._legend, self._layer_name)

    def _name_fold(self) -> None:
        self._shown_folded = self.folded
        name = "Show the whole legend" if self._shown_folded else "Fold the legend"
        self._shell.set_icon(self.fold, "chevron-up" if self._shown_folded else "chevron-down")
        self.fold.setToolTip(name)
        self.fold.setAccessibleName(name)

    def _show_again(self, legend: Legend, name: str) -> None:
        self._legend = None
        self.show_legend(legend, name)

    def swatches(self) -> list[tuple[LegendEntry, QRectF]]:
        """Each class on show and where its colour is, in this widget's coordinates."""
        found = []
        for part in self.findChildren(_Entries):
            for n, entry in enumerate(part._entries):
                found.append((entry, part.swatch_rect(n).translated(part.pos())))
        return found

    def _fill(self, legend: Legend, layer_name: str) -> None:
        unit = f" ({legend.unit})" if legend.unit else ""
        if legend.lines:
            self._column.addWidget(self._small(f"{legend.title}{unit}", self._text_width - 24, "section"))
            if not self._full and legend.lines[0] != legend.title:
                self._caption(legend.lines[0])
        else:
            title = ElidedLabel(f"{legend.title}{unit}")
            title.setProperty("role", "section")
            title.setMinimumWidth(min(240, title.fontMetrics().horizontalAdvance(title.full_text()) + 8))
            self._column.addWidget(title)
        if layer_name:
            name = ElidedLabel(layer_name)
            name.setProperty("role", "caption")
            self._column.addWidget(name)
        if self._terse < TERSEST - 1 and (self._full or not (legend.lines and self.folded)):
            self._fill_colours(legend)
            self._fill_notes(legend)
        elif self._terse == TERSEST - 1:
            tail = (*legend.states, *((legend.no_data,) if legend.no_data is not None else ()))
            flow = (*(legend.entries if legend.kind == "classes" else ()), *tail)
            if legend.kind == "ramp":
                self._column.addWidget(_Ramp(legend))
            if flow:
                self._column.addWidget(_Flow(self._shell, flow, self._text_width))
            self._fill_notes(legend)
        elif legend.kind == "ramp":
            self._column.addWidget(_Ramp(legend))
        elif legend.entries:
            self._column.addWidget(_Strip(self._shell, legend.entries, self._text_width))
        if legend.lines and not self._full:
            self._column.addSpacing(self.link.sizeHint().height())

    @property
    def in_pane(self) -> bool:
        """True while it is folded to what has room in one of several panes."""
        return self._legend is not None and self._legend.compact and (self._full or self.folded)

    @property
    def _room(self) -> int:
        """Pixels that it may be wide in a pane."""
        panes = max(self._legend.panes, 1) if self._legend is not None else 1
        return max(pane_rects(panes, self._host.width(), self._host.height())[0].width - 24, 120)

    def _fill_pane(self, legend: Legend) -> None:
        """Title and colours with short labels; in an exported picture, what it has to bear besides."""
        room = self._room - 20
        title = ElidedLabel(f"{legend.title} ({legend.unit})" if legend.unit else legend.title)
        title.setProperty("role", "section")
        title.ensurePolished()
        wide = title.fontMetrics().horizontalAdvance(title.full_text()) + 40
        title.setFixedWidth(min(wide, room))
        self._column.addWidget(title)
        if legend.kind == "ramp":
            self._column.addWidget(_Ramp(legend))
        entries = legend.entries if legend.kind == "classes" else ()
        tail = (*legend.states, *((legend.no_data,) if legend.no_data is not None else ()))
        if entries or tail:
            self._column.addWidget(_Flow(self._shell, (*entries, *tail), room))
        if legend.note.startswith("Hatched"):
            self._hatched("Hatched: uncertain")
        for line in [line for line in legend.lines if line.startswith("No difference")]:
            self._column.addWidget(self._small(line, room))
        if self._full and legend.strip and not self._terse:
            self._column.addWidget(self._small("  \u00b7  ".join(legend.strip), room))

    def _fill_colours(self, legend: Legend) -> None:
        entries = legend.entries if legend.kind == "classes" else ()
        if legend.kind == "ramp":
            self._column.addWidget(_Ramp(legend))
        tail = (*legend.states, *((legend.no_data,) if legend.no_data is not None else ()))
        several = len(tail) > 1 and bool(legend.lines)
        main = entries if several else (*entries, *tail)
        if main:
            self._column.addWidget(_Entries(self._shell, main, bool(legend.lines), most=self._most))
        if several:
            self._column.addWidget(_Entries(self._shell, tail, per_column=-(-len(tail) // 2)))

    def _fill_notes(self, legend: Legend) -> None:
        """Hatching, source of the classes, and the lines: all of them in an exported picture, else why not."""
        if self._terse:
            if legend.note.startswith("Hatched"):
                self._hatched("Hatched: uncertain")
            if lines := legend.strip or legend.lines[1:]:
                self._caption("\u00a0\u00b7 ".join(lines))
            return
        if legend.note.startswith("Hatched"):
            self._hatched(legend.note)
        elif legend.note:
            self._caption(legend.note)
        if legend.source:
            self._caption(f"Classes: {legend.source}")
        wanted = [line for line in legend.lines[1:] if line.startswith("No difference")]
        for line in legend.lines if self._full else wanted:
            self._caption(line)

    @property
    def _most(self) -> int:
        """Pixels for the label of a class, where there is a limit; 0 = as usual."""
        return max(self._limit.width() - 32 - SWATCH - 3 * GAP - 40, 120) if self._limit is not None else 0

    def _caption(self, text: str) -> None:
        self._column.addWidget(self._small(text, self._text_width))

    def _hatched(self, text: str) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(_Hatching(self._shell), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._small(text, self._text_width - 22))
        self._column.addWidget(holder, 0, Qt.AlignmentFlag.AlignLeft)

    def _small(self, text: str, widest: int, role: str = "caption") -> QLabel:
        note = QLabel(visible_text(text), self)
        note.setTextFormat(Qt.TextFormat.PlainText)
        note.setProperty("role", role)
        note.setWordWrap(True)
        note.ensurePolished()
        note.setFixedSize(widest, note.heightForWidth(widest))
        return note

    def place(self) -> None:
        """Sit in the corner."""
        host = self._host
        if self.in_pane:
            self.move(12, self.under)
        else:
            self.move(MARGIN, max(MARGIN, host.height() - self.height() - self._foot))
        self.link.adjustSize()
        self.link.move(self.x() + 12, self.geometry().bottom() - self.link.height() - 8)
        self.fold.adjustSize()
        self.fold.move(self.geometry().right() - self.fold.width() - 5, self.y() + 6)

    def resizeEvent(self, event: object) -> None:
        """Growing keeps the corner."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size."""
        if event.type() == QEvent.Type.Resize:
            other = self.folded != self._shown_folded or (self.in_pane and self._made_for != self._room)
            if self._legend is not None and self._legend.lines and other:
                self._show_again(self._legend, self._layer_name)
            self.place()
        return False
