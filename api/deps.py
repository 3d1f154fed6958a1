"""What routes ask for: the process's state, the caller, the idempotency key."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api import sessions
from api.sessions import StaffMember
from api.state import State
from models.domain.errors import Unauthenticated
from models.domain.people import Actor

_owner_token = HTTPBearer(scheme_name="owner", description="From `POST /owner/login`.", auto_error=False)
_staff_token = HTTPBearer(scheme_name="staff", description="From `POST /staff/login`.", auto_error=False)


async def state_of(request: Request) -> State:
    """Asynchronous although it waits for nothing: a plain function would cost each request a change of threads."""
    state: State = request.state.wuyou
    return state


StateDep = Annotated[State, Depends(state_of)]


async def owner(
    state: StateDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_owner_token)]
) -> Actor:
    """The resident behind the token. No database: the token is signed. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated
    return Actor(kind="resident", id=state.owner_tokens.resident_of(credentials.credentials))


async def staff(
    state: StateDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_staff_token)]
) -> StaffMember:
    """The staff member behind the session, with roles and scope as they are now. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated
    return await sessions.member(state, credentials.credentials)


async def anybody(
    state: StateDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_owner_token)]
) -> Actor:
    """Either an owner's token or a staff session: photos belong to both. Raises Unauthenticated."""
    if credentials is None:
        raise Unauthenticated
    try:
        return Actor(kind="resident", id=state.owner_tokens.resident_of(credentials.credentials))
    except Unauthenticated:
        return (await sessions.member(state, credentials.credentials)).actor


Owner = Annotated[Actor, Depends(owner)]
Staff = Annotated[StaffMember, Depends(staff)]
Anybody = Annotated[Actor, Depends(anybody)]

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Chosen by the client, new for each intention; kept seven days.",
        examples=["5f0c1c5e-6d0b-4f0e-9a53-0c2f0b6f2a10"],
    ),
]
