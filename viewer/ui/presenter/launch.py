"""From the planner's window to a presentation and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.ui.presenter.console import Console

if TYPE_CHECKING:
    from viewer.ui.desktop.window import MainWindow


def present_from(window: MainWindow) -> Console:
    """Hide the planner's window and open a console over its session; when that ends, the window comes back."""
    session = window.session
    session.player.stop()
    camera = session.camera
    console = Console(session, window.themes)
    console.setGeometry(window.geometry())

    def back() -> None:
        window.show()  # before the console goes: with the last window the program would end
        window.canvas.set_covered(False)
        session.move_camera(camera, jump=True)
        window.console = None
        window.refresh()
        console.deleteLater()

    console.ended.connect(back)
    console.show()
    window.canvas.set_covered(True)
    window.hide()
    console.start()
    return console
