"""``citiverse record``: a tour or path of a project as a video, drawn off-screen at fixed steps.

The video is made in parts of a few seconds in a folder beside it (``OUT.mp4.parts``); a recording that was interrupted
goes on where it was, if nothing that it depends on has changed. The file itself appears whole or not at all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.cli_common import (
    DONE,
    NOT_IN_IT,
    USAGE,
    CliError,
    TerminalProgress,
    complain,
    emit,
    is_project,
    plain,
    version,
)
from viewer.cli_film import Film, Words, boxes_of
from viewer.cli_picture import EarlyView, check_memory, showing, write_picture
from viewer.cli_scene import load_paths, make_session, suggest
from viewer.session.registry import CommandError
from viewer.session.session import Session
from viewer.session.timeline import Look, NothingToPlay, Timeline, path_timeline, tour_timeline

if TYPE_CHECKING:
    from viewer.render.video import VideoWriter

PARTS = ".parts"
PLAN = "plan.json"
PART_SECONDS = 4.0
MAX_FRAMES = 1_000_000


def run(options: argparse.Namespace) -> int:
    """Record one video."""
    if options.thumbnails:
        return thumbnails(options)
    out = checked_output(options)
    check_memory(options.size)
    session, early = make_session(), EarlyView(options.size)
    progress: TerminalProgress | _JsonProgress
    progress = _JsonProgress() if options.progress_json else TerminalProgress(out.name)
    try:
        load_paths(session, options.paths, meanwhile=early.prepare)
        line = choose_timeline(session, options)
        for missing in line.missing:
            complain(f"a step of tour {line.title!r} is left out: there is no {missing!r}.")
        apply_options(session, options)
        frames = max(1, round(line.seconds * options.fps))
        if frames > MAX_FRAMES:
            raise CliError(USAGE, f"{line.title} would have {frames:,} pictures; {MAX_FRAMES:,} are possible.")
        with showing(session, options.size, early) as view:
            view.scene.stereo.mode = options.stereo or "off"
            words = Words(not options.no_stamp, line.title, options.language, source_of(session))
            film = Film(session, view, line, options.size, options.fps, words)
            _Recording(session, film, out, options, progress, line.title).run()
    finally:
        progress.finish()
        early.close()
        session.close()
    return DONE


def thumbnails(options: argparse.Namespace) -> int:
    """Draw every viewpoint of a project into a folder that is there, as 0.png, 1.png, ...: for the window's list."""
    folder, session = Path(options.output), make_session()
    progress = _JsonProgress() if options.progress_json else TerminalProgress(folder.name)
    try:
        load_paths(session, options.paths)
        if session.document.state.scenario_view.shown:
            session.run("scenario.hide")  # where a viewpoint says nothing of scenarios, the city as it is
        line = Timeline("viewpoints")
        viewpoints = session.document.state.viewpoints
        for number, viewpoint in enumerate(viewpoints):
            look = Look(
                viewpoint.time,
                viewpoint.realism,
                viewpoint.layers,
                scenario_view=viewpoint.scenario_view,
                moment=viewpoint.moment,
            )
            line.add_stop(number, viewpoint.name, look)
            line.add(1.0, lambda _seconds, camera=viewpoint.camera: camera)  # type: ignore[misc]
        with showing(session, options.size) as view:
            film = Film(session, view, line, options.size, 1, Words(stamped=False, bare=True))
            for number in range(len(viewpoints)):
                write_picture(folder / f"{number}.png", film.frame(number))
                progress.report((number + 1) / len(viewpoints), f"Viewpoint {number + 1} of {len(viewpoints)}")
    finally:
        progress.finish()
        session.close()
    return DONE


def checked_output(options: argparse.Namespace) -> Path:
    """The file to write; raises `CliError` for a format, place or size that cannot be."""
    from viewer.render.video import CODECS

    path = Path(options.output)
    width, height = options.size
    if path.suffix.lower() not in CODECS:
        raise CliError(
            USAGE, f"{path.name or 'OUT.mp4'}: videos are written as {' or '.join(CODECS)}; change its ending."
        )
    if width % 2 or height % 2 or min(width, height) < 16:
        raise CliError(USAGE, f"--size {width}x{height}: videos need an even width and height of 16 pixels or more.")
    if max(width, height) > 8192:
        raise CliError(USAGE, f"--size {width}x{height}: videos have 8192 pixels at most on a side.")
    if not is_project(options.paths[0]):
        raise CliError(USAGE, f"{options.paths[0]}: tours and paths are in projects (.citiverse); name one.")
    try:
        fits = path.absolute().parent.is_dir() and not path.is_dir()
    except OSError as error:
        raise CliError(USAGE, f"{path.name[:40]}...: this is no file name here ({error.strerror}).") from error
    if not fits:
        raise CliError(USAGE, f"{path}: there is no such folder; create it first, or choose another place.")
    return path.absolute()


def choose_timeline(session: Session, options: argparse.Namespace) -> Timeline:
    """What is recorded; raises `CliError` if it is not in the project."""
    state = session.document.state
    try:
        if options.path is not None:
            paths = {path.name: path for path in state.paths}
            if options.path not in paths:
                raise CliError(
                    NOT_IN_IT, f"there is no path {options.path!r} in it. {suggest(options.path, list(paths))}"
                )
            return path_timeline(paths[options.path], options.speed)
        tours = {tour.name: tour for tour in state.tours}
        name = options.tour if options.tour is not None else next(iter(tours), None)
        if name is None or name not in tours:
            told = "it has no tour. Make one in the window." if name is None else f"there is no tour {name!r} in it. "
            raise CliError(NOT_IN_IT, told + (suggest(name, list(tours)) if name else ""))
        return tour_timeline(state, tours[name], lambda: boxes_of(session), None, options.reduce_motion)
    except NothingToPlay as error:
        raise CliError(NOT_IN_IT, str(error)) from error


def apply_options(session: Session, options: argparse.Namespace) -> None:
    """What the options say of the pictures."""
    if options.no_legend:
        session.run("legend.set_visible", visible=False)
    if options.no_labels:
        session.run("labels.set_visible", visible=False)
    with suppress(CommandError):
        session.run("quality.set", quality="high" if options.quality == "high" else session.document.state.quality)


def source_of(session: Session) -> str:
    """Where the pictures come from: files, and the program with its version."""
    names = [Path(layer.path).name for layer in session.document.state.layers]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return plain(f"{shown} \u00b7 Citiverse Viewer {version()}")


class _JsonProgress:
    """Progress as lines of JSON on standard output, for the window that started this process."""

    def report(self, fraction: float, stage: str) -> None:
        """Tell it."""
        emit(json.dumps({"fraction": round(fraction, 4), "stage": stage}))

    def finish(self) -> None:
        """Nothing is left to wipe."""


class _Recording:
    """Draws, encodes and joins; knows which parts are there already."""

    def __init__(
        self, session: Session, film: Film, out: Path, options: argparse.Namespace, progress: Any, title: str
    ) -> None:
        self._session, self._film, self._out, self._options = session, film, out, options
        self._progress, self._title = progress, title
        self._folder = out.with_name(out.name + PARTS)
        self._length = max(1, round(PART_SECONDS * options.fps))

    def run(self) -> None:
        """Make what is missing and put it together; raises `CliError`."""
        from viewer.render.video import VideoError, join

        total = self._film.frames
        counts = [min(self._length, total - start) for start in range(0, total, self._length)]
        parts = [self._folder / f"{n:06d}{self._out.suffix.lower()}" for n in range(len(counts))]
        try:
            self._take_up(total)
            for number, (part, count) in enumerate(zip(parts, counts, strict=True)):
                if not part.exists():
                    self._make(part, number * self._length, count, total)
            self._progress.report(1.0, "Putting the parts together")
            whole = self._folder / f"whole{self._out.suffix.lower()}"
            join(parts, whole, self._options.fps, counts, self._facts())
            whole.replace(self._out)
        except VideoError as error:
            raise CliError(USAGE, str(error)) from error
        except OSError as error:
            raise CliError(USAGE, f"{self._out.name} cannot be written ({error.strerror or error}).") from error
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self, part: Path, first: int, count: int, total: int) -> None:
        """Draw and encode one part; it gets its name when it is whole."""
        from viewer.render.video import VideoWriter

        options = self._options
        unfinished = part.with_name(f"unfinished{part.suffix}")
        writer = VideoWriter(unfinished, options.size, options.fps, options.quality)
        try:
            # the next picture is drawn while the one before is encoded
            with ThreadPoolExecutor(1, thread_name_prefix="encode") as pool:
                self._write(writer, pool, first, count, total)
            writer.close()
        except BaseException:
            writer.abort()
            raise
        unfinished.replace(part)

    def _write(self, writer: VideoWriter, pool: ThreadPoolExecutor, first: int, count: int, total: int) -> None:
        waiting: Future[None] | None = None
        for number in range(first, first + count):
            image = self._film.frame(number)
            if waiting is not None:
                waiting.result()
            waiting = pool.submit(writer.write, image)
            self._progress.report((number + 1) / total, f"Picture {number + 1} of {total}")
        if waiting is not None:
            waiting.result()

    def _take_up(self, total: int) -> None:
        """Go on with the parts of an interrupted recording of the same, else begin anew."""
        key = self._key(total)
        plan = self._folder / PLAN
        with suppress(OSError, ValueError):
            if json.loads(plan.read_text("utf-8")) == {"key": key}:
                done = len(list(self._folder.glob("[0-9]*")))
                if done:
                    complain(f"going on with an interrupted recording: {done} parts are there.")
                return
        if self._folder.exists():
            if not plan.is_file():
                raise CliError(USAGE, f"{self._folder.name} is there and is no recording; choose another name.")
            shutil.rmtree(self._folder)
        self._folder.mkdir()
        plan.write_text(json.dumps({"key": key}), "utf-8")

    def _key(self, total: int) -> str:
        """Differs whenever any picture could."""
        from viewer.document.project import to_raw

        options = vars(self._options)
        told = {
            k: options[k]
            for k in ("size", "fps", "quality", "tour", "path", "speed", "language", "reduce_motion", "stereo")
        }
        told |= {k: options[k] for k in ("no_stamp", "no_legend", "no_labels")}
        files = []
        for layer in self._session.document.state.layers:
            with suppress(OSError):
                found = Path(layer.path).stat()
                files.append((layer.path, found.st_size, found.st_mtime_ns))
        facts = (version(), total, told, files, to_raw(self._session.document.state, None))
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8", "replace")).hexdigest()

    def _facts(self) -> dict[str, str]:
        """Title and provenance that the file itself keeps."""
        made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        light = self._session.document.state.light.time
        comment = source_of(self._session) + (f" \u00b7 light of {light}" if light else "")
        return {"title": plain(self._title), "comment": comment, "creation_time": made}
