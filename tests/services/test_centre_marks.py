"""What the centre holds is told to the service desk once."""

from dataclasses import dataclass
from uuid import UUID

from console.services.centre_marks import CentreMarks

STREAM = UUID(int=5)


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
    marks = CentreMarks(lambda entry: entry.seq < 2, marked.extend)
    marks.on_entries([Known(1), Known(2), Known(3), Known(4, "condition")])
    assert marked == [b"\1"]
    marks.on_held({str(STREAM): 2})
    marks.on_held({str(STREAM): 2, str(UUID(int=6)): 9})
    assert marked == [b"\1", b"\2"]
    marks.on_held({str(STREAM): 4})
    assert marked == [b"\1", b"\2", b"\3"]
