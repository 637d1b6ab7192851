"""Records in lines: where the texts stand in JSON Lines, CSV and TSV, and how they are put back.

Only the bytes of the chosen texts change; all others, and so the order of keys, the spelling of
numbers, quotes, blanks and line ends, stay as they are. CSV is read as Python's `csv` reads it;
TSV has no quotes (IANA, text/tab-separated-values), so that a quote is one.
A byte order mark is no part of the records: whoever reads the file takes it off, and puts it back.

>>> found = json_lines(b'{"id": 1.10, "text": "so ."}\\n', ["text"])
>>> found.texts, found.written(["So."], keep=True)
(['so .'], b'{"id": 1.10, "text": "So."}\\n')
>>> found = separated(b'1,"so , so"\\n', {1: "text"}, ",", 2)
>>> found.texts, found.written(["So, so"], keep=True)
(['so , so'], b'1,"So, so"\\n')
"""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from json.decoder import scanstring  # type: ignore[attr-defined] # CPython's, known to no stub
from typing import TYPE_CHECKING, Any, NamedTuple

from majuscule import faults
from majuscule.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


class Place(NamedTuple):
    """Where a text stands in a block, and which it is."""

    first: int
    last: int
    text: str


class Found:
    """The texts in a block of records.

    Args:
        block: the block, bytes that are no UTF-8 as surrogates.
        write: gives a text as it is written in the place of another, by what stands there.

    Attributes:
        places: the texts of all records that are not bad, in their order.
        bad: where the bad records begin and end.
        faults: what is bad about them; rows are lines of JSON, or records of the others, from 0.
        records: how many there are; blank lines are none.
    """

    def __init__(self, block: str, write: Callable[[str, str], str]) -> None:
        self._block, self._write = block, write
        self.places: list[Place] = []
        self.bad: list[tuple[int, int]] = []
        self.faults: list[Fault] = []
        self.records = 0

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return [place.text for place in self.places]

    def add(self, first: int, last: int, row: int, found: Sequence[Place] | Fault) -> None:
        """Take a record in, with its texts, or with what is bad about it."""
        self.records += 1
        if isinstance(found, Fault):
            self.bad.append((first, last))
            self.faults.append(found._replace(row=row))
        else:
            self.places += found

    def written(self, restored: Sequence[str], *, keep: bool) -> bytes:
        """The block with other texts in the places of its own.

        Args:
            restored: as many as there are `texts`.
            keep: bad records stay as they were; if not, they are left out.
        """
        block = self._block
        edits = [
            (place.first, place.last, self._write(text, block[place.first : place.last]))
            for place, text in zip(self.places, restored, strict=True)
            if text != place.text
        ]
        if not keep:
            edits = sorted(edits + [(first, last, "") for first, last in self.bad])
        parts: list[str] = []
        at = 0
        for first, last, text in edits:
            parts += (block[at:first], text)
            at = last
        parts.append(block[at:])
        return "".join(parts).encode("utf-8", "surrogateescape")


def _decoded(block: bytes) -> tuple[str, bool]:
    """A block, and whether all of it is UTF-8."""
    try:
        return block.decode(), True
    except UnicodeDecodeError:
        return block.decode("utf-8", "surrogateescape"), False


# JSON Lines -----------------------------------------------------------------------------------

_BLANK = re.compile(r"[ \t\r\n]*").match
# What is not looked at need not become a number, which may be too long for one.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_KINDS = {dict: "an object", list: "an array", bool: "true or false", type(None): "null"}


def json_lines(block: bytes, columns: Sequence[str]) -> Found:
    """The texts in JSON Lines.

    Args:
        block: whole lines, each an object, or blank.
        columns: the keys of the texts: ``a.b`` is the key ``b`` in the object that is at ``a``,
            or a key ``a.b``. Of a key that comes twice both are texts.
    """
    text, good = _decoded(block)
    found = Found(text, _as_json)
    names = dict.fromkeys(columns)
    above = {name[:at] for name in names for at, char in enumerate(name) if char == "."}
    first = row = 0
    while first < len(text):
        last = text.find("\n", first) + 1 or len(text)
        line = text[first:last]
        if _after_blanks(line, 0) < len(line):
            why = None if good else _not_utf8(line)
            one = why or _of_object(line, first, names, above)
            found.add(first, last, row, one)
        first = last
        row += 1
    return found


def _not_utf8(line: str) -> Fault | None:
    data = line.encode("utf-8", "surrogateescape")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return Fault(0, None, f"expected UTF-8, got byte 0x{data[error.start]:02x}")
    return None


def _of_object(
    line: str, offset: int, names: Mapping[str, None], above: set[str]
) -> list[Place] | Fault:
    """The texts in a line, or why there are none."""
    values: list[tuple[str, int, int, Any]] = []
    at = _after_blanks(line, 0)
    try:
        if line[at : at + 1] != "{":
            value, _ = _DECODER.raw_decode(line, at)
            return Fault(0, None, f"expected a JSON object, got {_kind(line, at, value)}")
        at = _after_blanks(line, _walk(line, at, "", names, above, values))
        if at < len(line):
            return Fault(0, None, f"expected one JSON object, got more from column {at + 1} on")
    except json.JSONDecodeError as error:
        return Fault(0, None, f"expected JSON, got none at column {error.pos + 1} ({error.msg})")
    except RecursionError:
        return Fault(0, None, "expected JSON that is not nested so deep")
    places = []
    for name, first, last, value in values:
        if not isinstance(value, str) or line[first] != '"':
            return Fault(0, name, f"expected text, got {_kind(line, first, value)}")
        if why := faults.of_text(value):
            return Fault(0, name, why)
        places.append(Place(first + offset, last + offset, value))
    there = {name for name, *_ in values}
    for name in names:
        if name not in there:
            return Fault(0, name, "expected text, got no such key")
    return places


def _after_blanks(line: str, at: int) -> int:
    match = _BLANK(line, at)
    return match.end() if match else at


def _walk(
    line: str,
    at: int,
    path: str,
    names: Mapping[str, None],
    above: set[str],
    values: list[tuple[str, int, int, Any]],
) -> int:
    """Go through an object, note the values looked for, and return where it ends."""
    at = _after_blanks(line, at + 1)
    if line[at : at + 1] == "}":
        return at + 1
    while True:
        if line[at : at + 1] != '"':
            raise json.JSONDecodeError("no key", line, at)
        key, at = scanstring(line, at + 1)
        if line[at : at + 1] != ":":
            at = _after_blanks(line, at)
            if line[at : at + 1] != ":":
                raise json.JSONDecodeError("no colon", line, at)
        at += 1
        if line[at : at + 1] in _JSON_BLANKS:
            at = _after_blanks(line, at)
        first = at
        name = path + key
        if name in above and line[at : at + 1] == "{":
            at = _walk(line, at, name + ".", names, above, values)
            value = {}
        elif line[at : at + 1] == '"':
            value, at = scanstring(line, at + 1)
        else:
            value, at = _DECODER.raw_decode(line, at)
        if name in names:
            values.append((name, first, at, value))
        sign = line[at : at + 1]
        if sign not in {",", "}"}:
            at = _after_blanks(line, at)
            sign = line[at : at + 1]
        if sign == "}":
            return at + 1
        if sign != ",":
            raise json.JSONDecodeError("no comma", line, at)
        at = _after_blanks(line, at + 1)


_JSON_BLANKS = (" ", "\t", "\r", "\n")


def _kind(line: str, at: int, value: object) -> str:
    if isinstance(value, str):
        return "a text" if line[at] == '"' else "a number"
    return _KINDS.get(type(value), "a number")


def _as_json(text: str, literal: str) -> str:
    return json.dumps(text, ensure_ascii=literal.isascii())


# CSV and TSV ----------------------------------------------------------------------------------


class _Dialect(NamedTuple):
    """Patterns of a field, of a record of any width, and how a record ends."""

    field: str
    record: re.Pattern[bytes]
    one: re.Pattern[str]


_END = r"(?:\r\n|\r|\n)"
_INNER = r'[^"]*(?:""[^"]*)*'
_QUOTED = re.compile(rf'"({_INNER})"(?!")')


@cache
def _dialect(delimiter: str) -> _Dialect:
    plain = rf"[^{delimiter}\r\n]*"
    # No two ways lead through a field: what has failed once is not tried again.
    field = plain if delimiter == "\t" else rf'(?:"{_INNER}"(?!"){plain}|(?!"){plain})'
    record = rf"(?:{field}{delimiter})*{field}{_END}"
    return _Dialect(
        field, re.compile(record.encode()), re.compile(rf"({field})({delimiter}|{_END}|\Z)")
    )


@cache
def _row(delimiter: str, columns: tuple[int, ...], width: int) -> re.Pattern[str]:
    """A record of so many fields, those of the columns in groups."""
    field = _dialect(delimiter).field
    # A count of fields takes no longer to compile if there are many.
    groups = (
        rf"(?:{field}{delimiter}){{{place - before - 1}}}({field})"
        for before, place in pairwise((-1, *columns))
    )
    others = rf"(?:{delimiter}{field}){{{width - 1 - columns[-1]}}}"
    return re.compile(delimiter.join(groups) + others + rf"(?:{_END}|\Z)")


def whole_records(data: bytes, delimiter: str, *, final: bool) -> tuple[int, int]:
    """Where the last whole record in some bytes ends, and how many there are; blank ones count.

    Args:
        data: what begins with a record.
        delimiter: what stands between fields.
        final: no more will come, so that all is whole.

    >>> whole_records(b'a,"b\\n', ",", final=False), whole_records(b"a\\nb", ",", final=True)
    ((0, 0), (3, 2))
    """
    if delimiter == "\t" or b'"' not in data:
        end = data.rfind(b"\n") + 1
        if end and b"\r" not in data:
            count = data.count(b"\n", 0, end)
            rest = final and end < len(data)
            return (len(data) if rest else end), count + rest
    record = _dialect(delimiter).record
    at = count = 0
    # What a lone \r ends is not known before what follows it.
    until = len(data) if final or not data.endswith(b"\r") else len(data) - 1
    while match := record.match(data, at, until):
        at = match.end()
        count += 1
    if final and at < len(data):
        return len(data), count + 1
    return at, count


def first_record(data: bytes, delimiter: str) -> tuple[list[str], int]:
    """The fields of the first record, and how many bytes it takes."""
    text, _ = _decoded(data)
    values = []
    at = 0
    while match := _dialect(delimiter).one.match(text, at):
        values.append(_value(match[1], delimiter))
        at = match.end()
        if match[2] != delimiter:
            break
    return values, len(text[:at].encode("utf-8", "surrogateescape"))


def separated(block: bytes, columns: Mapping[int, str], delimiter: str, width: int) -> Found:
    """The texts in records of CSV or TSV.

    Args:
        block: whole records.
        columns: which fields are texts, by their places from 0, and their names.
        delimiter: a comma or a tab.
        width: how many fields a record has.
    """
    text, good = _decoded(block)
    quotes = delimiter != "\t"
    found = Found(text, _as_field if quotes else _as_it_is)
    order = sorted(columns)
    pattern = _row(delimiter, tuple(order), width)
    at = row = 0
    while at < len(text):
        match = pattern.match(text, at)
        if match is None or (width == 1 and match.end(1) == at):
            last, one = _other(text, at, delimiter, width)
        else:
            last, one = match.end(), _of_match(match, columns, order, delimiter, good=good)
        if one is not None:
            found.add(at, last, row, one)
        at = last
        row += 1
    return found


def _of_match(
    match: re.Match[str],
    columns: Mapping[int, str],
    order: Sequence[int],
    delimiter: str,
    *,
    good: bool,
) -> list[Place] | Fault:
    if not good and (why := _not_utf8(match[0])):
        return why
    places = []
    for group, place in enumerate(order, 1):
        value = _value(match[group], delimiter)
        if why_not := faults.of_text(value):
            return Fault(0, columns[place], why_not)
        places.append(Place(*match.span(group), value))
    return places


def _other(
    text: str, at: int, delimiter: str, width: int
) -> tuple[int, list[Place] | Fault | None]:
    """Where a record that has not so many fields ends, and what is wrong; None of a blank one."""
    one = _dialect(delimiter).one
    fields = 0
    first = at
    while match := one.match(text, at):
        fields += 1
        at = match.end()
        if match[2] != delimiter:
            blank = fields == 1 and not match[1]
            why = Fault(0, None, f"expected {width} fields, got {fields}")
            return max(at, first + 1), None if blank else why
    return len(text), Fault(0, None, "expected a quote that closes, got none")


def _value(literal: str, delimiter: str) -> str:
    """What a field says."""
    if delimiter == "\t" or not literal.startswith('"'):
        return literal
    match = _QUOTED.match(literal)
    assert match is not None  # as the record's pattern has it
    return match[1].replace('""', '"') + literal[match.end() :]


def _as_field(text: str, literal: str) -> str:
    # What has become empty must not make a blank line, nor a null to some readers.
    if not text or literal.startswith('"') or re.search('[,"\r\n]', text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _as_it_is(text: str, literal: str) -> str:
    del literal
    return text


def lines(data: bytes) -> Iterator[bytes]:
    """Lines with their ends, as line feeds end them."""
    return (match[0] for match in re.finditer(rb"[^\n]*\n|[^\n]+", data))
