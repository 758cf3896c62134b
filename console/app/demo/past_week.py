"""A made-up week in a demo's alarm log, for the pictures: everyday alarms, two floods, one that chatters, a gap.

The alarms are those of the demo plant under their own identities, so that its present occurrences have a past.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy.engine import Connection

from console.app.demo.plant_model import DeviceModel, NodeModel, PlantModel
from console.app.demo.site_folder import BROKER
from console.config.alarm_rules import load_alarm_file
from console.config.site_files import load_site
from console.domain import identity
from console.domain.alarm_step import Transition
from console.domain.alarms import AlarmKind, AlarmRule
from console.services.alarms.alarm_log import insert_transitions
from console.services.alarms.alarm_tables import metadata
from console.services.alarms.rule_match import RuleMatch
from console.services.alarms.tag_rows import TEXTS, priorities
from console.services.alarms.transitions import AlarmTransition
from console.services.alarms.watch_spans import put_span
from console.services.storage.schema import open_station_db

_SECOND_US = 1_000_000
_MINUTE_US, _HOUR_US, _DAY_US = 60 * _SECOND_US, 3600 * _SECOND_US, 86_400 * _SECOND_US
_BETWEEN_US = 16 * _MINUTE_US  # everyday alarms come so far apart on average
_SHARE = {1: 1.5, 2: 7.0, 3: 22.0, 4: 69.5}  # priority -> part of the everyday alarms, in percent
_CHATTERS, _REMEMBERED = "CONV-A2/Current", "HYD-11/Oil pressure"


@dataclass(frozen=True, slots=True)
class _Alarm:
    condition_id: UUID
    rule: AlarmRule
    side: str
    subject: str
    device: str
    area: str

    @property
    def priority(self) -> int:
        return int(priorities(self.rule, self.side)[1])


async def write_past_week(station: Path, site: Path, model: PlantModel, now_us: int) -> int:
    """Into the files of a station that does not run; how many rows. Every occurrence is over and acknowledged."""
    week = _Week(list(_alarms(model, site)), now_us, Random(model.seed))  # noqa: S311 a pastime, no secret
    database = open_station_db(station / "station.db", [metadata])
    try:
        await database.writer.write(partial(_write, rows=week.rows(), watched=week.watched))
    finally:
        database.close()
    return len(week.rows())


def _write(connection: Connection, rows: list[AlarmTransition], watched: list[tuple[int, int]]) -> None:
    insert_transitions(connection, rows)
    for began_us, seen_us in watched:
        put_span(connection, began_us, seen_us)


def _alarms(model: PlantModel, site: Path) -> Iterator[_Alarm]:
    site_id, match = load_site(site).site_id, RuleMatch(load_alarm_file(site).rules)
    for node, device in model.devices():
        for metric in device.metrics:
            for rule in match.rules_of(f"{node.group}/{node.node}/{device.name}/{metric.name}"):
                if rule.kind in (AlarmKind.LIMIT, AlarmKind.DISCRETE):
                    yield _alarm(site_id, rule, node, device, metric.name)


def _alarm(site_id: UUID, rule: AlarmRule, node: NodeModel, device: DeviceModel, metric: str) -> _Alarm:
    side = "" if rule.kind is AlarmKind.DISCRETE else "high" if rule.h is not None else "low"
    tag = identity.tag_id(site_id, BROKER, node.group, node.node, device.name, metric)
    key = f"{rule.rule_id}/{side}" if side else rule.rule_id
    subject = f"{BROKER}/{node.group}/{node.node}/{device.name}/{metric}"
    return _Alarm(identity.condition_id(tag, key), rule, side, subject, device.name, node.area)


class _Week:
    """Draws occurrences; none begins while the one before it of the same alarm lasts, nor while nobody watched."""

    def __init__(self, alarms: list[_Alarm], now_us: int, random: Random) -> None:
        self._random = random
        self._low, self._high = now_us - 7 * _DAY_US, now_us - 10 * _MINUTE_US
        hole = self._low + 2 * _DAY_US + 3 * _HOUR_US
        self.watched = [(self._low, hole), (hole + 4 * _HOUR_US, now_us)]
        self._busy: dict[UUID, int] = {}
        self._rows: list[AlarmTransition] = []
        channels = [alarm for alarm in alarms if alarm.rule.rule_id == "channel-fault"]
        usual = [alarm for alarm in alarms if alarm.rule.rule_id != "channel-fault" and alarm.priority in _SHARE]
        self._standing(usual)
        self._flood(channels, self._low + 30 * _HOUR_US, 140)
        self._flood(channels, self._low + 125 * _HOUR_US, 35)
        self._chatter(next(alarm for alarm in usual if alarm.subject.endswith(_CHATTERS)))
        for day in (1, 3, 6):
            self._remembered(usual, self._low + day * _DAY_US + 7 * _HOUR_US)
        self._everyday(usual)

    def rows(self) -> list[AlarmTransition]:
        return sorted(self._rows, key=lambda row: row.at_us)

    def _everyday(self, usual: list[_Alarm]) -> None:
        of_priority = {priority: [a for a in usual if a.priority == priority] for priority in _SHARE}
        at_us = self._low
        while True:
            at_us += int(self._random.expovariate(1 / _BETWEEN_US)) + _SECOND_US
            if at_us > self._high - _HOUR_US:
                return
            (priority,) = self._random.choices(list(_SHARE), list(_SHARE.values()))
            choice = of_priority[priority]
            alarm = choice[int(len(choice) * self._random.random() ** 3)]  # few make most, as in every plant
            lasts = self._random.choice((4, 40, 200, 600, 1800)) * _SECOND_US
            self._occurs(alarm, at_us, lasts, int(self._random.lognormvariate(4.2, 1.0)) * _SECOND_US)

    def _standing(self, usual: list[_Alarm]) -> None:
        for nth, hours in enumerate((31, 58)):
            begin = self._low + (20 + 40 * nth) * _HOUR_US
            self._occurs(usual[len(usual) * (nth + 1) // 3], begin, hours * _HOUR_US, 3 * _MINUTE_US)

    def _flood(self, channels: list[_Alarm], at_us: int, size: int) -> None:
        for nth, alarm in enumerate(self._random.sample(channels, size)):
            self._occurs(alarm, at_us + nth * 2 * _SECOND_US, 9 * _MINUTE_US, 12 * _MINUTE_US)

    def _chatter(self, alarm: _Alarm) -> None:
        for burst in range(4):
            begin = self._low + (14 + 37 * burst) * _HOUR_US
            for nth in range(22):
                self._occurs(alarm, begin + nth * 14 * _SECOND_US, 5 * _SECOND_US, 3 * _SECOND_US)

    def _remembered(self, usual: list[_Alarm], at_us: int) -> None:
        alarm = next(alarm for alarm in usual if alarm.subject.endswith(_REMEMBERED))
        self._occurs(alarm, at_us, self._random.randrange(4, 25) * _MINUTE_US, 40 * _SECOND_US)

    def _occurs(self, alarm: _Alarm, start_us: int, lasts_us: int, acknowledged_us: int) -> None:
        """Raised, acknowledged so long after, returned, closed with the later of both."""
        end_us = start_us + max(lasts_us, acknowledged_us)
        is_watched = any(low <= start_us and end_us < high for low, high in self.watched) or lasts_us > _DAY_US
        if start_us < self._busy.get(alarm.condition_id, 0) or not is_watched or end_us > self._high:
            return
        self._busy[alarm.condition_id] = end_us + _SECOND_US
        for what, at_us in (
            (Transition.RAISED, start_us),
            (Transition.ACKNOWLEDGED, start_us + acknowledged_us),
            (Transition.RETURNED, start_us + lasts_us),
            (Transition.CLOSED, end_us),
        ):
            self._rows.append(self._row(alarm, start_us, what, at_us))

    def _row(self, alarm: _Alarm, start_us: int, what: Transition, at_us: int) -> AlarmTransition:
        rule, severity = alarm.rule, -1 if alarm.side == "low" else 1
        value = {"high": rule.h, "low": rule.l}.get(alarm.side, 1.0)
        text = rule.text or TEXTS[rule.kind, alarm.side]
        return AlarmTransition(
            alarm.condition_id, start_us, what, 0, at_us, at_us, alarm.priority, severity, value, text, alarm.subject,
            str(rule.kind), rule.rule_id, alarm.side, alarm.area, alarm.device,
        )  # fmt: skip
