"""``citiverse present``: the audience's window and the presenter's console; ``--check`` looks whether all is there."""

from __future__ import annotations

import argparse
import json
from contextlib import suppress
from pathlib import Path

from viewer.cli_common import CANNOT_DRAW, DONE, NOT_IN_IT, UNREADABLE, USAGE, CliError, emit, is_project, plain
from viewer.doctor import check_window, has_display


def run(options: argparse.Namespace) -> int:
    """Present a project, or check it."""
    if len(options.paths) != 1 or not is_project(options.paths[0]):
        raise CliError(USAGE, f"{options.paths[-1]}: what is presented is one project (.citiverse); name one.")
    if options.json and not options.check:
        raise CliError(USAGE, "--json needs --check.")
    return _check(options) if options.check else _present(options)


def _present(options: argparse.Namespace) -> int:
    from viewer.document.project import load_project

    project = load_project(_there(options.paths[0]))
    _known_tour(options.tour, [tour.name for tour in project.state.tours])
    if not has_display():
        raise CliError(CANNOT_DRAW, "there is no display to present on. Without one: citiverse record, or --check.")
    check_window()
    from viewer.ui.app import run_present

    return run_present(options.paths[0], options.tour, options.minutes, options.language)


def _check(options: argparse.Namespace) -> int:
    """Open everything, print what is missing; 4 if anything is."""
    from viewer.cli_scene import load_paths, make_session
    from viewer.session.preflight import check

    session = make_session()
    try:
        _there(options.paths[0])
        with suppress(CliError):  # that no layer could be opened is a finding like any other
            load_paths(session, options.paths)
        if session.document.path is None:
            raise CliError(UNREADABLE, "")
        _known_tour(options.tour, [tour.name for tour in session.document.state.tours])
        report = check(session)
    finally:
        session.close()
    if options.json:
        emit(json.dumps(report.raw(), ensure_ascii=False))
    else:
        for line in report.lines:
            emit(plain(f"{line.severity}: {line.text}"))
        emit(plain(report.summary))
    return DONE if report.ready else NOT_IN_IT


def _known_tour(name: str | None, tours: list[str]) -> None:
    if name is not None and name not in tours:
        known = ", ".join(tours) or "none"
        raise CliError(NOT_IN_IT, f"there is no tour {name!r} in it. Tours: {known}.")


def _there(text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise CliError(UNREADABLE, f"{path.name}: there is no such file. Check the name and the folder.")
    return path
