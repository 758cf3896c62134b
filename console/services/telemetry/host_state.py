"""The STATE of this host application at one broker (Sparkplug 3.0, 5.3 and 5.14): will, birth, death, and defence."""

import json
from enum import Enum

_AHEAD_MS = 5 * 60 * 1000


class Reply(Enum):
    """What to do about a message on our own STATE topic."""

    NOTHING = "nothing"
    REPUBLISH = "republish"  # birth with the same time stamp
    RECONNECT = "reconnect"  # a newer foreign stamp: only a newer CONNECT of ours wins
    FOREIGN = "foreign"  # another host says online under our id, or its clock is wrong: count it


class HostState:
    """Pure. `begin` before every CONNECT gives the new stamp; will and birth carry it both."""

    def __init__(self, host_id: str) -> None:
        self.topic = f"spBv1.0/STATE/{host_id}"
        self._stamp_ms = 0
        self._floor_ms = 0

    def begin(self, now_us: int) -> bytes:
        """The will of the next CONNECT. Stamps never repeat and never run back."""
        self._stamp_ms = max(now_us // 1000, self._stamp_ms + 1, self._floor_ms)
        return self._payload(is_online=False, stamp_ms=self._stamp_ms)

    def birth(self) -> bytes:
        return self._payload(is_online=True, stamp_ms=self._stamp_ms)

    def death(self, now_us: int) -> bytes:
        """For a clean exit, stamped now; the later will is older and readers ignore it."""
        return self._payload(is_online=False, stamp_ms=max(now_us // 1000, self._stamp_ms))

    def judge(self, raw: bytes, now_us: int) -> Reply:
        """A message on our own topic after our birth: late wills, deleted retained states and foreign hosts."""
        try:
            said = json.loads(raw)
            is_online, stamp_ms = said["online"] is True, int(said["timestamp"])
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return Reply.REPUBLISH
        if stamp_ms > now_us // 1000 + _AHEAD_MS:
            return Reply.FOREIGN
        if is_online:
            return Reply.NOTHING if stamp_ms == self._stamp_ms else Reply.FOREIGN
        if stamp_ms > self._stamp_ms:
            self._floor_ms = stamp_ms + 1
            return Reply.RECONNECT
        return Reply.REPUBLISH

    @staticmethod
    def _payload(*, is_online: bool, stamp_ms: int) -> bytes:
        return json.dumps({"online": is_online, "timestamp": stamp_ms}, separators=(",", ":")).encode()
