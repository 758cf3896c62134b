"""What facts about shelves, service, resets and ownership do to the alarms; those without a right to it do nothing."""

from collections.abc import Callable, Iterable

from console.domain import alarm_facts as f
from console.domain.alarms import Occurrence
from console.domain.identity import Hash
from console.domain.shelving import Taken, shelved
from console.services.alarms.engine_face import EngineFace
from console.services.journal.entries import Entry
from console.services.journal.projector import Projector


class FlagEffects:
    """Wires the projector to the engine's flags."""

    def __init__(self, projector: Projector, engine: EngineFace, now_us: Callable[[], int]) -> None:
        self._engine = engine
        self._now_us = now_us
        projector.on(f.AlarmShelved, self._shelved)
        projector.on(f.AlarmUnshelved, self._unshelved)
        projector.on(f.AlarmOutOfService, self._out)
        projector.on(f.AlarmReturnedToService, self._returned)
        projector.on(f.AlarmReset, self._reset)
        projector.on(f.FirstOutReset, self._first_out_reset)
        projector.on(f.AlarmTaken, self._taken)
        projector.on(f.AlarmLeft, self._taken)

    def withhold(self, hashes: Iterable[Hash]) -> None:
        """These events are to have no effect until `release`d, whether they came before or come later."""
        self._engine.withhold(hashes, self._now_us())

    def release(self, hashes: Iterable[Hash]) -> None:
        """These events take effect after all."""
        self._engine.release(hashes, self._now_us())

    def _shelved(self, entry: Entry, fact: f.AlarmShelved) -> None:
        user_id = entry.actor.user_id
        value = shelved(
            entry.wall_us,
            fact.until_us,
            fact.max_s,
            user_id,
            fact.reason,
            reason_code=fact.reason_code,
            station_code=entry.station_code,
            is_one_shot=fact.is_one_shot,
            hlc=entry.hlc,
            by=entry.hash,
        )
        self._engine.shelves.take(
            fact.condition_id, entry.hash, entry.hlc, value, entry.parents, user_id, self._now_us()
        )

    def _unshelved(self, entry: Entry, fact: f.AlarmUnshelved) -> None:
        self._engine.shelves.take(
            fact.condition_id, entry.hash, entry.hlc, None, entry.parents, entry.actor.user_id, self._now_us()
        )

    def _out(self, entry: Entry, fact: f.AlarmOutOfService) -> None:
        taken = Taken(entry.actor.user_id, fact.reason, fact.work_order, entry.station_code, entry.wall_us)
        self._serve(entry, fact, taken)

    def _returned(self, entry: Entry, fact: f.AlarmReturnedToService) -> None:
        self._serve(entry, fact, None)

    def _serve(self, entry: Entry, fact: f.AlarmOutOfService | f.AlarmReturnedToService, value: Taken | None) -> None:
        self._engine.service.take(
            fact.condition_id,
            entry.hash,
            entry.hlc,
            value,
            entry.parents,
            entry.actor.user_id,
            entry.wall_us,
            self._now_us(),
        )

    def _reset(self, entry: Entry, fact: f.AlarmReset) -> None:
        self._engine.resets.take(Occurrence(fact.condition_id, fact.start_us), entry.hash, self._now_us())

    def _first_out_reset(self, _entry: Entry, fact: f.FirstOutReset) -> None:
        self._engine.reset_first_out(Occurrence(fact.condition_id, fact.start_us))

    def _taken(self, entry: Entry, fact: f.AlarmTaken | f.AlarmLeft) -> None:
        who = entry.actor.user_id
        owner = who if isinstance(fact, f.AlarmTaken) else ""
        occurrence = Occurrence(fact.condition_id, fact.start_us)
        self._engine.ownership.take(occurrence, entry.hash, entry.hlc, owner, who, entry.wall_us, self._now_us())
