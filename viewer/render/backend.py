"""Which OpenGL this machine has, found out without letting VTK abort the process on a missing library."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable
from ctypes.util import find_library
from typing import Any

from vtkmodules.vtkRenderingCore import vtkRenderWindow

_SOFTWARE = re.compile(
    r"llvmpipe|softpipe|swrast|swiftshader|software|GDI Generic|Basic Render|Apple Software|lavapipe", re.IGNORECASE
)
_OSMESA = ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so")
_EGL_REMEDY = "On Debian or Ubuntu: apt install libegl1 libgl1 libgl1-mesa-dri"


class CannotDraw(Exception):
    """This machine cannot draw pictures; the text says why and what to install."""


def is_software(renderer: str) -> bool:
    """True if the OpenGL renderer with that name computes on the processor."""
    return bool(_SOFTWARE.search(renderer))


def renderer_info(window: vtkRenderWindow) -> dict[str, Any]:
    """``{"vendor", "renderer", "version", "software"}`` of a window that has rendered."""
    report = window.ReportCapabilities() or ""
    info: dict[str, Any] = {}
    for key in ("vendor", "renderer", "version"):
        match = re.search(rf"OpenGL {key} string:\s*(.*)", report)
        info[key] = match.group(1).strip() if match else ""
    info["software"] = is_software(info["renderer"])
    return info


def make_offscreen_window() -> vtkRenderWindow:
    """A render window without a display: EGL, then OSMesa, then X; the system's own on macOS and Windows.

    Raises:
        CannotDraw: none of them works here.
    """
    if not sys.platform.startswith("linux"):
        return vtkRenderWindow()
    reasons: list[str] = []
    tries: tuple[Callable[[], vtkRenderWindow], ...] = (_egl_window, _osmesa_window, _x_window)
    for attempt in tries:
        try:
            return attempt()
        except CannotDraw as error:
            reasons.append(str(error))
    raise CannotDraw(f"This machine cannot draw: {'; '.join(reasons)}. {_EGL_REMEDY}")


def missing_libraries() -> tuple[str, ...]:
    """Names of the OpenGL libraries that cannot be loaded here (Linux), e.g. ``("libEGL.so.1",)``."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(name for name in ("libEGL.so.1", "libGL.so.1") if _load(name) is None)


def _load(name: str) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(name)
    except OSError:
        return None


def _egl_window() -> vtkRenderWindow:
    library = _load("libEGL.so.1")
    if library is None:
        raise CannotDraw("libEGL.so.1 is not installed")
    if _load("libGL.so.1") is None and _load("libOpenGL.so.0") is None:
        raise CannotDraw("libGL.so.1 is not installed")
    if not _egl_works(library):
        raise CannotDraw("EGL finds no OpenGL driver")
    from vtkmodules.vtkRenderingOpenGL2 import vtkEGLRenderWindow

    return vtkEGLRenderWindow()


def _egl_works(library: ctypes.CDLL) -> bool:
    """Ask EGL itself for a display, OpenGL and one configuration, as VTK will."""
    pbuffer, surface_type, renderable, opengl_bit, opengl_api, none = 0x0001, 0x3033, 0x3040, 0x0008, 0x30A2, 0x3038
    library.eglGetDisplay.restype = ctypes.c_void_p
    library.eglGetDisplay.argtypes = [ctypes.c_void_p]
    for display in _egl_displays(library):
        if not display or not library.eglInitialize(ctypes.c_void_p(display), None, None):
            continue
        attributes = (ctypes.c_int * 5)(surface_type, pbuffer, renderable, opengl_bit, none)
        config, count = ctypes.c_void_p(), ctypes.c_int(0)
        found = library.eglBindAPI(opengl_api) and library.eglChooseConfig(
            ctypes.c_void_p(display), attributes, ctypes.byref(config), 1, ctypes.byref(count)
        )
        if found and count.value > 0:
            return True
    return False


def _egl_displays(library: ctypes.CDLL) -> list[int]:
    """Displays of all EGL devices, and the default one."""
    displays: list[int] = []
    library.eglGetProcAddress.restype = ctypes.c_void_p
    library.eglGetProcAddress.argtypes = [ctypes.c_char_p]
    query = library.eglGetProcAddress(b"eglQueryDevicesEXT")
    platform = library.eglGetProcAddress(b"eglGetPlatformDisplayEXT")
    if query and platform:
        devices = (ctypes.c_void_p * 16)()
        count = ctypes.c_int(0)
        kind = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
        if kind(query)(16, ctypes.addressof(devices), ctypes.addressof(count)):
            make = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(platform)
            displays += [make(0x313F, devices[k], None) or 0 for k in range(count.value)]
    displays.append(library.eglGetDisplay(None) or 0)
    return displays


def _osmesa_window() -> vtkRenderWindow:
    if not any(_load(name) for name in _OSMESA) and find_library("OSMesa") is None:
        raise CannotDraw("libOSMesa is not installed")
    from vtkmodules.vtkRenderingOpenGL2 import vtkOSOpenGLRenderWindow

    return vtkOSOpenGLRenderWindow()


def _x_window() -> vtkRenderWindow:
    if not os.environ.get("DISPLAY"):
        raise CannotDraw("there is no display")
    if _load("libX11.so.6") is None or _load("libGL.so.1") is None:
        raise CannotDraw("libX11.so.6 or libGL.so.1 is not installed")
    library = _load("libX11.so.6")
    assert library is not None
    library.XOpenDisplay.restype = ctypes.c_void_p
    library.XOpenDisplay.argtypes = [ctypes.c_char_p]
    library.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = library.XOpenDisplay(None)
    if not display:
        raise CannotDraw(f"display {os.environ['DISPLAY']} does not answer")
    library.XCloseDisplay(display)
    from vtkmodules.vtkRenderingOpenGL2 import vtkXOpenGLRenderWindow

    return vtkXOpenGLRenderWindow()
