"""What waits for a person: acts without effect, and uses of the control room identity without a name."""

import json
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout

from console.domain import people_commands as u
from console.domain.people import NOBODYS
from console.models.journal_words import event_word
from console.models.people_tables import BreakGlassTable, WithheldTable
from console.services.people_records import BreakGlassRecord, PersonRecord, WithheldRecord
from console.ui.dialogs import Field, Question
from console.ui.format import time_tip
from console.ui.plain_label import PlainLabel
from console.ui.translation import mark, tr
from console.ui.view import ViewContext
from console.views.administration.deeds import ask_and_do
from console.views.administration.page import Deed, TablePage

_MOST = 2000  # characters of a payload
_SELECT_FIRST = mark("Select a row first")


class WithheldPage(TablePage):
    """Flagged acts; a countersignature lets one take effect."""

    def __init__(self, context: ViewContext, say: Callable[[str], None]) -> None:
        self.acts = WithheldTable(context.station)
        super().__init__("admin_acts", self.acts, (3,), say)
        self.acts.setParent(self)
        self.station = context.station
        self.detail = _detail()
        card = QFrame()
        card.setProperty("role", "panel")
        column = QVBoxLayout(card)
        column.setContentsMargins(14, 8, 14, 8)
        column.addWidget(self.detail)
        self.column.insertWidget(1, card)
        self._card = card
        deed = Deed(
            "admin.countersign",
            mark("Countersign..."),
            u.Countersign.name,
            self.countersign,
            self._none,
            key="Return",
            is_primary=True,
        )
        self.offer((deed,), context.actions)

    def act(self) -> WithheldRecord | None:
        return self.acts.record_at(self.selected())

    async def countersign(self) -> None:
        act = self.act()
        if act is None:
            return
        text = f"{act.user} · {event_word(act.etype)} · {time_tip(act.at_us)}"
        question = Question(
            tr("Countersign this act?"),
            text,
            (Field("note", tr("Note"), "lines"),),
            tr("Go on to the signature"),
            width=520,
            hints=(tr("From then on it counts as if the person had been allowed to do it."),),
        )
        await ask_and_do(self.station, question, lambda told: u.Countersign(act.act_hash, told["note"]), self)

    def _none(self) -> str:
        return "" if self.act() is not None else tr(_SELECT_FIRST)

    def _tell_detail(self) -> None:
        act = self.act()
        self._card.setVisible(act is not None)
        self.detail.setText(_content(act.summary) if act is not None else "")


class BreakGlassPage(TablePage):
    """Who acted as control room: oneself, or another, named by a shift lead."""

    def __init__(self, context: ViewContext, say: Callable[[str], None]) -> None:
        self.uses = BreakGlassTable(context.station)
        super().__init__("admin_uses", self.uses, (1,), say)
        self.uses.setParent(self)
        self.station = context.station
        self.people: tuple[PersonRecord, ...] = ()
        self.offer(
            (
                Deed(
                    "admin.it_was_me",
                    mark("It was me"),
                    u.AttributeBreakGlass.name,
                    self.it_was_me,
                    self._none,
                    key="Return",
                    is_primary=True,
                ),
                Deed(
                    "admin.it_was", mark("It was somebody else..."), u.AttributeBreakGlass.name, self.it_was, self._none
                ),
            ),
            context.actions,
        )

    def use(self) -> BreakGlassRecord | None:
        return self.uses.record_at(self.selected())

    async def it_was_me(self) -> None:
        use = self.use()
        if use is None:
            return
        question = Question(tr("Was it you?"), _about(use), (Field("note", tr("Note"), "lines"),), tr("It was me"))
        await ask_and_do(
            self.station, question, lambda told: u.AttributeBreakGlass(use.use_id, note=told["note"]), self
        )

    async def it_was(self) -> None:
        use = self.use()
        if use is None:
            return
        choices = tuple((one.user_id, one.name) for one in self.people if one.user_id not in NOBODYS)
        fields = (
            Field("user", tr("Person"), "choice", choices=choices, required=True),
            Field("note", tr("Note"), "lines"),
        )
        question = Question(tr("Who was it?"), _about(use), fields, tr("Write it down"))
        await ask_and_do(
            self.station, question, lambda told: u.AttributeBreakGlass(use.use_id, told["user"], told["note"]), self
        )

    def _none(self) -> str:
        return "" if self.use() is not None else tr(_SELECT_FIRST)


def _content(summary: str) -> str:
    """The payload in one line of `field: value`; as it is when it is no JSON object."""
    try:
        payload = json.loads(summary)
    except ValueError:
        return summary[:_MOST]
    if not isinstance(payload, dict):
        return summary[:_MOST]
    return " · ".join(f"{key}: {value}" for key, value in payload.items())[:_MOST]


def _about(use: BreakGlassRecord) -> str:
    return f"{time_tip(use.at_us)} · {use.station}\n{use.why}"


def _detail() -> PlainLabel:
    label = PlainLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setMinimumWidth(40)
    return label
