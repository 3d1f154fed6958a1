"""Time-outs and retries of everything that a workflow calls, each with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

AT_ONCE: Final = LocalActivityConfig(
    # A healthy publish takes milliseconds; an attempt that hangs is given up well below the ten seconds of a workflow
    # task. The attempts are counted, because the time limit as a whole was seen not to end the retries of a local
    # activity: each ten seconds of them would add a workflow task to the history.
    schedule_to_close_timeout=timedelta(seconds=5),
    start_to_close_timeout=timedelta(seconds=4),
    retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=4),
)

UNTIL_DONE: Final = ActivityConfig(
    # Retries of a regular activity add no events, so an outage of Postgres can last as long as it likes.
    start_to_close_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)

TELLING: Final = ActivityConfig(
    # Rows in Postgres, written once however often it is tried; the console shows what they say in any case, so an
    # outage of more than ten minutes keeps no workflow open.
    schedule_to_close_timeout=timedelta(minutes=10),
    start_to_close_timeout=timedelta(minutes=2),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)

RENEW_AFTER_UPDATES = 1500
"""Temporal allows 2 000 updates in one history; the order continues as new well before."""
