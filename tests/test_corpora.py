"""The benchmark of whole corpora: the same documents in every format, and what is made of runs."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def corpora(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import corpora

    return corpora


DOCUMENTS = ["one , two\nthree", '" four "', "five é"]


def test_every_format_has_the_same_documents(corpora, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    paths = {name: tmp_path / f"a.{name}" for name in corpora.FORMATS}
    for name, path in paths.items():
        corpora.FORMATS[name](iter(DOCUMENTS), path)
    assert paths["txt"].read_text("utf-8").rstrip("\n").split("\n\n") == DOCUMENTS
    for data in (paths["jsonl"].read_bytes(), gzip.decompress(paths["jsonl.gz"].read_bytes())):
        assert [json.loads(line)["text"] for line in data.splitlines()] == DOCUMENTS
    with paths["csv"].open(encoding="utf-8", newline="") as file:
        assert [row["text"] for row in csv.DictReader(file)] == DOCUMENTS
    assert pq.read_table(paths["parquet"])["text"].to_pylist() == DOCUMENTS


def test_a_text_is_repeated_whole(corpora, tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_bytes(b"ab\n" * 400_000)
    whole = corpora._repeated(tmp_path / "a.txt", 3)
    assert whole.read_bytes() == b"ab\n" * 1_200_000
    assert not (tmp_path / "a.txt").exists()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_memory_is_that_of_all_processes(corpora):
    assert corpora._held(os.getpid()) > 10_000_000
    assert corpora._held(2**30) == 0


def test_a_rival_in_a_pool_keeps_the_order(corpora, tmp_path, monkeypatch):
    pooled = pytest.importorskip("pooled")
    lines = "".join(f"Line {i}\n" for i in range(5000))
    (tmp_path / "in.txt").write_text(lines, encoding="utf-8")
    pooled.main("left as it is", str(tmp_path / "in.txt"), str(tmp_path / "out.txt"), "2")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == lines


def test_a_command_is_timed_and_its_failure_told(corpora, tmp_path):
    bench = corpora._Bench(tmp_path, tmp_path, [])
    assert bench.run("-c", "pass").seconds > 0
    with pytest.raises(corpora.subprocess.CalledProcessError):
        bench.run("-c", "raise SystemExit(3)")
