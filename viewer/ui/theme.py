"""Light and dark look: a few named colours, a Qt palette and one style sheet made from them.

Every pair of text and ground used in the window keeps the contrast of WCAG 2.2 level AA (4.5 : 1 for text,
3 : 1 for controls and focus rings); `contrast` is what the tests measure it with.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from viewer.resources import asset

ThemeChoice = Literal["system", "light", "dark"]
GRID = 8
"""Spacing unit of the window, in logical pixels."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of one look, as ``#rrggbb``."""

    name: str
    window: str
    surface: str
    raised: str
    hover: str
    pressed: str
    border: str
    control: str
    """Outline of a control; 3 : 1 against the surface."""
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    accent_soft: str
    """Ground of a selected row."""
    accent_text: str
    """Links and selected words on a surface."""
    info: str
    warning: str
    error: str
    overlay: str
    """Ground of what floats over the picture (with alpha)."""
    veil: str
    """What lies between the picture and a question about it (with alpha)."""
    sky_top: str
    sky_bottom: str


LIGHT = Theme(
    name="light",
    window="#f3f5f8",
    surface="#ffffff",
    raised="#f8f9fb",
    hover="#e9eef5",
    pressed="#dbe4ef",
    border="#dfe4ea",
    control="#858f9c",
    text="#18212d",
    muted="#546171",
    disabled="#9aa4b0",
    accent="#1459b8",
    on_accent="#ffffff",
    accent_soft="#dfeafa",
    accent_text="#1459b8",
    info="#1459b8",
    warning="#8a5300",
    error="#b3261e",
    overlay="rgba(255, 255, 255, 238)",
    veil="rgba(223, 234, 250, 150)",
    sky_top="#9ebde0",
    sky_bottom="#edf2f7",
)

DARK = Theme(
    name="dark",
    window="#12161c",
    surface="#1a2028",
    raised="#212833",
    hover="#2a3340",
    pressed="#34404f",
    border="#2d3644",
    control="#77849a",
    text="#e7ecf2",
    muted="#a5b1bf",
    disabled="#667282",
    accent="#74b3ff",
    on_accent="#0a1626",
    accent_soft="#22385a",
    accent_text="#8cc1ff",
    info="#8cc1ff",
    warning="#f0b95c",
    error="#ff9a92",
    overlay="rgba(26, 32, 40, 236)",
    veil="rgba(18, 28, 46, 150)",
    sky_top="#28394f",
    sky_bottom="#55677c",
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}
_FONT_FILES = ("Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf")


def luminance(color: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2, "relative luminance"), 0 black to 1 white."""
    c = QColor(color)
    channels = (c.redF(), c.greenF(), c.blueF())
    r, g, b = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a: str, b: str) -> float:
    """Contrast ratio of two sRGB colours (WCAG 2.2, "contrast ratio"), 1 to 21."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def make_palette(theme: Theme) -> QPalette:
    """The Qt palette of a theme, for what the style sheet does not reach."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.Base: theme.surface,
        QPalette.ColorRole.AlternateBase: theme.raised,
        QPalette.ColorRole.Button: theme.surface,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Link: theme.accent_text,
        QPalette.ColorRole.Accent: theme.accent,
    }
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.disabled))
    return palette


def style_sheet(theme: Theme) -> str:
    """The style sheet of a theme: ``assets/theme/window.qss`` with its ``$names`` filled in."""
    names = {key: str(value) for key, value in asdict(theme).items()}
    names["icons"] = asset("icons").as_posix()
    names["glyphs"] = asset("theme").as_posix() + f"/{theme.name}"
    return Template(asset("theme/window.qss").read_text(encoding="utf-8")).substitute(names)


def install_fonts(app: QApplication) -> bool:
    """Use the shipped Inter; returns False (and keeps the system's font) where it cannot be loaded."""
    loaded = [QFontDatabase.addApplicationFont(str(asset(f"fonts/{name}"))) for name in _FONT_FILES]
    if -1 in loaded:
        return False
    font = QFont("Inter")
    font.setPointSizeF(max(10.0, app.font().pointSizeF()))
    font.setHintingPreference(QFont.HintingPreference.PreferVerticalHinting)
    app.setFont(font)
    return True


class ThemeManager(QObject):
    """Applies the chosen theme to the application and says when it changed.

    Signals: changed(Theme).
    """

    changed = Signal(object)

    def __init__(self, app: QApplication, choice: ThemeChoice = "system") -> None:
        super().__init__(app)
        self._app = app
        self._choice: ThemeChoice = choice
        self._theme: Theme | None = None
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._refresh)
        self._refresh()

    @property
    def theme(self) -> Theme:
        """The theme in use."""
        assert self._theme is not None
        return self._theme

    @property
    def choice(self) -> ThemeChoice:
        """What the user asked for: "system", "light" or "dark"."""
        return self._choice

    def set_choice(self, choice: ThemeChoice) -> None:
        """Follow the system, or stay light or dark."""
        self._choice = choice
        self._refresh()

    def _refresh(self) -> None:
        name = self._choice
        if name == "system":
            scheme = QGuiApplication.styleHints().colorScheme()
            name = "dark" if scheme == Qt.ColorScheme.Dark else "light"
        theme = THEMES[name]
        if theme is self._theme:
            return
        self._theme = theme
        self._app.setPalette(make_palette(theme))
        self._app.setStyleSheet(style_sheet(theme))
        self.changed.emit(theme)
