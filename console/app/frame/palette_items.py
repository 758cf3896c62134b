"""What the command palette offers: alarms and incidents first, then views, actions, assets and tags."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from console.app.frame.docks import ViewSpec
from console.app.frame.plant_picture import PlantPicture
from console.models.tag_cache import TagChange
from console.ui.actions import ActionSet
from console.ui.tag_drag import TagDrag, carry
from console.ui.translation import tr
from console.ui.view import Selection
from console.widgets.command_palette import Bulk, CommandPalette, PaletteItem
from console.widgets.fuzzy import FuzzyIndex

MAX_ALARMS = 2000
# Letter keys of lists and what opens the palette itself make no sense from inside it.
_LEFT_OUT = frozenset({"app.palette", "app.filter", "app.back"})


@dataclass(frozen=True, slots=True)
class GoTo:
    """Payload: show this view, with this selection."""

    view_id: str
    selection: Selection | None = None


@dataclass(frozen=True, slots=True)
class Do:
    """Payload: trigger this action."""

    action_id: str


def palette_items(picture: PlantPicture, views: tuple[ViewSpec, ...], actions: ActionSet) -> list[PaletteItem]:
    """Built when the palette opens, so that it shows what is."""
    items: list[PaletteItem] = [
        PaletteItem("view", tr(spec.title), GoTo(spec.view_id), f"Ctrl+{at}" if at <= 9 else "")
        for at, spec in enumerate(views, 1)
    ]
    for spec in actions.specs():
        if spec.action_id not in _LEFT_OUT and not spec.in_list_only:
            why = tr(actions.why_denied(spec.action_id)) if actions.why_denied(spec.action_id) else ""
            items.append(PaletteItem("action", tr(spec.text), Do(spec.action_id), spec.shortcut, why))
    for count, alarm in enumerate(picture.alarms()):
        if count >= MAX_ALARMS:
            break
        condition = alarm.condition
        selection = Selection(
            asset_id=picture.asset_of(condition),
            tag_handle=condition.tag_handle,
            tag_id=condition.tag_id,
            occurrence=alarm.occurrence,
            at_us=alarm.start_us,
        )
        items.append(PaletteItem("alarm", f"{condition.text} · {condition.subject}", GoTo("alarms", selection)))
    for record in picture.incidents.values():
        selection = Selection(asset_id=record.assets[0] if record.assets else None, incident_id=record.incident_id)
        items.append(PaletteItem("incident", f"{record.number} {record.title}", GoTo("incidents", selection)))
    items += [
        PaletteItem("asset", asset.name, GoTo("topology", Selection(asset_id=asset.asset_id)))
        for asset in picture.assets.values()
    ]
    return items


def drag_from(palette: CommandPalette) -> TagDrag:
    """Tags of the palette can be dragged onto a plot; then it is done with."""

    def ids_at(place: QPoint) -> list[UUID]:
        index = palette.list.indexAt(place)
        payload = palette.model.item(index.row()).payload if index.isValid() else None
        tag_id = payload.selection.tag_id if isinstance(payload, GoTo) and payload.selection is not None else None
        return [tag_id] if tag_id is not None else []

    def carry_off(source: QWidget, tag_ids: Sequence[UUID]) -> None:
        carry(source, tag_ids)
        palette.dismiss()

    return TagDrag(palette.list.viewport(), ids_at, carry_off)


class TagFinder:
    """The tags' part of the palette: paths and index are kept and made again only when tags were defined since."""

    def __init__(self, picture: PlantPicture) -> None:
        self._cache = picture.tags
        self._paths: list[str] = []
        self._stale: set[int] = set(range(len(self._cache)))
        self._bulk: Bulk | None = None
        self._undo = self._cache.subscribe(self._on_change)

    def close(self) -> None:
        self._undo()

    def bulk(self) -> Bulk:
        if self._stale or self._bulk is None:
            self._paths += [""] * (len(self._cache) - len(self._paths))
            for handle in self._stale:
                tag = self._cache.tag(handle)
                self._paths[handle] = tag.source.path() if tag is not None else ""
            self._stale.clear()
            self._bulk = Bulk(FuzzyIndex(self._paths), self._item)
        return self._bulk

    def _item(self, handle: int) -> PaletteItem:
        tag = self._cache.tag(handle)
        assert tag is not None
        return PaletteItem("tag", tag.source.path(), GoTo("trends", Selection(tag.asset_id, tag.handle, tag.tag_id)))

    def _on_change(self, change: TagChange) -> None:
        self._stale.update(change.defined)
