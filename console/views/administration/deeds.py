"""Asking before something is done to people and stations, and the signature where one is demanded."""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from console.domain.command import Command
from console.domain.people import Role
from console.domain.refusal import Refused
from console.models.journal_words import event_word
from console.models.people_tables import ROLE_NAMES, role_name
from console.services.people_records import SignatureSheet
from console.services.station import SignatureQuery, Station
from console.ui.dialogs import Field, Question, QuestionDialog
from console.ui.errands import DEFECT_TEXT
from console.ui.format import time_tip
from console.ui.signing import needs_signature, sign
from console.ui.translation import mark, tr, tr_refusal

Answers = Mapping[str, str]
_TRUST_WORDS = {"known": mark("what is here of it stays trusted"), "none": mark("nothing of it is trusted")}


async def ask_and_do(station: Station, question: Question, make: Callable[[Answers], Command], parent: QWidget) -> bool:
    """Ask, then do or sign what `make` made of the answers. A refusal is told in the question, which stays open."""
    dialog = QuestionDialog(question, parent)
    try:
        while (answers := await dialog.answer()) is not None:
            dialog.set_busy(True)
            command = make(answers)
            try:
                sheet = await _sheet_or_done(station, command)
            except Refused as refused:
                dialog.say(tr_refusal(refused))
                continue
            except Exception:
                dialog.say(tr(DEFECT_TEXT))
                raise
            dialog.hide()
            return sheet is None or await sign(station, command, parent, shown=line_text, sheet=sheet) is not None
        return False
    finally:
        if isValid(dialog):  # it may have gone with its window
            dialog.close()
            dialog.deleteLater()


async def _sheet_or_done(station: Station, command: Command) -> SignatureSheet | None:
    """The sheet to sign; None when it needed none and is done."""
    if needs_signature(command):
        sheet: SignatureSheet = await station.query(SignatureQuery(command))
        return sheet
    await station.submit(command)
    return None


def line_text(label: str, value: str) -> str:
    """The values of a record's lines as people know them; what is signed is the record itself."""
    if label == "When" and value.isdigit():
        return time_tip(int(value))
    if label == "Act":
        return event_word(value)
    if label in ("Role to grant", "Role to revoke"):
        return role_name(value)
    if label == "Roles":
        return ", ".join(_grant(part) for part in value.split(", "))
    if label == "Trusted" and value in _TRUST_WORDS:
        return tr(_TRUST_WORDS[value])
    return value


def _grant(text: str) -> str:
    role, _, area = text.partition("@")
    return f"{role_name(role)} ({area})" if area else role_name(role)


def role_choices(*, with_none: bool = False, without: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    roles = tuple((role.value, tr(ROLE_NAMES[role.value])) for role in Role if role.value not in without)
    return (("", tr("no role yet")), *roles) if with_none else roles


def why_field(label: str = "") -> Field:
    return Field("why", label or tr("Reason"), "lines", required=True)
