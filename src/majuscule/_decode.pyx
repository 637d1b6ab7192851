# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernel of `majuscule.decode`: scores to the best labels."""

from libc.stdint cimport INT32_MAX, INT64_MIN, int32_t, int64_t, uint8_t

import numpy as np

cdef int64_t NEVER = INT64_MIN
"""The score of what cannot be."""


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


cdef inline int64_t step(const int32_t[:, :, ::1] scores, const int32_t[:, :, :, ::1] transitions,
                         Py_ssize_t t, int kp, int k, bint has_case, int i, int j) noexcept nogil:
    """What label j of token t adds after label i; `NEVER` if it cannot follow."""
    cdef int group = 1 if (i & 3) == 3 else i & 3
    cdef int64_t value = transitions[kp, k, i, j]
    if not has_case and (i & 3) != (j & 3):
        return NEVER
    if j >> 2:
        value += scores[t, 0, 3]
    if (j & 3) and has_case:
        value += scores[t, 0, (j & 3) - 1]
        if group:
            value += scores[t, group, (j & 3) - 1]
    return value


def margins(const int32_t[:, :, ::1] scores, const uint8_t[::1] role, const uint8_t[::1] cased,
            const uint8_t[::1] allowed, const int32_t[::1] line, const int32_t[:, :, :, ::1] transitions,
            const uint8_t[::1] labels):
    """How much worse each line gets with another case or gap; see `majuscule.decode.margins`."""
    cdef Py_ssize_t n = role.shape[0], r, t
    cdef int i, j, k, kp, edit, choice, own, other
    cdef int64_t value
    cdef int64_t[4] by_choice
    cdef int64_t[:, ::1] before = np.full((n, 8), NEVER, dtype=np.int64)
    cdef int64_t[:, ::1] after = np.full((n, 8), NEVER, dtype=np.int64)
    cdef int32_t[:, ::1] out = np.full((n, 2), INT32_MAX, dtype=np.int32)
    cdef uint8_t[::1] runner_up = np.full(n, 255, dtype=np.uint8)
    with nogil:
        for r in range(line.shape[0] - 1):
            for t in range(line[r], line[r + 1]):
                k = role[t]
                kp = 0 if t == line[r] else role[t - 1]
                for j in range(8):
                    if not ((allowed[t] >> (j & 3)) & 1 and (allowed[t] >> (4 + (j >> 2))) & 1):
                        continue
                    if t == line[r]:
                        before[t, j] = step(scores, transitions, t, 0, k, cased[k], 0, j)
                        continue
                    for i in range(8):
                        value = step(scores, transitions, t, kp, k, cased[k], i, j)
                        if before[t - 1, i] > NEVER and value > NEVER:
                            before[t, j] = max(before[t, j], before[t - 1, i] + value)
            for t in range(line[r + 1] - 1, line[r] - 1, -1):
                for i in range(8):
                    if before[t, i] == NEVER:
                        continue
                    if t == line[r + 1] - 1:
                        after[t, i] = 0
                        continue
                    k = role[t + 1]
                    for j in range(8):
                        value = step(scores, transitions, t + 1, role[t], k, cased[k], i, j)
                        if after[t + 1, j] > NEVER and value > NEVER:
                            after[t, i] = max(after[t, i], after[t + 1, j] + value)
                for edit in range(2 if cased[role[t]] else 1):  # the gap, then the case
                    for choice in range(4):
                        by_choice[choice] = NEVER
                    for i in range(8):
                        if before[t, i] > NEVER and after[t, i] > NEVER:
                            choice = i & 3 if edit else i >> 2
                            by_choice[choice] = max(by_choice[choice], before[t, i] + after[t, i])
                    own = labels[t] & 3 if edit else labels[t] >> 2
                    other = -1
                    for choice in range(4):
                        if choice != own and by_choice[choice] > NEVER:
                            if other < 0 or by_choice[choice] > by_choice[other]:
                                other = choice
                    if other < 0:
                        continue
                    out[t, 1 - edit] = <int32_t>min(by_choice[own] - by_choice[other], <int64_t>INT32_MAX)
                    if edit:
                        runner_up[t] = other
    return np.asarray(out), np.asarray(runner_up)
