"""Messages that do not block: a short stack over the picture, each with its own buttons.

What only confirms is quiet: one small card, which further ones join as lines, and which soon goes by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from viewer.ui.widgets.text import breakable, menu_text, visible_text

INFO_MS = 6_000
"""How long news with more to read or to press stays, in milliseconds; warnings and errors stay until closed."""
QUIET_MS = 3_000
"""How long a short confirmation stays, in milliseconds."""
QUIET_LETTERS = 90
"""A confirmation that is longer takes a card of its own."""
QUIET_LINES = 3
MAX_TOASTS = 4
WIDTH, NARROW = 440, 300
SHARE = 0.55
"""Of the host's width, which a card does not take more of, down to `NARROW`."""
QUIET_WIDTH = 320
MARGIN = 16
ToastAction = tuple[str, Callable[[], object]]


class Toast(QFrame):
    """One message: an icon, a text, an optional detail and buttons."""

    def __init__(self, severity: str, text: str, detail: str, actions: Sequence[ToastAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.severity = severity
        self.text = visible_text(text)
        self.quiet = severity == "info" and not detail and not actions and len(self.text) <= QUIET_LETTERS
        self.lines = [self.text]
        """What is told, oldest first; more than one only where it is quiet."""
        self.setProperty("role", "toast")
        self.setProperty("quiet", self.quiet)
        self.setProperty("severity", severity)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(f"{severity}: {self.text}")
        self.mark = QLabel()
        self.mark.setFixedSize(20, 20)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4) if self.quiet else row.setContentsMargins(12, 10, 8, 10)
        row.setSpacing(8 if self.quiet else 12)
        side = Qt.AlignmentFlag.AlignVCenter if self.quiet else Qt.AlignmentFlag.AlignTop
        row.addWidget(self.mark, 0, side)
        row.addLayout(self._words(detail, actions), 1)
        self.close_button = QToolButton()
        self.close_button.setToolTip("Close this message")
        self.close_button.setAccessibleName("Close message")
        self.close_button.clicked.connect(self.dismiss)
        row.addWidget(self.close_button, 0, side)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self._count_down()

    def _count_down(self) -> None:
        if self.severity == "info":
            self._timer.start(QUIET_MS if self.quiet else INFO_MS)

    def join(self, text: str) -> None:
        """Tell this too, in the same card; what was told first gives way where there are too many lines."""
        line = visible_text(text)
        self.lines = [*(old for old in self.lines if old != line), line]
        self.text = line
        earlier = len(self.lines) - QUIET_LINES
        told = self.lines if earlier <= 0 else [f"{earlier + 1} earlier", *self.lines[1 - QUIET_LINES :]]
        self._label.setText("\n".join(breakable(one) for one in told))
        self.setAccessibleName(f"{self.severity}: {'; '.join(self.lines)}")
        self._count_down()

    def fit(self, width: int) -> int:
        """Take this width and the height that the words need in it; returns that height."""
        layout = self.layout()
        assert layout is not None
        layout.invalidate()
        height = max(layout.totalHeightForWidth(width), self.mark.height() + 8)
        self.setFixedSize(width, height)
        layout.activate()
        return height

    def widest(self) -> int:
        """How wide the card would like to be, logical pixels."""
        if not self.quiet:
            return WIDTH
        margins = self.layout().contentsMargins()  # type: ignore[union-attr]
        beside = self.mark.width() + self.close_button.sizeHint().width() + margins.left() + margins.right() + 24
        words = max(self._label.fontMetrics().horizontalAdvance(line) for line in self._label.text().split("\n"))
        return min(QUIET_WIDTH, words + beside)

    def _words(self, detail: str, actions: Sequence[ToastAction]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        self._label = _plain_label(self.text)
        column.addWidget(self._label)
        if detail:
            more = _plain_label(visible_text(detail[:600]))
            more.setProperty("role", "caption")
            column.addWidget(more)
        if actions:
            buttons = QHBoxLayout()
            buttons.setSpacing(8)
            for title, act in actions:
                buttons.addWidget(self._button(title, act))
            buttons.addStretch(1)
            column.addLayout(buttons)
        return column

    def _button(self, title: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(menu_text(title))
        button.setProperty("role", "link")
        button.setCursor(Qt.CursorShape.PointingHandCursor)

        def clicked() -> None:
            self.dismiss()
            act()

        button.clicked.connect(clicked)
        return button

    def dismiss(self) -> None:
        """Take the message away."""
        self._timer.stop()
        self.hide()
        self.setParent(None)
        self.deleteLater()

    def enterEvent(self, event: QEnterEvent) -> None:
        """A message under the cursor does not run away."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Count down again."""
        self._count_down()
        super().leaveEvent(event)


def _plain_label(text: str) -> QLabel:
    label = QLabel(breakable(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


class ToastStack(QWidget):
    """Holds the messages in the lower right corner of ``host``; newest at the bottom.

    ``decorate(toast)`` is called for each new one (the window puts the icons on, in the theme's colours).
    """

    def __init__(self, host: QWidget, decorate: Callable[[Toast], None] | None = None) -> None:
        super().__init__(host)
        self._host = host
        self._decorate = decorate
        self.avoid: QWidget | None = None
        """A neighbour in the other corner; where both do not fit side by side, the messages stand above it."""
        self.foot = MARGIN
        """Room left below."""
        self._others: tuple[QWidget, ...] = ()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.setAccessibleName("Messages")
        host.installEventFilter(self)
        self.hide()

    def keep_clear_of(self, *others: QWidget) -> None:
        """Stand above what floats at the lower edge too, while it is shown."""
        self._others = others
        for other in others:
            other.installEventFilter(self)

    @property
    def toasts(self) -> list[Toast]:
        """The messages on show, oldest first."""
        return list(self.findChildren(Toast, options=Qt.FindChildOption.FindDirectChildrenOnly))

    def show_message(self, severity: str, text: str, detail: str = "", actions: Sequence[ToastAction] = ()) -> Toast:
        """Show one message; the same text is not shown twice, and the oldest goes when there are too many. What only
        confirms joins the confirmation that is still there."""
        known = next((old for old in self.toasts if old.quiet), None)
        if known is not None and severity == "info" and not detail and not actions and len(text) <= QUIET_LETTERS:
            known.join(text)
            self._announce(known)
            return known
        for old in self.toasts:
            if old.text == visible_text(text):
                old.dismiss()
        for old in self.toasts[: max(0, len(self.toasts) - MAX_TOASTS + 1)]:
            old.dismiss()
        toast = Toast(severity, text, detail, actions, self)
        if self._decorate is not None:
            self._decorate(toast)
        toast.destroyed.connect(self._later)
        self._layout.addWidget(toast, 0, Qt.AlignmentFlag.AlignRight)
        self.show()
        self.raise_()
        toast.show()
        self._announce(toast)
        return toast

    def _announce(self, toast: Toast) -> None:
        self.place()
        if QGuiApplication.platformName() != "offscreen":
            QAccessible.updateAccessibility(QAccessibleEvent(toast, QAccessible.Event.Alert))

    def _later(self) -> None:
        QTimer.singleShot(0, self, self.place)

    def place(self) -> None:
        """Sit in the lower right corner of the host, no wider than it."""
        if not self.toasts:
            self.hide()
            return
        host = self._host
        most = max(min(WIDTH, round(host.width() * SHARE)), min(NARROW, host.width() - 2 * MARGIN))
        width = min(most, max(toast.widest() for toast in self.toasts))
        height = self._layout.spacing() * (len(self.toasts) - 1)
        for toast in self.toasts:
            height += toast.fit(min(width, toast.widest()))
        place = QRect(host.width() - width - MARGIN, host.height() - height - self.foot, width, height)
        near = [other for other in (self.avoid, *self._others) if other is not None and other.isVisible()]
        for other in sorted(near, key=lambda other: -other.y()):
            if other.geometry().intersects(place):
                place.moveBottom(max(height, other.geometry().top() - 8))
        self.setGeometry(place)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size, and what is at its lower edge."""
        if event.type() in _MOVES:
            self.place()
        return False


_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)
