"""Annotations beside the trend: the list, writing at the cursors, editing, withdrawing, and undoing the last change."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from console.domain.history.annotations import AddAnnotation, EditAnnotation, WithdrawAnnotation
from console.models.annotation_words import by_text, dispute_text, span_text, wording_text
from console.services.trend_records import AnnotationRecord
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question
from console.ui.errands import Errands
from console.ui.plain_label import PlainLabel, plain_tip
from console.ui.theme import theme
from console.ui.translation import mark, tr
from console.views.trends.events import Events
from console.views.trends.extras import TrendParts

MOST = 500
EMPTY = mark(
    "No annotation about these pens. Set a cursor with A, or two with A and B for a span of time, then press Annotate."
)
_PENS, _ONE, _SITE = "pens", "one", "site"


class Annotations:
    """`widget` is the list with its buttons. `denied` maps command names to reasons; set it, then `retell`."""

    def __init__(self, parts: TrendParts, events: Events) -> None:
        self.denied: Mapping[str, str] = {}
        self._parts, self._events = parts, events
        self._errands = Errands(partial(parts.context.refused, parts.owner))
        self._listed: tuple[AnnotationRecord, ...] | None = None
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setSpacing(4)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.itemSelectionChanged.connect(self._on_row)
        self.list.itemActivated.connect(lambda _item: self.edit())
        self._empty = PlainLabel()
        self._empty.setWordWrap(True)
        self._empty.setProperty("role", "dim")
        self._empty.setMargin(12)
        self.buttons = {name: QPushButton() for name in ("add", "edit", "withdraw", "undo")}
        acts: dict[str, Callable[[], object]] = {
            "add": self.add,
            "edit": self.edit,
            "withdraw": self.withdraw,
            "undo": self.undo,
        }
        grid = QGridLayout()
        grid.setContentsMargins(10, 8, 10, 10)
        grid.setSpacing(8)
        for place, (name, button) in enumerate(self.buttons.items()):
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, act=acts[name]: act())
            grid.addWidget(button, place // 2, place % 2)
        self.buttons["add"].setProperty("primary", True)
        self.widget = QWidget()
        column = QVBoxLayout(self.widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._empty)
        column.addWidget(self.list, 1)
        column.addLayout(grid)
        self.refresh()

    @property
    def title(self) -> str:
        return tr("Annotations")

    @property
    def selected(self) -> AnnotationRecord | None:
        items = self.list.selectedItems()
        return self._events.marks.annotation(items[0].data(Qt.ItemDataRole.UserRole)) if items else None

    def select(self, annotation_id: UUID) -> None:
        for row in range(self.list.count()):
            item = self.list.item(row)
            if item.data(Qt.ItemDataRole.UserRole) == annotation_id:
                self.list.setCurrentItem(item)
                self.list.scrollToItem(item)

    def refresh(self) -> None:
        """The list as it is to be now; what was selected stays it."""
        records = tuple(self._events.marks.annotations[:MOST])
        if records != self._listed:
            self._listed = records
            self._list_anew()
        self._tell_buttons()

    def _list_anew(self) -> None:
        chosen, now = self.selected, self._parts.now_us()
        self.list.blockSignals(True)
        self.list.clear()
        for one in self._listed or ():
            self.list.addItem(_item(one, now))
        if chosen is not None:
            self.select(chosen.annotation_id)
        self.list.blockSignals(False)
        self._empty.setText(tr(EMPTY))
        self._empty.setVisible(not self.list.count())
        self.list.setVisible(bool(self.list.count()))

    def retell(self) -> None:
        self._listed = None  # theme and language are in every line
        self.refresh()

    def close(self) -> None:
        self._errands.cancel()

    def times(self) -> tuple[int, int]:
        """What a new annotation is about: between the cursors, else at the one that is set, at the pointer, or now."""
        cursors = self._parts.plot.cursors
        if cursors.span is not None:
            return min(cursors.span), max(cursors.span)
        single = cursors.flags[0][1] if cursors.flags else self._parts.plot.hover_us
        window = self._parts.plot.shown
        end = min(window.to_us, self._parts.now_us()) if window is not None else self._parts.now_us()
        return (single, single) if single is not None else (end, end)

    def add(self, times: tuple[int, int] | None = None) -> None:
        """Ask for the words; nothing is asked of somebody who may not."""
        if self._may("add-annotation"):
            self._errands.run(self._add(times or self.times()))

    def edit(self) -> None:
        one = self.selected
        if one is not None and self._may("edit-annotation"):
            self._errands.run(self._edit(one))

    def withdraw(self) -> None:
        one = self.selected
        if one is not None and not one.is_gone and self._may("withdraw-annotation"):
            self._errands.run(self._withdraw(one))

    def undo(self) -> None:
        """Back to the wording before the last change; a withdrawn one comes back."""
        one = self.selected
        if one is not None and can_undo(one) and self._may("edit-annotation"):
            self._errands.run(self._submit(undoing(one)))

    async def _add(self, times: tuple[int, int]) -> None:
        row = self._parts.table.selected_rows()
        tag = self._parts.model.rows[row[0]].tag if row else None
        choices = [(_PENS, tr("all pens of this trend")), (_SITE, tr("the whole site"))]
        if tag is not None:
            choices.insert(0, (_ONE, tag.name))
        question = Question(
            tr("Annotate {time}", time=span_text(*times, self._parts.now_us())),
            fields=(
                Field("text", tr("What is to be remembered"), "lines", required=True),
                Field("about", tr("About"), "choice", choices[0][0], tuple(choices)),
            ),
            accept=tr("Annotate"),
            hints=(tr("Everybody at this site sees it, with your name. It stays in the journal."),),
        )
        pens = tuple(one.tag.tag_id for one in self._parts.pens.rows)

        def act(answers: Mapping[str, str]) -> Awaitable[object]:
            about = {_PENS: pens, _ONE: (tag.tag_id,) if tag is not None else (), _SITE: ()}[answers["about"]]
            return self._submit(AddAnnotation(times[0], answers["text"], times[1], about))

        await ask_until_done(question, act, self._parts.owner)

    async def _edit(self, one: AnnotationRecord) -> None:
        now = self._parts.now_us()
        cursors = self._parts.plot.cursors.flags
        fields = [Field("text", tr("What is to be remembered"), "lines", one.text, required=True)]
        if cursors:
            times = self.times()
            fields.append(Field("move", tr("Move it to {time}", time=span_text(*times, now)), "check"))
        question = Question(
            tr("Annotation of {time}", time=span_text(one.from_us, one.to_us, now)),
            dispute_text(one),
            tuple(fields),
            tr("Save"),
            hints=tuple(wording_text(version, now) for version in one.competing),
        )

        def act(answers: Mapping[str, str]) -> Awaitable[object]:
            command = EditAnnotation(one.annotation_id, answers["text"], seen=one.heads)
            if answers.get("move"):
                command = replace(command, from_us=times[0], to_us=times[1])
            return self._submit(command)

        await ask_until_done(question, act, self._parts.owner)

    async def _withdraw(self, one: AnnotationRecord) -> None:
        question = Question(
            tr("Withdraw this annotation"),
            one.text[:300],
            (Field("reason", tr("Reason"), max_length=200),),
            tr("Withdraw"),
            hints=(tr("It leaves the trend and stays in the list and in the journal; Undo brings it back."),),
        )

        def act(answers: Mapping[str, str]) -> Awaitable[object]:
            return self._submit(WithdrawAnnotation(one.annotation_id, answers["reason"], one.heads))

        await ask_until_done(question, act, self._parts.owner)

    async def _submit(self, command: AddAnnotation | EditAnnotation | WithdrawAnnotation) -> None:
        await self._parts.context.station.submit(command)

    def _may(self, command: str) -> bool:
        why = self.denied.get(command)
        if why:
            self._parts.context.refused(self._parts.owner, tr(why))
        return not why

    def _on_row(self) -> None:
        """The moment of the chosen one comes into sight."""
        self._tell_buttons()
        one, window = self.selected, self._parts.plot.shown
        if one is not None and window is not None and not window.from_us <= one.from_us < window.to_us:
            half = (window.to_us - window.from_us) // 2
            middle = (one.from_us + one.to_us) // 2
            self._parts.navigation.look_at(middle - half, middle + half)

    def _tell_buttons(self) -> None:
        one = self.selected
        words = {"add": tr("Annotate…"), "edit": tr("Edit…"), "withdraw": tr("Withdraw…"), "undo": tr("Undo")}
        able = {
            "add": True,
            "edit": one is not None,
            "withdraw": one is not None and not one.is_gone,
            "undo": one is not None and can_undo(one),
        }
        needs = {"undo": "edit-annotation"}
        for name, button in self.buttons.items():
            why = self.denied.get(needs.get(name, f"{name}-annotation"), "")
            button.setText(words[name])
            button.setEnabled(able[name] and not why)
            button.setToolTip(plain_tip(tr(why)) if why else "")


def can_undo(one: AnnotationRecord) -> bool:
    """Whether something stood there before that is not what stands now."""
    return one.is_gone or bool(_before(one))


def undoing(one: AnnotationRecord) -> EditAnnotation:
    """The wording before the last change, as a new one."""
    texts = _before(one)
    text, from_us, to_us = texts[-1] if texts and not one.is_gone else (one.text, one.from_us, one.to_us)
    return EditAnnotation(one.annotation_id, text, from_us, to_us, one.heads)


def _before(one: AnnotationRecord) -> list[tuple[str, int, int]]:
    now = (one.text, one.from_us, one.to_us)
    said = [(version.text, version.from_us, version.to_us) for version in one.earlier if not version.is_gone]
    return [words for words in said if words != now]


def _item(one: AnnotationRecord, now_us: int) -> QListWidgetItem:
    marks = [text for text in (dispute_text(one), tr("withdrawn") if one.is_gone else "") if text]
    head = " · ".join([span_text(one.from_us, one.to_us, now_us), *marks])
    shown = one.text if len(one.text) <= 300 else f"{one.text[:299]}…"
    item = QListWidgetItem(f"{head}\n{shown}\n{by_text(one, now_us)}")
    item.setData(Qt.ItemDataRole.UserRole, one.annotation_id)
    item.setToolTip(plain_tip(one.text[:2000]))
    if one.is_gone:
        item.setForeground(theme().color("text.dim"))
        struck = item.font()
        struck.setItalic(True)
        item.setFont(struck)
    return item
