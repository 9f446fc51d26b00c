"""``citiverse``, ``citiverse open`` and ``citiverse demo``: the window, and the demo's pictures where there is none."""

from __future__ import annotations

import argparse
import os
import re
import tempfile
from pathlib import Path

from viewer.cli_common import (
    CANNOT_DRAW,
    DONE,
    UNREADABLE,
    CliError,
    TerminalProgress,
    complain,
    emit,
    expand_paths,
    is_project,
)
from viewer.doctor import check_window, has_display

PICTURE_FOLDER = "citiverse-demo"
PICTURE_SIZE = (1280, 720)


def start(options: argparse.Namespace) -> int:
    """The window on its start page."""
    return _window([])


def open_paths(options: argparse.Namespace) -> int:
    """The window with these files; what cannot be opened at all is told before a window appears."""
    files, refused = expand_paths(options.paths)
    there = [path for path in files if path.exists()]
    if not there:
        missing = [f"{path.name}: there is no such file. Check the name and the folder." for path in files]
        raise CliError(UNREADABLE, str(refused[0]) if refused else missing[0])
    return _window(options.paths)


def demo(options: argparse.Namespace) -> int:
    """The demo city in the window; without a display its pictures in a folder."""
    if has_display():
        return _window([], demo=True)
    return render_demo(options.output)


def _window(paths: list[str], *, demo: bool = False) -> int:
    if not has_display():
        raise CliError(CANNOT_DRAW, "there is no display to open a window on. Pictures without one: citiverse render.")
    check_window()
    from viewer.ui.app import run_app

    absolute = [str(Path(path).absolute()) if not is_project(path) else path for path in paths]
    return run_app(absolute, demo=demo)


def render_demo(output: str | None) -> int:
    """Render the demo's viewpoints, with its scenarios, and print where the pictures are."""
    from viewer.cli_picture import finished, showing, write_picture
    from viewer.cli_scene import load_paths, make_session
    from viewer.demo.tour import demo_state
    from viewer.document.project import save_project

    folder = _picture_folder(output)
    make_scenarios()
    session = make_session()
    try:
        state = demo_state()
        with tempfile.TemporaryDirectory() as name:
            project = Path(name) / "demo.citiverse"
            save_project(state, project)
            load_paths(session, [str(project)])
        with showing(session, PICTURE_SIZE) as view:
            for number, viewpoint in enumerate(state.viewpoints, 1):
                session.run("viewpoint.go", name=viewpoint.name)
                name = re.sub(r"[^a-z0-9]+", "-", viewpoint.name.lower()).strip("-")
                write_picture(folder / f"{number}-{name}.png", finished(session, view, PICTURE_SIZE))
    finally:
        session.close()
    emit(f"There is no display here. Pictures of the demo city: {folder}")
    return DONE


def make_scenarios() -> None:
    """Have the demo's scenarios computed, if that has not been done yet; without them only the town is shown."""
    from viewer.demo.child import DemoProcess
    from viewer.demo.files import demo_files
    from viewer.demo.scenarios import scenario_states

    files = demo_files()
    if scenario_states(files.scenarios) is not None:
        return
    progress, process = TerminalProgress("Computing scenarios"), DemoProcess(files.city.parent)
    try:
        while not process.wait(0.1):
            progress.report(process.fraction, process.stage)
    except BaseException:
        process.stop()
        raise
    finally:
        progress.finish()
    if process.error:
        complain(f"the demo's scenarios could not be computed ({process.error}); the town is shown without them.")


def _picture_folder(output: str | None) -> Path:
    """The folder asked for, else one below the current folder, else a temporary one; it exists afterwards."""
    wanted = Path(output) if output else Path.cwd() / PICTURE_FOLDER
    if output is None and not os.access(Path.cwd(), os.W_OK):
        wanted = Path(tempfile.gettempdir()) / PICTURE_FOLDER
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CliError(2, f"{wanted}: the folder cannot be made ({error.strerror}); name another with -o.") from error
    return wanted.absolute()
