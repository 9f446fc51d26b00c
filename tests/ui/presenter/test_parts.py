from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QGuiApplication

from viewer.ui.presenter.inhibit import Inhibitor
from viewer.ui.presenter.parts import ClockCard, minutes_text
from viewer.ui.presenter.screens import ScreenInfo, Screens, projector
from viewer.ui.presenter.talk import TITLE, Talk

LAPTOP = ScreenInfo("laptop", QRect(0, 0, 1440, 900), 2.0)
BEAMER = ScreenInfo("beamer", QRect(1440, 0, 1920, 1080))
WALL = ScreenInfo("wall", QRect(3360, 0, 3840, 2160))
MIRROR = ScreenInfo("mirror", QRect(0, 0, 1440, 900))


@pytest.mark.parametrize(
    ("screens", "console", "wanted", "expected"),
    [
        ([], QPoint(10, 10), "", None),
        ([LAPTOP], QPoint(10, 10), "", None),
        ([LAPTOP, MIRROR], QPoint(10, 10), "", None),
        ([LAPTOP, BEAMER], QPoint(10, 10), "", BEAMER),
        ([LAPTOP, BEAMER], QPoint(2000, 10), "", LAPTOP),
        ([LAPTOP, BEAMER, WALL], QPoint(10, 10), "", WALL),
        ([LAPTOP, BEAMER, WALL], QPoint(10, 10), "beamer", BEAMER),
        ([LAPTOP, BEAMER], QPoint(10, 10), "wall", BEAMER),
        ([LAPTOP, BEAMER], QPoint(-9000, 10), "", BEAMER),
    ],
)
def test_projector(screens: list[ScreenInfo], console: QPoint, wanted: str, expected: ScreenInfo | None) -> None:
    assert projector(screens, console, wanted) == expected


def test_screens_pass_on_what_the_desktop_tells(qtbot: Any, qapp: Any) -> None:
    screens, told = Screens(), []
    assert [info.name for info in screens.all()] == [screen.name() for screen in QGuiApplication.screens()]
    screens.changed.connect(lambda: told.append(1))
    first = QGuiApplication.screens()[0]
    qapp.screenRemoved.emit(first)
    assert told == [1], "at once"
    qapp.screenAdded.emit(first)
    qtbot.waitUntil(lambda: len(told) == 2)
    screens.close()
    qapp.screenRemoved.emit(first)
    assert len(told) == 2


def test_minutes() -> None:
    assert [minutes_text(s) for s in (0, 65, 3729, -30, -0.4)] == ["0:00", "1:05", "1:02:09", "\u22120:30", "0:00"]


def test_clock(qtbot: Any, shell: Any) -> None:
    now = [100.0]
    card = ClockCard(shell, 10, lambda: now[0])
    qtbot.addWidget(card)
    assert card.gone.text() == "0:00" and card.left.text() == "10:00 left"
    card.begin()
    now[0] += 590.0
    card.refresh()
    assert (card.gone.text(), card.left.text()) == ("9:50", "0:10 left")
    now[0] += 15.0
    card.refresh()
    assert card.left.text() == "0:05 over"
    card.begin()
    assert card.seconds == 605.0
    card.begin(anew=True)
    assert card.gone.text() == "0:00"
    card.planned.setValue(0)
    assert card.left.isHidden()


def test_inhibit_by_the_desktop(qapp: Any) -> None:
    asked: list[str] = []

    def call(service: str, path: str, method: str, arguments: Any) -> bool:
        asked.append(service)
        return service != "org.freedesktop.ScreenSaver"

    inhibitor = Inhibitor(call=call, platform="linux")
    inhibitor.start()
    assert inhibitor.awake and inhibitor.quiet and "notifications are off" in inhibitor.status
    assert asked == [
        "org.freedesktop.ScreenSaver",
        "org.freedesktop.PowerManagement.Inhibit",
        "org.freedesktop.Notifications",
    ]
    inhibitor.stop()
    assert not inhibitor.awake and not inhibitor.quiet


DESKTOP = """
import sys
from PySide6.QtCore import QCoreApplication
from PySide6.QtDBus import QDBusConnection, QDBusVirtualObject

class Desktop(QDBusVirtualObject):
    def introspect(self, path):
        return ""
    def handleMessage(self, message, connection):
        print(message.path(), message.interface(), message.member(), message.signature(), flush=True)
        return connection.send(message.createReply([7]))

app, bus, desktop = QCoreApplication([]), QDBusConnection.sessionBus(), Desktop()
bus.registerVirtualObject("/", desktop, QDBusConnection.VirtualObjectRegisterOption.SubPath)
for name in ("org.freedesktop.ScreenSaver", "org.freedesktop.Notifications"):
    bus.registerService(name)
print("ready", flush=True)
app.exec()
"""


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A session bus of its own with a desktop on it, which tells what it is asked."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon")
    words = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    bus = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert bus.stdout is not None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.stdout.readline().strip())
    service = subprocess.Popen([sys.executable, "-c", DESKTOP], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None and service.stdout.readline().strip() == "ready"
    yield service
    for child in (service, bus):
        child.terminate()
        child.wait(60)
        assert child.stdout is not None
        child.stdout.close()


PRESENTER = """
from PySide6.QtCore import QCoreApplication
from viewer.ui.presenter.inhibit import Inhibitor
app, inhibitor = QCoreApplication([]), Inhibitor(platform="linux")
inhibitor.start()
print(inhibitor.awake, inhibitor.quiet)
inhibitor.stop()
"""


def test_inhibit_on_a_real_bus(desktop: Any) -> None:
    """In a process of its own: which bus is meant is settled once for each."""
    done = subprocess.run([sys.executable, "-c", PRESENTER], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["True", "True"], done.stderr
    told = [desktop.stdout.readline().split() for _ in range(2)]
    assert told == [
        ["/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver", "Inhibit", "ss"],
        ["/org/freedesktop/Notifications", "org.freedesktop.Notifications", "Inhibit", "ssa{sv}"],
    ]


def test_inhibit_by_a_child_that_ends_with_us(qapp: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemd-inhibit"
    program.write_text("#!/bin/sh\nexec cat\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    inhibitor = Inhibitor(call=lambda *_: False, platform="linux")
    inhibitor.start()
    assert inhibitor.awake and not inhibitor.quiet and "yourself" in inhibitor.status
    inhibitor.stop()
    assert not inhibitor.awake


def test_inhibit_that_is_refused_is_only_told(qapp: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "systemd-inhibit"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    for platform in ("linux", "win32"):
        inhibitor = Inhibitor(platform=platform)
        inhibitor.start()
        assert not inhibitor.awake and "may go to sleep" in inhibitor.status
        inhibitor.stop()


def test_a_talk_holds_each_step(session: Any) -> None:
    talk = Talk(session)
    assert talk.name == "Walk" and talk.languages == ("en", "nl") and talk.following is talk.slides[0]
    assert talk.slides[0].notes == "Smile." and talk.slides[0].text("nl") == "Kijk hier"
    assert talk.slides[1].camera is None
    talk.go(0)
    assert session.player.kind == "tour" and session.player.timeline.title == TITLE
    talk.tick()
    assert not talk.playing and session.player.active, "held without ticking"
    session.run("view.orbit", dx=30.0, dy=0.0)
    moved = session.camera
    talk.again()
    assert session.camera != moved and session.camera == talk.slides[0].camera
    session.run("tour.remove", name="Walk")
    assert talk.name == "" and [slide.name for slide in talk.slides] == ["front", "side"]
    talk.go(7)
    assert talk.index == 0
    talk.close()
    assert not session.player.active
