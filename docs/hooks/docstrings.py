"""Docstrings as the reference shows them: what is short in the code is spelled out here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from griffe import Extension

if TYPE_CHECKING:
    from griffe import Object

_EXAMPLE = re.compile(r"^>>> .*(?:\n.+)*", re.MULTILINE)
_TOGETHER = re.compile(r"^    (\w+(?:, \w+)+):((?: .*)?(?:\n        .*)*)", re.MULTILINE)
_NAME = re.compile(r"(?<!`)`(majuscule(?:\.\w+)+)`(?!`)")


class Docstrings(Extension):
    """Changes every docstring as it is read."""

    def on_object(self, *, obj: Object, **_: object) -> None:
        """Fence the examples, part what is said of several names, link names of modules."""
        if obj.is_attribute and obj.parent.is_module and not str(obj.value).startswith("("):
            obj.docstring = None  # the code's own numbers; what one can choose among is a tuple
        if obj.docstring:
            text = _EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)
            text = _TOGETHER.sub(_apart, text)
            obj.docstring.value = _NAME.sub(
                r'<autoref identifier="\1" optional><code>\1</code></autoref>', text
            )


def _apart(match: re.Match[str]) -> str:
    return "\n".join(f"    {name}:{match[2]}" for name in match[1].split(", "))
