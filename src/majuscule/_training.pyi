from majuscule._arrays import Bytes, Codes, Floats, Ints, Keys

def count(ids: Keys, sketch: Bytes, bits: int) -> None: ...
def locate(
    ids: Keys,
    keys: Codes,
    counts: Codes,
    bits: int,
    sketch: Bytes,
    sketch_bits: int,
    least: int,
) -> Ints: ...
def ids_of(rows: Ints, keys: Codes, bits: int) -> Keys: ...
def learn(
    rows: Ints,
    first: Ints,
    edge: Ints,
    role: Bytes,
    cased: Bytes,
    allowed: Bytes,
    gold: Bytes,
    line: Ints,
    spacing: bool,
    weights: Floats,
    transitions: Floats,
    squares: Floats,
    potential: Floats,
    rate: float,
    transition_rate: float,
    offset: Ints,
    scale: float,
) -> float: ...
def slope(
    scores: Floats,
    role: Bytes,
    cased: Bytes,
    allowed: Bytes,
    gold: Bytes,
    line: Ints,
    spacing: bool,
    potential: Floats,
) -> tuple[float, Floats]: ...
