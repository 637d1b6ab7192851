"""The command for whole corpora, as people meet it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import assert_refused

from majuscule.cli import corpora, progress
from majuscule.restorer import Restorer

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Done

pytest.importorskip("fsspec")
pq = pytest.importorskip("pyarrow.parquet")
pa = pytest.importorskip("pyarrow")

posix = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")

FLAT = Path(__file__).parent / "data" / "article.flat.txt"
TEXTS = [line for line in FLAT.read_text(encoding="utf-8").split("\n") if line]
ROWS = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(TEXTS))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of gzipped JSON Lines and Parquet, and where to be."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "a.jsonl.gz").write_bytes(gzip.compress(ROWS.encode()))
    table = pa.table({"id": range(len(TEXTS)), "text": TEXTS})
    pq.write_table(table, tmp_path / "in" / "deep" / "b.parquet")
    (tmp_path / "a.jsonl").write_text(ROWS, encoding="utf-8")
    (tmp_path / "a.txt").write_text("\n".join(TEXTS), encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(here: Callable[..., Done], model: Path) -> Callable[..., Done]:
    def call(*arguments: object) -> Done:
        return here("corpus", *arguments, "--model", model, "--jobs", 1)

    return call


def restored(model: Path) -> list[str]:
    return Restorer(model, document="file").restore_batch(TEXTS)


def test_a_folder_goes_through_with_one_command(
    folder: Path, call: Callable[..., Done], model: Path
) -> None:
    done = call("in", "-o", "out", "--column", "text")
    assert done.returncode == 0, done.stderr
    assert done.stderr == b"majuscule: restoring\n"
    report = json.loads(done.stdout)
    assert (report["files"], report["records"]) == (2, 2 * len(TEXTS))
    assert report["bytes"] == sum(p.stat().st_size for p in Path("in").rglob("*.*"))
    lines = gzip.decompress(Path("out/a.jsonl.gz").read_bytes()).decode().splitlines()
    assert [json.loads(line)["text"] for line in lines] == restored(model)
    assert pq.read_table("out/deep/b.parquet")["text"].to_pylist() == restored(model)
    left = sorted(path.name for path in Path("out").rglob("*"))
    assert left == ["a.jsonl.gz", "b.parquet", "deep"]


def test_a_file_is_a_file_and_in_a_folder_a_file_of_its_name(
    folder: Path, call: Callable[..., Done]
) -> None:
    assert call("a.jsonl", "-o", "b.jsonl.xz", "--column", "text").returncode == 0
    assert Path("b.jsonl.xz").is_file()
    assert call("a.jsonl", "-o", "new/", "--column", "text").returncode == 0
    assert Path("new/a.jsonl").is_file()
    assert call("a.jsonl", "-o", "new", "--column", "text").returncode == 0
    assert call("*.jsonl", "-o", "more", "--column", "text").returncode == 0
    assert Path("more/a.jsonl").read_bytes() == Path("new/a.jsonl").read_bytes()


def test_plain_text_is_what_restore_writes(
    folder: Path, call: Callable[..., Done], here: Callable[..., Done], model: Path
) -> None:
    options = ("--min-confidence", "0.6", "--style", "news", "--edits", "case")
    assert call("a.txt", "-o", "out.txt", *options).returncode == 0
    done = here("restore", "a.txt", "--model", model, *options)
    assert Path("out.txt").read_bytes() == done.stdout


def test_work_is_kept_where_one_wants_it(folder: Path, call: Callable[..., Done]) -> None:
    Path("kept").mkdir()
    Path("kept/mine.txt").write_text("mine")
    with Path("a.jsonl").open("a") as file:
        file.write("{}\n")
    done = call("a.jsonl", "-o", "new/out.jsonl", "--column", "text", "--work", "kept")
    assert done.returncode == 1
    assert sorted(path.name for path in Path("kept").iterdir()) == [
        ".new-out-jsonl.majuscule",
        "mine.txt",
    ]
    options = ("--column", "text", "--work", "kept", "--restart", "--on-error", "skip")
    assert call("a.jsonl", "-o", "new/out.jsonl", *options).returncode == 0
    assert [path.name for path in Path("kept").iterdir()] == ["mine.txt"]


def test_a_stream_of_records(folder: Path, model: Path) -> None:
    command = [sys.executable, "-m", "majuscule", "corpus", "-", "--format", "jsonl", "-o", "-"]
    options = ["--column", "text", "--model", model, "--report", "report.json", "--jobs", "2"]
    done = subprocess.run(
        [*command, *options], input=ROWS.encode(), capture_output=True, check=True
    )
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == restored(model)
    assert json.loads(Path("report.json").read_bytes())["records"] == len(TEXTS)


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["in"], 2, "the following arguments are required: -o/--output"),
        (["in", "-o", "out"], 2, "expected columns of text, got none; name them with --column"),
        (["a.txt", "-o", "out", "--column", "a"], 2, "expected records for --column, got plain"),
        (["a.txt", "-o", "a.txt"], 2, "expected the output to be elsewhere than the input"),
        (["in", "-o", "in/x", "--column", "a"], 2, "got in/x, which is within it"),
        (["in", "-o", "in", "--column", "a"], 2, "expected the output to be elsewhere"),
        (["none", "-o", "out"], 1, "none: expected a file, found none"),
        (["*.csv", "-o", "out"], 1, "*.csv: expected files to restore, found none"),
        (["a.jsonl", "-o", "b.csv", "--column", "a"], 2, "b.csv, which is csv by its name"),
        (["tiny.safetensors", "-o", "b"], 2, "expected a name that ends in one of .txt"),
        (["xy://y/a.txt", "-o", "b"], 1, "xy://y/a.txt: expected a URL that can be opened"),
        (["-", "-o", "-"], 2, "expected standard input alone, with --format"),
        (["-", "a.txt", "-o", "-"], 2, "expected standard input alone"),
        (["-", "-o", "-", "--format", "text"], 2, "expected lines of records by standard input"),
        (["a.txt", "a.jsonl", "-o", "o", "--column", "a"], 2, "expected plain text or records"),
        (["a.txt", "in", "-o", "-"], 2, "expected one file for standard output, got 3"),
        (["in/deep/b.parquet", "-o", "-", "--column", "text"], 1, "can be written bit by bit"),
        (["a.jsonl", "-o", "b", "--column", "a", "--column", "a"], 2, "--column once, got one"),
        (["a.jsonl", "-o", "b", "--column", "body"], 1, "a.jsonl: row 1: column 'body'"),
        (["a.txt", "-o", "b", "--style", "x"], 2, "expected a style of this model"),
        (["a.txt", "-o", "b", "--lexicon", "none"], 1, "none: expected a file, found none"),
        (["a.txt", "a.txt", "-o", "b"], 1, "a.txt goes to a.txt, too"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    folder: Path, call: Callable[..., Done], arguments: list[str], status: int, says: str
) -> None:
    before = sorted(folder.rglob("*"))
    done = call(*arguments)
    said = done.stderr.replace(b"majuscule: restoring\n", b"")
    assert_refused(subprocess.CompletedProcess([], done.returncode, b"", said), status, says)
    left = set(folder.rglob("*")) - set(before)
    assert all(".majuscule" in str(path) for path in left)


def test_how_many_processes_must_be_some(folder: Path, here: Callable[..., Done]) -> None:
    assert_refused(here("corpus", "a.txt", "-o", "b", "--jobs", 0), 2, "--jobs to be 1 or more")
    assert corpora.cores() >= 1


def test_restore_knows_what_is_not_for_it(folder: Path, here: Callable[..., Done]) -> None:
    for name in ("a.jsonl", "in/a.jsonl.gz"):
        assert_refused(here("restore", name), 2, name, "restore it with majuscule corpus")


def test_packages_that_are_missing_are_named(
    folder: Path, call: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    done = call("in", "-o", "out", "--column", "text")
    assert done.returncode == 1
    assert b"expected the package pyarrow, found none; install it with pip" in done.stderr


@pytest.mark.model
def test_effort_is_for_corpora_too(
    folder: Path, here: Callable[..., Done], without_runtime: Callable[[], None]
) -> None:
    pytest.importorskip("onnxruntime")
    options = ("corpus", "a.jsonl", "-o", "out.jsonl", "--column", "text", "--effort", "best")
    assert here(*options, "--jobs", 1).returncode == 0
    found = [json.loads(line)["text"] for line in Path("out.jsonl").read_bytes().splitlines()]
    assert found == Restorer(effort="best", document="file").restore_batch(TEXTS)
    without_runtime()
    assert_refused(here(*options), 1, "expected the package onnxruntime", "majuscule[deep]")


@posix
def test_ctrl_c_ends_it_and_the_next_call_goes_on(folder: Path, model: Path) -> None:
    Path("big.jsonl").write_text(ROWS * 4000, encoding="utf-8")
    command = [sys.executable, "-m", "majuscule", "corpus", "big.jsonl", "-o", "out.jsonl"]
    options = ["--column", "text", "--model", str(model), "--jobs", "2"]
    parts = Path(".out.jsonl.majuscule/0.journal")
    with subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        # The second line comes once two parts have been written down.
        while process.poll() is None and not (parts.exists() and parts.stat().st_size):
            os.sched_yield()
        os.killpg(process.pid, signal.SIGINT)
        out, errors = process.communicate(timeout=120)
    assert (process.returncode, out, errors) == (130, b"", b"majuscule: restoring\n")
    assert not Path("out.jsonl").exists()
    done = subprocess.run([*command, *options], capture_output=True, check=True)
    report = json.loads(done.stdout)
    assert 0 < report["parts_done_before"] < report["parts"]
    lines = Path("out.jsonl").read_text(encoding="utf-8").splitlines()
    expected = restored(model)
    assert [json.loads(line)["text"] for line in lines[: len(TEXTS)]] == expected
    assert lines == lines[: len(TEXTS)] * 4000


def test_progress_says_how_fast_and_how_long(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0, 30, 60, 90, 120])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(now))
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    told = progress.Progress("B", 60)
    told.begin("restoring", 100_000_000)
    for _ in range(4):
        told.advance(10_000_000)
    told.close()
    assert capsys.readouterr().err.splitlines() == [
        "majuscule: restoring",
        "majuscule: restoring: 20%, 4 min left, 0.3 MB/s",
        "majuscule: restoring: 40%, 3 min left, 0.3 MB/s",
    ]
