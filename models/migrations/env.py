"""Run by Alembic: finds the database, takes the migration lock, applies the migrations in one transaction each."""

from __future__ import annotations

from logging.config import fileConfig
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import text
from sqlmodel.sql.sqltypes import AutoString

import models.tables  # noqa: F401 - fills the metadata
from models.repositories.engines import migration_engine
from models.tables.base import metadata
from settings import load_settings

MIGRATION_LOCK = 4_715_201
"""An arbitrary number that only our migrations use, so that two programs starting at once do not both migrate."""

LOCK_WAIT = "60s"
"""The longest that one starter waits for another to finish migrating."""

config = context.config


def database_url() -> str:
    """From the calling program, from `-x url=`, or from the settings."""
    given: str | None = config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    return given or load_settings().required("database_url")


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """SQLModel's own string type is a plain `sa.String` in a migration, so that old migrations need no SQLModel."""
    return "sa.String()" if kind == "type" and isinstance(item, AutoString) else False


def run() -> None:
    with migration_engine(database_url()).connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_WAIT}'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            compare_type=True,
            transaction_per_migration=True,
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database; there is no offline mode.")
if config.config_file_name is not None and "url" not in config.attributes:
    fileConfig(config.config_file_name, disable_existing_loggers=False)
run()
