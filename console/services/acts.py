"""How an operators' command is carried out: each area brings its own acts, `Operations` joins them to one door."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from console.domain.command import Command
from console.domain.permissions import Subject
from console.domain.signatures import Record
from console.services.journal.entries import Actor, Entry
from console.services.station import Receipt

Do = Callable[[Any, Actor], Awaitable[Receipt]]  # the command and who gives it; raises Refused
About = Callable[[Any], Subject]


def anything(_command: Command) -> Subject:
    """A command that is about nothing in particular."""
    return Subject()


@dataclass(frozen=True, slots=True)
class Act:
    """One command: `do` decides and writes it down (it is called when the person may, one act after the other);
    `about` tells what the permission is asked for, `record` what a command that demands a signature shows first.
    One that `is_long` decides nothing for others: it runs beside them and ends when whoever asked stops waiting."""

    do: Do
    about: About = anything
    record: Callable[[Any], Record] | None = None
    is_long: bool = False


class ActDoor(Protocol):
    """An area whose commands pass through `Operations`."""

    def acts(self) -> Mapping[type[Command], Act]:
        """Each command class with its act."""
        ...


def receipt(entries: Sequence[Entry], entity_id: str = "", number: str = "", skipped: tuple[str, ...] = ()) -> Receipt:
    return Receipt(tuple(entry.hash.hex() for entry in entries), entity_id, number, skipped)
