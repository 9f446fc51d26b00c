"""Rules about the tree itself: which folders are packages, how long files may be, which calls are banned."""

from __future__ import annotations

import ast
import importlib
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60
PLAIN_FOLDERS = ("packaging", "shaders", "assets", "tests")
BANNED_CALLS = {"eval", "exec", "compile", "__import__"}
BANNED_ATTRIBUTES = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("numpy", "fromregex")}
BANNED_MODULES = {"pickle", "cPickle", "shelve", "marshal", "dill", "joblib", "yaml"}
NETWORK_MODULES = {
    *("socket", "socketserver", "ssl", "http", "urllib.request", "urllib3", "requests", "aiohttp", "httpx", "ftplib"),
    *("smtplib", "telnetlib", "xmlrpc", "websocket", "websockets", "PySide6.QtNetwork", "PySide6.QtWebSockets"),
}
ALLOWED = {
    # ``socketpair`` inside the process: the only way to wake Qt's loop from a signal on every platform.
    "viewer/ui/app.py": {"socket"},
    # Names the kinds of sockets that a worker is refused.
    "loaders/sandbox.py": {"socket"},
    # Arrays between a worker and its own forked children; nothing of it ever was in a file.
    "loaders/_fork.py": {"pickle"},
}
HARMLESS_SOCKET_NAMES = {"socketpair", "AF_UNIX"}


@pytest.fixture(scope="module")
def config(project_root: Path) -> dict[str, Any]:
    """pyproject.toml, read."""
    return tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))


def _python_files(root: Path, *rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (root / room).rglob("*.py") if "__pycache__" not in path.parts)


def _imports(tree: ast.AST) -> set[str]:
    """Every dotted name that the module imports, at any depth of the file."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _within(name: str, modules: set[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


@pytest.mark.parametrize("folder", PLAIN_FOLDERS)
def test_plain_folders_are_no_packages(project_root: Path, folder: str) -> None:
    assert (project_root / folder).is_dir()
    assert [str(path) for path in (project_root / folder).rglob("__init__.py")] == []


def test_every_folder_of_the_packages_is_a_package(project_root: Path) -> None:
    bare = {
        p.parent for p in _python_files(project_root, "viewer", "loaders") if not (p.parent / "__init__.py").exists()
    }
    assert bare == set()


def test_files_and_functions_stay_short(project_root: Path) -> None:
    too_long = []
    for path in _python_files(project_root, "viewer", "loaders", "packaging", "tests", "benchmarks"):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(project_root)
        if text.count("\n") > MAX_FILE_LINES:
            too_long.append(f"{name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    too_long.append(f"{name}:{node.lineno} {node.name}: {length} lines")
    assert too_long == []


def test_nothing_executes_data_or_reaches_the_network(project_root: Path) -> None:
    """Files are hostile: no pickles, no evaluated text, no shell; and the program speaks to nobody."""
    found = []
    for path in _python_files(project_root, "viewer", "loaders"):
        name = path.relative_to(project_root)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = _imports(tree)
        banned = (BANNED_MODULES | NETWORK_MODULES) - ALLOWED.get(name.as_posix(), set())
        found += [f"{name}: import {i}" for i in imports if _within(i, banned)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found += [f"{name}:{node.lineno}: {call}" for call in _banned_calls(node)]
    assert found == []


def _banned_calls(node: ast.Call) -> list[str]:
    function = node.func
    if isinstance(function, ast.Name) and function.id in BANNED_CALLS:
        return [function.id]
    if isinstance(function, ast.Attribute) and isinstance(owner := function.value, ast.Name):
        return [f"{owner.id}.{function.attr}"] * ((owner.id, function.attr) in BANNED_ATTRIBUTES) + _flags(node)
    return _flags(node)


def _flags(node: ast.Call) -> list[str]:
    """Arguments that turn a harmless call into a banned one."""
    shell = [k for k in node.keywords if k.arg in ("shell", "allow_pickle") and getattr(k.value, "value", None) is True]
    return [f"{k.arg}=True" for k in shell]


def test_banned_calls_are_recognised() -> None:
    texts = ("eval('1')", "os.system('x')", "run('x', shell=True)", "np.load(f, allow_pickle=True)")
    for text in texts:
        call = next(node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
        assert _banned_calls(call), text
    assert _within("pickle", BANNED_MODULES) and _within("urllib.request.urlopen", NETWORK_MODULES)
    assert not _within("urllib.parse", NETWORK_MODULES)


def test_files_are_clean_text(project_root: Path) -> None:
    """No generated, private or stray files are tracked."""
    listing = subprocess.run(["git", "ls-files"], cwd=project_root, capture_output=True, text=True, timeout=120)
    if listing.returncode:
        pytest.skip("not a git checkout")
    names = listing.stdout.splitlines()
    assert [n for n in names if n.endswith((".pyc", ".orig", ".rej", ".swp")) or "__pycache__" in n] == []


def test_every_loader_has_its_line_and_every_line_its_loader(config: dict[str, Any], project_root: Path) -> None:
    from loaders.api import LoaderSpec

    lines = config["project"]["entry-points"]["citiverse.loaders"]
    for name, target in lines.items():
        module, attribute = target.split(":")
        spec = getattr(importlib.import_module(module), attribute)
        assert isinstance(spec, LoaderSpec), name
        where, function = spec.load.split(":")
        assert callable(getattr(importlib.import_module(where), function)), spec.load
    with_spec = {
        ".".join(path.relative_to(project_root).with_suffix("").parts)
        for path in [*(project_root / "loaders").glob("*.py"), *(project_root / "loaders").glob("*/spec.py")]
        if any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and any(
                getattr(t, "id", "") == "SPEC"
                for t in (node.targets if isinstance(node, ast.Assign) else [node.target])
            )
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    }
    assert with_spec == {target.split(":")[0] for target in lines.values()}


def test_scripts_point_at_functions(config: dict[str, Any]) -> None:
    for target in config["project"]["scripts"].values():
        module, function = target.split(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_allowed_sockets_reach_nobody(project_root: Path) -> None:
    """A file that may import ``socket`` makes pairs within the process or names constants, no more."""
    for name, modules in ALLOWED.items():
        if "socket" not in modules:
            continue
        tree = ast.parse((project_root / name).read_text(encoding="utf-8"))
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socket"
        }
        assert used <= HARMLESS_SOCKET_NAMES, name
