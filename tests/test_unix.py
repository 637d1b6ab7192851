"""The command among others: pipes, names, closed streams, full disks, slips of the fingers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import assert_refused

from majuscule import cli

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and shells of POSIX")

PRINTING = (
    "--help",
    "--version",
    "help",
    "help compare",
    "restore --model MODEL flat.txt",
    "flatten natural.txt",
    "detect --model MODEL flat.txt",
    "explain --model MODEL flat.txt",
    "evaluate natural.txt natural.txt --samples 0",
    "compare natural.txt flat.txt",
    "compare natural.txt flat.txt --json",
    "corpus --model MODEL lines.jsonl --column text --jobs 1 -o -",
    "corpus --model MODEL flat.txt --jobs 1 -o out.txt",
    "info --model MODEL",
    "completion bash",
)
"""Calls that print something, each in its own way."""

FEW = tuple(
    line for line in PRINTING if line.startswith(("help c", "explain", "compare", "corpus"))
)
"""Of those, what other tests do not ask."""


@pytest.fixture
def shell(tmp_path, model):
    """What runs a line of the shell in a folder with texts; `majuscule` is the command."""
    (tmp_path / "flat.txt").write_text("the army said so .\n" * 9, encoding="utf-8")
    (tmp_path / "natural.txt").write_text("The army said so.\n" * 9, encoding="utf-8")
    (tmp_path / "-x.txt").write_text("The army (too) said so.\n", encoding="utf-8")
    (tmp_path / "lines.jsonl").write_text('{"text": "the army ."}\n' * 9, encoding="utf-8")

    def run(line, **options):
        if "corpus" in line:
            for extra in ("fsspec", "tqdm"):
                pytest.importorskip(extra)
        options = {"input": b"", "stdout": subprocess.PIPE, **options}
        return subprocess.run(
            ["sh", "-c", 'majuscule() { "$PYTHON" -m majuscule "$@"; }\n' + line],
            stderr=subprocess.PIPE,
            check=False,
            cwd=tmp_path,
            env={**os.environ, "PYTHON": sys.executable, "PYTHONUNBUFFERED": "", "COLUMNS": "80"},
            timeout=120,
            **options,
        )

    return lambda line, **options: run(line.replace("MODEL", str(model)), **options)


def told(result):
    """The lines on standard error that are no progress."""
    lines = result.stderr.decode().splitlines()
    return [line for line in lines if line != "majuscule: restoring"]


# Streams that are not as they should be


@pytest.mark.parametrize("line", PRINTING)
def test_a_reader_that_has_gone_is_no_error(shell, line):
    end, pipe = os.pipe()
    os.close(end)
    try:
        result = shell(f"majuscule {line}", stdout=pipe)
    finally:
        os.close(pipe)
    assert (result.returncode, told(result)) == (0, [])


@pytest.mark.parametrize("line", FEW)
def test_a_closed_output_is_one_clear_line(shell, line):
    result = shell(f"majuscule {line} >&-")
    assert result.returncode == (2 if "compare" in line and "help" not in line else 1)
    assert told(result) == ["majuscule: standard output: expected it to be open, found it closed"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", FEW)
def test_a_full_disk_is_one_clear_line(shell, line):
    result = shell(f"majuscule {line} >/dev/full")
    assert result.returncode == (2 if "compare" in line and "help" not in line else 1)
    (said,) = told(result)
    assert said.startswith("majuscule: standard output: expected room on the disk, found none")


@pytest.mark.parametrize("streams", ["2>/dev/full", "<&- >&- 2>&-"])
def test_where_nobody_can_be_told_the_status_still_says_it(shell, streams):
    assert shell(f"majuscule flatten missing.txt {streams}").returncode == 1
    assert shell(f"majuscule flatten --loud {streams}").returncode == 2
    assert shell(f"majuscule {streams}").returncode == 2


def test_commands_make_a_pipeline(shell):
    line = (
        "majuscule flatten natural.txt | majuscule restore --model MODEL | head -n 1;"
        "majuscule completion zsh | head -n 1; majuscule help | head -n 1"
    )
    result = shell(line)
    assert result.stderr == b""
    assert result.stdout.decode().lower().splitlines() == [
        "the army said so.",
        "#compdef majuscule",
        "usage: majuscule [-h] [--version] command ...",
    ]


def test_standard_input_has_its_place_among_files(shell):
    result = shell("majuscule flatten natural.txt - -- -x.txt", input=b"Here (now).\n")
    assert result.stdout.decode().splitlines()[-2:] == [
        "here ( now ) .",
        "the army ( too ) said so .",
    ]


# Names that look like options


@pytest.mark.parametrize(
    "line",
    [
        "flatten -- -x.txt",
        "restore --model MODEL -- -x.txt",
        "detect --model MODEL -- -x.txt",
        "explain --model MODEL -- -x.txt",
        "evaluate --samples 0 -- -x.txt -x.txt",
        "compare -- -x.txt -x.txt",
        "compare ./-x.txt -- -x.txt",
        "corpus --model MODEL --jobs 1 -o out.txt -- -x.txt",
    ],
)
def test_after_two_dashes_all_are_files(shell, line):
    result = shell(f"majuscule {line}")
    assert (result.returncode, told(result)) == (0, [])


def test_who_forgets_them_is_told(shell):
    said = "expected options of flatten, got -x.txt (the file is written ./-x.txt)"
    assert_refused(shell("majuscule flatten -x.txt"), 2, said)


# Slips


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("resotre", "expected a command, got 'resotre' (did you mean restore?)"),
        ("eval", "got 'eval' (did you mean evaluate?)"),
        ("help flaten", "got 'flaten' (did you mean flatten?)"),
        ("xyzzy", "expected a command, got 'xyzzy'; see majuscule --help"),
        (__file__, f"(to restore it: majuscule restore {__file__})"),
        ("--", "expected a command, got '--'"),
        ("", None),
        ("--verison", "expected options of majuscule, got --verison (did you mean --version?)"),
        ("-v", "expected options of majuscule, got -v"),
        ("restore --stlye news", "got --stlye (did you mean --style?); see majuscule restore"),
        ("restore --recaes=1", "got --recaes=1 (did you mean --recase?)"),
        ("restore -z", "expected options of restore, got -z;"),
        ("restore --xyzzy", "expected options of restore, got --xyzzy;"),
        # Not that -o is missing, which is only misspelt.
        ("corpus flat.txt --ouput out.txt", "got --ouput (did you mean --output?)"),
        ("compare a.txt b.txt c.txt", "expected nothing more, got c.txt; see majuscule compare"),
        ("info model.file", "expected nothing more, got model.file"),
    ],
)
def test_what_may_be_meant_is_said(here, line, says):
    result = here(*line.split())
    if says is None:
        assert (result.returncode, result.stdout[:6]) == (2, b"")
    else:
        assert_refused(result, 2, says)


def test_a_value_that_looks_like_an_option_is_a_value(here, model, tmp_path):
    (tmp_path / "--my names").write_text("van Dam\n", encoding="utf-8")
    line = ("restore", "--model", model, f"--lexicon={tmp_path / '--my names'}", os.devnull)
    assert here(*line).returncode == 0


# Help


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_can_be_asked_for_as_a_command(here, name):
    assert here("help", name).stdout == here(name, "--help").stdout != b""


@pytest.mark.parametrize("name", ["", *cli.COMMANDS])
def test_help_fits_a_terminal(here, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    lines = here(*name.split(), "--help").stdout.decode().splitlines()
    # Examples are there to be copied.
    assert max(len(line) for line in lines if not line.startswith("Example:")) < 80
