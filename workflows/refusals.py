"""Let only typed errors out of a handler: anything else would wedge the order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from models.domain.errors import Unavailable, WuyouError


@contextmanager
def refusals() -> Iterator[None]:
    """A WuyouError becomes the ApplicationError that the gateway turns back; a bug becomes `unavailable`, and is
    logged.
    """
    try:
        yield
    except WuyouError as error:
        raise _travelling(error) from None
    except Exception:
        workflow.logger.exception("A command failed inside the workflow; the order is unchanged.")
        raise _travelling(Unavailable("unavailable")) from None


def _travelling(error: WuyouError) -> ApplicationError:
    return ApplicationError(
        error.code, error.payload(), type=error.code, non_retryable=True, category=ApplicationErrorCategory.BENIGN
    )
