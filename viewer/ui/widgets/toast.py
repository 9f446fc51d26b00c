"""Messages that do not block: a short stack over the picture, each with its own buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent, QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from viewer.ui.widgets.text import breakable, menu_text, visible_text

INFO_MS = 6_000
"""How long a message that asks nothing stays, in milliseconds; warnings and errors stay until closed."""
MAX_TOASTS = 4
WIDTH = 440
MARGIN = 16
ToastAction = tuple[str, Callable[[], object]]


class Toast(QFrame):
    """One message: an icon, a text, an optional detail and buttons."""

    def __init__(self, severity: str, text: str, detail: str, actions: Sequence[ToastAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.severity = severity
        self.text = visible_text(text)
        self.setProperty("role", "toast")
        self.setProperty("severity", severity)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(f"{severity}: {self.text}")
        self.mark = QLabel()
        self.mark.setFixedSize(20, 20)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 8, 10)
        row.setSpacing(12)
        row.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._words(detail, actions), 1)
        self.close_button = QToolButton()
        self.close_button.setToolTip("Close this message")
        self.close_button.setAccessibleName("Close message")
        self.close_button.clicked.connect(self.dismiss)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        if severity == "info":
            self._timer.start(INFO_MS)

    def _words(self, detail: str, actions: Sequence[ToastAction]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(_plain_label(self.text))
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
        if self.severity == "info":
            self._timer.start(INFO_MS)
        super().leaveEvent(event)


def _plain_label(text: str) -> QLabel:
    label = QLabel(breakable(text))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
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
        """Show one message; the same text is not shown twice, and the oldest goes when there are too many."""
        for old in self.toasts:
            if old.text == visible_text(text):
                old.dismiss()
        for old in self.toasts[: max(0, len(self.toasts) - MAX_TOASTS + 1)]:
            old.dismiss()
        toast = Toast(severity, text, detail, actions, self)
        if self._decorate is not None:
            self._decorate(toast)
        toast.destroyed.connect(self._later)
        self._layout.addWidget(toast)
        self.show()
        self.raise_()
        toast.show()
        self.place()
        if QGuiApplication.platformName() != "offscreen":
            QAccessible.updateAccessibility(QAccessibleEvent(toast, QAccessible.Event.Alert))
        return toast

    def _later(self) -> None:
        QTimer.singleShot(0, self, self.place)

    def place(self) -> None:
        """Sit in the lower right corner of the host, no wider than it."""
        if not self.toasts:
            self.hide()
            return
        host = self._host
        width = min(WIDTH, host.width() - 2 * MARGIN)
        self._layout.activate()
        height = (
            self._layout.totalHeightForWidth(width) if self._layout.hasHeightForWidth() else self.sizeHint().height()
        )
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
