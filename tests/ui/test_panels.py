from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QToolButton

from loaders.api import MAX_ISSUE_OBJECTS, Issue, Severity
from loaders.city import CityData
from viewer.analysis.statistics import NumberStatistics, statistics_of
from viewer.ui.desktop.panels import summary
from viewer.ui.desktop.panels.inspector import Inspector
from viewer.ui.desktop.panels.layers import LayersPanel, type_counts
from viewer.ui.desktop.panels.report import ReportPanel, as_text, headline
from viewer.ui.desktop.panels.style import StylePanel, color_choices
from viewer.ui.desktop.panels.viewpoints import ViewpointsPanel, fresh_name
from viewer.ui.theme import contrast

AddLayer = Callable[..., str]


# --- summary ---------------------------------------------------------------------------------------------------


def test_relatives_go_from_the_top_down(city: CityData) -> None:
    found, left_out = summary.relatives(city, 1)
    assert [(r.id, r.depth) for r in found] == [("house-1", -1), ("house-1-part-a", 0)]
    assert left_out == 0
    found, _ = summary.relatives(city, 0)
    assert [r.id for r in found] == ["house-1", "house-1-part-a", "house-1-part-b"]


def test_many_objects_are_counted_and_summed_up(city: CityData) -> None:
    rows = np.array([0, 3, 4])
    assert {line.name: (line.value, line.text) for line in summary.types_among(city, rows).lines} == {
        "Building": (2, "2  ·  67 %"),
        "Solitary vegetation object": (1, "1  ·  33 %"),
    }
    height, function = summary.in_common(statistics_of(city, rows))
    assert (height.title, function.title) == ("Height", "Function")
    assert {line.name: line.text for line in height.lines} == {
        "Sum": "42.5",
        "Mean": "21.25",
        "Lowest": "12.5",
        "Highest": "30",
        "Objects with a value": "2 of 3",
    }
    assert {line.name: line.value for line in function.lines} == {
        "home & <i>garden</i>": 1,
        "office": 1,
        "No value": 1,
    }
    numbers, same = summary.in_common(statistics_of(city, np.array([0, 5])))
    assert numbers.title == "Height" and [(line.name, line.text) for line in same.lines] == [("Function", "office")]


def test_titles_of_attributes_that_read_alike_differ() -> None:
    two = [NumberStatistics(name, 2, 0, 3.0, 1.5, 1.0, 2.0) for name in ("roof_area", "roof area", "Types")]
    groups = summary.in_common(two)
    assert [group.title for group in groups] == ["Roof area", "Roof area [roof area]", "Types [Types]"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1962, "1962"), (1953.41, "1953.4"), (0.12346, "0.1235"), (1234567.89, "1 234 567.9"), (57000, "57 000"),
     (2.5e-7, "2.5e-07"), (-3.25, "-3.25"), (4e17, "4e+17")],
)  # fmt: skip
def test_figures_read_well(value: float, text: str) -> None:
    assert summary.figure(value) == text


def test_copies_are_safe_and_complete(city: CityData) -> None:
    group = summary.Group(
        "Attributes", (summary.line_of("formula", "=HYPERLINK(1)", None), summary.line_of("h", -2.5, None))
    )
    table = summary.as_tsv([("id", "a\tb")], [group])
    assert table.splitlines() == ["id\ta b", "formula\t'=HYPERLINK(1)", "h\t-2.5"]
    body = json.loads(summary.as_json([("id", "家")], [group]))
    assert body == {"id": "家", "Attributes": {"formula": "=HYPERLINK(1)", "h": -2.5}}


# --- inspector -------------------------------------------------------------------------------------------------


@pytest.fixture
def inspector(qtbot: Any, shell: Any) -> Inspector:
    panel = Inspector(shell)
    qtbot.addWidget(panel)
    panel.resize(320, 600)
    panel.show()
    return panel


def _texts(inspector: Inspector) -> dict[str, str]:
    return dict(inspector._tree.texts())


def test_empty_inspector_says_what_to_do(inspector: Inspector) -> None:
    words = " ".join(label.text() for label in inspector.findChildren(QLabel) if label.isVisible())
    assert "Click a building" in words


def test_inspector_sums_up_a_large_selection_on_a_thread(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch, inspector: Inspector, shell: Any, add_layer: AddLayer
) -> None:
    monkeypatch.setattr("viewer.ui.desktop.panels.inspector.AT_ONCE", 2)
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, rows=[0, 3, 4])
    assert inspector._id.full_text() == "3 objects selected" and set(_texts(inspector)) >= {"Building"}
    assert "Sum" not in _texts(inspector)
    assert shell.session.wait(60.0)
    assert _texts(inspector)["Sum"] == "42.5"
    shell.session.run("selection.set", layer_id=layer, rows=[0, 3, 5])
    shell.session.run("selection.set", layer_id=layer, rows=[4])
    assert shell.session.wait(60.0)
    assert "Sum" not in _texts(inspector) and inspector._id.full_text() == "tree-1"


def test_inspector_shows_object_surface_and_family(inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["house-1"], surface_row=0)
    assert inspector._id.full_text() == "house-1"
    shown = _texts(inspector)
    assert shown.pop("Area of this surface") == "3.0 m²"
    assert shown.pop("Area of all faces") == "0.5 m²"
    assert shown == {"height": "12.5", "function": "office", "slope": "31.5"}
    assert inspector._family.isVisible()
    assert inspector._type.text() == "Building · town"


def test_relative_is_one_click_away(qtbot: Any, inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["house-1"])
    child = inspector._family.topLevelItem(0).child(1)
    inspector._family.itemClicked.emit(child, 0)
    qtbot.waitUntil(lambda: shell.session.document.state.selection.ids == ("house-1-part-b",))
    assert inspector._id.full_text() == "house-1-part-b"
    assert inspector._none.isVisible()


def test_hostile_text_stays_text(inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["<b>bold</b>\u202egnp.exe"])
    assert inspector._id.full_text() == "<b>bold</b>\\u{202E}gnp.exe"
    assert inspector._id.textFormat() == Qt.TextFormat.PlainText
    shell.session.run("selection.set", layer_id=layer, ids=["家屋-2"])
    assert inspector._id.full_text() == "家屋-2"
    assert _texts(inspector)["function"] == "home & <i>garden</i>"


def test_search_finds_names_and_values(inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["house-1"], surface_row=0)
    inspector._search.setText("OFF")
    assert _texts(inspector) == {"function": "office"}
    inspector._search.setText("slo")
    assert _texts(inspector) == {"slope": "31.5"}


def test_copy_all_reaches_the_clipboard(inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["house-1"])
    table, as_json = inspector._copy.menu().actions()
    table.trigger()
    assert QApplication.clipboard().text().splitlines()[0] == "id\thouse-1"
    as_json.trigger()
    assert json.loads(QApplication.clipboard().text())["Attributes"]["height"] == 12.5


def test_several_objects_are_summed_up(inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["house-1", "家屋-2"])
    assert inspector._id.full_text() == "2 objects selected"
    assert _texts(inspector)["Highest"] == "30" and _texts(inspector)["Objects with a value"] == "2"
    assert not inspector._family.isVisible()


def test_inspector_buttons_run_commands(qtbot: Any, inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["tree-1"])
    buttons = {b.property("command"): b for b in inspector.findChildren(QToolButton) if b.property("command")}
    qtbot.mouseClick(buttons["selection.hide"], Qt.MouseButton.LeftButton)
    assert shell.session.document.state.layer(layer).hidden_ids == {"tree-1"}
    assert inspector._pages.currentIndex() == 0


# --- layers ----------------------------------------------------------------------------------------------------


@pytest.fixture
def layers(qtbot: Any, shell: Any) -> LayersPanel:
    panel = LayersPanel(shell)
    qtbot.addWidget(panel)
    panel.resize(288, 600)
    panel.show()
    return panel


def test_types_are_counted(city: CityData) -> None:
    assert type_counts(city) == [("Building", 3), ("BuildingPart", 2), ("SolitaryVegetationObject", 1)]


def test_card_hides_renames_and_removes(qtbot: Any, layers: LayersPanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    card = layers.cards[layer]
    state = shell.session.document.state
    qtbot.mouseClick(card.eye, Qt.MouseButton.LeftButton)
    assert not shell.session.document.state.layer(layer).visible
    qtbot.mouseDClick(card.name, Qt.MouseButton.LeftButton)
    assert card.editor.isVisible()
    qtbot.keyClicks(card.editor, "Old town")
    qtbot.keyClick(card.editor, Qt.Key.Key_Return)
    assert shell.session.document.state.layer(layer).name == "Old town"
    assert card.name.full_text() == "Old town"
    shell.session.run("edit.undo")
    shell.session.run("edit.undo")
    assert shell.session.document.state == state
    qtbot.keyClick(card, Qt.Key.Key_Delete)
    assert layers.cards == {}
    shell.session.run("edit.undo")
    assert list(layers.cards) == [layer]


def test_rename_can_be_given_up(qtbot: Any, layers: LayersPanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    card = layers.cards[layer]
    qtbot.keyClick(card, Qt.Key.Key_F2)
    qtbot.keyClicks(card.editor, "nonsense")
    qtbot.keyClick(card.editor, Qt.Key.Key_Escape)
    assert shell.session.document.state.layer(layer).name == "town"
    assert card.name.isVisible() and not card.editor.isVisible()


def test_types_switch_one_by_one(qtbot: Any, layers: LayersPanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    card = layers.cards[layer]
    qtbot.mouseClick(card.types_button, Qt.MouseButton.LeftButton)
    assert card.types.isVisible()
    box = card._boxes["BuildingPart"]
    qtbot.keyClick(box, Qt.Key.Key_Space)
    assert shell.session.document.state.layer(layer).hidden_types == {"BuildingPart"}
    shell.session.run("edit.undo")
    assert box.isChecked()


def test_lod_is_chosen_and_shown(layers: LayersPanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    card = layers.cards[layer]
    assert [card.lod.itemText(n) for n in range(card.lod.count())] == ["Highest detail", "LoD 2"]
    card.lod.setCurrentIndex(1)
    card.lod.activated.emit(1)
    assert shell.session.document.state.layer(layer).lod == "2"
    shell.session.run("edit.undo")
    assert card.lod.currentIndex() == 0


def test_report_button_appears_with_warnings(qtbot: Any, layers: LayersPanel, add_layer: AddLayer) -> None:
    worrying, fine = add_layer(), add_layer(name="fine", issues=())
    assert layers.cards[worrying].report.isVisible()
    assert not layers.cards[fine].report.isVisible()
    with qtbot.waitSignal(layers.report_wanted) as seen:
        qtbot.mouseClick(layers.cards[worrying].report, Qt.MouseButton.LeftButton)
    assert seen.args == [worrying]


def test_every_button_has_a_name(layers: LayersPanel, inspector: Inspector, add_layer: AddLayer) -> None:
    add_layer()
    for panel in (layers, inspector):
        for button in panel.findChildren(QToolButton):
            inside_field = isinstance(button.parent(), QLineEdit)
            assert inside_field or button.accessibleName() or button.text(), button.toolTip()


# --- style -----------------------------------------------------------------------------------------------------


@pytest.fixture
def style(qtbot: Any, shell: Any) -> StylePanel:
    panel = StylePanel(shell)
    qtbot.addWidget(panel)
    panel.resize(288, 600)
    panel.show()
    return panel


def _choose(style: StylePanel, value: str) -> None:
    index = style.color_by.findData(value)
    style.color_by.setCurrentIndex(index)
    style.color_by.activated.emit(index)


def test_color_choices_name_kind_and_count(city: CityData) -> None:
    choices = {c.value: c for c in color_choices(city)}
    assert list(choices) == ["@surface", "@type", "height", "function"]
    assert (choices["height"].icon, choices["height"].count) == ("number", 3)
    assert choices["function"].icon == "text"


def test_colouring_shows_palette_and_range(style: StylePanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    assert not style.palette_box.isVisible() and not style.range_row.isVisible()
    _choose(style, "height")
    assert shell.session.document.state.layer(layer).style.color_by == "height"
    assert style.palette_box.isVisible() and style.range_row.isVisible()
    assert (style.low.text(), style.high.text()) == ("7", "30")
    _choose(style, "function")
    assert style.palette_box.isVisible() and not style.range_row.isVisible()
    shell.session.run("edit.undo")
    assert style.color_by.currentData() == "height"


def test_range_is_checked_set_and_reset(qtbot: Any, style: StylePanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    _choose(style, "height")
    for text, problem in (("abc", "numbers"), ("50", "smaller")):
        style.low.selectAll()
        qtbot.keyClicks(style.low, text)
        qtbot.keyClick(style.low, Qt.Key.Key_Return)
        assert problem in style.range_error.text() and style.range_error.isVisible()
    style.low.selectAll()
    qtbot.keyClicks(style.low, "10")
    qtbot.keyClick(style.low, Qt.Key.Key_Return)
    assert shell.session.document.state.layer(layer).style.range == (10.0, 30.0)
    assert not style.range_error.isVisible()
    qtbot.mouseClick(style.reset, Qt.MouseButton.LeftButton)
    assert shell.session.document.state.layer(layer).style.range is None
    assert style.low.text() == "7"


def test_filter_counts_and_marks_errors(qtbot: Any, style: StylePanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    assert style.shown.text() == "6 of 6 shown"
    qtbot.keyClicks(style.filter, "height >> 3")
    qtbot.keyClick(style.filter, Qt.Key.Key_Return)
    assert style.filter_error.isVisible() and "character 9" in style.filter_error.text()
    assert style.filter.selectedText() == ">"
    assert shell.session.document.state.layer(layer).filter is None
    style.filter.selectAll()
    qtbot.keyClicks(style.filter, "heigt > 3")
    qtbot.keyClick(style.filter, Qt.Key.Key_Return)
    assert "Did you mean 'height'" in style.filter_error.text()
    style.filter.selectAll()
    qtbot.keyClicks(style.filter, "height > 20")
    assert not style.filter_error.isVisible()
    qtbot.keyClick(style.filter, Qt.Key.Key_Return)
    assert shell.session.document.state.layer(layer).filter == "height > 20"
    assert style.shown.text() == "1 of 6 shown"
    style.filter.selectAll()
    qtbot.keyClick(style.filter, Qt.Key.Key_Delete)
    assert shell.session.document.state.layer(layer).filter is None
    assert style.shown.text() == "6 of 6 shown"


def test_unfinished_filter_survives_other_changes(
    qtbot: Any, style: StylePanel, shell: Any, add_layer: AddLayer
) -> None:
    layer = add_layer()
    qtbot.keyClicks(style.filter, "height >")
    shell.session.run("layer.set_visible", layer_id=layer, visible=False)
    assert style.filter.text() == "height >"
    qtbot.keyClick(style.filter, Qt.Key.Key_Escape)
    assert style.filter.text() == ""


def test_free_text_is_no_choice(qtbot: Any, style: StylePanel, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    style.color_by.lineEdit().selectAll()
    qtbot.keyClicks(style.color_by.lineEdit(), "no such thing")
    style.color_by.lineEdit().editingFinished.emit()
    assert style.color_by.currentText() == "Surfaces"
    assert shell.session.document.state.layer(layer).style.color_by == "@surface"


def test_panel_follows_the_layer_selected_in(qtbot: Any, style: StylePanel, shell: Any, add_layer: AddLayer) -> None:
    first, second = add_layer(name="one"), add_layer(name="two")
    assert shell.current == second and style._layer_name.full_text() == "two"
    shell.session.run("selection.set", layer_id=first, ids=["tree-1"])
    assert shell.current == first
    qtbot.waitUntil(lambda: style._layer_name.full_text() == "one")
    shell.session.run("layer.remove", layer_id=first)
    assert shell.current == second


# --- report and viewpoints --------------------------------------------------------------------------------------


def test_report_lists_worst_first_and_selects(qtbot: Any, shell: Any, add_layer: AddLayer) -> None:
    panel = ReportPanel(shell)
    qtbot.addWidget(panel)
    panel.show()
    layer = add_layer()
    panel.show_layer(layer)
    top = panel._tree.topLevelItem(0)
    assert top.text(0).startswith("Rings") and top.text(1) == "42"
    said: list[str] = []
    shell.message.connect(lambda _s, text, _d, _a: said.append(text))
    panel._tree.itemClicked.emit(top.child(0), 0)
    assert shell.session.document.state.selection.ids == ("house-1",)
    panel._tree.itemClicked.emit(top.child(1), 0)
    assert "gone" in said[-1]
    assert top.childCount() == 2  # 42 cases, but no more objects
    assert "bad-ring" in panel.text() and "1 warning, 1 info" in panel.text()


def test_report_says_where_its_list_of_objects_ends(shell: Any, add_layer: AddLayer, qtbot: Any) -> None:
    names = tuple(f"house-{n}" for n in range(MAX_ISSUE_OBJECTS))
    issues = (Issue(Severity.WARNING, "bad-ring", "Rings were left out.", 400, names),)
    layer = add_layer(issues=issues)
    panel = ReportPanel(shell)
    qtbot.addWidget(panel)
    panel.show_layer(layer)
    line = panel._tree.topLevelItem(0)
    assert line.text(1) == "400" and line.childCount() == MAX_ISSUE_OBJECTS + 1
    assert line.child(MAX_ISSUE_OBJECTS).text(0) == "Only the first 20 objects are listed."
    assert "Only the first 20 objects are listed." in panel.text()


def test_the_layer_coloured_last_is_the_current_one(shell: Any, add_layer: AddLayer) -> None:
    first, second = add_layer(name="one"), add_layer(name="two")
    assert shell.current == second
    shell.session.run("style.color_by", layer_id=first, attribute="height")
    assert shell.current == first
    shell.session.run("layer.set_visible", layer_id=second, visible=False)
    assert shell.current == first


def test_report_of_a_clean_file_says_so(qtbot: Any, shell: Any, add_layer: AddLayer) -> None:
    panel = ReportPanel(shell)
    qtbot.addWidget(panel)
    panel.show()
    layer = add_layer(issues=())
    panel.show_layer(layer)
    assert panel._fine.isVisible() and not panel._tree.isVisible()
    result = shell.session.document.reports[layer]
    assert headline(result).endswith("nothing to report")
    assert as_text("town", result).startswith("town\nCityJSON 2.0: 6 of 6")


def test_viewpoints_add_go_rename_remove(qtbot: Any, shell: Any, add_layer: AddLayer) -> None:
    add_layer()
    panel = ViewpointsPanel(shell)
    qtbot.addWidget(panel)
    panel.show()
    session = shell.session
    session.settings.set("reduce_motion", True)  # a click goes there at once
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    names = [v.name for v in session.document.state.viewpoints]
    assert names == ["Viewpoint 1", "Viewpoint 2"]
    kept = session.camera
    session.run("view.orbit", dx=100.0, dy=0.0)
    assert session.camera != kept
    panel.list.itemClicked.emit(panel.list.item(0))
    assert session.camera == kept
    panel.list.item(0).setText("Town hall")
    qtbot.waitUntil(lambda: session.document.state.viewpoints[0].name == "Town hall")
    panel.list.item(1).setText("Town hall")
    qtbot.waitUntil(lambda: panel.list.item(1).text() == "Viewpoint 2")
    panel.list.setCurrentRow(0)
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert [v.name for v in session.document.state.viewpoints] == ["Viewpoint 2"]
    assert fresh_name({"Viewpoint 1", "Viewpoint 2"}) == "Viewpoint 3"


def test_names_and_hints_keep_their_contrast(inspector: Inspector, shell: Any, add_layer: AddLayer) -> None:
    layer = add_layer()
    shell.session.run("selection.set", layer_id=layer, ids=["house-1"])
    for look in ("light", "dark"):
        shell.themes.set_choice(look)
        first = inspector._tree.model().index(0, 0, inspector._tree.model().index(0, 0))
        name = first.data(Qt.ItemDataRole.ForegroundRole).color().name()
        assert name == shell.theme.muted and contrast(name, shell.theme.surface) >= 4.5
        hint = inspector._search.palette().placeholderText().color()
        assert hint.name() == shell.theme.muted and hint.alpha() == 255
