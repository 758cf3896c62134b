"""One session with the centre: events both ways, what other stations confirmed, the alarm log, credentials.

Runs in the sync thread on a connection of its own; what it found is told in a `Round` and handed to the main loop by
the replicator. Events come first, everything else rides along at its own, slower pace.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy.engine import Connection

from console.services.journal.archive_table import Segment
from console.services.journal.event_table import Tip
from console.services.journal.store import Disk
from console.services.sync import messages as m
from console.services.sync.alarm_lane import LaneRow, RowsSince
from console.services.sync.central import Central
from console.services.sync.central_rows import CredentialRow, PeerReceipt
from console.services.sync.conversation import Outcome
from console.services.sync.exchange import Exchange, push_alarm_lane

_SLOW = 5  # rounds between two looks at what others confirmed and at credentials


@dataclass(slots=True)
class Round:
    """What one round found beside the events. `held` is news: ends at the centre that it had not confirmed before."""

    outcome: Outcome
    held: list[Tip] = field(default_factory=list)
    receipts: list[PeerReceipt] = field(default_factory=list)
    alarm_rows: tuple[LaneRow, ...] = ()
    credentials: list[CredentialRow] = field(default_factory=list)


class CentreSession:
    """`station_db` is a connection to the file of the alarm log, None for no lane; `sign` makes our receipts;
    `archived` are the parts of streams that this station sealed."""

    def __init__(
        self,
        central: Central,
        disk: Disk,
        station_db: Connection | None,
        hello: m.Hello,
        rows_since: RowsSince,
        is_stopping: Callable[[], bool],
        sign: Callable[[Tip], bytes] = lambda _tip: b"",
        archived: Callable[[], Sequence[Segment]] = tuple,
    ) -> None:
        self._central = central
        self._exchange = Exchange(central, disk, hello)
        self._station = hello.station
        self._station_db = station_db
        self._rows_since = rows_since
        self._is_stopping = is_stopping
        self._sign = sign
        self._archived = archived
        self._listed: set[int] = set()  # archived parts that the centre knows of
        self._rid = central.greeting.alarm_rid_held  # what a centre that was set back lost is sent again
        self._lanes: dict[UUID, int] | None = None
        self._noted: set[Tip] = set()
        self._receipts: set[tuple[UUID, Tip]] = set()
        self._rounds = 0

    @property
    def clock_offset_s(self) -> float:
        """The centre's clock minus ours."""
        return self._central.greeting.clock_offset_us / 1e6

    def round(self, *, may_pull: bool, resting: Collection[UUID], credentials: Sequence[CredentialRow] = ()) -> Round:
        """One exchange and its riders; `credentials` of this station are handed over. Raises psycopg.Error."""
        outcome = self._exchange.run(may_pull=may_pull, resting=resting)
        found = Round(outcome)
        self._note_held(found)
        is_slow_turn = self._rounds % _SLOW == 0 or bool(credentials)
        self._rounds += 1
        if is_slow_turn and not self._is_stopping():
            receipts = [one for one in self._central.receipts() if one.peer != self._station]
            found.receipts = [one for one in receipts if (one.peer, one.tip) not in self._receipts]
            self._receipts = {(one.peer, one.tip) for one in receipts}
            if credentials:
                self._central.push_credentials(credentials)
            found.credentials = self._central.pull_credentials()
            self._list_archives()
        if self._station_db is not None and not self._is_stopping():
            self._rid = push_alarm_lane(self._central, self._station_db, self._rows_since, self._rid, self._is_stopping)
            found.alarm_rows = self._alarm_rows()
        return found

    def _note_held(self, found: Round) -> None:
        streams = {tip.stream for tip in found.outcome.held if tip not in self._noted}
        if not streams:
            return
        found.held = [tip for tip in found.outcome.held if tip.stream in streams]  # of a fork all ends together
        self._central.confirm(found.held, [self._sign(tip) for tip in found.held])
        self._noted = {tip for tip in self._noted if tip.stream not in streams} | set(found.held)

    def _list_archives(self) -> None:
        """What this station keeps in files is listed once a session; what the centre lacks events of, later."""
        for segment in self._archived() if self._central.lists_archives else ():
            is_due = segment.number not in self._listed and not self._is_stopping()
            if is_due and self._central.archive(segment.manifest, segment.uri):
                self._listed.add(segment.number)

    def _alarm_rows(self) -> tuple[LaneRow, ...]:
        """At first what is open anywhere, then what is new in the other stations' lanes."""
        if self._lanes is None:
            self._lanes = self._central.alarm_heads()
            return tuple(self._central.open_alarms())
        page = self._central.alarm_since(self._lanes)
        self._lanes = page.vector
        return page.rows
