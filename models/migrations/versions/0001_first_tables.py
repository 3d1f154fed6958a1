"""The first tables, and the sequence of order numbers.

Revision: 0001
Follows: nothing
Created: 2026-11-22
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LOCK_TIMEOUT = "4s"
"""A migration that cannot get its lock gives up rather than make every query queue behind it."""

NUMBERS_PER_BLOCK = 50
"""API processes take blocks of order numbers, so that a number costs no round trip; gaps are normal."""


def upgrade() -> None:
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.execute(f"CREATE SEQUENCE order_number INCREMENT BY {NUMBERS_PER_BLOCK} START WITH 1")
    op.create_table(
        "categories",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("skill", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("questions", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("levels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("kind", "code", name=op.f("pk_categories")),
    )
    op.create_table(
        "communities",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("duty_phone", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_communities")),
        sa.UniqueConstraint("code", name=op.f("uq_communities_code")),
    )
    op.create_table(
        "forgotten_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("replaced_by", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forgotten_steps")),
    )
    op.create_index(op.f("ix_forgotten_steps_number"), "forgotten_steps", ["number"], unique=False)
    op.create_table(
        "handled_requests",
        sa.Column("update_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_handled_requests")),
    )
    op.create_index("ix_handled_requests_at", "handled_requests", ["at"], unique=False)
    op.create_table(
        "login_failures",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_failures")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_number", "outbox", ["number"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["rank", "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "residents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("openid", sa.String(), nullable=True),
        sa.Column("service_openid", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.String(), nullable=True),
        sa.Column("is_minor", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents")),
        sa.UniqueConstraint("openid", name=op.f("uq_residents_openid")),
        sa.UniqueConstraint("service_openid", name=op.f("uq_residents_service_openid")),
    )
    op.create_index(op.f("ix_residents_phone_hash"), "residents", ["phone_hash"], unique=False)
    op.create_table(
        "settings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("roles", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("skills", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("reports_to", sa.String(), nullable=True),
        sa.Column("openid", sa.String(), nullable=True),
        sa.Column("firm_wide", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("on_duty", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["reports_to"], ["staff.id"], name=op.f("fk_staff_reports_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("account", name=op.f("uq_staff_account")),
        sa.UniqueConstraint("openid", name=op.f("uq_staff_openid")),
    )
    op.create_table(
        "wechat_credits",
        sa.Column("openid", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("credits", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("credits >= 0", name=op.f("ck_wechat_credits_credits")),
        sa.PrimaryKeyConstraint("openid", "template", name=op.f("pk_wechat_credits")),
    )
    op.create_table(
        "wechat_tokens",
        sa.Column("appid", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_wechat_tokens")),
    )
    op.create_table(
        "buildings",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("floors", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_buildings_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buildings")),
        sa.UniqueConstraint("community_id", "name", name=op.f("uq_buildings_community_id_name")),
    )
    op.create_index(op.f("ix_buildings_community_id"), "buildings", ["community_id"], unique=False)
    op.create_table(
        "staff_scopes",
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_staff_scopes_community_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_scopes_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "community_id", name=op.f("pk_staff_scopes")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)
    op.create_table(
        "houses",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("building_id", sa.String(), nullable=True),
        sa.Column("unit", sa.String(), nullable=True),
        sa.Column("floor", sa.Integer(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_houses_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_houses_community_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_houses")),
        sa.UniqueConstraint("community_id", "label", name=op.f("uq_houses_community_id_label")),
    )
    op.create_index(op.f("ix_houses_building_id"), "houses", ["building_id"], unique=False)
    op.create_index(op.f("ix_houses_community_id"), "houses", ["community_id"], unique=False)
    op.create_table(
        "ties",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("house_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_until", sa.Date(), nullable=True),
        sa.Column("certified_by", sa.String(), nullable=True),
        sa.CheckConstraint("kind <> 'tenant' OR lease_until IS NOT NULL", name=op.f("ck_ties_lease")),
        sa.CheckConstraint("kind IN ('owner', 'family', 'tenant')", name=op.f("ck_ties_kind")),
        sa.ForeignKeyConstraint(["house_id"], ["houses.id"], name=op.f("fk_ties_house_id")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_ties_resident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ties")),
    )
    op.create_index(op.f("ix_ties_house_id"), "ties", ["house_id"], unique=False)
    op.create_index(op.f("ix_ties_resident_id"), "ties", ["resident_id"], unique=False)
    op.create_index(
        "uq_ties_one_owner",
        "ties",
        ["house_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'owner' AND until IS NULL"),
    )
    op.create_index(
        "uq_ties_open", "ties", ["resident_id", "house_id"], unique=True, postgresql_where=sa.text("until IS NULL")
    )
    op.create_table(
        "work_orders",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("house_id", sa.String(), nullable=True),
        sa.Column("building_id", sa.String(), nullable=True),
        sa.Column("place_label", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reporter_kind", sa.String(), nullable=False),
        sa.Column("reporter_id", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("filed_by", sa.String(), nullable=True),
        sa.Column("contact_name", sa.String(), nullable=True),
        sa.Column("contact_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("assignee_id", sa.String(), nullable=True),
        sa.Column("urged", sa.Integer(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating_result", sa.Integer(), nullable=True),
        sa.Column("rating_speed", sa.Integer(), nullable=True),
        sa.Column("rating_manner", sa.Integer(), nullable=True),
        sa.Column("rating_text", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("workflow_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("projection_error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff.id"], name=op.f("fk_work_orders_assignee_id")),
        sa.ForeignKeyConstraint(["building_id"], ["buildings.id"], name=op.f("fk_work_orders_building_id")),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_work_orders_community_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["staff.id"], name=op.f("fk_work_orders_filed_by")),
        sa.ForeignKeyConstraint(["house_id"], ["houses.id"], name=op.f("fk_work_orders_house_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_work_orders")),
    )
    op.create_index(op.f("ix_work_orders_assignee_id"), "work_orders", ["assignee_id"], unique=False)
    op.create_index(
        "ix_work_orders_community",
        "work_orders",
        ["community_id", sa.literal_column("submitted_at DESC"), sa.literal_column("number DESC")],
        unique=False,
    )
    op.create_index(
        "ix_work_orders_house",
        "work_orders",
        ["house_id", sa.literal_column("submitted_at DESC"), sa.literal_column("number DESC")],
        unique=False,
    )
    op.create_index(
        "ix_work_orders_open", "work_orders", ["community_id", "stage"], unique=False, postgresql_where=sa.text("open")
    )
    op.create_index(
        "ix_work_orders_reporter",
        "work_orders",
        ["reporter_id", sa.literal_column("submitted_at DESC"), sa.literal_column("number DESC")],
        unique=False,
    )
    op.create_index(
        "ix_work_orders_touched", "work_orders", ["touched_at"], unique=False, postgresql_where=sa.text("open")
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("to_kind", sa.String(), nullable=False),
        sa.Column("to_id", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("while_task", sa.String(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("sending_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "delivery IN ('pending', 'sending', 'sent', 'centre_only', 'uncertain', 'withdrawn', 'spread')",
            name=op.f("ck_notices_delivery"),
        ),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_notices_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index("ix_notices_number", "notices", ["number"], unique=False)
    op.create_index(
        "ix_notices_recipient",
        "notices",
        ["to_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "ix_notices_undelivered",
        "notices",
        ["delivery", "not_before"],
        unique=False,
        postgresql_where=sa.text("delivery IN ('pending', 'sending')"),
    )
    op.create_table(
        "photos",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("owner_kind", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("declared_size", sa.Integer(), nullable=False),
        sa.Column("upload_key", sa.String(), nullable=False),
        sa.Column("final_key", sa.String(), nullable=True),
        sa.Column("thumbnail_key", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("used_as", sa.String(), nullable=True),
        sa.CheckConstraint("status IN ('awaiting', 'uploaded', 'ready', 'failed')", name=op.f("ck_photos_status")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_photos_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    op.create_index(op.f("ix_photos_number"), "photos", ["number"], unique=False)
    op.create_index(op.f("ix_photos_owner_id"), "photos", ["owner_id"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=False),
        sa.Column("order_kind", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("holder_id", sa.String(), nullable=True),
        sa.Column("roles", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("also_seen_by", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("gives_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_version", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("form", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["communities.id"], name=op.f("fk_tasks_community_id")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_tasks_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(
        "ix_tasks_community_open",
        "tasks",
        ["community_id", "kind"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_tasks_holder_open", "tasks", ["holder_id"], unique=False, postgresql_where=sa.text("closed_at IS NULL")
    )
    op.create_index("ix_tasks_number", "tasks", ["number"], unique=False)
    op.create_table(
        "reveals",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("staff_id", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("what IN ('contact', 'reporter')", name=op.f("ck_reveals_what")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_reveals_number")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_reveals_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveals")),
    )
    op.create_index(op.f("ix_reveals_number"), "reveals", ["number"], unique=False)
    op.create_index(op.f("ix_reveals_staff_id"), "reveals", ["staff_id"], unique=False)
    op.create_table(
        "timeline_events",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.String(), nullable=False),
        sa.Column("by_kind", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("audience IN ('reporter', 'staff', 'manager')", name=op.f("ck_timeline_events_audience")),
        sa.ForeignKeyConstraint(["number"], ["work_orders.number"], name=op.f("fk_timeline_events_number")),
        sa.PrimaryKeyConstraint("number", "version", "seq", name=op.f("pk_timeline_events")),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_reveals_staff_id"), table_name="reveals")
    op.drop_index(op.f("ix_reveals_number"), table_name="reveals")
    op.drop_table("reveals")
    op.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    op.drop_table("timeline_events")
    op.drop_index("ix_tasks_number", table_name="tasks")
    op.drop_index("ix_tasks_holder_open", table_name="tasks", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_tasks_community_open", table_name="tasks", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_table("tasks")
    op.drop_index(op.f("ix_photos_owner_id"), table_name="photos")
    op.drop_index(op.f("ix_photos_number"), table_name="photos")
    op.drop_table("photos")
    op.drop_index(
        "ix_notices_undelivered", table_name="notices", postgresql_where=sa.text("delivery IN ('pending', 'sending')")
    )
    op.drop_index("ix_notices_recipient", table_name="notices")
    op.drop_index("ix_notices_number", table_name="notices")
    op.drop_table("notices")
    op.drop_index("ix_work_orders_touched", table_name="work_orders", postgresql_where=sa.text("open"))
    op.drop_index("ix_work_orders_reporter", table_name="work_orders")
    op.drop_index("ix_work_orders_open", table_name="work_orders", postgresql_where=sa.text("open"))
    op.drop_index("ix_work_orders_house", table_name="work_orders")
    op.drop_index("ix_work_orders_community", table_name="work_orders")
    op.drop_index(op.f("ix_work_orders_assignee_id"), table_name="work_orders")
    op.drop_table("work_orders")
    op.drop_index("uq_ties_open", table_name="ties", postgresql_where=sa.text("until IS NULL"))
    op.drop_index("uq_ties_one_owner", table_name="ties", postgresql_where=sa.text("kind = 'owner' AND until IS NULL"))
    op.drop_index(op.f("ix_ties_resident_id"), table_name="ties")
    op.drop_index(op.f("ix_ties_house_id"), table_name="ties")
    op.drop_table("ties")
    op.drop_index(op.f("ix_houses_community_id"), table_name="houses")
    op.drop_index(op.f("ix_houses_building_id"), table_name="houses")
    op.drop_table("houses")
    op.drop_index(op.f("ix_staff_sessions_staff_id"), table_name="staff_sessions")
    op.drop_table("staff_sessions")
    op.drop_table("staff_scopes")
    op.drop_index(op.f("ix_buildings_community_id"), table_name="buildings")
    op.drop_table("buildings")
    op.drop_table("wechat_tokens")
    op.drop_table("wechat_credits")
    op.drop_table("staff")
    op.drop_table("settings")
    op.drop_index(op.f("ix_residents_phone_hash"), table_name="residents")
    op.drop_table("residents")
    op.drop_index("ix_outbox_waiting", table_name="outbox", postgresql_where=sa.text("done_at IS NULL"))
    op.drop_index("ix_outbox_number", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("login_failures")
    op.drop_index("ix_handled_requests_at", table_name="handled_requests")
    op.drop_table("handled_requests")
    op.drop_index(op.f("ix_forgotten_steps_number"), table_name="forgotten_steps")
    op.drop_table("forgotten_steps")
    op.drop_table("communities")
    op.drop_table("categories")
    op.execute("DROP SEQUENCE order_number")
