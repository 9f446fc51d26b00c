"""Numbers of scenarios as rows of tables and charts: words, shares of bars, and what a press selects."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtGui import QColor

from viewer.analysis.disclosure import NOTHING, Told
from viewer.analysis.indicators import Indicator
from viewer.analysis.legend import count_text, format_value
from viewer.analysis.measures import Rows, count_rows
from viewer.analysis.numbers import Asked, Cell, ChangeLine, IndicatorLine, Numbers, told_text
from viewer.analysis.published import Published, change
from viewer.document.overlays import is_overlay
from viewer.session.number_sheets import ways
from viewer.ui.desktop.panels.numbers_table import SIDES, TableCell, better_color, worse_color
from viewer.ui.theme import Theme

LETTERS = "ABCD"
HIDDEN_TIP = "Hidden: fewer than 10 people, or needed to hide such a number."
Run = Callable[..., Any]
"""`Shell.run`."""


def lettered(columns: tuple[Asked, ...]) -> list[str]:
    """Names of the scenarios with their letters."""
    return [f"{LETTERS[n]}  {column.name}" for n, column in enumerate(columns)]


# --- indicators ---------------------------------------------------------------------------------------------------


def indicator_rows(answer: Numbers, run: Run) -> tuple[list[str], list[list[TableCell]]]:
    """A column for each scenario, and one for its change against the baseline."""
    columns, base = answer.question.columns, answer.question.baseline
    headers = [answer.head]
    for n, name in enumerate(lettered(columns)):
        headers.append(name)
        if n != base:
            headers.append(f"{LETTERS[n]} minus {LETTERS[base]}")
    rows = []
    for line in answer.indicators:
        row = [TableCell(_title(line), inset=line.measure.part, tip=f"{_title(line)}. {answer.method(line.measure)}")]
        largest = max((abs(cell.value.value or 0.0) for cell in line.cells), default=0.0)
        for n, cell in enumerate(line.cells):
            row.append(_value(line, cell, n, answer, run))
            if n != base:
                row.append(_change(cell, largest, answer, line.measure.indicator.digits))
        rows.append(row)
    return headers, rows


def _title(line: IndicatorLine) -> str:
    return titled(line.measure.indicator)


def titled(indicator: Indicator) -> str:
    """The name of an indicator with its unit."""
    return f"{indicator.title}, {indicator.unit}" if indicator.unit else indicator.title


def _value(line: IndicatorLine, cell: Cell, n: int, answer: Numbers, run: Run) -> TableCell:
    column, digits = answer.question.columns[n], line.measure.indicator.digits
    if cell.value == NOTHING:
        return TableCell("–", muted=True, tip=f"{column.name} has no such value.")
    value, low, high = (told_text(told, digits=digits) for told in (cell.value, cell.low, cell.high))
    detail = f"{low} – {high}" if cell.low != NOTHING and cell.low != cell.high else ""
    total = cell.total.value or 0.0
    shares = [None if x.value is None or not total else x.value / total for x in (cell.value, cell.low, cell.high)]
    tip = f"{value} of {told_text(cell.total, digits=digits)}" if cell.total != NOTHING else value
    tip += f"; range {low} to {high}" if detail else ""
    tip = HIDDEN_TIP if cell.value.hidden else f"{tip}. {answer.method(line.measure)}"
    tip = tip.rstrip(".") + _behind(cell.rows)
    act = partial(run, "indicators.select", indicator=line.measure.indicator.id, scenario=column.id)
    share = None if cell.value.hidden or cell.total == NOTHING else shares[0] or 0.0
    return TableCell(
        value, detail, share, shares[1], shares[2], color=SIDES[n], act=act if cell.rows else None,
        tip=tip, muted=cell.value.hidden,
    )  # fmt: skip


def _behind(rows: Rows) -> str:
    number = count_rows(rows)
    what = "link" if all(is_overlay(layer) for layer, _ in rows) else "building"
    return f". Press to select {count_text(number)} {what}{'s' * (number != 1)}." if number else ""


def _change(cell: Cell, largest: float, answer: Numbers, digits: int) -> TableCell:
    if cell.change == NOTHING:
        return TableCell("–", muted=True)
    if cell.change.value is None:
        return TableCell("hidden", muted=True, tip=HIDDEN_TIP)
    number = cell.change.value
    good = None if answer.good == "none" or not number else number < 0
    share = number / largest if largest else 0.0
    word = "" if good is None else ": better" if good else ": worse"
    text = told_text(cell.change, True, digits)
    return TableCell(text, change=share, good=good, tip=f"{text}{word}")


# --- published tables ---------------------------------------------------------------------------------------------


def published_rows(table: Published, which: str, base: int) -> tuple[list[str], list[list[TableCell]]]:
    """Zones by groups, of one scenario ("A") or its change against the baseline ("B-A")."""
    number = LETTERS.index(which[0])
    less = len(which) > 1
    cells = table.cells.get(number, {})
    changes = [change(table, base, number, place) for place in cells] if less else []
    largest = max((abs(x) for x in changes if x is not None), default=0.0)
    rows = []
    for zone in table.zones:
        row = [TableCell(zone)]
        for group in table.groups:
            if less:
                row.append(_published_change(change(table, base, number, (zone, group)), largest))
            else:
                row.append(_published_cell(table, cells.get((zone, group)), number))
        rows.append(row)
    return ["Zone", *table.groups], rows


def _published_cell(table: Published, row: Any, number: int) -> TableCell:
    if row is None:
        return TableCell("–", muted=True)
    if row.value is None:
        text = "hidden" if row.note else "no value"
        return TableCell(text, muted=True, tip=row.note or "The table has no value here.")
    of, ranged = row.denominator, row.low is not None and row.high is not None and row.low < row.high
    whole = of if table.kind == "count" else 1.0 if table.kind == "share" and table.unit == "1" else None
    shares = [None if x is None or not whole else x / whole for x in (row.value, row.low, row.high)]
    told = [format_value(row.value), f"of {format_value(of)}" if of is not None else "", row.note]
    detail = f"{format_value(row.low)} – {format_value(row.high)}" if ranged else ""
    tip = " ".join(part for part in told if part)
    return TableCell(told[0], detail, shares[0], shares[1], shares[2], color=SIDES[number], tip=tip)


def _published_change(number: float | None, largest: float) -> TableCell:
    if number is None:
        return TableCell("hidden", muted=True, tip="Told only where both scenarios tell their number.")
    text = format_value(abs(number))
    sign = "+" if number > 0 else "\u2212" if number < 0 else "±"
    return TableCell(f"{sign}{text}", change=number / largest if largest else 0.0)


# --- charts -------------------------------------------------------------------------------------------------------


def change_rows(answer: Numbers, lines: tuple[ChangeLine, ...], theme: Theme, run: Run) -> list[Any]:
    """Losses to the left, gains to the right."""
    from viewer.ui.desktop.panels.charts import BarRow

    better, worse = ways(answer)
    colors = better_color(theme), worse_color(theme)
    rows = []
    for n, line in enumerate(lines):
        name = "" if n == 0 else line.name
        bars = (
            _change_bar(line, line.worse, worse, colors[1], line.rows_worse, name, "worse", run),
            _change_bar(line, line.better, better, colors[0], line.rows_better, name, "better", run),
        )
        rows.append(BarRow(line.name, bars))
    return rows


def _change_bar(
    line: ChangeLine, told: Told, word: str, color: QColor, rows: Rows, name: str, way: str, run: Run
) -> Any:
    from viewer.ui.desktop.panels.charts import Bar

    text = told_text(told)
    said = f"{line.name}, {word}: {text} of {told_text(line.total)}{_behind(rows)}"
    act = partial(run, "indicators.select_group", name=name, way=way) if rows else None
    return Bar(told.value, color, text, said, act, left=way == "worse")


def sorted_quarters(lines: tuple[ChangeLine, ...]) -> tuple[ChangeLine, ...]:
    """Quarters by what changes in them, most losses first; those without any change are left out."""

    def key(line: ChangeLine) -> tuple[float, float, str]:
        return -(line.worse.value or 0.0), -(line.better.value or 0.0), line.name

    moved = [x for x in lines[1:] if x.better.hidden or x.better.value or x.worse.value]
    return tuple(sorted(moved, key=key))


def class_rows(answer: Numbers, run: Run) -> list[Any]:
    """A row for each class, a bar for each scenario, in the colours of the legend."""
    from viewer.ui.desktop.panels.charts import Bar, BarRow

    columns, digits = answer.question.columns, answer.counted_digits
    shown = [n for n in range(len(columns)) if any(line.values[n] != NOTHING for line in answer.classes)]
    rows = []
    for line in answer.classes:
        bars = []
        for lane, n in enumerate(shown):
            told, name = line.values[n], columns[n].name
            text = told_text(told, digits=digits)
            said = f"{line.label}, {LETTERS[n]} {name}: {text}{_behind(line.rows[n])}"
            press = partial(run, "indicators.select_class", label=line.label, scenario=columns[n].id)
            act = press if line.rows[n] else None
            letter = LETTERS[n] if len(shown) > 1 else ""
            bars.append(Bar(told.value, QColor(*line.rgb), text, said, act, lane, letter=letter))
        rows.append(BarRow(line.label, tuple(bars)))
    return rows
