"""What crosses the seam about people, signatures and enrolment: frozen records beside those of `records.py`."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SignatureSheet:
    """What the signer is shown before he signs: his printed name, the sentence, the record's lines.

    `sentence` is an English template with {name}, translated where it is shown; labels of `lines` likewise, their
    values are plain text. `sha256` goes back unchanged in the proof, with `meaning`.
    """

    name: str
    meaning: str
    sentence: str
    record_type: str
    record_id: str
    lines: tuple[tuple[str, str], ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class GrantRecord:
    role: str
    area: str  # empty: the whole site


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """`sessions` names the stations where the person is signed on now."""

    user_id: str
    login: str
    name: str
    is_disabled: bool
    grants: tuple[GrantRecord, ...]
    has_password: bool
    has_pin: bool
    sessions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BreakGlassRecord:
    use_id: str
    station: str
    at_us: int
    why: str
    is_overdue: bool  # the shift is over and nobody has said who it was


@dataclass(frozen=True, slots=True)
class WithheldRecord:
    """A flagged act that has no effect until countersigned; `act_hash` is what `countersign` names."""

    act_hash: str
    at_us: int
    station: str
    user: str
    etype: str
    summary: str  # payload as JSON text
    flag: str  # unauthorised, revoked_user


@dataclass(frozen=True, slots=True)
class WrongErasingRecord:
    """Somebody was erased by a person who had no right to it. `is_gone`: this station overwrote login and name."""

    act_hash: str
    user_id: str
    person: str  # what he is called here; the id where that is not known
    by: str
    at_us: int
    station: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class JoinRecord:
    """A station that asks to be let in: the administrator types the pairing code that stands on its screen."""

    station_id: UUID
    code: str
    name: str
    since_us: int


@dataclass(frozen=True, slots=True)
class StationRecord:
    station_id: UUID
    code: str
    name: str
    is_own: bool
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class PeopleRecord:
    """Everything about people and stations, whole each time it changes.

    `not_enrolled` is the reason why this station only watches (English, translated where shown), empty when it is
    enrolled; `pairing_code` is what its screen shows meanwhile. `lock_after_s` is the idle time, 0 = never.
    """

    people: tuple[PersonRecord, ...] = ()
    break_glass: tuple[BreakGlassRecord, ...] = ()  # uses that nobody has put a name to, oldest first
    withheld: tuple[WithheldRecord, ...] = ()
    joining: tuple[JoinRecord, ...] = ()
    stations: tuple[StationRecord, ...] = ()
    not_enrolled: str = ""
    pairing_code: str = ""
    can_let_in: bool = False
    lock_after_s: int = 0
    wrong_erasings: tuple[WrongErasingRecord, ...] = ()  # that nobody put right yet, oldest first
