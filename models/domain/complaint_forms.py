"""What a person fills in to complete a task of a complaint (`lifecycles.md` §2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.domain.forms import Form, Photos, Reason

Words = Annotated[str, Field(min_length=2, max_length=1000)]


class Replied(Form):
    """News while it is being handled. The first one keeps the promise of a reply."""

    text: Words = Field(title="回复内容")


class Answered(Form):
    text: Words = Field(title="答复内容")
    photo_ids: Photos = ()


class Dissatisfied(Form):
    reason: Reason
    photo_ids: Photos = ()


class CalledBack(Form):
    note: Words = Field(title="回访记录")
