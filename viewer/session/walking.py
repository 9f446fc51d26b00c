"""Somebody in the city: `Walker` on the ground and `Flyer` in the air, moved in steps. Deterministic; no clock, no Qt.

A walker's feet always stand on ground; steps are cut into pieces shorter than half the body's radius, and a piece is
made only if the body fits where it leads, so that no speed and no frame rate gets through a wall. Eyes follow steps up
and down smoothly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from loaders.city import Bool, Float64
from viewer.analysis.collision import Body, CollisionWorld, Column, Ground
from viewer.analysis.soup import BUILT, GREEN, SOLID, WATER
from viewer.document.state import Camera, Vec3
from viewer.session import navigation

PITCH_LIMIT_DEG = 85.0
LONGEST_STEP_S = 0.25
"""Time that passes in one step at most: after a hitch one goes on from where one was."""
STROLL_MS, BRISK_MS = 1.4, 3.0
"""Walking speeds, metres per second."""
FLY_MS = 12.0
SLOWEST, FASTEST, FASTEST_FLIGHT = 0.5, 6.0, 120.0
TURN_DEG_S, SNAP_DEG = 75.0, 30.0
REACH_SPEED_S = 0.12
"""Time constant with which a wanted speed is reached."""
GRAVITY = 9.81
RISE_S = 0.12
"""Time constant with which the eyes follow a step up."""
FOV_DEG = 60.0
LOOK_AHEAD_M = 10.0
"""Distance of the camera's target."""
FLY_RADIUS = 0.5
PLANTS_M = 2.0
"""Plant cover nearer than that to the ground is ground itself; what is higher is a wood."""
ENOUGH_VIEW_M = 30.0
"""Nobody begins to walk looking at a wall, if such a way is free in another direction."""

PEOPLE: dict[str, Body] = {
    "adult": Body(),
    "child": Body(eye=1.2, height=1.3, radius=0.25, step=0.4),
    "wheelchair": Body(eye=1.2, height=1.35, radius=0.38, step=0.03, slope=12.0, fall=0.1),
}
"""Who walks: heights of eyes and bodies in metres; a wheelchair climbs no kerb and no slope above 12 degrees."""


@dataclass(frozen=True, slots=True)
class Comfort:
    """How movement is shown. instant_speed: without speeding up and slowing down; fixed_horizon: always level."""

    instant_speed: bool = False
    fixed_horizon: bool = False


@dataclass(frozen=True, slots=True)
class WalkInput:
    """What is asked for in one step. forward, right, up, turn and look lie in -1..1 (turn: left, look: up);
    yaw_deg and pitch_deg turn at once; ``brisk`` goes faster."""

    forward: float = 0.0
    right: float = 0.0
    up: float = 0.0
    turn: float = 0.0
    look: float = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    brisk: bool = False

    def checked(self) -> WalkInput:
        """The same with every number finite and in range."""
        values = [_within(v, 1.0) for v in (self.forward, self.right, self.up, self.turn, self.look)]
        forward, right, up, turn, look = values
        yaw, pitch = _within(self.yaw_deg, 360.0), _within(self.pitch_deg, 180.0)
        return WalkInput(forward, right, up, turn, look, yaw, pitch, bool(self.brisk))


@dataclass(frozen=True, slots=True)
class Stance:
    """Where somebody stands and looks. position: feet of a walker, eye of a flyer, world metres; yaw_deg: 0 = east,
    90 = north; lift, lift_ms: how far the eyes are over (under) their height, and how fast they sink; velocity: metres
    per second."""

    position: Vec3
    yaw_deg: float = 90.0
    pitch_deg: float = 0.0
    lift: float = 0.0
    lift_ms: float = 0.0
    velocity: Vec3 = (0.0, 0.0, 0.0)
    wet: bool = False
    steep: bool = False


class Mover:
    """What walkers and flyers share: looking round, and speed.

    Attributes: stance; speed_ms: of an ordinary step; comfort.
    """

    def __init__(self, world: CollisionWorld, stance: Stance, speed_ms: float, comfort: Comfort):
        self.world, self.stance, self.speed_ms, self.comfort = world, stance, speed_ms, comfort

    @property
    def heading_deg(self) -> float:
        """Compass direction of the look, clockwise from north, 0..360."""
        return (90.0 - self.stance.yaw_deg) % 360.0

    @property
    def eye(self) -> Vec3:
        """Position of the eyes, world."""
        return self.stance.position

    def camera(self) -> Camera:
        """What the eyes see."""
        return navigation.looking(self.eye, self.stance.yaw_deg, self.stance.pitch_deg, LOOK_AHEAD_M, FOV_DEG)

    def step(self, wish: WalkInput, seconds: float) -> Camera:
        """Let time pass; returns the camera afterwards."""
        seconds = min(_within(seconds, LONGEST_STEP_S), LONGEST_STEP_S)
        if seconds <= 0.0:
            return self.camera()
        wish = wish.checked()
        self._look(wish, seconds)
        self._move(wish, seconds)
        return self.camera()

    def turn_to(self, yaw_deg: float, pitch_deg: float) -> None:
        """Look into a direction."""
        limit = 0.0 if self.comfort.fixed_horizon else PITCH_LIMIT_DEG
        yaw = (yaw_deg + 180.0) % 360.0 - 180.0
        self.stance = replace(self.stance, yaw_deg=yaw, pitch_deg=min(max(pitch_deg, -limit), limit))

    @property
    def at_rest(self) -> bool:
        """True if nothing moves any more."""
        stance = self.stance
        return math.hypot(*stance.velocity) < 1e-3 and abs(stance.lift) < 1e-3

    def _look(self, wish: WalkInput, seconds: float) -> None:
        rate = TURN_DEG_S * seconds
        yaw = self.stance.yaw_deg + wish.yaw_deg + wish.turn * rate
        self.turn_to(yaw, self.stance.pitch_deg + wish.pitch_deg + wish.look * rate)

    def _move(self, wish: WalkInput, seconds: float) -> None:
        raise NotImplementedError

    def _velocity(self, wanted: Float64, seconds: float) -> Float64:
        """The speed after some time in which ``wanted`` was asked for, metres per second."""
        if self.comfort.instant_speed:
            return wanted
        share = 1.0 - math.exp(-seconds / REACH_SPEED_S)
        now = np.array(self.stance.velocity)
        reached = now + share * (wanted - now)
        return np.where(np.abs(reached) < 1e-3, 0.0, reached) if not wanted.any() else reached


class Walker(Mover):
    """Somebody on foot. ``stance.position`` are the feet, which stand on ground that `settle` found."""

    def __init__(
        self,
        world: CollisionWorld,
        stance: Stance,
        body: Body = PEOPLE["adult"],
        comfort: Comfort = Comfort(),
        speed_ms: float = STROLL_MS,
    ):
        super().__init__(world, stance, speed_ms, comfort)
        self.body = body

    @property
    def eye(self) -> Vec3:
        """Position of the eyes, world."""
        x, y, z = self.stance.position
        return x, y, z + self.body.eye + self.stance.lift

    def settle(self) -> bool:
        """Let the feet come to the ground; False if nobody can stand here."""
        x, y, z = self.stance.position
        ground = self.world.floor(x, y, z, self.body)
        if ground is None or self._obstacle(x, y, ground.z) is not None:
            return False
        self.stance = replace(self.stance, position=(x, y, ground.z), lift=0.0, wet=ground.wet, steep=ground.steep)
        return True

    def walk(self, dx: float, dy: float) -> float:
        """Go so many metres east and north, sliding along what is in the way; returns the metres really gone."""
        way = math.hypot(dx, dy)
        if way < 1e-9:
            return 0.0
        pieces = max(1, math.ceil(way / (0.45 * self.body.radius)))
        gone = 0.0
        for _ in range(pieces):
            before = self.stance.position
            if not self._piece(dx / pieces, dy / pieces):
                break
            gone += math.dist(before[:2], self.stance.position[:2])
        return gone

    def _move(self, wish: WalkInput, seconds: float) -> None:
        x, y, _ = self.stance.position
        right, _, _ = navigation.basis(self.stance.yaw_deg, 0.0)
        ahead = np.array([-right[1], right[0], 0.0])
        wanted = ahead * wish.forward + right * wish.right
        size = float(np.linalg.norm(wanted))
        speed = max(self.speed_ms, BRISK_MS) if wish.brisk else self.speed_ms
        wanted = wanted * (min(speed, FASTEST) / max(size, 1.0))
        velocity = self._velocity(wanted, seconds)
        self.walk(float(velocity[0]) * seconds, float(velocity[1]) * seconds)
        nx, ny, _ = self.stance.position
        real = (nx - x) / seconds, (ny - y) / seconds
        kept = (0.0, 0.0, 0.0) if math.hypot(*real) < 1e-3 else (real[0], real[1], 0.0)
        self.stance = replace(self.stance, velocity=kept)
        self._sink(seconds)

    def _piece(self, dx: float, dy: float) -> bool:
        """One short piece of way, or one along the edge or the water that stops it; False if none is possible."""
        for degrees in (0.0, 40.0, -40.0, 75.0, -75.0):
            turn = math.radians(degrees)
            share = math.cos(turn)
            c, s = share * math.cos(turn), share * math.sin(turn)
            possible = self._try(dx * c - dy * s, dx * s + dy * c)
            if possible is not None:
                return possible
        return False

    def _try(self, dx: float, dy: float) -> bool | None:
        """Go there if the body fits, pushed out of walls. False: a wall stops it; None: no ground does."""
        old, body = self.stance.position, self.body
        x, y = old[0] + dx, old[1] + dy
        for _ in range(6):
            ground = self._ground(x, y)
            if ground is None:
                return None
            obstacle = self._obstacle(x, y, ground.z)
            moved = math.hypot(x - old[0] - dx, y - old[1] - dy)
            reach = math.hypot(dx, dy) + 0.05
            if obstacle is None:
                # from a ledge the body is pushed farther off than it went: only if nothing is in between
                way = old[:2], (x, y)
                if moved > reach and self.world.crosses(*way, old[2] + body.shin, old[2] + body.height):
                    return False
                return self._arrive(x, y, ground)
            distance, ax, ay = obstacle
            off_ledge = ground.z < old[2] - 0.3
            if ax == ay == 0.0 or moved > reach + (body.radius if off_ledge else 0.0):
                return False
            push = body.radius - distance + 1e-4
            x, y = x + ax * push, y + ay * push
        return False

    def _ground(self, x: float, y: float) -> Ground | None:
        """The ground over a point, if one may go there from here."""
        old = self.stance
        ground = self.world.floor(x, y, old.position[2], self.body)
        if ground is None or ground.z < old.position[2] - self.body.fall:
            return None
        if (ground.wet and not old.wet) or (ground.steep and not (old.steep and ground.z <= old.position[2])):
            return None
        return ground

    def _obstacle(self, x: float, y: float, z: float) -> tuple[float, float, float] | None:
        body = self.body
        return self.world.wall(x, y, z + body.shin, z + body.height, body.radius)

    def _arrive(self, x: float, y: float, ground: Ground) -> bool:
        old = self.stance
        gone = math.hypot(x - old.position[0], y - old.position[1])
        if gone < 1e-6:
            return False
        lift = old.lift + old.position[2] - ground.z
        if ground.z < old.position[2] and old.position[2] - ground.z <= gone and lift > 0.0:
            lift = min(old.lift, 0.0)  # downhill the feet keep to the ground
        self.stance = replace(
            old,
            position=(x, y, ground.z),
            lift=max(lift, -self.body.step),
            wet=ground.wet,
            steep=ground.steep,
        )
        return True

    def _sink(self, seconds: float) -> None:
        """Bring the eyes to their height: down by gravity, up with a short delay, never into what is above."""
        lift, speed = self.stance.lift, self.stance.lift_ms
        if lift > 0.0:
            speed += GRAVITY * seconds
            lift = max(0.0, lift - speed * seconds)
            lift = 0.0 if lift > 0.0 and not self._free_at(lift) else lift
        else:
            lift *= math.exp(-seconds / RISE_S)
        done = abs(lift) < 1e-3
        self.stance = replace(self.stance, lift=0.0 if done else lift, lift_ms=0.0 if lift <= 0.0 or done else speed)

    def _free_at(self, lift: float) -> bool:
        x, y, z = self.stance.position
        top = z + self.body.height
        if self.world.ceiling(x, y, top - 0.05) < top + lift:
            return False
        return self.world.wall(x, y, top, top + lift, self.body.radius) is None


class Flyer(Mover):
    """Somebody in the air: a ball that keeps out of everything solid. ``stance.position`` is the eye."""

    def __init__(self, world: CollisionWorld, stance: Stance, comfort: Comfort = Comfort(), speed_ms: float = FLY_MS):
        super().__init__(world, stance, speed_ms, comfort)

    def settle(self) -> bool:
        """Rise over whatever lies above, so that the flight begins under the open sky; False outside the world."""
        x, y, z = self.stance.position
        if not self.world.within(x, y):
            return False
        z = max(z, self._least(x, y))
        if not self.world.outdoors(x, y, z):
            z = self.world.top(x, y) + 4 * FLY_RADIUS
        for _ in range(200):
            met = self.world.ball(x, y, z, FLY_RADIUS)
            if met is None:
                self.stance = replace(self.stance, position=(x, y, z), lift=0.0, velocity=(0.0, 0.0, 0.0))
                return True
            z += FLY_RADIUS
        return False

    def _least(self, x: float, y: float) -> float:
        """The lowest height over a point: over the lowest face, or the plane."""
        z = self.world.column(x, y).z
        return (float(z[0]) if len(z) else self.world.base) + 2 * FLY_RADIUS

    def _move(self, wish: WalkInput, seconds: float) -> None:
        right, _, ahead = navigation.basis(self.stance.yaw_deg, self.stance.pitch_deg)
        wanted = ahead * wish.forward + right * wish.right + np.array([0.0, 0.0, wish.up])
        size = float(np.linalg.norm(wanted))
        speed = min(self.speed_ms * (3.0 if wish.brisk else 1.0), FASTEST_FLIGHT)
        wanted = wanted * (speed / max(size, 1.0))
        velocity = self._velocity(wanted, seconds)
        before = np.array(self.stance.position)
        self.fly(velocity * seconds)
        real = (np.array(self.stance.position) - before) / seconds
        x, y, z = (0.0 if abs(v) < 1e-3 else float(v) for v in real)
        self.stance = replace(self.stance, velocity=(x, y, z))

    def fly(self, way: Float64) -> None:
        """Go by a vector (3,), metres, sliding along what is in the way."""
        pieces = max(1, math.ceil(float(np.linalg.norm(way)) / (0.45 * FLY_RADIUS)))
        for _ in range(pieces):
            if not self._piece(way / pieces):
                break

    def _piece(self, way: Float64) -> bool:
        old = np.array(self.stance.position)
        at = old + way
        reach = float(np.linalg.norm(way))
        for _ in range(6):
            x, y, z = (float(v) for v in at)
            if not self.world.within(x, y) or not self._height_allowed(z):
                return False
            met = self.world.ball(x, y, z, FLY_RADIUS)
            if met is None:
                if not self.world.over_ground(x, y, z):
                    return False
                self.stance = replace(self.stance, position=(x, y, z))
                return True
            at = at + met[1] * (FLY_RADIUS - met[0] + 1e-4)
            if float(np.linalg.norm(at - old - way)) > reach + 0.05:
                return False
        return False

    def _height_allowed(self, z: float) -> bool:
        box = self.world.box
        assert box is not None
        return bool(box[2] - 1.0 <= z <= box[5] + 2.0 * float(np.linalg.norm(box[3:] - box[:3])) + 500.0)


def find_standing(
    world: CollisionWorld, at: Vec3, body: Body, *, reach: float, street: bool = True, clear: float = 0.0
) -> Vec3 | None:
    """The nearest place round a point where somebody can stand: feet, world metres; None within ``reach`` metres.

    ``street``: on the ground under the open sky, not on or in a building. Of several levels (a bridge) the one that is
    nearest under the point is taken, else the nearest above it. ``clear``: metres round it without a wall, at most 2.5.
    """
    for radius in _rings(reach):
        many = 1 if radius == 0.0 else min(8 + int(radius), 24)
        for k in range(many):
            angle = 2.0 * math.pi * k / many
            x, y = at[0] + radius * math.cos(angle), at[1] + radius * math.sin(angle)
            found = _standing(world, x, y, at[2], body, street, clear)
            if found is not None:
                return found
    return None


def _rings(reach: float) -> list[float]:
    rings, radius = [0.0], 0.3
    while radius <= reach:
        rings.append(radius)
        radius += max(0.3, 0.12 * radius)
    return rings


def _standing(
    world: CollisionWorld, x: float, y: float, z: float, body: Body, street: bool, clear: float
) -> Vec3 | None:
    if not world.within(x, y):
        return None
    column = world.column(x, y)
    solid = column.z[_footing(column)]
    order = np.argsort(np.where(solid <= z + 0.5, z - solid, 1e6 + solid - z), kind="stable")
    for height in solid[order].tolist():
        ground = world.floor(x, y, height + 1e-3 - body.step, body)
        if ground is None or abs(ground.z - height) > 0.01 or ground.wet or ground.steep:
            continue
        if street and (ground.kind & BUILT or not world.outdoors(x, y, height + body.step)):
            continue
        if world.wall(x, y, ground.z + body.shin, ground.z + body.height, max(body.radius, clear)) is None:
            return x, y, ground.z
    return None


def _footing(column: Column) -> Bool:
    """bool (H,): faces that somebody may be put on: solid ones, and plants that lie on such, not high above."""
    solid = (column.kind & (WATER | SOLID)) == SOLID
    below = np.maximum.accumulate(np.where(solid, column.z, -np.inf))
    return np.asarray(solid | (((column.kind & GREEN) > 0) & (column.z - below < PLANTS_M)), np.bool_)


def open_view(world: CollisionWorld, eye: Vec3, yaw_deg: float) -> float:
    """The direction to look into from a place: as given, or, where a wall is near there, the nearest open one."""
    turns = np.array([0.0, *(side * step for step in range(15, 181, 15) for side in (1, -1))])
    free = world.free_ways(*eye, yaw_deg + turns, ENOUGH_VIEW_M)
    good = np.flatnonzero(free >= min(ENOUGH_VIEW_M, 0.8 * float(free.max())))
    return float(yaw_deg + turns[0 if free[0] >= ENOUGH_VIEW_M / 2 else good[0]])


def _within(value: float, limit: float) -> float:
    return min(max(float(value), -limit), limit) if math.isfinite(value) else 0.0
