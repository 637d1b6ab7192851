"""What the server's document shows is what a server answers; and the command that serves."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the service needs majuscule[server]")

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
COMMAND = (sys.executable, "-m", "majuscule", "serve")


def shown():
    """Commands of the document and what they print."""
    for block in re.findall(r"^```console\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE):
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = entry.partition("\n")
            yield command, output


@pytest.fixture(scope="module")
def address():
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            (found,) = re.findall(
                r"majuscule is at (http://127\.0\.0\.1:\d+)/", server.stdout.readline()
            )
            yield found
        finally:
            server.send_signal(signal.SIGTERM)
            assert server.wait(60) == 0


@pytest.mark.model
@pytest.mark.skipif(sys.platform == "win32", reason="the examples are for a POSIX shell")
def test_the_document_shows_what_happens(address, tmp_path):
    pairs = list(shown())
    assert len(pairs) > 5
    for command, output in pairs:
        told = subprocess.run(
            ["bash", "-c", command.replace("http://127.0.0.1:8765", address)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.rstrip("\n") == output.rstrip("\n")


def test_every_option_and_status_is_in_the_document():
    told = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    for option in set(re.findall(r"--[a-z-]+", told)) - {"--help"}:
        assert f"`{option}" in DOCUMENT or f", `{option}" in DOCUMENT
    served = (ROOT / "src" / "majuscule" / "server").glob("*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in served)
    codes = set(re.findall(r'(?:Refusal|_refuse)\(\s*\d+,\s*"(\w+)"', source))
    for code in codes - {"fault", "refused"}:
        assert f"`{code}`" in DOCUMENT


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--port", "70000"], "expected --port to be from 0 to 65535, got 70000"),
        (["--max-body", "0"], "expected --max-body to be more than 0, got 0"),
        (["--timeout=-1"], "expected --timeout to be more than 0, got -1"),
        (["--threads", "x"], "argument --threads: invalid int value: 'x'"),
    ],
)
def test_a_wrong_call_is_refused(options, says):
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_empty_token_is_refused(tmp_path):
    (tmp_path / "token").write_text("\n", encoding="utf-8")
    command = [*COMMAND, "--port", "0", "--token-file", str(tmp_path / "token")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "line 1: expected a token, got nothing" in done.stderr
