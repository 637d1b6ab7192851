"""Subtitles: the words of cues are restored across them, and not a byte else is touched."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import reference
from conftest import assert_refused
from hypothesis import assume, example, given
from hypothesis import strategies as st
from texts import PIECES, WORDS, texts

import majuscule
from majuscule import DataError, MajusculeError, subtitles
from majuscule.cli import convert
from majuscule.restorer import Restorer
from majuscule.text import Convention

DATA = Path(__file__).parent / "data" / "subtitles"
CASES = json.loads((DATA / "cases.json").read_text(encoding="utf-8"))
FILES = ("film.srt", "captions.vtt")
TIMING = "00:00:01,000 --> 00:00:02,000\n"


def content(name: str) -> str:
    return (DATA / name).read_bytes().decode()


def restored_name(name: str) -> str:
    return name.replace(".", ".restored.")


# What it gives --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> Restorer:
    return Restorer()


@pytest.mark.model
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_golden(shipped: Restorer, case: dict[str, str]) -> None:
    after = subtitles.restore(case["before"], shipped, case["kind"])
    assert after == case["after"]
    assert subtitles.restore(after, shipped, case["kind"]) == after


@pytest.mark.model
@pytest.mark.parametrize("name", FILES)
def test_whole_files(shipped: Restorer, name: str) -> None:
    kind = subtitles.kind_of(name)
    after = content(restored_name(name))
    assert subtitles.restore(content(name), shipped, kind) == after
    assert subtitles.restore(after, shipped, kind) == after
    assert subtitles.restore(subtitles.flatten(after, kind), shipped, kind) == after


def test_the_restorer_decides_what_a_document_is(erratic: Restorer) -> None:
    """And what may be changed. One that decides by chance decides otherwise after other lines."""
    said = ["the mayor ( of paris ) said so .", "the bank of the mayor did so , too ."] * 9
    text = "".join(f"{TIMING}{line}\n\n" for line in said)
    seen = set()
    for options in ({}, {"document": "line"}, {"edits": ["case"]}, {"edits": ["space"]}):
        restorer = Restorer(erratic.model, **options)
        after = subtitles.restore(text, restorer, "srt")
        assert after.split("\n")[1::3] == restorer.restore("\n".join(said)).split("\n")
        seen.add(after)
    assert len(seen) >= 3  # some join nothing, and then space is no change


@pytest.mark.model
def test_apostrophes_come_back_in_cues_but_never_join_lines() -> None:
    edits = Restorer(edits=["case", "space", "apostrophe"])
    lost = "<i>it s</i> the state\ns army , they don t say\nthe <b>jihadists\nlast</b> hope .\n"
    back = "<i>It's</i> the state\ns army, they don't say\nthe <b>jihadists'\nlast</b> hope.\n"
    assert subtitles.restore(TIMING + lost, edits, "srt") == TIMING + back


@pytest.mark.parametrize(
    ("convention", "flat"),
    [
        ("plain", '- <i>it \'s</i> " me " , [ ann ] &amp; bob .'),
        ("moses", "- <i>it &apos;s</i> &quot; me &quot; , &#91; ann &#93; &amp; bob ."),
        ("ptb", "- <i>it 's</i> `` me '' , -lsb- ann -rsb- &amp; bob ."),
    ],
)
def test_flatten(convention: str, flat: str) -> None:
    cue = TIMING + '- <i>It\'s</i> "me", [Ann] &amp; Bob.'
    assert subtitles.flatten(cue, "vtt", convention) == TIMING + flat


# What it keeps --------------------------------------------------------------------------------

MARKUP = (  # noqa: SIM905 - easier to read than many quotes
    "<i> </i> <b> <c.yellow> </c> <v\u00a0Ann> <v\u00a0Bob> <00:00:01.000> {\\an8} <br> \\N >> ♪"
    " [MUSIC] (laughs) ... … . - &nbsp; &lt; &gt;&gt; &lrm; &eacute;"
).split(" ")
ESCAPES = re.compile(r"[&@`']|-[lr][rsc]b|[lr][rsc]b-|^[lr][rsc]b$", re.IGNORECASE)
signs = [piece for piece in PIECES if not ESCAPES.search(piece)]
plain_words = [word for word in WORDS if not ESCAPES.search(word)]
piece = st.sampled_from([*signs, *plain_words, *plain_words, *MARKUP])
cue_lines = st.lists(
    st.lists(st.tuples(piece, st.sampled_from([" ", " ", "  ", ""])), min_size=1, max_size=8),
    max_size=3,
).map(lambda rows: ["".join(map("".join, row)) for row in rows])
files = st.tuples(
    st.lists(st.tuples(st.integers(0, 3), cue_lines), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "\ufeff"]),
)


def written(cues: list[tuple[int, list[str]]]) -> tuple[list[str], list[bool]]:
    """The lines of a file, and which of them are text of a cue."""
    lines, is_text = ["WEBVTT", ""], [False, False]
    at = 0
    for number, (silence, shown) in enumerate(cues):
        at += silence
        times = f"00:00:{at:02},000 --> 00:00:{at + 1:02},000"
        lines += [str(number), times, *shown, ""]
        is_text += [False, False, *[True] * len(shown), False]
        at += 1
    return lines, is_text


def assert_kept(before: str, after: str, is_text: list[bool], end: str) -> None:
    """Lines of cues have other case and blanks, all else is what it was."""
    lines = before.split(end), after.split(end)
    for was, came, of_cue in zip(*lines, is_text, strict=True):
        if not of_cue:
            assert came == was
        assert reference.lower(reference.bare(came)) == reference.lower(reference.bare(was))
        assert MARKED.findall(came) == MARKED.findall(was)


MARKED = re.compile(r"<[^<>]*>|\{\\[^}]*\}|&\w+;|\\N")


@given(files, st.sampled_from(subtitles.KINDS))
@example(([(0, ["the ", "n t ", "<i>mayor", "</i>, said"])], "\r\n", "\ufeff"), "srt")
def test_only_the_text_of_cues_changes(
    erratic: Restorer, drawn: tuple[Any, str, str], kind: str
) -> None:
    cues, end, mark = drawn
    lines, is_text = written(cues)
    text = mark + end.join(lines)
    assert_kept(text, subtitles.restore(text, erratic, kind), is_text, end)
    assert_kept(text, subtitles.flatten(text, kind), is_text, end)


@given(files, st.sampled_from(subtitles.KINDS))
def test_line_ends_make_no_difference(
    restorer: Restorer, drawn: tuple[Any, str, str], kind: str
) -> None:
    lines, _ = written(drawn[0])
    after = subtitles.restore("\n".join(lines), restorer, kind)
    other = subtitles.restore("\r\n".join(lines), restorer, kind)
    assert other == after.replace("\n", "\r\n")


@given(st.lists(st.sampled_from(plain_words), min_size=1, max_size=60), st.integers(1, 9))
def test_cut_into_cues_a_sentence_is_restored_as_it_is_whole(
    restorer: Restorer, words: list[str], count: int
) -> None:
    assume(not any(word in {".", "!", "?", "-", "--"} for word in words))
    rows = [" ".join(words[at : at + count]) for at in range(0, len(words), count)]
    cues = [(0, rows[at : at + 2]) for at in range(0, len(rows), 2)]
    lines, is_text = written(cues)
    after = subtitles.restore("\n".join(lines), restorer, "srt").split("\n")
    shown = " ".join(line for line, of_cue in zip(after, is_text, strict=True) if of_cue)
    whole = restorer.restore(" ".join(words))
    assert reference.bare(shown) == reference.bare(whole)


odd = st.one_of(
    st.sampled_from([TIMING, "1:2 --> 3:4", "-->", "\n", "\r\n", "\r", "\n\n", "NOTE", "STYLE x"]),
    st.sampled_from(["WEBVTT", "\ufeff", "7", "<", "<v ", ">", "&", "amp;", "lt;", "&#", "91;"]),
    st.sampled_from(["{\\", "}", "'", "''", "``", "n't", "@-@", "- ", "[", "]"]),
    texts,
)


@given(
    st.lists(odd, max_size=12).map("".join),
    st.sampled_from(subtitles.KINDS),
    st.sampled_from(Convention),
)
@example("the \nn't \n@-@ \n@-@ ''", "srt", Convention.PTB)
@example("&amp;amp;apos; &amp;<i>lt;</i> , x .", "vtt", Convention.MOSES)
def test_nothing_is_lost_whatever_the_file(
    erratic: Restorer, rest: str, kind: str, convention: Convention
) -> None:
    text = TIMING + rest
    plain = not ESCAPES.search(text)
    flat = subtitles.flatten(text, kind, convention)
    for after in (subtitles.restore(text, erratic, kind), flat):
        assert re.findall(r"[\r\n]", after) == re.findall(r"[\r\n]", text)
        if plain and (after is not flat or convention == Convention.PLAIN):
            lower = [reference.lower(reference.bare(one)) for one in (text, after)]
            assert lower[0] == lower[1]


def test_what_captions_show_again_is_restored_once(restorer: Restorer) -> None:
    """And comes out alike, with markup or without."""
    times = ["00:01.000 --> 00:02.000", "00:02.000 --> 00:03.000", "00:03.000 --> 00:04.000"]
    shown = [["the mayor"], ["the mayor", "<c>of </c><c>paris</c>"], ["of paris", "said"]]
    text = "\n\n".join("\n".join([time, *rows]) for time, rows in zip(times, shown, strict=True))
    after = subtitles.restore(text, restorer, "vtt")
    lines = [re.sub("<.*?>", "", line) for line in after.split("\n")]
    assert lines[1] == lines[4]
    assert lines[5] == lines[8]
    assert reference.bare(restorer.restore("the mayor of paris said")) == reference.bare(
        lines[1] + lines[5] + lines[9]
    )


def test_very_many_words_are_several_documents(
    restorer: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n\n".join(f"{TIMING}the mayor\nof paris said so" for _ in range(50))
    once = subtitles.restore(text, restorer, "srt")
    monkeypatch.setattr("majuscule.subtitles.rows.TOGETHER", 40)
    parts = subtitles.restore(text, restorer, "srt")
    assert reference.lower(parts) == reference.lower(once) == text


# What it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"line 1: expected a cue, got nothing"),
        ("\n \n", r"line 1: expected a cue, got nothing"),
        ("WEBVTT\n\nNOTE\na\n", r"line 1: expected the timing of a cue, as in .*; got 'WEBVTT'"),
        ("\n\nplain text\n", r"line 3: .* got 'plain text'; .* --format text"),
        ("1\nsoon --> later\nyes\n", r"line 2: .* got 'soon --> later'"),
    ],
)
def test_a_file_without_cues_is_refused(restorer: Restorer, text: str, says: str) -> None:
    for kind in subtitles.KINDS:
        with pytest.raises(DataError, match=says):
            subtitles.restore(text, restorer, kind)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtitles, "LONGEST", 40)
    assert subtitles.flatten(TIMING + "Yes.", "srt") == TIMING + "yes ."
    with pytest.raises(DataError, match="expected at most 40 characters of subtitles, got more"):
        subtitles.flatten(TIMING + "No, no, no.", "srt")


def test_kinds() -> None:
    assert [subtitles.kind_of(name) for name in ("a.srt", "b/c.VTT", "srt", "a.srt.gz")] == [
        "srt",
        "vtt",
        None,
        None,
    ]
    assert convert.SUBTITLES == subtitles.KINDS
    with pytest.raises(MajusculeError, match="expected a kind of subtitles, srt or vtt; got 'ass'"):
        subtitles.flatten(TIMING, "ass")


# The command ----------------------------------------------------------------------------------


def command(*arguments: object, given_text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "majuscule", *map(str, arguments)]
    return subprocess.run(line, input=given_text, capture_output=True, check=False, timeout=300)


@pytest.mark.model
@pytest.mark.parametrize("name", FILES)
def test_the_command(tmp_path: Path, name: str) -> None:
    wanted = (DATA / restored_name(name)).read_bytes()
    done = command("restore", DATA / name, "-o", tmp_path / "out")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "out").read_bytes() == wanted
    kind = subtitles.kind_of(name)
    done = command("restore", "--format", kind, given_text=(DATA / name).read_bytes())
    assert done.stdout == wanted


def test_the_command_flattens(here: Any, tmp_path: Path) -> None:
    path = tmp_path / "Talk.SRT"
    path.write_text(TIMING + 'Yes, "Ann".', encoding="utf-8")
    flat = (TIMING + "yes , &quot; ann &quot; .").encode()
    assert here("flatten", path, "--convention", "moses").stdout == flat
    as_text = majuscule.flatten(TIMING + 'Yes, "Ann".').encode()
    assert here("flatten", path, "--format", "text").stdout == as_text


def test_what_the_command_refuses(here: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.srt").write_text(TIMING, encoding="utf-8")
    Path("b.txt").write_text("Plain.\n", encoding="utf-8")
    Path("c.vtt").write_text("WEBVTT\n", encoding="utf-8")
    Path("d.srt").write_bytes(TIMING.encode() + b"caf\xe9\n")
    assert_refused(here("flatten", "a.srt", "b.txt"), 2, "one file of subtitles, got 2 files")
    assert_refused(here("restore", "a.srt", "a.srt"), 2, "one file of subtitles, got 2 files")
    assert_refused(here("flatten", "c.vtt", "-o", "out"), 1, "c.vtt: line 1: expected the timing")
    assert_refused(here("flatten", "d.srt", "-o", "out"), 1, "d.srt: line 2: expected UTF-8")
    assert_refused(here("flatten", "--format", "vtt", "b.txt"), 1, "b.txt: line 1", "'Plain.'")
    assert_refused(here("flatten", "--format", "ass"), 2, "'ass'", "srt", "vtt", "text")
    monkeypatch.setattr(subtitles, "LONGEST", 20)
    assert_refused(here("flatten", "a.srt"), 1, "a.srt: expected at most 20 characters")
    assert not Path("out").exists()
