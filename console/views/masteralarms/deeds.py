"""What a person does with master alarm records: submit, sign, send back, retire, take an import back."""

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.domain import master_commands as ma
from console.domain.command import Command
from console.domain.refusal import Refused
from console.models.master_words import FIELD_WORDS, value_word
from console.services.master_records import ImportRecord, MasterRecord
from console.services.station import Station
from console.ui.dialogs import Field, Question, QuestionDialog
from console.ui.errands import DEFECT_TEXT
from console.ui.format import time_tip, whole_text
from console.ui.signing import sign
from console.ui.translation import tr, tr_n, tr_refusal

_NAMED = 12


class Deeds:
    """Each asks what has to be asked; refusals stand in the question, else they are raised."""

    def __init__(self, station: Station, parent: QWidget) -> None:
        self._station = station
        self._parent = parent

    async def submit(self, records: Sequence[MasterRecord]) -> None:
        await self._station.submit(ma.SubmitMasterAlarms(_keys(records)))

    async def approve(self, records: Sequence[MasterRecord]) -> None:
        """Signed; the sheet shows the record, of several their names."""
        await sign(self._station, ma.ApproveMasterAlarms(_keys(records)), self._parent, shown=_shown)

    async def send_back(self, records: Sequence[MasterRecord]) -> None:
        title = tr_n("Send this record back?", "Send {n} records back?", len(records))
        await self._with_reason(
            title, _names(records), tr("Send back"), lambda why: ma.SendBackMasterAlarms(_keys(records), why)
        )

    async def retire(self, records: Sequence[MasterRecord]) -> None:
        title = tr_n("Retire this record?", "Retire {n} records?", len(records))
        hint = tr("The alarm is to exist no longer. While a rule still makes it, that is told as a difference.")
        await self._with_reason(
            title, _names(records), tr("Retire"), lambda why: ma.RetireMasterAlarms(_keys(records), why), hint
        )

    async def take_back(self, one: ImportRecord) -> None:
        about = tr(
            "{file}: {n} records, imported by {who} on {when}",
            file=one.file,
            n=whole_text(one.records),
            who=one.who,
            when=time_tip(one.at_us),
        )
        hint = tr("What was written after it stands.")
        await self._with_reason(
            tr("Take this import back?"),
            about,
            tr("Take back"),
            lambda why: ma.UndoMasterImport(one.import_id, why),
            hint,
        )

    async def _with_reason(
        self, title: str, text: str, accept: str, make: Callable[[str], Command], hint: str = ""
    ) -> None:
        fields = (Field("reason", tr("Reason"), "lines", required=True),)
        question = Question(title, text, fields, accept, width=520, hints=(hint,) if hint else ())
        dialog = QuestionDialog(question, self._parent)
        try:
            while (answers := await dialog.answer()) is not None:
                dialog.set_busy(True)
                try:
                    await self._station.submit(make(answers["reason"]))
                except Refused as refused:
                    dialog.say(tr_refusal(refused))
                except Exception:
                    dialog.say(tr(DEFECT_TEXT))
                    raise
                else:
                    return
        finally:
            if isValid(dialog):  # it may have gone with its window
                dialog.close()
                dialog.deleteLater()


def _keys(records: Sequence[MasterRecord]) -> tuple[str, ...]:
    return tuple(record.key for record in records)


def _names(records: Sequence[MasterRecord]) -> str:
    names = [record.key for record in records[:_NAMED]]
    rest = len(records) - len(names)
    return "\n".join([*names, tr("and {n} more", n=whole_text(rest))] if rest > 0 else names)


_FIELD_OF_LABEL = {label: name for name, label in FIELD_WORDS.items()}


def _shown(label: str, value: str) -> str:
    """The lines of what is signed in people's words; their labels are translated by the sheet itself."""
    name = _FIELD_OF_LABEL.get(label)
    return value_word(name, value) if name else value
