"""Decides when which edge node may be asked for a rebirth: seldom, spread, never a storm."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import nsmallest

Key = tuple[str, str]  # group, node
_FIRST_S = 5.0
_LONGEST_S = 300.0


@dataclass(slots=True)
class _Asked:
    allowed_s: float = 0.0
    backoff_s: float = _FIRST_S
    requests: int = 0


class RebirthDesk:
    """Pure. One outstanding request per node, back-off 5 s to 5 min with 20 % jitter, `per_s` for all nodes.

    `random` gives [0, 1). A node that stayed quiet for two back-offs starts again at 5 s.
    """

    def __init__(self, random: Callable[[], float], *, enabled: bool = True, per_s: float = 50.0) -> None:
        self.enabled = enabled
        self._random = random
        self._per_s = per_s
        self._tokens = per_s
        self._filled_s: float | None = None
        self._wanted: dict[Key, float] = {}  # not before
        self._asked: dict[Key, _Asked] = {}

    def want(self, key: Key, mono_s: float, *, delay_s: float = 0.0) -> None:
        """This node's birth is missing or in doubt."""
        if self.enabled and key not in self._wanted:
            asked = self._asked.get(key)
            self._wanted[key] = max(mono_s + delay_s, asked.allowed_s if asked else 0.0)

    def ask_now(self, key: Key, mono_s: float) -> None:
        """An operator asks: no back-off, the limit for all nodes holds."""
        self._wanted[key] = mono_s

    def born(self, key: Key) -> None:
        self._wanted.pop(key, None)

    def forget_wishes(self) -> None:
        """Our own link is lost: what was wanted there is asked anew later."""
        self._wanted.clear()

    def requests(self, key: Key) -> int:
        """How often this node was asked since start-up."""
        asked = self._asked.get(key)
        return asked.requests if asked else 0

    def due(self, mono_s: float) -> list[Key]:
        """The nodes to ask now; each call may give at most what the limit has left."""
        if self._filled_s is not None:
            self._tokens = min(self._per_s, self._tokens + (mono_s - self._filled_s) * self._per_s)
        self._filled_s = mono_s
        if not self._wanted or self._tokens < 1:
            return []
        ready = ((not_before, key) for key, not_before in self._wanted.items() if not_before <= mono_s)
        keys = [key for _, key in nsmallest(int(self._tokens), ready)]
        self._tokens -= len(keys)
        for key in keys:
            del self._wanted[key]
            self._note_request(key, mono_s)
        return keys

    def _note_request(self, key: Key, mono_s: float) -> None:
        asked = self._asked.setdefault(key, _Asked())
        if asked.requests and mono_s < asked.allowed_s + 2 * asked.backoff_s:
            asked.backoff_s = min(_LONGEST_S, asked.backoff_s * 2)
        else:
            asked.backoff_s = _FIRST_S
        asked.requests += 1
        asked.allowed_s = mono_s + asked.backoff_s * (0.8 + 0.4 * self._random())
