# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernel of `majuscule.features`: tokens to feature ids."""

from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t, uint64_t

import numpy as np

from majuscule._kinds cimport (
    WORD, NUMBER, MIXTURE, PERIOD, COMMA, COLON, TERMINAL, APOSTROPHE, QUOTE, OPENING, CLOSING,
    FIRST_WORD,
)

cdef enum:
    # Most features a token can have; the room set aside for each.
    WIDTH = 104
    # Places for a document's words; a word's is chosen by the top bits of its key.
    PLACE_BITS = 14
    # The class of no word: the line's beginning or end.
    NOTHING = 4096
    # How a token stands to an acronym in brackets.
    SPELT = 1  # a word whose initial is in it, or between such
    DEFINED = 2  # the acronym, in its brackets
    KNOWN = 3  # the same later on in the document
    RECALLED = 4  # in brackets, and words of these initials came before in the document
    # Classes from here on are of words mostly written with a capital.
    CAPITAL = 2048
    INITIALS_BITS = 10
    # After so many tokens without a stop or a comma a document is taken to have none. Of the
    # evaluation sets' lines with any, one in twenty goes on so long without.
    BARE = 24


cdef inline uint64_t mix(uint64_t a, uint64_t b) noexcept nogil:
    """Hash a pair; the order counts."""
    a = (a ^ (b * <uint64_t>0x9E3779B97F4A7C15)) * <uint64_t>0xD6E8FEB86659FD93
    return a ^ (a >> 32)


cdef inline uint64_t feature(uint64_t template, uint64_t a) noexcept nogil:
    """The id of a template's value: well mixed in its high bits, never 0."""
    a = (a + template * <uint64_t>0xA24BAED4963EE407) * <uint64_t>0x9FB21C651E98DF25
    a ^= a >> 28
    a *= <uint64_t>0x9E3779B97F4A7C15
    return a | 1


def of_classes(Py_ssize_t count):
    """The ids of the features that say of a word nothing but its class, for the first classes."""
    cdef uint64_t[::1] out = np.empty(count, dtype=np.uint64)
    cdef Py_ssize_t i
    for i in range(count):
        out[i] = feature(113, i)
    return np.asarray(out)


cdef inline uint64_t bucket(Py_ssize_t n) noexcept nogil:
    """A length, rounded: 0 to 7 exact, then by doubling."""
    if n < 8:
        return n
    if n < 12:
        return 8
    if n < 20:
        return 9
    if n < 40:
        return 10
    return 11


cdef inline uint64_t finish(uint64_t before) noexcept nogil:
    """How the line before ended: 0 none, 1 a sentence, 2 a word early or 3 late in the line.

    A document's first line that ends in a word may be its headline: 250 and 251.
    """
    cdef uint64_t last = (before >> 1) & 255
    if before == 0:
        return 0
    if last == PERIOD or last == TERMINAL:
        return 1
    if last <= MIXTURE:
        return (2 if ((before >> 9) & 15) < 8 else 3) + (248 if before >> 13 else 0)
    return last


cdef inline uint64_t nearness(uint64_t tokens) noexcept nogil:
    """How far back something was, roughly: 0 near to 3 far."""
    return 0 if tokens < 30 else 1 if tokens < 120 else 2 if tokens < 500 else 3


cdef void find_acronyms(const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] end,
                        const uint8_t[::1] kind, const int32_t[::1] left_at, uint8_t[::1] acronym,
                        Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    """Mark acronyms in brackets after the words whose initials they are, and those words.

    Words of up to three letters may be passed over: ``human rights watch ( hrw )``,
    ``office for the coordination of humanitarian affairs ( ocha )``.
    """
    cdef Py_ssize_t i, j, k, most
    for i in range(a + 1, b - 1):
        if kind[i] != WORD or kind[i - 1] != OPENING or kind[i + 1] != CLOSING:
            continue
        if end[i] - start[i] > 8:
            continue
        k = end[i] - 1  # the letter whose word is looked for
        j = left_at[i]
        most = 2 * (end[i] - start[i])
        while j >= 0 and most > 0:
            most -= 1
            if low[start[j]] == low[k]:
                k -= 1
                if k < start[i]:
                    break
            elif end[j] - start[j] > 3:
                break
            j = left_at[j]
        if k < start[i]:
            acronym[i] = DEFINED
            for j in range(j, i):
                acronym[j] = SPELT


cdef inline uint64_t spelling(uint64_t before, uint32_t letter) noexcept nogil:
    return (before + letter) * <uint64_t>0x9FB21C651E98DF25


cdef void note_initials(const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] right_at,
                        const uint64_t[::1] right_signs, Py_ssize_t i, uint64_t document,
                        uint64_t[:, ::1] initials) noexcept nogil:
    """Keep the initials of the two to five words from here on that no sign parts."""
    cdef uint64_t h = spelling(0, low[start[i]])
    cdef int k
    for k in range(4):
        if right_at[i] < 0 or right_signs[i]:
            return
        i = right_at[i]
        h = spelling(h, low[start[i]])
        initials[<Py_ssize_t>(h >> (64 - INITIALS_BITS)), 0] = h
        initials[<Py_ssize_t>(h >> (64 - INITIALS_BITS)), 1] = document


cdef bint recalls(const uint32_t[::1] low, Py_ssize_t a, Py_ssize_t b, uint64_t document,
                  const uint64_t[:, ::1] initials) noexcept nogil:
    """Whether a word's letters are initials that were kept."""
    cdef uint64_t h = 0
    cdef Py_ssize_t k
    if b - a < 2 or b - a > 5:
        return False
    for k in range(a, b):
        h = spelling(h, low[k])
    k = <Py_ssize_t>(h >> (64 - INITIALS_BITS))
    return initials[k, 0] == h and initials[k, 1] == document


def extract(const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] end,
            const uint8_t[::1] kind, const uint8_t[::1] role, const uint64_t[::1] key,
            const int32_t[::1] line, const uint8_t[::1] begins, const uint16_t[::1] classes, int style,
            uint64_t[::1] state, uint64_t[:, ::1] words, uint64_t[:, ::1] initials):
    """Feature ids of every token, one row after another.

    `begins` says which lines begin a document. `state` holds what the document's previous line
    left behind (0 at its start), the number of the document, the tokens so far, the document's tokens before its first stop or
    comma, whether it had one, and whether to heed that; `words`, uint64[1 << PLACE_BITS, 8],
    what stood beside the document's words: key, document, the word before and after them
    with the signs between, their classes, those with the signs, how often << 32 | where,
    and whether they are a known acronym; `initials`, uint64[1 << INITIALS_BITS, 2],
    hashes of the initials of its names, and the document's number. Without rows it remembers
    nothing. All are brought up to date. Returns `(ids, first, edge)`: token i has the features
    ids[first[i]:edge[i]] by itself, then pairs up to first[i + 1]: the first of a pair
    holds after a TITLE or MIXED token, the second after an UPPER one.
    """
    cdef Py_ssize_t n = start.shape[0], lines = line.shape[0] - 1, r, i, j, a, b, c = 0, k, s, e, m
    cdef uint64_t[::1] ids = np.empty(n * WIDTH, dtype=np.uint64)
    cdef int32_t[::1] first = np.empty(n + 1, dtype=np.int32)
    cdef int32_t[::1] edge = np.empty(n, dtype=np.int32)
    # By token: the nearest word to the left, the signs between, the last three letters.
    cdef uint64_t[::1] left = np.empty(n + 1, dtype=np.uint64)
    cdef uint64_t[::1] left_signs = np.empty(n + 1, dtype=np.uint64)
    cdef uint64_t[::1] right = np.empty(n + 1, dtype=np.uint64)
    cdef uint64_t[::1] right_signs = np.empty(n + 1, dtype=np.uint64)
    cdef int32_t[::1] left_at = np.empty(n + 1, dtype=np.int32)
    cdef int32_t[::1] right_at = np.empty(n + 1, dtype=np.int32)
    cdef uint64_t[::1] tail = np.empty(n + 1, dtype=np.uint64)
    cdef uint64_t w, p1, p2, n1, n2, ps, ps2, ns, ns2, h, g, context, opened, quotes, last, here, here_at
    cdef uint64_t u1, u2, v1, v2, kp, kn, kp2, kn2
    cdef uint64_t begin, before = state[0], c0, d1, d2, e1, e2, e3, o1, o2
    cdef uint8_t[::1] acronym = np.zeros(n, dtype=np.uint8)
    cdef bint remembers = words.shape[0] > 0
    cdef uint64_t* place
    cdef uint64_t BEGIN = <uint64_t>0x1F83D9ABFB41BD6B, FINISH = <uint64_t>0x5BE0CD19137E2179
    cdef int32_t at_
    cdef int kd
    with nogil:
        for r in range(lines):
            a = line[r]
            b = line[r + 1]
            if begins[r]:
                before = 0
                state[1] += 1
                state[3] = state[4] = 0
            if a == b:
                continue
            # A line that follows an unfinished one may go on with its sentence.
            begin = mix(BEGIN, finish(before))
            # Left to right, then right to left: the words around, over the signs between.
            w = begin
            g = 0
            at_ = -1
            quotes = 0
            for i in range(a, b):
                left[i] = w
                left_signs[i] = g
                left_at[i] = at_
                if kind[i] <= MIXTURE:
                    w = key[i]
                    g = 0
                    at_ = <int32_t>i
                else:
                    g = mix(g + 1, key[i])
                    if low[start[i]] == 34:
                        quotes += 1
                s = start[i]
                e = end[i]
                h = 7
                for k in range(e - 3 if e - s > 3 else s, e):
                    h = h * <uint64_t>0x10001B3 + low[k]
                tail[i] = h
            w = FINISH
            g = 0
            at_ = -1
            for j in range(b - a):
                i = b - 1 - j
                right[i] = w
                right_signs[i] = g
                right_at[i] = at_
                if kind[i] <= MIXTURE:
                    w = key[i]
                    g = 0
                    at_ = <int32_t>i
                else:
                    g = mix(g + 1, key[i])
            if remembers:
                find_acronyms(low, start, end, kind, left_at, acronym, a, b)
            # What the line is: how it ends, how long it is, whether it opens a document.
            i = b - 1
            while i > a and (kind[i] == QUOTE or kind[i] == CLOSING or kind[i] == APOSTROPHE):
                i -= 1
            last = kind[i]
            here = bucket(b - a)
            context = (last << 8) | (here << 1) | (before == 0)
            opened = 0
            for i in range(a, b):
                first[i] = <int32_t>c
                w = key[i]
                kd = kind[i]
                if kd > MIXTURE:
                    # A sign: its gap only, seen from the tokens right beside it.
                    u1 = key[i - 1] if i > a else begin
                    u2 = key[i - 2] if i > a + 1 else begin
                    v1 = key[i + 1] if i + 1 < b else FINISH
                    v2 = key[i + 2] if i + 2 < b else FINISH
                    if i == a:
                        if low[start[i]] == 34:
                            opened = 1
                        edge[i] = <int32_t>c
                        continue
                    kp = kind[i - 1]
                    kp2 = kind[i - 2] if i > a + 1 else 0
                    kn = kind[i + 1] if i + 1 < b else 0
                    kn2 = kind[i + 2] if i + 2 < b else 0
                    g = opened << 1 | (quotes & 1)
                    h = mix(w, 1)
                    ids[c] = feature(1, h)
                    ids[c + 1] = feature(2, mix(h, u1))
                    ids[c + 2] = feature(3, mix(h, v1))
                    ids[c + 3] = feature(4, mix(mix(h, u1), v1))
                    ids[c + 4] = feature(5, mix(mix(h, u1), u2))
                    ids[c + 5] = feature(6, mix(mix(h, v1), v2))
                    ids[c + 6] = feature(7, mix(h, kp << 24 | kn << 16 | kp2 << 8 | kn2))
                    ids[c + 7] = feature(8, mix(h, kp << 8 | kn))
                    ids[c + 8] = feature(9, mix(h, kp << 8 | kp2))
                    ids[c + 9] = feature(10, mix(h, kn << 8 | kn2))
                    ids[c + 10] = feature(11, mix(h, g))
                    ids[c + 11] = feature(12, mix(h, g << 16 | kp << 8 | kn))
                    ids[c + 12] = feature(13, mix(mix(h, g << 8 | kn), u1))
                    ids[c + 13] = feature(14, mix(mix(h, g << 8 | kp), v1))
                    ids[c + 14] = feature(15, mix(mix(h, tail[i - 1]), kn))
                    ids[c + 15] = feature(16, mix(mix(h, left[i]), right[i]))
                    ids[c + 16] = feature(17, mix(mix(h, left_signs[i]), right_signs[i]))
                    ids[c + 17] = feature(18, mix(mix(h, left_signs[i]), g << 8 | kn))
                    c += 18
                    if style:
                        h = mix(h, style)
                        ids[c] = feature(90, h)
                        ids[c + 1] = feature(91, mix(h, kp << 8 | kn))
                        ids[c + 2] = feature(92, mix(h, u1))
                        ids[c + 3] = feature(93, mix(h, g << 8 | kp))
                        c += 4
                    if low[start[i]] == 34:
                        # Inside a quotation from here on? The signs beside may say so,
                        # which keeps one stray quote from turning all that follow.
                        if kp == OPENING or kp == COLON:
                            opened = 1
                        elif kp == PERIOD or kp == TERMINAL or kn == 0 or kn == COMMA \
                                or kn == PERIOD or kn == TERMINAL or kn == COLON or kn == CLOSING:
                            opened = 0
                        else:
                            opened ^= 1
                    edge[i] = <int32_t>c
                    continue
                p1 = left[i]
                ps = left_signs[i]
                n1 = right[i]
                ns = right_signs[i]
                if kd == NUMBER:
                    # No case: only what stands before it is open, and only after a sign.
                    if ps == 0 or i == a:
                        edge[i] = <int32_t>c
                        continue
                    kp = kind[i - 1]
                    kp2 = kind[i - 2] if i > a + 1 else 0
                    kn = kind[i + 1] if i + 1 < b else 0
                    g = opened << 1 | (quotes & 1)
                    h = mix(ps, 2)
                    ids[c] = feature(20, h)
                    ids[c + 1] = feature(21, mix(h, w))
                    ids[c + 2] = feature(22, mix(h, p1))
                    ids[c + 3] = feature(23, mix(mix(h, p1), w))
                    ids[c + 4] = feature(24, mix(h, g))
                    ids[c + 5] = feature(25, mix(mix(h, n1), ns))
                    ids[c + 6] = feature(26, mix(h, kp2 << 8 | kn))
                    ids[c + 7] = feature(27, mix(mix(h, w), kp2 << 8 | kn))
                    c += 8
                    if style:
                        ids[c] = feature(94, mix(h, style))
                        c += 1
                    edge[i] = <int32_t>c
                    continue
                if left_at[i] >= 0:
                    p2 = left[left_at[i]]
                    ps2 = left_signs[left_at[i]]
                else:
                    p2 = ps2 = 0
                if right_at[i] >= 0:
                    n2 = right[right_at[i]]
                    ns2 = right_signs[right_at[i]]
                else:
                    n2 = ns2 = 0
                s = start[i]
                e = end[i]
                m = e - s
                g = opened << 1 | (quotes & 1)
                kn = kind[i + 1] if i + 1 < b else 0
                kp = kind[i - 1] if i > a else 0
                u1 = mix(p1, ps)
                v1 = mix(n1, ns)
                h = mix(w, 3)
                ids[c] = feature(30, h)
                ids[c + 1] = feature(31, mix(h, ps))
                ids[c + 2] = feature(32, mix(h, u1))
                ids[c + 3] = feature(33, mix(h, v1))
                ids[c + 4] = feature(34, u1)
                ids[c + 5] = feature(35, v1)
                ids[c + 6] = feature(36, mix(mix(h, u1), v1))
                u2 = mix(mix(u1, p2), ps2)
                v2 = mix(mix(v1, n2), ns2)
                ids[c + 7] = feature(37, mix(h, u2))
                ids[c + 8] = feature(38, mix(h, v2))
                ids[c + 9] = feature(39, u2)
                ids[c + 10] = feature(40, v2)
                ids[c + 11] = feature(41, mix(u1, v1))
                ids[c + 12] = feature(42, mix(h, ns))
                ids[c + 13] = feature(43, mix(h, p2))
                ids[c + 14] = feature(44, mix(h, n2))
                ids[c + 15] = feature(45, p2)
                ids[c + 16] = feature(46, n2)
                ids[c + 17] = feature(47, <uint64_t>kd << 32 | bucket(m) << 24 | kp << 16 | kn)
                ids[c + 18] = feature(48, mix(ps, g << 8 | kd))
                ids[c + 19] = feature(49, mix(context, kd << 8 | (1 if m > 3 else 0)))
                ids[c + 20] = feature(50, mix(h, context & ~<uint64_t>1))
                ids[c + 21] = feature(51, mix(mix(tail[left_at[i]], ps) if left_at[i] >= 0 else ps, bucket(m)))
                ids[c + 22] = feature(52, mix(tail[right_at[i]], ns) if right_at[i] >= 0 else ns)
                ids[c + 23] = feature(53, mix(mix(tail[i], u1), 5))
                ids[c + 24] = feature(54, mix(mix(tail[i], v1), 5))
                c += 25
                # The word from inside: beginnings to 4, endings to 5 letters.
                h = 11
                for k in range(4 if m > 4 else m):
                    h = mix(h, low[s + k])
                    ids[c] = feature(60 + k, h)
                    c += 1
                g = h
                h = 13
                for k in range(5 if m > 5 else m):
                    h = mix(h, low[e - 1 - k])
                    ids[c] = feature(65 + k, h)
                    c += 1
                ids[c] = feature(71, mix(g, tail[i]))
                c += 1
                # The same by classes of words alike, one word further to the right.
                c0 = classes[i]
                d1 = d2 = e1 = e2 = e3 = NOTHING
                if left_at[i] >= 0:
                    j = left_at[i]
                    d1 = classes[j]
                    if left_at[j] >= 0:
                        d2 = classes[left_at[j]]
                if right_at[i] >= 0:
                    j = right_at[i]
                    e1 = classes[j]
                    if right_at[j] >= 0:
                        j = right_at[j]
                        e2 = classes[j]
                        if right_at[j] >= 0:
                            e3 = classes[right_at[j]]
                o1 = mix(d1 << 16 | c0, ps)
                o2 = mix(e1 << 16 | c0, ns)
                ids[c] = feature(100, o1)
                ids[c + 1] = feature(101, o2)
                ids[c + 2] = feature(102, mix(o1, o2))
                ids[c + 3] = feature(103, mix(mix(w, d1), ps))
                ids[c + 4] = feature(104, mix(mix(w, e1), ns))
                ids[c + 5] = feature(105, mix(mix(w, d1 << 16 | e1), ps))
                ids[c + 6] = feature(106, mix(mix(d1 << 16 | e1, ps), ns))
                # Sixteen classes are kin.
                ids[c + 7] = feature(107, mix(d2 << 32 | d1 << 16 | c0 >> 4, ps))
                ids[c + 8] = feature(108, mix(e2 << 32 | e1 << 16 | c0 >> 4, ns))
                h = (d2 >> 4) << 48 | (d1 >> 4) << 36 | (c0 >> 4) << 24 | (e1 >> 4) << 12 | e2 >> 4
                ids[c + 9] = feature(109, mix(mix(h, ps), ns))
                ids[c + 10] = feature(110, mix(c0, u1))
                ids[c + 11] = feature(111, mix(c0, v1))
                ids[c + 12] = feature(112, mix((c0 >> 4) << 48 | e1 << 32 | e2 << 16 | e3 >> 4, ns))
                ids[c + 13] = feature(113, c0)
                ids[c + 14] = feature(114, mix(mix(tail[i], e1), ns))
                ids[c + 15] = feature(115, mix(mix(tail[i], d1), ps))
                c += 16
                if remembers:
                    place = &words[<Py_ssize_t>(w >> (64 - PLACE_BITS)), 0]
                    here_at = state[2] + <uint64_t>(i - a)
                    h = d1 << 16 | e1
                    if place[0] == w and place[1] == state[1]:
                        # What it stood beside when it was last here.
                        g = nearness(<uint32_t>(here_at - place[6]))
                        k = <Py_ssize_t>(place[6] >> 32)
                        ids[c] = feature(120, place[2])
                        ids[c + 1] = feature(121, place[3])
                        ids[c + 2] = feature(122, mix(place[5], g))
                        ids[c + 3] = feature(123, mix(place[5], c0 >> 4))
                        ids[c + 4] = feature(124, mix((place[4] & 0xFFFF) << 2 | g, c0))
                        ids[c + 5] = feature(125, mix((place[4] >> 16) << 2 | g, c0))
                        ids[c + 6] = feature(126, mix(<uint64_t>(k if k < 4 else 4) << 2 | g, <uint64_t>kd << 10 | c0 >> 4))
                        ids[c + 7] = feature(127, mix(mix(place[4], h), c0 >> 4))
                        c += 8
                        if place[7] and not acronym[i]:
                            acronym[i] = KNOWN
                        if k < 255:
                            k += 1
                    else:
                        place[0] = w
                        place[1] = state[1]
                        place[7] = 0
                        k = 1
                    place[2] = u1
                    place[3] = v1
                    place[4] = h
                    place[5] = mix(mix(h, ps), ns)
                    place[6] = <uint64_t>k << 32 | <uint32_t>here_at
                    if c0 >= CAPITAL:
                        note_initials(low, start, right_at, right_signs, i, state[1], initials)
                    if acronym[i] != DEFINED and kp == OPENING and kn == CLOSING \
                            and recalls(low, start[i], end[i], state[1], initials):
                        acronym[i] = RECALLED
                    if acronym[i]:
                        if acronym[i] == DEFINED or acronym[i] == RECALLED:
                            place[7] = 1
                        g = acronym[i]
                        h = mix(g, w)
                        ids[c] = feature(140, g)
                        ids[c + 1] = feature(141, h)
                        ids[c + 2] = feature(142, mix(g, u1))
                        ids[c + 3] = feature(143, mix(g, v1))
                        ids[c + 4] = feature(144, mix(g, d1 << 16 | e1))
                        ids[c + 5] = feature(145, mix(h, d1))
                        ids[c + 6] = feature(146, mix(h, e1))
                        ids[c + 7] = feature(147, mix(g, c0))
                        ids[c + 8] = feature(148, mix(g, bucket(m)))
                        ids[c + 9] = feature(149, mix(g, d1))
                        ids[c + 10] = feature(150, mix(g, e1))
                        ids[c + 11] = feature(151, mix(h, u1))
                        ids[c + 12] = feature(152, mix(h, v1))
                        c += 13
                if i == a:
                    ids[c] = feature(72, before)
                    ids[c + 1] = feature(73, mix(before, w))
                    ids[c + 2] = feature(74, mix(context, 3))
                    c += 3
                if style:
                    h = mix(w, style)
                    ids[c] = feature(95, h)
                    ids[c + 1] = feature(96, mix(h, u1))
                    ids[c + 2] = feature(97, mix(h, v1))
                    ids[c + 3] = feature(98, mix(ps + style, <uint64_t>kd << 8 | (context >> 8)))
                    h = mix(c0, style)
                    ids[c + 4] = feature(116, h)
                    ids[c + 5] = feature(117, mix(mix(h, d1), ps))
                    ids[c + 6] = feature(118, mix(mix(h, e1), ns))
                    c += 7
                edge[i] = <int32_t>c
                if left_at[i] >= 0:
                    # What the word is after a capital: "Ohio River", "Mary said". After one
                    # that a sentence's beginning explains, less.
                    g = mix(ps, role[left_at[i]] >= FIRST_WORD)
                    h = mix(g, w)
                    for k in range(2):
                        ids[c + k] = feature(80 + k, h)
                        ids[c + 2 + k] = feature(82 + k, mix(h, v1))
                        ids[c + 4 + k] = feature(84 + k, mix(mix(g, tail[i]), bucket(m)))
                        ids[c + 6 + k] = feature(86 + k, mix(g, p1))
                        ids[c + 8 + k] = feature(88 + k, mix(g, c0))
                        ids[c + 10 + k] = feature(78 + k, mix(mix(g, c0), mix(e1, ns)))
                    c += 12
            i = a
            while i < b and not state[4]:
                state[4] = kind[i] == PERIOD or kind[i] == TERMINAL or kind[i] == COMMA or kind[i] == COLON
                state[3] += not state[4]
                i += 1
            if state[5] and state[3] >= BARE and not state[4] and last <= MIXTURE:
                last = PERIOD  # where nothing else tells sentences apart, lines do
            before = 1 | last << 1 | here << 9 | <uint64_t>(before == 0) << 13
            state[2] += <uint64_t>(b - a)
        state[0] = before
        first[n] = <int32_t>c
    return np.asarray(ids)[:c], np.asarray(first), np.asarray(edge)
