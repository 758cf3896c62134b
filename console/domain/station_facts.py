"""Facts about stations and their journals: streams, enrolment, revocation, backup, what was found wrong."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain.fact import Fact


@dataclass(frozen=True, slots=True)
class StreamOpened(Fact):
    """The first event of a stream, signed by the key it names.

    `certificate_hex` proves that the site's authority knows that key (`identity/certificates.py`); empty at sites
    without an authority, whose stations trust on first sight.
    """

    etype: ClassVar[str] = "stream.opened"
    entity_type: ClassVar[str] = "stream"
    stream: UUID
    station_code: str
    public_key_hex: str
    reason: str  # first_start, fingerprint, rolled_back, unknown_own, salvage, restored, key, enrolled, clock
    predecessor: UUID | None = None
    certificate_hex: str = ""


@dataclass(frozen=True, slots=True)
class StationEnrolled(Fact):
    """An administrator let a station in; `certificate_hex` is what its streams open with."""

    etype: ClassVar[str] = "station.enrolled"
    entity_type: ClassVar[str] = "station"
    station_id: UUID
    code: str
    name: str
    public_key_hex: str
    certificate_hex: str


@dataclass(frozen=True, slots=True)
class StationRevoked(Fact):
    """Events of this station behind (stream, seq) are kept, flagged, and move nothing unsafe; zero: none is trusted.

    `streams` and `seqs` go in pairs: the last trusted event of each stream.
    """

    etype: ClassVar[str] = "station.revoked"
    entity_type: ClassVar[str] = "station"
    station_id: UUID
    streams: tuple[UUID, ...]
    seqs: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class ForkFound(Fact):
    """Two different events at one place of a stream: a data folder was copied or brought back; both are kept."""

    etype: ClassVar[str] = "sync.fork"
    entity_type: ClassVar[str] = "stream"
    stream: UUID
    seq: int


@dataclass(frozen=True, slots=True)
class DivergenceFound(Fact):
    """Equal vectors but another state: a defect in Leitstand; the bucket was rebuilt."""

    etype: ClassVar[str] = "sync.divergence"
    entity_type: ClassVar[str] = "station"
    peer: str
    bucket: str


@dataclass(frozen=True, slots=True)
class BackupMade(Fact):
    etype: ClassVar[str] = "backup.made"
    entity_type: ClassVar[str] = "station"
    file: str
    sha256: str
    events: int


@dataclass(frozen=True, slots=True)
class BackupRestored(Fact):
    etype: ClassVar[str] = "backup.restored"
    entity_type: ClassVar[str] = "station"
    file: str
    sha256: str
    events: int
    salvaged: int = 0


@dataclass(frozen=True, slots=True)
class DatabaseSetAside(Fact):
    """A damaged file was moved away, never deleted."""

    etype: ClassVar[str] = "database.set_aside"
    entity_type: ClassVar[str] = "station"
    file: str
    kept_as: str
    salvaged: int = 0


@dataclass(frozen=True, slots=True)
class ClockStepped(Fact):
    """The PC's clock jumped against the monotonic one, in milliseconds, forward positive."""

    etype: ClassVar[str] = "clock.stepped"
    entity_type: ClassVar[str] = "station"
    station_id: UUID
    by_ms: int


@dataclass(frozen=True, slots=True)
class SoundChecked(Fact):
    """Whether alarms can be heard at a workstation; `why` is start, shift or test (a person played the sounds)."""

    etype: ClassVar[str] = "sound.checked"
    entity_type: ClassVar[str] = "station"
    station_id: UUID
    why: str
    is_ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JournalExported(Fact):
    """Events or rows left the program; `what` is journal, audit_csv, audit_xlsx, audit_pdf."""

    etype: ClassVar[str] = "journal.exported"
    entity_type: ClassVar[str] = "station"
    what: str
    file: str
    events: int
    sha256: str


@dataclass(frozen=True, slots=True)
class JournalImported(Fact):
    etype: ClassVar[str] = "journal.imported"
    entity_type: ClassVar[str] = "station"
    file: str
    from_station: str
    stored: int
    known: int
    rejected: int


ALL: tuple[type[Fact], ...] = (
    StreamOpened,
    StationEnrolled,
    StationRevoked,
    ForkFound,
    DivergenceFound,
    BackupMade,
    BackupRestored,
    DatabaseSetAside,
    ClockStepped,
    SoundChecked,
    JournalExported,
    JournalImported,
)
