"""Counts bad input by sender and kind, so that nothing is dropped silently and no flood becomes a flood of rows."""

from console.services.records import Trouble

_MAX_KEYS = 5_000
_OTHERS = "(others)"
_EXAMPLE = 128
_SENDER = 256
_EVERY_US = 500_000


def hex_example(payload: bytes) -> str:
    """The first bytes of a payload, as hex that fits a Trouble."""
    return payload[: _EXAMPLE // 2].hex()


class TroubleBook:
    """`note` what was wrong; `due` gives what changed, at most twice a second."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], Trouble] = {}
        self._dirty: set[tuple[str, str]] = set()
        self._told_us = 0

    def note(self, sender: str, kind: str, at_us: int, example: str = "", count: int = 1) -> None:
        key = (sender[:_SENDER], kind)
        known = self._counts.get(key)
        if known is None and len(self._counts) >= _MAX_KEYS:
            key = (_OTHERS, kind)
            known = self._counts.get(key)
        first_us = known.first_us if known else at_us
        total = count + (known.count if known else 0)
        shown = example[:_EXAMPLE] or (known.example if known else "")
        self._counts[key] = Trouble(key[0], kind, total, first_us, at_us, shown)
        self._dirty.add(key)

    def due(self, now_us: int, *, at_once: bool = False) -> list[Trouble]:
        if not self._dirty or (not at_once and 0 <= now_us - self._told_us < _EVERY_US):
            return []
        self._told_us = now_us
        told = [self._counts[key] for key in sorted(self._dirty)]
        self._dirty.clear()
        return told
