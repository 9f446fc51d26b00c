"""System libraries that Qt and VTK load on Linux: which are missing, and the packages that hold them.

Python's packages bring everything else. This module imports nothing but the standard library and runs on any
Python from 3.9 on, so that ``packaging/bootstrap.py`` can use it before anything is installed. On macOS and
Windows there is nothing to look for.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

DRAWING = "drawing"
"""Needed to draw at all (pictures without a window)."""
READING = "reading"
"""Needed to read rasters (GDAL, in rasterio's package)."""
LABELS = "labels"
"""Needed to write labels from right to left and in joined letters (FriBidi, which Pillow looks for)."""
WINDOW = "window"
"""Needed to open a window of any kind."""
X11 = "x11"
"""Needed besides to open a window on an X display (Wayland does without)."""
TESTS = "tests"
"""Needed to run the tests on a machine without a display."""

FAKE_ENVIRONMENT = "CITIVERSE_FAKE_MISSING"
"""Comma-separated names that count as missing: lets the messages be tried on a machine that has everything."""


class Library(NamedTuple):
    """One thing to be found: a shared library by its soname, a driver or a program."""

    name: str
    """Soname (``libEGL.so.1``), ``mesa-dri`` (the software driver) or a program's name."""
    package: str
    """Package of Debian 12 and 13 and of Ubuntu 22.04 and 24.04."""
    purpose: str
    newer: str = ""
    """Name since Debian 13 and Ubuntu 24.04 where it differs (64-bit time)."""


LIBRARIES = (
    Library("libEGL.so.1", "libegl1", DRAWING),
    Library("libGL.so.1", "libgl1", DRAWING),
    Library("mesa-dri", "libgl1-mesa-dri", DRAWING),
    Library("libX11.so.6", "libx11-6", DRAWING),
    Library("libXcursor.so.1", "libxcursor1", DRAWING),
    Library("libexpat.so.1", "libexpat1", READING),
    Library("libfribidi.so.0", "libfribidi0", LABELS),
    Library("libglib-2.0.so.0", "libglib2.0-0", WINDOW, "libglib2.0-0t64"),
    Library("libdbus-1.so.3", "libdbus-1-3", WINDOW),
    Library("libfontconfig.so.1", "libfontconfig1", WINDOW),
    Library("libfreetype.so.6", "libfreetype6", WINDOW),
    Library("libX11-xcb.so.1", "libx11-xcb1", X11),
    Library("libxcb.so.1", "libxcb1", X11),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", X11),
    Library("libxcb-glx.so.0", "libxcb-glx0", X11),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", X11),
    Library("libxcb-image.so.0", "libxcb-image0", X11),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", X11),
    Library("libxcb-randr.so.0", "libxcb-randr0", X11),
    Library("libxcb-render.so.0", "libxcb-render0", X11),
    Library("libxcb-render-util.so.0", "libxcb-render-util0", X11),
    Library("libxcb-shape.so.0", "libxcb-shape0", X11),
    Library("libxcb-shm.so.0", "libxcb-shm0", X11),
    Library("libxcb-sync.so.1", "libxcb-sync1", X11),
    Library("libxcb-util.so.1", "libxcb-util1", X11),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", X11),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", X11),
    Library("libxkbcommon.so.0", "libxkbcommon0", WINDOW),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", X11),
    Library("Xvfb", "xvfb", TESTS),
)

DRIVER_PATTERNS = ("dri/*_dri.so", "libgallium-*.so", "*/dri/*_dri.so", "*/libgallium-*.so")
"""Where Mesa's drivers lie below a library folder, older and newer layout."""


def missing(*purposes: str) -> list[Library]:
    """What is absent for any of the purposes (`DRAWING`, `READING`, `LABELS`, `WINDOW`, `X11`, `TESTS`).

    Empty where the system is not Linux.
    """
    if not sys.platform.startswith("linux"):
        return []
    fakes = {name.strip() for name in os.environ.get(FAKE_ENVIRONMENT, "").split(",") if name.strip()}
    wanted = [library for library in LIBRARIES if library.purpose in purposes]
    return [library for library in wanted if library.name in fakes or not _present(library)]


def _present(library: Library) -> bool:
    if library.name == "mesa-dri":
        return _has_driver()
    if library.purpose == TESTS:
        return shutil.which(library.name) is not None
    try:
        ctypes.CDLL(library.name)
    except OSError:
        return False
    return True


def _has_driver() -> bool:
    """True if any Mesa driver, or a vendor's own OpenGL, lies in a library folder."""
    roots = [Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib")]
    roots += [Path(entry) for entry in os.environ.get("LIBGL_DRIVERS_PATH", "").split(":") if entry]
    patterns = (*DRIVER_PATTERNS, "*_dri.so", "libEGL_nvidia.so.0", "*/libEGL_nvidia.so.0")
    return any(next(root.glob(pattern), None) is not None for root in roots if root.is_dir() for pattern in patterns)


def packages(libraries: list[Library]) -> list[str]:
    """Package names for this release of Debian or Ubuntu, without repeats."""
    newer = _has_64_bit_time()
    names = [(library.newer if newer and library.newer else library.package) for library in libraries]
    return list(dict.fromkeys(names))


def _has_64_bit_time(os_release: str | None = None) -> bool:
    """True on Debian >= 13 and Ubuntu >= 24.04, whose library packages end in t64."""
    text = _read("/etc/os-release") if os_release is None else os_release
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    name = fields.get("ID", "").strip('"')
    version = fields.get("VERSION_ID", "").strip('"')
    try:
        number = float(version)
    except ValueError:
        return "trixie" in text or "sid" in text
    return number >= {"debian": 13, "ubuntu": 24.04}.get(name, 1e9)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def remedy(libraries: list[Library]) -> str:
    """One line that says how to get them: the exact command with apt, else the names to look for."""
    if shutil.which("apt-get"):
        prefix = "" if getattr(os, "geteuid", lambda: 1)() == 0 else "sudo "
        return f"{prefix}apt-get install {' '.join(packages(libraries))}"
    return f"install the packages of your system that hold {', '.join(library.name for library in libraries)}"
