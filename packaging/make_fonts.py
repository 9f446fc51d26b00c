"""Merge the fonts of the labels: ``.venv/bin/python packaging/make_fonts.py FOLDER``.

FOLDER holds the Noto Sans fonts of the Debian package fonts-noto-core (``NotoSansArabic-Regular.ttf`` and so on). They
are merged with the shipped Inter into ``assets/fonts/Labels-Medium.ttf`` and ``Labels-SemiBold.ttf``: one font for all
scripts, so that one call to HarfBuzz and FriBidi shapes any mixture of them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from fontTools import merge, subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.scaleUpem import scale_upem

FONTS = Path(__file__).resolve().parents[1] / "assets" / "fonts"
EM = 1000
MAX_ERROR = 0.6
"""Units by which a quadratic outline may lie beside the cubic one."""
WEIGHTS = {"Medium": "Regular", "SemiBold": "Bold"}
"""Inter's weight -> Noto's."""
LATIN = (
    *((0x20, 0x7E), (0xA0, 0x17F), (0x18F, 0x18F), (0x192, 0x192), (0x1C4, 0x233), (0x259, 0x259), (0x2B0, 0x2FF)),
    *((0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2070, 0x209F)),
    *((0x20A0, 0x20BF), (0x2100, 0x214F), (0x2190, 0x2199), (0x2200, 0x22FF), (0x2460, 0x2473), (0x25A0, 0x25FF)),
)
SCRIPTS = {
    "Arabic": ((0x600, 0x6FF), (0x750, 0x77F), (0x8A0, 0x8FF)),
    "Hebrew": ((0x590, 0x5FF),),
    "Devanagari": ((0x900, 0x97F), (0x25CC, 0x25CC)),
}
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "rlig", "init", "medi", "fina", "isol", "curs", "liga", "calt"]
FEATURES += ["nukt", "akhn", "rphf", "rkrf", "blwf", "half", "pstf", "vatu", "cjct", "pres", "abvs", "blws", "psts"]
FEATURES += ["haln", "dist", "abvm", "blwm"]


def main() -> None:
    """Write both fonts and say how large they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for inter, noto in WEIGHTS.items():
        with tempfile.TemporaryDirectory() as work:
            parts = [part(FONTS / f"Inter-{inter}.otf", LATIN, Path(work))]
            for script, ranges in SCRIPTS.items():
                parts.append(part(folder / f"NotoSans{script}-{noto}.ttf", ranges, Path(work)))
            font = merge.Merger().merge([str(path) for path in parts])
        rename(font, inter)
        path = FONTS / f"Labels-{inter}.ttf"
        font.save(path)
        print(f"{path.name}: {path.stat().st_size // 1000} kB, {font['maxp'].numGlyphs} glyphs")


def part(path: Path, ranges: tuple[tuple[int, int], ...], work: Path) -> Path:
    """One font with only these characters, TrueType outlines and the common em; where it was put."""
    font = TTFont(path)
    options = subset.Options(hinting=False, layout_features=FEATURES, notdef_outline=True, glyph_names=False)
    # Inter's contextual alternates reach for symbols and case forms that labels do not have
    if "CFF " in font:
        options.layout_features = ["kern", "mark", "mkmk", "ccmp", "locl"]
        options.desubroutinize = True
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[code for low, high in ranges for code in range(low, high + 1)])
    cutter.subset(font)
    if "CFF " in font:
        to_truetype(font)
    if font["head"].unitsPerEm != EM:
        scale_upem(font, EM)
    for tag in ("DSIG", "gasp", "fpgm", "prep", "cvt ", "STAT", "MATH", "meta"):
        if tag in font:
            del font[tag]
    out = work / f"{path.stem}.ttf"
    font.save(out)
    return out


def to_truetype(font: TTFont) -> None:
    """Turn CFF outlines into TrueType's."""
    order, glyphs = font.getGlyphOrder(), font.getGlyphSet()
    made = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, MAX_ERROR * font["head"].unitsPerEm / EM, reverse_direction=True))
        made[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = table = newTable("glyf")
    table.glyphOrder, table.glyphs = order, made
    top = font["maxp"]
    top.tableVersion = 0x00010000
    for field in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs"):
        setattr(top, field, 0)
    for field in ("maxStackElements", "maxSizeOfInstructions", "maxComponentElements", "maxComponentDepth"):
        setattr(top, field, 0)
    for field in ("maxPoints", "maxContours", "maxCompositePoints", "maxCompositeContours"):
        setattr(top, field, 0)
    top.maxZones = 1
    font["post"].formatType = 3.0
    del font["CFF "]
    font.sfntVersion = "\000\001\000\000"


def rename(font: TTFont, weight: str) -> None:
    """The merged font has a name of its own, and the notices of all that it is made of."""
    family = "Citiverse Labels"
    names = {
        0: "Inter: Copyright 2016-2022 The Inter Project Authors. Noto Sans: Copyright 2012-2020 Google LLC.",
        1: f"{family} {weight}",
        2: "Regular",
        3: f"{family} {weight} 1.0",
        4: f"{family} {weight}",
        5: "Version 1.0",
        6: f"CitiverseLabels-{weight}",
        13: "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
        14: "https://openfontlicense.org",
    }
    table = font["name"] = newTable("name")
    table.names = []
    for number, text in names.items():
        table.setName(text, number, 3, 1, 0x409)


if __name__ == "__main__":
    main()
