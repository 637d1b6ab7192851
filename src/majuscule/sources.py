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
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from majuscule import corpus
from majuscule.errors import DataError, MajusculeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import BinaryIO, NoReturn

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


def needed(module: str, extra: str = "corpus") -> Any:  # noqa: ANN401 - a module of any kind
    """A module of a package that comes with an extra.

    Args:
        module: its name.
        extra: what to install, in brackets after majuscule.

    Raises:
        MajusculeError: the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise MajusculeError(
            f"expected the package {package}, found none; install it with"
            f" pip install 'majuscule[{extra}]'"
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
        DataError: nothing is found under a name, two files would go to one place, or a URL
            cannot be reached.
        MajusculeError: a URL is of no kind that can be opened.
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
        root, found = path, _below(path)
    elif _PATTERN.search(name) and not path.exists():
        root = Path(*_fixed(path.parts))
        found = _glob(root, path.parts[len(root.parts) :], name)
    else:
        with corpus.naming(name):
            yield _of_path(path, path.name)
        return
    for one in sorted(set(found)):
        relative = one.relative_to(root)
        if one.is_file() and _shown(relative.parts):
            yield _of_path(one, relative.as_posix())


def _below(folder: Path) -> Iterator[Path]:
    """What is below a folder; to pass over what cannot be looked into would lose files."""

    def refuse(error: OSError) -> NoReturn:
        raise error

    for above, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [one for one in folders if _shown([one])]
        yield from (Path(above, one) for one in names)


def _glob(root: Path, parts: tuple[str, ...], name: str) -> Iterator[Path]:
    if parts[-1] == "**":  # folders only, to some versions of Python
        parts = (*parts, "*")
    try:
        yield from root.glob(str(Path(*parts)))
    except ValueError as error:
        raise DataError(f"{name}: expected a pattern as shells know them: {error}") from None


def _fixed(parts: tuple[str, ...]) -> Iterator[str]:
    """The beginning of a path up to its first pattern."""
    for part in parts[:-1]:
        if _PATTERN.search(part):
            return
        yield part


def _of_path(path: Path, relative: str) -> Source:
    about = path.stat()
    name = str(path)
    if name == corpus.STANDARD:  # a file that is called so
        name = f"./{name}"
    return Source(name, relative, about.st_size, f"{about.st_size} {about.st_mtime_ns}")


def _remote(name: str) -> Iterator[Source]:
    with _in_words(name):
        system, path = needed("fsspec").core.url_to_fs(name)
        if _PATTERN.search(path) and not system.exists(path):
            root = str(PurePosixPath(*_fixed(PurePosixPath(path).parts)))
            found = system.glob(path, detail=True)
        elif _is_folder(system, name, path):
            root, found = path, system.find(path, detail=True)
        else:
            yield _of_url(system, name, PurePosixPath(path).name)
            return
        for one in sorted(found):
            relative = PurePosixPath(one).relative_to(root)
            if found[one]["type"] != "directory" and _shown(relative.parts):
                yield _of_url(system, str(system.unstrip_protocol(one)), relative.as_posix())


def _is_folder(system: Any, name: str, path: str) -> bool:  # noqa: ANN401 - fsspec has no types
    if system.info(path)["type"] == "directory":
        return True
    # To HTTP all are files, and what comes as a page with links in it is a folder as well; to see
    # them all of it is fetched. So only what is called a folder is looked at.
    return name.endswith("/") and bool(system.isdir(path))


def _of_url(system: Any, name: str, relative: str) -> Source:  # noqa: ANN401 - as above
    path = system._strip_protocol(name)  # noqa: SLF001 - fsspec's own way from a URL to a path
    about = system.info(path)
    # HTTP's key is that of the URL alone.
    marks = [about.get(key) for key in ("size", "ETag", "Last-Modified")]
    fingerprint = " ".join(map(str, (system.ukey(path), *marks)))
    return Source(name, relative, about.get("size"), fingerprint)


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Errors of file systems that are not the machine's own, in a line."""
    try:
        yield
    except MajusculeError:
        raise
    except (ImportError, TypeError, ValueError) as error:
        raise MajusculeError(f"{name}: expected a URL that can be opened: {_line(error)}") from None
    except Exception as error:  # noqa: BLE001 - each file system raises what it likes
        why = error.__cause__ or error
        if isinstance(error, FileNotFoundError) and isinstance(why, FileNotFoundError):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None
        raise DataError(f"{name}: expected a file that can be reached, got: {_line(why)}") from None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


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
        with _in_words(self._name) if is_url(self._name) else corpus.naming(self._name):
            data = self._file.read(len(buffer))
            if data is None:  # no end of the file, and must not be taken for one
                raise BlockingIOError(errno.EAGAIN, "expected input that can be waited for")
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


class _Decompressed(io.RawIOBase):
    """The members, streams or frames of a file, one after another, all of them whole.

    Args:
        file: the file.
        new: makes what decompresses one of them.
        error: what it raises if it cannot.
        name: the file's.
    """

    def __init__(
        self, file: _Counted, new: Callable[[], Any], error: type[Exception], name: str
    ) -> None:
        self._file = io.BufferedReader(file, 1 << 16)
        self._new, self._error, self._name = new, error, name
        self._member: Any = new()  # None between two: a file without any is none
        self._rest = b""
        self._out = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever bytes can be put into
        while not self._out:
            # Few bytes, as they can become many.
            data = self._rest or self._file.read(1 << 12)
            if self._member is None:
                if not data:
                    return 0
                data = self._rest = data.lstrip(b"\0")  # what fills up blocks
                if not data:
                    continue
                self._member = self._new()
            if not data:
                raise self._broken("one that breaks off")
            try:
                self._out = memoryview(self._member.decompress(data))
            except self._error as error:
                raise self._broken(_line(error)) from None
            self._rest = self._member.unused_data
            if self._member.eof:
                self._member = None
        size = min(len(buffer), len(self._out))
        buffer[:size] = self._out[:size]
        self._out = self._out[size:]
        return size

    def _broken(self, got: str) -> DataError:
        return DataError(
            f"{self._name}: expected a compressed file that is whole, got {got}; make or fetch it"
            " again"
        )


def _decompressor(suffix: str) -> tuple[Callable[[], Any], type[Exception]]:
    """What makes decompressors, and what these raise."""
    if suffix == ".gz":
        return partial(zlib.decompressobj, 16 + zlib.MAX_WBITS), zlib.error  # 16: gzip's own
    if suffix == ".bz2":
        return bz2.BZ2Decompressor, OSError
    if suffix == ".xz":
        return partial(lzma.LZMADecompressor, lzma.FORMAT_XZ), lzma.LZMAError
    zstandard = needed("zstandard")
    return zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError


def open_bytes(source: Source) -> Opened:
    """A file's bytes, decompressed by its suffix; all members, streams or frames of it.

    Reading raises a DataError if it is compressed and not whole.

    Raises:
        DataError, MajusculeError, OSError: it cannot be opened, as `expand` has it.
    """
    name = source.name
    suffix = split_suffix(name)[1]
    decompressor = _decompressor(suffix) if suffix else None
    if name == corpus.STANDARD:
        file: Any = os.fdopen(0, "rb", buffering=0, closefd=False)
    elif is_url(name):
        with _in_words(name):
            system, path = needed("fsspec").core.url_to_fs(name)
            file = system.open(path, "rb")
    else:
        file = Path(name).open("rb", buffering=0)  # noqa: SIM115 - whoever reads closes it
    counted = _Counted(file, name)
    return Opened(_Decompressed(counted, *decompressor, name) if decompressor else counted, counted)


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
