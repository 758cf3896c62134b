"""What happened to the journal's file since the last start, for the next one: it opens a new stream and says so."""

import json
import logging
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from console.config.private_file import write_private
from console.domain.fact import Fact
from console.domain.station_facts import BackupRestored, DatabaseSetAside

_FILE = "journal.mark"
log = logging.getLogger(__name__)


class Why(StrEnum):
    """The reason that the new stream opens with."""

    RESTORED = "restored"  # an administrator brought a backup back
    SALVAGE = "salvage"  # a damaged file was set aside by the program itself


@dataclass(frozen=True, slots=True)
class StartMark:
    """`backup`: the file that the journal came from; `set_aside`: where the old one is kept; empty for none."""

    why: Why
    backup: str = ""
    sha256: str = ""
    events: int = 0  # in the journal as it stands now
    set_aside: str = ""
    salvaged: int = 0  # events that came from the damaged file alone
    waiting: int = 0  # events of it that wait for predecessors from peers
    detail: str = ""  # what was wrong with the old file, in English

    def facts(self) -> tuple[Fact, ...]:
        """What the journal shall say about it, in the new stream."""
        facts: list[Fact] = []
        if self.set_aside:
            facts.append(DatabaseSetAside("journal.db", self.set_aside, self.salvaged))
        if self.backup:
            facts.append(BackupRestored(self.backup, self.sha256, self.events, self.salvaged))
        return tuple(facts)


def read_mark(data: Path) -> StartMark | None:
    """The mark in the data folder; None when there is none. One that cannot be read still means: a new stream."""
    try:
        table = json.loads((data / _FILE).read_text(encoding="utf-8"))
        return StartMark(Why(table.pop("why")), **table)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        log.warning("the mark of a restored journal cannot be read: %s", error)
        return StartMark(Why.RESTORED)


def write_mark(data: Path, mark: StartMark) -> None:
    """Durable; raises OSError."""
    write_private(data / _FILE, json.dumps(asdict(mark)) + "\n")


def clear_mark(data: Path) -> None:
    """The new stream is open and its facts are in the journal."""
    (data / _FILE).unlink(missing_ok=True)
