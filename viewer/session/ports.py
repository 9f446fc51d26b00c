"""What the session needs of its neighbours, as protocols, and the values that it tells the world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from loaders.api import Severity
from viewer.document.state import Vec3


class PickLike(Protocol):
    """What lies under a pixel (`viewer.render.state.Pick` is one)."""

    @property
    def layer_id(self) -> str:
        """The layer hit."""

    @property
    def row(self) -> int:
        """The object's row in the layer's table."""

    @property
    def surface_row(self) -> int:
        """Row of the semantic surface, -1 = none."""

    @property
    def position(self) -> Vec3:
        """The point hit, world coordinates."""


class ViewportPort(Protocol):
    """A view of the scene. Pixels are device pixels, origin top-left."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""

    def pick(self, x: int, y: int) -> PickLike | None:
        """What is drawn at a pixel."""

    def world_at(self, x: int, y: int) -> Vec3 | None:
        """The drawn point at a pixel in world coordinates; None where there is only sky."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a message: a command with its arguments."""

    title: str
    command: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell the user without stopping them; ``text`` is one line."""

    severity: Severity
    text: str
    detail: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Hover:
    """The object under the pointer."""

    layer_id: str
    row: int
