"""What the alarm rules in force have that the approved master records do not, and the other way round (feature 69)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from console.domain.alarms import AlarmRule
from console.domain.master_alarms import MasterAlarm, MasterState, is_area
from console.domain.master_fields import FIELDS, bands_of, can_be_named, key_of, settings_of

PRIORITY = "priority"
_SETTINGS = frozenset(field.key for field in FIELDS if field.is_setting)
PriorityOf = Callable[[AlarmRule, str], int]  # rule and band -> priority in force


class Finding(StrEnum):
    CHANGED = "changed"  # a rule's setting is not the approved one: an unauthorised change
    TEXT = "text"  # a rule's own words are not the approved ones
    NO_RECORD = "no_record"  # a rule that nobody rationalized
    NOT_APPROVED = "not_approved"
    NO_RULE = "no_rule"  # an approved record whose alarm does not exist
    RETIRED = "retired"  # the alarm exists although its record is retired


UNAUTHORISED = frozenset({Finding.CHANGED, Finding.RETIRED})


@dataclass(frozen=True, slots=True)
class Difference:
    """`field` is empty for what concerns the whole record."""

    finding: Finding
    key: str
    field: str = ""
    master: str = ""
    live: str = ""

    @property
    def is_unauthorised(self) -> bool:
        return self.finding in UNAUTHORISED


@dataclass(frozen=True, slots=True)
class Live:
    """A rule's band as it is in force."""

    rule: AlarmRule
    band: str
    values: Mapping[str, str]


def live_settings(rules: Iterable[AlarmRule], priority_of: PriorityOf) -> dict[str, Live]:
    """What is in force, by the name of the record it should have. A rule whose id can name none is left out."""
    found: dict[str, Live] = {}
    for rule in rules:
        for band in bands_of(rule) if can_be_named(rule.rule_id) else ():
            values = {**settings_of(rule, band), PRIORITY: str(int(priority_of(rule, band)))}
            found[key_of(rule.rule_id, band)] = Live(rule, band, values)
    return found


def audit(live: Mapping[str, Live], records: Mapping[str, MasterAlarm]) -> tuple[Difference, ...]:
    """All differences, by record, settings first. An empty value of a record decides nothing; a rule that has no words
    of its own shows the record's."""
    found: list[Difference] = []
    for key in sorted(live.keys() | records.keys()):
        if not is_area(key):
            found += _of_one(key, live.get(key), records.get(key))
    return tuple(found)


def _of_one(key: str, live: Live | None, record: MasterAlarm | None) -> list[Difference]:
    if record is None:
        return [Difference(Finding.NO_RECORD, key)]
    if live is None:
        stands = record.state is not MasterState.RETIRED and record.approved is not None
        return [Difference(Finding.NO_RULE, key)] if stands else []
    if record.state is MasterState.RETIRED:
        return [Difference(Finding.RETIRED, key)]
    if record.approved is None:
        return [Difference(Finding.NOT_APPROVED, key)]
    approved = dict(record.approved.values)
    if record.approved.priority:
        approved[PRIORITY] = str(record.approved.priority)
    found = [
        Difference(Finding.CHANGED if name in _SETTINGS or name == PRIORITY else Finding.TEXT, key, name, wanted, shown)
        for name, shown in live.values.items()
        if (wanted := approved.get(name, "")) and wanted != shown and (shown or name in _SETTINGS)
    ]
    return sorted(found, key=lambda one: (one.finding is Finding.TEXT, one.field))


def unauthorised(differences: Iterable[Difference]) -> int:
    """The KPI "unauthorised setting changes": how many settings in force are not the approved ones."""
    return sum(one.is_unauthorised for one in differences)
