"""SQLModel table classes, one file per aggregate.

Never an API schema, a message or an activity argument: they do not validate.
"""

from models.tables import catalog, notices, orders, people, photos, places, plumbing, policies, wechat  # noqa: F401
