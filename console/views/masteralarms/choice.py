"""What is selected, and what of it can be done: every deed of this view with its key, its right and its why not."""

from collections.abc import Callable, Coroutine
from typing import Any

from console.domain import master_commands as ma
from console.domain.command import Command
from console.models.master_words import field_word, state_word
from console.services.master_records import MasterDelta, MasterRecord
from console.ui.errands import Errands
from console.ui.translation import mark, tr
from console.views.masteralarms.bar import Deed
from console.views.masteralarms.deeds import Deeds

_OWN_WORK = mark("Somebody else must approve what you wrote or submitted")


class Choice:
    """`told` is what MASTER said last, `user` who is signed on; answers are translated, empty: it can be done."""

    def __init__(self, selected: Callable[[], list[MasterRecord]], is_file_open: Callable[[], bool]) -> None:
        self.told = MasterDelta(True)
        self.user = ""
        self.selected = selected
        self._is_file_open = is_file_open

    def why_not_one(self) -> str:
        return "" if len(self.selected()) == 1 else tr("Select one record")

    def why_not_in(self, *states: str) -> str:
        records = self.selected()
        if records and all(record.state in states for record in records):
            return ""
        return tr("Select records in this state: {states}", states=", ".join(map(state_word, states)))

    def why_not_submit(self) -> str:
        why = self.why_not_in("draft", "retired")
        lacking = next((record for record in self.selected() if record.missing), None)
        if why or lacking is None:
            return why
        return tr("Missing in {key}: {fields}", key=lacking.key, fields=", ".join(map(field_word, lacking.missing)))

    def why_not_send_back(self) -> str:
        return self.why_not_in("in_review")

    def why_not_approve(self) -> str:
        why = self.why_not_in("in_review")
        if not why and any(self.user in record.authors for record in self.selected()):
            return tr(_OWN_WORK)
        return why

    def why_not_retire(self) -> str:
        return self.why_not_in("draft", "in_review", "approved")

    def why_not_file(self) -> str:
        return tr("A file is being read or written") if self._is_file_open() else ""

    def why_not_undo(self) -> str:
        return "" if any(not one.is_undone for one in self.told.imports) else tr("There is no import to take back")


def _always() -> str:
    return ""


def offered_deeds(
    choice: Choice,
    deeds: Deeds,
    errands: Errands,
    edit: Callable[[], object],
    new: Callable[[], object],
    import_: Callable[[], object],
    undo: Callable[[], object],
    export: Callable[[], object],
) -> tuple[Deed, ...]:
    """In the order of the bar."""

    def do(deed: Callable[[list[MasterRecord]], Coroutine[Any, Any, None]]) -> Callable[[], object]:
        return lambda: errands.run(deed(choice.selected()))

    # id, text, what it does, why not, command, key
    rows: tuple[tuple[str, str, Callable[[], object], Callable[[], str], type[Command], str], ...] = (
        ("edit", mark("Edit..."), edit, choice.why_not_one, ma.SetMasterAlarm, "Return"),
        ("new", mark("New..."), new, _always, ma.SetMasterAlarm, "Ins"),
        ("submit", mark("Submit for review"), do(deeds.submit), choice.why_not_submit, ma.SubmitMasterAlarms, "R"),
        (
            "approve",
            mark("Approve..."),
            do(deeds.approve),
            choice.why_not_approve,
            ma.ApproveMasterAlarms,
            "Ctrl+Return",
        ),
        (
            "send_back",
            mark("Send back..."),
            do(deeds.send_back),
            choice.why_not_send_back,
            ma.SendBackMasterAlarms,
            "B",
        ),
        ("retire", mark("Retire..."), do(deeds.retire), choice.why_not_retire, ma.RetireMasterAlarms, "Del"),
        ("import", mark("Import..."), import_, choice.why_not_file, ma.ImportMasterAlarms, "Ctrl+I"),
        ("undo", mark("Take import back..."), undo, choice.why_not_undo, ma.UndoMasterImport, ""),
        ("export", mark("Export all..."), export, choice.why_not_file, ma.ExportMasterAlarms, "Ctrl+Shift+E"),
    )
    return tuple(
        Deed(f"master.{deed_id}", text, run, why_not, command.name, key, deed_id == "edit")
        for deed_id, text, run, why_not, command, key in rows
    )
