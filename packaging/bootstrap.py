"""Set everything up and go: ``python3 packaging/bootstrap.py demo`` or ``python3 packaging/bootstrap.py test``.

Needs only Python 3.11 or newer. The first run makes a virtual environment in ``.venv``, installs the locked versions
into it and, on Debian and Ubuntu with root or sudo, the system libraries that are missing (only those). Later runs see
that nothing changed and start at once. Nothing outside the checkout is touched except by apt.

    demo              open the demo city (without a display: render its pictures and say where)
    test [ARG...]     all checks and tests; arguments go to pytest
    run [ARG...]      the program itself, e.g.  run info city.json
    setup [--test]    only set up

Standard library only, and no syntax newer than Python 3.8, so that an old Python gets a message and no traceback.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST = (3, 11)
NEWEST_KNOWN = (3, 14)
WINDOWS = os.name == "nt"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
LOCKS = {"app": "requirements.lock", "test": "requirements-test.lock"}
OFFLINE = re.compile(
    r"name resolution|NameResolutionError|NewConnectionError|Network is unreachable|ConnectTimeout|getaddrinfo"
    r"|No address associated|Connection refused|ProxyError|Could not fetch URL|Could not resolve|Failed to fetch",
    re.IGNORECASE,
)


class SetupError(Exception):
    """Setting up cannot go on; the text says why and what to do, in one line."""


def say(text: str) -> None:
    """One line about what happens, on standard error so that the program's own output stays clean."""
    print(text, file=sys.stderr, flush=True)


# --- Python and the virtual environment ----------------------------------------------------------------------


def own_python() -> str:
    """A Python that is new enough: this one, or another on the search path."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(NEWEST_KNOWN[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and quiet([found, "-c", "import venv"]):
            return found
    if install_packages(["python3.11", "python3.11-venv"]):
        found = shutil.which("python3.11")
        if found:
            return found
    raise SetupError(
        f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed, this is {sys.version.split()[0]}:"
        " install it and run the same command with it."
    )


def make_venv() -> None:
    """Create ``.venv``, also where Python comes without its ensurepip (python3-venv not installed)."""
    if PYTHON.exists() and quiet([str(PYTHON), "-m", "pip", "--version"]):
        return
    base = own_python()
    say("Making a virtual environment in .venv ...")
    if VENV.exists():
        shutil.rmtree(VENV)
    if quiet([base, "-c", "import ensurepip"]) and quiet([base, "-m", "venv", str(VENV)]):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if quiet([base, "-m", "venv", "--without-pip", str(VENV)]):
        # pip from outside can fill an environment that has none (pip 22.3 and newer).
        if quiet([base, "-m", "pip", "--python", str(PYTHON), "install", "-q", "pip"]):
            return
        shutil.rmtree(VENV, ignore_errors=True)
    if install_packages(["python3-venv"]) and quiet([base, "-m", "venv", str(VENV)]):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    if quiet([base, "-m", "virtualenv", str(VENV)]):
        return
    raise SetupError(
        "no virtual environment could be made: install python3-venv (sudo apt-get install python3-venv) or check the"
        " network, then run the same command again."
    )


def quiet(command: list[str]) -> bool:
    """Run without output; True if it went well."""
    try:
        return (
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        )
    except OSError:
        return False


# --- locked packages -----------------------------------------------------------------------------------------


def stamp_of(kind: str) -> str:
    """Changes when the lock, the project's own metadata, the interpreter or the place of the checkout does."""
    digest = hashlib.sha256()
    for path in (ROOT / "packaging" / LOCKS[kind], ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    digest.update(repr((kind, str(ROOT), sys.version_info[:2], sys.platform)).encode())
    return digest.hexdigest()


def stamp_file(kind: str) -> Path:
    """Written when the locked versions are all in place."""
    return VENV / f"setup-{kind}.stamp"


def install_locked(kind: str) -> None:
    """Bring ``.venv`` to the locked versions; nothing to do if the stamp of the last time still fits."""
    enough = ["test"] if kind == "test" else ["app", "test"]
    done = [name for name in enough if stamp_file(name).exists() and stamp_file(name).read_text() == stamp_of(name)]
    if done and PYTHON.exists():
        return
    make_venv()
    say("Installing the locked versions (the first time: 1 to 5 minutes, about 1 GB on disk) ...")
    pip(["--require-hashes", "-r", str(ROOT / "packaging" / LOCKS[kind])])
    pip(["--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    stamp_file(kind).write_text(stamp_of(kind))


def pip(arguments: list[str]) -> None:
    """``pip install`` in the environment; what it says is shown on a terminal, and judged if it fails."""
    common = ["--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--retries", "2"]
    quietly = [] if sys.stderr.isatty() else ["-q"]
    process = subprocess.Popen(
        [str(PYTHON), "-m", "pip", "install", *quietly, *common, *arguments],
        stdout=sys.stderr.fileno(),
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env={**os.environ, "PIP_ROOT_USER_ACTION": "ignore"},
    )
    _, text = process.communicate()
    if process.returncode == 0:
        return
    (VENV / "setup.log").write_text(text, encoding="utf-8")
    if OFFLINE.search(text):
        raise SetupError(
            "the package index cannot be reached: check the network (behind a proxy: set HTTPS_PROXY; for a mirror:"
            " PIP_INDEX_URL) and run the same command again. Details: .venv/setup.log"
        )
    errors = [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines()[-1:] or ["?"]
    raise SetupError(f"pip could not install the packages: {errors[-1]} Details: .venv/setup.log")


# --- system libraries ----------------------------------------------------------------------------------------


def syslibs() -> Any:
    """The program's own list of system libraries (it imports nothing but the standard library)."""
    spec = importlib.util.spec_from_file_location("citiverse_syslibs", ROOT / "viewer" / "syslibs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def install_libraries(*purposes: str) -> list[str]:
    """Install what is missing by apt where that is possible; returns what is missing still, as names."""
    if not sys.platform.startswith("linux"):
        return []
    libraries = syslibs()
    absent = libraries.missing(*purposes)
    if absent and install_packages(libraries.packages(absent)):
        absent = libraries.missing(*purposes)
    if absent:
        names = ", ".join(library.name for library in absent)
        say(f"Missing on this machine: {names}. Remedy: {libraries.remedy(absent)}")
    return [library.name for library in absent]


def install_packages(names: list[str]) -> bool:
    """``apt-get install`` as root or by sudo; False where that is not possible."""
    apt = shutil.which("apt-get")
    prefix = apt_prefix()
    if not apt or prefix is None:
        return False
    say(f"Installing system packages: {' '.join(names)} ...")
    settings = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "a"}
    words = [f"{name}={value}" for name, value in settings.items()]
    environment = {**os.environ, **settings}
    base = [*prefix, *(["env", *words] if prefix else []), apt, "-qq", "-o", "DPkg::Lock::Timeout=300"]
    install = [*base, "install", "-y", "--no-install-recommends", *names]
    output = sys.stderr.fileno() if sys.stderr.isatty() else subprocess.DEVNULL
    for step in ([*base, "update"], install):
        done = subprocess.run(step, stdout=output, stderr=subprocess.PIPE, text=True, env=environment, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["apt-get failed"])[-1]
            say(f"apt-get: {last}" + (" (check the network)" if OFFLINE.search(done.stderr) else ""))
            if step is install:
                return False
    return True


def apt_prefix() -> list[str] | None:
    """What to put before apt-get: nothing as root, sudo if it works (asking only on a terminal), None if neither."""
    if getattr(os, "geteuid", lambda: 1)() == 0:
        return []
    sudo = shutil.which("sudo")
    if not sudo:
        return None
    if quiet([sudo, "-n", "true"]) or sys.stdin.isatty():
        return [sudo]
    return None


# --- the verbs -----------------------------------------------------------------------------------------------


def setup(kind: str) -> list[str]:
    """Everything that the verb needs; returns the system libraries that are still missing."""
    install_locked(kind)
    return install_libraries("drawing", "reading", "labels", "window", "x11", *(["tests"] if kind == "test" else []))


def program(arguments: list[str]) -> int:
    """Run ``citiverse`` from the environment; the program's own exit code."""
    command = [str(PYTHON), "-m", "viewer", *arguments]
    if not WINDOWS:
        sys.stdout.flush()
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def test(arguments: list[str]) -> int:
    """All checks, then the tests, whose closing line comes last; 0 only if everything passed."""
    absent = setup("test")
    if absent:
        raise SetupError("the tests need these system libraries; see the remedy above.")
    os.chdir(ROOT)
    environment = {**os.environ, "PATH": str(BIN) + os.pathsep + os.environ.get("PATH", "")}
    checks = [
        ["ruff", "check", "--output-format", "concise", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ]
    failed = []
    for check in checks:
        command = [str(BIN / check[0]), *check[1:]]
        print(f"--- {' '.join(check)}", flush=True)
        if subprocess.run(command, env=environment, check=False).returncode:
            failed.append(" ".join(check))
    for name in failed:
        print(f"FAILED: {name}", flush=True)
    print("--- pytest", flush=True)
    command = [str(PYTHON), "-m", "pytest", *sharing(arguments), *arguments]
    code = subprocess.run(command, env=environment, check=False).returncode
    return code or (1 if failed else 0)


def sharing(arguments: list[str]) -> list[str]:
    """How pytest shares the tests among the cores; later words like ``-n 0`` win.

    Only on Linux, where each worker has a display of its own: windows on one screen would take the keyboard from
    each other. Four workers at most: each needs half a gigabyte.
    """
    if not sys.platform.startswith("linux") or {"--pdb", "--trace", "-s", "--capture=no"}.intersection(arguments):
        return []
    cores = min(4, len(os.sched_getaffinity(0)))
    return ["-n", str(cores), "--dist", "worksteal"] if cores > 1 else []


def main(arguments: list[str]) -> int:
    """Read the verb and do it."""
    verb = arguments[0] if arguments else "--help"
    rest = arguments[1:]
    rest = rest[1:] if rest[:1] == ["--"] else rest
    if verb in ("-h", "--help", "help"):
        print(__doc__)
        return 0 if arguments else 2
    if verb == "test":
        return test(rest)
    if verb == "setup":
        return 1 if setup("test" if "--test" in rest else "app") else 0
    if verb in ("demo", "run"):
        setup("app")
        return program(["demo", *rest] if verb == "demo" else rest)
    raise SetupError(f"unknown verb {verb!r}: use demo, test, run or setup (--help explains them).")


if __name__ == "__main__":
    try:
        raise SystemExit(main(sys.argv[1:]))
    except SetupError as problem:
        say(f"bootstrap: {problem}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say("bootstrap: stopped; run the same command again to go on.")
        raise SystemExit(130) from None
