"""The program with a window: `run_app` puts session, theme and window together and runs until it is closed."""

from __future__ import annotations

import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSocketNotifier, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from loaders.worker import prepare_worker
from viewer.document.document import Document
from viewer.jobs.queue import JobQueue
from viewer.session.session import Session
from viewer.settings.settings import Settings
from viewer.ui import icons
from viewer.ui.crash import CrashWatch
from viewer.ui.desktop.start import PRODUCT
from viewer.ui.desktop.window import MainWindow
from viewer.ui.gl_format import install_format
from viewer.ui.pads import hub
from viewer.ui.presenter.console import Console
from viewer.ui.qt_messages import quieten
from viewer.ui.theme import ThemeChoice, ThemeManager, install_fonts

APP_ID = "citiverse"
WORKER_SECONDS = 1.5
"""After the window came: then a process is started that waits for the first file to read."""


def make_application(argv: Sequence[str] = ()) -> QApplication:
    """The `QApplication` as the canvas needs it, with name, icon and font. Call once, before any widget."""
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    install_format()
    app = QApplication([APP_ID, *argv])
    quieten()
    app.setApplicationName(APP_ID)
    app.setApplicationDisplayName(PRODUCT)
    app.setDesktopFileName(APP_ID)
    app.setWindowIcon(icons.app_icon())
    app.setStyle("Fusion")
    install_fonts(app)
    return app


def make_window(crash: CrashWatch | None = None) -> MainWindow:
    """A window over an empty document and the user's settings; not yet shown."""
    session = Session(Document(), JobQueue(), Settings())
    return MainWindow(session, crash=crash)


def run_app(paths: list[str], demo: bool = False) -> int:
    """Open the window, with these files or the demo town, and run until it is closed; returns the exit code."""
    app = make_application()
    crash = CrashWatch()
    crash.start()
    window = make_window(crash)
    window.show()
    prepare_worker(WORKER_SECONDS, keep=True)
    hub.begin(window.session.settings)
    QTimer.singleShot(0, window, lambda: _begin(window, crash, paths, demo))
    interrupt = _Interrupt(window)
    try:
        return app.exec()
    finally:
        interrupt.close()
        hub.end()
        crash.close()


def run_present(path: str, tour: str | None = None, minutes: int = 0, language: str = "") -> int:
    """Open the presenter's console over a project, and the audience's window on another screen; until it is ended."""
    app = make_application()
    session = Session(Document(), JobQueue(), Settings(), autosave=False)
    choice: ThemeChoice = str(session.settings.get("theme"))  # type: ignore[assignment]
    console = Console(session, ThemeManager(app, choice), tour=tour, minutes=minutes, language=language)
    console.showMaximized()  # a laptop has no room to give away
    hub.begin(session.settings)

    def begin() -> None:
        session.act("file.open", paths=(path,))
        console.start()

    QTimer.singleShot(0, console, begin)
    interrupt = _Interrupt(console)
    try:
        return app.exec()
    finally:
        interrupt.close()
        hub.end()
        console.close()
        session.close()


def _begin(window: MainWindow, crash: CrashWatch, paths: list[str], demo: bool) -> None:
    """What waits until the window is there."""
    for problem in window.session.settings.problems:
        window.shell.say("warning", problem)
    if crash.last_crash:
        window.feedback.crashed_before(crash.last_crash)
    window.offer_recovery()
    if demo:
        window.shell.run("demo.open")
    elif paths:
        window.files.open([Path(path) for path in paths])


class _Interrupt:
    """Ctrl-C in the terminal closes the window in an orderly way, while this is open.

    Python runs signal handlers only between its own instructions, so Qt's loop is woken through a socket.
    """

    def __init__(self, window: QWidget) -> None:
        self._near, self._far = socket.socketpair()
        for end in (self._near, self._far):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda *_: self._near.recv(16))
        self._old_fd = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._old = signal.signal(signal.SIGINT, lambda *_: window.close())

    def close(self) -> None:
        """Put everything back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        signal.signal(signal.SIGINT, self._old)
        self._near.close()
        self._far.close()
