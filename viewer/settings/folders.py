"""Where the program keeps what belongs to the user: settings, caches, and state (recovery, logs)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP_NAME = "citiverse"
HOME_VARIABLE = "CITIVERSE_HOME"
"""Environment variable: one folder that holds all three instead of the platform's places (portable use, tests)."""


@dataclass(frozen=True, slots=True)
class Folders:
    """The user's folders for this program; they need not exist yet.

    Attributes:
        config: ``settings.json``.
        cache: what can be made again at any time.
        state: recovery copies and logs.
    """

    config: Path
    cache: Path
    state: Path


def folders() -> Folders:
    """The folders as the environment says now."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        root = Path(home)
        return Folders(root / "config", root / "cache", root / "state")
    return Folders(
        platformdirs.user_config_path(APP_NAME, appauthor=False),
        platformdirs.user_cache_path(APP_NAME, appauthor=False),
        platformdirs.user_state_path(APP_NAME, appauthor=False),
    )
