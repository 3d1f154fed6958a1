"""Logging in and out, and what each person is told about themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from api.security import FREE_FAILURES, OwnerTokens
from tests.api.conftest import Api, Caller, refused
from tests.api.people import PASSWORD

pytestmark = pytest.mark.stack


def test_an_owner_is_who_the_code_says(api: Api) -> None:
    me = api.owner().read("/owner/me")
    assert (me["id"], me["phone_masked"]) == ("res_owner", "138****8000")
    assert [(house["label"], house["community"], house["tie"]) for house in me["houses"]] == [
        ("1栋1单元101室", "幸福里", "owner")
    ]
    assert api.owner("unbound").read("/owner/me")["houses"] == []
    assert api.owner("lapsed").read("/owner/me")["houses"] == []


def test_a_code_is_good_once(api: Api) -> None:
    code = api.wechat.get("/_emulator/login-code", params={"openid": "api-owner"}).json()["code"]
    assert api.http.post("/api/v1/owner/login", json={"code": code}).status_code == 200
    refused(api.http.post("/api/v1/owner/login", json={"code": code}), 401, "unauthenticated")
    refused(api.http.post("/api/v1/owner/login", json={"code": "invented"}), 401, "unauthenticated")


def test_whoever_logs_in_too_often_for_wechat_is_told_when_to_come_back(api: Api) -> None:
    code = api.wechat.get("/_emulator/login-code", params={"openid": "api-owner"}).json()["code"]
    fault = {"kind": "errcode", "errcode": 45011, "path": "/sns/jscode2session", "count": 1}
    api.wechat.post("/_emulator/faults", json=fault).raise_for_status()
    answer = api.http.post("/api/v1/owner/login", json={"code": code})
    refused(answer, 429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    assert api.http.post("/api/v1/owner/login", json={"code": code}).status_code == 200


def test_somebody_new_is_written_down_once(api: Api) -> None:
    first = api.owner("newcomer").read("/owner/me")
    api._known.clear()
    assert api.owner("newcomer").read("/owner/me")["id"] == first["id"]


def test_only_our_tokens_are_taken(api: Api) -> None:
    ours = api.owner().headers["Authorization"].removeprefix("Bearer ")
    secret = api.stack.settings.token_secret
    for token in (
        ours[:-1],
        ours.replace("res_owner", "res_family"),
        "nonsense",
        "a.b.c",
        OwnerTokens("another secret", 60).issue("res_owner"),
        OwnerTokens(secret, -1).issue("res_owner"),
    ):
        refused(Caller(api.http, "owner", token).get("/owner/me"), 401, "unauthenticated")
    answer = api.nobody.get("/owner/me")
    refused(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    refused(Caller(api.http, "staff", ours).get("/staff/me"), 401, "unauthenticated")
    session = api.staff("clerk").headers["Authorization"].removeprefix("Bearer ")
    refused(Caller(api.http, "owner", session).get("/owner/me"), 401, "unauthenticated")


def log_in(api: Api, account: str, password: str = PASSWORD) -> Caller:
    answer = api.http.post("/api/v1/staff/login", json={"account": account, "password": password})
    assert answer.status_code == 200, answer.text
    return Caller(api.http, "staff", answer.json()["token"])


def test_a_session_ends_when_it_is_ended(api: Api) -> None:
    one, other = log_in(api, "clerk"), log_in(api, "clerk")
    assert one.read("/staff/me")["account"] == "clerk"
    assert one.http.post("/api/v1/staff/logout", headers=one.headers).status_code == 204
    refused(one.get("/staff/me"), 401, "unauthenticated")
    assert other.get("/staff/me").status_code == 200
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE staff_sessions SET expires_at = now() WHERE staff_id = 'stf_clerk'"))
    api._known.clear()
    refused(other.get("/staff/me"), 401, "unauthenticated")


def test_who_has_left_is_out_at_once(api: Api) -> None:
    manager = log_in(api, "manager")
    with api.engine.begin() as conn:
        conn.execute(text("UPDATE staff SET active = false WHERE account = 'manager'"))
    try:
        refused(manager.get("/staff/me"), 401, "unauthenticated")
        wrong = api.http.post("/api/v1/staff/login", json={"account": "manager", "password": PASSWORD})
        assert refused(wrong, 401, "unauthenticated")["reason"] == "login_failed"
    finally:
        with api.engine.begin() as conn:
            conn.execute(text("UPDATE staff SET active = true WHERE account = 'manager'"))
            conn.execute(text("DELETE FROM login_failures"))


def test_guessing_is_slowed_down(api: Api) -> None:
    def attempt(account: str, password: str) -> object:
        return api.http.post("/api/v1/staff/login", json={"account": account, "password": password})

    try:
        for _ in range(FREE_FAILURES):
            refused(attempt("quality", "wrong"), 401, "unauthenticated")  # type: ignore[arg-type]
        slow = attempt("quality", PASSWORD)
        assert refused(slow, 429, "rate_limited")["reason"] == "login_throttled"  # type: ignore[arg-type]
        assert int(slow.headers["retry-after"]) > 0  # type: ignore[attr-defined]
        with api.engine.begin() as conn:
            conn.execute(text("UPDATE login_failures SET last_at = last_at - interval '1 minute'"))
        assert attempt("quality", PASSWORD).status_code == 200  # type: ignore[attr-defined]
    finally:
        with api.engine.begin() as conn:
            conn.execute(text("DELETE FROM login_failures"))


def test_guessing_at_once_is_slowed_down_as_well(api: Api) -> None:
    def attempt(n: int) -> int:
        guess = {"account": "quality", "password": f"wrong {n}"}
        return api.http.post("/api/v1/staff/login", json=guess).status_code

    try:
        with ThreadPoolExecutor(16) as pool:
            codes = list(pool.map(attempt, range(16)))
        assert (codes.count(401), codes.count(429)) == (FREE_FAILURES, 16 - FREE_FAILURES)
        with api.engine.begin() as conn:
            tried = conn.execute(text("SELECT key, count FROM login_failures ORDER BY key")).all()
        assert [count for _, count in tried] == [FREE_FAILURES, FREE_FAILURES]
    finally:
        with api.engine.begin() as conn:
            conn.execute(text("DELETE FROM login_failures"))
