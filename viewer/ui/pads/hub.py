"""Reads gamepads and SpaceMice for the window, and only then: a program without such a device looks for one when its
input devices change, and one with a device that lies still asks it twenty times a second while the window is in use.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from viewer.session.pads import PadState, SpaceState
from viewer.settings.settings import Settings
from viewer.ui.pads.gamepad import Gamepads
from viewer.ui.pads.spacemouse import SpaceMice
from viewer.ui.walk_input import WalkControl, shown_control

BEGIN_MS = 1500
"""The window comes first."""
MOVING_MS, STILL_MS = 16, 50
AWAKE_SECONDS = 2.0
"""After the last movement a device is asked often for so long."""
LOOK_AGAIN_MS = (150, 600, 2000)
"""After a change of the input devices: their rights and the thread that imports SDL take a moment."""
OTHER_SYSTEMS_MS = 5000
"""Where the system tells no changes."""
WATCHED = ("/dev/input", "/dev")


class PadHub(QObject):
    """Finds devices, reads them, and gives what they say to the picture on show.

    Signals: devices_changed(): one came or went; fed(PadState, SpaceState): what they say, after a change.

    Attributes: pads, mice: the devices; testing: what they say goes to whoever shows it (`fed`), and moves nobody.
    """

    devices_changed = Signal()
    fed = Signal(object, object)

    def __init__(
        self,
        settings: Settings,
        pads: Gamepads | None = None,
        mice: SpaceMice | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent or QApplication.instance())
        self._settings = settings
        self.pads, self.mice = pads or Gamepads(), mice or SpaceMice()
        self.testing = False
        self._names: tuple[str, ...] = ()
        self._control: WalkControl | None = None
        self._said = PadState(), SpaceState()
        self._moved = 0.0
        self._in_use, self._block = True, False
        self._watcher: QFileSystemWatcher | None = None
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._read)
        self._again = [QTimer(self, singleShot=True, interval=ms) for ms in LOOK_AGAIN_MS]
        self._slow = QTimer(self, interval=OTHER_SYSTEMS_MS)
        for timer in (*self._again, self._slow):
            timer.timeout.connect(self.look)
        settings.changed.connect(self._setting_changed)

    # --- finding -----------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The devices that can be used."""
        return self._names

    @property
    def problems(self) -> tuple[str, ...]:
        """Why a device that is there, or may be, cannot be used; one line each."""
        return tuple(text for text in (self.pads.problem, self.mice.problem) if text)

    @property
    def reading(self) -> bool:
        """True while devices are asked what they say."""
        return self._clock.isActive()

    def start(self) -> None:
        """Look for devices soon, and whenever they may have changed."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.applicationStateChanged.connect(self._state_changed)
        self._in_use = app.applicationState() == Qt.ApplicationState.ApplicationActive
        if sys.platform.startswith("linux"):
            self._watcher = QFileSystemWatcher([path for path in WATCHED if Path(path).is_dir()], self)
            self._watcher.directoryChanged.connect(lambda _path: self.look_soon())
        else:
            self._slow.start()
        QTimer.singleShot(BEGIN_MS, self, self.look_soon)

    def look_soon(self) -> None:
        """Look for devices a few times from now on."""
        for timer in self._again:
            timer.start()

    def look(self) -> None:
        """Look for devices now."""
        if self._settings.get("pad_use"):
            self.pads.look()
            self.mice.look()
        self._told()

    def stop(self) -> None:
        """Leave the devices."""
        self._settings.changed.disconnect(self._setting_changed)
        for timer in (self._clock, self._slow, *self._again):
            timer.stop()
        self._let_go()
        self.pads.close()
        self.mice.close()
        self._names = ()

    def _told(self) -> None:
        """Devices may have come or gone."""
        names = *self.pads.names, *self.mice.names
        if names != self._names:
            gone, self._names = len(names) < len(self._names), names
            if gone:
                self._let_go()
            self.devices_changed.emit()
        self._run()

    def _run(self) -> None:
        """Read while there is something to read and somebody to read it for."""
        if not self._names or not self._in_use:
            self._clock.stop()
        elif not self._clock.isActive():
            self._clock.start(STILL_MS)

    def _setting_changed(self, name: str) -> None:
        if name == "pad_use":
            if not self._settings.get(name):
                self.pads.close()
                self.mice.close()
                self._told()
            else:
                self.look_soon()

    def _state_changed(self, state: Qt.ApplicationState) -> None:
        """Another program has the focus: nothing moves; back here, what is still pushed has to be let go first."""
        self._in_use = state == Qt.ApplicationState.ApplicationActive
        if not self._in_use:
            self._let_go(block=True)
        elif self._watcher is None:
            self.look_soon()
        self._run()

    # --- reading -----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        pad, space = self.pads.read(), self.mice.read()
        if len(self.pads.names) + len(self.mice.names) != len(self._names):
            self._told()
        said = pad or PadState(), space or SpaceState()
        if said != self._said:
            self._moved, self._said = time.monotonic(), said
            self.fed.emit(*said)
        interval = MOVING_MS if time.monotonic() - self._moved < AWAKE_SECONDS else STILL_MS
        if self._clock.isActive() and self._clock.interval() != interval:
            self._clock.setInterval(interval)
        if interval == MOVING_MS or said != _NOTHING:
            self._give(*said)

    def _give(self, pad: PadState, space: SpaceState) -> None:
        """To the picture on show; a dialog or menu in front of it keeps it still."""
        control = shown_control()
        covered = QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None
        if self.testing or covered or control is None:
            self._let_go(block=True)
            return
        if control is not self._control:
            self._let_go()
            self._control = control
        if self._block:
            self._block = False
            control.pilot.rest(block=True)
        control.feed(pad, space)

    def _let_go(self, *, block: bool = False) -> None:
        """Whoever was moved stands still; ``block``: until everything has been let go once."""
        if self._control is not None:
            self._control.pilot.rest()
            self._control = None
        self._block = self._block or block


_NOTHING = PadState(), SpaceState()
_SHARED: list[PadHub] = []


def begin(settings: Settings) -> PadHub:
    """Look for devices for as long as the program runs; one hub for all windows."""
    end()
    hub = PadHub(settings)
    _SHARED.append(hub)
    hub.start()
    return hub


def shared() -> PadHub | None:
    """The program's hub; None in a program that has begun none."""
    return _SHARED[0] if _SHARED else None


def end() -> None:
    """Leave all devices: the program ends."""
    while _SHARED:
        _SHARED.pop().stop()
