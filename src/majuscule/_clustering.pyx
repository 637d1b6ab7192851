# cython: language_level=3, cdivision=True, initializedcheck=False, wraparound=False
"""Kernel of `majuscule.clustering`: which words stand beside which."""

from libc.stdint cimport int32_t, uint32_t


def count_beside(const int32_t[::1] row, const int32_t[::1] line, uint32_t[:, ::1] beside):
    """Count for each word (its row, -1 for none) the first of the words beside it in its line.

    The left half of a row counts what follows the word, the right half what precedes it.
    """
    cdef Py_ssize_t r, i, most = beside.shape[1] // 2
    with nogil:
        for r in range(line.shape[0] - 1):
            for i in range(line[r] + 1, line[r + 1]):
                if row[i - 1] < 0 or row[i] < 0:
                    continue
                if row[i] < most:
                    beside[row[i - 1], row[i]] += 1
                if row[i - 1] < most:
                    beside[row[i], most + row[i - 1]] += 1
