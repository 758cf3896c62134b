"""People, stations and what waits for somebody, as the window shows them: whole, from what is known now."""

from collections.abc import Callable
from uuid import UUID

from console.domain.people import Person
from console.services.identity.credentials import LAST, Credentials, Kind
from console.services.identity.directory import Directory
from console.services.identity.enrolment import Enrolment
from console.services.identity.erasings import erased_person
from console.services.identity.gate import Gate
from console.services.identity.sign_on import SignOnDesk
from console.services.identity.stations import Stations
from console.services.people_records import (
    BreakGlassRecord,
    GrantRecord,
    JoinRecord,
    PeopleRecord,
    PersonRecord,
    StationRecord,
    WithheldRecord,
    WrongErasingRecord,
)

_FOREVER_US = 2**62


class PeopleView:
    """`record()` is the state of the seam's topic `PEOPLE`."""

    def __init__(
        self,
        directory: Directory,
        credentials: Credentials,
        gate: Gate,
        stations: Stations,
        enrolment: Enrolment,
        sign_on: SignOnDesk,
        *,
        own: UUID,
        lock_after_s: int,
        clock_us: Callable[[], int],
    ) -> None:
        self._directory = directory
        self._credentials = credentials
        self._gate = gate
        self._stations = stations
        self._enrolment = enrolment
        self._sign_on = sign_on
        self._own = own
        self._lock_after_s = lock_after_s
        self._clock_us = clock_us

    def record(self) -> PeopleRecord:
        """Names and hashes' existence only: no hash crosses the seam."""
        enrolment = self._enrolment
        return PeopleRecord(
            people=tuple(map(self._person, self._directory.users())),
            break_glass=self._break_glass(),
            withheld=self._withheld(),
            joining=tuple(JoinRecord(one.station_id, one.code, one.name, one.first_us) for one in enrolment.pending),
            stations=tuple(
                StationRecord(one.station_id, one.code, one.name, one.station_id == self._own, one.is_revoked)
                for one in self._stations.known()
            ),
            not_enrolled=enrolment.why_not,
            pairing_code=enrolment.pairing_code,
            can_let_in=enrolment.can_let_in,
            lock_after_s=self._lock_after_s,
            wrong_erasings=self._wrong_erasings(),
        )

    def _person(self, person: Person) -> PersonRecord:
        user = person.user
        since_us = self._clock_us() - self._sign_on.rules.shift_us
        sessions = self._sign_on.everywhere.of(user.user_id, since_us)
        return PersonRecord(
            user.user_id,
            user.login,
            user.name,
            user.is_disabled,
            tuple(GrantRecord(grant.role.value, grant.area) for grant in person.grants),
            has_password=bool(self._credentials.encoded(user.user_id)),
            has_pin=bool(self._credentials.encoded(user.user_id, Kind.PIN)),
            sessions=tuple(one.station_code for one in sessions),
        )

    def _break_glass(self) -> tuple[BreakGlassRecord, ...]:
        overdue_us = self._clock_us() - self._sign_on.rules.shift_us
        waiting = self._sign_on.everywhere.unattributed(_FOREVER_US)
        return tuple(
            BreakGlassRecord(use.use_id, use.station_code, use.at_us, use.why, use.at_us < overdue_us)
            for use in waiting
        )

    def _withheld(self) -> tuple[WithheldRecord, ...]:
        return tuple(
            WithheldRecord(
                act.hash.hex(),
                act.wall_us,
                act.station_code,
                self._sign_on.name_of(act.actor.user_id),
                act.etype,
                act.payload_json,
                self._gate.judge(act),
            )
            for act in self._gate.withheld
        )

    def _wrong_erasings(self) -> tuple[WrongErasingRecord, ...]:
        return tuple(
            WrongErasingRecord(
                act.hash.hex(),
                erased_person(act),
                self._sign_on.name_of(erased_person(act)),
                self._sign_on.name_of(act.actor.user_id),
                act.wall_us,
                act.station_code,
                self._credentials.version(erased_person(act), Kind.PROFILE) == LAST,
            )
            for act in self._directory.unauthorised_erasings
        )
