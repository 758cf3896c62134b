"""Commands of the auditors' desk."""

from dataclasses import dataclass
from typing import ClassVar

from console.domain.command import Command


@dataclass(frozen=True, slots=True)
class ExportAudit(Command):
    """Writes journal rows with their proof to `file` (.csv, .xlsx or .pdf, an absolute path); nothing is overwritten.

    The rest are filters as in the journal view; empty texts and zero times ask for everything. Times are
    microseconds UTC, [from_us, to_us).
    """

    name: ClassVar[str] = "export-audit"
    file: str
    text: str = ""
    etype: str = ""
    user: str = ""
    entity: str = ""
    station: str = ""
    from_us: int = 0
    to_us: int = 0


@dataclass(frozen=True, slots=True)
class ExportAlarmKpi(Command):
    """Writes the alarm system's performance over [from_us, to_us) to `file` (.csv, .xlsx or .pdf, an absolute path);
    nothing is overwritten. The rest as in `AlarmKpiQuery`."""

    name: ClassVar[str] = "export-alarm-kpi"
    file: str
    from_us: int
    to_us: int
    positions: int = 0
    skips_empty: bool = False
    areas: tuple[str, ...] = ()
    position: str = ""


ALL: tuple[type[Command], ...] = (ExportAudit, ExportAlarmKpi)
