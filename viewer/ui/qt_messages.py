"""What Qt itself says on standard error, without one line that tells nobody anything."""

from __future__ import annotations

import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qFormatLogMessage, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication

NOISE = "This plugin does not support propagateSizeHints()"
"""The "offscreen" platform says so for every window and menu; it has no window manager to tell sizes to."""


def quieten() -> None:
    """Leave out `NOISE` on the "offscreen" platform; all else is written as Qt writes it. After the application."""
    if QGuiApplication.platformName() == "offscreen":
        qInstallMessageHandler(_write)


def _write(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if text != NOISE and sys.stderr is not None:
        print(qFormatLogMessage(kind, context, text), file=sys.stderr)
