"""The service under those who mean it ill, and those who stop it: a real one, real sockets.

Nothing here looks at a clock. What must end is waited for as long as PATIENCE, which is far more
than it takes, so that a test that hangs fails.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("fastapi", reason="the service needs majuscule[server]")

from majuscule.errors import DataError
from majuscule.restorer import Restorer
from majuscule.server.guards import HEADERS
from majuscule.server.refusals import Refusal
from majuscule.server.settings import Settings
from majuscule.server.together import Together
from majuscule.server.work import Deadline, Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 60
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
TEXT = "the nato summit in paris was n't cancelled , he said ."
RESTORED = "The NATO summit in Paris wasn't cancelled, he said."

# What is no option of the command: `serving.NAME` is set, a fault is put in, then it serves.
ODD = """
import json, sys
from majuscule.restorer import Restorer
from majuscule.server import serving
from majuscule.server.settings import Settings

told = json.loads(sys.argv[1])
for name, value in told.pop("serving", {}).items():
    setattr(serving, name, value)
if told.pop("faulty", False):
    def faulty(restorer, texts):
        raise ValueError(list(texts))
    Restorer.restore_batch = faulty
    Restorer.explain = faulty
listening = serving.bind("127.0.0.1", 0)
address = "http://%s:%d/" % listening.getsockname()
serving.serve(Settings(**told), listening, access=True, ready=lambda: print(address, flush=True))
"""


@dataclass
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    @property
    def logged(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def send(self, data: bytes) -> socket.socket:
        """A connection on which bytes were sent."""
        connection = self.connect()
        connection.sendall(data)
        return connection

    def raw(self, data: bytes) -> Answer:
        """The answer to bytes."""
        with self.send(data) as connection:
            return answer(connection)

    def ask(self, path="/v1/restore", body=None, method=None, **headers: str) -> Answer:
        """The answer to a request."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        method = method or ("GET" if body is None else "POST")
        with ExitStack() as stack:
            stack.callback(connection.close)
            connection.request(method, path, body, {**({} if body is None else JSON), **headers})
            return told(connection.getresponse())

    def counted(self, name: str, **labels: str) -> int:
        """A figure of the server's own, the sum over what was not asked for."""
        page = self.ask("/metrics").body.decode()
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        found = re.findall(rf"^majuscule_{name}(\{{.*\}})? (\S+)$", page, re.MULTILINE)
        return sum(int(float(n)) for has, n in found if all(one in has for one in wanted))

    def wait_for(self, count: int, name: str = "requests_open", **labels: str) -> None:
        """Until a figure is so much; that of requests that are worked on, or another."""
        end = time.monotonic() + PATIENCE
        while self.counted(name, **labels) != count:
            assert self.process.poll() is None
            assert time.monotonic() < end

    def is_well(self) -> None:
        """It answers to others as ever."""
        assert self.ask(body={"text": TEXT}).json == {"text": RESTORED}


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    def refuses(self, status: int, code: str) -> None:
        assert (self.status, self.json["error"]["code"]) == (status, code)
        assert set(self.json) == {"error"}
        assert self.json["error"]["message"]


def told(response: HTTPResponse) -> Answer:
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def answer(connection: socket.socket) -> Answer:
    """The next answer that comes on a connection, whole."""
    response = HTTPResponse(connection)
    response.begin()
    return told(response)


def is_closed(connection: socket.socket) -> bool:
    """Whether the other end closes it, sooner or later."""
    with suppress(ConnectionError):
        while connection.recv(1 << 16):
            pass
    return True


def post(
    path: str, body: bytes, kind: str = JSON["Content-Type"], size: int | None = None
) -> bytes:
    """A request in bytes; it may promise another size than it has."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body) if size is None else size}\r\n\r\n"
    ).encode() + body


@contextmanager
def process(log: Path, *command: str) -> Iterator[Served]:
    with log.open("w", encoding="utf-8") as errors:
        started = subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        first = started.stdout.readline()
        assert first, log.read_text(encoding="utf-8")
        yield Served(started, int(re.search(r":(\d+)/", first)[1]), log)
        assert started.poll() is None, log.read_text(encoding="utf-8")
    finally:
        if started.poll() is None:
            started.terminate()
        started.wait(PATIENCE)
        started.stdout.close()


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Starts ``majuscule serve``; what runs with the same options is there already."""
    folder = tmp_path_factory.mktemp("logs")
    running: dict[tuple[str, ...], Served] = {}
    with ExitStack() as stack:

        def call(*options: str) -> Served:
            if options not in running:
                command = ("-m", "majuscule", "serve", "--port", "0", *options)
                made = process(folder / f"{len(running)}.log", *command)
                running[options] = stack.enter_context(made)
            return running[options]

        yield call


@pytest.fixture(scope="module")
def secret(tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("token") / "token.txt"
    file.write_text("s3cret\n", encoding="utf-8")
    return str(file)


@pytest.fixture
def odd(tmp_path):
    """Starts a server with settings that are no options, or with a fault."""
    with ExitStack() as stack:
        yield lambda **told: stack.enter_context(
            process(tmp_path / "odd.log", "-c", ODD, json.dumps(told))
        )


# Too much, and too slowly.


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_body_is_refused_before_it_is_there(serve, chunked) -> None:
    """Both ways to send it; who sends on all the same gets to read why."""
    server = serve("--max-body", "0.01")
    if chunked:
        head = post("/v1/restore", b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        data = head + b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    else:
        data = post("/v1/restore", b" " * 0x4000, size=1 << 40)
    with server.send(data) as connection:  # of which the rest never comes
        answer(connection).refuses(413, "too_large")
    many = b" " * (20 << 20)
    server.ask(body=many).refuses(413, "too_large")
    server.is_well()
    assert server.counted("requests_open") == 0


def test_too_many_texts_are_refused(serve) -> None:
    server = serve()
    server.ask(body={"texts": [""] * 10_001}).refuses(413, "too_large")
    assert server.ask(body={"texts": [""] * 10_000}).status == 200


def test_too_much_to_explain_at_once_is_refused_but_comes_in_lines(serve) -> None:
    server = serve()
    body = {"text": "i agree .\n" * 30_000, "below": 0.01}
    refused = server.ask("/v1/explain", body)
    refused.refuses(413, "too_large")
    assert "Accept: application/x-ndjson" in refused.json["error"]["message"]
    lines = server.ask("/v1/explain", body, Accept="application/x-ndjson").body.splitlines()
    restored = "".join(json.loads(line)["text"] for line in lines)
    assert restored == "I agree.\n" * 30_000


def test_a_body_that_comes_too_slowly_is_refused(serve) -> None:
    server = serve("--timeout", "0.5")
    with server.send(post("/v1/restore", b'{"text"', size=1000)) as connection:
        answer(connection).refuses(408, "too_slow")
        assert is_closed(connection)
    with server.send(post("/v1/restore", b"", size=1000)) as connection:
        connection.settimeout(0.05)
        for _ in range(1000):  # a byte now and then
            with suppress(TimeoutError):
                connection.recv(1, socket.MSG_PEEK)
                break
            connection.sendall(b" ")
        connection.settimeout(PATIENCE)
        answer(connection).refuses(408, "too_slow")
    assert server.counted("requests_open") == 0
    server.is_well()


def test_a_head_that_comes_too_slowly_is_given_up(odd) -> None:
    server = odd(head=0.5)
    with ExitStack() as stack:
        silent = stack.enter_context(server.connect())
        some = [stack.enter_context(server.send(b"POST /v1/restore HT")) for _ in range(50)]
        server.is_well()
        for connection in [silent, *some]:
            assert is_closed(connection)
    with server.send(post("/v1/restore", b'{"text": "a"}')) as connection:
        assert answer(connection).status == 200
        connection.sendall(b"GET / HTTP/1.1\r\nX-")  # the next one on it
        assert is_closed(connection)
    server.is_well()


def test_a_head_without_end_is_refused(serve) -> None:
    server = serve()
    for part in (b"X-Any: " + b"a" * 1000 + b"\r\n", b"a" * 1000):
        with server.connect() as connection, suppress(ConnectionError):
            connection.sendall(b"GET / HTTP/1.1\r\nX-Long: ")
            for _ in range(100_000):  # far more than fits in between
                connection.sendall(part)
            pytest.fail("a hundred megabytes of a head were taken")
    with server.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ") as connection:
        for _ in range(10):  # so little more than it may have that all of it is read
            connection.sendall(b"a" * 30_000)
            with suppress(TimeoutError):
                connection.settimeout(0.1)
                connection.recv(1, socket.MSG_PEEK)
                break
        connection.settimeout(PATIENCE)
        answer(connection).refuses(431, "head_too_large")
    server.is_well()


def test_who_sends_on_after_a_refusal_is_closed(odd) -> None:
    server = odd(max_body=1000, serving={"LINGER": 0.5})
    with server.send(post("/v1/restore", b"", size=1 << 40)) as connection:
        answer(connection).refuses(413, "too_large")
        with suppress(ConnectionError):
            while True:  # until it is told that nobody listens
                connection.sendall(b" " * 1000)


def test_who_does_not_take_the_answer_is_given_up(serve) -> None:
    server = serve("--timeout", "0.5")
    with server.send(LONG) as connection:
        server.wait_for(1, "requests_total", path="/v1/flatten")
        server.wait_for(0)
        assert is_closed(connection)
    server.is_well()


def test_idle_connections_are_nobodys_harm(serve) -> None:
    server = serve()
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(server.connect())
        server.is_well()


def test_too_many_connections_are_refused_and_then_taken_again(odd) -> None:
    server = odd(serving={"CONNECTIONS": 10})
    with ExitStack() as stack:
        for _ in range(10):
            connection = stack.enter_context(
                server.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            )
            assert answer(connection).status == 200
        with server.connect() as one_more:
            refused = answer(one_more)
            refused.refuses(503, "busy")
            assert refused.headers["retry-after"] == "1"
    while True:
        with suppress(ConnectionError):
            if server.ask("/healthz").status == 200:
                break


LINES = b'{"text": "' + TEXT.encode() * 100 + b'"}\n'
SOME = post("/v1/restore", LINES * 20, NDJSON["Content-Type"])
LONG = post("/v1/flatten", LINES * 2000, NDJSON["Content-Type"])
"""A request whose answer is more than a connection holds, so that it goes on until it is read."""


def test_too_many_requests_are_told_to_come_later(serve) -> None:
    server = serve("--max-requests", "3")
    with ExitStack() as stack:
        connections = [stack.enter_context(server.send(LONG)) for _ in range(3)]
        server.wait_for(3)
        refused = server.ask(body={"text": TEXT})
        refused.refuses(503, "busy")
        assert int(refused.headers["retry-after"]) > 0
        assert server.ask("/healthz").status == 200
        for connection in connections:
            whole = answer(connection)
            assert whole.status == 200
            assert whole.body.count(b"\n") == 2000
    server.wait_for(0)
    server.is_well()


def test_who_goes_away_leaves_the_place(serve) -> None:
    server = serve()
    begun = [server.send(LONG) for _ in range(5)]
    begun.append(server.send(post("/v1/restore", b'{"text"', size=1000)))
    server.wait_for(5)
    for connection in begun:
        connection.close()
    server.wait_for(0)
    server.is_well()
    assert not server.logged


def test_many_at_once_get_each_their_own(serve) -> None:
    """Short ones go together, and one that is at fault harms no other."""
    server = serve()
    texts = [f"on day {number} he met ms. smith in paris ." for number in range(150)]
    bad = {"text": "a", "adapter": "none"}
    with ExitStack() as stack:
        sent = []
        for text in texts:
            body = json.dumps({"text": text}).encode()
            sent.append(stack.enter_context(server.send(post("/v1/restore", body))))
            if not len(sent) % 10:
                server.ask(body=bad).refuses(404, "no_adapter")
        restored = [answer(connection).json["text"] for connection in sent]
    assert restored == Restorer().restore_batch(texts)


def test_of_those_that_go_together_each_has_its_own_fault() -> None:
    class Picky(Restorer):
        def restore_batch(self, texts):
            texts = list(texts)
            if "bad" in texts:
                raise DataError("expected something better")
            return super().restore_batch(texts)

    async def all_of_them() -> list[object]:
        together, restorer = Together(Workshop(Settings())), Picky()
        asked = [(["i agree ."], 60), (["bad"], 60), (["too late ."], -1), (["a b", "paris"], 60)]
        return await asyncio.gather(
            *(together.restored(restorer, texts, Deadline(time)) for texts, time in asked),
            return_exceptions=True,
        )

    one, bad, late, two = asyncio.run(all_of_them())
    assert (one, two) == (["I agree."], Restorer().restore_batch(["a b", "paris"]))
    assert isinstance(bad, DataError)
    assert isinstance(late, Refusal)
    assert late.code == "timeout"


# What is no request.


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400),
        (b'{"text": "a", "min_confidence": 1e999}', 422),
        (b'{"text": "a", "min_confidence": ' + b"9" * 100_000 + b"}", 400),
        (b'{"text": "a", "min_confidence": NaN}', 422),
        (b'{"text": "a", "min_confidence": -0}', 200),
        (b'{"text": "\\ud800"}', 400),
        (b'{"text": "\\udc00\\ud800"}', 400),
        (b'{"text": "\\ud83d\\ude00"}', 200),
        (b'{"text": "a\\u0000b"}', 200),
        (b'{"text": "a\0b"}', 400),
        (b'{"text": "\xff\xfe"}', 400),
        (b'{"text": "\xed\xa0\x80"}', 400),
        (b'\xff\xfe{\0"\0t\0', 400),
        (b'{"text": "a", "text": "b"}', 200),
        (b'{"text": "a", "texts": ["b"]}', 422),
        (b'{"text": 1}', 422),
        (b'{"texts": "a"}', 422),
        (b'{"texts": [null]}', 422),
        (b'{"text": "a", "lexicon": ["\\n"]}', 422),
        (b'{"text": "a", "__proto__": {}}', 422),
        (b"null", 422),
        (b"", 400),
        (b"{", 400),
        (b"{}{}", 400),
    ],
    ids=range(26),
)
def test_whatever_the_body_it_is_answered(serve, body, status) -> None:
    server = serve()
    answered = server.ask(body=body)
    assert answered.status == status
    if status == 400:
        answered.refuses(400, "no_json")
    elif status == 422:
        answered.refuses(422, "invalid")
    # As a line among others it is answered there, and they as ever.
    line = body.replace(b"\n", b" ").replace(b"\r", b" ")
    good = json.dumps({"text": TEXT}).encode()
    lines = server.ask(
        body=b"\n".join([good, line, good]), **{"Content-Type": "application/x-ndjson"}
    )
    answers = [json.loads(line) for line in lines.body.splitlines()]
    assert answers[0] == answers[-1] == {"text": RESTORED}
    assert [set(one) for one in answers[1:-1]] == (
        [{"text" if status == 200 else "error"}] if line.strip() else []
    )


def test_of_a_key_given_twice_the_last_holds(serve) -> None:
    assert serve().ask(body=b'{"text": "a b", "text": "i agree ."}').json == {"text": "I agree."}


def test_choices_at_impossible_places_choose_nothing(serve) -> None:
    server = serve()
    for at in (10**6, 2**31, 2**63, 2**64, 10**30):
        body = {"text": "he is in reading .", "choices": [{"at": at, "written": "Reading"}]}
        assert server.ask("/v1/explain", body).status == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        post("/v1/restore", b"").replace(b"h: 0", b"h: -1"),
        post("/v1/restore", b"").replace(b"h: 0", b"h: 1e3"),
        post("/v1/restore", b"").replace(b"h: 0", b"h: 0\r\nContent-Length: 5"),
        post("/v1/restore", b"").replace(b"h: 0", b"h: " + b"9" * 50),
        post("/v1/restore", b"ab").replace(b"h: 2", b"h: 2\r\nTransfer-Encoding: chunked"),
        post("/v1/restore", b"zz\r\n").replace(b"Content-Length: 4", b"Transfer-Encoding: chunked"),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX Y: z\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\nb\0\r\n\r\n",
    ],
    ids=range(14),
)
def test_what_is_no_http_is_refused(serve, data) -> None:
    server = serve()
    refused = server.raw(data)
    assert 400 <= refused.status < 500
    assert_guarded(refused)
    server.is_well()
    assert not server.logged


# Who may ask.


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:80",
        "",
        "evil.example:",
        "[::2]",
    ],
)
def test_another_host_is_refused(serve, host) -> None:
    """As a page of elsewhere asks whose name was made to mean this machine."""
    server = serve()
    for path in ("/", "/page/page.js", "/v1/model", "/healthz", "/metrics", "/openapi.json"):
        refused = server.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        refused.refuses(421, "other_host")
    server.raw(b"GET / HTTP/1.0\r\n\r\n").refuses(421, "other_host")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]", "[::1]:8765"]
)
def test_the_hosts_own_names_are_taken(serve, host) -> None:
    assert serve().ask("/v1/model", Host=host).status == 200


def test_a_host_that_is_allowed_is_taken(serve) -> None:
    server = serve("--allow-host", "house.example")
    assert server.ask("/v1/model", Host="house.example:80").status == 200
    server.ask("/v1/model", Host="other.example").refuses(421, "other_host")


def preflight(server: Served, origin: str) -> Answer:
    asks = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    return server.ask("/v1/restore", method="OPTIONS", Origin=origin, **asks)


def test_pages_from_elsewhere_may_read_nothing(serve) -> None:
    server = serve()
    for origin in ("https://evil.example", "null", "http://localhost:1", "*"):
        answers = [
            server.ask("/v1/model", Origin=origin),
            server.ask(body={"text": TEXT}, Origin=origin),
            preflight(server, origin),
        ]
        for one in answers:
            assert not [name for name in one.headers if name.startswith("access-control")]
    # What a page may send without asking first is no request.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        for path in ("/v1/restore", "/v1/adapt"):
            body = {"text": TEXT} if path == "/v1/restore" else {"sample": TEXT}
            server.ask(path, body, Origin="https://evil.example", Content_Type=kind).refuses(
                415, "no_json"
            )


def test_pages_that_are_allowed_may(serve, secret) -> None:
    server = serve("--allow-origin", "https://house.example", "--token-file", secret)
    granted = preflight(server, "https://house.example")
    assert granted.status == 200
    assert granted.headers["access-control-allow-origin"] == "https://house.example"
    assert "access-control-allow-credentials" not in granted.headers
    answered = server.ask(
        "/v1/model", Origin="https://house.example", Authorization="Bearer s3cret"
    )
    assert answered.headers["access-control-allow-origin"] == "https://house.example"
    other = preflight(server, "https://evil.example")
    assert "access-control-allow-origin" not in other.headers
    assert_guarded(granted)
    assert_guarded(other)


OPEN = ("/", "/page/page.js", "/page/page.css", "/healthz", "/readyz")
CLOSED = {
    "/v1/restore": {"text": "a"},
    "/v1/flatten": {"text": "a"},
    "/v1/explain": {"text": "a"},
    "/v1/detect": {"text": "a"},
    "/v1/adapt": {"sample": ""},
    "/v1/adapters/a": None,
    "/v1/model": None,
    "/metrics": None,
    "/openapi.json": None,
    "/no/such/path": None,
    "//page/page.js": None,
    "/v1/../page/page.js": None,
}


def test_without_the_token_there_is_but_the_page(serve, secret) -> None:
    server = serve("--token-file", secret)
    for path in OPEN:
        assert server.ask(path).status == 200
    wrong = (
        *("Bearer", "Bearer ", "Bearer other", "Bearer s3cret2", "Bearer s3cre", "Basic s3cret"),
        *("s3cret", "Bearer s3cret, Bearer s3cret", "Bearer \xff\xfe"),
    )
    for path, body in CLOSED.items():
        for given in ({}, *({"Authorization": one} for one in wrong)):
            refused = server.ask(path, body, **given)
            refused.refuses(401, "no_token")
            assert refused.headers["www-authenticate"] == "Bearer"
            assert_guarded(refused)
        for method in ("OPTIONS", "PUT", "HEAD"):
            assert server.ask(path, method=method).status == 401
        for scheme in ("Bearer", "bearer"):
            assert server.ask(path, body, Authorization=f"{scheme} s3cret").status != 401
    # What is no page is none by the look of its path.
    for path in ("/page/..%2fv1/model", "/page/%2e%2e/v1/model", "/page/../v1/model", "/page/"):
        assert server.ask(path).status == 404


def test_a_token_may_come_from_the_environment(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MAJUSCULE_TOKEN", "of the house")
    with process(tmp_path / "log", "-m", "majuscule", "serve", "--port", "0") as server:
        server.ask("/v1/model").refuses(401, "no_token")
        assert server.ask("/v1/model", Authorization="Bearer of the house").status == 200


def assert_guarded(answered: Answer) -> None:
    for name, value in HEADERS.items():
        assert answered.headers[name] == value
    assert answered.headers["cache-control"] in {"no-store", "no-cache"}


def test_every_answer_has_the_headers_that_guard(serve, odd) -> None:
    server = serve("--max-body", "0.01")
    lines = {"Accept": "application/x-ndjson"}
    answers = [
        *map(server.ask, (*OPEN, *(path for path, body in CLOSED.items() if body is None))),
        server.ask(body={"text": TEXT}),
        server.ask("/v1/explain", {"text": TEXT}, **lines),
        server.ask(body=b"{"),
        server.ask(body={}),
        server.ask(body={"text": TEXT}, Content_Type="text/plain"),
        server.ask(body={"text": "a" * 20_000}),
        server.ask(method="PUT"),
        server.ask("/v1/model/"),
        server.ask("/v1/model", Host="evil.example"),
        server.raw(b"nonsense\r\n\r\n"),
        serve("--timeout", "0.5").raw(post("/v1/restore", b"", size=1)),
        odd(faulty=True).ask(body={"text": TEXT}),
    ]
    assert {one.status for one in answers} >= {200, 400, 404, 405, 408, 413, 415, 421, 422, 500}
    for one in answers:
        assert_guarded(one)
        assert "server" not in one.headers


# What is logged.

MARK = "zanzibar"


def everywhere(server: Served) -> Counter[int]:
    """A text in every place of every kind of request, and the statuses of the answers."""
    answers = []
    for path in ("/v1/restore", "/v1/flatten", "/v1/explain", "/v1/detect", "/v1/adapt"):
        field = "sample" if path == "/v1/adapt" else "text"
        bodies = [
            {field: MARK},
            {field: [MARK]},
            {field: MARK, MARK: MARK},
            {field: MARK, "style": MARK},
            {field: MARK, "adapter": MARK, "lexicon": [f"{MARK}\n{MARK}"]},
            {field: MARK, "lexicon": [f"  {MARK} \x85"], "document": MARK},
            {field: "a", "choices": [{"at": 0, "written": f"{MARK} {MARK}"}]},
            [MARK],
            f"{MARK}{{".encode(),
            b"\xff" + MARK.encode(),
        ]
        for body in bodies:
            answers.append(server.ask(path, body))
            answers.append(server.ask(path, body, **NDJSON))
        answers.append(server.ask(path, {field: MARK}, Content_Type=MARK))
        server.send(post(path, MARK.encode(), size=1000)).close()  # who goes away
    answers += [
        server.ask(f"/{MARK}"),
        server.ask(f"/page/{MARK}"),
        server.ask(f"/v1/adapters/{MARK}"),
        server.ask(f"/v1/model?{MARK}"),
        server.ask("/v1/model", Host=MARK),
        server.ask("/v1/model", Authorization=MARK, Cookie=MARK, Referer=MARK, User_Agent=MARK),
        server.ask("/v1/restore", method="PUT", body=MARK.encode()),
        server.raw(f"{MARK}\r\n\r\n".encode()),
    ]
    return Counter(one.status for one in answers)


def test_no_text_is_logged(tmp_path) -> None:
    log = tmp_path / "log"
    options = ("-m", "majuscule", "serve", "--port", "0", "--access-log")
    with process(log, *options) as server:
        statuses = everywhere(server)
        assert set(statuses) == {200, 400, 404, 405, 415, 421, 422}
        server.is_well()
    said = log.read_text(encoding="utf-8")
    assert MARK not in said.lower()
    assert len(re.findall(r"^majuscule: POST /v1/restore 200 [\d.]+ ms$", said, re.MULTILINE)) > 1
    assert re.search(r"^majuscule: GET other 404 [\d.]+ ms$", said, re.MULTILINE)
    assert "Traceback" not in said


def test_of_a_fault_its_kind_and_place_are_logged_and_no_text(odd) -> None:
    server = odd(faulty=True)
    server.ask(body={"text": MARK}).refuses(500, "fault")
    server.ask("/v1/explain", {"text": MARK}).refuses(500, "fault")
    server.ask(body={"text": MARK}, **NDJSON)
    assert everywhere(server)[500]
    said = server.logged
    assert re.search(r"^majuscule: ValueError at <string>:\d+$", said, re.MULTILINE)
    assert MARK not in said.lower()
    assert "Traceback" not in said


def test_nothing_is_logged_unless_asked_for(tmp_path) -> None:
    log = tmp_path / "log"
    with process(log, "-m", "majuscule", "serve", "--port", "0") as server:
        everywhere(server)
    assert not log.read_text(encoding="utf-8")


# Its end, and its beginning.


@pytest.mark.parametrize("signals", [["TERM"], ["INT"], ["TERM", "TERM"]], ids="+".join)
def test_told_to_stop_it_answers_what_it_has_taken(tmp_path, signals) -> None:
    """Whole answers to short and long requests, also to one that is not there whole yet."""
    part = post("/v1/restore", b'{"text": "i agree ."}')
    with ExitStack() as stack:
        server = stack.enter_context(stopped(tmp_path / "log"))
        idle = stack.enter_context(server.connect())
        streams = [stack.enter_context(server.send(LONG)) for _ in range(3)]
        sent = [stack.enter_context(server.send(SOME)) for _ in range(10)]
        slow = stack.enter_context(server.send(part[:-5]))
        bodies = sum(len(one.partition(b"\r\n\r\n")[2]) for one in (*[SOME] * 10, part[:-5]))
        server.wait_for(bodies, "received_bytes_total", path="/v1/restore")
        bodies = 3 * len(LONG.partition(b"\r\n\r\n")[2])
        server.wait_for(bodies, "received_bytes_total", path="/v1/flatten")
        assert server.counted("requests_open") >= 3  # those that need to be read
        for name in signals:
            server.process.send_signal(getattr(signal, f"SIG{name}"))
        assert is_closed(idle)
        slow.sendall(part[-5:])
        assert answer(slow).json == {"text": "I agree."}, server.logged
        for connection, lines in [(one, 20) for one in sent] + [(one, 2000) for one in streams]:
            whole = answer(connection)
            assert whole.status == 200
            assert whole.body.count(b"\n") == lines
        assert server.process.wait(PATIENCE) == 0
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("127.0.0.1", server.port))
        assert not server.logged


def test_who_does_not_end_is_not_waited_for(tmp_path) -> None:
    """Whoever has no answer yet is told, and the log has a line for each and no more."""
    explain = post("/v1/explain", json.dumps({"text": "he said so . " * 20_000}).encode())
    told = json.dumps({"grace": 1, "threads": 1})
    with ExitStack() as stack:
        server = stack.enter_context(stopped(tmp_path / "log", "-c", ODD, told))
        unread = stack.enter_context(server.send(LONG))
        working = [stack.enter_context(server.send(explain)) for _ in range(4)]
        server.wait_for(5)
        server.process.send_signal(signal.SIGTERM)
        ended = [one for one in map(answer, working) if one.status != 200]
        assert ended
        for one in ended:
            one.refuses(503, "ending")
            assert_guarded(one)
        assert server.process.wait(PATIENCE) == 0
        assert is_closed(unread)
    assert "majuscule: a request was not done when the server had to end\n" in server.logged
    assert "Traceback" not in server.logged


@contextmanager
def stopped(log: Path, *command: str) -> Iterator[Served]:
    """A server that is stopped by who has it."""
    command = [sys.executable, *(command or ("-m", "majuscule", "serve", "--port", "0"))]
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as started,
    ):
        try:
            yield Served(started, int(re.search(r":(\d+)/", started.stdout.readline())[1]), log)
        finally:
            started.kill()


def refused_to_start(*options: str) -> str:
    command = [sys.executable, "-m", "majuscule", "serve", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert not done.stdout
    assert done.stderr.startswith("majuscule: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_port_that_is_taken_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in refused_to_start("--port", str(port))


def test_a_model_that_is_missing_or_none_is_told_of_and_nothing_listens(tmp_path) -> None:
    none = tmp_path / "none.safetensors"
    assert str(none) in refused_to_start("--port", "0", "--model", str(none))
    none.write_bytes(b"no model")
    assert str(none) in refused_to_start("--port", "0", "--model", str(none))


def test_an_address_that_is_not_ours_is_told_of() -> None:
    assert "192.0.2.1" in refused_to_start("--host", "192.0.2.1", "--port", "0")
    assert "no.such.host.invalid" in refused_to_start("--host", "no.such.host.invalid")
