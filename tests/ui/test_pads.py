"""Gamepads and SpaceMice without any: SDL's own virtual gamepad, reports as a SpaceMouse sends them, the window.

No real device has been used here; the layouts of real gamepads are SDL's, the reports are those of the USB descriptors.
"""

import ctypes
import struct
import sys
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from loaders.api import LoadResult
from viewer.document.state import LayerState
from viewer.session import navigation
from viewer.session.pads import BUTTONS, PadState, SpaceState
from viewer.ui.canvas import OffscreenCanvas
from viewer.ui.desktop.pad_card import NOTHING, PadCard
from viewer.ui.desktop.stage import Stage
from viewer.ui.pads import hub as hubs
from viewer.ui.pads.found import examine
from viewer.ui.pads.gamepad import Gamepads, import_sdl, linux_gamepads
from viewer.ui.pads.hub import PadHub
from viewer.ui.pads.legend import button_name, pad_keys, space_keys
from viewer.ui.pads.spacemouse import Found, SpaceMice, decode, linux_devices, other_devices

towns = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "walk_town.py")))


# --- SpaceMouse: reports -----------------------------------------------------------------------------------------


def report(kind, *values):
    return bytes([kind]) + struct.pack(f"<{len(values)}h", *values)


def test_reports_of_older_and_newer_devices_say_the_same():
    older = decode(report(2, 70, 140, -350), decode(report(1, 350, -175, -35), SpaceState()))
    newer = decode(report(1, 350, -175, -35, 70, 140, -350), SpaceState())
    assert older == newer == SpaceState(1.0, 0.5, 0.1, 0.2, -0.4, 1.0)
    assert decode(bytes([3, 0b101, 0b10]), older).buttons == {0, 2, 9}
    assert decode(bytes([3, 0, 0]), older).buttons == frozenset()


@pytest.mark.parametrize("junk", [b"", b"\x01", b"\x01\x02\x03", b"\x17\x64", b"\x02" + b"\xff" * 3, b"\xff" * 64])
def test_other_reports_change_nothing(junk):
    state = SpaceState(0.1, 0.2)
    assert decode(junk, state) == state
    assert decode(report(1, 32767, -32768, 0), state).right == 1.0


class FakeDevice:
    """A device of hidapi: reports to be read, or an error as after unplugging."""

    def __init__(self):
        self.reports, self.closed, self.gone = [], False, False

    def open_path(self, path):
        if path == b"locked":
            raise OSError("open failed")

    def set_nonblocking(self, on):
        assert on == 1

    def read(self, size):
        if self.gone:
            raise OSError("read error")
        return list(self.reports.pop(0)) if self.reports else []

    def close(self):
        self.closed = True


class FakeMice(SpaceMice):
    """SpaceMice with one fake device and a clock of its own."""

    def __init__(self, *found):
        self.here, self.made, self.now = list(found or (Found("SpaceMouse Compact", b"one"),)), [], 0.0
        super().__init__(lambda: self.here, SimpleNamespace(device=self._make), lambda: self.now)

    def _make(self):
        self.made.append(FakeDevice())
        return self.made[-1]


def test_a_space_mouse_is_read_until_it_is_unplugged():
    mice = FakeMice()
    assert mice.read() is None
    mice.look()
    mice.look()
    assert mice.names == ("SpaceMouse Compact",) and len(mice.made) == 1
    device = mice.made[0]
    device.reports += [report(1, 0, -350, 0), report(2, 0, 0, 175), bytes([3, 1])]
    assert mice.read() == SpaceState(forward=1.0, yaw=-0.5, buttons=frozenset({0}))
    device.gone = True
    assert mice.read() is None and mice.names == () and device.closed


def test_a_cap_that_says_nothing_any_more_moves_nobody():
    mice = FakeMice()
    mice.look()
    mice.made[0].reports.append(report(1, 350, 0, 0))
    assert mice.read().right == 1.0
    mice.now = 0.9
    assert mice.read().right == 1.0
    mice.now = 1.1  # switched off or out of reach while it was pushed
    assert mice.read() == SpaceState()


def test_a_space_mouse_that_may_not_be_read_says_what_to_do():
    mice = FakeMice(Found("SpaceMouse Pro", b"/dev/hidraw0", usable=False))
    mice.look()
    assert mice.names == () and "udev" in mice.problem and "\n" not in mice.problem
    locked = FakeMice(Found("SpaceMouse Pro", b"locked"))
    locked.look()
    assert locked.problem == "SpaceMouse Pro cannot be read: open failed"


def test_the_kernel_is_asked_which_there_are(tmp_path):
    def add(number, hid_id, name, descriptor):
        folder = tmp_path / "class" / f"hidraw{number}" / "device"
        folder.mkdir(parents=True)
        (folder / "uevent").write_text(f"DRIVER=hid-generic\nHID_ID={hid_id}\nHID_NAME={name}\n")
        (folder / "report_descriptor").write_bytes(descriptor)
        (tmp_path / f"hidraw{number}").touch()

    multi_axis, keyboard = bytes((5, 1, 9, 8, 0xA1, 1)), bytes((5, 1, 9, 6, 0xA1, 1))
    add(0, "0003:0000256F:0000C635", "3Dconnexion SpaceMouse Compact", multi_axis)
    add(1, "0003:0000256F:0000C652", "3Dconnexion Universal Receiver", keyboard)
    add(2, "0003:0000046D:0000C31C", "Logitech Keyboard", keyboard)
    add(3, "nonsense", "Broken", multi_axis)
    (tmp_path / "class" / "hidraw4").mkdir()
    found = linux_devices(tmp_path / "class", tmp_path)
    assert [(f.name, f.usable) for f in found] == [("3Dconnexion SpaceMouse Compact", True)]
    (tmp_path / "hidraw0").unlink()
    assert [f.usable for f in linux_devices(tmp_path / "class", tmp_path)] == [False]
    assert linux_devices(tmp_path / "none") == []


def test_other_systems_list_by_usage():
    entry = {"vendor_id": 0x256F, "usage_page": 1, "usage": 8, "path": b"p", "product_string": "SpaceMouse"}
    listed = [entry, {**entry, "usage": 6}, {**entry, "vendor_id": 1}]
    assert other_devices(SimpleNamespace(enumerate=lambda: listed)) == [Found("SpaceMouse", b"p")]


# --- gamepad: SDL's virtual one ------------------------------------------------------------------------------------


class VirtualPad:
    """A gamepad that SDL makes itself: everything but the wire."""

    def __init__(self):
        self.sdl = import_sdl()
        self.pads = Gamepads(lambda: True)
        assert self.pads.look(wait=True) and self.pads.names == ()
        self.plug()

    def plug(self):
        kind = self.sdl.SDL_JOYSTICK_TYPE_GAMECONTROLLER
        self.index = self.sdl.SDL_JoystickAttachVirtual(kind, 6, 21, 0)
        assert self.index >= 0
        self.device = self.sdl.SDL_JoystickOpen(self.index)

    def unplug(self):
        self.sdl.SDL_JoystickClose(self.device)
        assert self.sdl.SDL_JoystickDetachVirtual(self.index) == 0

    def push(self, axis, value):
        self.sdl.SDL_JoystickSetVirtualAxis(self.device, axis, ctypes.c_short(round(value * 32767)).value)

    def press(self, button, down=True):
        self.sdl.SDL_JoystickSetVirtualButton(self.device, button, int(down))

    def close(self):
        if self.sdl.SDL_NumJoysticks():
            self.unplug()
        self.pads.close()


@pytest.fixture
def virtual():
    made = VirtualPad()
    yield made
    made.close()


def test_a_gamepad_is_found_read_and_lost(virtual):
    pads = virtual.pads
    assert pads.read() is None
    pads.look()
    assert len(pads.names) == 1 and pads.style == "xbox" and pads.problem == ""
    for axis in (4, 5):
        virtual.push(axis, -1.0)  # a trigger at rest
    assert pads.read() == PadState()
    virtual.push(0, 0.5)
    virtual.push(1, -1.0)
    virtual.push(3, 1.0)
    virtual.push(5, 1.0)
    virtual.press(0)
    virtual.press(13)
    state = pads.read()
    assert state.axes == pytest.approx((0.5, 1.0, 0.0, -1.0, 0.0, 1.0), abs=0.01)
    assert state.buttons == {"a", "left"}
    virtual.unplug()
    assert pads.read() is None and pads.names == ()
    virtual.plug()
    pads.look()
    assert len(pads.names) == 1


def test_every_button_has_its_name(virtual):
    virtual.pads.look()
    seen = []
    for number in range(15):
        virtual.press(number)
        (name,) = virtual.pads.read().buttons
        virtual.press(number, False)
        seen.append(name)
    assert sorted(seen) == sorted(BUTTONS)


def test_nothing_is_imported_before_a_device_may_be_there():
    asked = []
    pads = Gamepads(lambda: bool(asked.append(1)))
    assert pads.look() and asked == [1] and pads._loading is None and pads._sdl is None
    assert pads.read() is None
    pads.close()


def test_linux_shows_joysticks(tmp_path):
    assert not linux_gamepads(tmp_path / "none")
    (tmp_path / "event0").touch()
    assert not linux_gamepads(tmp_path)
    (tmp_path / "by-id").mkdir()
    (tmp_path / "by-id" / "usb-Pad-event-joystick").touch()
    assert linux_gamepads(tmp_path)


def test_without_the_packages_there_is_a_remedy(monkeypatch):
    for name in ("sdl2", "hid"):
        monkeypatch.setitem(sys.modules, name, None)
    report_ = examine(Gamepads(lambda: True), SpaceMice(lambda: [Found("SpaceMouse", b"p")]))
    assert report_["gamepads"] == report_["spacemice"] == []
    assert len(report_["problems"]) == 2 and all("Remedy: pip install" in text for text in report_["problems"])
    assert all("\n" not in text for text in report_["problems"])


def test_the_doctor_names_what_is_there(virtual):
    report_ = examine(virtual.pads, FakeMice())
    assert len(report_["gamepads"]) == 1 and report_["spacemice"] == ["SpaceMouse Compact"]
    assert report_["problems"] == [] and all(report_["libraries"].values())


def test_words_for_the_buttons():
    assert button_name("a", "xbox") == "A" and button_name("a", "playstation") == "Cross"
    assert ("L1 R1", "viewpoints") in pad_keys("orbit", "playstation")
    assert all(pad_keys(mode, "nintendo") and space_keys(mode) for mode in ("walk", "fly", "orbit"))


# --- the window ----------------------------------------------------------------------------------------------------


class FakePads:
    """Gamepads whose state a test sets; ``state`` None = unplugged."""

    def __init__(self):
        self.state, self.problem, self.style, self.closed, self.reads = None, "", "xbox", False, 0

    @property
    def names(self):
        return ("Test pad",) if self.state is not None and not self.closed else ()

    def look(self):
        self.closed = False

    def read(self):
        self.reads += 1
        return self.state

    def close(self):
        self.closed = True


@pytest.fixture
def town():
    made = towns.Town()
    made.terrain(-100, -100, 100, 100, lambda x, y: 0.0, step=10.0)
    made.box(-5, -5, 5, 5, -1, 12)
    return made


@pytest.fixture
def stage(qtbot, shell, session, town):
    with session.document.change("Open") as edit:
        edit.add_city(LayerState("a", "town", "/town.json"), LoadResult(town.city(), "CityJSON", "2.0"))
    made = Stage(shell, OffscreenCanvas(session))
    made.resize(900, 600)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    session.settings.set("reduce_motion", True)
    session.move_camera(navigation.looking(town.at(-30, -20, 30), 0.0, -20.0, 20.0, 40.0))
    yield made
    made.walk.close()
    made.canvas.close()


@pytest.fixture
def hub(qtbot, session):
    made = PadHub(session.settings, FakePads(), FakeMice())
    made.pads.state = PadState()
    made.mice.here = []
    hubs._SHARED.append(made)
    yield made
    hubs.end()
    assert not made.reading and made.pads.closed


def read_twice(qtbot, hub):
    """Until what the devices say now has been read and passed on."""
    reads = hub.pads.reads
    qtbot.waitUntil(lambda: hub.pads.reads >= reads + 2)


pytest_gui = pytest.mark.gui


@pytest_gui
def test_a_gamepad_walks_and_unplugging_it_stops(qtbot, stage, hub, session, town):
    session.run("view.walk", position=town.at(-30, -20))
    hub.look()
    assert hub.names == ("Test pad",) and hub.reading
    hub.pads.state = PadState(left_y=1.0)
    qtbot.waitUntil(lambda: town.local(session.camera.position)[0] > -29.7)
    hub.pads.state = None  # pulled out while the stick is pushed
    qtbot.waitUntil(lambda: not stage.canvas.walk.running)
    assert hub.names == () and not hub.reading
    before = session.camera
    qtbot.wait(150)
    assert session.camera == before
    hub.pads.state = PadState(left_y=1.0)
    hub.look()
    qtbot.waitUntil(lambda: session.camera != before)


@pytest_gui
def test_a_gamepad_turns_the_model_and_the_clock_stops(qtbot, stage, hub, session):
    hub.look()
    before = session.camera
    hub.pads.state = PadState(right_x=1.0)
    qtbot.waitUntil(lambda: session.camera != before)
    hub.pads.state = PadState()
    qtbot.waitUntil(lambda: not stage.canvas.walk.running)


@pytest_gui
def test_a_space_mouse_flies(qtbot, stage, hub, session):
    session.run("view.fly")
    hub.pads.state = None
    hub.mice.here = [Found("SpaceMouse Compact", b"one")]
    hub.look()
    start = session.camera.position
    hub.mice.made[0].reports.append(report(1, 0, 0, -350))
    qtbot.waitUntil(lambda: session.camera.position[2] > start[2] + 0.5)
    assert stage.canvas.walk.device == "space" and "Push, lift: fly" in stage.walk.keys.accessibleName()
    hub.mice.made[0].gone = True
    qtbot.waitUntil(lambda: not stage.canvas.walk.running and not hub.reading)


@pytest_gui
def test_another_program_in_front_stops_all(qtbot, stage, hub, session, town):
    session.run("view.walk", position=town.at(-30, -20))
    hub.look()
    hub.pads.state = PadState(left_y=1.0)
    qtbot.waitUntil(lambda: stage.canvas.walk.running)
    hub._state_changed(Qt.ApplicationState.ApplicationInactive)
    reads = hub.pads.reads
    qtbot.waitUntil(lambda: not stage.canvas.walk.running)
    before = session.camera
    qtbot.wait(120)
    assert session.camera == before and hub.pads.reads == reads and not hub.reading
    hub._state_changed(Qt.ApplicationState.ApplicationActive)
    read_twice(qtbot, hub)  # still pushed: it has to be let go first
    assert hub.reading and session.camera == before
    hub.pads.state = PadState()
    read_twice(qtbot, hub)
    hub.pads.state = PadState(left_y=1.0)
    qtbot.waitUntil(lambda: session.camera != before)


@pytest_gui
def test_nothing_moves_behind_a_dialog_and_on_the_start_page(qtbot, stage, hub, session):
    hub.look()
    dialog = QDialog(stage)
    dialog.setModal(True)
    dialog.show()
    before = session.camera
    hub.pads.state = PadState(right_x=1.0)
    read_twice(qtbot, hub)
    qtbot.wait(50)
    assert session.camera == before
    dialog.close()
    hub.pads.state = PadState()
    stage.show_start(True)
    read_twice(qtbot, hub)
    hub.pads.state = PadState(right_x=1.0, buttons=frozenset({"start"}))
    read_twice(qtbot, hub)
    qtbot.wait(50)
    assert session.camera == before
    dialog.deleteLater()


@pytest_gui
def test_an_idle_pad_is_asked_seldom_and_none_never(qtbot, stage, hub):
    hub.look()
    hub._moved = -100.0
    hub._read()
    assert hub._clock.interval() == hubs.STILL_MS and not stage.canvas.walk.running
    hub.pads.state = PadState(left_x=0.5)
    hub._read()
    assert hub._clock.interval() == hubs.MOVING_MS
    hub.pads.state = None
    hub._read()
    assert not hub.reading
    stage._shell.session.settings.set("pad_use", False)
    hub.pads.state = PadState()
    hub.look()
    assert hub.pads.closed or not hub.reading


@pytest_gui
def test_the_legend_shows_what_is_in_the_hand(qtbot, stage, hub, session, town):
    session.run("view.walk", position=town.at(-30, -20))
    hub.look()
    keys, control = stage.walk.keys, stage.canvas.walk
    assert "W A S D: walk" in keys.accessibleName() and not stage.walk.reticle.isVisible()
    hub.pads.state = PadState(right_x=1.0)
    qtbot.waitUntil(lambda: control.device == "pad")
    assert "Left stick: walk" in keys.accessibleName() and keys.isVisible() and stage.walk.reticle.isVisible()
    hub.pads.state = PadState()
    qtbot.waitUntil(lambda: not control.running)
    QTest.keyClick(stage.canvas, Qt.Key.Key_Q)
    assert control.device == "keys" and "W A S D: walk" in keys.accessibleName()
    assert not stage.walk.reticle.isVisible()
    session.run("view.orbit_mode")
    assert not keys.isVisible()
    hub.pads.state = PadState(right_x=1.0)
    qtbot.waitUntil(lambda: control.device == "pad")
    assert keys.isVisible() and "Right stick: turn" in keys.accessibleName()


@pytest_gui
def test_messages_do_not_cover_the_keys(qtbot, stage, session, town):
    stage.resize(900, 600)
    session.run("view.walk", position=town.at(-30, -20))
    toast = stage.toasts.show_message("warning", "A long message about something that went wrong while walking")
    qtbot.waitUntil(lambda: stage.toasts.height() > 10)
    keys = stage.walk.keys
    assert keys.isVisible() and not keys.geometry().intersects(stage.toasts.geometry())
    keys.dismiss()
    assert stage.toasts.geometry().bottom() > keys.geometry().bottom() - 60
    toast.dismiss()


@pytest_gui
def test_the_preferences_try_devices_and_move_nothing(qtbot, stage, hub, session, shell):
    hub.look()
    host = QWidget()
    rows = QVBoxLayout(host)
    card = PadCard(shell)
    rows.addWidget(card)
    qtbot.addWidget(host)
    host.show()
    qtbot.waitExposed(host)
    assert card.names.text() == "Test pad" and hub.testing and card.face.isVisible()
    before = session.camera
    quiet = card.face.grab().toImage()
    hub.pads.state = PadState(left_x=1.0, right_trigger=1.0, buttons=frozenset({"x"}))
    qtbot.waitUntil(lambda: card.face.words == "X")
    assert session.camera == before and card.face.grab().toImage() != quiet
    accent = QColor(shell.color("accent"))
    image = card.face.grab().toImage()
    ratio = image.devicePixelRatio()
    assert image.pixelColor(round(53 * ratio), round(42 * ratio)) == accent  # the stick is at its right end
    hub.pads.state = None
    qtbot.waitUntil(lambda: card.names.text() == NOTHING)
    host.hide()
    assert not hub.testing


@pytest_gui
def test_a_device_plugged_in_is_found_without_being_asked_for(qtbot, qapp, session, tmp_path, monkeypatch):
    monkeypatch.setattr(hubs, "WATCHED", (str(tmp_path), str(tmp_path / "none")))
    monkeypatch.setattr(hubs, "BEGIN_MS", 1)
    monkeypatch.setattr(hubs.sys, "platform", "linux")
    made = PadHub(session.settings, FakePads(), FakeMice())
    made.mice.here = []
    changes = []
    made.devices_changed.connect(lambda: changes.append(made.names))
    made.start()
    qtbot.wait(50)
    assert changes == [] and not made.reading
    made.pads.state = PadState()
    (tmp_path / "js0").touch()
    qtbot.waitUntil(lambda: changes == [("Test pad",)])
    session.settings.set("pad_use", False)
    assert changes[-1] == () and not made.reading
    session.settings.set("pad_use", True)
    qtbot.waitUntil(lambda: changes[-1] == ("Test pad",))
    made.stop()
    assert made.names == ()
    made.deleteLater()


@pytest_gui
def test_one_hub_for_the_program(qtbot, session):
    first = hubs.begin(session.settings)
    second = hubs.begin(session.settings)
    assert hubs.shared() is second is not first
    hubs.end()
    assert hubs.shared() is None
