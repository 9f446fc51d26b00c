"""Gamepads by SDL 2, whose library comes with the packages PySDL2 and pysdl2-dll. Nothing of it is imported before a
device may be there. No Qt.

SDL knows the layout of some thousand devices; what it does not know as a gamepad is left alone.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from viewer.session.pads import PadState

HINTS = (
    # the window is Qt's, so that SDL never has the focus; whether it counts is decided where the states arrive
    (b"SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", b"1"),
    (b"SDL_NO_SIGNAL_HANDLERS", b"1"),
    (b"SDL_JOYSTICK_THREAD", b"1"),  # Windows: there is no window of SDL's to hear of new devices
    (b"SDL_GAMECONTROLLER_USE_BUTTON_LABELS", b"0"),
)
MOST = 4
"""Gamepads that are read at once."""
_AXES = ("LEFTX", "LEFTY", "RIGHTX", "RIGHTY", "TRIGGERLEFT", "TRIGGERRIGHT")
_BUTTONS = {
    "a": "A", "b": "B", "x": "X", "y": "Y", "back": "BACK", "guide": "GUIDE", "start": "START",
    "left_stick": "LEFTSTICK", "right_stick": "RIGHTSTICK", "left_shoulder": "LEFTSHOULDER",
    "right_shoulder": "RIGHTSHOULDER", "up": "DPAD_UP", "down": "DPAD_DOWN", "left": "DPAD_LEFT",
    "right": "DPAD_RIGHT",
}  # fmt: skip


def import_sdl() -> Any:
    """The module ``sdl2``; ImportError with one line where it or its library is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells where its library comes from
        try:
            import sdl2
        except (ImportError, OSError, RuntimeError, AttributeError) as error:  # no library, or one that does not fit
            raise ImportError(f"gamepads need the packages PySDL2 and pysdl2-dll ({first_line(error)})") from None
    return sdl2


def linux_gamepads(inputs: Path = Path("/dev/input")) -> bool:
    """True if Linux shows a joystick or gamepad among its input devices."""
    return any(True for _ in inputs.glob("js*")) or any(True for _ in inputs.glob("by-*/*-joystick"))


class Gamepads:
    """All gamepads, read as one.

    Args:
        may_exist: asked before anything is imported: may there be one?

    Attributes: problem: why none can be read, one line; "" if nothing is wrong.
    """

    def __init__(self, may_exist: Callable[[], bool] | None = None) -> None:
        linux = sys.platform.startswith("linux")
        self._may_exist = may_exist or (linux_gamepads if linux else lambda: True)
        self._sdl: Any = None
        self._loading: threading.Thread | None = None
        self._begun = False
        self._open: dict[int, tuple[Any, str, int]] = {}
        self._axes: list[int] = []
        self._buttons: list[tuple[str, int]] = []
        self.problem = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the gamepads are called, in their order."""
        return tuple(name for _, name, _ in self._open.values())

    @property
    def style(self) -> str:
        """How the buttons of the first one are labelled: "xbox", "playstation" or "nintendo"."""
        kind = next((kind for _, _, kind in self._open.values()), 0)
        if self._sdl is None:
            return "xbox"
        by = {"playstation": ("PS3", "PS4", "PS5"), "nintendo": ("NINTENDO_SWITCH_PRO",)}
        for style, types in by.items():
            if kind in [getattr(self._sdl, f"SDL_CONTROLLER_TYPE_{name}", -1) for name in types]:
                return style
        return "xbox"

    def look(self, *, wait: bool = False) -> bool:
        """See which gamepads are there now. False while SDL is being imported, which a thread does (``wait``: here)."""
        if not self._open and not self._may_exist():
            return True
        if not self._ready(wait):
            return bool(self.problem)
        sdl = self._sdl
        sdl.SDL_GameControllerUpdate()
        self._drop_gone()
        known = set(self._open)
        for index in range(min(sdl.SDL_NumJoysticks(), 64)):
            if len(self._open) >= MOST:
                break
            if not sdl.SDL_IsGameController(index) or sdl.SDL_JoystickGetDeviceInstanceID(index) in known:
                continue
            pad = sdl.SDL_GameControllerOpen(index)
            if pad:
                instance = int(sdl.SDL_JoystickInstanceID(sdl.SDL_GameControllerGetJoystick(pad)))
                name = (sdl.SDL_GameControllerName(pad) or b"Gamepad").decode("utf-8", "replace")
                self._open[instance] = pad, name, int(sdl.SDL_GameControllerGetType(pad))
        return True

    def read(self) -> PadState | None:
        """What all gamepads say now; None if there is none (any more)."""
        if not self._open:
            return None
        self._sdl.SDL_GameControllerUpdate()
        self._drop_gone()
        state: PadState | None = None
        for pad, _, _ in self._open.values():
            one = self._state(pad)
            state = one if state is None else state.with_(one)
        return state

    def close(self) -> None:
        """Let go of everything."""
        for pad, _, _ in self._open.values():
            self._sdl.SDL_GameControllerClose(pad)
        self._open.clear()
        if self._begun:
            self._begun = False
            self._sdl.SDL_QuitSubSystem(self._sdl.SDL_INIT_GAMECONTROLLER)

    def _ready(self, wait: bool) -> bool:
        """True if SDL is there and begun."""
        if self.problem or self._begun:
            return self._begun
        if self._sdl is None:
            if self._loading is None:
                self._loading = threading.Thread(target=self._load, name="gamepads", daemon=True)
                self._loading.start()
            if wait:
                self._loading.join()
            if self._loading.is_alive() or self._sdl is None:
                return False
        sdl = self._sdl
        for name, value in HINTS:
            sdl.SDL_SetHint(name, value)
        if sdl.SDL_InitSubSystem(sdl.SDL_INIT_GAMECONTROLLER) != 0:
            self.problem = f"gamepads cannot be read: {sdl.SDL_GetError().decode('utf-8', 'replace')}"
            return False
        for ignore in (sdl.SDL_JoystickEventState, sdl.SDL_GameControllerEventState):
            ignore(sdl.SDL_IGNORE)  # nobody empties SDL's queue: states are asked for
        self._axes = [int(getattr(sdl, f"SDL_CONTROLLER_AXIS_{name}")) for name in _AXES]
        self._buttons = [(name, int(getattr(sdl, f"SDL_CONTROLLER_BUTTON_{own}"))) for name, own in _BUTTONS.items()]
        self._begun = True
        return True

    def _load(self) -> None:
        try:
            self._sdl = import_sdl()
        except ImportError as error:
            self.problem = str(error)

    def _drop_gone(self) -> None:
        for instance, (pad, _, _) in tuple(self._open.items()):
            if not self._sdl.SDL_GameControllerGetAttached(pad):
                self._sdl.SDL_GameControllerClose(pad)
                del self._open[instance]

    def _state(self, pad: Any) -> PadState:
        axis, button = self._sdl.SDL_GameControllerGetAxis, self._sdl.SDL_GameControllerGetButton
        lx, ly, rx, ry, left, right = (axis(pad, number) / 32767.0 for number in self._axes)
        down = frozenset(name for name, number in self._buttons if button(pad, number))
        # SDL counts down as positive
        return PadState(lx, -ly, rx, -ry, left, right, down)


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return next(iter(str(error).splitlines()), type(error).__name__)
