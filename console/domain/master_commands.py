"""What people can ask for about master alarm records: write, review, approve, retire, import, take an import back."""

from dataclasses import dataclass
from typing import ClassVar

from console.domain.command import Command
from console.domain.signatures import SignatureProof


@dataclass(frozen=True, slots=True)
class SetMasterAlarm(Command):
    """(field, value) pairs as in `domain.master_fields`; a record that is not there begins with them. Writing a field
    settles what two consoles wrote into it at once."""

    name: ClassVar[str] = "set-master-alarm"
    key: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SubmitMasterAlarms(Command):
    """Drafts that are complete go to review."""

    name: ClassVar[str] = "submit-master-alarms"
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApproveMasterAlarms(Command):
    """Signed, by another person than the one who wrote or submitted."""

    name: ClassVar[str] = "approve-master-alarms"
    keys: tuple[str, ...]
    proof: SignatureProof | None = None


@dataclass(frozen=True, slots=True)
class SendBackMasterAlarms(Command):
    """From review to draft again."""

    name: ClassVar[str] = "send-back-master-alarms"
    keys: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class RetireMasterAlarms(Command):
    """The alarm is to exist no longer; the record stays to be read."""

    name: ClassVar[str] = "retire-master-alarms"
    keys: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ImportMasterAlarms(Command):
    """A file (.csv or .xlsx) whole or not at all. `sha256` is that of the preview; empty: import whatever is there."""

    name: ClassVar[str] = "import-master-alarms"
    file: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class UndoMasterImport(Command):
    name: ClassVar[str] = "undo-master-import"
    import_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExportMasterAlarms(Command):
    """Every record (.csv or .xlsx, an absolute path); `differences`: the audit of the live settings instead."""

    name: ClassVar[str] = "export-master-alarms"
    file: str
    differences: bool = False


ALL: tuple[type[Command], ...] = (
    SetMasterAlarm,
    SubmitMasterAlarms,
    ApproveMasterAlarms,
    SendBackMasterAlarms,
    RetireMasterAlarms,
    ImportMasterAlarms,
    UndoMasterImport,
    ExportMasterAlarms,
)
