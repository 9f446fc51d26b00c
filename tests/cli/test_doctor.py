"""``citiverse doctor`` and the list of system libraries behind it."""

from __future__ import annotations

import json

import pytest

from viewer import cli, doctor, syslibs


def test_report_as_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code = cli.main(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == (0 if report["opengl"]["works"] else 5)
    assert report["packages"]["numpy"] and report["python"].startswith("3.")
    assert set(report["folders"]) == {"settings", "state", "cache", "temporary"}
    assert all(folder["writable"] for folder in report["folders"].values())
    assert report["opengl"]["works"], report["opengl"]["reason"]
    assert report["opengl"]["quality"] in ("draft", "normal", "high")
    assert set(report["input_devices"]) == {"gamepads", "spacemice", "libraries", "problems"}
    assert report["packages"]["PySDL2"] and report["packages"]["hidapi"]
    assert report["opengl"]["renderer"] and isinstance(report["opengl"]["software"], bool)


def test_missing_libraries_come_with_their_remedy(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(syslibs.FAKE_ENVIRONMENT, "libEGL.so.1")
    monkeypatch.setattr(syslibs.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert cli.main(["doctor"]) == 5
    out = capsys.readouterr().out
    assert "missing: libEGL.so.1" in out and "apt-get install libegl1" in out
    assert "Traceback" not in out


def test_input_devices_and_what_is_wrong_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {
        "gamepads": ["Pad\x1b[31m"],
        "spacemice": [],
        "libraries": {},
        "problems": ["it is locked. Remedy: unlock"],
    }
    monkeypatch.setattr(doctor, "_input_devices", lambda: found)
    monkeypatch.setattr(doctor, "probe_opengl", lambda: doctor._no_opengl("not tried"))
    lines = doctor.as_text(doctor.examine()).splitlines()
    assert "SpaceMice         none" in lines and "Input problem     it is locked. Remedy: unlock" in lines
    assert any(line.startswith("Gamepads          Pad") for line in lines) and not any("\x1b" in line for line in lines)


def test_only_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = {library.name for library in syslibs.LIBRARIES}
    monkeypatch.setattr(syslibs, "_present", lambda library: library.name != "libxcb-util.so.1")
    absent = syslibs.missing(
        syslibs.DRAWING, syslibs.READING, syslibs.LABELS, syslibs.WINDOW, syslibs.X11, syslibs.TESTS
    )
    assert [library.name for library in absent] == ["libxcb-util.so.1"]
    assert syslibs.packages(absent) == ["libxcb-util1"]
    assert len(everything) == len(syslibs.LIBRARIES)


@pytest.mark.parametrize(
    ("release", "newer"),
    [
        ('ID=debian\nVERSION_ID="12"', False),
        ('ID=debian\nVERSION_ID="13"', True),
        ('ID=ubuntu\nVERSION_ID="22.04"', False),
        ('ID=ubuntu\nVERSION_ID="24.04"', True),
        ("ID=debian\nPRETTY_NAME=trixie/sid", True),
        ("", False),
        ("ID=fedora\nVERSION_ID=43", False),
    ],
)
def test_releases_with_64_bit_time(release: str, newer: bool) -> None:
    assert syslibs._has_64_bit_time(release) is newer


def test_without_apt_the_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslibs.shutil, "which", lambda name: None)
    assert "libEGL.so.1" in syslibs.remedy([syslibs.LIBRARIES[0]])


def test_other_systems_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syslibs.sys, "platform", "darwin")
    assert syslibs.missing(syslibs.DRAWING, syslibs.WINDOW, syslibs.TESTS) == []
