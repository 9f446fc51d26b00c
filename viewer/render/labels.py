"""Labels of a picture: which are shown, and where. numpy only; world coordinates in, pixels out.

Candidates are computed once per layer (`label_places`). For a view they are projected, filtered by the room that they
name, and set in order of importance into a grid of free pixels; those shown before come first, so that labels do not
flicker while the view turns. A label whose anchor something hides is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from loaders.city import CityData
from viewer.document.state import DocumentState
from viewer.render.culling import View
from viewer.render.label_places import Kind, Places, label_attribute, places_of
from viewer.render.label_set import Key, Label, LabelSet
from viewer.render.label_styles import LEADERS, LIFTS, SIZES, Looks, label_scale
from viewer.render.state import RenderState
from viewer.render.text import NO_SHAPING, advance, clean, lacking, shapes

Float64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
Sees = Callable[[Float64], bool]
"""Whether nothing stands between the eye and a point in world coordinates."""

MAX_LABELS = 60
MAX_TESTS = 400
"""Anchors looked at in vain for one picture, at most."""
DOWN = 0.55
"""Sine of the angle below the horizon from which names follow their streets."""
CELL = 4
"""Side of a cell of the grid of free pixels."""
MARGIN, GAP_X, GAP_Y = 8.0, 7.0, 3.0
"""Pixels kept free at the picture's edge and about a label, before scaling."""
REPEAT = 340.0
"""Pixels between two labels with the name of one street, before scaling."""
STILL = 2e-3
"""An anchor is looked at again when the eye has moved by that part of its distance."""
UPRIGHT, ALONG = 0, 1


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a candidate would stand in the present view."""

    text: str
    size: float
    kind: Kind
    anchor: tuple[float, float]
    angle: float
    width: float
    mode: int


class Labels:
    """The labels of one view. `update` when the document changes, `place` when the view rests, `shown` for a picture.

    Attributes: through: labels are shown through what stands before them.
    """

    def __init__(self, *, through: bool = False) -> None:
        self.through = through
        self._layers: dict[str, tuple[CityData, str, Places]] = {}
        self._visible: dict[str, npt.NDArray[np.bool_]] = {}
        self._looks = Looks()
        self._placed: dict[Key, float] = {}
        self._seen: dict[Key, tuple[Float64, float]] = {}
        self._notices: list[str] = []
        self._told: set[str] = set()

    # --- what there is ----------------------------------------------------------------------------------------

    def update(self, state: DocumentState, cities: Mapping[str, CityData], picture: RenderState) -> bool:
        """Take over the document; True if another `place` is needed."""
        wanted: dict[str, tuple[CityData, str]] = {}
        looks = {look.layer_id: look for look in picture.layers if look.visible}
        for layer in state.layers if state.labels else ():
            city = cities.get(layer.id)
            attribute = label_attribute(city, layer.label_by) if city is not None else None
            if city is not None and attribute is not None and layer.id in looks:
                wanted[layer.id] = city, attribute
        before = {key: self._visible[key] for key in self._visible if key in self._layers}
        kept = {key: entry for key, entry in self._layers.items() if _same(entry, wanted.get(key))}
        changed = kept.keys() != self._layers.keys() or kept.keys() != wanted.keys()
        for key in self._layers.keys() - kept.keys():
            self._forget(key)
        for key, (city, attribute) in wanted.items():
            if key not in kept:
                kept[key] = city, attribute, places_of(city, attribute)
        self._layers = kept
        self._visible = {key: looks[key].texels[kept[key][2].probe, 3] & 15 > 0 for key in kept}
        changed |= any(not np.array_equal(self._visible[key], before.get(key, ())) for key in kept)
        return self._looks.set_night(picture.light.dated and picture.light.sun[2] < -0.05) or changed

    def take_notices(self) -> tuple[str, ...]:
        """What has come up since the last call that the user should know."""
        taken, self._notices = tuple(self._notices), []
        return taken

    def __len__(self) -> int:
        return sum(len(entry[2]) for entry in self._layers.values())

    # --- placing ----------------------------------------------------------------------------------------------

    def place(
        self, view: View, origin: Float64, sees: Sees, *, ratio: float = 1.0, taken: tuple[Box, ...] = ()
    ) -> None:
        """Choose the labels of a view, all at once; see `place_steps`."""
        for _ in self.place_steps(view, origin, sees, ratio=ratio, taken=taken):
            pass

    def place_steps(
        self, view: View, origin: Float64, sees: Sees, *, ratio: float = 1.0, taken: tuple[Box, ...] = ()
    ) -> Iterator[None]:
        """Choose the labels of a view in small steps, of one look at an anchor each; `shown` changes at the end.

        ``origin`` (3,) is the scene's zero in world coordinates, ``ratio`` the screen's device pixels per pixel,
        ``taken`` are boxes where something else is drawn.
        """
        scale = label_scale(view.height, ratio)
        free = _Grid(view.width, view.height, scale, taken)
        placed: dict[Key, float] = {}
        names: dict[tuple[str, int], list[tuple[float, float]]] = {}
        tests = 0
        for key in self._in_order(view, origin, scale):
            spot = self._spot(key, view, origin, scale, 0.0)
            places = self._layers[key[0]][2]
            near = names.setdefault((key[0], int(places.codes[key[1]])), [])
            if spot is None or _too_near(spot, near, REPEAT * scale):
                continue
            lift = self._placed.get(key, self._first_lift(spot.kind))
            boxes = _boxes(self._label(key, spot, view, origin, scale, lift), spot, scale)
            if not free.fits(boxes):
                continue
            if not self.through:
                known = self._remembered(key, view, origin)
                if known is None:
                    tests += 1
                    known = self._look(key, spot, view, origin, sees)
                    yield
                if known < 0.0:
                    if tests > MAX_TESTS:
                        break
                    continue
                if known != lift:
                    lift = known
                    boxes = _boxes(self._label(key, spot, view, origin, scale, lift), spot, scale)
                    if not free.fits(boxes):
                        continue
            free.take(boxes)
            placed[key] = lift
            near.append(spot.anchor)
            if len(placed) >= MAX_LABELS:
                break
        self._placed = placed
        self._check_fonts(placed)

    def shown(self, view: View, origin: Float64, *, ratio: float = 1.0) -> LabelSet:
        """The labels chosen last, where they are in a view."""
        scale = label_scale(view.height, ratio)
        labels = []
        for key, lift in self._placed.items():
            if key[0] not in self._layers:
                continue
            spot = self._spot(key, view, origin, scale, lift)
            if spot is not None and _in_picture(spot.anchor, view):
                labels.append(self._label(key, spot, view, origin, scale, lift))
        return LabelSet(tuple(labels))

    # --- inside -----------------------------------------------------------------------------------------------

    def _in_order(self, view: View, origin: Float64, scale: float) -> list[Key]:
        """Candidates that may be shown in a view, the most important first, those shown before at the head."""
        keys: list[Key] = []
        scores: list[Float64] = []
        for layer_id, (_, _, places) in self._layers.items():
            index, score, along = _candidates(places, self._visible[layer_id], view, origin, scale)
            modes = np.where(along, ALONG, UPRIGHT).tolist()
            keys += [(layer_id, i, mode) for i, mode in zip(index.tolist(), modes, strict=True)]
            scores.append(score)
        if not keys:
            return []
        order = np.argsort(-np.concatenate(scores), kind="stable").tolist()
        ranked = [keys[i] for i in order]
        before = [key for key in self._placed if key in set(keys)]
        return [*before, *(key for key in ranked if key not in self._placed)]

    def _spot(self, key: Key, view: View, origin: Float64, scale: float, lift: float) -> _Spot | None:
        """Where a candidate stands in the view; None behind the viewer, and where a street is too short for it."""
        places = self._layers[key[0]][2]
        at = places.anchors[key[1]] - origin
        half = places.along[key[1]]
        pixels, depth = view.project(np.stack([at, at - half, at + half]))
        if not (depth > 0.0).all():
            return None
        kind = Kind(int(places.kind[key[1]]))
        text = clean(places.texts[int(places.codes[key[1]])])
        style = self._looks.style(kind)
        size = SIZES[kind].at(float(places.weight[key[1]])) * scale
        width = advance(text, size, style)
        angle = 0.0
        if key[2] == ALONG:
            dx, dy = pixels[2] - pixels[1]
            angle = _upright_angle(float(np.degrees(np.arctan2(-dy, dx))))
        return _Spot(text, size, kind, (float(pixels[0, 0]), float(pixels[0, 1])), angle, width, key[2])

    def _label(self, key: Key, spot: _Spot, view: View, origin: Float64, scale: float, lift: float) -> Label:
        """The label of a spot; a lift raises it over its anchor by metres."""
        x, y = spot.anchor
        style = self._looks.style(spot.kind)
        rise = LEADERS[spot.kind] * scale if spot.mode == UPRIGHT and lift <= 0.0 and _oblique(view) else 0.0
        if lift > 0.0:
            raised = self._layers[key[0]][2].anchors[key[1]] - origin + np.array([0.0, 0.0, lift])
            pixels, depth = view.project(raised[None])
            if depth[0] > 0.0:
                x, y = float(pixels[0, 0]), float(pixels[0, 1])
        leader = (x, y) if rise else None
        up = rise + 0.5 * spot.size if rise else 0.0
        return Label(key, spot.text, spot.size, style, (x, y - up), spot.angle, leader)

    def _first_lift(self, kind: Kind) -> float:
        return LIFTS[kind][0]

    def _remembered(self, key: Key, view: View, origin: Float64) -> float | None:
        """What was seen of an anchor from about here; None if it has to be looked at."""
        found = self._seen.get(key)
        if found is None:
            return None
        anchor = self._layers[key[0]][2].anchors[key[1]]
        moved = float(np.linalg.norm(found[0] - (view.eye + origin)))
        return found[1] if moved <= STILL * float(np.linalg.norm(anchor - found[0])) else None

    def _look(self, key: Key, spot: _Spot, view: View, origin: Float64, sees: Sees) -> float:
        """The least lift at which nothing hides the anchor, metres; -1 = at none. Remembered."""
        places = self._layers[key[0]][2]
        points = places.anchors[key[1]][None]
        if spot.mode == ALONG:
            # the ends of the text must be free too
            half = places.along[key[1]]
            pixels, _ = view.project(places.anchors[key[1]] - origin + np.stack([-half, half]))
            share = 0.45 * spot.width / max(float(np.linalg.norm(pixels[1] - pixels[0])) / 2.0, 1e-6)
            points = points + np.array([[0.0], [-1.0], [1.0]]) * half * min(share, 4.0)
        seen = -1.0
        for lift in LIFTS[spot.kind]:
            above = np.array([0.0, 0.0, lift if lift > 0.0 else 1.5])
            if all(sees(point + above) for point in points):
                seen = lift
                break
        if len(self._seen) > 20_000:
            self._seen.clear()
        self._seen[key] = view.eye + origin, seen
        return seen

    def _forget(self, layer_id: str) -> None:
        for kept in (self._placed, self._seen):
            for key in [key for key in kept if key[0] == layer_id]:
                del kept[key]  # type: ignore[attr-defined]

    def _check_fonts(self, placed: Mapping[Key, float]) -> None:
        """Note once what cannot be written as it should be."""
        if placed and not shapes():
            self._note("shaping", NO_SHAPING)
        for key in placed:
            text = clean(self._layers[key[0]][2].texts[int(self._layers[key[0]][2].codes[key[1]])])
            if not text.isascii() and text not in self._told:
                self._told.add(text)
                if lacking(text):
                    self._note("font", f"No font here has all letters of {text!r}: install one (Noto Sans CJK, say).")

    def _note(self, kind: str, text: str) -> None:
        if f"\0{kind}" not in self._told:
            self._told.add(f"\0{kind}")
            self._notices.append(text)


class _Grid:
    """Which pixels of a picture are taken, in cells."""

    def __init__(self, width: int, height: int, scale: float, taken: tuple[Box, ...]) -> None:
        self._size = max(CELL * scale, 1.0)
        self._width, self._height, self._margin = float(width), float(height), MARGIN * scale
        self._cells = np.zeros((int(height / self._size) + 2, int(width / self._size) + 2), np.bool_)
        for box in taken:
            self._part(box)[:] = True

    def fits(self, boxes: list[Box]) -> bool:
        """True if the boxes lie in the picture and nothing is there."""
        m = self._margin
        inside = all(b[0] >= m and b[1] >= m and b[2] <= self._width - m and b[3] <= self._height - m for b in boxes)
        return inside and not any(self._part(box).any() for box in boxes)

    def take(self, boxes: list[Box]) -> None:
        for box in boxes:
            self._part(box)[:] = True

    def _part(self, box: Box) -> npt.NDArray[np.bool_]:
        x0, y0, x1, y1 = (max(0, int(value // self._size)) for value in box)
        return self._cells[y0 : y1 + 1, x0 : x1 + 1]


def _same(entry: tuple[CityData, str, Places], wanted: tuple[CityData, str] | None) -> bool:
    return wanted is not None and entry[0] is wanted[0] and entry[1] == wanted[1]


def _candidates(
    places: Places, visible: npt.NDArray[np.bool_], view: View, origin: Float64, scale: float
) -> tuple[npt.NDArray[np.int64], Float64, npt.NDArray[np.bool_]]:
    """Candidates of a layer worth a try: their numbers, scores and whether they follow a direction."""
    pixels, depth = view.project(places.anchors - origin)
    with np.errstate(invalid="ignore"):
        ok = visible & (depth > 1.0) & (pixels >= 0.0).all(axis=1) & (pixels < (view.width, view.height)).all(axis=1)
    index = np.flatnonzero(ok)
    pixels, depth = pixels[index], depth[index]
    kind, weight = places.kind[index].astype(np.int64), places.weight[index]
    per_metre = view.height / (2.0 * view.tan_y * depth)
    half = places.along[index]
    directed = (half != 0.0).any(axis=1)
    low, _ = view.project(places.anchors[index] - origin - half)
    high, _ = view.project(places.anchors[index] - origin + half)
    metres = 2.0 * np.linalg.norm(half, axis=1)
    run = np.linalg.norm(high - low, axis=1) / np.where(directed, metres, 1.0)
    along = directed & (not _oblique(view)) & np.isfinite(run)
    room = places.extent[index] * np.where(along, run, per_metre)
    sizes = np.array([SIZES[k].small for k in Kind])[kind] * scale
    letters = np.array([len(text) for text in places.texts] or [0])[places.codes[index]].clip(1, 60)
    need = np.array([SIZES[k].room for k in Kind])[kind] * 0.58 * sizes * letters
    fits = (room >= need) & (room >= np.array([SIZES[k].least for k in Kind])[kind] * scale)
    fits |= kind == Kind.PLACE
    # the middle of the picture is where one looks
    off = np.hypot(pixels[:, 0] / view.width - 0.5, pixels[:, 1] / view.height - 0.5)
    near = np.log2(np.maximum(per_metre, 1e-6))
    score = np.array([SIZES[k].rank for k in Kind])[kind] + weight + 0.12 * near - 0.4 * off
    return index[fits], score[fits], along[fits]


def _oblique(view: View) -> bool:
    return float(-view.ahead[2]) < DOWN


def _upright_angle(angle: float) -> float:
    """The angle turned by 180 degrees if the text would stand on its head; reads upwards where it is steep."""
    return (angle + 90.0) % 180.0 - 90.0


def _in_picture(anchor: tuple[float, float], view: View) -> bool:
    x, y = anchor
    return -0.2 * view.width < x < 1.2 * view.width and -0.2 * view.height < y < 1.2 * view.height


def _too_near(spot: _Spot, others: list[tuple[float, float]], distance: float) -> bool:
    """True if a street's or river's name stands so near already. Other things may share a text."""
    if spot.kind not in (Kind.STREET, Kind.WATER):
        return False
    return any(np.hypot(spot.anchor[0] - x, spot.anchor[1] - y) < distance for x, y in others)


def _boxes(label: Label, spot: _Spot, scale: float) -> list[Box]:
    """What a label covers: one box, several along a turned text; the leader counts too."""
    x, y = label.centre
    half_width, half_height = spot.width / 2.0 + GAP_X * scale, 0.62 * spot.size + GAP_Y * scale
    if not label.angle:
        found = [(x - half_width, y - half_height, x + half_width, y + half_height)]
    else:
        turn = np.radians(label.angle)
        steps = max(2, int(np.ceil(2.0 * half_width / max(half_height, 1.0))))
        found = []
        for t in np.linspace(half_height - half_width, half_width - half_height, steps).tolist():
            cx, cy = x + t * float(np.cos(turn)), y - t * float(np.sin(turn))
            found.append((cx - half_height, cy - half_height, cx + half_height, cy + half_height))
    if label.leader is not None:
        found.append((label.leader[0] - 2 * scale, y, label.leader[0] + 2 * scale, label.leader[1] + 3 * scale))
    return found
