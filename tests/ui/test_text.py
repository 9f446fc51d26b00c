from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.ui.widgets.text import (
    ElidedLabel,
    breakable,
    menu_text,
    number_text,
    single_line,
    tooltip,
    value_text,
    visible_text,
)

NUL = chr(0)


def test_hidden_characters_are_spelled_out() -> None:
    assert visible_text("exe.\u202egnp") == "exe.\\u{202E}gnp"
    assert visible_text(f"a{NUL}b") == "a\\u{0000}b"
    assert visible_text("a\x1b[31m") == "a\\u{001B}[31m"
    assert visible_text("\ufeffid") == "\\u{FEFF}id"


def test_real_words_stay() -> None:
    for word in ("家屋-2", "Straße", "می‌خواهم", "naïve", "🏠", "a\tb\nc"):
        assert visible_text(word) == word


@given(st.text())
def test_nothing_hidden_gets_through(text: str) -> None:
    shown = visible_text(text)
    assert not any(c in shown for c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x7f" + NUL)
    assert "\n" not in single_line(text)


def test_tooltip_is_never_markup() -> None:
    assert "<b>" not in tooltip("<b>bold</b>")
    assert "&lt;b&gt;" in tooltip("<b>bold</b>")
    assert len(tooltip("x" * 100_000)) < 5_000


def test_menu_text_has_no_mnemonic() -> None:
    assert menu_text("Smith & Sons") == "Smith && Sons"
    assert len(menu_text("x" * 500)) == 60


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (False, "no"),
        (12, "12"),
        (12.0, "12"),
        (0.1 + 0.2, "0.3"),
        (1234567.891, "1.23457e+06"),
        ([1, "é"], '[1, "é"]'),
        ({"a": None}, '{"a": null}'),
        ("<i>", "<i>"),
    ],
)
def test_values_read_as_people_read_them(value: object, text: str) -> None:
    assert value_text(value) == text


def test_numbers_that_are_none() -> None:
    assert number_text(float("nan")) == "–"
    assert number_text(float("inf")) == "inf"


def test_elided_label_keeps_the_whole_text(qtbot: object) -> None:
    label = ElidedLabel("a very long name " * 10)
    qtbot.addWidget(label)  # type: ignore[attr-defined]
    label.resize(60, 20)
    label.show()
    assert label.full_text() == ("a very long name " * 10).strip()
    assert "a very long name" in label.toolTip()
    label.resize(4000, 20)
    assert label.toolTip() == ""
    assert label.minimumSizeHint().width() < 40


def test_long_words_get_places_to_break() -> None:
    assert breakable("a short line") == "a short line"
    name = "Fürstenfeldbrück_LoD2_Gebäude_2024.city.json"
    parts = breakable(f"open {name} now").split("\u200b")
    assert len(parts) > 4 and "".join(parts) == f"open {name} now"
    assert max(len(part) for part in breakable("x" * 200).split("\u200b")) <= 25
