"""Where numbers come from: complete, escaped, copied with full hashes, printed, and two actions away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from loaders.scenario.model import Provenance
from viewer.analysis.provenance_card import UNKNOWN, card_of
from viewer.ui.desktop.provenance import ProvenanceCard

AddLayer = Callable[..., str]
kit = SimpleNamespace(**run_path(str(Path(__file__).with_name("scenario_kit.py"))))


@pytest.fixture
def card(qtbot: Any, shell: Any, add_layer: AddLayer) -> ProvenanceCard:
    add_layer()
    kit.put(shell.session, kit.flood(), kit.flood("dike"))
    parent = QWidget()
    qtbot.addWidget(parent)
    made = ProvenanceCard(shell, parent, lambda _start: "")
    made.owner = parent  # type: ignore[attr-defined]
    return made


def test_it_says_everything_that_the_package_says(card: ProvenanceCard) -> None:
    card.show_scenario("flood")
    shown = card.text.toPlainText()
    for text in (
        "Fictional", "Water board", "flood@example.org", "FloodTool 2.1", "2026-03-04", "Terrain", "CC-BY-4.0",
        "abababababababab…", "surge, m", "3.5", "Checked by two people", "No AI took part", "No sewers.", "CC0-1.0",
        "± 0.15 m (RMSE)", "one run only", "1 of 2 buildings and objects matched", "f0f0f0f0f0f0f0f0…",
    ):  # fmt: skip
        assert text in shown, text
    assert card.choice.count() == 2 and card.choice.isVisible()
    card.choice.activated.emit(card.choice.findData("dike"))
    assert card.card is not None and card.card.title == "Dike"


def test_the_copy_has_full_hashes(card: ProvenanceCard) -> None:
    card.show_scenario("flood")
    card.copy.click()
    text = QApplication.clipboard().text()
    assert "ab" * 32 in text and "cd" * 32 in text and "f0" * 32 in text and "FICTIONAL" in text


def test_it_is_saved_as_pdf(card: ProvenanceCard, tmp_path: Path, shell: Any) -> None:
    card.show_scenario("flood")
    card.save_pdf(tmp_path / "card.pdf")
    assert (tmp_path / "card.pdf").read_bytes()[:5] == b"%PDF-"
    told: list[str] = []
    shell.message.connect(lambda severity, text, *_: told.append(f"{severity}: {text}"))
    card.save_pdf(tmp_path / "gone" / "card.pdf")
    assert told and told[0].startswith("error: card.pdf cannot be written")


def test_what_is_not_said_is_told_and_hostile_text_stays_text() -> None:
    made = kit.flood()
    bare = card_of(replace(made.manifest, provenance=Provenance(), base=(), digest=""), made.results)
    lines = {line.name: line for section in bare.sections for line in section.lines}
    assert lines["Made by"].text == UNKNOWN and lines["Made by"].missing and lines["Use of AI"].missing
    nasty = replace(made.manifest, provenance=replace(kit.MADE, publisher="<img src=x>\u202egnp"))
    markup = card_of(nasty, made.results).as_html("#000000", "#000000", "#000000", "#000000")
    assert "<img" not in markup and "&lt;img src=x&gt;gnp" in markup


def test_the_variable_shown_comes_first() -> None:
    made = kit.flood()
    section = card_of(made.manifest, made.results, variable="noise").sections[3]
    assert [line.name for line in section.lines] == ["Noise", "Depth"]
