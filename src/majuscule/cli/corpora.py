"""``corpus``: files of every kind restored on all cores; what was stopped goes on."""

from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from majuscule import corpus as texts
from majuscule import sources
from majuscule.cli.convert import add_edits, add_restorer, edits, other_files, restorer
from majuscule.cli.progress import Progress
from majuscule.errors import MajusculeError
from majuscule.faults import LONGEST_FIELD, ON_ERROR
from majuscule.formats import FORMATS, by_suffix, of
from majuscule.jobs import Job, Report, Task
from majuscule.parts import Columns
from majuscule.sources import Source
from majuscule.workers import Rules

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

MINUTE = 60
"""Seconds between two lines about the progress, where nobody watches."""


def corpus_options(command: argparse.ArgumentParser) -> None:
    """The options of ``corpus``."""
    command.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="files, folders, patterns or URLs (s3://…): plain text, JSON Lines, CSV, TSV, Parquet"
        " or Arrow, also as .gz, .bz2, .xz or .zst; - is standard input",
    )
    command.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        required=True,
        help="the restored file, or the folder of the restored files, or a URL; - is standard"
        " output",
    )
    command.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME",
        help="a column of text, or a.b for what is b in a; may be given again",
    )
    command.add_argument(
        "--format", choices=list(FORMATS), help="what the files hold (default: by their names)"
    )
    command.add_argument(
        "--no-header",
        action="store_true",
        help="the columns of CSV and TSV have no names: --column gives their numbers, from 1",
    )
    command.add_argument(
        "--on-error",
        choices=ON_ERROR,
        default=ON_ERROR[0],
        help="at bad records (no text, broken JSON, bytes that are not UTF-8, more than"
        f" {LONGEST_FIELD:,} characters) stop, leave them out, or leave them as they are"
        " (default: %(default)s)",
    )
    command.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="how many processes restore (default: as many as there are cores)",
    )
    command.add_argument(
        "--report", metavar="FILE", help="write the report here instead of to standard output"
    )
    command.add_argument(
        "--work",
        metavar="FOLDER",
        help="keep what is not finished here (default: beside the output)",
    )
    command.add_argument(
        "--restart", action="store_true", help="begin anew, and forget what was begun"
    )
    add_restorer(command)
    add_edits(command)


def corpus(chosen: argparse.Namespace) -> None:
    """Restore whole corpora: files of every kind, on all cores; stopped, it goes on."""
    jobs = cores() if chosen.jobs is None else chosen.jobs
    if jobs < 1:
        chosen.refuse(f"expected --jobs to be 1 or more, got {jobs}")
    others = other_files(chosen)
    texts.check(others)
    found = _sources(chosen)
    tasks, folder = _tasks(chosen, found)
    kinds = {FORMATS[task.format].columns for task in tasks}
    _look_at_columns(chosen, kinds)
    document = chosen.document or ("file" if True in kinds else "block")
    restoring = restorer(chosen, document, **edits(chosen))
    rules = Rules(Columns(tuple(chosen.column), not chosen.no_header), chosen.on_error)
    job = Job(tasks, restoring, rules, jobs=jobs, progress=Progress("B", MINUTE))
    if chosen.output == texts.STANDARD:
        with _standard_output() as write:
            report = job.stream(write)
        if chosen.report:
            _tell(report, chosen.report)
        return
    report = job.run(folder, afresh=chosen.restart)
    _tell(report, chosen.report or texts.STANDARD)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _sources(chosen: argparse.Namespace) -> list[Source]:
    """The files that go in; the call is refused if they cannot all be told apart."""
    if texts.STANDARD not in chosen.files:
        found = sources.expand(chosen.files)
        texts.check(source.name for source in found if not sources.is_url(source.name))
        return found
    if len(chosen.files) > 1 or chosen.output != texts.STANDARD or chosen.format is None:
        chosen.refuse("expected standard input alone, with --format, and to standard output (-o -)")
    if chosen.format == "text" or FORMATS[chosen.format].finished:
        chosen.refuse(
            f"expected lines of records by standard input, got {chosen.format}; name a file, or"
            " stream plain text with majuscule restore"
        )
    return [Source(texts.STANDARD, texts.STANDARD, None, "")]


def _tasks(chosen: argparse.Namespace, found: list[Source]) -> tuple[list[Task], Path]:
    """Each file with its format and where it goes, and where the work is kept."""
    try:
        kinds = [of(source.name, chosen.format) for source in found]
    except MajusculeError as error:
        chosen.refuse(str(error))
        raise  # refusing has ended the command
    out = chosen.output
    if out == texts.STANDARD:
        if len(found) > 1:
            chosen.refuse(f"expected one file for standard output, got {len(found)}; name a folder")
        return [Task(found[0], kinds[0], "")], Path()
    remote = sources.is_url(out)
    folder = out.endswith("/") or (not remote and Path(out).is_dir())
    alone = len(found) == 1 and found[0].name == chosen.files[0] and not folder
    if alone:
        _look_at_names(chosen, found[0], kinds[0])
        tasks = [Task(found[0], kinds[0], out)]
        beside = Path(out).parent / f".{Path(out).name}.majuscule"
    else:
        tasks = [
            Task(source, kind, f"{out.rstrip('/')}/{source.relative}")
            for source, kind in zip(found, kinds, strict=True)
        ]
        beside = Path(out) / ".majuscule"
    if remote:
        beside = Path(f".{re.sub(r'[^A-Za-z0-9]+', '-', out)}.majuscule")
    else:
        _look_at_places(chosen, tasks)
    if chosen.work:
        # A name of its own, so that several can be kept there.
        name = re.sub(r"[^A-Za-z0-9]+", "-", out).strip("-")
        return tasks, Path(chosen.work) / f".{name}.majuscule"
    return tasks, beside


def _look_at_places(chosen: argparse.Namespace, tasks: list[Task]) -> None:
    """Refuse an output that is in the input's way."""
    whole = Path(chosen.output).resolve()
    inside = [Path(name).resolve() for name in chosen.files if Path(name).is_dir()]
    same = [task for task in tasks if texts.clash([task.source.name], task.output)]
    if same or any(given == whole or given in whole.parents for given in inside):
        chosen.refuse(
            "expected the output to be elsewhere than the input, got"
            f" {same[0].output if same else chosen.output}, which is within it; choose another"
            " with -o"
        )


def _look_at_names(chosen: argparse.Namespace, source: Source, kind: str) -> None:
    """Refuse an output whose name says that it is what the input is not."""
    known = by_suffix(chosen.output)
    if known not in {None, kind}:
        chosen.refuse(
            f"expected the output to be of the same kind as {source.name}, {kind}; got"
            f" {chosen.output}, which is {known} by its name"
        )


def _look_at_columns(chosen: argparse.Namespace, kinds: set[bool]) -> None:
    """Refuse columns where there are none, and none where there are some."""
    if len(kinds) > 1 and not chosen.document:
        chosen.refuse(
            "expected plain text or records, got both; restore them one after the other, or say"
            " with --document what one document is"
        )
    if True in kinds and not chosen.column:
        chosen.refuse("expected columns of text, got none; name them with --column")
    if True not in kinds and chosen.column:
        chosen.refuse(f"expected records for --column, got plain text: {chosen.files[0]}")
    if len(set(chosen.column)) < len(chosen.column):
        chosen.refuse("expected each --column once, got one twice")


def _tell(report: Report, name: str) -> None:
    with texts.writer(name) as write:
        write(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n")


@contextmanager
def _standard_output() -> Iterator[Callable[[bytes], None]]:
    """A function that writes bytes to standard output."""
    with texts.naming("standard output"), os.fdopen(1, "wb", buffering=0, closefd=False) as file:
        yield lambda data: texts.write_all(file, data, "standard output")
