"""From the session to the eyes: messages, legend, status bar, the line over an empty picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QApplication

from loaders.api import LoadError
from viewer.analysis.degrees import is_geographic
from viewer.analysis.shown_legend import scenario_legend, shown_legend
from viewer.render.resolve import resolve
from viewer.render.state import Pick
from viewer.session.recovery import Recovered, discard, recover
from viewer.ui.desktop.start import PRODUCT
from viewer.ui.widgets.toast import ToastAction

if TYPE_CHECKING:
    from viewer.ui.desktop.window import MainWindow

SHOWN_BITS = 15


class Feedback:
    """Everything that the window shows without being asked."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._shell = window.shell
        session = window.session
        session.message.connect(self._message)
        self._geographic = False
        window.canvas.hovered.connect(self._hover)
        window.canvas.drawn.connect(self._first_picture)
        window.shell.current_changed.connect(lambda _id: window.shell.soon(self.refresh_legend))

    # --- messages --------------------------------------------------------------------------------------------

    def _message(self, message: Any) -> None:
        actions = [self._action(action) for action in message.actions]
        self._shell.say(str(message.severity), message.text, message.detail, actions)

    def _action(self, action: Any) -> ToastAction:
        run: Callable[[], object] = partial(self._shell.run, action.command, **action.arguments)
        return action.title, run

    def unexpected(self, text: str, details: str) -> None:
        """A calm word about an error in the program itself."""
        self._shell.say("error", text, "", [("Copy details", partial(QApplication.clipboard().setText, details))])

    def crashed_before(self, details: str) -> None:
        """The run before ended in a crash."""
        copy: Sequence[ToastAction] = [("Copy details", partial(QApplication.clipboard().setText, details))]
        self._shell.say("warning", f"{PRODUCT} did not end in an orderly way the last time.", "", copy)

    def offer_recovery(self, found: Sequence[Recovered]) -> None:
        """Unsaved work of a run that did not end well: the newest is offered, older ones stay for the next start."""
        if not found:
            return
        newest = found[0]
        when = newest.saved.astimezone().strftime("%d %b %H:%M")

        def open_it() -> None:
            try:
                recover(self._window.session, newest)
            except LoadError as error:
                self._shell.say("error", str(error))

        actions: list[ToastAction] = [("Open it", open_it), ("Discard", partial(discard, newest))]
        self._shell.say("warning", f"There is unsaved work on “{newest.title}” of {when}.", "", actions)

    def about(self) -> None:
        """Version, licence, what draws."""
        from importlib import metadata

        version = metadata.version("citiverse-viewer")
        detail = f"Open source, Apache-2.0. Drawn by {self._window.canvas.renderer_name}."
        self._shell.say("info", f"{PRODUCT} {version}", detail)

    # --- status bar ------------------------------------------------------------------------------------------

    def _hover(self, pick: Pick | None) -> None:
        self._window.status.show_position(pick.position if pick is not None else None, self._geographic)

    def _first_picture(self) -> None:
        """What draws is known only now."""
        self._window.canvas.drawn.disconnect(self._first_picture)
        self._window.status.show_renderer(self._window.canvas.renderer_name, self._window.canvas.software)

    def refresh(self) -> None:
        """Legend, status bar and hint, as the document is now."""
        window = self._window
        state = window.session.document.state
        looks = resolve(
            window.session.document, window.session.camera, moment=window.session.clock.now, wait=False
        ).layers
        lods: dict[str, None] = {}
        triangles = shown = 0
        for look in looks:
            meshes = list(window.session.document.cities[look.layer_id].lods.values())
            if not look.visible:
                continue
            shown += int(np.count_nonzero(look.texels[:, 3] & SHOWN_BITS))
            for index in look.lods:
                lods[meshes[index].lod] = None
                triangles += meshes[index].triangle_count
        window.status.show_crs(state.crs, bool(state.layers))
        window.status.show_drawn(triangles, sorted(lods))
        box = window.session.scene_bbox()
        self._geographic = is_geographic(state.crs, box.tolist() if box is not None else None)
        self._hint(bool(looks), shown)
        self.refresh_legend()

    def _hint(self, loaded: bool, shown: int) -> None:
        hint = self._window.stage.hint
        if loaded and not shown:
            hint.say("Nothing is shown: everything is hidden or filtered out.", "Show all", "visibility.show_all")
        else:
            hint.say("")

    def refresh_legend(self) -> None:
        """The legend that explains the picture, if wanted."""
        document, stage = self._window.session.document, self._window.stage
        scenarios = scenario_legend(document, self._window.session.clock.now)
        if scenarios is not None:
            stage.legend.show_legend(scenarios)
            return
        found = shown_legend(document.state, document.cities, self._shell.current)
        if found is None:
            stage.legend.show_legend(None)
        else:
            layer, legend = found
            stage.legend.show_legend(legend, layer.name if len(document.state.layers) > 1 else "")

    def refresh_sky(self) -> None:
        """The theme changed: the picture itself stays as it is, only what lies over it is painted again."""
        self._window.stage.legend.update()
