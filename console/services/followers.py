"""Consumers that come and go, behind one consumer that stays: the feeds of open trends, and the seam's own records."""

from console.domain.tags import Tag
from console.services.keyed_records import KeyedRecords
from console.services.notifier import Undo
from console.services.records import LinkRecord, NodeRecord
from console.services.telemetry.batch import Consumer, LinkChanged, QualityChanged, SampleBatch, SessionChanged


class Followers:
    """A `Consumer` that passes everything on to those who have joined."""

    def __init__(self) -> None:
        self._joined: list[Consumer] = []

    def join(self, consumer: Consumer) -> Undo:
        self._joined.append(consumer)
        return lambda: self._joined.remove(consumer)

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        for consumer in self._joined:
            consumer.on_tags(tags)

    def on_samples(self, batch: SampleBatch) -> None:
        for consumer in self._joined:
            consumer.on_samples(batch)

    def on_quality(self, change: QualityChanged) -> None:
        for consumer in self._joined:
            consumer.on_quality(change)

    def on_session(self, change: SessionChanged) -> None:
        for consumer in self._joined:
            consumer.on_session(change)

    def on_link(self, change: LinkChanged) -> None:
        for consumer in self._joined:
            consumer.on_link(change)


class WorldRecords:
    """A `Consumer` that keeps the records of sessions and broker links for their topics."""

    def __init__(self, nodes: KeyedRecords[NodeRecord], links: KeyedRecords[LinkRecord]) -> None:
        self._nodes = nodes
        self._links = links

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        """Tags are a topic of their own."""

    def on_samples(self, batch: SampleBatch) -> None:
        """Samples are a topic of their own."""

    def on_quality(self, change: QualityChanged) -> None:
        """Qualities belong to the tags."""

    def on_session(self, change: SessionChanged) -> None:
        self._nodes.put(change.node)

    def on_link(self, change: LinkChanged) -> None:
        self._links.put(change.link)
