"""``citiverse scenario import``: what simulation tools write, made into a scenario package."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from viewer.cli_common import DONE, UNREADABLE, USAGE, CliError, TerminalProgress, complain, emit, plain

if TYPE_CHECKING:
    from loaders.scenario.importers.kit import Question
    from loaders.scenario.importers.run import ImportReport

MANY = 3
"""With more open units than this it is told how to take some columns only."""
ROUNDS = 4
"""How often a person at a terminal is asked: answers may raise new questions."""


def import_package(options: argparse.Namespace) -> int:
    """Import files; what no file tells is asked for at a terminal, else listed (exit code 2)."""
    if options.list:
        return _list()
    if not options.paths or not options.output:
        raise CliError(USAGE, "scenario import needs files, and -o FOLDER for the package.")
    answers = _answers(options)
    for number in range(ROUNDS):
        report, questions = _attempt(options, answers)
        if report is not None:
            return _told(report, options)
        if options.json or number + 1 == ROUNDS or not (sys.stdin and sys.stdin.isatty()):
            return _list_questions(questions, options)
        for question in questions:
            answers[question.key] = _asked(question)
    return USAGE


def _attempt(options: argparse.Namespace, answers: dict[str, str]) -> tuple[ImportReport | None, tuple[Question, ...]]:
    from loaders.scenario.importers.fenced import import_in_process
    from loaders.scenario.importers.kit import NeedAnswers

    progress = TerminalProgress("Importing")
    paths = tuple(Path(path) for path in options.paths)
    try:
        return import_in_process(paths, Path(options.output), answers, options.importer or "", progress), ()
    except NeedAnswers as need:
        return None, need.questions
    except OSError as error:
        raise CliError(UNREADABLE, f"{options.output}: it cannot be written ({error.strerror}).") from error
    finally:
        progress.finish()


def _answers(options: argparse.Namespace) -> dict[str, str]:
    """Those of ``--answers FILE`` and of ``--set KEY=VALUE``, which go before."""
    found: dict[str, str] = {}
    if options.answers:
        try:
            raw = json.loads(Path(options.answers).read_text("utf-8"))
            found = {str(key): str(value) for key, value in raw.items()}
        except (OSError, ValueError, AttributeError) as error:
            raise CliError(
                UNREADABLE, f"{options.answers}: no JSON object of answers can be read ({error})."
            ) from error
    for text in options.set:
        key, mark, value = text.partition("=")
        if not mark or not key.strip():
            raise CliError(USAGE, f"--set {text}: give KEY=VALUE.")
        found[key.strip()] = value
    return found


def _asked(question: Question) -> str:
    """The answer that a person types; "" if nothing."""
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    example = f" [such as {question.example}]" if question.example else ""
    print(f"{plain(question.text)}{plain(choices)}{plain(example)} ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _list_questions(questions: tuple[Question, ...], options: argparse.Namespace) -> int:
    if options.json:
        emit(json.dumps({"ok": False, "questions": [asdict(question) for question in questions]}, ensure_ascii=False))
        return USAGE
    complain(f"{len(questions)} thing{'s' * (len(questions) != 1)} that no file tells. Add with your own values:")
    for question in questions:
        choices = f" One of: {', '.join(question.choices[:12])}." if question.choices else ""
        complain(f"  --set {shlex.quote(f'{question.key}={_sample(question)}')}  {question.text}{choices}")
    if sum(question.key.startswith("unit.") for question in questions) > MANY:
        complain("Or take some of the columns only: --set columns=NAME,NAME")
    return USAGE


def _sample(question: Question) -> str:
    """What an answer looks like: the first of its examples or choices."""
    if question.key.startswith("unit."):
        return question.example.partition(",")[0] or "m"
    return question.example or next(iter(question.choices), "...")


def _told(report: ImportReport, options: argparse.Namespace) -> int:
    if options.json:
        facts = {"ok": True, "path": str(report.path), "variables": report.variables, "notes": report.notes}
        emit(json.dumps(facts, ensure_ascii=False))
        return DONE
    lines = [f"Written: {report.path}", f"Variables: {', '.join(report.variables)}"]
    emit("\n".join(plain(line) for line in (*lines, *(f"Note: {note}" for note in report.notes))))
    return DONE


def _list() -> int:
    from loaders.scenario.importers.run import importers

    emit("\n".join(f"{name:16} {spec.title}" for name, spec in sorted(importers().items())))
    return DONE
