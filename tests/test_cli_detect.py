"""``detect`` on the command line: what a text is, in words and in JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import assert_refused

from majuscule import cli
from majuscule.recognition import Signs
from majuscule.restorer import Restorer

TEXT = (
    "\nThe army left, and the bus didn't.\n\nthe bus , he said , is here .\nso it is n't .\n\n"
    "THE BUS , HE SAID , IS HERE .\n"
)
SHOWN = (
    (
        "2: natural case, natural spacing: 1 of 1 sentences and 0 of 0 names begin with a capital;"
        " 0 signs stand apart, 2 at their words"
    ),
    (
        "4-5: lower case, tokenised (plain): no capital in 9 words;"
        " 5 signs stand apart, 0 at their words"
    ),
    (
        "7: all capitals, tokenised (plain): 6 of 6 words are all in capitals;"
        " 3 signs stand apart, 0 at their words"
    ),
)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_what_a_text_is(here, model, text):
    result = here("detect", text, "--model", model)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.decode() == "".join(f"{text}:{line}\n" for line in SHOWN)


def test_lines_one_by_one(here, model, text):
    result = here("detect", text, "--lines", "--model", model)
    told = result.stdout.decode().splitlines()
    assert [line.removeprefix(f"{text}:").split(": ")[:2] for line in told] == [
        ["2", "natural case, natural spacing"],
        ["4", "lower case, tokenised (plain)"],
        ["5", "lower case, tokenised (plain)"],
        ["7", "all capitals, tokenised (plain)"],
    ]


@pytest.mark.parametrize("options", [(), ("--lines",), ("--document=file",), ("--document=line",)])
def test_json_is_what_the_library_says(here, model, text, options):
    result = here("detect", text, "--json", *options, "--model", model)
    told = [json.loads(line) for line in result.stdout.decode().splitlines()]
    document = options[0].removeprefix("--document=") if options else "block"
    restorer = Restorer(model, document="block" if document == "--lines" else document)
    findings = list(restorer.detect(TEXT, lines="--lines" in options))
    assert len(told) == len(findings) > 0
    for one, finding in zip(told, findings, strict=True):
        assert one == {
            "file": str(text),
            "first_line": finding.first,
            "last_line": finding.last,
            "documents": finding.documents,
            "writing": finding.writing.name.lower(),
            "spacing": finding.spacing.name.lower(),
            "convention": finding.convention,
            "why": finding.why,
            "counts": finding.counts,
        }
        assert list(one["counts"]) == [sign.name.lower() for sign in Signs]


def test_conventions_are_named(here, model, tmp_path):
    wanted = {
        "moses": "it isn &apos;t here , he said .",
        "ptb": "`` it is here , '' he said .",
        "bert": "it isn ' t here , he said .",
        "spacy or ud": "the well - known bus is here , he said .",
        "plain": "it is n't here , he said .",
        None: "It isn't here, he said.",
    }
    (tmp_path / "all").write_text("\n\n".join(wanted.values()), encoding="utf-8")
    result = here("detect", tmp_path / "all", "--json", "--lines", "--model", model)
    told = [json.loads(line) for line in result.stdout.decode().splitlines()]
    assert [one["convention"] for one in told] == list(wanted)


def test_files_are_told_of_one_after_another(here, model, text, tmp_path):
    other, empty = tmp_path / "other \u001b.txt", tmp_path / "empty.txt"
    other.write_text("so it is , he said\n", encoding="utf-8")
    empty.touch()
    told = here("detect", other, empty, text, "--model", model).stdout.decode().splitlines()
    assert told[0].startswith(f"{tmp_path}/other \\x1b.txt:1: lower case, tokenised (plain): ")
    assert told[1:] == [f"{text}:{line}" for line in SHOWN]
    told = here("detect", other, "--json", "--model", model).stdout.decode()
    assert json.loads(told)["file"] == str(other)


def test_standard_input(model):
    """Which is what is read where no file is named."""
    for names in ((), ("-",)):
        line = [sys.executable, "-m", "majuscule", "detect", *names, "--model", str(model)]
        result = subprocess.run(line, input=TEXT.encode(), capture_output=True, check=True)
        assert result.stdout.decode() == "".join(f"-:{line}\n" for line in SHOWN)
        assert result.stderr == b""


def test_an_output_is_written_whole_or_not_at_all(here, model, text, tmp_path):
    out = tmp_path / "out.txt"
    result = here("detect", text, "-o", out, "--model", model)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert out.read_text(encoding="utf-8") == "".join(f"{text}:{line}\n" for line in SHOWN)
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"He left.\n\nso \xff it is .\n")
    out.write_text("before", encoding="utf-8")
    assert here("detect", text, bad, "-o", out, "--model", model).returncode == 1
    assert out.read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bad.txt",
        "out.txt",
        "text.txt",
        "tiny.safetensors",
    ]


def test_bytes_that_are_no_text(here, model, tmp_path):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"so \xff it is .\n")
    refused = here("detect", bad, "--model", model)
    assert_refused(refused, 1, f"{bad}: line 1: expected UTF-8, got byte 0xff")
    result = here("detect", bad, "--errors=replace", "--model", model)
    assert result.stdout.decode().startswith(f"{bad}:1: lower case, tokenised (plain): ")


def test_what_is_refused(here, model, text, tmp_path):
    for name in (tmp_path / "missing", tmp_path):
        assert_refused(here("detect", name, "--model", model), 1, name, "expected a file")
    assert_refused(here("detect", text, "--model", text), 1, text, "expected a majuscule")
    assert_refused(here("detect", text, "-o", text, "--model", model), 2, "another file", text)
    assert_refused(here("detect", text, "-o", model, "--model", model), 2, "another file", model)
    assert_refused(here("detect", text, "--document=page", "--model", model), 2, "page", "line")
    assert text.read_text(encoding="utf-8") == TEXT


def test_nothing_to_tell_of_is_nothing_told(here, model, tmp_path):
    (tmp_path / "blank").write_text("\n \n\n", encoding="utf-8")
    result = here("detect", tmp_path / "blank", os.devnull, "--model", model)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def test_help_says_what_it_is_for(capsys):
    assert cli.main(["detect", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for option in ("--lines", "--json", "--document", "--model", "--errors", "-o"):
        assert option in told


@pytest.mark.model
def test_the_shipped_model_tells_names(here, tmp_path):
    path = tmp_path / "half.txt"
    path.write_text("The mayor of paris met angela merkel in berlin on monday.\n", encoding="utf-8")
    told = here("detect", path).stdout.decode()
    assert told.startswith(f"{path}:1: half-cased, natural spacing: 1 of 1 sentences and 0 of ")
