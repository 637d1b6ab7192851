# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernel of `majuscule.decode`: scores to the best labels."""

from libc.stdint cimport INT64_MIN, int32_t, int64_t, uint8_t

import numpy as np


def viterbi(const int32_t[:, :, ::1] scores, const uint8_t[::1] role, const uint8_t[::1] cased,
            const uint8_t[::1] allowed, const int32_t[::1] line, const int32_t[:, :, :, ::1] transitions):
    """The best row of labels for each line; see `majuscule.decode.best`."""
    cdef Py_ssize_t n = role.shape[0], lines = line.shape[0] - 1, r, t, a, b
    cdef int i, j, jj, ii, k, kp, count, prior_count, from_, g
    cdef int64_t best, value
    cdef int64_t[8] delta
    cdef int64_t[8] fresh
    cdef int32_t[3][4] by_case
    cdef int32_t[2] by_gap
    cdef uint8_t[8] reached
    cdef uint8_t[8] prior
    cdef uint8_t[:, ::1] back = np.empty((n, 8), dtype=np.uint8)
    cdef uint8_t[::1] out = np.empty(n, dtype=np.uint8)
    with nogil:
        for r in range(lines):
            a = line[r]
            b = line[r + 1]
            if a == b:
                continue
            prior[0] = 0
            prior_count = 1
            delta[0] = 0
            kp = 0
            for t in range(a, b):
                k = role[t]
                count = 0
                by_gap[0] = 0
                by_gap[1] = scores[t, 0, 3]
                for i in range(3):
                    for j in range(4):
                        by_case[i][j] = 0
                        if j and cased[k]:
                            by_case[i][j] = scores[t, 0, j - 1] + (scores[t, i, j - 1] if i else 0)
                for j in range(8):
                    if not ((allowed[t] >> (j & 3)) & 1 and (allowed[t] >> (4 + (j >> 2))) & 1):
                        continue
                    best = INT64_MIN
                    from_ = 0
                    for ii in range(prior_count):
                        i = prior[ii]
                        if not cased[k] and (i & 3) != (j & 3):
                            continue
                        # After MIXED is as after TITLE.
                        g = i & 3
                        value = delta[i] + transitions[kp, k, i, j] + by_case[1 if g == 3 else g][j & 3]
                        if value > best:
                            best = value
                            from_ = i
                    if best == INT64_MIN:
                        continue
                    fresh[j] = best + by_gap[j >> 2]
                    back[t, j] = from_
                    reached[count] = j
                    count += 1
                prior_count = count
                # Kept small so that a line of any length cannot overflow.
                best = fresh[reached[0]]
                for jj in range(count):
                    prior[jj] = reached[jj]
                    delta[reached[jj]] = fresh[reached[jj]] - best
                kp = k
            from_ = prior[0]
            for jj in range(1, prior_count):
                if delta[prior[jj]] > delta[from_]:
                    from_ = prior[jj]
            t = b - 1
            while True:
                # A case that was only carried is not the token's own.
                out[t] = from_ if cased[role[t]] else from_ & 4
                if t == a:
                    break
                from_ = back[t, from_]
                t -= 1
    return np.asarray(out)
