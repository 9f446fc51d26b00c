"""``citiverse scenario import``: answers by options, by a file, at a terminal; what is missing is listed."""

import io
import json

import pytest

KNOWN = ["--set", "title=Energy", "--set", "publisher=City", "--set", "licence=CC0-1.0", "--set", "base=town"]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "energy.csv"
    path.write_text("gml_id,demand\nb1,10\nb2,20.5\n")
    return path


def test_the_importers_are_listed(citiverse):
    answer = citiverse("scenario", "import", "--list")
    assert answer.code == 0 and {"sumo-fcd", "matsim", "table", "netcdf"} <= {
        x.split()[0] for x in answer.out.splitlines()
    }


def test_what_no_file_tells_is_listed_and_nothing_is_written(citiverse, table, tmp_path):
    answer = citiverse("scenario", "import", table, "-o", tmp_path / "package", *KNOWN)
    assert answer.code == 2 and "unit.demand" in answer.err and "--set unit.demand=m " in answer.err
    assert not (tmp_path / "package").exists()
    answer = citiverse("scenario", "import", table, "-o", tmp_path / "package", "--json")
    told = json.loads(answer.out)
    assert answer.code == 2 and not told["ok"]
    assert {q["key"] for q in told["questions"]} == {"unit.demand", "title", "publisher", "licence", "base"}


def test_answers_make_a_package_that_is_right(citiverse, table, tmp_path):
    (tmp_path / "answers.json").write_text('{"unit.demand": "kW.h/m2", "title": "Old"}')
    args = ["-o", tmp_path / "package", "--answers", tmp_path / "answers.json", *KNOWN, "--json"]
    answer = citiverse("scenario", "import", table, *args)
    told = json.loads(answer.out)
    assert answer.code == 0 and told["ok"] and told["variables"] == ["demand"] and told["notes"]
    check = citiverse("scenario", "check", tmp_path / "package", "--json")
    report = json.loads(check.out)
    assert check.code == 0 and report["ok"] and report["variables"][0]["places"] == 2
    raw = json.loads((tmp_path / "package" / "scenario.json").read_text())
    assert raw["title"] == {"en": "Energy"} and raw["files"][0]["path"] == "data/energy.csv"


def test_a_person_at_a_terminal_is_asked(citiverse, table, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal("nonsense unit\nm\n"))
    answer = citiverse("scenario", "import", table, "-o", tmp_path / "package", *KNOWN)
    assert answer.code == 0 and "In which unit" in answer.err and "'nonsense unit' is no UCUM unit" in answer.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([], 2, "needs files"),
        (["x.csv", "-o", "out"], 3, "cannot be read"),
        (["--set", "title", "x.csv", "-o", "out"], 2, "KEY=VALUE"),
        (["--as", "magic", "x.csv", "-o", "out"], 3, "no importer 'magic'"),
    ],
)
def test_mistakes_are_told_in_one_line(citiverse, tmp_path, monkeypatch, args, code, said):
    monkeypatch.chdir(tmp_path)
    answer = citiverse("scenario", "import", *args)
    assert answer.code == code and said in answer.err and answer.err.count("\n") == 1
