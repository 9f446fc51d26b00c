"""One picture of a tour after the other, off-screen: what `viewer.session.timeline` says, drawn as ``render`` does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from loaders.city import Float64
from viewer.analysis.bounds import object_boxes
from viewer.analysis.shown_legend import picture_legend
from viewer.cli_common import complain
from viewer.cli_picture import attach_layers, named
from viewer.document.state import Camera
from viewer.render.waves import has_waves
from viewer.session.session import Session
from viewer.session.timeline import Look, Moment, Timeline, looked, text_in

if TYPE_CHECKING:
    from viewer.render.offscreen import OffscreenView


@dataclass(frozen=True, slots=True)
class Words:
    """What is written on the pictures. ``stamped``: False = nothing but legend, labels and caption; ``bare``: nothing
    at all, for pictures too small for words."""

    stamped: bool = True
    title: str = ""
    language: str = ""
    source: str = ""
    bare: bool = False


class Film:
    """Pictures of a timeline at fixed steps. The same picture is not drawn twice in a row; waves move."""

    def __init__(
        self, session: Session, view: OffscreenView, line: Timeline, size: tuple[int, int], fps: int, words: Words
    ) -> None:
        from viewer.render.labels import Labels

        self._session, self._view, self._line = session, view, line
        self._size, self._fps, self._words = size, fps, words
        self._before = session.document.state
        self._labels = Labels(through=bool(session.settings.get("labels_through")))
        self._drawn: dict[tuple[int, Camera, float | None, float], Any] = {}
        self._seconds = 0.0
        self._moment = session.clock.now

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return max(1, round(self._line.seconds * self._fps))

    def frame(self, number: int) -> Any:
        """A picture by its number, uint8 (H, W, 3)."""
        from viewer.render.overlay import legend_box, strip_box
        from viewer.render.stamp import Stamp, draw_stamp
        from viewer.render.stereo import overlaid

        # the last picture shows the end itself
        seconds = number / self._fps if number < self.frames - 1 else self._line.seconds
        self._seconds = seconds
        moment = self._line.at(seconds)
        image = self._picture(moment, self._line.moment_at(seconds))
        if moment.old > 0.0 and (before := self._line.before(seconds)) is not None:
            begun = self._line.stops[moment.stop].start
            old = self._picture(before, self._line.moment_at(max(begun - 1e-6, 0.0)))
            self._picture(moment, self._line.moment_at(seconds))  # what is told below is of this one
            image = np.rint(old * moment.old + image * (1.0 - moment.old)).astype(np.uint8)
        if not self._words.stamped:
            return image
        stop = self._line.stops[moment.stop]
        text = text_in(stop.look.texts, self._words.language)
        found = picture_legend(self._session.document, self._session.clock.now, wait=True)
        box = None if found is None else legend_box(found, *self._size)
        strip = None if found is None else strip_box(found, *self._size)
        foot = None if strip is None else strip[1]
        title = self._words.title
        head = stop.name if text and stop.name != title else ""
        stamp = Stamp(title, head, text, self._source())
        return overlaid(image, lambda picture: draw_stamp(picture, stamp, box, foot), self._view.scene.stereo.mode)

    def _source(self) -> str:
        """Where the picture comes from, and the time of its light."""
        session = self._session
        time = session.clock.sun_time or session.document.state.light.time
        try:
            told = f"light of {datetime.fromisoformat(time):%Y-%m-%d %H:%M}" if time else ""
        except ValueError:
            told = ""
        return " \u00b7 ".join(part for part in (told, self._words.source) if part)

    def _picture(self, moment: Moment, when: float | None) -> Any:
        """The picture without words; the last two are kept (a dissolve needs both). ``when``: of the results."""
        self._show(self._line.stops[moment.stop].look, when)
        document, scene = self._session.document, self._view.scene
        scene.water_time = self._seconds if has_waves(document.state.realism, document.cities.values()) else 0.0
        key = moment.stop, moment.camera, when, scene.water_time
        if key not in self._drawn:
            if len(self._drawn) > 1:
                del self._drawn[next(iter(self._drawn))]
            self._drawn[key] = self._draw(moment.camera)
        else:
            self._drawn[key] = self._drawn.pop(key)
        return self._drawn[key]

    def _show(self, look: Look, when: float | None) -> None:
        """Bring document and clock to what a step shows."""
        document, clock = self._session.document, self._session.clock
        with document.change("Record", "record", float("inf")) as edit:
            edit.state = looked(edit.state, self._before, look)
        wanted = self._moment if when is None else when
        if wanted is not None:
            clock.set(wanted)

    def _draw(self, camera: Camera) -> Any:
        from viewer.render.label_set import draw_labels
        from viewer.render.overlay import draw_legend, taken_boxes
        from viewer.render.resolve import resolve
        from viewer.render.stereo import overlaid

        stereo = self._view.scene.stereo.mode
        document, size = self._session.document, self._size
        self._session.move_camera(camera)
        moment = self._session.clock.now
        state = resolve(document, self._session.camera, size=size, moment=moment, wait=True)
        self._view.scene.apply(state)
        attach_layers(self._session, self._view)
        image = self._view.image()
        if self._words.bare:
            return image
        found = picture_legend(document, moment, wait=True)
        self._labels.update(document.state, document.cities, state)
        seen, origin = self._view.scene.view(), self._view.scene.origin
        if origin is not None:
            self._labels.place(seen, origin, self._view.scene.sees, taken=taken_boxes(found, *size))
            placed = self._labels.shown(seen, origin)
            image = overlaid(image, lambda picture: draw_labels(picture, placed), stereo)
        for notice in self._labels.take_notices():
            complain(notice)
        image = named(self._session, image, stereo, stamped=self._words.stamped)
        return image if found is None else overlaid(image, lambda picture: draw_legend(picture, found), stereo)


def boxes_of(session: Session) -> Iterable[Float64]:
    """What flights keep away from."""
    document = session.document
    return [object_boxes(document.cities[x.id]) for x in document.state.layers if x.visible and x.id in document.cities]
