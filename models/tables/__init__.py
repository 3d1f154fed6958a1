"""SQLModel table classes, one file per aggregate.

Never an API schema, a message or an activity argument: they do not validate.
"""

from models.tables import (  # noqa: F401
    cars,
    catalog,
    complaints,
    groups,
    notices,
    operations,
    orders,
    people,
    photos,
    places,
    plumbing,
    policies,
    rounds,
    staffing,
    visitors,
    wechat,
)
