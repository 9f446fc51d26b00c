from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from viewer.resources import asset
from viewer.ui import icons
from viewer.ui.theme import DARK, LIGHT, THEMES, Theme, ThemeManager, contrast, install_fonts, style_sheet

GROUNDS = ("window", "surface", "raised", "hover", "accent_soft")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_text_is_readable_on_every_ground(theme: Theme) -> None:
    for ground in GROUNDS:
        assert contrast(theme.text, getattr(theme, ground)) >= 7
        assert contrast(theme.muted, getattr(theme, ground)) >= 4.5, ground
    for role in ("accent_text", "error", "warning", "info"):
        for ground in ("surface", "window", "raised", "hover"):
            assert contrast(getattr(theme, role), getattr(theme, ground)) >= 4.5, (role, ground)
    assert contrast(theme.on_accent, theme.accent) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_controls_and_focus_rings_stand_out(theme: Theme) -> None:
    for ground in ("window", "surface"):
        assert contrast(theme.control, getattr(theme, ground)) >= 3
        assert contrast(theme.accent, getattr(theme, ground)) >= 3


def test_contrast_knows_the_ends_of_its_scale() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_style_sheet_is_complete_and_its_pictures_exist(theme: Theme) -> None:
    sheet = style_sheet(theme)
    assert "$" not in re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    pictures = re.findall(r'url\("([^"]+)"\)', sheet)
    assert pictures
    for picture in pictures:
        assert asset("theme").joinpath(picture).is_file(), picture


def test_manager_follows_the_choice_and_tells_it(qapp: QApplication) -> None:
    manager = ThemeManager(qapp, "light")
    seen: list[Theme] = []
    manager.changed.connect(seen.append)
    manager.set_choice("dark")
    assert manager.theme is DARK and seen == [DARK]
    assert qapp.palette().window().color().name() == DARK.window
    manager.set_choice("dark")
    assert seen == [DARK]
    manager.set_choice("system")
    assert manager.theme in THEMES.values()
    manager.deleteLater()
    qapp.setStyleSheet("")


def test_shipped_font_loads(qapp: QApplication) -> None:
    before = qapp.font()
    assert install_fonts(qapp)
    assert qapp.font().family() == "Inter"
    qapp.setFont(before)
    assert "SIL OPEN FONT LICENSE" in asset("fonts/OFL.txt").read_text()


def test_every_icon_draws_in_the_asked_colour(qapp: QApplication) -> None:
    names = [path.stem for path in asset("icons").glob("*.svg") if path.stem != "app"]
    assert len(names) > 40
    for name in names:
        image = icons.pixmap(name, "#ff0000", 24).toImage()
        pixels = {image.pixelColor(x, y).getRgb() for x in range(24) for y in range(24)}
        drawn = {p for p in pixels if p[3] > 200}
        assert drawn, name
        assert all(p[0] > 200 and p[1] < 30 and p[2] < 30 for p in drawn), name


def test_icons_are_crisp_at_double_density(qapp: QApplication) -> None:
    made = icons.icon("open", "#123456", "#999999")
    assert made.actualSize(QSize(20, 20)) == QSize(20, 20)
    doubled = made.pixmap(QSize(20, 20), 2.0)
    assert doubled.size() == QSize(40, 40)
    grey = made.pixmap(QSize(20, 20), 1.0, QIcon.Mode.Disabled).toImage()
    assert grey != made.pixmap(QSize(20, 20), 1.0).toImage()
