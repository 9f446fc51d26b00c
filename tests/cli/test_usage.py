"""How the command line is read, and what wrong usage answers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from viewer import cli, cli_common

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("words", "long"),
    [
        ([], ["start"]),
        (["--debug"], ["start", "--debug"]),
        (["city.json"], ["open", "city.json"]),
        (["--debug", "city.json", "b.json"], ["open", "--debug", "city.json", "b.json"]),
        (["./demo"], ["open", "./demo"]),
        (["demo"], ["demo"]),
        (["--version"], ["--version"]),
        (["render", "a", "--camera", "-1,2,3,4,5,6"], ["render", "a", "--camera=-1,2,3,4,5,6"]),
        (["pick", "a", "--at", "-5,3"], ["pick", "a", "--at=-5,3"]),
        (["render", "a", "--range", "-.5,3"], ["render", "a", "--range=-.5,3"]),
    ],
)
def test_short_forms(words: list[str], long: list[str]) -> None:
    assert cli.normalise(words) == long


@pytest.mark.parametrize(
    "words",
    [
        ["render", "a.json"],
        ["render", "a.json", "-o", "a.bmp"],
        ["render", "a.json", "-o", "/no/such/folder/a.png"],
        ["render", "a.json", "-o", "a.png", "--size", "0x10"],
        ["render", "a.json", "-o", "a.png", "--size", "99999x99999"],
        ["render", "a.json", "-o", "a.png", "--size", "10"],
        ["render", "a.json", "-o", "a.png", "--camera", "1,2,3"],
        ["render", "a.json", "-o", "a.png", "--camera", "1,2,3,1,2,3"],
        ["render", "a.json", "-o", "a.png", "--camera", "nan,0,0,0,0,0"],
        ["render", "a.json", "-o", "a.png", "--camera", "1,2,3,4,5,6", "--view", "x"],
        ["render", "a.json", "-o", "a.png", "--fov", "0"],
        ["render", "a.json", "-o", "a.png", "--range", "1,2"],
        ["render", "a.json", "-o", "a.png", "--color-by", "h", "--range", "1,1"],
        ["render", "a.json", "-o", "a.png", "--color-by", "h", "--palette", "nope"],
        ["render", "a.json", "-o", "a.png", "--filter", "height >"],
        ["render", "a.json", "-o", "a.png", "--quality", "best"],
        ["render", "a.json", "-o", "a.png", "--split", "0.5"],
        ["render", "a.citiverse", "b.citiverse", "-o", "a.png"],
        ["pick", "a.json"],
        ["pick", "a.json", "--at", "1.5,2"],
        ["pick", "a.json", "--at", "5,5", "--size", "5x5"],
        ["render", "a.json", "-o", "a.png", "--compare", "a,b", "--split", "1.5"],
        ["render", "a.json", "-o", "a.png", "--compare", "a"],
        ["render", "a.json", "-o", "a.png", "--sun", "yesterday"],
        ["render", "a.json", "-o", "a.png", "--time", "2030-13"],
        ["render", "a.json", "-o", ""],
        ["info", ""],
        ["info"],
        ["info", "a.json", "--nonsense"],
        ["--nonsense"],
        ["doctor", "extra"],
    ],
)
def test_wrong_usage_is_one_line_and_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("citiverse: ") and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("citiverse ")
    assert cli.main(["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("open", "demo", "info", "render", "pick", "doctor", "self-test"):
        assert command in text
    assert cli.main(["render", "--help"]) == 0
    text = capsys.readouterr().out
    for option in ("--size", "--view", "--camera", "--fov", "--lod", "--color-by", "--palette", "--range", "--filter"):
        assert option in text
    for option in ("--hide", "--scenario", "--compare", "--split", "--time", "--sun", "--select", "--no-legend"):
        assert option in text
    for option in ("--realism", "--contours", "--no-shadows"):
        assert option in text


def test_unexpected_errors_are_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(words: list[str]) -> int:
        raise RuntimeError("boom\nsecond line")

    monkeypatch.setattr(cli, "dispatch", broken)
    assert cli.main(["info", "x"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "boom second line" in err and "Traceback" not in err
    assert cli.main(["info", "x", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_terminals_are_safe_from_file_contents() -> None:
    text = cli_common.plain("a\x1b[2Jb\u202ec\r\nd\x00\ud800")
    assert "\x1b" not in text and "\u202e" not in text and "\n" not in text and "\x00" not in text
    text.encode("utf-8")


def run_cli(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "viewer", *words], env=env, capture_output=True, timeout=120)


def test_a_reader_that_leaves_early_is_no_error(project_root: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import viewer.cli as c, sys; c.dispatch = lambda w: print('x' * 1000000) or 0; "
         "raise SystemExit(c.main(['info', 'a']))"],
        cwd=project_root, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_light_commands_bring_in_no_toolkit(project_root: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from viewer import cli; cli.main(['info', 'missing.json']); "
        "print([m for m in sys.modules if m.split('.')[0] in ('PySide6', 'vtkmodules', 'vtk', 'PIL', 'pyproj')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals work differently there")
def test_interrupt_ends_native_code_that_does_not_listen(project_root: Path) -> None:
    """Drawing in C++ does not see Ctrl-C; the process must end within a second or so all the same."""
    code = (
        "import signal, time; from viewer.cli_common import guard_interrupts; guard_interrupts();"
        "signal.signal(signal.SIGINT, lambda *a: time.sleep(600)); print('ready', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=project_root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(2)
    assert process.wait(60) == 130
    assert process.stderr.read() == b"citiverse: stopped.\n"
    process.stdout.close()
    process.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="signals work differently there")
@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.2, 0.3])
def test_interrupt_at_any_moment_of_the_start_shows_no_traceback(project_root: Path, seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "viewer", "doctor"], cwd=project_root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        time.sleep(seconds)
        process.send_signal(2)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    # Python itself may still be starting and say so; from the program's first line on there is no traceback.
    assert b"__main__.py" not in err and b"viewer/cli" not in err
    assert process.returncode in (0, 130, -2) or (process.returncode == 1 and b"KeyboardInterrupt" in err)


def test_no_display_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text("{}")
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    for words in ([], ["open", str(file)], [str(file)]):
        done = run_cli(*words, env=environment)
        assert done.returncode == 5
        assert done.stderr.count(b"\n") == 1 and b"no display" in done.stderr


def test_a_display_that_does_not_answer_is_no_display(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = run_cli(env=environment | {"DISPLAY": ":4711"})
    assert done.returncode == 5 and b"no display" in done.stderr


def test_missing_libraries_are_named_before_anything_is_imported(tmp_path: Path) -> None:
    fake = {"CITIVERSE_FAKE_MISSING": "libxcb-cursor.so.0", "QT_QPA_PLATFORM": "xcb", "DISPLAY": os.environ["DISPLAY"]}
    done = run_cli(env={**os.environ, **fake})
    assert done.returncode == 5
    text = done.stderr.decode()
    assert "libxcb-cursor.so.0" in text and "Remedy:" in text and text.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="file descriptors of a shell")
@pytest.mark.parametrize(
    ("redirections", "code", "told"),
    [("<&- >&-", 0, ""), ("2>&-", 0, ""), ("<&- >&- 2>&-", 0, ""), (">/dev/full", 2, "cannot be written")],
)
def test_closed_and_full_outputs(boxes: Path, tmp_path: Path, redirections: str, code: int, told: str) -> None:
    if "full" in redirections and not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    script = f'"$0" -m viewer info --json "$1" {redirections}'
    done = subprocess.run(["sh", "-c", script, sys.executable, str(boxes)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == code
    assert told in done.stderr and done.stderr.count("\n") == (1 if told else 0)


@pytest.mark.skipif(os.name != "posix", reason="file descriptors of a shell")
def test_a_complaint_never_lands_in_the_output(tmp_path: Path) -> None:
    script = '"$0" -m viewer info --json nope.json 2>&-'
    done = subprocess.run(["sh", "-c", script, sys.executable], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (3, "")
