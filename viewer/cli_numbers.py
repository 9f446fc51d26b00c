"""``citiverse scenario numbers``: indicators by scenario, gains and losses, classes, as text, JSON, CSV or XLSX."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.api import Severity
from viewer.cli_common import (
    DONE,
    NOT_IN_IT,
    UNREADABLE,
    USAGE,
    CliError,
    TerminalProgress,
    complain,
    emit,
    is_project,
    plain,
)

if TYPE_CHECKING:
    from viewer.analysis.disclosure import Told
    from viewer.analysis.numbers import Cell, ChangeLine, IndicatorLine, Numbers
    from viewer.session.numbers import ScenarioNumbers
    from viewer.session.ports import Message
    from viewer.session.session import Session

ENDINGS = (".csv", ".xlsx")
WIDEST = 48
"""Names are cut after so many letters, so that a line stays a line."""


def numbers(options: argparse.Namespace) -> int:
    """Count, and print or write; returns the exit code."""
    from viewer.cli_scene import load_paths, make_session

    _check(options)
    session = make_session()
    try:
        load_paths(session, options.paths, draws=False)
        _show(session, options)
        answer = _count(session, options)
        _write(answer, options)
    finally:
        session.close()
    return DONE


def _check(options: argparse.Namespace) -> None:
    """Refuse what can be known to be wrong before a file is read."""
    if sum(is_project(path) for path in options.paths) > 1:
        raise CliError(USAGE, "only one project can be opened at a time.")
    if options.output is not None and Path(options.output).suffix.lower() not in ENDINGS:
        raise CliError(USAGE, f"{options.output}: numbers are written as {' or '.join(ENDINGS)}.")
    if options.output is not None and options.json:
        raise CliError(USAGE, "--json prints; it cannot be used with -o.")
    names = _names(options.scenario)
    if options.scenario is not None and (not all(names) or not 1 <= len(names) <= 4 or len(set(names)) < len(names)):
        raise CliError(USAGE, f"--scenario {options.scenario}: give one to four different ids with commas between.")


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",")] if text is not None else []


def _show(session: Session, options: argparse.Namespace) -> None:
    """Show what the options ask for; raises `CliError` if it is not in what was opened."""
    from viewer.document.state import BASE_MODEL, MOST_SHOWN
    from viewer.session.registry import CommandError

    state = session.document.state
    if not session.document.scenarios:
        raise CliError(NOT_IN_IT, "what was opened has no scenarios. Name a package among the paths.")
    known = [entry.id for entry in state.scenarios]
    ids = [BASE_MODEL if name == "base" and name not in known else name for name in _names(options.scenario)]
    if not ids:
        opened = any(is_project(path) for path in options.paths) and state.scenario_view.shown
        ids = list(state.scenario_view.shown) if opened else known
        if len(ids) > MOST_SHOWN:
            raise CliError(USAGE, f"it has {len(ids)} scenarios: choose up to {MOST_SHOWN} with --scenario.")
    try:
        session.run("scenario.show", ids=tuple(ids), variable=options.variable)
        if options.time is not None:
            if session.clock.axis is None:
                raise CliError(NOT_IN_IT, f"--time {options.time}: what was opened has no data over time.")
            session.run("clock.set", moment=options.time)
    except CommandError as error:
        raise CliError(NOT_IN_IT, str(error)) from error


def _count(session: Session, options: argparse.Namespace) -> Numbers:
    """The answer; raises `CliError` if there is none."""
    from viewer.session.numbers import numbers_of

    found: list[Numbers] = []
    counter = numbers_of(session)
    _ask(session, counter, options)
    failures: list[str] = []

    def listen(message: Message) -> None:
        if message.severity == Severity.ERROR:
            failures.append(message.text)

    session.message.connect(listen)
    counter.when_ready(found.append)
    progress = TerminalProgress("Counting")
    try:
        while not found and not failures:
            session.poll()
            if session.jobs.active:
                progress.report(session.jobs.active[0].fraction, session.jobs.active[0].stage)
            time.sleep(0.003)
    except BaseException:
        session.jobs.cancel_all()
        raise
    finally:
        progress.finish()
    if failures:
        raise CliError(UNREADABLE, failures[0])
    answer = found[0]
    _check_answer(answer, options)
    return answer


def _ask(session: Session, counter: ScenarioNumbers, options: argparse.Namespace) -> None:
    """What the options ask for; what they leave out is as the project has it."""
    from viewer.document.state import FARTHEST_M

    if options.near is not None and not 0.0 < options.near[0] <= FARTHEST_M:
        raise CliError(USAGE, f"--near {options.near[0]:g}: give more than 0 and up to {FARTHEST_M:g} metres.")
    told = {"worst": options.worst or None, "quarters": options.quarters, "counted": options.count}
    told["near_m"] = options.near[0] if options.near is not None else None
    if options.time is not None:
        told["worst"] = False
    counter.set(**{name: value for name, value in told.items() if value is not None})
    if options.threshold is not None:
        counter.set_threshold(session.document.state.scenario_view.variable, options.threshold[0])


def _check_answer(answer: Numbers, options: argparse.Namespace) -> None:
    if answer.variable is None:
        raise CliError(NOT_IN_IT, answer.why_not)
    known = [measure.indicator.id for measure in answer.measures]
    if options.count and options.count not in known and answer.indicators:
        raise CliError(NOT_IN_IT, f"--count {options.count}: there is none. It has: {', '.join(known)}.")
    if options.quarters and answer.indicators and options.quarters not in answer.zones:
        told = ", ".join(answer.zones) or "none"
        raise CliError(NOT_IN_IT, f"--quarters {options.quarters}: it does not divide the town. It could be: {told}.")


def _write(answer: Numbers, options: argparse.Namespace) -> None:
    from viewer.session.number_sheets import as_json, write

    if options.output is None:
        emit(json.dumps(as_json(answer), ensure_ascii=False) if options.json else "\n".join(_lines(answer)))
        return
    try:
        write(Path(options.output), answer)
    except OSError as error:
        raise CliError(UNREADABLE, f"{options.output}: it cannot be written ({error.strerror}).") from error
    if answer.why_not:
        complain(answer.why_not)


# --- text ---------------------------------------------------------------------------------------------------------


def _lines(answer: Numbers) -> list[str]:
    """Tables for people."""
    from viewer.analysis.disclosure import NOTE
    from viewer.analysis.numbers import told_text
    from viewer.session.number_sheets import about, tables_of, ways

    told = about(answer)
    lines = [plain(f"{told['title']} {told['affected']}")]
    for entry in told["scenarios"]:
        parts = [entry["id"], entry["sha256"][:8], entry["moment"], entry["tool"]]
        lines.append("  " + plain(f"{entry['name']} ({', '.join(part for part in parts if part)})"))
    names = [column.name for column in answer.question.columns]
    if answer.why_not:
        lines += ["", answer.why_not]
    if answer.indicators:
        rows = [[_title(line), *(_cell(cell, line) for cell in line.cells)] for line in answer.indicators]
        lines += ["", *_table([answer.head, *names], rows)]
        lines += [plain(text) for text in dict.fromkeys(answer.method(line.measure) for line in answer.indicators)]
    better, worse = ways(answer)
    for found in (answer.groups, answer.quarters):
        if found:
            rows = [[line.name, *(told_text(x) for x in _sides(line))] for line in found]
            lines += ["", *_table([f"{answer.changed}, {names[answer.question.other]}", better, worse, "same"], rows)]
    if answer.classes:
        digits = answer.counted_digits
        rows = [[line.label, *(told_text(x, digits=digits) for x in line.values)] for line in answer.classes]
        lines += ["", *_table([answer.counted, *names], rows)]
    if tables_of(answer):
        lines += ["", "The packages bring tables by zone and group: see --json or -o."]
    return [*lines, "", NOTE]


def _sides(line: ChangeLine) -> tuple[Told, ...]:
    return line.better, line.worse, line.same


def _title(line: IndicatorLine) -> str:
    indicator = line.measure.indicator
    return f"{indicator.title}, {indicator.unit}" if indicator.unit else indicator.title


def _cell(cell: Cell, line: IndicatorLine) -> str:
    """A number with its range, its total and its change."""
    from viewer.analysis.disclosure import NOTHING
    from viewer.analysis.numbers import told_text

    if cell.value == NOTHING:
        return "–"
    digits = line.measure.indicator.digits
    text = told_text(cell.value, digits=digits)
    if cell.low != NOTHING:
        text += f" ({told_text(cell.low, digits=digits)} to {told_text(cell.high, digits=digits)})"
    text += f" of {told_text(cell.total, digits=digits)}" if cell.total != NOTHING else ""
    return text if cell.change == NOTHING else f"{text}, {told_text(cell.change, True, digits)}"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Columns side by side."""
    table = [[plain(row[0])[:WIDEST], *map(plain, row[1:])] for row in [[text[:WIDEST] for text in header], *rows]]
    widths = [max(len(row[k]) for row in table) for k in range(len(header))]
    lines = []
    for row in table:
        cells = [text.rjust(width) for text, width in zip(row, widths, strict=True)]
        cells[0] = row[0].ljust(widths[0])
        lines.append("  ".join(cells).rstrip())
    return lines
