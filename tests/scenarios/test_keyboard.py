"""Everything that matters, without a mouse."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

pytestmark = pytest.mark.gui

_CTRL, _SHIFT, _NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


def test_from_the_start_page_to_a_found_building(person: Any) -> None:
    window = person.window

    def press(key: Qt.Key, modifiers: Any = _NONE) -> None:
        QTest.keyClick(window.focusWidget() or window, key, modifiers)

    def write(text: str) -> None:
        QTest.keyClicks(window.focusWidget(), text)

    person.wait(lambda: window.focusWidget() is window.stage.start.demo)
    press(Qt.Key.Key_Space)
    person.wait_for_layers(1)
    city = window.session.document.cities[window.session.document.state.layers[-1].id]

    press(Qt.Key.Key_K, _CTRL)
    assert window.palette_sheet.isVisible()
    write("colour by function")
    press(Qt.Key.Key_Return)
    assert not window.palette_sheet.isVisible()
    assert person.state.layers[-1].style.color_by == "function"
    assert window.stage.legend.legend.title == "Function"

    press(Qt.Key.Key_F, _CTRL | _SHIFT)
    assert window.focusWidget() is window.style_panel.filter
    write('type = "Building"')
    press(Qt.Key.Key_Return)
    assert person.state.layers[-1].filter == 'type = "Building"'

    ids = [name for row, name in enumerate(city.objects.ids.to_list()) if city.objects.type_of(row) == "Building"]
    camera = window.session.camera
    press(Qt.Key.Key_F, _CTRL)
    write(ids[-1].upper())
    press(Qt.Key.Key_Return)
    assert person.state.selection.ids == (ids[-1],)
    assert window.session.camera != camera
    assert window.inspector._id.full_text() == ids[-1]
    assert window.focusWidget() is window.style_panel.filter  # where it was before the search

    seen: list[QWidget] = []
    while window.focusWidget() not in seen[:-1] and len(seen) < 100:  # (a date has three fields in one widget)
        seen.append(window.focusWidget())
        press(Qt.Key.Key_Tab)
    assert {window.canvas, window.style_panel.color_by, window.inspector._search} <= set(seen)
    assert all(widget.isVisibleTo(window) for widget in seen)

    window.canvas.setFocus()
    camera = window.session.camera
    press(Qt.Key.Key_Left)
    assert window.session.camera != camera
    press(Qt.Key.Key_Escape)
    assert not person.state.selection.ids
    press(Qt.Key.Key_Z, _CTRL)
    assert person.state.selection.ids == (ids[-1],)


def test_a_search_that_finds_nothing_says_so(person: Any) -> None:
    window = person.window
    window.shell.run("demo.open")
    person.wait_for_layers(1)
    window.shell.run("selection.open_find")
    sheet = window.palette_sheet
    assert not sheet.empty.isVisible() and not sheet.titles()
    QTest.keyClicks(sheet.field, "no such object")
    assert sheet.empty.isVisible() and sheet.empty.text() == "No object with such an id"
    QTest.keyClick(sheet.field, Qt.Key.Key_Return)
    assert sheet.isVisible() and not person.state.selection.ids
    QTest.keyClick(sheet.field, Qt.Key.Key_Escape)
    window.shell.run("app.command_palette")
    assert sheet.titles()
