"""`./wuyou act NUMBER COMMAND …`: an operator's command, under their own login, through the same door as all others."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import uuid
from typing import TYPE_CHECKING, Any, Final

from devstack.errors import StackError
from settings import Settings

if TYPE_CHECKING:
    import httpx

ON_ORDERS: Final = ("comment", "cancel", "urge", "amend", "merge", "unmerge", "link")
ON_TASKS: Final = ("claim", "release", "reassign", "complete", "hold", "resume")
REMEDIES: Final = ("start", "restart", "adopt", "retry", "republish")
"""Of the operator's page, for an order that does not go by itself."""
SECONDS: Final = 15
"""Above the gateway's own limit, so that its answer about an unknown outcome is heard."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("number", help="the order's number")
    command.add_argument("command", choices=[*ON_ORDERS, *ON_TASKS, *REMEDIES])
    command.add_argument("fields", nargs="*", metavar="KEY=VALUE", help="as in the interface; form.report=… for a form")
    command.add_argument("--account", required=True, help="your own staff account; the password is asked for")
    command.add_argument("--task", help="the task, where several are open")


def act(settings: Settings, options: argparse.Namespace) -> str:
    """Send one command and tell what became of the order, or the refusal, in one line.

    Raises:
        StackError: the command was refused, or could not be sent; the text says why.
    """
    # Imported here because it takes 0.2 s, which every other command would wait for.
    import httpx

    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    try:
        with httpx.Client(base_url=f"{settings.required('api_url')}/api/v1/staff", timeout=SECONDS) as client:
            login = _answer(client.post("/login", json={"account": options.account, "password": password}))
            client.headers["Authorization"] = f"Bearer {login['token']}"
            client.headers["Idempotency-Key"] = uuid.uuid4().hex
            order = _answer(client.post(path_of(client, options), json=body_of(options.fields)))
    except httpx.TransportError as error:
        raise StackError(f"The API cannot be reached, and the outcome is unknown: {error}") from error
    return f"{order['number']} {order['stage']} {order['stage_title']}"


def path_of(client: httpx.Client, options: argparse.Namespace) -> str:
    if options.command in ON_ORDERS:
        return f"/work-orders/{options.number}/{options.command}"
    if options.command in REMEDIES:
        return f"/operations/orders/{options.number}/{options.command}"
    return f"/tasks/{options.task or _only_task(client, options.number)}/{options.command}"


def _only_task(client: httpx.Client, number: str) -> str:
    tasks = [task["id"] for task in _answer(client.get(f"/work-orders/{number}"))["tasks"]]
    if len(tasks) != 1:
        raise StackError(f"The order has {len(tasks)} open tasks; name one with --task: {', '.join(tasks) or 'none'}.")
    return str(tasks[0])


def body_of(fields: list[str]) -> dict[str, Any]:
    """`form.report=好了` becomes {"form": {"report": "好了"}}; values are JSON where they are JSON, else text."""
    body: dict[str, Any] = {}
    for field in fields:
        path, equals, text = field.partition("=")
        if not equals:
            raise StackError(f"{field!r} is not of the form KEY=VALUE.")
        *folders, name = path.split(".")
        place = body
        for folder in folders:
            place = place.setdefault(folder, {})
            if not isinstance(place, dict):
                raise StackError(f"{folder!r} is given both as a value and as a folder of others.")
        place[name] = _value(text)
    return body


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _answer(answer: httpx.Response) -> Any:
    try:
        problem = answer.json()
    except ValueError:
        raise StackError(f"{answer.url} is no API of ours; it answered {answer.status_code}.") from None
    if answer.is_success:
        return problem
    wrong = "; ".join(f"{error['field']}: {error['message']}" for error in problem.get("errors") or [])
    raise StackError(f"{problem['code']}: {problem['detail']}" + (f" ({wrong})" if wrong else ""))
