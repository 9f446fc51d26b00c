"""Gamepads and SpaceMice as intent: what a device says becomes what a walker, a flyer or a turned model does.

Pure and without devices: `viewer.ui.pads` reads those. Sticks have a round dead zone and a response curve; buttons act
when they go down. The names of the buttons are those of an Xbox pad, by their place for all others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from viewer.session.walking import FASTEST, SLOWEST, SNAP_DEG, WalkInput
from viewer.session.walks import walks

if TYPE_CHECKING:
    from viewer.session.session import Session

BUTTONS = (
    *("a", "b", "x", "y", "back", "guide", "start", "left_stick", "right_stick", "left_shoulder", "right_shoulder"),
    *("up", "down", "left", "right"),
)
"""Buttons of a gamepad; the last four are the directional pad."""
TRIGGER_DEAD = 0.06
SPACE_DEAD, SPACE_CURVE = 0.05, 1.5
"""A SpaceMouse's cap has springs: little is needed in the middle."""
LOOK_DEG_S = 110.0
"""Turn of the look at full deflection, degrees per second."""
ORBIT_DEG_S, PAN_HEIGHTS_S, ZOOM_STEPS_S = 90.0, 0.8, 6.0
"""Turn, way in heights of the view and wheel steps of a turned model at full deflection, each a second."""
SLOW_SHARE = 0.25
"""Speed left with the left trigger pressed."""
BRISK_AT = 0.5
SNAP_AT, SNAP_AGAIN = 0.7, 0.4
"""Deflection that turns by a step, and below which the next step may come."""
SPEED_FACTOR = 1.3
"""Change of speed for one press of the directional pad."""
EYES = ("adult", "child", "wheelchair")
_ORBIT_DEG_PER_HEIGHT = 180.0


@dataclass(frozen=True, slots=True)
class PadState:
    """A gamepad now: sticks -1..1 (right and up are positive), triggers 0..1, the `BUTTONS` that are down."""

    left_x: float = 0.0
    left_y: float = 0.0
    right_x: float = 0.0
    right_y: float = 0.0
    left_trigger: float = 0.0
    right_trigger: float = 0.0
    buttons: frozenset[str] = frozenset()

    def with_(self, other: PadState) -> PadState:
        """Two pads as one: the stronger deflection of each axis, all buttons."""
        a, b, c, d, e, f = (max(pair, key=abs) for pair in zip(self.axes, other.axes, strict=True))
        return PadState(a, b, c, d, e, f, self.buttons | other.buttons)

    @property
    def axes(self) -> tuple[float, float, float, float, float, float]:
        """Sticks and triggers, each finite and within -1..1."""
        values = (self.left_x, self.left_y, self.right_x, self.right_y, self.left_trigger, self.right_trigger)
        a, b, c, d, e, f = (_unit(v) for v in values)
        return a, b, c, d, e, f


@dataclass(frozen=True, slots=True)
class SpaceState:
    """A SpaceMouse now, each of six ways -1..1: the cap pushed right, forward (away), up; tilted back (pitch), to the
    right (roll), twisted to the left (yaw); numbers of the buttons that are down, from 0."""

    right: float = 0.0
    forward: float = 0.0
    up: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    yaw: float = 0.0
    buttons: frozenset[int] = frozenset()

    @property
    def axes(self) -> tuple[float, ...]:
        """The six ways, each finite and within -1..1."""
        return tuple(_unit(v) for v in (self.right, self.forward, self.up, self.pitch, self.roll, self.yaw))


@dataclass(frozen=True, slots=True)
class Feel:
    """How devices answer. dead_zone: share of a stick's way that does nothing; curve: exponent of the response;
    look, space: factors of speed; dominant: only the strongest of a SpaceMouse's six ways counts."""

    dead_zone: float = 0.15
    curve: float = 1.8
    look: float = 1.0
    invert_y: bool = False
    space: float = 1.0
    dominant: bool = False

    @staticmethod
    def of(session: Session) -> Feel:
        """As the user's settings say."""
        settings = session.settings
        return Feel(
            settings.number("pad_dead_zone") / 100.0,
            settings.number("pad_curve"),
            settings.number("pad_sensitivity"),
            bool(settings.get("pad_invert_y")),
            settings.number("space_sensitivity"),
            bool(settings.get("space_dominant")),
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """What a device asks for: forward, right, up of the view's own place and zoom towards the middle (-1..1), turn to
    the left and look up (-1..1, times a factor of speed)."""

    forward: float = 0.0
    right: float = 0.0
    up: float = 0.0
    turn: float = 0.0
    look: float = 0.0
    zoom: float = 0.0
    brisk: bool = False

    @property
    def moving(self) -> bool:
        """True if anything but speed is asked for."""
        return any((self.forward, self.right, self.up, self.turn, self.look, self.zoom))

    def with_(self, other: Intent) -> Intent:
        """Both together."""
        numbers = {f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Intent) if f.name != "brisk"}
        return Intent(**numbers, brisk=self.brisk or other.brisk)


def stick(x: float, y: float, feel: Feel) -> tuple[float, float]:
    """A stick's deflection after its round dead zone and response curve; directions stay what they are."""
    size = math.hypot(x, y)
    if size <= feel.dead_zone:
        return 0.0, 0.0
    strength = min((size - feel.dead_zone) / max(1.0 - feel.dead_zone, 1e-6), 1.0) ** feel.curve
    return x / size * strength, y / size * strength


def of_pad(state: PadState, feel: Feel, mode: str) -> Intent:
    """What a gamepad asks for in a mode ("walk", "fly" or "orbit").

    Left stick: go, or move the view. Right stick: look, or turn the model. Triggers: right faster and left slower, or
    nearer and farther. Up and down of the directional pad: up and down in flight.
    """
    lx, ly, rx, ry, slow, fast = state.axes
    right, forward = stick(lx, ly, feel)
    turn, look = stick(rx, ry, feel)
    turn, look = -turn * feel.look, look * feel.look * (-1.0 if feel.invert_y else 1.0)
    slow, fast = (max(t - TRIGGER_DEAD, 0.0) / (1.0 - TRIGGER_DEAD) for t in (slow, fast))
    if mode == "orbit":
        return Intent(forward, right, 0.0, turn, look, fast - slow)
    share = 1.0 - (1.0 - SLOW_SHARE) * slow
    up = float("up" in state.buttons) - float("down" in state.buttons) if mode == "fly" else 0.0
    return Intent(forward * share, right * share, up * share, turn, look, brisk=fast > BRISK_AT)


def of_space(state: SpaceState, feel: Feel, mode: str) -> Intent:
    """What a SpaceMouse asks for: the view goes with the cap on foot and in flight, a turned model does in orbit.

    The horizon stays level, so roll has no meaning.
    """
    axes = [_sprung(v) for v in state.axes]
    if feel.dominant:
        strongest = max(range(6), key=lambda k: abs(axes[k]))
        axes = [v if k == strongest else 0.0 for k, v in enumerate(axes)]
    right, forward, up, pitch, _, yaw = (v * feel.space for v in axes)
    if mode == "orbit":
        return Intent(0.0, -right, -up, yaw, pitch, -forward)
    return Intent(_unit(forward), _unit(right), _unit(up) if mode == "fly" else 0.0, yaw, pitch)


class PadPilot:
    """Moves whoever walks or flies in a session, or the model, by what devices say.

    Attributes: meanings: acts that a button has here instead of its own; used: the device used last, "pad", "space"
    or "" (whoever looks at it empties it).
    """

    def __init__(self, session: Session):
        self._session, self._walks = session, walks(session)
        self.meanings: dict[str, Callable[[], object]] = {}
        self.used = ""
        self._pad, self._space = PadState(), SpaceState()
        self._blocked = False
        self._snap_ready = True
        self._viewpoint = -1

    @property
    def moving(self) -> bool:
        """True while a device asks for movement."""
        return self.intent().moving

    def feed(self, pad: PadState, space: SpaceState) -> bool:
        """Take what the devices say now; buttons that went down act. True if there is something to do for a clock."""
        pressed, clicked = pad.buttons - self._pad.buttons, space.buttons - self._space.buttons
        self._pad, self._space = pad, space
        if self._blocked:
            # what was pushed when the window came back has to be let go first
            self._blocked = self._asked().moving or bool(pad.buttons or space.buttons)
            return False
        feel, mode = Feel.of(self._session), self._walks.mode
        if clicked or of_space(space, feel, mode).moving:
            self.used = "space"
        if pressed or of_pad(pad, feel, mode).moving:
            self.used = "pad"
        for name in BUTTONS:
            if name in pressed:
                self.press(name)
        for number in sorted(clicked):
            self._click(number)
        return self.moving

    def rest(self, *, block: bool = False) -> None:
        """Everything is let go: a device went, or the window lost the focus (``block``: and what is still pushed when
        it comes back counts for nothing until it has been let go)."""
        self._pad, self._space, self._snap_ready = PadState(), SpaceState(), True
        self._blocked = block

    def intent(self) -> Intent:
        """What is asked for now."""
        return Intent() if self._blocked else self._asked()

    def _asked(self) -> Intent:
        feel, mode = Feel.of(self._session), self._walks.mode
        return of_pad(self._pad, feel, mode).with_(of_space(self._space, feel, mode))

    # --- moving ------------------------------------------------------------------------------------------------

    def wish(self, base: WalkInput, seconds: float) -> WalkInput:
        """What keys ask for (``base``) and what devices ask for, for a step of so many seconds."""
        intent = self.intent()
        turn = intent.turn
        if self._session.settings.get("walk_snap"):
            turn = 0.0
            self._snap(intent.turn)
        return replace(
            base,
            forward=base.forward + intent.forward,
            right=base.right + intent.right,
            up=base.up + intent.up,
            yaw_deg=base.yaw_deg + turn * LOOK_DEG_S * seconds,
            pitch_deg=base.pitch_deg + intent.look * LOOK_DEG_S * seconds,
            brisk=base.brisk or intent.brisk,
        )

    def _snap(self, turn: float) -> None:
        if abs(turn) >= SNAP_AT and self._snap_ready:
            self._snap_ready = False
            self._session.act("walk.turn", yaw=math.copysign(SNAP_DEG, turn))
        elif abs(turn) < SNAP_AGAIN:
            self._snap_ready = True

    def turn_model(self, seconds: float) -> None:
        """Turn, move and zoom the model for so many seconds."""
        intent, session = self.intent(), self._session
        height = session.size_px[1]
        if intent.turn or intent.look:
            pixels = ORBIT_DEG_S * seconds * height / _ORBIT_DEG_PER_HEIGHT
            session.act("view.orbit", dx=intent.turn * pixels, dy=intent.look * pixels)
        if intent.right or intent.forward or intent.up:
            pixels = PAN_HEIGHTS_S * seconds * height
            session.act("view.pan", dx=-intent.right * pixels, dy=(intent.forward + intent.up) * pixels)
        if intent.zoom:
            session.act("view.zoom", steps=intent.zoom * ZOOM_STEPS_S * seconds)

    # --- buttons -----------------------------------------------------------------------------------------------

    def press(self, button: str) -> None:
        """A button of a gamepad went down."""
        act = self.meanings.get(button)
        if act is None:
            self.press_own(button)
        else:
            act()

    def press_own(self, button: str) -> None:
        """Do what a button does where nothing else is agreed."""
        own: dict[str, Callable[[], object]] = {
            "a": self._activate, "b": self._up, "x": self._next_eyes, "y": lambda: self._try("view.street_bird"),
            "start": lambda: self._try("view.home"), "back": self._end,
            "left_shoulder": lambda: self._go_viewpoint(-1), "right_shoulder": lambda: self._go_viewpoint(1),
            "left": lambda: self._try("tour.previous"), "right": self._next_step,
            "up": lambda: self._faster(SPEED_FACTOR), "down": lambda: self._faster(1.0 / SPEED_FACTOR),
        }  # fmt: skip
        if button in own:
            own[button]()

    def _click(self, number: int) -> None:
        """A button of a SpaceMouse went down: the first goes home, the second shows what is selected, or all."""
        if number == 0:
            self._try("view.home")
        elif number == 1 and not self._try("selection.zoom_to"):
            self._try("view.zoom_to_all")

    def _try(self, name: str) -> bool:
        """Run a command if it makes sense now."""
        enabled = self._session.enabled(name)
        if enabled:
            self._session.act(name)
        return enabled

    def _activate(self) -> None:
        """Pause or go on; go to what is in the middle of the view; or select it."""
        session = self._session
        if self._try("tour.pause"):
            return
        x, y = (side // 2 for side in session.size_px)
        if self._walks.mode == "orbit":
            if session.viewport is not None:
                session.act("selection.pick", x=x, y=y, toggle=False)
            return
        at = session.viewport.world_at(x, y) if session.viewport is not None else None
        if at is not None:
            session.act("walk.go_to", position=at)

    def _up(self) -> None:
        if not self._try("tour.stop"):
            self._try("walk.rescue")

    def _end(self) -> None:
        self._try("view.back" if self._walks.mode == "orbit" else "view.orbit_mode")

    def _next_eyes(self) -> None:
        if self._walks.mode == "walk":
            now = str(self._session.settings.get("walk_person"))
            self._session.act("walk.set_person", person=EYES[(EYES.index(now) + 1) % len(EYES)])

    def _next_step(self) -> None:
        if not self._try("tour.next"):
            self._try("tour.play")

    def _faster(self, factor: float) -> None:
        """On foot the directional pad changes the speed; in flight it leads up and down."""
        mover = self._walks.mover
        if self._walks.mode == "walk" and mover is not None:
            self._session.act("walk.set_speed", speed=min(max(mover.speed_ms * factor, SLOWEST), FASTEST))

    def _go_viewpoint(self, way: int) -> None:
        """The viewpoint after (before) the one that is shown or was gone to last."""
        session = self._session
        viewpoints = session.document.state.viewpoints
        if not viewpoints:
            return
        here = next((n for n, view in enumerate(viewpoints) if view.camera == session.camera), self._viewpoint)
        start = here if here >= 0 else (-1 if way > 0 else 0)
        self._viewpoint = (start + way) % len(viewpoints)
        session.act("viewpoint.go_number", number=self._viewpoint + 1)


def _sprung(value: float) -> float:
    size = max(abs(value) - SPACE_DEAD, 0.0) / (1.0 - SPACE_DEAD)
    return math.copysign(size**SPACE_CURVE, value)


def _unit(value: float) -> float:
    return min(max(float(value), -1.0), 1.0) if math.isfinite(value) else 0.0
