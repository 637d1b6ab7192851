"""Files to text and back: nothing lost, in whatever pieces it comes."""

from __future__ import annotations

import errno
import io
import os
import stat
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from majuscule import corpus
from majuscule.errors import DataError

posix = pytest.mark.skipif(os.name != "posix", reason="links, pipes and permissions of POSIX")


class Chunks:
    """A raw file that gives what it has as it likes."""

    def __init__(self, chunks):
        self.chunks = iter([*chunks, b""])

    def read(self, size):
        return next(self.chunks)


# Parts of characters, wrong bytes and line ends: whatever a cut may fall into.
AWKWARD = st.lists(
    st.sampled_from(
        [
            *(bytes([byte]) for byte in "é€😀".encode()),
            *(char.encode() for char in "aé€😀\ufeff\0"),
            *(b"\n", b"\r\n", b"\n\n", b"\xed\xa0\x80", b"\xff", b"\xc0\x80"),
        ]
    )
).map(b"".join)


def cut(data, places):
    ends = sorted({min(place, len(data)) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(ends)]


@given(AWKWARD | st.binary(), st.lists(st.integers(0, 60)))
@example(b"", [])
@example(b"no line feed", [3])
@example("one €\r\ntwo\n".encode(), [5, 6])
def test_pieces_are_the_file_decoded_at_once(data, places):
    found = list(corpus.pieces(Chunks(cut(data, places)), "x", "replace"))
    assert "".join(found) == data.decode("utf-8", "replace")
    assert all(piece.endswith("\n") for piece in found[:-1])
    assert all(found)


@given(AWKWARD | st.binary(), st.lists(st.integers(0, 60)))
@example(b"good\n\xe2\x82", [6])
@example(b"one\ntwo \xff\n", [8, 9])
def test_strict_pieces_stop_where_decoding_stops_after_all_lines_before(data, places):
    try:
        expected, place = data.decode(), None
    except UnicodeDecodeError as error:
        place = error.start
        expected = data[: data.rfind(b"\n", 0, place) + 1].decode()
    found = []
    message = ""
    try:
        found.extend(corpus.pieces(Chunks(cut(data, places)), "x"))
    except DataError as error:
        message = str(error)
    # `extend` keeps what came before the exception.
    assert "".join(found) == expected
    if place is None:
        assert message == ""
    else:
        line = data.count(b"\n", 0, place) + 1
        assert message.startswith(
            f"x: line {line}: expected UTF-8, got byte 0x{data[place]:02x} at offset {place};"
        )


@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_character_may_lie_across_two_reads(tmp_path, before):
    data = b"a" * (corpus.CHUNK - before) + "€\n".encode()
    (tmp_path / "a.txt").write_bytes(data)
    assert "".join(corpus.read(str(tmp_path / "a.txt"))) == data.decode()


def test_lines_come_as_soon_as_they_are_whole():
    asked = []

    class Slow(Chunks):
        def read(self, size):
            asked.append(size)
            return super().read(size)

    found = corpus.pieces(Slow([b"one\ntw", b"o", b"\n"]), "x")
    assert (next(found), len(asked)) == ("one\n", 1)
    assert (next(found), len(asked)) == ("two\n", 3)


def test_input_that_does_not_wait_is_not_taken_for_the_end():
    with pytest.raises(BlockingIOError) as caught:
        list(corpus.pieces(Chunks([b"one\n", None, b"two\n"]), "x"))
    assert caught.value.filename == "x"


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(corpus, "LONGEST", 10)
    found = corpus.pieces(Chunks([b"a\nbb", b"b" * 5, b"b" * 5, b"b"]), "x")
    assert next(found) == "a\n"
    with pytest.raises(DataError, match="x: line 2: expected at most 10 bytes in a line"):
        next(found)


def test_a_failed_read_names_the_file():
    class Broken:
        def read(self, size):
            raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError) as caught:
        list(corpus.pieces(Broken(), "x"))
    assert caught.value.filename == "x"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a\n", "b\n"], "a\nb\n"),
        (["a", "b"], "a\nb"),
        (["a", "", "b"], "a\nb"),
        (["a", ""], "a"),
        (["a\r\n", "b"], "a\r\nb"),
    ],
)
def test_no_line_runs_on_into_the_next_file(files, expected):
    pieces = (corpus.pieces(io.BytesIO(file.encode()), "x") for file in files)
    assert "".join(corpus.joined(pieces)) == expected


def test_check_finds_what_cannot_be_read(tmp_path):
    good = tmp_path / "good"
    good.touch()
    corpus.check([str(good), os.devnull])
    with pytest.raises(FileNotFoundError):
        corpus.check([str(good), str(tmp_path / "missing")])
    with pytest.raises(IsADirectoryError):
        corpus.check([str(tmp_path)])


@posix
def test_check_opens_no_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for a writer for ever
    corpus.check([str(tmp_path / "pipe")])


@posix
def test_clash_knows_a_file_by_all_its_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("a")
    Path("b").write_text("a")
    Path("hard").hardlink_to("a")
    Path("soft").symlink_to("a")
    for name in ("a", "./a", str(tmp_path / "a"), "hard", "soft"):
        assert corpus.clash(["b", "a"], name) == "a"
    for name in ("b", "missing", os.devnull, "."):
        assert corpus.clash(["a", os.devnull, "."], name) is None


@contextmanager
def interrupted():
    with pytest.raises(KeyboardInterrupt):
        yield


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path):
    with corpus.writer(str(tmp_path / "out")) as write:
        write("one\n")
        assert "out" not in left_in(tmp_path)
        write("two €\n")
    assert (tmp_path / "out").read_bytes() == "one\ntwo €\n".encode()
    assert left_in(tmp_path) == ["out"]


@pytest.mark.parametrize("before", [None, b"as it was"])
def test_a_file_that_fails_leaves_everything_as_it_was(tmp_path, before):
    out = tmp_path / "out"
    if before is not None:
        out.write_bytes(before)
    with interrupted(), corpus.writer(str(out)) as write:
        write("half\n")
        raise KeyboardInterrupt
    assert left_in(tmp_path) == ([] if before is None else ["out"])
    assert before is None or out.read_bytes() == before


def test_a_file_that_another_program_moves_in_place_is_still_whole(tmp_path):
    with corpus.whole(str(tmp_path / "out")) as path:
        other = tmp_path / "other"
        other.write_text("whole")
        other.replace(path)
    assert (tmp_path / "out").read_text() == "whole"


@posix
def test_permissions_are_those_a_new_file_would_have_or_the_old_ones(tmp_path):
    old = os.umask(0o027)
    try:
        for _ in range(2):
            with corpus.whole(str(tmp_path / "out")) as path:
                path.unlink()
                path.touch(0o600)  # as libraries do that write a file of their own and move it
            assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640
        (tmp_path / "out").chmod(0o604)
        with corpus.writer(str(tmp_path / "out")) as write:
            write("new")
        assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o604
    finally:
        os.umask(old)


@posix
def test_what_a_link_points_to_is_replaced(tmp_path):
    (tmp_path / "folder").mkdir()
    for name, target in (("link", "folder/out"), ("link2", "link")):
        (tmp_path / name).symlink_to(target)
    for text in ("one", "two"):
        with corpus.writer(str(tmp_path / "link2")) as write:
            write(text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "link2").is_symlink()
        assert (tmp_path / "folder" / "out").read_text() == text
    assert left_in(tmp_path / "folder") == ["out"]


@posix
def test_pipes_and_devices_are_written_as_they_are(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with corpus.writer(str(pipe)) as write:
            write("one")
            assert os.read(end, 10) == b"one"
    finally:
        os.close(end)
    with corpus.writer(os.devnull) as write:
        write("one")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert left_in(tmp_path) == ["pipe"]


@pytest.mark.parametrize("name", ["", "missing/out", "file/out"])
def test_errors_of_writing_name_the_file_asked_for(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(OSError) as caught, corpus.writer(str(tmp_path / name)):
        pytest.fail("nothing is to be written")
    assert Path(caught.value.filename) == tmp_path / name
    assert left_in(tmp_path) == ["file"]


def test_a_file_protected_from_writing_is_not_replaced(tmp_path, monkeypatch):
    out = tmp_path / "out"
    out.write_text("as it was")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)  # as for a user not root
    with pytest.raises(PermissionError), corpus.writer(str(out)):
        pytest.fail("nothing is to be written")
    assert out.read_text() == "as it was"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_named():
    with (
        pytest.raises(OSError, match="/dev/full") as caught,
        corpus.writer("/dev/full") as write,
    ):
        write("one")
    assert caught.value.errno == errno.ENOSPC
