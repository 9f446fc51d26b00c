"""Commands of walking, flying and turning the model. They move the camera only: nothing in the document, no undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from viewer.document.state import Vec3
from viewer.session import navigation
from viewer.session.registry import CommandError, command
from viewer.session.walking import FASTEST, FASTEST_FLIGHT, SLOWEST
from viewer.session.walks import walks

if TYPE_CHECKING:
    from viewer.session.session import Session

EYE_LOW_M, EYE_HIGH_M = 0.5, 2.5
NO_STREET = "There is no street near here to walk on. Look at one, or click it, and try again."


def _has_scene(session: Session) -> bool:
    return any(city.bbox is not None for city in session.document.cities.values())


def _moves(session: Session) -> bool:
    return walks(session).mode != "orbit"


def _in_view(session: Session) -> Vec3:
    """The point in the middle of the view, or what it is centred on."""
    width, height = session.size_px
    found = session.viewport.world_at(width // 2, height // 2) if session.viewport is not None else None
    return found if found is not None else session.camera.target


@command("view.walk", title="Walk", undo=False, shortcut="G", enabled=_has_scene)
def walk(session: Session, position: Vec3 | None = None) -> None:
    """Walk through the city at the height of your eyes, beginning at the street nearest to the point in view.

    ``position`` is another place to begin at, world metres.
    """
    moving = walks(session)
    yaw = navigation.angles(session.camera)[0]
    if moving.mode == "walk" and position is None:
        return
    if position is None and moving.mode == "orbit":
        position = _in_view(session)
    if not moving.walk_from(position or session.camera.position, yaw):
        raise CommandError(NO_STREET)


@command("view.fly", title="Fly", undo=False, shortcut="V", enabled=_has_scene)
def fly(session: Session) -> None:
    """Fly freely from where you are; never into buildings or under the ground."""
    moving = walks(session)
    if moving.mode != "fly" and not moving.fly_from(session.camera):
        raise CommandError("One cannot fly so far away from the city. Go to the home view and try again.")


@command("view.orbit_mode", title="Turn the model", undo=False, shortcut="O")
def orbit_mode(session: Session) -> None:
    """Stop walking or flying and turn the model again; from the street it goes up first."""
    moving = walks(session)
    if moving.mode == "orbit":
        return
    camera = session.camera
    yaw, pitch, _ = navigation.angles(camera)
    if moving.mode == "fly" and pitch <= navigation.PITCH_MAX_DEG:
        focus = (moving.height_m or 50.0) / -navigation.basis(yaw, pitch)[2][2]
        moving.end(navigation.looking(camera.position, yaw, pitch, float(focus), 40.0))
    elif not moving.rise():
        moving.end()


@command("walk.go_to", title="Go to a place", undo=False, enabled=_has_scene)
def go_to(session: Session, position: Vec3) -> None:
    """Go to a place (world metres): on foot where the way is free, else over the roofs."""
    if not walks(session).go_to(position):
        raise CommandError("Nobody can stand there. Choose a place on a street, a square or a flat roof.")


@command("walk.rescue", title="Take me up", undo=False, shortcut="R", enabled=_has_scene)
def rescue(session: Session) -> None:
    """See the same place from above, wherever you have got to."""
    if not walks(session).rise():
        walks(session).end()
        session.home()


@command("view.street_bird", title="Street or bird's eye", undo=False, shortcut="B", enabled=_has_scene)
def street_bird(session: Session) -> None:
    """Change between the street and the view from above, keeping the place and the direction."""
    moving = walks(session)
    if moving.mode == "walk":
        rescue(session)
        return
    stance = moving.descend()
    if stance is None or not moving.stand(stance):
        walk(session, None if moving.mode == "orbit" else session.camera.position)


@command("walk.set_person", title="Who walks", undo=False)
def set_person(session: Session, person: Literal["adult", "child", "wheelchair"]) -> None:
    """Walk as an adult (eyes at 1.7 m), a child (1.2 m), or in a wheelchair (1.2 m, no kerbs, no stairs)."""
    session.settings.set("walk_eye_height", 0.0)
    session.settings.set("walk_person", person)


@command("walk.set_eye_height", title="Height of the eyes", undo=False)
def set_eye_height(session: Session, height: float) -> None:
    """Walk with the eyes at another height, 0.5 to 2.5 metres."""
    if not EYE_LOW_M <= height <= EYE_HIGH_M:
        raise CommandError(f"The height of the eyes lies between {EYE_LOW_M:g} and {EYE_HIGH_M:g} metres.")
    session.settings.set("walk_eye_height", height)


@command("walk.set_speed", title="Speed of walking", undo=False)
def set_speed(session: Session, speed: float) -> None:
    """Walk (0.5 to 6) or fly (0.5 to 120) so many metres per second; 1.4 is a stroll, 3 is brisk."""
    fastest = FASTEST_FLIGHT if walks(session).mode == "fly" else FASTEST
    if not SLOWEST <= speed <= fastest:
        raise CommandError(f"The speed lies between {SLOWEST:g} and {fastest:g} metres per second.")
    walks(session).set_speed(speed)


@command("walk.turn", title="Look round", undo=False, enabled=_moves)
def turn(session: Session, yaw: float, pitch: float = 0.0) -> None:
    """Turn the look by degrees, to the left and up, while walking or flying."""
    walks(session).look(yaw, pitch)
