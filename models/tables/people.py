"""Residents with their ties, staff with their roles, scopes and sessions."""

from datetime import date, datetime

from sqlalchemy import ARRAY, CheckConstraint, Index, LargeBinary, String, text
from sqlmodel import Field

from models.tables.base import Base, instant, new_id, now


class Resident(Base, table=True):
    """A person on the owners' side.

    `openid` is the mini-program's; the phone is sealed, its keyed hash beside it for search.
    """

    __tablename__ = "residents"
    id: str = Field(default_factory=lambda: new_id("res"), primary_key=True)
    openid: str | None = Field(default=None, unique=True)
    service_openid: str | None = Field(default=None, unique=True)
    """The same person's openid at the service account, while they follow it."""
    unionid: str | None = Field(default=None, unique=True)
    """The id that WeChat gives one person on both of our accounts, known since their last login."""
    name: str
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_hash: str | None = Field(default=None, index=True)
    is_minor: bool = False
    created_at: datetime = instant(default_factory=now)


class Follower(Base, table=True):
    """Whoever follows the service account; they may log in for the first time only later."""

    __tablename__ = "followers"
    unionid: str = Field(primary_key=True)
    openid: str = Field(unique=True)
    """At the service account."""
    since: datetime = instant(default_factory=now)


class Tie(Base, table=True):
    """What binds a resident to a house, with its beginning and end. At most one open owner per house."""

    __tablename__ = "ties"
    __table_args__ = (
        Index("uq_ties_one_owner", "house_id", unique=True, postgresql_where=text("kind = 'owner' AND until IS NULL")),
        Index("uq_ties_open", "resident_id", "house_id", unique=True, postgresql_where=text("until IS NULL")),
        CheckConstraint("kind IN ('owner', 'family', 'tenant')", name="kind"),
        CheckConstraint("kind <> 'tenant' OR lease_until IS NOT NULL", name="lease"),
    )
    id: str = Field(default_factory=lambda: new_id("tie"), primary_key=True)
    resident_id: str = Field(foreign_key="residents.id", index=True)
    house_id: str = Field(foreign_key="houses.id", index=True)
    kind: str
    since: datetime = instant(default_factory=now)
    until: datetime | None = instant(nullable=True, default=None)
    lease_until: date | None = None
    certified_by: str | None = None


class Staff(Base, table=True):
    __tablename__ = "staff"
    id: str = Field(default_factory=lambda: new_id("stf"), primary_key=True)
    account: str = Field(unique=True)
    name: str
    password_hash: str
    """Argon2id."""
    team: str
    roles: list[str] = Field(sa_type=ARRAY(String))  # type: ignore[call-overload]
    skills: list[str] = Field(default_factory=list, sa_type=ARRAY(String))  # type: ignore[call-overload]
    reports_to: str | None = Field(default=None, foreign_key="staff.id")
    openid: str | None = Field(default=None, unique=True)
    """At the service account; bound by a QR in the console."""
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    """For SMS in an emergency and of a breach; entered by the person."""
    firm_wide: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Serves every community, also those to come. Nobody does for want of scopes."""
    active: bool = True
    on_duty: bool = True
    """What the person's own switch says; the roster speaks as well (`models.repositories.staffing.ON_DUTY`)."""
    duty_switched_at: datetime | None = instant(nullable=True, default=None)
    cap: int | None = None
    """Most orders at once; null follows the community's policy."""


class StaffScope(Base, table=True):
    """The communities a staff member serves. Whoever has none and is not `firm_wide` sees no order."""

    __tablename__ = "staff_scopes"
    staff_id: str = Field(foreign_key="staff.id", primary_key=True)
    community_id: str = Field(foreign_key="communities.id", primary_key=True)
    buildings: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(String),  # type: ignore[call-overload]
        sa_column_kwargs={"server_default": text("'{}'")},
    )
    """The only buildings of the community that are theirs; none named means all. What stands in no building is too."""


class StaffSession(Base, table=True):
    """A revocable login, of the console's cookie or of a client's token. Only the token's hash is kept."""

    __tablename__ = "staff_sessions"
    token_hash: str = Field(primary_key=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    created_at: datetime = instant(default_factory=now)
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant(nullable=True, default=None)


class Reveal(Base, table=True):
    """What was shown to a staff member: a phone number, or who an anonymous maker is. Kept for whoever asks who has
    seen it; never the number or the name itself.
    """

    __tablename__ = "reveals"
    __table_args__ = (
        CheckConstraint("what IN ('contact', 'reporter', 'car_user', 'identity', 'visitor', 'host')", name="what"),
    )
    id: str = Field(default_factory=lambda: new_id("rev"), primary_key=True)
    number: str = Field(foreign_key="work_orders.number", index=True)
    staff_id: str = Field(foreign_key="staff.id", index=True)
    what: str
    """Whose phone: of the contact at home, the reporter's own, that of somebody whose car is in the way, a visitor's or
    their host's. `identity` is no phone but who complained.
    """
    at: datetime = instant(default_factory=now)


class LoginFailure(Base, table=True):
    """Counted per account and per address, to slow down guessing."""

    __tablename__ = "login_failures"
    key: str = Field(primary_key=True)
    """`account:…` or `address:…`, hashed."""
    count: int = 0
    last_at: datetime = instant(default_factory=now)
