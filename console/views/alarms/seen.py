"""Alarms as the person saw them when he acted: nothing that arrives meanwhile changes what an act is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import UNACKNOWLEDGED_STATES, AlarmState, Condition, Occurrence
from console.models.alarm_columns import AlarmColumns
from console.models.alarm_texts import alarm_text
from console.services.records import AsideRecord
from console.ui.view import Selection


@dataclass(frozen=True, slots=True)
class Seen:
    """One alarm as the person saw it."""

    occurrence: Occurrence
    condition: Condition
    priority: int
    state: int = AlarmState.UNACKNOWLEDGED
    flags: int = 0
    shelf: AsideRecord | None = None

    @property
    def name(self) -> str:
        text = alarm_text(self.condition)
        return f"{self.condition.asset_name} · {text}" if self.condition.asset_name else text

    @property
    def is_owed(self) -> bool:
        return self.state in UNACKNOWLEDGED_STATES

    @property
    def is_acknowledged(self) -> bool:
        return not self.is_owed and self.state != AlarmState.NORMAL


def seen_rows(alarms: AlarmColumns, rows: Sequence[int]) -> tuple[Seen, ...]:
    """The alarms of these rows as they are on screen."""
    found = []
    for row in rows:
        condition, occurrence = alarms.condition(row), alarms.seen(row)
        if condition is not None and occurrence is not None:
            found.append(
                Seen(
                    occurrence,
                    condition,
                    int(alarms["priority"][row]),
                    int(alarms["state"][row]),
                    int(alarms["flags"][row]),
                    alarms.aside(row, AlarmFlag.SHELVED),
                )
            )
    return tuple(found)


def selection_of(seen: Seen) -> Selection:
    """What other views and the faceplate are told of it."""
    condition = seen.condition
    return Selection(
        asset_id=condition.asset_id,
        tag_handle=condition.tag_handle,
        tag_id=condition.tag_id,
        occurrence=seen.occurrence,
        at_us=seen.occurrence.start_us,
    )
