"""What a list without rows may say: nothing before its topic was heard, and no quiet plant that nobody listens to."""

from collections.abc import Callable
from typing import Any

from console.services.records import LinksDelta
from console.services.station import LINKS, Station, Topic
from console.ui.translation import mark, tr

NOT_YET = mark("Nothing is known yet: the station is starting.")
NO_ALARM_HEARD = mark("No alarm is known: no link to the broker.")
NOTHING_HEARD = mark("Nothing is heard: no link to the broker.")


class EmptyWords:
    """Follows whether `topic` has come once and whether every broker is heard; `tell()` when that changes.

    `deaf` (marked English) stands instead of the claim while a broker of ours is not heard, or there is none.
    """

    def __init__(self, station: Station, topic: Topic[Any], tell: Callable[[], None], *, deaf: str = "") -> None:
        self.is_known = False
        self._deaf = deaf
        self._brokers: dict[str, str] = {}
        self._tell: Callable[[], None] = lambda: None  # what comes while its owner is made is read by the owner
        self._undo = [station.subscribe(topic, self._on_topic)]
        if deaf:
            self._undo.append(station.subscribe(LINKS, self._on_links))
        self._tell = tell

    def close(self) -> None:
        """Follow the station no longer."""
        for undo in self._undo:
            undo()

    @property
    def is_heard(self) -> bool:
        """Every broker's link is live."""
        return bool(self._brokers) and set(self._brokers.values()) == {"live"}

    def text(self, claim: str) -> str:
        """The sentence to show, translated; `claim` is marked English."""
        if not self.is_known:
            return tr(NOT_YET)
        return tr(self._deaf) if self._deaf and not self.is_heard else tr(claim)

    def _on_topic(self, _delta: object) -> None:
        if not self.is_known:
            self.is_known = True
            self._tell()

    def _on_links(self, delta: LinksDelta) -> None:
        before = self.is_heard
        if delta.is_snapshot:
            self._brokers.clear()
        self._brokers.update({link.name: link.state for link in delta.links if link.name.startswith("broker:")})
        if self.is_heard != before:
            self._tell()
