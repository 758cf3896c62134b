"""Taking the values of a trend away in a file."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from console.domain.command import Command


@dataclass(frozen=True, slots=True)
class ExportTrend(Command):
    """Writes the values of these tags over [from_us, to_us) to `file` (.csv or .xlsx, an absolute path); nothing is
    overwritten. `buckets` 0: every sample that is kept; else lowest, highest and last of so many parts of the time."""

    name: ClassVar[str] = "export-trend"
    file: str
    tag_ids: tuple[UUID, ...]
    from_us: int
    to_us: int
    buckets: int = 0


COMMANDS: tuple[type[Command], ...] = (ExportTrend,)
