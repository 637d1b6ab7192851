from majuscule._arrays import Bytes, Classes, Codebook, Codes, Ints, Keys

def inputs(
    low: Codes,
    start: Ints,
    end: Ints,
    kind: Bytes,
    role: Bytes,
    key: Keys,
    line: Ints,
    begins: Bytes,
    classes: Classes,
    scores: Ints,
    allowed: Bytes,
    labels: Bytes,
    margins: Ints,
    runner_up: Bytes,
    style: int,
    state: Keys,
    memory: Keys,
) -> tuple[Ints, Bytes]: ...
def weigh(
    which: Ints,
    ids: Keys,
    first: Ints,
    edge: Ints,
    start: Ints,
    end: Ints,
    kind: Bytes,
    styled: bool,
    table: Codes,
    codebook: Codebook,
    numbers: Bytes,
) -> None: ...
def reach(chosen: Bytes, line: Ints, spans: Ints) -> tuple[Ints, list[Ints]]: ...
