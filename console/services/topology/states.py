"""How each asset is: from the trust in its tags, its own session, its broker's link and its alarms."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.domain.quality import Detail, Quality
from console.services.records import AssetState, NodeRecord

_IGNORED = 6  # a tag that the source itself declares empty says nothing about its asset
_COLUMNS = 7
# For things that consist of others: what an operator must see first.
ROLL_UP = ("ok", "unknown", "blind", "stale", "alarm", "down")
_RANK = {state: rank for rank, state in enumerate(ROLL_UP)}


@dataclass(frozen=True, slots=True)
class ActiveAlarm:
    """One active condition of an asset, as its state needs it. `tag_handle` -1: the alarm has no value."""

    priority: int
    unacknowledged: bool
    start_us: int
    text: str
    tag_handle: int = -1


@dataclass(frozen=True, slots=True)
class AreaState:
    """The worst of an area's assets, and how many are in each state."""

    area: str
    state: str
    priority: int
    unacknowledged: bool
    counts: dict[str, int] = field(default_factory=dict)


class TagQualities:
    """How many tags of each quality an asset has; counting costs what changed, not what exists."""

    def __init__(self) -> None:
        self._quality = np.full(0, Quality.UNKNOWN, np.uint8)
        self._owner = np.full(0, -1, np.int32)
        self._counts = np.zeros((0, _COLUMNS), np.int32)

    def own(self, handle: int, asset: int) -> int:
        """Tag `handle` belongs to asset row `asset`; returns the row that lost it, or -1."""
        self._quality = _grown(self._quality, handle + 1, Quality.UNKNOWN)
        self._owner = _grown(self._owner, handle + 1, -1)
        if asset >= len(self._counts):
            more = np.zeros((max(64, asset + 1 - len(self._counts), len(self._counts)), _COLUMNS), np.int32)
            self._counts = np.concatenate((self._counts, more))
        before = int(self._owner[handle])
        if before == asset:
            return -1
        quality = int(self._quality[handle])
        if before >= 0:
            self._counts[before, quality] -= 1
        self._counts[asset, quality] += 1
        self._owner[handle] = asset
        return before

    def set(self, handles: NDArray[np.int32], quality: NDArray[np.uint8]) -> NDArray[np.int32]:
        """New qualities, one row per handle; returns the asset rows whose counts changed."""
        known = handles < self._owner.size
        handles, quality = handles[known], quality[known]
        different = (self._quality[handles] != quality) & (self._owner[handles] >= 0)
        handles, quality = handles[different], quality[different]
        owner = self._owner[handles]
        np.subtract.at(self._counts, (owner, self._quality[handles]), 1)
        np.add.at(self._counts, (owner, quality), 1)
        self._quality[handles] = quality
        return np.unique(owner)

    def counts(self, asset: int) -> NDArray[np.int32]:
        return self._counts[asset] if asset < len(self._counts) else np.zeros(_COLUMNS, np.int32)


def counted_quality(quality: NDArray[np.uint8], detail: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The quality that counts for the asset: a null that the source itself sent is no trouble."""
    return np.where((detail == Detail.NULL) & (quality == Quality.BAD), np.uint8(_IGNORED), quality)


def judge(  # noqa: PLR0911 - one return per state, worst first
    counts: NDArray[np.int32],
    session: NodeRecord | None,
    above: NodeRecord | None,
    *,
    is_link_lost: bool,
    has_alarm: bool,
) -> str:
    """State of an asset that publishes. `above` is its node's session when it is a device.

    Our own lost link makes it blind. Its own death makes it down; what is only silent because its node died is stale.
    """
    if is_link_lost:
        return "blind"
    if session is not None and session.state == "blind":
        return "blind"
    is_node_dead = above is not None and above.state == "offline"
    if session is not None and session.state == "offline":
        died_before = above is not None and session.since_us < above.since_us
        return "stale" if is_node_dead and not died_before else "down"
    if is_node_dead or (session is not None and session.state == "stale") or counts[Quality.STALE]:
        return "stale"
    if counts[Quality.BLIND]:
        return "blind"
    if has_alarm:
        return "alarm"
    if counts[Quality.BAD] or counts[Quality.UNKNOWN] or counts[Quality.UNCERTAIN]:
        return "unknown"
    return "ok" if session is not None or counts.any() else "unknown"


def roll_up(states: list[str], *, has_alarm: bool) -> str:
    """The worst of the parts; a thing without parts that nothing watches is unknown, never good.

    A whole is down only when nothing of it answers: a plant with one dead node is in alarm, not down.
    """
    own = ["alarm"] if has_alarm else []
    worst = max(states + own, key=lambda state: _RANK[state], default="unknown")
    return "alarm" if worst == "down" and set(states) - {"down", "stale"} else worst


def area_states(areas: dict[UUID, str], states: dict[UUID, AssetState]) -> tuple[AreaState, ...]:
    """The worst state and priority per area, sorted by name; assets without a state yet count as unknown."""
    members: dict[str, list[AssetState]] = {}
    for asset_id, area in areas.items():
        members.setdefault(area, []).append(states.get(asset_id, AssetState(asset_id, "unknown")))
    made = []
    for area in sorted(members):
        mine = members[area]
        counts: dict[str, int] = {}
        for state in mine:
            counts[state.state] = counts.get(state.state, 0) + 1
        priority = min((s.priority for s in mine if s.priority), default=0)
        unacknowledged = any(s.unacknowledged for s in mine)
        made.append(AreaState(area, roll_up(list(counts), has_alarm=False), priority, unacknowledged, counts))
    return tuple(made)


def _grown(array: NDArray[Any], size: int, fill: int) -> NDArray[Any]:
    if size <= array.size:
        return array
    return np.concatenate((array, np.full(max(size - array.size, array.size, 256), fill, array.dtype)))
