"""Text to tokens and back, escapes, the guarantee's check, and `flatten`."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import reference
from hypothesis import assume, example, given
from hypothesis import strategies as st
from texts import documents, lines, texts

from majuscule import _text, text
from majuscule.errors import DataError, GuaranteeError, MajusculeError
from majuscule.labels import Case, Gap, label
from majuscule.text import (
    Convention,
    Document,
    Kind,
    Tokens,
    check,
    flatten,
    read,
    render,
    unescape,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

HERE = Path(__file__).parent


def golden(name: str) -> list[Any]:
    """Cases kept as data."""
    cases: list[Any] = json.loads((HERE / "golden" / name).read_text(encoding="utf-8"))
    return cases


def as_read(given_text: str) -> str:
    """A text's characters as its tokens were cut from them."""
    return str(_text.to_str(read(given_text).chars))


# Unicode ------------------------------------------------------------------------------------


def test_letters_change_case_where_they_come_back() -> None:
    """Whatever the table lower-cases, Python does too, and back."""
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if reference.class_of(char) == reference.UPPER:
            assert reference.lower(char) == char.lower()
            assert reference.upper(char.lower()) == char
        elif reference.class_of(char) == reference.LOWER:
            assert reference.upper(char) == char.upper()
            assert reference.lower(char.upper()) == char


def test_classes_are_unicode_s() -> None:
    """Every Python carries another Unicode; characters that the table's knew are classed alike."""
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        cls, category = reference.class_of(char), unicodedata.category(char)
        if cls == reference.OTHER:
            continue  # or not yet assigned in the table's Unicode
        assert (cls == reference.BLANK) == char.isspace()
        assert (cls == reference.MARK) == (category[0] == "M" and not char.isspace())
        assert (cls == reference.DIGIT) == (category == "Nd")
        if cls in (reference.LETTER, reference.LOWER, reference.UPPER):
            assert category[0] == "L"


@pytest.mark.parametrize("char", "ßİıŉſ\u212a\u2126\u212bǅﬁ\u01f0\u0390")
def test_letters_without_a_way_back_have_no_case(char: str) -> None:
    assert reference.class_of(char) in (reference.LETTER, reference.OTHER)
    assert reference.lower(char) == char == reference.upper(char)


# Escapes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("escaped", "plain"), golden("unescape.json"))
def test_unescape_golden(escaped: str, plain: str) -> None:
    assert unescape(escaped) == plain


@given(texts)
@example("&AMP;LT;")
@example("\0\u00a0''")
def test_unescape_is_the_reference(given_text: str) -> None:
    assert unescape(given_text) == reference.unescape(given_text)


@given(texts)
def test_unescape_twice_is_once(given_text: str) -> None:
    once = unescape(given_text)
    assert unescape(once) == once


@pytest.mark.parametrize(
    ("deep", "plain"),
    [
        ("&" + "amp;" * 100_000 + "lt;", "<"),
        ("@ @-@ " * 50_000, "@ @-@ " * 50_000),
        ("a @-@ " * 50_000 + "a", "a-" * 50_000 + "a"),
        ("1 @,@ " * 50_000 + "1", "1," * 50_000 + "1"),
        ("`` " * 50_000, '"' * 50_000),
        ("'' " * 50_000, '" ' * 49_998 + '"" '),
        ("`` '' " * 50_000, '"" ' * 50_000),
        ("do n't " * 50_000, "don't " * 50_000),
        ("n't " * 50_000, "n't" + " n't" * 0 + "n't" * 49_999 + " "),
        ("``" + " " * 200_000 + "''", '""'),
        ("`` a" + " " * 200_000 + "''", '"a"'),
    ],
    ids=[
        "amp",
        "at",
        "hyphens",
        "commas",
        "opening",
        "closing",
        "pairs",
        "not",
        "nots",
        "blanks",
        "more",
    ],
)
def test_unescape_of_the_deepest(deep: str, plain: str) -> None:
    """Work that grew with the square of these would not end today."""
    assert unescape(deep) == plain


# Tokens -------------------------------------------------------------------------------------


def assert_same(tokens: Tokens, wanted: list[list[reference.Token]]) -> None:
    """Every array of the tokens is what the reference says."""
    flat = list(chain.from_iterable(wanted))
    assert [tokens.written(i) for i in range(len(tokens))] == [t.written for t in flat]
    assert [tokens.word(i) for i in range(len(tokens))] == [t.word for t in flat]
    for name in ("start", "end", "kind", "role", "key", "case"):
        assert getattr(tokens, name).tolist() == [getattr(t, name) for t in flat], name
    assert tokens.gap.tolist() == [t.glued for t in flat]
    ends = np.cumsum([0] + [len(line) for line in wanted])
    assert tokens.lines.tolist() == ends.tolist()


@given(texts)
@example("")
@example("\n")
@example("a\n\n\nb\r\n")
@example("' tis '\ntis 'twas")
@example("3D x1 1st I İ ß中 e\u0301 \u0301")
def test_read_is_the_reference(given_text: str) -> None:
    plain = reference.unescape(given_text)
    assume(unescape(given_text) == plain)
    tokens = read(given_text)
    assert _text.to_str(tokens.chars) == plain
    assert _text.to_str(tokens.lower) == reference.lower(plain)
    assert_same(tokens, reference.tokenise(plain))


@given(texts)
def test_natural_text_comes_back(given_text: str) -> None:
    tokens = read(given_text)
    assert render(tokens, tokens.labels) == unescape(given_text)


def blind(tokens: Tokens) -> list[Any]:
    """All of the tokens but case and spacing."""
    words = [tokens.word(i) for i in range(len(tokens))]
    return [words, *(getattr(tokens, n).tolist() for n in ("kind", "role", "key", "lines"))]


@given(texts, st.data())
@example("' tis or can not", None)
def test_tokens_are_blind_to_blanks(given_text: str, data: st.DataObject | None) -> None:
    """Other blanks between the same tokens, where they make no escape: the same tokens."""
    plain = as_read(given_text)
    lines = reference.tokenise(plain)
    out = []
    for line in lines:
        for i, token in enumerate(line):
            chosen = "" if data is None else data.draw(st.sampled_from(["", " ", " \t", "\u00a0"]))
            if i and (
                (token.is_word and line[i - 1].is_word and not reference.is_pair(line, i))
                or token.written[0] == line[i - 1].written[-1] == "-"
            ):
                chosen = chosen or " "  # or they would be one token
            out.append(chosen + token.written)
        out.append("\n")
    other = "".join(out)
    assume(unescape(other) == other)
    if plain and not plain.endswith("\n"):
        plain += "\n"
    assert blind(read(other)) == blind(read(plain))


@given(texts)
@example("AT&AMP;T")
def test_tokens_are_blind_to_case(given_text: str) -> None:
    wanted = blind(read(given_text))
    assert blind(read(reference.upper(given_text))) == wanted
    assert blind(read(reference.lower(given_text))) == wanted


def test_of_lines_is_those_lines() -> None:
    tokens = read("One two.\n\nThree , four\nfive")
    some = tokens.of_lines(1, 3)
    assert [some.word(i) for i in range(len(some))] == ["three", ",", "four"]
    assert some.lines.tolist() == [0, 0, 3]
    assert some.gap.tolist() == [0, 0, 0]


def test_a_very_long_line_counts_as_several() -> None:
    many = "a " * (reference.LINE_TOKENS + 5)
    assert read(many).lines.tolist() == [0, reference.LINE_TOKENS, reference.LINE_TOKENS + 5]


def test_a_very_long_line_is_cut_at_blanks_only() -> None:
    """An escape whose parts lay in two lines could come about unseen."""
    many = "a " * (reference.LINE_TOKENS - 1) + "&apos ; b c"
    wanted = [part for line in reference.tokenise(many) for part in reference.parts(line)]
    assert_same(read(many), wanted)


def test_too_much_at_once_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LONGEST", 10)
    with pytest.raises(DataError, match="at most 10 characters at once, got 11"):
        read("a" * 11)
    assert len(read("a" * 10)) == 1


# Rendering and its check --------------------------------------------------------------------


def labels_of(cases: Iterable[int], gaps: Iterable[int]) -> NDArray[np.uint8]:
    """Labels as arrays of the kernels."""
    return np.array([label(Case(c), Gap(g)) for c, g in zip(cases, gaps, strict=True)], np.uint8)


@given(texts, st.data())
def test_render_is_the_reference(given_text: str, data: st.DataObject) -> None:
    plain = as_read(given_text)
    tokens, wanted = read(plain), list(chain.from_iterable(reference.tokenise(plain)))
    assume(len(tokens) == len(wanted))
    n = len(tokens)
    cases = data.draw(st.lists(st.sampled_from(Case), min_size=n, max_size=n))
    gaps = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    # A gap with a line feed in it is never joined.
    gaps = [
        gap and i > 0 and "\n" not in plain[wanted[i - 1].end : token.start]
        for i, (gap, token) in enumerate(zip(gaps, wanted, strict=True))
    ]
    written = render(tokens, labels_of(cases, gaps))
    assert written == reference.render(plain, wanted, cases, [int(gap) for gap in gaps])


def test_mixed_tokens_are_written_as_their_forms() -> None:
    tokens, forms = read("iphone , ebay"), _text.code_points("eBayiPhone")
    labels = labels_of([Case.MIXED, Case.LOWER, Case.MIXED], [0, 1, 0])
    assert render(tokens, labels, np.array([4, -1, 0], np.int32), forms) == "iPhone, eBay"


@given(texts, texts, st.data())
def test_check_is_the_reference(before: str, after: str, data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        # Something near: other case, other blanks, one change.
        after = data.draw(st.sampled_from([reference.upper, reference.lower]))(before)
        after = after.replace(data.draw(st.sampled_from(" \t\u00a0")), "")
        if data.draw(st.booleans()):
            place = data.draw(st.integers(0, len(after)))
            after = after[:place] + data.draw(st.text(max_size=1)) + after[place + 1 :]
    chars = _text.code_points(before)
    place = _text.first_violation(chars, _text.code_points(after), *text._UNICODE)
    assert place == reference.first_violation(before, after)
    if place >= 0:
        with pytest.raises(GuaranteeError, match=f"at character {place} "):
            check(chars, after)
    else:
        check(chars, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b", "a c"),
        ("a b", "a"),
        ("a", "a b"),
        ("a\nb", "a b"),
        ("ab", "a\nb"),
        ("ß", "SS"),
        ("i", "İ"),
        ("a", ""),
    ],
)
def test_check_refuses(before: str, after: str) -> None:
    with pytest.raises(GuaranteeError, match="please report"):
        check(_text.code_points(before), after)


def test_render_raises_rather_than_change_a_letter() -> None:
    with pytest.raises(GuaranteeError):
        render(
            read("cat"),
            labels_of([Case.MIXED], [0]),
            np.zeros(1, np.int32),
            _text.code_points("dOg"),
        )


def test_other_scripts_have_signs_of_the_same_kinds() -> None:
    kinds = read("هل زرت مصر؟ نعم، زرتها؛ ۔ । ։").kind.tolist()
    signs = [Kind(kind).name for kind in kinds if kind > Kind.MIXTURE]
    assert signs == ["TERMINAL", "COMMA", "COLON", "PERIOD", "PERIOD", "PERIOD"]


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("ﬁrst", "ﬁrst"),
        ("ßeta", "ßeta"),
        ("İzmir", "İzmir"),
        ("中a", "中a"),
        ("ʻokina", "ʻOkina"),
        ("ʿali", "ʿAli"),
        ("3d", "3D"),
        ("e\u0301a", "E\u0301a"),
    ],
)
def test_a_letter_without_case_takes_the_capital_s_place(word: str, title: str) -> None:
    assert render(read(word), labels_of([Case.TITLE], [0])) == title
    assert read(title).case.tolist() == [Case.TITLE if title != word else Case.LOWER]


# Labels allowed -----------------------------------------------------------------------------


@given(
    st.one_of(texts, documents),
    st.sampled_from(Document),
    st.sets(st.tuples(st.sampled_from(reference.MARKS), st.booleans(), st.booleans())),
    st.booleans(),
    st.sets(st.sampled_from(["can", "not", "iphone", "the", "x1", "a"])),
)
@example("x -y a-b - c\n\nd - e", Document.BLOCK, set(), False, set())
@example("3-1 a - b 5 - c d - 6 , -", Document.BLOCK, set(), False, set())
def test_allowed_is_the_reference(
    given_text: str, document: Document, seen: set[reference.Shown], free: bool, mixed: set[str]
) -> None:
    plain = as_read(given_text)
    tokens, wanted = read(plain), reference.tokenise(plain)
    assume(len(tokens) == sum(map(len, wanted)))
    keys = {int(key) for word in mixed for key in read(word).key}
    marked = np.array([int(key) in keys for key in tokens.key], np.uint8)

    def as_bits(shown: set[reference.Shown]) -> int:
        return sum(1 << 4 * (mark - Kind.HYPHEN) + a + 2 * b for mark, a, b in shown)

    before = as_bits(seen)
    bits, after = text.allowed(tokens, marked, document, before, free=free)
    choices, now_seen = reference.allowed(
        wanted, keys, document=document.name.lower(), seen=set(seen), free=free
    )
    assert bits.tolist() == [
        sum(1 << case for case in cases) + sum(16 << gap for gap in gaps) for cases, gaps in choices
    ]
    assert after == as_bits(now_seen)


def test_what_a_document_glued_it_does_not_part() -> None:
    tokens = read("al-qaim and albu - kamal\n\nalbu - kamal")
    bits, _ = text.allowed(tokens, np.zeros(len(tokens), np.uint8), Document.BLOCK, 0)
    joins = [bool(bits[i] & 32) for i in range(len(tokens)) if tokens.word(i) == "-"]
    assert joins == [True, False, True]


def test_what_a_document_glued_beside_a_number_it_may_part_elsewhere() -> None:
    """As spaCy does, whose hyphens are parted between letters alone."""
    tokens = read("mid-2025 well - known mid - 2024 3 - 1 of - age\n\nmid - 2024")
    bits, _ = text.allowed(tokens, np.zeros(len(tokens), np.uint8), Document.BLOCK, 0)
    joins = [bool(bits[i] & 32) for i in range(len(tokens)) if tokens.word(i) == "-"]
    assert joins == [True, True, False, True, True, True]


# Flattening ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", golden("flatten.json"), ids=lambda case: case["natural"])
def test_flatten_golden(case: dict[str, str]) -> None:
    for convention in Convention:
        wanted = case.get(convention.name.lower().replace("_", "-"))
        if wanted is not None:
            assert flatten(case["natural"], convention) == wanted


@pytest.mark.parametrize("case", golden("flatten.json"), ids=lambda case: case["natural"])
def test_flatten_golden_is_what_the_tools_do(case: dict[str, str]) -> None:
    """The cases themselves, judged by the tokenisers the conventions come from."""
    treebank = pytest.importorskip("nltk.tokenize.treebank").TreebankWordTokenizer()
    moses = pytest.importorskip("sacremoses").MosesTokenizer("en")
    natural = case["natural"]
    if "\n" in natural:
        return
    if "moses" in case:
        assert moses.tokenize(natural, return_str=True).lower() == case["moses"]
    if "ptb" in case:
        tokens = treebank.tokenize(natural, convert_parentheses=True)
        assert " ".join(tokens).lower() == case["ptb"]


def test_flatten_is_what_moses_does() -> None:
    """On ordinary text, line by line."""
    moses = pytest.importorskip("sacremoses").MosesTokenizer("en")
    natural = (HERE / "data" / "tiny.txt").read_text(encoding="utf-8").splitlines()
    tokenised = [moses.tokenize(line, return_str=True).lower() for line in natural]
    assert flatten("\n".join(natural), "moses").split("\n") == tokenised


def test_flatten_the_article() -> None:
    natural = (HERE / "data" / "article.natural.txt").read_bytes().decode()
    flat = (HERE / "data" / "article.flat.txt").read_bytes().decode()
    assert flatten(natural) == flat


def test_flatten_of_the_flattened_is_itself() -> None:
    flat = (HERE / "data" / "article.flat.txt").read_bytes().decode()
    assert flatten(flat) == flat


@given(texts, st.sampled_from(Convention))
def test_flatten_keeps_lines(given_text: str, convention: Convention) -> None:
    flat = flatten(given_text, convention)
    assert flat.count("\n") == given_text.count("\n")
    for before, after in zip(unescape(given_text).split("\n"), flat.split("\n"), strict=True):
        assert bool(before.strip()) == bool(after.strip())
        line = after.removesuffix("\r")
        assert line == " ".join(line.split(" ")).strip(" ")
        assert "  " not in line
        assert after == line or before.endswith("\r")


@given(texts)
def test_plain_flatten_keeps_characters(given_text: str) -> None:
    plain = unescape(given_text)
    assert reference.bare(flatten(given_text)) == reference.bare(plain)


@given(texts)
def test_moses_flatten_keeps_characters(given_text: str) -> None:
    """With its escapes undone, once."""
    flat = flatten(given_text, "moses")
    undone = reference.ENTITY.sub(lambda m: reference.ENTITIES[m[0]], flat)
    assert reference.bare(undone) == reference.bare(unescape(given_text))


@given(texts, st.sampled_from(Convention))
def test_flattened_is_lower_case(given_text: str, convention: Convention) -> None:
    flat = flatten(given_text, convention)
    assert reference.lower(flat) == flat


@given(st.lists(lines, max_size=4).map("\n".join), st.sampled_from(Convention))
def test_flatten_and_read_gives_the_same_tokens(natural: str, convention: Convention) -> None:
    assert blind(read(flatten(natural, convention))) == blind(read(natural))


def test_conventions_have_names_and_numbers() -> None:
    natural = 'He said "no" (twice).'
    for convention in Convention:
        name = convention.name.lower().replace("_", "-")
        assert flatten(natural, name) == flatten(natural, convention)


def test_no_such_convention() -> None:
    with pytest.raises(
        MajusculeError, match=r"expected a convention, one of plain, moses, .*, bert; got 'x'"
    ):
        flatten("a", "x")


def test_kinds_of_the_reference_are_all_kinds() -> None:
    """What no sign or word has, no text shows."""
    shown = {kind for char in map(chr, range(0x3000)) for kind in read("a " + char).kind.tolist()}
    assert shown >= set(Kind) - {
        Kind.BEGIN,
        Kind.MIXTURE,
        Kind.FIRST_WORD,
        Kind.FIRST_INITIAL,
        Kind.WORD,
    }


def test_the_kernels_kinds_are_the_same() -> None:
    written = (HERE.parent / "src" / "majuscule" / "_kinds.pxd").read_text(encoding="utf-8")
    numbers = {name: int(number) for name, number in re.findall(r"(\w+) = (\d+)", written)}
    assert numbers == {kind.name: kind.value for kind in Kind if kind != Kind.BEGIN}


_ESCAPED = [
    "``",
    "''",
    "n't",
    "@-@",
    "@,@",
    "@.@",
    "-lrb-",
    "-RRB-",
    "&apos;",
    "&amp;",
    "&amp;lt;",
    "&#91;",
    "&QUOT;",
]


@given(
    st.lists(st.sampled_from([*_ESCAPED, "ca", "a", "'", "-", "--", "@", "&", "1", " ", "\n", "é"]))
)
def test_origins_lead_back(parts: list[str]) -> None:
    for given_text in ("".join(parts), " ".join(parts)):
        undone = unescape(given_text)
        spans = text.origins(given_text)
        assert len(spans) == len(undone)
        end = 0
        for (a, b), char in zip(spans, undone, strict=True):
            # In order, and what lies between is blanks that went with an escape.
            assert not given_text[end:a].strip(" ")
            piece = given_text[a:b]
            assert piece == char or (b - a > 1 and char in unescape(f"1 {piece} 1"))
            end = b
        assert not given_text[end:].strip(" ")


@given(texts)
@example("&apo\u017f; &apos; -l\u017fb- &apo\u017f;")  # a long s is no s
def test_origins_of_any_text(given_text: str) -> None:
    spans = text.origins(given_text)
    assert len(spans) == len(unescape(given_text))
    assert spans.tolist() == sorted(spans.tolist())
