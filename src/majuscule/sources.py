"""Which files go in, wherever they are, and their bytes, whatever they are compressed with."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import re
import zlib
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from majuscule import corpus
from majuscule.errors import DataError, MajusculeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
"""Suffixes of compressed files."""


class Source(NamedTuple):
    """A file that goes in.

    Attributes:
        name: as its user knows it: a path or a URL.
        relative: where it is below the folder that it was found in.
        size: its bytes as they are stored; None if that is not known.
        fingerprint: changes when the file does.
    """

    name: str
    relative: str
    size: int | None
    fingerprint: str


def needed(module: str) -> Any:  # noqa: ANN401 - a module of any kind
    """A module of a package that comes with an extra.

    Raises:
        MajusculeError: the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise MajusculeError(
            f"expected the package {package}, found none; install it with"
            " pip install 'majuscule[corpus]'"
        ) from None


def split_suffix(name: str) -> tuple[str, str]:
    """A name without its compression's suffix, and that suffix.

    >>> split_suffix("a.jsonl.gz"), split_suffix("a.txt")
    (('a.jsonl', '.gz'), ('a.txt', ''))
    """
    for suffix in COMPRESSIONS:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)], suffix
    return name, ""


# Which files ----------------------------------------------------------------------------------

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_PATTERN = re.compile(r"[*?[]")


def is_url(name: str) -> bool:
    """Whether a name is a URL.

    >>> is_url("s3://bucket/a.txt"), is_url("a/b.txt")
    (True, False)
    """
    return bool(_URL.match(name))


def expand(names: Iterable[str]) -> list[Source]:
    """The files that are meant.

    Args:
        names: files; folders, of which all files are meant but hidden ones and those that
            begin with an underscore, as engines mark theirs; patterns as shells know them, and
            ``**`` for any folders; or URLs of all these that `fsspec` understands.

    Returns:
        The files in the order of `names`, those of one in the order of their paths.

    Raises:
        DataError: nothing is found under a name, or two files would go to one place.
        OSError: a file cannot be looked at.
    """
    found: list[Source] = []
    for name in names:
        some = list(_remote(name) if is_url(name) else _local(name))
        if not some:
            raise DataError(f"{name}: expected files to restore, found none; check the name")
        found += some
    places: dict[str, str] = {}
    for source in found:
        if source.relative in places:
            raise DataError(
                f"{source.name}: expected files that go to different places, but"
                f" {places[source.relative]} goes to {source.relative}, too; restore them one after"
                " the other"
            )
        places[source.relative] = source.name
    return found


def _shown(parts: Iterable[str]) -> bool:
    return not any(part.startswith((".", "_")) for part in parts)


def _local(name: str) -> Iterator[Source]:
    path = Path(name)
    if path.is_dir():
        root, found = path, path.rglob("*")
    elif _PATTERN.search(name) and not path.exists():
        root = Path(*_fixed(path.parts))
        found = root.glob(str(Path(*path.parts[len(root.parts) :])))
    else:
        with corpus.naming(name):
            yield _of_path(path, path.name)
        return
    for one in sorted(found):
        relative = one.relative_to(root)
        if one.is_file() and _shown(relative.parts):
            yield _of_path(one, relative.as_posix())


def _fixed(parts: tuple[str, ...]) -> Iterator[str]:
    """The beginning of a path up to its first pattern."""
    for part in parts[:-1]:
        if _PATTERN.search(part):
            return
        yield part


def _of_path(path: Path, relative: str) -> Source:
    about = path.stat()
    return Source(str(path), relative, about.st_size, f"{about.st_size} {about.st_mtime_ns}")


def _remote(name: str) -> Iterator[Source]:
    fsspec = needed("fsspec")
    with _in_words(name):
        system, path = fsspec.core.url_to_fs(name)
        if _PATTERN.search(path) and not system.exists(path):
            root = str(PurePosixPath(*_fixed(PurePosixPath(path).parts)))
            found = system.glob(path)
        elif system.isdir(path):
            root, found = path, system.find(path)
        else:
            yield _of_url(system, name, PurePosixPath(path).name)
            return
        for one in sorted(found):
            relative = PurePosixPath(one).relative_to(root)
            if _shown(relative.parts) and not system.isdir(one):
                yield _of_url(system, str(system.unstrip_protocol(one)), relative.as_posix())


def _of_url(system: Any, name: str, relative: str) -> Source:  # noqa: ANN401 - fsspec has no types
    path = system._strip_protocol(name)  # noqa: SLF001 - fsspec's own way from a URL to a path
    about = system.info(path)
    return Source(name, relative, about.get("size"), str(system.ukey(path)))


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Errors of file systems that are not the machine's own, as its own are told."""
    try:
        yield
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None
    except OSError as error:
        if error.errno is None:
            raise DataError(
                f"{name}: expected a file that can be reached, got: {error!s:.200}"
            ) from None
        error.filename = name
        raise
    except (ImportError, ValueError) as error:
        raise MajusculeError(f"{name}: expected a URL that can be opened: {error!s:.200}") from None


# Their bytes ----------------------------------------------------------------------------------


class _Counted(io.RawIOBase):
    """A file that counts the bytes read from it."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self.count = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._file.seekable()

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever bytes can be put into
        with corpus.naming(self._name):
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


class Opened(io.BufferedReader):
    """A file's bytes, decompressed."""

    def __init__(self, raw: io.RawIOBase, counted: _Counted) -> None:
        super().__init__(raw, 1 << 18)
        self._counted = counted

    @property
    def consumed(self) -> int:
        """How many of its bytes, as they are stored, have been read."""
        return self._counted.count

    def close(self) -> None:
        """Close the file, too."""
        super().close()
        self._counted.close()


class _Whole(io.RawIOBase):
    """What a decompressor gives; a file that is broken off, or broken, is no end."""

    def __init__(self, file: Any, name: str) -> None:  # noqa: ANN401 - each package has its own
        self._file, self._name = file, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as above
        try:
            data = self._file.read(len(buffer))
        except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile, ValueError) as error:
            raise self._broken(error) from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise self._broken(error) from None  # bz2's
        buffer[: len(data)] = data
        return len(data)

    def _broken(self, error: Exception) -> DataError:
        return DataError(
            f"{self._name}: expected a compressed file that is whole, got"
            f" {str(error) or 'one that breaks off'}; make or fetch it again"
        )


class _Zstandard:
    """The frames of a file, one after another."""

    def __init__(self, file: io.RawIOBase) -> None:
        zstandard = needed("zstandard")
        self._file = file
        self._new = zstandard.ZstdDecompressor
        self._error = zstandard.ZstdError
        self._frame: Any = None
        self._rest = self._out = b""

    def read(self, size: int) -> bytes:
        """Some more bytes, at most `size`; none at the end."""
        while not self._out:
            data = self._rest or self._file.read(1 << 14) or b""
            if not data:
                if self._frame is not None:
                    raise EOFError("one that breaks off")
                return b""
            self._frame = self._frame or self._new().decompressobj()
            try:
                self._out = self._frame.decompress(data)
            except self._error as error:
                raise EOFError(str(error)) from None
            self._rest = self._frame.unused_data
            if self._frame.eof:
                self._frame = None
        data, self._out = self._out[:size], self._out[size:]
        return data


def open_bytes(source: Source) -> Opened:
    """A file's bytes, decompressed by its suffix; all members, streams or frames of it.

    Reading raises a DataError if it is compressed and not whole.

    Raises:
        OSError: it cannot be opened.
    """
    if source.name == corpus.STANDARD:
        file: Any = os.fdopen(0, "rb", buffering=0, closefd=False)
    elif is_url(source.name):
        with _in_words(source.name):
            file = needed("fsspec").open(source.name, "rb").open()
    else:
        file = Path(source.name).open("rb", buffering=0)  # noqa: SIM115 - whoever reads closes it
    counted = _Counted(file, source.name)
    suffix = split_suffix(source.name)[1]
    if not suffix:
        return Opened(counted, counted)
    opened: Any = {".gz": gzip.GzipFile, ".bz2": bz2.BZ2File, ".xz": lzma.LZMAFile}.get(suffix)
    if opened is not None:
        plain = opened(fileobj=io.BufferedReader(counted)) if suffix == ".gz" else opened(counted)
    else:
        plain = _Zstandard(counted)
    return Opened(_Whole(plain, source.name), counted)


def compressed(data: bytes, suffix: str) -> bytes:
    """A whole member of a compressed file; one after another they are a file.

    Not for .zst: many readers stop after its first frame (`compress_file`).

    >>> import gzip
    >>> gzip.decompress(compressed(b"a", ".gz") + compressed(b"b", ".gz"))
    b'ab'
    """
    if suffix == ".gz":
        return gzip.compress(data, 6, mtime=0)
    return bz2.compress(data) if suffix == ".bz2" else lzma.compress(data)


def compress_file(source: Path, target: Path) -> None:
    """Write a file as one Zstandard frame."""
    zstandard = needed("zstandard")
    with source.open("rb") as plain, target.open("wb") as out:
        compressor = zstandard.ZstdCompressor(write_checksum=True)
        compressor.copy_stream(plain, out, size=source.stat().st_size)
