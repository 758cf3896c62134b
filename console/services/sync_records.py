"""What the Sync view is told: peers, streams, what is set apart, and how far the exchange of journals came."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class PeerState(StrEnum):
    """How a peer of the journal is."""

    LIVE = "live"  # answered within the last polls
    CONNECTING = "connecting"
    LOST = "lost"
    REFUSED = "refused"  # wrong site, revoked, no common protocol: `detail` says which
    OFF = "off"


@dataclass(frozen=True, slots=True)
class PeerRecord:
    """One that this station exchanges its journal with: the centre (`station_id` None) or a neighbour."""

    name: str  # "centre" or "neighbour:<code>"
    state: str  # PeerState
    since_us: int
    station_id: UUID | None = None
    shown: str = ""  # the station's name
    lag_s: float | None = None  # since the last answered exchange
    clock_offset_s: float | None = None  # theirs minus ours
    waiting: int = 0  # our events that it is not known to hold
    missing: int = 0  # its events that we know of and do not have yet
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One incarnation of a station as this station's journal holds it."""

    stream: UUID
    station_code: str
    is_own: bool
    is_open: bool
    is_forked: bool
    seq: int
    reason: str  # why it was opened
    opened_us: int


@dataclass(frozen=True, slots=True)
class QuarantinedEvent:
    """An event that is kept apart or flagged: `flag` is an `event_flag` name, "pending" or "rejected"."""

    hash: str
    stream: UUID | None
    seq: int
    flag: str
    reason: str
    since_us: int
    station_code: str = ""
    etype: str = ""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Progress of a long exchange with one peer; `total` grows when more is found."""

    peer: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SyncRecord:
    """Everything the Sync view shows; told whole when any of it changed."""

    peers: tuple[PeerRecord, ...] = ()
    streams: tuple[StreamRecord, ...] = ()
    quarantined: tuple[QuarantinedEvent, ...] = ()  # newest first, at most 500
    catch_ups: tuple[CatchUp, ...] = ()
    conflicts: int = 0  # records with concurrent values
    forks: int = 0
    own_waiting: int = 0  # own events known to be on no other station and not in the centre
    enrolled: str = ""  # empty: may act; else why this station only watches
    backup_us: int = 0  # last verified backup, 0 = none
    backup_detail: str = ""
    pairing_code: str = ""  # while not enrolled: what an administrator elsewhere types
    proof: str = ""  # the journal's proof in the background: running, sound, broken; empty: not yet
    proof_us: int = 0  # when it began or ended
    proof_place: str = ""  # the first break
    archived: int = 0  # entries whose content is in the archive alone
    archived_before_us: int = 0  # all of them are older
    archive: str = ""  # the newest file of the archive, as an address
