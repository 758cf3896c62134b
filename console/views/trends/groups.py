"""Pen groups in the heading of a trend: open, save, share, delete; and choosing where two saved at once."""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol
from uuid import UUID

from PySide6.QtWidgets import QMenu, QPushButton

from console.domain.history.pen_groups import NAME_CHARACTERS, DeletePenGroup, SavePenGroup
from console.models.annotation_words import pens_text
from console.services.station import PEN_GROUPS
from console.services.trend_records import PenGroupRecord, PenGroupsDelta, PensVersion
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question, confirm
from console.ui.errands import Errands
from console.ui.translation import tr, tr_n
from console.views.trends.extras import TrendParts

_SHOWN = 24  # characters of a name on the button


class Pens(Protocol):
    """What a group holds of the view: the ids of its tags, and how they are drawn."""

    def tag_ids(self) -> tuple[UUID, ...]: ...
    def look(self) -> dict[str, object]: ...
    def show(self, tag_ids: tuple[UUID, ...], look: Mapping[str, object]) -> None: ...


class Groups:
    """`user_id` and `denied` are of who is signed on; set them, then `retell`."""

    def __init__(self, parts: TrendParts, pens: Pens) -> None:
        self.user_id = ""
        self.denied: Mapping[str, str] = {}
        self._parts, self._pens = parts, pens
        self._errands = Errands(partial(parts.context.refused, parts.owner))
        self._groups: dict[UUID, PenGroupRecord] = {}
        self._open: UUID | None = None
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.menu = QMenu(self.button)
        self.button.setMenu(self.menu)
        self.menu.aboutToShow.connect(self._fill)
        parts.header.add_widget(self.button)
        self._undo = parts.context.station.subscribe(PEN_GROUPS, self._on_groups)
        self.retell()

    @property
    def groups(self) -> list[PenGroupRecord]:
        """Those that this person sees, by name; shared ones of others too."""
        seen = (one for one in self._groups.values() if not one.is_gone and self._is_mine(one))
        return sorted(seen, key=lambda one: (one.name.casefold(), one.group_id))

    @property
    def open_group(self) -> PenGroupRecord | None:
        one = self._groups.get(self._open) if self._open is not None else None
        return one if one is not None and not one.is_gone and self._is_mine(one) else None

    def close(self) -> None:
        self._undo()
        self._errands.cancel()

    def retell(self) -> None:
        one = self.open_group
        name = one.name if one is not None else tr("Pen groups")
        short = name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…"
        if one is not None and one.competing:
            short = f"{short} ({tr_n('{n} version', '{n} versions', len(one.competing))})"
        self.button.setText(short.replace("&", "&&"))
        self.button.setToolTip(tr("Pens saved under a name, your own and those that the site shares"))

    def show(self, group: PenGroupRecord) -> None:
        """Its pens take the place of all; where two saved at once the person is asked first."""
        self._open = group.group_id
        self._pens.show(group.tag_ids, _read(group.look))
        self.retell()
        if group.competing:
            self._errands.run(self.settle(group))

    def save(self) -> None:
        """The pens as they are now into the open group, or into a new one."""
        one = self.open_group
        if one is None:
            self.save_as()
        elif self._may("save-pen-group"):
            self._errands.run(self._save(one.name, one.is_shared, one))

    def save_as(self) -> None:
        if self._may("save-pen-group"):
            self._errands.run(self._ask_name(None))

    def rename(self) -> None:
        one = self.open_group
        if one is not None and self._may("save-pen-group"):
            self._errands.run(self._ask_name(one))

    def delete(self) -> None:
        one = self.open_group
        if one is not None and self._may("remove-pen-group"):
            self._errands.run(self._delete(one))

    async def settle(self, group: PenGroupRecord) -> None:
        """One of several wordings for all; what is not chosen stays as a group of its own if that is wanted."""
        now = self._parts.now_us()
        versions = {version.hash: version for version in group.competing}
        choices = tuple((key, pens_text(version, now)) for key, version in reversed(versions.items()))
        question = Question(
            tr("“{name}” was saved at two consoles at once", name=group.name),
            tr("Nothing was lost: choose what the group is to be for everybody."),
            (
                Field("choice", tr("Version"), "choice", choices[0][0], choices),
                Field("both", tr("Keep the others as groups of their own"), "check", "yes"),
            ),
            tr("Keep this version"),
            width=560,
        )

        async def act(answers: Mapping[str, str]) -> None:
            chosen = versions[answers["choice"]]
            if answers["both"]:
                for other in versions.values():
                    if other is not chosen and not other.is_gone:
                        await self._submit(
                            _command(other, None, tr("{name} (by {who})", name=other.name, who=other.who))
                        )
            if chosen.is_gone:
                await self._submit(DeletePenGroup(group.group_id, group.heads))
            else:
                await self._submit(_command(chosen, group))
                self._pens.show(chosen.tag_ids, _read(chosen.look))

        await ask_until_done(question, act, self._parts.owner)

    async def _ask_name(self, known: PenGroupRecord | None) -> None:
        is_own = known is None or known.owner_id == self.user_id
        fields = [
            Field("name", tr("Name"), value=known.name if known else "", required=True, max_length=NAME_CHARACTERS)
        ]
        if is_own:
            shared = "yes" if known is not None and known.is_shared else ""
            fields.append(Field("shared", tr("Share with everybody at this site"), "check", shared))
        title = (
            tr("Save these pens as a group") if known is None else tr("Name and sharing of “{name}”", name=known.name)
        )
        question = Question(title, fields=tuple(fields), accept=tr("Save"))

        def act(answers: Mapping[str, str]) -> Awaitable[object]:
            is_shared = bool(answers.get("shared")) if is_own else True
            return self._save(answers["name"], is_shared, known)

        await ask_until_done(question, act, self._parts.owner)

    async def _save(self, name: str, is_shared: bool, known: PenGroupRecord | None) -> None:
        look = json.dumps(self._pens.look(), separators=(",", ":"))
        group_id, seen = (known.group_id, known.heads) if known is not None else (None, ())
        command = SavePenGroup(name, self._pens.tag_ids(), is_shared, look, group_id, seen)
        receipt = await self._parts.context.station.submit(command)
        if receipt.entity_id:
            self._open = UUID(receipt.entity_id)
        self.retell()

    async def _delete(self, group: PenGroupRecord) -> None:
        text = tr("Everybody at this site loses it; the journal keeps it.") if group.is_shared else ""
        if await confirm(tr("Delete “{name}”", name=group.name), text, tr("Delete the group"), self._parts.owner):
            await self._submit(DeletePenGroup(group.group_id, group.heads))

    async def _submit(self, command: SavePenGroup | DeletePenGroup) -> None:
        await self._parts.context.station.submit(command)

    def _fill(self) -> None:
        self.menu.clear()
        opened = self.open_group
        for one in self.groups:
            act = self.menu.addAction(_entry(one, self.user_id).replace("&", "&&"))
            act.setCheckable(True)
            act.setChecked(one is opened)
            act.triggered.connect(lambda _on=False, group=one: self.show(group))
        if not self.groups:
            self.menu.addAction(tr("No pen group yet")).setEnabled(False)
        self.menu.addSeparator()
        self._add("save-pen-group", tr("Save as a new group…"), self.save_as)
        if opened is not None:
            name = opened.name
            if opened.competing:
                self.menu.addAction(tr("Choose between the versions…")).triggered.connect(
                    lambda: self._errands.run(self.settle(opened))
                )
            self._add("save-pen-group", tr("Save these pens in “{name}”", name=name), self.save)
            self._add("save-pen-group", tr("Name and sharing…"), self.rename)
            self._add("remove-pen-group", tr("Delete “{name}”", name=name), self.delete)

    def _add(self, command: str, text: str, act: Callable[[], object]) -> None:
        """An entry that says why it cannot be chosen."""
        made = self.menu.addAction(text.replace("&", "&&"))
        why = self.denied.get(command, "")
        made.setEnabled(not why)
        made.setToolTip(tr(why) if why else "")
        made.triggered.connect(lambda _on=False: act())

    def _may(self, command: str) -> bool:
        why = self.denied.get(command)
        if why:
            self._parts.context.refused(self._parts.owner, tr(why))
        return not why

    def _is_mine(self, one: PenGroupRecord) -> bool:
        return one.is_shared or (bool(self.user_id) and one.owner_id == self.user_id)

    def _on_groups(self, delta: PenGroupsDelta) -> None:
        if delta.is_snapshot:
            self._groups = {}
        self._groups.update({one.group_id: one for one in delta.groups})
        self.retell()


def _entry(one: PenGroupRecord, user_id: str) -> str:
    told = [one.name]
    if one.is_shared:
        told.append(tr("shared") if one.owner_id == user_id else tr("shared by {who}", who=one.owner))
    if one.competing:
        told.append(tr_n("{n} version", "{n} versions", len(one.competing)))
    return " · ".join(told)


def _command(version: PensVersion, group: PenGroupRecord | None, name: str = "") -> SavePenGroup:
    """This wording for the group, or as a new one under another name."""
    title = (name or version.name)[:NAME_CHARACTERS]
    if group is None:
        return SavePenGroup(title, version.tag_ids, version.is_shared, version.look)
    return SavePenGroup(title, version.tag_ids, version.is_shared, version.look, group.group_id, group.heads)


def _read(look: str) -> Mapping[str, object]:
    try:
        found = json.loads(look or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
