"""``citiverse render`` and ``citiverse pick``: the window's picture, and what is under its pixels, off-screen."""

from __future__ import annotations

import argparse
import io
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.analysis.difference_words import title_of
from viewer.analysis.showing import side_names
from viewer.analysis.shown_legend import picture_legend
from viewer.cli_common import CANNOT_DRAW, DONE, USAGE, CliError, complain, emit, free_memory, plain
from viewer.cli_scenarios import picked_values, values_text
from viewer.cli_scene import make_session, open_scene
from viewer.document.files import write_atomic
from viewer.document.overlays import is_overlay
from viewer.session.session import Session

if TYPE_CHECKING:
    from viewer.render.offscreen import OffscreenView
    from viewer.render.stereo import StereoMode

BYTES_PER_PIXEL = 56
"""Memory of drawing: 46 measured at 7680 x 4320 on a software renderer, and room for labels and legend."""
PICTURE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def render(options: argparse.Namespace) -> int:
    """Write one picture."""
    path = checked_output(options.output)
    check_memory(options.size)
    session, early = make_session(), EarlyView(options.size)
    try:
        open_scene(session, options, meanwhile=early.prepare)
        write_picture(path, draw(session, options.size, early, options.stereo or "off"))
    finally:
        early.close()
        session.close()
    return DONE


def pick(options: argparse.Namespace) -> int:
    """Say what is under one pixel."""
    (x, y), (width, height) = options.at, options.size
    if not (0 <= x < width and 0 <= y < height):
        raise CliError(USAGE, f"--at {x},{y} lies outside the picture of {width}x{height} pixels.")
    session, early = make_session(), EarlyView(options.size)
    try:
        open_scene(session, options, meanwhile=early.prepare)
        with showing(session, options.size, early) as view:
            found = describe_pick(session, view.scene.pick(x, y))
    finally:
        early.close()
        session.close()
    emit(json.dumps(found, ensure_ascii=False, allow_nan=False) if options.json else pick_text(found))
    return DONE


def checked_output(text: str) -> Path:
    """The file to write; raises `CliError` for a format or a place that cannot be."""
    path = Path(text)
    if path.suffix.lower() not in PICTURE_FORMATS:
        name, known = path.name or "OUT.png", " or ".join(PICTURE_FORMATS)
        raise CliError(USAGE, f"{name}: pictures are written as {known}; change its ending.")
    try:
        fits = path.absolute().parent.is_dir() and not path.is_dir()
    except OSError as error:
        reason = error.strerror or error
        raise CliError(USAGE, f"{path.name[:40]}...: this is no file name here ({reason}); choose another.") from error
    if not fits:
        raise CliError(USAGE, f"{text}: there is no such folder; create it first, or choose another place.")
    return path


def check_memory(size: tuple[int, int]) -> None:
    """Refuse a picture that this machine has no memory for; raises `CliError`."""
    need, free = size[0] * size[1] * BYTES_PER_PIXEL, free_memory()
    if need > free:
        needed, there = need / 2**30, free / 2**30
        told = f"a picture of {size[0]}x{size[1]} needs about {needed:.1f} GiB of memory, and {there:.1f} GiB are free"
        raise CliError(CANNOT_DRAW, f"{told}; choose a smaller --size or close other programs.")


def make_view(size: tuple[int, int]) -> OffscreenView:
    """An off-screen view, empty; raises `CliError` where this machine cannot draw."""
    from viewer import syslibs

    try:
        from viewer.render.offscreen import CannotDraw, OffscreenView
    except ImportError as error:
        absent = syslibs.missing(syslibs.DRAWING)
        remedy = f" Remedy: {syslibs.remedy(absent)}" if absent else " Install the program again."
        raise CliError(CANNOT_DRAW, f"this machine cannot draw ({error}).{remedy}") from error
    try:
        return OffscreenView(*size)
    except CannotDraw as error:
        raise CliError(CANNOT_DRAW, str(error)) from error


class EarlyView:
    """A view that is made, with its shaders, while worker processes still read what it will show."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._view: OffscreenView | None = None

    def prepare(self) -> None:
        """Make it. Why it cannot be made is told when something is to be drawn: what cannot be read comes first."""
        with suppress(CliError, ValueError):
            self._view = make_view(self._size)
            self._view.scene.warm_up()
            self._view.scene.render()

    def take(self) -> OffscreenView:
        """The view, from now on the caller's; raises `CliError` where this machine cannot draw."""
        view, self._view = self._view, None
        return view if view is not None else make_view(self._size)

    def close(self) -> None:
        """Free it if nobody took it."""
        if self._view is not None:
            self._view.close()
            self._view = None


@contextmanager
def showing(session: Session, size: tuple[int, int], early: EarlyView | None = None) -> Iterator[OffscreenView]:
    """An off-screen view (the one made early, if given) that shows the session's document through its camera.

    Raises:
        CliError: this machine cannot draw.
    """
    view = make_view(size) if early is None else early.take()
    try:
        from viewer.render.resolve import resolve

        # The state comes first: then only the levels of detail that it shows are built.
        moment = session.clock.now
        view.scene.apply(resolve(session.document, session.camera, size=size, moment=moment, wait=True))
        attach_layers(session, view)
        yield view
        for notice in view.scene.take_notices():
            name = "" if notice.layer_id is None else f"{session.layer_name(notice.layer_id)}: "
            complain(name + notice.text)
    finally:
        view.close()


def attach_layers(session: Session, view: OffscreenView) -> None:
    """Add what the picture is made of: layers, and the geometry of scenarios that are seen."""
    for layer in session.document.drawn_layers():
        wanted = layer.id in session.document.cities and (layer.visible or not is_overlay(layer.id))
        if wanted and layer.id not in view.scene.layers:
            view.scene.attach(layer.id, session.document.cities[layer.id])


def draw(session: Session, size: tuple[int, int], early: EarlyView | None = None, stereo: StereoMode = "off") -> Any:
    """The picture with its legend, uint8 (H, W, 3)."""
    with showing(session, size, early) as view:
        view.scene.stereo.mode = stereo
        return finished(session, view, size)


def finished(session: Session, view: OffscreenView, size: tuple[int, int]) -> Any:
    """The picture of the session as it is now, with labels and legend; for several pictures from one view."""
    from viewer.render.label_set import draw_labels
    from viewer.render.labels import Labels
    from viewer.render.overlay import draw_legend, taken_boxes
    from viewer.render.resolve import resolve
    from viewer.render.stereo import overlaid

    moment = session.clock.now
    state = resolve(session.document, session.camera, size=size, moment=moment, wait=True)
    view.scene.apply(state)
    attach_layers(session, view)  # what is seen may have changed since the picture before
    image = view.image()
    found = picture_legend(session.document, moment, wait=True)
    labels = Labels(through=bool(session.settings.get("labels_through")))
    labels.update(session.document.state, session.document.cities, state)
    camera, origin = view.scene.view(), view.scene.origin
    if origin is not None:
        labels.place(camera, origin, view.scene.sees, taken=taken_boxes(found, *size))
        placed = labels.shown(camera, origin)
        image = overlaid(image, lambda picture: draw_labels(picture, placed), view.scene.stereo.mode)
    for notice in labels.take_notices():
        complain(notice)
    image = named(session, image, view.scene.stereo.mode)
    if found is None:
        return image
    return overlaid(image, lambda picture: draw_legend(picture, found), view.scene.stereo.mode)


def named(session: Session, image: Any, stereo: StereoMode = "off", *, stamped: bool = False) -> Any:
    """The picture with the names of the scenarios that are compared in it, or with what their difference says.
    ``stamped``: words will stand along the upper edge."""
    from viewer.render.overlay import draw_names, draw_title
    from viewer.render.stereo import overlaid

    document = session.document
    view, names = document.state.scenario_view, side_names(document)
    if names:
        image = overlaid(image, lambda picture: draw_names(picture, names, view.mode, view.position), stereo)
    title = title_of(document, session.clock.now)
    if title is None:
        return image
    return overlaid(image, lambda picture: draw_title(picture, *title, stamped=stamped), stereo)


def write_picture(path: Path, pixels: Any) -> None:
    """Encode and write whole or not at all; raises `CliError` where the place cannot be written."""
    from PIL import Image

    buffer = io.BytesIO()
    kind = PICTURE_FORMATS[path.suffix.lower()]
    settings = {"compress_level": 4} if kind == "PNG" else {"quality": 92}
    Image.fromarray(pixels).save(buffer, kind, **settings)
    try:
        write_atomic(path, buffer.getvalue())
    except OSError as error:
        reason = error.strerror or error
        raise CliError(USAGE, f"{path}: it cannot be written ({reason}); choose another place.") from error


def describe_pick(session: Session, hit: Any) -> dict[str, Any]:
    """The object that ``pick --json`` prints; ``{"id": null}`` where there is nothing."""
    if hit is None:
        return {"id": None}
    city = session.document.cities[hit.layer_id]
    surface = city.surfaces.type_of(hit.surface_row) if hit.surface_row >= 0 else None
    found = {
        "layer": session.layer_name(hit.layer_id),
        "id": city.objects.ids[hit.row],
        "type": city.objects.type_of(hit.row),
        "surface": surface,
        "position": [round(float(value), 4) for value in hit.position],
        "attributes": finite(city.objects.attributes_of(hit.row)),
    }
    if session.document.state.scenario_view.shown:
        found["scenario"] = picked_values(session, hit)
    return found


def finite(value: Any) -> Any:
    """Numbers that JSON does not know become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list) else value


def pick_text(found: dict[str, Any]) -> str:
    """The same for people."""
    if found["id"] is None:
        return "nothing"
    place = ", ".join(f"{value:.3f}" for value in found["position"])
    surface = f", {plain(found['surface'])}" if found["surface"] else ""
    lines = [f"{plain(found['id'])} ({plain(found['type'])}{surface})", f"  layer     {plain(found['layer'])}"]
    lines += [f"  position  {place}"]
    lines += values_text(found.get("scenario", []))
    lines += [f"  {plain(name)}: {plain(value)}" for name, value in found["attributes"].items()]
    return "\n".join(lines)
