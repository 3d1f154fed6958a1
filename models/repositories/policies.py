"""Each community's settings: read by intake and activities, changed by its admins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from models.domain.errors import IllegalTransition
from models.domain.policy import Policy
from models.repositories.direct import Direct, numbered


class Kept(NamedTuple):
    """Settings as they stand, and the version that a change of them has to name."""

    policy: Policy
    version: int


_READ: Final = text("SELECT settings, version FROM policies WHERE community_id = :community_id")
_READ_DIRECT: Final = numbered(_READ.text)
_READ_LOCKED: Final = text(f"{_READ.text} FOR UPDATE")

_CREATE: Final = text("""
    INSERT INTO policies (community_id, version, settings) VALUES (:community_id, 0, '{}')
    ON CONFLICT (community_id) DO NOTHING
""")
_WRITE: Final = text("""
    UPDATE policies SET version = :version, settings = CAST(:settings AS jsonb) WHERE community_id = :community_id
""")
_NOTE: Final = text("""
    INSERT INTO policy_changes (community_id, version, at, by_id, changes, applied_to)
    VALUES (:community_id, :version, :at, :by, CAST(:changes AS jsonb), NULL)
""")
_HISTORY: Final = numbered("""
    SELECT c.version, c.at, c.changes, c.applied_to, s.account, s.name
    FROM policy_changes c JOIN staff s ON s.id = c.by_id
    WHERE c.community_id = :community_id ORDER BY c.version DESC LIMIT :limit
""")


def policy_of(conn: Connection, community_id: str) -> Policy:
    """The community's settings; the defaults where nobody has changed any."""
    row = conn.execute(_READ, {"community_id": community_id}).one_or_none()
    return Policy.model_validate(row.settings) if row else Policy()


async def kept(db: Direct, community_id: str) -> Kept:
    """The same for the API, with the version."""
    rows = await db.rows(_READ_DIRECT, {"community_id": community_id})
    return Kept(Policy.model_validate(rows[0]["settings"]), rows[0]["version"]) if rows else Kept(Policy(), 0)


async def history(db: Direct, community_id: str, limit: int = 50) -> list[dict[str, Any]]:
    """The latest changes first."""
    return [dict(row) for row in await db.rows(_HISTORY, {"community_id": community_id, "limit": limit})]


def change(conn: Connection, community_id: str, policy: Policy, version: int, by: str, at: datetime) -> int:
    """Replace the settings that stood at `version`, and note what has changed; answers the new version.

    What is the same as before changes nothing. Raises IllegalTransition when somebody else was faster.
    """
    conn.execute(_CREATE, {"community_id": community_id})
    row = conn.execute(_READ_LOCKED, {"community_id": community_id}).one()
    if row.version != version:
        raise IllegalTransition("settings_changed")
    before = Policy.model_validate(row.settings).model_dump(mode="json")
    after = policy.model_dump(mode="json")
    changes = differing(before, after)
    if not changes:
        return version
    facts = {"community_id": community_id, "version": version + 1}
    conn.execute(_WRITE, {**facts, "settings": json.dumps(row.settings | after)})
    conn.execute(_NOTE, {**facts, "at": at, "by": by, "changes": json.dumps(changes)})
    return version + 1


def differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Setting → [before, after], for those that differ."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
