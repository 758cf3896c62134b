"""A Sparkplug host without a network: feed it messages and look at what the tag store shows."""

from collections.abc import Callable, Sequence
from uuid import UUID

import numpy as np

from console.domain.quality import Detail, Quality
from console.domain.tags import Tag
from console.services.inbox import Inbox
from console.services.records import LinkRecord, NodeRecord, Trouble
from console.services.telemetry.batch import LinkChanged, Message, QualityChanged, SampleBatch, SessionChanged
from console.services.telemetry.handles import HandleTable
from console.services.telemetry.ingest import Ingest
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.rebirth import RebirthDesk
from console.services.telemetry.sparkplug_host import SparkplugHost
from console.services.telemetry.tag_store import TagStore
from console.services.telemetry.watchdog import Watchdog
from tests.support.edge import M, payload

SITE = UUID(int=7)
T0_MS = 1_790_000_000_000


class Follower:
    """A consumer that writes down everything it is told."""

    def __init__(self) -> None:
        self.tags: list[Tag] = []
        self.batches: list[SampleBatch] = []
        self.changes: list[QualityChanged] = []
        self.sessions: list[SessionChanged] = []
        self.links: list[LinkChanged] = []

    def on_tags(self, tags: tuple[Tag, ...]) -> None:
        self.tags.extend(tags)

    def on_samples(self, batch: SampleBatch) -> None:
        self.batches.append(batch)

    def on_quality(self, change: QualityChanged) -> None:
        self.changes.append(change)

    def on_session(self, change: SessionChanged) -> None:
        self.sessions.append(change)

    def on_link(self, change: LinkChanged) -> None:
        self.links.append(change)


class Rig:
    """Times run by hand: `pass_time(seconds)`. `node` sends as an edge node with a correct seq unless one is given."""

    def __init__(self, *, max_payload: int = 1 << 20, max_metrics: int = 10_000, enabled: bool = True) -> None:
        self.now_us = T0_MS * 1000
        self.mono_s = 1000.0
        self.inbox: Inbox[Message] = Inbox()
        self.handles = HandleTable(SITE)
        self.outlet = Outlet(self.inbox)
        self.desk = RebirthDesk(lambda: 0.5, enabled=enabled)
        self.host = SparkplugHost(
            "plant", self.handles, self.outlet, self.desk, max_payload=max_payload, max_metrics=max_metrics
        )
        self.store = TagStore()
        self.follower = Follower()
        self.watchdog = Watchdog(self.store)
        self.ingest = Ingest(self.inbox, self.store, self.watchdog, [self.follower])
        self.troubles: dict[tuple[str, str], Trouble] = {}
        self.ingest.troubles.subscribe(lambda t: self.troubles.__setitem__((t.sender, t.kind), t))
        self.asked: list[tuple[str, str]] = []
        self.seq = 0
        self.link("live")

    def link(self, state: str) -> None:
        """The same as the real link does, in the same order."""
        record = LinkRecord("broker:plant", state, self.now_us)
        self.outlet.emit(LinkChanged("plant", record, self.now_us))
        if state == "live":
            self.host.link_live(self.now_us, self.mono_s)
        else:
            self.host.link_lost(self.now_us)
        self.settle()

    def raw(self, topic: str, body: bytes, *, retained: bool = False) -> None:
        self.host.message(topic, body, self.now_us, self.mono_s, retained=retained)
        self.settle()

    def send(
        self,
        verb: str,
        metrics: Sequence[M] = (),
        *,
        device: str = "",
        seq: int | None = None,
        node: str = "n1",
        late_s: float = 0.0,
    ) -> None:
        if verb == "NBIRTH":
            self.seq = 0 if seq is None else seq
        number = self.seq if seq is None else seq
        if seq is None or verb == "NBIRTH":
            self.seq = (number + 1) % 256
        topic = f"spBv1.0/g/{verb}/{node}" + (f"/{device}" if device else "")
        sent_ms = self.now_us // 1000 - int(late_s * 1000)
        self.raw(topic, payload(metrics, seq=None if verb == "NDEATH" else number, ms=sent_ms))

    def birth(self, *metrics: M, bd_seq: int = 0, seq: int | None = None, node: str = "n1") -> None:
        self.send("NBIRTH", [M("bdSeq", bd_seq, 4), M("Node Control/Rebirth", False, 11), *metrics], seq=seq, node=node)

    def pass_time(self, seconds: float, step: float = 0.25) -> None:
        end = self.mono_s + seconds
        while self.mono_s < end:
            self.mono_s = min(end, self.mono_s + step)
            self.now_us += round(step * 1e6)
            self.host.tick(self.now_us, self.mono_s)
            self.asked += self.host.rebirths_due(self.mono_s)
            self.settle()

    def settle(self) -> None:
        self.outlet.flush(self.now_us, at_once=True)
        while self.inbox.depth:
            self.ingest.turn(self.now_us, self.mono_s, 10.0)
        self.ingest.turn(self.now_us, self.mono_s, 10.0)

    # looking

    def handle(self, metric: str, device: str = "") -> int:
        found = [t.handle for t in self.store.tags() if t.source.metric == metric and t.source.device == device]
        assert found, f"no tag {device}/{metric}"
        return found[0]

    def value(self, metric: str, device: str = "") -> float:
        return float(self.store.value[self.handle(metric, device)])

    def text(self, metric: str, device: str = "") -> str:
        return self.store.text(self.handle(metric, device))

    def quality(self, metric: str, device: str = "") -> tuple[Quality, Detail]:
        handle = self.handle(metric, device)
        return Quality(self.store.quality[handle]), Detail(self.store.detail[handle])

    def node(self, device: str = "") -> NodeRecord:
        return [s.node for s in self.follower.sessions if s.node.device == device][-1]

    def kinds(self) -> set[str]:
        return {kind for _, kind in self.troubles}

    def samples(self, pick: Callable[[SampleBatch], object] = len) -> list[object]:
        return [pick(batch) for batch in self.follower.batches]


def column(rig: Rig, name: str) -> np.ndarray:
    """One column of everything that the follower was told."""
    return np.concatenate([getattr(batch, name) for batch in rig.follower.batches])
