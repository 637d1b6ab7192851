"""`benchmarks/speed.py`: what is compared stands side by side, and all of it is measured."""

from __future__ import annotations

import doctest
import importlib
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import majuscule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


@pytest.fixture
def speed() -> ModuleType:
    return importlib.import_module("speed")


@pytest.fixture
def installed() -> ModuleType:
    return importlib.import_module("installed")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three sources of a thousand lines, one of them tokenised, with a blank line at times."""
    folder = tmp_path / "shared" / "corpus"
    folder.mkdir(parents=True)
    for name in ("a.txt.xz", "b.txt.xz", "c.tok.txt.xz"):
        with lzma.open(folder / name, "wb") as file:
            for number in range(1000):
                file.write(f"{name[0]} line (number {number}).\n".encode())
                file.write(b"\n" if number % 10 == 9 else b"")
    return folder


@pytest.mark.parametrize("module", ["speed", "installed"])
def test_examples_of_docstrings(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert (failed, tried > 0) == (0, True)


# What is measured on.


def test_the_text_is_a_share_of_every_source(
    speed: ModuleType, corpus: Path, tmp_path: Path
) -> None:
    speed.collect(corpus, tmp_path / "text", 5000)
    lines = (tmp_path / "text").read_text("utf-8").splitlines()
    assert 5000 <= (tmp_path / "text").stat().st_size < 5060
    assert {line[:1] for line in lines} == {"a", "b", ""}
    assert lines[0] == "a line (number 0)."


@given(st.text("aÉß .,()-'\"0\t", max_size=30))
@example("''")
def test_a_parted_line_is_the_flattened_one_in_its_own_case(natural: str) -> None:
    from speed import parted

    flat = majuscule.flatten(natural)
    out = parted(natural, flat)
    assert "".join(out.split()) == "".join(majuscule.text.unescape(natural).split())
    assert [char.isspace() for char in out] == [char.isspace() for char in flat]


def test_halves_are_cut_where_a_document_ends(speed: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "text"
    for text, first in (
        ("a b\n\nc d\n\ne f\n\ng h\n\n", "a b\n\nc d\n\ne f\n\n"),
        ("a b\nc d\ne f\ng h\n", "a b\nc d\ne f\n"),
    ):
        path.write_text(text, "utf-8", newline="\n")
        halves = [half.read_text("utf-8") for half in speed._halves(path)]
        assert halves == [first, text.removeprefix(first)]


# How it is measured.


def _stopwatch(*words: object, path: Path | None = None) -> tuple[list[str], dict[str, Any]]:
    """The first line as a system restored it, and what was timed."""
    environment = dict(os.environ)
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(path), *filter(None, [environment.get("PYTHONPATH")])]
        )
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / "stopwatch.py"), *map(str, words)],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
        check=True,
    )
    *first, timed = map(json.loads, done.stdout.splitlines())
    return (first[0] if first else []), timed


def test_a_system_is_timed_in_a_process_of_its_own(model: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("the U.S. team ( reuters ) won .\n" * 10, "utf-8")
    restorer = majuscule.Restorer(model)
    line = text.read_text("utf-8").splitlines()[0]
    for job, system, first in (
        ("flatten", "floor", line.lower()),
        ("restore", "first letter of each line", "T" + line[1:]),
        ("flatten", "majuscule", majuscule.flatten(line)),
        ("restore", "majuscule", restorer.restore(line)),
        ("case", "majuscule", majuscule.Restorer(model, edits=("case",)).restore(line)),
        ("space", "majuscule", majuscule.Restorer(model, edits=("space",)).restore(line)),
    ):
        seen, timed = _stopwatch(job, system, text, "--model", model)
        assert seen == [first], (job, system)
        assert timed.keys() == {"start", "seconds", "digest"}
        assert timed["seconds"] > 0


def test_a_system_that_is_not_there_says_so(tmp_path: Path) -> None:
    (tmp_path / "pyonmttok.py").write_text("raise ImportError('not here')", "utf-8")
    text = tmp_path / "text.txt"
    text.write_text("a\n", "utf-8")
    assert _stopwatch("flatten", "pyonmttok", text, path=tmp_path) == ([], {"missing": "not here"})


def test_a_model_without_a_second_stage_says_so(model: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("a\n", "utf-8")
    seen, timed = _stopwatch("restore", "majuscule, effort best", text, "--model", model)
    assert (seen, timed.keys()) == ([], {"missing"})
    assert "expected the second stage of the model tiny" in timed["missing"]


def test_every_other_system_is_one_of_rivals(speed: ModuleType) -> None:
    others = importlib.import_module("stopwatch").OTHERS
    assert speed.JOBS.keys() == others.keys()
    for job, systems in speed.JOBS.items():
        assert set(systems) - {"floor", speed.BEST} <= set(others[job])


def test_a_ratio_is_the_median_of_rounds_not_of_the_machine(
    speed: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # A machine that is slower from round to round: each time alone says nothing.
    slower = [1.0, 1.0, 2.0, 8.0, 8.0]
    ratios = [3.0, 4.0, 5.0, 3.0, 9.0]
    runs: list[str] = []

    def timed(_: object, job: str, system: str, text: object) -> Any:
        number = len(runs) // 4
        runs.append(system)
        seconds = slower[number] * {"majuscule": 1.0, "other": ratios[number], "gone": 0}[system]
        said = {"missing": "why"} if system == "gone" else {"seconds": seconds, "start": 0.25}
        return speed.Run(9, 0.5, 10 + number, "a line\n" + json.dumps(said))

    monkeypatch.setattr(speed, "JOBS", {"restore": ["other", "gone"]})
    monkeypatch.setattr(speed, "PAIRED", len(ratios))
    monkeypatch.setattr(speed, "_write_parted", lambda text: None)
    monkeypatch.setattr(speed._Bench, "timed", timed)
    text = speed.Text(2.0, tmp_path, tmp_path, 1000)
    ours, other, gone = speed._Bench(tmp_path, tmp_path, 1, []).pairs(text)

    assert (other["ratio"], other["ratio_least"], other["ratio_most"]) == (4.0, 3.0, 9.0)
    assert (other["seconds"], other["tokens_per_second"]) == (10.0, 100)
    assert (ours["system"], ours["seconds"], ours["seconds_most"]) == ("majuscule", 2.0, 8.0)
    assert (ours["first_line_seconds"], ours["start_seconds"], ours["peak_mb"]) == (0.5, 0.25, 14)
    assert gone == {"what": "restore", "how": "library", "mb": 2.0, "system": "gone"} | {
        "missing": "why"
    }
    # Each beside one of ours, and neither always first.
    pairs = [set(runs[at : at + 2]) for at in range(0, len(runs), 2)]
    assert all("majuscule" in pair and len(pair) == 2 for pair in pairs)
    assert {runs[0], runs[4]} == {"majuscule", "other"}


# The line.

RATES = st.floats(1e4, 1e7)
STARTS = st.floats(0.01, 3)
SIZES = [200_000, 600_000, 2_000_000, 6_000_000, 20_000_000]


@given(STARTS, RATES)
def test_a_line_is_found(start: float, rate: float) -> None:
    from speed import growth

    found = growth([(size, start + size / rate) for size in SIZES])
    assert found["start_seconds"] == pytest.approx(start, abs=0.0006)
    assert found["tokens_per_second"] == pytest.approx(rate, rel=1e-3, abs=1)
    assert found["r2"] == 1
    assert found["off_percent"] == 0


@given(st.lists(st.floats(-0.03, 0.03), min_size=len(SIZES), max_size=len(SIZES)))
def test_a_line_is_found_through_noise(noise: list[float]) -> None:
    from speed import growth

    found = growth(
        [(size, (0.1 + size / 2e6) * (1 + off)) for size, off in zip(SIZES, noise, strict=True)]
    )
    # A least-squares line misses no point by more than the noise and its own tilt.
    assert found["tokens_per_second"] == pytest.approx(2e6, rel=0.1)
    assert found["start_seconds"] == pytest.approx(0.1, abs=0.03)
    assert found["r2"] > 0.99
    assert found["off_percent"] < 10


def test_what_is_not_a_line_shows(speed: ModuleType) -> None:
    found = speed.growth([(size, 0.1 + size / 2e6 + (size / 4e6) ** 2) for size in SIZES])
    assert found["r2"] < 0.9
    assert found["off_percent"] > 20


# Sizes on disk.


def _package(folder: Path, name: str, size: int, *needs: str) -> None:
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / f"{name}.py").write_bytes(b"#" * size)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0"]
    (about / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {n}" for n in needs)]))
    # Names a file twice, one that is gone, and not its own records.
    (about / "RECORD").write_text(f"{name}.py,,\n./{name}.py,,\n__pycache__/gone.pyc,,\n")


def test_a_package_is_as_large_as_all_that_it_needs(
    installed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    _package(tmp_path, "fake_top", 1000, "fake.left>=1", "fake-right; python_version > '3'")
    _package(tmp_path, "fake_left", 200, "fake_top", "fake_base", "fake_absent; extra == 'more'")
    _package(tmp_path, "fake_right", 30, "fake_base", "fake_never; python_version < '3'")
    _package(tmp_path, "fake_base", 4)
    _package(tmp_path, "fake_never", 7)
    names = installed.needed(["fake_top"])
    assert names == ["fake-base", "fake-left", "fake-right", "fake-top"]
    assert [installed.size(name) for name in names] == [4, 200, 30, 1000]
    assert installed.needed(["Fake.Base", "fake_base"]) == ["fake-base"]
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        installed.needed(["fake_absent"])


def test_a_checkout_has_no_size(
    installed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    _package(tmp_path, "fake_linked", 10)
    about = tmp_path / "fake_linked-1.0.dist-info"
    (about / "direct_url.json").write_text(json.dumps({"dir_info": {"editable": True}}))
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        installed.size("fake_linked")


# All of it.


@pytest.fixture
def _cores_given_back() -> Iterator[None]:
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    yield
    if before:
        os.sched_setaffinity(0, before)


@pytest.mark.usefixtures("_cores_given_back")
def test_everything_is_measured(
    speed: ModuleType,
    corpus: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speed, "JOBS", {"restore": ["left as it is"], "flatten": ["floor"]})
    monkeypatch.setattr(speed, "PACKAGES", {"none": (["no-such-package"], [])})
    monkeypatch.setattr(speed, "GROWTH", (0.01, 1))
    for name in ("PAIRED", "ROUNDS", "STARTS"):
        monkeypatch.setattr(speed, name, 1)
    monkeypatch.setattr(speed, "LEAST", 0)
    words = ["speed.py", str(corpus.parent), str(tmp_path), "--model", str(model)]
    monkeypatch.setattr(sys, "argv", [*words, "--command", "typed", "--size", "1"])
    cores_here = len(getattr(os, "sched_getaffinity", lambda _: ())(0))
    assert speed.main() == 0

    written = json.loads((tmp_path / "speed.json").read_text("utf-8"))
    assert written["signature"]["command"] == "typed"
    rows = written["rows"]
    assert {(row["what"], row["system"]) for row in rows if row.get("how") == "library"} == {
        ("restore", "majuscule"),
        ("restore", "left as it is"),
        ("flatten", "majuscule"),
        ("flatten", "floor"),
    }
    commands = [(row["what"], row["mb"]) for row in rows if row.get("how") == "command"]
    assert commands == [
        *[("flatten", 0.01), ("flatten", 1), ("growth", 1)],
        *[("restore", 0.01), ("restore", 1), ("growth", 1)],
        ("first line", 1),
        ("restore", 1),
    ]
    (again,) = (row for row in rows if row["system"] == speed.BEST)
    assert "expected the second stage of the model tiny" in again["missing"]
    cores = [row for row in rows if row["what"] == "cores" and "missing" not in row]
    assert all(row["same_bytes"] for row in cores)
    assert len(cores) == (8 if cores_here > 1 else 0)
    assert rows[-1] == {"what": "installed", "system": "none"} | {"missing": rows[-1]["missing"]}


@pytest.mark.usefixtures("_cores_given_back")
def test_the_second_stage_is_timed(
    speed: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One core and two by turns; what is there once more is the same, or it shows."""
    runs: list[tuple[str, int, tuple[object, ...]]] = []
    bench = speed._Bench(tmp_path, tmp_path, 1, [])
    bench.cores = [0, 1]
    now = [1]

    def command(_: object, job: str, given: Path, *options: object) -> Any:
        runs.append((job, now[0], options))
        given.with_suffix(".out").write_text(str(now[0] if "odd" in given.name else 0), "utf-8")
        return speed.Run(6.0 / now[0], 0.5, 100 + now[0], "")

    said = speed.Run(9, 0.5, 10, json.dumps({"seconds": 1.0, "start": 0.25}))
    monkeypatch.setattr(speed, "ROUNDS", 2)
    monkeypatch.setattr(speed._Bench, "stay_on", lambda _, count: now.__setitem__(0, count))
    monkeypatch.setattr(speed._Bench, "command", command)
    monkeypatch.setattr(speed._Bench, "timed", lambda *_: said)
    monkeypatch.setattr(speed._Bench, "first_line", lambda *_: 0.5 / now[0])
    for name, same in (("even", True), ("odd", False)):
        text = speed.Text(2.0, tmp_path, tmp_path / f"{name}.flat", 1200)
        one, two, cores, corpus = bench.second_stage(text, text, text)
        assert {row["system"] for row in (one, two, cores, corpus)} == {speed.BEST}
        assert [(row["what"], row["cores"], row["tokens_per_second"]) for row in (one, two)] == [
            ("restore", 1, 200),
            ("restore", 2, 400),
        ]
        assert (two["first_line_seconds"], two["peak_mb"]) == (0.25, 102)
        assert (cores["what"], cores["how"], cores["speedup"]) == ("cores", "threads", 2.0)
        assert cores["same_bytes"] is same
        assert (corpus["what"], corpus["cores"], corpus["tokens_per_second"]) == ("corpus", 2, 400)
    assert [run[:2] for run in runs[:4]] == [("restore", 1), ("restore", 2)] * 2
    assert all(options[-2:] == ("--effort", "best") for _, _, options in runs)
    assert now == [1]


def test_a_second_core_that_is_not_there(speed: ModuleType, tmp_path: Path) -> None:
    bench = speed._Bench(tmp_path, tmp_path, 1, [])
    bench.cores = bench.cores[:1]
    (row,) = bench.two_cores(speed.Text(1.0, tmp_path, tmp_path, 1))
    assert row["what"] == "cores"
    assert row["missing"]
