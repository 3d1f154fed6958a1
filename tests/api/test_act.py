"""`./wuyou act`: an operator's command from the terminal, as they type it, to a running stack."""

from __future__ import annotations

import subprocess
import sys

import pytest

from devstack.processes import REPOSITORY, inherited_environment
from tests.api.conftest import Api
from tests.api.people import PASSWORD

pytestmark = pytest.mark.stack


def act(api: Api, *typed: str, password: str = PASSWORD, **settings: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "devstack", "act", *typed],
        env=inherited_environment() | {"WUYOU_HOME": str(api.stack.home)} | settings,
        cwd=REPOSITORY,
        input=f"{password}\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stdout or done.stderr).strip()


def test_a_command_is_carried_out_under_the_operators_own_login(api: Api) -> None:
    number = api.owner().report()["number"]
    # The options may stand anywhere among the fields.
    code, said = act(api, number, "complete", "outcome=assigned", "--account", "dispatcher", "form.staff=tech1")
    assert (code, said) == (0, f"{number} dispatched 待接单")
    code, said = act(api, number, "comment", "--account", "lead", "text=师傅马上就到", "audience=reporter")
    assert code == 0
    trail = api.owner().order(number)["timeline"]
    assert [event["by"]["name"] for event in trail if event["facts"].get("text") == "师傅马上就到"] == ["张主管"]
    code, said = act(api, number, "reassign", "staff=tech2", "reason=更近", "--account", "dispatcher")
    assert (code, api.staff("lead").order(number)["holder"]) == (0, "tech2")
    elsewhere = {"WUYOU_HOME": "/nowhere", "WUYOU_API_URL": api.stack.settings.api_url}
    assert act(api, number, "urge", "--account", "clerk", **elsewhere)[0] == 0
    assert act(api, number, "urge", "--account", "clerk", WUYOU_HOME="/nowhere")[0] == 1


def test_what_is_refused_says_why_in_one_line(api: Api) -> None:
    number = api.owner().report()["number"]
    for typed, password, words in (
        (["complete", "outcome=accepted", "--account", "tech1"], PASSWORD, "forbidden: "),
        (["complete", "outcome=assigned", "--account", "dispatcher"], PASSWORD, "form.staff: "),
        (["comment", "text=好", "--account", "lead"], "wrong", "unauthenticated: "),
        (["comment", "--account", "lead", "form=1", "form.text=2"], PASSWORD, "'form' is given both"),
        (["comment", "--account", "lead", "words"], PASSWORD, "not of the form KEY=VALUE"),
    ):
        code, said = act(api, number, *typed, password=password)
        assert (code, said.startswith("wuyou: "), words in said, len(said.splitlines())) == (1, True, True, 1), said
    assert act(api, number, "comment", "--account", "lead", "--loud")[0] == 2
    assert api.owner().order(number)["version"] == 1
