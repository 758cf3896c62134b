"""People, stations, acts that wait and uses of the control room identity as tables of the Administration view."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from PySide6.QtCore import QObject

from console.models.journal_words import event_word
from console.models.record_table import RecordTable
from console.models.row_order import Keys, SortColumn, pack_keys
from console.models.sorted_table import PLAIN, Column, RowLook
from console.models.sync_words import flag_word
from console.models.text_rank import text_ranks
from console.services.people_records import (
    BreakGlassRecord,
    GrantRecord,
    JoinRecord,
    PeopleRecord,
    PersonRecord,
    StationRecord,
    WithheldRecord,
)
from console.services.station import PEOPLE, Station
from console.ui.format import DASH, age_text, clock_text, time_tip
from console.ui.translation import mark, tr
from console.ui.wall_clock import now_us

ROLE_NAMES: dict[str, str] = {
    "operator": mark("Operator"),
    "shift_lead": mark("Shift lead"),
    "engineer": mark("Engineer"),
    "service_manager": mark("Service manager"),
    "administrator": mark("Administrator"),
    "auditor": mark("Auditor"),
}
_DIM = RowLook(is_dim=True)
_BOLD = RowLook(is_bold=True)


def role_name(role: str) -> str:
    return tr(ROLE_NAMES[role]) if role in ROLE_NAMES else role


def grant_text(grant: GrantRecord) -> str:
    """`Operator`, or `Operator in Press shop`."""
    return tr("{role} in {area}", role=role_name(grant.role), area=grant.area) if grant.area else role_name(grant.role)


def secrets_text(person: PersonRecord) -> str:
    """With what a person can sign on; never more than that there is one."""
    words = [tr("password") if person.has_password else tr("no password")]
    if person.has_pin:
        words.append(tr("PIN"))
    return " · ".join(words)


class PersonTable(RecordTable[PersonRecord]):
    """Everybody who may sign on, and the disabled below them."""

    COLUMNS = (
        Column("name", mark("Name"), 0),
        Column("login", mark("Login"), 130),
        Column("roles", mark("Roles"), 260),
        Column("state", mark("State"), 110),
        Column("secrets", mark("Signs on with"), 150, is_dim=True),
        Column("sessions", mark("Signed on at"), 130),
    )
    DEFAULT_SORT = "name"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(PEOPLE, self._on_people)

    def _on_people(self, people: PeopleRecord) -> None:
        self.take(((one.user_id, one) for one in people.people), is_snapshot=True)

    def _keys(self) -> Keys:
        is_disabled = np.asarray([one.is_disabled for one in self._records], np.bool_)
        names = text_ranks([one.name for one in self._records])
        return pack_keys(is_disabled, np.zeros(len(names), np.uint8), len(names) - names)

    def _sort_column(self, key: str) -> SortColumn:
        return text_ranks([self._text(one, key) for one in self._records])

    def look(self, row: int) -> RowLook:
        return _DIM if self._records[row].is_disabled else PLAIN

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: PersonRecord, key: str) -> str:
        return {
            "name": lambda: one.name,
            "login": lambda: one.login,
            "roles": lambda: ", ".join(map(grant_text, one.grants)) or tr("no role"),
            "state": lambda: tr("disabled") if one.is_disabled else tr("active"),
            "secrets": lambda: secrets_text(one),
            "sessions": lambda: ", ".join(one.sessions),
        }[key]()


@dataclass(frozen=True, slots=True)
class StationRow:
    """A known station, or one that asks to be let in."""

    station_id: UUID
    code: str
    name: str
    state: str  # asks, own, member, revoked
    since_us: int = 0


def station_row(one: StationRecord | JoinRecord) -> StationRow:
    if isinstance(one, JoinRecord):
        return StationRow(one.station_id, one.code, one.name, "asks", one.since_us)
    state = "revoked" if one.is_revoked else "own" if one.is_own else "member"
    return StationRow(one.station_id, one.code, one.name, state)


_STATES = {
    "asks": mark("asks to be let in"),
    "own": mark("this station"),
    "member": mark("belongs to the site"),
    "revoked": mark("revoked: not trusted"),
}
_STATE_RANK = {"asks": 0, "own": 1, "member": 2, "revoked": 3}


class StationTable(RecordTable[StationRow]):
    """Who asks to be let in first, then who belongs here, revoked ones last."""

    COLUMNS = (
        Column("code", mark("Code"), 80),
        Column("name", mark("Name"), 0),
        Column("state", mark("State"), 220),
        Column("since", mark("Asks since"), 130, is_live=True),
        Column("id", mark("Identity"), 310, is_dim=True),
    )
    DEFAULT_SORT = "state"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(PEOPLE, self._on_people)

    def _on_people(self, people: PeopleRecord) -> None:
        known = {one.station_id for one in people.stations}
        asking = [one for one in people.joining if one.station_id not in known]
        rows = [*map(station_row, asking), *map(station_row, people.stations)]
        self.take(((row.station_id, row) for row in rows), is_snapshot=True)

    def _keys(self) -> Keys:
        rank = np.asarray([_STATE_RANK[one.state] for one in self._records], np.uint8)
        codes = text_ranks([one.code for one in self._records])
        return pack_keys(np.zeros(len(rank), np.bool_), rank, len(codes) - codes)

    def _sort_column(self, key: str) -> SortColumn:
        if key == "since":
            return np.asarray([one.since_us for one in self._records], np.int64)
        return text_ranks([self._text(one, key) for one in self._records])

    def look(self, row: int) -> RowLook:
        state = self._records[row].state
        return _BOLD if state == "asks" else _DIM if state == "revoked" else PLAIN

    def tip(self, row: int, key: str) -> str:
        return time_tip(self._records[row].since_us) if key == "since" else ""

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: StationRow, key: str) -> str:
        return {
            "code": lambda: one.code,
            "name": lambda: one.name,
            "state": lambda: tr(_STATES[one.state]),
            "since": lambda: age_text(self._now_us() - one.since_us) if one.since_us else DASH,
            "id": lambda: str(one.station_id),
        }[key]()


class WithheldTable(RecordTable[WithheldRecord]):
    """Acts without effect until somebody countersigns them, the newest first."""

    COLUMNS = (
        Column("at", mark("When"), 150),
        Column("user", mark("Who"), 170),
        Column("act", mark("What"), 230),
        Column("station", mark("Station"), 90),
        Column("why", mark("Why it has no effect"), 0),
    )
    DEFAULT_SORT = "at"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(PEOPLE, self._on_people)

    def _on_people(self, people: PeopleRecord) -> None:
        self.take(((one.act_hash, one) for one in people.withheld), is_snapshot=True)

    def _keys(self) -> Keys:
        at = np.asarray([one.at_us for one in self._records], np.int64)
        return pack_keys(np.zeros(len(at), np.bool_), np.zeros(len(at), np.uint8), at)

    def _sort_column(self, key: str) -> SortColumn:
        if key == "at":
            return np.asarray([one.at_us for one in self._records], np.int64)
        return text_ranks([self._text(one, key) for one in self._records])

    def tip(self, row: int, key: str) -> str:
        return time_tip(self._records[row].at_us) if key == "at" else ""

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: WithheldRecord, key: str) -> str:
        return {
            "at": lambda: clock_text(one.at_us, self._now_us()),
            "user": lambda: one.user,
            "act": lambda: event_word(one.etype),
            "station": lambda: one.station,
            "why": lambda: flag_word(one.flag),
        }[key]()


class BreakGlassTable(RecordTable[BreakGlassRecord]):
    """Uses of the control room identity that nobody has put a name to; overdue ones first."""

    COLUMNS = (
        Column("at", mark("When"), 150),
        Column("station", mark("Station"), 90),
        Column("state", mark("State"), 250),
        Column("why", mark("Why nobody could sign on"), 0),
    )
    DEFAULT_SORT = "at"

    def __init__(self, station: Station, parent: QObject | None = None, *, now_us: Callable[[], int] = now_us) -> None:
        super().__init__(parent, now_us)
        self._undo = station.subscribe(PEOPLE, self._on_people)

    def _on_people(self, people: PeopleRecord) -> None:
        self.take(((one.use_id, one) for one in people.break_glass), is_snapshot=True)

    def _keys(self) -> Keys:
        is_in_time = np.asarray([not one.is_overdue for one in self._records], np.bool_)
        at = np.asarray([one.at_us for one in self._records], np.int64)
        return pack_keys(is_in_time, np.zeros(len(at), np.uint8), at)

    def _sort_column(self, key: str) -> SortColumn:
        if key == "at":
            return np.asarray([one.at_us for one in self._records], np.int64)
        return text_ranks([self._text(one, key) for one in self._records])

    def look(self, row: int) -> RowLook:
        return _BOLD if self._records[row].is_overdue else PLAIN

    def tip(self, row: int, key: str) -> str:
        return time_tip(self._records[row].at_us) if key == "at" else ""

    def cell(self, row: int, key: str) -> str:
        return self._text(self._records[row], key)

    def _text(self, one: BreakGlassRecord, key: str) -> str:
        state = tr("overdue: the shift is over") if one.is_overdue else tr("to be named before the shift ends")
        return {
            "at": lambda: clock_text(one.at_us, self._now_us()),
            "station": lambda: one.station,
            "state": lambda: state,
            "why": lambda: one.why,
        }[key]()
