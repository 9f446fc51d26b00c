"""The preferences show the settings table and change it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from viewer.settings.settings import TABLE
from viewer.ui.desktop.preferences import GROUPS, Preferences
from viewer.ui.widgets.fields import CalmComboBox


@pytest.fixture
def sheet(qtbot: Any, shell: Any) -> Preferences:
    host = QWidget()
    host.resize(1000, 700)
    qtbot.addWidget(host)
    host.show()
    made = Preferences(shell, host)
    made.open()
    return made


def test_every_setting_has_a_named_field_with_its_value(sheet: Preferences, shell: Any) -> None:
    assert list(sheet.fields) == [setting.name for setting in TABLE]
    for setting in TABLE:
        field = sheet.fields[setting.name]
        assert field.accessibleName() and field.accessibleDescription() == setting.description
        shown = field.currentData() if isinstance(field, QComboBox) else field.property("value")
        shown = field.isChecked() if isinstance(field, QCheckBox) else shown
        assert shown == shell.session.settings.get(setting.name)


def test_changes_hold_at_once_and_reset(qtbot: Any, sheet: Preferences, shell: Any) -> None:
    settings = shell.session.settings
    seconds, speed, quality = (sheet.fields[name] for name in ("autosave_seconds", "orbit_speed", "quality"))
    assert isinstance(seconds, QSpinBox) and isinstance(speed, QDoubleSpinBox) and isinstance(quality, QComboBox)
    seconds.setValue(30)
    speed.setValue(2.5)
    quality.setCurrentIndex(3)
    quality.activated.emit(3)
    assert [settings.get(n) for n in ("autosave_seconds", "orbit_speed", "quality")] == [30, 2.5, "high"]
    settings.set("autosave_seconds", 90)  # from elsewhere
    assert seconds.value() == 90
    sheet._reset()
    assert (seconds.value(), speed.value(), quality.currentData()) == (60, 1.0, "auto")


def test_headings_and_the_card_of_devices(sheet: Preferences) -> None:
    heads = [label.text() for label in sheet.findChildren(QLabel) if label.property("role") == "heading"]
    assert heads == list(GROUPS.values())
    assert sheet.pads.names.text().startswith("No gamepad") and sheet.pads.face.isHidden()


def test_a_long_choice_ends_in_an_ellipsis(qtbot: Any, shell: Any) -> None:
    host = QWidget()
    host.setStyleSheet(QApplication.instance().styleSheet())

    def picture(text: str) -> tuple[Any, str]:
        box = CalmComboBox(host)
        box.addItem(text)
        box.setFixedSize(160, 30)
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        kind, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = box.style().subControlRect(kind, option, part, box).width() - 4
        return box.grab().toImage(), box.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)

    whole, cut = picture("A day in Aldhaven and its surroundings")
    assert cut.endswith("…") and whole == picture(cut)[0] != picture("A day")[0]
    host.deleteLater()


def test_escape_closes(qtbot: Any, sheet: Preferences) -> None:
    assert sheet.isVisible()
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
