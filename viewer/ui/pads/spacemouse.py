"""SpaceMice (3Dconnexion's devices with a cap of six ways) by HID, with the package hidapi. No Qt.

Reports, after the devices' own descriptors (USB HID usage page 1, usage 8, "multi-axis controller"; axes right, towards
the user, down; turns right-handed about them): 1 = three ways of the cap, little-endian int16, and on newer devices
its three turns too; 2 = the three turns; 3 = buttons, one bit each. A device says -350..350.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from viewer.session.pads import SpaceState
from viewer.ui.pads.gamepad import first_line

FULL = 350.0
VENDORS = (0x256F, 0x046D)
"""3Dconnexion, and Logitech, which made the older ones."""
MULTI_AXIS = (1, 8)
DESCRIPTOR_BEGIN = bytes((0x05, 0x01, 0x09, 0x08))
"""A report descriptor that begins so is of a multi-axis controller."""
STALE_SECONDS = 1.0
"""A cap that is pushed says so all the time: one that says nothing for so long has gone."""
REPORT_BYTES, MOST_REPORTS = 64, 64
MOST_BUTTONS = 32
RULE = 'KERNEL=="hidraw*", KERNELS=="*:256F:*|*:046D:C62*", MODE="0660", TAG+="uaccess"'
"""For udev on Linux: whoever sits at the machine may read SpaceMice."""
RULE_FILE = "/etc/udev/rules.d/70-spacemouse.rules"


@dataclass(frozen=True, slots=True)
class Found:
    """A SpaceMouse that the system shows. path: for hidapi; usable: False if this user may not read it."""

    name: str
    path: bytes
    usable: bool = True


def decode(report: bytes, before: SpaceState) -> SpaceState:
    """The state after a report; what is no known report changes nothing."""
    if len(report) < 2:
        return before
    kind, body = report[0], report[1:]
    if kind == 1 and len(body) >= 6:
        right, near, down = _numbers(body[:6])
        after = replace(before, right=right, forward=-near, up=-down)
        return _turned(after, body[6:12]) if len(body) >= 12 else after
    if kind == 2 and len(body) >= 6:
        return _turned(before, body[:6])
    if kind == 3:
        bits = int.from_bytes(body[: MOST_BUTTONS // 8], "little")
        return replace(before, buttons=frozenset(n for n in range(MOST_BUTTONS) if bits >> n & 1))
    return before


def _turned(state: SpaceState, body: bytes) -> SpaceState:
    about_right, about_near, about_down = _numbers(body)
    return replace(state, pitch=about_right, roll=-about_near, yaw=-about_down)


def _numbers(body: bytes) -> tuple[float, float, float]:
    a, b, c = (min(max(v / FULL, -1.0), 1.0) for v in struct.unpack("<3h", body))
    return a, b, c


def linux_devices(classes: Path = Path("/sys/class/hidraw"), nodes: Path = Path("/dev")) -> list[Found]:
    """SpaceMice as the kernel shows them, also those that this user may not read."""
    found = []
    for entry in sorted(classes.glob("hidraw*")):
        try:
            lines = (entry / "device" / "uevent").read_text(encoding="utf-8", errors="replace").splitlines()
            begin = (entry / "device" / "report_descriptor").read_bytes()[:4]
        except OSError:
            continue
        facts = dict(line.split("=", 1) for line in lines if "=" in line)
        if begin == DESCRIPTOR_BEGIN and _vendor(facts.get("HID_ID", "")) in VENDORS:
            node = nodes / entry.name
            found.append(Found(facts.get("HID_NAME") or "SpaceMouse", bytes(node), _readable(node)))
    return found


def _vendor(hid_id: str) -> int:
    """The vendor in ``bus:vendor:product``, hexadecimal; -1 if it is none."""
    parts = hid_id.split(":")
    try:
        return int(parts[1], 16) if len(parts) == 3 else -1
    except ValueError:
        return -1


def _readable(node: Path) -> bool:
    try:
        with node.open("rb"):
            return True
    except OSError:
        return False


def other_devices(hid: Any) -> list[Found]:
    """SpaceMice as hidapi lists them, on systems other than Linux."""
    return [
        Found(str(entry.get("product_string") or "SpaceMouse"), bytes(entry["path"]))
        for entry in hid.enumerate()
        if (entry.get("usage_page"), entry.get("usage")) == MULTI_AXIS and entry.get("vendor_id") in VENDORS
    ]


def import_hid() -> Any:
    """The module ``hid`` of the package hidapi; ImportError with one line where it is missing."""
    try:
        import hid
    except ImportError as error:
        raise ImportError(f"a SpaceMouse needs the package hidapi ({first_line(error)})") from None
    if not hasattr(hid, "device"):
        raise ImportError("a SpaceMouse needs the package hidapi; another package called hid is in its place")
    return hid


class SpaceMice:
    """All SpaceMice, read as one.

    Args:
        listed: what lists them; None = as this system does.
        hid: the module to read with; None = hidapi, imported when there is a device.
        clock: seconds.

    Attributes: problem: why one that is there cannot be read, one line with the remedy.
    """

    def __init__(
        self,
        listed: Callable[[], Sequence[Found]] | None = None,
        hid: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listed, self._hid, self._clock = listed, hid, clock
        self._open: dict[bytes, tuple[Any, str]] = {}
        self._states: dict[bytes, SpaceState] = {}
        self._heard: dict[bytes, float] = {}
        self.problem = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What those that can be read are called."""
        return tuple(name for _, name in self._open.values())

    def devices(self) -> list[Found]:
        """Those that are there."""
        if self._listed is not None:
            return list(self._listed())
        linux: bool = sys.platform.startswith("linux")
        if linux:
            return linux_devices()
        return other_devices(self._module())

    def look(self) -> None:
        """See which are there now."""
        self.problem = ""
        try:
            devices = self.devices()
            for device in devices:
                if device.path not in self._open:
                    self._begin(device)
        except (ImportError, OSError, ValueError) as error:
            self.problem = first_line(error)

    def read(self) -> SpaceState | None:
        """What the one used last says now; None if there is none (any more)."""
        for path, (device, _) in tuple(self._open.items()):
            try:
                for report in _reports(device):
                    self._states[path] = decode(report, self._states[path])
                    self._heard[path] = self._clock()
            except (OSError, ValueError):  # unplugged
                self._end(path)
        if not self._open:
            return None
        newest = max(self._open, key=lambda path: self._heard[path])
        state = self._states[newest]
        if any(state.axes) and self._clock() - self._heard[newest] > STALE_SECONDS:
            state = self._states[newest] = SpaceState(buttons=state.buttons)
        return state

    def close(self) -> None:
        """Let go of everything."""
        for path in tuple(self._open):
            self._end(path)

    def _module(self) -> Any:
        if self._hid is None:
            self._hid = import_hid()
        return self._hid

    def _begin(self, found: Found) -> None:
        if not found.usable:
            self.problem = f"{found.name} is there, but you may not read it. Remedy: {remedy()}"
            return
        device = self._module().device()
        try:
            device.open_path(found.path)
            device.set_nonblocking(1)
        except (OSError, ValueError) as error:
            self.problem = f"{found.name} cannot be read: {first_line(error)}"
            return
        self._open[found.path] = device, found.name
        self._states[found.path], self._heard[found.path] = SpaceState(), self._clock()

    def _end(self, path: bytes) -> None:
        device, _ = self._open.pop(path)
        device.close()


def remedy() -> str:
    """What to do on Linux where a SpaceMouse may not be read."""
    return (
        f"echo '{RULE}' | sudo tee {RULE_FILE} && sudo udevadm control --reload && sudo udevadm trigger, "
        "then plug it in again"
    )


def _reports(device: Any) -> Iterator[bytes]:
    """What has come in since the last time."""
    for _ in range(MOST_REPORTS):
        report = device.read(REPORT_BYTES)
        if not report:
            return
        yield bytes(report)
