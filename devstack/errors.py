"""What can go wrong with the stack, each told in one sentence that a person can act on."""

from __future__ import annotations


class StackError(Exception):
    """The stack cannot do what was asked. The text is one clear sentence for stderr."""
