"""Legends drawn onto pictures."""

from __future__ import annotations

import numpy as np
import pytest

from viewer.analysis.legend import Legend, LegendEntry
from viewer.render.overlay import _places, _Strip, draw_legend, draw_title, legend_box, strip_box, taken_boxes
from viewer.render.pane_places import pane_rects

CLASSES = Legend(
    "Function",
    "",
    "classes",
    (LegendEntry("office", (200, 10, 20), 12), LegendEntry("school", (10, 20, 200), 3)),
    LegendEntry("no data", (190, 190, 190), 5),
)
RAMP = Legend(
    "Height",
    "m",
    "ramp",
    tuple(LegendEntry(f"{v:g}", (0, 0, 0), None, float(v)) for v in (0, 25, 50)),
    colors=((0, 0, 255), (255, 0, 0)),
    range=(0.0, 50.0),
)


def blank(height: int = 720, width: int = 1280) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def has_color(image: np.ndarray, rgb: tuple[int, int, int]) -> bool:
    return bool((image == np.array(rgb, np.uint8)).all(axis=2).any())


def test_every_class_colour_is_on_the_picture() -> None:
    image = draw_legend(blank(), CLASSES)
    for entry in (*CLASSES.entries, CLASSES.no_data):
        assert entry is not None and has_color(image, entry.rgb)


def test_only_the_lower_left_corner_changes() -> None:
    before = blank()
    changed = (draw_legend(before, CLASSES) != before).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert 0 < columns.min() < 40 and columns.max() < 400
    assert rows.min() > 360 and 680 < rows.max() < 720
    assert (before == 128).all()


def test_ramp_runs_from_low_to_high() -> None:
    image = draw_legend(blank(), RAMP).astype(int)
    blue = np.nonzero((image[:, :, 2] > 220) & (image[:, :, 0] < 40))[1]
    red = np.nonzero((image[:, :, 0] > 220) & (image[:, :, 2] < 40))[1]
    assert len(blue) and len(red) and blue.max() < red.min()


def test_grows_with_the_picture() -> None:
    small = (draw_legend(blank(), CLASSES) != 128).any(axis=2).sum()
    large = (draw_legend(blank(1440, 2560), CLASSES) != 128).any(axis=2).sum()
    assert 3.5 < large / small < 4.5


@pytest.mark.parametrize("size", [(1, 1), (20, 20), (60, 3000)])
def test_tiny_pictures_stay_as_they_are(size: tuple[int, int]) -> None:
    before = blank(*size)
    assert (draw_legend(before, CLASSES) == before).all()


def test_hostile_labels_are_harmless() -> None:
    entry = LegendEntry("\x1b[31m\u202e" + "x" * 10_000, (1, 2, 3), 10**12)
    image = draw_legend(blank(), Legend("\n\0", "", "classes", (entry,)))
    assert has_color(image, (1, 2, 3))


def test_nothing_to_explain_draws_nothing() -> None:
    assert (draw_legend(blank(), Legend("Empty", "", "classes")) == 128).all()


def test_the_box_is_where_the_legend_is() -> None:
    box = legend_box(CLASSES, 1280, 720)
    rows, columns = np.nonzero((draw_legend(blank(), CLASSES) != 128).any(axis=2))
    assert box is not None
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == pytest.approx(box, abs=2)
    assert legend_box(CLASSES, 20, 20) is None and legend_box(Legend("Empty", "", "classes"), 1280, 720) is None


def test_names_stand_beside_the_line_and_in_every_pane():
    from viewer.render.overlay import draw_names

    image = np.full((720, 1280, 3), 40, np.uint8)
    drawn = np.abs(draw_names(image, ("A", "B"), "swipe", 0.25).astype(int) - image).max(axis=2) > 20
    columns = np.flatnonzero(drawn.any(axis=0))
    assert columns.min() > 200
    assert columns.max() < 420
    assert (columns < 320).any()
    assert (columns > 320).any()
    panes = np.abs(draw_names(image, ("A", "B", "C", "D"), "split").astype(int) - image).max(axis=2) > 20
    assert all(part.any() for half in np.split(panes, 2) for part in np.split(half, 2, axis=1))
    assert np.array_equal(draw_names(image, ("A", "B"), "blend"), image)


def test_what_a_picture_has_to_say_is_written_even_if_there_are_no_colours():
    image = np.full((720, 1280, 3), 40, np.uint8)
    legend = Legend("Harbour plan", "", "classes", lines=("2030", "Town · version abcd"))
    assert legend_box(legend, 1280, 720) is None
    box = strip_box(legend, 1280, 720)
    assert box is not None
    changed = np.flatnonzero((draw_legend(image, legend) != image).any(axis=(1, 2)))
    assert (changed.min(), changed.max()) == (box[1], 719)


ENTRIES = tuple(LegendEntry(f"class {n}: what it means for people", (n, 2 * n, 3 * n), 10 * n) for n in range(8))
PARTS = (
    "A Storm tide | B Storm tide, quays raised",
    "2026-01-05 12:00 (Europe/Amsterdam)",
    "same camera, clock, colours, breaks, sun",
    "range of 5 runs",
    "A tool with a long name 4.2, Town of Aldhaven, 2026-01-01",
    "versions 6e981642, 51301711",
    "fictional",
)
LONG = Legend(
    "Water depth", "m", "classes", ENTRIES, LegendEntry("no data", (190, 190, 190), 1), note="Hatched: uncertain",
    source="Example classes, after what people and cars can stand", lines=("A Storm tide | B Walls",), strip=PARTS,
)  # fmt: skip


def strip_lines(legend: Legend, width: int, height: int) -> list[str]:
    return next(part.lines for part, _ in _places(legend, width, height) if isinstance(part, _Strip))


@pytest.mark.parametrize(("size", "share"), [((1280, 720), 0.12), ((640, 360), 0.22), ((1920, 1080), 0.12)])
def test_the_box_is_small_and_stands_over_the_strip(size: tuple[int, int], share: float) -> None:
    box, strip = legend_box(LONG, *size), strip_box(LONG, *size)
    assert box is not None
    assert strip is not None
    assert (box[2] - box[0]) * (box[3] - box[1]) < share * size[0] * size[1]
    assert box[3] < strip[1]
    assert (strip[0], strip[2], strip[3]) == (0, *size)
    assert strip[3] - strip[1] < (0.07 if size[0] > 640 else 0.2) * size[1]
    assert set(taken_boxes(LONG, *size)) == {box, strip}


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (7680, 4320), (720, 1280), (200, 90)])
def test_the_strip_ends_with_version_and_fiction_at_every_size(size: tuple[int, int]) -> None:
    lines = strip_lines(LONG, *size)
    assert lines[-1].endswith("fictional")
    if size[0] > 200:
        text = " ".join(lines).replace("  \u00b7  ", " ")
        assert all(word in text for part in PARTS for word in part.split())


def test_long_parts_of_the_strip_are_shortened_before_any_is_lost() -> None:
    from dataclasses import replace

    lines = strip_lines(
        replace(LONG, strip=("no difference: " + "word " * 300, "version abcd1234", "fictional")), 640, 360
    )
    assert len(lines) < 12
    assert "version abcd1234" in lines[-1]


def test_in_a_low_picture_the_source_goes_before_classes() -> None:
    assert legend_box(LONG, 640, 260) is not None
    assert has_color(draw_legend(blank(260, 640), LONG), ENTRIES[7].rgb)
    assert legend_box(LONG, 640, 150) is None
    assert strip_box(LONG, 640, 150) is not None


def test_hatching_is_shown_as_hatching() -> None:
    image = draw_legend(blank(), LONG)
    assert has_color(image, (122, 134, 148))
    assert has_color(image, (246, 247, 248))


@pytest.mark.parametrize("size", [(320, 240), (1280, 800), (3840, 2160)])
def test_a_title_stands_at_the_upper_middle_of_a_picture_of_any_size(size: tuple[int, int]) -> None:
    ground = np.full((size[1], size[0], 3), 60, np.uint8)
    image = draw_title(
        ground, "Walls minus Storm tide", "lower at 1 204 objects (better) \u00b7 higher at 3 (worse) " * 2
    )
    rows, columns = np.nonzero((image != ground).any(axis=2))
    assert rows.min() >= 1 and rows.max() < 0.35 * size[1]
    assert abs((columns.min() + columns.max()) / 2 - size[0] / 2) <= 2
    assert columns.min() > 0 and columns.max() < size[0] - 1
    assert (ground == 60).all()
    lower = draw_title(ground, "Walls minus Storm tide", "lower at 1 204 objects", stamped=True)
    assert np.nonzero((lower != ground).any(axis=(1, 2)))[0].min() > rows.min() + 0.05 * min(size[1], size[0])


@pytest.mark.parametrize("size", [(1280, 800), (1366, 768), (1920, 1080), (640, 480)])
@pytest.mark.parametrize("panes", [2, 3, 4])
def test_the_legend_of_panes_is_small_and_stands_in_the_first(size: tuple[int, int], panes: int) -> None:
    from dataclasses import replace

    box, strip = legend_box(replace(LONG, panes=panes), *size), strip_box(LONG, *size)
    first = pane_rects(panes, *size)[0]
    assert box is not None and strip is not None
    assert box[2] < first.left + first.width and box[3] < first.top + first.height < size[1] + 1
    assert (box[2] - box[0]) * (box[3] - box[1]) < (0.3 if size[0] > 640 else 0.45) * first.width * first.height
    ground = np.full((size[1], size[0], 3), 90, np.uint8)
    image = draw_legend(ground, replace(LONG, panes=panes))
    seen = image[int(box[1]) : int(box[3]), int(box[0]) : int(box[2])].reshape(-1, 3)
    for entry in LONG.entries:
        assert (np.abs(seen.astype(int) - entry.rgb).max(axis=1) < 6).sum() > 20, entry.label
    ramp = Legend("Height", "m", "ramp", ENTRIES[:2], colors=((0, 0, 0), (255, 0, 0)), range=(0.0, 9.0), panes=panes)
    assert (draw_legend(ground, ramp) != ground).any()
