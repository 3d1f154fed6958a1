"""Models of the answers, for OpenAPI. `api.views` builds the answers; a test compares the two."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from models.domain.policy import Policy


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class Outcome(Shape):
    """`form` is the JSON Schema of what the outcome needs. Formats `staff` (an account) and `photo` (an id) are
    references."""

    outcome: str
    title: str
    form: dict[str, Any]


class PolicyChanged(Shape):
    """`changes`: setting → [before, after]. `applied_to`: how many running orders; null when they kept their terms."""

    version: int
    at: datetime
    changes: dict[str, Any]
    applied_to: int | None
    account: str
    name: str


class PolicyAnswer(Shape):
    """`unknown_years` are not announced yet and count as plain weeks."""

    community: str
    version: int
    settings: Policy
    unknown_years: list[int]
    history: list[PolicyChanged]


class Community(Shape):
    id: str
    name: str


class Communities(Shape):
    items: list[Community]


class Applied(Shape):
    community: str
    orders: int


class TaskOrder(Shape):
    number: str
    kind: str
    stage: str
    summary: str


class TaskPatrol(Shape):
    """`ticked` of its `items` have been looked at."""

    id: str
    title: str
    place: str
    ticked: int
    items: int


class Task(Shape):
    """`holder` is a staff account, or the resident's id for a task of theirs; null while it lies in the pool of
    `candidates`. `claimable`: the caller may take it from there now. `outcomes` are those with which they may now end
    it, in their own right or, where `on_behalf` says so, for a reporter who phoned or came.

    A walk of a round that is due has the kind `patrol`, no `order` and no outcomes; `patrol` says what it is, `team`
    whose it is where it is a team's, and it is ticked at `/staff/rounds/patrols/{id}`. No other row has these two.
    """

    id: str
    kind: str
    title: str
    order: TaskOrder | None
    patrol: TaskPatrol | None = None
    team: str | None = None
    holder: str | None
    candidates: list[str]
    due_at: datetime | None
    overdue: bool
    created_at: datetime
    claimable: bool
    outcomes: list[Outcome]
    on_behalf: bool


class TaskPage(Shape):
    items: list[Task]
    next_cursor: str | None


class Counts(Shape):
    """Of the boxes, none of which is counted beyond 1 000; `waiting_starts` is how many new orders wait for the
    engine.
    """

    mine: int
    pool: int
    team: int
    overdue: int
    waiting_starts: int


class By(Shape):
    kind: str
    name: str


class TimelineEvent(Shape):
    id: str
    kind: str
    title: str
    at: datetime
    by: By
    audience: str
    stage: str | None
    facts: dict[str, Any]


class Deadline(Shape):
    clock: str
    title: str
    due_at: datetime
    overdue: bool


class Waiting(Shape):
    reason: str
    title: str
    until: datetime
    note: str | None


class Bulletin(Shape):
    """Where it is, who has it, what happens next and by when, why it waits: Chinese sentences to be shown as they are.

    `by` is the time in `by_words`; `urged` tells what the reporter's urging has done, null before the first.
    """

    where: str
    who: str
    next: str
    by: datetime | None
    by_words: str
    late: bool
    waiting_for: str | None
    urged: str | None


class Urges(Shape):
    count: int
    here: int
    last_at: datetime | None


class Referral(Shape):
    """To whom the work was passed, and when we ask them again."""

    party: str
    title: str
    contact: str
    follow_up: datetime


class Sequel(Shape):
    """An order that goes on with another: `rework`, `lasting` after a makeshift, `objection` to a cancellation."""

    number: str
    why: str
    title: str


class Averages(Shape):
    result: float
    speed: float
    manner: float


class PersonsRatings(Shape):
    """`averages` is null below `fewest` ratings."""

    account: str
    name: str
    ratings: int
    averages: Averages | None


class Ratings(Shape):
    items: list[PersonsRatings]
    fewest: int
    days: int


class Entry(Shape):
    """Who agreed to a vacant home being entered, and how."""

    given_by: str
    channel: str


class Rating(Shape):
    result: int
    speed: int
    manner: int
    text: str | None


class Photo(Shape):
    """`url` answers a short-lived address once `status` is `ready`."""

    id: str
    status: str
    used_as: str | None
    url: str


class Action(Shape):
    """What the caller may do now; with `task_id` for a task, with `outcome` for completing it."""

    action: str
    task_id: str | None = None
    outcome: str | None = None


class OrderItem(Shape):
    """`following`: it shows the stage, deadline and worker of the order that it was merged into, or of an incident."""

    following: bool
    number: str
    id: str
    kind: str
    stage: str
    stage_title: str
    open: bool
    priority: str
    place: str
    category: str
    summary: str
    submitted_at: datetime
    due_at: datetime | None
    overdue: bool
    holder: str | None
    urged: int


class OrderPage(Shape):
    items: list[OrderItem]
    next_cursor: str | None


class Group(Shape):
    """`following`: the order shows stage, worker and deadline of the one that it follows, or of an incident.
    `followers` and `neighbours` are counts; staff also read `primary`, `children` and `links`."""

    following: bool
    since: datetime | None
    incident: dict[str, Any] | None
    followers: int
    neighbours: int


class ComplaintSubject(Shape):
    """`name` is the member of staff's, for staff who may read it, or the house's."""

    kind: str
    title: str
    name: str | None


class ComplaintFacts(Shape):
    """`further` says where to turn after the final answer. Managers and quality also read `looks`: who has seen who
    an anonymous maker is, and when."""

    type: str
    type_title: str
    subject: ComplaintSubject
    anonymous: bool
    may_publish: bool
    final: bool
    further: str | None
    published_at: datetime | None


class VisitFacts(Shape):
    """Who comes, null to staff who do not meet visitors, and for all once it has been taken away."""

    type: str
    type_title: str
    walk_in: bool
    start: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    purpose: str | None
    persons: int
    entries: int
    used: int
    name: str | None
    phone_masked: str | None
    plate: str | None
    approved: bool
    arrived_at: datetime | None
    left_at: datetime | None
    revoked_at: datetime | None
    anonymised_at: datetime | None


class Order(Shape):
    """`readable` is false where the caller may only know that the order exists; its words are then hidden."""

    number: str
    id: str
    kind: str
    stage: str
    stage_title: str
    open: bool
    priority: str
    place: dict[str, Any]
    category: str
    summary: str
    description: str
    submitted_at: datetime
    holder: str | None
    next_deadline: Deadline | None
    waiting: Waiting | None
    bulletin: Bulletin
    group: Group | None
    complaint: ComplaintFacts | None
    visit: VisitFacts | None
    readable: bool
    urges: Urges
    temporary: bool
    follows: Sequel | None
    followed_by: Sequel | None
    may_rework: str | None
    referral: Referral | None
    vacant: bool
    entry: Entry | None
    charge: str
    appointment_status: str | None
    quote: Quote | None
    settlement: Settlement | None
    rating: Rating | None
    photos: list[Photo]
    timeline: list[TimelineEvent]
    tasks: list[Task]
    actions: list[Action]


class QuoteLine(Shape):
    """`price` and `amount` in fen."""

    item: str
    quantity: int
    price: int
    amount: int


class Quote(Shape):
    """`status`: open, approved or declined. `total` in fen."""

    lines: list[QuoteLine]
    note: str | None
    total: int
    status: str
    status_title: str
    at: datetime
    answered_at: datetime | None


class Settlement(Shape):
    """In fen: what was approved, is due, has come in. `wechat_pay` will say whether it can be paid in the app."""

    approved: int
    due: int
    received: int
    wechat_pay: bool


class Claim(Shape):
    """A repair that was paid, waived, or is still to be paid; then `total` is what is due and `outcome` is null."""

    number: str
    place: str
    category: str
    at: datetime
    outcome: str | None
    amount: int
    total: int
    method: str | None
    receipt_no: str | None
    by: str | None


class MethodTotal(Shape):
    method: str
    title: str
    count: int
    amount: int


class Takings(Shape):
    """One day, in fen."""

    date: date
    items: list[Claim]
    totals: list[MethodTotal]
    received: int
    outstanding: list[Claim]


class House(Shape):
    id: str
    label: str
    community: str
    tie: str


class Owner(Shape):
    id: str
    name: str
    phone_masked: str | None
    houses: list[House]
    unread: int


class OwnerLogin(Shape):
    token: str
    owner: Owner


class Staff(Shape):
    id: str
    account: str
    name: str
    team: str
    roles: list[str]
    communities: list[str]


class StaffLogin(Shape):
    token: str
    staff: Staff


class Upload(Shape):
    """POST `fields` as multipart to `url`, the file last, as `file`."""

    url: str
    fields: dict[str, str]


class PhotoSlip(Shape):
    photo_id: str
    upload: Upload


class PhotoState(Shape):
    photo_id: str
    status: str


class PhotoAddress(Shape):
    """`url` and `thumbnail_url` are readable by anybody who has them, for ten minutes."""

    id: str
    status: str
    url: str | None
    thumbnail_url: str | None


class Message(Shape):
    id: str
    kind: str
    title: str
    text: str
    number: str | None
    """Null for an announcement, which has `incident_id` instead, and for news of a registered plate."""
    vehicle_id: str | None = None
    created_at: datetime
    read_at: datetime | None


class MessagePage(Shape):
    items: list[Message]
    next_cursor: str | None


class Subscription(Shape):
    template_id: str
    name: str
    title: str


class Subscriptions(Shape):
    items: list[Subscription]


class Assignable(Shape):
    """Somebody whose roles allow them the work. Only who is `assignable` may be given it; `why_not` says the rest."""

    account: str
    name: str
    team: str
    open_tasks: int
    cap: int
    on_duty: bool
    skilled: bool
    absent: bool
    deputy: str | None
    assignable: bool
    why: list[str]
    why_not: list[str]


class AssignableList(Shape):
    items: list[Assignable]


class Catalog(Shape):
    """Categories name the `kind` of order that they are for; `matters` and `subjects` are those of complaints,
    `visit_types` say how many days a pass may hold."""

    categories: list[dict[str, Any]]
    communities: list[dict[str, Any]]
    spots: list[dict[str, Any]]
    matters: list[dict[str, Any]]
    subjects: list[dict[str, Any]]
    visit_types: list[dict[str, Any]]


class RemedyOffered(Shape):
    """`breaks_off`: it ends a workflow that still runs, so the body must say `{"break_off": true}`."""

    remedy: str
    title: str
    breaks_off: bool


class TroubledOrder(Shape):
    """`trouble` is null for an order on which Postgres and its workflow agree; `detail` is the cause as the system
    names it. A remedy is applied by `POST /staff/operations/orders/{number}/{remedy}`."""

    number: str
    stage: str
    stage_title: str
    community: str
    submitted_at: datetime
    trouble: str | None
    title: str | None
    cause: str | None
    detail: str | None
    remedies: list[RemedyOffered]


class DeadEffect(Shape):
    """A message, a photo or an outbox row that goes no further by itself."""

    kind: str
    id: str
    number: str | None
    title: str
    cause: str
    error: str | None
    at: datetime
    may_retry: bool


class DeadEffects(Shape):
    effects: list[DeadEffect]


class OperatorAct(Shape):
    """`outcome` is `done`, the code of a refusal, or null when the act broke off."""

    at: datetime
    by: str
    account: str | None
    remedy: str
    title: str
    subject: str
    trouble: str | None
    outcome: str | None


class EngineState(Shape):
    up: bool
    down_since: datetime | None
    relay_at: datetime | None
    relay_alive: bool


class OutboxState(Shape):
    """`waiting` rows are due, `starts` are new orders among all that is not done, `failing` rows have an error."""

    waiting: int
    starts: int
    failing: int
    oldest: datetime | None


class Comparison(Shape):
    """The last comparison of all orders, by `./wuyou doctor` or at night."""

    at: datetime
    compared: int
    left: int


class Operations(Shape):
    """`unknown_years` count as plain weeks, because their holidays have not been announced to this installation."""

    engine: EngineState
    outbox: OutboxState
    comparison: Comparison | None
    unknown_years: list[int]
    orders: list[TroubledOrder]
    effects: list[DeadEffect]
    acts: list[OperatorAct]


class Health(Shape):
    status: str


class Readiness(Shape):
    status: str
    checks: dict[str, Any]
