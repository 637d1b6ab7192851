"""Which files go in, and all of their bytes, or an error."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
from pathlib import Path

import pytest

from majuscule import sources
from majuscule.errors import DataError, MajusculeError

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
    with pytest.raises(DataError, match=r"c\.txt goes to c\.txt, too"):
        found("b", "b/c.txt")


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
        assert sources.open_bytes(deep).read() == b"deep"
        assert found("memory://box/**/*.gz") == [("memory:///box/b/c.txt.gz", "b/c.txt.gz")]
        assert flat.size == 4
        before = flat.fingerprint
        memory.pipe("/box/a.txt", b"other text")
        assert sources.expand(["memory://box/a.txt"])[0].fingerprint != before
        with pytest.raises(FileNotFoundError):
            found("memory://box/none.txt")
    finally:
        memory.rm("/box", recursive=True)
    assert found(f"file://{here}/b/d")[0][1] == "e.csv"


@pytest.mark.parametrize("name", ["nosuch://x/a.txt", "s4://bucket/a.txt"])
def test_urls_that_lead_nowhere(name):
    with pytest.raises(MajusculeError, match="expected a URL that can be opened"):
        sources.expand([name])


def test_packages_that_are_missing_are_named():
    with pytest.raises(MajusculeError, match=r"expected the package nothing_such, found none"):
        sources.needed("nothing_such.below")


# Their bytes -----------------------------------------------------------------------------------

DATA = b"".join(b"line %d of text\n" % i for i in range(20_000))


def read(path):
    (source,) = sources.expand([str(path)])
    with sources.open_bytes(source) as file:
        data = b"".join(iter(lambda: file.read(9_999), b""))
        assert file.consumed == source.size
    return data


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
def test_all_members_are_read(tmp_path, suffix):
    compress = COMPRESS.get(suffix, bytes)
    for parts in ([b""], [DATA], [DATA, b"", b"more"], [b"", DATA]):
        (tmp_path / f"a{suffix}").write_bytes(b"".join(map(compress, parts)))
        assert read(tmp_path / f"a{suffix}") == b"".join(parts)


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_file_that_breaks_off_is_no_shorter_file(tmp_path, suffix):
    whole = COMPRESS[suffix](DATA) + COMPRESS[suffix](b"a second one")
    first = len(COMPRESS[suffix](DATA))
    for size in (1, 3, 9, first // 2, first - 9, first - 1, first + 2, first + 9, len(whole) - 1):
        (tmp_path / f"a{suffix}").write_bytes(whole[:size])
        with pytest.raises(
            DataError, match=rf"a{suffix}: expected a compressed file that is whole"
        ):
            read(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_file_that_is_broken_is_told(tmp_path, suffix):
    data = bytearray(COMPRESS[suffix](DATA))
    data[len(data) // 2] ^= 0xFF
    data[len(data) // 2 + 1] ^= 0x55
    # A frame of Zstandard need not have a checksum, and this one has none.
    for broken in (b"nothing of the kind", *([bytes(data)] if suffix != ".zst" else [])):
        (tmp_path / f"a{suffix}").write_bytes(broken)
        with pytest.raises(DataError, match="expected a compressed file that is whole"):
            read(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
def test_members_are_a_file(suffix):
    plain = {".gz": gzip.decompress, ".bz2": bz2.decompress, ".xz": lzma.decompress}[suffix]
    members = [sources.compressed(data, suffix) for data in (b"one", b"", DATA)]
    assert plain(b"".join(members)) == b"one" + DATA
    assert sources.compressed(DATA, suffix) == members[2]


def test_a_zstandard_file_is_one_frame(tmp_path):
    for data in (b"", DATA):
        (tmp_path / "plain").write_bytes(data)
        sources.compress_file(tmp_path / "plain", tmp_path / "a.zst")
        written = (tmp_path / "a.zst").read_bytes()
        # As most readers do, this one stops after the first frame.
        assert zstandard.ZstdDecompressor().stream_reader(written).read() == data
        assert read(tmp_path / "a.zst") == data
