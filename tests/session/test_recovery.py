import subprocess
import sys

import pytest

from viewer.document.document import Document
from viewer.jobs import JobQueue
from viewer.session import recovery
from viewer.session.recovery import discard, recover, recoverable
from viewer.session.session import Session
from viewer.settings.settings import Settings


def look(session):
    """A turn of the window; the copy that it begins to write is finished, and the next turn knows."""
    session.poll()
    if session._autosaver is not None:
        session._autosaver.finish()
    session.poll()


def work(session, clock, seconds):
    session.poll()
    clock.now += seconds
    look(session)


@pytest.fixture
def crashed(citiverse_home, project_root):
    """Another program that wrote a copy of its work and was killed."""
    code = f"""
import os, signal
from viewer.document.document import Document
from viewer.jobs import JobQueue
from viewer.session.session import Session
from viewer.settings.settings import Settings
now = [0.0]
s = Session(Document(), JobQueue(), Settings(), clock=lambda: now[0])
s.run("project.set_title", title="Lost work")
s.document.path = __import__("pathlib").Path({str(citiverse_home / "plan.citiverse")!r})
s.poll(); now[0] += 100; s.poll(); s._autosaver.finish()
print("ready", flush=True)
{{end}}
"""

    def start(end="os.kill(os.getpid(), 9)"):
        return subprocess.Popen(
            [sys.executable, "-c", code.replace("{end}", end)], cwd=project_root, stdout=subprocess.PIPE, text=True
        )

    return start


def test_dirty_work_is_copied_after_a_while_and_cleared_by_saving(town, clock, tmp_path):
    root = tmp_path
    folder = recovery.folders().state / "recovery"
    work(town, clock, 30)
    assert not folder.exists(), "too early"
    clock.now += 31
    look(town)
    (own,) = folder.iterdir()
    assert {f.name for f in own.iterdir()} == {"lock", "project.citiverse", "about.json"}
    town.run("file.save_as", path=str(root / "p.citiverse"))
    town.poll()
    assert {f.name for f in own.iterdir()} == {"lock"}
    town.close()
    assert not own.exists()


def test_nothing_is_written_again_while_nothing_changes(town, clock):
    work(town, clock, 61)
    (own,) = (recovery.folders().state / "recovery").iterdir()
    stamp = (own / "project.citiverse").stat().st_mtime_ns
    for _ in range(5):
        clock.now += 100
        look(town)
    assert (own / "project.citiverse").stat().st_mtime_ns == stamp
    town.run("legend.set_visible", visible=False)
    work(town, clock, 61)
    assert (own / "project.citiverse").stat().st_mtime_ns != stamp


def test_a_clean_document_leaves_no_copy(session, clock):
    work(session, clock, 1000)
    assert not (recovery.folders().state / "recovery").exists()


def test_work_of_a_running_program_is_not_offered(town, clock):
    work(town, clock, 100)
    assert recoverable() == ()


def test_work_of_a_running_process_is_not_offered(crashed):
    process = crashed("import sys; sys.stdin.read() if False else __import__('time').sleep(60)")
    try:
        assert process.stdout.readline() == "ready\n"
        assert recoverable() == ()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert len(recoverable()) == 1


def test_work_of_a_crashed_program_is_offered_and_opened(crashed, session, citiverse_home):
    process = crashed()
    process.communicate()
    (entry,) = recoverable()
    assert (entry.title, entry.path) == ("Lost work", citiverse_home / "plan.citiverse")
    recover(session, entry)
    assert session.document.state.title == "Lost work" and session.document.dirty
    assert session.document.path == citiverse_home / "plan.citiverse"
    assert recoverable() == () and not entry.folder.exists()


def test_discarding(crashed):
    crashed().communicate()
    (entry,) = recoverable()
    discard(entry)
    assert recoverable() == ()


def test_broken_and_empty_folders_are_no_offer(tmp_path):
    root = tmp_path / "recovery"
    assert recoverable(root) == ()
    (root / "empty").mkdir(parents=True)
    (root / "broken").mkdir()
    (root / "broken" / "project.citiverse").write_text("{")
    assert recoverable(root) == ()
    assert sorted(p.name for p in root.iterdir()) == ["broken"], "empty ones are swept, broken work is kept"


def test_a_folder_that_cannot_be_written_is_said_once(town, clock, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recovery, "save_project", full)
    work(town, clock, 100)
    assert "No space left on device" in town.messages[-1].text
    count = len(town.messages)
    work(town, clock, 100)
    assert len(town.messages) == count


def test_recovery_can_be_switched_off(clock, citiverse_home):
    session = Session(Document(clock=clock), JobQueue(), Settings(), clock=clock, autosave=False)
    session.run("project.set_title", title="x")
    work(session, clock, 1000)
    session.close()
    assert not (citiverse_home / "state").exists()


def test_the_window_never_waits_for_a_copy(town, clock, monkeypatch):
    """A slow disk holds up the copy, not the session; ending waits for it and leaves nothing behind."""
    from threading import Event

    begun, go_on = Event(), Event()
    write = recovery.save_project

    def slow(*args, **kwargs):
        begun.set()
        assert go_on.wait(60)
        write(*args, **kwargs)

    monkeypatch.setattr(recovery, "save_project", slow)
    town.poll()
    clock.now += 100
    town.poll()
    assert begun.wait(60)
    (own,) = (recovery.folders().state / "recovery").iterdir()
    clock.now += 100
    town.run("project.set_title", title="Later")
    town.poll()
    assert not (own / "project.citiverse").exists()
    go_on.set()
    town.close()
    assert not own.exists()
