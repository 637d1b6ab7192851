# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernels of `majuscule.rescorer`: what the second stage reads, and where."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t

import numpy as np

from majuscule._kinds cimport WORD, INITIAL, MIXTURE, FIRST_WORD
from majuscule._table cimport bucket_of, code_in, fingerprint, majuscule_prefetch

cdef enum:
    # Bits of the tables that words, and beginnings and endings of words, fall into.
    WORD_BITS = 16
    PART_BITS = 14
    # Bits of the memory's places.
    PLACE_BITS = 14
    # What no value is, in the unsigned bytes that the network reads.
    ZERO = 128
    ONE = 192
    # Numbers a token has; `majuscule.rescorer.NUMBERS`.
    NUMBERS = 176
    # Where its weights begin among them, how many kinds of features there are, and how many of
    # a word's have a place of their own.
    WEIGHTS = 80
    SLOTS = 48


cdef inline uint64_t mixed(uint64_t a) noexcept nogil:
    a *= <uint64_t>0x9FB21C651E98DF25
    a ^= a >> 28
    a *= <uint64_t>0x9E3779B97F4A7C15
    return a ^ (a >> 32)


cdef inline uint8_t byte(int32_t value) noexcept nogil:
    """A signed value as the network reads it."""
    if value > 127:
        return 255
    if value < -128:
        return 0
    return <uint8_t>(value + ZERO)


cdef inline int32_t part(const uint32_t[::1] low, int32_t start, int32_t end, uint64_t which) noexcept nogil:
    cdef uint64_t h = which
    cdef int32_t i
    for i in range(start, end):
        h = mixed(h + low[i])
    return 1 + <int32_t>(h >> (64 - PART_BITS))


def inputs(const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] end,
           const uint8_t[::1] kind, const uint8_t[::1] role, const uint64_t[::1] key,
           const int32_t[::1] line, const uint8_t[::1] begins, const uint16_t[::1] classes,
           const int32_t[:, :, ::1] scores, const uint8_t[::1] allowed, const uint8_t[::1] labels,
           const int32_t[:, ::1] margins, const uint8_t[::1] runner_up, int style,
           uint64_t[::1] state, uint64_t[:, ::1] memory):
    """Of each token its places in five tables and its numbers; see `majuscule.rescorer.inputs`.

    `state` holds the document's number. `memory` holds, for each word of it, a key, how often
    it was there, and the sums of what the first stage found it.
    """
    cdef Py_ssize_t n = start.shape[0], r, i, d, place
    cdef int32_t a, b, size, e, f, count
    cdef uint64_t h, known
    cdef int32_t[:, ::1] places = np.empty((n, 5), dtype=np.int32)
    cdef uint8_t[:, ::1] numbers = np.full((n, NUMBERS), ZERO, dtype=np.uint8)
    with nogil:
        for r in range(line.shape[0] - 1):
            if begins[r]:
                state[0] += 1
            for i in range(line[r], line[r + 1]):
                a = start[i]
                b = end[i]
                size = b - a
                h = mixed(key[i] + 1)
                places[i, 0] = 1 + <int32_t>(h >> (64 - WORD_BITS))
                places[i, 1] = 1 + <int32_t>((h >> 8) & ((1 << WORD_BITS) - 1))
                places[i, 2] = 1 + classes[i]
                if kind[i] == WORD or kind[i] == MIXTURE:
                    places[i, 3] = part(low, a, min(b, a + 3), 1)
                    places[i, 4] = part(low, max(a, b - 3), b, 2)
                else:
                    places[i, 3] = places[i, 4] = part(low, a, min(b, a + 2), 3)
                for d in range(4):
                    numbers[i, d] = byte(scores[i, 0, d] >> 3)
                    numbers[i, 4 + d] = byte(scores[i, 0, d] >> 6)
                for d in range(3):
                    numbers[i, 8 + d] = byte(scores[i, 1, d] >> 5)
                    numbers[i, 11 + d] = byte(scores[i, 2, d] >> 5)
                for d in range(2):
                    e = margins[i, d]
                    numbers[i, 14 + d] = byte((e >> 2) - 128)
                    numbers[i, 16 + d] = byte((e >> 5) - 128)
                numbers[i, 18 + (labels[i] & 3)] = ONE
                if labels[i] >> 2:
                    numbers[i, 22] = ONE
                numbers[i, 23 + min(runner_up[i], <uint8_t>4)] = ONE
                numbers[i, 28 + role[i]] = ONE
                if i == line[r]:
                    numbers[i, 50] = ONE
                if i == line[r + 1] - 1:
                    numbers[i, 51] = ONE
                if (allowed[i] >> 3) & 1:
                    numbers[i, 52] = ONE
                if (allowed[i] >> 5) & 1:
                    numbers[i, 53] = ONE
                numbers[i, 54] = byte(8 * min(size, <int32_t>12) - 64)
                if style:
                    numbers[i, 55 + (style & 15)] = ONE
                if memory.shape[0] and size > 1 and (kind[i] == WORD or kind[i] == MIXTURE):
                    # Which words share a place must not depend on how many documents came before.
                    place = <Py_ssize_t>(h >> (64 - PLACE_BITS))
                    known = mixed(h ^ state[0]) | 1
                    if memory[place, 0] == known:
                        count = <int32_t>memory[place, 1]
                        e = <int32_t>(<uint32_t>memory[place, 2])
                        f = <int32_t>(<uint32_t>memory[place, 3])
                        numbers[i, 72] = ONE
                        numbers[i, 73] = byte(16 * min(count, <int32_t>8))
                        numbers[i, 74] = byte(e // count)
                        numbers[i, 75] = byte(f // count)
                    else:
                        memory[place, 0] = known
                        memory[place, 1] = memory[place, 2] = memory[place, 3] = 0
                        count = e = f = 0
                    if role[i] != FIRST_WORD and count < (1 << 20):
                        e += min(max(max(scores[i, 0, 0], scores[i, 0, 1]) >> 3, <int32_t>-128), <int32_t>127)
                        f += min(max((scores[i, 0, 1] - scores[i, 0, 0]) >> 3, <int32_t>-128), <int32_t>127)
                        memory[place, 1] = count + 1
                        memory[place, 2] = <uint64_t><uint32_t>e
                        memory[place, 3] = <uint64_t><uint32_t>f
                    elif not count:
                        memory[place, 0] = 0
    return np.asarray(places), np.asarray(numbers)


def weigh(const int32_t[::1] which, const uint64_t[::1] ids, const int32_t[::1] first, const int32_t[::1] edge,
          const int32_t[::1] start, const int32_t[::1] end, const uint8_t[::1] kind, bint styled,
          const uint32_t[:, ::1] table, const int16_t[:, ::1] codebook, uint8_t[:, ::1] numbers):
    """Write among the numbers of some tokens what each kind of feature weighs.

    Of a word TITLE's and UPPER's weights, of a sign or number JOIN's. Which kind a feature is of
    follows from its place, as `majuscule._features.extract` writes them.
    """
    cdef Py_ssize_t i, j, c
    cdef int m, slot, rest, k
    cdef uint64_t buckets = table.shape[0]
    cdef uint32_t code
    cdef int ways = <int>table.shape[1]
    cdef int32_t[SLOTS][2] sums
    cdef int begins, ends, remembered, acronym, opens
    with nogil:
        for j in range(which.shape[0]):
            i = which[j]
            for c in range(first[i], edge[i]):
                majuscule_prefetch(&table[bucket_of(ids[c], buckets), 0])
            for slot in range(SLOTS):
                sums[slot][0] = sums[slot][1] = 0
            if kind[i] != WORD and kind[i] != INITIAL and kind[i] != MIXTURE:
                for c in range(first[i], edge[i]):
                    code = code_in(&table[bucket_of(ids[c], buckets), 0], ways, fingerprint(ids[c]))
                    slot = <int>min(c - first[i], <Py_ssize_t>(SLOTS - 1))
                    sums[slot][0] += codebook[code, 3]
            else:
                m = end[i] - start[i]
                begins = 25 + min(m, 4)
                ends = begins + min(m, 5)
                rest = <int>(edge[i] - first[i]) - (ends + 17) - (7 if styled else 0)
                acronym = 13 if rest >= 13 else 0
                remembered = 8 if rest - acronym >= 8 else 0
                remembered += ends + 17
                acronym += remembered
                opens = <int>(edge[i] - first[i]) - (7 if styled else 0)
                for c in range(first[i], edge[i]):
                    k = <int>(c - first[i])
                    if k < 25:
                        slot = k
                    elif k < begins:
                        slot = 25
                    elif k < ends:
                        slot = 26
                    elif k < ends + 17:
                        slot = 27 + k - ends
                    elif k < remembered:
                        slot = 44
                    elif k < acronym:
                        slot = 45
                    elif k < opens:
                        slot = 46
                    else:
                        slot = 47
                    code = code_in(&table[bucket_of(ids[c], buckets), 0], ways, fingerprint(ids[c]))
                    sums[slot][0] += codebook[code, 0]
                    sums[slot][1] += codebook[code, 1]
            for slot in range(SLOTS):
                for k in range(2):
                    numbers[i, WEIGHTS + 2 * slot + k] = byte(sums[slot][k] >> 3)


def reach(const uint8_t[::1] chosen, const int32_t[::1] line, const int32_t[::1] spans):
    """The tokens a layered network must look at for those chosen; see `majuscule.rescorer.reach`."""
    cdef Py_ssize_t n = chosen.shape[0], r, i, j, layers = spans.shape[0], l, count
    cdef int32_t d, k
    cdef const uint8_t[::1] upper = chosen
    cdef uint8_t[::1] lower
    cdef int32_t[::1] rank
    cdef int32_t[:, ::1] at
    taps = []
    for l in range(layers - 1, -1, -1):
        d = spans[l]
        lower = np.zeros(n, dtype=np.uint8)
        rank = np.zeros(n, dtype=np.int32)
        with nogil:
            for r in range(line.shape[0] - 1):
                for i in range(line[r], line[r + 1]):
                    if upper[i]:
                        lower[i] = 1
                        if i - d >= line[r]:
                            lower[i - d] = 1
                        if i + d < line[r + 1]:
                            lower[i + d] = 1
            k = 0
            count = 0
            for i in range(n):
                if lower[i]:
                    k += 1
                    rank[i] = k
                if upper[i]:
                    count += 1
        at = np.zeros((count, 3), dtype=np.int32)
        with nogil:
            j = 0
            for r in range(line.shape[0] - 1):
                for i in range(line[r], line[r + 1]):
                    if upper[i]:
                        if i - d >= line[r]:
                            at[j, 0] = rank[i - d]
                        at[j, 1] = rank[i]
                        if i + d < line[r + 1]:
                            at[j, 2] = rank[i + d]
                        j += 1
        taps.append(np.asarray(at))
        upper = lower
    return np.flatnonzero(np.asarray(upper)).astype(np.int32), taps[::-1]
