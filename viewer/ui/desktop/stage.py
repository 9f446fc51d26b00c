"""The middle of the window: the picture, and what floats over it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from viewer.ui.canvas import Canvas
from viewer.ui.desktop.compare_view import CompareView
from viewer.ui.desktop.drop import DropOverlay
from viewer.ui.desktop.labels import LabelOverlay
from viewer.ui.desktop.legend import LegendOverlay
from viewer.ui.desktop.legend_twin import LegendTwin
from viewer.ui.desktop.play_bar import MARGIN as PLAY_MARGIN
from viewer.ui.desktop.play_bar import PlayBar
from viewer.ui.desktop.shell import Shell
from viewer.ui.desktop.start import StartPage
from viewer.ui.desktop.time_axis import TimeAxisBar
from viewer.ui.desktop.value_bubble import ValueBubble
from viewer.ui.desktop.walk_hud import CAPTION_PX, WalkHud
from viewer.ui.widgets.toast import Toast, ToastStack


class Stage(QWidget):
    """Stacks canvas, labels, legend, map and compass, what plays, hint, start page, messages and drop zone."""

    def __init__(self, shell: Shell, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shell = shell
        self.canvas = canvas
        canvas.setParent(self)
        canvas.setAccessibleName("City picture")
        self.legend = LegendOverlay(shell, self)
        self.twin = LegendTwin(shell, self.legend, self)
        self.labels = LabelOverlay(shell, canvas, self.legend, self)
        self.labels.stackUnder(self.legend)
        self.walk = WalkHud(shell, canvas.walk, self)
        self.walk.avoid = self.legend
        self.play = PlayBar(shell, canvas, self)
        self.play.fade.stackUnder(self.legend)
        self.play.avoid = self.legend
        self.time = TimeAxisBar(shell, canvas, self)
        self.compare = CompareView(shell, canvas, self)
        self.bubble = ValueBubble(shell, canvas, self)
        self.hint = _Hint(shell, self)
        self.start = StartPage(shell, self)
        self.start.hide()
        self.toasts = ToastStack(self, self._decorate)
        self.toasts.avoid = self.legend
        self.toasts.foot = CAPTION_PX
        self.toasts.keep_clear_of(self.walk.keys, self.walk.pad, *self.play.widgets(), self.time, self.compare.lock)
        self.drop = DropOverlay(shell, self)
        self.labels.also_clear_of = (self.time, self.compare.title, self.compare.blend, self.compare.sign)
        self.time.placed.connect(self._make_room)
        self._make_room()

    def show_start(self, on: bool) -> None:
        """Cover the picture with the start page, or uncover it."""
        if on == self.start.isVisibleTo(self):
            return
        had_focus = self.start.isAncestorOf(self.window().focusWidget()) if self.window().focusWidget() else False
        self.start.setVisible(on)
        self.canvas.set_covered(on)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus if on else Qt.FocusPolicy.StrongFocus)
        self._stack()
        if on:
            self.start.demo.setFocus()
        elif had_focus:
            self.canvas.setFocus()

    def _make_room(self) -> None:
        """Everything at the lower edge stands above the bar of time."""
        room = self.time.room
        self.legend.set_foot(room)
        self.compare.foot = self.bubble.foot = room
        self.play.foot = max(room, PLAY_MARGIN)
        self.walk.foot = max(room, CAPTION_PX)
        self.compare.place()
        self.play.place()
        self.walk.place()

    def draw_on(self, painter: QPainter) -> None:
        """Paint into a picture what belongs to it: what is compared, and the legend with all its lines."""
        self.compare.draw_on(painter)
        if self.legend.isVisible():
            with self.legend.in_full():
                self.twin.draw_on(painter, self.width())

    def shut_down(self) -> None:
        """Stop what ticks, and leave the session."""
        self.twin.shut_down()
        self.play.shut_down()
        self.time.shut_down()
        self.compare.shut_down()
        self.walk.close()

    def _stack(self) -> None:
        for widget in (
            *self.compare.widgets(),
            self.twin,
            self.legend,
            self.legend.link,
            self.legend.fold,
            self.time,
            *self.walk.widgets(),
            *self.play.widgets(),
            self.bubble,
            self.hint,
            self.start,
            self.toasts,
            self.drop,
        ):
            widget.raise_()

    def _decorate(self, toast: Toast) -> None:
        self._shell.set_pixmap(toast.mark, toast.severity, 20, toast.severity)
        self._shell.set_icon(toast.close_button, "close", "muted")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Picture and start page fill the middle."""
        self.canvas.setGeometry(self.rect())
        self.labels.setGeometry(self.rect())
        self.start.setGeometry(self.rect())
        self.hint.place()
        super().resizeEvent(event)


class _Hint(QFrame):
    """One line over an empty picture, with the way out: "Everything is hidden. [Show all]"."""

    def __init__(self, shell: Shell, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self.setProperty("role", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = QLabel()
        self.button = QPushButton()
        self.button.setProperty("role", "link")
        self._command = ""
        self.button.clicked.connect(lambda: shell.run(self._command))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.addWidget(self.text)
        row.addWidget(self.button)
        self.hide()

    def say(self, text: str, title: str = "", command: str = "") -> None:
        """Show a line with a button; an empty text hides it."""
        self.text.setText(text)
        self.button.setText(title)
        self.button.setVisible(bool(command))
        self._command = command
        self.setVisible(bool(text))
        self.place()

    def place(self) -> None:
        """Sit at the upper middle."""
        self.adjustSize()
        self.move((self._host.width() - self.width()) // 2, 24)
