"""Drawing without a display, and a clear word where it is impossible."""

import os
import subprocess
import sys

import numpy as np
import pytest

from viewer.render import backend
from viewer.render.backend import CannotDraw, is_software
from viewer.render.offscreen import OffscreenView


def test_the_renderer_is_named(view):
    assert set(view.info) >= {"vendor", "renderer", "version", "software"}
    assert view.renderer_name == view.info["renderer"] != ""
    assert view.info["software"] is is_software(view.renderer_name)


@pytest.mark.parametrize(
    ("name", "software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("SwiftShader Device", True),
        ("GDI Generic", True),
        ("Microsoft Basic Render Driver", True),
        ("Apple Software Renderer", True),
        ("NVIDIA GeForce RTX 4060/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("Apple M2", False),
    ],
)
def test_software_renderers_are_recognised(name, software):
    assert is_software(name) is software


def test_pictures_repeat_exactly(view, box_city, state):
    city = box_city(9)
    view.scene.attach("boxes", city)
    view.scene.apply(state(city))
    assert np.array_equal(view.image(), view.image())


@pytest.mark.parametrize("size", [(0, 10), (10, -1), (20000, 10)])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ValueError, match="cannot be drawn"):
        OffscreenView(*size)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the libraries are those of Linux")
def test_missing_libraries_are_named_with_their_remedy(monkeypatch):
    monkeypatch.setattr(backend, "_load", lambda name: None)
    monkeypatch.setattr(backend, "find_library", lambda name: None)
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(CannotDraw, match=r"libEGL\.so\.1 is not installed.*apt install .*libegl1"):
        OffscreenView(64, 64)
    assert backend.missing_libraries() == ("libEGL.so.1", "libGL.so.1")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is Linux's")
def test_no_display_is_needed():
    code = "from viewer.render.offscreen import OffscreenView as V; v = V(32, 32); print(v.image().shape); v.close()"
    env = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "(32, 32, 3)", done.stderr
