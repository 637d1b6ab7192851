# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernels of `majuscule.training`: counting features, finding them, learning their weights."""

from libc.math cimport expf, logf, sqrtf
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

import numpy as np

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define majuscule_prefetch_write(p) __builtin_prefetch((p), 1)
    #else
    #define majuscule_prefetch_write(p) ((void)0)
    #endif
    """
    void majuscule_prefetch_write(const void*) noexcept nogil

cdef enum:
    WAYS = 16
    AHEAD = 32


def count(const uint64_t[::1] ids, uint8_t[::1] sketch, int bits):
    """Count ids by their top `bits` bits, up to 255."""
    cdef Py_ssize_t n = ids.shape[0], c
    cdef int shift = 64 - bits
    with nogil:
        for c in range(n):
            if c + AHEAD < n:
                majuscule_prefetch_write(&sketch[<Py_ssize_t>(ids[c + AHEAD] >> shift)])
            if sketch[<Py_ssize_t>(ids[c] >> shift)] < 255:
                sketch[<Py_ssize_t>(ids[c] >> shift)] += 1


def locate(const uint64_t[::1] ids, uint32_t[:, ::1] keys, uint32_t[::1] counts, int bits,
           const uint8_t[::1] sketch, int sketch_bits, int least):
    """The row of each id (-1: none), int32.

    With a sketch (not empty), an id counted at least `least` times gets a row when it has
    none and its bucket has room, and every row's uses are counted.
    """
    cdef Py_ssize_t n = ids.shape[0], c, k, b, free
    cdef int shift = 64 - bits, sketch_shift = 64 - sketch_bits
    cdef bint grow = sketch.shape[0] > 0
    cdef uint32_t fp
    cdef int32_t[::1] out = np.empty(n, dtype=np.int32)
    with nogil:
        for c in range(n):
            if c + AHEAD < n:
                majuscule_prefetch_write(&keys[<Py_ssize_t>(ids[c + AHEAD] >> shift), 0])
                if grow:
                    majuscule_prefetch_write(&sketch[<Py_ssize_t>(ids[c + AHEAD] >> sketch_shift)])
            b = <Py_ssize_t>(ids[c] >> shift)
            fp = <uint32_t>(ids[c] >> 10)
            if fp == 0:
                fp = 1
            out[c] = -1
            free = -1
            for k in range(WAYS):
                if keys[b, k] == fp:
                    out[c] = <int32_t>(b * WAYS + k)
                    break
                if keys[b, k] == 0 and free < 0:
                    free = k
            if grow and out[c] < 0 and free >= 0 and sketch[<Py_ssize_t>(ids[c] >> sketch_shift)] >= least:
                keys[b, free] = fp
                out[c] = <int32_t>(b * WAYS + free)
            if grow and out[c] >= 0:
                counts[out[c]] += 1
    return np.asarray(out)


def ids_of(const int32_t[::1] rows, const uint32_t[:, ::1] keys, int bits):
    """The ids (all but their lowest ten bits) that rows stand for."""
    cdef Py_ssize_t n = rows.shape[0], i
    cdef uint64_t[::1] out = np.empty(n, dtype=np.uint64)
    with nogil:
        for i in range(n):
            out[i] = (<uint64_t>(rows[i] // WAYS) << (64 - bits)) | (<uint64_t>keys[rows[i] // WAYS, rows[i] % WAYS] << 10)
    return np.asarray(out)


cdef inline int group(int label) noexcept nogil:
    """Which of a token's three rows of scores holds after a label: MIXED is as TITLE."""
    cdef int case = label & 3
    return 1 if case == 3 else case


cdef inline void emit(float[3][4] s, bint has_case, float* emission) noexcept nogil:
    """What a token's scores make of each label after each case, scaled to 1 at most; 24 values."""
    cdef int q, d, j
    cdef float top = s[0][3] if s[0][3] > 0 else 0, g = 0
    for q in range(3):
        for d in range(3):
            if not has_case:
                s[q][d] = 0
            elif q:
                s[q][d] += s[0][d]
            if s[q][d] > g:
                g = s[q][d]
    top += g
    for q in range(3):
        for j in range(8):
            g = -top
            if j & 3:
                g += s[q][(j & 3) - 1]
            if j >= 4:
                g += s[0][3]
            emission[8 * q + j] = expf(g) if g > -60 else expf(-60)


cdef float forward_backward(Py_ssize_t a, Py_ssize_t b, const uint8_t[::1] allowed, const uint8_t[::1] role,
                            const uint8_t[::1] cased, const float[:, ::1] emission,
                            const float[:, :, :, ::1] potential, float[:, ::1] alpha, float[:, ::1] beta,
                            float[::1] norm, uint8_t[:, ::1] labels, uint8_t[::1] label_count) except? -1.0 nogil:
    """Fill alpha, beta (scaled) and the label lists of one line; returns log Z of its potentials."""
    cdef Py_ssize_t t
    cdef int i, j, ii, jj, k, kp = 0, prior = 1, n
    cdef float total, value, log_z = 0
    for t in range(a, b):
        k = role[t]
        n = 0
        total = 0
        for j in range(8):
            if not ((allowed[t] >> (j & 3)) & 1 and (allowed[t] >> (4 + (j >> 2))) & 1):
                continue
            value = 0
            if t == a:
                if cased[k] or (j & 3) == 0:
                    value = potential[0, k, 0, j] * emission[t, j]
            else:
                for ii in range(prior):
                    i = labels[t - 1, ii]
                    if cased[k] or (i & 3) == (j & 3):
                        value += alpha[t - 1, i] * potential[kp, k, i, j] * emission[t, 8 * group(i) + j]
            if value <= 0:
                continue
            alpha[t, j] = value
            total += value
            labels[t, n] = j
            n += 1
        label_count[t] = n
        norm[t] = total
        log_z += logf(total)
        for jj in range(n):
            alpha[t, labels[t, jj]] /= total
        prior = n
        kp = k
    for jj in range(label_count[b - 1]):
        beta[b - 1, labels[b - 1, jj]] = 1
    t = b - 2
    while t >= a:
        k = role[t + 1]
        kp = role[t]
        for ii in range(label_count[t]):
            i = labels[t, ii]
            value = 0
            for jj in range(label_count[t + 1]):
                j = labels[t + 1, jj]
                if cased[k] or (i & 3) == (j & 3):
                    value += potential[kp, k, i, j] * emission[t + 1, 8 * group(i) + j] * beta[t + 1, j]
            beta[t, i] = value / norm[t + 1]
        t -= 1
    return log_z


def learn(const int32_t[::1] rows, const int32_t[::1] first, const int32_t[::1] edge, const uint8_t[::1] role, const uint8_t[::1] cased,
          const uint8_t[::1] allowed, const uint8_t[::1] gold, const int32_t[::1] line, bint spacing,
          float[:, ::1] weights, float[:, :, :, ::1] transitions, float[:, :, :, ::1] squares,
          float[:, :, :, ::1] potential, float rate, float transition_rate,
          const int32_t[:, :, ::1] offset, float scale):
    """One Adagrad step a line on the CRF's negative log likelihood; returns its sum.

    `weights[row]` holds four weights and the four sums of their squared gradients.
    Without `spacing` only the case labels of `gold` are known and gaps are summed over.
    `offset`, int32[n, 3, 4] in units of 1 / `scale`, is added to the scores and not learned;
    it may be empty. A `transition_rate` of 0 leaves the transitions as they are.
    """
    cdef Py_ssize_t n = role.shape[0], lines = line.shape[0] - 1, r, t, a, b, c
    cdef int i, j, ii, jj, k, kp, d
    cdef int32_t row
    cdef float p, log_z, gain
    cdef double sum_ = 0
    cdef float[4] grad
    cdef float[:, ::1] emission = np.zeros((n, 24), dtype=np.float32)
    cdef float[:, ::1] alpha = np.zeros((n, 8), dtype=np.float32)
    cdef float[:, ::1] beta = np.zeros((n, 8), dtype=np.float32)
    cdef float[::1] norm = np.zeros(n, dtype=np.float32)
    cdef float[:, ::1] marginal = np.zeros((n, 4), dtype=np.float32)
    cdef uint8_t[:, ::1] labels = np.zeros((n, 8), dtype=np.uint8)
    cdef uint8_t[::1] label_count = np.zeros(n, dtype=np.uint8)
    cdef uint8_t[::1] known = np.zeros(n, dtype=np.uint8)
    cdef float[3][4] s
    cdef float[3][4] pull
    cdef int q
    cdef bint shifted = offset.shape[0] > 0
    with nogil:
        for c in range(rows.shape[0]):
            if rows[c] >= 0:
                majuscule_prefetch_write(&weights[rows[c], 0])
        for r in range(lines):
            a = line[r]
            b = line[r + 1]
            if a == b:
                continue
            for t in range(a, b):
                for q in range(3):
                    for d in range(4):
                        s[q][d] = offset[t, q, d] / scale if shifted else 0
                for c in range(first[t], edge[t]):
                    row = rows[c]
                    if row >= 0:
                        for d in range(4):
                            s[0][d] += weights[row, d]
                for c in range(edge[t], first[t + 1]):
                    row = rows[c]
                    if row >= 0:
                        q = 1 + ((c - edge[t]) & 1)
                        for d in range(3):
                            s[q][d] += weights[row, d]
                emit(s, cased[role[t]], &emission[t, 0])
                if not spacing:
                    known[t] = (1 << (gold[t] & 3)) | (allowed[t] & 48)
            if not spacing:
                # What is known: the cases. Its marginals take the place of the gold label.
                log_z = forward_backward(a, b, known, role, cased, emission, potential, alpha, beta, norm,
                                         labels, label_count)
                sum_ -= log_z
                for t in range(a, b):
                    marginal[t, 3] = 0
                    for jj in range(label_count[t]):
                        j = labels[t, jj]
                        if j >= 4:
                            marginal[t, 3] += alpha[t, j] * beta[t, j]
            log_z = forward_backward(a, b, allowed, role, cased, emission, potential, alpha, beta, norm,
                                     labels, label_count)
            sum_ += log_z
            for t in range(a, b):
                k = role[t]
                for d in range(4):
                    grad[d] = 0
                for jj in range(label_count[t]):
                    j = labels[t, jj]
                    p = alpha[t, j] * beta[t, j]
                    if j & 3:
                        grad[(j & 3) - 1] += p
                    if j >= 4:
                        grad[3] += p
                j = gold[t]
                if spacing:
                    # The loss, from the gold path's own potentials.
                    kp = role[t - 1] if t > a else 0
                    i = gold[t - 1] if t > a else 0
                    sum_ -= logf(potential[kp, k, i, j]) + logf(emission[t, 8 * group(i) + j])
                if j & 3:
                    grad[(j & 3) - 1] -= 1
                if spacing:
                    if j >= 4:
                        grad[3] -= 1
                else:
                    grad[3] -= marginal[t, 3]
                if not cased[k]:
                    grad[0] = grad[1] = grad[2] = 0
                if grad[0] * grad[0] + grad[1] * grad[1] + grad[2] * grad[2] + grad[3] * grad[3] > 1e-6:
                    for c in range(first[t], edge[t]):
                        row = rows[c]
                        if row >= 0:
                            for d in range(4):
                                weights[row, 4 + d] += grad[d] * grad[d]
                                weights[row, d] -= rate * grad[d] / sqrtf(weights[row, 4 + d] + <float>1)
                if edge[t] < first[t + 1]:
                    # The same for what the case before adds.
                    for q in range(3):
                        for d in range(4):
                            pull[q][d] = 0
                    kp = role[t - 1]
                    for ii in range(label_count[t - 1]):
                        i = labels[t - 1, ii]
                        q = group(i)
                        if q == 0:
                            continue
                        for jj in range(label_count[t]):
                            j = labels[t, jj]
                            if j & 3:
                                pull[q][(j & 3) - 1] += (alpha[t - 1, i] * potential[kp, k, i, j]
                                                         * emission[t, 8 * q + j] * beta[t, j] / norm[t])
                    j = gold[t] & 3
                    if j:
                        pull[group(gold[t - 1])][j - 1] -= 1
                    for c in range(edge[t], first[t + 1]):
                        row = rows[c]
                        q = 1 + ((c - edge[t]) & 1)
                        if row >= 0 and pull[q][0] * pull[q][0] + pull[q][1] * pull[q][1] + pull[q][2] * pull[q][2] > 1e-6:
                            for d in range(3):
                                weights[row, 4 + d] += pull[q][d] * pull[q][d]
                                weights[row, d] -= rate * pull[q][d] / sqrtf(weights[row, 4 + d] + <float>1)
                if spacing and transition_rate > 0:
                    # Transitions into this token; those its roles make impossible stay out.
                    kp = role[t - 1] if t > a else 0
                    for ii in range(label_count[t - 1] if t > a else 1):
                        i = labels[t - 1, ii] if t > a else 0
                        for jj in range(label_count[t]):
                            j = labels[t, jj]
                            if not cased[k] and (i & 3) != (j & 3):
                                continue
                            p = (alpha[t - 1, i] if t > a else 1) * potential[kp, k, i, j] * emission[t, 8 * group(i) + j] * beta[t, j] / norm[t]
                            if j == gold[t] and i == (gold[t - 1] if t > a else 0):
                                p -= 1
                            if p > 1e-3 or p < -1e-3:
                                squares[kp, k, i, j] += p * p
                                gain = transitions[kp, k, i, j] - transition_rate * p / sqrtf(squares[kp, k, i, j] + <float>1)
                                transitions[kp, k, i, j] = gain
                                potential[kp, k, i, j] = expf(gain)
    return sum_


def slope(const float[:, :, ::1] scores, const uint8_t[::1] role, const uint8_t[::1] cased,
          const uint8_t[::1] allowed, const uint8_t[::1] gold, const int32_t[::1] line, bint spacing,
          const float[:, :, :, ::1] potential):
    """The CRF's negative log likelihood, summed, and float32[n, 3, 4], its slope by the scores.

    As in `learn`, without `spacing` gaps are summed over. `potential` are the transitions' exponentials.
    """
    cdef Py_ssize_t n = role.shape[0], r, t, a, b
    cdef int i, j, ii, jj, k, kp, d, q
    cdef float p, log_z
    cdef double sum_ = 0
    cdef float[:, ::1] emission = np.zeros((n, 24), dtype=np.float32)
    cdef float[:, ::1] alpha = np.zeros((n, 8), dtype=np.float32)
    cdef float[:, ::1] beta = np.zeros((n, 8), dtype=np.float32)
    cdef float[::1] norm = np.zeros(n, dtype=np.float32)
    cdef uint8_t[:, ::1] labels = np.zeros((n, 8), dtype=np.uint8)
    cdef uint8_t[::1] label_count = np.zeros(n, dtype=np.uint8)
    cdef uint8_t[::1] known = np.zeros(n, dtype=np.uint8)
    cdef float[:, :, ::1] out = np.zeros((n, 3, 4), dtype=np.float32)
    cdef float[3][4] s
    cdef int pass_
    cdef float sign
    with nogil:
        for t in range(n):
            for q in range(3):
                for d in range(4):
                    s[q][d] = scores[t, q, d]
            emit(s, cased[role[t]], &emission[t, 0])
            if spacing:
                known[t] = (1 << (gold[t] & 3)) | (16 << (gold[t] >> 2))
            else:
                known[t] = (1 << (gold[t] & 3)) | (allowed[t] & 48)
        for r in range(line.shape[0] - 1):
            a = line[r]
            b = line[r + 1]
            if a == b:
                continue
            # What is expected, less what is expected of those that are right.
            for pass_ in range(2):
                sign = 1 if pass_ == 0 else -1
                log_z = forward_backward(a, b, allowed if pass_ == 0 else known, role, cased, emission, potential,
                                         alpha, beta, norm, labels, label_count)
                sum_ += sign * log_z
                for t in range(a, b):
                    k = role[t]
                    kp = role[t - 1] if t > a else 0
                    for jj in range(label_count[t]):
                        j = labels[t, jj]
                        p = sign * alpha[t, j] * beta[t, j]
                        if j >= 4:
                            out[t, 0, 3] += p
                        if not j & 3 or not cased[k]:
                            continue
                        out[t, 0, (j & 3) - 1] += p
                        if t == a:
                            continue
                        for ii in range(label_count[t - 1]):
                            i = labels[t - 1, ii]
                            q = group(i)
                            if q:
                                out[t, q, (j & 3) - 1] += (sign * alpha[t - 1, i] * potential[kp, k, i, j]
                                                           * emission[t, 8 * q + j] * beta[t, j] / norm[t])
    return sum_, np.asarray(out)
