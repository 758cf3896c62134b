"""A whole service desk for tests: journal, people, alarms and the operators' door, joined as in the real station."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from uuid import UUID

from console.config.users_file import TEST_COST, UserEntry, hash_password
from console.domain.acknowledgement import Standing
from console.domain.acknowledgements import AckInterval
from console.domain.alarm_classes import STANDARD, AlarmClass, GroupRules, ShelvingRules
from console.domain.alarms import Occurrence, Priority
from console.domain.people import Role
from console.domain.refusal import Refused
from console.domain.shelving_acts import Shelvable
from console.services.identity.password_worker import PasswordWorker
from console.services.identity.sign_on import SignOnDesk
from console.services.identity.users import Users
from console.services.operations import Operations
from console.services.servicedesk.incidents import IncidentDesk
from tests.support.clock import FakeClock
from tests.support.memory_log import MemoryLog

PASSWORD = "correct horse battery"
_HASH = hash_password(PASSWORD, TEST_COST)


def user(login: str, *roles: Role, **changes: object) -> UserEntry:
    known: dict[str, object] = {"user_id": f"id-{login}", "login": login, "name": login.title(), "roles": roles}
    return UserEntry(**{**known, "password_hash": _HASH, **changes})  # type: ignore[arg-type]


PEOPLE = (
    user("olga", Role.OPERATOR),
    user("otto", Role.OPERATOR),
    user("lena", Role.SHIFT_LEAD),
    user("emil", Role.ENGINEER),
    user("sina", Role.SERVICE_MANAGER),
    user("adam", Role.ADMINISTRATOR),
    user("aude", Role.AUDITOR),
    user("pia", Role.OPERATOR, areas=("Press shop",)),
    user("dora", Role.OPERATOR, is_disabled=True),
)


@dataclass
class FakeAlarms:
    """Alarms as the engine would describe them."""

    standings: dict[Occurrence, Standing] = field(default_factory=dict)
    seen_through: dict[Occurrence, int] = field(default_factory=dict)
    acknowledged_by: dict[Occurrence, tuple[AckInterval, ...]] = field(default_factory=dict)
    texts: dict[UUID, str] = field(default_factory=dict)
    areas: dict[UUID, str] = field(default_factory=dict)
    sounding_us: int = 0
    shelving_rules: ShelvingRules = field(default_factory=ShelvingRules)
    group_rules: GroupRules = field(default_factory=GroupRules)
    priorities: dict[UUID, int] = field(default_factory=dict)
    classes: dict[UUID, AlarmClass] = field(default_factory=dict)
    shelved: dict[UUID, str] = field(default_factory=dict)  # condition -> user id
    out: set[UUID] = field(default_factory=set)
    no_resets: dict[UUID, str] = field(default_factory=dict)
    first_outs: set[Occurrence] = field(default_factory=set)
    owners: dict[Occurrence, str] = field(default_factory=dict)

    def raise_alarm(self, n: int, start_us: int, text: str = "", area: str = "") -> Occurrence:
        occurrence = Occurrence(UUID(int=n), start_us)
        for older in self.standings:
            if older.condition_id == occurrence.condition_id:
                self.standings[older] = Standing.STALE
        self.standings[occurrence] = Standing.OPEN
        self.seen_through[occurrence] = self.sounding_us = start_us
        self.texts[occurrence.condition_id] = text or f"alarm {n}"
        self.areas[occurrence.condition_id] = area
        return occurrence

    def check_acknowledge(self, occurrences: Sequence[Occurrence]) -> Sequence[Standing]:
        return [self.standings.get(one, Standing.STALE) for one in occurrences]

    def seen_through_us(self, occurrence: Occurrence, now_us: int) -> int:
        return self.seen_through[occurrence]

    def annunciated_us(self, occurrence: Occurrence) -> int:
        return occurrence.start_us

    def acknowledgements_of(self, occurrence: Occurrence) -> Sequence[AckInterval]:
        return self.acknowledged_by.get(occurrence, ())

    def text_of(self, condition_id: UUID) -> str:
        return self.texts.get(condition_id, "")

    def area_of(self, condition_id: UUID) -> str:
        return self.areas.get(condition_id, "")

    def newest_sounding_us(self) -> int:
        return self.sounding_us

    def may_acknowledge_many(self, roles: Sequence[str]) -> bool:
        return self.group_rules.may(roles)

    def needs_comment(self, condition_id: UUID) -> bool:
        return self.class_of(condition_id).needs_comment

    def needs_signature(self, condition_id: UUID) -> bool:
        return self.class_of(condition_id).needs_signature

    def class_of(self, condition_id: UUID) -> AlarmClass:
        return self.classes.get(condition_id, STANDARD)

    def is_current(self, occurrence: Occurrence) -> bool:
        return self.standings.get(occurrence, Standing.STALE) is not Standing.STALE

    def shelvable(self, occurrence: Occurrence, user_id: str) -> Shelvable:
        one = occurrence.condition_id
        who = self.shelved.get(one, "")
        return Shelvable(
            occurrence,
            self.text_of(one),
            self.priorities.get(one, Priority.MEDIUM),
            self.class_of(one),
            self.is_current(occurrence),
            bool(who),
            who == user_id,
        )

    def shelved_by(self, user_id: str) -> int:
        return list(self.shelved.values()).count(user_id)

    def is_shelved(self, condition_id: UUID) -> bool:
        return condition_id in self.shelved

    def is_out_of_service(self, condition_id: UUID) -> bool:
        return condition_id in self.out

    def shelf_heads(self, condition_id: UUID) -> Sequence[bytes]:
        return ()

    def service_heads(self, condition_id: UUID) -> Sequence[bytes]:
        return ()

    def why_no_reset(self, occurrence: Occurrence) -> str:
        return self.no_resets.get(occurrence.condition_id, "")

    def is_first_out(self, occurrence: Occurrence) -> bool:
        return occurrence in self.first_outs

    def owner_of(self, occurrence: Occurrence) -> str:
        return self.owners.get(occurrence, "")


class FakeRebirths:
    """Keeps whom it asked; `refuse` makes it refuse."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.refuse: Refused | None = None

    def request_rebirth(self, broker: str, group: str, node: str) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.asked.append((broker, group, node))


class Desk(AbstractContextManager["Desk"]):
    """Everything joined; leaving it ends the password thread."""

    def __init__(self, code: str = "A1", number: int = 1) -> None:
        self.clock = FakeClock()
        self.log = MemoryLog(self.clock, code, number)
        self.worker = PasswordWorker(TEST_COST)
        self.sign_on = SignOnDesk(Users(PEOPLE), self.log, self.worker, self.clock)
        self.incidents = IncidentDesk(self.sign_on.name_of)
        self.log.entries.subscribe(self.incidents.apply)
        self.alarms = FakeAlarms()
        self.rebirths = FakeRebirths()
        bits = count(1)
        self.operations = Operations(
            self.log,
            self.alarms,
            self.incidents,
            self.sign_on,
            clock_us=self.clock,
            site_short="KASS",
            station_code=code,
            position="desk",
            rebirth=self.rebirths,
            random_bits=lambda n: (number << 40) + next(bits),
        )

    async def signed_on(self, login: str) -> "Desk":
        await self.sign_on.sign_on(login, PASSWORD)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.worker.close()
