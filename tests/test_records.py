"""Records in lines: the texts come out and go back, and no other byte changes."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from majuscule import faults, records
from majuscule.faults import Fault

keys = st.sampled_from(["text", "id", "meta", "t\u00e9", "a.b", "body", ""])
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
good_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
good_rows = st.builds(
    lambda before, text, after: {**before, "text": text, **after},
    st.dictionaries(keys.filter(lambda key: key != "text"), values, max_size=2),
    good_texts,
    st.dictionaries(keys.filter(lambda key: key != "text"), values, max_size=2),
)
spellings = st.fixed_dictionaries(
    {
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :  ")]),
    }
)
ends = st.sampled_from(["\n", "\r\n", "\n\n", " \n"])


def lines_of(pairs):
    return "".join(json.dumps(row, **how) + end for row, how, end in pairs)


# JSON Lines ------------------------------------------------------------------------------------


@given(st.lists(st.tuples(good_rows, spellings, ends), max_size=5), st.booleans())
def test_texts_of_json_are_what_json_reads(pairs, ended):
    written = lines_of(pairs)
    written = written if ended else written.rstrip("\n")
    block = written.encode("utf-8", "surrogatepass")
    if any("\ud800" <= char <= "\udfff" for char in written):
        return  # no UTF-8
    found = records.json_lines(block, ["text"])
    assert found.faults == []
    assert found.records == len(pairs)
    assert found.texts == [row["text"] for row, *_ in pairs]
    assert found.written(found.texts, keep=True) == block
    after = found.written([text + ' "\u00e9' for text in found.texts], keep=True).decode()
    rows = [json.loads(line) for line in after.split("\n") if line.strip()]
    assert list(map(repr, rows)) == [
        repr({**row, "text": row["text"] + ' "\u00e9'}) for row, *_ in pairs
    ]


def escaped(text):
    units = text.encode("utf-16-be").hex()
    return '"' + "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)) + '"'


blanks = st.sampled_from(["", "", " ", "\t ", "\r"])
literals = st.tuples(
    good_texts,
    st.sampled_from(
        [
            json.dumps,
            escaped,
            lambda text: json.dumps(text, ensure_ascii=False),
            lambda text: json.dumps(text).replace("/", "\\/"),
        ]
    ),
).map(lambda pair: (pair[0], pair[1](pair[0])))
others = st.one_of(
    st.sampled_from(
        ["1.10", "1e400", "-0", "9" * 5000, "NaN", "null", '"\\ud800"', '"\\/"', '{"text": "no"}']
    ),
    values.map(json.dumps),
)


@st.composite
def members(draw, name, wanted):
    """The inside of an object in parts: bytes that stay, and texts each with its literal."""
    some = draw(
        st.lists(st.tuples(st.sampled_from(['"id"', '"b"', '""', '"t\u00e9"']), others), max_size=2)
    )
    key = st.sampled_from([json.dumps(name), escaped(name)])
    some += draw(st.lists(st.tuples(key, wanted), min_size=1, max_size=2))
    parts = []
    for spelled, value in draw(st.permutations(some)):
        parts += [draw(blanks), spelled, draw(blanks), ":", draw(blanks)]
        parts += value if isinstance(value, list) else [value]
        parts += [draw(blanks), ","]
    return parts[:-1]


bodies = members("body", literals).map(lambda parts: ["{", *parts, "}"])


@st.composite
def objects(draw):
    one, two = draw(members("text", literals)), draw(members("meta", bodies))
    both = [*one, ",", *two] if draw(st.booleans()) else [*two, ",", *one]
    return [draw(blanks), "{", *both, "}", draw(st.sampled_from(["\n", "\r\n", "\n \n", " \n"]))]


BROKEN = '{"text": "a", "meta": {"body": null}}\n'


@given(
    st.lists(objects() | st.just([BROKEN]), max_size=4), st.booleans(), st.booleans(), good_texts
)
def test_texts_are_cut_out_and_put_back(lines, ended, keep, new):
    if lines and not ended:
        lines[-1] = [*lines[-1][:-1], lines[-1][-1].rstrip("\n")]
    parts = [part for line in lines for part in line]

    def spliced(texts, *, keep=True):
        texts = iter(texts)
        out = []
        for part in parts:
            if isinstance(part, str):
                out.append(part if keep or part not in {BROKEN, BROKEN[:-1]} else "")
                continue
            text, literal = part
            after = next(texts)
            changed = json.dumps(after, ensure_ascii=literal.isascii())
            out.append(literal if after == text else changed)
        return "".join(out).encode()

    old = [part[0] for part in parts if not isinstance(part, str)]
    found = records.json_lines(spliced(old), ["text", "meta.body"])
    assert found.texts == old
    assert found.records == len(lines)
    assert found.written(old, keep=True) == spliced(old)
    restored = [text if at % 3 == 1 else text.upper() + new for at, text in enumerate(old)]
    assert found.written(restored, keep=keep) == spliced(restored, keep=keep)


class Pairs(list):
    """An object of JSON, with keys that occur twice."""


def looked_up(pairs, names, path=""):
    for key, value in pairs:
        name = path + key
        if isinstance(value, Pairs) and any(one.startswith(name + ".") for one in names):
            yield from looked_up(value, names, name + ".")
        if name in names:
            yield name, value


def is_text(value):
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


twice = st.lists(st.tuples(st.sampled_from(["a", "b", "a.b", ""]), st.integers(0, 5)), max_size=4)


def spelled(pairs, more):
    texts = ['"so"', '"\\udfff"', "5", '["so"]', '{"b": "of b", "": "of none"}', more]
    return "{" + ", ".join(f"{json.dumps(key)}: {texts[kind]}" for key, kind in pairs) + "}"


@given(
    st.lists(st.builds(spelled, twice, st.builds(spelled, twice, st.just("1"))), max_size=6),
    st.lists(st.sampled_from(["a", "b", "a.b", "a.a", "a.a.b", "a.", ""]), min_size=1, max_size=3),
)
@example(['{"a": "x", "a": "y"}'], ["a", "b"])
@example(['{"a": {"b": "x"}, "a": "y"}'], ["a", "a.b"])
def test_columns_are_looked_up_as_json_has_them(lines, columns):
    found = records.json_lines("\n".join(lines).encode(), columns)
    texts, bad = [], []
    for row, line in enumerate(lines):
        there = list(looked_up(json.loads(line, object_pairs_hook=Pairs), columns))
        if {name for name, _ in there} == set(columns) and all(is_text(text) for _, text in there):
            texts += [text for _, text in there]
        else:
            bad.append(row)
    assert found.texts == texts
    assert [fault.row for fault in found.faults] == bad


def test_no_other_byte_of_json_changes():
    block = (
        b'{ "n" : 1.10e+400, "text":"caf\\u00e9 \\/ a", "text" : "b",  "m": {"text": "c"} }\r\n'
        b'\n{"text": "\xc3\xa9", "u": "\\ud800", "i": ' + b"9" * 10_000 + b"}"
    )
    found = records.json_lines(block, ["text"])
    assert found.texts == ["caf\u00e9 / a", "b", "\u00e9"]
    assert found.written(["caf\u00e9 / a", "B", "\u00c9"], keep=True) == block.replace(
        b'"b"', b'"B"'
    ).replace(b"\xc3\xa9", b"\xc3\x89")
    changed = found.written(["Caf\u00e9", "b", "\u00e9"], keep=True)
    assert changed == block.replace(b"caf\\u00e9 \\/ a", b"Caf\\u00e9")


def test_columns_below_others():
    block = b'{"a": {"b": "x", "c": {"d": "y"}}, "a.b": "z", "e": [{"b": "no"}]}\n'
    assert records.json_lines(block, ["a.b"]).texts == ["x", "z"]
    assert records.json_lines(block, ["a.c.d", "a.b"]).texts == ["x", "y", "z"]
    (fault,) = records.json_lines(block, ["a.c"]).faults
    assert fault == Fault(0, "a.c", "expected text, got an object")
    (fault,) = records.json_lines(block, ["a", "a.b"]).faults
    assert fault == Fault(0, "a", "expected text, got an object")
    (fault,) = records.json_lines(b'{"a": "text"}', ["a.b"]).faults
    assert fault == Fault(0, "a.b", "expected text, got no such key")


BAD = [
    (b'{"text": null}', "text", "expected text, got null"),
    (b'{"text": 5}', "text", "expected text, got a number"),
    (b'{"text": true}', "text", "expected text, got true or false"),
    (b'{"text": ["a"]}', "text", "expected text, got an array"),
    (b'{"body": "a"}', "text", "expected text, got no such key"),
    (b'{"text": "a", "text": 1}', "text", "expected text, got a number"),
    (b'{"text": "\\ud800"}', "text", "expected Unicode text, got half of a surrogate pair"),
    (b'{"text": "\xff"}', None, "expected UTF-8, got byte 0xff"),
    (b'{"text": "a", "other": "\xc3"}', None, "expected UTF-8, got byte 0xc3"),
    (b'["a"]', None, "expected a JSON object, got an array"),
    (b'"a"', None, "expected a JSON object, got a text"),
    (b"5", None, "expected a JSON object, got a number"),
    (b"{}{}", None, "expected one JSON object, got more from column 3 on"),
    (b'{"text": "a"', None, "expected JSON, got none at column"),
    (b'{"text": "a",}', None, "expected JSON, got none at column 14"),
    (b'{"text" "a"}', None, "expected JSON, got none at column 9"),
    (b'{"text": }', None, "expected JSON, got none at column 10"),
    (b'{"text": "a\tb"}', None, "expected JSON, got none at column"),
    (b'{text: "a"}', None, "expected JSON, got none at column 2"),
    (b"nonsense", None, "expected JSON, got none at column 1"),
    (b"{", None, "expected JSON, got none at column"),
    (b"\xc2\xa0", None, "expected JSON, got none at column 1"),  # no blank to JSON
    (b"\x0c", None, "expected JSON, got none at column 1"),
    (b"[" * 100_000, None, "expected JSON that is not nested so deep"),
    (b'{"a":' * 100_000, None, "expected JSON that is not nested so deep"),
    (b"{" * 100_000, None, "expected JSON, got none at column 2"),
    (b'"' * 100_000, None, "expected a JSON object, got a text"),
    (b"," * 100_000, None, "expected JSON, got none at column 1"),
    (b'{"a": ' + b"[" * 100_000, None, "expected JSON that is not nested so deep"),
    (b'{"text": "' + b"\\" * 99_999, None, "expected JSON, got none"),
]


@pytest.mark.parametrize(("line", "column", "why"), BAD, ids=[str(bad[0])[:40] for bad in BAD])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_bad_lines_of_json(line, column, why, end):
    block = b'{"text": "one"}\n\n' + line + b'\n{"text": "two"}' + end
    found = records.json_lines(block, ["text"])
    assert found.texts == ["one", "two"]
    assert found.records == 3
    (fault,) = found.faults
    assert fault[:2] == (2, column)
    assert fault.why.startswith(why)
    kept = found.written(["One", "Two"], keep=True)
    assert kept == block.replace(b'"one"', b'"One"').replace(b'"two"', b'"Two"')
    assert found.written(["One", "Two"], keep=False) == kept.replace(line + b"\n", b"", 1)


def test_a_record_is_bad_as_a_whole():
    block = b'{"a": "one", "b": null, "c": "x"}\n{"a": "two", "b": "three"}\n'
    found = records.json_lines(block, ["a", "b"])
    assert found.texts == ["two", "three"]
    assert found.written(["Two", "Three"], keep=True) == block.replace(b"two", b"Two").replace(
        b"three", b"Three"
    )
    assert found.written(["two", "three"], keep=False) == block[block.index(b"\n") + 1 :]
    with pytest.raises(ValueError):
        found.written(["Two"], keep=True)


def test_half_a_surrogate_pair_elsewhere_stays():
    block = b'{"text": "a", "\\ud800": "\\udc80"}\n'
    assert records.json_lines(block, ["text"]).written(["A"], keep=True) == block.replace(
        b'"a"', b'"A"'
    )


def test_a_byte_order_mark_is_the_readers():
    bom = b"\xef\xbb\xbf"
    block = bom + b'{"text": "a"}\n{"text": "\xef\xbb\xbfb"}\n'
    found = records.json_lines(block, ["text"])
    assert found.texts == ["\ufeffb"]  # in a text it is a character like others
    assert [fault[:2] for fault in found.faults] == [(0, None)]
    assert found.written(["\ufeffB"], keep=True) == block.replace(b'b"', b'B"')
    assert records.first_record(bom + b"text,b\n", ",") == (["\ufefftext", "b"], 10)


def test_lines_end_at_line_feeds():
    for data in (b"", b"a", b"\n", b"a\r\n\nb\rc"):
        assert list(records.lines(data)) == io.BytesIO(data).readlines()


def test_a_text_that_is_too_long(monkeypatch):
    monkeypatch.setattr(faults, "LONGEST_FIELD", 5)
    long = "expected at most 5 characters, got 6"
    found = records.json_lines(b'{"text": "123456"}\n{"text": "12345"}', ["text"])
    assert (found.texts, found.faults) == (["12345"], [Fault(0, "text", long)])
    found = records.separated(b"123456,\n12345,\n", {0: "text"}, ",", 2)
    assert (found.texts, found.faults) == (["12345"], [Fault(0, "text", long)])


def test_a_long_record_is_not_a_long_text(monkeypatch):
    monkeypatch.setattr(faults, "LONGEST_FIELD", 5)
    # That another record is no UTF-8 makes no difference.
    found = records.json_lines(b'{"text": "a", "more": "123456"}\n{"text": "\xff"}', ["text"])
    assert (found.texts, [fault.row for fault in found.faults]) == (["a"], [1])
    found = records.separated(b"a,123456\n\xff,\n", {0: "text"}, ",", 2)
    assert (found.texts, [fault.row for fault in found.faults]) == (["a"], [1])


# CSV and TSV -----------------------------------------------------------------------------------

# The writer of csv does not quote a \r, which its reader takes for an end.
cells = st.text(st.sampled_from('ab,"\n\té '), max_size=6)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=5)
)


def read(text):
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def found_in(text, width, column=0):
    return records.separated(text.encode(), {column: "text"}, ",", width)


@given(
    tables,
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 3),
)
def test_texts_of_csv_are_what_csv_reads(rows, quoting, end, column):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting, lineterminator=end).writerows(rows)
    text = out.getvalue()
    width = len(rows[0])
    column %= width
    found = found_in(text, width, column)
    assert found.faults == []
    assert found.texts == [row[column] for row in read(text)] == [row[column] for row in rows]
    assert found.written(found.texts, keep=True) == text.encode()
    new = [f'{cell}",{i}' for i, cell in enumerate(found.texts)]
    after = read(found.written(new, keep=True).decode())
    assert after == [
        [*row[:column], cell, *row[column + 1 :]] for row, cell in zip(rows, new, strict=True)
    ]


def slowly(text, delimiter):
    """Records, each of fields as they are written, what they say, and what follows them.

    A quote that does not close has `None` behind it.
    """
    made, fields = [], []
    literal = value = state = ""
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if state == "quoted" or (state == "closed" and char == '"'):
            literal += char
            value += char if char != '"' or state == "closed" else ""
            state = "closed" if char == '"' and state == "quoted" else "quoted"
        elif char in {delimiter, "\r", "\n"}:
            if text[at - 1 : at + 1] == "\r\n":
                char = "\r\n"
                at += 1
            fields.append((literal, value, char))
            literal = value = state = ""
            if char != delimiter:
                made.append(fields)
                fields = []
        elif char == '"' and not state and delimiter != "\t":
            literal, state = char, "quoted"
        else:
            literal += char
            value += char
            state = "plain"
    if literal or fields:
        made.append([*fields, (literal, value, None if state == "quoted" else "")])
    return made


@given(
    st.text(st.sampled_from('ab,,"\n\r\t\u00e9 '), max_size=40),
    st.integers(1, 4),
    st.sets(st.integers(0, 3), min_size=1),
    st.sampled_from([",", "\t"]),
    st.booleans(),
    st.lists(st.sampled_from(["B", 'x,"y', " ", "\u00c9", "", "a\nb"]), min_size=1, max_size=4),
)
@example('"a"b,"c""",d\r"e\n",f,\n\ng', 3, {0, 1}, ",", True, ['"'])
@example(" \na\n", 1, {0}, ",", True, [""])
def test_fields_are_cut_out_and_put_back(text, width, columns, delimiter, keep, new):
    columns = {column % width: f"c{column % width}" for column in columns}
    if delimiter == "\t":
        new = ["B"]
    found = records.separated(text.encode(), columns, delimiter, width)
    rows = slowly(text, delimiter)
    if delimiter == ",":
        said = [[value for _, value, _ in row] for row in rows]
        assert [row for row in said if row != [""]] == [row for row in read(text) if row != [""]]
    texts, bad, out = [], [], []
    for number, row in enumerate(rows):
        if len(row) == 1 and not row[0][0]:
            out.append(row[0][2])
        elif len(row) != width or row[-1][2] is None:
            bad.append(number)
            out += [literal + (end or "") for literal, _, end in row] if keep else []
        else:
            for place, (literal, value, end) in enumerate(row):
                after = literal
                if place in columns:
                    given = new[len(texts) % len(new)]
                    texts.append(value)
                    if given != value:
                        after = given
                        if delimiter == "," and (
                            literal[:1] == '"' or not given or set(given) & set(',"\r\n')
                        ):
                            after = '"' + given.replace('"', '""') + '"'
                out += [after, end]
    assert found.texts == texts
    assert [fault.row for fault in found.faults] == bad
    assert found.written(texts, keep=True) == text.encode()
    restored = [new[at % len(new)] for at in range(len(texts))]
    assert found.written(restored, keep=keep) == "".join(out).encode()


@given(st.text(st.sampled_from('a,"\n\r '), max_size=24))
@example('a"b,c\n"a"b"c,d\n')
@example('"a""')
@example("a\r\n\r\nb\rc")
def test_whatever_csv_reads(text):
    """Quotes in the midst of fields, and behind closing ones; what does not close is a fault."""
    rows = read(text)
    width = len(rows[0]) if rows else 1
    found = found_in(text, width)
    assert found.written(found.texts, keep=True) == text.encode()
    unclosed = any(fault.why == "expected a quote that closes, got none" for fault in found.faults)
    if unclosed:
        rows = rows[:-1]
    assert found.texts == [row[0] for row in rows if len(row) == width]
    assert len(found.faults) - unclosed == sum(len(row) != width for row in rows)
    assert found.records == len(rows) + unclosed


@given(
    st.lists(st.sampled_from([*b'a,"\n\r\n\t \xff\xc3']), max_size=40).map(bytes),
    st.lists(st.integers(1, 9)),
    st.sampled_from([",", "\t"]),
)
@example(b'a\r\nb,"\r\n"\r\n', [2], ",")
@example(b'a,"b""c"\n', [6], ",")
def test_blocks_are_whole_records(data, sizes, delimiter):
    cut, counts = [], []
    begun, rest = b"", data
    for size in [*sizes, len(data), 0]:
        more, rest = rest[:size], rest[size:]
        begun += more
        at, count = records.whole_records(begun, delimiter, final=size == 0)
        assert (at > 0) == (count > 0)
        if at:
            cut.append(begun[:at])
            counts.append(count)
            begun = begun[at:]
    assert b"".join(cut) == data
    parts = [slowly(part.decode("latin-1"), delimiter) for part in cut]
    assert counts == [len(part) for part in parts]
    assert [row for part in parts for row in part] == slowly(data.decode("latin-1"), delimiter)
    if delimiter == ",":
        text = data.decode("latin-1")
        assert [row for part in cut for row in read(part.decode("latin-1"))] == read(text)


MANY = ['"', ",", 'a"', '"a",', '""', '","', "\\", "[", "a", "\r", "\n", "\t", "a,", '"a"\n']


@pytest.mark.parametrize("sign", MANY)
@pytest.mark.parametrize("begin", ["", '"', 'a,"'])
def test_nothing_is_tried_over_and_over(sign, begin):
    text = begin + sign * (100_000 // len(sign))
    for delimiter, width in ((",", 3), ("\t", 3), (",", 100_001)):
        found = records.separated(text.encode(), {0: "text"}, delimiter, width)
        assert found.written(found.texts, keep=True) == text.encode()
        at, _ = records.whole_records(text.encode(), delimiter, final=False)
        assert at <= len(text)
        records.first_record(text.encode(), delimiter)


def test_bad_records_of_csv():
    block = b'1,one\n2\n3,"x\xff",4\n\n4,\xff\n5,"t""wo"\n6,"open\n7,x\n'
    found = records.separated(block, {1: "text"}, ",", 2)
    assert found.texts == ["one", 't"wo']
    assert [(fault.row, fault.why) for fault in found.faults] == [
        (1, "expected 2 fields, got 1"),
        (2, "expected 2 fields, got 3"),
        (4, "expected UTF-8, got byte 0xff"),
        (6, "expected a quote that closes, got none"),
    ]
    assert found.written(["One", 't"wo'], keep=True) == block.replace(b"one", b"One")
    assert found.written(["One", 'T"wo'], keep=False) == b'1,One\n\n5,"T""wo"\n'


def test_a_field_is_quoted_where_it_has_to_be():
    found = found_in('a,b\n"c",d\n', 2)
    assert found.written(["A", "C"], keep=True) == b'A,b\n"C",d\n'
    assert found.written(['A"', "C,"], keep=True) == b'"A""",b\n"C,",d\n'
    # One that has become empty is no blank line.
    assert found_in(" \n\nb", 1).written(["", "b"], keep=True) == b'""\n\nb'


def test_a_record_of_one_field_may_be_blank_if_quoted():
    found = found_in('\n""\n\r\na\n', 1)
    assert (found.texts, found.records, found.faults) == (["", "a"], 2, [])


def test_a_quote_in_tsv_is_one():
    block = b'1\t"so , he said\n2\tit\'s "\tx\n'
    found = records.separated(block, {1: "text"}, "\t", 2)
    assert found.texts == ['"so , he said']
    assert found.faults == [Fault(1, None, "expected 2 fields, got 3")]
    assert found.written(['"So, he said'], keep=True) == block.replace(b"so ,", b"So,")
    assert records.whole_records(block + b"3", "\t", final=False) == (len(block), 2)
    assert records.whole_records(b"a\tb\rc", "\t", final=True) == (5, 2)


def test_the_first_record_has_the_names():
    data = b'"i,d",text\r\n1,2\r\n'
    assert records.first_record(data, ",") == (["i,d", "text"], 12)
    assert records.first_record(b'"a\nb"\r1', ",") == (["a\nb"], 6)
    assert records.first_record(b"a\tb", "\t") == (["a", "b"], 3)
    assert records.first_record(b'"a\tb"\n', "\t") == (['"a', 'b"'], 6)
    assert records.first_record(b"a\xff,b\n1", ",")[1] == 5
    assert records.first_record("\u00e9,b\n".encode(), ",") == (["\u00e9", "b"], 5)
