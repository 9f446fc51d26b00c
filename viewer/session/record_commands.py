"""Commands that make pictures and videos off the window's back, in a process of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from loaders.api import Severity
from viewer.document.project import EXTENSION, save_project
from viewer.document.state import ScenarioView
from viewer.jobs.program import ProgramError, ProgramJob
from viewer.session.path_commands import path_of
from viewer.session.registry import CommandError, command
from viewer.session.tour_commands import tour_of

if TYPE_CHECKING:
    from viewer.session.session import Session

PARTS = ".parts"
"""Ending of the folder in which ``citiverse record`` keeps the parts of a video."""
LARGEST_SIDE, LARGEST_AREA = 16384, 134_217_728


def _has_scene(session: Session) -> bool:
    return bool(session.document.cities)


def _has_something(session: Session) -> bool:
    state = session.document.state
    return bool(session.document.cities and (state.tours or state.paths))


@command("video.record", title="Record as video", undo=False, enabled=_has_something)
def record(
    session: Session,
    output: Path,
    tour: str | None = None,
    path: str | None = None,
    width: int = 1920,
    height: int = 1080,
    fps: int = 30,
    quality: Literal["draft", "normal", "high"] = "normal",
    language: str = "",
) -> int:
    """Record a tour (by default the first) or a path as a video (.mp4 or .webm); returns the id of the job.

    The project is recorded as it is now; one can go on working meanwhile.
    """
    words = ["--size", f"{width}x{height}", "--fps", str(fps), "--quality", quality, "--progress-json"]
    if path is not None:
        words += [f"--path={path_of(session, path).name}"]
    elif tour is not None or session.document.state.tours:
        name = tour_of(session, tour).name if tour is not None else session.document.state.tours[0].name
        words += [f"--tour={name}"]
    else:
        raise CommandError("There is no tour yet. Choose a path, or make a tour.")
    if language:
        words += [f"--language={language}"]
    if session.settings.get("reduce_motion"):
        words += ["--reduce-motion"]
    words += _stereo(session)
    output = _absolute(output)
    return _run(session, f"Recording {output.name}", "record", output, words)


@command("picture.render", title="Draw a picture of any size", undo=False, enabled=_has_scene)
def render(session: Session, output: Path, width: int = 3840, height: int = 2160) -> int:
    """Draw the present view in a size of its own, up to 8K and beyond, as PNG or JPEG; returns the id of the job."""
    if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE and width * height <= LARGEST_AREA):
        raise CommandError(f"A picture of {width} x {height} pixels cannot be drawn; 16384 x 8192 is the largest.")
    camera = session.camera
    place = ",".join(repr(value) for value in (*camera.position, *camera.target))
    words = ["--size", f"{width}x{height}", f"--camera={place}", "--fov", repr(camera.fov_deg)]
    words += _stereo(session)
    output = _absolute(output)
    seen = session.interlude.view if session.interlude.side is not None else None
    return _run(session, f"Drawing {output.name}", "render", output, words, seen=seen)


@command("viewpoint.draw_pictures", title="Draw small pictures of all viewpoints", undo=False, enabled=_has_scene)
def draw_pictures(session: Session, folder: Path, width: int = 192, height: int = 108) -> int:
    """Draw every viewpoint into a folder as 0.png, 1.png, ... in their order; returns the id of the job.

    When they are there, the window is told (``viewpoint.pictures_drawn``).
    """
    viewpoints = session.document.state.viewpoints
    if not viewpoints:
        raise CommandError("There is no viewpoint yet.")

    def done() -> None:
        session.ui_requested.emit("viewpoint.pictures_drawn", {"folder": folder, "viewpoints": viewpoints})

    words = ["--thumbnails", "--size", f"{width}x{height}", "--progress-json"]
    return _run(session, "Drawing viewpoints", "record", _absolute(folder), words, done)


def _stereo(session: Session) -> list[str]:
    """As the window shows it."""
    mode = str(session.settings.get("stereo"))
    return [] if mode == "off" else ["--stereo", mode]


def _absolute(output: Path) -> Path:
    try:
        return output.absolute()
    except OSError as error:
        raise CommandError(f"{output.name}: this is no place for a file ({error.strerror or error}).") from error


def _run(
    session: Session,
    title: str,
    name: str,
    output: Path,
    words: Sequence[str],
    then: Callable[[], None] | None = None,
    seen: ScenarioView | None = None,
) -> int:
    """Start a command on a copy of the project as it is now; ``then`` is called in place of telling that it is done.

    ``seen`` is drawn in place of the scenarios that the document shows: the side of a flicker.
    """
    state = session.document.state if seen is None else replace(session.document.state, scenario_view=seen)
    folder = Path(tempfile.mkdtemp(prefix="citiverse-record-"))
    project = folder / f"snapshot{EXTENSION}"

    def clean(parts: bool = False) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if parts:
            shutil.rmtree(output.with_name(output.name + PARTS), ignore_errors=True)

    def done(_said: tuple[str, ...]) -> None:
        clean()
        if then is not None:
            then()
            return
        session.say(Severity.INFO, f"Saved {output.name}", str(output.parent))

    def failed(error: ProgramError) -> None:
        clean()
        session.say(Severity.ERROR, str(error))

    try:
        save_project(state, project, camera=session.camera, absolute=True, moment=session.clock.now)
    except OSError as error:
        clean()
        raise CommandError(
            f"The project cannot be copied ({error.strerror or error}). Make room on the disk."
        ) from error
    all_words = (name, str(project), "-o", str(output), *words)
    end = partial(clean, name == "record")
    return session.submit(ProgramJob(title, all_words, done, failed, on_end=end, key=f"{name} {output}"))
