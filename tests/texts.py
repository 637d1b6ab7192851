"""Texts to try: all of Unicode, and what the conventions make hard, in every mixture."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

PIECES = (  # noqa: SIM905 - easier to read than a hundred quotes
    # Escapes whole and in parts, in every case.
    "&amp; &apos; &quot; &lt; &gt; &#91; &#93; &#124; &AMP; &Apos; &amp;amp; &amp;lt; & amp ; # 91"
    " lt apos quot -LRB- -lrb- -rrb- -RSB- -lcb- lrb rrb @-@ @,@ @.@ @ -"
    " `` '' ` ' n't N'T n’t n N t T ca"
    # Words cut in two.
    " can not cannot CANNOT Gonna gon na gotta got ta wan wanna gim me lem 'tis tis 'twas twas 't"
    " was is"
    # Words, numbers and signs of every kind.
    " the The THE said led u.s. U.S.-led al-Qaim iphone iPhone mcdonald McDonald's a i I x1 b2b 5"
    ' 1999 2.5 10,000 . , ... … : ; ! ? ( ) [ ] { } " “ ” „ « » ‘ ’ -- – — / \\ $ € % ° _ + = * ~'
    # Letters that have no way back from their other case, marks, and what is no letter at all.
    " ß İ ŉ ǅ ſ ﬁ K é e\u0301 \u0301 Σ ς 中文 ١٢ Ⅷ ⓐ 😀 \0 \ud800 \ufeff \u200b"
).split(" ")

BLANKS = ("\t", "  ", "\u00a0", "\u3000", "\n", "\n\n", "\r\n", "\r", "\x0b", "\x85", "\u2028")

pieces = st.sampled_from(PIECES)
blanks = st.one_of(st.just(" "), st.just(""), st.just(" "), st.just(""), st.sampled_from(BLANKS))

mixtures = st.lists(st.tuples(pieces, blanks), max_size=12).map(
    lambda pairs: "".join(piece + blank for piece, blank in pairs)
)
"""Pieces with any blank or none between them."""

unicode = st.text(st.characters(), max_size=30)
"""Any code points, surrogates too."""

texts = st.one_of(
    mixtures,
    unicode,
    st.lists(
        st.one_of(pieces, blanks, st.text(st.characters(), min_size=1, max_size=3)), max_size=16
    ).map("".join),
)
"""All of them."""

WORDS = (  # noqa: SIM905 - as above
    "the mayor of paris said on friday that nato and the e.u. were n't in it for money but mr."
    " o'neil bought an iphone at mcdonald 's in new york for $ 310 (about 24/7 or 3.5 % ) \"yes\" :"
    " al-qaim u.s.-led - -- who 's there ? me ! i 'd say so; gon na be u.s. @-@ led &quot; ok ''"
).split(" ")

lines = st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join)
"""Lines much as pipelines leave them."""

documents = st.lists(st.one_of(lines, lines, mixtures), max_size=8).map("\n".join)
"""Several lines, some of them blank."""


def cut(text: str, places: set[int]) -> list[str]:
    """A text in pieces of whole lines, cut after some of them."""
    whole = [part + "\n" for part in text.split("\n")]
    whole[-1] = whole[-1][:-1]
    bounds = [0, *sorted(p for p in places if 0 < p < len(whole)), len(whole)]
    return ["".join(whole[a:b]) for a, b in itertools.pairwise(bounds)]
