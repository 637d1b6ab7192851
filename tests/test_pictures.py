"""`docs/pictures/`: they are those of the results, and can be read by man and machine."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
NAMES = ("accuracy-speed", "growth", "effort", "errors-by-class")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("pictures")


def _run(*arguments: object, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(path), *filter(None, [environment.get("PYTHONPATH")])]
        )
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / "pictures.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )


def _recalls(first: float) -> dict[str, float]:
    names = ("lower", "title", "upper", "mixed")
    return {f"{name}_recall": first - 10 * at for at, name in enumerate(names)}


def _judged(name: str, flattening: str, system: str, figure: float) -> dict[str, Any]:
    row = {"set": name, "flattening": flattening, "system": system, "word_f1": figure}
    return row | {"exact_lines": figure - 20} | _recalls(figure)


QUALITY: list[dict[str, Any]] = [
    _judged("en_wiki.test", "tokens", "truecase", 70.12),
    _judged("en_wiki.test", "tokens", "majuscule", 91.23),
    _judged("en_wiki.test", "tokens", "majuscule, effort best", 94.32),
    _judged("en_wiki.test", "tokens", "left as it is", 31.0),
    _judged("wmt21", "moses", "majuscule", 92.34) | {"style": None},
    _judged("wmt21", "moses", "majuscule", 99.99) | {"style": "news"},
    _judged("wmt21", "moses", "majuscule, effort best", 94.56) | {"style": None},
    _judged("wmt21", "moses", "first letter of each line", 33.0),
    _judged("wmt21", "moses", "truecase + sacremoses", 71.23),
    _judged("wmt21", "moses", "truecase + nltk", 71.01),
    _judged("wmt21", "moses", "a much longer name + <of> + another", 71.02),
    {"set": "wmt21", "flattening": "moses", "system": "absent", "missing": "no module"},
]
LIBRARY = {"how": "library", "mb": 2}
COMMAND = {"how": "command", "system": "majuscule"}
SPREAD = {"seconds_least": 0.5, "seconds_most": 9.0}
SPEED: list[dict[str, Any]] = [
    {"what": "restore", "system": "majuscule", "tokens_per_second": 1_780_000, **LIBRARY},
    {"what": "restore", "system": "truecase + sacremoses", "tokens_per_second": 76_600, **LIBRARY},
    {"what": "restore", "system": "majuscule, effort best", "tokens_per_second": 54_300, **LIBRARY},
    {
        "what": "restore",
        "system": "a much longer name + <of> + another",
        "tokens_per_second": 65_400,
        **LIBRARY,
    },
    {"what": "flatten", "system": "floor", "tokens_per_second": 9_870_000, **LIBRARY},
    {"what": "restore", "mb": 4, "how": "command", "system": "majuscule, effort best"},
    {"what": "cores", "job": "restore", "cores": 2, "system": "majuscule, effort best"},
    {"what": "restore", "mb": 1, "tokens": 10**6, "seconds": 1.0, **COMMAND, **SPREAD},
    {"what": "restore", "mb": 4, "tokens": 4 * 10**6, "seconds": 4.0, **COMMAND, **SPREAD},
    {
        "what": "growth",
        "job": "restore",
        "start_seconds": 0.123,
        "tokens_per_second": 1_010_000,
        "r2": 0.98765,
        **COMMAND,
    },
    {
        "what": "cores",
        "job": "restore",
        "cores": 2,
        "speedup": 1.87,
        "speedup_least": 1.5,
        "speedup_most": 1.9,
        "how": "threads",
    },
]
EFFORT: list[dict[str, Any]] = [
    *(
        {"what": "accuracy", "set": name, "doubt": doubt, "word_f1": f1}
        for name, f1s in {"a.dev": [90.0, 91.5, 92.0], "heldout.b": [80.0, 80.5, 81.0]}.items()
        for doubt, f1 in zip((0.0, 1, 3.0), f1s, strict=True)
    ),
    *(
        {"what": "speed", "doubt": doubt, "effort": effort, "looked_at": share, "cores": 2}
        | {"tokens_per_second": rate}
        for doubt, effort, share, rate in [
            (0.0, "fast", 0.0, 1_230_000),
            (1, None, 2.34, 345_000),
            (3.0, "best", 7.65, 98_700),
        ]
    ),
]
RESULTS = {"quality": QUALITY, "speed": SPEED, "effort": EFFORT}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    for name, rows in RESULTS.items():
        (folder / f"{name}.json").write_text(json.dumps({"rows": rows}), "utf-8")
    return folder


def _there() -> dict[str, list[dict[str, Any]]]:
    """The results without what could not be measured."""
    return {name: [row for row in rows if "missing" not in row] for name, rows in RESULTS.items()}


def _stubs(pictures: ModuleType, folder: Path) -> Path:
    """What `--check` looks at of a picture, and no more."""
    out = folder / "pictures"
    out.mkdir()
    for name in NAMES:
        about = pictures._hash(pictures.ALL[name].data(_there()))
        (out / f"{name}.svg").write_text(f"<dc:identifier>{about}</dc:identifier>", "utf-8")
    return out


def test_pictures_show_the_figures_measured() -> None:
    done = _run("--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_pictures_can_be_read_by_everybody(name: str) -> None:
    _is_readable((ROOT / "docs" / "pictures" / f"{name}.svg").read_text("utf-8"))


def _parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own pictures


def _is_readable(svg: str) -> None:
    assert len(svg.encode()) < 60_000
    root = _parsed(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    said = {element.get("id"): element for element in (*root.iter(f"{SVG}title"),)}
    said |= {element.get("id"): element for element in root.iter(f"{SVG}desc")}
    for word in (root.get("aria-labelledby") or "").split():
        assert said[word].text
    assert set(said) == {"title", "desc"}
    assert any(element.text for element in root.iter(f"{SVG}text")), "text is not text"
    for element in root.iter():
        link = element.get("{http://www.w3.org/1999/xlink}href", "#")
        assert link.startswith("#"), "needs something from elsewhere"
    # Letters of any sans-serif will do where the first choice is not there.
    assert svg.count("font-family") == svg.count("sans-serif")


def test_examples_of_docstrings(pictures: ModuleType) -> None:
    failed, tried = doctest.testmod(pictures)
    assert (failed, tried > 0) == (0, True)


def test_what_was_drawn_of_other_figures_is_found(
    pictures: ModuleType, results: Path, tmp_path: Path
) -> None:
    out = _stubs(pictures, tmp_path)
    check = ("--check", "--results", results, "--pictures", out)
    assert _run(*check).returncode == 0

    path = results / "quality.json"
    path.write_text(path.read_text("utf-8").replace("91.23", "91.24"), "utf-8")
    done = _run(*check)
    assert done.returncode == 1
    assert done.stderr == ("errors-by-class.svg: out of date; run python benchmarks/pictures.py\n")

    (out / "growth.svg").unlink()
    (out / "accuracy-speed.svg").write_text("<svg/>", "utf-8")
    assert len(_run(*check).stderr.splitlines()) == 3


def test_what_is_not_shown_does_not_matter(
    pictures: ModuleType, results: Path, tmp_path: Path
) -> None:
    out = _stubs(pictures, tmp_path)
    more = {"signature": {"date": "today"}, "rows": [{"set": "another"}, *QUALITY]}
    (results / "quality.json").write_text(json.dumps(more), "utf-8")
    assert _run("--check", "--results", results, "--pictures", out).returncode == 0


def test_rows_that_a_picture_needs(results: Path, tmp_path: Path) -> None:
    rows = [row for row in SPEED if row["what"] != "growth"]
    (results / "speed.json").write_text(json.dumps({"rows": rows}), "utf-8")
    done = _run("--check", "--results", results, "--pictures", tmp_path)
    assert done.returncode == 2
    assert "nothing for jobs of growth; run benchmarks/run.py" in done.stderr

    (results / "quality.json").unlink()
    done = _run("--check", "--results", results, "--pictures", tmp_path)
    assert done.returncode == 2
    assert done.stderr == "pictures.py: quality.json is missing; run benchmarks/run.py first\n"


def test_matplotlib_is_asked_for(results: Path, tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError('no matplotlib')", "utf-8")
    done = _run("--results", results, "--pictures", tmp_path / "out", path=tmp_path)
    assert done.returncode == 2
    assert "no matplotlib; it is in benchmarks/requirements.txt" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_what_is_shown(pictures: ModuleType) -> None:
    shown = pictures.ALL["accuracy-speed"].data(_there())
    # No other system is left out that was both judged and timed, and ours has no style here.
    assert [(row["system"], row["word_f1"]) for row in shown["systems"]] == [
        ("majuscule", 92.34),
        ("majuscule, effort best", 94.56),
        ("truecase + sacremoses", 71.23),
        ("a much longer name + <of> + another", 71.02),
    ]
    classes = pictures.ALL["errors-by-class"].data(_there())
    ours = ["majuscule", "majuscule, effort best"]
    assert [row["system"] for row in classes["en_wiki.test"]] == [*ours, "truecase"]
    assert [(row["system"], row["lower_recall"]) for row in classes["wmt21"]][:3] == [
        ("majuscule", 92.34),
        ("majuscule, effort best", 94.56),
        ("truecase", 71.23),
    ]
    growth = pictures.ALL["growth"].data(_there())
    assert [len(growth["jobs"][0]["points"]), len(growth["cores"])] == [2, 1]
    effort = pictures.ALL["effort"].data(_there())
    assert effort["sets"] == {"a.dev": [90.0, 91.5, 92.0], "heldout.b": [80.0, 80.5, 81.0]}


def test_pictures_are_drawn(results: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out, again = tmp_path / "pictures", tmp_path / "again"
    for folder in (out, again):
        done = _run("--results", results, "--pictures", folder)
        assert (done.returncode, done.stderr) == (0, "")
    assert _run("--check", "--results", results, "--pictures", out).returncode == 0
    texts: dict[str, str] = {}
    for name in NAMES:
        svg = (out / f"{name}.svg").read_bytes()
        assert svg == (again / f"{name}.svg").read_bytes()
        _is_readable(svg.decode())
        root = _parsed(svg.decode())
        texts[name] = " ".join(element.text or "" for element in root.iter(f"{SVG}text"))
        said = root.find(f"{SVG}desc")
        assert said is not None
        texts[f"{name}, said"] = said.text or ""
    for name, words in {
        "accuracy-speed": ["majuscule", "truecase + sacremoses", "<of>", "word F1", "10 M"],
        "accuracy-speed, said": [
            "majuscule: word F1 92.3",
            "exact lines 51.2 %",
            "76.6 k tokens/s",
        ],
        "growth": ["1.01 M tokens/s", "after 0.12 s", "R² 0.9877", "1.87", "restore, 2 threads"],
        "effort": ["effort fast", "effort best", "7.7 %", "a.dev", "b", "mean of 2 sets", "300 k"],
        "effort, said": [
            "effort fast, margins below 0: 0.0 % of tokens looked at, word F1 85.00",
            "effort best, margins below 3: 7.7 % of tokens looked at, word F1 86.50 by the mean",
            "by the mean, 98.7 k tokens/s",
        ],
        "growth, said": ["restore: 0.12 seconds, then 1.01 M tokens/s", "1.87 times as fast"],
        "errors-by-class": ["lower", "Title", "UPPER", "miXed", "majuscule", "truecase", "91.2"],
        "errors-by-class, said": ["truecase on wmt21: lower 71.2 %, Title 61.2 %"],
    }.items():
        for word in words:
            assert word in texts[name], name
