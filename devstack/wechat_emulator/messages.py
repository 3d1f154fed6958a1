"""Subscription messages with their credits, template messages to followers, QR codes with a scene."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from devstack.wechat_emulator.accounts import Accounts
from devstack.wechat_emulator.config import Channel
from devstack.wechat_emulator.fields import check_data
from devstack.wechat_emulator.people import People
from devstack.wechat_emulator.push import Pusher
from devstack.wechat_emulator.refusals import Refused
from devstack.wechat_emulator.store import Store
from models.domain.templates import TEMPLATES, Template

Answer = Literal["accept", "reject", "ban"]

PROMPT_TEMPLATES = 3
"""The most that one wx.requestSubscribeMessage may name (front-end error 20003 beyond)."""

REPEAT_SECONDS = 600
"""Within it a second template message with the same client_msg_id is answered, not sent."""

SCENE_LENGTH = 64
SCENE_SECONDS = 60
SCENE_SECONDS_MOST = 2_592_000

_PAGE = re.compile(r"(?:pages|sub\w*|package\w*)/[\w/-]+(?:\?.*)?")


class Messages:
    def __init__(self, store: Store, accounts: Accounts, people: People, pusher: Pusher) -> None:
        self._store = store
        self._accounts = accounts
        self._people = people
        self._push = pusher

    def send_subscribe(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Checks in WeChat's order (the token is checked before): touser, template, data, page, credit."""
        account = self._accounts.mini
        person = self._people.of(account, body.get("touser"))
        template = _template(body.get("template_id"), "mini")
        data = check_data([field.key for field in template.fields], body.get("data"))
        page = str(body.get("page") or "")
        if page and not _PAGE.fullmatch(page):
            raise Refused(41030)
        with self._store.change() as db:
            spent = db.execute(
                "update credits set count = count - 1 where person = ? and template = ? and count > 0",
                (person, template.id),
            )
            if spent.rowcount == 0:
                raise Refused(43101)
            msgid = self._keep(db, "mini", person, template, data, page, None)
        sent = {"TemplateId": template.id, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"}
        self._push.event(
            "mini", account.openid(person), "subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": [sent]}
        )
        return {"errcode": 0, "errmsg": "ok", "msgid": msgid}

    def send_template(self, body: Mapping[str, Any]) -> dict[str, Any]:
        account = self._accounts.service
        person = self._people.of(account, body.get("touser"))
        template = _template(body.get("template_id"), "service")
        data = check_data([field.key for field in template.fields], body.get("data"))
        target = self._target(body)
        client_msg_id = str(body.get("client_msg_id") or "") or None
        if not self._people.row(person)["following"]:
            raise Refused(43004)
        with self._store.change() as db:
            before = db.execute(
                "select msgid from messages"
                " where channel = 'service' and person = ? and client_msg_id = ? and created > ?",
                (person, client_msg_id, self._store.now() - REPEAT_SECONDS),
            ).fetchone()
            if before:
                return {"errcode": 0, "errmsg": "ok", "msgid": before["msgid"]}
            msgid = self._keep(db, "service", person, template, data, target, client_msg_id)
        self._push.event("service", account.openid(person), "TEMPLATESENDJOBFINISH", MsgID=str(msgid), Status="success")
        return {"errcode": 0, "errmsg": "ok", "msgid": msgid}

    def _target(self, body: Mapping[str, Any]) -> str:
        mini = body.get("miniprogram")
        if not mini:
            return str(body.get("url") or "")
        if not isinstance(mini, Mapping) or mini.get("appid") != self._accounts.mini.appid:
            raise Refused(40013)
        page = str(mini.get("pagepath") or "")
        if page and not _PAGE.fullmatch(page):
            raise Refused(41030)
        return page

    def _keep(
        self,
        db: sqlite3.Connection,
        channel: Channel,
        person: str,
        template: Template,
        data: Mapping[str, str],
        target: str,
        client_msg_id: str | None,
    ) -> int:
        row = db.execute(
            "insert into messages (channel, person, template, data, target, client_msg_id, created)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (
                channel,
                person,
                template.id,
                json.dumps(data, ensure_ascii=False),
                target,
                client_msg_id,
                self._store.now(),
            ),
        )
        return int(row.lastrowid or 0)

    def received(self, person: str) -> list[dict[str, Any]]:
        """What the person's phone holds, newest first."""
        rows = self._store.rows("select * from messages where person = ? order by msgid desc limit 200", person)
        return [
            {
                "msgid": row["msgid"],
                "channel": row["channel"],
                "template_id": row["template"],
                "title": _by_id(row["template"]).title,
                "data": json.loads(row["data"]),
                "fields": _lines(row["template"], json.loads(row["data"])),
                "target": row["target"],
                "client_msg_id": row["client_msg_id"],
                "created": row["created"],
            }
            for row in rows
        ]

    def credits(self, person: str) -> dict[str, int]:
        rows = self._store.rows("select template, count from credits where person = ?", person)
        return {row["template"]: row["count"] for row in rows}

    def prompt(self, person: str, templates: Sequence[str]) -> int:
        """A popup waiting on the person's phone. Raises ValueError for a call that the phone would refuse."""
        _check_prompt(templates)
        self._people.meet(person)
        with self._store.change() as db:
            row = db.execute(
                "insert into prompts (person, templates, created) values (?, ?, ?)",
                (person, json.dumps(list(templates)), self._store.now()),
            )
            return int(row.lastrowid or 0)

    def pending(self, person: str) -> list[dict[str, Any]]:
        rows = self._store.rows("select * from prompts where person = ? order by id", person)
        return [{"id": row["id"], "template_ids": json.loads(row["templates"])} for row in rows]

    def answer_prompt(self, prompt: int, accepted: Sequence[str]) -> dict[str, str]:
        """The person presses a button; an unknown prompt changes nothing."""
        rows = self._store.rows("select * from prompts where id = ?", prompt)
        if not rows:
            return {}
        with self._store.change() as db:
            if db.execute("delete from prompts where id = ?", (prompt,)).rowcount == 0:
                return {}
        asked = json.loads(rows[0]["templates"])
        answers: dict[str, Answer] = {one: "accept" if one in accepted else "reject" for one in asked}
        return self.subscribe(rows[0]["person"], answers)

    def subscribe(self, person: str, answers: Mapping[str, Answer]) -> dict[str, str]:
        """The popup as answered: each `accept` is one more send. Returns what wx.requestSubscribeMessage would."""
        _check_prompt(list(answers))
        self._people.meet(person)
        with self._store.change() as db:
            for template, answer in answers.items():
                if answer == "accept":
                    db.execute(
                        "insert into credits (person, template, count) values (?, ?, 1)"
                        " on conflict (person, template) do update set count = count + 1",
                        (person, template),
                    )
        told = [
            {
                "TemplateId": template,
                "SubscribeStatusString": "accept" if answer == "accept" else "reject",
                "PopupScene": "0",
            }
            for template, answer in answers.items()
        ]
        self._push.event(
            "mini",
            self._accounts.mini.openid(person),
            "subscribe_msg_popup_event",
            SubscribeMsgPopupEvent={"List": told},
        )
        return {"errMsg": "requestSubscribeMessage:ok", **answers}

    def switch_off(self, person: str, templates: Sequence[str]) -> None:
        """The person switches templates off in the mini-program's settings: their credits are gone."""
        with self._store.change() as db:
            for template in templates:
                db.execute("delete from credits where person = ? and template = ?", (person, template))
        told = [{"TemplateId": template, "SubscribeStatusString": "reject"} for template in templates]
        self._push.event(
            "mini",
            self._accounts.mini.openid(person),
            "subscribe_msg_change_event",
            SubscribeMsgChangeEvent={"List": told},
        )

    def follow(self, person: str, following: bool) -> None:
        self._people.meet(person)
        if self._people.follow(person, following):
            event = "subscribe" if following else "unsubscribe"
            self._push.event("service", self._accounts.service.openid(person), event, EventKey="")

    def create_scene(self, body: Mapping[str, Any], base: str) -> dict[str, Any]:
        info = body.get("action_info")
        scene = info.get("scene") if isinstance(info, Mapping) else None
        value = (scene.get("scene_str") or scene.get("scene_id")) if isinstance(scene, Mapping) else None
        if not value or len(str(value)) > SCENE_LENGTH:
            raise Refused(40097, "scene")
        lasting = str(body.get("action_name")).startswith("QR_LIMIT_")
        wanted = int(body.get("expire_seconds") or SCENE_SECONDS)
        seconds = SCENE_SECONDS_MOST * 1000 if lasting else min(wanted, SCENE_SECONDS_MOST)
        ticket, now = "gQ" + secrets.token_urlsafe(60), self._store.now()
        with self._store.change() as db:
            db.execute(
                "insert into scenes (ticket, scene, created, expires) values (?, ?, ?, ?)",
                (ticket, str(value), now, now + seconds),
            )
        answer = {"ticket": ticket, "url": f"{base}/q/{ticket}"}
        return answer if lasting else answer | {"expire_seconds": seconds}

    def scan(self, person: str, ticket: str) -> bool:
        """The person scans a QR: a stranger follows by it, a follower is reported. False for a dead code."""
        rows = self._store.rows(
            "select * from scenes where ticket = ? and expires > ?", ticket, self._store.now()
        ) or self._store.rows(
            "select * from scenes where scene = ? and expires > ? order by created desc", ticket, self._store.now()
        )
        if not rows:
            return False
        scene, openid = rows[0]["scene"], self._accounts.service.openid(person)
        self._people.meet(person)
        if self._people.follow(person, True):
            self._push.event("service", openid, "subscribe", EventKey=f"qrscene_{scene}", Ticket=rows[0]["ticket"])
        else:
            self._push.event("service", openid, "SCAN", EventKey=scene, Ticket=rows[0]["ticket"])
        return True


def registered(channel: Channel) -> list[Template]:
    return [template for template in TEMPLATES.values() if channel in template.channels]


def content(template: Template) -> str:
    """The text that WeChat's list of templates shows."""
    return "\n".join(f"{field.label}:{{{{{field.key}.DATA}}}}" for field in template.fields)


def _by_id(template_id: str) -> Template:
    return next(template for template in TEMPLATES.values() if template.id == template_id)


def _lines(template_id: str, data: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(field.label, data[field.key]) for field in _by_id(template_id).fields if field.key in data]


def _template(template_id: Any, channel: Channel) -> Template:
    for template in registered(channel):
        if template.id == template_id:
            return template
    raise Refused(40037)


def _check_prompt(templates: Sequence[str]) -> None:
    known = {template.id for template in registered("mini")}
    if not templates:
        raise ValueError("requestSubscribeMessage:fail 20001 no template")
    if len(templates) > PROMPT_TEMPLATES:
        raise ValueError("requestSubscribeMessage:fail 20003 too many templates")
    if not set(templates) <= known:
        raise ValueError("requestSubscribeMessage:fail 20001 unknown template")
