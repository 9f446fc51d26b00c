"""The rooms import one way, and everything below the picture works without Qt and VTK."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLKITS = ("PySide6", "shiboken6", "vtk", "vtkmodules", "pyvista")

BLOCKED = """
import importlib, importlib.abc, pkgutil, sys

class Wall(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {toolkits!r}:
            raise ImportError(f"{{name}} may not be imported here")
        return None

sys.meta_path.insert(0, Wall())
count = 0
for room in {rooms!r}:
    package = importlib.import_module(room)
    names = [room]
    if hasattr(package, "__path__"):
        names += [info.name for info in pkgutil.walk_packages(package.__path__, room + ".")]
    for name in names:
        importlib.import_module(name)
        count += 1
assert not {{name.split(".")[0] for name in sys.modules}} & set({toolkits!r})
print(count)
"""

BELOW = ("loaders", "viewer.document", "viewer.session", "viewer.analysis", "viewer.jobs", "viewer.settings")


def _run(code: str, root: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_everything_below_render_imports_without_qt_and_vtk(project_root: Path) -> None:
    rooms = [*BELOW, "viewer.demo", "viewer.resources", "viewer.render.resolve", "viewer.render.state"]
    done = _run(BLOCKED.format(toolkits=TOOLKITS, rooms=rooms), project_root)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > len(rooms)


def test_the_wall_holds(project_root: Path) -> None:
    done = _run(BLOCKED.format(toolkits=TOOLKITS, rooms=["viewer.render.scene"]), project_root)
    assert done.returncode != 0 and "may not be imported here" in done.stderr


def test_render_imports_without_qt(project_root: Path) -> None:
    done = _run(BLOCKED.format(toolkits=("PySide6", "shiboken6"), rooms=["viewer.render"]), project_root)
    assert done.returncode == 0, done.stderr


def test_only_the_canvas_knows_both_toolkits(project_root: Path) -> None:
    both = []
    for path in (project_root / "viewer").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "import" in text and "PySide6" in text and "vtkmodules" in text:
            lines = [line.strip() for line in text.splitlines() if line.strip().startswith(("import ", "from "))]
            if any("PySide6" in line for line in lines) and any("vtkmodules" in line for line in lines):
                both.append(path.relative_to(project_root).as_posix())
    assert both in (["viewer/ui/canvas.py"], [])


@pytest.mark.parametrize("contract", ["lint-imports"])
def test_contracts_hold(project_root: Path, contract: str) -> None:
    command = Path(sys.executable).with_name(contract)
    done = subprocess.run(
        [str(command), "--no-cache"], cwd=project_root, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
