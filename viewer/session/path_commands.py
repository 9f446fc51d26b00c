"""Commands of paths: record the camera, smooth, trim, play."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from viewer.document.state import CameraPath
from viewer.session.camera_paths import smoothed, trimmed
from viewer.session.registry import CommandError, command
from viewer.session.timeline import NothingToPlay
from viewer.session.viewpoint_commands import renamed_in_tours, tell_lost_steps, without_steps

if TYPE_CHECKING:
    from viewer.session.session import Session

SLOWEST, FASTEST = 0.05, 50.0
"""Speeds of playing, as factors."""


def _has_scene(session: Session) -> bool:
    return bool(session.document.cities) and not session.path_recorder.recording


def _records(session: Session) -> bool:
    return session.path_recorder.recording


def _has_path(session: Session) -> bool:
    return bool(session.document.state.paths)


@command("path.record_start", title="Record a path", undo=False, enabled=_has_scene)
def record_start(session: Session) -> None:
    """Begin to record the camera, 20 times a second while it moves."""
    session.path_recorder.start(session.now)


@command("path.record_stop", title="Stop recording the path", enabled=_records)
def record_stop(session: Session, name: str | None = None) -> str:
    """End the recording and keep it as a path (by default "Path 1", "Path 2", ...); returns the name."""
    taken = {path.name for path in session.document.state.paths}
    chosen = free_name(taken, name, "Path")
    keys = session.path_recorder.stop()
    if len(keys) < 2:
        raise CommandError("The camera did not move, so there is no path. Record again and move.")
    with session.document.change(f"Record {chosen}") as edit:
        edit.state = replace(edit.state, paths=(*edit.state.paths, CameraPath(chosen, keys)))
    return chosen


@command("path.smooth", title="Smooth path", enabled=_has_path)
def smooth(session: Session, name: str) -> int:
    """Take the tremor out of a path: it stays within 0.1 m and 1 degree of its calm course. Returns its keys now."""
    new = smoothed(path_of(session, name))
    _replace(session, f"Smooth {name}", name, new)
    return len(new.keys)


@command("path.trim", title="Trim path", enabled=_has_path)
def trim(session: Session, name: str, start: float, end: float) -> None:
    """Keep only what lies between two times of a path, seconds."""
    path = path_of(session, name)
    start, end = max(start, 0.0), min(end, path.seconds)
    if end - start < 0.1:
        raise CommandError(f"Path {name!r} lasts {path.seconds:.1f} s; choose a start and an end within it.")
    _replace(session, f"Trim {name}", name, trimmed(path, start, end))


@command("path.play", title="Play path", undo=False, enabled=_has_path)
def play(session: Session, name: str, speed: float = 1.0) -> None:
    """Go along a path, ``speed`` times as fast as it was recorded."""
    if not SLOWEST <= speed <= FASTEST:
        raise CommandError(f"Paths can be played {SLOWEST:g} to {FASTEST:g} times as fast as recorded.")
    try:
        session.player.play_path(path_of(session, name), speed)
    except NothingToPlay as error:
        raise CommandError(str(error)) from error


@command("path.rename", title="Rename path", enabled=_has_path)
def rename(session: Session, name: str, new_name: str) -> None:
    """Give a path another name; tours follow."""
    path = path_of(session, name)
    if new_name.strip() == name:
        return
    chosen = free_name({path.name for path in session.document.state.paths}, new_name, "Path")
    with session.document.change(f"Rename {name}") as edit:
        paths = tuple(replace(x, name=chosen) if x is path else x for x in edit.state.paths)
        edit.state = renamed_in_tours(replace(edit.state, paths=paths), "path", name, chosen)


@command("path.remove", title="Remove path", enabled=_has_path)
def remove(session: Session, name: str) -> None:
    """Forget a path; steps of tours that show it go with it."""
    path = path_of(session, name)
    with session.document.change(f"Remove {name}") as edit:
        state = replace(edit.state, paths=tuple(x for x in edit.state.paths if x is not path))
        edit.state, lost = without_steps(state, lambda step: step.path == name)
    tell_lost_steps(session, lost)


def path_of(session: Session, name: str) -> CameraPath:
    """The path of that name; raises `CommandError` if there is none."""
    for path in session.document.state.paths:
        if path.name == name:
            return path
    known = ", ".join(path.name for path in session.document.state.paths)
    raise CommandError(f"There is no path {name!r}. Paths: {known or 'none'}.")


def free_name(taken: set[str], name: str | None, word: str) -> str:
    """The name, or the next free number behind the word; raises `CommandError` if it is taken or empty."""
    if name is None:
        return next(text for text in (f"{word} {n}" for n in range(1, len(taken) + 2)) if text not in taken)
    chosen = name.strip()
    if not chosen:
        raise CommandError(f"A {word.lower()} needs a name.")
    if chosen in taken:
        raise CommandError(f"There is a {word.lower()} {chosen!r} already. Choose another name.")
    return chosen


def _replace(session: Session, label: str, name: str, new: CameraPath) -> None:
    with session.document.change(label) as edit:
        edit.state = replace(edit.state, paths=tuple(new if x.name == name else x for x in edit.state.paths))
