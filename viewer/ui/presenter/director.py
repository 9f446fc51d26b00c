"""What the audience gets to see, and on which screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QWidget

from viewer.session.session import Session
from viewer.session.walks import walks
from viewer.ui.presenter.audience import AudienceWindow
from viewer.ui.presenter.face import Blank
from viewer.ui.presenter.preview import Preview
from viewer.ui.presenter.screens import ScreenInfo, Screens, projector

THAW_S = 0.5
"""How long the frozen picture fades into the present one."""


class Director(QObject):
    """Passes picture, words, blank and pointer on to the audience, unless that is frozen.

    Signals: changed(): anything of the below.

    Attributes:
        wanted: the audience's window is to be shown wherever there is a screen for it.
        lost: the screen that it was on has gone.
        full: there is no second screen, and the console itself shows what the audience sees.
        frozen: the audience keeps its picture, whatever the presenter does.
        blank: what hides the picture.
        laser: the mouse over the preview is a red dot for the audience.
        words: what is told is written on the picture.
        choice: name of the screen asked for; "" = the best one.
    """

    changed = Signal()

    def __init__(
        self, session: Session, console: QWidget, preview: Preview, press: Callable[[QKeyEvent], bool]
    ) -> None:
        super().__init__(console)
        self._session, self._console, self._preview = session, console, preview
        self.audience = AudienceWindow(press, self.hide_audience)
        self.screens = Screens(self)
        self.wanted = self.lost = self.full = self.frozen = self.laser = False
        self.words = True
        self.blank: Blank = ""
        self.choice = ""
        self._told = ("", "")
        self._title = ""
        self._shown_once = False
        preview.composed.connect(self._composed)
        preview.pointed.connect(self._pointed)
        session.player.dissolving.connect(self._dissolve)
        self.screens.changed.connect(self.place)
        session.settings.changed.connect(self._setting_changed)

    # --- screens ----------------------------------------------------------------------------------------------------

    @property
    def own_screen(self) -> ScreenInfo | None:
        """The console's."""
        screens, middle = self.screens.all(), self._console.frameGeometry().center()
        return next((x for x in screens if x.area.contains(middle)), screens[0] if screens else None)

    @property
    def projector(self) -> ScreenInfo | None:
        """The screen for the audience; None if there is none."""
        return projector(self.screens.all(), self._console.frameGeometry().center(), self.choice)

    @property
    def showing(self) -> bool:
        """True while somebody else sees something."""
        return self.audience.isVisible() or self.full

    def show_audience(self, screen: str = "") -> None:
        """Show the audience's window, on a screen of that name or the best."""
        self.choice = screen or self.choice
        self.wanted, self.full = True, False
        self.place()

    def hide_audience(self) -> None:
        """Take it off its screen."""
        self.wanted = self._shown_once = False
        self.place()

    def set_full(self, on: bool) -> None:
        """Let the console's own screen be the audience's."""
        self.full = on
        self.place()

    def place(self) -> None:
        """Bring the audience's window in line with the screens that there are."""
        info = self.projector
        was = self.audience.isVisible()
        if self.wanted and not self.full and info is not None:
            self.lost, self._shown_once = False, True
            self.audience.show_on(info)
            self._preview.shape_for(info.pixels, shown=True)
        else:
            self.lost = self.wanted and self._shown_once and info is None
            self.audience.hide()
            self.audience.info = None
            target = info if info is not None and not self.full else self.own_screen
            if target is not None:
                self._preview.shape_for(target.pixels, shown=False)
        self._apply()
        if self.audience.isVisible() and not was and not self.frozen:
            self.audience.show_picture(self._preview.picture())
        self.changed.emit()

    # --- what is seen -----------------------------------------------------------------------------------------------

    def tell(self, head: str, text: str) -> None:
        """What is written on the picture."""
        self._told = (head, text)
        self._apply()

    def set_title(self, title: str) -> None:
        """What a blank screen says."""
        self._title = title
        self._apply()

    def set_blank(self, blank: Blank) -> None:
        """Hide the picture from the audience."""
        self.blank = blank
        self._apply()
        self.changed.emit()

    def set_words(self, on: bool) -> None:
        """Write what is told on the picture, or not."""
        self.words = on
        self._apply()
        self.changed.emit()

    def set_laser(self, on: bool) -> None:
        """Point with the mouse."""
        self.laser = on
        if not on:
            self._pointed(None)
        self.changed.emit()

    def set_frozen(self, on: bool) -> None:
        """Let the audience keep its picture while the presenter prepares the next one."""
        if on == self.frozen:
            return
        self.frozen = on
        if on:
            self.audience.point_at(None)
        else:
            old = self.audience.picture
            self._apply()
            self.audience.show_picture(self._preview.picture())
            self.audience.fade(old, THAW_S)
        self.changed.emit()

    def _apply(self) -> None:
        head, text = self._told if self.words else ("", "")
        face = self._preview.face
        for shown in (face, self.audience):
            shown.set_stereo(self._preview.stereo)
        # compass and map of a walker need the place; the audience still reads the words
        face.tell(*(("", "") if walks(self._session).mode != "orbit" and not self.full else (head, text)))
        face.set_blank(self.blank if self.full else "", self._title)
        if not self.frozen:
            self.audience.tell(head, text)
        # hiding the picture acts at once, frozen or not
        self.audience.set_blank(self.blank, self._title)

    def _setting_changed(self, name: str) -> None:
        if name == "stereo":
            self._apply()

    def _composed(self, picture: QImage) -> None:
        if not self.frozen and self.audience.isVisible():
            self.audience.show_picture(picture)

    def _dissolve(self, seconds: float) -> None:
        if not self.frozen and self.audience.isVisible():
            self.audience.fade(self.audience.picture, seconds)

    def _pointed(self, share: QPointF | None) -> None:
        shown = share if self.laser else None
        self._preview.face.point_at(shown)
        self.audience.point_at(None if self.frozen else shown)  # it would point into another picture

    def close(self) -> None:
        """Close the audience's window and leave the session."""
        self._session.player.dissolving.disconnect(self._dissolve)
        self._session.settings.changed.disconnect(self._setting_changed)
        self.screens.close()
        self.audience.leave()
        self.audience.deleteLater()
