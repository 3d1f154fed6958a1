"""Plates of a home: who keeps them, what ends them, and that nobody learns whether another home has the same."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlmodel import Session

from models.domain.plate_rights import MOST_PER_HOUSE
from models.repositories import plates as rows
from models.tables.people import Resident, Tie
from models.tables.places import House
from tests.api.conftest import Api, refused
from tests.api.test_move_cars import photo
from tests.world import PATIENCE, eventually

pytestmark = pytest.mark.stack

HOMES = ("p1", "p2", "p3", "p4")
YEARS_AGO = timedelta(days=800)


@pytest.fixture(scope="module", autouse=True)
def homes(api: Api) -> None:
    """Four homes, each with an owner, certified family, a minor and a tenant."""
    now = datetime.now(UTC)
    since = now - YEARS_AGO
    with Session(api.engine) as session:
        for home in HOMES:
            session.add(House(id=f"hse_{home}", community_id="com_a", building_id="bld_a", unit="2", label=f"{home}室"))
            session.flush()
            owner = f"res_{home}-owner"
            for name, kind, more in (
                ("owner", "owner", {}),
                ("family", "family", {"certified_by": owner}),
                ("minor", "family", {"certified_by": owner}),
                ("tenant", "tenant", {"lease_until": (now + timedelta(days=90)).date()}),
            ):
                openid = f"api-{home}-{name}"
                session.add(Resident(id=openid.replace("api-", "res_"), openid=openid, name=openid[4:]))
                session.flush()
                session.execute(text("UPDATE residents SET is_minor = (id LIKE '%minor')"))
                session.add(
                    Tie(resident_id=f"res_{home}-{name}", house_id=f"hse_{home}", kind=kind, since=since, **more)
                )
        session.commit()


def mine(api: Api, name: str) -> list[str]:
    return [one["plate"] for one in api.owner(name).read("/owner/plates")["items"]]


def add(api: Api, name: str, plate: str, **more: Any) -> Any:
    home = name.partition("-")[0]
    return api.owner(name).post("/owner/plates", {"house_id": f"hse_{home}", "plate": plate}, **more)


def in_doubt(api: Api) -> dict[str, Any]:
    return {one["plate"]: one for one in api.staff("clerk").read("/staff/plates/in-doubt")["items"]}


def end_tie(api: Api, resident: str) -> None:
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE ties SET until = now() WHERE resident_id = :it"), {"it": f"res_{resident}"})


def test_a_household_keeps_its_own(api: Api) -> None:
    first = add(api, "p1-owner", "沪a·12 345", key="once")
    assert first.status_code == 201, first.text
    assert (first.json()["plate"], first.json()["mine"], first.json()["may_remove"]) == ("沪A12345", True, True)
    assert add(api, "p1-owner", "沪A12345", key="once").json() == first.json()
    assert add(api, "p1-owner", "沪A12345").json()["id"] == first.json()["id"], "registered is registered"
    car = add(api, "p1-family", "沪AD12345").json()
    assert mine(api, "p1-owner") == mine(api, "p1-family") == ["沪A12345", "沪AD12345"]
    assert mine(api, "p1-tenant") == mine(api, "p2-owner") == []

    family, owner = api.owner("p1-family"), api.owner("p1-owner")
    refused(family.post(f"/owner/plates/{first.json()['id']}/remove"), 403, "forbidden")
    refused(api.owner("p2-owner").post(f"/owner/plates/{car['id']}/remove"), 404, "not_found")
    for _ in range(2):
        left = owner.act(f"/owner/plates/{car['id']}/remove", key="away")["items"]
        assert [one["plate"] for one in left] == ["沪A12345"]


def test_who_may_not_and_what_is_no_plate(api: Api) -> None:
    refused(add(api, "p1-minor", "沪A55555"), 403, "forbidden")
    refused(add(api, "p1-tenant", "沪A55555"), 403, "forbidden")
    body = {"house_id": "hse_p1", "plate": "沪A55555"}
    for stranger in ("p2-owner", "unbound", "former"):
        refused(api.owner(stranger).post("/owner/plates", body), 403, "not_bound")
    wrong = refused(add(api, "p1-owner", "不是车牌"), 422, "validation_failed")
    assert wrong["errors"][0]["field"] == "plate"
    for account, code in (("guard", 403), ("b-admin", 403), ("c-clerk", 404)):
        assert api.staff(account).get("/staff/houses/hse_p1/plates").status_code == code
    assert api.staff("guard").get("/staff/plates/in-doubt").status_code == 403


def test_a_home_has_only_so_many(api: Api) -> None:
    for n in range(MOST_PER_HOUSE):
        assert add(api, "p4-owner", f"沪B{n:05d}").status_code == 201
    refused(add(api, "p4-family", "沪B99999"), 409, "illegal_transition")


def test_a_plate_that_another_home_has_is_a_clerks_matter_and_nobody_learns_of_it(api: Api) -> None:
    holder = add(api, "p1-owner", "沪C10001").json()
    fresh, claimed = add(api, "p2-owner", "沪C10002").json(), add(api, "p2-owner", "沪C10001").json()
    unlike = {"id", "plate", "registered_at"}
    assert {k: v for k, v in claimed.items() if k not in unlike} == {k: v for k, v in fresh.items() if k not in unlike}
    assert mine(api, "p2-family") == ["沪C10002", "沪C10001"]

    # Nor by asking for the car to be moved: it is refused like any car of one's own.
    body = {"plate": "沪C10001", "community_id": "com_a", "reason": "blocking"}
    for name in ("p2-owner", "p1-owner"):
        asked = api.owner(name).post("/owner/move-cars", body | {"photo_ids": [photo(api, f"res_{name}")]})
        assert "不能请求挪自己的车" in asked.text
    number = api.owner("p3-owner").act("/owner/move-cars", body | {"photo_ids": [photo(api, "res_p3-owner")]})["number"]
    told = [one["number"] for one in api.owner("p1-owner").read("/owner/asked-of-my-cars")["items"]]
    assert number in told
    assert api.owner("p2-owner").read("/owner/asked-of-my-cars")["items"] == []

    doubt = in_doubt(api)["沪C10001"]
    assert (doubt["house"]["id"], doubt["held_by"]) == ("hse_p2", {"name": "p1-owner", "house": "p1室"})
    clerk = api.staff("clerk")
    kept = clerk.act(f"/staff/plates/{claimed['id']}/settle", {"outcome": "holds"})
    assert ("沪C10001", False) in [(one["plate"], one["in_doubt"]) for one in kept["items"]]
    assert "沪C10001" not in in_doubt(api)
    assert "沪C10001" not in mine(api, "p1-owner")
    assert holder["id"] not in [one["id"] for one in clerk.read("/staff/houses/hse_p1/plates")["items"]]


def told(api: Api, name: str, plate: str) -> list[str]:
    return [one["text"] for one in api.owner(name).read_all("/owner/messages") if plate in one["text"]]


def test_whoever_registered_a_plate_hears_what_a_clerk_has_found_and_nothing_of_others(api: Api) -> None:
    add(api, "p1-owner", "沪C11111")
    claimed = add(api, "p3-owner", "沪C11111").json()
    unlike = add(api, "p3-owner", "沪C22222").json()
    given_up = add(api, "p4-owner", "沪B00001").json()
    clerk = api.staff("clerk")
    for _ in range(2):
        clerk.act(f"/staff/plates/{claimed['id']}/settle", {"outcome": "holds"})
    for car in (unlike, given_up):
        clerk.act(f"/staff/plates/{car['id']}/settle", {"outcome": "ends"})
    holds, ended = (
        "您登记的车牌{}已由物业核对，登记有效。",
        "您登记的车牌{}经物业核对已停止登记，如有疑问请带行驶证到物业办理。",
    )
    assert told(api, "p3-owner", "沪C11111") == [holds.format("沪C11111")], "told once"
    assert told(api, "p1-owner", "沪C11111") == [ended.format("沪C11111")]
    assert told(api, "p3-owner", "沪C22222") == [ended.format("沪C22222")], "the same as where no other home is"
    assert told(api, "p4-owner", "沪B00001") == [ended.format("沪B00001")]
    assert told(api, "p1-family", "沪C11111") == [], "the registrant alone"
    item = next(one for one in api.owner("p3-owner").read_all("/owner/messages") if one["vehicle_id"] == claimed["id"])
    assert (item["number"], item["title"], item["order_kind"]) == (None, "车牌核对结果", "plate")
    unread = api.owner("p3-owner").read("/owner/me")["unread"]
    api.owner("p3-owner").act(f"/owner/messages/{item['id']}/read")
    assert api.owner("p3-owner").read("/owner/me")["unread"] == unread - 1
    with api.engine.connect() as conn:
        kept = conn.execute(text("SELECT n::text FROM notices n WHERE vehicle_id IS NOT NULL")).scalars().all()
    assert len(kept) >= 4
    assert not any("沪" in row for row in kept), "the plate stays sealed"
    api.owner("p3-owner").act(f"/owner/plates/{claimed['id']}/remove")


def test_two_homes_at_once(api: Api) -> None:
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda name: add(api, name, "沪C20002"), ("p1-owner", "p2-owner")))
    assert [answer.status_code for answer in answers] == [201, 201]
    doubt = in_doubt(api)["沪C20002"]
    assert {doubt["registrant"], doubt["held_by"]["name"]} == {"p1-owner", "p2-owner"}
    api.staff("clerk").act(f"/staff/plates/{doubt['id']}/settle", {"outcome": "ends"})
    assert ("沪C20002" in mine(api, "p1-owner")) != ("沪C20002" in mine(api, "p2-owner"))


def test_a_car_that_its_household_denied_is_in_doubt(api: Api) -> None:
    car = add(api, "p1-owner", "沪C30003").json()
    asker = api.owner("p3-owner")
    body = {"plate": "沪C30003", "community_id": "com_a", "reason": "exit", "photo_ids": [photo(api, "res_p3-owner")]}
    number = asker.act("/owner/move-cars", body)["number"]
    asked = next(
        one for one in api.owner("p1-owner").read("/owner/asked-of-my-cars")["items"] if one["number"] == number
    )
    api.owner("p1-owner").act(f"/owner/tasks/{asked['tasks'][0]['id']}/complete", {"outcome": "not_me", "form": {}})
    assert in_doubt(api)["沪C30003"]["denied_at"]
    api.staff("manager").act(f"/staff/plates/{car['id']}/settle", {"outcome": "holds"})
    assert "沪C30003" not in in_doubt(api), "the clerk has looked"


def test_the_desk_registers_for_a_tenant(api: Api) -> None:
    clerk = api.staff("clerk")
    body = {"resident_id": "res_p3-tenant", "plate": "沪C40004"}
    kept = clerk.act("/staff/houses/hse_p3/plates", body)
    assert [one["registrant"] for one in kept["items"]] == ["p3-tenant"]
    assert mine(api, "p3-tenant") == ["沪C40004"]
    assert mine(api, "p3-owner") == [], "a landlord reads nothing of who rents"
    refused(clerk.post("/staff/houses/hse_p2/plates", body), 403, "not_bound")


def test_the_end_of_a_tie_ends_its_plates_and_those_of_the_family_that_hung_on_it(api: Api) -> None:
    add(api, "p2-owner", "沪C50001"), add(api, "p2-family", "沪C50002")
    end_tie(api, "p2-owner")
    assert mine(api, "p2-owner") == mine(api, "p2-family") == []
    assert api.staff("clerk").read("/staff/houses/hse_p2/plates")["items"] == []
    assert add(api, "p3-owner", "沪C50001").status_code == 201
    assert "沪C50001" not in in_doubt(api), "what has ended is nobody's"
    with Session(api.engine) as session:  # Coming back does not bring the plates back.
        session.add(Tie(resident_id="res_p2-owner", house_id="hse_p2", kind="owner", since=datetime.now(UTC)))
        session.commit()
    assert mine(api, "p2-owner") == []


def test_two_clerks_settle_two_claims_of_one_plate(api: Api) -> None:
    cars = [add(api, name, "沪C60006").json()["id"] for name in ("p1-owner", "p2-owner", "p3-owner")]
    answer = while_under_way(
        api,
        lambda conn: rows.hold(conn, cars[1], datetime.now(UTC)),
        lambda: api.staff("clerk").post(f"/staff/plates/{cars[2]}/settle", {"outcome": "holds"}),
    )
    assert answer.status_code == 200, answer.text
    who = [name for name in ("p1-owner", "p2-owner", "p3-owner") if "沪C60006" in mine(api, name)]
    assert who == ["p3-owner"], "the last word counts"


def test_a_clerk_settles_a_plate_while_a_third_home_registers_it(api: Api) -> None:
    claim = only_claimed(api, "沪C70007")

    def register(conn: Connection) -> None:
        row = conn.execute(text("SELECT * FROM vehicles WHERE id = :id"), {"id": claim}).one()
        rows.register(
            conn,
            community=row.community_id,
            house="hse_p3",
            resident="res_p3-owner",
            sealed=bytes(row.plate_sealed),
            hashed=row.plate_hash,
            at=datetime.now(UTC),
        )

    answer = while_under_way(
        api, register, lambda: api.staff("clerk").post(f"/staff/plates/{claim}/settle", {"outcome": "holds"})
    )
    assert answer.status_code == 200, answer.text
    assert "沪C70007" in mine(api, "p2-owner")
    assert "沪C70007" not in mine(api, "p3-owner")


def test_a_third_home_registers_a_plate_while_a_clerk_settles_it(api: Api) -> None:
    claim = only_claimed(api, "沪C80008")
    answer = while_under_way(
        api, lambda conn: rows.hold(conn, claim, datetime.now(UTC)), lambda: add(api, "p3-owner", "沪C80008")
    )
    assert answer.status_code == 201, answer.text
    assert in_doubt(api)["沪C80008"]["held_by"]["name"] == "p2-owner"


def only_claimed(api: Api, plate: str) -> str:
    """The record of a home whose rival has given the plate up."""
    holder, claim = (add(api, name, plate).json()["id"] for name in ("p1-owner", "p2-owner"))
    api.owner("p1-owner").act(f"/owner/plates/{holder}/remove")
    return str(claim)


def while_under_way(api: Api, first: Callable[[Connection], object], then: Callable[[], Any]) -> Any:
    """What `then` is answered when it comes while `first` has not yet been committed."""
    with ThreadPoolExecutor(1) as other:
        with api.engine.begin() as conn:
            first(conn)
            answer = other.submit(then)
            eventually(lambda: somebody_waits(api), what="the second to wait for the first")
        return answer.result(timeout=PATIENCE)


def somebody_waits(api: Api) -> bool:
    with api.engine.connect() as conn:
        return bool(conn.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar_one())
