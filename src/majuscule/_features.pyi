from majuscule._arrays import Bytes, CodePoints, Ints, Keys

def extract(
    low: CodePoints,
    start: Ints,
    end: Ints,
    kind: Bytes,
    role: Bytes,
    key: Keys,
    line: Ints,
    style: int,
    document: int,
    before: int,
) -> tuple[Keys, Ints, Ints, int]: ...
