"""Menus and tool bar. An action holds the name of a command (property "command") and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton, QWidget

from viewer.session.registry import COMMANDS, CommandSpec
from viewer.session.walks import walks
from viewer.ui.desktop.shell import Shell
from viewer.ui.widgets.text import tooltip


@dataclass(frozen=True, slots=True)
class Item:
    """A menu line: a command, its icon, fixed arguments, another title than the command's."""

    command: str
    icon: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    title: str = ""


SEPARATOR = Item("")

MENUS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "&File",
        (
            Item("file.choose", "open"),
            Item("recent"),
            Item("demo.open", "town"),
            SEPARATOR,
            Item("file.start_over", "new"),
            Item("file.save_here", "save"),
            Item("file.choose_save_as"),
            SEPARATOR,
            Item("file.export_picture", "image"),
            Item("file.export_picture", args={"width": 3840, "height": 2160}, title="Export 4K picture…"),
            Item("file.export_picture", args={"width": 7680, "height": 4320}, title="Export 8K picture…"),
            Item("video.choose", "video"),
            SEPARATOR,
            Item("app.quit", "quit"),
        ),
    ),
    (
        "&Edit",
        (
            Item("edit.undo", "undo"),
            Item("edit.redo", "redo"),
            SEPARATOR,
            Item("selection.clear"),
            Item("selection.zoom_to", "zoom-to"),
            Item("selection.hide", "eye-off"),
            Item("selection.isolate", "isolate"),
            Item("visibility.show_all", "eye"),
            SEPARATOR,
            Item("selection.open_find", "search"),
            Item("filter.focus", "filter"),
            Item("style.focus_color_by", "palette"),
            SEPARATOR,
            Item("app.preferences"),
        ),
    ),
    (
        "&View",
        (
            Item("view.home", "home"),
            Item("view.top", "top"),
            Item("view.zoom_to_all", "zoom-all"),
            Item("view.back", "back"),
            Item("view.forward", "forward"),
            SEPARATOR,
            Item("view.orbit_mode", "orbit"),
            Item("view.walk", "walk"),
            Item("view.fly", "fly"),
            Item("walk.rescue", "rise"),
            Item("view.street_bird"),
            SEPARATOR,
            Item("viewpoint.add_here", "viewpoint"),
            Item("viewpoints"),
            Item("tour.play", "play"),
            Item("present.start", "screen"),
            SEPARATOR,
            Item("labels"),
            Item("legend"),
            Item("quality"),
            Item("stereo"),
            Item("theme"),
        ),
    ),
    (
        "&Scenarios",
        (
            Item("scenario.choose", "open"),
            SEPARATOR,
            Item("scenarios.show"),
            Item("scenarios.variable"),
            Item("scenarios.mode"),
            Item("scenario.baseline"),
            Item("scenario.flicker"),
            Item("scenario.flip"),
            Item("scenario.swap", "swap"),
            Item("scenario.next"),
            SEPARATOR,
            Item("clock.toggle", "play"),
            Item("clock.step", "next-step", args={"steps": 1}, title="Next step"),
            Item("clock.step", "previous-step", args={"steps": -1}, title="Previous step"),
            SEPARATOR,
            Item("scenarios.hatch"),
            Item("scenarios.sun"),
            Item("scenario.where_from", "source"),
        ),
    ),
    (
        "&Window",
        (
            Item("panels"),
            SEPARATOR,
            Item("window.toggle_panels"),
            Item("window.reset_layout", "reset"),
            Item("window.full_screen"),
        ),
    ),
    ("&Help", (Item("app.command_palette", "command"), Item("app.keys", "keyboard"), Item("app.about", "info"))),
)

TOOLBAR: tuple[Item, ...] = (
    Item("file.choose", "open", title="Open"),
    Item("file.save_here", "save", title="Save"),
    SEPARATOR,
    Item("edit.undo", "undo"),
    Item("edit.redo", "redo"),
    SEPARATOR,
    Item("view.home", "home"),
    Item("view.top", "top"),
    Item("view.zoom_to_all", "zoom-all"),
    Item("view.back", "back"),
    Item("view.forward", "forward"),
    SEPARATOR,
    Item("view.orbit_mode", "orbit", title="Turn"),
    Item("view.walk", "walk", title="Walk"),
    Item("view.fly", "fly", title="Fly"),
    Item("walk.rescue", "rise"),
    SEPARATOR,
    Item("selection.zoom_to", "zoom-to"),
    Item("selection.hide", "eye-off"),
    Item("selection.isolate", "isolate"),
    Item("visibility.show_all", "eye"),
    SEPARATOR,
    Item("style.focus_color_by", "palette"),
    Item("viewpoint.add_here", "viewpoint"),
)
EXTRA_KEYS = {"app.command_palette": ("Ctrl+Shift+P",), "app.keys": ("?",), "edit.redo": ("Ctrl+Shift+Z", "Ctrl+Y")}


_OTHERS_USE = (Qt.Key.Key_Home, Qt.Key.Key_Escape)


def is_plain_key(keys: str) -> bool:
    """True for keys that lists, fields and sheets use themselves (letters, Home, Esc).

    Those act only where the picture has the focus.
    """
    combination = QKeySequence(keys)[0]  # type: ignore[index]
    modifiers = combination.keyboardModifiers() & ~Qt.KeyboardModifier.ShiftModifier
    letter = Qt.Key.Key_A <= combination.key() <= Qt.Key.Key_Z
    return modifiers == Qt.KeyboardModifier.NoModifier and (letter or combination.key() in _OTHERS_USE)


class Actions(QObject):
    """Makes each command's action once; menu, tool bar and keys share it."""

    def __init__(self, shell: Shell, owner: QWidget, canvas: QWidget) -> None:
        super().__init__(owner)
        self._shell = shell
        self._owner = owner
        self._canvas = canvas
        self.by_command: dict[str, QAction] = {}
        self._in_menus: list[tuple[str, QAction]] = []

    def action(self, item: Item) -> QAction:
        """The action of a command; with arguments a new one each time."""
        if not item.args and item.command in self.by_command:
            return self.by_command[item.command]
        spec = COMMANDS[item.command]
        act = QAction(item.title or spec.title, self._owner)
        act.setProperty("command", item.command)
        act.setMenuRole(QAction.MenuRole.NoRole)
        act.triggered.connect(lambda _=False: self._shell.run(item.command, **item.args))
        if item.icon:
            self._shell.set_icon(act, item.icon)
        if not item.args:
            self._add_keys(act, spec)
            self.by_command[item.command] = act
        return act

    def _add_keys(self, act: QAction, spec: CommandSpec) -> None:
        keys = [k for k in (spec.shortcut, *EXTRA_KEYS.get(spec.name, ())) if k]
        sequences = list(dict.fromkeys(keys))
        act.setShortcuts([QKeySequence(k) for k in sequences])
        if any(is_plain_key(k) for k in sequences):
            act.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._canvas.addAction(act)
        else:
            act.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._owner.addAction(act)
        shown = act.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        act.setToolTip(tooltip(f"{spec.title.rstrip('…')} ({shown})" if shown else spec.title))

    def fill_menus(self, bar: QMenuBar, submenus: dict[str, Callable[[], QMenu | QAction]]) -> None:
        """Build the menus; ``submenus`` makes what is not one plain command."""
        for title, items in MENUS:
            menu = bar.addMenu(title)
            menu.setToolTipsVisible(False)
            for item in items:
                if item is SEPARATOR:
                    menu.addSeparator()
                elif item.command in submenus:
                    made = submenus[item.command]()
                    menu.addMenu(made) if isinstance(made, QMenu) else menu.addAction(made)
                else:
                    act = self.action(item)
                    menu.addAction(act)
                    self._in_menus.append((item.command, act))
            menu.aboutToShow.connect(self.refresh)

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Build the tool bar."""
        bar.setIconSize(QSize(20, 20))
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        for item in TOOLBAR:
            if item is SEPARATOR:
                bar.addSeparator()
                continue
            act = self.action(item)
            bar.addAction(act)
            button = bar.widgetForAction(act)
            assert isinstance(button, QToolButton)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(COMMANDS[item.command].title.rstrip("…"))
            if item.title:
                act.setIconText(item.title)
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def add_keys(self) -> None:
        """Actions for the commands with keys that stand in no menu."""
        for spec in COMMANDS.values():
            if spec.shortcut and not any(p.required for p in spec.parameters):
                taken = {k.toString() for a in self.by_command.values() for k in a.shortcuts()}
                if spec.name not in self.by_command and QKeySequence(spec.shortcut).toString() not in taken:
                    self.action(Item(spec.name))

    def show_mode(self, mode: str) -> None:
        """Press down the one of the three ways to move that holds."""
        for command, name in (("view.orbit_mode", "orbit"), ("view.walk", "walk"), ("view.fly", "fly")):
            act = self.action(Item(command))
            if not act.isCheckable():
                act.setCheckable(True)
                # a click presses it down even if nothing came of it
                act.triggered.connect(lambda: self.show_mode(walks(self._shell.session).mode))
            act.setChecked(name == mode)

    def refresh(self) -> None:
        """Grey what makes no sense now; undo and redo say what they would do."""
        session = self._shell.session
        for name, act in (*self.by_command.items(), *self._in_menus):
            act.setEnabled(COMMANDS[name].enabled(session))
        document = session.document
        for name, word, label, can in (
            ("edit.undo", "Undo", document.undo_label, document.can_undo),
            ("edit.redo", "Redo", document.redo_label, document.can_redo),
        ):
            act = self.by_command[name]
            what = f" {label[:1].lower()}{label[1:]}" if label and can else ""
            act.setEnabled(can)
            act.setText((word + what).replace("&", "&&"))
            keys = act.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            act.setToolTip(tooltip(f"{word}{what} ({keys})"))

    def keys(self) -> Sequence[tuple[str, str]]:
        """Keys and titles of all actions that have keys, for the help sheet."""
        native = QKeySequence.SequenceFormat.NativeText
        found = []
        for name, act in self.by_command.items():
            keys = [k.toString(native) for k in act.shortcuts()]
            if keys:
                found.append((" or ".join(keys[:2]), COMMANDS[name].title.rstrip("…")))
        return found
