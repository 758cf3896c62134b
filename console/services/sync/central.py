"""Speaks with the central PostgreSQL: one synchronous psycopg connection, used by the sync thread alone."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure

from console.config.settings import CentreSettings
from console.services.journal.archive_file import Manifest
from console.services.journal.envelope import Event, RawEvent
from console.services.journal.event_table import Tip
from console.services.journal.own_stream import Place
from console.services.sync.alarm_lane import NO_LANE, LaneRow
from console.services.sync.central_rows import (
    CredentialRow,
    Greeting,
    LanePage,
    PeerReceipt,
    Pushed,
    RangePlace,
)
from console.services.sync.central_schema import PROTOCOL, CentreRefuses
from console.services.sync.line import Line

BATCH = 500
_BATCH_BYTES = 1 << 20
_PRESENCE_S = 5.0  # each exchange begins with a question that is answered at once
_TRIES = 5
_REST_S = 0.05
_LISTS_ARCHIVES = 3  # version of the schema
_SHUT_OUT = "is not permitted to log in"


def _wall_us() -> int:
    return time.time_ns() // 1000


class Central:
    """An open session with the centre for one station. psycopg errors pass through: the link is lost then.

    `line` is how to reach it; who keeps it may cut the session from another thread. `public_key` is compared with
    the enrolled one when it is given; `lane` names this station's alarm log. Raises CentreRefuses when the centre
    does not take this station or this program; who is in another's way (40001, 40P01) tries again.
    """

    def __init__(
        self,
        settings: CentreSettings,
        place: Place,
        line: Line | None = None,
        *,
        public_key: bytes = b"",
        lane: UUID = NO_LANE,
        now_us: Callable[[], int] = _wall_us,
    ) -> None:
        self._place = place
        self._site = (place.tenant, place.site)
        self._line = line or Line(settings)
        self._lane = lane
        self._now_us = now_us
        try:
            self._connection = self._line.open()
        except psycopg.OperationalError as error:
            if _SHUT_OUT in str(error):
                raise CentreRefuses(
                    "The centre does not admit this station: its enrolment was revoked. "
                    "An administrator enrols it again: leitstand centre enrol STATION URL"
                ) from error
            raise
        try:
            self.greeting = self._hello(public_key)
        except BaseException:
            self.close()
            raise

    @property
    def centre_id(self) -> str:
        return self.greeting.centre_id

    def close(self) -> None:
        self._connection.close()

    # --- events ----------------------------------------------------------------------------------------------------

    def tips(self) -> tuple[Tip, ...]:
        """Where each stream ends at the centre."""
        with self._line.patience(_PRESENCE_S):
            rows = self._ask("select stream_id, seq, hash from leitstand.tips(%s, %s)")
        return tuple(Tip(*row) for row in rows)

    def push(self, events: Sequence[Event]) -> Pushed:
        """Hand over at most 1,000 events; those already there are passed over. One that does not fit (hash, missing
        predecessor, another site) is not taken and stops only what is behind it in its stream."""
        raws = [event.raw for event in events]
        rows = self._ask(
            "select taken, stream_id, seq, hash from leitstand.push(%s, %s, %b::bytea[], %b::bytea[], %b::bytea[])",
            [raw.hash for raw in raws],
            [raw.body for raw in raws],
            [raw.sig for raw in raws],
        )
        return Pushed(int(rows[0][0]), tuple(Tip(*row[1:]) for row in rows if row[1] is not None))

    def pull(self, stream: UUID, after_seq: int, after_hash: bytes) -> list[tuple[int, RawEvent]]:
        """At most 500 events or 1 MiB of a stream behind (seq, hash), each with its seq; unverified."""
        rows = self._ask(
            "select seq, hash, body, sig from leitstand.pull(%s, %s, %s, %s, %s, %s, %s)",
            stream, after_seq, after_hash, BATCH, _BATCH_BYTES,
        )  # fmt: skip
        return [(row[0], RawEvent(*row[1:])) for row in rows]

    def hashes(self, stream: UUID, seqs: Sequence[int]) -> list[Tip]:
        """The events that stand at these places of a stream (at most 5,000; a fork has several at one), in order."""
        rows = self._ask("select seq, hash from leitstand.hashes(%s, %s, %s, %s::bigint[])", stream, list(seqs[:5000]))
        return [Tip(stream, *row) for row in rows]

    def events_by_hash(self, hashes: Sequence[bytes]) -> list[RawEvent]:
        """Those of these events that are there, at most 1 MiB, ordered by stream and seq; unverified."""
        rows = self._ask(
            "select hash, body, sig from leitstand.events_by_hash(%s, %s, %s::bytea[], %s)",
            list(hashes[:BATCH]), _BATCH_BYTES,
        )  # fmt: skip
        return [RawEvent(*row) for row in rows]

    def confirm(self, held: Sequence[Tip], sigs: Sequence[bytes] = ()) -> None:
        """Tell the centre what this station holds durably; `sigs` are its signatures of these receipts, if any."""
        self._ask(
            "select leitstand.confirm(%s, %s, %s, %s::uuid[], %s::bigint[], %s::bytea[], %s::bytea[])",
            self._place.station,
            [tip.stream for tip in held],
            [tip.seq for tip in held],
            [tip.hash for tip in held],
            list(sigs) or [None] * len(held),
        )

    def receipts(self) -> list[PeerReceipt]:
        """What the other stations of the site said that they hold: the furthest of each stream."""
        rows = self._ask("select peer_id, stream_id, seq, hash, sig from leitstand.receipts(%s, %s)")
        return [PeerReceipt(row[0], Tip(*row[1:4]), row[4] or b"") for row in rows]

    @property
    def lists_archives(self) -> bool:
        """False for a centre that an older program set up."""
        return self.greeting.schema_ver >= _LISTS_ARCHIVES

    def archive(self, told: Manifest, uri: str) -> bool:
        """List a part of a stream that this station keeps in a file; False while the centre lacks events of it."""
        rows = self._ask(
            "select leitstand.archive(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            told.stream, told.from_seq, told.to_seq, bytes.fromhex(told.first_prev), bytes.fromhex(told.last_hash),
            bytes.fromhex(told.merkle_root), uri,
        )  # fmt: skip
        return bool(rows[0][0])

    # --- alarm lane ------------------------------------------------------------------------------------------------

    def push_alarm_log(self, rows: Sequence[tuple[int, LaneRow]]) -> int:
        """Hand alarm transitions over in the order of their local row ids; gives the last id that the centre holds.
        Rows that any station wrote before keep the earliest receive time."""
        told = self._ask(
            "select leitstand.history_push(%s, %s, %s, %s::bigint[], %s::jsonb)",
            self._lane,
            [rid for rid, _ in rows],
            msgspec.json.encode([row for _, row in rows]).decode(),
        )
        return int(told[0][0])

    def alarm_heads(self) -> dict[UUID, int]:
        """Where the other stations' lanes end: ask before `alarm_range` and go on from there with `alarm_since`."""
        return dict(self._ask("select lane_id, rid from leitstand.history_heads(%s, %s)"))

    def alarm_since(self, vector: Mapping[UUID, int]) -> LanePage:
        """At most 500 rows of other stations behind a vector {lane: rid}; a row that several saw may come again."""
        rows = self._ask(
            "select * from leitstand.history_since(%s, %s, %s::uuid[], %s::bigint[], %s)",
            list(vector), list(vector.values()), BATCH,
        )  # fmt: skip
        reached = dict(vector)
        for lane, rid, *_ in rows:
            reached[lane] = max(rid, reached.get(lane, 0))
        return LanePage(tuple(dict.fromkeys(LaneRow(*row[2:]) for row in rows)), reached)

    def alarm_range(self, from_us: int, to_us: int, after: RangePlace | None = None) -> list[LaneRow]:
        """At most 500 rows whose time is in [from_us, to_us), ordered by place, behind `after`
        (`place_in_range(rows[-1])` of the page before)."""
        place = after or (from_us, UUID(int=0), -(2**62), "", -1)
        rows = self._ask(
            "select * from leitstand.history_range(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            from_us, to_us, *place, BATCH,
        )  # fmt: skip
        return [LaneRow(*row) for row in rows]

    def open_alarms(self) -> list[LaneRow]:
        """All rows of the occurrences that no station has seen end, by time."""
        return [LaneRow(*row) for row in self._ask("select * from leitstand.history_open(%s, %s)")]

    # --- credentials -----------------------------------------------------------------------------------------------

    def push_credentials(self, rows: Sequence[CredentialRow]) -> int:
        """Hand password and PIN hashes over; the highest version of a (user, kind) stays. Gives how many were new."""
        told = self._ask(
            "select leitstand.credential_push(%s, %s, %s::jsonb)", msgspec.json.encode(list(rows)).decode()
        )
        return int(told[0][0])

    def pull_credentials(self) -> list[CredentialRow]:
        """All of the site; whoever takes one checks its signature."""
        rows = self._ask(
            "select user_id, kind, version, encoded, at_us, station, encode(sig, 'hex') "
            "from leitstand.credential_pull(%s, %s)"
        )
        return [CredentialRow(*row) for row in rows]

    # --- session ---------------------------------------------------------------------------------------------------

    def _hello(self, public_key: bytes) -> Greeting:
        asked_us = self._now_us()
        try:
            rows = self._ask(
                "select * from leitstand.hello(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                self._place.station, self._place.code, public_key, PROTOCOL, PROTOCOL, asked_us, self._lane,
            )  # fmt: skip
        except psycopg.errors.FeatureNotSupported as error:
            raise CentreRefuses(
                "This program and the centre speak no common protocol ({reason}): install the same Leitstand here "
                "and where `leitstand centre init URL` was run.",
                reason=_said(error),
            ) from error
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName) as error:
            raise CentreRefuses(
                "The central database is not set up for this program: an administrator runs "
                "`leitstand centre init URL` with it."
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise CentreRefuses("The centre refuses this station: {reason}", reason=_said(error)) from error
        answered_us = self._now_us()
        centre_id, generation, schema_ver, clock_us, rid, streams, seqs, hashes = rows[0]
        held = tuple(Tip(*place) for place in zip(streams, seqs, hashes, strict=True))
        return Greeting(centre_id, generation, schema_ver, clock_us - (asked_us + answered_us) // 2, held, rid)

    def _ask(self, statement: LiteralString, *arguments: Any) -> list[tuple[Any, ...]]:
        """One call of a function for our tenant and site, tried again when another transaction was in its way."""
        for tried in range(1, _TRIES + 1):
            try:
                return self._connection.execute(statement, (*self._site, *arguments)).fetchall()
            except (DeadlockDetected, SerializationFailure):
                if tried == _TRIES:
                    raise
                self._line.rest(_REST_S * tried * random.uniform(0.5, 1.5))  # noqa: S311 jitter, not secrets
        raise AssertionError("unreachable")


def _said(error: psycopg.Error) -> str:
    """The server's own words with its hint; an English sentence, shown behind a translated one."""
    parts = (error.diag.message_primary or str(error).strip(), error.diag.message_hint)
    return ". ".join(part for part in parts if part)
