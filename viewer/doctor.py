"""``citiverse doctor``: can this machine draw and open windows, and if not, what to do.

The same checks run before Qt or VTK is imported, so that a missing system library is named with its remedy and never
shows as a failed import. OpenGL is tried in a process of its own: a broken driver may end it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

from viewer import syslibs
from viewer.cli_common import CANNOT_DRAW, DONE, CliError, emit, plain

PACKAGES = (
    *("numpy", "orjson", "pysimdjson", "pyproj", "rasterio", "pyogrio", "shapely", "pyarrow", "netCDF4", "ucumvert"),
    *("pillow", "vtk", "PySide6-Essentials", "PySDL2", "pysdl2-dll", "hidapi"),
)
PROBE_SECONDS = 30


def check_window() -> None:
    """Raises `CliError` with the remedy if a library that a window needs here is missing."""
    absent = syslibs.missing(*_window_purposes())
    if absent:
        names = ", ".join(library.name for library in absent)
        text = f"no window can be opened here: {names} missing. Remedy: {syslibs.remedy(absent)}"
        raise CliError(CANNOT_DRAW, text)


def _window_purposes() -> tuple[str, ...]:
    """Wayland and Qt's own platforms need no X libraries."""
    platform_name = os.environ.get("QT_QPA_PLATFORM", "")
    x11 = platform_name.startswith("xcb") or not (platform_name or os.environ.get("WAYLAND_DISPLAY"))
    return (syslibs.DRAWING, syslibs.WINDOW, *((syslibs.X11,) if x11 else ()))


def has_display() -> bool:
    """True if a window can be shown: a display that answers, or a platform of Qt's chosen by QT_QPA_PLATFORM."""
    if not sys.platform.startswith("linux"):
        return True
    if os.environ.get("QT_QPA_PLATFORM", "xcb").split(";")[0] not in ("xcb", "wayland", "wayland-egl"):
        return True
    return _wayland_answers() or _x_answers()


def _wayland_answers() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    return bool(name) and Path(os.environ.get("XDG_RUNTIME_DIR", "/"), str(name)).exists()


def _x_answers() -> bool:
    """Qt ends the process on a display that does not answer, so it is asked first."""
    if not os.environ.get("DISPLAY"):
        return False
    try:
        x11 = ctypes.CDLL("libX11.so.6")
    except OSError:
        return True  # cannot be asked; the missing library is named before a window is tried
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if display:
        x11.XCloseDisplay(display)
    return bool(display)


def run(options: argparse.Namespace) -> int:
    """Print the report; 5 if this machine cannot draw."""
    if options.probe_opengl:
        emit(json.dumps(_probe_here()))
        return DONE
    report = examine()
    emit(json.dumps(report, ensure_ascii=False, indent=1) if options.json else as_text(report))
    return DONE if report["opengl"]["works"] else CANNOT_DRAW


def examine() -> dict[str, Any]:
    """Everything that the report says, as plain values."""
    absent = syslibs.missing(*_window_purposes(), syslibs.READING, syslibs.LABELS)
    return {
        "citiverse": _version("citiverse-viewer"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "frozen": bool(getattr(sys, "frozen", False)),
        "packages": {name: _version(name) for name in PACKAGES},
        "opengl": probe_opengl(),
        "display": _display(),
        "missing_libraries": [{"library": lib.name, "package": lib.package, "for": lib.purpose} for lib in absent],
        "remedy": syslibs.remedy(absent) if absent else None,
        "folders": {name: _folder(path) for name, path in _folders().items()},
        "cores": os.cpu_count(),
        "loaders": _loaders(),
        "input_devices": _input_devices(),
    }


def probe_opengl() -> dict[str, Any]:
    """Draw one off-screen picture in a process of its own: renderer, version, software or not, or why not."""
    if absent := syslibs.missing(syslibs.DRAWING):
        return _no_opengl(f"{', '.join(library.name for library in absent)} missing")
    start = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "viewer"]
    environment = {**os.environ}
    if not getattr(sys, "frozen", False):
        root = str(Path(__file__).resolve().parents[1])
        environment["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [environment.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [*start, "doctor", "--probe-opengl"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        answer = json.loads(lines[-1]) if lines else None
    except subprocess.TimeoutExpired:
        return _no_opengl(f"the OpenGL driver did not answer within {PROBE_SECONDS} seconds")
    except (OSError, ValueError) as error:
        return _no_opengl(str(error))
    return answer if isinstance(answer, dict) else _no_opengl(f"the OpenGL driver failed (exit code {done.returncode})")


def _no_opengl(reason: str) -> dict[str, Any]:
    return {
        "works": False,
        "renderer": None,
        "version": None,
        "vendor": None,
        "software": None,
        "quality": None,
        "reason": reason,
    }


def _probe_here() -> dict[str, Any]:
    try:
        from viewer.render.ladder import choose
        from viewer.render.offscreen import CannotDraw, OffscreenView
    except ImportError as error:
        return _no_opengl(str(error))
    try:
        view = OffscreenView(64, 64)
    except CannotDraw as error:
        return _no_opengl(str(error))
    info = dict(view.info)
    view.close()
    level, why = choose(str(info["renderer"]), bool(info["software"]))
    return {"works": True, **info, "quality": level, "quality_reason": why, "reason": None}


def _display() -> dict[str, Any]:
    return {
        "present": has_display(),
        "DISPLAY": os.environ.get("DISPLAY"),
        "WAYLAND_DISPLAY": os.environ.get("WAYLAND_DISPLAY"),
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM"),
    }


def _folders() -> dict[str, Path]:
    from viewer.settings.folders import folders

    user = folders()
    return {
        "settings": user.config,
        "state": user.state,
        "cache": user.cache,
        "temporary": Path(tempfile.gettempdir()),
    }


def _folder(path: Path) -> dict[str, Any]:
    """Whether the folder (or the nearest one above it that exists) can be written, and its size in bytes."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    size = None
    if path != Path(tempfile.gettempdir()) and path.is_dir():
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return {"path": str(path), "writable": os.access(there, os.W_OK), "bytes": size}


def _loaders() -> dict[str, Any]:
    from loaders import registry

    return {"formats": [spec.name for spec in registry.specs()], "problems": list(registry.problems())}


def _input_devices() -> dict[str, Any]:
    from viewer.ui.pads.found import examine as examine_pads

    return examine_pads()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def as_text(report: dict[str, Any]) -> str:
    """The report for people, one line per fact."""
    gl, display = report["opengl"], report["display"]
    drawn = f"{gl['renderer']} ({'software' if gl['software'] else 'hardware'}), {gl['version']}"
    shown = display["WAYLAND_DISPLAY"] or display["DISPLAY"] or "yes"
    lines = [
        f"Citiverse Viewer {report['citiverse'] or '(not installed)'}, Python {report['python']}, {report['platform']}",
        "Packages          "
        + ", ".join(f"{name} {version or 'absent'}" for name, version in report["packages"].items()),
        f"OpenGL            {drawn if gl['works'] else 'does not work: ' + str(gl['reason'])}",
        f"Drawing quality   {gl['quality']} ({gl['quality_reason']})"
        if gl.get("quality")
        else "Drawing quality   none",
        f"Display           {shown if display['present'] else 'none'}",
        f"Formats           {', '.join(report['loaders']['formats'])}",
    ]
    lines += [f"Loader problem    {problem}" for problem in report["loaders"]["problems"]]
    for name, folder in report["folders"].items():
        size = "" if folder["bytes"] is None else f", {folder['bytes'] / 1048576:,.1f} MiB"
        lines.append(
            f"{name.capitalize():<18}{folder['path']} ({'writable' if folder['writable'] else 'NOT WRITABLE'}{size})"
        )
    devices = report["input_devices"]
    lines.append(f"Gamepads          {', '.join(devices['gamepads']) or 'none'}")
    lines.append(f"SpaceMice         {', '.join(devices['spacemice']) or 'none'}")
    lines += [f"Input problem     {problem}" for problem in devices["problems"]]
    absent = report["missing_libraries"]
    lines.append(
        f"System libraries  {'missing: ' + ', '.join(lib['library'] for lib in absent) if absent else 'all there'}"
    )
    if report["remedy"]:
        lines.append(f"Remedy            {report['remedy']}")
    return "\n".join(plain(line) for line in lines)
