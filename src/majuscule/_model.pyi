from majuscule._arrays import Classes, Codebook, CodePoints, Codes, Ints, Keys

def score(ids: Keys, first: Ints, edge: Ints, table: Codes, codebook: Codebook) -> Ints: ...
def fill(ids: Keys, codes: Codes, buckets: int) -> tuple[Codes, int]: ...
def codes_of(keys: Keys, table: Codes) -> Classes: ...
def lookup(
    key: Keys,
    low: CodePoints,
    start: Ints,
    end: Ints,
    known: Keys,
    form_low: CodePoints,
    form_start: Ints,
    form_end: Ints,
) -> Ints: ...
