"""Numbers of scenarios in a session: when they are counted, what a number selects, and the files."""

import csv
import time
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pytest

from loaders.api import LoadResult, Severity
from loaders.city import Column
from loaders.scenario.model import Classes, Disaggregation, Provenance, TableRow
from viewer.document.project import load_project, save_project
from viewer.document.state import NEAR_M, LayerState, NumbersView
from viewer.session.number_sheets import as_json, records, safe
from viewer.session.numbers import numbers_of
from viewer.session.registry import CommandError

kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("result_kit.py"))))
COUNT = 60
RNG = np.random.default_rng(8)
YOUNG, OLD = RNG.integers(0, 60, COUNT), RNG.integers(0, 30, COUNT)
DRY = RNG.uniform(0, 1, (5, COUNT)).astype(np.float32)
WET = DRY + np.float32(0.4)
EVIL = '=HYPERLINK("http://x","y")'


def column(name, values):
    values = np.asarray(values, np.float64)
    return Column(name, "number", values, ~np.isnan(values))


def table(*cells):
    rows = tuple(TableRow("North", group, "Affected", value, note="" if value else "Hidden") for group, value in cells)
    groups = tuple(group for group, _ in cells)
    return Disaggregation(
        (("en", "People"),), groups, ("North",), (("Affected", "1"),), rows, not_covered=("Visitors",)
    )


@pytest.fixture
def town(session, small_city):
    city = small_city([(f"b{k}", "Building", [], {}, ["1"]) for k in range(COUNT)], origin=(85000.0, 447000.0, 0.0))
    city.objects.columns["residents_0_17"] = column("residents_0_17", YOUNG)
    city.objects.columns["residents_65_plus"] = column("residents_65_plus", OLD)
    with session.document.change("Add") as edit:
        edit.add_city(LayerState("a", "Town", "/town.json"), LoadResult(city, "CityJSON", "2.0"))
    from dataclasses import replace

    depth = replace(kit.DEPTH, classes=Classes((0.5, 1.0), source="Norm 1"), good="low")
    ids = [f"b{k}" for k in range(COUNT)]
    made = Provenance(publisher=EVIL, tool="Model", tool_version="3")
    for name, values, cells in (
        ("dry", DRY, (("Young", 100.0), ("Old", None))), ("wet", WET, (("Young", 130.0), ("Old", 40.0))),
    ):  # fmt: skip
        own = kit.by_id(depth, ids, kit.hours(), values, low=values - np.float32(0.2), high=values + np.float32(0.2))
        title = (("en", EVIL if name == "wet" else "Dry"),)
        more = {"digest": name * 20, "title": title, "provenance": made, "disaggregations": (table(*cells),)}
        kit.add(session.document, kit.scenario(name, own, **more, baseline="dry" if name == "wet" else None))
    kit.show(session.document, "dry", "wet", mode="swipe")
    return session


def wait(session, until=None):
    limit = time.monotonic() + 60
    while (session.jobs.active or session.jobs._stopping) if until is None else not until():
        session.poll()
        assert time.monotonic() < limit
        time.sleep(0.002)
    session.poll()


def value(numbers, indicator, place):
    line = next(x for x in numbers.answer.indicators if x.measure.indicator.id == indicator)
    return line.cells[place].value.value


def test_they_are_counted_while_somebody_looks(town):
    numbers = numbers_of(town)
    assert numbers_of(town) is numbers and numbers.answer is None and not numbers.busy
    numbers.watch(True)
    assert numbers.busy
    wait(town)
    assert not numbers.busy and value(numbers, "objects", 0) == (DRY[0] >= 0.5).sum()
    town.run("clock.set", moment=kit.START + 2 * 3600)
    wait(town)
    assert value(numbers, "objects", 1) == (WET[2] >= 0.5).sum()
    town.run("indicators.set_threshold", threshold=0.75)
    wait(town)
    assert value(numbers, "objects", 1) == (WET[2] >= 0.75).sum() and numbers.answer.threshold == 0.75
    town.run("indicators.set_when", worst=True)
    wait(town)
    assert value(numbers, "objects", 1) == (WET.max(axis=0) >= 0.75).sum()
    numbers.watch(False)
    town.run("indicators.set_threshold")
    assert not numbers.busy, "nobody looks"


def test_what_is_counted_is_a_part_of_the_project(town, tmp_path):
    numbers = numbers_of(town)
    numbers.watch(True)
    wait(town)
    town.run("indicators.set_threshold", threshold=0.75)
    town.run("indicators.set_when", worst=True)
    town.run("indicators.set_counted", indicator="residents")
    town.run("indicators.set_quarters", attribute="")
    town.run("indicators.set_distance", metres=120.0)
    wait(town)
    asked = town.document.state.numbers
    assert asked == NumbersView((("depth", 0.75),), "", "residents", True, 120.0) and town.document.dirty
    assert numbers.answer.threshold == 0.75 and numbers.answer.weigh == "residents"
    save_project(town.document.state, tmp_path / "p.citiverse")
    assert load_project(tmp_path / "p.citiverse").state.numbers == asked
    town.run("edit.undo")
    assert town.document.state.numbers.near_m == NEAR_M
    for _ in range(4):
        town.run("edit.undo")
    wait(town)
    assert town.document.state.numbers == NumbersView() and numbers.answer.threshold == 0.5
    town.run("edit.redo")
    wait(town)
    assert numbers.answer.threshold == 0.75, "they are counted anew when a step is taken back or done again"
    for metres in (0.0, -1.0, 1001.0):
        with pytest.raises(CommandError, match="distance"):
            town.run("indicators.set_distance", metres=metres)


def test_a_clock_that_runs_does_not_starve_them(town):
    numbers = numbers_of(town)
    numbers.watch(True)
    wait(town)
    town.clock.playing = True
    answers = []
    numbers.changed.connect(lambda: answers.append(numbers.answer.question.columns[0].step))
    for hour in range(1, 5):
        town.clock.set(kit.START + hour * 3600)  # faster than they can be counted
    town.clock.playing = False
    wait(town)
    assert answers[-1] == 4, "the last moment is counted in the end"


def test_answers_that_nobody_wants_any_more_are_dropped(town):
    numbers = numbers_of(town)
    numbers.watch(True)
    numbers.set_threshold("depth", 0.9)
    numbers.set_threshold("depth", 0.1)
    seen = []
    numbers.changed.connect(lambda: seen.append(numbers.answer.threshold if numbers.answer else None))
    wait(town)
    assert [t for t in seen if t is not None] == [0.1]
    numbers.set_threshold("depth", 0.3)
    numbers.cancel()
    wait(town)
    assert numbers.answer.threshold == 0.1 and not numbers.busy
    numbers.watch(True)
    wait(town)
    assert numbers.answer.threshold == 0.3, "asked again, it is counted"


def test_one_scenario_alone_is_seen_beside_its_baseline(town):
    town.run("scenario.show", ids=("wet",))
    columns = numbers_of(town).columns()
    assert [column.id for column in columns] == ["dry", "wet"]
    question = numbers_of(town).question()
    assert (question.baseline, question.other) == (0, 1)
    town.run("scenario.show", ids=("wet", "dry"))
    question = numbers_of(town).question()
    assert (question.baseline, question.other) == (1, 0), "what another names its baseline is the baseline"
    town.run("scenario.show", ids=("", "wet"), mode="swipe")
    assert [column.name for column in numbers_of(town).columns()] == ["Base model", EVIL]


def test_a_number_selects_what_is_behind_it(town):
    town.run("indicators.select", indicator="residents", scenario="dry")
    wait(town)
    hit = np.flatnonzero((DRY[0] >= 0.5) & (YOUNG + OLD > 0))
    assert set(town.document.state.selection.ids) == {f"b{k}" for k in hit}
    said = town.messages[-1].text
    assert said == f"{len(hit)} buildings selected: Residents, ≥ 0.5 m, Dry."
    town.run("indicators.select_group", way="worse")
    wait(town)
    assert len(town.document.state.selection.ids) == (YOUNG + OLD > 0).sum()
    town.run("indicators.select_class", label="0.5 – 1", scenario="dry")
    wait(town)
    assert len(town.document.state.selection.ids) == ((DRY[0] >= 0.5) & (DRY[0] < 1)).sum()
    before = town.document.state.selection
    town.run("indicators.select_group", way="better")
    town.run("indicators.select", indicator="cats")
    wait(town)
    assert town.document.state.selection == before
    assert town.messages[-2].text.startswith("No building") and town.messages[-1].severity is Severity.ERROR
    town.run("edit.undo")
    assert town.document.state.selection != before


def test_csv_says_all_that_it_is_about(town, tmp_path):
    town.run("indicators.export", path=tmp_path / "n.csv")
    wait(town)
    assert town.messages[-1].text == "Written: n.csv"
    raw = (tmp_path / "n.csv").read_text("utf-8-sig")
    lines = list(csv.DictReader(raw.splitlines()))
    (row,) = [x for x in lines if (x["table"], x["row"], x["scenario"]) == ("indicators", "Buildings", "dry")]
    assert float(row["value"]) == (DRY[0] >= 0.5).sum() and float(row["total"]) == COUNT
    assert float(row["low"]) == (DRY[0] - np.float32(0.2) >= 0.5).sum()
    assert row["lock"] == "Same variable, threshold, classes, buildings and moment for all scenarios"
    assert row["method"].startswith("Counted over buildings ≥ 0.5 m") and "ot quantified" in row["scenario_uncertainty"]
    assert row["scenario_tool"] == "Model 3" and row["scenario_publisher"] == "'" + EVIL
    assert row["scenario_sha256"] == "dry" * 20 and row["class_source"] == "Norm 1" and row["threshold"] == "0.5"
    assert (
        row["affected"] == "≥ 0.5 m"
        and row["scenario_moment"] == "2026-06-21 02:00"
        and "fewer than 10" in row["disclosure"]
    )
    (young,) = [
        x for x in lines if (x["row"], x["scenario"]) == ("Residents 0–17", "wet") and x["table"] == "indicators"
    ]
    hit = WET[0] >= 0.5
    assert float(young["value"]) == (int(YOUNG[hit].sum()) + 5) // 10 * 10
    published = {(x["column"], x["scenario"]): x for x in lines if x["table"].startswith("published")}
    assert published["Old", "dry"]["value"] == "" and published["Old", "dry"]["hidden"] == "yes"
    assert published["Old", "wet"]["change"] == "" and float(published["Young", "wet"]["change"]) == 30
    assert all(not cell.startswith(("=", "+", "@")) for x in lines for cell in x.values()), "no formulas"
    assert young["scenario_name"] == "'" + EVIL


def test_workbooks_hold_texts_and_numbers(town, tmp_path):
    town.run("indicators.export", path=tmp_path / "n.xlsx")
    wait(town)
    book = openpyxl.load_workbook(tmp_path / "n.xlsx")
    assert book.sheetnames == ["About", "Indicators", "By group", "Classes", "Published 1"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}, "no formulas"
    about = {row[0].value: [cell.value for cell in row[1:]] for row in book["About"].iter_rows()}
    assert about["Scenario sha256"][:2] == ["dry" * 20, "wet" * 20] and about["Class source"][0] == "Norm 1"
    assert about["Scenario name"][1] == EVIL and about["Threshold"][0] == 0.5 and "fewer than 10" in about["Note"][0]
    sheet = list(book["Indicators"].iter_rows(values_only=True))
    assert sheet[1][0] == "Buildings" and sheet[1][2] == (DRY[0] >= 0.5).sum()
    assert sheet[1][-1].startswith("Counted over buildings ≥ 0.5 m; value of a building: value of the object")
    assert sheet[1][-2] == (WET[0] >= 0.5).sum() - (DRY[0] >= 0.5).sum()
    shown = list(book["Published 1"].iter_rows(values_only=True))
    assert shown[1][:5] == ("North", 100, "hidden", 130, 40) and shown[-1][0] == "Not covered: Visitors"
    assert shown[3][0].startswith("Source, Dry: =HYPER") and shown[3][0].endswith(", Model 3, drydrydr")


def test_files_that_cannot_be_written_are_refused(town, tmp_path):
    with pytest.raises(CommandError, match="window"):
        town.run("indicators.export", path=tmp_path / "n.png")
    with pytest.raises(CommandError, match=r"\.csv, \.xlsx"):
        town.run("indicators.export", path=tmp_path / "n.pdf")
    (tmp_path / "file").write_text("")
    town.run("indicators.export", path=tmp_path / "file" / "n.csv")
    wait(town)
    assert "cannot be written" in town.messages[-1].text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", " =1", "|x"])
def test_no_text_begins_like_a_formula(text):
    assert safe(text)[0] == "'" and safe("Grüße = 1") == "Grüße = 1" and "\x07" not in safe("a\x07b")


def test_json_holds_what_the_tables_show(town):
    numbers = numbers_of(town)
    numbers.watch(True)
    wait(town)
    told = as_json(numbers.answer)
    assert told["variable"] == "depth" and [entry["id"] for entry in told["scenarios"]] == ["dry", "wet"]
    assert len(told["numbers"]) == len(records(numbers.answer)) and told["scenarios"][0]["baseline"]
    hidden = [entry for entry in told["numbers"] if entry["hidden"]]
    assert all(entry["value"] is None and entry["change"] is None for entry in hidden)


def test_a_selected_house_has_a_line_over_time(town):
    numbers = numbers_of(town)
    numbers.watch(True)
    town.run("selection.set", layer_id="a", ids=("b3",))
    wait(town)
    dry, wet = numbers.series
    assert dry.series.values.tolist() == DRY[:, 3].astype(float).tolist()
    assert wet.series.high.tolist() == (WET[:, 3] + np.float32(0.2)).astype(float).tolist()
    lines = [x for x in records(numbers.answer, numbers.series) if x.table == "series"]
    assert len(lines) == 10 and lines[5].scenario == "wet" and lines[0].row == "2026-06-21 02:00"
    town.run("selection.clear")
    wait(town)
    assert numbers.series == ()
