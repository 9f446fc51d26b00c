"""The presenter's console: live picture, next step, notes, clock, and all that steers the audience's screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidgetItem, QMenu, QVBoxLayout, QWidget

from viewer.session.preflight import NOTES, PreflightReport, check, screen_lines
from viewer.session.session import Session
from viewer.session.walks import walks
from viewer.ui.desktop.shell import Shell
from viewer.ui.presenter.bar import ControlBar
from viewer.ui.presenter.director import Director
from viewer.ui.presenter.inhibit import Inhibitor
from viewer.ui.presenter.parts import ClockCard, FindingsSheet, MessageLine, NextCard, NotesCard, Pill
from viewer.ui.presenter.preview import Preview
from viewer.ui.presenter.rehearsal import Rehearsal
from viewer.ui.presenter.talk import Slide, Talk
from viewer.ui.theme import ThemeManager
from viewer.ui.widgets.picture_list import CAPTION_ROLE, PICTURE_ROLE, PictureList
from viewer.ui.widgets.text import ElidedLabel, visible_text

FAST_MS, SLOW_MS = 15, 250
SIDE_WIDTH = 384
STEREO = {
    "Off": "off",
    "Red-cyan glasses": "anaglyph",
    "Side by side": "side-by-side",
    "Side by side, not squeezed": "side-by-side-full",
}
WAYS = {"fly": "a flight", "dissolve": "a dissolve", "cut": "a cut"}


class Console(QWidget):
    """One talk over one session. It has a canvas of its own; the session belongs to whoever opened the console.

    Signals: ended(): the presentation is over and the console closed.
    """

    ended = Signal()

    def __init__(
        self,
        session: Session,
        themes: ThemeManager,
        *,
        tour: str | None = None,
        minutes: int = 0,
        language: str = "",
        inhibitor: Inhibitor | None = None,
    ) -> None:
        super().__init__()
        self.session = session
        self.language = language
        self.setObjectName("console")
        self.setProperty("role", "console")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.shell = Shell(session, themes, self)
        self.talk = Talk(session, tour)
        self.preview = Preview(self.shell)
        self.director = Director(session, self, self.preview, self.press)
        self.rehearsal = Rehearsal(session, self.preview)
        self.inhibitor = inhibitor or Inhibitor(self)
        self.report: PreflightReport | None = None
        self._asked_for_end = False
        self._rehearse_when_loaded = True
        self._closed = False
        self._kept = -1
        self._build(minutes)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(SLOW_MS)
        self._connect()
        self.refresh()

    # --- building ---------------------------------------------------------------------------------------------------

    def _build(self, minutes: int) -> None:
        shell = self.shell
        self.title, self.pill = ElidedLabel(), Pill(shell)
        self.title.setProperty("role", "heading")
        self.clock = ClockCard(shell, minutes)
        self.next = NextCard(shell)
        self.notes = NotesCard(shell)
        self.steps = PictureList()
        self.steps.setDragDropMode(PictureList.DragDropMode.NoDragDrop)
        self.steps.setAccessibleName("Steps: Enter goes there")
        self.message = MessageLine(shell)
        self.status = ElidedLabel()
        self.status.setProperty("role", "caption")
        self.bar = ControlBar(shell, self.message)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.title, 1)
        head.addWidget(self.pill)
        self._head, self._side = QWidget(), QWidget()
        self._head.setLayout(head)
        head.setContentsMargins(0, 0, 0, 0)
        self._foot = QWidget()
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(4)
        foot.addWidget(self.bar)
        foot.addWidget(self.status)
        left = QVBoxLayout()
        left.setSpacing(10)
        left.addWidget(self._head)
        left.addWidget(self.preview, 1)
        left.addWidget(self._foot)
        right = QVBoxLayout(self._side)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(10)
        right.addWidget(self.clock)
        right.addWidget(self.next)
        right.addWidget(self.notes, 2)
        right.addWidget(self.steps, 3)
        self._side.setFixedWidth(SIDE_WIDTH)
        self._row = QHBoxLayout(self)
        self._row.addLayout(left, 1)
        self._row.addWidget(self._side)
        self._set_margins(16)

    def _set_margins(self, margin: int) -> None:
        self._row.setContentsMargins(margin, margin, margin, margin)
        self._row.setSpacing(margin)

    def _connect(self) -> None:
        session, bar = self.session, self.bar
        session.message.connect(self._said)
        session.job_changed.connect(self._faster)
        session.player.changed.connect(self._faster)
        session.document.changed.connect(self._document_changed)
        self.shell.message.connect(lambda severity, text, _detail, _actions: self.message.say(text, severity))
        self.shell.theme_changed.connect(lambda _theme: self.refresh())
        self.talk.changed.connect(self.refresh)
        self.director.changed.connect(self.refresh)
        self.rehearsal.changed.connect(self.refresh)
        self.preview.composed.connect(lambda _picture: self._keep_picture())
        self.next.wanted.connect(self.go_on)
        self.notes.written.connect(self._keep_notes)
        self.steps.itemClicked.connect(lambda item: self.go(self.steps.row(item)))
        self.steps.itemActivated.connect(lambda item: self.go(self.steps.row(item)))
        self.preview.canvas.installEventFilter(self)
        self.preview.canvas.walk.pilot.meanings = {
            "right": self.go_on, "left": self.go_back, "right_shoulder": self.go_on, "left_shoulder": self.go_back,
            "a": self._pad_go, "b": self._pad_up, "start": self.talk.again,
            "left_stick": lambda: self.toggle_blank("black"),
        }  # fmt: skip
        walks(session).mode_changed.connect(self._mode_changed)
        acts: dict[str, Callable[[], object]] = {
            "previous": self.go_back, "next": self.go_on, "again": self.talk.again,
            "black": lambda: self.toggle_blank("black"), "title": lambda: self.toggle_blank("title"),
            "freeze": self.toggle_frozen, "laser": self.toggle_laser, "words": self.toggle_words,
            "auto": lambda: self.talk.set_by_itself(not self.talk.by_itself),
            "walk": self.toggle_walk, "check": self.show_findings, "end": self.ask_to_end,
        }  # fmt: skip
        for name, act in acts.items():
            bar.buttons[name].clicked.connect(lambda _=False, act=act: act())
        bar.set_menu("screen", self._fill_screens)
        bar.set_menu("talk", self._fill_talks)

    # --- beginning and ending ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Call once the window is shown: the audience gets a title, the screen stays awake, all is looked at."""
        self.inhibitor.start()
        self.director.set_blank("title")
        if self.director.projector is not None:
            self.director.show_audience()
        else:
            self.director.place()
            self._offer_this_screen("There is one screen only. Connect a projector, or")
        self.refresh()
        self._faster()

    def ask_to_end(self) -> None:
        """End; where the audience sees it, only after a second word."""
        if self.director.full:
            self.leave_full()
        elif self.director.showing and not self._asked_for_end:
            self._asked_for_end = True
            go_on = ("Go on", self._stay)
            self.message.say("End the presentation? The audience's screen closes.", "warning", ("End", self.end), go_on)
            self.message.first.setFocus()
        else:
            self.end()

    def _stay(self) -> None:
        self._asked_for_end = False
        self.preview.canvas.setFocus()

    def end(self) -> None:
        """Close console and audience; light and layers are as before."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave everything as it was found."""
        event.accept()
        if self._closed:
            return
        self.notes.finish()
        self._closed = True
        self._timer.stop()
        self.rehearsal.stop()
        self.talk.close()
        walks(self.session).mode_changed.disconnect(self._mode_changed)
        self.session.message.disconnect(self._said)
        self.session.job_changed.disconnect(self._faster)
        self.session.player.changed.disconnect(self._faster)
        self.session.document.changed.disconnect(self._document_changed)
        self.director.close()
        self.preview.shut_down()
        self.shell.shut_down()
        self.inhibitor.stop()
        self.ended.emit()

    # --- time -------------------------------------------------------------------------------------------------------

    def _faster(self) -> None:
        if not self._closed and self._timer.interval() != FAST_MS:
            self._timer.start(FAST_MS)

    def _tick(self) -> None:
        self.session.poll()
        self.talk.tick()
        self.clock.refresh()
        busy = self.talk.playing or self.session.player.playing or not self.session.jobs.idle
        interval = FAST_MS if busy else SLOW_MS
        if self._timer.interval() != interval:
            self._timer.start(interval)
        if self._rehearse_when_loaded and self.session.document.cities and self.session.jobs.idle:
            self._rehearse_when_loaded = False
            self._rehearse()

    def _rehearse(self) -> None:
        """Everything has come: look from every step once, and check."""
        if self.talk.index < 0 and self.preview.isVisible():
            self.rehearsal.start([slide.camera for slide in self.talk.slides if slide.camera is not None])
        self.check()

    def check(self) -> PreflightReport:
        """Look whether all is there; what is missing is told in the line of messages."""
        canvas = self.preview.canvas
        screens = screen_lines(len(self.director.screens.all()), canvas.renderer_name, canvas.software)
        self.report = check(self.session, screens)
        if not self.report.ready:
            self.message.say(self.report.summary, "error", ("Show", self.show_findings))
        self.refresh()
        return self.report

    def show_findings(self) -> None:
        """What the check found."""
        sheet = FindingsSheet(self.shell, self.check(), self)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()

    # --- steps ------------------------------------------------------------------------------------------------------

    def go(self, index: int) -> None:
        """Show a step to the audience."""
        if not 0 <= index < len(self.talk.slides):
            return
        self.notes.finish()
        self.rehearsal.stop()
        self._asked_for_end = False
        if walks(self.session).mode != "orbit":
            self.shell.run("view.orbit_mode")
        if self.director.blank == "title":
            self.director.set_blank("")
        self.clock.begin()
        self.talk.go(index)
        self._faster()

    def _keep_notes(self, text: str) -> None:
        """What the presenter wrote belongs to the step, or where viewpoints are shown, to the viewpoint."""
        slide, talk = self.talk.slide, self.talk
        if slide is None:
            return
        if talk.name:
            self.shell.run("tour.set_step_text", name=talk.name, step=talk.index, text=text, language=NOTES)
        else:
            self.shell.run("viewpoint.set_text", name=slide.step.viewpoint, text=text, language=NOTES)
        self.message.say("The notes are kept; save the project to have them next time.", "info")

    def go_on(self) -> None:
        """The next step; the title is uncovered by the first. At the end: nothing but a word."""
        if self.talk.following is None:
            self.message.say("This was the last step." if self.talk.slides else "There are no steps to show.", "info")
        else:
            self.go(self.talk.index + 1)

    def go_back(self) -> None:
        """The step before."""
        self.go(self.talk.index - 1)

    def _pad_go(self) -> None:
        """A gamepad's first button: the next step; while walking, go there."""
        if walks(self.session).mode == "orbit":
            self.go_on()
        else:
            self.preview.canvas.walk.pilot.press_own("a")

    def _pad_up(self) -> None:
        """Its second: up from the street. It never ends the talk."""
        if walks(self.session).mode != "orbit":
            self.shell.run("walk.rescue")

    def toggle_blank(self, blank: str) -> None:
        """Black or title, and back."""
        self.director.set_blank("" if self.director.blank == blank else blank)  # type: ignore[arg-type]

    def toggle_frozen(self) -> None:
        """Freeze or thaw."""
        self.director.set_frozen(not self.director.frozen)

    def toggle_laser(self) -> None:
        """Laser on or off."""
        self.director.set_laser(not self.director.laser)

    def toggle_words(self) -> None:
        """Words on or off."""
        self.director.set_words(not self.director.words)

    def toggle_walk(self) -> None:
        """Walk in the picture, or turn it."""
        self.rehearsal.stop()
        self.shell.run("view.orbit_mode" if walks(self.session).mode != "orbit" else "view.walk")
        self.preview.canvas.setFocus()

    def present_here(self) -> None:
        """Show the audience's view on this screen."""
        self.director.set_full(True)
        for widget in (self._head, self._side, self._foot):
            widget.hide()
        self._set_margins(0)
        self.showFullScreen()
        self.preview.canvas.setFocus()

    def leave_full(self) -> None:
        """Back to the console."""
        self.director.set_full(False)
        for widget in (self._head, self._side, self._foot):
            widget.show()
        self._set_margins(16)
        self.showNormal()

    def _offer_this_screen(self, text: str) -> None:
        self.message.say(f"{text} present on this one.", "warning", ("Present on this screen", self.present_here))

    # --- keys -------------------------------------------------------------------------------------------------------

    def press(self, event: QKeyEvent) -> bool:
        """What a key means, here and in the audience's window; False if nothing."""
        act = self._meaning(event)
        if act is None:
            return False
        if not event.isAutoRepeat():
            act()
        return True

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
            return None
        key = Qt.Key(event.key())
        always: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_PageDown: self.go_on, Qt.Key.Key_PageUp: self.go_back,
            Qt.Key.Key_B: partial(self.toggle_blank, "black"), Qt.Key.Key_Period: partial(self.toggle_blank, "black"),
            Qt.Key.Key_T: partial(self.toggle_blank, "title"),
            Qt.Key.Key_F: self.toggle_frozen, Qt.Key.Key_L: self.toggle_laser,
            Qt.Key.Key_X: partial(self._change_sides, bool(plain & Qt.KeyboardModifier.ShiftModifier)),
        }  # fmt: skip
        if key in always:
            return always[key]
        digit = int(key) - int(Qt.Key.Key_0)
        if 1 <= digit <= 9:
            return partial(self.go, digit - 1)
        if walks(self.session).mode != "orbit":
            return None  # arrows, space and Esc are the walker's
        steps: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_Right: self.go_on, Qt.Key.Key_Space: self.go_on, Qt.Key.Key_Left: self.go_back,
            Qt.Key.Key_Escape: self.ask_to_end,
        }  # fmt: skip
        return steps.get(key)

    def _change_sides(self, by_itself: bool) -> None:
        """Show the other of two scenarios, or both in turn."""
        name = "scenario.flicker" if by_itself else "scenario.flip"
        if self.session.enabled(name):
            self.session.act(name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no part of the console took."""
        if not self.press(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The picture leaves its keys to the talk first."""
        if isinstance(event, QKeyEvent) and watched is self.preview.canvas:
            if event.type() == QEvent.Type.ShortcutOverride and self._meaning(event) is not None:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                return self.press(event)
        return False

    # --- showing ----------------------------------------------------------------------------------------------------

    def _said(self, message: Any) -> None:
        self.message.say(message.text, str(message.severity))

    def _mode_changed(self, _mode: str) -> None:
        self.refresh()

    def _document_changed(self, changes: object) -> None:
        if getattr(changes, "origin", "") == "reset":
            self._rehearse_when_loaded = True
        self.refresh()

    def _keep_picture(self) -> None:
        """The step is shown as it is meant: that is its small picture from now on."""
        slide = self.talk.slide
        camera = slide.camera if slide is not None else None
        if camera is None or camera != self.session.camera or self._kept == self.talk.index:
            return
        if self.preview.canvas.settled:
            self._kept = self.talk.index
            self.rehearsal.keep(camera, self.preview.picture())

    def refresh(self) -> None:
        """Show what holds now."""
        if self._closed:
            return
        talk, state = self.talk, self.session.document.state
        slide = talk.slide
        self.title.set_full_text(" – ".join(dict.fromkeys(x for x in (state.title, talk.name) if x)))
        self.setWindowTitle(f"Presenter – {visible_text(state.title)}")
        head, text = (slide.name, slide.text(self.language)) if slide is not None else ("", "")
        self.director.set_title(state.title)
        self.director.tell(head, text)
        self._show_words(slide, text)
        following = talk.following
        name, how = (following.name, _how(following, talk.index + 2, len(talk.slides))) if following else ("", "")
        self.next.show_step(name, how, self.rehearsal.of(following.camera) if following else None)
        self._show_steps()
        self._show_state()

    def _show_words(self, slide: Slide | None, text: str) -> None:
        if slide is None:
            told = (
                "Press Space or Right to show the first step." if self.talk.slides else "There is nothing to show yet."
            )
            self.notes.show_words("Ready", told, True)
        else:
            number = f"{self.talk.index + 1}. {slide.name}"
            told = slide.notes or text or "No notes for this step."
            self.notes.show_words(number, told, not slide.notes, slide.notes if slide.camera is not None else None)

    def _show_steps(self) -> None:
        slides, theme = self.talk.slides, self.shell
        self.steps.colors = {name: theme.qcolor(name) for name in self.steps.colors}
        while self.steps.count() > len(slides):
            self.steps.takeItem(self.steps.count() - 1)
        for n, slide in enumerate(slides):
            if n >= self.steps.count():
                self.steps.addItem(QListWidgetItem())
            item = self.steps.item(n)
            item.setText(visible_text(slide.name) or "(nothing)")
            item.setData(PICTURE_ROLE, self.rehearsal.of(slide.camera))
            item.setData(CAPTION_ROLE, "not in the project" if slide.camera is None else slide.text(self.language))
        self.steps.setCurrentRow(self.talk.index)

    def _show_state(self) -> None:
        director, opening = self.director, any(job.title for job in self.session.jobs.active)
        if director.blank:
            self.pill.show_state("TITLE" if director.blank == "title" else "BLACK", "text")
        elif director.frozen:
            self.pill.show_state("FROZEN", "warning")
        elif director.audience.isVisible():
            self.pill.show_state(f"LIVE on {director.audience.info.name if director.audience.info else ''}", "accent")
        else:
            self.pill.show_state("NO AUDIENCE SCREEN", "error" if director.lost else "control")
        if director.lost and not self._asked_for_end:
            self._offer_this_screen("The projector is gone. It is used again when it is back, or")
        elif director.audience.isVisible() and self.message.text.full_text().startswith("The projector is gone"):
            self.message.say("The projector is back.", "info")
        rehearsal = self.rehearsal
        if rehearsal.running:
            working = f"Looking at the steps: {rehearsal.done + 1} of {rehearsal.total}"
        else:
            working = "Opening the layers…" if opening else (self.report.summary if self.report is not None else "")
        self.status.set_full_text("  ·  ".join(x for x in (working, self.inhibitor.status) if x))
        self.bar.show_state(
            next=self.talk.following is not None, previous=self.talk.index > 0, again=self.talk.slide is not None,
            black=director.blank == "black", title=director.blank == "title", freeze=director.frozen,
            laser=director.laser, words=director.words, auto=self.talk.by_itself,
            walk=walks(self.session).mode != "orbit",
        )  # fmt: skip

    # --- menus ------------------------------------------------------------------------------------------------------

    def _fill_screens(self, menu: QMenu) -> None:
        director = self.director
        own = director.own_screen
        for info in director.screens.all():
            if own is not None and info.area == own.area:
                continue
            act = menu.addAction(f"Show on {info.title}")
            act.setCheckable(True)
            act.setChecked(director.audience.isVisible() and director.audience.info == info)
            act.triggered.connect(lambda _=False, name=info.name: director.show_audience(name))
        if director.audience.isVisible():
            menu.addAction("Take off the screen", director.hide_audience)
        menu.addAction("Present on this screen", self.present_here)
        _choices(
            menu.addMenu("Stereo"),
            list(STEREO.items()),
            self.preview.stereo,
            lambda mode: self.shell.run("view.set_stereo", mode=mode),
        )

    def _fill_talks(self, menu: QMenu) -> None:
        _choices(menu, [(n, n) for n in self.talk.tours] + [("All viewpoints", "")], self.talk.name, self.talk.choose)
        if len(self.talk.languages) > 1:
            menu.addSeparator()
            languages = [(f"Texts in {tag or 'no told language'}", tag) for tag in self.talk.languages]
            _choices(menu, languages, self.language, self.set_language)

    def set_language(self, language: str) -> None:
        """Language of the texts for the audience (BCP 47)."""
        self.language = language
        self.refresh()

    def sizeHint(self) -> QSize:
        """Comfortable on a laptop."""
        return QSize(1280, 760)


def _how(slide: Slide, number: int, count: int) -> str:
    return f"{number} of {count}, by {WAYS[slide.step.transition]}"


def _choices(menu: QMenu, items: list[tuple[str, str]], now: str, act: Callable[[str], object]) -> None:
    for title, value in items:
        entry = QAction(title.replace("&", "&&"), menu)
        entry.setCheckable(True)
        entry.setChecked(value == now)
        entry.triggered.connect(lambda _=False, value=value: act(value))
        menu.addAction(entry)
