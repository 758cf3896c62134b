"""What a tag is: one value of one source, and where it comes from."""

from dataclasses import dataclass
from uuid import UUID

from console.domain.values import ValueType


@dataclass(frozen=True, slots=True)
class TagSource:
    """Where a tag lives on the wire. Plain MQTT: group is the first topic level, node the topic, metric its name."""

    broker: str
    group: str
    node: str
    device: str
    metric: str
    plain: bool = False

    def path(self) -> str:
        """`broker/group/node[/device]/metric`, as shown and searched; never parsed back."""
        return "/".join(part for part in (self.broker, self.group, self.node, self.device, self.metric) if part)

    def node_path(self) -> str:
        """`broker/group/node`: who sends it."""
        return f"{self.broker}/{self.group}/{self.node}"

    def asset_path(self) -> str:
        """The source of the asset that carries the tag: `broker/group/node[/device]`."""
        return "/".join(part for part in (self.broker, self.group, self.node, self.device) if part)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag. `handle` is a dense integer of this process only; `tag_id` is for ever."""

    handle: int
    tag_id: UUID
    asset_id: UUID
    source: TagSource
    value_type: ValueType
    unit: str = ""
    writable: bool = False
    stale_after_s: float | None = None
    enum: tuple[tuple[int, str], ...] = ()  # value -> shown text
    description: str = ""

    @property
    def name(self) -> str:
        """Short name for people: device (or node) and metric."""
        return f"{self.source.device or self.source.node} / {self.source.metric}"
