"""What others ask and tell the alarm engine: acknowledging, flags, ownership, and what the models read."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from console.domain.acknowledgement import Standing
from console.domain.acknowledgements import AckInterval
from console.domain.alarm_classes import AlarmSettings, ShelvingRules
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmKind, AlarmState, Condition, Occurrence
from console.domain.identity import Hash
from console.domain.shelving_acts import Shelvable
from console.services.alarms.acknowledging import Acknowledging
from console.services.alarms.alarm_book import AlarmBook
from console.services.alarms.annunciation import Annunciation, Way
from console.services.alarms.elsewhere import Elsewhere
from console.services.alarms.escalation import Escalation
from console.services.alarms.flags import Flags
from console.services.alarms.ownership import Ownership
from console.services.alarms.patterns import Patterns
from console.services.alarms.realarm import Realarm
from console.services.alarms.resets import Resets
from console.services.alarms.service import Service
from console.services.alarms.shelves import Shelves
from console.services.alarms.suppressing import Suppressing
from console.services.alarms.transitions import AlarmTransition
from console.services.records import AlarmCounts, AlarmsDelta


class EngineFace:
    """The part of the engine that knows nothing of tags. Main thread only."""

    def __init__(self, annunciation: Annunciation, settings: AlarmSettings, name_of: Callable[[str], str]) -> None:
        self.annunciation = annunciation
        self.settings = settings
        self._book = AlarmBook(annunciation)
        self._book.rows.name_of = name_of
        self.acknowledging = Acknowledging(self._book)
        self.elsewhere = Elsewhere(self._book)
        self.flags = Flags(self._book)
        self.shelves = Shelves(self._book, self.flags, name_of)
        self.shelves.by_condition = settings.shelving.by_condition
        self.service = Service(self._book, self.flags, name_of)
        self.service.was_shelved = self.shelves.was_in_force
        self.suppressing = Suppressing(self._book, self.flags)
        self.masking = Suppressing(self._book, self.flags, AlarmFlag.MASKED)
        self.resets = Resets(self._book)
        self.ownership = Ownership(self._book)
        self._realarm = Realarm(self._book)
        self._escalation = Escalation(self._book)
        self.patterns = Patterns(self._book, self.flags, settings.flood)
        annunciation.rules, annunciation.counts, annunciation.way_of = settings.sound, self.counts, self._way_of

    def _way_of(self, row: int) -> Way:
        """How a row is heard: our own link by itself, what its class lets stand out, and what is escalated."""
        condition = self._book.condition(row)
        if condition.kind is AlarmKind.LINK_DOWN:
            return Way.LINK
        stands_out = self.settings.class_of(condition.alarm_class).stands_out
        return Way.STANDS_OUT if stands_out or self._book.rows.has_flag(row, AlarmFlag.ESCALATED) else Way.USUAL

    # -- acknowledgement ---------------------------------------------------------------------------------------------

    def check_acknowledge(self, occurrences: Sequence[Occurrence]) -> tuple[Standing, ...]:
        """How each one stands now; what is unknown or no longer the one on its row is stale. Changes nothing."""
        return tuple(map(self.acknowledging.standing, occurrences))

    def annunciated_us(self, occurrence: Occurrence) -> int:
        """Newest annunciation of a current occurrence (start, severity rise, re-alarm), 0 when it is not current."""
        row = self._book.current_row(occurrence)
        return 0 if row is None else int(self._book.rows.annunciated_us[row])

    def acknowledgements_of(self, occurrence: Occurrence) -> tuple[AckInterval, ...]:
        """Those that acknowledge a current occurrence, first given first."""
        return self.acknowledging.covering(occurrence)

    def newest_sounding_us(self) -> int:
        """Newest annunciation that sounds at this position, 0 when nothing does."""
        return self.annunciation.newest_sounding_us()

    # -- flags -------------------------------------------------------------------------------------------------------

    def suppress(self, rule_id: str, condition_ids: Iterable[UUID], at_us: int, now_us: int, *, is_on: bool) -> None:
        """A rule suppresses these conditions by design, or lets go. `at_us` is the source time of what made it say so.

        Several rules may hold one condition; it is free when the last lets go. Unknown conditions are kept in mind.
        """
        self.suppressing.set(rule_id, condition_ids, at_us, now_us, is_on=is_on)

    def mask(self, parent: str, condition_ids: Iterable[UUID], at_us: int, now_us: int, *, is_on: bool) -> None:
        """The same for a parent (its name) that is in alarm."""
        self.masking.set(parent, condition_ids, at_us, now_us, is_on=is_on)

    def withhold(self, hashes: Iterable[Hash], now_us: int) -> None:
        """Facts without the right to them: no effect until released."""
        hashes = tuple(hashes)
        for one in (self.shelves, self.service, self.resets):
            one.withhold(hashes, now_us)

    def release(self, hashes: Iterable[Hash], now_us: int) -> None:
        hashes = tuple(hashes)
        for one in (self.shelves, self.service, self.resets):
            one.release(hashes, now_us)

    # -- for acts ----------------------------------------------------------------------------------------------------

    @property
    def shelving_rules(self) -> ShelvingRules:
        return self.settings.shelving

    def shelvable(self, occurrence: Occurrence, user_id: str) -> Shelvable:
        """The alarm as it stands now, for this person; a condition that is not known may not be shelved."""
        condition_id = occurrence.condition_id
        condition, shelf = self.condition(condition_id), self.shelves.in_force(condition_id)
        its_class = self.settings.class_of(condition.alarm_class if condition is not None else "")
        return Shelvable(
            occurrence,
            self.text_of(condition_id),
            self.priority_of(condition_id),
            its_class,
            self.is_current(occurrence),
            shelf is not None,
            shelf is not None and shelf.user_id == user_id,
        )

    def shelved_by(self, user_id: str) -> int:
        return len(self.shelves.of_person(user_id))

    def is_shelved(self, condition_id: UUID) -> bool:
        return self.shelves.in_force(condition_id) is not None

    def is_out_of_service(self, condition_id: UUID) -> bool:
        return self.service.taken(condition_id) is not None

    def shelf_heads(self, condition_id: UUID) -> tuple[Hash, ...]:
        return self.shelves.heads(condition_id)

    def service_heads(self, condition_id: UUID) -> tuple[Hash, ...]:
        return self.service.heads(condition_id)

    def why_no_reset(self, occurrence: Occurrence) -> str:
        return self.resets.refusal(occurrence)

    def is_first_out(self, occurrence: Occurrence) -> bool:
        row = self._book.current_row(occurrence)
        return row is not None and self._book.rows.has_flag(row, AlarmFlag.FIRST_OUT)

    def reset_first_out(self, occurrence: Occurrence) -> None:
        """The mark goes while this occurrence bears it; whatever came after is marked by its own rule."""
        condition = self.condition(occurrence.condition_id)
        if condition is not None and self.is_first_out(occurrence):
            self.patterns.reset_first_out(condition.first_out)

    def owner_of(self, occurrence: Occurrence) -> str:
        return self.ownership.owner(occurrence)

    def may_acknowledge_many(self, roles: Sequence[str]) -> bool:
        return self.settings.group.may(roles)

    def needs_comment(self, condition_id: UUID) -> bool:
        condition = self.condition(condition_id)
        return condition is not None and condition.needs_comment

    def needs_signature(self, condition_id: UUID) -> bool:
        condition = self.condition(condition_id)
        return condition is not None and condition.needs_signature

    # -- what is beside a row ----------------------------------------------------------------------------------------

    def text_of(self, condition_id: UUID) -> str:
        """What names the alarm to people, empty for an unknown condition."""
        condition = self.condition(condition_id)
        if condition is None:
            return ""
        if condition.kind is AlarmKind.SYSTEM or not condition.asset_name:
            return condition.text
        return f"{condition.asset_name}: {condition.text}"

    def area_of(self, condition_id: UUID) -> str:
        condition = self.condition(condition_id)
        return condition.area if condition is not None else ""

    def set_note(self, occurrence: Occurrence, note: str) -> None:
        """What stands beside the row (comment, incident number), while this occurrence is the one on the row."""
        row = self._book.current_row(occurrence)
        if row is not None:
            self._book.rows.notes[row] = note
            self._book.rows.mark(row)

    def note_by(self, note_of: Callable[[Occurrence], str]) -> None:
        """Who knows what stands beside an occurrence, when an older one has its row again."""
        self._book.behind.note_of = note_of

    def renamed(self) -> None:
        """People may be called otherwise than before: rows that name one are told again."""
        rows = self._book.rows
        for row in (*rows.acked_by, *rows.owners, *rows.hidden_rows()):
            rows.mark(row)

    def guide_by(self, guide: Callable[[Condition], Condition]) -> None:
        """What people are told about an alarm beside its rule: asked when a condition is first shown or logged."""
        self._book.guide = guide

    def guide_anew(self, is_meant: Callable[[Condition], bool]) -> None:
        """What `guide` says about these conditions is another now."""
        self._book.guide_anew(is_meant)

    # -- what others read --------------------------------------------------------------------------------------------

    def take_delta(self) -> AlarmsDelta | None:
        """Rows that changed since the last call, or None."""
        return self._book.rows.take_delta(self._book.condition) if self._book.rows.is_dirty else None

    def snapshot(self) -> AlarmsDelta:
        return self._book.rows.snapshot(self._book.condition)

    def counts(self) -> AlarmCounts:
        return self._book.rows.counts()

    def take_transitions(self) -> list[AlarmTransition]:
        """Rows for `alarm_log` since the last call, in order."""
        return self._book.log.take()

    def condition(self, condition_id: UUID) -> Condition | None:
        """The static part of a condition, None when it is not known here."""
        row = self._book.row_of(condition_id)
        return None if row is None else self._book.condition(row)

    def open_occurrence(self, condition_id: UUID) -> Occurrence | None:
        """The occurrence on the row, None when the condition is normal or unknown."""
        row = self._book.row_of(condition_id)
        if row is None or self._book.rows.state[row] == AlarmState.NORMAL:
            return None
        return Occurrence(condition_id, int(self._book.rows.start_us[row]))

    def priority_of(self, condition_id: UUID) -> int:
        """The priority on the row, while it is normal that of its most urgent band; 0 when it is not known."""
        row = self._book.row_of(condition_id)
        if row is None:
            return 0
        rows = self._book.rows
        if rows.state[row] == AlarmState.NORMAL:
            return int(min(rows.outer[row], rows.inner[row]))
        return int(rows.priority[row])

    def is_current(self, occurrence: Occurrence) -> bool:
        """Whether this is what is on the row now; start 0: the condition is normal."""
        row = self._book.row_of(occurrence.condition_id)
        if row is None:
            return False
        if not occurrence.start_us:
            return bool(self._book.rows.state[row] == AlarmState.NORMAL)
        return bool(self._book.rows.start_us[row] == occurrence.start_us)
