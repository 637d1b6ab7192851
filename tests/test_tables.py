"""Texts in tables: restored where they stand, and nothing else touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majuscule import faults, tables
from majuscule.errors import DataError, MajusculeError
from majuscule.faults import ON_ERROR, Fault

pa = pytest.importorskip("pyarrow")

NULL = "expected text, got null"


def loud(texts):
    """Restores in a way that makes different texts the same, and some of them longer."""
    return [text.upper() for text in texts]


# A slow, plain reference ----------------------------------------------------------------------
#
# Rows of bytes, from wherever a column of text has them.


def arrays_of(column):
    return column.chunks if isinstance(column, pa.ChunkedArray) else [column]


def slowly(array, fields):
    """The values of an array as bytes, or of a field below it."""
    if fields:
        below = slowly(array.field(array.type.get_field_index(fields[0])), fields[1:])
        return [value if here.is_valid else None for here, value in zip(array, below, strict=True)]
    if isinstance(array, pa.DictionaryArray):
        values = slowly(array.dictionary, ())
        return [values[i] if i is not None else None for i in array.indices.to_pylist()]
    plain = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    return array.view(plain.get(array.type, pa.binary_view())).to_pylist()


def texts_of(batch, fields):
    arrays = arrays_of(batch.column(fields[0]))
    return [value for array in arrays for value in slowly(array, fields[1:])]


def why_of(value):
    return NULL if value is None else faults.of_bytes(value)


def expected(batch, columns, on_error):
    """The texts of all columns, row by row, and what is bad."""
    rows = list(zip(*(texts_of(batch, fields) for fields in columns.values()), strict=True))
    out, bad = [], []
    for number, row in enumerate(rows):
        whys = [(name, why_of(value)) for name, value in zip(columns, row, strict=True)]
        wrong = [Fault(number, name, why) for name, why in whys if why]
        bad += wrong[:1]
        if not wrong:
            out.append((number, tuple(value.decode().upper().encode() for value in row)))
        elif on_error == "keep":
            out.append((number, row))
    return out, bad


# Tables of all sorts --------------------------------------------------------------------------

WORDS = [
    b"",
    b"a",
    b"A",
    "stra\u00dfe".encode(),
    "\u0250\U0001f600".encode(),
    b"a longer text of two\nlines",
]
BAD = [None, b"\xff", b"caf\xe9 and so on, and on", b"\xed\xa0\x80"]
PLAIN = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}
KEPT = [
    pa.array([1, None, 3], pa.int64()),
    pa.array([[1], None, []], pa.list_(pa.int8())),
    pa.array(["a", None, "c"], pa.string_view()),
    pa.array([{"x": 1.5}, None, {"x": None}]),
    pa.array(["a", "b", None]).dictionary_encode(),
    pa.array([b"\xff", b"", None]),
    pa.array([None, None, None]),
    pa.RunEndEncodedArray.from_arrays([2, 3], ["x", "y"]),
]


def plain(values, kind):
    return pa.array(values, PLAIN[kind]).view(kind)


def from_pool(pool, size):
    return st.lists(st.sampled_from(pool), min_size=size, max_size=size)


@st.composite
def of_text(draw, size, pool):
    """An array of texts of some type, and the names that lead to them."""
    # More rows than are wanted, so that there is something to cut off.
    before, behind = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    length = before + size + behind
    kind = draw(st.sampled_from(list(PLAIN)))
    form = draw(st.sampled_from(["plain", "dictionary", "struct", "struct of struct"]))
    if form == "dictionary" or (form == "struct" and draw(st.booleans())):
        # With values twice, values that no row has, and a null among them.
        values = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=6))
        index = (
            st.none() | st.integers(0, len(values) - 1)
            if None in pool
            else st.integers(0, len(values) - 1)
        )
        indices = pa.array(
            draw(st.lists(index, min_size=length, max_size=length)),
            draw(st.sampled_from([pa.int8(), pa.uint16(), pa.int64()])),
        )
        ordered = draw(st.booleans())
        array = pa.DictionaryArray.from_arrays(indices, plain(values, kind), ordered=ordered)
    else:
        array = plain(draw(from_pool(pool, length)), kind)
    fields = []
    for _ in range(form.count("struct")):
        null = pa.array(draw(from_pool([False, None in pool], length)), pa.bool_())
        field = pa.field("t", array.type, draw(st.booleans()), {"of": "field"})
        number = pa.field("n", pa.int8())
        array = pa.StructArray.from_arrays(
            [pa.array(range(length), pa.int8()), array], fields=[number, field], mask=null
        )
        fields.append("t")
    return array.slice(before, size), fields


@st.composite
def batches(draw):
    """A batch, what leads to its columns of text by name, and what to do about bad rows."""
    size = draw(st.integers(0, 3))
    pool = WORDS + (BAD if draw(st.booleans()) else [])
    chunks = draw(st.integers(0, 3))
    columns, fields = {}, []
    arrays = []
    for name in ("one", "two"):
        array, below = draw(of_text(size, pool))
        columns[".".join((name, *below))] = [name, *below]
        fields.append(pa.field(name, array.type, metadata={"about": name}))
        arrays.append(array)
    for i, array in enumerate(draw(st.lists(st.sampled_from(KEPT), max_size=3))):
        fields.append(pa.field(f"kept {i}", array.type, metadata={"kept": str(i)}))
        arrays.append(array.slice(0, size))
    order = draw(st.permutations(range(len(fields))))
    schema = pa.schema([fields[i] for i in order], metadata={"of": "table"})
    batch = pa.record_batch([arrays[i] for i in order], schema=schema)
    if draw(st.booleans()):
        batch = pa.Table.from_batches([batch] * chunks, schema)
    return batch, columns, draw(st.sampled_from(ON_ERROR))


def is_valid(batch):
    """Whether there is nothing but UTF-8 in it, in values that no row has, too."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def same_but(before, after, columns, rows):
    """All is as it was in these rows, but for the columns of text."""
    assert type(after) is type(before)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert after.num_rows == len(rows)
    tops = {fields[0] for fields in columns.values()}
    for name in set(before.schema.names) - tops:
        old, new = before.column(name).to_pylist(), after.column(name).to_pylist()
        assert new == [old[row] for row in rows]
    for fields in columns.values():
        if len(fields) > 1:  # the text's neighbours, and whether there is a struct at all
            old, new = (
                [None if here is None else here["n"] for here in map(as_py, some)]
                for some in (before.column(fields[0]), after.column(fields[0]))
            )
            assert new == [old[row] for row in rows]


def as_py(struct):
    """A struct without its text, which may be no text."""
    return {"n": struct["n"].as_py()} if struct.is_valid else None


@given(batches())
def test_texts_are_restored_where_they_stand(given):
    batch, columns, on_error = given
    out, bad = expected(batch, columns, on_error)
    if bad and on_error == "fail":
        first = f"row {bad[0].row + 1} of {batch.num_rows}"
        with pytest.raises(DataError, match=f"^{first}.*: column {bad[0].column!r}: {bad[0].why};"):
            tables.restored(batch, list(columns), loud, on_error=on_error)
        return
    after, found = tables.restored(batch, list(columns), loud, on_error=on_error)
    assert found == bad
    rows = [row for row, _ in out]
    same_but(batch, after, columns, rows)
    got = list(zip(*(texts_of(after, fields) for fields in columns.values()), strict=True))
    assert got == [texts for _, texts in out]
    after.validate(full=is_valid(batch))


@given(batches())
def test_a_batch_is_what_its_rows_are_one_by_one(given):
    batch, columns, on_error = given
    if on_error == "fail":
        on_error = "keep"
    whole, bad = tables.restored(batch, list(columns), loud, on_error=on_error)
    alone = [
        tables.restored(batch.slice(i, 1), list(columns), loud, on_error=on_error)
        for i in range(batch.num_rows)
    ]
    assert [fault._replace(row=i) for i, (_, some) in enumerate(alone) for fault in some] == bad
    for fields in columns.values():
        assert texts_of(whole, fields) == [
            text for one, _ in alone for text in texts_of(one, fields)
        ]


@given(batches())
def test_values_of_python_are_restored_as_arrows_are(given):
    batch, columns, on_error = given
    try:
        lists = batch.to_pydict()
    except UnicodeDecodeError:
        return  # Python has no such text
    assert outcome(tables.restored_lists, lists, columns, on_error) == outcome(
        tables.restored, batch, columns, on_error
    )


def outcome(call, batch, columns, on_error):
    """The rows and what was bad, or what an error says behind the number of the row."""
    try:
        after, bad = call(batch, list(columns), loud, on_error=on_error)
    except DataError as error:
        return str(error).partition(": column")[2]
    rows = after if isinstance(after, dict) else after.to_pydict()
    return {name: rows[name] for name in rows if not name.startswith("kept")}, bad


def test_it_restores_once_with_all_texts_column_after_column():
    asked = []

    def restore(texts):
        asked.append(list(texts))
        return texts

    table = pa.table({"a": ["1", "2", None], "b": ["x", None, "z"], "c": ["p", "q", "r"]})
    tables.restored(table, ["c", "a"], restore, on_error="skip")
    assert asked == [["p", "q", "1", "2"]]


def test_the_restorer_restores_each_value_by_itself(restorer):
    texts = ["in paris , it rained .\nhe left .", "", "mr. smith met nato in london ."]
    batch = pa.record_batch({"text": texts})
    after = tables.restore(batch, ["text"], restorer)
    assert after.column(0).to_pylist() == [restorer.restore(text) for text in texts]


def test_what_does_not_change_is_the_same_array():
    batch = pa.record_batch({"a": ["A", "B"], "n": [1, 2]})
    after = tables.restored(batch, ["a"], loud)[0]
    for i in range(2):
        before = [buffer and buffer.address for buffer in batch.column(i).buffers()]
        assert [buffer and buffer.address for buffer in after.column(i).buffers()] == before


def test_a_name_with_dots_wins():
    table = pa.table({"a.b": ["x"], "a": [{"b": "y", "c.d": {"e": "z"}}]})
    after = tables.restored(table, ["a.b", "a.c.d.e"], loud)[0]
    assert after.to_pylist() == [{"a.b": "X", "a": {"b": "y", "c.d": {"e": "Z"}}}]


def test_a_field_of_a_struct_that_is_null_is_no_text():
    inner = pa.array(["hidden", "seen"])
    struct = pa.StructArray.from_arrays([inner], ["b"], mask=pa.array([True, False]))
    batch = pa.record_batch({"a": struct})
    after, bad = tables.restored(batch, ["a.b"], loud, on_error="keep")
    assert bad == [Fault(0, "a.b", NULL)]
    assert after.to_pylist() == [{"a": None}, {"a": {"b": "SEEN"}}]
    assert after.column(0).field(0).to_pylist() == ["hidden", "SEEN"]


def test_a_long_text_is_bad(monkeypatch):
    monkeypatch.setattr(faults, "LONGEST_FIELD", 5)
    monkeypatch.setattr(tables, "LONGEST_FIELD", 5)
    table = pa.table({"a": ["short", "longer", "\u00e9\u00e9\u00e9\u00e9\u00e9"]})
    after, bad = tables.restored(table, ["a"], loud, on_error="keep")
    assert bad == [Fault(1, "a", "expected at most 5 characters, got 6")]
    assert after.column(0).to_pylist() == ["SHORT", "longer", "\u00c9" * 5]


def test_a_column_of_nothing_but_nulls_has_no_text():
    table = pa.table({"a": pa.nulls(2), "b": ["x", "y"]})
    assert tables.restored(table, ["a", "b"], loud, on_error="keep") == (
        table,
        [Fault(0, "a", NULL), Fault(1, "a", NULL)],
    )
    assert tables.restored(table, ["a"], loud, on_error="skip")[0].num_rows == 0
    assert tables.restored(table.slice(0, 0), ["a"], loud)[0].num_rows == 0


# Dictionaries ---------------------------------------------------------------------------------


def test_a_small_dictionary_becomes_the_same_in_all_batches():
    whole = pa.array(["x", "y", "X", "z"]).dictionary_encode()
    found = [
        tables.restored(pa.record_batch({"a": part}), ["a"], loud)[0].column(0)
        for part in (whole.slice(0, 2), whole.slice(2), whole.slice(0, 0))
    ]
    assert [part.dictionary.to_pylist() for part in found] == [["X", "Y", "Z"]] * 3
    assert [part.to_pylist() for part in found] == [["X", "Y"], ["X", "Z"], []]


@pytest.mark.parametrize("on_error", ["keep", "skip"])
def test_of_a_large_dictionary_only_what_is_used_is_restored(on_error):
    size = tables.WHOLE_DICTIONARY + 1
    dictionary = pa.array([f"x{i}" for i in range(size)])
    indices = pa.array([7, 5, 7, None, size - 1])
    array = pa.DictionaryArray.from_arrays(indices, dictionary)
    batch = pa.record_batch({"a": array, "b": ["a", "b", None, "d", "e"]})
    asked = []
    after, _ = tables.restored(
        batch, ["a", "b"], lambda texts: asked.extend(texts) or loud(texts), on_error=on_error
    )
    assert asked == ["x5", "x7", f"x{size - 1}", "a", "b", "e"]
    last = f"X{size - 1}"
    kept = {"keep": ["X7", "X5", "x7", None, last], "skip": ["X7", "X5", last]}
    assert after.column(0).to_pylist() == kept[on_error]
    after.validate(full=True)


def test_a_dictionary_that_its_numbers_are_too_few_for():
    array = (
        pa.array([f"x{i}" for i in range(127)])
        .dictionary_encode()
        .cast(pa.dictionary(pa.int8(), pa.string()))
    )
    other = [None, None, *["b"] * 125]
    batch = pa.record_batch({"a": array, "b": other})
    with pytest.raises(
        DataError, match="as few values as int8 can number in a dictionary, got 129"
    ):
        tables.restored(batch, ["a", "b"], loud, on_error="keep")
    assert tables.restored(batch, ["a", "b"], loud, on_error="skip")[0].num_rows == 125


# What is refused ------------------------------------------------------------------------------

TABLE = pa.table(
    {
        "id": [7, 8],
        "text": ["a", None],
        "meta": [{"lang": "en", "n": 1}, {"lang": "de", "n": 2}],
        "url": ["u" * 99, "https://example.org/"],
        "raw": [b"a", b"b"],
    }
)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            "txt",
            r"expected one column 'txt', found id \(int64\), text \(string\), meta.lang \(string",
        ),
        ("meta.body", "expected one column 'meta.body', found id"),
        ("text.body", "expected one column 'text.body', found id"),
        ("id", "column 'id': expected string, large_string, .* got int64; found id"),
        ("meta", "column 'meta': expected string, .* got struct<"),
        ("meta.n", "column 'meta.n': expected string, .* got int64;"),
        ("raw", "column 'raw': expected string, .* got binary;"),
        ("", "expected one column '', found"),
    ],
)
def test_columns_that_are_not_there_or_hold_no_text(column, message):
    with pytest.raises(DataError, match=f"^{message}"):
        tables.check(TABLE.schema, ["text", column])
    with pytest.raises(DataError, match=f"^file.parquet: {message}"):
        tables.check(TABLE.schema, [column], "file.parquet")
    for on_error in ON_ERROR:
        with pytest.raises(DataError, match=f"^{message}"):
            tables.restored(TABLE, [column], loud, on_error=on_error)


def test_a_name_that_two_columns_have():
    table = pa.table([["a"], ["b"]], names=["x", "x"])
    with pytest.raises(DataError, match="expected one column 'x', found x"):
        tables.check(table.schema, ["x"])


@pytest.mark.parametrize("columns", ["text", ["text", "text"]])
def test_columns_are_named_one_by_one(columns):
    for some, call in ((TABLE, tables.restored), (TABLE.to_pydict(), tables.restored_lists)):
        with pytest.raises(MajusculeError, match="columns' names one by one, each once; got"):
            call(some, columns, loud)


def test_what_to_do_about_bad_rows_is_one_of_three():
    for some, call in ((TABLE, tables.restored), (TABLE.to_pydict(), tables.restored_lists)):
        with pytest.raises(MajusculeError, match="one of fail, skip, keep; got 'drop'"):
            call(some, ["text"], loud, on_error="drop")


def test_a_bad_row_is_told_by_its_number_and_what_else_it_has():
    said = (
        "row 2 of 2, id 8, url 'https://example.org/': column 'text': expected text, got null; mend"
        " it, or leave such rows out with on_error='skip', or as they are with on_error='keep'"
    )
    for some, call in ((TABLE, tables.restored), (TABLE.to_pydict(), tables.restored_lists)):
        with pytest.raises(DataError) as caught:
            call(some, ["text"], loud)
        assert str(caught.value) == said


def test_a_function_that_gives_other_than_it_got_is_refused():
    with pytest.raises(MajusculeError, match="expected 2 restored texts, got 1"):
        tables.restored(pa.table({"a": ["x", "y"]}), ["a"], lambda texts: texts[:1])


# Python's values ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, NULL),
        (float("nan"), NULL),
        (1, "expected text, got int"),
        (b"x", "expected text, got bytes"),
        ("\ud800", "expected Unicode text, got half of a surrogate pair"),
    ],
)
def test_values_that_are_no_text(value, why):
    batch = {"a": ["x", value], "b": [1, 2]}
    after, bad = tables.restored_lists(batch, ["a"], loud, on_error="skip")
    assert (after, bad) == ({"a": ["X"]}, [Fault(1, "a", why)])
    after, _ = tables.restored_lists(batch, ["a"], loud, on_error="keep")
    assert after["a"][0] == "X"
    assert after["a"][1] is value


def test_values_below_others():
    batch = {"a": [{"b": "x", "c": {"d.e": "y"}}, {"c": 1}, None], "a.b": ["p", "q", "r"]}
    after, bad = tables.restored_lists(batch, ["a.c.d.e", "a.b"], loud, on_error="keep")
    assert after == {
        "a": [{"b": "x", "c": {"d.e": "Y"}}, {"c": 1}, None],
        "a.b": ["P", "q", "r"],
    }
    assert [fault.row for fault in bad] == [1, 2]
    assert batch["a"][0]["c"] == {"d.e": "y"}  # what came in stays
    with pytest.raises(DataError, match=r"expected a column 'x', found a, a\.b; name one of these"):
        tables.restored_lists(batch, ["x"], loud)
