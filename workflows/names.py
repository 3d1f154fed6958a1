"""Names that outlive code: they stand in histories, so renaming a class or method must never change one."""

from __future__ import annotations

from typing import Final

ORDERS: Final = "orders"
"""Task queue of the workflows and of publish."""

EFFECTS: Final = "effects"
"""Task queue of everything that talks to the outside, on its own executor: a hanging provider must not slow a press
of a button.
"""

PUBLISH: Final = "projection.publish"
JOIN_GROUP: Final = "groups.join"
FATE_OF_FOLLOWER: Final = "groups.fate"
END: Final = "projection.end"
VERIFY_FACT: Final = "facts.verify"
CHOOSE_STAFF: Final = "staffing.choose"
QUOTE_PARTIES: Final = "quotes.parties"
DELIVER_NOTICE: Final = "notices.deliver"
READ_TERMS: Final = "policies.read_terms"
FILE_AGAIN: Final = "sequels.file_again"
FINALISE_PHOTO: Final = "photos.finalise"
OPEN_PATROL: Final = "rounds.open"
GIVE_UP_PATROL: Final = "rounds.give_up"
TELL_LEADS: Final = "rounds.tell_leads"

PATROL: Final = "Patrol"
"""Workflow type of one walk of a round."""

PLATE_LEFT: Final = "plate_left"
REPUBLISH: Final = "republish"
SNAPSHOT: Final = "snapshot"
ALLOWED: Final = "allowed"
