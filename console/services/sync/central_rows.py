"""What the centre answers beside events: its greeting, receipts of others, pages of the alarm lane, credentials."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from console.services.journal.event_table import Tip
from console.services.sync.alarm_lane import LaneRow

# the place of a row in a range: (at_us, condition_id, start_us, transition, n)
RangePlace = tuple[int, UUID, int, str, int]


@dataclass(frozen=True, slots=True)
class Greeting:
    """The centre's answer to HELLO.

    `generation` changes when the server was restored to another time line, and with `centre_id` names its memory.
    `clock_offset_us` is its clock minus ours (half a round trip accurate); `held` are the ends of our own streams
    as it knows them; `alarm_rid_held` the last row of our alarm lane that it holds: we go on from there, whatever we
    remember, so a centre that was restored or replaced gets again what it lost (P36, P37).
    """

    centre_id: str
    generation: str
    schema_ver: int
    clock_offset_us: int
    held: tuple[Tip, ...] = ()
    alarm_rid_held: int = 0


@dataclass(frozen=True, slots=True)
class Pushed:
    """How many events were new, and where the streams of the batch end at the centre now."""

    taken: int
    held: tuple[Tip, ...]


@dataclass(frozen=True, slots=True)
class PeerReceipt:
    """The furthest event of a stream that another station said it holds durably."""

    peer: UUID
    tip: Tip
    sig: bytes


@dataclass(frozen=True, slots=True)
class LanePage:
    """Alarm rows of other stations and the vector {lane: rid} behind them; no rows: nothing is new."""

    rows: tuple[LaneRow, ...]
    vector: dict[UUID, int]


class CredentialRow(msgspec.Struct, frozen=True):
    """A password or PIN hash as it travels through the centre; `station` set and signed it (`sig`, hex)."""

    user_id: str
    kind: str
    version: int
    encoded: str
    at_us: int
    station: UUID
    sig: str


def place_in_range(row: LaneRow) -> RangePlace:
    return row.at_us, row.condition_id, row.start_us, row.transition, row.n
