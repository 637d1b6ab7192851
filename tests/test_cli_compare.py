"""``majuscule compare``: what it says, how it looks, and the status it exits with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import majuscule
from majuscule import cli
from majuscule.cli.comparing import CONTEXT, MOST, _columns
from majuscule.comparison import compare
from majuscule.text import flatten

DATA = Path(__file__).parent / "data"
NATURAL, FLAT = DATA / "article.natural.txt", DATA / "article.flat.txt"
COMMAND = (sys.executable, "-m", "majuscule", "compare")

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and terminals of POSIX")

A = """\
BEIRUT (Reuters) - The U.S.-led coalition said on Friday it can't wait.
It was the first time in 1999 that he had spoken of it, he said.

The President will not go to Paris. Nobody knows why.
"""

B = """\
beirut -lrb- reuters -rrb- - the u.s.-led coalition claimed on friday it ca n't
wait . it was the first time in 1998 that he had ever spoken of it , he said .
the president will not go to paris .
"""

SHOWN = """\
4 differences, 90.90 % alike
a.txt      51 tokens, 6 of them only here
b.txt      48 tokens, 3 of them only here
in common  45 tokens, 10 with other capitals; 6 gaps spaced otherwise

a.txt:1  U.S.-led coalition [-said-]    on Friday it can't
b.txt:1  u.s.-led coalition {+claimed+} on friday it can't

a.txt:2  It was the first time in [-1999-] that he had          spoken of it,
b.txt:2  it was the first time in {+1998+} that he had {+ever+} spoken of it ,

a.txt:4   will not go to Paris. [-Nobody knows why.-]
b.txt:3  will not go to paris .
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    """The texts above as files, in a folder where no terminal has a say."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    Path("a.txt").write_text(A, encoding="utf-8")
    Path("b.txt").write_text(B, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(files, capfdbinary):
    """The command without a process of its own."""

    def call(*arguments):
        status = cli.main(["compare", *map(str, arguments)])
        out, said = capfdbinary.readouterr()
        return status, out.decode(), said.decode()

    return call


def started(*arguments, **options):
    """The command in a process of its own."""
    options = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    if "input" in options:
        del options["stdin"]
    line = [*COMMAND, *map(str, arguments)]
    return subprocess.run(line, stderr=subprocess.PIPE, check=False, timeout=300, **options)


# What it says


def test_the_same_text(run):
    status, out, said = run(NATURAL, FLAT)
    result = compare(NATURAL.read_text(encoding="utf-8"), FLAT.read_text(encoding="utf-8"))
    assert (status, said) == (0, "")
    told = f"{result.left.tokens} tokens, {result.case} with other capitals; {result.spacing} gaps"
    assert out == f"the same text up to case and spacing\n{told} spaced otherwise\n"
    assert result.case
    assert result.spacing


def test_another_text(run):
    status, out, said = run("a.txt", "b.txt")
    assert (status, said) == (1, "")
    assert out == SHOWN


def test_nothing(run):
    Path("empty.txt").touch()
    status, out, _ = run("empty.txt", "empty.txt")
    assert status == 0
    assert "\n0 tokens, 0 with other capitals; 0 gaps spaced otherwise\n" in out
    status, out, _ = run("empty.txt", "b.txt")
    assert status == 1
    assert out.startswith("1 difference, 0.00 % alike\n")
    assert "\nempty.txt:1\nb.txt:1      {+beirut ( reuters )" in out


def test_quietly(run):
    assert run("-q", "a.txt", "b.txt") == (1, "", "")
    assert run("--quiet", NATURAL, FLAT) == (0, "", "")


@pytest.mark.parametrize("line", [["-", "a.txt"], ["a.txt", "-"]])
def test_standard_input_is_one_of_them(files, line):
    result = started(*line, input=flatten(A, "ptb").encode())
    assert (result.returncode, result.stderr) == (0, b"")
    result = started(*line, input=B.encode())
    assert result.returncode == 1
    assert b"\n-:1" in result.stdout


def test_for_programs(run):
    status, out, said = run("--json", "a.txt", "b.txt")
    assert (status, said) == (1, "")
    facts, result = json.loads(out), compare(A, B)
    assert facts.pop("differences") == [
        {
            "left": {
                "line": result.left.line(left.start),
                "tokens": [left.start, left.stop],
                "text": result.left.written(left),
            },
            "right": {
                "line": result.right.line(right.start),
                "tokens": [right.start, right.stop],
                "text": result.right.written(right),
            },
        }
        for left, right in result.differences
    ]
    assert facts == {
        "majuscule": majuscule.__version__,
        "same": False,
        "similarity": result.similarity,
        "left": {"file": "a.txt", "tokens": 51, "common": 45},
        "right": {"file": "b.txt", "tokens": 48, "common": 45},
        "case": result.case,
        "spacing": result.spacing,
        "different": 4,
    }
    assert json.loads(run("--json", "--most=1", "a.txt", "b.txt")[1])["different"] == 4


def test_for_programs_that_it_is_the_same(run):
    status, out, _ = run("--json", NATURAL, FLAT)
    facts = json.loads(out)
    assert status == 0
    assert (facts["same"], facts["similarity"], facts["differences"]) == (True, 100, [])


@pytest.mark.parametrize("most", [1, 3, 4, 5])
def test_so_many_differences_are_shown_and_the_others_counted(run, most):
    out = run(f"--most={most}", "a.txt", "b.txt")[1]
    marked = ("[-said-]", "[-1999-]", "{+ever+}", "[-Nobody knows why.-]")
    assert [mark for mark in marked if mark in out] == list(marked[:most])
    told = re.findall(r"^(\d) more differences?; --most 0 shows all$", out, re.MULTILINE)
    assert told == [str(4 - most)] * (most < 4)
    shown = json.loads(run("--json", f"--most={most}", "a.txt", "b.txt")[1])["differences"]
    assert len(shown) == min(most, 4)


def test_all_differences_are_shown_if_asked_for(run, files):
    many = "same words here and there and on and on and on we go "
    Path("c.txt").write_text("".join(f"{many} x{k}\n" for k in range(3 * MOST)))
    Path("d.txt").write_text("".join(f"{many} y{k}\n" for k in range(3 * MOST)))
    assert run("c.txt", "d.txt")[1].count("{+") == MOST
    assert f"{2 * MOST} more differences" in run("c.txt", "d.txt")[1]
    out = run("--most=0", "c.txt", "d.txt")[1]
    assert out.count("{+") == 3 * MOST
    assert "more" not in out
    assert len(json.loads(run("--json", "c.txt", "d.txt")[1])["differences"]) == 3 * MOST
    assert len(json.loads(run("--json", "--most=0", "c.txt", "d.txt")[1])["differences"]) == 60


@pytest.mark.parametrize(
    ("context", "row"),
    [
        (0, "[-said-]"),
        (1, "coalition [-said-] on"),
        (2, "U.S.-led coalition [-said-] on Friday"),
        (4, "U.S.-led coalition [-said-] on Friday it can't"),
    ],
)
def test_context_is_whole_words(run, context, row):
    out = run("--most=1", f"--context={context}", "a.txt", "b.txt")[1]
    told = [" ".join(line.split()[1:]) for line in out.splitlines() if line.startswith("a.txt:1")]
    assert told == [row]


def test_differences_near_each_other_are_in_one_place(run, files):
    words = [f"w{k}" for k in range(60)]
    Path("c.txt").write_text(" ".join(words))
    for between in (2 * CONTEXT, 2 * CONTEXT + 1):
        other = list(words)
        other[20], other[21 + between] = "x", "y"
        Path("d.txt").write_text(" ".join(other))
        out = run("c.txt", "d.txt")[1]
        assert out.count("\n\n") == 1 + (between > 2 * CONTEXT)


# How it looks


def rows(out):
    """The rows of both texts, in pairs."""
    shown = [line for line in out.splitlines() if re.match(r"[ab]\.txt:\d", line)]
    return list(zip(shown[::2], shown[1::2], strict=True))


def marks(out, side):
    """Where marked words begin: in which pair of rows, and in which column."""
    return iter(
        [
            (number, _columns(pair[side][: found.start()]))
            for number, pair in enumerate(rows(out))
            for found in re.finditer(r"\[-|\{\+", pair[side])
        ]
    )


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("ab", 2), ("中文", 4), ("e\u0301", 1), ("…", 1), ("é", 1)]
)
def test_columns(text, columns):
    assert _columns(text) == columns


some = st.lists(
    st.sampled_from(["the", "a", "word", "U.S.-led", "(and)", "long-ish,", "中文", "e\u0301", "."]),
    max_size=60,
)


@given(some, some, some)
def test_rows_are_aligned_and_no_wider_than_the_terminal(run, one, two, three):
    a, b = " ".join([*one, "left", *two]), "\n".join(one + three + two).lower()
    Path("a.txt").write_text(a, encoding="utf-8")
    Path("b.txt").write_text(b, encoding="utf-8")
    out = run("--most=0", "a.txt", "b.txt")[1]
    assert all(_columns(row) <= 80 and row == row.rstrip() for row in out.splitlines())
    result = compare(a, b)
    upper, lower = marks(out, 0), marks(out, 1)
    for left, right in result.differences:
        places = [next(found) for found, tokens in ((upper, left), (lower, right)) if tokens]
        if len(places) == 2:
            (pair, column), (other_pair, other_column) = places
            assert pair == other_pair
            # Where one text has a blank and the other none, neither is given another spacing.
            blank = result.left.parted(left.start) != result.right.parted(right.start)
            assert abs(column - other_column) <= blank
    assert not [*upper, *lower]


def test_a_long_difference_shows_its_beginning_and_end(run, files):
    Path("a.txt").write_text("So it begins. So it ends.")
    Path("b.txt").write_text(f"So it begins. {'word ' * 5000} Finally! So it ends.")
    out = run("a.txt", "b.txt")[1]
    assert re.search(r"\{\+word word w.* … 5,002 tokens … .*word Finally!\+\}", out)
    assert 70 < max(map(_columns, out.splitlines())) <= 80


def test_a_long_word_too(run, files):
    Path("a.txt").write_text("a" * 100_000)
    Path("b.txt").write_text("b" * 100_000)
    assert re.search(r"\na.txt:1  \[-a+ … 1 token … a+-\]\nb.txt:1  ", run("a.txt", "b.txt")[1])


@pytest.mark.parametrize("columns", ["1", "40", "100", "200"])
def test_rows_follow_the_terminal(run, files, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    Path("a.txt").write_text(" ".join(f"word{k} x{k}" for k in range(100)))
    Path("b.txt").write_text(" ".join(f"word{k} y{k}" for k in range(100)))
    widest = max(_columns(row) for pair in rows(run("a.txt", "b.txt")[1]) for row in pair)
    room = max(int(columns), 50)
    assert room - 25 < widest <= room


def test_colors(run):
    painted = run("--color=always", "a.txt", "b.txt")[1]
    assert "\x1b[1;31msaid\x1b[0m    on Friday" in painted
    assert "\x1b[1;32mclaimed\x1b[0m on friday" in painted
    assert "[-" not in painted
    assert "{+" not in painted
    # Without brackets there is no room for them.
    bare = re.sub(r"\x1b\[[\d;]*m", "", painted)
    assert "that he had      spoken of it, he" in bare
    assert "that he had ever spoken of it , he" in bare
    never = run("--color=never", "a.txt", "b.txt")[1]
    assert run("a.txt", "b.txt")[1] == never
    assert "\x1b" not in never


@posix
@pytest.mark.parametrize(
    ("environment", "colored"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colors_are_for_terminals(files, environment, colored):
    import pty

    end, terminal = pty.openpty()
    clean = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    try:
        result = started("a.txt", "b.txt", stdout=terminal, env={**clean, **environment})
        out = os.read(end, 1 << 16)
    finally:
        os.close(end)
        os.close(terminal)
    assert result.returncode == 1
    assert (b"\x1b[1;31m" in out) == colored
    assert (b"[-said-]" in out) != colored


def test_of_a_long_name_the_end_stands_beside_the_text(run):
    name = f"{'long' * 20}/c.txt"
    Path(name).parent.mkdir()
    Path(name).write_text("a b", encoding="utf-8")
    out = run(name, "a.txt")[1]
    assert f"\n{name}  2 tokens" in out
    assert f"\n…{name[-31:]}:1  " in out


def test_nothing_reaches_the_terminal_that_it_would_obey(run, files):
    name = "c\x1b[31m.txt"
    Path("b.txt").write_text(
        "a \x1b[2J b \x9b \u202e c\0 d\r\x07 \ufeff\u2028 e\n", encoding="utf-8"
    )
    Path(name).write_text("a \x1b[2K b \x9c c", encoding="utf-8")
    for options in ((), ("--json",)):
        out = run(*options, "b.txt", name)[1]
        assert out.replace("\n", "").isprintable()
    assert "\x9b" in "".join(place["left"]["text"] for place in json.loads(out)["differences"])


# How much it takes


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux")
@pytest.mark.parametrize(("options", "times"), [([], 7), (["--quiet"], 0)])
def test_memory_is_bounded(files, options, times):
    lines = [f"Line {k} and so on, he said.\n" for k in range(400_000)]
    Path("a.txt").write_text("".join(lines))
    if not options:  # else no more than the first of them would be read
        lines[::1000] = ["Something else.\n"] * 400
    Path("b.txt").write_text("".join(lines).upper())
    both = Path("a.txt").stat().st_size + Path("b.txt").stat().st_size
    code = (
        "import sys; from majuscule.cli import main; status = main(sys.argv[1:]);"
        "sys.stderr.write(open('/proc/self/status').read()); sys.exit(status)"
    )
    line = [sys.executable, "-c", code, "compare", *options, "a.txt", "b.txt"]
    result = subprocess.run(line, capture_output=True, check=False)
    assert result.returncode == (0 if options else 1)
    (peak,) = re.findall(rb"VmHWM:\s+(\d+) kB", result.stderr)
    assert int(peak) * 1024 < 110e6 + times * both


# What it refuses


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (["a.txt"], ["B"]),
        (["a.txt", "b.txt", "c.txt"], ["c.txt"]),
        (["a.txt", "missing"], ["missing", "found none"]),
        (["a.txt", "."], ["got a directory"]),
        (["a.txt", "latin.txt"], ["latin.txt: line 1: expected UTF-8, got byte 0xe9 at offset 3"]),
        (["-q", "a.txt", "c.txt"], ["c.txt", "found none"]),
        (["-", "-"], ["standard input for one of the texts", "both"]),
        (["--context=-1", "a.txt", "b.txt"], ["--context", "expected a whole number, got '-1'"]),
        (["--most=some", "a.txt", "b.txt"], ["--most", "expected a whole number, got 'some'"]),
        (["--most=" + "9" * 5000, "a.txt", "b.txt"], ["--most", "expected a whole number"]),
        (["--color=sometimes", "a.txt", "b.txt"], ["'sometimes'", "auto", "always", "never"]),
        (["--quiet", "--json", "a.txt", "b.txt"], ["--quiet", "--json"]),
        (["--errors=ignore", "a.txt", "b.txt"], ["'ignore'", "strict", "replace"]),
    ],
)
def test_trouble_is_2(run, line, parts):
    Path("latin.txt").write_bytes(b"caf\xe9\n")
    status, out, said = run(*line)
    assert (status, out) == (2, "")
    assert said.startswith("majuscule: ")
    assert said.count("\n") == 1
    for part in parts:
        assert part in said


def test_bytes_that_are_not_utf8_can_be_replaced(run):
    Path("latin.txt").write_bytes(b"caf\xe9 a\n")
    Path("other.txt").write_text("caf\ufffd A", encoding="utf-8")
    assert run("--errors=replace", "latin.txt", "other.txt")[0] == 0


@posix
def test_who_has_had_enough_still_gets_the_status(files):
    for other, status in (("b.txt", 1), ("a.txt", 0)):
        end, pipe = os.pipe()
        os.close(end)
        try:
            result = started("a.txt", other, stdout=pipe)
        finally:
            os.close(pipe)
        assert (result.returncode, result.stderr) == (status, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_trouble(files):
    with Path("/dev/full").open("wb") as full:
        result = started("a.txt", "b.txt", stdout=full)
    assert result.returncode == 2
    assert b"standard output: expected room" in result.stderr


def test_help_has_an_example_and_the_defaults(capsys):
    assert cli.main(["compare", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Example: majuscule compare old.txt new.txt" in told
    assert f"(default: {CONTEXT})" in told
    assert f"(default: {MOST}, with --json all)" in told
