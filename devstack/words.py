"""What the command line tells at the end of a start: addresses and demo logins."""

from __future__ import annotations

from devstack.site import Site

DEMO_PASSWORD = "wuyou-demo"  # noqa: S105 The demo's password is public; it exists only with the demo community.
DEMO_STAFF = (
    ("clerk, clerk2", "客服"),
    ("dispatcher, dispatcher2", "调度员"),
    ("tech1, tech2, tech3", "维修师傅"),
    ("lead, lead-order", "部门主管"),
    ("manager", "项目经理"),
    ("quality", "品质督导"),
    ("cashier", "收费员"),
    ("finance, finance2", "财务"),
    ("inspector1, inspector2", "装修巡查员"),
    ("guard, guard2", "秩序员"),
    ("admin", "管理员"),
)


def table(site: Site) -> str:
    """The addresses of the running system and, if it has a demo community, who can log in."""
    settings = site.settings
    addresses = [
        ("Console", f"{settings.api_url}/console"),
        ("API", f"{settings.api_url}/api/v1"),
        ("API documentation", f"{settings.api_url}/docs"),
        ("Temporal UI", settings.temporal_ui_url),
        ("WeChat emulator", settings.wechat_url),
        ("Data and logs", str(site.home)),
    ]
    lines = ["", "Wuyou 物优 is running.", "", *(f"  {name:<18} {address}" for name, address in addresses)]
    if settings.demo:
        lines += ["", f"Staff of the demo community 幸福里 (password {DEMO_PASSWORD}):", ""]
        lines += [f"  {accounts:<24} {role}" for accounts, role in DEMO_STAFF]
        lines += ["", "Owners log in through WeChat: pick demo-owner-1 … demo-owner-20 on the emulator's page."]
    return "\n".join([*lines, ""])
