"""The newest journal rows, live."""

from dataclasses import replace
from uuid import UUID

from console.services.recent_journal import KEPT, RecentJournal
from console.services.records import JournalRow

STREAM = UUID(int=1)


def row(seq):
    return JournalRow(f"{seq:064x}", STREAM, seq, seq, "A1", "op", "alarm.commented", "x", "{}")


def test_only_the_newest_are_kept_newest_first():
    recent = RecentJournal(tuple, lambda row: row)
    recent.on_entries([row(i) for i in range(KEPT + 5)])
    rows = recent.snapshot().rows
    assert (len(rows), rows[0].seq, rows[-1].seq) == (KEPT, KEPT + 4, 5)


def test_what_the_centre_confirms_is_told_once():
    held = set()
    recent = RecentJournal(tuple, lambda row: row if row.in_centre or row.seq not in held else _there(row))
    recent.on_entries([row(1), row(2)])
    assert [r.seq for r in recent.delta().rows] == [2, 1]
    assert recent.delta() is None
    held.add(1)
    recent.on_holdings({STREAM})
    recent.on_holdings({STREAM})
    delta = recent.delta()
    assert [(r.seq, r.in_centre) for r in delta.rows] == [(1, True)]
    assert [r.in_centre for r in recent.snapshot().rows] == [False, True]
    held.add(2)
    recent.on_holdings({UUID(int=2)})
    assert recent.delta() is None


def _there(row):
    return replace(row, in_centre=True)
