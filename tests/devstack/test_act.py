"""An operator's commands: how what is typed becomes what is sent."""

from __future__ import annotations

import argparse

import httpx
import pytest

from devstack.act import REMEDIES, body_of, path_of
from devstack.errors import StackError
from models.domain.drift import Remedy


def test_fields_become_a_body() -> None:
    assert body_of(["outcome=assigned", "form.staff=tech1"]) == {"outcome": "assigned", "form": {"staff": "tech1"}}
    assert body_of(["reason=重复报修", "count=3"]) == {"reason": "重复报修", "count": 3}
    assert body_of([]) == {}
    with pytest.raises(StackError, match="KEY=VALUE"):
        body_of(["nonsense"])


def test_a_remedy_goes_to_the_operators_page() -> None:
    options = argparse.Namespace(number="BX20261122-00017", command="restart", task=None)
    with httpx.Client() as client:
        assert path_of(client, options) == "/operations/orders/BX20261122-00017/restart"
    assert set(REMEDIES) == {remedy.value for remedy in Remedy}
