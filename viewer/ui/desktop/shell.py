"""What every panel is given: the session, the theme's colours and icons, and one way to run a command."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor, QIcon
from PySide6.QtWidgets import QLabel, QToolButton, QWidget
from shiboken6 import isValid

from loaders.api import LoadError
from viewer.analysis.derived import derived
from viewer.session.registry import CommandError
from viewer.session.session import Session
from viewer.ui import icons
from viewer.ui.theme import Theme, ThemeManager
from viewer.ui.widgets.toast import ToastAction

ICON_PX = 20


class Shell(QObject):
    """Passed to every panel instead of the window, so that a panel can be tested alone.

    ``current`` is the id of the layer that the style panel shows, and whose legend goes before others': the one
    clicked, coloured or selected in last.

    Signals: message(severity, text, detail, actions); theme_changed(Theme); current_changed(layer id).
    """

    message = Signal(str, str, str, object)
    theme_changed = Signal(object)
    current_changed = Signal(str)

    def __init__(self, session: Session, themes: ThemeManager, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.themes = themes
        self._soon: list[Callable[[], object]] = []
        self._later = 0
        self._open = True
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(1)  # not 0: Qt would go on within the same turn
        self._turn.timeout.connect(self._do_next)
        self._painted: list[tuple[weakref.ref[QObject], Callable[[Any], None]]] = []
        self._known = [layer.id for layer in session.document.state.layers]
        self.current = self._known[-1] if self._known else ""
        themes.changed.connect(self._retheme)
        session.document.changed.connect(self._follow)

    def shut_down(self) -> None:
        """Leave session and themes, where those live longer than this; what was to be done later is not done."""
        if not self._open:
            return
        self._open = False
        self.session.document.changed.disconnect(self._follow)
        self.themes.changed.disconnect(self._retheme)
        self._soon.clear()
        self._turn.stop()

    @property
    def theme(self) -> Theme:
        """The colours in use."""
        return self.themes.theme

    def set_current(self, layer_id: str) -> None:
        """Make this the layer that the style panel shows."""
        if layer_id != self.current:
            self.current = layer_id
            self.current_changed.emit(layer_id)

    def _follow(self, changes: object) -> None:
        """A layer that came, was coloured or was selected in becomes the current one; one that went no longer is."""
        state = self.session.document.state
        ids = [layer.id for layer in state.layers]
        fresh = [i for i in ids if i not in self._known]
        self._known = ids
        parts: frozenset[str] = getattr(changes, "parts", frozenset())
        layers: frozenset[str] = getattr(changes, "layers", frozenset())
        chosen = state.selection.layer_id if "selection" in parts else None
        if "style" in parts and len(layers) == 1:
            (chosen,) = layers
        if chosen in ids:
            self.set_current(str(chosen))
        elif fresh:
            self.set_current(fresh[-1])
        elif self.current not in ids:
            self.set_current(ids[-1] if ids else "")

    def run(self, name: str, /, **args: Any) -> Any:
        """Run a command; what a user can cause to fail becomes a message and None is returned."""
        try:
            return self.session.run(name, **args)
        except (CommandError, LoadError) as error:
            self.say("error", str(error))
            return None

    def say(self, severity: str, text: str, detail: str = "", actions: Sequence[ToastAction] = ()) -> None:
        """Show a message that does not block; severity "info", "warning" or "error"."""
        self.message.emit(severity, text, detail, tuple(actions))

    def color(self, role: str) -> str:
        """A colour of the theme by its name, ``#rrggbb``."""
        return str(getattr(self.theme, role))

    def qcolor(self, role: str) -> QColor:
        """A colour of the theme as a `QColor`."""
        return QColor(self.color(role))

    def later(self, act: Callable[[], object]) -> None:
        """Do it when the widget that asked has finished with its own event."""

        def do() -> None:
            self._later -= 1
            if self._open:
                act()

        self._later += 1
        QTimer.singleShot(0, self, do)

    def soon(self, act: Callable[[], object]) -> None:
        """Do it in a later turn of Qt's loop, one act a turn, so that a window with much to show anew never stands
        still; once, however often it is asked for in the meantime."""
        if not self._open:
            return
        if act not in self._soon:
            self._soon.append(act)
        if not self._turn.isActive():
            self._turn.start()

    @property
    def idle(self) -> bool:
        """True if nothing that was asked for by `soon` or `later` is still to be done."""
        return not (self._soon or self._later)

    def refresh(self, panel: Callable[[], object], changes: object, of_interest: Set[str]) -> None:
        """Have a panel shown anew if a change of the document touches what it shows: soon where a city arrives, which
        much has to be shown of."""
        parts: frozenset[str] = getattr(changes, "parts", frozenset())
        if "cities" in parts & of_interest:
            self.soon(panel)
        elif parts & of_interest:
            panel()

    def _do_next(self) -> None:
        act = self._soon.pop(0)
        if self._soon:
            self._turn.start()
        act()

    def rows(self, layer_id: str | None, ids: Sequence[str]) -> npt.NDArray[np.int64]:
        """Rows of these object ids in a layer's table; ids that it lacks are left out."""
        city = self.session.document.cities.get(layer_id or "")
        if city is None or not ids:
            return np.empty(0, np.int64)
        return derived(city).rows_of(ids)

    def icon(self, name: str, role: str = "text") -> QIcon:
        """An icon in a colour of the theme."""
        return icons.icon(name, self.color(role), self.theme.disabled)

    def set_icon(self, target: Any, name: str, role: str = "text") -> None:
        """Give a button or action an icon that follows the theme."""
        self.paint(target, lambda t: t.setIcon(self.icon(name, role)))

    def set_pixmap(self, label: QLabel, name: str, size: int = ICON_PX, role: str = "text") -> None:
        """Show an icon on a label, following the theme."""

        def put(target: QLabel) -> None:
            color = "#000000" if name == "app" else self.color(role)
            target.setPixmap(icons.pixmap(name, color, size, max(1.0, target.devicePixelRatioF())))

        label.setFixedWidth(size)
        self.paint(label, put)

    def paint(self, target: Any, put: Callable[[Any], None]) -> None:
        """Call ``put(target)`` now and after every change of the theme, for as long as the target lives."""
        put(target)
        self._painted = [pair for pair in self._painted if pair[0]() is not target]
        self._painted.append((weakref.ref(target), put))

    def tool(self, icon: str, name: str, tip: str = "", parent: QWidget | None = None) -> QToolButton:
        """A flat button with an icon, an accessible name and a tooltip."""
        button = QToolButton(parent)
        button.setAutoRaise(True)
        button.setAccessibleName(name)
        button.setToolTip(tip or name)
        self.set_icon(button, icon)
        return button

    def _retheme(self, theme: Theme) -> None:
        alive = []
        for ref, put in self._painted:
            target = ref()
            if target is not None and isValid(target):
                put(target)
                alive.append((ref, put))
        self._painted = alive
        self.theme_changed.emit(theme)
