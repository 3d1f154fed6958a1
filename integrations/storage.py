"""The photo store: any S3, spoken to through the minio client.

Clients upload straight to it under a policy that names one key, one content type and a size; they read through
addresses that expire. Our own programs never hold more than one photo of ten megabytes at a time.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.datatypes import PostPolicy
from minio.error import InvalidResponseError, S3Error, ServerError

from models.domain.errors import Unavailable
from models.domain.photos import MAX_BYTES, check_announced, upload_key
from settings import Settings

UPLOAD_LIFE: Final = timedelta(minutes=15)
"""Ten megabytes over a poor mobile connection take five minutes; a forgotten policy soon writes nothing more."""

ADDRESS_LIFE: Final = timedelta(minutes=10)
"""Long enough to scroll through a page of photos, short enough that a leaked address is soon worthless."""

CONNECT_SECONDS: Final = 2.0
"""The store is near; if it has not answered by then it is down."""

READ_SECONDS: Final = 5.0
"""Between two pieces of an answer, not for the whole of it. With one repetition a frozen store shows within ten."""

POOL_SIZE: Final = 16
"""Connections kept, so that the API's threads and the finaliser need not wait for each other."""

REGION: Final = "us-east-1"
"""Given so that signing an address never asks the store where it is."""

_MISSING: Final = frozenset({"NoSuchKey", "NoSuchObject", "NotFound", "NoSuchBucket"})
_OUR_BUCKET: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
_NOT_ITS_DAY: Final = frozenset({"InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "Busy"})


class StorageUnavailable(Unavailable):
    """The store did not answer, or said that it cannot. Nothing is wrong with the photo; try again."""

    def __init__(self, reason: str = "storage_unavailable", retry_after: int = 5) -> None:
        super().__init__(reason, retry_after=retry_after)


class Upload(NamedTuple):
    """What a client posts as multipart: `fields` first, the file last as `file`."""

    url: str
    fields: dict[str, str]


class Head(NamedTuple):
    size: int
    leading: bytes


class Storage:
    """One bucket. Every method but the two that sign raises StorageUnavailable in an outage; all work in threads."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, bucket: str) -> None:
        address = urlsplit(endpoint)
        self.bucket = bucket
        self._address = f"{address.scheme}://{address.netloc}"
        self._ensured = False
        self._ensuring = threading.Lock()
        self._minio = Minio(
            address.netloc,
            access_key=access_key,
            secret_key=secret_key,
            secure=address.scheme == "https",
            region=REGION,
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                maxsize=POOL_SIZE,
                # Every call here may be repeated; one repetition survives a connection that the store has closed.
                retries=urllib3.Retry(total=1, backoff_factor=0.1, redirect=False),
            ),
        )

    @classmethod
    def of(cls, settings: Settings) -> Storage:
        """Raises SettingMissing."""
        return cls(
            settings.required("s3_endpoint"),
            settings.required("s3_access_key"),
            settings.required("s3_secret_key"),
            settings.s3_bucket,
        )

    def ensure_bucket(self) -> None:
        """Make the bucket if it is not there. Once it was seen, nothing more is asked."""
        with self._ensuring:
            if self._ensured:
                return
            with _outages():
                if not self._minio.bucket_exists(self.bucket):
                    self._make_bucket()
            self._ensured = True

    def _make_bucket(self) -> None:
        try:
            self._minio.make_bucket(self.bucket)
        except S3Error as error:
            # Another process was faster.
            if error.code not in _OUR_BUCKET:
                raise

    def presigned_upload(self, photo_id: str, content_type: str, size: int) -> Upload:
        """Leave to write this one object, of this one type. Raises ValidationFailed for what is no photo."""
        check_announced(content_type, size)
        key = upload_key(photo_id)
        policy = PostPolicy(self.bucket, datetime.now(UTC) + UPLOAD_LIFE)
        policy.add_equals_condition("key", key)
        policy.add_equals_condition("Content-Type", content_type)
        policy.add_content_length_range_condition(1, MAX_BYTES)
        signed = self._minio.presigned_post_policy(policy)
        return Upload(f"{self._address}/{self.bucket}", {"key": key, "Content-Type": content_type, **signed})

    def address(self, key: str) -> str:
        """Where a browser may read the object for the next minutes."""
        return self._minio.presigned_get_object(self.bucket, key, expires=ADDRESS_LIFE)

    def head(self, key: str, leading: int) -> Head | None:
        """Size and first bytes, or None when there is no such object."""
        self.ensure_bucket()
        with _outages():
            try:
                size = self._minio.stat_object(self.bucket, key).size or 0
                return Head(size, self._get(key, length=min(leading, size)) if size else b"")
            except S3Error as error:
                if error.code in _MISSING:
                    return None
                raise

    def read(self, key: str, limit: int = MAX_BYTES) -> bytes | None:
        """The object, but never more than one byte beyond `limit`, or None when there is none."""
        found = self.head(key, limit + 1)
        return found.leading if found else None

    def put(self, key: str, data: bytes, content_type: str) -> None:
        self.ensure_bucket()
        with _outages():
            self._minio.put_object(self.bucket, key, io.BytesIO(data), len(data), content_type=content_type)

    def remove(self, key: str) -> None:
        """Removing what is not there is no error."""
        self.ensure_bucket()
        with _outages():
            self._minio.remove_object(self.bucket, key)

    def ping(self) -> None:
        """For readiness: one round trip. Raises StorageUnavailable."""
        with _outages():
            self._minio.bucket_exists(self.bucket)

    def _get(self, key: str, length: int) -> bytes:
        answer = self._minio.get_object(self.bucket, key, offset=0, length=length)
        try:
            return answer.read()
        finally:
            answer.close()
            answer.release_conn()


@contextmanager
def _outages() -> Iterator[None]:
    """Connection faults and the store's own troubles become StorageUnavailable; a wrong key stays what it is."""
    try:
        yield
    except (urllib3.exceptions.HTTPError, InvalidResponseError, ServerError) as error:
        raise StorageUnavailable from error
    except S3Error as error:
        if error.code in _NOT_ITS_DAY:
            raise StorageUnavailable from error
        raise
