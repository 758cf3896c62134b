"""How much history of tags the centre holds, and letting the oldest of it go: whole partitions at a time."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from console.services.sync.central_schema_4 import PARTITION_S, TABLES

_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class HistoryPartition:
    """The parts of all sites that begin in [from_us, to_us)."""

    name: str
    span_s: int  # of its parts: an hour or a day
    from_us: int
    to_us: int
    nbytes: int


def history_partitions(connection: "psycopg.Connection[Any]") -> list[HistoryPartition]:
    """Oldest first, hours before days. Empty for a centre without history; needs the right to look at the schema."""
    found = []
    for span_s, table in TABLES.items():
        width = PARTITION_S[span_s] * _SECOND_US
        rows = connection.execute(
            "select c.relname, pg_total_relation_size(c.oid) from pg_inherits i "
            "join pg_class c on c.oid = i.inhrelid where i.inhparent = to_regclass(%s)",
            (f"leitstand.{table}",),
        )
        for name, nbytes in rows.fetchall():
            number = int(str(name).rpartition("_")[2])
            found.append(HistoryPartition(str(name), span_s, number * width, (number + 1) * width, int(nbytes)))
    return sorted(found, key=lambda one: (one.span_s, one.from_us))


def prune_history(connection: "psycopg.Connection[Any]", span_s: int, before_us: int) -> list[HistoryPartition]:
    """Drop the partitions of this span that end before a moment; gives what went. As an administrator.

    Stations do not hand over again what was dropped: their marks stay where they are.
    """
    old = [one for one in history_partitions(connection) if one.span_s == span_s and one.to_us <= before_us]
    for one in old:
        connection.execute(sql.SQL("drop table {}").format(sql.Identifier("leitstand", one.name)))
    return old
