"""Every refusal and outage of the product, in one tree.

    WuyouError
    ├── Refusal                    the caller must do something else; never retried, never alerts anybody
    │   ├── ValidationFailed       422 validation_failed        the input is wrong; `errors` names the fields
    │   ├── Unauthenticated        401 unauthenticated          log in again
    │   ├── Forbidden              403 forbidden                somebody else may do this
    │   │   ├── NotBound           403 not_bound                no tie to the house
    │   │   └── FourEyes           403 four_eyes                an earlier act of the same person excludes them
    │   ├── NotFound               404 not_found                does not exist, or lies outside the caller's scope
    │   ├── IllegalTransition      409 illegal_transition       the order is not in a stage that allows this
    │   ├── TaskNotOpen            409 task_not_open            somebody was faster, or the task was withdrawn
    │   ├── TaskHeldByOther        409 task_held_by_other       another person holds the task
    │   ├── IdempotencyKeyReused   409 idempotency_key_reused   the key was used with another body
    │   └── RateLimited            429 rate_limited             try again after `retry_after` seconds
    └── Unavailable                503 unavailable              an operator must act; the outcome may be unknown

`code` and `status` are stable: clients rely on them. `reason` is a key of `words.REFUSALS`, whose Chinese text people
see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from models.domain import words


class WuyouError(Exception):
    """Base of everything that the product says no with."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, reason: str | None = None, **facts: Any) -> None:
        self.reason = reason or self.code
        self.facts: Mapping[str, Any] = facts
        super().__init__(self.reason)

    def __str__(self) -> str:
        """Worded only where somebody reads it: to find a person's buttons, the rules refuse a dozen times."""
        return self.detail

    @property
    def detail(self) -> str:
        """The sentence that people read, in Chinese."""
        return words.refusal(self.reason, self.facts)

    def payload(self) -> dict[str, Any]:
        """What must travel with the error through Temporal so that the gateway can raise the same error again."""
        return {"reason": self.reason, **self.facts}


class Refusal(WuyouError):
    """A rule says no."""

    code = "illegal_transition"
    status = 409


class ValidationFailed(Refusal):
    code = "validation_failed"
    status = 422

    def __init__(
        self,
        reason: str | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        field: str | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(reason, **facts)
        self.errors: list[dict[str, str]] = [dict(error) for error in errors]
        if field is not None and not self.errors:
            self.errors = [{"field": field, "message": self.detail}]

    def payload(self) -> dict[str, Any]:
        return {**super().payload(), "errors": self.errors}


class Unauthenticated(Refusal):
    code = "unauthenticated"
    status = 401


class Forbidden(Refusal):
    code = "forbidden"
    status = 403


class NotBound(Forbidden):
    code = "not_bound"


class FourEyes(Forbidden):
    code = "four_eyes"


class NotFound(Refusal):
    code = "not_found"
    status = 404


class IllegalTransition(Refusal):
    code = "illegal_transition"
    status = 409


class TaskNotOpen(Refusal):
    code = "task_not_open"
    status = 409


class TaskHeldByOther(Refusal):
    code = "task_held_by_other"
    status = 409


class IdempotencyKeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 409


class RateLimited(Refusal):
    """`retry_after` is in whole seconds."""

    code = "rate_limited"
    status = 429

    def __init__(self, reason: str | None = None, retry_after: int = 1, **facts: Any) -> None:
        self.retry_after = retry_after
        super().__init__(reason, retry_after=retry_after, **facts)


class Unavailable(WuyouError):
    """The command may still happen; the same idempotency key tells later. `retry_after` is in whole seconds."""

    code = "unavailable"
    status = 503

    def __init__(self, reason: str | None = None, retry_after: int = 2, **facts: Any) -> None:
        self.retry_after = retry_after
        super().__init__(reason, retry_after=retry_after, **facts)


LEAVES: dict[str, type[WuyouError]] = {
    leaf.code: leaf
    for leaf in (
        ValidationFailed,
        Unauthenticated,
        Forbidden,
        NotBound,
        FourEyes,
        NotFound,
        IllegalTransition,
        TaskNotOpen,
        TaskHeldByOther,
        IdempotencyKeyReused,
        RateLimited,
        Unavailable,
    )
}


def from_payload(code: str, payload: Mapping[str, Any]) -> WuyouError:
    """Rebuild the error that travelled through Temporal. Raises KeyError for a code that is not ours."""
    return LEAVES[code](**payload)
