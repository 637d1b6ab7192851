"""Whole corpora: nothing lost, nothing twice, whatever happens."""

from __future__ import annotations

import bz2
import csv
import errno
import gzip
import io
import json
import lzma
import os
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dying
import pytest

from majuscule import formats, jobs, journal, parts
from majuscule.errors import DataError, MajusculeError
from majuscule.jobs import Job, Task
from majuscule.parts import Columns
from majuscule.restorer import Restorer
from majuscule.sources import expand
from majuscule.workers import Pool, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from majuscule.model import Model

pytest.importorskip("fsspec")
zstandard = pytest.importorskip("zstandard")
pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

posix = pytest.mark.skipif(os.name != "posix", reason="fork, signals and locks of POSIX")

HERE = Path(__file__).parent
LINES = (HERE / "data" / "article.flat.txt").read_text(encoding="utf-8").split("\n")
TEXTS = [line for line in LINES if line] * 3
DOCUMENTS = "\n\n".join("\n".join(TEXTS[i : i + 2]) for i in range(0, len(TEXTS), 2)) + "\n"

COMPRESS = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
UNCOMPRESS = {
    "": bytes,
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    # As most readers do, this one stops after the first frame.
    ".zst": lambda data: zstandard.ZstdDecompressor().stream_reader(data).read(),
}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", dying.PART)


def rows(texts: Sequence[object]) -> list[dict[str, object]]:
    return [{"id": i, "text": text, "n": i / 7} for i, text in enumerate(texts)]


def as_json(texts: Sequence[object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows(texts)).encode()


def as_csv(texts: Sequence[object], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    if delimiter == "\t":
        writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(["id", "text", "n"])
    writer.writerows([row.values() for row in rows(texts)])
    return out.getvalue().encode()


def as_table(texts: Sequence[object]) -> pa.Table:
    table = pa.Table.from_pylist(rows(texts)) if texts else pa.table({"text": pa.array([], "str")})
    return table.replace_schema_metadata({"kept": "yes"})


def as_parquet(texts: Sequence[object]) -> bytes:
    out = io.BytesIO()
    pq.write_table(as_table(texts), out, compression="zstd", row_group_size=11)
    return out.getvalue()


def as_arrow(texts: Sequence[object], new: Callable = pa.ipc.new_file) -> bytes:
    out = io.BytesIO()
    table = as_table(texts)
    with new(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=13)
    return out.getvalue()


def as_stream(texts: Sequence[object]) -> bytes:
    return as_arrow(texts, pa.ipc.new_stream)


def plain(texts: Sequence[object]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


# A suffix, what makes a file of texts, and what reads one back.
KINDS = {
    ".jsonl": (as_json, lambda data: [json.loads(line) for line in data.splitlines()]),
    ".csv": (as_csv, lambda data: list(csv.reader(io.StringIO(data.decode(), newline="")))),
    ".tsv": (lambda texts: as_csv(texts, "\t"), lambda data: data.decode().split("\n")),
    ".parquet": (as_parquet, lambda data: pq.read_table(io.BytesIO(data))),
    ".arrow": (as_arrow, lambda data: pa.ipc.open_file(data).read_all()),
    ".arrows": (as_stream, lambda data: pa.ipc.open_stream(data).read_all()),
}


def restore(
    source: Path | str,
    output: Path | str,
    model: Path | None,
    *columns: str,
    on_error: str = "fail",
    jobs: int = 1,
    header: bool = True,
    work: Path | None = None,
    afresh: bool = False,
    document: str | None = None,
    effort: str = "fast",
) -> jobs.Report:
    found = expand([str(source)])
    tasks = [
        Task(
            one,
            formats.of(one.name),
            str(output) if len(found) == 1 else f"{output}/{one.relative}",
        )
        for one in found
    ]
    document = document or ("file" if columns else "block")
    restorer = Restorer(model, document=document, effort=effort)
    job = Job(tasks, restorer, Rules(Columns(columns, header), on_error), jobs=jobs)
    return job.run(work or Path(f"{output}.work"), afresh=afresh)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# What comes out --------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("kind", [".jsonl", ".csv", ".tsv"])
def test_records_come_back_with_their_texts_restored(
    tmp_path: Path, model: Path, kind: str, suffix: str
) -> None:
    make, _ = KINDS[kind]
    source, output = tmp_path / f"in{kind}{suffix}", tmp_path / f"out{kind}{suffix}"
    source.write_bytes(COMPRESS[suffix](make(TEXTS)))
    report = restore(source, output, model, "text")
    restored = Restorer(model, document="file").restore_batch(TEXTS)
    assert restored != TEXTS
    assert UNCOMPRESS[suffix](output.read_bytes()) == make(restored)
    assert report.records == len(TEXTS)
    assert report.parts > 5
    assert [path.name for path in tmp_path.glob("out*")] == [output.name]


@pytest.mark.parametrize("kind", [".parquet", ".arrow", ".arrows"])
def test_tables_come_back_with_their_texts_restored(tmp_path: Path, model: Path, kind: str) -> None:
    make, read = KINDS[kind]
    source, output = tmp_path / f"in{kind}", tmp_path / f"out{kind}"
    source.write_bytes(make(TEXTS))
    report = restore(source, output, model, "text")
    restored = Restorer(model, document="file").restore_batch(TEXTS)
    found = read(output.read_bytes())
    assert found.equals(read(make(restored)), check_metadata=True)
    assert (report.records, report.changes.documents) == (len(TEXTS), len(TEXTS))
    if kind == ".parquet":
        about = pq.ParquetFile(output).metadata.row_group(0).column(0)
        assert about.compression == "ZSTD"


@pytest.mark.parametrize("kind", [".arrow", ".arrows", ".parquet"])
def test_dictionaries_and_nested_columns(tmp_path: Path, model: Path, kind: str) -> None:
    texts = pa.array(TEXTS).dictionary_encode()
    meta = pa.StructArray.from_arrays([pa.array(TEXTS), pa.array(range(len(TEXTS)))], ["b", "n"])
    table = pa.table({"d": texts, "meta": meta})
    source, output = tmp_path / f"in{kind}", tmp_path / f"out{kind}"
    if kind == ".parquet":
        pq.write_table(table, source)
    else:
        new = pa.ipc.new_file if kind == ".arrow" else pa.ipc.new_stream
        with new(str(source), table.schema) as writer:
            writer.write_table(table)
    restore(source, output, model, "d", "meta.b")
    found = KINDS[kind][1](output.read_bytes())
    assert found.schema.equals(table.schema)
    restored = Restorer(model, document="file").restore_batch(TEXTS)
    assert found["d"].to_pylist() == restored
    assert [row["b"] for row in found["meta"].to_pylist()] == restored


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("document", ["line", "block", "file"])
def test_plain_text_is_what_one_call_gives(
    tmp_path: Path, model: Path, suffix: str, document: str
) -> None:
    source, output = tmp_path / f"in.txt{suffix}", tmp_path / f"out.txt{suffix}"
    source.write_bytes(COMPRESS[suffix](DOCUMENTS.encode()))
    report = restore(source, output, model, document=document)
    restored = Restorer(model, document=document).restore(DOCUMENTS)
    assert UNCOMPRESS[suffix](output.read_bytes()).decode() == restored
    assert report.records == DOCUMENTS.count("\n")
    assert (report.parts > 5) == (document != "file")


@pytest.mark.parametrize("kind", [".txt", *KINDS])
@pytest.mark.parametrize("suffix", COMPRESS)
def test_nothing_comes_of_nothing(tmp_path: Path, model: Path, kind: str, suffix: str) -> None:
    make = KINDS[kind][0] if kind != ".txt" else plain
    if "arrow" in kind or "parquet" in kind:
        suffix = ""
    source, output = tmp_path / f"in{kind}{suffix}", tmp_path / f"out{kind}{suffix}"
    source.write_bytes(COMPRESS[suffix](make([])))
    columns = [] if kind == ".txt" else ["text"]
    report = restore(source, output, model, *columns)
    assert report.records == 0
    if "arrow" in kind or "parquet" in kind:
        assert KINDS[kind][1](output.read_bytes()).schema == as_table([]).schema
    else:
        assert UNCOMPRESS[suffix](output.read_bytes()) == make([])


def test_processes_give_what_one_gives(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "in"
    (folder / "year=2020").mkdir(parents=True)
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(as_json(TEXTS)))
    (folder / "b.csv").write_bytes(as_csv(TEXTS))
    (folder / "year=2020" / "c.parquet").write_bytes(as_parquet(TEXTS))
    (folder / "d.jsonl").write_bytes(as_json([TEXTS[0] * 50, *TEXTS, 7, *TEXTS]))
    (folder / "_SUCCESS").touch()
    reports = []
    for number in (1, 2):
        work, out = tmp_path / f"work{number}", tmp_path / f"out{number}"
        report = restore(folder, out, model, "text", jobs=number, on_error="keep", work=work)
        reports.append({**report.as_json(), "seconds": 0, "megabytes_per_second": 0})
    assert files_below(tmp_path / "out1") == files_below(tmp_path / "out2")
    assert reports[0] == reports[1]
    assert reports[0]["kept"] == 1
    assert set(files_below(tmp_path / "out1")) == {
        *("a.jsonl.gz", "b.csv", "d.jsonl", "year=2020/c.parquet")
    }


@pytest.mark.model
def test_processes_with_a_second_stage_give_what_one_gives(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    source = tmp_path / "in.jsonl"
    source.write_bytes(as_json(TEXTS))
    for number in (1, 2):
        restore(source, tmp_path / f"{number}.jsonl", None, "text", jobs=number, effort="best")
    restored = Restorer(document="file", effort="best").restore_batch(TEXTS)
    assert (tmp_path / "1.jsonl").read_bytes() == as_json(restored)
    assert (tmp_path / "2.jsonl").read_bytes() == as_json(restored)


def test_a_mark_of_byte_order_and_columns_by_number(tmp_path: Path, model: Path) -> None:
    restored = Restorer(model, document="file").restore_batch(TEXTS)
    for kind in (".jsonl", ".csv"):
        make = KINDS[kind][0]
        (tmp_path / f"in{kind}").write_bytes(formats.BOM + make(TEXTS))
        restore(tmp_path / f"in{kind}", tmp_path / f"out{kind}", model, "text")
        assert (tmp_path / f"out{kind}").read_bytes() == formats.BOM + make(restored)
    lines = "".join(f"{i}\t{text}\n" for i, text in enumerate(TEXTS))
    (tmp_path / "in.tsv").write_text(lines, encoding="utf-8")
    restore(tmp_path / "in.tsv", tmp_path / "out.tsv", model, "2", header=False)
    lines = "".join(f"{i}\t{text}\n" for i, text in enumerate(restored))
    assert (tmp_path / "out.tsv").read_text(encoding="utf-8") == lines


def test_files_elsewhere(tmp_path: Path, model: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    memory.pipe("/jobs/in/a.jsonl.gz", gzip.compress(as_json(TEXTS)))
    memory.pipe("/jobs/in/b/c.txt", DOCUMENTS.encode())
    memory.pipe("/jobs/in/b/d.parquet", as_parquet(TEXTS))
    work = tmp_path / "work"
    restore("memory://jobs/in/**/*.txt", "memory://jobs/out/c.txt", model, work=work)
    assert memory.cat("/jobs/out/c.txt").decode() == Restorer(model).restore(DOCUMENTS)
    for name in ("a.jsonl.gz", "b/d.parquet"):
        restore(f"memory://jobs/in/{name}", f"memory://jobs/out/{name}", model, "text", work=work)
    restored = Restorer(model, document="file").restore_batch(TEXTS)
    assert gzip.decompress(memory.cat("/jobs/out/a.jsonl.gz")) == as_json(restored)
    found = pq.read_table(io.BytesIO(memory.cat("/jobs/out/b/d.parquet")))
    assert found.equals(as_table(restored))
    memory.rm("/jobs", recursive=True)


@posix
def test_what_was_there_is_replaced(tmp_path: Path, model: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text(DOCUMENTS, encoding="utf-8")
    (tmp_path / "target").write_text("old")
    (tmp_path / "target").chmod(0o604)
    (tmp_path / "link").symlink_to("target")
    restore(source, tmp_path / "link", model)
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o604
    assert (tmp_path / "target").read_text(encoding="utf-8") == Restorer(model).restore(DOCUMENTS)


def test_another_disk(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, output = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text(DOCUMENTS, encoding="utf-8")
    replace = Path.replace

    def refuses(path: Path, target: Path) -> Path:
        if path.suffix == ".part" and path.parent != Path(target).parent:
            raise OSError(errno.EXDEV, "another disk")
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuses)
    restore(source, output, model)
    assert output.read_text(encoding="utf-8") == Restorer(model).restore(DOCUMENTS)


# What is stopped goes on -----------------------------------------------------------------------


def killed(*arguments: object) -> bool:
    """Run a job that may be ended; whether it was."""
    moment, *others = arguments
    child = os.fork()
    if not child:
        status = 1
        try:
            if moment:
                dying.Moments(moment)
            dying.run(*others)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


MADE = {
    "in.txt": (DOCUMENTS.encode, []),
    "in.txt.xz": (lambda: lzma.compress(DOCUMENTS.encode()), []),
    "in.jsonl.gz": (lambda: gzip.compress(as_json([*TEXTS, 5])), ["text"]),
    "in.csv.zst": (lambda: zstandard.compress(as_csv(TEXTS)), ["text"]),
    "in.parquet": (lambda: as_parquet([*TEXTS, None]), ["text"]),
    "in.arrow": (lambda: as_arrow(TEXTS), ["text"]),
}


@posix
@pytest.mark.parametrize("name", MADE)
def test_killed_at_every_moment_a_job_goes_on(tmp_path: Path, model: Path, name: str) -> None:
    """Once at each moment there is, and then again and again at some."""
    make, columns = MADE[name]
    source = tmp_path / name
    source.write_bytes(make())
    expected = tmp_path / f"expected{source.name[2:]}"
    whole = dying.run(model, 1, source, expected, columns).as_json()
    output = tmp_path / f"out{source.name[2:]}"
    call = (model, 1, source, output, columns)
    moment = 1
    while killed(moment, *call):
        assert not output.exists() or output.read_bytes() == expected.read_bytes()
        report = dying.run(*call).as_json()
        assert output.read_bytes() == expected.read_bytes()
        if report["files"] and (tmp_path / f".{output.name}.majuscule").exists():
            pytest.fail("work is left behind")
        for part in ("records", "tokens", "changes", "skipped", "bad_records", "parts"):
            assert report[part] == whole[part], part
        output.unlink()
        moment += 1
    assert moment > 50
    output.unlink()
    chance = random.Random(name)
    times = 0
    while killed(chance.randint(4, 14), *call):
        times += 1
    assert times >= 2
    assert output.read_bytes() == expected.read_bytes()


@posix
def test_killed_with_its_processes_a_job_goes_on(tmp_path: Path, model: Path) -> None:
    """They end with it: the pipe they have from it is closed by the last of them."""
    folder, output, expected = (tmp_path / name for name in ("in", "out", "expected"))
    folder.mkdir()
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(as_json(TEXTS)))
    (folder / "b.parquet").write_bytes(as_parquet(TEXTS))
    dying.run(model, 1, folder, expected, ["text"])
    for moment in (9, 40, 90, 60, 10_000):
        words = [sys.executable, HERE / "dying.py", str(moment), "2", model, folder, output, "text"]
        done = subprocess.run(words, capture_output=True, check=False, timeout=120)
        # Python itself may tell that nobody closed the processes' queues.
        assert b"Traceback" not in done.stderr
        assert done.returncode == (-signal.SIGKILL if moment < 10_000 else 0)
    assert files_below(output) == files_below(expected)


def test_a_full_disk_is_told_and_a_job_goes_on(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(as_json(TEXTS))
    write = journal.Journal._write
    room = iter([True] * 5)

    def full(self: journal.Journal, path: Path, data: bytes) -> None:
        if not next(room, False):
            self._files[path].write(data[:3])
            raise OSError(errno.ENOSPC, "no room", str(path))
        write(self, path, data)

    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "_write", full)
        with pytest.raises(OSError, match="no room"):
            restore(source, output, model, "text")
    assert not output.exists()
    report = restore(source, output, model, "text")
    assert report.before == 2
    restored = Restorer(model, document="file").restore_batch(TEXTS)
    assert output.read_bytes() == as_json(restored)


@pytest.fixture
def begun(tmp_path: Path, model: Path) -> Path:
    """Work that stopped at a bad record."""
    source = tmp_path / "in.jsonl"
    source.write_bytes(as_json([*TEXTS, None]))
    with pytest.raises(DataError, match=rf"in.jsonl: row {len(TEXTS) + 1}: column 'text'"):
        restore(source, tmp_path / "out.jsonl", model, "text")
    return tmp_path / "out.jsonl"


def test_other_work_is_refused(begun: Path, model: Path, tmp_path: Path, tiny: Model) -> None:
    source = tmp_path / "in.jsonl"
    before = files_below(tmp_path)

    def refused(says: str, model: Path = model, *columns: str, **options: object) -> None:
        with pytest.raises(MajusculeError, match=says) as caught:
            restore(source, begun, model, *(columns or ["text"]), **options)
        assert "--restart" in str(caught.value)
        assert files_below(tmp_path) == before

    refused(r"has other rules \(on_error\)", on_error="skip")
    refused(r"has other rules \(names\)", model, "id")
    refused(r"has other options \(document\)", document="line")
    other = tiny.__class__(
        tiny.table, tiny.words, tiny.codebook, tiny.transitions + 1, tiny.forms, tiny.about
    )
    other.save(tmp_path / "other.safetensors")
    before = files_below(tmp_path)
    refused("has other model;", tmp_path / "other.safetensors")
    source.write_bytes(as_json([*TEXTS, "so ."]))
    before = files_below(tmp_path)
    refused(r"has other files \(.*in.jsonl\)")
    report = restore(source, begun, model, "text", afresh=True)
    assert report.before == 0
    assert begun.exists()


@pytest.mark.model
def test_work_of_another_effort_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(as_json([*TEXTS, None]))
    for begun, other in (("fast", "best"), ("best", "fast")):
        with pytest.raises(DataError, match=r"in\.jsonl: row"):
            restore(source, output, None, "text", effort=begun, afresh=True)
        with pytest.raises(MajusculeError, match=r"has other options \(effort\); .* --restart"):
            restore(source, output, None, "text", effort=other)


def test_another_content_is_noticed_though_size_and_time_are_the_same(
    begun: Path, model: Path, tmp_path: Path
) -> None:
    source = tmp_path / "in.jsonl"
    about = source.stat()
    data = source.read_bytes()
    source.write_bytes(data.replace(b'"id": 1,', b'"id": 2,', 1))
    os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))
    with pytest.raises(
        DataError, match=r"in.jsonl: expected the file that the work was begun with"
    ):
        restore(source, begun, model, "text")
    source.write_bytes(data[:500] + b" " * (len(data) - 500))
    os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))
    with pytest.raises(DataError, match="but it has changed"):
        restore(source, begun, model, "text")


def test_work_that_nothing_has_come_of_is_in_nobody_s_way(tmp_path: Path, model: Path) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(as_json(TEXTS))
    with pytest.raises(DataError, match="no such key"):
        restore(source, output, model, "body")
    assert restore(source, output, model, "text").before == 0


def test_what_is_not_of_the_work_stays(tmp_path: Path, model: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(as_json(TEXTS))
    work = tmp_path / "work"
    work.mkdir()
    (work / "thesis.txt").write_text("all my work")
    (work / "1.part").write_text("of another work, long ago")
    for afresh in (False, True):
        restore(tmp_path / "in.jsonl", tmp_path / "o", model, "text", work=work, afresh=afresh)
        assert files_below(work) == {"thesis.txt": b"all my work"}


@posix
def test_two_at_once_are_refused(begun: Path, model: Path, tmp_path: Path) -> None:
    with (
        journal.locked(Path(f"{begun}.work")),
        pytest.raises(MajusculeError, match="expected nobody else to be at this work"),
    ):
        restore(tmp_path / "in.jsonl", begun, model, "text")


def test_a_process_that_dies_is_told_of(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in.jsonl").write_bytes(as_json(TEXTS))
    monkeypatch.setattr(Pool, "restored", lambda self, work: self.done(os._exit, 1))
    with pytest.raises(MajusculeError, match="expected the processes to stay alive"):
        restore(tmp_path / "in.jsonl", tmp_path / "out.jsonl", model, "text", jobs=2)


# Bad records -----------------------------------------------------------------------------------

LONG = "x" * 900
BAD_JSON = (
    b'{"text": "one ."}\n{"text": null}\n\n{"text": 5}\n{"text": "tw\xff"}\n{"text": \n'
    b'{"id": 1}\n{"text": "' + LONG.encode() + b'"}\n{"text": "three ."}\n'
)
BAD_CSV = b'id,text\n1,one .\n2\n3,"a\xff"\n4,' + LONG.encode() + b"\n5,three .\n"
BAD_TEXT = b"one .\n\xff .\n\n" + LONG.encode() + b"\nthree .\n"


@pytest.mark.parametrize(
    ("name", "data", "good", "bad"),
    [
        ("in.jsonl", BAD_JSON, {1, 3, 9}, [2, 4, 5, 6, 7, 8]),
        ("in.csv", BAD_CSV, {1, 2, 6}, [3, 4, 5]),
        ("in.txt", BAD_TEXT, {1, 3, 5}, [2, 4]),
    ],
)
def test_bad_records_are_told_of_left_out_or_kept(
    tmp_path: Path,
    model: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    data: bytes,
    good: set[int],
    bad: list[int],
) -> None:
    monkeypatch.setattr("majuscule.faults.LONGEST_FIELD", 800)
    monkeypatch.setattr("majuscule.formats.LONGEST_FIELD", 800)
    source, output = tmp_path / name, tmp_path / f"out{Path(name).suffix}"
    source.write_bytes(data)
    columns = [] if name == "in.txt" else ["text"]
    with pytest.raises(DataError, match=rf"{name}: row {bad[0]}.*--on-error skip.*--on-error keep"):
        restore(source, output, model, *columns)
    assert not output.exists()
    restorer = Restorer(model, document="file" if columns else "block")

    def expected(*, keep: bool) -> bytes:
        lines = data.splitlines(keepends=True)
        done = []
        for number, line in enumerate(lines, 1):
            if number in good:
                for word in (b"one .", b"three ."):
                    after = restorer.restore(word.decode()).encode()
                    line = line.replace(word, after)  # noqa: PLW2901 - the line as it will be
                done.append(line)
            elif keep or not line.strip():
                done.append(line)
        return b"".join(done)

    for rule in ("skip", "keep"):
        report = restore(source, output, model, *columns, on_error=rule, afresh=True)
        assert output.read_bytes() == expected(keep=rule == "keep")
        told = report.as_json()
        assert [one["row"] for one in told["bad_records"]] == bad
        assert {one["file"] for one in told["bad_records"]} == {str(source)}
        assert (told["skipped"], told["kept"]) == (
            (len(bad), 0) if rule == "skip" else (0, len(bad))
        )


def test_bad_rows_of_tables(tmp_path: Path, model: Path) -> None:
    texts = [*TEXTS, None, "so .", None]
    source, output = tmp_path / "in.parquet", tmp_path / "out.parquet"
    source.write_bytes(as_parquet(texts))
    with pytest.raises(DataError, match=rf"in.parquet: row {len(TEXTS) + 1}: column 'text'.*null"):
        restore(source, output, model, "text")
    for rule, count in (("keep", len(texts)), ("skip", len(texts) - 2)):
        report = restore(source, output, model, "text", on_error=rule, afresh=True)
        assert pq.read_table(output).num_rows == count
        assert [one["row"] for one in report.bad] == [len(TEXTS) + 1, len(TEXTS) + 3]


def test_the_first_bad_record_is_told_of_however_many_processes(
    tmp_path: Path, model: Path
) -> None:
    (tmp_path / "in.jsonl").write_bytes(as_json([*TEXTS, None, *TEXTS]) + b"{\n[\n" * 300)
    for number in (1, 2):
        with pytest.raises(DataError, match=f"row {len(TEXTS) + 1}: column 'text'"):
            restore(tmp_path / "in.jsonl", tmp_path / f"{number}", model, "text", jobs=number)


def test_a_report_lists_so_many_and_counts_all(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LISTED", 7)
    monkeypatch.setattr(journal, "LISTED", 3)
    (tmp_path / "in.jsonl").write_bytes(as_json([None] * 100))
    report = restore(tmp_path / "in.jsonl", tmp_path / "o", model, "text", on_error="skip")
    told = report.as_json()
    assert (told["skipped"], len(told["bad_records"])) == (100, 7)
    assert told["bad_records_not_listed"] == 93


@pytest.mark.parametrize(
    ("name", "data", "columns", "says"),
    [
        (
            "a.jsonl.gz",
            gzip.compress(as_json(TEXTS))[:-9],
            ["text"],
            "compressed file that is whole",
        ),
        ("a.parquet", as_parquet(TEXTS)[:-9], ["text"], "a Parquet file that is whole"),
        ("a.arrow", as_arrow(TEXTS)[:-9], ["text"], "an Arrow file that is whole"),
        ("a.arrows", b"nonsense", ["text"], "an Arrow file that is whole"),
        ("a.parquet", as_parquet(TEXTS), ["body"], "expected one column 'body', found id"),
        ("a.parquet", as_parquet(TEXTS), ["id"], "column 'id': expected string"),
        ("a.csv", as_csv(TEXTS), ["body"], "expected a column 'body', found id, text, n"),
    ],
)
def test_files_that_are_not_what_they_should_be(
    tmp_path: Path, model: Path, name: str, data: bytes, columns: list[str], says: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=says) as caught:
        restore(tmp_path / name, tmp_path / "out", model, *columns)
    assert name in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_document_that_is_too_long_for_a_part(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "LARGEST_DOCUMENT", 1000)
    (tmp_path / "in.txt").write_text(DOCUMENTS, encoding="utf-8")
    with pytest.raises(DataError, match=r"in.txt: expected at most 1,000 characters in a document"):
        restore(tmp_path / "in.txt", tmp_path / "out", model, document="file")


def test_a_record_that_never_ends(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "LARGEST_RECORD", 1000)
    (tmp_path / "in.csv").write_bytes(b'id,text\n1,"' + as_csv(TEXTS).replace(b'"', b""))
    with pytest.raises(DataError, match=r"in.csv: expected at most 1,000 bytes in a record"):
        restore(tmp_path / "in.csv", tmp_path / "out", model, "text")
