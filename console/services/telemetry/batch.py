"""What the telemetry thread hands to the main thread, in order: definitions, sessions, links, samples, troubles."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from console.domain.tags import Tag
from console.services.records import LinkRecord, NodeRecord, Trouble

FLAG_HISTORICAL = 1  # source said is_historical: history only, never value or alarm
FLAG_TRANSIENT = 2  # not for the historian
FLAG_BIRTH = 4  # value came with a birth certificate


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """Samples in delivery order, columns of equal length n. Times int64 us UTC.

    `value` is nan where there is no number; `texts` maps row index -> shown text, `exact` row index -> exact integer
    beyond 2**53. `source_us` is already the receive time where the source's clock is wrong (detail BAD_CLOCK).
    """

    handle: NDArray[np.int32]
    source_us: NDArray[np.int64]
    receive_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    detail: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    texts: dict[int, str] = field(default_factory=dict)
    exact: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.handle)


@dataclass(frozen=True, slots=True)
class TagsDefined:
    """New tags, or known handles whose unit, type or asset changed. Comes before any sample of them."""

    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A Sparkplug node or device session (or a plain-MQTT sender) changed state.

    `handles` are the tags that the change concerns. On "online" they wait for their birth samples, which follow.
    On "offline" they become STALE at `at_us` (NODE_DEAD or DEVICE_DEAD).
    """

    node: NodeRecord
    handles: NDArray[np.int32]
    at_us: int


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """Our link to a broker. On "lost" every tag of that broker is BLIND at once; on "live" STALE until its birth."""

    broker: str
    link: LinkRecord
    at_us: int


@dataclass(frozen=True, slots=True)
class TroubleSeen:
    trouble: Trouble


Message = SampleBatch | TagsDefined | SessionChanged | LinkChanged | TroubleSeen

FLAG_LATE = 8  # older than its tag's newest: history only; set by the tag store


@dataclass(frozen=True, slots=True)
class QualityChanged:
    """Tags lost their trust without a sample: silence, death, own link down. Made by the tag store and watchdog."""

    handles: NDArray[np.int32]
    quality: int
    detail: int
    at_us: int


class Consumer(Protocol):
    """Who follows the tag store, in this order: alarm engine, recorder, publishers. Synchronous, main thread.

    Each is called after the tag store has applied the message. `on_samples` gets all samples of one turn, late and
    historical ones flagged; a consumer that judges the present skips rows with FLAG_LATE or FLAG_HISTORICAL.
    """

    def on_tags(self, tags: tuple[Tag, ...]) -> None: ...

    def on_samples(self, batch: SampleBatch) -> None: ...

    def on_quality(self, change: QualityChanged) -> None: ...

    def on_session(self, change: SessionChanged) -> None: ...

    def on_link(self, change: LinkChanged) -> None: ...


class TagColumns(Protocol):
    """What the alarm engine and others may read of the tag store: columns by handle, and node watermarks.

    Arrays grow; take them anew each turn. `node` is a dense node index; `watermark_us(node)` is the newest source
    time of that node, advanced by the monotonic clock minus 2 s while the node is quiet.
    """

    @property
    def size(self) -> int: ...

    @property
    def value(self) -> NDArray[np.float64]: ...

    @property
    def quality(self) -> NDArray[np.uint8]: ...

    @property
    def detail(self) -> NDArray[np.uint8]: ...

    @property
    def source_us(self) -> NDArray[np.int64]: ...

    @property
    def node(self) -> NDArray[np.int32]: ...

    @property
    def watermarks_us(self) -> NDArray[np.int64]: ...

    def tag(self, handle: int) -> Tag: ...

    def text(self, handle: int) -> str: ...
