"""The registry of commands: every act of a user has a name, and menus, keys, the command line and tests call it.

    @command("layer.rename", title="Rename layer")
    def rename(session: Session, layer_id: str, name: str) -> None:
        \"\"\"Give a layer another name.\"\"\"

Arguments are checked against the function's annotations before it runs.
"""

from __future__ import annotations

import difflib
import inspect
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from viewer.session.session import Session

Function = TypeVar("Function", bound=Callable[..., Any])


class CommandError(Exception):
    """An act that is not possible as asked; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command. ``annotation`` is a type; ``required`` is False where there is a default."""

    name: str
    annotation: Any
    required: bool
    default: Any = None


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command: what menus, help and tests need to know of it.

    Attributes:
        name: "layer.set_visible".
        title: for menus and the list of commands.
        doc: what it does, one or more lines.
        parameters: its arguments in order.
        undo: True if it makes an undo step (when it changes anything).
        shortcut: default keys in Qt's portable text ("Ctrl+Z"), None = none.
        enabled: whether it makes sense now; menus are grey where it does not.
    """

    name: str
    title: str
    function: Callable[..., Any]
    doc: str
    parameters: tuple[Parameter, ...]
    undo: bool
    shortcut: str | None
    enabled: Callable[[Session], bool]


COMMANDS: dict[str, CommandSpec] = {}
"""Every command by name."""


def always(session: Session) -> bool:
    """The `CommandSpec.enabled` of commands that are possible at any time."""
    return True


def command(
    name: str,
    *,
    title: str,
    undo: bool = True,
    shortcut: str | None = None,
    enabled: Callable[[Session], bool] = always,
) -> Callable[[Function], Function]:
    """Register the decorated function ``f(session, **arguments)`` as a command; its docstring is the help text.

    Raises ValueError for a second command of that name or one without docstring.
    """

    def register(function: Function) -> Function:
        doc = inspect.getdoc(function)
        if name in COMMANDS or not doc:
            raise ValueError(
                f"command {name} is there already" if name in COMMANDS else f"command {name} needs help text"
            )
        COMMANDS[name] = CommandSpec(name, title, function, doc, _parameters(function), undo, shortcut, enabled)
        return function

    return register


def find(name: str) -> CommandSpec:
    """The command of that name; raises `CommandError`, naming the nearest one, if there is none."""
    if name in COMMANDS:
        return COMMANDS[name]
    near = difflib.get_close_matches(name, COMMANDS, 1)
    raise CommandError(f"There is no command {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))


def check_arguments(spec: CommandSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments in their declared types; raises `CommandError` naming the first that does not fit."""
    known = {parameter.name: parameter for parameter in spec.parameters}
    for name in given:
        if name not in known:
            expected = ", ".join(known) or "none"
            raise CommandError(f"{spec.name}: unknown argument {name!r}; its arguments: {expected}.")
    checked: dict[str, Any] = {}
    for parameter in spec.parameters:
        if parameter.name in given:
            checked[parameter.name] = _argument(spec, parameter, given[parameter.name])
        elif parameter.required:
            raise CommandError(f"{spec.name}: argument {parameter.name!r} is missing.")
    return checked


def commands_markdown() -> str:
    """A table of all commands for the documentation, by name."""
    lines = ["| command | what it does | arguments | keys | undo |", "|---|---|---|---|---|"]
    for spec in sorted(COMMANDS.values(), key=lambda s: s.name):
        arguments = ", ".join(
            f"`{p.name}`: {_say(p.annotation)}" + ("" if p.required else f" = {p.default!r}") for p in spec.parameters
        )
        doc = " ".join(spec.doc.split("\n\n")[0].split()).replace("|", "\\|")
        cells = (f"`{spec.name}`", f"**{spec.title}.** {doc}", arguments.replace("|", "or"), spec.shortcut or "")
        lines.append(f"| {' | '.join(cells)} | {'yes' if spec.undo else ''} |")
    return "\n".join(lines) + "\n"


def _parameters(function: Callable[..., Any]) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(function, localns={"Session": object})
    parameters = list(inspect.signature(function).parameters.values())[1:]
    empty = inspect.Parameter.empty
    return tuple(
        Parameter(p.name, hints[p.name], p.default is empty, None if p.default is empty else p.default)
        for p in parameters
    )


def _argument(spec: CommandSpec, parameter: Parameter, value: Any) -> Any:
    try:
        return convert(value, parameter.annotation)
    except (TypeError, ValueError) as error:
        shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
        reason = str(error) or f"must be {_say(parameter.annotation)}"
        raise CommandError(f"{spec.name}: argument {parameter.name!r} {reason}, not {shown}.") from error


def convert(value: Any, wanted: Any) -> Any:
    """The value as the annotated type; TypeError or ValueError ("must be ...") if it does not fit.

    int becomes float, lists become tuples, str becomes Path, and mappings become dataclasses; numbers must be finite.
    """
    if wanted is Any:
        return value
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (types.UnionType, typing.Union):
        return _one_of(value, inner, wanted)
    if origin is Literal:
        if value not in inner:
            raise ValueError(f"must be {_say(wanted)}")
        return value
    if origin is tuple or wanted is tuple:
        return _tuple(value, inner, wanted)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Iterable):
        return _tuple(value, (inner[0], ...), wanted)
    if isinstance(wanted, type) and is_dataclass(wanted):
        return _dataclass(value, wanted)
    return _plain(value, wanted)


def _plain(value: Any, wanted: Any) -> Any:
    if wanted is None or wanted is type(None):
        fits = value is None
    elif wanted is float:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and _finite(value)
        value = float(value) if fits else value
    elif wanted is int:
        if not isinstance(value, bool) and hasattr(value, "__index__"):
            return value.__index__()
        fits = False
    elif wanted is Path:
        fits = isinstance(value, (str, Path)) and "\0" not in str(value)
        value = Path(value) if fits else value
    else:
        fits = isinstance(value, wanted)
    if not fits:
        raise TypeError(f"must be {_say(wanted)}")
    return value


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _one_of(value: Any, choices: tuple[Any, ...], wanted: Any) -> Any:
    for choice in choices:
        try:
            return convert(value, choice)
        except (TypeError, ValueError):
            continue
    raise TypeError(f"must be {_say(wanted)}")


def _tuple(value: Any, inner: tuple[Any, ...], wanted: Any) -> Any:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"must be {_say(wanted)}")
    items = list(value)
    if len(inner) == 2 and inner[1] is ...:
        if inner[0] in (int, str) and set(map(type, items)) <= {inner[0]}:
            return tuple(items)  # as they are: there may be many
        return tuple(convert(item, inner[0]) for item in items)
    if len(items) != len(inner):
        raise TypeError(f"must be {_say(wanted)}")
    return tuple(convert(item, kind) for item, kind in zip(items, inner, strict=True))


def _dataclass(value: Any, wanted: type) -> Any:
    hints = typing.get_type_hints(wanted)
    if isinstance(value, wanted):
        given = {name: getattr(value, name) for name in hints}
    elif isinstance(value, Mapping) and all(name in hints for name in value):
        given = dict(value)
    else:
        raise TypeError(f"must be {_say(wanted)}")
    return wanted(**{name: convert(item, hints[name]) for name, item in given.items()})


_WORDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a finite number",
    bool: "true or false",
    Path: "a path",
    type(None): "nothing",
    None: "nothing",
}


def _say(wanted: Any) -> str:
    """A type in words."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted in _WORDS:
        return _WORDS[wanted]
    if origin in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(_say(choice) for choice in inner))
    if origin is Literal:
        return "one of " + ", ".join(map(str, inner))
    if origin is tuple and not (len(inner) == 2 and inner[1] is ...):
        same = len({_say(kind) for kind in inner}) == 1
        return f"{len(inner)} values ({_say(inner[0]) if same else ', '.join(map(_say, inner))} each)"
    if inner:
        return f"a list ({_say(inner[0])} each)"
    return f"a {getattr(wanted, '__name__', str(wanted)).lower()}"
