"""``citiverse``: reads the command line, runs one command, turns every failure into one line and an exit code.

Commands live in ``viewer.cli_*`` and are imported when they run, so that ``citiverse info`` never waits for Qt or VTK.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from viewer.cli_common import DONE, INTERRUPTED, UNREADABLE, USAGE, CliError, complain, discard_output, version

HANDLERS = {
    "start": "viewer.cli_open:start",
    "open": "viewer.cli_open:open_paths",
    "demo": "viewer.cli_open:demo",
    "info": "viewer.cli_info:run",
    "render": "viewer.cli_picture:render",
    "pick": "viewer.cli_picture:pick",
    "record": "viewer.cli_record:run",
    "present": "viewer.cli_present:run",
    "scenario": "viewer.cli_scenario:run",
    "doctor": "viewer.doctor:run",
    "self-test": "viewer.selftest:run",
}
"""Command -> ``module:function(options) -> exit code``."""

READERS = ("open", "info", "render", "pick", "record")
"""Commands that begin by reading files."""

SIGNED_VALUES = ("--camera", "--range", "--at", "--split", "--threshold")
"""Options whose value may begin with a minus sign."""


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line and leave with the code for wrong usage."""
        complain(f"{message} (see: {self.prog} --help)")
        raise SystemExit(USAGE)


def build_parser() -> Parser:
    """The whole command line."""
    common = Parser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show the full traceback of an error")
    parser = Parser(
        prog="citiverse",
        description="Look at 3D city models. Without a command the window opens; PATHs are opened in it.",
        epilog="Exit codes: 0 done; 2 wrong usage; 3 nothing could be read; 4 read, but what was asked for is not in"
        " it; 5 this machine cannot draw.",
    )
    parser.add_argument("--version", action="version", version=f"citiverse {version()}")
    parser.add_argument("--debug", action="store_true", default=False, help="show the full traceback of an error")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    def add(name: str, text: str, *, paths: bool = True) -> Parser:
        sub = commands.add_parser(name, help=text, description=text, parents=[common], allow_abbrev=False)
        if paths:
            sub.add_argument("paths", nargs="+", type=path, metavar="PATH", help="file, folder or .citiverse project")
        return sub

    add("open", "open files, folders or projects in the window (so does a bare PATH)")
    demo = add("demo", "open the demo city; without a display render its pictures and say where", paths=False)
    demo.add_argument("-o", "--output", metavar="FOLDER", help="where the pictures go without a display")
    add("info", "what is in a file, and what was dropped, repaired or assumed").add_argument(
        "--json", action="store_true", help="one JSON object per path"
    )
    render = add("render", "make a picture, off-screen, identical to the window's")
    render.add_argument("-o", "--output", metavar="OUT.png", required=True, help="file to write (.png or .jpg)")
    add_stereo_option(render)
    add_picture_options(render)
    pick = add("pick", "what is under a pixel of the picture that render makes")
    pick.add_argument("--at", type=position, metavar="X,Y", required=True, help="pixel, counted from the top left")
    pick.add_argument("--json", action="store_true", help="one JSON object")
    add_picture_options(pick)
    add_record_options(add("record", "record a tour or path of a project as a video (.mp4 or .webm), off-screen"))
    add_present_options(add("present", "present a project: the audience's screen and the presenter's console"))
    add_scenario_acts(add("scenario", "make, check and seal scenario packages", paths=False))
    doctor = add("doctor", "versions, OpenGL, display, missing system libraries and their remedy", paths=False)
    doctor.add_argument("--json", action="store_true", help="one JSON object")
    doctor.add_argument("--probe-opengl", action="store_true", help=argparse.SUPPRESS)
    add("self-test", "a short end-to-end check of this installation", paths=False)
    return parser


def add_stereo_option(parser: argparse.ArgumentParser) -> None:
    """Option of what draws pictures for both eyes."""
    parser.add_argument(
        "--stereo",
        choices=("anaglyph", "side-by-side", "side-by-side-full"),
        default=None,
        help="for both eyes: red-cyan glasses, or side by side, each squeezed into a half or not (full)",
    )


def add_picture_options(parser: argparse.ArgumentParser) -> None:
    """Options shared by ``render`` and ``pick``."""
    add = parser.add_argument
    add("--size", type=size, default=(1280, 720), metavar="WxH", help="pixels (default 1280x720)")
    camera = parser.add_mutually_exclusive_group()
    camera.add_argument("--view", metavar="NAME", help="a viewpoint of the project")
    camera.add_argument(
        "--camera", type=numbers(6), metavar="EX,EY,EZ,TX,TY,TZ", help="eye and target, project CRS, metres"
    )
    add("--fov", type=angle, metavar="DEG", help="vertical field of view (default 40)")
    add("--lod", metavar="LOD", help="level of detail, or 'highest' (default)")
    add("--color-by", metavar="ATTRIBUTE", help="colour by an attribute, @type, @surface or @theme")
    add("--palette", metavar="NAME", help="palette of the colours")
    add("--range", type=numbers(2), metavar="MIN,MAX", help="limits of a numeric ramp")
    add("--filter", metavar="EXPR", help="show only objects for which this is true, e.g. 'measuredHeight > 20'")
    add("--hide", metavar="TYPE", action="append", default=[], help="hide a type of object; may be repeated")
    add("--select", metavar="ID", action="append", default=[], help="highlight an object; may be repeated")
    add("--scenario", metavar="ID[/VARIABLE]", help="show a scenario of the project, or of a package among the PATHs")
    add("--compare", type=pair, metavar="ID,ID", help="compare scenarios; 'base' is the city without one")
    add(
        "--compare-mode", choices=("swipe", "split", "blend", "difference"), help="how (default swipe; split takes 2-4)"
    )
    add("--split", type=share, default=None, metavar="0.5", help="where --compare divides the picture")
    add("--time", type=moment, metavar="ISO-8601", help="moment of a scenario; periods by their name")
    add("--sun", type=sun_time, metavar="ISO-8601", help="sun, moon and sky as at a moment")
    add("--no-shadows", action="store_true", help="let nothing cast a shadow")
    add("--realism", choices=("plain", "shaded", "textured"), default=None, help="how much is drawn (default shaded)")
    add("--contours", type=metres, metavar="METRES", help="contour lines at every so many metres of height")
    add("--no-legend", action="store_true", help="leave the legend out")
    add("--no-labels", action="store_true", help="leave the labels out")
    add("--label", metavar="ATTRIBUTE", help="write an attribute beside the objects ('' = nothing)")
    add("--quality", choices=("draft", "normal", "high"), default=None, help="how carefully to draw")


def add_record_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``record``."""
    add = parser.add_argument
    add("-o", "--output", metavar="OUT.mp4", required=True, help="file to write (.mp4 with H.264, .webm with VP9)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--tour", metavar="NAME", help="a tour of the project (default: the first)")
    what.add_argument("--path", metavar="NAME", help="a path of the project")
    add("--speed", type=factor, default=1.0, metavar="FACTOR", help="how fast to go along --path (default 1)")
    add("--size", type=size, default=(1920, 1080), metavar="WxH", help="pixels, both even (default 1920x1080)")
    add("--fps", type=rate, default=30, metavar="N", help="pictures a second (default 30)")
    add("--quality", choices=("draft", "normal", "high"), default="normal", help="how carefully to draw and encode")
    add("--language", default="", metavar="TAG", help="language of the steps' texts, e.g. en or pt-BR")
    add("--reduce-motion", action="store_true", help="dissolve from view to view instead of flying")
    add_stereo_option(parser)
    add("--no-stamp", action="store_true", help="leave title, texts and provenance out")
    add("--no-legend", action="store_true", help="leave the legend out")
    add("--no-labels", action="store_true", help="leave the labels out")
    add("--progress-json", action="store_true", help=argparse.SUPPRESS)
    add("--thumbnails", action="store_true", help=argparse.SUPPRESS)


def add_present_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``present``."""
    add = parser.add_argument
    add("--tour", metavar="NAME", help="a tour of the project (default: the first; without any the viewpoints)")
    add("--minutes", type=minutes, default=0, metavar="N", help="planned length, for the clock")
    add("--language", default="", metavar="TAG", help="language of the steps' texts, e.g. en or pt-BR")
    add("--check", action="store_true", help="do not present: open everything and list what is missing")
    add("--json", action="store_true", help="with --check: one JSON object")


def add_scenario_acts(parser: argparse.ArgumentParser) -> None:
    """The acts of ``scenario`` and their options."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True, parser_class=Parser)
    common = Parser(add_help=False)
    common.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return acts.add_parser(name, help=text, description=text, parents=[common], allow_abbrev=False)

    new = add("new", "make a package with an empty manifest")
    new.add_argument("folder", type=path, metavar="FOLDER", help="folder to make")
    new.add_argument("--title", required=True, help="title of the scenario")
    new.add_argument("--id", help="its id (default: from the folder's name)")
    new.add_argument("--crs", help='CRS of the data, e.g. "EPSG:28992"')
    new.add_argument("--base", metavar="IDENTIFIER", help="the city model that it belongs to")
    check = add("check", "tell everything that is wrong with a package, and what is in it")
    check.add_argument("path", type=path, metavar="PACKAGE", help="folder, scenario.json or ZIP")
    check.add_argument("--base", metavar="CITY", help="city model to look the ids up in")
    check.add_argument("--json", action="store_true", help="one JSON object")
    fill = add("hash", "fill in sizes, hashes and totals of a package that is a folder")
    fill.add_argument("path", type=path, metavar="PACKAGE", help="folder, or its scenario.json")
    take = add("import", "make a package of what a simulation tool wrote; what no file tells is asked for")
    take.add_argument("paths", nargs="*", type=path, metavar="PATH", help="files that belong together")
    take.add_argument("-o", "--output", type=path, metavar="FOLDER", help="folder to make")
    take.add_argument("--as", dest="importer", metavar="NAME", help="importer (default: by the files)")
    take.add_argument("--list", action="store_true", help="list the importers")
    take.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="answer a question; may be repeated"
    )
    take.add_argument("--answers", type=path, metavar="FILE", help="answers as a JSON object")
    take.add_argument("--json", action="store_true", help="one JSON object; questions too")
    add_numbers_options(add("numbers", "compare scenarios by numbers: who and what is affected, who gains, who loses"))


def add_numbers_options(parser: argparse.ArgumentParser) -> None:
    """Options of ``scenario numbers``."""
    add = parser.add_argument
    add("paths", nargs="+", type=path, metavar="PATH", help="a project, or a city and its packages")
    add("--scenario", metavar="ID,ID", help="one to four scenarios (default: those that the project shows, else all)")
    add("--variable", metavar="ID", help="which variable (default: the one shown, else the first)")
    add("--threshold", type=numbers(1), metavar="X", help="affected is from X on (default: the first class break)")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--time", type=moment, metavar="ISO-8601", help="moment; periods by their name")
    when.add_argument("--worst", action="store_true", help="the worst of all moments for each building")
    add("--quarters", metavar="ATTRIBUTE", help="attribute with the quarter of a building ('' = no quarters)")
    add("--count", metavar="INDICATOR", help="what the classes count (default: the first, mostly buildings)")
    add("--near", type=numbers(1), metavar="M", help="buildings lie at streets within so many metres (default: 50)")
    add("-o", "--output", metavar="OUT", help="write .csv or .xlsx instead of printing")
    add("--json", action="store_true", help="one JSON object")


def minutes(text: str) -> int:
    """Whole minutes, 0 to 600."""
    if not text.isascii() or not text.isdigit() or int(text[:4]) > 600:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to 600")
    return int(text)


def factor(text: str) -> float:
    """A speed as a factor, 0.05 to 50."""
    (value,) = numbers(1)(text)
    if not 0.05 <= value <= 50.0:
        raise argparse.ArgumentTypeError(f"{text} is out of range: 0.05 to 50")
    return value


def rate(text: str) -> int:
    """Pictures a second, 1 to 120."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:4]) <= 120:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 120")
    return int(text)


def size(text: str) -> tuple[int, int]:
    """``1280x720`` -> (1280, 720)."""
    parts = text.lower().replace("\u00d7", "x").split("x")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, e.g. 1280x720")
    width, height = int(parts[0][:6]), int(parts[1][:6])
    if not (1 <= width <= 16384 and 1 <= height <= 16384 and width * height <= 134_217_728):
        raise argparse.ArgumentTypeError(f"{text} is out of range: 1x1 to 16384x8192 pixels")
    return width, height


def position(text: str) -> tuple[int, int]:
    """``X,Y`` -> whole pixels."""
    x, y = numbers(2)(text)
    if x != int(x) or y != int(y):
        raise argparse.ArgumentTypeError(f"{text!r} is not X,Y in whole pixels")
    return int(x), int(y)


def metres(text: str) -> float:
    """A step of heights: above 0, up to 10,000."""
    (value,) = numbers(1)(text)
    if not 0.0 < value <= 10_000.0:
        raise argparse.ArgumentTypeError(f"{text} is no height above 0 and up to 10000 metres")
    return value


class numbers:
    """Reads ``count`` finite numbers with commas between them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __call__(self, text: str) -> tuple[float, ...]:
        """The numbers; complains about anything else."""
        try:
            values = tuple(float(part) for part in text.split(","))
        except ValueError:
            values = ()
        if len(values) != self.count or not all(abs(value) < 1e12 for value in values):
            raise argparse.ArgumentTypeError(f"{text!r} is not {self.count} numbers with commas between")
        return values


def angle(text: str) -> float:
    """Degrees, more than 0 and less than 170."""
    (value,) = numbers(1)(text)
    if not 0.1 <= value <= 170:
        raise argparse.ArgumentTypeError(f"{text} is out of range: 0.1 to 170 degrees")
    return value


def path(text: str) -> str:
    """A path as it is; an empty one (a variable of a script that is not set) would mean the current folder."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the path is empty")
    return text


def pair(text: str) -> str:
    """``A,B`` as it is; up to four ids."""
    names = [name.strip() for name in text.split(",")]
    if not 2 <= len(names) <= 4 or not all(names) or len(set(names)) < len(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not two to four different ids with commas between")
    return text


def share(text: str) -> float:
    """0 to 1."""
    (value,) = numbers(1)(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is out of range: 0 to 1")
    return value


def sun_time(text: str) -> str:
    """A date and time that sun and moon are known for, as it is."""
    from viewer.analysis.sun import parse_time

    try:
        parse_time(text, 0.0)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def moment(text: str) -> str:
    """A date or a date and time of ISO 8601, or the name of a period, as it is."""
    from datetime import datetime

    looks_dated = re.fullmatch(r"\d{4}([-T].*)?", text, re.ASCII) is not None
    if not text.strip() or len(text) > 200:
        raise argparse.ArgumentTypeError("it is empty or too long")
    # a climate model's calendar may have a 30 February; whether this one has is known when it is open
    known = r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])([T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?)?)?)?"
    if looks_dated and re.fullmatch(known, text, re.ASCII) is None:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            told = f"{text!r} is not a date or time of ISO 8601, e.g. 2030-06-21T12:00"
            raise argparse.ArgumentTypeError(told) from None
    return text


def normalise(arguments: Sequence[str]) -> list[str]:
    """Bring the short forms to the long one: nothing -> start, bare paths -> open, signed values tied to options."""
    words: list[str] = []
    waiting = False
    for word in arguments:
        if waiting and word.startswith("-") and word[1:2].isdigit() | word[1:2].startswith("."):
            words[-1] += f"={word}"
        else:
            words.append(word)
        waiting = word in SIGNED_VALUES
    first = next((word for word in words if not word.startswith("-") or word == "--"), None)
    if first is None and not {"-h", "--help", "--version"} & set(words):
        unknown = [word for word in words if word != "--debug"]
        return words if unknown else ["start", *words]
    if first is not None and first not in HANDLERS:
        return ["open", *words]
    return words


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code and never raises for a user's mistake or a broken file."""
    from loaders.api import Cancelled, LoadError

    words = normalise(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    _use_utf8()
    try:
        return dispatch(words)
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else USAGE
    except BrokenPipeError:
        # Whoever read the output has enough; Python must not complain when it flushes at the end.
        discard_output()
        return DONE
    except (KeyboardInterrupt, Cancelled):
        complain("stopped.")
        return INTERRUPTED
    except CliError as error:
        return _failed(error, error.code, debug)
    except LoadError as error:
        return _failed(error, UNREADABLE, debug)
    except Exception as error:
        name = type(error).__name__
        text = f"this should not have happened ({name}: {error}). Please report it with the output of --debug."
        return _failed(error, 1, debug, text)


def reads_files(words: Sequence[str]) -> bool:
    """True if the command line asks for something that begins by reading files."""
    words = normalise(words)
    return bool(words) and words[0] in READERS and not {"-h", "--help"} & set(words)


def dispatch(words: Sequence[str]) -> int:
    """Parse and run; exceptions pass."""
    if words[:1] == ["start"]:
        options = argparse.Namespace(command="start", debug="--debug" in words)
    else:
        options = build_parser().parse_args(words)
    module, function = HANDLERS[options.command].split(":")
    return int(getattr(importlib.import_module(module), function)(options))


def _failed(error: BaseException, code: int, debug: bool, text: str | None = None) -> int:
    if debug:
        import traceback

        traceback.print_exception(error)
    if text or str(error):
        complain(text or error)
    return code


def _use_utf8() -> None:
    """Ids and attributes are any language; a narrow console encoding must not stop the output, nor a closed one."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
