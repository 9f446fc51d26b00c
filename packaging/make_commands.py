"""Write the list of commands: ``.venv/bin/python packaging/make_commands.py`` makes ``viewer/session/commands.md``."""

from __future__ import annotations

from pathlib import Path

import viewer.ui.commands  # noqa: F401 - registers the window's own commands
from viewer.session.commands import commands_markdown

HEADER = """# Commands

Every act of a user is a command with a name. Menus, keys, the command line and tests run the same ones, by
`session.run("name", argument=value)`. This list is made by `packaging/make_commands.py`.

"""


def text() -> str:
    """The whole file."""
    return HEADER + commands_markdown()


if __name__ == "__main__":
    path = Path(__file__).resolve().parents[1] / "viewer" / "session" / "commands.md"
    path.write_text(text(), encoding="utf-8")
    print(f"{path.name}: {text().count(chr(10))} lines")
