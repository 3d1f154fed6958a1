"""Which parts make up the whole system."""

from __future__ import annotations

from devstack.part import Part
from devstack.parts.mqtt import MQTT
from devstack.parts.own import API, DEMO, MIGRATIONS, WECHAT, WORKER
from devstack.parts.postgres import POSTGRES
from devstack.parts.storage import STORAGE
from devstack.parts.temporal import TEMPORAL

PARTS: tuple[Part, ...] = (POSTGRES, TEMPORAL, STORAGE, MQTT, WECHAT, MIGRATIONS, DEMO, WORKER, API)
NAMES = tuple(part.name for part in PARTS)
BY_NAME = {part.name: part for part in PARTS}
