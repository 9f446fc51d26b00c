"""How one moves in a session: turning a model (orbit), walking or flying. Nothing of it is in the document.

Commands (`viewer.session.walk_commands`) choose the mode and the place; whoever has a clock calls `Walks.tick` while
`Walks.busy` or keys are held, and is told by ``wake`` when that begins. Without such a one all ways are cuts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast
from weakref import WeakKeyDictionary, ref

import numpy as np
from psygnal import Signal

from loaders.city import CityData
from viewer.analysis.collision import Body, CollisionWorld
from viewer.analysis.shown import shown_objects
from viewer.analysis.soup import Doors, Shapes
from viewer.document.document import ChangeSet
from viewer.document.state import Camera, LayerState, Vec3
from viewer.session import navigation, travel
from viewer.session.travel import FlightSearch, Glide, Search
from viewer.session.walking import (
    FLY_MS,
    LONGEST_STEP_S,
    PEOPLE,
    Comfort,
    Flyer,
    Stance,
    Walker,
    WalkInput,
    find_standing,
    open_view,
)

if TYPE_CHECKING:
    from viewer.session.session import Session

Mode = Literal["orbit", "walk", "fly"]
REACH_M = 150.0
"""How far from the point in view a street is looked for."""
CLEAR_M, CLEAR_REACH_M = 2.0, 25.0
"""Walking begins so far from walls, if such a place is near."""
BIRD_M, BIRD_PITCH_DEG, BIRD_FOV_DEG = 140.0, -38.0, 40.0
SEARCH_S = 0.012
"""Time of a tick that looking for a way takes."""
HEAD_ROOM = 0.12
NEAR_SHARE, WIDEST_M = 1.4 / 20_000.0, 0.45
"""The near plane lies at a 20,000th of what is seen farthest, or nearer; corners of the picture see nearer by 1.4.
Doors of 0.9 m are passed still."""
_SHOWN_BY = frozenset({"layers", "visibility", "cities"})


class Walks:
    """The mode of one session, who moves in it, and the ways that are under way.

    Signals: mode_changed(mode): "orbit", "walk" or "fly".

    Attributes: wake: called when there is something to `tick` for; None = nobody ticks.
    """

    mode_changed = Signal(str)

    def __init__(self, session: Session):
        self._of = ref(session)
        self.mode: Mode = "orbit"
        self.mover: Walker | Flyer | None = None
        self.wake: Callable[[], None] | None = None
        self._world: CollisionWorld | None = None
        self._kept: dict[str, tuple[CityData, tuple[object, ...], Shapes]] = {}
        self._preparing: Iterator[None] = iter(())
        self._glide: Glide | None = None
        self._elapsed = 0.0
        self._search: Search | FlightSearch | None = None
        self._free_keys = False
        self._left: tuple[Camera, Stance] | None = None
        self._own: Camera | None = None
        self._fly_ms = FLY_MS
        session.document.changed.connect(self._document_changed)
        session.camera_changed.connect(self._camera_changed)
        session.settings.changed.connect(self._setting_changed)

    @property
    def _session(self) -> Session:
        session = self._of()
        assert session is not None  # it holds what calls this
        return session

    # --- what holds ------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """True while something moves by itself."""
        return self.gliding or (self.mover is not None and not self.mover.at_rest)

    @property
    def gliding(self) -> bool:
        """True on the way to another view, or while the way is looked for."""
        return self._glide is not None or self._search is not None

    @property
    def world(self) -> CollisionWorld:
        """What the shown objects are to somebody among them; made anew after a change of what is shown."""
        if self._world is None:
            self._world = CollisionWorld([self._shapes(x) for x in self._solid_layers()])
            self._preparing = self._world.prepare()
        return self._world

    @property
    def body(self) -> Body:
        """Who walks, from the settings."""
        settings = self._session.settings
        body = PEOPLE[str(settings.get("walk_person"))]
        eye = max(settings.number("walk_eye_height"), 0.5) if settings.number("walk_eye_height") else body.eye
        fall = body.fall if settings.get("walk_edges") else math.inf
        height = max(eye + HEAD_ROOM, body.step + 0.4)
        return replace(body, eye=eye, height=height, fall=fall, radius=self._radius(body))

    def _radius(self, body: Body) -> float:
        """The body's radius, wider in very large cities: what is nearer than the picture's near plane is cut open."""
        box = self.world.box
        size = float(np.linalg.norm(box[3:] - box[:3])) if box is not None else 0.0
        return min(max(body.radius, NEAR_SHARE * size), WIDEST_M)

    @property
    def comfort(self) -> Comfort:
        """How movement is shown, from the settings."""
        settings = self._session.settings
        return Comfort(bool(settings.get("walk_instant")), bool(settings.get("walk_level")))

    @property
    def height_m(self) -> float | None:
        """Height of the eyes over what lies below them; None in orbit or over nothing."""
        if self.mover is None:
            return None
        x, y, z = self.mover.eye
        if isinstance(self.mover, Walker):
            return z - self.mover.stance.position[2]
        below = [float(v) for v in self.world.column(x, y).z if v < z]
        return z - below[-1] if below else None

    def _solid_layers(self) -> list[LayerState]:
        document = self._session.document
        return [x for x in document.state.layers if x.visible and x.id in document.cities]

    def _shapes(self, layer: LayerState) -> Shapes:
        city = self._session.document.cities[layer.id]
        doors = cast(Doors, self._session.settings.get("walk_doors"))
        key = (layer.lod, layer.hidden_types, layer.hidden_ids, layer.only_ids, layer.filter, doors)
        kept = self._kept.get(layer.id)
        if kept is None or kept[0] is not city or kept[1] != key:
            kept = self._kept[layer.id] = city, key, Shapes(city, shown_objects(city, layer), doors)
        return kept[2]

    # --- time --------------------------------------------------------------------------------------------------

    def tick(self, wish: WalkInput, seconds: float) -> None:
        """Let time pass: go on along a way, or move as wished."""
        if self.gliding and self._wants_to_stop(wish):
            self.halt()
        if self._search is not None:
            if self._search.advance(SEARCH_S):
                if isinstance(self._search, FlightSearch):
                    self._take_off(self._search)
                else:
                    self._depart(self._search)
        elif self._glide is not None:
            self._elapsed += min(max(seconds, 0.0), LONGEST_STEP_S)
            if self._elapsed >= self._glide.seconds:
                self._arrive()
            else:
                self._show(self._glide.camera(self._elapsed))
        elif self.mover is not None:
            next(self._preparing, None)
            self._show(self.mover.step(wish, seconds))

    def look(self, yaw_deg: float, pitch_deg: float) -> None:
        """Turn the look of whoever walks or flies at once."""
        self.halt()
        if self.mover is not None and not self.gliding:
            stance = self.mover.stance
            wish = WalkInput(yaw_deg=yaw_deg, pitch_deg=pitch_deg).checked()
            self.mover.turn_to(stance.yaw_deg + wish.yaw_deg, stance.pitch_deg + wish.pitch_deg)
            self._show(self.mover.camera())

    def shift(self, right: float, up: float) -> None:
        """Move sideways and up (a walker: forward) by metres, as two fingers do."""
        mover = self.mover
        if mover is None or self._glide is not None or not all(map(math.isfinite, (right, up))):
            return
        right, up = min(max(right, -5.0), 5.0), min(max(up, -5.0), 5.0)
        side, _, _ = navigation.basis(mover.stance.yaw_deg, 0.0)
        if isinstance(mover, Walker):
            mover.walk(float(side[0] * right - side[1] * up), float(side[1] * right + side[0] * up))
        else:
            mover.fly(side * right + np.array([0.0, 0.0, up]))
        self._show(mover.camera())

    def set_speed(self, speed_ms: float) -> None:
        """Speed of walking (kept as a setting) or of flying."""
        if self.mode == "fly":
            self._fly_ms = speed_ms
        else:
            self._session.settings.set("walk_speed", round(speed_ms, 2))
        if self.mover is not None:
            self.mover.speed_ms = speed_ms

    def refresh(self) -> None:
        """Take over body and comfort from the settings."""
        mover = self.mover
        if mover is None:
            return
        mover.comfort = self.comfort
        mover.turn_to(mover.stance.yaw_deg, mover.stance.pitch_deg)
        if isinstance(mover, Walker):
            mover.body = self.body
            mover.speed_ms = self._session.settings.number("walk_speed")
            self._stand_again(mover)
        if self._glide is None:
            self._show(mover.camera())

    # --- modes -------------------------------------------------------------------------------------------------

    def walk_from(self, point: Vec3, yaw_deg: float, *, street: bool = True, pitch_deg: float = 0.0) -> bool:
        """Begin to walk at the street nearest to a point; False if there is none near."""
        world, body = self.world, self.body
        feet = find_standing(world, point, body, reach=CLEAR_REACH_M if street else 0.0, street=street, clear=CLEAR_M)
        feet = feet or find_standing(world, point, body, reach=REACH_M, street=street)
        if feet is None:
            return False
        yaw_deg = open_view(world, (feet[0], feet[1], feet[2] + body.eye), yaw_deg)
        self._begin(self._walker(Stance(feet, yaw_deg, pitch_deg)), "walk")
        return True

    def fly_from(self, camera: Camera) -> bool:
        """Begin to fly where a camera is (above, where that is inside something); False outside the models."""
        yaw, pitch, _ = navigation.angles(camera)
        flyer = Flyer(self.world, Stance(camera.position, yaw), self.comfort, self._fly_ms)
        flyer.turn_to(yaw, pitch)
        if not flyer.settle():
            return False
        self._begin(flyer, "fly")
        return True

    def end(self, camera: Camera | None = None) -> None:
        """Back to turning the model, looking from ``camera`` (None = from here)."""
        self.mover = None
        self._set_mode("orbit")
        self._glide = self._search = None
        if camera is not None:
            self._travel(travel.between(self._session.camera, camera))

    def bird(self) -> Camera | None:
        """A view from above on the place where one is; None where there is none in the scene."""
        camera = self._session.camera
        place = self.mover.stance.position if self.mover is not None else camera.target
        if not self.world.within(place[0], place[1]):
            place = camera.position
        if not self.world.within(place[0], place[1]):
            return None
        yaw, _, _ = navigation.angles(camera)
        ground = self.world.top(place[0], place[1]) if self.mover is None else place[2]
        focus = place[0], place[1], ground if math.isfinite(ground) else self.world.base
        forward = navigation.basis(yaw, BIRD_PITCH_DEG)[2]
        distance = BIRD_M
        while True:
            x, y, z = (float(f - d * distance) for f, d in zip(focus, forward, strict=True))
            top = self.world.top(x, y) if self.world.within(x, y) else -math.inf
            if z > top + 10.0 or distance > 2000.0:
                return navigation.looking((x, y, z), yaw, BIRD_PITCH_DEG, distance, BIRD_FOV_DEG)
            distance *= 1.25

    def rise(self) -> bool:
        """Up to the bird's eye view over the same place; `descend` leads back to it. False if there is no place."""
        camera = self.bird()
        if camera is None:
            return False
        stance = self.mover.stance if isinstance(self.mover, Walker) else None
        self.end(camera)
        self._left = None if stance is None else (camera, stance)
        return True

    def descend(self) -> Stance | None:
        """Where one stood before `rise`, if the view has not been changed since."""
        if self._left is None or self._left[0] != self._session.camera:
            return None
        return self._left[1]

    def stand(self, stance: Stance) -> bool:
        """Walk on from an earlier stance; False if nobody can stand there any more."""
        walker = self._walker(replace(stance, velocity=(0.0, 0.0, 0.0), lift=0.0, lift_ms=0.0))
        if not walker.settle():
            return False
        self._begin(walker, "walk")
        return True

    def go_to(self, point: Vec3) -> bool:
        """Go to a place, on foot along a free way, else over the roofs; False if nobody can be there."""
        self.halt()
        mover = self.mover
        if self._glide is not None:
            self._arrive()
        if isinstance(mover, Flyer):
            return self._fly_to(mover, point)
        camera = self._session.camera
        if not isinstance(mover, Walker):
            return self.walk_from(point, navigation.angles(camera)[0], street=False)
        feet = find_standing(self.world, point, mover.body, reach=6.0, street=False)
        if feet is None:
            return False
        self._search, self._free_keys = Search(self.world, mover.body, mover.stance.position, feet), False
        if self.wake is None or self._session.settings.get("reduce_motion"):
            self._depart(self._search)  # it is a cut: no need to know the way
        else:
            self.wake()
        return True

    def _depart(self, search: Search) -> None:
        """Set out on the way that was found, or over the roofs where there is none."""
        self._search, mover, camera = None, self.mover, self._session.camera
        if not isinstance(mover, Walker) or search.world is not mover.world:
            return
        still = replace(mover.stance, velocity=(0.0, 0.0, 0.0), lift=0.0, lift_ms=0.0)
        mover.stance = replace(still, position=search.goal)
        mover.settle()
        if search.found is None:
            self._travel(travel.over(camera, mover.camera(), search.top))
            return
        glide = travel.along(search.found, mover.body.eye, camera)
        mover.turn_to(*navigation.angles(glide.at(1.0))[:2])
        self._travel(travel.ending(glide, mover.camera()))

    def halt(self) -> None:
        """Stay where one is on the way to a place; one who is over the roofs comes down at once."""
        self._search, mover, glide = None, self.mover, self._glide
        if glide is None or not glide.even:
            return
        feet = glide.standing(self._elapsed)
        if feet is None or not isinstance(mover, Walker):
            self._arrive()
            return
        self._glide, end = None, mover.stance
        mover.stance = replace(end, position=feet)
        if not mover.settle():
            mover.stance = end
        mover.turn_to(*navigation.angles(self._session.camera)[:2])
        self._show(mover.camera())
        self._session.views.settle()

    def _wants_to_stop(self, wish: WalkInput) -> bool:
        """True if a key is pressed that was not held when the way began."""
        pressed = any((wish.forward, wish.right, wish.up, wish.turn, wish.look))
        stops, self._free_keys = pressed and self._free_keys, self._free_keys or not pressed
        return stops

    def _fly_to(self, flyer: Flyer, point: Vec3) -> bool:
        """Fly to a little before a point, over what is in the way."""
        camera = self._session.camera
        forward = navigation.basis(*navigation.angles(camera)[:2])[2]
        x, y, z = (float(p - 6.0 * f) for p, f in zip(point, forward, strict=True))
        before = flyer.stance
        flyer.stance = replace(before, position=(x, y, z + 1.0), velocity=(0.0, 0.0, 0.0))
        if not flyer.settle():
            flyer.stance = before
            return False
        flyer.stance, landed = before, flyer.stance
        probe = Flyer(flyer.world, replace(before, velocity=(0.0, 0.0, 0.0)))
        self._search, self._free_keys = FlightSearch(probe, landed), False
        if self.wake is None or self._session.settings.get("reduce_motion"):
            self._take_off(self._search)  # it is a cut: no need to know the way
        else:
            self.wake()
        return True

    def _take_off(self, search: FlightSearch) -> None:
        """Fly the way that was found."""
        self._search, flyer, camera = None, self.mover, self._session.camera
        if not isinstance(flyer, Flyer) or search.world is not flyer.world:
            return
        flyer.stance = replace(search.landed, velocity=(0.0, 0.0, 0.0))
        end = flyer.camera()
        self._travel(travel.between(camera, end, 1.2) if search.free else travel.over(camera, end, search.top))

    # --- under way -----------------------------------------------------------------------------------------------

    def _walker(self, stance: Stance) -> Walker:
        walker = Walker(self.world, stance, self.body, self.comfort, self._session.settings.number("walk_speed"))
        walker.turn_to(stance.yaw_deg, stance.pitch_deg)
        return walker

    def _begin(self, mover: Walker | Flyer, mode: Mode) -> None:
        self.mover = mover
        self._set_mode(mode)
        self._travel(travel.between(self._session.camera, mover.camera()))

    def _set_mode(self, mode: Mode) -> None:
        if mode != self.mode:
            self.mode = mode
            self.mode_changed.emit(mode)

    def _travel(self, glide: Glide) -> None:
        """Go this way, or be at its end at once where nobody ticks or motion is to be avoided."""
        self._session.views.settle()
        self._glide, self._search, self._elapsed = glide, None, 0.0
        if self.wake is None or self._session.settings.get("reduce_motion"):
            self._arrive()
        else:
            self.wake()

    def _arrive(self) -> None:
        glide, self._glide = self._glide, None
        if glide is not None:
            self._show(glide.camera(glide.seconds))
            self._session.views.settle()  # the end is a view to come back to, what was passed is none

    def _show(self, camera: Camera) -> None:
        self._own = camera
        self._session.move_camera(camera)
        self._own = None

    # --- what others do -----------------------------------------------------------------------------------------

    def _camera_changed(self, camera: Camera) -> None:
        """Another command moved the camera: whoever walks or flies goes on there, if that is possible."""
        if self._own is not None:
            return
        self._glide = self._search = None
        if self.mover is not None and not self._adopt(self.mover, camera):
            self.end()

    def _adopt(self, mover: Walker | Flyer, camera: Camera) -> bool:
        x, y, z = camera.position
        yaw, pitch, _ = navigation.angles(camera)
        before = mover.stance
        if not self.world.within(x, y):
            return False
        if isinstance(mover, Walker):
            mover.stance = replace(before, position=(x, y, z - mover.body.eye), lift=0.0, velocity=(0.0, 0.0, 0.0))
            fits = mover.settle() and abs(mover.eye[2] - z) < 0.6
        else:
            fits = self.world.ball(x, y, z, 0.4) is None and self.world.outdoors(x, y, z)
            mover.stance = replace(before, position=(x, y, z), velocity=(0.0, 0.0, 0.0))
        if not fits:
            mover.stance = before
            return False
        mover.turn_to(yaw, pitch)
        return True

    def _setting_changed(self, name: str) -> None:
        if name == "walk_doors":
            self._world_changed()
        elif name.startswith("walk_"):
            self.refresh()

    def _document_changed(self, changes: ChangeSet) -> None:
        if changes.parts & _SHOWN_BY:
            self._world_changed()

    def _world_changed(self) -> None:
        """What is shown, or lets one pass, may be another world."""
        if self._world is None:
            return
        known = {layer.id for layer in self._session.document.state.layers}
        self._kept = {key: kept for key, kept in self._kept.items() if key in known}
        if self._world.shapes == tuple(self._shapes(x) for x in self._solid_layers()):
            return
        before, self._world, self._left, self._search = self._world, None, None, None
        if self.mover is None:
            return
        outdoors = before.outdoors(*self.mover.eye)
        self.mover.world = self.world
        if not self._solid_layers():
            self.end()
        elif isinstance(self.mover, Walker):
            self._stand_again(self.mover, outdoors)
        elif self.world.ball(*self.mover.stance.position, 0.4) is not None and not self.mover.settle():
            self.end()
        if self.mover is not None and self._glide is None:
            self._show(self.mover.camera())

    def _stand_again(self, walker: Walker, outdoors: bool = False) -> None:
        """Stand where one stands, or near it where that has become impossible (or indoors, for one who was not); else
        go up."""
        if walker.settle() and (not outdoors or self.world.outdoors(*walker.eye)):
            return
        feet = find_standing(self.world, walker.stance.position, walker.body, reach=REACH_M)
        if feet is None:
            self.end(self.bird())
        else:
            walker.stance = replace(walker.stance, position=feet, lift=0.0, velocity=(0.0, 0.0, 0.0))


_OF_SESSIONS: WeakKeyDictionary[Session, Walks] = WeakKeyDictionary()


def walks(session: Session) -> Walks:
    """The movement of a session, made at the first call."""
    found = _OF_SESSIONS.get(session)
    if found is None:
        found = _OF_SESSIONS[session] = Walks(session)
    return found
