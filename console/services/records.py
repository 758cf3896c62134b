"""What crosses the seam between what runs and what shows: frozen values and numpy columns, as deltas.

Every topic's first delivery to a new subscriber has `is_snapshot=True` and holds everything; later ones hold what
changed since. Columns of one delta have equal length n. Times are int64 microseconds UTC, 0 = never.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from console.domain.alarms import Condition
from console.domain.assets import Asset, Link
from console.domain.tags import Tag
from console.services.incident_records import CompetingValue as CompetingValue  # noqa: PLC0414 part of this face
from console.services.incident_records import IncidentRecord as IncidentRecord  # noqa: PLC0414 part of this face
from console.services.incident_records import IncidentsDelta as IncidentsDelta  # noqa: PLC0414 part of this face
from console.services.incident_records import IncidentStep as IncidentStep  # noqa: PLC0414 part of this face
from console.services.incident_records import RelatedIncident as RelatedIncident  # noqa: PLC0414 part of this face
from console.services.sync_records import CatchUp as CatchUp  # noqa: PLC0414 part of this face
from console.services.sync_records import PeerRecord as PeerRecord  # noqa: PLC0414 part of this face
from console.services.sync_records import PeerState as PeerState  # noqa: PLC0414 part of this face
from console.services.sync_records import QuarantinedEvent as QuarantinedEvent  # noqa: PLC0414 part of this face
from console.services.sync_records import StreamRecord as StreamRecord  # noqa: PLC0414 part of this face
from console.services.sync_records import SyncRecord as SyncRecord  # noqa: PLC0414 part of this face

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int32]
    Longs = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bytes8 = NDArray[np.uint8]
    Marks16 = NDArray[np.uint16]
    Signed8 = NDArray[np.int8]
else:  # the first window stands before numpy is loaded
    Ints = Longs = Floats = Bytes8 = Marks16 = Signed8 = Any


@dataclass(frozen=True, slots=True)
class TagsDelta:
    """`added` before values. `texts` holds the shown form of non-numeric values and of integers beyond 2**53."""

    is_snapshot: bool
    added: tuple[Tag, ...]  # a Tag with a known handle replaces it (new unit, type, asset)
    handles: Ints
    values: Floats  # nan where there is no number
    quality: Bytes8  # domain.quality.Quality
    detail: Bytes8  # domain.quality.Detail
    source_us: Longs
    receive_us: Longs
    texts: Mapping[int, str] = field(default_factory=dict)  # handle -> text


@dataclass(frozen=True, slots=True)
class SamplesDelta:
    """Samples of the subscribed handles in arrival order, late ones included (flagged)."""

    is_snapshot: bool
    handles: Ints
    source_us: Longs
    values: Floats
    quality: Bytes8
    late: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class AsideRecord:
    """Why an alarm is kept out of the list: one per hiding flag (`domain.alarm_flags`). Times wall clock, 0: none."""

    flag: int
    who: str = ""  # shown name; empty: a rule
    workstation: str = ""  # code of the station where it was done
    reason_code: str = ""
    reason: str = ""
    since_us: int = 0
    until_us: int = 0  # 0: no end of its own
    is_one_shot: bool = False
    work_order: str = ""
    rule_id: str = ""  # suppressed by
    times: int = 0  # how often it was shelved anew without being unshelved between


@dataclass(frozen=True, slots=True)
class FloodRecord:
    """Whether more comes than a person can read. `areas`: (area, annunciations in the window, most urgent priority)."""

    is_flood: bool = False
    since_us: int = 0
    in_window: int = 0
    window_s: int = 600
    areas: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmsDelta:
    """Rows of the alarm table. A row stays the same for one condition while the process lives.

    Rows whose state is NORMAL have left the list. `notes` maps row to what stands beside it (comment, incident
    number). `acked_by` maps row to a shown name.
    """

    is_snapshot: bool
    conditions: tuple[Condition, ...]  # static parts, before the rows that use them
    rows: Ints
    state: Bytes8  # AlarmState
    priority: Bytes8  # Priority, the worst since the last acknowledgement
    severity: Signed8
    start_us: Longs
    annunciated_us: Longs  # the newest of start, severity rise, re-alarm
    changed_us: Longs
    value: Floats
    count: Ints  # activations of this condition since start-up, for "x3"
    uncertain: NDArray[np.bool_]
    flags: Marks16  # domain.alarm_flags.AlarmFlag; a row with a hiding flag is told whatever its state
    acked_by: Mapping[int, str] = field(default_factory=dict)
    notes: Mapping[int, str] = field(default_factory=dict)
    aside: Mapping[int, tuple[AsideRecord, ...]] = field(default_factory=dict)  # row -> why it is kept out of the list
    owners: Mapping[int, str] = field(default_factory=dict)  # row -> shown name of who works on it
    worst: Signed8 | None = None  # the worst severity since the last acknowledgement; None: not told


@dataclass(frozen=True, slots=True)
class AlarmCounts:
    """One count for banner, list, badge, tray and sound; index 0..3 = priority 1..4."""

    unacknowledged: tuple[int, int, int, int] = (0, 0, 0, 0)
    active: tuple[int, int, int, int] = (0, 0, 0, 0)
    top_row: int = -1  # the most urgent unacknowledged, newest first within its priority
    shelved: int = 0
    out_of_service: int = 0
    suppressed: int = 0
    escalated: int = 0  # nobody acknowledged them in the time of their class


class HornState(StrEnum):
    QUIET = "quiet"
    SOUNDING = "sounding"
    SILENCED = "silenced"  # unacknowledged alarms remain
    NO_DEVICE = "no_device"


@dataclass(frozen=True, slots=True)
class HornSnapshot:
    """`priority` sounds now (0 = none); `request` rises by one with each annunciation that starts a sound."""

    state: HornState
    priority: int
    request: int
    position: str = ""
    pattern: str = ""  # of resources/sounds: a priority's, many_<priority>, recall, link; empty: the priority's
    summary: int = 0  # of a burst: how many are unacknowledged, the same number as everywhere; 0: no burst
    is_nag: bool = False  # what is still unacknowledged is recalled
    first: str = ""  # the pattern of one that stands out of the burst: heard once before the other goes on


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """One of our own links: `name` is "broker:<name>", "centre" or "neighbour:<station>"."""

    name: str
    state: str  # live, connecting, lost, refused, off
    since_us: int
    lag_s: float | None = None
    waiting: int = 0  # actions not yet there
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LinksDelta:
    is_snapshot: bool
    links: tuple[LinkRecord, ...]


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A Sparkplug node or device session as the engineer sees it; device empty for the node itself."""

    broker: str
    group: str
    node: str
    device: str
    asset_id: UUID
    state: str  # online, offline, stale (awaits birth), blind
    since_us: int
    births: int = 0
    rebirths_requested: int = 0
    seq_gaps: int = 0
    metrics: int = 0
    skew_s: float | None = None
    last_message_us: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class NodesDelta:
    is_snapshot: bool
    nodes: tuple[NodeRecord, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Counted bad input of one sender and kind; `example` is hex or text, at most 128 characters, plain."""

    sender: str  # topic or node
    kind: str  # undecodable, unknown_alias, data_before_birth, seq_gap, too_large, too_many_metrics, ...
    count: int
    first_us: int
    last_us: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class TroublesDelta:
    is_snapshot: bool
    troubles: tuple[Trouble, ...]  # a (sender, kind) that is known replaces the older one


@dataclass(frozen=True, slots=True)
class TopologyDelta:
    """`states` columns: worst quality of the asset's tags, its own session state and its most urgent alarm."""

    is_snapshot: bool
    assets: tuple[Asset, ...]
    links: tuple[Link, ...]
    removed: tuple[UUID, ...]
    states: tuple[AssetState, ...]


@dataclass(frozen=True, slots=True)
class AssetState:
    asset_id: UUID
    state: str  # ok, alarm, down, stale, blind, unknown
    priority: int = 0  # most urgent active alarm, 0 = none
    unacknowledged: bool = False
    since_us: int = 0
    headline: str = ""  # short text such as "78.4 °C" or "DOWN"


@dataclass(frozen=True, slots=True)
class JournalRow:
    hash: str  # hex
    stream: UUID
    seq: int
    at_us: int
    station: str
    user: str
    etype: str
    entity: str
    summary: str  # payload as compact JSON text
    in_centre: bool = False
    stations: int = 0  # other stations that are known to hold it durably
    flags: tuple[str, ...] = ()  # open event flags: unauthorised, revoked_user, clock_suspect, fork_branch, ...
    rid: int = 0  # local receive order: `JournalQuery.before_rid` goes on from here
    reason: str = ""  # why, in the person's own words
    user_id: str = ""
    roles: tuple[str, ...] = ()  # as they were at that time


@dataclass(frozen=True, slots=True)
class JournalDelta:
    """Snapshot: the newest 1,000; older ones by `JournalQuery`."""

    is_snapshot: bool
    rows: tuple[JournalRow, ...]


@dataclass(frozen=True, slots=True)
class ExportRecord:
    """How far the export is that runs, or that ran last; `total` 0: not counted yet."""

    file: str = ""
    done: int = 0
    total: int = 0
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """Who is signed on at this console; `denied` maps command name to the reason why this person may not."""

    user_id: str
    login: str
    name: str
    roles: tuple[str, ...]
    signed_on_us: int
    denied: Mapping[str, str] = field(default_factory=dict)
    is_locked: bool = False  # view only until the person proves himself again, or another signs on
    method: str = "password"  # how he proved himself: password, pin, break_glass
    confirmed_us: int = 0  # when the centre last confirmed his rights, 0 = never


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """What the history takes and when it is full. `tightest` is the class that is full first, "" the disk.

    `days_left` inf: never, the days of its classes end before; None: not predictable, as is `per_day`.
    """

    size: int  # bytes
    per_day: float | None = None
    days_left: float | None = None
    tightest: str = ""
    waiting: int = 0  # samples that are not written yet, while they cannot be
    lost: int = 0  # since the start
    centre: str = "off"  # the link by which history goes to the centre: off, connecting, live, lost, refused
    centre_detail: str = ""
    handed_until_us: int = 0  # hours before this one are at the centre, 0: none yet
    hours_waiting: int = 0


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """For status strip and doctor: freshness of tags, rates, site facts."""

    site_name: str
    station_name: str
    position: str
    time_zone: str
    tags_live: int = 0
    tags_stale: int = 0
    tags_bad: int = 0
    tags_blind: int = 0
    samples_per_s: float = 0.0
    inbox_lag_ms: float = 0.0
    collector: str = "off"
    troubles: int = 0
    journal_events: int = 0
    defects: int = 0
    alarms_waiting: int = 0  # alarms of a burst whose change is not taken in yet
    history: HistoryRecord | None = None  # None: not measured yet


@dataclass(frozen=True, slots=True)
class TrendColumns:
    """History of one tag over [from_us, to_us): raw when `buckets` was not reached, else min/max per bucket.

    `time_us` bucket starts or sample times; `low == high` for raw. Buckets without a sample are absent, never
    interpolated: what `last` says holds through them, and nan is a gap. `low` and `high` are of samples that can be
    trusted, of others only where there are no such. `good` is False where any sample of the bucket was not GOOD.
    """

    tag_id: UUID
    time_us: Longs
    low: Floats
    high: Floats
    last: Floats
    good: NDArray[np.bool_]
    is_raw: bool
    width_us: int = 0  # of a bucket; their begins are multiples of it
    held: float = float("nan")  # what holds as the first bucket, or the window, begins; nan: nothing, or a gap
    held_good: bool = False
    held_us: int = 0  # since when, 0: nothing is known before
    until_us: int = 0  # when knowledge ended though no gap says so; 0: what was said last goes on
