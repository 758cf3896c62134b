"""What facts do: every journal entry, replayed, own or from another console, takes effect here and nowhere else."""

import re
from collections.abc import Callable, Iterable
from uuid import UUID

from console.domain import facts as f
from console.domain.acknowledgements import interval_of, taken_back
from console.domain.alarm_facts import AlarmUnacknowledged
from console.domain.alarms import Occurrence
from console.services.alarms.engine import AlarmEngine
from console.services.flag_effects import FlagEffects
from console.services.journal.entries import Entry
from console.services.journal.projector import Projector

_NOTES_KEPT = 20_000
_HASH = re.compile("[0-9a-f]{64}")  # what else stands there names nothing


class Effects:
    """Wires the projector to engine and horn, and keeps preferences and what stands beside alarms.

    Notes of occurrences that are not on the list yet (replay comes before the alarms are restored) are kept and set
    by `set_notes`.
    """

    def __init__(
        self, projector: Projector, engine: AlarmEngine, name_of: Callable[[str], str], now_us: Callable[[], int]
    ) -> None:
        self.preferences: dict[str, dict[str, str]] = {}  # user id -> key -> JSON text
        self._engine = engine
        self._name_of = name_of
        self._now_us = now_us
        self._notes: dict[Occurrence, tuple[int, str, str]] = {}  # stamp of what says it, user id or empty, text
        self._stamps: dict[tuple[str, str], int] = {}
        self._numbers: dict[UUID, str] = {}
        self._linked: dict[UUID, list[tuple[Occurrence, int]]] = {}
        projector.on(f.AlarmAcknowledged, self._acknowledged)
        projector.on(AlarmUnacknowledged, self._unacknowledged)
        projector.on(f.AlarmCommented, self._commented)
        projector.on(f.HornSilenced, self._silenced)
        projector.on(f.IncidentOpened, self._incident_opened)
        projector.on(f.IncidentAlarmLinked, self._linked_alarm)
        projector.on(f.PreferenceSaved, self._preference)
        self.flags = FlagEffects(projector, engine, now_us)
        engine.note_by(self._note_of)

    def set_notes(self) -> None:
        """Once the open alarms are restored."""
        for occurrence, (_stamp, user_id, text) in self._notes.items():
            self._engine.set_note(occurrence, self._said(user_id, text))

    def renamed(self) -> None:
        """People may be called otherwise than before."""
        for occurrence, (_stamp, user_id, text) in self._notes.items():
            if user_id:
                self._engine.set_note(occurrence, self._said(user_id, text))

    def _said(self, user_id: str, text: str) -> str:
        return f"{self._name_of(user_id)}: {text}" if user_id else text

    def _note_of(self, occurrence: Occurrence) -> str:
        known = self._notes.get(occurrence)
        return "" if known is None else self._said(known[1], known[2])

    def rebuild_acknowledgements(self, condition_id: UUID, entries: Iterable[Entry]) -> None:
        """Make what is acknowledged of one condition anew from all its entries in the journal (after a divergence)."""
        self._engine.acknowledging.kept.drop(condition_id)
        for entry in entries:
            if isinstance(entry.fact, f.AlarmAcknowledged):
                self._acknowledged(entry, entry.fact)
            elif isinstance(entry.fact, AlarmUnacknowledged):
                self._unacknowledged(entry, entry.fact)
        self._engine.acknowledging.recheck(condition_id, self._now_us())

    def _note(self, occurrence: Occurrence, text: str, hlc: int, user_id: str = "") -> None:
        """The newest stands, whatever the order of arrival; of too many the oldest are forgotten."""
        told, known = (hlc, user_id, text), self._notes.get(occurrence)
        if known is not None and told < known:
            return
        self._notes[occurrence] = told
        if len(self._notes) > _NOTES_KEPT + _NOTES_KEPT // 10:
            by_age = sorted(self._notes.items(), key=lambda item: item[1])
            self._notes = dict(by_age[-_NOTES_KEPT:])
        self._engine.set_note(occurrence, self._said(user_id, text))

    def _acknowledged(self, entry: Entry, fact: f.AlarmAcknowledged) -> None:
        interval = interval_of(
            entry.hash,
            entry.hlc,
            entry.wall_us,
            fact.start_us,
            fact.seen_through_us,
            user_id=entry.actor.user_id,
            comment=fact.comment,
        )
        self._engine.acknowledging.apply(fact.condition_id, interval, self._now_us())

    def _unacknowledged(self, entry: Entry, fact: AlarmUnacknowledged) -> None:
        named = [bytes.fromhex(one) for one in fact.acknowledgements if _HASH.fullmatch(one)]
        act = taken_back(entry.hash, entry.hlc, entry.wall_us, fact.start_us, fact.seen_through_us, named)
        self._engine.acknowledging.take_back(fact.condition_id, act, entry.actor.user_id, self._now_us())

    def _commented(self, entry: Entry, fact: f.AlarmCommented) -> None:
        occurrence = Occurrence(fact.condition_id, fact.start_us)
        self._note(occurrence, fact.text, entry.hlc, entry.actor.user_id)

    def _silenced(self, _entry: Entry, fact: f.HornSilenced) -> None:
        self._engine.annunciation.silence(fact.position, fact.through_us)

    def _incident_opened(self, _entry: Entry, fact: f.IncidentOpened) -> None:
        self._numbers[fact.incident_id] = fact.number
        for occurrence, hlc in self._linked.pop(fact.incident_id, []):
            self._note(occurrence, fact.number, hlc)

    def _linked_alarm(self, entry: Entry, fact: f.IncidentAlarmLinked) -> None:
        occurrence = Occurrence(fact.condition_id, fact.start_us)
        number = self._numbers.get(fact.incident_id)
        if number is None:  # the link may arrive before its incident
            self._linked.setdefault(fact.incident_id, []).append((occurrence, entry.hlc))
        else:
            self._note(occurrence, number, entry.hlc)

    def _preference(self, entry: Entry, fact: f.PreferenceSaved) -> None:
        key = (fact.user_id, fact.key)
        if entry.hlc >= self._stamps.get(key, -1):  # the newest stands, whatever the order of arrival
            self._stamps[key] = entry.hlc
            self.preferences.setdefault(fact.user_id, {})[fact.key] = fact.value
