"""Labels: where they can stand, which are shown, and that they stay calm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from runpy import run_path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from viewer.document.state import Camera, DocumentState, LayerState
from viewer.render import labels as module
from viewer.render.culling import make_view
from viewer.render.label_places import Kind, Places, label_attribute, places_of
from viewer.render.label_set import LabelSet, blend, draw_labels
from viewer.render.labels import Labels, upright_angle
from viewer.render.layer import full_look
from viewer.render.pane_places import pane_rects
from viewer.render.state import LightState, RenderState

town = SimpleNamespace(**run_path(str(Path(__file__).with_name("label_town.py"))))
BLOCKS, STEP, SIZE, ORIGIN = town.BLOCKS, town.STEP, town.SIZE, town.ORIGIN
EASTWARD, PLACES, QUARTERS = town.EASTWARD, town.PLACES, town.QUARTERS
MIDDLE = ORIGIN + np.array([SIZE / 2, SIZE / 2, 0.0])
PICTURE = (1200, 800)
HOUSES, FEATURES = town.houses(), town.features()
STATE = DocumentState(layers=(LayerState("houses", "Houses", "/a"), LayerState("features", "Features", "/b")))
CITIES = {"houses": HOUSES, "features": FEATURES}
LOOKS = tuple(full_look(key, city) for key, city in CITIES.items())


def camera(turn: float = 20.0, pitch: float = 35.0, distance: float = 900.0, at: np.ndarray = MIDDLE) -> Camera:
    p, a = np.radians(pitch), np.radians(turn)
    back = np.array([-np.sin(a) * np.cos(p), -np.cos(a) * np.cos(p), np.sin(p)]) * distance
    return Camera(tuple((at + back).tolist()), tuple(at.tolist()))


def picture(light: LightState | None = None) -> RenderState:
    state = RenderState(camera(), LOOKS)
    return state if light is None else replace(state, light=light)


def placed(of: Camera, known: Labels | None = None, state: DocumentState = STATE, **more: Any) -> LabelSet:
    """The labels of a view in which nothing hides anything, unless ``sees`` says so."""
    made = Labels() if known is None else known
    made.update(state, CITIES, picture())
    view = make_view(of, ORIGIN, *PICTURE)
    made.place(view, ORIGIN, more.pop("sees", lambda _: True), **more)
    return made.shown(view, ORIGIN, ratio=more.get("ratio", 1.0))


def rectangles(found: LabelSet) -> list[np.ndarray]:
    """Corners (4, 2) of each text without its halo."""
    out = []
    for label in found.labels:
        width, height = module._width(label.text, label.size, label.style), 0.9 * label.size
        turn = np.radians(label.angle)
        across, down = np.array([np.cos(turn), -np.sin(turn)]), np.array([np.sin(turn), np.cos(turn)])
        signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2.0
        out.append(np.array(label.centre) + signs[:, :1] * width * across + signs[:, 1:] * height * down)
    return out


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Two convex polygons share a point (separating axis theorem)."""
    for polygon in (a, b):
        edges = np.roll(polygon, -1, axis=0) - polygon
        for x, y in edges:
            axis = np.array([-y, x])
            one, two = a @ axis, b @ axis
            if one.max() <= two.min() or two.max() <= one.min():
                return False
    return True


@pytest.fixture(scope="module")
def places() -> Places:
    return places_of(FEATURES, "name")


# --- candidates -----------------------------------------------------------------------------------------------


def test_layers_of_features_are_named_by_default_and_models_are_not() -> None:
    assert label_attribute(FEATURES, None) == "name"
    assert label_attribute(HOUSES, None) is None
    assert label_attribute(HOUSES, "height") == "height"
    assert label_attribute(FEATURES, "") is None
    assert label_attribute(FEATURES, "gone") is None


def test_pieces_of_a_street_are_one_street(places: Places) -> None:
    own = [n for n in range(len(places)) if places.texts[places.codes[n]] == EASTWARD[0]]
    assert 1 < len(own) <= BLOCKS
    assert places.extent[own] == pytest.approx(135.0)  # longer than one piece
    along = places.along[own] / np.linalg.norm(places.along[own], axis=1)[:, None]
    assert np.abs(along[:, 0]) == pytest.approx(1.0, abs=1e-6)
    assert places.anchors[own, 1] == pytest.approx(ORIGIN[1] + STEP)
    gaps = np.diff(np.sort(places.anchors[own, 0]))
    assert gaps == pytest.approx(SIZE / len(own), rel=1e-3)
    assert (places.kind[own] == Kind.STREET).all()


def test_areas_are_named_in_their_middle_and_rivers_along_their_axis(places: Places) -> None:
    texts = [places.texts[code] for code in places.codes]
    for text, (x0, y0, x1, y1) in QUARTERS.items():
        n = texts.index(text)
        assert places.kind[n] == Kind.QUARTER and not places.along[n].any()
        middle = ORIGIN[:2] + np.array([x0 + x1, y0 + y1]) * STEP / 2
        assert places.anchors[n, :2] == pytest.approx(middle, abs=0.01)
    river = texts.index("Sandrivier")
    assert places.kind[river] == Kind.WATER
    assert abs(places.along[river, 0]) == pytest.approx(30.0) and places.along[river, 1] == pytest.approx(0.0, abs=1e-6)


def test_the_anchor_of_a_bent_area_lies_on_it() -> None:
    from loaders.city import LodMesh
    from loaders.layers import VectorData

    corners = np.array([[(0, 0), (90, 0), (90, 10), (0, 10)], [(0, 10), (10, 10), (10, 100), (0, 100)]], float)
    corners = np.concatenate([corners, np.full((2, 4, 1), 5.0)], axis=2)
    mesh = LodMesh("", town.quads(corners, np.zeros(2, int), np.zeros(2)), np.ones(1, np.bool_), 1.0)
    city = town.make_city(
        "l",
        town.table(["+l"], {"name": town.text_column("name", ["L"])}),
        mesh,
        town.whole_box(1.0),
        VectorData(()),
    )
    (anchor,) = places_of(city, "name").anchors - ORIGIN
    on = [((c[:, :2].min(axis=0) <= anchor[:2]) & (anchor[:2] <= c[:, :2].max(axis=0))).all() for c in corners]
    assert any(on) and anchor[2] == pytest.approx(5.0)


def test_objects_are_named_over_their_top_and_parts_with_their_building(small_city: Any) -> None:
    rows = [("a", "Building", [], {"name": "Town hall"}, []), ("b", "BuildingPart", ["a"], {}, ["2"])]
    rows += [("c", "BuildingPart", ["a"], {"name": "Tower"}, ["2"]), ("d", "Building", [], {"name": " "}, ["2"])]
    found = places_of(small_city(rows, origin=(1000, 2000, 3)), "name")
    assert [found.texts[c] for c in found.codes] == ["Town hall", "Tower"]
    assert found.rows.tolist() == [0, 2] and found.probe.tolist() == [1, 2]
    assert found.anchors[0] == pytest.approx([1025, 2005, 8])
    assert (found.kind == Kind.OBJECT).all()


def test_numbers_are_written_plainly() -> None:
    heights = places_of(HOUSES, "height")
    assert {heights.texts[c] for c in heights.codes} == {"9.8", "11.9", "14", "16.1", "18.2"}


def test_fifty_thousand_candidates_are_fine() -> None:
    made = Labels()
    made._layers["x"] = (FEATURES, "name", _many(50_000))
    made._visible["x"] = np.ones(50_000, np.bool_)
    view = make_view(camera(pitch=60), ORIGIN, *PICTURE)
    made.place(view, ORIGIN, lambda _: True)
    room = int(PICTURE[0] * PICTURE[1] / module.PIXELS_PER_LABEL)
    assert len(made.shown(view, ORIGIN).labels) == min(module.MAX_LABELS, room)


def _many(count: int) -> Places:
    dice = np.random.default_rng(1)
    rows = np.arange(count)
    anchors = ORIGIN + dice.uniform(0, 1, (count, 3)) * (SIZE, SIZE, 20.0)
    texts = tuple(f"Place {n}" for n in range(count))
    kind = np.full(count, Kind.PLACE, np.uint8)
    along, extent, letters = np.zeros((count, 3)), np.zeros(count), np.full(count, 10)
    return Places(rows, rows, rows, texts, anchors, along, extent, kind, dice.uniform(0, 1, count), letters)


# --- placing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pitch", [8.0, 35.0, 60.0, 89.0])
@pytest.mark.parametrize("turn", [0.0, 33.0])
def test_labels_never_overlap_nor_leave_the_picture(pitch: float, turn: float) -> None:
    state = replace(STATE, layers=(replace(STATE.layers[0], label_by="label"), STATE.layers[1]))
    found = placed(camera(turn, pitch), state=state)
    boxes = rectangles(found)
    assert len(boxes) > 10
    for n, box in enumerate(boxes):
        assert (box >= 0).all() and (box <= PICTURE).all()
        assert not any(overlap(box, other) for other in boxes[:n])


def test_at_most_so_many() -> None:
    state = replace(STATE, layers=(replace(STATE.layers[0], label_by="label"), STATE.layers[1]))
    assert len(placed(camera(pitch=80, distance=700), state=state).labels) <= module.MAX_LABELS


def test_what_matters_more_comes_first() -> None:
    texts = {label.text for label in placed(camera(distance=1500)).labels}
    assert set(QUARTERS) <= texts and set(PLACES) & texts


def test_streets_are_named_only_where_there_is_room() -> None:
    near = {label.text for label in placed(camera(pitch=89, distance=900)).labels}
    far = {label.text for label in placed(camera(pitch=89, distance=9000)).labels}
    assert len(near & set(EASTWARD)) >= 5 and not far & set(EASTWARD)


def test_names_follow_their_streets_from_above_and_stand_upright_else() -> None:
    above = {label.text: label for label in placed(camera(turn=30.0, pitch=89.5)).labels}
    assert above["Königsallee"].angle == pytest.approx(30.0, abs=2.0)
    assert above["Hafenstraße"].angle == pytest.approx(-60.0, abs=2.0)
    oblique = {label.text: label for label in placed(camera(turn=30.0, pitch=20.0)).labels}
    streets = [label for text, label in oblique.items() if text in EASTWARD]
    assert streets and all(label.angle == 0 and label.leader is not None for label in streets)
    assert all(label.centre[1] < label.leader[1] for label in streets)


def test_no_text_stands_on_its_head() -> None:
    turned = [upright_angle(float(angle)) for angle in range(-360, 361)]
    assert min(turned) >= -80.0 and max(turned) <= 100.0
    assert upright_angle(90.0) == upright_angle(-90.0) == 90.0


def test_what_is_hidden_is_not_named_unless_asked() -> None:
    behind = MIDDLE[1]

    def sees(point: np.ndarray) -> bool:
        return bool(point[1] < behind)

    anchors = places_of(FEATURES, "name").anchors[:, 1]
    seen = placed(camera(0.0), sees=sees)
    assert seen.labels and all(anchors[label.key[1]] < behind for label in seen.labels)
    through = placed(camera(0.0), Labels(through=True), sees=sees)
    assert any(anchors[label.key[1]] > behind for label in through.labels)


def test_nothing_is_looked_at_twice_from_the_same_place() -> None:
    looks: list[object] = []
    made = Labels()
    placed(camera(), made, sees=lambda p: bool(looks.append(p)) or True)
    first = len(looks)
    placed(camera(), made, sees=lambda p: bool(looks.append(p)) or True)
    assert first > 0 and len(looks) == first


def test_labels_do_not_flicker_while_the_view_turns() -> None:
    made, came, shown = Labels(), 0, []
    for step in range(40):
        labels = placed(camera(20.0 + 0.5 * step), made)
        keys = {label.key for label in labels.labels}
        if shown:
            # what was shown goes only if it does not fit any more, and does not come back at once
            came += len([key for key in keys - shown[-1] if len(shown) > 1 and key in shown[-2]])
        shown.append(keys)
    lasting = set.intersection(*shown)
    assert came <= 1
    assert len(lasting) >= 0.6 * len(shown[0])


def test_a_view_that_was_left_gives_the_same_labels_from_scratch() -> None:
    assert placed(camera()) == placed(camera())


def test_labels_move_with_the_camera_between_placements() -> None:
    made = Labels()
    before = placed(camera(), made)
    view = make_view(camera(21.0), ORIGIN, *PICTURE)
    after = made.shown(view, ORIGIN)
    assert {label.key for label in after.labels} <= {label.key for label in before.labels}
    assert after.positions.shape == (len(after.labels), 2) and not np.array_equal(after.positions, before.positions)


def test_what_the_document_hides_has_no_label() -> None:
    made = Labels()
    made.update(STATE, CITIES, picture())
    assert len(made)
    assert made.update(replace(STATE, labels=False), CITIES, picture()) and not len(made)
    state = picture()
    hidden = state.layers[1].texels.copy()
    hidden[:, 3] = 0
    made.update(STATE, CITIES, replace(state, layers=(state.layers[0], replace(state.layers[1], texels=hidden))))
    view = make_view(camera(), ORIGIN, *PICTURE)
    made.place(view, ORIGIN, lambda _: True)
    assert not made.shown(view, ORIGIN).labels
    unseen = replace(state, layers=tuple(replace(look, visible=False) for look in state.layers))
    made.update(STATE, CITIES, unseen)
    assert not len(made)


def test_what_was_hidden_is_looked_at_again_when_the_picture_differs() -> None:
    made = Labels()
    assert not placed(camera(), made, sees=lambda _: False).labels
    state = picture()
    less = replace(state, layers=(replace(state.layers[0], visible=False), state.layers[1]))
    assert made.update(STATE, CITIES, less)
    view = make_view(camera(), ORIGIN, *PICTURE)
    made.place(view, ORIGIN, lambda _: True)
    assert made.shown(view, ORIGIN).labels


def test_an_unchanged_document_costs_nothing() -> None:
    made, state = Labels(), picture()
    assert made.update(STATE, CITIES, state)
    before = made._layers["features"][2]
    assert not made.update(STATE, CITIES, state)
    assert made._layers["features"][2] is before


def test_at_night_labels_are_light_on_dark() -> None:
    made = Labels()
    made.update(STATE, CITIES, picture(LightState((0.0, 0.5, -0.8), dated=True)))
    view = make_view(camera(), ORIGIN, *PICTURE)
    made.place(view, ORIGIN, lambda _: True)
    for label in made.shown(view, ORIGIN).labels:
        assert sum(label.style.ink) > 2.5 * sum(label.style.halo)


# --- caption and drawing --------------------------------------------------------------------------------------


def test_the_caption_stands_in_the_lower_left_corner_and_beside_the_legend() -> None:
    state = replace(STATE, caption="Fictional town", labels=False)
    (caption,) = placed(camera(), state=state).labels
    (box,) = rectangles(LabelSet((caption,)))
    assert box[:, 0].min() == pytest.approx(16, abs=1) and box[:, 1].max() > PICTURE[1] - 16
    legend = (16.0, 600.0, 250.0, 784.0)
    (beside,) = placed(camera(), state=state, taken=(legend,)).labels
    assert rectangles(LabelSet((beside,)))[0][:, 0].min() > 250
    (large,) = placed(camera(), state=state, ratio=2.0).labels
    assert large.size == 2 * caption.size


def test_labels_avoid_what_else_is_drawn() -> None:
    taken = (0.0, 0.0, 1200.0, 420.0)
    for box in rectangles(placed(camera(), taken=(taken,))):
        assert box[:, 1].min() > 420


def test_drawing_changes_only_the_sprites() -> None:
    found = placed(camera())
    before = np.full((*PICTURE[::-1], 3), 120, np.uint8)
    after = draw_labels(before, found)
    assert (before == 120).all()
    changed = (after != before).any(axis=2)
    for label in found.labels:
        for sprite, left, top in label.blits():
            changed[max(top, 0) : top + sprite.shape[0], max(left, 0) : left + sprite.shape[1]] = False
    assert not changed.any() and (after != before).any()
    assert draw_labels(before, LabelSet()) is before


def test_blending_is_that_of_a_painter() -> None:
    image = np.full((4, 6, 3), 200, np.uint8)
    sprite = np.zeros((2, 2, 4), np.uint8)
    sprite[:] = (50, 0, 0, 100)
    blend(image, sprite, 5, -1)
    assert image[0, 5].tolist() == [172, 122, 122] and (image[1:] == 200).all() and (image[0, :5] == 200).all()


@pytest.fixture
def town_view() -> Iterator[Any]:
    """An off-screen view of the town."""
    from viewer.render.offscreen import OffscreenView

    made = OffscreenView(*PICTURE)
    for key, city in CITIES.items():
        made.scene.attach(key, city)
    yield made
    made.close()


def test_streets_behind_houses_are_not_named(town_view: Any) -> None:
    """From the street, what the houses hide has no label; from above every anchor is free."""
    low = Camera(tuple(ORIGIN + np.array([4 * STEP, -30.0, 3.0])), tuple(ORIGIN + np.array([4 * STEP, 300.0, 8.0])))
    scene = town_view.scene
    scene.apply(replace(picture(), camera=low))
    view = scene.view()
    made = Labels()
    made.update(STATE, CITIES, picture())
    made.place(view, scene.origin, scene.sees)
    texts = {label.text for label in made.shown(view, scene.origin).labels}
    through = Labels(through=True)
    through.update(STATE, CITIES, picture())
    through.place(view, scene.origin, scene.sees)
    everything = {label.text for label in through.shown(view, scene.origin).labels}
    assert texts < everything and len(everything) >= len(texts) + 3
    hidden = ORIGIN + np.array([1.5 * STEP, 3.5 * STEP, 1.0])
    assert not scene.sees(hidden) and scene.sees(ORIGIN + np.array([4 * STEP, 200.0, 2.0]))


def test_trees_do_not_hide_labels(town_view: Any) -> None:
    from viewer.render import raypick

    hidden = ORIGIN + np.array([1.5 * STEP, 3.5 * STEP, 1.0])
    low = ORIGIN + np.array([4 * STEP, -30.0, 3.0])
    scene = town_view.scene
    scene.apply(replace(picture(), camera=Camera(tuple(low), (low[0], low[1] + 300.0, 8.0))))
    assert raypick.blocked(scene.origin, scene.view(), list(scene.layers.values()), hidden)
    kinds = replace(HOUSES.objects, type_names=("SolitaryVegetationObject",))
    layer = scene.layers["houses"]
    layer.city = replace(HOUSES, objects=kinds)
    assert not raypick.blocked(scene.origin, scene.view(), list(scene.layers.values()), hidden)


def split_picture(*hidden: int) -> RenderState:
    """A picture of four panes; the first object of the features is hidden in those."""
    panes = []
    for k in range(4):
        looks = list(LOOKS)
        if k in hidden:
            texels = looks[1].texels.copy()
            texels[:, 3] = 0
            looks[1] = replace(looks[1], texels=texels)
        panes.append(RenderState(camera(), tuple(looks)))
    return replace(panes[0], panes=tuple(panes))


def in_panes(found: LabelSet) -> list[list[tuple[str, int, int]]]:
    """Text and place within its pane of each label, by pane."""
    rects = pane_rects(4, *PICTURE)
    out: list[list[tuple[str, int, int]]] = [[] for _ in rects]
    for label in found.labels:
        k = label.key[2] // 2
        x, y = label.centre[0] - rects[k].left, label.centre[1] - rects[k].top
        assert 0 < x < rects[k].width and 0 < y < rects[k].height
        out[k].append((label.text, round(x), round(y)))
    return [sorted(part) for part in out]


def test_panes_have_the_same_labels_at_the_same_places() -> None:
    labels = Labels()
    assert labels.update(STATE, CITIES, split_picture())
    view = make_view(camera(), ORIGIN, *PICTURE)
    labels.place(view, ORIGIN, lambda _: True)
    found = labels.shown(view, ORIGIN)
    first, *others = in_panes(found)
    assert len(first) >= 3 and all(other == first for other in others)
    assert len({label.key for label in found.labels}) == len(found.labels)
    # what is drawn in the first pane is what a picture of its size shows there
    rect = pane_rects(4, *PICTURE)[0]
    alone = make_view(camera(), ORIGIN, rect.width, rect.height)
    plain = Labels()
    plain.update(STATE, CITIES, picture())
    plain.place(alone, ORIGIN, lambda _: True)
    where = {label.text: label.centre for label in plain.shown(alone, ORIGIN).labels}
    same = [text for text, x, y in first if text in where and np.hypot(where[text][0] - x, where[text][1] - y) < 30.0]
    assert len(same) >= len(first) / 2


def test_a_pane_lacks_labels_of_what_it_hides_and_under_the_legend() -> None:
    labels = Labels()
    labels.update(STATE, CITIES, split_picture(1))
    view = make_view(camera(), ORIGIN, *PICTURE)
    labels.place(view, ORIGIN, lambda _: True)
    parts = in_panes(labels.shown(view, ORIGIN))
    assert parts[0] and not parts[1] and parts[2] == parts[0]
    legend = (0.0, 420.0, 600.0, 800.0)
    parts = in_panes(labels.shown(view, ORIGIN, taken=(legend,)))
    assert parts[0] and not parts[2] and parts[3] == parts[0]


def test_the_caption_is_written_once_under_panes() -> None:
    labels = Labels()
    labels.update(replace(STATE, caption="A plan"), CITIES, split_picture())
    view = make_view(camera(), ORIGIN, *PICTURE)
    labels.place(view, ORIGIN, lambda _: True)
    assert [label.text for label in labels.shown(view, ORIGIN).labels].count("A plan") == 1
    assert labels.update(STATE, CITIES, picture())  # one picture again: another choice
