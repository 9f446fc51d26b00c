"""Text as pixels: shaping, direction, halo, bounds."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.render import text
from viewer.render.text import TextStyle, advance, clean, lacking, shapes, text_sprite

PLAIN = TextStyle(halo_opacity=0.0)


def columns(sprite: np.ndarray) -> np.ndarray:
    """Ink of each column, 0..1, of a sprite without a halo."""
    return sprite[:, :, 3].sum(axis=0) / 255.0


def inked(sprite: np.ndarray) -> np.ndarray:
    """The sprite cut to its ink."""
    rows, cols = np.nonzero(sprite[:, :, 3] > 24)
    return sprite[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]


@pytest.fixture(autouse=True)
def shaping() -> None:
    if not shapes():
        pytest.skip("this Pillow has no Raqm")


def test_arabic_letters_join() -> None:
    word = "سلام"
    assert advance(word, 32, PLAIN) < 0.85 * sum(advance(c, 32, PLAIN) for c in word)
    joined = inked(text_sprite("ببب", 48, PLAIN))
    # one stroke runs through all three letters: no column between them is empty; apart they stand with gaps
    assert columns(joined).min() > 0
    assert columns(inked(text_sprite("ب\u200cب\u200cب", 48, PLAIN))).min() < columns(joined).min()


@pytest.mark.parametrize("word", ["אל", "را"])
def test_right_to_left_scripts_begin_at_the_right(word: str) -> None:
    whole = inked(text_sprite(word, 64, PLAIN)).astype(int)
    first = inked(text_sprite(word[0], 64, PLAIN)).astype(int)
    height, width = min(len(whole), len(first)), min(first.shape[1], whole.shape[1])
    right = np.abs(whole[-height:, -width:, 3] - first[-height:, -width:, 3]).mean()
    left = np.abs(whole[-height:, :width, 3] - first[-height:, :width, 3]).mean()
    assert right < left


def test_a_number_in_arabic_reads_from_left_to_right() -> None:
    """In a right-to-left line the digits of a number keep their order, and stand left of what comes before them."""
    pixels = inked(text_sprite("ا 17", 64, PLAIN))
    number = inked(text_sprite("17", 64, PLAIN))
    width = number.shape[1]
    assert abs(columns(pixels[:, :width]) - columns(number)).mean() < 0.12 * columns(number).max()


def test_every_shipped_script_has_glyphs() -> None:
    for words in ("Königsstraße", "Οδός Ἑρμοῦ", "Улица", "شارع", "רחוב", "मार्ग", "İstiklâl Việt Łódź"):
        assert not lacking(words)
    assert lacking("\U00010300\ua9c1")
    assert text_sprite("\U00010300", 14, PLAIN).any()


def test_the_halo_keeps_text_legible_on_its_own_colour() -> None:
    style = TextStyle(ink=(28, 34, 42), halo=(255, 255, 255))
    sprite = text_sprite("Harbour", 14, style).astype(float)
    ground = np.full((*sprite.shape[:2], 3), style.ink, float)
    seen = sprite[:, :, :3] + ground * (1.0 - sprite[:, :, 3:] / 255.0)
    around = seen[(sprite[:, :, 3] > 200) & (sprite[:, :, 0] > 180)]
    ink = seen[sprite[:, :, 0] + 4 < 0.25 * sprite[:, :, 3]]
    assert len(around) > 100 and around.mean() > 4 * ink.mean()
    assert sprite[[0, -1], :, 3].max() < 40 and sprite[:, [0, -1], 3].max() < 40  # it fades out inside the sprite


def test_sprites_are_premultiplied_and_read_only() -> None:
    for angle in (0.0, 31.0):
        sprite = text_sprite("Quay", 13, TextStyle(), angle=angle)
        assert sprite.dtype == np.uint8 and sprite.shape[2] == 4 and not sprite.flags.writeable
        assert (sprite[:, :, :3] <= sprite[:, :, 3:]).all()


def test_turned_text_keeps_its_middle_and_its_ink() -> None:
    flat, turned = text_sprite("Long Street", 13, PLAIN), text_sprite("Long Street", 13, PLAIN, angle=90.0)
    assert turned.shape[0] > 2 * turned.shape[1] and flat.shape[1] > 2 * flat.shape[0]
    assert turned[:, :, 3].sum() == pytest.approx(flat[:, :, 3].sum(), rel=0.02)
    upright = np.rot90(turned, -1)
    down, right = (np.array(upright.shape[:2]) - flat.shape[:2]) // 2
    middle = upright[down : down + flat.shape[0], right : right + flat.shape[1]]
    assert np.abs(middle.astype(int) - flat).mean() < 6


def test_spaced_capitals_are_wider_and_never_pull_joined_letters_apart() -> None:
    spaced = TextStyle(spacing_em=0.2, caps=True)
    assert advance("Altstadt", 12, spaced) > advance("ALTSTADT", 12, PLAIN) + 15
    assert advance("حي الميناء", 12, spaced) == advance("حي الميناء", 12, PLAIN)


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = text._Sprites(60_000)
    monkeypatch.setattr(text, "SPRITES", cache)
    for number in range(60):
        text_sprite(f"Street {number}", 13, TextStyle())
    assert cache.size <= 60_000
    assert cache.size == sum(sprite.nbytes for sprite in cache._kept.values())
    kept = text_sprite("Street 59", 13, TextStyle())
    assert text_sprite("Street 59", 13, TextStyle()) is kept


def test_hostile_texts_become_one_short_line() -> None:
    assert clean("\x1b[31m\u202ea\nb\0\ud800") == "[31m a b"
    long = text_sprite("x" * 10_000, 13, TextStyle())
    assert long.shape[1] < text.MAX_CHARS * 13
    assert clean("x" * 10_000).endswith("\u2026") and len(clean("x" * 10_000)) == text.MAX_CHARS
    assert text_sprite("\x00\u202e\n", 13, TextStyle()).shape == (1, 1, 4)
    assert text_sprite("a" + "\u0301" * 500, 13, TextStyle()).shape[0] < 2000
    assert text_sprite("big", 1e9, TextStyle()).shape[0] < 400
