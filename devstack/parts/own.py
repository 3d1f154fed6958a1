"""Our own programs: the WeChat emulator, migrations, demo data, worker and API. Each is a Python module."""

from __future__ import annotations

import sys

from devstack.part import Part
from devstack.ports import LOOPBACK
from devstack.probes import answers
from devstack.site import Site


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _emulator_is_well(site: Site) -> bool:
    if site.settings.wechat_url == f"http://{LOOPBACK}:{site.ports['wechat']}":
        return answers(f"{site.settings.wechat_url}/_emulator/healthz")
    # The real WeChat has no health page; whatever it answers, it can be reached.
    return answers(site.settings.wechat_url, *range(200, 500))


def _worker_is_well(site: Site) -> bool:
    return answers(f"http://{LOOPBACK}:{site.settings.codec_port}/healthz")


def _api_is_well(site: Site) -> bool:
    base = f"http://{LOOPBACK}:{site.settings.api_port}"
    return answers(f"{base}/healthz") and answers(f"{base}/readyz")


WECHAT = Part(
    name="wechat",
    title="WeChat emulator",
    command=lambda site: _python("devstack.wechat_emulator"),
    healthy=_emulator_is_well,
    replaced_by="wechat_url",
    address=lambda site: site.settings.wechat_url,
)
MIGRATIONS = Part(
    name="migrations",
    title="Database migration",
    command=lambda site: _python("alembic", "-c", "alembic.ini", "upgrade", "head"),
    requires=("postgres",),
    runs_once=True,
)
DEMO = Part(
    name="demo",
    title="Demo community",
    command=lambda site: _python("devstack.demo"),
    requires=("migrations", "temporal", "storage"),
    runs_once=True,
)
WORKER = Part(
    name="worker",
    title="Worker",
    command=lambda site: _python("workers"),
    requires=("migrations", "temporal", "storage", "wechat", "mqtt"),
    healthy=_worker_is_well,
    address=lambda site: f"http://{LOOPBACK}:{site.settings.codec_port}",
)
API = Part(
    name="api",
    title="API and console",
    command=lambda site: _python("api"),
    requires=("migrations", "temporal", "storage", "wechat", "mqtt"),
    healthy=_api_is_well,
    address=lambda site: site.settings.api_url,
)
