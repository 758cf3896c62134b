"""Rows of `leitstand query kpi`: every figure of the alarm system's performance with its target, and whose it is."""

from typing import TYPE_CHECKING, Any

from console.domain.alarm_targets import target_of
from console.services.station import AlarmKpiQuery

if TYPE_CHECKING:
    from console.app.door import Core

_WEEK_US = 7 * 86_400_000_000


async def kpi_rows(core: "Core", arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the last seven days up to now, or from `from_us` to `to_us`; `position` and `areas` as in `AlarmKpiQuery`.
    Raises Refused."""
    to_us = int(arguments.get("to_us") or core.parts.now_us())
    from_us = int(arguments.get("from_us") or to_us - _WEEK_US)
    query = AlarmKpiQuery(from_us, to_us, position=str(arguments.get("position") or ""))
    report = await core.station.query(query)
    one = report.position
    rows = []
    for figure in report.figures:
        aim = target_of(figure.kpi)
        rows.append(
            {
                "position": one.position_id if one is not None else "",
                "whose": one.name if one is not None else "whole site",
                "positions": report.positions,
                "figure": figure.kpi.value,
                "value": figure.value,
                "target": "" if aim.target is None else f"{aim.bound.value} {aim.target:g}",
                "limit": aim.limit,
                "verdict": figure.verdict.value,
            }
        )
    return rows
