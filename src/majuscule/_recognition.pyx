# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernels of `majuscule.recognition`: what a text's lines show, and what follows from it."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

import numpy as np

from majuscule._kinds cimport (
    WORD, INITIAL, NUMBER, MIXTURE, PERIOD, COMMA, COLON, TERMINAL, APOSTROPHE, QUOTE, OPENING,
    CLOSING, HYPHEN, CURRENCY, PERCENT,
)

# What is counted; `majuscule.recognition.Signs` gives the columns their names.
cdef enum:
    TOKENS
    WORDS
    CAPITALS
    UPPERS
    BEGUN
    UNBEGUN
    NAMED
    UNNAMED
    TITLED
    UNTITLED
    APART
    CLOSE
    STOPS_APART
    STOPS_CLOSE
    CODE
    FOREIGN
    MOSES
    TREEBANK
    SPLIT
    HYPHENS
    COLUMNS

# The first letter that is not of the Latin script.
cdef enum:
    LATIN = 0x370

# What a word is to the model.
cdef enum:
    COMMON = 1
    NAME = 2

# `Writing` and `Spacing`.
cdef enum:
    NATURAL = 0
    PARTLY = 1
    LOWER = 2
    UPPER = 3
    TITLE = 4

cdef enum:
    KEPT = 0
    TOKENISED = 1

# What is carried from one piece of a text to the next.
cdef enum:
    FRESH  # a sentence may begin with the next word
    DOC_TOKENS
    DOC_BEGUN  # and the three that follow it in a row
    DOC_UNBEGUN
    DOC_NAMED
    DOC_UNNAMED
    DOC_UPPERS
    DOC_LOUD  # of these the ones in lines of four words and more; a name may be a line
    DOC_QUIET  # words of all other lines
    DOC_FLAT  # of these the ones in lines that show that they are flattened
    DOC_CAPITALS
    DOC_APART
    DOC_CLOSE
    DOC_STOPS_APART
    DOC_STOPS_CLOSE
    DOC_CODE
    DECIDED
    DOC_NATURAL
    DOC_FEW
    HEAD  # the same sums as of the document, of the text's first lines

# After those sums.
cdef enum:
    HEAD_CLOSED = HEAD + DECIDED - DOC_TOKENS
    HEAD_NATURAL = HEAD_CLOSED + 1
    STATE = HEAD_CLOSED + 2


def fresh():
    """What is carried on, at the beginning of a text."""
    cdef int64_t[::1] state = np.zeros(STATE, dtype=np.int64)
    state[FRESH] = 1
    return np.asarray(state)


cdef inline bint clitic(const uint32_t[::1] low, Py_ssize_t s, Py_ssize_t e) except? -1 nogil:
    """s, m, d, t, ll, re, ve."""
    cdef uint32_t a = low[s]
    if e - s == 1:
        return a == 115 or a == 109 or a == 100 or a == 116
    if e - s == 2:
        return (a == 108 and low[s + 1] == 108) or ((a == 114 or a == 118) and low[s + 1] == 101)
    return False


cdef inline bint spells(const uint32_t[::1] low, Py_ssize_t s, Py_ssize_t e, const char* word) except? -1 nogil:
    cdef Py_ssize_t k = 0
    while word[k]:
        if s + k >= e or low[s + k] != <uint32_t>word[k]:
            return False
        k += 1
    return s + k == e


cdef inline bint plain(const uint8_t[::1] kind, const uint8_t[::1] glue, Py_ssize_t i,
                       Py_ssize_t a, Py_ssize_t b) except? -1 nogil:
    """Whether a word stands by itself, not within an address or a name of a file."""
    cdef int k
    if i > a and glue[i] and kind[i - 1] != OPENING and kind[i - 1] != QUOTE and kind[i - 1] != APOSTROPHE:
        return False
    if i + 1 == b or not glue[i + 1]:
        return True
    k = kind[i + 1]
    if k == PERIOD or k == COLON or k == COMMA:
        return i + 2 == b or not glue[i + 2]
    return k == TERMINAL or k == CLOSING or k == QUOTE or k == APOSTROPHE


cdef inline bint entity(const uint32_t[::1] low, Py_ssize_t s, Py_ssize_t e) except? -1 nogil:
    return spells(low, s, e, b"apos") or spells(low, s, e, b"quot") or spells(low, s, e, b"amp") \
        or spells(low, s, e, b"lt") or spells(low, s, e, b"gt")


cdef inline Py_ssize_t escape(const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] end,
                              const uint8_t[::1] kind, const uint8_t[::1] glue,
                              Py_ssize_t i, Py_ssize_t b, bint alone, bint* moses) except? -1 nogil:
    """How many tokens from i on are an escape, or 0; of all but Moses' `alone` says that they are."""
    cdef uint32_t c = low[start[i]]
    cdef Py_ssize_t s, e, n
    moses[0] = True
    if c == 38 and i + 2 < b and glue[i + 1] and glue[i + 2]:
        s = start[i + 1]
        e = end[i + 1]
        if low[start[i + 2]] == 59 and entity(low, s, e):
            n = 3
            while spells(low, s, e, b"amp") and i + n + 1 < b and glue[i + n] and glue[i + n + 1] \
                    and low[start[i + n + 1]] == 59 and entity(low, start[i + n], end[i + n]):
                # An ampersand escaped again.
                s = start[i + n]
                e = end[i + n]
                n += 2
            return n
        if i + 3 < b and low[s] == 35 and glue[i + 3] and low[start[i + 3]] == 59:
            s = start[i + 2]
            e = end[i + 2]
            if spells(low, s, e, b"91") or spells(low, s, e, b"93") or spells(low, s, e, b"124"):
                return 4
        return 0
    if not alone:
        return 0
    n = 2 if c == 96 or c == 39 else 3
    if i + n > b or (i + n < b and glue[i + n]):
        return 0
    for s in range(i + 1, i + n):
        if not glue[s]:
            return 0
    if c == 64:
        c = low[start[i + 1]]
        return 3 if (kind[i + 1] == HYPHEN or c == 44 or c == 46) and low[start[i + 2]] == 64 else 0
    moses[0] = False
    if n == 2:
        return 2 if low[start[i + 1]] == c else 0
    if kind[i] == HYPHEN and kind[i + 2] == HYPHEN and end[i + 1] - start[i + 1] == 3:
        s = start[i + 1]
        if (low[s] == 108 or low[s] == 114) and (low[s + 1] == 114 or low[s + 1] == 115 or low[s + 1] == 99) \
                and low[s + 2] == 98:
            return 3
    return 0


cdef inline bint parted(const uint32_t[::1] low, const int32_t[::1] start, const uint8_t[::1] kind,
                        const uint8_t[::1] case, const uint8_t[::1] glue, Py_ssize_t i, Py_ssize_t b) except? -1 nogil:
    """Whether a small n't was parted from a word."""
    return i + 3 < b and not glue[i + 1] and kind[i + 1] == INITIAL and low[start[i + 1]] == 110 and case[i + 1] == 0 \
        and glue[i + 2] and kind[i + 2] == APOSTROPHE and glue[i + 3] and low[start[i + 3]] == 116


cdef inline bint codes(uint32_t c) noexcept nogil:
    """Whether a sign is one that programs are full of and prose is not: = { } _ | \\ ^ ~"""
    return c == 61 or c == 123 or c == 125 or c == 95 or c == 124 or c == 92 or c == 94 or c == 126


def evidence(const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] end,
             const uint8_t[::1] kind, const uint8_t[::1] case, const uint8_t[::1] glue,
             const int32_t[::1] line, const uint8_t[::1] standing, const uint8_t[::1] begin, int64_t[::1] state):
    """int32[lines, COLUMNS]: what each line shows; see `majuscule.recognition.Signs`.

    `begin` says which lines begin a document.
    """
    cdef Py_ssize_t lines = line.shape[0] - 1, r, i, a, b, n, skip
    cdef int k
    cdef uint32_t c
    cdef bint fresh = state[FRESH], may, named, maybe, begins, opens, closes, left, right, moses = False
    cdef int32_t[:, ::1] out = np.zeros((lines, COLUMNS), dtype=np.int32)
    cdef int32_t* row
    with nogil:
        for r in range(lines):
            a = line[r]
            b = line[r + 1]
            if begin[r]:
                fresh = True
            if a == b:
                continue
            row = &out[r, 0]
            row[TOKENS] = <int32_t>(b - a)
            skip = a
            may = fresh
            begins = True  # like it, but of the line alone
            maybe = False
            for i in range(a, b):
                if i < skip:
                    continue
                k = kind[i]
                left = i > a and glue[i]
                right = i + 1 < b and glue[i + 1]
                if k > MIXTURE:
                    n = escape(low, start, end, kind, glue, i, b, not left, &moses)
                    if n:
                        skip = i + n
                        left = skip < b and glue[skip]
                        right = left and kind[skip] <= MIXTURE and clitic(low, start[skip], end[skip])
                        if (right or not left) and not (i > a and glue[i]):
                            row[MOSES if moses else TREEBANK] += 1
                            row[APART] += 1
                        # Of what escapes stand for, quotes and brackets may open a sentence.
                        c = low[start[i]]
                        if c == 64 or (c == 38 and not (spells(low, start[i + 1], end[i + 1], b"apos")
                                                        or spells(low, start[i + 1], end[i + 1], b"quot")
                                                        or low[start[i + 1]] == 35)):
                            may = fresh = False
                        continue
                if k <= MIXTURE:
                    if k != NUMBER:
                        if k == WORD:
                            row[WORDS] += 1
                            row[FOREIGN] += low[start[i]] >= LATIN
                            row[UPPERS] += case[i] == 2 and not parted(low, start, kind, case, glue, i, b)
                        row[CAPITALS] += case[i] != 0
                        named = standing[i] == NAME or (k == INITIAL and low[start[i]] == 105)
                        # What is there must not depend on blanks, which restoring takes away;
                        # what is missing may, for there it can but become less.
                        if case[i]:
                            if may or named:
                                row[BEGUN if may else NAMED] += 1
                        elif plain(kind, glue, i, a, b) and not (fresh and maybe):
                            if fresh or named:
                                row[UNBEGUN if fresh else UNNAMED] += 1
                        if k == WORD and not begins and end[i] - start[i] > 3 and standing[i] == COMMON \
                                and kind[i - 1] != HYPHEN:  # Well-known is written so, too
                            row[TITLED if case[i] else UNTITLED] += 1
                    may = fresh = maybe = begins = False
                    continue
                c = low[start[i]]
                opens = closes = False
                if k == COMMA or k == TERMINAL or k == COLON or k == PERCENT:
                    closes = True
                elif k == PERIOD:
                    # Abbreviations keep their stop; what ends a line is most likely none.
                    if i == a:
                        pass
                    elif not left:
                        row[APART] += kind[i - 1] != PERIOD
                        row[STOPS_APART] += kind[i - 1] != PERIOD
                        row[SPLIT] += right == 0 and i + 1 < b and kind[i + 1] == NUMBER and kind[i - 1] == NUMBER
                    elif i + 1 == b and (kind[i - 1] == NUMBER or kind[i - 1] == CLOSING or kind[i - 1] == QUOTE
                                         or (kind[i - 1] == WORD and end[i - 1] - start[i - 1] > 2)):
                        row[CLOSE] += 1
                        row[STOPS_CLOSE] += 1
                elif k == CLOSING:
                    closes = True
                elif k == OPENING or k == CURRENCY:
                    opens = True
                elif k == QUOTE:
                    if c == 0x201C or c == 0x201E or c == 0xAB:
                        opens = True
                    elif c == 0x201D or c == 0xBB:
                        closes = True
                    elif not left and not right:
                        row[APART] += 1
                    elif left != right:
                        row[CLOSE] += 1
                elif k == APOSTROPHE:
                    if i > a and i + 1 < b and (kind[i - 1] == WORD or kind[i - 1] == INITIAL) \
                            and kind[i + 1] <= MIXTURE and clitic(low, start[i + 1], end[i + 1]):
                        if not left:
                            row[APART] += 1
                            row[SPLIT] += not right
                        elif low[start[i + 1]] == 116 and kind[i - 1] == INITIAL and low[start[i - 1]] == 110 \
                                and i - 1 > a and not glue[i - 1]:
                            row[APART] += 1  # n't by itself
                        elif right:
                            row[CLOSE] += 1
                elif k == HYPHEN and i > a and i + 1 < b and not left and not right \
                        and kind[i - 1] == WORD and kind[i + 1] == WORD:
                    row[HYPHENS] += 1
                if codes(c) or (i > a and ((c == 38 and left and low[start[i - 1]] == 38)
                                           or (k == CLOSING and left and kind[i - 1] == OPENING)
                                           or (c == 59 and left and i + 1 == b))):
                    row[CODE] += 1
                if closes and i > a and kind[i - 1] != k and kind[i - 1] != OPENING:
                    if not left:
                        row[APART] += 1
                        row[STOPS_APART] += k == COMMA
                    elif not right:
                        row[CLOSE] += 1
                        row[STOPS_CLOSE] += k == COMMA
                elif opens and i + 1 < b and kind[i + 1] != k and kind[i + 1] != CLOSING:
                    if not right:
                        row[APART] += 1
                    elif not left:
                        row[CLOSE] += 1
                # A sentence may begin behind a stop that ends a word, and does where a blank is.
                if c == 46 or k == TERMINAL:
                    if i > a and (kind[i - 1] == TERMINAL or (kind[i - 1] <= MIXTURE and end[i - 1] - start[i - 1] > 3)):
                        may = begins = True
                        fresh = not right or kind[i + 1] == QUOTE or kind[i + 1] == APOSTROPHE or kind[i + 1] == CLOSING
                        # Corp. and Calif. are no ends; nobody but they has a capital before.
                        maybe = k == PERIOD and case[i - 1] != 0
                    elif i > a and kind[i - 1] == PERIOD:
                        may = fresh = False
                elif k != QUOTE and k != APOSTROPHE and k != OPENING and k != CLOSING:
                    may = fresh = False
            fresh = may
        state[FRESH] = fresh
    return np.asarray(out)


cdef inline bint titled(const int32_t* row) noexcept nogil:
    """Whether all words begin with a capital that need none, be they too few for Title Case."""
    return row[TITLED] and row[UNTITLED] == 0 and row[CAPITALS] >= row[WORDS]


def by_itself(const int32_t[:, ::1] rows):
    """uint8[lines]: each line's `Writing` by what it shows alone, in no natural document."""
    cdef Py_ssize_t r
    cdef uint8_t[::1] out = np.empty(rows.shape[0], dtype=np.uint8)
    for r in range(rows.shape[0]):
        out[r] = alone(&rows[r, 0])
        if out[r] != UPPER and titled(&rows[r, 0]):
            out[r] = TITLE
    return np.asarray(out)


cdef inline bint lost(int64_t begun, int64_t unbegun, int64_t named, int64_t unnamed) noexcept nogil:
    """Whether most of a few sentences, or a third of many, begin without a capital, or three of
    four names have none.

    Names are told less surely: many words of another language are taken for some.
    """
    return unbegun > begun or (unbegun > 2 and 2 * unbegun > begun) or (unnamed > 1 and unnamed >= begun and unnamed > 3 * named)


cdef int alone(const int32_t* row) noexcept nogil:
    if row[CAPITALS] == 0:
        return LOWER
    if row[UPPERS] and (row[WORDS] - row[UPPERS]) * 8 <= row[UPPERS]:
        return UPPER
    if row[TITLED] >= 3 and row[UNTITLED] * 10 <= row[TITLED]:
        return TITLE
    return PARTLY if lost(row[BEGUN], row[UNBEGUN], row[NAMED], row[UNNAMED]) else NATURAL


cdef void clear(int64_t[::1] state) noexcept nogil:
    cdef int k
    for k in range(DOC_TOKENS, HEAD):
        state[k] = 0


cdef inline int64_t seen(const int64_t* sums) noexcept nogil:
    """How many beginnings of sentences and names."""
    return sums[DOC_BEGUN] + sums[DOC_UNBEGUN] + sums[DOC_NAMED] + sums[DOC_UNNAMED]


cdef inline bint natural(const int64_t* sums) noexcept nogil:
    """Whether sentences and names have their capitals, and not too many other words have.

    Short lines do not show that every word begins with a capital; the long ones do. Words of
    flattened lines may be theirs once they are restored.
    """
    return sums[DOC_CAPITALS] and sums[DOC_QUIET] - sums[DOC_FLAT] >= sums[DOC_LOUD] + sums[DOC_FLAT] \
        and not lost(sums[DOC_BEGUN], sums[DOC_UNBEGUN], sums[DOC_NAMED], sums[DOC_UNNAMED])


cdef inline bint few(const int64_t* sums) noexcept nogil:
    """Whether there is nothing but a word or two in capitals."""
    return sums[DOC_CAPITALS] == 0 and seen(sums) == 0 and 0 < sums[DOC_UPPERS] < 3


cdef inline bint enough(const int64_t* sums, int window) noexcept nogil:
    """Whether no line to come can matter."""
    return sums[DOC_TOKENS] >= window or seen(sums) >= 64 or plain_loss(sums)


cdef inline bint plain_loss(const int64_t* sums) noexcept nogil:
    """Whether it is plain that this is flattened."""
    return sums[DOC_CAPITALS] == 0 and sums[DOC_UPPERS] == 0 and seen(sums) \
        and (seen(sums) >= 8 or (sums[DOC_STOPS_APART] and sums[DOC_CLOSE] == 0))


cdef inline bint doubtful(const int64_t[::1] state) noexcept nogil:
    """Whether the document needs the text's first lines to be judged.

    In a text that begins naturally a document is natural, too, unless its stops stand apart:
    a heading, a list, a line of a poem shows no more by itself.
    """
    return not state[HEAD_CLOSED] and not few(&state[0]) and not natural(&state[0]) \
        and state[DOC_STOPS_APART] <= state[DOC_STOPS_CLOSE]


cdef void decide(int64_t[::1] state) noexcept nogil:
    """Close the window: what has been seen of the document decides."""
    state[DECIDED] = 1
    state[DOC_FEW] = few(&state[0])
    state[DOC_NATURAL] = state[DOC_FEW] or natural(&state[0]) or (
        state[HEAD_NATURAL] and state[DOC_STOPS_APART] <= state[DOC_STOPS_CLOSE])


cdef inline bint flat(const int32_t* row) noexcept nogil:
    """Whether a line's signs show twice that it is flattened, and none that it is not."""
    return row[APART] > 1 and row[CLOSE] == 0


cdef int look(const int32_t* row, int64_t* sums) noexcept nogil:
    """Add a line to what was seen of its document, or of the text's head."""
    cdef int own = alone(row), k
    sums[DOC_TOKENS] += row[TOKENS] + 1
    for k in range(4):
        sums[DOC_APART + k] += row[APART + k]
    sums[DOC_CODE] += row[CODE]
    if own == UPPER or own == TITLE:
        sums[DOC_UPPERS] += row[WORDS]
        if row[WORDS] > 3:
            sums[DOC_LOUD] += row[WORDS]
        return 0
    sums[DOC_CAPITALS] += row[CAPITALS]
    sums[DOC_QUIET] += row[WORDS]
    if own == LOWER and flat(row):
        sums[DOC_FLAT] += row[WORDS]
    for k in range(4):
        sums[DOC_BEGUN + k] += row[BEGUN + k]
    return 0


cdef bint look_at_head(const int32_t[:, ::1] rows, Py_ssize_t old, int window, bint final,
                       int64_t[::1] state) noexcept nogil:
    """Add lines to what the text's first ones show, until they say what it begins with."""
    cdef Py_ssize_t r
    cdef int64_t* head = &state[0] + (HEAD - DOC_TOKENS)
    for r in range(old, rows.shape[0] + 1):
        if state[HEAD_CLOSED]:
            break
        if r < rows.shape[0]:
            look(&rows[r, 0], head)
        if (r == rows.shape[0] and final) or enough(head, window):
            state[HEAD_CLOSED] = 1
            state[HEAD_NATURAL] = seen(head) >= 8 and natural(head)
    return state[HEAD_CLOSED]


def begun(bint naturally):
    """What is carried on, in the midst of a text that begins so, where a document begins."""
    cdef int64_t[::1] state = fresh()
    state[HEAD_CLOSED] = 1
    state[HEAD_NATURAL] = naturally
    return np.asarray(state)


def begins_naturally(const int32_t[:, ::1] rows, int window, bint final, int64_t[::1] state):
    """Whether a text does, by its first lines; None if more of them must be seen."""
    return bool(state[HEAD_NATURAL]) if look_at_head(rows, 0, window, final, state) else None


cdef Py_ssize_t settled(const int32_t[:, ::1] rows, const uint8_t[::1] begins, Py_ssize_t old, bint alone_,
                        int window, bint final, int64_t[::1] state,
                        uint8_t[::1] writing, uint8_t[::1] spacing) except -1 nogil:
    """What as many lines are as can be judged by now; returns how many."""
    cdef Py_ssize_t lines = rows.shape[0], r, done = 0
    if alone_:
        state[HEAD_CLOSED] = 1  # a line by itself has no text around it
    look_at_head(rows, old, window, final, state)
    if not state[DECIDED]:
        clear(state)  # all its lines are among the rows
    for r in range(lines + 1):
        if r == lines:
            if not final:
                break
        if r == lines or begins[r]:
            # The document ends before line r.
            if not state[DECIDED]:
                if doubtful(state) and done < r:
                    break
                decide(state)
            while done < r:
                settle(rows, done, state, writing, spacing)
                done += 1
            clear(state)
            if r == lines:
                break
            if rows[r, TOKENS] == 0 and not alone_:
                # A blank line is of none.
                writing[r] = LOWER
                spacing[r] = KEPT
                done = r + 1
                continue
        if not state[DECIDED]:
            look(&rows[r, 0], &state[0])
            if alone_ or enough(&state[0], window):
                if doubtful(state):
                    break
                decide(state)
        if state[DECIDED]:
            while done <= r:
                settle(rows, done, state, writing, spacing)
                done += 1
    if final:
        for r in range(DOC_TOKENS, STATE):
            state[r] = 0
    return done


def judge(const int32_t[:, ::1] rows, const uint8_t[::1] begins, Py_ssize_t old, bint alone, int window,
          bint final, int64_t[::1] state):
    """``(writing, spacing)``, uint8 each, of as many lines as can be judged by now.

    The first `old` rows were here before and could not be judged yet. `begins` says which lines
    begin a document, `alone` that each of them does.
    """
    cdef uint8_t[::1] writing = np.empty(rows.shape[0], dtype=np.uint8)
    cdef uint8_t[::1] spacing = np.empty(rows.shape[0], dtype=np.uint8)
    cdef Py_ssize_t done
    with nogil:
        done = settled(rows, begins, old, alone, window, final, state, writing, spacing)
    return np.asarray(writing)[:done], np.asarray(spacing)[:done]


def judge_each(const int32_t[:, ::1] rows, const uint8_t[::1] begins, const int64_t[::1] first, bint alone,
               int window):
    """The same of whole texts in a row, each by itself; text k begins with line ``first[k]``."""
    cdef uint8_t[::1] writing = np.empty(rows.shape[0], dtype=np.uint8)
    cdef uint8_t[::1] spacing = np.empty(rows.shape[0], dtype=np.uint8)
    cdef int64_t[::1] state = fresh()
    cdef Py_ssize_t k, a, b
    with nogil:
        for k in range(first.shape[0]):
            a = first[k]
            b = first[k + 1] if k + 1 < first.shape[0] else rows.shape[0]
            settled(rows[a:b], begins[a:b], 0, alone, window, True, state, writing[a:b], spacing[a:b])
    return np.asarray(writing), np.asarray(spacing)


cdef inline int apart(int64_t apart_, int64_t close, int64_t stops_apart, int64_t stops_close) noexcept nogil:
    """1 if signs stand apart as tokenisers leave them, -1 if they do not, 0 if there are none.

    Stops and commas stand at their words wherever people write; a French colon or a bracket
    may not.
    """
    if stops_apart != stops_close:
        return 1 if stops_apart > stops_close else -1
    if apart_ + close == 0:
        return 0
    return 1 if apart_ > close else -1


cdef inline bint program(int64_t signs, int64_t words) noexcept nogil:
    """Whether there are so many signs of programs that this is no prose."""
    return signs > 1 and signs * 3 >= words


cdef int settle(const int32_t[:, ::1] rows, Py_ssize_t r, const int64_t[::1] state,
                uint8_t[::1] writing, uint8_t[::1] spacing) except -1 nogil:
    """What line r is, in a document that has been decided on."""
    cdef const int32_t* row = &rows[r, 0]
    cdef int own = alone(row)
    cdef bint kept
    cdef int tokenised = apart(state[DOC_APART], state[DOC_CLOSE], state[DOC_STOPS_APART], state[DOC_STOPS_CLOSE])
    if state[DOC_STOPS_APART] <= state[DOC_STOPS_CLOSE] \
            and (program(row[CODE], row[WORDS]) or program(state[DOC_CODE], state[DOC_QUIET] + state[DOC_UPPERS])):
        writing[r] = NATURAL
        spacing[r] = KEPT
        return 0
    if row[FOREIGN] * 2 > row[WORDS]:
        own = NATURAL
    elif state[DOC_NATURAL]:
        # A flattened line among natural ones must show it twice over.
        if not (own == LOWER and flat(row) and not state[DOC_FEW] and tokenised <= 0):
            own = NATURAL
    elif own != UPPER and titled(row):
        own = TITLE
    elif own == NATURAL and row[BEGUN] + row[NAMED] < 3:
        own = PARTLY
    if tokenised > 0:
        kept = row[CLOSE] > 2 and row[APART] == 0
    elif tokenised < 0:
        kept = not flat(row) or (state[DOC_NATURAL] and own == NATURAL)
    elif row[APART] or row[CLOSE]:
        kept = apart(row[APART], row[CLOSE], row[STOPS_APART], row[STOPS_CLOSE]) <= 0
    else:
        kept = own == NATURAL or own == PARTLY or row[WORDS] == 0
    writing[r] = own
    spacing[r] = KEPT if kept else TOKENISED
    return 0
