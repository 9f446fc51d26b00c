"""Opening, saving, exporting: the file dialogs, the one question about unsaved work, the recent list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from loaders.registry import known_extensions
from viewer.ui.desktop.record_sheet import RecordSheet
from viewer.ui.desktop.shell import Shell
from viewer.ui.desktop.start import PRODUCT, RecentFile
from viewer.ui.memory import WindowMemory
from viewer.ui.widgets.text import visible_text

if TYPE_CHECKING:
    from viewer.ui.desktop.window import MainWindow

PROJECT = ".citiverse"
Answer = Literal["save", "discard", "cancel"]


class Dialogs:
    """Everything that asks the user for a file or a decision; tests put another in its place."""

    def __init__(self, parent: QWidget) -> None:
        self._parent = parent

    def open_files(self, folder: str) -> list[str]:
        """Files to open; [] = the user gave up."""
        patterns = " ".join(f"*{ext}" for ext in sorted({*known_extensions(), PROJECT}))
        kinds = f"Cities and projects ({patterns});;All files (*)"
        return list(QFileDialog.getOpenFileNames(self._parent, "Open", folder, kinds)[0])

    def open_scenarios(self, folder: str) -> list[str]:
        """Scenario packages to open; [] = the user gave up."""
        kinds = "Scenario packages (scenario.json *.citiscen *.zip);;All files (*)"
        return list(QFileDialog.getOpenFileNames(self._parent, "Open scenarios", folder, kinds)[0])

    def save_pdf(self, start: str) -> str:
        """Where to put the PDF; "" = the user gave up."""
        return QFileDialog.getSaveFileName(self._parent, "Save as PDF", start, "PDF (*.pdf)")[0]

    def save_project(self, start: str) -> str:
        """Where to save; "" = the user gave up."""
        return QFileDialog.getSaveFileName(self._parent, "Save the project", start, f"Projects (*{PROJECT})")[0]

    def save_picture(self, start: str) -> str:
        """Where to put the picture; "" = the user gave up."""
        return QFileDialog.getSaveFileName(self._parent, "Export picture", start, "PNG picture (*.png)")[0]

    def save_video(self, start: str, ending: str) -> str:
        """Where to put the video; "" = the user gave up."""
        kinds = {".mp4": "MP4 video (*.mp4)", ".webm": "WebM video (*.webm)"}
        return QFileDialog.getSaveFileName(self._parent, "Record as video", start, kinds[ending])[0]

    def save_pose(self, start: str) -> str:
        """Where to put the GeoPose; "" = the user gave up."""
        return QFileDialog.getSaveFileName(self._parent, "Export GeoPose", start, "GeoPose (*.json)")[0]

    def open_pose(self, folder: str) -> str:
        """The file of GeoPoses; "" = the user gave up."""
        kinds = "GeoPose (*.json *.geopose);;All files (*)"
        return QFileDialog.getOpenFileName(self._parent, "Import GeoPose", folder, kinds)[0]

    def unsaved(self, title: str) -> Answer:
        """What to do about unsaved work."""
        box = QMessageBox(self._parent)
        box.setWindowTitle(PRODUCT)
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setText(f"Save the changes to “{visible_text(title)}”?")
        box.setInformativeText(
            "Layers, colours, filters and viewpoints are kept in a project; your files stay as they are."
        )
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        names: dict[int, Answer] = {buttons.Save.value: "save", buttons.Discard.value: "discard"}
        answer = names.get(box.exec(), "cancel")
        box.deleteLater()
        return answer


def with_ending(path: str, ending: str) -> Path:
    """The path with this ending, added where it is missing."""
    return Path(path) if path.lower().endswith(ending) else Path(path + ending)


class Files:
    """File acts of the window."""

    def __init__(self, shell: Shell, window: MainWindow, memory: WindowMemory) -> None:
        self._shell = shell
        self._window = window
        self._memory = memory
        self.dialogs = Dialogs(window)

    def recent(self) -> list[RecentFile]:
        """The recent list, newest first."""
        paths = [Path(text) for text in self._shell.session.settings.recent]
        return [RecentFile(path, self._memory.opened(path), _exists(path)) for path in paths]

    def folder(self) -> str:
        """Where the dialogs start: where the newest recent file is, else the documents."""
        for recent in self.recent():
            if recent.path.parent.is_dir():
                return str(recent.path.parent)
        return QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)

    def choose_open(self) -> None:
        """Ask for files and open them."""
        self.open([Path(name) for name in self.dialogs.open_files(self.folder())])

    def choose_scenarios(self) -> None:
        """Ask for scenario packages and open them."""
        self.open([Path(name) for name in self.dialogs.open_scenarios(self.folder())])

    def open(self, paths: Sequence[Path]) -> None:
        """Open files, folders or one project; a project replaces what is open, after the question."""
        projects = [path for path in paths if path.suffix.lower() == PROJECT]
        if len(projects) > 1 or (projects and len(paths) > 1):
            self._shell.say("warning", "A project is opened alone. Drop either one project or data files.")
            return
        if projects:
            if self.may_close():
                self._shell.run("file.open_project", path=projects[0])
                self._memory.note_opened(projects[0].absolute())
            return
        if paths:
            self._shell.run("file.open", paths=[str(path) for path in paths])
            for path in paths:
                self._memory.note_opened(path.absolute())

    def choose_relink(self, layer_id: str) -> None:
        """Ask where the file of a layer is now, and load it."""
        chosen = self.dialogs.open_files(self.folder())
        if chosen:
            self._shell.run("layer.relink", layer_id=layer_id, path=Path(chosen[0]))

    def save(self) -> bool:
        """Save in the project's file, asking for it the first time; False if the user gave up or it failed."""
        document = self._shell.session.document
        if document.path is None:
            return self.choose_save_as()
        self._shell.run("file.save")
        return self._told_saved()

    def choose_save_as(self) -> bool:
        """Ask for a place and save there; False if the user gave up or it failed."""
        document = self._shell.session.document
        start = document.path or Path(self.folder()) / f"{_file_name(self.title())}{PROJECT}"
        chosen = self.dialogs.save_project(str(start))
        if not chosen:
            return False
        path = with_ending(chosen, PROJECT)
        self._shell.run("file.save_as", path=path)
        self._memory.note_opened(path.absolute())
        return self._told_saved()

    def _told_saved(self) -> bool:
        document = self._shell.session.document
        if document.dirty or document.path is None:
            return False
        self._shell.say("info", f"Saved as {visible_text(document.path.name)}")
        return True

    def start_over(self) -> None:
        """Back to the start page, after the question."""
        if self.may_close():
            self._shell.run("file.new")

    def may_close(self) -> bool:
        """True if nothing is lost by closing: nothing unsaved, saved now, or the user says so."""
        document = self._shell.session.document
        if not document.dirty or not document.state.layers:
            return True
        answer = self.dialogs.unsaved(self.title())
        return self.save() if answer == "save" else answer == "discard"

    def title(self) -> str:
        """What the project is called: its file's name, its title, or its first layer's name."""
        document = self._shell.session.document
        if document.path is not None:
            return document.path.stem
        if document.state.title not in ("", "Untitled"):
            return document.state.title
        return document.state.layers[0].name if document.state.layers else "Untitled"

    def choose_export(self, size: tuple[int, int] | None = None) -> None:
        """Ask for a place and write the view with its legend there; with a size it is drawn beside the window."""
        start = str(Path(self.folder()) / f"{_file_name(self.title())}.png")
        chosen = self.dialogs.save_picture(start)
        if chosen and size is None:
            self.export(with_ending(chosen, ".png"))
        elif chosen and size is not None:
            path = with_ending(chosen, ".png")
            self._shell.run("picture.render", output=path, width=size[0], height=size[1])

    def choose_video(self, tour: str | None, path: str | None) -> None:
        """Ask what to record, how and where to, and begin."""
        sheet = RecordSheet(self._shell, self._window, tour, path)
        done = sheet.exec() == RecordSheet.DialogCode.Accepted
        wanted, ending = sheet.chosen if done else {}, f".{sheet.format.value}"
        sheet.deleteLater()
        if not done:
            return
        name = _file_name(str(wanted.get("tour") or wanted.get("path")))
        chosen = self.dialogs.save_video(str(Path(self.folder()) / f"{name}{ending}"), ending)
        if chosen:
            self._shell.run("video.record", output=with_ending(chosen, ending), **wanted)

    def choose_geopose(self, name: str) -> None:
        """Ask for a place and write a viewpoint there."""
        chosen = self.dialogs.save_pose(str(Path(self.folder()) / f"{_file_name(name)}.json"))
        if chosen and self._shell.run("viewpoint.export_geopose", name=name, path=with_ending(chosen, ".json")):
            self._shell.say("info", f"Saved {visible_text(Path(chosen).name)}")

    def choose_import(self) -> None:
        """Ask for a file of GeoPoses and read it."""
        chosen = self.dialogs.open_pose(self.folder())
        if chosen:
            self._shell.run("viewpoint.import_geopose", path=Path(chosen))

    def export(self, path: Path) -> None:
        """Write the view with its legend as PNG."""
        try:
            saved = self._window.picture().save(str(path))
        except OSError:
            saved = False
        if saved:
            self._shell.say("info", f"Picture saved as {visible_text(path.name)}", str(path.parent))
        else:
            self._shell.say("error", f"{visible_text(path.name)} cannot be written. Choose another folder.")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _file_name(title: str) -> str:
    plain = "".join(c if c.isalnum() or c in " -_." else "_" for c in title).strip(" .")
    return plain[:80] or "city"
