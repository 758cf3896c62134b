"""Streams that could not be moved on rest a while before they are tried again, each time longer."""

from collections.abc import Iterable
from uuid import UUID

FIRST_S = 1.0  # one piece that a bad cable altered must not cost the half minute in which stations agree
LONGEST_S = 30.0  # what is wrong at the peer itself costs little and hides nothing


class Resting:
    """Of one peer; `now_s` is monotonic. Any thread: what is read is replaced, never changed."""

    def __init__(self) -> None:
        self._until: dict[UUID, tuple[float, float]] = {}  # stream: (until when, how long that was)

    def __bool__(self) -> bool:
        """Somebody rests, or did when he was tried last."""
        return bool(self._until)

    def put(self, streams: Iterable[UUID], now_s: float) -> None:
        """These brought nothing, or nothing that fits."""
        fresh = dict(self._until)
        for stream in streams:
            rest_s = min(LONGEST_S, 2 * fresh[stream][1]) if stream in fresh else FIRST_S
            fresh[stream] = (now_s + rest_s, rest_s)
        self._until = fresh

    def moved(self, streams: Iterable[UUID]) -> None:
        """These are well."""
        well = set(streams)
        if well & self._until.keys():
            self._until = {stream: rest for stream, rest in self._until.items() if stream not in well}

    def now(self, now_s: float) -> set[UUID]:
        """Who rests at this moment."""
        return {stream for stream, (until_s, _) in self._until.items() if until_s > now_s}
