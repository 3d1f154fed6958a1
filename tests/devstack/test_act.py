"""An operator's commands: how what is typed becomes what is sent."""

from __future__ import annotations

import pytest

from devstack.act import body_of
from devstack.errors import StackError


def test_fields_become_a_body() -> None:
    assert body_of(["outcome=assigned", "form.staff=tech1"]) == {"outcome": "assigned", "form": {"staff": "tech1"}}
    assert body_of(["reason=重复报修", "count=3"]) == {"reason": "重复报修", "count": 3}
    assert body_of([]) == {}
    with pytest.raises(StackError, match="KEY=VALUE"):
        body_of(["nonsense"])
