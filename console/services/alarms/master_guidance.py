"""What an operator is told about an alarm: from its approved record, its rule, then its area (feature 73)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from console.domain.alarms import Condition
from console.domain.master_alarms import MasterAlarm, MasterState
from console.domain.master_fields import AREA_MARK, key_of
from console.domain.refusal import Refused

_BANDS = {"high": ("HH", "H"), "low": ("LL", "L"), "": ("",)}  # the outer one first: the worst that may come


class Records(Protocol):
    def record(self, key: str) -> MasterAlarm | None: ...


@dataclass(frozen=True, slots=True)
class Guidance:
    """Empty and 0: nobody decided. `display` names what to open."""

    cause: str = ""
    consequence: str = ""
    response: str = ""
    time_to_respond_s: int = 0
    owner: str = ""
    display: str = ""


_NOTHING = Guidance()


def guidance_of(records: Records, rule_id: str, side: str = "", area: str = "") -> Guidance:
    """What approved records say about one side ("high", "low" or "") of a rule; what they leave open is the area's."""
    told = [_approved(records, rule_id, band) for band in _BANDS.get(side, ("",))]
    if side:
        told.append(_approved(records, rule_id, ""))  # one record for all bands is enough
    if area:
        told.append(_approved(records, AREA_MARK + area, ""))
    if not any(told):
        return _NOTHING

    def first(name: str) -> str:
        return next((values[name] for values in told if values.get(name)), "")

    seconds = first("time_to_respond_s")
    return Guidance(
        first("cause"),
        first("consequence"),
        first("response"),
        int(seconds) if seconds.isdecimal() else 0,
        first("owner"),
        first("display"),
    )


class Guide:
    """`guided` for a burst of conditions: what the records say is looked up once per rule and area, until `forget`."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._known: dict[tuple[str, str], Guidance] = {}

    def __call__(self, condition: Condition) -> Condition:
        """As `guided`."""
        own = self._of(condition.rule_id, condition.side)
        return _with(condition, own, self._of(AREA_MARK + condition.area) if condition.area else _NOTHING)

    def forget(self) -> None:
        """The records say something else."""
        self._known.clear()

    def _of(self, rule_id: str, side: str = "") -> Guidance:
        known = self._known.get((rule_id, side))
        if known is None:
            known = self._known[rule_id, side] = guidance_of(self._records, rule_id, side)
        return known


def guided(records: Records, condition: Condition) -> Condition:
    """The condition with the words of its approved records; the rule's own words stand where there are none, and the
    area's only where the rule has none either."""
    return Guide(records)(condition)


def _with(condition: Condition, own: Guidance, area: Guidance) -> Condition:
    if own is _NOTHING and area is _NOTHING:
        return condition
    return replace(
        condition,
        cause=own.cause or condition.cause or area.cause,
        consequence=own.consequence or condition.consequence or area.consequence,
        response=own.response or condition.response or area.response,
        time_to_respond_s=own.time_to_respond_s or condition.time_to_respond_s or area.time_to_respond_s,
        owner=own.owner or condition.owner or area.owner,
        display=own.display or condition.display or area.display,
    )


def _approved(records: Records, rule_id: str, band: str) -> Mapping[str, str]:
    try:
        record = records.record(key_of(rule_id, band))
    except Refused:
        return {}
    if record is None or record.approved is None or record.state is MasterState.RETIRED:
        return {}
    return record.approved.values
