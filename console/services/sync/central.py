"""Speaks with the central PostgreSQL: one synchronous psycopg connection, used by the sync thread alone."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from console.config.settings import CentreSettings
from console.services.journal.envelope import Event, RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.own_stream import Place
from console.services.sync.alarm_lane import LaneRow
from console.services.sync.central_schema import ensure_schema
from console.services.sync.line import Line

BATCH = 500
_BATCH_BYTES = 1 << 20
_PRESENCE_S = 5.0  # each exchange begins with a question that is answered at once


class Central:
    """An open session with the centre for one station. psycopg errors pass through: the link is lost then.

    `line` is how to reach it; who keeps it may cut the session from another thread.
    """

    def __init__(self, settings: CentreSettings, place: Place, line: Line | None = None) -> None:
        self._place = place
        self._site = (place.tenant, place.site)
        self._line = line or Line(settings)
        self._connection = self._line.open()
        try:
            ensure_schema(self._connection)
            self.centre_id = self._hello()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def tips(self) -> tuple[Tip, ...]:
        """Where each stream ends at the centre."""
        with self._line.patience(_PRESENCE_S):
            rows = self._connection.execute("select stream_id, seq, hash from leitstand.tips(%s, %s)", self._site)
        return tuple(Tip(*row) for row in rows.fetchall())

    def push(self, events: Sequence[Event]) -> int:
        """Hand events over in stream order; those already there are passed over. Gives how many were new."""
        row = self._connection.execute(
            "select leitstand.push(%s, %s, %s::jsonb, %s, %s)",
            (
                *self._site,
                msgspec.json.encode([_columns(event) for event in events]).decode(),
                [event.raw.body for event in events],
                [event.raw.sig for event in events],
            ),
        ).fetchone()
        return int(row[0]) if row else 0

    def pull(self, stream: UUID, after_seq: int, after_hash: bytes) -> list[tuple[int, RawEvent]]:
        """At most 500 events or 1 MiB of a stream behind (seq, hash), each with its seq; unverified."""
        rows = self._connection.execute(
            "select seq, hash, body, sig from leitstand.pull(%s, %s, %s, %s, %s, %s, %s)",
            (*self._site, stream, after_seq, after_hash, BATCH, _BATCH_BYTES),
        )
        return [(row[0], RawEvent(*row[1:])) for row in rows.fetchall()]

    def confirm(self, held: Sequence[Tip]) -> None:
        """Tell the centre what this station holds durably."""
        self._connection.execute(
            "select leitstand.confirm(%s, %s, %s, %s::uuid[], %s::bigint[], %s::bytea[])",
            (
                *self._site,
                self._place.station,
                [tip.stream for tip in held],
                [tip.seq for tip in held],
                [tip.hash for tip in held],
            ),
        )

    def push_alarm_log(self, rows: Sequence[LaneRow]) -> None:
        """Hand alarm transitions over; rows that any station wrote before keep the earliest receive time."""
        self._connection.execute(
            "select leitstand.push_alarm_log(%s, %s, %s, %s::jsonb)",
            (*self._site, self._place.station, msgspec.json.encode(rows).decode()),
        )

    def _hello(self) -> str:
        row = self._connection.execute(
            "select leitstand.hello(%s, %s, %s, %s)", (*self._site, self._place.station, self._place.code)
        ).fetchone()
        return str(row[0]) if row else ""


def _columns(event: Event) -> dict[str, object]:
    body = event.body
    return {
        "stream": body.stream,
        "seq": body.seq,
        "hash": event.raw.hash.hex(),
        "prev": body.prev,
        "hlc": event.hlc,
        "wall_us": body.wall_us,
        "station": body.station,
        "etype": body.etype,
        "ever": body.ever,
        "entity_type": body.entity_type,
        "entity_id": body.entity_id,
        "user_id": body.user_id,
        "tx_id": body.tx_id,
        "tx_n": body.tx_n,
    }
