"""What of the history cannot be read any more: met while reading, and remembered in the file."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from console.services.historian.history_schema import EVERY_KEY, RAW
from console.services.historian.tail import TailRow
from console.services.storage.direct import direct


@dataclass(frozen=True, slots=True)
class LostSpan:
    """Samples (`level` RAW) or buckets of a level in [from_us, to_us] that are lost; `key` EVERY_KEY: of any tag."""

    key: int
    level: int
    from_us: int
    to_us: int
    samples: int
    reason: str


@dataclass(slots=True)
class Damage:
    """What a reading met and passed over; empty when everything was sound. One per question, given by the caller."""

    tail: list[TailRow] = field(default_factory=list)
    chunks: list[LostSpan] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.tail or self.chunks)

    def spans(self) -> tuple[LostSpan, ...]:
        """All of it; what was in a damaged row of the tail may be of any tag."""
        rows = (LostSpan(EVERY_KEY, RAW, row.from_us, row.to_us, row.samples, row.reason) for row in self.tail)
        return (*self.chunks, *rows)


def note_damage(connection: Connection, spans: Iterable[LostSpan]) -> None:
    """Remember what is lost, once."""
    for span in spans:
        direct(
            connection,
            "INSERT INTO damage (key, level, from_us, to_us, samples, reason) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT"
            " EXISTS (SELECT 1 FROM damage WHERE key = ?1 AND level = ?2 AND from_us = ?3 AND to_us = ?4)",
            (span.key, span.level, span.from_us, span.to_us, span.samples, span.reason),
        )


def known_damage(connection: Connection, key: int, from_us: int, to_us: int) -> tuple[LostSpan, ...]:
    """What is remembered as lost of a tag (or of nobody knows whom) in [from_us, to_us): there a gap is damage."""
    sql = (
        "SELECT key, level, from_us, to_us, samples, reason FROM damage"
        " WHERE key IN (?, ?) AND from_us < ? AND to_us >= ? ORDER BY from_us"
    )
    return tuple(LostSpan(*row) for row in direct(connection, sql, (key, EVERY_KEY, to_us, from_us)))


def known_estimates(connection: Connection, key: int, from_us: int, to_us: int) -> tuple[tuple[int, int], ...]:
    """Times of [from_us, to_us) in which a late sample was counted after raw had been purged: what was held there, and
    for how long, is an estimate."""
    sql = "SELECT from_us, to_us FROM estimate WHERE key = ? AND from_us < ? AND to_us > ? ORDER BY from_us"
    return tuple(tuple(row) for row in direct(connection, sql, (key, to_us, from_us)))
