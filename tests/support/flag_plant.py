"""The small plant, with people who shelve, take out of service, reset and take over; every act is an event."""

from itertools import count
from uuid import UUID

from console.domain.acknowledgements import AckInterval
from console.domain.alarm_classes import AlarmSettings
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmRule, Occurrence
from console.domain.shelving import Taken, shelved
from console.services.alarms.annunciation import Annunciation
from console.services.alarms.engine import AlarmEngine
from tests.support.alarm_plant import SITE, STATION, FakeTags, Plant, us

LONG_S = 8 * 3600


class FlagPlant(Plant):
    """Times in seconds after T0 by wall and source alike. Acts return the hash of their event."""

    def __init__(self, *rules: AlarmRule, settings: AlarmSettings | None = None, tags: FakeTags | None = None) -> None:
        super().__init__(*rules, tags=tags)
        self.horn = Annunciation("desk")
        self.engine = AlarmEngine(SITE, self.tags, rules, station_id=STATION, annunciation=self.horn, settings=settings)
        self._numbers = count(1)

    def hlc(self, second: float) -> int:
        return (us(second) // 1000) << 16

    def event(self) -> bytes:
        return next(self._numbers).to_bytes(4, "big") * 8

    def shelve(
        self,
        condition_id: UUID,
        second: float,
        lasts_s: float,
        *,
        one_shot: bool = False,
        who: str = "Eva",
        by: bytes = b"",
        now: float | None = None,
    ) -> bytes:
        by = by or self.event()
        value = shelved(
            us(second),
            us(second + lasts_s),
            LONG_S,
            who,
            "noisy",
            reason_code="chattering",
            station_code="A1",
            is_one_shot=one_shot,
            hlc=self.hlc(second),
            by=by,
        )
        heads = self.engine.shelves.heads(condition_id)
        self.engine.shelves.take(
            condition_id, by, self.hlc(second), value, heads, who, us(second if now is None else now)
        )
        return by

    def unshelve(self, condition_id: UUID, second: float, *parents: bytes, who: str = "Udo") -> bytes:
        by, heads = self.event(), parents or self.engine.shelves.heads(condition_id)
        self.engine.shelves.take(condition_id, by, self.hlc(second), None, heads, who, us(second))
        return by

    def take_out(self, condition_id: UUID, second: float, who: str = "Emil") -> bytes:
        return self._serve(condition_id, second, Taken(who, "sensor change", "WO 7", "A1", us(second)), who)

    def return_to_service(self, condition_id: UUID, second: float, who: str = "Emil") -> bytes:
        return self._serve(condition_id, second, None, who)

    def _serve(self, condition_id: UUID, second: float, value: Taken | None, who: str) -> bytes:
        by, heads = self.event(), self.engine.service.heads(condition_id)
        self.engine.service.take(condition_id, by, self.hlc(second), value, heads, who, us(second), us(second))
        return by

    def suppress(self, condition_id: UUID, second: float, rule: str = "standstill") -> None:
        self.engine.suppress(rule, [condition_id], us(second), us(second), is_on=True)

    def release(self, condition_id: UUID, second: float, rule: str = "standstill") -> None:
        self.engine.suppress(rule, [condition_id], us(second), us(second), is_on=False)

    def reset(self, occurrence: Occurrence, second: float) -> None:
        self.engine.resets.take(occurrence, self.event(), us(second))

    def take(self, occurrence: Occurrence, second: float, who: str = "Eva") -> None:
        self._own(occurrence, second, who, who)

    def leave(self, occurrence: Occurrence, second: float, who: str = "Eva") -> None:
        self._own(occurrence, second, "", who)

    def _own(self, occurrence: Occurrence, second: float, owner: str, who: str) -> None:
        self.engine.ownership.take(occurrence, self.event(), self.hlc(second), owner, who, us(second), us(second))

    def acknowledge(self, occurrence: Occurrence | None, second: float, who: str = "Eva") -> bool:
        """As in the plant, with the wall time at which it was given."""
        assert occurrence is not None
        reach = self.engine.seen_through_us(occurrence, us(second))
        interval = AckInterval(self.hlc(second), self.event(), occurrence.start_us, reach, who)
        return self.engine.acknowledging.apply(occurrence.condition_id, interval, us(second))

    def flags(self, condition_id: UUID) -> AlarmFlag:
        snapshot = self.engine.snapshot()
        for condition in snapshot.conditions:
            if condition.condition_id == condition_id:
                found = snapshot.flags[snapshot.rows == condition.row]
                return AlarmFlag(int(found[0])) if len(found) else AlarmFlag(0)
        return AlarmFlag(0)

    @property
    def sounds(self) -> bool:
        return self.horn.priority > 0

    def words(self) -> list[str]:
        """What is logged of conditions since the last call, flags first named by who did it."""
        return [f"{one.transition} {one.who}".strip() for one in self.engine.take_transitions()]
