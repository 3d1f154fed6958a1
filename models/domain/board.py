"""The community's board: suggestions with the firm's answer, put there with their maker's leave."""

from __future__ import annotations

from typing import Final

from models.domain.complaints import Matter
from models.domain.errors import Forbidden, IllegalTransition
from models.domain.order import OrderState
from models.domain.people import Actor, Role

MAY_PUBLISH: Final = (Role.MANAGER,)

ANSWERED: Final = frozenset({"answered", "closed"})


def may_publish(order: OrderState, actor: Actor) -> None:
    """A manager, once the firm has answered, and only what its maker has agreed to.

    Raises Forbidden, IllegalTransition.
    """
    if not actor.has(*MAY_PUBLISH):
        raise Forbidden("publish_role")
    own = order.complaint
    if own is None or own.matter is not Matter.SUGGESTION or not own.may_publish:
        raise IllegalTransition("no_leave_to_publish")
    if order.stage not in ANSWERED:
        raise IllegalTransition("not_answered_yet")
