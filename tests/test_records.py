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
spellings = st.builds(
    lambda ascii_, separators, indent: {"ensure_ascii": ascii_, "separators": separators},
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " :  ")]),
    st.none(),
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


def test_no_other_byte_of_json_changes():
    block = (
        b'{ "n" : 1.10e+400, "text":"caf\\u00e9 \\/ a", "text" : "b",  "m": {"text": "c"} }\r\n'
        b'\n{"text": "\xc3\xa9", "u": "\\ud800", "i": ' + b"9" * 6000 + b"}"
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


def test_a_text_that_is_too_long(monkeypatch):
    monkeypatch.setattr(faults, "LONGEST_FIELD", 5)
    long = "expected at most 5 characters, got 6"
    found = records.json_lines(b'{"text": "123456"}\n{"text": "12345"}', ["text"])
    assert (found.texts, found.faults) == (["12345"], [Fault(0, "text", long)])
    found = records.separated(b"123456,\n12345,\n", {0: "text"}, ",", 2)
    assert (found.texts, found.faults) == (["12345"], [Fault(0, "text", long)])


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


@given(st.text(st.sampled_from('a,"\n\r\n '), max_size=40), st.lists(st.integers(1, 9)))
@example('a\r\nb,"\r\n"\r\n', [2])
def test_blocks_are_whole_records(text, sizes):
    data = text.encode()
    cut = []
    rest, count = b"", 0
    sizes = iter([*sizes, len(data)])
    while True:
        size = next(sizes, len(data))
        more, data = data[:size], data[size:]
        rest += more
        at, some = records.whole_records(rest, ",", final=not more)
        count += some
        if at:
            cut.append(rest[:at])
            rest = rest[at:]
        if not more:
            break
    assert b"".join(cut) == text.encode()
    assert [row for part in cut for row in read(part.decode())] == read(text)
    assert count >= len(read(text))


@pytest.mark.parametrize(
    "text", ['"' * 100_000, "," * 100_000, 'a"' * 50_000, '"a",' * 50_000, "\\" * 9]
)
def test_nothing_is_tried_over_and_over(text):
    found = found_in(text, 3)
    assert found.written(found.texts, keep=True) == text.encode()
    records.whole_records(text.encode(), ",", final=False)


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
    assert records.first_record(b"a\tb", "\t") == (["a", "b"], 3)
    assert records.first_record("\u00e9,b\n".encode(), ",") == (["\u00e9", "b"], 5)
