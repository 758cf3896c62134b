"""What may be shelved, for how long and by whom: decided before it is written, the whole batch or nothing.

ALARM-F23 to F29 and F33: a priority and a class have their longest time, one person has so many at the same
time, nobody shelves an area in one act, and nothing is shelved without a reason. Extending replaces the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from console.domain.acknowledgement import listed
from console.domain.alarm_classes import AlarmClass, ShelvingRules
from console.domain.alarm_commands import ShelveAlarms
from console.domain.alarm_facts import AlarmShelved
from console.domain.alarms import Occurrence, Priority
from console.domain.plain_text import paragraph, required
from console.domain.refusal import Refused
from console.domain.shelving import LONGEST_S, REASON_CODES, SECOND_US


@dataclass(frozen=True, slots=True)
class Shelvable:
    """An alarm as it stands at the moment of shelving."""

    occurrence: Occurrence
    text: str
    priority: int
    its_class: AlarmClass
    is_current: bool = True  # still what was on screen
    is_shelved: bool = False
    is_own: bool = False  # shelved by the one who asks

    def longest_s(self, rules: ShelvingRules) -> int:
        """The longest shelf for it, in seconds; 0: none."""
        try:
            longest = rules.longest_s.get(Priority(self.priority), 0)
        except ValueError:
            return 0
        return min(longest, self.its_class.longest_shelf_s, LONGEST_S) if self.its_class.is_shelvable else 0


def shelve(
    command: ShelveAlarms, alarms: Sequence[Shelvable], rules: ShelvingRules, now_us: int, own: int
) -> tuple[AlarmShelved, ...]:
    """The facts; raises Refused naming what is in the way. `own`: how many the person has shelved now."""
    if not alarms:
        raise Refused("No alarm is selected")
    if len(alarms) > rules.at_once:
        raise Refused("At most {limit} alarms can be shelved at once", limit=rules.at_once)
    if command.reason_code not in REASON_CODES:
        raise Refused("Choose a reason: {codes}", codes=", ".join(REASON_CODES))
    reason = required(paragraph(command.reason), "Say why")
    if type(command.duration_s) is not int or command.duration_s <= 0:  # nothing compares with "not a number"
        raise Refused("Choose for how long")
    _refuse_some(alarms, rules, command.duration_s)
    more = sum(not one.is_own for one in alarms)
    if own + more > rules.at_most:
        raise Refused(
            "One person may have {limit} alarms shelved at the same time, you have {count}",
            limit=rules.at_most,
            count=own,
        )
    return tuple(
        AlarmShelved(
            one.occurrence.condition_id,
            now_us + command.duration_s * SECOND_US,
            one.longest_s(rules),
            one.its_class.class_id,
            reason,
            command.reason_code,
            command.is_one_shot,
            one.occurrence.start_us,
        )
        for one in alarms
    )


def _refuse_some(alarms: Sequence[Shelvable], rules: ShelvingRules, duration_s: int) -> None:
    stale = [one.text for one in alarms if not one.is_current and not one.is_shelved]
    if stale:
        raise Refused("Not shelved, these are no longer the alarms on screen: {alarms}", alarms=listed(stale))
    never = [one.text for one in alarms if not one.longest_s(rules)]
    if never:
        raise Refused("Not shelved, these may not be shelved: {alarms}", alarms=listed(never))
    short = [one for one in alarms if one.longest_s(rules) < duration_s]
    if short:
        raise Refused(
            "Not shelved, these may be shelved for {minutes} min at most: {alarms}",
            minutes=min(one.longest_s(rules) for one in short) // 60,
            alarms=listed([one.text for one in short]),
        )
