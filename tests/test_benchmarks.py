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
import sacremoses

import majuscule
from majuscule.evaluation import evaluate

if TYPE_CHECKING:
    from majuscule.model import Model

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def _python(
    script: str, *arguments: object, path: Path | None = None, cache: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(path), *filter(None, [environment.get("PYTHONPATH")])]
        )
    if cache:
        environment["BENCHMARKS_CACHE"] = str(cache)
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
    shipped, second = majuscule.Restorer(effort="best").hash.split("+")
    for name in (
        *("quality", "speed", "calibration", "apostrophes", "adapting", "harm", "corpora"),
        *("entities", "serving", "effort"),
    ):
        results = json.loads((BENCHMARKS / "results" / f"{name}.json").read_text("utf-8"))
        about = results["signature"]
        assert about["model"]["hash"] == shipped, name
        if name in ("quality", "effort") or "second_stage" in about:
            assert about["second_stage"]["hash"] == second, name


# Results as the benchmark writes them, with figures that tell where they came from.

ABOUT = {
    "majuscule": "9.9.9",
    "model": {"name": "none", "hash": "0123456789ab"},
    "second_stage": {"hash": "ba9876543210", "onnxruntime": "8.8"},
    "date": "2000-01-01",
    "machine": {"cpu": "an abacus", "cores": 10, "python": "3.0"},
}


def _quality_row(name: str, flattening: str, system: str, **figures: object) -> dict[str, Any]:
    row = {"set": name, "flattening": flattening, "system": system}
    if system in ("majuscule", "majuscule, effort best"):
        row["style"] = None
    whole = {"whole_job": "given" not in system, "signature": f"set {name} | system {system} | x"}
    changed = {"changed_lines": 0, "changed_letters": 0}
    return {**row, **whole, **changed, **figures}


def _set(role: str, style: str | None = None) -> dict[str, Any]:
    counts = {"lines": 1234, "words": 10000, "capitals": 2000, "mixed_words": 30}
    about = {"file": "eval/x.txt", "role": role, "style": style, "sha256": "abcdef" * 8}
    return {**about, **counts, "unseen_words": 50}


QUALITY = {
    "vocabulary": {"words": 660_000, "corpus": "fedcba" * 8},
    "sets": {
        "examples/article": _set("example"),
        "en_wiki.test": _set("test"),
        "wmt21": _set("test", "news"),
        "ewt.test": _set("test"),
        "heldout.x": _set("held out", "news"),
    },
    "rows": [
        _quality_row(
            "examples/article",
            "given",
            "majuscule",
            flatten_exact=True,
            spacing_exact=False,
            word_f1=11.11,
        ),
        _quality_row("en_wiki.test", "tokens", "worse", word_f1=20.0),
        _quality_row("en_wiki.test", "tokens", "better", word_f1=21.0),
        _quality_row("en_wiki.test", "tokens", "majuscule", word_f1=22.22),
        _quality_row("en_wiki.test", "tokens", "majuscule", style="news", word_f1=99.0),
        _quality_row("en_wiki.test", "tokens", "majuscule, effort best", word_f1=24.24),
        _quality_row("en_wiki.test", "tokens", "absent", missing="no module"),
        _quality_row(
            "wmt21",
            "moses",
            "better + spaces",
            word_f1=30.0,
            exact_lines=31.0,
            changed_lines=3,
            changed_letters=4,
            left_out=7,
        ),
        _quality_row(
            "wmt21",
            "moses",
            "majuscule",
            word_f1=33.33,
            gap_accuracy=32.0,
            exact_lines=34.34,
            unseen_accuracy=12.0,
            intervals={"word_f1": [30.04, 35.06], "unseen_accuracy": [1.0, 2.0]},
        ),
        _quality_row("wmt21", "moses", "majuscule", style="news", word_f1=36.36),
        _quality_row("wmt21", "moses", "majuscule", style="press", word_f1=37.37),
        _quality_row("wmt21", "moses", "majuscule, effort best", word_f1=38.38, exact_lines=39.39),
        _quality_row("wmt21", "moses", "majuscule, effort best", style="news", word_f1=40.4),
        _quality_row("wmt21", "moses", "half, case given", gap_f1=98.0, spaced_lines=99.0),
        _quality_row("ewt.test", "treebank", "majuscule", gap_accuracy=44.44),
        _quality_row("ewt.test", "treebank", "half, case given", gap_accuracy=43.0),
        _quality_row("ewt.test", "treebank", "majuscule, case given", gap_accuracy=43.5),
        _quality_row("heldout.x", "plain", "majuscule", word_f1=55.0, exact_lines=5.0),
        _quality_row("heldout.x", "plain", "majuscule", style="news", word_f1=66.0),
    ],
    "round_trips": [
        {"set": "wmt21", "system": system, "lines": 1131, **same}
        for system, same in {
            "majuscule": {"same_lines": 100.0, "same_but_for_blanks_lines": 100.0},
            "other": {"same_lines": 98.76, "same_but_for_blanks_lines": 99.87},
            "absent": {"missing": "no module"},
        }.items()
    ],
    "not_run": {"a giant": "needs a moon"},
}
SPEED = {
    "rows": [
        {"what": what, "mb": 100, **row}
        for what, row in [
            ("restore", {"system": "slow", "how": "library", "tokens_per_second": 50_000}),
            ("restore", {"system": "majuscule", "how": "command", "tokens_per_second": 7_770_000}),
            ("flatten", {"system": "floor", "how": "library", "tokens_per_second": 9_000_000}),
            ("flatten", {"system": "majuscule", "how": "command", "tokens_per_second": 8_880_000}),
            ("first line", {"system": "majuscule", "how": "command", "seconds": 0.123}),
            ("cores", {"job": "restore", "system": "majuscule", "how": "threads", "speedup": 1.9}),
        ]
    ]
    + [
        {"what": what, "system": "majuscule, effort best", "how": how, "mb": 100, **row}
        for what, how, row in [
            ("restore", "library", {"tokens_per_second": 90_000, "peak_mb": 250.0}),
            (
                *("restore", "command"),
                {"cores": 1, "tokens_per_second": 110_000, "seconds": 9.5, "peak_mb": 260.0}
                | {"first_line_seconds": 0.75},
            ),
            (
                *("restore", "command"),
                {"cores": 2, "tokens_per_second": 220_000, "seconds": 4.75, "peak_mb": 270.0}
                | {"first_line_seconds": 0.5},
            ),
            (
                "cores",
                "threads",
                {"job": "restore", "cores": 2, "speedup": 1.75, "same_bytes": True},
            ),
            ("corpus", "command", {"cores": 2, "tokens_per_second": 240_000}),
        ]
    ]
}
CALIBRATION = {
    "rows": [
        {"set": "wmt21", "decisions": 1234, "promised": 97.5, "right": 96.25}
        | {"calibration_error": 1.5}
    ]
}
APOSTROPHES = {
    "rows": [
        {
            "set": "wmt21",
            "place": "a blank",
            "apostrophes": 1234,
            "plurals": 30,
            "plurals_found": 20,
        }
        | {"f1": 95.5, "precision": 96.25, "recall": 94.75}
        | {"word_f1_kept": 92.0, "word_f1_lost": 91.75}
        | {"all_gap_accuracy_kept": 99.5, "all_gap_accuracy_lost": 99.25}
    ]
}
ADAPTING = {
    "rows": [
        {"sample": "en_wiki.dev", "on": "en_wiki.test", "home": True, "word_f1_before": 22.22}
        | {"word_f1_after": 23.23, "wrong_before": 40, "wrong_after": 30},
        {"sample": "en_wiki.dev", "on": "en_wiki.test", "home": True, "word_f1_before": 24.24}
        | {"word_f1_after": 25.25, "wrong_before": 35, "wrong_after": 25, "effort": "best"},
        {"sample": "10 articles, gazette", "words": 5000, "seconds": 1.24, "bytes": 123_456}
        | {"style": None, "on": "gazette", "word_f1_before": 91.0, "word_f1_after": 92.5}
        | {"wrong_before": 1200, "wrong_after": 1000}
        | {"style_errors_before": 600, "style_errors_after": 450},
        {"sample": "10 articles, gazette", "on": "ewt.dev", "word_f1_before": 80.0}
        | {"word_f1_after": 79.9, "wrong_before": 300, "wrong_after": 301},
    ]
}
HARM = {
    "rows": [
        {"what": "natural", "set": "wmt21", "lines": 1131, "same_together": 99.5}
        | {"cased_together": 99.75, "violations_together": 1, "same_alone": 98.5}
        | {"cased_alone": 98.75, "violations_alone": 2},
        {"what": "natural", "set": "en_wiki.test", "lines": 1373, "cased_together": 97.5}
        | {"violations_together": 0, "cased_alone": 96.5, "violations_alone": 0},
        {"what": "flattened", "set": "wmt21", "way": "moses", "lines": 1131, "left_out": 7}
        | {"violations": 3, "changed_again": 4, "word_f1": 33.33, "exact_lines": 34.34},
        {"what": "hard", "kind": "a wall", "characters": 7000, "violations": 1, "exceptions": 2}
        | {"changed_again": 3},
        {"what": "hard", "kind": "a hill", "characters": 7000, "violations": 0, "exceptions": 0}
        | {"changed_again": 0, "seconds_per_million": 0.25, "growth": [2.0, 1.95]},
    ]
}
CORPORA = {
    "rows": [
        {"what": "format", "format": "txt", "cores": 1, "mb": 150.4, "mb_per_second": 6.25}
        | {"of_text": 1.0, "of_text_least": 1.0, "of_text_most": 1.0, "speedup": 1.0}
        | {"speedup_least": 1.0, "speedup_most": 1.0, "peak_mb": 123, "same_bytes": True},
        {"what": "format", "format": "parquet", "cores": 2, "mb": 150.4, "mb_per_second": 9.5}
        | {"of_text": 0.96, "of_text_least": 0.94, "of_text_most": 0.98, "speedup": 1.93}
        | {"speedup_least": 1.91, "speedup_most": 1.95, "peak_mb": 456, "same_bytes": False},
        {"what": "beside", "system": "majuscule", "cores": 2, "mb": 4.1, "mb_per_second": 7.5}
        | {"ratio": 1.0},
        {"what": "beside", "system": "slow", "cores": 2, "mb": 4.1, "mb_per_second": 0.5}
        | {"ratio": 15.0, "ratio_least": 14.0, "ratio_most": 16.0},
        {"what": "growth", "cores": 2, "mb": 10_240.0, "seconds": 900.0, "mb_per_second": 11.25}
        | {"peak_mb": 512},
        {"what": "line", "cores": 2, "mb": 10_240.0, "start_seconds": 0.5, "r2": 0.99999}
        | {"mb_per_second": 11.5, "off_percent": 1.5},
    ]
}
EFFORT = {
    "rows": [
        *(
            {"what": "accuracy", "set": name, "doubt": doubt, "word_f1": f1}
            for name, f1s in {"ewt.dev": (80.0, 82.5), "heldout.x": (90.0, 91.0)}.items()
            for doubt, f1 in zip((0.0, 3.0), f1s, strict=True)
        ),
        {"what": "speed", "doubt": 0.0, "effort": "fast", "looked_at": 0.0, "ratio": 1.0}
        | {"tokens_per_second": 1_230_000},
        {"what": "speed", "doubt": 3.0, "effort": "best", "looked_at": 7.65, "ratio": 5.67}
        | {"tokens_per_second": 123_000},
    ]
}
SERVING = {
    "wrk": "wrk 1",
    "rows": [
        {"what": "load", "connections": 64, "requests": 7000, "seconds": 60.0, "not_2xx": 1}
        | {"socket_errors": 2, "timeouts": 3, "p50_ms": 4.5, "p99_ms": 9.9, "most_ms": 20.2}
        | {"requests_per_second": 1234.5, "tokens_per_second": 55000},
        {"what": "memory", "every": 10, "mb": [100.0, 120.0, 121.0, 122.0, 123.0]},
        {"what": "beside", "slow": {"closed": 4}, "too_large": {"413": 5}}
        | {"good": {"200 right": 6}, "good_p50_ms": 7.7, "good_most_ms": 8.8},
    ],
}
for _row in SPEED["rows"][:4]:
    _row |= {"peak_mb": 77.7, "first_line_seconds": 1.5, "ratio": 3.0}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    made_up = {
        "quality": QUALITY,
        "speed": SPEED,
        "calibration": CALIBRATION,
        "apostrophes": APOSTROPHES,
        "adapting": ADAPTING,
        "harm": HARM,
        "corpora": CORPORA,
        "serving": SERVING,
        "effort": EFFORT,
    }
    for name, measured in made_up.items():
        text = json.dumps({"signature": ABOUT, **measured})
        (folder / f"{name}.json").write_text(text, "utf-8")
    return folder


TABLES = ("quality", "card", "speed", "summary", "sets", "tests", "others", "styles")
TABLES += (
    "round_trips",
    "not_run",
    "source",
    "calibration",
    "apostrophes",
    "adapting",
    "natural",
    "flattened",
    "hard",
    "corpora",
    "cluster",
    "serving",
    "effort",
)


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.md"
    marks = [f"before {name}\n<!-- figures:{name} -->\nold\n<!-- /figures -->" for name in TABLES]
    path.write_text("\n".join([*marks, "after\n"]), "utf-8")
    return path


EXPECTED = {
    "quality": [
        "| on | figure | majuscule | effort best | best other |",
        "| `examples/article` | spacing exact | no |  |  |",
        (
            "| EN-Wiki test | word F1 | 22.22 | 24.24 | 21.00, better; 93.50, character LSTM,"
            " re-run in PyTorch, on the set's own training part (P) |"
        ),
        "|  | word F1, adapted to its development set | 23.23 | 25.25 |  |",
        "| WMT21 news, Moses tokens | word F1 | 33.33 | 38.38 | 30.00, better + spaces |",
        "|  | exact lines | 34.34 % | 39.39 % | 31.00 %, better + spaces |",
        "| EWT test, Penn Treebank tokens | gaps right | 44.44 % |  | 43.00 %, half, case given |",
        "| `restore`, one core, 100 MB | tokens/s | 7.77 M | 0.11 M | 0.05 M, slow |",
        "|  | first line out after | 0.12 s | 0.75 s | 1.50 s, slow |",
        "|  | memory at most | 78 MB | 260 MB | 78 MB, slow |",
        "| `restore`, two cores, 100 MB | tokens/s |  | 0.22 M |  |",
        "| `flatten`, one core, 100 MB | tokens/s | 8.88 M |  |  |",
        "| `corpus`, 2 cores, 10.2 GB | MB/s | 11.25 |  | 0.50, slow in a pool of processes |",
        "|  | memory at most, all processes | 512 MB |  |  |",
        "| `serve`, 64 connections | requests/s | 1,234 |  |  |",
        "|  | answered after, 99 % | 10 ms |  |  |",
    ],
    "serving": [
        "| 64 | 1.0 | 7,000 | 1,234 | 55,000 | 4 ms | 10 ms | 20 ms | 1 | 5 |",
        (
            "Memory: 100 MB before; in the first quarter of the load 120.0 MB, in the last 123.0"
            " MB, at most 123.0 MB."
        ),
    ],
    "card": [
        "| wmt21 | moses |  | fast | 33.33 |  | 32.00 % |  | 34.34 % |",
        "| wmt21 | moses |  | best | 38.38 |  |  |  | 39.39 % |",
        "| wmt21 | moses | news | fast | 36.36 |  |  |  |  |",
        "| wmt21 | moses | news | best | 40.40 |  |  |  |  |",
    ],
    "source": [
        (
            "quality: model `0123456789ab` and its second stage `ba9876543210`, majuscule 9.9.9,"
            " 2000-01-01, an abacus, 10 cores, Python 3.0; speed: model `0123456789ab` and its"
            " second stage `ba9876543210`, majuscule 9.9.9, 2000-01-01, an abacus, 10 cores,"
            " Python 3.0. Made by `python benchmarks/run.py`."
        ),
    ],
    "speed": [
        "| whole job | majuscule, effort best | 100 | 0.09 M |  |  |  |  | 250 MB |",
        "| `restore` | 1 | 100 |  |  |  | 7.77 M | 1.50 s | 78 MB |",
        "| `restore --effort best` | 2 | 100 | 4.75 s |  |  | 0.22 M | 0.50 s | 270 MB |",
        "| `corpus --effort best` | 2 | 100 |  |  |  | 0.24 M |  |  |",
        "| restore | threads | 100 | 1.90 |  |  |  |",
        "| restore --effort best | threads | 100 | 1.75 |  |  | yes |",
    ],
    "effort": [
        (
            "| margins looked at | of tokens | tokens/s | times as long | word F1, mean | EWT"
            " development set | Held out: x |"
        ),
        "| none, effort fast | 0.00 % | 1,230 k | 1.00 | 85.00 | 80.00 | 90.00 |",
        "| below 3, effort best | 7.65 % | 123 k | 5.67 | 86.75 | 82.50 | 91.00 |",
    ],
    "summary": [
        "| better + spaces | 21.00 | 30.00 |  | 31.00 |  |  |  |",
        "| majuscule | 22.22 | 33.33 (30.0–35.1) |  | 34.34 |  |  |  |",
        "| majuscule, effort best | 24.24 | 38.38 |  | 39.39 |  |  |  |",
        "| majuscule, in the style of such texts |  | 36.36 |  |  |  |  |  |",
        "| majuscule, effort best, in the style of such texts |  | 40.40 |  |  |  |  |  |",
        "| trigram language model (P) | 86.91 |  |  |  |  |  |  |",
        "| a giant | not runnable offline |  |  |  |  |  |  |",
    ],
    "sets": [
        (
            "| WMT21 news | `eval/x.txt` | test | 1,234 | 10,000 | 20.00 % | 0.30 % | 0.50 % |"
            " `abcdefabcdef` |"
        ),
    ],
    "tests": [
        "### WMT21 news",
        "| tokens | absent | not run: no module |",
        "| tokens | CRF on words (P) | 90.89 |" + "  |" * 12,
        "| moses | better + spaces | 30.00 |" + "  |" * 11 + " 3 (4 letters) |",
        "| moses | majuscule | 33.33 (30.0–35.1) |" + "  |" * 9 + " 12.00 |  | 0 |",
        "| moses | majuscule, style news | 36.36 |" + "  |" * 11 + " 0 |",
        "| moses | majuscule, effort best | 38.38 |" + "  |" * 11 + " 0 |",
        "| moses | majuscule, effort best, style news | 40.40 |" + "  |" * 11 + " 0 |",
        "| moses | half, case given |  |  |  | 98.00 |  | 99.00 |  | 0 |",
        "Flattened as moses, without 7 whose letters the tokeniser changes.",
        "$ python benchmarks/run.py --set wmt21 --system majuscule",
        "The signature of majuscule's first row: `set wmt21 | system majuscule | x`",
    ],
    "others": ["### Held out: x", "| plain | majuscule | 55.00 |" + "  |" * 11 + " 0 |"],
    "styles": [
        "| WMT21 news | moses | 33.33 | **36.36** | 37.37 |",
        "| EN-Wiki test | tokens | 22.22 | 99.00 |  |",
    ],
    "round_trips": ["| WMT21 news | 1,131 | 100.00 (100.00) | 98.76 (99.87) | not run |  |"],
    "not_run": ["| a giant | needs a moon |"],
    "calibration": ["| WMT21 news | 1,234 | 97.50 % | 96.25 % | 1.50 % |"],
    "apostrophes": [
        (
            "| WMT21 news | a blank | 1,234 | 95.50 | 96.25 | 94.75 | 20 of 30 | 91.75 (92.00)"
            " | 99.25 % (99.50 %) |"
        ),
    ],
    "adapting": [
        ("| en_wiki.dev |  |  |  |  | EN-Wiki test, effort best | 24.24 → 25.25 | 35 → 25 |  |"),
        (
            "| 10 articles, gazette | 5,000 | 1.2 | 123 |  | gazette | 91.00 → 92.50"
            " | 1,200 → 1,000 | 600 → 450 |"
        ),
        (
            "| 10 articles, gazette |  |  |  |  | EWT development set | 80.00 → 79.90"
            " | 300 → 301 |  |"
        ),
    ],
    "natural": [
        "| WMT21 news | 1,131 | 99.50 % | 98.50 % | 99.75 % | 98.75 % | 3 |",
        "| EN-Wiki test | 1,373 |  |  | 97.50 % | 96.50 % | 0 |",
    ],
    "flattened": ["| WMT21 news | moses | 1,131 | 7 | 3 | 4 | 33.33 | 34.34 % |"],
    "hard": [
        "| a wall | 7,000 | 1 | 2 | 3 |  |  |",
        "| a hill | 7,000 | 0 | 0 | 0 | 0.25 s | × 2.00, × 1.95 |",
        "| together | 14,000 | 1 | 2 | 3 |  |  |",
    ],
    "corpora": [
        (
            "| plain text | 1 | 150 | 6.25 | 100 % | 100 % | 100 % | 1.00 | 1.00 | 1.00 | 123 MB |"
            " yes |"
        ),
        "| Parquet | 2 | 150 | 9.50 | 96 % | 94 % | 98 % | 1.93 | 1.91 | 1.95 | 456 MB | no |",
        "| slow | 2 | 4.1 | 0.50 | 15.00 | 14.00 | 16.00 |",
        "| 10,240 | 2 | 900.00 s | 11.25 | 512 MB |",
        (
            "A line through these: 0.50 s to start, then 11.50 MB/s; R² 0.99999, the farthest point"
            " is off by 1.5 %."
        ),
    ],
    "cluster": ["| plain text | 6.25 | 44 | 2.8 h | 0.7 h | 0.2 h | 0.0 h |"],
}


def test_a_document_gets_its_tables_and_keeps_the_rest(results: Path, document: Path) -> None:
    assert _python("splice.py", "--check", "--results", results, document).returncode == 1
    assert "\nold\n" in document.read_text("utf-8")

    done = _python("splice.py", "--results", results, document)
    assert (done.returncode, done.stdout) == (0, "document.md written\n")
    text = document.read_text("utf-8")
    assert "\nold\n" not in text
    assert text.startswith("before quality\n<!-- figures:quality -->\n\n| on | figure |")
    assert text.endswith("\n\n<!-- /figures -->\nafter\n")
    for table, lines in EXPECTED.items():
        for line in lines:
            assert line in _table(text, table).splitlines()
    assert "press" not in _table(text, "card")
    assert "37.37" not in _table(text, "tests")

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
CORPUS = {
    "known.txt.xz": "The Paris team won. Paris, he said: the team won.\n\nIn PARIS he won.\n",
    "odd.tok.txt.xz": "He said the team in paris won the Team game .\n",
}


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
            "eval/heldout.tiny.txt",
            "eval/heldout.unknown.txt",
            "examples/article.natural.txt",
        ],
        text,
    )
    files["examples/article.flat.txt"] = majuscule.flatten(text)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    (folder / "corpus").mkdir()
    for name, content in CORPUS.items():
        (folder / "corpus" / name).write_bytes(lzma.compress(content.encode()))
    return folder


Rows = dict[tuple[str, str, str, str | None], dict[str, Any]]


def _rows(measured: dict[str, Any]) -> Rows:
    rows = {
        (row["set"], row["flattening"], row["system"], row.get("style")): row
        for row in measured["rows"]
    }
    assert len(rows) == len(measured["rows"])
    return rows


def test_quality_is_measured_on_every_set(
    tiny: Model, model: Path, shared: Path, tmp_path: Path
) -> None:
    absent = tmp_path / "absent"
    absent.mkdir()
    for name in ("truecase", "sacremoses", "nltk", "pyonmttok"):
        (absent / f"{name}.py").write_text(f"raise ImportError('no {name}')", "utf-8")
    options = ["--command", "typed", "--model", model]
    done = _python("quality.py", shared, tmp_path, *options, path=absent, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    assert measured["signature"]["command"] == "typed"
    assert measured["signature"]["model"]["hash"] == tiny.hash
    assert measured["sets"]["heldout.tiny"]["style"] == "news"
    assert len(measured["sets"]["wmt21"]["sha256"]) == 64
    # the paris team won he said in game
    assert measured["vocabulary"]["words"] == 8

    rows = _rows(measured)
    article = rows["examples/article", "given", "majuscule", None]
    assert article["flatten_exact"] is True
    assert rows["en_wiki.test", "tokens", "truecase", None]["missing"] == "no truecase"
    assert rows["wmt21", "moses", "majuscule", None]["missing"] == "no sacremoses"
    assert rows["wmt21", "plain", "truecase + nltk", None]["missing"] == "no truecase"
    for style in (None, "news"):
        again = rows["heldout.tiny", "moses", "majuscule, effort best", style]
        assert again["missing"] == "no sacremoses"
    again = rows["heldout.tiny", "plain", "majuscule, effort best", None]
    assert "expected the second stage of the model tiny" in again["missing"]
    assert rows["heldout.unknown", "ptb", "majuscule", None]["lines"] == 2
    assert "missing" in next(row for row in measured["round_trips"] if row["system"] == "nltk")
    trip = next(row for row in measured["round_trips"] if row["system"] == "majuscule")
    assert (trip["lines"], trip["same"]) == (2, 2)

    flat = majuscule.flatten("\n".join(LINES))
    restored = majuscule.Restorer(tiny).restore(flat).split("\n")
    known = {"the", "paris", "team", "won", "he", "said", "in", "game"}
    evaluation = evaluate(restored, LINES, flat.split("\n"), vocabulary=known)
    row = rows["heldout.tiny", "plain", "majuscule", None]
    assert (row["lines"], row["words"], row["unseen_words"]) == (2, 13, 4)
    for name, figure in evaluation.figures().items():
        assert row[name] == round(figure, 2)
    for name, ends in row["intervals"].items():
        assert ends == [round(end, 2) for end in evaluation.intervals()[name]]
    assert tiny.hash in row["signature"]
    left = rows["en_wiki.test", "tokens", "left as it is", None]
    assert (left["word_f1"], left["word_accuracy"]) == (0.0, round(100 * 7 / 13, 2))
    assert not {"gap_f1", "exact_lines", "spaced_lines"} & left.keys()


def test_the_other_systems_run(model: Path, shared: Path, tmp_path: Path) -> None:
    """With the real sacremoses and nltk: the tokenisers, both detokenisers, the truecaser."""
    options = ["--model", model, "--set", "wmt21", "--set", "en_wiki.test"]
    done = _python("quality.py", shared, tmp_path, *options, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    rows = _rows(measured)
    assert {row["set"] for row in measured["rows"]} == {"wmt21", "en_wiki.test"}
    assert rows["wmt21", "treebank", "nltk, case given", None]["spaced_lines"] == 100
    spaced = rows["wmt21", "moses", "sacremoses, case given", None]
    assert "word_f1" not in spaced
    assert "unseen_accuracy" not in spaced
    assert spaced["spaced_lines"] == 100
    assert rows["wmt21", "moses", "majuscule, case given", None]["changed_lines"] == 0
    # Of the capitals of The U.S. Paris. "Right," Mr. Smith the corpus has Paris alone; the
    # first words come from the detruecaser.
    truecaser = rows["wmt21", "moses", "moses truecaser + sacremoses", None]
    assert truecaser["word_recall"] == round(100 * 1 / 6, 2)
    assert "sacremoses" in truecaser["signature"]
    both = rows["wmt21", "moses", "moses truecaser + detruecaser + sacremoses", None]
    assert both["word_recall"] == round(100 * 3 / 6, 2)
    case = rows["en_wiki.test", "tokens", "moses truecaser", None]
    assert case["cased_lines"] == 0

    again = tmp_path / "again"
    again.mkdir()
    options = ["--model", model, "--set", "wmt21", "--system", "majuscule"]
    done = _python("quality.py", shared, again, *options, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert "learning" not in done.stdout
    repeated = _rows(json.loads((again / "quality.json").read_text("utf-8")))
    assert repeated == {
        key: row for key, row in rows.items() if key[0] == "wmt21" and key[2] == "majuscule"
    }


def test_one_figure_is_shown_and_not_written(shared: Path, tmp_path: Path) -> None:
    options = ["--shared", shared, "--python", sys.executable, "--set", "ewt.test"]
    options += ["--system", "left as it is"]
    done = _python("run.py", *options, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    assert ["word_accuracy", "53.85"] in [line.split()[:2] for line in done.stdout.splitlines()]
    assert not list(tmp_path.rglob("quality.json"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "nonsense"], "no set 'nonsense'; there are 'examples/article', 'en_wiki.test'"),
        (["--system", "nonsense"], "no system 'nonsense'; there are 'majuscule', "),
        (["--set", "en_wiki.test", "--system", "nltk, case given"], "none of these systems"),
        (["--set", "wmt21", "--only", "speed"], "--set and --system choose among the figures"),
        (["--set", "wmt21", "--results", BENCHMARKS / "results"], "results/ holds all sets"),
    ],
)
def test_a_part_that_cannot_be_measured(
    shared: Path, tmp_path: Path, options: list[object], message: str
) -> None:
    options += ["--shared", shared, "--python", sys.executable]
    done = _python("run.py", *options, cache=tmp_path / "cache")
    assert done.returncode == 2
    assert done.stderr.startswith(f"run.py: {message}")
    assert len(done.stderr.splitlines()) == 1


def test_probabilities_are_judged(model: Path, shared: Path, tmp_path: Path) -> None:
    done = _python("calibration.py", shared, tmp_path, "--model", model)
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "calibration.json").read_text("utf-8"))
    *rows, together = measured["rows"]
    assert together["set"] == "all"
    assert together["decisions"] == sum(row["decisions"] for row in rows) > 0
    for row in measured["rows"]:
        # The mean distance is at least the distance of the means.
        assert abs(row["promised"] - row["right"]) <= row["calibration_error"] + 0.02


def test_harm_is_measured_on_every_set(model: Path, shared: Path, tmp_path: Path) -> None:
    done = _python("harm.py", shared, tmp_path, "--model", model, "--size", 1000)
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "harm.json").read_text("utf-8"))
    natural, flattened, hard = (
        [row for row in measured["rows"] if row["what"] == what]
        for what in ("natural", "flattened", "hard")
    )
    assert {row["set"] for row in natural} == set(measured["sets"])
    assert all(row["lines"] == 2 for row in natural)
    assert {row["way"] for row in flattened} > {"plain", "moses", "ptb", "all capitals"}
    assert all(row["characters"] == 1750 and len(row["growth"]) == 2 for row in hard)
    for row in measured["rows"]:
        counted = ("violations", "violations_together", "violations_alone", "exceptions")
        assert not any(row.get(name) for name in (*counted, "changed_again")), row


def test_apostrophes_are_judged(model: Path, shared: Path, tmp_path: Path) -> None:
    natural = "It's the mayor's 'house', he said.\nThe states' rights aren't theirs.\n"
    (shared / "eval" / "wmt21.txt").write_text(natural, "utf-8")
    done = _python("apostrophes.py", shared, tmp_path, "--model", model)
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "apostrophes.json").read_text("utf-8"))["rows"]
    # Where there are none, none can be lost.
    assert [(row["set"], row["place"]) for row in rows] == [
        ("wmt21", "a blank"),
        ("wmt21", "nothing"),
    ]
    for row in rows:
        assert row["apostrophes"] == 4
        assert row["plurals"] == 1
        assert row["hits"] <= min(row["apostrophes"], row["proposed"])
        assert row["plurals_found"] <= row["plurals"]
    assert rows[0]["hits"] >= 3


def test_adapting_is_judged(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import adapting

    sample = shared / "sample.txt"
    sample.write_text("In Rome she met the Team of the bank.\n\n" * 12, "utf-8")
    adapted, about = adapting._adapted(tiny, adapting.Source(sample))
    assert (about["words"], about["bytes"] > 0) == (9 * 12, True)
    row = adapting._both(tiny, adapted, sample.read_text("utf-8"), both_ways=frozenset())
    assert row["word_f1_after"] > row["word_f1_before"]
    assert row["wrong_after"] < row["wrong_before"]
    both = adapting._both_ways(shared / "corpus")
    assert both == frozenset()  # nothing is there often enough


def test_a_second_stage_that_is_not_there_is_told(
    model: Path, shared: Path, tmp_path: Path
) -> None:
    done = _python("effort.py", shared, tmp_path, "--model", model)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "effort.json").read_text("utf-8"))["rows"]
    assert row["what"] == "speed"
    assert "expected the second stage of the model tiny" in row["missing"]


def test_a_second_look_is_judged(deep: Path, shared: Path, tmp_path: Path) -> None:
    for name in ("en_wiki.test.tok.txt", "wmt21.txt", "ewt.test.txt"):
        (shared / "eval" / name).unlink()  # no test set has a part in it
    done = _python("effort.py", shared, tmp_path, "--model", deep)
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "effort.json").read_text("utf-8"))
    assert measured["signature"]["second_stage"]["onnxruntime"]
    judged, timed = (
        [row for row in measured["rows"] if row["what"] == what] for what in ("accuracy", "speed")
    )
    flattenings = {row["set"]: row["flattening"] for row in judged}
    assert flattenings.pop("en_wiki.dev") == "tokens"
    assert flattenings == dict.fromkeys(["ewt.dev", "heldout.tiny", "heldout.unknown"], "moses")
    assert len(judged) == 4 * len(timed)
    doubts = [row["doubt"] for row in timed]
    assert doubts == sorted(set(doubts))
    assert [row["effort"] for row in timed if row["effort"]] == ["fast", "best"]
    looked = [row["looked_at"] for row in timed]
    assert (looked == sorted(looked), looked[0], looked[-1] > 0) == (True, 0, True)
    assert timed[0]["ratio"] == 1
    assert all(row["tokens"] == timed[0]["tokens"] > 40 for row in timed)
    flat = majuscule.text.lower("\n".join(LINES))
    for effort, doubt in (("fast", 0), ("best", 3)):
        restored = majuscule.Restorer(deep, effort=effort).restore(flat)
        figures = evaluate(restored.split("\n"), LINES, flat.split("\n")).figures()
        row = next(row for row in judged if (row["set"], row["doubt"]) == ("en_wiki.dev", doubt))
        assert row["word_f1"] == round(figures["word_f1"], 2)


def test_both_efforts_are_judged(deep: Path, shared: Path, tmp_path: Path) -> None:
    options = ["--model", deep, "--set", "heldout.tiny"]
    options += ["--system", "majuscule", "--system", "majuscule, effort best"]
    done = _python("quality.py", shared, tmp_path, *options, cache=tmp_path / "cache")
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "quality.json").read_text("utf-8"))
    assert measured["signature"]["second_stage"]["onnxruntime"]
    rows = _rows(measured)
    flat = majuscule.flatten("\n".join(LINES))
    for effort, system in (("fast", "majuscule"), ("best", "majuscule, effort best")):
        restorer = majuscule.Restorer(deep, effort=effort)
        restored = restorer.restore(flat).split("\n")
        row = rows["heldout.tiny", "plain", system, None]
        figures = evaluate(restored, LINES, flat.split("\n")).figures()
        assert row["word_f1"] == round(figures["word_f1"], 2)
        assert f"| model {restorer.hash} |" in row["signature"]
        assert ("onnxruntime" in row["signature"]) is (effort == "best")
        assert ("heldout.tiny", "moses", system, "news") in rows


def test_an_adapter_is_judged_with_both_efforts(
    deep: Path, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import adapting

    sample = "In Rome she met the Team of the bank .\n" * 12
    (shared / "eval" / "en_wiki.dev.tok.txt").write_text(sample, "utf-8")
    rows = list(adapting.to_wiki(majuscule.model.load(deep), shared))
    home = [row for row in rows if row["home"]]
    assert [(row["on"], row.get("effort")) for row in home] == [
        ("en_wiki.test", None),
        ("en_wiki.test", "best"),
    ]
    assert not any("missing" in row for row in rows)


def test_an_article_at_several_levels_stays_on_one_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import adapting

    monkeypatch.setattr(adapting, "TEST_WORDS", 100)
    towns = [f"Town{'abcdefghijklmnopqrst'[n]}" for n in range(20)]
    documents = [f"He went to {town} and {level} to {town}s." for town in towns for level in "abc"]
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress("\n\n".join(documents).encode()))
    sample, judged = adapting._articles(tmp_path / "a.txt.xz")
    assert len(judged.split()) >= 100
    assert len(sample) + judged.count("He went") // 3 == 20
    for town in towns:
        assert judged.count(f"{town} and") in (0, 3)
        assert (f"{town} and" in judged) != any(f"{town} and" in one for one in sample)


def test_the_truecaser_is_what_sacremoses_trains(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import learn

    tokeniser = sacremoses.MosesTokenizer("en")
    natural = [
        tokeniser.tokenize(line, escape=False) for line in CORPUS["known.txt.xz"].split("\n")
    ]
    reference = sacremoses.MosesTruecaser()
    reference.train([*natural, CORPUS["odd.tok.txt.xz"].split()])
    cache = tmp_path / "cache"
    path = learn.truecaser(shared / "corpus", cache)
    learned = sacremoses.MosesTruecaser(str(path))
    assert learned.model == reference.model
    assert learned.truecase("in paris the team won") == ["in", "Paris", "the", "team", "won"]

    before = path.stat().st_mtime_ns
    learn.truecaser(shared / "corpus", cache)
    assert path.stat().st_mtime_ns == before
    assert learn.vocabulary(shared / "corpus", cache) >= {"paris", "game"}
    learn.corpus_hash.cache_clear()
    (shared / "corpus" / "odd.tok.txt.xz").write_bytes(lzma.compress(b"A new town .\n"))
    assert learn.truecaser(shared / "corpus", cache).stat().st_mtime_ns > before
    assert "town" in learn.vocabulary(shared / "corpus", cache)
    assert "game" not in learn.vocabulary(shared / "corpus", cache)
    learn.corpus_hash.cache_clear()
