"""The repair process, on the time-skipping server."""

from __future__ import annotations

from tests.workflows.desk import *  # noqa: F403


async def test_plain(desk):
    await desk.file()
    await desk.to_stage("closed")
    print(desk.shelf.events(), desk.shelf.stages())
    await desk.send(OWNER, "rate", result=5, speed=5, manner=4)
    print(await desk.handle.result())
    h = await desk.handle.fetch_history()
    print(len(h.events))
    import collections
    print(collections.Counter(e.event_type for e in h.events))
    from temporalio.api.enums.v1 import EventType
    for e in h.events: print(e.event_id, EventType.Name(e.event_type))
