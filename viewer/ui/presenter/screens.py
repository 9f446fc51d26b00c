"""Which screens there are and which of them is the projector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, QRect, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen, QWindow

SETTLE_MS = 200
"""A desktop that gains or loses a screen moves its windows for a moment."""


@dataclass(frozen=True, slots=True)
class ScreenInfo:
    """A screen as it is now. ``area`` in logical pixels of the desktop; ``ratio``: device pixels for each of them."""

    name: str
    area: QRect
    ratio: float = 1.0

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height in device pixels."""
        return round(self.area.width() * self.ratio), round(self.area.height() * self.ratio)

    @property
    def title(self) -> str:
        """For menus."""
        return f"{self.name} ({self.pixels[0]} \u00d7 {self.pixels[1]})"


def projector(screens: Sequence[ScreenInfo], console: QPoint, wanted: str = "") -> ScreenInfo | None:
    """The screen for the audience: the one asked for, else the largest without the console; None if there is none.

    ``console`` is the middle of the console's window. A screen with the same area as the console's mirrors it.
    """
    own = next((screen for screen in screens if screen.area.contains(console)), screens[0] if screens else None)
    others = [screen for screen in screens if own is not None and screen.area != own.area]
    for screen in others:
        if screen.name == wanted:
            return screen
    return max(others, key=lambda screen: screen.pixels[0] * screen.pixels[1], default=None)


class Screens(QObject):
    """The screens of the desktop.

    Signals: changed(): a screen came, went or has another size.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.changed)
        self._watched: set[str] = set()
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self._came)
        app.screenRemoved.connect(self._went)
        for screen in QGuiApplication.screens():
            self._watch(screen)

    def all(self) -> list[ScreenInfo]:
        """The screens of now."""
        return [
            ScreenInfo(screen.name(), screen.geometry(), screen.devicePixelRatio())
            for screen in QGuiApplication.screens()
        ]

    def close(self) -> None:
        """Stop listening."""
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.disconnect(self._came)
        app.screenRemoved.disconnect(self._went)
        self._settle.stop()

    def _watch(self, screen: QScreen) -> None:
        screen.geometryChanged.connect(self._settle.start)

    def _came(self, screen: QScreen) -> None:
        self._watch(screen)
        self._settle.start()

    def _went(self, _screen: QScreen) -> None:
        # at once: what was on it must not jump onto another screen first
        self.changed.emit()
        self._settle.start()


def put_on(window: QWindow | None, info: ScreenInfo) -> None:
    """Tie a window to a screen, where the desktop does not go by positions (Wayland)."""
    for screen in QGuiApplication.screens():
        if window is not None and screen.name() == info.name and screen.geometry() == info.area:
            window.setScreen(screen)
