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
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from majuscule.errors import DataError
from majuscule.text import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CHUNK = 1 << 17
"""Bytes asked for at once."""

STANDARD = "-"
"""The name of standard input and of standard output."""

ERRORS = ("strict", "replace")
"""What to do about bytes that are not UTF-8: stop, or put U+FFFD there."""


class Readable(Protocol):
    """What bytes are read from; a raw file gives what is there without waiting for more."""

    def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes, none at the end."""


def pieces(file: Readable, name: str, errors: str = ERRORS[0]) -> Iterator[str]:
    """Decode a file in pieces of whole lines; nothing is added, left out or translated.

    Args:
        file: UTF-8 bytes; a byte order mark, carriage returns and NULs are characters.
        name: what error messages call it.
        errors: one of `ERRORS`.

    Yields:
        One or more whole lines; only the last may lack its line feed.

    Raises:
        DataError: a byte is not UTF-8, or a line is longer than can be restored. All
            lines before it have come by then.
        OSError: reading failed.
    """
    begun: list[bytes] = []  # a line whose end is still to come
    size = 0
    offset, line = 0, 1
    while True:
        with _naming(name):
            chunk = file.read(CHUNK)
            if chunk is None:
                # Taking this for the end would lose what a slow writer has yet to send.
                raise BlockingIOError(errno.EAGAIN, "expected to wait for input, but it is set not")
        end = chunk.rfind(b"\n") + 1
        if chunk and not end:
            begun.append(chunk)
            size += len(chunk)
            if size > LONGEST:
                raise DataError(
                    f"{name}: line {line}: expected lines of at most {LONGEST:,} bytes, this one"
                    " is longer; break it into lines"
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


def read(self, size: int, /) -> bytes | None:
        """At most `size` bytes, none at the end."""


def pieces(file: Readable, name: str, errors: str = ERRORS[0]) -> Iterator[str]:
    """Decode a file in pieces of whole lines; nothing is added, left out or translated.

    Args:
        file: UTF-8 bytes; a byte order mark, carriage returns and NULs are characters.
        name: what error messages call it.
        errors: one of `ERRORS`.

    Yields:
        One or more whole lines; only the last may lack its line feed.

    Raises:
        DataError: a byte is not UTF-8, or a line is longer than can be restored. All
            lines before it have come by then.
        OSError: reading failed.
    """
    begun: list[bytes] = []  # a line whose end is still to come
    size = 0
    offset, line = 0, 1
    while True:
        with _naming(name):
            chunk = file.read(CHUNK)
            if chunk is None:
                # Taking this for the end would lose what a slow writer has yet to send.
                raise BlockingIOError(errno.EAGAIN, "expected to wait for input, but it is set not")
        end = chunk.rfind(b"\n") + 1
        if chunk and not end:
            begun.append(chunk)
            size += len(chunk)
            if size > LONGEST:
                raise DataError(
                    f"{name}: line {line}: expected lines of at most {LONGEST:,} bytes, this one"
                    " is longer; break it into lines"
                )
            continue
        block = b"".join((*begun, chunk[:end]))
        yield from _decode(block, name, errors, offset, line)
        offset += len(block)
        line += block.count(b"\n")
        begun, size = [chunk[end:]], len(chunk) - end
        if not chunk:
            return


def _decode(whole: bytes, name: str, errors: str, offset: int, line: int) -> Iterator[str]:
    bad = None
    try:
        text = whole.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        bad = error.start
        text = whole[: whole.rfind(b"\n", 0, bad) + 1].decode()
    if text:
        yield text
    if bad is not None:
        raise DataError(
            f"{name}: line {line + whole.count(b'\n', 0, bad)}: expected UTF-8, got byte"
            f" 0x{whole[bad]:02x} at offset {offset + bad}; convert the file, or put U+FFFD there"
            " with --errors replace"
        )


def read(name: str, errors: str = ERRORS[0]) -> Iterator[str]:
    """The pieces of a file, or of standard input if its name is ``-``.

    Raises:
        DataError, OSError: as `pieces` does.
    """
    if name == STANDARD:
        name = "standard input"
        with _naming(name):
            file = open(0, "rb", buffering=0, closefd=False)
    else:
        file = open(name, "rb", buffering=0)
    with file:
        yield from pieces(file, name, errors)


def joined(files: Iterable[Iterable[str]]) -> Iterator[str]:
    """The pieces of all files, one file after another.

    No line runs on from one file into the next: where a last line has no line feed and
    more follows, it gets one.

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
            with _naming("standard input"):
                os.fstat(0)
            continue
        mode = os.stat(name).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        if stat.S_ISREG(mode):  # opening a pipe to look would take it from its reader
            open(name, "rb").close()


def clash(names: Iterable[str], output: str) -> str | None:
    """The first of the input files that is the output file, too, by whatever name."""
    target = _regular(output, 1)
    for name in names:
        source = _regular(name, 0)
        if source and target and os.path.samestat(source, target):
            return name
    return None


def _regular(name: str, standard: int) -> os.stat_result | None:
    try:
        found = os.fstat(standard) if name == STANDARD else os.stat(name)
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


@contextmanager
def whole(name: str) -> Iterator[Path]:
    """A file that appears when it is whole: the body writes to the path it is given.

    If the body raises, nothing is left, and a file of that name stays as it was. Devices
    and pipes are written to as they are.

    Raises:
        OSError: the file cannot be written there.
    """
    path = Path(name)
    mode = path.stat().st_mode if path.exists() else None
    if mode is not None and not stat.S_ISREG(mode):
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
        yield path
        return
    if mode is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), name)
    path = Path(os.path.realpath(path))  # a link stays one: what it points to is replaced
    part = path.with_name(f".majuscule-{secrets.token_hex(4)}.part")
    try:
        with _naming(name):
            part.open("xb").close()
            if mode is None:
                mode = part.stat().st_mode
        yield part
        with _naming(name):
            with part.open("r+b") as file:
                os.fsync(file.fileno())
            part.chmod(stat.S_IMODE(mode))
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def writer(name: str) -> Iterator[Callable[[str], None]]:
    """A function that writes text to a file (as `whole` does) or to standard output (``-``).

    Nothing is held back: each text has been given to the system when the function returns.

    Raises:
        OSError: the file cannot be written; the function raises it, too.
    """
    with ExitStack() as stack:
        if name == STANDARD:
            name = "standard output"
            with _naming(name):
                file = open(1, "wb", buffering=0, closefd=False)
        else:
            path = stack.enter_context(whole(name))
            with _naming(name):
                file = open(path, "wb", buffering=0)
        stack.enter_context(file)

        def write(text: str) -> None:
            left = memoryview(text.encode())
            with _naming(name):
                while left:
                    left = left[file.write(left) :]

        yield write


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Let the system's errors say which file they are about."""
    try:
        yield
    except OSError as error:
        error.filename = name
        raise
