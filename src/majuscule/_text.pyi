from typing import TypeAlias

from majuscule._arrays import Bytes, CodePoints, Ints, Keys

_Scan: TypeAlias = tuple[CodePoints, Ints, Ints, Bytes, Bytes, Keys, Bytes, Bytes, Ints]

def code_points(text: str) -> CodePoints: ...
def to_str(chars: CodePoints) -> str: ...
def unescape_entities(chars: CodePoints) -> int: ...
def unescape_treebank(chars: CodePoints, page: Bytes, info: Ints) -> int: ...
def scan(chars: CodePoints, page: Bytes, info: Ints) -> _Scan: ...
def allowed(
    low: CodePoints,
    start: Ints,
    end: Ints,
    kind: Bytes,
    glue: Bytes,
    line: Ints,
    begins: Bytes,
    mixed: Bytes,
    seen: int,
    free: bool,
) -> tuple[Bytes, int]: ...
def render(
    chars: CodePoints,
    low: CodePoints,
    start: Ints,
    end: Ints,
    labels: Bytes,
    form_at: Ints,
    forms: CodePoints,
    page: Bytes,
    info: Ints,
) -> str: ...
def cases(
    chars: CodePoints,
    low: CodePoints,
    start: Ints,
    end: Ints,
    case: Bytes,
    form_at: Ints,
    forms: CodePoints,
    page: Bytes,
    info: Ints,
) -> Bytes: ...
def first_violation(before: CodePoints, after: CodePoints, page: Bytes, info: Ints) -> int: ...
def flatten(
    chars: CodePoints,
    low: CodePoints,
    start: Ints,
    end: Ints,
    kind: Bytes,
    key: Keys,
    glue: Bytes,
    convention: int,
    abbreviations: Keys,
    page: Bytes,
    info: Ints,
) -> str: ...
