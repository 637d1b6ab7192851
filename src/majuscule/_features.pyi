from majuscule._arrays import Bytes, Classes, CodePoints, Ints, Keys

def extract(
    low: CodePoints,
    start: Ints,
    end: Ints,
    kind: Bytes,
    role: Bytes,
    key: Keys,
    line: Ints,
    begins: Bytes,
    classes: Classes,
    style: int,
    state: Keys,
    words: Keys,
    initials: Keys,
) -> tuple[Keys, Ints, Ints]: ...
def of_classes(count: int) -> Keys: ...
