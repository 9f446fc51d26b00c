"""Numbers of scenarios as files: CSV (one line for each number), XLSX (one sheet for each table), JSON.

Every file says which scenarios in which version, which variable, unit, moment and threshold, where the classes come
from and what is hidden. Texts of packages are texts in spreadsheets too: nothing that they hold is a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from loaders.scenario.model import text_in
from viewer.analysis.disclosure import NOTE, NOTHING, Told
from viewer.analysis.moments import step_text
from viewer.analysis.numbers import Asked, ChangeLine, Numbers, unit_of
from viewer.analysis.place_series import PlaceSeries
from viewer.analysis.published import Published, published
from viewer.analysis.shown_legend import uncertainty_text
from viewer.document.files import write_atomic
from viewer.session.registry import CommandError

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What a text must not begin with: spreadsheets would take it for a formula (OWASP, "CSV injection")."""
ABOUT = ("title", "variable", "unit", "affected", "threshold", "class_source", "values_at_buildings", "near_m", "lock",
         "note", "why_not")  # fmt: skip
"""What the first sheet says of all scenarios together."""
LONGEST = 32_000
HIDDEN_TEXT = "hidden"


@dataclass(frozen=True, slots=True)
class Record:
    """One number. ``table``: indicators, gains, classes, series or published."""

    table: str
    row: str
    column: str
    scenario: str
    value: float | None
    low: float | None = None
    high: float | None = None
    total: float | None = None
    change: float | None = None
    hidden: bool = False
    unit: str = ""
    note: str = ""
    method: str = ""


def records(numbers: Numbers, series: tuple[PlaceSeries, ...] = ()) -> list[Record]:
    """Every number that is told."""
    return [*_indicators(numbers), *_changes(numbers), *_classes(numbers), *_series(numbers, series), *_tables(numbers)]


def about(numbers: Numbers) -> dict[str, Any]:
    """What the numbers are about: for JSON, the first sheet, and the columns of every line of CSV."""
    question, variable = numbers.question, numbers.variable
    known = variable is not None
    return {
        "scenarios": [_scenario(column, n == question.baseline) for n, column in enumerate(question.columns)],
        "variable": variable.id if variable is not None else "",
        "title": (text_in(variable.title) or variable.id) if variable is not None else "",
        "unit": unit_of(variable) if variable is not None else "",
        "threshold": numbers.threshold if known else None,
        "affected": numbers.affected,
        "class_source": variable.classes.source if variable is not None and variable.classes is not None else "",
        "values_at_buildings": numbers.how,
        "near_m": question.near_m if variable is not None and variable.binding in ("links", "trajectories") else None,
        "lock": lock_text(numbers),
        "note": NOTE,
        "why_not": numbers.why_not,
    }


def _scenario(column: Asked, baseline: bool) -> dict[str, Any]:
    """One scenario: which version of what, by whom, of which moment, and how sure its values are."""
    manifest, result = column.manifest, column.result
    made = manifest.provenance if manifest is not None else None
    bases = manifest.base if manifest is not None else ()
    return {
        "id": column.id,
        "name": column.name,
        "sha256": manifest.digest if manifest is not None else "",
        "moment": column.moment,
        "baseline": baseline,
        "fictional": manifest.fictional if manifest is not None else False,
        "tool": " ".join(part for part in (made.tool, made.tool_version) if part) if made is not None else "",
        "publisher": made.publisher if made is not None else "",
        "date": made.date if made is not None else "",
        "licence": made.licence if made is not None else "",
        "review": text_in(made.review) if made is not None else "",
        "uncertainty": uncertainty_text(result, "en") if result is not None else "",
        "base_sha256": ", ".join(base.sha256 for base in bases if base.sha256),
    }


def lock_text(numbers: Numbers) -> str:
    """What is the same for all scenarios that are compared; "" for one alone."""
    columns = [column for column in numbers.question.columns if column.result is not None]
    if len(columns) < 2 or numbers.variable is None:
        return ""
    same = ["variable", "classes", "buildings"]
    same.insert(1, "threshold") if numbers.affected else None
    moments = {column.moment for column in columns}
    if len(moments) > 1:
        return f"Same {', '.join(same[:-1])} and {same[-1]} for all scenarios; different moments"
    return f"Same {', '.join(same)} and moment for all scenarios"


def as_json(numbers: Numbers, series: tuple[PlaceSeries, ...] = ()) -> dict[str, Any]:
    """For programs."""
    return about(numbers) | {"numbers": [asdict(record) for record in records(numbers, series)]}


def write(path: Path, numbers: Numbers, series: tuple[PlaceSeries, ...] = ()) -> None:
    """Write a CSV or XLSX file, by the ending. Raises `CommandError` for other endings, OSError."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        write_atomic(path, csv_text(numbers, series).encode("utf-8-sig"))
    elif suffix == ".xlsx":
        write_atomic(path, _workbook(numbers, series))
    else:
        raise CommandError(f"{path.name}: numbers are written as .csv or .xlsx.")


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula, without control characters."""
    plain = "".join(c if c.isprintable() or c == " " else " " for c in text)[:LONGEST]
    return f"'{plain}" if text.startswith(FORMULA) or plain.lstrip().startswith(FORMULA) else plain


def csv_text(numbers: Numbers, series: tuple[PlaceSeries, ...] = ()) -> str:
    """One line for each number, each with all that it is about."""
    told = about(numbers)
    scenarios = {entry["id"]: entry for entry in told["scenarios"]}
    common = ("variable", "title", "affected", "threshold", "class_source", "lock")
    own = ("name", "sha256", "moment", "tool", "publisher", "licence", "review", "uncertainty", "base_sha256")
    names = [field.name for field in fields(Record)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*names, *(f"scenario_{name}" for name in own), *common, "disclosure"])
    for record in records(numbers, series):
        entry = scenarios.get(record.scenario, {})
        values = [*(getattr(record, name) for name in names), *(entry.get(name, "") for name in own)]
        writer.writerow([_plain(value) for value in (*values, *(told[name] for name in common), NOTE)])
    return out.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.10g}"
    return safe(value) if isinstance(value, str) else "" if value is None else value


# --- records ------------------------------------------------------------------------------------------------------


def _told(table: str, row: str, column: str, scenario: str, value: Told, unit: str = "") -> Record:
    return Record(table, row, column, scenario, value.value, hidden=value.hidden, unit=unit)


def _indicators(numbers: Numbers) -> Iterable[Record]:
    for line in numbers.indicators:
        indicator = line.measure.indicator
        for column, cell in zip(numbers.question.columns, line.cells, strict=True):
            if cell.value != NOTHING:
                yield Record(
                    "indicators", indicator.title, "affected", column.id, cell.value.value, cell.low.value,
                    cell.high.value, cell.total.value, cell.change.value, cell.value.hidden, indicator.unit,
                    method=numbers.method(line.measure),
                )  # fmt: skip


def _changes(numbers: Numbers) -> Iterable[Record]:
    if not numbers.groups:
        return
    other = numbers.question.columns[numbers.question.other].id
    for table, lines in (("gains by group", numbers.groups), ("gains by quarter", numbers.quarters)):
        for line in lines:
            for column, value in _sides(numbers, line).items():
                yield _told(table, line.name, column, other, value)


def _sides(numbers: Numbers, line: ChangeLine) -> dict[str, Told]:
    better, worse = ways(numbers)
    return {better: line.better, worse: line.worse, "same": line.same, "all": line.total}


def ways(numbers: Numbers) -> tuple[str, str]:
    """What the two directions of a change are called."""
    return ("lower", "higher") if numbers.good == "none" else ("better", "worse")


def _classes(numbers: Numbers) -> Iterable[Record]:
    for line in numbers.classes:
        for column, value in zip(numbers.question.columns, line.values, strict=True):
            if value != NOTHING:
                yield _told("classes", line.label, numbers.counted, column.id, value)


def _series(numbers: Numbers, series: tuple[PlaceSeries, ...]) -> Iterable[Record]:
    unit = unit_of(numbers.variable) if numbers.variable is not None else ""
    for column, line in zip(numbers.question.columns, series, strict=False):
        found = line.series
        if found is None:
            continue
        for step in range(len(found.time)):
            value, low, high = (_number(part, step) for part in (found.values, found.low, found.high))
            moment = step_text(found.time, step)
            own = unit if line.unit is None else line.unit
            yield Record("series", moment, line.where, column.id, value, low, high, unit=own, method=line.where)


def _number(part: Any, step: int) -> float | None:
    return float(part[step]) if part is not None and np.isfinite(part[step]) else None


def tables_of(numbers: Numbers) -> tuple[Published, ...]:
    """The tables that the scenarios bring."""
    return published(tuple(column.manifest for column in numbers.question.columns))


def _tables(numbers: Numbers) -> Iterable[Record]:
    columns, base = numbers.question.columns, numbers.question.baseline
    for table in tables_of(numbers):
        for number, cells in table.cells.items():
            before = table.cells.get(base, {}) if number != base else {}
            for place, row in cells.items():
                old = before.get(place)
                both = row.value is not None and old is not None and old.value is not None
                change = row.value - old.value if both else None  # type: ignore[operator,union-attr]
                hidden = row.value is None and bool(row.note)
                yield Record(
                    f"published: {table.name}", row.zone, row.group, columns[number].id, row.value, row.low, row.high,
                    row.denominator, change, hidden, table.unit, row.note, "As the package tells it.",
                )  # fmt: skip


# --- workbook -----------------------------------------------------------------------------------------------------


def _workbook(numbers: Numbers, series: tuple[PlaceSeries, ...]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {"head": head, "number": book.add_format({"num_format": "#,##0.##;-#,##0.##;0"}),
                   "change": book.add_format({"num_format": "+#,##0.##;-#,##0.##;0"})}  # fmt: skip
        _about_sheet(book, numbers, formats)
        for title, made in _sheets(numbers, series):
            _sheet(book, title, made, formats)
    return out.getvalue()


def _about_sheet(book: Any, numbers: Numbers, formats: dict[str, Any]) -> None:
    told = about(numbers)
    sheet = book.add_worksheet("About")
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 4, 44)
    row = 0
    for name in ABOUT:
        value = told[name]
        if value is None:
            continue
        sheet.write_string(row, 0, name.replace("_", " ").capitalize(), formats["head"])
        if isinstance(value, (int, float)):
            sheet.write_number(row, 1, value)
        else:
            sheet.write_string(row, 1, _text(value))
        row += 1
    for name in told["scenarios"][0] if told["scenarios"] else ():
        row += 1
        sheet.write_string(row, 0, f"Scenario {name}", formats["head"])
        for place, entry in enumerate(told["scenarios"]):
            value = entry[name]
            sheet.write_string(row, place + 1, ("yes" if value else "no") if isinstance(value, bool) else _text(value))


def _text(value: object) -> str:
    """A cell of text: never a formula in a workbook, so it may begin as it likes."""
    return "".join(c if c.isprintable() or c == " " else " " for c in str(value))[:LONGEST]


_Table = tuple[list[str], list[list[Any]]]


def _sheets(numbers: Numbers, series: tuple[PlaceSeries, ...]) -> Iterable[tuple[str, _Table]]:
    columns = numbers.question.columns
    lines: list[list[Any]]
    if numbers.indicators:
        names = ("", " low", " high", " of", " change")
        header = [numbers.head, "Unit", *(f"{column.name}{name}" for column in columns for name in names), "Method"]
        lines = [
            [line.measure.indicator.title, line.measure.indicator.unit]
            + [x for c in line.cells for x in (c.value, c.low, c.high, c.total, c.change)]
            + [numbers.method(line.measure)]
            for line in numbers.indicators
        ]
        yield "Indicators", (header, lines)
    better, worse = ways(numbers)
    for title, found in (("By group", numbers.groups), ("By quarter", numbers.quarters)):
        if found:
            header = [numbers.changed, better.capitalize(), worse.capitalize(), "Same", "All"]
            yield title, (header, [[x.name, x.better, x.worse, x.same, x.total] for x in found])
    if numbers.classes:
        header = [numbers.counted, *(column.name for column in columns)]
        yield "Classes", (header, [[line.label, *line.values] for line in numbers.classes])
    lines = [[r.row, r.scenario, r.value, r.low, r.high, r.column] for r in _series(numbers, series)]
    if lines:
        yield "Over time", (["Moment", "Scenario", "Value", "Low", "High", "Where"], lines)
    for number, table in enumerate(tables_of(numbers), start=1):
        yield f"Published {number}", _published_sheet(numbers, table)


def _published_sheet(numbers: Numbers, table: Published) -> _Table:
    columns = numbers.question.columns
    header = [table.name, *(f"{columns[k].name}: {group}" for k in table.cells for group in table.groups)]
    lines: list[list[Any]] = []
    for zone in table.zones:
        line: list[Any] = [zone]
        for cells in table.cells.values():
            for group in table.groups:
                row = cells.get((zone, group))
                line.append(Told(row.value, row.value is None and bool(row.note)) if row is not None else NOTHING)
        lines.append(line)
    lines += [[], *([f"Source, {columns[k].name}: {source}"] for k, source in table.sources.items() if source)]
    if table.not_covered:
        lines += [["Not covered: " + ", ".join(table.not_covered)]]
    return header, lines


def _sheet(book: Any, title: str, made: _Table, formats: dict[str, Any]) -> None:
    header, lines = made
    sheet = book.add_worksheet(title)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, len(header), 16)
    for place, text in enumerate(header):
        sheet.write_string(0, place, _text(text), formats["head"])
    for number, line in enumerate(lines, start=1):
        for place, value in enumerate(line):
            change = place < len(header) and header[place].endswith(" change")
            _cell(sheet, number, place, value, formats["change" if change else "number"])


def _cell(sheet: Any, row: int, column: int, value: object, style: Any) -> None:
    if isinstance(value, Told):
        value = HIDDEN_TEXT if value.hidden else value.value
    if isinstance(value, (int, float)):
        sheet.write_number(row, column, value, style)
    elif value is not None and value != "":
        sheet.write_string(row, column, _text(value))
