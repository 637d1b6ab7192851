# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernels of `majuscule.model`: feature ids to scores, and filling the table they live in."""

from libc.stdint cimport int16_t, int32_t, uint8_t, uint16_t, uint32_t, uint64_t

import numpy as np

from majuscule._table cimport CODE_BITS, WAYS, bucket_of, code_in, fingerprint, majuscule_prefetch

cdef enum:
    AHEAD = 40  # how far ahead of the sum the next buckets are asked for


def score(const uint64_t[::1] ids, const int32_t[::1] first, const int32_t[::1] edge,
          const uint32_t[:, ::1] table, const int16_t[:, ::1] codebook):
    """Sum the weights of each token's features: int32[tokens, 3, 4].

    The three rows: by itself, and what a TITLE or an UPPER token before it adds.
    """
    cdef Py_ssize_t n = first.shape[0] - 1, total = ids.shape[0], i, c
    cdef int k, ways = <int>table.shape[1]  # not the constant: compilers would unroll it first
    cdef uint64_t buckets = table.shape[0]
    cdef uint32_t code
    cdef int32_t s0, s1, s2, s3
    cdef int32_t[:, :, ::1] out = np.zeros((n, 3, 4), dtype=np.int32)
    with nogil:
        for c in range(min(AHEAD, total)):
            majuscule_prefetch(&table[bucket_of(ids[c], buckets), 0])
        for i in range(n):
            s0 = s1 = s2 = s3 = 0
            for c in range(first[i], first[i + 1]):
                if c + AHEAD < total:
                    majuscule_prefetch(&table[bucket_of(ids[c + AHEAD], buckets), 0])
                code = code_in(&table[bucket_of(ids[c], buckets), 0], ways, fingerprint(ids[c]))
                if c < edge[i]:
                    s0 += codebook[code, 0]
                    s1 += codebook[code, 1]
                    s2 += codebook[code, 2]
                    s3 += codebook[code, 3]
                elif code:
                    for k in range(4):
                        out[i, 1 + ((c - edge[i]) & 1), k] += codebook[code, k]
            out[i, 0, 0] = s0
            out[i, 0, 1] = s1
            out[i, 0, 2] = s2
            out[i, 0, 3] = s3
    return np.asarray(out)


def codes_of(const uint64_t[::1] keys, const uint32_t[:, ::1] table):
    """The code of each key, 0 of one that is not in the table (uint16)."""
    cdef Py_ssize_t n = keys.shape[0], i, ahead = AHEAD if AHEAD < n else n
    cdef int ways = <int>table.shape[1]
    cdef uint64_t buckets = table.shape[0]
    cdef uint16_t[::1] out = np.empty(n, dtype=np.uint16)
    with nogil:
        for i in range(ahead):
            majuscule_prefetch(&table[bucket_of(keys[i], buckets), 0])
        for i in range(n):
            if i + AHEAD < n:
                majuscule_prefetch(&table[bucket_of(keys[i + AHEAD], buckets), 0])
            out[i] = <uint16_t>code_in(&table[bucket_of(keys[i], buckets), 0], ways, fingerprint(keys[i]))
    return np.asarray(out)


def fill(const uint64_t[::1] ids, const uint32_t[::1] codes, Py_ssize_t buckets):
    """Build the table from ids in order of importance; what finds its bucket full is left out.

    Returns `(table, left_out)`.
    """
    cdef Py_ssize_t n = ids.shape[0], i, base, k, left_out = 0
    cdef uint32_t fp
    cdef uint32_t[:, ::1] table = np.zeros((buckets, WAYS), dtype=np.uint32)
    with nogil:
        for i in range(n):
            base = bucket_of(ids[i], buckets)
            fp = fingerprint(ids[i])
            for k in range(WAYS):
                if table[base, k] == 0:
                    table[base, k] = fp << CODE_BITS | codes[i]
                    break
                if table[base, k] >> CODE_BITS == fp:
                    left_out += 1
                    break
            else:
                left_out += 1
    return np.asarray(table), left_out


def lookup(const uint64_t[::1] key, const uint32_t[::1] low, const int32_t[::1] start, const int32_t[::1] end,
           const uint64_t[::1] known, const uint32_t[::1] form_low, const int32_t[::1] form_start,
           const int32_t[::1] form_end):
    """Where each token's written form starts, or -1 (int32).

    `known` are the forms' keys in rising order. Letters are compared too: a token with the
    key of another word has no form.
    """
    cdef Py_ssize_t n = key.shape[0], m = known.shape[0], i, k, low_, high, middle
    cdef uint64_t wanted
    cdef int32_t[::1] out = np.empty(n, dtype=np.int32)
    # Few tokens have a form: a look at 16 bits of the key spares most searches.
    cdef uint8_t[::1] present = np.zeros(65536, dtype=np.uint8)
    with nogil:
        for i in range(m):
            present[known[i] & 65535] = 1
        for i in range(n):
            out[i] = -1
            wanted = key[i]
            if not present[wanted & 65535]:
                continue
            low_ = 0
            high = m
            while low_ < high:
                middle = (low_ + high) >> 1
                if known[middle] < wanted:
                    low_ = middle + 1
                else:
                    high = middle
            if low_ == m or known[low_] != wanted or form_end[low_] - form_start[low_] != end[i] - start[i]:
                continue
            for k in range(end[i] - start[i]):
                if low[start[i] + k] != form_low[form_start[low_] + k]:
                    break
            else:
                out[i] = form_start[low_]
    return np.asarray(out)
