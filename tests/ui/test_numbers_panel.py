"""The panel "Numbers": what it shows, that it can be used by keys, and that it is counted only while it is seen."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from loaders.api import LoadResult
from loaders.city import Column, Strings
from loaders.scenario.model import Classes, Disaggregation, TableRow
from viewer.document.state import LayerState
from viewer.ui.desktop.panels.numbers import PAGES, NumbersPanel
from viewer.ui.theme import contrast

kit = SimpleNamespace(**run_path(str(Path(__file__).parents[1] / "session" / "result_kit.py")))
COUNT = 80
RNG = np.random.default_rng(3)
YOUNG, OLD = RNG.integers(0, 60, COUNT), RNG.integers(0, 30, COUNT)
QUARTER = RNG.integers(0, 3, COUNT)
DRY = RNG.uniform(0, 1, (5, COUNT)).astype(np.float32)
WET = np.where(RNG.uniform(size=(5, COUNT)) < 0.3, DRY * np.float32(0.5), DRY + np.float32(0.3)).astype(np.float32)
CELLS = (("Young", 100.0), ("Old", None))


def column(name, values):
    values = np.asarray(values, np.float64)
    return Column(name, "number", values, ~np.isnan(values))


@pytest.fixture
def panel(shell, session, small_city, qtbot):
    city = small_city([(f"b{k}", "Building", [], {}, ["1"]) for k in range(COUNT)], origin=(85000.0, 447000.0, 0.0))
    add = city.objects.columns.__setitem__
    add("residents_0_17", column("residents_0_17", YOUNG))
    add("residents_65_plus", column("residents_65_plus", OLD))
    codes = QUARTER.astype(np.int32)
    add("quarter", Column("quarter", "string", codes, codes >= 0, Strings.from_list(["east", "west", "<b>bold</b>"])))
    with session.document.change("Add") as edit:
        edit.add_city(LayerState("a", "Town", "/town.json"), LoadResult(city, "CityJSON", "2.0"))
    depth = replace(kit.DEPTH, classes=Classes((0.5, 1.0), source="Norm 1"), good="low")
    rows = tuple(TableRow("North", group, "Affected", value, note="" if value else "Hidden") for group, value in CELLS)
    table = Disaggregation(
        (("en", "People"),), ("Young", "Old"), ("North",), (("Affected", "1"),), rows, not_covered=("Visitors",)
    )
    for name, values in (("dry", DRY), ("wet", WET)):
        ids = [f"b{k}" for k in range(COUNT)]
        own = kit.by_id(depth, ids, kit.hours(), values, low=values - np.float32(0.1), high=values + np.float32(0.1))
        kit.add(session.document, kit.scenario(name, own, digest=name * 20, disaggregations=(table,)))
    kit.show(session.document, "dry", "wet", mode="swipe")
    made = NumbersPanel(shell)
    qtbot.addWidget(made)
    made.resize(900, 420)
    yield made
    made.shut_down()


def wait(panel, qtbot, page=None):
    if page is not None:
        panel.show_page(page)
    if not panel.isVisible():
        panel.show()
        qtbot.waitExposed(panel)
    session = panel._shell.session

    def idle():
        session.poll()
        return not session.jobs.active and not panel._numbers.busy

    qtbot.waitUntil(idle)
    QTest.qWait(10)
    qtbot.waitUntil(lambda: panel._shell.idle)


def texts(table):
    return [[cell.text for cell in row] for row in table.cells()]


def test_nothing_is_counted_before_it_is_seen(panel, qtbot):
    assert panel._numbers.answer is None and not panel._numbers.busy
    wait(panel, qtbot)
    assert panel._numbers.answer is not None
    panel.hide()
    panel._shell.run("clock.set", moment=kit.START + 3600)
    assert not panel._numbers.busy


def test_charts_are_loaded_when_they_are_first_shown(project_root):
    code = (
        "import sys, viewer.ui.desktop.panels.numbers;"
        "print([m for m in sys.modules if m.partition('.')[0] in ('pyqtgraph', 'xlsxwriter')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_indicators_stand_beside_each_other(panel, qtbot):
    wait(panel, qtbot)
    assert panel.indicators.headers() == ["Affected", "A Dry", "B Wet", "B minus A"]
    rows = texts(panel.indicators)
    assert [row[0] for row in rows] == [
        "Buildings", "Footprint, m²", "Residents", "Residents 0–17", "Residents 65 and over"
    ]  # fmt: skip
    a, b = (DRY[0] >= 0.5).sum(), (WET[0] >= 0.5).sum()
    assert rows[0] == ["Buildings", str(a), str(b), f"+{b - a}" if b > a else f"\u2212{a - b}"]
    young = (int(YOUNG[DRY[0] >= 0.5].sum()) + 5) // 10 * 10
    assert rows[3][1].replace(" ", "") == str(young)
    cell = panel.indicators.cells()[0][1]
    assert cell.detail and cell.low <= cell.share <= cell.high <= 1
    assert "0.5 m" in panel.subject.full_text() and "People are rounded" in panel.status.full_text()
    index = panel.indicators.model().index(0, 1)
    said = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert said.startswith("Buildings, A Dry: ")


def test_keys_go_to_a_number_and_press_it(panel, qtbot, session):
    wait(panel, qtbot)
    panel.indicators.setFocus()
    panel.indicators.setCurrentIndex(panel.indicators.model().index(0, 0))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(panel.indicators, key)
    wait(panel, qtbot)
    assert set(session.document.state.selection.ids) == {f"b{k}" for k in np.flatnonzero(WET[0] >= 0.5)}


def test_a_threshold_is_a_class_break_or_any_number(panel, qtbot):
    wait(panel, qtbot)
    assert [panel.threshold.itemText(n) for n in range(panel.threshold.count())] == ["0.5", "1"]
    panel.threshold.lineEdit().setText("0.8")
    panel.threshold.lineEdit().editingFinished.emit()
    wait(panel, qtbot)
    assert texts(panel.indicators)[0][1] == str((DRY[0] >= 0.8).sum())
    panel.threshold.lineEdit().setText("deep")
    panel.threshold.lineEdit().editingFinished.emit()
    assert panel.threshold.lineEdit().text() == "0.8"
    panel.worst.click()
    wait(panel, qtbot)
    assert texts(panel.indicators)[0][1] == str((DRY.max(axis=0) >= 0.8).sum())


def test_gains_and_losses_are_bars_that_can_be_pressed(panel, qtbot, session):
    wait(panel, qtbot, "groups")
    chart = panel.group_chart
    assert [row.name for row in chart.rows] == ["Residents", "Residents 0–17", "Residents 65 and over"]
    worse, better = chart.rows[0].bars
    assert worse.left and not better.left and "worse" in worse.said
    assert {row.name for row in panel.quarter_chart.rows} == {"east", "west", "<b>bold</b>"}
    chart.setFocus()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right):
        qtbot.keyClick(chart, key)
    assert chart.accessibleDescription() == better.said == panel.status.full_text()
    qtbot.keyClick(chart, Qt.Key.Key_Return)
    wait(panel, qtbot)
    hit = np.flatnonzero((WET[0] < DRY[0]) & (YOUNG + OLD > 0))
    assert set(session.document.state.selection.ids) == {f"b{k}" for k in hit}


def test_a_click_on_a_class_selects_its_buildings(panel, qtbot, session):
    wait(panel, qtbot, "classes")
    chart = panel.class_chart
    assert [row.name for row in chart.rows][-3:] == ["< 0.5", "0.5 – 1", "≥ 1"]
    place = [row.name for row in chart.rows].index("0.5 – 1")
    bar = chart.rows[place].bars[1]
    assert bar.letter == "B" and bar.color == QColor(*panel._numbers.answer.classes[place].rgb)
    top, bottom = chart._span(place, bar, 2)
    at = chart.getPlotItem().getViewBox().mapViewToScene(QPointF(1.0, (top + bottom) / 2))
    qtbot.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(round(at.x()), round(at.y())))
    wait(panel, qtbot)
    hit = np.flatnonzero((WET[0] >= 0.5) & (WET[0] < 1))
    assert set(session.document.state.selection.ids) == {f"b{k}" for k in hit}
    panel.counted.setCurrentIndex(panel.counted.findData("residents"))
    panel.counted.activated.emit(panel.counted.currentIndex())
    wait(panel, qtbot)
    assert chart.rows[place].bars[1].value == (int((YOUNG + OLD)[hit].sum()) + 5) // 10 * 10


def test_over_time_follows_selection_and_clock(panel, qtbot, session):
    wait(panel, qtbot, "series")
    assert "Select a building" in panel.message.text()
    session.run("selection.set", layer_id="a", ids=("b5",))
    wait(panel, qtbot)
    chart = panel.series_chart
    assert chart.lines[1].series.values.tolist() == WET[:, 5].astype(float).tolist()
    assert chart._clock.value() == kit.START and "b5" in panel.subject.full_text()
    chart.moment_wanted.emit(kit.START + 2 * 3600)
    assert session.clock.now == kit.START + 2 * 3600 and chart._clock.value() == session.clock.now
    assert f"B Wet: {WET[2, 5]:.2f}"[:9] in panel.status.full_text()
    chart.setFocus()
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert session.clock.step == 3


def test_published_tables_hide_what_is_hidden(panel, qtbot):
    wait(panel, qtbot, "tables")
    assert texts(panel.published) == [["North", "100", "hidden"]]
    assert "Not covered: Visitors" in panel.status.full_text()
    panel.which.setCurrentIndex(panel.which.findData("B-"))
    panel.which.activated.emit(panel.which.currentIndex())
    assert texts(panel.published) == [["North", "±0", "hidden"]]


def test_every_page_can_be_drawn_in_both_themes(panel, qtbot, shell, session):
    session.run("selection.set", layer_id="a", ids=("b5",))
    for theme in ("light", "dark"):
        shell.themes.set_choice(theme)
        for page in PAGES:
            wait(panel, qtbot, page)
            picture = panel.picture()
            ground = picture.pixelColor(2, 2).name()
            assert ground == QColor(shell.theme.surface).name()
            inside = picture.pixelColor(picture.width() - 3, picture.height() - 3).name()
            assert contrast(inside, shell.theme.surface) < 1.4, "no black plots"


def test_a_picture_is_written_with_what_it_is_about(panel, qtbot, session, shell, tmp_path):
    wait(panel, qtbot, "groups")
    said = []
    shell.message.connect(lambda *args: said.append(args[1]))
    session.run("indicators.export", path=tmp_path / "n.png")
    assert (tmp_path / "n.png").read_bytes()[:4] == b"\x89PNG" and said == ["Written: n.png"]


def test_a_picture_of_a_table_has_all_its_lines(panel, qtbot):
    panel.resize(700, 260)
    wait(panel, qtbot)
    lines = panel.indicators.cells()
    assert panel.indicators.viewport().height() < 30 * len(lines) < panel.picture().height() / 2


def test_everything_has_a_name(panel, qtbot):
    wait(panel, qtbot, "groups")
    tables = panel.indicators, panel.published
    charts = panel.group_chart, panel.quarter_chart, panel.class_chart, panel.series_chart
    controls = panel.threshold, panel.quarters, panel.counted, panel.table, panel.which, panel.stop, panel.export
    for widget in (panel, panel.pages, panel.progress, *tables, *charts, *controls):
        assert widget.accessibleName(), widget


def test_without_scenarios_it_says_what_to_do(panel, qtbot, session):
    wait(panel, qtbot)
    session.run("scenario.hide")
    wait(panel, qtbot)
    assert "Show a scenario" in panel.message.text() and not panel.export.isEnabled()
