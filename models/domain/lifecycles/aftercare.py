"""Tasks that come after an order's end: an objection to a staff cancel, and the call-back (`lifecycles.md`, "Cancel",
"Rate").
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from models.domain.complaint_forms import CalledBack, Dissatisfied, Replied
from models.domain.forms import Because
from models.domain.people import Role
from models.domain.tasks import TaskSpec

OBJECT_WITHIN: Final = timedelta(days=7)
"""How long a reporter may object to staff having cancelled (`lifecycles.md`, "Cancel")."""

CALL_BACK_AFTER_LOW_STARS: Final = timedelta(hours=24)
CALL_BACK_OF_SAMPLE: Final = timedelta(days=3)

CALL_BACK_GIVES_UP: Final = timedelta(days=15)
"""Whom nobody reaches in a fortnight was not called back, and the record says so."""

WORKERS: Final = ("dispatch", "follow_up", "accept", "carry_out", "call_reporter")
"""Whoever ended one of these has handled the order, and does not ask how it went."""

OBJECT: Final = TaskSpec(
    kind="object",
    of_reporter=True,
    outcomes={"objected": Dissatisfied},
    gives_up_after=OBJECT_WITHIN,
)
REVIEW_CANCEL: Final = TaskSpec(
    kind="review_cancel",
    roles=(Role.LEAD, Role.MANAGER),
    outcomes={"upheld": Because, "filed_again": Because},
    not_by=("cancel",),
)
CALL_BACK: Final = TaskSpec(
    kind="call_back",
    roles=(Role.CLERK,),
    outcomes={"content": CalledBack, "discontent": CalledBack, "not_reached": Because},
    not_by=WORKERS,
    gives_up_after=CALL_BACK_GIVES_UP,
    due=lambda order: order.call_back_by,
    beside=True,
)
MAKE_GOOD: Final = TaskSpec(
    kind="make_good",
    roles=(Role.LEAD,),
    outcomes={"made_good": Replied},
    not_by=("carry_out",),
    beside=True,
)
