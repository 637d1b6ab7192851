"""Files to text and text to files: whole lines in, whole files out.

Memory is bounded by the longest line: `read` hands text on in pieces of whole lines, as
soon as they are there, and `writer` takes it piece by piece.

>>> import io
>>> list(pieces(io.BytesIO(b"one\\ntwo\\nthree"), "example.txt"))
['one\\ntwo\\n', 'three']
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from majuscule.errors import DataError
from majuscule.text import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from io import FileIO

STANDARD = "-"
"""The name of standard input and of standard output."""

ERRORS = ("strict", "replace")
"""What to do about bytes that are not UTF-8: stop, or put U+FFFD there."""

CHUNK = 1 << 17
"""Bytes asked for at once."""


class Readable(Protocol):
    """What bytes are read from; a raw file gives what is there and waits for no more."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes, none at the end."""


def pieces(file: Readable, name: str, errors: str = ERRORS[0]) -> Iterator[str]:
    """Decode a file in pieces of whole lines; nothing is added, left out or translated.

    Args:
        file: UTF-8; a byte order mark, carriage returns and NULs are characters like others.
        name: what error messages call it.
        errors: one of `ERRORS`.

    Yields:
        One or more whole lines; only the very last may lack its line feed.

    Raises:
        DataError: a byte is not UTF-8, or a line is longer than can be restored. All
            lines before it have come by then.
        OSError: reading failed.
    """
    begun: list[bytes] = []  # of the line whose end is still to come
    size = 0
    offset, line = 0, 1
    while True:
        with naming(name):
            chunk = file.read(CHUNK)
            if chunk is None:  # no end of the file, and must not be taken for one
                raise BlockingIOError(errno.EAGAIN, "expected input that can be waited for")
        end = chunk.rfind(b"\n") + 1
        if chunk and not end:
            begun.append(chunk)
            size += len(chunk)
            if size > LONGEST:
                raise DataError(
                    f"{name}: line {line}: expected at most {LONGEST:,} bytes in a line, got"
                    " more; break it into lines"
                )
            continue
        block = b"".join((*begun, chunk[:end]))
        yield from _decode(block, name, errors, offset, line)
        offset += len(block)
        line += block.count(b"\n")
        begun, size = [chunk[end:]], len(chunk) - end
        if not chunk:
            return


def _decode(block: bytes, name: str, errors: str, offset: int, line: int) -> Iterator[str]:
    bad = -1
    try:
        text = block.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        bad = error.start
        text = block[: block.rfind(b"\n", 0, bad) + 1].decode()
    if text:
        yield text
    if bad >= 0:
        line += block.count(b"\n", 0, bad)
        raise DataError(
            f"{name}: line {line}: expected UTF-8, got byte 0x{block[bad]:02x} at offset"
            f" {offset + bad}; convert the file, or put U+FFFD there with --errors replace"
        )


def read(name: str, errors: str = ERRORS[0]) -> Iterator[str]:
    """The pieces of a file, or of standard input if its name is ``-``.

    Raises:
        DataError, OSError: as `pieces` does.
    """
    with _open(name, "rb") as file:
        yield from pieces(file, "standard input" if name == STANDARD else name, errors)


def tokenised(name: str) -> bool:
    """Whether a file's name says that its text is tokenised.

    >>> tokenised("en_wiki.dev.tok.txt"), tokenised("in.tok.here/a.txt")
    (True, False)
    """
    return ".tok." in Path(name).name


def joined(files: Iterable[Iterable[str]]) -> Iterator[str]:
    """The pieces of all files, one file after another.

    No line runs on from one file into the next: a last line without a line feed gets one
    if more follows.

    >>> list(joined([["a\\n", "b"], [], ["c"]]))
    ['a\\n', 'b', '\\n', 'c']
    """
    ended = True
    for file in files:
        for piece in file:
            if not ended:
                yield "\n"
            ended = piece.endswith("\n")
            yield piece


def check(names: Iterable[str]) -> None:
    """See that every file can be read, before anything is done with the first.

    Raises:
        OSError: one cannot.
    """
    for name in names:
        if name == STANDARD:
            with naming("standard input"):
                os.fstat(0)
            continue
        mode = Path(name).stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        if stat.S_ISREG(mode):  # opening a pipe just to look would hang, or end its writer
            _open(name, "rb").close()


def clash(names: Iterable[str], output: str) -> str | None:
    """The first of the input files that is the output file too, under whatever name."""
    target = _identity(output, 1)
    for name in names:
        source = _identity(name, 0)
        if source and target and os.path.samestat(source, target):
            return name
    return None


def _identity(name: str, standard: int) -> os.stat_result | None:
    try:
        found = os.fstat(standard) if name == STANDARD else Path(name).stat()
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Let the system's errors say which file they are about, as the caller knows it."""
    try:
        yield
    except OSError as error:
        error.filename = name
        raise


@contextmanager
def whole(name: str) -> Iterator[Path]:
    """A file that appears when it is whole; write it to the path given.

    If the body raises, nothing is left, and a file of that name stays as it was. Devices
    and pipes are written to as they are.

    Raises:
        OSError: the file cannot be written there.
    """
    path = Path(name)
    mode = path.stat().st_mode if path.exists() else None
    if mode is not None and stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if mode is not None and not stat.S_ISREG(mode):
        yield path
        return
    if mode is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
    path = Path(os.path.realpath(path))  # a link stays: what it points to is replaced
    part = path.with_name(f".majuscule-{secrets.token_hex(4)}.part")
    try:
        with naming(name):
            part.open("xb").close()
            if mode is None:
                mode = part.stat().st_mode
        yield part
        with naming(name):
            with part.open("r+b") as file:
                os.fsync(file.fileno())
            part.chmod(stat.S_IMODE(mode))
            part.replace(path)
    finally:
        with suppress(OSError):  # it is in place, or was never made
            part.unlink()


@contextmanager
def writer(name: str) -> Iterator[Callable[[str], None]]:
    """A function that writes text to a file as `whole` does, or to standard output (``-``).

    It holds nothing back: text has been handed to the system when it returns.

    Raises:
        OSError: the file cannot be written; the function raises it, too.
    """
    if name == STANDARD:
        with _open(name, "wb") as file:
            yield _writing(file, "standard output")
    else:
        with whole(name) as path, _open(str(path), "wb") as file:
            yield _writing(file, name)


def _writing(file: FileIO, name: str) -> Callable[[str], None]:
    return lambda text: write_all(file, text.encode(), name)


def write_all(file: FileIO, data: bytes, name: str) -> None:
    """Hand all of some bytes to the system, which may take them in several portions.

    Raises:
        OSError: it does not take them; the file is called `name`.
    """
    left = memoryview(data)
    with naming(name):
        while left:
            left = left[file.write(left) :]


def _open(name: str, mode: Literal["rb", "wb"]) -> FileIO:
    """A file, raw; the standard ones stay open for whoever else uses them."""
    if name != STANDARD:
        return Path(name).open(mode, buffering=0)
    number, shown = (0, "standard input") if mode == "rb" else (1, "standard output")
    with naming(shown):
        return os.fdopen(number, mode, buffering=0, closefd=False)
