"""Repairs under way, one per stage and more, of owners 11 to 20. Owners 1 to 10 start clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from devstack.demo.cast import CLERK, DISPATCHER, DISPATCHER2, GUARD, TECH1, TECH2, TECH3, Desk, owner
from devstack.demo.groups import DOORS_DOWN
from devstack.demo.story import Story
from models.domain.numbers import CHINA
from models.domain.order import Priority, Reporter, Source
from models.domain.places import Spot
from models.domain.quotes import Parties
from models.domain.sequels import Follows, Sequel

Ago = Callable[[float], datetime]
"""So many minutes before now."""


def live_stories(desk: Desk, now: datetime) -> Iterator[Story]:
    """Each at its own stage, as of `now`."""

    def ago(minutes: float) -> datetime:
        return now - timedelta(minutes=minutes)

    yield desk.at_home(11, "water", "厨房水龙头关不紧，一直滴水，下面的柜子有点潮。", ago(6))
    yield _filed_by_phone(desk, ago)
    yield _overdue(desk, ago)

    story = desk.at_home(13, "doors_windows", "阳台推拉门轮子坏了，推不动。", ago(13))
    story.assign(DISPATCHER, TECH1.id, ago(9))
    yield story

    story = desk.at_home(14, "leak", "卫生间天花板有水渍，怀疑楼上渗漏。", ago(10), priority=Priority.HIGH)
    story.pool(DISPATCHER, ago(4))
    yield story

    yield _with_appointment(desk, ago, now)

    story = desk.at_home(
        16, "electric", "客厅插座没电，其他房间正常。", ago(150), answers={"power": "no", "spark": "no"}
    )
    story.assign(DISPATCHER, TECH2.id, ago(140))
    story.accept(TECH2, ago(131))
    story.arrive(TECH2, ago(35))
    yield story

    yield _waiting_for_parts(desk, ago, now)
    yield _urged_three_times(desk, ago)
    lift = _lift_fault(desk, ago)
    yield lift
    yield _same_lift(desk, ago, lift.number)
    yield _of_the_incident(desk, ago)
    yield _burst_pipe(desk, ago)

    story = desk.at_home(20, "water", "马桶水箱一直进水，声音很大。", ago(420))
    story.assign(DISPATCHER2, TECH1.id, ago(405))
    story.accept(TECH1, ago(398))
    story.arrive(TECH1, ago(310))
    story.finish(TECH1, "更换水箱进水阀，反复冲水测试正常。", ago(280))
    yield story

    yield _waiting_for_a_word_on_its_price(desk, ago)
    yield _paid(desk, ago)
    yield _not_fixed(desk, ago)
    yield _handed_back(desk, ago)
    closed = _to_be_rated(desk, ago)
    yield closed
    yield _done_again(desk, ago, closed.number)
    yield _passed_on(desk, ago, now)
    yield _nobody_at_home(desk, ago)
    yield _found_by_the_guard(desk, ago)


def _filed_by_phone(desk: Desk, ago: Ago) -> Story:
    contact = ("朱先生", "13900001212")
    return desk.at_home(
        12, "access_control", "门口对讲没有声音，访客按了听不到。", ago(9), source=Source.PHONE, contact=contact
    )


def _overdue(desk: Desk, ago: Ago) -> Story:
    """Nobody has dispatched it: the lead has been told, then the manager."""
    story = desk.at_home(12, "electric", "书房吸顶灯不亮，换了灯泡也没用。", ago(52), answers={"power": "no"})
    for minutes in (24, 30, 45):
        story.ring(ago(52 - minutes))
    return story


def _with_appointment(desk: Desk, ago: Ago, now: datetime) -> Story:
    tomorrow = (now + timedelta(days=1)).astimezone(CHINA).replace(minute=0, second=0, microsecond=0)
    window = (tomorrow.replace(hour=10), tomorrow.replace(hour=12))
    story = desk.at_home(15, "water", "燃气热水器下方水管接头渗水，想约明天上午。", ago(95))
    story.assign(DISPATCHER, TECH1.id, ago(88))
    story.accept(TECH1, ago(80), window)
    story.comment(TECH1, "已电话联系，明天上午10点上门。", ago(79), "reporter")
    return story


def _waiting_for_parts(desk: Desk, ago: Ago, now: datetime) -> Story:
    story = desk.at_home(17, "doors_windows", "卧室断桥铝窗把手断了，窗户锁不上。", ago(1500))
    story.assign(DISPATCHER, TECH3.id, ago(1486))
    story.accept(TECH3, ago(1478))
    story.arrive(TECH3, ago(1320))
    story.comment(owner(17), "把手是原装的，麻烦配同款。", ago(1300))
    # Nothing of the reporter's may follow, because any act of theirs ends a hold.
    story.hold(TECH3, "parts", "同款把手缺货，供应商后天到货。", now + timedelta(days=2), ago(1290))
    return story


def _urged_three_times(desk: Desk, ago: Ago) -> Story:
    story = desk.at_home(18, "water", "淋浴房地漏堵了，洗澡水排不下去。", ago(130))
    story.assign(DISPATCHER, TECH1.id, ago(122))
    story.accept(TECH1, ago(112))
    for minutes in (60, 33, 9):
        story.urge(owner(18), ago(minutes))
    return story


def _lift_fault(desk: Desk, ago: Ago) -> Story:
    by = Reporter(kind="resident", id=owner(19).id)
    said = "1栋1单元电梯停在3层不动，门开着，显示E5。"
    answers = {"trapped": "no"}
    story = desk.in_public(1, Spot.LIFT, "lift", said, ago(75), by=by, priority=Priority.HIGH, answers=answers)
    story.assign(DISPATCHER, TECH2.id, ago(68))
    story.accept(TECH2, ago(66))
    story.arrive(TECH2, ago(48))
    story.comment(TECH2, "已断电并放置围挡，维保单位半小时内到。", ago(45), "reporter")
    return story


def _same_lift(desk: Desk, ago: Ago, primary: str) -> Story:
    """Reported once more, and merged into the first."""
    by = Reporter(kind="resident", id=owner(13).id)
    said = "电梯门一直开着不关，里面报警声响。"
    story = desk.in_public(
        1, Spot.LIFT, "lift", said, ago(70), by=by, priority=Priority.HIGH, answers={"trapped": "no"}
    )
    story.merge(DISPATCHER, primary, ago(64))
    return story


def _of_the_incident(desk: Desk, ago: Ago) -> Story:
    by = Reporter(kind="resident", id=owner(20).id)
    said = "3栋大堂的门禁刷卡没反应，进不去。"
    return desk.in_public(3, Spot.LOBBY, "access_control", said, ago(25), by=by, incident=DOORS_DOWN)


def _burst_pipe(desk: Desk, ago: Ago) -> Story:
    said = "卫生间水管爆了，水往客厅流，总阀关不上！"
    answers = {"burst": "yes"}
    story = desk.at_home(19, "water", said, ago(21), priority=Priority.EMERGENCY, answers=answers)
    story.assign(DISPATCHER, TECH3.id, ago(19))
    story.accept(TECH3, ago(18))
    return story


def _waiting_for_a_word_on_its_price(desk: Desk, ago: Ago) -> Story:
    story = desk.at_home(18, "water", "厨房水槽下面的软管老化开裂，一用水就滴。", ago(190))
    story.assign(DISPATCHER2, TECH3.id, ago(182))
    story.accept(TECH3, ago(176))
    story.arrive(TECH3, ago(95))
    lines = [
        {"item": "不锈钢软管", "quantity": 2, "price": 3500},
        {"item": "角阀", "quantity": 2, "price": 4500},
        {"item": "人工", "quantity": 1, "price": 8000},
    ]
    story.quote(TECH3, lines, ago(70), Parties(owner=owner(18).id))
    return story


def _paid(desk: Desk, ago: Ago) -> Story:
    """Paid on the spot; the reporter has yet to say whether it is mended."""
    story = desk.at_home(
        13, "electric", "卫生间浴霸不热，换气也不转。", ago(600), answers={"power": "no", "spark": "no"}
    )
    story.assign(DISPATCHER, TECH2.id, ago(590))
    story.accept(TECH2, ago(585))
    story.arrive(TECH2, ago(500))
    lines = [{"item": "浴霸电机", "quantity": 1, "price": 12000}, {"item": "人工", "quantity": 1, "price": 6000}]
    story.quote(TECH2, lines, ago(480), Parties(owner=owner(13).id))
    story.approve(owner(13), ago(470))
    story.finish(TECH2, "更换浴霸电机，试机正常。", ago(400))
    story.receive(TECH2, 18000, "qr_code", "SJ-2041", ago(395))
    return story


def _not_fixed(desk: Desk, ago: Ago) -> Story:
    story = desk.at_home(14, "electric", "厨房一开油烟机就跳闸。", ago(2900), answers={"power": "no", "spark": "no"})
    story.assign(DISPATCHER2, TECH2.id, ago(2890))
    story.accept(TECH2, ago(2880))
    story.arrive(TECH2, ago(2750))
    story.finish(TECH2, "更换厨房回路漏电保护器。", ago(2700))
    story.not_fixed(owner(14), "昨晚又跳了两次。", ago(200))
    story.comment(TECH2, "怀疑油烟机漏电，带钳表复测。", ago(150))
    return story


def _handed_back(desk: Desk, ago: Ago) -> Story:
    story = desk.at_home(16, "doors_windows", "入户门锁芯转不动，要很用力才能开。", ago(11), priority=Priority.HIGH)
    story.assign(DISPATCHER, TECH2.id, ago(8))
    story.hand_back(TECH2, "正在处理电梯，走不开。", ago(5))
    return story


def _to_be_rated(desk: Desk, ago: Ago) -> Story:
    story = desk.at_home(11, "leak", "空调冷凝水管漏到阳台地面。", ago(3000))
    story.assign(DISPATCHER, TECH3.id, ago(2985))
    story.accept(TECH3, ago(2980))
    story.arrive(TECH3, ago(2890))
    story.finish(TECH3, "重新固定冷凝水管并密封接口。", ago(2860))
    story.confirm(owner(11), ago(600))
    return story


def _done_again(desk: Desk, ago: Ago, earlier: str) -> Story:
    """返修: the lead decides who goes."""
    said = "冷凝水管又漏了，和上次同一个接口。"
    follows = Follows(number=earlier, why=Sequel.REWORK)
    return desk.at_home(11, "leak", said, ago(14), priority=Priority.HIGH, follows=follows)


def _passed_on(desk: Desk, ago: Ago, now: datetime) -> Story:
    story = desk.at_home(13, "doors_windows", "外墙窗框四周渗水，交房两年，想走开发商保修。", ago(2600))
    story.refer(DISPATCHER, "developer_warranty", "幸福置业保修办", now + timedelta(hours=20), ago(2580))
    return story


def _nobody_at_home(desk: Desk, ago: Ago) -> Story:
    story = desk.at_home(17, "electric", "玄关灯一闪一闪。", ago(300), answers={"power": "no"})
    story.assign(DISPATCHER2, TECH1.id, ago(290))
    story.accept(TECH1, ago(282))
    story.find_nobody(TECH1, "敲门三次无人应答，电话未接。", ago(70))
    return story


def _found_by_the_guard(desk: Desk, ago: Ago) -> Story:
    by = Reporter(kind="staff", id=GUARD.id, source=Source.PATROL)
    story = desk.in_public(3, Spot.STAIRS, "public_facility", "3栋楼道4层感应灯常亮，扶手松动。", ago(120), by=by)
    story.pool(DISPATCHER, ago(112))
    story.accept(TECH1, ago(104))
    story.comment(CLERK, "家属提醒有老人经过，请尽快加固扶手。", ago(100), "staff")
    return story
