"""Speaks with the central PostgreSQL about the history of tags: a connection of its own, of the history lane alone.

It is apart from the one for events, so that a year of samples never stands before an acknowledgement.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg

from console.config.settings import CentreSettings
from console.domain.tags import TagSource
from console.services.journal.own_stream import Place
from console.services.sync.central_schema import CentreRefuses
from console.services.sync.line import Line

MOST_PARTS = 1_000  # of one push or one question
MOST_BYTES = 4 << 20
_SECOND_US = 1_000_000


class Body(StrEnum):
    """Which of a part's packed columns is asked for: of an hour 10 s, 100 s, samples; of a day 1,000 s, 10,000 s."""

    FINE = "fine"
    COARSE = "coarse"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Part:
    """One tag's history of one span from `start_us` on: packed rollups, and packed samples where they are chosen.

    `samples` counts what the part was made of: of two parts of one tag and span the one with more stays.
    """

    tag_id: UUID
    start_us: int
    samples: int
    fine: bytes
    coarse: bytes
    raw: bytes | None = None

    @property
    def nbytes(self) -> int:
        return len(self.fine) + len(self.coarse) + len(self.raw or b"")


class CentralTag(msgspec.Struct, frozen=True):
    """A tag that some station of the site told the centre of; `kind` is a `ValueType`, `station` its code.

    `source` says where it lives on the wire (`source_text`), so that it stays the same tag when this station hears it.
    """

    tag_id: UUID
    path: str
    name: str
    unit: str
    kind: int
    source: str
    station: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What the centre has of a part."""

    samples: int
    has_raw: bool


def source_text(source: TagSource) -> str:
    """A source as it travels."""
    fields = [source.broker, source.group, source.node, source.device, source.metric, source.plain]
    return msgspec.json.encode(fields).decode()


def source_of(text: str) -> TagSource:
    """The source of a text; raises ValueError when it is none."""
    try:
        return TagSource(*msgspec.json.decode(text, type=tuple[str, str, str, str, str, bool]))
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


class CentralSamples:
    """An open session for one station. psycopg errors pass through: the link is lost then.

    Raises CentreRefuses when the centre keeps no history yet or does not admit this station.
    """

    def __init__(self, settings: CentreSettings, place: Place, line: Line | None = None) -> None:
        self._site = (place.tenant, place.site)
        self._line = line or Line(settings)
        self._connection = self._line.open()
        try:
            self.find((), limit=1)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._connection.close()

    def tell_tags(self, tags: Sequence[CentralTag]) -> int:
        """Name tags, at most 1,000 at once; gives how many were new or changed."""
        rows = [
            {"tag_id": str(tag.tag_id), "path": _sayable(tag.path), "name": _sayable(tag.name),
             "unit": _sayable(tag.unit), "kind": tag.kind, "source": _sayable(tag.source)}
            for tag in tags
        ]  # fmt: skip
        told = self._ask("select leitstand.sample_tags_push(%s, %s, %s::jsonb)", msgspec.json.encode(rows).decode())
        return int(told[0][0])

    def find(self, words: Sequence[str], ids: Sequence[UUID] = (), limit: int = 100) -> list[CentralTag]:
        """Tags whose path or name has all these words, of these ids when any are given, by path."""
        rows = self._ask(
            "select * from leitstand.sample_tags_find(%s, %s, %s::text[], %s::uuid[], %s)",
            [_sayable(word) for word in words], list(ids), limit,
        )  # fmt: skip
        return [CentralTag(*row) for row in rows]

    def have(self, span_s: int, places: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], Held]:
        """What the centre has of these (tag, start), at most 1,000 at once."""
        rows = self._ask(
            "select * from leitstand.samples_have(%s, %s, %s, %s::uuid[], %s::bigint[])",
            span_s, [tag for tag, _ in places], [start for _, start in places],
        )  # fmt: skip
        return {(tag, start): Held(samples, has_raw) for tag, start, samples, has_raw in rows}

    def push(self, span_s: int, parts: Sequence[Part]) -> int:
        """Hand parts over, at most 1,000; gives how many the centre took (fuller than what it had)."""
        told = self._ask(
            "select leitstand.samples_push(%s, %s, %s, %s::uuid[], %s::bigint[], %s::bigint[], %b::bytea[],"
            " %b::bytea[], %b::bytea[])",
            span_s,
            [part.tag_id for part in parts],
            [part.start_us for part in parts],
            [part.samples for part in parts],
            [part.fine for part in parts],
            [part.coarse for part in parts],
            [part.raw for part in parts],
        )
        return int(told[0][0])

    def marks(self) -> dict[int, int]:
        """How far this station handed its history over, by span in seconds; of a centre that was restored to an
        earlier day, as far as it had come then."""
        return dict(self._ask("select * from leitstand.samples_mark(%s, %s, 0, null)"))

    def mark(self, span_s: int, until_us: int) -> None:
        """All parts of this span that begin before `until_us` were handed over; a mark never goes back."""
        self._ask("select * from leitstand.samples_mark(%s, %s, %s, %s)", span_s, until_us)

    def bodies(self, span_s: int, body: Body, tag: UUID, from_us: int, to_us: int) -> Iterable[tuple[int, bytes]]:
        """(start, packed columns) of the parts that touch [from_us, to_us), in order, page by page."""
        width_us = span_s * _SECOND_US
        at_us = from_us // width_us * width_us
        page = 200
        while True:
            rows = self._ask(
                "select * from leitstand.samples_range(%s, %s, %s, %s, %s, %s, %s, %s)",
                span_s, body.value, tag, at_us, to_us, page,
            )  # fmt: skip
            yield from rows
            if len(rows) < page:
                return
            at_us = rows[-1][0] + 1

    def _ask(self, statement: LiteralString, *arguments: Any) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, (*self._site, *arguments)).fetchall()
        except (psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName) as error:
            raise CentreRefuses(
                "The centre keeps no history yet: an administrator runs `leitstand centre init URL` with this program."
            ) from error
        except psycopg.errors.InsufficientPrivilege as error:
            reason = error.diag.message_primary or str(error).strip()
            raise CentreRefuses("The centre refuses this station: {reason}", reason=reason) from error


def _sayable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
