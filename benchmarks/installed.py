"""What a package takes on disk with all that it needs, by what pip wrote down of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def needed(names: Iterable[str]) -> list[str]:
    """These packages and all that they require here, each once, without optional extras.

    Raises:
        PackageNotFoundError: one of `names` is not installed. What others require but is
            not there they can do without on this machine.

    >>> "packaging" in needed(["packaging"])
    True
    """
    waiting = [canonicalize_name(name) for name in names]
    for name in waiting:
        distribution(name)
    found: list[str] = []
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            lines = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        found.append(name)
        waiting += [
            canonicalize_name(requirement.name)
            for requirement in map(Requirement, lines)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ]
    return sorted(found)


def size(name: str) -> int:
    """Bytes of an installed package's files, byte code included.

    Raises:
        PackageNotFoundError: it is not installed, or only linked to from a checkout.
    """
    package = distribution(name)
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    if not package.read_text("RECORD") or origin.get("dir_info", {}).get("editable"):
        raise PackageNotFoundError(name)
    paths = {Path(str(file.locate())).resolve() for file in package.files or []}
    return sum(path.stat().st_size for path in paths if path.is_file())
