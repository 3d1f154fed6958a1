"""Whose words stay among few, and under which name somebody acts who does not want to be known.

A complaint is read by its maker, by those who assign, handle or call back, now or earlier, and by the manager and
quality. All other staff in scope see that it exists, and nothing of what was said (`lifecycles.md` §2).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from models.domain.people import Actor, Role

PRIVATE: Final = frozenset({"complaint"})
"""Kinds of order whose words and photos are not for everybody in scope."""

READ_ALL: Final = (Role.MANAGER, Role.QUALITY)

ALIAS: Final = "anon_"
"""How the id begins under which an order knows an anonymous maker."""


def is_alias(person: str | None) -> bool:
    return person is not None and person.startswith(ALIAS)


def may_read_words(kind: str, actor: Actor, people: Collection[str], roles: Collection[str]) -> bool:
    """Whether the words, photos and names of an order that the actor may see at all are for them.

    `people` have had part in it; `roles` are those in whose pool one of its tasks lies.
    """
    if kind not in PRIVATE or actor.kind != "staff":
        return True
    took_part = any(person in people for person in actor.stands_for)
    return took_part or actor.has(*READ_ALL) or any(role.value in roles for role in actor.roles)
