"""``citiverse demo`` without a display, and ``citiverse self-test``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from viewer.demo.tour import viewpoints


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is always a display")
def test_the_demo_renders_its_pictures(
    citiverse: Callable, no_display: None, tmp_path: Path, small_demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITIVERSE_DEMO", str(small_demo))
    answer = citiverse("demo", "-o", tmp_path / "pictures")
    assert answer.code == 0 and str(tmp_path / "pictures") in answer.out
    pictures = sorted((tmp_path / "pictures").glob("*.png"))
    assert len(pictures) == len(viewpoints())
    for path in pictures:
        with Image.open(path) as image:
            assert (image.mode, image.size) == ("RGB", (1280, 720)) and len(image.getcolors(1 << 20)) > 100


@pytest.mark.parametrize("display", [False, True])
def test_self_test_passes(project_root: Path, tmp_path: Path, display: bool) -> None:
    """In a process of its own: it makes its own application."""
    environment = {**os.environ, "CITIVERSE_HOME": str(tmp_path)}
    if not display:
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-m", "viewer", "self-test"],
        cwd=project_root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines[-1] == "self-test passed" and len(lines) == 6
    assert ("no display" in lines[-2]) is not display or not sys.platform.startswith("linux")
    assert "Traceback" not in done.stderr
