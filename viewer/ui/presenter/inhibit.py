"""Keeps the screen awake and notifications away while something is presented; never fatal, and it says what it did.

Linux: the D-Bus interfaces of the desktop for screen saver [1] and notifications [2], else ``systemd-inhibit``.
The bus connection is one of its own: when it closes, or the program dies, the desktop takes everything back.
Windows: SetThreadExecutionState. macOS: ``caffeinate``.

[1] https://specifications.freedesktop.org/idle-inhibit-spec  [2] org.freedesktop.Notifications.Inhibit (Plasma)
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QProcess

APP, REASON = "Citiverse Viewer", "A city is being presented"
BUS_NAME = "citiverse-present"
BUS_TIMEOUT_MS = 800
END_MS = 1000
_ES_CONTINUOUS, _ES_SYSTEM, _ES_DISPLAY = 0x80000000, 0x1, 0x2

Call = Callable[[str, str, str, Sequence[Any]], bool]
"""Calls a D-Bus method (service, path, method, arguments) on the session bus; True if it answered without error."""

AWAKE = (
    ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("org.freedesktop.PowerManagement.Inhibit", "/org/freedesktop/PowerManagement/Inhibit"),
)
QUIET = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")


class Inhibitor(QObject):
    """Switches sleep and notifications off, and on again.

    Attributes:
        awake: True if the screen stays on.
        quiet: True if no notification appears.
    """

    def __init__(self, parent: QObject | None = None, call: Call | None = None, platform: str = sys.platform) -> None:
        super().__init__(parent)
        self._call, self._platform = call, platform
        self._child: QProcess | None = None
        self._bus = False
        self.awake = self.quiet = False

    @property
    def status(self) -> str:
        """What holds now, for the console; "" while nothing is to be told."""
        if self.awake and self.quiet:
            return "Screen stays on, notifications are off"
        if self.awake:
            return "Screen stays on; switch notifications off yourself"
        return "The screen may go to sleep: switch that off in the system's settings"

    def start(self) -> None:
        """Switch off what can be."""
        if self._platform.startswith("win"):
            self.awake = _keep_windows_awake(True)
        elif self._platform == "darwin":
            self.awake = self._run_child("caffeinate", ["-d", "-i", "-m", "cat"])
        else:
            self._use_bus()
            if not self.awake:
                words = ["--what=idle:sleep", f"--who={APP}", f"--why={REASON}", "--mode=block", "cat"]
                self.awake = self._run_child("systemd-inhibit", words)

    def stop(self) -> None:
        """Switch it all on again."""
        if self._platform.startswith("win") and self.awake:
            _keep_windows_awake(False)
        if self._child is not None:
            self._child.closeWriteChannel()  # cat ends with its input
            if not self._child.waitForFinished(END_MS):
                self._child.kill()
                self._child.waitForFinished(END_MS)
            self._child = None
        if self._bus:
            from PySide6.QtDBus import QDBusConnection

            QDBusConnection.disconnectFromBus(BUS_NAME)
            self._bus = False
        self.awake = self.quiet = False

    def _use_bus(self) -> None:
        call = self._call or self._bus_call()
        if call is None:
            return
        self.awake = any(call(service, path, "Inhibit", (APP, REASON)) for service, path in AWAKE)
        self.quiet = call(*QUIET, "Inhibit", ("citiverse", REASON, {}))

    def _bus_call(self) -> Call | None:
        try:
            from PySide6.QtDBus import QDBus, QDBusConnection, QDBusMessage
        except ImportError:
            return None
        bus = QDBusConnection.connectToBus(QDBusConnection.BusType.SessionBus, BUS_NAME)
        self._bus = True
        if not bus.isConnected():
            return None

        def call(service: str, path: str, method: str, arguments: Sequence[Any]) -> bool:
            message = QDBusMessage.createMethodCall(service, path, service, method)
            message.setArguments(list(arguments))
            answer = bus.call(message, QDBus.CallMode.Block, BUS_TIMEOUT_MS)
            return answer.type() == QDBusMessage.MessageType.ReplyMessage

        return call

    def _run_child(self, program: str, words: list[str]) -> bool:
        """Start a program that holds the lock while its input is open, so that it ends when this program does."""
        if shutil.which(program) is None:
            return False
        child = QProcess(self)
        child.start(program, words)
        # refused at once (no login session, as in a container) or running
        if not child.waitForStarted(END_MS) or child.waitForFinished(150):
            return False
        self._child = child
        return True


def _keep_windows_awake(on: bool) -> bool:
    import ctypes

    kernel = getattr(ctypes, "windll", None)
    if kernel is None:
        return False
    flags = _ES_CONTINUOUS | (_ES_SYSTEM | _ES_DISPLAY if on else 0)
    return bool(kernel.kernel32.SetThreadExecutionState(flags))
