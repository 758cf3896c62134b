"""Tags of other stations whose history the centre has: offered below those of this station, made known when chosen."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import QObject, QTimer

from console.domain.refusal import Refused
from console.models.tag_cache import TagCache, TagChange
from console.services.history_records import FarTag
from console.services.station import FarTagQuery, FarTagsQuery, Station
from console.ui.errands import Errands
from console.ui.translation import tr
from console.views.trends.pens import PenSet
from console.views.trends.tag_field import TagField

WAIT_MS = 5000  # tags of this station come back within this after a start


class FarTags(QObject):
    """Listens to the field that adds a pen. `add_pen(handle)` is called when a chosen tag is known here."""

    def __init__(
        self,
        field: TagField,
        station: Station,
        cache: TagCache,
        pens: PenSet,
        add_pen: Callable[[int], object],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(field)
        self._field, self._station, self._cache, self._pens, self._add_pen = field, station, cache, pens, add_pen
        self._errands = Errands(say)
        self._search: asyncio.Task[None] | None = None
        self._awaited: set[int] = set()  # handles that are promised and not in the cache yet
        self._asked: set[UUID] = set()
        self._recall = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._recall.timeout.connect(self.recall)
        field.paused.connect(self._on_words)
        field.far_chosen.connect(lambda tag_id: self._errands.run(self._adopt(tag_id)))
        self._undo = cache.subscribe(self._on_tags)

    def recall_soon(self) -> None:
        """Pens were remembered; those of other stations are asked for when this station's own are back."""
        self._recall.start()

    def recall(self) -> None:
        """Ask once for each remembered pen that still waits for its tag."""
        for pen in self._pens.waiting:
            if pen.tag_id not in self._asked:
                self._asked.add(pen.tag_id)
                self._errands.run(self._adopt_quietly(pen.tag_id))

    def close(self) -> None:
        self._undo()
        self._recall.stop()
        self._errands.cancel()

    def _on_words(self, words: str) -> None:
        if self._search is not None:
            self._search.cancel()
        self._search = self._errands.run(self._find(words))

    async def _find(self, words: str) -> None:
        found = await self._station.query(FarTagsQuery(words))
        rows = [(_shown(tag), tag.tag_id) for tag in found]
        self._field.offer(words, rows)

    async def _adopt(self, tag_id: UUID) -> None:
        handle = await self._station.query(FarTagQuery(tag_id))
        if self._cache.tag(handle) is not None:
            self._add_pen(handle)
        else:
            self._awaited.add(handle)

    async def _adopt_quietly(self, tag_id: UUID) -> None:
        """A pen that waits is taken up by the view itself when its tag is known."""
        try:
            await self._station.query(FarTagQuery(tag_id))
        except Refused:
            self._asked.discard(tag_id)  # the centre is away, or never had it

    def _on_tags(self, change: TagChange) -> None:
        for handle in self._awaited.intersection(change.defined):
            self._awaited.discard(handle)
            self._add_pen(handle)


def _shown(tag: FarTag) -> str:
    return tr("{path}  ·  of {station}, by the centre", path=tag.path, station=tag.station)
