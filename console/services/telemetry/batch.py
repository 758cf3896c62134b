"""What the telemetry thread hands to the main thread, in order: definitions, sessions, links, samples, troubles."""

from dataclasses import dataclass, field

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
