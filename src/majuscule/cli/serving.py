"""``serve``: a page and a service, on this machine unless told otherwise."""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from majuscule import corpus
from majuscule.cli import console
from majuscule.errors import DataError
from majuscule.server.settings import Settings
from majuscule.sources import needed

if TYPE_CHECKING:
    import argparse

TOKEN = "MAJUSCULE_TOKEN"  # noqa: S105 - the name of a variable, no secret
"""The variable of the environment that may hold the token."""


def serve_options(command: argparse.ArgumentParser) -> None:
    """The options of ``serve``."""
    command.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s: nobody but this machine)",
    )
    command.add_argument(
        "--port", type=int, default=8765, help="port, 0 for any that is free (default: %(default)s)"
    )
    console.add_model(command)
    command.add_argument(
        "--token-file",
        metavar="FILE",
        help=f"a file whose first line clients must send as a bearer token (default: {TOKEN} in"
        " the environment, or none)",
    )
    command.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which it may be called from elsewhere; * for any; may be given again",
    )
    command.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="other web pages that may call it, such as https://example.org; may be given again",
    )
    command.add_argument(
        "--max-body",
        type=float,
        default=Settings.max_body / (1 << 20),
        metavar="MB",
        help="megabytes that a request may have (default: %(default)g)",
    )
    command.add_argument(
        "--max-requests",
        type=int,
        default=Settings.max_requests,
        metavar="N",
        help="requests worked on or waiting at once (default: %(default)s)",
    )
    command.add_argument(
        "--threads",
        type=int,
        default=Settings.threads,
        metavar="N",
        help="requests worked on at once (default: one a core)",
    )
    command.add_argument(
        "--timeout",
        type=float,
        default=Settings.timeout,
        metavar="S",
        help="seconds that a request may take (default: %(default)g)",
    )
    command.add_argument(
        "--access-log", action="store_true", help="log each request's path, status and time"
    )


def serve(chosen: argparse.Namespace) -> None:
    """Show a page in the browser, and serve programs over HTTP."""
    for package in ("fastapi", "uvicorn", "httptools", "prometheus_client"):
        needed(package, "server")
    from majuscule.server.serving import bind, serve  # noqa: PLC0415 - only this command's

    numbers = ("max_body", "max_requests", "threads", "timeout")
    if wrong := [name for name in numbers if not 0 < getattr(chosen, name) < 1e9]:
        option = "--" + wrong[0].replace("_", "-")
        chosen.refuse(f"expected {option} to be more than 0, got {getattr(chosen, wrong[0]):g}")
    if not 0 <= chosen.port < 1 << 16:
        chosen.refuse(f"expected --port to be from 0 to 65535, got {chosen.port}")
    token = _token(chosen.token_file)
    settings = Settings(
        model=tuple(console.named_models(chosen)),
        token=token,
        hosts=(*chosen.allow_host, *_names(chosen.host)),
        origins=tuple(chosen.allow_origin),
        max_body=int(chosen.max_body * (1 << 20)),
        max_requests=chosen.max_requests,
        threads=chosen.threads,
        timeout=chosen.timeout,
    )
    with corpus.naming(f"{chosen.host}:{chosen.port}"):
        listening = bind(chosen.host, chosen.port)
    if token is None and not _loopback(chosen.host):
        console.say(
            f"whoever reaches {chosen.host} may use this; ask for a token with --token-file"
        )
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def ready() -> None:
        print(f"majuscule is at {address}", flush=True)
        if sys.stdout.isatty():
            console.say("stop it with Ctrl-C")

    with listening:
        serve(settings, listening, access=chosen.access_log, ready=ready)


def _token(file: str | None) -> str | None:
    if file is None:
        return os.environ.get(TOKEN) or None
    corpus.check([file])
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0].strip():
        raise DataError(f"{file}: line 1: expected a token, got nothing")
    return lines[0].strip()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _names(host: str) -> list[str]:
    """By what names a server on an address is called; one on all addresses, by any."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - whoever binds there has said so
        return ["*"]
    return [f"[{host}]" if ":" in host else host]
