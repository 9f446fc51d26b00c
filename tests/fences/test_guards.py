"""The guards of ``tests/conftest.py`` must really catch what they are there for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers

LEAKY = """
import os, threading, time

KEPT = []

def test_thread():
    threading.Thread(target=time.sleep, args=(90,), daemon=True, name="stray").start()

def test_noise():
    os.write(2, b"X Error of failed request: BadWindow\\n")

def test_window(qapp):
    from PySide6.QtWidgets import QWidget
    KEPT.append(QWidget())

def test_window_closed(qtbot):
    from PySide6.QtWidgets import QWidget
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()

def test_vtk():
    from vtkmodules.vtkRenderingCore import vtkRenderer
    KEPT.append(vtkRenderer())

def test_vtk_freed():
    from vtkmodules.vtkRenderingCore import vtkRenderer
    vtkRenderer()

def test_home_is_apart(tmp_path):
    assert "home" in os.environ["CITIVERSE_HOME"]
"""


def test_guards_catch_what_is_left_behind(tmp_path: Path, project_root: Path) -> None:
    (tmp_path / "tests").mkdir()
    conftest = (project_root / "tests" / "conftest.py").read_text("utf-8")
    assert "ENDING_SECONDS = 10.0" in conftest
    (tmp_path / "tests" / "conftest.py").write_text(conftest.replace("ENDING_SECONDS = 10.0", "ENDING_SECONDS = 1.0"))
    shutil.copy(project_root / "pyproject.toml", tmp_path)
    (tmp_path / "tests" / "test_leaky.py").write_text(LEAKY)
    command = [sys.executable, "-m", "pytest", "-v", "--no-xvfb", "tests"]
    environment = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    caught = {
        word.split("::")[-1] for line in lines if line.startswith(("ERROR", "FAILED")) for word in line.split()[1:2]
    }
    assert caught == {"test_thread", "test_noise", "test_window", "test_vtk"}, done.stdout
    assert "outlived the test: thread stray" in done.stdout


def test_property_tests_draw_the_same_whatever_was_imported_before() -> None:
    """Hypothesis looks for numbers and words in the modules that are there, unless it is kept from it."""
    if "CITIVERSE_EXPLORE" in os.environ:
        pytest.skip("examples are to differ")
    draws: list[list[int]] = []

    @settings(max_examples=300, database=None)
    @given(integers(0, 2**40))
    def draw(number: int) -> None:
        draws[-1].append(number)

    for more in ((), ("loaders.limits", "viewer.analysis.palettes", "viewer.demo.roofs")):
        for name in more:
            import_module(name)
        draws.append([])
        draw()
    assert len(draws[0]) == 300 and draws[0] == draws[1]
