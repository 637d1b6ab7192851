"""Which files go in, and all of their bytes, or an error."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import sys
from contextlib import closing, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majuscule import sources
from majuscule.errors import DataError, MajusculeError
from majuscule.sources import Source

fsspec = pytest.importorskip("fsspec")
zstandard = pytest.importorskip("zstandard")

COMPRESS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in (
        "a.txt",
        "b/c.txt",
        "b/d/e.csv",
        "b/.hidden/x.txt",
        "b/_SUCCESS",
        "b/.f",
        "[1].txt",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    return tmp_path


def found(*names):
    return [(source.name, source.relative) for source in sources.expand(names)]


def test_files_folders_and_patterns(here):
    assert found("a.txt") == [("a.txt", "a.txt")]
    assert found("b") == [("b/c.txt", "c.txt"), ("b/d/e.csv", "d/e.csv")]
    assert found("b/**/*.csv") == [("b/d/e.csv", "d/e.csv")]
    assert found("?.txt", "b/*/e.*") == [("a.txt", "a.txt"), ("b/d/e.csv", "d/e.csv")]
    assert found("[1].txt") == [("[1].txt", "[1].txt")]
    assert found("[a1].txt") == [("a.txt", "a.txt")]
    assert found("b/**") == found("b/**/*") == found("b") == found("./b/")
    assert found("**/**/*.csv") == [("b/d/e.csv", "b/d/e.csv")]
    whole = str(here / "b" / "*.txt")
    assert found(whole) == [(str(here / "b" / "c.txt"), "c.txt")]
    assert sources.expand(["a.txt"])[0].size == 5


def test_what_is_not_there_is_told(here):
    with pytest.raises(FileNotFoundError) as caught:
        found("none.txt")
    assert caught.value.filename == "none.txt"
    Path("empty").mkdir()
    for name in ("empty", "*.none", "b/.hidden*"):
        with pytest.raises(DataError, match="expected files to restore, found none"):
            found(name)
    for names in (("b", "b/c.txt"), ("b/c.txt", "b/c.txt"), ("b/*.txt", "b")):
        with pytest.raises(DataError, match=r"^b/c\.txt: .* b/c\.txt goes to c\.txt, too"):
            found(*names)
    for pattern in ("x**.txt", "b/x***"):  # not understood, or not found, by Python's version
        with pytest.raises(DataError, match=rf"^{re.escape(pattern)}: expected [^\n]+\Z"):
            found(pattern)


def test_the_order_is_that_of_the_paths(tmp_path):
    for name in ("10", "9", "B", "a", "b/2", "b/1", "b-"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    relative = [source.relative for source in sources.expand([str(tmp_path)])]
    assert relative == ["10", "9", "B", "a", "b/1", "b/2", "b-"]


def test_hidden_is_what_is_below(here):
    Path(".box").mkdir()
    Path(".box/_x.txt").touch()
    Path(".box/x.txt").touch()
    assert found(".box") == [(".box/x.txt", "x.txt")]
    assert found(".box/_x.txt") == [(".box/_x.txt", "_x.txt")]  # it was named


def test_a_file_may_be_called_as_standard_input_is(here):
    Path("b/d/-").write_text("of a file")
    os.chdir("b/d")
    (source, _) = sources.expand(["."])
    assert source[:2] == ("./-", "-")
    with sources.open_bytes(source) as file:
        assert file.read() == b"of a file"


def test_a_folder_that_cannot_be_looked_into_is_not_passed_over(here, monkeypatch):
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("b/d"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(PermissionError) as caught:
        found("b")
    assert caught.value.filename == "b/d"


def test_a_fingerprint_changes_with_the_file(here):
    def fingerprint():
        return sources.expand(["a.txt"])[0].fingerprint

    before = fingerprint()
    assert fingerprint() == before
    about = Path("a.txt").stat()
    os.utime("a.txt", ns=(0, about.st_mtime_ns + 1))
    assert fingerprint() != before
    Path("a.txt").write_text("more of it")
    os.utime("a.txt", ns=(0, about.st_mtime_ns))
    assert fingerprint() != before


def test_urls(here):
    memory = fsspec.filesystem("memory")
    for name in ("/box/a.txt", "/box/b/c.txt.gz", "/box/b/_x"):
        memory.pipe(name, gzip.compress(b"deep") if name.endswith("gz") else b"text")
    try:
        assert found("memory://box/a.txt") == [("memory://box/a.txt", "a.txt")]
        (flat, deep) = sources.expand(["memory://box"])
        assert (flat.relative, deep.relative) == ("a.txt", "b/c.txt.gz")
        with sources.open_bytes(deep) as file:
            assert file.read() == b"deep"
            assert file.consumed == deep.size
        assert found("memory://box/") == [flat[:2], deep[:2]]
        assert found("memory://box/**/*.gz") == [("memory:///box/b/c.txt.gz", "b/c.txt.gz")]
        assert flat.size == 4
        assert found("memory://box/**") == [flat[:2], deep[:2]]
        assert sources.expand(["memory://box"]) == [flat, deep]
        before = flat.fingerprint
        memory.pipe("/box/[1]*.txt", b"odd")
        (odd,) = sources.expand(["memory://box/[1]*.txt"])
        with sources.open_bytes(odd) as file:
            assert file.read() == b"odd"
        memory.pipe("/box/a.txt", b"other text")
        assert sources.expand(["memory://box/a.txt"])[0].fingerprint != before
        with pytest.raises(FileNotFoundError) as caught:
            found("memory://box/none.txt")
        assert caught.value.filename == "memory://box/none.txt"
        for name in ("memory://box/*.none", "memory://box/b/_*"):
            with pytest.raises(DataError, match="expected files to restore, found none"):
                found(name)
        with pytest.raises(DataError, match=r"memory://box/a\.txt goes to a\.txt, too"):
            found("memory://box/a.txt", "a.txt")
    finally:
        memory.rm("/box", recursive=True)
    assert found(f"file://{here}/b/d")[0][1] == "e.csv"


@pytest.mark.parametrize(
    "name", ["nosuch://x/a.txt", "s4://bucket/a.txt", "github://x/a.txt", "http://[x/a.txt"]
)
def test_urls_that_lead_nowhere(name):
    with pytest.raises(MajusculeError, match=r"expected a URL that can be opened: [^\n]+\Z"):
        sources.expand([name])
    with pytest.raises(MajusculeError, match=r": expected a [^\n]+\Z"):
        sources.open_bytes(Source(name, "a.txt", None, ""))


class Odd(fsspec.AbstractFileSystem):
    """Files that cannot be looked at, or not be read to their end."""

    protocol = "odd"
    cachable = False
    error: BaseException = OSError()
    looks = False

    def info(self, path, **_):
        if self.looks:
            return {"name": path, "size": 9, "type": "file"}
        raise self.error

    ls = info

    def _open(self, path, *_, **__):
        return self

    def read(self, size):
        raise self.error

    def close(self):
        pass


@pytest.fixture
def odd():
    fsspec.register_implementation("odd", Odd, clobber=True)
    yield Odd
    Odd.error, Odd.looks = OSError(), False


def not_found(cause):
    error = FileNotFoundError("odd://x/a.txt")
    error.__cause__ = cause
    return error


ODD = [
    (RuntimeError("two\nlines"), "two lines"),
    (OSError("without a number"), "without a number"),
    (PermissionError(13, "Permission denied"), r"\[Errno 13\] Permission denied"),
    (TimeoutError(), "TimeoutError"),
    (not_found(ConnectionError("no such host")), "no such host"),
    (RuntimeError("long " * 1000), "(long ){39}long"),
]


@pytest.mark.parametrize(("error", "why"), ODD, ids=[repr(one)[:30] for one, _ in ODD])
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_errors_of_file_systems_are_told_in_a_line(odd, error, why, suffix):
    odd.error = error
    name = f"odd://x/a.txt{suffix}"
    told = rf"^{name}: expected a file that can be reached, got: {why} ?\Z"
    with pytest.raises(DataError, match=told) as caught:
        sources.expand([name])
    assert caught.value.__suppress_context__
    with pytest.raises(DataError, match=r"^odd://x/\*\.txt: expected [^\n]+\Z"):
        sources.expand(["odd://x/*.txt"])  # fsspec takes some of them for nothing found
    odd.looks = True
    (source,) = sources.expand([name])
    with sources.open_bytes(source) as file, pytest.raises(DataError, match=told):
        file.read()


@contextmanager
def served(folder):
    """A folder by HTTP."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def guess_type(self, _):
            return "text/html"

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_files_by_http(here):
    pytest.importorskip("aiohttp")
    # Links in its text make no folder of it.
    text = 'see <a href="c.txt">http://127.0.0.1/c.txt</a>'
    Path("a.txt").write_text(text)
    with served(here) as url:
        assert found(f"{url}/a.txt") == [(f"{url}/a.txt", "a.txt")]
        (source,) = sources.expand([f"{url}/a.txt"])
        with sources.open_bytes(source) as file:
            assert file.read() == text.encode()
        assert source.size == len(text)
        assert sources.expand([f"{url}/a.txt"]) == [source]
        os.utime("a.txt", (0, 0))
        assert sources.expand([f"{url}/a.txt"])[0].fingerprint != source.fingerprint
        assert found(f"{url}/b/*.txt") == [(f"{url}/b/c.txt", "c.txt")]
        with pytest.raises(DataError, match=r"none\.txt: expected .* got: 404[^\n]+\Z"):
            found(f"{url}/none.txt")
    for name in (f"{url}/a.txt", f"{url}/*.txt"):
        with pytest.raises(DataError, match=r"expected a file that can be reached, got: [^\n]+\Z"):
            found(name)


def test_packages_that_are_missing_are_named():
    told = r"expected the package nothing_such, found none; .* pip install 'majuscule\[corpus\]'"
    for module in ("nothing_such", "nothing_such.below"):
        with pytest.raises(MajusculeError, match=told):
            sources.needed(module)
    assert sources.needed("os") is os


def test_without_zstandard_no_file_is_left_open(tmp_path, monkeypatch):
    (tmp_path / "a.zst").touch()
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MajusculeError, match="expected the package zstandard"):
        read(tmp_path / "a.zst")


# Their bytes -----------------------------------------------------------------------------------

DATA = b"".join(b"line %d of text\n" % i for i in range(20_000))


WHOLE = "expected a compressed file that is whole, got [^\n]+; make or fetch it again"


def read(path):
    (source,) = sources.expand([str(path)])
    with sources.open_bytes(source) as file:
        pieces = []
        before = 0
        while piece := file.read(9_999):
            pieces.append(piece)
            assert before <= file.consumed <= source.size
            before = file.consumed
        assert file.consumed == source.size
    return b"".join(pieces)


def refused(path):
    """That a file is no whole one, and does not become one if it is read on."""
    (source,) = sources.expand([str(path)])
    with sources.open_bytes(source) as file:
        with pytest.raises(DataError, match=rf"{path.name}: {WHOLE}"):
            file.read()
        with pytest.raises(DataError):
            list(iter(partial(file.read, 1 << 16), b""))


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
def test_all_members_are_read(tmp_path, suffix):
    compress = COMPRESS.get(suffix, bytes)
    for parts in ([b""], [DATA], [DATA, b"", b"more"], [b"", DATA], [b"", b""], [b"a"] * 3_000):
        (tmp_path / f"a{suffix.upper()}").write_bytes(b"".join(map(compress, parts)))
        assert read(tmp_path / f"a{suffix.upper()}") == b"".join(parts)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_no_more_is_held_than_is_asked_for(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_bytes(COMPRESS[suffix](DATA))
    with closing(sources.open_bytes(Source(str(tmp_path / f"a{suffix}"), "a", None, ""))) as file:
        assert file.raw.read(5) + file.raw.read(9) == DATA[:14]
        assert file.peek(1)[:1] == DATA[14:15]
        assert file.read() == DATA[14:]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_file_that_breaks_off_is_no_shorter_file(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    one, two = COMPRESS[suffix](b"some text, and more of it"), COMPRESS[suffix](b"a second one")
    for size in range(len(one + two)):  # in headers, in data, in trailers, between them; and none
        path.write_bytes((one + two)[:size])
        if size == len(one):
            assert read(path) == b"some text, and more of it"
        else:
            refused(path)
    whole = COMPRESS[suffix](DATA)
    for size in (1 << 12, len(whole) // 2, len(whole) - 9, len(whole) - 1):
        path.write_bytes(whole[:size])
        refused(path)


@given(
    st.sampled_from(sorted(COMPRESS)),
    st.lists(st.binary(max_size=40) | st.just(DATA), min_size=1, max_size=4),
    st.integers(0),
    st.lists(st.integers(1, 1 << 17), min_size=1, max_size=4),
)
def test_a_file_is_read_whole_or_refused(tmp_path_factory, suffix, parts, cut, sizes):
    members = [COMPRESS[suffix](part) for part in parts]
    whole = b"".join(members)
    cut %= len(whole) + 1
    path = tmp_path_factory.getbasetemp() / f"cut{suffix}"
    path.write_bytes(whole[:cut])
    ends = {len(b"".join(members[:count])): count for count in range(1, len(members) + 1)}
    with sources.open_bytes(Source(str(path), path.name, None, "")) as file:
        if cut not in ends:
            with pytest.raises(DataError, match=rf"{path.name}: {WHOLE}"):
                file.read()
            return
        read_so = bytearray()
        while piece := file.read(sizes[len(read_so) % len(sizes)]):
            read_so += piece
        assert read_so == b"".join(parts[: ends[cut]])
        assert file.consumed == cut


@pytest.mark.parametrize("suffix", COMPRESS)
def test_whatever_is_no_member_is_told(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    whole = COMPRESS[suffix](DATA)
    for other in (b"nothing of the kind", b"\0" * 600, b"\0nothing", b"\x1f\x8b", whole[1:]):
        path.write_bytes(other)
        refused(path)
        if other.strip(b"\0"):
            path.write_bytes(whole + other)
            refused(path)
            path.write_bytes(whole + whole + other + whole)
            refused(path)
    # What fills up a block of a tape is nothing, as it is to gzip and to xz.
    path.write_bytes(whole + b"\0" * 9_000 + whole + b"\0" * 4)
    assert read(path) == DATA + DATA


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_byte_that_has_changed_is_told(tmp_path, suffix):
    compress = COMPRESS[suffix]
    if suffix == ".zst":  # a frame need not have a checksum
        compress = zstandard.ZstdCompressor(write_checksum=True).compress
    one, two = compress(b"one , and so on , and on"), compress(b"two")
    for at in range(len(one + two)):
        data = bytearray(one + two)
        data[at] ^= 0x15
        (tmp_path / f"a{suffix}").write_bytes(data)
        try:  # it may be the time in a header
            assert read(tmp_path / f"a{suffix}") == b"one , and so on , and ontwo"
        except DataError as error:
            assert "expected a compressed file that is whole" in str(error)  # noqa: PT017 - as said


def test_frames_that_are_skipped_are_no_text(tmp_path):
    skipped = b"\x50\x2a\x4d\x18\x05\0\0\0hello"
    frame = COMPRESS[".zst"](b"text")
    for data in (skipped + frame, frame + skipped, frame + skipped + frame):
        (tmp_path / "a.zst").write_bytes(data)
        assert read(tmp_path / "a.zst") == b"text" * data.count(frame)


def test_input_that_is_not_there_yet_is_no_end(monkeypatch):
    begin, end = os.pipe()
    os.set_blocking(begin, False)
    os.write(end, b"some")
    fdopen = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda number, *how, **more: fdopen(begin, *how, **more))
    with closing(sources.open_bytes(Source("-", "-", None, ""))) as file:
        assert file.read1(9) == b"some"
        with pytest.raises(BlockingIOError):
            file.read1(9)
        os.close(end)
        assert file.read1(9) == b""
    os.close(begin)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_members_are_a_file(suffix):
    plain = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}[suffix]
    members = [sources.compressed(data, suffix) for data in (b"one", b"", DATA)]
    assert plain(b"".join(members)) == b"one" + DATA
    assert [sources.compressed(data, suffix) for data in (b"one", b"", DATA)] == members


def test_a_zstandard_file_is_one_frame(tmp_path):
    for data in (b"", DATA):
        (tmp_path / "plain").write_bytes(data)
        sources.compress_file(tmp_path / "plain", tmp_path / "a.zst")
        written = (tmp_path / "a.zst").read_bytes()
        # As most readers do, this one stops after the first frame.
        reader = zstandard.ZstdDecompressor().stream_reader(written, read_across_frames=False)
        assert reader.read() == data
        assert read(tmp_path / "a.zst") == data
