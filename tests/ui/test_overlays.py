from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from viewer.analysis.legend import Legend, LegendEntry
from viewer.ui.desktop.command_palette import CommandPalette, PaletteEntry, score
from viewer.ui.desktop.drop import DropOverlay, dropped_paths
from viewer.ui.desktop.keys_help import KeysHelp
from viewer.ui.desktop.legend import LegendOverlay
from viewer.ui.desktop.start import RecentFile, RecentRow, StartPage, when_text
from viewer.ui.widgets.picture_list import two_lines
from viewer.ui.widgets.toast import INFO_MS, MAX_TOASTS, QUIET_MS, WIDTH, Toast, ToastStack

NOW = dt.datetime(2026, 5, 14, 12, 0)


@pytest.fixture
def host(qtbot: Any) -> QWidget:
    widget = QWidget()
    widget.resize(900, 700)
    qtbot.addWidget(widget)
    widget.show()
    return widget


def test_toast_shows_plain_text_and_runs_its_action(qtbot: Any, host: QWidget) -> None:
    stack = ToastStack(host)
    done: list[str] = []
    toast = stack.show_message("error", "<b>bad</b>\u202e", "why", [("Undo", lambda: done.append("undo"))])
    label = toast.findChildren(QLabel)[1]
    assert label.text() == "<b>bad</b>\\u{202E}"
    assert label.textFormat() == Qt.TextFormat.PlainText
    qtbot.mouseClick(toast.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert done == ["undo"]
    assert stack.toasts == []


def test_only_information_goes_by_itself(host: QWidget) -> None:
    stack = ToastStack(host)
    info, error = stack.show_message("info", "saved"), stack.show_message("error", "broken")
    assert info._timer.isActive() and not error._timer.isActive()
    info._timer.timeout.emit()
    assert stack.toasts == [error]


def test_toasts_do_not_pile_up(host: QWidget) -> None:
    stack = ToastStack(host)
    for n in range(10):
        stack.show_message("error", f"message {n}")
    assert [t.text for t in stack.toasts] == [f"message {n}" for n in range(10 - MAX_TOASTS, 10)]
    stack.show_message("error", "message 9")
    assert sum(t.text == "message 9" for t in stack.toasts) == 1


def test_confirmations_share_one_small_card_and_go_soon(host: QWidget) -> None:
    stack = ToastStack(host)
    error = stack.show_message("error", "The file broken.json is no CityJSON: it ends in the middle of a value " * 3)
    first = stack.show_message("info", "Id copied")
    narrow = first.width()
    assert narrow < 200 and first.height() < 48 and first._timer.interval() == QUIET_MS
    for n in range(5):
        assert stack.show_message("info", f"Package {n}: 2 variables.") is first
    assert stack.toasts == [error, first] and first.height() < error.height()
    assert first.accessibleName().count("variables") == 5
    assert first.findChildren(QLabel)[1].text() == "4 earlier\nPackage 3: 2 variables.\nPackage 4: 2 variables."
    assert narrow < first.width() <= error.width() <= WIDTH
    told = stack.show_message("info", "Saved", "in this folder")
    assert told is not first and told._timer.interval() == INFO_MS


def test_a_card_shows_all_its_lines_also_where_others_come(host: QWidget) -> None:
    stack = ToastStack(host)
    long = stack.show_message("error", "one of many words " * 20)
    before = long.height()
    stack.show_message("warning", "another of many words " * 10)
    label = long.findChildren(QLabel)[1]
    assert long.height() == before and label.height() >= label.heightForWidth(label.width())


def test_toasts_stay_in_their_corner_and_above_a_neighbour(host: QWidget) -> None:
    stack = ToastStack(host)
    neighbour = QWidget(host)
    neighbour.setGeometry(16, 500, 600, 184)
    neighbour.show()
    stack.show_message("error", "one " * 60)
    assert host.rect().contains(stack.geometry())
    assert stack.geometry().right() > host.width() - 32
    stack.avoid = neighbour
    stack.place()
    assert not stack.geometry().intersects(neighbour.geometry())


def test_score_prefers_starts_of_words() -> None:
    assert score("undo", "Undo") == 0
    assert score("col", "Colour by height") < score("hei", "Colour by height") < score("eight", "Colour by height")  # type: ignore[operator]
    assert score("cbh", "Colour by height") is not None
    assert score("xyz", "Colour by height") is None


def test_palette_finds_and_runs(qtbot: Any, host: QWidget) -> None:
    done: list[str] = []
    palette = CommandPalette(host, lambda: QColor("grey"))
    palette.open(
        [
            PaletteEntry("Undo", "edit.undo", lambda: done.append("undo"), "Ctrl+Z"),
            PaletteEntry("Colour by height", "style.color_by", lambda: done.append("height")),
            PaletteEntry("Colour by hidden", "style.color_by", lambda: done.append("never"), enabled=False),
        ]
    )
    qtbot.keyClicks(palette.field, "colour")
    assert palette.titles() == ["Colour by height", "Colour by hidden"]
    qtbot.keyClick(palette.field, Qt.Key.Key_Down)
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert done == ["height"]
    assert not palette.isVisible()


def test_palette_closes_on_escape_and_says_when_nothing_fits(qtbot: Any, host: QWidget) -> None:
    palette = CommandPalette(host, lambda: QColor("grey"))
    palette.open([PaletteEntry("Undo", "edit.undo", lambda: None)])
    qtbot.keyClicks(palette.field, "zzz")
    assert palette.titles() == [] and palette.empty.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()
    qtbot.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_keys_sheet_lists_and_closes(qtbot: Any, host: QWidget, shell: Any) -> None:
    sheet = KeysHelp(shell, host)
    sheet.open([("Ctrl+Z", "Undo"), ("Ctrl+Y", "Redo")])
    texts = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Ctrl+Z", "Undo", "Wheel"} <= texts
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def test_drops_take_local_files_only(host: QWidget, shell: Any) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/data/a.city.json"), QUrl("https://example.org/b.json")])
    assert dropped_paths(mime) == [Path("/data/a.city.json")]
    zone = DropOverlay(shell, host)
    zone.offer([Path("/data/a\u202eb.json"), Path("/data/c.json")])
    assert zone.names.text() == "a\\u{202E}b.json and 1 more"
    assert host.rect().contains(zone.geometry()) and zone.isVisible()


def test_when_reads_like_speech() -> None:
    assert when_text(NOW.replace(hour=9), NOW) == "today 09:00"
    assert when_text(NOW - dt.timedelta(days=1), NOW) == "yesterday"
    assert when_text(NOW - dt.timedelta(days=3), NOW) == "3 days ago"
    assert when_text(dt.datetime(2026, 1, 2), NOW) == "2 Jan 2026"
    assert when_text(None, NOW) == ""


def test_in_the_legend_falling_lines_lie_on_what_was_not_modelled_only(qtbot: Any, shell: Any, host: QWidget) -> None:
    overlay = LegendOverlay(shell, host)
    pale = (232, 230, 224)
    states = (LegendEntry("not modelled", pale, 3), LegendEntry("none (zero)", pale, 2))
    overlay.show_legend(Legend("Depth", "m", "classes", (LegendEntry("< 1", (20, 40, 200), 1),), states=states))
    image = overlay.grab().toImage()
    dark = {}
    for entry, rect in overlay.swatches():
        box = rect.toRect().adjusted(3, 3, -3, -3)
        inside = [
            image.pixelColor(x, y) for x in range(box.left(), box.right()) for y in range(box.top(), box.bottom())
        ]
        dark[entry.label] = sum(colour.lightness() < 210 for colour in inside)
    assert dark["not modelled"] > 3
    assert dark["none (zero)"] == 0


def test_start_page_offers_and_greys(qtbot: Any, shell: Any) -> None:
    page = StartPage(shell)
    qtbot.addWidget(page)
    page.resize(900, 700)
    there = RecentFile(Path("/data/delft.city.json"), NOW, True)
    gone = RecentFile(Path("/data/gone & lost.json"), NOW, False)
    page.set_recent([gone, there], NOW)
    page.show()
    rows = page.findChildren(RecentRow)
    assert [row.isEnabled() for row in rows] == [False, True]
    assert "not found" in rows[0].accessibleName()
    with qtbot.waitSignal(page.recent_chosen) as seen:
        qtbot.mouseClick(rows[1], Qt.MouseButton.LeftButton)
    assert seen.args == [there.path]
    with qtbot.waitSignal(page.recent_chosen) as seen:
        qtbot.mouseClick(page.last, Qt.MouseButton.LeftButton)
    assert seen.args == [there.path]
    with qtbot.waitSignal(page.demo_chosen):
        qtbot.mouseClick(page.demo, Qt.MouseButton.LeftButton)
    page.set_recent([], NOW)
    assert not page.last.isVisible()


def test_start_page_is_reached_by_keyboard(qtbot: Any, shell: Any) -> None:
    page = StartPage(shell)
    qtbot.addWidget(page)
    for choice in (page.demo, page.open):
        assert choice.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert choice.accessibleName() and choice.accessibleDescription()
    with qtbot.waitSignal(page.open_chosen):
        qtbot.keyClick(page.open, Qt.Key.Key_Space)


def test_legend_paints_its_own_colours(qtbot: Any, host: QWidget, shell: Any) -> None:
    overlay = LegendOverlay(shell, host)
    entries = (LegendEntry("office", (230, 159, 0), 12), LegendEntry("<b>home</b>", (86, 180, 233), 3))
    overlay.show_legend(Legend("Function", "", "classes", entries, LegendEntry("no data", (190, 190, 190), 1)))
    assert overlay.isVisible() and host.rect().contains(overlay.geometry())
    image = overlay.grab().toImage()
    found = overlay.swatches()
    assert [entry.label for entry, _ in found] == ["office", "<b>home</b>", "no data"]
    for entry, rect in found:
        center = rect.center().toPoint()
        assert image.pixelColor(center).getRgb()[:3] == entry.rgb
    overlay.show_legend(None)
    assert not overlay.isVisible()


def test_legend_ramp_runs_from_low_to_high(host: QWidget, shell: Any) -> None:
    overlay = LegendOverlay(shell, host)
    ticks = tuple(LegendEntry(str(v), (0, 0, 0), None, float(v)) for v in (0, 5, 10))
    colors = ((255, 0, 0), (0, 255, 0), (0, 0, 255))
    overlay.show_legend(Legend("Height", "m", "ramp", ticks, None, colors, (0.0, 10.0)))
    image = overlay.grab().toImage()
    reds = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    left = next(n for n, c in enumerate(reds) if c.red() > 240 and c.green() < 30)
    right = max(n for n, c in enumerate(reds) if c.blue() > 240 and c.green() < 30 and c.red() < 30)
    assert left < right
    assert "Height" in overlay.accessibleName()


def test_toast_is_announced_by_name(host: QWidget) -> None:
    toast: Toast = ToastStack(host).show_message("warning", "Two files could not be read")
    assert toast.accessibleName() == "warning: Two files could not be read"


def test_a_scenarios_legend_folds_in_a_small_picture_until_told_otherwise(
    qtbot: Any, host: QWidget, shell: Any
) -> None:
    overlay = LegendOverlay(shell, host)
    entries = tuple(LegendEntry(f"class {n}: what it means", (40 * n, 0, 0)) for n in range(6))
    overlay.show_legend(Legend("Water depth", "m", "classes", entries, lines=("Storm tide",)))
    small = overlay.height()
    assert overlay.folded and not overlay.swatches() and not overlay.grab().isNull()
    host.resize(1000, 740)
    qtbot.waitUntil(lambda: len(overlay.swatches()) == 6)
    assert not overlay.folded and overlay.height() > small + 60
    overlay.fold.click()
    assert overlay.folded and overlay.height() == small
    host.resize(900, 700)
    overlay.fold.click()
    assert not overlay.folded and len(overlay.swatches()) == 6


def test_long_names_take_two_lines_and_no_more(host: QWidget) -> None:
    metrics = host.fontMetrics()
    room = metrics.horizontalAdvance("Overview from the") + 4
    assert two_lines("Bridge", metrics, room) == ["Bridge"]
    assert two_lines("Overview from the south-west", metrics, room) == ["Overview from the", "south-west"]
    many = two_lines("Overview from the south-west of the town and beyond", metrics, room)
    assert len(many) == 2 and many[1].endswith("…")
