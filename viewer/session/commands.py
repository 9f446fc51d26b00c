"""All commands: importing this module registers them. See `viewer.session.registry` for how one is written."""

from viewer.session import (
    file_commands,
    label_commands,
    layer_commands,
    light_commands,
    path_commands,
    preflight,
    record_commands,
    selection_commands,
    tour_commands,
    view_commands,
    viewpoint_commands,
    walk_commands,
)
from viewer.session.registry import (
    COMMANDS,
    CommandError,
    CommandSpec,
    Parameter,
    check_arguments,
    command,
    commands_markdown,
    find,
)

__all__ = [
    "COMMANDS",
    "CommandError",
    "CommandSpec",
    "Parameter",
    "check_arguments",
    "command",
    "commands_markdown",
    "file_commands",
    "find",
    "label_commands",
    "layer_commands",
    "light_commands",
    "path_commands",
    "preflight",
    "record_commands",
    "selection_commands",
    "tour_commands",
    "view_commands",
    "viewpoint_commands",
    "walk_commands",
]
