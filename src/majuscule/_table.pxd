# The table of weights that a model file holds; `majuscule.model` says what is in it.
from libc.stdint cimport uint32_t, uint64_t

cdef extern from *:
    """
    #if defined(__GNUC__) || defined(__clang__)
    #define majuscule_prefetch(p) __builtin_prefetch((p))
    #else
    #define majuscule_prefetch(p) ((void)0)
    #endif
    """
    void majuscule_prefetch(const void*) noexcept nogil

cdef enum:
    WAYS = 16        # entries a bucket: 64 bytes, one cache line
    CODE_BITS = 12   # an entry is a 20-bit fingerprint and a 12-bit code


cdef inline Py_ssize_t bucket_of(uint64_t id, uint64_t buckets) noexcept nogil:
    return <Py_ssize_t>(((id >> 32) * buckets) >> 32)


cdef inline uint32_t fingerprint(uint64_t id) noexcept nogil:
    return <uint32_t>(id >> 10) & 0xFFFFF


cdef inline uint32_t code_in(const uint32_t* entry, int ways, uint32_t fp) noexcept nogil:
    """What a bucket has for a fingerprint, 0 if nothing."""
    # No branch and a plain pointer, so that compilers compare many at once.
    cdef uint32_t code = 0
    cdef int k
    for k in range(ways):
        code |= entry[k] & 4095 if entry[k] >> CODE_BITS == fp else 0
    return code
