"""The user's settings: one table says what exists, of which type, with which default.

The file is ``settings.json`` in the user's configuration folder: ``{"version": 1, "values": {...}, "recent": [...]}``
with only the values that differ from the defaults. Values of a newer program are kept. A file that cannot be read is
put aside as ``settings.broken.json`` and the defaults hold; `Settings.problems` says so.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psygnal import Signal

from viewer.document.files import write_atomic
from viewer.settings.folders import folders

VERSION = 1
MAX_FILE_BYTES = 1 << 20
RECENT_LIMIT = 12
"""Files on the recent list."""

Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``kind`` is bool, int, float or str; numbers lie in ``low``..``high``, texts among ``choices``."""

    name: str
    kind: type
    default: Value
    description: str
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf


TABLE: tuple[Setting, ...] = (
    Setting(
        "autosave_seconds", int, 60, "Seconds of unsaved work before a recovery copy is written.", low=5, high=3600
    ),
    Setting("theme", str, "system", "Look of the window.", ("system", "light", "dark")),
    Setting("quality", str, "auto", "Drawing quality of new projects.", ("auto", "draft", "normal", "high")),
    Setting("labels_through", bool, False, "Show labels of what other things hide."),
    Setting(
        "stereo",
        str,
        "off",
        "The picture for both eyes: red-cyan glasses, or side by side for projectors and televisions.",
        ("off", "anaglyph", "side-by-side", "side-by-side-full"),
    ),
    Setting("reduce_motion", bool, False, "Cut or dissolve from view to view instead of flying."),
    Setting("flicker_seconds", float, 1.0, "How long A and B are shown in turn, seconds for each.", low=0.34, high=10),
    Setting("orbit_speed", float, 1.0, "Speed of turning the view, as a factor.", low=0.1, high=5.0),
    Setting("zoom_speed", float, 1.0, "Speed of zooming, as a factor.", low=0.1, high=5.0),
    Setting("walk_person", str, "adult", "Who walks through the city.", ("adult", "child", "wheelchair")),
    Setting("walk_eye_height", float, 0.0, "Height of the eyes while walking; 0 = as who walks has.", low=0, high=2.5),
    Setting("walk_speed", float, 1.4, "Speed of walking, metres per second.", low=0.5, high=6.0),
    Setting("walk_snap", bool, False, "Turn in steps of 30 degrees while walking (against dizziness)."),
    Setting("walk_instant", bool, False, "Start and stop at once while walking, without speeding up."),
    Setting("walk_level", bool, False, "Keep the horizon level: never look up or down while walking."),
    Setting("walk_vignette", bool, False, "Darken the edges of the picture while walking (against dizziness)."),
    Setting("walk_edges", bool, True, "Stop at edges higher than a metre instead of falling down."),
    Setting(
        "walk_doors",
        str,
        "rooms",
        "Doors one can walk through: those of buildings whose rooms are modelled, all, or none. Windows stop always.",
        ("rooms", "all", "closed"),
    ),
    Setting("pad_use", bool, True, "Move with a gamepad or a SpaceMouse where one is connected."),
    Setting("pad_sensitivity", float, 1.0, "Speed of looking round with a gamepad, as a factor.", low=0.2, high=3.0),
    Setting(
        "pad_dead_zone", int, 15, "Share of a stick's way that does nothing: worn sticks stand still.", low=2, high=60
    ),
    Setting(
        "pad_curve", float, 1.8, "Response of the sticks: 1 is even, more is finer near the middle.", low=1.0, high=3.0
    ),
    Setting("pad_invert_y", bool, False, "Look down when the right stick is pushed up, as pilots do."),
    Setting("space_sensitivity", float, 1.0, "Speed of moving with a SpaceMouse, as a factor.", low=0.2, high=3.0),
    Setting("space_dominant", bool, False, "Take only the strongest of a SpaceMouse's six directions at a time."),
    Setting("cache_gib", float, 8.0, "Largest size of the cache of opened files, GiB; 0 = no cache.", low=0, high=1024),
    Setting("load_processes", int, 2, "Processes that may work on one file at once.", low=1, high=16),
)
"""Every setting, in the order of the preferences page."""

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in TABLE}

Raw = dict[str, Any]
MIGRATIONS: dict[int, Callable[[Raw], Raw]] = {}
"""``MIGRATIONS[n]`` makes a file of version n one of version n + 1. The first version has none."""


class SettingError(ValueError):
    """A value that a setting cannot have; the text says what is possible."""


class Settings:
    """The settings as they hold now; every change is written at once.

    Attributes:
        changed: psygnal signal with the name of the setting ("recent" for the list of recent files).
        problems: one line for each thing that was wrong with the file.
    """

    changed = Signal(str)

    def __init__(self, path: Path | None = None):
        self.path = path or folders().config / "settings.json"
        self.problems: list[str] = []
        self._values: dict[str, Value] = {}
        self._kept: Raw = {}
        self._version = VERSION
        self._recent: list[str] = []
        self._lock = threading.Lock()
        self._made = self._written = 0
        self._writer: threading.Thread | None = None
        self._read()

    def get(self, name: str) -> Value:
        """The value of a setting; KeyError if there is none of that name."""
        return self._values.get(name, BY_NAME[name].default)

    def number(self, name: str) -> float:
        """The value of a number setting."""
        value = self.get(name)
        if isinstance(value, str):
            raise TypeError(f"setting {name} is a text")
        return float(value)

    def set(self, name: str, value: Value) -> None:
        """Change a setting and write the file; raises `SettingError` (bad value) or KeyError (no such setting)."""
        checked = check(BY_NAME[name], value)
        if self.get(name) == checked:
            return
        if checked == BY_NAME[name].default:
            self._values.pop(name, None)
        else:
            self._values[name] = checked
        self._write()
        self.changed.emit(name)

    def reset(self) -> None:
        """All settings to their defaults; the recent files stay."""
        for name in list(self._values):
            self.set(name, BY_NAME[name].default)

    @property
    def recent(self) -> tuple[str, ...]:
        """Absolute paths of the files opened last, newest first."""
        return tuple(self._recent)

    def add_recent(self, path: Path | str, *, wait: bool = True) -> None:
        """Put a file at the top of the recent list. ``wait``: until that is written; else a thread does it, because
        making sure that a file is on the disk takes long while a large one is on its way there."""
        text = str(Path(path).absolute())
        self._set_recent([text, *(other for other in self._recent if other != text)], wait)

    def flush(self) -> None:
        """Wait until everything is written."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def forget_recent(self, path: Path | str | None = None) -> None:
        """Take one file (None = all) off the recent list."""
        self._set_recent([] if path is None else [other for other in self._recent if other != str(path)])

    def _set_recent(self, paths: list[str], wait: bool = True) -> None:
        if paths[:RECENT_LIMIT] == self._recent:
            return
        self._recent = paths[:RECENT_LIMIT]
        self._write(wait)
        self.changed.emit("recent")

    def _read(self) -> None:
        try:
            with self.path.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return
        except OSError as error:
            self.problems.append(f"The settings cannot be read ({error.strerror}); the defaults are used.")
            return
        try:
            raw = self._checked(data)
        except (ValueError, RecursionError) as error:
            self._put_aside(str(error))
            return
        self._recent = [text for text in raw.pop("recent", []) if isinstance(text, str)][:RECENT_LIMIT]
        for name, value in raw.pop("values", {}).items():
            self._take(name, value)
        self._version = max(VERSION, raw.pop("version"))
        self._kept = {**raw, **self._kept}

    def _checked(self, data: bytes) -> Raw:
        """The file's content in this version's form; ValueError if it is not a settings file."""
        if len(data) > MAX_FILE_BYTES:
            raise ValueError("it is too large")
        raw = json.loads(data.decode("utf-8"))
        if not isinstance(raw, dict) or not isinstance(raw.get("version"), int):
            raise ValueError("it has no version")
        if not isinstance(raw.get("values", {}), dict) or not isinstance(raw.get("recent", []), list):
            raise ValueError("its parts have the wrong form")
        return migrate(raw)

    def _take(self, name: str, value: Any) -> None:
        if name not in BY_NAME:
            self._kept.setdefault("values", {})[name] = value
            return
        try:
            self._values[name] = check(BY_NAME[name], value)
        except SettingError as error:
            self.problems.append(f"{error} The default is used.")

    def _put_aside(self, reason: str) -> None:
        aside = self.path.with_name("settings.broken.json")
        text = f"The settings file could not be used ({reason}); the defaults are used."
        try:
            self.path.replace(aside)
            text += f" The old file is kept as {aside.name}."
        except OSError:
            text += " It is still in its place."
        self.problems.append(text)

    def _write(self, wait: bool = True) -> None:
        values = {**self._kept.get("values", {}), **self._values}
        raw = {**self._kept, "version": self._version, "values": values, "recent": self._recent}
        data = (json.dumps(raw, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        self._made += 1
        if wait:
            self._put(self._made, data)
            return
        self.flush()
        # the interpreter waits for it at the end: what was opened last is not forgotten
        self._writer = threading.Thread(target=self._put, args=(self._made, data), name="settings")
        self._writer.start()

    def _put(self, number: int, data: bytes) -> None:
        """Write the ``number``-th form of the file, unless a later one is there already."""
        with self._lock:
            if number < self._written:
                return
            try:
                write_atomic(self.path, data)
                self._written = number
            except OSError as error:
                self.problems.append(f"The settings cannot be written ({error.strerror or error}).")


def migrate(raw: Raw) -> Raw:
    """Bring the content of a settings file to this version; one of a newer version is taken as it is."""
    for version in range(int(raw["version"]), VERSION):
        if version not in MIGRATIONS:
            raise ValueError(f"version {version} is not known")
        raw = {**MIGRATIONS[version](raw), "version": version + 1}
    return raw


def check(setting: Setting, value: Any) -> Value:
    """The value in the setting's type; raises `SettingError` if it does not fit."""
    fits = isinstance(value, setting.kind) and (setting.kind is bool or not isinstance(value, bool))
    if setting.kind is float and isinstance(value, int) and not isinstance(value, bool):
        fits, value = abs(value) < 1e300, float(value) if abs(value) < 1e300 else value
    if not fits:
        raise SettingError(f"Setting {setting.name} needs {_KINDS[setting.kind]}, not {str(value)[:40]!r}.")
    if setting.choices and value not in setting.choices:
        raise SettingError(f"Setting {setting.name} is one of {', '.join(setting.choices)}, not {str(value)[:40]!r}.")
    if setting.kind in (int, float) and not setting.low <= value <= setting.high:
        raise SettingError(f"Setting {setting.name} lies between {setting.low:g} and {setting.high:g}.")
    return value  # type: ignore[no-any-return]


_KINDS: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
