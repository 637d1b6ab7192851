"""`majuscule.comparison`: the same text in every spelling, and what was done to it if not."""

from __future__ import annotations

import re

import pytest
import reference
from hypothesis import assume, example, given
from hypothesis import strategies as st
from texts import WORDS, lines, texts

from majuscule import _text, comparison
from majuscule.comparison import compare, same
from majuscule.errors import DataError
from majuscule.text import Convention, flatten, read

NATURAL = 'BEIRUT (Reuters) - The "U.S.-led" coalition can\'t wait\n[ever].\n'

SAME = {
    "itself": (NATURAL, NATURAL),
    "nothing": ("", ""),
    "nothing but blanks": ("", " \n\n"),
    "capitals": (NATURAL, NATURAL.upper()),
    "in one line": (NATURAL, NATURAL.replace("\n", " ")),
    "a word a line": (NATURAL, NATURAL.replace(" ", "\r\n")),
    "the Treebank's tokens": (
        NATURAL,
        "beirut -lrb- reuters -rrb- - the `` u.s.-led '' coalition ca n't wait -LSB- ever -RSB- .",
    ),
    "Moses' tokens": (
        NATURAL,
        "beirut ( reuters ) - the &quot; u.s. @-@ led &quot; coalition can &apos;t wait [ ever ] .",
    ),
    "Moses' hyphen at a line's end": ("state-of-the-art", "state @-@ of @-@\nthe\n@-@ art"),
    "Moses' hyphen between two blanks": ("U.S.-led", "U.S.  @-@\tled"),
    "n't at a line's beginning": ("don't", "do\nn't"),
    "a row of hyphens, broken": ("so ---- yes", "so --\n-- yes"),
    "'twas, broken": ("'twas", "'\ntwas"),
    "words that only a blank parts": ("the ice cream", "the icecream"),
    "no blank at all": ("It is so.", "itisso."),
    "letters of a script without blanks": ("中文 字", "中文字"),
    "repeated words, parted otherwise": ("ha haha", "haha ha"),
}

OTHER = {
    "something and nothing": ("a", ""),
    "a letter": ("on", "in"),
    "a number of the same length": ("in 1998", "in 1999"),
    "a long number": ("1" * 60 + "2", "1" * 61),
    "digits in another order": ("12", "21"),
    "a number's script": ("12", "١٢"),
    "a letter more": ("ice cream", "icecreams"),
    "quotes of another kind": ('"a"', "“a”"),
    "a letter whose case does not come back": ("straße", "strasse"),
    "a dotted capital": ("İ", "i"),
    "quotes of one mark and two": ("'", "''"),
    "a sign before a word": ("a @-x b", "a-b"),
    "a word after signs": ("a @-@b", "a-b"),
    "signs between words and signs": ("a @-@ , b", "a-, b"),
    "a Moses hyphen that is none": ("a -b", "a @-@"),
    "a hyphen more": ("a-b", "a--b"),
    "a byte order mark": ("a", "\ufeffa"),
    "words in another order": ("a b", "b a"),
    "repeated words, one more": ("ha haha", "haha ha ha"),
}


@pytest.mark.parametrize(("left", "right"), SAME.values(), ids=SAME)
def test_the_same_up_to_case_and_spacing(left, right):
    assert same(left, right)
    assert same(right, left)
    for result in (compare(left, right), compare(right, left)):
        assert result.same
        assert result.differences == ()
        assert result.similarity == 100


@pytest.mark.parametrize(("left", "right"), OTHER.values(), ids=OTHER)
def test_another_text(left, right):
    assert not same(left, right)
    assert not same(right, left)
    result = compare(left, right)
    assert not result.same
    assert result.differences
    assert result.similarity < 100


# Each: two texts, what stands where they differ, and with how many other capitals and blanks.
WHERE = {
    "a word": ("The cat sat.", "the dog sat .", [((1, "cat"), (1, "dog"))], 1, 1),
    "a word more": ("a b\nc", "a b\nnew c", [((2, ""), (2, "new"))], 0, 0),
    "a sentence more": (
        "He goes. End.",
        "He goes. He\nstays. End.",
        [((1, ""), (1, "He\nstays."))],
        0,
        0,
    ),
    "at the end": ("a\nb", "a\nb c\nd", [((2, ""), (2, "c\nd"))], 0, 0),
    "nothing left": ("", "a\nb", [((1, ""), (1, "a\nb"))], 0, 0),
    "escapes are undone": (
        "a -LRB- b -RRB- c",
        "a c",
        [((1, "( b )"), (1, ""))],
        0,
        0,
    ),
    "a Moses hyphen at a line's end is left as it was": (
        "x u.s. @-@\nled y",
        "x y",
        [((1, "u.s. @-@\nled"), (1, ""))],
        0,
        0,
    ),
    "lines and tokens are counted on behind it": (
        "x u.s. @-@\nled\ny z",
        "x u.s.-led Y w",
        [((3, "z"), (1, "w"))],
        1,
        0,
    ),
    "other capitals in a word of many": ("iPhone McDonald", "IPhone McDonald !", None, 1, 0),
    "blanks beside a difference do not count": ("a(b) c", "a ( d ) c", None, 0, 1),
    "blanks and lines are the same": ("a b  c\nd", "a\nb c d !", None, 0, 0),
    "words parted otherwise": (
        "An Ice cream, a",
        "an ICEcream , the",
        [((1, "a"), (1, "the"))],
        2,
        2,
    ),
    "words that only the left text parts, that only the right one parts": (
        "the ice Cream, HotDog and x",
        "The Icecream, hot dog and y",
        None,
        5,
        2,
    ),
    "words parted otherwise between such whose sides were paired": (
        "ha haha and ice cream and ha haha",
        "haha ha and icecream and Haha ha",
        None,
        1,
        5,
    ),
    "words parted otherwise, right beside a difference": (
        "an ice cream x",
        "an icecream y",
        [((1, "ice cream x"), (1, "icecream y"))],
        0,
        0,
    ),
    "words parted otherwise, whose sides were paired": ("ha haha", "Haha ha", None, 1, 2),
}


@pytest.mark.parametrize(
    ("left", "right", "expected", "case", "spacing"), WHERE.values(), ids=WHERE
)
def test_where(left, right, expected, case, spacing):
    result = compare(left, right)
    told = [
        (
            (result.left.line(a.start), result.left.written(a)),
            (result.right.line(b.start), result.right.written(b)),
        )
        for a, b in result.differences
    ]
    assert expected is None or told == expected
    assert (result.case, result.spacing) == (case, spacing)


def test_likeness_is_the_share_of_common_tokens():
    result = compare("one two three four", "one two 3")
    assert (result.left.tokens, result.left.common) == (4, 2)
    assert (result.right.tokens, result.right.common) == (3, 2)
    assert result.similarity == pytest.approx(100 * 2 * 2 / (4 + 3))
    assert compare("a", "").similarity == 0
    # Each text counts its own tokens.
    result = compare("an ice cream and x", "an icecream and")
    assert result.similarity == pytest.approx(100 * (4 + 3) / (5 + 3))


def test_a_token_stands_alone_or_not():
    side = compare('He "goes"\nnow', "").left
    assert [side.parted(token) for token in range(side.tokens)] == [
        *(True, True, False, False, True)
    ]


# The same text however it is written


def blanks(text):
    """A text with its runs of blanks; those that delimit escapes."""
    return re.split(r"([ \t\r\n]+)", text)


@st.composite
def wrapped(draw, source):
    """A text and the same with other blanks where it has some."""
    text = draw(source)
    parts = blanks(text)
    kinds = st.sampled_from([" ", " ", "\n", "\r\n", "\t", "  ", "\n\n"])
    parts[1::2] = [draw(kinds) for _ in parts[1::2]]
    return text, "".join(parts)


@given(wrapped(texts))
@example(("a @-@ b @-@ c", "a @-@\nb\n@-@\nc"))
def test_blanks_make_no_difference(pair):
    assert same(*pair)
    result = compare(*pair)
    assert result.same
    assert result.case == 0


natural = st.lists(lines, max_size=4).map("\n".join).filter(lambda text: "@" not in text)
"""Without Moses' hyphens: at a line's end `flatten` leaves them as they are."""


@given(wrapped(natural), st.sampled_from(Convention))
def test_conventions_make_no_difference(pair, convention):
    text, other = pair
    flat = flatten(text, convention)
    assert compare(text, flat).same
    assert same(flatten(other, convention), flat)


@given(natural, st.sampled_from(Convention))
def test_other_capitals_and_blanks_are_counted(text, convention):
    flat = flatten(text, convention)
    ours, theirs = read(text), read(flat)
    result = compare(text, flat)
    pairs = range(len(ours))
    assert result.case == sum(ours.written(i) != theirs.written(i) for i in pairs)
    assert result.spacing == sum(int(ours.gap[i] != theirs.gap[i]) for i in pairs[1:])


def letters(text):
    """What there is of a text, read as one line, but blanks and case; by the slow reference."""
    return reference.bare(reference.lower(reference.unescape(re.sub(r"[ \t\r\n]+", " ", text))))


def other_blanks(text):
    return re.search(r"[^\S \t\r\n]", text) is not None


@given(texts, texts)
@example("a b", "ab")
def test_same_is_the_same_letters(left, right):
    assume(not other_blanks(left + right))
    for one, other in ((left, right), (left, left + right), (left + right, right + left)):
        expected = letters(one) == letters(other)
        assert same(one, other) == expected
        assert compare(one, other).same == expected


@given(st.text("0123456789", min_size=1, max_size=40), st.data())
def test_numbers_are_told_apart(digits, data):
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[place]]))
    changed = digits[:place] + other + digits[place + 1 :]
    assert not same(f"in {digits} .", f"in {changed} .")
    assert len(compare(f"in {digits} .", f"in {changed} .").differences) == 1


# What was done to it


def chars(side, tokens):
    """The characters of some tokens, in lower case."""
    parts = (comparison._letters(part, part.lower) for part in side.parts(tokens))
    return "".join(map(_text.to_str, parts))


def rebuilt(result):
    """The right text's characters, from the left text's and the differences."""
    parts = []
    i = j = 0
    end = (range(result.left.tokens, result.left.tokens), range(result.right.tokens, -1))
    for left, right in (*result.differences, end):
        parts.append(chars(result.left, range(i, left.start)))
        assert parts[-1] == chars(result.right, range(j, right.start))
        parts.append(chars(result.right, right))
        i, j = left.stop, right.stop
    return "".join(parts)


@given(texts, texts, texts)
def test_the_right_text_is_the_left_one_and_the_differences(one, two, three):
    left, right = f"{one} {two} {three}", f"{one} {three} {two}"
    result = compare(left, right)
    assert rebuilt(result) == chars(result.right, range(result.right.tokens))
    for a, b in result.differences:
        assert len(a) or len(b)
        assert chars(result.left, a) != chars(result.right, b)


@given(texts, texts)
def test_the_other_way_round_is_the_same(left, right):
    one, other = compare(left, right), compare(right, left)
    assert [(b, a) for a, b in other.differences] == list(one.differences)
    assert (one.case, one.spacing) == (other.case, other.spacing)
    assert one.similarity == other.similarity
    assert (one.left.common, one.right.common) == (other.right.common, other.left.common)


words = st.lists(st.sampled_from([word for word in WORDS if word.isalpha()]), max_size=60)
edits = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.sampled_from(["in", "out", "other"])),
    max_size=8,
)


@given(words, edits)
def test_every_edit_is_found_and_nothing_else(kept, edits):
    """Words put in are new, so that there is no doubt about what is common."""
    left, right = list(kept), [(word, True) for word in kept]
    for number, (place, kind) in enumerate(edits):
        k = int(place * len(right))
        right[k : k + (kind != "in")] = [] if kind == "out" else [(f"new{number}", False)]
    result = compare(" ".join(left), "\n".join(word.upper() for word, _ in right))
    new = [word for word, old in right if not old]
    assert result.right.common >= len(right) - len(new)
    told = " ".join(result.right.written(b) for _, b in result.differences)
    assert set(told.lower().split()) >= set(new)
    assert result.same == (left == [word for word, _ in right])
    assert result.left.common == result.right.common == result.case


# Long texts are read in pieces


def told(result):
    sides = [
        (
            side.tokens,
            side.common,
            [side.line(i) for i in range(side.tokens + 1)],
            [side.parted(i) for i in range(side.tokens)],
            [side.written(range(i, side.tokens)) for i in range(side.tokens)],
        )
        for side in (result.left, result.right)
    ]
    return sides, result.differences, result.case, result.spacing


long_texts = st.lists(st.one_of(texts, lines), max_size=5).map(" ".join)


@given(long_texts, long_texts)
@example("a @-@ b @-@ c\nd e @-@\n\n\n@-@ f", "a b '' c n't d -- -- e `` f ca n't '")
def test_where_pieces_end_does_not_show(left, right):
    expected = told(compare(left, right))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "PIECE", 4)
        assert told(compare(left, right)) == expected
        pieces = [re.split(r"(?<=\n)", text) for text in (left, right)]
        assert told(compare(*pieces)) == expected
        assert same(*pieces) == compare(left, right).same
        assert ["".join(comparison._pieces(text)) for text in pieces] == [left, right]


def test_pieces_are_of_bounded_size():
    *pieces, last = comparison._pieces(["word\n"] * 200_000)
    assert {len(piece) for piece in pieces} == {comparison.PIECE + 3}
    assert len(last) < 2 * comparison.PIECE
    assert len(list(comparison._pieces(["- "] * 200_000))) == 1  # where nothing can be cut


@given(texts)
def test_lines_are_the_text_s(text):
    assume("@" not in text)
    side = compare(text, "").left
    expected = [n for n, line in enumerate(text.split("\n"), 1) for _ in range(len(read(line)))]
    assert [side.line(token) for token in range(side.tokens)] == expected


def test_too_much_without_a_blank_is_refused(monkeypatch):
    monkeypatch.setattr("majuscule.text.LONGEST", 10)
    with pytest.raises(DataError, match="at most 10 characters"):
        compare("a" * 11, "a")
