# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernels of `majuscule.text`: code points to tokens, tokens to code points."""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from cpython.unicode cimport PyUnicode_FromKindAndData

import numpy as np

from majuscule._kinds cimport (
    WORD, INITIAL, NUMBER, MIXTURE, PERIOD, COMMA, COLON, TERMINAL, APOSTROPHE, QUOTE, OPENING,
    CLOSING, HYPHEN, DASH, SLASH, CURRENCY, PERCENT, SYMBOL, SIGN, FIRST_WORD, FIRST_INITIAL,
)

cdef extern from "Python.h":
    uint32_t* PyUnicode_AsUCS4(object, uint32_t*, Py_ssize_t, int) except NULL

# Classes of the Unicode table (models/unicode/table.py).
cdef enum:
    OTHER = 0
    BLANK = 1
    LETTER = 2
    LOWER_LETTER = 3
    UPPER_LETTER = 4
    MARK = 5
    DIGIT = 6

cdef enum:
    LINE_TOKENS = 65536

ctypedef const int32_t[::1] Info
ctypedef const uint8_t[::1] Page


cdef inline int32_t entry_of(uint32_t c, Page page, Info info) except? -9 nogil:
    """A code point's entry in the two-stage table: its class and its partner's distance."""
    return info[(<Py_ssize_t>page[c >> 8] << 8) | (c & 255)]


cdef inline int class_of(int32_t entry) noexcept nogil:
    return entry & 7


cdef inline bint is_word(int cls) noexcept nogil:
    return cls >= LETTER


cdef inline bint leads(int cls, uint32_t c) noexcept nogil:
    """Whether a letter without case takes the place of a word's capital: no title makes ﬁRst.

    The signs of U+02B0 to U+02FF, letters to Unicode, do not: ʻOkina, ʿAli.
    """
    return cls == LETTER and not 0x2B0 <= c <= 0x2FF


cdef inline uint32_t ascii_lower(uint32_t c) noexcept nogil:
    return c + 32 if 65 <= c <= 90 else c


cdef inline int kind_of_sign(uint32_t c) noexcept nogil:
    if c == 46 or c == 0x2026:
        return PERIOD
    if c == 44:
        return COMMA
    if c == 58 or c == 59:
        return COLON
    if c == 33 or c == 63:
        return TERMINAL
    if c == 39 or c == 0x2019 or c == 0x2018 or c == 96:
        return APOSTROPHE
    if c == 34 or c == 0x201C or c == 0x201D or c == 0x201E or c == 0xAB or c == 0xBB:
        return QUOTE
    if c == 40 or c == 91 or c == 123:
        return OPENING
    if c == 41 or c == 93 or c == 125:
        return CLOSING
    if c == 45 or c == 0x2010 or c == 0x2011:
        return HYPHEN
    if c == 0x2013 or c == 0x2014 or c == 0x2212:
        return DASH
    if c == 47 or c == 92:
        return SLASH
    if c == 36 or c == 0xA3 or c == 0x20AC or c == 0xA5 or c == 0x20B9:
        return CURRENCY
    if c == 37 or c == 0xB0:
        return PERCENT
    if c == 38 or c == 64 or c == 35 or c == 95 or c == 43 or c == 61 or c == 42 or c == 126:
        return SYMBOL
    # What other scripts that part words with blanks have for . , ; ? (Arabic, Urdu, Hindi, Armenian)
    if c == 0x6D4 or c == 0x964 or c == 0x589:
        return PERIOD
    if c == 0x60C:
        return COMMA
    if c == 0x61B:
        return COLON
    if c == 0x61F:
        return TERMINAL
    return SIGN


def code_points(str text):
    """The text as a uint32 array."""
    cdef Py_ssize_t n = len(text)
    cdef uint32_t[::1] out = np.empty(n + 1, dtype=np.uint32)
    PyUnicode_AsUCS4(text, &out[0], n + 1, 1)
    return np.asarray(out)[:n]


def to_str(const uint32_t[::1] chars):
    """A uint32 array of code points as a string."""
    if chars.shape[0] == 0:
        return ""
    return PyUnicode_FromKindAndData(4, &chars[0], chars.shape[0])


cdef inline uint32_t at(const uint32_t[::1] chars, Py_ssize_t i, Py_ssize_t n) except? 0 nogil:
    return chars[i] if 0 <= i < n else 10


cdef inline bint breaks(uint32_t c) noexcept nogil:
    """Whether a code point delimits an escape; so does the text's end, which `at` gives as 10."""
    return c == 32 or c == 10 or c == 9 or c == 13


def unescape_entities(uint32_t[::1] chars):
    """Undo Moses' eight escapes in place; returns the new length.

    An escaped ampersand is looked at again together with what follows it, so nested
    escapes come undone in one pass and the result holds none.
    """
    cdef Py_ssize_t n = chars.shape[0], i = 0, j = 0, length
    cdef uint32_t a, b, c, d, e, char
    with nogil:
        while i < n:
            c = chars[i]
            length = 0
            if c == 38 and i + 3 < n:
                a = ascii_lower(chars[i + 1])
                b = ascii_lower(chars[i + 2])
                c = ascii_lower(chars[i + 3])
                d = ascii_lower(at(chars, i + 4, n))
                e = ascii_lower(at(chars, i + 5, n))
                char = 0
                if b == 116 and c == 59 and (a == 108 or a == 103):  # &lt; &gt;
                    length, char = 4, 60 if a == 108 else 62
                elif a == 97 and b == 109 and c == 112 and d == 59:  # &amp;
                    length, char = 5, 38
                elif a == 97 and b == 112 and c == 111 and d == 115 and e == 59:  # &apos;
                    length, char = 6, 39
                elif a == 113 and b == 117 and c == 111 and d == 116 and e == 59:  # &quot;
                    length, char = 6, 34
                elif a == 35 and b == 57 and (c == 49 or c == 51) and d == 59:  # &#91; &#93;
                    length, char = 5, 91 if c == 49 else 93
                elif a == 35 and b == 49 and c == 50 and d == 52 and e == 59:  # &#124;
                    length, char = 6, 124
                if length:
                    i += length
                    if char == 38:
                        i -= 1
                        chars[i] = 38
                    else:
                        chars[j] = char
                        j += 1
                    continue
            chars[j] = chars[i]
            i += 1
            j += 1
    return j


cdef inline bint closes_next(const uint32_t[::1] chars, Py_ssize_t i, Py_ssize_t n) except? -1 nogil:
    """Whether the next quote of the line from i on is a closing one again."""
    while i < n and chars[i] != 10:
        if (chars[i] == 39 or chars[i] == 96) and at(chars, i + 1, n) == chars[i] \
                and breaks(chars[i - 1]) and breaks(at(chars, i + 2, n)):
            return chars[i] == 39
        i += 1
    return False


cdef inline bint parted(uint32_t c, uint32_t left, uint32_t right, Page page, Info info) except? -1 nogil:
    """Whether ``@-@`` stands for a hyphen between these, ``@,@`` or ``@.@`` for a number's sign."""
    cdef int one = class_of(entry_of(left, page, info)), other = class_of(entry_of(right, page, info))
    if c == 45:
        return (left == 46 or is_word(one)) and is_word(other)
    return (c == 44 or c == 46) and one == DIGIT and other == DIGIT


def unescape_treebank(uint32_t[::1] chars, Page page, Info info):
    """Undo the Treebank's escapes, ``@-@``, ``@,@`` and ``@.@`` in place; returns the new length.

    Each stands alone between blanks. What they say of spacing is kept by dropping the
    blank: after an opening quote, before a closing one and before ``n't``, around ``@-@``
    and its kin, and between ``--`` and ``--``. Some write '' for every quote: one that closes
    none of its line, before another one, says nothing.
    """
    cdef Py_ssize_t n = chars.shape[0], i = 0, j = 0, k
    cdef uint32_t c, a, b, char, before
    cdef bint alone, opened = False
    with nogil:
        while i < n:
            c = chars[i]
            before = chars[j - 1] if j else 0
            alone = breaks(chars[i - 1] if i else 10)
            if alone and c == 45 and i + 4 < n and chars[i + 4] == 45 and breaks(at(chars, i + 5, n)):
                # -LRB- -RRB- -LSB- -RSB- -LCB- -RCB-
                a = ascii_lower(chars[i + 1])
                b = ascii_lower(chars[i + 2])
                char = 0
                if (a == 108 or a == 114) and ascii_lower(chars[i + 3]) == 98:
                    if b == 114:
                        char = 40 if a == 108 else 41
                    elif b == 115:
                        char = 91 if a == 108 else 93
                    elif b == 99:
                        char = 123 if a == 108 else 125
                if char:
                    chars[j] = char
                    j += 1
                    i += 5
                    continue
            elif c == 32 and j >= 2 and before == 45 and chars[j - 2] == 45 \
                    and at(chars, i + 1, n) == 45 and at(chars, i + 2, n) == 45:
                # -- -- is ---- cut by twos.
                i += 1
                continue
            elif alone and c == 96 and at(chars, i + 1, n) == 96 and breaks(at(chars, i + 2, n)):
                chars[j] = 34
                j += 1
                i += 2
                opened = True
                while i < n and chars[i] == 32:
                    i += 1
                continue
            elif alone and c == 39 and at(chars, i + 1, n) == 39 and breaks(at(chars, i + 2, n)):
                i += 2
                if opened or not closes_next(chars, i, n):
                    while j and chars[j - 1] == 32:
                        j -= 1
                chars[j] = 34
                j += 1
                opened = False
                continue
            elif c == 10:
                opened = False
            elif c == 64 and at(chars, i + 2, n) == 64 and before == 32 and alone \
                    and at(chars, i + 3, n) == 32 and j >= 2 and i + 4 < n \
                    and parted(chars[i + 1], chars[j - 2], chars[i + 4], page, info):
                chars[j - 1] = chars[i + 1]
                i += 4
                continue
            elif alone and before == 32 and j >= 2 and (c == 110 or c == 78) \
                    and (at(chars, i + 1, n) == 39 or at(chars, i + 1, n) == 0x2019) \
                    and ascii_lower(at(chars, i + 2, n)) == 116 \
                    and class_of(entry_of(chars[j - 2], page, info)) in (LOWER_LETTER, UPPER_LETTER) \
                    and not is_word(class_of(entry_of(at(chars, i + 3, n), page, info))):
                j -= 1
            chars[j] = c
            i += 1
            j += 1
    return j


cdef inline Py_ssize_t fused(const uint32_t* word, Py_ssize_t n, bint apostrophe) noexcept nogil:
    """Where the Penn Treebank cuts a word it holds for two, or 0.

    The list is the convention's own (tokenizer.sed, R. MacIntyre 1995): cannot, gimme,
    gonna, gotta, lemme, wanna, 'tis, 'twas. Whether to join them is for the model.
    """
    cdef uint32_t a = word[0]
    if n == 5:
        if word[3] == 116 or word[3] == 110:  # gotta, gonna, wanna
            if word[4] == 97 and word[2] == word[3]:
                if a == 103 and word[1] == 111:
                    return 3
                if a == 119 and word[1] == 97 and word[2] == 110:
                    return 3
        elif word[2] == 109 and word[3] == 109 and word[4] == 101:  # gimme, lemme
            if (a == 103 and word[1] == 105) or (a == 108 and word[1] == 101):
                return 3
    elif n == 6:
        if a == 99 and word[1] == 97 and word[2] == 110 and word[3] == 110 and word[4] == 111 and word[5] == 116:
            return 3
    elif apostrophe and a == 116:
        if n == 3 and word[1] == 105 and word[2] == 115:
            return 1
        if n == 4 and word[1] == 119 and word[2] == 97 and word[3] == 115:
            return 1
    return 0


def scan(const uint32_t[::1] chars, Page page, Info info):
    """Cut code points into tokens; see `majuscule.text.Tokens` for what comes out."""
    cdef Py_ssize_t n = chars.shape[0], i = 0, j, k, m = 0, count = 0, lines = 1, cut, stop
    cdef uint32_t c
    cdef int32_t entry
    cdef int cls, lowers, uppers, digits, letters, kind, case
    cdef bint first_upper, led, glued = False, apostrophe, fresh = True
    cdef uint64_t h
    # One token a character is the worst case; untouched pages cost nothing.
    cdef uint32_t[::1] low = np.empty(n, dtype=np.uint32)
    cdef int32_t[::1] start = np.empty(n, dtype=np.int32)
    cdef int32_t[::1] end = np.empty(n, dtype=np.int32)
    cdef uint8_t[::1] kinds = np.empty(n, dtype=np.uint8)
    cdef uint64_t[::1] key = np.empty(n, dtype=np.uint64)
    cdef uint8_t[::1] roles = np.empty(n, dtype=np.uint8)
    cdef uint8_t[::1] cases = np.empty(n, dtype=np.uint8)
    cdef uint8_t[::1] glue = np.empty(n, dtype=np.uint8)
    cdef int32_t[::1] line = np.empty(n + 2, dtype=np.int32)
    with nogil:
        line[0] = 0
        while i < n:
            c = chars[i]
            entry = entry_of(c, page, info)
            cls = entry & 7
            if cls == BLANK:
                low[i] = c
                glued = False
                if c == 10:
                    line[lines] = m
                    lines += 1
                    fresh = True
                i += 1
                continue
            if m - line[lines - 1] >= LINE_TOKENS and (not glued or m - line[lines - 1] >= 2 * LINE_TOKENS):
                line[lines] = m
                lines += 1
            if not is_word(cls):
                j = i + 1
                kind = kind_of_sign(c)
                if c == 45:
                    # A row of hyphens is one dash.
                    while j < n and chars[j] == 45:
                        j += 1
                    if j > i + 1:
                        kind = DASH
                for k in range(i, j):
                    low[k] = c
                start[m] = i
                end[m] = j
                kinds[m] = kind
                roles[m] = kind
                if kind == COMMA or kind >= HYPHEN:
                    fresh = False
                elif kind == PERIOD or kind == TERMINAL or kind == COLON or kind == QUOTE:
                    fresh = True
                h = (<uint64_t>c + (j - i) * <uint64_t>0x51ED27) * <uint64_t>0x9E3779B97F4A7C15
                key[m] = h ^ (h >> 31)
                cases[m] = 0
                glue[m] = glued
                glued = True
                m += 1
                i = j
                continue
            j = i
            lowers = uppers = digits = letters = 0
            first_upper = led = False
            while True:
                if cls == UPPER_LETTER:
                    if lowers + uppers == 0:
                        first_upper = not led
                    uppers += 1
                    low[j] = c + (entry >> 3)
                else:
                    low[j] = c
                    if cls == LOWER_LETTER:
                        lowers += 1
                    elif cls == DIGIT:
                        digits += 1
                    else:
                        letters += 1
                        led = led or leads(cls, c)
                j += 1
                if j == n:
                    break
                c = chars[j]
                entry = entry_of(c, page, info)
                cls = entry & 7
                if not is_word(cls):
                    break
            apostrophe = m > line[lines - 1] and kinds[m - 1] == APOSTROPHE
            cut = fused(&low[i], j - i, apostrophe) if 3 <= j - i <= 6 else 0
            stop = i + cut if cut else j
            while True:
                if cut:
                    # A cut word is plain ASCII: its parts' case is read off again.
                    lowers = uppers = 0
                    first_upper = chars[i] != low[i]
                    for k in range(i, stop):
                        if chars[k] != low[k]:
                            uppers += 1
                        else:
                            lowers += 1
                if uppers == 0:
                    case = 0
                elif uppers == 1 and first_upper:
                    case = 1
                elif lowers == 0:
                    case = 2
                else:
                    case = 3
                if lowers + uppers == 0:
                    kind = NUMBER
                elif digits:
                    kind = MIXTURE
                elif lowers + uppers == 1 and letters == 0:
                    kind = INITIAL
                else:
                    kind = WORD
                h = <uint64_t>0x2545F4914F6CDD1D
                if kind == NUMBER and letters == 0:
                    # Numbers are alike but for their length, and years for their century.
                    h = (h ^ <uint64_t>(stop - i)) * <uint64_t>0x9E3779B97F4A7C15
                    if stop - i == 4:
                        h ^= low[i]
                    h *= <uint64_t>0xD6E8FEB86659FD93
                else:
                    for k in range(i, stop):
                        h = (h ^ low[k]) * <uint64_t>0x9E3779B97F4A7C15
                        h ^= h >> 29
                start[m] = i
                end[m] = stop
                kinds[m] = kind
                roles[m] = kind
                if fresh and kind != NUMBER:
                    roles[m] = FIRST_INITIAL if kind == INITIAL else FIRST_WORD
                fresh = False
                key[m] = h ^ (h >> 32)
                cases[m] = case
                glue[m] = glued
                glued = True
                m += 1
                if stop == j:
                    break
                i = stop
                stop = j
            i = j
        if n == 0 or chars[n - 1] == 10:
            lines -= 1  # a line feed ends a line, it begins none
        line[lines] = m
    return (np.asarray(low), np.asarray(start)[:m], np.asarray(end)[:m], np.asarray(kinds)[:m],
            np.asarray(roles)[:m], np.asarray(key)[:m], np.asarray(cases)[:m], np.asarray(glue)[:m],
            np.asarray(line)[:lines + 1])


def allowed(const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] end,
            const uint8_t[::1] kind, const uint8_t[::1] glue, const int32_t[::1] line,
            const uint8_t[::1] begins, const uint8_t[::1] mixed, int seen, bint free):
    """Which labels each token may get: bits 0-3 its cases, bit 4 SPACE, bit 5 JOIN.

    `begins` says which lines begin a document, `seen` holds the marks this document has shown
    glued between words, a bit for each kind of mark and neighbours (see `shown`); the new value
    is returned. `free` disregards the input's
    own spacing, as training does.
    """
    cdef Py_ssize_t n = start.shape[0], lines = line.shape[0] - 1, r, i, a, b, s
    cdef int cases, k
    cdef bint space, join, escape
    cdef uint8_t[::1] out = np.empty(n, dtype=np.uint8)
    with nogil:
        for r in range(lines):
            a = line[r]
            b = line[r + 1]
            if begins[r]:
                seen = 0
            for i in range(a + 1, b - 1):
                k = kind[i]
                if k >= HYPHEN and glue[i] and glue[i + 1] and kind[i - 1] <= MIXTURE and kind[i + 1] <= MIXTURE:
                    seen |= shown(k, kind[i - 1], kind[i + 1])
            for i in range(a, b):
                k = kind[i]
                if k == WORD or k == MIXTURE:
                    cases = 15 if mixed[i] else 7
                elif k == INITIAL:
                    cases = 3
                else:
                    cases = 15  # no case of its own: it carries that of the word before
                space = join = True
                if i == a:
                    join = False
                elif glue[i] and not free:
                    space = False
                elif low[start[i]] == 45 and low[start[i - 1]] == 45:
                    join = False  # hyphens in a row would be one token
                elif k <= MIXTURE and kind[i - 1] <= MIXTURE:
                    # Joined words would be one token: only the Treebank's pairs may.
                    join = is_pair(low, start[i - 1], end[i - 1], start[i], end[i],
                                   i - 1 > a and kind[i - 2] == APOSTROPHE)
                elif not free:
                    if k >= HYPHEN and i + 1 < b and not glue[i + 1] \
                            and glues(seen, k, kind[i - 1], kind[i + 1]):
                        join = False
                    elif kind[i - 1] >= HYPHEN and i - 1 > a and not glue[i - 1] \
                            and glues(seen, kind[i - 1], kind[i - 2], k):
                        join = False
                out[i] = cases | (16 if space else 0) | (32 if join else 0)
            if not free:
                for i in range(a, b):
                    # An escape must not come about by joining: its gaps stay as they are.
                    k = kind[i]
                    if k == APOSTROPHE and i > a and low[start[i]] == low[start[i - 1]]:
                        keep(out, glue, i, i + 1)
                    elif i + 2 < b:
                        if low[start[i]] == 38 and low[start[i + 1]] in (97, 103, 108, 113, 35):
                            # &amp; &apos; &gt; &lt; &quot; and &#91; with one sign more
                            s = i + 3 if low[start[i + 1]] == 35 else i + 2
                            if s < b and low[start[s]] == 59:
                                keep(out, glue, i + 1, s + 1)
                        elif k == HYPHEN and kind[i + 2] == HYPHEN and end[i + 1] - start[i + 1] == 3 \
                                and low[start[i + 1] + 2] == 98:
                            keep(out, glue, i + 1, i + 3)
                        elif low[start[i]] == 64 and low[start[i + 2]] == 64 \
                                and (kind[i + 1] == HYPHEN or low[start[i + 1]] in (44, 46)):
                            keep(out, glue, i + 1, i + 3)
                        elif low[start[i]] == 110 and end[i] - start[i] == 1 and kind[i + 1] == APOSTROPHE \
                                and low[start[i + 2]] == 116:
                            keep(out, glue, i + 1, i + 3)
    return np.asarray(out), seen


cdef inline int shown(int mark, int left, int right) noexcept nogil:
    """The bit for a mark between such neighbours; which of them are numbers makes a difference."""
    return 1 << 4 * (mark - HYPHEN) + (left == NUMBER) + 2 * (right == NUMBER)


cdef inline bint glues(int seen, int mark, int left, int right) noexcept nogil:
    """Whether a document that has shown these glues such a mark between such neighbours.

    One that glues it between letters does so everywhere.
    """
    return seen & (shown(mark, left, right) | shown(mark, WORD, WORD)) != 0


cdef inline int keep(uint8_t[::1] out, const uint8_t[::1] glue, Py_ssize_t a, Py_ssize_t b) except -1 nogil:
    """Forbid joining at the gaps of tokens a to b that are not joined already."""
    cdef Py_ssize_t i
    for i in range(a, b):
        if not glue[i]:
            out[i] = (out[i] & 15) | 16
    return 0


cdef inline bint is_pair(const uint32_t[::1] low, Py_ssize_t s, Py_ssize_t m, Py_ssize_t t, Py_ssize_t e,
                         bint apostrophe) except? -1 nogil:
    """Whether the words [s, m) and [t, e) are the halves of a word that `fused` cuts."""
    cdef uint32_t[6] word
    cdef Py_ssize_t cut = m - s, n = m - s + e - t, k
    if not 3 <= n <= 6:
        return False
    for k in range(n):
        word[k] = low[s + k if k < cut else t + k - cut]
    return fused(word, n, apostrophe) == cut


def render(const uint32_t[::1] chars, const uint32_t[::1] low,
           const int32_t[::1] start, const int32_t[::1] end,
           const uint8_t[::1] labels, const int32_t[::1] form_at, const uint32_t[::1] forms, Page page, Info info):
    """Write tokens with their labels; blanks before a joined token are dropped.

    `form_at[i]` is where a MIXED token's written form starts in `forms`.
    """
    cdef Py_ssize_t n = chars.shape[0], tokens = start.shape[0], i, k, at_ = 0, j = 0, form
    cdef uint32_t c
    cdef int32_t entry
    cdef int kind
    cdef bint done
    cdef uint32_t[::1] out = np.empty(n, dtype=np.uint32)
    with nogil:
        for i in range(tokens):
            if labels[i] < 4:
                for k in range(at_, start[i]):
                    out[j] = chars[k]
                    j += 1
            kind = labels[i] & 3
            if kind == 0:
                for k in range(start[i], end[i]):
                    out[j] = low[k]
                    j += 1
            elif kind == 3:
                form = form_at[i]
                for k in range(end[i] - start[i]):
                    out[j] = forms[form + k]
                    j += 1
            else:
                done = False
                for k in range(start[i], end[i]):
                    c = low[k]
                    if not done:
                        entry = entry_of(c, page, info)
                        if (entry & 7) == LOWER_LETTER:
                            c = c + (entry >> 3)
                            done = kind == 1
                        elif kind == 1:
                            done = leads(entry & 7, c)
                    out[j] = c
                    j += 1
            at_ = end[i]
        for k in range(at_, n):
            out[j] = chars[k]
            j += 1
    return to_str(out[:j])


def cases(const uint32_t[::1] chars, const uint32_t[::1] low, const int32_t[::1] start,
          const int32_t[::1] end, const uint8_t[::1] case, const int32_t[::1] form_at,
          const uint32_t[::1] forms, Page page, Info info):
    """uint8[n]: bits of the cases that write a token as it stands."""
    cdef Py_ssize_t n = start.shape[0], i, k
    cdef uint32_t c
    cdef int32_t entry
    cdef int bits
    cdef bint first
    cdef uint8_t[::1] out = np.empty(n, dtype=np.uint8)
    with nogil:
        for i in range(n):
            bits = 7
            first = True
            for k in range(start[i], end[i]):
                c = low[k]
                if chars[k] != c:
                    bits &= 6
                entry = entry_of(c, page, info)
                if (entry & 7) == LOWER_LETTER:
                    c = c + (entry >> 3)
                    if chars[k] != (c if first else low[k]):
                        bits &= 5
                    first = False
                elif chars[k] != c:
                    bits &= 5
                elif leads(entry & 7, c):
                    first = False
                if chars[k] != c:
                    bits &= 3
            if case[i] == 3:
                bits |= 8
            elif form_at[i] >= 0:
                k = start[i]
                while k < end[i] and chars[k] == forms[form_at[i] + k - start[i]]:
                    k += 1
                if k == end[i]:
                    bits |= 8
            out[i] = bits
    return np.asarray(out)


def first_violation(const uint32_t[::1] before, const uint32_t[::1] after, Page page, Info info):
    """Where `after` differs from `before` in more than case and blanks, or -1.

    Lines must agree too: a line feed counts as a character, not as a blank.
    """
    cdef Py_ssize_t n = before.shape[0], m = after.shape[0], i = 0, j = 0
    cdef uint32_t a, b
    cdef int32_t x, y
    cdef Py_ssize_t found = -1
    with nogil:
        while True:
            while i < n and before[i] != 10 \
                    and (entry_of(before[i], page, info) & 7) == BLANK:
                i += 1
            while j < m and after[j] != 10 \
                    and (entry_of(after[j], page, info) & 7) == BLANK:
                j += 1
            if i == n or j == m:
                if i != n or j != m:
                    found = i
                break
            a = before[i]
            b = after[j]
            if a != b:
                x = entry_of(a, page, info)
                y = entry_of(b, page, info)
                if (x & 7) == UPPER_LETTER:
                    a = a + (x >> 3)
                if (y & 7) == UPPER_LETTER:
                    b = b + (y >> 3)
                if a != b:
                    found = i
                    break
            i += 1
            j += 1
    return found


cdef enum:
    PLAIN = 0
    MOSES = 1
    TREEBANK = 2
    MOSES_PLAIN = 3
    SPACY = 4
    UD = 5
    BERT = 6


cdef inline bint is_digit(uint32_t c, Page page, Info info) except? -1 nogil:
    return class_of(entry_of(c, page, info)) == DIGIT


cdef inline bint is_clitic(const uint32_t[::1] low, Py_ssize_t s, Py_ssize_t e) except? -1 nogil:
    """s, m, d, ll, re, ve: what the Treebank parts from a word with its apostrophe."""
    cdef uint32_t a = low[s]
    if e - s == 1:
        return a == 115 or a == 109 or a == 100
    if e - s == 2:
        return (a == 108 and low[s + 1] == 108) or ((a == 114 or a == 118) and low[s + 1] == 101)
    return False


cdef inline bint ends_sentence(Py_ssize_t i, Py_ssize_t a, Py_ssize_t b, int convention,
                               const uint32_t[::1] chars, const uint32_t[::1] low,
                               const int32_t[::1] start, const int32_t[::1] end,
                               const uint8_t[::1] kind, const uint64_t[::1] key,
                               const uint8_t[::1] glue, const uint64_t[::1] abbreviations,
                               Page page, Info info) except? -1 nogil:
    """Whether the full stop i of the line [a, b) ends a sentence, as tokenisers guess it."""
    cdef Py_ssize_t j = i + 1, k
    cdef uint32_t c
    cdef int cls
    cdef bint initial
    if low[start[i]] != 46:
        return False
    while j < b and glue[j] and (kind[j] == CLOSING or kind[j] == QUOTE or kind[j] == APOSTROPHE):
        j += 1
    if j < b and glue[j]:
        return False
    # u.s. keeps its last stop wherever it stands.
    if i - 2 >= a and kind[i - 1] == INITIAL and glue[i - 1] and kind[i - 2] == PERIOD:
        return False
    # A letter with a stop is a name's, unless it ends a contraction: don't.
    initial = kind[i - 1] == INITIAL and not (i - 2 >= a and glue[i - 1] and kind[i - 2] == APOSTROPHE)
    if j == b:
        return not (convention == MOSES and initial)
    if initial:
        return False
    c = chars[start[j]]
    cls = class_of(entry_of(c, page, info))
    if cls == LOWER_LETTER or kind[j] == COMMA or kind[j] == COLON:
        return False
    for k in range(abbreviations.shape[0]):
        if abbreviations[k] == key[i - 1]:
            # No. is one only before a number.
            return low[start[i - 1]] == 110 and end[i - 1] - start[i - 1] == 2 and kind[j] != NUMBER
    return True


cdef inline bint has_line_feed(const uint32_t[::1] chars, Py_ssize_t a, Py_ssize_t b) except? -1 nogil:
    cdef Py_ssize_t k
    for k in range(a, b):
        if chars[k] == 10:
            return True
    return False


cdef inline Py_ssize_t escape(uint32_t[::1] out, Py_ssize_t o, uint32_t c, bint moses, bint opening) except -1 nogil:
    """Write a character's escape, if the convention has one; returns its length."""
    cdef const char* name = b""
    cdef Py_ssize_t k = 0
    if moses:
        if c == 38:
            name = b"&amp;"
        elif c == 39:
            name = b"&apos;"
        elif c == 34:
            name = b"&quot;"
        elif c == 60:
            name = b"&lt;"
        elif c == 62:
            name = b"&gt;"
        elif c == 91:
            name = b"&#91;"
        elif c == 93:
            name = b"&#93;"
        elif c == 124:
            name = b"&#124;"
    elif c == 34:
        name = b"``" if opening else b"''"
    elif c == 40:
        name = b"-lrb-"
    elif c == 41:
        name = b"-rrb-"
    elif c == 91:
        name = b"-lsb-"
    elif c == 93:
        name = b"-rsb-"
    elif c == 123:
        name = b"-lcb-"
    elif c == 125:
        name = b"-rcb-"
    while name[k]:
        out[o + k] = <uint32_t>name[k]
        k += 1
    return k


cdef inline bint between(const uint8_t[::1] kind, const uint8_t[::1] glue, Py_ssize_t i,
                         Py_ssize_t a, Py_ssize_t b) except? -1 nogil:
    """Whether a sign is glued between two words, or numbers unless a word is before."""
    return i > a and i + 1 < b and glue[i] and glue[i + 1] and kind[i - 1] <= MIXTURE \
        and kind[i + 1] <= MIXTURE and (kind[i + 1] != NUMBER or kind[i - 1] == NUMBER)


def flatten(const uint32_t[::1] chars, const uint32_t[::1] low, const int32_t[::1] start,
            const int32_t[::1] end, const uint8_t[::1] kind, const uint64_t[::1] key,
            const uint8_t[::1] glue, int convention, const uint64_t[::1] abbreviations, Page page, Info info):
    """Write tokens as the convention's tokeniser would, in lower case, one blank between."""
    cdef Py_ssize_t n = chars.shape[0], tokens = start.shape[0], i, j, k, a, b = 0, o = 0
    cdef uint32_t p, c, q
    cdef int kp, kc
    cdef bint cut, opening, run
    cdef bint escaped = convention == MOSES or convention == TREEBANK
    if convention == MOSES_PLAIN:
        convention = MOSES
    # An escape is at most six characters and one blank; untouched pages cost nothing.
    cdef uint32_t[::1] out = np.empty(7 * n + 8, dtype=np.uint32)
    with nogil:
        while True:
            # Line feeds stay, with the carriage return before them.
            a = b
            for k in range(end[a - 1] if a else 0, start[a] if a < tokens else n):
                if chars[k] == 10:
                    if k and chars[k - 1] == 13:
                        out[o] = 13
                        o += 1
                    out[o] = 10
                    o += 1
            if a == tokens:
                break
            b = a + 1
            while b < tokens and (glue[b] or not has_line_feed(chars, end[b - 1], start[b])):
                b += 1
            for i in range(a, b):
                kc = kind[i]
                c = low[start[i]]
                cut = False
                if i == a:
                    pass
                elif not glue[i]:
                    cut = True
                else:
                    kp = kind[i - 1]
                    p = low[start[i - 1]]
                    q = low[start[i + 1]] if i + 1 < b and glue[i + 1] else 0
                    if convention == BERT:
                        cut = kc > MIXTURE or kp > MIXTURE
                    elif convention == MOSES:
                        if kc > MIXTURE and c != 46 and c != 44 and c != 39 and c != 96 and c != 45:
                            cut = True
                        elif kp > MIXTURE and p != 46 and p != 44 and p != 39 and p != 96 and p != 45:
                            cut = True
                        elif c == 44 or p == 44:
                            k = i if c == 44 else i - 1
                            cut = not (k > a and glue[k] and k + 1 < b and glue[k + 1]
                                       and is_digit(low[end[k - 1] - 1], page, info)
                                       and is_digit(low[start[k + 1]], page, info))
                        elif c == 39:
                            cut = True
                        elif p == 39:
                            # don 't and 1990 's stay whole; 'hello' does not.
                            cut = not (kc <= MIXTURE and i - 1 > a and glue[i - 1] and kind[i - 2] <= MIXTURE
                                       and (not is_digit(low[end[i - 2] - 1], page, info) or c == 115)
                                       and not is_digit(c, page, info))
                        elif c == 46 and p == 46:
                            cut = False
                        elif c == 46:
                            cut = q == 46 or ends_sentence(i, a, b, convention, chars, low, start, end, kind, key,
                                                           glue, abbreviations, page, info)
                        elif p == 46:
                            cut = i - 2 >= a and glue[i - 1] and low[start[i - 2]] == 46
                    else:
                        if convention >= SPACY and ((kc == HYPHEN and between(kind, glue, i, a, b))
                                                    or (kp == HYPHEN and between(kind, glue, i - 1, a, b))):
                            cut = True
                        elif convention == UD and ((kc == SLASH and between(kind, glue, i, a, b))
                                                   or (kp == SLASH and between(kind, glue, i - 1, a, b))):
                            cut = True
                        elif kc == QUOTE or kp == QUOTE or kc == OPENING or kp == OPENING \
                                or kc == CLOSING or kp == CLOSING or kc == TERMINAL or kp == TERMINAL \
                                or kc == CURRENCY or kp == CURRENCY or c == 37 or p == 37 \
                                or c == 38 or p == 38 or c == 60 or p == 60 or c == 62 or p == 62 or c == 35 or p == 35 or c == 64 or p == 64 \
                                or c == 59 or p == 59 or c == 0x2014 or p == 0x2014 or p == 0x2018:
                            cut = True
                        elif c == 44 or c == 58:
                            cut = not (q and is_digit(q, page, info))
                        elif p == 44 or p == 58:
                            cut = not is_digit(c, page, info)
                        elif kc == APOSTROPHE:
                            j = i + 2
                            run = (j < b and glue[j] and (kind[j] <= MIXTURE or kind[j] == HYPHEN
                                                          or kind[j] == APOSTROPHE))
                            if q == 0 or kind[i + 1] > MIXTURE:
                                cut = True
                            elif kp <= MIXTURE and not run:
                                if is_clitic(low, start[i + 1], end[i + 1]):
                                    cut = True
                                elif kp == WORD and q == 116 and end[i + 1] - start[i + 1] == 1 \
                                        and low[end[i - 1] - 1] == 110:
                                    # don't is do n't: the cut goes before the n.
                                    out[o] = out[o - 1]
                                    out[o - 1] = 32
                                    o += 1
                        elif c == 46 and p == 46:
                            cut = False
                        elif c == 46:
                            # An ellipsis is a token of its own; two stops are not.
                            cut = (q == 46 and i + 2 < b and glue[i + 2] and low[start[i + 2]] == 46) \
                                or ends_sentence(i, a, b, convention, chars, low, start, end, kind, key,
                                                 glue, abbreviations, page, info)
                        elif p == 46:
                            cut = i - 3 >= a and low[start[i - 2]] == 46 and low[start[i - 3]] == 46 \
                                and glue[i - 1] and glue[i - 2]
                        elif c == 0x2026 or p == 0x2026:
                            cut = True
                        elif (c == 45 and kc == DASH) or (p == 45 and kp == DASH):
                            cut = True
                        elif kc <= MIXTURE and kp <= MIXTURE:
                            cut = True
                if cut:
                    out[o] = 32
                    o += 1
                if kc > MIXTURE and escaped:
                    opening = i == a or not glue[i] or kind[i - 1] == OPENING or kind[i - 1] == DASH
                    k = escape(out, o, c, convention == MOSES, opening)
                    if k:
                        o += k
                        continue
                for k in range(start[i], end[i]):
                    if convention == BERT and kc > MIXTURE and k > start[i]:
                        out[o] = 32  # a row of hyphens
                        o += 1
                    out[o] = low[k]
                    o += 1
    return to_str(out[:o])
