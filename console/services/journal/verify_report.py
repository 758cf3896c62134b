"""What a proof of a journal found: breaks with their place, and notes about what is unusual but no fault."""

from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_BREAKS = 1000  # of a journal that is broken everywhere the first ones are enough


@dataclass(frozen=True, slots=True)
class Break:
    """Where the journal is not what it claims: stream id, seq (0 = the whole stream or file), and why."""

    stream: str
    seq: int
    reason: str
    is_damage: bool = False  # an event or page is not what was written: the file has to be rescued


@dataclass(slots=True)
class VerifyReport:
    """What was checked and what is wrong; `is_sound` when nothing is."""

    events: int = 0
    streams: int = 0
    receipts: int = 0
    signed_receipts: int = 0
    breaks: list[Break] = field(default_factory=list)
    notes: list[Break] = field(default_factory=list)
    archived: int = 0  # events whose content is in the archive alone
    segments: int = 0  # sealed parts whose manifest fits the journal
    unlisted: int = 0  # breaks beyond MOST_BREAKS
    groups: int = 0  # transactions whose beginning is here: each was looked at for being whole
    unbound: int = 0  # streams with ids of before an id said whose stream it is

    @property
    def is_sound(self) -> bool:
        return not self.breaks

    def broken(self, stream: object, seq: int, reason: str, *, is_damage: bool = False) -> None:
        if len(self.breaks) < MOST_BREAKS:
            self.breaks.append(Break(str(stream), seq, reason, is_damage))
        else:
            self.unlisted += 1

    def note(self, stream: object, seq: int, reason: str) -> None:
        if len(self.notes) < MOST_BREAKS:
            self.notes.append(Break(str(stream), seq, reason))

    def places(self) -> Iterator[str]:
        """One line for each break, for logs and terminals."""
        for one in self.breaks:
            place = f"stream {one.stream} seq {one.seq}" if one.stream else "file"
            yield f"{place}: {one.reason}"
        if self.unlisted:
            yield f"and {self.unlisted} more"
