"""The guards of ``tests/conftest.py`` must really catch what they are there for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

LEAKY = """
import os, threading, time

KEPT = []

def test_thread():
    threading.Thread(target=time.sleep, args=(20,), daemon=True, name="stray").start()

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
    shutil.copy(project_root / "tests" / "conftest.py", tmp_path / "tests")
    shutil.copy(project_root / "pyproject.toml", tmp_path)
    (tmp_path / "tests" / "test_leaky.py").write_text(LEAKY)
    command = [sys.executable, "-m", "pytest", "-v", "--no-xvfb", "tests"]
    environment = {"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    lines = done.stdout.splitlines()
    caught = {
        word.split("::")[-1] for line in lines if line.startswith(("ERROR", "FAILED")) for word in line.split()[1:2]
    }
    assert caught == {"test_thread", "test_noise", "test_window", "test_vtk"}, done.stdout
    assert "outlived the test: thread stray" in done.stdout
