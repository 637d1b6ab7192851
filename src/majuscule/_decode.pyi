from majuscule._arrays import Bytes, Ints

def viterbi(
    scores: Ints, role: Bytes, cased: Bytes, allowed: Bytes, line: Ints, transitions: Ints
) -> Bytes: ...
def margins(
    scores: Ints,
    role: Bytes,
    cased: Bytes,
    allowed: Bytes,
    line: Ints,
    transitions: Ints,
    labels: Bytes,
) -> tuple[Ints, Bytes]: ...
