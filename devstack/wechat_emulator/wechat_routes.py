"""The interface of api.weixin.qq.com, as far as the product uses it. HTTP 200 always."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from devstack.wechat_emulator import content
from devstack.wechat_emulator.config import Account
from devstack.wechat_emulator.emulator import Emulator
from devstack.wechat_emulator.messages import content as template_content
from devstack.wechat_emulator.messages import registered
from devstack.wechat_emulator.people import unionid
from devstack.wechat_emulator.refusals import Refused

router = APIRouter()


def emulator_of(request: Request) -> Emulator:
    return request.app.state.emulator  # type: ignore[no-any-return]


async def json_body(request: Request) -> dict[str, Any]:
    """WeChat looks at the bytes, not at Content-Type. Refused with 47001."""
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise Refused(47001) from None
    if not isinstance(body, dict):
        raise Refused(47001)
    return body


Here = Annotated[Emulator, Depends(emulator_of)]
Body = Annotated[dict[str, Any], Depends(json_body)]
Text = Annotated[str | None, Query()]


def mini_caller(here: Here, access_token: Text = None) -> Account:
    return here.accounts.authorise(access_token, "mini")


def service_caller(here: Here, access_token: Text = None) -> Account:
    return here.accounts.authorise(access_token, "service")


Mini = Annotated[Account, Depends(mini_caller)]
Service = Annotated[Account, Depends(service_caller)]


@router.get("/sns/jscode2session")
def jscode2session(
    here: Here, appid: Text = None, secret: Text = None, js_code: Text = None, grant_type: Text = None
) -> dict[str, Any]:
    account = here.accounts.identify(appid, secret)
    if grant_type != "authorization_code":
        raise Refused(40097, "grant_type")
    return here.people.login(account, js_code)


@router.get("/sns/oauth2/access_token")
def oauth_token(here: Here, appid: Text = None, secret: Text = None, code: Text = None) -> dict[str, Any]:
    return here.people.oauth(here.accounts.identify(appid, secret), code)


@router.get("/cgi-bin/token")
def classic_token(here: Here, appid: Text = None, secret: Text = None) -> dict[str, Any]:
    return here.accounts.classic_token(appid, secret)


@router.post("/cgi-bin/stable_token")
def stable_token(here: Here, body: Body) -> dict[str, Any]:
    return here.accounts.stable_token(body.get("appid"), body.get("secret"), bool(body.get("force_refresh")))


@router.post("/wxa/business/getuserphonenumber")
def phone_number(here: Here, caller: Mini, body: Body) -> dict[str, Any]:
    return here.people.phone(caller, body.get("code"))


@router.post("/cgi-bin/message/subscribe/send")
def subscribe_send(here: Here, _: Mini, body: Body) -> dict[str, Any]:
    return here.messages.send_subscribe(body)


@router.post("/cgi-bin/message/template/send")
def template_send(here: Here, _: Service, body: Body) -> dict[str, Any]:
    return here.messages.send_template(body)


@router.get("/wxaapi/newtmpl/gettemplate")
def mini_templates(_: Mini) -> dict[str, Any]:
    data = [
        {"priTmplId": one.id, "title": one.title, "content": template_content(one), "type": 2}
        for one in registered("mini")
    ]
    return {"errcode": 0, "errmsg": "ok", "data": data}


@router.get("/cgi-bin/template/get_all_private_template")
def service_templates(_: Service) -> dict[str, Any]:
    return {
        "template_list": [
            {"template_id": one.id, "title": one.title, "content": template_content(one)}
            for one in registered("service")
        ]
    }


@router.get("/cgi-bin/user/info")
def user_info(here: Here, caller: Service, openid: Text = None) -> dict[str, Any]:
    person = here.people.of(caller, openid)
    row = here.people.row(person)
    answer: dict[str, Any] = {"subscribe": row["following"], "openid": openid, "unionid": unionid(person)}
    return answer | {"language": "zh_CN"} if row["following"] else answer


@router.get("/cgi-bin/user/get")
def followers(here: Here, caller: Service) -> dict[str, Any]:
    openids = [caller.openid(row["person"]) for row in here.people.all() if row["following"]]
    return {"total": len(openids), "count": len(openids), "data": {"openid": openids}, "next_openid": ""}


@router.post("/cgi-bin/qrcode/create")
def create_qr(here: Here, _: Service, body: Body) -> dict[str, Any]:
    return here.messages.create_scene(body, here.config.url)


@router.post("/wxa/msg_sec_check")
def text_check(here: Here, _: Mini, body: Body) -> dict[str, Any]:
    return content.check(body, here.store, here.accounts, here.people)
