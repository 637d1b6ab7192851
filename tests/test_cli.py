"""The command, as the system runs it: what it promises, and what it refuses."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path

import pytest
from conftest import assert_refused

import majuscule
from majuscule import cli, corpus, training
from majuscule.cli.progress import Progress
from majuscule.model import load
from majuscule.restorer import EFFORTS, Restorer
from majuscule.training import Settings

ROOT = Path(__file__).parents[1]
TINY = ROOT / "tests" / "data" / "tiny.txt"
FLAT = ROOT / "tests" / "data" / "article.flat.txt"
COMMAND = (sys.executable, "-m", "majuscule")
SMALL = ("--passes=6", "--least=1", "--buckets=64", "--row-bits=10", "--sketch-bits=18")

posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and signals of POSIX")


@pytest.fixture(scope="session")
def cli_model(tmp_path_factory):
    """A model with two styles nobody can mistake, trained by the command itself."""
    folder = tmp_path_factory.mktemp("model")
    people = ("mayor", "colonel", "bank", "doctor", "army")
    verbs = ("said", "knew", "did", "saw")
    text = "".join(f"the {who} {did} so, {who} and all.\n\n" for who in people for did in verbs)
    text *= 250  # several batches, since half of them are read without their style
    (folder / "loud.txt").write_text(text.upper(), encoding="utf-8")
    (folder / "quiet.txt").write_text(text, encoding="utf-8")
    sources = (f"loud={folder / 'loud.txt'}", f"quiet={folder / 'quiet.txt'}")
    options = ("-o", folder / "cli.model", "--name=cli", *SMALL)
    result = command("train", *sources, *options)
    assert result.returncode == 0, result.stderr
    return folder / "cli.model"


def command(*arguments, data=b"", **options):
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("input", data)
    # Unbuffered, a help text that cannot be written would go unnoticed.
    options.setdefault("env", {**os.environ, "PYTHONUNBUFFERED": ""})
    line = [*COMMAND, *map(str, arguments)]
    return subprocess.run(line, stderr=subprocess.PIPE, check=False, timeout=300, **options)


@contextmanager
def running(*arguments):
    """The command with pipes for all three streams; no test waits for ever."""
    line = [*COMMAND, *map(str, arguments)]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        timer = threading.Timer(120, process.kill)
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


# What it does


def test_restore_writes_what_the_library_restores(cli_model, tmp_path):
    flattened = FLAT.read_text(encoding="utf-8")
    expected = Restorer(cli_model).restore(flattened).encode()
    options = ("restore", "--model", cli_model)
    assert command(*options, data=flattened.encode()).stdout == expected
    assert command(*options, "-", data=flattened.encode()).stdout == expected
    assert command(*options, FLAT).stdout == expected
    result = command(*options, FLAT, "-o", tmp_path / "out")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert (tmp_path / "out").read_bytes() == expected


def test_restore_takes_a_lexicon_and_a_least_confidence(cli_model, tmp_path, here):
    (tmp_path / "mine.txt").write_text("# mine\n\niArmy\nvan Dam\n", encoding="utf-8")
    (tmp_path / "flat.txt").write_text("the iarmy of van dam said so .\n", encoding="utf-8")
    options = ("restore", "--model", cli_model, tmp_path / "flat.txt")
    restored = here(*options, "--lexicon", tmp_path / "mine.txt").stdout.decode()
    assert "iArmy of van Dam" in restored
    sure = here(*options, "--min-confidence", 0.999999).stdout.decode()
    assert sure == Restorer(cli_model, min_confidence=0.999999).restore(
        "the iarmy of van dam said so .\n"
    )


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--lexicon", "missing"], 1, "missing: expected a file"),
        (["--lexicon", "-"], 2, "expected --model and --lexicon to name files"),
        (["--lexicon", "latin"], 1, "latin: line 1: expected UTF-8"),
        (["--min-confidence", "2"], 2, "min_confidence to be 0 or more and less than 1, got 2.0"),
        (["--min-confidence", "nan"], 2, "less than 1, got nan"),
        (["--min-confidence", "x"], 2, "invalid float value: 'x'"),
        (
            ["--edits", "case,accents"],
            2,
            "expected edits to be some of case, space, apostrophe; got",
        ),
    ],
)
def test_what_restore_cannot_be_told(cli_model, tmp_path, here, monkeypatch, options, status, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    (tmp_path / "flat.txt").write_text("the army .\n", encoding="utf-8")
    assert_refused(here("restore", "--model", cli_model, "flat.txt", *options), status, says)


@pytest.mark.parametrize("document", ["line", "block", "file"])
def test_where_pieces_end_does_not_show(cli_model, tmp_path, document):
    text = FLAT.read_text(encoding="utf-8") * (3 * corpus.CHUNK // FLAT.stat().st_size)
    (tmp_path / "long.txt").write_text(text, encoding="utf-8")
    result = command("restore", "--model", cli_model, "--document", document, tmp_path / "long.txt")
    assert result.stdout.decode() == Restorer(cli_model, document=document).restore(text)


def test_styles_and_documents_reach_the_library(cli_model):
    text = b"the mayor said so .\n\nthe mayor said so .\n"
    options = ("restore", "--model", cli_model)
    assert command(*options, "--style=loud", data=text).stdout.startswith(b"THE MAYOR SAID SO.")
    assert command(*options, "--style", "quiet", data=text).stdout.startswith(b"the mayor said so.")
    for document in ("line", "block", "file"):
        expected = Restorer(cli_model, document=document).restore(text.decode())
        assert command(*options, "--document", document, data=text).stdout == expected.encode()


@pytest.mark.model
def test_effort_reaches_the_library(here):
    pytest.importorskip("onnxruntime")
    text = FLAT.read_text(encoding="utf-8")
    for effort in EFFORTS:
        expected = Restorer(effort=effort).restore(text)
        assert here("restore", "--effort", effort, FLAT).stdout.decode() == expected


@pytest.mark.parametrize("convention", ["plain", "moses", "ptb"])
def test_flatten_writes_what_the_library_flattens(convention):
    text = 'He said: "It can\'t (ever) be U.S.-led," & left.\r\n\r\nNo final line feed'
    result = command("flatten", "--convention", convention, data=text.encode())
    assert result.stdout == majuscule.flatten(text, convention).encode()
    assert result.returncode == 0


def test_flatten_is_plain_by_default():
    natural = FLAT.with_name("article.natural.txt")
    assert command("flatten", natural).stdout == FLAT.read_bytes()


def test_every_file_is_a_document_of_its_own(cli_model, tmp_path):
    texts = ["he said : `` it is", "'' and the end .\n", "", '" a " b "\n']
    for number, text in enumerate(texts):
        (tmp_path / str(number)).write_text(text)
    options = ("--model", cli_model, "--document=file")
    result = command("restore", *(tmp_path / str(number) for number in range(4)), *options)
    restorer = Restorer(cli_model, document="file")
    first, *others = map(restorer.restore, texts)
    assert result.stdout.decode() == f"{first}\n{''.join(others)}"


def test_info_tells_what_the_model_is(cli_model):
    known = load(cli_model)
    told = json.loads(command("info", "--model", cli_model, "--json").stdout)
    assert told["name"] == "cli"
    assert told["styles"] == ["loud", "quiet"]
    assert told["file"] == str(cli_model)
    assert told["bytes"] == cli_model.stat().st_size
    assert told["hash"] == known.hash
    assert told["forms"] == len(known.forms)
    assert told["weighted"] == (known.table > 0).sum() > 0
    assert told["majuscule"] == majuscule.__version__
    assert told["license"] is None
    assert told.items() >= known.about.items()
    lines = command("info", "--model", cli_model).stdout.decode().splitlines()
    pairs = [line.strip().split("  ", 1) for line in lines]
    shown = {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2}
    assert shown["name"] == "cli"
    assert shown["styles"] == "loud, quiet"
    assert shown["license"] == "not stated"
    (loud,) = [used for used in known.about["training"] if used["file"] == "loud.txt"]
    assert shown["loud.txt"] == f"{loud['sha256']}  loud"
    assert shown["hash"] == known.hash
    assert (told["second_stage"], shown["second_stage"]) == (None, "none")


def test_info_tells_of_a_second_stage(here, cli_model, tmp_path, without_runtime):
    without_runtime()  # it is not needed to say so
    path = tmp_path / "cli.safetensors"
    path.write_bytes(cli_model.read_bytes())
    beside = tmp_path / "cli.deep.onnx"
    beside.write_bytes(b"a network")
    told = json.loads(here("info", "--model", path, "--json").stdout)
    digest = hashlib.sha256(b"a network").hexdigest()[:12]
    assert told["second_stage"] == {"file": str(beside), "bytes": 9, "hash": digest}
    lines = here("info", "--model", path).stdout.decode().splitlines()
    at = lines.index("second_stage")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        ["file", str(beside)],
        ["bytes", "9"],
        ["hash", digest],
    ]


@pytest.mark.model
def test_info_tells_the_second_stage_by_the_hash_that_a_restorer_does(here):
    pytest.importorskip("onnxruntime")
    told = json.loads(here("info", "--json").stdout)
    assert Restorer(effort="best").hash == f"{told['hash']}+{told['second_stage']['hash']}"


def test_train_follows_its_options(tmp_path):
    plain, tokenised = tmp_path / "a=b.txt", tmp_path / "c.tok.txt"
    plain.write_text("The cat sat in Rome.\n")
    tokenised.write_text("The cat sat in Rome .\n")
    result = command(
        *("train", f"speech={tokenised}", "./a=b.txt", "-o", "out.model", "--style=fiction"),
        *("--name=mine", "--license=CC0-1.0", "--seed=5", "--rate=0.5", *SMALL),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    about = load(tmp_path / "out.model").about
    assert (about["name"], about["license"]) == ("mine", "CC0-1.0")
    assert about["styles"] == ["fiction", "speech"]
    assert about["settings"]["seed"] == 5
    assert about["settings"]["rate"] == 0.5
    assert about["settings"]["final_rate"] == Settings().final_rate
    assert [used["file"] for used in about["training"]] == ["c.tok.txt", "a=b.txt"]


def test_train_takes_tokenised_text_for_what_it_is(monkeypatch, tmp_path):
    seen = []

    @wraps(training.train)
    def train(sources, settings, **_):
        seen.extend(sources)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", train)
    for name in ("a.txt", "b.tok.txt"):
        (tmp_path / name).write_text("The cat.\n")
    files = [str(tmp_path / "a.txt"), f"x={tmp_path / 'b.tok.txt'}"]
    before = signal.getsignal(signal.SIGINT)
    try:
        for flags in ([], ["--tokenised"]):
            assert cli.main(["train", *files, "-o", str(tmp_path / "m"), *flags]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert [source.spacing for source in seen] == [True, False, False, False]
    assert [source.style for source in seen] == [None, "x"] * 2
    assert left_in(tmp_path) == ["a.txt", "b.tok.txt"]


def test_training_twice_gives_the_same_file_with_the_permissions_of_any_file(tmp_path):
    for name in ("one", "two"):
        assert command("train", TINY, "-o", tmp_path / name, *SMALL).returncode == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    (tmp_path / "any").touch()
    assert (tmp_path / "one").stat().st_mode == (tmp_path / "any").stat().st_mode


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_training_shows_a_bar_on_a_terminal(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    progress = Progress()
    progress.begin("counting", None)
    progress.advance(70)
    progress.begin("learning 1/2", 200)
    progress.advance(50)
    progress.advance(50)
    progress.close()
    assert "counting: 70.0char" in sys.stderr.getvalue()
    assert "learning 1/2:  50%" in sys.stderr.getvalue()


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_training_says_where_it_is_now_and_then(monkeypatch, stream):
    now = iter(range(0, 1000, 60))
    monkeypatch.setattr("majuscule.cli.progress.time.monotonic", lambda: next(now))
    monkeypatch.setattr("majuscule.cli.progress.find_spec", lambda name: None)  # tqdm is an extra
    monkeypatch.setattr(sys, "stderr", stream())
    progress = Progress()
    progress.begin("counting", None)
    progress.advance(3_000_000)
    progress.begin("learning 1/2", 400)
    progress.advance(100)
    progress.close()
    assert sys.stderr.getvalue().splitlines() == [
        "majuscule: counting",
        "majuscule: counting: 3 million characters",
        "majuscule: learning 1/2",
        "majuscule: learning 1/2: 25%, 3 min left",
    ]


@pytest.mark.parametrize("name", ["", *cli.COMMANDS])
def test_help_has_an_example(name, capsys):
    assert cli.main([*name.split(), "--help"]) == 0
    assert f"Example: {'echo' if not name else f'majuscule {name}'}" in capsys.readouterr().out


def test_help_shows_every_setting_of_training_with_its_default(capsys):
    assert cli.main(["train", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for name, default in vars(Settings()).items():
        assert f"--{name.replace('_', '-')} " in told
        assert re.search(rf"--{name.replace('_', '-')} [NX] \w[^()]+ \(default: {default}\)", told)


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"majuscule {majuscule.__version__}\n"


def test_without_a_command_it_shows_help():
    result = command()
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"usage: majuscule" in result.stderr


def test_restoring_imports_nothing_of_other_commands():
    code = (
        "import sys; from majuscule.cli import main; status = main(['restore', '--help']);"
        "print(*(name for name in sys.modules if name.startswith('majuscule')))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    loaded = set(result.stdout.decode().splitlines()[-1].split())
    assert "majuscule.cli.convert" in loaded
    others = {"evaluation", "comparison", "alignment", "mistakes", "errorpage", "training"}
    others |= {f"cli.{module}" for module, _ in cli.COMMANDS.values()} - {"cli.convert"}
    assert not loaded & {f"majuscule.{name}" for name in others}


def test_restoring_imports_nothing_of_training():
    code = "import sys, majuscule.cli; print({'majuscule.training', 'tqdm'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout.strip() == b"set()"


# Line structure, and text nobody expected

TEXTS = {
    "empty": b"",
    "no final line feed": b"hello .\nhello",
    "only line feeds": b"\n\n\n",
    "carriage returns": b"hello .\r\n\r\nhello .\r\n",
    "a NUL": b"he\0llo \0 .\n\0\n",
    "a byte order mark": "\ufeffhello .\n".encode(),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_lines_stay_lines_and_nothing_is_lost(cli_model, tmp_path, text):
    for options in (("flatten",), ("restore", "--model", cli_model)):
        result = command(*options, "-o", tmp_path / "out", data=text)
        assert (result.returncode, result.stderr) == (0, b"")
        out = (tmp_path / "out").read_bytes()
        assert out.lower().replace(b" ", b"") == text.replace(b" ", b"")


@pytest.mark.parametrize(
    ("text", "offset", "byte"),
    [
        (b"one\n\xfftwo\n", 4, "0xff"),
        (b"lone \xed\xa0\x80", 5, "0xed"),
        (b"cut \xe2\x82", 4, "0xe2"),
    ],
)
def test_bytes_that_are_not_utf8_are_named_with_their_place(tmp_path, text, offset, byte):
    (tmp_path / "bad.txt").write_bytes(text)
    before = text[: text.find(b"\n") + 1]
    result = command("flatten", tmp_path / "bad.txt")
    assert (result.returncode, result.stdout) == (1, before)
    told = f"{tmp_path / 'bad.txt'}: line {before.count(b'%c' % 10) + 1}: expected UTF-8, got byte"
    assert f"{told} {byte} at offset {offset};" in result.stderr.decode()
    assert_refused(command("flatten", tmp_path / "bad.txt", "-o", tmp_path / "out"), 1, byte)
    assert left_in(tmp_path) == ["bad.txt"]
    result = command("flatten", tmp_path / "bad.txt", "--errors", "replace")
    assert (result.returncode, result.stderr) == (0, b"")
    expected = text.decode("utf-8", "replace")
    assert result.stdout.decode().replace(" ", "") == expected.replace(" ", "")


def test_the_place_counts_from_the_start_of_the_file(cli_model, tmp_path):
    good = "naïve . \n".encode() * 100_000
    (tmp_path / "bad.txt").write_bytes(good + b"hello \xff .\n")
    result = command("restore", "--model", cli_model, tmp_path / "bad.txt", "-o", tmp_path / "out")
    assert_refused(
        result, 1, f"line 100001: expected UTF-8, got byte 0xff at offset {len(good) + 6}"
    )
    assert left_in(tmp_path) == ["bad.txt"]


def test_a_line_of_50_mb(tmp_path):
    line = b"word , " * (50_000_000 // 7) + b"\n"
    (tmp_path / "line.txt").write_bytes(line)
    assert command("flatten", tmp_path / "line.txt", "-o", tmp_path / "out").returncode == 0
    assert (tmp_path / "out").read_bytes() == line.replace(b" \n", b"\n")


def test_restoring_a_line_of_5_mb(cli_model):
    line = b"word , " * (5_000_000 // 7) + b"\n"
    out = command("restore", "--model", cli_model, data=line).stdout
    assert out.count(b"\n") == 1
    assert out.lower().replace(b" ", b"") == line.replace(b" ", b"")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux")
def test_memory_does_not_grow_with_the_file(cli_model, tmp_path):
    flat = FLAT.read_bytes()
    (tmp_path / "big.txt").write_bytes(flat * (20_000_000 // len(flat)))
    code = (
        "import sys; from majuscule.cli import main; status = main(sys.argv[1:]);"
        "sys.stderr.write(open('/proc/self/status').read()); sys.exit(status)"
    )
    line = ("restore", "--model", cli_model, tmp_path / "big.txt", "-o", tmp_path / "out")
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, line)], capture_output=True, check=True
    )
    (peak,) = re.findall(rb"VmHWM:\s+(\d+) kB", result.stderr)
    assert int(peak) * 1024 < 200e6
    assert (tmp_path / "out").stat().st_size > 15e6


# Pipes and signals


def test_lines_come_out_before_the_input_ends(cli_model):
    with running("restore", "--model", cli_model, "--style=loud") as process:
        for word in (b"mayor", b"bank"):
            process.stdin.write(b"the %s said so .\nthe" % word)
            process.stdin.flush()
            assert process.stdout.readline() == b"%sTHE %s SAID SO.\n" % (
                b"THE" if word == b"bank" else b"",
                word.upper(),
            )
        process.stdin.close()
        assert process.stdout.read() == b"THE"
        assert process.wait() == 0


@posix
@pytest.mark.parametrize("line", [["--help"], ["restore", "--help"], ["--version"], ["info"]])
def test_nobody_listening_is_no_error(cli_model, line):
    end, pipe = os.pipe()
    os.close(end)
    if line == ["info"]:
        line = ["info", "--model", cli_model]
    try:
        result = command(*line, stdout=pipe)
    finally:
        os.close(pipe)
    assert (result.returncode, result.stderr) == (0, b"")


@posix
def test_a_reader_that_has_had_enough_is_no_error(cli_model, tmp_path):
    (tmp_path / "big.txt").write_bytes(b"the mayor said so .\n" * 100_000)
    with running("restore", "--model", cli_model, tmp_path / "big.txt") as process:
        assert process.stdout.readline().lower() == b"the mayor said so.\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing_half_written(cli_model, tmp_path, number):
    (tmp_path / "first.txt").write_bytes(b"the mayor said so .\n" * 100_000)
    os.mkfifo(tmp_path / "pipe")
    names = [tmp_path / name for name in ("first.txt", "pipe", "out")]
    line = ("restore", *names[:2], "--model", cli_model, "-o", names[2])
    # The command opens the pipe when it has written what the first file gives.
    with running(*line) as process, names[1].open("wb"):
        assert len(left_in(tmp_path)) == 3
        process.send_signal(number)
        assert process.stderr.read() == b""
        assert process.wait() == 130
    assert left_in(tmp_path) == ["first.txt", "pipe"]


@posix
def test_ctrl_c_while_it_waits_for_input(cli_model):
    with running("restore", "--model", cli_model) as process:
        process.stdin.write(b"the mayor said so .\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
        assert process.wait() == 130


@posix
def test_ctrl_c_while_training(tmp_path):
    (tmp_path / "old.model").write_text("as it was")
    line = ("train", TINY, "-o", tmp_path / "old.model", *SMALL, "--passes=1000000")
    with running(*line) as process:
        while b"learning 3/" not in (said := process.stderr.readline()):
            assert said.startswith(b"majuscule: ")
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().splitlines()
        assert all(line.startswith(b"majuscule: learning") for line in said)
        assert process.wait() == 130
    assert left_in(tmp_path) == ["old.model"]
    assert (tmp_path / "old.model").read_text() == "as it was"


# What it refuses


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (["restor"], ["'restor'", "restore", "see majuscule --help"]),
        (["restore", "--loud"], ["options of restore", "--loud", "see majuscule restore --help"]),
        (["restore", "--document=page"], ["'page'", "line", "block", "file"]),
        (["restore", "--effort=worst"], ["'worst'", "fast", "best"]),
        (["detect", "--effort=best"], ["expected options of detect, got --effort=best"]),
        (["flatten", "--convention=mosaic"], ["'mosaic'", "plain", "moses", "ptb"]),
        (["flatten", "--errors=ignore"], ["'ignore'", "strict", "replace"]),
        (["train", "a.txt"], ["-o"]),
        (["train", "-o", "a.model"], ["CORPUS"]),
        (["train", "a.txt", "-o", "a.model", "--passes=many"], ["--passes", "'many'"]),
        (["train", "-", "-o", "a.model"], ["expected a file that can be read again", "got -"]),
        (["train", TINY, "-o", os.devnull], ["expected a file", os.devnull]),
        (["train", TINY, "-o", TINY], ["another file", TINY]),
        (["train", TINY, "-o", "a.model", "--row-bits=90"], ["row_bits", "90"]),
        (["train", TINY, "-o", "a.model", "--sketch-bits=-1"], ["sketch_bits", "-1"]),
        (["train", TINY, "-o", "a.model", "--buckets=0"], ["buckets", "0"]),
    ],
)
def test_wrong_calls_exit_with_2(here, monkeypatch, tmp_path, line, parts):
    monkeypatch.chdir(tmp_path)
    assert_refused(here(*line), 2, *parts)
    assert left_in(tmp_path) == []


def test_a_style_the_model_does_not_have_exits_with_2(here, cli_model):
    result = here("restore", "--model", cli_model, "--style=shy")
    assert_refused(result, 2, "loud, quiet", "'shy'", "see majuscule restore --help")


def test_a_model_without_a_second_stage_can_do_no_more(here, cli_model):
    options = ("restore", "--model", cli_model, "--effort=best", FLAT)
    assert_refused(here(*options), 1, cli_model.with_name("cli.deep.onnx"), "effort fast")
    assert_refused(here(*options, "--style=shy"), 2, "loud, quiet", "'shy'")


def test_what_is_no_second_stage_is_refused(here, cli_model, tmp_path):
    pytest.importorskip("onnxruntime")
    path = tmp_path / "cli.model"
    path.write_bytes(cli_model.read_bytes())
    (tmp_path / "cli.deep.onnx").write_bytes(b"no network")
    result = here("restore", "--model", path, "--effort=best", FLAT)
    assert_refused(result, 1, tmp_path / "cli.deep.onnx", "expected a second stage")


@pytest.mark.model
def test_without_what_runs_the_second_stage_it_is_said(here, without_runtime):
    without_runtime()
    result = here("restore", "--effort=best", FLAT)
    assert_refused(result, 1, "the package onnxruntime, found none", "majuscule[deep]")
    assert here("restore", FLAT).returncode == 0


@pytest.mark.parametrize("name", ["same.txt", "./same.txt", "hard.txt", "soft.txt"])
def test_the_same_file_as_input_and_output_is_refused(here, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    same = tmp_path / "same.txt"
    same.write_text("The same.\n")
    (tmp_path / "other.txt").write_text("Another.\n")
    if name == "hard.txt":
        (tmp_path / name).hardlink_to(same)
    elif name == "soft.txt":
        (tmp_path / name).symlink_to(same)
    result = here("flatten", "other.txt", "same.txt", "-o", name)
    assert_refused(result, 2, "another file", "same.txt")
    assert same.read_text() == "The same.\n"


def test_the_same_file_through_the_shell_is_refused(tmp_path):
    same = tmp_path / "same.txt"
    same.write_text("The same.\n")
    with same.open("rb") as source:
        result = command("flatten", "-o", same, stdin=source, input=None)
        assert_refused(result, 2, "another file")
    with same.open("ab") as target:
        assert command("flatten", same, stdout=target).returncode == 2
    assert same.read_text() == "The same.\n"


def test_the_model_is_not_written_over(here, cli_model):
    before = cli_model.read_bytes()
    result = here("restore", "--model", cli_model, "-o", cli_model)
    assert_refused(result, 2, "another file", cli_model)
    assert cli_model.read_bytes() == before


def test_files_that_cannot_be_read_are_found_before_anything_is_written(here, tmp_path):
    good = tmp_path / "good.txt"
    good.write_text("Good.\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    for bad, part in ((tmp_path / "missing", "found none"), (folder, "got a directory")):
        assert_refused(here("flatten", good, bad), 1, bad, part)
        assert_refused(here("flatten", good, bad, "-o", tmp_path / "out"), 1, bad, part)
        assert_refused(here("train", good, bad, "-o", tmp_path / "out"), 1, bad, part)
        assert_refused(here("restore", good, "--model", bad), 1, bad, part)
    assert_refused(here("flatten", good, "-o", folder), 1, folder, "got a directory")
    assert_refused(here("flatten", good, "-o", tmp_path / "no" / "out"), 1, "folder")
    assert left_in(tmp_path) == ["folder", "good.txt"]


def test_a_file_without_permission(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.touch(0)
    if os.access(secret, os.R_OK):
        pytest.skip("this user may read whatever its permissions")
    assert_refused(command("flatten", secret), 1, secret, "permissions")


@posix
def test_a_file_behind_a_loop_of_links(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert_refused(command("flatten", tmp_path / "a"), 1, tmp_path / "a")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux's /proc")
def test_a_file_that_opens_and_cannot_be_read(tmp_path):
    result = command("flatten", "/proc/self/mem", "-o", tmp_path / "out")
    assert_refused(result, 1, "/proc/self/mem")
    assert left_in(tmp_path) == []


@posix
@pytest.mark.parametrize("closed", [0, 1])
def test_a_closed_stream_is_named(tmp_path, closed):
    line = [*COMMAND, "flatten", *([] if closed == 0 else [str(TINY)])]
    script = 'exec "$@" <&-' if closed == 0 else 'exec "$@" >&-'
    result = subprocess.run(["sh", "-c", script, "sh", *line], capture_output=True, check=False)
    assert_refused(result, 1, ("standard input", "standard output")[closed])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", [["flatten", TINY], ["--help"], ["--version"]])
def test_standard_output_on_a_full_disk(line):
    with Path("/dev/full").open("wb") as full:
        result = command(*line, stdout=full)
    assert result.returncode == 1
    told = result.stderr.decode()
    assert told.startswith("majuscule: ")
    assert told.count("\n") == 1
    assert "room" in told


def limit_files():
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@posix
@pytest.mark.parametrize("before", [None, "as it was"])
def test_a_disk_that_fills_leaves_nothing_half_written(tmp_path, before):
    out = tmp_path / "out"
    if before:
        out.write_text(before)
    for line in (("flatten", TINY, "-o", out), ("train", TINY, "-o", out, *SMALL)):
        result = command(*line, preexec_fn=limit_files)  # what is written at 4096 bytes fails
        assert result.returncode == 1
        last = result.stderr.decode().splitlines()[-1]
        assert last.startswith(f"majuscule: {out}: ")
        assert b"Traceback" not in result.stderr
        assert left_in(tmp_path) == (["out"] if before else [])
        assert before is None or out.read_text() == before


class Hostile:
    def __reduce__(self):
        return Path.touch, (Path("executed"),)


def models(good):
    """Files that are no model, and what is said of each."""
    data = good.read_bytes()
    known = load(good)
    header = int.from_bytes(data[:8], "little")
    yield "empty", b"", ""
    yield "text", b"not a model at all\n" * 100, ""
    yield "pickle", pickle.dumps(Hostile()), ""
    yield "truncated in its header", data[: header // 2], ""
    yield "truncated in its tensors", data[:-100], ""
    yield "longer than it says", data + b"\0" * 100, ""
    yield "with a header of 2**62 bytes", (1 << 62).to_bytes(8, "little") + data[8:], ""
    yield "newer", replace(known, about={**known.about, "format": 3}), "format 3"
    yield (
        "with other features",
        replace(known, about={**known.about, "features": 99}),
        "features 99",
    )
    yield "with styles that are none", replace(known, about={**known.about, "styles": 1}), "styles"
    yield "without codes", replace(known, codebook=known.codebook[:5]), "codebook"


def test_what_is_not_a_model_is_refused_and_nothing_in_it_executed(
    here, monkeypatch, cli_model, tmp_path
):
    monkeypatch.chdir(tmp_path)
    for name, model, part in models(cli_model):
        path = tmp_path / f"{name}.model"
        if isinstance(model, bytes):
            path.write_bytes(model)
        else:
            model.save(path)
        for line in (("restore", TINY, "-o", "out"), ("info",)):
            assert_refused(here(*line, "--model", path), 1, path, part)
    assert {path.suffix for path in tmp_path.iterdir()} == {".model"}


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs devices")
@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_no_model(here, device):
    assert_refused(here("info", "--model", device), 1, device)


def test_too_little_memory_is_said(here, monkeypatch):
    def too_much(name):
        raise MemoryError("for so many tokens")

    monkeypatch.setattr("majuscule.model.load", too_much)
    assert_refused(here("restore", TINY), 1, "expected enough memory", "for so many tokens")


def test_whatever_a_header_says_is_shown_harmlessly(here, cli_model, tmp_path):
    known = load(cli_model)
    deep = json.loads('{"a":' * 400 + "1" + "}" * 400)
    about = {
        **known.about,
        "name": "\ud800\x1b[31mred\nline",
        "training": [1, 2],
        "settings": "none",
        "deep": deep,
        "styles": ["\x9b", "b\u202e"],
        "bytes": "many",
    }
    replace(known, about=about).save(tmp_path / "odd.model")
    for options in ((), ("--json",)):
        result = here("info", "--model", tmp_path / "odd.model", *options)
        assert (result.returncode, result.stderr) == (0, b"")
        assert result.stdout.replace(b"\n", b"").decode().isprintable()
    assert json.loads(result.stdout)["name"] == about["name"]
    assert json.loads(result.stdout)["bytes"] == (tmp_path / "odd.model").stat().st_size
    result = here("restore", "--model", tmp_path / "odd.model", "--style=\x1b[31m")
    assert_refused(result, 2, "\\x9b, b\\u202e")
    assert b"\x1b" not in result.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("latin.txt", b"caf\xe9\n"),
        ("empty.txt", b""),
        ("plain.txt.xz", b"not compressed\n"),
        ("cut.txt.xz", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4F\x02\0!\x01\x16\0"),
    ],
)
def test_training_refuses_what_is_no_text(here, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    result = here("train", tmp_path / name, "-o", tmp_path / "out.model", *SMALL)
    told = result.stderr.decode().splitlines()
    assert result.returncode == 1, told
    assert "Traceback" not in result.stderr.decode()
    assert "expected" in told[-1]
    assert name in told[-1] or name == "empty.txt"
    assert left_in(tmp_path) == [name]


# The reference


def examples():
    """Console blocks, as pairs of a command and what it prints."""
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.+?)^```", text, re.MULTILINE | re.DOTALL)
    entries = [entry for block in blocks for entry in re.split(r"(?m)^\$ ", block)[1:]]
    return [entry.split("\n", 1) for entry in entries]


@posix
@pytest.mark.model
def test_the_examples_of_the_reference_run_as_shown(tmp_path):
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "majuscule"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m majuscule "$@"\n')
    script.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    for name in ("article.flat.txt", "article.natural.txt"):
        (work / name).write_bytes((ROOT / "examples" / name).read_bytes())
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    expected = examples()
    assert len(expected) > 10
    shown = [
        [
            typed,
            subprocess.run(
                ["sh", "-c", typed],
                cwd=work,
                env={**os.environ, "PATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            ).stdout.decode(),
        ]
        for typed, _ in expected
    ]
    assert shown == expected


@pytest.mark.parametrize("convention", ["plain", "moses", "ptb"])
def test_the_table_of_conventions_is_right(convention):
    (told,) = re.findall(
        rf"^\| `{convention}` \|.*\| `+ ?(.+?)`+ \|$",
        (ROOT / "docs" / "cli.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert told == majuscule.flatten('"I can\'t (ever)," he said.', convention)
