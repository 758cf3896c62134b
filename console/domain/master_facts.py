"""Facts about master alarm records: what was written, how the review went, what was imported and taken back.

A record is named by `domain.master_fields.key_of`. The values are registers: a fact replaces what its parents say, an
imported row what its own list of parents says, and nothing else, so that what two consoles wrote at once stands side
by side until somebody decides.
"""

from dataclasses import dataclass
from typing import ClassVar

from console.domain.fact import Fact


@dataclass(frozen=True, slots=True)
class MasterAlarmSet(Fact):
    """(field, value) pairs; an empty value takes one away."""

    etype: ClassVar[str] = "master_alarm.set"
    entity_type: ClassVar[str] = "master_alarm"
    key: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MasterAlarmMoved(Fact):
    """A step of the review about exactly the values whose digest is `content`; an approval says them whole.

    `seen`: the steps of this record that it replaces (hex): one transaction may be about more than its parents name.
    """

    etype: ClassVar[str] = "master_alarm.moved"
    entity_type: ClassVar[str] = "master_alarm"
    key: str
    event: str  # submit, approve, send_back, retire
    to: str
    content: str
    values: tuple[tuple[str, str], ...] = ()
    priority: int = 0  # 1..5 as the matrix gave it when it was approved
    reason: str = ""
    seen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MasterAlarmsImported(Fact):
    """One of `parts` parts, which take effect together. Each row: key, its parents (hex, parted by blanks), then
    field and value by turns."""

    etype: ClassVar[str] = "master_alarm.imported"
    entity_type: ClassVar[str] = "master_import"
    import_id: str
    part: int
    parts: int
    file: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class MasterImportUndone(Fact):
    """The import says nothing any more; what was written after it stands."""

    etype: ClassVar[str] = "master_alarm.import_undone"
    entity_type: ClassVar[str] = "master_import"
    import_id: str
    reason: str


ALL: tuple[type[Fact], ...] = (MasterAlarmSet, MasterAlarmMoved, MasterAlarmsImported, MasterImportUndone)
