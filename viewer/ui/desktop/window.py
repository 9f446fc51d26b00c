"""The planner's window: it puts the parts together and passes on what the session says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from PySide6.QtCore import QByteArray, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QPainter,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QTabBar, QTabWidget, QToolBar, QWidget
from shiboken6 import isValid

from loaders.registry import specs
from viewer.document.state import Camera
from viewer.jobs import ThreadJob
from viewer.render import uses
from viewer.session.recovery import recoverable
from viewer.session.session import Session
from viewer.session.walks import walks
from viewer.ui import commands
from viewer.ui.canvas import make_canvas
from viewer.ui.crash import CrashWatch
from viewer.ui.desktop.actions import Actions
from viewer.ui.desktop.command_palette import CommandPalette
from viewer.ui.desktop.docks import Panels, arrange, is_behind, make_docks
from viewer.ui.desktop.drop import dropped_paths
from viewer.ui.desktop.entries import found_objects, palette_entries
from viewer.ui.desktop.feedback import Feedback
from viewer.ui.desktop.files import Files
from viewer.ui.desktop.keys_help import KeysHelp
from viewer.ui.desktop.panels.layers import LAYER_ICONS
from viewer.ui.desktop.preferences import Preferences
from viewer.ui.desktop.scenario_front import ScenarioFront
from viewer.ui.desktop.shell import Shell
from viewer.ui.desktop.stage import Stage
from viewer.ui.desktop.start import PRODUCT
from viewer.ui.desktop.status import StatusBar
from viewer.ui.desktop.thumbnails import Thumbnails
from viewer.ui.desktop.window_menus import WindowMenus
from viewer.ui.memory import LAYOUT_VERSION, WindowMemory
from viewer.ui.presenter.console import Console
from viewer.ui.presenter.launch import present_from
from viewer.ui.theme import ThemeChoice, ThemeManager
from viewer.ui.widgets.text import visible_text

REST_MS = 900
"""After so long without moving, a view is one to go back to."""
POLL_MS = 15
"""How often work in progress is asked how far it is; only while there is any."""
SMALL_SCREEN = QSize(1440, 880)
"""On a smaller one the window fills it at first."""
READY_MS = 300
"""After the window came: its own first picture has been drawn by then."""
NO_SUCH_ID = "No object with such an id"


class MainWindow(QMainWindow):
    """One project in one window. It owns the canvas and, once closed, the session's jobs are stopped."""

    def __init__(
        self,
        session: Session,
        themes: ThemeManager | None = None,
        memory: WindowMemory | None = None,
        crash: CrashWatch | None = None,
    ) -> None:
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.session = session
        self.memory = memory or WindowMemory()
        choice: ThemeChoice = str(session.settings.get("theme"))  # type: ignore[assignment]
        self.themes = themes or ThemeManager(app, choice)
        self.shell = Shell(session, self.themes, self)
        self.crash = crash
        self.console: Console | None = None
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.canvas = make_canvas(session)
        self.stage = Stage(self.shell, self.canvas)
        self.setCentralWidget(self.stage)
        self.files = Files(self.shell, self, self.memory)
        self._build_panels()
        self._build_bars()
        self.palette_sheet = CommandPalette(self, lambda: self.shell.qcolor("muted"))
        self.keys_sheet = KeysHelp(self.shell, self)
        self.preferences = Preferences(self.shell, self)
        self._layout = self._put_away = QByteArray()
        self._at_start: bool | None = None
        self._ready = False
        self._first = QTimer(self, singleShot=True, interval=READY_MS)
        self._first.timeout.connect(self._get_ready)
        self._poll = QTimer(self)
        self._poll.setInterval(POLL_MS)
        self._poll.timeout.connect(self._work)
        self._rest = self._single_shot(REST_MS)
        self._autosave = self._single_shot(int(session.settings.number("autosave_seconds") * 1000) + 500)
        self.feedback = Feedback(self)
        self.scenario_front = ScenarioFront(self)
        self._connect()
        self._place()
        self.refresh()

    # --- building --------------------------------------------------------------------------------------------

    def _build_panels(self) -> None:
        self.panels = Panels(self.shell)
        self.layers, self.style_panel, self.light = self.panels.layers, self.panels.style, self.panels.light
        self.inspector, self.viewpoints, self.tours = self.panels.inspector, self.panels.viewpoints, self.panels.tours
        self.scenarios, self.report = self.panels.scenarios, self.panels.report
        self.thumbnails = Thumbnails(self.shell, self.canvas)
        self.viewpoints.show_thumbnails(self.thumbnails)
        self.tours.show_thumbnails(self.thumbnails)
        self.docks = make_docks(self.shell, self.panels, self)
        arrange(self, self.docks)

    def _build_bars(self) -> None:
        self.actions_ = Actions(self.shell, self, self.canvas)
        self.toolbar = QToolBar("Tools", self)
        self.toolbar.setObjectName("tools")
        self.toolbar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addToolBar(self.toolbar)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.menus = WindowMenus(self)
        self.actions_.fill_menus(self.menuBar(), self.menus.submenus())
        self.actions_.fill_toolbar(self.toolbar)
        self.actions_.add_keys()
        self.actions_.show_mode("orbit")
        self.status = StatusBar(self.shell, self)
        self.setStatusBar(self.status)

    def _single_shot(self, ms: int) -> QTimer:
        """A timer that lets the session do what waits for its time, once."""
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(ms)
        timer.timeout.connect(self._work)
        return timer

    # --- connections -----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        session, start = self.session, self.stage.start
        commands.attach(session, self)
        self.shell.message.connect(self.stage.toasts.show_message)
        self.themes.changed.connect(self._retheme)
        session.document.changed.connect(self._document_changed)
        session.settings.changed.connect(self._setting_changed)
        session.job_changed.connect(self._jobs_changed)
        session.ui_requested.connect(self._ui_requested)
        session.camera_changed.connect(self._camera_moved)
        walks(session).mode_changed.connect(self.actions_.show_mode)
        start.demo_chosen.connect(lambda: self.shell.run("demo.open"))
        start.open_chosen.connect(self.files.choose_open)
        start.recent_chosen.connect(lambda path: self.files.open([path]))
        start.clear_chosen.connect(session.settings.forget_recent)
        self.layers.open_wanted.connect(self.files.choose_open)
        self.layers.relink_wanted.connect(self.files.choose_relink)
        self.layers.report_wanted.connect(lambda layer: self.shell.run("layer.show_report", layer_id=layer))
        self.inspector.color_by_wanted.connect(self._color_by)
        if self.crash is not None:
            self.crash.report = self.feedback.unexpected
        self._jobs_changed()

    def _ui_requested(self, name: str, arguments: dict[str, Any]) -> None:
        """Commands of the session that only a window can carry out."""
        acts: dict[str, Callable[..., object]] = {"app.quit": self.close, "layer.show_report": self.show_report}
        acts["scenario.show_report"] = self.scenario_front.show_report
        acts["viewpoint.pictures_drawn"] = self.thumbnails.take
        acts[name](**arguments)

    def _camera_moved(self, _camera: Camera) -> None:
        """A view is remembered when the camera has rested."""
        self._rest.start()

    def _color_by(self, layer_id: str, attribute: str) -> None:
        self.shell.run("style.color_by", layer_id=layer_id, attribute=attribute)

    def _document_changed(self, changes: object) -> None:
        parts: frozenset[str] = getattr(changes, "parts", frozenset())
        self.refresh(parts)
        if "selection" in parts and self.session.document.state.selection.ids and is_behind(self.docks["inspector"]):
            self.docks["inspector"].raise_()  # what was clicked is told, also where panels lie behind each other
        if self.session.document.dirty and not self._autosave.isActive():
            self._autosave.start()

    def _setting_changed(self, name: str) -> None:
        if name == "recent":
            self.stage.start.set_recent(self.files.recent())
        elif name == "autosave_seconds":
            self._autosave.setInterval(int(self.session.settings.number(name) * 1000) + 500)

    def _retheme(self, _theme: object) -> None:
        self.feedback.refresh_sky()

    def refresh(self, parts: frozenset[str] | None = None) -> None:
        """Show the document as it is now; ``parts`` says what may differ (None = all)."""
        state = self.session.document.state
        self._switch_start(not state.layers)
        self.actions_.refresh()
        self.menus.tick(state)
        name = self.files.title() if state.layers else ""
        self.setWindowTitle(f"{visible_text(name)}[*] – {PRODUCT}" if name else PRODUCT)
        self.setWindowModified(bool(state.layers) and self.session.document.dirty)
        if parts is not None and "cities" in parts:
            self.shell.soon(self.feedback.refresh)  # a city arrives, which is much work for one turn
        elif parts is None or parts & {"layers", "style", "visibility", "show_legend", "crs"}:
            self.feedback.refresh()

    # --- start page and layout -------------------------------------------------------------------------------

    def _switch_start(self, on: bool) -> None:
        """The start page stands alone; the panels come with the first layer."""
        if on == self._at_start:
            return
        first = self._at_start is None
        self._at_start = on
        if on:
            self.stage.start.set_recent(self.files.recent())
            if not first:
                self._layout = self.saveState(LAYOUT_VERSION)
            for dock in self.docks.values():
                dock.hide()
            self.toolbar.hide()
        else:
            self.stage.setUpdatesEnabled(False)  # the canvas would draw at once, at every size on the way
            self.restoreState(self._layout, LAYOUT_VERSION)
            self.toolbar.show()
            layout = self.layout()
            assert layout is not None
            layout.activate()  # the canvas has its size before the camera looks for one that fits
            self.shell.later(self._tidy_tabs)
            for dock in (dock for dock in self.docks.values() if dock.isVisible()):
                dock.setUpdatesEnabled(False)  # one a turn: to paint all at once takes long
                self.shell.soon(partial(_let_paint, dock))
            self.stage.setUpdatesEnabled(True)
        self.stage.show_start(on)
        self._jobs_changed()

    def _place(self) -> None:
        """Where the window was the last time, else a comfortable size."""
        screen = QGuiApplication.primaryScreen().availableGeometry()
        size = QSize(min(1440, screen.width() - 32), min(900, screen.height() - 48))
        self.resize(size)
        self.move(screen.center() - QPoint(size.width() // 2, size.height() // 2))
        if screen.width() < SMALL_SCREEN.width() or screen.height() < SMALL_SCREEN.height():
            self.setWindowState(Qt.WindowState.WindowMaximized)
            self.resize(screen.size())
        self.restoreGeometry(QByteArray(self.memory.blob("geometry")))
        arrange(self, self.docks)
        self._first_layout = self.saveState(LAYOUT_VERSION)
        kept = QByteArray(self.memory.blob("layout"))
        self._layout = kept if kept and self.restoreState(kept, LAYOUT_VERSION) else self._first_layout

    def _tidy_tabs(self) -> None:
        """WORKAROUND: Qt 6.11 leaves a second tab bar where tabs are restored once more; it belongs to no panel."""
        docks = {dock.windowTitle(): dock for dock in self.docks.values()}
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            dock = docks.get(bar.tabText(bar.currentIndex()))
            below = bar.geometry().bottomLeft() + QPoint(0, 1)
            if dock is not None and dock.isVisible() and (dock.pos() - below).manhattanLength() > 8:
                bar.hide()

    def reset_layout(self) -> None:
        """All panels to where they were at first."""
        if self._at_start:
            self._layout = self._first_layout
            return
        arrange(self, self.docks)
        self.toolbar.show()

    def show_panel(self, name: str, visible: bool | None = None) -> None:
        """Show or hide a panel."""
        dock = self.docks.get(name)
        if dock is None:
            self.shell.say("error", f"There is no panel {name!r}; there are {', '.join(self.docks)}.")
            return
        on = dock.isHidden() if visible is None else visible
        dock.setVisible(on)
        if on and name == "report" and not self.report.text():
            self.report.show_layer(self.shell.current)
        if on:
            dock.raise_()
            dock.widget().setFocus()

    def toggle_panels(self) -> None:
        """Leave the window to the picture, or bring the panels back as they were."""
        if any(not dock.isHidden() for dock in self.docks.values()):
            self._put_away = self.saveState(LAYOUT_VERSION)
            for dock in self.docks.values():
                dock.hide()
        elif self._put_away:
            self.restoreState(self._put_away, LAYOUT_VERSION)
            self.shell.later(self._tidy_tabs)
        else:
            self.reset_layout()

    def show_report(self, layer_id: str | None) -> None:
        """Show the load report of a layer."""
        self.report.show_layer(layer_id or self.shell.current)
        self.show_panel("report", True)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or go back."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def present(self) -> None:
        """Open the presenter's console in place of this window, until the presentation ends."""
        if self.console is None:
            self.console = present_from(self)

    def set_theme(self, choice: ThemeChoice) -> None:
        """Use and keep this theme."""
        self.session.settings.set("theme", choice)
        self.themes.set_choice(choice)

    # --- sheets ----------------------------------------------------------------------------------------------

    def open_palette(self) -> None:
        """Show the command palette."""
        self.palette_sheet.open(palette_entries(self))

    def open_find(self) -> None:
        """Show the search for ids."""
        self.palette_sheet.open_search("Type a part of an object's id…", partial(found_objects, self), NO_SUCH_ID)

    def open_preferences(self) -> None:
        """Show the user's settings."""
        self.preferences.open()

    def open_keys(self) -> None:
        """Show the keys."""
        self.keys_sheet.open(self.actions_.keys())

    def offer_recovery(self) -> None:
        """Offer what an earlier run could not save."""
        self.feedback.offer_recovery(recoverable())

    def show_about(self) -> None:
        """Say what this program is."""
        self.feedback.about()

    def focus_filter(self) -> None:
        """Go to the filter field."""
        self.show_panel("style", True)
        self.style_panel.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.style_panel.filter.selectAll()

    def focus_color_by(self) -> None:
        """Go to the choice of colours."""
        self.show_panel("style", True)
        self.style_panel.color_by.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- work in progress ------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """What the first city will need is got ready while the start page is looked at."""
        super().showEvent(event)
        if not self._ready:
            self._ready = True
            self._first.start()

    def _get_ready(self) -> None:
        """Lay out and paint hidden panels once, each in a turn of its own: styles, icons and glyphs come with it."""
        for widget in (*self.docks.values(), self.toolbar):
            self.shell.soon(partial(_paint_once, widget))
        for name, role in LAYER_ICONS:
            self.shell.soon(partial(self.shell.icon, name, role))
        # some numpy functions import it at their first use, for 50 ms: not on this thread
        for name in ("numpy.ma", "viewer.demo.files"):
            self.session.submit(ThreadJob(import_module, (name,), title=""))
        for act in (uses.get_ready, specs):
            self.session.submit(ThreadJob(act, title=""))

    def _jobs_changed(self) -> None:
        active = [job for job in self.session.jobs.active if job.title]  # what has no name is not worth a word
        self.status.show_jobs(() if self._at_start else active)
        self.stage.start.show_jobs(active if self._at_start else ())
        if not self.session.jobs.idle and not self._poll.isActive():
            self._poll.start()

    def _work(self) -> None:
        """Ask the jobs how far they are; stop asking when nothing is left."""
        try:
            self.session.poll()
        finally:
            if self.session.jobs.idle:
                self._poll.stop()

    def picture(self) -> QImage:
        """What the view shows, in device pixels, with labels and legend on it."""
        self.session.interlude.finish()  # a picture that is kept shows the scenario, not the way there
        image = self.canvas.image()
        self.stage.labels.draw_on(image)
        if not image.isNull():
            ratio = image.devicePixelRatio()
            painter = QPainter(image)
            self.stage.draw_on(painter)
            painter.end()
            image.setDevicePixelRatio(ratio)
        return image

    # --- events ----------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may come from anywhere."""
        paths = dropped_paths(event.mimeData())
        if paths:
            self.stage.drop.offer(paths)
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Not here after all."""
        self.stage.drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped, after the other program has been answered."""
        self.stage.drop.hide()
        paths = dropped_paths(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.activateWindow()
        self.shell.later(lambda: self.files.open(paths))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about unsaved work, remember the layout, stop all work, free the canvas."""
        if self.console is not None:
            self.console.close()
        if not self.files.may_close():
            event.ignore()
            return
        layout = self._layout if self._at_start else self.saveState(LAYOUT_VERSION)
        self.memory.set_blobs(geometry=bytes(self.saveGeometry().data()), layout=bytes(layout.data()))
        for timer in (self._first, self._poll, self._rest, self._autosave):
            timer.stop()
        self.shell.shut_down()
        self.stage.shut_down()
        self.scenario_front.shut_down()
        self.panels.numbers.shut_down()
        commands.detach(self.session)
        walks(self.session).mode_changed.disconnect(self.actions_.show_mode)
        self.session.close()
        self.session.jobs.shutdown()
        self.canvas.close()
        for dock in self.docks.values():
            dock.setFloating(False)
        event.accept()
        super().closeEvent(event)


def _let_paint(widget: QWidget) -> None:
    if isValid(widget):
        widget.setUpdatesEnabled(True)


def _paint_once(widget: QWidget) -> None:
    if isValid(widget) and widget.isHidden():
        widget.grab()
