"""`benchmarks/`: documents hold the figures that were measured, and measuring works."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import majuscule
from majuscule.evaluation import evaluate

if TYPE_CHECKING:
    from majuscule.model import Model

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def _python(
    script: str, *arguments: object, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(path), *filter(None, [environment.get("PYTHONPATH")])]
        )
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )


def test_documents_hold_the_figures_measured() -> None:
    done = _python("splice.py", "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.model
def test_the_figures_are_those_of_the_shipped_model() -> None:
    shipped = majuscule.Restorer().model.hash
    for name in ("quality", "speed"):
        results = json.loads((BENCHMARKS / "results" / f"{name}.json").read_text("utf-8"))
        assert results["signature"]["model"]["hash"] == shipped, name


# Results as the benchmark writes them, with figures that tell where they came from.

ABOUT = {
    "majuscule": "9.9.9",
    "model": {"name": "none", "hash": "0123456789ab"},
    "date": "2000-01-01",
    "machine": {"cpu": "an abacus", "cores": 10, "python": "3.0"},
}


def _quality_row(name: str, flattening: str, system: str, **figures: object) -> dict[str, Any]:
    whole = {"whole_job": "given" not in system}
    return {"set": name, "flattening": flattening, "system": system, **whole, **figures}


QUALITY = [
    _quality_row(
        "examples/article",
        "given",
        "majuscule",
        flatten_exact=True,
        spacing_exact=False,
        word_f1=11.11,
    ),
    _quality_row("en_wiki.test", "tokens", "majuscule", word_f1=22.22),
    _quality_row("en_wiki.test", "tokens", "worse", word_f1=20.0),
    _quality_row("en_wiki.test", "tokens", "better", word_f1=21.0),
    _quality_row("en_wiki.test", "tokens", "absent", missing="no module"),
    _quality_row("wmt21", "moses", "majuscule", word_f1=33.33, exact_lines=34.34),
    _quality_row("wmt21", "moses", "whole", word_f1=30.0, exact_lines=31.0),
    _quality_row("wmt21", "moses", "half, case given", exact_lines=99.0),
    _quality_row("ewt.test", "treebank", "majuscule", gap_accuracy=44.44),
    _quality_row("ewt.test", "treebank", "half, case given", gap_accuracy=43.0),
    _quality_row("heldout.x", "plain", "majuscule", style=None, word_f1=55.0, exact_lines=5.0),
    _quality_row("heldout.x", "plain", "majuscule", style="news", word_f1=66.0, exact_lines=6.0),
]
SPEED = [
    {"what": what, "mb": 100, **row}
    for what, row in [
        ("restore", {"system": "slow", "how": "library", "tokens_per_second": 50_000}),
        ("restore", {"system": "majuscule", "how": "command", "tokens_per_second": 7_770_000}),
        ("flatten", {"system": "floor", "how": "library", "tokens_per_second": 9_000_000}),
        ("flatten", {"system": "majuscule", "how": "command", "tokens_per_second": 8_880_000}),
        ("first line", {"system": "majuscule", "how": "command", "seconds": 0.123}),
    ]
]
for _row in SPEED[:4]:
    _row |= {"peak_mb": 77.7, "start_seconds": 1.5, "ratio": 3.0}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    for name, rows in (("quality", QUALITY), ("speed", SPEED)):
        text = json.dumps({"signature": ABOUT, "rows": rows})
        (folder / f"{name}.json").write_text(text, "utf-8")
    return folder


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.md"
    names = ("quality", "sets", "card", "styles", "speed")
    marks = [f"before {name}\n<!-- figures:{name} -->\nold\n<!-- /figures -->" for name in names]
    path.write_text("\n".join([*marks, "after\n"]), "utf-8")
    return path


def test_a_document_gets_its_tables_and_keeps_the_rest(results: Path, document: Path) -> None:
    assert _python("splice.py", "--check", "--results", results, document).returncode == 1
    assert "\nold\n" in document.read_text("utf-8")

    done = _python("splice.py", "--results", results, document)
    assert (done.returncode, done.stdout) == (0, "document.md written\n")
    text = document.read_text("utf-8")
    assert "\nold\n" not in text
    assert text.startswith("before quality\n<!-- figures:quality -->\n\n| on | figure |")
    assert text.endswith("\n\n<!-- /figures -->\nafter\n")
    for line in (
        "| `examples/article` | spacing exact | no |  |",
        "| WMT21 news, Moses tokens | word F1 | 33.33 | 30.00, whole |",
        "|  | exact lines | 34.34 % | 31.00 %, whole |",
        "| EWT test, Penn Treebank tokens | gaps right | 44.44 % | 43.00 %, half, case given |",
        "| `restore`, one core, 100 MB | tokens/s | 7.77 M | 0.05 M, slow |",
        "|  | first line out after | 0.12 s | 1.50 s, slow |",
        "|  | memory at most | 78 MB | 78 MB, slow |",
        "| `flatten`, one core, 100 MB | tokens/s | 8.88 M |  |",
        "| x | news | 55.00 | 66.00 | 5.00 % | 6.00 % |",
    ):
        assert line in text
    assert "| en_wiki.test | tokens | absent | not run: no module |" in _table(text, "sets")
    assert "| absent |" not in _table(text, "card")
    assert "| en_wiki.test | tokens | majuscule | 22.22 |" in _table(text, "card")
    wiki = next(line for line in text.splitlines() if line.startswith("| EN-Wiki test |"))
    assert "| 22.22 | 21.00, better; 93.50, " in wiki

    assert _python("splice.py", "--check", "--results", results, document).returncode == 0
    _python("splice.py", "--results", results, document)
    assert document.read_text("utf-8") == text


def _table(text: str, name: str) -> str:
    return text.partition(f"<!-- figures:{name} -->")[2].partition("<!-- /figures -->")[0]


def test_a_figure_typed_by_hand_is_found(results: Path, document: Path) -> None:
    _python("splice.py", "--results", results, document)
    document.write_text(document.read_text("utf-8").replace("22.22", "99.99"), "utf-8")
    done = _python("splice.py", "--check", "--results", results, document)
    assert done.returncode == 1
    assert done.stderr.startswith("document.md: out of date")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- figures:nonsense -->\n<!-- /figures -->", "no table nonsense; there are quality"),
        ("<!-- figures:speed -->\n", "without its end"),
        ("<!-- figures:speed -->\n<!-- figures:speed -->\n<!-- /figures -->", "without its end"),
    ],
)
def test_a_mark_that_cannot_be_followed(
    results: Path, document: Path, text: str, message: str
) -> None:
    document.write_text(text, "utf-8")
    done = _python("splice.py", "--results", results, document)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert document.read_text("utf-8") == text


def test_results_that_are_missing(results: Path, document: Path) -> None:
    (results / "speed.json").unlink()
    done = _python("splice.py", "--check", "--results", results, document)
    assert done.returncode == 2
    assert "speed.json is missing" in done.stderr


def test_texts_that_are_missing(tmp_path: Path) -> None:
    done = _python("run.py", "--shared", tmp_path)
    assert done.returncode == 2
    assert "expected a folder eval in" in done.stderr
    assert len(done.stderr.splitlines()) == 1


LINES = ["The U.S. team, he said, won in Paris.", "", '"Right," said Mr. Smith (35).']


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder of texts as the benchmark reads it, three lines each."""
    folder = tmp_path / "shared"
    text = "\n".join(LINES) + "\n"
    files = dict.fromkeys(
        [
            "eval/en_wiki.test.tok.txt",
            "eval/en_wiki.dev.tok.txt",
            "eval/wmt21.txt",
            "eval/ewt.test.txt",
            "eval/ewt.dev.txt",
            "eval/heldout.known.txt",
            "eval/heldout.unknown.txt",
            "examples/article.natural.txt",
        ],
        text,
    )
    files["examples/article.flat.txt"] = majuscule.flatten(text)
    files["corpus/CATALOGUE.md"] = "| `known.txt.xz` | news |\n| `unknown.tok.txt.xz` | odd |\n"
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return folder


def test_quality_is_measured_on_every_set(tiny: Model, shared: Path, tmp_path: Path) -> None:
    model = tmp_path / "tiny.safetensors"
    tiny.save(model)
    absent = tmp_path / "absent"
    absent.mkdir()
    for name in ("truecase", "sacremoses", "nltk"):
        (absent / f"{name}.py").write_text(f"raise ImportError('no {name}')", "utf-8")

    done = _python(
        "quality.py", shared, tmp_path, "--command", "typed", "--model", model, path=absent
    )
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    assert measured["signature"]["command"] == "typed"
    assert measured["signature"]["model"]["hash"] == tiny.hash
    assert len(measured["sets"]["eval/wmt21.txt"]) == 64

    rows = {
        (row["set"], row["flattening"], row["system"], row.get("style")): row
        for row in measured["rows"]
    }
    assert len(rows) == len(measured["rows"])
    article = rows["examples/article", "given", "majuscule", None]
    assert article["flatten_exact"] is True
    assert rows["en_wiki.test", "tokens", "truecase", None]["missing"] == "no truecase"
    assert rows["wmt21", "moses", "majuscule", None]["missing"] == "no sacremoses"
    assert rows["heldout.unknown", "plain", "majuscule", "odd"]["missing"]

    flat = majuscule.flatten("\n".join(LINES))
    for style in (None, "news"):
        restored = majuscule.Restorer(tiny, style=style).restore(flat).split("\n")
        report = evaluate(restored, LINES, flat.split("\n"))
        row = rows["heldout.known", "plain", "majuscule", style]
        assert (row["lines"], row["words"]) == (2, 13)
        assert row["word_f1"] == round(report.words.f1, 2)
        assert row["gap_accuracy"] == round(report.blanks.accuracy, 2)
        assert row["exact_lines"] == round(report.exact_lines, 2)
    left = rows["en_wiki.test", "tokens", "left as it is", None]
    assert (left["word_f1"], left["word_accuracy"]) == (0.0, round(100 * 7 / 13, 2))


def test_speed_is_measured_on_a_share_of_every_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from speed import collect

    for name in ("a.txt.xz", "b.txt.xz", "c.tok.txt.xz"):
        with lzma.open(tmp_path / name, "wb") as file:
            file.writelines(f"{name[0]} line {number}\n".encode() for number in range(1000))
    collect(tmp_path, tmp_path / "text", 1000)
    lines = (tmp_path / "text").read_text("utf-8").splitlines()
    assert 1000 <= (tmp_path / "text").stat().st_size < 1050
    assert {line[:1] for line in lines} == {"a", "b", ""}
    assert lines[0] == "a line 0"


def test_a_system_is_timed_in_a_process_of_its_own(tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("The U.S. team won.\n" * 10, "utf-8")
    for system in ("floor", "flatten", "first letter of each line"):
        timed = json.loads(_python("stopwatch.py", system, text).stdout)
        assert timed.keys() == {"start", "seconds"}
    (tmp_path / "pyonmttok.py").write_text("raise ImportError('not here')", "utf-8")
    done = _python("stopwatch.py", "pyonmttok", text, path=tmp_path)
    assert json.loads(done.stdout) == {"missing": "not here"}
