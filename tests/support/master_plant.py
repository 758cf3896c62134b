"""Master alarm records at the real door: people, signatures and rights of a station, on a journal in memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from console.domain.alarms import AlarmKind, AlarmRule, Priority
from console.domain.master_commands import ApproveMasterAlarms, SetMasterAlarm, SubmitMasterAlarms
from console.domain.people import Role
from console.services.alarms.master_desk import MasterDesk
from console.services.alarms.master_door import MasterActs
from console.services.journal.entries import Entry
from console.services.master_records import MasterDelta
from tests.support.desk import PEOPLE, user
from tests.support.people_desk import PeopleDesk

PRESSURE = AlarmRule(
    "oil-pressure",
    "*/Hydraulics/Oil pressure",
    AlarmKind.LIMIT,
    l=4.0,
    ll=3.0,
    deadband=0.1,
    on_delay_s=2.0,
    priority=Priority.CRITICAL,
    text="Oil pressure low",
    response="Look at the pump.",
    area="Press shop",
)
DOOR = AlarmRule("door-open", "*/Door", AlarmKind.DISCRETE, equals=(True,), priority=Priority.LOW)
RULES = (PRESSURE, DOOR)
WHOLE = {
    "class": "standard",
    "cause": "Leak or worn pump",
    "consequence": "Press stops, ram sinks",
    "severity": "severe",
    "response": "Stop the press; check level",
    "time_to_respond_s": "120",
    "owner": "Hydraulics",
    "limit": "3",
    "deadband": "0.1",
    "on_delay_s": "2",
    "off_delay_s": "0",
}
ENGINEERS = (*PEOPLE, user("erna", Role.ENGINEER))


class MasterPlant(PeopleDesk):
    """`PeopleDesk` with master records: `emil` and `erna` are engineers, `lena` leads the shift."""

    def __init__(self, folder: Path, code: str = "A1", number: int = 1, *, rules: Sequence[AlarmRule] = RULES) -> None:
        super().__init__(folder, code, number, people=ENGINEERS)
        self.master = MasterDesk(self.sign_on.name_of, rules=rules, is_withheld=self.gate.is_withheld)
        self.log.entries.subscribe(self.master.apply)
        self.gate.rejudged.subscribe(self.master.rejudge)
        self.acts = MasterActs(
            self.log, self.master, self.people.signing, clock_us=self.clock, random_bits=self.random_bits
        )
        self.operations.extend(self.acts.acts())

    def told(self) -> MasterDelta:
        """What a subscriber is told who comes after everything was judged."""
        while self.master.take_delta() is not None:
            pass
        return self.master.snapshot()

    async def written(self, key: str, **changes: str) -> None:
        values: dict[str, Any] = {**WHOLE, **changes}
        await self.submit(SetMasterAlarm(key, tuple(values.items())))

    async def approved(self, key: str, author: str = "emil", approver: str = "lena", **changes: str) -> None:
        """Written and submitted by one person, signed by another."""
        await self.signed_on(author)
        await self.written(key, **changes)
        await self.submit(SubmitMasterAlarms((key,)))
        await self.signed_on(approver)
        await self.signed(ApproveMasterAlarms((key,)))


def swap(one: PeopleDesk, other: PeopleDesk) -> None:
    """Both take what the other has."""
    ours, theirs = list(one.log.kept), list(other.log.kept)
    one.receive(theirs)
    other.receive(ours)


def projected(entries: Iterable[Entry], rules: Sequence[AlarmRule] = RULES) -> MasterDesk:
    desk = MasterDesk(rules=rules)
    for entry in entries:
        desk.apply((entry,))
    return desk
