"""The figures of one run as text and as JSON: every rate beside the rate of its yardstick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.measuring import Measurement


@dataclass(frozen=True)
class Aim:
    """What a figure should be. It is reported, and never a reason to fail: the next machine is another one."""

    title: str
    wanted: float
    reached: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.reached <= self.wanted if self.at_most else self.reached >= self.wanted


@dataclass
class Report:
    """All figures of one run. `yardsticks` maps what was measured to what it is held against."""

    machine: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    measured: list[Measurement] = field(default_factory=list)
    yardsticks: dict[str, str] = field(default_factory=dict)
    aims: list[Aim] = field(default_factory=list)

    def add(self, measurement: Measurement, against: str = "") -> None:
        self.measured.append(measurement)
        if against:
            self.yardsticks[measurement.name] = against

    def find(self, name: str, clients: int) -> Measurement | None:
        return next((shown for shown in self.measured if (shown.name, shown.clients) == (name, clients)), None)

    def ratio(self, measurement: Measurement) -> float | None:
        """Its rate as a share of its yardstick's at the same number of clients; None without one."""
        yardstick = self.find(self.yardsticks.get(measurement.name, ""), measurement.clients)
        return measurement.rate / yardstick.rate if yardstick is not None and yardstick.rate else None

    def cost_ratio(self, measurement: Measurement) -> float | None:
        """The same by processor time per act: what the yardstick costs as a share of what the measured act costs.

        Beside busy neighbours it tells more than the rates, which were taken one after the other.
        """
        yardstick = self.find(self.yardsticks.get(measurement.name, ""), measurement.clients)
        return yardstick.cpu_ms / measurement.cpu_ms if yardstick is not None and measurement.cpu_ms else None


def as_text(report: Report) -> str:
    """What the command prints."""
    parts = [_pairs(report.machine), table(HEAD, [_line(report, shown) for shown in report.measured])]
    parts += [_pairs(report.facts)] if report.facts else []
    parts += [table(AIM_HEAD, [_aim_line(aim) for aim in report.aims])] if report.aims else []
    return "\n\n".join(parts) + "\n"


def as_json(report: Report) -> dict[str, Any]:
    """The same, for programs."""
    measured = [
        asdict(shown)
        | {
            "yardstick": report.yardsticks.get(shown.name),
            "ratio": report.ratio(shown),
            "cost_ratio": report.cost_ratio(shown),
        }
        for shown in report.measured
    ]
    aims = [asdict(aim) | {"met": aim.met} for aim in report.aims]
    return {"machine": report.machine, "facts": report.facts, "measured": measured, "aims": aims}


HEAD = ("measured", "clients", "per second", "p50 ms", "p99 ms", "cpu ms", "beside", "ratio", "by cpu", "")
NOISE = 0.1
"""Above this share of the machine, what others did is shown beside the figure."""
AIM_HEAD = ("aim", "wanted", "reached", "")


def _line(report: Report, shown: Measurement) -> tuple[str, ...]:
    ratio, cost_ratio = report.ratio(shown), report.cost_ratio(shown)
    return (
        shown.name,
        str(shown.clients),
        number(shown.rate),
        f"{shown.p50_ms:.1f}",
        f"{shown.p99_ms:.1f}",
        f"{shown.cpu_ms:.2f}",
        report.yardsticks.get(shown.name, ""),
        "" if ratio is None else f"{ratio:.2f}",
        "" if cost_ratio is None else f"{cost_ratio:.2f}",
        _remark(shown),
    )


def _remark(shown: Measurement) -> str:
    failed = [f"{shown.failed} FAILED"] if shown.failed else []
    busy = [f"{shown.elsewhere:.0%} of the machine used by others"] if shown.elsewhere > NOISE else []
    return ", ".join(failed + busy)


def _aim_line(aim: Aim) -> tuple[str, ...]:
    sign = "≤" if aim.at_most else "≥"
    return (aim.title, f"{sign} {number(aim.wanted)}", number(aim.reached), "met" if aim.met else "MISSED")


def number(value: float) -> str:
    """As many digits as mean something: `12 582`, `138.4`, `0.83`."""
    if value >= 1000:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest entry; figures to the right."""
    widths = [max(len(row[column]) for row in (head, *lines)) for column in range(len(head))]
    rule = ["-" * width for width in widths]
    return "\n".join(_row(row, widths) for row in (head, rule, *lines))


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if _is_figure(cell) else cell.ljust(width) for cell, width in zip(row, widths, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _is_figure(cell: str) -> bool:
    return cell.replace(" ", "").replace(".", "").isdigit()


def _pairs(facts: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {said}" for name, said in facts.items())
