from PySide6.QtCore import QMessageLogContext, QtMsgType

from viewer.ui import qt_messages


def test_only_the_line_about_size_hints_is_left_out(capsys, monkeypatch):
    said = []
    monkeypatch.setattr(qt_messages, "qFormatLogMessage", lambda kind, context, text: text)
    for text in (qt_messages.NOISE, "QPainter::begin: Paint device returned engine == 0"):
        qt_messages._write(QtMsgType.QtWarningMsg, QMessageLogContext(), text)
        said.append(text)
    assert capsys.readouterr().err == said[1] + "\n"


def test_other_platforms_keep_their_handler(qapp, monkeypatch):
    installed = []
    monkeypatch.setattr(qt_messages, "qInstallMessageHandler", installed.append)
    for platform, count in (("xcb", 0), ("offscreen", 1)):
        monkeypatch.setattr(qt_messages.QGuiApplication, "platformName", lambda p=platform: p)
        qt_messages.quieten()
        assert len(installed) == count
