"""Labels of a picture: which are shown, and where. numpy only; world coordinates in, pixels out.

Candidates are computed once per layer (`label_places`). For a view they are projected, filtered by the room that they
name, and set in order of importance into a grid of free pixels; those shown before come first, so that labels do not
flicker while the view turns. A label whose anchor something hides is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from loaders.city import CityData
from viewer.document.state import DocumentState
from viewer.render.culling import View
from viewer.render.label_places import Kind, Places, label_attribute, places_of
from viewer.render.label_set import Key, Label, LabelSet
from viewer.render.label_styles import CAPTION_SIZE, LEADERS, LIFTS, SIZES, Looks, label_scale
from viewer.render.pane_places import Rect, pane_rects
from viewer.render.state import LayerLook, RenderState
from viewer.render.text import NO_SHAPING, TextStyle, advance, clean, lacking, shapes

Float64 = npt.NDArray[np.float64]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
Find = Callable[[CityData, str], Places | None]
Sees = Callable[[Float64], bool]
"""Whether nothing stands between the eye and a point in world coordinates."""

MAX_LABELS = 60
PIXELS_PER_LABEL = 42_000.0
"""Room for each label, before scaling: a picture is not a street directory."""
MAX_TRIED = 2000
"""Candidates of one view that are tried, the best first."""
MAX_TESTS = 400
"""Anchors looked at in vain for one picture, at most."""
DOWN = 0.55
"""Sine of the angle below the horizon from which names follow their streets."""
CELL = 4
"""Side of a cell of the grid of free pixels."""
MARGIN, GAP_X, GAP_Y = 8.0, 7.0, 3.0
"""Pixels kept free at the picture's edge and about a label, before scaling."""
REPEAT = 460.0
"""Pixels between two labels with the name of one street, before scaling."""
KEPT_ROOM = 0.8
"""Of what a new label needs, the part that is enough for one that is shown already."""
STILL = 2e-3
"""An anchor is looked at again when the eye has moved by that part of its distance."""
UPRIGHT, ALONG = 0, 1
_NONE = np.zeros(0, np.bool_)
CAPTION_KEY: Key = ("", 0, UPRIGHT)
NAME_BOX = 340.0, 46.0
"""Where the name of a pane stands in its upper left corner, pixels before scaling."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a candidate would stand in the present view: pixels of its anchor, and of that lifted; width of its text;
    half the length of its chord."""

    text: str
    size: float
    kind: Kind
    anchor: tuple[float, float]
    raised: tuple[float, float]
    angle: float
    width: float
    half: float
    mode: int


class Labels:
    """The labels of one view. `update` when the document changes, `place` when the view rests, `shown` for a picture.

    Where a picture has panes, which show the same view, each has the same labels, but for those of what it does not
    show and for those that something else covers there; views are always those of the whole picture.

    Attributes: through: labels are shown through what stands before them.
    """

    def __init__(self, *, through: bool = False) -> None:
        self.through = through
        self._layers: dict[str, tuple[CityData, str, Places]] = {}
        self._visible: dict[str, npt.NDArray[np.bool_]] = {}
        self._in_pane: dict[str, npt.NDArray[np.bool_]] = {}
        self._count = 0
        self._looks = Looks()
        self._caption = ""
        self._taken: tuple[Box, ...] = ()
        self._taken_soon: tuple[Box, ...] = ()
        self._picture: RenderState | None = None
        self._placed: dict[Key, float] = {}
        self._seen: dict[Key, tuple[Float64, float]] = {}
        self._notices: list[str] = []
        self._told: set[str] = set()

    # --- what there is ----------------------------------------------------------------------------------------

    def update(
        self, state: DocumentState, cities: Mapping[str, CityData], picture: RenderState, find: Find = places_of
    ) -> bool:
        """Take over the document; True if another `place` is needed. ``find`` computes the candidates of a layer; it
        may return None and do so in the background: then the layer's labels come with a later call."""
        wanted: dict[str, tuple[CityData, str]] = {}
        panes = [{x.layer_id: x for x in pane.layers if x.visible} for pane in picture.panes or (picture,)]
        looks = {key: look for pane in panes for key, look in pane.items()}
        for layer in state.layers if state.labels else ():
            city = cities.get(layer.id)
            attribute = label_attribute(city, layer.label_by) if city is not None else None
            if city is not None and attribute is not None and layer.id in looks:
                wanted[layer.id] = city, attribute
        before = {key: self._in_pane[key] for key in self._in_pane if key in self._layers}
        kept = {key: entry for key, entry in self._layers.items() if _same(entry, wanted.get(key))}
        gone = self._layers.keys() - kept.keys()
        changed = self._caption != state.caption or bool(gone)
        for key in gone:
            self._forget(key)
        for key, (city, attribute) in wanted.items():
            found = find(city, attribute) if key not in kept else None
            if found is not None:
                kept[key] = city, attribute, found
        if not _same_picture(self._picture, picture):
            # what hides what may differ
            self._seen.clear()
            changed = True
        self._layers, self._caption, self._picture = kept, state.caption, picture
        self._in_pane = {
            key: np.array([_shown_of(pane.get(key), entry[2]) for pane in panes], np.bool_)
            for key, entry in kept.items()
        }
        self._visible = {key: np.asarray(found.any(axis=0)) for key, found in self._in_pane.items()}
        changed |= any(not np.array_equal(self._in_pane[key], before.get(key, _NONE)) for key in kept)
        changed |= self._count != len(picture.panes)
        self._count = len(picture.panes)
        return self._looks.set_night(picture.light.dated and picture.light.sun[2] < -0.05) or changed

    def take_notices(self) -> tuple[str, ...]:
        """What has come up since the last call that the user should know."""
        taken, self._notices = tuple(self._notices), []
        return taken

    def __len__(self) -> int:
        return sum(len(entry[2]) for entry in self._layers.values())

    def start_afresh(self) -> None:
        """Forget what is shown: the next choice depends on the document and the view alone."""
        self._placed = {}

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
        scale, self._taken_soon = label_scale(view.height, ratio), taken
        taken = (*taken, *(_caption_box(label) for label in self._caption_label(view, scale, taken)))
        if self._count:
            # what covers one pane only is left out there: the same labels in all of them
            view = _view_of(view, self._rects(view, ratio)[0])
            taken = ((0.0, 0.0, scale * NAME_BOX[0], scale * NAME_BOX[1]),)
        free = _Grid(view.width, view.height, scale, taken)
        most = min(MAX_LABELS, max(6, int(view.width * view.height / (PIXELS_PER_LABEL * scale * scale))))
        placed: dict[Key, float] = {}
        names: dict[tuple[str, int], list[tuple[float, float]]] = {}
        tests = 0
        keys = self._in_order(view, origin, scale)
        yield
        lifts = [self._placed.get(key, LIFTS[self._kind(key)][0]) for key in keys]
        pixels = self._pixels(keys, lifts, view, origin)
        for number, key in enumerate(keys):
            if number % 32 == 0:
                yield
            spot = self._spot(key, pixels[number], scale)
            near = names.setdefault((key[0], self._code(key)), [])
            old = key in self._placed
            if spot is None or _too_near(spot, near, REPEAT * scale * (KEPT_ROOM if old else 1.0)):
                continue
            lift = lifts[number]
            label = self._label(key, spot, view, scale, lift)
            if not free.fits(_boxes(label, spot, scale, 0.0 if old else 1.5), old):
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
                    spot = self._spot(key, self._pixels([key], [lift], view, origin)[0], scale)
                    if spot is None:
                        continue
                    label = self._label(key, spot, view, scale, lift)
                    if not free.fits(_boxes(label, spot, scale, 0.0 if old else 1.5), old):
                        continue
            free.take(_boxes(label, spot, scale, 0.5))
            placed[key] = lift
            near.append(spot.anchor)
            if len(placed) >= most:
                break
        self._placed, self._taken = placed, self._taken_soon
        self._check_fonts(placed)

    def shown(
        self, view: View, origin: Float64, *, ratio: float = 1.0, taken: tuple[Box, ...] | None = None
    ) -> LabelSet:
        """The labels chosen last, where they are in a view. ``taken``: what the caption keeps clear of, pixels of that
        view; None = as when they were chosen."""
        scale = label_scale(view.height, ratio)
        boxes = self._taken if taken is None else taken
        caption = self._caption_label(view, scale, boxes)
        rects = self._rects(view, ratio)
        view = _view_of(view, rects[0]) if rects else view
        keys = [key for key in self._placed if key[0] in self._layers]
        lifts = [self._placed[key] for key in keys]
        labels: list[Label] = []
        for key, lift, pixels in zip(keys, lifts, self._pixels(keys, lifts, view, origin), strict=True):
            spot = self._spot(key, pixels, scale)
            if spot is None or not _in_picture(spot.anchor, view):
                continue
            label = self._label(key, spot, view, scale, lift)
            if not rects:
                labels.append(label)
                continue
            covered = _boxes(label, spot, scale, 0.0)
            for k, rect in enumerate(rects):
                if self._in_pane[key[0]][k, key[1]] and _fits_pane(covered, rect, boxes):
                    labels.append(_moved(label, k, rect))
        return LabelSet((*labels, *caption))

    def _rects(self, view: View, ratio: float) -> tuple[Rect, ...]:
        """Where the panes of a picture lie; () where it has none."""
        return pane_rects(self._count, view.width, view.height, ratio) if self._count else ()

    # --- inside -----------------------------------------------------------------------------------------------

    def _in_order(self, view: View, origin: Float64, scale: float) -> list[Key]:
        """Candidates that may be shown in a view, the most important first, those shown before at the head."""
        found: list[tuple[str, npt.NDArray[np.int64], Float64, npt.NDArray[np.bool_]]] = []
        for layer_id, (_, _, places) in self._layers.items():
            old = np.zeros(len(places), np.bool_)
            old[[key[1] for key in self._placed if key[0] == layer_id]] = True
            found.append((layer_id, *_candidates(places, self._visible[layer_id], old, view, origin, scale)))
        if not found:
            return []
        scores = np.concatenate([score for _, _, score, _ in found])
        best = np.arange(len(scores)) if len(scores) <= MAX_TRIED else np.argpartition(-scores, MAX_TRIED)[:MAX_TRIED]
        order = best[np.lexsort((best, -scores[best]))].tolist()
        layers = np.repeat(np.arange(len(found)), [len(index) for _, index, _, _ in found]).tolist()
        index = np.concatenate([index for _, index, _, _ in found]).tolist()
        modes = np.where(np.concatenate([along for _, _, _, along in found]), ALONG, UPRIGHT).tolist()
        there = {(found[layers[n]][0], index[n], modes[n]): None for n in order}
        before = [key for key in self._placed if key in there]
        return [*before, *(key for key in there if key not in self._placed)]

    def _code(self, key: Key) -> int:
        return int(self._layers[key[0]][2].codes[key[1]])

    def _kind(self, key: Key) -> Kind:
        return Kind(int(self._layers[key[0]][2].kind[key[1]]))

    def _pixels(self, keys: list[Key], lifts: list[float], view: View, origin: Float64) -> Float64:
        """Anchor, both ends of the chord and the lifted anchor of candidates in pixels, float64 (N, 4, 2); NaN where
        one of them is behind the viewer."""
        anchors, halves = np.zeros((len(keys), 3)), np.zeros((len(keys), 3))
        for layer_id, (_, _, places) in self._layers.items():
            own = [n for n, key in enumerate(keys) if key[0] == layer_id]
            index = [keys[n][1] for n in own]
            anchors[own], halves[own] = places.anchors[index] - origin, places.along[index]
        raised = anchors + np.array([0.0, 0.0, 1.0]) * np.array(lifts).reshape(-1, 1)
        pixels, _ = view.project(np.concatenate([anchors, anchors - halves, anchors + halves, raised]))
        return pixels.reshape(4, len(keys), 2).transpose(1, 0, 2)

    def _spot(self, key: Key, pixels: Float64, scale: float) -> _Spot | None:
        """Where a candidate stands in the view; None behind the viewer."""
        if not np.isfinite(pixels).all():
            return None
        places = self._layers[key[0]][2]
        kind, text = self._kind(key), clean(places.texts[self._code(key)])
        size = SIZES[kind].at(float(places.weight[key[1]])) * scale
        (x, y), (x0, y0), (x1, y1), (high_x, high_y) = pixels.tolist()
        angle = 0.0
        if key[2] == ALONG:
            angle = upright_angle(math.degrees(math.atan2(y0 - y1, x1 - x0)))
        width = _width(text, size, self._looks.style(kind))
        half = math.hypot(x1 - x0, y1 - y0) / 2.0
        return _Spot(text, size, kind, (x, y), (high_x, high_y), angle, width, half, key[2])

    def _label(self, key: Key, spot: _Spot, view: View, scale: float, lift: float) -> Label:
        """The label of a spot: on its anchor, over it with a leader, or floating at a height."""
        x, y = spot.raised if lift > 0.0 else spot.anchor
        leads = spot.mode == UPRIGHT and lift <= 0.0 and _oblique(view) and LEADERS[spot.kind] > 0.0
        up = LEADERS[spot.kind] * scale + 0.5 * spot.size if leads else 0.0
        style = self._looks.style(spot.kind)
        return Label(key, spot.text, spot.size, style, (x, y - up), spot.angle, (x, y) if leads else None)

    def _caption_label(self, view: View, scale: float, taken: tuple[Box, ...]) -> tuple[Label, ...]:
        """The caption in the lower left corner, over a strip along the lower edge and to the right of what else stands
        there; none if it is empty."""
        text = clean(self._caption)
        if not text:
            return ()
        size, style = CAPTION_SIZE * scale, self._looks.caption()
        foot = min(
            (box[1] for box in taken if box[3] - box[1] < box[2] - box[0] >= 0.9 * view.width), default=view.height
        )
        width, y = _width(text, size, style), foot - 15.0 * scale
        left = 16.0 * scale
        for box in sorted(taken):
            if box[0] < left + width and left < box[2] and box[1] < y + size and y - size < box[3]:
                left = box[2] + 12.0 * scale
        return (Label(CAPTION_KEY, text, size, style, (left + width / 2.0, y)),)

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
            share = 0.45 * spot.width / max(spot.half, 1e-6)
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
                del kept[key]

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

    def fits(self, boxes: list[Box], old: bool) -> bool:
        """True if the boxes lie in the picture and nothing is there. ``old``: shown before, may touch the edge."""
        m = 0.0 if old else self._margin
        inside = all(b[0] >= m and b[1] >= m and b[2] <= self._width - m and b[3] <= self._height - m for b in boxes)
        return inside and not any(self._part(box).any() for box in boxes)

    def take(self, boxes: list[Box]) -> None:
        for box in boxes:
            self._part(box)[:] = True

    def _part(self, box: Box) -> npt.NDArray[np.bool_]:
        x0, y0, x1, y1 = (max(0, int(value // self._size)) for value in box)
        return self._cells[y0 : y1 + 1, x0 : x1 + 1]


def _same_picture(a: RenderState | None, b: RenderState) -> bool:
    """True if both show the same geometry."""
    if a is None or len(a.layers) != len(b.layers):
        return False
    if len(a.panes) != len(b.panes):
        return False
    if a.panes:
        return all(_same_picture(x, y) for x, y in zip(a.panes, b.panes, strict=True))
    pairs = zip(a.layers, b.layers, strict=True)
    return all(x.texels is y.texels and (x.visible, x.lods) == (y.visible, y.lods) for x, y in pairs)


def _shown_of(look: LayerLook | None, places: Places) -> npt.NDArray[np.bool_]:
    """Which candidates of a layer name something that a look (None = hides all) shows: bool (C,)."""
    if look is None:
        return np.zeros(len(places), np.bool_)
    return np.asarray(look.texels[places.probe, 3] & 15 > 0, np.bool_)


def _view_of(view: View, rect: Rect) -> View:
    """What a pane shows of a view of the whole picture: as high, and as wide as it is."""
    return replace(view, width=rect.width, height=rect.height, tan_x=view.tan_y * rect.width / rect.height)


def _fits_pane(boxes: list[Box], rect: Rect, taken: tuple[Box, ...]) -> bool:
    """True if boxes, in pixels of a pane, lie within it, and nothing of ``taken`` (pixels of the picture) is there."""
    if any(b[0] < 0.0 or b[1] < 0.0 or b[2] > rect.width or b[3] > rect.height for b in boxes):
        return False
    moved = [(b[0] + rect.left, b[1] + rect.top, b[2] + rect.left, b[3] + rect.top) for b in boxes]
    return not any(b[0] < t[2] and t[0] < b[2] and b[1] < t[3] and t[1] < b[3] for b in moved for t in taken)


def _moved(label: Label, pane: int, rect: Rect) -> Label:
    """The label of a pane, in pixels of the picture; its key tells the pane too."""
    (x, y), (layer_id, number, mode) = label.centre, label.key
    leader = None if label.leader is None else (label.leader[0] + rect.left, label.leader[1] + rect.top)
    return replace(label, key=(layer_id, number, mode + 2 * pane), centre=(x + rect.left, y + rect.top), leader=leader)


def _caption_box(label: Label) -> Box:
    height, width = label.flat().shape[:2]
    (x, y), half = label.centre, width / 2.0
    return x - half, y - height / 2.0, x + half, y + height / 2.0


def _same(entry: tuple[CityData, str, Places], wanted: tuple[CityData, str] | None) -> bool:
    return wanted is not None and entry[0] is wanted[0] and entry[1] == wanted[1]


def _candidates(
    places: Places,
    visible: npt.NDArray[np.bool_],
    old: npt.NDArray[np.bool_],
    view: View,
    origin: Float64,
    scale: float,
) -> tuple[npt.NDArray[np.int64], Float64, npt.NDArray[np.bool_]]:
    """Candidates of a layer worth a try: their numbers, scores and whether they follow a direction. ``visible`` and
    ``old`` (shown before) are bool (C,)."""
    pixels, depth = view.project(places.anchors - origin)
    with np.errstate(invalid="ignore"):
        ok = visible & (depth > 1.0) & (pixels >= 0.0).all(axis=1) & (pixels < (view.width, view.height)).all(axis=1)
    index = np.flatnonzero(ok)
    pixels, depth = pixels[index], depth[index]
    kind, weight = places.kind[index].astype(np.int64), places.weight[index]
    per_metre = view.height / (2.0 * view.tan_y * depth)
    directed = np.flatnonzero(places.along[index].any(axis=1)) if not _oblique(view) else np.zeros(0, np.int64)
    half = places.along[index[directed]]
    middle = places.anchors[index[directed]] - origin
    low, _ = view.project(middle - half)
    high, _ = view.project(middle + half)
    run = np.linalg.norm(high - low, axis=1) / (2.0 * np.linalg.norm(half, axis=1))
    along = np.zeros(len(index), np.bool_)
    along[directed] = np.isfinite(run)
    room = places.extent[index] * per_metre
    room[directed] = np.where(np.isfinite(run), places.extent[index[directed]] * run, room[directed])
    sizes = np.array([SIZES[k].small for k in Kind])[kind] * scale
    letters = places.letters[index].clip(1, 60)
    need = np.array([SIZES[k].room for k in Kind])[kind] * 0.58 * sizes * letters
    need *= np.where(old[index], KEPT_ROOM, 1.0)
    fits = (room >= need) & (room >= np.array([SIZES[k].least for k in Kind])[kind] * scale)
    fits |= kind == Kind.PLACE
    # the middle of the picture is where one looks
    off = np.hypot(pixels[:, 0] / view.width - 0.5, pixels[:, 1] / view.height - 0.5)
    near = np.log2(np.maximum(per_metre, 1e-6))
    score = np.array([SIZES[k].rank for k in Kind])[kind] + weight + 0.12 * near - 0.4 * off
    score += np.where(old[index], 10.0, 0.0)
    return index[fits], score[fits], along[fits]


def _oblique(view: View) -> bool:
    return float(-view.ahead[2]) < DOWN


def upright_angle(angle: float) -> float:
    """The angle turned by 180 degrees if the text would stand on its head: -80 to 100 degrees, so that all names of
    steep streets read upwards."""
    return (angle + 80.0) % 180.0 - 80.0


@lru_cache(maxsize=4096)
def _width(text: str, size: float, style: TextStyle) -> float:
    return advance(text, size, style)


def _in_picture(anchor: tuple[float, float], view: View) -> bool:
    x, y = anchor
    return -0.2 * view.width < x < 1.2 * view.width and -0.2 * view.height < y < 1.2 * view.height


def _too_near(spot: _Spot, others: list[tuple[float, float]], distance: float) -> bool:
    """True if a street's or river's name stands so near already. Other things may share a text."""
    if spot.kind not in (Kind.STREET, Kind.WATER):
        return False
    return any(math.hypot(spot.anchor[0] - x, spot.anchor[1] - y) < distance for x, y in others)


def _boxes(label: Label, spot: _Spot, scale: float, gaps: float) -> list[Box]:
    """What a label covers, with so many times the gap: one box, several along a turned text; the leader counts too."""
    x, y = label.centre
    half_width, half_height = spot.width / 2.0 + gaps * GAP_X * scale, 0.62 * spot.size + gaps * GAP_Y * scale
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
