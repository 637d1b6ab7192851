"""The exceptions majuscule raises on purpose; all of them are `MajusculeError`."""

from __future__ import annotations


class MajusculeError(Exception):
    """Anything majuscule refuses to do; its message says what, where and what to do."""


class GuaranteeError(MajusculeError):
    """An output that differs from its input in more than case and spaces.

    It cannot happen by construction and is checked all the same: whoever sees it has
    found a bug, and nothing was written.
    """


class ModelError(MajusculeError):
    """A model file that cannot be used: damaged, not a model, or from a newer version."""


class DataError(MajusculeError):
    """Input that cannot be read as text, with the place where reading stopped."""
