"""What lies around the panels: crash watch, window memory, status bar, the file acts."""

from __future__ import annotations

import datetime as dt
import faulthandler
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt

from viewer.jobs.queue import JobStatus
from viewer.session.registry import COMMANDS
from viewer.ui import commands
from viewer.ui.crash import CrashWatch
from viewer.ui.desktop.actions import MENUS, SEPARATOR, TOOLBAR
from viewer.ui.desktop.files import Files, with_ending
from viewer.ui.desktop.status import StatusBar, position_text
from viewer.ui.memory import WindowMemory

AddLayer = Callable[..., str]


# --- crash watch -----------------------------------------------------------------------------------------------


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CrashWatch]:
    """Without native crashes: pytest's own watch for those goes on, and writes where it is seen."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(faulthandler, "enable", lambda *_, **__: None)
    monkeypatch.setattr(faulthandler, "disable", lambda: None)
    made = CrashWatch(tmp_path)
    yield made
    made.close()


def _raise(watch: CrashWatch, error: Exception) -> None:
    try:
        raise error
    except Exception as caught:
        sys.excepthook(type(caught), caught, caught.__traceback__)


def test_unexpected_exception_is_reported_and_logged(watch: CrashWatch, tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []
    watch.report = lambda text, details: seen.append((text, details))
    watch.start()
    _raise(watch, ZeroDivisionError("kaput"))
    assert "ZeroDivisionError" in seen[0][0] and "still here" in seen[0][0]
    assert "kaput" in seen[0][1] and "Python" in seen[0][1]
    assert "kaput" in (tmp_path / "errors.log").read_text()


def test_error_while_reporting_does_not_go_round(watch: CrashWatch, capsys: Any) -> None:
    def broken(text: str, details: str) -> None:
        _raise(watch, ValueError("again"))

    watch.report = broken
    watch.start()
    _raise(watch, ZeroDivisionError("first"))
    assert "again" in capsys.readouterr().err


def test_native_crash_is_told_at_the_next_start(tmp_path: Path) -> None:
    code = (
        "import sys, faulthandler; from pathlib import Path; from viewer.ui.crash import CrashWatch\n"
        f"w = CrashWatch(Path({str(tmp_path)!r})); w.start(); faulthandler._sigsegv()"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode != 0
    watch = CrashWatch(tmp_path)
    was_on = faulthandler.is_enabled()
    watch.start()
    watch.close()
    if was_on:
        faulthandler.enable()
    assert "Segmentation fault" in watch.last_crash
    assert not (tmp_path / "crash.log").exists()


# --- memory ----------------------------------------------------------------------------------------------------


def test_memory_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "window.json"
    memory = WindowMemory(path)
    memory.set_blobs(geometry=b"\0\1", layout=b"abc")
    memory.note_opened(Path("/data/a.json"), dt.datetime(2026, 5, 1, 9, 30))
    again = WindowMemory(path)
    assert again.blob("geometry") == b"\0\1" and again.blob("layout") == b"abc" and again.blob("other") == b""
    assert again.opened(Path("/data/a.json")) == dt.datetime(2026, 5, 1, 9, 30)
    assert again.opened(Path("/data/b.json")) is None


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"version": 99}', '{"version": 1, "opened": 3}', "[" * 5000])
def test_broken_memory_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "window.json"
    path.write_text(text)
    memory = WindowMemory(path)
    assert memory.blob("layout") == b"" and memory.opened(Path("/x")) is None
    memory.note_opened(Path("/x"))
    assert WindowMemory(path).opened(Path("/x")) is not None


# --- status bar ------------------------------------------------------------------------------------------------


def test_position_has_coordinates_and_height() -> None:
    assert position_text((85_123.456, 446_789.1, 12.345)) == "85 123.46, 446 789.10   height 12.35 m"
    assert position_text((4.3571234, 52.0116789, -1.0), geographic=True) == "4.3571234, 52.0116789   height -1.00 m"
    assert position_text(None) == ""


def test_jobs_show_progress_and_cancel(qtbot: Any, shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bar = StatusBar(shell)
    qtbot.addWidget(bar)
    bar.resize(1600, 30)
    bar.show()
    cancelled: list[int] = []
    monkeypatch.setattr(shell.session.jobs, "cancel", cancelled.append)
    bar.show_jobs([JobStatus(n, f"Opening {n}", 0.5, "reading", n < 3) for n in range(1, 6)])
    assert len(bar.jobs.rows) == 3 and bar.jobs.more.text() == "and 2 more"
    assert bar.jobs.rows[1].bar.value() * 2 == bar.jobs.rows[1].bar.maximum()
    assert "waiting" in bar.jobs.rows[3].title.full_text()
    qtbot.mouseClick(bar.jobs.rows[2].stop, Qt.MouseButton.LeftButton)
    assert cancelled == [2]
    bar.show_jobs([])
    assert not bar.jobs.rows and not bar.jobs.more.isVisible()


# --- commands --------------------------------------------------------------------------------------------------


def test_every_menu_line_names_a_command() -> None:
    made_by_window = {"recent", "viewpoints", "legend", "labels", "quality", "stereo", "theme", "panels"}
    made_by_window |= {f"scenarios.{name}" for name in ("show", "variable", "mode", "hatch", "sun")}
    for _, items in (*MENUS, ("", TOOLBAR)):
        for item in items:
            assert item is SEPARATOR or item.command in made_by_window or item.command in COMMANDS, item


def test_window_commands_need_a_window(session: Any) -> None:
    commands.detach(session)
    with pytest.raises(Exception, match="needs a window"):
        session.run("app.keys")


# --- files -----------------------------------------------------------------------------------------------------


class FakeDialogs:
    def __init__(self, answer: str = "cancel", path: str = "") -> None:
        self.answer, self.path, self.asked = answer, path, 0

    def open_files(self, folder: str) -> list[str]:
        return [self.path] if self.path else []

    def save_project(self, start: str) -> str:
        return self.path

    def save_picture(self, start: str) -> str:
        return self.path

    def unsaved(self, title: str) -> str:
        self.asked += 1
        return self.answer


@pytest.fixture
def files(shell: Any, tmp_path: Path, qapp: Any) -> Files:
    from PySide6.QtGui import QImage

    window: Any = SimpleNamespace(picture=lambda: QImage(8, 8, QImage.Format.Format_RGB32))
    made = Files.__new__(Files)
    made._shell, made._window, made._memory = shell, window, WindowMemory(tmp_path / "window.json")
    made.dialogs = FakeDialogs()  # type: ignore[assignment]
    return made


def test_nothing_unsaved_is_not_asked(files: Files, add_layer: AddLayer) -> None:
    dialogs: Any = files.dialogs
    assert files.may_close() and dialogs.asked == 0
    add_layer()
    assert not files.may_close() and dialogs.asked == 1
    dialogs.answer = "discard"
    assert files.may_close()


def test_saving_asks_for_a_place_once(files: Files, shell: Any, add_layer: AddLayer, tmp_path: Path) -> None:
    dialogs: Any = files.dialogs
    add_layer()
    assert not files.save()
    dialogs.path = str(tmp_path / "plan")
    assert files.save()
    assert (tmp_path / "plan.citiverse").exists() and not shell.session.document.dirty
    dialogs.path = ""
    shell.session.run("viewpoint.add", name="A")
    assert files.save()
    assert files.may_close() and dialogs.asked == 0
    assert [r.path.name for r in files.recent()] == ["plan.citiverse"]
    assert files.recent()[0].opened is not None


def test_saving_where_it_cannot_be_is_told(files: Files, shell: Any, add_layer: AddLayer, tmp_path: Path) -> None:
    dialogs: Any = files.dialogs
    said: list[str] = []
    shell.message.connect(lambda severity, text, _d, _a: said.append(f"{severity}: {text}"))
    add_layer()
    (tmp_path / "file").write_text("")
    dialogs.path = str(tmp_path / "file" / "plan.citiverse")
    assert not files.save()
    assert said and said[0].startswith("error: plan.citiverse cannot be saved")


def test_picture_is_written_or_refused(files: Files, shell: Any, tmp_path: Path) -> None:
    said: list[str] = []
    shell.message.connect(lambda severity, text, _d, _a: said.append(f"{severity}: {text}"))
    files.export(tmp_path / "view.png")
    assert (tmp_path / "view.png").read_bytes().startswith(b"\x89PNG")
    files.export(tmp_path / "no such folder" / "view.png")
    assert [s.split(":")[0] for s in said] == ["info", "error"]


def test_project_is_opened_alone(files: Files, shell: Any) -> None:
    said: list[str] = []
    shell.message.connect(lambda severity, text, _d, _a: said.append(text))
    files.open([Path("/a.citiverse"), Path("/b.json")])
    assert "alone" in said[0]


def test_endings_are_added_once() -> None:
    assert with_ending("/a/plan", ".citiverse") == Path("/a/plan.citiverse")
    assert with_ending("/a/Plan.CITIVERSE", ".citiverse") == Path("/a/Plan.CITIVERSE")


def test_files_are_opened_by_the_session(
    files: Files, shell: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(shell.session.opening, "open", lambda paths: opened.extend(paths) or ())
    files.open([tmp_path / "a.city.json", tmp_path / "b.city.json"])
    assert opened == [str(tmp_path / "a.city.json"), str(tmp_path / "b.city.json")]
    assert files._memory.opened(tmp_path / "a.city.json") is not None
