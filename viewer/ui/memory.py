"""What the window remembers of itself between two runs: its place, its panels, when files were opened.

Kept apart from the settings: this is no wish of the user's but where things were left. A file that cannot be read
is as good as none.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from pathlib import Path
from typing import Any

from viewer.document.files import write_atomic
from viewer.settings.folders import folders

LAYOUT_VERSION = 3
"""Raised when panels are renamed, so that a layout made before is not applied."""
_MAX_BYTES = 1 << 18
_MAX_TIMES = 50


class WindowMemory:
    """``window.json`` in the user's state folder."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or folders().state / "window.json"
        self._data = self._read()

    def blob(self, name: str) -> bytes:
        """A remembered byte string, b"" if there is none."""
        try:
            return base64.b64decode(str(self._data.get(name, "")), validate=True)
        except (binascii.Error, ValueError):
            return b""

    def set_blobs(self, **blobs: bytes) -> None:
        """Remember byte strings."""
        for name, data in blobs.items():
            self._data[name] = base64.b64encode(data).decode("ascii")
        self._write()

    def opened(self, path: Path) -> dt.datetime | None:
        """When this file was opened last, local time."""
        text = self._times().get(str(path))
        try:
            return dt.datetime.fromisoformat(text) if isinstance(text, str) else None
        except ValueError:
            return None

    def note_opened(self, path: Path, now: dt.datetime | None = None) -> None:
        """Remember that this file was opened now."""
        times = {k: v for k, v in self._times().items() if k != str(path)}
        kept = dict(list(times.items())[-_MAX_TIMES + 1 :])
        self._data["opened"] = {**kept, str(path): (now or dt.datetime.now()).isoformat(timespec="seconds")}
        self._write()

    def _times(self) -> dict[str, Any]:
        times = self._data.get("opened")
        return times if isinstance(times, dict) else {}

    def _read(self) -> dict[str, Any]:
        try:
            with self.path.open("rb") as file:
                raw = json.loads(file.read(_MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            raw = None
        good = isinstance(raw, dict) and raw.get("version") == LAYOUT_VERSION
        return raw if good else {"version": LAYOUT_VERSION}

    def _write(self) -> None:
        try:
            write_atomic(self.path, json.dumps(self._data, indent=1).encode())
        except OSError:
            return  # a window that cannot remember its place is no reason to trouble anybody
