"""What the centre holds is told to the service desk once."""

from dataclasses import dataclass
from uuid import UUID

from console.services.centre_marks import CentreMarks
from console.services.journal.event_table import Tip
from console.services.journal.holdings import CENTRE, Holdings

STREAM = UUID(int=5)
OTHER = UUID(int=6)


@dataclass
class Known:
    seq: int
    entity_type: str = "incident"
    stream: UUID = STREAM

    @property
    def hash(self) -> bytes:
        return bytes([self.seq])


def test_entries_are_marked_when_the_centre_has_them():
    marked = []
    holdings = Holdings()
    holdings.told(CENTRE, [Tip(STREAM, 1, b"\1")])
    marks = CentreMarks(lambda *place: holdings.is_held(CENTRE, *place), marked.extend)
    marks.on_entries([Known(1), Known(2), Known(3), Known(4, "condition")])
    assert marked == [b"\1"]
    marks.on_holdings(holdings.told(CENTRE, [Tip(STREAM, 2, b"\2")]))
    marks.on_holdings(holdings.told(CENTRE, [Tip(STREAM, 2, b"\2"), Tip(OTHER, 9, b"9")]))
    assert marked == [b"\1", b"\2"]
    marks.on_holdings(holdings.told(CENTRE, [Tip(STREAM, 4, b"\4")]))
    assert marked == [b"\1", b"\2", b"\3"]


def test_each_confirmation_looks_at_what_it_confirms_and_not_at_all_that_waits():
    asked, marked = [], []
    holdings = Holdings()

    def is_there(*place):
        asked.append(place)
        return holdings.is_held(CENTRE, *place)

    marks = CentreMarks(is_there, marked.extend, lambda stream: holdings.is_forked(CENTRE, stream))
    marks.on_entries([Known(seq) for seq in (5, 3, 200, 1, 2, 4)])
    asked.clear()
    marks.on_holdings({STREAM})  # a neighbour took something
    assert (len(asked), marked) == (1, [])
    marks.on_holdings(holdings.told(CENTRE, [Tip(STREAM, 3, b"\3")]))
    assert (len(asked), marked) == (5, [b"\1", b"\2", b"\3"])


def test_of_a_stream_with_branches_each_event_is_looked_at():
    marked = []
    holdings = Holdings()
    marks = CentreMarks(
        lambda *place: holdings.is_held(CENTRE, *place),
        marked.extend,
        lambda stream: holdings.is_forked(CENTRE, stream),
    )
    marks.on_entries([Known(1), Known(2), Known(3)])
    marks.on_holdings(holdings.told(CENTRE, [Tip(STREAM, 3, b"\3")], {STREAM: frozenset([b"\1", b"\3"])}))
    assert sorted(marked) == [b"\1", b"\3"]
