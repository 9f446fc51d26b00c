"""What every importer builds on: a package in the making, and questions for what the files do not say.

A unit, a datum, a date or class breaks that no file tells is never guessed: the importer asks, and goes on when it has
the answer.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loaders.api import LoadError, NoProgress, Progress
from loaders.scenario.units import unit_problem

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """Something that no file tells.

    Attributes: key: name for the answer ("unit.depth"); text: the question for people; choices: the only answers, if
    there are only some; example: what an answer looks like.
    """

    key: str
    text: str
    choices: tuple[str, ...] = ()
    example: str = ""


class NeedAnswers(Exception):
    """The import cannot go on without answers to these questions."""

    def __init__(self, questions: tuple[Question, ...]):
        self.questions = questions
        super().__init__(f"{len(questions)} questions have to be answered first")


@dataclass(frozen=True, slots=True)
class ImporterSpec:
    """One importer.

    Attributes:
        name: for ``--as`` ("sumo-fcd"). title: for people ("SUMO floating car data").
        sniff: how surely these files (paths, first 4 KiB of each) are of this kind, 0..100.
        run: "module:function" with the signature ``(draft: Draft) -> None``.
    """

    name: str
    title: str
    sniff: Callable[[tuple[Path, ...], tuple[bytes, ...]], int]
    run: str


@dataclass(slots=True)
class Draft:
    """A package in the making.

    Attributes:
        inputs: the files to import. folder: where the package is written (exists, empty).
        answers: what the user told already, by the key of the question.
        notes: what was assumed or left out, one line each, for the report.
    """

    inputs: tuple[Path, ...]
    folder: Path
    answers: Mapping[str, str]
    progress: Progress = field(default_factory=NoProgress)
    notes: list[str] = field(default_factory=list)
    variables: list[Json] = field(default_factory=list)
    parameters: Json = field(default_factory=dict)
    crs: str = ""
    tool: str = ""
    tool_version: str = ""
    _open: dict[str, Question] = field(default_factory=dict)

    # --- questions ----------------------------------------------------------------------------------------------

    def raise_question(self, question: Question) -> None:
        """Add a question to those that are open."""
        self._open[question.key] = question

    def ask(self, key: str, text: str, example: str = "", choices: tuple[str, ...] = ()) -> str:
        """The answer to a question; "" while it is open (`settle` then raises with all open questions)."""
        given = self.answers.get(key, "").strip()
        if not given or (choices and given not in choices):
            self._open[key] = Question(key, text, choices, example)
            return ""
        return given

    def ask_unit(self, variable: str, found: str = "") -> str:
        """A UCUM unit: what the file says if that is one, else the user's answer."""
        key = f"unit.{variable}"
        given = self.answers.get(key, "").strip() or found.strip()
        if given and not unit_problem(given):
            return given
        told = f" {given!r} is no UCUM unit." if given else ""
        question = f"In which unit is {variable!r}?{told}"
        self._open[key] = Question(key, question, (), "m, Cel, dB[SPL], km/h, 1 (a plain number)")
        return ""

    def ask_crs(self, found: str = "") -> str:
        """The CRS of the data as "EPSG:28992"."""
        return found or self.ask("crs", "In which coordinate reference system are the coordinates?", "EPSG:28992")

    def ask_start(self, what: str = "the first step") -> str:
        """The moment at which the data's own clock is at zero."""
        return self.ask("start", f"When is {what} (date and time)?", "2026-05-12T08:00")

    def ask_zone(self) -> str:
        """The time zone that moments without an offset are in; UTC if none is told."""
        return self.answers.get("zone", "").strip() or "UTC"

    def ask_number(self, key: str, text: str, example: str = "") -> float | None:
        """A number; None while the question is open."""
        given = self.ask(key, text, example)
        try:
            return float(given) if given else None
        except ValueError:
            self._open[key] = Question(key, f"{text} ({given!r} is no number.)", (), example)
            return None

    def ask_breaks(self, variable: str, text: str, example: str) -> list[float]:
        """Class breaks, growing; [] while the question is open."""
        key = f"breaks.{variable}"
        given = self.ask(key, text, example)
        try:
            breaks = [float(part) for part in given.replace(";", ",").split(",") if part.strip()]
        except ValueError:
            breaks = []
        if given and (not breaks or breaks != sorted(set(breaks))):
            self._open[key] = Question(key, f"{text} ({given!r} are no growing numbers.)", (), example)
            return []
        return breaks

    @property
    def open(self) -> bool:
        """True if a question is open: reading on may be pointless."""
        return bool(self._open)

    def settle(self) -> None:
        """Raises `NeedAnswers` if questions are open."""
        if self._open:
            raise NeedAnswers(tuple(self._open.values()))

    # --- data ---------------------------------------------------------------------------------------------------

    def data(self, name: str) -> Path:
        """Where a data file of that name is written."""
        path = self.folder / "data" / name
        path.parent.mkdir(exist_ok=True)
        return path

    def copy(self, source: Path, name: str = "") -> str:
        """Take a file over as it is; returns its path in the package."""
        safe = clean_name(name or source.name)
        with source.open("rb") as file, self.data(safe).open("wb") as out:  # a copy by the system is fenced off
            shutil.copyfileobj(file, out, 1 << 20)
        return f"data/{safe}"

    def add(self, variable: Json) -> None:
        """Add a variable of the manifest. Without an uncertainty it says that its source told none."""
        if variable["binding"] != "patch":
            variable.setdefault(
                "uncertainty",
                {"kind": "not_quantified", "reason": {"en": "The imported files say nothing about their uncertainty."}},
            )
        self.variables.append(variable)

    def refuse(self, path: Path, reason: str, remedy: str = "", place: str = "") -> LoadError:
        """An error to raise: one line with file, place, reason and remedy."""
        return LoadError(path, reason, place=place, remedy=remedy, kind="bad-import")

    def note(self, text: str) -> None:
        """Tell something that was assumed or left out."""
        self.notes.append(text)


_FORBIDDEN = set('\\/:*?"<>|#%')


def clean_name(name: str) -> str:
    """A file name that may stand in a package."""
    text = "".join("_" if c in _FORBIDDEN or ord(c) < 32 else c for c in name).strip(". ")
    return (text or "data")[:120]


def clean_id(text: str) -> str:
    """An id of the manifest from a name: letters, digits, dots, dashes."""
    out = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in text.strip()).strip("-._")
    return (out or "value")[:100]


def classes(breaks: list[float], source: str, labels: list[str] | None = None) -> Json:
    """Class breaks of a variable."""
    raw: Json = {"breaks": breaks, "source": source}
    return raw | ({"labels": [{"en": label} for label in labels]} if labels else {})
