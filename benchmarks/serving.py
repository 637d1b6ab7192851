"""How `majuscule serve` bears many clients at once, and bad ones beside them.

Started by run.py; needs wrk, which makes the load, and Linux, whose figures of memory are read.
The server runs as the command starts it. wrk posts sentences, and every eighth time a paragraph
of six, to /v1/restore, one request after another on each connection, while another process
abuses the server: it sends heads and bodies a byte a second, and bodies that are too large, and
now and then asks for something and compares it with what the library gives. Three kinds of rows,
told apart by ``what``:

* ``load``: requests and tokens a second and how long requests took, with one connection for a
  little while and then with many. What is not answered with 200 is counted, and must be none.
* ``memory``: the server's, every ten seconds of the long load; the first is before any request.
* ``beside``: what became of the bad clients' requests, and of the good one's between them.

wrk, the bad clients and the server share the machine's cores, so that a server by itself does
more.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing as mp
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signature import options, sha256, signature, write

import majuscule
from majuscule.model import load

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

Row = dict[str, Any]

HERE = Path(__file__).resolve().parent
SET = "wmt21.txt"
CONNECTIONS = 64
EVERY = 10
"""Seconds from one look at the memory to the next."""

SLOW = 8
"""Clients of each slow kind."""


def main() -> int:
    """Measure and write; 2, with a line that says why, if there is no wrk."""
    parser = options()
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.stderr.write("serving.py: expected the program wrk, found none; apt install wrk\n")
        return 2
    model = load(arguments.model)
    path = arguments.shared / "eval" / SET
    given = texts(path)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        bodies = Path(folder) / "bodies"
        bodies.write_text("".join(json.dumps({"text": text}) + "\n" for text in given), "utf-8")
        tokens = sum(len(text.split()) for text in given) / len(given)
        with server(arguments.model) as (pid, address):
            memory = [_memory(pid)]
            seconds = 60 * arguments.minutes

            def loaded(connections: int, seconds: float) -> Row:
                command = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
                command += ["--timeout", "30s", "-s", str(HERE / "serving.lua")]
                command += [f"{address}v1/restore", "--", str(bodies)]
                # S603: the program is wrk, its words are those above.
                with subprocess.Popen(  # noqa: S603
                    command, stdout=subprocess.PIPE, text=True
                ) as process:
                    last = time.monotonic()
                    while process.poll() is None:
                        if time.monotonic() - last >= EVERY:
                            last += EVERY
                            memory.append(_memory(pid))
                        time.sleep(0.1)
                    assert process.stdout is not None
                    said = json.loads(process.stdout.read().splitlines()[-1])
                a_second = said["requests"] / said["seconds"]
                return {
                    "what": "load",
                    "connections": connections,
                    **said,
                    "requests_per_second": round(a_second, 1),
                    "tokens_per_second": round(a_second * tokens),
                }

            rows.append(loaded(1, seconds / 20))
            print(rows[-1], flush=True)
            del memory[1:]
            with abused(address, given) as outcomes:
                rows.append(loaded(CONNECTIONS, seconds))
            print(rows[-1], flush=True)
            rows.append({"what": "memory", "every": EVERY, "mb": memory})
            rows.append({"what": "beside", **outcomes})
            print(*rows[-2:], sep="\n", flush=True)
    results = {
        "signature": signature(model, arguments.command),
        "wrk": _version(wrk),
        "sets": {SET.removesuffix(".txt"): {"sha256": sha256(path)}},
        "texts": {"number": len(given), "tokens": round(tokens, 1)},
        "rows": rows,
    }
    write("serving", results, arguments.results)
    return 0


def texts(path: Path) -> list[str]:
    """What is to be restored: flattened sentences, and every eighth a paragraph."""
    lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
    given = []
    for at in range(0, len(lines) - 7, 7):
        given += [majuscule.flatten(line) for line in lines[at : at + 7]]
        given.append(majuscule.flatten("\n".join(lines[at : at + 6])))
    return given


@contextmanager
def server(model: Path | None) -> Iterator[tuple[int, str]]:
    """The command, with its process and its address."""
    command = [sys.executable, "-m", "majuscule", "serve", "--port", "0"]
    command += ["--model", str(model)] if model else []
    # S603: the program is ours.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdout is not None
        try:
            found = re.search(r"http\S+", process.stdout.readline())
            assert found, "it says where it is"
            yield process.pid, found[0]
        finally:
            process.terminate()
    assert process.returncode == 0, "it ends well"


def _memory(pid: int) -> float:
    """Megabytes of a process."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return round(int(found[1]) * 1024 / 1e6, 1)


def _version(wrk: str) -> str:
    done = subprocess.run([wrk, "-v"], capture_output=True, text=True, check=False)  # noqa: S603
    return " ".join(done.stdout.split()[:2])


@contextmanager
def abused(address: str, given: list[str]) -> Iterator[Row]:
    """The server has bad clients for a while; what became of them is known afterwards."""
    context = mp.get_context("spawn")
    over, results = context.Event(), context.Queue()
    expected = majuscule.Restorer().restore_batch(given)
    process = context.Process(target=_abuse, args=(address, given, expected, over, results))
    process.start()
    outcomes: Row = {}
    yield outcomes
    over.set()
    outcomes.update(results.get(timeout=120))
    process.join()


def _abuse(
    address: str, given: list[str], expected: list[str], over: Event, results: mp.Queue[Row]
) -> None:
    port = int(address.rstrip("/").rpartition(":")[2])
    results.put(asyncio.run(Abuse(port, over).all(given, expected)))


class Abuse:
    """Bad clients, and a good one that looks how others fare."""

    def __init__(self, port: int, over: Event) -> None:
        self._port, self._over = port, over
        self._slow: Counter[str] = Counter()
        self._large: Counter[str] = Counter()
        self._good: Counter[str] = Counter()
        self._took: list[float] = []

    async def all(self, given: list[str], expected: list[str]) -> Row:
        """All of them until it is over; how often each came out how."""
        head = b"POST /v1/restore HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
        body = _head(1000)
        await asyncio.gather(
            *(self.slow(begin) for begin in [head, body] * SLOW),
            self.large(),
            self.good(given, expected),
        )
        took = sorted(self._took)
        return {
            "slow": dict(self._slow),
            "too_large": dict(self._large),
            "good": dict(self._good),
            "good_p50_ms": round(1000 * took[len(took) // 2], 1),
            "good_most_ms": round(1000 * took[-1], 1),
        }

    async def slow(self, begin: bytes) -> None:
        """Sends a byte a second, until it is answered or closed; again and again."""
        while not self._over.is_set():
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            answer = asyncio.ensure_future(_answer(reader))
            with suppress(ConnectionError):
                writer.write(begin)
                while not answer.done() and not self._over.is_set():
                    writer.write(b"a")
                    await writer.drain()
                    await asyncio.wait([answer], timeout=1)
            if answer.done():
                self._slow[_outcome(answer.result())] += 1
            answer.cancel()
            await _close(writer)

    async def large(self) -> None:
        """Sends more than is taken, with its length said and without."""
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        while not self._over.is_set():
            for head, body in (
                (_head(1 << 40), b""),
                (_head(20 << 20), b" " * (20 << 20)),
                (_head(None), chunk * 20),
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                with suppress(ConnectionError):
                    writer.write(head + body)
                    await writer.drain()
                self._large[_outcome(await _answer(reader))] += 1
                await _close(writer)
                await asyncio.sleep(1)

    async def good(self, given: list[str], expected: list[str]) -> None:
        """Asks for what all ask for, and looks whether it is right."""
        at = 0
        while not self._over.is_set():
            body = json.dumps({"text": given[at]}).encode()
            began = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(_head(len(body), "Connection: close\r\n") + body)
            answer = await reader.read()
            self._took.append(time.perf_counter() - began)
            right = json.loads(answer.partition(b"\r\n\r\n")[2]) == {"text": expected[at]}
            self._good[f"{_outcome(answer)} {'right' if right else 'wrong'}"] += 1
            at = (at + 1) % len(given)
            await _close(writer)
            await asyncio.sleep(1)


def _head(size: int | None, more: str = "") -> bytes:
    length = "Transfer-Encoding: chunked" if size is None else f"Content-Length: {size}"
    return (
        "POST /v1/restore HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"{length}\r\n{more}\r\n"
    ).encode()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The beginning of what comes, nothing if the connection is closed."""
    with suppress(ConnectionError):
        return await reader.read(1000)
    return b""


def _outcome(answer: bytes) -> str:
    return answer[9:12].decode() or "closed"


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


if __name__ == "__main__":
    sys.exit(main())
