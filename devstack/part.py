"""What the stack must know about a part: how it starts, when it is well, how it stops."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from devstack.site import Site

START_SECONDS = 60  # Some parts take 3 s on an idle machine; sixty allows for a small one that is busy.
STOP_SECONDS = 15  # The worker lets activities run out for 10 s.


def nothing(site: Site) -> None:
    """The step of a part that has nothing to do there."""


def no_user(site: Site) -> str:
    """The part runs as whoever started the stack."""
    return ""


@dataclass(frozen=True)
class Part:
    """One server (or one task that runs once) of the stack."""

    name: str
    title: str
    command: Callable[[Site], list[str]]
    """The program and its arguments."""
    healthy: Callable[[Site], bool] = lambda site: True
    """Whether it serves now. It may raise anything, which counts as no, and must come back within 2 s."""
    requires: tuple[str, ...] = ()
    """Parts that must be well before this one starts."""
    prepare: Callable[[Site], None] = nothing
    """Before each start: folders, configuration files."""
    complete: Callable[[Site], None] = nothing
    """After it is well for the first time: databases, buckets, limits."""
    environment: Callable[[Site], dict[str, str]] = lambda site: site.settings.as_environment()
    user: Callable[[Site], str] = no_user
    """The system user it runs as."""
    replaced_by: str = ""
    """The setting whose presence in the environment switches this part off."""
    runs_once: bool = False
    """A task rather than a server: well when it has ended with 0."""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """What it gets when the supervisor dies. All parts survive a kill, and a polite wish might be kept waiting."""
    address: Callable[[Site], str] = lambda site: ""
    """What ``status`` shows."""
