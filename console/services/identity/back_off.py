"""Waiting after wrong passwords: per login, never a lock-out, and nothing that shows alarms ever waits for it."""

from collections import OrderedDict
from dataclasses import dataclass

FREE_TRIES = 5
FIRST_WAIT_S = 30
LONGEST_WAIT_S = 900
_LOGINS = 1000  # remembered; the oldest is forgotten


@dataclass(slots=True)
class _Tries:
    failures: int = 0
    until_us: int = 0


class BackOff:
    """After 5 failures 30 s, then twice as long with each further one, up to 15 min. Unknown logins count alike."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def waits_s(self, login: str, now_us: int) -> int:
        """Whole seconds until the next try is looked at, 0 = now. A clock that was set back never makes it longer."""
        tries = self._tries.get(_key(login))
        if tries is None:
            return 0
        left_us = min(tries.until_us - now_us, _wait_s(tries.failures) * 1_000_000)
        return max(0, -(-left_us // 1_000_000))

    def restore(self, login: str, failures: int, until_us: int) -> None:
        """What a station remembers of the time before its restart."""
        self._tries[_key(login)] = _Tries(failures, until_us)

    def standing(self, login: str) -> tuple[int, int]:
        """Failures so far and until when to wait, microseconds UTC; (0, 0) for none."""
        tries = self._tries.get(_key(login))
        return (tries.failures, tries.until_us) if tries is not None else (0, 0)

    def failed(self, login: str, now_us: int) -> None:
        key = _key(login)
        tries = self._tries.setdefault(key, _Tries())
        self._tries.move_to_end(key)
        tries.failures += 1
        tries.until_us = now_us + _wait_s(tries.failures) * 1_000_000
        if len(self._tries) > _LOGINS:
            self._tries.popitem(last=False)

    def succeeded(self, login: str) -> None:
        self._tries.pop(_key(login), None)


def _key(login: str) -> str:
    return login.strip().casefold()[:200]


def _wait_s(failures: int) -> int:
    if failures < FREE_TRIES:
        return 0
    return int(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures - FREE_TRIES, 10)))
