"""What is written down must be true of the program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DOCUMENTS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


@pytest.fixture(scope="module")
def project(project_root: Path) -> dict[str, Any]:
    return tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def readme(project_root: Path) -> str:
    return (project_root / "README.md").read_text(encoding="utf-8")


def _requirements(project: dict[str, Any]) -> dict[str, set[str]]:
    """Name -> ranges, markers left out."""
    found: dict[str, set[str]] = {}
    for text in project["dependencies"]:
        match = re.match(r"([A-Za-z0-9_-]+)([^;]*)", text)
        assert match is not None
        found.setdefault(match[1], set()).add(match[2].strip())
    return found


def test_the_dependency_table_is_the_dependencies(readme: str, project: dict[str, Any]) -> None:
    table = readme[readme.index("| package | range |") :]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:] if line.startswith("|")
    ]
    assert all(len(row) == 4 and all(row) for row in rows)
    written = {row[0]: set(re.findall(r"[<>=!]=?[\d.]+(?:,[<>=!]=?[\d.]+)*", row[1])) for row in rows}
    assert written == _requirements(project)


def test_both_commands_stand_in_the_readme(readme: str, project_root: Path) -> None:
    for verb in ("demo", "test"):
        assert f"python3 packaging/bootstrap.py {verb}" in readme
    text = (project_root / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 packaging/bootstrap.py test" in text
    assert (project_root / ".ci" / "run").stat().st_mode & 0o111


def _links(text: str) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)#\s]+)\)", text):
        if "://" not in target:
            yield target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(project_root: Path, name: str) -> None:
    text = (project_root / name).read_text(encoding="utf-8")
    assert [target for target in _links(text) if not (project_root / target).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_named_files_exist(project_root: Path, name: str) -> None:
    text = (project_root / name).read_text(encoding="utf-8")
    named = set(
        re.findall(r"(?:packaging|tests|loaders|viewer|benchmarks|assets)/[\w./-]+\.(?:py|lock|spec|md|txt|xml)", text)
    )
    assert [
        path
        for path in sorted(named - {"loaders/xyz.py", "tests/loaders/test_xyz.py"})
        if not (project_root / path).exists()
    ] == []


def test_pictures_are_small(project_root: Path) -> None:
    pictures = sorted((project_root / "assets" / "pictures").glob("*"))
    assert {path.name for path in pictures} >= {"demo.png", "window.png", "scenario.png"}
    assert all(path.stat().st_size <= 800_000 for path in pictures)


def test_the_list_of_commands_is_the_commands(project_root: Path) -> None:
    """In a process of its own, where no other test has registered anything."""
    code = "import runpy; print(runpy.run_path('packaging/make_commands.py')['text'](), end='')"
    done = subprocess.run([sys.executable, "-c", code], cwd=project_root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    written = (project_root / "viewer" / "session" / "commands.md").read_text(encoding="utf-8")
    assert written == done.stdout, "run packaging/make_commands.py"
    assert written.count("\n| `") > 30


def test_the_options_of_the_readme_are_those_of_the_program(readme: str) -> None:
    from viewer.cli import HANDLERS, build_parser

    for line in re.findall(r"^citiverse (.+?)(?:\s+#.*)?$", readme, re.MULTILINE):
        words = line.split()
        assert words[0] in HANDLERS
        build_parser().parse_args(words if words[0] != "render" or "-o" in words else [*words, "-o", "x.png"])


def test_locks_name_no_address_and_pin_every_dependency(project_root: Path, project: dict[str, Any]) -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        text = (project_root / "packaging" / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|--index|--find-links|file:|@ ", text)
        pinned = {match.lower() for match in re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)}
        wanted = {requirement.lower() for requirement in _requirements(project)}
        if "test" in name:
            extra = project["optional-dependencies"]["test"]
            wanted |= {re.split(r"[<>=!]", requirement)[0].lower() for requirement in extra}
        assert wanted <= pinned, name
        blocks = re.split(r"\n(?=\S)", text.split("\n", 1)[1].strip())
        assert all("--hash=sha256:" in block for block in blocks)


def test_pinned_versions_are_allowed(project_root: Path, project: dict[str, Any]) -> None:
    text = (project_root / "packaging" / "requirements.lock").read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        name, ranges, _, marker = re.fullmatch(r"([\w-]+)([^;]*)(;\s*(.*))?", requirement).groups()  # type: ignore[union-attr]
        versions = re.findall(rf"^{re.escape(name)}==(\d+(?:\.\d+)*)(.*)$", text, re.MULTILINE | re.IGNORECASE)
        chosen = [v for v, m in versions if not marker or (("<" in marker) == ("<" in m))]
        assert chosen, requirement
        for version in chosen:
            for operator, bound in re.findall(r"(>=|<|==)([\d.]+)", ranges):
                pair = [tuple(int(part) for part in text.split(".")) for text in (version, bound)]
                assert {">=": pair[0] >= pair[1], "<": pair[0] < pair[1], "==": pair[0] == pair[1]}[operator], (
                    requirement
                )


def test_desktop_files_are_well_formed(project_root: Path) -> None:
    mime = ET.parse(project_root / "packaging" / "citiverse-mime.xml").getroot()
    types = {element.attrib["type"] for element in mime}
    lines = (project_root / "packaging" / "citiverse.desktop").read_text(encoding="utf-8").splitlines()
    entry = dict(line.split("=", 1) for line in lines[1:] if "=" in line)
    assert lines[0] == "[Desktop Entry]" and entry["Type"] == "Application"
    assert set(filter(None, entry["MimeType"].split(";"))) == types


def test_schemas_are_json(project_root: Path) -> None:
    schemas = list((project_root / "assets" / "schemas").glob("*.json"))
    assert schemas
    for path in schemas:
        assert json.loads(path.read_text(encoding="utf-8"))["$schema"]


def test_no_place_of_one_machine_is_written_down(project_root: Path) -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=project_root, capture_output=True, text=True, timeout=120)
    if listing.returncode:
        pytest.skip("not a git checkout")
    pattern = re.compile(r"/(?:work|root|home/\w+)/|/tmp/[a-z]/|python[h]osted|pypi\.org/[s]imple")
    found = []
    for name in listing.stdout.splitlines():
        path = project_root / name
        if path.suffix in (".py", ".md", ".toml", ".lock", ".json", ".glsl", ".spec", "") and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [
                f"{name}: {match[0]}" for match in pattern.finditer(text) if name != "tests/fences/test_documents.py"
            ]
    assert found == []


def test_bootstrap_speaks_to_old_pythons(project_root: Path) -> None:
    """Its syntax must be old enough that an old Python can say "too old" instead of failing to read it."""
    import ast

    for name in ("packaging/bootstrap.py", "viewer/syslibs.py"):
        ast.parse((project_root / name).read_text(encoding="utf-8"), feature_version=(3, 8))


def test_lock_script_explains_itself(project_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "packaging/lock.py", "--help"], cwd=project_root, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0 and "--upgrade" in done.stdout
