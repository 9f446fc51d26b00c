"""Setting up: what the script decides, without installing anything."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bootstrap(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, over an empty environment folder of its own."""
    spec = importlib.util.spec_from_file_location("citiverse_bootstrap", project_root / "packaging" / "bootstrap.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / "venv"
    monkeypatch.setattr(module, "VENV", venv)
    monkeypatch.setattr(module, "PYTHON", venv / "bin" / "python")
    return module


def test_wrong_verbs_are_one_line(project_root: Path) -> None:
    script = str(project_root / "packaging" / "bootstrap.py")
    done = subprocess.run([sys.executable, script, "nonsense"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and "nonsense" in done.stderr
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and "demo" in done.stdout


def test_a_finished_setup_is_not_repeated(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    monkeypatch.setattr(bootstrap, "make_venv", lambda: steps.append("venv"))
    monkeypatch.setattr(bootstrap, "pip", lambda arguments: steps.append("pip"))
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.touch()
    bootstrap.install_locked("test")
    assert steps == ["venv", "pip", "pip"]
    bootstrap.install_locked("test")
    bootstrap.install_locked("app")
    assert steps == ["venv", "pip", "pip"]
    bootstrap.stamp_file("test").write_text("another lock")
    bootstrap.install_locked("app")
    assert steps == ["venv", "pip", "pip"] * 2


def test_an_interrupted_setup_begins_again(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(arguments: list[str]) -> None:
        raise bootstrap.SetupError("no network")

    monkeypatch.setattr(bootstrap, "make_venv", lambda: bootstrap.VENV.mkdir())
    monkeypatch.setattr(bootstrap, "pip", fails)
    with pytest.raises(bootstrap.SetupError):
        bootstrap.install_locked("app")
    assert not bootstrap.stamp_file("app").exists()


def test_without_root_and_sudo_the_remedy_is_named(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITIVERSE_FAKE_MISSING", "libEGL.so.1")
    monkeypatch.setattr(bootstrap, "apt_prefix", lambda: None)
    assert bootstrap.install_libraries("drawing") == ["libEGL.so.1"]
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "libEGL.so.1" in err and "Remedy" in err


def test_only_missing_packages_are_installed(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def install(names: list[str]) -> bool:
        asked.append(names)
        monkeypatch.delenv("CITIVERSE_FAKE_MISSING")
        return True

    monkeypatch.setenv("CITIVERSE_FAKE_MISSING", "libxcb-cursor.so.0")
    monkeypatch.setattr(bootstrap, "install_packages", install)
    bootstrap.install_libraries("drawing", "window", "x11")
    assert asked == [["libxcb-cursor0"]]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("WARNING: Retrying ... NewConnectionError: Failed to establish a new connection", "network"),
        ("ERROR: Could not find a version that satisfies the requirement vtk==9.7.2", "vtk==9.7.2"),
        ("", "pip could not install"),
    ],
)
def test_pip_failures_are_explained(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, said: str, expected: str, tmp_path: Path
) -> None:
    bootstrap.VENV.mkdir()
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{said}\nEND\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(bootstrap, "PYTHON", fake)
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.pip(["x"])
    assert expected in str(caught.value) and "\n" not in str(caught.value)
    assert (bootstrap.VENV / "setup.log").exists()


def test_tests_share_the_cores_unless_somebody_looks_in(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap.sys, "platform", "linux")
    monkeypatch.setattr(bootstrap.os, "sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert bootstrap.sharing(["-k", "holes"]) == ["-n", "4", "--dist", "worksteal"]
    assert bootstrap.sharing(["--pdb"]) == []
    monkeypatch.setattr(bootstrap.os, "sched_getaffinity", lambda _: {0})
    assert bootstrap.sharing([]) == []
    monkeypatch.setattr(bootstrap.sys, "platform", "win32")
    assert bootstrap.sharing([]) == []
