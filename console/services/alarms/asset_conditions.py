"""Conditions that need no rule: one per asset, link or system key, made when it is first true.

A rule of such a kind (`tag` is then a pattern over `group/node[/device]`, or over the broker's name) only
changes priority, texts and area; it never changes the identity.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID, uuid5

from console.domain import identity
from console.domain.alarms import AlarmKind, AlarmRule, Condition, Priority
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.places import Places, unplaced
from console.services.alarms.rule_match import RuleMatch

ASSET_KINDS = (AlarmKind.NODE_DEAD, AlarmKind.CLOCK, AlarmKind.LINK_DOWN)


@dataclass(frozen=True, slots=True)
class Default:
    """What a condition is without a rule. Texts are English templates, translated when shown."""

    priority: Priority
    text: str
    response: str = ""
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0


DEFAULTS: dict[AlarmKind, Default] = {
    AlarmKind.LINK_DOWN: Default(
        Priority.CRITICAL,
        "Link to the broker is lost: nothing of it is known",
        "Check network and broker. Values stay blind until the link is back.",
    ),
    AlarmKind.NODE_DEAD: Default(Priority.HIGH, "Does not answer any more", "Check power and network of the device."),
    AlarmKind.STALE: Default(Priority.MEDIUM, "Sends no data", "Check the source and its sensors."),
    AlarmKind.BAD_QUALITY: Default(
        Priority.LOW, "Bad quality of values", "Open the tags of the device: bad values name their reason.", 5.0, 5.0
    ),
    AlarmKind.CLOCK: Default(Priority.LOW, "Clock is wrong: receive time is used", "Set the clock or its time server."),
}


class AssetConditions:
    """Rows of derived conditions, by subject and kind."""

    def __init__(
        self, site_id: UUID, station_id: UUID, book: AlarmBook, rules: Iterable[AlarmRule], places: Places = unplaced
    ) -> None:
        self._places = places
        self._site_id, self._station_id = site_id, station_id
        self._book = book
        self._matches: dict[AlarmKind, RuleMatch] = {}
        self._rows: dict[tuple[UUID, AlarmKind], int] = {}
        self.has_restored = False  # open occurrences of the last run may belong to assets that become known
        self.set_rules(rules)

    def set_rules(self, rules: Iterable[AlarmRule]) -> None:
        """Rules of the asset kinds; rows opened before keep their state and are described anew when next used."""
        rules = tuple(rules)
        self._matches = {kind: RuleMatch(rule for rule in rules if rule.kind is kind) for kind in ASSET_KINDS}
        self._rows.clear()

    def asset_row(self, asset_id: UUID, kind: AlarmKind, path: str) -> int:
        """Row of a kind on an asset; `path` is `broker/group/node[/device]`."""
        return self._row(asset_id, kind, path, path.partition("/")[2])

    def link_row(self, broker: str) -> int:
        """Row of our own link to a broker: per station, because it says nothing about other stations' links."""
        return self._row(uuid5(self._station_id, f"link:{broker}"), AlarmKind.LINK_DOWN, broker, broker)

    def system_row(self, key: str, text: str, priority: Priority) -> int:
        """Row of an alarm of Leitstand about this station itself."""
        condition_id = identity.condition_id(uuid5(self._station_id, f"system:{key}"), AlarmKind.SYSTEM.value)

        def make(row: int) -> Condition:
            return Condition(row, condition_id, AlarmKind.SYSTEM.value, AlarmKind.SYSTEM, subject=key, text=text)

        return self._book.open_row(condition_id, make, outer=priority, inner=priority)

    def known_asset_row(self, asset_id: UUID, kind: AlarmKind) -> int | None:
        """The row when there ever was one: restored or raised in this run."""
        return self._book.row_of(identity.condition_id(asset_id, kind.value))

    def is_active(self, row: int) -> bool:
        return self._book.rows.is_active(row)

    def known_link_row(self, broker: str) -> int | None:
        subject = uuid5(self._station_id, f"link:{broker}")
        return self._book.row_of(identity.condition_id(subject, AlarmKind.LINK_DOWN.value))

    def known_system_row(self, key: str) -> int | None:
        subject = uuid5(self._station_id, f"system:{key}")
        return self._book.row_of(identity.condition_id(subject, AlarmKind.SYSTEM.value))

    def _row(self, subject_id: UUID, kind: AlarmKind, path: str, pattern_path: str) -> int:
        row = self._rows.get((subject_id, kind))
        if row is not None:
            return row
        default = DEFAULTS[kind]
        found = self._matches[kind].rules_of(pattern_path) if kind in self._matches else []
        rule = found[0] if found else None
        priority = rule.priority if rule else default.priority
        condition_id = identity.condition_id(subject_id, kind.value)
        parts = path.split("/")

        def make(row: int) -> Condition:
            name, area = self._places(subject_id)
            return Condition(
                row,
                condition_id,
                kind.value,
                kind,
                asset_id=None if kind is AlarmKind.LINK_DOWN else subject_id,
                subject=path,
                asset_name=name or parts[-1],
                area=(rule.area if rule else "") or area or "/".join(parts[1:3]),
                text=(rule.text if rule else "") or default.text,
                response=(rule.response if rule else "") or default.response,
            )

        row = self._rows[subject_id, kind] = self._book.open_row(condition_id, make, outer=priority, inner=priority)
        return row
