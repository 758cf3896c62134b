"""Master alarm records as they cross the seam: each rule and record in one row, the imports, previews of files."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.master_audit import Difference
from console.domain.priority_matrix import DEFAULT_MATRIX, PriorityMatrix

NO_RECORD = ""  # state of a rule that nobody rationalized


@dataclass(frozen=True, slots=True)
class CompetingText:
    """One of several values that two consoles wrote into a field at once; the last of a field is the shown one."""

    field: str
    value: str
    who: str
    at_us: int


@dataclass(frozen=True, slots=True)
class MasterRecord:
    """One rule and band with its record, one of them, or an area's record. `state` is a MasterState or NO_RECORD.

    `live` is what the rules in force say (empty: there is no such rule); names are shown names.
    """

    key: str
    rule_id: str
    band: str
    state: str = NO_RECORD
    values: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0  # by the matrix, 0: not decided
    approved: Mapping[str, str] = field(default_factory=dict)
    approved_by: str = ""
    approved_us: int = 0
    written_by: str = ""
    written_us: int = 0
    reason: str = ""  # of the last step
    authors: frozenset[str] = frozenset()  # user ids: they may not approve it
    missing: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    competing: tuple[CompetingText, ...] = ()
    live: Mapping[str, str] = field(default_factory=dict)
    text: str = ""  # of the rule
    tags: str = ""  # the rule's pattern
    area: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportRecord:
    import_id: str
    file: str
    who: str
    at_us: int
    records: int
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class MasterDelta:
    """`records` replace those of the same key; `gone` keys are no more. The rest is told whole each time."""

    is_snapshot: bool
    records: tuple[MasterRecord, ...] = ()
    gone: tuple[str, ...] = ()
    imports: tuple[ImportRecord, ...] = ()
    unauthorised: int = 0
    matrix: PriorityMatrix = DEFAULT_MATRIX


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one row of a file: `row` as a spreadsheet counts, `why` English with `values` to fill."""

    row: int
    column: str
    why: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One value that an import would write; `is_new`: its record is not there yet."""

    row: int
    key: str
    field: str
    before: str
    after: str
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class MasterPreview:
    """What a file would change. With a fault nothing can be imported. `sha256` of the file that was read."""

    file: str
    sha256: str
    rows: int
    changes: tuple[ChangeRow, ...] = ()
    faults: tuple[RowFault, ...] = ()

    @property
    def new(self) -> int:
        return len({one.key for one in self.changes if one.is_new})

    @property
    def changed(self) -> int:
        return len({one.key for one in self.changes if not one.is_new})
