"""The seam: all that models, views and the command line know of what runs.

`submit` a command, `query` a question, `subscribe` to a topic. Nothing behind it is reached around it, so that the
window can become the client of a station in another process later without touching a view.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from console.domain.alarm_classes import AlarmSettings
from console.domain.calendar_periods import Period
from console.domain.commands import Command
from console.domain.history.baseline import Cycle, Measure
from console.services import history_records as h
from console.services import performance_records as p
from console.services import records as r
from console.services.kpi_records import KpiPosition, KpiReport
from console.services.master_records import MasterDelta, MasterPreview
from console.services.notifier import Undo
from console.services.people_records import PeopleRecord, SignatureSheet
from console.services.story_records import AlarmDetails, PastSpans
from console.services.trend_records import AnnotationsDelta, PenGroupsDelta

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Topic(Generic[T]):
    """A stream of deltas. The first delivery to a subscriber is a snapshot, on the next heartbeat."""

    name: str


BEAT: Topic[int] = Topic("beat")  # now, microseconds UTC, ten times a second while the station lives
TAGS: Topic[r.TagsDelta] = Topic("tags")
ALARMS: Topic[r.AlarmsDelta] = Topic("alarms")
ALARM_COUNTS: Topic[r.AlarmCounts] = Topic("alarm_counts")
FLOOD: Topic[r.FloodRecord] = Topic("flood")
HORN: Topic[r.HornSnapshot] = Topic("horn")
LINKS: Topic[r.LinksDelta] = Topic("links")
NODES: Topic[r.NodesDelta] = Topic("nodes")
TROUBLES: Topic[r.TroublesDelta] = Topic("troubles")
TOPOLOGY: Topic[r.TopologyDelta] = Topic("topology")
INCIDENTS: Topic[r.IncidentsDelta] = Topic("incidents")
JOURNAL: Topic[r.JournalDelta] = Topic("journal")
SESSION: Topic[r.SessionRecord | None] = Topic("session")
STATUS: Topic[r.StatusRecord] = Topic("status")
SYNC: Topic[r.SyncRecord] = Topic("sync")
PEOPLE: Topic[PeopleRecord] = Topic("people")
EXPORT: Topic[r.ExportRecord] = Topic("export")
MASTER: Topic[MasterDelta] = Topic("master")
MASTER_FILES: Topic[r.ExportRecord] = Topic("master_files")
ANNOTATIONS: Topic[AnnotationsDelta] = Topic("annotations")
PEN_GROUPS: Topic[PenGroupsDelta] = Topic("pen_groups")
TREND_FILES: Topic[r.ExportRecord] = Topic("trend_files")


def samples_topic(handles: tuple[int, ...]) -> Topic[r.SamplesDelta]:
    """Every sample of these tags, at most 20 deliveries a second; the snapshot is empty (ask `TrendQuery` first)."""
    return Topic("samples:" + ",".join(map(str, sorted(handles))))


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A question with an answer of type T; cancel by cancelling the awaiting task."""


@dataclass(frozen=True, slots=True)
class TrendQuery(Query[tuple[r.TrendColumns, ...]]):
    """History of tags, in their order. A question with an `asker` takes the place of that asker's earlier one, of
    whatever kind: who still awaits that is cancelled."""

    tag_ids: tuple[UUID, ...]
    from_us: int
    to_us: int
    buckets: int = 2000
    asker: str = ""


@dataclass(frozen=True, slots=True)
class AggregateQuery(Query[tuple[h.AggregateColumns, ...]]):
    """Figures of numeric tags over [from_us, to_us): in at most `buckets` periods of equal length, the first and last
    of them cut; or by `period` of the site's calendar. Refused for an empty window and for more than 10,000 periods.

    `deviation_by_time` reads every sample: ask for it when it is looked at.
    """

    tag_ids: tuple[UUID, ...]
    from_us: int
    to_us: int
    buckets: int = 1
    period: Period | None = None
    deviation_by_time: bool = False
    asker: str = ""


@dataclass(frozen=True, slots=True)
class StateQuery(Query[tuple[h.StateColumns, ...]]):
    """When boolean, integer and text tags were in which state, in at most `most` spans, and how long in each."""

    tag_ids: tuple[UUID, ...]
    from_us: int
    to_us: int
    most: int = 2000
    asker: str = ""


@dataclass(frozen=True, slots=True)
class PercentileQuery(Query[tuple[h.PercentileAnswer, ...]]):
    """Exact percentiles of `shares` (0 to 1) from samples, by time or each sample once. Refused when the window begins
    before the samples that are kept: rollups cannot tell percentiles."""

    tag_ids: tuple[UUID, ...]
    from_us: int
    to_us: int
    shares: tuple[float, ...] = (0.05, 0.5, 0.95)
    is_by_time: bool = False
    asker: str = ""


@dataclass(frozen=True, slots=True)
class RawQuery(Query[tuple[h.RawColumns, ...]]):
    """The samples as they are kept, the first `limit` of each tag."""

    tag_ids: tuple[UUID, ...]
    from_us: int
    to_us: int
    limit: int = 100_000
    asker: str = ""


@dataclass(frozen=True, slots=True)
class FarTagsQuery(Query[tuple[h.FarTag, ...]]):
    """Tags of other stations whose history the centre has and that are not known here, with all these words; none
    while the centre is away."""

    words: str
    limit: int = 20


@dataclass(frozen=True, slots=True)
class FarTagQuery(Query[int]):
    """Make such a tag known here, so that its history can be drawn; gives its handle. Refused without the centre."""

    tag_id: UUID


@dataclass(frozen=True, slots=True)
class JournalQuery(Query[tuple[r.JournalRow, ...]]):
    """Newest first, at most `limit` rows; empty texts and zero times ask for everything.

    `etype` may name several types or their first parts, separated by blanks. Times are when it was done,
    [from_us, to_us), by the clock of the station that did it. `before_rid` goes on behind a row that is known.
    """

    text: str = ""
    etype: str = ""
    user: str = ""
    entity: str = ""
    limit: int = 1000
    from_us: int = 0
    to_us: int = 0
    station: str = ""  # its code
    before_rid: int = 0


@dataclass(frozen=True, slots=True)
class AlarmHistoryQuery(Query[tuple["AlarmLogRow", ...]]):
    """Transitions of one condition (or all, when None), newest first."""

    condition_id: UUID | None = None
    limit: int = 500


@dataclass(frozen=True, slots=True)
class AlarmSpansQuery(Query[PastSpans]):
    """Activations that ended in [from_us, to_us), whether their alarm is known now or not; of more the newest."""

    from_us: int
    to_us: int
    most: int = 10_000


@dataclass(frozen=True, slots=True)
class AlarmDetailsQuery(Query[AlarmDetails]):
    """What happened with one occurrence and in like cases before it; `start_us` 0: the alarm is normal now."""

    condition_id: UUID
    start_us: int


@dataclass(frozen=True, slots=True)
class AlarmSettingsQuery(Query[AlarmSettings]):
    """Classes, shelving, flood and sound as this station has them from its site's files now."""


@dataclass(frozen=True, slots=True)
class AlarmKpiQuery(Query[KpiReport]):
    """How the alarm system does over [from_us, to_us), a later end than now meaning now. `positions` share the load,
    0: as many as the site has; `position`: the alarms of this one's areas only, not divided. `skips_empty` leaves bins
    without annunciations out of means and percentages; `areas`: these only, empty for all. `since_shift`: from the
    beginning of the site's shift at the end on, where it has shifts. Refused for an empty window or one of more than
    400 days, for a position that the site has not, and for areas that are none of it."""

    from_us: int
    to_us: int
    positions: int = 0
    skips_empty: bool = False
    areas: tuple[str, ...] = ()
    since_shift: bool = False
    position: str = ""


@dataclass(frozen=True, slots=True)
class AlarmAreasQuery(Query[tuple[str, ...]]):
    """Areas that ever had an alarm, by name."""


@dataclass(frozen=True, slots=True)
class AlarmPositionsQuery(Query[tuple[KpiPosition, ...]]):
    """The site's operator positions, as `site.toml` has them."""


@dataclass(frozen=True, slots=True)
class CapacityQuery(Query[p.CapacityReport]):
    """Every capacity of the site with the day on which it ends, the soonest first."""


@dataclass(frozen=True, slots=True)
class ForecastQuery(Query[p.ForecastRecord]):
    """One capacity with its past and what is expected. Refused: it is none."""

    tag_id: UUID


@dataclass(frozen=True, slots=True)
class TopQuery(Query[p.TopReport]):
    """The busiest `count` tags of every metric over [from_us, to_us), by their mean. Refused for an empty window."""

    from_us: int
    to_us: int
    count: int = 10


@dataclass(frozen=True, slots=True)
class BaselineQuery(Query[p.BaselineRecord]):
    """What is usual for a tag, its bounds over the last two weeks, and where it left them. `above` and `below` are
    amounts from the mean outwards, None: no bound."""

    tag_id: UUID
    cycle: Cycle = Cycle.WEEKDAY_HOUR
    periods: int = 12
    measure: Measure = Measure.SIGMA
    above: float | None = 2.0
    below: float | None = 2.0


@dataclass(frozen=True, slots=True)
class BaselineRulesQuery(Query[tuple[p.BaselineRule, ...]]):
    """The alarm rules that judge by what is usual, tag by tag, and how much of a past each one has."""


@dataclass(frozen=True, slots=True)
class LoadQuery(Query[p.LoadReport]):
    """How the figures of performance go with what is produced over [from_us, to_us), hour by hour."""

    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class LoadPointsQuery(Query[p.LoadPoints]):
    """The hours behind one figure of the report."""

    tag_id: UUID
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class PreferencesQuery(Query[dict[str, str]]):
    """Preferences of the person signed on here, from every station of the site: key -> JSON text."""


@dataclass(frozen=True, slots=True)
class MasterPreviewQuery(Query[MasterPreview]):
    """What a file of master alarm records (.csv, .xlsx, an absolute path) would change; Refused: it cannot be read."""

    file: str


@dataclass(frozen=True, slots=True)
class SignatureQuery(Query[SignatureSheet]):
    """What is to be read before `command` is signed. Raises Refused when it needs no signature, or cannot be done.

    Then submit the command with `proof=SignatureProof(secret, sheet.meaning, sheet.sha256)`.
    """

    command: Command


@dataclass(frozen=True, slots=True)
class AlarmLogRow:
    condition_id: UUID
    start_us: int
    transition: str  # raised, severity_up, severity_down, returned, acknowledged, closed
    n: int
    at_us: int  # source time
    receive_us: int
    priority: int
    severity: int
    value: float | None
    text: str
    subject: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The act is durable on this PC. `hashes` name its journal entries (hex); `entity_id` the record it made."""

    hashes: tuple[str, ...]
    entity_id: str = ""
    number: str = ""
    skipped: tuple[str, ...] = ()  # what was done before and is therefore left out, by name


class Station(Protocol):
    """Lives in the main thread. Callbacks come in the main thread, at most 20 a second per topic."""

    async def submit(self, command: Command) -> Receipt:
        """Do what the person signed on at this console asks. Raises `Refused`; returns only when durable."""
        ...

    async def query(self, query: Query[T]) -> T: ...

    def subscribe(self, topic: Topic[T], callback: Callable[[T], None]) -> Undo: ...
