"""What the OpenAPI document shows of models whose routes and fields bring no example of their own.

They stand apart, because the schemas of the rules' own forms are also what clients draw their fields from.
"""

from __future__ import annotations

from typing import Any, Final

from api.examples import NUMBER

_HOUSE: Final = {"id": "hse_7h2k9m", "label": "1栋1单元101室", "community": "幸福里", "tie": "owner"}
_OWNER: Final = {"id": "res_5mg949", "name": "王芳", "phone_masked": "138****0001", "houses": [_HOUSE], "unread": 1}
_STAFF: Final = {
    "id": "stf_c58wa5",
    "account": "dispatcher",
    "name": "周国平",
    "team": "engineering",
    "roles": ["dispatcher"],
    "communities": ["com_26javm"],
}

MODEL_EXAMPLES: Final[dict[str, Any]] = {
    # -- what clients send
    "OwnerLogin-Input": {"code": "0b3Rx1000yK0lT1"},
    "Urge": {},
    "Nothing": {},
    "Mending": {"break_off": False},
    "Cancel": {"reason": "自己修好了"},
    "Comment": {"text": "周末都在家，请先打电话", "photo_ids": []},
    "Dissatisfied": {"reason": "没有修就取消了", "photo_ids": []},
    "Consent": {"given_by": "owner", "channel": "phone"},
    "Rate": {"result": 5, "speed": 4, "manner": 5, "text": "师傅很细心"},
    "Reassign": {"staff": "tech2", "reason": "离得更近"},
    "Hold": {"reason": "parts", "note": "阀芯明天到", "until": "2026-11-23T10:00:00+08:00"},
    "Merge": {"primary": NUMBER},
    "Unmerge": {"reason": "不是同一处漏水"},
    "ReplyToRating": {"text": "谢谢您的评价，我们会继续改进"},
    "BoardNotice": {"text": "建议在东门加装路灯", "answer": "已列入下月计划"},
    "Appointment": {"roles": ["technician"], "team": "engineering", "skills": ["water"], "scopes": []},
    "api__people_bodies__Duty": {"on_duty": True},
    "Tick": {"result": "ok"},
    "NewEntry": {"text": "东门道闸已重启", "open_point": False, "photo_ids": []},
    "Settlement-Input": {"outcome": "holds"},
    # -- what is answered
    "OwnerLogin-Output": {"token": "res_5mg949.1796373047.nnY6gxjq", "owner": _OWNER},
    "Owner": _OWNER,
    "StaffLogin-Output": {"token": "f8ALqHigvX9BvpY7", "staff": _STAFF},
    "Staff": _STAFF,
    "MessagePage": {
        "items": [
            {
                "id": f"{NUMBER}-n3-0",
                "kind": "accepted",
                "title": "师傅已接单",
                "text": "张师傅已接单，请留意电话。",
                "number": NUMBER,
                "created_at": "2026-11-22T09:20:00+00:00",
                "read_at": None,
            }
        ],
        "next_cursor": None,
    },
    "Subscriptions": {"items": [{"template_id": "tmpl_progress", "name": "progress", "title": "工单进度通知"}]},
    "Catalog": {
        "categories": [{"kind": "repair", "code": "water", "title": "水暖", "place": "both", "questions": []}],
        "communities": [{"id": "com_26javm", "name": "幸福里"}],
        "spots": [{"code": "lift", "title": "电梯"}],
        "matters": [{"code": "complaint", "title": "投诉"}],
        "subjects": [{"code": "staff", "title": "工作人员"}],
        "visit_types": [{"value": "guest", "title": "亲友来访", "days": 7}],
    },
    "Board": {"items": [], "next_cursor": None},
    "AssignableList": {
        "items": [
            {
                "account": "tech1",
                "name": "张伟",
                "team": "engineering",
                "open_tasks": 4,
                "cap": 30,
                "on_duty": True,
                "skilled": True,
                "absent": False,
                "deputy": None,
                "assignable": True,
                "why": ["在岗", "技能对口", "手上 4 单"],
                "why_not": [],
            }
        ]
    },
    "Identity": {"number": "TS20261122-00003", "name": "王芳", "houses": ["1栋1单元101室"]},
    "Ratings": {"items": [], "fewest": 5, "days": 90},
    "DeadEffects": {"effects": []},
    "RegisteredPlates": {"items": []},
    "PlatesOfHouse": {"house": {"id": "hse_7h2k9m", "label": "1栋1单元101室"}, "residents": [], "items": []},
    "DoubtfulPlates": {"items": []},
    "PhotoSlip-Output": {
        "photo_id": "pho_az4q6832",
        "upload": {"url": "https://photos.example/wuyou", "fields": {"key": "upload/pho_az4q6832", "policy": "eyJl…"}},
    },
    "PhotoState": {"photo_id": "pho_az4q6832", "status": "processing"},
    "PhotoAddress": {
        "id": "pho_az4q6832",
        "status": "ready",
        "url": "https://photos.example/wuyou/photo/pho_az4q6832?X-Amz-Expires=600",
        "thumbnail_url": "https://photos.example/wuyou/thumb/pho_az4q6832?X-Amz-Expires=600",
    },
    "Health": {"status": "ok"},
    "Counts": {"mine": 4, "pool": 1, "team": 22, "overdue": 2, "waiting_starts": 0},
    "Readiness": {"status": "ready", "checks": {"postgres": {"ok": True}, "temporal": {"ok": True}}},
}


def add_examples(schema: dict[str, Any]) -> dict[str, Any]:
    """The document with the examples in its components."""
    for name, model in schema["components"]["schemas"].items():
        if name in MODEL_EXAMPLES:
            model["examples"] = [MODEL_EXAMPLES[name]]
    return schema
